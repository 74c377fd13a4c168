"""What people type into plain fields, made fit to be stored and shown beside other text."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

#: Control characters that nobody means to type, without tab and line feed. Line and paragraph
#: separators and carriage returns become line feeds first.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufff9-\ufffb]")
#: Embeddings, overrides and isolates: they reach beyond the text they stand in and can turn the
#: words after it around. The marks of direction (LRM, RLM, ALM) and the joiners stay: Arabic,
#: Persian and the scripts of India are not written rightly without them.
_DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069\u206a-\u206f]")
_LINES = re.compile("\r\n?|\u2028|\u2029|\x85|\x0b|\x0c")
#: Marks on one letter. No language needs more.
MOST_MARKS = 4
_SURROGATES = re.compile("[\ud800-\udfff]")


#: Django's own catalogues have it in every language, so ours do without.
_COMMA = ", "


def comma() -> str:
    """What stands between the parts of a line: another sign in Arabic and in Chinese."""
    return gettext(_COMMA)


def is_broken(text: str) -> bool:
    """Whether the text holds what no database stores: NUL, or half of a character."""
    return "\x00" in text or _SURROGATES.search(text) is not None


def tidy(text: str, *, lines: bool = False) -> str:
    """The text without control characters and without marks that turn its neighbours around.

    Everything else stays as typed. Without ``lines`` a line break becomes a space.
    """
    text = _LINES.sub("\n", text)
    text = _DIRECTIONS.sub("", _CONTROLS.sub("", text))
    return text if lines else re.sub(r"\s*\n\s*", " ", text)


def calm(text: str) -> str:
    """The text with no more than a few marks on any letter."""
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        if marks <= MOST_MARKS:
            kept.append(char)
    return "".join(kept)


class PlainField(forms.CharField):
    """Text without marks: tidied before it is measured, refused when it cannot be stored."""

    default_error_messages = {
        "broken": _("This text contains characters that are not text. Type it again."),
    }

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            if is_broken(value):
                raise ValidationError(self.error_messages["broken"], code="broken")
            value = tidy(value, lines=isinstance(self.widget, forms.Textarea))
        return super().to_python(value)
