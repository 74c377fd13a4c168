"""Which contributions go out at once and which a moderator reads first; how many a person may send
in an hour; and how trust in a member follows from what they did.

Three promises. A genuine first post is held, never refused: a moderator reads it, and its author
sees it and is told. What refuses (too many in an hour) says when it goes on, and is counted from
the posts themselves, so that it holds with any cache away. Trust is worked out from facts by one
function, ``standing_of``, which also says in words what is missing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from community.choices import PostState, SanctionKind, Trust
from community.mentions import named_in
from community.models import Decision, Member, Post, PostRevision, UsefulMark, member_of
from community.models.members import Sanction, forget_member, sanctions_of
from core.errors import DomainError
from core.text import fold, is_unspaced, plain

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django_stubs_ext import StrOrPromise

    from accounts.models import User

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
#: So long hidden posts and measures count against a member.
MEMORY = dt.timedelta(days=180)

ORDER = (Trust.NEW, Trust.KNOWN, Trust.TRUSTED)
#: Known: so many posts shown, on so many days.
KNOWN_POSTS, KNOWN_DAYS = 3, 2
#: Trusted: so many posts on so many days, found useful by so many known members, and so long here.
TRUSTED_POSTS, TRUSTED_DAYS, TRUSTED_MARKERS = 12, 5, 5
TRUSTED_AFTER = dt.timedelta(days=30)

#: Posts, and changes of posts, in an hour.
AN_HOUR = {Trust.NEW: 5, Trust.KNOWN: 30, Trust.TRUSTED: 60}
#: Links and mentions in one post that go out unread.
LINKS = {Trust.NEW: 0, Trust.KNOWN: 5, Trust.TRUSTED: 20}
MENTIONS = {Trust.NEW: 2, Trust.KNOWN: 10, Trust.TRUSTED: 20}
#: A text at least this long (in the form texts are compared in) is not said twice by chance.
SAID_BY_CHANCE = 80
#: A sign so often in a row, a word so long, so many marks on one letter: no text needs that.
SAME_SIGN, LONG_WORD, MARKS = 20, 80, 6
#: Nobody reads a form and writes an answer faster than this.
TOO_FAST = dt.timedelta(seconds=4)

_LINKED = re.compile(r'<a\b[^>]*\bhref="([^"]*)"', re.IGNORECASE)
_ENDINGS = (
    "com|net|org|info|biz|ru|cn|xyz|top|shop|online|site|club|store|live|icu|link|click|me|io|co"
)
_BARE = re.compile(
    rf"(?:https?://|www\.)\S+|\b[\w-]+(?:\.|\s*[\[(]?\s*dot\s*[\])]?\s*)(?:{_ENDINGS})\b(?!\.\w)",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"[\w.+-]+@[\w-]+\.\w+|\+?\d[\d\s().-]{7,}\d|\b(?:whats\s?app|telegram|wechat|t\.me)\b",
    re.IGNORECASE,
)
_RUN = re.compile(rf"(\S)\1{{{SAME_SIGN - 1},}}")


# --- Trust -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """The facts trust follows from, and the level they give.

    ``fresh_posts`` and ``fresh_days`` count since a post was last hidden or a measure was decided;
    ``steps`` is how far those take a member back. ``in_force`` says that a measure still holds.
    """

    level: Trust
    posts: int
    days: int
    fresh_posts: int
    fresh_days: int
    markers: int
    hidden: int
    measures: int
    in_force: bool
    joined_at: dt.datetime | None

    @property
    def goes_out(self) -> bool:
        """Whether anything has been shown since the last reason for doubt."""
        return self.fresh_posts > 0 and not self.in_force

    def missing(self) -> list[str]:
        """What is missing to the next level, in words. Empty for those who are trusted."""
        if self.level == Trust.TRUSTED:
            return []
        if self.in_force:
            return [_("A measure about your conduct is in force.")]
        if self.level == Trust.NEW:
            wanted = [
                (KNOWN_POSTS - self.fresh_posts, _posts_more),
                (KNOWN_DAYS - self.fresh_days, _days_more),
            ]
            return [words(n) for n, words in wanted if n > 0]
        wanted = [
            (TRUSTED_POSTS - self.posts, _posts_more),
            (TRUSTED_DAYS - self.days, _days_more),
            (TRUSTED_MARKERS - self.markers, _markers_more),
        ]
        found = [words(n) for n, words in wanted if n > 0]
        if self.hidden or self.measures:
            found.append(_("Half a year without a hidden post or a measure."))
        if self.joined_at and timezone.now() - self.joined_at < TRUSTED_AFTER:
            found.append(_("A month as a member."))
        return found


def _posts_more(n: int) -> str:
    return ngettext("%(n)d more post that is shown.", "%(n)d more posts that are shown.", n) % {
        "n": n
    }


def _days_more(n: int) -> str:
    return ngettext("Posts on %(n)d more day.", "Posts on %(n)d more days.", n) % {"n": n}


def _markers_more(n: int) -> str:
    return ngettext(
        "%(n)d more known member who finds a post of yours useful.",
        "%(n)d more known members who find a post of yours useful.",
        n,
    ) % {"n": n}


def standing_of(user: User) -> Standing:
    """The facts and what follows from them. Five or six queries, however much the member wrote.

    Each hidden post and each warning of the last half year takes one step back, a stronger measure
    two; whatever was undone counts for nothing. As many posts shown since then as make a new member
    known make them known again.
    """
    now = timezone.now()
    since = now - MEMORY
    # Every post counts that others could read, also if its author took it back later.
    good = Post.objects.filter(
        author=user, shown_at__isnull=False, state__in=(PostState.SHOWN, PostState.WITHDRAWN)
    )
    against = Decision.objects.filter(
        what__in=(Decision.What.HIDE, Decision.What.REFUSE), undone_at=None, decided_at__gt=since
    )
    bad = (
        Post.objects.filter(author=user, state=PostState.HIDDEN)
        .filter(Q(written_at__gt=since) | Q(decisions__in=against))
        .distinct()
    )
    written = list(bad.values_list("written_at", flat=True))
    hidden = len(written)
    standing = list(Sanction.objects.filter(user=user, lifted_at=None))
    measures = [measure for measure in standing if measure.decided_at > since]
    hard = [measure for measure in measures if measure.kind != SanctionKind.WARNING]
    # A ban without an end holds beyond any memory.
    in_force = any(
        measure.kind != SanctionKind.WARNING and (measure.until is None or measure.until > now)
        for measure in standing
    )
    doubts = [measure.decided_at for measure in measures] + written
    if hidden:
        decided = against.filter(post__author=user, post__state=PostState.HIDDEN)
        doubts += decided.order_by("-decided_at").values_list("decided_at", flat=True)[:1]
    doubted = max(doubts, default=None)

    # The latest decide; nobody's thousand posts are read.
    latest = list(good.order_by("-written_at").values_list("written_at", flat=True)[:500])
    days = {timezone.localdate(moment) for moment in latest}
    fresh = [moment for moment in latest if doubted is None or moment > doubted]
    fresh_days = {timezone.localdate(moment) for moment in fresh}
    marks = UsefulMark.objects.filter(post__in=good).exclude(user__member__trust=Trust.NEW)
    markers = marks.exclude(user__member=None).values("user").distinct().count()
    member = Member.objects.filter(user=user).first()
    joined = member.joined_at if member else None

    steps = hidden + len(measures) + len(hard)
    merit = 0
    if len(latest) >= KNOWN_POSTS and len(days) >= KNOWN_DAYS:
        merit = 1
        if (
            len(latest) >= TRUSTED_POSTS
            and len(days) >= TRUSTED_DAYS
            and markers >= TRUSTED_MARKERS
            and joined is not None
            and now - joined >= TRUSTED_AFTER
        ):
            merit = 2
    place = max(merit - steps, 0)
    if len(fresh) >= KNOWN_POSTS and len(fresh_days) >= KNOWN_DAYS:
        place = max(place, 1)
    if in_force:
        place = 0
    return Standing(
        level=ORDER[place],
        posts=len(latest),
        days=len(days),
        fresh_posts=len(fresh),
        fresh_days=len(fresh_days),
        markers=markers,
        hidden=hidden,
        measures=len(measures),
        in_force=in_force,
        joined_at=joined,
    )


def trust_of(user: User) -> Trust:
    """How far a member is trusted, from the facts alone."""
    return standing_of(user).level


def renew_trust(user: User, *, may_fall: bool = True) -> Trust | None:
    """Write down what the facts say now. Called where they change; again changes nothing.

    Good news (a post shown, a useful mark) only raises: ``may_fall`` is for hidden posts and
    measures. Returns the level if it changed.
    """
    member = Member.objects.filter(user=user).first()
    if member is None:
        return None
    level = trust_of(user)
    if level == member.trust or (
        not may_fall and ORDER.index(level) < ORDER.index(Trust(member.trust))
    ):
        return None
    since = timezone.now() if level == Trust.TRUSTED else None
    Member.objects.filter(pk=member.pk).update(trust=level, trusted_since=since)
    forget_member(user)
    return level


def meaning_of(trust: str) -> StrOrPromise:
    """What a level means for the member who has it."""
    return {
        Trust.NEW: gettext_lazy(
            "A moderator reads your first post before others do. After that, what has no links"
            " goes out at once."
        ),
        Trust.KNOWN: gettext_lazy(
            "Your posts go out at once. Only those with many links or mentions are read first."
        ),
        Trust.TRUSTED: gettext_lazy(
            "Your posts go out at once. When three trusted members flag a post, it waits for a"
            " moderator."
        ),
    }[Trust(trust)]


# --- What happens to a text --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verdict:
    """``held``: a moderator reads it first; ``because`` says why, in a few words for them, to be
    translated where they are shown.

    ``digest`` recognises the same text when it comes again.
    """

    held: bool
    because: str = ""
    digest: str = ""


def digest_of(html: str) -> str:
    """What the same text has in common however it is set: nothing for texts said by chance."""
    folded = fold(plain(html))
    if len(folded) < SAID_BY_CHANCE and not links_in(html):
        return ""
    return hashlib.blake2b(folded.encode(), digest_size=16).hexdigest()


def links_in(html: str) -> int:
    """How many places outside the portal a text leads to, linked or just written."""
    own = urlsplit(settings.PORTAL_URL).hostname
    linked = [address for address in _LINKED.findall(html) if urlsplit(address).hostname]
    shown = plain(re.sub(r"<a\b.*?</a>", " ", html, flags=re.IGNORECASE | re.DOTALL))
    return sum(urlsplit(address).hostname != own for address in linked) + len(_BARE.findall(shown))


def is_hard_to_read(text: str) -> bool:
    """Very long runs of one sign, words without end, or heaps of marks on letters."""
    if _RUN.search(text):
        return True
    marks = 0
    for sign in unicodedata.normalize("NFC", text):
        marks = marks + 1 if unicodedata.category(sign) in {"Mn", "Me"} else 0
        if marks > MARKS:
            return True
    return any(
        len(word) > LONG_WORD and "://" not in word and not is_unspaced(word)
        for word in text.split()
    )


def screen(
    by: User, html: str, *, changes: Post | None = None, noticed: StrOrPromise = ""
) -> Verdict:
    """What to do with a text this member sends. Raises ``DomainError`` if it is one too many.

    ``changes`` is the post whose text is replaced; ``noticed`` is what the form gave away
    (``forms.trap``). The most telling reason comes first.
    """
    member = member_of(by)
    trust = Trust(member.trust) if member else Trust.NEW
    _refuse_haste(by, trust, changing=changes is not None)
    digest = digest_of(html)
    # Kept untranslated: whoever reads it has another language than whoever wrote the text.
    with translation.override(None):
        because = str(_doubt(by, trust, html, digest, changes, noticed))
    return Verdict(held=bool(because), because=because, digest=digest)


def _doubt(
    by: User, trust: Trust, html: str, digest: str, changes: Post | None, noticed: StrOrPromise
) -> StrOrPromise:
    """Why somebody should read it first, or nothing."""
    text = plain(html)
    if any(sanction.kind == SanctionKind.CHECKED for sanction in sanctions_of(by)):
        return _("contributions are checked again")
    if digest and _was_said(by, digest, changes):
        return _("the same text was posted within a day")
    if is_hard_to_read(text):
        return _("long runs of one sign, or heaps of marks")
    if noticed and trust == Trust.NEW:
        return noticed
    if links_in(html) > LINKS[trust]:
        return _("links from a new member") if trust == Trust.NEW else _("many links")
    if trust == Trust.NEW and _CONTACT.search(text):
        return _("an address or a number to write to, from a new member")
    if len(named_in(html)) > MENTIONS[trust]:
        return _("many mentions")
    if trust == Trust.NEW and not standing_of(by).goes_out:
        return _("first post of a new member")
    return ""


def _was_said(by: User, digest: str, changes: Post | None) -> bool:
    """Whether anybody posted the same text within a day. What one took back oneself is not said."""
    rows = Post.objects.filter(digest=digest, written_at__gt=timezone.now() - DAY)
    if changes is not None:
        rows = rows.exclude(pk=changes.pk)
    return rows.exclude(author=by, state=PostState.WITHDRAWN).exists()


def _refuse_haste(by: User, trust: Trust, *, changing: bool) -> None:
    """Refuse what is more than the member may send in an hour, and say when it goes on.

    Two forms sent at the same moment may both pass: one more is no harm.
    """
    most, now = AN_HOUR[trust], timezone.now()
    moments: QuerySet[Any, dt.datetime]
    if changing:
        revisions = PostRevision.objects.filter(replaced_by=by, replaced_at__gt=now - HOUR)
        moments = revisions.order_by("-replaced_at").values_list("replaced_at", flat=True)
    else:
        posts = Post.objects.filter(author=by, written_at__gt=now - HOUR)
        moments = posts.order_by("-written_at").values_list("written_at", flat=True)
    found = list(moments[most - 1 : most])
    if not found:
        return
    free = timezone.localtime(found[0] + HOUR + dt.timedelta(minutes=1))
    raise DomainError(
        _(
            "You sent %(most)d within an hour, as many as are taken. You can send this from"
            " %(time)s (%(zone)s)."
        )
        % {"most": most, "time": date_format(free, "H:i"), "zone": free.tzname()},
        code="rate",
    )
