"""Setting off, in a text that was found, the words it was found by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from core.search.asking import SearchQuery
from core.search.terms import Phrase
from core.search.vocabulary import stem_form, understand
from core.text import form, is_unspaced, simplified, tokens

#: A word as it stands in a text: letters and digits with the marks written on them.
_WORD = re.compile(r"\w[\w\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0900-\u0dff]*")
#: How much of a long text an excerpt shows on each side of the first word found.
AROUND = 110
#: Texts are searched for their first words found only so far.
READ = 60_000


#: Where a word stands, from and to, and which of the words asked for it is.
Place = tuple[int, int, int]


@lru_cache(maxsize=1 << 13)
def _read(run: str) -> tuple[str, ...]:
    """The tokens of one word; the same words stand on page after page."""
    return tuple(tokens(run))


class Marker:
    """Marks the words of one query: as asked, inflected alike, or searched in addition.

    What it returns is escaped, so a page may print it as it is. Asks the vocabulary only if
    the query has not been understood yet.
    """

    def __init__(self, query: SearchQuery) -> None:
        #: Each form in which a word may stand, and which of the words asked for it is.
        self._forms: dict[str, int] = {}
        self._beginnings: dict[str, int] = {}
        #: What was found out of words as they stand in texts: most stand in several.
        self._seen: dict[tuple[str, str], int | None] = {}
        if query.blank or query.wordless:
            return
        for number, piece in enumerate(understand(query).pieces):
            forms = piece.words if isinstance(piece, Phrase) else piece.forms
            if piece.prefix:
                open_ended = forms[-1:] if isinstance(piece, Phrase) else forms
                self._beginnings |= dict.fromkeys(open_ended, number)
                forms = forms[: -len(open_ended)]
            self._forms |= dict.fromkeys(forms, number)

    def mark(self, text: str, language: str = "en") -> SafeString:
        """The text, escaped, with ``<mark>`` around each word that was searched for."""
        parts: list[str] = []
        done = 0
        for start, end, _word in self._places(text, language):
            parts += [escape(text[done:start]), "<mark>", escape(text[start:end]), "</mark>"]
            done = end
        parts.append(escape(text[done:]))
        return mark_safe("".join(parts))  # noqa: S308 (every part was escaped above)

    def words_in(self, text: str, language: str = "en") -> int:
        """How many of the words asked for stand in the text."""
        return len({word for _start, _end, word in self._places(text, language)})

    def excerpt(self, text: str, language: str = "en") -> SafeString | str:
        """The passage with the most of the words, marked; empty if there is none."""
        text = text[:READ]
        places = list(self._places(text, language))
        if not places:
            return ""
        middle = max(places, key=lambda place: (_words_near(place, places), -place[0]))
        # Within its line, and from one space to another.
        first = text.rfind("\n", 0, middle[0]) + 1
        last = text.find("\n", middle[1])
        line = text[first : last if last >= 0 else len(text)]
        start, end = middle[0] - first - AROUND, middle[1] - first + AROUND
        start = line.find(" ", start) + 1 if start > 0 else 0
        end = line.rfind(" ", 0, end) if end < len(line) else len(line)
        before, after = "…" if start > 0 else "", "…" if end < len(line) else ""
        return mark_safe(f"{before}{self.mark(line[start:end], language)}{after}")  # noqa: S308

    def _places(self, text: str, language: str) -> Iterator[Place]:
        if not self._forms and not self._beginnings:
            return
        for match in _WORD.finditer(text):
            run = match.group()
            if not run.isascii() and any(map(is_unspaced, run)):
                yield from self._pairs(run, match.start())
                continue
            number = self._number_in(run, language)
            if number is not None:
                yield match.start(), match.end(), number

    def _number_in(self, run: str, language: str) -> int | None:
        """Which of the words asked for is in this one, which a text may hold apart, if any."""
        key = run, language
        if key not in self._seen:
            numbers = (self._number_of(token, language) for token in _read(run))
            self._seen[key] = next((number for number in numbers if number is not None), None)
        return self._seen[key]

    def _number_of(self, token: str, language: str) -> int | None:
        """Which of the words asked for this is, if any."""
        folded = form(token)
        for known in (folded, stem_form(token, language)):
            if known and known in self._forms:
                return self._forms[known]
        return self._begun(folded)

    def _begun(self, folded: str) -> int | None:
        for beginning, number in self._beginnings.items():
            if folded.startswith(beginning):
                return number
        return None

    def _pairs(self, run: str, offset: int) -> Iterator[Place]:
        """In scripts without spaces: the characters of each pair found, joined."""
        run = simplified(run)
        hits: list[int | None] = [None] * len(run)
        for i in range(len(run)):
            number = self._forms.get(form(run[i : i + 2]))
            if number is not None:
                hits[i : i + 2] = [number] * len(run[i : i + 2])
            elif hits[i] is None:
                hits[i] = self._begun(form(run[i:]))
        start = None
        for i, hit in enumerate([*hits, None]):
            if hit is not None and start is None:
                start = i
            elif hit is None and start is not None:
                yield offset + start, offset + i, hits[start] or 0
                start = None


def _words_near(middle: Place, places: list[Place]) -> int:
    """How many different words stand around a place."""
    return len({word for start, _end, word in places if abs(start - middle[0]) < AROUND})
