"""The community of practice: who takes part, its months, chapters, labs, discussions and blog."""

from community.models.articles import Article, ArticleDraft, ArticleRevision, ArticleTag
from community.models.chapters import Chapter, ChapterMember
from community.models.directory import (
    DirectoryCount,
    DirectoryEntry,
    DirectoryFacet,
    DirectoryWord,
)
from community.models.discussions import (
    PLACES,
    Discussion,
    Draft,
    Insight,
    Mention,
    Post,
    PostRevision,
    Reading,
    UsefulMark,
)
from community.models.labs import LabEntry, Lesson, LessonConfirmation, LivingLab, TrialReport
from community.models.library import Distinct, LibraryItem, LibraryTag, LibraryUpload
from community.models.members import (
    Departure,
    FormerHandle,
    Member,
    Sanction,
    member_of,
    sanctions_of,
    silenced_by,
)
from community.models.moderation import Appeal, Decision, Flag
from community.models.outgrowths import Outgrowth
from community.models.polls import Ballot, Poll, PollOption
from community.models.recognition import Certificate
from community.models.synthesis import (
    Conclusion,
    ConclusionSource,
    Synthesis,
    SynthesisVersion,
    VersionSource,
    sources_for,
)
from community.models.themes import GuidingQuestion, MonthlyTheme

__all__ = [
    "PLACES",
    "Appeal",
    "Article",
    "ArticleDraft",
    "ArticleRevision",
    "ArticleTag",
    "Ballot",
    "Certificate",
    "Chapter",
    "ChapterMember",
    "Conclusion",
    "ConclusionSource",
    "Decision",
    "Departure",
    "DirectoryCount",
    "DirectoryEntry",
    "DirectoryFacet",
    "DirectoryWord",
    "Discussion",
    "Distinct",
    "Draft",
    "Flag",
    "FormerHandle",
    "GuidingQuestion",
    "Insight",
    "LabEntry",
    "Lesson",
    "LessonConfirmation",
    "LibraryItem",
    "LibraryTag",
    "LibraryUpload",
    "LivingLab",
    "Member",
    "Mention",
    "MonthlyTheme",
    "Outgrowth",
    "Poll",
    "PollOption",
    "Post",
    "PostRevision",
    "Reading",
    "Sanction",
    "Synthesis",
    "SynthesisVersion",
    "TrialReport",
    "UsefulMark",
    "VersionSource",
    "member_of",
    "sanctions_of",
    "silenced_by",
    "sources_for",
]
