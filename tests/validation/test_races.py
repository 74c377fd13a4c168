"""Two at once, on whichever database the tests run: real threads, real transactions.

Every race has a twin with its guards off. The guards are the lock of a case
(``common.lock``, with the head of the audit before it) and, on SQLite, ``BEGIN IMMEDIATE``:
there the transaction itself is the lock, so the twin begins its transactions without it.
"""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Profile
from accounts.operations import close_account
from catalogue import operations as catalogue
from catalogue.models import Evidence, Invitation, Solution, Submission
from core.errors import DomainError
from core.models import AuditEntry, Counter
from notifications.models import Notice
from tests.factories import make_user
from tests.letters import letters, name_of
from tests.racing import at_once, begin_without_lock, broken, everybody_has_looked, told
from tests.validation.factories import (
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
from validation.models import (
    Appeal,
    Case,
    CasePart,
    Challenge,
    Decision,
    Record,
    Renewal,
    Reviewer,
    Score,
    Seat,
)
from validation.operations import (
    advancing,
    appealing,
    challenging,
    clarifying,
    common,
    deciding,
    inviting,
    opening,
    panel,
    records,
    renewing,
    reviewing,
    timekeeping,
)
from validation.operations.deciding import Ruling
from validation.operations.renewing import Statement
from validation.operations.reviewing import Draft, Judgement

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROUNDS = 20
#: How long one waits for another who may be held up by a lock, in seconds.
PATIENCE = 0.7
#: The same where nothing holds anybody up, however busy the machine.
LONGEST = 30.0


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


def verbs(target: Any) -> dict[str, int]:
    """How often each verb was recorded about one object."""
    found: dict[str, int] = {}
    for verb in AuditEntry.of(target).values_list("verb", flat=True):
        found[verb] = found.get(verb, 0) + 1
    return found


LOCKERS = (appealing, clarifying, deciding, inviting, opening, panel)


@pytest.fixture
def unlocked(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """The locks off, for a test that sets the order itself; what is returned begins each thread."""
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_how: rows)
    return begin_without_lock


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch, unlocked: Callable[[], None]) -> Callable[[], None]:
    """The same, and everybody has read the case before anybody writes."""

    def look(case: Case) -> Case:
        read = common.lock(case)
        everybody_has_looked()
        return read

    for module in LOCKERS:
        monkeypatch.setattr(module, "lock", look)
    return unlocked


# --- Two reviewers finish at once ----------------------------------------------------------


def before_both_send() -> Case:
    case = case_in_review()
    for seat in case.seats.all():
        judged(seat)
    return case


def again(case: Case) -> None:
    """Both reviews written, none sent: as before the round."""
    Case.objects.filter(pk=case.pk).update(state=c.CaseState.REVIEW)
    case.seats.update(state=c.SeatState.REVIEWING)


def send(pk: int) -> str:
    seat = Seat.objects.select_related("case", "user").get(pk=pk)
    reviewing.send_review(seat, by=seat.user)
    return "sent"


def test_two_who_send_at_once_bring_the_case_to_its_decision_exactly_once() -> None:
    case = before_both_send()
    pks = list(case.seats.values_list("pk", flat=True))
    for number in range(1, ROUNDS + 1):
        again(case)
        found = at_once(*[lambda pk=pk: send(pk) for pk in pks])

        assert found == ["sent", "sent"]
        assert fresh(case).state == "decision", f"round {number}"
        assert verbs(case).get("complete") == number
        assert set(case.seats.values_list("state", flat=True)) == {"sent"}


def test_one_who_presses_send_twice_sends_once() -> None:
    case = before_both_send()
    pk = case.seats.order_by("pk").values_list("pk", flat=True)[0]

    assert at_once(*[lambda: send(pk)] * 4) == ["sent"] * 4
    assert verbs(Seat.objects.get(pk=pk)) == {"accept": 1, "send": 1}
    assert fresh(case).state == "review"


def test_without_the_locks_one_of_two_who_send_is_lost(unguarded: Callable[[], None]) -> None:
    case = before_both_send()
    pks = list(case.seats.values_list("pk", flat=True))

    found = at_once(*[lambda pk=pk: send(pk) for pk in pks], begin=unguarded)

    assert found != ["sent", "sent"] or fresh(case).state != "decision"


