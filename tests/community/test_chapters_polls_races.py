"""Many join, answer, step down and vote at once: real threads on whichever database tests run.

The twins with the locks off show that the locks are what holds.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Count, QuerySet
from django.utils import timezone

from accounts.models import User
from community.models import Ballot, Chapter, ChapterMember, Poll, PollOption
from community.operations import chapters, polling
from core import audit
from notifications.followables import KINDS
from notifications.models import Follow
from notifications.operations import pay_attention
from tests.community.factories import make_chapter, make_discussion, make_member
from tests.factories import make_user
from tests.letters import letters, name_of
from tests.racing import at_once, begin_without_lock, broken, everybody_has_looked, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROUNDS = 3


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Locks off, and a moment between looking and writing, so that all have looked."""

    def no_lock(rows: QuerySet[Any], **_how: Any) -> QuerySet[Any]:
        return rows

    def slowly(real: Any) -> Any:
        def call(*what: Any, **named: Any) -> Any:
            found = real(*what, **named)
            everybody_has_looked()
            return found

        return call

    monkeypatch.setattr(QuerySet, "select_for_update", no_lock)
    monkeypatch.setattr(chapters, "_refuse_last", slowly(chapters._refuse_last))
    monkeypatch.setattr(QuerySet, "count", slowly(QuerySet.count))
    return begin_without_lock


