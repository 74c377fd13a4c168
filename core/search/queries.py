"""Reading: what is found, how much of it, and by which values it can be narrowed.

Each function asks the database a number of times that depends neither on the documents nor
on the facets: once for the words (if the query has any that was not understood yet), once
for the answer. Where there is a snapshot (``core.search.snapshot``), the answer is made in this
process; else the database makes it. Both say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from core.search.asking import SearchQuery
from core.search.engines import engine
from core.search.looking import view
from core.search.statements import ORDERS, InDatabase, run
from core.search.terms import Answerer, Counts, Resemblance, Selected, Term
from core.search.vocabulary import Understood, understand
from core.text import fold, form, is_unspaced, runs

#: The orders a list can have. Relevance without words is "best first, then newest".
SORTS = tuple(ORDERS)
#: The furthest document of a list that can be asked for; beyond it every page is empty.
DEEPEST = 1_000_000_000
TOP_OF_EACH = 5
#: Words whose readings are kept with a view.
MOST_READINGS = 10_000


@dataclass(frozen=True, slots=True)
class Found:
    """One page of an answer.

    ``ids`` are the object ids in order; ``total`` counts all pages, also when this one is
    beyond the last. ``corrected`` names words that no document has, with those that were
    searched in addition.
    """

    total: int
    ids: tuple[str, ...] = ()
    corrected: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A title that goes on from what was typed so far."""

    kind: str
    object_id: str
    title: str


def _ask(query: SearchQuery) -> tuple[Answerer, Understood]:
    """Who answers now, and what is asked: this process if it has a view of all documents, which
    knows what words it was asked before, else the database."""
    now = view()
    if now is None:
        return InDatabase(), understand(query)
    if len(now.readings) > MOST_READINGS:
        now.readings.clear()
    return now, understand(query, now.readings)


def find(
    kind: str,
    query: SearchQuery,
    selected: Selected | None = None,
    *,
    sort: str = "relevance",
    page: int = 1,
    per_page: int = 20,
) -> Found:
    """One page of the documents of a kind that answer the query and have the selected values.

    Values within a group are alternatives, groups narrow each other. An unknown order is
    relevance; a page that does not exist is empty.
    """
    if query.wordless:
        return Found(0)
    answerer, meaning = _ask(query)
    total, ids = answerer.page(
        kind,
        meaning,
        selected or {},
        sort=sort if sort in SORTS else "relevance",
        offset=min((max(page, 1) - 1) * per_page, DEEPEST),
        limit=per_page,
    )
    return Found(total, ids, meaning.corrected)


def best(
    kind: str, query: SearchQuery, limit: int, *, without: str | None = None
) -> list[Resemblance]:
    """The documents that answer best, with their texts; nothing for a query without words."""
    if query.blank or query.wordless:
        return []
    answerer, meaning = _ask(query)
    return answerer.best(kind, meaning, limit, without)


def facet_counts(
    kind: str, query: SearchQuery, selected: Selected | None, groups: Iterable[str]
) -> Counts:
    """How many documents each value of each group would leave.

    A group is counted as if nothing were selected in it, so that a person sees what another
    choice would give; the choices in all other groups hold. The counts are exact. A large group
    is counted as far as it is looked at: ask for a value rather than for all of them.
    """
    groups = list(dict.fromkeys(groups))
    if query.wordless or not groups:
        return {group: {} for group in groups}
    answerer, meaning = _ask(query)
    return answerer.counts(kind, meaning, selected or {}, groups)


def find_everywhere(query: SearchQuery, *, top: int = TOP_OF_EACH) -> dict[str, Found]:
    """For each kind that has an answer: how many there are, and the best few."""
    if query.wordless or query.blank:
        return {}
    answerer, meaning = _ask(query)
    return {
        kind: Found(total, ids, meaning.corrected)
        for kind, (total, ids) in answerer.everywhere(meaning, top).items()
    }


def suggest(typed: str, kind: str | None = None, *, limit: int = 8) -> list[Suggestion]:
    """Titles that contain the words typed so far, the last one perhaps unfinished.

    Titles that begin with what was typed come first. Nothing is suggested for one letter.
    """
    query = SearchQuery.parse(typed.replace('"', " ").replace("-", " "))
    pieces = [word for word, _unspaced in runs(query.text) if form(word)]
    if not pieces or (len(pieces[-1]) < 2 and not is_unspaced(pieces[-1])):
        return []
    terms = [Term((form(word),), prefix=is_unspaced(word)) for word in pieces[:-1]]
    terms.append(Term((form(pieces[-1]),), prefix=True))
    if any(is_unspaced(piece) for piece in pieces):
        terms = [Term((form(piece),), prefix=True) for piece in _split(pieces)]
    hit = engine().match(engine().in_title(terms))
    folded = fold(query.text)
    where, params = ("AND d.kind = %s ", (kind,)) if kind else ("", ())
    rows = run(
        f"""SELECT d.kind, d.object_id, d.title FROM core_searchdocument d
        WHERE d.id IN ({hit.text}) {where}
        ORDER BY CASE WHEN substr(d.title_sort, 1, %s) = %s THEN 0 ELSE 1 END,
        d.rank DESC, d.title_sort, d.id LIMIT %s""",  # noqa: S608 (constants)
        (*hit.params, *params, len(folded), folded, limit),
    )
    return [Suggestion(*row) for row in rows]


def did_you_mean(query: SearchQuery) -> str | None:
    """The query with its likely typing errors corrected, or None if there are none.

    Corrected are words that no document has and words that hardly any has while a neighbour
    is common. Meant for answers with few hits.
    """
    suggested = {} if query.wordless else _ask(query)[1].suggested
    if not suggested:
        return None
    parts = [f'"{" ".join(phrase.words)}"' for phrase in query.phrases]
    parts += [suggested.get(word, word) for word in query.words]
    parts += [
        f"-{piece}" if isinstance(piece, str) else f'-"{" ".join(piece.words)}"'
        for piece in query.excluded
    ]
    return " ".join(parts)


def _split(pieces: Iterable[str]) -> list[str]:
    found: list[str] = []
    for piece in pieces:
        if is_unspaced(piece) and len(piece) > 1:
            found.extend(piece[i : i + 2] for i in range(len(piece) - 1))
        else:
            found.append(piece)
    return found
