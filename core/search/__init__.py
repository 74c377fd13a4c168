"""Finding public records of any kind: ranked, narrowed by facets, tolerant of typing errors.

Records are named by a kind ("solution") and their id; this package knows nothing else of
them. ``docs/search.md`` explains how it works and what it costs.
"""

from core.search.alike import more_like, similar
from core.search.asking import SearchQuery
from core.search.documents import (
    Document,
    index,
    index_many,
    note_uptake,
    remove,
    remove_many,
)
from core.search.queries import (
    SORTS,
    Found,
    Suggestion,
    did_you_mean,
    facet_counts,
    find,
    find_everywhere,
    suggest,
)
from core.search.upkeep import Drift, check, mend, rebuild

__all__ = [
    "SORTS",
    "Document",
    "Drift",
    "Found",
    "SearchQuery",
    "Suggestion",
    "check",
    "did_you_mean",
    "facet_counts",
    "find",
    "find_everywhere",
    "index",
    "index_many",
    "mend",
    "more_like",
    "note_uptake",
    "rebuild",
    "remove",
    "remove_many",
    "similar",
    "suggest",
]
