"""Discussions and posts: begin, reply, change, mark, pick, follow.

Whoever writes in a discussion holds its row to the end of the transaction: numbers are given one
by one, counts agree with what is there, and a merge waits or is followed. A contribution costs
the same however many follow the discussion: it only announces the fact.

Locks are taken in one order: the end of the audit, then discussions (several by their keys), then
posts. Ordinary posts are not audited, so writing one takes no ``AuditHead``; whoever hears of one
(``post_shown``, ``discussion_begun``) must not take it either, or a merge and a reply could wait
for each other. Rows are held without their keys (``no_key``): inserting what points at a
discussion never waits for somebody who writes in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Count, F
from django.utils import timezone
from django.utils.translation import gettext as _

from community.audience import check_same_readers
from community.choices import Attention, ChapterRole, DiscussionState, PostState
from community.mentions import named_in
from community.models import (
    PLACES,
    ChapterMember,
    Discussion,
    Draft,
    Insight,
    Member,
    Mention,
    Post,
    PostRevision,
    Reading,
    UsefulMark,
)
from community.screening import screen
from community.signals import discussion_begun, insight_picked, post_shown
from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from core.richtext import CLEANER_VERSION, clean, length
from core.text import plain

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from django_stubs_ext import StrOrPromise

    from accounts.models import User

#: Letters in one post, marks not counted.
LONGEST = 10_000
LONGEST_SUMMARY = 4_000
LONGEST_QUOTE = 500


def checked_text(html: str, *, field: str = "body", most: int = LONGEST) -> str:
    """The text cleaned, or a refusal at the field."""
    text = clean(html)
    if not length(text):
        raise ValidationError({field: _("Write something first.")})
    if length(text) > most:
        raise ValidationError({field: _("Shorten this to %(most)d characters.") % {"most": most}})
    return text


def hold_discussion(discussion: Discussion) -> Discussion:
    """The row for this transaction alone; of a merged discussion the one it went into."""
    rows = Discussion.objects.select_for_update(no_key=True)
    row = rows.get(pk=discussion.pk)
    while row.merged_into_id is not None:
        row = rows.get(pk=row.merged_into_id)
    return row


def hold_discussion_of(post: Post) -> Discussion:
    """The row of the discussion a post stands in now, even if it was moved a moment ago."""
    while True:
        stands_in = Post.objects.select_related("discussion").get(pk=post.pk).discussion
        row = hold_discussion(stands_in)
        if Post.objects.filter(pk=post.pk, discussion=row).exists():
            return row


@transaction.atomic
def begin_discussion(
    *,
    by: User,
    place: Any,
    title: str,
    body: str,
    form_key: uuid.UUID,
    language: str = "",
    noticed: StrOrPromise = "",
) -> Discussion:
    """Open a topic in a place with its first post. The same form sent twice is one discussion.

    A blog post has one discussion: whoever comes second with the first comment answers there.
    """
    there = Discussion.objects.filter(started_by=by, form_key=form_key).first()
    if there is not None:
        return there
    discussion = Discussion(
        started_by=by,
        form_key=form_key,
        title=title.strip(),
        language=language,
        **{_column_of(place): place},
    )
    # The text first: where both are wrong, both are said, each at its field.
    wrong = _wrong_with(discussion, body)
    if wrong:
        raise ValidationError(wrong)
    if not discussion.takes_posts():
        raise DomainError(_("This is closed. Nothing new can be written here."), code="closed")
    try:
        with transaction.atomic():
            discussion.save()
    except IntegrityError:
        found = Discussion.objects.filter(started_by=by, form_key=form_key).first()
        if found is not None:  # the same form, sent at the same moment
            return found
        if discussion.article_id is None:
            raise
        discussion = Discussion.objects.exclude(state=DiscussionState.MERGED).get(
            article=discussion.article_id
        )
        write_post(discussion, by=by, body=body, form_key=form_key, noticed=noticed)
        discussion.refresh_from_db()
        return discussion
    post = write_post(discussion, by=by, body=body, form_key=form_key, noticed=noticed)
    if post.state == PostState.SHOWN:
        discussion_begun.send(Discussion, discussion=discussion, by=by)
    discussion.refresh_from_db()
    return discussion


def _wrong_with(discussion: Discussion, body: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for check in (
        lambda: discussion.full_clean(exclude=["started_by", "form_key", *PLACES]),
        lambda: checked_text(body),
    ):
        try:
            check()
        except ValidationError as refusal:
            found |= refusal.message_dict
    return found


def _column_of(place: Any) -> str:
    for name in PLACES:
        if Discussion._meta.get_field(name).related_model is type(place):
            return name
    msg = f"Nothing is discussed about {place!r}"
    raise TypeError(msg)


@transaction.atomic
def write_post(
    discussion: Discussion,
    *,
    by: User,
    body: str,
    form_key: uuid.UUID,
    reply_to: Post | None = None,
    quote: str = "",
    noticed: StrOrPromise = "",
) -> Post:
    """Add a post. The same form sent twice is one post; its state says whether others see it yet.

    A reply to a post that was withdrawn, hidden or moved meanwhile is kept: it stands without its
    reference. Quoted words must be words of the post that is answered.
    """
    text = checked_text(body)
    row = hold_discussion(discussion)
    # Under the lock, so that the same form sent twice at once finds the first one.
    there = Post.objects.filter(author=by, form_key=form_key).first()
    if there is not None:
        return there
    if not by.has_perm("community.write", row):
        if not by.has_perm("community.take_part"):
            raise PermissionDenied
        raise DomainError(
            _("This discussion takes no more posts. Your text is kept as a draft."), code="closed"
        )
    answered = None
    if reply_to is not None:
        answered = Post.objects.shown().filter(pk=reply_to.pk, discussion=row).first()
    quoted = checked_quote(quote, answered) if answered else ""
    verdict = screen(by, text, noticed=noticed)
    now = timezone.now()
    post = Post(
        discussion=row,
        number=row.last_number + 1,
        author=by,
        form_key=form_key,
        reply_to=answered,
        quote=quoted,
        body=text,
        state=PostState.HELD if verdict.held else PostState.SHOWN,
        held_because=str(verdict.because),
        digest=verdict.digest,
        written_at=now,
        shown_at=None if verdict.held else now,
    )
    # The database itself sees to it that no two posts have the same short name.
    post.full_clean(exclude=["discussion", "author", "reply_to", "form_key", "uid"])
    post.save()
    told: dict[str, Any] = {} if verdict.held else _one_more(post)
    Discussion.objects.filter(pk=row.pk).update(last_number=post.number, **told)
    mentioned = _mention(post)
    keys = {f"reply:{uid}" for uid in (discussion.uid, row.uid)}
    Draft.objects.filter(user=by, key__in=keys).delete()
    _read_on(by, row, post.number)
    if not verdict.held:
        post_shown.send(Post, post=post, mentioned=mentioned)
    return post


def checked_quote(quote: str, answered: Post) -> str:
    """The quoted words if the other post has them, ``…`` standing for what is left out.

    Nobody puts words into somebody else's mouth.
    """
    words = " ".join(quote.split())
    if not words:
        return ""
    there, place = " ".join(plain(answered.body).split()), 0
    for part in filter(None, (part.strip() for part in words.replace("...", "…").split("…"))):
        found = there.find(part, place)
        if found < 0:
            raise ValidationError(
                {"quote": _("Quote words as they stand in the post you answer, or leave it empty.")}
            )
        place = found + len(part)
    if len(words) > LONGEST_QUOTE:
        raise ValidationError(
            {"quote": _("Shorten this to %(most)d characters.") % {"most": LONGEST_QUOTE}}
        )
    return words


def _one_more(post: Post) -> dict[str, Any]:
    """What ``recount`` would find after the newest post was shown, without counting them all."""
    return {
        "shown_posts": F("shown_posts") + 1,
        "last_post_at": post.shown_at,
        "last_post_by": post.author_id,
    }


def _mention(post: Post) -> list[int]:
    """Note whom a post names, as far as they may read it. Returns who is new."""
    handles = named_in(post.body)
    before = set(post.mentions.values_list("user_id", flat=True)) if post.revision else set()
    if not handles:
        return []
    members = Member.objects.active().filter(handle__in=handles).exclude(user=post.author_id)
    users = [member.user for member in members.select_related("user")]
    named = [user.pk for user in readers_among(users, post.discussion)]
    Mention.objects.bulk_create(
        [Mention(post=post, user_id=user) for user in named], ignore_conflicts=True
    )
    return [user for user in named if user not in before]


def readers_among(users: list[User], discussion: Discussion) -> list[User]:
    """Those of some people who may read what is written in a place, once it is shown.

    Two queries, wherever it is: only what neither everybody nor a chapter's members read is asked
    person by person.
    """
    if not users:
        return []
    this = Discussion.objects.filter(pk=discussion.pk)
    if this.reachable_by(AnonymousUser()).exists():
        return users
    if discussion.chapter_id is None:
        return [user for user in users if this.reachable_by(user).exists()]
    insiders = set(
        ChapterMember.objects.filter(
            chapter=discussion.chapter_id, chapter__is_public=True, user__in=users
        )
        .exclude(role=ChapterRole.ASKED)
        .values_list("user_id", flat=True)
    )
    return [user for user in users if user.is_staff or user.pk in insiders]


def _read_on(user: User, discussion: Discussion, number: int) -> None:
    """Whoever writes follows, unless they muted it, and has read up to their own post."""
    row, made = Reading.objects.get_or_create(
        user=user,
        discussion=discussion,
        defaults={"read_to": number, "attention": Attention.FOLLOWING},
    )
    if made:
        return
    if row.attention == Attention.NORMAL:
        row.attention = Attention.FOLLOWING
    row.read_to = max(row.read_to, number)
    row.save(update_fields=["attention", "read_to", "changed_at"])


def recount(discussion: Discussion) -> None:
    """Make the counts of a discussion agree with its posts. Under its row's lock."""
    shown = Post.objects.shown().filter(discussion=discussion)
    last = shown.order_by("-number").first()
    Discussion.objects.filter(pk=discussion.pk).update(
        shown_posts=shown.count(),
        last_post_at=last.shown_at or last.written_at if last else discussion.started_at,
        last_post_by=last.author_id if last else None,
    )


