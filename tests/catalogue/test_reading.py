"""The catalogue's list: what is found, how it is counted, what bad addresses get."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse

from catalogue import finding, listing
from catalogue.listing import PER_PAGE, Narrower
from catalogue.models import Solution, Version
from core.facets import MOST_OPTIONS, Offer
from core.models import SearchDocument, SearchFacet
from core.search import suggest
from tests import factories
from tests.catalogue import shown

if TYPE_CHECKING:
    from catalogue.listing import SolutionList

pytestmark = pytest.mark.django_db

URL = "/solutions/"
#: Anonymous, everything in one page: values, words, counts, ids, records, names of hubs.
QUERIES = {
    "": 4,
    "?sector=health": 5,
    "?q=milk": 6,
    "?q=milk&sector=health&country=BR&sort=title": 6,
}


def listed(client: Client, query: str = "") -> SolutionList:
    answer = client.get(URL + query)
    assert answer.status_code == 200
    return answer.context["list"]


def titles(answer: SolutionList) -> list[str]:
    return [re.sub("</?mark>", "", str(card.title)) for card in answer.cards]


def counted(answer: SolutionList, key: str) -> dict[str, int]:
    options = {
        option.value: option.count
        for group in answer.groups
        if group.key == key
        for option in group.options
    }
    return {value: count for value, count in options.items() if count}


@pytest.fixture
def six_records() -> None:
    """Records that share values in many combinations."""
    hub = factories.make_hub(slug="fund", name="Fund for wells", acronym="FW")
    shown.public("One", sectors=["health"], countries=["BR"], tags=["milk"], kind="service")
    shown.public("Two", sectors=["health", "water"], countries=["BR", "ID"], kind="policy")
    shown.public("Three", sectors=["water"], countries=["ID"], hub=hub, stage="scaling", goals=[6])
    shown.public(
        "Four", sectors=["education"], countries=[], tags=["Milk", "school"], kind="method"
    )
    shown.public("Five", sectors=["water"], countries=["CG", "CD"], hub=hub, mark="validated")
    shown.public("Six", sectors=[], countries=["CI"], french="Six en français", goals=[3, 6])


@pytest.mark.parametrize(
    "query",
    [
        "",
        "sector=water",
        "sector=water&sector=health",
        "sector=water&country=ID",
        "sector=water&sector=education&hub=fund&label=documented",
        "region=002",
        "region=002&country=BR",
        "tag=milk&kind=method&kind=service",
        "language=fr",
        "sdg=6&stage=pilot&stage=scaling",
        "label=validated&sector=health",
    ],
)
@pytest.mark.usefixtures("six_records")
def test_counts_are_what_adding_each_value_would_give(client: Client, query: str):
    chosen: dict[str, list[str]] = {}
    for pair in filter(None, query.split("&")):
        name, value = pair.split("=")
        chosen.setdefault(name, []).append(value)
    values: dict[int, dict[str, set[str]]] = {}
    for facet in SearchFacet.objects.filter(kind=finding.KIND):
        groups = values.setdefault(facet.document_id, {group: set() for group in finding.GROUPS})
        groups[facet.group].add(facet.value)

    def fits(record: dict[str, set[str]], ignoring: str = "") -> bool:
        return all(record[g] & set(v) for g, v in chosen.items() if g != ignoring)

    expected = {
        group: {
            value: number
            for value in {v for record in values.values() for v in record[group]}
            if (number := sum(fits(r, group) and value in r[group] for r in values.values()))
        }
        for group in finding.GROUPS
    }

    answer = listed(client, f"?{query}")

    assert answer.total == len(answer.cards) == sum(fits(record) for record in values.values())
    assert {group: dict(answer.counts[group]) for group in finding.GROUPS} == expected


@pytest.mark.usefixtures("six_records")
def test_a_chosen_value_stays_when_nothing_has_it_any_more(client: Client):
    answer = listed(client, "?label=validated&sector=health")

    sectors = next(group for group in answer.groups if group.key == "sector")
    assert [(o.value, o.count, o.checked) for o in sectors.options if o.checked] == [
        ("health", 0, True)
    ]
    assert answer.total == 0


@pytest.mark.usefixtures("six_records")
def test_countries_stand_below_their_region_and_a_chosen_one_in_the_open(client: Client):
    answer = listed(client, "?country=CD")

    tree = next(group.tree for group in answer.groups if group.key == "place")
    assert [
        (b.region.label, [o.label for o in b.opened], [(o.label, o.count) for o in b.folded])
        for b in tree
    ] == [
        ("Africa", ["Congo, Democratic Republic of the"], [("Congo", 1), ("Côte d’Ivoire", 1)]),
        ("Americas", [], [("Brazil", 2)]),
        ("Asia", [], [("Indonesia", 2)]),
    ]


@pytest.mark.usefixtures("six_records")
def test_a_group_says_its_values_in_words(client: Client):
    answer = listed(client)

    words = {group.key: [option.label for option in group.options] for group in answer.groups}
    assert words["label"][:5] == [
        "Adopted elsewhere",
        "Validated",
        "Promising",
        "In review",
        "Documented, not validated",
    ]
    assert "hub" not in words  # one value is no choice
    assert words["sdg"] == ["3. Good health and well-being", "6. Clean water and sanitation"]
    assert words["language"] == ["English", "Français"]
    assert words["tag"] == ["milk", "school"]


@pytest.mark.usefixtures("six_records")
def test_taking_one_filter_off_keeps_the_others(client: Client):
    answer = listed(client, "?q=one&sector=water&sector=health&country=BR&sort=title")

    assert answer.chips == [
        ("Sector", "Health", "/solutions/?q=one&sector=water&country=BR&sort=title"),
        ("Sector", "Water and sanitation", "/solutions/?q=one&sector=health&country=BR&sort=title"),
        ("Country", "Brazil", "/solutions/?q=one&sector=health&sector=water&sort=title"),
    ]
    assert answer.clear_url == "/solutions/?q=one&sort=title"


@pytest.mark.usefixtures("six_records")
def test_the_same_question_has_one_address_whatever_the_order_of_its_parameters(client: Client):
    one = listed(
        client, "?tag=milk&country=ID&country=BR&sector=water&q=&sort=label&country=BR&page=1"
    )
    other = listed(client, "?sector=water&country=BR&tag=milk&country=ID")

    assert (
        one.canonical
        == other.canonical
        == "/solutions/?sector=water&country=BR&country=ID&tag=milk"
    )
    assert f'<link rel="canonical" href="{one.canonical.replace("&", "&amp;")}">' in (
        client.get(other.canonical).content.decode()
    )


@pytest.mark.usefixtures("six_records")
@pytest.mark.parametrize(
    ("query", "left_out", "total"),
    [
        ("?sector=foo", [("Sector", "foo")], 6),
        ("?sector=foo&sector=water", [("Sector", "foo")], 3),
        ("?country=XX&label=best", [("Mark", "best"), ("Country", "XX")], 6),
        ("?hub=nowhere&tag=unheard-of", [("Hub", "nowhere"), ("Tag", "unheard-of")], 6),
        ("?sdg=18&sdg=6", [("Goal", "18")], 2),
        ("?sort=backwards", [("Sort by", "backwards")], 6),
        ("?colour=green", [], 6),
    ],
)
def test_an_unknown_value_is_named_and_left_out(
    client: Client, query: str, left_out: list[tuple[str, str]], total: int
):
    answer = client.get(URL + query)

    assert answer.context["list"].filters.unknown == left_out
    assert answer.context["list"].total == total
    for label, value in left_out:
        assert f"We do not know {label} “{value}”. It was left out." in answer.content.decode()


HOSTILE = {
    "a page far beyond the last": "?page=1000000000000000000",
    "a page of five thousand digits": "?page=" + "9" * 5000,
    "a negative page": "?page=-3",
    "a page in words": "?page=last",
    "no page": "?page=",
    "two thousand values": "?" + "&".join(f"sector=s{i}" for i in range(1990)),
    "two thousand repetitions": "?" + "&".join(["sector=health"] * 1990),
    "a question of a hundred thousand characters": "?q=" + "milk+" * 20_000,
    "one word of a hundred thousand characters": "?q=" + "m" * 100_000,
    "operators of the engines": "?q=milk+AND+%28NEAR+%22+%2A+%3A+%5E+title%3Amilk+%21%26%7C%3C-%3E",
    "marks of direction and no width": "?q=%E2%80%AEmilk%E2%80%8B%F0%9F%A5%9B&sector=%E2%80%AE",
    "only punctuation": "?q=%21%3F%21",
    "a value of the wrong kind": "?sdg=three&country=%F0%9F%A5%9B&region=%27%3B--",
    "markup": "?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E&tag=%3Cimg+src%3Dx%3E&sort=%22%3E%3Cb%3E",
    "repeated single parameters": "?q=milk&q=bank&sort=title&sort=newest&page=1&page=7",
}


@pytest.mark.parametrize("query", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_bad_address_gets_a_clear_answer_at_the_usual_cost(
    client: Client, query: str, django_assert_max_num_queries: Any
):
    shown.public()
    client.get(URL)

    with django_assert_max_num_queries(6 + 2):
        answer = client.get(URL + query)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert answer.context["list"].page.number == 1
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert len(page) < 60_000


def test_more_parameters_than_any_form_has_are_refused(client: Client):
    answer = client.get(URL + "?" + "&".join(f"sector=s{i}" for i in range(2100)))

    assert answer.status_code == 400


def test_text_that_no_database_can_hold_is_refused(client: Client):
    assert client.get(URL + "?q=milk%00bank").status_code == 400


def test_a_long_question_is_cut_and_says_so(client: Client):
    answer = client.get(URL + "?q=" + "milk+" * 100)

    assert len(answer.context["list"].query.text) <= 200
    assert "Its first 200 characters were searched for." in answer.content.decode()


@pytest.mark.usefixtures("six_records")
def test_an_empty_answer_says_which_filter_to_drop_and_what_that_gives(client: Client):
    answer = client.get(URL + "?sector=education&hub=fund")

    offers = answer.context["list"].offers
    assert [(o.label, o.count, o.url) for o in offers] == [
        ("Sector: Education", 2, "/solutions/?hub=fund"),
        ("Hub: FW", 1, "/solutions/?sector=education"),
    ]
    assert "2 solutions without it" in answer.content.decode()
    for offer in offers:
        assert listed(client, offer.url.removeprefix(URL)).total == offer.count


@pytest.mark.usefixtures("six_records")
def test_where_dropping_one_filter_does_not_help_each_alone_is_offered(client: Client):
    answer = listed(client, "?sector=education&hub=fund&label=validated&kind=policy")

    assert (answer.total, answer.offers) == (0, [])
    assert {(o.label, o.count) for o in answer.beginnings} == {
        ("Education", 1),
        ("FW", 2),
        ("Validated", 1),
        ("Policy", 1),
    }


def test_an_empty_catalogue_says_so_and_how_to_begin(client: Client):
    page = client.get(URL).content.decode()

    assert "No solution has been published yet." in page
    assert "0 solutions" in page


def test_words_searched_for_are_marked_and_nothing_in_them_is_markup(client: Client):
    shown.public("Milk <b>banks</b> & more", summary="A bank for <i>milk</i>.")

    page = client.get(URL + "?q=milk+bank").content.decode()

    assert "<mark>Milk</mark> &lt;b&gt;<mark>banks</mark>&lt;/b&gt; &amp; more" in page
    assert "A <mark>bank</mark> for &lt;i&gt;<mark>milk</mark>&lt;/i&gt;." in page


def test_a_typing_error_is_corrected_said_and_can_be_insisted_on(client: Client):
    shown.public()

    answer = listed(client, "?q=comunity+milk")

    assert (titles(answer), answer.corrected) == ([shown.TITLE], [("comunity", "community")])
    assert answer.exactly_url == "/solutions/?q=%22comunity%22+milk"
    assert listed(client, answer.exactly_url.removeprefix(URL)).total == 0


@pytest.mark.usefixtures("six_records")
@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", ["Five", "Six", "Four", "Three", "Two", "One"]),
        ("?sort=newest", ["Six", "Five", "Four", "Three", "Two", "One"]),
        ("?sort=title", ["Five", "Four", "One", "Six", "Three", "Two"]),
        ("?sort=label", ["Five", "Six", "Four", "Three", "Two", "One"]),
        ("?sort=adopted", ["Five", "Six", "Four", "Three", "Two", "One"]),
    ],
)
def test_the_list_has_the_order_asked_for(client: Client, query: str, order: list[str]):
    assert titles(listed(client, query)) == order


def test_the_best_match_comes_first_and_can_be_asked_for_only_with_words(client: Client):
    shown.public("Wells", summary="No word of it in the title: milk.")
    shown.public("Milk banks")

    assert titles(listed(client, "?q=milk")) == ["Milk banks", "Wells"]
    assert listed(client, "?q=milk").filters.sorts[0][0] == "relevance"
    assert "relevance" not in [code for code, _label in listed(client).filters.sorts]


def test_pages_hold_twenty_and_a_number_beyond_gives_the_last(client: Client):
    for number in range(2 * PER_PAGE + 5):
        shown.public(f"Record {number:02}")

    first, last, beyond = (listed(client, f"?sort=title&page={n}") for n in (1, 3, 10**18))

    assert titles(first)[0] == "Record 00"
    assert (len(first.cards), len(last.cards), titles(beyond)) == (20, 5, titles(last))
    assert beyond.canonical == "/solutions/?sort=title&page=3"
    page = client.get(URL + "?sort=title&page=2").content.decode()
    assert 'href="?sort=title&amp;page=3"' in page
    assert 'href="?sort=title"' in page


@pytest.fixture
def three_deep_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two records a page, the third page is deep: two sectors, two tags."""
    monkeypatch.setattr(listing, "DEEP", 3)
    monkeypatch.setattr(listing.SolutionList, "per_page", 2)
    for number in range(6):
        sector = "health" if number < 4 else "water"
        shown.public(f"Record {number}", sectors=[sector], tags=[f"tag {number}"] * (number < 2))


