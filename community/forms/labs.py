"""What keepers of a lab write, what members confirm, and reports of trials."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from catalogue.forms.fields import language_choices
from catalogue.forms.rows import WebField
from community.choices import LabStatus, Outcome
from community.models import LabEntry, Lesson, LessonConfirmation, LivingLab, TrialReport
from community.operations import labs, trials
from core.fields import DateField, LimitedField, LongField, PickField
from core.richtext import RichTextField
from core.text import base_language
from hubs import reference
from hubs.forms.fields import country_choices as every_country

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User
    from catalogue.models import Solution

LONGEST_TITLE = 150


def country_choices() -> list[tuple[str, str]]:
    return [("", _("Choose one")), *every_country()[1:]]


class OnceForm(forms.Form):
    """A form whose key makes it one record, however often it is sent."""

    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"form_key": uuid.uuid4()} | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)

    def _post_clean(self) -> None:
        """A key that somebody changed counts as a new one; nothing else is lost."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors.pop("form_key", None):
            self.cleaned_data["form_key"] = uuid.uuid4()


class OpenedForm(forms.Form):
    """A form that knows what the record said when it was opened."""

    opened = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)


class PastDateField(DateField):
    """A date as far as it is known, of something that has happened."""

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and value > timezone.localdate().isoformat()[: len(value)]:
            raise ValidationError(_("This date is still to come."), code="future")


# --- Keeping a lab ------------------------------------------------------------------------


class LabForm(OpenedForm):
    """What keepers say of their lab."""

    summary = LongField(
        label=gettext_lazy("Summary in one or two sentences"), max_length=500, required=False
    )
    practice = LimitedField(
        label=gettext_lazy("Practice it works on"), max_length=200, required=False
    )
    status = PickField(
        label=gettext_lazy("Status"), choices=LabStatus.choices, widget=forms.RadioSelect
    )
    starts = DateField(
        label=gettext_lazy("Begins"),
        required=False,
        help_text=gettext_lazy("A year, a month or a day, like 2013, 2013-05 or 2013-05-16."),
    )
    ends = DateField(label=gettext_lazy("Ends"), required=False)
    question = LongField(
        label=gettext_lazy("Open question"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "What the lab would like to know from members now. Another question begins without"
            " answers; those to the present one stay in their discussion."
        ),
    )
    stewards = LongField(
        label=gettext_lazy("Stewards"),
        max_length=700,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "ltr"}),
        help_text=gettext_lazy(
            "Short names of members, like @ana-b. They keep the journal, as do the editors of the"
            " pilot hub."
        ),
    )

    def __init__(self, *args: Any, lab: LivingLab, **kwargs: Any) -> None:
        names = (user.member.handle for user in lab.stewards.select_related("member"))
        self.named = [f"@{name}" for name in names if name]
        first = {name: getattr(lab, name) for name in labs.TOLD} | {
            "opened": labs.mark_of(lab, labs.TOLD),
            "stewards": " ".join(self.named),
        }
        super().__init__(*args, initial=first, **kwargs)

    def clean_summary(self) -> str:
        return " ".join(self.cleaned_data["summary"].split())

    def clean_question(self) -> str:
        return " ".join(self.cleaned_data["question"].split())

    def clean_stewards(self) -> list[User]:
        try:
            return labs.stewards_called(self.cleaned_data["stewards"].replace(",", " ").split())
        except ValidationError as refusal:
            raise ValidationError(refusal.messages) from None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("starts"), data.get("ends")
        if first and last:
            shared = min(len(first), len(last))
            if last[:shared] < first[:shared]:
                self.add_error("ends", _("It cannot end before it begins."))
        return data


class EntryForm(OnceForm, OpenedForm):
    """One entry of the journal, new or changed."""

    happened = PastDateField(
        label=gettext_lazy("When it happened"),
        help_text=gettext_lazy("A year, a month or a day, like 2013, 2013-05 or 2013-05-16."),
        error_messages={"required": gettext_lazy("Say when it happened, as far as you know.")},
    )
    title = LimitedField(
        label=gettext_lazy("What happened"),
        max_length=160,
        error_messages={"required": gettext_lazy("Say what happened, in a few words.")},
    )
    body = RichTextField(
        label=gettext_lazy("In a few sentences"), max_length=labs.LONGEST_ENTRY, required=False
    )

    def __init__(self, *args: Any, entry: LabEntry | None = None, **kwargs: Any) -> None:
        first: dict[str, Any] = {"happened": timezone.localdate().isoformat()}
        if entry is not None:
            first = {name: getattr(entry, name) for name in labs.ENTRY}
            first["opened"] = labs.mark_of(entry, labs.ENTRY)
        super().__init__(*args, initial=first, **kwargs)


