"""How each kind of notification is told unless the person wishes otherwise."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.kinds import NoticeKind

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Mail(models.TextChoices):
    """When a kind is mailed."""

    ONCE = "once", _("At once")
    DAILY = "daily", _("Daily")
    WEEKLY = "weekly", _("Weekly")
    NEVER = "never", _("Never")


class Rank(enum.IntEnum):
    """Who is sent first, when much is owed."""

    URGENT, LETTER, NEWS, DIGEST = range(4)


@dataclass(frozen=True, slots=True)
class Told:
    """The sensible default of one kind."""

    mail: Mail
    rank: Rank = Rank.NEWS
    #: Whether a device rings, where the person has let one.
    push: bool = False
    #: Nobody can switch its mail off, and no pause or quiet hour keeps it back.
    essential: bool = False
    #: Mailed in quiet hours, too: it is of no use afterwards.
    wakes: bool = False
    #: A mail not sent by then is not sent any more.
    good_for: dt.timedelta = dt.timedelta(days=3)


K = NoticeKind
TOLD: dict[str, Told] = {
    K.ASKED: Told(Mail.ONCE, Rank.LETTER, push=True),
    K.PANEL: Told(Mail.ONCE, Rank.LETTER),
    K.DESK: Told(Mail.ONCE, Rank.LETTER),
    K.HUB_DUTY: Told(Mail.ONCE, Rank.LETTER),
    K.PROMISE: Told(Mail.ONCE, Rank.LETTER),
    K.CASE: Told(Mail.ONCE, Rank.LETTER, push=True),
    K.PLACE: Told(Mail.ONCE, Rank.LETTER, push=True),
    K.REMINDER: Told(
        Mail.ONCE, Rank.URGENT, push=True, wakes=True, good_for=dt.timedelta(hours=12)
    ),
    K.RECORDING: Told(Mail.ONCE, Rank.LETTER),
    K.MENTION: Told(Mail.ONCE, Rank.LETTER, push=True),
    K.YOURS: Told(Mail.ONCE, Rank.LETTER),
    K.ROLE: Told(Mail.ONCE, Rank.LETTER),
    K.MEASURE: Told(Mail.ONCE, Rank.LETTER, essential=True, good_for=dt.timedelta(days=7)),
    K.DISCUSSION: Told(Mail.DAILY),
    K.THEME: Told(Mail.DAILY),
    K.BLOG: Told(Mail.WEEKLY),
    K.LAB: Told(Mail.WEEKLY),
    K.SOLUTION: Told(Mail.DAILY),
    K.HUB: Told(Mail.WEEKLY),
    K.EVENT: Told(Mail.DAILY),
    K.COMMITMENT: Told(Mail.DAILY),
    K.SEARCH: Told(Mail.WEEKLY),
}

#: As the settings show them.
GROUPS: tuple[tuple[StrOrPromise, tuple[NoticeKind, ...]], ...] = (
    (_("What is asked of you"), (K.ASKED, K.PANEL, K.DESK, K.HUB_DUTY, K.PROMISE)),
    (
        _("What concerns you"),
        (K.CASE, K.PLACE, K.REMINDER, K.RECORDING, K.MENTION, K.YOURS, K.ROLE, K.MEASURE),
    ),
    (
        _("What you follow"),
        (
            K.DISCUSSION, K.THEME, K.BLOG, K.LAB, K.SOLUTION, K.HUB, K.EVENT, K.COMMITMENT,
            K.SEARCH,
        ),
    ),
)  # fmt: skip

#: What the audit calls moves about mails.
VERBS = {
    "mail_again": _("A mail sent once more"),
    "mail_arrived": _("A mail counted as delivered"),
    "mail_dropped": _("A mail not needed any more"),
    "mail_address_again": _("An address tried again"),
}
