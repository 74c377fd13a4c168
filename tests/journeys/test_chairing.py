"""The chair's way through one case in the browser, and the desk's pages under axe."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from tests.factories import make_user, reference
from tests.journeys.steps import Portal, with_second_step
from tests.journeys.test_accessibility import check_all, faults
from tests.validation.factories import (
    CODES,
    case_in_decision,
    case_in_review,
    chaired_case,
    invited,
    labelled,
    make_reviewer,
    moderator,
    opened_case,
    proposed,
    sent,
)
from validation.choices import Part
from validation.models import Case, CasePart, Score
from validation.operations import appealing, challenging, clarifying, opening

if TYPE_CHECKING:
    from accounts.models import User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

BOARD = "/desk/validation/case/"
APART = {**dict.fromkeys(CODES, 3), "C2": 4, "C7": 2, "C8": None}


def address(case: Case) -> str:
    return f"{BOARD}{case.pk}/change/"


def given_to(case: Case, chair: User) -> Case:
    """Everything is chaired by one person, so that one window reads it all."""
    CasePart.objects.filter(case=case, part=Part.CHAIR).update(user=chair)
    Case.objects.filter(pk=case.pk).update(chair=chair)
    return Case.objects.get(pk=case.pk)


def cases_of(chair: User) -> list[Case]:
    """One case in each state a chair meets."""
    asked = chaired_case(opened_case(title="Panel being built"))
    invited(asked)
    make_reviewer("CG", name="May be asked")
    make_reviewer("CG", name="Barred", organisation=asked.solution.owner_institution)
    in_review = case_in_review(opened_case(title="In review"))
    third = given_to(case_in_review(opened_case(title="A third is needed")), chair)
    first, second = third.seats.order_by("pk")
    sent(first, 3)
    sent(second, {**dict.fromkeys(CODES, 3), "C1": 1})
    clarifying_one = case_in_decision(case=opened_case(title="In clarification"))
    clarifying.ask(clarifying_one, by=clarifying_one.chair, questions=[("C2", "Which year?")])
    in_decision = case_in_decision(3, APART, case=opened_case(title="Awaiting decision"))
    seat = in_decision.seats.order_by("pk")[0]
    Score.objects.filter(seat=seat, criterion="C2").update(question="Compared with what?")
    before_panel = case_in_decision(case=opened_case(title="Proposed"))
    proposed(before_panel)
    decided = labelled(case=case_in_decision(case=opened_case(title="Decided"))).case
    found = (asked, in_review, third, clarifying_one, in_decision, before_panel, decided)
    return [given_to(case, chair) for case in found]


@pytest.mark.slow
def test_what_a_chair_reads(portal: Portal) -> None:
    reference()
    chair = with_second_step(make_reviewer("CI", may_chair=True, name="Chair of the cases"))
    cases = cases_of(chair)
    vacant = opened_case(title="Looks for a chair")
    undeclared = opened_case(title="Not declared yet")
    opening.appoint_chair(undeclared, by=moderator(), chair=chair)
    portal.sign_in(chair)

    paths = [
        "/desk/",
        BOARD,
        f"{BOARD}vacant/",
        f"{BOARD}vacant/{vacant.pk}/",
        f"{BOARD}agreement/",
    ]
    paths += [address(case) for case in (*cases, undeclared)]
    assert check_all(portal, paths) == {}


@pytest.mark.slow
def test_what_a_moderator_reads(portal: Portal) -> None:
    reference()
    person = with_second_step(moderator(name="Moderator"))
    empty = opened_case(title="Without a chair")
    make_reviewer("CI", may_chair=True, name="May chair")
    in_review = case_in_review(opened_case(title="In review"))
    record = labelled(case=case_in_decision(3, APART, case=opened_case(title="Decided")))
    appeal = appealing.file_appeal(
        record.case, by=record.solution.owner, ground="error", text="The year is wrong."
    )
    challenge = challenging.raise_challenge(
        record,
        by=make_user(),
        form_key=uuid.uuid4(),
        text="Elsewhere.",
        url="https://x.test.example/",
    )
    portal.sign_in(person)

    paths = [
        "/desk/",
        BOARD,
        f"{BOARD}?state=all",
        f"{BOARD}agreement/",
        *(address(case) for case in (empty, in_review, record.case)),
        f"{BOARD}{record.case_id}/history/",
        "/desk/validation/reviewer/",
        "/desk/validation/reviewer/add/",
        "/desk/validation/record/",
        f"/desk/validation/record/{record.pk}/change/",
        "/desk/validation/appeal/",
        f"/desk/validation/appeal/{appeal.pk}/change/",
        "/desk/validation/challenge/",
        f"/desk/validation/challenge/{challenge.pk}/change/",
    ]
    assert check_all(portal, paths) == {}


def test_a_chair_decides_in_the_browser(portal: Portal) -> None:
    """Refused once, computed once, laid before the panel: nothing typed is lost on the way."""
    reference()
    case = case_in_decision(3, APART)
    portal.sign_in(with_second_step(case.chair))
    page = portal.open(address(case))
    for code in CODES[1:]:
        page.get_by_label(f"Public reason for {code}", exact=True).fill(f"Readers see {code}.")
    page.get_by_label("Changed score for C2").fill("3")
    page.get_by_label("Letter to the team").fill("What was decided, and why.")
    page.get_by_role("button", name="Lay before the panel").click()

    told = page.get_by_role("alert")
    assert "Give the reason that readers will see" in told.inner_text()
    assert "A changed score needs a written reason." in told.inner_text()
    assert faults(page) == []
    page.get_by_label("Why C2 is changed").fill("One place only.")
    page.get_by_label("Public reason for C1", exact=True).fill("Readers see C1.")
    page.get_by_role("button", name="Compute").click()
    assert "of 100" in page.locator("#computed").inner_text()
    assert not case.decisions.exists()
    assert faults(page) == []
    page.get_by_role("button", name="Lay before the panel").click()

    page.get_by_text("The proposal is with the panel").wait_for()
    decision = case.decisions.get()
    assert decision.scores["C2"]["value"] == "3"
    assert decision.scores["C2"]["why_changed"] == "One place only."
    assert decision.letter == "What was decided, and why."
