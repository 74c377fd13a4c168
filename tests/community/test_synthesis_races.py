"""Two keepers, a keeper and a moderator: at once, on whichever database the tests run."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet

from accounts.models import User
from community.models import MonthlyTheme, Post, SynthesisVersion
from community.operations import discussing
from community.operations import synthesis as operations
from community.operations.synthesis import Chosen
from tests.community.factories import make_discussion, make_member, make_post, open_theme
from tests.factories import make_user
from tests.racing import at_once, begin_without_lock, broken, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def theme() -> MonthlyTheme:
    return open_theme()


@pytest.fixture
def keepers(theme: MonthlyTheme) -> list[User]:
    found = [make_member() for _n in range(4)]
    theme.stewards.set(found)
    return found


@pytest.fixture
def post(theme: MonthlyTheme) -> Post:
    return make_post(make_discussion(theme), body="<p>We asked the users.</p>")


def add_and_publish(theme: MonthlyTheme, post: Post, by: User, n: int) -> Callable[[], Any]:
    def act() -> Any:
        fresh = MonthlyTheme.objects.get(pk=theme.pk)
        me = User.objects.get(pk=by.pk)
        operations.write_conclusion(
            fresh, by=me, sentence=f"Conclusion of {n}", sources=[Chosen(post)]
        )
        return operations.publish(fresh, by=me, form_key=uuid.uuid4(), note=f"By {n}")

    return act


def test_every_publication_has_its_number_and_nothing_is_lost(
    theme: MonthlyTheme, keepers: list[User], post: Post
) -> None:
    found = at_once(*(add_and_publish(theme, post, keeper, n) for n, keeper in enumerate(keepers)))

    # What one wrote may be published with another's: then there is nothing new to publish.
    assert {told(result) for result in found} <= {"done", "same"}
    versions = list(SynthesisVersion.objects.order_by("number"))
    assert [row.number for row in versions] == list(range(1, len(versions) + 1))
    assert len(versions) == [told(result) for result in found].count("done")
    last = {one["sentence"] for one in versions[-1].content["conclusions"]}
    assert last == {f"Conclusion of {n}" for n in range(len(keepers))}


def test_without_locks_publications_collide(
    theme: MonthlyTheme, keepers: list[User], post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_lock(rows: QuerySet[Any], **_how: Any) -> QuerySet[Any]:
        return rows

    monkeypatch.setattr(QuerySet, "select_for_update", no_lock)
    found = at_once(
        *(add_and_publish(theme, post, keeper, n) for n, keeper in enumerate(keepers)),
        begin=begin_without_lock,
    )

    assert broken(found)


def test_the_same_publication_sent_twice_at_once_is_one_version(
    theme: MonthlyTheme, keepers: list[User], post: Post
) -> None:
    operations.write_conclusion(theme, by=keepers[0], sentence="Once", sources=[Chosen(post)])
    key = uuid.uuid4()

    def send() -> SynthesisVersion:
        fresh = MonthlyTheme.objects.get(pk=theme.pk)
        return operations.publish(fresh, by=keepers[0], form_key=key)

    found = at_once(send, send, send)

    assert [told(result) for result in found] == ["done"] * 3
    assert SynthesisVersion.objects.count() == 1


@pytest.mark.parametrize("round_", range(3))
def test_a_post_hidden_while_it_is_published_is_not_in_it_or_was_shown(
    theme: MonthlyTheme, keepers: list[User], post: Post, round_: int
) -> None:
    operations.write_conclusion(theme, by=keepers[0], sentence="Once", sources=[Chosen(post)])
    moderator = make_user(is_staff=True)

    def hide() -> None:
        discussing.move_post(Post.objects.get(pk=post.pk), "hide_post", by=moderator, reason="x")

    def publish() -> SynthesisVersion:
        fresh = MonthlyTheme.objects.get(pk=theme.pk)
        return operations.publish(fresh, by=keepers[0], form_key=uuid.uuid4())

    hidden, published = at_once(hide, publish)

    assert told(hidden) == "done"
    assert told(published) in {"done", "not-ready"}
    assert SynthesisVersion.objects.count() == (told(published) == "done")


def test_the_first_words_of_two_keepers_begin_one_synthesis(
    theme: MonthlyTheme, keepers: list[User], post: Post
) -> None:
    def write(by: User) -> Callable[[], Any]:
        return lambda: operations.write_conclusion(
            MonthlyTheme.objects.get(pk=theme.pk), by=by, sentence="First", sources=[Chosen(post)]
        )

    found = at_once(*(write(keeper) for keeper in keepers))

    assert [told(result) for result in found] == ["done"] * len(keepers)
    theme.refresh_from_db()
    positions = theme.synthesis.conclusions.order_by("position").values_list("position", flat=True)
    assert list(positions) == [1, 2, 3, 4]
