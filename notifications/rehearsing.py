"""What sending would do now: composed and counted, and nothing of it kept."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone

from core.outbox import NotNow, Owed, Unwanted, masked
from notifications.delivering import SOURCES
from notifications.models.devices import PushDelivery
from notifications.models.notices import Notice, Notification

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Rows read at a time.
PORTION = 200


@dataclass(slots=True)
class Rehearsal:
    """How many of each sort are due and what would become of them."""

    notices: int = 0
    for_digests: int = 0
    #: (what, outcome) → how many; the outcomes are "send", "unwanted", "wait", "late", "broken".
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: Address (masked) and subject of the first that would be sent.
    first: list[tuple[str, str]] = field(default_factory=list)
    left: int = 0

    @property
    def due(self) -> int:
        return sum(self.outcomes.values()) + self.left


def rehearse(*, at_most: int = 1000, shown: int = 5) -> Rehearsal:
    """Compose what is due, each in a transaction that is undone, and count. Sends nothing.

    ``at_most`` mails of each source are composed; the rest is counted as ``left``.
    """
    found = Rehearsal(
        notices=Notice.objects.owed().count(),
        for_digests=Notification.objects.for_digests().count(),
    )
    for model in SOURCES:
        due = model._base_manager.filter(
            state=Owed.State.OWED, available_at__lte=timezone.now()
        ).order_by(*model.turn)
        found.left += max(0, due.count() - at_most)
        for row in _in_portions(due.values_list("pk", flat=True)[:at_most], model):
            outcome, message = _try(row)
            found.outcomes[_what(row), outcome] += 1
            if isinstance(message, EmailMessage) and len(found.first) < shown:
                to = ", ".join(masked(each) for each in message.to)
                found.first.append((to, str(message.subject)))
    return found


def _in_portions(keys: Any, model: type[Owed]) -> Iterator[Any]:
    listed = list(keys)
    for start in range(0, len(listed), PORTION):
        portion = listed[start : start + PORTION]
        rows = model._base_manager.in_bulk(portion)
        yield from (rows[key] for key in portion if key in rows)


def _try(row: Any) -> tuple[str, Any]:
    """What would become of one mail, and the mail."""
    if row.expires_at < timezone.now():
        return "late", None
    try:
        with transaction.atomic():
            message = row.compose()
            transaction.set_rollback(True)
    except Unwanted:
        return "unwanted", None
    except NotNow:
        return "wait", None
    except Exception:  # noqa: BLE001 (one that cannot be written is what is looked for)
        return "broken", None
    return "send", message


def _what(row: Any) -> str:
    """The sort and kind of a mail, or of a message to a device."""
    sort = "device" if isinstance(row, PushDelivery) else getattr(row, "sort", "")
    words = [sort, getattr(row, "kind", "")]
    return " ".join(word for word in words if word) or str(row._meta.verbose_name)
