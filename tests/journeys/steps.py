"""What a person does in the portal, in their words: so that a journey reads like one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

from hubportal.demo_accounts import current_code
from tests.factories import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from accounts.models import User

#: What Chromium says that is no fault of a page: answers 4xx that a journey asks for.
EXPECTED = ("Failed to load resource",)


def verified(user: User) -> User:
    """Their address counts as confirmed."""
    EmailAddress.objects.get_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    return user


def with_second_step(user: User) -> User:
    """They have set up an authenticator app."""
    TOTP.activate(verified(user), generate_totp_secret())
    return user


def every(found: Locator) -> list[Locator]:
    """All of them, once the whole page is here: a page still arriving has only some."""
    found.first.wait_for(state="attached")
    found.page.wait_for_load_state("domcontentloaded")
    return found.all()


def follow(found: Locator) -> None:
    """Press what leads to another page, and wait for the whole of it: its fields can be seen, and
    filled by a machine, before its scripts listen."""
    with found.page.expect_navigation():
        found.click()


class Portal:
    """One browser window."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._heard)

    def _heard(self, message: object) -> None:
        text = str(getattr(message, "text", ""))
        if getattr(message, "type", "") == "error" and not text.startswith(EXPECTED):
            self.complaints.append(text)

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def sign_in(self, user: User) -> Page:
        """Through the form, with the code of the authenticator app where there is one."""
        page = self.open("/accounts/login/")
        page.locator("input[name=login]").fill(user.email)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("main form .btn").first.click()
        code = current_code(user)
        if code:
            page.locator("input[name=code]").fill(code)
            page.locator("main form .btn").first.click()
        page.wait_for_url("**/dashboard/")
        return page

    def sign_out(self) -> None:
        self.page.context.clear_cookies()
