"""The engine of SQLite: FTS5, ranked by bm25."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING

from django.db import DatabaseError, connection, transaction

from core.search.terms import Phrase, Piece, Sql

if TYPE_CHECKING:
    import numpy as np

#: How much a word counts in the title, the summary and the body; words, then stems.
WEIGHTS = "3.0, 2.0, 1.0, 3.0, 2.0, 1.0"

#: What is left of ``s.folded`` without the letters of a lost word of up to five.
_LETTERS_LEFT = reduce(
    lambda rest, place: f"replace({rest}, substr(lost.word, {place}, 1), '')",
    range(1, 6),
    "s.folded",
)


def _piece(piece: Piece) -> str:
    star = " *" if piece.prefix else ""
    if isinstance(piece, Phrase):
        return f'"{" ".join(piece.words)}"{star}'
    return "(" + " OR ".join(f'"{form}"{star}' for form in piece.forms) + ")"


def any_of(pieces: Sequence[Piece]) -> str:
    return "(" + " OR ".join(map(_piece, pieces)) + ")"


def all_of(pieces: Sequence[Piece]) -> str:
    return "(" + " AND ".join(map(_piece, pieces)) + ")"


def in_title(pieces: Sequence[Piece]) -> str:
    return "{title_words} : " + all_of(pieces)


def match(expression: str) -> Sql:
    return Sql(
        "SELECT rowid AS id FROM core_searchindex WHERE core_searchindex MATCH %s", (expression,)
    )


def scored(expression: str, pieces: Sequence[Piece]) -> Sql:
    # bm25 counts what the expression names; words that are not required are named beside it.
    wished = any_of(pieces)
    if wished != expression:
        expression = f"{expression} AND {wished}"
    return Sql(
        f"SELECT rowid AS id, -bm25(core_searchindex, {WEIGHTS}) AS score"  # noqa: S608 (constants)
        " FROM core_searchindex WHERE core_searchindex MATCH %s",
        (expression,),
    )


def packed(match: Sql) -> Sql:
    return Sql(f"SELECT group_concat(id) FROM ({match.text})", match.params)  # noqa: S608 (ours)


def unpacked(value: str | None) -> np.ndarray:
    import numpy as np  # noqa: PLC0415 (a portal without a snapshot does without)

    return np.fromstring(value, dtype=np.int64, sep=",") if value else np.zeros(0, np.int64)


def take_turn() -> None:
    """Nothing to do: there is one writing transaction at a time."""


def horizon() -> int:
    """Of no use: there is one transaction at a time, so numbers are given in their order."""
    return 0


def since() -> str:
    return "seq > %s AND %s >= 0"


def documents() -> str:
    """Unneeded: bm25 weighs words itself."""
    return "SELECT 0"


def neighbours() -> str:
    # A short word has too few trigrams to share any with its misspelling ("mlik"): its
    # neighbours begin alike, are about as long and have at most one letter that it lacks.
    return f"""
        SELECT lost.word AS word, v.id AS id FROM lost CROSS JOIN core_searchword v WHERE v.id IN (
            SELECT rowid FROM core_searchtrigram WHERE core_searchtrigram MATCH lost.pattern
            ORDER BY rank LIMIT 60)
        UNION
        SELECT lost.word, v.id FROM lost CROSS JOIN core_searchword v
        WHERE length(lost.word) < 6 AND v.id IN (
            SELECT id FROM (
                SELECT s.id, s.uses, length({_LETTERS_LEFT}) AS missing FROM core_searchword s
                WHERE s.folded >= substr(lost.word, 1, 1)
                AND s.folded < substr(lost.word, 1, 1) || char(1114111)
                AND length(s.folded) BETWEEN length(lost.word) - 1 AND length(lost.word) + 1)
            WHERE missing <= 1 ORDER BY missing, uses DESC, id LIMIT 60)"""  # noqa: S608 (constants)


def pattern(word: str) -> str:
    """Any of the word's trigrams, beginning and end included."""
    padded = f"  {word} "
    return " OR ".join(sorted({f'"{padded[i : i + 3]}"' for i in range(len(padded) - 2)}))


def rows_astray() -> int:
    """Rows too many or too few; one if the rows are there but their words differ."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT count(*) FROM (
                SELECT * FROM (SELECT id FROM core_searchdocument
                    EXCEPT SELECT id FROM core_searchindex_docsize)
                UNION ALL SELECT * FROM (SELECT id FROM core_searchindex_docsize
                    EXCEPT SELECT id FROM core_searchdocument)
                UNION ALL SELECT * FROM (SELECT id FROM core_searchword
                    EXCEPT SELECT rowid FROM core_searchtrigram)
                UNION ALL SELECT * FROM (SELECT rowid FROM core_searchtrigram
                    EXCEPT SELECT id FROM core_searchword))""")
        (number,) = cursor.fetchone()
        if number:
            return number
        try:
            with transaction.atomic():
                cursor.execute(
                    "INSERT INTO core_searchindex (core_searchindex, rank)"
                    " VALUES ('integrity-check', 1)"
                )
        except DatabaseError:
            return 1
    return 0


def remake_rows() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO core_searchindex (core_searchindex) VALUES ('rebuild')")
        cursor.execute("DELETE FROM core_searchtrigram")
        cursor.execute(
            "INSERT INTO core_searchtrigram (rowid, padded)"
            " SELECT id, '  ' || folded || ' ' FROM core_searchword"
        )
