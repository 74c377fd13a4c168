"""The plots: figures against counts by hand, the same figures as files, what is sent in."""

from __future__ import annotations

import csv
import datetime as dt
import io
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from catalogue import finding
from community.models import MonthlyTheme
from core.models import SearchFacet
from events import models as events
from hubportal.statistics import plotting
from tests import factories
from tests.catalogue import shown
from tests.community.factories import (
    make_article,
    make_discussion,
    make_member,
    make_post,
    make_theme,
)
from tests.people import browser
from tests.statistics.records import five_solutions, make_hub, pictures

if TYPE_CHECKING:
    from hubportal.statistics.plotting import Plot

pytestmark = pytest.mark.django_db

URL = "/statistics/"


def plot_of(client: Client, slug: str, query: str = "") -> Plot:
    answer = client.get(f"{URL}{slug}/{query}")
    assert answer.status_code == 200
    return answer.context["one"].plot


def figures(client: Client, slug: str, query: str = "") -> dict[str, tuple[float, ...]]:
    return {row.label: row.values for row in plot_of(client, slug, query).rows}


def table(client: Client, slug: str, query: str = "") -> list[list[str]]:
    answer = client.get(f"{URL}{slug}/csv/{query}")
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


# --- Solutions ---------------------------------------------------------------------------------


@time_machine.travel(dt.datetime(2026, 5, 16, 12, tzinfo=dt.UTC), tick=False)
def test_figures_of_solutions_are_those_counted_by_hand(client: Client):
    five_solutions()

    assert figures(client, "sector") == {
        "Water and sanitation": (3,), "Health": (2,), "Education": (1,),
    }  # fmt: skip
    assert figures(client, "country") == {
        "Brazil": (3,), "Congo": (1,), "Congo, Democratic Republic of the": (1,),
        "Indonesia": (1,),
    }  # fmt: skip
    assert figures(client, "region") == {"Africa": (1,), "Americas": (3,), "Asia": (1,)}
    assert figures(client, "sdg") == {
        "3. Good health and well-being": (2,), "6. Clean water and sanitation": (1,),
    }  # fmt: skip
    assert figures(client, "label") == {"Validated": (1,), "Documented, not validated": (4,)}
    assert figures(client, "kind") == {"Policy": (1,), "Service": (4,)}
    assert figures(client, "stage") == {"Pilot": (4,), "Scaling": (1,)}
    assert figures(client, "year") == {"2026": (5,)}
    assert figures(client, "started") == {"2011": (2,)}
    assert figures(client, "language") == {"English": (5,)}
    assert figures(client, "hub") == {}


def test_rows_stand_by_their_figures_or_along_their_scale(client: Client):
    five_solutions()

    assert list(figures(client, "sector")) == ["Water and sanitation", "Health", "Education"]
    assert [row.code for row in plot_of(client, "sdg").rows] == ["3", "6"]


@pytest.mark.parametrize(
    "query", ["", "?sector=water", "?country=BR&sdg=3", "?label=validated&sector=health", "?q=two"]
)
def test_every_bar_leads_to_a_list_of_as_many_records(client: Client, query: str):
    five_solutions()

    for slug in plotting.TITLES:
        for row in plot_of(client, slug, query).rows:
            assert (slug, row.label, client.get(row.url).context["list"].total) == (
                slug,
                row.label,
                *row.values,
            )


def test_a_choice_narrows_the_other_plots_and_is_marked_in_its_own(client: Client):
    five_solutions()

    assert figures(client, "country", "?sector=health") == {"Brazil": (2,), "Indonesia": (1,)}
    own = plot_of(client, "sector", "?sector=health")
    assert {row.label: (row.values, row.chosen) for row in own.rows} == {
        "Water and sanitation": ((3,), False),
        "Health": ((2,), True),
        "Education": ((1,), False),
    }
    assert client.get(f"{URL}?sector=health").context["list"].total == 2


def test_a_draft_counts_nowhere(client: Client):
    shown.draft("Kept to ourselves")
    shown.withdrawn("Gone")
    shown.public("Open")

    assert figures(client, "sector") == {"Health": (1,)}
    assert figures(browser(factories.make_user(is_staff=True)), "sector") == {"Health": (1,)}


def test_a_hub_that_is_not_listed_is_not_named(client: Client):
    shown.public("One", hub=factories.make_hub(name="Seen", slug="seen"))
    shown.public("Two", hub=factories.make_hub(name="Unseen", slug="unseen", is_listed=False))

    assert figures(client, "hub") == {"Seen": (1,)}


