"""The question of a month."""

from __future__ import annotations

import calendar
import datetime as dt

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalogue.models import Solution
from claims.models import Reference
from community.choices import Component, Season
from community.models.announced import AnnouncedQuerySet
from core.partialdate import PartialDateField
from events.models import Event, Person

#: A month is known to the month: "2013-04".
MONTH = len("2013-04")


class MonthlyThemeQuerySet(AnnouncedQuerySet["MonthlyTheme"]):
    """Themes that are announced."""


class MonthlyTheme(models.Model):
    """What the community works on in one month. It opens and closes with the month."""

    slug = models.SlugField(_("address"), max_length=80, unique=True)
    title = models.CharField(_("title"), max_length=200)
    month = PartialDateField(_("month"), help_text=_("Like 2013-04."))
    month_as_written = models.CharField(_("month, as written"), max_length=60, blank=True)
    year_is_derived = models.BooleanField(_("year worked out by the editors"), default=False)
    component = models.CharField(
        _("part of the framework"), max_length=20, choices=Component, blank=True
    )
    summary = models.CharField(_("the question in one sentence"), max_length=400, blank=True)
    facilitators = models.ManyToManyField(
        Person, blank=True, related_name="themes", verbose_name=_("facilitators")
    )
    #: The same people as members, who may pick insights, sum up and write the synthesis.
    stewards = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="themes_kept",
        verbose_name=_("facilitators with an account"),
    )
    opens_on = models.DateField(
        _("opens on"), null=True, blank=True, help_text=_("Empty: the first day of the month.")
    )
    closes_on = models.DateField(
        _("open until"), null=True, blank=True, help_text=_("Empty: the last day of the month.")
    )
    events = models.ManyToManyField(
        Event, blank=True, related_name="themes", verbose_name=_("webinars and meetings")
    )
    solutions = models.ManyToManyField(
        Solution, blank=True, related_name="themes", verbose_name=_("solutions")
    )
    reference = models.ForeignKey(
        Reference,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("source"),
    )
    place = models.CharField(_("page or section"), max_length=120, blank=True)
    is_public = models.BooleanField(_("public"), default=True)

    objects = MonthlyThemeQuerySet.as_manager()

    class Meta:
        verbose_name = _("theme of a month")
        verbose_name_plural = _("themes of the months")
        ordering = ["-month", "pk"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("community:theme", args=[self.slug])

    def clean(self) -> None:
        if self.month and len(self.month) != MONTH:
            raise ValidationError({"month": _("Give the month, like 2013-04.")})
        if self.month and self.first_open_day > self.last_open_day:
            raise ValidationError({"closes_on": _("It closes before it opens.")})

    @property
    def first_day(self) -> dt.date:
        return dt.date.fromisoformat(f"{self.month}-01")

    @property
    def first_open_day(self) -> dt.date:
        return self.opens_on or self.first_day

    @property
    def last_open_day(self) -> dt.date:
        last = calendar.monthrange(self.first_day.year, self.first_day.month)[1]
        return self.closes_on or self.first_day.replace(day=last)

    def season(self, today: dt.date) -> Season:
        """Whether it is to come, open for contributions or over. Follows from its dates alone."""
        if today < self.first_open_day:
            return Season.AHEAD
        return Season.OPEN if today <= self.last_open_day else Season.CLOSED


class GuidingQuestion(models.Model):
    """One of the questions a month starts from."""

    theme = models.ForeignKey(MonthlyTheme, on_delete=models.CASCADE, related_name="questions")
    text = models.CharField(_("question"), max_length=300)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("guiding question")
        verbose_name_plural = _("guiding questions")
        ordering = ["theme", "position", "pk"]

    def __str__(self) -> str:
        return self.text
