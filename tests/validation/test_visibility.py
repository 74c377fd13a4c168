"""Who sees a case, a seat and the evidence: lists and predicates against one another, and both
against what is written here."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import rules
from django.contrib.auth.models import AnonymousUser
from django.core.files.base import ContentFile
from django.utils import timezone

from catalogue.files import access_to
from catalogue.models import Contributor, Evidence, StoredFile
from tests.factories import complete_full, make_user, published
from tests.validation.factories import (
    accepted,
    case_in_review,
    chaired_case,
    make_reviewer,
)
from tests.validation.test_moves import PEOPLE, World
from validation import choices as c
from validation.models import Case, CasePart, Seat
from validation.rules import is_uninvolved

pytestmark = pytest.mark.django_db

CASE_STATES = [str(state) for state in c.CaseState.values]


@pytest.fixture
def world() -> World:
    return World()


def with_more(world: World) -> dict[str, Any]:
    """Further people who are two things at once."""
    case = world.case
    more = {
        "administrator in the team": make_user(is_superuser=True, is_staff=True),
        "administrator without a desk in the team": make_user(is_superuser=True),
        "administrator who submitted": make_user(is_superuser=True, is_staff=True),
        "administrator on the panel": make_user(is_superuser=True, is_staff=True),
        "administrator without a desk": make_user(is_superuser=True),
        "moderator who left the panel": make_user(is_staff=True),
        "former chair": make_reviewer("CG", may_chair=True),
        "inactive moderator": make_user(is_staff=True, is_active=False),
        "inactive administrator": make_user(is_staff=True, is_superuser=True, is_active=False),
    }
    for name in ("administrator in the team", "administrator without a desk in the team"):
        Contributor.objects.create(
            solution=case.solution, user=more[name], name=name, role="author"
        )
    for name, part in (
        ("administrator who submitted", "submitter"),
        ("administrator on the panel", "reviewer"),
        ("moderator who left the panel", "reviewer"),
        ("former chair", "chair"),
    ):
        CasePart.objects.create(case=case, user=more[name], part=part)
    return more


#: Who sees the panel at the desk, whatever the state of the case.
SEES_CASE = {
    "chair",
    "undeclared chair",  # to declare; what is inside opens afterwards
    "moderator",
    "challenger",  # a moderator here
    "administrator",
    "administrator without a desk",
}


@pytest.mark.parametrize("state", CASE_STATES)
def test_the_list_and_the_predicate_agree_on_who_sees_a_case(state: str, world: World) -> None:
    """For an administrator Django answers yes before it asks the predicate; views therefore
    use the list, and the list leaves out whoever has a part."""
    more = with_more(world)
    world.put("case", state)
    listed, allowed = set(), set()
    for name in [*(n for n in PEOPLE if n != "portal"), *more]:
        person = world.person(name) if name in world.people else more[name]
        case = Case.objects.get(pk=world.case.pk)
        if Case.objects.at_desk_of(person).filter(pk=case.pk).exists():
            listed.add(name)
        administers = getattr(person, "is_superuser", False) and person.is_active
        if administers:
            assert person.has_perm("validation.view_case", case)
        if rules.has_perm("validation.view_case", person, case) or (
            administers and is_uninvolved(person, case)
        ):
            allowed.add(name)

    assert listed == SEES_CASE
    assert allowed == listed


def test_a_chair_who_joins_the_team_later_sees_the_panel_no_more(world: World) -> None:
    chair = world.person("chair")
    world.put("case", "decided")
    Contributor.objects.create(solution=world.case.solution, user=chair, name="N", role="author")
    chair = world.person("chair")

    assert not Case.objects.at_desk_of(chair).exists()
    assert not chair.has_perm("validation.view_case", Case.objects.get(pk=world.case.pk))


# --- Seats -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in PEOPLE if name != "portal"])
def test_a_seat_is_reached_by_its_person_alone(name: str, world: World) -> None:
    person = world.person(name)
    own = {"invited", "reviewing", "sent", "released", "moderator on the panel"}
    found = list(Seat.objects.of(person))
    assert [seat.user_id for seat in found] == ([person.pk] if name in own else [])
    for seat in Seat.objects.all():
        assert person.has_perm("validation.hold_seat", seat) == (
            seat in found or name == "administrator"
        )


def test_nobody_is_not_everybody() -> None:
    accepted(chaired_case())
    assert list(Seat.objects.of(AnonymousUser())) == []


# --- Restricted evidence -----------------------------------------------------------------------

OPEN_STATES = {"assignment", "review", "clarification", "decision"}
SEATS_THAT_OPEN = {"reviewing", "sent"}


def opens(person: Any, case: Case) -> bool:
    person = type(person).objects.get(pk=person.pk)
    solution = type(case.solution).objects.get(pk=case.solution_id)
    return bool(person.has_perm("catalogue.view_restricted_evidence", solution))


def test_restricted_evidence_is_open_to_who_accepted_while_the_case_is(world: World) -> None:
    """Before the declaration nothing opens, and after the end nothing stays open."""
    found, expected = {}, {}
    for state in CASE_STATES:
        case = world.put("case", state)
        for seat_state in c.SeatState.values:
            Seat.objects.filter(pk=world.seat.pk).update(state=seat_state)
            found[state, seat_state] = opens(world.seat.user, case)
            expected[state, seat_state] = state in OPEN_STATES and seat_state in SEATS_THAT_OPEN
    assert found == expected


def test_restricted_evidence_is_open_to_a_chair_who_declared_no_conflict(world: World) -> None:
    found, expected = {}, {}
    part = CasePart.objects.filter(case=world.case, part=c.Part.CHAIR)
    for state in CASE_STATES:
        case = world.put("case", state)
        for said, declared in (
            ("nothing", {}),
            ("none", {"gain": False, "family": False}),
            ("one", {"gain": True, "family": False}),
        ):
            part.update(declared=declared)
            found[state, said] = opens(case.chair, case)
            expected[state, said] = state in OPEN_STATES and said == "none"
    assert found == expected


def test_restricted_evidence_of_one_case_does_not_open_that_of_another() -> None:
    mine, other = case_in_review(), case_in_review()
    seat = mine.seats.select_related("user").order_by("pk")[0]
    assert (opens(seat.user, mine), opens(seat.user, other)) == (True, False)
    assert (opens(mine.chair, mine), opens(mine.chair, other)) == (True, False)


def test_former_chairs_and_possible_ones_open_nothing(world: World) -> None:
    more = with_more(world)
    for person in (more["former chair"], world.person("possible chair"), world.person("stranger")):
        assert not opens(person, world.case)


# --- Files -------------------------------------------------------------------------------------


def deposited(name: str) -> StoredFile:
    body = name.encode()
    stored = StoredFile(
        name=name,
        content_type="text/csv",
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
    )
    stored.file.save(name, ContentFile(body), save=False)
    stored.save()
    return stored


def test_the_panel_opens_the_file_that_was_frozen(settings: Any, tmp_path: Path) -> None:
    """Also after the team replaced it in its working copy, and not once the case has ended."""
    settings.MEDIA_ROOT = tmp_path
    frozen, later = deposited("frozen.csv"), deposited("later.csv")
    solution = complete_full()
    Evidence.objects.filter(solution=solution).update(file=frozen, access="restricted")
    case = Case.objects.get(solution=published(solution, form="full"))
    case = case_in_review(case)
    Evidence.objects.filter(solution=solution).update(file=later)
    reviewer = case.seats.select_related("user").order_by("pk")[0].user

    def access(person: Any, stored: StoredFile = frozen) -> str | None:
        return access_to(stored, user=type(person).objects.get(pk=person.pk))

    assert (access(reviewer), access(case.chair)) == ("restricted", "restricted")
    # What the team deposited since is no part of what the panel judges.
    assert (access(reviewer, later), access(solution.owner, later)) == (None, "restricted")
    assert access(make_user()) is None
    Case.objects.filter(pk=case.pk).update(
        state="closed", outcome="closed", ended_at=timezone.now()
    )
    assert (access(reviewer), access(case.chair)) == (None, None)
