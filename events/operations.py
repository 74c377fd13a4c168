"""Changes to more than one record of events: each one call, atomic, in the audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from events import finding
from events.choices import Progress
from events.models import (
    Commitment,
    CommitmentFollow,
    CommitmentUpdate,
    Event,
    Person,
    PersonClaim,
)
from events.signals import commitment_updated, person_claim_moved

if TYPE_CHECKING:
    from accounts.models import User
    from claims.models import Reference


@transaction.atomic
def add_update(
    commitment: Commitment,
    *,
    by: User,
    progress: str,
    text: str,
    happened_on: str = "",
    reference: Reference | None = None,
    place: str = "",
    fulfilled_by: Event | None = None,
    is_derived: bool = False,
) -> CommitmentUpdate:
    """File what happened, with its evidence. The commitment takes over its progress.

    A commitment that is complete has the date of the update as its own; one that is found
    not to be complete after all loses it. Whoever says more than "nothing yet" names the
    evidence.
    """
    if not by.has_perm("events.change_event", commitment):
        raise PermissionDenied
    if progress not in (Progress.NO_EVIDENCE, Progress.NOT_STARTED) and not (
        reference or fulfilled_by
    ):
        raise ValidationError(
            {"reference": _("Choose the source that shows it, or the event that fulfilled it.")}
        )
    if progress == Progress.COMPLETE and not happened_on:
        raise ValidationError({"happened_on": _("Say when it was fulfilled.")})
    AuditHead.hold()
    row = Commitment.objects.select_for_update().get(pk=commitment.pk)
    update = CommitmentUpdate(
        commitment=row,
        progress=progress,
        text=text,
        happened_on=happened_on,
        reference=reference,
        place=place,
        fulfilled_by_event=fulfilled_by,
        is_derived=is_derived,
        by=by,
    )
    update.full_clean(exclude=["commitment", "by"])
    update.save()
    row.progress = progress
    row.fulfilled_on = happened_on if progress == Progress.COMPLETE else ""
    row.save(update_fields=["progress", "fulfilled_on"])
    AuditEntry.record(by=by, verb="update_commitment", target=row, progress=progress)
    commitment.progress, commitment.fulfilled_on = row.progress, row.fulfilled_on
    finding.note(row.event)
    commitment_updated.send(Commitment, commitment=row, update=update, by=by)
    return update


# --- Following, and being a person of the record -------------------------------------------------


def follow(commitment: Commitment, *, by: User) -> None:
    """Tell this member of every update. Following twice is following once."""
    if not by.has_perm("events.view_event", commitment):
        raise PermissionDenied
    CommitmentFollow.objects.get_or_create(commitment=commitment, user=by)


def unfollow(commitment: Commitment, *, by: User) -> None:
    CommitmentFollow.objects.filter(commitment=commitment, user=by).delete()


def claim_person(person: Person, *, by: User, reason: str) -> PersonClaim:
    """Ask to be seen as this person. A moderator decides; asking twice is asking once."""
    if person.user_id is not None:
        raise DomainError(
            _("“%(name)s” belongs to a member already. Write to the moderators if that is wrong.")
            % {"name": person},
            code="taken",
        )
    if Person.objects.filter(user=by).exists():
        raise DomainError(
            _("Your account belongs to another person of the record already."), code="other"
        )
    open_one = PersonClaim.objects.open().filter(person=person, user=by)
    if (claim := open_one.first()) is not None:
        return claim
    claim = PersonClaim(person=person, user=by, reason=reason)
    claim.full_clean(exclude=["person", "user"])
    try:
        with transaction.atomic():
            AuditHead.hold()
            claim.save()
            AuditEntry.record(by=by, verb="claim_person", target=person)
            person_claim_moved.send(PersonClaim, claim=claim, verb="claim_person", by=by)
    except IntegrityError:  # the same form, sent twice at once
        return open_one.get()
    return claim


@transaction.atomic
def agree_to_claim(claim: PersonClaim, *, by: User, note: str = "") -> None:
    """Agree that a member is this person. Who else asked for the same person is told no."""
    AuditHead.hold()
    claim.agree_person_claim(by=by, note=note)
    free = Person.objects.filter(pk=claim.person_id, user=None)
    if (
        Person.objects.filter(user=claim.user_id).exists()
        or not claim.user.is_active
        or not free.update(user=claim.user_id)
    ):
        raise DomainError(_("This person or this member is linked to another one."), code="taken")
    AuditEntry.record(by=by, verb="link_person", target=claim.person, member=claim.user_id)
    for other in PersonClaim.objects.open().filter(person=claim.person_id).exclude(user=by):
        other.refuse_person_claim(by=by, note=_("Another member was found to be this person."))


@transaction.atomic
def unlink_person(person: Person, *, by: User) -> None:
    """Take back that a member is this person: the member may, and a portal moderator."""
    if by.pk != person.user_id and not by.has_perm("events.decide_person_claim"):
        raise PermissionDenied
    AuditHead.hold()
    AuditEntry.record(by=by, verb="unlink_person", target=person, member=person.user_id)
    Person.objects.filter(pk=person.pk).update(user=None)
    person.user = None
