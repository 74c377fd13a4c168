"""How a solution is found: its entry in the search, made from what is public of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from catalogue import fields as f
from catalogue.content import Content
from catalogue.models import Solution
from catalogue.uptake import uptake_of
from core import search
from core.models import SearchDocument, SearchFacet
from core.text import plain
from hubs import reference
from hubs.models import Hub

KIND = "solution"
#: The groups by which the catalogue is filtered, in the order they are shown.
GROUPS = (
    "sector", "region", "country", "sdg", "kind", "stage", "label", "language", "hub", "tag",
    "year", "started",
)  # fmt: skip
BODY_ROWS = {
    "blocks": ("purpose", "lessons"),
    "indicators": ("name",),
    "evidence": ("title", "author"),
}
#: Order among equals: what was checked more thoroughly comes first.
LEVEL_RANK = {"adopted": 4, "validated": 3, "promising": 2, "in_review": 1}
#: What is invented stands behind everything real, among itself in the same order: a rank below
#: nought, which the search puts last whatever the words, and no date, so that it is never new.
EXAMPLES_BELOW = 10
#: Its value among the marks: whoever looks for what was validated finds no example.
EXAMPLE = "example"
#: As many entries of an earlier release are made anew at a time.
MOST_OUTDATED = 2_000
#: For so many records at a time is counted in how many places they are used.
_AT_ONCE = 500


def facets_of(solution: Solution, content: Content) -> dict[str, list[str]]:
    countries = content["countries"]
    goals = {str(n) for n in content["goals"]} | {code.split(".")[0] for code in content["targets"]}
    return {
        "sector": list(content["sectors"]),
        "country": countries,
        "region": sorted(reference.regions_of(countries)),
        "sdg": sorted(goals, key=int),
        "kind": [content["kind"]] if content["kind"] else [],
        "stage": [content["stage"]] if content["stage"] else [],
        "label": [EXAMPLE if content["is_example"] else solution.level],
        "language": [content["language"], *content.get("translations", {})],
        "hub": hub_of(solution, content),
        "tag": [tag.lower() for tag in content["tags"]],
        "year": [] if content["is_example"] else years_of(solution.published_at),
        "started": [content["started_on"][:4]] if content["started_on"] else [],
    }


def years_of(published_at: dt.datetime | None) -> list[str]:
    """The year in which a record was first published."""
    return [f"{published_at.astimezone(dt.UTC):%Y}"] if published_at else []


def hub_of(solution: Solution, content: Content) -> list[str]:
    """The hub the public version names, or the one that it became part of since."""
    if not content["hub"]:
        return []
    slug = content["hub"]["slug"]
    if solution.hub is None or solution.hub.slug == slug:
        return [slug]
    return [standing([slug])[slug]]


def standing(slugs: Collection[str]) -> dict[str, str]:
    """Each hub's address now: its own, or that of the hub it became part of. One query."""
    rows = Hub.objects.filter(slug__in=slugs, merged_into__isnull=False)
    return {slug: slug for slug in slugs} | dict(rows.values_list("slug", "merged_into__slug"))


def body_of(content: Content) -> str:
    """All readable text beyond title and summary, as plain text."""
    texts = [plain(content[item.name]) for item in f.FIELDS if item.kind == f.RICH]
    for name, columns in BODY_ROWS.items():
        texts += [row[column] for row in content[name] for column in columns]
    names = [reference.country_name(code, "en") for code in content["countries"]]
    names += [reference.sector_name(code, "en") for code in content["sectors"]]
    hub = content["hub"] or {}
    texts += [
        *names,
        *content["tags"],
        content["area"],
        content["owner_institution"],
        hub.get("name", ""),
        hub.get("short", ""),
    ]
    for entry in content.get("translations", {}).values():
        texts += [plain(text) for text in entry["texts"].values()]
    return "\n".join(text for text in texts if text)


def entry_of(solution: Solution, uptake: int = 0) -> dict[str, Any]:
    """The search document of a public solution that is used in so many other places."""
    version = solution.public_version
    if version is None:
        raise ValueError(f"{solution} is not public")
    content = version.content
    return {
        "kind": KIND,
        "object_id": str(solution.pk),
        "title": content["title"],
        # What a solution is built of tells as much of it as its summary.
        "summary": "\n".join([content["summary"], *(row["title"] for row in content["blocks"])]),
        "body": body_of(content),
        "language": content["language"],
        "facets": facets_of(solution, content),
        "published_at": None if content["is_example"] else solution.published_at,
        "rank": LEVEL_RANK.get(solution.level, 0) - EXAMPLES_BELOW * content["is_example"],
        "uptake": 0 if content["is_example"] else uptake,
    }


def documents(solutions: Iterable[Solution]) -> Iterator[search.Document]:
    """The search documents of public solutions."""
    waiting = iter(solutions)
    while some := list(islice(waiting, _AT_ONCE)):
        uptake = uptake_of([solution.pk for solution in some])
        for solution in some:
            yield search.Document(**entry_of(solution, uptake.get(solution.pk, 0)))


def note(solution: Solution) -> None:
    """Write or remove the entry, in the caller's transaction."""
    if solution.publication == "public":
        search.index_many(documents([solution]))
    else:
        search.remove(KIND, str(solution.pk))


def note_uptake(key: int) -> None:
    """Say anew in how many places a record is used, in the caller's transaction."""
    search.note_uptake(KIND, key, uptake_of([key]).get(key, 0))


def outdated() -> list[str]:
    """The keys of entries written before entries had the year of publication."""
    values = SearchFacet.objects.filter(document=OuterRef("pk"), kind=KIND)
    rows = SearchDocument.objects.filter(
        ~Exists(values.filter(group="year")),
        ~Exists(values.filter(group="label", value=EXAMPLE)),
        kind=KIND,
    )
    return list(rows.order_by("pk").values_list("object_id", flat=True)[:MOST_OUTDATED])


def miscounted() -> list[int]:
    """Records of which the search says another uptake than was counted, as after an upgrade."""
    rows = SearchDocument.objects.filter(kind=KIND, rank__gte=0)
    said = dict(rows.filter(uptake__gt=0).values_list("object_id", "uptake"))
    counted = {str(key): number for key, number in uptake_of().items()}
    other = [key for key in {*said, *counted} if said.get(key, 0) != counted.get(key, 0)]
    there = rows.filter(object_id__in=sorted(other)[:MOST_OUTDATED])
    return [int(key) for key in there.order_by("pk").values_list("object_id", flat=True)]


def mend() -> int:
    """Make findable what is public, and nothing else; returns how many entries were amiss."""
    found = set(SearchDocument.objects.filter(kind=KIND).values_list("object_id", flat=True))
    public = {str(key) for key in Solution.objects.public().values_list("pk", flat=True)}
    amiss = sorted((found ^ public) | {*outdated()})
    for key in amiss:
        with transaction.atomic():
            solution = Solution.objects.select_for_update(of=("self",)).for_cards().filter(pk=key)
            if present := solution.first():
                note(present)
            else:
                search.remove(KIND, key)
    recounted = miscounted()
    for record in recounted:
        with transaction.atomic():
            note_uptake(record)
    return len(amiss) + len(recounted)
