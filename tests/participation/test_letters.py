"""Who of those who register is written to about what, when, and what no letter may say."""

from __future__ import annotations

import datetime as dt
import re
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.db import transaction

from accounts.kinds import NoticeKind
from accounts.models import User
from accounts.operations import close_account
from core.models import JobRun
from events.models import Event
from notifications import noticing
from notifications.models import Letter, Notice, Notification
from participation.models import Admission, Feedback, Registration
from participation.operations import registering
from participation.operations.papers import add_paper
from participation.operations.reminding import remind
from participation.signals import arrangements_changed
from participation.tasks import remind as task
from tests.factories import make_hub, make_member, make_user
from tests.participation.factories import come, make_webinar, open_registration
from tests.racing import at_once

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
BEGINS = dt.datetime(2026, 3, 17, 14, tzinfo=dt.UTC)
LINK, NOTE = "https://meet.example/wells-and-keepers", "Passcode 4711 and a half"
FOLDER = Path(settings.BASE_DIR) / "templates" / "emails" / "participation"
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt") if not path.stem.startswith("_"))


@pytest.fixture(autouse=True)
def now() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def hub() -> Any:
    return make_hub(slug="wells", name="Hub for Wells")


@pytest.fixture
def organiser(hub: Any) -> User:
    return make_member(hub, "editor")


@pytest.fixture
def event(hub: Any) -> Event:
    """At 20:00 in Jakarta, where the host is."""
    jakarta = dt.timezone(dt.timedelta(hours=7))
    return make_webinar(
        BEGINS.astimezone(jakarta),
        zone="Asia/Jakarta",
        hub=hub,
        slug="wells",
        name="Wells that last",
    )


@pytest.fixture
def admission(event: Event) -> Admission:
    return open_registration(event, places=1, join_url=LINK, join_note=NOTE)


def many(event: Event, n: int) -> list[User]:
    """So many people with a place, written at once."""
    people = User.objects.bulk_create(
        User(email=f"m{turn}@test.example", name=f"Member {turn}") for turn in range(n)
    )
    rows = [
        Registration(
            event=event, user=user, number=number, name=user.name, state="placed", placed_at=NOW
        )
        for number, user in enumerate(people, start=1)
    ]
    Registration.objects.bulk_create(rows)
    Admission.objects.filter(event=event).update(taken=n)
    return people


def reader(name: str = "Kofi", zone: str = "UTC", language: str = "en") -> User:
    user = make_user(name, email=f"{name.lower()}@test.example")
    user.profile.time_zone, user.profile.interface_language = zone, language
    user.profile.save()
    return user


def told() -> list[Notification]:
    """Who was told what, once everybody is."""
    noticing.tell_owed()
    rows = Notification.objects.exclude(letter=None).select_related("letter", "notice", "user")
    return list(rows.order_by("pk"))


def name_of(row: Notification) -> str:
    """The template of a letter, told to one or to all."""
    said = row.notice.data
    return str(said.get("what") or said["letter"].removeprefix("participation/"))


def written() -> list[tuple[str, str]]:
    """What was written since this was asked last: letter and name in the address."""
    rows = told()
    Notification.objects.all().delete()
    return [(name_of(row), row.user.email.split("@")[0]) for row in rows]


def letter(name: str, to: str = "") -> Any:
    [found] = [
        row.letter for row in told() if name_of(row) == name and row.user.email.startswith(to)
    ]
    return found


# --- What each says -----------------------------------------------------------------------


def test_a_place_is_confirmed_with_both_times_and_the_way_in(
    event: Event, admission: Admission
) -> None:
    come(event, reader(zone="America/Mexico_City"))

    mail = letter("placed", to="kofi@test.example")

    assert mail.title == "You have a place: Wells that last"
    assert mail.body == (
        "Your time: Tuesday 17 March 2026, 08:00–09:15 (Mexico City, UTC−6)\n"
        "Time of the host: Tuesday 17 March 2026, 21:00–22:15 (Jakarta, UTC+7)\n"
        "\n"
        "The way in, open from half an hour before it begins. Sign in with this address:\n"
        f"{settings.PORTAL_URL}/events/wells/join/\n"
        "\n"
        "Calendar file:\n"
        f"{settings.PORTAL_URL}/events/wells/calendar.ics\n"
        "\n"
        "To change your registration, or to withdraw:\n"
        f"{settings.PORTAL_URL}/events/wells/registration/\n"
        "\n"
        f"{settings.PORTAL_NAME}\n"
    )


