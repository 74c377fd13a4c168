"""Certificates: made by the member, from facts, and taken back by the member."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from claims.models import new_uid
from community.models import Certificate
from community.recognition import recognitions_of
from core.errors import DomainError

if TYPE_CHECKING:
    from accounts.models import User


@transaction.atomic
def issue_certificate(*, by: User, year: int, name: str) -> Certificate:
    """Count what the member gave in a year and put it on a certificate.

    A certificate of the same year that says the same is given again; one that says something else
    gets a new code, so the old paper cannot be mistaken for it.
    """
    if not by.has_perm("community.take_part"):
        raise PermissionDenied
    counts = {row.kind: row.count for row in recognitions_of(by, by, year=year)}
    if not counts:
        raise DomainError(
            _("Nothing is counted for %(year)d yet.") % {"year": year}, code="nothing"
        )
    there = Certificate.objects.select_for_update().filter(user=by, year=year).first()
    row = there or Certificate(user=by, year=year)
    if there is not None and (there.counts, there.name) == (counts, name.strip()):
        return there
    row.name, row.counts, row.issued_at = name.strip(), counts, timezone.now()
    if not row.name:
        raise ValidationError({"name": _("Write the name for the certificate.")})
    row.uid = new_uid()
    row.full_clean(exclude=["user"], validate_constraints=False)
    row.save()
    return row


def take_back(certificate: Certificate, *, by: User) -> None:
    """The certificate's address says nothing any more."""
    if certificate.user_id != by.pk:
        raise PermissionDenied
    certificate.delete()