# --- The decision --------------------------------------------------------------------------


def confirm(decision: Decision, by: int) -> int | None:
    decision = Decision.objects.select_related("case").get(pk=decision.pk)
    person = Seat.objects.select_related("user").get(case=decision.case, user=by).user
    record = deciding.confirm(decision, by=person)
    return record and record.pk


def one_label(case: Case, found: list[Any]) -> None:
    record = Record.objects.get()
    assert found == [record.pk] * len(found)
    assert Counter.objects.get(pk="record").value == record.number == 1
    assert verbs(record) == {"issue": 1}
    assert verbs(case)["decide"] == 1
    assert list(case.decisions.values_list("state", flat=True)) == ["confirmed"]


def test_two_reviewers_who_confirm_at_once_give_one_label() -> None:
    case = case_in_decision()
    decision = proposed(case)
    people = list(case.seats.values_list("user", flat=True))

    found = at_once(*[lambda by=by: confirm(decision, by) for by in people])

    one_label(case, found)


def test_a_decision_confirmed_four_times_at_once_by_one_person_gives_one_label() -> None:
    case = case_in_decision()
    decision = proposed(case)
    person = case.seats.values_list("user", flat=True)[0]

    one_label(case, at_once(*[lambda: confirm(decision, person)] * 4))


def test_without_the_locks_a_doubled_confirmation_fails(unguarded: Callable[[], None]) -> None:
    case = case_in_decision()
    decision = proposed(case)
    people = list(case.seats.values_list("user", flat=True))

    found = at_once(*[lambda by=by: confirm(decision, by) for by in people], begin=unguarded)

    with pytest.raises(AssertionError):
        one_label(case, found)


def propose(case: Case) -> int:
    case = Case.objects.select_related("chair").get(pk=case.pk)
    assert case.chair is not None
    rulings = {code: Ruling("Seen.") for code in case.scope}
    return deciding.propose(case, by=case.chair, rulings=rulings, letter="Read.").pk


def one_proposal(case: Case, found: list[Any]) -> None:
    assert sorted(map(told, found)) == ["done"] * len(found)
    states = list(case.decisions.order_by("state").values_list("state", flat=True))
    assert states == ["dropped"] * (len(found) - 1) + ["proposed"]


def test_of_proposals_made_at_once_the_last_one_stands() -> None:
    case = case_in_decision()
    one_proposal(case, at_once(*[lambda: propose(case)] * 3))


def test_without_the_locks_two_proposals_meet_an_error(unguarded: Callable[[], None]) -> None:
    case = case_in_decision()
    found = at_once(*[lambda: propose(case)] * 3, begin=unguarded)

    assert broken(found), found


def refuse(decision: Decision, by: int) -> None:
    decision = Decision.objects.select_related("case").get(pk=decision.pk)
    person = Seat.objects.select_related("user").get(case=decision.case, user=by).user
    deciding.refuse(decision, by=person, note="Look at C2 again.")


def test_of_one_who_confirms_and_one_who_refuses_at_once_one_is_told() -> None:
    case = case_in_decision()
    decision = proposed(case)
    one, other = case.seats.values_list("user", flat=True)

    found = at_once(lambda: confirm(decision, one), lambda: refuse(decision, other))

    assert sorted(map(told, found)) in (["done", "stale"], ["done", "wrong-state"])
    labelled_now = fresh(decision).state == "confirmed"
    assert Record.objects.exists() == labelled_now
    assert fresh(case).state == ("decided" if labelled_now else "decision")


# --- A review that stops counting while it is being confirmed --------------------------------


def three_who_disagree() -> Case:
    """Three reviews are in, the third because the first two were too far apart."""
    case = case_in_review()
    third = make_reviewer("CG")
    first, second = case.seats.order_by("pk")
    sent(first, 4)
    sent(second, 2)
    seat = Seat.objects.get(case=case, user=third)
    sent(panel.accept(seat, by=third, declared=NO_CONFLICT), 4)
    return Case.objects.get(pk=case.pk)


