"""Saying how one wishes to be told: kinds, times, a pause, and stopping one sort of mail.

What equals the usual is not stored, so that a better usual reaches everybody who wished nothing
else. What waits for a digest moves along when the wish for its kind changes.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.core import signing
from django.db import transaction
from django.db.models import Count, F, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.operations import profile_of
from community.choices import Attention
from community.models import Reading
from core.errors import DomainError
from core.outbox import look_again
from events.models import CommitmentFollow
from notifications.kinds import TOLD, Mail
from notifications.models import (
    Delivery,
    Follow,
    Notification,
    Preference,
    PushDelivery,
    Times,
)
from notifications.wishing import Wish, by_itself, times_of, wishes

if TYPE_CHECKING:
    from collections.abc import Mapping

DIGESTS = (Mail.DAILY, Mail.WEEKLY)
#: What a person may choose about.
CHOOSABLE = tuple(kind for kind, told in TOLD.items() if not told.essential)
#: No pause with an end is longer.
LONGEST_PAUSE = dt.timedelta(days=366)
#: The page says how much came in so many days.
LOOK_BACK = dt.timedelta(days=30)
#: Stopping can be undone so long, on the page that says that it is done.
UNDO_WITHIN = dt.timedelta(days=1)
UNDO_SALT = "notifications.undo"


@dataclass(frozen=True, slots=True)
class Clock:
    """When mails may come, by the clock in the person's zone: quiet hours have two ends or none,
    weekdays begin with Monday as 0."""

    quiet_from: dt.time | None
    quiet_until: dt.time | None
    digest_hour: int
    digest_weekday: int


@transaction.atomic
def set_preferences(*, by: User, wishes: Mapping[str, Wish], times: Clock | None = None) -> None:
    """Be told these kinds like this from now on, at these times. Kinds not named stay as they are;
    what is essential cannot be wished otherwise and is left out."""
    _lock(by.pk)
    _wish(by.pk, wishes)
    if times is not None:
        row = times_of(by)
        former = row.quiet_from, row.quiet_until
        row.quiet_from, row.quiet_until = times.quiet_from, times.quiet_until
        row.digest_hour, row.digest_weekday = times.digest_hour, times.digest_weekday
        _keep(row)
        if former != (row.quiet_from, row.quiet_until):
            _wait_no_longer(by.pk)


def _lock(user_id: int) -> User | None:
    """The person's own row, so that two changes at once become one after the other. None if there
    is nobody to mail any more."""
    return User.objects.select_for_update().filter(pk=user_id, closed_at=None).first()


def _wish(user_id: int, wished: Mapping[str, Wish]) -> None:
    now = wishes([user_id], wished)
    new = {
        kind: one for kind, one in wished.items() if kind in CHOOSABLE and one != now(user_id, kind)
    }
    Preference.objects.filter(user=user_id, kind__in=new).delete()
    Preference.objects.bulk_create(
        [
            Preference(
                user_id=user_id, kind=kind, in_portal=one.in_portal, mail=one.mail, push=one.push
            )
            for kind, one in new.items()
            if one != by_itself(kind)
        ]
    )
    for mail in (*DIGESTS, Mail.NEVER):  # what is wished at once stays in the digest it waits for
        kinds = [kind for kind, one in new.items() if one.mail == mail]
        if kinds:
            waiting = Notification.objects.for_digests().filter(user=user_id, kind__in=kinds)
            waiting.exclude(mail=mail).update(mail=mail)


def _keep(row: Times) -> None:
    """Save what differs from the usual; nothing differs, nothing is kept."""
    usual = Times(user_id=row.user_id)
    kept = ("quiet_from", "quiet_until", "paused_since", "digest_hour", "digest_weekday")
    if all(getattr(row, name) == getattr(usual, name) for name in kept):
        Times.objects.filter(user=row.user_id).delete()
    else:
        row.save()


@transaction.atomic
def pause(*, by: User, until: dt.date | None = None) -> None:
    """Mail nothing that is not essential from now on: until that day begins in the person's zone,
    or until they go on themselves."""
    now = timezone.now()
    end = None
    if until is not None:
        zone = ZoneInfo(profile_of(by).time_zone or "UTC")
        today = now.astimezone(zone).date()
        if until <= today:
            raise DomainError(_("Choose a day after today."), code="past")
        if until > today + LONGEST_PAUSE:
            raise DomainError(
                _("Choose a day within a year, or leave the day empty."), code="too-late"
            )
        end = dt.datetime.combine(until, dt.time(), tzinfo=zone)
    _lock(by.pk)
    row = times_of(by)
    row.paused_since, row.paused_until = now, end
    _keep(row)


@transaction.atomic
def resume(*, by: User) -> None:
    """The pause is over. Without one, nothing happens."""
    _lock(by.pk)
    row = times_of(by)
    if row.paused_since is not None:
        row.paused_since = row.paused_until = None
        _keep(row)


@transaction.atomic
def forget_preferences(*, by: User) -> None:
    """Be told everything as is usual again, at the usual times, without a pause."""
    _lock(by.pk)
    _wish(by.pk, {kind: by_itself(kind) for kind in CHOOSABLE})
    Preference.objects.filter(user=by).delete()
    if Times.objects.filter(user=by).delete()[0]:
        _wait_no_longer(by.pk)


def _wait_no_longer(user_id: int) -> None:
    """What waits for the end of quiet hours as they were is put off again, or goes out."""
    look_again(Delivery.objects.filter(user=user_id))
    look_again(PushDelivery.objects.filter(device__user=user_id))


# --- Stopping by one click -----------------------------------------------------------------------


@transaction.atomic
def stop(user_id: int, what: str) -> dict[str, str]:
    """Mail no more of a kind, or of whatever comes in one sort of digest. What stands in the
    portal goes on doing so. Returns how the kinds stopped now were mailed before; nothing if all
    of it had ended already, or the account is closed."""
    if _lock(user_id) is None:
        return {}
    kinds = [what] if what in TOLD else list(CHOOSABLE)
    wished = wishes([user_id], kinds)
    now = {kind: wished(user_id, kind) for kind in kinds}
    stopped = {
        kind: one
        for kind, one in now.items()
        if one.mail != Mail.NEVER and (kind == what or one.mail == what)
    }
    _wish(user_id, {kind: replace(one, mail=Mail.NEVER) for kind, one in stopped.items()})
    if what in DIGESTS:  # and what was left in it when its kind was wished otherwise
        Notification.objects.for_digests().filter(user=user_id, mail=what).update(mail=Mail.NEVER)
        # A digest nobody has begun to send is not wanted any more either.
        Delivery.objects.filter(
            user=user_id, sort=what, state=Delivery.State.OWED, lease=None
        ).update(state=Delivery.State.UNWANTED, problem="stopped")
    return {kind: one.mail.value for kind, one in stopped.items()}


def undo_key(user_id: int, former: Mapping[str, str]) -> str:
    """What the button "Undo" sends, so that nothing but a stop made here can be undone."""
    return signing.dumps([user_id, dict(former)], salt=UNDO_SALT)


@transaction.atomic
def undo_stop(*, by: User, key: str) -> bool:
    """Mail again what was stopped a moment ago, as before. Kinds the person has decided on since
    stay as they are. False if the key is another person's, too old, or none."""
    try:
        user_id, former = signing.loads(key, salt=UNDO_SALT, max_age=UNDO_WITHIN)
    except (signing.BadSignature, ValueError, TypeError):
        return False
    if user_id != by.pk or _lock(by.pk) is None:
        return False
    kinds = [kind for kind in former if kind in CHOOSABLE]
    wished = wishes([by.pk], kinds)
    now = {kind: wished(by.pk, kind) for kind in kinds}
    _wish(
        by.pk,
        {
            kind: replace(one, mail=Mail(former[kind]))
            for kind, one in now.items()
            if one.mail == Mail.NEVER
        },
    )
    return True


