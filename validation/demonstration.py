"""Solutions in every stage of validation, for trying the portal: invented, and marked “Example”.

They are made by the same operations everybody uses, as the demonstration accounts, so that
record, signature, audit and letters are real and only their content is not. Texts, scores and
reasons stand in ``validation/data/examples.json``; each reason says that it is invented. What
real institutions described never gets a score here.

Besides the demonstration accounts a few reviewers are needed whom nobody signs in as; once
everything is made their accounts are inactive. Nothing is left waiting for them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from accounts.models import Language, Profile, User
from catalogue import loading as records
from catalogue import operations
from catalogue.choices import Form
from catalogue.models import Solution
from validation import choices as c
from validation.judging import Panel
from validation.models import Case, Decision, Record, Reviewer, Seat
from validation.operations import (
    challenging,
    clarifying,
    deciding,
    inviting,
    opening,
    panel,
    reviewing,
)
from validation.operations.deciding import Ruling
from validation.operations.reviewing import Draft, Judgement

if TYPE_CHECKING:
    from hubs.models import Hub

EXAMPLES = Path(__file__).resolve().parent / "data" / "examples.json"
NO_CONFLICT = dict.fromkeys(c.Conflict.values, False)
#: The key of an example among those of the catalogue.
COLLECTION = "examples of validation"

#: Scores of C1 to C10: two that lead to each label, two that differ and a third between them.
GOOD = (3, 3, 3, 3, 4, 2, 3, 2, 3, 3)
BETTER = (4, 3, 3, 3, 3, 3, 3, 3, 3, 2)
FAIR = (2, 2, 2, 2, 2, 3, 2, 3, 2, 2)
WEAK = (3, 1, 2, 2, 2, 2, 3, 2, 2, 2)
HALF = (3, 2, 3, 2)
#: Strength of the evidence for results.
OWN, OUTSIDE = 1, 2

People = Mapping[str, User]


def make_examples(people: People, *, hub: Hub) -> int:
    """Make the examples that are missing. ``people`` are the demonstration accounts by role.
    Returns how many were new; what became of one since is left alone."""
    if settings.HUB_PROFILE == "production":
        msg = "Examples are invented: not in production."
        raise ImproperlyConfigured(msg)
    data = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    keys = {entry["slug"]: records.key_of(COLLECTION, entry["slug"]) for entry in data["examples"]}
    there = set(
        Solution.objects.filter(
            owner=people["practitioner"], form_key__in=keys.values()
        ).values_list("form_key", flat=True)
    )
    missing = [entry for entry in data["examples"] if keys[entry["slug"]] not in there]
    if not missing:
        return 0
    invented = {row["role"]: _invented(row) for row in data["reviewers"]}
    stage = Stage({**people, **invented}, data, hub)
    accounts = User.objects.filter(pk__in=[user.pk for user in invented.values()])
    try:
        for entry in missing:
            with transaction.atomic():
                accounts.update(is_active=True)
                SCENES[entry["scene"]](stage, stage.screened(entry, key=keys[entry["slug"]]))
                # Nobody signs in as them: seen from outside they are locked all the time, so
                # that no mail goes to them.
                accounts.update(is_active=False)
    finally:
        accounts.update(is_active=False)
    return len(missing)


def _invented(row: Mapping[str, str]) -> User:
    """A reviewer nobody signs in as: on the list, active while the examples are made."""
    user = User.objects.filter(email=row["email"]).first()
    if user is None:
        user = User.objects.create_user(row["email"], name=row["name"])
        Profile.objects.filter(user=user).update(country=row["country"])
        Reviewer.objects.create(user=user, note="An example: nobody signs in as this reviewer.")
    User.objects.filter(pk=user.pk).update(is_active=True)
    return User.objects.select_related("profile").get(pk=user.pk)


class Stage:
    """Who takes part, and the steps the scenes are made of."""

    def __init__(self, people: People, data: Mapping[str, Any], hub: Hub) -> None:
        self.people, self.data, self.hub = people, data, hub
        for role in ("reviewer", "reviewer-2", *(row["role"] for row in data["reviewers"])):
            languages = people[role].profile.languages
            if not languages.exists():
                languages.set(Language.objects.filter(pk="en"))

    def marked(self, text: str) -> str:
        return f"{text} {self.data['mark']}"

    def screened(self, entry: Mapping[str, Any], *, key: uuid.UUID) -> Case:
        """A full record, published after screening: its case begins."""
        solution = records.begin_example(
            {**self.data["shared"], **entry},
            key=key,
            owner=self.people["practitioner"],
            hub=self.hub,
            complete=True,
        )
        submission = operations.submit_solution(
            solution, by=self.people["practitioner"], form=Form.FULL
        )
        screener = self.people["focal-point"]
        gates = submission.criteria_set.gate_codes()
        operations.answer_gates(
            submission,
            by=screener,
            answers=dict.fromkeys(gates, (True, self.marked("Passes."))),
        )
        submission.refresh_from_db()
        operations.pass_screening(submission, by=screener)
        case = Case.objects.get(submission=submission)
        chair = self.people["chair"]
        opening.appoint_chair(case, by=chair, chair=chair, declared=NO_CONFLICT)
        return _fresh(case)

    def invited(self, case: Case, role: str) -> Seat:
        return inviting.invite(case, by=self.people["chair"], person=self.people[role])

    def accepted(self, case: Case, role: str) -> Seat:
        return panel.accept(self.invited(case, role), by=self.people[role], declared=NO_CONFLICT)

    def written(
        self, seat: Seat, scores: tuple[int, ...], *, strength: int | None, check: bool = True
    ) -> Seat:
        """Scores for as many criteria as there are numbers, each with a reason; not sent."""
        seat = Seat.objects.select_related("case__version", "case__criteria_set", "user").get(
            pk=seat.pk
        )
        refs = tuple(row["ref"] for row in seat.case.version.content["evidence"])
        if check:
            reviewing.check_evidence(
                seat,
                by=seat.user,
                ref=refs[0],
                outcome=c.CheckOutcome.OPENED,
                note=self.data["mark"],
            )
        draft = Draft(
            {
                code: Judgement(
                    value=score,
                    reason=self.reason(code, score),
                    cites=refs[:1] if score >= reviewing.CITES_FROM else (),
                )
                for code, score in zip(seat.case.scope, scores, strict=False)
            },
            strength=strength,
        )
        reviewing.save_review(seat, by=seat.user, draft=draft)
        return seat

    def sent(self, seat: Seat, scores: tuple[int, ...], *, strength: int = OUTSIDE) -> Seat:
        seat = self.written(seat, scores, strength=strength)
        return reviewing.send_review(seat, by=seat.user)

    def reason(self, code: str, score: int) -> str:
        """A sentence that fits the score; a hub may ask for more than the common ten."""
        said = self.data["reasons"].get(code, {}).get(str(score), "")
        return self.marked(said).strip()

    def reviewed(
        self,
        case: Case,
        roles: tuple[str, str],
        scores: tuple[tuple[int, ...], tuple[int, ...]],
        *,
        strength: int = OUTSIDE,
    ) -> Case:
        """Two people accepted and sent their reviews."""
        seats = [self.accepted(case, role) for role in roles]
        for seat, given in zip(seats, scores, strict=True):
            self.sent(seat, given, strength=strength)
        return _fresh(case)

    def decided(self, case: Case) -> Record:
        """The chair proposes what the reviewers agreed on, and one of them confirms."""
        decision = self.proposed(case)
        seat = case.seats.sent().select_related("user").order_by("pk").first()
        assert seat is not None  # noqa: S101 (two were sent)
        record = deciding.confirm(decision, by=seat.user)
        assert record is not None  # noqa: S101 (the scores of the scenes give a label)
        return record

    def proposed(self, case: Case) -> Decision:
        rulings = {
            code: Ruling(self.reason(code, int(found.value) if found else 0))
            for code, found in Panel.of(case).agreed.items()
        }
        return deciding.propose(
            case,
            by=self.people["chair"],
            rulings=rulings,
            letter=self.marked("The panel agreed on these scores."),
        )


def _fresh(case: Case) -> Case:
    return Case.objects.select_related("chair", "criteria_set", "version").get(pk=case.pk)


# --- Scenes ------------------------------------------------------------------------------


def validated(stage: Stage, case: Case) -> None:
    """Labelled: a public record to read, print and verify."""
    stage.decided(stage.reviewed(case, ("example-1", "example-2"), (GOOD, BETTER)))


def promising(stage: Stage, case: Case) -> None:
    """A result is visible; the evidence is still the team's own."""
    stage.decided(stage.reviewed(case, ("example-2", "example-3"), (FAIR, FAIR), strength=OWN))


