"""What a saved search is called."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from notifications.models.searches import LONGEST_NAME


class NameForm(forms.Form):
    """A name for a search that is saved already."""

    mark_optional = False
    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter a name.")},
    )


class SaveForm(forms.Form):
    """A name for a search that is being saved, or none: then its words and filters are its name."""

    parameters = forms.CharField(widget=forms.HiddenInput, required=False, strip=False)
    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Without one it is called by its words and filters."),
    )
