"""Many vote, ask and write at once, on whichever database the tests run: real threads.

The twins with the locks off show that the locks are what holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet

from accounts.models import User
from core import audit
from events.models import Event, KeyMessage
from participation.models import Paper, Question, QuestionVote, Registration
from participation.operations import asking, conclusions, papers, registering
from tests.factories import make_hub, make_member, make_user, reference
from tests.participation.factories import come, make_webinar, open_registration
from tests.racing import at_once, begin_without_lock, broken, everybody_has_looked, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

VOTERS, ROUNDS = 16, 3


@pytest.fixture
def event() -> Event:
    reference()
    event = make_webinar(hub=make_hub(slug="wells", name="Hub for Wells"))
    open_registration(event)
    return event


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Locks off, and a moment between counting and writing, so that all have counted."""

    def no_lock(rows: QuerySet[Any], **_how: Any) -> QuerySet[Any]:
        return rows

    def slowly(rows: QuerySet[Any], *what: Any, **named: Any) -> Any:
        counted = real_aggregate(rows, *what, **named)
        everybody_has_looked()
        return counted

    def count(rows: QuerySet[Any]) -> int:
        counted = real_count(rows)
        everybody_has_looked()
        return counted

    real_aggregate, real_count = QuerySet.aggregate, QuerySet.count
    monkeypatch.setattr(QuerySet, "select_for_update", no_lock)
    monkeypatch.setattr(QuerySet, "aggregate", slowly)
    monkeypatch.setattr(QuerySet, "count", count)
    return begin_without_lock


def crowd(event: Event, n: int) -> list[User]:
    """So many people with a place."""
    return [come(event).user for _n in range(n)]


def put(event: Event, text: str = "How deep?") -> Question:
    return asking.ask(event, by=come(event).user, text=text, with_name=False)


def voting(question: Question, by: User, *, wants: bool = True) -> Callable[[], Any]:
    return lambda: asking.vote(Question.objects.get(pk=question.pk), by=by, wants=wants)


def votes(question: Question) -> tuple[int, int]:
    """What the question says, and what there is."""
    return Question.objects.get(pk=question.pk).votes, question.given_votes.count()


# --- Votes -------------------------------------------------------------------------------------


def test_every_vote_counts_once_however_many_press_at_once(event: Event) -> None:
    question, people = put(event), crowd(event, VOTERS)

    found = at_once(*(voting(question, person) for person in people for _twice in range(2)))

    assert [told(result) for result in found] == ["done"] * (2 * VOTERS)
    assert votes(question) == (VOTERS, VOTERS)


def test_without_the_lock_votes_are_lost(event: Event, unguarded: Any) -> None:
    question, people = put(event), crowd(event, 4)

    found = at_once(*(voting(question, person) for person in people), begin=unguarded)

    said, there = votes(question)
    assert broken(found) or said != there


