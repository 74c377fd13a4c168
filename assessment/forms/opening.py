"""Who answers, and with whom a result is shared."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from assessment.models import Assessment
from core.errors import DomainError
from core.fields import LimitedField, PickField, PicksField
from hubs.models import Hub

MOST_UNIT = 120


def members_of(hub: Hub) -> list[User]:
    """Who can be asked: active members, by name."""
    found = User.objects.filter(memberships__hub=hub, is_active=True)
    return sorted(found, key=lambda person: (str(person).casefold(), person.pk))


class PersonField(PickField):
    """One of the hub's people; gives the person."""

    def __init__(self, *, people: list[User], **kwargs: Any) -> None:
        self.people = {str(person.pk): person for person in people}
        blank = [("", _("Choose somebody"))]
        super().__init__(
            choices=[*blank, *((key, str(person)) for key, person in self.people.items())],
            **kwargs,
        )

    def clean(self, value: Any) -> User | None:
        return self.people.get(super().clean(value))


def _person(people: list[User], label: Any) -> PersonField:
    return PersonField(
        people=people,
        label=label,
        error_messages={"required": gettext_lazy("Choose who answers.")},
    )


def _unit(hint: Any = "") -> LimitedField:
    return LimitedField(
        label=gettext_lazy("Their unit"),
        max_length=MOST_UNIT,
        help_text=hint,
        error_messages={"required": gettext_lazy("Name the unit they work in.")},
    )


class StartForm(forms.Form):
    """Two people of different units."""

    mark_optional = False
    #: Where the refusals of the operation belong.
    PLACES = {"two-people": "person_2", "same-unit": "unit_2"}

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person_1"] = _person(people, gettext_lazy("The first person"))
        self.fields["unit_1"] = _unit(gettext_lazy("For example: international cooperation"))
        self.fields["person_2"] = _person(people, gettext_lazy("The second person"))
        self.fields["unit_2"] = _unit(gettext_lazy("Another one, so that two views meet"))

    def chosen(self) -> list[tuple[User, str]]:
        data = self.cleaned_data
        return [(data["person_1"], data["unit_1"]), (data["person_2"], data["unit_2"])]

    def mark(self, refusal: DomainError) -> None:
        self.add_error(self.PLACES.get(refusal.code), str(refusal))


class ReplaceForm(forms.Form):
    """Somebody else in place of who has not finished."""

    mark_optional = False
    PLACES = {"two-people": "person", "same-unit": "unit", "not-member": "person"}

    def __init__(self, *args: Any, people: list[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"] = _person(people, gettext_lazy("Who answers instead?"))
        self.fields["unit"] = _unit()

    def mark(self, refusal: DomainError) -> None:
        self.add_error(self.PLACES.get(refusal.code), str(refusal))


def _called(hub: Hub) -> str:
    """The name, and the short one by which others know it."""
    return f"{hub.name} ({hub.acronym})" if hub.acronym else hub.name


class ShareForm(forms.Form):
    """Who may see a result."""

    mark_optional = False
    sharing = PickField(
        label=gettext_lazy("Who may see this result?"),
        choices=Assessment.Sharing.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose who may see it.")},
    )
    shares_road_map = forms.BooleanField(
        label=gettext_lazy("They see the road map, too"),
        required=False,
        help_text=gettext_lazy(
            "Steps with dates and progress, as they are on the day somebody looks. Names and"
            " notes stay with your hub."
        ),
    )
    in_benchmark = forms.BooleanField(
        label=gettext_lazy("Count these levels in the comparison between hubs"),
        required=False,
        help_text=gettext_lazy(
            "Only as part of a spread, without a name, and only once five hubs take part. You"
            " can leave it out whatever you share."
        ),
    )

    def __init__(self, *args: Any, hubs: list[Hub], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hubs = {str(hub.pk): hub for hub in hubs}
        self.fields["hubs"] = PicksField(
            label=_("Which hubs, if you chose some"),
            required=False,
            columns=True,
            choices=[(key, _called(hub)) for key, hub in self.hubs.items()],
        )
        self.fields["sharing"].option_hints = {
            "private": _("Nobody outside sees it, moderators of the portal neither."),
            "chosen": _("Signed-in members of the hubs you choose see it. You can take it back."),
            "public": _(
                "It stands on your hub’s public page, for people without an account and for"
                " search engines. You can take it back, but not what others have copied."
            ),
        }

    def chosen(self) -> list[Hub]:
        return [self.hubs[key] for key in self.cleaned_data["hubs"]]

    def mark(self, refusal: DomainError) -> None:
        self.add_error("hubs" if refusal.code == "no-hubs" else None, str(refusal))
