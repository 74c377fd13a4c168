"""A form that says until when something is open."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import walltime
from participation.closing import last_moment


class ClosingForm(forms.Form):
    """A day and an hour on the clocks of ``zone``, cleaned to the instant ``closes_at`` or None."""

    zone: str

    day = forms.DateField(
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "w-date"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("Write the day like 2026-07-10.")},
    )
    time = forms.TimeField(
        label=gettext_lazy("Hour"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time", "class": "w-date"}, format="%H:%M"),
        error_messages={"invalid": gettext_lazy("Write the hour like 17:30.")},
    )

    def closing(self, closes_at: dt.datetime | None) -> dict[str, Any]:
        """What both fields show at first."""
        last = walltime.wall(closes_at, self.zone) if closes_at else None
        return {"day": last.date() if last else None, "time": last.time() if last else None}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["closes_at"] = None
        if {"day", "time"} & set(self.errors):
            return data
        if data.get("time") and not data.get("day"):
            self.add_error("day", _("Choose the day."))
        elif data.get("day"):
            try:
                data["closes_at"] = last_moment(data["day"], data.get("time"), self.zone)
            except ValidationError as refusal:
                self.add_error("time" if data.get("time") else "day", refusal)
        return data
