"""The portal's main job in a browser: a solution is submitted, screened, published, found, read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from catalogue import operations
from catalogue.choices import Publication
from catalogue.models import Solution
from hubs.models import Membership
from tests.factories import complete_snapshot, make_hub, make_member, published, reference
from tests.journeys.steps import Portal, follow, verified, with_second_step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

TITLE = "Wells tested by volunteers"


@pytest.fixture
def hub():
    reference()
    return make_hub(name="Hub for water", acronym="HW")


@pytest.fixture
def author(hub):
    return verified(make_member(hub, name="Author of the record"))


@pytest.fixture
def focal_point(hub):
    return with_second_step(
        make_member(hub, Membership.Role.FOCAL_POINT, name="Focal point of the hub")
    )


def write(page: Page, label: str, text: str) -> None:
    """Into a text area or, with scripts, into the editor that stands for it."""
    page.get_by_role("textbox", name=label).first.wait_for()
    page.wait_for_load_state("load")  # the editor has taken its place by then
    page.get_by_role("textbox", name=label).first.fill(text)


def go_on(page: Page) -> None:
    follow(page.get_by_role("button", name="Save and continue").last)


def begin(page: Page) -> None:
    follow(page.get_by_role("link", name="Submit a solution").first)
    follow(page.get_by_role("button", name="Begin a draft"))


def answer_the_questions(page: Page) -> None:
    """Everything a snapshot needs, page after page, up to the last."""
    page.get_by_label("Title", exact=True).fill(TITLE)
    page.get_by_label("Summary in one sentence").fill(
        "Volunteers test every well each month and publish the results."
    )
    page.get_by_label("Service", exact=False).first.check()
    page.get_by_label("Water and sanitation", exact=True).check()
    go_on(page)
    page.locator("input[name=countries]").first.fill("Brésil")
    page.get_by_label("Started").fill("2015-03")
    page.get_by_label("It is still running").check()
    page.get_by_label("Scaling").check()
    page.get_by_label("Institution that owns it").fill("Institute of Water")
    go_on(page)
    write(page, "The problem", "Half of the wells were never tested.")
    go_on(page)
    write(page, "What is done", "Volunteers take samples with a simple kit.")
    go_on(page)
    write(page, "What changed", "Nine of ten wells are now tested each month.")
    go_on(page)
    go_on(page)  # what a peer needs: not part of the snapshot
    write(page, "What did not work", "Paper forms were lost; a telephone line replaced them.")
    go_on(page)
    page.get_by_label("Title", exact=True).fill("Yearly report")
    page.locator("select[name$=kind]").select_option("report")
    page.get_by_label("Link", exact=True).fill("https://reports.test.example/2021")
    go_on(page)
    page.get_by_label("I have the right to share this").check()
    page.get_by_label("Contact for verification").fill("A contact")
    page.get_by_label("E-mail address of the contact").fill("contact@test.example")
    go_on(page)


def test_submit_screen_publish_find_read(
    portal: Portal, author, focal_point, browser: Browser, live_server: LiveServer
) -> None:
    other = complete_snapshot(hub=make_hub(), title="Wells of a hospital")
    other.sectors.set(["health"])
    published(other)
    page = portal.sign_in(author)
    begin(page)
    answer_the_questions(page)
    page.get_by_role("button", name="Submit for review").click()
    assert "Version 1 is frozen" in page.locator("main").inner_text()

    desk = Portal(browser.new_context().new_page(), live_server.url)
    screen = desk.sign_in(focal_point)
    screen.get_by_role("link", name="Screen", exact=False).first.click()
    for gate in ("G1", "G2", "G3", "G4", "G5"):
        screen.locator(f"input[name='{gate}-answer'][value=yes]").check()
        screen.locator(f"textarea[name='{gate}-reason']").fill("The record shows it.")
    screen.get_by_role("button", name="Pass and publish").click()
    assert "is published as S-0002" in screen.locator(".messagelist").inner_text()
    assert desk.complaints == []

    portal.sign_out()
    page = portal.open("/solutions/")
    page.locator("main").get_by_role("searchbox").fill("voluntee well test")
    page.keyboard.press("Enter")
    page.get_by_label("Water and sanitation").first.check()
    expect(page.locator("#results h2")).to_have_text("1 of 2 solutions")
    page.get_by_role("link", name=TITLE).click()
    assert page.url.endswith("/solutions/S-0002/")
    text = page.locator("main").inner_text()
    assert "Paper forms were lost" in text
    assert "Documented, not validated" in text
    assert "contact@test.example" not in page.content()


def test_a_draft_is_taken_up_again_on_another_device(
    portal: Portal, author, browser: Browser, live_server: LiveServer
) -> None:
    page = portal.sign_in(author)
    begin(page)
    page.get_by_label("Title", exact=True).fill(TITLE)
    with page.expect_response(lambda answer: "autosave" in answer.url) as saved:
        page.get_by_label("Summary in one sentence").fill("Typed and never sent.")
    assert saved.value.ok
    address = page.url
    page.context.close()  # the browser is gone; nothing was submitted

    other = Portal(browser.new_context().new_page(), live_server.url)
    page = other.sign_in(author)
    page.goto(address)

    assert page.get_by_label("Title", exact=True).input_value() == TITLE
    assert page.get_by_label("Summary in one sentence").input_value() == "Typed and never sent."
    assert Solution.objects.get().title == ""


def test_text_survives_a_session_that_ended_while_typing(portal: Portal, author) -> None:
    page = portal.sign_in(author)
    begin(page)
    portal.sign_out()
    page.get_by_label("Title", exact=True).fill(TITLE)
    page.get_by_text("You are signed out. Your text is still in this page").wait_for()

    assert page.get_by_label("Title", exact=True).input_value() == TITLE
    address = page.url
    portal.sign_in(author)
    page.goto(address)
    # This browser kept what never reached the server.
    assert page.get_by_label("Title", exact=True).input_value() == TITLE
    page.get_by_role("button", name="Save and close").last.click()
    assert Solution.objects.get().title == TITLE


@pytest.fixture
def without_scripts(browser: Browser, live_server: LiveServer) -> Iterator[Portal]:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 800})
    yield Portal(context.new_page(), live_server.url)
    context.close()


def test_submission_works_with_scripts_off(without_scripts: Portal, author) -> None:
    page = without_scripts.sign_in(author)
    page.goto(f"{without_scripts.url}/submit/")
    page.get_by_role("button", name="Begin a draft").click()
    answer_the_questions(page)
    page.get_by_role("button", name="Submit for review").click()

    solution = Solution.objects.get()
    assert "Version 1 is frozen" in page.locator("main").inner_text()
    assert solution.submissions.get().version.content["problem"] == (
        "<p>Half of the wells were never tested.</p>"
    )


def test_what_is_missing_is_listed_and_leads_to_its_field(portal: Portal, author) -> None:
    page = portal.sign_in(author)
    begin(page)
    page.get_by_label("Title", exact=True).fill(TITLE)
    go_on(page)
    page.goto(page.url.replace("/place/", "/check/"))

    page.get_by_role("link", name="Add: the problem").click()
    assert page.url.split("#")[0].endswith("/problem/")
    assert Solution.objects.get().publication == Publication.PRIVATE


def test_a_returned_submission_says_at_the_field_what_to_change(
    portal: Portal, author, focal_point, hub
) -> None:
    submission = operations.submit_solution(
        complete_snapshot(author, hub, title=TITLE), by=author, form="snapshot"
    )
    operations.set_remarks(submission, by=focal_point, remarks={"problem": "Say for whom."})
    operations.return_submission(submission, by=focal_point, note="")

    page = portal.sign_in(author)
    page.get_by_role("link", name="See what to change", exact=False).click()
    assert "Say for whom." in page.locator("main").inner_text()
    page.get_by_role("link", name="the problem", exact=False).first.click()
    assert "Say for whom." in page.locator("main").inner_text()
