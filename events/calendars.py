"""Events, sessions and what is due as calendar files, with the rules of the zones of their hours.

A calendar knows an entry again by its ``UID`` and takes a change with a higher ``SEQUENCE``; so
an entry has the same name in a file of its own, in a feed and in somebody's personal calendar.
What is known to the month or year only is no entry of a calendar. What was cancelled stays, and
says so: an entry that is merely gone stays in the calendars that have it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import get_language
from icalendar import Calendar, vText, vUri
from icalendar import Event as Entry

from core import walltime
from events import zones
from events.choices import EventKind, EventStatus
from events.models import Commitment, Contribution, Event, Session

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

DAY = len("2012-07-10")
#: What a file says of itself, so that a mail program offers to take it over.
METHOD = "PUBLISH"
CONTENT_TYPE = f"text/calendar; charset=utf-8; method={METHOD}"
#: Files tell the rules of a zone for these years, and for more if an entry lies outside.
RULES_FROM, RULES_UNTIL = 2010, 2040
#: How often calendar programs look for changes.
REFRESH = dt.timedelta(hours=6)
STATUSES = {
    EventStatus.PLANNED: "TENTATIVE",
    EventStatus.POSTPONED: "TENTATIVE",
    EventStatus.CANCELLED: "CANCELLED",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An event or session as one reader has it: what they are told beside the record."""

    of: Event | Session
    #: First in the description.
    note: str = ""
    #: Another page than the record's own.
    url: str = ""
    #: Whether that the reader goes is not certain yet.
    is_open: bool = False


Showable = Event | Session | Commitment | Shown


def has_days(event: Event) -> bool:
    """Whether a calendar can show the event: its first day is known."""
    return len(event.starts) == DAY


def part_of(contribution: Contribution) -> Event | Session | None:
    """What a calendar shows of a contribution: its session, else the event it was at."""
    session, event = contribution.session, contribution.event
    if session is not None and session.day is not None:
        return session
    return event if event is not None and has_days(event) else None


def entries_of(events: Iterable[Event]) -> list[Event | Session]:
    """How events stand in a feed: a webinar by its hours, a meeting by its days. One query."""
    events = list(events)
    webinars = [event for event in events if event.kind == EventKind.WEBINAR]
    hours: dict[int, list[Session]] = {}
    rows = Session.objects.filter(event__in=webinars, day__isnull=False).select_related("room")
    for session in rows.order_by("day", "wall_starts", "pk"):
        hours.setdefault(session.event_id, []).append(session)
    found: list[Event | Session] = []
    for event in events:
        sessions = hours.get(event.pk, [])
        for session in sessions:
            session.event = event
        found.extend(sessions or [event])
    return found


def feed(
    entries: Iterable[Showable],
    name: StrOrPromise,
    *,
    address: str = "",
    is_private: bool = False,
) -> bytes:
    """A calendar to subscribe to, under that name; entries without a day are left out.

    Sessions come with their event and room, commitments with their event. ``address`` is where
    programs look for changes.
    """
    calendar = _calendar()
    for key in ("name", "x-wr-calname"):
        calendar.add(key, vText(_on_one_line(str(name))))
    calendar.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", vText("PT6H"))
    if address:
        calendar.add("source", vUri(address), parameters={"value": "URI"})
    components = [made for entry in entries if (made := _component(entry)) is not None]
    return _file(calendar, components, is_private=is_private)


def calendar_of(event: Event, sessions: Iterable[Session] = ()) -> bytes:
    """The event's days, and those sessions whose day is known. A webinar is its session."""
    sessions = [session for session in sessions if session.day is not None]
    whole = [] if event.kind == EventKind.WEBINAR and sessions else [event]
    for session in sessions:
        session.event = event
    rows: list[Showable] = [*whole, *sessions]
    components = [made for row in rows if (made := _component(row)) is not None]
    return _file(_calendar(), components)


def calendar_of_session(session: Session) -> bytes:
    """One session alone."""
    return _file(_calendar(), [_of_session(session)])


def file_of(entries: Iterable[Showable]) -> bytes:
    """A file that goes with a letter. Nothing if none of it has a day."""
    components = [made for entry in entries if (made := _component(entry)) is not None]
    return _file(_calendar(), components) if components else b""


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.PORTAL_NAME}//Events//{get_language() or 'en'}")
    calendar.add("version", "2.0")
    calendar.add("method", METHOD)
    return calendar


