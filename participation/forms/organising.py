"""What organisers say: of one registration."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy

from core.fields import LongField


class DeclineForm(forms.Form):
    """Why somebody cannot come."""

    reason = LongField(
        label=gettext_lazy("Why"),
        max_length=1000,
        help_text=gettext_lazy("The person reads it."),
        error_messages={"required": gettext_lazy("Say why; the person reads it.")},
    )
