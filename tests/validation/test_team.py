"""The team's side of a case: what it reads in every state, what it can do, and who else cannot."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import User
from catalogue.models import Contributor, Evidence, Solution
from core.text import plain
from tests.factories import complete_full, make_user, published, submitted
from tests.people import browser
from tests.validation.factories import (
    accepted,
    case_in_decision,
    case_in_review,
    chaired_case,
    decided,
    invited,
    labelled,
    make_reviewer,
    moderator,
    proposed,
    sent,
)
from validation.models import Appeal, Case, Challenge, Record, Renewal
from validation.operations import appealing, challenging, clarifying, opening
from validation.operations.timekeeping import keep_time

pytestmark = pytest.mark.django_db


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


def words(response: Any) -> str:
    html = response.content.decode()
    return re.sub(r"\s+", " ", plain(html[html.index("<main") : html.index("</main>")]))


def standing(solution: Solution, user: User | None = None) -> str:
    response = browser(user or solution.owner).get(f"/work/{solution.uid}/validation/")
    assert response.status_code == 200
    return words(response)


def asked_case(*questions: tuple[str, str]) -> Case:
    """The panel has asked the team."""
    case = case_in_review()
    clarifying.ask(
        case,
        by=case.chair,
        questions=questions or [("C2", "Compared with what?"), ("C5", "Who pays today?")],
    )
    return fresh(case)


def refused_case() -> Case:
    """Decided: not validated."""
    case = case_in_decision(1, 1, strength=0)
    decided(case)
    return fresh(case)


def appealed(case: Case) -> Appeal:
    return appealing.file_appeal(
        case, by=case.solution.owner, ground="overlooked", text="E1 shows the year before."
    )


def heard(case: Case) -> Appeal:
    """An appeal before three people from two countries."""
    filed = appealed(case)
    people = [make_reviewer(country) for country in ("ID", "CD", "CD")]
    appealing.appoint(filed, by=moderator(), people=people)
    return fresh(filed)


def challenged(record: Record, *, ask: bool = True) -> Challenge:
    found = challenging.raise_challenge(
        record,
        by=make_user(name="Doubting Thomasina", email="doubter@test.example"),
        form_key=uuid.uuid4(),
        text="The figure is that of another place.",
        url="https://other.test.example/",
        criterion="C2",
    )
    if ask:
        challenging.ask_owner(found, by=moderator(), note="Which place is it?")
    return fresh(found)


# --- Who finds these pages -----------------------------------------------------------------

PAGES = ("", "answers/", "take-back/", "appeal/", "renew/")


@pytest.mark.parametrize("page", PAGES)
def test_only_the_team_finds_its_pages(page: str) -> None:
    record = labelled()
    solution = record.solution
    case = record.case
    address = f"/work/{solution.uid}/validation/{page}"
    assert Client().get(address)["Location"] == f"/accounts/login/?next={address}"
    strangers = {
        "stranger": make_user(),
        "moderator": moderator(),
        "superuser": make_user(is_staff=True, is_superuser=True),
        "chair": case.chair,
        "reviewer": case.seats.first().user,
    }
    for user in strangers.values():
        assert browser(user).get(address).status_code == 404
        assert browser(user).post(address).status_code in {404, 405}


def test_every_contributor_with_an_account_follows_the_case() -> None:
    case = chaired_case()
    partner = make_user()
    Contributor.objects.create(solution=case.solution, user=partner, name="P", role="partner")
    assert "A panel is being built" in standing(case.solution, partner)


def test_an_address_nobody_has_is_not_found() -> None:
    assert browser(make_user()).get("/work/nowhere12345/validation/").status_code == 404


# --- Where it stands -----------------------------------------------------------------------


def test_a_draft_is_told_how_to_get_before_a_panel() -> None:
    text = standing(complete_full())
    assert "No panel has looked at it yet" in text
    assert "Check and send in" in text


def test_a_version_with_the_desk_says_so() -> None:
    submission = submitted(complete_full(), form="full")
    text = standing(submission.solution)
    assert "Version 1 is with the desk." in text
    assert "No panel has looked" not in text


def test_each_state_says_where_it_stands_and_what_comes_next() -> None:
    with time_machine.travel(dt.datetime(2026, 3, 2, 9, 41, tzinfo=dt.UTC), tick=False):
        case = chaired_case()
        text = standing(case.solution)
        assert "A panel is being built" in text
        assert "Planned until 7 March 2026." in text
        for country in ("ID", "CD"):
            accepted(case, country=country)
        text = standing(case.solution)
        assert "In review The reviewers judge it apart from each other" in text
        assert "Planned until 23 March 2026." in text
        case = fresh(case)
        clarifying.ask(case, by=case.chair, questions=[("C2", "Compared with what?")])
        text = standing(case.solution)
        assert "The panel has questions" in text
        assert "Answer by 16 March 2026." in text
        assert "Answer the questions" in text
        question = fresh(case).clarifications.get().questions.get()
        clarifying.answer(fresh(case), by=case.solution.owner, answers={question.pk: "With 2014."})
        text = standing(case.solution)
        assert "Round 1: Answered, 2 March 2026" in text
        assert "Compared with what? With 2014." in text
        for seat in case.seats.all():
            sent(seat)
        assert "Awaiting decision All reviews are in." in standing(case.solution)
        record = decided(fresh(case))
        text = standing(case.solution)
        assert "Validated The panel has decided." in text
        assert "Score: 75 of 100" in text
        assert "This is what was decided, and why." in text
        assert "C2 Results" in text
        assert "Readers see why for C2." in text
        assert record is not None
        assert "Open record V-0001" in text
        assert "You can appeal until 1 April 2026." in text
        for day in ("Passed the gates, given to a panel", "Review begun", "Decided"):
            assert f"2 March 2026 {day}" in text
        assert "09:41" not in text


def test_what_was_not_validated_says_to_the_team_what_kept_it_from_more() -> None:
    case = refused_case()
    text = standing(case.solution)
    assert "What keeps it from more For “Promising” The sum is 25; at least 50 is needed." in text
    assert "For “Validated”: C2 scores 1; at least 2 is needed." in text
    public = browser(make_user()).get(case.solution.get_absolute_url()).content.decode()
    assert "Readers see why" not in public


def test_before_the_decision_nothing_tells_who_or_how_many() -> None:
    case = chaired_case()
    person = make_reviewer("ID", name="Invited Wanderer", email="wanderer@test.example")
    before = standing(case.solution)
    invited(case, person)
    assert standing(case.solution) == before
    accepted(case, make_reviewer("CD", name="Accepted Marmot"))
    assert standing(case.solution) == before


def test_what_ended_without_decision_says_why() -> None:
    case = chaired_case()
    opening.close_case(case, by=moderator(), note="The same text came twice.")
    text = standing(case.solution)
    assert "Closed by the desk" in text
    assert "The reason given: The same text came twice." in text
    silent = asked_case()
    with time_machine.travel(timezone.now() + dt.timedelta(days=15)):
        keep_time()
        text = standing(silent.solution)
    assert "Not validated, incomplete" in text
    assert "Round 1: Not answered in time" in text


def test_earlier_cases_stay_readable() -> None:
    case = refused_case()
    appeal = heard(case)
    for member in appeal.members.select_related("user"):
        appealing.give_opinion(appeal, by=member.user, upholds=True, reason="E1 was not read.")
    text = standing(case.solution)
    assert "Second look after an appeal · version 1" in text
    assert "Earlier cases Version 1: Not validated," in text


@pytest.mark.parametrize("rounds", [1, 2])
def test_the_page_costs_the_same_whatever_happened(
    rounds: int, django_assert_num_queries: Any
) -> None:
    case = case_in_review()
    for number in range(rounds):
        clarifying.ask(
            fresh(case),
            by=case.chair,
            questions=[("C2", f"{number}, {n}?") for n in range(1 + 4 * number)],
        )
        open_now = fresh(case).clarifications.get(state="open")
        answers = {row.pk: "Yes." for row in open_now.questions.all()}
        clarifying.answer(fresh(case), by=case.solution.owner, answers=answers)
    for seat in case.seats.all():
        sent(seat)
    decided(fresh(case))
    client = browser(case.solution.owner)
    client.get(f"/work/{case.solution.uid}/validation/")
    with django_assert_num_queries(13):
        client.get(f"/work/{case.solution.uid}/validation/")


# --- Questions of the panel ----------------------------------------------------------------


def answering(case: Case, action: str, *texts: str, **more: str) -> tuple[str, dict[str, str]]:
    questions = case.clarifications.latest("round").questions.order_by("pk")
    data = {f"answer-{row.pk}": text for row, text in zip(questions, texts, strict=False)}
    return f"/work/{case.solution.uid}/validation/answers/", {**data, "action": action, **more}


def stored(case: Case) -> list[str]:
    latest = case.clarifications.latest("round")
    return list(latest.questions.order_by("pk").values_list("answer", flat=True))


def test_questions_stand_under_their_criteria_with_the_date_and_the_rule() -> None:
    with time_machine.travel(dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC), tick=False):
        case = asked_case()
        address, _data = answering(case, "save")
        text = words(browser(case.solution.owner).get(address))
    assert "C2 Results What changed, compared with what? Compared with what?" in text
    assert "Answer by 16 March 2026." in text
    assert "the case ends as “not validated, incomplete”" in text


def test_saving_keeps_what_is_there_and_sends_nothing() -> None:
    case = asked_case()
    address, data = answering(case, "save", "With 2014.", "")
    response = browser(case.solution.owner).post(address, data)
    assert response["Location"] == address
    assert (stored(case), fresh(case).state) == (["With 2014.", ""], "clarification")


def test_sending_needs_every_answer_and_loses_none() -> None:
    case = asked_case()
    address, data = answering(case, "send", "With 2014.", "  ")
    response = browser(case.solution.owner).post(address, data)
    assert "Answer “Who pays today?”, even if it is short." in words(response)
    assert "With 2014." in response.content.decode()
    assert (stored(case), fresh(case).state) == (["With 2014.", ""], "clarification")


def test_too_long_an_answer_is_said_at_its_field_and_the_others_are_kept() -> None:
    case = asked_case()
    address, data = answering(case, "save", "With 2014.", "x" * 4001)
    response = browser(case.solution.owner).post(address, data)
    assert "Shorten this to 4000 characters. It has 4001 now." in words(response)
    assert "x" * 4001 in response.content.decode()
    assert stored(case) == ["With 2014.", ""]


def test_sending_twice_sends_once() -> None:
    case = asked_case()
    client = browser(case.solution.owner)
    address, data = answering(case, "send", "With 2014.", "The state.")
    places = [client.post(address, data)["Location"] for _turn in range(2)]
    assert places == [f"/work/{case.solution.uid}/validation/"] * 2
    assert (stored(case), fresh(case).state) == (["With 2014.", "The state."], "review")
    assert "Answered" in words(client.get(address))


def test_an_answer_that_comes_too_late_is_given_back() -> None:
    case = asked_case()
    address, data = answering(case, "send", "With 2014.", "The state.")
    with time_machine.travel(timezone.now() + dt.timedelta(days=15)):
        keep_time()
        response = browser(case.solution.owner).post(address, data)
    assert response.status_code == 409
    text = words(response)
    assert "Nothing was sent: the questions are not open any more." in text
    assert "With 2014." in text
    assert stored(case) == ["", ""]


def test_what_a_colleague_saved_meanwhile_is_shown_before_it_is_replaced() -> None:
    case = asked_case(("C2", "Compared with what?"))
    client = browser(case.solution.owner)
    address, data = answering(case, "save", "With 2014.")
    html = client.get(address).content.decode()
    seen = dict(re.findall(r'name="(seen-\d+)" value="(\w+)"', html))
    question = case.clarifications.get().questions.get()
    clarifying.keep_answers(case, by=case.solution.owner, answers={question.pk: "With 2013."})
    response = client.post(address, {**data, **seen})
    assert "Somebody of your team saved this meanwhile: “With 2013.”" in words(response)
    assert stored(case) == ["With 2013."]
    again = dict(re.findall(r'name="(seen-\d+)" value="(\w+)"', response.content.decode()))
    client.post(address, {**data, **again})
    assert stored(case) == ["With 2014."]


def test_forged_questions_and_actions_change_nothing() -> None:
    case, other = asked_case(), asked_case()
    theirs = other.clarifications.get().questions.first()
    address, data = answering(case, "fly", "With 2014.", "", **{f"answer-{theirs.pk}": "Mine."})
    browser(case.solution.owner).post(address, data)
    assert (stored(case), stored(other)) == (["With 2014.", ""], ["", ""])
    assert browser(other.solution.owner).post(address, data).status_code == 404


# --- Taking it back ------------------------------------------------------------------------


def test_taking_back_asks_once_more_and_keeps_the_reason() -> None:
    case = case_in_review()
    client = browser(case.solution.owner)
    address = f"/work/{case.solution.uid}/validation/take-back/"
    assert "Take version 1 back from the panel?" in words(client.get(address))
    assert fresh(case).state == "review"
    for _turn in range(2):
        response = client.post(address, {"reason": "We found an error."})
        assert response["Location"] == f"/work/{case.solution.uid}/validation/"
    found = fresh(case)
    assert (found.state, found.outcome, found.note) == (
        "closed",
        "withdrawn",
        "We found an error.",
    )
    assert client.get(address).status_code == 302


# --- Appeal --------------------------------------------------------------------------------


def test_there_is_no_appeal_before_a_decision() -> None:
    case = case_in_decision()
    address = f"/work/{case.solution.uid}/validation/appeal/"
    assert browser(case.solution.owner).get(address).status_code == 404


def test_an_appeal_says_its_rules_and_is_filed_once() -> None:
    case = refused_case()
    client = browser(case.solution.owner)
    address = f"/work/{case.solution.uid}/validation/appeal/"
    text = words(client.get(address))
    assert "There are three grounds, and no others:" in text
    assert "answer within 30 days" in text
    response = client.post(address, {"ground": "taste", "text": ""})
    text = words(response)
    assert "There are 2 things to fix" in text
    assert not Appeal.objects.exists()
    data = {"ground": "error", "text": "The year in C2 is wrong."}
    for _turn in range(2):
        assert client.post(address, data)["Location"] == address
    [appeal] = Appeal.objects.all()
    assert (appeal.ground, appeal.text) == ("error", "The year in C2 is wrong.")
    assert "Your appeal is being heard" in words(client.get(address))


def test_what_was_typed_into_a_refused_appeal_stays() -> None:
    case = refused_case()
    address = f"/work/{case.solution.uid}/validation/appeal/"
    response = browser(case.solution.owner).post(address, {"text": "A long explanation."})
    assert "A long explanation." in response.content.decode()


def test_the_last_day_shown_is_the_last_day() -> None:
    with time_machine.travel(dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC), tick=False):
        case = refused_case()
    address = f"/work/{case.solution.uid}/validation/appeal/"
    data = {"ground": "error", "text": "The year in C2 is wrong."}
    with time_machine.travel(dt.datetime(2026, 4, 2, 0, 1, tzinfo=dt.UTC), tick=False):
        client = browser(case.solution.owner)
        response = client.post(address, data)
        assert "The time for an appeal has passed." in words(response)
        assert "The year in C2 is wrong." in response.content.decode()
        assert "You can appeal until" not in standing(case.solution)
    with time_machine.travel(dt.datetime(2026, 4, 1, 23, 30, tzinfo=dt.UTC), tick=False):
        assert "You can appeal until 1 April 2026." in standing(case.solution)
        assert browser(case.solution.owner).post(address, data).status_code == 302


@pytest.mark.parametrize("upholds", [True, False])
def test_the_three_reasons_are_read_without_names(upholds: bool) -> None:
    case = refused_case()
    appeal = heard(case)
    address = f"/work/{case.solution.uid}/validation/appeal/"
    client = browser(case.solution.owner)
    names = []
    for n, member in enumerate(appeal.members.select_related("user")):
        User.objects.filter(pk=member.user_id).update(name=f"Unique Member{n}")
        names.append(f"Unique Member{n}")
        appealing.give_opinion(appeal, by=member.user, upholds=upholds, reason=f"Reason {n}.")
        if n < 2:
            assert "Reason" not in words(client.get(address))
    html = client.get(address).content.decode()
    assert [f"Reason {n}." in html for n in range(3)] == [True] * 3
    assert [name for name in names if name in html] == []
    headline = "Your appeal is upheld" if upholds else "Your appeal is not upheld"
    assert headline in words(client.get(address))


# --- Confirming again ----------------------------------------------------------------------


def renewal_data(**more: Any) -> dict[str, Any]:
    data: dict[str, Any] = {f"status-C{n}": "unchanged" for n in range(1, 11)}
    return {**data, "evidence-C2": ["E2"], "evidence-C5": ["E2"], **more}


@pytest.fixture
def nearly_over() -> Any:
    """A label thirty days before its end, with newer evidence in the record."""
    record = labelled()
    end = dt.datetime.combine(record.expires_on, dt.time(9), tzinfo=dt.UTC)
    with time_machine.travel(end - dt.timedelta(days=30), tick=False):
        Evidence.objects.create(
            solution=record.solution,
            title="Later report",
            kind="report",
            url="https://reports.test.example/later",
            dated_on=timezone.localdate().isoformat(),
            criteria=["C2", "C5"],
            position=1,
        )
        yield record


def test_it_is_too_early_to_confirm_a_new_label() -> None:
    record = labelled()
    client = browser(record.solution.owner)
    address = f"/work/{record.solution.uid}/validation/renew/"
    assert "It is too early." in words(client.get(address))
    response = client.post(address, renewal_data())
    assert "It is too early." in words(response)
    assert not Renewal.objects.exists()
    assert "You can confirm it again from" in standing(record.solution)


def test_a_label_is_confirmed_by_the_short_path(nearly_over: Record) -> None:
    solution = nearly_over.solution
    client = browser(solution.owner)
    address = f"/work/{solution.uid}/validation/renew/"
    assert "Confirm it again" in standing(solution)
    text = words(client.get(address))
    assert "Silence never renews it." in text
    assert "Needs an item of evidence dated after" in text
    data = renewal_data(**{"status-C6": "changed", "note-C6": "Two more groups are reached."})
    for _turn in range(2):
        response = client.post(address, data)
        assert response["Location"] == f"/work/{solution.uid}/validation/"
    [renewal] = Renewal.objects.all()
    assert renewal.statements["C6"] == {
        "status": "changed",
        "note": "Two more groups are reached.",
        "evidence": [],
    }
    assert renewal.statements["C2"] == {"status": "unchanged", "note": "", "evidence": ["E2"]}
    assert "Version 2 is with the desk." in standing(solution)


def test_what_is_not_confirmed_yet_is_said_at_each_criterion(nearly_over: Record) -> None:
    solution = nearly_over.solution
    data = renewal_data(**{"status-C1": "", "status-C6": "stopped", "evidence-C2": ["E1"]})
    response = browser(solution.owner).post(f"/work/{solution.uid}/validation/renew/", data)
    form = response.context["form"]
    day = nearly_over.issued_at.date().isoformat()
    newer = f"Name an item of evidence dated after {day}. Add it to the record first."
    assert {name: list(texts) for name, texts in form.errors.items()} == {
        "status-C1": ["C1: Say whether it is unchanged, changed or stopped."],
        "status-C2": [f"C2: {newer}"],
        "status-C6": ["C6: Say what changed, in one sentence."],
    }
    assert not Renewal.objects.exists()


def test_forged_evidence_and_states_are_refused(nearly_over: Record) -> None:
    solution = nearly_over.solution
    data = renewal_data(**{"status-C1": "better", "evidence-C2": ["E9"]})
    response = browser(solution.owner).post(f"/work/{solution.uid}/validation/renew/", data)
    assert set(response.context["form"].errors) == {"status-C1", "evidence-C2"}
    assert not Renewal.objects.exists()


def test_answers_the_record_lacks_are_listed_with_where_to_give_them(nearly_over: Record) -> None:
    solution = nearly_over.solution
    Solution.objects.filter(pk=solution.pk).update(failure="")
    client = browser(solution.owner)
    address = f"/work/{solution.uid}/validation/renew/"
    for response in (client.get(address), client.post(address, renewal_data())):
        assert "The record lacks 1 answer" in words(response)
        assert f"/work/{solution.uid}/learning/#field-failure" in response.content.decode()
    assert not Renewal.objects.exists()


def test_without_a_label_there_is_nothing_to_confirm() -> None:
    solution = published(complete_full())
    address = f"/work/{solution.uid}/validation/renew/"
    assert browser(solution.owner).get(address).status_code == 404


# --- A doubt about the label ---------------------------------------------------------------


def test_a_challenge_is_open_to_the_team_only_once_it_is_asked() -> None:
    record = labelled()
    challenge = challenged(record, ask=False)
    address = f"/work/{record.solution.uid}/validation/challenges/{challenge.uid}/"
    assert browser(record.solution.owner).get(address).status_code == 404
    challenging.ask_owner(challenge, by=moderator(), note="Which place is it?")
    assert browser(record.solution.owner).get(address).status_code == 200
    assert browser(make_user()).get(address).status_code == 404
    other = labelled()
    elsewhere = f"/work/{other.solution.uid}/validation/challenges/{challenge.uid}/"
    assert browser(other.solution.owner).get(elsewhere).status_code == 404


def test_the_team_reads_the_doubt_but_not_whose_it_is_and_answers() -> None:
    record = labelled()
    challenge = challenged(record)
    client = browser(record.solution.owner)
    address = f"/work/{record.solution.uid}/validation/challenges/{challenge.uid}/"
    assert "Somebody doubts the label." in standing(record.solution)
    response = client.get(address)
    text = words(response)
    for part in (
        "The figure is that of another place.",
        "https://other.test.example/",
        "Which place is it?",
        "C2 Results",
    ):
        assert part in text
    assert "Thomasina" not in response.content.decode()
    assert "doubter@" not in response.content.decode()
    assert "Write your answer." in words(client.post(address, {"text": " "}))
    for answer in ("It is ours.", "It is ours, see E1."):
        assert client.post(address, {"text": answer})["Location"] == address
        assert fresh(challenge).owner_answer == answer


def test_an_answer_to_a_challenge_that_is_over_is_given_back() -> None:
    record = labelled()
    challenge = challenged(record)
    challenging.keep(challenge, by=moderator(), note="It is theirs.")
    address = f"/work/{record.solution.uid}/validation/challenges/{challenge.uid}/"
    response = browser(record.solution.owner).post(address, {"text": "It is ours."})
    assert response.status_code == 409
    assert "It is ours." in words(response)
    assert fresh(challenge).owner_answer == ""


# --- The three who hear an appeal ----------------------------------------------------------


def test_only_the_three_find_the_appeal() -> None:
    case = refused_case()
    appeal = heard(case)
    address = f"/appeals/{appeal.uid}/"
    assert Client().get(address).status_code == 302
    others = [
        make_user(),
        moderator(),
        make_user(is_staff=True, is_superuser=True),
        case.chair,
        case.solution.owner,
        case.seats.first().user,
    ]
    assert [browser(user).get(address).status_code for user in others] == [404] * len(others)
    for member in appeal.members.select_related("user"):
        assert browser(member.user).get(address).status_code == 200


def test_the_three_see_reviews_by_alias_alone() -> None:
    case = case_in_review()
    marks = []
    for n, seat in enumerate(case.seats.select_related("user")):
        marks += [f"Hidden Reviewer{n}", f"hidden{n}@test.example"]
        User.objects.filter(pk=seat.user_id).update(name=marks[-2], email=marks[-1])
        sent(seat, 1, 0)
    decided(fresh(case))
    appeal = heard(fresh(case))
    member = appeal.members.select_related("user").first()
    response = browser(member.user).get(f"/appeals/{appeal.uid}/")
    html = response.content.decode()
    assert [found for found in marks if found in html] == []
    for seat in case.seats.all():
        assert f"Reviewer {seat.alias}" in html
    text = words(response)
    assert "E1 shows the year before." in text
    assert "Because of what is in C2." in text
    assert f"/solutions/{case.solution.reference}/versions/1/" in html


def test_an_opinion_is_given_once() -> None:
    appeal = heard(refused_case())
    member = appeal.members.select_related("user").first()
    client = browser(member.user)
    address = f"/appeals/{appeal.uid}/"
    text = words(client.post(address, {"opinion": "perhaps", "reason": "Because."}))
    assert "There is 1 thing to fix" in text
    assert "Because." in text
    for opinion, reason in (("uphold", "E1 was not read."), ("reject", "I changed my mind.")):
        response = client.post(address, {"opinion": opinion, "reason": reason})
        assert response["Location"] == address
    found = fresh(member)
    assert (found.upholds, found.reason) == (True, "E1 was not read.")
    text = words(client.get(address))
    assert "Your opinion is kept." in text
    assert "Give this opinion" not in text


def test_a_member_reads_the_others_only_when_all_have_answered() -> None:
    appeal = heard(refused_case())
    people = [row.user for row in appeal.members.select_related("user")]
    client = browser(people[0])
    for n, person in enumerate(people):
        assert "What the three say" not in words(client.get(f"/appeals/{appeal.uid}/"))
        appealing.give_opinion(appeal, by=person, upholds=False, reason=f"Reason {n}.")
    assert "What the three say" in words(client.get(f"/appeals/{appeal.uid}/"))


def test_the_page_of_an_appeal_costs_a_fixed_number_of_queries(
    django_assert_num_queries: Any,
) -> None:
    appeal = heard(refused_case())
    member = appeal.members.select_related("user").first()
    client = browser(member.user)
    client.get(f"/appeals/{appeal.uid}/")
    with django_assert_num_queries(11):
        client.get(f"/appeals/{appeal.uid}/")


# --- The workspace -------------------------------------------------------------------------


def test_the_workspace_leads_to_where_it_stands() -> None:
    case = chaired_case()
    html = browser(case.solution.owner).get(f"/work/{case.solution.uid}/").content.decode()
    assert f'href="/work/{case.solution.uid}/validation/"' in html


def test_a_proposal_nobody_confirmed_yet_is_not_shown() -> None:
    case = case_in_decision()
    proposed(case)
    text = standing(case.solution)
    assert "Awaiting decision" in text
    assert "This is what was decided" not in text
    assert "Score:" not in text
