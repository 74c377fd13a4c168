"""Rooms and tracks: named, ordered, taken out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.errors import DomainError
from core.models import AuditEntry
from core.text import fold
from events.editing.desk import Desk, Stale, changing, mark
from events.models import Event, Room, Track

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Place:
    """A room or track as a form has it; without ``pk`` a new one."""

    name: str
    pk: int | None = None


def places_mark(event: Event) -> str:
    """A mark of the rooms and tracks as they are. Two queries."""
    rooms = event.rooms.values_list("pk", "name", "position")
    tracks = event.tracks.values_list("pk", "name", "position")
    return mark(*(f"{row}" for rows in (rooms, tracks) for row in rows))


def save_places(
    event: Event, *, by: User, rooms: Sequence[Place], tracks: Sequence[Place], base: str
) -> None:
    """Write the rooms and tracks of an event as they are listed, in this order. Those not
    listed are taken out, unless a session has them."""
    with changing(event, by=by) as desk:
        if base != places_mark(desk.event):
            raise Stale
        told = {
            "rooms": _save(desk, Room, rooms, _("room")),
            "tracks": _save(desk, Track, tracks, _("track")),
        }
        if any(told.values()):
            renamed = bool(_renamed(desk, told["rooms"]))
            desk.note(heard=renamed, moved=renamed)
            AuditEntry.record(by=by, verb="change_record", target=desk.event, rows=told)


def _save(desk: Desk, model: Any, places: Sequence[Place], kind: str) -> dict[str, list[Any]]:
    rows = {row.pk: row for row in model.objects.filter(event=desk.event)}
    _refuse_twice(places, kind)
    kept = {place.pk for place in places if place.pk in rows}
    gone = [row for key, row in rows.items() if key not in kept]
    _refuse_used(gone)
    told: dict[str, list[Any]] = {"added": [], "renamed": [], "removed": [r.name for r in gone]}
    for row in gone:
        row.delete()
    moved = False
    for row in rows.values():
        if row.pk in kept:  # out of each other's way: two may swap their names
            model.objects.filter(pk=row.pk).update(name=f"\x7f{row.pk}")
    for position, place in enumerate(places, 1):
        row = rows.get(place.pk) if place.pk is not None else None
        if row is None:
            row = model(event=desk.event)
            told["added"].append(place.name)
        elif row.name != place.name:
            told["renamed"].append([row.pk, row.name, place.name])
        moved = moved or row.position != position
        row.name, row.position = place.name, position
        row.full_clean(exclude=["event"])
        row.save()
    return told if moved or any(told.values()) else {}


def _refuse_twice(places: Iterable[Place], kind: str) -> None:
    seen: set[str] = set()
    for place in places:
        if fold(place.name) in seen:
            raise DomainError(
                _("Two have the name “%(name)s”. Give each its own.") % {"name": place.name},
                code="twice",
            )
        seen.add(fold(place.name))


def _refuse_used(rows: Iterable[Any]) -> None:
    for row in rows:
        n = row.sessions.count()
        if n:
            raise DomainError(
                ngettext(
                    "“%(name)s” has %(n)d session. Move it first.",
                    "“%(name)s” has %(n)d sessions. Move them first.",
                    n,
                )
                % {"name": row.name, "n": n},
                code="used",
            )


def _renamed(desk: Desk, told: dict[str, list[Any]]) -> int:
    """Calendars name rooms: sessions of a renamed one are counted up."""
    keys = [key for key, _old, _new in told.get("renamed", [])]
    rows = list(desk.event.sessions.filter(room__in=keys))
    for session in rows:
        session.sequence += 1
        session.save(update_fields=["sequence"])
    return len(rows)
