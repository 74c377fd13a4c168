"""What portal moderators decide about mails that perhaps were sent, or were given up."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import DomainError
from core.models import AuditHead
from core.outbox import MOST_UNSURE, Owed

if TYPE_CHECKING:
    from collections.abc import Collection

#: States of mails a person should look at.
IN_DOUBT = (Owed.State.UNCONFIRMED, Owed.State.DEAD)
#: A mail sent once more is of use for at least so long.
FRESH_FOR = dt.timedelta(days=1)


def send_again(row: Owed, *, by: Any, reason: str) -> None:
    """Owe it once more, under its Message-ID: one more attempt, whatever became of those before.

    What it says is worked out then, and it is not sent if its reader does not want it any more.
    """
    if set(row.forgotten):
        raise DomainError(
            _("Its text is not kept any more. The person can ask for a new one."), code="forgotten"
        )
    now = timezone.now()
    _decide(
        row,
        IN_DOUBT,
        "mail_again",
        by=by,
        reason=reason,
        state=Owed.State.OWED,
        available_at=now,
        expires_at=Greatest("expires_at", now + FRESH_FOR),
        lease=None,
        attempts=0,
        started_at=None,
        unsure=MOST_UNSURE - 1 if row.once_more else 0,
        sent_at=None,
    )


def count_as_sent(row: Owed, *, by: Any, reason: str) -> None:
    """Somebody knows that it arrived."""
    _decide(
        row,
        (Owed.State.UNCONFIRMED,),
        "mail_arrived",
        by=by,
        reason=reason,
        state=Owed.State.SENT,
        sent_at=timezone.now(),
        problem="",
    )


def drop(row: Owed, *, by: Any, reason: str) -> None:
    """Nobody needs it any more."""
    _decide(
        row,
        IN_DOUBT,
        "mail_dropped",
        by=by,
        reason=reason,
        state=Owed.State.UNWANTED,
    )


def _decide(
    row: Owed, states: Collection[str], verb: str, *, by: Any, reason: str, **changes: Any
) -> None:
    if not by.is_staff:
        raise PermissionDenied
    if not reason.strip():
        raise DomainError(_("Write why, so that others can follow it later."), code="no-reason")
    with transaction.atomic():
        head = AuditHead.hold()
        rows = type(row)._base_manager.filter(pk=row.pk, state__in=states)
        if not rows.update(**changes):
            raise DomainError(_("Its state is another one by now."), code="state")
        head.append(by=by, verb=verb, target=row, note=reason, data={"was": row.state})
