"""What a person wishes to be told, how and when."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.kinds import NoticeKind
from notifications.kinds import Mail


class Preference(models.Model):
    """One kind, where the person wishes it other than it is by itself (``kinds.TOLD``)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_preferences"
    )
    kind = models.CharField(_("kind"), max_length=16, choices=NoticeKind)
    in_portal = models.BooleanField(_("in the portal"), default=True)
    mail = models.CharField(_("by mail"), max_length=8, choices=Mail)
    push = models.BooleanField(_("on your devices"), default=False)

    class Meta:
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="one_preference_a_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.mail}"


class Times(models.Model):
    """When a person may be written to. All times are in the zone of their profile."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notice_times"
    )
    #: Nothing is mailed or rings between these; both or neither.
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    #: Nothing is mailed since then, until the moment below or until the person says so.
    paused_since = models.DateTimeField(null=True, blank=True, editable=False)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    #: The hour in which digests come, and the day of the weekly one (Monday is 0).
    digest_hour = models.PositiveSmallIntegerField(_("hour of digests"), default=7)
    digest_weekday = models.PositiveSmallIntegerField(_("day of the weekly digest"), default=0)

    class Meta:
        verbose_name = _("times of notifications")
        verbose_name_plural = _("times of notifications")
        constraints = [
            models.CheckConstraint(
                name="quiet_hours_have_two_ends",
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
            ),
            models.CheckConstraint(name="digest_hour_of_a_day", condition=Q(digest_hour__lt=24)),
            models.CheckConstraint(name="digest_day_of_a_week", condition=Q(digest_weekday__lt=7)),
        ]

    def __str__(self) -> str:
        return str(self.user)

    def is_paused(self, now: dt.datetime | None = None) -> bool:
        now = now or timezone.now()
        return self.paused_since is not None and (
            self.paused_until is None or now < self.paused_until
        )

    def kept_data(self) -> dict[str, Any]:
        """For the person's own file."""
        return {
            "quiet_from": self.quiet_from and self.quiet_from.isoformat(),
            "quiet_until": self.quiet_until and self.quiet_until.isoformat(),
            "paused_since": self.paused_since and self.paused_since.isoformat(),
            "paused_until": self.paused_until and self.paused_until.isoformat(),
            "digest_hour": self.digest_hour,
            "digest_weekday": self.digest_weekday,
        }
