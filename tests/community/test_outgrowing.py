"""A lesson, a reference or a catalogue draft that began in a discussion."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.template import Context, Template
from django.test import RequestFactory

from accounts.models import User
from accounts.operations import close_account
from catalogue.models import Contributor, Solution
from community.choices import ChapterRole
from community.models import ChapterMember, Discussion, LivingLab, Outgrowth, Post
from community.operations import discussing, outgrowing
from community.operations.outgrowing import LESSON, REFERENCE, SOLUTION
from core.models import AuditEntry
from tests.community.factories import (
    make_chapter,
    make_discussion,
    make_lab,
    make_member,
    make_post,
    open_theme,
)
from tests.factories import make_user, reference
from tests.people import browser

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def known() -> None:
    reference()


@pytest.fixture
def keeper() -> User:
    return make_member(make_user(name="Kim Keeper"))


@pytest.fixture
def lab(keeper: User) -> LivingLab:
    lab = make_lab()
    lab.stewards.add(keeper)
    return lab


@pytest.fixture
def discussion(keeper: User) -> Discussion:
    theme = open_theme()
    theme.stewards.add(keeper)
    return make_discussion(theme)


@pytest.fixture
def post(discussion: Discussion) -> Post:
    author = make_member(make_user(name="Ana Author"), handle="ana-a")
    author.profile.name_audience = "public"
    author.profile.save()
    return make_post(discussion, by=author, body="<p>We dig <strong>deeper</strong>.</p>")


def draft(discussion: Discussion, by: User, *posts: Post, **values: Any) -> Outgrowth:
    told = {"title": "Deeper wells", "form_key": uuid.uuid4()}
    return outgrowing.grow_solution(discussion, by=by, posts=posts, **told | values)


def lesson(discussion: Discussion, by: User, lab: LivingLab, *posts: Post) -> Outgrowth:
    return outgrowing.grow_lesson(
        discussion, by=by, posts=posts, lab=lab, text="Dig deeper.", form_key=uuid.uuid4()
    )


def work(discussion: Discussion, by: User, *posts: Post, **values: Any) -> Outgrowth:
    told = {"values": {"title": "On wells", "authors": "A. Digger"}, "form_key": uuid.uuid4()}
    return outgrowing.grow_reference(discussion, by=by, posts=posts, **told | values)


def shown(tag: str, user: Any = None, **values: Any) -> str:
    request = RequestFactory().get("/")
    request.user = user or AnonymousUser()
    template = Template("{% load community_synthesis %}{% " + tag + " %}")
    return " ".join(template.render(Context({"request": request, **values})).split())


def test_a_draft_takes_up_what_was_said_and_credits_who_said_it(
    discussion: Discussion, keeper: User, post: Post
) -> None:
    shy = make_member(make_user(name="Shy Person"), handle="shy-p")
    shy.profile.name_audience = "nobody"
    shy.profile.save()
    other = make_post(discussion, by=shy, body="<p>We pay less.</p>")

    solution = draft(discussion, keeper, post, other).solution

    assert solution is not None
    solution.refresh_from_db()
    assert (solution.owner, solution.title, solution.publication) == (
        keeper,
        "Deeper wells",
        "private",
    )
    assert "<p>We dig <strong>deeper</strong>.</p>" in solution.approach
    assert "<strong>Ana Author</strong>" in solution.approach
    rows = solution.contributors.order_by("position", "pk").values_list("name", "user")
    assert list(rows) == [("Kim Keeper", keeper.pk), ("Ana Author", None), ("@shy-p", None)]
    assert post.author is not None
    assert not post.author.has_perm("catalogue.edit_solution", solution)
    assert not Solution.objects.visible_to(post.author).filter(pk=solution.pk).exists()
    assert AuditEntry.objects.get(verb="grow_solution").data["posts"] == [post.uid, other.uid]


def test_an_author_may_begin_a_draft_and_nothing_else(
    discussion: Discussion, post: Post, lab: LivingLab
) -> None:
    author, stranger = post.author, make_member()
    assert author is not None

    assert outgrowing.ways_for(discussion, author) == [SOLUTION]
    assert draft(discussion, author, post).solution is not None
    for act in (
        lambda: lesson(discussion, author, lab, post),
        lambda: work(discussion, author, post),
        lambda: draft(discussion, stranger, post),
    ):
        with pytest.raises(PermissionDenied):
            act()
    assert Outgrowth.objects.count() == 1


def test_who_may_make_what(discussion: Discussion, keeper: User, post: Post) -> None:
    banned = make_member()
    discussion.theme.stewards.add(banned)  # type: ignore[union-attr]
    banned.sanctions.create(kind="ban", ground="spam", reason="x")
    everything = [LESSON, REFERENCE, SOLUTION]

    for person, ways in (
        (AnonymousUser(), []),
        (make_user(), []),
        (make_member(), []),
        (banned, []),
        (post.author, [SOLUTION]),
        (keeper, everything),
        (make_user(is_staff=True), everything),
    ):
        assert outgrowing.ways_for(discussion, person) == ways


def test_what_is_said_in_a_private_chapter_stays_there(keeper: User, lab: LivingLab) -> None:
    chapter = make_chapter(is_private=True)
    insider = make_member()
    for user, role in ((keeper, ChapterRole.COORDINATOR), (insider, ChapterRole.MEMBER)):
        ChapterMember.objects.create(chapter=chapter, user=user, role=role)
    discussion = make_discussion(chapter, by=insider)
    theirs, own = discussion.posts.get(), make_post(discussion, by=keeper)

    assert outgrowing.ways_for(discussion, keeper) == [SOLUTION]
    for act in (
        lambda: lesson(discussion, keeper, lab, own),
        lambda: work(discussion, keeper, own),
    ):
        with pytest.raises(PermissionDenied):
            act()
    with pytest.raises(ValidationError):
        draft(discussion, keeper, theirs)
    solution = draft(discussion, keeper, own).solution
    assert shown("grown_from record", record=solution) == ""
    assert shown("grown_from record", insider, record=solution) != ""


def test_only_shown_posts_of_the_discussion_are_chosen(
    discussion: Discussion, keeper: User, post: Post
) -> None:
    hidden = make_post(discussion)
    discussing.move_post(hidden, "hide_post", by=make_user(is_staff=True), reason="x")

    for posts in ([], [hidden], [post, hidden], [make_discussion().posts.get()]):
        with pytest.raises(ValidationError) as refusal:
            draft(discussion, keeper, *posts)
        assert list(refusal.value.message_dict) == ["posts"]
    assert not Solution.objects.exists()


def test_a_lesson_and_a_reference_are_shown_where_they_began(
    discussion: Discussion, keeper: User, post: Post, lab: LivingLab
) -> None:
    made = lesson(discussion, keeper, lab, post)
    cited = work(discussion, keeper, post)

    assert made.lesson is not None
    assert (made.lesson.lab, made.lesson.text) == (lab, "Dig deeper.")
    assert cited.reference is not None
    block = shown("outgrowths_of discussion", discussion=discussion)
    assert "Dig deeper." in block
    assert "On wells" in block
    LivingLab.objects.filter(pk=lab.pk).update(is_public=False)
    assert "Dig deeper." not in shown("outgrowths_of discussion", discussion=discussion)


def test_a_draft_is_shown_to_who_may_see_it(
    discussion: Discussion, keeper: User, post: Post
) -> None:
    draft(discussion, keeper, post)

    assert shown("outgrowths_of discussion", discussion=discussion) == ""
    assert "Deeper wells" in shown("outgrowths_of discussion", keeper, discussion=discussion)


def test_the_same_form_sent_twice_is_one_record(
    discussion: Discussion, keeper: User, post: Post
) -> None:
    key = uuid.uuid4()

    assert draft(discussion, keeper, post, form_key=key) == draft(
        discussion, keeper, post, form_key=key
    )
    assert Solution.objects.count() == 1
    assert Contributor.objects.filter(name="Ana Author").count() == 1


def test_a_work_the_library_has_is_linked_as_it_is(
    discussion: Discussion, keeper: User, post: Post
) -> None:
    values = {"title": "On wells", "url": "https://example.org/wells"}

    one = work(discussion, keeper, post, values=values)
    two = work(discussion, keeper, post, values=values)

    assert one.reference == two.reference


def test_whoever_closes_their_account_is_credited_no_longer(
    discussion: Discussion, keeper: User, post: Post
) -> None:
    solution = draft(discussion, keeper, post).solution
    author = post.author
    assert author is not None
    assert solution is not None

    close_account(by=author, user=author)

    assert list(solution.contributors.order_by("pk").values_list("name", flat=True)) == [
        "Kim Keeper",
        "Former member",
    ]


def test_an_outgrowth_of_nothing_or_of_two_is_refused_by_the_database(
    discussion: Discussion, keeper: User, post: Post, lab: LivingLab
) -> None:
    made = lesson(discussion, keeper, lab, post)
    solution = draft(discussion, keeper, post).solution
    for values in ({"lesson": None}, {"solution": solution}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Outgrowth.objects.filter(pk=made.pk).update(**values)


def test_the_form_makes_a_draft_and_keeps_what_was_typed(
    discussion: Discussion, keeper: User, post: Post
) -> None:
    client, url = browser(keeper), f"/community/discussions/{discussion.uid}/outgrow/solution/"
    page = client.get(f"{url}?post={post.uid}").content.decode()
    assert "We dig deeper." in page

    form = {"form_key": str(uuid.uuid4()), "title": "My title", "language": "en"}
    refused = client.post(url, form)
    text = refused.content.decode()
    assert (refused.status_code, "My title" in text) == (422, True)
    assert "Choose at least one post." in text
    done = client.post(url, form | {"posts": [post.uid]})
    solution = Solution.objects.get()
    assert (done.status_code, done["Location"]) == (302, f"/work/{solution.uid}/")
    outsider = browser(make_member())
    assert outsider.get(url).status_code == 403
    assert client.get(url.replace("solution", "poem")).status_code == 404


def test_the_forms_make_a_lesson_and_a_reference(
    discussion: Discussion, keeper: User, post: Post, lab: LivingLab
) -> None:
    client, url = browser(keeper), f"/community/discussions/{discussion.uid}/outgrow"
    chosen = {"form_key": str(uuid.uuid4()), "posts": [post.uid]}

    one = client.post(f"{url}/lesson/", chosen | {"lab": str(lab.pk), "text": "Dig deeper."})
    two = client.post(
        f"{url}/reference/",
        chosen | {"form_key": str(uuid.uuid4()), "title": "On wells", "date": "2013"},
    )

    assert (one.status_code, two.status_code) == (302, 302)
    assert {bool(row.lesson_id) for row in Outgrowth.objects.all()} == {True, False}
