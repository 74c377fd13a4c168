"""What tests of events need. Every name and text is made up."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from claims.models import Reference
from events.models import (
    Commitment,
    CommitmentOwner,
    Contribution,
    Document,
    Event,
    KeyMessage,
    Paragraph,
    Person,
    Session,
)
from tests.factories import reference as lay_reference

_count = itertools.count(1)


def make_source(**values: Any) -> Reference:
    n = next(_count)
    return Reference.objects.create(**{"key": f"made-{n}", "title": f"Made up source {n}"} | values)


def make_event(**values: Any) -> Event:
    lay_reference()
    n = next(_count)
    return Event.objects.create(
        **{
            "slug": f"meeting-{n}", "name": f"Meeting of the well keepers {n}",
            "kind": "conference", "starts": "2024-05-06", "ends": "2024-05-08",
            "status": "held", "city": "Wellington upon Well",
        } | values
    )  # fmt: skip


def make_session(event: Event, **values: Any) -> Session:
    n = next(_count)
    session = Session(
        **{
            "event": event, "slug": f"session-{n}", "title": f"Session {n}", "kind": "panel",
            "day": dt.date(2024, 5, 6),
        } | values
    )  # fmt: skip
    session.clean()
    session.save()
    return session


def make_person(**values: Any) -> Person:
    n = next(_count)
    return Person.objects.create(**{"slug": f"person-{n}", "name": f"Person {n}"} | values)


def contribute(person: Person, event: Event | None, **values: Any) -> Contribution:
    return Contribution.objects.create(
        **{"person": person, "event": event, "role": "speaker", "reference": make_source()} | values
    )


def make_commitment(event: Event, **values: Any) -> Commitment:
    n = next(_count)
    owners = values.pop("owners", ("Keepers of wells",))
    made = Commitment.objects.create(
        **{"event": event, "code": f"c-{n}", "text": f"Dig well {n}.", "reference": make_source()}
        | values
    )
    for name in owners:
        CommitmentOwner.objects.create(commitment=made, name=name)
    return made


def make_document(event: Event, paragraphs: int = 0, **values: Any) -> Document:
    n = next(_count)
    made = Document.objects.create(
        **{
            "event": event, "slug": f"document-{n}", "name": f"Declaration {n}",
            "kind": "declaration", "date": "2024", "reference": make_source(),
        } | values
    )  # fmt: skip
    for number in range(1, paragraphs + 1):
        row = Paragraph.objects.create(
            document=made, number=str(number), position=number, text=f"Water article {number}.",
            reference=made.reference,
        )  # fmt: skip
        message = KeyMessage.objects.create(event=event, text=f"Say {number}.")
        message.paragraphs.add(row)
        make_commitment(event).paragraphs.add(row)
    return made
