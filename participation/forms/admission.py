"""How people come to take part: places, closing hour, join link, who signs letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.fields import LimitedField, LongField, western
from core.plaintext import PlainField
from hubs.forms.fields import WebField
from participation.forms.closing import ClosingForm
from participation.models import Admission, zone_of
from participation.operations.registering import state_of

if TYPE_CHECKING:
    from events.models import Event

MOST_PLACES = 100_000
#: Columns that are typed as they are kept.
PLAIN = (
    "is_open", "places", "needs_approval", "join_url", "join_note", "practical", "contact",
    "signatory", "signatory_title", "letter_text",
)  # fmt: skip
#: The field of the form at which a refusal of a column stands, where the names differ.
FIELDS = {"closes_at": "day"}


class PlacesField(PlainField):
    """How many people there is room for."""

    widget = forms.TextInput(
        attrs={"class": "w-amount", "inputmode": "numeric", "autocomplete": "off", "dir": "ltr"}
    )

    def to_python(self, value: Any) -> int | None:
        text = western(str(super().to_python(value) or ""))
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_PLACES))):
            raise ValidationError(_("Enter a whole number, like 40."), code="number")
        number = int(text)
        if not 1 <= number <= MOST_PLACES:
            raise ValidationError(
                _("Choose from 1 to %(most)d places.") % {"most": MOST_PLACES}, code="range"
            )
        return number


class AdmissionForm(ClosingForm):
    """The settings of registration for one event. Hours are those of the event's place."""

    base = forms.CharField(widget=forms.HiddenInput, required=False)
    is_open = forms.BooleanField(label=gettext_lazy("Registration is open"), required=False)
    places = PlacesField(
        label=gettext_lazy("Places"),
        required=False,
        help_text=gettext_lazy(
            "None: as many as come. When all are taken, people wait in line, and whoever came"
            " first has the next free place."
        ),
    )
    needs_approval = forms.BooleanField(
        label=gettext_lazy("Organisers approve each registration"), required=False
    )
    practical = LongField(
        label=gettext_lazy("Good to know before registering"), max_length=2000, required=False
    )
    contact = forms.EmailField(
        label=gettext_lazy("E-mail address of the organisers"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "dir": "ltr"}),
        help_text=gettext_lazy("Everybody can read it."),
        error_messages={
            "invalid": gettext_lazy("Enter a whole address, like name@example.org."),
        },
    )
    join_url = WebField(
        label=gettext_lazy("Join link"),
        max_length=500,
        required=False,
        help_text=gettext_lazy(
            "Only people with a place see it, on the portal and never in a letter. When it"
            " changes, they are told."
        ),
    )
    join_note = LongField(
        label=gettext_lazy("How to join"),
        max_length=1000,
        required=False,
        help_text=gettext_lazy("A dial-in number or a passcode. Only people with a place see it."),
    )
    signatory = LimitedField(
        label=gettext_lazy("Who signs"),
        max_length=150,
        required=False,
        help_text=gettext_lazy("Without a name, no letters can be made."),
    )
    signatory_title = LimitedField(
        label=gettext_lazy("Their title"), max_length=200, required=False
    )
    letter_text = LongField(
        label=gettext_lazy("Paragraph of your own"), max_length=2000, required=False
    )

    def __init__(self, *args: Any, event: Event, admission: Admission | None, **kwargs: Any):
        self.zone, self.mark = zone_of(event), state_of(admission or Admission(event=event))
        super().__init__(*args, initial=self._opened(admission), **kwargs)
        self.fields["day"].label = _("Last day to register")
        self.fields["day"].help_text = _("None: until the event begins.")
        self.fields["time"].help_text = _(
            "In %(zone)s. Without an hour, to the end of that day."
        ) % {"zone": self.zone}

    def _opened(self, admission: Admission | None) -> dict[str, Any]:
        if admission is None:
            return {"is_open": True, "base": self.mark}
        told = {name: getattr(admission, name) for name in PLAIN}
        return told | self.closing(admission.closes_at) | {"base": self.mark}

    def clean_contact(self) -> str:
        return str(self.cleaned_data["contact"]).lower()

    def told(self) -> dict[str, Any]:
        """For ``operations.registering.set_admission``."""
        return {name: self.cleaned_data[name] for name in (*PLAIN, "closes_at", "base")}

    def take(self) -> None:
        """Whoever has seen that somebody else changed the settings may save again."""
        self.data = {**self.data.dict(), "base": self.mark}  # type: ignore[attr-defined]

    def refuse(self, refusal: ValidationError) -> None:
        """What the operation refused, at the field it belongs to."""
        for column, errors in refusal.message_dict.items():
            name = FIELDS.get(column, column)
            for error in errors:
                self.add_error(name if name in self.fields else None, error)


class CategoryForm(forms.Form):
    """A kind of participant."""

    mark_optional = False
    name = LimitedField(
        label=gettext_lazy("Name"),
        max_length=80,
        error_messages={"required": gettext_lazy("Enter what the kind is called.")},
    )
    needs_approval = forms.BooleanField(
        label=gettext_lazy("Organisers approve each registration"), required=False
    )
