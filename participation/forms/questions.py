"""What people ask, what organisers answer, and how participants found it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from core.fields import LimitedField, LongField, PickField


class AskForm(forms.Form):
    """One question, with or without a name."""

    mark_optional = False
    text = LimitedField(
        label=gettext_lazy("Your question"),
        max_length=400,
        help_text=gettext_lazy("Ask one thing, in one or two sentences."),
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Write your question.")},
    )
    with_name = forms.BooleanField(
        label=gettext_lazy("Show my name with the question"), required=False
    )

    def clean_text(self) -> str:
        return " ".join(self.cleaned_data["text"].split())


class AnswerForm(forms.Form):
    """An answer in writing; none says that it was answered in the session."""

    answer = LongField(
        label=gettext_lazy("Answer in writing"),
        max_length=3000,
        required=False,
        help_text=gettext_lazy(
            "Everybody can read it. Leave it empty if the speakers answered in the session."
        ),
        widget=forms.Textarea(attrs={"rows": 8}),
    )


class AsideForm(forms.Form):
    """Why a question goes out of sight."""

    mark_optional = False
    reason = LimitedField(
        label=gettext_lazy("Why?"),
        max_length=300,
        help_text=gettext_lazy("Whoever asked reads it."),
        error_messages={"required": gettext_lazy("Say why; whoever asked reads it.")},
    )


class FeedbackForm(forms.Form):
    """Three questions; only the first needs an answer."""

    useful = PickField(
        label=gettext_lazy("How useful was it for your work?"),
        choices=[
            ("5", gettext_lazy("5: very useful")),
            ("4", "4"),
            ("3", "3"),
            ("2", "2"),
            ("1", gettext_lazy("1: not useful")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a number from 1 to 5.")},
    )
    will_use = LongField(
        label=gettext_lazy("What will you use, and where?"), max_length=1000, required=False
    )
    missing = LongField(label=gettext_lazy("What was missing?"), max_length=1000, required=False)

    def values(self) -> dict[str, Any]:
        return {**self.cleaned_data, "useful": int(self.cleaned_data["useful"])}
