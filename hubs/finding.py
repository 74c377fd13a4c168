"""How a hub is found: its entry in the search, made from what is listed of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core import search
from hubs import reference

if TYPE_CHECKING:
    from hubs.models import Hub

KIND = "hub"
#: Topics whose texts are names of the hub, as telling as its own.
NAMES = ("acronym", "other_name", "name")


def names_of_place(hub: Hub) -> list[str]:
    """The hub's country in every language we know it in, so that "Brésil" finds Brazil's."""
    country = reference.countries().get(hub.country_id or "")
    return sorted(set(country.names.values())) if country else []


def entry_of(hub: Hub) -> dict[str, Any]:
    """The search document of a listed hub."""
    sectors = [sector.pk for sector in hub.sectors.all()]
    country = [hub.country_id] if hub.country_id else []
    claims = list(hub.claims.all())
    texts = [f"{claim.label} {claim.text}".strip() for claim in claims if claim.topic not in NAMES]
    texts += [reference.sector_name(code, "en") for code in sectors]
    texts += names_of_place(hub)
    said = [claim.text for claim in claims if claim.topic in NAMES]
    names = [name for name in dict.fromkeys([hub.acronym, *said]) if name != hub.name]
    return {
        "title": hub.name,
        "summary": "\n".join(text for text in [*names, hub.summary] if text),
        "body": "\n".join(text for text in texts if text),
        "language": "en",
        "facets": {
            "kind": [hub.kind],
            "sector": sectors,
            "country": country,
            "region": sorted(
                reference.regions_of(country) | ({hub.region_id} if hub.region_id else set())
            ),
            "model": [hub.model] if hub.model else [],
            "function": hub.functions,
            "modality": hub.modalities,
            "language": hub.languages,
            "stage": ["pilot" if hub.is_pilot else "hub"],
        },
        "published_at": hub.confirmed_at or hub.updated_at,
        "rank": 0,
    }


def note(hub: Hub) -> None:
    """Write or remove the entry, in the caller's transaction."""
    if hub.is_listed and hub.merged_into_id is None:
        search.index(KIND, str(hub.pk), **entry_of(hub))
    else:
        search.remove(KIND, str(hub.pk))
