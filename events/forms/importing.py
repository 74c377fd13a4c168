"""The form that takes a file with a programme."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core import walltime
from events.models import Event

ACCEPT = ".csv,.tsv,.txt,.xlsx,.ics,text/csv,text/calendar"


class ImportForm(forms.Form):
    """A file, and the zone of its hours if the event has none."""

    file = forms.FileField(
        label=_("File with the programme"),
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
        allow_empty_file=True,  # the reader says it in the words of all files
    )
    zone = forms.ChoiceField(
        label=_("Time zone of the hours"),
        help_text=_("For hours that the file gives without one."),
    )

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if event.zone:
            del self.fields["zone"]
        else:
            names = sorted(name for name in walltime.zones() if "/" in name or name == "UTC")
            zones: Any = self.fields["zone"]
            zones.choices = [("", "—"), *((name, name) for name in names)]
