"""Pages of moderation: who finds what on them, what they cost, and that nothing typed is lost."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core import mail
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import reverse

from accounts.models import User
from community.choices import DiscussionState, PostState, Trust
from community.models import Appeal, Decision, Discussion, Flag, Post, Sanction
from community.operations import moderating
from core import waiting
from tests.community.factories import (
    make_article,
    make_chapter,
    make_discussion,
    make_lab,
    make_member,
    make_post,
    open_theme,
)
from tests.desk import desk_client
from tests.factories import make_user
from tests.people import browser

pytestmark = pytest.mark.django_db
EVIL = '<script>alert(1)</script> "onload="x" {{ 7|add:7 }} \u202egnp'
WHY = {"ground": "spam", "reason": "It sells pumps."}


@pytest.fixture
def moderator() -> User:
    return make_member(make_user("Mona Moderator", is_staff=True))


@pytest.fixture
def discussion() -> Discussion:
    return make_discussion()


def held_post(discussion: Discussion) -> Post:
    return make_post(discussion, by=make_member(trust=Trust.NEW))


def ticks(posts: list[Post]) -> list[str]:
    last = {row.post_id: row.pk for row in Decision.objects.order_by("pk")}
    return [f"post:{post.uid}:{moderating.mark_of(post, last.get(post.pk))}" for post in posts]


# --- Who finds what ----------------------------------------------------------------------------


def test_every_page_is_for_those_it_is_for(moderator: User, discussion: Discussion) -> None:
    post, held = make_post(discussion), held_post(discussion)
    decision = moderating.decide(post, "hide", by=make_user(is_staff=True), **WHY)
    appeal = moderating.make_appeal(decision, by=post.author, text="x")  # type: ignore[arg-type]
    keeper = make_member()
    discussion.theme.stewards.add(keeper)  # type: ignore[union-attr]
    member, author = make_member(), post.author
    first = discussion.posts.earliest("number")
    # For: nobody signed in, a member, the author, a keeper, a moderator.
    pages = {
        reverse("community:moderation"): (302, 403, 403, 200, 200),
        reverse("community:decide", args=["post", post.uid]): (302, 404, 404, 200, 200),
        reverse("community:decide", args=["post", held.uid]): (302, 404, 404, 200, 200),
        reverse("community:decide", args=["post", first.uid]): (302, 403, 403, 200, 200),
        reverse("community:decide", args=["poem", first.uid]): (302, 404, 404, 404, 404),
        reverse("community:appeals"): (302, 403, 403, 403, 200),
        reverse("community:appeal-settle", args=[appeal.uid]): (302, 404, 404, 404, 200),
        reverse("community:sanction", args=[author.member.handle]): (302, 403, 403, 403, 200),
        reverse("community:moderation-log"): (200, 200, 200, 200, 200),
        reverse("community:moderation-log-file"): (200, 200, 200, 200, 200),
        reverse("community:my-decisions"): (302, 200, 200, 200, 200),
        reverse("community:appeal", args=[decision.uid]): (302, 404, 302, 404, 404),
        reverse("community:flag", args=["post", first.uid]): (302, 200, 200, 200, 200),
        reverse("community:flag", args=["post", held.uid]): (302, 404, 404, 404, 404),
        **{
            reverse(f"community:discussion-{verb}", args=[discussion.uid]): (
                302,
                403,
                403,
                200,
                200,
            )
            for verb in ("lock", "hide", "move", "merge", "split")
        },
    }
    for place, user in enumerate((None, member, author, keeper, moderator)):
        client = browser(user)
        found = {url: client.get(url).status_code for url in pages}
        assert found == {url: codes[place] for url, codes in pages.items()}, user


def test_a_reader_who_is_no_member_joins_first_and_comes_back(discussion: Discussion) -> None:
    url = reverse("community:flag", args=["post", discussion.posts.get().uid])
    answer = browser(make_user()).get(url)

    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{reverse('community:join')}?next=%2Fcommunity%2Fflag")


# --- The queue ---------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 12])
def test_the_queue_costs_the_same_however_much_waits(
    n: int, moderator: User, discussion: Discussion, django_assert_num_queries: Any
) -> None:
    moderating.raise_flag(make_article(), by=make_member(), ground="law")
    for _n in range(n):
        held_post(discussion)
        post = make_post(make_discussion(make_lab()))
        for _m in range(2):
            moderating.raise_flag(post, by=make_member(), ground="spam")
        moderating.decide(post, "keep", by=moderator)
        moderating.raise_flag(post, by=make_member(), ground="law")
    client = browser(moderator)
    client.get(reverse("community:moderation"))

    with django_assert_num_queries(11):
        page = client.get(reverse("community:moderation"))
    assert page.content.decode().count('name="item"') == min(2 * n + 1, 20)


def test_several_posts_are_decided_together_and_refusals_are_named(
    moderator: User, discussion: Discussion
) -> None:
    one, two, gone = (held_post(discussion) for _n in range(3))
    data = {"item": ticks([one, two, gone]), "act": "show"}
    moderating.decide(gone, "refuse", by=make_user(is_staff=True), **WHY)
    client = browser(moderator)

    answer = client.post(reverse("community:moderation"), data, follow=True)

    text = answer.content.decode()
    assert "2 decisions are made." in text
    assert "Somebody decided about this" in text
    states = {post.pk: post.state for post in Post.objects.all()}
    assert [states[post.pk] for post in (one, two, gone)] == ["shown", "shown", "hidden"]


def test_a_missing_reason_is_said_at_its_field_and_nothing_ticked_or_typed_is_lost(
    moderator: User, discussion: Discussion
) -> None:
    post = held_post(discussion)
    data = {"item": ticks([post]), "act": "hide", "reason": "", "ground": "law"}
    answer = browser(moderator).post(reverse("community:moderation"), data)

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Say why; the author reads it." in text
    assert f'value="{ticks([post])[0]}" checked' in text
    assert '<option value="law" selected>' in text
    post.refresh_from_db()
    assert post.state == PostState.HELD


def test_ticks_for_what_somebody_may_not_decide_change_nothing(discussion: Discussion) -> None:
    keeper = make_member()
    open_theme().stewards.add(keeper)
    post = held_post(discussion)

    browser(keeper).post(
        reverse("community:moderation"),
        {"item": [*ticks([post]), "post:nothing:x", "poem:x:y", "::"], "act": "show"},
    )

    post.refresh_from_db()
    assert post.state == PostState.HELD


def test_one_thing_is_decided_on_its_page_and_what_somebody_wrote_is_only_text(
    moderator: User, discussion: Discussion
) -> None:
    post = make_post(discussion)
    moderating.raise_flag(post, by=make_member(), ground="spam", note=EVIL)
    client, url = browser(moderator), reverse("community:decide", args=["post", post.uid])
    page = client.get(url).content.decode()
    assert "<script>alert" not in page
    assert "{{ 7|add:7 }}" in page

    stale = client.post(url, {"act": "hide", "mark": "shown.7.0", **WHY}, follow=True)
    assert "while you read" in stale.content.decode()
    lacks = client.post(
        url, {"act": "hide", "mark": ticks([post])[0].split(":")[2], "reason": EVIL}
    )
    assert lacks.status_code == 422
    assert "&lt;script&gt;alert" in lacks.content.decode()
    done = client.post(url, {"act": "hide", "mark": ticks([post])[0].split(":")[2], **WHY})
    assert done.status_code == 302
    post.refresh_from_db()
    assert post.state == PostState.HIDDEN


# --- Readers and those concerned ---------------------------------------------------------------


def test_a_reader_flags_and_a_missing_rule_keeps_the_sentence(discussion: Discussion) -> None:
    post = make_post(discussion)
    client, url = browser(make_member()), reverse("community:flag", args=["post", post.uid])

    lacks = client.post(url, {"note": "It sells pumps"})
    assert lacks.status_code == 422
    assert "It sells pumps" in lacks.content.decode()
    assert client.post(url, {"note": "It sells pumps", "ground": "spam"}).status_code == 302
    again = client.post(url, {"note": "Again", "ground": "spam"})
    assert again.status_code == 422
    assert "You flagged this already." in again.content.decode()
    assert Flag.objects.get().note == "It sells pumps"


def test_a_warning_stands_on_every_page_of_the_community_until_it_is_read(
    moderator: User,
) -> None:
    user = make_member()
    measure = moderating.sanction(user, "warning", by=moderator, **WHY)
    client, log = browser(user), reverse("community:moderation-log")

    assert "The moderators warned you." in client.get(log).content.decode()
    assert "The moderators warned you." not in client.get(reverse("home")).content.decode()
    mine = client.get(reverse("community:my-decisions")).content.decode()
    assert "It sells pumps." in mine
    assert "The moderators warned you." in client.get(log).content.decode(), "GET changes nothing"
    stranger = browser(make_member())
    seen = reverse("community:measure-seen", args=[measure.uid])
    assert stranger.post(seen).status_code == 404
    client.post(seen)
    assert "The moderators warned you." not in client.get(log).content.decode()


def test_a_banned_member_reads_why_and_appeals(moderator: User) -> None:
    user = make_member()
    moderating.sanction(user, "ban", by=moderator, **WHY)
    decision = Decision.objects.get()
    client, url = browser(user), reverse("community:appeal", args=[decision.uid])

    assert client.get(url).status_code == 200
    assert client.post(url, {"text": ""}).status_code == 422
    assert client.post(url, {"text": "That was not me."}).status_code == 302
    assert client.get(url).status_code == 302, "once"
    mine = client.get(reverse("community:my-decisions")).content.decode()
    assert "Your appeal waits for another moderator" in mine
    other = make_member(make_user(is_staff=True))
    settle = reverse("community:appeal-settle", args=[Appeal.objects.get().uid])
    assert browser(moderator).get(settle).status_code == 403
    answer = browser(other).post(settle, {"grant": "yes", "answer": "It was not."})
    assert answer.status_code == 302
    assert Sanction.objects.get().lifted_at
    assert mail.outbox == [], "letters are owed, not sent within a request"


@pytest.mark.parametrize("n", [1, 12])
def test_ones_own_page_costs_the_same_however_much_was_decided(
    n: int, moderator: User, discussion: Discussion, django_assert_num_queries: Any
) -> None:
    author = make_member()
    for _n in range(n):
        post = make_post(discussion, by=author)
        moderating.decide(post, "hide", by=moderator, **WHY)
        moderating.raise_flag(make_post(discussion), by=author, ground="law")
    client = browser(author)
    client.get(reverse("community:my-decisions"))

    with django_assert_num_queries(15):
        client.get(reverse("community:my-decisions"))


def test_a_moderator_warns_and_lifts_on_the_members_page(moderator: User) -> None:
    user = make_member()
    client, url = browser(moderator), reverse("community:sanction", args=[user.member.handle])

    lacks = client.post(url, {"kind": "suspension", "ground": "spam", "reason": "It sells"})
    assert lacks.status_code == 422
    assert "Choose a day within the next twelve months." in lacks.content.decode()
    assert client.post(url, {"kind": "ban", "ground": "spam", "reason": "Sells"}).status_code == 302
    client.post(reverse("community:lift", args=[Sanction.objects.get().uid]), {"reason": "Wrong"})
    assert Sanction.objects.get().lifted_at
    own = reverse("community:sanction", args=[moderator.member.handle])
    assert client.post(own, {"kind": "ban", "ground": "spam", "reason": "x"}).status_code == 403


# --- Discussions -------------------------------------------------------------------------------


def test_a_keeper_locks_moves_merges_and_splits_by_forms(discussion: Discussion) -> None:
    keeper, lab, theme = make_member(), make_lab(), discussion.theme
    assert theme
    theme.stewards.add(keeper), lab.stewards.add(keeper)
    other = make_discussion(theme)
    posts = [make_post(discussion) for _n in range(3)]
    client = browser(keeper)

    def send(verb: str, **data: Any) -> Any:
        url = reverse(f"community:discussion-{verb}", args=[discussion.uid])
        return client.post(url, {"reason": "Said why", **data})

    assert send("lock", reason="").status_code == 422
    assert send("lock").status_code == 302
    discussion.refresh_from_db()
    assert discussion.state == DiscussionState.LOCKED
    send("lock")
    answer = send("split", post=[posts[0].uid], numbers="3-3", title="Another question")
    new = Discussion.objects.get(title="Another question")
    assert (answer.status_code, new.posts.count()) == (302, 2)
    assert send("split", post=[posts[2].uid], numbers="x", title="y").status_code == 422
    public, private = make_chapter(), make_chapter(is_private=True)
    page = client.get(reverse("community:discussion-move", args=[discussion.uid])).content.decode()
    assert f"lab:{lab.pk}" in page
    for chapter in (public, private):
        assert f"chapter:{chapter.pk}" not in page
        assert send("move", place=f"chapter:{chapter.pk}").status_code == 422
    assert send("move", place=f"lab:{lab.pk}").status_code == 302
    assert send("merge", target="nothing").status_code == 422
    foreign = make_discussion(open_theme())
    assert send("merge", target=foreign.uid).status_code == 422
    where = f"https://portal.example{reverse('community:discussion', args=[other.uid])}?page=2#p1"
    answer = send("merge", target=where)
    assert answer["Location"] == other.get_absolute_url()
    discussion.refresh_from_db()
    assert (discussion.state, discussion.merged_into) == (DiscussionState.MERGED, other)


# --- The public log ----------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 12])
def test_the_log_costs_the_same_and_can_be_taken_away_as_a_table(
    n: int, moderator: User, discussion: Discussion, django_assert_num_queries: Any
) -> None:
    for _n in range(n):
        moderating.decide(make_post(discussion), "hide", by=moderator, **WHY)
    client, url = browser(), reverse("community:moderation-log")
    client.get(url)

    with django_assert_num_queries(4):
        page = client.get(url, {"what": "hide", "ground": "spam"}).content.decode()
    assert page.count('<li><p class="strong">Hidden') == n
    assert "It sells pumps." not in page
    file = client.get(reverse("community:moderation-log-file"), {"ground": "spam"})
    rows = list(csv.reader(io.StringIO(b"".join(file).decode("utf-8-sig"))))
    assert len(rows) == n + 1
    assert client.get(url, {"what": "nonsense", "page": "999"}).status_code == 200


# --- Links, waiting, desk ----------------------------------------------------------------------


def printed(tag: str, user: Any, **values: Any) -> str:
    request = RequestFactory().get("/community/")
    request.user = user
    context = Context({"request": request, "user": user, **values})
    return Template("{% load community_moderation %}" + tag).render(context)


def test_links_are_printed_for_those_who_may_at_no_query_for_each_post(
    moderator: User, discussion: Discussion, django_assert_num_queries: Any
) -> None:
    posts = [make_post(discussion) for _n in range(12)]
    keeper, reader = make_member(), make_member()
    discussion.theme.stewards.add(keeper)  # type: ignore[union-attr]
    tag = "{% for post in posts %}{% flag_link post %}{% moderate_post post %}{% endfor %}"
    for post in posts:
        post.discussion = discussion
    fresh = [User.objects.get(pk=user.pk) for user in (reader, keeper, moderator)]

    with django_assert_num_queries(2):
        text = printed(tag, fresh[0], posts=posts)
    assert (text.count("/flag/post/"), text.count("/decide/")) == (12, 0)
    with django_assert_num_queries(3):
        assert printed(tag, fresh[1], posts=posts).count("/decide/") == 12
    with django_assert_num_queries(0):
        assert printed(tag, fresh[2], posts=posts).count("/decide/") == 12
    own = printed("{% flag_link post %}{% moderate_post post %}", posts[0].author, post=posts[0])
    assert own.strip() == ""
    tools = "{% moderate_discussion discussion %}"
    assert printed(tools, reader, discussion=discussion).strip() == ""
    assert printed(tools, moderator, discussion=discussion).count("<a ") == 5


def test_members_see_their_own_standing_and_nobody_elses(discussion: Discussion) -> None:
    user = make_member(trust=Trust.NEW)
    tag = "{% own_standing member %}"

    assert "3 more posts that are shown." in printed(tag, user, member=user.member)
    assert printed(tag, make_member(), member=user.member).strip() == ""


def test_what_waits_is_one_item_for_the_queue_and_one_for_appeals(
    moderator: User, discussion: Discussion
) -> None:
    held_post(discussion), held_post(discussion)
    other = make_member(make_user(is_staff=True))
    post = make_post(discussion)
    decision = moderating.decide(post, "hide", by=other, **WHY)
    moderating.make_appeal(decision, by=post.author, text="x")  # type: ignore[arg-type]

    def titles(user: User) -> list[str]:
        mine = {"Moderate the community", "Answer appeals"}
        return [str(item.title) for item in waiting.items_for(user) if str(item.title) in mine]

    assert titles(moderator) == ["Moderate the community", "Answer appeals"]
    assert titles(other) == ["Moderate the community"]
    assert titles(make_member()) == []


def test_the_desk_shows_what_waits_and_moves_it_with_reasons(discussion: Discussion) -> None:
    root = make_user(is_staff=True)
    held, other, shown = held_post(discussion), held_post(discussion), make_post(discussion)
    moderating.raise_flag(shown, by=make_member(), ground="spam", note="Advert")
    client = desk_client(root)
    names = ("post", "flag", "decision", "sanction", "appeal")
    for name in names:
        assert client.get(reverse(f"admin:community_{name}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:community_{name}_add")).status_code == 403
    url = reverse("admin:community_post_changelist")
    page = client.get(url).content.decode()
    assert "first post of a new member" in page
    client.post(url, {"action": "release_selected", "_selected_action": [held.pk, shown.pk]})
    data = {"action": "refuse_selected", "_selected_action": [other.pk]}
    asked = client.post(url, data).content.decode()
    assert "Rule" in asked
    client.post(url, {**data, "asked": "1", **WHY})
    flags = reverse("admin:community_flag_changelist")
    flag = Flag.objects.get()
    client.post(flags, {"action": "keep_selected", "_selected_action": [flag.pk]})
    states = dict(Post.objects.values_list("pk", "state"))
    assert (states[held.pk], states[other.pk], states[shown.pk]) == ("shown", "hidden", "shown")
    flag.refresh_from_db()
    assert flag.state == Flag.State.DISMISSED
    change = client.get(reverse("admin:community_post_change", args=[held.pk]))
    assert change.status_code == 200
    assert 'name="body"' not in change.content.decode()
