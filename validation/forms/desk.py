"""What a chair or moderator writes at the desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.html import escape
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from hubs.models import Sector
from validation import choices as c
from validation.models import Reviewer
from validation.operations.deciding import Ruling, exact
from validation.scoring import as_number

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from core.errors import DomainError
    from validation.judging import Panel
    from validation.models import Case, Decision

YES_NO = [("yes", _("Yes")), ("no", _("No"))]


class DeskForm(forms.Form):
    """A form that shows the refusal of an operation where it can be mended."""

    mark_optional = False

    def refuse(self, refusal: DomainError) -> None:
        """Put every reason at its field; what belongs to none stands at the top."""
        self.is_valid()
        for name, texts in refusal.fields.items():
            for text in texts:
                field = self.field_of(name, text)
                self.add_error(field if field in self.fields else None, text)
        if not refusal.fields:
            self.add_error(None, str(refusal))

    def field_of(self, name: str, text: str) -> str:
        """The field of this form to which the operation's name for it belongs."""
        return name


class DeclarationForm(DeskForm):
    """The five questions about conflicts of interest, each answered yes or no."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, text in c.Conflict.choices:
            self.fields[code] = forms.ChoiceField(
                label=text, choices=YES_NO, required=False, widget=forms.RadioSelect
            )

    @property
    def declared(self) -> dict[str, bool]:
        """What was answered; a question without an answer is missing."""
        return {
            code: self.cleaned_data[code] == "yes"
            for code in c.Conflict.values
            if self.cleaned_data.get(code)
        }


class ReasonForm(DeskForm):
    """One reason, as ``note`` or what the operation calls it."""

    note = forms.CharField(
        label=_("Reason"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "data-count": "no"}),
    )

    def __init__(
        self, *args: Any, label: StrOrPromise = "", hint: StrOrPromise = "", **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if label:
            self.fields["note"].label = label
        self.fields["note"].help_text = str(hint)


class PersonForm(DeskForm):
    """One person from a list of those who come into question."""

    person = forms.ChoiceField(
        label=_("Person"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose a person."),
            "invalid_choice": _("Choose a person of the list."),
        },
    )

    def __init__(self, *args: Any, people: Sequence[tuple[User, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        field.choices = [(str(person.pk), str(person)) for person, _hint in people]
        field.option_hints = {str(person.pk): hint for person, hint in people}
        self.people = {str(person.pk): person for person, _hint in people}

    @property
    def chosen(self) -> User:
        return self.people[self.cleaned_data["person"]]


class PeopleForm(DeskForm):
    """Three people for an appeal."""

    people = forms.MultipleChoiceField(
        label=_("Three people"),
        help_text=_("With no part in the case, from two countries at least."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose three different people.")},
    )

    def __init__(self, *args: Any, people: Sequence[tuple[User, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["people"]
        field.choices = [(str(person.pk), str(person)) for person, _hint in people]
        field.option_hints = {str(person.pk): hint for person, hint in people}
        field.columns = True
        self.known = {str(person.pk): person for person, _hint in people}

    @property
    def chosen(self) -> list[User]:
        return [self.known[key] for key in self.cleaned_data["people"]]


class DateForm(DeskForm):
    """Another date for one review."""

    on = forms.DateField(
        label=_("Review due"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Choose a day."), "invalid": _("Choose a day.")},
    )


class QuestionsForm(DeskForm):
    """Questions to the team, one field per criterion; what stays empty is not asked."""

    def __init__(
        self,
        *args: Any,
        criteria: Iterable[Mapping[str, Any]],
        asked: Mapping[str, Sequence[str]],
        **kwargs: Any,
    ) -> None:
        initial = {code: "\n".join(texts)[:1000] for code, texts in asked.items()}
        super().__init__(*args, initial=initial, **kwargs)
        for row in criteria:
            self.fields[row["code"]] = forms.CharField(
                label=f"{row['code']} {row['name']}",
                help_text=escape(row["question"]),
                required=False,
                max_length=1000,
                widget=forms.Textarea(attrs={"rows": 2, "data-count": "no"}),
            )

    @property
    def questions(self) -> list[tuple[str, str]]:
        return [
            (code, self.cleaned_data[code]) for code in self.fields if self.cleaned_data.get(code)
        ]


class DecisionForm(DeskForm):
    """What the chair rules for each criterion, the gates, the letter.

    Nothing is filled in but what the chair wrote in an earlier proposal of this case: the
    reasons readers see are the chair's own, with the reviewers' beside them.
    """

    letter = forms.CharField(
        label=_("Letter to the team"),
        help_text=_("What was decided and why. Never say who reviewed."),
        max_length=8000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
    )

    def __init__(
        self, *args: Any, case: Case, panel: Panel, earlier: Decision | None, **kwargs: Any
    ) -> None:
        self.case, self.panel = case, panel
        super().__init__(*args, initial=self._initial(earlier), **kwargs)
        for code in case.scope:
            found = panel.agreed.get(code)
            if found is not None and found.low != found.high:
                self.fields[f"{code}-value"] = forms.CharField(
                    label=_now("Changed score for %(criterion)s") % {"criterion": code},
                    help_text=_now(
                        "Leave empty to keep %(value)s. From %(low)d to %(high)d, like 2.5."
                    )
                    % {"value": as_number(found.value), "low": found.low, "high": found.high},
                    required=False,
                    max_length=6,
                    widget=forms.TextInput(attrs={"inputmode": "decimal", "data-count": "no"}),
                )
                self.fields[f"{code}-why"] = forms.CharField(
                    label=_now("Why %(criterion)s is changed") % {"criterion": code},
                    required=False,
                    max_length=1000,
                    widget=forms.Textarea(attrs={"rows": 2, "data-count": "no"}),
                )
            self.fields[f"{code}-reason"] = forms.CharField(
                label=_now("Public reason for %(criterion)s") % {"criterion": code},
                help_text=_("One sentence. Everybody reads it."),
                required=False,
                max_length=2000,
                widget=forms.Textarea(attrs={"rows": 3, "data-count": "no"}),
            )
        given = [marks.strength for marks in panel.reviews if marks.strength is not None]
        if given and min(given) != max(given):
            self.fields["strength"] = forms.ChoiceField(
                label=_("Strength of the evidence for results"),
                required=False,
                choices=[("", _now("As agreed")), *_strengths(min(given), max(given))],
            )
            self.fields["strength_reason"] = forms.CharField(
                label=_("Why the strength is changed"),
                required=False,
                max_length=1000,
                widget=forms.Textarea(attrs={"rows": 2, "data-count": "no"}),
            )
        for gate in case.criteria_set.content["gates"]:
            self.fields[f"gate-{gate['code']}"] = forms.CharField(
                label=_now("Why %(gate)s fails") % {"gate": f"{gate['code']} {gate['name']}"},
                help_text=escape(gate["question"]),
                required=False,
                max_length=1000,
                widget=forms.Textarea(attrs={"rows": 2, "data-count": "no"}),
            )
        self.fields["letter"] = self.fields.pop("letter")  # last on the page, last to mend

    @staticmethod
    def _initial(earlier: Decision | None) -> dict[str, Any]:
        if earlier is None:
            return {}
        initial: dict[str, Any] = {"letter": earlier.letter}
        for code, row in earlier.scores.items():
            initial[f"{code}-reason"] = row["reason"]
            if row["changed"]:
                initial |= {f"{code}-value": row["value"], f"{code}-why": row["why_changed"]}
        if earlier.strength_reason:
            initial |= {
                "strength": str(earlier.strength),
                "strength_reason": earlier.strength_reason,
            }
        initial |= {f"gate-{code}": why for code, why in earlier.failed_gates.items()}
        return initial

    def text(self, name: str) -> str:
        """One answer of a form that was sent; empty for a field that is not there."""
        return str(self.cleaned_data.get(name) or "")

    @property
    def rulings(self) -> dict[str, Ruling]:
        return {
            code: Ruling(
                reason=self.text(f"{code}-reason"),
                value=self.text(f"{code}-value"),
                why_changed=self.text(f"{code}-why"),
            )
            for code in self.case.scope
        }

    @property
    def chosen_strength(self) -> int | None:
        chosen = self.text("strength")
        return int(chosen) if chosen else None

    @property
    def failed_gates(self) -> dict[str, str]:
        return {
            gate["code"]: self.text(f"gate-{gate['code']}")
            for gate in self.case.criteria_set.content["gates"]
        }

    def values(self) -> dict[str, Fraction | None]:
        """The scores as they stand in the form. What is no score within the reviewers' range
        is said at its field, and does not count."""
        values: dict[str, Fraction | None] = {}
        for code in self.case.scope:
            found, typed = self.panel.agreed.get(code), self.text(f"{code}-value")
            values[code] = None if found is None else found.value
            if found is None or not typed:
                continue
            given = exact(typed)
            if given is None:
                self._fault(f"{code}-value", code, _now("Write a score as a number, like 2.5."))
            elif not found.low <= given <= found.high:
                self._fault(
                    f"{code}-value",
                    code,
                    _now("Stay between %(low)d and %(high)d, what the reviewers gave.")
                    % {"low": found.low, "high": found.high},
                )
            else:
                values[code] = given
        return values

    def refuse(self, refusal: DomainError) -> None:
        """An operation names the criterion; here its reasons go to the field that mends each."""
        fields = dict(refusal.fields)
        for code in self.case.scope:
            faults = list(fields.pop(code, ()))
            if faults and not self.text(f"{code}-reason").strip():
                self._fault(f"{code}-reason", code, faults.pop())
            for fault in faults:
                self._fault(self._at_fault(code), code, fault)
        if "strength" in fields and self.text("strength") and not self.text("strength_reason"):
            fields["strength_reason"] = fields.pop("strength")
        refusal.fields = fields
        if fields or not self.errors:
            super().refuse(refusal)

    def _fault(self, name: str | None, code: str, text: str) -> None:
        """Ten criteria, the same faults: each says whose it is."""
        told = _now("%(criterion)s: %(text)s") % {"criterion": code, "text": text}
        self.add_error(name, told)

    def _at_fault(self, code: str) -> str | None:
        """Where a refused score is mended: at the number, or at the reason it lacks."""
        found, given = self.panel.agreed.get(code), exact(self.text(f"{code}-value"))
        if f"{code}-value" not in self.fields:
            return None
        if found is not None and given is not None and found.low <= given <= found.high:
            return f"{code}-why"
        return f"{code}-value"


def _strengths(low: int, high: int) -> list[tuple[int, Any]]:
    return [choice for choice in c.Strength.choices if low <= choice[0] <= high]


# --- The list of reviewers ---------------------------------------------------------------


class ReviewerForm(forms.ModelForm):
    """What a person on the list may be asked for."""

    mark_optional = False

    class Meta:
        model = Reviewer
        fields: Sequence[str] = ["sectors", "may_chair", "is_active", "most_open", "note"]
        widgets: Mapping[str, Any] = {"sectors": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["sectors"]
        field.queryset = Sector.objects.order_by("position", "pk")  # type: ignore[attr-defined]
        self.fields["most_open"].min_value = 1  # type: ignore[attr-defined]
        self.fields["most_open"].max_value = 10  # type: ignore[attr-defined]

    def clean_most_open(self) -> int:
        number = int(self.cleaned_data["most_open"])
        if not 1 <= number <= 10:
            raise forms.ValidationError(_("Choose a number from 1 to 10."))
        return number


class NewReviewerForm(ReviewerForm):
    """Somebody who is not on the list yet, found by their address."""

    email = forms.EmailField(
        label=_("E-mail address of their account"),
        help_text=_("They have to have an account. Country and languages are those they gave."),
    )

    field_order: Sequence[str] = ["email"]

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].strip()
        person = User.objects.filter(email__iexact=email, is_active=True).first()
        if person is None:
            raise forms.ValidationError(_("Nobody has an account with this address."))
        if Reviewer.objects.filter(user=person).exists():
            raise forms.ValidationError(_("This person is on the list already."))
        self.instance.user = person
        return email
