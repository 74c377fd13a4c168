"""The directory as a table for a spreadsheet: what hubs are filed under, and a few figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from claims.presentation import amount
from claims.weighing import best
from hubs import choices as c
from hubs import reference
from hubs.checking import founding_of
from hubs.listing import HubDirectory, place_of
from hubs.models import Hub, HubClaim
from hubs.topics import TOPICS

#: Figures with columns of their own, each with its date and its source.
FIGURES = ("coordinated_institutions", "staff")


def header() -> list[str]:
    return [
        _("Name"), _("Short name"), _("Kind"), _("Hub or pilot"), _("Country"),
        _("Country code"), _("Sectors"), _("Organisational model"), _("What it does"),
        _("Ways to exchange"), _("Languages"), _("Founded"), _("Source: founded"),
        *_figure_headers(), _("Summary"), _("Website"), _("Last confirmed"), _("Address"),
    ]  # fmt: skip


def _figure_headers() -> Iterator[str]:
    for code in FIGURES:
        label = {"label": TOPICS[code].label}
        yield str(TOPICS[code].label)
        yield _("As of: %(label)s") % label
        yield _("Source: %(label)s") % label


def row_of(hub: Hub, site: str) -> list[object]:
    """One hub, in the order of the header; figures with their qualifier, date and source."""
    claims = list(hub.claims.all())
    founding = founding_of(claims)
    return [
        hub.name,
        hub.acronym,
        hub.get_kind_display(),
        _("Pilot") if hub.is_pilot else _("Hub"),
        place_of(hub),
        hub.country_id or "",
        "; ".join(sector.name for sector in hub.sectors.all()),
        hub.get_model_display() if hub.model else "",
        _labels(c.Function.choices, hub.functions),
        _labels(c.Modality.choices, hub.modalities),
        "; ".join(map(reference.language_name, hub.languages)),
        founding.starts if founding else "",
        _source(founding),
        *(cell for code in FIGURES for cell in _figure(claims, code)),
        hub.summary,
        hub.website,
        hub.confirmed_at.date().isoformat() if hub.confirmed_at else "",
        site + hub.get_absolute_url(),
    ]


def _labels(choices: Iterable[tuple[Any, Any]], codes: Sequence[str]) -> str:
    labels: Mapping[str, Any] = dict(choices)
    return "; ".join(str(labels.get(code, code)) for code in codes)


def _figure(claims: Iterable[HubClaim], code: str) -> tuple[str, str, str]:
    """The figure that is shown first: that of the whole, before those of parts with a name."""
    stated = [claim for claim in claims if claim.topic == code and claim.has_number]
    if not stated:
        return "", "", ""
    claim = best([claim for claim in stated if not claim.label] or stated)
    named = f"{claim.label}: {amount(claim)}" if claim.label else amount(claim)
    return named, claim.as_of, _source(claim)


def _source(claim: HubClaim | None) -> str:
    if claim is None:
        return ""
    return ", ".join(part for part in (claim.reference.citation, claim.place) if part)


def rows(found: HubDirectory, site: str) -> Iterator[list[object]]:
    """The header, and every hub that answers, read some at a time."""
    stated = HubClaim.objects.filter(topic__in=["founded", *FIGURES])
    stated = stated.select_related("reference").order_by("position", "pk")
    yield list(header())
    for hub in found.everybody("sectors", Prefetch("claims", stated)):
        yield row_of(hub, site)
