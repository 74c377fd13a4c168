"""Form fields that read what people write, each giving a plain value or saying what to do:
text with a limit, one or several of a list, dates as far as they are known.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy, ngettext

from core import partialdate
from core.plaintext import PlainField, is_broken


class LimitedField(PlainField):
    """A ``PlainField`` whose refusal says both numbers, like that of rich text."""

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)
        self.validators = [v for v in self.validators if getattr(v, "code", "") != "max_length"]

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "data-most": self.max_length}

    def validate(self, value: str) -> None:
        super().validate(value)
        most = self.max_length or 0
        # Counted as browsers count: a line break is one character.
        if len(value) > most:
            raise ValidationError(
                ngettext(
                    "Shorten this to %(most)d character. It has %(seen)d now.",
                    "Shorten this to %(most)d characters. It has %(seen)d now.",
                    most,
                ),
                code="max_length",
                params={"most": most, "seen": len(value)},
            )


class LongField(LimitedField):
    """Several lines of plain text."""

    widget = forms.Textarea(attrs={"rows": 3})


def western(text: str) -> str:
    """Digits of any script as 0 to 9."""
    return "".join(
        str(unicodedata.digit(char)) if unicodedata.category(char) == "Nd" else char
        for char in text
    )


class DateField(PlainField):
    """A date of year, month or day precision: "2013", "2013-05", "5/2013", "2013-05-16"."""

    widget = forms.TextInput(attrs={"class": "w-date", "autocomplete": "off"})

    def to_python(self, value: Any) -> str:
        text = western(super().to_python(value) or "")
        if not text:
            return ""
        parts = re.split(r"[-/. ]+", text.strip())
        if len(parts) == 2 and len(parts[1]) == 4:
            parts.reverse()  # month before year; there is no other way to read it
        try:
            found = "-".join([parts[0], *(f"{int(part):02d}" for part in parts[1:])])
        except ValueError:
            found = text
        partialdate.validate(found)
        return found


class PickField(forms.ChoiceField):
    """One of a list; a value that is not in it can only be forged."""

    default_error_messages = {"invalid_choice": gettext_lazy("Choose one of the list.")}

    def to_python(self, value: Any) -> str:
        return "" if value in self.empty_values or is_broken(str(value)) else str(value)


class PicksField(forms.MultipleChoiceField):
    """Several of a list, at most so many."""

    widget = forms.CheckboxSelectMultiple
    default_error_messages = {
        "invalid_choice": gettext_lazy("Choose only what is in the list."),
        "invalid_list": gettext_lazy("Choose only what is in the list."),
        "many": gettext_lazy("Choose up to %(most)d. There are %(n)d now."),
    }

    def __init__(self, *, most: int = 0, columns: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most = most
        self.columns = columns

    def clean(self, value: Any) -> list[str]:
        found = list(dict.fromkeys(super().clean(value)))
        if self.most and len(found) > self.most:
            raise ValidationError(
                self.error_messages["many"],
                code="many",
                params={"most": self.most, "n": len(found)},
            )
        return found
