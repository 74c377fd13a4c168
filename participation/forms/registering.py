"""What somebody says of themselves to take part in an event."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.fields import LimitedField, LongField, PickField
from hubs import reference
from hubs.forms.fields import country_choices as every_country
from participation.choices import Listing
from participation.models import Category, Registration


def country_choices() -> list[tuple[str, str]]:
    return [("", _("Not stated")), *every_country()[1:]]


class RegistrationForm(forms.Form):
    """As it goes on the badge and on the list of participants."""

    name = LimitedField(
        label=gettext_lazy("Your name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": gettext_lazy("Enter your name.")},
    )
    title = LimitedField(
        label=gettext_lazy("Title or position"),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
    )
    organisation = LimitedField(
        label=gettext_lazy("Organisation"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    country = PickField(
        label=gettext_lazy("Country"),
        choices=country_choices,
        required=False,
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )
    category = PickField(
        label=gettext_lazy("You take part as"),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose what you take part as.")},
    )
    needs = LongField(
        label=gettext_lazy("What you need to take part"),
        max_length=500,
        required=False,
        help_text=gettext_lazy(
            "Like sign language or step-free access. Only the organisers read it."
        ),
    )
    hope = LongField(
        label=gettext_lazy("What you hope to learn"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("The organisers and speakers read it."),
    )
    listing = PickField(
        label=gettext_lazy("Who may read that you take part"),
        choices=Listing.choices,
        initial=Listing.NOBODY,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "The list of participants shows name, title, organisation and country once you have"
            " a place. You can change this at any time."
        ),
        error_messages={"required": gettext_lazy("Choose who may read that you take part.")},
    )

    def __init__(self, *args: Any, kinds: list[Category], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = {str(kind.pk): kind for kind in kinds}
        self.fields["listing"].option_hints = {
            Listing.NOBODY: gettext_lazy("Your name stands in no list."),
            Listing.PARTICIPANTS: gettext_lazy("Only people with a place at this event see it."),
            Listing.PUBLIC: gettext_lazy("Your name stands on a public page."),
        }
        if not kinds:
            del self.fields["category"]
            return
        field: Any = self.fields["category"]
        field.choices = [(key, kind.name) for key, kind in self.kinds.items()]
        field.option_hints = {
            key: gettext_lazy("The organisers approve each registration.")
            for key, kind in self.kinds.items()
            if kind.needs_approval
        }

    def told(self) -> dict[str, Any]:
        """The answers, as the operations of registration take them."""
        told = dict(self.cleaned_data)
        told["country"] = reference.countries().get(told["country"])
        if "category" in self.fields:
            told["category"] = self.kinds[told["category"]]
        return told

    def refuse(self, errors: dict[str, list[Any]]) -> None:
        """Put what the record itself refuses at its field, or at the top."""
        for name, texts in errors.items():
            for text in texts:
                self.add_error(name if name in self.fields else None, text)


def in_words(mine: Registration) -> list[tuple[Any, Any]]:
    """The same as pairs of label and answer, for reading. What was not answered is left out."""
    country = reference.country_label(mine.country_id) if mine.country_id else ""
    fields = RegistrationForm.base_fields
    pairs = [
        (fields["name"].label, _typed(mine.name)),
        (fields["title"].label, _typed(mine.title)),
        (fields["organisation"].label, _typed(mine.organisation)),
        (fields["country"].label, country),
        (fields["category"].label, _typed(str(mine.category or ""))),
        (fields["needs"].label, _typed(mine.needs)),
        (fields["hope"].label, _typed(mine.hope)),
        (fields["listing"].label, mine.get_listing_display()),
    ]
    return [(label, value) for label, value in pairs if value]


def _typed(text: str) -> str:
    """What somebody typed, kept to itself."""
    return format_html("<bdi>{}</bdi>", text) if text else ""


def of_profile(user: Any) -> dict[str, Any]:
    """What a person's profile already says, so that nobody types it again."""
    profile = user.profile
    return {
        "name": user.name,
        "title": profile.position,
        "organisation": profile.organisation,
        "country": profile.country.code or "",
    }


def of_registration(mine: Registration) -> dict[str, Any]:
    """What somebody said before."""
    return {
        "name": mine.name,
        "title": mine.title,
        "organisation": mine.organisation,
        "country": mine.country_id or "",
        "category": str(mine.category_id or ""),
        "needs": mine.needs,
        "hope": mine.hope,
        "listing": mine.listing,
    }
