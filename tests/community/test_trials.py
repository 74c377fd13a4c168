"""Reports of trials: who sends, checks and reads them, and what a solution's page says of them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError

from catalogue.choices import ContributorRole
from catalogue.models import Contributor, Solution
from catalogue.operations import withdraw_solution
from community.choices import Outcome, ReportState
from community.models import TrialReport
from community.operations import trials
from community.operations.labs import mark_of
from community.signals import lab_news
from community.trials import tally_of
from core.errors import DomainError
from core.models import AuditEntry
from core.waiting import items_for
from tests.community.factories import make_member
from tests.community.labs import (
    TOLD,
    brazilian_lab,
    check,
    editor_of,
    public_solution,
    report,
    shown,
    steward_of,
)
from tests.factories import make_hub, make_solution, make_user
from tests.letters import letters, name_of, text_of, title_of

pytestmark = pytest.mark.django_db

State = ReportState
KINDS = (
    "author", "member", "other steward", "steward", "editor", "moderator", "administrator",
    "owner", "named steward", "owner moderator",
)  # fmt: skip
CHECKERS = {"steward", "editor", "moderator", "administrator"}


def name(solution: Solution, user: Any) -> Any:
    Contributor.objects.create(
        solution=solution, user=user, name=str(user), role=ContributorRole.AUTHOR, position=9
    )
    user.__dict__.pop("_contributions", None)
    return user


def person(kind: str, row: TrialReport) -> Any:
    solution, lab = row.solution, row.lab
    assert lab is not None
    match kind:
        case "author":
            return row.user
        case "member":
            return make_member()
        case "other steward":
            return steward_of(brazilian_lab())
        case "steward":
            return steward_of(lab)
        case "editor":
            return editor_of(lab)
        case "moderator":
            return make_user(is_staff=True)
        case "administrator":
            return make_user(is_staff=True, is_superuser=True)
        case "owner":
            return solution.owner
        case "named steward":
            return name(solution, steward_of(lab))
        case _:
            return name(solution, make_user(is_staff=True))


def fresh(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def code_of(call: Any) -> str:
    with pytest.raises(DomainError) as refusal:
        call()
    return str(refusal.value.code)


def put(row: TrialReport, state: str) -> TrialReport:
    TrialReport.objects.filter(pk=row.pk).update(state=state)
    found: TrialReport = fresh(row)
    return found


# --- Person × state ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_move_has_its_people(kind: str) -> None:
    row = report(lab=brazilian_lab())
    by = person(kind, row)

    found = {state: set(put(row, state).moves_for(by)) for state in State.values}

    checks = kind in CHECKERS
    expected: dict[str, set[str]] = {
        "submitted": {"show_report", "hide_report"} if checks else set(),
        "shown": {"hide_report"} if checks else set(),
        "hidden": {"show_report"} if checks else set(),
        "withdrawn": set(),
    }
    if kind == "author":
        expected = {
            "submitted": {"withdraw_report"},
            "shown": {"withdraw_report"},
            "hidden": {"withdraw_report", "send_again"},
            "withdrawn": set(),
        }
    if kind == "administrator":  # passes every rule; the moves themselves refuse the author's
        expected = {state: found[state] for state in expected}
        assert {"show_report", "hide_report"} <= found["submitted"]
    assert found == expected


@pytest.mark.parametrize("kind", ["visitor", *KINDS])
def test_list_and_detail_agree_on_who_reads_a_report(kind: str) -> None:
    row = report(lab=brazilian_lab())
    user = AnonymousUser() if kind == "visitor" else person(kind, row)
    for state in State.values:
        row = put(row, state)
        seen = TrialReport.objects.visible_to(user).filter(pk=row.pk).exists()
        if kind != "administrator":
            assert seen == user.has_perm("community.view_report", row), state
        expected = state == State.SHOWN or kind in {
            "author", "moderator", "administrator", "owner moderator",
        }  # fmt: skip
        keeps = kind in {"steward", "editor", "named steward"} and state != State.WITHDRAWN
        assert seen == (expected or keeps), state


@pytest.mark.parametrize("kind", ["moderator", "administrator"])
def test_nobody_checks_their_own_report_nor_one_about_their_own_record(kind: str) -> None:
    by = make_member(make_user(is_staff=True, is_superuser=kind == "administrator"))
    own, about_mine = report(by=by), report()
    name(about_mine.solution, by)
    wanted = {"administrator": ("four-eyes", "team")}.get(kind)
    for number, row in enumerate((own, about_mine)):
        if wanted:
            assert code_of(lambda row=row: check(row, by)) == wanted[number]
        else:
            with pytest.raises(PermissionDenied):
                check(row, by)
        assert fresh(row).state == State.SUBMITTED


# --- Sending -------------------------------------------------------------------------------


def test_a_report_waits_for_a_check_and_the_same_form_is_one_report() -> None:
    key, by, solution = uuid.uuid4(), make_member(), public_solution()

    one, two = (report(solution, by=by, form_key=key) for _twice in range(2))

    assert one == two
    assert (one.state, one.user, TrialReport.objects.count()) == (State.SUBMITTED, by, 1)


@pytest.mark.parametrize("kind", ["owner", "named"])
def test_the_solutions_own_team_reports_in_the_record(kind: str) -> None:
    solution = public_solution()
    by = make_member(solution.owner) if kind == "owner" else name(solution, make_member())
    assert code_of(lambda: report(solution, by=by)) == "team"


def test_only_members_report_and_only_on_what_is_public() -> None:
    with pytest.raises(PermissionDenied):
        report(by=make_user())
    assert code_of(lambda: report(make_solution())) == "not-public"
    gone = public_solution()
    withdraw_solution(gone, by=gone.owner, reason="Wrong.")
    assert code_of(lambda: report(fresh(gone))) == "not-public"


def test_so_many_reports_of_one_person_wait_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "MOST_WAITING", 1)
    by, solution = make_member(), public_solution()
    report(solution, by=by)
    assert code_of(lambda: report(solution, by=by)) == "limit"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"country": "XX"}, "country"),
        ({"tried": "yesterday"}, "tried"),
        ({"outcome": "great"}, "outcome"),
        ({"result": ""}, "result"),
        ({"evidence_url": "https://example.org/a"}, "evidence_title"),
        ({"evidence_title": "A report"}, "evidence_url"),
        ({"evidence_title": "A", "evidence_url": "javascript:alert(1)"}, "evidence_url"),
        ({"evidence_title": "A", "evidence_url": "ftp://example.org/a"}, "evidence_url"),
    ],
)
def test_what_a_report_lacks_is_said_at_its_field(values: Any, field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        report(**values)
    assert set(refusal.value.message_dict) == {field}


def test_a_report_by_the_institution_the_record_names_is_marked() -> None:
    hub = make_hub(name="Agency for Wells", acronym="AW")
    solution = public_solution(hub=hub, owner_institution="Ministry of Water")
    named = ("ministry of  WATER", "Agency for wells", "AW")
    assert [report(solution, organisation=n).is_own for n in named] == [True] * 3
    assert not report(solution, organisation="Water board").is_own


def test_a_report_belongs_only_to_a_lab_that_lists_the_solution() -> None:
    lab, solution = brazilian_lab(), public_solution()
    with pytest.raises(ValidationError):
        trials.report_trial(solution, by=make_member(), form_key=uuid.uuid4(), lab=lab, **TOLD)


# --- Changing and withdrawing --------------------------------------------------------------


def change(row: TrialReport, by: Any, opened: str = "", **values: Any) -> TrialReport:
    opened = opened or mark_of(fresh(row), trials.TOLD)
    return trials.change_report(row, by=by, opened=opened, **(TOLD | values))


def test_its_author_changes_a_report_until_it_is_shown() -> None:
    row = report()
    assert row.user is not None

    change(row, row.user, result="All of them.")
    assert fresh(row).result == "All of them."
    check(row, make_user(is_staff=True))

    assert code_of(lambda: change(row, row.user, result="None.")) == "closed"
    with pytest.raises(PermissionDenied):
        change(row, make_member())


def test_what_was_not_shown_goes_to_a_check_again_once_it_is_changed() -> None:
    row = report()
    check(row, make_user(is_staff=True), shows=False, reason="It names no place.")
    assert fresh(row).reason == "It names no place."

    change(row, row.user, context="In the hills of the north.")

    assert (fresh(row).state, fresh(row).reason) == (State.SUBMITTED, "")


def test_a_form_opened_before_another_change_is_told_so() -> None:
    row = report()
    opened = mark_of(row, trials.TOLD)
    change(row, row.user, result="All.")
    assert code_of(lambda: change(row, row.user, opened, result="None.")) == "stale"


def test_nobody_shows_a_text_they_have_not_read() -> None:
    row, by = report(), make_user(is_staff=True)
    opened = mark_of(row, trials.TOLD)
    change(row, row.user, result="Buy pumps.")

    late = lambda: trials.check_report(fresh(row), by=by, shows=True, opened=opened)  # noqa: E731

    assert code_of(late) == "stale"
    assert fresh(row).state == State.SUBMITTED


def test_a_report_is_withdrawn_by_its_author_alone() -> None:
    row = shown()
    with pytest.raises(DomainError):
        row.withdraw_report(by=make_user(is_staff=True, is_superuser=True))
    row.withdraw_report(by=row.user)
    assert not TrialReport.objects.shown().exists()


# --- Checking ------------------------------------------------------------------------------


def test_a_shown_report_is_told_with_a_letter_and_in_the_audit() -> None:
    told: list[Any] = []

    def hear(what: str, record: Any, **_: Any) -> None:
        told.append((what, record))

    row = report(organisation="Board\nBcc: all@test.example")
    lab_news.connect(hear)
    try:
        check(row, make_user(is_staff=True))
    finally:
        lab_news.disconnect(hear)

    assert told == [("report", row)]
    assert row.user is not None
    [letter] = letters(row.user)
    assert name_of(letter) == "community/report_shown"
    assert row.get_absolute_url() in text_of(letter)
    assert "\n" not in title_of(letter)
    assert AuditEntry.of(row).get().verb == "show_report"


def test_a_hidden_report_says_why_to_its_author() -> None:
    row = report()
    with pytest.raises(ValidationError):
        check(row, make_user(is_staff=True), shows=False, reason="  ")

    check(row, make_user(is_staff=True), shows=False, reason="It is about another solution.")

    assert row.user is not None
    [letter] = letters(row.user)
    assert name_of(letter) == "community/report_hidden"
    assert "It is about another solution." in text_of(letter)
    assert AuditEntry.of(row).get().note == "It is about another solution."


def test_reports_wait_for_those_who_may_check_them() -> None:
    lab = brazilian_lab()
    steward, moderator = steward_of(lab), make_user(is_staff=True)
    inside, outside = report(lab=lab), report()
    named = name(inside.solution, steward_of(lab))

    def waiting(user: Any) -> set[str]:
        return {item.url for item in items_for(fresh(user)) if "/trials/" in item.url}

    urls = [f"{row.get_absolute_url()}#check" for row in (inside, outside)]
    assert waiting(moderator) == set(urls)
    assert waiting(steward) == {urls[0]}
    assert waiting(named) == waiting(make_member()) == set()


# --- What they say together ----------------------------------------------------------------


def test_places_count_once_by_their_newest_report_and_failures_like_successes() -> None:
    solution = public_solution(owner_institution="Ministry of Water")
    for organisation, country, outcome in (
        ("Board of A", "ID", Outcome.RUNNING),
        ("board of a", "ID", Outcome.WORKED),
        ("Board of A", "CD", Outcome.WORKED),
        ("Board of B", "CG", Outcome.PARTLY),
        ("Board of C", "CG", Outcome.FAILED),
        ("Ministry of Water", "BR", Outcome.WORKED),
    ):
        shown(solution=solution, organisation=organisation, country=country, outcome=outcome)
    report(solution, organisation="Board of D")

    tally = tally_of(solution)

    assert str(tally) == "Tried in 4 other places: 2 worked, 1 in part, 1 did not."
    assert (tally.reports, tally.countries) == (6, ("ID", "CD", "CG"))


def test_nothing_is_counted_of_what_is_not_shown() -> None:
    solution = public_solution()
    for state in ("submitted", "hidden", "withdrawn"):
        put(report(solution, organisation=state), state)
    assert (tally_of(solution).reports, str(tally_of(solution))) == (0, "")


def test_the_reports_of_a_withdrawn_record_are_not_open_any_more() -> None:
    row = shown()
    withdraw_solution(row.solution, by=row.solution.owner, reason="Wrong.")
    visitor = TrialReport.objects.visible_to(AnonymousUser())
    assert not visitor.exists()
    assert TrialReport.objects.visible_to(row.user).get() == row
