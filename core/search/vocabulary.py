"""The vocabulary: which words there are, in which language, and which one was meant."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from django.db import connection

from core.search.asking import SearchQuery
from core.search.engines import engine
from core.search.terms import Phrase, Piece, Term
from core.text import (
    LANGUAGES_BY_SCRIPT,
    base_language,
    form,
    is_unspaced,
    script_of,
    stem,
)

#: Shorter words are not corrected: too many others are only one letter away.
SHORTEST_CORRECTED = 4
LONGEST_WORD = 40
#: A word in fewer documents than this may itself be a typing error: "did you mean" proposes
#: a neighbour that is in ten times as many.
RARE = 3
#: Words of one query that are corrected, longest first, and corrections of each.
MOST_CORRECTED = 5
MOST_CORRECTIONS = 3
_ROWS_AT_ONCE = 500
#: How much rarity counts: more than its logarithm alone, since a long text repeats common words.
_RARITY = 1.5

Entry = tuple[str, str]  # language, word as written


@lru_cache(maxsize=1 << 17)
def stem_form(word: str, language: str) -> str:
    """The stem as it is indexed, marked by its language so that two never meet: "~es~capacit".

    Empty for a language whose inflections are not known, and for a word in another script.
    """
    language = base_language(language)
    if language not in LANGUAGES_BY_SCRIPT.get(script_of(word), ()):
        return ""
    return f"~{language}~{form(stem(word, language)) or form(word)}"


@lru_cache(maxsize=1 << 17)
def is_word(token: str) -> bool:
    """Whether a token belongs in the vocabulary: numbers and pieces of Chinese do not."""
    return (
        1 < len(token) <= LONGEST_WORD
        and not any(c.isdigit() for c in token)
        and not is_unspaced(token)
        and bool(form(token))
    )


def entries(language: str, found: Iterable[str]) -> set[Entry]:
    """The vocabulary of a document with these tokens."""
    language = base_language(language)
    return {(language, token) for token in set(found) if is_word(token)}


def adjust(changes: Mapping[Entry, int]) -> None:
    """Add to and take from the number of documents that have each word.

    By whoever has the turn (``Engine.take_turn``): the order of the words alone would not keep two
    transactions of several batches from blocking each other.
    """
    changed = sorted((entry, number) for entry, number in changes.items() if number)
    with connection.cursor() as cursor:
        for start in range(0, len(changed), _ROWS_AT_ONCE):
            rows = [
                (language, word, form(word), stem_form(word, language), number)
                for (language, word), number in changed[start : start + _ROWS_AT_ONCE]
            ]
            values = ", ".join(["(%s, %s, %s, %s, %s)"] * len(rows))
            cursor.execute(
                "INSERT INTO core_searchword (language, word, folded, stem, uses)"  # noqa: S608 (placeholders)
                f" VALUES {values} ON CONFLICT (language, word)"
                " DO UPDATE SET uses = core_searchword.uses + excluded.uses",
                [value for row in rows for value in row],
            )
        fewer = sorted({form(word) for (_language, word), number in changed if number < 0})
        for start in range(0, len(fewer), _ROWS_AT_ONCE):
            some = fewer[start : start + _ROWS_AT_ONCE]
            marks = ", ".join(["%s"] * len(some))
            cursor.execute(
                f"DELETE FROM core_searchword WHERE uses <= 0 AND folded IN ({marks})",  # noqa: S608 (placeholders)
                some,
            )


class _Row(NamedTuple):
    """One line of what the vocabulary says about a word that was asked."""

    what: str
    asked: str
    written: str
    folded: str
    stem: str
    uses: int


@dataclass(slots=True)
class Understood:
    """A question in terms of the index.

    ``corrected`` names the words nobody has written so far, with those that were looked for
    in addition; ``suggested`` also rare words with a much commoner neighbour.
    """

    terms: tuple[Term, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    excluded: tuple[Piece, ...] = ()
    corrected: dict[str, tuple[str, ...]] = field(default_factory=dict)
    suggested: dict[str, str] = field(default_factory=dict)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return (*self.phrases, *self.terms)


def understand(query: SearchQuery, known: dict[str, Reading] | None = None) -> Understood:
    """What a query means in the present vocabulary; asked once for each query object.

    ``known`` are readings that hold now, and is given those that were looked up.
    """
    if query.understood is None:
        singles = [piece for piece in query.excluded if isinstance(piece, str)]
        words = [*query.words, *singles]
        found = {word: known.get(word) for word in words} if known else {}
        readings = {word: reading for word, reading in found.items() if reading is not None}
        more = look_up(word for word in words if word not in readings)
        readings |= more
        if known is not None:
            known |= more
        query.understood = Understood(
            terms=_however_joined(query.words, [readings[word].term for word in query.words]),
            phrases=query.phrases,
            excluded=tuple(
                readings[piece].known_term if isinstance(piece, str) else piece
                for piece in query.excluded
            ),
            corrected={
                word: readings[word].corrections
                for word in query.words
                if readings[word].corrections
            },
            suggested={
                word: readings[word].suggestion for word in query.words if readings[word].suggestion
            },
        )
    return query.understood


def _however_joined(words: Sequence[str], terms: Sequence[Term]) -> tuple[Term, ...]:
    """The terms, a name and its number also as one word: "COVID 19" may be written "covid19"."""
    found = list(terms)
    for place, (word, following) in enumerate(pairwise(words)):
        if following.isdecimal() and word.isalpha() and len(word) > 1:
            for both in (place, place + 1):
                found[both] = _also(found[both], form(word + following))
    return tuple(found)


def _also(term: Term, other: str) -> Term:
    return replace(term, forms=(*term.forms, other))


@dataclass(slots=True)
class Reading:
    """How one asked word is read: its forms, and what it may have been meant to be."""

    known_term: Term
    term: Term
    corrections: tuple[str, ...] = ()
    suggestion: str = ""


def look_up(words: Iterable[str]) -> dict[str, Reading]:
    """Read words by the vocabulary, in one statement (none if no word could be in it)."""
    asked = {word: form(word) for word in words}
    candidates = {word: _possible_stems(word) for word in asked if is_word(word)}
    rows = _ask({asked[word]: stems for word, stems in candidates.items()})
    documents = max((row.uses for row in rows if row.what == "all"), default=0)
    return {
        word: _read(word, folded, [row for row in rows if row.asked == folded], documents)
        for word, folded in asked.items()
    }


def _possible_stems(word: str) -> list[str]:
    languages = LANGUAGES_BY_SCRIPT.get(script_of(word), ())
    return sorted({stem_form(word, language) for language in languages})


def _ask(asked: Mapping[str, Iterable[str]]) -> list[_Row]:
    if not asked:
        return []
    lines: list[tuple[str, str, str]] = []
    for word, stems in asked.items():
        long_enough = len(word) >= SHORTEST_CORRECTED
        lines.append((word, word, engine().pattern(word) if long_enough else ""))
        lines.extend((word, candidate, "") for candidate in stems)
    values = ", ".join(["(%s, %s, %s)"] * len(lines))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH asked(word, form, pattern) AS (VALUES {values}),
            hit AS (
                SELECT a.word, v.word AS written, v.folded, v.stem, v.uses
                FROM asked a JOIN core_searchword v ON v.folded = a.form WHERE a.form = a.word
                UNION ALL
                SELECT a.word, '', '', v.stem, sum(v.uses)
                FROM asked a JOIN core_searchword v ON v.stem = a.form WHERE a.form <> a.word
                GROUP BY a.word, v.stem
            ),
            lost AS (
                SELECT word, pattern FROM asked WHERE pattern <> '' AND word NOT IN
                (SELECT word FROM hit GROUP BY word HAVING max(uses) >= {RARE})
                ORDER BY length(word) DESC, word LIMIT {MOST_CORRECTED}
            )
            SELECT 'hit', word, written, folded, stem, uses FROM hit
            UNION ALL
            SELECT 'near', near.word, v.word, v.folded, v.stem, v.uses
            FROM ({engine().neighbours()}) AS near JOIN core_searchword v ON v.id = near.id
            UNION ALL
            SELECT 'all', '', '', '', '', ({engine().documents()})""",  # noqa: S608 (placeholders and constants)
            [value for line in lines for value in line],
        )
        return [_Row(*row) for row in cursor.fetchall()]