def let_go(seat: Seat) -> str:
    seat = Seat.objects.select_related("case__chair", "user").get(pk=seat.pk)
    assert seat.case.chair is not None
    panel.release(seat, by=seat.case.chair, note="A conflict came to light.")
    return "released"


def confirmed_while_one_leaves(
    case: Case,
    leaving: Seat,
    monkeypatch: pytest.MonkeyPatch,
    begin: Callable[[], None] = lambda: None,
    patience: float = PATIENCE,
) -> list[Any]:
    """The confirmation has looked at the reviews and reads the files; now one review goes."""
    decision = proposed(case)
    second = case.seats.sent().exclude(pk=leaving.pk).values_list("user", flat=True)[0]
    reading, gone = threading.Event(), threading.Event()
    look = deciding.damaged_files

    def slow_disk(case: Case) -> list[str]:
        reading.set()
        gone.wait(patience)
        return look(case)

    def leave() -> str:
        reading.wait(patience)
        try:
            return let_go(leaving)
        finally:
            gone.set()

    monkeypatch.setattr(deciding, "damaged_files", slow_disk)
    return at_once(lambda: confirm(decision, second), leave, begin=begin)


def no_label_on_what_left(case: Case, found: list[Any]) -> None:
    """Whoever was first: a label in force stands on the reviews that still count."""
    assert [told(result) for result in found] in (
        ["done", "done"],
        ["stale", "done"],
        ["wrong-state", "done"],
    )
    record = Record.objects.filter(case=case).first()
    if record and record.state == c.RecordState.IN_FORCE:
        left = case.seats.sent().count()
        assert record.document["reviewers"]["number"] <= left
        assert left >= advancing.LEAST


def counted_what_was_gone(case: Case, seat: Seat) -> bool:
    """Whether the case was decided after the review had left."""
    gone = AuditEntry.of(seat).get(verb="release").sequence
    return AuditEntry.of(case).filter(verb="decide", sequence__gt=gone).exists()


def test_a_review_released_during_the_confirmation_leaves_no_label_on_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = case_in_decision()
    leaving = case.seats.order_by("pk").last()
    assert leaving is not None

    found = confirmed_while_one_leaves(case, leaving, monkeypatch)

    no_label_on_what_left(case, found)
    assert not counted_what_was_gone(case, leaving)
    assert Record.objects.get().state == "suspended"
    assert fresh(case.solution).validation == "suspended"


def test_of_three_reviews_the_one_that_decided_is_released_during_the_confirmation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = three_who_disagree()
    leaving = case.seats.order_by("pk").last()
    assert leaving is not None

    found = confirmed_while_one_leaves(case, leaving, monkeypatch)

    no_label_on_what_left(case, found)
    assert not counted_what_was_gone(case, leaving)
    assert Record.objects.get().state == "suspended"


def test_without_the_locks_the_confirmation_counts_a_review_that_is_gone(
    monkeypatch: pytest.MonkeyPatch, unlocked: Callable[[], None]
) -> None:
    case = three_who_disagree()
    for seat in case.seats.order_by("pk"):  # so that the other two agree
        Score.objects.filter(seat=seat).update(value=3)
    case = Case.objects.get(pk=case.pk)
    leaving = case.seats.order_by("pk").last()
    assert leaving is not None

    found = confirmed_while_one_leaves(case, leaving, monkeypatch, unlocked, LONGEST)

    assert broken(found) or counted_what_was_gone(case, leaving), found


def test_releasing_and_confirming_at_once_round_after_round_never_leave_a_label_on_one() -> None:
    for _round in range(5):
        case = case_in_decision()
        decision = proposed(case)
        stays, goes = case.seats.select_related("user").order_by("pk")

        found = at_once(lambda: confirm(decision, stays.user_id), lambda: let_go(goes))  # noqa: B023

        assert told(found[1]) == "done"
        assert told(found[0]) in {"done", "stale", "wrong-state"}
        standing = Record.objects.filter(case=case, state=c.RecordState.IN_FORCE)
        assert not standing.exists(), found


# --- The chair and the panel -----------------------------------------------------------------