@transaction.atomic
def move_post(post: Post, verb: str, *, by: User, **told: Any) -> None:
    """Make a move of a post and let the counts of its discussion follow.

    A post shown for the first time after others were written below it goes to the end: nobody has
    read past it. The opening one stays at the beginning.
    """
    AuditHead.hold()
    row = hold_discussion_of(post)
    post.discussion = row
    is_first_time = post.shown_at is None
    getattr(post, verb)(by=by, **told)
    overtaken = row.posts.shown().filter(number__gt=post.number)
    if is_first_time and post.shown_at and post.number > 1 and overtaken.exists():
        post.number = row.last_number + 1
        Post.objects.filter(pk=post.pk).update(number=post.number)
        Discussion.objects.filter(pk=row.pk).update(last_number=post.number)
    recount(row)


@transaction.atomic
def change_post(post: Post, *, by: User, body: str, base: int, reason: str = "") -> Post:
    """Replace the text of one's own post; what it said before stays readable.

    ``base`` is the revision the form was made from. Raises ``Stale`` with both texts if somebody
    was faster.
    """
    text = checked_text(body)
    held = hold_discussion_of(post)
    row = Post.objects.select_for_update(no_key=True).get(pk=post.pk)
    row.discussion = held
    if not by.has_perm("community.own_post", row) or not by.has_perm("community.take_part"):
        raise PermissionDenied
    if row.state not in {PostState.SHOWN, PostState.HELD} or not row.discussion.takes_posts():
        raise DomainError(_("This post cannot be changed any more."), code="closed")
    if text == row.body:
        return row
    if row.revision != base:
        raise DomainError(
            _("You changed this post elsewhere meanwhile. Compare both texts, then save again."),
            code="stale",
        )
    PostRevision.objects.create(
        post=row, number=row.revision, body=row.body, replaced_by=by, reason=reason.strip()[:200]
    )
    row.body, row.cleaner, row.revision = text, CLEANER_VERSION, row.revision + 1
    row.edited_at = timezone.now()
    verdict = screen(by, text, changes=row)
    row.digest = verdict.digest
    if verdict.held and row.state == PostState.SHOWN:
        row.state, row.held_because = PostState.HELD, str(verdict.because)
    row.save()
    Draft.objects.filter(user=by, key=f"edit:{row.uid}").delete()
    mentioned = _mention(row)
    recount(row.discussion)
    if row.state == PostState.SHOWN and mentioned:
        post_shown.send(Post, post=row, mentioned=mentioned)
    return row