def reread(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def belong(chapter: Chapter, role: str) -> ChapterMember:
    return ChapterMember.objects.create(chapter=chapter, user=make_member(), role=role)


# --- Chapters ----------------------------------------------------------------------------------


def test_one_request_has_one_answer() -> None:
    for _round in range(ROUNDS):
        chapter = make_chapter(is_private=True)
        people = [belong(chapter, "coordinator").user for _n in range(2)]
        asked = belong(chapter, "asked")

        found = at_once(
            lambda c=chapter, pk=asked.pk, by=people[0]: chapters.answer_request(
                reread(c), pk, by=reread(by), admit=True
            ),
            lambda c=chapter, pk=asked.pk, by=people[1]: chapters.answer_request(
                reread(c), pk, by=reread(by), admit=False, reason="Another region."
            ),
        )

        assert sorted(map(told, found)) == ["answered", "done"]
        admitted = told(found[0]) == "done"
        assert [name_of(row) for row in letters(asked.user)] == [
            "community/chapter_admitted" if admitted else "community/chapter_declined"
        ]
        assert ChapterMember.objects.filter(pk=asked.pk).exists() == admitted
    assert list(audit.verify()) == []


def test_joining_at_once_is_joining_once() -> None:
    chapter, person = make_chapter(), make_member()

    found = at_once(
        *(lambda: chapters.join_chapter(reread(chapter), by=reread(person)) for _n in range(6))
    )

    assert [told(result) for result in found] == ["done"] * 6
    assert ChapterMember.objects.count() == 1


def test_who_takes_a_request_back_while_it_is_answered_is_in_or_out() -> None:
    for _round in range(ROUNDS):
        chapter = make_chapter(is_private=True)
        by, asked = belong(chapter, "coordinator").user, belong(chapter, "asked")

        found = at_once(
            lambda c=chapter, pk=asked.pk, by=by: chapters.answer_request(
                reread(c), pk, by=reread(by), admit=True
            ),
            lambda c=chapter, who=asked.user: chapters.leave_chapter(reread(c), by=reread(who)),
        )

        assert told(found[1]) == "done"
        assert told(found[0]) in {"done", "answered"}
        assert not ChapterMember.objects.filter(pk=asked.pk).exists()


def stepping_down(chapter: Chapter) -> list[Callable[[], Any]]:
    rows = [belong(chapter, "coordinator") for _n in range(2)]
    return [
        lambda row=row: chapters.step_down(reread(chapter), row.pk, by=reread(row.user))
        for row in rows
    ]


def test_of_two_coordinators_who_step_down_at_once_one_stays() -> None:
    for _round in range(ROUNDS):
        chapter = make_chapter()
        found = at_once(*stepping_down(chapter))
        assert sorted(map(told, found)) == ["done", "last"]
        assert ChapterMember.objects.coordinators().filter(chapter=chapter).count() == 1


def test_without_the_locks_both_go(unguarded: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chapters.AuditEntry, "record", lambda **_what: None)
    monkeypatch.setattr(chapters.AuditHead, "hold", lambda: None)
    chapter = make_chapter()
    found = at_once(*stepping_down(chapter), begin=unguarded)
    left = ChapterMember.objects.coordinators().filter(chapter=chapter).count()
    assert broken(found) or left == 0


def test_nobody_slips_into_a_chapter_that_turns_private() -> None:
    for _round in range(ROUNDS):
        chapter, person = make_chapter(), make_member()
        by = belong(chapter, "coordinator").user

        found = at_once(
            lambda c=chapter, by=by: chapters.make_private(reread(c), by=reread(by)),
            lambda c=chapter, who=person: chapters.join_chapter(reread(c), by=reread(who)),
        )

        assert [told(result) for result in found] == ["done"] * 2
        role = ChapterMember.objects.get(chapter=chapter, user=person).role
        assert role in {"member", "asked"}


# --- Polls -------------------------------------------------------------------------------------


def make_poll(**values: Any) -> Poll:
    discussion = make_discussion(make_chapter())
    return polling.ask_poll(
        discussion,
        **{
            "by": discussion.started_by,
            "question": "Who pays?",
            "answers": ["Users", "The district"],
            "several": False,
            "closes_at": timezone.now() + dt.timedelta(days=2),
            "form_key": uuid.uuid4(),
        }
        | values,
    )


def voting(poll: Poll, by: User, option: int) -> Callable[[], Any]:
    return lambda: polling.vote(reread(poll), by=reread(by), options=[option])


def said_and_there(poll: Poll) -> tuple[Any, Any]:
    """Counts as the poll says them, and as its ballots say."""
    rows = PollOption.objects.filter(poll=poll).annotate(n=Count("ballots")).order_by("pk")
    cast = Ballot.objects.filter(poll=poll).count()
    said = ([row.votes for row in rows], reread(poll).ballots_cast)
    return said, ([row.n for row in rows], cast)  # type: ignore[attr-defined]


def test_every_vote_counts_once_however_many_vote_and_change_at_once() -> None:
    poll, people = make_poll(), [make_member() for _n in range(8)]
    keys = list(poll.options.values_list("pk", flat=True))

    found = at_once(
        *(voting(poll, person, key) for person in people for key in keys),
    )

    assert [told(result) for result in found] == ["done"] * 16
    said, there = said_and_there(poll)
    assert said == there
    assert said[1] == sum(said[0]) == 8


def test_without_the_lock_votes_are_lost(unguarded: Any) -> None:
    poll, people = make_poll(), [make_member() for _n in range(4)]
    key = poll.options.values_list("pk", flat=True)[0]

    found = at_once(*(voting(poll, person, key) for person in people), begin=unguarded)

    said, there = said_and_there(poll)
    assert broken(found) or said != there


def test_no_vote_comes_after_the_end() -> None:
    for _round in range(ROUNDS):
        poll, people = make_poll(), [make_member() for _n in range(5)]
        key = poll.options.values_list("pk", flat=True)[0]

        found = at_once(
            *(voting(poll, person, key) for person in people),
            lambda poll=poll: polling.close_poll(reread(poll), by=reread(poll.asked_by)),
        )

        assert told(found[-1]) == "done"
        assert {told(result) for result in found[:-1]} <= {"done", "closed"}
        said, there = said_and_there(poll)
        assert said == there
        assert said[1] == [told(result) for result in found[:-1]].count("done")


def test_a_poll_asked_twice_at_once_is_one() -> None:
    discussion, key = make_discussion(make_chapter()), uuid.uuid4()

    def ask() -> Poll:
        return polling.ask_poll(
            reread(discussion), by=reread(discussion.started_by), question="Who pays?",
            answers=["Users", "Nobody"], several=False, form_key=key,
            closes_at=timezone.now() + dt.timedelta(days=2),
        )  # fmt: skip

    found = at_once(*(ask for _n in range(4)))

    assert Poll.objects.count() == 1
    assert {told(result) for result in found} == {"done"}


# --- Following ---------------------------------------------------------------------------------


def test_following_and_muting_at_once_leaves_one_row() -> None:
    chapter, person = make_chapter(), make_user()

    found = at_once(
        *(
            lambda wish=wish: pay_attention(
                KINDS["chapter"], chapter, by=reread(person), attention=wish
            )
            for wish in ("following", "muted") * 4
        )
    )

    assert [told(result) for result in found] == ["done"] * 8
    assert Follow.objects.count() == 1
