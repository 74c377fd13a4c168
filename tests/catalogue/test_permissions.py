"""Person × state: who sees a record, and who can make which move on it.

The tables are written from the specification, not read from the code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from catalogue import criteria, operations
from catalogue.choices import Publication, SubmissionState
from catalogue.models import Contributor, Solution, Submission
from core.errors import DomainError
from core.models import AuditEntry
from hubs.models import Hub, Membership
from tests import factories

pytestmark = pytest.mark.django_db

Person = User | AnonymousUser

TEAM = {"owner", "contributor"}
SCREENERS = {"focal point", "moderator", "superuser"}
NOBODY: set[str] = set()


@pytest.fixture
def hub() -> Hub:
    factories.reference()
    return factories.make_hub()


def people_around(solution: Solution) -> dict[str, Person]:
    """One person of each kind, as a new request would meet them."""
    role, hub = Membership.Role, solution.hub
    partner = factories.make_user()
    Contributor.objects.create(solution=solution, name="A partner", role="partner", user=partner)
    inactive = User.objects.get(pk=solution.owner_id)
    inactive.is_active = False
    return {
        "anonymous": AnonymousUser(),
        "stranger": factories.make_user(),
        "owner": User.objects.get(pk=solution.owner_id),
        "contributor": partner,
        "inactive owner": inactive,
        "hub member": factories.make_member(hub, role.MEMBER),
        "hub editor": factories.make_member(hub, role.EDITOR),
        "focal point": factories.make_member(hub, role.FOCAL_POINT),
        "focal point elsewhere": factories.make_member(factories.make_hub(), role.FOCAL_POINT),
        "moderator": factories.make_user(is_staff=True),
        "superuser": factories.make_user(is_staff=True, is_superuser=True),
    }


def solution_in(hub: Hub, publication: str, *, submitted: bool) -> Solution:
    """A record in that state of publication, once handed to the desk or never."""
    solution = factories.complete_snapshot(hub=hub)
    if publication != Publication.PRIVATE:
        solution = factories.published(solution)
    if publication == Publication.WITHDRAWN:
        operations.withdraw_solution(solution, by=solution.owner, reason="It ended.")
    first = timezone.now() if submitted else None
    Solution.objects.filter(pk=solution.pk).update(first_submitted_at=first)
    return Solution.objects.get(pk=solution.pk)


def submission_in(hub: Hub, state: str) -> Submission:
    """A submission that was answered that way, or not yet."""
    submission = factories.submitted(factories.complete_snapshot(hub=hub))
    screener = factories.make_member(hub, Membership.Role.FOCAL_POINT)
    match state:
        case SubmissionState.PASSED:
            answers = dict.fromkeys(criteria.GATES, (True, "Seen."))
            operations.answer_gates(submission, by=screener, answers=answers)
            operations.pass_screening(submission, by=screener)
        case SubmissionState.RETURNED:
            operations.return_submission(submission, by=screener, note="Say more.")
        case SubmissionState.DECLINED:
            operations.decline_submission(submission, by=screener, note="A publication.")
        case SubmissionState.RECALLED:
            operations.recall_submission(submission, by=submission.submitted_by)
    return Submission.objects.get(pk=submission.pk)


# --- Who sees what ------------------------------------------------------------------------


def those(people: dict[str, Person], fact: Callable[[Person], bool]) -> set[str]:
    return {kind for kind, person in people.items() if fact(person)}


@pytest.mark.parametrize("submitted", [False, True])
@pytest.mark.parametrize("publication", Publication.values)
def test_list_and_page_agree_on_who_sees_a_record(
    publication: str, submitted: bool, hub: Hub
) -> None:
    solution = solution_in(hub, publication, submitted=submitted)
    people = people_around(solution)
    one = those(people, lambda person: person.has_perm("catalogue.view_solution", solution))
    listed = those(people, lambda p: Solution.objects.visible_to(p).filter(pk=solution.pk).exists())
    desk = {"hub editor", *SCREENERS} if submitted else {"superuser"}
    expected = TEAM | desk if publication == Publication.PRIVATE else set(people)
    assert (one, listed) == (expected, expected)


@pytest.mark.parametrize("submitted", [False, True])
@pytest.mark.parametrize("publication", Publication.values)
def test_work_in_progress_is_for_the_team_and_after_submission_for_the_desk(
    publication: str, submitted: bool, hub: Hub
) -> None:
    solution = solution_in(hub, publication, submitted=submitted)
    people = people_around(solution)
    desk = {"hub editor", *SCREENERS} if submitted else {"superuser"}
    for permission in ("view_working_copy", "view_submission", "view_restricted_evidence"):
        found = those(people, lambda p, name=permission: p.has_perm(f"catalogue.{name}", solution))
        assert found == TEAM | desk, permission
    at_desk = those(
        people, lambda p: Solution.objects.at_desk_of(p).filter(pk=solution.pk).exists()
    )
    assert at_desk == desk


@pytest.mark.parametrize("submitted", [False, True])
def test_somebody_else_than_the_team_edits_only_with_a_role_in_the_hub(
    submitted: bool, hub: Hub
) -> None:
    solution = solution_in(hub, Publication.PRIVATE, submitted=submitted)
    people = people_around(solution)
    desk = {"hub editor", "focal point"} if submitted else NOBODY
    editors = those(people, lambda person: person.has_perm("catalogue.edit_solution", solution))
    assert editors == TEAM | desk | {"superuser"}


# --- Who moves what -----------------------------------------------------------------------

#: State of publication → move → who may make it, for a record that was submitted once.
SOLUTION_MOVES = {
    Publication.PRIVATE: {"publish": SCREENERS},
    Publication.PUBLIC: {"renew": SCREENERS, "withdraw": TEAM | SCREENERS},
    Publication.WITHDRAWN: {"restore": SCREENERS},
}
#: State → move → who may make it.
SUBMISSION_MOVES = {
    SubmissionState.SCREENING: {
        "pass_screening": SCREENERS,
        "give_back": SCREENERS,
        "decline": SCREENERS,
        "recall": TEAM | {"superuser"},
    },
    SubmissionState.PASSED: {},
    SubmissionState.RETURNED: {},
    SubmissionState.DECLINED: {},
    SubmissionState.RECALLED: {},
}


def test_the_tables_name_every_state_and_every_move() -> None:
    assert set(SOLUTION_MOVES) == set(Publication.values)
    assert {verb for moves in SOLUTION_MOVES.values() for verb in moves} == set(Solution.moves)
    assert set(SUBMISSION_MOVES) == set(SubmissionState.values)
    assert {verb for moves in SUBMISSION_MOVES.values() for verb in moves} == set(Submission.moves)


def offers(target: Any, people: dict[str, Person], verbs: Any) -> dict[str, set[str]]:
    """Move → the people it is offered to; moves offered to nobody are left out."""
    found = {verb: those(people, lambda p, v=verb: v in target.moves_for(p)) for verb in verbs}
    return {verb: kinds for verb, kinds in found.items() if kinds}


@pytest.mark.parametrize("publication", Publication.values)
def test_moves_offered_on_a_solution(publication: str, hub: Hub) -> None:
    solution = solution_in(hub, publication, submitted=True)
    found = offers(solution, people_around(solution), Solution.moves)
    assert found == SOLUTION_MOVES[publication]


@pytest.mark.parametrize("state", SubmissionState.values)
def test_moves_offered_on_a_submission(state: str, hub: Hub) -> None:
    submission = submission_in(hub, state)
    found = offers(submission, people_around(submission.solution), Submission.moves)
    assert found == SUBMISSION_MOVES[state]


def outcome(model: Any, pk: int, field: str, call: Callable[..., Any], person: Person) -> str:
    """The state the call leads to, taken back afterwards; or the word refused."""
    try:
        with transaction.atomic():
            call(model.objects.get(pk=pk), person)
            state = str(model.objects.values_list(field, flat=True).get(pk=pk))
            transaction.set_rollback(True)
            return state
    except (PermissionDenied, DomainError):
        return "refused"


SOLUTION_CALLS: dict[str, Callable[..., Any]] = {
    "publish": lambda s, by: operations.publish(s, by=by, version=s.versions.latest("number")),
    "renew": lambda s, by: operations.publish(s, by=by, version=s.versions.latest("number")),
    "withdraw": lambda s, by: operations.withdraw_solution(s, by=by, reason="It ended."),
    "restore": lambda s, by: operations.restore_solution(s, by=by, reason="It goes on."),
}


@pytest.mark.parametrize("verb", Solution.moves)
@pytest.mark.parametrize("publication", Publication.values)
def test_a_move_on_a_solution_is_made_by_those_it_is_offered_to_and_refused_to_others(
    publication: str, verb: str, hub: Hub
) -> None:
    solution = solution_in(hub, publication, submitted=True)
    if publication == Publication.PRIVATE:
        operations.freeze(solution, by=solution.owner, form="snapshot")
    people = people_around(solution)
    del people["anonymous"]  # a move always has somebody who made it
    # Publishing is one operation for two moves: which of them follows from the state.
    same = {"publish", "renew"} if verb in {"publish", "renew"} else {verb}
    allowed = {move: kinds for move, kinds in SOLUTION_MOVES[publication].items() if move in same}
    expected = dict.fromkeys(people, "refused")
    for move, kinds in allowed.items():
        expected |= dict.fromkeys(kinds, str(Solution.moves[move].target))
    call = SOLUTION_CALLS[verb]
    assert {
        kind: outcome(Solution, solution.pk, "publication", call, person)
        for kind, person in people.items()
    } == expected


def passes(submission: Submission, by: User) -> None:
    answers = dict.fromkeys(criteria.GATES, (True, "Seen."))
    operations.answer_gates(submission, by=by, answers=answers)
    operations.pass_screening(submission, by=by)


SUBMISSION_CALLS: dict[str, Callable[..., Any]] = {
    "pass_screening": passes,
    "give_back": lambda s, by: operations.return_submission(s, by=by, note="Say more."),
    "decline": lambda s, by: operations.decline_submission(s, by=by, note="A publication."),
    "recall": lambda s, by: operations.recall_submission(s, by=by),
}


@pytest.mark.parametrize("verb", Submission.moves)
@pytest.mark.parametrize("state", SubmissionState.values)
def test_a_move_on_a_submission_is_made_by_those_it_is_offered_to_and_refused_to_others(
    state: str, verb: str, hub: Hub
) -> None:
    submission = submission_in(hub, state)
    people = people_around(submission.solution)
    del people["anonymous"]
    expected = dict.fromkeys(people, "refused")
    allowed = SUBMISSION_MOVES[state].get(verb, NOBODY)
    expected |= dict.fromkeys(allowed, str(Submission.moves[verb].target))
    call = SUBMISSION_CALLS[verb]
    assert {
        kind: outcome(Submission, submission.pk, "state", call, person)
        for kind, person in people.items()
    } == expected


@pytest.mark.parametrize(
    ("verb", "reason"), [("withdraw", "It ended."), ("restore", "It goes on.")]
)
def test_every_move_is_recorded_with_actor_and_reason(verb: str, reason: str, hub: Hub) -> None:
    source = Publication.PUBLIC if verb == "withdraw" else Publication.WITHDRAWN
    solution = solution_in(hub, source, submitted=True)
    focal_point = people_around(solution)["focal point"]
    SOLUTION_CALLS[verb](solution, focal_point)
    entry = AuditEntry.of(solution).first()
    assert (entry.verb, entry.actor, entry.note) == (verb, focal_point, reason)


@pytest.mark.parametrize("verb", ["pass_screening", "give_back", "decline"])
@pytest.mark.parametrize("part", ["owner", "contributor", "submitter"])
@pytest.mark.parametrize("power", ["focal point", "moderator", "superuser"])
def test_nobody_screens_a_record_they_have_a_part_in(
    power: str, part: str, verb: str, hub: Hub
) -> None:
    """Whatever else they may do: a rule of the domain, not of permission."""
    solution = factories.complete_snapshot(hub=hub)
    flags = {"is_staff": power != "focal point", "is_superuser": power == "superuser"}
    person = factories.make_user(**flags)
    if power == "focal point":
        Membership.objects.create(hub=hub, user=person, role=Membership.Role.FOCAL_POINT)
    if part == "owner":
        Solution.objects.filter(pk=solution.pk).update(owner=person)
    else:
        Contributor.objects.create(
            solution=solution, name="Themselves", role="partner", user=person
        )
    solution = Solution.objects.get(pk=solution.pk)
    by = person if part == "submitter" else solution.owner
    submission = operations.submit_solution(solution, by=by, form="snapshot")
    if part == "submitter":  # gone from the team since
        Contributor.objects.filter(user=person).delete()
    person = User.objects.get(pk=person.pk)
    with pytest.raises(DomainError) as refusal:
        SUBMISSION_CALLS[verb](submission, person)
    assert refusal.value.code == "four-eyes"
    assert Submission.objects.get(pk=submission.pk).state == SubmissionState.SCREENING
