"""Writing a record in a browser: the editor, rows, a dropped connection, two at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from catalogue.models import Contributor, PageDraft, Solution
from tests.factories import complete_full, complete_snapshot, make_solution, make_user
from tests.journeys.steps import Portal, follow, verified

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def page_path(solution: Solution, page: str) -> str:
    return f"/work/{solution.uid}/{page}/"


def saved(page: Page) -> None:
    """Wait until the page says that the server has it."""
    page.get_by_text(re.compile(r"Draft saved at \d\d:\d\d")).wait_for()


def go_on(page: Page) -> None:
    follow(page.get_by_role("button", name="Save and continue", exact=True))


def another(browser: Browser, live_server: LiveServer, user) -> Portal:
    """A second window, signed in, of another person or on another device."""
    portal = Portal(browser.new_context().new_page(), live_server.url)
    portal.sign_in(verified(user))
    return portal


def test_a_dropped_connection_is_said_and_mended(portal: Portal) -> None:
    solution = make_solution(verified(make_user()))
    page = portal.sign_in(solution.owner)
    portal.open(page_path(solution, "name"))
    title = page.get_by_label("Title", exact=True)
    page.context.set_offline(True)
    title.fill("Wells tested")
    page.get_by_text("Not saved. The connection dropped.").wait_for()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    page.context.set_offline(False)  # heard by the page, which tries again by itself
    saved(page)
    assert PageDraft.objects.get().data["title"] == ["Wells tested"]


def test_marks_are_set_with_the_keyboard_alone(portal: Portal) -> None:
    solution = make_solution(verified(make_user()))
    page = portal.sign_in(solution.owner)
    portal.open(page_path(solution, "approach"))
    box = page.get_by_role("textbox", name="What is done")
    bar = page.get_by_role("toolbar", name="Marks: What is done")
    strong = bar.get_by_role("button", name="Strong")
    box.focus()
    page.wait_for_function("document.querySelector('.rich-text').isContentEditable")
    page.wait_for_load_state("networkidle")
    page.keyboard.type("They test ")
    page.keyboard.press("Control+b")
    page.keyboard.type("wells")
    page.keyboard.press("Control+b")
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")  # from the text to the bar: one stop
    assert strong.evaluate("node => node === document.activeElement")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "List"
    page.keyboard.press("Enter")
    page.keyboard.type("each month")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.rich') !== null") is True
    page.keyboard.press("Tab")
    saved(page)
    go_on(page)
    solution.refresh_from_db()
    assert solution.approach == (
        "<p>They test <strong>wells</strong></p><ul><li>each month</li></ul>"
    )


def test_what_is_pasted_is_cleaned_and_a_link_is_checked(portal: Portal) -> None:
    solution = make_solution(verified(make_user()))
    page = portal.sign_in(solution.owner)
    portal.open(page_path(solution, "problem"))
    box = page.get_by_role("textbox", name="The problem")
    box.click()
    page.wait_for_load_state("networkidle")
    page.evaluate(
        """html => {
          const data = new DataTransfer();
          data.setData("text/html", html);
          document.activeElement.dispatchEvent(
            new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
        }""",
        '<h1 style="color:red">Head</h1><p onclick="x()">one <img src=x onerror="alert(1)">'
        '<a href="javascript:alert(1)">two</a></p><script>alert(1)</script>',
    )
    assert box.evaluate("node => node.querySelectorAll('img, script, [style], a').length") == 0
    page.keyboard.press("Control+End")
    page.keyboard.press("Shift+Home")
    page.keyboard.press("Control+k")
    address = page.get_by_label("Address of the link")
    address.fill("javascript:alert(1)")
    page.keyboard.press("Enter")
    assert "Enter a whole address" in page.get_by_role("alert").inner_text()
    address.fill("https://example.org/report")
    page.keyboard.press("Enter")
    saved(page)
    go_on(page)
    solution.refresh_from_db()
    assert solution.problem == (
        '<h3>Head</h3><p><a href="https://example.org/report" rel="noopener nofollow ugc">'
        "one two</a></p>"
    )


def test_rows_are_added_moved_and_taken_out_in_place(portal: Portal) -> None:
    solution = complete_full(verified(make_user()))
    page = portal.sign_in(solution.owner)
    portal.open(page_path(solution, "approach"))
    page.get_by_role("button", name="Add another").click()
    page.keyboard.type("Third block")
    third = page.get_by_role("group", name="Building block 3")
    third.get_by_role("button", name="Move up").click()
    page.get_by_role("group", name="Building block 1").get_by_role(
        "button", name="Take out"
    ).click()
    titles = page.get_by_label("Name of the block", exact=True)
    assert [titles.nth(n).input_value() for n in range(titles.count() - 1)] == [
        "Third block",
        "Reporting line",
    ]
    page.get_by_role("button", name="Undo").click()
    saved(page)
    go_on(page)
    assert [block.title for block in solution.blocks.all()] == [
        "Test kit",
        "Third block",
        "Reporting line",
    ]


def test_two_writers_see_each_other_and_nobodys_text_is_lost(
    portal: Portal, browser: Browser, live_server: LiveServer
) -> None:
    solution = complete_snapshot(verified(make_user(name="First writer")))
    second = make_user(name="Second writer")
    Contributor.objects.create(solution=solution, user=second, name="S", role="author")
    mine = portal.sign_in(solution.owner)
    portal.open(page_path(solution, "problem"))
    other = another(browser, live_server, second)
    theirs = other.open(page_path(solution, "problem"))
    assert "First writer is writing here" in theirs.locator("main").inner_text()
    follow(theirs.get_by_role("button", name="Take over"))
    theirs.get_by_role("textbox", name="The problem").fill("Their text.")
    mine.get_by_role("textbox", name="The problem").fill("My text.")
    mine.get_by_text("Second writer took over at").wait_for()
    go_on(theirs)
    go_on(mine)
    assert mine.title().startswith("Two of you changed this")
    main = mine.locator("main")
    assert "Their text." in main.inner_text()
    mine.get_by_role("textbox", name="The problem, yours").fill("Their text. My text.")
    mine.get_by_role("button", name="Save what I chose").click()
    mine.wait_for_url(f"**{page_path(solution, 'approach')}")
    solution.refresh_from_db()
    assert solution.problem == "<p>Their text. My text.</p>"
    other.page.context.close()
    # The refusal of the second save is an answer the browser logs, not a fault.
    portal.complaints = [text for text in portal.complaints if "409" not in text]
