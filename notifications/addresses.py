"""What is known of addresses that mails come back from.

A mail server that says "there is no such box" says it about an address: two of those, or a row of
passing failures, and nothing but the essential goes there for a month. Mails about the account
itself do not ask here. Nothing is believed that does not name a mail of ours: whoever knows the
Message-ID of one has seen that mail.
"""

from __future__ import annotations

import datetime as dt
import enum
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AccountMail
from core.errors import DomainError
from core.models import AuditHead
from core.outbox import Owed, without_addresses
from notifications.models.addresses import Address, ReportCount
from notifications.models.deliveries import Delivery

if TYPE_CHECKING:
    from accounts.models import User

log = logging.getLogger(__name__)

#: From this score on nothing but the essential is mailed.
STOPS_AT = 4
#: What it begins with when it is tried again: one more "no such box" stops it.
AGAIN_WITH = 2
STOPPED_FOR = dt.timedelta(days=30)
#: The score falls by one in this time.
FALLS_EVERY = dt.timedelta(days=30)
#: An address nothing was heard of for so long is forgotten, unless its reader complained.
KEPT = dt.timedelta(days=365)
#: Stands before the problem of a mail that a server took and that came back.
CAME_BACK = "came back: "


class Blame(enum.IntEnum):
    """What a failure says about the address, as points."""

    NONE, PASSING, LASTING = range(3)


@dataclass(frozen=True, slots=True)
class AddressState:
    """What a person is shown about their own address. ``until`` is None for a complaint."""

    address: str
    is_stopped: bool
    complained: bool
    until: dt.datetime | None
    why: str


# --- Reading -------------------------------------------------------------------------------------


def key_of(address: str) -> str:
    """An address as it is compared."""
    return address.lower()[:254]


def is_stopped(address: str) -> bool:
    """Whether nothing but the essential is mailed there. One query."""
    row = Address.objects.filter(address=key_of(address)).first()
    return row is not None and row.is_stopped()


def address_state(user: User) -> AddressState:
    """What is to be said to a person about their address. One query."""
    row = Address.objects.filter(address=key_of(user.email)).first()
    if row is None or not row.is_stopped():
        return AddressState(user.email, False, False, None, "")
    complained = row.complained_at is not None
    return AddressState(
        user.email, True, complained, None if complained else row.stopped_until, row.last_problem
    )


def score_of(row: Address, now: dt.datetime) -> int:
    """The score at a moment: less by one for each month, and low again after a stop."""
    score, since = row.score, row.counted_at
    if row.stopped_until is not None and row.stopped_until <= now:
        score, since = min(score, AGAIN_WITH), max(since, row.stopped_until)
    return max(0, score - int((now - since) / FALLS_EVERY))


def blame_of(code: str, words: str = "") -> Blame:
    """What a status says about the address.

    ``code`` is the extended status ("5.1.1") or the plain one ("550"), ``words`` what the server
    said. A full box and a server that gave up are passing. Refused for what a mail says, how big it
    is or who sends it, the address is not to blame.
    """
    status = code if "." in code else status_in(words)
    if status:
        kind, subject, detail = (int(part) for part in status.split("."))
        if kind == 4:
            return Blame.PASSING
        if kind != 5 or subject in (5, 6, 7) or (subject, detail) in {(3, 4), (2, 3)}:
            return Blame.NONE
        if (subject, detail) == (2, 2) or subject in (3, 4):
            return Blame.PASSING
        if subject == 1 and detail in (7, 8, 9):  # our own address is refused
            return Blame.NONE
        return Blame.LASTING
    return {"550": Blame.LASTING, "551": Blame.LASTING, "553": Blame.LASTING}.get(
        code, Blame.PASSING if code in {"552", "450", "451", "452"} else Blame.NONE
    )


_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REFUSED = re.compile(r"^SMTPRecipientsRefused: (\d{3})")


def status_in(words: str) -> str:
    """The extended status a server named, or nothing."""
    found = _STATUS.search(words)
    return found[1] if found else ""


# --- Counting ------------------------------------------------------------------------------------


def note_refusal(address: str, why: str) -> None:
    """A mail server would not take a mail. Counts only if it was the address it would not take."""
    if why.startswith("AnymailRecipientsRefused"):
        _count(address, Blame.LASTING, why)
    elif refused := _REFUSED.match(why):
        _count(address, blame_of(refused[1], why), why)


def note_bounce(message_id: str, recipients: set[str], status: str, words: str = "") -> str:
    """A server that had taken one of our mails says that it could not be delivered.

    Returns what became of the report: "counted", "again" (said before), "unknown" (no mail of
    ours), or "other" (another address than the mail's). Each mail counts once.
    """
    with transaction.atomic():
        row, address = _mail_of(message_id)
        if row is None:
            return noted("unknown")
        if address.lower() not in {each.lower() for each in recipients}:
            return noted("other")
        why = f"{CAME_BACK}{status} {without_addresses(' '.join(words.split()))}".strip()[:200]
        rows = type(row)._base_manager.filter(pk=row.pk).exclude(problem__startswith=CAME_BACK)
        if not rows.update(
            state=Owed.State.SENT,
            problem=why,
            lease=None,
            sent_at=row.sent_at or timezone.now(),
            **row.forgotten,
        ):
            return noted("again")
        _count(address, blame_of(status, words), why.removeprefix(CAME_BACK))
        return noted("counted")


