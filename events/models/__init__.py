"""The record of meetings: events, programmes, outcomes and commitments."""

from events.models.imports import ProgrammeImport
from events.models.meetings import (
    Event,
    EventClaim,
    Party,
    Series,
    SeriesName,
    StatusNote,
)
from events.models.members import CommitmentFollow, PersonClaim
from events.models.outcomes import (
    Commitment,
    CommitmentOwner,
    CommitmentUpdate,
    Document,
    KeyMessage,
    Paragraph,
    overdue,
    standing_of,
)
from events.models.programme import Contribution, Person, PersonName, Room, Session, Track

__all__ = [
    "Commitment",
    "CommitmentFollow",
    "CommitmentOwner",
    "CommitmentUpdate",
    "Contribution",
    "Document",
    "Event",
    "EventClaim",
    "KeyMessage",
    "Paragraph",
    "Party",
    "Person",
    "PersonClaim",
    "PersonName",
    "ProgrammeImport",
    "Room",
    "Series",
    "SeriesName",
    "Session",
    "StatusNote",
    "Track",
    "overdue",
    "standing_of",
]
