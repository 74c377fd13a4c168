"""What is in a member's own calendar: where they registered or speak, and what they follow.

The link to join is not in it: whoever has the address of the calendar reads all of this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from events import calendars
from events.calendars import Showable, Shown
from events.choices import Progress
from events.models import Commitment, Contribution, Event, Session
from participation.models import Registration

if TYPE_CHECKING:
    from accounts.models import User

#: A personal calendar holds so many entries of each sort: the latest.
MOST = 300


def name_of_calendar() -> str:
    """What a calendar program calls it."""
    return f"{settings.PORTAL_NAME}: {_('My events')}"


def entries_for(user: User) -> list[Showable]:
    """Each event, session and commitment once. Four queries, however much there is."""
    parts: dict[tuple[str, int], Showable] = {}
    for entry in (*_registered(user), *_spoken_at(user)):
        of = entry.of if isinstance(entry, Shown) else entry
        parts.setdefault((of._meta.label, of.pk), entry)
    open_ones = (row for row in followed_by(user) if row.progress != Progress.COMPLETE)
    return [*parts.values(), *open_ones]


def _registered(user: User) -> list[Shown]:
    rows = (
        Registration.objects.filter(
            user=user,
            state__in=Registration.STANDING,
            event__in=Event.objects.visible_to(user),
        )
        .select_related("event__admission")
        .order_by("-event__starts", "pk")[:MOST]
    )
    mine = {row.event_id: row for row in rows}
    entries = calendars.entries_of(row.event for row in mine.values())
    return [_as_mine(of, mine[_event_of(of).pk]) for of in entries]


def _event_of(of: Event | Session) -> Event:
    return of.event if isinstance(of, Session) else of


def _as_mine(of: Event | Session, mine: Registration) -> Shown:
    """With where to join for people with a place; open for everybody else."""
    event = _event_of(of)
    if mine.state == Registration.State.PLACED:
        admission = getattr(event, "admission", None)
        joins = admission is not None and bool(admission.join_url or admission.join_note)
        return with_place(of, joins=joins)
    url = reverse("participation:registration", args=[event.slug])
    address = settings.PORTAL_URL + url
    if mine.state == Registration.State.ASKED:
        note = _("Your registration waits for approval: %(url)s") % {"url": address}
    else:
        note = _("You are on the waiting list: %(url)s") % {"url": address}
    return Shown(of, note=note, url=url, is_open=True)


def with_place(of: Event | Session, *, joins: bool) -> Shown:
    """An event or session as people with a place have it in their calendar."""
    event = _event_of(of)
    url = reverse(f"participation:{'join' if joins else 'registration'}", args=[event.slug])
    address = settings.PORTAL_URL + url
    if joins:
        note = _("You have a place. Join from this page: %(url)s") % {"url": address}
    else:
        note = _("You have a place. Your registration: %(url)s") % {"url": address}
    return Shown(of, note=note, url=url)


def _spoken_at(user: User) -> list[Event | Session]:
    """The parts of the person of the record that the member is."""
    rows = (
        Contribution.objects.visible_to(user)
        .filter(person__user=user, event__isnull=False)
        .select_related("event", "session__event", "session__room")
        .order_by("-event__starts", "pk")[:MOST]
    )
    return [part for row in rows if (part := calendars.part_of(row)) is not None]


def followed_by(user: User) -> list[Commitment]:
    """Commitments the member follows, by their dates."""
    rows = Commitment.objects.visible_to(user).filter(follows__user=user)
    return list(rows.select_related("event").order_by("due", "pk")[:MOST])
