"""Polls: a question with options, put to the readers of one discussion."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from claims.models import new_uid
from community.models.discussions import Discussion


class Poll(models.Model):
    """One question of a discussion. Counts are shown to whoever voted, and to all once closed."""

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    form_key = models.UUIDField(null=True, editable=False)
    discussion = models.ForeignKey(Discussion, on_delete=models.CASCADE, related_name="polls")
    question = models.CharField(_("question"), max_length=200)
    several = models.BooleanField(_("several answers may be chosen"), default=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    asked_at = models.DateTimeField(default=timezone.now, editable=False)
    closes_at = models.DateTimeField(_("open until"))
    ballots_cast = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("poll")
        verbose_name_plural = _("polls")
        ordering = ["discussion", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["asked_by", "form_key"], name="poll_once_per_form")
        ]

    def __str__(self) -> str:
        return self.question

    def is_open(self, now: dt.datetime) -> bool:
        return now < self.closes_at


class PollOption(models.Model):
    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="options")
    text = models.CharField(_("answer"), max_length=160)
    position = models.PositiveSmallIntegerField(default=0)
    votes = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("answer of a poll")
        verbose_name_plural = _("answers of polls")
        ordering = ["poll", "position", "pk"]

    def __str__(self) -> str:
        return self.text


class Ballot(models.Model):
    """What one member chose; nobody else can see it."""

    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="ballots")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    options = models.ManyToManyField(PollOption, related_name="ballots")
    cast_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("ballot")
        verbose_name_plural = _("ballots")
        constraints = [models.UniqueConstraint(fields=["poll", "user"], name="one_ballot_each")]

    def __str__(self) -> str:
        return str(self.poll)
