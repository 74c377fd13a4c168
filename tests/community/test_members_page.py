"""A member's page: what others may see, and what is counted for whom."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template

from accounts.models import Audience, User
from catalogue.models import Contributor
from community.choices import ChapterRole, DiscussionState, PostState
from community.member_page import page_of
from community.models import ChapterMember, Discussion, Insight, Post, TrialReport, UsefulMark
from community.people import initials_of, seen_as, with_people
from core.plaintext import calm
from tests.community.factories import (
    make_article,
    make_chapter,
    make_discussion,
    make_member,
    make_post,
    open_theme,
)
from tests.factories import complete_snapshot, make_solution, make_user, published, reference
from tests.people import browser

pytestmark = pytest.mark.django_db

PAGE = "/community/members/abc/"
STRANGER = AnonymousUser()


@pytest.fixture
def ana() -> User:
    reference()
    return make_member(make_user("Ana Ruiz"), handle="abc")


def posts_on(user: User, viewer: Any) -> int:
    return page_of(user.member, viewer).given.counted


def open_name(user: User) -> None:
    user.profile.name_audience = Audience.PUBLIC
    user.profile.save()


# --- Posts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", PostState.values)
def test_only_shown_posts_are_on_the_page(ana: User, state: str) -> None:
    post = make_post(make_discussion(), by=ana, body="<p>Forty metres</p>")
    Post.objects.filter(pk=post.pk).update(state=state)

    for viewer in (None, make_user(), make_user(is_staff=True), ana):
        page = browser(viewer).get(PAGE).content.decode()
        assert ("Forty metres" in page) == (state == PostState.SHOWN)


@pytest.mark.parametrize(
    ("kind", "seen"),
    [("stranger", 0), ("reader", 0), ("asked", 0), ("fellow", 1), ("moderator", 1)],
)
def test_posts_of_a_private_chapter_are_counted_for_its_members_alone(
    ana: User, kind: str, seen: int
) -> None:
    chapter = make_chapter(is_private=True)
    ChapterMember.objects.create(chapter=chapter, user=ana)
    make_discussion(chapter, by=ana, title="What we whisper")
    viewer: Any = STRANGER if kind == "stranger" else make_member()
    if kind == "moderator":
        viewer = make_user(is_staff=True)
    if kind in {"asked", "fellow"}:
        role = ChapterRole.ASKED if kind == "asked" else ChapterRole.MEMBER
        ChapterMember.objects.create(chapter=chapter, user=viewer, role=role)

    page = browser(None if kind == "stranger" else viewer).get(PAGE).content.decode()

    assert posts_on(ana, viewer) == seen
    assert ("What we whisper" in page) == bool(seen)


def test_hidden_discussions_count_for_nobody(ana: User) -> None:
    discussion = make_discussion(by=ana)
    Insight.objects.create(post=discussion.posts.get(), text="Ask the users")
    Discussion.objects.update(state=DiscussionState.HIDDEN)

    for viewer in (STRANGER, make_user(is_staff=True), ana):
        given = page_of(ana.member, viewer, is_own=viewer == ana).given
        assert (given.counted, given.insights) == (0, [])


def test_contributions_can_be_switched_off_for_all_but_oneself(ana: User) -> None:
    make_discussion(by=ana, title="Who pays for the pump")
    ana.member.shows_recognition = False
    ana.member.save()

    for viewer, sees in ((None, False), (make_user(is_staff=True), False), (ana, True)):
        page = browser(viewer).get(PAGE).content.decode()
        assert ("Who pays for the pump" in page) == sees


# --- What would tell a name ----------------------------------------------------------------------


def test_nothing_that_names_them_hangs_on_a_short_name(ana: User) -> None:
    solution = published(complete_snapshot())
    Contributor.objects.create(solution=solution, user=ana, name="Ana Ruiz", role="author")
    make_article(begun_by=ana, title="Signed", byline="Ana Ruiz")
    make_article(begun_by=ana, title="Unsigned")

    def shown(viewer: Any) -> tuple[int, list[str]]:
        page = page_of(ana.member, viewer)
        return len(page.solutions), sorted(article.title for article in page.given.articles)

    assert shown(STRANGER) == (0, ["Unsigned"])
    assert shown(make_user()) == (1, ["Signed", "Unsigned"])
    open_name(ana)
    assert shown(STRANGER) == (1, ["Signed", "Unsigned"])


def test_drafts_and_reports_not_shown_are_on_no_page(ana: User) -> None:
    make_article(begun_by=ana, title="Half a thought", state="draft")
    draft = make_solution(ana, title="Secret well")
    TrialReport.objects.create(
        solution=published(complete_snapshot()),
        user=ana, organisation="Wells", country="BR", context="x", result="y",
        outcome="worked", tried="2024",
    )  # fmt: skip

    for viewer in (make_user(), make_user(is_staff=True), ana):
        page = page_of(ana.member, viewer, is_own=viewer == ana)
        assert (page.solutions, page.given.articles, page.given.trials) == ([], [], [])
    assert draft.title not in browser(ana).get(PAGE).content.decode()


# --- Whose page ----------------------------------------------------------------------------------


def test_ones_own_page_shows_how_others_see_it(ana: User) -> None:
    ana.profile.position = "Hydrologist"
    ana.profile.expertise = "Pumps"
    ana.profile.audiences = {"position": Audience.NOBODY, "expertise": Audience.PUBLIC}
    ana.profile.save()
    mine, other = browser(ana), browser(make_user())

    def sees(client: Any, query: str = "") -> tuple[bool, ...]:
        page = client.get(PAGE + query).content.decode().partition("<main")[2]
        return tuple(text in page for text in ("Ana Ruiz", "Hydrologist", "Pumps"))

    assert sees(mine) == (True, True, True)
    assert sees(mine, "?as=members") == sees(other) == (True, False, True)
    assert sees(mine, "?as=everybody") == sees(browser()) == (False, False, True)
    assert sees(other, "?as=everybody") == (True, False, True)


def test_an_account_kept_out_shows_nothing_of_its_profile(ana: User) -> None:
    open_name(ana)
    ana.profile.expertise = "Pumps"
    ana.profile.audiences = {"expertise": Audience.PUBLIC}
    ana.profile.save()
    User.objects.filter(pk=ana.pk).update(is_active=False)

    page = browser(make_user()).get(PAGE)

    assert page.status_code == 200
    assert [text in page.content.decode() for text in ("@abc", "Ana Ruiz", "Pumps")] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("handle", ["nobody-here", "\u0430bc", "a" * 5_000, ".."])
def test_who_is_not_there_is_not_found(ana: User, handle: str) -> None:
    assert browser().get(f"/community/members/{handle}/").status_code == 404


@pytest.mark.parametrize("many", [1, 12])
def test_the_page_costs_the_same_for_a_little_and_for_much(
    ana: User, django_assert_num_queries: Any, many: int
) -> None:
    open_name(ana)
    discussion = make_discussion(open_theme())
    for n in range(many):
        post = make_post(discussion, by=ana)
        Insight.objects.create(post=post, text=f"Lesson {n}")
        UsefulMark.objects.create(post=post, user=make_user())
        make_article(begun_by=ana)
        solution = published(complete_snapshot())
        Contributor.objects.create(solution=solution, user=ana, name="Ana", role="author")
        TrialReport.objects.create(
            solution=solution, user=ana, organisation="Wells", country="BR", context="x",
            result="y", outcome="worked", tried="2024", state="shown",
        )  # fmt: skip
    visitor, reader = browser(), browser(make_user())
    for client in (visitor, reader):
        client.get(PAGE)

    # Of more than are shown, one more counts them.
    for client, budget in ((visitor, 7), (reader, 15)):
        with django_assert_num_queries(budget + (many > 8)):
            assert client.get(PAGE).status_code == 200


# --- Beside what they wrote ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("audience", "viewer", "name"),
    [
        (Audience.PUBLIC, "stranger", "Ana Ruiz"),
        (Audience.MEMBERS, "stranger", "@abc"),
        (Audience.MEMBERS, "reader", "Ana Ruiz"),
        (Audience.NOBODY, "reader", "@abc"),
        (Audience.NOBODY, "self", "Ana Ruiz"),
    ],
)
def test_beside_a_post_stands_what_the_reader_may_see(
    ana: User, audience: str, viewer: str, name: str
) -> None:
    ana.profile.name_audience = audience
    ana.profile.organisation = "Wells"
    ana.profile.country = "BR"
    ana.profile.audiences = {"organisation": audience, "country": audience}
    ana.profile.save()
    who: Any = {"stranger": STRANGER, "reader": make_user(), "self": ana}[viewer]

    seen = seen_as(ana, who)

    is_open = name == "Ana Ruiz"
    assert (seen.name, seen.organisation, seen.country) == (
        name,
        "Wells" if is_open else "",
        "Brazil" if is_open else "",
    )
    assert (seen.url, seen.initials) == (PAGE, "AR" if is_open else "A")


def test_authors_of_a_thread_cost_no_query_each(ana: User, django_assert_num_queries: Any) -> None:
    discussion = make_discussion(by=ana)
    for _n in range(3):
        make_post(discussion)
    reader = make_user()
    posts = list(with_people(Post.objects.filter(discussion=discussion)))
    template = Template("{% load community_members %}{% author_line seen post.written_at %}")

    with django_assert_num_queries(0):
        pages = [
            template.render(Context({"seen": seen_as(post.author, reader), "post": post}))
            for post in posts
        ]

    assert '<a href="/community/members/abc/"><bdi>Ana Ruiz</bdi></a>' in pages[0]


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Ana Ruiz", "AR"),
        ("Ana", "A"),
        ("@ana-b", "AB"),
        ("محمد علي", "مع"),
        ("王小明", "王"),
        ("\u0301\u0301", "–"),
        ("", "–"),
    ],
)
def test_initials(name: str, initials: str) -> None:
    assert initials_of(name) == initials


def test_marks_beyond_a_few_are_left_out() -> None:
    assert calm("a" + "\u0301" * 5_000 + "na") == "a" + "\u0301" * 4 + "na"
    assert calm("नमस्ते שָׁלוֹם") == "नमस्ते שָׁלוֹם"
