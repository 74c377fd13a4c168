"""Letters to people who register: each a row that is owed until it is sent, in the reader's
language, with the times in the reader's zone and the host's.

A letter leads to pages of the portal, never to the meeting itself: the link to join stands on
its own page, for people with a place.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import make_msgid
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import AccountMail, User
from accounts.operations import USELESS_AFTER, owe_mail
from participation.models import Admission, Registration, zone_of
from participation.standing import has_way_in, people_before
from participation.times import times_in_words
from participation.timing import Span, span_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from events.models import Event

State = Registration.State
#: So many letters are written at once.
AT_ONCE = 500


# --- One person ---------------------------------------------------------------------------


def answered(registration: Registration) -> None:
    """What became of a registration: a place, the line, or a decision to wait for."""
    if registration.state == State.PLACED:
        _write("placed", registration)
    elif registration.state == State.WAITING:
        _write("waiting", registration, before=people_before(registration))
    elif registration.state == State.ASKED:
        _write("asked", registration)


def promoted(registration: Registration) -> None:
    """A place became free. Nobody hears of it when all is over."""
    if not span_of(registration.event).is_over(timezone.now()):
        _write("promoted", registration)


def declined(registration: Registration) -> None:
    admission = Admission.objects.filter(event=registration.event_id).first()
    _write(
        "declined",
        registration,
        reason=registration.reason,
        contact=admission.contact if admission else "",
    )


def withdrawn(registration: Registration) -> None:
    _write("withdrawn", registration)


def _write(letter: str, registration: Registration, **context: Any) -> None:
    """Owe one person the letter of that name. Nothing goes to an account that is closed or
    locked."""
    if registration.user_id is None:
        return
    people = User.objects.select_related("profile")
    to = people.filter(pk=registration.user_id, is_active=True).first()
    if to is None:
        return
    event = registration.event
    zone, language = to.profile.time_zone, to.profile.interface_language
    subject, body = _text(letter, event, _around(event), zone, language, **context)
    owe_mail(
        to=to.email,
        purpose=f"participation_{letter}",
        subject=subject,
        body=body,
        asked_by_anyone=False,
    )


# --- Everybody ----------------------------------------------------------------------------


def hours_changed(event: Event) -> int:
    """Tell everybody who wants to come that it takes place at another time or place."""
    return _to_all("hours", event, _standing(event))


def link_changed(event: Event) -> int:
    """Tell people with a place that the way in changed."""
    return _to_all("link", event, _standing(event).placed())


def cancelled(event: Event, reason: str) -> int:
    """Tell everybody who wanted to come that it does not take place, and why."""
    return _to_all("cancelled", event, _standing(event), reason=reason)


def reminder(event: Event) -> int:
    """Tell people with a place that it begins soon."""
    return _to_all("reminder", event, _standing(event).placed())


def feedback(event: Event) -> int:
    """Ask people who took part how they found it, unless they said so already."""
    took_part = _standing(event).placed().exclude(attended=False)
    return _to_all("feedback", event, took_part.filter(feedback=None))


def _standing(event: Event) -> Any:
    return Registration.objects.filter(event=event, state__in=Registration.STANDING)


def _to_all(letter: str, event: Event, rows: QuerySet[Registration], **context: Any) -> int:
    """Owe each of them the letter. One text serves all who read one language in one zone, so
    that thousands cost a few texts and a few statements. Returns how many."""
    now, around = timezone.now(), _around(event)
    people = rows.filter(user__is_active=True).order_by("pk")
    readers = people.values_list(
        "user__email", "user__profile__time_zone", "user__profile__interface_language"
    )
    domain = urlsplit(settings.PORTAL_URL).hostname or "localhost"
    texts: dict[tuple[str, str], tuple[str, str]] = {}
    owed: list[AccountMail] = []
    for email, zone, language in readers:
        key = (zone or "UTC", language or settings.LANGUAGE_CODE)
        if key not in texts:
            texts[key] = _text(letter, event, around, *key, **context)
        subject, body = texts[key]
        owed.append(
            AccountMail(
                to=email,
                purpose=f"participation_{letter}",
                subject=subject,
                body=body,
                message_id=make_msgid(domain=domain),
                created_at=now,
                available_at=now,
                expires_at=now + USELESS_AFTER[False],
            )
        )
    AccountMail.objects.bulk_create(owed, batch_size=AT_ONCE)
    return len(owed)


# --- What a letter says -------------------------------------------------------------------


def _around(event: Event) -> tuple[Span, bool]:
    """What every letter about an event needs of the database: when it is, whether it is joined
    from afar. Two queries."""
    admission = Admission.objects.filter(event=event).first()
    return span_of(event), has_way_in(event, admission)


def _text(
    letter: str,
    event: Event,
    around: tuple[Span, bool],
    zone: str,
    language: str,
    **context: Any,
) -> tuple[str, str]:
    """Subject and body of ``emails/participation/<letter>.txt``, whose first line is the
    subject."""
    language = language or settings.LANGUAGE_CODE
    span, is_joined = around
    times = times_in_words(span, zone or "UTC", zone_of(event), language)
    with translation.override(language):
        context |= {
            "event": _on_one_line(event.name),
            "when": "\n".join(times.lines) or _("The time is not known yet."),
            "where": _on_one_line(_where(event)),
            "has_way_in": is_joined,
            "has_hours": bool(times) and not times.whole_days,
            "portal_name": settings.PORTAL_NAME,
            "page": _address(event.get_absolute_url()),
            "registration": _page("participation:registration", event),
            "join": _page("participation:join", event),
            "calendar": _page("events:event-calendar", event),
            "feedback": _page("participation:feedback", event),
        }
        text = render_to_string(f"emails/participation/{letter}.txt", context)
    subject, _line, body = text.strip().partition("\n")
    return subject.strip(), re.sub(r"\n{3,}", "\n\n", body.strip()) + "\n"


def _where(event: Event) -> str:
    country = str(event.country) if event.country_id else ""
    return ", ".join(part for part in (event.venue, event.city, country) if part)


def _page(view: str, event: Event) -> str:
    return _address(reverse(view, args=[event.slug]))


def _address(path: str) -> str:
    return f"{settings.PORTAL_URL}{path}"


def _on_one_line(text: str) -> str:
    """A text as it can stand in a subject."""
    return " ".join(text.split())
