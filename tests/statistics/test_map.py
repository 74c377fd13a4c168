"""The map: what is counted where, the table that says the same, the frame and the file."""

from __future__ import annotations

import csv
import io
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from core import worldmap
from hubs import reference as kept
from hubs.models import Country, Region
from tests import factories
from tests.catalogue import shown
from tests.community import labs
from tests.statistics.records import five_solutions, make_hub, on_the_map, pictures

if TYPE_CHECKING:
    from hubportal.statistics.world import World

pytestmark = pytest.mark.django_db

URL = "/map/"


def world(client: Client, query: str = "") -> World:
    answer = client.get(f"{URL}{query}")
    assert answer.status_code == 200
    return answer.context["world"]


def figures(client: Client, query: str = "") -> dict[str, float]:
    return {row.label: row.values[0] for row in world(client, query).rows}


def hubs_and_services() -> None:
    on_the_map()
    make_hub("wells", country_id="BR", offers=2, seeks=1)
    make_hub("roofs", country_id="BR", offers=1)
    make_hub("schools", country_id="ID", seeks=3)
    make_hub("pilot", country_id="ID", is_pilot=True)
    make_hub("alliance", kind="cross_country", offers=4)
    make_hub("network", kind="cross_country", region_id="142", offers=1)
    make_hub("hidden", country_id="ID", offers=5, is_listed=False)


def tried(country: str) -> None:
    """A checked report that somebody tried a public solution there."""
    labs.shown(country=country)


def test_solutions_are_counted_in_each_of_their_countries(client: Client):
    on_the_map()
    five_solutions()

    assert figures(client) == {
        "Brazil": 3, "Congo": 1, "Congo, Democratic Republic of the": 1, "Indonesia": 1,
    }  # fmt: skip
    assert figures(client, "?sector=health") == {"Brazil": 2, "Indonesia": 1}
    assert figures(client, "?by=region") == {"Africa": 1, "Americas": 3, "Asia": 1}


def test_hubs_and_services_are_counted_in_the_country_of_the_hub(client: Client):
    hubs_and_services()

    assert figures(client, "?measure=hubs") == {"Brazil": 2, "Indonesia": 1}
    assert figures(client, "?measure=offers") == {"Brazil": 3}
    assert figures(client, "?measure=needs") == {"Indonesia": 3, "Brazil": 1}
    assert figures(client, "?measure=needs&by=region") == {"Americas": 1, "Asia": 3}
    assert figures(client, "?measure=offers&by=region") == {"Americas": 3, "Asia": 1}
    assert figures(client, "?measure=hubs&by=region") == {"Americas": 2, "Asia": 2}
    assert world(client, "?measure=offers").nowhere == 5
    assert "5 are of no single country" in client.get(f"{URL}?measure=offers").content.decode()


def test_reports_of_trials_stand_for_exchanges(client: Client):
    on_the_map()
    tried("ID")
    tried("ID")
    tried("CG")

    assert figures(client, "?measure=exchanges") == {"Indonesia": 2, "Congo": 1}
    assert figures(client, "?measure=exchanges&by=region") == {"Africa": 1, "Asia": 2}
    assert [row.url for row in world(client, "?measure=exchanges").rows] == ["", ""]


def test_where_nothing_is_recorded_the_page_says_so(client: Client):
    factories.reference()

    for measure, words in (
        ("solutions", "No solution answers these filters."),
        ("needs", "No source says yet what a hub seeks."),
        ("exchanges", "Nobody has reported yet that a solution was tried elsewhere."),
    ):
        assert words in client.get(f"{URL}?measure={measure}").content.decode()


@pytest.mark.parametrize(
    "query", ["", "?by=region", "?measure=hubs", "?measure=hubs&by=region", "?sector=water"]
)
def test_every_row_leads_to_a_list_of_as_many_records(client: Client, query: str):
    hubs_and_services()
    five_solutions()

    rows = world(client, query).rows

    assert rows
    for row in rows:
        assert (row.label, client.get(row.url).context["list"].total) == (
            row.label,
            row.values[0],
        )


