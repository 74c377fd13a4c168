"""Following: the button, the page, what is new there, and what nobody learns by it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from accounts.models import User
from accounts.operations import close_account, everything_about
from catalogue.models import Solution
from community.choices import Attention
from community.models import ChapterMember, Discussion, Member, Reading
from community.operations.chapters import make_private
from events.models import CommitmentFollow, Event
from hubs.signals import hubs_merging
from notifications import operations
from notifications.followables import KINDS, kind_of
from notifications.models import Follow, LastLook
from tests.community.factories import (
    make_article,
    make_chapter,
    make_discussion,
    make_lab,
    make_member,
    make_post,
    open_theme,
)
from tests.events.factories import make_commitment, make_event
from tests.factories import complete_snapshot, make_hub, make_user, published
from tests.people import browser

pytestmark = pytest.mark.django_db

EARLIER = dt.timedelta(days=3)


def make_public(**values: Any) -> Solution:
    return published(complete_snapshot(**values))


MAKE: dict[str, Callable[[], Any]] = {
    "solution": make_public,
    "hub": make_hub,
    "theme": open_theme,
    "chapter": make_chapter,
    "lab": make_lab,
    "event": make_event,
    "member": lambda: make_member().member,
    "discussion": lambda: make_discussion(make_chapter()),
    "commitment": lambda: make_commitment(make_event()),
}
OWN_ROWS = {"solution", "hub", "theme", "chapter", "lab", "event", "member"}


def follow(user: User, record: Any, attention: str = "following") -> None:
    kind = kind_of(record)
    assert kind is not None
    operations.pay_attention(kind, record, by=user, attention=attention)


def since_long(user: User) -> None:
    """The person began to follow, and looked last, some days ago."""
    Follow.objects.filter(user=user).update(since=timezone.now() - EARLIER)
    CommitmentFollow.objects.filter(user=user).update(since=timezone.now() - EARLIER)


def page(user: User, path: str = "/following/") -> str:
    answer = browser(user).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def news_in(text: str) -> str:
    """The part of the page about what is new."""
    return text.split('id="new"')[1].split("</section>", maxsplit=1)[0]


# --- The button --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", MAKE)
def test_everything_that_can_be_followed_is_followed_muted_and_left(kind: str) -> None:
    record, person = MAKE[kind](), make_member()
    path, client = f"/following/{kind}/{record.pk}/", browser(person)
    ask = KINDS[kind].attention_of

    for _twice in range(2):
        assert client.post(path, {"attention": "following"}).status_code == 302
    assert ask(person, record.pk) == Attention.FOLLOWING
    muted = client.post(path, {"attention": "muted"})
    if KINDS[kind].can_mute:
        assert ask(person, record.pk) == Attention.MUTED
    else:
        assert muted.status_code == 400
    for _twice in range(2):
        client.post(path, {"attention": "normal"})
    assert ask(person, record.pk) == Attention.NORMAL
    assert not Follow.objects.exists()


def test_the_button_says_whether_one_follows() -> None:
    chapter, person = make_chapter(), make_user()
    client, path = browser(person), chapter.get_absolute_url()

    assert 'aria-pressed="false"' in client.get(path).content.decode()
    back = client.post(
        f"/following/chapter/{chapter.pk}/", {"attention": "following", "next": path}, follow=True
    )
    assert back.redirect_chain[-1][0] == path
    assert 'aria-pressed="true"' in back.content.decode()
    assert "You follow it." in back.content.decode()
    follow(person, chapter, "muted")
    assert "You follow it, muted." in client.get(path).content.decode()


def test_the_button_leads_to_no_other_site() -> None:
    chapter = make_chapter()
    for forged in ("https://evil.example/", "//evil.example", "javascript:alert(1)", ""):
        answer = browser(make_user()).post(
            f"/following/chapter/{chapter.pk}/", {"attention": "following", "next": forged}
        )
        assert answer["Location"] == chapter.get_absolute_url()


def test_get_changes_nothing_and_visitors_sign_in_first() -> None:
    chapter = make_chapter()
    path = f"/following/chapter/{chapter.pk}/"

    assert (
        browser().post(path, {"attention": "following"})["Location"].startswith("/accounts/login")
    )
    assert browser(make_user()).get(path)["Location"] == chapter.get_absolute_url()
    assert browser(make_user()).get("/following/seen/").status_code == 405
    assert not Follow.objects.exists()


def test_what_the_reader_cannot_see_is_not_there_and_leaves_no_row() -> None:
    hidden = [
        open_theme(is_public=False), make_chapter(is_public=False), make_lab(is_public=False),
        make_event(is_public=False, hub=make_hub()), make_hub(is_listed=False),
        private_discussion(),
    ]  # fmt: skip
    private = Solution.objects.create(title="Draft", owner=make_user(), hub=make_hub())
    client = browser(make_member())

    for record in [*hidden, private]:
        kind = kind_of(record)
        assert kind is not None
        answer = client.post(f"/following/{kind.key}/{record.pk}/", {"attention": "following"})
        assert answer.status_code == 404, kind.key
    for path in ("chapter/999999", f"chapter/{10**30}", "user/1", "case/1", "../x/1"):
        assert client.post(f"/following/{path}/", {"attention": "following"}).status_code == 404
    assert client.get("/following/user/").status_code == 404
    assert not Follow.objects.exists()


def private_discussion() -> Discussion:
    chapter, insider = make_chapter(is_private=True), make_member()
    ChapterMember.objects.create(chapter=chapter, user=insider, role="member")
    return make_discussion(chapter, by=insider)


@pytest.mark.parametrize("forged", ["", "FOLLOWING", "x" * 500, "'; --"])
def test_a_forged_wish_is_refused(forged: str) -> None:
    chapter = make_chapter()
    answer = browser(make_user()).post(f"/following/chapter/{chapter.pk}/", {"attention": forged})
    assert answer.status_code == 400
    assert not Follow.objects.exists()


def test_nobody_follows_themselves() -> None:
    person = make_member()
    path = f"/following/member/{person.member.pk}/"
    assert browser(person).post(path, {"attention": "following"}).status_code == 404


def button(record: Any, user: Any) -> str:
    request = RequestFactory().get("/")
    request.user = user
    return Template("{% load following %}{% follow record %}").render(
        Context({"request": request, "record": record})
    )


def test_the_button_costs_one_query_and_nothing_for_visitors(
    django_assert_num_queries: Any,
) -> None:
    person = make_member()
    records = {kind: make() for kind, make in MAKE.items() if kind in OWN_ROWS}
    for kind, record in records.items():
        reread = KINDS[kind].seen_by(person).get(pk=record.pk)
        with django_assert_num_queries(0):
            assert button(reread, AnonymousUser()).strip() == ""
        with django_assert_num_queries(1):
            assert "aria-pressed" in button(reread, person), kind


# --- The page ----------------------------------------------------------------------------------


def test_the_page_of_whoever_follows_nothing_says_where_the_button_is() -> None:
    assert "You follow nothing yet." in page(make_user())


def test_the_page_lists_everything_followed_by_kind() -> None:
    person = make_member()
    names = []
    for make in MAKE.values():
        record = make()
        follow(person, record)
        kind = kind_of(record)
        assert kind is not None
        names.append(kind.name(kind.seen_by(person).get(pk=record.pk), person))

    text = page(person)

    for kind in KINDS.values():
        assert f'id="{kind.key}"' in text
    for name in names:
        assert name in text


def test_what_is_deleted_withdrawn_or_closed_drops_out_quietly_and_comes_back() -> None:
    person, event, chapter = make_member(), make_event(name="Now hidden"), make_chapter()
    for record in (event, chapter):
        follow(person, record)
    Event.objects.filter(pk=event.pk).update(is_public=False)
    chapter.delete()

    assert "You follow nothing yet." in page(person)
    Event.objects.filter(pk=event.pk).update(is_public=True)
    assert "Now hidden" in page(person)


def test_the_title_of_a_solution_is_the_one_everybody_reads() -> None:
    person, solution = make_user(), make_public(title="The public title")
    follow(person, solution)
    Solution.objects.filter(pk=solution.pk).update(title="The working title")

    text = page(person)

    assert "The public title" in text
    assert "The working title" not in text


# --- What is new -------------------------------------------------------------------------------


def test_news_of_places_are_discussions_posts_and_blog_posts() -> None:
    person = make_member()
    places = {"theme": open_theme(), "chapter": make_chapter(), "lab": make_lab()}
    for place in places.values():
        follow(person, place)
    since_long(person)
    for name, place in places.items():
        make_discussion(place, title=f"Topic in the {name}")
        make_article(title=f"Article on the {name}", published_at=timezone.now(), **{name: place})

    news = news_in(page(person))

    for name in places:
        assert f"Topic in the {name}" in news
        assert f"Article on the {name}" in news


def test_news_of_records_are_versions_changes_and_solutions() -> None:
    person, hub = make_member(), make_hub()
    event = make_event(name="Meeting on pumps")
    for record in (hub, event):
        follow(person, record)
    since_long(person)
    solution = make_public(title="Buckets by rail", hub=hub)
    follow(person, solution)
    since_long(person)
    Event.objects.get(pk=event.pk).save()
    make_article(title="On this hub", published_at=timezone.now()).hubs.add(hub)

    news = news_in(page(person))

    for text in ("Buckets by rail", "New version published", "Meeting on pumps", "On this hub"):
        assert text in news


def test_news_of_members_are_what_they_began_where_the_reader_sees_it() -> None:
    person, author = make_member(), make_member()
    private = make_chapter(is_private=True)
    ChapterMember.objects.create(chapter=private, user=author, role="coordinator")
    follow(person, author.member)
    since_long(person)
    make_discussion(make_chapter(), by=author, title="An open topic")
    make_discussion(private, by=author, title="A closed topic")

    news = news_in(page(person))

    assert "An open topic" in news
    assert "A closed topic" not in news


def test_a_chapter_that_turns_private_tells_its_followers_nothing_more() -> None:
    person, chapter, coordinator = make_member(), make_chapter(), make_member()
    ChapterMember.objects.create(chapter=chapter, user=coordinator, role="coordinator")
    for user in (person, coordinator):
        follow(user, chapter)
        since_long(user)
    make_discussion(chapter, title="Inner topic")
    make_article(title="Inner article", chapter=chapter, published_at=timezone.now())
    chapter.events.add(make_event(name="Inner meeting"))
    inner = ("Inner topic", "Inner article", "Inner meeting")
    assert all(word in page(person) for word in inner)

    make_private(chapter, by=coordinator)

    assert not any(word in page(person) for word in inner)
    assert all(word in page(coordinator) for word in inner)


def test_muted_records_and_muted_discussions_are_silent() -> None:
    person, loud, silent = make_member(), make_chapter(), make_chapter()
    for record in (loud, silent):
        follow(person, record)
    since_long(person)
    make_discussion(silent, title="Nobody hears this")
    quiet = make_discussion(loud, title="Nor this")
    follow(person, silent, "muted")
    follow(person, quiet, "muted")

    news = news_in(page(person))

    assert "Nobody hears this" not in news
    assert "Nor this" not in news


def test_ones_own_posts_and_held_ones_are_no_news() -> None:
    person, chapter = make_member(), make_chapter()
    follow(person, chapter)
    since_long(person)
    make_discussion(chapter, by=person, title="My own topic")
    make_discussion(chapter, by=make_member(trust="new"), title="Not yet read")

    news = news_in(page(person))

    assert "My own topic" not in news
    assert "Not yet read" not in news


def test_followed_discussions_tell_how_many_posts_are_new() -> None:
    person = make_member()
    with time_machine.travel(timezone.now() - dt.timedelta(days=70)):
        discussion = make_discussion(make_chapter(), title="An old topic")
        follow(person, discussion)
    for _n in range(2):
        make_post(discussion)

    news = news_in(page(person))

    assert "An old topic" in news
    assert "2 new posts" in news


def test_only_what_came_after_the_last_look_and_after_following_is_new() -> None:
    person, chapter = make_member(), make_chapter()
    make_discussion(chapter, title="Before following")
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=5)):
        follow(person, chapter)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=10)):
        make_discussion(chapter, title="Before the look")
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=15)):
        text = page(person)
        assert "Before the look" in text
        assert "Before following" not in news_in(text)
        assert "Before the look" in page(person)  # reading alone marks nothing
        browser(person).post("/following/seen/")
        assert "Nothing new in what you follow." in page(person)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=20)):
        make_discussion(chapter, title="After the look")
        assert "After the look" in news_in(page(person))


# --- People and records come and go ------------------------------------------------------------


def test_closing_the_account_ends_following() -> None:
    person, other, chapter = make_user(), make_user(), make_chapter()
    for user in (person, other):
        follow(user, chapter)
        operations.mark_seen(by=user)
    assert everything_about(person)["following"][0]["kind"] == "chapter"

    close_account(by=person, user=person)

    assert list(Follow.objects.values_list("user", flat=True)) == [other.pk]
    assert list(LastLook.objects.values_list("user", flat=True)) == [other.pk]


def test_followers_of_two_hubs_that_become_one_follow_it_once() -> None:
    gone, kept = make_hub(), make_hub()
    both, quiet, only = make_user(), make_user(), make_user()
    for user, hub, attention in (
        (both, gone, "following"), (both, kept, "muted"),
        (quiet, gone, "muted"), (quiet, kept, "muted"), (only, gone, "muted"),
    ):  # fmt: skip
        follow(user, hub, attention)

    hubs_merging.send(type(gone), gone=gone, kept=kept, by=None)

    rows = Follow.objects.order_by("user").values_list("user", "subject_id", "muted")
    assert list(rows) == [
        (both.pk, kept.pk, False), (quiet.pk, kept.pk, True), (only.pk, kept.pk, True),
    ]  # fmt: skip


def test_followers_are_told_in_portions_by_account() -> None:
    chapter, people = make_chapter(), [make_user() for _n in range(7)]
    for person in people:
        follow(person, chapter)
    follow(people[3], chapter, "muted")

    told: list[int] = []
    while True:
        rows = Follow.objects.listening("chapter", chapter.pk, after=told[-1] if told else 0)
        portion = list(rows.values_list("user", flat=True)[:3])
        if not portion:
            break
        told += portion

    assert told == [person.pk for n, person in enumerate(people) if n != 3]


# --- Cost --------------------------------------------------------------------------------------


def follow_all(person: User, n: int) -> None:
    for make in MAKE.values():
        for _each in range(n):
            follow(person, make())
    since_long(person)
    for kind in ("theme", "chapter", "lab"):
        for row in Follow.objects.filter(user=person, kind=kind):
            place = KINDS[kind].model.objects.get(pk=row.subject_id)
            make_discussion(place)


@pytest.mark.parametrize("n", [1, 12])
def test_the_page_costs_the_same_whatever_is_followed(
    n: int, django_assert_num_queries: Any
) -> None:
    person = make_member()
    follow_all(person, n)
    client = browser(person)
    client.get("/following/")

    with django_assert_num_queries(PAGE):
        text = client.get("/following/").content.decode()
    with django_assert_num_queries(OF_KIND):
        client.get("/following/chapter/")
    assert ('/following/chapter/"' in text) == (n == 12)


PAGE = 46
OF_KIND = 6


def test_ten_thousand_follows_cost_what_a_few_cost() -> None:
    person, first = make_member(), make_chapter(name="The last one followed")
    follow(person, first)
    Follow.objects.bulk_create(
        Follow(user=person, kind="chapter", subject_id=10_000_000 + n) for n in range(10_000)
    )
    text = page(person)
    assert "The last one followed" in text
    assert len(text) < 60_000
    assert "The last one followed" in page(person, "/following/chapter/?page=99")
    assert Member.objects.exists()
    assert not Reading.objects.filter(user=person).exists()
    assert not Discussion.objects.exists()
