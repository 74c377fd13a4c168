"""The desk: one transaction on one programme, whatever is changed in it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Max, ProtectedError
from django.utils.text import slugify
from django.utils.translation import gettext as _

from core import walltime
from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from core.text import fold
from events import clashes, finding
from events.choices import EventKind, SessionKind
from events.models import Contribution, Event, Person, Room, Session, Track
from events.models.programme import RESERVED
from events.signals import programme_changed, programme_written
from events.speakers import key_of

if TYPE_CHECKING:
    from accounts.models import User

#: What editors write of a session.
EDITED = (
    "title", "kind", "code", "summary", "day", "wall_starts", "wall_ends", "zone", "second_hour",
    "track", "room",
)  # fmt: skip
#: A change of one of these makes a calendar take the session anew.
IN_CALENDARS = frozenset(EDITED) - {"kind", "track"}
#: A change of one of these may put it into a room that is taken.
PLACING = frozenset({"day", "wall_starts", "wall_ends", "zone", "second_hour", "room"})
#: What editors write of a part somebody has.
TOLD = ("role", "title", "organisation", "country", "topic")
#: The years whose clocks are known well enough to compute with.
YEARS = range(1900, 2101)
LONGEST_SLUG = 70


class RoomTaken(ValidationError):
    """A room has another session at that time."""

    def __init__(self, session: Session, other: Session) -> None:
        super().__init__({"room": [clashes.room_taken(other, session.zone)]})
        self.session, self.other = session, other


class Stale(DomainError):
    """Somebody else changed it since the form was opened."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Somebody else changed this while you were writing. Your text is still here:"
                " compare, then save again."
            ),
            code="stale",
        )


def state_of(record: Session | Contribution) -> str:
    """A mark of what a record says now, to notice that somebody else changed it."""
    names = EDITED if isinstance(record, Session) else (*TOLD, "session")
    return mark(*(str(getattr(record, record._meta.get_field(name).attname)) for name in names))  # type: ignore[union-attr]


def mark(*words: str) -> str:
    return hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:16]


