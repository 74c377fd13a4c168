"""The community of practice: the themes of its months, its chapters."""

from community.models.chapters import Chapter
from community.models.themes import GuidingQuestion, MonthlyTheme

__all__ = ["Chapter", "GuidingQuestion", "MonthlyTheme"]
