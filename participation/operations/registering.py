"""Registration: asking for a place, the line, and what the organisers decide.

Whoever changes something about the places of an event holds the row of its admission until the
change is written, so that two people never get the last place and the line never loses its order.
Lock order: the end of the audit, the admission, then registrations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from events.choices import EventStatus
from events.editing.desk import Stale, mark
from events.models import Event
from participation.clock import PORTAL
from participation.models import Admission, Registration
from participation.signals import (
    approved,
    arrangements_changed,
    place_passed_on,
    registered,
)
from participation.timing import span_of

if TYPE_CHECKING:
    from accounts.models import User

#: What a person says of themselves when they register.
TOLD = ("category", "name", "title", "organisation", "country", "needs", "hope", "listing")
#: What the organisers say of the admission.
SET = (
    "is_open", "closes_at", "places", "needs_approval", "join_url", "join_note", "practical",
    "contact", "signatory", "signatory_title", "letter_text",
)  # fmt: skip


def hold(event: Event) -> Admission:
    """The event's admission, for this transaction alone until it ends."""
    AuditHead.hold()
    admission = Admission.objects.select_for_update().filter(event=event).first()
    if admission is None:
        raise DomainError(_("Nobody registers for this event here."), code="none")
    admission.event = event
    return admission


def state_of(admission: Admission) -> str:
    """A mark of what the organisers say now, to notice that somebody else changed it."""
    return mark(*(str(getattr(admission, name)) for name in SET))


@transaction.atomic
def set_admission(event: Event, *, by: User, base: str = "", **values: Any) -> Admission:
    """Open, close or change registration. More places go to those who wait, in their order.

    Refuses fewer places than people who have one, and a form that was opened on other settings:
    ``base`` is the mark of those it was opened on.
    """
    if not by.has_perm("participation.organise", event):
        raise PermissionDenied
    AuditHead.hold()
    Admission.objects.get_or_create(event=event)
    admission = hold(event)
    if base and base != state_of(admission):
        raise Stale
    before = {name: getattr(admission, name) for name in SET}
    for name in SET:
        if name in values:
            setattr(admission, name, values[name])
    if admission.places is not None and admission.places < admission.taken:
        raise ValidationError(
            {
                "places": ngettext(
                    "%(n)d person has a place. Choose at least %(n)d, or decline people first.",
                    "%(n)d people have a place. Choose at least %(n)d, or decline people first.",
                    admission.taken,
                )
                % {"n": admission.taken}
            }
        )
    admission.full_clean(exclude=["event"])
    admission.save()
    changed = sorted(name for name in SET if getattr(admission, name) != before[name])
    if changed:
        AuditEntry.record(by=by, verb="set_admission", target=event, changed=changed)
    settle(admission)
    if {"join_url", "join_note"} & set(changed):
        arrangements_changed.send(Event, event=event, what="link", by=by)
    return admission


def register(event: Event, *, by: User, told: Mapping[str, Any]) -> Registration:
    """Ask for a place: at once, in line, or for the organisers to approve.

    Registering twice is registering once. Whoever withdrew comes back at the end of the line.
    """
    if not by.has_perm("participation.register", event):
        raise PermissionDenied
    span = span_of(event)
    with transaction.atomic():
        admission = hold(event)
        mine = Registration.objects.filter(event=event, user=by).first()
        if mine is not None and mine.is_standing:
            return mine
        if mine is not None and mine.state == Registration.State.DECLINED:
            raise DomainError(
                _("The organisers declined your registration. Write to them, if that is wrong."),
                code="declined",
            )
        if Event.objects.filter(pk=event.pk, status=EventStatus.CANCELLED).exists():
            raise DomainError(_("This event is cancelled."), code="cancelled")
        if span.is_over(timezone.now()) or not admission.takes(timezone.now(), span.begins):
            raise DomainError(_("Registration is closed."), code="closed")
        row = mine or Registration(event=event, user=by)
        for name in TOLD:
            if name in told:
                setattr(row, name, told[name])
        for_approval = admission.needs_approval or bool(
            row.category and row.category.needs_approval
        )
        admission.issued += 1
        if mine is None:
            row.number = admission.issued
            row.state = Registration.State.ASKED if for_approval else Registration.State.WAITING
        row.full_clean(exclude=["event", "user"])
        row.save()
        if mine is not None:
            row.come_back(by=by, number=admission.issued, for_approval=for_approval)
        admission.save(update_fields=["issued"])
        settle(admission, asks=row)
        row.refresh_from_db()
        registered.send(Registration, registration=row)
    return row


@transaction.atomic
def change_details(registration: Registration, *, by: User, told: Mapping[str, Any]) -> None:
    """Correct what one said of oneself. The kind of participant stays once organisers approved."""
    if not by.has_perm("participation.own_registration", registration):
        raise PermissionDenied
    hold(registration.event)
    registration.refresh_from_db()
    if not registration.is_standing:
        raise DomainError(_("This registration has ended."), code="ended")
    for name in TOLD:
        if name in told and name != "category":
            setattr(registration, name, told[name])
    registration.full_clean(exclude=["event", "user", "category"])
    registration.save(update_fields=[name for name in TOLD if name != "category"])


