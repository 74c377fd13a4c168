"""Two at once, on whichever database the tests run: real threads, real transactions.

The twins without guards show that the races are real: they take away the locks and, on SQLite,
``BEGIN IMMEDIATE``, where the transaction itself is the lock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet

from accounts.models import User
from assessment import operations
from assessment.models import Assessment, Framework, RoadStep, Sheet
from core.errors import DomainError
from core.models import AuditEntry
from hubs.models import Hub
from tests import racing
from tests.assessment.factories import (
    Team,
    agreed,
    answered,
    compared,
    framework,
    moderator,
    opened,
    sheet_of,
    team,
)
from tests.factories import make_member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROUNDS = 10
State = Assessment.State
YES, NO = {"holds": True, "proof": ""}, {"holds": False, "proof": ""}


def at_once(*calls: Callable[[], Any], begin: Callable[[], None] = lambda: None) -> list[str]:
    """Run calls in threads that start together; what became of each, in order: "done", or the
    code of its refusal. Anything else is a bug."""
    return [outcome(result) for result in racing.at_once(*calls, begin=begin)]


def outcome(result: Any) -> str:
    match result:
        case DomainError():
            return str(result.code)
        case PermissionDenied():
            return "denied"
        case Exception():
            return type(result).__name__
    return "done"


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


def verbs(target: Any) -> Counter[str]:
    return Counter(AuditEntry.of(target).values_list("verb", flat=True))


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The locks off; what is returned begins each thread. Reading takes a moment, so that
    everybody has read before anybody writes."""

    def no_lock(rows: QuerySet[Any], **_how: Any) -> QuerySet[Any]:
        return rows

    lock = operations._lock

    def look(pk: int) -> Assessment:
        read = lock(pk)
        list(read.sheets.all())
        racing.everybody_has_looked()
        return read

    monkeypatch.setattr(QuerySet, "select_for_update", no_lock)
    monkeypatch.setattr(operations, "_lock", look)
    return racing.begin_without_lock


# --- Opening ---------------------------------------------------------------------------------


def open_one(group: Team, by: User) -> Assessment:
    hub, person = Hub.objects.get(pk=group.hub.pk), User.objects.get(pk=by.pk)
    return operations.open_assessment(hub, by=person, people=group.people)


def test_two_focal_points_who_open_at_once_open_one() -> None:
    framework()
    group = team()
    second = make_member(group.hub, "focal_point")
    for _round in range(ROUNDS):
        Assessment.objects.all().delete()
        found = at_once(*[lambda by=by: open_one(group, by) for by in (group.focal, second)])
        assert sorted(found) == ["done", "open-already"]
        assert Assessment.objects.get().sheets.count() == 2


# --- Answering -------------------------------------------------------------------------------


def save(sheet: Sheet, person: User, answers: Any, base: int) -> Sheet:
    row = Sheet.objects.get(pk=sheet.pk)
    return operations.save_answers(row, by=fresh(person), answers=answers, base=base)


def test_of_two_windows_on_the_same_statement_one_is_told() -> None:
    group, assessment = opened()
    sheet = sheet_of(assessment, group.one)
    for _round in range(ROUNDS):
        Sheet.objects.filter(pk=sheet.pk).update(answers={}, changed={}, revision=0)
        found = at_once(
            lambda: save(sheet, group.one, {"identify-1-1": YES}, 0),
            lambda: save(sheet, group.one, {"identify-1-1": NO}, 0),
        )
        assert sorted(found) == ["done", "stale"]
        kept = YES if found[0] == "done" else NO
        assert fresh(sheet).answers == {"identify-1-1": kept}


def test_two_windows_on_different_statements_lose_nothing() -> None:
    group, assessment = opened()
    sheet = sheet_of(assessment, group.one)
    for _round in range(ROUNDS):
        Sheet.objects.filter(pk=sheet.pk).update(answers={}, changed={}, revision=0)
        found = at_once(
            lambda: save(sheet, group.one, {"identify-1-1": YES}, 0),
            lambda: save(sheet, group.one, {"identify-1-2": NO}, 0),
        )
        assert found == ["done", "done"]
        assert fresh(sheet).answers == {"identify-1-1": YES, "identify-1-2": NO}


def test_without_the_locks_one_of_two_windows_is_lost(unguarded: Callable[[], None]) -> None:
    group, assessment = opened()
    sheet = sheet_of(assessment, group.one)
    found = at_once(
        lambda: save(sheet, group.one, {"identify-1-1": YES}, 0),
        lambda: save(sheet, group.one, {"identify-1-2": NO}, 0),
        begin=unguarded,
    )
    assert found != ["done", "done"] or len(fresh(sheet).answers) < 2


# --- Finishing -------------------------------------------------------------------------------


def both_answered() -> tuple[Team, Assessment, Sheet, Sheet]:
    group, assessment = opened()
    one = answered(assessment, group.one, 2)
    return group, assessment, one, answered(assessment, group.two, 1)


def again(assessment: Assessment) -> None:
    """Both sheets answered, none finished: as before the round."""
    Assessment.objects.filter(pk=assessment.pk).update(state=State.ANSWERING, answers={})
    assessment.sheets.update(done_at=None)


def finish(sheet: Sheet) -> None:
    row = Sheet.objects.select_related("person").get(pk=sheet.pk)
    operations.finish_sheet(row, by=row.person)


