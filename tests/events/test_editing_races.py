"""Two editors at one programme at once: real threads, on whichever database the tests run.

The race for a room has a twin with its guard off, which shows that the guard is what holds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet

from core.errors import DomainError
from core.models import AuditHead
from events import editing
from events.editing.desk import Desk
from events.models import Event, Person, Room, Session
from tests.events.factories import make_event, make_session
from tests.factories import make_user, reference
from tests.racing import at_once, begin_without_lock, everybody_has_looked

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
DAY = dt.date(2024, 5, 6)
ROUNDS = 5


@pytest.fixture
def event() -> Event:
    reference()
    return make_event(zone="UTC")


def fresh(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def kinds(found: list[Any]) -> list[str]:
    return sorted(type(row).__name__ if isinstance(row, Exception) else "done" for row in found)


def into(event: Event, room: Room, title: str) -> Callable[[], Any]:
    by = make_user(is_staff=True)
    values = {
        "title": title, "kind": "panel", "day": DAY, "wall_starts": dt.time(10),
        "wall_ends": dt.time(11), "room": room,
    }  # fmt: skip
    return lambda: editing.write_session(fresh(event), by=by, values=values)


def test_one_of_two_has_the_room(event: Event):
    for n in range(ROUNDS):
        room = Room.objects.create(event=event, name=f"Hall {n}")

        found = at_once(into(event, room, "One"), into(event, room, "Two"))

        assert kinds(found) == ["RoomTaken", "done"]
        assert room.sessions.count() == 1


def test_without_the_lock_both_would_have_it(event: Event, monkeypatch: pytest.MonkeyPatch):
    def no_lock(rows: QuerySet[Any], **_how: Any) -> QuerySet[Any]:
        return rows

    def look(desk: Desk) -> None:
        real(desk)
        everybody_has_looked()

    real = Desk._refuse_taken_rooms
    monkeypatch.setattr(QuerySet, "select_for_update", no_lock)
    monkeypatch.setattr(Desk, "_refuse_taken_rooms", look)
    monkeypatch.setattr(AuditHead, "append", lambda *_a, **_k: None)
    room = Room.objects.create(event=event, name="Hall")

    found = at_once(into(event, room, "One"), into(event, room, "Two"), begin=begin_without_lock)

    assert kinds(found) != ["RoomTaken", "done"]


def test_a_form_sent_twice_at_once_adds_one_session(event: Event):
    room = Room.objects.create(event=event, name="Hall")

    for _n in range(ROUNDS):
        assert kinds(at_once(*[into(event, room, "One")] * 3)) == ["done"] * 3

    assert Session.objects.count() == 1


def test_every_change_of_hours_is_counted(event: Event):
    session = make_session(event, zone="UTC", wall_starts=dt.time(8))
    by = make_user(is_staff=True)

    def write(hour: int) -> Callable[[], Any]:
        return lambda: editing.write_session(
            fresh(event), by=by, values={"wall_starts": dt.time(hour)}, session=session
        )

    for _n in range(ROUNDS):
        at_once(*[write(hour) for hour in range(9, 13)])
        Session.objects.filter(pk=session.pk).update(wall_starts=dt.time(8))

    assert (fresh(session).sequence, fresh(event).sequence) == (4 * ROUNDS, 4 * ROUNDS)


def test_of_two_who_opened_one_form_one_is_told(event: Event):
    session = make_session(event)
    by = make_user(is_staff=True)

    for _n in range(ROUNDS):
        base = editing.state_of(fresh(session))
        found = at_once(
            *[
                lambda title=title, base=base: editing.write_session(
                    fresh(event), by=by, values={"title": title}, session=session, base=base
                )
                for title in (f"One {_n}", f"Two {_n}")
            ]
        )
        assert kinds(found) == ["Stale", "done"]


def test_a_session_taken_out_while_it_is_written_leaves_nothing_behind(event: Event):
    by = make_user(is_staff=True)
    for _n in range(ROUNDS):
        session = make_session(event)
        seen = editing.attached_to(session).mark

        found = at_once(
            lambda session=session, seen=seen: editing.take_out(session, by=by, seen=seen),
            lambda session=session: editing.write_session(
                fresh(event), by=by, values={"title": "Late"}, session=session
            ),
        )

        assert all(row is None or isinstance(row, (DomainError, Session)) for row in found)
        assert not Session.objects.filter(pk=session.pk).exists()


def test_a_list_pasted_by_two_at_once_makes_each_person_once(event: Event):
    by = make_user(is_staff=True)
    parts = [editing.Part(f"Person Number{n}", None, None, {"role": "speaker"}) for n in range(5)]

    found = at_once(*[lambda: editing.add_people(fresh(event), by=by, parts=parts)] * 3)

    assert sorted(told["added"] for told in found) == [0, 0, 5]
    assert Person.objects.count() == 5
    assert event.contributions.count() == 5


def test_a_new_name_at_two_events_at_once_has_no_address_twice(event: Event):
    other = make_event()
    by = make_user(is_staff=True)
    parts = [editing.Part("Amina Brook", None, None, {"role": "speaker"})]

    found = at_once(
        *[
            lambda row=row: editing.add_people(fresh(row), by=by, parts=parts)
            for row in (event, other)
        ]
    )

    assert kinds(found) == ["done", "done"]
    assert len(set(Person.objects.values_list("slug", flat=True))) == Person.objects.count()