def in_review(stage: Stage, case: Case) -> None:
    """One review is in; the other waits for the demonstration reviewer, who has begun."""
    other, mine = stage.accepted(case, "example-1"), stage.accepted(case, "reviewer")
    stage.sent(other, GOOD)
    stage.written(mine, HALF, strength=None)


def invitation(stage: Stage, case: Case) -> None:
    """One has accepted; an invitation waits for the demonstration reviewer."""
    stage.accepted(case, "reviewer-2")
    stage.invited(case, "reviewer")


def in_decision(stage: Stage, case: Case) -> None:
    """Two reviews differed, a third came in; the decision waits for the chair. The one who can
    confirm it can be signed in as."""
    seats = [stage.accepted(case, role) for role in ("reviewer-2", "example-1")]
    ours = [user.pk for user in stage.people.values()]
    if Reviewer.objects.available().exclude(user__in=ours).exists():
        # In an installation with reviewers of its own, none of them is asked for an example.
        stage.invited(case, "example-3")
    stage.sent(seats[0], BETTER)
    stage.sent(seats[1], WEAK)
    third = case.seats.get(state=c.SeatState.INVITED)
    person = next(user for user in stage.people.values() if user.pk == third.user_id)
    panel.accept(third, by=person, declared=NO_CONFLICT)
    stage.sent(third, GOOD)


def in_clarification(stage: Stage, case: Case) -> None:
    """Two questions wait for the demonstration practitioner."""
    case = stage.reviewed(case, ("reviewer", "reviewer-2"), (GOOD, BETTER))
    clarifying.ask(
        case,
        by=stage.people["chair"],
        questions=[
            ("C2", stage.marked("Is the number of hours a mean, and over how many rains?")),
            ("C7", stage.marked("Does the sum contain the paid post at the office?")),
        ],
    )


def challenged(stage: Stage, case: Case) -> None:
    """Labelled, and doubted by a member; the answer waits for a moderator."""
    record = stage.decided(stage.reviewed(case, ("example-1", "example-3"), (GOOD, BETTER)))
    challenging.raise_challenge(
        record,
        by=stage.people["reviewer-2"],
        form_key=records.key_of(COLLECTION, f"challenge of {record.solution.form_key}"),
        criterion="C2",
        text=stage.marked("The counts were made in the dry season only, when boats are empty."),
        url="https://example.org/",
    )


SCENES: dict[str, Callable[[Stage, Case], None]] = {
    "validated": validated,
    "promising": promising,
    "review": in_review,
    "invitation": invitation,
    "decision": in_decision,
    "clarification": in_clarification,
    "challenged": challenged,
}
