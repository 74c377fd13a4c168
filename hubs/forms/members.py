"""Who is asked to join a team, and in which role."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from core.fields import PickField
from hubs.models import Membership


class InviteForm(forms.Form):
    """An address and a role."""

    mark_optional = False
    email = forms.EmailField(
        label=gettext_lazy("Their e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "dir": "ltr"}),
        help_text=gettext_lazy("They need not have an account yet; the letter says how to join."),
        error_messages={
            "required": gettext_lazy("Enter an address, like name@example.org."),
            "invalid": gettext_lazy("Enter a whole address, like name@example.org."),
        },
    )
    role = PickField(
        label=gettext_lazy("Role in the team"),
        choices=Membership.Role.choices,
        initial=Membership.Role.EDITOR,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a role.")},
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.fields["role"].option_hints = {
            Membership.Role.FOCAL_POINT: gettext_lazy(
                "Screens what is sent in, confirms the profile, invites and gives roles."
            ),
            Membership.Role.EDITOR: gettext_lazy("Writes the profile and its statements."),
            Membership.Role.MEMBER: gettext_lazy("Reads the team space; takes no decisions."),
        }


class RoleForm(forms.Form):
    """Another role for somebody in the team."""

    role = PickField(choices=Membership.Role.choices)
