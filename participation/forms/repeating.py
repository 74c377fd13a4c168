"""How often a webinar is repeated, and on which of the days that follow."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.fields import PickField, PicksField
from participation import repeating
from participation.repeating import Occurrence

WHOLE = {
    "required": gettext_lazy("Enter a whole number."),
    "invalid": gettext_lazy("Enter a whole number."),
    "min_value": gettext_lazy("Choose at least %(limit_value)s."),
    "max_value": gettext_lazy("Choose at most %(limit_value)s."),
}


class PatternForm(forms.Form):
    """By which rule, how far apart and how many times more. Read from the address."""

    rule = PickField(
        label=gettext_lazy("How it is repeated"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose how it is repeated.")},
    )
    every = forms.IntegerField(
        label=gettext_lazy("How many weeks or months lie between"),
        min_value=1,
        max_value=repeating.WIDEST,
        widget=forms.NumberInput(attrs={"class": "w4"}),
        error_messages=WHOLE,
        help_text=gettext_lazy("1: every week or month. 2: every second one."),
    )
    times = forms.IntegerField(
        label=gettext_lazy("How many times more"),
        min_value=1,
        max_value=repeating.MOST,
        widget=forms.NumberInput(attrs={"class": "w4"}),
        error_messages=WHOLE,
    )

    def __init__(self, *args: Any, first: dt.date, **kwargs: Any) -> None:
        super().__init__(
            *args, initial={"rule": repeating.Rule.WEEKS, "every": 1, "times": 6}, **kwargs
        )
        self.first = first
        self.fields["rule"].choices = repeating.rules_for(first)  # type: ignore[attr-defined]

    def days(self) -> list[dt.date]:
        said = self.cleaned_data
        return repeating.days_after(self.first, said["rule"], said["every"], said["times"])


class DaysForm(forms.Form):
    """Which of the days proposed are taken."""

    days = PicksField(
        label=gettext_lazy("Days"),
        error_messages={"required": gettext_lazy("Choose at least one day.")},
    )
    same_link = forms.BooleanField(
        label=gettext_lazy("The same join link for all of them"), required=False
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, rows: Sequence[Occurrence], **kwargs: Any) -> None:
        first = {
            "days": [row.key for row in rows if row.is_proposed],
            "same_link": True,
            "form_key": uuid.uuid4(),
        }
        super().__init__(*args, initial=first, **kwargs)
        self.rows = {row.key: row for row in rows if not row.problem}
        self.fields["days"].choices = [(key, key) for key in self.rows]  # type: ignore[attr-defined]

    def clean_days(self) -> list[tuple[dt.date, bool | None]]:
        found = [self.rows[key] for key in self.cleaned_data["days"]]
        if len({row.day for row in found}) < len(found):
            raise ValidationError(_("Choose one of the two hours, not both."), code="both")
        return [(row.day, row.second) for row in found]

    def _post_clean(self) -> None:
        """A key that somebody changed counts as a new one; nothing else is lost."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors.pop("form_key", None):
            self.cleaned_data["form_key"] = uuid.uuid4()

    @property
    def ticked(self) -> set[str]:
        """What is ticked: as sent, else as proposed."""
        return {str(key) for key in self["days"].value() or ()}
