"""Bad input and forbidden ways, one by one. Beside each guard stands its twin: with that one
guard switched off the bad thing happens, so it is the guard that stops it."""

from __future__ import annotations

import copy
import datetime as dt
import hashlib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Profile
from catalogue import criteria_operations, writing
from catalogue import operations as catalogue
from catalogue.models import Contributor, CriteriaSet, Evidence, Invitation, Solution, StoredFile
from core.errors import DomainError
from hubs.models import Membership
from tests.factories import (
    complete_full,
    make_hub,
    make_member,
    make_user,
    published,
    submitted,
)
from tests.validation.factories import (
    CODES,
    NO_CONFLICT,
    accepted,
    case_in_decision,
    case_in_review,
    chaired_case,
    decided,
    invited,
    judged,
    labelled,
    make_reviewer,
    moderator,
    opened_case,
    proposed,
    sent,
)
from validation import choices as c
from validation.judging import Panel
from validation.models import (
    AppealMember,
    Case,
    CasePart,
    Challenge,
    Decision,
    Record,
    Reviewer,
    Score,
    Seat,
)
from validation.operations import (
    appealing,
    challenging,
    clarifying,
    deciding,
    inviting,
    opening,
    panel,
    records,
    renewing,
    reviewing,
)
from validation.operations.deciding import Ruling
from validation.operations.renewing import Statement
from validation.operations.reviewing import Draft, Judgement

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


def whole(case: Case) -> Case:
    related = ("chair", "solution__owner", "version", "submission", "criteria_set")
    return Case.objects.select_related(*related).get(pk=case.pk)


def refusal(call: Callable[[], Any]) -> str:
    """The code of the refusal; "forbidden" for a person to whom it is closed; "" if it works."""
    try:
        with transaction.atomic():
            call()
    except DomainError as refused:
        return str(refused.code)
    except PermissionDenied:
        return "forbidden"
    return ""


def administrator(**more: Any) -> Any:
    return make_user(is_staff=True, is_superuser=True, **more)


def works_for(person: Any, organisation: str) -> Any:
    Profile.objects.filter(user=person).update(organisation=organisation)
    return type(person).objects.get(pk=person.pk)


@pytest.fixture
def no_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Switches the hard blocks off, everywhere."""

    def off() -> None:
        for module in (panel, deciding, reviewing, inviting, opening):
            monkeypatch.setattr(module, "hard_blocks", lambda *_a, **_k: [])

    return off


# --- A conflict that is found after the review -------------------------------------------


def step_down(seat: Seat) -> None:
    seat = Seat.objects.select_related("case", "user").get(pk=seat.pk)
    panel.recuse(seat, by=seat.user, note="I advised them, I now see.")


def test_a_conflict_found_before_the_decision_takes_the_review_out() -> None:
    case = case_in_decision()
    decision = proposed(case)
    goes, stays = case.seats.order_by("pk")

    step_down(goes)

    case = whole(case)
    assert (case.state, fresh(decision).state) == ("review", "dropped")
    assert [mark.scores for mark in Panel.of(case).reviews] == [dict.fromkeys(CODES, 3)]
    assert refusal(lambda: proposed(case)) == "wrong-state"
    assert refusal(lambda: deciding.confirm(fresh(decision), by=stays.user)) == "stale"
    assert not Record.objects.exists()


def test_twin_a_proposal_that_is_not_overtaken_would_be_confirmed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With three reviews the case comes back to its decision at once: only the revision of the
    case and the dropped proposal stand between it and a label computed from what has left."""
    case = three_in_decision()
    decision = proposed(case)
    goes, second, _third = case.seats.order_by("pk")
    step_down(goes)
    assert fresh(case).state == "decision"
    assert refusal(lambda: deciding.confirm(fresh(decision), by=second.user)) == "stale"

    Decision.objects.filter(pk=decision.pk).update(state="proposed")
    assert refusal(lambda: deciding.confirm(fresh(decision), by=second.user)) == "stale"

    Decision.objects.filter(pk=decision.pk).update(case_revision=fresh(case).revision)
    assert refusal(lambda: deciding.confirm(fresh(decision), by=second.user)) == ""
    assert Record.objects.count() == 1


def test_a_conflict_found_after_the_label_suspends_it() -> None:
    record = labelled()
    step_down(record.case.seats.order_by("pk")[0])

    record = fresh(record)
    assert (record.state, fresh(record.solution).validation) == ("suspended", "suspended")
    assert record.public_note


def three_in_decision(third: int = 3) -> Case:
    """A panel of three that agrees."""
    case = chaired_case()
    seats = [accepted(case, country=country) for country in ("ID", "CD", "CG")]
    for seat in seats:
        sent(seat)
    Score.objects.filter(seat=seats[2]).update(value=third)
    return whole(case)


def test_two_who_agree_carry_a_label_on_when_the_third_leaves() -> None:
    case = three_in_decision()
    record = decided(case)
    step_down(case.seats.order_by("pk")[2])
    assert fresh(record).state == "in_force"


@pytest.mark.parametrize("way", ["disagree", "same-country"])
def test_two_who_could_not_have_decided_alone_do_not_carry_a_label(way: str) -> None:
    case = three_in_decision()
    first, second, third = case.seats.order_by("pk")
    if way == "disagree":
        Score.objects.filter(seat=first, criterion="C1").update(value=2)
        Score.objects.filter(seat=second, criterion="C1").update(value=4)
    else:
        Seat.objects.filter(pk__in=[first.pk, second.pk]).update(country="BR")
    record = decided(whole(case))
    assert record is not None

    step_down(third)

    assert fresh(record).state == "suspended"
    assert refusal(lambda: records.restore(fresh(record), by=moderator(), note="N.")) == "quorum"


def test_a_label_on_one_review_is_not_put_back_by_anybody() -> None:
    record = labelled()
    step_down(record.case.seats.order_by("pk")[0])
    challenge = challenged(record)
    challenging.suspend_label(challenge, by=moderator(), note="We look.")

    for judge in (moderator(), administrator(), make_reviewer("CI", may_chair=True)):
        assert refusal(lambda j=judge: records.restore(fresh(record), by=j, note="N.")) == "quorum"
        assert (
            refusal(lambda j=judge: challenging.restore_label(fresh(challenge), by=j, note="N."))
            == "quorum"
        )
    assert fresh(record).state == "suspended"
    assert fresh(challenge).state == "suspended"
    challenging.revoke_label(fresh(challenge), by=moderator(), note="One review is not enough.")
    assert fresh(record).state == "revoked"


def test_twin_without_the_look_at_its_reviews_a_label_is_put_back_on_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = labelled()
    step_down(record.case.seats.order_by("pk")[0])
    monkeypatch.setattr(records, "_still_carried", lambda case: None)

    records.restore(fresh(record), by=moderator(), note="N.")

    assert (fresh(record).state, record.case.seats.sent().count()) == ("in_force", 1)


# --- Contributors change while the panel works -------------------------------------------


