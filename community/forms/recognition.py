"""The form of a certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.fields import LimitedField

if TYPE_CHECKING:
    from accounts.models import User

#: Certificates go back so many years.
YEARS = 5


class CertificateForm(forms.Form):
    """Which year, and the name as it stands on the paper."""

    year = forms.TypedChoiceField(label=_("Year"), coerce=int)
    name = LimitedField(label=_("Name on the certificate"), max_length=150)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        this = timezone.localdate().year
        field: Any = self.fields["year"]
        field.choices = [(year, str(year)) for year in range(this, this - YEARS, -1)]
        self.fields["name"].initial = user.name
