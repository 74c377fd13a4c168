"""Home, the search over everything, and the pages about the portal."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from core import search
from hubs import finding as hub_finding
from hubs.reference import country_names
from tests import factories
from tests.catalogue import shown

pytestmark = pytest.mark.django_db

TEXTS = ("about", "accessibility", "privacy", "sources")


def make_hub(**more: Any) -> Any:
    factories.reference()
    says = more.pop("says", {})
    hub = factories.make_hub(**more)
    for topic, text in says.items():
        factories.state(hub, topic, text)
    hub_finding.note(hub)
    return hub


def text_of(page: bytes) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.decode()).split())


# --- Home ---------------------------------------------------------------------------------------


def test_every_number_on_the_first_page_is_counted(client: Client):
    shown.public("One", sectors=["health"])
    shown.public("Two", sectors=["health", "water"], mark="validated")
    shown.public("Three", sectors=["water"], mark="promising")
    shown.draft("Four", sectors=["education"])
    make_hub(country_id="BR")
    make_hub(country_id="BR")
    make_hub(country_id="ID", is_pilot=True)
    make_hub(country_id="CG", is_listed=False)

    answer = client.get("/")

    context = answer.context
    assert [context[name] for name in ("records", "checked", "hubs", "countries")] == [3, 1, 2, 1]
    assert list(context["sectors"]) == [
        ("Health", "/solutions/?sector=health", 2),
        ("Water and sanitation", "/solutions/?sector=water", 2),
    ]
    assert context["hubs_in_words"] == "2 hubs and 1 pilot"
    assert [str(card.title) for card in context["newest"]] == ["Three", "Two", "One"]


def test_the_newest_four_are_shown(client: Client):
    for number in range(6):
        shown.public(f"Record {number}")

    newest = client.get("/").context["newest"]

    assert [card.title for card in newest] == [f"Record {n}" for n in (5, 4, 3, 2)]


def test_an_empty_portal_has_a_first_page_without_dead_ends(client: Client):
    page = client.get("/").content.decode()

    assert "No solution has been published yet." in page
    assert "Or browse:" not in page


@pytest.mark.parametrize("number", [1, 50])
def test_pages_cost_the_same_at_one_record_and_at_fifty(
    client: Client, number: int, django_assert_num_queries: Any
):
    for i in range(number):
        shown.public(f"Milk {i}", hub=make_hub(name=f"Milk hub {i}", country_id="BR"))
    client.get("/")
    country_names()  # kept in the process

    with django_assert_num_queries(4):  # counts, newest, their records, hubs
        client.get("/")
    with django_assert_num_queries(5):  # words, found, records, hubs, passages of hubs
        client.get("/search/?q=milk")
    with django_assert_num_queries(4):  # one kind: words, found everywhere, found, records
        client.get("/search/?q=milk&kind=solution")


# --- Search over everything ---------------------------------------------------------------------


@pytest.fixture
def milk() -> None:
    shown.public("Milk banks", sectors=["health"])
    shown.public(
        "Wells",
        sectors=["water"],
        summary="Water for all.",
        problem="<p>Before, milk was sold at each well.</p>",
    )
    make_hub(
        name="Milk board",
        acronym="MB",
        country_id="BR",
        summary="Sells what cows give.",
        says={"financing": "The board lives on fees for milk."},
    )
    make_hub(name="Board of wells", slug="wells")


@pytest.mark.usefixtures("milk")
def test_results_are_grouped_by_kind_with_counts(client: Client):
    context = client.get("/search/?q=milk").context

    assert [(str(label), url, current, n) for label, url, current, n in context["tabs"]] == [
        ("All", "/search/?q=milk", True, 3),
        ("Solutions", "/search/?q=milk&kind=solution", False, 2),
        ("Hubs", "/search/?q=milk&kind=hub", False, 1),
    ]
    solutions, hubs = context["sections"]
    assert [str(card.title) for card in solutions.cards] == ["<mark>Milk</mark> banks", "Wells"]
    assert solutions.cards[1].summary == "Before, <mark>milk</mark> was sold at each well."
    assert [(str(h.title), str(h.text), h.url, h.meta) for h in hubs.hits] == [
        (
            "<mark>Milk</mark> board (MB)",
            "The board lives on fees for <mark>milk</mark>.",
            hubs.hits[0].url,
            "National hub · Brazil",
        ),
    ]


@pytest.mark.usefixtures("milk")
def test_a_tab_shows_one_kind_and_keeps_the_question(client: Client):
    context = client.get("/search/?q=board&kind=hub").context

    assert [section.kind for section in context["sections"]] == ["hub"]
    assert [tab[2] for tab in context["tabs"]] == [False, False, True]


@pytest.mark.usefixtures("milk")
def test_corrected_words_are_said_and_can_be_turned_off(client: Client):
    answer = client.get("/search/?q=baord")
    exact = client.get(answer.context["exactly_url"])

    assert answer.context["corrected"] == [("baord", "board")]
    assert "Nothing has “baord”; we searched for “board” instead." in text_of(answer.content)
    assert "Nothing was found." in text_of(exact.content)
    assert exact.context["browse"] == [
        ("Health", "/solutions/?sector=health"),
        ("Water and sanitation", "/solutions/?sector=water"),
    ]


def test_a_long_answer_of_one_kind_has_pages(client: Client):
    for number in range(25):
        shown.public(f"Milk {number}")

    everything = client.get("/search/?q=milk").context["sections"][0]
    first, last = (
        client.get(f"/search/?q=milk&kind=solution&page={n}").context["sections"][0].cards
        for n in (1, 10**18)
    )

    assert (len(everything.cards), everything.total) == (5, 25)
    assert (len(first), len(last)) == (20, 5)


@pytest.mark.usefixtures("milk")
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?q=",
        "?q=%21%21",
        "?q=" + "m" * 100_000,
        "?q=milk&kind=spaceship",
        "?q=milk&page=-1",
        "?q=milk&kind=solution&page=" + "9" * 5000,
        "?q=%22milk",
        "?q=-milk",
        "?q=milk&q=wells",
        "?q=%3Cscript%3Ealert(1)%3C/script%3E",
        "?q=%E2%80%AE%F0%9F%A5%9B",
    ],
)
def test_any_question_gets_an_answer(client: Client, query: str, django_assert_max_num_queries):
    with django_assert_max_num_queries(8):
        answer = client.get("/search/" + query)

    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


def test_before_a_question_the_page_says_how_to_ask(client: Client):
    answer = client.get("/search/")

    assert "Search solutions, hubs and events" in text_of(answer.content)
    assert "Kind of result" not in answer.content.decode()


@pytest.mark.usefixtures("milk")
def test_a_hub_that_left_the_directory_is_not_found(client: Client):
    hub = make_hub(name="Milk council")
    type(hub).objects.filter(pk=hub.pk).update(is_listed=False)
    assert str(hub.pk) in search.find("hub", search.SearchQuery.parse("council")).ids

    assert "Milk council" not in client.get("/search/?q=council").content.decode()


# --- Pages about the portal ---------------------------------------------------------------------


@pytest.mark.parametrize("name", TEXTS)
def test_pages_about_the_portal_need_no_database(
    client: Client, name: str, django_assert_num_queries
):
    with django_assert_num_queries(0):
        answer = client.get(f"/pages/{name}/")

    assert answer.status_code == 200
    assert len(re.findall(r"<h1", answer.content.decode())) == 1


def test_a_page_that_does_not_exist_is_not_found(client: Client):
    assert client.get("/pages/secrets/").status_code == 404


def test_the_sources_page_names_every_origin_and_licence(client: Client):
    answer = client.get("/pages/sources/")
    page = unescape(answer.content.decode())

    for source in answer.context["attribution"]:
        assert source["title"] in page
        assert source["licence"] in page
    for source in answer.context["sources"]:
        assert source["citation"] in page
    assert len(answer.context["attribution"]) >= 10


def test_whom_to_ask_is_printed_only_where_an_address_is_set(client: Client, settings: Any):
    settings.CONTACT_EMAIL = "desk@portal.test"
    assert "mailto:desk@portal.test" in client.get("/pages/privacy/").content.decode()

    settings.CONTACT_EMAIL = ""
    page = client.get("/pages/privacy/").content.decode()
    assert "mailto:" not in page
    assert "names no address to write to" in page


def test_crawlers_are_kept_from_copies_for_trying(client: Client, settings: Any):
    assert "Disallow: /\n" in client.get("/robots.txt").content.decode()

    settings.HUB_PROFILE = "production"
    rules = client.get("/robots.txt").content.decode()
    assert "Disallow: /\n" not in rules
    assert "Disallow: /desk/" in rules


PUBLIC = (
    "/",
    "/solutions/",
    "/solutions/?q=milk&sector=health",
    "/solutions/?q=nothing+at+all&sdg=4",
    "/criteria/",
    "/hubs/",
    "/hubs/?kind=national&q=milk",
    "/hubs/wells/",
    "/search/",
    "/search/?q=milk",
    "/search/?q=xqzw",
    *(f"/pages/{name}/" for name in TEXTS),
)


@pytest.mark.usefixtures("milk")
@pytest.mark.parametrize("address", PUBLIC)
def test_no_link_of_a_public_page_is_dead(client: Client, address: str):
    page = client.get(address).content.decode()
    ids = set(re.findall(r'\bid="([^"]+)"', page))

    for raw in sorted(set(re.findall(r'(?:href|action|src)="([^"]*)"', page))):
        link = unescape(raw)
        if link.startswith("#"):
            assert link[1:] in ids, link
        elif link.startswith(("/static/", "mailto:", "https://")) or link == "/display/":
            continue
        else:
            url = link.split("#")[0]
            found = client.get(
                address.split("?", maxsplit=1)[0] + url if url.startswith("?") else url
            )
            assert found.status_code in (200, 302), link


@pytest.mark.usefixtures("milk")
@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_page_has_one_heading_no_inline_code_and_no_repeated_id(
    client: Client, address: str
):
    answer = client.get(address)
    page = answer.content.decode()
    ids = re.findall(r'\bid="([^"]+)"', page)

    assert len(re.findall(r"<h1[ >]", page)) == 1
    assert len(ids) == len(set(ids))
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\bsrc=)", page)
    assert answer.cookies == {}


@pytest.mark.usefixtures("milk")
@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_page_seen_before_is_not_sent_again(client: Client, address: str):
    seen = client.get(address)

    again = Client().get(address, headers={"If-None-Match": seen["ETag"]})

    assert again.status_code == 304


@pytest.mark.usefixtures("milk")
@pytest.mark.parametrize("address", ["/solutions/", "/", "/hubs/", "/search/?q=milk", "/criteria/"])
def test_a_public_page_reads_from_right_to_left(client: Client, address: str):
    page = client.get("/ar" + address).content.decode()

    assert '<html lang="ar" dir="rtl"' in page
