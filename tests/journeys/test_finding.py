"""From the first page to the right solution in two steps, on a slow line, with and without scripts.

What is counted is what is sent: bytes, not seconds, so that a busy machine fails nothing.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from django.contrib.staticfiles import finders
from playwright.sync_api import expect

from tests import factories
from tests.catalogue import shown
from tests.journeys.test_accessibility import faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.e2e
#: An old phone far from its mast: 400 ms there and back, 400 kbit/s either way.
SLOW_LINE = {
    "offline": False,
    "latency": 400,
    "downloadThroughput": 400_000 / 8,
    "uploadThroughput": 400_000 / 8,
}
PHONE = {"width": 360, "height": 740}
#: The most a first visit may send, all files with it.
FIRST_VISIT = 60 * 1024
RIGHT = "Milk banks in small hospitals"


class Line:
    """A slow line, and what came over it.

    Where the portal runs, ``collectstatic`` has compressed its files; the server of the tests sends
    them as they lie there. They are counted as they would be sent.
    """

    def __init__(self, page: Page) -> None:
        self._names: dict[str, str] = {}
        self._came: dict[str, int] = {}
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", self._note_name)
        session.on("Network.loadingFinished", self._note_size)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", SLOW_LINE)

    def _note_name(self, told: dict[str, Any]) -> None:
        self._names[told["requestId"]] = str(told["request"]["url"])

    def _note_size(self, told: dict[str, Any]) -> None:
        self._came[self._names[told["requestId"]]] = int(told["encodedDataLength"])

    def sent(self) -> dict[str, int]:
        """The bytes of each address, heads of answers with them."""
        return {address: self._compressed(address, came) for address, came in self._came.items()}

    @staticmethod
    def _compressed(address: str, came: int) -> int:
        path = urlsplit(address).path
        if not path.startswith("/static/") or path.endswith(".woff2"):
            return came
        file = finders.find(path.removeprefix("/static/"))
        assert file is not None
        text = Path(file).read_bytes()
        return came - len(text) + len(gzip.compress(text))


@pytest.fixture
def records() -> None:
    """The right one has the word in its title; others in the text, or in another sector."""
    factories.reference()
    shown.public("Cold chains", summary="Vaccines and milk stay cool.", sectors=["health"])
    shown.public("Wells", summary="Villages get water.", sectors=["water"])
    shown.public(RIGHT, sectors=["health"])


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    page = browser.new_page(
        viewport=PHONE,  # type: ignore[arg-type]
        java_script_enabled=request.param,
        reduced_motion="reduce",
    )
    yield page
    page.close()


@pytest.mark.usefixtures("records")
def test_two_steps_lead_from_the_first_page_to_the_right_solution(
    page: Page, live_server: LiveServer
) -> None:
    line = Line(page)

    page.goto(live_server.url)
    page.wait_for_load_state("networkidle")
    sent = line.sent()
    assert f"{live_server.url}/" in sent
    assert sum(sent.values()) <= FIRST_VISIT, sent

    box = page.locator("main").get_by_label("Search solutions, hubs and events")
    box.fill("milk bank")
    box.press("Enter")  # the first step
    found = page.locator("main").get_by_role("link", name=RIGHT)
    expect(found.first).to_be_visible()
    found.first.click()  # the second
    expect(page.get_by_role("heading", level=1)).to_have_text(RIGHT)


@pytest.mark.usefixtures("records")
def test_the_pages_on_the_way_keep_to_the_guidelines(
    browser: Browser, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list with its hint, too, which otherwise comes far down only."""
    monkeypatch.setattr("catalogue.listing.DEEP", 1)
    page = browser.new_page(viewport=PHONE, bypass_csp=True)  # type: ignore[arg-type]
    page.emulate_media(reduced_motion="reduce")

    found = {}
    for path in ("/", "/search/?q=milk+bank", "/solutions/?sort=adopted", "/solutions/1/"):
        page.goto(live_server.url + path)
        found[path] = faults(page)

    page.goto(f"{live_server.url}/solutions/?sort=adopted")
    expect(page.locator("#results .note").get_by_role("link", name="Health")).to_be_visible()
    assert found == dict.fromkeys(found, [])
    page.close()