def join(case: Case, person: Any) -> None:
    solution = fresh(case.solution)
    catalogue.invite(solution, by=solution.owner, email=person.email, role="author")
    invitation = Invitation.objects.get(email=person.email.lower())
    catalogue.answer_invitation(invitation, by=person, accept=True)


def name_contributor(case: Case, **row: str) -> None:
    """The team writes one more name into its record."""
    solution = fresh(case.solution)
    before = writing.values_of(solution, ["contributors", "owner_institution"])
    opened = writing.marks(before)
    new = {"id": "", "name": "", "role": "implementer", "organisation": "", **row}
    catalogue.save_answers(
        solution,
        by=solution.owner,
        page="name",
        answers={"contributors": [*before["contributors"], new]},
        opened={"contributors": opened["contributors"]},
    )


def change_institution(case: Case, name: str) -> None:
    solution = fresh(case.solution)
    opened = writing.marks(writing.values_of(solution, ["owner_institution"]))
    catalogue.save_answers(
        solution,
        by=solution.owner,
        page="name",
        answers={"owner_institution": name},
        opened=opened,
    )


CHANGES: dict[str, Callable[[Case, Any], None]] = {
    "joins the team": join,
    "is named": lambda case, person: name_contributor(case, name=person.name),
    "their institution is named": lambda case, person: name_contributor(
        case, name="Somebody", organisation="The University of Rivers"
    ),
    "their institution funds": lambda case, person: name_contributor(
        case, name="UNIVERSITY  OF RIVERS", role="funder"
    ),
    "their institution takes it over": lambda case, person: change_institution(
        case, "University of Rivers"
    ),
}


@pytest.mark.parametrize("way", CHANGES)
@pytest.mark.parametrize("stage", ["invited", "reviewing", "sent", "decision"])
def test_whoever_comes_into_conflict_leaves_the_panel_at_once(way: str, stage: str) -> None:
    if stage == "invited":
        case = chaired_case()
        seat = invited(case)
    else:
        case = case_in_review()
        seat = case.seats.select_related("user").order_by("pk")[0]
    if stage in {"sent", "decision"}:
        sent(seat)
    if stage == "decision":
        sent(case.seats.order_by("pk")[1])
        decision = proposed(case)
    works_for(seat.user, "University of Rivers")

    CHANGES[way](case, fresh(seat.user))

    seat = fresh(seat)
    assert (seat.state, bool(seat.ended_at)) == ("released", True)
    opens = fresh(seat.user).has_perm("catalogue.view_restricted_evidence", fresh(case.solution))
    assert opens == (way == "joins the team")
    if stage == "decision":
        assert (fresh(decision).state, fresh(case).state) == ("dropped", "review")
    assert seat not in Panel.of(whole(case)).seats


@pytest.mark.parametrize("way", CHANGES)
def test_a_chair_who_comes_into_conflict_loses_the_chair(way: str) -> None:
    case = case_in_decision()
    decision = proposed(case)
    chair = case.chair
    works_for(chair, "University of Rivers")

    CHANGES[way](case, fresh(chair))

    case = whole(case)
    assert (case.chair, fresh(decision).state) == (None, "dropped")
    assert (
        refusal(
            lambda: opening.appoint_chair(case, by=moderator(), chair=fresh(chair), declared=None)
        )
        != ""
    )


def test_twin_without_the_look_for_conflicts_they_stay(no_blocks: Callable[[], None]) -> None:
    case = case_in_review()
    seat = case.seats.select_related("user").order_by("pk")[0]
    no_blocks()
    name_contributor(case, name=seat.user.name)
    assert fresh(seat).state == "reviewing"


@pytest.mark.parametrize("moment", ["accept", "send", "propose", "confirm"])
def test_a_conflict_the_portal_could_not_hear_of_is_found_at_the_next_step(
    moment: str, no_blocks: Callable[[], None]
) -> None:
    """The person moves to the owner's institution: nothing of the record changed."""
    case = case_in_review()
    first, second = case.seats.select_related("user").order_by("pk")
    steps: dict[str, tuple[Seat, Callable[[], Any], str]]
    if moment == "accept":
        Seat.objects.filter(pk=first.pk).update(state="invited")
    judged(second)
    if moment in {"send", "propose", "confirm"}:
        judged(first)
    if moment in {"propose", "confirm"}:
        sent(first)
        sent(second)
    decision = proposed(case) if moment == "confirm" else None
    person = works_for(first.user, "Institute of Water")
    steps = {
        "accept": (
            first,
            lambda: panel.accept(fresh(first), by=person, declared=NO_CONFLICT),
            "",
        ),
        "send": (first, lambda: reviewing.send_review(fresh(first), by=person), "blocked"),
        "propose": (first, lambda: proposed(case), "blocked"),
        "confirm": (
            first,
            lambda: deciding.confirm(fresh(decision), by=second.user),
            "blocked",
        ),
    }
    _seat, step, code = steps[moment]
    assert refusal(step) == code
    if moment == "accept":
        assert (fresh(first).state, fresh(first).decline_reason) == ("declined", "conflict")
        Seat.objects.filter(pk=first.pk).update(state="invited")
    no_blocks()
    assert refusal(step) == ""


# --- A criteria set in force mid-case ----------------------------------------------------


def put_in_force(change: Callable[[dict[str, Any]], None], version: str = "1.1") -> CriteriaSet:
    by = administrator()
    present = CriteriaSet.objects.in_force().get(hub=None)
    content = copy.deepcopy(present.content)
    change(content)
    draft = criteria_operations.draft_family(
        family="common", name=present.name, version=version, content=content, by=by
    )
    criteria_operations.put_in_force(draft, by=by, note="The next edition.")
    return CriteriaSet.objects.get(pk=draft.pk)


def stricter(content: dict[str, Any]) -> None:
    for row in content["criteria"]:
        if row["code"] == "C2":
            row["weight"], row["minimum"] = 10, 4
        if row["code"] == "C1":
            row["weight"] = 20
    content["periods"]["validated_months"] = 12


def test_a_case_keeps_the_set_it_was_submitted_under() -> None:
    case = case_in_review()
    scores = {**dict.fromkeys(CODES, 3), "C1": 4}
    for seat in case.seats.all():
        sent(seat, scores)
    new = put_in_force(stricter)

    record = decided(whole(case))

    assert record is not None
    assert fresh(case).criteria_set.version == "1.0"
    # 72 of 90 points before, by the old weights: 75 + 10/4.
    assert (record.label, record.document["score"]) == ("validated", "77.5")
    assert record.criteria_set.version == "1.0"
    assert record.expires_on.year == timezone.localdate().year + 3
    assert opened_case().criteria_set == new


def test_twin_by_the_new_set_the_same_reviews_give_another_result() -> None:
    case = case_in_review()
    scores = {**dict.fromkeys(CODES, 3), "C1": 4}
    for seat in case.seats.all():
        sent(seat, scores)
    Case.objects.filter(pk=case.pk).update(criteria_set=put_in_force(stricter))

    result = Panel.of(whole(case)).result()

    assert (result.label, result.score) == ("promising", 80)


