"""Sessions: added, changed, moved, taken out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import Count
from django.utils.translation import gettext as _

from core.errors import DomainError
from events.editing.desk import Desk, Stale, changing, mark, state_of
from events.models import Event, Room, Session

if TYPE_CHECKING:
    from accounts.models import User


def write_session(
    event: Event,
    *,
    by: User,
    values: Mapping[str, Any],
    session: Session | None = None,
    base: str | None = None,
    new_room: str = "",
    new_track: str = "",
) -> Session:
    """Add a session or change one. ``base`` is the mark of what the form was opened on.

    A new room or track is made first; the one there is, if there is one of that name.
    """
    with changing(event, by=by) as desk:
        row = _now(desk, session, base) if session is not None else None
        told = dict(values)
        if new_room:
            told["room"] = desk.room(new_room)
        if new_track:
            told["track"] = desk.track(new_track)
        return desk.write(told, row)


def _now(desk: Desk, session: Session, base: str | None) -> Session:
    """The session as it is under the lock; refuses what somebody else changed or took out."""
    row = Session.objects.filter(event=desk.event, pk=session.pk).first()
    if row is None:
        raise DomainError(_("Somebody took this session out meanwhile."), code="gone")
    if base is not None and base != state_of(row):
        raise Stale
    return row


def move_session(
    session: Session, *, by: User, day: dt.date, begins: dt.time, room: Room | None
) -> Session:
    """Put a session on another day, hour or room. It lasts as long as before."""
    with changing(session.event, by=by) as desk:
        row = _now(desk, session, None)
        values: dict[str, Any] = {"day": day, "wall_starts": begins, "room": room}
        if row.wall_starts is not None and row.wall_ends is not None:
            values["wall_ends"] = later(begins, length_of(row))
        if row.day != day:
            values["second_hour"] = None
        if not row.zone:
            values["zone"] = desk.event.zone
        return desk.write(values, row)


def length_of(session: Session) -> dt.timedelta:
    """How long a session is by the clock on the wall; nothing where an hour is not stated."""
    if session.wall_starts is None or session.wall_ends is None:
        return dt.timedelta(0)
    first = dt.datetime.combine(dt.date.min, session.wall_starts)
    return dt.datetime.combine(dt.date.min, session.wall_ends) - first


def later(begins: dt.time, length: dt.timedelta) -> dt.time:
    """The hour so much later on the same day."""
    ends = dt.datetime.combine(dt.date(2000, 1, 1), begins) + length
    if ends.day != 1:
        raise ValidationError(
            {"wall_starts": _("It would go on after midnight. Choose an earlier hour.")}
        )
    return ends.time()


@dataclass(frozen=True, slots=True)
class Attached:
    """What goes with a session that is taken out, and what forbids it."""

    people: int
    messages: int
    reflected: int

    @property
    def mark(self) -> str:
        return mark(str(self.people), str(self.messages), str(self.reflected))


def attached_to(session: Session) -> Attached:
    """Three queries."""
    messages = session.key_messages.annotate(n=Count("paragraphs")).values_list("n", flat=True)
    counts = list(messages)
    return Attached(session.contributions.count(), len(counts), sum(1 for n in counts if n))


def take_out(session: Session, *, by: User, seen: str) -> None:
    """Take a session out of the programme. ``seen`` is the mark of what the person was told
    would go with it."""
    with changing(session.event, by=by) as desk:
        row = _now(desk, session, None)
        if attached_to(row).mark != seen:
            raise DomainError(
                _("Somebody changed this session meanwhile. Look again before you take it out."),
                code="stale",
            )
        desk.take_out(row)
