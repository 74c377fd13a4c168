"""Person × state: who sees a self-assessment, its sheets and road map, and who may do what.

The tables are written from the specification, not read from the code. An administrator passes
every predicate of the framework; here they are asked as the operations ask, by roles alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import rules
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from accounts.models import User
from accounts.operations import everything_about
from assessment import operations
from assessment.models import Assessment, RoadStep, Sheet
from core import audit
from core.errors import DomainError
from core.models import AuditEntry
from hubs.models import Hub, Membership
from tests.assessment.factories import (
    Team,
    administrator,
    agreed,
    answered,
    compared,
    dropped,
    finished,
    in_state,
    moderator,
    opened,
    sheet_of,
    team,
)
from tests.factories import make_hub, make_member, make_user

pytestmark = pytest.mark.django_db

Person = User | AnonymousUser
Role = Membership.Role

OWN = {"focal point", "editor", "member", "first", "second"}
TWO = {"first", "second"}
EDITORS = {"focal point", "editor"}
NOBODY: set[str] = set()


def people_around(group: Team) -> tuple[dict[str, Person], Hub]:
    """One person of each kind, as a new request would meet them, and the hub of the partner."""
    partner = make_hub()
    found: dict[str, Person] = {
        "visitor": AnonymousUser(),
        "person": make_user(),
        "member elsewhere": make_member(make_hub()),
        "focal point elsewhere": make_member(make_hub(), Role.FOCAL_POINT),
        "partner": make_member(partner),
        "member": make_member(group.hub),
        "editor": make_member(group.hub, Role.EDITOR),
        "focal point": group.focal,
        "first": group.one,
        "second": group.two,
        "moderator": moderator(),
        "administrator": administrator(),
    }
    for kind, person in found.items():
        if isinstance(person, User):
            found[kind] = User.objects.get(pk=person.pk)
    return found, partner


def those(people: dict[str, Person], fact: Callable[[Person], bool]) -> set[str]:
    return {kind for kind, person in people.items() if fact(person)}


def may(people: dict[str, Person], permission: str, obj: Any) -> set[str]:
    return those(people, lambda p: rules.has_perm(f"assessment.{permission}", p, obj))


# --- Who sees it -----------------------------------------------------------------------------


@pytest.mark.parametrize("sharing", Assessment.Sharing.values)
@pytest.mark.parametrize("state", Assessment.State.values)
def test_list_and_page_agree_on_who_sees_a_self_assessment(state: str, sharing: str) -> None:
    group, assessment = in_state(state)
    people, partner = people_around(group)
    Assessment.objects.filter(pk=assessment.pk).update(sharing=sharing)
    assessment.shared_with.set([partner])
    row = Assessment.objects.get(pk=assessment.pk)
    expected = set(OWN)
    if state == Assessment.State.AGREED and sharing == Assessment.Sharing.CHOSEN:
        expected |= {"partner"}
    if state == Assessment.State.AGREED and sharing == Assessment.Sharing.PUBLIC:
        expected |= set(people)
    shown = Assessment.objects.visible_to
    listed = those(people, lambda p: shown(p).filter(pk=row.pk).exists())
    assert listed == expected == may(people, "view_assessment", row)


@pytest.mark.parametrize("change", [{"is_listed": False}, {"merged_into": True}])
def test_what_a_hub_published_goes_with_the_hub(change: dict[str, Any]) -> None:
    group, assessment = agreed()
    operations.share(assessment, by=group.focal, sharing="public")
    if "merged_into" in change:
        change = {"merged_into": make_hub()}
    Hub.objects.filter(pk=group.hub.pk).update(**change)
    people, _partner = people_around(group)
    shown = Assessment.objects.visible_to
    assert those(people, lambda p: shown(p).filter(pk=assessment.pk).exists()) == OWN


def test_a_list_of_assessments_costs_one_query(django_assert_num_queries: Any) -> None:
    group, _assessment = agreed()
    for _round in range(2):
        with django_assert_num_queries(1):
            list(Assessment.objects.visible_to(group.one))
        agreed(group)


# --- Who may do what -------------------------------------------------------------------------


@pytest.mark.parametrize("state", Assessment.State.values)
def test_who_may_do_what_to_a_self_assessment(state: str) -> None:
    group, assessment = in_state(state)
    people, partner = people_around(group)
    assessment.shared_with.set([partner])
    row = Assessment.objects.prefetch_related("sheets").get(pk=assessment.pk)
    done = state in {Assessment.State.COMPARING, Assessment.State.AGREED}
    expected = {
        "open_assessment": {"focal point"},
        "answer_assessment": TWO,
        "settle_assessment": {"focal point", *TWO},
        "share_assessment": {"focal point"},
        "change_road_map": EDITORS,
        "view_differences": OWN if done else NOBODY,
    }
    assert {permission: may(people, permission, row) for permission in expected} == expected


@pytest.mark.parametrize("state", Assessment.State.values)
def test_who_may_make_which_move_in_which_state(state: str) -> None:
    group, assessment = in_state(state)
    people, _partner = people_around(group)
    del people["administrator"]
    row = Assessment.objects.get(pk=assessment.pk)
    found = {
        kind: set(row.moves_for(person)) for kind, person in people.items() if row.moves_for(person)
    }
    expected: dict[str, dict[str, set[str]]] = {
        "answering": {
            "focal point": {"drop"}, "first": {"compare"}, "second": {"compare"},
            "moderator": {"give_way"},
        },
        "comparing": {
            "focal point": {"drop", "agree"}, "first": {"agree"}, "second": {"agree"},
            "moderator": {"give_way"},
        },
        "agreed": {},
        "dropped": {},
    }  # fmt: skip
    assert found == expected[state]


def person_of(kind: str, group: Team) -> Person:
    people, partner = people_around(group)
    for assessment in Assessment.objects.filter(hub=group.hub):
        assessment.shared_with.set([partner])
    return people[kind]


KINDS = [
    "visitor", "person", "member elsewhere", "focal point elsewhere", "partner", "member",
    "editor", "focal point", "first", "second", "moderator", "administrator",
]  # fmt: skip


def refused(call: Callable[[], Any]) -> bool:
    try:
        call()
    except PermissionDenied:
        return True
    except DomainError as refusal:
        pytest.fail(f"refused by a rule instead: {refusal.code}")
    return False


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_person_who_was_asked_writes_a_sheet(kind: str) -> None:
    group, assessment = opened()
    sheet = answered(assessment, group.one)
    by: Any = person_of(kind, group)
    given = {"identify-1-1": {"holds": True, "proof": ""}}
    base = sheet.revision
    expected = kind != "first"
    saving = refused(lambda: operations.save_answers(sheet, by=by, answers=given, base=base))
    finishing = refused(lambda: operations.finish_sheet(sheet, by=by))
    if expected:
        operations.finish_sheet(sheet, by=group.one)
    reopening = refused(lambda: operations.reopen_sheet(sheet, by=by))
    assert (saving, finishing, reopening) == (expected, expected, expected)


@pytest.mark.parametrize("kind", KINDS)
def test_who_opens_replaces_and_gives_up(kind: str) -> None:
    group, assessment = opened()
    sheet, new = sheet_of(assessment, group.one), make_member(group.hub)
    by: Any = person_of(kind, group)
    expected = kind != "focal point"
    change = {"person": new, "unit": "Finance"}
    assert refused(lambda: operations.replace_person(sheet, by=by, **change)) == expected
    assert refused(lambda: operations.drop(assessment, by=by, note="No.")) == expected
    if expected:
        operations.drop(assessment, by=group.focal, note="No.")
    people = [(new, "Finance"), (group.two, "Planning")]
    assert refused(lambda: operations.open_assessment(group.hub, by=by, people=people)) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_who_settles_what_differs(kind: str) -> None:
    group, assessment = compared()
    by: Any = person_of(kind, group)
    expected = kind not in {"focal point", *TWO}
    given = {"identify-1-1": {"holds": True, "proof": ""}}
    saving = refused(lambda: operations.save_agreed(assessment, by=by, answers=given, base=0))
    assert saving == expected
    assert refused(lambda: operations.agree(assessment, by=by)) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_who_shares_and_who_keeps_the_road_map(kind: str) -> None:
    group, assessment = agreed()
    step = operations.add_step(group.hub, by=group.focal, text="Write.")
    by: Any = person_of(kind, group)
    sharing = refused(lambda: operations.share(assessment, by=by, sharing="public"))
    assert sharing == (kind != "focal point")
    expected = kind not in EDITORS
    change = {"text": "Call.", "owner": None, "due_on": None}
    progress = {"progress": 10, "text": "Begun."}
    codes = ["identify-1-1"]
    assert [
        refused(lambda: operations.take_steps(assessment, by=by, codes=codes)),
        refused(lambda: operations.add_step(group.hub, by=by, text="Write more.")),
        refused(lambda: operations.change_step(step, by=by, **change)),
        refused(lambda: operations.note_progress(step, by=by, **progress)),
    ] == [expected] * 4


def test_whoever_does_a_step_says_how_far_it_is_as_long_as_they_are_of_the_hub() -> None:
    group = team()
    step = operations.add_step(group.hub, by=group.focal, text="Write.", owner=group.one)
    assert set(step.moves_for(group.one)) == {"begin", "finish"}
    operations.note_progress(step, by=group.one, progress=10, text="Begun.")
    Membership.objects.filter(user=group.one).delete()
    gone = User.objects.get(pk=group.one.pk)
    with pytest.raises(PermissionDenied):
        operations.note_progress(step, by=gone, progress=20, text="More.")


@pytest.mark.parametrize("shares", [False, True])
@pytest.mark.parametrize("sharing", Assessment.Sharing.values)
def test_the_road_map_is_seen_by_those_it_was_shared_with(sharing: str, shares: bool) -> None:
    group, assessment = agreed()
    step = operations.add_step(group.hub, by=group.focal, text="Write.")
    people, partner = people_around(group)
    operations.share(
        assessment, by=group.focal, sharing=sharing, hubs=[partner], shares_road_map=shares
    )
    expected = set(OWN)
    if shares and sharing == Assessment.Sharing.CHOSEN:
        expected |= {"partner"}
    if shares and sharing == Assessment.Sharing.PUBLIC:
        expected |= set(people)
    assert may(people, "view_road_map", group.hub) == expected
    assert may(people, "view_road_map", step) == expected


# --- Sheets are closed until both are done ---------------------------------------------------


def readable(people: dict[str, Person], sheet: Sheet) -> set[str]:
    return those(people, lambda p: Sheet.objects.readable_by(p).filter(pk=sheet.pk).exists())


def test_before_both_are_done_a_sheet_is_read_by_its_person_alone() -> None:
    group, assessment = opened()
    people, _partner = people_around(group)
    one = answered(assessment, group.one)
    two = sheet_of(assessment, group.two)
    assert (readable(people, one), readable(people, two)) == ({"first"}, {"second"})
    operations.finish_sheet(one, by=group.one)
    assert (readable(people, one), readable(people, two)) == ({"first"}, {"second"})
    finished(assessment, group.two)
    assert (readable(people, one), readable(people, two)) == (OWN, OWN)


def test_publishing_the_result_opens_no_sheet() -> None:
    group, assessment = agreed()
    people, _partner = people_around(group)
    operations.share(assessment, by=group.focal, sharing="public")
    assert readable(people, sheet_of(assessment, group.one)) == OWN


def test_giving_up_early_opens_no_sheet() -> None:
    group, assessment = dropped()
    people, _partner = people_around(group)
    assert readable(people, sheet_of(assessment, group.one)) == {"first"}
    assert may(people, "view_differences", assessment) == NOBODY


def test_readable_sheets_cost_one_query(django_assert_num_queries: Any) -> None:
    group, _assessment = compared()
    with django_assert_num_queries(1):
        assert Sheet.objects.readable_by(group.focal).count() == 2


def test_a_persons_own_file_has_their_sheet_and_nobody_elses() -> None:
    group, assessment = opened()
    mine = {"identify-1-1": {"holds": True, "proof": "My reason."}}
    answered(assessment, group.one, mine)
    answered(assessment, group.two, {"identify-1-1": {"holds": False, "proof": "Theirs."}})
    operations.add_step(group.hub, by=group.focal, text="Write.", owner=group.one)
    kept = everything_about(group.one)
    assert kept["self_assessments"] == [
        {"hub": group.hub.name, "unit": "Cooperation", "finished": None, "answers": mine}
    ]
    assert kept["road_map"] == [
        {"hub": group.hub.name, "step": "Write.", "due": None, "state": "planned"}
    ]
    assert "Theirs." not in str(kept)


# --- The audit -------------------------------------------------------------------------------


def entries_for(person: User) -> set[str]:
    found = AuditEntry.objects.all()
    for choice in audit.withheld_from(person):
        found = found.exclude(choice)
    kinds = ["assessment.assessment", "assessment.roadstep"]
    return set(found.filter(target_type__in=kinds).values_list("verb", flat=True))


def test_moderators_of_the_portal_do_not_read_how_a_hub_assesses_itself() -> None:
    group, _assessment = agreed()
    operations.add_step(group.hub, by=group.focal, text="Replace the director.")
    RoadStep.objects.get().begin(by=group.focal)
    other = moderator()
    assert entries_for(other) == set()
    assert entries_for(administrator()) == set()
    Membership.objects.create(hub=group.hub, user=other, role=Role.MEMBER)
    assert {"open_assessment", "agree", "add_step", "begin"} <= entries_for(other)