def _read(word: str, folded: str, rows: list[_Row], documents: int) -> Reading:
    hits = [row for row in rows if row.what == "hit"]
    near = _nearest(folded, [row for row in rows if row.what == "near"])
    forms = dict.fromkeys([folded, *(row.stem for row in hits if row.stem)])
    prefix = is_unspaced(word) and len(word) == 1
    known_term = Term(tuple(forms), _weight(hits, documents), prefix)
    if not is_word(word) or not near:
        return Reading(known_term, known_term)
    if not hits:
        extra = [value for row in near for value in (row.folded, row.stem) if value]
        term = Term(tuple(dict.fromkeys([*forms, *extra])), _weight(near, documents))
        names = tuple(dict.fromkeys(row.written for row in near))
        return Reading(known_term, term, names, names[0])
    best = near[0]
    suggestion = best.written if best.uses >= 10 * max(row.uses for row in hits) else ""
    return Reading(known_term, known_term, (), suggestion)


def _weight(rows: list[_Row], documents: int) -> float:
    """How telling a word is, by its inverse document frequency; the commonest still a little.

    A word outside the vocabulary (a number, a pair of Chinese characters) counts as one that
    a few documents have.
    """
    by_stem: Counter[str] = Counter()
    for row in rows:
        key = row.stem or row.written
        by_stem[key] = max(by_stem[key], row.uses)
    having = sum(by_stem.values()) or max(documents // 20, 1)
    documents = max(documents, having)
    return max(0.1, math.log(1 + (documents - having + 0.5) / (having + 0.5))) ** _RARITY


def _nearest(folded: str, rows: list[_Row]) -> list[_Row]:
    """The words that are the fewest letters away, likeliest first; none if all are far."""
    allowed = 1 if len(folded) < 6 else 2
    found = [
        (distance, -likeness(folded, row.folded), -row.uses, row)
        for row in rows
        if row.folded != folded
        and (distance := edit_distance(folded, row.folded, allowed)) <= allowed
    ]
    found.sort()
    return [row for distance, *_rest, row in found if distance == found[0][0]][:MOST_CORRECTIONS]


def trigrams(word: str) -> set[str]:
    padded = f"  {word} "
    return {padded[i : i + 3] for i in range(len(padded) - 2)}


def likeness(one: str, other: str) -> float:
    """The share of trigrams two words have in common, 0 to 1."""
    first, second = trigrams(one), trigrams(other)
    return len(first & second) / len(first | second)


def edit_distance(one: str, other: str, allowed: int) -> int:
    """Letters to insert, leave out, replace or swap with their neighbour to turn one word
    into the other; ``allowed + 1`` as soon as it must be more than allowed."""
    if abs(len(one) - len(other)) > allowed:
        return allowed + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, above, row = row, before, [i]
        for j, facing in enumerate(other, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != facing))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == facing:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
        if min(row) > allowed:
            return allowed + 1
    return row[-1]
