"""The engine of PostgreSQL: a vector with a GIN index.

``ts_rank`` does not know how rare a word is, so each word is ranked apart and counts by the
weight that the vocabulary gives it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from django.db import connection

from core.search.structure import COLUMNS
from core.search.terms import Phrase, Piece, Sql

if TYPE_CHECKING:
    import numpy as np

#: How much a word counts in the body (D), nothing (C), the summary (B) and the title (A).
WEIGHTS = "{0.5, 0.1, 0.7, 1.0}"


def _lexeme(word: str, label: str) -> str:
    return f"'{word}'{':' if label else ''}{label}"


def _piece(piece: Piece, label: str = "") -> str:
    if isinstance(piece, Phrase):
        *first, last = piece.words
        words = [_lexeme(word, label) for word in first]
        words.append(_lexeme(last, ("*" if piece.prefix else "") + label))
        return "(" + " <-> ".join(words) + ")"
    label = ("*" if piece.prefix else "") + label
    return "(" + " | ".join(_lexeme(form, label) for form in piece.forms) + ")"


def any_of(pieces: Sequence[Piece]) -> str:
    return "(" + " | ".join(map(_piece, pieces)) + ")"


def all_of(pieces: Sequence[Piece]) -> str:
    return "(" + " & ".join(map(_piece, pieces)) + ")"


def in_title(pieces: Sequence[Piece]) -> str:
    return " & ".join(_piece(piece, "A") for piece in pieces)


def match(expression: str) -> Sql:
    return Sql("SELECT id FROM core_searchmatch(%s::tsquery) AS found(id)", (expression,))


def scored(expression: str, pieces: Sequence[Piece]) -> Sql:
    # ts_rank divides by the number of forms, which would favour words that have only one.
    ranks = " + ".join("%s * ts_rank(%s::float4[], d.vector, %s::tsquery, 1)" for _ in pieces)
    params: list[object] = []
    for piece in pieces:
        forms = 1 if isinstance(piece, Phrase) else len(piece.forms)
        params += [piece.weight * forms, WEIGHTS, _piece(piece)]
    return Sql(
        f"SELECT d.id, {ranks} AS score FROM core_searchmatch(%s::tsquery) AS found(id)"  # noqa: S608 (constants)
        " JOIN core_searchdocument d ON d.id = found.id",
        (*params, expression),
    )


def packed(match: Sql) -> Sql:
    return Sql(f"SELECT string_agg(int8send(id), '') FROM ({match.text}) AS matched", match.params)  # noqa: S608 (ours)


def unpacked(value: memoryview | None) -> np.ndarray:
    import numpy as np  # noqa: PLC0415 (a portal without a snapshot does without)

    return np.frombuffer(value, dtype=">i8").astype(np.int64) if value else np.zeros(0, np.int64)


#: The number of the lock that writers of the search hold until their transaction ends.
_TURN = 5_302_033


def take_turn() -> None:
    # Before any row is locked. Rows of documents and words are locked batch by batch, so two
    # transactions of several batches would lock them in different orders, and block each other.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])


def horizon() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def since() -> str:
    # Numbers are given when a row is written, not when it is committed.
    return "(seq > %s OR xid >= %s)"


def documents() -> str:
    """The planner's estimate, which costs nothing, once the table is large enough for one."""
    return (
        "SELECT CASE WHEN reltuples > 1000 THEN reltuples::bigint"
        " ELSE (SELECT count(*) FROM core_searchdocument) END"
        " FROM pg_class WHERE oid = 'core_searchdocument'::regclass"
    )


def neighbours() -> str:
    # The function knows whether this database has trigrams (``structure``).
    return "SELECT lost.word, near.id FROM lost, core_searchneighbours(lost.word) AS near(id)"


def pattern(word: str) -> str:
    return word


#: Rows compared in one statement, so that each ends long before its time limit.
_AT_ONCE = 1_000
_ASTRAY = f"vector IS DISTINCT FROM core_searchvector({', '.join(COLUMNS)})"


def _ranges() -> Iterator[tuple[int, int]]:
    """First and last key of some rows at a time."""
    with connection.cursor() as cursor:
        last: int | None = 0
        while last is not None:
            first = last + 1
            cursor.execute(
                "SELECT max(id) FROM (SELECT id FROM core_searchdocument WHERE id >= %s"
                " ORDER BY id LIMIT %s) AS part",
                (first, _AT_ONCE),
            )
            (last,) = cursor.fetchone()
            if last is not None:
                yield first, last


def rows_astray() -> int:
    number = 0
    with connection.cursor() as cursor:
        for limits in _ranges():
            cursor.execute(
                "SELECT count(*) FROM core_searchdocument"  # noqa: S608 (constants)
                f" WHERE id BETWEEN %s AND %s AND {_ASTRAY}",
                limits,
            )
            number += cursor.fetchone()[0]
    return number


def remake_rows() -> None:
    """A generated column is computed again when a row is written."""
    with connection.cursor() as cursor:
        for limits in _ranges():
            cursor.execute(
                "UPDATE core_searchdocument SET title_words = title_words"  # noqa: S608 (constants)
                f" WHERE id BETWEEN %s AND %s AND {_ASTRAY}",
                limits,
            )
