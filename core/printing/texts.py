"""Texts as printing templates take them: what to print, and which way it runs."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import get_language, get_language_info

from core.printing.lettering import direction, printable, runs_both_ways
from core.text import base_language

Data = dict[str, Any]
#: A name inside a sentence, as ``isolated`` writes it.
_SET_APART = re.compile("\N{FIRST STRONG ISOLATE}[^\N{POP DIRECTIONAL ISOLATE}]*")


def language_now() -> str:
    return get_language() or "en"


def _page_runs() -> str:
    return "rtl" if get_language_info(language_now())["bidi"] else "ltr"


def page(title: str) -> Data:
    return {
        "title": printable(title),
        "lang": base_language(language_now()),
        "dir": _page_runs(),
    }


def told(text: str) -> Data:
    """A text as templates take it: what to print, and which way it runs."""
    return sentence(printable(text, lines=True).strip())


def sentence(words: str) -> Data:
    """The same of a text of ours, in which what people wrote is printable already. It runs as its
    own words do, not as a name inside it does; a mere row of names as the page does."""
    return {"text": words, "dir": direction(_SET_APART.sub("", words), otherwise=_page_runs())}


def isolated(text: str) -> str:
    """A name inside a sentence: one that runs the other way, or both, turns nothing around it."""
    words = printable(text)
    if direction(words) == _page_runs() and not runs_both_ways(words):
        return words
    return f"\N{FIRST STRONG ISOLATE}{words}\N{POP DIRECTIONAL ISOLATE}"


def paragraphs(text: str) -> list[str]:
    blocks = text.replace("\r\n", "\n").split("\n\n")
    return [block.strip() for block in blocks if block.strip()]
