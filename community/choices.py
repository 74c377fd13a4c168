"""The closed lists of the community."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Component(TextChoices):
    """The parts of the framework a month's theme can belong to.

    The first four are institutional, the other four operational: Choesni and Schulz, Chapter 4,
    section 3.
    """

    MANDATE = "mandate", _("Mandate")
    MODEL = "model", _("Model")
    PARTNERSHIPS = "partnerships", _("Partnerships")
    SUPPORT = "support", _("External support")
    VALIDATE = "validate", _("Validate and package")
    IMPLEMENT = "implement", _("Plan and implement")
    FINANCE = "finance", _("Finance")
    EVALUATE = "evaluate", _("Monitor and evaluate")


INSTITUTIONAL = frozenset(
    {Component.MANDATE, Component.MODEL, Component.PARTNERSHIPS, Component.SUPPORT}
)


class ChapterStatus(TextChoices):
    PLANNED = "planned", _("Being built up")
    ACTIVE = "active", _("Active")
    RESTING = "resting", _("Resting")


class Season(TextChoices):
    """Where a month's theme stands today; follows from its month."""

    AHEAD = "ahead", _("To come")
    OPEN = "open", pgettext_lazy("takes answers", "Open")
    CLOSED = "closed", _("Closed")


class Trust(TextChoices):
    """How far a member's contributions go out unread; grows with use (``community.trust``)."""

    NEW = "new", pgettext_lazy("trust in a member", "New")
    KNOWN = "known", pgettext_lazy("trust in a member", "Known")
    TRUSTED = "trusted", pgettext_lazy("trust in a member", "Trusted")


class SanctionKind(TextChoices):
    """What moderators may do about a member's conduct, the mildest first."""

    WARNING = "warning", _("Warning")
    CHECKED = "checked", _("Contributions are checked again")
    SUSPENSION = "suspension", _("May read, not write, for a time")
    BAN = "ban", _("May read, not write")


class Ground(TextChoices):
    """The rules of the code of conduct, as grounds of a decision. Their text: ``conduct.py``."""

    PRACTICE = "practice", _("Not about practice, or off the subject")
    RESPECT = "respect", _("Disrespect, harassment or hate")
    PRIVACY = "privacy", _("Personal data or something told in confidence")
    SOURCES = "sources", _("Claims as one’s own what others made, or misleads about a source")
    SPAM = "spam", _("Advertising or spam")
    LAW = "law", _("Against the law")


class DiscussionState(TextChoices):
    OPEN = "open", pgettext_lazy("takes answers", "Open")
    LOCKED = "locked", _("Locked")
    HIDDEN = "hidden", _("Hidden")
    MERGED = "merged", _("Merged into another")


class PostState(TextChoices):
    HELD = "held", _("Waits for a moderator")
    SHOWN = "shown", _("Shown")
    HIDDEN = "hidden", _("Hidden")
    WITHDRAWN = "withdrawn", _("Withdrawn by its author")


class SynthesisState(TextChoices):
    WRITING = "writing", _("Being written")
    PUBLISHED = "published", _("Published")


class Attention(TextChoices):
    """How a member follows one discussion."""

    NORMAL = "normal", _("Not followed")
    FOLLOWING = "following", _("Followed")
    MUTED = "muted", _("Muted")


class ArticleState(TextChoices):
    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("With the editors")
    ACCEPTED = "accepted", _("Accepted, appears on its date")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class LabStatus(TextChoices):
    PLANNED = "planned", _("Planned")
    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Finished")


class Outcome(TextChoices):
    """What became of a practice tried elsewhere."""

    WORKED = "worked", _("It worked")
    PARTLY = "partly", _("It worked in part")
    FAILED = "failed", _("It did not work")
    RUNNING = "running", _("Too early to say")


class LessonState(TextChoices):
    """Whether a lab still says it."""

    SHOWN = "shown", _("Shown")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class VersionState(TextChoices):
    """Whether readers see an earlier text of a blog post."""

    SHOWN = "shown", _("Shown")
    HIDDEN = "hidden", _("Hidden")


class ReportState(TextChoices):
    SUBMITTED = "submitted", _("Waits for a check")
    SHOWN = "shown", _("Shown")
    HIDDEN = "hidden", _("Hidden")
    WITHDRAWN = "withdrawn", _("Withdrawn by its author")


class ChapterRole(TextChoices):
    ASKED = "asked", _("Has asked to join")
    MEMBER = "member", _("Member")
    COORDINATOR = "coordinator", _("Coordinator")


class PublicationKind(TextChoices):
    """What kind of publication an entry of the library is."""

    REPORT = "report", _("Report")
    PAPER = "paper", _("Working paper")
    ARTICLE = "article", _("Journal article")
    BOOK = "book", _("Book")
    CHAPTER = "chapter", _("Chapter of a book")
    PROCEEDINGS = "proceedings", _("Proceedings")
    COMMUNIQUE = "communique", _("Communiqué or declaration")
    GUIDE = "guide", _("Guide or toolkit")
    CASE = "case", _("Case study")
    THESIS = "thesis", _("Thesis")
    DATA = "data", _("Data")
    PAGE = "page", _("Web page")
    RECORDING = "recording", _("Film or recording")
    OTHER = "other", _("Document")


class ItemState(TextChoices):
    """Where an entry of the library stands. ``UNLISTED``: nothing public cites it yet."""

    PROPOSED = "proposed", _("Waits for a check")
    LISTED = "listed", _("Listed")
    UNLISTED = "unlisted", _("Known, not listed")
    REFUSED = "refused", _("Not listed")
    WITHDRAWN = "withdrawn", _("Taken back")
    MERGED = "merged", _("Merged into another")
