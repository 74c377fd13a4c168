from validation.models.answers import (
    Appeal,
    AppealMember,
    Challenge,
    Renewal,
)
from validation.models.cases import Case, CasePart, Clarification, Question
from validation.models.outcomes import Decision, Record
from validation.models.panel import EvidenceCheck, Reviewer, Score, Seat

__all__ = [
    "Appeal",
    "AppealMember",
    "Case",
    "CasePart",
    "Challenge",
    "Clarification",
    "Decision",
    "EvidenceCheck",
    "Question",
    "Record",
    "Renewal",
    "Reviewer",
    "Score",
    "Seat",
]
