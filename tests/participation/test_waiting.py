"""What events ask of a person on their own page."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from core import waiting
from events.models import Event
from participation.models import Registration
from participation.operations import registering
from tests.factories import make_hub, make_member, make_user
from tests.participation.factories import come, make_webinar, open_registration
from tests.people import browser

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def now() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def told(user: User) -> list[tuple[str, str, str]]:
    fresh = User.objects.get(pk=user.pk)
    return [
        (str(item.title), str(item.detail), item.url)
        for item in waiting.items_for(fresh)
        if "/events/" in item.url
    ]


def with_asked(n: int, **values: Any) -> Event:
    event = make_webinar(**values)
    open_registration(event, needs_approval=True)
    for _turn in range(n):
        come(event)
    return event


# --- To decide ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "asked"),
    [
        ("editor", True), ("focal point", True), ("member", False),
        ("editor of another hub", False), ("moderator", False), ("nobody in particular", False),
    ],
)  # fmt: skip
def test_organisers_are_asked_once_for_each_event(who: str, asked: bool) -> None:
    hub = make_hub()
    with_asked(3, hub=hub, slug="wells", name="Wells that last")
    with_asked(0, hub=hub)
    person = {
        "editor": lambda: make_member(hub, "editor"),
        "focal point": lambda: make_member(hub, "focal_point"),
        "member": lambda: make_member(hub),
        "editor of another hub": lambda: make_member(make_hub(), "editor"),
        "moderator": lambda: make_user(is_staff=True),
        "nobody in particular": make_user,
    }[who]()

    item = (
        "Decide about registrations: Wells that last", "3 people wait for an answer.",
        "/events/wells/organise/?state=asked",
    )  # fmt: skip
    assert told(person) == ([item] if asked else [])


def test_moderators_decide_where_no_hub_keeps_the_record() -> None:
    event = with_asked(1, slug="wells", name="Wells that last", hub=None)
    moderator = make_user(is_staff=True)
    assert [title for title, _detail, _url in told(moderator)] == [
        "Decide about registrations: Wells that last"
    ]
    registering.approve(Registration.objects.get(), by=moderator)
    assert told(moderator) == []
    registering.decline(come(event), by=moderator, reason="No.")
    assert told(moderator) == []


def test_what_is_over_or_cancelled_asks_nobody(now: Any) -> None:
    hub = make_hub()
    with_asked(1, hub=hub)
    called_off = with_asked(1, hub=hub)
    Event.objects.filter(pk=called_off.pk).update(status="cancelled")
    editor = make_member(hub, "editor")
    assert len(told(editor)) == 1
    now.shift(dt.timedelta(days=8))
    assert told(editor) == []


# --- Today --------------------------------------------------------------------------------


def test_a_webinar_of_today_is_in_the_list_until_it_ends(now: Any) -> None:
    begins = dt.datetime(2026, 3, 11, 2, tzinfo=dt.UTC)
    event = make_webinar(begins, slug="wells", name="Wells that last")
    open_registration(event, places=1)
    placed, waits = come(event), come(event)

    def at(zone: str, **before: int) -> list[str]:
        now.move_to(begins - dt.timedelta(**before))
        with timezone.override(zone):
            return [detail for _title, detail, _url in told(placed.user)]

    jakarta = '<time datetime="2026-03-11T09:00+07:00">11 March 2026, 09:00 WIB</time>'
    assert at("Asia/Jakarta", hours=10) == []  # still the evening before
    assert at("Asia/Jakarta", hours=8) == [f"It begins at {jakarta}."]
    assert at("America/Bogota", hours=22) == []
    assert len(at("America/Bogota", hours=21)) == 1  # midnight there
    assert at("Asia/Jakarta", minutes=-5) == [f"It is on, since {jakarta}."]
    assert at("Asia/Jakarta", minutes=-75) == []
    now.move_to(begins)
    assert told(waits.user) == []
    assert told(placed.user)[0][::2] == ("Join: Wells that last", "/events/wells/join/")
    Event.objects.update(status="cancelled")
    assert told(placed.user) == []


def test_a_meeting_is_joined_from_afar_only_with_a_link(now: Any) -> None:
    event = make_webinar(NOW + dt.timedelta(hours=2), kind="conference")
    open_registration(event)
    person = come(event).user
    assert told(person) == []
    open_registration(event, join_url="https://meet.example/wells")
    assert len(told(person)) == 1


def test_the_page_says_when_and_never_that_one_is_late(now: Any) -> None:
    event = make_webinar(NOW + dt.timedelta(hours=2), name="Wells that last")
    open_registration(event)
    client = browser(come(event).user)
    page = client.get("/dashboard/").content.decode()
    assert "Join: Wells that last" in page
    assert "Due today" in page
    now.shift(dt.timedelta(hours=2, minutes=30))
    assert 'class="meta late"' not in client.get("/dashboard/").content.decode()


@pytest.mark.parametrize("n", [1, 12])
def test_many_cost_what_one_costs(n: int, django_assert_num_queries: Any) -> None:
    hub = make_hub()
    editor = make_member(hub, "editor")
    for turn in range(n):
        event = make_webinar(NOW + dt.timedelta(hours=1), hub=hub)
        open_registration(event, needs_approval=True)
        registering.approve(come(event, editor), by=make_user(is_staff=True))
        for _turn in range(1 + turn % 2):
            come(event)
    user = User.objects.get(pk=editor.pk)
    sources = ("participation-approving", "participation-today")
    with django_assert_num_queries(3):  # and the roles
        items = [item for name in sources for item in waiting._sources[name](user)]
    assert len(items) == 2 * min(n, 10)
    stranger = make_user()
    with django_assert_num_queries(2):  # the roles
        assert [item for name in sources for item in waiting._sources[name](stranger)] == []
