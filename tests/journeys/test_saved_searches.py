"""Saved searches in a browser: kept on the way through signing in, told, and open to all."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from core.models import SearchDocument
from notifications import noticing, searching
from notifications.models import SavedSearch
from notifications.searchable import parsed
from tests.catalogue import shown
from tests.factories import PASSWORD, make_user, reference
from tests.journeys.steps import Portal, every, verified
from tests.journeys.test_community import check_pages
from tests.journeys.test_events import without_scripts

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

    from accounts.models import User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

DAY = dt.timedelta(days=1)


def days_later(new: str) -> None:
    """What was saved just now was so three days ago; what was published before that is older, and
    what has this title newer. And the sweep comes by."""
    now = timezone.now()
    SavedSearch.objects.update(told_until=now - 3 * DAY)
    SearchDocument.objects.update(published_at=now - 4 * DAY)
    SearchDocument.objects.filter(title__startswith=new).update(published_at=now - 2 * DAY)
    searching.tell_new()
    noticing.tell_owed()


def test_a_visitor_saves_a_search_and_finds_what_is_new_for_it(
    browser: Browser, live_server: LiveServer
) -> None:
    reference()
    shown.public("Wells tested by volunteers", sectors=["water"])
    person = verified(make_user("Nomsa Dube"))

    # A visitor presses the button, has to sign in, and comes back with the same search.
    page = without_scripts(browser, live_server.url).open("/solutions/?sector=water&q=wells")
    page.get_by_role("link", name="Save this search").click()
    page.get_by_label("E-mail address").fill(person.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main form .btn").first.click()
    expect(page.get_by_role("heading", level=1, name="Save this search")).to_be_visible()
    expect(page.locator("main").get_by_text("Water and sanitation")).to_be_visible()
    page.get_by_label("Name").fill("Our wells")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="Our wells")).to_be_visible()

    shown.public("Wells paid by the bucket", sectors=["water"])
    days_later("Wells paid")

    # It stands among the notifications, which lead to the list, and with the search itself.
    page.goto(f"{live_server.url}/notifications/")
    page.get_by_role("link", name="1 new solution for “Our wells”").click()
    expect(page).to_have_url(re.compile(r"/solutions/\?q=wells&sector=water&sort=newest$"))
    page.goto(f"{live_server.url}/following/")
    page.locator("main").get_by_role("link", name="Saved searches").click()
    expect(page.locator("main").get_by_text("1 new")).to_be_visible()
    page.get_by_role("link", name="Our wells", exact=True).click()
    expect(page.get_by_role("link", name="Wells paid by the bucket")).to_be_visible()
    page.get_by_role("button", name="I have seen this").click()
    expect(page.get_by_text("Nothing new so far.")).to_be_visible()

    page.get_by_label("Name").fill("All our wells")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1, name="All our wells")).to_be_visible()
    page.get_by_role("button", name="Mute").click()
    expect(page.get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("You have saved no search.")).to_be_visible()


def test_the_button_follows_the_filters(portal: Portal) -> None:
    """With scripts the list changes under the reader's hands, and the button with it."""
    reference()
    shown.public("Wells", sectors=["water"])
    shown.public("Milk", sectors=["health"])
    page = portal.open("/solutions/")
    expect(page.get_by_role("link", name="Save this search")).to_have_count(0)
    page.get_by_role("checkbox", name=re.compile("Health")).first.check()
    link = page.get_by_role("link", name="Save this search")
    expect(link).to_have_attribute("href", "/following/searches/new/solution/?sector=health")


def saved(person: User) -> list[SavedSearch]:
    """One with news, one muted, one that names a filter there is no more."""
    asked = ("q=wells&sector=water", "sector=health&country=BR&country=ID", "q=milk")
    rows = [searching.save(by=person, kind="solution", data=parsed(each))[0] for each in asked]
    searching.mute(rows[1], by=person, muted=True)
    SavedSearch.objects.filter(pk=rows[2].pk).update(parameters="q=milk&sector=gone")
    return rows


@pytest.mark.slow
def test_the_pages_are_open_to_all(portal: Portal) -> None:
    reference()
    person = verified(make_user("Nomsa Dube"))
    rows = saved(person)
    for n in range(3):
        shown.public(f"Wells tested by volunteers {n}", sectors=["water"])
    days_later("Wells")
    portal.sign_in(person)

    paths = [
        "/following/searches/",
        *(f"/following/searches/{row.pk}/" for row in rows),
        "/following/searches/new/solution/?q=wells&sector=water",
        "/following/searches/new/solution/",
        "/solutions/?q=wells&sector=water",
        "/ar/following/searches/",
        f"/ar/following/searches/{rows[0].pk}/",
    ]
    check_pages(portal, paths)

    page = portal.open(f"/following/searches/{rows[0].pk}/")
    page.get_by_label("Name").fill("")
    page.get_by_role("button", name="Rename").click()
    assert every(page.get_by_text("Enter a name."))
