"""Letters to people who register: in the reader's language, with the times in the reader's zone
and the host's.

Those to one person are written when the fact happens. For those to everybody who registered, this
says who is told and in which words; telling them is left to the app that hears of the fact, in
portions, so that no request waits for thousands of letters.

A letter leads to pages of the portal, never to the meeting itself: the link to join stands on
its own page, for people with a place. The calendar file that goes with some says no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.kinds import NoticeKind
from accounts.letters import LetterText, write_letter
from accounts.models import User
from events import calendars
from participation.models import Admission, Registration, zone_of
from participation.personal import with_place
from participation.standing import has_way_in, people_before
from participation.times import times_in_words
from participation.timing import span_of

if TYPE_CHECKING:
    from events.models import Event
    from participation.models import Paper

State = Registration.State


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
    """Tell one person the letter of that name. Nothing goes to an account that is closed or
    locked."""
    if registration.user_id is None:
        return
    people = User.objects.select_related("profile")
    to = people.filter(pk=registration.user_id, is_active=True).first()
    if to is None:
        return
    language = to.profile.interface_language or settings.LANGUAGE_CODE
    text = words(letter, registration.event, language, to.profile.time_zone, **context)
    with translation.override(language):
        write_letter(to, kind=NoticeKind.PLACE, letter=text)


# --- Everybody ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToAll:
    """A letter to everybody who registered: how it is sorted, and who is told."""

    kind: NoticeKind
    readers: Callable[[QuerySet[Registration]], QuerySet[Registration]]


def _standing(rows: QuerySet[Registration]) -> QuerySet[Registration]:
    return rows.filter(state__in=Registration.STANDING)


def _placed(rows: QuerySet[Registration]) -> QuerySet[Registration]:
    return rows.filter(state=State.PLACED)


def _took_part(rows: QuerySet[Registration]) -> QuerySet[Registration]:
    """Who was there, as far as anybody knows, and did not say yet how it was."""
    return _placed(rows).exclude(attended=False).filter(feedback=None)


#: What everybody is told of, by the name of the letter.
TO_ALL: dict[str, ToAll] = {
    "hours": ToAll(NoticeKind.PLACE, _standing),
    "link": ToAll(NoticeKind.PLACE, _placed),
    "cancelled": ToAll(NoticeKind.PLACE, _standing),
    "reminder": ToAll(NoticeKind.REMINDER, _placed),
    "feedback": ToAll(NoticeKind.RECORDING, _took_part),
    "recording": ToAll(NoticeKind.RECORDING, _placed),
}


def readers_of(letter: str, event_id: int) -> QuerySet[Registration]:
    """The registrations of those who are told, as they stand at this moment."""
    return TO_ALL[letter].readers(Registration.objects.filter(event=event_id, user__isnull=False))


# --- What a letter says -------------------------------------------------------------------

#: Letters a calendar file goes with: to people who have a place, and to those whose file is wrong
#: now.
WITH_FILE = frozenset({"placed", "promoted", "reminder"})
CHANGING_FILES = frozenset({"hours", "cancelled"})
#: Letters that lead to the page with the way in, where there is one.
JOINED_FROM = frozenset({"placed", "promoted", "link", "reminder"})
#: The page some others lead to; the rest lead to the event's.
PAGES = {
    "waiting": "participation:registration",
    "asked": "participation:registration",
    "withdrawn": "participation:registration",
    "feedback": "participation:feedback",
}


def words(
    letter: str,
    event: Event,
    language: str,
    zone: str,
    *,
    paper: Paper | None = None,
    **context: Any,
) -> LetterText:
    """The letter ``emails/participation/<letter>.txt``, whose first line is the title, for those
    who read that language in that zone. ``paper`` is the recording a letter is about."""
    language = language or settings.LANGUAGE_CODE
    admission = Admission.objects.filter(event=event).first()
    span, is_joined = span_of(event), has_way_in(event, admission)
    times = times_in_words(span, zone or "UTC", zone_of(event), language)
    with translation.override(language):
        path = _path(letter, event, paper, is_joined=is_joined)
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
            "recording": _address(path),
        }
        name = f"participation/{letter}"
        text = render_to_string(f"emails/{name}.txt", context)
        file = _file(letter, event, is_joined=is_joined)
    return LetterText.of(text, path, calendar=file, name=name)


def _path(letter: str, event: Event, paper: Paper | None, *, is_joined: bool) -> str:
    """The page a letter leads to."""
    if paper is not None:
        return paper.get_absolute_url()
    if letter in JOINED_FROM and is_joined:
        return reverse("participation:join", args=[event.slug])
    if letter in PAGES:
        return reverse(PAGES[letter], args=[event.slug])
    return event.get_absolute_url()


def _file(letter: str, event: Event, *, is_joined: bool) -> str:
    """The calendar file that goes with a letter; nothing where none does, or no day is known."""
    if letter in WITH_FILE:
        entries = calendars.entries_of([event])
        return calendars.file_of(with_place(of, joins=is_joined) for of in entries).decode()
    if letter in CHANGING_FILES:
        return calendars.file_of(calendars.entries_of([event])).decode()
    return ""


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
