"""A page of the posts of a discussion as the database has it, with everybody who stands on it.

Pages are cut by the posts' numbers: one after ``n`` holds the next posts with a larger number, so
each costs the same however long the discussion is. What everybody reads is asked by questions that
are put together once (``core.prepared``), and is read into records only where it has to be drawn:
``kept_as`` is all that the drawing of a page depends on, exactly as the database gave it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef

from accounts.models import User
from community.models import Mention, Post, UsefulMark
from core.prepared import Prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from django.db.models import QuerySet

    from community.models import Discussion

T = TypeVar("T")

#: Posts on a page, and on one of the longer pages that a reader can ask for.
PER_PAGE, PER_LONG_PAGE = 50, 200
#: Larger numbers than any database holds in the column are none.
LARGEST = 2**31 - 1
#: What is printed of a post, and of the one it answers.
PRINTED = (
    "uid", "discussion_id", "number", "author_id", "quote", "body", "cleaner", "state",
    "written_at", "edited_at", "useful", "insight__text",
    *(f"reply_to__{name}" for name in ("uid", "number", "discussion_id", "author_id", "state")),
)  # fmt: skip
#: What is asked of an account to know how somebody is seen.
SEEN = (
    "name", "is_active", "closed_at", "profile__user", "profile__organisation", "profile__country",
    "profile__name_audience", "profile__audiences", "member__user", "member__handle",
    "departure__user",
)  # fmt: skip


class Part(NamedTuple):
    """Which posts: the next ``size`` after a number, or the last ones before it."""

    edge: int
    backwards: bool = False
    size: int = PER_PAGE

    def of(self, rows: Sequence[T]) -> list[T]:
        """Those of the page, in its order, of one row more than it holds."""
        page = list(rows[: self.size])
        return page[::-1] if self.backwards else page


class Rows(NamedTuple):
    """The posts of a page with everybody who stands on it; for each post the addresses of the
    members it names, by their short names."""

    posts: list[Post]
    addresses: dict[int, dict[str, str]]


@dataclass(slots=True)
class Page:
    """The posts of a page; read into records where somebody looks at them.

    ``kept_as`` is None where the page depends on the reader.
    """

    numbers: list[int]
    goes_on: bool
    read: Callable[[], Rows]
    kept_as: tuple[Any, ...] | None = None


def page_of(
    discussion: Discussion, user: User | AnonymousUser, part: Part, *, moderates: bool
) -> Page:
    """Two queries, and one more where somebody may be mentioned."""
    if user.is_authenticated:
        return _page_for(discussion, user, part, moderates=moderates)
    return _page_for_everybody(discussion, part)


def readable(rows: Any, user: User | AnonymousUser, *, moderates: bool) -> QuerySet[Post]:
    """Those of some posts that this reader finds, and whether they marked them."""
    found: QuerySet[Post] = rows.readable_by(user, moderates=moderates)
    if user.is_authenticated:
        marks = UsefulMark.objects.filter(post=OuterRef("pk"), user=user)
        found = found.annotate(is_marked=Exists(marks))
    return found


def _printed(
    discussion: int, user: User | AnonymousUser, part: Part, *, moderates: bool
) -> QuerySet[Post]:
    """The posts with what is printed of them, without people, and one more to see if there is."""
    rows = readable(Post.objects.filter(discussion=discussion), user, moderates=moderates)
    if part.backwards:
        rows = rows.filter(number__lt=part.edge).order_by("-number")
    else:
        rows = rows.filter(number__gt=part.edge).order_by("number")
    return rows.select_related("reply_to", "insight").only(*PRINTED)[: part.size + 1]


def _people(*keys: int) -> QuerySet[User]:
    rows = User.objects.filter(pk__in=keys).select_related("profile", "member", "departure")
    return rows.only(*SEEN).order_by()


def _mentions(discussion: int, first: int, last: int) -> QuerySet[Mention]:
    rows = Mention.objects.filter(
        post__discussion=discussion, post__number__gte=first, post__number__lte=last
    )
    return rows.select_related("user__member").order_by("pk")


# --- For somebody who is signed in ------------------------------------------------------------


def _page_for(discussion: Discussion, user: User, part: Part, *, moderates: bool) -> Page:
    rows = list(_printed(discussion.pk, user, part, moderates=moderates))
    posts = part.of(rows)
    answered = (post.reply_to.author_id if post.reply_to else None for post in posts)
    keys = _keys_of(zip((post.author_id for post in posts), answered, strict=True))
    people = _people(*keys) if keys else ()
    mentions: Iterable[Mention] = ()
    if any("@" in post.body for post in posts):
        mentions = _mentions(discussion.pk, posts[0].number, posts[-1].number)
    joined = _joined(posts, discussion, people, mentions)
    return Page([post.number for post in posts], len(rows) > part.size, lambda: joined)


def _keys_of(pairs: Iterable[tuple[int | None, int | None]]) -> list[int]:
    return sorted({key for pair in pairs for key in pair if key is not None})


def _joined(
    posts: list[Post],
    discussion: Discussion,
    people: Iterable[User],
    mentions: Iterable[Mention],
) -> Rows:
    """The posts with their discussion, their authors and those of the posts they answer."""
    known = {person.pk: person for person in people}
    for post in posts:
        post.discussion = discussion
        for row in (post, post.reply_to):
            if row is not None and row.author_id is not None:
                row.author = known.get(row.author_id)
    named: defaultdict[int, list[Mention]] = defaultdict(list)
    for mention in mentions:
        named[mention.post_id].append(mention)
    return Rows(posts, {post: addresses_of(rows) for post, rows in named.items()})


def addresses_of(mentions: Iterable[Mention]) -> dict[str, str]:
    """Where the short names of the members that are mentioned lead to."""
    members = [getattr(mention.user, "member", None) for mention in mentions]
    return {member.handle: member.get_absolute_url() for member in members if member}


# --- For everybody ----------------------------------------------------------------------------


@cache
def _posts_question(*, backwards: bool, size: int) -> Prepared[Post]:
    return Prepared(
        lambda discussion, edge: _printed(
            discussion, AnonymousUser(), Part(edge, backwards, size), moderates=False
        ),
        int, int,
    )  # fmt: skip


@cache
def _people_question(number: int) -> Prepared[User]:
    return Prepared(_people, *[int] * number)


_mentions_question = Prepared(_mentions, int, int, int)


def _page_for_everybody(discussion: Discussion, part: Part) -> Page:
    ask = _posts_question(backwards=part.backwards, size=part.size)
    found = ask(discussion.pk, part.edge)
    if not found.raw:
        return Page([], goes_on=False, read=lambda: Rows([], {}))
    numbers = part.of(found.column("number"))
    wrote, answered = found.column("author_id"), found.column("reply_to.author_id")
    keys = _keys_of(zip(part.of(wrote), part.of(answered), strict=True))
    people = mentions = None
    if keys:
        # As many as a power of two: few questions serve any number of people.
        size = 1 << (len(keys) - 1).bit_length()
        people = _people_question(size)(*keys, *keys[-1:] * (size - len(keys)))
    if any("@" in body for body in found.column("body")):
        mentions = _mentions_question(discussion.pk, numbers[0], numbers[-1])

    def read() -> Rows:
        return _joined(
            part.of(found.rows()), discussion,
            people.rows() if people else (), mentions.rows() if mentions else (),
        )  # fmt: skip

    kept_as = (found.raw, people and people.raw, mentions and mentions.raw, part)
    return Page(numbers, len(found.raw) > part.size, read, kept_as)
