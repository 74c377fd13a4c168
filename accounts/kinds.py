"""The kinds of things a person is told, by the words that stand in their settings.

They are named here, below every app that has something to tell. How each is told unless the person
wishes otherwise, stands in ``notifications.kinds``.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class NoticeKind(models.TextChoices):
    """What a notification is about, as its reader sorts it."""

    ASKED = "asked", _("You are asked for a review, an opinion or an answer")
    PANEL = "panel", _("Panels you lead or belong to")
    DESK = "desk", _("Work that waits at the moderators’ desk")
    HUB_DUTY = "hub_duty", _("Your hub’s profile is to be confirmed")
    PROMISE = "promise", _("Commitments you answer for")
    CASE = "case", _("Your submissions and their labels")
    PLACE = "place", _("Your registrations")
    REMINDER = "reminder", _("Reminders before an event")
    RECORDING = "recording", _("Recordings and feedback after an event")
    MENTION = "mention", _("Answers and mentions")
    YOURS = "yours", _("What became of what you wrote")
    ROLE = "role", _("Your roles and memberships")
    MEASURE = "measure", _("Decisions of moderators that concern you")
    DISCUSSION = "discussion", _("Posts in discussions and places you follow")
    THEME = "theme", _("Themes that open, close or have a synthesis")
    BLOG = "blog", _("Blog posts")
    LAB = "lab", _("Living labs you follow")
    SOLUTION = "solution", _("Solutions you follow")
    HUB = "hub", _("Hubs you follow")
    EVENT = "event", _("Events you follow")
    COMMITMENT = "commitment", _("Commitments you follow")
    SEARCH = "search", _("Saved searches")