def test_the_letter_comes_in_the_language_and_with_the_links_of_its_reader(
    event: Event, admission: Admission
) -> None:
    come(event, reader(zone="Europe/Paris", language="fr"))
    body = letter("placed").body
    assert f"{settings.PORTAL_URL}/fr/events/wells/join/" in body
    assert "mars 2026" in body


def test_a_meeting_of_which_days_are_known_says_days_and_place() -> None:
    event = make_webinar(
        NOW + dt.timedelta(days=40), kind="conference", slug="meeting", city="Wellington upon Well",
        venue="Hall of Wells", name="Meeting\r\nof wells",
    )  # fmt: skip
    event.sessions.all().delete()
    open_registration(event)
    come(event, reader())

    mail = letter("placed")

    assert mail.title == "You have a place: Meeting of wells"
    assert mail.body.startswith(
        "Sunday 19 April 2026\nHall of Wells, Wellington upon Well\n\nCalendar file:\n"
    )
    assert "/join/" not in mail.body


def test_the_line_the_place_and_the_end_are_each_told_once(
    event: Event, admission: Admission
) -> None:
    first, _second, third = (come(event, reader(name)) for name in ("One", "Two", "Three"))
    assert "All places are taken. You are the first in line." in (letter("waiting", to="two").body)
    assert "All places are taken. 1 person is before you." in (letter("waiting", to="three").body)
    assert written() == [("placed", "one"), ("waiting", "two"), ("waiting", "three")]

    registering.withdraw(first, by=first.user)

    assert letter("promoted").title == "A place became free, and it is yours: Wells that last"
    assert written() == [("withdrawn", "one"), ("promoted", "two")]
    come(event, first.user)
    assert written() == [("waiting", "one")]
    registering.register(event, by=third.user, told={"name": "Three"})
    assert written() == []  # registering twice is registering once
    registering.set_admission(event, by=make_user(is_staff=True), places=5)
    assert written() == [("promoted", "three"), ("promoted", "one")]


def test_decisions_are_told_with_their_reason(
    event: Event, admission: Admission, organiser: User
) -> None:
    open_registration(event, needs_approval=True, contact="desk@wells.example")
    rows = [come(event, reader(name)) for name in ("One", "Two", "Three")]
    assert written() == [("asked", "one"), ("asked", "two"), ("asked", "three")]
    for row in rows[:2]:
        registering.approve(row, by=organiser)
    assert written() == [("placed", "one"), ("waiting", "two")]

    registering.decline(rows[2], by=organiser, reason="For staff of hubs only.\nAsk your hub.")

    assert letter("declined").body == (
        "What the organisers write:\n\nFor staff of hubs only.\nAsk your hub.\n\n"
        "Write to desk@wells.example, if that is wrong.\n\nThe page of the event:\n"
        f"{settings.PORTAL_URL}/events/wells/\n\n{settings.PORTAL_NAME}\n"
    )
    written()
    registering.decline(rows[0], by=organiser, reason="No.")
    assert written() == [("declined", "one"), ("promoted", "two")]


def test_a_refused_change_owes_no_letter(event: Event, admission: Admission) -> None:
    row = come(event)
    written()
    with pytest.raises(RuntimeError), transaction.atomic():
        registering.withdraw(row, by=row.user)
        raise RuntimeError
    assert written() == []


def test_closed_and_locked_accounts_are_left_alone(event: Event, admission: Admission) -> None:
    open_registration(event, places=3)
    gone, locked, stays = (come(event, reader(name)) for name in ("Gone", "Locked", "Stays"))
    User.objects.filter(pk=locked.user_id).update(is_active=False)
    close_account(by=gone.user, user=gone.user)
    written()
    arrangements_changed.send(Event, event=event, what="hours", by=stays.user)
    assert written() == [("hours", "stays")]


# --- To everybody -------------------------------------------------------------------------


