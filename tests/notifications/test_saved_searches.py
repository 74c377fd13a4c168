"""Saved searches: what is kept, who is told what and when, and what nobody learns by them."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.utils.translation import override

from accounts.kinds import NoticeKind
from accounts.models import User
from accounts.operations import close_account, everything_about
from catalogue import operations as catalogue
from catalogue.models import Solution
from community.library import listing
from community.models import LibraryItem
from community.operations import chapters
from core import search
from core.errors import DomainError
from core.models import AuditEntry, SearchDocument
from events import finding as event_finding
from hubs import reference as kept
from hubs.models import Hub, Sector
from hubs.operations import profile
from notifications import digesting, noticing, searching
from notifications.delivering import deliver_owed
from notifications.kinds import Mail
from notifications.models import Notice, Notification, Preference, SavedSearch
from notifications.noticeable import lines_of
from notifications.searchable import SEARCHABLE, address_of, parsed
from tests.catalogue import shown
from tests.community.factories import (
    make_article,
    make_chapter,
    make_discussion,
    make_member,
    make_post,
    open_theme,
)
from tests.events.factories import make_event, make_source
from tests.factories import make_user, reference
from tests.people import browser
from tests.racing import at_once, broken, told

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
#: When searches are saved here, and the morning after.
NOON = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
MORNING = dt.datetime(2026, 11, 24, 6, 0, tzinfo=dt.UTC)
WATER = "sector=water"


@pytest.fixture(autouse=True)
def at_noon() -> Any:
    with time_machine.travel(NOON, tick=False) as clock:
        reference()
        yield clock


def save(user: User, asked: str = WATER, name: str = "", kind: str = "solution") -> SavedSearch:
    return searching.save(by=user, kind=kind, data=parsed(asked), name=name)[0]


def publish(title: str = "Wells", at: dt.datetime = NOON + dt.timedelta(hours=1), **more: Any):
    """A record that became public then."""
    more.setdefault("sectors", ["water"])
    with time_machine.travel(at, tick=False):
        return shown.public(title, **more)


def sweep(at: dt.datetime = MORNING) -> int:
    with time_machine.travel(at, tick=False):
        new = searching.tell_new()
        noticing.tell_owed()
    return new


def said_to(user: User) -> list[str]:
    rows = Notification.objects.of(user).select_related("notice", "letter")
    lines = lines_of(rows, user)
    return [lines[row.pk].title for row in rows if row.pk in lines]


def text_of(page: bytes) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.decode())).split())


# --- What is kept ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "parameters", "name"),
    [
        ("q=milk", "q=milk", "milk"),
        ("sector=water&q=++clean++water+", "q=clean+water&sector=water", "clean water, "
         "Water and sanitation"),
        ("sector=water&sector=health&page=3&sort=title", "sector=health&sector=water",
         "Health, Water and sanitation"),
        ("country=BR&sector=spaceships&evil=1&sector=water", "sector=water&country=BR",
         "Water and sanitation, Brazil"),
        ("q=" + "m" * 300, "q=" + "m" * 200, "m" * 119 + "…"),
    ],
)  # fmt: skip
def test_only_what_means_something_is_kept_in_a_fixed_order(
    asked: str, parameters: str, name: str
) -> None:
    row = save(make_user(), asked)
    assert (row.parameters, row.name) == (parameters, name)


@pytest.mark.parametrize("asked", ["", "sort=title&page=2", "q=%21%3F", "sector=spaceships", "q="])
def test_a_search_for_nothing_is_refused(asked: str) -> None:
    with pytest.raises(DomainError, match="Choose at least one word or filter") as refusal:
        save(make_user(), asked)
    assert refusal.value.code == "empty"


def test_the_same_search_twice_is_one_under_its_first_name() -> None:
    person = make_user()
    first = save(person, "q=milk&sector=water", "Mine")
    again, is_new = searching.save(
        by=person, kind="solution", data=parsed("sector=water&q=milk&sort=title"), name="Other"
    )
    assert (again.pk, again.name, is_new) == (first.pk, "Mine", False)
    assert save(make_user(), "q=milk&sector=water").pk != first.pk


def test_nobody_keeps_more_than_fifty() -> None:
    person = make_user()
    for n in range(50):
        save(person, f"q=word{n}")
    with pytest.raises(DomainError, match="50") as refusal:
        save(person, "q=one+more")
    assert refusal.value.code == "too-many"
    assert save(person, "q=word7").name == "word7"  # one of the fifty
    assert SavedSearch.objects.count() == 50


@pytest.mark.django_db(transaction=True)
def test_two_windows_do_not_save_a_fifty_first_together() -> None:
    person = make_user()
    for n in range(49):
        save(person, f"q=word{n}")

    found = at_once(*(lambda n=n: save(person, f"q=other{n}") for n in range(4)))

    assert not broken(found)
    assert sorted(map(told, found)) == ["done", "too-many", "too-many", "too-many"]
    assert SavedSearch.objects.filter(owner=person).count() == 50


def test_who_is_locked_out_saves_nothing() -> None:
    with pytest.raises(PermissionDenied):
        save(make_user(is_active=False))
    assert not SavedSearch.objects.exists()


# --- Who is told what ----------------------------------------------------------------------------


def test_what_was_published_since_is_told_once() -> None:
    person = make_user()
    publish("Old wells", at=NOON - DAY)
    row = save(person)
    publish("New wells")
    publish("New milk", sectors=["health"])

    assert [sweep(), sweep(), sweep(MORNING + DAY)] == [1, 0, 0]

    assert said_to(person) == ["1 new solution for “Water and sanitation”"]
    notice = Notice.objects.get()
    assert notice.key == f"search:{row.pk}:2026-11-24"
    person.refresh_from_db()
    assert person.unread == 1


def test_by_itself_it_waits_for_the_weekly_digest_and_leads_to_the_newest() -> None:
    person = make_user()
    save(person, "q=wells&country=BR")
    publish("Wells one")
    publish("Wells two")
    sweep()

    row = Notification.objects.get(user=person)
    assert (row.kind, row.mail, row.reason) == (NoticeKind.SEARCH, Mail.WEEKLY, "concerns")
    with time_machine.travel(MORNING + 7 * DAY, tick=False):
        digesting.owe_digests()
        deliver_owed()
    (sent,) = mail.outbox
    assert "2 new solutions for “wells, Brazil”" in sent.body
    assert "/solutions/?q=wells&country=BR&sort=newest" in sent.body


def test_whoever_wishes_mail_at_once_gets_it() -> None:
    person = make_user()
    Preference.objects.create(user=person, kind=NoticeKind.SEARCH, mail=Mail.ONCE)
    save(person)
    publish()
    sweep()
    with time_machine.travel(MORNING, tick=False):
        deliver_owed()
    (sent,) = mail.outbox
    assert "1 new solution for “Water and sanitation”" in sent.subject


@pytest.mark.parametrize("state", [s for s, (_make, is_public) in shown.STATES.items()])
def test_only_what_the_public_finds_is_told(state: str) -> None:
    person = make_user()
    make, is_public = shown.STATES[state]
    save(person, "q=wells")
    with time_machine.travel(NOON + dt.timedelta(hours=1), tick=False):
        make("Wells")
    assert sweep() == int(is_public)


def test_a_new_version_or_a_return_to_the_public_is_no_new_record() -> None:
    person = make_user()
    solution = publish(at=NOON - DAY)
    save(person)
    catalogue.withdraw_solution(solution, by=shown.desk(), reason="It was wrong.")
    catalogue.restore_solution(solution, by=shown.desk(), reason="It was right.")
    assert sweep() == 0


def test_an_example_is_never_new() -> None:
    person = make_user()
    save(person, "q=wells")
    publish("Wells", is_example=True)
    assert SearchDocument.objects.filter(kind="solution").count() == 1
    assert sweep() == 0


def test_what_is_withdrawn_after_it_was_told_is_not_counted_any_more() -> None:
    person = make_user()
    row = save(person)
    first, second = publish("One"), publish("Two")
    sweep()
    catalogue.withdraw_solution(first, by=shown.desk(), reason="It was wrong.")
    assert said_to(person) == ["1 new solution for “Water and sanitation”"]
    page = browser(person).get(f"/following/searches/{row.pk}/").content.decode()
    assert ("Two" in page, "One" in page) == (True, False)
    assert "1 new" in text_of(browser(person).get("/following/searches/").content)

    catalogue.withdraw_solution(second, by=shown.desk(), reason="It was wrong.")

    assert said_to(person) == []
    assert "1 new" not in text_of(browser(person).get("/following/searches/").content)


def test_no_day_is_lost_and_none_told_twice_whenever_the_clock_comes_by() -> None:
    person = make_user()
    row = save(person)
    just_before = dt.datetime(2026, 11, 23, 23, 59, 59, 999_000, tzinfo=dt.UTC)
    publish("Before midnight", at=just_before)
    publish("After midnight", at=just_before + dt.timedelta(milliseconds=2))

    # Too early: a record dated before midnight may still be on its way.
    assert sweep(just_before + dt.timedelta(minutes=9)) == 0
    assert sweep(just_before + dt.timedelta(minutes=11)) == 1
    assert sweep(MORNING + dt.timedelta(hours=12)) == 0
    # A clock that went back, and one that was away for days.
    assert sweep(NOON) == 0
    publish("Days later", at=MORNING + 2 * DAY)
    assert sweep(MORNING + 5 * DAY) == 1

    titles = {str(s.pk): s.public_version.content["title"] for s in Solution.objects.public()}
    assert [[titles[key] for key in n.data["keys"]] for n in Notice.objects.order_by("pk")] == [
        ["Before midnight"],
        ["Days later", "After midnight"],
    ]
    row.refresh_from_db()
    assert len(row.fresh) == 3


def test_who_saves_the_same_search_later_is_told_only_what_came_later() -> None:
    early, late = make_user(), make_user()
    save(early)
    publish("First", at=NOON + dt.timedelta(hours=1))
    with time_machine.travel(NOON + dt.timedelta(hours=2), tick=False):
        save(late)
    publish("Second", at=NOON + dt.timedelta(hours=3))

    assert sweep() == 2

    assert said_to(early) == ["2 new solutions for “Water and sanitation”"]
    assert said_to(late) == ["1 new solution for “Water and sanitation”"]


def test_of_very_many_it_is_said_that_there_are_more() -> None:
    person = make_user()
    row = save(person)
    for n in range(23):
        publish(f"Wells {n}", at=NOON + dt.timedelta(minutes=n + 1))
    for n in range(3):  # what came after midnight stands before them
        publish(f"Later {n}", at=MORNING - dt.timedelta(minutes=n + 1))
    sweep()

    notice = Notice.objects.get()
    assert (len(notice.data["keys"]), notice.data["more"]) == (20, True)
    assert said_to(person) == ["20 or more new records for “Water and sanitation”"]
    page = text_of(browser(person).get(f"/following/searches/{row.pk}/").content)
    assert "Wells 22" in page
    assert "Wells 2 " not in page
    assert "Later" not in page
    assert "There is more" in page


def test_a_muted_search_is_silent_and_does_not_make_up_for_it_later() -> None:
    person = make_user()
    row = save(person)
    searching.mute(row, by=person, muted=True)
    publish("While muted")
    assert sweep() == 0
    searching.mute(row, by=person, muted=False)
    publish("Heard again", at=MORNING)
    assert sweep(MORNING + DAY) == 1
    assert said_to(person) == ["1 new solution for “Water and sanitation”"]


@pytest.mark.parametrize(
    "asked",
    [
        "sector=water",
        "sector=water&sector=health",
        "sector=water&country=BR",
        "sector=water&sector=health&country=BR&country=ID",
        "country=ID&label=documented&q=wells",
        "q=wells",
        "q=-milk",
        "q=milk+-wells",
        "q=%22milk+wells%22",
        "q=nothing&sector=water",
        "country=CG",
    ],
)
def test_what_is_told_is_what_the_list_shows(asked: str) -> None:
    person = make_user()
    save(person, asked)
    for title, sectors, countries in (
        ("Wells", ["water"], ["BR"]),
        ("Milk wells", ["health", "water"], ["ID"]),
        ("Milk", ["health"], ["BR", "ID"]),
        ("Schools", ["education"], ["BR"]),
    ):
        publish(title, sectors=sectors, countries=countries)
    shows = SEARCHABLE["solution"].answer(parsed(f"{asked}&sort=newest")).found.ids

    sweep()

    said = [notice.data["keys"] for notice in Notice.objects.all()]
    assert said == ([list(shows)] if shows else [])


def test_a_typing_error_finds_what_the_list_finds() -> None:
    person = make_user()
    save(person, "q=kanggaroo")
    publish("Kangaroo milk")
    assert list(search.find("solution", search.SearchQuery.parse("kanggaroo")).ids)
    assert sweep() == 1


def test_nothing_is_told_of_a_search_whose_filter_is_gone() -> None:
    person = make_user()
    row = save(person, "q=wells&sector=water")
    Sector.objects.filter(pk="water").delete()
    kept.forget()
    publish("Wells", sectors=["health"])

    assert sweep() == 0

    page = text_of(browser(person).get(f"/following/searches/{row.pk}/").content)
    assert "We do not know Sector “water”. It was left out." in page
    assert "you are told nothing of it" in page
    listed = text_of(browser(person).get("/following/searches/").content)
    assert "Some of its filters do not exist any more." in listed
    answer = browser(person).get("/solutions/?q=wells&sector=water")
    assert "We do not know Sector “water”" in text_of(answer.content)


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_tell_everybody_once() -> None:
    people = [make_user() for _n in range(6)]
    for person in people:
        save(person)
    publish()

    with time_machine.travel(MORNING, tick=False):
        found = at_once(*[searching.tell_new] * 4)
        noticing.tell_owed()

    assert not broken(found)
    assert sum(found) == 6
    assert [said_to(person) for person in people] == [
        ["1 new solution for “Water and sanitation”"]
    ] * 6


def test_one_that_breaks_off_is_gone_on_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "QUESTIONS", 2)
    monkeypatch.setattr(searching, "ROWS", 2)
    people = [make_user() for _n in range(5)]
    asked = ["q=wells", "sector=water", "country=BR", "q=wells&country=BR", "sector=water&q=wells"]
    for person in people:
        for each in asked:
            save(person, each)
    publish("Wells")
    whole, calls = searching._write_some, iter([True] * 4 + [False])

    def breaking(*given: Any) -> Any:
        if not next(calls):
            raise RuntimeError
        return whole(*given)

    monkeypatch.setattr(searching, "_write_some", breaking)
    with pytest.raises(RuntimeError), time_machine.travel(MORNING, tick=False):
        searching.tell_new()
    begun = Notice.objects.count()
    monkeypatch.setattr(searching, "_write_some", whole)

    assert 0 < begun < 25
    assert sweep() == 25 - begun
    assert {person.pk: 5 for person in people} == {
        person.pk: Notification.objects.filter(user=person).count() for person in people
    }


def test_many_who_ask_the_same_are_asked_for_once(django_assert_num_queries: Any) -> None:
    for _n in range(30):
        save(make_user())
    publish()

    # Of these, three ask what the list knows, and two begin and end a transaction.
    with time_machine.travel(MORNING, tick=False), django_assert_num_queries(13):
        assert searching.tell_new() == 30


def test_a_day_without_news_costs_three_queries(django_assert_num_queries: Any) -> None:
    for n in range(30):
        save(make_user(), f"q=word{n}")
    with time_machine.travel(MORNING, tick=False), django_assert_num_queries(3):
        assert searching.tell_new() == 0
    assert set(SavedSearch.objects.values_list("told_until", flat=True)) == {
        MORNING.replace(hour=0)
    }


# --- What their owners do ----------------------------------------------------------------------


def test_looking_ends_what_is_new_also_among_the_notifications() -> None:
    person = make_user()
    row = save(person)
    publish()
    sweep()
    path = f"/following/searches/{row.pk}/"
    client = browser(person)
    assert "1 new" in text_of(client.get("/following/searches/").content)
    for _twice in range(2):
        client.get(path)  # looking at a page changes nothing
    assert SavedSearch.objects.get().fresh

    client.post(path, {"do": "looked"})

    assert SavedSearch.objects.get().fresh == []
    assert "Nothing new so far" in text_of(client.get(path).content)
    person.refresh_from_db()
    assert person.unread == 0


def test_it_is_renamed_muted_and_deleted() -> None:
    person = make_user()
    row, client = save(person), browser(person)
    path = f"/following/searches/{row.pk}/"

    client.post(path, {"do": "rename", "name": "  Wells  of <b>ours</b>"})
    client.post(path, {"do": "mute"})
    row.refresh_from_db()
    assert (row.name, row.muted) == ("Wells of <b>ours</b>", True)
    assert "<b>ours" not in client.get(path).content.decode()
    client.post(path, {"do": "unmute", "back": "list"})
    row.refresh_from_db()
    assert row.muted is False
    publish()
    sweep()
    assert client.post(path, {"do": "delete"}).url == "/following/searches/"
    assert not SavedSearch.objects.exists()
    assert said_to(person) == []
    person.refresh_from_db()
    assert person.unread == 0


@pytest.mark.parametrize("name", ["", "   ", "x" * 121])
def test_a_name_that_cannot_be_is_refused_at_its_field(name: str) -> None:
    person = make_user()
    row = save(person)
    answer = browser(person).post(f"/following/searches/{row.pk}/", {"do": "rename", "name": name})
    assert answer.context["form"].errors.keys() == {"name"}
    assert SavedSearch.objects.get().name == row.name


@pytest.mark.parametrize("do", ["", "explode"])
def test_what_no_button_asks_is_refused(do: str) -> None:
    person = make_user()
    path = f"/following/searches/{save(person).pk}/"
    assert browser(person).post(path, {"do": do}).status_code == 400


def test_somebody_elses_search_is_not_there() -> None:
    row, other = save(make_user(), name="Secret plan"), make_user()
    path, client = f"/following/searches/{row.pk}/", browser(other)
    assert client.get(path).status_code == 404
    for do in ("rename", "mute", "unmute", "looked", "delete"):
        assert client.post(path, {"do": do, "name": "Mine"}).status_code == 404
    assert "Secret plan" not in client.get("/following/searches/").content.decode()
    assert SavedSearch.objects.get().name == "Secret plan"


@pytest.mark.parametrize(
    "path", ["/following/searches/", "/following/searches/1/", "/following/searches/new/solution/"]
)
def test_who_is_not_signed_in_is_asked_to(path: str) -> None:
    answer = browser().get(path + "?q=milk&sector=water")
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/?next=/following/searches/")
    assert "q%3Dmilk" in answer.url


# --- Saving from the list ------------------------------------------------------------------------


def link_on(page: bytes) -> str | None:
    found = re.search(r'href="(/following/searches/new/[^"]*)"', page.decode())
    return unescape(found[1]) if found else None


@pytest.mark.parametrize("signed_in", [True, False])
def test_the_list_offers_to_save_what_it_shows(signed_in: bool) -> None:
    publish("Wells", countries=["BR"])
    client = browser(make_user() if signed_in else None)

    for headers in ({}, {"HX-Request": "true"}):
        answer = client.get("/solutions/?country=BR&q=wells&sort=title", headers=headers)
        assert link_on(answer.content) == "/following/searches/new/solution/?q=wells&country=BR"
    for nothing_asked in ("/solutions/", "/solutions/?sort=title", "/solutions/?q=%21%21"):
        assert link_on(client.get(nothing_asked).content) is None


def test_a_search_is_saved_from_its_page() -> None:
    person = make_user()
    client = browser(person)
    page = client.get("/following/searches/new/solution/?q=wells&sector=water")
    sent = page.context["form"]["parameters"].value()
    assert "Water and sanitation" in text_of(page.content)
    assert not SavedSearch.objects.exists()

    for _twice in range(2):
        answer = client.post(
            "/following/searches/new/solution/", {"parameters": sent, "name": "Wells"}
        )

    row = SavedSearch.objects.get()
    assert answer.url == f"/following/searches/{row.pk}/"
    assert (row.owner, row.name, row.parameters) == (person, "Wells", "q=wells&sector=water")
    page = client.get(answer.url).content.decode()
    assert 'href="/solutions/?q=wells&amp;sector=water"' in page
    assert "You have saved this search already." in page


def test_a_refused_name_loses_nothing() -> None:
    client = browser(make_user())
    answer = client.post(
        "/following/searches/new/solution/", {"parameters": "q=wells", "name": "x" * 121}
    )
    assert answer.context["form"].errors.keys() == {"name"}
    assert answer.context["form"]["parameters"].value() == "q=wells"
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize("asked", ["", "sector=spaceships", "evil=1&sort=newest"])
def test_saving_nothing_is_refused_with_a_sentence(asked: str) -> None:
    client = browser(make_user())
    for answer in (
        client.get(f"/following/searches/new/solution/?{asked}"),
        client.post("/following/searches/new/solution/", {"parameters": asked, "name": "Mine"}),
    ):
        assert answer.status_code == 200
        assert "Choose at least one word or filter." in text_of(answer.content)
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize(
    "asked",
    [
        "&".join(f"sector=made-up-{n}" for n in range(2000)),
        "q=" + "%F0%9F%A5%9B" * 200,
        "&".join(f"{name}=" + "v" * 5000 for name in ("sector", "tag", "hub", "q")),
    ],
)
def test_whatever_is_sent_gets_an_answer(asked: str) -> None:
    client = browser(make_user())
    assert client.get(f"/following/searches/new/solution/?{asked}").status_code == 200
    check_kept(client, asked)


@pytest.mark.parametrize(
    "asked", ["&".join(f"x{n}=1" for n in range(5000)), "q=%00%ED%A0%80&sector=%FF"]
)
def test_what_no_page_is_asked_for_is_refused_as_everywhere(asked: str) -> None:
    client = browser(make_user())
    assert client.get(f"/following/searches/new/solution/?{asked}").status_code == 400
    check_kept(client, asked)


def check_kept(client: Any, asked: str) -> None:
    answer = client.post("/following/searches/new/solution/", {"parameters": asked, "name": "Mine"})
    assert answer.status_code in {200, 302}
    assert all(len(row.parameters) <= 2000 for row in SavedSearch.objects.all())


def test_too_many_filters_are_refused_with_a_sentence() -> None:
    tags = [f"a-rather-long-word-{n}-{'x' * 40}" for n in range(50)]
    publish("Wells", tags=tags)
    answer = browser(make_user()).post(
        "/following/searches/new/solution/",
        {"parameters": "&".join(f"tag={tag}" for tag in tags), "name": ""},
    )
    assert "This search is too long to be saved." in text_of(answer.content)
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize("kind", ["person", "paragraph", "spaceship"])
def test_lists_that_do_not_know_what_is_new_are_not_offered(kind: str) -> None:
    assert browser(make_user()).get(f"/following/searches/new/{kind}/?q=x").status_code == 404


def test_every_list_that_can_be_saved_has_an_address_and_its_own_newest_order() -> None:
    for kind, about in SEARCHABLE.items():
        answer = about.answer(parsed(f"q=water&{about.newest}"))
        assert answer.kind == kind
        # Hubs and works have no order that puts first what was listed last.
        order = "newest" if about.newest else "relevance"
        assert (answer.filters.sort, answer.filters.unknown) == (order, [])
        assert (order == "newest") == (kind not in {"hub", "reference"})
        assert answer.url_name == about.url_name


# --- The pages -----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 50])
def test_the_pages_cost_the_same_however_much_is_saved(
    number: int, django_assert_num_queries: Any
) -> None:
    person = make_user()
    rows = [save(person, f"sector=water&q=word{n}") for n in range(number - 1)]
    rows.append(save(person))
    publish()
    sweep()
    client = browser(person)
    client.get("/following/searches/")

    with django_assert_num_queries(8):
        page = client.get("/following/searches/")
    with django_assert_num_queries(8):
        client.get(f"/following/searches/{rows[-1].pk}/")
    assert len(page.content) < 60_000


def test_what_a_person_follows_leads_there() -> None:
    assert 'href="/following/searches/"' in browser(make_user()).get("/following/").content.decode()


def test_every_language_says_it(at_noon: Any) -> None:
    person = make_user()
    row = save(person, name="Mine")
    publish()
    sweep()
    for language in ("ar", "fr"):
        page = browser(person).get(f"/{language}/following/searches/{row.pk}/").content.decode()
        assert f'href="/{language}/solutions/?sector=water"' in page
    with override("fr"):
        told_row = Notification.objects.select_related("notice", "letter").get(user=person)
        line = lines_of([told_row], person)[told_row.pk]
        assert line.url == "/fr/solutions/?sector=water&sort=newest"


# --- Leaving -------------------------------------------------------------------------------------


def test_searches_are_in_the_persons_own_file_and_go_with_the_account() -> None:
    person, other = make_user(), make_user()
    save(person, "q=milk", "Milk")
    save(other, "q=milk")
    (mine,) = everything_about(person)["saved_searches"]
    assert (mine["name"], mine["parameters"], mine["of"]) == ("Milk", "q=milk", "solution")
    json.dumps(mine)

    close_account(by=person, user=person)

    assert list(SavedSearch.objects.values_list("owner", flat=True)) == [other.pk]


def test_nobody_who_was_locked_out_is_told() -> None:
    person = make_user()
    save(person)
    publish()
    User.objects.filter(pk=person.pk).update(is_active=False)
    sweep()
    assert not Notification.objects.exists()


# --- Lists other than the catalogue --------------------------------------------------------------


def new_hub() -> None:
    hub = Hub(slug="wells", name="Board of wells", country_id="BR", is_listed=True)
    profile.create_hub(hub, by=make_user(is_staff=True))


def new_event(**values: Any) -> None:
    event = make_event(name="Meeting on wells", starts="2019-05-06", **values)
    AuditEntry.record(by=make_user(), verb="add_event", target=event)
    event_finding.note(event)


def new_discussion(**values: Any) -> None:
    make_discussion(**{"place": open_theme(), "title": "Who digs wells", **values})


def new_post() -> None:
    with time_machine.travel(NOON - DAY, tick=False):
        topic = make_discussion(open_theme())
    make_post(topic, body="<p>We dig wells.</p>")


def new_article() -> None:
    article = make_article(title="Wells", published_at=NOON + dt.timedelta(hours=1))
    AuditEntry.record(by=make_user(), verb="publish_article", target=article)


def new_work() -> None:
    staff = make_user(is_staff=True)
    source = make_source(title="A study of wells")
    listing.ensure([source])
    item = LibraryItem.objects.get(reference=source)
    item.accept_item(by=staff)
    listing.refresh([source.pk])


NEW: dict[str, tuple[Callable[[], None], str]] = {
    "hub": (new_hub, "/hubs/?q=wells"),
    "event": (new_event, "/search/?q=wells&kind=event"),
    "webinar": (lambda: new_event(kind="webinar"), "/search/?q=wells&kind=webinar"),
    "discussion": (new_discussion, "/search/?q=wells&kind=discussion"),
    "post": (new_post, "/search/?q=wells&kind=post"),
    "article": (new_article, "/search/?q=wells&kind=article"),
    "reference": (new_work, "/community/library/?q=wells"),
}


def test_every_list_but_the_catalogue_is_among_these() -> None:
    assert set(NEW) == set(SEARCHABLE) - {"solution"}


@pytest.mark.parametrize("kind", NEW)
def test_what_is_new_in_any_list_is_told_once(kind: str) -> None:
    person = make_user()
    make, address = NEW[kind]
    with time_machine.travel(NOON - DAY, tick=False):
        row = save(person, "q=wells", kind=kind)
        save(person, "q=dams", kind=kind)
    with time_machine.travel(NOON + dt.timedelta(hours=1), tick=False):
        make()

    assert [sweep(), sweep(), sweep(MORNING + DAY)] == [1, 0, 0]

    assert said_to(person) == ["1 new record for “wells”"]
    client = browser(person)
    page = client.get(f"/following/searches/{row.pk}/").content.decode()
    assert f'value="http://testserver{address.replace("&", "&amp;")}"' in page
    assert client.get(address).status_code == 200
    assert "1 new" in text_of(client.get("/following/searches/").content)


@pytest.mark.parametrize("kind", NEW)
def test_whoever_is_given_the_address_can_save_the_search(kind: str) -> None:
    """A stranger opens it, signs in, and keeps the same question."""
    address = NEW[kind][1]
    page = browser().get(address).content.decode()
    link = f"/following/searches/new/{kind}/?"
    assert link in page
    query = unescape(page[page.index(link) + len(link) :].partition('"')[0])
    person = make_user()
    answer = browser(person).post(
        f"/following/searches/new/{kind}/", {"parameters": query, "name": ""}
    )
    assert answer.status_code == 302
    assert address_of(kind, SavedSearch.objects.get(owner=person).parameters) == address


def test_what_a_private_chapter_says_is_told_to_nobody() -> None:
    person = make_user()
    with time_machine.travel(NOON - DAY, tick=False):
        for kind in NEW:
            save(person, "q=wells", kind=kind)
    with time_machine.travel(NOON + dt.timedelta(hours=1), tick=False):
        writer = make_member(make_user(is_staff=True))
        new_discussion(place=make_chapter(is_private=True), by=writer)
        open_topic = make_discussion(make_chapter(), by=writer, title="Wells for all")
        chapters.make_private(open_topic.chapter, by=writer)
    assert sweep() == 0