def test_a_hub_that_asks_for_more_is_asked_for_more() -> None:
    hub = make_hub()
    by = make_member(hub, Membership.Role.FOCAL_POINT)
    draft = criteria_operations.draft_additions(hub, by=by)
    criteria_operations.save_additions(
        draft, by=by, additions={"minimums": {"C2": 4}}, seen=draft.content_hash
    )
    criteria_operations.put_in_force(draft, by=by, note="Our law asks for it.")
    common_case = case_in_decision()
    own_case = case_in_decision(
        case=Case.objects.get(solution=published(complete_full(hub=hub), form="full"))
    )

    assert proposed(common_case).label == "validated"
    assert proposed(own_case).label == "promising"


# --- A reviewer is removed ---------------------------------------------------------------


@pytest.mark.parametrize("way", ["released", "steps down"])
def test_with_fewer_than_two_reviews_nothing_is_decided(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_in_decision()
    seat = case.seats.select_related("user", "case").order_by("pk")[0]
    if way == "released":
        panel.release(seat, by=case.chair, note="A conflict came to light.")
    else:
        step_down(seat)
    assert fresh(case).state == "review"

    Case.objects.filter(pk=case.pk).update(state="decision")  # by hand, behind every operation
    assert refusal(lambda: proposed(case)) == "quorum"

    monkeypatch.setattr(deciding, "LEAST", 1)
    Seat.objects.filter(case=case, state="sent").update(country="ID")
    assert refusal(lambda: proposed(case)) == ""  # the twin


def test_the_only_reviewer_from_abroad_who_leaves_is_replaced_before_anything_is_decided() -> None:
    case = chaired_case()
    abroad = accepted(case, country="ID")
    for _n in range(2):
        sent(accepted(case, country="BR"))
    sent(abroad)
    assert fresh(case).state == "decision"
    spare = make_reviewer("CG")

    step_down(abroad)

    case = whole(case)
    assert (case.state, case.third_needed) == ("review", [{"code": "country", "criterion": ""}])
    seat = case.seats.get(user=spare)
    assert seat.state == "invited"
    sent(panel.accept(seat, by=spare, declared=NO_CONFLICT))
    assert fresh(case).state == "decision"
    assert decided(whole(case)) is not None


# --- Forged scores -----------------------------------------------------------------------


@pytest.mark.parametrize("value", [5, 7, -1, 2.5, 3.0, "3", "", True, False, [3], b"3"], ids=repr)
def test_a_forged_score_is_refused_at_its_field(value: Any) -> None:
    seat = accepted(chaired_case())
    draft = Draft({"C1": Judgement(value=value, reason="R.")})

    with pytest.raises(DomainError) as refused:
        reviewing.save_review(seat, by=seat.user, draft=draft)

    assert (refused.value.code, list(refused.value.fields)) == ("forged", ["C1"])
    assert not seat.scores.exists()


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (Draft({"C11": Judgement(value=3)}), "C11"),
        (Draft({"G1": Judgement(value=3)}), "G1"),
        (Draft({"C1": Judgement(value=3, cites=("E9",))}), "C1"),
        (Draft(strength=5), "strength"),
        (Draft(strength=-1), "strength"),
        (Draft(strength=True), "strength"),
    ],
)
def test_other_forged_input_is_refused_at_its_field(draft: Draft, field: str) -> None:
    seat = accepted(chaired_case())
    with pytest.raises(DomainError) as refused:
        reviewing.save_review(seat, by=seat.user, draft=draft)
    assert (refused.value.code, list(refused.value.fields)) == ("forged", [field])


