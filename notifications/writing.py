"""The words of mails: of one about a notification, and of a digest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language_bidi, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from accounts.kinds import NoticeKind
from community.models import Post
from core import letterhead
from core.letterhead import Foot
from core.outbox import Unwanted
from core.text import plain
from notifications.digesting import keep_for_next
from notifications.models.notices import Notification, Reason, Subject
from notifications.noticeable import lines_of
from notifications.ranking import Item, ranked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django_stubs_ext import StrOrPromise

    from notifications.models.deliveries import Delivery
    from notifications.noticeable import Line, Shared

#: Characters of a post that stand in a mail, and of a title.
LONGEST_EXCERPT, LONGEST_TITLE = 300, 200
#: Things in a digest, and notifications read for it: the newest.
MOST_ITEMS, MOST_READ = 12, 200

#: Why somebody is told who follows, by what is told.
FOLLOWED: dict[str, StrOrPromise] = {
    NoticeKind.DISCUSSION: gettext_lazy("You follow this discussion, its place or its author"),
    NoticeKind.THEME: gettext_lazy("You follow this theme"),
    NoticeKind.BLOG: gettext_lazy("You follow what it is about, or who wrote it"),
    NoticeKind.LAB: gettext_lazy("You follow this living lab"),
    NoticeKind.SOLUTION: gettext_lazy("You follow this solution"),
    NoticeKind.HUB: gettext_lazy("You follow this hub"),
    NoticeKind.EVENT: gettext_lazy("You follow this event"),
    NoticeKind.COMMITMENT: gettext_lazy("You follow this commitment"),
    NoticeKind.SEARCH: gettext_lazy("You saved this search"),
}
#: Of these the words say themselves why one is told: “Ana answered you”.
SAYS_IT_ITSELF = (Reason.MENTIONED, Reason.ANSWERED)


@dataclass(frozen=True, slots=True)
class Content:
    """What a mail says, in both forms, and the calendar file that goes with it."""

    subject: str
    text: str
    html: str
    calendar: str = ""


def reason_of(row: Notification) -> str:
    """Why the person is told, in words."""
    if row.reason == Reason.FOLLOWING and row.kind in FOLLOWED:
        return str(FOLLOWED[row.kind])
    return str(row.get_reason_display())


def of_notice(row: Notification, *, stop: str, shared: Shared | None = None) -> Content:
    """The mail about one notification. Raises ``Unwanted`` if there is nothing to read."""
    line = lines_of([row], row.user, shared).get(row.pk)
    if line is None:
        raise Unwanted("nothing of it can be read any more")
    foot = Foot(
        reason=reason_of(row),
        kind=str(row.get_kind_display()),
        stop=stop,
        settings=_address(reverse("notices:preferences")),
    )
    page = _address(line.url)
    return _of_letter(row, page, foot) if row.letter else _of_line(row, line, page, foot)


def _of_letter(row: Notification, page: str, foot: Foot) -> Content:
    """Words that were fixed when the person was told."""
    letter = row.letter
    if letter is None:
        raise Unwanted("its words are gone")
    blocks = letterhead.blocks_of(letter.body, page=page)
    body = _without_name(letter.body)
    if all(block.sort != "button" for block in blocks):
        blocks.append(letterhead.button(page))
        body += f"\n\n{page}"
    return Content(
        subject=letterhead.subject_of(letter.title),
        text=_text("notice", foot, body=body),
        html=_html("notice", foot, title=letter.title, blocks=blocks),
        calendar=letter.calendar,
    )


def _of_line(row: Notification, line: Line, page: str, foot: Foot) -> Content:
    """Words that are worked out now."""
    excerpt, right = _excerpt(row, line), get_language_bidi()
    context = {
        "title": letterhead.shortened(letterhead.clean(line.title), LONGEST_TITLE),
        "what": letterhead.clean(line.text),
        "excerpt": excerpt,
        "excerpt_dir": "rtl" if letterhead.is_from_right(excerpt, otherwise=right) else "ltr",
    }
    is_post = row.notice.subject == Subject.POST
    return Content(
        subject=letterhead.subject_about(line.text, line.title),
        text=_text("notice", foot, page=page, **context),
        html=_html(
            "notice",
            foot,
            preheader=context["excerpt"] or context["what"],
            blocks=[letterhead.button(page, _("Read and answer") if is_post else "")],
            **context,
        ),
    )


def _excerpt(row: Notification, line: Line) -> str:
    """The beginning of what was written. One query at most."""
    words = line.excerpt
    if not words and row.notice.subject == Subject.POST:
        bodies = Post.objects.filter(pk=row.notice.subject_id).values_list("body", flat=True)
        words = plain(bodies.first() or "")
    return letterhead.shortened(letterhead.clean(words), LONGEST_EXCERPT)


# --- Digests -------------------------------------------------------------------------------------


def of_digest(delivery: Delivery, *, stop: str, shared: Shared | None = None) -> Content:
    """The digest with what was bound to it and was not read in the portal since. What is neither
    said here nor stands in the portal waits for the next. Raises ``Unwanted`` if nothing is left.
    """
    bound = Notification.objects.filter(digest=delivery, read_at=None)
    rows = list(
        bound.select_related("notice", "letter")
        .defer("letter__body", "letter__calendar")
        .order_by("-pk")[: MOST_READ + 1]
    )
    has_more, rows = len(rows) > MOST_READ, rows[:MOST_READ]
    rows = [row for row in rows if not row.notice.is_late]
    items = ranked(rows, lines_of(rows, delivery.user, shared))
    if not items:
        raise Unwanted("nothing of it is unread, or can be read any more")
    shown, left = items[:MOST_ITEMS], items[MOST_ITEMS:]
    if left or has_more:
        keep_for_next(delivery, besides=[key for item in shown for key in item.keys])
    rest = sum(item.in_portal for item in left)
    n = len(shown) + rest
    sort = str(delivery.get_sort_display())
    day = delivery.period
    context = {
        "what": f"{sort} · {date_format(day)}" if day else sort,
        "title": ngettext("%(n)s thing is new for you", "%(n)s things are new for you", n)
        % {"n": n},
        "sections": _sections(shown),
        "rest": _rest(rest, has_more=has_more),
        "all_url": _address(reverse("notices:notices")),
    }
    foot = Foot(
        reason=_("You chose to be told of this together"),
        kind=sort,
        stop=stop,
        settings=_address(reverse("notices:preferences")),
    )
    others = " · ".join(letterhead.clean(item.line.title) for item in items[1:4])
    return Content(
        subject=_digest_subject(shown[0].line, n - 1),
        text=_text("digest", foot, **context),
        html=_html(
            "digest",
            foot,
            preheader=letterhead.shortened(others, letterhead.LONGEST_PREHEADER),
            **context,
        ),
    )


def _digest_subject(top: Line, others: int) -> str:
    """What stands at the top, and how much there is besides."""
    if not others:
        return letterhead.subject_about(top.text, top.title)
    title = letterhead.shortened(letterhead.clean(top.title), 120)
    return ngettext("%(title)s, and %(n)s more", "%(title)s, and %(n)s more", others) % {
        "title": letterhead.apart(title),
        "n": others,
    }


def _rest(n: int, *, has_more: bool) -> str:
    """What is not in the digest, for lack of space."""
    if has_more:
        return _("Many more in the portal")
    if n <= 0:
        return ""
    return ngettext("%(n)s more in the portal", "%(n)s more in the portal", n) % {"n": n}


def _sections(items: Sequence[Item]) -> list[dict[str, Any]]:
    """What concerns the person, then what they follow."""
    sections = (
        (_("What concerns you"), [item for item in items if item.concerns]),
        (_("What you follow"), [item for item in items if not item.concerns]),
    )
    return [
        {"heading": heading, "items": [_shown(item) for item in some]}
        for heading, some in sections
        if some
    ]


def _shown(item: Item) -> dict[str, str]:
    more = item.count - 1
    return {
        "what": letterhead.clean(item.line.text),
        "title": letterhead.shortened(letterhead.clean(item.line.title), LONGEST_TITLE),
        "url": _address(item.line.url),
        "reason": "" if item.row.reason in SAYS_IT_ITSELF else reason_of(item.row),
        "more": ngettext("and %(n)s more", "and %(n)s more", more) % {"n": more} if more else "",
    }


# --- Both forms ----------------------------------------------------------------------------------


def _address(path: str) -> str:
    return f"{settings.PORTAL_URL}{path}"


def _without_name(body: str) -> str:
    """A letter without the portal's name at its end: it stands below everything anyway."""
    return body.rstrip().removesuffix(settings.PORTAL_NAME).rstrip()


def _text(name: str, foot: Foot, **context: Any) -> str:
    context |= {
        "foot": foot,
        "portal_name": settings.PORTAL_NAME,
        "portal_url": settings.PORTAL_URL,
        "contact": settings.CONTACT_EMAIL,
    }
    return letterhead.wrapped(render_to_string(f"emails/notifications/{name}.txt", context))


def _html(name: str, foot: Foot, **context: Any) -> str:
    return letterhead.page_of(template=f"emails/notifications/{name}.html", foot=foot, **context)