@pytest.mark.usefixtures("three_deep_pages")
def test_far_down_a_list_there_is_a_way_to_shorten_it(client: Client):
    assert listed(client, "?page=2").narrower is None

    answer = listed(client, "?page=3&sort=title")

    assert answer.narrower == Narrower(
        "Sector",
        [
            Offer("Health", 4, "/solutions/?sector=health&sort=title"),
            Offer("Water and sanitation", 2, "/solutions/?sector=water&sort=title"),
        ],
    )
    page = client.get(URL + "?page=3&sort=title").content.decode()
    assert '<a href="/solutions/?sector=water&amp;sort=title">Water and sanitation</a>' in page


@pytest.mark.usefixtures("three_deep_pages")
def test_what_is_chosen_already_does_not_shorten_a_list(client: Client):
    answer = listed(client, "?page=3&sector=health&sector=water")

    assert answer.narrower is not None
    assert answer.narrower.name == "Tag"


def test_nothing_is_offered_where_nothing_divides(client: Client, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listing, "DEEP", 1)
    shown.public("Alone")

    assert listed(client).narrower is None


@pytest.mark.usefixtures("three_deep_pages")
def test_a_number_beyond_all_pages_costs_one_statement_more(
    client: Client, django_assert_num_queries: Any
):
    listed(client, "?page=3")  # what is kept by the process
    with django_assert_num_queries(3):
        listed(client, "?page=3")
    with django_assert_num_queries(4):
        answer = listed(client, f"?page={10**18}")

    assert (answer.page.number, answer.is_beyond) == (3, True)
    assert answer.narrower is not None


