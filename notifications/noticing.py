"""Facts become notices, notices are told, what was told is read.

The announcing transaction writes one row whatever the number of followers. Telling goes through the
followers by account number in portions, each in a transaction of its own that begins by moving the
notice's cursor: two tellers at once, one that dies, or one that is never run leave nobody out and
tell nobody twice.
"""

from __future__ import annotations

import datetime as dt
import heapq
import logging
import uuid
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Greatest
from django.utils import timezone, translation
from django.utils.translation import get_language

from accounts.models import User
from notifications.models import (
    Delivery,
    Letter,
    Notice,
    Notification,
    Preference,
    Reason,
    Subject,
    Times,
)
from notifications.noticeable import NOTICEABLE
from notifications.owing import ToTell, tell_people

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from accounts.letters import LetterText

log = logging.getLogger(__name__)

#: Followers told in one transaction.
PORTION = 500
#: Old notices removed in one transaction, once nothing that was told of them is left.
FORGOTTEN_AT_ONCE = 100
#: Notices and what was told of them are kept so many days.
KEPT_DAYS = 180


def announce(
    subject: str,
    subject_id: int,
    *,
    key: str,
    actor: User | None,
    direct: Mapping[str, Iterable[int]] | None = None,
    to_followers: bool = True,
    data: Mapping[str, Any] | None = None,
    at: dt.datetime | None = None,
) -> Notice | None:
    """Write down a fact, inside the transaction it happens in. None if it is written already.

    ``data`` is what belongs to the fact and cannot be read from the record later on; ``at`` is when
    people are told it happened, if not just now.
    """
    told: set[int] = {actor.pk} if actor is not None and actor.pk else set()
    named: dict[str, list[int]] = {}
    for reason in Reason.values:
        fresh = sorted(set((direct or {}).get(reason, ())) - told)
        told.update(fresh)
        if fresh:
            named[reason] = fresh
    if not named and not to_followers:
        return None
    if Notice.objects.filter(key=key).exists():
        return None
    Notice.objects.bulk_create(
        [
            Notice(
                key=key,
                subject=subject,
                subject_id=subject_id,
                actor=actor if actor is not None and actor.pk else None,
                direct=named,
                to_followers=to_followers,
                data=dict(data or {}),
                happened_at=at or timezone.now(),
            )
        ],
        ignore_conflicts=True,
    )
    return Notice.objects.get(key=key)


def deliver_letter(
    to: User, *, kind: str, text: LetterText, key: str = "", discreet: bool = False
) -> None:
    """Tell one person in fixed words, inside the transaction of the fact. With a key, once.

    Of a discreet one only the day is written down as that on which it happened, which begins at
    midnight of the zone that is active.
    """
    with transaction.atomic(savepoint=False):
        now = timezone.now()
        day = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        notice = Notice(
            key=key or f"letter:{uuid.uuid4().hex}",
            subject=Subject.LETTER,
            subject_id=0,
            kind=kind,
            data={"letter": text.name} | ({"discreet": True} if discreet else {}),
            to_followers=False,
            happened_at=day if discreet else now,
            done_at=now,
        )
        if not key:
            notice.save(force_insert=True)
        elif not _wrote_first(notice):
            return
        letter = Letter.objects.create(
            notice=notice,
            language=get_language() or settings.LANGUAGE_CODE,
            title=text.title,
            body=text.body,
            path=text.path,
            calendar=text.calendar,
        )
        tell_people(notice, [ToTell(to.pk, Reason.CONCERNS, kind, letter)])


def _wrote_first(notice: Notice) -> bool:
    """Write a notice down under its key, and whether nobody had. Of two at once one waits for the
    other here, so whoever finds no letter at it writes that."""
    Notice.objects.bulk_create([notice], ignore_conflicts=True)
    found = Notice.objects.filter(key=notice.key, letters=None).values_list("pk", flat=True).first()
    notice.pk = found
    return found is not None


def tell(*, notice_id: int, at_most: int | None = None) -> int:
    """Tell everybody a notice is for, or so many portions of them. Returns how many were told.

    Safe to run twice, at once, or never: ``tell_owed`` finds what is left.
    """
    told = portions = 0
    while at_most is None or portions < at_most:
        portion = _tell_portion(notice_id)
        if portion is None:
            break
        told += portion
        portions += 1
    return told


def _tell_portion(notice_id: int) -> int | None:
    """One step forward. None when there is nothing left, or somebody else made the step."""
    notice = Notice.objects.filter(pk=notice_id, done_at=None).first()
    if notice is None:
        return None
    named = {user: reason for reason, users in notice.direct.items() for user in users}
    rows = _next_of(notice, named)
    last = rows[-1] if len(rows) == PORTION else None
    with transaction.atomic():
        # Whoever moves the cursor tells this portion, and nobody else does.
        moved = Notice.objects.filter(pk=notice.pk, cursor=notice.cursor, done_at=None).update(
            **({"done_at": timezone.now()} if last is None else {"cursor": last})
        )
        if not moved:
            return None
        others = [pk for pk in rows if pk != notice.actor_id]
        return tell_people(notice, _people(notice, others, named))


def _people(notice: Notice, users: list[int], named: Mapping[int, str]) -> list[ToTell]:
    """Those among them who still are there, each with the words they read, where they are fixed."""
    about = NOTICEABLE[notice.subject]
    people = User.objects.filter(pk__in=users, is_active=True).order_by("pk")
    readers = people.values_list("pk", "profile__interface_language", "profile__time_zone")
    letters, usual = _letters(notice), about.reason(notice)
    found = []
    for pk, language, zone in readers:
        reason = named.get(pk, usual)
        letter = letters(language or settings.LANGUAGE_CODE, zone or "UTC")
        found.append(ToTell(pk, reason, about.kind_for(notice, reason), letter))
    return found


