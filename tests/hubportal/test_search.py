"""The search over everything: its pages by kind, suggestions, and whatever people type."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from core import findable
from events import finding as event_finding
from hubs import finding as hub_finding
from hubs.reference import country_names
from tests import factories
from tests.catalogue import shown
from tests.events.factories import make_event

pytestmark = pytest.mark.django_db

BAD = {
    "nothing": "",
    "spaces": "   ",
    "long": "wells " * 1700,
    "one long word": "w" * 10_000,
    "punctuation": "!?…—()[]{}",
    "fts5": 'title_words : "wells" NEAR(wells, 2) AND NOT * ^ wells OR',
    "tsquery": "wells & !wells | (wells <-> 'x':*A) \\",
    "quotes": '"wells "\'" “wells”',
    "sql": "'; DROP TABLE core_searchdocument; --",
    "half a character": "wells \udce2",
    "mixed scripts": "wells آبار колодцы 水井 wells\u202eslew",
    "marks": "e" + "\u0301" * 5_000,
    "exclusions": '-wells -"deep wells" -',
    "only stop words": "the of and",
}


def made(n: int = 3) -> None:
    """Some events and hubs to find."""
    factories.reference()
    for number in range(n):
        event = make_event(
            name=f"Wells {number}", starts=f"20{20 + number % 3}-05-06", country_id="BR"
        )
        event_finding.note(event)
        hub = factories.make_hub(name=f"Board of wells {number}", country_id="BR")
        factories.state(hub, "sought", "Advice on wells")
        hub_finding.note(hub)


# --- The page of a kind --------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 30])
def test_a_page_of_a_kind_costs_the_same_whatever_is_found(
    client: Client, number: int, django_assert_num_queries: Any
) -> None:
    made(number)
    client.get("/search/?q=wells&kind=event")
    # The values there are, words, found, tabs, counts, events, passages of them.
    with django_assert_num_queries(7):
        client.get("/search/?q=wells&kind=event")
    with django_assert_num_queries(4):  # words, found, tabs, hubs; and passages
        client.get("/search/?q=xqzwv&kind=hub&page=3")
    with django_assert_num_queries(4):  # the values, found, events, passages
        client.get("/search/?kind=event", headers={"HX-Request": "true"})


def test_values_narrow_the_page_of_a_kind(client: Client) -> None:
    made(5)
    answer = client.get("/search/?q=wells&kind=event&year=2021").context["list"]
    assert answer.total == 2
    assert [(g.key, [(o.value, o.count) for o in g.options]) for g in answer.groups] == [
        ("year", [("2022", 1), ("2021", 2), ("2020", 2)])
    ]
    assert answer.address(year=None) == "/search/?q=wells&kind=event"
    assert answer.clear_url == "/search/?q=wells&kind=event"
    page = client.get("/search/?q=wells&kind=event&year=1066&sort=spaceship").content.decode()
    assert "We do not know Year “1066”" in page


def test_orders_and_pages(client: Client) -> None:
    made(30)
    newest = client.get("/search/?q=wells&kind=event&sort=newest").context["sections"][0].hits
    assert [hit.meta for hit in newest] == [
        *["Conference · 2022 · Wellington upon Well"] * 10,
        *["Conference · 2021 · Wellington upon Well"] * 10,
    ]
    second = client.get("/search/?kind=event&page=2").context["list"]
    assert (second.page.number, second.canonical) == (2, "/search/?page=2&kind=event")
    last = client.get(f"/search/?q=wells&kind=event&page={10**18}")
    assert (last.context["list"].page.number, len(last.context["sections"][0].hits)) == (2, 10)


@pytest.mark.parametrize("kind", ["theme", "solution", "need", "post", "paper", "reference"])
def test_an_empty_page_of_a_kind_says_what_to_do(client: Client, kind: str) -> None:
    page = client.get("/search/", {"q": "wells", "kind": kind}).content.decode()
    assert "Nothing was found." in page
    assert "Try fewer words" in page
    assert 'href="/search/?q=wells">Look in everything' in page


def test_before_a_question_every_kind_can_be_opened(client: Client) -> None:
    page = client.get("/search/")
    urls = [url for _title, url in page.context["kinds"]]
    assert len(urls) == len(findable.KINDS)
    assert [client.get(url).status_code for url in urls] == [200] * len(urls)


def test_a_country_named_in_any_language_leads_to_its_records(client: Client) -> None:
    factories.reference()
    for said in ("Brésil", "brazil", "BRAZIL", "Brasil"):
        assert client.get("/search/", {"q": said}).context["places"] == [
            ("Brazil", "/solutions/?country=BR", "/hubs/?country=BR")
        ]
    assert client.get("/search/", {"q": "wells of Brazil"}).context["places"] == []


# --- Whatever people type ------------------------------------------------------------------------


@pytest.mark.parametrize("asked", BAD.values(), ids=list(BAD))
def test_any_question_gets_a_clear_page(
    client: Client, asked: str, django_assert_max_num_queries: Any
) -> None:
    made(1)
    country_names()
    asked = asked.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    for kind in ("", "event", "hub"):
        with django_assert_max_num_queries(12):
            answer = client.get("/search/", {"q": asked, "kind": kind, "page": str(10**18)})
        assert answer.status_code == 200
    with django_assert_max_num_queries(2):
        assert client.get("/search/suggestions/", {"q": asked}).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "?q=wells&q=dams&kind=event&kind=hub&page=1&page=2",
        "?kind=spaceship&q=wells",
        "?kind=event&year=" + "&year=".join(map(str, range(1990))),
        "?kind=event&year=%ED%B3%A2&country=%FF&type=%27",
        "?kind=event&page=-1",
        "?kind=event&page=x&sort=",
        "?q=%FF%FE",
    ],
)
def test_any_parameters_get_a_clear_page(client: Client, query: str) -> None:
    made(1)
    assert client.get(f"/search/{query}").status_code == 200


@pytest.mark.parametrize("path", ["/search/?q=%00", "/search/suggestions/?q=wells%00"])
def test_what_is_no_text_is_refused_in_words(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, b"not text" in answer.content) == (400, True)


@pytest.mark.parametrize(
    "path",
    ["spaceship/1/", "hub/0/", f"hub/{2**63}/", f"hub/{10**30}/", "solution/99/", "post/1/"],
)
def test_an_address_of_a_suggestion_that_leads_nowhere_says_so(client: Client, path: str) -> None:
    assert client.get(f"/search/to/{path}").status_code == 404


# --- Suggestions ---------------------------------------------------------------------------------


def suggested(client: Client, typed: str) -> list[tuple[str, str, str]]:
    rows = client.get("/search/suggestions/", {"q": typed}).context["rows"]
    return [(row.title, str(row.what), row.url) for row in rows]


def test_titles_of_all_kinds_go_on_from_what_was_typed(
    client: Client, django_assert_num_queries: Any
) -> None:
    made(1)
    record = shown.public("Well keepers")
    country_names()
    with django_assert_num_queries(2):
        rows = suggested(client, "wel")
    assert {what for _title, what, _url in rows} == {"Solution", "Event", "Hub", "Need"}
    url = next(url for title, _what, url in rows if title == "Well keepers")
    answer = client.get(url)
    assert (answer.status_code, answer["Location"]) == (302, record.get_absolute_url())


def test_other_names_lead_to_the_hub_and_to_the_country(client: Client) -> None:
    factories.reference()
    hub = factories.make_hub(name="Planning agency of the valley")
    factories.state(hub, "other_name", "PLANVAL")
    hub_finding.note(hub)
    assert suggested(client, "planv") == [
        ("PLANVAL: Planning agency of the valley", "Hub", f"/search/to/hub/{hub.pk}/")
    ]
    assert suggested(client, "Brési") == [
        ("Brazil", "Solutions from this country", "/solutions/?country=BR"),
        ("Brazil", "Hubs of this country", "/hubs/?country=BR"),
    ]
    type(hub).objects.filter(pk=hub.pk).update(is_listed=False)
    assert client.get(f"/search/to/hub/{hub.pk}/").status_code == 404


def test_a_letter_alone_suggests_nothing_and_asks_nothing(
    client: Client, django_assert_num_queries: Any
) -> None:
    made(1)
    with django_assert_num_queries(0):
        assert suggested(client, "w") == suggested(client, "") == suggested(client, "!!") == []


@pytest.mark.parametrize("state", shown.STATES)
def test_only_public_records_are_suggested_and_led_to(client: Client, state: str) -> None:
    make, is_public = shown.STATES[state]
    record = make("Zebrapumps")
    assert bool(suggested(client, "zebra")) == is_public
    status = client.get(f"/search/to/solution/{record.pk}/").status_code
    assert status == (302 if is_public else 404)