@pytest.fixture
def everybody(event: Event, admission: Admission, organiser: User) -> None:
    """One of each state."""
    open_registration(event, places=2)
    rows = {name: come(event, reader(name)) for name in ("Left", "Placed", "Second", "Waits", "No")}
    registering.withdraw(rows["Left"], by=rows["Left"].user)
    registering.decline(rows["No"], by=organiser, reason="No.")
    open_registration(event, needs_approval=True)
    come(event, reader("Asks"))
    written()


@pytest.mark.parametrize(
    ("what", "to"),
    [
        ("link", ["placed", "second"]),
        ("hours", ["placed", "second", "waits", "asks"]),
        ("cancelled", ["placed", "second", "waits", "asks"]),
        ("something else", []),
    ],
)
def test_who_hears_of_what(
    what: str, to: list[str], event: Event, everybody: Any, organiser: User
) -> None:
    arrangements_changed.send(Event, event=event, what=what, by=organiser)
    assert written() == [(what, name) for name in to]


def test_another_link_is_told_without_the_link(
    event: Event, admission: Admission, organiser: User
) -> None:
    come(event, reader())
    written()
    registering.set_admission(event, by=organiser, join_url="https://other.example/room")
    registering.set_admission(event, by=organiser, practical="Bring water.")
    mail = letter("link")
    assert "/events/wells/join/" in mail.body
    assert "other.example" not in mail.body + mail.title + mail.calendar


def test_why_it_is_cancelled_is_told(event: Event, admission: Admission, organiser: User) -> None:
    come(event, reader())
    arrangements_changed.send(
        Event, event=event, what="cancelled", by=organiser, reason="The speaker is ill."
    )
    body = letter("cancelled").body
    assert body.startswith(
        "It does not take place. It was planned for:\n\nYour time: Tuesday 17 March 2026, 14:00"
    )
    assert "What the organisers write:\n\nThe speaker is ill.\n" in body


@pytest.mark.parametrize("n", [2, 2000])
def test_a_change_costs_the_request_the_same_however_many_come(
    n: int, event: Event, organiser: User, django_assert_num_queries: Any
) -> None:
    open_registration(event)
    many(event, n)
    # Whether it is written down already, the notice, its key: for who comes, and for who follows.
    with django_assert_num_queries(6):
        arrangements_changed.send(Event, event=event, what="hours", by=organiser)
    assert Notice.objects.get(subject="arrangement").data["what"] == "hours"
    assert not Notification.objects.exists()


def test_one_text_serves_all_who_read_one_language_in_one_zone(
    event: Event, organiser: User
) -> None:
    open_registration(event)
    for turn in range(6):
        come(event, reader(f"r{turn}", *(("Asia/Tokyo", "fr") if turn % 2 else ("UTC", "en"))))
    written()
    arrangements_changed.send(Event, event=event, what="hours", by=organiser)
    assert len(told()) == 6
    found = Letter.objects.filter(notice__data__what="hours").order_by("language")
    assert [(row.language, row.zone) for row in found] == [("en", "UTC"), ("fr", "Asia/Tokyo")]


# --- By the calendar ----------------------------------------------------------------------


def test_a_day_and_an_hour_before_people_with_a_place_are_reminded(
    event: Event, everybody: Any, now: Any
) -> None:
    both = [("reminder", "placed"), ("reminder", "second")]
    assert [remind(BEGINS - dt.timedelta(days=1, seconds=1)), written()] == [0, []]
    at = BEGINS - dt.timedelta(days=1)
    now.move_to(at)
    task()
    task()
    assert remind(at + dt.timedelta(hours=23) - dt.timedelta(seconds=1)) == 0
    assert written() == both
    now.move_to(BEGINS - dt.timedelta(hours=1))
    task()
    task()
    assert remind(BEGINS - dt.timedelta(minutes=1)) == 0
    assert written() == both


def put_off(event: Event, **by: int) -> None:
    session = event.sessions.get()
    session.day += dt.timedelta(**by)
    session.clean()
    session.save()


def test_an_event_that_was_put_off_is_reminded_of_again(
    event: Event, admission: Admission, now: Any
) -> None:
    come(event, reader())
    written()
    now.move_to(BEGINS - dt.timedelta(minutes=30))
    task()
    assert written() == [("reminder", "kofi")]
    put_off(event, days=7)
    assert remind(BEGINS + dt.timedelta(hours=3)) == 0
    for before in (dt.timedelta(hours=21), dt.timedelta(minutes=55)):
        now.move_to(BEGINS + dt.timedelta(days=7) - before)
        task()
        assert written() == [("reminder", "kofi")]