def test_of_two_who_take_the_chair_at_once_one_has_it() -> None:
    case = opened_case()
    people = [make_reviewer("CI", may_chair=True), make_reviewer("CG", may_chair=True)]

    def take(person: Any) -> str:
        opening.appoint_chair(fresh(case), by=person, chair=person, declared=NO_CONFLICT)
        return "chair"

    found = at_once(*[lambda person=person: take(person) for person in people])

    assert sorted(map(told, found)) == ["done", "taken"]
    winner = people[[told(result) for result in found].index("done")]
    assert fresh(case).chair_id == winner.pk
    parts = CasePart.objects.filter(case=case, part=c.Part.CHAIR)
    assert list(parts.values_list("user", flat=True)) == [winner.pk]
    assert verbs(case)["appoint"] == 1


def test_without_the_locks_two_take_one_chair(unguarded: Callable[[], None]) -> None:
    case = opened_case()
    people = [make_reviewer("CI", may_chair=True), make_reviewer("CG", may_chair=True)]

    def take(person: Any) -> str:
        opening.appoint_chair(fresh(case), by=person, chair=person, declared=NO_CONFLICT)
        return "chair"

    found = at_once(*[lambda person=person: take(person) for person in people], begin=unguarded)

    assert broken(found) or sorted(map(told, found)) != ["done", "taken"]


def ask(case: Case, person: Any) -> int:
    case = Case.objects.select_related("chair").get(pk=case.pk)
    assert case.chair is not None
    return inviting.invite(case, by=case.chair, person=person).pk


def test_one_person_invited_four_times_at_once_has_one_seat_and_one_letter() -> None:
    case, person = chaired_case(), make_reviewer("ID")

    found = at_once(*[lambda: ask(case, person)] * 4)

    assert found == [Seat.objects.get().pk] * 4
    assert verbs(case)["invite"] == 1


def test_a_panel_never_grows_beyond_three_however_many_are_invited_at_once() -> None:
    case = chaired_case()
    people = [make_reviewer("ID") for _n in range(5)]

    found = at_once(*[lambda person=person: ask(case, person) for person in people])

    assert sorted(map(told, found)) == ["done", "done", "done", "full", "full"]
    assert case.seats.count() == 3


def test_two_chairs_at_once_do_not_overload_one_reviewer() -> None:
    cases, person = [chaired_case(), chaired_case()], make_reviewer("ID")
    Reviewer.objects.filter(user=person).update(most_open=1)

    found = at_once(*[lambda case=case: ask(case, person) for case in cases])

    assert sorted(map(told, found)) == ["done", "load"]
    assert Seat.objects.filter(user=person).count() == 1


def test_without_the_locks_a_panel_grows_or_its_chair_meets_an_error(
    unguarded: Callable[[], None],
) -> None:
    case = chaired_case()
    people = [make_reviewer("ID") for _n in range(5)]

    found = at_once(
        *[lambda person=person: ask(case, person) for person in people], begin=unguarded
    )

    assert broken(found) or case.seats.count() > 3


# --- Writing while the seat goes ---------------------------------------------------------------


def write(seat: Seat, value: int) -> str:
    seat = Seat.objects.select_related("case__version", "user").get(pk=seat.pk)
    draft = Draft({"C1": Judgement(value=value, reason="Seen.", cites=("E1",))}, strength=2)
    reviewing.save_review(seat, by=seat.user, draft=draft)
    return "saved"


def test_nothing_is_written_into_a_review_after_its_seat_is_released() -> None:
    case = case_in_review()
    for seat in case.seats.order_by("pk"):
        judged(seat, 1)
        before = fresh(seat).revision
        found = at_once(lambda s=seat: write(s, 3), lambda s=seat: let_go(s))

        assert told(found[1]) == "done"
        assert told(found[0]) in {"done", "wrong-state"}
        seat = fresh(seat)
        assert seat.state == "released"
        saved = told(found[0]) == "done"
        assert seat.scores.get(criterion="C1").value == (3 if saved else 1)
        assert seat.revision == before + saved
        with pytest.raises(DomainError) as late:
            write(seat, 4)
        assert late.value.code == "wrong-state"