@pytest.mark.parametrize("records", [1, 50])
def test_the_list_costs_the_same_at_one_record_and_at_fifty(
    client: Client, records: int, django_assert_num_queries: Any
):
    hub = factories.make_hub(slug="fund")
    for i in range(records):
        shown.public(f"Milk {i}", hub=hub, tags=[f"tag {i}"], countries=["BR", "ID"])
    client.get(URL)

    for query, number in QUERIES.items():
        client.get(URL + query)
        with django_assert_num_queries(number):
            client.get(URL + query)


def test_versions_this_process_has_not_shown_cost_one_query_more(
    client: Client, django_assert_num_queries: Any
):
    hub = factories.make_hub(slug="fund")
    for i in range(30):
        shown.public(f"Milk {i}", hub=hub)
    client.get(URL)

    with django_assert_num_queries(QUERIES[""] + 1):
        client.get(URL + "?page=2")
    with django_assert_num_queries(QUERIES[""] + 1):
        client.get("/fr" + URL)
    with django_assert_num_queries(QUERIES[""]):
        client.get(URL + "?page=2")


def test_a_new_version_is_shown_at_once(client: Client):
    solution = shown.public("Old title")
    assert titles(listed(client)) == ["Old title"]

    before = solution.public_version
    assert before is not None
    content = before.content | {"title": "New title"}
    newer = Version.objects.create(
        solution=solution, number=before.number + 1, form=before.form, content=content,
        content_hash="0" * 64,
    )  # fmt: skip
    Solution.objects.filter(pk=solution.pk).update(public_version=newer)

    assert titles(listed(client)) == ["New title"]


