"""From a stranger to a member with a passkey, in a browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from accounts.models import AccountMail, User
from tests.factories import PASSWORD, make_user, reference
from tests.journeys.steps import Portal, verified

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def join(page: Page, url: str, email: str) -> None:
    page.goto(f"{url}/accounts/signup/")
    page.get_by_label("Your name").fill("Nomsa Dube")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Create an account").click()
    page.get_by_label("Code").fill(AccountMail.objects.get(to=email).subject.split()[0])
    page.get_by_role("button", name="Confirm the address").click()
    page.wait_for_url("**/dashboard/")


def test_a_stranger_joins_and_tells_about_themselves(portal: Portal) -> None:
    reference()
    page = portal.page
    join(page, portal.url, "nomsa@test.example")
    page.goto(f"{portal.url}/accounts/profile/")
    page.get_by_label("Languages you work in", exact=False).first.fill("English, Klingonx")
    page.get_by_label("Expertise", exact=False).first.fill("District health")
    page.get_by_role("button", name="Save the profile").click()
    summary = page.get_by_role("alert")
    assert "There is 1 thing to fix" in summary.inner_text()
    summary.get_by_role("link").click()
    page.keyboard.press("Control+A")
    page.keyboard.type("English, Français")
    page.get_by_role("button", name="Save the profile").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Nomsa Dube"
    assert "District health" in page.locator("main").inner_text()


def test_joining_works_with_scripts_off(browser: Browser, live_server: LiveServer) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    join(page, live_server.url, "plain@test.example")
    assert User.objects.get().email == "plain@test.example"
    context.close()


def test_a_passkey_is_added_and_then_signs_in_alone(portal: Portal) -> None:
    reference()
    user = verified(make_user())
    # Passkeys belong to names, not to numbers: 127.0.0.1 has none.
    url = re.sub(r"//[^:]+:", "//localhost:", portal.url)
    page = portal.page
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
            }
        },
    )
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/dashboard/")
    page.goto(f"{url}/accounts/2fa/webauthn/add/")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name of the passkey").fill("Work laptop")
    page.get_by_role("button", name="Add the passkey").click()
    page.get_by_role("heading", name="Recovery codes", level=1).wait_for()

    page.context.clear_cookies()
    page.goto(f"{url}/accounts/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/dashboard/")
    page.goto(f"{url}/accounts/2fa/webauthn/")
    assert "Work laptop" in page.locator("tbody").inner_text()
    assert "alone" in page.locator("tbody").inner_text()
