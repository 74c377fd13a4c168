"""Statistics and the map in a browser: the rules a machine can check, and the way to a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.community.factories import make_theme
from tests.journeys.test_accessibility import check_all
from tests.statistics.records import five_solutions, make_hub, on_the_map

if TYPE_CHECKING:
    from tests.journeys.steps import Portal

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def something_to_count(transactional_db: None) -> None:
    on_the_map()
    five_solutions()
    make_hub("wells", country_id="BR", offers=2, seeks=1)
    make_theme(month="2024-05")


def test_figures_can_be_read_by_everybody(portal: Portal) -> None:
    paths = [
        "/statistics/?sector=health",
        "/statistics/services/",
        "/statistics/community/embed/",
        "/map/?measure=offers",
        "/ar/map/?by=region",
    ]
    assert check_all(portal, paths) == {}


def test_from_the_map_to_the_records_of_a_country(portal: Portal) -> None:
    page = portal.page
    portal.open("/map/")
    page.get_by_label("Figure").select_option(label="Hubs")
    expect(page.locator("#map-said")).to_contain_text("Brazil 1")
    page.get_by_label("Figure").select_option(label="Solutions")
    expect(page.locator("#map-said")).to_contain_text("Brazil 3")
    page.get_by_role("link", name="Brazil", exact=True).click()
    expect(page.locator("#results-count")).to_contain_text("3 of 5 solutions")
    page.get_by_role("link", name="These results in figures").click()
    expect(page.locator("#results-count")).to_contain_text("3 of 5 solutions")
