"""The whole life of one solution, in the browsers of everybody who has a part in it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from catalogue.models import Evidence, Solution
from hubs.models import Membership
from tests.factories import complete_full, make_hub, make_member, make_user, reference
from tests.journeys.steps import Portal, every, verified, with_second_step
from tests.validation.factories import CODES, make_reviewer, moderator
from validation.models import Case, Challenge, Record, Seat
from validation.operations.timekeeping import keep_time

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

    from accounts.models import User

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TITLE = "Wells tested by volunteers"


class Cast:
    """Everybody's own browser window, without scripts: what works so, works."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser = browser
        self.url = url

    def window(self, user: User | None = None) -> Portal:
        context = self.browser.new_context(java_script_enabled=False)
        portal = Portal(context.new_page(), self.url)
        if user is not None:
            portal.sign_in(user)
        return portal


def screen(cast: Cast, focal_point: User) -> None:
    page = cast.window(focal_point).page
    page.get_by_role("link", name="Screen", exact=False).first.click()
    for gate in ("G1", "G2", "G3", "G4", "G5"):
        page.locator(f"input[name='{gate}-answer'][value=yes]").check()
        page.locator(f"textarea[name='{gate}-reason']").fill("The record shows it.")
    page.get_by_role("button", name="Pass and publish").click()
    assert "is published as" in page.locator(".messagelist").inner_text()


def declare_none(page: Page) -> None:
    for no in every(page.locator("main input[type=radio][value=no]")):
        no.check()


def take_chair(cast: Cast, chair: User) -> Portal:
    portal = cast.window(chair)
    page = portal.open("/desk/validation/case/vacant/")
    page.locator("main").get_by_role("link", name=TITLE).first.click()
    declare_none(page)
    page.get_by_role("button", name="Take the chair").click()
    return portal


def ask(portal: Portal, case: Case, *people: User) -> None:
    for person in people:
        page = portal.open(f"/desk/validation/case/{case.pk}/change/")
        page.get_by_role("button", name=f"Invite {person}").click()


def review(cast: Cast, person: User, scores: dict[str, int], *, strength: str) -> None:
    """From the invitation on the dashboard to the review that is sent."""
    page = cast.window(person).open("/reviews/")
    page.locator("main").get_by_role("link", name="Answer").first.click()
    declare_none(page)
    page.get_by_role("button", name="Accept").click()
    for code, score in scores.items():
        page.locator(f"input[name='{code}-value'][value='{score}']").check()
        page.locator(f"textarea[name='{code}-reason']").fill(f"As E1 shows for {code}.")
        if score >= 2:
            page.locator(f"#{code}-cites-E1").check()
    page.get_by_label(strength).check()
    page.get_by_role("button", name="Send the review").click()
    page.get_by_text("Your review is in.").wait_for()


def send_again(cast: Cast, seat: Seat) -> None:
    """After the answers of the team: looked at, and sent as it was."""
    page = cast.window(seat.user).open(f"/reviews/{seat.uid}/")
    page.get_by_role("button", name="Send the review").click()
    page.get_by_text("Your review is in.").wait_for()


def propose(portal: Portal, case: Case) -> None:
    page = portal.open(f"/desk/validation/case/{case.pk}/change/")
    for code in case.scope:
        page.get_by_label(f"Public reason for {code}", exact=True).fill(f"Readers see {code}.")
    page.get_by_label("Letter to the team").fill("What was decided, and why.")
    page.get_by_role("button", name="Lay before the panel").click()
    page.get_by_text("The proposal is with the panel").wait_for()


def confirm(cast: Cast, seat: Seat) -> None:
    page = cast.window(seat.user).open(f"/reviews/{seat.uid}/decision/")
    page.get_by_role("button", name="Confirm the decision").click()


def decide_challenge(desk: Portal, challenge: Challenge, verb: str, note: str) -> None:
    page = desk.open(f"/desk/validation/challenge/{challenge.pk}/change/")
    box = page.locator(f"details:has(button[value={verb}])")
    box.locator("summary").click()
    box.locator("textarea").fill(note)
    box.locator(f"button[value={verb}]").click()


def mark_of(cast: Cast, solution: Solution) -> str:
    """What a visitor reads as the mark of the solution."""
    page = cast.window().open(f"/solutions/{solution.reference}/")
    return page.locator("main .level").first.inner_text().strip()


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


