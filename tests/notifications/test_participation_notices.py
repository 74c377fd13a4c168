"""What people who registered are told, all of them, and what becomes of it until it is read."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db.models import F
from icalendar import Calendar

from accounts.kinds import NoticeKind
from accounts.models import User
from events.models import Event
from notifications import digesting, noticing
from notifications.delivering import deliver_owed
from notifications.kinds import Mail
from notifications.models import Delivery, Notice, Notification, Preference, Reason
from notifications.noticeable import lines_of
from participation.models import Admission, Paper, Registration
from participation.operations import registering
from participation.operations.papers import add_paper, add_version, change_paper, withdraw_paper
from participation.operations.reminding import remind
from participation.signals import arrangements_changed
from participation.tasks import remind as task
from tests.factories import make_hub, make_member, make_user
from tests.participation.factories import come, make_webinar, open_registration
from tests.people import browser
from tests.racing import at_once

pytestmark = pytest.mark.django_db
State = Delivery.State
NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
BEGINS = dt.datetime(2026, 3, 17, 14, tzinfo=dt.UTC)
ENDED = BEGINS + dt.timedelta(hours=3)
LINK = "https://meet.example/wells-and-keepers"
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def now() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def organiser() -> User:
    return make_member(make_hub(slug="wells", name="Hub for Wells"), "editor")


@pytest.fixture
def event(organiser: User) -> Event:
    hub = organiser.memberships.get().hub
    event = make_webinar(BEGINS, hub=hub, slug="wells", name="Wells that last")
    open_registration(event, join_url=LINK)
    return event


@pytest.fixture
def person(event: Event) -> User:
    """Somebody with a place, who was told of it."""
    user = make_user("Kofi")
    come(event, user)
    deliver_owed()
    mail.outbox.clear()
    Notification.objects.all().delete()
    return user


def many(event: Event, n: int) -> None:
    """So many more with a place."""
    first = Registration.objects.filter(event=event).count() + 1
    people = User.objects.bulk_create(
        User(email=f"m{turn}@test.example", name=f"Member {turn}") for turn in range(n)
    )
    Registration.objects.bulk_create(
        Registration(
            event=event, user=user, number=number, name=user.name, state="placed", placed_at=NOW
        )
        for number, user in enumerate(people, start=first)
    )
    Admission.objects.filter(event=event).update(taken=F("taken") + n)


def told(user: User) -> list[tuple[str, str]]:
    rows = Notification.objects.filter(user=user).select_related("notice").order_by("pk")
    return [(row.notice.data["what"], row.kind) for row in rows]


def said_to(user: User) -> list[str]:
    """What the portal shows somebody of it now."""
    rows = list(Notification.objects.filter(user=user).select_related("notice", "letter"))
    return [line.title for line in lines_of(rows, user).values()]


def fates() -> list[str]:
    return list(Delivery.objects.exclude(kind=NoticeKind.PLACE).values_list("state", flat=True))


def file_in(message: Any) -> Any:
    [(name, content, sort)] = message.attachments
    assert (name, sort) == ("event.ics", "text/calendar; method=PUBLISH")
    return Calendar.from_ical(content)


def reminded(at: dt.datetime, now: Any) -> None:
    now.move_to(at)
    task()
    noticing.tell_owed()


# --- Files ---------------------------------------------------------------------------------------


def test_a_place_comes_with_a_file_that_every_later_file_replaces(
    event: Event, organiser: User, now: Any
) -> None:
    user = make_user("Kofi")
    come(event, user)
    deliver_owed()
    reminded(BEGINS - HOUR, now)
    session = event.sessions.get()
    session.sequence += 1
    session.save()
    arrangements_changed.send(Event, event=event, what="hours", by=organiser)
    Event.objects.update(status="cancelled", sequence=7)
    arrangements_changed.send(Event, event=event, what="cancelled", by=organiser, reason="Rain.")
    noticing.tell_owed()
    deliver_owed()

    # What was changed and then cancelled is told by the last of both.
    titles = [message.subject.split(":")[0] for message in mail.outbox]
    assert titles == ["You have a place", "Cancelled"]
    placed, cancelled = [file_in(message) for message in mail.outbox]
    for file in (placed, cancelled):
        assert file["method"] == "PUBLISH"
    [first], [last] = placed.walk("VEVENT"), cancelled.walk("VEVENT")
    assert first["uid"] == last["uid"]
    assert (first["status"], last["status"]) == ("CONFIRMED", "CANCELLED")
    assert last["sequence"] > first["sequence"]
    assert first.decoded("dtstart") == BEGINS
    assert "/events/wells/join/" in first["description"]
    assert LINK not in mail.outbox[0].message().as_string()


def test_who_waits_gets_no_file(event: Event) -> None:
    open_registration(event, places=1)
    for name in ("One", "Two"):
        come(event, make_user(name))
    deliver_owed()
    assert [len(message.attachments) for message in mail.outbox] == [1, 0]


# --- Reminders -----------------------------------------------------------------------------------


def test_a_reminder_is_sent_with_its_file_and_is_of_no_use_once_it_begins(
    event: Event, person: User, now: Any
) -> None:
    reminded(BEGINS - HOUR, now)

    row = Delivery.objects.get(notification__user=person, kind=NoticeKind.REMINDER)
    assert row.expires_at == BEGINS
    deliver_owed()
    [message] = mail.outbox
    assert message.subject == "It begins soon: Wells that last"
    assert file_in(message).walk("VEVENT")[0].decoded("dtstart") == BEGINS
    assert "It concerns you" in message.body
    assert told(person) == [("reminder", "reminder")]


def test_a_reminder_a_day_before_is_of_use_for_half_a_day(
    event: Event, person: User, now: Any
) -> None:
    reminded(BEGINS - 24 * HOUR, now)
    row = Delivery.objects.get(notification__user=person)
    assert row.expires_at == BEGINS - 12 * HOUR


def test_a_reminder_the_mail_server_kept_waiting_is_not_sent_afterwards(
    event: Event, person: User, now: Any
) -> None:
    reminded(BEGINS - HOUR, now)
    now.move_to(BEGINS + dt.timedelta(seconds=1))
    deliver_owed()
    assert (mail.outbox, fates()) == ([], [State.DEAD])


@pytest.mark.parametrize("what", ["put off", "cancelled", "hidden", "given back"])
def test_a_reminder_that_is_wrong_by_now_is_not_sent_and_not_shown(
    what: str, event: Event, person: User, now: Any
) -> None:
    reminded(BEGINS - HOUR, now)
    assert said_to(person) == ["It begins soon: Wells that last"]
    match what:
        case "put off":
            session = event.sessions.get()
            session.day += dt.timedelta(days=7)
            session.clean()
            session.save()
        case "cancelled":
            Event.objects.update(status="cancelled")
        case "hidden":
            Event.objects.update(is_public=False)
        case "given back":
            registering.withdraw(Registration.objects.get(user=person), by=person)
    reminders = Notification.objects.filter(kind=NoticeKind.REMINDER)
    Notification.objects.exclude(pk__in=reminders.values("pk")).delete()

    deliver_owed()

    assert (mail.outbox, fates(), said_to(person)) == ([], [State.UNWANTED], [])


def test_no_digest_says_that_something_begins_soon_once_it_began(
    event: Event, person: User, now: Any
) -> None:
    Preference.objects.create(user=person, kind=NoticeKind.REMINDER, mail=Mail.DAILY)
    reminded(BEGINS - HOUR, now)
    now.move_to(BEGINS + 20 * HOUR)

    assert digesting.owe_digests() == 1
    deliver_owed()

    assert mail.outbox == []
    assert said_to(person) == ["It begins soon: Wells that last"]  # as it was, in the list


def test_a_task_that_was_never_run_is_made_up_for(event: Event, person: User, now: Any) -> None:
    now.move_to(BEGINS - HOUR)
    assert remind(BEGINS - HOUR) == 1
    assert told(person) == []
    now.move_to(BEGINS - HOUR / 2)
    noticing.tell_owed()
    noticing.tell_owed()
    assert told(person) == [("reminder", "reminder")]


def test_whoever_gets_a_place_before_people_are_told_is_told_too(
    event: Event, person: User, now: Any
) -> None:
    now.move_to(BEGINS - HOUR)
    remind(BEGINS - HOUR)
    late = make_user("Late")
    come(event, late)
    registering.withdraw(Registration.objects.get(user=person), by=person)
    Notification.objects.all().delete()
    noticing.tell_owed()
    assert (told(person), told(late)) == ([], [("reminder", "reminder")])


# --- Changes -------------------------------------------------------------------------------------


def test_whoever_changes_the_hours_is_told_like_everybody_who_comes(
    event: Event, person: User
) -> None:
    arrangements_changed.send(Event, event=event, what="hours", by=person)
    arrangements_changed.send(Event, event=event, what="hours", by=person)
    noticing.tell_owed()
    rows = Notification.objects.filter(user=person, notice__subject="arrangement")
    assert [row.reason for row in rows] == [Reason.CONCERNS] * 2


def test_other_hours_of_what_is_over_are_told_to_nobody(
    event: Event, person: User, organiser: User, now: Any
) -> None:
    now.move_to(ENDED)
    arrangements_changed.send(Event, event=event, what="hours", by=organiser)
    noticing.tell_owed()
    assert Notice.objects.filter(subject="arrangement").exclude(done_at=None).count() == 1
    assert not Notification.objects.filter(user=person).exists()


def test_the_list_in_the_portal_shows_each_in_its_readers_words(
    event: Event, person: User, organiser: User
) -> None:
    arrangements_changed.send(Event, event=event, what="link", by=organiser)
    noticing.tell_owed()
    page = browser(person).get("/notifications/").content.decode()
    assert "The way in changed: Wells that last" in page
    assert "/events/wells/join/" in page
    assert LINK not in page


def test_lines_of_many_cost_what_lines_of_few_cost(
    event: Event, person: User, now: Any, django_assert_num_queries: Any
) -> None:
    others = [make_webinar(BEGINS, name=f"Wells {n}", slug=f"w{n}") for n in range(5)]
    for other in others:
        open_registration(other)
        come(other, person)
    Notification.objects.all().delete()
    reminded(BEGINS - HOUR, now)
    rows = list(Notification.objects.filter(user=person).select_related("notice", "letter"))
    # The events with their hours, the places.
    with django_assert_num_queries(2):
        assert len(lines_of(rows, person)) == 6


# --- Recordings ----------------------------------------------------------------------------------


def record(event: Event, by: User, **how: Any) -> Paper:
    told = {"kind": "recording", "title": "All of it", "url": "https://video.example/1"}
    return add_paper(event, by=by, **(told | how))


def test_people_with_a_place_are_told_of_the_first_recording_once(
    event: Event, person: User, organiser: User, now: Any
) -> None:
    gone = make_user("Gone")
    registering.withdraw(come(event, gone), by=gone)
    Notification.objects.all().delete()
    now.move_to(ENDED)
    first = record(event, organiser, audience="participants")
    record(event, organiser, title="In French", url="https://video.example/2")
    add_version(first, by=organiser, url="https://video.example/3")
    noticing.tell_owed()

    assert (told(person), told(gone)) == ([("recording", "recording")], [])
    row = Notification.objects.get(user=person)
    assert row.letter is not None
    assert (row.letter.title, row.letter.path) == (
        "The recording is there: Wells that last", first.get_absolute_url(),
    )  # fmt: skip
    assert browser(person).get(row.letter.path).status_code == 200
    withdraw_paper(first, by=organiser, withdrawn=True)
    assert said_to(person) == []
    withdraw_paper(first, by=organiser, withdrawn=False)
    noticing.tell_owed()
    assert len(told(person)) == 1


def test_what_stands_there_before_it_begins_is_no_recording_yet(
    event: Event, person: User, organiser: User, now: Any
) -> None:
    paper = record(event, organiser)
    noticing.tell_owed()
    assert told(person) == []
    now.move_to(ENDED)
    add_version(paper, by=organiser, url="https://video.example/2")
    noticing.tell_owed()
    assert told(person) == [("recording", "recording")]


def test_a_paper_that_turns_out_to_be_the_recording_is_told(
    event: Event, person: User, organiser: User, now: Any
) -> None:
    now.move_to(ENDED)
    paper = record(event, organiser, kind="slides")
    noticing.tell_owed()
    assert told(person) == []
    change_paper(paper, by=organiser, kind="recording")
    noticing.tell_owed()
    assert told(person) == [("recording", "recording")]


# --- Storms --------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_hundreds_are_told_once_each_by_several_clocks_at_once(event: Event) -> None:
    many(event, 520)  # more than one portion

    def work() -> int:
        announced = remind(BEGINS - dt.timedelta(hours=2))
        noticing.tell_owed()
        return announced

    counts = at_once(*[work] * 3)
    noticing.tell_owed()

    assert sorted(counts) == [0, 0, 1]
    rows = Notification.objects.filter(kind=NoticeKind.REMINDER)
    people = list(rows.values_list("user_id", flat=True))
    assert (len(people), len(set(people))) == (520, 520)
    assert Delivery.objects.filter(kind=NoticeKind.REMINDER).count() == 520
    assert rows.values("letter").distinct().count() == 1
