"""How events and what came of them are found: their entries in the search.

A session is found by itself and by the entry of its event. What belongs to an event that is not
public is not found.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from django.db.models import Q, prefetch_related_objects

from core import search
from core.models import SearchDocument, SearchFacet
from core.search import Document as Entry
from events.choices import EventKind
from events.models import Commitment, Contribution, Event, Paragraph, Person, Session
from events.signals import event_noted
from hubs.reference import countries, regions_of

if TYPE_CHECKING:
    from hubs.models import Country

EVENT = "event"
WEBINAR = "webinar"
SESSION = "session"
PERSON = "person"
PARAGRAPH = "paragraph"
COMMITMENT = "commitment"


def _instant(partial: str) -> dt.datetime | None:
    """The beginning of what a partial date names, for the order of results."""
    if not partial:
        return None
    year, month, day = (*map(int, partial.split("-")), 1, 1)[:3]
    return dt.datetime(year, month, day, tzinfo=dt.UTC)


def _lines(*texts: str) -> str:
    return "\n".join(text for text in texts if text)


def _names(code: str | None) -> str:
    country: Country | None = countries().get(code or "")
    return " ".join(sorted(set(country.names.values()))) if country else ""


def year_of(partial: str) -> list[str]:
    """The year of a partial date, for those who narrow by it."""
    return [partial[:4]] if partial else []


def _place(event: Event) -> dict[str, list[str]]:
    country = [event.country_id] if event.country_id else []
    return {"country": country, "region": sorted(regions_of(country))}


def kind_of(event: Event) -> str:
    """As which kind of record an event is found."""
    return WEBINAR if event.kind == EventKind.WEBINAR else EVENT


def event_entry(event: Event) -> Entry:
    """The search document of a public event."""
    claims = list(event.claims.all())
    sessions = list(event.sessions.all())
    return Entry(
        kind=kind_of(event),
        object_id=str(event.pk),
        title=event.name,
        summary=_lines(event.short, event.theme, event.summary, event.city),
        body=_lines(
            _names(event.country_id),
            *(f"{claim.label} {claim.text}".strip() for claim in claims),
            *(f"{session.code} {session.title} {session.summary}" for session in sessions),
            *(message.text for message in event.key_messages.all()),
            *(f"{document.name} {document.title}" for document in event.documents.all()),
            *(party.name for party in event.parties.all()),
        ),
        published_at=_instant(event.starts),
        facets={
            "type": [event.kind],
            "year": year_of(event.starts),
            "status": [event.status],
            **_place(event),
        },
    )


def session_entry(session: Session, event: Event) -> Entry:
    """The search document of a session of a public event."""
    partial = session.day.isoformat() if session.day else event.starts
    return Entry(
        kind=SESSION,
        object_id=str(session.pk),
        title=session.title,
        summary=session.summary,
        body=_lines(session.code, event.name, event.short, event.city),
        published_at=_instant(partial),
        facets={
            "event": [str(event.pk)],
            "type": [session.kind],
            "year": year_of(partial),
            **_place(event),
        },
    )


def paragraph_entry(paragraph: Paragraph) -> Entry:
    """The search document of a paragraph of a public event's document."""
    document = paragraph.document
    return Entry(
        kind=PARAGRAPH,
        object_id=str(paragraph.pk),
        title=f"{document.name}, {paragraph.number}",
        summary=paragraph.heading,
        body=paragraph.text,
        language=paragraph.language,
        published_at=_instant(document.date),
        facets={
            "document": [document.name],
            "year": year_of(document.date),
            "language": [paragraph.language],
        },
    )


def commitment_entry(commitment: Commitment) -> Entry:
    """The search document of a commitment made at a public event."""
    return Entry(
        kind=COMMITMENT,
        object_id=str(commitment.pk),
        title=commitment.text,
        summary=_lines(commitment.quoted, *(owner.name for owner in commitment.owners.all())),
        body=_lines(*(update.text for update in commitment.updates.all()), commitment.note),
        published_at=_instant(commitment.due or commitment.event.starts),
        facets={
            "type": [commitment.kind],
            "progress": [commitment.progress],
            "year": year_of(commitment.due or commitment.event.starts),
            "country": sorted(
                {owner.country_id for owner in commitment.owners.all() if owner.country_id}
            ),
        },
    )


def person_entry(person: Person, contributions: Iterable[Contribution]) -> Entry:
    """The search document of a person of whom something public is known."""
    rows = list(contributions)
    return Entry(
        kind=PERSON,
        object_id=str(person.pk),
        title=person.name,
        summary=_lines(*(name.name for name in person.other_names.all())),
        body=_lines(
            *(f"{row.title} {row.organisation} {row.topic}".strip() for row in rows),
            *(row.event.name for row in rows if row.event),
        ),
        published_at=None,
        facets={"country": [person.country_id] if person.country_id else []},
    )


def note(event: Event) -> None:
    """Write or remove what is found of an event, in the caller's transaction."""
    paragraphs = Paragraph.objects.filter(document__event=event).select_related("document")
    commitments = event.commitments.select_related("event").prefetch_related("owners", "updates")
    sessions = list(event.sessions.all()) if event.is_public else []
    if event.is_public:
        search.index_many(
            [
                event_entry(event),
                *(session_entry(row, event) for row in sessions),
                *(paragraph_entry(row) for row in paragraphs if row.text),
                *(commitment_entry(row) for row in commitments),
            ]
        )
        search.remove_many(PARAGRAPH, [row.pk for row in paragraphs if not row.text])
    else:
        search.remove(kind_of(event), event.pk)
        search.remove_many(PARAGRAPH, [row.pk for row in paragraphs])
        search.remove_many(COMMITMENT, [row.pk for row in commitments])
    _forget_others(event, {row.pk for row in sessions})
    note_people(Person.objects.filter(contributions__event=event).distinct())
    event_noted.send(Event, event=event)


def _forget_others(event: Event, sessions: Collection[int]) -> None:
    """Sessions that are no more, and the event as the kind it was before. One query for none."""
    before = EVENT if kind_of(event) == WEBINAR else WEBINAR
    there = SearchFacet.objects.filter(kind=SESSION, group="event", value=str(event.pk))
    rows = SearchDocument.objects.filter(
        Q(kind=before, object_id=str(event.pk)) | Q(pk__in=there.values("document"))
    )
    for kind, key in rows.values_list("kind", "object_id"):
        if kind != SESSION or int(key) not in sessions:
            search.remove(kind, key)


def told_of(people: Iterable[Person]) -> dict[int, list[Contribution]]:
    """What is public of each of these people. One query."""
    rows: dict[int, list[Contribution]] = {person.pk: [] for person in people}
    found = Contribution.objects.filter(person__in=list(rows)).select_related("event")
    for row in found:
        if row.event is None or row.event.is_public:
            rows[row.person_id].append(row)
    return rows


def note_people(people: Iterable[Person]) -> None:
    """The same for people: found while something public is known of them."""
    people = list(people)
    prefetch_related_objects(people, "other_names")
    rows = told_of(people)
    search.index_many(person_entry(person, rows[person.pk]) for person in people if rows[person.pk])
    search.remove_many(PERSON, [person.pk for person in people if not rows[person.pk]])


def forget_gone_paragraphs() -> None:
    """Take paragraphs that are no more out of the search: their keys went with them."""
    there = Paragraph.objects.values_list("pk", flat=True)
    found = SearchDocument.objects.filter(kind=PARAGRAPH).values_list("object_id", flat=True)
    search.remove_many(PARAGRAPH, set(found) - {str(key) for key in there})
