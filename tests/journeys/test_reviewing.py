"""Reviewing in a browser: from the invitation to the review that is sent, by keyboard."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from catalogue.models import Evidence
from tests.factories import complete_full, make_hub, published, reference
from tests.journeys.steps import Portal, every, verified
from tests.journeys.test_accessibility import check_all, faults
from tests.validation.factories import (
    accepted,
    case_in_review,
    chaired_case,
    invited,
    judged,
    make_reviewer,
    proposed,
    sent,
)
from validation.models import Case, Score, Seat

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def case_of_wells() -> Case:
    """A full record with two items of evidence, one of them restricted."""
    reference()
    solution = complete_full(hub=make_hub(), title="Wells tested by volunteers")
    Evidence.objects.create(
        solution=solution,
        title="Interviews",
        kind="interview",
        url="https://reports.test.example/interviews",
        access="restricted",
        criteria=["C6"],
        position=1,
    )
    published(solution, form="full")
    return Case.objects.get(solution=solution)


def saved(page: Page) -> None:
    page.get_by_text(re.compile(r"Saved at \d\d:\d\d")).last.wait_for()


def test_a_review_from_the_invitation_to_the_end_by_keyboard(portal: Portal) -> None:
    seat = invited(chaired_case(case_of_wells()))
    page = portal.sign_in(verified(seat.user))
    portal.open("/reviews/")
    page.get_by_role("link", name=re.compile("^Answer")).click()
    for question in every(page.locator(".declare").get_by_role("group")):
        question.get_by_label("No").check()
    page.get_by_role("button", name="Accept").click()
    page.get_by_text("You have accepted.").wait_for()

    # Open an item of evidence, and say so without leaving the page.
    page.locator("#check-E1 summary").click()
    check = page.get_by_role("group", name="What did you find at E1?")
    check.get_by_label("Opened").check()
    check.locator("xpath=..").get_by_role("button").click()
    page.locator("#C2 [data-found-of=E1]", has_text="Opened").wait_for()

    # Every criterion by keys alone: J goes on, a digit scores, Tab leads to the reason.
    page.locator("h1").click()
    for n in range(1, 11):
        page.keyboard.press("j")
        page.wait_for_function(f"document.activeElement.closest('[data-criterion]')?.id === 'C{n}'")
        page.keyboard.press("c" if n == 8 else "3")
        page.get_by_label(f"Your reason, in one sentence: C{n}", exact=True).focus()
        page.keyboard.type(f"Just as in E1, by {n}.")  # J, K, C and digits are text in here
        if n != 8:
            page.locator(f"#C{n}-cites-E1").focus()
            page.keyboard.press("Space")
        page.locator(f"#C{n}-h").focus()
    page.get_by_label("E2 External review").check()
    saved(page)
    assert "10 of 10" in page.locator(".track h2").inner_text()

    page.reload()
    assert page.get_by_label("Your reason, in one sentence: C9").input_value() == (
        "Just as in E1, by 9."
    )
    page.get_by_role("button", name="Send the review").click()
    page.get_by_text("Your review is in.").wait_for()

    scores = Score.objects.order_by("pk").values_list("value", "cannot_judge", "cites")
    assert list(scores) == [
        (None, True, []) if n == 8 else (3, False, ["E1"]) for n in range(1, 11)
    ]
    seat.refresh_from_db()
    assert (seat.state, seat.strength) == ("sent", 2)


def test_keys_can_be_turned_off_and_stay_off(portal: Portal) -> None:
    seat = accepted(chaired_case(case_of_wells()))
    page = portal.sign_in(verified(seat.user))
    portal.open(f"/reviews/{seat.uid}/")
    page.get_by_role("button", name="Turn off keys").click()
    page.reload()
    page.locator("#C1-h").focus()
    page.keyboard.press("3")

    expect(page.get_by_role("button", name="Turn on keys")).to_be_visible()
    expect(page.locator("#C1 input:checked")).to_have_count(0)


def test_a_dropped_connection_loses_nothing(portal: Portal) -> None:
    seat = accepted(chaired_case(case_of_wells()))
    page = portal.sign_in(verified(seat.user))
    portal.open(f"/reviews/{seat.uid}/")
    reason = page.get_by_label("Your reason, in one sentence: C1", exact=True)
    page.context.set_offline(True)
    reason.fill("Typed in the train.")
    page.get_by_text("Not saved. The connection dropped.").wait_for()
    page.context.set_offline(False)
    saved(page)

    assert Score.objects.get(criterion="C1").reason == "Typed in the train."


def test_two_windows_never_overwrite_each_other(
    portal: Portal, browser: Browser, live_server: LiveServer
) -> None:
    seat = accepted(chaired_case(case_of_wells()))
    mine = portal.sign_in(verified(seat.user))
    portal.open(f"/reviews/{seat.uid}/")
    other = mine.context.new_page()
    other.goto(f"{portal.url}/reviews/{seat.uid}/")
    label = "Your reason, in one sentence: C1"
    other.get_by_label(label, exact=True).fill("From the other window.")
    saved(other)
    mine.get_by_label(label, exact=True).fill("From this window.")
    mine.get_by_text("C1 was changed in another window too.").wait_for()
    mine.locator(".save-bar").get_by_role("button", name="Save").click()
    mine.get_by_text("Saved in another window:").wait_for()

    assert "From the other window." in mine.locator("#C1").inner_text()
    assert mine.get_by_label(label, exact=True).input_value() == "From this window."
    assert faults(mine) == []
    mine.get_by_role("button", name="keep the saved one").click()
    mine.wait_for_url(f"**/reviews/{seat.uid}/#C1")
    assert mine.get_by_label(label, exact=True).input_value() == "From the other window."
    other.close()
    portal.complaints = [text for text in portal.complaints if "409" not in text]


def test_without_scripts_each_criterion_has_its_own_button(
    browser: Browser, live_server: LiveServer
) -> None:
    seat = invited(chaired_case(case_of_wells()))
    context = browser.new_context(java_script_enabled=False)
    portal = Portal(context.new_page(), live_server.url)
    page = portal.sign_in(verified(seat.user))
    portal.open(f"/reviews/{seat.uid}/")
    for question in every(page.locator(".declare").get_by_role("group")):
        question.get_by_label("No").check()
    page.get_by_role("button", name="Accept").click()
    for code in seat.case.scope:
        part = page.locator(f"#{code}")
        part.locator("input[value='3']").check()
        part.get_by_label(f"Your reason, in one sentence: {code}", exact=True).fill("Seen.")
        part.locator(f"#{code}-cites-E1").check()
        part.get_by_role("button", name=f"Save {code}", exact=True).click()
        page.wait_for_url(f"**/reviews/{seat.uid}/#{code}")
    page.get_by_role("button", name="Send the review").click()
    missing = page.get_by_role("link", name="Say how strong the evidence for results is.")
    missing.wait_for()
    page.get_by_label("E2 External review").check()
    page.get_by_role("button", name="Send the review").click()
    page.get_by_text("Your review is in.").wait_for()

    assert Seat.objects.get().state == "sent"
    context.close()


@pytest.mark.slow
def test_no_page_of_a_reviewer_breaks_a_rule_a_machine_can_check(portal: Portal) -> None:
    reference()
    me = verified(make_reviewer("ID"))
    asked = invited(chaired_case(case_of_wells()), me)
    writing = judged(accepted(chaired_case(), me), {"C1": 3, "C2": 1, "C3": None})
    case = chaired_case()
    done, second = accepted(case, me), accepted(case, country="CD")
    sent(done), sent(second)
    proposed(Case.objects.get(pk=case.pk))
    portal.sign_in(me)

    paths = ["/reviews/", "/ar/reviews/"]
    paths += [f"/reviews/{asked.uid}/{verb}" for verb in ("", "decline/", "date/")]
    paths += [f"/reviews/{writing.uid}/", f"/ar/reviews/{writing.uid}/"]
    paths += [f"/reviews/{done.uid}/{verb}" for verb in ("", "decision/", "recuse/")]
    assert check_all(portal, paths) == {}


@pytest.mark.parametrize("width", [320, 1280])
def test_a_refused_review_is_as_open_to_all_as_a_fresh_one(portal: Portal, width: int) -> None:
    reference()
    case = case_in_review()
    seat = case.seats.select_related("user").first()
    page = portal.sign_in(verified(seat.user))
    page.set_viewport_size({"width": width, "height": 900})
    portal.open(f"/reviews/{seat.uid}/")
    page.get_by_role("button", name="Send the review").click()
    page.get_by_role("alert").wait_for()

    assert faults(page) == []
