"""Facts are told to those they concern, once each, whatever dies on the way."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.db.models import F

from accounts.models import User
from accounts.operations import close_account, everything_about
from community.choices import Attention, ChapterRole, PostState, Trust
from community.models import ChapterMember, Post, Reading
from community.operations import discussing
from notifications import noticing, tasks
from notifications.models import Follow, Notice, Notification, Reason, Subject
from tests.community.factories import (
    make_chapter,
    make_discussion,
    make_member,
    make_post,
    open_theme,
)
from tests.factories import make_user
from tests.people import browser

pytestmark = pytest.mark.django_db


def told(user: User) -> list[tuple[str, str]]:
    """What somebody was told, and whether the count in the head of their pages agrees."""
    rows = list(Notification.objects.filter(user=user).order_by("pk").select_related("notice"))
    user.refresh_from_db()
    assert user.unread == sum(row.read_at is None for row in rows)
    return [(row.notice.subject, row.reason) for row in rows]


def tell_all() -> None:
    tasks.tell_owed()


def begun(place: Any = None, **how: Any) -> Any:
    """A discussion whose beginning has been told."""
    discussion = make_discussion(place, **how)
    tell_all()
    return discussion


def follow(user: User, kind: str, pk: int) -> None:
    Follow.objects.create(user=user, kind=kind, subject_id=pk)


def test_followers_answered_and_mentioned_are_told_once_each_for_the_weightiest_reason() -> None:
    starter, follower = make_member(), make_member(handle="follower-f")
    writer, passer = make_member(), make_member()
    discussion = make_discussion(by=starter)
    make_post(discussion, by=follower)
    tell_all()
    Notification.objects.all().delete()
    User.objects.update(unread=0)

    make_post(
        discussion,
        by=writer,
        body="<p>@follower-f, yes.</p>",
        reply_to=discussion.posts.get(number=1),
    )
    tell_all()

    assert told(starter) == [(Subject.POST, Reason.ANSWERED)]
    assert told(follower) == [(Subject.POST, Reason.MENTIONED)]
    assert told(writer) == []
    assert told(passer) == []


def test_a_new_discussion_is_told_to_followers_of_its_place_and_answers_are_not() -> None:
    theme, reader = open_theme(), make_member()
    follow(reader, "theme", theme.pk)

    discussion = make_discussion(theme)
    make_post(discussion)
    tell_all()

    assert told(reader) == [(Subject.POST, Reason.FOLLOWING)]


def test_whoever_muted_hears_nothing_unless_named() -> None:
    discussion, quiet = begun(), make_member(handle="quiet-one")
    discussing.pay_attention(discussion, by=quiet, attention=Attention.MUTED)

    make_post(discussion)
    make_post(discussion, body="<p>@quiet-one</p>")
    tell_all()

    assert told(quiet) == [(Subject.POST, Reason.MENTIONED)]


def test_a_held_post_is_told_when_it_is_released_and_not_before() -> None:
    starter = make_member()
    discussion = begun(by=starter)
    post = make_post(discussion, by=make_member(trust=Trust.NEW))
    tell_all()
    assert told(starter) == []

    discussing.move_post(post, "release_post", by=make_user(is_staff=True))
    tell_all()

    assert told(starter) == [(Subject.POST, Reason.FOLLOWING)]


def test_of_a_private_chapter_only_its_members_are_told() -> None:
    chapter = make_chapter(is_private=True)
    inside, left, writer = make_member(), make_member(), make_member()
    for user in (inside, left, writer):
        ChapterMember.objects.create(chapter=chapter, user=user, role=ChapterRole.MEMBER)
    discussion = make_discussion(chapter, by=writer)
    for user in (inside, left):
        discussing.pay_attention(discussion, by=user, attention=Attention.FOLLOWING)
    ChapterMember.objects.filter(user=left).delete()
    Notice.objects.all().delete()

    make_post(discussion, by=writer)
    tell_all()

    assert (told(inside), told(left)) == ([(Subject.POST, Reason.FOLLOWING)], [])


def test_a_changed_post_tells_only_who_is_mentioned_now() -> None:
    starter = make_member()
    discussion = begun(by=starter)
    writer, named = make_member(), make_member(handle="named-now")
    post = make_post(discussion, by=writer)
    tell_all()

    discussing.change_post(post, by=writer, body="<p>And @named-now.</p>", base=0)
    tell_all()

    assert told(named) == [(Subject.POST, Reason.MENTIONED)]
    assert told(starter) == [(Subject.POST, Reason.FOLLOWING)]


def test_a_task_that_runs_twice_or_never_tells_everybody_once() -> None:
    starter = make_member()
    discussion = begun(by=starter)
    make_post(discussion)
    notice = Notice.objects.owed().latest("pk")

    for _n in range(3):
        tasks.tell(notice_id=notice.pk)
        tasks.tell_owed()

    assert told(starter) == [(Subject.POST, Reason.FOLLOWING)]
    assert not Notice.objects.owed().exists()


def crowd(discussion: Any, n: int) -> list[User]:
    """So many followers, written at once."""
    people = User.objects.bulk_create(
        [User(email=f"f{k}@test.example", name=f"F {k}") for k in range(n)]
    )
    Reading.objects.bulk_create(
        [
            Reading(user=user, discussion=discussion, attention=Attention.FOLLOWING)
            for user in people
        ]
    )
    return people


def test_many_followers_are_told_in_portions_and_an_interrupted_one_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(noticing, "PORTION", 7)
    discussion = begun()
    people = crowd(discussion, 30)
    post = make_post(discussion)
    notice = Notice.objects.get(key=f"post:{post.pk}")

    assert noticing.tell(notice_id=notice.pk, at_most=2) == 14
    noticing.tell_owed()

    got = Notification.objects.filter(notice=notice, user__in=people)
    assert got.count() == got.values("user").distinct().count() == 30
    assert set(User.objects.filter(pk__in=[p.pk for p in people]).values_list("unread")) == {(1,)}


@pytest.mark.parametrize("followers", [6, 7, 8, 20])
def test_whoever_wrote_it_ends_no_portion(followers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The author follows, too, and comes first of all: a portion without them is no end."""
    monkeypatch.setattr(noticing, "PORTION", 7)
    writer = make_member()
    discussion = begun(by=writer)
    people = crowd(discussion, followers)

    notice = Notice.objects.get(key=f"post:{make_post(discussion, by=writer).pk}")
    noticing.tell(notice_id=notice.pk)

    got = Notification.objects.filter(notice=notice).values_list("user", flat=True)
    assert sorted(got) == sorted(user.pk for user in people)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("guarded", [True, False])
