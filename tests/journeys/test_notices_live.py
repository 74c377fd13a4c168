"""What an open page does by itself: the number at the bell, and messages of a closed one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from playwright.sync_api import expect

from accounts.kinds import NoticeKind
from accounts.letters import LetterText, write_letter
from notifications import devices
from notifications.models import Device, FeedKey, Notification
from tests.community.factories import make_member
from tests.journeys.steps import Portal, verified
from tests.journeys.test_accessibility import check_all
from tests.push import Browser

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from accounts.models import User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
ENDPOINT = "https://fcm.googleapis.com/fcm/send/journey"


def tell(user: User, title: str = "Decided") -> Notification:
    text = LetterText.of(f"{title}\n\nIt was decided.\n\nhttps://x.test/a", "/criteria/")
    with transaction.atomic():
        write_letter(user, kind=NoticeKind.CASE, letter=text)
    return Notification.objects.filter(user=user).latest("pk")


def seconds(page: Page, n: float) -> None:
    """So much time goes by for the page."""
    page.clock.run_for(int(n * 1000))


class Asked:
    """How often a page has asked for the number."""

    def __init__(self, page: Page) -> None:
        self.page, self.statuses = page, list[int]()
        page.on("response", self._note)

    def _note(self, response: Any) -> None:
        if response.url.endswith("/notifications/unread/"):
            self.statuses.append(response.status)

    def after(self, n: float) -> int:
        """How many times within so many seconds."""
        before = len(self.statuses)
        seconds(self.page, n)
        self.page.wait_for_timeout(0)
        self.page.wait_for_load_state("networkidle")
        return len(self.statuses) - before


def hide(page: Page, *, hidden: bool) -> None:
    """As if another tab were in front."""
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


@pytest.fixture
def reader(transactional_db: None) -> User:
    return verified(make_member())


def test_the_bell_counts_while_a_page_is_open_less_and_less_often(
    portal: Portal, reader: User
) -> None:
    portal.sign_in(reader)
    page = portal.page
    page.clock.install()
    asked = Asked(page)
    portal.open("/criteria/")
    number = page.locator(".masthead .tools .n")
    expect(number).to_be_hidden()

    tell(reader)
    assert asked.after(29) == 0
    with page.expect_response("**/notifications/unread/"):
        seconds(page, 2)
    expect(number).to_have_text("1")
    expect(page.locator("span[role=status]")).to_have_text("Notifications 1")
    with page.expect_response("**/notifications/unread/") as answer:
        seconds(page, 46)  # 30 s and half of that again
    assert answer.value.status == 304
    assert asked.after(60) == 0  # 67 s


def test_a_page_nobody_sees_asks_nothing_and_asks_when_it_is_seen_again(
    portal: Portal, reader: User
) -> None:
    portal.sign_in(reader)
    page = portal.page
    page.clock.install()
    asked = Asked(page)
    portal.open("/criteria/")

    hide(page, hidden=True)
    assert asked.after(3600) == 0
    tell(reader)
    with page.expect_response("**/notifications/unread/"):
        hide(page, hidden=False)
        seconds(page, 0.1)
    expect(page.locator(".masthead .tools .n")).to_have_text("1")


def test_faults_make_it_slower_and_the_end_of_a_session_ends_it(
    portal: Portal, reader: User
) -> None:
    portal.sign_in(reader)
    page = portal.page
    page.clock.install()
    asked = Asked(page)
    portal.open("/criteria/")
    page.route("**/notifications/unread/", lambda route: route.fulfill(status=503))

    with page.expect_response("**/notifications/unread/"):
        seconds(page, 31)
    page.unroute("**/notifications/unread/")
    Session.objects.all().delete()
    with page.expect_response("**/notifications/unread/") as answer:
        seconds(page, 46)
    assert answer.value.status == 401
    assert asked.after(3600) == 0


def test_opening_what_a_notification_leads_to_marks_it_as_read(
    portal: Portal, reader: User
) -> None:
    row = tell(reader, "Wells decided")
    portal.sign_in(reader)
    page = portal.open("/notifications/?shelf=about")

    with page.expect_request("**/notifications/read/"):
        page.get_by_role("link", name="Wells decided", exact=True).click()
    page.wait_for_url("**/criteria/")
    page.goto("about:blank")
    page.wait_for_timeout(300)

    row.refresh_from_db()
    assert row.read_at is not None


def test_letters_are_found_and_read_without_scripts(
    browser: Any, live_server: Any, portal: Portal, reader: User
) -> None:
    tell(reader, "Wells decided")
    portal.sign_in(reader)
    with browser.new_context(
        java_script_enabled=False, storage_state=portal.page.context.storage_state()
    ) as context:
        page = context.new_page()
        page.goto(f"{live_server.url}/notifications/")
        page.get_by_role("link", name="What concerns you").click()
        page.get_by_role("link", name="Read the letter").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Wells decided")
        expect(page.get_by_role("link", name="https://x.test/a")).to_be_visible()
        page.get_by_role("button", name="Mark as read").click()
        expect(page.get_by_role("button", name="Mark as read")).to_have_count(0)


SUBSCRIBED = """
const keys = %(keys)s;
class Subscription {
  constructor(key) { this.endpoint = keys.endpoint; this.options = { applicationServerKey: key }; }
  toJSON() { return { endpoint: keys.endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } }; }
  async unsubscribe() { sessionStorage.removeItem("push"); return true; }
}
const bytes = (text) => Uint8Array.from(JSON.parse(text)).buffer;
PushManager.prototype.getSubscription = async () => {
  const kept = sessionStorage.getItem("push");
  return kept ? new Subscription(bytes(kept)) : null;
};
PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
  sessionStorage.setItem("push", JSON.stringify([...applicationServerKey]));
  return new Subscription(applicationServerKey.buffer);
};
"""


def test_a_browser_is_let_ring_shows_what_comes_and_is_removed(
    portal: Portal, reader: User, settings: Any
) -> None:
    """The push service of the browser's maker is out of reach: its part is played. The worker, the
    permission and what is shown are the browser's own."""
    settings.WEBPUSH_PRIVATE_KEY = devices.new_private_key()
    portal.sign_in(reader)
    page = portal.page
    page.context.grant_permissions(["notifications"])
    page.add_init_script(
        SUBSCRIBED % {"keys": json.dumps({"endpoint": ENDPOINT, **Browser().keys})}
    )
    portal.open("/notifications/devices/")

    page.get_by_role("button", name="Show them in this browser").click()
    expect(page.get_by_text("This browser", exact=True)).to_be_visible()
    assert Device.objects.get().user_id == reader.pk

    client = page.context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    client.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(event["registrations"]),
    )
    client.send("ServiceWorker.enable")
    page.wait_for_timeout(300)
    client.send(
        "ServiceWorker.deliverPushMessage",
        {
            "origin": portal.url,
            "registrationId": found[0]["registrationId"],
            "data": json.dumps({"title": "Asked", "body": "Portal", "tag": "asked", "url": "/"}),
        },
    )
    page.wait_for_function(
        """async () => {
            const worker = await navigator.serviceWorker.getRegistration("/push/");
            const shown = await worker.getNotifications();
            return shown.length === 1 && shown[0].title === "Asked" && shown[0].data.url === "/";
        }"""
    )

    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("None yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Show them in this browser")).to_be_visible()
    assert not Device.objects.exists()