def test_an_event_put_off_before_the_reminder_is_told_reminds_nobody_of_the_old_hour(
    event: Event, admission: Admission, now: Any
) -> None:
    come(event, reader())
    written()
    now.move_to(BEGINS - dt.timedelta(hours=3))
    assert remind(BEGINS - dt.timedelta(hours=3)) == 1
    put_off(event, days=7)
    assert written() == []


@pytest.mark.parametrize("away", [dt.timedelta(minutes=59), dt.timedelta(minutes=1)])
def test_a_clock_that_was_away_for_long_tells_the_nearer_reminder_alone(
    away: dt.timedelta, event: Event, admission: Admission, now: Any
) -> None:
    come(event, reader())
    written()
    now.move_to(BEGINS - away)
    task()
    assert written() == [("reminder", "kofi")]
    # Put back by hours, the clock does not make up for the reminder of the day before.
    now.move_to(BEGINS - dt.timedelta(hours=5))
    task()
    assert written() == []


def test_nobody_is_reminded_of_what_has_begun(event: Event, admission: Admission, now: Any) -> None:
    come(event, reader())
    written()
    assert remind(BEGINS) == 0
    now.move_to(BEGINS - dt.timedelta(minutes=1))
    assert remind(BEGINS - dt.timedelta(minutes=1)) == 1
    now.move_to(BEGINS)
    assert written() == []


@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        # The night before, clocks were put forward, or back, by an hour.
        ("Europe/Paris", dt.datetime(2026, 3, 29, 13, tzinfo=dt.UTC)),
        ("America/New_York", dt.datetime(2026, 11, 1, 16, tzinfo=dt.UTC)),
    ],
)
def test_a_day_and_an_hour_are_as_long_when_clocks_are_moved(
    zone: str, begins: dt.datetime, hub: Any, now: Any
) -> None:
    event = make_webinar(begins.astimezone(ZoneInfo(zone)), zone=zone, hub=hub)
    open_registration(event)
    come(event, reader(zone=zone))
    written()
    for before in (dt.timedelta(hours=24), dt.timedelta(hours=1)):
        now.move_to(begins - before - dt.timedelta(seconds=1))
        task()
        assert written() == []
        now.move_to(begins - before)
        task()
        assert written() == [("reminder", "kofi")]


@pytest.mark.parametrize("change", [{"status": "cancelled"}, {"is_public": False}])
def test_what_is_cancelled_or_hidden_writes_nobody(
    change: dict[str, Any], event: Event, admission: Admission
) -> None:
    come(event, reader())
    written()
    Event.objects.update(**change)
    assert remind(BEGINS - dt.timedelta(hours=1)) == 0
    assert remind(BEGINS + dt.timedelta(hours=5)) == 0
    assert not JobRun.objects.filter(name__startswith="remind-").exists()


def test_days_alone_are_counted_at_the_place() -> None:
    event = make_webinar(
        dt.datetime(2026, 3, 17, 9, tzinfo=dt.UTC), kind="conference", zone="Pacific/Kiritimati"
    )
    event.sessions.all().delete()
    open_registration(event)
    come(event, reader())
    written()
    midnight = dt.datetime(2026, 3, 16, 10, tzinfo=dt.UTC)  # fourteen hours ahead
    assert remind(midnight - dt.timedelta(hours=24, seconds=1)) == 0
    assert remind(midnight - dt.timedelta(hours=24)) == 1
    # Where no hour is known, nobody is woken for the last one.
    assert remind(midnight - dt.timedelta(minutes=50)) == 0


def test_afterwards_those_who_took_part_are_asked_how_it_was(event: Event) -> None:
    open_registration(event)
    rows = {name: come(event, reader(name)) for name in ("Was", "Absent", "Said", "Unknown")}
    Registration.objects.filter(pk=rows["Was"].pk).update(attended=True)
    Registration.objects.filter(pk=rows["Absent"].pk).update(attended=False)
    Feedback.objects.create(registration=rows["Said"], useful=4)
    written()
    ends = BEGINS + dt.timedelta(minutes=75)

    assert remind(ends - dt.timedelta(seconds=1)) == 0
    assert [remind(ends), remind(ends), remind(ends + dt.timedelta(hours=40))] == [1, 0, 0]

    assert f"{settings.PORTAL_URL}/events/wells/feedback/" in told()[-1].letter.body
    assert written() == [("feedback", "was"), ("feedback", "unknown")]


