"""Forms about being a person of the record."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ClaimForm(forms.Form):
    """How a moderator can tell that a member is this person."""

    reason = forms.CharField(
        label=_("How can a moderator tell?"),
        max_length=1000,
        help_text=_(
            "Like your address at the institution you spoke for, or a page that shows both."
            " Only portal moderators read it."
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class DecisionForm(forms.Form):
    """What the member reads with a decision."""

    answer = forms.CharField(
        label=_("What the member reads"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, needs_reason: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"].required = needs_reason
        if needs_reason:
            self.fields["answer"].error_messages["required"] = _("Say why; the member reads it.")
