"""Files read for a programme, and the one step that writes them into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from core.errors import DomainError
from core.text import fold
from events import speakers
from events.editing import Desk, changing, sorted_as
from events.importing.comparing import ADD, CHANGE, Comparison, Planned
from events.models import Contribution, Event, Person, ProgrammeImport, Room, Session, Track
from events.models.programme import RESERVED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.models import User
    from events.importing.people import Chosen, Part
    from events.importing.rows import Read

FIELDS = (
    "title", "kind", "code", "summary", "day", "wall_starts", "wall_ends", "zone", "second_hour",
    "starts_at", "ends_at", "track", "room", "external_id", "sequence",
)  # fmt: skip
TOLD = ("title", "organisation", "country", "topic")
AT_ONCE = 100
LAST_POSITION = 32767
LONGEST_SLUG = 70


@transaction.atomic
def keep(event: Event, read: Read, *, name: str, by: User) -> ProgrammeImport:
    """Keep what a file says until somebody takes it over. It replaces what the same person had
    read for this event before and not taken over."""
    _may_change(event, by)
    for earlier in ProgrammeImport.objects.open().filter(event=event, made_by=by):
        _put_away(earlier)
    compared = Comparison(event, [row.kept() for row in read.rows])
    return ProgrammeImport.objects.create(
        event=event,
        source=read.source,
        file_name=name[:150],
        rows=compared.to_keep(),
        notes=read.notes,
        made_by=by,
    )


def take_over(
    found: ProgrammeImport, *, by: User, seen: str, chosen: Chosen | None = None
) -> ProgrammeImport:
    """Write the sessions of a file into the programme, all or none. Twice is once.

    ``seen`` is the digest of the comparison that was shown: if the programme has changed since,
    nothing is written and the person looks again. Rows that were refused are left out.
    """
    with changing(found.event, by=by, verb="import_programme") as desk:
        row = ProgrammeImport.objects.select_for_update().get(pk=found.pk)
        if row.applied_at is not None:
            return row
        if row.dropped_at is not None:
            raise DomainError(_("This file was put away. Choose it again."), code="dropped")
        compared = Comparison(desk.event, row.rows, chosen)
        if compared.digest != seen:
            raise DomainError(
                _("The programme has changed since you read this. Look at it again."),
                code="stale",
            )
        if not compared.of_use:
            raise DomainError(_("There is nothing to take over."), code="nothing")
        _write(desk, compared)
        row.rows = compared.to_keep()
        row.applied_at = timezone.now()
        row.save(update_fields=["rows", "applied_at"])
    return row


@transaction.atomic
def put_away(found: ProgrammeImport, *, by: User) -> None:
    """Forget what was read. Twice is once."""
    _may_change(found.event, by)
    row = ProgrammeImport.objects.select_for_update().get(pk=found.pk)
    if row.applied_at is not None:
        raise DomainError(_("This file has been taken over already."), code="applied")
    _put_away(row)


def _put_away(row: ProgrammeImport) -> None:
    ProgrammeImport.objects.open().filter(pk=row.pk).update(
        dropped_at=timezone.now(), rows=[], notes=[]
    )


def _may_change(event: Event, by: User) -> None:
    if not by.has_perm("events.change_event", event):
        raise PermissionDenied


# --- Writing -------------------------------------------------------------------------------------
# Many rows at once, since the desk is held meanwhile. Rooms were looked at while comparing, under
# the same lock.


def _write(desk: Desk, compared: Comparison) -> None:
    """Rooms and tracks that are missing, then sessions, then who contributes to them."""
    wanted = compared.of_use
    rooms = _made(Room, desk.event, (planned.room for planned in wanted), compared.rooms)
    tracks = _made(Track, desk.event, (planned.track for planned in wanted), compared.tracks)
    slugs = {session.slug for session in compared.sessions} | RESERVED
    position = max((session.position for session in compared.sessions), default=0)
    for planned in wanted:
        session = planned.session
        session.room = rooms.get(fold(planned.room))
        session.track = tracks.get(fold(planned.track))
        if planned.is_new:
            position += 1
            session.position = min(position, LAST_POSITION)
            session.slug = _free(session.title, slugs, "session")
        elif planned.is_heard:
            session.sequence += 1
        desk.note(heard=planned.is_heard, moved=planned.is_moved)
    Session.objects.bulk_create(
        [planned.session for planned in wanted if planned.is_new], batch_size=AT_ONCE
    )
    Session.objects.bulk_update(
        [planned.session for planned in wanted if not planned.is_new], FIELDS, batch_size=AT_ONCE
    )
    desk.counts["added"] += compared.counts[ADD]
    desk.counts["changed"] += compared.counts[CHANGE]
    _write_people(desk, wanted)


def _made(model: Any, event: Event, names: Iterable[str], known: dict[str, Any]) -> dict[str, Any]:
    """The rooms or tracks by these names; those that are missing are new."""
    missing = {fold(name): name for name in names if name and fold(name) not in known}
    last = max((row.position for row in known.values()), default=0)
    made = [
        model(event=event, name=name, position=min(last + n, LAST_POSITION))
        for n, name in enumerate(missing.values(), start=1)
    ]
    model.objects.bulk_create(made)
    return known | {fold(row.name): row for row in made}


def _free(text: str, taken: set[str], otherwise: str) -> str:
    """An address that nothing else has yet; from now on it is taken."""
    stem = slugify(fold(text))[:LONGEST_SLUG].strip("-_") or otherwise
    slug, number = stem, 1
    while slug in taken:
        number += 1
        slug = f"{stem}-{number}"
    taken.add(slug)
    return slug


def _write_people(desk: Desk, wanted: list[Planned]) -> None:
    parts = [(planned, part) for planned in wanted for part in planned.people.add]
    made = _new_people(part for _planned, part in parts if part.person is None)
    gone = [row for planned in wanted for row in planned.people.remove]
    Contribution.objects.filter(pk__in=[row.pk for row in gone]).delete()
    for row in gone:
        desk.lose(row.person)
    changed = [row for planned in wanted for row in map(_changed, planned.people.change) if row]
    Contribution.objects.bulk_update(changed, TOLD, batch_size=AT_ONCE)
    Contribution.objects.bulk_create(
        [
            Contribution(
                event=desk.event,
                session=planned.session,
                person_id=part.person or made[speakers.key_of(part.name)],
                role=part.role,
                position=min(position, LAST_POSITION),
                **part.values,
            )
            for position, (planned, part) in enumerate(parts, start=1)
        ],
        batch_size=AT_ONCE,
    )
    desk.counts["people"] += len(parts)


def _changed(part: Part) -> Contribution | None:
    if part.contribution is not None:
        for name, value in part.values.items():
            setattr(part.contribution, name, value)
    return part.contribution


def _new_people(parts: Iterable[Part]) -> dict[str, int]:
    """People the record did not know: one for each name, in however many parts."""
    wanted: dict[str, Part] = {}
    for part in parts:
        wanted.setdefault(speakers.key_of(part.name), part)
    if not wanted:
        return {}
    taken = set(Person.objects.values_list("slug", flat=True))
    people = {
        key: Person(
            name=part.name,
            sort_name=sorted_as(part.name),
            slug=_free(part.name, taken, "person"),
            country_id=part.values["country_id"],
        )
        for key, part in wanted.items()
    }
    Person.objects.bulk_create(people.values())
    return {key: person.pk for key, person in people.items()}
