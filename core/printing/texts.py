"""Texts as printing templates take them: what to print, and which way it runs."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language, get_language_info

from core.printing.lettering import direction, printable
from core.text import base_language

Data = dict[str, Any]


def language_now() -> str:
    return get_language() or "en"


def page(title: str) -> Data:
    info = get_language_info(language_now())
    return {
        "title": printable(title),
        "lang": base_language(language_now()),
        "dir": "rtl" if info["bidi"] else "ltr",
    }


def told(text: str) -> Data:
    """A text as templates take it: what to print, and which way it runs."""
    return sentence(printable(text, lines=True).strip())


def sentence(words: str) -> Data:
    """The same of a text of ours, in which what people wrote is printable already."""
    return {"text": words, "dir": direction(words)}


def isolated(text: str) -> str:
    """A name inside a sentence: one that runs the other way turns nothing around it."""
    words = printable(text)
    if direction(words) == ("rtl" if get_language_info(language_now())["bidi"] else "ltr"):
        return words
    return f"\N{FIRST STRONG ISOLATE}{words}\N{POP DIRECTIONAL ISOLATE}"


def paragraphs(text: str) -> list[str]:
    blocks = text.replace("\r\n", "\n").split("\n\n")
    return [block.strip() for block in blocks if block.strip()]