def _letters(notice: Notice) -> Callable[[str, str], Letter | None]:
    """The words of a notice for those who read one language in one zone, written when the first
    of them is told."""
    write = NOTICEABLE[notice.subject].letter
    if write is None:
        return lambda _language, _zone: None
    there = {(row.language, row.zone): row for row in notice.letters.all()}

    def find(language: str, zone: str) -> Letter:
        if (language, zone) not in there:
            with translation.override(language), timezone.override(zone):
                text = write(notice, language, zone)
            there[language, zone] = Letter.objects.create(
                notice=notice,
                language=language,
                zone=zone,
                title=text.title,
                body=text.body,
                path=text.path,
                calendar=text.calendar,
            )
        return there[language, zone]

    return find


def _next_of(notice: Notice, named: Mapping[int, str]) -> list[int]:
    """The next accounts in order, each once: those named and those who follow, and whoever did it
    among them. Fewer than a portion means that there are no more, so nobody is left out here."""
    streams: list[Iterable[int]] = [sorted(user for user in named if user > notice.cursor)]
    if notice.to_followers:
        streams += [
            rows.filter(user_id__gt=notice.cursor).order_by("user_id")[:PORTION]
            for rows in NOTICEABLE[notice.subject].streams(notice)
        ]
    merged = (user for user, _same in groupby(heapq.merge(*streams)))
    return list(islice(merged, PORTION))


def tell_owed(*, at_most: int = 200) -> int:
    """Go on with what was left, the oldest notices first; a few portions of each, so that one with
    many followers does not keep the others waiting. One that cannot be told does not, either: it
    stays owed, and the log says why."""
    told = 0
    for pk in list(Notice.objects.owed().values_list("pk", flat=True)[:at_most]):
        try:
            told += tell(notice_id=pk, at_most=20)
        except DatabaseError:
            raise
        except Exception:
            log.exception("notice %s cannot be told", pk)
    return told


def forget_old() -> int:
    """Remove what nobody looks for any more, with what was told of it, some at a time: a notice
    that a hundred thousand were told of is not held by one transaction. Returns how many notices
    went."""
    before = timezone.now() - dt.timedelta(days=KEPT_DAYS)
    old = Notice.objects.filter(happened_at__lt=before).exclude(done_at=None).order_by("pk")
    gone = 0
    while keys := list(old.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]):
        told = Notification.objects.filter(notice__in=keys).order_by("pk")
        while some := list(told.values_list("pk", flat=True)[:PORTION]):
            _remove(some)
        Notice.objects.filter(pk__in=keys).delete()
        gone += len(keys)
    return gone


@transaction.atomic
def _remove(keys: list[int]) -> None:
    """Remove some notifications. What nobody has read of them counts at no bell any more."""
    rows = Notification.objects.filter(pk__in=keys).order_by()
    people = User.objects.filter(pk__in=rows.values("user")).order_by("pk")
    list(people.select_for_update().values_list("pk"))  # reading waits, as for telling
    unread = rows.filter(read_at=None, in_portal=True).values_list("user").annotate(n=Count("pk"))
    by_number: dict[int, list[int]] = {}
    for user, n in unread:
        by_number.setdefault(n, []).append(user)
    for n, users in by_number.items():
        User.objects.filter(pk__in=users).update(unread=Greatest(F("unread") - n, 0))
    rows.delete()


# --- Reading -----------------------------------------------------------------------------------


@transaction.atomic
def read(
    user: User,
    *,
    keys: Iterable[int] | None = None,
    up_to: int | None = None,
    kinds: Iterable[str] | None = None,
) -> int:
    """Mark some notifications as read, or all up to one, or those of some kinds among them.
    Returns how many were unread."""
    rows = Notification.objects.of(user).filter(read_at=None)
    chosen = Q()
    if keys is not None:
        chosen &= Q(pk__in=list(keys))
    if up_to is not None:
        chosen &= Q(pk__lte=up_to)
    if kinds is not None:
        chosen &= Q(kind__in=list(kinds))
    # The person's own row is the lock: counting and telling do not overtake each other.
    User.objects.select_for_update().get(pk=user.pk)
    changed = rows.order_by().filter(chosen).update(read_at=timezone.now())
    if changed:
        User.objects.filter(pk=user.pk).update(unread=Greatest(F("unread") - changed, 0))
    return changed


@transaction.atomic
def settle(subject: str, subject_id: int) -> None:
    """What people were told to do is done: nobody has to read that any more. Its mails, if they
    have not gone out, say nothing by themselves (``lines``)."""
    rows = Notification.objects.filter(notice__subject=subject, notice__subject_id=subject_id)
    unread = rows.filter(read_at=None).select_related("user").order_by("user_id", "pk")
    for row in unread:
        read(row.user, keys=[row.pk])


def forget(user: User) -> None:
    """Nothing more is told to somebody who left."""
    Notification.objects.filter(user=user).delete()
    Letter.objects.filter(notice__subject=Subject.LETTER, notifications=None).delete()
    Delivery.objects.filter(user=user).delete()
    Preference.objects.filter(user=user).delete()
    Times.objects.filter(user=user).delete()
    User.objects.filter(pk=user.pk).update(unread=0)


def kept_of(user: User) -> list[dict[str, Any]]:
    """What the portal told a person, for their own file."""
    rows = Notification.objects.filter(user=user).order_by("-pk")
    return [
        {
            "about": row.kind,
            "letter": row.letter.body if row.letter else "",
            "why": row.reason,
            "at": row.notice.happened_at.isoformat(),
            "read": row.read_at.isoformat() if row.read_at else None,
        }
        for row in rows.select_related("notice", "letter")
    ]
