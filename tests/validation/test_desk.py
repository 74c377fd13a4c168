"""The chairs' and moderators' desk: who sees a case there, and what they do with it."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from accounts.models import Profile, User
from catalogue.models import StoredFile
from core.models import AuditEntry
from hubs.models import Membership
from tests.desk import desk_client
from tests.factories import make_member, make_user, reference
from tests.validation.factories import (
    accepted,
    case_in_decision,
    case_in_review,
    chaired_case,
    invited,
    judged,
    labelled,
    make_reviewer,
    moderator,
    opened_case,
    proposed,
    sent,
)
from validation import choices as c
from validation.models import Appeal, Case, Challenge, Record, Reviewer, Score
from validation.operations import appealing, challenging, clarifying, deciding, opening, panel

pytestmark = pytest.mark.django_db

BOARD = "/desk/validation/case/"
NO = {f"take-{code}": "no" for code in c.Conflict.values}


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


def change(obj: Any) -> str:
    return f"/desk/validation/{obj._meta.model_name}/{obj.pk}/change/"


def text(client: Client, path: str, status: int = 200) -> str:
    response = client.get(path)
    assert response.status_code == status, (path, response.status_code)
    return response.content.decode()


def post(client: Client, path: str, data: dict[str, Any], *, refused: bool = False) -> str:
    """Send a form: what the page says afterwards. A refusal stays on the page."""
    response = client.post(path, data)
    assert response.status_code == (200 if refused else 302), response.content.decode()[:2000]
    return response.content.decode() if refused else text(client, response["Location"])


def verbs(obj: Any) -> list[str]:
    return [entry.verb for entry in AuditEntry.of(obj)]


@pytest.fixture(autouse=True)
def ground() -> None:
    reference()


@pytest.fixture
def desk() -> Client:
    return desk_client(moderator())


def chair_of(case: Case) -> Client:
    assert case.chair is not None
    return desk_client(case.chair)


# --- Who sees what -----------------------------------------------------------------------


def outsiders(case: Case) -> dict[str, User]:
    """Everybody who has, or could be thought to have, something to do with a case, and is not
    to see its panel."""
    seats = list(case.seats.select_related("user").order_by("pk"))
    staff_reviewer = seats[0].user
    User.objects.filter(pk=staff_reviewer.pk).update(is_staff=True)
    owner = case.solution.owner
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    return {
        "owner who is a moderator": fresh(owner),
        "reviewer who is a moderator": fresh(staff_reviewer),
        "focal point of the hub": make_member(case.solution.hub, Membership.Role.FOCAL_POINT),
        "editor of the hub": make_member(case.solution.hub, Membership.Role.EDITOR),
        "another chair": make_reviewer("CG", may_chair=True),
    }


def test_a_case_is_not_there_for_those_it_is_hidden_from() -> None:
    case = case_in_review()

    for who, user in outsiders(case).items():
        client = desk_client(user)
        for path in (change(case), f"{BOARD}{case.pk}/history/"):
            assert client.get(path).status_code == 404, who
            assert client.post(path, {"do": "close", "close-note": "x"}).status_code == 404, who
        listed = client.get(BOARD)
        assert listed.status_code in {200, 404}, who
        assert case.solution.title not in listed.content.decode(), who
    assert fresh(case).state == "review"


def test_a_reviewer_and_a_member_come_to_no_desk_at_all() -> None:
    case = case_in_review()
    seat = case.seats.select_related("user").first()
    assert seat is not None

    for user in (seat.user, make_user(), case.solution.owner):
        client = Client()
        client.force_login(user)
        for path in (BOARD, change(case), "/desk/validation/reviewer/"):
            assert client.get(path).status_code in {302, 404}


def test_models_of_the_desk_are_absent_for_focal_points_and_editors() -> None:
    case = opened_case()
    client = desk_client(make_member(case.solution.hub, Membership.Role.FOCAL_POINT))
    index = text(client, "/desk/")

    assert "/desk/validation/" not in index
    assert "/desk/catalogue/submission/" in index
    for model in ("case", "reviewer", "record", "appeal", "challenge"):
        assert client.get(f"/desk/validation/{model}/").status_code == 404
    assert client.get(f"{BOARD}agreement/").status_code == 404
    assert client.get(f"{BOARD}vacant/").status_code == 404


def test_a_chair_finds_cases_records_and_challenges_and_no_more() -> None:
    client = desk_client(make_reviewer("CI", may_chair=True))
    index = text(client, "/desk/")
    found = [
        model
        for model in ("case", "reviewer", "record", "appeal", "challenge")
        if f"/desk/validation/{model}/" in index
    ]

    assert found == ["case", "record", "challenge"]
    assert client.get("/desk/validation/reviewer/").status_code == 404
    assert client.get("/desk/validation/appeal/").status_code == 404


def test_nothing_is_added_or_deleted_at_the_desk(desk: Client) -> None:
    case = case_in_review()

    for path in (
        f"{BOARD}add/",
        f"{BOARD}{case.pk}/delete/",
        "/desk/validation/record/add/",
        "/desk/validation/appeal/add/",
        "/desk/validation/challenge/add/",
    ):
        assert desk.get(path).status_code in {403, 404}, path


# --- The board ---------------------------------------------------------------------------


def test_the_board_says_what_each_case_waits_for(desk: Client) -> None:
    case = case_in_review()
    first, second = case.seats.order_by("pk")
    sent(first, 3)
    sent(second, {**dict.fromkeys(case.scope, 3), "C1": 1})
    page = text(desk, BOARD)

    for said in (
        case.version.content["title"],
        "2 of 2 in",
        "Third needed: C1 differs by two or more; The reviews lead to different labels",
        "in 20 days",
        "0 days",
    ):
        assert said in page


def test_the_board_is_ordered_by_what_is_due_first(desk: Client) -> None:
    later = opened_case(title="Due later")
    sooner = opened_case(title="Due sooner")
    Case.objects.filter(pk=later.pk).update(due_at=timezone.now() + dt.timedelta(days=9))
    Case.objects.filter(pk=sooner.pk).update(due_at=timezone.now() - dt.timedelta(days=2))
    page = text(desk, BOARD)

    assert page.index("Due sooner") < page.index("Due later")
    assert "2 days late" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["empty", "mine"]),
        ("state=assignment", ["empty", "mine"]),
        ("state=review", []),
        ("chair=none", ["empty"]),
        ("chair=mine", ["mine"]),
        ("due=late", ["mine"]),
        ("due=week", ["empty"]),
        ("kind__exact=renewal", []),
        ("q=empty", ["empty"]),
        ("state=closed", ["closed"]),
        ("state=all", ["closed", "empty", "mine"]),
        ("hub=x", []),
    ],
)
def test_the_board_narrows(query: str, found: list[str]) -> None:
    person = moderator()
    opened_case(title="Case empty")
    mine = opened_case(title="Case mine")
    opening.appoint_chair(mine, by=moderator(), chair=person)
    Case.objects.filter(pk=mine.pk).update(due_at=timezone.now() - dt.timedelta(days=1))
    closed = opened_case(title="Case closed")
    opening.close_case(closed, by=moderator(), note="Not for us.")
    page = text(desk_client(person), f"{BOARD}?{query}")

    assert [name for name in ("closed", "empty", "mine") if f"Case {name}" in page] == found


def test_the_hub_filter_names_hubs_in_scope_alone(desk: Client) -> None:
    case = opened_case(title="Case of a hub")
    opened_case(title="Case of another hub")
    page = text(desk, f"{BOARD}?hub={case.solution.hub_id}")

    assert "Case of a hub" in page
    assert "Case of another hub" not in page


def test_the_summary_counts_what_is_open_per_state(desk: Client) -> None:
    with time_machine.travel(timezone.now() - dt.timedelta(days=11)):
        opened_case()
    opened_case()
    from validation.admin.board import Board

    found = [
        (row["state"], row["number"], row["late"], row["days"])
        for row in Board.summary(moderator())
    ]
    assert found == [
        ("assignment", 2, 1, 11),
        ("review", 0, 0, None),
        ("clarification", 0, 0, None),
        ("decision", 0, 0, None),
    ]


@pytest.mark.parametrize("number", [1, 12])
def test_the_board_makes_as_many_queries_for_many_cases_as_for_one(
    desk: Client, number: int, django_assert_num_queries: Any
) -> None:
    case = case_in_review()
    for _n in range(number - 1):
        opened_case(hub=case.solution.hub)
    desk.get(BOARD)

    # Session, person, second step; summary, on the list or not, hubs of the filter; count, cases,
    # seats; two that ask for rights the rules do not know.
    with django_assert_num_queries(11):
        assert desk.get(BOARD).status_code == 200


@pytest.mark.parametrize("number", [1, 8])
def test_a_case_makes_as_many_queries_for_many_reviewers_as_for_one(
    number: int, django_assert_num_queries: Any
) -> None:
    case = chaired_case()
    invited(case)
    for _n in range(number):
        make_reviewer("CG")
    client = chair_of(case)
    client.get(change(case))

    # One of them reads the names of the hub, its host and its parent from its statements.
    with django_assert_num_queries(29):
        assert client.get(change(case)).status_code == 200


# --- The chair ---------------------------------------------------------------------------


def test_a_moderator_takes_the_chair_with_a_declaration(desk: Client) -> None:
    case = opened_case()
    page = post(desk, change(case), {"do": "take", **NO})

    assert "You have the chair." in page
    assert fresh(case).chair is not None
    assert verbs(case)[:2] == ["appoint", "declare"]


def test_a_declaration_with_a_gap_is_refused_at_its_question(desk: Client) -> None:
    case = opened_case()
    data = {"do": "take", **NO}
    del data["take-gain"]
    page = post(desk, change(case), data, refused=True)

    assert 'href="#id_take-gain_0"' in page
    assert page.count("Answer yes or no.") == 2  # at the top, and at the question
    assert 'name="take-family" value="no" id="id_take-family_1" checked' in page.replace(
        'value="no" required', 'value="no"'
    )
    assert fresh(case).chair is None


def test_who_declares_a_conflict_does_not_get_the_chair(desk: Client) -> None:
    case = opened_case()
    page = post(desk, change(case), {"do": "take", **NO, "take-family": "yes"}, refused=True)

    assert "With a conflict of interest you cannot chair this case." in page
    assert fresh(case).chair is None


def test_a_moderator_appoints_somebody_and_sees_who_is_barred(desk: Client) -> None:
    case = opened_case()
    free = make_reviewer("CI", may_chair=True, name="Free chair")
    barred = make_reviewer(
        "CI", may_chair=True, name="Barred chair", organisation=case.solution.owner_institution
    )
    make_reviewer("CI", name="Only a reviewer")
    page = text(desk, change(case))

    assert "Free chair" in page
    assert "Barred chair: Works for an institution named in the record." in page
    assert "Only a reviewer" not in page
    post(desk, change(case), {"do": "appoint", "appoint-person": barred.pk}, refused=True)
    assert fresh(case).chair is None
    post(desk, change(case), {"do": "appoint", "appoint-person": free.pk})
    assert fresh(case).chair == free


def test_an_appointed_chair_sees_the_declaration_alone() -> None:
    case = case_in_decision()
    other = make_reviewer("CG", may_chair=True)
    opening.appoint_chair(case, by=moderator(), chair=other)
    client = desk_client(other)
    page = text(client, change(case))

    assert "You were given the chair of this case" in page
    assert "Because of what is in C1." not in page
    assert "Reviewer" not in page.split('id="content"')[1]
    assert client.get(f"{BOARD}{case.pk}/history/").status_code == 404
    assert client.post(change(case), {"do": "compute"}).status_code == 403
    page = post(
        client, change(case), {"do": "declare", **{f"declare-{k}": "no" for k in c.Conflict.values}}
    )
    assert "Because of what is in C1." in page


def test_an_appointed_chair_with_a_conflict_leaves_the_case() -> None:
    case = opened_case()
    chair = make_reviewer("CG", may_chair=True)
    opening.appoint_chair(case, by=moderator(), chair=chair)
    client = desk_client(chair)
    answers = {f"declare-{code}": "no" for code in c.Conflict.values} | {"declare-gain": "yes"}
    response = client.post(change(case), {"do": "declare", **answers})

    assert (response.status_code, response["Location"]) == (302, BOARD)
    assert fresh(case).chair is None
    assert client.get(change(case)).status_code == 404


def test_who_may_chair_finds_cases_without_one_and_takes_one() -> None:
    case = opened_case(title="Looks for a chair")
    chaired_case(opened_case(title="Has a chair"))
    client = desk_client(make_reviewer("CG", may_chair=True))
    page = text(client, f"{BOARD}vacant/")

    assert "Looks for a chair" in page
    assert "Has a chair" not in page
    data = dict(NO)
    refused = post(client, f"{BOARD}vacant/{case.pk}/", {}, refused=True)
    assert refused.count("Answer yes or no.") == 10
    page = post(client, f"{BOARD}vacant/{case.pk}/", data)
    assert "You have the chair." in page


def test_a_chaired_case_cannot_be_taken_by_another() -> None:
    case = chaired_case()
    client = desk_client(make_reviewer("CG", may_chair=True))

    assert client.post(f"{BOARD}vacant/{case.pk}/", NO).status_code == 404
    assert fresh(case).chair == case.chair


# --- The panel ---------------------------------------------------------------------------


def test_the_chair_sees_whom_to_ask_and_why_not() -> None:
    case = chaired_case()
    make_reviewer("ID", name="Fits well")
    make_reviewer("ID", name="Works there", organisation=case.solution.owner_institution)
    page = text(chair_of(case), change(case))

    assert "Fits well" in page
    assert "Sector: Water and sanitation; Reads English; Another country" in page
    assert "Works there: Works for an institution named in the record." in page


def test_the_chair_invites_and_is_told_why_not() -> None:
    case = chaired_case()
    client = chair_of(case)
    person = make_reviewer("ID", name="Asked person")
    page = post(client, change(case), {"do": "invite", "person": person.pk})

    assert "Asked person is invited." in page
    assert list(case.seats.values_list("user", "state")) == [(person.pk, "invited")]
    barred = make_reviewer("ID", name="Works there", organisation=case.solution.owner_institution)
    page = post(client, change(case), {"do": "invite", "person": barred.pk}, refused=True)
    assert "Works there cannot judge this solution" in page


def test_the_chair_grants_the_date_a_reviewer_asked_for() -> None:
    case = case_in_review()
    seat = case.seats.select_related("user", "case").order_by("pk")[0]
    day = timezone.localdate() + dt.timedelta(days=30)
    panel.propose_date(seat, by=seat.user, on=day)
    client = chair_of(case)
    page = text(client, change(case))

    assert "Asks for another date:" in page
    assert f'value="{day.isoformat()}"' in page
    form = {"do": "due", "seat": seat.uid, f"due-{seat.uid}-on": "2099-01-01"}
    page = post(client, change(case), form, refused=True)
    assert page.count("Choose a day within the next 60 days.") == 2
    assert 'value="2099-01-01"' in page
    post(client, change(case), form | {f"due-{seat.uid}-on": day.isoformat()})
    assert timezone.localdate(fresh(seat).due_at) == day
    assert fresh(seat).asked_due_on is None


def test_the_chair_releases_a_reviewer_with_a_reason() -> None:
    case = case_in_review()
    seat = case.seats.order_by("pk")[0]
    client = chair_of(case)
    form = {"do": "release", "seat": seat.uid, f"release-{seat.uid}-note": " "}
    page = post(client, change(case), form, refused=True)

    assert page.count("Say why.") == 2
    assert fresh(seat).state == "reviewing"
    post(client, change(case), form | {f"release-{seat.uid}-note": "Fell ill."})
    assert fresh(seat).state == "released"


def test_a_seat_of_another_case_cannot_be_slipped_in() -> None:
    case, other = case_in_review(), case_in_review(opened_case())
    seat = other.seats.order_by("pk")[0]
    form = {"do": "release", "seat": seat.uid, f"release-{seat.uid}-note": "Because."}

    assert chair_of(case).post(change(case), form).status_code == 403
    assert fresh(seat).state == "reviewing"


# --- Names -------------------------------------------------------------------------------


def test_names_are_the_chairs_and_aliases_everybody_elses(desk: Client) -> None:
    case = chaired_case()
    person = make_reviewer("ID", name="Name of the reviewer")
    seat = accepted(case, person)

    assert "Name of the reviewer" in text(chair_of(case), change(case))
    page = text(desk, change(case))
    assert "Name of the reviewer" not in page
    assert person.email not in page
    assert f"Reviewer {seat.alias}" in page


def test_names_are_looked_at_with_a_reason_that_stays_in_the_audit(desk: Client) -> None:
    case = chaired_case()
    accepted(case, make_reviewer("ID", name="Name of the reviewer"))
    page = post(desk, change(case), {"do": "look", "look-note": " "}, refused=True)
    assert page.count("Say why you need the names") == 2
    assert "Name of the reviewer" not in page
    assert "reveal" not in verbs(case)

    page = post(desk, change(case), {"do": "look", "look-note": "A complaint."}, refused=True)
    assert "Name of the reviewer" in page
    assert AuditEntry.of(case)[0].verb == "reveal"
    assert AuditEntry.of(case)[0].note == "A complaint."
    assert "Name of the reviewer" not in text(desk, change(case))


def test_why_a_reviewer_stepped_down_is_for_the_chair(desk: Client) -> None:
    case = case_in_review()
    seat = case.seats.select_related("user").order_by("pk")[0]
    panel.recuse(seat, by=seat.user, note="My cousin joined the team.")

    assert "My cousin joined the team." in text(chair_of(case), change(case))
    for path in (change(case), f"{BOARD}{case.pk}/history/"):
        page = text(desk, path)
        assert "Reviewer stepped down" in page
        assert "My cousin joined the team." not in page


# --- Reviews side by side ----------------------------------------------------------------


def test_nobody_sees_a_score_before_every_review_is_in(desk: Client) -> None:
    case = case_in_review()
    first, second = case.seats.order_by("pk")
    sent(first, 4)
    judged(second, 1)
    client = chair_of(case)

    for reader in (client, desk):
        page = text(reader, change(case))
        assert "Because of what is in" not in page
        assert "<meter" not in page
        assert 'class="meter' not in page
    sent(second, {**dict.fromkeys(case.scope, 4), "C1": 3})
    for reader in (client, desk):
        page = text(reader, change(case))
        assert page.count("Because of what is in C1.") == 2
        assert "Differs by 1" in page


def test_nobody_sees_scores_while_a_third_review_is_open() -> None:
    case = case_in_review()
    make_reviewer("CG")
    first, second = case.seats.order_by("pk")
    sent(first, 3)
    sent(second, {**dict.fromkeys(case.scope, 3), "C1": 1})
    page = text(chair_of(case), change(case))

    assert "A third review is needed:" in page
    assert "The third reviewer answers the invitation." in page
    assert "Because of what is in" not in page


# --- Questions to the team ---------------------------------------------------------------


def test_the_chair_asks_what_reviewers_would_ask() -> None:
    case = case_in_decision()
    seat = case.seats.order_by("pk")[0]
    Score.objects.filter(seat=seat, criterion="C2").update(question="Compared <b>with</b> what?")
    client = chair_of(case)
    page = text(client, change(case))

    assert "Compared &lt;b&gt;with&lt;/b&gt; what?" in page
    assert "2 rounds are left." in page
    page = post(client, change(case), {"do": "ask", "ask-C2": "Compared with what?"})
    assert "The questions are with the team." in page
    case = fresh(case)
    assert [(row.criterion, row.text) for row in case.clarifications.get().questions.all()] == [
        ("C2", "Compared with what?")
    ]
    clarifying.answer(
        case,
        by=case.solution.owner,
        answers={row.pk: "With 2014." for row in case.clarifications.get().questions.all()},
    )
    assert "With 2014." in text(client, change(case))


def test_questions_of_an_open_review_stay_with_its_reviewer() -> None:
    case = case_in_review()
    seat = judged(case.seats.order_by("pk")[0])
    Score.objects.filter(seat=seat, criterion="C2").update(question="Not yet sent?")

    assert "Not yet sent?" not in text(chair_of(case), change(case))


def test_no_question_is_no_round() -> None:
    case = case_in_decision()
    page = post(chair_of(case), change(case), {"do": "ask", "ask-C1": " "}, refused=True)

    assert "Ask at least one question." in page
    assert fresh(case).state == "decision"


def test_what_was_typed_stays_when_the_case_has_moved_on() -> None:
    case = case_in_decision()
    client = chair_of(case)
    clarifying.ask(case, by=case.chair, questions=[("C1", "Which year?")])
    page = post(client, change(case), {"do": "ask", "ask-C2": "My long question"}, refused=True)
    assert "The case has moved on since this page was opened." in page
    assert "My long question" in page

    page = post(
        client, change(case), {"do": "propose", "decide-letter": "My long letter"}, refused=True
    )
    assert "The case has moved on since this page was opened." in page
    assert "My long letter" in page


# --- The decision ------------------------------------------------------------------------


def ruling(case: Case, **more: str) -> dict[str, str]:
    data = {f"decide-{code}-reason": f"Readers see why for {code}." for code in case.scope}
    data["decide-letter"] = "What was decided."
    return data | {f"decide-{name}": value for name, value in more.items()}


def test_the_chair_lays_a_decision_before_the_panel() -> None:
    case = case_in_decision()
    client = chair_of(case)
    page = post(client, change(case), {"do": "propose", **ruling(case)})

    assert "The proposal is with the panel" in page
    assert "A reviewer of the panel confirms the proposal or sends it back." in page
    decision = case.decisions.get()
    assert (decision.label, decision.score, decision.letter) == (
        "validated",
        "75",
        "What was decided.",
    )
    assert decision.scores["C3"]["reason"] == "Readers see why for C3."


def test_no_public_reason_is_written_for_the_chair() -> None:
    case = case_in_decision()
    page = text(chair_of(case), change(case))
    start = page.index('name="decide-C1-reason"')

    assert page[start : page.index("</textarea>", start)].rsplit(">", 1)[1].strip() == ""


def test_what_a_decision_lacks_is_said_at_each_field() -> None:
    case = case_in_decision(3, {**dict.fromkeys([f"C{n}" for n in range(1, 11)], 3), "C7": 4})
    data = ruling(case, **{"C1-reason": "", "C7-value": "3.75", "letter": " "})
    page = post(chair_of(case), change(case), {"do": "propose", **data}, refused=True)

    for target in ("decide-C1-reason", "decide-C7-why", "decide-letter"):
        assert f'href="#id_{target}"' in page, target
    assert "A changed score needs a written reason." in page
    assert "Readers see why for C2." in page
    assert not case.decisions.exists()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("5", "Stay between 3 and 4, what the reviewers gave."),
        ("many", "Write a score as a number, like 2.5."),
    ],
)
@pytest.mark.parametrize("verb", ["compute", "propose"])
def test_a_score_outside_what_reviewers_gave_is_refused(verb: str, typed: str, told: str) -> None:
    case = case_in_decision(3, {**dict.fromkeys([f"C{n}" for n in range(1, 11)], 3), "C7": 4})
    data = ruling(case, **{"C7-value": typed, "C7-why": "Because."})
    page = post(chair_of(case), change(case), {"do": verb, **data}, refused=True)

    assert page.count(told) == 2
    assert 'href="#id_decide-C7-value"' in page
    assert f'value="{typed}"' in page
    assert not case.decisions.exists()


def test_compute_shows_the_label_and_what_keeps_it_from_more() -> None:
    case = case_in_decision({**dict.fromkeys([f"C{n}" for n in range(1, 11)], 3), "C2": 2}, 3)
    client = chair_of(case)
    page = post(client, change(case), {"do": "compute", "decide-C2-value": "2"}, refused=True)
    assert "<b>Validated</b>, 70 of 100" in page
    assert not case.decisions.exists()

    page = post(client, change(case), {"do": "compute", "decide-gate-G4": "A well"}, refused=True)
    assert "<b>Not validated</b>, 72.5 of 100" in page
    assert page.count("Not “Validated”, because:") == 1
    assert page.count("Not “Promising”, because:") == 1
    assert "A well</textarea>" in page


def test_a_failed_gate_with_its_reason_leaves_no_label() -> None:
    case = case_in_decision()
    data = ruling(case, **{"gate-G4": "Three wells were poisoned."})
    post(chair_of(case), change(case), {"do": "propose", **data})

    decision = case.decisions.get()
    assert (decision.label, decision.failed_gates) == (
        "not_validated",
        {"G4": "Three wells were poisoned."},
    )


def test_a_changed_strength_needs_a_reason() -> None:
    case = case_in_review()
    first, second = case.seats.order_by("pk")
    sent(first, 3, 2)
    sent(second, 3, 3)
    client = chair_of(case)
    data = {"do": "propose", **ruling(case, strength="3")}
    page = post(client, change(case), data, refused=True)
    assert 'href="#id_decide-strength_reason"' in page

    post(client, change(case), data | {"decide-strength_reason": "A study since."})
    assert case.decisions.get().strength == 3


def test_a_proposal_that_was_sent_back_is_where_the_next_begins() -> None:
    case = case_in_decision()
    decision = proposed(case)
    seat = case.seats.select_related("user").order_by("pk")[0]
    deciding.refuse(decision, by=seat.user, note="C2 rests on one place.")
    page = text(chair_of(case), change(case))

    assert "C2 rests on one place." in page
    assert "Readers see why for C2.</textarea>" in page
    assert "The panel sent the proposal back" in page


def test_only_the_chair_decides(desk: Client) -> None:
    case = case_in_decision()

    for verb in ("propose", "compute", "ask", "invite", "due"):
        assert desk.post(change(case), {"do": verb, **ruling(case)}).status_code == 403
    assert "Lay before the panel" not in text(desk, change(case))
    assert not case.decisions.exists()


def test_a_decided_case_reads_as_it_was_decided(desk: Client) -> None:
    record = labelled()
    page = text(desk, change(record.case))

    assert "Nothing is left to do: the case is decided." in page
    assert record.reference in page
    assert "Confirmed by Reviewer" in page
    assert "Close without decision" not in page.split('id="history-h"')[0]


def test_a_moderator_closes_a_case_with_a_reason(desk: Client) -> None:
    case = case_in_review()
    page = post(desk, change(case), {"do": "close", "close-note": ""}, refused=True)
    assert page.count("Say why: the team reads it.") == 2

    post(desk, change(case), {"do": "close", "close-note": "The hub has closed."})
    case = fresh(case)
    assert (case.state, case.outcome, case.note) == ("closed", "closed", "The hub has closed.")


def test_a_chair_who_is_no_moderator_does_not_close_a_case() -> None:
    case = case_in_review()

    form = {"do": "close", "close-note": "No."}
    assert chair_of(case).post(change(case), form).status_code == 403
    assert fresh(case).state == "review"


def test_the_history_is_the_cases_and_its_seats(desk: Client) -> None:
    case = case_in_decision()
    page = text(desk, f"{BOARD}{case.pk}/history/")

    for said in ("Case opened", "Invitation accepted", "Review sent", "All reviews in"):
        assert said in page


# --- Reviewers ---------------------------------------------------------------------------

PEOPLE = "/desk/validation/reviewer/"


def test_moderators_put_people_on_the_list_by_their_address(desk: Client) -> None:
    person = make_user(name="New reviewer")
    form = {"email": person.email.upper(), "most_open": "2", "may_chair": "on", "is_active": "on"}
    response = desk.post(f"{PEOPLE}add/", form | {"sectors": ["water"]})

    assert response.status_code == 302, response.content.decode()
    entry = Reviewer.objects.get(user=person)
    assert (entry.may_chair, entry.is_active, entry.most_open) == (True, True, 2)
    assert list(entry.sectors.values_list("pk", flat=True)) == ["water"]
    assert verbs(entry) == ["list_reviewer"]
    desk.post(f"{PEOPLE}{entry.pk}/change/", {"most_open": "3"})
    entry = fresh(entry)
    assert (entry.may_chair, entry.is_active, entry.most_open) == (False, False, 3)
    assert verbs(entry) == ["change_reviewer", "list_reviewer"]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"email": "nobody@test.example", "most_open": "3"}, "Nobody has an account"),
        ({"email": "twice@test.example", "most_open": "3"}, "on the list already"),
        ({"email": "free@test.example", "most_open": "99"}, "Choose a number from 1 to 10."),
    ],
)
def test_what_cannot_be_on_the_list_is_said(desk: Client, form: dict[str, str], told: str) -> None:
    make_reviewer(email="twice@test.example")
    make_user(email="free@test.example")
    page = desk.post(f"{PEOPLE}add/", form)

    assert page.status_code == 200
    assert told in page.content.decode()
    assert Reviewer.objects.count() == 1


def test_the_list_says_how_much_each_has_to_do(desk: Client) -> None:
    case = chaired_case()
    accepted(case, make_reviewer("ID", name="Busy reviewer"))
    page = text(desk, PEOPLE)

    assert "Busy reviewer" in page
    assert "1 of 3" in page
    assert "Indonesia" in page
    entry = Reviewer.objects.get(user__name="Busy reviewer")
    assert "Reviews open now" in text(desk, change(entry))


# --- Records -----------------------------------------------------------------------------


def test_a_moderator_suspends_restores_and_revokes_a_label(desk: Client) -> None:
    record = labelled()
    path = change(record)
    page = post(desk, path, {"do": "suspend_record", "suspend_record-note": ""}, refused=True)
    assert page.count("Say why: everybody reads it.") == 2

    post(desk, path, {"do": "suspend_record", "suspend_record-note": "Under examination."})
    assert fresh(record).public_note == "Under examination."
    post(desk, path, {"do": "restore_record", "restore_record-note": "Nothing was found."})
    post(desk, path, {"do": "revoke", "revoke-note": "The figure was invented."})
    assert (fresh(record).state, fresh(record).public_note) == (
        "revoked",
        "The figure was invented.",
    )
    page = text(desk, path)
    assert "What you may do" not in page
    assert f"/records/{record.reference}/" in page


def test_who_was_faster_is_told_to_who_came_second(desk: Client) -> None:
    record = labelled()
    from validation.operations import records

    records.revoke(record, by=moderator(), note="First.")
    form = {"do": "suspend_record", "suspend_record-note": "What I wrote."}
    page = post(desk, change(record), form, refused=True)

    assert "cannot be changed this way from its present state" in page
    assert "What I wrote." in page


def test_records_are_hidden_from_who_judged_or_owns_them() -> None:
    record = labelled()
    seat = record.case.seats.select_related("user").order_by("pk")[0]

    for user in (seat.user, record.solution.owner):
        User.objects.filter(pk=user.pk).update(is_staff=True)
        client = desk_client(fresh(user))
        assert client.get(change(record)).status_code == 404
        assert record.reference not in text(client, "/desk/validation/record/")


# --- Appeals -----------------------------------------------------------------------------


def appealed() -> Appeal:
    record = labelled()
    return appealing.file_appeal(
        record.case, by=record.solution.owner, ground="error", text="The year is wrong."
    )


def test_a_moderator_gives_an_appeal_to_three_people(desk: Client) -> None:
    appeal = appealed()
    people = [make_reviewer(country) for country in ("ID", "CD", "CD")]
    judge = appeal.case.seats.select_related("user").order_by("pk")[0].user
    make_reviewer("CG", name="Barred", organisation=appeal.case.solution.owner_institution)
    page = text(desk, change(appeal))
    assert "The year is wrong." in page
    assert "Barred: Works for an institution named in the record." in page
    assert f"{appeal.case.chair}: Had a part in this case." in page
    assert str(judge) not in page  # known to the desk by alias

    page = post(desk, change(appeal), {}, refused=True)
    assert "Choose three different people." in page
    form = {"people": [people[0].pk, people[1].pk]}
    page = post(desk, change(appeal), form, refused=True)
    assert "Choose three different people." in page
    assert f'value="{people[0].pk}" id="id_people' in page
    post(desk, change(appeal), {"people": [person.pk for person in people]})
    assert fresh(appeal).state == "heard"
    appealing.give_opinion(fresh(appeal), by=people[0], upholds=True, reason="It is 2013.")
    page = text(desk, change(appeal))
    assert "It is 2013." in page
    assert "1 of 3" in text(desk, "/desk/validation/appeal/")


def test_three_from_one_country_are_refused(desk: Client) -> None:
    appeal = appealed()
    people = [make_reviewer("CD") for _n in range(3)]
    page = post(desk, change(appeal), {"people": [p.pk for p in people]}, refused=True)

    assert "The three come from two countries at least." in page


def test_an_appeal_is_hidden_from_who_had_a_part() -> None:
    appeal = appealed()
    chair = appeal.case.chair
    User.objects.filter(pk=chair.pk).update(is_staff=True)

    assert desk_client(fresh(chair)).get(change(appeal)).status_code == 404


# --- Challenges --------------------------------------------------------------------------


def challenged(**more: Any) -> Challenge:
    record = more.pop("record", None) or labelled()
    more.setdefault("url", "https://other.test.example/")
    return challenging.raise_challenge(
        record,
        by=more.pop("by", None) or make_user(),
        form_key=uuid.uuid4(),
        text="The figure is that of another place.",
        criterion="C2",
        **more,
    )


def test_a_challenge_is_answered_at_the_desk(desk: Client) -> None:
    challenge = challenged()
    path = change(challenge)
    page = text(desk, path)
    assert "The figure is that of another place." in page
    assert 'href="https://other.test.example/"' in page
    assert "C2 Results" in page

    page = post(desk, path, {"do": "ask_owner", "ask_owner-note": ""}, refused=True)
    assert page.count("Write to the owner what is asked.") == 2
    for verb, state in (
        ("ask_owner", "asked"),
        ("suspend_label", "suspended"),
        ("revoke_label", "revoked"),
    ):
        post(desk, path, {"do": verb, f"{verb}-note": f"Why {verb}."})
        assert fresh(challenge).state == state
    assert Record.objects.get().state == "revoked"


def test_a_challenge_kept_says_why(desk: Client) -> None:
    challenge = challenged()
    post(desk, change(challenge), {"do": "keep", "keep-note": "It is the same place."})

    assert (fresh(challenge).state, fresh(challenge).answer) == ("kept", "It is the same place.")


def test_the_file_of_a_challenge_is_handed_out_and_never_run(desk: Client) -> None:
    stored = StoredFile.objects.create(
        file=ContentFile(b"<script>", name="x.html"),
        name="proof.html",
        content_type="text/html",
        size=8,
        sha256="0" * 64,
    )
    challenge = challenged(url="", file=stored)
    response = desk.get(f"/desk/validation/challenge/{challenge.pk}/file/")

    assert b"".join(response) == b"<script>"
    assert response["Content-Disposition"] == 'attachment; filename="proof.html"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_a_challenge_is_hidden_from_who_raised_it_or_had_a_part() -> None:
    record = labelled()
    raiser = moderator()
    challenge = challenged(record=record, by=raiser)
    chair = record.case.chair

    for user in (raiser, chair, record.solution.owner):
        User.objects.filter(pk=user.pk).update(is_staff=True)
        client = desk_client(fresh(user))
        assert client.get(change(challenge)).status_code == 404
        assert client.get(f"/desk/validation/challenge/{challenge.pk}/file/").status_code == 404
        assert "/change/" not in text(client, "/desk/validation/challenge/")


def test_profiles_without_a_country_do_no_harm(desk: Client) -> None:
    person = make_reviewer("")
    Profile.objects.filter(user=person).update(country="")
    case = chaired_case()

    assert str(person) in text(chair_of(case), change(case))
    assert str(person) in text(desk, PEOPLE)
