"""Words: how text of any language is folded, split and stemmed, the same on every database.

One analyser in Python feeds every search engine, so SQLite and PostgreSQL agree on what a
word is. The order matters: a word is stemmed *as written* and its accents are folded away
afterwards. Folding first breaks Spanish and Portuguese: "capacitacion" keeps its ending
while "capacitaciones" loses it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from threading import Lock
from typing import Any

#: Longer runs are cut: nobody searches for them, and engines limit the size of a word.
LONGEST_TOKEN = 64
#: Languages whose inflections are known, by the script their words are written in.
STEMMERS = {
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "pt": "portuguese",
    "id": "indonesian",
    "ru": "russian",
    "ar": "arabic",
}
LANGUAGES_BY_SCRIPT = {
    "latin": ("en", "es", "fr", "pt", "id"),
    "cyrillic": ("ru",),
    "arabic": ("ar",),
}


def _lines(name: str) -> Iterator[str]:
    """The lines of a data file that are no remarks."""
    for line in (Path(__file__).parent / "data" / name).read_text("utf-8").splitlines():
        if not line.startswith("#"):
            yield line


#: Words that carry no meaning of their own, of all languages together.
STOP_WORDS = frozenset(
    word for line in _lines("stop-words.txt") for word in line.partition(":")[2].split()
)
#: Traditional Chinese characters and the simplified ones for which they stand.
_TRADITIONAL = {
    ord(pair[0]): pair[1] for line in _lines("traditional-chinese.txt") for pair in line.split()
}

_SPACES = re.compile(r"\s+")
#: Digits in groups of three, set apart by one and the same mark: "1,000", "1.000", "1 000".
_GROUPED = re.compile(
    "(?<![\\w.,])(?!0|\u0660|\u06f0|\u0966)\\d{1,3}"
    "([ \u00a0\u2009\u202f.,'\u2019\u066c])\\d{3}(?:\\1\\d{3})*(?!\\w|(?!\\s)\\1\\d)"
)
_NO_DIGITS = re.compile(r"\D")
#: What is typed for an apostrophe: it separates words, whichever it is.
_APOSTROPHES = dict.fromkeys(
    [0x0060, 0x00B4, 0x02B9, 0x02BB, 0x02BC, 0x02BD, 0x02C8, 0x02CA, 0x02CB, 0x2032, 0xA78C], "'"
)
#: Accents and vowel signs that people leave out when they type: general combining marks (the
#: breve of the Russian "й" is part of the letter), Hebrew points, Arabic vowel signs.
_ACCENTS = re.compile(
    "(?<!и)\u0306|[\u0300-\u0305\u0307-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed]"
)
_VOWEL_SIGNS = dict.fromkeys([*range(0x0610, 0x061B), *range(0x064B, 0x0653), 0x0670, 0x0640])
#: Characters one does not see: soft hyphens, joiners, marks of direction.
_INVISIBLE = dict.fromkeys(
    {0x00AD, 0x034F, 0x061C, 0xFEFF}.union(
        range(0x200C, 0x2010), range(0x202A, 0x202F), range(0x2060, 0x2070)
    )
) | {0x200B: " ", ord("_"): " "}
#: Letters that Unicode does not take apart, and letters of Arabic that are typed for each other:
#: alef wasla, alef maqsura, the Persian yeh and kaf, teh marbuta; the stretching tatweel goes.
_LETTERS: dict[int, str | None] = {
    **dict(zip(map(ord, "øđłħðŋ\u0131"), "odlhdni", strict=True)),
    **dict(zip(map(ord, "æœþ\u02bc’"), ["ae", "oe", "th", "'", "'"], strict=True)),
    0x0671: "\u0627",
    0x0649: "ي",
    0x06CC: "ي",
    0x06A9: "ك",
    0x0629: "\u0647",
    0x0640: None,
}
#: Digits of all scripts read as 0 to 9; marks that belong inside a word (Devanagari vowels …).
_DIGITS: dict[int, str] = {}
_marks: list[str] = []
for _code in [*range(0x0300, 0x1D00), *range(0xA800, 0xAC00)]:
    _category = unicodedata.category(chr(_code))
    if _category == "Nd":
        _DIGITS[_code] = str(unicodedata.decimal(chr(_code)))
    elif _category in {"Mn", "Mc"}:
        _marks.append(chr(_code))
_WORD = re.compile(rf"[\w{''.join(_marks)}]+")
#: Scripts written without spaces between words (and Korean, whose words carry particles).
_UNSPACED_CLASS = (
    "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7a3"
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17d3\U00020000-\U0003ffff"
)
_UNSPACED = re.compile(f"[{_UNSPACED_CLASS}]")
_SEGMENTS = re.compile(f"([{_UNSPACED_CLASS}]+)")
#: What is left out or exchanged where words are read, and where they are compared.
_AS_READ = _INVISIBLE | _VOWEL_SIGNS | _DIGITS
_AS_COMPARED = _INVISIBLE | _DIGITS | _LETTERS
_locks = {language: Lock() for language in STEMMERS}
_stemmers: dict[str, Any] = {}
_SCRIPT_OF = {
    language: script for script, languages in LANGUAGES_BY_SCRIPT.items() for language in languages
}


def fold(text: str) -> str:
    """The form in which texts are compared: no case, no accents, single spaces.

    Compatibility forms become ordinary letters, digits of all scripts become 0 to 9, and the
    letters of Arabic that writers use for each other become one.
    """
    if text.isascii():
        return _SPACES.sub(" ", text.lower()).strip()
    text = unicodedata.normalize("NFKC", text).casefold()
    text = _ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    text = unicodedata.normalize("NFC", text).translate(_AS_COMPARED)
    return _SPACES.sub(" ", text).strip()


def base_language(language: str) -> str:
    """Without region or script: "pt" for "pt-BR"."""
    return language.replace("_", "-").partition("-")[0].lower()


def runs(text: str) -> Iterator[tuple[str, bool]]:
    """The words of a text in lower case with their accents, and whether each is an unbroken
    run of a script that does not separate its words.

    A number is one word however its thousands are set apart, and Chinese is read in simplified
    characters.
    """
    for match in _WORD.finditer(_as_read(text)):
        word = match.group()
        if word.isascii() or not _UNSPACED.search(word):
            yield word[:LONGEST_TOKEN], False
            continue
        for place, segment in enumerate(_SEGMENTS.split(word)):
            if segment:
                yield (segment, True) if place % 2 else (segment[:LONGEST_TOKEN], False)


def _as_read(text: str) -> str:
    """The text in which words are looked for."""
    text = _GROUPED.sub(_ungrouped, text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES))
        text = simplified(text.translate(_AS_READ))
    return text.replace("_", " ").casefold()


def _ungrouped(number: re.Match[str]) -> str:
    return _NO_DIGITS.sub("", number.group())


def simplified(text: str) -> str:
    """The text with simplified Chinese characters for the traditional ones, as long as before."""
    return text.translate(_TRADITIONAL) if _UNSPACED.search(text) else text


def tokens(text: str) -> list[str]:
    """The words of a text as they are indexed, in order, accents kept.

    A run of Chinese becomes its pairs of neighbouring characters and the last one alone, so
    that a single character is the beginning of some token wherever it stands.
    """
    if not _UNSPACED.search(text):
        # What most texts are: all words at once.
        read = _as_read(text)
        if not _UNSPACED.search(read):
            return [word[:LONGEST_TOKEN] for word in _WORD.findall(read)]
    found: list[str] = []
    for word, unspaced in runs(text):
        if unspaced:
            found.extend(word[i : i + 2] for i in range(len(word)))
        else:
            found.append(word)
    return found


@lru_cache(maxsize=1 << 17)
def form(word: str) -> str:
    """A token as it is indexed: folded, and nothing but letters, digits and their marks."""
    folded = fold(word)
    return folded if folded.isalnum() else "".join(_WORD.findall(folded))


def is_unspaced(word: str) -> bool:
    """Whether the word is a piece of a script that does not separate its words."""
    return not word.isascii() and bool(_UNSPACED.match(word))


def script_of(word: str) -> str:
    """Latin, cyrillic, arabic, or "" for everything else, by the first letter."""
    first = word[:1]
    if (first.isascii() and first.isalpha()) or "\u00c0" <= first <= "\u024f":
        return "latin"
    if "\u0400" <= first <= "\u052f":
        return "cyrillic"
    if "\u0620" <= first <= "\u06ff":
        return "arabic"
    return ""


#: What the stemmers leave apart: English plurals that change within, Portuguese "ações" and
#: "ação", Indonesian "meningkatkan" and "tingkat" (but "menilai" is of "nilai"), "berkelanjutan"
#: and "kelanjutan". The Arabic article goes first, with a conjunction or a preposition before it,
#: so that a word has one stem with it and without.
_REGULAR = {"children": "child", "women": "woman", "men": "man"}
_BEFORE_STEMMING = {
    "pt": ((re.compile("(?:õ|ã)es$"), "ão"),),
    "id": (
        (re.compile("^[mp]en(?=[aeiou])(?!aik|ama|anti|asi|egara|egeri|ikah|ikmat|ilai)"), "t"),
        (re.compile("^ber(?=ke.{3,}an$)"), ""),
    ),
    "ar": ((re.compile("^(?:[وف]?[بك]?ال|[وف]?لل)+(?=...)"), ""),),
}


def _regular(word: str, language: str) -> str:
    """The word in the shape from which its stemmer finds the stem of its kin."""
    if language == "en":
        return _REGULAR.get(word, word)
    for pattern, replacement in _BEFORE_STEMMING.get(language, ()):
        word = pattern.sub(replacement, word)
    return word


def stem(word: str, language: str) -> str:
    """The folded stem of a word as written; the folded word where the language is not known."""
    language = base_language(language)
    if _SCRIPT_OF.get(language) != script_of(word):
        return fold(word)
    word = _regular(word, language)
    with _locks[language]:  # a stemmer keeps the word it works on in itself
        if language not in _stemmers:
            # Imported at first need: it loads the tables of thirty languages, a third of a
            # second that a worker need not spend before its first page.
            import snowballstemmer  # noqa: PLC0415

            _stemmers[language] = snowballstemmer.stemmer(STEMMERS[language])
        stemmer = _stemmers[language]
        found = stemmer.stemWord(word)
        # Of two Indonesian endings it may take away one: "sekolahnya", "sekolah", "seko".
        while language == "id" and (shorter := stemmer.stemWord(found)) != found:
            found = shorter
        return fold(found) or fold(word)


class _Text(HTMLParser):
    """Collects what a reader would see."""

    BLOCKS = re.compile(
        "address|article|aside|blockquote|br|d[dlt]|div|figcaption|figure|footer|h[1-6r]|header|li"
        "|main|nav|ol|p|pre|section|table|t[dhr]|ul"
    )
    UNSEEN = frozenset({"script", "style"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in self.UNSEEN
        if self.BLOCKS.fullmatch(tag):
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self.UNSEEN and self.hidden:
            self.hidden -= 1
        if self.BLOCKS.fullmatch(tag):
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def plain(html: str) -> str:
    """The text of some HTML: one line for each block, no tags, entities read."""
    if "<" not in html and "&" not in html:
        return html.strip()
    reader = _Text()
    reader.feed(html)
    reader.close()
    lines = (_SPACES.sub(" ", line).strip() for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line)