def test_a_browser_told_to_refuse_says_so(portal: Portal, reader: User, settings: Any) -> None:
    settings.WEBPUSH_PRIVATE_KEY = devices.new_private_key()
    portal.sign_in(reader)
    page = portal.page
    page.add_init_script("Notification.requestPermission = async () => 'denied';")
    portal.open("/notifications/devices/")

    page.get_by_role("button", name="Show them in this browser").click()

    expect(page.get_by_role("status").filter(has_text="told to refuse")).to_be_visible()
    assert not Device.objects.exists()


@pytest.mark.slow
def test_the_pages_hold_for_everybody(portal: Portal, reader: User, settings: Any) -> None:
    settings.WEBPUSH_PRIVATE_KEY = devices.new_private_key()
    row = tell(reader, "Wells decided")
    FeedKey.make(reader)
    devices.add_device(by=reader, endpoint=ENDPOINT, agent="Firefox X11 Linux", **Browser().keys)
    portal.sign_in(reader)
    paths = [
        "/notifications/",
        "/notifications/?shelf=asked&unread=1",
        f"/notifications/{row.pk}/",
        "/notifications/feed/",
        "/notifications/devices/",
        "/ar/notifications/",
        f"/ar/notifications/{row.pk}/",
        "/ar/notifications/devices/",
    ]
    assert check_all(portal, paths) == {}
