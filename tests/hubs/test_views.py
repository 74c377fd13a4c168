"""The directory of hubs and their pages: who sees what, and every statement with its source."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from core import search
from hubs import directory, finding, loading, operations
from hubs.models import Hub, Membership
from hubs.profile import profile_of
from tests import factories
from tests.people import browser

if TYPE_CHECKING:
    from accounts.models import User

pytestmark = pytest.mark.django_db

URL = "/hubs/"


def text_of(page: bytes) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.decode()).split())


def listed(client: Client, query: str = "") -> list[str]:
    answer = client.get(URL + query)
    assert answer.status_code == 200
    return [hub.slug for hub, _place in answer.context["rows"]]


def make(slug: str, **more: Any) -> Hub:
    """A hub as its people would save it: found by what it says."""
    factories.reference()
    sectors = more.pop("sectors", ())
    hub = factories.make_hub(slug=slug, **more)
    hub.sectors.set(sectors)
    finding.note(hub)
    return hub


@pytest.fixture
def three_hubs() -> None:
    make(
        "fund",
        name="Fund for wells",
        acronym="FW",
        country_id="BR",
        sectors=["water"],
        other_names=["Fonds pour les puits"],
        founded=1999,
    )
    make(
        "school",
        name="School of schools",
        country_id="ID",
        kind="sector",
        sectors=["education"],
        is_pilot=True,
    )
    make("alliance", name="Alliance", kind="cross_country", summary="Works in many places.")


# --- Directory ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("three_hubs")
@pytest.mark.parametrize(
    ("query", "slugs"),
    [
        ("", ["fund", "school", "alliance"]),
        ("?kind=sector", ["school"]),
        ("?sector=water", ["fund"]),
        ("?country=ID", ["school"]),
        ("?country=ID&sector=water", []),
        ("?q=FW", ["fund"]),
        ("?q=fonds+puits", ["fund"]),
        ("?q=Br%C3%A9sil", ["fund"]),
        ("?q=%D8%A5%D9%86%D8%AF%D9%88%D9%86%D9%8A%D8%B3%D9%8A%D8%A7", ["school"]),
        ("?q=scool", ["school"]),
        ("?q=nothing-of-the-kind", []),
        ("?kind=unheard-of", ["fund", "school", "alliance"]),
        ("?sector=x&country=XX&page=10000000000000000000", ["fund", "school", "alliance"]),
        ("?q=" + "w" * 100_000, []),
        ("?kind=national&kind=sector", ["school"]),
    ],
)
def test_the_directory_narrows_by_kind_sector_country_and_text(
    client: Client, query: str, slugs: list[str]
):
    assert listed(client, query) == slugs


@pytest.mark.usefixtures("three_hubs")
def test_unknown_values_are_named(client: Client):
    page = text_of(client.get(URL + "?kind=unheard-of&country=%3Cb%3E").content)

    assert "We do not know Kind “unheard-of”. It was left out." in page
    assert "We do not know Country “&lt;b&gt;”. It was left out." in page


@pytest.mark.usefixtures("three_hubs")
def test_tabs_count_each_kind_under_the_other_filters(client: Client):
    def tabs(query: str) -> list[tuple[Any, ...]]:
        return [tuple(map(str, tab)) for tab in client.get(URL + query).context["tabs"]]

    assert tabs("?kind=sector") == [
        ("All", "/hubs/", "False", "3"),
        ("National hub", "/hubs/?kind=national", "False", "1"),
        ("Sector hub", "/hubs/?kind=sector", "True", "1"),
        ("Cross-country hub", "/hubs/?kind=cross_country", "False", "1"),
    ]
    assert tabs("?sector=water&kind=sector") == [
        ("All", "/hubs/?sector=water", "False", "1"),
        ("National hub", "/hubs/?sector=water&kind=national", "False", "1"),
        ("Sector hub", "/hubs/?sector=water&kind=sector", "True", "0"),
    ]


@pytest.mark.usefixtures("three_hubs")
def test_taking_a_filter_off_keeps_the_others(client: Client):
    chips = client.get(URL + "?kind=national&sector=water&country=BR").context["chips"]

    assert chips == [
        ("Sector", "Water and sanitation", "/hubs/?kind=national&country=BR"),
        ("Country", "Brazil", "/hubs/?kind=national&sector=water"),
    ]


def test_one_dot_stands_for_a_country_and_leads_on():
    factories.reference()
    for code in ("BR", "ID"):
        country = factories.Country.objects.get(pk=code)
        country.latitude, country.longitude = 1.0, 2.0
        country.save()
    loading.reference.forget()
    first = make("one", country_id="BR")
    make("two", country_id="BR", is_pilot=True)
    make("three", country_id="ID", is_pilot=True)
    make("four")

    points = directory.points(Hub.objects.order_by("pk"))

    assert [(p.label, p.url, p.count, p.pilot) for p in points] == [
        ("Brazil", "/hubs/?country=BR#list", 1, True),
        ("Indonesia", "/hubs/three/", 0, True),
    ]
    assert directory.in_words(Hub.objects.all()) == "2 hubs and 2 pilots"
    assert directory.in_words([first]) == "1 hub"
    assert directory.countries(Hub.objects.all()) == 1


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
    hub = make("fund", is_listed=is_listed)
    user = person(kind, hub)
    client = browser(user if user.is_authenticated else None)
    may = is_listed or kind not in ("anonymous", "stranger")

    assert user.has_perm("hubs.view_hub", hub) is may
    assert ("fund" in listed(client)) is may
    assert client.get("/hubs/fund/").status_code == (200 if may else 404)


def test_a_hub_that_is_not_listed_is_found_nowhere(client: Client):
    hub = make("fund", name="Fund for wells")
    moderator = factories.make_user(is_staff=True)
    query = search.SearchQuery.parse("wells")
    assert search.find(finding.KIND, query).ids == (str(hub.pk),)

    hub.is_listed = False
    operations.save_hub(hub, by=moderator, changed=["is_listed"])

    assert search.find(finding.KIND, query).ids == ()
    for address in ("/", URL, "/search/?q=wells", f"{URL}?q=wells"):
        assert "Fund for wells" not in client.get(address).content.decode()


@pytest.mark.parametrize("number", [1, 50])
def test_directory_and_page_cost_the_same_at_one_hub_and_at_fifty(
    client: Client, number: int, django_assert_num_queries: Any
):
    for i in range(number):
        make(f"hub-{i}", name=f"Wells {i}", country_id="BR", sectors=["water", "health"])
    client.get(URL)

    with django_assert_num_queries(2):  # hubs, sectors
        client.get(URL)
    with django_assert_num_queries(3):  # and which of them fit
        client.get(URL + "?sector=water&kind=national")
    with django_assert_num_queries(5):  # and the words, what is found
        client.get(URL + "?q=wells&country=BR")
    with django_assert_num_queries(3):  # the hub, its sectors, its solutions
        client.get("/hubs/hub-0/")


# --- One hub ------------------------------------------------------------------------------------


@pytest.fixture
def hub() -> Hub:
    return make(
        "fund",
        name="Fund for wells",
        acronym="FW",
        other_names=["Fonds pour les puits", "Well fund"],
        country_id="BR",
        sectors=["water"],
        host="Ministry of wells",
        organisational_model="A fund of three ministries.",
        financing="Fees and grants.",
        sources={"*": "Report, page 3", "financing": "Letter, page 1"},
        facts=[
            {
                "topic": "founded",
                "text": "Begun in 2007.",
                "source": "Blog",
                "conflict": "The report says 2004.",
            },
            {
                "topic": "founded",
                "text": "Begun in 2004.",
                "source": "Report, page 3",
                "preferred": True,
            },
            {
                "topic": "membership_fees",
                "text": "Fees pay two fifths.",
                "source": "Letter, page 1",
                "value": 40,
                "unit": "percent of the budget",
            },
            {"topic": "staff", "text": "Nineteen people.", "source": "Blog", "as_of": "2008"},
            {
                "topic": "portfolio",
                "text": "81 projects.",
                "source": "Blog",
                "derived": True,
                "derived_note": "The sum 15 + 66.",
            },
            {"topic": "weather", "text": "It rains.", "source": ""},
        ],
    )


def test_statements_stand_by_theme_with_numbered_sources(hub: Hub):
    profile = profile_of(hub)

    assert [
        (
            str(section.theme.title),
            [(s.text, s.source and s.source.number) for s in section.statements],
        )
        for section in profile.sections
    ] == [
        ("How it began", [("Begun in 2004.", 1), ("Begun in 2007.", 2)]),
        ("How it is organised", [("A fund of three ministries.", 1)]),
        ("Who works there", [("Nineteen people.", 2)]),
        ("How it is paid for", [("Fees and grants.", 3), ("Fees pay two fifths.", 3)]),
        ("How it shares", [("81 projects.", 2)]),
        ("Also stated", [("It rains.", None)]),
    ]
    assert [(r.number, r.citation) for r in profile.references] == [
        (1, "Report, page 3"),
        (2, "Blog"),
        (3, "Letter, page 1"),
    ]
    assert list(map(str, profile.not_stated)) == [
        "what it coordinates",
        "staff",
        "policy basis",
        "networks",
    ]


def test_the_page_shows_sources_conflicts_gaps_and_other_names(client: Client, hub: Hub):
    answer = client.get("/hubs/fund/")
    page, text = answer.content.decode(), text_of(answer.content)

    for said in (
        "Also called Fonds pour les puits Well fund Source *1",
        "Hosted at Ministry of wells Source *1",
        "Founded As its sources say",
        "Begun in 2004. Preferred by the editors. *1 source Report, page 3",
        "Begun in 2007. *2 source Blog The report says 2004.",
        "The sources disagree.",
        "Nineteen people. As of 2008.",
        "Worked out by the editors: The sum 15 + 66.",
        "It rains. Source not stated",
        "No source says anything about: what it coordinates, staff, policy basis, networks.",
        "No solution of this hub is in the register yet.",
    ):
        assert said in text
    # A source is written out once in the margin and once in the list.
    assert text.count("Report, page 3") == 2
    assert '<rect class="fill-1" width="40.00%" height="100%"/>' in page
    numbers = set(re.findall(r'href="#source-(\d+)"', page))
    assert numbers == set(re.findall(r'id="source-(\d+)"', page)) == {"1", "2", "3"}


def test_what_nobody_stated_is_called_not_stated(client: Client):
    make("bare", name="Bare hub")

    text = text_of(client.get("/hubs/bare/").content)

    for label in ("Short name", "Country", "Hosted at", "Founded", "Sectors"):
        assert f"{label} Not stated" in text
    assert "Also called" not in text
    assert 'id="sources"' not in client.get("/hubs/bare/").content.decode()


def test_what_a_hub_says_of_itself_is_never_markup(client: Client):
    bad = "<script>alert(1)</script>"
    make(
        "bad",
        name=bad,
        acronym=bad[:40],
        summary=bad,
        host=bad,
        financing=bad,
        other_names=[bad],
        facts=[{"topic": bad, "text": bad, "source": bad, "conflict": bad}],
        sources={"*": bad},
    )

    for address in ("/hubs/bad/", URL, "/search/?q=script+alert", "/"):
        assert "<script>alert" not in client.get(address).content.decode()


def test_every_hub_of_the_published_sources_has_a_page_that_names_its_sources(client: Client):
    loading.load_reference()
    loading.load_hubs(by=factories.make_user(is_staff=True))

    for hub in Hub.objects.all():
        answer = client.get(hub.get_absolute_url())
        profile = answer.context["profile"]
        assert answer.status_code == 200
        assert len(profile.references) > 0
        assert all(s.source for section in profile.sections for s in section.statements)
    conflicts = [
        fact["conflict"] for hub in Hub.objects.all() for fact in hub.facts if "conflict" in fact
    ]
    assert len(conflicts) == 4


def test_a_hub_is_found_by_short_name_other_name_and_country_in_any_language(hub: Hub):
    for words in ("FW", "puits", "Brésil", "bresil", "ministry of wells", "sanitation"):
        assert search.find(finding.KIND, search.SearchQuery.parse(words)).ids == (str(hub.pk),)
