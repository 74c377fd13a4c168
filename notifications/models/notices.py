"""Facts people are to be told, and who has been told."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.kinds import NoticeKind
from notifications.kinds import Mail

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
    LETTER = "letter", _("Letters")
    SOLUTION = "solution", _("Versions and labels of solutions")
    HUB = "hub", _("Changes of hubs")
    EVENT = "event", _("Changes of events")
    THEME = "theme", _("Themes that open or close")
    COMMITMENT = "commitment", _("Updates of commitments")
    DUE = "due", _("Commitments that fall due")
    CONFIRM = "confirm", _("Profiles to be confirmed")
    ARRANGEMENT = "arrangement", _("What people who registered need to know")
    SEARCH = "search", _("Saved searches")


class Reason(models.TextChoices):
    """Why somebody is told, the weightiest first."""

    MENTIONED = "mentioned", _("You were mentioned")
    ANSWERED = "answered", _("Your post was answered")
    YOURS = "yours", _("It is about something you wrote")
    CONCERNS = "concerns", _("It concerns you")
    FOLLOWING = "following", _("You follow it")
    MEMBER = "member", _("You take part in the community")


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
    #: What letters are about; of other facts the registry knows (``noticeable``).
    kind = models.CharField(_("kind"), max_length=16, choices=NoticeKind, blank=True)
    #: What else belongs to the fact and is not in the record itself, such as a reason given.
    data: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
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
            models.Index(fields=["subject", "subject_id"], name="notices_of_a_record"),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def precision(self) -> str:
        """How exactly readers may be told when it happened: "day" or "minute"."""
        return "day" if self.data.get("discreet") else "minute"

    @property
    def until(self) -> dt.datetime | None:
        """When telling it is of no use any more, such as a reminder once all has begun."""
        said = self.data.get("until")
        return dt.datetime.fromisoformat(said) if said else None

    @property
    def is_late(self) -> bool:
        """Whether that moment has passed: no digest tells it then."""
        return self.until is not None and self.until <= timezone.now()


class Letter(models.Model):
    """The words of a notice, as they were when people were told: one row for all who read the
    same language in the same zone. Facts whose words can be found when they are read have none."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="letters")
    language = models.CharField(max_length=10)
    zone = models.CharField(max_length=64, blank=True)
    title = models.CharField(_("title"), max_length=250)
    body = models.TextField(_("text"))
    path = models.CharField(max_length=500)
    #: An iCalendar file that goes with the mail.
    calendar = models.TextField(blank=True)

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        constraints = [
            models.UniqueConstraint(
                fields=["notice", "language", "zone"], name="one_letter_a_language_and_zone"
            )
        ]

    def __str__(self) -> str:
        return self.title


class NotificationQuerySet(models.QuerySet["Notification"]):
    def of(self, user: User) -> Self:
        """One person's, newest first, as the portal shows them."""
        return self.filter(user=user, in_portal=True).order_by("-pk")

    def for_digests(self) -> Self:
        """Those that wait for the next digest of their person."""
        return self.filter(mail__in=(Mail.DAILY, Mail.WEEKLY), digest=None)


class Notification(models.Model):
    """One person is told of one fact, in the portal. What it says is worked out when it is read:
    what the person may not see by then says nothing."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="notifications")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications"
    )
    reason = models.CharField(_("reason"), max_length=12, choices=Reason)
    kind = models.CharField(_("kind"), max_length=16, choices=NoticeKind)
    letter = models.ForeignKey(
        Letter, on_delete=models.CASCADE, null=True, related_name="notifications"
    )
    told_at = models.DateTimeField(default=timezone.now, editable=False)
    #: Whether it stands in the list in the portal, and counts as unread there.
    in_portal = models.BooleanField(default=True)
    #: How it is mailed: at once by a delivery of its own, or in the digest it waits for.
    mail = models.CharField(_("by mail"), max_length=8, choices=Mail, default=Mail.NEVER)
    digest = models.ForeignKey(
        "notifications.Delivery", on_delete=models.SET_NULL, null=True, related_name="items"
    )
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
            models.Index(
                fields=["user", "id"],
                condition=Q(mail__in=["daily", "weekly"], digest=None),
                name="notifications_for_digests",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.notice}"
