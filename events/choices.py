"""The closed lists of the events record; the terms are those of the field."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class EventKind(TextChoices):
    HIGH_LEVEL_MEETING = "high_level_meeting", _("High-level meeting")
    REGIONAL_MEETING = "regional_meeting", _("Regional meeting")
    CONFERENCE = "conference", _("Conference")
    ROUNDTABLE = "roundtable", _("Roundtable conference")
    DIALOGUE = "dialogue", _("Dialogue")
    WORKSHOP = "workshop", _("Workshop")
    STEERING_GROUP = "steering_group", _("Steering group")
    WEBINAR = "webinar", _("Webinar")
    EXPO = "expo", _("Expo")
    VIDEO_CONFERENCE = "video_conference", _("Video conference")


class EventStatus(TextChoices):
    PLANNED = "planned", _("Planned")
    CONFIRMED = "confirmed", _("Confirmed")
    HELD = "held", _("Held")
    POSTPONED = "postponed", _("Postponed")
    CANCELLED = "cancelled", _("Cancelled")


class PartyRole(TextChoices):
    """What an institution does at an event."""

    HOST = "host", _("Host")
    ORGANISER = "organiser", _("Organiser")
    COLLABORATOR = "collaborator", _("Collaborator")
    SUPPORTER = "supporter", _("Supporter")


class SessionKind(TextChoices):
    OPENING = "opening", _("Opening")
    PLENARY = "plenary", _("Plenary")
    PANEL = "panel", _("Panel")
    ROUND_TABLE = "round_table", _("Round table")
    FOCUS = "focus", _("Focus session")
    SIDE_EVENT = "side_event", _("Side event")
    WORKSHOP = "workshop", _("Workshop")
    FIELD_VISIT = "field_visit", _("Field visit")
    MARKET_PLACE = "market_place", _("Market place")
    BREAK = "break", _("Break")
    SESSION = "session", _("Session")
    CLOSING = "closing", _("Closing")


class ContributionRole(TextChoices):
    """What a person did, at the time."""

    OPENER = "opener", _("Opened it")
    CHAIR = "chair", _("Chaired it")
    GUIDE = "guide", _("Guided it")
    MODERATOR = "moderator", _("Moderator")
    SPEAKER = "speaker", _("Speaker")
    PANELLIST = "panellist", _("Panellist")
    COMMENTATOR = "commentator", _("Commentator")
    PARTICIPANT = "participant", _("Took part")
    AUTHOR = "author", _("Author")
    COORDINATOR = "coordinator", _("Lead coordinator")


class DocumentKind(TextChoices):
    COMMUNIQUE = "communique", _("Communiqué")
    DECLARATION = "declaration", _("Declaration")
    PROCEEDINGS = "proceedings", _("Proceedings")
    SUMMARY = "summary", _("Summary")


class Progress(TextChoices):
    """How far a commitment has come, as the evidence shows."""

    NO_EVIDENCE = "no_evidence", _("No evidence yet")
    NOT_STARTED = "not_started", _("Not started")
    LIMITED = "limited", _("Limited progress")
    SUBSTANTIAL = "substantial", _("Substantial progress")
    COMPLETE = "complete", _("Complete")


class Standing(TextChoices):
    """What a reader is told of a commitment: progress, and whether it came in time."""

    NO_EVIDENCE = "no_evidence", _("No evidence yet")
    NOT_STARTED = "not_started", _("Not started")
    LIMITED = "limited", _("Limited progress")
    SUBSTANTIAL = "substantial", _("Substantial progress")
    COMPLETE = "complete", _("Complete")
    COMPLETE_LATE = "complete_late", _("Complete, late")
