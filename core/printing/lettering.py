"""Which characters the vendored fonts can print, and what is printed for the others.

A document that is accessible (PDF/UA) may hold no character without a letter, and a name in a
script nobody thought of must not stop the badges of four hundred others.
"""

from __future__ import annotations

import struct
import unicodedata
from functools import cache
from pathlib import Path

from core.plaintext import tidy

FONTS = Path(__file__).resolve().parent.parent / "fonts"
#: Printed where there is no letter: a box to write in by hand.
BOX = "\N{WHITE SQUARE}"
RIGHT_TO_LEFT = ("R", "AL")


@cache
def covered() -> frozenset[int]:
    """Every character that some vendored font has a letter for."""
    found: set[int] = set()
    for path in FONTS.glob("*.ttf"):
        found |= characters_of(path.read_bytes())
    return frozenset(found)


def characters_of(font: bytes) -> set[int]:
    """The characters in a TrueType font's own table of characters ("cmap", formats 4 and 12)."""
    (count,) = struct.unpack_from(">H", font, 4)
    tables = {
        tag: offset
        for tag, _sum, offset, _length in struct.iter_unpack(">4sIII", font[12 : 12 + 16 * count])
    }
    cmap = tables[b"cmap"]
    (count,) = struct.unpack_from(">H", font, cmap + 2)
    found: set[int] = set()
    for n in range(count):
        (offset,) = struct.unpack_from(">I", font, cmap + 4 + 8 * n + 4)
        at = cmap + offset
        (shape,) = struct.unpack_from(">H", font, at)
        if shape == 4:
            half = struct.unpack_from(">H", font, at + 6)[0] // 2
            ends = struct.unpack_from(f">{half}H", font, at + 14)
            starts = struct.unpack_from(f">{half}H", font, at + 16 + 2 * half)
            for first, last in zip(starts, ends, strict=True):
                found.update(range(first, last + 1))
        elif shape == 12:
            (groups,) = struct.unpack_from(">I", font, at + 12)
            for first, last, _glyph in struct.iter_unpack(">III", font[at + 16 :][: 12 * groups]):
                found.update(range(first, last + 1))
    return found - {0xFFFF}


def printable(text: str, *, lines: bool = False) -> str:
    """The text in letters that can be printed; a box for each that cannot.

    What is invisible anyway and has no letter is left out.
    """
    letters = covered()
    told = []
    for char in unicodedata.normalize("NFC", tidy(text, lines=lines)):
        if ord(char) in letters or char in "\n ":
            told.append(char)
        elif char.isspace():
            told.append(" ")
        elif not _is_invisible(char):
            told.append(_in_other_letters(char))
    return "".join(told)


def _is_invisible(char: str) -> bool:
    """Marks of format, variation selectors, and the tags that flags of regions are made of."""
    return unicodedata.category(char) == "Cf" or 0xFE00 <= ord(char) <= 0xFE0F


def _in_other_letters(char: str) -> str:
    """The same character as plainer letters where it stands for some, else a box."""
    plain = unicodedata.normalize("NFKC", char)
    if plain != char and all(ord(part) in covered() for part in plain):
        return plain
    base = unicodedata.normalize("NFD", char)[0]
    return base if base != char and ord(base) in covered() else BOX


def is_whole(text: str) -> bool:
    """Whether every character of a text can be printed."""
    return printable(text).count(BOX) == text.count(BOX)


def runs_both_ways(text: str) -> bool:
    """Whether letters of both directions stand in it, so that a number may go with either."""
    ways = set(map(unicodedata.bidirectional, text))
    return "L" in ways and not ways.isdisjoint(RIGHT_TO_LEFT)


def direction(text: str, *, otherwise: str = "ltr") -> str:
    """Which way a text runs, by its first letter: "rtl" or "ltr"; without any, ``otherwise``."""
    for char in text:
        way = unicodedata.bidirectional(char)
        if way in RIGHT_TO_LEFT:
            return "rtl"
        if way == "L":
            return "ltr"
    return otherwise
