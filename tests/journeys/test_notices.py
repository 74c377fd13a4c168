"""Being told, in a browser: from following to the end of a kind of mail, without scripts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from django.core import mail
from django.urls import reverse
from playwright.sync_api import expect

from accounts.models import User
from notifications import noticing, preferences
from notifications.delivering import deliver_owed
from notifications.stopping import token_for
from tests.community.factories import make_discussion, make_member, make_post, open_theme
from tests.factories import make_user, reference
from tests.journeys.steps import Portal, verified
from tests.journeys.test_accessibility import check_all, faults
from tests.journeys.test_events import without_scripts

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
PAGE = "/notifications/preferences/"


def written(discussion: Any, text: str) -> None:
    """Somebody posts, and whoever is to be told is told."""
    make_post(discussion, body=f"<p>{text}</p>")
    noticing.tell_owed()
    deliver_owed()


def mails_to(reader: User) -> list[Any]:
    return [sent for sent in mail.outbox if sent.to == [reader.email]]


def test_a_reader_follows_gets_a_mail_at_once_and_stops_it_by_its_link(
    browser: Browser, live_server: LiveServer
) -> None:
    reference()
    discussion = make_discussion(open_theme(title="Who pays for water"), title="How users pay")
    noticing.tell_owed()
    reader = verified(make_member(make_user("Nomsa Dube")))
    page = without_scripts(browser, live_server.url, reader).page

    # They follow a discussion of the theme, and want to be told at once.
    page.goto(live_server.url + discussion.get_absolute_url())
    page.get_by_role("button", name=re.compile("^Follow")).first.click()
    page.goto(live_server.url + "/notifications/")
    page.get_by_role("link", name="How you are told").click()
    posts = "Posts in discussions and places you follow"
    expect(page.get_by_label(f"{posts}: Daily")).to_be_checked()
    page.get_by_label(f"{posts}: At once").check()
    page.get_by_label("Quiet from").fill("22:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("or leave both times empty")
    expect(page.get_by_label(f"{posts}: At once")).to_be_checked()
    page.get_by_label("Quiet from").fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    expect(page.get_by_label(f"{posts}: At once")).to_be_checked()

    # The next post comes by mail. They open its link where they are not signed in, and stop.
    written(discussion, "Ours pay by the bucket.")
    (sent,) = mails_to(reader)
    assert "How users pay" in sent.subject
    link = re.search(r"/\S*notifications/stop/[^/\s]+/", sent.body)
    assert link is not None
    elsewhere = without_scripts(browser, live_server.url).page
    elsewhere.goto(live_server.url + re.sub(r"^//[^/]+", "", link[0]))
    expect(elsewhere.get_by_text(posts)).to_be_visible()
    written(discussion, "Opening the link has changed nothing.")
    assert len(mails_to(reader)) == 2
    elsewhere.get_by_role("button", name="Stop these mails").click()
    expect(elsewhere.get_by_role("heading", name="These mails have ended")).to_be_visible()
    expect(elsewhere.get_by_role("button", name="Undo")).to_have_count(0)

    # What is written then stands in the portal and brings no mail.
    written(discussion, "Ours pay by the month.")
    assert len(mails_to(reader)) == 2
    page.goto(f"{live_server.url}/notifications/")
    expect(page.get_by_role("link", name="How users pay").first).to_be_visible()
    page.goto(live_server.url + PAGE)
    expect(page.get_by_label(f"{posts}: Never")).to_be_checked()


def test_who_is_signed_in_stops_and_undoes_pauses_and_goes_on(
    browser: Browser, live_server: LiveServer
) -> None:
    reader = verified(make_member(make_user("Ana Ruiz")))
    page = without_scripts(browser, live_server.url, reader).page
    page.goto(live_server.url + reverse("notices:stop", args=[token_for(reader.pk, "mention")]))
    page.get_by_role("button", name="Stop these mails").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("These mails come again, as before.")).to_be_visible()
    expect(page.get_by_label("Answers and mentions: At once")).to_be_checked()

    page.get_by_label("Mails come again on").fill("2020-01-01")
    page.get_by_role("button", name="Pause all mails").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose a day after today.")
    page.get_by_label("Mails come again on").fill("")
    page.get_by_role("button", name="Pause all mails").click()
    expect(page.get_by_text("Mails are paused until you end the pause.")).to_be_visible()
    page.get_by_role("button", name="End the pause").click()
    expect(page.get_by_text("Mails come again.")).to_be_visible()

    page.get_by_label("Blog posts: Never").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Forget all I chose here").click()
    page.get_by_role("button", name="Back to what is usual").click()
    expect(page.get_by_label("Blog posts: Weekly")).to_be_checked()


@pytest.mark.slow
def test_the_pages_of_being_told_are_open_to_all(portal: Portal) -> None:
    reader = verified(make_member(make_user("Ravi Nair")))
    portal.sign_in(reader)
    preferences.pause(by=reader)
    stop = reverse("notices:stop", args=[token_for(reader.pk, "weekly")])
    assert check_all(portal, [PAGE, stop, f"/ar{PAGE}", f"/ar{stop}"]) == {}

    page = portal.open(PAGE)
    page.get_by_label("Quiet from").fill("22:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert faults(page) == []
    page = portal.open(stop)
    page.get_by_role("button", name="Stop these mails").click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert faults(page) == []


def test_by_keyboard_alone_a_kind_is_changed(portal: Portal) -> None:
    reader = verified(make_member(make_user("Kim Keeper")))
    portal.sign_in(reader)
    page = portal.open(PAGE)
    page.get_by_label("Blog posts: Weekly").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Blog posts: In the portal")).to_be_focused()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Saved.")
    expect(page.get_by_label("Blog posts: Never")).to_be_checked()
    expect(page.get_by_label("Blog posts: In the portal")).not_to_be_checked()
