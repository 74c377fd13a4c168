"""Events in a browser: from a programme to a promise; a full webinar; a programme entered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.core import mail
from playwright.sync_api import expect

from events.loading import load_events
from hubs.loading import load_hubs, load_reference
from hubs.models import Membership
from notifications.delivering import deliver_owed
from participation.models import Admission, Question, Registration
from participation.operations import papers
from tests.events.factories import make_event
from tests.factories import PASSWORD, make_hub, make_member, make_user, reference
from tests.journeys.steps import Portal, verified, with_second_step
from tests.journeys.test_accessibility import check_all
from tests.participation.factories import come, make_webinar, open_registration, soon

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

    from accounts.models import User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

JOIN = "https://join.test.example/secret"


def without_scripts(browser: Browser, url: str, user: User | None = None) -> Portal:
    portal = Portal(browser.new_context(java_script_enabled=False).new_page(), url)
    if user is not None:
        portal.sign_in(user)
    return portal


@pytest.mark.slow
def test_a_reader_follows_a_meeting_from_its_programme_to_what_became_of_a_promise(
    browser: Browser, live_server: LiveServer
) -> None:
    load_reference()
    desk = make_user(is_staff=True)
    load_hubs(by=desk)
    load_events(by=desk)
    page = without_scripts(browser, live_server.url).open("/events/")

    # A session, what was said in it, and the paragraph that took it up.
    page.get_by_role("link", name="First High-Level Meeting of the Global Partnership").click()
    page.get_by_role("link", name="1 session on record").click()
    page.locator("main").get_by_role("link", name="Scaling Up Knowledge Sharing").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Scaling Up Knowledge Sharing")
    page.get_by_role("link", name="Paragraph 29").first.click()
    expect(page.locator("#p-29")).to_be_visible()
    assert page.url.endswith("#p-29")

    # A meeting, what it promised, and what shows that it was kept.
    page = without_scripts(browser, live_server.url).open("/events/hlm1-bali/")
    page.get_by_role("link", name="Establish the community of practice").click()
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    expect(page.get_by_role("heading", name="Sources")).to_be_visible()


def test_somebody_waits_for_a_full_webinar_and_gets_the_place_that_is_given_back(
    browser: Browser, live_server: LiveServer
) -> None:
    reference()
    hub = make_hub(name="Hub for water", slug="hub-for-water")
    begins, zone = soon()
    event = make_webinar(begins, zone=zone, hub=hub, name="On deep wells")
    open_registration(event, places=1, join_url=JOIN)
    first, second = verified(make_user(name="Came first")), verified(make_user(name="Came second"))

    # A visitor is led to sign in, and comes back.
    visitor = without_scripts(browser, live_server.url)
    page = visitor.open("/events/webinars/")
    page.get_by_role("link", name="On deep wells").click()
    page.get_by_role("link", name="Register").first.click()
    page.locator("main").get_by_role("link", name="Sign in").click()
    page.locator("input[name=login]").fill(first.email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form .btn").first.click()

    # The first has the place, and a question.
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("link", name="How to join")).to_be_visible()
    page.goto(f"{live_server.url}{event.get_absolute_url()}questions/")
    page.get_by_label("Your question").fill("How deep is deep enough?")
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_text("How deep is deep enough?").first).to_be_visible()
    of_first = page

    # The second stands in line and finds no way in.
    page = without_scripts(browser, live_server.url, second).open(event.get_absolute_url())
    page.get_by_role("link", name="Stand in line").click()
    page.locator("main form .btn").first.click()
    expect(page.get_by_text("waiting list", exact=False).first).to_be_visible()
    page.goto(f"{live_server.url}{event.get_absolute_url()}join/")
    expect(page).to_have_url(re.compile("/registration/$"))
    assert JOIN not in page.content()

    # The place is given back; the second has it at once, and a letter without the link.
    of_first.goto(f"{live_server.url}{event.get_absolute_url()}registration/")
    of_first.locator("#withdraw summary").click()
    of_first.locator("#withdraw button").click()
    expect(of_first.get_by_text("Withdrawn", exact=False).first).to_be_visible()
    page.goto(f"{live_server.url}{event.get_absolute_url()}join/")
    expect(page.locator(f'main a[href="{JOIN}"]')).to_be_visible()
    deliver_owed()
    letters = [message for message in mail.outbox if message.to == [second.email]]
    assert len(letters) == 2
    assert "join.test.example" not in "".join(str(message.body) for message in mail.outbox)
    assert list(Registration.objects.order_by("number").values_list("user__name", "state")) == [
        ("Came first", "withdrawn"),
        ("Came second", "placed"),
    ]


def test_an_editor_enters_a_programme(browser: Browser, live_server: LiveServer) -> None:
    reference()
    hub = make_hub(name="Hub for water", slug="hub-for-water")
    editor = verified(make_member(hub, Membership.Role.EDITOR))
    event = make_event(
        hub=hub, name="Meeting of the wells", starts="2027-05-11", ends="2027-05-12",
        zone="Africa/Lagos", status="confirmed",
    )  # fmt: skip
    page = without_scripts(browser, live_server.url, editor).open(event.get_absolute_url())
    page.get_by_role("link", name="Edit the programme").first.click()

    # A room, and two sessions in it: at one time is refused, one after the other is not.
    page.get_by_role("link", name="Rooms and tracks").click()
    page.get_by_role("button", name=re.compile("Add another.*Room")).click()
    page.get_by_label("Room 1", exact=True).fill("Large hall")
    page.get_by_role("button", name="Save").last.click()
    page.get_by_role("link", name="Programme", exact=True).last.click()

    def add(title: str, begins: str, ends: str) -> None:
        form = page.locator("#add-2027-05-11")
        form.get_by_label("Title").fill(title)
        form.get_by_label("Begins").fill(begins)
        form.get_by_label("Ends").fill(ends)
        form.get_by_label("Kind").select_option("Panel")
        form.get_by_label("Room").select_option("Large hall")
        form.get_by_role("button", name="Add").click()

    add("Who digs", "10:00", "11:00")
    expect(page.locator("#d-2027-05-11").get_by_text("Who digs").first).to_be_visible()
    add("Who drinks", "10:30", "11:30")
    expect(page.locator("#add-2027-05-11").get_by_text("Who digs").first).to_be_visible()
    form = page.locator("#add-2027-05-11")
    assert form.get_by_label("Title").input_value() == "Who drinks"
    form.get_by_label("Begins").fill("11:00")
    form.get_by_label("Ends").fill("12:00")
    form.get_by_role("button", name="Add").click()
    expect(page.locator("#d-2027-05-11").get_by_text("Who drinks").first).to_be_visible()

    # Speakers as a list somebody sent: read, looked over, taken over.
    page.get_by_role("link", name="People", exact=True).click()
    page.get_by_label("People, one on each line").fill(
        "Keeper of the wells; Director; Agency for wells; Brazil\n"
        "Keeper of the pumps; Engineer; Agency for pumps; Indonesia"
    )
    where = page.get_by_label("Where they have a part")
    digs = where.locator("option", has_text="Who digs").get_attribute("value")
    where.select_option(digs)
    page.get_by_role("button", name="Read the list").click()
    page.get_by_role("button", name="Take over").click()

    # What readers see.
    page = without_scripts(browser, live_server.url).open(f"{event.get_absolute_url()}programme/")
    text = page.locator("main").inner_text()
    for said in ("Who digs", "10:00–11:00", "Who drinks", "11:00–12:00", "Large hall"):
        assert said in text
    page.locator("main").get_by_role("link", name="Who digs").click()
    expect(page.get_by_role("link", name="Keeper of the wells")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Agency for pumps")


@pytest.mark.slow
def test_the_pages_of_taking_part_are_open_to_all(portal: Portal) -> None:
    reference()
    hub = make_hub(name="Hub for water", slug="hub-for-water")
    editor = with_second_step(make_member(hub, Membership.Role.EDITOR))
    event = make_webinar(hub=hub, name="On deep wells")
    open_registration(event, places=2, join_url=JOIN, practical="Bring a bucket.")
    papers.add_paper(
        event, by=editor, url="https://files.test.example/slides.pdf", kind="slides",
        title="Slides on wells",
    )  # fmt: skip
    rows = [come(event, listing="public", needs="A ramp") for _n in range(3)]
    Question.objects.create(event=event, text="How deep?", asked_by=rows[0].user)
    come(event, editor)
    here = event.get_absolute_url()

    assert (
        check_all(portal, ["/events/webinars/", here, f"{here}participants/", "/community/"]) == {}
    )

    portal.sign_in(verified(rows[0].user))
    paths = [
        here, f"{here}registration/", f"{here}join/", f"{here}questions/", f"{here}papers/",
        "/events/mine/", "/events/mine/calendar/", "/events/calendar/",
    ]  # fmt: skip
    assert check_all(portal, paths) == {}

    portal.sign_out()
    portal.sign_in(editor)
    paths = [
        "/events/webinars/new/", f"{here}edit/webinar/", f"{here}edit/repeat/", f"{here}edit/",
        f"{here}edit/import/", f"{here}edit/speakers/",
        *(
            f"{here}organise/{name}"
            for name in ("", "admission/", "attendance/", "feedback/", "papers/", "conclusions/",
                         "stories/")
        ),
    ]  # fmt: skip
    assert check_all(portal, paths) == {}
    assert Admission.objects.get(event=event).taken == 2