@pytest.mark.parametrize("value", [5, 7, -1])
def test_a_score_outside_the_scale_is_refused_by_the_database_too(
    value: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the refusal above: without it the database still refuses."""
    seat = accepted(chaired_case())
    monkeypatch.setattr(reviewing, "_refuse_forged", lambda case, draft: None)
    draft = Draft({"C1": Judgement(value=value, reason="R.")})
    with pytest.raises(DatabaseError), transaction.atomic():
        reviewing.save_review(seat, by=seat.user, draft=draft)
    judged(seat)
    with pytest.raises(DatabaseError), transaction.atomic():
        Score.objects.filter(seat=seat, criterion="C1").update(value=value)
    with pytest.raises(DatabaseError), transaction.atomic():
        Seat.objects.filter(pk=seat.pk).update(strength=value)
    with pytest.raises(IntegrityError), transaction.atomic():
        Score.objects.filter(seat=seat, criterion="C1").update(cannot_judge=True)
    assert seat.scores.get(criterion="C1").value == 3


def test_somebody_else_writes_in_nobodys_review() -> None:
    case = case_in_review()
    mine, other = case.seats.select_related("user").order_by("pk")
    draft = Draft({"C1": Judgement(value=0, reason="R.")})
    for person in (other.user, case.chair, case.solution.owner, administrator(), make_user()):
        for call in (
            lambda p=person: reviewing.save_review(fresh(mine), by=p, draft=draft),
            lambda p=person: reviewing.send_review(fresh(mine), by=p),
            lambda p=person: reviewing.check_evidence(
                fresh(mine), by=p, ref="E1", outcome="opened"
            ),
            lambda p=person: panel.recuse(fresh(mine), by=p, note="N."),
        ):
            assert refusal(call) == "forbidden"
    assert not mine.scores.exists()


@pytest.mark.parametrize(
    "spoil",
    [
        {"value": None},
        {"reason": "   "},
        {"cites": []},
    ],
)
def test_a_review_that_is_not_complete_is_not_sent(spoil: dict[str, Any]) -> None:
    seat = judged(accepted(chaired_case()))
    Score.objects.filter(seat=seat, criterion="C4").update(**spoil)
    with pytest.raises(DomainError) as refused:
        reviewing.send_review(fresh(seat), by=seat.user)
    assert (refused.value.code, list(refused.value.fields)) == ("incomplete", ["C4"])


# --- What is frozen stays ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("catalogue_version", "content"),
        ("catalogue_version", "private_content"),
        ("catalogue_version", "content_hash"),
        ("catalogue_version", "number"),
        ("validation_record", "label"),
        ("validation_record", "document"),
        ("validation_record", "expires_on"),
        ("validation_record", "number"),
        ("validation_record", "version_id"),
    ],
)
def test_the_database_refuses_to_change_what_was_frozen_or_signed(table: str, column: str) -> None:
    record = labelled()
    pk = record.version_id if table == "catalogue_version" else record.pk
    value: Any = {
        "content": '{"a": 1}',
        "private_content": '{"a": 1}',
        "document": '{"a": 1}',
        "expires_on": "2099-01-01",
        "number": 77,
        "version_id": 999_999,
        "label": "promising",
    }.get(column, "0" * 64)
    statement = f"UPDATE {table} SET {column} = %s WHERE id = %s"
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [value, pk])
    with connection.cursor() as cursor:  # the twin: without the trigger it would be changed
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_stays")
        else:
            cursor.execute(f"DROP TRIGGER {table}_stays")
        with transaction.atomic():
            if column != "version_id":
                cursor.execute(statement, [value, pk])
                assert cursor.rowcount == 1


PDF = b"What the panel reads."


def case_with_file(access: str = "restricted") -> tuple[Case, StoredFile]:
    """A case whose first item of evidence is a deposited file."""
    stored = deposited("report.csv", PDF)
    solution = complete_full()
    Evidence.objects.filter(solution=solution).update(file=stored, access=access)
    case = Case.objects.get(solution=published(solution, form="full"))
    return case_in_decision(case=case), stored


def deposited(name: str, body: bytes) -> StoredFile:
    stored = StoredFile(
        name=name,
        content_type="text/csv",
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
    )
    stored.file.save(name, ContentFile(body), save=False)
    stored.save()
    return stored


@pytest.mark.parametrize("access", ["open", "restricted"])
@pytest.mark.parametrize("way", ["other bytes", "same length", "gone", "row gone"])
@pytest.mark.parametrize("stage", ["propose", "confirm"])
def test_nothing_is_decided_on_a_file_that_was_replaced(
    way: str, access: str, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, stored = case_with_file(access)
    decision = proposed(case) if stage == "confirm" else None
    path = Path(default_storage.path(stored.file.name))
    match way:
        case "other bytes":
            path.write_bytes(b"Something else.")
        case "same length":
            path.write_bytes(PDF[::-1])
        case "gone":
            path.unlink()
        case "row gone":
            Evidence.objects.filter(file=stored).update(file=None)
            stored.delete()

    def decide() -> Any:
        if decision is None:
            return proposed(case)
        second = case.seats.sent().select_related("user").order_by("pk")[0]
        return deciding.confirm(fresh(decision), by=second.user)

    assert reviewing.damaged_files(whole(case)) == ["E1"]
    assert refusal(decide) == "damaged"
    assert not Record.objects.exists()
    monkeypatch.setattr(deciding, "damaged_files", lambda case: [])
    assert refusal(decide) == ""  # the twin


def test_a_file_replaced_in_the_working_copy_leaves_the_panel_with_the_frozen_one() -> None:
    case, stored = case_with_file()
    other = deposited("later.csv", b"Something nicer.")
    Evidence.objects.filter(solution=case.solution).update(file=other)

    assert reviewing.damaged_files(whole(case)) == []
    frozen = whole(case).version.private_content["evidence"]["E1"]["file"]
    assert frozen["key"] == str(stored.pk)
    record = decided(whole(case))
    assert record is not None
    assert record.version_id == case.version_id


# --- No label without two complete reviews, by any path ----------------------------------


STATES_BEFORE = ("assignment", "review", "clarification", "closed")


@pytest.mark.parametrize("state", STATES_BEFORE)
def test_only_a_case_awaiting_its_decision_is_decided(state: str) -> None:
    case = case_in_decision()
    decision = proposed(case)
    ended = {"outcome": "closed", "ended_at": timezone.now()} if state == "closed" else {}
    Case.objects.filter(pk=case.pk).update(state=state, **ended)
    second = case.seats.sent().select_related("user").order_by("pk")[0]

    assert refusal(lambda: proposed(case)) == "wrong-state"
    assert refusal(lambda: deciding.confirm(fresh(decision), by=second.user)) == "wrong-state"
    assert not Record.objects.exists()


@pytest.mark.parametrize("state", ["invited", "reviewing", "declined", "lapsed", "released"])
def test_a_review_that_is_not_in_counts_nowhere(state: str) -> None:
    case = case_in_decision()
    decision = proposed(case)
    first, second = case.seats.select_related("user").order_by("pk")
    Seat.objects.filter(pk=first.pk).update(state=state)

    assert refusal(lambda: proposed(case)) == "quorum"
    assert refusal(lambda: deciding.confirm(fresh(decision), by=first.user)) == "forbidden"
    assert refusal(lambda: deciding.confirm(fresh(decision), by=second.user)) != ""
    assert not Record.objects.exists()


def test_what_was_proposed_is_computed_again_before_it_becomes_a_label() -> None:
    """Scores changed behind the operations: the proposal does not hold any more."""
    case = case_in_decision(1, 1, strength=0)
    decision = proposed(case)
    assert decision.label == "not_validated"
    second = case.seats.sent().select_related("user").order_by("pk")[0]

    Decision.objects.filter(pk=decision.pk).update(label="validated", score="100")

    assert refusal(lambda: deciding.confirm(fresh(decision), by=second.user)) == "stale"
    assert not Record.objects.exists()


def test_the_database_refuses_records_that_are_no_label_and_second_ones() -> None:
    record = labelled()
    columns = {
        field.attname: getattr(record, field.attname)
        for field in Record._meta.concrete_fields
        if field.attname != "id"
    }
    other = decided(case_in_decision())
    assert other is not None
    for change in (
        {"number": 90, "case_id": opened_case().pk, "label": "not_validated", "state": "revoked"},
        {"number": 91, "case_id": opened_case().pk},  # a second that stands
        {"number": 92, "state": "revoked"},  # a second of one case
        {"number": other.number, "case_id": opened_case().pk, "state": "revoked"},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Record.objects.create(**(columns | change))


def test_the_database_refuses_half_a_decision() -> None:
    case = case_in_decision()
    decision = proposed(case)
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.filter(pk=decision.pk).update(state="confirmed")
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(state="decided")
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.filter(pk=case.pk).update(
            state="decided", outcome="withdrawn", ended_at=timezone.now()
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.create(
            case=case,
            case_revision=1,
            label="validated",
            score="100",
            letter="L",
            proposed_by=case.chair,
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Seat.objects.create(case=case, user=make_user(), alias="Z", state="sent")


def test_a_gate_that_fails_during_the_review_leaves_no_label() -> None:
    case = case_in_decision(4, 4, strength=4)
    decision = proposed(case, failed_gates={"G4": "A well was poisoned."})
    assert (decision.label, decision.failed_gates) == (
        "not_validated",
        {"G4": "A well was poisoned."},
    )
    second = case.seats.sent().select_related("user").order_by("pk")[0]

    assert deciding.confirm(decision, by=second.user) is None
    assert fresh(case).outcome == "not_validated"
    twin = case_in_decision(4, 4, strength=4)
    assert proposed(twin, failed_gates={"G4": "  "}).label == "validated"
    assert refusal(lambda: proposed(twin, failed_gates={"G9": "No."})) == "incomplete"


def test_a_changed_score_stays_inside_what_the_reviewers_gave() -> None:
    case = case_in_decision(3, 4)
    for value in ("4.1", "2.9", "0", "nan", "-3", "3e0"):
        rulings = {k: Ruling("R.") for k in CODES} | {"C1": Ruling("R.", value, "Because.")}
        assert refusal(lambda r=rulings: proposed(case, rulings=r)) == "incomplete"
    silent = {k: Ruling("R.") for k in CODES} | {"C1": Ruling("R.", "3", " ")}
    assert refusal(lambda: proposed(case, rulings=silent)) == "incomplete"
    told = {k: Ruling("R.") for k in CODES} | {"C1": Ruling("R.", "3", "E1 shows it.")}
    assert proposed(case, rulings=told).scores["C1"]["changed"] is True


# --- Nobody is two of submitter, reviewer and chair --------------------------------------


def test_the_unique_row_refuses_a_second_part_in_every_order() -> None:
    for parts in (
        ("submitter", "reviewer"),
        ("reviewer", "submitter"),
        ("chair", "reviewer"),
        ("reviewer", "chair"),
        ("submitter", "chair"),
        ("chair", "submitter"),
    ):
        case, person = opened_case(), make_user()
        opening.take_part(case, person, parts[0])
        assert (
            refusal(lambda c=case, p=person, x=parts[1]: opening.take_part(c, p, x)) == "four-eyes"
        )
        with pytest.raises(IntegrityError), transaction.atomic():
            CasePart.objects.create(case=case, user=person, part=parts[1])


def test_the_chair_is_not_invited_and_the_reviewer_does_not_chair() -> None:
    case = chaired_case()
    assert refusal(lambda: invited(case, case.chair)) == "four-eyes"
    both = make_reviewer("CG", may_chair=True)
    invited(case, both)
    staff = moderator()
    assert (
        refusal(lambda: opening.appoint_chair(case, by=staff, chair=both, declared=None))
        == "four-eyes"
    )
    panel.decline(Seat.objects.get(case=case, user=both), by=both, reason="time")
    assert (  # who left a panel does not come back as its chair
        refusal(lambda: opening.appoint_chair(case, by=staff, chair=both, declared=None))
        == "four-eyes"
    )
    assert refusal(lambda: invited(case, both)) == "four-eyes"


def test_the_submitter_neither_chairs_nor_reviews() -> None:
    case = opened_case()
    owner = case.solution.owner
    Reviewer.objects.create(user=owner, may_chair=True)
    Profile.objects.filter(user=owner).update(country="ID")
    staff = moderator()
    assert (
        refusal(lambda: opening.appoint_chair(case, by=owner, chair=owner, declared=NO_CONFLICT))
        == "forbidden"
    )
    assert (
        refusal(lambda: opening.appoint_chair(case, by=staff, chair=owner, declared=None))
        == "blocked"
    )
    assert refusal(lambda: invited(chaired_case(case), owner)) in {"four-eyes", "blocked"}


def test_a_chair_who_declared_a_conflict_does_not_come_back() -> None:
    case = opened_case()
    chair, staff = make_reviewer("CI", may_chair=True), moderator()
    opening.appoint_chair(case, by=staff, chair=chair)
    opening.declare_chair(fresh(case), by=chair, declared={**NO_CONFLICT, c.Conflict.GAIN: True})
    assert fresh(case).chair is None

    for by in (staff, chair, administrator()):
        assert (
            refusal(
                lambda b=by: opening.appoint_chair(
                    fresh(case), by=b, chair=chair, declared=NO_CONFLICT
                )
            )
            == "conflict"
        )
    assert fresh(case).chair is None


def test_a_chair_is_not_taken_from_somebody() -> None:
    case = chaired_case()
    other = make_reviewer("CG", may_chair=True)
    assert (
        refusal(lambda: opening.appoint_chair(case, by=other, chair=other, declared=NO_CONFLICT))
        == "taken"
    )
    opening.appoint_chair(case, by=moderator(), chair=other)  # the desk may give it to another
    assert fresh(case).chair == other


def test_what_a_former_chair_proposed_is_not_confirmed() -> None:
    case = case_in_decision()
    decision = proposed(case)
    second = case.seats.sent().select_related("user").order_by("pk")[0]
    opening.appoint_chair(case, by=moderator(), chair=make_reviewer("CG", may_chair=True))

    assert fresh(decision).state == "dropped"
    assert refusal(lambda: deciding.confirm(fresh(decision), by=second.user)) == "stale"
    Decision.objects.filter(pk=decision.pk).update(
        state="proposed", case_revision=fresh(case).revision
    )
    assert refusal(lambda: deciding.confirm(fresh(decision), by=second.user)) == "four-eyes"


@pytest.mark.parametrize("as_administrator", [False, True])
def test_a_chair_who_has_not_declared_does_nothing(as_administrator: bool) -> None:
    case = case_in_review()
    chair = administrator() if as_administrator else make_reviewer("CG", may_chair=True)
    opening.appoint_chair(case, by=moderator(), chair=chair)
    seat = case.seats.order_by("pk")[0]
    case = whole(case)

    def everything() -> dict[str, str]:
        return {
            "invite": refusal(lambda: inviting.invite(case, by=chair, person=make_reviewer("ID"))),
            "ask": refusal(lambda: clarifying.ask(case, by=chair, questions=[("C1", "Q?")])),
            "propose": refusal(lambda: deciding.propose(case, by=chair, rulings={}, letter="L")),
            "set_due": refusal(
                lambda: panel.set_due(fresh(seat), by=chair, on=timezone.localdate())
            ),
        }

    assert set(everything().values()) == {"forbidden"}
    if not as_administrator:
        assert refusal(lambda: panel.release(fresh(seat), by=chair, note="N.")) == "forbidden"
        assert not chair.has_perm("catalogue.view_restricted_evidence", case.solution)
    opening.declare_chair(fresh(case), by=chair, declared=NO_CONFLICT)  # the twin
    assert "forbidden" not in everything().values()


@pytest.mark.parametrize("moment", ["take", "declare", "accept"])
def test_every_question_of_the_declaration_is_answered(moment: str) -> None:
    case = opened_case() if moment != "accept" else chaired_case()
    chair = make_reviewer("CG", may_chair=True)
    seat = invited(case) if moment == "accept" else None
    if moment == "declare":
        opening.appoint_chair(case, by=moderator(), chair=chair)
    missing = dict.fromkeys(c.Conflict.values[1:], False)
    odd = {**NO_CONFLICT, c.Conflict.FAMILY: "no"}
    for declared in ({}, missing, odd):
        call: Callable[[], Any] = {
            "take": lambda d=declared: opening.appoint_chair(
                fresh(case), by=chair, chair=chair, declared=d
            ),
            "declare": lambda d=declared: opening.declare_chair(fresh(case), by=chair, declared=d),
            "accept": lambda d=declared: panel.accept(fresh(seat), by=seat.user, declared=d),
        }[moment]
        assert refusal(call) == "declaration"


# --- Administrators ----------------------------------------------------------------------


def everything_on(case: Case, by: Any) -> dict[str, str]:
    """What each operation answers to this person, each tried from the same state."""
    case = whole(case)
    seat = case.seats.exclude(user=by).filter(state__in=c.SEATED).order_by("pk").first()
    decision = case.decisions.filter(state="proposed").first()
    round_ = case.clarifications.filter(state="open").first()
    record = Record.objects.filter(case=case).first()
    tried: dict[str, Callable[[], Any]] = {
        "appoint": lambda: opening.appoint_chair(case, by=by, chair=by, declared=NO_CONFLICT),
        "give the chair": lambda: opening.appoint_chair(
            case, by=by, chair=make_reviewer("CG", may_chair=True)
        ),
        "invite": lambda: inviting.invite(case, by=by, person=make_reviewer("CG")),
        "ask": lambda: clarifying.ask(case, by=by, questions=[("C1", "Q?")]),
        "close": lambda: opening.close_case(case, by=by, note="N."),
        "take back": lambda: opening.take_back(case, by=by),
        "propose": lambda: deciding.propose(case, by=by, rulings={}, letter="L"),
        "file appeal": lambda: appealing.file_appeal(case, by=by, ground="error", text="T."),
    }
    if seat:
        tried |= {
            "release": lambda: panel.release(fresh(seat), by=by, note="N."),
            "set due": lambda: panel.set_due(fresh(seat), by=by, on=timezone.localdate()),
            "send": lambda: reviewing.send_review(fresh(seat), by=by),
            "recuse": lambda: panel.recuse(fresh(seat), by=by, note="N."),
        }
    if decision:
        tried |= {
            "confirm": lambda: deciding.confirm(fresh(decision), by=by),
            "refuse": lambda: deciding.refuse(fresh(decision), by=by, note="N."),
        }
    if round_:
        tried["answer"] = lambda: clarifying.answer(case, by=by, answers={})
    if record:
        challenge = challenged(record)
        tried |= {
            "suspend": lambda: records.suspend(fresh(record), by=by, note="N."),
            "restore": lambda: records.restore(fresh(record), by=by, note="N."),
            "revoke": lambda: records.revoke(fresh(record), by=by, note="N."),
            "keep": lambda: challenging.keep(challenge, by=by, note="N."),
            "suspend label": lambda: challenging.suspend_label(challenge, by=by, note="N."),
            "ask owner": lambda: challenging.ask_owner(challenge, by=by, note="N."),
            "answer challenge": lambda: challenging.answer(challenge, by=by, text="T."),
        }

    def undone(call: Callable[[], Any]) -> str:
        class Undo(Exception):
            pass

        try:
            with transaction.atomic():
                code = refusal(call)
                raise Undo
        except Undo:
            return code

    return {name: undone(call) for name, call in tried.items()}


def challenged(record: Record, by: Any = None) -> Challenge:
    return challenging.raise_challenge(
        fresh(record),
        by=by or make_user(),
        form_key=uuid.uuid4(),
        text="The figure is that of another place.",
        url="https://other.test.example/",
    )


def worked(answers: dict[str, str]) -> set[str]:
    return {name for name, code in answers.items() if code == ""}


def test_an_administrator_who_owns_the_solution_has_only_what_a_team_has() -> None:
    owner = administrator()
    Reviewer.objects.create(user=owner, may_chair=True)
    case = case_in_decision(case=opened_case(owner))
    proposed(case)
    assert worked(everything_on(case, owner)) == {"take back"}
    clarifying.ask(whole(case), by=whole(case).chair, questions=[("C1", "Q?")])
    answers = everything_on(case, owner)
    assert (worked(answers), answers["answer"]) == ({"take back"}, "incomplete")
    record = decided(case_in_decision(case=opened_case(owner)))
    assert record is not None
    assert worked(everything_on(record.case, owner)) == {"file appeal"}


def test_an_administrator_who_contributes_has_only_what_a_team_has() -> None:
    case = case_in_decision()
    proposed(case)
    person = administrator()
    Contributor.objects.create(solution=case.solution, user=person, name="N", role="author")
    assert worked(everything_on(case, person)) == {"take back"}


def test_an_administrator_who_reviews_has_only_what_a_reviewer_has() -> None:
    person = make_reviewer("ID", may_chair=True, is_superuser=True, is_staff=True)
    case = chaired_case()
    seats = [accepted(case, person), accepted(case, country="CD")]
    for seat in seats:
        sent(seat)
    decision = proposed(whole(case))
    assert worked(everything_on(case, person)) == {"confirm", "refuse"}
    deciding.confirm(decision, by=seats[1].user)
    assert worked(everything_on(case, person)) == set()


def test_an_administrator_who_chairs_neither_confirms_nor_answers_for_the_team() -> None:
    person = make_reviewer("CI", may_chair=True, is_superuser=True, is_staff=True)
    case = opened_case()
    opening.appoint_chair(case, by=person, chair=person, declared=NO_CONFLICT)
    case = case_in_decision_of(case)
    proposed(case)
    answers = everything_on(case, person)
    assert answers["confirm"] == answers["refuse"] == "forbidden"
    assert answers["take back"] == "forbidden"
    assert answers["send"] == answers["recuse"] == "forbidden"
    clarifying.ask(whole(case), by=person, questions=[("C1", "Q?")])
    assert everything_on(case, person)["answer"] == "forbidden"


def case_in_decision_of(case: Case) -> Case:
    case = whole(case)
    for country in ("ID", "CD"):
        accepted(case, country=country)
    for seat in case.seats.all():
        sent(seat)
    return whole(case)


def test_an_administrator_with_no_part_speaks_for_nobody() -> None:
    case = case_in_decision()
    proposed(case)
    person = administrator()
    assert worked(everything_on(case, person)) == {
        "appoint",
        "give the chair",
        "close",
        "release",
    }


def test_twin_predicates_alone_would_let_an_administrator_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner = administrator()
    case = case_in_decision(case=opened_case(owner))
    proposed(case)
    monkeypatch.setattr(panel, "uninvolved", lambda user, case: True)
    monkeypatch.setattr(opening, "uninvolved", lambda user, case: True)
    assert worked(everything_on(case, owner)) == {
        "take back",
        "close",
        "release",
        "give the chair",
    }


# --- Panels ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "organisation", ["Institute of Water", "institute for WATER", "The Institute of  Water"]
)
def test_nobody_of_the_owners_institution_judges(
    organisation: str, no_blocks: Callable[[], None]
) -> None:
    case = chaired_case()
    reviewer = make_reviewer("ID", organisation=organisation)
    chair = make_reviewer("CG", may_chair=True, organisation=organisation)

    def give() -> None:
        opening.appoint_chair(case, by=moderator(), chair=chair)

    assert refusal(lambda: invited(case, reviewer)) == "blocked"
    assert refusal(give) == "blocked"
    no_blocks()
    assert refusal(lambda: invited(case, reviewer)) == ""
    assert refusal(give) == ""


def test_the_desk_of_the_owners_hub_does_not_judge() -> None:
    case = chaired_case()
    for role in (Membership.Role.FOCAL_POINT, Membership.Role.EDITOR):
        person = make_reviewer("ID")
        Membership.objects.create(hub=case.solution.hub, user=person, role=role)
        assert refusal(lambda p=person: invited(case, p)) == "blocked"
    plain = make_reviewer("ID")
    Membership.objects.create(hub=case.solution.hub, user=plain, role=Membership.Role.MEMBER)
    assert refusal(lambda: invited(case, plain)) == ""


def test_nobody_has_more_reviews_open_than_they_said() -> None:
    person = make_reviewer("ID")
    for _n in range(Reviewer.MOST_OPEN):
        invited(chaired_case(), person)
    case = chaired_case()
    assert refusal(lambda: invited(case, person)) == "load"
    Reviewer.objects.filter(user=person).update(most_open=Reviewer.MOST_OPEN + 1)
    assert refusal(lambda: invited(case, person)) == ""


def test_one_on_the_panel_comes_from_another_country(monkeypatch: pytest.MonkeyPatch) -> None:
    case = chaired_case()
    invited(case, country="BR")
    assert refusal(lambda: invited(case, country="BR")) == "country"
    assert refusal(lambda: invited(case, country="")) == "country"  # unknown is not abroad
    assert refusal(lambda: invited(case, country="ID")) == ""
    case = case_in_decision()
    Seat.objects.filter(case=case).update(country="BR")
    assert refusal(lambda: proposed(case)) == "country"
    monkeypatch.setattr(deciding, "is_abroad", lambda country, content: True)
    assert refusal(lambda: proposed(case)) == ""  # the twin


@pytest.mark.parametrize("why", ["not listed", "not active", "account locked"])
def test_only_who_is_on_the_list_is_asked(why: str) -> None:
    case = chaired_case()
    person = make_reviewer("ID")
    if why == "not listed":
        Reviewer.objects.filter(user=person).delete()
    elif why == "not active":
        Reviewer.objects.filter(user=person).update(is_active=False)
    else:
        type(person).objects.filter(pk=person.pk).update(is_active=False)
    assert refusal(lambda: invited(case, person)) == "reviewer"


# --- Appeals -----------------------------------------------------------------------------


def refused_case() -> Case:
    case = case_in_decision(1, 1, strength=0)
    decided(case)
    return whole(case)


def test_an_appeal_is_filed_in_time_by_the_team_and_once() -> None:
    case = refused_case()
    owner = case.solution.owner

    def file(by: Any = owner, ground: str = "error", text: str = "E1.") -> Any:
        return appealing.file_appeal(fresh(case), by=by, ground=ground, text=text)

    assert refusal(lambda: file(ground="taste")) == "incomplete"
    assert refusal(lambda: file(text=" ")) == "incomplete"
    reviewer = case.seats.select_related("user")[0].user
    for person in (make_user(), case.chair, reviewer, moderator(), administrator()):
        assert refusal(lambda p=person: file(by=p)) == "forbidden"
    with time_machine.travel(case.ended_at + dt.timedelta(days=31, seconds=1)):
        assert refusal(file) == "late"
    with time_machine.travel(case.ended_at + dt.timedelta(days=30, seconds=-1)):
        assert file() == file()
    open_one = whole(case_in_decision())
    assert (
        refusal(
            lambda: appealing.file_appeal(
                open_one, by=open_one.solution.owner, ground="error", text="T."
            )
        )
        == "wrong-state"
    )


def filed(case: Case) -> Any:
    case = whole(case)
    return appealing.file_appeal(case, by=case.solution.owner, ground="error", text="E1.")


def test_an_appeal_is_heard_by_three_with_no_part_from_two_countries() -> None:
    case = refused_case()
    appeal = filed(case)
    good = [make_reviewer("ID"), make_reviewer("CG"), make_reviewer("ID")]
    reviewer = case.seats.select_related("user")[0].user
    own = make_reviewer("CG", organisation="Institute of Water")
    judge = moderator()

    def hear(people: list[Any], by: Any = judge) -> str:
        return refusal(lambda: appealing.appoint(fresh(appeal), by=by, people=people))

    assert hear(good[:2]) == "three"
    assert hear([good[0], good[0], good[1]]) == "three"
    assert hear([*good, make_reviewer("CI")]) == "three"
    assert hear([good[0], good[2], make_reviewer("ID")]) == "country"
    assert hear([good[0], good[2], make_reviewer("")]) == "country"
    for person in (reviewer, case.chair, case.solution.owner, own):
        assert hear([good[0], good[1], person]) == "blocked"
    assert hear(good, by=make_user()) == "forbidden"
    assert hear(good, by=case.chair) == "forbidden"
    involved = administrator()
    Contributor.objects.create(solution=case.solution, user=involved, name="N", role="author")
    assert hear(good, by=involved) == "four-eyes"
    assert hear(good) == ""
    assert hear(good) == "wrong-state"
    assert AppealMember.objects.filter(appeal=appeal).count() == 3


def test_only_its_three_answer_an_appeal_and_not_once_they_joined_the_team() -> None:
    case = refused_case()
    appeal = filed(case)
    people = [make_reviewer("ID"), make_reviewer("CG"), make_reviewer("CI")]
    appealing.appoint(appeal, by=moderator(), people=people)

    def say(person: Any) -> str:
        return refusal(
            lambda: appealing.give_opinion(fresh(appeal), by=person, upholds=True, reason="So.")
        )

    for person in (make_user(), moderator(), administrator(), case.chair, case.solution.owner):
        assert say(person) == "forbidden"
    join(case, people[0])
    assert say(fresh(people[0])) == "blocked"
    assert fresh(appeal).state == "heard"


def test_a_second_look_is_for_other_people() -> None:
    case = refused_case()
    appeal = filed(case)
    people = [make_reviewer("ID"), make_reviewer("CG"), make_reviewer("CI")]
    appealing.appoint(appeal, by=moderator(), people=people)
    for person in people:
        appealing.give_opinion(fresh(appeal), by=person, upholds=True, reason="So.")
    again = Case.objects.get(kind="appeal")
    former = [seat.user for seat in case.seats.select_related("user")]
    Reviewer.objects.filter(user__in=former).update(may_chair=True)

    for person in (case.chair, *former):
        assert (
            refusal(
                lambda p=person: opening.appoint_chair(
                    fresh(again), by=p, chair=p, declared=NO_CONFLICT
                )
            )
            == "four-eyes"
        )
    again = chaired_case(again)
    for person in (case.chair, *former):
        assert refusal(lambda p=person: invited(again, p)) in {"four-eyes", "reviewer"}


# --- Challenges --------------------------------------------------------------------------


def test_anybody_may_doubt_a_label_but_nobody_with_a_part_decides_about_it() -> None:
    record = labelled()
    case = whole(record.case)
    reviewer = case.seats.select_related("user")[0].user
    own = moderator()
    for person in (case.solution.owner, reviewer, case.chair, make_user(), own):
        challenged(record, by=person)
    mine = Challenge.objects.get(raised_by=own)
    other = Challenge.objects.get(raised_by=reviewer)
    contributor = administrator()
    Contributor.objects.create(solution=case.solution, user=contributor, name="N", role="author")

    for person in (contributor, reviewer, case.chair, case.solution.owner):
        type(person).objects.filter(pk=person.pk).update(is_staff=True, is_superuser=True)
        assert (
            refusal(lambda p=person: challenging.keep(fresh(other), by=fresh(p), note="N."))
            == "four-eyes"
        )
    assert refusal(lambda: challenging.keep(mine, by=own, note="N.")) == "four-eyes"
    assert refusal(lambda: challenging.keep(other, by=make_user(), note="N.")) == "forbidden"
    assert refusal(lambda: challenging.keep(other, by=own, note="N.")) == ""


def test_who_doubts_a_label_or_had_a_part_in_it_does_not_go_around_the_challenge() -> None:
    """The label can be suspended, restored and revoked without one; for these people, neither."""
    record = labelled()
    raiser = moderator()
    challenge = challenged(record, by=raiser)
    chair = record.case.chair
    ways = (records.suspend, records.revoke)
    for way in ways:
        assert refusal(lambda w=way: w(fresh(record), by=raiser, note="N.")) == "four-eyes"
        assert refusal(lambda w=way: w(fresh(record), by=chair, note="N.")) == "forbidden"
    type(chair).objects.filter(pk=chair.pk).update(is_staff=True, is_superuser=True)
    for way in ways:
        assert refusal(lambda w=way: w(fresh(record), by=fresh(chair), note="N.")) == "four-eyes"
    challenging.keep(challenge, by=moderator(), note="It holds.")
    assert refusal(lambda: records.suspend(fresh(record), by=raiser, note="N.")) == ""


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"text": " "}, "incomplete"),
        ({"url": ""}, "incomplete"),
        ({"criterion": "C99"}, "incomplete"),
        ({}, ""),
    ],
)
def test_a_challenge_brings_evidence(more: dict[str, str], code: str) -> None:
    record, member = labelled(), make_user()
    given = {"text": "Wrong.", "url": "https://other.test.example/", "criterion": "C2", **more}
    assert (
        refusal(
            lambda: challenging.raise_challenge(record, by=member, form_key=uuid.uuid4(), **given)
        )
        == code
    )


def test_the_database_refuses_a_challenge_without_evidence() -> None:
    record = labelled()
    with pytest.raises(IntegrityError), transaction.atomic():
        Challenge.objects.create(
            record=record,
            form_key=uuid.uuid4(),
            text="Wrong.",
            raised_by=make_user(),
            due_at=timezone.now(),
        )


# --- Renewal -----------------------------------------------------------------------------


def unchanged(*evidence: str) -> dict[str, Statement]:
    return {
        code: Statement("unchanged", evidence=evidence if code in {"C2", "C5"} else ())
        for code in CODES
    }


def add_evidence(solution: Solution, dated: str) -> None:
    Evidence.objects.create(
        solution=solution,
        title="Later report",
        kind="report",
        url="https://reports.test.example/later",
        dated_on=dated,
        criteria=["C2", "C5"],
        position=5,
    )


def renew(record: Record, by: Any, statements: dict[str, Statement]) -> str:
    solution = fresh(record.solution)
    return refusal(lambda: renewing.file_renewal(solution, by=by, statements=statements))


def test_a_label_is_not_confirmed_too_early() -> None:
    record = labelled()
    owner = record.solution.owner
    add_evidence(record.solution, (timezone.localdate() + dt.timedelta(days=1)).isoformat())
    opens = renewing.opens_on(record)
    noon = dt.time(12)
    with time_machine.travel(dt.datetime.combine(opens - dt.timedelta(days=1), noon, dt.UTC)):
        assert renew(record, owner, unchanged("E2")) == "early"
    with time_machine.travel(dt.datetime.combine(opens, noon, dt.UTC)):
        for person in (make_user(), moderator(), administrator()):
            assert renew(record, person, unchanged("E2")) == "forbidden"
        assert renew(record, owner, unchanged("E2")) == ""


@pytest.mark.parametrize("dated", ["2021", "same day", "same year"])
def test_old_evidence_renews_nothing(dated: str) -> None:
    record = labelled()
    owner = record.solution.owner
    day = record.issued_at.date()
    text = {"same day": day.isoformat(), "same year": str(day.year)}.get(dated, dated)
    add_evidence(record.solution, text)
    with time_machine.travel(timezone.now() + dt.timedelta(days=365 * 3)):
        assert renew(record, owner, unchanged("E2")) == "incomplete"
        assert renew(record, owner, unchanged()) == "incomplete"
        assert renew(record, owner, unchanged("E9")) == "incomplete"
        add_evidence(record.solution, (day + dt.timedelta(days=1)).isoformat())
        assert renew(record, owner, unchanged("E3")) == ""


def test_a_version_that_is_being_screened_does_not_become_a_renewal_afterwards() -> None:
    """The evidence a renewal names is frozen with it, not added after."""
    record = labelled()
    solution = fresh(record.solution)
    with time_machine.travel(timezone.now() + dt.timedelta(days=365 * 3)):
        submitted(solution, form="full")
        add_evidence(solution, timezone.localdate().isoformat())
        assert renew(record, solution.owner, unchanged("E2")) == "in-screening"
        catalogue.recall_submission(solution.submissions.get(state="screening"), by=solution.owner)
        assert renew(record, solution.owner, unchanged("E2")) == ""


def test_a_suspended_label_is_not_renewed() -> None:
    record = labelled()
    records.suspend(record, by=moderator(), note="We look.")
    add_evidence(record.solution, "2099")
    with time_machine.travel(timezone.now() + dt.timedelta(days=365 * 3)):
        assert renew(record, record.solution.owner, unchanged("E2")) == "wrong-state"


# --- Withdrawn mid-case ------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["assignment", "review", "clarification", "decision"])
def test_what_is_withdrawn_leaves_the_panel_for_good(stage: str) -> None:
    case = {
        "assignment": lambda: whole(chaired_case()),
        "review": lambda: whole(case_in_review()),
        "clarification": case_in_decision,
        "decision": case_in_decision,
    }[stage]()
    if stage == "clarification":
        clarifying.ask(case, by=case.chair, questions=[("C1", "Q?")])
    decision = proposed(case) if stage == "decision" else None
    solution = fresh(case.solution)

    catalogue.withdraw_solution(solution, by=solution.owner, reason="It is wrong.")

    case = whole(case)
    assert (case.state, case.outcome, case.due_at) == ("closed", "withdrawn", None)
    assert not case.seats.filter(state__in=c.BUSY).exists()
    assert not case.clarifications.filter(state="open").exists()
    assert fresh(solution).validation == "none"
    if decision:
        second = case.seats.sent().select_related("user")[0].user
        assert refusal(lambda: deciding.confirm(fresh(decision), by=second)) in {
            "stale",
            "wrong-state",
        }
    assert not Record.objects.exists()
