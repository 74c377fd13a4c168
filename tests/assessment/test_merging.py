"""Two hubs become one: what they answered, plan and share comes along; where only one of two can
stand, that of the hub that stays does. And accounts close."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import User
from accounts.operations import close_account
from assessment import operations
from assessment.models import Assessment, RoadStep, Sheet
from core.models import AuditEntry
from hubs.models import Hub
from hubs.operations.merging import merge_hubs, preview
from tests.assessment.factories import agreed, answered, finished, moderator, opened, team
from tests.factories import make_hub

pytestmark = pytest.mark.django_db

State = Assessment.State


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


def merge(gone: Hub, kept: Hub) -> None:
    merge_hubs(gone, into=kept, by=moderator(), note="They are one institution now.")


def test_the_history_and_the_open_one_come_along() -> None:
    group, old = agreed()
    _group, current = opened(group)
    kept = make_hub()
    merge(group.hub, kept)
    assert {fresh(old).hub, fresh(current).hub} == {kept}
    assert fresh(current).state == State.ANSWERING
    person = User.objects.get(pk=group.one.pk)
    assert answered(fresh(current), person).person == person
    assert not group.hub.assessments.exists()


def test_of_two_open_ones_that_of_the_hub_that_goes_is_given_up_with_a_reason() -> None:
    group, theirs = opened()
    stays, ours = opened()
    merge(group.hub, stays.hub)
    assert (fresh(theirs).state, fresh(theirs).hub) == (State.DROPPED, stays.hub)
    assert fresh(ours).state == State.ANSWERING
    entry = AuditEntry.of(theirs).get(verb="give_way")
    assert str(stays.hub) in entry.note
    assert not Sheet.objects.waiting_for(group.one).exists()


def test_the_road_map_comes_along_without_the_same_open_step_twice() -> None:
    group, assessment = agreed()
    stays, other = agreed()
    both, only = "identify-1-1", "identify-1-2"
    theirs = {
        step.statement.code: step
        for step in operations.take_steps(assessment, by=group.focal, codes=[both, only])
        if step.statement
    }
    (ours,) = operations.take_steps(other, by=stays.focal, codes=[both])
    free = operations.add_step(group.hub, by=group.focal, text="Write.")
    merge(group.hub, stays.hub)
    assert {step.hub for step in RoadStep.objects.all()} == {stays.hub}
    assert fresh(theirs[both]).state == RoadStep.State.DROPPED
    assert [fresh(step).state for step in (theirs[only], ours, free)] == ["planned"] * 3
    assert str(stays.hub) in AuditEntry.of(theirs[both]).get(verb="give_way").note


def test_a_step_that_was_done_there_does_not_close_one_that_is_open_here() -> None:
    group, assessment = agreed()
    stays, other = agreed()
    (done,) = operations.take_steps(assessment, by=group.focal, codes=["identify-1-1"])
    done.finish(by=group.focal)
    (ours,) = operations.take_steps(other, by=stays.focal, codes=["identify-1-1"])
    merge(group.hub, stays.hub)
    assert (fresh(done).state, fresh(ours).state) == ("done", "planned")


def test_what_was_shared_with_the_hub_that_goes_is_shared_with_the_other_once() -> None:
    gone, kept, third = make_hub(), make_hub(), make_hub()
    shared = []
    for hubs in ([gone], [gone, kept], [gone, third]):
        group, assessment = agreed()
        operations.share(assessment, by=group.focal, sharing="chosen", hubs=hubs)
        shared.append(assessment)
    merge(gone, kept)
    found = [set(fresh(assessment).shared_with.all()) for assessment in shared]
    assert found == [{kept}, {kept}, {kept, third}]


def test_nothing_is_shared_with_its_own_hub_after_merging() -> None:
    group, theirs = agreed()
    stays, ours = agreed()
    operations.share(theirs, by=group.focal, sharing="chosen", hubs=[stays.hub])
    operations.share(ours, by=stays.focal, sharing="chosen", hubs=[group.hub])
    merge(group.hub, stays.hub)
    assert list(fresh(theirs).shared_with.all()) == []
    assert list(fresh(ours).shared_with.all()) == []


def test_hubs_without_anything_merge() -> None:
    merge(make_hub(), make_hub())


def test_who_merges_is_told_before_what_is_given_up_and_nothing_that_was_answered() -> None:
    group, assessment = agreed(level=1)
    stays, other = agreed(level=1)
    assert preview(group.hub, stays.hub).notes == []
    for team_of, one in ((group, assessment), (stays, other)):
        operations.take_steps(one, by=team_of.focal, codes=["identify-2-1"])
        opened(team_of)
    assert preview(group.hub, stays.hub).notes == [
        f"Both have a self-assessment open. That of {group.hub} is given up.",
        "Steps that both road maps have open stay once.",
    ]


# --- Closing an account ----------------------------------------------------------------------


def test_with_the_account_an_unfinished_place_becomes_free_and_a_finished_one_stays() -> None:
    group, assessment = opened()
    open_one = answered(assessment, group.one)
    done = finished(assessment, group.two)
    step = operations.add_step(group.hub, by=group.focal, text="Write.", owner=group.one)
    for person in (group.one, group.two):
        account = User.objects.get(pk=person.pk)
        close_account(by=account, user=account)
    assert (fresh(open_one).person, fresh(open_one).answers) == (None, {})
    assert fresh(done).answers == done.answers
    assert fresh(step).owner is None
    assert AuditEntry.of(assessment).filter(verb="free_place").count() == 1


def test_closing_an_account_leaves_other_hubs_alone() -> None:
    group, assessment = opened()
    other, _theirs = opened(team())
    account = User.objects.get(pk=group.one.pk)
    close_account(by=account, user=account)
    assert Sheet.objects.filter(assessment__hub=other.hub, person=None).count() == 0
    assert Sheet.objects.filter(assessment=assessment, person=None).count() == 1
