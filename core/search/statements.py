"""The answer from the database: one statement, right at any size, quick up to some thousand.

Everything here is the same SQL for all engines but what an engine renders: which documents match,
and how well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from core.search.engines import engine
from core.search.terms import Answer, Counts, Resemblance, Selected, Sql
from core.search.vocabulary import Understood

#: A rank below nought comes after everything else, however well it answers.
LAST = "CASE WHEN rank < 0 THEN 1 ELSE 0 END"
ORDERS = {
    "relevance": f"{LAST}, whole DESC, score DESC, rank DESC, published_at DESC, id DESC",
    "newest": "published_at DESC, id DESC",
    "title": "title_sort, id",
    "label": "rank DESC, published_at DESC, id DESC",
    "adopted": "uptake DESC, rank DESC, published_at DESC, id DESC",
}
#: NUL and halves of characters, and what stands for them: no value has it.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
NOWHERE = "\ufffd"


class InDatabase:
    """Asks the database for each answer as a whole. An ``Answerer``."""

    def page(
        self,
        kind: str,
        meaning: Understood,
        selected: Selected,
        *,
        sort: str,
        offset: int,
        limit: int,
    ) -> Answer:
        ranked = sort == "relevance"
        base = _base(kind, meaning, selected, ranked=ranked, by_uptake=sort == "adopted")
        order = ORDERS["label" if ranked and not meaning.pieces else sort]
        rows = run(
            f"""{base.text}
            SELECT c.total, p.object_id FROM (SELECT count(*) AS total FROM base) c
            LEFT JOIN (SELECT * FROM base ORDER BY {order} LIMIT %s OFFSET %s) p ON 1 = 1
            ORDER BY {order}""",  # noqa: S608 (constants and placeholders)
            (*base.params, limit, offset),
        )
        return Answer(rows[0][0], tuple(key for _total, key in rows if key is not None))

    def counts(
        self, kind: str, meaning: Understood, selected: Selected, groups: Sequence[str]
    ) -> Counts:
        counts: dict[str, dict[str, int]] = {group: {} for group in groups}
        chosen = _chosen(selected)
        parts = _matching(meaning, ranked=False)
        for number, (group, values) in enumerate(chosen.items()):
            parts[f"chosen{number}"] = _having(kind, group, values, among_hits="hit" in parts)
        selects: list[Sql] = []
        # Groups without a choice share one SELECT; each group with a choice ignores its own.
        free = [group for group in counts if group not in chosen]
        for counted, ignored in [(free, None), *(([group], group) for group in chosen)]:
            if counted and counted[0] in counts:
                holds = [f"chosen{n}" for n, group in enumerate(chosen) if group != ignored]
                within = [*(["hit"] if "hit" in parts else []), *holds]
                selects.append(_count(kind, counted, within, barred="barred" in parts))
        if not selects:
            return counts
        clauses = ", ".join(f"{name} AS MATERIALIZED ({sql.text})" for name, sql in parts.items())
        statement = f"WITH {clauses} " if clauses else ""
        statement += " UNION ALL ".join(sql.text for sql in selects)
        params = [value for sql in (*parts.values(), *selects) for value in sql.params]
        for group, value, number in run(statement, params):
            counts[group][value] = number
        return counts

    def everywhere(self, meaning: Understood, top: int) -> Mapping[str, Answer]:
        base = _base(None, meaning, {}, ranked=True)
        rows = run(
            f"""{base.text}
            SELECT kind, object_id, total FROM (
                SELECT kind, object_id, count(*) OVER (PARTITION BY kind) AS total,
                row_number() OVER (PARTITION BY kind ORDER BY {ORDERS["relevance"]}) AS place
                FROM base
            ) AS placed WHERE place <= %s ORDER BY kind, place""",  # noqa: S608 (constants)
            (*base.params, top),
        )
        found: dict[str, Answer] = {}
        for kind, object_id, total in rows:
            before = found.get(kind, Answer(total, ()))
            found[kind] = Answer(total, (*before.ids, object_id))
        return found

    def best(
        self, kind: str, meaning: Understood, limit: int, without: str | None
    ) -> list[Resemblance]:
        base = _base(kind, meaning, {}, ranked=True)
        rows = run(
            f"""{base.text}
            SELECT d.object_id, d.title, d.summary FROM
            (SELECT * FROM base WHERE object_id <> %s ORDER BY {ORDERS["relevance"]} LIMIT %s) b
            JOIN core_searchdocument d ON d.id = b.id
            ORDER BY CASE WHEN b.rank < 0 THEN 1 ELSE 0 END,
            whole DESC, score DESC, b.rank DESC, b.published_at DESC, b.id DESC""",  # noqa: S608 (constants)
            (*base.params, without or "", limit),
        )
        return [Resemblance(*row) for row in rows]


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


def _base(
    kind: str | None,
    meaning: Understood,
    selected: Selected,
    *,
    ranked: bool,
    by_uptake: bool = False,
) -> Sql:
    """WITH … base: the documents that answer, with what they are sorted by.

    ``uptake`` came late and stands behind the long texts: it is read where it is needed.
    """
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
    uptake = "d.uptake" if by_uptake else "0"
    # With words the answer is computed once and used twice; without, both uses read an index.
    kept = "MATERIALIZED" if "hit" in parts else "NOT MATERIALIZED"
    ctes.append(
        f"base AS {kept} (SELECT d.id, d.kind, d.object_id, d.title_sort, d.published_at,"  # noqa: S608 (names)
        f" d.rank, {uptake} AS uptake, {score} AS score, {whole} AS whole FROM {source}{where})"
    )
    return Sql(f"WITH {', '.join(ctes)}", tuple(params))


def _marks(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def run(statement: str, params: Sequence[Any]) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return cursor.fetchall()
