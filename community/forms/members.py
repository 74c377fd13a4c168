"""Joining the community, and what members decide about themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy, pgettext_lazy

from community.handles import LONGEST, normal, refuse_handle
from core.plaintext import PlainField

if TYPE_CHECKING:
    from accounts.models import User


class HandleField(PlainField):
    """A short name as people type it: with an @, with capitals."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=pgettext_lazy("member", "Short name"),
            help_text=gettext_lazy(
                "Others mention you by it, like @ana-b. Everybody can see it, so it need not be"
                " your name. 3 to 30 small letters a to z, digits and hyphens."
            ),
            error_messages={"required": gettext_lazy("Choose a short name.")},
            widget=forms.TextInput(
                attrs={
                    "autocomplete": "off",
                    "autocapitalize": "none",
                    "spellcheck": "false",
                    "class": "w-m",
                }
            ),
            **kwargs,
        )

    def to_python(self, value: Any) -> str:
        # One more than the longest: longer ones are refused by their shape, not read.
        return normal(str(super().to_python(value) or "")[: 2 * LONGEST])


class _WithHandle(forms.Form):
    mark_optional = False
    handle = HandleField()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_handle(self) -> str:
        handle: str = self.cleaned_data["handle"]
        refuse_handle(handle, by=self.user)
        return handle


def listing_field() -> forms.BooleanField:
    return forms.BooleanField(
        label=gettext_lazy("List me in the directory of members"),
        help_text=gettext_lazy(
            "With the fields of your profile that the reader may see, no others. You can change"
            " this whenever you like."
        ),
        required=False,
    )


class JoinForm(_WithHandle):
    """Three answers: a short name, whether to be listed, and yes to the code of conduct."""

    is_listed = listing_field()
    agrees = forms.BooleanField(
        label=gettext_lazy("I agree to the code of conduct"),
        error_messages={"required": gettext_lazy("Members agree to the code of conduct.")},
    )


class AgreeForm(forms.Form):
    """Yes to a new version of the code of conduct."""

    mark_optional = False
    agrees = JoinForm.base_fields["agrees"]


class MembershipForm(_WithHandle):
    """What a member decides about themselves."""

    is_listed = listing_field()
    shows_recognition = forms.BooleanField(
        label=gettext_lazy("Show on my page what I contributed"),
        help_text=gettext_lazy(
            "Your posts stay where they stand; your page would not gather them."
        ),
        required=False,
    )


class LeaveForm(forms.Form):
    """To be sure."""

    mark_optional = False
    sure = forms.BooleanField(
        label=gettext_lazy("Yes, I leave the community"),
        error_messages={"required": gettext_lazy("Tick this if you want to leave.")},
    )


def refuse(form: forms.Form, refusal: ValidationError) -> None:
    """Put a refusal where it belongs: at its field, or above the form."""
    if hasattr(refusal, "error_dict"):
        for name, errors in refusal.error_dict.items():
            form.add_error(name if name in form.fields else "handle", errors)
    else:
        form.add_error(None, refusal)
