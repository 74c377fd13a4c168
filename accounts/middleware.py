"""What every request of a signed-in person passes: second step, time zone, live session."""

from __future__ import annotations

import time
import zoneinfo
from collections.abc import Callable
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.reauthentication import suspend_request
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

Next = Callable[[HttpRequest], HttpResponse]

ZONE_KEY = "time_zone"
DESK = "admin"
#: Work at the desk asks for the second step again after this.
DESK_HOURS = 12
#: A session ends this long after its log-in, however busy it is.
SESSION_DAYS = 90
#: How often "last seen" is written, and the session's end moved on.
SEEN_EVERY = 15 * 60


def has_session_cookie(request: HttpRequest) -> bool:
    """Without the cookie nobody is signed in, and asking the session would cost a query."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES


class ReaderTimeZone:
    """Times in the reader's own zone, kept in the session so that it costs no query."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = request.session.get(ZONE_KEY) if has_session_cookie(request) else None
        if not zone:
            return self.get_response(request)
        try:
            known = zoneinfo.ZoneInfo(zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):  # no longer in the database
            return self.get_response(request)
        with timezone.override(known):
            return self.get_response(request)


def unattended(view: Any) -> Any:
    """Marks a view that open pages ask by themselves: that is no sign of their reader."""
    view.is_unattended = True
    return view


class LiveSession:
    """Notes when a session was last used, ends it ninety days after its log-in.

    Written once in a quarter of an hour, so that reading pages does not mean writing rows.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        if getattr(view, "is_unattended", False) or not has_session_cookie(request):
            return
        if request.user.is_authenticated:
            key = request.session.session_key
            if key and cache.add(f"seen:{key}", 1, timeout=SEEN_EVERY):
                self._note(request)

    def _note(self, request: HttpRequest) -> None:
        records = get_authentication_records(request, request.user)
        if records and time.time() - records[0]["at"] > SESSION_DAYS * 24 * 3600:
            logout(request)
            return
        UserSession.objects.create_from_request(request)
        request.session.modified = True  # fourteen days from now, not from the log-in


class SecondFactorForDesk:
    """The desk opens only to a session that passed a second step within twelve hours."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or DESK not in match.app_names:
            return None
        user = request.user
        if not user.is_authenticated or not user.may_use_desk():
            return None  # the desk itself refuses
        types = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
        if not types & {Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN}:
            messages.warning(
                request,
                _(
                    "The moderators’ desk asks for a second step when you sign in. Set up an"
                    " authenticator app or a passkey here, then open the desk again."
                ),
            )
            return HttpResponseRedirect(reverse("mfa_index"))
        passed = [
            record["at"]
            for record in get_authentication_records(request, user)
            if record.get("method") == "mfa"
        ]
        if passed and time.time() - passed[-1] < DESK_HOURS * 3600:
            return None
        by_code = Authenticator.Type.TOTP in types
        step = reverse("mfa_reauthenticate" if by_code else "mfa_reauthenticate_webauthn")
        # Keeps what was posted and goes on with it once the step is passed.
        return suspend_request(request, step)
