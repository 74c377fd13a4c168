"""Events known from published sources, read from ``events/data``.

The files belong to the product (``DATA-SOURCES.md`` says where each came from). A record
that is missing is made, with its source; one that exists stays as its people keep it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import transaction

from core.models import AuditEntry
from events import finding, operations
from events.models import (
    Commitment,
    CommitmentOwner,
    Contribution,
    Document,
    Event,
    EventClaim,
    KeyMessage,
    Paragraph,
    Party,
    Person,
    PersonName,
    Room,
    Series,
    SeriesName,
    Session,
    StatusNote,
)
from events.topics import TOPICS
from hubs.loading import load_contradictions, load_sources
from hubs.models import Hub

if TYPE_CHECKING:
    from accounts.models import User
    from claims.models import Contradiction, Reference

DATA = Path(__file__).resolve().parent / "data"
FILES = ("events.json", "people.json", "outcomes.json")
#: What an entry gives for columns of the same name.
EVENT_TEXTS = (
    "slug", "name", "short", "kind", "summary", "theme", "edition", "starts", "ends", "zone",
    "city", "venue", "status",
)  # fmt: skip
CLAIM_TEXTS = (
    "topic", "label", "text", "qualifier", "starts", "ends", "as_of", "place", "note", "conflict",
    "derived",
)  # fmt: skip
SESSION_TEXTS = (
    "slug", "title", "kind", "code", "summary", "day", "wall_starts", "wall_ends", "zone",
    "zone_is_derived", "place", "note",
)  # fmt: skip
CONTRIBUTION_TEXTS = (
    "role", "title", "organisation", "topic", "note", "place", "happened_on", "position",
)  # fmt: skip
DOCUMENT_TEXTS = (
    "slug", "name", "title", "as_written", "kind", "date", "authors", "languages", "note",
    "place", "numbers_are_ours",
)  # fmt: skip
PARAGRAPH_TEXTS = ("number", "heading", "text", "is_verbatim", "note", "place")
COMMITMENT_TEXTS = (
    "code", "kind", "text", "quoted", "due_as_written", "due", "due_is_derived", "place", "note",
)  # fmt: skip


def document(name: str) -> dict[str, Any]:
    return json.loads((DATA / name).read_text(encoding="utf-8"))


def _taken(entry: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: entry[name] for name in names if name in entry}


class _Known:
    """What entries name by key: sources, contradictions, hubs, and the records made so far."""

    def __init__(self) -> None:
        self.sources: dict[str, Reference] = load_sources()
        self.contradictions: dict[str, Contradiction] = load_contradictions()
        self.hubs = {hub.slug: hub for hub in Hub.objects.all()}
        self.series = {row.slug: row for row in Series.objects.all()}
        self.events = {row.slug: row for row in Event.objects.all()}
        self.paragraphs: dict[tuple[str, str], Paragraph] = {}

    def source(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        return {"reference": self.sources[entry["source"]], "place": entry.get("place", "")}

    def hub(self, entry: Mapping[str, Any]) -> Hub | None:
        return self.hubs.get(entry.get("hub", ""))

    def paragraphs_of(self, keys: Sequence[Sequence[str]]) -> list[Paragraph]:
        if not self.paragraphs:
            rows = Paragraph.objects.select_related("document")
            self.paragraphs = {(row.document.slug, row.number): row for row in rows}
        found = ((slug, number) for slug, number in keys)
        return [self.paragraphs[key] for key in found if key in self.paragraphs]


@transaction.atomic
def load_events(*, by: User) -> list[Event]:
    """Make what is missing of series, events, people and outcomes. Returns the new events."""
    known = _Known()
    listed = document("events.json")
    for entry in listed["series"]:
        if entry["slug"] not in known.series:
            known.series[entry["slug"]] = _series(entry, known)
    created = [
        _event(entry, known, by) for entry in listed["events"] if entry["slug"] not in known.events
    ]
    known.events.update({event.slug: event for event in created})
    people = _people(known)
    new = {event.slug for event in created}
    outcomes = document("outcomes.json")
    touched = _documents(outcomes["documents"], known) | new
    for position, entry in enumerate(outcomes["key_messages"], start=1):
        if entry["event"] in new:
            _key_message(entry, position, known)
    touched |= _commitments(outcomes["commitments"], known, by)
    for slug in sorted(touched):
        finding.note(known.events[slug])
    finding.note_people(people)
    return created


def _series(entry: Mapping[str, Any], known: _Known) -> Series:
    series = Series.objects.create(
        **_taken(entry, ("slug", "name", "short", "launched", "note")), **known.source(entry)
    )
    SeriesName.objects.bulk_create(
        SeriesName(series=series, **_taken(row, ("name", "since_edition")), **known.source(row))
        for row in entry.get("names", ())
    )
    return series


def _event(entry: Mapping[str, Any], known: _Known, by: User) -> Event:
    event = Event.objects.create(
        **_taken(entry, EVENT_TEXTS),
        series=known.series.get(entry.get("series", "")),
        country_id=entry.get("country"),
    )
    event.hubs_shown.set(
        known.hubs[slug] for slug in entry.get("hubs_shown", ()) if slug in known.hubs
    )
    EventClaim.objects.bulk_create(
        _claim(row, position, event, known, by)
        for position, row in enumerate(entry["claims"], start=1)
    )
    StatusNote.objects.bulk_create(
        StatusNote(
            event=event,
            position=position,
            **_taken(row, ("status", "as_of", "text")),
            **known.source(row),
        )
        for position, row in enumerate(entry["status_notes"], start=1)
    )
    rooms = {name: Room.objects.create(event=event, name=name) for name in entry.get("rooms", ())}
    sessions = {
        row["slug"]: _session(row, position, event, rooms, known)
        for position, row in enumerate(entry.get("sessions", ()), start=1)
    }
    Party.objects.bulk_create(
        Party(
            event=event,
            session=sessions.get(row.get("session", "")),
            hub=known.hub(row),
            position=position,
            **_taken(row, ("name", "role")),
            **known.source(row),
        )
        for position, row in enumerate(entry.get("parties", ()), start=1)
    )
    AuditEntry.record(by=by, verb="add_event", target=event)
    return event


def _claim(
    entry: Mapping[str, Any], position: int, event: Event, known: _Known, by: User
) -> EventClaim:
    """One statement of the data. ``value`` is a number that is both bounds."""
    low, high = entry.get("low", entry.get("value")), entry.get("high", entry.get("value"))
    claim = EventClaim(
        event=event,
        position=position,
        low=low if low is None else Decimal(str(low)),
        high=high if high is None else Decimal(str(high)),
        unit=TOPICS[entry["topic"]].unit if (low, high) != (None, None) else "",
        reference=known.sources[entry["source"]],
        is_preferred=entry.get("preferred", False),
        contradiction=(
            known.contradictions[entry["contradiction"]] if "contradiction" in entry else None
        ),
        added_by=by,
        **_taken(entry, CLAIM_TEXTS),
    )
    claim.clean()
    return claim


def _session(
    entry: Mapping[str, Any],
    position: int,
    event: Event,
    rooms: Mapping[str, Room],
    known: _Known,
) -> Session:
    session = Session(
        event=event,
        position=position,
        room=rooms.get(entry.get("room", "")),
        reference=known.sources[entry["source"]],
        further=known.sources[entry["further"]] if "further" in entry else None,
        **_taken(entry, SESSION_TEXTS),
    )
    session.clean_fields(exclude=["event", "room", "reference", "further"])  # texts become times
    session.clean()
    session.save()
    return session


def _people(known: _Known) -> list[Person]:
    """The people who are missing, with all they contributed."""
    have = set(Person.objects.values_list("slug", flat=True))
    sessions = {(row.event.slug, row.slug): row for row in Session.objects.select_related("event")}
    created = []
    for entry in document("people.json")["people"]:
        if entry["slug"] in have:
            continue
        person = Person.objects.create(
            **_taken(entry, ("slug", "name", "sort_name", "note")),
            country_id=entry.get("country"),
        )
        PersonName.objects.bulk_create(
            PersonName(person=person, name=row["name"], **known.source(row))
            for row in entry.get("names", ())
        )
        Contribution.objects.bulk_create(
            Contribution(
                person=person,
                event=known.events[row["event"]] if "event" in row else None,
                session=sessions.get((row.get("event", ""), row.get("session", ""))),
                work=known.sources[row["work"]] if "work" in row else None,
                country_id=row.get("country"),
                hub=known.hub(row),
                **_taken(row, CONTRIBUTION_TEXTS),
                reference=known.sources[row["source"]],
            )
            for row in entry["contributions"]
        )
        created.append(person)
    return created


def _documents(entries: Sequence[Mapping[str, Any]], known: _Known) -> set[str]:
    """The outcome documents that are missing. Returns the events they belong to."""
    have = set(Document.objects.values_list("slug", flat=True))
    touched = set()
    for entry in entries:
        if entry["slug"] in have:
            continue
        made = Document.objects.create(
            event=known.events[entry["event"]],
            reference=known.sources[entry["source"]],
            **_taken(entry, DOCUMENT_TEXTS),
        )
        made.further.set(known.sources[key] for key in entry.get("further", ()))
        Paragraph.objects.bulk_create(
            Paragraph(
                document=made,
                position=position,
                reference=known.sources[row["source"]],
                **_taken(row, PARAGRAPH_TEXTS),
            )
            for position, row in enumerate(entry["paragraphs"], start=1)
        )
        touched.add(entry["event"])
    return touched


def _key_message(entry: Mapping[str, Any], position: int, known: _Known) -> None:
    event = known.events[entry["event"]]
    message = KeyMessage.objects.create(
        event=event,
        session=event.sessions.filter(slug=entry.get("session", "")).first(),
        position=position,
        **_taken(entry, ("dimension", "text")),
        **known.source(entry),
    )
    message.paragraphs.set(known.paragraphs_of(entry.get("paragraphs", ())))


def _commitments(entries: Sequence[Mapping[str, Any]], known: _Known, by: User) -> set[str]:
    """The commitments that are missing, with their updates. Returns their events."""
    have = set(Commitment.objects.values_list("code", flat=True))
    touched = set()
    for position, entry in enumerate(entries, start=1):
        if entry["code"] in have:
            continue
        made = Commitment.objects.create(
            event=known.events[entry["event"]],
            position=position,
            reference=known.sources[entry["source"]],
            **_taken(entry, COMMITMENT_TEXTS),
        )
        made.paragraphs.set(known.paragraphs_of(entry.get("paragraphs", ())))
        made.contradictions.set(
            known.contradictions[key] for key in entry.get("contradictions", ())
        )
        CommitmentOwner.objects.bulk_create(
            CommitmentOwner(
                commitment=made,
                name=row["name"],
                country_id=row.get("country"),
                hub=known.hub(row),
                position=place,
            )
            for place, row in enumerate(entry["owners"], start=1)
        )
        for row in entry["updates"]:
            operations.add_update(
                made,
                by=by,
                fulfilled_by=known.events.get(row.get("fulfilled_by", "")),
                **_taken(row, ("progress", "text", "happened_on", "is_derived")),
                **known.source(row),
            )
        touched.add(entry["event"])
    return touched
