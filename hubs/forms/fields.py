"""Form fields of a hub's profile: numbers as people write them, languages by their names."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from claims.models import LARGEST
from core.fields import LimitedField, western
from core.plaintext import PlainField
from core.text import fold
from hubs import reference

#: As many digits after the point as a statement keeps.
PLACES = 4
_SPACES = re.compile(r"[\s\u00a0\u202f'’\u066c]")


class NumberField(PlainField):
    """A number that is not negative, as people write it: 35 or 1 250 000 or 12.5."""

    widget = forms.TextInput(
        attrs={"class": "w-amount", "inputmode": "decimal", "autocomplete": "off", "dir": "ltr"}
    )

    def to_python(self, value: Any) -> Decimal | None:
        typed = super().to_python(value) or ""
        text = _SPACES.sub("", western(typed)).replace("\u066b", ".")
        if not text:
            return None
        number = read_number(text)
        if number is None:
            raise ValidationError(_("Enter a number in figures, like 35 or 1250.5."), code="number")
        if number >= LARGEST:
            raise ValidationError(
                _("This number is too large. Use a larger unit."), code="too-large"
            )
        return number

    def prepare_value(self, value: Any) -> Any:
        return written(value) if isinstance(value, Decimal) else value


def read_number(text: str) -> Decimal | None:
    """Which comma or point divides, which one only groups; None for what is no number.

    A single one before exactly three digits groups: nobody counts people in thousandths.
    """
    if re.fullmatch(rf"\d+([.,](\d{{1,2}}|\d{{{PLACES}}}))?|0[.,]\d{{1,{PLACES}}}", text):
        return Decimal(text.replace(",", "."))
    for group, point in ((",", "."), (".", ",")):
        if re.fullmatch(rf"\d{{1,3}}(\{group}\d{{3}})+(\{point}\d{{1,{PLACES}}})?", text):
            return Decimal(text.replace(group, "").replace(point, "."))
    return None


def written(number: Decimal) -> str:
    """A stored number as ``read_number`` reads it back, whatever its digits."""
    text = f"{number.normalize():f}"
    whole, _point, rest = text.partition(".")
    return f"{text}0" if len(rest) == 3 and whole != "0" else text


class WebField(LimitedField):
    """The address of a page on the web; without a scheme it is taken as https."""

    widget = forms.URLInput(attrs={"dir": "ltr", "autocomplete": "off"})

    def to_python(self, value: Any) -> str:
        text = (super().to_python(value) or "").strip()
        if not text:
            return ""
        if "://" not in text:
            text = f"https://{text}"
        try:
            URLValidator(schemes=["http", "https"])(text)
            named = bool(urlsplit(text).hostname)
        except (ValidationError, ValueError):
            named = False
        if not named:
            raise ValidationError(
                _("Enter the address of a page, like https://www.example.org."), code="address"
            )
        return text


class LanguagesField(PlainField):
    """Languages by their names, with commas between them; gives their codes."""

    widget = forms.TextInput(attrs={"autocomplete": "off"})
    default_error_messages = {
        "unknown": gettext_lazy("No language is called “%(text)s” here. Write its English name."),
    }

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(called, value)) if isinstance(value, (list, tuple)) else value

    def to_python(self, value: Any) -> list[str]:
        typed = super().to_python(value) or ""
        names = [name.strip() for name in re.split("[,;\u060c\uff0c\u3001\u061b\n]", typed)]
        found: dict[str, None] = {}
        for name in filter(None, names):
            code = self._code(name)
            if code is None:
                raise ValidationError(
                    self.error_messages["unknown"], code="unknown", params={"text": name[:60]}
                )
            found[code] = None
        return list(found)

    @staticmethod
    def _code(name: str) -> str | None:
        """The language of this name: in English, in itself, as shown here, or its code."""
        folded = fold(name)
        for code, row in reference.languages().items():
            if folded in {fold(row.name), fold(row.native_name), fold(str(row)), code}:
                return code
        return None


def called(code: str) -> str:
    """A language as it is written in the field: nothing with a comma in it."""
    row = reference.languages().get(code)
    if row is None:
        return code
    english = (get_language() or "en").startswith("en")
    name = str(row.name if english else row.native_name)
    return code if re.search("[,;]", name) else name


def country_choices() -> list[tuple[str, str]]:
    """Every country as it is called on this page, in order."""
    rows = [(code, reference.country_label(code)) for code in reference.countries()]
    return [("", _("None")), *sorted(rows, key=lambda row: fold(row[1]))]


def region_choices() -> list[tuple[str, str]]:
    rows = [(code, reference.region_name(code)) for code in reference.regions()]
    return [("", _("None")), *sorted(rows, key=lambda row: fold(row[1]))]
