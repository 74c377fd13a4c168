"""Rooms of a programme from a file: each holds one session at a time."""

from __future__ import annotations

import copy
import datetime as dt
from typing import TYPE_CHECKING

from core.text import fold
from events import clashes
from events.models import Room, Session

if TYPE_CHECKING:
    from events.importing.comparing import Comparison, Planned

#: A session as it would be, and its row if the file has one.
Held = tuple[Session, "Planned | None"]


def refuse_full_rooms(comparison: Comparison) -> None:
    """A room holds one session at a time: what comes later in the file is left out.

    Looked at as if all were taken over, so that two sessions may change places. A session whose
    row is left out stays where it was, which may be in the way of another: hence the rounds.
    """
    refused = True
    while refused:
        refused = False
        for one, other in _overlaps(comparison):
            culprits = [held for held in (one, other) if held[1] is not None and _brings(held[1])]
            if not culprits or any(held[1] and held[1].row.problems for held in (one, other)):
                continue
            last = max(culprits, key=_line)
            first = other if last is one else one
            if last[1] is not None:
                words = clashes.room_taken(_in_room(first, last[1].room), last[0].zone)
                last[1].row.refuse("room", words)
                refused = True


def _line(held: Held) -> int:
    return held[1].line if held[1] else 0


def _in_room(held: Held, name: str) -> Session:
    """The session with the room it would have, which may not be kept yet."""
    session = copy.copy(held[0])
    session.room = Room(name=name)
    return session


def _overlaps(comparison: Comparison) -> list[tuple[Held, Held]]:
    """Sessions that would be in one room at once."""
    good = [planned for planned in comparison.planned if not planned.row.problems]
    told = {planned.session.pk for planned in good if not planned.is_new}
    by_room: dict[str, list[Held]] = {}
    for session in comparison.sessions:
        if session.room and session.pk not in told:
            by_room.setdefault(fold(session.room.name), []).append((session, None))
    for planned in good:
        if planned.room:
            by_room.setdefault(fold(planned.room), []).append((planned.session, planned))
    found: list[tuple[Held, Held]] = []
    for held in by_room.values():
        timed = [pair for pair in held if pair[0].starts_at is not None]
        timed.sort(key=lambda pair: (pair[0].starts_at, _ends(pair[0]), _line(pair)))
        longest: Held | None = None
        for pair in timed:
            if longest is not None and clashes.overlap(pair[0], longest[0]):
                found.append((pair, longest))
            if longest is None or _ends(pair[0]) >= _ends(longest[0]):
                longest = pair
    return found


def _ends(session: Session) -> dt.datetime:
    return session.ends_at or session.starts_at or clashes.NEVER


def _brings(planned: Planned) -> bool:
    """Whether the file puts the session there; what overlapped before is not its doing."""
    return planned.is_new or planned.is_moved
