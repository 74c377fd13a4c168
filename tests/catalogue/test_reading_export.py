"""The list as a table and as a feed; the page of the criteria."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import time_machine
from django.test import Client

from catalogue import criteria
from tests import factories
from tests.catalogue import shown

ATOM = "{http://www.w3.org/2005/Atom}"


def table(client: Client, query: str = "", language: str = "") -> list[list[str]]:
    answer = client.get(f"{language}/solutions/csv/{query}")
    assert answer.status_code == 200
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.django_db
@time_machine.travel(dt.datetime(2026, 5, 16, 23, 30, tzinfo=dt.UTC), tick=False)
def test_a_row_holds_what_the_public_version_says(client: Client):
    shown.public(
        "Milk banks, “certified”\nand open",
        countries=["BR", "ID"],
        sectors=["health", "water"],
        goals=[3, 6],
        tags=["milk", "bank"],
        hub=factories.make_hub(name="Fund for wells", acronym="FW"),
        owner_institution="Ministry of wells",
        started_on="2011-05",
    )

    header, row = table(client)

    assert dict(zip(header, row, strict=True)) == {
        "Number": "S-0001",
        "Title": "Milk banks, “certified”\nand open",
        "Summary": "Mothers give milk, nurses test it.",
        "Mark": "Documented, not validated",
        "Kind": "Service",
        "Stage": "Pilot",
        "Sectors": "Health; Water and sanitation",
        "Countries": "Brazil; Indonesia",
        "Country codes": "BR ID",
        "Goals": "3 6",
        "Hub": "Fund for wells",
        "Institution": "Ministry of wells",
        "Started": "2011-05",
        "Ended": "",
        "Tags": "bank; milk",
        "Language": "en",
        "Licence": "Creative Commons Attribution 4.0",
        "Collection": "",
        "Published": "2026-05-16",
        "Address": "http://testserver/solutions/S-0001/",
    }


@pytest.mark.django_db
@time_machine.travel(dt.datetime(2026, 5, 16, 12, tzinfo=dt.UTC), tick=False)
def test_the_table_holds_all_pages_of_the_same_question_in_its_order(
    client: Client, django_assert_num_queries: Any
):
    for number in range(25):
        shown.public(f"Milk {number:02}", sectors=["health" if number % 2 else "water"])

    rows = table(client, "?q=milk&sector=health&sort=title")

    assert [row[1] for row in rows[1:]] == [f"Milk {n:02}" for n in range(1, 25, 2)]
    answer = client.get("/solutions/csv/")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="solutions-2026-05-16.csv"'
    with django_assert_num_queries(1):  # 25 records at once; the ids were found before
        b"".join(answer.streaming_content)


@pytest.mark.django_db
def test_the_table_speaks_the_language_of_its_address(client: Client):
    shown.public()

    assert table(client, language="/fr")[1][7] == "Brésil"


@pytest.mark.django_db
def test_no_cell_runs_as_a_formula(client: Client):
    shown.public("=cmd|' /C calc'!A0", summary="@SUM(1)", tags=["+1"], owner_institution="\t=1")

    row = table(client)[1]

    assert (row[1], row[2], row[14], row[11]) == (
        "'=cmd|' /C calc'!A0",
        "'@SUM(1)",
        "'+1",
        "'\t=1",
    )


@pytest.mark.django_db
def test_the_feed_holds_the_newest_first_and_nothing_from_working_copies(client: Client):
    with time_machine.travel(dt.datetime(2026, 5, 1, tzinfo=dt.UTC), tick=False):
        shown.public("Older <b>milk</b>", summary="Sum & total")
    with time_machine.travel(dt.datetime(2026, 5, 2, tzinfo=dt.UTC), tick=False):
        shown.public("Newer milk", french="Lait nouveau")

    feed = ET.fromstring(client.get("/solutions/feed/").content)
    french = ET.fromstring(client.get("/fr/solutions/feed/").content)

    entries = [
        tuple(entry.findtext(ATOM + name) for name in ("title", "summary", "published"))
        for entry in feed.iter(ATOM + "entry")
    ]
    assert entries == [
        ("S-0002 Newer milk", "Mothers give milk, nurses test it.", "2026-05-02T00:00:00+00:00"),
        ("S-0001 Older <b>milk</b>", "Sum & total", "2026-05-01T00:00:00+00:00"),
    ]
    links = [link.get("href") for link in feed.iter(ATOM + "link")]
    assert "http://testserver/solutions/S-0002/" in links
    assert french.find(f"{ATOM}entry/{ATOM}title").text == "S-0002 Lait nouveau"


@pytest.mark.django_db
def test_the_criteria_are_printed_whole_with_anchors_to_link_to(client: Client):
    data = criteria.criteria_set()

    page = client.get("/criteria/").content.decode()

    for row in [*data["gates"], *data["criteria"]]:
        assert f'id="{row["code"]}"' in page
        assert row["question"] in page
    for row in data["criteria"]:
        assert row["anchors"]["2"] in page
        assert row["anchors"]["4"] in page
    weights = re.findall(r'data-l="Weight">(\d+)<', page)
    assert weights == [str(row["weight"]) for row in data["criteria"]]
    minimums = re.findall(r'data-l="Minimum">(?:<[^>]+>)?(\w+)<', page)
    assert minimums == ["2"] * 6 + ["none"] * 4


@pytest.mark.django_db
def test_what_a_label_takes_is_said_from_the_thresholds(client: Client):
    labels = client.get("/criteria/").context["labels"]

    assert {label["code"]: label["conditions"] for label in labels} == {
        "validated": [
            "Every gate is answered with yes.",
            "Each binding criterion scores 2 or more.",
            "No criterion scores 0.",
            "The sum is 70 or more of 100.",
            "Evidence for results is E2 (external review) or stronger.",
        ],
        "promising": [
            "Every gate is answered with yes.",
            "Each binding criterion scores 1 or more.",
            "The sum is 50 or more of 100.",
            "Evidence for results is E1 (own records) or stronger.",
        ],
    }
