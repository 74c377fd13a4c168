"""What an event concluded, written by its organisers as key messages of its record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from events import finding
from events.models import Event, KeyMessage, Paragraph, Session
from events.signals import conclusion_added
from participation.ordering import shifted

if TYPE_CHECKING:
    from accounts.models import User

#: So much of a message that is taken out stays in the audit.
KEPT = 2000


def _hold(event: Event, by: User) -> None:
    """One writer at a time for the messages of an event."""
    if not by.has_perm("participation.organise", event):
        raise PermissionDenied
    AuditHead.hold()
    Event.objects.select_for_update().get(pk=event.pk)


def _held(message: KeyMessage) -> KeyMessage:
    row = KeyMessage.objects.filter(pk=message.pk).first()
    if row is None:
        raise DomainError(_("Somebody took this conclusion out meanwhile."), code="gone")
    return row


def state_of(message: KeyMessage) -> str:
    """A fingerprint of what stands there, for forms that are open for a while."""
    parts = (message.text, message.dimension, str(message.session_id or ""))
    linked = sorted(message.paragraphs.values_list("pk", flat=True))
    told = "\x1f".join((*parts, *map(str, linked)))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


@transaction.atomic
def write_conclusion(
    event: Event,
    *,
    by: User,
    text: str,
    dimension: str = "",
    session: Session | None = None,
    paragraphs: Iterable[Paragraph] = (),
    message: KeyMessage | None = None,
    base: str = "",
) -> KeyMessage:
    """Add a conclusion, or change one. The same words twice at one place are one conclusion.

    ``base`` is the state a form was opened with: whoever comes second is told.
    """
    _hold(event, by)
    if session is not None and session.event_id != event.pk:
        raise ValidationError({"session": _("Choose a session of this event.")})
    rows = KeyMessage.objects.filter(event=event, session=session)
    if message is None:
        if (same := rows.filter(text=text, dimension=dimension).first()) is not None:
            return same
        row = KeyMessage(event=event)
    else:
        row = _held(message)
        if base and base != state_of(row):
            raise DomainError(
                _("Somebody changed this conclusion meanwhile. Compare, and save again."),
                code="stale",
            )
    if message is None or row.session_id != (session and session.pk):
        row.position = (rows.aggregate(last=Max("position"))["last"] or 0) + 1
    row.text, row.dimension, row.session = text, dimension, session
    row.full_clean(exclude=["event", "session", "reference"])
    row.save()
    row.paragraphs.set(paragraphs)
    AuditEntry.record(
        by=by,
        verb="add_conclusion" if message is None else "change_conclusion",
        target=row,
        event=event.pk,
    )
    finding.note(event)
    if message is None:
        conclusion_added.send(Event, event=event, by=by)
    return row


@transaction.atomic
def move_conclusion(message: KeyMessage, *, by: User, up: bool) -> None:
    """One place up or down among those of its session, or of the event as a whole."""
    _hold(message.event, by)
    row = _held(message)
    rows = KeyMessage.objects.filter(event=row.event_id, session=row.session_id)
    changed = shifted(rows.order_by("position", "pk"), row.pk, up=up)
    KeyMessage.objects.bulk_update(changed, ["position"])
    if changed:
        AuditEntry.record(by=by, verb="move_conclusion", target=row, event=row.event_id)


@transaction.atomic
def remove_conclusion(message: KeyMessage, *, by: User, reason: str) -> None:
    """Take a conclusion out, with a reason. The audit keeps its words.

    One that paragraphs of an outcome document took up stays until those links are taken out.
    """
    _hold(message.event, by)
    row = _held(message)
    if not reason.strip():
        raise ValidationError({"reason": _("Say why, in a few words.")})
    if linked := row.paragraphs.count():
        raise DomainError(
            ngettext(
                "%(n)d paragraph is linked with it. Take the link out first.",
                "%(n)d paragraphs are linked with it. Take the links out first.",
                linked,
            )
            % {"n": linked},
            code="linked",
        )
    AuditEntry.record(
        by=by,
        verb="remove_conclusion",
        target=row,
        note=reason,
        event=row.event_id,
        text=row.text[:KEPT],
    )
    row.delete()
    finding.note(message.event)