def test_two_who_finish_at_once_are_compared_exactly_once() -> None:
    _group, assessment, one, two = both_answered()
    for number in range(1, ROUNDS + 1):
        again(assessment)
        assert at_once(lambda: finish(one), lambda: finish(two)) == ["done", "done"]
        row = fresh(assessment)
        assert row.state == State.COMPARING, f"round {number}"
        assert verbs(assessment)["compare"] == number
        assert len(row.answers) == 72 - 18


def test_one_who_presses_finish_four_times_finishes_once() -> None:
    _group, assessment, one, _two = both_answered()
    assert at_once(*[lambda: finish(one)] * 4) == ["done"] * 4
    assert verbs(assessment)["finish_sheet"] == 1
    assert fresh(assessment).state == State.ANSWERING


def test_without_the_locks_two_who_finish_are_not_compared(unguarded: Callable[[], None]) -> None:
    _group, assessment, one, two = both_answered()
    found = at_once(lambda: finish(one), lambda: finish(two), begin=unguarded)
    assert found != ["done", "done"] or fresh(assessment).state != State.COMPARING


def reopen(sheet: Sheet) -> None:
    row = Sheet.objects.select_related("person").get(pk=sheet.pk)
    operations.reopen_sheet(row, by=row.person)


def test_nothing_is_compared_that_somebody_took_up_again() -> None:
    _group, assessment, one, two = both_answered()
    for _round in range(ROUNDS):
        again(assessment)
        finish(one)
        found = at_once(lambda: finish(two), lambda: reopen(one))
        unfinished = assessment.sheets.filter(done_at=None).count()
        outcome = (tuple(found), fresh(assessment).state, unfinished)
        assert outcome in {
            (("done", "done"), State.ANSWERING, 1),
            (("done", "wrong-state"), State.COMPARING, 0),
        }


def test_who_finishes_while_somebody_else_is_named_is_never_both() -> None:
    group, assessment = opened()
    sheet = answered(assessment, group.one)
    new = make_member(group.hub)

    def replace() -> None:
        operations.replace_person(fresh(sheet), by=fresh(group.focal), person=new, unit="Finance")

    def finish_own() -> None:
        operations.finish_sheet(fresh(sheet), by=fresh(group.one))

    found = at_once(finish_own, replace)
    row = fresh(sheet)
    assert (found, row.person, row.done_at is not None, bool(row.answers)) in [
        (["done", "finished"], group.one, True, True),
        (["denied", "done"], new, False, False),
    ]


# --- Agreeing, and the road map --------------------------------------------------------------


def test_an_assessment_agreed_twice_at_once_is_agreed_once() -> None:
    group, assessment = compared()

    def settle(by: User) -> None:
        operations.agree(fresh(assessment), by=fresh(by), summary=str(by.pk))

    found = at_once(*[lambda by=by: settle(by) for by in (group.one, group.two, group.focal)])
    assert sorted(found) == ["done", "wrong-state", "wrong-state"]
    row = fresh(assessment)
    assert row.summary == str(row.agreed_by_id)
    assert verbs(assessment)["agree"] == 1


def test_agreeing_and_giving_up_at_once_is_one_of_them() -> None:
    group, assessment = compared()
    found = at_once(
        lambda: operations.agree(fresh(assessment), by=fresh(group.one)),
        lambda: operations.drop(fresh(assessment), by=fresh(group.focal), note="No."),
    )
    assert sorted(found) == ["done", "wrong-state"]
    expected = State.AGREED if found[0] == "done" else State.DROPPED
    assert fresh(assessment).state == expected


def test_what_is_settled_while_agreeing_is_in_it_or_refused() -> None:
    group, assessment = compared(None, 1, 1)
    found = at_once(
        lambda: operations.agree(fresh(assessment), by=fresh(group.one)),
        lambda: operations.save_agreed(
            fresh(assessment), by=fresh(group.two), answers={"identify-1-1": NO}, base=0
        ),
    )
    row = fresh(assessment)
    level = {"done": 0, "wrong-state": 1}[found[1]]
    assert (found[0], row.state, row.levels["identify"]) == ("done", State.AGREED, level)
    assert row.answers["identify-1-1"]["holds"] is (level == 1)


def test_steps_taken_twice_at_once_are_on_the_road_map_once() -> None:
    group, assessment = agreed()
    codes = ["identify-1-1", "money-1-1"]

    def take() -> None:
        operations.take_steps(fresh(assessment), by=fresh(group.focal), codes=codes)

    assert at_once(take, take, take) == ["done"] * 3
    assert RoadStep.objects.count() == 2


# --- Editions --------------------------------------------------------------------------------


def test_of_two_drafts_put_in_force_at_once_one_is_in_force() -> None:
    edition, staff = framework(), moderator()
    drafts = [
        operations.draft_framework(edition, by=staff, version=version) for version in ("2.0", "3.0")
    ]

    def put(draft: Framework) -> None:
        operations.put_in_force(fresh(draft), by=fresh(staff), note="Clearer.")

    assert at_once(*[lambda draft=draft: put(draft) for draft in drafts]) == ["done", "done"]
    states = Counter(Framework.objects.values_list("state", flat=True))
    assert states == {"in_force": 1, "replaced": 2}


def test_one_draft_put_in_force_twice_is_once() -> None:
    edition, staff = framework(), moderator()
    draft = operations.draft_framework(edition, by=staff, version="2.0")
    found = at_once(
        *[lambda: operations.put_in_force(fresh(draft), by=fresh(staff), note="Clearer.")] * 2
    )
    assert sorted(found) == ["done", "wrong-state"]
    assert verbs(draft)["put_in_force"] == 1
