"""Calls for case stories: what is sent in becomes drafts of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalogue.models import Solution
from claims.models import new_uid
from events.models import Event

if TYPE_CHECKING:
    import datetime as dt

    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class StoryCallQuerySet(models.QuerySet["StoryCall"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Calls of events this reader sees; those not yet published for their organisers."""
        seen = self.filter(event__in=Event.objects.visible_to(user))
        if user.is_authenticated and user.is_staff:
            return seen
        return seen.filter(
            models.Q(is_public=True) | models.Q(event__in=Event.objects.at_desk_of(user))
        )


class StoryCall(models.Model):
    """Organisers ask members to document what worked, before or after an event."""

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="story_calls")
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("what is asked for"), max_length=3000)
    closes_at = models.DateTimeField(_("open until"), null=True, blank=True)
    is_public = models.BooleanField(_("public"), default=False)
    made_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = StoryCallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call for case stories")
        verbose_name_plural = _("calls for case stories")
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("participation:story-call", args=[self.event.slug, self.uid])

    def is_open(self, now: dt.datetime) -> bool:
        return self.is_public and (self.closes_at is None or now < self.closes_at)


class CaseStory(models.Model):
    """A draft of the catalogue that began as an answer to a call, and stays linked to it."""

    call = models.ForeignKey(StoryCall, on_delete=models.PROTECT, related_name="stories")
    solution = models.OneToOneField(Solution, on_delete=models.CASCADE, related_name="case_story")
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    begun_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("case story")
        verbose_name_plural = _("case stories")
        ordering = ["call", "pk"]

    def __str__(self) -> str:
        return str(self.solution)
