"""Events and sessions as calendar files, with the rules of the zones their hours are in.

A calendar knows an entry again by its ``UID`` and takes a change with a higher ``SEQUENCE``.
What is known to the month or year only is no entry of a calendar.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import get_language
from icalendar import Calendar
from icalendar import Event as Entry

from core import walltime
from events.choices import EventStatus
from events.models import Event, Session

DAY = len("2012-07-10")
STATUSES = {EventStatus.PLANNED: "TENTATIVE", EventStatus.CANCELLED: "CANCELLED"}


def has_days(event: Event) -> bool:
    """Whether a calendar can show the event: its first day is known."""
    return len(event.starts) == DAY


def calendar_of(event: Event, sessions: Iterable[Session] = ()) -> bytes:
    """The event's days, and those sessions whose day is known."""
    calendar = _calendar()
    if has_days(event):
        calendar.add_component(_of_event(event))
    for session in sessions:
        if session.day is not None:
            calendar.add_component(_of_session(event, session))
    calendar.add_missing_timezones()
    return calendar.to_ical()


def calendar_of_session(session: Session) -> bytes:
    """One session alone."""
    calendar = _calendar()
    calendar.add_component(_of_session(session.event, session))
    calendar.add_missing_timezones()
    return calendar.to_ical()


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.PORTAL_NAME}//Events//{get_language() or 'en'}")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    return calendar


def _entry(event: Event, key: str, address: str) -> Entry:
    entry = Entry()
    entry.add("uid", f"{key}@{urlsplit(settings.PORTAL_URL).hostname or 'portal'}")
    entry.add("dtstamp", event.updated_at)
    entry.add("url", settings.PORTAL_URL + address)
    entry.add("status", STATUSES.get(EventStatus(event.status), "CONFIRMED"))
    return entry


def _days(entry: Entry, first: dt.date, last: dt.date) -> None:
    """Whole days; a calendar's end is the day after the last."""
    entry.add("dtstart", first)
    entry.add("dtend", last + dt.timedelta(days=1))
    entry.add("transp", "TRANSPARENT")


def _of_event(event: Event) -> Entry:
    entry = _entry(event, f"event-{event.pk}", event.get_absolute_url())
    first = dt.date.fromisoformat(event.starts)
    last = dt.date.fromisoformat(event.ends) if len(event.ends) == DAY else first
    _days(entry, first, last)
    entry.add("summary", event.name)
    if event.summary:
        entry.add("description", event.summary)
    if where := _where(event.venue, event.city):
        entry.add("location", where)
    return entry


def _of_session(event: Event, session: Session) -> Entry:
    """With hours: in its zone, so that it stays at its hour; otherwise a whole day."""
    entry = _entry(event, f"session-{session.pk}", session.get_absolute_url())
    entry.add("sequence", session.sequence)
    if session.starts_at is not None and session.zone:
        entry.add("dtstart", walltime.wall(session.starts_at, session.zone))
        if session.ends_at is not None:
            entry.add("dtend", walltime.wall(session.ends_at, session.zone))
    elif session.day is not None:
        _days(entry, session.day, session.day)
    entry.add("summary", f"{session.code}: {session.title}" if session.code else session.title)
    if session.summary:
        entry.add("description", session.summary)
    room = session.room.name if session.room else ""
    if where := _where(room, event.venue, event.city):
        entry.add("location", where)
    return entry


def _where(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