def test_votes_given_and_taken_back_at_once_add_up(event: Event) -> None:
    question, people = put(event), crowd(event, VOTERS)
    for person in people[::2]:
        voting(question, person)()

    at_once(*(voting(question, person, wants=n % 2 == 1) for n, person in enumerate(people)))

    assert votes(question) == (VOTERS // 2, VOTERS // 2)
    assert set(QuestionVote.objects.values_list("user", flat=True)) == {
        person.pk for person in people[1::2]
    }


def test_a_question_answered_while_people_vote_keeps_every_counted_vote(event: Event) -> None:
    organiser = make_member(event.hub, "editor")
    for number in range(ROUNDS):
        question, people = put(event, f"How deep is well {number}?"), crowd(event, 6)

        found = at_once(
            *(voting(question, person) for person in people),
            lambda question=question: Question.objects.get(pk=question.pk).answer_question(
                by=organiser, answer="Forty metres."
            ),
        )

        assert told(found[-1]) == "done"
        assert {told(result) for result in found[:-1]} <= {"done", "closed"}
        said, there = votes(question)
        assert said == there == [told(result) for result in found[:-1]].count("done")
        assert Question.objects.get(pk=question.pk).state == "answered"


# --- Questions ---------------------------------------------------------------------------------


def asking_at_once(event: Event, by: User, texts: list[str]) -> list[Callable[[], Any]]:
    return [
        lambda text=text: asking.ask(event, by=by, text=text, with_name=False) for text in texts
    ]


def test_nobody_gets_more_open_questions_by_asking_at_once(event: Event) -> None:
    person = come(event).user

    found = at_once(*asking_at_once(event, person, [f"Question {n}?" for n in range(12)]))

    outcomes = [told(result) for result in found]
    assert (outcomes.count("done"), outcomes.count("limit")) == (5, 7)
    assert Question.objects.filter(asked_by=person).count() == 5


def test_without_the_lock_they_would(event: Event, unguarded: Any) -> None:
    person = come(event).user
    texts = [f"Question {n}?" for n in range(8)]

    found = at_once(*asking_at_once(event, person, texts), begin=unguarded)

    assert broken(found) or Question.objects.filter(asked_by=person).count() > 5


def test_the_same_question_sent_at_once_is_one(event: Event) -> None:
    person = come(event).user

    found = at_once(*asking_at_once(event, person, ["Who pays?"] * 6))

    assert len({result.pk for result in found}) == 1
    assert Question.objects.count() == 1


def test_who_withdraws_while_asking_has_asked_or_was_refused(event: Event) -> None:
    for _round in range(ROUNDS):
        row = come(event)
        found = at_once(
            *asking_at_once(event, row.user, ["Who pays?"]),
            lambda row=row: registering.withdraw(Registration.objects.get(pk=row.pk), by=row.user),
        )
        assert told(found[1]) == "done"
        asked = Question.objects.filter(asked_by=row.user).count()
        assert (told(found[0]), asked) in {("done", 1), ("place", 0)}


# --- Organisers ----------------------------------------------------------------------------------


def test_versions_added_at_once_have_numbers_of_their_own(event: Event) -> None:
    organisers = [make_member(event.hub, "editor") for _n in range(6)]
    paper = papers.add_paper(
        event, by=organisers[0], url="https://film.test.example/0", kind="slides",
        title="Slides", language="en", audience="public",
    )  # fmt: skip

    found = at_once(
        *(
            lambda n=n, by=by: papers.add_version(
                Paper.objects.get(pk=paper.pk), by=by, url=f"https://film.test.example/{n}"
            )
            for n, by in enumerate(organisers, 1)
        )
    )

    assert [told(result) for result in found] == ["done"] * 6
    assert sorted(paper.versions.values_list("number", flat=True)) == list(range(1, 8))


def test_of_two_who_change_one_conclusion_the_second_is_told(event: Event) -> None:
    organisers = [make_member(event.hub, "editor") for _n in range(2)]
    for number in range(ROUNDS):
        row = conclusions.write_conclusion(event, by=organisers[0], text=f"Begin {number}.")
        base = conclusions.state_of(row)

        found = at_once(
            *(
                lambda by=by, row=row, base=base, number=number: conclusions.write_conclusion(
                    event, by=by, text=f"By {by.pk}, {number}.", message=row, base=base
                )
                for by in organisers
            )
        )

        assert sorted(map(told, found)) == ["done", "stale"]


def test_conclusions_written_moved_and_taken_out_at_once_keep_an_order(event: Event) -> None:
    organisers = [make_member(event.hub, "editor") for _n in range(4)]
    rows = [
        conclusions.write_conclusion(event, by=organisers[0], text=f"Said {n}.") for n in range(3)
    ]

    found = at_once(
        lambda: conclusions.move_conclusion(rows[2], by=organisers[0], up=True),
        lambda: conclusions.remove_conclusion(rows[1], by=organisers[1], reason="Twice."),
        lambda: conclusions.write_conclusion(event, by=organisers[2], text="New."),
        lambda: conclusions.write_conclusion(event, by=organisers[3], text="New."),
    )

    assert {told(result) for result in found} <= {"done", "gone"}
    texts = list(KeyMessage.objects.order_by("position", "pk").values_list("text", flat=True))
    assert sorted(texts) == ["New.", "Said 0.", "Said 2."]
    assert list(audit.verify()) == []


def test_strangers_get_no_vote_in_by_hurrying(event: Event) -> None:
    question = put(event)

    found = at_once(*(voting(question, make_user()) for _n in range(4)))

    assert [told(result) for result in found] == ["place"] * 4
    assert votes(question) == (0, 0)
