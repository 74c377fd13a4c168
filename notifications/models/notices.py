"""Facts people are to be told, and who has been told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from accounts.models import User


class Subject(models.TextChoices):
    """What a notice is about. ``notifications.noticeable`` says who is told and in which words."""

    POST = "post", _("Posts in discussions")
    INSIGHT = "insight", _("Posts picked as insights")
    SYNTHESIS = "synthesis", _("Syntheses")
    ARTICLE = "article", _("Blog posts")
    LAB_ENTRY = "lab_entry", _("Journals of living labs")
    LESSON = "lesson", _("Lessons of living labs")
    TRIAL = "trial", _("Reports of trials")


class Reason(models.TextChoices):
    """Why somebody is told, the weightiest first."""

    MENTIONED = "mentioned", _("You were mentioned")
    ANSWERED = "answered", _("Your post was answered")
    YOURS = "yours", _("It is about something you wrote")
    FOLLOWING = "following", _("You follow it")


class NoticeQuerySet(models.QuerySet["Notice"]):
    def owed(self) -> Self:
        """Those somebody may still have to be told, the oldest first."""
        return self.filter(done_at=None).order_by("pk")


class Notice(models.Model):
    """One fact, written down in the transaction it happened in.

    The row is the record of what is still to be told: ``cursor`` is the account told last, and
    every step forward happens in one transaction with what it writes. So whoever dies, nobody is
    left out and nobody told twice.
    """

    #: Names the fact: announced again, it is the same notice.
    key = models.CharField(max_length=80, unique=True)
    subject = models.CharField(_("about"), max_length=16, choices=Subject)
    subject_id = models.BigIntegerField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    #: Reason to accounts told by name, a few at most: {"mentioned": [7, 12]}.
    direct: models.JSONField[dict[str, list[int]], dict[str, list[int]]] = models.JSONField(
        default=dict
    )
    #: Whether followers are told, too.
    to_followers = models.BooleanField(default=True)
    happened_at = models.DateTimeField(default=timezone.now, editable=False)
    cursor = models.BigIntegerField(default=0)
    done_at = models.DateTimeField(null=True, editable=False)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["id"], condition=Q(done_at=None), name="notices_owed"),
            models.Index(fields=["happened_at"], name="notices_by_age"),
        ]

    def __str__(self) -> str:
        return self.key


class NotificationQuerySet(models.QuerySet["Notification"]):
    def of(self, user: User) -> Self:
        """One person's, newest first."""
        return self.filter(user=user).order_by("-pk")


class Notification(models.Model):
    """One person is told of one fact, in the portal. What it says is worked out when it is read:
    what the person may not see by then says nothing."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="notifications")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    read_at = models.DateTimeField(null=True, editable=False)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["notice", "user"], name="told_once_of_each_notice")
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="notifications_of_a_person"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="notifications_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.notice}"
