"""A member's own calendar: its address, shown once, and what is found there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from events import calendars
from events.presentation import in_english
from events.subscribing import webcal
from events.views.calendars import as_file
from participation import personal as own
from participation.models import PersonalCalendar
from participation.operations.calendars import drop_address, make_address, owner_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def personal(request: HttpRequest) -> HttpResponse:
    """Make, replace or take back the address of one's own calendar."""
    context: dict[str, Any] = {}
    match request.POST.get("do", "") if request.method == "POST" else "look":
        case "make":
            # Answered at once and not by a redirect: nothing that is shown once is kept.
            token = make_address(by=request.user)
            url = reverse("participation:personal-feed", args=[token])
            address = settings.PORTAL_URL + url
            context = {"address": address, "webcal": webcal(address)}
        case "drop":
            drop_address(by=request.user)
            messages.success(request, _("The address leads nowhere any more."))
            return redirect("participation:personal-calendar")
        case "look":
            pass
        case _:
            raise BadRequest
    context |= {
        "made": PersonalCalendar.objects.filter(user=request.user).first(),
        "followed": own.followed_by(request.user),
        "en": in_english(),
    }
    response = render(request, "participation/personal_calendar.html", context)
    add_never_cache_headers(response)
    return response


@require_safe
def personal_feed(request: HttpRequest, token: str) -> HttpResponse:
    """What the owner of the address registered for, speaks at and follows; without signing in."""
    owner = owner_of(token)
    if owner is None:
        raise Http404
    content = calendars.feed(own.entries_for(owner), own.name_of_calendar(), is_private=True)
    response = as_file(content, "my-events")
    response["Cache-Control"] = "private, no-cache"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
