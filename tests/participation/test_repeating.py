"""Repeating a webinar: which days, at which instants, and all of them or none."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from core.models import AuditEntry
from events.models import Event, Session
from participation import repeating
from participation.models import Admission, Category
from participation.operations import webinars as operations
from participation.repeating import MOST, Rule, days_after, is_last, occurrences, rules_for
from tests.factories import make_hub, make_member
from tests.participation.factories import come, make_webinar, open_registration
from tests.people import browser

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = dt.datetime(2027, 3, 4, 12, 0, tzinfo=dt.UTC)
DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2090, 12, 31))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def iso(days: list[dt.date]) -> list[str]:
    return [one.isoformat() for one in days]


# --- Which days -----------------------------------------------------------------------------------


def test_weeks_keep_the_day_of_the_week():
    assert iso(days_after(day("2027-03-09"), Rule.WEEKS, 2, 3)) == [
        "2027-03-23", "2027-04-06", "2027-04-20",
    ]  # fmt: skip


def test_months_keep_the_week_of_the_month():
    assert iso(days_after(day("2027-03-09"), Rule.WEEKDAY, 1, 4)) == [
        "2027-04-13", "2027-05-11", "2027-06-08", "2027-07-13",
    ]  # fmt: skip


def test_a_fifth_tuesday_comes_only_in_months_that_have_one():
    assert iso(days_after(day("2027-03-30"), Rule.WEEKDAY, 1, 3)) == [
        "2027-06-29", "2027-08-31", "2027-11-30",
    ]  # fmt: skip


def test_the_last_tuesday_is_the_fourth_or_the_fifth():
    assert iso(days_after(day("2027-03-30"), Rule.LAST, 1, 3)) == [
        "2027-04-27", "2027-05-25", "2027-06-29",
    ]  # fmt: skip


def test_a_month_without_the_31st_is_left_out():
    assert iso(days_after(day("2027-01-31"), Rule.DAY, 1, 3)) == [
        "2027-03-31", "2027-05-31", "2027-07-31",
    ]  # fmt: skip
    assert iso(days_after(day("2028-02-29"), Rule.DAY, 12, 2)) == ["2032-02-29", "2036-02-29"]


def test_only_rules_that_a_day_fits_are_offered():
    assert rules_for(day("2027-03-09")) == [
        ("weeks", "Weekly, on Tuesday"),
        ("weekday", "Monthly, on the second Tuesday"),
        ("day", "Monthly, on day 9"),
    ]
    assert ("last", "Monthly, on the last Tuesday") in rules_for(day("2027-03-30"))


@given(DAYS, st.sampled_from(list(Rule)), st.integers(1, 12), st.integers(1, MOST))
def test_every_day_proposed_keeps_its_rule(
    first: dt.date, rule: Rule, every: int, times: int
) -> None:
    if rule == Rule.LAST and not is_last(first):
        return
    days = days_after(first, rule, every, times)

    assert days == sorted(set(days))
    assert len(days) <= times
    assert all(one > first for one in days)
    for one in days:
        months = (one.year - first.year) * 12 + one.month - first.month
        if rule == Rule.WEEKS:
            assert (one - first).days % (7 * every) == 0
        else:
            assert months % every == 0
        if rule == Rule.DAY:
            assert one.day == first.day
        else:
            assert one.weekday() == first.weekday()
        if rule == Rule.WEEKDAY:
            assert (one.day - 1) // 7 == (first.day - 1) // 7
        if rule == Rule.LAST:
            assert is_last(one)


# --- At which instants ----------------------------------------------------------------------------


def session(starts: str, zone: str, first: str, minutes: int = 60) -> Session:
    begins = dt.time.fromisoformat(starts)
    ends = (dt.datetime.combine(dt.date.min, begins) + dt.timedelta(minutes=minutes)).time()
    row = Session(slug="webinar", day=day(first), wall_starts=begins, wall_ends=ends, zone=zone)
    row.clean()
    return row


def test_the_host_stays_at_the_hour_and_the_reader_is_told_of_another():
    meeting = session("15:00", "America/New_York", "2027-03-02")
    days = days_after(day("2027-03-02"), Rule.WEEKS, 1, 4)

    rows = occurrences(meeting, days, zone="Europe/Paris")

    assert [row.host.hours for row in rows if row.host] == ["15:00–16:00"] * 4
    assert [row.reader.hour for row in rows if row.reader] == ["21:00", "20:00", "20:00", "21:00"]
    assert [row.note for row in rows] == [
        "",
        "Clocks in New York: from UTC−5 to UTC−4. For you at 20:00 instead of 21:00.",
        "",
        "For you at 21:00 instead of 20:00.",
    ]


def test_an_hour_the_clocks_leave_out_is_not_on_that_day():
    rows = occurrences(
        session("02:30", "Europe/Oslo", "2027-03-21"), [day("2027-03-28")], zone="UTC"
    )

    assert [(row.is_proposed, row.problem) for row in rows] == [
        (False, "This time does not exist there: the clocks are put forward. Choose another.")
    ]


def test_an_hour_that_comes_twice_is_offered_twice_and_proposed_never():
    rows = occurrences(
        session("02:30", "Europe/Oslo", "2027-10-24"), [day("2027-10-31")], zone="UTC"
    )

    assert [(row.key, row.is_proposed, row.reader and row.reader.hour) for row in rows] == [
        ("2027-10-31/1", False, "00:30"), ("2027-10-31/2", False, "01:30"),
    ]  # fmt: skip
    assert "This hour comes twice on this day." in rows[0].note


def test_a_day_the_calendar_of_a_place_leaves_out_is_not_offered():
    rows = occurrences(
        session("10:00", "Pacific/Apia", "2011-12-23"), [day("2011-12-30")], zone="UTC"
    )

    assert rows[0].problem


@pytest.mark.parametrize(
    "zone", ["Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Tehran", "Africa/Casablanca"]
)
def test_every_instant_is_the_wall_time_of_that_day(zone: str):
    days = days_after(day("2015-01-06"), Rule.WEEKS, 1, MOST)
    for row in occurrences(session("14:00", zone, "2015-01-06"), days, zone="Asia/Kathmandu"):
        assert row.host is not None
        assert row.reader is not None
        assert (row.host.begins.date(), row.host.hour) == (row.day, "14:00")
        assert row.reader.begins == row.host.begins


# --- In the browser -------------------------------------------------------------------------------


@pytest.fixture
def frozen() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def hub() -> Any:
    return make_hub(slug="wells", name="Hub for Wells")


@pytest.fixture
def editor(hub: Any) -> Any:
    return make_member(hub, "editor")


@pytest.fixture
def event(hub: Any) -> Event:
    made = make_webinar(
        dt.datetime(2027, 3, 9, 15, 0),  # noqa: DTZ001 (at the place of the event)
        hub=hub, name="Digging", zone="Europe/Oslo", summary="How.", theme="Finance",
    )  # fmt: skip
    open_registration(
        made,
        places=5,
        needs_approval=True,
        join_url="https://meet.test.example/room",
        closes_at=dt.datetime(2027, 3, 8, 14, 0, tzinfo=dt.UTC),
    )
    Category.objects.create(event=made, name="Press", needs_approval=True)
    return made


def page_of(event: Event, **asked: Any) -> str:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return f"/events/{event.slug}/edit/repeat/?{query}"


PATTERN = {"rule": "weeks", "every": 1, "times": 4}


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen")]


def test_the_days_are_shown_before_anything_is_made(event: Event, editor: Any):
    client = browser(editor)
    assert "Show the days" in text_of(client.get(page_of(event)))

    page = text_of(client.get(page_of(event, **PATTERN, zone="Asia/Tokyo")))

    assert "Tuesday 30 March 2027 15:00–16:15 UTC+2" in page
    assert "Tuesday 30 March 2027, 22:00–23:15 (Tokyo, UTC+9)" in page
    assert "Clocks in Oslo: from UTC+1 to UTC+2." in page
    assert Event.objects.count() == 1


def test_each_becomes_a_webinar_of_its_own_in_one_series(event: Event, editor: Any):
    client, form = browser(editor), {"form_key": str(uuid.uuid4()), "same_link": "on"}
    come(event)
    form["days"] = ["2027-03-16", "2027-03-30", "2027-04-06"]

    answers = [client.post(page_of(event, **PATTERN), form) for _twice in range(2)]

    assert [answer["Location"] for answer in answers] == ["/events/webinars/"] * 2
    made = list(Event.objects.exclude(pk=event.pk).order_by("starts"))
    assert [(row.slug, row.starts, row.edition, row.hub_id) for row in made] == [
        ("digging", "2027-03-16", 2, event.hub_id),
        ("digging-2", "2027-03-30", 3, event.hub_id),
        ("digging-3", "2027-04-06", 4, event.hub_id),
    ]
    event.refresh_from_db()
    assert event.edition == 1
    assert {row.series for row in made} == {event.series}
    assert [row.sessions.get().starts_at for row in made] == [
        dt.datetime(2027, 3, 16, 14, 0, tzinfo=dt.UTC),
        dt.datetime(2027, 3, 30, 13, 0, tzinfo=dt.UTC),
        dt.datetime(2027, 4, 6, 13, 0, tzinfo=dt.UTC),
    ]
    ways = [Admission.objects.get(event=row) for row in made]
    assert [
        (way.taken, way.issued, way.places, way.needs_approval, way.join_url) for way in ways
    ] == [(0, 0, 5, True, "https://meet.test.example/room")] * 3
    assert [way.closes_at for way in ways] == [
        row.sessions.get().starts_at - dt.timedelta(days=1) for row in made
    ]
    assert [kind.name for row in made for kind in row.categories.all()] == ["Press"] * 3
    assert AuditEntry.of(event).filter(verb="repeat_webinar").count() == 1


def test_the_join_link_stays_behind_if_each_has_its_own(event: Event, editor: Any):
    form = {"form_key": str(uuid.uuid4()), "days": ["2027-03-16"]}

    browser(editor).post(page_of(event, **PATTERN), form)

    assert Admission.objects.exclude(event=event).get().join_url == ""


def test_a_later_repetition_counts_on_and_offers_no_day_twice(event: Event, editor: Any):
    client = browser(editor)
    for days in (["2027-03-16"], ["2027-03-23"]):
        client.post(page_of(event, **PATTERN), {"form_key": str(uuid.uuid4()), "days": days})

    assert list(Event.objects.order_by("starts").values_list("starts", "edition")) == [
        ("2027-03-09", 1), ("2027-03-16", 2), ("2027-03-23", 3),
    ]  # fmt: skip
    page = client.get(page_of(event, **PATTERN))
    assert text_of(page).count("There is one on this day already.") == 2
    again = client.post(
        page_of(event, **PATTERN), {"form_key": str(uuid.uuid4()), "days": ["2027-03-16"]}
    )
    assert dict(again.context["form"].errors) == {"days": ["Choose only what is in the list."]}


def test_one_day_that_cannot_be_leaves_all_unmade(event: Event, editor: Any):
    with pytest.raises(ValidationError) as refusal:
        operations.repeat_webinar(
            event,
            by=editor,
            form_key=uuid.uuid4(),
            days=[(day("2027-03-16"), None), (day("2101-03-16"), None)],
        )

    assert refusal.value.message_dict == {
        "days": ["Wednesday 16 March 2101: Choose a day between 1900 and 2100."]
    }
    assert Event.objects.count() == 1
    assert Event.objects.get().series is None


def test_one_of_two_hours_is_chosen_by_whoever_repeats(hub: Any, editor: Any):
    night = make_webinar(
        dt.datetime(2027, 10, 24, 2, 30),  # noqa: DTZ001 (at the place of the event)
        minutes=45, hub=hub, zone="Europe/Oslo",
    )  # fmt: skip
    client, key = browser(editor), str(uuid.uuid4())
    both = client.post(
        page_of(night, **PATTERN), {"form_key": key, "days": ["2027-10-31/1", "2027-10-31/2"]}
    )
    assert dict(both.context["form"].errors) == {"days": ["Choose one of the two hours, not both."]}

    client.post(page_of(night, **PATTERN), {"form_key": key, "days": ["2027-10-31/2"]})

    session = Event.objects.exclude(pk=night.pk).get().sessions.get()
    assert session.starts_at == dt.datetime(2027, 10, 31, 1, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"rule": "daily"}, "rule"), ({"every": 0}, "every"), ({"every": 13}, "every"),
        ({"times": 61}, "times"), ({"times": "x"}, "times"), ({"times": ""}, "times"),
        ({"rule": "last"}, "rule"),
    ],
)  # fmt: skip
def test_a_pattern_that_cannot_be_is_refused_at_its_field(
    event: Event, editor: Any, asked: dict[str, Any], field: str
):
    answer = browser(editor).post(page_of(event, **PATTERN | asked), {"days": ["2027-03-16"]})

    assert list(answer.context["pattern"].errors) == [field]
    assert Event.objects.count() == 1


@pytest.mark.parametrize("days", [[], ["2027-03-17"], ["x"], ["<b>"], ["2027-03-16/1"]])
def test_days_that_were_not_proposed_are_refused(event: Event, editor: Any, days: list[str]):
    form = {"form_key": str(uuid.uuid4()), "days": days}

    answer = browser(editor).post(page_of(event, **PATTERN), form)

    assert list(answer.context["form"].errors) == ["days"]
    assert Event.objects.count() == 1


def test_the_most_days_are_made_at_once(event: Event, editor: Any):
    days = iso(days_after(day("2027-03-09"), Rule.WEEKS, 1, repeating.MOST))

    browser(editor).post(
        page_of(event, rule="weeks", every=1, times=repeating.MOST),
        {"form_key": str(uuid.uuid4()), "days": days},
    )

    assert Event.objects.count() == 1 + repeating.MOST
    made = Event.objects.exclude(pk=event.pk).order_by("starts").values_list("edition", flat=True)
    assert list(made) == list(range(2, repeating.MOST + 2))
