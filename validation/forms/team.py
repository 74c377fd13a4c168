"""What a team fills in while its version is before a panel, and the three who hear an appeal."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.errors import DomainError
from core.fields import LongField, PickField, PicksField
from core.templatetags.components import when
from validation import choices as c
from validation.operations.opening import ALWAYS_RENEWED
from validation.operations.renewing import Statement

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from validation.models import Question, Record


def mark(form: forms.Form, refusal: DomainError) -> None:
    """Show a refusal: at its fields where the form has them, else at the top. One at a
    criterion begins with its code, so that the list of them tells one from the other."""
    known = False
    for field, texts in refusal.fields.items():
        for place, said in ((field, "{text}"), (f"status-{field}", "{field}: {text}")):
            if place in form.fields:
                known = True
                for text in texts:
                    form.add_error(place, said.format(field=field, text=text))
    if not known:
        form.add_error(None, str(refusal))


# --- Questions of the panel --------------------------------------------------------------


def answer_wanted(question: Question) -> str:
    """What is said at a question that has no answer; it names the question."""
    return _("Answer “%(question)s”, even if it is short.") % {
        "question": Truncator(question.text).chars(60)
    }


def stamp(text: str) -> str:
    """A short fingerprint of an answer, to see whether somebody saved another meanwhile."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class AnswersForm(forms.Form):
    """One text for each question. None is required to save; all are, to send."""

    mark_optional = False
    MOST = 4000

    def __init__(self, *args: Any, questions: Iterable[Question], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.questions = list(questions)
        for question in self.questions:
            self.fields[f"answer-{question.pk}"] = LongField(
                label=question.text,
                required=False,
                max_length=self.MOST,
                initial=question.answer,
                widget=forms.Textarea(attrs={"rows": 5}),
            )

    def clean(self) -> dict[str, Any]:
        """What a colleague saved since this page was opened is shown before it is replaced."""
        for question in self.questions:
            name = f"answer-{question.pk}"
            typed, seen = self.cleaned_data.get(name), self.data.get(f"seen-{question.pk}", "")
            if typed is None or not seen or seen == stamp(question.answer):
                continue
            if typed.strip() != question.answer.strip():
                self.add_error(
                    name,
                    _(
                        "Somebody of your team saved this meanwhile: “%(answer)s” Take over what"
                        " you need, then save or send again."
                    )
                    % {"answer": question.answer},
                )
        return self.cleaned_data

    def answers(self) -> dict[int, str]:
        """What was typed and can be kept, by question."""
        return {
            question.pk: self.cleaned_data[f"answer-{question.pk}"]
            for question in self.questions
            if f"answer-{question.pk}" in self.cleaned_data
        }

    def typed(self) -> list[tuple[str, str]]:
        """Everything that was typed, as it was typed, with its question."""
        return [
            (question.text, text)
            for question in self.questions
            if (text := self.data.get(f"answer-{question.pk}", "").strip())
        ]


# --- Taking back, appeals, challenges -------------------------------------------------------


class TakeBackForm(forms.Form):
    """Why, if the team wants to say it."""

    reason = LongField(
        label=gettext_lazy("Why?"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("The chair and the desk read it."),
    )


class AppealForm(forms.Form):
    """On what ground, and what went wrong."""

    mark_optional = False
    ground = PickField(
        label=gettext_lazy("On what ground do you appeal?"),
        choices=c.AppealGround.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose the ground of the appeal.")},
    )
    text = LongField(
        label=gettext_lazy("What went wrong?"),
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=gettext_lazy(
            "Name the criterion, and where in the record or in the letter it can be seen."
        ),
        error_messages={"required": gettext_lazy("Say what went wrong, and where it can be seen.")},
    )


class ChallengeAnswerForm(forms.Form):
    """What the team says to a doubt."""

    mark_optional = False
    text = LongField(
        label=gettext_lazy("What do you say to it?"),
        max_length=6000,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": gettext_lazy("Write your answer.")},
    )


class OpinionForm(forms.Form):
    """What one of three people thinks of an appeal."""

    mark_optional = False
    opinion = PickField(
        label=gettext_lazy("What is your opinion?"),
        choices=[
            ("uphold", gettext_lazy("I uphold the appeal")),
            ("reject", gettext_lazy("I reject the appeal")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose one of the two.")},
    )
    reason = LongField(
        label=gettext_lazy("Why?"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("The team reads it, without your name. Do not name anybody."),
        error_messages={"required": gettext_lazy("Give your reason.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["opinion"].option_hints = {  # type: ignore[attr-defined]
            "uphold": _("The same version goes before new people, if two of you say so."),
            "reject": _("The decision stands, if two of you say so."),
        }


# --- Confirming a label again ------------------------------------------------------------


class RenewalForm(forms.Form):
    """For each criterion of the record: unchanged, changed or stopped, a note, evidence."""

    mark_optional = False

    def __init__(
        self,
        *args: Any,
        record: Record,
        evidence: Mapping[str, Mapping[str, Any]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.codes = [row["code"] for row in record.document["criteria"]]
        choices = [(ref, _labelled(row)) for ref, row in evidence.items()]
        for code in self.codes:
            needs = code in ALWAYS_RENEWED
            self.fields[f"status-{code}"] = PickField(
                label=_("Since then it is"),
                required=False,
                choices=c.Renewed.choices,
                widget=forms.RadioSelect,
            )
            self.fields[f"note-{code}"] = LongField(
                label=_("What changed?"),
                required=False,
                max_length=2000,
                help_text=_("Not needed where nothing changed."),
                widget=forms.Textarea(attrs={"rows": 2, "data-count": "no"}),
            )
            self.fields[f"evidence-{code}"] = PicksField(
                label=_("Newer evidence for it") if needs else _("Evidence for it"),
                required=False,
                choices=choices,
            )

    def statements(self) -> dict[str, Statement]:
        """What was said, for the criteria about which something was said."""
        data = self.cleaned_data
        return {
            code: Statement(
                data[f"status-{code}"],
                data.get(f"note-{code}", ""),
                tuple(data.get(f"evidence-{code}", ())),
            )
            for code in self.codes
            if data.get(f"status-{code}")
        }


def _labelled(row: Mapping[str, Any]) -> StrOrPromise:
    dated = when(row["dated_on"]) if row["dated_on"] else _("without a date")
    return format_html("{} {}, {}", row["ref"], row["title"], dated)
