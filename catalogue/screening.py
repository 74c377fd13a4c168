"""The form of one screening: gates with reasons, remarks at fields, a note."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalogue import fields as f
from catalogue.models import Submission

YES_NO = [("yes", _("Yes")), ("no", _("No"))]


class ScreeningForm(forms.Form):
    """Everything a moderator writes about one submission, on one page.

    Any part may be left open and saved; what a decision needs, the decision checks.
    """

    mark_optional = False

    note = forms.CharField(
        label=_("Note to the team"),
        help_text=_("They read it with your decision."),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, submission: Submission, **kwargs: Any) -> None:
        answers = {row.gate: row for row in submission.gates.all()}
        remarks = {row.field: row.text for row in submission.remarks.all()}
        initial: dict[str, Any] = {"note": submission.note}
        for gate, row in answers.items():
            initial[f"{gate}-answer"] = "yes" if row.passes else "no"
            initial[f"{gate}-reason"] = row.reason
        initial |= {f"remark-{name}": text for name, text in remarks.items()}
        super().__init__(*args, **(kwargs | {"initial": initial}))
        self.gates: list[dict[str, Any]] = submission.criteria_set.content["gates"]
        self.codes = submission.criteria_set.gate_codes()
        for gate in self.gates:
            code = gate["code"]
            self.fields[f"{code}-answer"] = forms.ChoiceField(
                label=f"{code} {gate['name']}",
                help_text=gate["question"],
                choices=YES_NO,
                required=False,
                widget=forms.RadioSelect,
            )
            self.fields[f"{code}-reason"] = forms.CharField(
                label=_("Reason for %(gate)s") % {"gate": code},
                max_length=1000,
                required=False,
                widget=forms.Textarea(attrs={"rows": 2, "data-count": "no"}),
            )
        for item in f.FIELDS:
            self.fields[f"remark-{item.name}"] = forms.CharField(
                label=_("Remark on “%(field)s”") % {"field": item.label},
                max_length=1000,
                required=False,
                widget=forms.Textarea(attrs={"rows": 2, "data-count": "no"}),
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for code in self.codes:
            answer, reason = data.get(f"{code}-answer"), data.get(f"{code}-reason")
            if answer and not reason and f"{code}-reason" not in self.errors:
                self.add_error(f"{code}-reason", _("Give a reason, in one sentence."))
            if reason and not answer and f"{code}-answer" not in self.errors:
                self.add_error(f"{code}-answer", _("Choose yes or no."))
        return data

    @property
    def answers(self) -> dict[str, tuple[bool, str]]:
        """Gate to (passes, reason), for the gates that were answered."""
        data = self.cleaned_data
        return {
            code: (data[f"{code}-answer"] == "yes", data[f"{code}-reason"])
            for code in self.codes
            if data.get(f"{code}-answer")
        }

    @property
    def remarks(self) -> dict[str, str]:
        """Field to remark, for every field: an empty text takes a remark back."""
        return {item.name: self.cleaned_data[f"remark-{item.name}"] for item in f.FIELDS}

    def gate_fields(self) -> list[tuple[dict[str, Any], Any, Any]]:
        """For the template: each gate of the set with its two bound fields."""
        return [
            (gate, self[f"{gate['code']}-answer"], self[f"{gate['code']}-reason"])
            for gate in self.gates
        ]


class ReasonForm(forms.Form):
    """One reason for a decision on several records, or on one."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The team reads it."),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Say why, in a sentence or two.")},
    )