def test_after_two_days_nobody_is_asked_any_more(event: Event, admission: Admission) -> None:
    come(event, reader())
    written()
    assert remind(BEGINS + dt.timedelta(days=2, minutes=75)) == 0
    assert remind(BEGINS + dt.timedelta(days=2, minutes=74)) == 1


@pytest.mark.django_db(transaction=True)
def test_clocks_at_once_remind_once(event: Event, admission: Admission) -> None:
    open_registration(event, places=5)
    for name in ("One", "Two", "Three"):
        come(event, reader(name))
    written()

    def work() -> int:
        done = remind(BEGINS - dt.timedelta(hours=5))
        noticing.tell_owed()
        return done

    counts = at_once(*[work] * 4)

    assert sorted(counts) == [0, 0, 0, 1]
    assert written() == [("reminder", "one"), ("reminder", "two"), ("reminder", "three")]


# --- What no letter may say ---------------------------------------------------------------


def every_letter(event: Event, organiser: User, now: Any) -> list[Notification]:
    """One of each kind, at least."""
    open_registration(event, places=1)
    rows = [come(event, reader(f"r{n}", "Asia/Tokyo", "ar" if n % 2 else "en")) for n in range(3)]
    registering.withdraw(rows[0], by=rows[0].user)
    open_registration(event, needs_approval=True)
    rows.append(come(event, reader("r9")))
    registering.decline(rows[3], by=organiser, reason="No.")
    for what in ("link", "hours", "cancelled"):
        arrangements_changed.send(Event, event=event, what=what, by=organiser)
    told()
    for moment in (BEGINS - dt.timedelta(hours=1), BEGINS + dt.timedelta(hours=3)):
        now.move_to(moment)
        task()
        told()
    add_paper(event, by=organiser, url="https://video.example/w", kind="recording", title="All")
    return told()


def test_no_letter_has_the_link_or_a_name_and_each_is_plain(
    event: Event, admission: Admission, organiser: User, now: Any
) -> None:
    Event.objects.update(name="<b>Wells</b> & \r\nBcc: all@test.example")
    event.refresh_from_db()

    rows = every_letter(event, organiser, now)

    assert len(NAMES) == 12
    assert {name_of(row) for row in rows} == set(NAMES)
    for row in rows:
        mail, name = row.letter, name_of(row)
        text = f"{mail.title}\n{mail.body}\n{mail.calendar}\n{mail.path}"
        assert LINK not in text, name
        assert NOTE not in text, name
        assert "<b>Wells</b> & Bcc: all@test.example" in mail.title, name
        assert "\n" not in mail.title
        assert not re.search(r"\{[%{]|&amp;|&lt;|\n{3,}|[ \t]\n", mail.body), mail.body
        assert mail.body.endswith(f"\n\n{settings.PORTAL_NAME}\n")
        for address in re.findall(r"https?://\S+", mail.body):
            assert address.startswith(f"{settings.PORTAL_URL}/"), address
            assert "?" not in address, address


def test_each_letter_is_sorted_as_its_readers_sort_it(
    event: Event, admission: Admission, organiser: User, now: Any
) -> None:
    kinds = {name_of(row): row.kind for row in every_letter(event, organiser, now)}
    others = {
        "reminder": NoticeKind.REMINDER,
        "feedback": NoticeKind.RECORDING,
        "recording": NoticeKind.RECORDING,
    }
    assert kinds == dict.fromkeys(NAMES, NoticeKind.PLACE) | others


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_places_given_back_at_once_are_each_told_to_one_in_line(event: Event) -> None:
    open_registration(event, places=6)
    placed = [come(event, reader(f"p{n}")) for n in range(6)]
    for n in range(8):
        come(event, reader(f"w{n}"))
    written()

    results = at_once(*[partial(registering.withdraw, row, by=row.user) for row in placed])

    assert results == [None] * 6
    told = written()
    assert sorted(to for what, to in told if what == "withdrawn") == [f"p{n}" for n in range(6)]
    assert [to for what, to in told if what == "promoted"] == [f"w{n}" for n in range(6)]
