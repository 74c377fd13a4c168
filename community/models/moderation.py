"""Flags, decisions with their grounds, and appeals against them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from claims.models import new_uid
from community.choices import Ground
from community.models.articles import Article, ArticleRevision
from community.models.discussions import Discussion, Post
from community.models.labs import TrialReport
from community.models.members import Sanction
from community.signals import flag_settled
from core.lifecycle import Lifecycle, Move

if TYPE_CHECKING:
    from accounts.models import User

#: What can be flagged and decided about: each names the column that points at it.
SUBJECTS = ("post", "article", "report")


def _one_subject() -> Q:
    condition = Q()
    for name in SUBJECTS:
        condition |= Q(**{f"{other}__isnull": other != name for other in SUBJECTS})
    return condition


class Flag(Lifecycle):
    """A reader says that something breaks a rule. Who said so only moderators know."""

    class State(models.TextChoices):
        OPEN = "open", _("Waits for a moderator")
        UPHELD = "upheld", _("Something was done")
        DISMISSED = "dismissed", _("Nothing was wrong")

    moves = {
        "uphold_flag": Move(
            _("Something was done"), (State.OPEN,), State.UPHELD, "community.moderate"
        ),
        "dismiss_flag": Move(
            _("Nothing wrong"), (State.OPEN,), State.DISMISSED, "community.moderate"
        ),
    }

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    post = models.ForeignKey(Post, models.CASCADE, null=True, related_name="flags")
    article = models.ForeignKey(Article, models.CASCADE, null=True, related_name="flags")
    report = models.ForeignKey(TrialReport, models.CASCADE, null=True, related_name="flags")
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    ground = models.CharField(_("which rule?"), max_length=12, choices=Ground)
    note = models.CharField(_("what is wrong, in a sentence"), max_length=500, blank=True)
    raised_at = models.DateTimeField(default=timezone.now, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.OPEN, editable=False
    )
    settled_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("flag")
        verbose_name_plural = _("flags")
        ordering = ["raised_at", "pk"]
        constraints = [
            models.CheckConstraint(name="flag_has_one_subject", condition=_one_subject()),
            *(
                models.UniqueConstraint(
                    fields=[name, "raised_by"],
                    condition=Q(state="open"),
                    name=f"{name}_flagged_once",
                )
                for name in SUBJECTS
            ),
        ]
        indexes = [models.Index(fields=["raised_at"], condition=Q(state="open"), name="flags_open")]

    def __str__(self) -> str:
        return str(self.get_ground_display())

    @property
    def subject(self) -> Post | Article | TrialReport:
        return self.post or self.article or self.report  # type: ignore[return-value]

    def uphold_flag(self, *, by: User) -> None:
        self._make("uphold_flag", by=by, settled_at=timezone.now())

    def dismiss_flag(self, *, by: User) -> None:
        self._make("dismiss_flag", by=by, settled_at=timezone.now())

    def announce(self, verb: str, *, by: Any) -> None:
        flag_settled.send(Flag, flag=self, by=by)


class Decision(models.Model):
    """What a moderator did, why, and on which rule. The public log shows it without any name.

    ``reason`` is for the person it concerns; the log shows what was done, to what kind of thing, in
    which part of the community, on which ground, and how an appeal ended.
    """

    class What(models.TextChoices):
        RELEASE = "release", _("Shown after a check")
        REFUSE = "refuse", _("Not shown after a check")
        KEEP = "keep", _("Left as it is after a flag")
        HIDE = "hide", _("Hidden")
        RESTORE = "restore", _("Shown again")
        LOCK = "lock", _("Discussion locked")
        UNLOCK = "unlock", _("Discussion opened again")
        MOVE = "move", _("Discussion moved")
        MERGE = "merge", _("Discussions merged")
        SPLIT = "split", _("Discussion split")
        WARN = "warning", _("Member warned")
        CHECK = "checked", _("Member’s contributions checked again")
        SUSPEND = "suspension", _("Member suspended")
        BAN = "ban", _("Member banned")
        LIFT = "lift", _("Measure lifted")

    class Thing(models.TextChoices):
        POST = "post", _("Post")
        DISCUSSION = "discussion", _("Discussion")
        ARTICLE = "article", _("Blog post")
        REPORT = "report", _("Report of a trial")
        VERSION = "version", _("Earlier text of a blog post")
        MEMBER = "member", _("Member")

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    what = models.CharField(_("decision"), max_length=12, choices=What)
    thing = models.CharField(_("about"), max_length=12, choices=Thing)
    post = models.ForeignKey(Post, models.SET_NULL, null=True, related_name="decisions")
    discussion = models.ForeignKey(Discussion, models.SET_NULL, null=True, related_name="decisions")
    article = models.ForeignKey(Article, models.SET_NULL, null=True, related_name="decisions")
    report = models.ForeignKey(TrialReport, models.SET_NULL, null=True, related_name="decisions")
    version = models.ForeignKey(
        ArticleRevision, models.SET_NULL, null=True, related_name="decisions"
    )
    sanction = models.ForeignKey(Sanction, models.SET_NULL, null=True, related_name="decisions")
    #: Whom it concerns: they read the reason and may appeal.
    about = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    ground = models.CharField(_("rule"), max_length=12, choices=Ground, blank=True)
    reason = models.TextField(_("reason"), max_length=2000, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(default=timezone.now, editable=False)
    undone_at = models.DateTimeField(null=True, editable=False)

    #: Decisions that take something from somebody: these can be appealed against.
    APPEALABLE = frozenset({"refuse", "hide", "warning", "checked", "suspension", "ban"})

    class Meta:
        verbose_name = _("decision of moderators")
        verbose_name_plural = _("decisions of moderators")
        ordering = ["-decided_at", "-pk"]
        indexes = [
            models.Index(fields=["-decided_at", "-id"], name="decisions_by_date"),
            models.Index(fields=["about", "-decided_at"], name="decisions_about_somebody"),
        ]

    def __str__(self) -> str:
        return str(self.get_what_display())

    @property
    def subject(self) -> Any:
        """What it was decided about, as long as that is there."""
        return (
            self.post
            or self.article
            or self.version
            or self.report
            or self.sanction
            or self.discussion
        )

    def is_open_to_appeal(self, now: dt.datetime) -> bool:
        """Whether whoever it concerns may still object. A query unless its appeal was fetched."""
        return (
            self.what in self.APPEALABLE
            and self.undone_at is None
            and now - self.decided_at <= dt.timedelta(days=Appeal.DAYS)
            and getattr(self, "appeal", None) is None
        )


class Appeal(Lifecycle):
    """Somebody objects to a decision that concerns them; another moderator looks again."""

    #: Days in which a decision can be appealed against.
    DAYS = 30

    class State(models.TextChoices):
        OPEN = "open", _("Waits for another moderator")
        GRANTED = "granted", _("Granted: the decision was undone")
        REJECTED = "rejected", _("Not granted")

    moves = {
        "grant_appeal": Move(_("Grant"), (State.OPEN,), State.GRANTED, "community.decide_appeal"),
        "reject_appeal": Move(
            _("Do not grant"), (State.OPEN,), State.REJECTED, "community.decide_appeal"
        ),
    }

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    decision = models.OneToOneField(Decision, on_delete=models.CASCADE, related_name="appeal")
    text = models.TextField(_("why the decision is wrong"), max_length=3000)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.OPEN, editable=False
    )
    answer = models.TextField(_("answer"), max_length=2000, blank=True)
    answered_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("appeal against moderators")
        verbose_name_plural = _("appeals against moderators")
        ordering = ["made_at", "pk"]

    def __str__(self) -> str:
        return str(self.decision)

    def grant_appeal(self, *, by: User, answer: str) -> None:
        """Agree. What was decided is undone by ``operations.moderating.settle_appeal``."""
        self._make("grant_appeal", by=by, note=answer, answer=answer, answered_at=timezone.now())

    def reject_appeal(self, *, by: User, answer: str) -> None:
        self._make("reject_appeal", by=by, note=answer, answer=answer, answered_at=timezone.now())
