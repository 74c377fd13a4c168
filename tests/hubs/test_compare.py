"""Hubs side by side: rows, differences, plots in cells, the finding, the address, the file."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from claims.models import Reference
from hubs import finding, operations
from hubs.comparing import (
    Bar,
    Comparison,
    Standing,
    bar_of,
    compare,
    findings,
    standing_of,
)
from hubs.models import Hub, HubClaim
from tests import factories
from tests.catalogue import shown
from tests.people import browser

URL = "/hubs/compare/"
ONE = Reference(pk=1, key="one", title="Report", citation="Report")
TWO = Reference(pk=2, key="two", title="Letter", citation="Letter")


def text_of(page: bytes) -> str:
    return unescape(" ".join(re.sub(r"<[^>]+>", " ", page.decode()).split()))


# --- Without a database -------------------------------------------------------------------------


class Filed(Hub):
    """A hub nobody saved, with no sectors."""

    class Meta:
        proxy = True
        app_label = "hubs"

    class NoSectors:
        @staticmethod
        def all() -> list[Any]:
            return []

    @property
    def sectors(self) -> type[NoSectors]:  # type: ignore[override]
        return self.NoSectors


def hub(pk: int, **more: Any) -> Hub:
    return Filed(pk=pk, slug=f"hub-{pk}", name=f"Hub {pk}", kind="national", **more)


def said(topic: str, text: str = "Said.", reference: Reference = ONE, **more: Any) -> HubClaim:
    for name in ("low", "high"):
        if name in more:
            more[name] = Decimal(more[name])
    return HubClaim(topic=topic, text=text, reference=reference, **more)


def table(*claims: list[HubClaim], marked: dict[str, dict[str, int]] | None = None) -> Comparison:
    """The comparison of as many hubs as there are lists of claims."""
    hubs = [hub(number) for number in range(1, len(claims) + 1)]
    return compare(hubs, {h.pk: c for h, c in zip(hubs, claims, strict=True)}, marked or {})


def bars(comparison: Comparison, code: str) -> list[list[Bar | None]]:
    return [[one.bar for one in cell.said] for cell in comparison.rows[code].cells]


@pytest.mark.parametrize(
    ("contents", "standing"),
    [
        ([["a"], ["b"]], Standing.DIFFERS),
        ([["a"], ["a"], ["b"]], Standing.DIFFERS),
        ([["a"], ["a", "b"]], Standing.DIFFERS),
        ([["a"], [], ["b"]], Standing.DIFFERS),
        ([["a"], ["a"]], Standing.SAME),
        ([["a"], [], ["a"]], Standing.SAME_WHERE_STATED),
        ([["a"], []], Standing.ONE_ONLY),
        ([[], []], Standing.NOBODY),
    ],
)
def test_what_is_not_stated_is_no_difference(contents: list[list[str]], standing: Standing):
    assert standing_of(contents) is standing


def test_figures_of_the_same_thing_share_one_scale():
    topic = "coordinated_institutions"
    made = table(
        [said(topic, low=39, qualifier="at least")],
        [said(topic, low=15, high=15), said(topic, label="ministries", low=15, high=15)],
        [said(topic, low=60, high=78)],
        [said(topic, high=20, qualifier="up to")],
    )

    assert bars(made, topic) == [
        [Bar("50.0")],
        [Bar("19.2"), None],  # only one hub counts its ministries
        [Bar("76.9", "100.0")],
        [Bar("0.0", "25.6")],
    ]
    assert made.rows[topic].standing is Standing.DIFFERS


def test_figures_of_different_units_are_not_drawn_against_each_other():
    made = table(
        [said("budget", low=5, high=5, unit="USD")],
        [said("budget", low=700, high=700, unit="BRL")],
        [said("budget", low=10, high=10, unit="USD")],
    )

    assert bars(made, "budget") == [[Bar("50.0")], [None], [Bar("100.0")]]


def test_a_share_is_drawn_to_the_whole_even_if_one_hub_states_it():
    made = table([said("share_fees", low=40, high=40)], [])

    assert bars(made, "share_fees") == [[Bar("40.0")], []]
    assert made.rows["share_fees"].standing is Standing.ONE_ONLY


@pytest.mark.parametrize(
    ("value", "most", "end", "bar"),
    [(0, 4, None, Bar("0.0")), (1, 3, None, Bar("33.3")), (9, 3, None, Bar("100.0"))],
)
def test_a_bar_is_a_length_of_a_hundred(value: int, most: int, end: int | None, bar: Bar):
    assert bar_of(value, most, end) == bar


def test_founding_years_lie_on_one_line_and_the_year_that_counts_comes_first():
    made = table(
        [said("founded", starts="1987")],
        [
            said("founded", label="launched", starts="2013-01"),
            said("founded", label="established", starts="2012-12"),
        ],
        [said("founded", "Nobody knows when.")],
    )
    row = made.rows["founded"]

    assert row.scale == (1980, 2020)
    assert [cell.tick for cell in row.cells] == ["38.9", "156.4", ""]
    assert [one.claim.label for one in row.cells[1].said] == ["established", "launched"]
    assert row.standing is Standing.DIFFERS


def test_one_year_alone_has_no_line():
    row = table([said("founded", starts="1987")], [said("founded", starts="")]).rows["founded"]

    assert (row.scale, [cell.tick for cell in row.cells]) == (None, ["", ""])


def test_the_same_words_and_the_same_year_are_no_difference():
    made = table(
        [said("host", "Ministry of Foreign Affairs"), said("founded", starts="2006-05")],
        [said("host", "ministry of foreign affairs"), said("founded", starts="2006")],
    )

    assert made.rows["host"].standing is Standing.SAME
    assert made.rows["founded"].standing is Standing.SAME


def test_sources_are_numbered_in_the_order_of_the_table_and_said_to_disagree():
    made = table(
        [said("staff", low=200, high=200, reference=TWO), said("host", "Ministry")],
        [
            said("staff", low=19, high=19, is_preferred=True),
            said("staff", low=25, high=25, reference=TWO),
        ],
    )

    assert [(c.number, c.reference.citation) for c in made.citations] == [
        (1, "Report"),
        (2, "Letter"),
    ]
    staff = made.rows["staff"].cells
    assert [[(s.mark.number, s.disagrees) for s in cell.said] for cell in staff] == [
        [(2, False)],
        [(1, True)],
    ]


def test_a_gap_is_news_for_what_every_reader_asks_and_left_out_for_the_rest():
    rows = table([], []).rows

    assert rows["staff"].standing is Standing.NOBODY
    assert "turnover" not in rows
    assert all(cell.is_empty for cell in rows["staff"].cells)


def test_differences_alone_keep_the_numbers_of_sources():
    whole = table(
        [said("host", "Ministry", reference=TWO), said("staff", low=5, high=5)],
        [said("host", "Ministry", reference=TWO), said("staff", low=9, high=9)],
    )

    only = whole.only_differences()

    assert list(only.rows) == ["staff"]
    assert [part.code for part in only.parts] == ["people"]
    assert [cited.number for cited in only.citations] == [1, 2]
    assert only.rows["staff"].cells[0].said[0].mark.number == 2


def test_solutions_are_counted_by_mark_and_examples_are_none():
    made = table(
        [],
        [],
        marked={"hub-1": {"validated": 2, "documented": 6, "example": 5}, "hub-9": {"expired": 1}},
    )

    assert [(row.code, [cell.count for cell in row.cells]) for row in made.parts[-1].rows] == [
        ("solutions", [8, 0]),
        ("label_documented", [6, 0]),
        ("label_validated", [2, 0]),
    ]
    assert [cell.bar for cell in made.rows["solutions"].cells] == [Bar("100.0"), Bar("0.0")]
    assert made.rows["solutions"].standing is Standing.DIFFERS


# --- The finding --------------------------------------------------------------------------------


def in_short(comparison: Comparison) -> list[tuple[str, list[int]]]:
    return [(f.text, [mark.number for mark in f.marks]) for f in findings(comparison)]


def test_the_finding_says_only_what_the_figures_say():
    topic = "coordinated_institutions"
    made = table(
        [said("founded", starts="1987"), said(topic, low=39, qualifier="at least")],
        [said("founded", starts="2011"), said(topic, low=15, high=15, reference=TWO)],
    )

    assert in_short(made) == [
        ("The oldest was founded in 1987, the youngest in 2011.", [1]),
        (
            "The number of institutions each one coordinates ranges from 15 to at least 39.",
            [2, 1],
        ),
    ]


def test_the_finding_says_where_a_figure_is_not_stated_and_takes_no_part_for_the_whole():
    topic = "coordinated_institutions"
    made = table(
        [said(topic, low=81, high=81), said(topic, label="ministries", low=15, high=15)],
        [said(topic, low=26, high=26)],
        [said(topic, label="boards", low=900, high=900)],
    )

    assert in_short(made) == [
        (
            "Where it is stated, the number of institutions coordinated ranges from 26 to 81.",
            [1],
        )
    ]


@pytest.mark.parametrize(
    ("models", "sentences"),
    [
        (("research", "research"), ["All are organised alike: Research or training institution."]),
        (
            ("research", "research", "", "association"),
            ["2 of 4 are organised alike: Research or training institution."],
        ),
        (("research", "association"), ["Each is organised in another way."]),
        (("research", ""), []),
        (("research", "association", ""), []),
        (("", ""), []),
    ],
)
def test_the_finding_counts_how_many_are_organised_alike(
    models: tuple[str, ...], sentences: list[str]
):
    hubs = [hub(number, model=model) for number, model in enumerate(models, start=1)]

    assert [f.text for f in findings(compare(hubs, {}, {}))] == sentences


def test_equal_or_missing_figures_give_no_finding():
    topic = "coordinated_institutions"
    same = [said("founded", starts="2006-05"), said(topic, low=5, high=5)]

    assert in_short(table(same, same)) == []
    assert in_short(table(same, [])) == []


# --- The page -----------------------------------------------------------------------------------


def make(slug: str, **more: Any) -> Hub:
    factories.reference()
    made = factories.make_hub(slug=slug, **more)
    finding.note(made)
    return made


@pytest.fixture
def three() -> list[Hub]:
    return [
        make("fund", name="Fund for wells", acronym="FW", country_id="BR"),
        make("school", name="School of schools", country_id="ID"),
        make("bank", name="Bank of milk", acronym="BM"),
    ]


def compared(client: Client, query: str) -> list[str]:
    answer = client.get(URL + query)
    assert answer.status_code == 200
    return [each.slug for each in answer.context["hubs"]]


@pytest.mark.django_db
@pytest.mark.usefixtures("three")
def test_the_address_names_the_hubs_in_its_order_and_can_be_shared(client: Client):
    answer = client.get(URL + "?hub=school&hub=fund&only=differences")

    assert [each.slug for each in answer.context["hubs"]] == ["school", "fund"]
    page = answer.content.decode()
    assert '<link rel="canonical" href="/hubs/compare/?hub=school&amp;hub=fund">' in page
    assert [url for _hub, url in answer.context["chips"]] == [
        "/hubs/compare/?hub=fund&only=differences",
        "/hubs/compare/?hub=school&only=differences",
    ]
    assert '<a href="/hubs/compare/?hub=school&amp;hub=fund">Show everything</a>' in page
    assert [each.slug for each in answer.context["others"]] == ["bank"]
    assert '<input type="hidden" name="only" value="differences">' in page


@pytest.mark.django_db
@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "slugs", "words"),
    [
        ("", [], "No hub is chosen yet."),
        ("?hub=fund", ["fund"], "One hub alone cannot be compared."),
        ("?hub=fund&hub=", ["fund"], "One hub alone cannot be compared."),
        ("?hub=fund&hub=fund", ["fund"], "FW was named twice. It is shown once."),
        (
            "?hub=fund&hub=%3Cb%3E&hub=bank",
            ["fund", "bank"],
            "We do not know the hub “<b>”. It was left out.",
        ),
        ("?hub=" + "w" * 5000, [], "We do not know the hub “" + "w" * 60 + "”."),
    ],
)
def test_what_cannot_be_compared_is_named(client: Client, query: str, slugs: list[str], words: str):
    assert compared(client, query) == slugs
    page = client.get(URL + query).content
    assert words in text_of(page)
    assert b"<b>\xe2" not in page


@pytest.mark.django_db
def test_of_more_than_four_the_first_four_are_shown_and_the_others_named(client: Client):
    for number in range(6):
        make(f"h{number}", name=f"Hub {number}")
    query = "?" + "&".join(f"hub=h{number}" for number in (5, 4, 3, 2, 1, 0))

    assert compared(client, query) == ["h5", "h4", "h3", "h2"]
    page = client.get(URL + query)
    said = text_of(page.content)
    assert "At most 4 hubs fit side by side. Left out: Hub 1, Hub 0." in said
    assert page.context["others"] == []


@pytest.mark.django_db
def test_a_hub_that_became_part_of_another_stands_for_that_one(client: Client, three: list[Hub]):
    moderator = factories.make_user(is_staff=True)
    operations.merge_hubs(three[0], into=three[1], by=moderator, note="They are one.")

    assert compared(client, "?hub=fund&hub=bank") == ["school", "bank"]
    said = text_of(client.get(URL + "?hub=fund&hub=bank").content)
    assert "“fund” is part of School of schools now." in said
    assert compared(client, "?hub=fund&hub=school") == ["school"]


@pytest.mark.django_db
def test_a_hub_that_is_not_listed_is_compared_only_by_its_people(client: Client, three: list[Hub]):
    Hub.objects.filter(slug="bank").update(is_listed=False, merged_into=None)
    factories.state(three[2], "host", "A secret place.")
    member = browser(factories.make_member(three[2]))
    query = "?hub=fund&hub=bank"

    assert compared(client, query) == ["fund"]
    assert "We do not know the hub “bank”." in text_of(client.get(URL + query).content)
    assert "Bank of milk" not in client.get(URL + query).content.decode()
    for address in (URL + query, f"/hubs/compare.csv{query}"):
        answer = client.get(address)
        shown = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert b"A secret place." not in shown
    assert compared(member, query) == ["fund", "bank"]


@pytest.mark.django_db
def test_each_figure_shows_its_words_its_date_and_its_source(client: Client, three: list[Hub]):
    report = Reference.objects.create(key="report", title="Report", citation="Report on hubs")
    figure = {"low": 39, "qualifier": "at least", "unit": "people", "as_of": "2012"}
    factories.state(
        three[0], "staff", "39 or more people.", reference=report, place="page 3", **figure
    )
    factories.state(three[1], "staff", "Ten.", low=10, high=10)
    factories.state(three[1], "staff", "Twenty.", low=20, high=20)
    factories.state(three[0], "founded", "Begun in 1999.", starts="1999", reference=report)
    factories.state(three[1], "founded", "Begun in May 2008.", starts="2008-05")

    answer = client.get(URL + "?hub=fund&hub=school")
    page, said = answer.content.decode(), text_of(answer.content)

    assert "at least 39 people 39 or more people. Source *1 · as of 2012" in said
    assert "The oldest was founded in 1999, the youngest in 2008. Source *1 Source *2" in said
    assert "Founded They differ Line: 1990 to 2010" in said
    disagreeing = HubClaim.objects.get(text="Ten.")
    link = f'href="/hubs/school/statements/#c-{disagreeing.uid}"'
    assert link in page
    assert said.count("The sources disagree.") == 1
    numbers = set(re.findall(r'href="#source-(\d+)"', page))
    assert numbers == set(re.findall(r'id="source-(\d+)"', page)) == {"1", "2", "3"}
    assert "*1 Report on hubs page 3" in said
    assert "style=" not in page


@pytest.mark.django_db
def test_differences_only_hides_what_does_not_differ_and_says_how_much(
    client: Client, three: list[Hub]
):
    factories.state(three[0], "host", "Ministry of wells")
    factories.state(three[1], "host", "Ministry of wells")

    whole = text_of(client.get(URL + "?hub=fund&hub=school").content)
    only = client.get(URL + "?hub=fund&hub=school&only=differences")

    assert "Host institution The same for all" in whole
    assert "Country They differ" in whole
    said = text_of(only.content)
    assert "Host institution" not in said
    assert "Country They differ" in said
    hidden = len(client.get(URL + "?hub=fund&hub=school").context["comparison"].rows) - 1
    assert f"{hidden} rows are hidden:" in said


@pytest.mark.django_db
def test_hubs_that_differ_in_nothing_say_so(client: Client):
    make("one", name="One")
    make("two", name="Two")

    said = text_of(client.get(URL + "?hub=one&hub=two&only=differences").content)

    assert "These hubs differ in nothing that is stated." in said


@pytest.mark.django_db
def test_solutions_are_counted_as_the_catalogue_counts_them(client: Client, three: list[Hub]):
    shown.public("Milk banks", hub=three[0], mark="validated")
    shown.public("Wells", hub=three[0])
    shown.public("Elsewhere", hub=factories.make_hub())
    shown.draft("Draft", hub=three[1])

    answer = client.get(URL + "?hub=fund&hub=school")

    rows = answer.context["comparison"].rows
    assert {
        code: [cell.count for cell in row.cells]
        for code, row in rows.items()
        if code.startswith(("solutions", "label"))
    } == {"solutions": [2, 0], "label_documented": [1, 0], "label_validated": [1, 0]}
    page = answer.content.decode()
    for query, number in (("hub=fund", 2), ("hub=fund&amp;label=validated", 1)):
        assert f'href="/solutions/?{query}"' in page
        found = client.get(f"/solutions/?{unescape(query)}").context["list"]
        assert found.total == number


@pytest.mark.django_db
def test_of_very_many_hubs_one_is_added_by_searching(
    client: Client, three: list[Hub], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("hubs.views.compare.MOST_OFFERED", 1)

    page = client.get(URL + "?hub=fund&only=differences&find=milk+schools")

    assert b"<select" not in page.content.split(b"<main")[1].split(b"</main")[0]
    assert {(each.slug, url) for each, url in page.context["found"]} == {
        ("bank", "/hubs/compare/?hub=fund&hub=bank&only=differences"),
        ("school", "/hubs/compare/?hub=fund&hub=school&only=differences"),
    }
    nothing = client.get(URL + "?hub=fund&find=zzzz")
    assert "No other hub answers to “zzzz”." in text_of(nothing.content)


@pytest.mark.django_db
def test_what_hubs_say_is_never_markup(client: Client, three: list[Hub]):
    bad = "<script>alert(1)</script>"
    for each in three[:2]:
        Hub.objects.filter(pk=each.pk).update(name=bad, acronym=bad)
        factories.state(each, "host", bad, label=bad)
        factories.state(each, "staff", bad, low=5, high=5, qualifier=bad[:40], unit=bad)

    assert "<script>alert" not in client.get(URL + "?hub=fund&hub=school").content.decode()


# --- The file -----------------------------------------------------------------------------------


def rows_of(client: Client, query: str) -> list[list[str]]:
    answer = client.get(f"/hubs/compare.csv{query}")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.django_db
def test_the_file_has_a_row_per_attribute_and_each_hub_with_its_sources(
    client: Client, three: list[Hub]
):
    report = Reference.objects.create(key="report", title="Report", citation="Report on hubs")
    more = {"reference": report, "place": "page 3"}
    figure = {"low": 39, "qualifier": "at least", "unit": "people", "as_of": "2012"}
    factories.state(three[0], "staff", "=39", **figure, **more)
    factories.state(three[0], "host", "=Ministry", **more)
    factories.state(three[1], "host", "Bank")

    whole = rows_of(client, "?hub=fund&hub=school")
    only = rows_of(client, "?hub=fund&hub=school&only=differences")

    other = three[1].claims.get().reference.citation
    assert whole[0] == [
        "Part", "Attribute", "Difference", "Fund for wells", "Sources: FW",
        "School of schools", "Sources: School of schools",
    ]  # fmt: skip
    assert [
        "Institution", "Host institution", "They differ", "'=Ministry", "Report on hubs, page 3",
        "Bank", other,
    ] in whole  # fmt: skip
    assert [
        "People", "Staff", "Stated for one only", "at least 39 people (2012)",
        "Report on hubs, page 3", "", "",
    ] in whole  # fmt: skip
    assert ["Solutions", "Solutions in the register", "The same for all", "0", "", "0", ""] in whole
    assert [row[1] for row in only[1:]] == ["Country", "Host institution"]


# --- What it costs ------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, pytest.param(150, marks=pytest.mark.slow)])
@pytest.mark.parametrize("hubs", [2, 4])
def test_a_comparison_costs_the_same_whatever_hubs_state(client: Client, number: int, hubs: int):
    made = [make(f"h{i}", name=f"Hub {i}", country_id="BR") for i in range(6)]
    for each in made:
        each.sectors.set(["water", "health"])
        for i in range(number):
            factories.state(each, "partner", f"Partner {i}", label=f"Partner {i}")
            factories.state(each, "staff", f"{i} people", low=i, high=i, as_of=f"{1800 + i}")
    query = "?" + "&".join(f"hub=h{i}" for i in range(hubs))
    client.get(URL + query)

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(address)
            if answer.streaming:
                list(answer.streaming_content)
        return len(asked)

    # hubs, sectors, statements, solutions; and the hubs that can be added
    assert queries(URL + query) == (5 if hubs < 4 else 4)
    assert queries(f"/hubs/compare.csv{query}") == 4
