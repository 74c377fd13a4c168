"""Reading: what is found, how much of it, and by which values it can be narrowed.

Each function asks the database a number of times that depends neither on the documents nor
on the facets: once for the words (if the query has any that was not understood yet), once
for the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection

from core.search.asking import SearchQuery
from core.search.engines import engine
from core.search.terms import Sql, Term
from core.search.vocabulary import Understood, understand
from core.text import fold, form, is_unspaced, runs

Selected = Mapping[str, Sequence[str]]

#: The orders a list can have. Relevance without words is "best first, then newest". A rank below
#: nought comes after everything else, however well it answers.
LAST = "CASE WHEN rank < 0 THEN 1 ELSE 0 END"
SORTS = {
    "relevance": f"{LAST}, whole DESC, score DESC, rank DESC, published_at DESC, id DESC",
    "newest": "published_at DESC, id DESC",
    "title": "title_sort, id",
    "label": "rank DESC, published_at DESC, id DESC",
}
#: The furthest document of a list that can be asked for; beyond it every page is empty.
DEEPEST = 1_000_000_000
TOP_OF_EACH = 5
#: NUL and halves of characters, and what stands for them: no value has it.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
NOWHERE = "\ufffd"


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


class Resemblance(NamedTuple):
    """What is compared of a document."""

    object_id: str
    title: str
    summary: str


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
    meaning = understand(query)
    order = SORTS.get(sort, SORTS["relevance"])
    ranked = order == SORTS["relevance"]
    base = _base(kind, meaning, selected or {}, ranked=ranked)
    if ranked and not meaning.pieces:
        order = SORTS["label"]
    offset = min((max(page, 1) - 1) * per_page, DEEPEST)
    rows = _run(
        f"""{base.text}
        SELECT c.total, p.object_id FROM (SELECT count(*) AS total FROM base) c
        LEFT JOIN (SELECT * FROM base ORDER BY {order} LIMIT %s OFFSET %s) p ON 1 = 1
        ORDER BY {order}""",  # noqa: S608 (constants and placeholders)
        (*base.params, per_page, offset),
    )
    ids = tuple(object_id for _total, object_id in rows if object_id is not None)
    return Found(rows[0][0], ids, meaning.corrected)


def best(
    kind: str, query: SearchQuery, limit: int, *, without: str | None = None
) -> list[Resemblance]:
    """The documents that answer best, with their texts; nothing for a query without words."""
    if query.blank or query.wordless:
        return []
    base = _base(kind, understand(query), {}, ranked=True)
    order = SORTS["relevance"]
    rows = _run(
        f"""{base.text}
        SELECT d.object_id, d.title, d.summary FROM
        (SELECT * FROM base WHERE object_id <> %s ORDER BY {order} LIMIT %s) b
        JOIN core_searchdocument d ON d.id = b.id
        ORDER BY CASE WHEN b.rank < 0 THEN 1 ELSE 0 END,
        whole DESC, score DESC, b.rank DESC, b.published_at DESC, b.id DESC""",  # noqa: S608 (constants)
        (*base.params, without or "", limit),
    )
    return [Resemblance(*row) for row in rows]


def facet_counts(
    kind: str, query: SearchQuery, selected: Selected | None, groups: Iterable[str]
) -> dict[str, dict[str, int]]:
    """How many documents each value of each group would leave.

    A group is counted as if nothing were selected in it, so that a person sees what another
    choice would give; the choices in all other groups hold. The counts are exact.
    """
    groups = list(dict.fromkeys(groups))
    counts: dict[str, dict[str, int]] = {group: {} for group in groups}
    if query.wordless or not groups:
        return counts
    chosen = _chosen(selected or {})
    meaning = understand(query)
    parts = _matching(meaning, ranked=False)
    for number, (group, values) in enumerate(chosen.items()):
        parts[f"chosen{number}"] = _having(kind, group, values, among_hits="hit" in parts)
    selects: list[Sql] = []
    # Groups without a choice share one SELECT; each group with a choice ignores its own.
    free = [group for group in counts if group not in chosen]
    for counted, ignored in [(free, None), *(([group], group) for group in chosen)]:
        if counted and counted[0] in counts:
            holds = [f"chosen{n}" for n, group in enumerate(chosen) if group != ignored]
            selects.append(
                _count(
                    kind,
                    counted,
                    [*(["hit"] if "hit" in parts else []), *holds],
                    barred="barred" in parts,
                )
            )
    if not selects:
        return counts
    clauses = ", ".join(f"{name} AS MATERIALIZED ({sql.text})" for name, sql in parts.items())
    statement = f"WITH {clauses} " if clauses else ""
    statement += " UNION ALL ".join(sql.text for sql in selects)
    params = [value for sql in (*parts.values(), *selects) for value in sql.params]
    for group, value, number in _run(statement, params):
        counts[group][value] = number
    return counts


def _count(kind: str, groups: Sequence[str], within: Sequence[str], *, barred: bool) -> Sql:
    """SELECT group, value, number: over the documents that are in each of the given parts.

    The first part leads, and the others are asked once for each document, not for each of its
    values.
    """
    source, key = "core_searchfacet f", "f.document_id"
    limits = ["f.kind = %s", f'f."group" IN ({_marks(groups)})']
    if within:
        lead, *others = within
        source, key = f"{lead} CROSS JOIN core_searchfacet f", f"{lead}.id"
        limits.append(f"f.document_id = {key}")
        limits += [f"{key} IN (SELECT id FROM {other})" for other in others]  # noqa: S608 (names)
    if barred:
        limits.append(f"{key} NOT IN (SELECT id FROM barred)")  # noqa: S608 (names)
    return Sql(
        f'SELECT f."group", f.value, count(*) FROM {source}'  # noqa: S608 (names and placeholders)
        f' WHERE {" AND ".join(limits)} GROUP BY f."group", f.value',
        (kind, *groups),
    )


def find_everywhere(query: SearchQuery, *, top: int = TOP_OF_EACH) -> dict[str, Found]:
    """For each kind that has an answer: how many there are, and the best few."""
    if query.wordless or query.blank:
        return {}
    meaning = understand(query)
    base = _base(None, meaning, {}, ranked=True)
    rows = _run(
        f"""{base.text}
        SELECT kind, object_id, total FROM (
            SELECT kind, object_id, count(*) OVER (PARTITION BY kind) AS total,
            row_number() OVER (PARTITION BY kind ORDER BY {SORTS["relevance"]}) AS place
            FROM base
        ) AS placed WHERE place <= %s ORDER BY kind, place""",  # noqa: S608 (constants)
        (*base.params, top),
    )
    found: dict[str, Found] = {}
    for kind, object_id, total in rows:
        before = found.get(kind, Found(total, (), meaning.corrected))
        found[kind] = Found(total, (*before.ids, object_id), meaning.corrected)
    return found


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
    rows = _run(
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
    suggested = understand(query).suggested if not query.wordless else {}
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


def _chosen(selected: Selected) -> dict[str, list[str]]:
    """The groups with a choice. What no database can hold becomes a value no document has."""
    return {
        _UNSTORABLE.sub(NOWHERE, group): list(
            dict.fromkeys(_UNSTORABLE.sub(NOWHERE, value) for value in values)
        )
        for group, values in selected.items()
        if values
    }


def _having(kind: str | None, group: str, values: Sequence[str], *, among_hits: bool) -> Sql:
    """SELECT id: the documents with one of the values."""
    if among_hits:
        return Sql(
            "SELECT hit.id FROM hit WHERE EXISTS (SELECT 1 FROM core_searchfacet f"  # noqa: S608 (placeholders)
            ' WHERE f.document_id = hit.id AND f.kind = %s AND f."group" = %s'
            f" AND f.value IN ({_marks(values)}))",
            (kind, group, *values),
        )
    return Sql(
        "SELECT DISTINCT document_id AS id FROM core_searchfacet"  # noqa: S608 (placeholders)
        f' WHERE kind = %s AND "group" = %s AND value IN ({_marks(values)})',
        (kind, group, *values),
    )


def _matching(meaning: Understood, *, ranked: bool) -> dict[str, Sql]:
    """The parts of the statement that the engine answers.

    *hit*: documents with every phrase and, without phrases, any of the words; *whole*: those
    with all of them; *barred*: those with something excluded.
    """
    parts: dict[str, Sql] = {}
    say = engine()
    if meaning.pieces:
        expression = say.all_of(meaning.phrases) if meaning.phrases else say.any_of(meaning.terms)
        parts["hit"] = say.scored(expression, meaning.pieces) if ranked else say.match(expression)
        if ranked and meaning.terms and len(meaning.pieces) > 1:
            parts["whole"] = say.match(say.all_of(meaning.pieces))
    if meaning.excluded:
        parts["barred"] = say.match(say.any_of(meaning.excluded))
    return parts


def _base(kind: str | None, meaning: Understood, selected: Selected, *, ranked: bool) -> Sql:
    """WITH … base: the documents that answer, with what they are sorted by."""
    parts = _matching(meaning, ranked=ranked)
    ctes = [f"{name} AS MATERIALIZED ({sql.text})" for name, sql in parts.items()]
    params = [value for sql in parts.values() for value in sql.params]
    score = "hit.score" if ranked and "hit" in parts else "0"
    whole = (
        "CASE WHEN d.id IN (SELECT id FROM whole) THEN 1 ELSE 0 END" if "whole" in parts else "0"
    )
    source = (
        "hit JOIN core_searchdocument d ON d.id = hit.id"
        if "hit" in parts
        else "core_searchdocument d"
    )
    limits: list[str] = []
    chosen = _chosen(selected)
    if kind is not None and not chosen:  # a facet's value is looked for within the kind
        limits.append("d.kind = %s")
        params.append(kind)
    for group, values in chosen.items():
        sql = _having(kind, group, values, among_hits="hit" in parts)
        limits.append(f"d.id IN ({sql.text})")
        params += sql.params
    if "barred" in parts:
        limits.append("d.id NOT IN (SELECT id FROM barred)")
    where = f" WHERE {' AND '.join(limits)}" if limits else ""
    # With words the answer is computed once and used twice; without, both uses read an index.
    kept = "MATERIALIZED" if "hit" in parts else "NOT MATERIALIZED"
    ctes.append(
        f"base AS {kept} (SELECT d.id, d.kind, d.object_id, d.title_sort, d.published_at,"  # noqa: S608 (names)
        f" d.rank, {score} AS score, {whole} AS whole FROM {source}{where})"
    )
    return Sql(f"WITH {', '.join(ctes)}", tuple(params))


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _run(statement: str, params: Sequence[Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()
