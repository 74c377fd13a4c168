"""What cannot be as a programme says it: rooms, people, days."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events import clashes
from events.clashes import Kind
from events.models import Event, Room, Session
from tests.events.factories import contribute, make_event, make_person, make_session

pytestmark = pytest.mark.django_db
MIDNIGHT = dt.datetime(2024, 5, 6, tzinfo=dt.UTC)


def unsaved(begins: int, ends: int | None, **values: Any) -> Session:
    """A session from one hour to another; nobody has written it."""
    return Session(
        starts_at=MIDNIGHT + dt.timedelta(hours=begins),
        ends_at=None if ends is None else MIDNIGHT + dt.timedelta(hours=ends),
        zone="UTC",
        **values,
    )


@pytest.mark.parametrize(
    ("one", "other", "at_once"),
    [
        ((10, 11), (11, 12), False), ((10, 11), (10, 11), True), ((10, 12), (11, 13), True),
        ((10, 14), (11, 12), True), ((10, 11), (12, 13), False), ((10, 11), (10, None), True),
        ((10, 12), (11, None), True), ((10, 11), (11, None), False), ((10, None), (10, None), True),
        ((10, None), (11, None), False),
    ],
)  # fmt: skip
def test_which_sessions_go_on_at_the_same_time(
    one: tuple[int, int | None], other: tuple[int, int | None], at_once: bool
):
    first, second = unsaved(*one), unsaved(*other)

    assert clashes.overlap(first, second) is at_once
    assert clashes.overlap(second, first) is at_once


def test_what_has_no_hour_clashes_with_nothing():
    assert not clashes.overlap(Session(), unsaved(10, 11))
    assert not clashes.overlap(Session(), Session())


hours = st.tuples(st.integers(0, 12), st.one_of(st.none(), st.integers(1, 5))).map(
    lambda row: (row[0], None if row[1] is None else row[0] + row[1])
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(hours, max_size=9))
def test_every_overlap_is_found_once(spans: list[tuple[int, int | None]]):
    room = Room(pk=1, name="Hall")
    rows = [unsaved(*span, pk=n, room=room, title=f"S{n}") for n, span in enumerate(spans, 1)]

    found = [frozenset(row.pk for row in clash.sessions) for clash in clashes.in_rooms(rows)]

    expected = {
        frozenset({one.pk, other.pk})
        for n, one in enumerate(rows)
        for other in rows[n + 1 :]
        if clashes.overlap(one, other)
    }
    assert len(found) == len(set(found))
    assert set(found) == expected


def on(event: Event, title: str, begins: int, ends: int, **values: Any) -> Session:
    return make_session(
        event, title=title, zone="Europe/Berlin", wall_starts=dt.time(begins),
        wall_ends=dt.time(ends), **values,
    )  # fmt: skip


def told(event: Event) -> list[tuple[str, str]]:
    sessions = event.sessions.select_related("room")
    parts = event.contributions.select_related("person")
    return [(clash.kind.value, clash.text) for clash in clashes.clashes_of(event, sessions, parts)]


def test_a_person_in_two_places_is_told_with_the_hours_of_both():
    event = make_event()
    person = make_person(name="Amina Brook")
    rows = [on(event, "Wells", 9, 11), on(event, "Springs", 10, 12), on(event, "Rain", 12, 13)]
    for session in rows:
        contribute(person, event, session=session)
        contribute(make_person(), event, session=session)

    assert told(event) == [("person", "Amina Brook is in “Wells” and in “Springs” at 10:00–11:00.")]


def test_two_parts_in_one_session_and_a_paper_elsewhere_are_no_clash():
    event = make_event()
    person = make_person()
    one, other = on(event, "Wells", 9, 11), on(event, "Springs", 10, 12)
    contribute(person, event, session=one, role="chair")
    contribute(person, event, session=one, role="speaker")
    contribute(person, event, session=other, role="author")

    assert told(event) == []


@pytest.mark.parametrize(
    ("starts", "ends", "day", "outside"),
    [
        ("2024-05-06", "2024-05-08", "2024-05-06", False),
        ("2024-05-06", "2024-05-08", "2024-05-08", False),
        ("2024-05-06", "2024-05-08", "2024-05-09", True),
        ("2024-05-06", "2024-05-08", "2024-05-05", True),
        ("2024-05-06", "", "2024-05-07", True), ("2024-05", "", "2024-05-31", False),
        ("2024-05", "", "2024-06-01", True), ("2024", "", "2024-12-31", False),
        ("", "", "1999-01-01", False), ("2024-05-06", "2024-06", "2024-06-30", False),
    ],
)  # fmt: skip
def test_days_are_compared_as_precisely_as_they_are_known(
    starts: str, ends: str, day: str, outside: bool
):
    event = make_event(starts=starts, ends=ends)
    make_session(event, day=dt.date.fromisoformat(day))

    found = clashes.clashes_of(event, event.sessions.all(), [])

    assert [clash.kind for clash in found] == ([Kind.DAY] if outside else [])


def test_a_room_is_free_in_another_hour_of_the_same_name():
    """Clocks are put back: 02:30 comes twice."""
    event = make_event()
    room = Room.objects.create(event=event, name="Hall")
    for second in (False, True):
        make_session(
            event, day=dt.date(2024, 10, 27), zone="Europe/Berlin", wall_starts=dt.time(2, 10),
            wall_ends=dt.time(2, 50), second_hour=second, room=room,
        )  # fmt: skip

    assert clashes.in_rooms(event.sessions.select_related("room")) == []