# --- Reading -------------------------------------------------------------------------------------


def how_many_came(user: User) -> dict[str, int]:
    """How much the person was told lately, by kind. One query."""
    rows = Notification.objects.filter(user=user, told_at__gte=timezone.now() - LOOK_BACK)
    return dict(rows.order_by().values_list("kind").annotate(n=Count("pk")))


def how_many_followed(user: User) -> dict[str, int]:
    """How many records of each kind the person follows, muted or not. One query."""
    kept = (Attention.FOLLOWING, Attention.MUTED)
    of_a_kind = [
        Follow.objects.filter(user=user).annotate(what=F("kind")),
        Reading.objects.filter(user=user, attention__in=kept).annotate(what=Value("discussion")),
        CommitmentFollow.objects.filter(user=user).annotate(what=Value("commitment")),
    ]
    first, *others = (
        rows.order_by().values("what").annotate(n=Count("pk")).values_list("what", "n")
        for rows in of_a_kind
    )
    return dict(first.union(*others, all=True))


def kept_of(user: User) -> list[dict[str, Any]]:
    """What a person wished, for their own file."""
    rows = Preference.objects.filter(user=user).order_by("pk")
    times = Times.objects.filter(user=user)
    return [
        *(
            {"about": row.kind, "portal": row.in_portal, "mail": row.mail, "devices": row.push}
            for row in rows
        ),
        *(row.kept_data() for row in times),
    ]
