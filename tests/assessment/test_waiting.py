"""What self-assessments ask of a person: of each role its own, with its date, of nobody else."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine

from accounts.models import User
from assessment import operations
from core import waiting
from hubs.models import Hub, Membership
from hubs.operations import take_role
from tests.assessment.factories import (
    agreed,
    compared,
    finished,
    moderator,
    opened,
    sheet_of,
    team,
)
from tests.factories import make_member, make_user

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def noon() -> Any:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def told(user: User) -> list[tuple[str, str]]:
    """What self-assessments ask of them, and where each leads."""
    items = waiting.items_for(User.objects.get(pk=user.pk))
    return [(str(item.title), item.url) for item in items if "/assessment/" in item.url]


def pages(hub: Hub) -> str:
    return f"/hubs/{hub.slug}/assessment/"


def test_two_people_are_asked_to_answer_until_each_has_finished() -> None:
    group, assessment = opened()
    address = f"{pages(group.hub)}{assessment.uid}/mine/"
    asked = [(f"Answer the self-assessment: {group.hub}", address)]
    assert (told(group.one), told(group.two), told(group.focal)) == (asked, asked, [])
    finished(assessment, group.one)
    assert (told(group.one), told(group.two)) == ([], asked)


def test_what_waits_says_nothing_about_the_answers_of_the_other() -> None:
    group, assessment = opened()
    before = [str(item) for item in waiting.items_for(group.two)]
    finished(assessment, group.one, 3)
    assert [str(item) for item in waiting.items_for(group.two)] == before


def test_when_both_are_done_they_and_the_focal_point_are_asked_to_agree() -> None:
    group, assessment = compared()
    other = make_member(group.hub, Membership.Role.EDITOR)
    address = f"{pages(group.hub)}{assessment.uid}/differences/"
    asked = [(f"Agree on the self-assessment: {group.hub}", address)]
    people = (group.one, group.two, group.focal, other, moderator())
    assert [told(person) for person in people] == [asked, asked, asked, [], []]
    operations.agree(assessment, by=group.one)
    assert [told(person) for person in people] == [[]] * 5


def test_a_free_place_is_for_the_focal_point_to_fill() -> None:
    group, assessment = opened()
    place = sheet_of(assessment, group.one)
    take_role(Membership.objects.get(hub=group.hub, user=group.one), by=group.focal)
    address = f"{pages(group.hub)}{assessment.uid}/people/{place.uid}/"
    asked = [(f"Name somebody to answer the self-assessment: {group.hub}", address)]
    assert (told(group.focal), told(group.one)) == (asked, [])
    assert len(told(group.two)) == 1


def test_a_year_after_the_last_one_focal_points_are_asked_again(noon: Any) -> None:
    group, _assessment = agreed()
    asked = [(f"See where your hub stands now: {group.hub}", f"{pages(group.hub)}start/")]
    noon.move_to(NOON + 364 * DAY)
    assert told(group.focal) == []
    noon.move_to(NOON + 365 * DAY)
    assert (told(group.focal), told(group.one)) == (asked, [])
    _group, later = opened(group)
    assert told(group.focal) == []
    operations.drop(later, by=group.focal, note="Not now.")
    assert told(group.focal) == asked
    agreed(group)
    assert told(group.focal) == []


def test_a_hub_that_never_assessed_itself_is_not_asked() -> None:
    assert told(team().focal) == []


@pytest.mark.parametrize(("days", "listed"), [(-3, True), (0, True), (14, True), (15, False)])
def test_own_steps_are_called_to_mind_two_weeks_before(days: int, listed: bool) -> None:
    group = team()
    due = NOON.date() + days * DAY
    step = operations.add_step(
        group.hub, by=group.focal, text="Write.", owner=group.one, due_on=due
    )
    address = f"{pages(group.hub)}road-map/{step.uid}/"
    asked = [("Do a step of the road map: Write.", address)] if listed else []
    assert (told(group.one), told(group.focal)) == (asked, [])
    for item in waiting.items_for(group.one, about=f"hub:{group.hub.pk}"):
        assert item.due is not None
        assert item.due.date() == due


def test_steps_without_a_date_or_done_or_of_a_hub_one_left_are_not_asked() -> None:
    group = team()
    today = NOON.date()
    given: dict[str, Any] = {"by": group.focal, "owner": group.one}
    operations.add_step(group.hub, text="No date.", **given)
    done = operations.add_step(group.hub, text="Done.", due_on=today, **given)
    done.finish(by=group.one)
    operations.add_step(group.hub, text="Left.", due_on=today, **given)
    Membership.objects.filter(user=group.one).delete()
    assert told(group.one) == []


def test_what_waits_belongs_to_its_hub() -> None:
    group, _assessment = opened()
    other, _theirs = opened()
    Membership.objects.create(hub=other.hub, user=group.one)
    found = waiting.items_for(group.one, about=f"hub:{group.hub.pk}")
    assert [str(item.title) for item in found] == [f"Answer the self-assessment: {group.hub}"]
    assert waiting.items_for(group.one, about=f"hub:{other.hub.pk}") == []


SOURCES = ("assessment-open", "assessment-again", "assessment-steps")


def ask(user: User) -> list[waiting.Item]:
    person = User.objects.get(pk=user.pk)
    return [item for name in SOURCES for item in waiting._sources[name](person)]


def test_who_has_no_hub_costs_nothing_but_the_roles(django_assert_num_queries: Any) -> None:
    person = make_user()
    with django_assert_num_queries(2):  # the account, and its roles
        ask(person)


def test_many_hubs_cost_what_one_costs(django_assert_num_queries: Any) -> None:
    group, _assessment = opened()
    operations.add_step(
        group.hub, by=group.focal, text="Write.", owner=group.focal, due_on=NOON.date()
    )
    with django_assert_num_queries(6):
        assert len(ask(group.focal)) == 1
    for _hub in range(4):
        more, _theirs = opened()
        Membership.objects.create(hub=more.hub, user=group.focal, role=Membership.Role.FOCAL_POINT)
        take_role(Membership.objects.get(hub=more.hub, user=more.one), by=more.focal)
        operations.add_step(
            more.hub, by=more.focal, text="Write.", owner=group.focal, due_on=NOON.date()
        )
    with django_assert_num_queries(6):
        assert len(ask(group.focal)) == 9
