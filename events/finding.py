"""How events and what came of them are found: their entries in the search.

A session is found by the entry of its event. What belongs to an event that is not public is
not found.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db.models import prefetch_related_objects

from core import search
from core.models import SearchDocument
from core.search import Document as Entry
from events.models import Commitment, Contribution, Event, Paragraph, Person
from hubs.reference import countries

if TYPE_CHECKING:
    from hubs.models import Country

EVENT = "event"
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


def _event_entry(event: Event) -> Entry:
    claims = list(event.claims.all())
    sessions = list(event.sessions.all())
    return Entry(
        kind=EVENT,
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
        facets={"kind": [event.kind]},
    )


def _paragraph_entry(paragraph: Paragraph) -> Entry:
    document = paragraph.document
    return Entry(
        kind=PARAGRAPH,
        object_id=str(paragraph.pk),
        title=f"{document.name}, {paragraph.number}",
        summary=paragraph.heading,
        body=paragraph.text,
        language=paragraph.language,
        published_at=_instant(document.date),
        facets={},
    )


def _commitment_entry(commitment: Commitment) -> Entry:
    return Entry(
        kind=COMMITMENT,
        object_id=str(commitment.pk),
        title=commitment.text,
        summary=_lines(commitment.quoted, *(owner.name for owner in commitment.owners.all())),
        body=_lines(*(update.text for update in commitment.updates.all()), commitment.note),
        published_at=_instant(commitment.due or commitment.event.starts),
        facets={},
    )


def _person_entry(person: Person, contributions: Iterable[Contribution]) -> Entry:
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
        facets={},
    )


def note(event: Event) -> None:
    """Write or remove what is found of an event, in the caller's transaction."""
    paragraphs = Paragraph.objects.filter(document__event=event).select_related("document")
    commitments = event.commitments.select_related("event").prefetch_related("owners", "updates")
    known = {
        EVENT: [str(event.pk)],
        PARAGRAPH: [str(row.pk) for row in paragraphs],
        COMMITMENT: [str(row.pk) for row in commitments],
    }
    if not event.is_public:
        for kind, keys in known.items():
            search.remove_many(kind, keys)
    else:
        search.index_many(
            [
                _event_entry(event),
                *(_paragraph_entry(row) for row in paragraphs if row.text),
                *(_commitment_entry(row) for row in commitments),
            ]
        )
        search.remove_many(PARAGRAPH, [row.pk for row in paragraphs if not row.text])
    note_people(Person.objects.filter(contributions__event=event).distinct())


def note_people(people: Iterable[Person]) -> None:
    """The same for people: found while something public is known of them."""
    people = list(people)
    prefetch_related_objects(people, "other_names")
    rows: dict[int, list[Contribution]] = {person.pk: [] for person in people}
    found = Contribution.objects.filter(person__in=people).select_related("event")
    for row in found:
        if row.event is None or row.event.is_public:
            rows[row.person_id].append(row)
    search.index_many(
        _person_entry(person, rows[person.pk]) for person in people if rows[person.pk]
    )
    search.remove_many(PERSON, [person.pk for person in people if not rows[person.pk]])


def forget_gone_paragraphs() -> None:
    """Take paragraphs that are no more out of the search: their keys went with them."""
    there = Paragraph.objects.values_list("pk", flat=True)
    found = SearchDocument.objects.filter(kind=PARAGRAPH).values_list("object_id", flat=True)
    search.remove_many(PARAGRAPH, set(found) - {str(key) for key in there})
