"""Many answer, merge, mark and change at once, on whichever database the tests run: real threads.

The twins with the locks off show that the locks are what holds.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet

from community.choices import Attention
from community.models import Discussion, Draft, Post, PostRevision, Reading
from community.models.members import forget_member
from community.operations import discussing
from core import audit
from tests.community.factories import (
    make_article,
    make_discussion,
    make_member,
    make_post,
    open_theme,
)
from tests.factories import make_user
from tests.racing import at_once, begin_without_lock, broken, everybody_has_looked, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

WRITERS = 16


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Locks off, and a moment between looking and writing, so that all have looked."""

    def no_lock(rows: QuerySet[Any], **_how: Any) -> QuerySet[Any]:
        return rows

    def wait(by: Any, *what: Any, **named: Any) -> Any:
        everybody_has_looked()
        return real(by, *what, **named)

    def slowly(rows: QuerySet[Any], *what: Any, **named: Any) -> Any:
        counted = real_aggregate(rows, *what, **named)
        everybody_has_looked()
        return counted

    real, real_aggregate = discussing.screen, QuerySet.aggregate
    monkeypatch.setattr(QuerySet, "select_for_update", no_lock)
    monkeypatch.setattr(QuerySet, "aggregate", slowly)
    monkeypatch.setattr(discussing, "screen", wait)
    return begin_without_lock


def answering(discussion: Discussion, by: Any, n: int = 0, **values: Any) -> Callable[[], Any]:
    return lambda: discussing.write_post(
        Discussion.objects.get(pk=discussion.pk),
        **{"by": by, "body": f"<p>Answer {n} of {by.pk}</p>", "form_key": uuid.uuid4()} | values,
    )


def numbers(discussion: Discussion) -> list[int]:
    return list(discussion.posts.order_by("number").values_list("number", flat=True))


def counts(discussion: Discussion) -> tuple[int, int]:
    row = Discussion.objects.get(pk=discussion.pk)
    return row.shown_posts, row.last_number


def test_sixteen_answers_at_once_have_sixteen_numbers_and_are_all_counted() -> None:
    discussion, people = make_discussion(), [make_member() for _n in range(WRITERS)]

    found = at_once(*(answering(discussion, by) for by in people))

    assert [told(result) for result in found] == ["done"] * WRITERS
    assert numbers(discussion) == list(range(1, WRITERS + 2))
    assert counts(discussion) == (WRITERS + 1, WRITERS + 1)
    assert Reading.objects.filter(discussion=discussion).count() == WRITERS + 1


def test_without_the_lock_numbers_are_given_twice(unguarded: Any) -> None:
    discussion, people = make_discussion(), [make_member() for _n in range(4)]

    found = at_once(*(answering(discussion, by) for by in people), begin=unguarded)

    assert broken(found) or numbers(discussion) != [1, 2, 3, 4, 5]


def test_the_same_form_sent_six_times_at_once_is_one_post() -> None:
    discussion, by, key = make_discussion(), make_member(), uuid.uuid4()

    found = at_once(*(answering(discussion, by, form_key=key) for _n in range(6)))

    assert len({result.pk for result in found}) == 1
    assert counts(discussion) == (2, 2)


def test_the_same_new_discussion_sent_at_once_is_one() -> None:
    theme, by, key = open_theme(), make_member(), uuid.uuid4()

    found = at_once(
        *(lambda: make_discussion(theme, by=by, form_key=key, title="Pumps") for _n in range(6))
    )

    assert len({result.pk for result in found}) == 1
    assert (Discussion.objects.count(), Post.objects.count()) == (1, 1)


def test_first_comments_at_once_are_one_discussion_with_all_of_them() -> None:
    article, people = make_article(), [make_member() for _n in range(6)]

    found = at_once(*(lambda by=by: make_discussion(article, by=by) for by in people))

    assert len({result.pk for result in found}) == 1
    assert numbers(found[0]) == [1, 2, 3, 4, 5, 6]
    assert counts(found[0]) == (6, 6)


