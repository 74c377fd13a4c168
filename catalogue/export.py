"""The list as a table for a spreadsheet, safe to open there."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from catalogue.cards import in_order
from catalogue.choices import Kind, Level, Licence, Stage
from catalogue.models import Solution
from core.spreadsheet import Echo, safe_cell
from hubs import reference

#: Records read at a time, so that a large export needs little memory.
AT_ONCE = 200


def header() -> list[str]:
    return [
        _("Number"), _("Title"), _("Summary"), _("Mark"), _("Kind"), _("Stage"), _("Sectors"),
        _("Countries"), _("Country codes"), _("Goals"), _("Hub"), _("Institution"), _("Started"),
        _("Ended"), _("Tags"), _("Language"), _("Licence"), _("Collection"), _("Published"),
        _("Address"),
    ]  # fmt: skip


def row_of(solution: Solution, site: str) -> list[object]:
    """One public record, from its frozen version, in the order of the header."""
    version = solution.public_version
    assert version is not None  # noqa: S101 (the database holds it for public records)
    content: dict[str, Any] = version.content
    published = solution.published_at
    return [
        solution.reference,
        content["title"],
        content["summary"],
        Level(solution.level).label,
        Kind(content["kind"]).label if content["kind"] else "",
        Stage(content["stage"]).label if content["stage"] else "",
        "; ".join(map(reference.sector_name, content["sectors"])),
        "; ".join(map(reference.country_name, content["countries"])),
        " ".join(content["countries"]),
        " ".join(map(str, content["goals"])),
        (content["hub"] or {}).get("name", ""),
        content["owner_institution"],
        content["started_on"],
        content["ended_on"],
        "; ".join(content["tags"]),
        content["language"],
        Licence(content["licence"]).label if content["licence"] else "",
        content["collection"],
        published.date().isoformat() if published else "",
        site + solution.get_absolute_url(),
    ]


def lines(keys: Sequence[str], site: str) -> Iterator[str]:
    """The table as text, line by line, beginning with the mark that tells it is UTF-8."""
    writer = csv.writer(Echo())
    yield "\ufeff" + writer.writerow([safe_cell(cell) for cell in header()])
    for start in range(0, len(keys), AT_ONCE):
        for solution in in_order(keys[start : start + AT_ONCE]):
            yield writer.writerow([safe_cell(cell) for cell in row_of(solution, site)])
