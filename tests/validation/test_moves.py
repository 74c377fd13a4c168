"""Every move of the validation for every person in every state, against one written table.

The table says what the workflow of the specification says (4.3): who may, and from where. What
is computed from the code is compared with it as a whole, so that a move, a state or a person
added without a line here fails.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils import timezone

from catalogue.models import Contributor
from core.errors import DomainError
from core.models import AuditEntry
from hubs.models import Membership
from tests.factories import make_hub, make_member, make_user
from tests.validation.factories import accepted, chaired_case, invited, make_reviewer, moderator
from validation import choices as c
from validation.clock import PORTAL
from validation.models import (
    Appeal,
    AppealMember,
    Case,
    CasePart,
    Challenge,
    Decision,
    Record,
    Seat,
)

if TYPE_CHECKING:
    from core.lifecycle import Lifecycle

pytestmark = pytest.mark.django_db

# --- What the specification says ---------------------------------------------------------------

PEOPLE = (
    "anonymous",
    "stranger",
    "owner",
    "contributor",
    "focal point",
    "editor",
    "other focal point",
    "invited",
    "reviewing",
    "sent",
    "released",
    "chair",
    "undeclared chair",
    "possible chair",
    "moderator",
    "moderator in the team",
    "moderator on the panel",
    "challenger",
    "appeal member",
    "administrator",
    "portal",
)
TEAM = {"owner", "contributor", "moderator in the team"}
#: The challenger of these tests is a moderator, so that what bars them is their challenge.
DESK = {"moderator", "challenger"}
#: May judge a label again: no part in how it was given.
JUDGES = {"moderator", "possible chair"}
#: Django lets an administrator pass every predicate; what they may not do even so is refused
#: by the operations (``test_guards``).
ALWAYS = {"administrator"}
PORTAL_ALONE: set[str] = {"portal"}

OPEN = {"assignment", "review", "clarification", "decision"}

#: Of each kind of object: verb, from which states, by whom.
TABLE: dict[str, dict[str, tuple[set[str], set[str]]]] = {
    "case": {
        "begin": ({"assignment"}, PORTAL_ALONE),
        "ask": ({"review", "decision"}, {"chair"}),
        "resume": ({"clarification"}, TEAM),
        "lapse": ({"clarification"}, PORTAL_ALONE),
        "complete": ({"review"}, PORTAL_ALONE),
        "reopen": ({"decision"}, PORTAL_ALONE),
        "decide": ({"decision"}, {"sent", "moderator on the panel"}),
        "take_back": (OPEN, TEAM),
        "close_case": (OPEN, DESK | PORTAL_ALONE),
    },
    # The seat is that of "reviewing", whatever its state.
    "seat": {
        "accept": ({"invited"}, {"reviewing"}),
        "decline_seat": ({"invited"}, {"reviewing"}),
        "lapse_seat": ({"invited"}, PORTAL_ALONE),
        "send": ({"reviewing"}, {"reviewing"}),
        "reopen_seat": ({"sent"}, PORTAL_ALONE),
        "release": ({"invited", "reviewing", "sent"}, {"chair"} | DESK | PORTAL_ALONE),
        "recuse": ({"reviewing", "sent"}, {"reviewing"}),
    },
    "record": {
        "suspend_record": ({"in_force"}, JUDGES | DESK | PORTAL_ALONE),
        "restore_record": ({"suspended"}, JUDGES | DESK | PORTAL_ALONE),
        "revoke": ({"in_force", "suspended", "expired"}, JUDGES | DESK | PORTAL_ALONE),
        "expire": ({"in_force"}, PORTAL_ALONE),
        "supersede": ({"in_force", "suspended", "expired"}, PORTAL_ALONE),
    },
    "appeal": {
        "hear": ({"filed"}, DESK),
        "uphold": ({"heard"}, {"appeal member"} | PORTAL_ALONE),
        "reject": ({"heard"}, {"appeal member"} | PORTAL_ALONE),
    },
    "challenge": {
        "keep": ({"open", "asked"}, JUDGES),
        "ask_owner": ({"open"}, JUDGES),
        "suspend_label": ({"open", "asked"}, JUDGES),
        "restore_label": ({"suspended"}, JUDGES),
        "revoke_label": ({"suspended"}, JUDGES),
    },
}
STATES: dict[str, set[str]] = {
    "case": OPEN | {"decided", "closed"},
    "seat": {"invited", "reviewing", "sent", "declined", "lapsed", "released"},
    "record": {"in_force", "suspended", "expired", "revoked", "superseded"},
    "appeal": {"filed", "heard", "upheld", "rejected"},
    "challenge": {"open", "asked", "suspended", "kept", "revoked"},
}
TARGETS: dict[str, dict[str, str]] = {
    "case": {
        "begin": "review",
        "ask": "clarification",
        "resume": "review",
        "lapse": "closed",
        "complete": "decision",
        "reopen": "review",
        "decide": "decided",
        "take_back": "closed",
        "close_case": "closed",
    },
    "seat": {
        "accept": "reviewing",
        "decline_seat": "declined",
        "lapse_seat": "lapsed",
        "send": "sent",
        "reopen_seat": "reviewing",
        "release": "released",
        "recuse": "released",
    },
    "record": {
        "suspend_record": "suspended",
        "restore_record": "in_force",
        "revoke": "revoked",
        "expire": "expired",
        "supersede": "superseded",
    },
    "appeal": {"hear": "heard", "uphold": "upheld", "reject": "rejected"},
    "challenge": {
        "keep": "kept",
        "ask_owner": "asked",
        "suspend_label": "suspended",
        "restore_label": "kept",
        "revoke_label": "revoked",
    },
}
KINDS: dict[str, type[Lifecycle]] = {
    "case": Case,
    "seat": Seat,
    "record": Record,
    "appeal": Appeal,
    "challenge": Challenge,
}

# --- The world they stand in -------------------------------------------------------------------


class World:
    """One case with everybody the workflow knows, and one object of each kind."""

    def __init__(self) -> None:
        case = chaired_case()
        hub = case.solution.hub
        other = make_hub()
        judge = make_reviewer("CG", is_staff=True)
        seats = {
            "released": invited(case, country="ID"),
            "invited": None,
            "reviewing": None,
            "sent": None,
            "moderator on the panel": None,
        }
        Seat.objects.filter(pk=seats["released"].pk).update(state="released")
        seats["moderator on the panel"] = accepted(case, judge)
        Seat.objects.filter(pk=seats["moderator on the panel"].pk).update(state="declined")
        seats["sent"] = accepted(case, country="CD")
        seats["reviewing"] = accepted(case, country="ID")
        seats["invited"] = invited(case, country="ID")
        Seat.objects.filter(pk__in=[seats["sent"].pk, seats["moderator on the panel"].pk]).update(
            state="sent"
        )
        self.case = Case.objects.get(pk=case.pk)
        self.record = Record.objects.create(
            number=1,
            case=case,
            solution=case.solution,
            version=case.version,
            criteria_set=case.criteria_set,
            label="validated",
            expires_on=timezone.localdate(),
            document={},
        )
        Decision.objects.create(
            case=case,
            state="confirmed",
            case_revision=1,
            label="validated",
            score="75",
            letter="L.",
            proposed_by=case.chair,
            answered_seat=seats["sent"],
            answered_at=timezone.now(),
        )
        self.appeal = Appeal.objects.create(
            case=case,
            ground="error",
            text="T.",
            filed_by=case.solution.owner,
            due_at=timezone.now(),
        )
        people: dict[str, Any] = {
            "anonymous": AnonymousUser(),
            "stranger": make_user(),
            "owner": case.solution.owner,
            "contributor": make_user(),
            "focal point": make_member(hub, Membership.Role.FOCAL_POINT),
            "editor": make_member(hub, Membership.Role.EDITOR),
            "other focal point": make_member(other, Membership.Role.FOCAL_POINT),
            "chair": case.chair,
            "undeclared chair": case.chair,
            "possible chair": make_reviewer("CI", may_chair=True),
            "moderator": moderator(),
            "moderator in the team": moderator(),
            "challenger": make_reviewer("CI", may_chair=True, is_staff=True),
            "appeal member": make_reviewer("CI"),
            "administrator": make_user(is_staff=True, is_superuser=True),
            "portal": PORTAL,
        }
        people |= {name: seat.user for name, seat in seats.items()}
        for name in ("contributor", "moderator in the team"):
            Contributor.objects.create(
                solution=case.solution, user=people[name], name=name, role="author"
            )
        AppealMember.objects.create(appeal=self.appeal, user=people["appeal member"])
        self.challenge = Challenge.objects.create(
            record=self.record,
            form_key="00000000-0000-4000-8000-000000000001",
            text="T.",
            url="https://other.test.example/",
            raised_by=people["challenger"],
            due_at=timezone.now(),
        )
        self.seat = seats["reviewing"]
        self.people = people

    def person(self, name: str) -> Any:
        """The person as the next request would know them; the chair with or without a word."""
        declared = {"adviser": False} if name != "undeclared chair" else {}
        CasePart.objects.filter(case=self.case, part=c.Part.CHAIR).update(declared=declared)
        who = self.people[name]
        return type(who).objects.get(pk=who.pk) if getattr(who, "pk", None) else who

    def put(self, kind: str, state: str) -> Any:
        """The object of that kind in that state, straight into the database."""
        more: dict[str, Any] = {}
        if kind == "case":
            ended = {"decided": "validated", "closed": "closed"}.get(state, "")
            more = {"outcome": ended, "ended_at": timezone.now() if ended else None}
        row = getattr(self, kind)
        type(row).objects.filter(pk=row.pk).update(state=state, **more)
        return type(row).objects.get(pk=row.pk)


@pytest.fixture
def world() -> World:
    return World()


# --- Who may what, when ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", TABLE)
def test_every_person_in_every_state_has_the_moves_of_the_table_and_no_other(
    kind: str, world: World
) -> None:
    model = KINDS[kind]
    states = {str(value) for value in model.State.values}  # type: ignore[attr-defined]
    found: dict[str, dict[str, set[str]]] = {
        verb: {state: set() for state in states} for verb in model.moves
    }
    assert set(world.people) == set(PEOPLE)
    for state in states:
        row = world.put(kind, state)
        for name in PEOPLE:
            person = world.person(name)
            if name == "portal":
                verbs = [
                    verb
                    for verb, move in model.moves.items()
                    if state in move.sources and PORTAL.has_perm(move.permission, row)
                ]
                assert verbs == row.moves_for(PORTAL)
            for verb in row.moves_for(person):
                found[verb][state].add(name)

    assert found == {
        verb: {state: (people | ALWAYS if state in sources else set()) for state in STATES[kind]}
        for verb, (sources, people) in TABLE[kind].items()
    }


@pytest.mark.parametrize("kind", TABLE)
def test_the_moves_lead_where_the_specification_says(kind: str) -> None:
    moves = KINDS[kind].moves
    assert {verb: str(move.target) for verb, move in moves.items()} == TARGETS[kind]
    assert {verb: {str(s) for s in move.sources} for verb, move in moves.items()} == {
        verb: sources for verb, (sources, _people) in TABLE[kind].items()
    }


@pytest.mark.parametrize("kind", TABLE)
def test_a_person_who_may_not_is_forbidden_and_nothing_is_written(kind: str, world: World) -> None:
    written = AuditEntry.objects.count()
    for verb, (sources, people) in TABLE[kind].items():
        row = world.put(kind, min(sources))
        for name in sorted(set(PEOPLE) - people - ALWAYS):
            with pytest.raises(PermissionDenied):
                row._make(verb, by=world.person(name))
        assert type(row).objects.get(pk=row.pk).state == row.state
    assert AuditEntry.objects.count() == written


@pytest.mark.parametrize("kind", TABLE)
def test_from_a_wrong_state_nobody_makes_a_move(kind: str, world: World) -> None:
    written = AuditEntry.objects.count()
    for verb, (sources, people) in TABLE[kind].items():
        for state in sorted(STATES[kind] - sources):
            row = world.put(kind, state)
            for name in sorted(people | ALWAYS):
                with pytest.raises(DomainError) as refused:
                    row._make(verb, by=world.person(name))
                assert refused.value.code == "wrong-state"
            assert type(row).objects.get(pk=row.pk).state == state
    assert AuditEntry.objects.count() == written


@pytest.mark.parametrize("kind", TABLE)
def test_each_move_leaves_one_line_with_its_states(kind: str, world: World) -> None:
    """What a line says beyond that is for the operations; here only that none is without."""
    for verb, (sources, _people) in TABLE[kind].items():
        target, changes = TARGETS[kind][verb], {}
        row = world.put(kind, min(sources))
        if kind == "case" and target in {"decided", "closed"}:
            outcome = {"decided": "validated", "closed": "closed"}[target]
            changes = {"outcome": outcome, "ended_at": timezone.now()}
        before = AuditEntry.of(row).count()

        entry = row._make(verb, by=world.person("administrator"), note="Why.", **changes)

        assert AuditEntry.of(row).count() == before + 1
        assert (entry.verb, entry.note) == (verb, "Why.")
        assert entry.data == {"source": min(sources), "target_state": target}
        assert type(row).objects.get(pk=row.pk).state == row.state == target


# --- Somebody was faster -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", TABLE)
def test_who_comes_second_changes_nothing_and_is_told(kind: str, world: World) -> None:
    written = AuditEntry.objects.count()
    for verb, (sources, _people) in TABLE[kind].items():
        row = world.put(kind, min(sources))
        for left in sorted(STATES[kind] - sources):
            world.put(kind, left)
            with pytest.raises(DomainError) as refused:
                row._make(verb, by=world.person("administrator"))
            assert refused.value.code == "stale"
            assert type(row).objects.get(pk=row.pk).state == left
    assert AuditEntry.objects.count() == written


class Blind:
    """A way to the rows that does not ask for their state."""

    def __init__(self, model: type[models.Model]) -> None:
        self.model = model

    def filter(self, *, pk: int, **_state: Any) -> models.QuerySet[Any]:
        return models.QuerySet(self.model).filter(pk=pk)


def test_twin_without_the_condition_who_comes_second_wins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = world.put("record", "in_force")
    world.put("record", "revoked")
    monkeypatch.setitem(Record._meta.__dict__, "base_manager", Blind(Record))

    row._make("suspend_record", by=world.person("moderator"))

    assert Record.objects.get(pk=row.pk).state == "suspended"
