"""Who follows what."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What is followed by a row here. ``notifications.followables`` says what each offers.

    Discussions and commitments keep followers of their own (``Reading``, ``CommitmentFollow``).
    """

    SOLUTION = "solution", _("Solution")
    HUB = "hub", _("Hub")
    THEME = "theme", _("Theme of a month")
    CHAPTER = "chapter", _("Chapter")
    LAB = "lab", _("Living lab")
    EVENT = "event", _("Event")
    MEMBER = "member", _("Member")


class FollowQuerySet(models.QuerySet["Follow"]):
    def of(self, kind: str, subject_id: int) -> Self:
        """Who follows one record, muted or not."""
        return self.filter(kind=kind, subject_id=subject_id)

    def listening(self, kind: str, subject_id: int, *, after: int = 0) -> Self:
        """Those to be told of a record, by account, beyond the account told last.

        Slices of this are the portions in which any number of followers is told; each costs what
        the first one costs.
        """
        rows = self.of(kind, subject_id).filter(muted=False, user_id__gt=after)
        return rows.order_by("user_id")


class Follow(models.Model):
    """A person wants to hear of one record. Nobody else reads it.

    The record is named, not linked: one that is deleted, withdrawn or closed to the person drops
    out of what they read, and comes back when it does.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="follows"
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    subject_id = models.BigIntegerField()
    #: Still in the list of what they follow, and silent.
    muted = models.BooleanField(_("muted"), default=False)
    since = models.DateTimeField(_("since"), default=timezone.now, editable=False)

    objects = FollowQuerySet.as_manager()

    class Meta:
        verbose_name = _("follow")
        verbose_name_plural = _("follows")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "subject_id"], name="followed_once_each"
            )
        ]
        indexes = [
            models.Index(fields=["kind", "subject_id", "user"], name="followers_of_a_record")
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.subject_id}"


class LastLook(models.Model):
    """Until when a person has seen the news of what they follow. They say so by a button."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="last_look"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("last look at the news")
        verbose_name_plural = _("last looks at the news")

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
