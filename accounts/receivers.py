"""What follows from a log-in."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.middleware import ZONE_KEY
from accounts.models import User
from accounts.operations import profile_of


@receiver(user_logged_in, dispatch_uid="time-zone-of-the-session")
def remember_time_zone(request: HttpRequest, user: User, **_: Any) -> None:
    """The session carries the time zone, so that showing a time costs no query."""
    request.session[ZONE_KEY] = profile_of(user).time_zone