def _file(calendar: Calendar, components: list[Entry], *, is_private: bool = False) -> bytes:
    """The entries with the rules of their zones, from before the first to after the last."""
    years = []
    for component in components:
        if is_private:
            component.add("class", "PRIVATE")
        calendar.add_component(component)
        years.append(component.decoded("dtstart").year)
    first = max(min([RULES_FROM, *(year - 1 for year in years)]), dt.MINYEAR)
    last = min(max([RULES_UNTIL, *(year + 3 for year in years)]), dt.MAXYEAR)
    named = sorted(calendar.get_missing_tzids())
    calendar.subcomponents[:0] = [zones.rules_of(name, first, last) for name in named]
    return calendar.to_ical()


def _component(entry: Showable) -> Entry | None:
    """An entry of a calendar; None for what has no day."""
    if isinstance(entry, Shown):
        made = _component(entry.of)
        return None if made is None else _as_shown(made, entry)
    if isinstance(entry, Commitment):
        return _of_commitment(entry) if len(entry.due) == DAY else None
    if isinstance(entry, Session):
        return _of_session(entry) if entry.day is not None else None
    return _of_event(entry) if has_days(entry) else None


def _as_shown(made: Entry, shown: Shown) -> Entry:
    if shown.note:
        said = made.pop("description", "")
        made.add("description", f"{shown.note}\n\n{said}".strip())
    if shown.url:
        made["url"] = vUri(settings.PORTAL_URL + shown.url)
    if shown.is_open and str(made["status"]) == "CONFIRMED":
        made["status"] = vText("TENTATIVE")
    return made


def _entry(event: Event, key: str, address: str, sequence: int) -> Entry:
    entry = Entry()
    entry.add("uid", f"{key}@{urlsplit(settings.PORTAL_URL).hostname or 'portal'}")
    entry.add("dtstamp", event.updated_at)
    entry.add("last-modified", event.updated_at)
    entry.add("sequence", sequence)
    entry.add("url", settings.PORTAL_URL + address)
    return entry


def _describe(entry: Entry, title: str, text: str, *where: str) -> None:
    entry.add("summary", _on_one_line(title))
    if text:
        entry.add("description", _clean(text))
    if place := ", ".join(_on_one_line(part) for part in where if part):
        entry.add("location", place)


def _days(entry: Entry, first: dt.date, last: dt.date) -> None:
    """Whole days; a calendar's end is the day after the last."""
    entry.add("dtstart", first)
    entry.add("dtend", last + dt.timedelta(days=1))
    entry.add("transp", "TRANSPARENT")


def _of_event(event: Event) -> Entry:
    entry = _entry(event, f"event-{event.pk}", event.get_absolute_url(), event.sequence)
    first = dt.date.fromisoformat(event.starts)
    last = dt.date.fromisoformat(event.ends) if len(event.ends) == DAY else first
    _days(entry, first, max(first, last))
    entry.add("status", _status(event))
    _describe(entry, event.name, event.summary, event.venue, event.city)
    return entry


def _of_session(session: Session) -> Entry:
    """With hours: in its zone, so that it stays at its hour; otherwise a whole day.

    Its number rises with the event's, too, whose status and place are the session's.
    """
    event = session.event
    entry = _entry(
        event,
        f"session-{session.pk}",
        session.get_absolute_url(),
        session.sequence + event.sequence,
    )
    if session.starts_at is not None and session.zone:
        for name, moment in (("dtstart", session.starts_at), ("dtend", session.ends_at)):
            if moment is not None:
                local = walltime.wall(moment, session.zone)
                # Of an hour that comes twice, a file means the first: the second is said in UTC.
                entry.add(name, moment.astimezone(dt.UTC) if local.fold else local)
    elif session.day is not None:
        _days(entry, session.day, session.day)
    entry.add("status", _status(event))
    title = f"{session.code}: {session.title}" if session.code else session.title
    room = session.room.name if session.room else ""
    _describe(entry, title, session.summary, room, event.venue, event.city)
    return entry


def _of_commitment(commitment: Commitment) -> Entry:
    """The day it is due. Its date counts no changes: whoever reads takes the latest."""
    event = commitment.event
    key = f"commitment-{commitment.pk}"
    entry = _entry(event, key, commitment.get_absolute_url(), event.sequence)
    due = dt.date.fromisoformat(commitment.due)
    _days(entry, due, due)
    entry.add("status", "CONFIRMED")
    _describe(entry, f"{commitment.number}: {commitment.text}", commitment.text)
    return entry


def _status(event: Event) -> str:
    return STATUSES.get(EventStatus(event.status), "CONFIRMED")


def _clean(text: str) -> str:
    """Without control characters, which no calendar may hold."""
    return "".join(char for char in text if (char >= " " and char != "\x7f") or char in "\t\n")


def _on_one_line(text: str) -> str:
    return " ".join(_clean(text).split())