def test_tellers_at_once_tell_everybody_once_and_without_the_cursor_they_do_not(
    guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noticing, "PORTION", 5)
    discussion = make_discussion()
    crowd(discussion, 40)
    post = make_post(discussion)
    notice = Notice.objects.get(key=f"post:{post.pk}")
    Notification.objects.all().delete()
    Notice.objects.filter(pk=notice.pk).update(cursor=0, done_at=None)
    User.objects.update(unread=0)
    faults: list[Exception] = []
    start = threading.Barrier(4)

    def unguarded(notice_id: int) -> int | None:
        """What a step would be if it only read the cursor and wrote it afterwards."""
        row = Notice.objects.filter(pk=notice_id, done_at=None).first()
        if row is None:
            return None
        users = noticing._next_of(row, {})
        Notification.objects.bulk_create(
            [Notification(notice=row, user_id=pk, reason=Reason.FOLLOWING) for pk in users],
            ignore_conflicts=True,
        )
        User.objects.filter(pk__in=users).update(unread=F("unread") + 1)
        if len(users) < noticing.PORTION:
            Notice.objects.filter(pk=notice_id).update(done_at=row.happened_at)
        else:
            Notice.objects.filter(pk=notice_id).update(cursor=users[-1])
        return len(users)

    if not guarded:
        monkeypatch.setattr(noticing, "_tell_portion", unguarded)

    def work() -> None:
        start.wait()
        try:
            for _n in range(30):
                noticing.tell(notice_id=notice.pk)
        except Exception as error:  # noqa: BLE001 (whatever it is, the test looks at it)
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    counts = set(User.objects.filter(email__startswith="f").values_list("unread", flat=True))
    if guarded:
        assert (faults, counts) == ([], {1})
        assert Notification.objects.filter(notice=notice).count() == 41
    else:
        assert faults or counts != {1}


