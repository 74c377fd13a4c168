"""The words of mails: of one about a notification, and of a digest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.template.loader import render_to_string

from core.outbox import Unwanted
from notifications.models.notices import Notification
from notifications.noticeable import lines_of

if TYPE_CHECKING:
    from notifications.models.deliveries import Delivery


@dataclass(frozen=True, slots=True)
class Content:
    """What a mail says, in both forms, and the calendar file that goes with it."""

    subject: str
    text: str
    html: str
    calendar: str = ""


def of_notice(row: Notification, *, stop: str) -> Content:
    """The mail about one notification. Raises ``Unwanted`` if there is nothing to read."""
    line = lines_of([row], row.user).get(row.pk)
    if line is None:
        raise Unwanted("nothing of it can be read any more")
    letter = row.letter
    context = {
        "line": line,
        "letter": letter,
        "kind": row.get_kind_display(),
        "reason": row.get_reason_display(),
        "page": f"{settings.PORTAL_URL}{line.url}",
        "portal_name": settings.PORTAL_NAME,
        "portal_url": settings.PORTAL_URL,
        "stop": stop,
    }
    return Content(
        subject=letter.title if letter else f"{line.text}: {line.title}",
        text=render_to_string("emails/notifications/notice.txt", context),
        html=render_to_string("emails/notifications/notice.html", context),
        calendar=letter.calendar if letter else "",
    )


def of_digest(delivery: Delivery, *, stop: str) -> Content:
    """The digest with what was bound to it. Raises ``Unwanted`` if none of it can be read."""
    rows = list(
        Notification.objects.filter(digest=delivery)
        .select_related("notice", "letter")
        .order_by("pk")
    )
    lines = lines_of(rows, delivery.user)
    if not lines:
        raise Unwanted("nothing of it can be read any more")
    context = {
        "lines": [lines[row.pk] for row in rows if row.pk in lines],
        "portal_name": settings.PORTAL_NAME,
        "portal_url": settings.PORTAL_URL,
        "stop": stop,
    }
    return Content(
        subject=f"{settings.PORTAL_NAME}: {delivery.get_sort_display()}",
        text=render_to_string("emails/notifications/digest.txt", context),
        html=render_to_string("emails/notifications/digest.html", context),
    )
