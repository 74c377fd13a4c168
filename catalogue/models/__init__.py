"""The catalogue's records."""

from catalogue.models.criteria import CriteriaSet, CriteriaState
from catalogue.models.parts import (
    BuildingBlock,
    Contributor,
    Evidence,
    Indicator,
    Invitation,
    StoredFile,
    Translation,
)
from catalogue.models.solution import Solution, SolutionTag, Tag
from catalogue.models.submission import GateAnswer, Remark, Submission, Version
from catalogue.models.writing import EditLock, PageDraft

__all__ = [
    "BuildingBlock",
    "Contributor",
    "CriteriaSet",
    "CriteriaState",
    "EditLock",
    "Evidence",
    "GateAnswer",
    "Indicator",
    "Invitation",
    "PageDraft",
    "Remark",
    "Solution",
    "SolutionTag",
    "StoredFile",
    "Submission",
    "Tag",
    "Translation",
    "Version",
]