class LessonForm(OnceForm, OpenedForm):
    """What a lab learned, new or changed."""

    text = LimitedField(
        label=gettext_lazy("Lesson, in one sentence"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "So that somebody elsewhere can say whether they saw the same. Once it is confirmed,"
            " the sentence stays."
        ),
        error_messages={"required": gettext_lazy("Write the lesson in one sentence.")},
    )
    detail = LongField(
        label=gettext_lazy("What it rests on"),
        max_length=3000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("What was done, where, how often, and what came of it."),
    )

    def __init__(self, *args: Any, lesson: Lesson | None = None, **kwargs: Any) -> None:
        first: dict[str, Any] = {}
        if lesson is not None:
            first = {name: getattr(lesson, name) for name in labs.LESSON}
            first["opened"] = labs.mark_of(lesson, labs.LESSON)
        super().__init__(*args, initial=first, **kwargs)

    def clean_text(self) -> str:
        return " ".join(self.cleaned_data["text"].split())


class WithdrawForm(forms.Form):
    """Why a lesson is withdrawn."""

    reason = LimitedField(
        label=gettext_lazy("Reason"),
        max_length=300,
        help_text=gettext_lazy(
            "Everybody reads it where the lesson was. The lesson itself is gone for good."
        ),
        error_messages={"required": gettext_lazy("Say why. Everybody reads it.")},
    )


class StartForm(OnceForm):
    """What is needed to begin a catalogue draft from the lab."""

    title = LimitedField(
        label=gettext_lazy("Title of the solution"),
        max_length=LONGEST_TITLE,
        help_text=gettext_lazy("You can change it later."),
        error_messages={"required": gettext_lazy("Give it a title. You can change it later.")},
    )
    language = PickField(label=gettext_lazy("Which language will you write in?"))
    source = PickField(
        label=gettext_lazy("What it begins from"),
        required=False,
        help_text=gettext_lazy("Its text stands in the draft as a first note."),
    )

    def __init__(
        self,
        *args: Any,
        entries: Iterable[LabEntry] = (),
        lessons: Iterable[Lesson] = (),
        **kwargs: Any,
    ) -> None:
        language = base_language(get_language() or "en")
        first = {"language": language if language in reference.languages() else "en"}
        kwargs["initial"] = first | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        self.sources: dict[str, LabEntry | Lesson] = {
            **{f"lesson-{row.uid}": row for row in lessons},
            **{f"entry-{row.uid}": row for row in entries},
        }
        self.fields["language"].choices = language_choices(  # type: ignore[attr-defined]
            code for code, _name in settings.LANGUAGES
        )
        self.fields["source"].choices = [  # type: ignore[attr-defined]
            ("", _("Nothing")),
            *(
                (key, (_("Lesson: %(text)s") if key[0] == "l" else _("Log: %(text)s"))
                 % {"text": str(row)[:90]})
                for key, row in self.sources.items()
            ),
        ]  # fmt: skip
        if not self.sources:
            del self.fields["source"]

    def told(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "form_key": data["form_key"],
            "title": data["title"],
            "language": data["language"],
            "source": self.sources.get(data.get("source", "")),
        }


