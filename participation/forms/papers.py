"""A paper: what it is, who may open it, and its file or link."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.models import StoredFile
from core import uploads
from core.fields import LimitedField, PickField
from hubs import reference
from hubs.forms.fields import NumberField, WebField
from participation.choices import PaperAudience, PaperKind
from participation.papers import rounded

if TYPE_CHECKING:
    from accounts.models import User
    from events.models import Event, Session

#: Nobody puts a larger recording on a page for slow lines, and the column holds no more.
MOST_MEGABYTES = 99_999


def language_choices() -> list[tuple[str, str]]:
    """Every language by its own name, with its English one where that differs."""
    rows = sorted(reference.languages().values(), key=lambda row: row.name)
    return [
        (row.code, row.name if row.name == row.native_name else f"{row.name} ({row.native_name})")
        for row in rows
    ]


class PaperForm(forms.Form):
    """What a paper is called, what it belongs to, who may open it."""

    title = LimitedField(
        label=gettext_lazy("Title"),
        max_length=200,
        error_messages={"required": gettext_lazy("Enter a title.")},
    )
    kind = PickField(
        label=gettext_lazy("Kind"),
        choices=PaperKind.choices,
        error_messages={"required": gettext_lazy("Choose one of the list.")},
    )
    language = PickField(
        label=gettext_lazy("Language"),
        initial="en",
        error_messages={"required": gettext_lazy("Choose one of the list.")},
    )
    session = PickField(label=gettext_lazy("Session"), required=False)
    audience = PickField(
        label=gettext_lazy("Who may open it"),
        choices=PaperAudience.choices,
        initial=PaperAudience.PUBLIC,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose one of the list.")},
    )

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sessions = {str(row.pk): row for row in event.sessions.all()}
        self.fields["language"].choices = language_choices()
        self.fields["session"].choices = [
            ("", _("The event as a whole")),
            *((pk, f"{row.code} {row.title}".strip()) for pk, row in self.sessions.items()),
        ]
        # A webinar is one session: there is nothing to choose.
        if len(self.sessions) < 2 and not self.initial.get("session"):
            del self.fields["session"]

    def told(self) -> dict[str, Any]:
        """What the operation takes."""
        session: Session | None = self.sessions.get(self.cleaned_data.get("session", ""))
        names = ("title", "kind", "language", "audience")
        return {**{name: self.cleaned_data[name] for name in names}, "session": session}


class FileOrLink(forms.Form):
    """A file to deposit, or a link and how heavy what is behind it is."""

    file = LimitedField(max_length=40, required=False, widget=forms.HiddenInput)
    upload = forms.FileField(
        label=gettext_lazy("A file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": uploads.ACCEPT}),
        error_messages={"empty": gettext_lazy("This file is empty.")},
    )
    drop = forms.BooleanField(label=gettext_lazy("Take this file out"), required=False)
    url = WebField(label=gettext_lazy("Or a link"), max_length=500, required=False)
    megabytes = NumberField(
        label=gettext_lazy("Size behind the link, in MB"),
        required=False,
        help_text=gettext_lazy("About. People on a slow line decide by it."),
    )

    def __init__(self, *args: Any, user: User, too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.too_large = too_large
        self.fields["upload"].help_text = _(
            "PDF, picture, DOCX, XLSX, PPTX, ODT, ODS, CSV or text. Up to %(limit)s MB."
        ) % {"limit": uploads.megabytes(settings.UPLOAD_LIMIT)}

    def clean_megabytes(self) -> Decimal | None:
        said: Decimal | None = self.cleaned_data["megabytes"]
        if said is None:
            return None
        if said > MOST_MEGABYTES:
            raise ValidationError(_("This number is too large. Use a larger unit."))
        return rounded(said)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.too_large:
            self.add_error("upload", uploads.too_large())
        has_file = bool(self.files.get("upload")) or self.stored is not None or self.too_large
        if "upload" in self.errors or "url" in self.errors:
            return data
        if has_file == bool(data.get("url")):
            self.add_error("url", _("Choose a file or give a link, one of the two."))
        return data

    @property
    def stored(self) -> StoredFile | None:
        """The file this person deposited with an earlier try of the same form."""
        if self["drop"].value():
            return None
        try:
            wanted = uuid.UUID(str(self["file"].value()))
        except ValueError:
            return None
        return StoredFile.objects.filter(pk=wanted, uploaded_by=self.user).first()

    def keep(self, stored: StoredFile) -> None:
        """Remember a file that was deposited, so that a refusal does not ask for it again."""
        data: Any = self.data.copy()
        data["file"] = str(stored.pk)
        data.pop("drop", None)
        self.data = data

    def source(self, stored: StoredFile | None) -> dict[str, Any]:
        url = self.cleaned_data["url"]
        return {"stored": stored, "url": url, "megabytes": self.cleaned_data["megabytes"]}


class NewPaperForm(FileOrLink, PaperForm):
    """A paper with its first version."""

    field_order = (
        "title", "kind", "language", "session", "audience", "file", "upload", "drop", "url",
        "megabytes",
    )  # fmt: skip


class VersionForm(FileOrLink):
    """The next version."""

    note = LimitedField(label=gettext_lazy("What is new"), max_length=200, required=False)
