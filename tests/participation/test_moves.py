"""Who can do what with a registration, a question and a claim to be a person, in each state."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from events.models import PersonClaim
from participation.clock import PORTAL
from participation.models import Question, Registration
from tests.events.factories import make_person
from tests.factories import make_hub, make_member, make_user
from tests.participation.factories import make_webinar

pytestmark = pytest.mark.django_db

DECIDE = {"organiser", "focal point", "moderator"}
REGISTRATION: dict[str, tuple[set[str], set[str]]] = {
    "approve_registration": ({"asked", "declined"}, DECIDE),
    "give_place": ({"waiting"}, {"portal"}),
    "decline_registration": ({"asked", "waiting", "placed"}, DECIDE),
    "withdraw_registration": ({"asked", "waiting", "placed"}, {"own"}),
    "ask_again": ({"withdrawn"}, {"own"}),
    "register_again": ({"withdrawn"}, {"own"}),
}
QUESTION: dict[str, tuple[set[str], set[str]]] = {
    "answer_question": ({"open", "answered"}, DECIDE),
    "set_question_aside": ({"open", "answered"}, DECIDE),
    "reopen_question": ({"answered", "set_aside"}, DECIDE),
    "take_question_back": ({"open"}, {"own"}),
}
CLAIM: dict[str, tuple[set[str], set[str]]] = {
    "agree_person_claim": ({"asked"}, {"moderator"}),
    "refuse_person_claim": ({"asked"}, {"moderator"}),
    "withdraw_person_claim": ({"asked"}, {"own"}),
}
KINDS = (
    "visitor", "stranger", "own", "member", "organiser", "focal point", "editor elsewhere",
    "moderator", "portal",
)  # fmt: skip


@pytest.fixture
def people() -> dict[str, Any]:
    hub, other = make_hub(slug="wells"), make_hub(slug="pumps")
    return {
        "hub": hub,
        "visitor": AnonymousUser(),
        "stranger": make_user(),
        "own": make_user(),
        "member": make_member(hub, "member"),
        "organiser": make_member(hub, "editor"),
        "focal point": make_member(hub, "focal_point"),
        "editor elsewhere": make_member(other, "editor"),
        "moderator": make_user(is_staff=True),
        "portal": PORTAL,
    }


def made(kind: str, people: dict[str, Any], state: str) -> Any:
    event = make_webinar(hub=people["hub"])
    if kind == "registration":
        return Registration(event=event, user=people["own"], number=1, state=state, name="Own")
    if kind == "question":
        return Question(event=event, asked_by=people["own"], text="How deep?", state=state)
    return PersonClaim(person=make_person(), user=people["own"], state=state, reason="It is me.")


@pytest.mark.parametrize(
    ("kind", "model", "table"),
    [
        ("registration", Registration, REGISTRATION),
        ("question", Question, QUESTION),
        ("claim", PersonClaim, CLAIM),
    ],
    ids=["registration", "question", "claim"],
)
def test_each_move_is_for_those_people_in_those_states(
    kind: str, model: Any, table: dict[str, tuple[set[str], set[str]]], people: dict[str, Any]
) -> None:
    assert set(model.moves) == set(table)
    for state in model.State.values:
        thing = made(kind, people, state)
        for who in KINDS:
            expected = [
                verb for verb, (states, may) in table.items() if state in states and who in may
            ]
            assert (state, who, sorted(thing.moves_for(people[who]))) == (
                state, who, sorted(expected),
            )  # fmt: skip


def test_registrations_of_former_accounts_belong_to_nobody(people: dict[str, Any]) -> None:
    row = made("registration", people, "placed")
    row.user = None
    assert row.moves_for(AnonymousUser()) == []
