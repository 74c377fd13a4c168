"""The directory of hubs: who is in it, what narrows it, the map, the orders, the file."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core import search
from hubs import directory, finding, operations
from hubs import reference as kept
from hubs.models import Country, Hub, Membership
from tests import factories
from tests.people import browser

if TYPE_CHECKING:
    from accounts.models import User

pytestmark = pytest.mark.django_db

URL = "/hubs/"
PLACES = {"BR": (-53.1, -10.8), "ID": (117.3, -2.2), "CG": (15.2, -0.8)}


def text_of(page: bytes) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", page.decode()).split()))


def listed(client: Client, query: str = "", language: str = "") -> list[str]:
    answer = client.get(f"{language}{URL}{query}")
    assert answer.status_code == 200
    return [hub.slug for hub, _place in answer.context["list"].rows]


def table(client: Client, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"{URL}hubs.csv{query}")
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def make(slug: str, **more: Any) -> Hub:
    """A hub as its people would save it: found by what it says."""
    factories.reference()
    sectors, says = more.pop("sectors", ()), more.pop("says", {})
    hub = factories.make_hub(slug=slug, **more)
    hub.sectors.set(sectors)
    for topic, text in says.items():
        factories.state(hub, topic, text)
    finding.note(hub)
    return hub


def on_the_map(*codes: str) -> None:
    """Give countries the coordinates they have in the reference data."""
    factories.reference()
    for code in codes:
        lon, lat = PLACES[code]
        Country.objects.filter(pk=code).update(longitude=lon, latitude=lat)
    kept.forget()


@pytest.fixture
def three_hubs() -> None:
    make(
        "fund",
        name="Fund for wells",
        acronym="FW",
        country_id="BR",
        sectors=["water"],
        founded=1999,
        model="foreign_ministry",
        functions=["fund", "train"],
        modalities=["workshop"],
        languages=["pt", "en"],
        says={"other_name": "Fonds pour les puits"},
    )
    make(
        "school",
        name="School of schools",
        country_id="ID",
        kind="sector",
        sectors=["education", "water"],
        is_pilot=True,
        functions=["train"],
        languages=["id"],
    )
    make("alliance", name="Alliance", kind="cross_country", summary="Works in many places.")


# --- What narrows the list ----------------------------------------------------------------------


@pytest.mark.usefixtures("three_hubs")
@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("", ["fund", "school", "alliance"]),
        ("?kind=sector", ["school"]),
        ("?kind=national&kind=sector", ["fund", "school"]),
        ("?sector=water", ["fund", "school"]),
        ("?sector=water&sector=health", ["fund", "school"]),
        ("?country=ID", ["school"]),
        ("?region=019", ["fund"]),
        ("?region=019&region=142", ["fund", "school"]),
        ("?model=foreign_ministry", ["fund"]),
        ("?function=train", ["fund", "school"]),
        ("?function=fund&language=id", []),
        ("?modality=workshop&language=en", ["fund"]),
        ("?stage=pilot", ["school"]),
        ("?stage=hub", ["fund", "alliance"]),
        ("?q=FW", ["fund"]),
        ("?q=fonds+puits", ["fund"]),
        ("?q=Br%C3%A9sil", ["fund"]),
        ("?q=%D8%A5%D9%86%D8%AF%D9%88%D9%86%D9%8A%D8%B3%D9%8A%D8%A7", ["school"]),
        ("?q=scool", ["school"]),
        ("?q=water&kind=sector", ["school"]),
        ("?q=nothing-of-the-kind", []),
        ("?q=%21%3F", []),
        ("?kind=unheard-of", ["fund", "school", "alliance"]),
        (
            "?sector=x&country=XX&sort=luck&page=10000000000000000000",
            ["fund", "school", "alliance"],
        ),
        ("?q=" + "w" * 100_000, []),
    ],
)
def test_values_of_a_group_are_alternatives_and_groups_narrow_each_other(
    client: Client, query: str, slugs: list[str]
):
    assert listed(client, query) == slugs
    assert [row["Address"].split("/")[-2] for row in table(client, query)] == slugs


@pytest.mark.usefixtures("three_hubs")
def test_each_value_counts_what_choosing_it_would_leave(client: Client):
    def counts(query: str) -> dict[str, dict[str, tuple[int, bool]]]:
        groups = client.get(URL + query).context["list"].groups
        return {
            group.key: {o.value: (o.count, o.checked) for o in group.options}
            | {b.region.value: (b.region.count, b.region.checked) for b in group.tree}
            for group in groups
        }

    assert counts("") == {
        "sector": {"water": (2, False), "education": (1, False)},
        "place": {"019": (1, False), "142": (1, False)},
        "function": {"train": (2, False), "fund": (1, False)},
        "language": {"en": (1, False), "pt": (1, False), "id": (1, False)},
        "stage": {"hub": (2, False), "pilot": (1, False)},
    }
    # The sector is narrowed by the stage, the stage by the sector; neither by itself.
    narrowed = counts("?sector=education&stage=hub")
    assert narrowed["sector"] == {"water": (1, False), "education": (0, True)}
    assert narrowed["stage"] == {"hub": (0, True), "pilot": (1, False)}
    assert "function" not in narrowed  # no hub is left that would have one


@pytest.mark.usefixtures("three_hubs")
def test_what_is_unknown_is_named_and_left_out(client: Client):
    page = client.get(URL + "?kind=unheard-of&country=%3Cb%3E&sort=luck").content

    assert b"\xe2\x80\x9c<b>" not in page
    said = text_of(page)
    assert "We do not know Kind “unheard-of”. It was left out." in said
    assert "We do not know Country “<b>”. It was left out." in said
    assert "We do not know Sort by “luck”. It was left out." in said


@pytest.mark.usefixtures("three_hubs")
def test_a_corrected_word_is_said_and_can_be_searched_as_it_is(client: Client):
    page = client.get(URL + "?q=scool")

    assert "No record has “scool”; we searched for “school" in text_of(page.content)
    assert listed(client, page.context["list"].exactly_url.removeprefix(URL)) == []


@pytest.mark.usefixtures("three_hubs")
def test_an_empty_answer_says_which_filter_to_drop(client: Client):
    offers = client.get(URL + "?country=ID&model=foreign_ministry").context["list"].offers

    assert [(offer.label, offer.count, offer.url) for offer in offers] == [
        ("Country: Indonesia", 1, "/hubs/?model=foreign_ministry"),
        ("Organisational model: Agency of a foreign ministry", 1, "/hubs/?country=ID"),
    ]


@pytest.mark.usefixtures("three_hubs")
def test_tabs_count_each_kind_under_the_other_filters(client: Client):
    def tabs(query: str) -> list[tuple[Any, ...]]:
        return [tuple(map(str, tab)) for tab in client.get(URL + query).context["list"].tabs]

    assert tabs("?kind=sector") == [
        ("All", "/hubs/", "False", "3"),
        ("National hub", "/hubs/?kind=national", "False", "1"),
        ("Sector hub", "/hubs/?kind=sector", "True", "1"),
        ("Cross-country hub", "/hubs/?kind=cross_country", "False", "1"),
    ]
    assert tabs("?model=foreign_ministry&kind=sector") == [
        ("All", "/hubs/?model=foreign_ministry", "False", "1"),
        ("National hub", "/hubs/?kind=national&model=foreign_ministry", "False", "1"),
        ("Sector hub", "/hubs/?kind=sector&model=foreign_ministry", "True", "0"),
        ("Cross-country hub", "/hubs/?kind=cross_country&model=foreign_ministry", "False", "0"),
    ]


@pytest.mark.usefixtures("three_hubs")
def test_taking_a_filter_off_keeps_the_others(client: Client):
    page = client.get(URL + "?q=wells&country=BR&sector=health&sector=water&kind=national")

    assert page.context["list"].chips == [
        ("Kind", "National hub", "/hubs/?q=wells&sector=health&sector=water&country=BR"),
        ("Sector", "Health", "/hubs/?q=wells&kind=national&sector=water&country=BR"),
        ("Sector", "Water and sanitation", "/hubs/?q=wells&kind=national&sector=health&country=BR"),
        ("Country", "Brazil", "/hubs/?q=wells&kind=national&sector=health&sector=water"),
    ]
    # The kind, which has no tick box, is sent with the form as well.
    assert '<input type="hidden" name="kind" value="national">' in page.content.decode()


@pytest.mark.usefixtures("three_hubs")
def test_our_script_gets_only_what_a_change_of_filter_changes(client: Client):
    answer = client.get(URL + "?sector=water", headers={"HX-Request": "true"})

    page = answer.content.decode()
    assert [page.count(f'id="{name}"') for name in ("overview", "results", "facet-groups")] == [
        1, 1, 1,
    ]  # fmt: skip
    assert "<html" not in page
    assert 'data-url="/hubs/?sector=water"' in page
    assert "HX-Request" in answer["Vary"]


# --- Orders -------------------------------------------------------------------------------------


@pytest.fixture
def ordered() -> None:
    def confirmed(day: int) -> dt.datetime:
        return dt.datetime(2026, 5, day, tzinfo=dt.UTC)

    make("b", name="Être", country_id="CI", founded=2004, confirmed_at=confirmed(1))
    make("a", name="Delta", country_id="BR", founded=1987)
    make("c", name="alpha", country_id="ID", confirmed_at=confirmed(9))
    make("d", name="Alliance", founded=2011, confirmed_at=confirmed(5))
    make("e", name="Beta", country_id="BR", founded=2004)


@pytest.mark.usefixtures("ordered")
@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("", ["e", "a", "b", "c", "d"]),  # Brazil, Côte d’Ivoire, Indonesia, none
        ("?sort=title", ["d", "c", "e", "a", "b"]),
        ("?sort=oldest", ["a", "e", "b", "d", "c"]),
        ("?sort=youngest", ["d", "e", "b", "a", "c"]),
        ("?sort=confirmed", ["c", "d", "b", "e", "a"]),
        ("?sort=oldest&country=BR&country=CI", ["a", "e", "b"]),
        ("?sort=country&q=alpha+beta+delta", ["e", "a", "c"]),
        ("?sort=title&q=alpha+beta+delta", ["c", "e", "a"]),
    ],
)
def test_the_list_has_an_order_for_each_question(client: Client, query: str, slugs: list[str]):
    assert listed(client, query) == slugs
    assert [row["Address"].split("/")[-2] for row in table(client, query)] == slugs


@pytest.mark.usefixtures("ordered")
def test_countries_come_in_the_order_of_the_page_s_language(client: Client):
    # إندونيسيا comes after the two countries without an Arabic name here.
    assert listed(client, language="/ar") == ["e", "a", "b", "c", "d"]
    Country.objects.filter(pk="BR").update(names={"en": "Brazil", "fr": "Zone"})
    kept.forget()

    assert listed(client, language="/fr") == ["b", "c", "e", "a", "d"]


@pytest.mark.usefixtures("ordered")
def test_the_best_match_comes_first_and_is_offered_only_for_words(client: Client):
    factories.state(Hub.objects.get(slug="e"), "method", "Alpha, alpha.")
    finding.note(Hub.objects.get(slug="e"))

    words, plain = client.get(URL + "?q=alpha"), client.get(URL)

    assert [hub.slug for hub, _place in words.context["list"].rows] == ["c", "e"]
    assert words.context["list"].filters.sorts[0] == ("relevance", "Best match")
    assert [code for code, _label in plain.context["list"].filters.sorts] == [
        "country", "title", "oldest", "youngest", "confirmed",
    ]  # fmt: skip


@pytest.mark.parametrize("sort", ["country", "title", "oldest", "confirmed"])
def test_every_hub_stands_on_exactly_one_page(client: Client, sort: str):
    for number in range(120):
        code = ("BR", "ID", None)[number % 3]
        make(f"h{number}", name=f"Hub {number % 7}", country_id=code, founded=1990 + number % 5)

    pages = [listed(client, f"?sort={sort}&page={page}") for page in (1, 2, 3)]

    assert [len(page) for page in pages] == [50, 50, 20]
    assert len({slug for page in pages for slug in page}) == 120
    assert listed(client, f"?sort={sort}&page=99") == pages[2]


# --- How fresh ----------------------------------------------------------------------------------


def test_the_list_says_in_words_how_long_ago_a_hub_confirmed_its_profile(
    client: Client,
):
    now = dt.datetime(2026, 5, 16, tzinfo=dt.UTC)
    make("fresh", confirmed_at=now - dt.timedelta(days=100))
    make("ageing", confirmed_at=now - dt.timedelta(days=500))
    make("old", confirmed_at=now - dt.timedelta(days=900))
    make("never")
    with time_machine.travel(now, tick=False):
        said = text_of(client.get(URL + "?sort=confirmed").content)

    words = [
        "Confirmed within a year 5 February 2026",
        "Confirmed within two years 1 January 2025",
        "Confirmed more than two years ago 28 November 2023",
        "Not yet confirmed by the hub",
    ]
    places = [said.index(each) for each in words]
    assert places == sorted(places)


# --- The map ------------------------------------------------------------------------------------


def test_one_dot_stands_for_a_country_and_leads_on(client: Client):
    on_the_map("BR", "ID")
    make("one", country_id="BR", sectors=["water"])
    make("two", country_id="BR", is_pilot=True)
    make("three", country_id="ID", is_pilot=True, sectors=["water"])
    make("four", name="A network", acronym="AN")
    make("hidden", country_id="BR", is_listed=False)

    places = directory.census(Hub.objects.filter(is_listed=True))
    page = client.get(URL)

    assert sorted((p.country, p.hubs, p.pilots) for p in places) == [
        ("", 1, 0),
        ("BR", 1, 1),
        ("ID", 0, 1),
    ]
    points = page.context["list"].points
    assert sorted((p.label, p.url, p.count, p.pilot) for p in points) == [
        ("Brazil", "/hubs/?country=BR#results", 1, True),
        ("Indonesia", "/hubs/three/", 0, True),
    ]
    assert directory.in_words(places) == "2 hubs and 2 pilots"
    assert directory.in_words([directory.Place("BR", 1, 0, "one")]) == "1 hub"
    assert directory.countries(places) == 1
    assert "Not of one country, and so not on the map: AN" in text_of(page.content)


def test_the_map_follows_the_filters_and_keeps_them(client: Client):
    on_the_map("BR", "ID")
    for number in range(3):
        make(f"w{number}", country_id="BR", sectors=["water"])
    make("other", country_id="BR")
    make("school", country_id="ID", sectors=["education"])

    found = client.get(URL + "?sector=water&sort=title").context["list"]

    assert [(p.label, p.url, p.count) for p in found.points] == [
        ("Brazil", "/hubs/?sector=water&sort=title&country=BR#results", 3)
    ]


def test_of_very_many_countries_one_dot_stands_for_each_region(
    client: Client, monkeypatch: pytest.MonkeyPatch
):
    on_the_map("BR", "ID", "CG")
    Country.objects.filter(pk__in=["ID", "CG"]).update(region_id="002", subregion_id="142")
    kept.forget()
    for number, code in enumerate(("BR", "ID", "CG", "CG")):
        make(f"h{number}", country_id=code, is_pilot=number == 0)
    monkeypatch.setattr(directory, "MOST_DOTS", 2)

    points = client.get(URL + "?sort=title").context["list"].points

    assert sorted((p.label, p.url, p.count, p.pilot, p.lon) for p in points) == [
        ("Americas", "/hubs/?sort=title&region=019#results", 0, True, PLACES["BR"][0]),
        ("Asia", "/hubs/?sort=title&region=142#results", 3, False, PLACES["CG"][0]),
    ]


def test_of_many_hubs_without_a_country_the_first_are_named_and_the_rest_counted(client: Client):
    on_the_map("BR")
    make("one", country_id="BR")
    for number in range(15):
        make(f"n{number}", name=f"Network {number:02}")

    said = text_of(client.get(URL).content)

    assert "not on the map: Network 00 , Network 01" in said
    assert "Network 11 and 3 more in the list" in said


# --- Who sees what ------------------------------------------------------------------------------

PEOPLE = ("anonymous", "stranger", "member", "focal point", "moderator", "superuser")


def person(kind: str, hub: Hub) -> User | AnonymousUser:
    match kind:
        case "anonymous":
            return AnonymousUser()
        case "stranger":
            return factories.make_member(factories.make_hub())
        case "member":
            return factories.make_member(hub)
        case "focal point":
            return factories.make_member(hub, Membership.Role.FOCAL_POINT)
        case "moderator":
            return factories.make_user(is_staff=True)
        case _:
            return factories.make_user(is_superuser=True)


@pytest.mark.parametrize("is_listed", [True, False])
@pytest.mark.parametrize("kind", PEOPLE)
def test_directory_page_and_rule_agree_on_who_sees_a_hub(kind: str, is_listed: bool):
    hub = make("fund", name="Fund for wells", is_listed=is_listed)
    user = person(kind, hub)
    client = browser(user if user.is_authenticated else None)
    may = is_listed or kind not in ("anonymous", "stranger")

    assert user.has_perm("hubs.view_hub", hub) is may
    found = client.get(URL)
    assert ("Fund for wells" in found.content.decode()) is may
    assert ("fund" in [hub.slug for hub, _place in found.context["list"].rows]) is is_listed
    assert client.get("/hubs/fund/").status_code == (200 if may else 404)
    assert ("fund" in [row["Name"] for row in table(client)]) is False
    assert [row["Name"] for row in table(client)].count("Fund for wells") == is_listed


def test_a_hub_that_is_no_longer_listed_is_found_and_counted_nowhere(client: Client):
    on_the_map("BR")
    hub = make("fund", name="Fund for wells", country_id="BR", sectors=["water"])
    moderator = factories.make_user(is_staff=True)
    query = search.SearchQuery.parse("wells")
    assert search.find(finding.KIND, query).ids == (str(hub.pk),)

    operations.change_profile(hub, by=moderator, values={"is_listed": False})

    assert search.find(finding.KIND, query).ids == ()
    for address in ("/", URL, "/search/?q=wells", f"{URL}?q=wells", f"{URL}?country=BR"):
        assert "Fund for wells" not in client.get(address).content.decode()
    found = client.get(URL).context["list"]
    assert (found.everything, found.total, found.census, found.points) == (0, 0, [], [])


def test_an_empty_directory_has_words_and_no_dead_ends(client: Client):
    factories.reference()

    said = text_of(client.get(URL).content)

    assert "No hub is listed yet." in said
    assert "These results as CSV" not in said


def test_what_a_hub_says_of_itself_is_never_markup(client: Client):
    bad = "<script>alert(1)</script>"
    make("bad", name=bad, acronym=bad[:40], summary=bad, says={"host": bad, "financing": bad})

    for address in (URL, f"{URL}?q=script+alert", "/search/?q=script+alert", "/"):
        assert "<script>alert" not in client.get(address).content.decode()


def test_a_hub_is_found_by_every_name_it_has_and_by_its_country_in_any_language():
    hub = make(
        "fund",
        name="Fund",
        acronym="FW",
        country_id="BR",
        sectors=["water"],
        says={"other_name": "Fonds pour les puits", "host": "Ministry of wells"},
    )

    for words in ("FW", "puits", "Brésil", "bresil", "ministry of wells", "sanitation"):
        assert search.find(finding.KIND, search.SearchQuery.parse(words)).ids == (str(hub.pk),)


# --- The file -----------------------------------------------------------------------------------


def test_a_row_of_the_file_holds_what_the_hub_is_filed_under_and_its_figures_with_sources(
    client: Client,
):
    hub = make(
        "fund",
        name="Fund for wells",
        acronym="=FW",
        summary="Digs, then asks.",
        country_id="BR",
        sectors=["health", "water"],
        model="public_company",
        functions=["train", "fund"],
        modalities=["field_visit"],
        languages=["pt", "en"],
        website="https://wells.test.example/",
        confirmed_at=dt.datetime(2026, 5, 1, 12, tzinfo=dt.UTC),
    )
    factories.state(hub, "founded", "Begun in May.", starts="2004-05", place="page 3")
    source = hub.claims.get().reference.citation
    more = {"reference": hub.claims.get().reference}
    factories.state(hub, "staff", "About 19.", low=19, high=19, qualifier="around", **more)
    factories.state(hub, "staff", "20 in 2009.", low=20, high=20, as_of="2009", **more)
    institutions = "coordinated_institutions"
    factories.state(
        hub, institutions, "15 ministries.", label="ministries", low=15, high=15, **more
    )
    factories.state(hub, institutions, "39 or more.", low=39, qualifier="at least", **more)

    assert table(client) == [
        {
            "Name": "Fund for wells",
            "Short name": "'=FW",
            "Kind": "National hub",
            "Hub or pilot": "Hub",
            "Country": "Brazil",
            "Country code": "BR",
            "Sectors": "Health; Water and sanitation",
            "Organisational model": "Public company",
            "What it does": "Trains; Funds exchanges",
            "Ways to exchange": "Field visit",
            "Languages": "Português; English",
            "Founded": "2004-05",
            "Source: founded": f"{source}, page 3",
            "Institutions coordinated": "at least 39",
            "As of: Institutions coordinated": "",
            "Source: Institutions coordinated": source,
            "Staff": "20",
            "As of: Staff": "2009",
            "Source: Staff": source,
            "Summary": "Digs, then asks.",
            "Website": "https://wells.test.example/",
            "Last confirmed": "2026-05-01",
            "Address": "http://testserver/hubs/fund/",
        }
    ]


def test_the_file_speaks_the_language_of_the_page(client: Client):
    make("fund", country_id="BR")

    answer = client.get("/fr/hubs/hubs.csv")

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert "Brésil" in text
    assert answer["Content-Disposition"].startswith('attachment; filename="hubs-')


# --- What it costs ------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [3, pytest.param(300, marks=pytest.mark.slow)])
def test_directory_and_file_cost_the_same_at_three_hubs_and_at_three_hundred(
    client: Client, number: int
):
    on_the_map("BR", "ID")
    for i in range(number):
        make(
            f"hub-{i}",
            name=f"Wells {i}",
            country_id=("BR", "ID", None)[i % 3],
            sectors=["water", "health"],
            says={"role": "Digs."},
        )
    client.get(URL)
    member = browser(factories.make_member(Hub.objects.get(slug="hub-0")))
    member.get(URL)

    def queries(client: Client, address: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(address)
            if answer.streaming:
                list(answer.streaming_content)
        return len(asked)

    # values, places, order, those of no country, hubs, sectors
    assert queries(client, URL) == 6
    assert queries(client, URL + "?sort=title") == 6
    assert queries(client, URL + "?sector=water&kind=national&sort=oldest") == 8
    assert queries(client, URL + "?q=wells&country=BR") == 7
    assert queries(member, URL) == 11  # and who asks, with what roles; hubs not listed
    assert queries(client, URL + "hubs.csv?country=BR") == 8
