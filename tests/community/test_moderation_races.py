"""Two moderators decide at once, a reader flags twice at once: real threads, real transactions.

The twins with the locks off show that the locks are what holds. Two moderators who decide about
one post have no twin: the conditional update of the move refuses the second even then.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet

from accounts.models import User
from community.choices import PostState, Trust
from community.models import Appeal, Decision, Flag, Post, Sanction
from community.operations import moderating
from tests.community.factories import make_discussion, make_member, make_post
from tests.factories import make_user, reference
from tests.racing import at_once, begin_without_lock, broken, everybody_has_looked, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROUNDS = 3
WHY = {"ground": "spam", "reason": "It sells pumps."}


@pytest.fixture(autouse=True)
def countries() -> None:
    reference()


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Locks off, and a moment between looking and writing, so that all have looked."""

    def no_lock(rows: QuerySet[Any], **_how: Any) -> QuerySet[Any]:
        return rows

    def exists(rows: QuerySet[Any]) -> bool:
        found = real_exists(rows)
        if rows.model in {Sanction, Appeal}:
            everybody_has_looked()
        return found

    def first(rows: QuerySet[Any]) -> Any:
        found = real_first(rows)
        if rows.model is Flag:
            everybody_has_looked()
        return found

    real_exists, real_first = QuerySet.exists, QuerySet.first
    monkeypatch.setattr(QuerySet, "exists", exists)
    monkeypatch.setattr(QuerySet, "first", first)
    monkeypatch.setattr(QuerySet, "select_for_update", no_lock)
    return begin_without_lock


def moderators() -> list[User]:
    return [make_user(is_staff=True) for _n in range(2)]


def opposite(post: Post, people: list[User]) -> list[Callable[[], Any]]:
    """One shows it while the other does not."""
    seen = moderating.mark_of(post, None)

    def deciding(what: str, by: User) -> Callable[[], Any]:
        return lambda: moderating.decide(
            Post.objects.get(pk=post.pk), what, by=by, seen=seen, **WHY
        )

    return [deciding("release", people[0]), deciding("refuse", people[1])]


def test_of_two_moderators_one_decides_and_the_other_is_told() -> None:
    for _round in range(ROUNDS):
        post = make_post(make_discussion(), by=make_member(trust=Trust.NEW))
        found = sorted(map(told, at_once(*opposite(post, moderators()))))
        assert found == ["done", "stale"]
        post.refresh_from_db()
        decision = Decision.objects.get(post=post)
        shown = {"release": PostState.SHOWN, "refuse": PostState.HIDDEN}
        assert post.state == shown[decision.what]


def flagging(post: Post, by: User) -> Callable[[], Any]:
    return lambda: moderating.raise_flag(Post.objects.get(pk=post.pk), by=by, ground="spam")


def test_a_flag_sent_twice_at_once_is_one_flag() -> None:
    post, reader = make_post(make_discussion()), make_member()
    for _round in range(ROUNDS):
        Flag.objects.all().delete()
        found = at_once(*[flagging(post, reader)] * 4)
        assert sorted(map(told, found)) == ["done", "flagged", "flagged", "flagged"]
        assert Flag.objects.count() == 1


def test_without_the_lock_a_flag_sent_twice_breaks(unguarded: Callable[[], None]) -> None:
    post, reader = make_post(make_discussion()), make_member()
    assert broken(at_once(*[flagging(post, reader)] * 4, begin=unguarded))


def test_three_trusted_members_who_flag_at_once_hold_a_post_once() -> None:
    post = make_post(make_discussion())
    people = [make_member(trust=Trust.TRUSTED) for _n in range(4)]
    found = at_once(*(flagging(post, person) for person in people))
    post.refresh_from_db()
    assert post.state == PostState.HELD
    assert sorted(map(told, found)) == ["done", "done", "done", "gone"]


def an_appeal() -> Appeal:
    post = make_post(make_discussion())
    decision = moderating.decide(post, "hide", by=make_user(is_staff=True), **WHY)
    return moderating.make_appeal(decision, by=post.author, text="x")  # type: ignore[arg-type]


def settling(appeal: Appeal, by: User, *, grant: bool) -> Callable[[], Any]:
    return lambda: moderating.settle_appeal(
        Appeal.objects.select_related("decision__post").get(pk=appeal.pk),
        by=by,
        grant=grant,
        answer="So be it.",
    )


def test_an_appeal_is_answered_once() -> None:
    for _round in range(ROUNDS):
        appeal, people = an_appeal(), moderators()
        calls = [settling(appeal, by, grant=bool(n)) for n, by in enumerate(people)]
        found = sorted(map(told, at_once(*calls)))
        assert found in (["done", "stale"], ["done", "wrong-state"])
        appeal.refresh_from_db()
        post = Post.objects.get(pk=appeal.decision.post_id)
        granted = appeal.state == Appeal.State.GRANTED
        assert post.state == (PostState.SHOWN if granted else PostState.HIDDEN)


def appealing(decision: Decision) -> Callable[[], Any]:
    return lambda: moderating.make_appeal(
        Decision.objects.get(pk=decision.pk),
        by=User.objects.get(pk=decision.about_id),
        text="x",
    )


def test_an_appeal_sent_twice_at_once_is_one() -> None:
    post = make_post(make_discussion())
    decision = moderating.decide(post, "hide", by=make_user(is_staff=True), **WHY)
    found = at_once(*[appealing(decision)] * 3)
    assert sorted(map(told, found)) == ["appealed", "appealed", "done"]


def banning(user: User) -> list[Callable[[], Any]]:
    def ban(by: User) -> Callable[[], Any]:
        return lambda: moderating.sanction(User.objects.get(pk=user.pk), "ban", by=by, **WHY)

    return [ban(by) for by in moderators()]


def test_the_same_measure_decided_twice_at_once_is_one() -> None:
    found = at_once(*banning(make_member()))
    assert sorted(map(told, found)) == ["already", "done"]
    assert Sanction.objects.count() == 1


def test_without_the_locks_a_measure_is_decided_twice_or_breaks(
    unguarded: Callable[[], None],
) -> None:
    found = at_once(*banning(make_member()), begin=unguarded)
    assert broken(found) or Sanction.objects.count() == 2


def test_without_the_lock_an_appeal_sent_twice_breaks(unguarded: Callable[[], None]) -> None:
    post = make_post(make_discussion())
    decision = moderating.decide(post, "hide", by=make_user(is_staff=True), **WHY)
    assert broken(at_once(*[appealing(decision)] * 3, begin=unguarded))
