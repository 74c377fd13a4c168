"""Regional chapters."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.models import Language
from claims.models import Reference
from community.choices import ChapterStatus
from community.models.announced import AnnouncedQuerySet
from core import walltime
from events.models import Event
from hubs.models import Hub


class ChapterQuerySet(AnnouncedQuerySet["Chapter"]):
    """Chapters that are announced."""


class Chapter(models.Model):
    """The part of the community in one region: near in time, language and practice."""

    slug = models.SlugField(_("address"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=150)
    region = models.CharField(_("region"), max_length=120)
    summary = models.CharField(_("summary in one or two sentences"), max_length=500, blank=True)
    status = models.CharField(
        _("status"), max_length=20, choices=ChapterStatus, default=ChapterStatus.PLANNED
    )
    lead = models.CharField(_("lead organisation"), max_length=200, blank=True)
    lead_hub = models.ForeignKey(
        Hub,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="chapters_led",
        verbose_name=_("hub of the lead organisation"),
    )
    languages = models.ManyToManyField(
        Language, blank=True, related_name="+", verbose_name=_("languages")
    )
    zone = models.CharField(_("time zone"), max_length=60, blank=True)
    events = models.ManyToManyField(
        Event, blank=True, related_name="chapters", verbose_name=_("webinars and meetings")
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

    objects = ChapterQuerySet.as_manager()

    class Meta:
        verbose_name = _("chapter")
        verbose_name_plural = _("chapters")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("community:chapter", args=[self.slug])

    def clean(self) -> None:
        if self.zone and self.zone not in walltime.zones():
            raise ValidationError({"zone": _("Choose a time zone from the list.")})
