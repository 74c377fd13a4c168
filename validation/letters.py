"""Letters of the validation: each a row that is owed until it is sent, in the reader's language.

A letter to a team never says who reviews, nor when exactly somebody did. A letter to a
reviewer names the solution, never another reviewer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from accounts.operations import owe_mail

if TYPE_CHECKING:
    from accounts.models import User
    from validation.models import Record, Seat


def write(name: str, to: User, **context: Any) -> None:
    """Owe somebody the letter of that name (``emails/validation/<name>.txt``, subject first).

    Nothing goes to an account that is closed or locked.
    """
    if not to.is_active:
        return
    with translation.override(to.profile.interface_language or settings.LANGUAGE_CODE):
        context |= {
            "portal_name": settings.PORTAL_NAME,
            "portal_url": settings.PORTAL_URL,
            "to": to,
        }
        text = render_to_string(f"emails/validation/{name}.txt", context)
    subject, _line, body = text.strip().partition("\n")
    owe_mail(
        to=to.email,
        purpose=f"validation_{name}",
        subject=subject.strip(),
        body=body.strip() + "\n",
        asked_by_anyone=False,
    )


def link(name: str, *args: Any) -> str:
    return f"{settings.PORTAL_URL}{reverse(name, args=args)}"


def invitation(seat: Seat, *, reminder: bool = False) -> None:
    """Ask somebody to review, or remind them that they were asked."""
    write(
        "invitation",
        seat.user,
        title=seat.case.version.content["title"],
        reminder=reminder,
        url=link("validation:review", seat.uid),
    )


def review_due(seat: Seat) -> None:
    """A review is due soon."""
    write(
        "review_due",
        seat.user,
        title=seat.case.version.content["title"],
        due=seat.due_at,
        url=link("validation:review", seat.uid),
    )


def review_late(seat: Seat) -> None:
    """Tell the chair that a review did not come in time."""
    if seat.case.chair is None:
        return
    write(
        "review_late",
        seat.case.chair,
        title=seat.case.version.content["title"],
        alias=str(seat),
        url=settings.PORTAL_URL + seat.case.get_absolute_url(),
    )


def label_ends(record: Record) -> None:
    """Tell the owner that a label runs out; silence never renews."""
    write(
        "label_ends",
        record.solution.owner,
        title=record.solution.title,
        reference=record.reference,
        expires_on=record.expires_on,
        url=link("validation:standing", record.solution.uid),
    )
