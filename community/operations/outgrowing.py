"""What grows out of a discussion: a lesson of a lab, a reference in the library, a catalogue draft.

Whoever keeps the place of a discussion, or a portal moderator, may make any of the three. A draft
of the catalogue may also be begun by whoever wrote a post in the discussion: the practice told
there is often their own, the draft is theirs alone until they invite others, and nothing of it is
public before the desk has read it. A lesson speaks for a lab and a reference for the library, so
those take somebody who keeps something.

Whose posts were chosen is credited by name as everybody may read it, or by their short name, as a
contributor without an account: a contributor with an account may edit the record, and nobody is
given a record to answer for without having asked. They ask as everybody does, and the owner
invites them. Whoever closes their account is named no longer (``forget_credit``).

What is said in a place that is not open to everybody stays there: of it nobody makes a lesson or
a reference, and each author takes only their own words into a draft.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.html import escape
from django.utils.translation import gettext as _

from catalogue.choices import ContributorRole
from catalogue.models import Contributor
from catalogue.operations import save_answers, start_solution
from catalogue.writing import marks, values_of
from community.models import Discussion, LivingLab, Outgrowth, Post
from community.models.synthesis import OPEN_DISCUSSIONS
from community.operations import labs, library
from community.operations.discussing import hold_discussion
from community.people import seen_as, with_people
from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from core.richtext import clean

if TYPE_CHECKING:
    import uuid

    from accounts.models import User
    from hubs.models import Hub

LESSON, REFERENCE, SOLUTION = "lesson", "reference", "solution"
MOST_POSTS = 20
#: The answer of a draft that takes up what the chosen posts say.
FIRST_NOTE = "approach"


def is_open_to_all(discussion: Discussion) -> bool:
    """Whether everybody reads the discussion, signed in or not."""
    seen = Discussion.objects.visible_to(AnonymousUser()).filter(state__in=OPEN_DISCUSSIONS)
    return seen.filter(pk=discussion.pk).exists()


def wrote_here(discussion: Discussion, user: Any) -> bool:
    """Wrote a post of the discussion that is shown."""
    if not user.is_authenticated:
        return False
    return Post.objects.shown().filter(discussion=discussion, author=user).exists()


def ways_for(discussion: Discussion, user: Any) -> list[str]:
    """What this person may make of the discussion. At most three queries."""
    if not user.is_authenticated or discussion.state not in OPEN_DISCUSSIONS:
        return []
    if user.has_perm("community.keep", discussion):
        if is_open_to_all(discussion):
            return [LESSON, REFERENCE, SOLUTION]
        return [SOLUTION] if wrote_here(discussion, user) else []
    takes_part = user.has_perm("community.take_part") and wrote_here(discussion, user)
    return [SOLUTION] if takes_part else []


def choosable(discussion: Discussion, user: Any) -> Any:
    """The posts this person may choose: all that are shown; where not everybody reads, only
    their own."""
    rows = with_people(Post.objects.shown().filter(discussion=discussion)).order_by("number")
    return rows if is_open_to_all(discussion) else rows.filter(author=user)


def _grow(
    discussion: Discussion,
    what: str,
    posts: Sequence[Post],
    *,
    by: User,
    form_key: uuid.UUID,
    make: Callable[[list[Post]], dict[str, Any]],
) -> Outgrowth:
    """Check, make the record, and note where it came from. Twice is once."""
    AuditHead.hold()
    row = hold_discussion(discussion)
    if not by.has_perm("community.view_discussion", row):
        raise PermissionDenied
    there = Outgrowth.objects.filter(made_by=by, form_key=form_key).first()
    if there is not None:
        return there
    if what not in ways_for(row, by):
        raise PermissionDenied
    keys = [post.pk for post in posts]
    chosen = list(choosable(row, by).filter(pk__in=keys))
    if not chosen:
        raise ValidationError({"posts": _("Choose at least one post.")})
    if len(chosen) != len(set(keys)):
        raise ValidationError({"posts": _("One of these posts is not shown any more.")})
    if len(chosen) > MOST_POSTS:
        told = _("Choose up to %(most)d posts.") % {"most": MOST_POSTS}
        raise ValidationError({"posts": told})
    made = make(chosen)
    outgrowth = Outgrowth.objects.create(
        discussion=row, made_by=by, form_key=form_key, **{what: made[what]}
    )
    outgrowth.posts.set(chosen)
    AuditEntry.record(by=by, verb=f"grow_{what}", target=row, posts=[post.uid for post in chosen])
    return outgrowth


@transaction.atomic
def grow_lesson(
    discussion: Discussion,
    *,
    by: User,
    posts: Sequence[Post],
    lab: LivingLab,
    text: str,
    form_key: uuid.UUID,
    detail: str = "",
) -> Outgrowth:
    """Put what a discussion teaches into the lessons of a lab this person keeps."""

    def make(_chosen: list[Post]) -> dict[str, Any]:
        lesson = labs.write_lesson(lab, by=by, form_key=form_key, text=text, detail=detail)
        return {LESSON: lesson}

    return _grow(discussion, LESSON, posts, by=by, form_key=form_key, make=make)


@transaction.atomic
def grow_reference(
    discussion: Discussion,
    *,
    by: User,
    posts: Sequence[Post],
    values: dict[str, Any],
    form_key: uuid.UUID,
) -> Outgrowth:
    """Propose a work that a discussion names to the library; one it has is linked as it is."""

    def make(_chosen: list[Post]) -> dict[str, Any]:
        if not by.has_perm("community.take_part"):
            raise DomainError(
                _("Join the community first: whoever adds to the library is a member."),
                code="not-a-member",
            )
        about: dict[str, Any] = {"theme": discussion.theme} if discussion.theme_id else {}
        item = library.propose(by=by, form_key=form_key, **values, **about)
        return {REFERENCE: item.reference}

    return _grow(discussion, REFERENCE, posts, by=by, form_key=form_key, make=make)


@transaction.atomic
def grow_solution(
    discussion: Discussion,
    *,
    by: User,
    posts: Sequence[Post],
    title: str,
    form_key: uuid.UUID,
    language: str = "en",
    hub: Hub | None = None,
) -> Outgrowth:
    """Begin a private draft of the catalogue from chosen posts. Their words stand in it as a first
    note, each with who wrote it; their authors are credited."""

    def make(chosen: list[Post]) -> dict[str, Any]:
        solution = start_solution(by=by, form_key=form_key, hub=hub, title=title, language=language)
        now = values_of(solution, [FIRST_NOTE])
        if not now[FIRST_NOTE]:
            note = first_note(chosen)
            save_answers(
                solution, by=by, page="approach", answers={FIRST_NOTE: note}, opened=marks(now)
            )
        _credit(solution, chosen, by=by)
        return {SOLUTION: solution}

    return _grow(discussion, SOLUTION, posts, by=by, form_key=form_key, make=make)


def first_note(posts: Sequence[Post]) -> str:
    """What the posts say, one after the other, each under the name of who wrote it."""
    parts = []
    for post in posts:
        named = seen_as(post.author, AnonymousUser()).name
        parts.append(f"<p><strong>{escape(named)}</strong></p>{post.body}")
    return clean("".join(parts))


def _credit(solution: Any, posts: Sequence[Post], *, by: User) -> None:
    """Name the authors of the posts as contributors, once each; whoever begins it is there."""
    seen_already = {by.pk}
    position = solution.contributors.count()
    for post in posts:
        author = post.author
        if author is None or author.closed_at is not None or author.pk in seen_already:
            continue
        seen_already.add(author.pk)
        seen = seen_as(author, AnonymousUser())
        Contributor.objects.create(
            solution=solution,
            name=seen.name[:150],
            organisation=seen.organisation[:200],
            role=ContributorRole.AUTHOR,
            position=position,
        )
        position += 1


def forget_credit(user: User) -> None:
    """Take the name of somebody who closes their account out of what grew from their posts.

    Only where they stand without an account, as they were credited here; what they are named in by
    their own wish stays as the catalogue keeps it.
    """
    member = getattr(user, "member", None)
    names = {str(user), f"@{member.handle}" if member else str(user)}
    Contributor.objects.filter(
        solution__outgrowth__posts__author=user, user=None, name__in=names
    ).update(name=_("Former member"), organisation="")