def test_without_the_locks_a_review_is_written_into_a_seat_that_is_gone(
    monkeypatch: pytest.MonkeyPatch, unlocked: Callable[[], None]
) -> None:
    """The writer has looked at the seat, then it is released, then the writer writes."""
    seat = case_in_review().seats.order_by("pk")[0]
    looked, gone = threading.Event(), threading.Event()

    def look(seat: Seat) -> tuple[Case, Seat]:
        seat = Seat.objects.select_related("case__version", "user").get(pk=seat.pk)
        looked.set()
        gone.wait(LONGEST)
        return seat.case, seat

    monkeypatch.setattr(reviewing, "lock_seat", look)

    def leave() -> str:
        looked.wait(LONGEST)
        try:
            return let_go(seat)
        finally:
            gone.set()

    found = at_once(lambda: write(seat, 3), leave, begin=unlocked)

    assert fresh(seat).state == "released"
    assert broken(found) or found[0] == "saved"


# --- Questions to the team -------------------------------------------------------------------


def asked() -> tuple[Case, dict[int, str]]:
    case = case_in_review()
    for seat in case.seats.order_by("pk"):
        sent(seat)
    case = Case.objects.select_related("chair", "solution__owner").get(pk=case.pk)
    assert case.chair is not None
    round_ = clarifying.ask(case, by=case.chair, questions=[("C2", "Compared with what?")])
    return fresh(case), {question.pk: "With 2014." for question in round_.questions.all()}


def answer(case: Case, answers: dict[int, str]) -> str:
    case = Case.objects.select_related("solution__owner").get(pk=case.pk)
    clarifying.answer(case, by=case.solution.owner, answers=answers)
    return "answered"


def test_answers_sent_twice_at_once_go_to_the_panel_once() -> None:
    """Even with the locks off: the guard is the move itself, one conditional update, whose twin
    is in ``test_moves``."""
    case, answers = asked()

    found = at_once(*[lambda: answer(case, answers)] * 3)

    assert sorted(map(told, found)) == ["done", "wrong-state", "wrong-state"]
    assert verbs(case)["resume"] == 1
    assert fresh(case).state == "review"
    assert set(case.seats.values_list("state", flat=True)) == {"reviewing"}


def test_an_answer_and_the_end_of_its_time_at_once_are_one_or_the_other() -> None:
    case, answers = asked()
    with time_machine.travel(timezone.now() + dt.timedelta(days=15)):
        found = at_once(lambda: answer(case, answers), lambda: clarifying.lapse(case))

    codes = told(found[0])
    case = fresh(case)
    if codes == "done":
        assert (found[1], case.state, case.outcome) == (False, "review", "")
        assert case.clarifications.get().state == "answered"
    else:
        assert (codes, found[1]) == ("wrong-state", True)
        assert (case.state, case.outcome) == ("closed", "incomplete")
        assert case.clarifications.get().state == "lapsed"


# --- The clock ---------------------------------------------------------------------------------


def run_clock() -> str:
    timekeeping.keep_time()
    return "ran"


def letters_owed() -> dict[str, int]:
    found: dict[str, int] = {}
    for name in map(name_of, letters()):
        found[name] = found.get(name, 0) + 1
    return found


def test_a_doubled_clock_reminds_once() -> None:
    seat = invited(chaired_case())
    reviewer = accepted(chaired_case())
    Notice.objects.all().delete()
    with time_machine.travel(timezone.now() + dt.timedelta(days=4)):
        assert at_once(*[run_clock] * 3) == ["ran"] * 3
        assert fresh(seat).reminders == 1
        assert letters_owed() == {"validation/invitation": 1}
        Notice.objects.all().delete()
    with time_machine.travel(fresh(reviewer).due_at - dt.timedelta(days=2, hours=12)):
        Seat.objects.filter(pk=seat.pk).update(state="declined")
        assert at_once(*[run_clock] * 3) == ["ran"] * 3
        assert letters_owed() == {"validation/review_due": 1}
        Notice.objects.all().delete()
    with time_machine.travel(fresh(reviewer).due_at + dt.timedelta(hours=1)):
        assert at_once(*[run_clock] * 3) == ["ran"] * 3
        assert letters_owed() == {"validation/review_late": 1}