def test_one_solution_from_submission_to_re_validation(
    browser: Browser, live_server: LiveServer, tmp_path: Path
) -> None:
    reference()
    cast = Cast(browser, live_server.url)
    hub = make_hub(name="Hub for water")
    owner = verified(make_member(hub, name="Owner of the record"))
    focal_point = with_second_step(
        make_member(hub, Membership.Role.FOCAL_POINT, name="Focal point of the hub")
    )
    chair = with_second_step(make_reviewer("CI", may_chair=True, name="Chair of the case"))
    first, second = (
        verified(make_reviewer("ID", name="First asked")),
        verified(make_reviewer("CD", name="Second asked")),
    )
    solution = complete_full(owner, hub, title=TITLE, form="full")

    # Submitted and screened.
    page = cast.window(owner).open(f"/work/{solution.uid}/check/")
    page.get_by_role("button", name="Submit for review").click()
    screen(cast, focal_point)
    case = Case.objects.get(solution=solution)
    solution = fresh(solution)
    assert mark_of(cast, solution) == "In review"

    # Two reviews that differ bring a third reviewer by themselves.
    desk = take_chair(cast, chair)
    ask(desk, case, first, second)
    third = verified(make_reviewer("CG", name="Third asked"))
    review(cast, first, dict.fromkeys(CODES, 3), strength="E2 External review")
    review(cast, second, {**dict.fromkeys(CODES, 3), "C1": 1}, strength="E2 External review")
    assert fresh(case).state == "review"
    review(cast, third, dict.fromkeys(CODES, 3), strength="E3 Comparison study")
    case = fresh(case)
    assert case.state == "decision"

    # A question to the team, its answer, and every review looked at again.
    page = desk.open(f"/desk/validation/case/{case.pk}/change/")
    box = page.locator("details:has(button[value=ask])")
    box.locator("summary").first.click()
    box.locator("textarea").nth(1).fill("Compared with what?")
    box.locator("button[value=ask]").click()
    assert mark_of(cast, solution) == "In review"
    page = cast.window(owner).open("/dashboard/")
    page.get_by_role("link", name="Answer the panel", exact=False).first.click()
    page.get_by_label("Compared with what?").fill("With the months before 2014.")
    page.get_by_role("button", name="Send all answers").click()
    for seat in Seat.objects.filter(case=case).select_related("user"):
        send_again(cast, seat)

    # Decided by two people; label and record appear together.
    propose(desk, case)
    confirm(cast, Seat.objects.select_related("user").get(case=case, user=first))
    record = Record.objects.get()
    assert (record.label, record.document["score"]) == ("validated", "75")
    assert mark_of(cast, solution) == "Validated"

    # Verified without asking the portal.
    answer = cast.window().page.request.get(f"{live_server.url}/records/V-0001/bundle.json")
    bundle = tmp_path / "bundle.json"
    bundle.write_bytes(answer.body())
    call_command("verify_record", str(bundle))

    # Challenged, suspended, restored.
    member = verified(make_user(name="A member with a doubt"))
    page = cast.window(member).open(f"/records/{record.reference}/challenge/")
    page.get_by_label("What is wrong?").fill("The figure is that of the whole region.")
    page.get_by_label("A link that shows it").fill("https://other.test.example/report")
    page.get_by_role("button", name="Send the challenge").click()
    page.get_by_role("heading", name="What happens next").wait_for()
    challenge = Challenge.objects.get()
    # One window: a code of the second step counts once.
    judge = cast.window(with_second_step(moderator(name="Moderator without a part")))
    decide_challenge(judge, challenge, "suspend_label", "It is being examined.")
    assert mark_of(cast, solution) == "Validation suspended"
    page = cast.window().open(f"/records/{record.reference}/")
    expect(page.get_by_text("It is being examined.").first).to_be_visible()
    decide_challenge(judge, challenge, "restore_label", "The figure is theirs.")
    assert mark_of(cast, solution) == "Validated"

    # Years later nobody has confirmed it: it expires, and comes back by the short path.
    later = timezone.now() + dt.timedelta(days=3 * 365 + 10)
    with time_machine.travel(later):
        keep_time()
        assert mark_of(cast, solution) == "Validation expired"
        Evidence.objects.create(
            solution=solution,
            title="Later report",
            kind="report",
            url="https://reports.test.example/later",
            dated_on=later.date().isoformat(),
            criteria=["C2", "C5"],
            position=1,
        )
        page = cast.window(owner).open(f"/work/{solution.uid}/validation/renew/")
        for code in CODES:
            page.locator(f"input[name='status-{code}'][value=unchanged]").check()
        for code in ("C2", "C5"):
            page.locator(f"input[name='evidence-{code}'][value=E2]").check()
        page.get_by_role("button", name="Confirm and send in").click()
        screen(cast, focal_point)
        again = Case.objects.open().get(solution=solution)
        assert (again.kind, again.scope) == ("renewal", ["C2", "C5"])
        desk = take_chair(cast, chair)
        ask(desk, again, first, second)
        for person in (first, second):
            review(cast, person, {"C2": 4, "C5": 3}, strength="E3 Comparison study")
        propose(desk, fresh(again))
        confirm(cast, Seat.objects.select_related("user").get(case=again, user=second))
        assert mark_of(cast, solution) == "Validated"

    assert list(Record.objects.order_by("number").values_list("number", "state")) == [
        (1, "superseded"),
        (2, "in_force"),
    ]