@pytest.mark.parametrize("followers", [0, 600])
def test_writing_costs_the_same_however_many_follow(
    followers: int, django_assert_num_queries: Any
) -> None:
    discussion, writer = begun(), make_member()
    make_post(discussion, by=writer)
    crowd(discussion, followers)

    with django_assert_num_queries(WRITING):
        make_post(discussion, by=User.objects.get(pk=writer.pk))


#: Queries of one answer by somebody who wrote before, whatever follows; PostgreSQL asks for the
#: turn to write into the search.
WRITING = 27 if connection.vendor == "postgresql" else 26


def test_the_page_shows_what_may_be_read_now_and_gathers_a_discussion() -> None:
    reader, discussion = make_member(), begun()
    discussing.pay_attention(discussion, by=reader, attention=Attention.FOLLOWING)
    for _n in range(3):
        make_post(discussion)
    other = begun()
    discussing.pay_attention(other, by=reader, attention=Attention.FOLLOWING)
    gone = make_post(other)
    tell_all()
    Post.objects.filter(pk=gone.pk).update(state=PostState.HIDDEN)

    page = browser(reader).get("/notifications/").content.decode()

    assert page.count("title-link") == 1
    assert discussion.title in page
    assert "and 2 more" in page
    assert other.title not in page


def test_reading_one_line_reads_what_it_gathers_and_nothing_of_others() -> None:
    reader, stranger = make_member(), make_member()
    one, two = begun(), begun()
    for discussion in (one, two):
        for user in (reader, stranger):
            discussing.pay_attention(discussion, by=user, attention=Attention.FOLLOWING)
    make_post(one), make_post(one), make_post(two)
    tell_all()
    mine = browser(reader)
    newest_of_one = Notification.objects.filter(user=reader).order_by("pk")[1]

    mine.get("/notifications/")
    reader.refresh_from_db()
    assert reader.unread == 3
    mine.post("/notifications/read/", {"key": newest_of_one.pk})
    reader.refresh_from_db()
    assert reader.unread == 1
    mine.post("/notifications/read/", {"up_to": Notification.objects.latest("pk").pk})
    reader.refresh_from_db()
    stranger.refresh_from_db()
    assert (reader.unread, stranger.unread) == (0, 3)
    theirs = Notification.objects.filter(user=stranger).first()
    assert theirs is not None
    mine.post("/notifications/read/", {"key": theirs.pk})
    stranger.refresh_from_db()
    assert stranger.unread == 3


@pytest.mark.parametrize("sent", ["x", "-1", "9" * 40, "", "1e9"])
def test_what_is_no_number_changes_nothing(sent: str) -> None:
    reader = browser(make_member())

    assert reader.get("/notifications/", {"before": sent}).status_code == 200
    assert reader.post("/notifications/read/", {"key": sent}).status_code == 302


@pytest.mark.parametrize("n", [1, 12])
def test_the_page_asks_the_same_at_one_and_at_twelve(
    n: int, django_assert_num_queries: Any
) -> None:
    reader = make_member()
    for _n in range(n):
        discussion = begun()
        discussing.pay_attention(discussion, by=reader, attention=Attention.FOLLOWING)
        make_post(discussion)
    tell_all()
    mine = browser(reader)
    mine.get("/notifications/")

    with django_assert_num_queries(6):
        mine.get("/notifications/")


def test_a_closed_account_is_told_nothing_and_keeps_nothing() -> None:
    discussion, gone = begun(), make_member()
    discussing.pay_attention(discussion, by=gone, attention=Attention.FOLLOWING)
    make_post(discussion)
    tell_all()
    assert everything_about(gone)["notifications"][0]["why"] == Reason.FOLLOWING

    close_account(by=gone, user=gone)
    make_post(discussion)
    tell_all()

    assert not Notification.objects.filter(user=gone).exists()


def test_the_head_of_every_page_says_how_many_are_unread() -> None:
    reader, discussion = make_member(), begun()
    discussing.pay_attention(discussion, by=reader, attention=Attention.FOLLOWING)
    make_post(discussion)
    tell_all()

    page = browser(reader).get("/community/conduct/").content.decode()

    assert 'href="/notifications/"' in page
    assert '<span class="n">1</span>' in page