def test_a_page_beyond_the_last_says_so(client: Client):
    for number in range(PER_PAGE + 1):
        shown.public(f"Record {number:02}")

    said = "There are only 2 pages. You see the last one."
    assert said in client.get(URL + "?page=1000000000000000000").content.decode()
    assert "There are only" not in client.get(URL + "?page=2").content.decode()


@pytest.mark.usefixtures("six_records")
def test_a_value_that_would_leave_nothing_is_not_offered(client: Client):
    answer = listed(client, "?sector=education")

    assert counted(answer, "sdg") == {}
    assert "place" not in {group.key for group in answer.groups}
    offered = {o.value for g in answer.groups if g.key == "label" for o in g.options}
    assert {"adopted", "validated", "promising", "in_review", "documented"} == offered


def test_of_many_values_the_most_common_are_offered_and_any_one_chosen(client: Client):
    for i in range(4):
        shown.public(f"Record {i}", tags=[f"tag {i}-{n:02}" for n in range(14)] + ["all"])

    answer = listed(client, "?tag=tag+3-13")

    tags = next(group for group in answer.groups if group.key == "tag")
    assert (tags.options[0].value, tags.options[0].count) == ("all", 4)
    assert [o.value for o in tags.options if o.checked] == ["tag 3-13"]
    assert len(tags.options) == MOST_OPTIONS + 1
    assert tags.note == "The 48 most used. Search finds the others."


