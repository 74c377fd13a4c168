"""A real browser against a real server, each journey on its own data."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import Locator, expect

from tests.journeys.steps import Portal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

# Playwright's own event loop runs in the thread of the test; Django would refuse to touch
# the database there. The queries themselves are synchronous.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

# A page may take its time on a busy machine; what never comes still fails.
expect.set_options(timeout=20_000)

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


#: What a person does to a page.
ACTS = ("check", "click", "fill", "press", "select_option", "set_input_files", "uncheck")


@pytest.fixture(autouse=True)
def only_whole_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody acts on a page that is still arriving: a machine can press and fill what is seen
    before the scripts listen."""

    def patiently(act: Callable[..., Any]) -> Callable[..., Any]:
        def wait_and_act(found: Locator, *given: Any, **more: Any) -> Any:
            found.wait_for(state="attached")
            found.page.wait_for_load_state("load")
            return act(found, *given, **more)

        return wait_and_act

    for name in ACTS:
        monkeypatch.setattr(Locator, name, patiently(getattr(Locator, name)))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Debian's Chromium, instead of one that Playwright would download."""
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": ARGUMENTS}


@pytest.fixture
def portal(page: Page, live_server: LiveServer) -> Iterator[Portal]:
    """The portal in one browser window. A script error or a breach of the security policy
    anywhere on the way fails the journey."""
    portal = Portal(page, live_server.url)
    yield portal
    # A page that is left saves what was typed; let it, while the database is still there.
    if not page.is_closed():
        page.goto("about:blank")
        page.wait_for_timeout(200)
    assert portal.complaints == []