def test_a_doubled_clock_lapses_an_invitation_and_expires_a_label_once() -> None:
    record = labelled()
    seat = invited(chaired_case())
    with time_machine.travel(timezone.now() + dt.timedelta(days=365 * 4)):
        assert at_once(*[run_clock] * 3) == ["ran"] * 3

    assert (fresh(seat).state, fresh(record).state) == ("lapsed", "expired")
    assert verbs(seat) == {"lapse_seat": 1}
    assert verbs(record) == {"issue": 1, "expire": 1}


@pytest.mark.parametrize("has_key", [True, False])
def test_without_its_claim_a_doubled_clock_reminds_twice(
    monkeypatch: pytest.MonkeyPatch, has_key: bool
) -> None:
    """The guard of a reminder is the number it counts up from, not a lock; the key of its letter,
    which names that number, would stop the second one, too."""
    seat = invited(chaired_case())
    Notice.objects.all().delete()
    both = threading.Barrier(2)

    def remind(seat: Seat) -> bool:
        both.wait(10)
        Seat.objects.filter(pk=seat.pk).update(reminders=seat.reminders + 1)
        if has_key:
            timekeeping.letters.invited_before(seat, 1)
        else:
            timekeeping.letters.invitation(seat)
        return True

    monkeypatch.setattr(timekeeping, "_remind_invited", remind)
    with time_machine.travel(seat.invited_at + dt.timedelta(days=4)):
        at_once(*[run_clock] * 2)

    assert letters_owed() == {"validation/invitation": 1 if has_key else 2}


# --- After the decision --------------------------------------------------------------------------


def doubt(record: Record, member: Any, key: uuid.UUID) -> int:
    return challenging.raise_challenge(
        fresh(record),
        by=member,
        form_key=key,
        text="The figure is that of another place.",
        url="https://other.test.example/",
    ).pk


def test_one_challenge_posted_four_times_at_once_is_one_challenge() -> None:
    record, member, key = labelled(), make_user(), uuid.uuid4()

    found = at_once(*[lambda: doubt(record, member, key)] * 4)

    challenge = Challenge.objects.get()
    assert found == [challenge.pk] * 4
    assert verbs(challenge) == {"challenge": 1}


def test_of_two_answers_to_a_challenge_at_once_one_stands() -> None:
    record, member = labelled(), make_user()
    challenge = Challenge.objects.get(pk=doubt(record, member, uuid.uuid4()))
    judges = [moderator(), moderator()]

    found = at_once(
        lambda: challenging.keep(fresh(challenge), by=judges[0], note="It holds."),
        lambda: challenging.suspend_label(fresh(challenge), by=judges[1], note="We look."),
    )

    assert sorted(map(told, found)) in (["done", "stale"], ["done", "wrong-state"])
    suspended = fresh(challenge).state == "suspended"
    assert fresh(record).state == ("suspended" if suspended else "in_force")


def heard() -> tuple[Appeal, list[Any]]:
    case = case_in_decision(1, 1, strength=0)
    decided(case)
    case = Case.objects.select_related("solution__owner").get(pk=case.pk)
    appeal = appealing.file_appeal(
        case, by=case.solution.owner, ground="error", text="E1 says otherwise."
    )
    people = [make_reviewer("ID"), make_reviewer("CG"), make_reviewer("CI")]
    appealing.appoint(appeal, by=moderator(), people=people)
    return fresh(appeal), people


def opinion(appeal: Appeal, person: Any, *, upholds: bool = True) -> str:
    appeal = Appeal.objects.select_related("case").get(pk=appeal.pk)
    appealing.give_opinion(appeal, by=person, upholds=upholds, reason="So it is.")
    return "given"


def test_three_opinions_at_once_answer_an_appeal_once() -> None:
    appeal, people = heard()

    found = at_once(*[lambda person=person: opinion(appeal, person) for person in people])

    assert found == ["given"] * 3
    assert fresh(appeal).state == "upheld"
    assert verbs(appeal) == {"file_appeal": 1, "hear": 1, "opinion": 3, "uphold": 1}
    assert Case.objects.filter(kind="appeal", submission=appeal.case.submission).count() == 1


