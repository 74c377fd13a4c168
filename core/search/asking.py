"""What a person typed, as words, phrases and exclusions. Nothing typed can be refused."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from core.search.terms import Phrase
from core.text import STOP_WORDS, form, is_unspaced, runs, tokens

if TYPE_CHECKING:
    from core.search.vocabulary import Understood

LONGEST_QUERY = 200
MOST_WORDS = 20

_QUOTES = str.maketrans(dict.fromkeys("“”„«»「」『』", '"'))
#: A quoted part, or a run without spaces and quotes; the minus of an exclusion touches it and
#: has a space or nothing before. A quote without its partner is passed over.
_PARTS = re.compile(
    r'(?P<not_phrase>(?<!\S)-)?"(?P<phrase>[^"]*)"|(?P<not_plain>(?<!\S)-)?(?P<plain>[^\s"]+)'
)
#: Letters and then a number: "covid19", but not "g20", whose letter alone says nothing.
_NAME_WITH_NUMBER = re.compile(r"([^\W\d]{2,12})(\d{1,4})")


@dataclass(slots=True)
class SearchQuery:
    """A question to the search.

    ``words`` are in lower case as typed, since accents help to find the stem; any of them may
    occur, documents with all of them come first. Every phrase must occur, nothing excluded
    may. How the words were understood is kept, so that one page asks the vocabulary once.
    """

    text: str = ""
    words: tuple[str, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    excluded: tuple[str | Phrase, ...] = ()
    understood: Understood | None = field(default=None, compare=False, repr=False)

    @property
    def blank(self) -> bool:
        """Nothing was typed: every document is meant."""
        return not self.text

    @property
    def wordless(self) -> bool:
        """Something was typed and holds no word ("!?"): no document is meant."""
        return bool(self.text) and not (self.words or self.phrases or self.excluded)

    @classmethod
    def parse(cls, typed: str) -> Self:
        """Read what was typed: words, "quoted phrases", -excluded ones; the rest is ignored.

        Words without a meaning of their own do not count towards the limit: of a sentence, its
        end is often what it is about.
        """
        text = "".join(c if c.isprintable() else " " for c in typed[: 4 * LONGEST_QUERY])
        text = " ".join(text.split())[:LONGEST_QUERY].strip()
        words: dict[str, str] = {}
        phrases: dict[Phrase, None] = {}
        excluded: dict[str | Phrase, None] = {}
        left = MOST_WORDS
        for part in _PARTS.finditer(text.translate(_QUOTES)):
            if part["phrase"] is None and not part["not_plain"]:
                for word in _words(part["plain"]):
                    key = form(word)
                    if left > 0 or key in STOP_WORDS:
                        left -= key not in words and key not in STOP_WORDS
                        words.setdefault(key, word)
                continue
            phrase = _phrase(part["phrase"] or part["plain"] or "")
            left -= len(phrase.words)
            if not phrase.words or left < 0:
                continue
            if part["phrase"] is None or part["not_phrase"]:
                single = len(phrase.words) == 1 and part["phrase"] is None
                excluded[phrase.words[0] if single and not phrase.prefix else phrase] = None
            else:
                phrases[phrase] = None
        telling = [word for key, word in words.items() if key not in STOP_WORDS]
        if not telling and not phrases:
            telling = list(words.values())[:MOST_WORDS]
        return cls(text, tuple(telling), tuple(phrases), tuple(excluded))


def _words(text: str) -> list[str]:
    """The words to look for; a run of Chinese as its pairs of neighbouring characters.

    "SDG6" is read as "SDG 6", which is looked for in one word and in two.
    """
    found: list[str] = []
    for word, unspaced in runs(text):
        if unspaced and len(word) > 1:
            found.extend(word[i : i + 2] for i in range(len(word) - 1))
        elif parts := _NAME_WITH_NUMBER.fullmatch(word):
            found.extend(parts.groups())
        elif form(word):
            found.append(word)
    return found


def _phrase(text: str) -> Phrase:
    """The words of a quotation as they stand in the index.

    The index ends a run of Chinese with its last character alone, but the run quoted may go
    on in the document: so the last character is left out, or stands for a beginning.
    """
    words = [form(word) for word in tokens(text)]
    words = [word for word in words if word][:MOST_WORDS]
    if not words or not is_unspaced(words[-1]):
        return Phrase(tuple(words))
    if len(words) > 1 and is_unspaced(words[-2]) and words[-2][1:] == words[-1]:
        return Phrase(tuple(words[:-1]))
    return Phrase(tuple(words), prefix=True)