def test_the_map_and_the_table_say_the_same(client: Client):
    on_the_map()
    five_solutions()

    page = client.get(URL).content.decode()

    drawing = next(one for one in pictures(page) if one.attrib.get("viewBox") == "0 0 1600 734")
    drawn = {link.attrib["href"]: link[0].text for link in drawing if link.tag == "a"}
    rows = world(client).rows
    assert drawn == {row.url: f"{row.label}: {row.values[0]}" for row in rows}
    assert drawing.attrib["aria-hidden"] == "true"
    assert {link.attrib["tabindex"] for link in drawing if link.tag == "a"} == {"-1"}
    assert (
        "Solutions by country; places with any: 4. Most: Brazil 3, Congo 1, "
        "Congo, Democratic Republic of the 1."
    ) in page
    for row in rows:
        assert page.count(f'<a href="{row.url.replace("&", "&amp;")}">{row.label}</a>') == 1


def test_regions_in_a_continent_are_the_circles_and_the_continent_is_not(client: Client):
    on_the_map()
    Region.objects.create(code="005", names={"en": "South America"}, parent_id="019")
    Country.objects.filter(pk="BR").update(subregion_id="005")
    kept.forget()
    five_solutions()

    found = world(client, "?by=region")

    assert [(row.label, row.inner) for row in found.rows] == [
        ("Africa", False), ("Americas", False), ("South America", True), ("Asia", False),
    ]  # fmt: skip
    brazil = worldmap.project(-53.1, -10.8)
    assert {(one.label, one.x, one.y) for one in found.circles if one.value == 3} == {
        ("South America", *brazil)
    }


def test_the_file_and_the_frame_hold_the_same_figures(client: Client):
    on_the_map()
    five_solutions()

    answer = client.get(f"{URL}csv/?sector=health")
    assert list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))) == [
        ["Country", "Code", "Solutions", "Address"],
        ["Brazil", "BR", "2", "http://testserver/solutions/?sector=health&country=BR"],
        ["Indonesia", "ID", "1", "http://testserver/solutions/?sector=health&country=ID"],
    ]
    assert answer["Content-Disposition"] == 'attachment; filename="map-solutions-country.csv"'
    frame = client.get(f"{URL}embed/?sector=health&by=country")
    assert "frame-ancestors *" in frame["Content-Security-Policy"]
    assert not frame.has_header("X-Frame-Options")
    assert not frame.cookies
    assert "<li>Brazil: 2</li><li>Indonesia: 1</li>" in frame.content.decode()


def test_filters_that_say_nothing_about_hubs_are_left_aside_and_named(client: Client):
    hubs_and_services()
    five_solutions()

    page = unescape(client.get(f"{URL}?measure=hubs&kind=policy&country=BR").content.decode())

    assert "Left aside here, since it says nothing about hubs: Kind" in page
    assert figures(client, "?measure=hubs&kind=policy&region=019") == {"Brazil": 2}


def test_what_is_not_known_is_left_out_and_said(client: Client):
    on_the_map()
    five_solutions()

    page = unescape(client.get(f"{URL}?measure=luck&by=street").content.decode())

    assert "We do not know Figure “luck”. It was left out." in page
    assert "We do not know By “street”. It was left out." in page
    assert world(client, "?measure=luck&by=street").code == "solutions"
    assert client.get(f"{URL}?measure={'m' * 9000}").status_code == 200


@pytest.mark.parametrize("number", [1, 4, 12])
def test_the_map_asks_as_often_whatever_the_number_of_records(
    client: Client, number: int, django_assert_num_queries: Any
):
    on_the_map()
    for place in range(number):
        hub = make_hub(f"hub-{place}", country_id="BR", offers=1, seeks=1)
        shown.public(f"Solution {place}", countries=["BR", "ID"][: 1 + place % 2], hub=hub)
    client.get(URL)

    with django_assert_num_queries(2):
        client.get(URL)
    with django_assert_num_queries(3):
        client.get(f"{URL}?sector=water&by=region")
    for measure in ("hubs", "offers", "needs", "exchanges"):
        with django_assert_num_queries(3):
            client.get(f"{URL}?measure={measure}")