@transaction.atomic
def withdraw(registration: Registration, *, by: User) -> None:
    """Give one's place back; the next in line has it at once."""
    admission = hold(registration.event)
    registration.refresh_from_db()
    if span_of(registration.event).is_over(timezone.now()):
        raise DomainError(_("This event is over."), code="over")
    registration.withdraw_registration(by=by)
    settle(admission)


@transaction.atomic
def approve(registration: Registration, *, by: User) -> None:
    """Let somebody in, or into the line if all places are taken."""
    admission = hold(registration.event)
    registration.refresh_from_db()
    registration.approve_registration(by=by)
    settle(admission, asks=registration)
    registration.refresh_from_db()
    approved.send(Registration, registration=registration, by=by)


@transaction.atomic
def decline(registration: Registration, *, by: User, reason: str) -> None:
    """Say no, with a reason the person reads. A place that was theirs goes to the next in line."""
    admission = hold(registration.event)
    registration.refresh_from_db()
    registration.decline_registration(by=by, reason=reason)
    settle(admission)


def settle(admission: Admission, *, asks: Registration | None = None) -> None:
    """Give free places to the first in line and count. The caller holds the admission.

    ``asks`` is the registration that is just being answered: its place is the answer, not one
    that was passed on. Harmless to repeat: with no free place or nobody in line it only counts.
    """
    standing = Registration.objects.filter(event=admission.event_id)
    taken = standing.placed().count()
    line = standing.in_line().select_related("event", "user")
    free = None if admission.places is None else max(admission.places - taken, 0)
    for registration in line if free is None else line[:free]:
        registration.give_place(by=PORTAL)
        taken += 1
        if asks is None or registration.pk != asks.pk:
            place_passed_on.send(Registration, registration=registration)
    admission.taken, admission.waiting = taken, standing.in_line().count()
    admission.save(update_fields=["taken", "waiting"])


@transaction.atomic
def settle_event(event: Event) -> None:
    """Count again, and fill what is free: after accounts were closed or let in again."""
    settle(hold(event))


@transaction.atomic
def leave_everything(user: User) -> None:
    """An account is closed: its places go to others, and what it said of itself is taken out.

    That somebody took part stays counted.
    """
    AuditHead.hold()
    mine = Registration.objects.filter(user=user).select_related("event").order_by("event")
    for registration in mine:
        admission = hold(registration.event)
        registration.refresh_from_db()
        if registration.is_standing and not span_of(registration.event).is_over(timezone.now()):
            registration.withdraw_registration(by=user)
        Registration.objects.filter(pk=registration.pk).update(
            name=_("Former member"),
            title="",
            organisation="",
            country=None,
            needs="",
            hope="",
            listing="nobody",
        )
        settle(admission)


@transaction.atomic
def mark_attendance(event: Event, *, by: User, took_part: Mapping[str, bool | None]) -> int:
    """Say who was there: uid to yes, no or unknown. Returns how many answers changed."""
    if not by.has_perm("participation.organise", event):
        raise PermissionDenied
    begins = span_of(event).begins
    if begins is not None and begins > timezone.now():
        raise DomainError(_("Attendance can be noted once the event has begun."), code="early")
    AuditHead.hold()
    placed = Registration.objects.placed().filter(event=event)
    changed = 0
    for answer in (True, False, None):
        uids = [uid for uid, said in took_part.items() if said is answer]
        same = placed.filter(attended=answer)
        rows = placed.filter(uid__in=uids).exclude(pk__in=same.values("pk"))
        changed += rows.update(attended=answer)
    if changed:
        AuditEntry.record(by=by, verb="mark_attendance", target=event, changed=changed)
    return changed


@transaction.atomic
def join(event: Event, *, by: User) -> Admission:
    """The admission with its join link, for somebody with a place. While the event is on, opening
    it is noted as having joined."""
    registration = Registration.objects.placed().filter(event=event, user=by).first()
    if registration is None:
        raise PermissionDenied
    if registration.joined_at is None and span_of(event).is_on(timezone.now()):
        Registration.objects.filter(pk=registration.pk, joined_at=None).update(
            joined_at=timezone.now()
        )
    return Admission.objects.get(event=event)


def at_once(registrations: Iterable[Registration], *, by: User) -> tuple[int, list[str]]:
    """Approve several, in the order they came. Returns how many, and each refusal in words."""
    done, refusals = 0, []
    for registration in sorted(registrations, key=lambda row: row.number):
        try:
            approve(registration, by=by)
        except (DomainError, PermissionDenied) as refusal:
            refusals.append(f"{registration}: {refusal}")
        else:
            done += 1
    return done, refusals
