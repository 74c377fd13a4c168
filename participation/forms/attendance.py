"""Who took part, as organisers say it: one by one, or as a list from the meeting platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.fields import LongField
from participation.attending import MOST_LINES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import QueryDict

    from participation.models import Registration

ANSWERS: dict[str, bool | None] = {"yes": True, "no": False, "unknown": None}


class PasteForm(forms.Form):
    """The list of people of a meeting platform."""

    mark_optional = False
    text = LongField(
        label=gettext_lazy("Names or e-mail addresses, one person a line"),
        max_length=100_000,
        widget=forms.Textarea(attrs={"rows": 6, "data-count": "no"}),
        help_text=gettext_lazy(
            "Copy the list from the meeting platform as it is; times and other columns are left"
            " out. You see what is found before anything is noted."
        ),
        error_messages={"required": gettext_lazy("Paste at least one name.")},
    )

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        if len(text.splitlines()) > MOST_LINES:
            raise ValidationError(_("Paste up to %(n)d lines at a time.") % {"n": MOST_LINES})
        return text


def answers(data: QueryDict, rows: Iterable[Registration]) -> dict[str, bool | None]:
    """What was said of these people; one of whom nothing was said is left as it is."""
    said = {row.uid: data.get(f"took-{row.uid}", "") for row in rows}
    return {uid: ANSWERS[answer] for uid, answer in said.items() if answer in ANSWERS}


def choices(data: QueryDict) -> dict[int, str]:
    """Who is meant by each line that fits several people."""
    found: dict[int, Any] = {}
    for name, value in data.items():
        prefix, _dash, number = name.partition("-")
        if prefix == "line" and number.isascii() and number.isdigit() and len(number) < 7:
            found[int(number)] = str(value)
    return found