def test_a_fragment_is_the_answer_alone_and_caches_know(client: Client):
    shown.public()

    whole = client.get(URL + "?q=milk")
    part = client.get(URL + "?q=milk", headers={"HX-Request": "true"})

    assert "HX-Request" in whole["Vary"]
    assert "HX-Request" in part["Vary"]
    text = part.content.decode()
    assert "<html" not in text
    assert text.lstrip().startswith('<section id="results"')
    assert 'id="facet-groups"' in text
    assert 'data-url="/solutions/?q=milk"' in text
    assert text.split("</section>")[0] in whole.content.decode()


def test_a_page_seen_before_is_answered_with_not_modified(client: Client):
    shown.public()
    seen = client.get(URL + "?sector=health")

    again = Client().get(URL + "?sector=health", headers={"If-None-Match": seen["ETag"]})

    assert (seen.cookies, again.status_code, again.content) == ({}, 304, b"")


def test_a_card_says_whose_where_what_and_since_when(client: Client):
    hub = factories.make_hub(name="Fund for wells", acronym="FW", slug="fund")
    shown.public(
        hub=hub,
        countries=["BR", "ID"],
        sectors=["health", "water"],
        started_on="2011-05",
        is_example=True,
    )
    shown.public(
        "Two",
        countries=["BR", "ID", "CD", "CG"],
        started_on="2001",
        ended_on="2009-02",
        owner_institution="Ministry of wells",
    )

    cards = listed(client, "?sort=title").cards

    assert [tuple(map(str, card.meta)) for card in cards] == [
        (
            '<span class="eg">Example</span>',
            "FW",
            "Brazil, Indonesia",
            "Health, Water and sanitation",
            "since 2011",
        ),
        ("Ministry of wells", "4 countries", "Health", "2001–2009"),
    ]


