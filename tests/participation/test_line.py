"""The line of an event: never too many, no free place while someone waits, first come first."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.operations import close_account
from core.errors import DomainError
from core.models import AuditEntry
from events.models import Event, Session
from participation.models import Admission, Registration
from participation.operations import registering
from tests.factories import make_hub, make_member, make_user
from tests.participation.factories import come, make_webinar, open_registration

pytestmark = pytest.mark.django_db
State = Registration.State


def states(event: Event) -> list[str]:
    """What became of each, in the order of their numbers."""
    return list(
        Registration.objects.filter(event=event).order_by("number").values_list("state", flat=True)
    )


def counts(event: Event) -> tuple[int, int]:
    admission = Admission.objects.get(event=event)
    return admission.taken, admission.waiting


@pytest.fixture
def hub() -> Any:
    return make_hub(slug="wells", name="Hub for Wells")


@pytest.fixture
def event(hub: Any) -> Event:
    return make_webinar(hub=hub)


@pytest.fixture
def organiser(hub: Any) -> Any:
    return make_member(hub, "editor")


def test_who_comes_first_has_a_place_and_the_others_wait_in_order(event: Event) -> None:
    open_registration(event, places=2)

    rows = [come(event) for _n in range(4)]

    assert [(row.number, row.state) for row in rows] == [
        (1, "placed"), (2, "placed"), (3, "waiting"), (4, "waiting"),
    ]  # fmt: skip
    assert counts(event) == (2, 2)


def test_registering_twice_is_registering_once(event: Event) -> None:
    open_registration(event, places=5)
    person = make_user()

    first, second = come(event, person), come(event, person)

    assert (first.pk, counts(event)) == (second.pk, (1, 0))


def test_a_place_given_back_goes_to_the_first_in_line(event: Event) -> None:
    open_registration(event, places=1)
    first, second, third = come(event), come(event), come(event)

    registering.withdraw(first, by=first.user)

    assert states(event) == ["withdrawn", "placed", "waiting"]
    assert counts(event) == (1, 1)
    assert Registration.objects.get(pk=second.pk).placed_at is not None
    assert AuditEntry.of(second).get().actor_name == "The portal"
    assert not AuditEntry.of(third).exists()


def test_who_comes_back_stands_at_the_end(event: Event) -> None:
    open_registration(event, places=1)
    first, _second, _third = come(event), come(event), come(event)
    registering.withdraw(first, by=first.user)

    again = come(event, first.user, name="New name")

    assert (again.pk, again.number, again.state, again.name) == (
        first.pk, 4, "waiting", "New name",
    )  # fmt: skip
    assert states(event) == ["placed", "waiting", "waiting"]


def test_more_places_go_to_those_who_wait(event: Event, organiser: Any) -> None:
    open_registration(event, places=1)
    for _n in range(4):
        come(event)

    registering.set_admission(event, by=organiser, places=3)
    assert states(event) == ["placed", "placed", "placed", "waiting"]

    registering.set_admission(event, by=organiser, places=None)
    assert states(event) == ["placed"] * 4


def test_fewer_places_than_people_are_refused_and_nothing_changes(
    event: Event, organiser: Any
) -> None:
    open_registration(event, places=3)
    for _n in range(3):
        come(event)

    with pytest.raises(ValidationError) as refusal:
        registering.set_admission(event, by=organiser, places=2, is_open=False)

    assert refusal.value.message_dict == {
        "places": ["3 people have a place. Choose at least 3, or decline people first."]
    }
    kept = Admission.objects.get(event=event)
    assert (kept.places, kept.is_open) == (3, True)


def test_settings_that_somebody_changed_meanwhile_are_not_written_over(
    event: Event, organiser: Any
) -> None:
    base = registering.state_of(open_registration(event, places=3))
    registering.set_admission(event, by=organiser, base=base, practical="Bring a bucket.")

    with pytest.raises(DomainError, match="Somebody else changed this"):
        registering.set_admission(event, by=organiser, base=base, places=9)

    now = Admission.objects.get(event=event)
    assert (now.places, now.practical) == (3, "Bring a bucket.")
    registering.set_admission(event, by=organiser, base=registering.state_of(now), places=9)
    assert Admission.objects.get(event=event).places == 9


def test_the_database_itself_refuses_too_many(event: Event) -> None:
    admission = open_registration(event, places=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Admission.objects.filter(pk=admission.pk).update(taken=3)


def test_approval_comes_before_the_line(event: Event, organiser: Any) -> None:
    open_registration(event, places=1, needs_approval=True)
    first, second = come(event), come(event)
    assert states(event) == ["asked", "asked"]

    registering.approve(second, by=organiser)
    registering.approve(first, by=organiser)

    assert states(event) == ["waiting", "placed"]
    with pytest.raises(ValidationError):
        registering.decline(second, by=organiser, reason=" ")
    registering.decline(second, by=organiser, reason="For staff of hubs only.")
    assert states(event) == ["placed", "declined"]
    with pytest.raises(DomainError, match="declined"):
        come(event, second.user)


def test_a_closed_account_leaves_its_place_and_its_words(event: Event) -> None:
    open_registration(event, places=1)
    first, second = (
        come(event, title="Keeper", organisation="Wells", needs="A ramp", listing="public"),
        come(event),
    )

    close_account(by=first.user, user=first.user)

    row = Registration.objects.get(pk=first.pk)
    assert (row.name, row.title, row.organisation, row.needs, row.listing) == (
        "Former member", "", "", "", "nobody",
    )  # fmt: skip
    assert states(event) == ["withdrawn", "placed"]
    assert Registration.objects.get(pk=second.pk).state == "placed"


def test_the_line_goes_on_when_the_first_in_it_has_just_been_deleted(event: Event) -> None:
    open_registration(event, places=1)
    first, second, third = come(event), come(event), come(event)
    second.user.delete()

    registering.withdraw(first, by=first.user)

    assert Registration.objects.get(pk=third.pk).state == "placed"
    assert counts(event) == (1, 0)


def test_after_the_beginning_nobody_registers(event: Event) -> None:
    open_registration(event)
    late = make_webinar(timezone.now() - dt.timedelta(minutes=5))
    open_registration(late)
    shut = open_registration(make_webinar(), closes_at=timezone.now() - dt.timedelta(hours=1))

    for refused in (late, shut.event):
        with pytest.raises(DomainError, match="closed"):
            come(refused)
    assert come(event).state == "placed"


def test_only_organisers_decide_and_only_oneself_withdraws(event: Event, organiser: Any) -> None:
    open_registration(event, places=1, needs_approval=True)
    row, stranger = come(event), make_user()

    for refused in (
        lambda: registering.approve(row, by=stranger),
        lambda: registering.decline(row, by=row.user, reason="No."),
        lambda: registering.withdraw(row, by=organiser),
        lambda: registering.set_admission(event, by=stranger, places=9),
        lambda: registering.mark_attendance(event, by=stranger, took_part={row.uid: True}),
        lambda: registering.join(event, by=row.user),
    ):
        with pytest.raises(PermissionDenied):
            refused()
    assert states(event) == ["asked"]


def test_attendance_is_yes_no_or_unknown(event: Event, organiser: Any) -> None:
    open_registration(event)
    rows = [come(event) for _n in range(3)]
    said = {rows[0].uid: True, rows[1].uid: False, rows[2].uid: None}

    with pytest.raises(DomainError, match="once the event has begun"):
        registering.mark_attendance(event, by=organiser, took_part=said)
    Session.objects.update(starts_at=timezone.now() - dt.timedelta(hours=1))

    assert registering.mark_attendance(event, by=organiser, took_part=said) == 2
    assert registering.mark_attendance(event, by=organiser, took_part=said) == 0
    assert [row.attended for row in Registration.objects.order_by("number")] == [True, False, None]
    assert registering.mark_attendance(event, by=organiser, took_part={rows[0].uid: None}) == 1