class LinkForm(forms.Form):
    """Which public solution emerged in the lab."""

    mark_optional = False
    number = LimitedField(
        label=gettext_lazy("Number of the solution"),
        max_length=200,
        help_text=gettext_lazy("Like S-0042, or the address of its page."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr"}),
        error_messages={"required": gettext_lazy("Give the number, like S-0042.")},
    )


# --- Members ------------------------------------------------------------------------------


class AnswerForm(OnceForm):
    """The first answer to the lab's open question."""

    mark_optional = False
    body = RichTextField(
        label=gettext_lazy("Your answer"),
        max_length=10_000,
        error_messages={"required": gettext_lazy("Write your answer.")},
    )


class ConfirmForm(forms.Form):
    """Where a member saw the same, and what they saw."""

    mark_optional = False
    country = PickField(
        label=gettext_lazy("Country where you saw it"),
        choices=country_choices,
        error_messages={"required": gettext_lazy("Choose the country where you saw it.")},
    )
    note = LongField(
        label=gettext_lazy("What you saw"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("In which organisation or place, when, and what happened there."),
        error_messages={"required": gettext_lazy("Say what you saw, in a sentence or two.")},
    )

    def __init__(
        self, *args: Any, mine: LessonConfirmation | None = None, country: str = "", **kwargs: Any
    ) -> None:
        first = {"country": country, "note": ""}
        if mine is not None:
            first = {"country": str(mine.country), "note": mine.note}
        super().__init__(*args, initial=first, **kwargs)


class TrialForm(OnceForm, OpenedForm):
    """ "We tried this": who, where, when, what was changed, what came of it."""

    organisation = LimitedField(
        label=gettext_lazy("Organisation that tried it"),
        max_length=200,
        error_messages={"required": gettext_lazy("Name the organisation that tried it.")},
    )
    country = PickField(
        label=gettext_lazy("Country"),
        choices=country_choices,
        error_messages={"required": gettext_lazy("Choose the country where it was tried.")},
    )
    tried = PastDateField(
        label=gettext_lazy("When"),
        help_text=gettext_lazy("When it began: a year, a month or a day, like 2013 or 2013-05."),
        error_messages={"required": gettext_lazy("Say when, if only the year.")},
    )
    context = LongField(
        label=gettext_lazy("Where and under what circumstances"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("What a reader elsewhere must know to compare."),
        error_messages={"required": gettext_lazy("Say where and under what circumstances.")},
    )
    changed = LongField(
        label=gettext_lazy("What you changed"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Kept, changed, left out. Empty says: nothing."),
    )
    result = LongField(
        label=gettext_lazy("What happened"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("What did not work helps others as much as what did."),
        error_messages={"required": gettext_lazy("Say what happened.")},
    )
    outcome = PickField(
        label=gettext_lazy("In short"),
        choices=Outcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what comes closest.")},
    )
    evidence_title = LimitedField(
        label=gettext_lazy("Evidence: what it is"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("A report, a data set, a page others can open."),
    )
    evidence_url = WebField(
        label=gettext_lazy("Evidence: address"),
        max_length=500,
        required=False,
        assume_scheme="https",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "dir": "ltr"}),
        error_messages={
            "invalid": gettext_lazy("Enter a whole address, like https://example.org/report.pdf."),
            "max_length": gettext_lazy("This address is longer than 500 characters."),
        },
    )
    lab = PickField(
        label=gettext_lazy("Part of a living lab?"),
        required=False,
        help_text=gettext_lazy("Its keepers check the report then."),
    )

    def __init__(
        self,
        *args: Any,
        solution: Solution,
        user: User,
        report: TrialReport | None = None,
        lab: str = "",
        **kwargs: Any,
    ) -> None:
        first: dict[str, Any] = {"lab": lab}
        if report is not None:
            first = {name: getattr(report, name) for name in trials.TOLD}
            first["country"] = str(report.country)
            first["opened"] = labs.mark_of(report, trials.TOLD)
        else:
            profile = user.profile
            first |= {"organisation": profile.organisation, "country": str(profile.country or "")}
        super().__init__(*args, initial=first, **kwargs)
        listed = LivingLab.objects.none()
        if report is None:
            listed = LivingLab.objects.visible_to(user).filter(solutions=solution)
        self.labs = {row.slug: row for row in listed}
        if self.labs:
            self.fields["lab"].choices = [  # type: ignore[attr-defined]
                ("", _("No")),
                *((slug, row.name) for slug, row in self.labs.items()),
            ]
        else:
            del self.fields["lab"]

    def told(self) -> dict[str, Any]:
        """For ``operations.trials``."""
        return {name: self.cleaned_data[name] for name in trials.TOLD}

    @property
    def chosen_lab(self) -> LivingLab | None:
        return self.labs.get(self.cleaned_data.get("lab", ""))


class CheckForm(OpenedForm):
    """Show something or not; if not, why."""

    mark_optional = False
    reason = LongField(
        label=gettext_lazy("Why it is not shown"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Its author reads it. Needed only if you do not show it."),
    )
