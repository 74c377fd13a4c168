"""Forms of the desk about events."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from claims.models import Reference
from events.choices import Progress
from events.models import CommitmentUpdate, Event


class UpdateForm(forms.ModelForm):
    """What happened to a commitment, and what shows it."""

    reference = forms.ModelChoiceField(
        label=_("Source that shows it"), queryset=Reference.objects.all(), required=False
    )
    fulfilled_by_event = forms.ModelChoiceField(
        label=_("Event that fulfilled it"), queryset=Event.objects.none(), required=False
    )

    class Meta:
        model = CommitmentUpdate
        fields = (
            "progress", "text", "happened_on", "reference", "place", "fulfilled_by_event",
            "is_derived",
        )  # fmt: skip
        labels = {"is_derived": _("The editors concluded this from the source")}
        help_texts = {"happened_on": _("A year, like 2013, or a date, like 2013-05-16.")}
        widgets = {"text": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, events: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fulfilled_by_event"].queryset = events
        self.fields["progress"].choices = [("", "—"), *Progress.choices]