def test_entries_of_an_earlier_release_get_their_year_when_the_search_is_mended():
    kept, example = shown.public("Kept"), shown.public("Example", is_example=True)
    SearchFacet.objects.filter(group__in=("year", "started")).delete()

    assert finding.outdated() == [str(kept.pk)]
    assert finding.mend() == 1
    years = SearchFacet.objects.filter(group="year")
    assert list(years.values_list("document__object_id", flat=True)) == [str(kept.pk)]
    assert finding.outdated() == []
    assert example.is_example


# --- Hubs, community, commitments ------------------------------------------------------------


def test_what_hubs_offer_stands_against_what_they_seek(client: Client):
    make_hub("wells", offers=2, seeks=1, country_id="BR")
    make_hub("schools", seeks=4, country_id="ID")
    make_hub("hidden", offers=9, is_listed=False)

    assert figures(client, "services") == {"Hub of schools": (0, 4), "Hub of wells": (2, 1)}
    assert figures(client, "services", "?country=BR") == {"Hub of wells": (2, 1)}
    assert figures(client, "services", "?region=142&kind=policy") == {"Hub of schools": (0, 4)}
    assert plot_of(client, "services").shape == plotting.PAIRS


def test_the_balance_says_no_more_than_the_source(client: Client):
    exact, least = make_hub("wells"), make_hub("schools")
    factories.state(exact, "balance", "Of ten, six are given.", low=60, high=60, as_of="2020")
    factories.state(least, "balance", "At least half are given.", low=50)
    factories.state(make_hub("roofs"), "balance", "It only receives.", low=0, high=0)

    rows = {row.label: (row.values, row.said) for row in plot_of(client, "balance").rows}

    assert rows == {
        "Hub of wells": ((60, 40), "60% (2020)"),
        "Hub of schools": ((50, 0), "at least 50%"),
        "Hub of roofs": ((0, 100), "0%"),
    }


def test_the_community_is_counted_as_far_as_everybody_reads_it(client: Client):
    make_theme(month="2024-05")
    make_theme(month="2024-07", is_public=False)
    make_article(published_on="2024-06-02")
    make_article(published_on="2024", state="published")
    make_article(published_on="2024-06-03", state="draft")
    with time_machine.travel(dt.datetime(2024, 7, 3, tzinfo=dt.UTC)):
        member = make_member()
        open_to_all = make_discussion(make_theme(month="2024-07"), by=member)
        make_post(open_to_all, by=member)
        closed = make_discussion(make_theme(month="2024-07"), by=member)
    MonthlyTheme.objects.filter(pk=closed.theme_id).update(is_public=False)

    for reader in (client, browser(factories.make_user(is_staff=True))):
        assert figures(reader, "community") == {
            "2024-05": (1, 0, 0),
            "2024-06": (0, 0, 1),
            "2024-07": (1, 2, 0),
        }
    answer = client.get(f"{URL}community/embed/").content.decode()
    assert "May 2024" in answer
    assert "July 2024" in answer


def test_commitments_are_counted_by_where_they_stand(client: Client):
    open_one = events.Event.objects.create(slug="open", name="Open", kind="meeting", starts="2013")
    kept_back = events.Event.objects.create(
        slug="kept", name="Kept", kind="meeting", starts="2013", is_public=False
    )
    for number, (event, progress) in enumerate(
        [
            (open_one, "complete"),
            (open_one, "complete"),
            (open_one, "limited"),
            (kept_back, "limited"),
        ]
    ):
        events.Commitment.objects.create(
            event=event, code=f"c-{number}", text="To dig wells", progress=progress
        )

    assert figures(client, "commitments") == {"Complete": (2,), "Limited progress": (1,)}
    for row in plot_of(client, "commitments").rows:
        assert (client.get(row.url).context["found"],) == row.values


# --- Pictures, files, frames ---------------------------------------------------------------------


def test_every_picture_is_well_formed_and_every_plot_has_its_figures_as_text(client: Client):
    five_solutions()
    make_hub("wells", offers=2, seeks=1)
    make_theme(month="2024-05")

    page = client.get(URL).content.decode()

    assert len(pictures(page)) > 30
    assert page.count('<figure class="figure plotted') == len(plotting.PLOTS)
    assert page.count('<details class="more"><summary>The figures as a table') == len(
        [slug for slug in plotting.PLOTS if plot_of(client, slug).rows]
    )


