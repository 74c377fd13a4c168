"""Who is written to in a storm, and what they wished. Run once, before it begins."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.kinds import NoticeKind
from accounts.models import Profile, User
from community.choices import Attention
from community.models import Reading
from notifications import noticing
from notifications.kinds import Mail
from notifications.models import Notification, Preference
from tests.community.factories import make_discussion, make_member, make_post
from tests.factories import reference

if TYPE_CHECKING:
    from community.models import Discussion


def settle(*, readers: int, followers: int, digests: int) -> None:
    """People who get letters, people who follow a discussion and are mailed at once, people for
    whom something waits since yesterday for the digest of today."""
    reference()
    discussion = make_discussion(title="Storm", by=make_member(handle="storm-writer"))
    noticing.tell_owed()
    _people("reader", readers)
    at_once = _people("follower", followers)
    daily = _people("digest", digests)
    for users, mail in ((at_once, Mail.ONCE), (daily, Mail.DAILY)):
        Reading.objects.bulk_create(
            Reading(user=user, discussion=discussion, attention=Attention.FOLLOWING)
            for user in users
        )
        Preference.objects.bulk_create(
            Preference(user=user, kind=NoticeKind.DISCUSSION, mail=mail) for user in users
        )
    if digests:
        _post_of_yesterday(discussion)


def _people(name: str, number: int) -> list[User]:
    users = User.objects.bulk_create(
        User(email=f"{name}-{n}@storm.example", name=f"{name} {n}") for n in range(number)
    )
    Profile.objects.bulk_create(Profile(user=user) for user in users)
    return users


def _post_of_yesterday(discussion: Discussion) -> None:
    make_post(discussion, by=User.objects.get(member__handle="storm-writer"), body="<p>Storm</p>")
    noticing.tell_owed()
    yesterday = timezone.now() - dt.timedelta(days=1)
    Notification.objects.for_digests().update(told_at=yesterday)
    # Those who are mailed at once have their mail of it before the storm begins.
    Notification.objects.filter(mail=Mail.ONCE).delete()
    User.objects.filter(email__startswith="follower").update(unread=0)
