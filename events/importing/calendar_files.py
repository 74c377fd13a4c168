"""Sessions as the entries of a calendar file have them (iCalendar, RFC 5545).

An entry stays at its hour on the wall of its zone. A zone is known by its name, by the name
Windows has for it, or by the rules the file brings along; what none of these explains is
refused rather than supposed. Entries that repeat are refused, too: a session takes place once.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from icalendar import Calendar
from icalendar.cal import Component
from icalendar.prop import vBroken

from core import walltime
from core.plaintext import is_broken, tidy
from core.text import plain
from events.importing import words
from events.importing.rows import MOST_ROWS, Row, Unreadable, own_key
from events.importing.zone_rules import Rules, rules_of
from events.models import Event

BEGINNING = re.compile(rb"\s*BEGIN:VCALENDAR", re.IGNORECASE)
#: Descriptions some programs write as pages; anything else in brackets is text.
_MARKUP = re.compile(r"</?(?:a|b|br|div|i|li|ol|p|span|u|ul|html-blob)\b[^<>]*>", re.IGNORECASE)
#: The zone of a time under a name that the library leaves to us.
ZONE = "X-ZONE"
_TZID = re.compile(r"^((?:DTSTART|DTEND)[^:\r\n]*?);TZID=", re.IGNORECASE | re.MULTILINE)
_LINK = re.compile(r"https?://", re.IGNORECASE)
MOST_LINES = 60_000


def is_calendar(data: bytes) -> bool:
    return BEGINNING.match(data.removeprefix(b"\xef\xbb\xbf")) is not None


def read(data: bytes, event: Event, zone: str) -> tuple[list[Row], list[str]]:
    """The entries of a calendar file, and what is to be said of all of it."""
    text, rules = rules_of(_decoded(data))
    calendar, entries = _parsed(_TZID.sub(rf"\1;{ZONE}=", text))
    if str(calendar.get("METHOD", "")).upper() == "CANCEL":
        raise Unreadable(_("This file takes entries back. Take those sessions out yourself."))
    entries = [entry for entry in entries if not _is_the_event(entry, event)]
    if len(entries) > MOST_ROWS:
        raise Unreadable(
            _("The file has more than %(most)d entries. Make two files of it.")
            % {"most": MOST_ROWS}
        )
    reader = _Reader(event, zone, rules)
    rows = [reader.row(number, entry) for number, entry in enumerate(entries, start=1)]
    notes = []
    if reader.floating:
        notes.append(
            _("Some hours have no time zone. They are taken as those of %(zone)s.") % {"zone": zone}
        )
    if any("ATTENDEE" in entry or "ORGANIZER" in entry for entry in entries):
        notes.append(_("Who is invited, and their addresses, were not read."))
    return rows, notes


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")  # what older programs write; a wrong letter shows below
    if text.count("\n") > MOST_LINES:
        raise Unreadable(_("This calendar file is too long to be a programme."))
    return text


def _parsed(text: str) -> tuple[Component, list[Component]]:
    """The one calendar of the file, and its entries."""
    try:
        found = Calendar.from_ical(text, multiple=True)
        entries = [entry for part in found for entry in part.walk("VEVENT")]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise Unreadable(_broken()) from None
    if len(found) != 1 or found[0].name != "VCALENDAR":
        raise Unreadable(_broken())
    return found[0], entries


def _broken() -> str:
    return _("This calendar file is damaged. Export it again and choose it anew.")


def _is_the_event(entry: Component, event: Event) -> bool:
    """This portal's own entry for the days of the event."""
    uid = str(entry.get("UID", ""))
    return uid.startswith(f"event-{event.pk}@") and own_key(f"session-1{uid[uid.find('@') :]}") == 1


