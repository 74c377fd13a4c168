"""Mails owed to people for what they are to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.kinds import NoticeKind
from core.outbox import Owed
from notifications.kinds import TOLD, Rank
from notifications.models.notices import Notification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.outbox import Fate
    from notifications.at_hand import AtHand


class Delivery(Owed):
    """One mail owed to one person: about one notification, or a digest of several.

    It holds no text. That is written at the moment of sending, from what the person may read and
    wishes to be told by then.
    """

    class Sort(models.TextChoices):
        NOTICE = "notice", _("At once")
        DAILY = "daily", _("Daily digest")
        WEEKLY = "weekly", _("Weekly digest")

    turn: ClassVar[tuple[str, ...]] = ("rank", "available_at", "pk")
    #: What was read for this mail and its neighbours, while a sender has them in hand.
    at_hand: AtHand | None = None

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="deliveries"
    )
    sort = models.CharField(_("sort"), max_length=8, choices=Sort)
    kind = models.CharField(_("kind"), max_length=16, choices=NoticeKind, blank=True)
    rank = models.PositiveSmallIntegerField(default=Rank.NEWS)
    #: What a mail at once is about.
    notification = models.OneToOneField(
        Notification, on_delete=models.CASCADE, null=True, related_name="delivery"
    )
    #: The day a digest is for, in the person's zone: one digest of a sort a day and person.
    period = models.DateField(null=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "sort", "period"], name="one_digest_a_period",
                condition=Q(notification=None),
            ),
            models.CheckConstraint(
                name="delivery_of_a_notice_or_a_period",
                condition=Q(notification__isnull=False, period=None, sort="notice")
                | (Q(notification=None, period__isnull=False) & ~Q(sort="notice")),
            ),
        ]  # fmt: skip
        indexes = [
            # Of all states: SQLite uses a partial index only for values that stand in the statement
            # itself, and ours are bound to it.
            models.Index(fields=["state", "rank", "available_at", "id"], name="deliveries_in_turn"),
            models.Index(
                fields=["state", "-id"],
                condition=Q(state__in=["unconfirmed", "dead"]),
                name="deliveries_to_look_at",
            ),
            models.Index(fields=["created_at"], name="deliveries_by_age"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display() or self.get_sort_display()} ({self.pk})"

    @property
    def once_more(self) -> bool:
        """A digest of unknown fate is not sent again: what it says stands in the portal."""
        return self.sort == self.Sort.NOTICE

    @property
    def repeats_likely(self) -> bool:
        """What is told stands in the portal as well, so a mail that most likely arrived is not
        sent twice; what nobody may miss is."""
        return bool(self.kind) and TOLD[self.kind].essential

    @classmethod
    def prepare(cls, rows: Sequence[Any]) -> None:
        from notifications import at_hand  # noqa: PLC0415

        at_hand.prepare(rows)

    def compose(self) -> Any:
        from notifications import mailing  # noqa: PLC0415 (what a mail says is above what is owed)

        return mailing.compose(self)

    def ended(self, fate: Fate, why: str) -> None:
        from notifications import mailing  # noqa: PLC0415

        mailing.ended(self, fate, why)