@transaction.atomic
def mark_useful(post: Post, *, by: User, useful: bool) -> int:
    """Say that a post is useful, or take it back. Returns how many say so."""
    if not by.has_perm("community.take_part"):
        raise PermissionDenied
    row = Post.objects.select_for_update(no_key=True).get(pk=post.pk)
    if row.author_id == by.pk:
        raise DomainError(_("Your own post counts without your mark."), code="own")
    if row.state != PostState.SHOWN:
        raise DomainError(_("This post is not shown any more."), code="gone")
    if useful:
        UsefulMark.objects.get_or_create(post=row, user=by)
    else:
        UsefulMark.objects.filter(post=row, user=by).delete()
    counted = int(row.marks.aggregate(n=Count("pk"))["n"])
    Post.objects.filter(pk=row.pk).update(useful=counted)
    post.useful = counted
    return counted


@transaction.atomic
def pick_insight(post: Post, *, by: User, text: str) -> Insight:
    """Pick what a post teaches, in one sentence; picking it again changes the sentence."""
    if not by.has_perm("community.keep", post):
        raise PermissionDenied
    AuditHead.hold()
    row = Post.objects.select_for_update().get(pk=post.pk)
    if row.state != PostState.SHOWN:
        raise DomainError(_("This post is not shown any more."), code="gone")
    insight = Insight.objects.filter(post=row).first()
    made = insight is None
    insight = insight or Insight(post=row, picked_by=by)
    insight.text = text.strip()
    insight.full_clean(exclude=["post", "picked_by"])
    insight.save()
    AuditEntry.record(by=by, verb="pick_insight", target=row, note=insight.text)
    if made:
        insight_picked.send(Insight, insight=insight, by=by)
    return insight


