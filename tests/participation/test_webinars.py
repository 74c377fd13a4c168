"""Webinars: the list of them, and arranging, changing and cancelling one in the browser."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
import time_machine
from django.test import Client

from tests.factories import make_hub, make_member, make_user
from tests.participation.factories import make_webinar, open_registration
from tests.people import browser

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2027, 3, 4, 12, 0, tzinfo=dt.UTC)
EVENING = dt.datetime(2027, 3, 20, 20, 0)  # noqa: DTZ001 (at the place of the event)
LIST = "/events/webinars/"
EVIL = '<script>alert(1)</script> "onload="x" {{ 7|add:7 }} =1+1'


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def names(answer: Any) -> list[str]:
    return [row.event.name for row in answer.context["rows"]]


# --- The list -------------------------------------------------------------------------------------


def test_what_comes_stands_in_the_order_of_its_beginning(client: Client):
    make_webinar(NOW + dt.timedelta(days=9), name="Later")
    make_webinar(NOW + dt.timedelta(hours=2), name="Soon")
    make_webinar(NOW - dt.timedelta(minutes=20), name="Going on")
    make_webinar(NOW - dt.timedelta(days=9), name="Over")
    make_webinar(NOW - dt.timedelta(days=30), name="Long over", status="held")

    assert names(client.get(LIST)) == ["Going on", "Soon", "Later"]
    assert names(client.get(LIST + "?view=held")) == ["Over", "Long over"]


def test_a_webinar_of_which_only_days_are_known_is_in_one_list_alone(client: Client):
    for name, starts in (
        ("This year", "2027"), ("This month", "2027-03"), ("Today", "2027-03-04"),
        ("Yesterday", "2027-03-03"), ("Last month", "2027-02"), ("No date", ""),
    ):  # fmt: skip
        make_webinar(name=name, starts=starts, ends="").sessions.all().delete()

    assert sorted(names(client.get(LIST))) == ["This month", "This year", "Today"]
    assert sorted(names(client.get(LIST + "?view=held"))) == ["Last month", "No date", "Yesterday"]


def test_an_end_nobody_stated_is_an_hour_after_the_beginning(client: Client):
    for name, ago in (("Going on", 59), ("Over", 61)):
        webinar = make_webinar(NOW - dt.timedelta(minutes=ago), name=name)
        webinar.sessions.update(wall_ends=None, ends_at=None)

    assert names(client.get(LIST)) == ["Going on"]
    assert names(client.get(LIST + "?view=held")) == ["Over"]


def test_times_are_those_of_the_reader_and_of_the_host(client: Client):
    make_webinar(EVENING, zone="America/Mexico_City")

    page = text_of(client.get(LIST + "?zone=Asia/Tokyo"))

    assert "Sunday 21 March 2027, 11:00–12:15 (Tokyo, UTC+9)" in page
    assert "Time of the host: Saturday 20 March 2027, 20:00–21:15 (Mexico City, UTC−6)" in page
    assert "Times on the clocks of Tokyo" in page


def test_a_member_reads_the_times_of_the_profile():
    person = make_user()
    person.profile.time_zone = "Africa/Lagos"
    person.profile.save()
    make_webinar(EVENING, zone="UTC")
    client = Client()
    client.force_login(person)

    assert "Saturday 20 March 2027, 21:00–22:15 (Lagos, UTC+1)" in text_of(client.get(LIST))


@pytest.mark.parametrize("zone", ["Nowhere/Town", "../../etc/passwd", "\x00", "x" * 5000, ""])
def test_a_zone_nobody_knows_changes_nothing(client: Client, zone: str):
    make_webinar(EVENING)

    answer = client.get(LIST, {"zone": zone})

    if "\x00" in zone:  # refused before any page
        assert answer.status_code == 400
        return
    assert answer.status_code == 200
    assert "20:00–21:15 UTC" in text_of(answer)


def test_the_list_of_zones_comes_to_whoever_asks_for_it(client: Client):
    make_webinar(name="Digging")

    assert b'value="Asia/Kathmandu"' not in client.get(LIST).content
    asked = client.get(LIST + "?q=digging&zone=")
    assert b'value="Asia/Kathmandu"' in asked.content
    assert b'<input type="hidden" name="q" value="digging">' in asked.content


def test_the_list_says_whether_there_is_a_place(client: Client):
    def page_with(**values: Any) -> str:
        open_registration(webinar, **values)
        return text_of(client.get(LIST))

    webinar = make_webinar()
    assert "place" not in text_of(client.get(LIST))
    assert "Registration is open" in page_with()
    assert "3 places left" in page_with(places=3)
    assert "1 place left" in page_with(places=1)
    assert "Full: who registers now waits in line" in page_with(places=0)
    assert "Registration is closed" in page_with(is_open=False)


def test_webinars_are_found_by_words_hub_and_theme(client: Client):
    wells, fields = make_hub(slug="wells"), make_hub(slug="fields")
    make_webinar(name="Digging", hub=wells, theme="Finance")
    make_webinar(name="Sowing", hub=fields, theme="Finance", summary="Seeds for all.")

    assert names(client.get(LIST, {"hub": "wells"})) == ["Digging"]
    assert names(client.get(LIST, {"q": "seeds ALL"})) == ["Sowing"]
    assert len(names(client.get(LIST, {"theme": "Finance"}))) == 2
    nothing = client.get(LIST, {"hub": "wells", "q": "seeds"})
    assert names(nothing) == []
    assert "No webinar matches all of that." in text_of(nothing)


@pytest.mark.parametrize("word", ["\x00", "\ud800", "x" * 9000, EVIL, "%_'\"\\"])
def test_hostile_words_find_nothing_and_break_nothing(client: Client, word: str):
    make_webinar(name="Digging")

    sent = quote(word, errors="surrogatepass")
    answer = client.get(f"{LIST}?q={sent}&hub={sent}&page={sent}")

    assert answer.status_code == (400 if "\x00" in word else 200)
    assert b"<script>alert" not in answer.content


def test_a_webinar_that_is_not_public_is_for_its_editors(client: Client):
    hub = make_hub()
    make_webinar(name="Hidden", hub=hub, theme="Secret", is_public=False)

    assert names(client.get(LIST)) == []
    assert "Secret" not in text_of(client.get(LIST))
    for sees in (make_member(hub, "editor"), make_user(is_staff=True)):
        assert names(browser(sees).get(LIST)) == ["Hidden"]


def test_what_was_cancelled_says_so(client: Client):
    make_webinar(name="Cancelled one", status="cancelled")
    open_registration(make_webinar(name="Other", status="cancelled"), places=3)

    page = text_of(client.get(LIST))

    assert page.count("Cancelled") >= 2
    assert "places left" not in page


@pytest.mark.parametrize("many", [1, 12])
def test_the_list_costs_the_same_with_one_and_with_twelve(
    client: Client, many: int, django_assert_num_queries: Any
):
    hub = make_hub()
    for _n in range(many):
        open_registration(make_webinar(hub=hub, theme="Finance"), places=9)

    with django_assert_num_queries(5):
        assert len(names(client.get(LIST))) == many
