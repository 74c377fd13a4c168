"""Statements that hold or do not, with what would prove it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy

from assessment.models import Statement
from assessment.operations import MOST_PROOF, MOST_SUMMARY
from assessment.scoring import Answers
from core.errors import DomainError
from core.fields import LongField, PickField

YES, NO = "yes", "no"
SAID: Mapping[str, bool | None] = {YES: True, NO: False, "": None}
ANSWERS = ((YES, gettext_lazy("Holds")), (NO, gettext_lazy("Does not hold")))


def in_english(statement: Statement, text: str, name: str = "text") -> Any:
    """A text of the edition; marked as English where it stands on another language's page."""
    lang = format_html(' lang="en" dir="ltr"') if statement.is_foreign(name) else ""
    return format_html("<bdi{}>{}</bdi>", lang, text)


def agreed_label(statement: Statement) -> Any:
    return format_html(
        '{}<span class="vh">: {}</span>',
        gettext("What you agree on"),
        in_english(statement, statement.said),
    )


class AnswersForm(forms.Form):
    """The statements of one dimension. None must be answered to save; all must be to finish."""

    mark_optional = False

    def __init__(
        self,
        *args: Any,
        statements: Iterable[Statement],
        kept: Answers,
        together: bool = False,
        **kwargs: Any,
    ) -> None:
        """``together``: the statement stands above what both said, not at the field."""
        super().__init__(*args, **kwargs)
        self.statements = list(statements)
        for each in self.statements:
            answer = kept.get(each.code, {})
            said = {True: YES, False: NO}.get(answer.get("holds"), "")  # type: ignore[arg-type]
            self.fields[f"holds-{each.code}"] = field = PickField(
                label=agreed_label(each) if together else in_english(each, each.said),
                required=False,
                choices=ANSWERS,
                initial=said,
                widget=forms.RadioSelect,
            )
            field.columns = True
            self.fields[f"proof-{each.code}"] = LongField(
                label=gettext_lazy("What proves it, if you want to name it"),
                required=False,
                max_length=MOST_PROOF,
                initial=answer.get("proof", ""),
                widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
            )

    def holds(self, statement: Statement) -> BoundField:
        return self[f"holds-{statement.code}"]

    def proof(self, statement: Statement) -> BoundField:
        return self[f"proof-{statement.code}"]

    def answers(self) -> dict[str, dict[str, Any]]:
        """What was said, for the operations."""
        data = self.cleaned_data
        return {
            each.code: {
                "holds": SAID[data[f"holds-{each.code}"]],
                "proof": data[f"proof-{each.code}"],
            }
            for each in self.statements
        }

    def mark(self, refusal: DomainError) -> None:
        """Show a refusal at the statements it belongs to, else at the top."""
        known = False
        for code, texts in refusal.fields.items():
            place = f"proof-{code}" if refusal.code == "proof" else f"holds-{code}"
            if place in self.fields:
                known = True
                for text in texts:
                    self.add_error(place, text)
        if not known:
            self.add_error(None, str(refusal))


class AgreeForm(forms.Form):
    """The last word on an assessment."""

    summary = LongField(
        label=gettext_lazy("What do the two of you say about it, in a sentence or two?"),
        required=False,
        max_length=MOST_SUMMARY,
        help_text=gettext_lazy("Whoever sees the result reads it."),
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )


class ReasonForm(forms.Form):
    """Why a self-assessment is given up."""

    mark_optional = False
    note = LongField(
        label=gettext_lazy("Why is it given up?"),
        max_length=500,
        error_messages={"required": gettext_lazy("Give the reason in a sentence.")},
    )