def test_without_the_locks_an_appeal_with_three_opinions_stays_open_or_breaks(
    unguarded: Callable[[], None],
) -> None:
    appeal, people = heard()

    found = at_once(
        *[lambda person=person: opinion(appeal, person) for person in people], begin=unguarded
    )

    assert broken(found) or fresh(appeal).state == "heard"


def test_a_label_that_runs_out_while_it_is_suspended_is_one_or_the_other() -> None:
    record, judge = labelled(), moderator()
    day = record.expires_on + dt.timedelta(days=1)
    with time_machine.travel(dt.datetime.combine(day, dt.time(12), dt.UTC)):
        found = at_once(
            lambda: records.expire(fresh(record), today=day),
            lambda: records.suspend(fresh(record), by=judge, note="We look."),
        )

    if fresh(record).state == "expired":
        assert (found[0], told(found[1])) in ((True, "stale"), (True, "wrong-state"))
    else:
        assert found == [False, None]
        assert fresh(record).state == "suspended"
    assert fresh(record.solution).validation == fresh(record).state


def test_a_renewal_filed_four_times_at_once_is_one_renewal() -> None:
    record = labelled()
    solution = Solution.objects.select_related("owner").get(pk=record.solution_id)
    later = timezone.now() + dt.timedelta(days=365 * 3 - 30)
    Evidence.objects.create(
        solution=solution,
        title="Later report",
        kind="report",
        url="https://reports.test.example/later",
        dated_on=later.date().isoformat(),
        criteria=["C2", "C5"],
        position=1,
    )
    statements = {
        f"C{n}": Statement("unchanged", evidence=("E2",) if n in {2, 5} else ())
        for n in range(1, 11)
    }

    def file() -> int:
        there = Solution.objects.select_related("owner").get(pk=solution.pk)
        return renewing.file_renewal(there, by=there.owner, statements=statements).pk

    with time_machine.travel(later):
        found = at_once(*[file] * 4)

    renewal = Renewal.objects.get()
    assert found == [renewal.pk] * 4
    assert Submission.objects.filter(solution=solution).count() == 2
    assert verbs(renewal.submission) == {"submit": 1, "file_renewal": 1}


def test_a_case_opened_four_times_at_once_is_one_case() -> None:
    case = opened_case()
    submission = case.sent_in
    screener = moderator()
    CasePart.objects.filter(case=case).delete()
    Case.objects.filter(pk=case.pk).delete()

    def open_it() -> int:
        found = opening.open_case(Submission.objects.get(pk=submission.pk), by=screener)
        assert found is not None
        return found.pk

    found = at_once(*[open_it] * 4)

    assert found == [Case.objects.get().pk] * 4
    assert verbs(Case.objects.get()) == {"open": 1}


# --- Others who act on the same record: nobody waits for the other in a circle ----------------


def invitation_to(case: Case, person: Any) -> Invitation:
    solution = Solution.objects.select_related("owner").get(pk=case.solution_id)
    catalogue.invite(solution, by=solution.owner, email=person.email, role="author")
    return Invitation.objects.get(email=person.email.lower())


def test_a_reviewer_who_joins_the_team_while_the_other_sends_leaves_the_panel() -> None:
    for _round in range(5):
        case = before_both_send()
        joins, sends = case.seats.select_related("user").order_by("pk")
        invitation = invitation_to(case, joins.user)

        def join(invitation: Invitation = invitation, person: Any = joins.user) -> str:
            catalogue.answer_invitation(fresh(invitation), by=person, accept=True)
            return "joined"

        found = at_once(join, lambda pk=sends.pk: send(pk))

        assert found == ["joined", "sent"]
        assert (fresh(joins).state, fresh(sends).state) == ("released", "sent")
        assert fresh(case).state == "review"


def test_a_reviewer_who_joins_the_team_while_they_send_leaves_the_panel() -> None:
    for _round in range(5):
        case = before_both_send()
        joins = case.seats.select_related("user").order_by("pk")[0]
        invitation = invitation_to(case, joins.user)

        def join(invitation: Invitation = invitation, person: Any = joins.user) -> str:
            catalogue.answer_invitation(fresh(invitation), by=person, accept=True)
            return "joined"

        found = at_once(join, lambda pk=joins.pk: send(pk))

        assert told(found[0]) == "done"
        assert told(found[1]) in {"done", "wrong-state", "blocked"}
        assert fresh(joins).state == "released"


