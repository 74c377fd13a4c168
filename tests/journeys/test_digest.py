"""One mail a day instead of many: chosen, read and ended in a browser, without scripts."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from playwright.sync_api import expect

from notifications import digesting, noticing
from notifications.delivering import deliver_owed
from tests.community.factories import make_discussion, make_member, make_post, open_theme
from tests.factories import make_user, reference
from tests.journeys.steps import verified
from tests.journeys.test_events import without_scripts
from tests.journeys.test_mail_looks import html_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

    from accounts.models import User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
ANSWERS, POSTS = "Answers and mentions", "Posts in discussions and places you follow"


def at(moment: dt.datetime) -> Any:
    """The clock of the portal stands at this moment."""
    return time_machine.travel(moment, tick=False)


def send() -> None:
    """What clock and worker do when they come by."""
    noticing.tell_owed()
    digesting.owe_digests()
    deliver_owed()


def mails_to(reader: User) -> list[Any]:
    return [sent for sent in mail.outbox if sent.to == [reader.email]]


def test_a_reader_gets_one_mail_a_day_opens_what_it_names_and_ends_it_by_one_click(
    browser: Browser, live_server: LiveServer, settings: Any
) -> None:
    settings.PORTAL_URL = live_server.url
    reference()
    theme = open_theme(title="Who pays for water")
    bucket = make_discussion(theme, title="How users pay")
    pump = make_discussion(theme, title="Who mends the pump")
    reader = verified(make_member(make_user("Nomsa Dube"), handle="nomsa"))
    noticing.tell_owed()
    noon = (timezone.now() + dt.timedelta(days=1)).replace(hour=12, minute=0, second=0)
    next_six = noon + dt.timedelta(hours=18)

    # They follow a discussion, and want answers and mentions daily as well, early in the morning.
    page = without_scripts(browser, live_server.url, reader).page
    page.goto(live_server.url + bucket.get_absolute_url())
    page.get_by_role("button", name=re.compile("^Follow")).first.click()
    page.goto(f"{live_server.url}/notifications/preferences/")
    expect(page.get_by_label(f"{POSTS}: Daily")).to_be_checked()
    page.get_by_label(f"{ANSWERS}: Daily").check()
    page.locator("[name=digest_hour]").select_option("6")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    expect(page.get_by_label(f"{ANSWERS}: Daily")).to_be_checked()

    # Three posts within a day bring nothing before the hour, and then one mail.
    with at(noon):
        make_post(bucket, body="<p>Ours pay by the bucket.</p>")
        make_post(bucket, body="<p>Ours pay by the month.</p>")
        make_post(pump, body="<p>You know how, @nomsa</p>")
        send()
    with at(next_six - dt.timedelta(minutes=1)):
        send()
    assert mails_to(reader) == []
    for minutes in (0, 30):
        with at(next_six + dt.timedelta(minutes=minutes)):
            send()
    (digest,) = mails_to(reader)
    assert digest.subject == "Who mends the pump, and 1 more"

    # The mail has what concerns them first, and says of each why it stands there.
    reading = browser.new_context(java_script_enabled=False).new_page()
    reading.set_content(html_of(digest))
    headings = reading.get_by_role("heading").all_inner_texts()
    assert headings == [
        "2 things are new for you",
        "What concerns you",
        "Who mends the pump",
        "What you follow",
        "How users pay",
    ]
    items = reading.locator("div.rule:has(h3)")
    expect(items.nth(0)).to_contain_text("mentioned you")
    expect(items.nth(1)).to_contain_text("and 1 more")
    expect(items.nth(1)).to_contain_text("You follow this discussion, its place or its author")

    # Its link opens what it names.
    reading.get_by_role("link", name="How users pay").click()
    expect(reading.get_by_role("heading", level=1)).to_have_text("How users pay")
    expect(reading.get_by_text("Ours pay by the month.")).to_be_visible()
    assert reading.url.startswith(live_server.url + bucket.get_absolute_url().partition("#")[0])

    # Their mail program ends it, without a page and without signing in. What it held back till
    # then stands in the portal, and no mail comes on the next day.
    stop = digest.extra_headers["List-Unsubscribe"].strip("<>")
    assert digest.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    program = browser.new_context().request
    answer = program.post(stop, form={"List-Unsubscribe": "One-Click"})
    assert answer.ok
    with at(next_six + dt.timedelta(hours=6)):
        make_post(bucket, body="<p>Ours pay by the year.</p>")
        make_post(pump, body="<p>So who does it, @nomsa</p>")
        send()
    with at(next_six + dt.timedelta(days=1)):
        send()
    assert mails_to(reader) == [digest]
    page.goto(f"{live_server.url}/notifications/preferences/")
    expect(page.get_by_label(f"{POSTS}: Daily")).not_to_be_checked()
    expect(page.get_by_label(f"{ANSWERS}: Daily")).not_to_be_checked()
    page.goto(f"{live_server.url}/notifications/")
    expect(page.get_by_role("link", name="How users pay").first).to_be_visible()