@transaction.atomic
def drop_insight(post: Post, *, by: User) -> None:
    """Take a post out of the insights. A published synthesis keeps what it was written from."""
    if not by.has_perm("community.keep", post):
        raise PermissionDenied
    AuditHead.hold()
    if Insight.objects.filter(post=post).delete()[0]:
        AuditEntry.record(by=by, verb="drop_insight", target=post)


@transaction.atomic
def sum_up(discussion: Discussion, *, by: User, summary: str, covers: int) -> None:
    """Write where the discussion stands, up to a post's number. Empty takes it away."""
    if not by.has_perm("community.keep", discussion):
        raise PermissionDenied
    AuditHead.hold()
    row = hold_discussion(discussion)
    text = clean(summary)
    if length(text):
        text = checked_text(summary, field="summary", most=LONGEST_SUMMARY)
    Discussion.objects.filter(pk=row.pk).update(
        summary=text,
        summary_by=by.pk,
        summary_at=timezone.now(),
        summary_covers=min(covers, row.last_number),
    )
    AuditEntry.record(by=by, verb="sum_up", target=row, covers=covers)


@transaction.atomic
def pin(discussion: Discussion, *, by: User, pinned: bool) -> None:
    if not by.has_perm("community.keep", discussion):
        raise PermissionDenied
    Discussion.objects.filter(pk=discussion.pk).update(is_pinned=pinned)


def pay_attention(discussion: Discussion, *, by: User, attention: str) -> None:
    """Follow, mute, or neither."""
    if attention not in Attention.values or not by.has_perm("community.join"):
        raise PermissionDenied
    Reading.objects.update_or_create(
        user=by,
        discussion=discussion,
        defaults={"attention": attention},
        create_defaults={"attention": attention, "read_to": discussion.last_number},
    )


def read_up_to(discussion: Discussion, *, by: User, number: int) -> None:
    """Remember how far a member has read. It never goes back."""
    number = min(number, discussion.last_number)
    changed = Reading.objects.filter(user=by, discussion=discussion, read_to__lt=number).update(
        read_to=number, changed_at=timezone.now()
    )
    if not changed:
        Reading.objects.bulk_create(
            [Reading(user=by, discussion=discussion, read_to=number)], ignore_conflicts=True
        )


def keep_draft(*, by: User, key: str, title: str = "", body: str = "") -> Draft | None:
    """Keep what was typed. Empty text takes the draft away; the oldest go beyond ``Draft.MOST``."""
    if not body.strip() and not title.strip():
        Draft.objects.filter(user=by, key=key).delete()
        return None
    draft, _made = Draft.objects.update_or_create(
        user=by, key=key[:60], defaults={"title": title[:160], "body": body[:60_000]}
    )
    kept = Draft.objects.filter(user=by).values_list("pk", flat=True)[: Draft.MOST]
    Draft.objects.filter(user=by).exclude(pk__in=list(kept)).delete()
    return draft


