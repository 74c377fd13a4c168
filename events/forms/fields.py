"""Fields of programmes: days and hours as browsers send them and as people type them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy

from accounts.forms import zone_choices
from core.fields import western
from core.plaintext import is_broken


class DayField(forms.DateField):
    """A day of the calendar."""

    widget = forms.DateInput(attrs={"type": "date", "class": "w-date"}, format="%Y-%m-%d")
    input_formats = ["%Y-%m-%d"]
    default_error_messages = {
        "required": gettext_lazy("Choose the day."),
        "invalid": gettext_lazy("Enter a day, like 2027-03-31."),
    }

    def to_python(self, value: Any) -> dt.date | None:
        if isinstance(value, str):
            value = _told(value, self.error_messages["invalid"])
        return super().to_python(value)


class HourField(forms.TimeField):
    """An hour of the day: "9:30", "09.30", "9h30", "0930"."""

    widget = forms.TimeInput(attrs={"type": "time", "class": "w-date"}, format="%H:%M")
    default_error_messages = {
        "required": gettext_lazy("Say when it begins."),
        "invalid": gettext_lazy("Enter an hour from 00:00 to 23:59, like 14:30."),
    }

    def to_python(self, value: Any) -> dt.time | None:
        if value in self.empty_values or isinstance(value, dt.time):
            return super().to_python(value)
        text = _told(str(value), self.error_messages["invalid"])
        found = re.fullmatch(r"(\d{1,2})(?:[:.h](\d{2}))?(?::\d{2})?|(\d{2})(\d{2})", text)
        if found is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        hour, minute = int(found[1] or found[3]), int(found[2] or found[4] or 0)
        if hour > 23 or minute > 59:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return dt.time(hour, minute)


def _told(text: str, refusal: Any) -> str:
    if is_broken(text):
        raise ValidationError(refusal, code="invalid")
    return western(text.strip())


def zones_with(*known: str) -> list[tuple[str, Any]]:
    """Time zones to choose from; first those in use here, by whatever name."""
    used = [(name, name.replace("_", " ")) for name in dict.fromkeys(filter(None, known))]
    return [("", "—"), *used, *zone_choices()]