def test_a_file_holds_the_figures_and_where_they_lead(client: Client):
    five_solutions()

    assert table(client, "sector", "?country=BR") == [
        ["Sector", "Code", "Solutions", "Address"],
        ["Health", "health", "2", "http://testserver/solutions/?sector=health&country=BR"],
        [
            "Water and sanitation", "water", "2",
            "http://testserver/solutions/?sector=water&country=BR",
        ],
    ]  # fmt: skip
    answer = client.get(f"{URL}sector/csv/")
    assert answer.content.startswith("\ufeff".encode())
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="statistics-sector.csv"'


def test_no_cell_of_a_file_is_run_by_a_spreadsheet(client: Client):
    hub = make_hub("wells", offers=1)
    hub.name = "=HYPERLINK(1)"
    hub.save()

    assert table(client, "services")[1][0] == "'=HYPERLINK(1)"


@pytest.mark.parametrize("slug", plotting.PLOTS)
def test_only_the_frame_may_stand_on_other_sites(client: Client, slug: str):
    five_solutions()

    page, frame = client.get(f"{URL}{slug}/"), client.get(f"{URL}{slug}/embed/?country=BR")

    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "DENY"
    policy = dict(
        part.strip().partition(" ")[::2] for part in frame["Content-Security-Policy"].split(";")
    )
    assert policy["frame-ancestors"] == "*"
    assert policy["script-src"] == policy["form-action"] == policy["default-src"] == "'none'"
    assert not frame.has_header("X-Frame-Options")
    assert frame["X-Robots-Tag"] == "noindex"
    assert not frame.cookies
    html = frame.content.decode()
    assert "<script" not in html
    assert "<form" not in html
    assert pictures(html) or not plot_of(client, slug, "?country=BR").rows


def test_the_code_to_copy_leads_to_the_frame_with_the_same_filters(client: Client):
    five_solutions()

    code = unescape(client.get(f"{URL}sector/?country=BR").content.decode())

    assert 'src="http://testserver/statistics/sector/embed/?country=BR" title="Solutions' in code


def test_what_did_not_change_is_not_sent_again(client: Client):
    five_solutions()

    for path in (URL, f"{URL}sector/", f"{URL}sector/csv/", f"{URL}sector/embed/", "/map/"):
        tag = client.get(path)["ETag"]
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 304


# --- What is sent in -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "?sector=unheard-of&country=XX&sort=luck&page=10000000000000000000",
        "?" + urlencode([("country", f"X{n}") for n in range(1990)]),
        "?" + urlencode([("tag", "x" * 90) for _n in range(60)]),
        "?q=" + "w" * 10_000,
        "?q=%21%3F",
        "?year=two&started=%2B",
        "?hub=" + "h" * 500,
    ],
)
def test_nothing_sent_in_breaks_a_page(client: Client, query: str):
    five_solutions()

    for path in (URL, f"{URL}sector/", f"{URL}hub/csv/", f"{URL}sector/embed/", "/map/"):
        assert client.get(f"{path}{query}").status_code == 200


def test_what_is_not_known_is_said(client: Client):
    five_solutions()

    page = unescape(client.get(f"{URL}?sector=unheard-of").content.decode())

    assert "We do not know Sector “unheard-of”. It was left out." in page
    assert client.get(f"{URL}unheard-of/").status_code == 404
    assert client.get(f"{URL}unheard-of/csv/").status_code == 404
    assert client.post(URL).status_code == 405


def test_a_change_of_filter_is_answered_by_the_changed_parts_alone(client: Client):
    five_solutions()

    answer = client.get(f"{URL}?sector=water", headers={"HX-Request": "true"})

    assert b"<html" not in answer.content
    assert b'id="results"' in answer.content
    assert b'id="facet-groups"' in answer.content
    assert "HX-Request" in answer["Vary"]


# --- Cost ----------------------------------------------------------------------------------------


def records(number: int) -> None:
    for place in range(number):
        shown.public(
            f"Solution {place}",
            hub=make_hub(f"hub-{place}", offers=1, seeks=place % 2),
            countries=["BR", "ID"][: 1 + place % 2],
        )
        make_article(published_on=f"2024-{1 + place % 12:02}-01")


@pytest.mark.parametrize("number", [1, 4, 12])
def test_a_page_asks_as_often_whatever_the_number_of_records(
    client: Client, number: int, django_assert_num_queries: Any
):
    records(number)
    client.get(URL)  # what a process reads once

    with django_assert_num_queries(6):
        client.get(URL)
    with django_assert_num_queries(7):
        client.get(f"{URL}?country=BR")
    with django_assert_num_queries(2):
        client.get(f"{URL}sector/embed/")
    with django_assert_num_queries(3):
        client.get(f"{URL}services/csv/")
    cache.clear()
    with django_assert_num_queries(5):
        client.get(f"{URL}community/")
