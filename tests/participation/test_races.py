"""Many at once for few places, on whichever database the tests run: real threads, transactions.

The twin with the guard off shows that the guard is what holds.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.models import QuerySet

from accounts.models import Profile, User
from core.models import AuditHead
from events.models import Event
from participation.models import Admission, Registration
from participation.operations import registering
from tests.factories import make_hub, make_member, reference
from tests.participation.factories import make_webinar, open_registration
from tests.racing import at_once, begin_without_lock, broken, everybody_has_looked

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

PEOPLE, PLACES, HANDS = 800, 20, 8


@pytest.fixture
def event() -> Event:
    reference()
    return make_webinar()


def crowd(n: int) -> list[User]:
    """So many members, written at once: hashing a password each would take minutes."""
    people = User.objects.bulk_create(
        User(email=f"member-{number}@test.example", name=f"Member {number}", password="!")
        for number in range(n)
    )
    Profile.objects.bulk_create(Profile(user=user) for user in people)
    return people


def in_parallel(calls: list[Callable[[], Any]], hands: int = HANDS) -> list[BaseException]:
    """The calls in any order, by so many threads that start together. What went wrong."""
    waiting, trouble = list(calls), []
    random.Random(7).shuffle(waiting)
    barrier = threading.Barrier(hands)

    def work() -> None:
        barrier.wait()
        while True:
            try:
                call = waiting.pop()
            except IndexError:
                break
            try:
                call()
            except Exception as error:  # noqa: BLE001 (the outcome is what is tested)
                trouble.append(error)
        connections.close_all()

    threads = [threading.Thread(target=work) for _n in range(hands)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return trouble


def whole(event: Event, places: int) -> None:
    """Never too many, no free place while someone waits, the counts true, the order kept."""
    admission = Admission.objects.get(event=event)
    rows = list(Registration.objects.filter(event=event).order_by("number"))
    placed = [row.number for row in rows if row.state == "placed"]
    waiting = [row.number for row in rows if row.state == "waiting"]
    assert (admission.taken, admission.waiting) == (len(placed), len(waiting))
    assert len(placed) <= places
    assert not waiting or len(placed) == places
    assert not waiting or max(placed) < min(waiting)
    assert len({row.number for row in rows}) == len(rows)


def test_eight_hundred_people_for_twenty_places(event: Event) -> None:
    open_registration(event, places=PLACES)
    people = crowd(PEOPLE)

    trouble = in_parallel(
        [
            lambda user=user: registering.register(event, by=user, told={"name": user.name})
            for user in people
        ]
    )

    assert trouble == []
    assert Registration.objects.count() == PEOPLE
    whole(event, PLACES)
    numbers = Registration.objects.placed().order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, PLACES + 1))


def remove(user: User) -> None:
    """Take a row of an account away, with what hangs on it at that moment. No page does that:
    accounts are closed, and stay."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk).delete()


def test_coming_going_and_more_places_all_at_once(event: Event) -> None:
    hub = make_hub(slug="wells", name="Hub for Wells")
    Event.objects.filter(pk=event.pk).update(hub=hub)
    event.refresh_from_db()
    organiser = make_member(hub, "editor")
    open_registration(event, places=10)
    people = crowd(90)
    rows = [registering.register(event, by=user, told={"name": user.name}) for user in people[:60]]

    def decline(row: Registration) -> Callable[[], None]:
        return lambda: registering.decline(row, by=organiser, reason="Not this time.")

    trouble = in_parallel(
        [
            *[lambda row=row: registering.withdraw(row, by=row.user) for row in rows[:20]],
            *[decline(row) for row in rows[20:25]],
            *[lambda user=user: remove(user) for user in people[30:35]],
            *[
                lambda user=user: registering.register(event, by=user, told={"name": user.name})
                for user in people[60:]
            ],
            lambda: registering.set_admission(event, by=organiser, places=15),
        ]
    )

    assert trouble == []
    whole_but_for_the_deleted(event, 15)
    registering.settle_event(event)
    whole_but_for_the_deleted(event, 15)
    assert Admission.objects.get(event=event).free == 0


def whole_but_for_the_deleted(event: Event, places: int) -> None:
    """As ``whole``: whoever has no account any more is not in the line."""
    placed = Registration.objects.placed().filter(event=event)
    line = Registration.objects.in_line().filter(event=event)
    assert placed.count() == places
    assert Admission.objects.get(event=event).taken == places
    last = placed.exclude(user=None).order_by("-number").first()
    first = line.first()
    assert last is not None
    assert first is not None
    assert last.number < first.number


def test_one_person_with_two_windows_has_one_registration(event: Event) -> None:
    open_registration(event, places=5)
    person = crowd(1)[0]

    def register() -> Any:
        return registering.register(event, by=person, told={"name": "One person"})

    first, second = at_once(register, register)

    assert first.pk == second.pk
    assert Admission.objects.get(event=event).taken == 1


def test_without_the_lock_the_last_place_goes_twice(
    event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database still refuses to write the count: the second of the two gets nothing."""
    open_registration(event, places=1)

    def no_lock(rows: QuerySet[Any], **_how: Any) -> QuerySet[Any]:
        return rows

    def slow(admission: Admission, **how: Any) -> None:
        everybody_has_looked()
        settle(admission, **how)

    settle = registering.settle
    monkeypatch.setattr(QuerySet, "select_for_update", no_lock)
    monkeypatch.setattr(AuditHead, "hold", classmethod(lambda cls: cls.objects.get()))
    monkeypatch.setattr(registering, "settle", slow)
    people = crowd(2)

    found = at_once(
        *[
            lambda user=user: registering.register(event, by=user, told={"name": user.name})
            for user in people
        ],
        begin=begin_without_lock,
    )

    assert [isinstance(one, Exception) for one in found].count(True) >= 1
    assert broken(found)
