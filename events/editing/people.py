"""Who contributes: whole lists, and one part at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from core.errors import DomainError
from events.editing.desk import TOLD, Desk, Stale, changing, state_of
from events.models import Contribution, Event, Person, Session
from events.speakers import key_of

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Part:
    """Somebody in a part, as a list has it; ``person`` is None for somebody new."""

    name: str
    person: Person | None
    session: Session | None
    values: Mapping[str, Any]


def add_people(event: Event, *, by: User, parts: Sequence[Part]) -> dict[str, int]:
    """Give all of a list their parts. A name that is new stands for one person in all its
    lines; a part that somebody has already is left as it is."""
    with changing(event, by=by, verb="add_people") as desk:
        new: dict[str, Person] = {}
        same = 0
        for part in parts:
            person = part.person or new.get(key_of(part.name))
            made = desk.contribute(person, part.session, part.values, part.name)
            if made is None:
                same += 1
            elif part.person is None:
                new[key_of(part.name)] = made.person
        return {"added": desk.counts["people"], "new": len(new), "same": same}


def change_part(
    part: Contribution, *, by: User, values: Mapping[str, Any], base: str | None = None
) -> Contribution:
    """Correct what somebody was, or what they spoke about."""
    event = _event_of(part)
    with changing(event, by=by) as desk:
        row = _part_now(desk, part)
        if base is not None and base != state_of(row):
            raise Stale
        changed = [name for name in TOLD if name in values and getattr(row, name) != values[name]]
        if not changed:
            return row
        for name in changed:
            setattr(row, name, values[name])
        row.full_clean(exclude=["event", "person", "session", "country", "reference"])
        row.save()
        desk.note()
        desk.tell("change_record", row, fields=changed)
        return row


def take_part_out(part: Contribution, *, by: User) -> None:
    """Somebody has no part any more. Taking out twice is taking out once."""
    event = _event_of(part)
    with changing(event, by=by) as desk:
        row = desk.event.contributions.filter(pk=part.pk).select_related("person").first()
        if row is None:
            return
        desk.tell("remove_record", row, person=row.person_id, role=row.role)
        row.delete()
        desk.lose(row.person)


def move_part(part: Contribution, *, by: User, up: bool) -> None:
    """Put somebody before the one named above them, or after the one below."""
    event = _event_of(part)
    with changing(event, by=by) as desk:
        row = _part_now(desk, part)
        rows = list(desk.event.contributions.filter(session=row.session_id))
        at = next(n for n, other in enumerate(rows) if other.pk == row.pk)
        to = at - 1 if up else at + 1
        if not 0 <= to < len(rows):
            return
        rows[at], rows[to] = rows[to], rows[at]
        for position, other in enumerate(rows, 1):
            if other.position != position:
                other.position = position
                other.save(update_fields=["position"])
        desk.note()
        desk.tell("change_record", row, fields=["position"])


def _event_of(part: Contribution) -> Event:
    if part.event is None:  # a chapter or a study: portal moderators keep those
        raise PermissionDenied
    return part.event


def _part_now(desk: Desk, part: Contribution) -> Contribution:
    row = desk.event.contributions.filter(pk=part.pk).select_related("person").first()
    if row is None:
        raise DomainError(_("Somebody took this part out meanwhile."), code="gone")
    return row
