"""The sources of a page are numbered as they are first named, and written out once."""

from __future__ import annotations

from typing import Any

from claims.citing import Citations
from claims.models import Reference
from hubs.models import HubClaim

REPORT = Reference(pk=1, citation="Report, 2013")
PAGE = Reference(pk=2, citation="Page")


def said(reference: Reference, place: str = "") -> Any:
    return HubClaim(reference=reference, place=place)


def test_a_source_keeps_its_number_and_gathers_its_places():
    citations = Citations()
    marks = [
        citations.cite(said(PAGE)),
        citations.cite(said(REPORT, "page 3")),
        citations.cite(said(REPORT, "page 7")),
        citations.cite(said(REPORT, "page 3")),
        citations.cite(said(PAGE)),
    ]

    assert [mark.number for mark in marks] == [1, 2, 2, 2, 1]
    assert [(one.number, str(one.reference), one.places) for one in citations] == [
        (1, "Page", []),
        (2, "Report, 2013", ["page 3", "page 7"]),
    ]
    assert len(citations) == 2


def test_a_source_is_written_out_where_the_margin_first_names_it():
    citations = Citations()
    marks = [
        citations.cite(said(REPORT), margin=False),
        citations.cite(said(REPORT)),
        citations.cite(said(REPORT)),
    ]

    assert [mark.in_full for mark in marks] == [False, True, False]
