"""The closed lists of participation."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Listing(TextChoices):
    """Who may read that somebody takes part. The person decides."""

    NOBODY = "nobody", _("Nobody but the organisers")
    PARTICIPANTS = "participants", _("Others who take part")
    PUBLIC = "public", _("Everybody")


class PaperKind(TextChoices):
    AGENDA = "agenda", _("Agenda")
    CONCEPT_NOTE = "concept_note", _("Concept note")
    PRACTICAL = "practical", _("Practical information")
    BACKGROUND = "background", _("Background paper")
    SLIDES = "slides", _("Slides")
    RECORDING = "recording", _("Recording")
    TRANSCRIPT = "transcript", _("Transcript")
    SUMMARY = "summary", _("Written summary")
    OTHER = "other", _("Other paper")


class PaperAudience(TextChoices):
    PUBLIC = "public", _("Everybody")
    PARTICIPANTS = "participants", _("People with a place")
