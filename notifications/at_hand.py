"""What a few mails in a row need to know, read together just before they are written.

Reading for each mail by itself costs more than writing it. What was read holds for a moment
(``FRESH``) and for the few rows a sender has in hand. A sender that was kept waiting reads anew, so
a wish, a stop or a lock counts from then on for every mail that is not on its way yet.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from accounts.models import User
from core.outbox import Unwanted
from notifications.addresses import key_of
from notifications.kinds import Mail
from notifications.models.addresses import Address
from notifications.models.notices import Notification, Subject
from notifications.models.wishes import Preference, Times
from notifications.noticeable import Shared
from notifications.wishing import Wish, by_itself, wish_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from notifications.models.deliveries import Delivery

#: Seconds for which what was read counts as read just now.
FRESH = 1.0


@dataclass(slots=True)
class AtHand:
    """Of the readers of some mails: their accounts, what they wish, whether mails come back from
    their addresses, and what they are told."""

    good_until: float
    users: dict[int, User] = field(default_factory=dict)
    wishes: dict[int, dict[str, Wish]] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    rows: dict[int, Notification] = field(default_factory=dict)
    #: What everybody can read, and therefore each of them.
    shared: Shared = field(default_factory=Shared)
    #: The mails that are still to be written.
    left: list[Delivery] = field(default_factory=list)

    @property
    def is_fresh(self) -> bool:
        return time.monotonic() < self.good_until

    def spoil(self) -> None:
        """Something of it has changed: the next mail reads anew."""
        self.good_until = 0.0

    def reader(self, delivery: Delivery) -> User:
        user = self.users.get(delivery.user_id)
        if user is None:
            raise Unwanted("the account is gone")
        return user

    def row(self, delivery: Delivery) -> Notification:
        """What a mail at once is about."""
        row = self.rows.get(delivery.notification_id or 0)
        if row is None:
            raise Unwanted("what it is about is gone")
        row.user = self.reader(delivery)
        return row

    def times(self, user: User) -> Times:
        """When they may be written to; unsaved where they wished nothing."""
        return getattr(user, "notice_times", None) or Times(user=user)

    def wish(self, user: User, kind: str) -> Wish:
        return self.wishes.get(user.pk, {}).get(kind) or by_itself(kind)

    def never(self, user: User) -> list[str]:
        """The kinds they wish by no mail."""
        stated = self.wishes.get(user.pk, {})
        return [kind for kind, wished in stated.items() if wished.mail == Mail.NEVER]

    def is_stopped(self, user: User) -> bool:
        return key_of(user.email) in self.stopped


def read(deliveries: Sequence[Delivery]) -> AtHand:
    """Read what these mails need: five queries at most, for however many."""
    found = AtHand(good_until=time.monotonic() + FRESH)
    people = User.objects.filter(pk__in={one.user_id for one in deliveries})
    found.users = {user.pk: user for user in people.select_related("profile", "notice_times")}
    for wished in Preference.objects.filter(user__in=found.users):
        found.wishes.setdefault(wished.user_id, {})[wished.kind] = wish_of(wished)
    addresses = {key_of(user.email) for user in found.users.values()}
    known = Address.objects.filter(address__in=addresses)
    found.stopped = {row.address for row in known if row.is_stopped()}
    about = {one.notification_id for one in deliveries if one.notification_id}
    if about:
        rows = Notification.objects.select_related("notice", "letter")
        found.rows = rows.in_bulk(about)
        posts = [row.notice for row in found.rows.values() if row.notice.subject == Subject.POST]
        found.shared.posts({notice.subject_id for notice in posts})
    return found


def prepare(deliveries: Sequence[Delivery]) -> None:
    """Read for all of them at once what each is to be written from."""
    found = read(deliveries)
    found.left = list(deliveries)
    for one in deliveries:
        one.at_hand = found


def of(delivery: Delivery) -> AtHand:
    """What a mail is written from: what was read a moment ago, or else what holds now, for those
    that are left as well."""
    known = delivery.at_hand
    others = [one for one in known.left if one is not delivery] if known is not None else []
    if known is None or not known.is_fresh:
        known = read([delivery, *others])
        for one in (delivery, *others):
            one.at_hand = known
    known.left = others
    return known
