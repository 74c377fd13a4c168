"""From opening to the road map: what each operation does, and what it refuses."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from assessment import operations
from assessment.models import Assessment, Framework, RoadStep, Sheet, Statement, StepUpdate
from assessment.scoring import Spread
from assessment.signals import assessment_moved
from core.errors import DomainError
from core.models import AuditEntry
from hubs.models import Hub, Membership
from hubs.operations import give_role, take_role
from tests.assessment.factories import (
    Team,
    agreed,
    answered,
    answers,
    compared,
    dropped,
    finished,
    framework,
    moderator,
    opened,
    sheet_of,
    team,
)
from tests.factories import make_hub, make_member, make_user

pytestmark = pytest.mark.django_db

State = Assessment.State
YES = {"holds": True, "proof": ""}
NO = {"holds": False, "proof": ""}
FIRST, SECOND = "identify-1-1", "identify-1-2"


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


def refusal(call: Any, *args: Any, **kwargs: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        call(*args, **kwargs)
    return caught.value


def verbs(target: Any) -> list[str]:
    return list(AuditEntry.of(target).order_by("pk").values_list("verb", flat=True))


# --- Editions and their statements -----------------------------------------------------------


def test_statements_come_in_order_with_their_dimension_in_two_queries(
    django_assert_num_queries: Any,
) -> None:
    edition = framework()
    with django_assert_num_queries(2):
        rows = operations.statements_of(edition)
        names = [row.dimension.code for row in rows]
    with django_assert_num_queries(1):
        asked = operations.asked_of(edition)
    assert [row.code for row in rows] == [each.code for each in asked]
    assert names == [each.dimension for each in asked]
    assert (rows[0].code, rows[-1].code, len(rows)) == ("identify-1-1", "money-4-3", 72)


# --- Opening ---------------------------------------------------------------------------------


def test_opening_asks_two_people_and_tells_it() -> None:
    edition, group, heard = framework(), team(), []

    def hear(assessment: Assessment, verb: str, **_: Any) -> None:
        heard.append((assessment.hub_id, verb))

    assessment_moved.connect(hear)
    try:
        assessment = operations.open_assessment(group.hub, by=group.focal, people=group.people)
    finally:
        assessment_moved.disconnect(hear)
    assert (assessment.state, assessment.framework) == (State.ANSWERING, edition)
    assert [(row.person, row.unit) for row in assessment.sheets.all()] == group.people
    assert heard == [(group.hub.pk, "open")]
    assert verbs(assessment) == ["open_assessment"]


@pytest.mark.parametrize(
    ("people", "code"),
    [
        (lambda g: g.people[:1], "two-people"),
        (lambda g: [*g.people, (g.focal, "Third")], "two-people"),
        (lambda g: [(g.one, "A"), (g.one, "B")], "two-people"),
        (lambda g: [(g.one, "Planning"), (g.two, " PLANNING ")], "same-unit"),
        (lambda g: [(g.one, "Planificación"), (g.two, "planificacion")], "same-unit"),
        (lambda g: [(g.one, "Planning"), (make_user(), "Other")], "not-member"),
        (lambda g: [(g.one, "Planning"), (make_member(make_hub()), "Other")], "not-member"),
        (lambda g: [(g.one, "Planning"), (make_member(g.hub, is_active=False), "B")], "not-member"),
        (lambda g: [(g.one, "Planning"), (g.two, "  ")], "unit"),
        (lambda g: [(g.one, "Planning"), (g.two, "x" * 121)], "unit"),
    ],
)
def test_it_takes_two_different_members_of_different_units(people: Any, code: str) -> None:
    framework()
    group = team()
    asked = people(group)
    found = refusal(operations.open_assessment, group.hub, by=group.focal, people=asked)
    assert found.code == code
    assert not Assessment.objects.exists()


def test_a_hub_has_one_open_assessment_at_a_time() -> None:
    group, assessment = opened()
    call = (operations.open_assessment, group.hub)
    assert refusal(*call, by=group.focal, people=group.people).code == "open-already"
    operations.drop(assessment, by=group.focal, note="Begun too early.")
    operations.open_assessment(group.hub, by=group.focal, people=group.people)


def test_the_database_refuses_a_second_open_one() -> None:
    group, assessment = opened()
    with pytest.raises(IntegrityError), transaction.atomic():
        Assessment.objects.create(hub=group.hub, framework=assessment.framework)


def test_without_an_edition_in_force_nothing_opens() -> None:
    group = team()
    found = refusal(operations.open_assessment, group.hub, by=group.focal, people=group.people)
    assert found.code == "no-framework"


def test_a_hub_that_became_part_of_another_opens_none() -> None:
    framework()
    group = team()
    Hub.objects.filter(pk=group.hub.pk).update(merged_into=make_hub())
    found = refusal(operations.open_assessment, group.hub, by=group.focal, people=group.people)
    assert found.code == "merged"


# --- The two people --------------------------------------------------------------------------


def test_somebody_else_begins_with_empty_answers() -> None:
    group, assessment = opened()
    sheet = answered(assessment, group.one)
    new = make_member(group.hub)
    operations.replace_person(sheet, by=group.focal, person=new, unit="Finance")
    row = fresh(sheet)
    assert (row.person, row.unit, row.answers, row.changed) == (new, "Finance", {}, {})
    assert row.revision == sheet.revision + 1


def test_naming_the_same_person_again_only_changes_the_unit() -> None:
    group, assessment = opened()
    sheet = answered(assessment, group.one)
    operations.replace_person(sheet, by=group.focal, person=group.one, unit="Finance")
    row = fresh(sheet)
    assert (row.person, row.unit, row.answers) == (group.one, "Finance", sheet.answers)


@pytest.mark.parametrize(
    ("person", "unit", "code"),
    [
        (lambda g: g.two, "Finance", "two-people"),
        (lambda g: make_member(g.hub), "planning", "same-unit"),
        (lambda g: make_user(), "Finance", "not-member"),
        (lambda g: make_member(g.hub), "", "unit"),
    ],
)
def test_who_replaces_answers_to_the_same_rules(person: Any, unit: str, code: str) -> None:
    group, assessment = opened()
    sheet = sheet_of(assessment, group.one)
    call = (operations.replace_person, sheet)
    assert refusal(*call, by=group.focal, person=person(group), unit=unit).code == code


def test_who_has_finished_is_not_replaced() -> None:
    group, assessment = opened()
    sheet = finished(assessment, group.one)
    new = make_member(group.hub)
    found = refusal(operations.replace_person, sheet, by=group.focal, person=new, unit="Finance")
    assert found.code == "finished"
    assert fresh(sheet).answers == sheet.answers


# --- Answering apart -------------------------------------------------------------------------


def test_a_part_of_the_answers_is_saved_and_the_rest_stays() -> None:
    group, assessment = opened()
    sheet = sheet_of(assessment, group.one)
    operations.save_answers(sheet, by=group.one, answers={FIRST: YES}, base=0)
    told = {"holds": False, "proof": " The order of 3 May. "}
    operations.save_answers(sheet, by=group.one, answers={SECOND: told}, base=1)
    row = fresh(sheet)
    assert row.answers == {FIRST: YES, SECOND: {"holds": False, "proof": "The order of 3 May."}}
    assert row.revision == 2


def test_saving_the_same_again_changes_nothing() -> None:
    group, assessment = opened()
    sheet = sheet_of(assessment, group.one)
    given = {FIRST: YES, SECOND: {"holds": None, "proof": ""}}
    operations.save_answers(sheet, by=group.one, answers=given, base=0)
    operations.save_answers(sheet, by=group.one, answers=given, base=0)
    row = fresh(sheet)
    assert (row.revision, row.answers) == (1, {FIRST: YES})


def test_an_answer_can_be_taken_back() -> None:
    group, assessment = opened()
    sheet = sheet_of(assessment, group.one)
    operations.save_answers(sheet, by=group.one, answers={FIRST: YES}, base=0)
    back = {FIRST: {"holds": None, "proof": ""}}
    operations.save_answers(sheet, by=group.one, answers=back, base=1)
    assert fresh(sheet).answers[FIRST]["holds"] is None


def test_an_older_window_overwrites_nothing() -> None:
    group, assessment = opened()
    sheet = sheet_of(assessment, group.one)
    operations.save_answers(sheet, by=group.one, answers={FIRST: YES}, base=0)
    call = (operations.save_answers, sheet)
    found = refusal(*call, by=group.one, answers={FIRST: NO, SECOND: NO}, base=0)
    assert (found.code, list(found.fields)) == ("stale", [FIRST])
    assert fresh(sheet).answers == {FIRST: YES}


def test_two_windows_on_different_statements_both_save() -> None:
    group, assessment = opened()
    sheet = sheet_of(assessment, group.one)
    operations.save_answers(sheet, by=group.one, answers={FIRST: YES}, base=0)
    operations.save_answers(sheet, by=group.one, answers={SECOND: NO}, base=0)
    assert fresh(sheet).answers == {FIRST: YES, SECOND: NO}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"identify-9-9": YES}, "unknown"),
        ({FIRST: {"holds": True, "proof": "x" * 501}}, "proof"),
    ],
)
def test_what_is_no_answer_is_refused_and_nothing_is_saved(given: Any, code: str) -> None:
    group, assessment = opened()
    sheet = sheet_of(assessment, group.one)
    call = (operations.save_answers, sheet)
    assert refusal(*call, by=group.one, answers={SECOND: YES, **given}, base=0).code == code
    assert fresh(sheet).answers == {}


@pytest.mark.parametrize("holds", ["yes", 1, 0, "False"])
def test_only_true_false_and_none_are_answers(holds: Any) -> None:
    group, assessment = opened()
    sheet = sheet_of(assessment, group.one)
    with pytest.raises(ValueError, match="neither yes nor no"):
        operations.save_answers(sheet, by=group.one, answers={FIRST: {"holds": holds}}, base=0)


# --- Finishing -------------------------------------------------------------------------------


def test_a_sheet_is_finished_when_every_statement_has_an_answer() -> None:
    group, assessment = opened()
    sheet = answered(assessment, group.one)
    operations.save_answers(
        sheet, by=group.one, answers={SECOND: {"holds": None, "proof": ""}}, base=sheet.revision
    )
    found = refusal(operations.finish_sheet, sheet, by=group.one)
    assert (found.code, list(found.fields)) == ("unanswered", [SECOND])
    assert fresh(sheet).done_at is None


def test_the_second_to_finish_makes_the_comparison_and_what_is_alike_is_kept() -> None:
    group, assessment = opened()
    asked = operations.asked_of(assessment.framework)
    one, two = answers(asked, 1), answers(asked, 1)
    one[FIRST] = {"holds": True, "proof": "The order"}
    two[FIRST] = {"holds": True, "proof": "The web page"}
    two[SECOND] = NO
    finished(assessment, group.one, one)
    assert fresh(assessment).state == State.ANSWERING
    finished(assessment, group.two, two)
    row = fresh(assessment)
    assert row.state == State.COMPARING
    assert row.answers[FIRST] == {"holds": True, "proof": "The web page; The order"} or (
        row.answers[FIRST] == {"holds": True, "proof": "The order; The web page"}
    )
    assert SECOND not in row.answers
    assert len(row.answers) == 71
    expected = ["open_assessment", "finish_sheet", "finish_sheet", "compare"]
    assert verbs(assessment) == expected


def test_of_two_proofs_that_do_not_fit_together_the_longer_stays() -> None:
    group, assessment = opened()
    asked = operations.asked_of(assessment.framework)
    one, two = answers(asked, 1), answers(asked, 1)
    one[FIRST] = {"holds": True, "proof": "a" * 300}
    two[FIRST] = {"holds": True, "proof": "b" * 301}
    finished(assessment, group.one, one)
    finished(assessment, group.two, two)
    assert fresh(assessment).answers[FIRST]["proof"] == "b" * 301


def test_finishing_twice_is_once() -> None:
    group, assessment = opened()
    sheet = finished(assessment, group.one)
    operations.finish_sheet(sheet, by=group.one)
    assert fresh(sheet).done_at == sheet.done_at
    assert verbs(assessment).count("finish_sheet") == 1


def test_what_is_finished_changes_only_when_taken_up_again() -> None:
    group, assessment = opened()
    sheet = finished(assessment, group.one)
    call = (operations.save_answers, sheet)
    given: dict[str, Any] = {"answers": {FIRST: YES}, "base": sheet.revision}
    assert refusal(*call, by=group.one, **given).code == "finished"
    operations.reopen_sheet(sheet, by=group.one)
    operations.save_answers(sheet, by=group.one, **given)
    assert fresh(sheet).answers[FIRST] == YES


def test_nobody_takes_up_again_what_was_compared() -> None:
    group, assessment = compared()
    sheet = sheet_of(assessment, group.one)
    assert refusal(operations.reopen_sheet, sheet, by=group.one).code == "wrong-state"
    assert fresh(sheet).done_at is not None


def test_after_giving_up_nobody_answers() -> None:
    group, assessment = dropped()
    sheet = sheet_of(assessment, group.two)
    call = (operations.save_answers, sheet)
    assert refusal(*call, by=group.two, answers={FIRST: YES}, base=0).code == "wrong-state"
    assert refusal(operations.finish_sheet, sheet, by=group.two).code == "wrong-state"


# --- Agreeing --------------------------------------------------------------------------------


def test_agreeing_needs_every_answer_and_writes_the_levels() -> None:
    group, assessment = opened()
    asked = operations.asked_of(assessment.framework)
    finished(assessment, group.one, answers(asked, {"identify": 2, "money": 1}))
    finished(assessment, group.two, answers(asked, {"identify": 3, "money": 1}))
    found = refusal(operations.agree, assessment, by=group.one)
    assert found.code == "unanswered"
    assert list(found.fields) == ["identify-3-1", "identify-3-2", "identify-3-3"]
    settled = {code: {"holds": True, "proof": "Seen together."} for code in found.fields}
    operations.save_agreed(assessment, by=group.two, answers=settled, base=0)
    done = operations.agree(assessment, by=group.one, summary=" Better than we thought. ")
    row = fresh(assessment)
    assert row.levels == {
        "identify": 3, "package": 0, "partner": 0, "results": 0, "structure": 0, "money": 1,
    }  # fmt: skip
    assert (row.state, row.agreed_by, row.summary) == (
        State.AGREED, group.one, "Better than we thought.",
    )  # fmt: skip
    assert (row.sharing, done.levels) == (Assessment.Sharing.PRIVATE, row.levels)


def test_agreed_answers_have_the_same_guard_against_older_windows() -> None:
    group, assessment = compared()
    operations.save_agreed(assessment, by=group.one, answers={FIRST: YES}, base=0)
    call = (operations.save_agreed, assessment)
    late = {FIRST: {"holds": False, "proof": "No such order."}}
    assert refusal(*call, by=group.two, answers=late, base=0).code == "stale"
    operations.save_agreed(assessment, by=group.two, answers={SECOND: YES}, base=0)
    row = fresh(assessment)
    assert (row.answers[FIRST], row.answers[SECOND], row.revision) == (YES, YES, 2)


def test_what_was_agreed_does_not_change() -> None:
    group, assessment = agreed(level=1)
    before = fresh(assessment)
    for call, given in (
        (operations.save_agreed, {"answers": {FIRST: NO}, "base": 0}),
        (operations.agree, {"summary": "Other"}),
        (operations.drop, {"note": "No more."}),
    ):
        assert refusal(call, assessment, by=group.focal, **given).code == "wrong-state"
    row = fresh(assessment)
    assert (row.answers, row.levels, row.summary) == (before.answers, before.levels, "")


def test_an_assessment_keeps_the_edition_it_began_on() -> None:
    group, assessment = compared()
    staff = moderator()
    draft = operations.draft_framework(framework(), by=staff, version="2.0")
    operations.put_in_force(draft, by=staff, note="Clearer.")
    done = operations.agree(assessment, by=group.one)
    assert (done.framework.version, done.framework.state) == ("1.0", Framework.State.REPLACED)
    again = operations.open_assessment(group.hub, by=group.focal, people=group.people)
    assert again.framework.version == "2.0"


def test_giving_up_needs_a_reason() -> None:
    group, assessment = opened()
    found = refusal(operations.drop, assessment, by=group.focal, note="  ")
    assert (found.code, list(found.fields)) == ("note", ["note"])
    operations.drop(assessment, by=group.focal, note="Begun too early.")
    assert AuditEntry.of(assessment).filter(verb="drop").get().note == "Begun too early."


def test_the_audit_says_neither_answers_nor_levels() -> None:
    group, assessment = agreed(level=2)
    operations.share(assessment, by=group.focal, sharing="public")
    operations.take_steps(assessment, by=group.focal, codes=["money-3-1"])
    allowed = {
        "edition", "people", "source", "target_state", "sharing", "hubs", "road_map",
        "benchmark", "steps",
    }  # fmt: skip
    for entry in AuditEntry.of(assessment):
        assert set(entry.data) <= allowed
        assert entry.note == ""


# --- Sharing ---------------------------------------------------------------------------------


def test_an_agreed_assessment_is_shared_with_chosen_hubs() -> None:
    group, assessment = agreed()
    other, third = make_hub(), make_hub()
    operations.share(
        assessment, by=group.focal, sharing="chosen", hubs=[other, third, group.hub],
        shares_road_map=True, in_benchmark=False,
    )  # fmt: skip
    row = fresh(assessment)
    assert set(row.shared_with.all()) == {other, third}
    assert (row.sharing, row.shares_road_map, row.in_benchmark) == ("chosen", True, False)


@pytest.mark.parametrize("sharing", ["private", "public"])
def test_whoever_shares_otherwise_forgets_the_chosen_hubs(sharing: str) -> None:
    group, assessment = agreed()
    operations.share(assessment, by=group.focal, sharing="chosen", hubs=[make_hub()])
    operations.share(
        assessment, by=group.focal, sharing=sharing, hubs=[make_hub()], shares_road_map=True
    )
    row = fresh(assessment)
    assert list(row.shared_with.all()) == []
    assert row.shares_road_map == (sharing == "public")


def test_choosing_hubs_takes_at_least_one_that_can_be_seen() -> None:
    group, assessment = agreed()
    hidden = make_hub(is_listed=False)
    for hubs in ([], [group.hub], [hidden]):
        found = refusal(operations.share, assessment, by=group.focal, sharing="chosen", hubs=hubs)
        assert (found.code, list(found.fields)) == ("no-hubs", ["hubs"])


def test_only_what_was_agreed_is_shared() -> None:
    group, assessment = compared()
    call = (operations.share, assessment)
    assert refusal(*call, by=group.focal, sharing="public").code == "wrong-state"


# --- The road map ----------------------------------------------------------------------------


def test_the_three_cheapest_next_steps_are_proposed_and_taken_once() -> None:
    group, assessment = agreed()
    proposed = [row.code for row in operations.suggestions(assessment)]
    efforts = sorted(
        (each.effort, each.code)
        for each in operations.asked_of(assessment.framework)
        if each.level == 1
    )
    assert len(proposed) == 3
    assert [effort for effort, _code in efforts[:3]] == [
        Statement.objects.get(code=code).effort for code in proposed
    ]
    taken = operations.take_steps(assessment, by=group.focal, codes=proposed)
    assert {step.statement.code for step in taken if step.statement} == set(proposed)
    assert operations.take_steps(assessment, by=group.focal, codes=proposed) == []
    assert not {row.code for row in operations.suggestions(assessment)} & set(proposed)
    assert group.hub.road_map.count() == 3


def test_a_step_done_since_is_not_proposed_again() -> None:
    group, assessment = agreed()
    (first, *_rest) = operations.suggestions(assessment)
    (step,) = operations.take_steps(assessment, by=group.focal, codes=[first.code])
    step.finish(by=group.focal)
    assert first.code not in [row.code for row in operations.suggestions(assessment)]


def test_a_later_assessment_proposes_what_was_done_long_before_and_does_not_hold() -> None:
    with time_machine.travel(dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC), tick=False):
        group, assessment = agreed()
        (first, *_rest) = operations.suggestions(assessment)
        (step,) = operations.take_steps(assessment, by=group.focal, codes=[first.code])
        step.finish(by=group.focal)
    with time_machine.travel(dt.datetime(2025, 3, 1, 12, tzinfo=dt.UTC), tick=False):
        _group, later = agreed(group)
        assert first.code in [row.code for row in operations.suggestions(later)]


def test_proposals_cost_the_same_for_a_long_road_map(django_assert_num_queries: Any) -> None:
    group, assessment = agreed()
    row = Assessment.objects.select_related("framework").get(pk=assessment.pk)
    with django_assert_num_queries(3):
        operations.suggestions(row)
    codes = [f"{code}-1-{n}" for code in ("identify", "money", "results") for n in (1, 2, 3)]
    operations.take_steps(assessment, by=group.focal, codes=codes)
    with django_assert_num_queries(3):
        operations.suggestions(row)


def test_a_step_is_taken_from_what_does_not_hold_in_an_agreed_one() -> None:
    group, assessment = agreed(level=1)
    assert operations.take_steps(assessment, by=group.focal, codes=[FIRST]) == []
    call = (operations.take_steps, assessment)
    assert refusal(*call, by=group.focal, codes=["identify-9-9"]).code == "unknown"
    _other, open_one = compared()
    assert refusal(operations.take_steps, open_one, by=_other.focal, codes=[FIRST]).code == (
        "wrong-state"
    )


def test_the_same_statement_of_a_newer_edition_is_not_on_the_road_map_twice() -> None:
    group, assessment = agreed()
    operations.take_steps(assessment, by=group.focal, codes=[FIRST])
    staff = moderator()
    draft = operations.draft_framework(framework(), by=staff, version="2.0")
    operations.put_in_force(draft, by=staff, note="Clearer.")
    _group, later = agreed(group)
    assert operations.take_steps(later, by=group.focal, codes=[FIRST]) == []
    assert FIRST not in [row.code for row in operations.suggestions(later)]


def test_a_step_in_own_words_has_an_owner_of_the_hub_and_a_date() -> None:
    group = team()
    due = dt.date(2027, 1, 31)
    step = operations.add_step(
        group.hub, by=group.focal, text=" Write to partners. ", owner=group.two, due_on=due
    )
    assert (step.text, step.owner, step.due_on) == ("Write to partners.", group.two, due)
    assert (step.state, step.progress, step.statement) == (RoadStep.State.PLANNED, 0, None)


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"text": ""}, "text", "text"),
        ({"text": "x" * 401}, "text", "text"),
        ({"text": "Write.", "owner": "stranger"}, "not-member", "owner"),
    ],
)
def test_a_step_is_refused_at_the_field(given: dict[str, Any], code: str, field: str) -> None:
    group = team()
    if "owner" in given:
        given = {**given, "owner": make_user()}
    found = refusal(operations.add_step, group.hub, by=group.focal, **given)
    assert (found.code, list(found.fields)) == (code, [field])
    step = operations.add_step(group.hub, by=group.focal, text="Write.")
    change = {"owner": None, "due_on": None, **given}
    found = refusal(operations.change_step, step, by=group.focal, **change)
    assert (found.code, list(found.fields)) == (code, [field])


def test_a_statement_is_open_on_the_road_map_once() -> None:
    group, statement = team(), operations.statements_of(framework())[0]
    step = operations.add_step(group.hub, by=group.focal, text="A.", statement=statement)
    call = (operations.add_step, group.hub)
    given = {"text": "B.", "statement": statement}
    assert refusal(*call, by=group.focal, **given).code == "on-road-map"
    with pytest.raises(IntegrityError), transaction.atomic():
        RoadStep.objects.create(hub=group.hub, text="C.", statement=statement)
    step.drop(by=group.focal, note="Another way.")
    operations.add_step(group.hub, by=group.focal, text="B.", statement=statement)


def test_changing_a_step_records_which_parts_and_saying_the_same_nothing() -> None:
    group = team()
    step = operations.add_step(group.hub, by=group.focal, text="Write.")
    operations.change_step(step, by=group.focal, text="Write.", owner=None, due_on=None)
    assert verbs(step) == ["add_step"]
    operations.change_step(step, by=group.focal, text="Write.", owner=group.one, due_on=None)
    assert AuditEntry.of(step).get(verb="change_step").data == {"fields": ["owner"]}
    assert fresh(step).owner == group.one


def test_the_first_progress_puts_a_step_under_way() -> None:
    group = team()
    step = operations.add_step(group.hub, by=group.focal, text="Write.")
    operations.note_progress(step, by=group.focal, progress=0, text="Nothing yet.")
    assert fresh(step).state == RoadStep.State.PLANNED
    operations.note_progress(step, by=group.focal, progress=40, text="Two letters went out.")
    row = fresh(step)
    assert (row.state, row.progress) == (RoadStep.State.UNDER_WAY, 40)
    assert list(StepUpdate.objects.values_list("progress", "text", "by")) == [
        (40, "Two letters went out.", group.focal.pk),
        (0, "Nothing yet.", group.focal.pk),
    ]


@pytest.mark.parametrize(
    ("progress", "text", "code"),
    [(-1, "Said.", "progress"), (101, "Said.", "progress"), (10, " ", "text")],
)
def test_progress_is_a_percentage_with_words(progress: int, text: str, code: str) -> None:
    group = team()
    step = operations.add_step(group.hub, by=group.focal, text="Write.")
    call = (operations.note_progress, step)
    assert refusal(*call, by=group.focal, progress=progress, text=text).code == code
    assert (fresh(step).state, StepUpdate.objects.count()) == (RoadStep.State.PLANNED, 0)


def test_a_finished_step_is_closed_and_taken_up_again_as_far_as_it_was() -> None:
    group = team()
    step = operations.add_step(group.hub, by=group.focal, text="Write.")
    operations.note_progress(step, by=group.focal, progress=60, text="Half.")
    step = fresh(step)
    step.finish(by=group.focal)
    assert (fresh(step).progress, fresh(step).done_at is not None) == (100, True)
    call = (operations.note_progress, step)
    assert refusal(*call, by=group.focal, progress=70, text="More.").code == "wrong-state"
    change = {"text": "Other.", "owner": None, "due_on": None}
    assert refusal(operations.change_step, step, by=group.focal, **change).code == "wrong-state"
    step.reopen(by=group.focal)
    row = fresh(step)
    assert (row.state, row.progress, row.done_at) == (RoadStep.State.UNDER_WAY, 60, None)


def test_a_step_whose_statement_is_open_again_is_not_taken_up() -> None:
    group, statement = team(), operations.statements_of(framework())[0]
    first = operations.add_step(group.hub, by=group.focal, text="A.", statement=statement)
    first.drop(by=group.focal, note="Another way.")
    operations.add_step(group.hub, by=group.focal, text="B.", statement=statement)
    assert refusal(first.reopen, by=group.focal).code == "on-road-map"
    assert fresh(first).state == RoadStep.State.DROPPED


def test_a_step_in_the_words_of_its_statement_speaks_the_language_of_the_page() -> None:
    statement = operations.statements_of(framework())[0]
    statement.translations = {"fr": {"step": "Nommer une personne."}}
    statement.save(update_fields=["translations"])
    group = team()
    as_said = operations.add_step(
        group.hub, by=group.focal, text=statement.step, statement=statement
    )
    with translation.override("fr"):
        assert as_said.said == "Nommer une personne."
        as_said.text = "Name Maria."
        assert as_said.said == "Name Maria."


# --- Benchmark -------------------------------------------------------------------------------


def agreed_hubs(levels: list[int], **more: Any) -> list[Team]:
    edition = framework()
    groups = []
    for level in levels:
        group = team(**more)
        Assessment.objects.create(
            hub=group.hub, framework=edition, state=State.AGREED, agreed_at=timezone.now(),
            levels={"identify": level, "money": 0},
        )  # fmt: skip
        groups.append(group)
    return groups


def test_a_benchmark_takes_five_hubs_and_the_latest_of_each() -> None:
    edition = framework()
    groups = agreed_hubs([0, 1, 2, 3])
    assert operations.peers(edition)["identify"] is None
    agreed_hubs([4])
    assert operations.peers(edition)["identify"] == Spread(1.0, 2.0, 3.0, 5)
    Assessment.objects.create(
        hub=groups[0].hub, framework=edition, state=State.AGREED, agreed_at=timezone.now(),
        levels={"identify": 4},
    )  # fmt: skip
    assert operations.peers(edition)["identify"] == Spread(2.0, 3.0, 4.0, 5)


def test_who_does_not_take_part_or_is_not_listed_is_not_in_the_benchmark() -> None:
    edition = framework()
    groups = agreed_hubs([2, 2, 2, 2, 2])
    assert operations.peers(edition)["identify"] is not None
    Assessment.objects.filter(hub=groups[0].hub).update(in_benchmark=False)
    assert operations.peers(edition)["identify"] is None
    Assessment.objects.filter(hub=groups[0].hub).update(in_benchmark=True)
    for values in ({"is_listed": False}, {"merged_into": groups[1].hub}):
        Hub.objects.filter(pk=groups[0].hub.pk).update(**values)
        assert operations.peers(edition)["identify"] is None
        Hub.objects.filter(pk=groups[0].hub.pk).update(is_listed=True, merged_into=None)


def test_an_older_assessment_does_not_stand_in_for_a_latest_that_stays_out() -> None:
    edition = framework()
    groups = agreed_hubs([2, 2, 2, 2, 2])
    Assessment.objects.create(
        hub=groups[0].hub, framework=edition, state=State.AGREED, agreed_at=timezone.now(),
        levels={"identify": 4}, in_benchmark=False,
    )  # fmt: skip
    assert operations.peers(edition)["identify"] is None


def test_hubs_are_compared_with_hubs_of_their_kind_and_on_the_same_edition() -> None:
    edition = framework()
    agreed_hubs([1, 1, 1, 1, 1], kind=Hub.Kind.NATIONAL)
    agreed_hubs([4, 4, 4, 4], kind=Hub.Kind.SECTOR)
    assert operations.peers(edition, Hub.Kind.NATIONAL)["identify"] == Spread(1.0, 1.0, 1.0, 5)
    assert operations.peers(edition, Hub.Kind.SECTOR)["identify"] is None
    assert list(operations.peers(edition)) == [
        "identify", "package", "partner", "results", "structure", "money",
    ]  # fmt: skip
    draft = operations.draft_framework(edition, by=moderator(), version="2.0")
    assert set(operations.peers(draft).values()) == {None}


def test_open_and_dropped_assessments_are_in_no_benchmark() -> None:
    edition = framework()
    agreed_hubs([2, 2, 2, 2])
    compared()
    dropped()
    assert operations.peers(edition)["identify"] is None


def test_a_benchmark_costs_two_queries(django_assert_num_queries: Any) -> None:
    edition = framework()
    for levels in ([1], [1, 2, 3, 4, 2, 3]):
        agreed_hubs(levels)
        with django_assert_num_queries(2):
            operations.peers(edition, Hub.Kind.NATIONAL)


# --- Editions --------------------------------------------------------------------------------


def test_a_draft_is_a_copy_that_leaves_its_source_alone() -> None:
    edition, staff = framework(), moderator()
    draft = operations.draft_framework(edition, by=staff, version="1.1")
    assert (draft.state, draft.note) == (Framework.State.DRAFT, edition.note)
    assert operations.changes(draft, edition) == []
    assert len(operations.statements_of(edition)) == len(operations.statements_of(draft)) == 72
    assert not {row.pk for row in operations.statements_of(edition)} & {
        row.pk for row in operations.statements_of(draft)
    }


@pytest.mark.parametrize("version", ["1.0", "", "one", "1"])
def test_a_draft_needs_a_number_of_its_own(version: str) -> None:
    edition = framework()
    found = refusal(operations.draft_framework, edition, by=moderator(), version=version)
    assert (found.code, list(found.fields)) == ("version", ["version"])


def test_a_changed_sentence_loses_its_translation_and_the_others_keep_theirs() -> None:
    edition, staff = framework(), moderator()
    Statement.objects.filter(code=FIRST).update(
        translations={"fr": {"text": "Phrase.", "step": "Pas."}}
    )
    draft = operations.draft_framework(edition, by=staff, version="1.1")
    dimension = draft.dimensions.get(code="identify")
    operations.change_dimension(
        dimension, by=staff, texts={"title": "Find"},
        statements={FIRST: {"text": "Somebody collects solutions."}},
        seen=operations.fingerprint(dimension),
    )  # fmt: skip
    row = dimension.statements.get(code=FIRST)
    assert (row.text, row.translations) == (
        "Somebody collects solutions.", {"fr": {"step": "Pas."}},
    )  # fmt: skip
    assert [each.code for each in operations.changes(draft, edition)] == [FIRST]
    assert Statement.objects.get(dimension__framework=edition, code=FIRST).text != row.text


def test_who_saves_a_dimension_second_overwrites_nobody() -> None:
    staff = moderator()
    draft = operations.draft_framework(framework(), by=staff, version="1.1")
    dimension = draft.dimensions.get(code="identify")
    seen = operations.fingerprint(dimension)
    given: dict[str, Any] = {"statements": {}, "seen": seen}
    operations.change_dimension(dimension, by=staff, texts={"title": "One"}, **given)
    call = (operations.change_dimension, dimension)
    assert refusal(*call, by=staff, texts={"title": "Two"}, **given).code == "stale"
    assert fresh(dimension).title == "One"


def test_an_edition_in_force_is_not_changed() -> None:
    dimension = framework().dimensions.get(code="identify")
    seen = operations.fingerprint(dimension)
    found = refusal(
        operations.change_dimension, dimension, by=moderator(), texts={"title": "X"},
        statements={}, seen=seen,
    )  # fmt: skip
    assert found.code == "wrong-state"


@pytest.mark.parametrize("broken", ["a statement", "a dimension", "a level"])
def test_an_incomplete_draft_is_not_put_in_force(broken: str) -> None:
    edition, staff = framework(), moderator()
    draft = operations.draft_framework(edition, by=staff, version="1.1")
    rows = Statement.objects.filter(dimension__framework=draft)
    match broken:
        case "a statement":
            rows.filter(code=FIRST).delete()
        case "a dimension":
            draft.dimensions.get(code="money").delete()
        case "a level":
            rows.filter(code=FIRST).update(level=2)
    found = refusal(operations.put_in_force, draft, by=staff, note="Clearer.")
    assert found.code == "incomplete"
    assert operations.in_force() == edition


def test_putting_in_force_replaces_the_former_once() -> None:
    edition, staff = framework(), moderator()
    draft = operations.draft_framework(edition, by=staff, version="1.1")
    operations.put_in_force(draft, by=staff, note="Clearer.")
    assert (fresh(edition).state, fresh(draft).state) == ("replaced", "in_force")
    call = (operations.put_in_force, draft)
    assert refusal(*call, by=staff, note="Again.").code == "wrong-state"
    assert fresh(draft).state == "in_force"


def test_members_of_hubs_change_no_edition() -> None:
    edition, group = framework(), team()
    with pytest.raises(PermissionDenied):
        operations.draft_framework(edition, by=group.focal, version="1.1")
    draft = operations.draft_framework(edition, by=moderator(), version="1.1")
    with pytest.raises(PermissionDenied):
        operations.put_in_force(draft, by=group.focal, note="Mine.")


# --- A person leaves -------------------------------------------------------------------------


def test_the_place_of_who_leaves_becomes_free_and_what_they_wrote_goes() -> None:
    group, assessment = opened()
    sheet = answered(assessment, group.one)
    done = finished(assessment, group.two)
    step = operations.add_step(group.hub, by=group.focal, text="Write.", owner=group.one)
    for person in (group.one, group.two):
        take_role(Membership.objects.get(hub=group.hub, user=person), by=group.focal)
    row = fresh(sheet)
    assert (row.person, row.answers, row.unit) == (None, {}, "Cooperation")
    assert (fresh(done).person, fresh(done).answers) == (group.two, done.answers)
    assert fresh(step).owner is None
    new = make_member(group.hub)
    operations.replace_person(row, by=group.focal, person=new, unit="Cooperation")
    assert Sheet.objects.get(pk=sheet.pk).person == new


def test_another_role_in_the_hub_changes_nothing() -> None:
    group, assessment = opened()
    sheet = answered(assessment, group.one)
    give_role(group.hub, by=group.focal, email=group.one.email, role=Membership.Role.EDITOR)
    assert fresh(sheet).person == group.one
