"""Participation: registration and its line, questions, papers, feedback, calls for stories."""

from participation.models.admission import (
    Admission,
    Category,
    PersonalCalendar,
    Registration,
    zone_of,
)
from participation.models.papers import Paper, PaperVersion
from participation.models.questions import Feedback, Question, QuestionVote
from participation.models.stories import CaseStory, StoryCall

__all__ = [
    "Admission",
    "CaseStory",
    "Category",
    "Feedback",
    "Paper",
    "PaperVersion",
    "PersonalCalendar",
    "Question",
    "QuestionVote",
    "Registration",
    "StoryCall",
    "zone_of",
]
