"""Steps of a road map: what, who, by when, and how far it has come."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from assessment.forms.opening import PersonField
from core.errors import DomainError
from core.fields import LimitedField, LongField, western
from core.plaintext import PlainField


class DayField(forms.DateField):
    """A whole day, as browsers send it; digits of any script."""

    default_error_messages = {
        "invalid": gettext_lazy("Enter a day as year, month and day, like 2027-05-16.")
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            input_formats=["%Y-%m-%d"],
            widget=forms.DateInput(attrs={"type": "date", "class": "w-date"}, format="%Y-%m-%d"),
            **kwargs,
        )

    def to_python(self, value: Any) -> Any:
        return super().to_python(western(value) if isinstance(value, str) else value)


class PercentField(PlainField):
    """A whole number from 0 to 100, with or without its sign."""

    widget = forms.TextInput(attrs={"class": "w4", "inputmode": "numeric", "autocomplete": "off"})

    def to_python(self, value: Any) -> int | None:
        text = western(super().to_python(value) or "").replace("%", "").replace("٪", "").strip()
        if not text:
            return None
        if not text.isdecimal() or len(text) > 3 or int(text) > 100:
            raise ValidationError(_("Enter a whole number from 0 to 100."), code="percent")
        return int(text)


class StepForm(forms.Form):
    """What is to be done, who does it, by when."""

    text = LimitedField(
        label=gettext_lazy("What is to be done?"),
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        error_messages={"required": gettext_lazy("Say what is to be done.")},
    )
    due_on = DayField(
        label=gettext_lazy("By when?"),
        required=False,
        help_text=gettext_lazy("Year, month and day, like 2027-05-16."),
    )

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"] = PersonField(people=people, label=_("Who does it?"), required=False)
        self.fields["owner"].choices = [
            ("", _("Nobody yet")),
            *self.fields["owner"].choices[1:],
        ]
        self.order_fields(["text", "owner", "due_on"])

    def mark(self, refusal: DomainError) -> None:
        place = next((name for name in refusal.fields if name in self.fields), None)
        self.add_error(place, str(refusal))


class ProgressForm(forms.Form):
    """How far a step has come."""

    mark_optional = False
    progress = PercentField(
        label=gettext_lazy("How far is it, in percent?"),
        error_messages={"required": gettext_lazy("Enter a whole number from 0 to 100.")},
    )
    text = LongField(
        label=gettext_lazy("What happened?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
        error_messages={"required": gettext_lazy("Say in a sentence what happened.")},
    )

    def mark(self, refusal: DomainError) -> None:
        place = next((name for name in refusal.fields if name in self.fields), None)
        self.add_error(place, str(refusal))


class MoveForm(forms.Form):
    """A word on finishing a step, dropping it or taking it up again."""

    note = LongField(
        label=gettext_lazy("Why?"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto", "data-count": "no"}),
        error_messages={"required": gettext_lazy("Give the reason in a sentence.")},
    )

    def __init__(self, *args: Any, verb: str, **kwargs: Any) -> None:
        super().__init__(*args, auto_id=f"id_{verb}_%s", **kwargs)
        self.fields["note"].required = verb == "drop"
        if verb == "finish":
            self.fields["note"].label = _("What came of it?")

    def mark(self, refusal: DomainError) -> None:
        self.add_error(None, str(refusal))
