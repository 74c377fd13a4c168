"""How a hub is found, and what it looks for: entries in the search, made from what is listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core import search
from core.findable import replace
from core.search import Document
from hubs import reference
from hubs.models import HubClaim

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from hubs.models import Hub

KIND = "hub"
NEED = "need"
#: The topic of statements on what a hub looks for.
SOUGHT = "sought"
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


def needs() -> QuerySet[HubClaim]:
    """What listed hubs are said to look for."""
    return HubClaim.objects.filter(
        topic=SOUGHT, hub__is_listed=True, hub__merged_into=None
    ).exclude(text="")


def need_entry(claim: HubClaim, hub: Hub) -> Document:
    """The search document of something a listed hub looks for."""
    country = [hub.country_id] if hub.country_id else []
    sectors = [sector.pk for sector in hub.sectors.all()]
    texts = [*names_of_place(hub), *(reference.sector_name(code, "en") for code in sectors)]
    return Document(
        kind=NEED,
        object_id=str(claim.pk),
        title=claim.text,
        summary="\n".join(text for text in (hub.name, hub.acronym) if text),
        body="\n".join(texts),
        published_at=hub.confirmed_at,
        facets={
            "hub": [str(hub.pk)],
            "sector": sectors,
            "country": country,
            "region": sorted(reference.regions_of(country)),
        },
    )


def note(hub: Hub) -> None:
    """Write or remove the entries, in the caller's transaction."""
    if hub.is_listed and hub.merged_into_id is None:
        search.index(KIND, str(hub.pk), **entry_of(hub))
        sought = [claim for claim in hub.claims.all() if claim.topic == SOUGHT and claim.text]
        replace(NEED, "hub", str(hub.pk), [need_entry(claim, hub) for claim in sought])
    else:
        search.remove(KIND, str(hub.pk))
        replace(NEED, "hub", str(hub.pk), [])
