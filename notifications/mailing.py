"""One owed mail becomes a message, from what its reader may read and wishes at that moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import Q
from django.utils import timezone, translation

from accounts.operations import profile_of
from core.outbox import Fate, NotNow, Unwanted, message_domain
from notifications import addresses, at_hand, writing
from notifications.kinds import TOLD, Mail
from notifications.models.deliveries import Delivery
from notifications.models.notices import Notification
from notifications.owing import show_in_portal
from notifications.stopping import stop_address
from notifications.wishing import quiet_until

if TYPE_CHECKING:
    from accounts.models import Profile
    from notifications.at_hand import AtHand

Sort = Delivery.Sort


def compose(delivery: Delivery) -> EmailMultiAlternatives:
    """The mail as it is sent now. Raises ``Unwanted`` or ``NotNow``."""
    known = at_hand.of(delivery)
    user = delivery.user = known.reader(delivery)
    if not user.is_active or user.closed_at is not None:
        raise Unwanted("the account is closed or locked")
    told = TOLD[delivery.kind] if delivery.kind else None
    is_essential = told is not None and told.essential
    if not is_essential and known.is_stopped(user):
        raise Unwanted("mail to this address comes back")
    profile = profile_of(user)
    if not is_essential:
        _refuse_bad_moment(delivery, known, profile, wakes=told is not None and told.wakes)
    with (
        translation.override(profile.interface_language or settings.LANGUAGE_CODE),
        timezone.override(profile.time_zone or "UTC"),
    ):
        what = delivery.kind or delivery.sort
        stop = "" if is_essential else stop_address(user.pk, what)
        content = (
            writing.of_notice(_wanted(delivery, known), stop=stop, shared=known.shared)
            if delivery.sort == Sort.NOTICE
            else writing.of_digest(
                _without_unwanted(delivery, known), stop=stop, shared=known.shared
            )
        )
    message = EmailMultiAlternatives(
        subject=" ".join(content.subject.split()),
        body=content.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[user.email],
        headers={"List-Id": f"{settings.PORTAL_NAME} <{what}.{message_domain()}>"},
    )
    message.attach_alternative(content.html, "text/html")
    if content.calendar:
        message.attach("event.ics", content.calendar, "text/calendar; method=PUBLISH")
    if stop:
        message.extra_headers["List-Unsubscribe"] = f"<{stop}>"
        message.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return message


def _refuse_bad_moment(delivery: Delivery, known: AtHand, profile: Profile, *, wakes: bool) -> None:
    times, now = known.times(delivery.user), timezone.now()
    if times.is_paused(now):
        told = Q(delivery=delivery) | Q(digest=delivery)
        show_in_portal(delivery.user, Notification.objects.filter(told))
        raise Unwanted("paused")
    until = None if wakes else quiet_until(times, profile.time_zone, now)
    if until is not None:
        raise NotNow(until)


def _wanted(delivery: Delivery, known: AtHand) -> Notification:
    """What a mail at once is about, if its reader still wants it at once. A kind that is wished in
    a digest meanwhile goes there."""
    row = known.row(delivery)
    wished = known.wish(delivery.user, row.kind).mail
    if wished != Mail.ONCE:
        Notification.objects.filter(pk=row.pk, digest=None).update(mail=wished)
        raise Unwanted(f"wished {wished}")
    return row


def _without_unwanted(delivery: Delivery, known: AtHand) -> Delivery:
    """A digest without the kinds that its reader has stopped since it was bound."""
    if stopped := known.never(delivery.user):
        Notification.objects.filter(digest=delivery, kind__in=stopped).update(
            digest=None, mail=Mail.NEVER
        )
    return delivery


def ended(delivery: Delivery, fate: Fate, why: str) -> None:
    """A mail server refused the address: that is remembered about it."""
    if fate is Fate.NEVER:
        addresses.note_refusal(delivery.user.email, why)
        if delivery.at_hand is not None:
            delivery.at_hand.spoil()