def test_a_card_speaks_the_readers_language_where_it_was_translated(client: Client):
    shown.public("Milk banks", french="Lactariums")

    french, spanish = (
        client.get(f"/{code}{URL}").context["list"].cards[0] for code in ("fr", "es")
    )

    assert (french.title, french.lang) == ("Lactariums", "")
    assert (spanish.title, spanish.lang, spanish.dir) == ("Milk banks", "en", "ltr")


# --- What the public must never find ------------------------------------------------------------


def places(client: Client, title: str) -> dict[str, bool]:
    """Where a visitor could come upon this title."""
    search = client.get("/search/?q=milk").content.decode()
    csv = b"".join(client.get("/solutions/csv/").streaming_content).decode()
    return {
        "list": title in client.get(URL).content.decode(),
        "search in the list": title in titles(listed(client, "?q=milk")),
        "fragment": title in client.get(URL, headers={"HX-Request": "true"}).content.decode(),
        "count": listed(client).total > 0,
        "facets": any(listed(client).counts.values()),
        "table": title in csv,
        "feed": title in client.get("/solutions/feed/").content.decode(),
        "home": title in client.get("/").content.decode(),
        "search": re.findall(r'Solutions <span class="n">(\d+)', search) == ["1"],
        "hub": title in client.get("/hubs/fund/").content.decode(),
        "suggestions": title in [found.title for found in suggest(title[:9])],
    }


@pytest.mark.parametrize("state", shown.STATES)
def test_only_what_is_public_is_found_listed_counted_or_exported(client: Client, state: str):
    make, is_public = shown.STATES[state]
    make(hub=factories.make_hub(slug="fund"))

    assert places(client, shown.TITLE) == dict.fromkeys(places(client, shown.TITLE), is_public)


def test_a_newer_working_copy_shows_nowhere(client: Client):
    solution = shown.public(hub=factories.make_hub(slug="fund"))
    Solution.objects.filter(pk=solution.pk).update(
        title="Secret milk plans", summary="Secret milk plans", hub=None, kind="policy"
    )

    assert not any(
        found
        for place, found in places(client, "Secret milk plans").items()
        if place not in ("count", "facets", "search")
    )
    assert all(places(client, shown.TITLE).values())
    assert counted(listed(client), "kind") in ({}, {"service": 1})


def test_a_hub_that_is_not_listed_is_not_named_among_the_filters(client: Client):
    hub = factories.make_hub(slug="hidden", name="Hidden hub", is_listed=False)
    shown.public("One", hub=hub)
    shown.public("Two", hub=factories.make_hub(slug="seen", name="Seen hub"))

    answer = listed(client, "?hub=hidden")

    assert "hidden" not in {o.value for g in answer.groups if g.key == "hub" for o in g.options}
    assert (answer.filters.unknown, answer.total) == ([("Hub", "hidden")], 2)


def test_a_record_whose_entry_outlived_it_is_left_out(client: Client):
    solution = shown.public()
    Solution.objects.filter(pk=solution.pk).update(
        publication="withdrawn", withdrawn_at=solution.published_at, withdrawal_reason="Gone."
    )
    assert SearchDocument.objects.filter(kind=finding.KIND).count() == 1

    assert shown.TITLE not in client.get(URL).content.decode()


def test_the_list_is_only_read(client: Client):
    assert client.post(reverse("catalogue:solutions")).status_code == 405
    assert client.post(reverse("catalogue:solutions-csv")).status_code == 405
