"""What moderators decide with, what readers flag with, and what those concerned object with."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community.audience import ALL, readers_of
from community.choices import ChapterRole, Ground, SanctionKind
from community.conduct import RULES
from community.models import Chapter, Decision, Discussion, LivingLab, MonthlyTheme
from core.fields import LimitedField, LongField, PickField

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from accounts.models import User

What = Decision.What
#: What a decision is called before it is made.
ACTS: dict[str, StrOrPromise] = {
    What.RELEASE: gettext_lazy("Show it"),
    What.REFUSE: gettext_lazy("Do not show it"),
    What.KEEP: gettext_lazy("Leave it as it is"),
    What.HIDE: gettext_lazy("Hide it"),
    What.RESTORE: gettext_lazy("Show it again"),
}
#: Acts for several things at once: what each does with a held thing and with a shown one.
BULK: dict[str, tuple[str, str]] = {
    "show": (What.RELEASE, What.KEEP),
    "hide": (What.REFUSE, What.HIDE),
}


def ground_field(**kwargs: Any) -> PickField:
    return PickField(
        label=kwargs.pop("label", gettext_lazy("Rule")),
        choices=[("", gettext_lazy("Choose a rule")), *Ground.choices],
        **kwargs,
    )


class FlagForm(forms.Form):
    """Which rule something breaks, and what is wrong in a sentence."""

    ground = PickField(
        label=gettext_lazy("Which rule does it break?"),
        choices=Ground.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose the rule it breaks.")},
    )
    note = LimitedField(
        label=gettext_lazy("What is wrong, in a sentence"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ground"].option_hints = {  # type: ignore[attr-defined]
            str(ground): title for ground, (title, _text) in RULES.items()
        }


class WordsForm(forms.Form):
    """The rule and the reason of a decision. The operation says where they are needed."""

    mark_optional = False
    ground = ground_field(required=False)
    reason = LongField(
        label=gettext_lazy("Reason"),
        max_length=2000,
        required=False,
        help_text=gettext_lazy("Whoever it concerns reads it. The public log shows only the rule."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class BulkForm(WordsForm):
    """One decision about everything that is ticked."""

    act = PickField(
        label=gettext_lazy("What is ticked"),
        choices=[
            ("show", gettext_lazy("Show it, or leave it as it is")),
            ("hide", gettext_lazy("Do not show it, or hide it")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what to do.")},
    )
    field_order = ["act", "ground", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ground"].help_text = _("For what is not shown or hidden.")


class DecideForm(WordsForm):
    """One decision about one thing."""

    act = PickField(
        label=gettext_lazy("Decision"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what to do.")},
    )
    field_order = ["act", "ground", "reason"]

    def __init__(self, *args: Any, acts: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["act"].choices = [(act, ACTS[act]) for act in acts]  # type: ignore[attr-defined]


class DeskWordsForm(WordsForm):
    """The same at the desk, where both are always needed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ground"].required = self.fields["reason"].required = True


class AppealAnswerForm(forms.Form):
    """What whoever appealed is answered, at the desk."""

    mark_optional = False
    reason = LongField(
        label=gettext_lazy("Answer"),
        max_length=2000,
        help_text=gettext_lazy("The member reads it."),
        error_messages={"required": gettext_lazy("Answer; the member reads it.")},
    )


class ReasonForm(forms.Form):
    """Why a discussion is locked, moved or merged."""

    mark_optional = False
    reason = LimitedField(
        label=gettext_lazy("Reason"),
        max_length=500,
        help_text=gettext_lazy("Whoever it concerns reads it."),
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": gettext_lazy("Say why.")},
    )


