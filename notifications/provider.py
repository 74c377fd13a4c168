"""What a mail provider reports by its interface. Loaded only where one is used."""

from __future__ import annotations

from typing import Any

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from django.dispatch import receiver

from notifications import addresses

#: What a reason of the provider's is worth as the status of a mail server.
STATUS = {
    RejectReason.INVALID: "5.1.1",
    RejectReason.BOUNCED: "5.1.1",
    RejectReason.TIMED_OUT: "4.4.7",
    RejectReason.BLOCKED: "5.7.1",
    RejectReason.SPAM: "5.7.1",
}
UNWANTED = (EventType.COMPLAINED, EventType.UNSUBSCRIBED)
CAME_BACK = (EventType.BOUNCED, EventType.REJECTED)


@receiver(tracking, dispatch_uid="mails-that-come-back-from-a-provider")
def hear_provider(event: AnymailTrackingEvent, **_: Any) -> None:
    """Bounces and complaints. Opening and clicking are not asked for, and not heard."""
    if event.event_type not in UNWANTED + CAME_BACK:
        return
    message_id = str((event.metadata or {}).get("message_id") or event.message_id or "")
    recipients = {event.recipient} if event.recipient else set()
    if event.event_type in UNWANTED:
        addresses.note_complaint(message_id, recipients)
        return
    words = str(event.mta_response or event.description or "")
    status = STATUS.get(event.reject_reason, "5.0.0")
    # The receiving server's own words say more than the provider's word for them.
    addresses.note_bounce(message_id, recipients, addresses.status_in(words) or status, words)
