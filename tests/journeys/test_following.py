"""Following a case in a browser: answering and appealing without scripts; and open to all."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import expect

from catalogue.models import Evidence
from tests.factories import make_user
from tests.journeys.steps import Portal, every, verified
from tests.journeys.test_accessibility import check_all, faults
from tests.validation.factories import (
    case_in_decision,
    case_in_review,
    decided,
    labelled,
    make_reviewer,
    moderator,
    opened_case,
    sent,
)
from validation.models import Appeal, Case, Record
from validation.operations import appealing, challenging, clarifying

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

    from accounts.models import User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


def questioned(owner: User) -> Case:
    """The panel asks two questions."""
    case = case_in_review(opened_case(owner, title="Wells tested by volunteers"))
    questions = [("C2", "Compared with what?"), ("C5", "Who pays for it today?")]
    clarifying.ask(case, by=case.chair, questions=questions)
    return fresh(case)


def test_a_team_answers_and_appeals_without_scripts(
    browser: Browser, live_server: LiveServer
) -> None:
    owner = verified(make_user())
    case = questioned(owner)
    portal = Portal(browser.new_context(java_script_enabled=False).new_page(), live_server.url)
    page = portal.sign_in(owner)

    page.get_by_role("link", name=re.compile("Answer the panel")).click()
    page.get_by_label("Compared with what?").fill("With the months before 2014.")
    page.get_by_role("button", name="Save and go on later").click()
    expect(page.get_by_text("Saved. Nothing is sent to the panel yet.")).to_be_visible()
    page.get_by_role("button", name="Send all answers").click()
    expect(
        page.get_by_role("link", name="Answer “Who pays for it today?”, even if it is short.")
    ).to_be_visible()
    assert page.get_by_label("Compared with what?").input_value() == "With the months before 2014."
    page.get_by_role("link", name="Answer “Who pays for it today?”, even if it is short.").click()
    page.get_by_label("Who pays for it today?").fill("The municipalities.")
    page.get_by_role("button", name="Send all answers").click()
    expect(page.get_by_text("Your answers are with the panel.")).to_be_visible()
    expect(page.get_by_role("heading", name="In review")).to_be_visible()

    for seat in case.seats.order_by("pk"):
        sent(seat, 1, 0)
    decided(fresh(case))
    page.reload()
    expect(page.get_by_role("heading", name="Not validated")).to_be_visible()
    page.get_by_role("link", name="Appeal", exact=True).click()
    page.get_by_role("button", name="File the appeal").click()
    expect(page.get_by_role("link", name="Choose the ground of the appeal.")).to_be_visible()
    page.get_by_label("Evidence in the record was overlooked").check()
    page.get_by_label("What went wrong?").fill("E1 shows the year before.")
    page.get_by_role("button", name="File the appeal").click()
    expect(page.get_by_role("heading", name="Your appeal is being heard")).to_be_visible()
    assert Appeal.objects.get().text == "E1 shows the year before."


def renewable(owner: User) -> Record:
    """A label that ends soon, with newer evidence in the record."""
    with time_machine.travel(timezone.now() - dt.timedelta(days=3 * 365 - 20)):
        record = labelled(case=case_in_decision(case=opened_case(owner)))
    Evidence.objects.create(
        solution=record.solution,
        title="Later report",
        kind="report",
        url="https://reports.test.example/later",
        dated_on=timezone.localdate().isoformat(),
        criteria=["C2", "C5"],
        position=1,
    )
    return fresh(record)


@pytest.mark.slow
def test_what_a_team_follows_is_open_to_all(portal: Portal) -> None:
    owner = verified(make_user())
    asked = questioned(owner)
    refused = case_in_decision(1, 1, strength=0, case=opened_case(owner))
    decided(refused)
    record = renewable(owner)
    challenge = challenging.raise_challenge(
        record,
        by=make_user(),
        form_key=uuid.uuid4(),
        text="The figure is that of another place.",
        url="https://other.test.example/a-rather-long-address-without-any-place-to-break-it",
        criterion="C2",
    )
    challenging.ask_owner(challenge, by=moderator(), note="Which place is it?")
    portal.sign_in(owner)

    first, second, third = (
        f"/work/{case.solution.uid}/validation/" for case in (asked, refused, record.case)
    )
    paths = [
        first,
        f"{first}answers/",
        f"{first}take-back/",
        second,
        f"{second}appeal/",
        third,
        f"{third}renew/",
        f"{third}challenges/{challenge.uid}/",
        f"/ar{second}",
    ]
    assert check_all(portal, paths) == {}


@pytest.mark.slow
def test_what_the_three_read_is_open_to_all(portal: Portal) -> None:
    case = case_in_decision(1, 1, strength=0)
    decided(case)
    appeal = appealing.file_appeal(
        fresh(case), by=case.solution.owner, ground="error", text="The year is wrong."
    )
    people = [verified(make_reviewer(country)) for country in ("ID", "CD", "CD")]
    appealing.appoint(appeal, by=moderator(), people=people)
    portal.sign_in(people[0])
    page = portal.open(f"/appeals/{appeal.uid}/")
    for box in every(page.locator("details.more-box")):
        box.locator("summary").click()
    assert check_all(portal, [f"/appeals/{appeal.uid}/"]) == {}
    page.get_by_role("button", name="Give this opinion").click()
    assert faults(page) == []


def test_refused_forms_are_as_open_to_all(portal: Portal) -> None:
    owner = verified(make_user())
    record = renewable(owner)
    portal.sign_in(owner)
    page = portal.open(f"/work/{record.solution.uid}/validation/renew/")
    page.get_by_role("button", name="Confirm and send in").click()
    expect(page.get_by_text("There are 10 things to fix")).to_be_visible()
    assert faults(page) == []
