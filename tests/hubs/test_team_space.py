"""A hub's team at home: what waits, what is missing, basics, contacts, confirming, history."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from core import waiting
from hubs import operations
from hubs.models import Hub
from hubs.topics import SHARE_CODES, TOPICS
from tests import factories
from tests.hubs.teams import (
    EDITOR,
    FOCAL,
    MEMBER,
    errors,
    fresh,
    make_hub,
    member,
    stated,
    words,
)
from tests.people import browser

pytestmark = pytest.mark.django_db

TEAM = "/hubs/wells/team/"
NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)


@pytest.fixture
def hub() -> Hub:
    return make_hub()


@pytest.fixture
def client(hub: Hub) -> Client:
    return browser(member(hub, EDITOR))


def filled(response: Any) -> dict[str, Any]:
    """What the form of a page holds, as a browser without scripts sends it."""
    form = response.context["form"]
    data = {"base": response.context["base"]}
    for bound in form:
        value = bound.value()
        if value is True:
            data[bound.html_name] = "on"
        elif value not in (None, False):
            data[bound.html_name] = value
    return data


# --- What waits --------------------------------------------------------------------------


def told(user: User, about: str | None = None) -> list[str]:
    return [item.url for item in waiting.items_for(User.objects.get(pk=user.pk), about)]


def test_a_focal_point_is_asked_to_confirm_a_profile_that_nobody_confirmed(hub: Hub) -> None:
    assert f"{TEAM}confirm/" in told(member(hub, FOCAL))
    for role in (EDITOR, MEMBER):
        assert f"{TEAM}confirm/" not in told(member(hub, role))
    assert f"{TEAM}confirm/" not in told(factories.make_user(is_staff=True))


@pytest.mark.parametrize(("days", "asked"), [(0, False), (365, False), (366, True), (900, True)])
def test_a_confirmation_is_good_for_a_year(hub: Hub, days: int, asked: bool) -> None:
    user = member(hub, FOCAL)
    with time_machine.travel(NOW, tick=False):
        Hub.objects.filter(pk=hub.pk).update(confirmed_at=NOW - dt.timedelta(days=days))
        assert (f"{TEAM}confirm/" in told(user)) == asked
        assert (fresh(hub).light != "fresh") == asked


def test_items_of_one_hub_are_told_apart(hub: Hub) -> None:
    other = make_hub("rivers")
    user = member(hub, FOCAL)
    other.memberships.create(user=user, role=FOCAL)
    for place in (hub, other):
        factories.submitted(factories.complete_snapshot(hub=place, title=f"Of {place.slug}"))
        factories.complete_snapshot(user, hub=place, title=f"Draft of {place.slug}")
    everything = told(user)
    mine, theirs = told(user, f"hub:{hub.pk}"), told(user, f"hub:{other.pk}")
    assert (len(mine), len(theirs)) == (3, 3)
    assert set(mine).isdisjoint(theirs)
    assert set(mine) | set(theirs) < set(everything)
    text = words(browser(user).get(TEAM))
    assert "Screen a submission: Of wells" in text
    assert "Draft of wells" in text
    assert "rivers" not in text.lower()


def test_items_cost_the_same_for_one_hub_and_for_many(
    hub: Hub, django_assert_num_queries: Any
) -> None:
    user = member(hub, FOCAL)
    source = waiting._sources["hubs-confirming"]
    for n in (0, 8):
        for i in range(n):
            make_hub(f"more-{i}").memberships.create(user=user, role=FOCAL)
        asked = User.objects.get(pk=user.pk)
        with django_assert_num_queries(2):  # roles, hubs
            assert len(list(source(asked))) == n + 1


# --- Overview ----------------------------------------------------------------------------


def test_the_overview_says_what_is_missing_and_leads_there(client: Client, hub: Hub) -> None:
    stated(hub, "staff", "Staff: 35.", low=35, high=35)
    page = client.get(TEAM)
    html = page.content.decode()
    assert f"{TEAM}statements/add/founded/" in html
    assert f"{TEAM}statements/add/staff/" not in html
    assert f"{TEAM}statements/add/parent/" not in html  # asked of sector hubs
    text = words(page)
    assert "Summary · Organisational model" in text
    assert "Say whom to write to" in text
    assert "Something is stated on 1 of" in text


def test_a_complete_profile_misses_nothing(client: Client, hub: Hub) -> None:
    for code, topic in TOPICS.items():
        if (not topic.kinds or hub.kind in topic.kinds) and code not in SHARE_CODES[1:]:
            stated(hub, code, "Said.", label="X")
    Hub.objects.filter(pk=hub.pk).update(
        summary="S", model="research", functions=["fund"], modalities=["workshop"],
        languages=["en"], website="https://wells.test.example", country_id="BR",
        contacts=[{"role": "media", "email": "a@test.example"}],
    )  # fmt: skip
    hub.sectors.set(["water"])
    assert "Every topic has a statement." in words(client.get(TEAM))


def test_the_overview_names_conflicts_and_changes(client: Client, hub: Hub) -> None:
    stated(hub, "staff", "Staff: 35.", low=35, high=35)
    stated(hub, "staff", "Staff: 39.", low=39, high=39)
    text = words(client.get(TEAM))
    assert "Where the sources disagree" in text
    assert "Staff: 35. · Staff: 39." in text
    assert "Latest changes Staff" in text


def test_the_overview_costs_the_same_for_few_and_for_many(
    client: Client, hub: Hub, django_assert_num_queries: Any
) -> None:
    client.get(TEAM)
    for few_or_many in (1, 12):
        for n in range(few_or_many):
            stated(hub, "partner", f"Partner {n}.", label=f"P{few_or_many}-{n}")
            stated(hub, "staff", f"Staff: {n}.", low=n, high=n)
            member(hub)
        with django_assert_num_queries(20):
            client.get(TEAM)


# --- Basics ------------------------------------------------------------------------------


def test_the_basics_are_written(client: Client, hub: Hub) -> None:
    answer = client.post(
        f"{TEAM}basics/",
        {
            "base": "1",
            "name": "Hub of Good Wells",
            "acronym": "HGW",
            "summary": "Wells that last.",
            "kind": "sector",
            "country": "BR",
            "region": "",
            "model": "research",
            "sectors": ["water", "health"],
            "functions": ["train"],
            "modalities": ["workshop", "mentoring"],
            "languages": "English, français; ar",
            "website": "wells.test.example",
            "is_pilot": "on",
        },
    )
    assert answer.status_code == 302
    saved = fresh(hub)
    assert (saved.name, saved.acronym, saved.summary) == (
        "Hub of Good Wells",
        "HGW",
        "Wells that last.",
    )
    assert (saved.kind, saved.country_id, saved.region_id) == ("sector", "BR", None)
    assert (saved.model, saved.functions, saved.modalities) == (
        "research", ["train"], ["workshop", "mentoring"],
    )  # fmt: skip
    assert (saved.languages, saved.website) == (["en", "fr", "ar"], "https://wells.test.example")
    assert saved.is_pilot
    assert set(saved.sectors.values_list("pk", flat=True)) == {"water", "health"}


def test_saving_the_basics_as_they_are_changes_nothing(client: Client, hub: Hub) -> None:
    page = client.get(f"{TEAM}basics/")
    assert client.post(f"{TEAM}basics/", filled(page)).status_code == 302
    assert fresh(hub).revision == 1


@pytest.mark.parametrize(
    ("typed", "refused"),
    [
        ({"name": " "}, {"name": ["Enter the name of the hub."]}),
        ({"name": "x" * 201}, {"name": ["Shorten this to 200 characters. It has 201 now."]}),
        ({"kind": "moon"}, {"kind": ["Choose one of the list."]}),
        ({"country": "XX"}, {"country": ["Choose one of the list."]}),
        ({"sectors": ["none"]}, {"sectors": ["Choose only what is in the list."]}),
        (
            {"languages": "English, Klingon"},
            {"languages": ["No language is called “Klingon” here. Write its English name."]},
        ),
        (
            {"website": "ftp://x"},
            {"website": ["Enter the address of a page, like https://www.example.org."]},
        ),
    ],
)
def test_basics_that_cannot_be_are_refused_at_their_field(
    client: Client, hub: Hub, typed: dict[str, Any], refused: dict[str, list[str]]
) -> None:
    data = filled(client.get(f"{TEAM}basics/")) | {"summary": "Kept."} | typed
    answer = client.post(f"{TEAM}basics/", data)
    assert answer.status_code == 200
    assert errors(answer) == refused
    assert answer.context["form"]["summary"].value() == "Kept."
    assert fresh(hub).revision == 1


def test_two_people_change_different_basics(client: Client, hub: Hub) -> None:
    url = f"{TEAM}basics/"
    mine = filled(client.get(url))
    other = browser(member(hub, EDITOR))
    other.post(url, filled(other.get(url)) | {"acronym": "THEIRS"})
    assert client.post(url, mine | {"summary": "Mine."}).status_code == 302
    assert (fresh(hub).acronym, fresh(hub).summary) == ("THEIRS", "Mine.")


def test_two_people_change_the_same_field(client: Client, hub: Hub) -> None:
    url = f"{TEAM}basics/"
    mine = filled(client.get(url))
    other = browser(member(hub, EDITOR))
    other.post(
        url,
        filled(other.get(url)) | {"summary": "Theirs.", "acronym": "THEIRS", "functions": ["fund"]},
    )
    answer = client.post(url, mine | {"summary": "Mine.", "is_pilot": "on"})
    assert answer.status_code == 409
    assert "Somebody else saved this meanwhile: “Theirs.”" in words(answer)
    assert fresh(hub).summary == "Theirs."
    form = answer.context["form"]
    assert (form["summary"].value(), form["acronym"].value()) == ("Mine.", "THEIRS")
    assert client.post(url, filled(answer)).status_code == 302
    saved = fresh(hub)
    assert (saved.summary, saved.acronym, saved.functions, saved.is_pilot) == (
        "Mine.", "THEIRS", ["fund"], True,
    )  # fmt: skip


# --- Contacts ----------------------------------------------------------------------------


def contact(n: int, **values: str) -> dict[str, str]:
    return {f"c{n}-{name}": text for name, text in values.items()}


def test_contacts_are_written_in_order_and_blank_rows_are_none(client: Client, hub: Hub) -> None:
    answer = client.post(
        f"{TEAM}contacts/",
        {"base": "1", "rows": "3"}
        | contact(0, role="media", name="Press office", email="press@test.example")
        | contact(1, role="", name=" ")
        | contact(2, role="head", url="wells.test.example/head"),
    )
    assert answer.status_code == 302
    first, second = fresh(hub).contacts
    assert first == {
        "role": "media",
        "name": "Press office",
        "email": "press@test.example",
        "phone": "",
        "url": "",
    }
    assert (second["role"], second["url"]) == ("head", "https://wells.test.example/head")


def test_rows_come_and_go_without_scripts_and_keep_what_was_typed(client: Client, hub: Hub) -> None:
    data = {"base": "1", "rows": "1"} | contact(0, role="media", email="half@")
    more = client.post(f"{TEAM}contacts/", data | {"row": "add"})
    rows = more.context["rows"].forms
    assert len(rows) == 2
    assert rows[0]["email"].value() == "half@"
    data = (
        {"base": "1", "rows": "2"} | contact(0, email="half@") | contact(1, email="b@test.example")
    )
    fewer = client.post(f"{TEAM}contacts/", data | {"row": "remove:0"})
    assert [row["email"].value() for row in fewer.context["rows"].forms] == ["b@test.example"]
    assert fresh(hub).revision == 1
    for nonsense in ("remove:9", "remove:x", "remove:²", "nothing", "remove"):
        answer = client.post(f"{TEAM}contacts/", data | {"row": nonsense})
        assert len(answer.context["rows"].forms) == 2
    full = client.post(f"{TEAM}contacts/", {"rows": "12", "row": "add"})
    assert len(full.context["rows"].forms) == 12
    assert "Add another" not in words(full)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"email": "a@test.example"}, "Choose what this contact answers."),
        ({"role": "media", "name": "Press"}, "Give an address, a number or a page."),
        ({"role": "media", "email": "a@"}, "Enter a whole address, like name@example.org."),
        ({"role": "spy", "email": "a@test.example"}, "Choose one of the list."),
        (
            {"role": "media", "url": "javascript:alert(1)"},
            "Enter the address of a page, like https://www.example.org.",
        ),
    ],
)
def test_a_contact_that_answers_nothing_is_refused(
    client: Client, hub: Hub, row: dict[str, str], said: str
) -> None:
    answer = client.post(f"{TEAM}contacts/", {"base": "1", "rows": "1"} | contact(0, **row))
    assert words(answer).count(said) == 2
    assert fresh(hub).contacts == []


def test_two_people_change_the_contacts(client: Client, hub: Hub) -> None:
    url = f"{TEAM}contacts/"
    mine = {"base": "1", "rows": "1"} | contact(0, role="media", email="mine@test.example")
    browser(member(hub, EDITOR)).post(
        url, {"base": "1", "rows": "1"} | contact(0, role="head", email="theirs@test.example")
    )
    answer = client.post(url, mine)
    assert answer.status_code == 409
    assert "Saved there now: Head of the hub: theirs@test.example" in words(answer)
    assert answer.context["rows"].forms[0]["email"].value() == "mine@test.example"
    assert client.post(url, mine | {"base": str(answer.context["base"])}).status_code == 302
    assert [row["email"] for row in fresh(hub).contacts] == ["mine@test.example"]


# --- Confirming --------------------------------------------------------------------------


def test_a_focal_point_confirms_with_one_button(hub: Hub) -> None:
    user = member(hub, FOCAL)
    with time_machine.travel(NOW, tick=False):
        client = browser(user)
        base = client.get(f"{TEAM}confirm/").context["hub"].revision
        assert client.post(f"{TEAM}confirm/", {"base": base})["Location"] == TEAM
        assert fresh(hub).light == "fresh"
        assert (fresh(hub).confirmed_by, fresh(hub).confirmed_at) == (user, NOW)
        assert f"{TEAM}confirm/" not in told(user)


def test_the_page_shows_what_changed_since_the_last_confirmation(hub: Hub) -> None:
    user = member(hub, FOCAL)
    with time_machine.travel(NOW - dt.timedelta(days=9), tick=False):
        stated(hub, "role", "It brokers.")
    with time_machine.travel(NOW - dt.timedelta(days=5), tick=False):
        operations.confirm(hub, by=user)
    with time_machine.travel(NOW, tick=False):
        stated(hub, "staff", "Staff: 35.", low=35, high=35)
        client = browser(user)
        text = words(client.get(f"{TEAM}confirm/"))
    assert "Last confirmed: 5 March 2026" in text
    assert "What changed since Staff" in text
    assert "Task" not in text


def test_a_profile_that_changed_while_it_was_read_is_looked_at_again(hub: Hub) -> None:
    client = browser(member(hub, FOCAL))
    base = client.get(f"{TEAM}confirm/").context["hub"].revision
    stated(hub, "staff", "Staff: 35.", low=35, high=35)
    answer = client.post(f"{TEAM}confirm/", {"base": base})
    assert answer.status_code == 409
    assert "The profile changed while you were reading." in words(answer)
    assert fresh(hub).confirmed_at is None
    assert (
        client.post(f"{TEAM}confirm/", {"base": answer.context["hub"].revision}).status_code == 302
    )


# --- History -----------------------------------------------------------------------------


def test_the_history_says_who_changed_what_when(client: Client, hub: Hub) -> None:
    client.post(f"{TEAM}basics/", filled(client.get(f"{TEAM}basics/")) | {"summary": "New."})
    claim = stated(hub, "staff", "Staff: 35.", low=35, high=35)
    operations.remove_claim(claim, by=member(hub, EDITOR, name="Remover"), note="Counted twice.")
    text = words(client.get(f"{TEAM}history/"))
    assert "A statement that was removed" in text
    assert "Remover · Counted twice." in text
    assert "Summary" in text
    assert "Name, Short name, Summary, Kind and" in text


def test_a_change_shows_old_and_new(client: Client, hub: Hub) -> None:
    claim = stated(hub, "staff", "Staff: 35.", low=35, high=35)
    editor = member(hub, EDITOR)
    operations.change_claim(claim, by=editor, values={"text": "Staff: 39.", "low": 39, "high": 39})
    operations.change_profile(hub, by=editor, values={"country_id": "BR", "functions": ["fund"]})
    text = words(client.get(f"{TEAM}history/3/"))
    assert "Staff Statement Before: Staff: 35. After: Staff: 39." in text
    assert "At least Before: 35 After: 39" in text
    text = words(client.get(f"{TEAM}history/4/"))
    assert "Country Country Before: Not stated After: Brazil" in text
    assert "After: Funds exchanges" in text
    assert client.get(f"{TEAM}history/99/").status_code == 404


def test_only_portal_moderators_restore_a_state(client: Client, hub: Hub) -> None:
    stated(hub, "staff", "Staff: 35.", low=35, high=35)
    url = f"{TEAM}history/1/"
    assert "Restore this state" not in words(client.get(url))
    assert client.post(url, {"reason": "Why not."}).status_code == 403
    moderator = browser(factories.make_user(is_staff=True))
    assert "Restore this state" in words(moderator.get(url))
    assert errors(moderator.post(url, {"reason": ""})) == {"reason": ["Say why, in a few words."]}
    assert hub.claims.exists()
    assert moderator.post(url, {"reason": "Spam."}).status_code == 302
    assert not hub.claims.exists()
    assert fresh(hub).revision == 3
    assert "Restore this state" not in words(moderator.get(f"{TEAM}history/3/"))


def test_the_history_costs_the_same_for_few_and_for_many(
    client: Client, hub: Hub, django_assert_num_queries: Any
) -> None:
    client.get(f"{TEAM}history/")
    for n in (1, 15):
        for i in range(n):
            stated(hub, "partner", f"Partner {i}.", label=f"P{n}-{i}")
        with django_assert_num_queries(8):
            assert client.get(f"{TEAM}history/").status_code == 200


def test_a_hub_without_any_history_has_its_pages(hub: Hub) -> None:
    bare = factories.make_hub(slug="bare")
    client = browser(member(bare, FOCAL))
    for page in ("", "history/", "confirm/", "statements/", "members/", "basics/"):
        assert client.get(f"/hubs/bare/team/{page}").status_code == 200
    assert timezone.now() > bare.updated_at
