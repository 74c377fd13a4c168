"""Events and sessions as files for a calendar."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from events import calendars
from events.models import Event, Session
from events.programme import in_order


def _file(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.ics"'
    return response


@require_safe
def of_event(request: HttpRequest, slug: str) -> HttpResponse:
    """The days of an event with its sessions; nothing to show if its day is not known."""
    event = get_object_or_404(Event.objects.visible_to(request.user), slug=slug)
    if not calendars.has_days(event):
        raise Http404
    sessions = in_order(event.sessions.select_related("room", "track"))
    return _file(calendars.calendar_of(event, sessions), event.slug)


@require_safe
def of_session(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    session = get_object_or_404(
        Session.objects.visible_to(request.user).select_related("event", "room"),
        event__slug=event,
        slug=slug,
        day__isnull=False,
    )
    return _file(calendars.calendar_of_session(session), f"{event}-{session.slug}")
