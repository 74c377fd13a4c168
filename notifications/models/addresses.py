"""What mail servers said about addresses, and how many of their reports were believed."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core.outbox import masked


class Address(models.Model):
    """An address that mails came back from, or whose reader called one of them unwanted.

    Addresses nothing ever came back from have no row. ``notifications.addresses`` counts.
    """

    #: As it is compared: in lower case.
    address = models.EmailField(_("address"), max_length=254, unique=True)
    #: As of ``counted_at``; it falls with time (``addresses.score_of``).
    score = models.PositiveSmallIntegerField(_("score"), default=0)
    counted_at = models.DateTimeField(default=timezone.now, editable=False)
    #: The last day a passing failure was counted: one a day at most.
    passing_on = models.DateField(null=True, editable=False)
    #: Nothing but the essential is mailed there before.
    stopped_until = models.DateTimeField(_("stopped until"), null=True, blank=True)
    #: The reader called a mail unwanted. It ends when they say so.
    complained_at = models.DateTimeField(_("called unwanted"), null=True, blank=True)
    last_problem = models.CharField(_("problem"), max_length=200, blank=True)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)

    class Meta:
        verbose_name = _("address mails come back from")
        verbose_name_plural = _("addresses mails come back from")
        ordering = ["-changed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="addresses_in_lower_case", condition=Q(address=Lower("address"))
            ),
        ]
        indexes = [models.Index(fields=["changed_at"], name="addresses_by_age")]

    def __str__(self) -> str:
        return masked(self.address)

    def is_stopped(self, now: dt.datetime | None = None) -> bool:
        now = now or timezone.now()
        return self.complained_at is not None or (
            self.stopped_until is not None and now < self.stopped_until
        )


class ReportCount(models.Model):
    """How many reports of mail servers came on a day, by what became of them."""

    day = models.DateField()
    outcome = models.CharField(max_length=16)
    number = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("count of reports")
        verbose_name_plural = _("counts of reports")
        constraints = [
            models.UniqueConstraint(fields=["day", "outcome"], name="one_count_a_day_and_outcome")
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.outcome}"