class MoveForm(ReasonForm):
    """Another place with the same readers, which the moderator keeps, too."""

    place = PickField(
        label=gettext_lazy("Where it belongs"),
        error_messages={"required": gettext_lazy("Choose a place.")},
    )
    field_order = ["place", "reason"]

    def __init__(self, *args: Any, discussion: Discussion, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = places_for(discussion, user)
        groups = [
            (label, [(f"{name}:{row.pk}", str(row)) for row in rows])
            for name, label, rows in self.places
            if rows
        ]
        self.fields["place"].choices = [("", _("Choose a place")), *groups]  # type: ignore[attr-defined]

    def chosen(self) -> Any:
        name, _colon, key = self.cleaned_data["place"].partition(":")
        rows = next(rows for kind, _label, rows in self.places if kind == name)
        return next(row for row in rows if str(row.pk) == key)


def places_for(discussion: Discussion, user: User) -> list[tuple[str, str, list[Any]]]:
    """Themes, chapters and labs this person keeps that are open to the same readers."""
    if readers_of(discussion.place) != ALL:
        return []
    themes = MonthlyTheme.objects.filter(is_public=True)
    chapters = Chapter.objects.filter(is_public=True, is_private=False)
    labs = LivingLab.objects.filter(is_public=True)
    if not user.is_staff:
        themes = themes.filter(stewards=user)
        chapters = chapters.filter(
            memberships__user=user, memberships__role=ChapterRole.COORDINATOR
        )
        labs = labs.filter(pk__in=LivingLab.objects.kept_by(user))
    return [
        (name, str(label), [row for row in rows if getattr(discussion, f"{name}_id") != row.pk])
        for name, label, rows in (
            ("theme", _("Themes of the months"), themes),
            ("chapter", _("Chapters"), chapters),
            ("lab", _("Living labs"), labs),
        )
    ]


class MergeForm(ReasonForm):
    """The discussion that stays, by its address."""

    target = LimitedField(
        label=gettext_lazy("Address of the discussion that stays"),
        max_length=300,
        help_text=gettext_lazy("Copy it from the address bar."),
        error_messages={"required": gettext_lazy("Give the address of the other discussion.")},
    )
    field_order = ["target", "reason"]

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_target(self) -> Discussion:
        text = self.cleaned_data["target"].strip()
        found = re.search(r"discussions/([A-Za-z0-9_-]{4,20})", text)
        uid = found[1] if found else text
        target = Discussion.objects.visible_to(self.user).filter(uid=uid).first()
        if target is None:
            raise forms.ValidationError(_("No discussion has this address."))
        if not self.user.has_perm("community.moderate", target):
            raise forms.ValidationError(_("That discussion is not yours to moderate."))
        return target


class SplitForm(ReasonForm):
    """Which posts leave, and what the new discussion is called."""

    title = LimitedField(
        label=gettext_lazy("Title of the new discussion"),
        max_length=160,
        error_messages={"required": gettext_lazy("Give it a title.")},
    )
    numbers = LimitedField(
        label=gettext_lazy("More posts, by their numbers"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Like 4, 7-9. For posts on other pages of the discussion."),
    )
    field_order = ["title", "numbers", "reason"]

    def clean_numbers(self) -> list[tuple[int, int]]:
        ranges = []
        for part in re.split(r"[,;\s]+", self.cleaned_data["numbers"]):
            if not part:
                continue
            found = re.fullmatch(r"#?(\d{1,6})(?:[-–]#?(\d{1,6}))?", part)
            if found is None:
                raise forms.ValidationError(_("Write numbers like 4, 7-9."))
            first = int(found[1])
            ranges.append((first, int(found[2] or first)))
        return ranges


class SanctionForm(forms.Form):
    """A measure about a member's conduct."""

    mark_optional = False
    kind = PickField(
        label=gettext_lazy("Measure"),
        choices=[
            (SanctionKind.WARNING, gettext_lazy("Warn")),
            (SanctionKind.CHECKED, gettext_lazy("Check every contribution first")),
            (SanctionKind.SUSPENSION, gettext_lazy("Suspend until a day")),
            (SanctionKind.BAN, gettext_lazy("Ban")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a measure.")},
    )
    until = forms.DateField(
        label=gettext_lazy("Suspended until the end of"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "w-date"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("Write the day like 2026-07-10.")},
        help_text=gettext_lazy("Only for a suspension."),
    )
    ground = ground_field(error_messages={"required": gettext_lazy("Choose the rule it rests on.")})
    reason = LongField(
        label=gettext_lazy("Reason"),
        max_length=2000,
        help_text=gettext_lazy("The member reads it, and so do other moderators."),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Say why; the member reads it.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].option_hints = {  # type: ignore[attr-defined]
            SanctionKind.WARNING: _(
                "They read it on every page of the community until they say so."
            ),
            SanctionKind.CHECKED: _("A moderator reads whatever they send before others do."),
            SanctionKind.SUSPENSION: _("They read, appeal and export, and do not write."),
            SanctionKind.BAN: _("The same, without an end."),
        }

    def told(self) -> dict[str, Any]:
        """The suspension ends with its last day, on the moderator's clock."""
        day = self.cleaned_data["until"]
        end = (
            timezone.make_aware(dt.datetime.combine(day, dt.time(23, 59, 59)))
            if isinstance(day, dt.date) and day.year < 9999
            else None
        )
        return {**self.cleaned_data, "until": end}


class AppealForm(forms.Form):
    """Why a decision is wrong."""

    mark_optional = False
    text = LongField(
        label=gettext_lazy("Why is the decision wrong?"),
        max_length=3000,
        help_text=gettext_lazy("Another moderator than the one who decided reads it."),
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": gettext_lazy("Say why the decision is wrong.")},
    )


class AnswerForm(forms.Form):
    """How an appeal ends."""

    mark_optional = False
    grant = PickField(
        label=gettext_lazy("Decision"),
        choices=[
            ("yes", gettext_lazy("Grant: what was decided is undone")),
            ("no", gettext_lazy("Do not grant: it stands")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose one.")},
    )
    answer = LongField(
        label=gettext_lazy("Answer"),
        max_length=2000,
        help_text=gettext_lazy("The member reads it."),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Answer; the member reads it.")},
    )
