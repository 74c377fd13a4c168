"""Self-assessments in each state, made by the operations themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from assessment import operations
from assessment.loading import load_framework
from assessment.models import Assessment, Framework, Sheet
from assessment.scoring import Asked
from hubs.models import Hub, Membership
from tests.factories import make_hub, make_member, make_user

Role = Membership.Role


def framework() -> Framework:
    """The edition in force, loaded when it is not there."""
    load_framework()
    found = operations.in_force()
    assert found is not None
    return found


@dataclass
class Team:
    """A hub with a focal point and two members who answer."""

    hub: Hub
    focal: User
    one: User
    two: User

    @property
    def people(self) -> list[tuple[User, str]]:
        return [(self.one, "Cooperation"), (self.two, "Planning")]


def team(**more: Any) -> Team:
    hub = make_hub(**more)
    return Team(hub, make_member(hub, Role.FOCAL_POINT), make_member(hub), make_member(hub))


def opened(group: Team | None = None) -> tuple[Team, Assessment]:
    framework()
    group = group or team()
    return group, operations.open_assessment(group.hub, by=group.focal, people=group.people)


def sheet_of(assessment: Assessment, person: User) -> Sheet:
    return Sheet.objects.get(assessment=assessment, person=person)


def answers(asked: Iterable[Asked], levels: Mapping[str, int] | int = 0) -> dict[str, Any]:
    """Every statement up to a level holds in each dimension, no other does."""
    return {
        each.code: {"holds": each.level <= _level(levels, each.dimension), "proof": ""}
        for each in asked
    }


def _level(levels: Mapping[str, int] | int, dimension: str) -> int:
    return levels if isinstance(levels, int) else levels.get(dimension, 0)


def answered(assessment: Assessment, person: User, given: Mapping[str, Any] | int = 0) -> Sheet:
    """All answers of one person, not finished; a number is the level in every dimension."""
    if isinstance(given, int):
        given = answers(operations.asked_of(assessment.framework), given)
    sheet = sheet_of(assessment, person)
    return operations.save_answers(sheet, by=person, answers=given, base=sheet.revision)


def finished(assessment: Assessment, person: User, given: Mapping[str, Any] | int = 0) -> Sheet:
    sheet = answered(assessment, person, given)
    operations.finish_sheet(sheet, by=person)
    return Sheet.objects.get(pk=sheet.pk)


def compared(
    group: Team | None = None,
    one: Mapping[str, Any] | int = 0,
    two: Mapping[str, Any] | int = 0,
) -> tuple[Team, Assessment]:
    group, assessment = opened(group)
    finished(assessment, group.one, one)
    finished(assessment, group.two, two)
    return group, Assessment.objects.get(pk=assessment.pk)


def agreed(group: Team | None = None, level: int = 0) -> tuple[Team, Assessment]:
    group, assessment = compared(group, level, level)
    return group, operations.agree(assessment, by=group.one)


def dropped(group: Team | None = None) -> tuple[Team, Assessment]:
    """Given up after one of two had finished."""
    group, assessment = opened(group)
    finished(assessment, group.one)
    operations.drop(assessment, by=group.focal, note="Begun too early.")
    return group, Assessment.objects.get(pk=assessment.pk)


def in_state(state: str, group: Team | None = None) -> tuple[Team, Assessment]:
    makers = {"answering": opened, "comparing": compared, "agreed": agreed, "dropped": dropped}
    return makers[state](group)


def moderator() -> User:
    return make_user(is_staff=True)


def administrator() -> User:
    return make_user(is_staff=True, is_superuser=True)
