"""Hubs and what they look for in the search over everything.

A need is a service that a hub is said to look for: one statement of its profile. It is found by
itself and leads to its place among the hub's statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from django.utils.html import strip_tags
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from core import findable
from core.findable import Facet, Hit, Kind
from core.search import Document
from core.text import fold
from hubs import finding, reference
from hubs.models import Hub, HubClaim

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from core.marking import Marker

COUNTRY = Facet("country", _("Country"), reference.country_name)
REGION = Facet("region", _("Region"), reference.region_name)
SECTOR = Facet("sector", _("Sector"), reference.sector_name)
LANGUAGE = Facet("language", _("Language"), reference.language_name)
#: Years, the latest first.
YEAR = Facet("year", _("Year"), order=lambda value: -int(value))


def fuller(marker: Marker, summary: str, passage: SafeString | str) -> SafeString | str:
    """The summary, unless a passage of the text holds more of the words."""
    if passage and marker.words_in(strip_tags(passage)) > marker.words_in(summary):
        return passage
    return marker.mark(summary)


# --- Hubs ----------------------------------------------------------------------------------------


def _hubs_public() -> Iterable[int]:
    rows = Hub.objects.filter(is_listed=True, merged_into=None)
    return rows.order_by("pk").values_list("pk", flat=True)


def _hub_documents(keys: Sequence[str]) -> Iterator[Document]:
    rows = Hub.objects.filter(
        is_listed=True, merged_into=None, pk__in=[int(key) for key in keys]
    ).prefetch_related("sectors", "claims")
    for hub in rows:
        yield Document(kind=finding.KIND, object_id=str(hub.pk), **finding.entry_of(hub))


def _hub_hits(keys: Sequence[str], marker: Marker) -> list[Hit]:
    found = Hub.objects.filter(is_listed=True).in_bulk([int(key) for key in keys])
    hubs = [found[int(key)] for key in keys if int(key) in found]
    said = findable.passages(finding.KIND, [str(hub.pk) for hub in hubs], marker)
    return [
        Hit(
            title=marker.mark(f"{hub.name} ({hub.acronym})" if hub.acronym else hub.name),
            url=hub.get_absolute_url(),
            text=fuller(marker, hub.summary, said.get(str(hub.pk), "")),
            meta=" · ".join(filter(None, [str(hub.get_kind_display()), _country_of(hub)])),
        )
        for hub in hubs
    ]


def _country_of(hub: Hub) -> str:
    return reference.country_name(hub.country_id) if hub.country_id else ""


findable.register(
    Kind(
        code=finding.KIND,
        title=_("Hubs"),
        one=_("Hub"),
        position=20,
        public=_hubs_public,
        documents=_hub_documents,
        hits=_hub_hits,
        list_name="hubs:hubs",
    )
)

# --- Needs ---------------------------------------------------------------------------------------


def _needs_public() -> Iterable[int]:
    return finding.needs().order_by("pk").values_list("pk", flat=True)


def _need_documents(keys: Sequence[str]) -> Iterator[Document]:
    rows = finding.needs().filter(pk__in=[int(key) for key in keys])
    for claim in rows.select_related("hub").prefetch_related("hub__sectors"):
        yield finding.need_entry(claim, claim.hub)


def _need_hits(keys: Sequence[str], marker: Marker) -> list[Hit]:
    rows = finding.needs().filter(pk__in=[int(key) for key in keys]).select_related("hub")
    found: dict[str, HubClaim] = {str(claim.pk): claim for claim in rows}
    return [
        Hit(
            title=marker.mark(claim.text),
            url=claim.get_absolute_url(),
            meta=" · ".join(filter(None, [claim.hub.name, _country_of(claim.hub)])),
        )
        for claim in (found[key] for key in keys if key in found)
    ]


findable.register(
    Kind(
        code=finding.NEED,
        title=pgettext_lazy("of hubs", "Needs"),
        one=_("Need"),
        position=30,
        public=_needs_public,
        documents=_need_documents,
        hits=_need_hits,
        facets=(SECTOR, REGION, COUNTRY),
    )
)


# --- Names ---------------------------------------------------------------------------------------


def countries_beginning(typed: str, limit: int) -> list[str]:
    """Codes of the countries one of whose names in any language begins with these letters; those
    called just so come first. No query once the names are in the process."""
    begun = fold(typed)
    found: dict[str, tuple[bool, str]] = {}
    for name, codes in reference.country_names().items():
        if name.startswith(begun):
            for code in codes:
                place = (name != begun, reference.country_name(code))
                found[code] = min(found.get(code, place), place)
    return sorted(found, key=lambda code: found[code])[:limit]


def hubs_beginning(typed: str, limit: int) -> list[tuple[int, str, str]]:
    """Listed hubs that a source calls by another name beginning with these letters: key, that
    name, and the hub's own. One query."""
    rows = HubClaim.objects.filter(
        topic__in=finding.NAMES,
        text__istartswith=typed,
        hub__is_listed=True,
        hub__merged_into=None,
    )
    found: dict[int, tuple[int, str, str]] = {}
    for key, said, name in rows.order_by("text", "pk").values_list("hub_id", "text", "hub__name")[
        : 4 * limit
    ]:
        found.setdefault(key, (key, said, name))
    return list(found.values())[:limit]
