"""One conclusion: its words, what it is about, and the paragraphs that took it up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.fields import LimitedField, LongField, PickField
from events.models import Paragraph

if TYPE_CHECKING:
    from events.models import Document, Event, KeyMessage, Session


class ConclusionForm(forms.Form):
    """A key message of the event or of one session."""

    base = LimitedField(max_length=64, required=False, widget=forms.HiddenInput)
    text = LongField(
        label=gettext_lazy("Conclusion"),
        max_length=1500,
        help_text=gettext_lazy("One thing that was concluded, in one to three sentences."),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Write what was concluded.")},
    )
    dimension = LimitedField(
        label=gettext_lazy("What it is about"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Conclusions with the same words here stand together."),
    )
    session = PickField(label=gettext_lazy("Session"), required=False)

    def __init__(
        self, *args: Any, event: Event, message: KeyMessage | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.sessions = {str(row.pk): row for row in event.sessions.all()}
        self.fields["session"].choices = [
            ("", _("The event as a whole")),
            *((pk, f"{row.code} {row.title}".strip()) for pk, row in self.sessions.items()),
        ]
        # A webinar is one session: what it concluded belongs to the event’s own page.
        if len(self.sessions) < 2 and not (message and message.session_id):
            del self.fields["session"]
        linked = list(message.paragraphs.all()) if message else []
        self.documents: dict[str, Document] = {}
        for document in event.documents.order_by("date", "pk"):
            name = f"paragraphs_{document.pk}"
            self.documents[name] = document
            self.fields[name] = LimitedField(
                label=_("Paragraphs of “%(document)s” that took it up") % {"document": document},
                max_length=300,
                required=False,
                help_text=_("Their numbers, with commas between them: 29, 30"),
                initial=", ".join(row.number for row in linked if row.document_id == document.pk),
            )
        own = {document.pk for document in self.documents.values()}
        #: Those of other events’ documents are not asked for here, and stay.
        self.others = [row for row in linked if row.document_id not in own]
        self.linked = linked

    @property
    def numbers(self) -> list[forms.BoundField]:
        """The fields for paragraphs, one for each document."""
        return [self[name] for name in self.documents]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self.found: list[Paragraph] = list(self.others)
        for name, document in self.documents.items():
            if name in data:
                try:
                    self.found += self._paragraphs(document, data[name])
                except ValidationError as refusal:
                    self.add_error(name, refusal)
        return data

    def _paragraphs(self, document: Document, typed: str) -> list[Paragraph]:
        """The paragraphs of these numbers. A number in two languages is meant once: as it was
        linked before, else in the language that comes first."""
        wanted = list(dict.fromkeys(filter(None, re.split(r"[\s,;،、]*[,;،、]\s*", typed.strip()))))
        rows = document.paragraphs.filter(number__in=wanted).order_by("position", "pk")
        before = {row.pk for row in self.linked}
        found: dict[str, Paragraph] = {}
        for row in rows:
            if row.number not in found or row.pk in before:
                found[row.number] = row
        missing = [number for number in wanted if number not in found]
        if missing:
            raise ValidationError(
                ngettext(
                    "“%(document)s” has no paragraph %(numbers)s.",
                    "“%(document)s” has no paragraphs %(numbers)s.",
                    len(missing),
                )
                % {"document": document, "numbers": ", ".join(missing)}
            )
        return list(found.values())

    def values(self) -> dict[str, Any]:
        """What the operation takes."""
        session: Session | None = self.sessions.get(self.cleaned_data.get("session", ""))
        return {
            "text": self.cleaned_data["text"],
            "dimension": self.cleaned_data["dimension"],
            "session": session,
            "paragraphs": self.found,
        }


class TakeOutForm(forms.Form):
    """Why a conclusion goes."""

    mark_optional = False
    reason = LimitedField(
        label=gettext_lazy("Why?"),
        max_length=300,
        help_text=gettext_lazy("The history of the event keeps it."),
        error_messages={"required": gettext_lazy("Say why, in a few words.")},
    )
