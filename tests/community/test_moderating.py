"""Flags, decisions, measures and appeals: who may, what follows, and what never happens."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from accounts.models import User
from community import publiclog
from community.choices import ChapterRole, DiscussionState, Ground, PostState, Trust
from community.conduct import RULES
from community.models import (
    Appeal,
    Chapter,
    ChapterMember,
    Decision,
    Flag,
    Post,
    Sanction,
)
from community.models.members import forget_member, sanctions_of, unread_sanctions_of
from community.operations import discussing, moderating
from community.queue import appeals_for, lines_of, scope, summary_for, waiting_for
from core.errors import DomainError
from core.models import AuditEntry
from tests.community.factories import (
    make_article,
    make_chapter,
    make_discussion,
    make_lab,
    make_member,
    make_post,
    open_theme,
)
from tests.community.labs import shown as shown_report
from tests.factories import make_user
from tests.letters import letters, letters_of, text_of, the_letter

pytestmark = pytest.mark.django_db
What = Decision.What
SAYS_WHY = {"ground": "spam", "reason": "It sells pumps."}


@pytest.fixture
def moderator() -> User:
    return make_member(make_user(is_staff=True))


@pytest.fixture
def other_moderator() -> User:
    return make_member(make_user(is_staff=True))


def code_of(call: Callable[[], Any]) -> str:
    """What became of it: "done", "forbidden" or the code of the refusal."""
    try:
        call()
    except PermissionDenied:
        return "forbidden"
    except DomainError as refusal:
        return refusal.code
    return "done"


def flag(thing: Any, by: User | None = None, **told: Any) -> Flag:
    return moderating.raise_flag(thing, by=by or make_member(), **({"ground": "spam"} | told))


def banned(user: User, moderator: User, kind: str = "ban") -> User:
    until = timezone.now() + dt.timedelta(days=3) if kind == "suspension" else None
    moderating.sanction(user, kind, by=moderator, until=until, **SAYS_WHY)
    return user


# --- Who may -----------------------------------------------------------------------------------


@pytest.fixture
def people(moderator: User) -> dict[str, User]:
    """Everybody around one post in a theme: by what they are to it."""
    theme = open_theme()
    keeper, other_keeper, silent_keeper = make_member(), make_member(), make_member()
    theme.stewards.add(keeper, silent_keeper)
    open_theme().stewards.add(other_keeper)
    author = make_member()
    post = make_post(make_discussion(theme), by=author)
    banned(silent_keeper, moderator)
    root = make_user(is_staff=True, is_superuser=True)
    make_member(root)
    found = {
        "stranger": make_user(),
        "member": make_member(),
        "author": author,
        "keeper": keeper,
        "keeper of another theme": other_keeper,
        "banned keeper": silent_keeper,
        "moderator": moderator,
        "administrator": root,
    }
    for user in found.values():
        vars(user)["post"] = post
    return found


MAY_DECIDE = {"keeper", "moderator", "administrator"}
MAY_FLAG = {
    "member", "keeper", "keeper of another theme", "moderator", "administrator",
}  # fmt: skip
STATES: dict[str, set[str]] = {
    What.RELEASE: {"held"},
    What.REFUSE: {"held"},
    What.HIDE: {"shown"},
    What.RESTORE: {"hidden"},
    What.KEEP: set(),
}


@pytest.mark.parametrize("state", ["held", "shown", "hidden", "withdrawn"])
@pytest.mark.parametrize("what", list(STATES))
def test_decisions_about_posts_by_person_and_state(
    what: str, state: str, people: dict[str, User]
) -> None:
    for name, user in people.items():
        post: Post = vars(user)["post"]
        Post.objects.filter(pk=post.pk).update(state=state)
        post.refresh_from_db()
        found = code_of(lambda p=post, u=user: moderating.decide(p, what, by=u, **SAYS_WHY))
        if name not in MAY_DECIDE:
            assert found == "forbidden", name
        elif state in STATES[what]:
            assert found == "done", name
        else:
            assert found == "wrong-state", name


@pytest.mark.parametrize("state", ["held", "shown", "hidden", "withdrawn"])
def test_flags_of_posts_by_person_and_state(state: str, people: dict[str, User]) -> None:
    for name, user in people.items():
        post: Post = vars(user)["post"]
        Post.objects.filter(pk=post.pk).update(state=state)
        found = code_of(lambda p=post, u=user: flag(p, by=u))
        if name not in MAY_FLAG:
            assert found == "forbidden", name
        else:
            assert found == ("done" if state == "shown" else "gone"), name


def test_measures_by_person(people: dict[str, User]) -> None:
    for name, user in people.items():
        target = make_member()
        found = code_of(
            lambda t=target, u=user: moderating.sanction(t, "warning", by=u, **SAYS_WHY)
        )
        assert found == ("done" if name in {"moderator", "administrator"} else "forbidden"), name
        assert code_of(
            lambda u=user: moderating.sanction(u, "warning", by=u, **SAYS_WHY)
        ) == "forbidden", name  # fmt: skip


def test_only_administrators_decide_about_moderators(
    people: dict[str, User], other_moderator: User
) -> None:
    for name, expected in (("moderator", "forbidden"), ("administrator", "done")):
        call = lambda u=people[name]: moderating.sanction(  # noqa: E731
            other_moderator, "checked", by=u, **SAYS_WHY
        )
        assert code_of(call) == expected


def test_nobody_decides_about_their_own_not_even_an_administrator() -> None:
    root = make_member(make_user(is_staff=True, is_superuser=True))
    post = make_post(make_discussion(), by=root)
    article = make_article(begun_by=root)

    for thing in (post, article):
        assert code_of(lambda t=thing: moderating.decide(t, "hide", by=root, **SAYS_WHY)) == (
            "forbidden"
        )
        assert code_of(lambda t=thing: flag(t, by=root)) == "forbidden"
        kind = moderating.NAMES[type(thing)]
        assert not scope(root, kind).filter(pk=thing.pk).exists()


# --- Flags -------------------------------------------------------------------------------------


def test_a_flag_is_raised_once_until_the_text_changes() -> None:
    reader, author = make_member(), make_member()
    post = make_post(make_discussion(), by=author)

    flag(post, by=reader, note="Sells pumps")
    assert code_of(lambda: flag(post, by=reader)) == "flagged"
    moderating.decide(post, "keep", by=make_user(is_staff=True))
    assert code_of(lambda: flag(post, by=reader)) == "flagged"
    discussing.change_post(post, by=author, body="<p>Now it sells more</p>", base=0)
    assert code_of(lambda: flag(post, by=reader)) == "done"


def test_flags_hide_nothing_until_three_trusted_members_agree(moderator: User) -> None:
    post = make_post(make_discussion())
    for _n in range(5):
        flag(post)
    for _n in range(2):
        flag(post, by=make_member(trust=Trust.TRUSTED))
    post.refresh_from_db()
    assert post.state == PostState.SHOWN

    third = make_member(trust=Trust.TRUSTED)
    flag(post, by=third)
    post.refresh_from_db()
    assert (post.state, post.held_because) == (PostState.HELD, "flagged by several trusted members")
    entry = AuditEntry.objects.get(verb="hold_post")
    assert (entry.actor, entry.actor_name) == (None, "The portal")
    post.discussion.refresh_from_db()
    assert post.discussion.shown_posts == 1

    moderating.decide(post, "release", by=moderator)
    assert not Flag.objects.filter(state="open").exists()
    for _n in range(4):
        flag(post, by=make_member(trust=Trust.TRUSTED))
    post.refresh_from_db()
    assert post.state == PostState.SHOWN, "a moderator has looked: flags hold it no more"


def test_whoever_may_decide_hears_of_a_post_that_flags_hold_and_of_no_other_flag(
    moderator: User,
) -> None:
    theme, steward = open_theme(), make_member()
    theme.stewards.add(steward)
    author = make_user(is_staff=True)
    post = make_post(make_discussion(theme), by=make_member(author))
    members = [make_member(trust=Trust.TRUSTED) for _n in range(3)]
    for member in members[:2]:
        flag(post, by=member)
    assert letters() == []

    flag(post, by=members[2])

    assert sorted(row.user.pk for row in letters()) == sorted([moderator.pk, steward.pk])
    letter = the_letter(steward)
    assert letter.title == f"Post held: {post.discussion.title}"
    assert letter.path == "/community/moderation/"
    assert all(str(member) not in letter.body for member in [*members, author])


def test_whoever_flagged_hears_what_became_of_it_and_nobody_else_who_they_are(
    moderator: User,
) -> None:
    reader = make_member(make_user("Rita Reader"))
    post, kept = make_post(make_discussion()), make_post(make_discussion())
    flag(post, by=reader), flag(kept, by=reader)

    moderating.decide(post, "hide", by=moderator, **SAYS_WHY)
    moderating.decide(kept, "keep", by=moderator)

    assert letters_of(reader) == ["What became of your flag"] * 2
    [author] = letters(post.author)
    assert "It sells pumps." in text_of(author)
    assert "Rita" not in text_of(author)
    assert letters_of(kept.author) == []


def test_more_flags_than_an_hour_takes_are_refused() -> None:
    reader, discussion = make_member(), make_discussion()
    post = make_post(discussion)
    Flag.objects.bulk_create(
        Flag(post=post, raised_by=reader, ground="spam", state="dismissed")
        for _n in range(moderating.FLAGS_AN_HOUR)
    )
    assert code_of(lambda: flag(make_post(discussion), by=reader)) == "rate"


@pytest.mark.parametrize("kind", ["article", "report"])
def test_blog_posts_and_reports_are_flagged_hidden_and_shown_again(
    kind: str, moderator: User
) -> None:
    thing = make_article() if kind == "article" else shown_report()
    flag(thing)

    assert [row[:2] for row in waiting_for(moderator)] == [(kind, thing.pk)]
    moderating.decide(thing, "hide", by=moderator, **SAYS_WHY)
    assert not waiting_for(moderator)
    thing.refresh_from_db()
    assert thing.state in {"withdrawn", "hidden"}
    moderating.decide(thing, "restore", by=moderator)
    thing.refresh_from_db()
    assert thing.state in {"published", "shown"}
    assert Flag.objects.get().state == Flag.State.UPHELD


# --- Decisions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ban", "suspension"])
def test_no_blog_post_of_somebody_silenced_since_is_shown_again(kind: str, moderator: User) -> None:
    article = make_article()
    moderating.decide(article, "hide", by=moderator, ground="spam", reason="An advertisement.")
    banned(article.begun_by, moderator, kind)
    assert code_of(lambda: moderating.decide(article, "restore", by=moderator)) == "silenced"
    assert type(article).objects.get().state == "withdrawn"


def test_what_takes_something_needs_a_rule_and_a_reason(moderator: User) -> None:
    post = make_post(make_discussion())

    for told in ({}, {"ground": "spam"}, {"reason": "x"}, {"ground": "taste", "reason": "x"}):
        with pytest.raises(DomainError) as refusal:
            moderating.decide(post, "hide", by=moderator, **told)
        assert refusal.value.code == "words"
        assert refusal.value.fields
    post.refresh_from_db()
    assert post.state == PostState.SHOWN


def test_the_second_moderator_is_told(moderator: User, other_moderator: User) -> None:
    post = make_post(make_discussion(), by=make_member(trust=Trust.NEW))
    seen = moderating.mark_of(post, None)

    moderating.decide(post, "release", by=moderator, seen=seen)
    later = Post.objects.get(pk=post.pk)
    for what in ("refuse", "hide", "release"):
        assert code_of(
            lambda w=what: moderating.decide(
                later, w, by=other_moderator, seen=seen, **SAYS_WHY
            )
        ) == "stale"  # fmt: skip
    later.refresh_from_db()
    assert later.state == PostState.SHOWN
    assert Decision.objects.count() == 1


def test_nobody_releases_a_text_they_have_not_read(moderator: User) -> None:
    author = make_member(trust=Trust.NEW)
    post = make_post(make_discussion(), by=author)
    seen = moderating.mark_of(post, None)

    discussing.change_post(post, by=author, body="<p>https://pills.example</p>", base=0)

    call = lambda: moderating.decide(post, "release", by=moderator, seen=seen)  # noqa: E731
    assert code_of(call) == "stale"


def test_a_decision_is_recorded_audited_and_told(moderator: User) -> None:
    author = make_member(trust=Trust.NEW)
    post = make_post(make_discussion(), by=author)

    decision = moderating.decide(post, "refuse", by=moderator, **SAYS_WHY)

    assert (decision.about, decision.decided_by, decision.ground) == (author, moderator, "spam")
    assert AuditEntry.of(post).filter(verb="refuse_post", actor=moderator).exists()
    letter = the_letter(author)
    assert "It sells pumps." in letter.body
    assert "/community/conduct/mine/" in letter.body
    assert str(moderator) not in letter.body


# --- Discussions -------------------------------------------------------------------------------


def test_discussions_are_locked_opened_hidden_and_shown(moderator: User) -> None:
    discussion = make_discussion()
    reason = {"reason": "It is answered."}
    for what, state in (
        ("lock", DiscussionState.LOCKED),
        ("unlock", DiscussionState.OPEN),
    ):
        moderating.decide_discussion(discussion, what, by=moderator, **reason)
        assert discussion.state == state
    moderating.decide_discussion(discussion, "hide", by=moderator, **SAYS_WHY)
    assert discussion.state == DiscussionState.HIDDEN
    moderating.decide_discussion(discussion, "restore", by=moderator)
    assert discussion.state == DiscussionState.OPEN
    found = [(row.what, row.undone_at is None) for row in Decision.objects.order_by("pk")]
    assert found == [("lock", True), ("unlock", True), ("hide", False), ("restore", True)]
    assert code_of(
        lambda: moderating.decide_discussion(discussion, "lock", by=make_member(), reason="x")
    ) == "forbidden"  # fmt: skip


def private_chapter() -> tuple[Chapter, User]:
    chapter, insider = make_chapter(is_private=True), make_member()
    ChapterMember.objects.create(chapter=chapter, user=insider, role=ChapterRole.COORDINATOR)
    return chapter, insider


def test_nothing_leaves_a_private_chapter_and_nothing_public_disappears_into_one(
    moderator: User,
) -> None:
    chapter, insider = private_chapter()
    another, other_insider = private_chapter()
    theme = open_theme()
    inside = make_discussion(chapter, by=insider)
    elsewhere = make_discussion(another, by=other_insider)
    outside = make_discussion(theme)
    hidden_theme = open_theme(is_public=False)

    for source, target in ((inside, outside), (outside, inside), (inside, elsewhere)):
        call = lambda s=source, t=target: moderating.merge(s, t, by=moderator, reason="same")  # noqa: E731
        assert code_of(call) == "readers"
        base = lambda s=source, t=target: discussing.merge_discussions(  # noqa: E731
            s, t, by=moderator, reason="same"
        )
        assert code_of(base) == "readers"
    for discussion, place in (
        (inside, theme), (outside, chapter), (inside, another), (outside, hidden_theme),
    ):  # fmt: skip
        call = lambda d=discussion, p=place: moderating.move(d, p, by=moderator, reason="there")  # noqa: E731
        assert code_of(call) == "readers"
    for row, place in ((inside, chapter), (outside, theme)):
        row.refresh_from_db()
        assert (row.place, row.state) == (place, DiscussionState.OPEN)


def test_between_places_with_the_same_readers_discussions_move_and_merge(moderator: User) -> None:
    chapter, insider = private_chapter()
    one, two = make_discussion(chapter, by=insider), make_discussion(chapter, by=insider)
    public, lab = make_discussion(), make_lab()

    moderating.merge(one, two, by=moderator, reason="The same question.")
    moderating.move(public, lab, by=moderator, reason="It is about the lab.")
    new = moderating.split(
        two, [two.posts.last()], by=moderator, title="Another", reason="Another question."
    )

    public.refresh_from_db()
    assert (public.place, new.place) == (lab, chapter)
    whats = Decision.objects.order_by("pk").values_list("what", flat=True)
    assert list(whats) == ["merge", "move", "split"]


# --- Queue -------------------------------------------------------------------------------------


def test_keepers_see_only_what_stands_in_their_places(moderator: User) -> None:
    keeper = make_member()
    theme, lab, (chapter, _insider) = open_theme(), make_lab(), private_chapter()
    ChapterMember.objects.create(chapter=chapter, user=keeper, role=ChapterRole.COORDINATOR)
    theme.stewards.add(keeper), lab.stewards.add(keeper)
    places: list[Any] = [theme, lab, chapter, open_theme(), make_lab(), make_chapter()]
    insider = make_member(trust=Trust.NEW)
    for each in places:
        if isinstance(each, Chapter):
            ChapterMember.objects.create(chapter=each, user=insider, role=ChapterRole.MEMBER)
    held = [make_discussion(place, by=insider).posts.get() for place in places[:3]]
    newcomer = make_member(trust=Trust.NEW)
    ChapterMember.objects.create(chapter=places[5], user=newcomer, role=ChapterRole.MEMBER)
    others = [make_discussion(place, by=newcomer).posts.get() for place in places[3:]]
    own = make_post(make_discussion(theme), by=keeper)
    flag(own)

    def queue_of(user: User) -> set[int]:
        return {row[1] for row in waiting_for(user)}

    assert queue_of(keeper) == {post.pk for post in held}
    assert queue_of(moderator) == {post.pk for post in [*held, *others, own]}
    assert queue_of(make_member()) == set()
    # The twin: whatever the rule lets somebody decide is in their scope, and nothing else.
    for user in (keeper, moderator, newcomer, insider):
        scoped = set(scope(user, "post").values_list("pk", flat=True))
        for post in Post.objects.select_related("discussion"):
            assert (post.pk in scoped) == user.has_perm("community.moderate", post)
    banned(keeper, moderator)
    assert queue_of(keeper) == set()


def test_the_queue_is_oldest_first_and_says_since_when(moderator: User) -> None:
    discussion = make_discussion()
    held = make_post(discussion, by=make_member(trust=Trust.NEW))
    shown = make_post(discussion)
    flag(shown)
    Flag.objects.update(raised_at=timezone.now() - dt.timedelta(days=2))

    assert [row[1] for row in waiting_for(moderator)] == [shown.pk, held.pk]
    assert [row[1] for row in waiting_for(moderator, "held")] == [held.pk]
    assert [row[1] for row in waiting_for(moderator, "flagged")] == [shown.pk]
    count, since = summary_for(moderator)
    assert (count, since) == (2, Flag.objects.get().raised_at)


def test_a_line_tells_the_authors_standing_and_the_history(moderator: User) -> None:
    author = make_member()
    post = make_post(make_discussion(), by=author)
    make_post(post.discussion, by=author)
    flag(post, note="Look")
    moderating.decide(post, "keep", by=moderator)
    flag(post)
    banned(author, moderator, "warning")

    line = lines_of(waiting_for(moderator), moderator)[0]

    assert (line.shown, line.hidden, line.measures) == (2, 0, 1)
    assert [row.what for row in line.history] == ["keep"]
    assert (len(line.flags), line.acts) == (1, ["keep", "hide"])


# --- Members -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "writes"),
    [("warning", True), ("checked", True), ("suspension", False), ("ban", False)],
)
def test_a_measure_holds_at_once_and_ends_when_it_is_lifted(
    kind: str, writes: bool, moderator: User
) -> None:
    discussion, user = make_discussion(), make_member()
    banned(user, moderator, kind)

    assert user.has_perm("community.take_part") is writes
    assert user.has_perm("community.view_discussion", discussion)
    assert [row.kind for row in unread_sanctions_of(user)] == [kind]
    letter = the_letter(user)
    assert "It sells pumps." in letter.body
    if not writes:
        with pytest.raises(PermissionDenied):
            make_post(discussion, by=user)

    measure = Sanction.objects.get()
    moderating.see_measure(measure, by=user)
    assert unread_sanctions_of(user) == []
    moderating.lift(measure, by=moderator, reason="We were wrong.")
    forget_member(user)
    assert user.has_perm("community.take_part")
    assert sanctions_of(user) == []
    assert code_of(lambda: moderating.lift(measure, by=moderator)) == "stale"


def test_a_suspension_runs_out_by_itself(moderator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    user = banned(make_member(), moderator, "suspension")
    later = timezone.now() + dt.timedelta(days=4)
    assert not user.has_perm("community.take_part")

    monkeypatch.setattr(timezone, "now", lambda: later)
    forget_member(user)
    assert user.has_perm("community.take_part")


def test_what_is_missing_in_a_measure_is_said_at_its_field(moderator: User) -> None:
    user = make_member()
    past, far = (timezone.now() + dt.timedelta(days=n) for n in (-1, 400))
    cases: list[tuple[dict[str, Any], set[str]]] = [
        ({"kind": "ban", "ground": "", "reason": "x"}, {"ground"}),
        ({"kind": "ban", "ground": "spam", "reason": " "}, {"reason"}),
        ({"kind": "exile", "ground": "spam", "reason": "x"}, {"kind"}),
        ({"kind": "suspension", "ground": "spam", "reason": "x"}, {"until"}),
        ({"kind": "suspension", "ground": "spam", "reason": "x", "until": past}, {"until"}),
        ({"kind": "suspension", "ground": "spam", "reason": "x", "until": far}, {"until"}),
    ]
    for told, fields in cases:
        with pytest.raises(DomainError) as refusal:
            moderating.sanction(user, told.pop("kind"), by=moderator, **told)
        assert set(refusal.value.fields) == fields
    assert not Sanction.objects.exists()
    banned(user, moderator)
    assert code_of(lambda: banned(user, moderator)) == "already"
    stranger = make_user()
    assert code_of(lambda: banned(stranger, moderator)) == "no-member"


# --- Appeals -----------------------------------------------------------------------------------


@pytest.fixture
def hidden(moderator: User) -> Decision:
    post = make_post(make_discussion())
    return moderating.decide(post, "hide", by=moderator, **SAYS_WHY)


def test_whoever_it_concerns_appeals_once_and_another_moderator_answers(
    hidden: Decision, moderator: User, other_moderator: User
) -> None:
    author = hidden.about
    assert author is not None
    make = lambda by: code_of(lambda: moderating.make_appeal(hidden, by=by, text="It was free."))  # noqa: E731

    assert make(make_member()) == "forbidden"
    assert make(moderator) == "forbidden"
    assert make(author) == "done"
    assert make(author) == "appealed"
    appeal = Appeal.objects.get()

    def settle(by: User) -> str:
        return code_of(
            lambda: moderating.settle_appeal(appeal, by=by, grant=True, answer="You are right.")
        )

    root = make_user(is_staff=True, is_superuser=True)
    Decision.objects.filter(pk=hidden.pk).update(decided_by=root)
    hidden.refresh_from_db()
    appeal = Appeal.objects.select_related("decision").get()
    assert (settle(author), settle(make_member()), settle(root)) == ("forbidden",) * 3
    assert list(appeals_for(root)) == []
    assert list(appeals_for(other_moderator)) == [appeal]
    assert settle(other_moderator) == "done"
    assert settle(other_moderator) == "wrong-state"

    post = Post.objects.get(pk=hidden.post_id)
    hidden.refresh_from_db()
    assert (post.state, hidden.undone_at is not None) == (PostState.SHOWN, True)
    assert "Your appeal was granted" in letters_of(author)


def test_a_rejected_appeal_changes_nothing_and_is_answered(
    hidden: Decision, other_moderator: User
) -> None:
    assert hidden.about
    appeal = moderating.make_appeal(hidden, by=hidden.about, text="It was free.")

    for answer, code in (("", "words"), ("It was for sale.", "done")):
        assert code_of(
            lambda a=answer: moderating.settle_appeal(
                appeal, by=other_moderator, grant=False, answer=a
            )
        ) == code  # fmt: skip

    assert Post.objects.get(pk=hidden.post_id).state == PostState.HIDDEN
    assert any("It was for sale." in text_of(row) for row in letters(hidden.about))


def test_appeals_end_after_thirty_days_and_with_what_was_undone(
    hidden: Decision, moderator: User
) -> None:
    author = hidden.about
    assert author
    call = lambda: code_of(lambda: moderating.make_appeal(hidden, by=author, text="x"))  # noqa: E731
    Decision.objects.update(decided_at=timezone.now() - dt.timedelta(days=31))
    assert call() == "late"
    Decision.objects.update(decided_at=timezone.now())
    moderating.decide(Post.objects.get(pk=hidden.post_id), "restore", by=moderator)
    assert call() == "undone"
    post = make_post(make_discussion(), by=make_member(trust=Trust.NEW))
    released = moderating.decide(post, "release", by=moderator)
    assert code_of(
        lambda: moderating.make_appeal(released, by=released.about, text="x")  # type: ignore[arg-type]
    ) == "late"  # fmt: skip


def test_a_banned_member_appeals_and_the_ban_is_lifted(
    moderator: User, other_moderator: User
) -> None:
    user = banned(make_member(), moderator)
    decision = Decision.objects.get(what="ban")

    appeal = moderating.make_appeal(decision, by=user, text="That was not me.")
    moderating.settle_appeal(appeal, by=other_moderator, grant=True, answer="It was not.")

    forget_member(user)
    assert user.has_perm("community.take_part")
    assert Sanction.objects.get().lifted_at is not None


def test_undoing_what_somebody_changed_since_goes_through(
    moderator: User, other_moderator: User
) -> None:
    author = make_member()
    post = make_post(make_discussion(), by=author)
    decision = moderating.decide(post, "hide", by=moderator, **SAYS_WHY)
    appeal = moderating.make_appeal(decision, by=author, text="x")
    Post.objects.update(state=PostState.WITHDRAWN)

    moderating.settle_appeal(appeal, by=other_moderator, grant=True, answer="Yes.")

    post.refresh_from_db()
    assert post.state == PostState.WITHDRAWN


def test_a_hidden_discussion_comes_back_with_a_granted_appeal(
    moderator: User, other_moderator: User
) -> None:
    author = make_member()
    discussion = make_discussion(by=author)
    decision = moderating.decide_discussion(discussion, "hide", by=moderator, **SAYS_WHY)

    appeal = moderating.make_appeal(decision, by=author, text="x")
    moderating.settle_appeal(appeal, by=other_moderator, grant=True, answer="Yes.")

    discussion.refresh_from_db()
    assert discussion.state == DiscussionState.OPEN


# --- The public log ----------------------------------------------------------------------------


def test_the_log_names_nobody_quotes_nothing_and_hides_private_chapters(
    moderator: User, other_moderator: User
) -> None:
    chapter = make_chapter(name="Chapter of secrets", is_private=True)
    author = make_member(make_user("Wilma Writer"), handle="wilma-w")
    ChapterMember.objects.create(chapter=chapter, user=author, role=ChapterRole.MEMBER)
    title, body = "Confidential pumps", "<p>Words nobody quotes</p>"
    inside = make_discussion(chapter, by=author, title=title, body=body)
    outside = make_discussion(make_lab(name="Lab of pumps"), by=author, title=title, body=body)
    why = {"ground": "privacy", "reason": "It tells of Walter"}
    for discussion in (inside, outside):
        moderating.decide(discussion.posts.get(), "hide", by=moderator, **why)
        moderating.decide_discussion(discussion, "lock", by=moderator, reason="It tells of Walter")
    moderating.sanction(author, "ban", by=moderator, **why)
    hide = Decision.objects.filter(what="hide").earliest("pk")
    appeal = moderating.make_appeal(hide, by=author, text="Walter agreed")
    moderating.settle_appeal(appeal, by=other_moderator, grant=True, answer="Walter did")

    rows = list(publiclog.table("", "", 100))
    text = " ".join(cell for row in rows for cell in row)

    for leak in (
        "Wilma", "wilma-w", "Walter", "secrets", "Confidential", "quotes", str(moderator),
        author.email,
    ):  # fmt: skip
        assert leak not in text, leak
    assert "A private chapter" in text
    assert "Lab of pumps" in text
    assert "Undone after an appeal" in text
    assert len(rows) == 1 + 5
    assert len(list(publiclog.table("ban", "privacy", 100))) == 2
    assert len(list(publiclog.table("ban", "spam", 100))) == 1


def test_a_chapter_that_turned_private_is_named_no_more(moderator: User) -> None:
    chapter = make_chapter(name="Chapter of the river")
    author = make_member()
    ChapterMember.objects.create(chapter=chapter, user=author, role=ChapterRole.MEMBER)
    post = make_post(make_discussion(chapter, by=author), by=author)
    moderating.decide(post, "hide", by=moderator, **SAYS_WHY)

    for is_private, name in ((False, "Chapter of the river"), (True, "")):
        Chapter.objects.update(is_private=is_private)
        assert publiclog.entry_of(publiclog.decisions().get()).name == name


def test_quarters_count_decisions_and_appeals(hidden: Decision, other_moderator: User) -> None:
    assert hidden.about
    appeal = moderating.make_appeal(hidden, by=hidden.about, text="x")
    moderating.settle_appeal(appeal, by=other_moderator, grant=True, answer="Yes.")
    old = make_post(make_discussion())
    Decision.objects.create(what="hide", thing="post", post=old)
    Decision.objects.filter(post=old).update(decided_at=timezone.now() - dt.timedelta(days=100))

    quarters = publiclog.quarters(timezone.now())

    assert len(quarters) == publiclog.QUARTERS
    assert quarters[0][1:] == ([0, 1, 0, 0], 1, 1)
    assert sum(row[1][1] for row in quarters) == 2


def test_grounds_are_the_rules_of_the_code_of_conduct() -> None:
    assert set(RULES) == set(Ground)