def note_complaint(message_id: str, recipients: set[str] | None = None) -> str:
    """The reader of one of our mails called it unwanted. Returns as ``note_bounce`` does.

    Such reports often leave out whose they are; then the Message-ID alone says it.
    """
    with transaction.atomic():
        row, address = _mail_of(message_id)
        if row is None:
            return noted("unknown")
        if recipients and address.lower() not in {each.lower() for each in recipients}:
            return noted("other")
        known = _row(address)
        if known.complained_at is not None:
            return noted("again")
        now = timezone.now()
        Address.objects.filter(pk=known.pk).update(complained_at=now, changed_at=now)
        return noted("complaint")


def noted(outcome: str) -> str:
    """Count a report of a mail server by what became of it. Returns the outcome."""
    day = timezone.now().date()
    ReportCount.objects.bulk_create([ReportCount(day=day, outcome=outcome)], ignore_conflicts=True)
    ReportCount.objects.filter(day=day, outcome=outcome).update(number=F("number") + 1)
    log.info("a report of a mail server: %s", outcome)
    return outcome


def _mail_of(message_id: str) -> tuple[Owed | None, str]:
    """The mail of ours that was handed to a server under this Message-ID, and whose it is."""
    begun = {"state__in": (Owed.State.SENT, Owed.State.UNCONFIRMED), "message_id": message_id}
    delivery = Delivery.objects.select_related("user").filter(**begun).first()
    if delivery is not None:
        return delivery, delivery.user.email
    mail = AccountMail.objects.filter(**begun).first()
    return mail, mail.to if mail is not None else ""


def _row(address: str) -> Address:
    """The row of an address, for this transaction alone."""
    address = key_of(address)
    Address.objects.bulk_create([Address(address=address)], ignore_conflicts=True)
    return Address.objects.select_for_update().get(address=address)


def _count(address: str, blame: Blame, why: str) -> None:
    if not blame or not address:
        return
    now = timezone.now()
    with transaction.atomic():
        row = _row(address)
        if blame is Blame.PASSING:
            if row.passing_on == now.date():
                return
            row.passing_on = now.date()
        row.score = score_of(row, now) + blame
        row.counted_at = row.changed_at = now
        if row.stopped_until is not None and row.stopped_until <= now:
            row.stopped_until = None
        if row.score >= STOPS_AT:
            row.stopped_until = now + STOPPED_FOR
        row.last_problem = why[:200]
        row.save()


# --- Again ---------------------------------------------------------------------------------------


def resume(by: User) -> bool:
    """A person wishes their mails again. False if they were not stopped."""
    with transaction.atomic():
        row = Address.objects.select_for_update().filter(address=key_of(by.email)).first()
        return row is not None and _start(row)


def resume_for(row: Address, *, by: User, reason: str) -> None:
    """A portal moderator lets an address be tried again. Not where its reader complained."""
    if not by.is_staff:
        raise PermissionDenied
    if not reason.strip():
        raise DomainError(_("Write why, so that others can follow it later."), code="no-reason")
    with transaction.atomic():
        head = AuditHead.hold()
        row = Address.objects.select_for_update().get(pk=row.pk)
        if row.complained_at is not None:
            raise DomainError(
                _("Its reader called a mail unwanted. Only they can ask for mails again."),
                code="complained",
            )
        if not _start(row):
            raise DomainError(_("Mails go there already."), code="not-stopped")
        head.append(by=by, verb="mail_address_again", target=row, note=reason, data={})


def _start(row: Address) -> bool:
    now = timezone.now()
    if not row.is_stopped(now):
        return False
    row.score = min(score_of(row, now), AGAIN_WITH)
    row.counted_at = row.changed_at = now
    row.stopped_until = row.complained_at = None
    row.save()
    return True


def forget(user: User) -> None:
    """Nothing is kept about the address of somebody who left."""
    Address.objects.filter(address=key_of(user.email)).delete()


def forget_old(now: dt.datetime | None = None) -> int:
    """Forget addresses nothing was heard of for a year, and counts as old."""
    now = now or timezone.now()
    ReportCount.objects.filter(day__lt=(now - KEPT).date()).delete()
    rows = Address.objects.filter(changed_at__lt=now - KEPT, complained_at=None)
    return rows.delete()[0]


def kept_of(user: User) -> list[dict[str, Any]]:
    """What is known of a person's address, for their own file."""
    return [
        {
            "address": row.address,
            "score": row.score,
            "stopped_until": row.stopped_until and row.stopped_until.isoformat(),
            "called_unwanted": row.complained_at and row.complained_at.isoformat(),
            "problem": row.last_problem,
        }
        for row in Address.objects.filter(address=key_of(user.email))
    ]