def test_no_answer_is_lost_in_a_merge() -> None:
    keeper = make_user(is_staff=True)
    for _round in range(3):
        theme = open_theme()
        one, two = make_discussion(theme), make_discussion(theme)
        people = [make_member() for _n in range(6)]

        found = at_once(
            *(answering((one, two)[n % 2], by) for n, by in enumerate(people)),
            lambda one=one, two=two: discussing.merge_discussions(
                one, two, by=keeper, reason="the same"
            ),
        )

        assert [told(result) for result in found] == ["done"] * 7
        assert numbers(one) == []
        assert numbers(two) == list(range(1, 9))
        assert counts(two) == (8, 8)
        assert counts(one)[0] == 0
    assert list(audit.verify()) == []


def test_opposite_merges_do_not_wait_for_each_other() -> None:
    keepers = [make_user(is_staff=True) for _n in range(2)]
    theme = open_theme()
    one, two = make_discussion(theme), make_discussion(theme)

    found = at_once(
        lambda: discussing.merge_discussions(one, two, by=keepers[0], reason="the same"),
        lambda: discussing.merge_discussions(two, one, by=keepers[1], reason="the same"),
    )

    assert sorted(map(told, found)) == ["done", "gone"]
    assert Post.objects.filter(discussion__merged_into=None).count() == 2


def test_moderating_following_and_answering_at_once_never_wait_in_a_circle() -> None:
    """Moderation takes the audit first, an answer never; reading needs no discussion's lock."""
    keeper, discussion = make_user(is_staff=True), make_discussion()
    posts = [make_post(discussion) for _n in range(4)]
    people = [make_member() for _n in range(4)]

    found = at_once(
        *(
            lambda post=post: discussing.move_post(
                Post.objects.get(pk=post.pk), "hide_post", by=keeper, reason="spam"
            )
            for post in posts
        ),
        *(answering(discussion, by) for by in people),
        *(
            lambda by=by: discussing.pay_attention(
                Discussion.objects.get(pk=discussion.pk), by=by, attention=Attention.FOLLOWING
            )
            for by in people
        ),
        *(
            lambda by=by: discussing.read_up_to(
                Discussion.objects.get(pk=discussion.pk), by=by, number=2
            )
            for by in people
        ),
    )

    assert [told(result) for result in found] == ["done"] * 16
    assert counts(discussion) == (5, 9)
    assert list(audit.verify()) == []


def test_every_useful_mark_counts_once() -> None:
    post, people = make_post(make_discussion()), [make_member() for _n in range(8)]

    found = at_once(
        *(
            lambda by=by: discussing.mark_useful(Post.objects.get(pk=post.pk), by=by, useful=True)
            for by in people
            for _twice in range(2)
        )
    )

    assert [told(result) for result in found] == ["done"] * 16
    assert (Post.objects.get(pk=post.pk).useful, post.marks.count()) == (8, 8)


def test_without_the_lock_marks_are_lost(unguarded: Any) -> None:
    post, people = make_post(make_discussion()), [make_member() for _n in range(4)]

    found = at_once(
        *(
            lambda by=by: discussing.mark_useful(Post.objects.get(pk=post.pk), by=by, useful=True)
            for by in people
        ),
        begin=unguarded,
    )

    assert broken(found) or Post.objects.get(pk=post.pk).useful != post.marks.count()


def changes_of(post: Post) -> list[Callable[[], Any]]:
    return [
        lambda n=n: discussing.change_post(
            Post.objects.get(pk=post.pk), by=post.author, body=f"<p>Text {n}</p>", base=0
        )
        for n in range(6)
    ]


def test_of_changes_made_at_once_one_stands_and_the_others_are_told() -> None:
    post = make_post(make_discussion())
    forget_member(post.author)

    found = at_once(*changes_of(post))

    assert sorted(map(told, found)) == ["done"] + ["stale"] * 5
    assert PostRevision.objects.count() == 1


def test_without_the_lock_several_change_from_the_same_text(unguarded: Any) -> None:
    post = make_post(make_discussion())

    found = at_once(*changes_of(post), begin=unguarded)

    assert broken(found) or PostRevision.objects.count() != 1


def test_drafts_kept_at_once_are_one() -> None:
    by = make_member()

    found = at_once(
        *(
            lambda n=n: discussing.keep_draft(by=by, key="reply:abc", body=f"<p>{n}</p>")
            for n in range(6)
        )
    )

    assert [told(result) for result in found] == ["done"] * 6
    assert Draft.objects.count() == 1