class Desk:
    """One transaction on one programme. Made by ``changing``."""

    def __init__(self, event: Event, by: User, verb: str) -> None:
        self.event, self.by, self._verb = event, by, verb
        self.counts: dict[str, Any] = {"added": 0, "changed": 0, "removed": 0, "people": 0}
        self._placed: set[int] = set()
        self._heard = self._touched = self._moved = False
        self._gone: dict[int, Person] = {}

    # Sessions

    def write(
        self, values: Mapping[str, Any], session: Session | None = None, *, external_id: str = ""
    ) -> Session:
        """Add a session, or change what ``values`` name. What is the same is left alone.

        A session that is there already in every word is not added a second time.
        """
        fresh = session is None
        row = Session(event=self.event, zone=self.event.zone) if session is None else session
        row.event = self.event
        for name, value in values.items():
            if name not in EDITED:
                msg = f"Editors do not write {name!r}"
                raise TypeError(msg)
            setattr(row, name, value)
        if fresh:
            row.kind = row.kind or SessionKind.SESSION
        self._check(row)
        if fresh and (there := self._same(row)) is not None:
            return there
        changed = list(EDITED) if fresh else self._changed(row)
        if external_id and row.external_id != external_id:
            row.external_id = external_id
            changed.append("external_id")
        if not changed:
            return row
        if fresh:
            row.slug = self._free_slug(row.title)
            last = self.event.sessions.aggregate(last=Max("position"))["last"] or 0
            row.position = min(last + 1, 32767)
        heard = not fresh and bool(IN_CALENDARS.intersection(changed))
        if heard:
            row.sequence += 1
        row.full_clean(exclude=["event", "track", "room", "reference", "further"])
        row.save()
        self.counts["added" if fresh else "changed"] += 1
        if fresh or PLACING.intersection(changed):
            self._placed.add(row.pk)
        self.note(heard=heard, moved=not fresh and bool(PLACING.intersection(changed)))
        self.tell("add_record" if fresh else "change_record", row, fields=changed)
        return row

    def _check(self, row: Session) -> None:
        """Refuse at the field what cannot be kept; work out the instants."""
        if row.day is not None and row.day.year not in YEARS:
            raise ValidationError({"day": _("Choose a day between 1900 and 2100.")})
        if row.wall_ends is not None and row.wall_starts is None:
            raise ValidationError({"wall_starts": _("Say when it begins, too.")})
        for name in ("track", "room"):
            chosen = getattr(row, name)
            if chosen is not None and chosen.event_id != self.event.pk:
                raise ValidationError({name: _("Choose one of this event.")})
        row.slug = row.slug or "session"
        if row.wall_starts is None:
            row.second_hour = None
        row.clean()
        if row.second_hour is not None and not comes_twice(row):
            row.second_hour = None

    def _same(self, row: Session) -> Session | None:
        """The session that says all the same, as when a form is sent twice."""
        told = {name: getattr(row, name) for name in EDITED}
        return self.event.sessions.filter(**told).first()

    def _changed(self, row: Session) -> list[str]:
        columns = [Session._meta.get_field(name).attname for name in EDITED]  # type: ignore[union-attr]
        before = Session.objects.filter(pk=row.pk).values(*columns).get()
        return [
            name
            for name, column in zip(EDITED, columns, strict=True)
            if before[column] != getattr(row, column)
        ]

    def _free_slug(self, title: str) -> str:
        stem = slugify(fold(title))[:LONGEST_SLUG].strip("-_") or "session"
        used = set(self.event.sessions.values_list("slug", flat=True)) | RESERVED
        slug, number = stem, 1
        while slug in used:
            number += 1
            slug = f"{stem}-{number}"
        return slug

    def take_out(self, session: Session) -> None:
        """Take a session out with its parts, unless something rests on it."""
        if session.key_messages.filter(paragraphs__isnull=False).exists():
            raise DomainError(
                _(
                    "Paragraphs of an outcome document take up what was said in “%(title)s”."
                    " Portal moderators can tell you how to correct such a record."
                )
                % {"title": session.title},
                code="rested-on",
            )
        if self.event.kind == EventKind.WEBINAR and self.event.sessions.count() == 1:
            raise DomainError(
                _("A webinar keeps its session. If it does not take place, cancel the webinar."),
                code="last",
            )
        for row in session.contributions.select_related("person"):
            self._gone[row.person_id] = row.person
        words = {"title": session.title, "day": str(session.day or ""), "code": session.code}
        self.tell("remove_record", session, **words)
        try:
            session.delete()
        except ProtectedError:
            raise DomainError(
                _("Other records rest on “%(title)s”. Take those out first.")
                % {"title": session.title},
                code="rested-on",
            ) from None
        self.counts["removed"] += 1
        self.note(heard=True, moved=True)

    # Rooms and tracks

    def room(self, name: str) -> Room:
        """The room of this name; a new one if there is none."""
        return self._place(Room, name)

    def track(self, name: str) -> Track:
        """The track of this name; a new one if there is none."""
        return self._place(Track, name)

    def _place(self, model: Any, name: str) -> Any:
        rows = list(model.objects.filter(event=self.event))
        for row in rows:
            if fold(row.name) == fold(name):
                return row
        row = model(event=self.event, name=name.strip(), position=len(rows) + 1)
        row.full_clean(exclude=["event"])
        row.save()
        self.note()
        return row

    # People

    def contribute(
        self, person: Person | None, session: Session | None, values: Mapping[str, Any], name: str
    ) -> Contribution | None:
        """Give somebody a part; a person not on record yet is added under ``name``.

        Nothing happens, and None is returned, if the list has this very part already.
        """
        told = {key: values.get(key) or (None if key == "country" else "") for key in TOLD}
        if self._has_part(person, session, told, name):
            return None
        if person is None:
            person = self._new_person(name, told["country"])
        last = self.event.contributions.filter(session=session).aggregate(last=Max("position"))
        row = Contribution(
            event=self.event,
            session=session,
            person=person,
            position=min((last["last"] or 0) + 1, 32767),
            **told,
        )
        row.full_clean(exclude=["event", "person", "session", "country"])
        row.save()
        self.counts["people"] += 1
        self.note()
        self.tell("add_record", row, person=person.pk, role=row.role)
        return row

    def _has_part(
        self, person: Person | None, session: Session | None, told: dict[str, Any], name: str
    ) -> bool:
        """Whether somebody of that name has that part, in the same words."""
        rows = self.event.contributions.filter(session=session, role=told["role"])
        if person is not None:
            return rows.filter(person=person).exists()
        same = rows.filter(title=told["title"], organisation=told["organisation"])
        names = same.values_list("person__name", flat=True)
        return key_of(name) in {key_of(other) for other in names}

    def _new_person(self, name: str, country: Any) -> Person:
        stem = slugify(fold(name))[:LONGEST_SLUG].strip("-_") or "person"
        used = set(Person.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
        slug, number = stem, 1
        while slug in used:
            number += 1
            slug = f"{stem}-{number}"
        person = Person(name=name, sort_name=sorted_as(name), slug=slug, country=country)
        person.full_clean(exclude=["country"])
        person.save()
        self.tell("add_record", person)
        return person

    def lose(self, person: Person) -> None:
        """This person lost a part: what is found of them is looked at again."""
        self._gone[person.pk] = person
        self.note()

    # Closing

    def note(self, *, heard: bool = False, moved: bool = False) -> None:
        """Something changed; calendars have to hear of it; it is elsewhere or at another time."""
        self._touched = True
        self._heard = self._heard or heard
        self._moved = self._moved or moved

    def tell(self, verb: str, target: Any, **data: Any) -> None:
        if not self._verb:
            AuditEntry.record(by=self.by, verb=verb, target=target, event=self.event.pk, **data)

    def close(self) -> None:
        """Refuse what clashes; count, record and announce what changed."""
        self._refuse_taken_rooms()
        if not self._touched:
            return
        if self._heard:
            self.event.sequence += 1
        self.event.save(update_fields=["sequence", "updated_at"])
        if self._verb:
            AuditEntry.record(by=self.by, verb=self._verb, target=self.event, **self.counts)
        finding.note(self.event)
        finding.note_people(self._gone.values())
        if self._moved:
            programme_changed.send(Event, event=self.event, by=self.by)
        if any(self.counts.values()):
            programme_written.send(Event, event=self.event, by=self.by)

    def _refuse_taken_rooms(self) -> None:
        if not self._placed:
            return
        rows = list(self.event.sessions.exclude(room=None).select_related("room"))
        for session in rows:
            if session.pk in self._placed:
                other = clashes.taken(session, rows)
                if other is not None:
                    raise RoomTaken(session, other)


@contextmanager
def changing(event: Event, *, by: User, verb: str = "") -> Iterator[Desk]:
    """Hold a programme and change it; all of it or nothing.

    With a ``verb`` the audit has one entry with counts instead of one for each record.
    """
    if not by.has_perm("events.change_event", event):
        raise PermissionDenied
    with transaction.atomic():
        AuditHead.hold()
        desk = Desk(Event.objects.select_for_update().get(pk=event.pk), by, verb)
        yield desk
        desk.close()


def comes_twice(session: Session) -> bool:
    """Whether an hour of this session comes twice on its day, as the clocks are put back."""
    for time in (session.wall_starts, session.wall_ends):
        if time is not None and session.day is not None:
            first, second = walltime.both(dt.datetime.combine(session.day, time), session.zone)
            if first != second:
                return True
    return False


def sorted_as(name: str) -> str:
    """Under what a new name is sorted: the family name where the list tells it, by a comma or
    by capitals; else the last word."""
    if "," in name:
        return name[:150]
    words = name.split()
    capital = [word for word in words if sum(map(str.isalpha, word)) > 1 and word.isupper()]
    if capital and len(capital) < len(words):
        family = capital
        given = [word for word in words if word not in capital]
    elif len(words) > 1:
        family, given = words[-1:], words[:-1]
    else:
        return name
    return _calm(f"{' '.join(family)}, {' '.join(given)}")[:150]


def _calm(text: str) -> str:
    """Words in capitals as other words are written."""
    return " ".join(
        word.title() if word.isupper() and len(word) > 2 else word for word in text.split()
    )
