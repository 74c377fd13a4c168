"""What the page of a discussion shows one reader: a page of its posts (``community.paging``), and
where they stand in it.

Where a post stands follows from its number alone; nothing is counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Min, Prefetch, Q
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from community.choices import PostState
from community.mentions import linked
from community.models import Discussion, Mention, Post, PostRevision, Reading
from community.paging import LARGEST, PER_LONG_PAGE, PER_PAGE, Part, addresses_of, page_of, readable
from community.people import Seen, seen_as, with_people
from core.richtext import CLEANER_VERSION, clean
from hubs import reference

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

    from accounts.models import User
    from community.paging import Page, Rows


def body_html(row: Post | PostRevision, addresses: dict[str, str] | None = None) -> SafeString:
    """A stored text for the page. It was cleaned when it was stored; again only if the cleaner has
    learned something since."""
    cleaner = row.cleaner if isinstance(row, Post) else 0
    html = row.body if cleaner == CLEANER_VERSION else clean(row.body)
    return mark_safe(linked(html, addresses or {}))  # noqa: S308 (cleaned, and only links added)


def place_in(number: int, size: int = PER_PAGE) -> int:
    """After which number the page begins that shows a post of this number."""
    return (max(number, 1) - 1) // size * size


def address_of(post: Post, discussion: Discussion | None = None) -> str:
    """The page of its discussion a post stands on, at the post."""
    url = (discussion or post.discussion).get_absolute_url()
    after = place_in(post.number)
    return f"{url}{f'?after={after}' if after else ''}#p{post.number}"


@dataclass(frozen=True, slots=True)
class Answered:
    """The post another one answers, as far as the reader may know of it."""

    url: str
    number: int
    name: str
    #: Why its words are not repeated, if they are not.
    gone: str


@dataclass(frozen=True, slots=True)
class Line:
    """One post on the page. ``gap`` says in its place why others cannot read it."""

    post: Post
    url: str
    seen: Seen | None
    html: SafeString
    gap: str
    told: str
    answered: Answered | None
    is_in: bool
    is_own: bool
    is_new: bool
    is_marked: bool
    may_reply: bool
    may_mark: bool
    may_change: bool

    @property
    def has_insight(self) -> bool:
        return hasattr(self.post, "insight")

    @property
    def is_shown(self) -> bool:
        return self.post.state == PostState.SHOWN


@dataclass(slots=True)
class Thread:
    """One page of a discussion for one reader. ``after`` and ``before`` are numbers of posts.

    ``is_long`` asks for the longer pages.
    """

    discussion: Discussion
    user: User | AnonymousUser
    moderates: bool
    may_write: bool
    is_member: bool
    is_long: bool
    reading: Reading | None
    page: Page
    has_earlier: bool
    has_later: bool

    @classmethod
    def of(
        cls,
        discussion: Discussion,
        user: User | AnonymousUser,
        *,
        after: int = 0,
        before: int = 0,
        moderates: bool = False,
        may_write: bool = False,
        is_member: bool = False,
        is_long: bool = False,
    ) -> Thread:
        part = Part(before or after, bool(before), PER_LONG_PAGE if is_long else PER_PAGE)
        page = page_of(discussion, user, part, moderates=moderates)
        if not page.numbers and part.edge:
            # Beyond the end, or before the beginning: the last page, or the first.
            edge = {"after": 0} if before else {"before": LARGEST}
            thread = cls.of(
                discussion, user, moderates=moderates, may_write=may_write, is_member=is_member,
                is_long=is_long, **edge,
            )  # fmt: skip
            thread.has_later = thread.has_later and bool(before)
            return thread
        reading = None
        if user.is_authenticated:
            reading = Reading.objects.filter(user=user, discussion=discussion).first()
        return cls(
            discussion, user, moderates, may_write, is_member, is_long, reading, page,
            has_earlier=page.goes_on if before else after > 0,
            has_later=before != LARGEST if before else page.goes_on,
        )  # fmt: skip

    @property
    def kept_as(self) -> tuple[Any, ...] | None:
        """All that the drawing of its posts depends on, if everybody sees the same."""
        known = self.page.kept_as
        if known is None:
            return None
        reference.countries()  # read anew from time to time
        return (*known, reference.countries.reading)

    @property
    def numbers(self) -> list[int]:
        """Of the posts on the page."""
        return self.page.numbers

    @property
    def keeps(self) -> bool:
        """Whether this person picks insights here."""
        return self.user.has_perm("community.keep", self.discussion)

    @property
    def first_number(self) -> int:
        return self.numbers[0] if self.numbers else 0

    @property
    def last_number(self) -> int:
        return self.numbers[-1] if self.numbers else 0

    @property
    def last_readable(self) -> int:
        """Up to where whoever saw this page has read."""
        return self.discussion.last_number if not self.has_later else self.last_number

    @property
    def is_read(self) -> bool:
        return self.reading is not None and self.reading.read_to >= self.last_readable

    def unread(self) -> tuple[int, int]:
        """How many posts by others are new to somebody who was here before, and the first one's
        number. (0, 0) for whoever was not."""
        if self.reading is None or self.reading.read_to >= self.discussion.last_number:
            return 0, 0
        new = self.discussion.posts.shown().filter(number__gt=self.reading.read_to)
        told = new.exclude(author=self.reading.user_id).aggregate(
            n=Count("pk"), first=Min("number")
        )
        return int(told["n"]), int(told["first"] or 0)

    def link_to(self, number: int) -> str:
        """From this page to a post of this discussion, on it or elsewhere."""
        on_page = self.first_number <= number <= self.last_number
        long = "all&" if self.is_long else ""
        return f"#p{number}" if on_page else f"?{long}at={number}#p{number}"

    def lines(self) -> list[Line]:
        """What is drawn of each post. Everybody is looked at once however often they wrote."""
        root = reverse("community:post", args=["0"]).removesuffix("0/")
        rows = self.page.read()
        seen: dict[int | None, Seen] = {}
        for post in rows.posts:
            for row in (post, post.reply_to):
                if row is not None and row.author_id not in seen:
                    seen[row.author_id] = seen_as(row.author, self.user)
        return [self._line(post, root, seen, rows) for post in rows.posts]

    def _line(self, post: Post, root: str, seen: dict[int | None, Seen], rows: Rows) -> Line:
        is_own = self.user.is_authenticated and post.author_id == self.user.pk
        reads = is_own or self.moderates or post.state == PostState.SHOWN
        gap = "" if reads else _gap(post)
        shown = post.state == PostState.SHOWN
        takes_part = shown and self.is_member
        answered = self._answered(post, root, seen) if reads and post.reply_to_id else None
        return Line(
            post=post,
            url=f"{root}{post.uid}/",
            seen=seen[post.author_id] if reads else None,
            html=body_html(post, rows.addresses.get(post.pk)) if reads else SafeString(""),
            gap=gap,
            told="" if shown or not reads else _told(post, is_own=is_own),
            answered=answered,
            is_in=answered is not None and answered.number != 1,
            is_own=is_own,
            is_new=self._is_new(post) and not is_own,
            is_marked=getattr(post, "is_marked", False),
            may_reply=shown and self.may_write,
            may_mark=takes_part and not is_own,
            may_change=(
                is_own
                and self.may_write
                and post.state in {PostState.SHOWN, PostState.HELD}
            ),
        )  # fmt: skip

    def _is_new(self, post: Post) -> bool:
        return self.reading is not None and post.number > self.reading.read_to

    def _answered(self, post: Post, root: str, seen: dict[int | None, Seen]) -> Answered | None:
        other = post.reply_to
        if other is None:
            return None
        if other.discussion_id != post.discussion_id:
            # Perhaps into a place this reader does not see: its address finds that out.
            return Answered(f"{root}{other.uid}/", 0, "", _("It is in another discussion now."))
        gone = "" if other.state == PostState.SHOWN else _gap(other)
        name = "" if gone else seen[other.author_id].name
        return Answered(self.link_to(other.number), other.number, name, gone)


def posts_of(
    discussion: Discussion, user: User | AnonymousUser, *, moderates: bool
) -> QuerySet[Post]:
    """Its posts with all that is printed of them: two queries for a page."""
    rows = readable(discussion.posts, user, moderates=moderates)
    rows = with_people(with_people(rows), "reply_to__author").select_related("insight")
    mentions = Mention.objects.select_related("user__member")
    return rows.defer("reply_to__body").prefetch_related(Prefetch("mentions", mentions))


def addresses_in(post: Post) -> dict[str, str]:
    """Where the short names of the members a post mentions lead to."""
    if "@" not in post.body:
        return {}
    return addresses_of(post.mentions.all())


def _gap(post: Post) -> str:
    if post.state == PostState.WITHDRAWN:
        return _("Its author withdrew this post.")
    if post.state == PostState.HIDDEN:
        return _("A moderator hid this post.")
    return _("This post is being checked.")


def _told(post: Post, *, is_own: bool) -> str:
    """Why others cannot read what stands here."""
    if post.state == PostState.HELD and is_own:
        return _("Only you and the moderators see this. It is shown once a moderator has read it.")
    return {
        PostState.HELD: _("Held for a moderator. Others cannot see it."),
        PostState.HIDDEN: _("Hidden by a moderator. Others see only that something stood here."),
        PostState.WITHDRAWN: _("Withdrawn by its author. Others cannot read it."),
    }[PostState(post.state)]


def unread_counts(user: User, discussions: Iterable[Discussion]) -> dict[int, int]:
    """For each discussion how many posts by others are new to this person. One query."""
    readings = {
        row.discussion_id: row.read_to
        for row in Reading.objects.filter(user=user, discussion__in=list(discussions))
    }
    beyond = Q()
    for key, number in readings.items():
        beyond |= Q(discussion=key, number__gt=number)
    if not readings:
        return {}
    rows = Post.objects.shown().filter(beyond).exclude(author=user).values_list("discussion")
    return dict(rows.annotate(n=Count("pk")).order_by())
