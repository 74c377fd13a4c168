"""Documents for the tests of search, and short ways to ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from core import search

KIND = "solution"
DAY_ONE = datetime(2026, 1, 1, tzinfo=UTC)


def put(
    key: str | int,
    title: str = "Untitled",
    summary: str = "",
    body: str = "",
    *,
    kind: str = KIND,
    language: str = "en",
    facets: Mapping[str, Iterable[str]] | None = None,
    day: int = 0,
    rank: int = 0,
    uptake: int = 0,
) -> None:
    search.index(
        kind,
        key,
        title=title,
        summary=summary,
        body=body,
        language=language,
        facets=facets or {},
        published_at=DAY_ONE + timedelta(days=day),
        rank=rank,
        uptake=uptake,
    )


def found(typed: str, kind: str = KIND, **options: object) -> list[str]:
    """The ids that answer, in order."""
    return list(search.find(kind, search.SearchQuery.parse(typed), **options).ids)  # type: ignore[arg-type]


def counts(
    typed: str, selected: Mapping[str, list[str]], *groups: str
) -> dict[str, dict[str, int]]:
    return search.facet_counts(KIND, search.SearchQuery.parse(typed), selected, groups)
