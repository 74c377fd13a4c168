"""Events and sessions as files for a calendar, and feeds that calendars follow."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from events import calendars, subscribing
from events.filters import FeedForm
from events.models import Contribution, Event, Person, Series, Session
from events.presentation import in_english
from events.programme import in_order


def as_file(content: bytes, name: str) -> HttpResponse:
    """A calendar file to save, or to be read by a program that follows it."""
    response = HttpResponse(content, content_type=calendars.CONTENT_TYPE)
    disposition = content_disposition_header(as_attachment=True, filename=f"{name}.ics")
    response["Content-Disposition"] = disposition or "attachment"
    return response


@require_safe
def of_event(request: HttpRequest, slug: str) -> HttpResponse:
    """The days of an event with its sessions; nothing to show if its day is not known."""
    event = get_object_or_404(Event.objects.visible_to(request.user), slug=slug)
    if not calendars.has_days(event):
        raise Http404
    sessions = in_order(event.sessions.select_related("room", "track"))
    return as_file(calendars.calendar_of(event, sessions), event.slug)


@require_safe
def of_session(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    session = get_object_or_404(
        Session.objects.visible_to(request.user).select_related("event", "room"),
        event__slug=event,
        slug=slug,
        day__isnull=False,
    )
    return as_file(calendars.calendar_of_session(session), f"{event}-{session.slug}")


@require_safe
def of_series(request: HttpRequest, slug: str) -> HttpResponse:
    """The editions of a series, also those to come: a calendar can follow it."""
    series = get_object_or_404(Series, slug=slug)
    events = subscribing.events_for(request.user, {"series": series})[: subscribing.MOST]
    entries = calendars.entries_of(events)
    if not entries:
        raise Http404
    name = subscribing.name_of({"series": series})
    return as_file(_feed(request, entries, name), f"series-{series.slug}")


@require_safe
def of_person(request: HttpRequest, slug: str) -> HttpResponse:
    """Where somebody speaks, spoke, chaired: their sessions, and events without one."""
    person = get_object_or_404(Person.objects.visible_to(request.user), slug=slug)
    entries = parts_of(request, person)
    if not entries:
        raise Http404
    name = f"{settings.PORTAL_NAME}: {person}"
    return as_file(_feed(request, entries, name), f"person-{person.slug}")


def parts_of(request: HttpRequest, person: Person) -> list[Event | Session]:
    """The sessions and events of a person that a calendar can show, each once. One query."""
    found = (
        Contribution.objects.visible_to(request.user)
        .filter(person=person, event__isnull=False)
        .select_related("event", "session__event", "session__room")
        .order_by("-event__starts", "event", "session", "pk")
    )
    parts: dict[tuple[str, int], Event | Session] = {}
    for row in found[: subscribing.MOST]:
        if (part := calendars.part_of(row)) is not None:
            parts[part._meta.label, part.pk] = part
    return list(parts.values())


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The events that fit, for programs that look again and again. An unknown filter is a 404:
    a calendar says so, and nobody takes an empty calendar for the truth."""
    form = FeedForm(request.GET, reader=request.user)
    if not form.is_valid():
        raise Http404
    events = subscribing.events_for(request.user, form.cleaned_data)[: subscribing.MOST]
    content = calendars.feed(
        calendars.entries_of(events),
        subscribing.name_of(form.cleaned_data),
        address=subscribing.address_of(form.cleaned_data),
    )
    return as_file(content, "events")


def _feed(request: HttpRequest, entries: list[Event | Session], name: str) -> bytes:
    return calendars.feed(entries, name, address=settings.PORTAL_URL + request.path)


@require_safe
def subscribe(request: HttpRequest) -> HttpResponse:
    """Choose what a calendar follows, and take its address along."""
    form = FeedForm(request.GET, reader=request.user)
    context = {"form": form, "most": subscribing.MOST, "en": in_english()}
    if form.is_valid():
        address = subscribing.address_of(form.cleaned_data)
        context |= {
            "address": address,
            "webcal": subscribing.webcal(address),
            "name": subscribing.name_of(form.cleaned_data),
            "found": subscribing.events_for(request.user, form.cleaned_data).count(),
        }
    return render(request, "events/subscribe.html", context)