@transaction.atomic
def merge_discussions(source: Discussion, target: Discussion, *, by: User, reason: str) -> None:
    """Append the posts of one discussion to another; its address leads there from now on.

    Both rows are held in the order of their keys, so two opposite merges do not wait for each
    other, and a reply under way lands where the posts went.
    """
    AuditHead.hold()
    if source.pk == target.pk:
        raise DomainError(_("Choose another discussion to merge into."), code="same")
    both = Discussion.objects.filter(pk__in=[source.pk, target.pk])
    # Merges come one by one since the end of the audit is held. One that is merged already is not
    # locked: whoever writes holds it while waiting for the one it went into.
    if both.filter(merged_into__isnull=False).exists():
        raise DomainError(_("That discussion is not there any more."), code="gone")
    rows = {row.pk: row for row in both.select_for_update(no_key=True).order_by("pk")}
    gone, kept = rows[source.pk], rows[target.pk]
    if kept.state == DiscussionState.HIDDEN:
        raise DomainError(_("That discussion is not there any more."), code="gone")
    if not by.has_perm("community.moderate", kept):
        raise PermissionDenied
    check_same_readers(gone, kept.place)
    _append(gone.posts.order_by("number"), kept)
    gone._make("merge_discussion", by=by, note=reason, merged_into_id=kept.pk)
    # Those who followed go on following; whoever read the other one has new posts to read.
    there = set(kept.readings.values_list("user_id", flat=True))
    gone.readings.exclude(user__in=there).update(discussion=kept, read_to=0)
    writing = Draft.objects.filter(key=f"reply:{kept.uid}").values("user")
    Draft.objects.filter(key=f"reply:{gone.uid}").exclude(
        user__in=list(writing.values_list("user", flat=True))
    ).update(key=f"reply:{kept.uid}")
    for row in (gone, kept):
        recount(row)


@transaction.atomic
def split_discussion(
    discussion: Discussion, posts: Sequence[Post], *, by: User, title: str, reason: str
) -> Discussion:
    """Move some posts into a discussion of their own, in the same place."""
    AuditHead.hold()
    row = hold_discussion(discussion)
    if not by.has_perm("community.moderate", row):
        raise PermissionDenied
    if row.article_id is not None:
        raise DomainError(_("The comments on a blog post stay together."), code="article")
    chosen = row.posts.filter(pk__in=[post.pk for post in posts]).order_by("number")
    if not chosen:
        raise DomainError(_("Choose the posts that move."), code="none")
    if len(chosen) == row.posts.count():
        raise DomainError(_("Leave at least one post here."), code="all")
    new = Discussion(
        title=title.strip(),
        started_by=chosen[0].author,
        language=row.language,
        **{row.place_name: row.place},
    )
    new.full_clean(exclude=["started_by", "form_key", *PLACES])
    new.save()
    _append(chosen, new)
    AuditEntry.record(by=by, verb="split_discussion", target=row, note=reason, into=new.pk)
    for each in (row, new):
        recount(each)
    new.refresh_from_db()
    return new


@transaction.atomic
def move_discussion(discussion: Discussion, place: Any, *, by: User, reason: str) -> None:
    """Give a discussion another place. Its address stays."""
    AuditHead.hold()
    row = hold_discussion(discussion)
    column = _column_of(place)
    # A keeper of one place does not move things into another one.
    if not by.has_perm("community.moderate", row) or not by.has_perm("community.keep", place):
        raise PermissionDenied
    check_same_readers(row, place)
    others = Discussion.objects.exclude(state=DiscussionState.MERGED).exclude(pk=row.pk)
    if column == "article" and others.filter(article=place).exists():
        raise DomainError(_("This blog post has its discussion already."), code="article")
    changes = dict.fromkeys(PLACES) | {column: place}
    before = str(row.place)
    Discussion.objects.filter(pk=row.pk).update(**changes)
    AuditEntry.record(
        by=by, verb="move_discussion", target=row, note=reason, source=before, into=str(place)
    )


def _append(posts: Any, target: Discussion) -> None:
    """Give the posts the next numbers of another discussion, in their order."""
    rows = list(posts.only("pk", "discussion_id", "number", "moved_from_id"))
    for number, post in enumerate(rows, target.last_number + 1):
        post.moved_from_id = post.discussion_id
        post.discussion_id, post.number = target.pk, number
    Post.objects.bulk_update(rows, ["discussion", "number", "moved_from"], batch_size=200)
    target.last_number += len(rows)
    Discussion.objects.filter(pk=target.pk).update(last_number=target.last_number)
