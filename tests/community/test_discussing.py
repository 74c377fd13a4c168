"""Beginning, answering, changing, marking, merging and splitting discussions."""

from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from community.choices import Attention, ChapterRole, DiscussionState, PostState, Trust
from community.mentions import MOST, named_in
from community.models import ChapterMember, Discussion, Draft, Mention, Post, Reading
from community.operations import discussing
from community.signals import post_shown
from core.errors import DomainError
from tests.community.factories import (
    make_article,
    make_chapter,
    make_discussion,
    make_lab,
    make_member,
    make_post,
    make_theme,
    open_theme,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def state_of(discussion: Discussion) -> tuple[int, int, list[int]]:
    discussion.refresh_from_db()
    numbers = list(discussion.posts.order_by("number").values_list("number", flat=True))
    return discussion.shown_posts, discussion.last_number, numbers


def test_posts_are_numbered_counted_and_their_authors_follow() -> None:
    discussion = make_discussion()
    author = make_member()

    post = make_post(discussion, by=author)

    assert (post.number, post.state) == (2, PostState.SHOWN)
    assert state_of(discussion) == (2, 2, [1, 2])
    assert discussion.last_post_by == author
    reading = Reading.objects.get(user=author)
    assert (reading.read_to, reading.attention) == (2, Attention.FOLLOWING)


def test_the_same_form_sent_twice_is_one_post_and_one_discussion() -> None:
    author, key, theme = make_member(), uuid.uuid4(), open_theme()

    one = make_discussion(theme, by=author, form_key=key)
    two = make_discussion(theme, by=author, form_key=key)
    reply = uuid.uuid4()

    assert one == two
    assert make_post(one, by=author, form_key=reply) == make_post(one, by=author, form_key=reply)
    assert Post.objects.count() == 2


def test_a_new_members_post_waits_and_is_counted_when_it_is_released() -> None:
    discussion, keeper = make_discussion(), make_user(is_staff=True)
    told: list[Post] = []
    post_shown.connect(lambda post, **_: told.append(post), weak=False, dispatch_uid="t")
    try:
        post = make_post(discussion, by=make_member(trust=Trust.NEW))
        assert (post.state, state_of(discussion)[0], told) == (PostState.HELD, 1, [])
        discussing.move_post(post, "release_post", by=keeper)
    finally:
        post_shown.disconnect(dispatch_uid="t")

    assert (post.state, state_of(discussion)[0], told) == (PostState.SHOWN, 2, [post])


def test_nobody_moderates_their_own_post() -> None:
    keeper = make_member(make_user(is_staff=True))
    post = make_post(make_discussion(), by=keeper)

    with pytest.raises(PermissionDenied):
        discussing.move_post(post, "hide_post", by=keeper, reason="mine")


def test_a_reply_to_a_withdrawn_post_is_kept_without_its_reference() -> None:
    discussion, author = make_discussion(), make_member()
    answered = make_post(discussion, by=author)
    discussing.move_post(answered, "withdraw_post", by=author)

    reply = make_post(discussion, reply_to=answered, quote="gone words")

    assert (reply.reply_to, reply.quote, reply.state) == (None, "", PostState.SHOWN)


def test_a_changed_post_keeps_what_it_said_and_a_stale_form_changes_nothing() -> None:
    author = make_member()
    post = make_post(make_discussion(), by=author, body="<p>First words</p>")

    discussing.change_post(post, by=author, body="<p>Second words</p>", base=0, reason="a typo")
    with pytest.raises(DomainError) as refusal:
        discussing.change_post(post, by=author, body="<p>Third words</p>", base=0)

    assert refusal.value.code == "stale"
    post.refresh_from_db()
    assert (post.body, post.revision) == ("<p>Second words</p>", 1)
    assert list(post.revisions.values_list("number", "body", "reason")) == [
        (0, "<p>First words</p>", "a typo")
    ]


def test_only_the_author_changes_a_post() -> None:
    post = make_post(make_discussion())

    with pytest.raises(PermissionDenied):
        discussing.change_post(post, by=make_member(), body="<p>Mine</p>", base=0)


def test_useful_marks_are_counted_once_each_and_never_ones_own() -> None:
    author, reader = make_member(), make_member()
    post = make_post(make_discussion(), by=author)

    assert discussing.mark_useful(post, by=reader, useful=True) == 1
    assert discussing.mark_useful(post, by=reader, useful=True) == 1
    assert discussing.mark_useful(post, by=reader, useful=False) == 0
    with pytest.raises(DomainError):
        discussing.mark_useful(post, by=author, useful=True)


@pytest.mark.parametrize("body", ["", "<p></p>", "<script>x</script>", "<p>" + "a" * 10_001])
def test_no_text_and_too_much_text_are_refused_at_the_field(body: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        make_post(make_discussion(), body=body)
    assert list(refusal.value.message_dict) == ["body"]


def test_what_a_closed_theme_is_about_can_be_read_not_written() -> None:
    author = make_member()
    closed = make_theme(month="2013-04")

    with pytest.raises(DomainError):
        make_discussion(closed, by=author)


def test_a_discussion_in_no_place_or_in_two_is_refused_by_the_database() -> None:
    for places in ({}, {"theme": make_theme(), "chapter": make_chapter()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Discussion.objects.create(title="Nowhere", **places)


def test_a_post_released_late_goes_to_the_end_where_nobody_has_read_past_it() -> None:
    discussion, keeper = make_discussion(), make_user(is_staff=True)
    held = make_post(discussion, by=make_member(trust=Trust.NEW))
    make_post(discussion)

    discussing.move_post(held, "release_post", by=keeper)

    assert (held.number, state_of(discussion)) == (4, (3, 4, [1, 3, 4]))


def test_what_is_shown_again_is_told_only_the_first_time() -> None:
    discussion, keeper, told = make_discussion(), make_user(is_staff=True), []
    refused = make_post(discussion, by=make_member(trust=Trust.NEW))
    known = make_post(discussion)
    post_shown.connect(lambda post, **_: told.append(post), weak=False, dispatch_uid="t")
    try:
        discussing.move_post(known, "hide_post", by=keeper, reason="by mistake")
        discussing.move_post(known, "restore_post", by=keeper)
        discussing.move_post(refused, "refuse_post", by=keeper, reason="by mistake")
        discussing.move_post(refused, "restore_post", by=keeper)
    finally:
        post_shown.disconnect(dispatch_uid="t")

    assert told == [refused]


def test_a_post_moved_meanwhile_is_counted_where_it_stands_now() -> None:
    discussion, keeper = make_discussion(), make_user(is_staff=True)
    posts = [make_post(discussion) for _n in range(2)]
    old = Post.objects.select_related("discussion").get(pk=posts[1].pk)
    new = discussing.split_discussion(
        discussion, posts, by=keeper, title="Another question", reason="another question"
    )

    discussing.move_post(old, "hide_post", by=keeper, reason="spam")

    assert (state_of(discussion)[0], state_of(new)[0]) == (1, 1)


def test_the_comments_on_a_blog_post_stay_one_discussion() -> None:
    keeper, article = make_user(is_staff=True), make_article()
    comments, other = make_discussion(article), make_discussion()
    second = make_post(comments)

    with pytest.raises(DomainError) as split:
        discussing.split_discussion(comments, [second], by=keeper, title="x", reason="x")
    with pytest.raises(DomainError) as moved:
        discussing.move_discussion(other, article, by=keeper, reason="x")

    assert (split.value.code, moved.value.code) == ("article", "article")


@pytest.mark.parametrize(
    ("quote", "kept"),
    [
        ("They  set the\ndate", "They set the date"),
        ("They … they report.", "They … they report."),
        ("They ... report", "They ... report"),
        ("…", "…"),
        ("they report … They set", None),
        ("Nobody came", None),
    ],
)
def test_a_quotation_says_what_the_post_says(quote: str, kept: str | None) -> None:
    discussion = make_discussion()
    post = make_post(discussion, body="<p>They <b>set</b> the date, and they report.</p>")

    if kept is None:
        with pytest.raises(ValidationError) as refusal:
            make_post(discussion, reply_to=post, quote=quote)
        assert list(refusal.value.message_dict) == ["quote"]
    else:
        assert make_post(discussion, reply_to=post, quote=quote).quote == kept


@pytest.mark.parametrize("private", [False, True])
def test_a_post_costs_the_same_whoever_is_mentioned_and_however_many_follow(private: bool) -> None:
    chapter, by = make_chapter(is_private=private), make_member(trust=Trust.TRUSTED)
    ChapterMember.objects.create(chapter=chapter, user=by, role=ChapterRole.MEMBER)
    discussion = make_discussion(chapter, by=by)
    people = [make_member(handle=f"named-{n:02}") for n in range(12)]
    costs, everybody = [], " ".join(f"@named-{n:02}" for n in range(12))
    # Long enough, both, to be looked for among what was said before.
    for body in (f"<p>@named-00 {'bucket ' * 20}</p>", f"<p>{everybody} {'water ' * 20}</p>"):
        with CaptureQueriesContext(connection) as asked:
            make_post(discussion, by=by, body=body)
        costs.append(len(asked))
        Reading.objects.bulk_create(
            [Reading(user=user, discussion=discussion, attention="following") for user in people],
            ignore_conflicts=True,
        )

    assert costs[0] == costs[1]


def test_short_names_are_found_once_each_and_never_in_addresses() -> None:
    text = "<p>@ana-b, @Ana-B and <strong>@c3d</strong>: write to x@ana-b.example or @x</p>"
    many = "<p>" + " ".join(f"@name{n}" for n in range(10_000)) + "</p>"

    assert named_in(text) == ["ana-b", "c3d"]
    assert len(named_in(many)) == MOST


def test_whoever_cannot_read_a_discussion_is_not_mentioned_in_it() -> None:
    chapter = make_chapter(is_private=True)
    insider, outsider = make_member(handle="in-side"), make_member(handle="out-side")
    for user in (author := make_member(), insider):
        ChapterMember.objects.create(chapter=chapter, user=user, role=ChapterRole.MEMBER)

    make_discussion(chapter, by=author, body="<p>@in-side and @out-side</p>")

    assert list(Mention.objects.values_list("user", flat=True)) == [insider.pk]
    assert outsider.pk not in Mention.objects.values_list("user", flat=True)


def test_insights_are_picked_by_whoever_keeps_the_place() -> None:
    facilitator, theme = make_member(), open_theme()
    theme.stewards.add(facilitator)
    post = make_post(make_discussion(theme))

    insight = discussing.pick_insight(post, by=facilitator, text="Users pay by the bucket.")

    assert (insight.post, insight.picked_by) == (post, facilitator)
    with pytest.raises(PermissionDenied):
        discussing.pick_insight(post, by=make_member(), text="Not mine to pick.")
    discussing.drop_insight(post, by=facilitator)
    assert not type(insight).objects.exists()


def test_merging_appends_the_posts_and_leads_replies_and_followers_over() -> None:
    theme, keeper = open_theme(), make_user(is_staff=True)
    one, two = make_discussion(theme), make_discussion(theme)
    follower = make_member()
    make_post(one), make_post(two, by=follower)

    discussing.merge_discussions(two, one, by=keeper, reason="the same question")
    late = make_post(two)

    assert state_of(one) == (5, 5, [1, 2, 3, 4, 5])
    assert late.discussion == one
    two.refresh_from_db()
    assert (two.state, two.merged_into, two.shown_posts) == (DiscussionState.MERGED, one, 0)
    assert Reading.objects.get(user=follower).discussion == one


def test_a_keeper_of_one_place_does_not_move_things_into_another() -> None:
    keeper, mine, other = make_member(), make_lab(), make_lab()
    mine.stewards.add(keeper)
    discussion = make_discussion(mine)

    with pytest.raises(PermissionDenied):
        discussing.move_discussion(discussion, other, by=keeper, reason="there")
    other.stewards.add(keeper)
    vars(keeper).pop("_keeps_lab", None)
    discussing.move_discussion(discussion, other, by=keeper, reason="there")
    discussion.refresh_from_db()
    assert discussion.place == other


def test_splitting_moves_posts_into_a_discussion_of_their_own() -> None:
    keeper, discussion = make_user(is_staff=True), make_discussion()
    posts = [make_post(discussion) for _n in range(3)]

    new = discussing.split_discussion(
        discussion, posts[1:], by=keeper, title="Another question", reason="another question"
    )

    assert state_of(discussion) == (2, 4, [1, 2])
    assert state_of(new) == (2, 2, [1, 2])
    assert new.place == discussion.place
    with pytest.raises(DomainError):
        discussing.split_discussion(new, list(new.posts.all()), by=keeper, title="x", reason="x")


def test_drafts_survive_until_they_are_sent_and_never_pile_up() -> None:
    author, discussion = make_member(), make_discussion()
    key = f"reply:{discussion.uid}"

    discussing.keep_draft(by=author, key=key, body="half a thou")
    assert Draft.objects.get(user=author).body == "half a thou"
    make_post(discussion, by=author)
    assert not Draft.objects.filter(user=author).exists()
    for n in range(Draft.MOST + 3):
        discussing.keep_draft(by=author, key=f"new:theme:{n}", body="x")
    assert Draft.objects.filter(user=author).count() == Draft.MOST


def test_reading_never_goes_back() -> None:
    reader, discussion = make_member(), make_discussion()
    make_post(discussion), make_post(discussion)
    discussion.refresh_from_db()

    for number, kept in ((2, 2), (1, 2), (999, 3)):
        discussing.read_up_to(discussion, by=reader, number=number)
        assert Reading.objects.get(user=reader).read_to == kept
