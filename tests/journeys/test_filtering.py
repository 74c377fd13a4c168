"""Narrowing the catalogue in a browser: at once with scripts, by a button without."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.catalogue import shown

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

    from tests.journeys.steps import Portal

pytestmark = pytest.mark.e2e
PHONE = {"width": 390, "height": 844}
HEALTH = "[name=sector][value=health]"


@pytest.fixture
def records() -> None:
    factories.reference()
    shown.public("Milk banks", sectors=["health"], countries=["BR"])
    shown.public("Vaccines", summary="Children get shots.", sectors=["health"], countries=["ID"])
    shown.public("Wells", summary="Villages get water.", sectors=["water"], countries=["BR"])


def shows(page: Page, *titles: str) -> None:
    """The list holds these records, as soon as it has come."""
    expect(page.locator("#results .record h3")).to_have_text(list(titles))


def count_of(page: Page, box: str) -> str:
    return page.locator(f"label:has({box}) .n").inner_text()


@pytest.mark.usefixtures("records")
def test_a_choice_is_answered_at_once_and_nothing_else_moves(portal: Portal):
    page = portal.open("/solutions/")
    page.evaluate("window.sameDocument = true")

    page.locator(HEALTH).check()
    page.wait_for_url("**/solutions/?sector=health")

    shows(page, "Vaccines", "Milk banks")
    assert page.get_by_role("status").inner_text() == "2 of 3 solutions"
    assert page.locator(HEALTH).evaluate("box => box === document.activeElement")
    assert count_of(page, "[name=sector][value=water]") == "1"  # its own group is not narrowed
    assert count_of(page, "[name=region][value='019']") == "1"  # the others are
    assert page.evaluate("window.sameDocument") is True

    page.locator("#sort").focus()
    page.locator("#sort").select_option("title")
    page.wait_for_url("**/solutions/?sector=health&sort=title")

    shows(page, "Milk banks", "Vaccines")
    assert page.locator("#sort").evaluate("box => box === document.activeElement")

    page.go_back()
    page.wait_for_url("**/solutions/?sector=health")
    shows(page, "Vaccines", "Milk banks")
    page.go_back()
    page.wait_for_url("**/solutions/")
    shows(page, "Wells", "Vaccines", "Milk banks")
    expect(page.locator(HEALTH)).not_to_be_checked()
    page.go_forward()
    page.wait_for_url("**/solutions/?sector=health")
    expect(page.locator(HEALTH)).to_be_checked()
    page.get_by_role("link", name="Sector Health").click()
    page.wait_for_url("**/solutions/")
    shows(page, "Wells", "Vaccines", "Milk banks")


@pytest.mark.usefixtures("records")
def test_when_the_quick_answer_fails_the_page_is_loaded_as_usual(portal: Portal):
    page = portal.open("/solutions/")
    page.route(
        "**/solutions/?*",
        lambda route: (
            route.abort() if route.request.headers.get("hx-request") else route.continue_()
        ),
    )

    page.locator(HEALTH).check()
    page.wait_for_url("**sector=health**")

    shows(page, "Vaccines", "Milk banks")
    portal.complaints.clear()  # the request that was made to fail


@pytest.mark.usefixtures("records")
@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_phone_the_filters_are_a_sheet(
    browser: Browser, live_server: LiveServer, scripts: bool
):
    page = browser.new_page(viewport=PHONE, java_script_enabled=scripts)  # type: ignore[arg-type]
    page.goto(f"{live_server.url}/solutions/")
    expect(page.locator(HEALTH)).to_be_hidden()

    page.get_by_role("link", name="Filters").click()
    page.locator(HEALTH).check()
    if scripts:
        page.get_by_role("button", name="Show 2 solutions").click()
    else:
        page.get_by_role("button", name="Show 3 solutions").click()
    page.wait_for_url("**sector=health**")

    shows(page, "Vaccines", "Milk banks")
    expect(page.locator(HEALTH)).to_be_hidden()
    page.close()


@pytest.mark.usefixtures("records")
def test_words_and_filters_are_one_question_without_scripts(
    browser: Browser, live_server: LiveServer
):
    page = browser.new_page(java_script_enabled=False)
    page.goto(f"{live_server.url}/solutions/")

    page.locator(HEALTH).check()
    page.locator("#list-q").fill("banks")
    page.locator("#list-q").press("Enter")
    page.wait_for_url("**q=banks**")

    shows(page, "Milk banks")
    assert page.locator(HEALTH).is_checked()
    page.close()


def reads_well(page: Page) -> list[Any]:
    """What axe finds against the guidelines, and whether the page is wider than its window."""
    from axe_playwright_python.sync_playwright import Axe

    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    found = Axe().run(page).response["violations"]
    return [*(rule["id"] for rule in found), *(["wider than its window"] if wide else [])]


PAGES = (
    "/", "/solutions/", "/solutions/?q=mlik&sector=water", "/solutions/?sector=health#filters",
    "/hubs/", "/hubs/fund/", "/search/?q=milk", "/criteria/", "/pages/about/", "/pages/privacy/",
    "/pages/accessibility/", "/pages/sources/", "/ar/solutions/",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.usefixtures("records")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 768, 1280])
def test_reading_pages_keep_to_the_guidelines(
    browser: Browser, live_server: LiveServer, width: int, scheme: Any
):
    fund = factories.make_hub(slug="fund", name="Fund for wells", acronym="FW", country_id="BR")
    factories.state(fund, "financing", "Fees.")
    for share, year in ((40, "2012"), (50, "")):
        factories.state(
            fund, "share_fees", f"Fees pay {share}%.", low=share, high=share, as_of=year,
            conflict="The letter says 50%.",
        )  # fmt: skip
    page = browser.new_page(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )

    found = {}
    for path in PAGES:
        page.goto(live_server.url + path)
        found[path] = reads_well(page)

    assert found == {path: [] for path in PAGES}
    page.close()
