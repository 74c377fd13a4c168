"""One hub's public pages: what they state, with which source, for whom, and at what cost."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.test import Client
from django.utils.html import strip_tags

from claims.models import Reference
from hubs import loading
from hubs.models import Hub, HubClaim, Lesson, LessonHub, Membership
from hubs.profile import claims_of, profile_of
from tests import factories
from tests.people import browser

if TYPE_CHECKING:
    from accounts.models import User

pytestmark = pytest.mark.django_db

URL = "/hubs/fund/"
STATEMENTS = "/hubs/fund/statements/"


@pytest.fixture
def hub() -> Hub:
    factories.reference()
    return factories.make_hub(
        slug="fund", name="Fund for wells", acronym="FW", country_id="BR", kind="sector"
    )


@pytest.fixture
def report() -> Reference:
    return Reference.objects.create(key="report", title="Report", citation="Report, 2013")


@pytest.fixture
def letter() -> Reference:
    return Reference.objects.create(key="letter", title="Letter", citation="Letter, 2014")


@pytest.fixture
def state(hub: Hub, report: Reference) -> Any:
    def state(topic: str, text: str = "Said.", **more: Any) -> HubClaim:
        position = hub.claims.count() + 1
        return factories.state(hub, topic, text, **{"reference": report, **more}, position=position)

    return state


def text_of(page: bytes) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.decode()).split())


def read(client: Client, url: str = URL) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return text_of(answer.content)


def facts(client: Client, url: str = URL) -> dict[str, str]:
    """The table beside the name, as a reader sees it."""
    found = client.get(url).context["facts"]
    return {
        str(label): " | ".join(
            text_of(str(one).encode()) for one in (value if isinstance(value, list) else [value])
        )
        for label, value in found
    }


def section(client: Client, name: str, url: str = URL) -> str:
    page = client.get(url).content.decode()
    match = re.search(rf'<section class="folio" id="{name}".*?</section>', page, re.DOTALL)
    return match[0] if match else ""


# --- Statements ---------------------------------------------------------------------------


def test_statements_stand_by_section_and_topic_with_numbered_sources(
    hub: Hub, report: Reference, letter: Reference, state: Any
):
    state("financing", "Fees and grants.", reference=letter)
    state("method", "By phone.")
    state("founded", "Begun in 2004.", starts="2004")
    state("founded", "Begun in 2007.", starts="2007", reference=letter)
    state("acronym", "FW", reference=letter)

    profile = profile_of(hub, claims_of(hub))

    assert [
        (part.section.code, [(answer.shown.text, answer.mark.number) for answer in part.answers])
        for part in profile.parts
    ] == [
        ("start", [("Begun in 2004.", 2)]),
        ("money", [("Fees and grants.", 1)]),
        ("exchange", [("By phone.", 2)]),
    ]
    assert [(one.text, mark.number) for one, mark in profile.answers("founded")[0].others] == [
        ("Begun in 2007.", 1)
    ]
    assert [(one.number, one.reference) for one in profile.citations] == [(1, letter), (2, report)]


def test_every_source_mark_leads_to_a_source_of_the_page(
    client: Client, letter: Reference, state: Any
):
    state("acronym", "FW")
    state("method", "By phone.", reference=letter, place="page 3")
    state("share_fees", "Two fifths.", low=40, high=40)

    for url in (URL, STATEMENTS):
        page = client.get(url).content.decode()
        marks = set(re.findall(r'href="#source-(\d+)"', page))
        assert marks == set(re.findall(r'id="source-(\d+)"', page)) == {"1", "2"}
        ids = re.findall(r' id="([^"]+)"', page)
        assert sorted(ids) == sorted(set(ids))


def test_a_topic_nobody_spoke_of_is_called_not_stated(client: Client, state: Any):
    state("staff", "Nineteen.", low=19, high=19, unit="people")

    said = strip_tags(section(client, "not-stated"))

    assert "Policy" in said
    assert "Staff" not in said


def test_a_disagreement_is_named_at_the_section_and_at_the_statement(client: Client, state: Any):
    state("founded", "Begun in 2004.", starts="2004", is_preferred=True)
    state("founded", "Begun in 2007.", starts="2007", conflict="The report says 2004.")

    said = text_of(section(client, "start").encode())

    assert said.count("The sources disagree.") == 2
    assert "2004 Begun in 2004. *1 source Report, 2013 The sources disagree." in said
    assert "Preferred by the editors. + 1" not in said
    assert "1 other statement 2007 Begun in 2007." in said
    assert "The report says 2004." in said


def test_a_policy_shows_its_status_and_period(client: Client, state: Any):
    state(
        "policy_basis",
        "Names exchange.",
        label="Grand Design",
        status="proposed",
        starts="2011",
        ends="2025",
    )

    said = text_of(section(client, "policy").encode())

    assert "Grand Design Names exchange. Proposed · 2011 – 2025" in said


# --- The table beside the name ------------------------------------------------------------


def test_the_table_says_what_the_hub_is_and_cites_what_says_the_same(
    client: Client, hub: Hub, letter: Reference, state: Any
):
    hub.sectors.set(["water", "health"])
    hub.model, hub.functions, hub.languages = "association", ["train", "fund"], ["pt", "en"]
    hub.save()
    state("acronym", "FW")
    state("other_name", "Well fund", reference=letter)
    state("name", "Fund for Wells and Pumps", reference=letter)
    state("kind", "Sector (thematic) knowledge hub")
    state("country", "Brazil")
    state("host", "Ministry of Wells")
    state("sector", "Water and sanitation")
    state("founded", "Begun in May 2006.", starts="2006-05", reference=letter)

    assert facts(client) == {
        "Short name": "FW Source *1",
        "Also called": "Fund for Wells and Pumps Source *2 | Well fund Source *2",
        "Kind": "Sector hub Source *1",
        "Country": "Brazil Source *1",
        "Hosted at": "Ministry of Wells Source *1",
        "Founded": "May 2006 Source *2",
        "Form": "Association",
        "What it does": "Trains | Funds exchanges",
        "Languages": "Português | English",
        "Sectors": "Health | Water and sanitation Source *1",
    }


@pytest.mark.parametrize(
    ("dates", "preferred", "shown"),
    [
        (["2006-05", "2006"], None, "May 2006"),
        (["2006", "2006-07-12", "2006-05"], None, "12 July 2006"),
        (["2007", "2004-03"], None, "March 2004"),
        (["2007", "2004"], 0, "2007"),
        (["2006", "2006-05"], 0, "2006"),
    ],
)
def test_the_founding_is_as_precise_as_a_source_that_agrees_knows_it(
    client: Client, state: Any, dates: list[str], preferred: int | None, shown: str
):
    for place, date in enumerate(dates):
        state("founded", f"Said {date}.", starts=date, is_preferred=place == preferred)

    assert facts(client)["Founded"] == f"{shown} Source *1"


def test_no_source_is_cited_for_what_it_does_not_say(client: Client, hub: Hub, state: Any):
    hub.sectors.set(["water"])
    state("acronym", "FFW")
    state("kind", "National knowledge hub")
    state("country", "Indonesia")
    state("sector", "Wells and pumps")

    said = facts(client)

    assert said["Short name"] == "FW"
    assert said["Kind"] == "Sector hub"
    assert said["Country"] == "Brazil"
    assert said["Sectors"] == "Water and sanitation | “Wells and pumps” Source *1"


def test_what_is_not_known_of_a_hub_is_said_to_be_so(client: Client):
    factories.reference()
    factories.make_hub(slug="bare", name="Bare hub", kind="cross_country")

    said = facts(client, "/hubs/bare/")

    assert said == {
        "Kind": "Cross-country hub",
        "Country": "Not of one country",
        "Hosted at": "",
        "Founded": "",
    }
    assert "Hosted at Not stated Founded Not stated" in read(client, "/hubs/bare/")
    assert section(client, "sources", "/hubs/bare/") == ""


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (None, "Not yet confirmed by the hub"),
        (0, "Confirmed within a year Last confirmed on 2 May 2026"),
        (365, "Confirmed within a year Last confirmed on 2 May 2025"),
        (366, "Confirmed within two years Last confirmed on 1 May 2025"),
        (731, "Confirmed more than two years ago Last confirmed on 1 May 2024"),
    ],
)
def test_how_fresh_the_profile_is_stands_in_words(
    client: Client, hub: Hub, days: int | None, words: str
):
    now = dt.datetime(2026, 5, 2, 12, tzinfo=dt.UTC)
    hub.confirmed_at = None if days is None else now - dt.timedelta(days=days)
    hub.save()

    with time_machine.travel(now, tick=False):
        page = client.get(URL).content.decode()

    light = re.search(r'<p class="light.*?</p>', page, re.DOTALL)
    assert light is not None
    assert text_of(light[0].encode()) == words
    assert "<svg" in light[0]


# --- Money and services -------------------------------------------------------------------


def bars(html: str) -> list[tuple[str, ...]]:
    return re.findall(r'<rect class="(fill-\d)" x="([\d.]+)%" width="([\d.]+)%"', html)


def test_the_financing_mix_is_drawn_to_scale_and_the_rest_is_hatched_and_said(
    client: Client, state: Any
):
    state("share_core", low=25, high=25)
    state("share_fees", "About a third.", low=30, high=35)

    html = section(client, "money")

    assert bars(html) == [("fill-1", "0.00", "25.00"), ("fill-2", "25.00", "30.00")]
    assert '<line class="unk" x1="55.00%" x2="100%"' in html
    assert (
        'aria-label="Core budget: 25%, Membership fees: 30–35%,'
        ' not broken down by the sources: 45%"' in html
    )
    assert "Largest part stated: Membership fees, 30–35%" in html
    assert "the source gives no year" in html
    assert "style=" not in html


def test_a_budget_that_is_stated_in_whole_leaves_no_rest(client: Client, state: Any):
    state("share_core", low=60, high=60, as_of="2013")
    state("share_partners", low=40, high=40, as_of="2013")

    html = section(client, "money")

    assert "unk" not in html
    assert "Not broken down" not in html
    assert "Shares of the budget of 2013" in html
    assert "<table" not in html


def test_several_years_have_a_plot_each_and_one_table(client: Client, state: Any):
    state("share_core", low=60, high=60, as_of="2012")
    state("share_core", low=50, high=50, as_of="2013-06")
    state("share_fees", low=10, high=10, as_of="2013")

    html = section(client, "money")
    table = re.search(r"<table.*?</table>", html, re.DOTALL)

    assert [width for _fill, _x, width in bars(html)] == ["50.00", "10.00", "60.00"]
    assert table is not None
    assert re.sub(r" Source \*\d", "", text_of(table[0].encode())) == (
        "Shares of the budget by year Source of money 2013 2012"
        " Core budget 50% 60% Membership fees 10% Not stated"
    )


def test_more_parts_than_hues_share_the_last_and_never_exceed_the_whole(client: Client, state: Any):
    for topic in ("core", "programme", "fees", "partners", "foundations", "services"):
        state(f"share_{topic}", low=20, high=20)  # 120 percent: written past the operations

    drawn = bars(section(client, "money"))

    assert [fill for fill, _x, _width in drawn] == [f"fill-{n}" for n in (1, 2, 3, 4, 5, 5)]
    assert [width for _fill, _x, width in drawn] == ["20.00"] * 5 + ["0.00"]


def test_services_are_shown_in_both_directions(client: Client, state: Any):
    state("offered", "Trains testers.", label="Training")

    said = text_of(section(client, "exchange").encode())

    assert "What it offers Training Trains testers." in said
    assert "What it looks for No source says what it looks for." in said

    state("sought", "Wants a laboratory.", label="Laboratory")
    said = text_of(section(client, "exchange").encode())
    assert "What it looks for Laboratory Wants a laboratory." in said
    assert said.count("Wants a laboratory.") == 1


# --- People, lessons, hubs alike ----------------------------------------------------------


def test_only_those_of_the_team_who_chose_to_are_named(client: Client, hub: Hub):
    for name, is_shown, is_active in (
        ("Shown", True, True),
        ("Hidden", False, True),
        ("Gone", True, False),
    ):
        user = factories.make_member(hub, Membership.Role.FOCAL_POINT, name=f"{name} Person")
        Membership.objects.filter(user=user).update(is_shown=is_shown)
        type(user).objects.filter(pk=user.pk).update(is_active=is_active)

    page = read(client)

    assert "Shown Person Focal point" in page
    assert "Hidden Person" not in page
    assert "Gone Person" not in page
    assert "person1@" not in page


def test_contacts_are_named_by_what_they_answer(client: Client, hub: Hub):
    hub.contacts = [
        {"role": "exchanges", "name": "Exchange desk", "email": "desk@fund.example"},
        {"role": "media", "url": "https://fund.example/press"},
    ]
    hub.save()

    said = text_of(section(client, "contacts").encode())

    assert "Requests for exchange Exchange desk desk@fund.example" in said
    assert "Media Web page" in said


def lesson(number: int, report: Reference, **hubs: Hub) -> Lesson:
    made = Lesson.objects.create(
        kind="sector", number=number, title=f"Lesson {number}", text="Found.", reference=report
    )
    for how, hub in hubs.items():
        LessonHub.objects.create(lesson=made, hub=hub, text=how)
    return made


def test_the_lessons_a_hub_shows_lead_to_the_page_that_tells_them(
    client: Client, hub: Hub, report: Reference
):
    lesson(1, report, here=hub)
    lesson(2, report, elsewhere=factories.make_hub())

    html = section(client, "lessons")

    assert re.findall(r'href="([^"]+)"', html) == ["/hubs/lessons/", "/hubs/lessons/#sector-1"]
    assert "Lesson 1 here" in text_of(html.encode())


def test_hubs_alike_are_those_that_share_most_and_what_they_share_is_said(
    client: Client, hub: Hub, report: Reference
):
    hub.sectors.set(["water", "health"])
    hub.model = "association"
    hub.save()
    alike = {
        name: factories.make_hub(slug=name, name=name, acronym=name.title(), **more)
        for name, more in {
            "both-sectors": {"kind": "sector"},
            "one-sector": {"model": "association"},
            "same-lesson": {"kind": "sector"},
            "same-place": {"country_id": "BR"},
            "nothing-shared": {"kind": "sector"},
            "hidden": {"kind": "sector", "is_listed": False},
        }.items()
    }
    alike["both-sectors"].sectors.set(["water", "health"])
    alike["hidden"].sectors.set(["water", "health"])
    alike["one-sector"].sectors.set(["water"])
    lesson(1, report, a=hub, b=alike["same-lesson"])

    found = client.get(URL).context["alike"]

    assert [
        (one.hub.slug, [str(word) for word in one.words], [str(row) for row in one.lessons])
        for one in found
    ] == [
        ("both-sectors", ["Health", "Water and sanitation"], []),
        ("one-sector", ["Water and sanitation", "Association"], []),
        ("same-lesson", [], ["Lesson 1"]),
    ]
    assert "/hubs/compare/?hub=fund&amp;hub=one-sector" in section(client, "alike")


# --- Who sees what ------------------------------------------------------------------------

PEOPLE = ("anonymous", "stranger", "member", "focal point", "moderator")


def person(kind: str, hub: Hub) -> User | None:
    match kind:
        case "stranger":
            return factories.make_member(factories.make_hub())
        case "member":
            return factories.make_member(hub)
        case "focal point":
            return factories.make_member(hub, Membership.Role.FOCAL_POINT)
        case "moderator":
            return factories.make_user(is_staff=True)
        case _:
            return None


@pytest.mark.parametrize("is_listed", [True, False])
@pytest.mark.parametrize("kind", PEOPLE)
def test_the_pages_of_a_hub_that_is_not_listed_are_for_its_people(
    hub: Hub, kind: str, is_listed: bool
):
    hub.is_listed = is_listed
    hub.save()
    client = browser(person(kind, hub))
    may = is_listed or kind not in ("anonymous", "stranger")

    for url in (URL, STATEMENTS):
        assert client.get(url).status_code == (200 if may else 404)


@pytest.mark.parametrize("kind", PEOPLE)
def test_the_team_space_and_who_added_what_are_for_the_team(hub: Hub, state: Any, kind: str):
    writer = factories.make_user("Writer of statements")
    state("method", "By phone.", added_by=writer, added_at=dt.datetime(2024, 5, 2, tzinfo=dt.UTC))
    client = browser(person(kind, hub))
    inside = kind in ("member", "focal point", "moderator")

    assert ('href="/hubs/fund/team/"' in client.get(URL).content.decode()) is inside
    signed = "Added by Writer of statements on 2 May 2024" in read(client, STATEMENTS)
    assert signed is inside


@pytest.mark.parametrize("page", ["", "statements/"])
@pytest.mark.parametrize("prefix", ["", "/fr"])
def test_the_address_of_a_hub_that_became_part_of_another_leads_there(
    client: Client, hub: Hub, prefix: str, page: str
):
    factories.make_hub(slug="gone", is_listed=False, merged_into=hub)

    answer = client.get(f"{prefix}/hubs/gone/{page}")

    assert (answer.status_code, answer["Location"]) == (301, f"{prefix}/hubs/fund/{page}")


def test_the_former_address_does_not_tell_of_a_hub_one_may_not_see(client: Client, hub: Hub):
    factories.make_hub(slug="gone", is_listed=False, merged_into=hub)
    Hub.objects.filter(pk=hub.pk).update(is_listed=False)

    assert client.get("/hubs/gone/").status_code == 404
    assert client.get("/hubs/never-was/").status_code == 404


# --- All statements -----------------------------------------------------------------------


def test_the_page_of_statements_has_every_one_with_its_source_in_full(
    client: Client, hub: Hub, letter: Reference, state: Any
):
    told = [
        state("name", "Fund for wells", place="page 1"),
        state("host", "Ministry of Wells", reference=letter),
        state("founded", "Begun in 2004.", starts="2004"),
        state("founded", "Begun in 2007.", starts="2007", reference=letter),
        state("share_core", "Half.", low=50, high=50),
        state("spelling", "Written FFW.", label="FFW"),
    ]

    page = client.get(STATEMENTS).content.decode()

    assert sorted(re.findall(r'id="c-(\w+)"', page)) == sorted(claim.uid for claim in told)
    assert "6 statements, each with its source." in page
    for claim in told:
        match = re.search(rf'id="c-{claim.uid}".*?<p class="side">.*?</p>', page, re.DOTALL)
        assert match is not None
        assert claim.text in match[0]
        assert claim.reference.citation in match[0]
        assert claim.get_absolute_url() == f"{STATEMENTS}#c-{claim.uid}"
    assert page.index("Begun in 2007.") < page.index("Begun in 2004.") + 2000


def test_a_hub_of_which_nothing_is_stated_says_so(client: Client, hub: Hub):
    assert "Nothing is stated about this hub yet." in read(client, STATEMENTS)


def test_a_statement_of_a_topic_that_is_no_more_is_still_shown(client: Client, state: Any):
    state("weather", "It rains.")

    for url in (URL, STATEMENTS):
        assert "Also stated weather It rains." in read(client, url)


# --- Safety, languages, cost --------------------------------------------------------------


def test_what_is_said_of_a_hub_is_never_markup(client: Client, hub: Hub, state: Any):
    bad = "<script>alert(1)</script>\"'"
    Hub.objects.filter(pk=hub.pk).update(
        name=bad, acronym=bad[:40], summary=bad, contacts=[{"role": bad, "name": bad, "email": bad}]
    )
    for topic in ("name", "acronym", "other_name", "host", "kind", "sector", "founded", "method"):
        state(topic, bad, label=bad, role=bad, place=bad, note=bad, conflict=bad, derived=bad)
    state("share_fees", bad, low=10, high=20, qualifier=bad[:60], label=bad)
    state("offered", bad, label=bad)

    for url in (URL, STATEMENTS, "/hubs/contradictions/"):
        page = client.get(url).content.decode()
        assert "<script>alert" not in page
        assert 'alert(1)</script>"' not in page


def test_english_content_on_an_arabic_page_is_marked_and_isolated(
    client: Client, hub: Hub, state: Any
):
    hub.summary = "Pays for wells."
    hub.save()
    state("method", "By phone.", place="page 3")
    state("host", "Ministry of Wells")
    state("staff", "Some.", low=19, high=19, unit="people", qualifier="some")

    page = client.get("/ar" + URL).content.decode()

    assert '<html lang="ar" dir="rtl"' in page
    english = re.findall(r'<bdi lang="en"[^>]*>([^<]+)<', page)
    for words in ("Pays for wells.", "By phone.", "page 3", "Ministry of Wells", "Report, 2013"):
        assert words in english
    assert re.search(r'<bdi class="num">[^<]*19', page)


@pytest.mark.parametrize(("claims", "members"), [(3, 0), (200, 50)])
def test_the_pages_cost_the_same_at_three_statements_and_at_two_hundred(
    client: Client,
    hub: Hub,
    report: Reference,
    claims: int,
    members: int,
    django_assert_num_queries: Any,
):
    topics = ("founded", "staff", "method", "share_core", "offered", "partner")
    HubClaim.objects.bulk_create(
        HubClaim(
            hub=hub,
            topic=topics[number % len(topics)],
            label=f"Label {number}",
            text=f"Text {number}",
            low=number % 7,
            starts="2004",
            reference=Reference.objects.create(key=f"key-{number}", title="T", citation="C"),
            added_by=factories.make_user() if members else None,
        )
        for number in range(claims)
    )
    for _number in range(members):
        factories.make_member(hub)
        near = factories.make_hub(country_id="BR")
        near.sectors.set(["water", "health"])
        lesson(_number + 1, report, here=hub, there=near)
    Membership.objects.update(is_shown=True)
    hub.sectors.set(["water"])
    team = browser(factories.make_user(is_staff=True))
    for browsing in (client, team):
        browsing.get(URL)

    # The hub, its statements, hubs near it, its solutions; its lessons and people, if it has any.
    with django_assert_num_queries(6 if members else 4):
        client.get(URL)
    with django_assert_num_queries(2):  # the hub, its statements
        client.get(STATEMENTS)
    with django_assert_num_queries(4):  # and session, person
        team.get(STATEMENTS)


def test_every_hub_of_the_published_sources_shows_all_its_statements(client: Client):
    loading.load_reference()
    loading.load_hubs(by=factories.make_user(is_staff=True))

    for hub in Hub.objects.prefetch_related("claims"):
        page = client.get(f"{hub.get_absolute_url()}statements/").content.decode()
        shown = re.findall(r'id="c-(\w+)"', page)
        assert sorted(shown) == sorted(claim.uid for claim in hub.claims.all()), hub
