"""Webinars: arranged, changed, cancelled, repeated. Each is an event with one session.

Lock order: the end of the audit, the event, then its admission.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from core.text import fold
from events import finding
from events.choices import EventKind, EventStatus, PartyRole, SessionKind
from events.editing.desk import Stale, changing
from events.editing.people import Part, add_people
from events.models import Event, Party, Series, Session
from events.models.meetings import RESERVED
from participation.models import Admission, Category
from participation.operations.registering import set_admission
from participation.signals import arrangements_changed
from participation.times import day_in_words
from participation.timing import span_of
from participation.webinars import SLUG, session_of, state_of

if TYPE_CHECKING:
    import uuid

    from accounts.models import User
    from hubs.models import Hub

#: What is said of the webinar itself, and of its hours.
TOLD = ("name", "summary", "theme", "is_public")
HOURS = ("day", "wall_starts", "wall_ends", "zone", "second_hour")
#: How people come to it, as far as one says so when arranging it.
WAY_IN = ("is_open", "places", "join_url", "join_note")
#: What goes over to the others when a webinar is repeated.
KEPT = (
    "is_open", "places", "needs_approval", "join_url", "join_note", "practical", "contact",
    "signatory", "signatory_title", "letter_text",
)  # fmt: skip
#: The years whose clocks are known well enough to compute with.
YEARS = range(1900, 2101)
LONGEST_SLUG = 70


def arrange_webinar(
    *,
    by: User,
    form_key: uuid.UUID,
    hub: Hub | None,
    told: Mapping[str, Any],
    hours: Mapping[str, Any],
    way_in: Mapping[str, Any],
    speakers: Sequence[Part] = (),
) -> Event:
    """A webinar with its session, its registration and its speakers; the same form once only."""
    if not by.has_perm("events.change_event", Event(hub=hub)):
        raise PermissionDenied
    mark = _mark(by, form_key)
    with transaction.atomic():
        AuditHead.hold()
        earlier = Session.objects.filter(external_id=mark).select_related("event").first()
        if earlier is not None:
            return earlier.event
        event = _new(by, hub, dict(told), dict(hours), mark)
        admission = Admission(event=event, **way_in)
        admission.full_clean(exclude=["event"])
        admission.save()
        if speakers:
            session = session_of(event)
            parts = [Part(row.name, row.person, session, row.values) for row in speakers]
            add_people(event, by=by, parts=parts)
    return event


def _mark(by: User, form_key: uuid.UUID) -> str:
    """By what a form that was sent twice is known again."""
    return f"form:{by.pk}:{form_key.hex}"


def _new(
    by: User, hub: Hub | None, told: dict[str, Any], hours: dict[str, Any], mark: str, **more: Any
) -> Event:
    """The event, its session, and the hub as its host."""
    day: dt.date = hours["day"]
    if day.year not in YEARS:
        raise ValidationError({"day": _("Choose a day between 1900 and 2100.")})
    event = Event(
        slug=_free_slug(told["name"]),
        kind=EventKind.WEBINAR,
        status=EventStatus.CONFIRMED,
        starts=day.isoformat(),
        ends=day.isoformat(),
        zone=hours["zone"],
        hub=hub,
        **told,
        **more,
    )
    session = Session(
        slug=SLUG,
        title=event.name,
        kind=SessionKind.SESSION,
        position=1,
        external_id=mark,
        **hours,
    )
    event.full_clean(exclude=["hub", "series"])
    session.full_clean(exclude=["event"])
    if session.ends_at is not None and session.ends_at <= timezone.now():
        event.status = EventStatus.HELD
    event.save()
    session.event = event
    session.save()
    if hub is not None:
        Party.objects.create(event=event, name=hub.name, role=PartyRole.HOST, hub=hub)
    AuditEntry.record(by=by, verb="arrange_webinar", target=event)
    finding.note(event)
    return event


def _free_slug(name: str) -> str:
    stem = slugify(fold(name))[:LONGEST_SLUG].strip("-_")
    stem = stem if stem and stem not in RESERVED else f"{stem}-webinar".strip("-")
    used = set(Event.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    slug, number = stem, 1
    while slug in used:
        number += 1
        slug = f"{stem}-{number}"
    return slug


def change_webinar(
    event: Event,
    *,
    by: User,
    told: Mapping[str, Any],
    hours: Mapping[str, Any],
    way_in: Mapping[str, Any],
    base: str,
) -> None:
    """Change what is said of a webinar, its hours, and how people come to it; all or nothing.

    ``base`` is the mark of what the form was opened on. Other hours are told to everybody with a
    place (``receivers``), since the programme's own page can change them, too.
    """
    with changing(event, by=by) as desk:
        row, session = desk.event, session_of(desk.event)
        if base != state_of(row, session):
            raise Stale
        changed = [name for name in TOLD if name in told and getattr(row, name) != told[name]]
        for name in changed:
            setattr(row, name, told[name])
        if changed:
            row.full_clean(exclude=["hub", "series", "country"])
            row.save()
            desk.note()
            desk.tell("change_record", row, fields=changed)
        desk.write({"title": row.name, **hours}, session)
        if session is None:  # its first hours; those that change make the desk speak
            follow_the_session(row, by=by)
        admission = Admission.objects.filter(event=row).first()
        if admission is not None or any(way_in.values()):
            set_admission(row, by=by, **way_in)


@transaction.atomic
def follow_the_session(event: Event, *, by: User) -> None:
    """The days of a webinar are those of its sessions; people with a place are told of its hours.

    The caller holds the row of the event.
    """
    rows = list(event.sessions.exclude(day=None).order_by("day", "wall_starts"))
    if rows:
        days = [row.day.isoformat() for row in rows if row.day]
        event.starts, event.ends, event.zone = days[0], days[-1], rows[0].zone or event.zone
        event.save(update_fields=["starts", "ends", "zone", "updated_at"])
        finding.note(event)
    arrangements_changed.send(Event, event=event, what="hours", by=by)


@transaction.atomic
def cancel_webinar(event: Event, *, by: User, reason: str) -> None:
    """It does not take place. Everybody who wanted to come is told why; nobody registers now."""
    row = _held(event, by)
    if row.status == EventStatus.CANCELLED:
        return
    if span_of(row).is_over(timezone.now()):
        raise DomainError(_("This webinar is over."), code="over")
    if not reason.strip():
        raise ValidationError({"reason": _("Say why; everybody who wanted to come reads it.")})
    _set_status(row, EventStatus.CANCELLED)
    Admission.objects.filter(event=row).update(is_open=False)
    AuditEntry.record(by=by, verb="cancel_webinar", target=row, note=reason)
    arrangements_changed.send(Event, event=row, what="cancelled", by=by, reason=reason)


@transaction.atomic
def mark_held(event: Event, *, by: User) -> None:
    """It took place."""
    row = _held(event, by)
    if row.status == EventStatus.HELD:
        return
    begins = span_of(row).begins
    if row.status == EventStatus.CANCELLED or begins is None or begins > timezone.now():
        raise DomainError(_("It has not taken place."), code="early")
    _set_status(row, EventStatus.HELD)
    AuditEntry.record(by=by, verb="mark_webinar_held", target=row)


def _held(event: Event, by: User) -> Event:
    """The row of the event, for this transaction alone."""
    if not by.has_perm("events.change_event", event):
        raise PermissionDenied
    AuditHead.hold()
    return Event.objects.select_for_update().get(pk=event.pk)


def _set_status(row: Event, status: EventStatus) -> None:
    row.status = status
    row.sequence += 1
    row.save(update_fields=["status", "sequence", "updated_at"])
    row.sessions.update(sequence=F("sequence") + 1)
    finding.note(row)


# --- Again and again -----------------------------------------------------------------------------


def repeated(by: User, form_key: uuid.UUID) -> list[Event]:
    """What this person made with that form already."""
    made = Session.objects.filter(external_id__startswith=f"{_mark(by, form_key)}:")
    return [session.event for session in made.select_related("event").order_by("starts_at")]


@transaction.atomic
def repeat_webinar(
    event: Event,
    *,
    by: User,
    form_key: uuid.UUID,
    days: Sequence[tuple[dt.date, bool | None]],
    same_link: bool = True,
) -> list[Event]:
    """The same webinar on other days at the same hour of the wall clock; all of them or none.

    Each is an event of its own, with its own address and registration, in one series with this
    one. With each day goes which of two hours is meant, where the clocks are put back on it. The
    same form makes them once.
    """
    row = _held(event, by)
    mark = _mark(by, form_key)
    if done := repeated(by, form_key):
        return done
    session = session_of(row)
    if session is None or session.wall_starts is None or session.starts_at is None:
        raise DomainError(_("Say at which hours it is before you repeat it."), code="hours")
    admission = Admission.objects.filter(event=row).first()
    series, edition = _series(row, days)
    told = {name: getattr(row, name) for name in TOLD}
    found = []
    for number, (day, second) in enumerate(sorted(days)):
        hours = {name: getattr(session, name) for name in HOURS}
        hours |= {"day": day, "second_hour": second}
        more = {"series": series, "edition": edition + number if edition else None}
        try:
            made_now = _new(by, row.hub, told, hours, f"{mark}:{number}", **more)
        except ValidationError as refusal:
            raise ValidationError(
                {"days": f"{day_in_words(day)}: {' '.join(refusal.messages)}"}
            ) from None
        if admission is not None:
            _admit_as(admission, session.starts_at, made_now, same_link=same_link)
        found.append(made_now)
    AuditEntry.record(by=by, verb="repeat_webinar", target=row, times=len(found))
    return found


def _series(row: Event, days: Sequence[tuple[dt.date, bool | None]]) -> tuple[Series, int]:
    """The series they belong to, and the number of the first new one; 0 if they have none.

    A series that begins here counts from this webinar on. In another one they are numbered only
    if they follow all that have a number.
    """
    if row.series is None:
        stem = slugify(fold(row.name))[:50].strip("-_") or "webinars"
        used = set(Series.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
        slug, number = stem, 1
        while slug in used:
            number += 1
            slug = f"{stem}-{number}"
        row.series = Series.objects.create(slug=slug, name=row.name[:200])
        first = min(day for day, _second in days).isoformat()
        row.edition = 1 if row.starts < first else None
        row.save(update_fields=["series", "edition", "updated_at"])
        return row.series, 2 if row.edition else 0
    last = row.series.events.aggregate(number=Max("edition"), starts=Max("starts"))
    follows = all(day.isoformat() > last["starts"] for day, _second in days)
    return row.series, last["number"] + 1 if last["number"] and follows else 0


def _admit_as(admission: Admission, begins: dt.datetime, event: Event, *, same_link: bool) -> None:
    """Registration as for the other one, closing as long before it begins."""
    values = {name: getattr(admission, name) for name in KEPT}
    if not same_link:
        values |= {"join_url": "", "join_note": ""}
    new = Admission(event=event, **values)
    session = session_of(event)
    if admission.closes_at is not None and session is not None and session.starts_at is not None:
        new.closes_at = session.starts_at - (begins - admission.closes_at)
    new.save()
    for kind in admission.event.categories.all():
        Category.objects.create(
            event=event,
            name=kind.name,
            needs_approval=kind.needs_approval,
            position=kind.position,
        )
