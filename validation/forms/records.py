"""What readers may hand in about a record: a file to check, a doubt with its evidence."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.models import StoredFile
from core import uploads
from core.fields import LimitedField, LongField
from validation.presentation import translated_name

if TYPE_CHECKING:
    from accounts.models import User
    from validation.models import Record

#: The longest record or bundle that is read here. A bundle of the fullest record has a tenth.
MOST_MB = 2
MOST_BYTES = MOST_MB * 1024 * 1024


class VerifyForm(forms.Form):
    """A record in one of three ways. Nothing of it is kept."""

    mark_optional = False
    file = forms.FileField(
        label=gettext_lazy("The file of a record or bundle"),
        required=False,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".json,.jsonld,application/json"}),
    )
    text = forms.CharField(
        label=gettext_lazy("Or its text"),
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={
                "rows": 6,
                "dir": "ltr",
                "spellcheck": "false",
                "autocomplete": "off",
                "data-count": "no",
            }
        ),
    )
    number = forms.CharField(
        label=gettext_lazy("Or the number of a record"),
        required=False,
        max_length=40,
        help_text=gettext_lazy("Like V-0042. We check our own copy of it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "dir": "ltr", "class": "w4-l"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _("JSON, up to %(n)s MB.") % {"n": MOST_MB}

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file is not None and file.size > MOST_BYTES:
            text = _("This file is %(size)s MB. The limit is %(n)s MB.")
            raise ValidationError(text % {"size": uploads.megabytes(file.size), "n": MOST_MB})
        return file

    def clean_text(self) -> str:
        text = str(self.cleaned_data["text"])
        if len(text.encode(errors="replace")) > MOST_BYTES:
            raise ValidationError(_("The text is longer than %(n)s MB.") % {"n": MOST_MB})
        return text

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        given = self.raw_given or data.get("number", "").strip()
        if not self.errors and not given:
            raise ValidationError(_("Choose a file, put in its text, or give a number."))
        return data

    @property
    def raw_given(self) -> bool:
        """Whether a file or text was handed in, rather than a number."""
        data = self.cleaned_data
        return data.get("file") is not None or bool(data.get("text", "").strip())

    @property
    def raw(self) -> bytes | None:
        """The bytes of what was handed in; None if it was a number."""
        if (file := self.cleaned_data.get("file")) is not None:
            return bytes(file.read())
        text = str(self.cleaned_data.get("text", ""))
        return text.strip().encode(errors="replace") if text.strip() else None


class ChallengeForm(forms.Form):
    """What is wrong with a label, and what shows it."""

    form_key = forms.UUIDField(widget=forms.HiddenInput)
    criterion = forms.ChoiceField(
        label=gettext_lazy("Which criterion is it about?"),
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Choose one of the list.")},
    )
    text = LongField(
        label=gettext_lazy("What is wrong?"),
        max_length=6000,
        help_text=gettext_lazy(
            "Say what the record states, and what you know instead. The team and the people who "
            "decide read this; it is not published."
        ),
        widget=forms.Textarea(attrs={"rows": 7}),
        error_messages={"required": gettext_lazy("Say what is wrong.")},
    )
    url = forms.URLField(
        label=gettext_lazy("A link that shows it"),
        max_length=500,
        required=False,
        assume_scheme="https",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "dir": "ltr"}),
        help_text=gettext_lazy("Beginning with https://."),
        error_messages={
            "invalid": gettext_lazy("Enter a whole address, like https://example.org/report.pdf."),
            "max_length": gettext_lazy("This address is longer than 500 characters."),
        },
    )
    file = LimitedField(max_length=40, required=False, widget=forms.HiddenInput)
    upload = forms.FileField(
        label=gettext_lazy("Or a file that shows it"),
        required=False,
        widget=forms.FileInput(attrs={"accept": uploads.ACCEPT}),
    )

    def __init__(self, *args: Any, record: Record, user: User, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"form_key": uuid.uuid4()})
        super().__init__(*args, **kwargs)
        self.user = user
        criteria = record.document["criteria"]
        self.fields["criterion"].choices = [
            ("", _("The label as a whole")),
            *((row["code"], f"{row['code']} {translated_name(row['name'])}") for row in criteria),
        ]
        self.fields["upload"].help_text = _(
            "PDF, picture, DOCX, XLSX, PPTX, ODT, ODS, CSV or text. Up to %(limit)s MB."
        ) % {"limit": uploads.megabytes(settings.UPLOAD_LIMIT)}

    def clean(self) -> dict[str, Any]:
        """Tell both gaps at once, not one after the other."""
        data = super().clean() or {}
        shown = data.get("url") or "url" in self.errors
        if not shown and not self.files.get("upload") and self.stored is None:
            self.add_error("url", _("Give a link or a file that shows it."))
        return data

    @property
    def stored(self) -> StoredFile | None:
        """The file this person deposited with an earlier try of the same form."""
        key = self["file"].value()
        try:
            wanted = uuid.UUID(str(key))
        except ValueError:
            return None
        return StoredFile.objects.filter(pk=wanted, uploaded_by=self.user).first()