def test_a_record_withdrawn_while_two_send_leaves_the_panel() -> None:
    for _round in range(5):
        case = before_both_send()
        pks = list(case.seats.values_list("pk", flat=True))

        def withdraw(case: Case = case) -> str:
            solution = Solution.objects.select_related("owner").get(pk=case.solution_id)
            catalogue.withdraw_solution(solution, by=solution.owner, reason="It is wrong.")
            return "withdrawn"

        found = at_once(withdraw, *[lambda pk=pk: send(pk) for pk in pks])

        assert told(found[0]) == "done"
        assert {told(result) for result in found[1:]} <= {"done", "wrong-state"}
        assert (fresh(case).state, fresh(case).outcome) == ("closed", "withdrawn")
        assert not case.seats.filter(state__in=c.BUSY).exists()


def test_an_account_closed_while_its_review_is_sent_ends_in_one_order_or_the_other() -> None:
    for _round in range(3):
        case = before_both_send()
        pks = [seat.pk for seat in case.seats.order_by("pk")]
        person = Seat.objects.select_related("user").get(pk=pks[0]).user

        def close(person: Any = person) -> str:
            close_account(by=person, user=person)
            return "closed"

        found = at_once(close, *[lambda pk=pk: send(pk) for pk in pks])

        assert told(found[2]) == "done"
        state = fresh(Seat.objects.get(pk=pks[0])).state
        assert state in {"sent", "released"}
        assert fresh(case).state == ("decision" if state == "sent" else "review")


def test_a_label_suspended_while_the_panel_looks_again_goes_on_without_error() -> None:
    """Two operations on one record from two sides: the label, and the case of its renewal."""
    record = labelled()
    solution = record.solution
    first = record.case
    case = Case.objects.create(
        solution=solution,
        submission=first.submission,
        version=first.version,
        criteria_set=first.criteria_set,
        kind=c.CaseKind.RENEWAL,
        scope=["C2"],
        earlier=record,
    )
    case = case_in_review(case)
    for seat in case.seats.all():
        judged(seat, {"C2": 3})
    pks = list(case.seats.values_list("pk", flat=True))
    judge, member = moderator(), make_user()
    for _round in range(8):
        challenge = Challenge.objects.get(pk=doubt(record, member, uuid.uuid4()))
        Challenge.objects.update(raised_at=timezone.now() - dt.timedelta(days=2))
        Record.objects.filter(pk=record.pk).update(state=c.RecordState.IN_FORCE)
        again(case)

        def rest(challenge: Challenge = challenge) -> str:
            challenging.suspend_label(fresh(challenge), by=judge, note="We look.")
            return "suspended"

        found = at_once(rest, *[lambda pk=pk: send(pk) for pk in pks])

        assert found == ["suspended", "sent", "sent"]
        assert fresh(case).state == "decision"
        assert fresh(solution).validation == "suspended"


def test_a_label_restored_while_one_of_its_reviewers_steps_down_does_not_stand_on_one() -> None:
    judge = moderator()
    for _round in range(5):
        record = labelled()
        records.suspend(record, by=judge, note="We look.")
        seat = record.case.seats.select_related("user").order_by("pk")[0]

        def restore(record: Record = record) -> str:
            records.restore(fresh(record), by=judge, note="It holds.")
            return "restored"

        def step_down(pk: int = seat.pk) -> str:
            seat = Seat.objects.select_related("case", "user").get(pk=pk)
            panel.recuse(seat, by=seat.user, note="I advised them, I now see.")
            return "left"

        found = at_once(restore, step_down)

        assert told(found[1]) == "done"
        assert told(found[0]) in {"done", "quorum"}
        assert fresh(record).state == "suspended"


def test_races_run_against_a_file_or_a_server() -> None:
    assert connection.settings_dict["NAME"] != ":memory:"


def test_profiles_say_where_reviewers_of_these_tests_come_from() -> None:
    """The races above rest on panels that fulfil the rule of countries."""
    case = case_in_review()
    countries = Profile.objects.filter(user__seats__case=case).values_list("country", flat=True)
    assert sorted(countries) == ["CD", "ID"]
