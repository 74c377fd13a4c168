"""Files taken over at once with others, and with what editors write meanwhile: real threads, on
whichever database the tests run."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from core.models import AuditEntry
from events import editing
from events.importing import reading, taking_over
from events.importing.comparing import Comparison
from events.models import Event, ProgrammeImport, Room
from tests.events.factories import make_event
from tests.events.imports import TABLE
from tests.factories import make_user, reference
from tests.racing import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROUNDS = 3


@pytest.fixture
def event() -> Event:
    reference()
    return make_event(zone="Asia/Jakarta")


def kept(event: Event) -> ProgrammeImport:
    """The table, read by somebody for this event."""
    found = reading.read(SimpleUploadedFile("programme.csv", TABLE.encode()), event)
    return taking_over.keep(event, found, name="programme.csv", by=make_user(is_staff=True))


def taking(row: ProgrammeImport) -> Callable[[], Any]:
    seen = Comparison(row.event, row.rows).digest
    by = make_user(is_staff=True)
    return lambda: taking_over.take_over(
        ProgrammeImport.objects.select_related("event").get(pk=row.pk), by=by, seen=seen
    )


def refusals(found: list[Any]) -> list[str]:
    return sorted(
        getattr(row, "code", repr(row)) if isinstance(row, Exception) else "" for row in found
    )


def test_one_file_sent_twice_at_once_is_taken_over_once(event: Event) -> None:
    for n in range(1, ROUNDS + 1):
        event = make_event(zone="Asia/Jakarta")

        found = at_once(*[taking(kept_) for kept_ in [kept(event)] * 3])

        assert refusals(found) == ["", "", ""]
        assert event.sessions.count() == 3
        assert AuditEntry.objects.filter(verb="import_programme").count() == n


def test_of_two_files_with_the_same_sessions_one_is_looked_at_again(event: Event) -> None:
    found = at_once(taking(kept(event)), taking(kept(event)))

    assert refusals(found) == ["", "stale"]
    assert event.sessions.count() == 3


def test_a_room_taken_meanwhile_has_one_session(event: Event) -> None:
    hall = Room.objects.create(event=event, name="Great hall")
    by = make_user(is_staff=True)
    values = {
        "title": "Quick", "kind": "panel", "day": dt.date(2024, 5, 6), "wall_starts": dt.time(9),
        "wall_ends": dt.time(10), "room": hall,
    }  # fmt: skip

    found = at_once(
        taking(kept(event)),
        lambda: editing.write_session(Event.objects.get(pk=event.pk), by=by, values=values),
    )

    refused = [row for row in found if isinstance(row, Exception)]
    assert len(refused) == 1
    assert event.sessions.filter(room=hall, wall_starts=dt.time(9)).count() == 1