class _Reader:
    """Reads the entries of one file."""

    def __init__(self, event: Event, zone: str, rules: dict[str, Rules]) -> None:
        self.event, self.zone, self.rules = event, zone, rules
        self.floating = False
        self._seen: dict[str, int] = {}

    def row(self, number: int, entry: Component) -> Row:
        row = Row(number)
        told = {name: _text(entry, name) for name in ("UID", "SUMMARY", "DESCRIPTION", "LOCATION")}
        if any(map(is_broken, told.values())):
            row.refuse("", _("This entry contains characters that are not text."))
            return row
        self._name(row, entry, told["UID"])
        if title := " ".join(tidy(told["SUMMARY"]).split()):
            row.values["heading"] = title
        else:
            row.refuse("title", _("The title is missing."))
        self._summary(row, told["DESCRIPTION"])
        self._room(row, tidy(told["LOCATION"]).strip())
        self._kind(row, entry)
        if str(entry.get("STATUS", "")).upper() == "CANCELLED":
            row.refuse(
                "", _("This entry is cancelled. If its session is in the programme, take it out.")
            )
        if any(name in entry for name in ("RRULE", "RDATE", "RECURRENCE-ID")):
            row.refuse("", _("This entry repeats. Make an entry of its own for each time."))
            return row
        try:
            self._time(row, entry)
        except ValidationError as error:
            row.refuse("starts", error.messages[0])
        return row

    def _name(self, row: Row, entry: Component, uid: str) -> None:
        uid = uid.strip()
        if not uid:
            return
        if uid in self._seen and "RECURRENCE-ID" not in entry:
            row.refuse(
                "",
                _("This entry stands in the file twice: see row %(n)d.") % {"n": self._seen[uid]},
            )
        self._seen.setdefault(uid, row.line)
        row.values["external_id"] = uid

    def _summary(self, row: Row, text: str) -> None:
        if _MARKUP.search(text):
            text = plain(text)
        if text := tidy(text, lines=True).strip():
            row.values["summary"] = text
            if _LINK.search(text):
                row.warn("summary", _("There is a link in it, and readers will see it."))

    def _room(self, row: Row, text: str) -> None:
        """What stands before the event's own place; a link is no room."""
        own = ", ".join(filter(None, (self.event.venue, self.event.city)))
        if _LINK.search(text):
            row.warn("room", _("The place is a link. It is not taken over: programmes are public."))
        elif own and text != own and text.endswith(f", {own}"):
            row.values["room"] = text.removesuffix(f", {own}")
        elif text and text != own:
            row.values["room"] = text

    def _kind(self, row: Row, entry: Component) -> None:
        categories = entry.get("CATEGORIES")
        if categories is not None and not isinstance(categories, vBroken):
            listed = categories if isinstance(categories, list) else [categories]
            names = [str(name) for group in listed for name in getattr(group, "cats", ())]
            if kinds := [kind for kind in map(words.kind_of, names) if kind]:
                row.values["kind"] = kinds[0]
                return
        if kind := words.kind_of(row.values.get("heading", "").rpartition(": ")[2]):
            row.values["supposed_kind"] = kind

    # --- When ------------------------------------------------------------------------------------

    def _time(self, row: Row, entry: Component) -> None:
        begins = entry.get("DTSTART")
        if begins is None:
            raise ValidationError(_("It has no beginning (DTSTART)."))
        first = _value(begins)
        ends = entry.get("DTEND")
        last = _value(ends) if ends is not None else None
        length = _length(entry) if last is None else None
        if not isinstance(first, dt.datetime):
            self._whole_day(row, first, last, length)
            return
        zone, moment, is_certain = self._moment(first, begins)
        until = None
        if isinstance(last, dt.datetime):
            until = self._moment(last, ends)[1]
        elif length is not None:
            until = _later(first, moment, zone, length)
        self._hours(row, zone, moment, until)
        if is_certain:
            ends_at = until if until != moment else None
            row.values["instants"] = [at.isoformat() for at in (moment, ends_at) if at]
        elif "second_hour" in row.values:
            row.values["supposed_second"] = row.values.pop("second_hour")

    def _whole_day(self, row: Row, first: dt.date, last: Any, length: dt.timedelta | None) -> None:
        days = (last - first).days if isinstance(last, dt.date) else (length.days if length else 1)
        if isinstance(last, dt.datetime) or days > 1:
            raise ValidationError(
                _("It goes on for several days. Make an entry of its own for each day.")
            )
        row.values["day"] = first.isoformat()

    def _moment(self, value: dt.datetime, prop: Any) -> tuple[str, dt.datetime, bool]:
        """The zone in which to keep an hour, its instant, and whether no other can be meant.

        An hour on the wall that comes twice is the first of the two, as the standard has it.
        """
        wall = value.replace(tzinfo=None)
        named = str(prop.params.get(ZONE, ""))
        if not named:
            if value.tzinfo is not None:
                return self.zone, value.astimezone(dt.UTC), True
            self.floating = True
            return self.zone, walltime.instant(wall, self.zone, second=False), False
        if zone := words.zone_of(named):
            return zone, walltime.instant(wall, zone, second=False), False
        if named in self.rules:
            return self.zone, self.rules[named].instant(wall), True
        raise ValidationError(
            _("Nobody knows the time zone “%(name)s”, and the file does not explain it.")
            % {"name": named[:60]}
        )

    def _hours(self, row: Row, zone: str, moment: dt.datetime, until: dt.datetime | None) -> None:
        begins = walltime.wall(moment, zone)
        row.values |= {"day": begins.date().isoformat(), "zone": zone}
        row.values["starts"] = _hour(begins)
        first, second = walltime.both(begins.replace(tzinfo=None, fold=0), zone)
        if first != second:
            row.values["second_hour"] = moment == second
        if until is None or until == moment:
            return
        ends = walltime.wall(until, zone)
        if ends.date() != begins.date():
            row.values["past_midnight"] = True  # here; maybe not on the clocks of the session
            return
        row.values["ends"] = _hour(ends)
        first, second = walltime.both(ends.replace(tzinfo=None, fold=0), zone)
        if first != second:
            row.values.setdefault("second_hour", until == second)


def _hour(moment: dt.datetime) -> str:
    return f"{moment:%H:%M}"


def _text(entry: Component, name: str) -> str:
    """The text of a property; of several the first."""
    value = entry.get(name, "")
    if isinstance(value, list):
        value = value[0] if value else ""
    return "" if isinstance(value, vBroken) else str(value)


def _value(prop: Any) -> dt.date:
    """The day or moment of a property."""
    if isinstance(prop, list):
        raise ValidationError(_("It has several beginnings or ends."))
    value = None if isinstance(prop, vBroken) else getattr(prop, "dt", None)
    if not isinstance(value, dt.date):
        raise ValidationError(_("Its time cannot be read."))
    return value


def _length(entry: Component) -> dt.timedelta | None:
    prop = entry.get("DURATION")
    if prop is None:
        return None
    value = None if isinstance(prop, (list, vBroken)) else getattr(prop, "dt", None)
    if not isinstance(value, dt.timedelta) or value < dt.timedelta(0):
        raise ValidationError(_("Its length cannot be read."))
    return value


def _later(first: dt.datetime, moment: dt.datetime, zone: str, length: dt.timedelta) -> dt.datetime:
    """Days are days on the wall, hours are hours."""
    try:
        if length.days:
            wall = walltime.wall(moment, zone) + dt.timedelta(days=length.days)
            moment = walltime.instant(wall.replace(tzinfo=None, fold=0), zone, second=False)
        return moment + dt.timedelta(seconds=length.seconds)
    except OverflowError:
        raise ValidationError(_("Its length cannot be read.")) from None
