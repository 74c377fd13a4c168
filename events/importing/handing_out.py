"""A programme as the table that can be read in again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from core.walltime import wall
from events.importing.rows import COLUMNS, uid_of
from events.importing.sessions_of_table import NO_DAY
from events.models import Contribution, Event, Session
from events.programme import in_order
from hubs.reference import country_label


def headings() -> list[str]:
    """The columns in the reader's language; all languages are read."""
    return [str(label) for label in COLUMNS.values()]


def table_of(event: Event) -> Iterator[list[Any]]:
    """Headings and sessions. Two queries."""
    yield headings()
    people: dict[int | None, list[Contribution]] = {}
    rows = event.contributions.filter(session__isnull=False).select_related("person")
    for row in rows.order_by("position", "pk"):
        people.setdefault(row.session_id, []).append(row)
    for session in in_order(event.sessions.select_related("room", "track")):
        told = _told(session, people.get(session.pk, []))
        yield [told[name] for name in COLUMNS]


def _told(session: Session, people: list[Contribution]) -> dict[str, Any]:
    return {
        "code": session.code,
        "day": session.day.isoformat() if session.day else NO_DAY,
        "starts": _hour(session, "starts"),
        "ends": _hour(session, "ends"),
        "title": session.title,
        "kind": session.get_kind_display(),
        "track": session.track.name if session.track else "",
        "room": session.room.name if session.room else "",
        "summary": session.summary,
        "people": "\n".join(map(_person, people)),
        "zone": session.zone,
        "external_id": session.external_id or uid_of(session),
    }


def _hour(session: Session, name: str) -> str:
    """The hour; one that comes twice with its distance from UTC."""
    time = getattr(session, f"wall_{name}")
    if time is None:
        return ""
    moment = getattr(session, f"{name}_at")
    if session.second_hour is None or moment is None:
        return f"{time:%H:%M}"
    return f"{time:%H:%M}{wall(moment, session.zone):%z}"


def _person(row: Contribution) -> str:
    """Name, title, organisation, country and part, as lists of speakers are read."""
    country = country_label(row.country_id) if row.country_id else ""
    line = io.StringIO()
    cells = [row.person.name, row.title, row.organisation, country, row.get_role_display()]
    csv.writer(line, delimiter=";", lineterminator="").writerow(cells)
    return line.getvalue()
