"""Changes to references: each one call, atomic, in the audit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from claims.models import Reference
from claims.signals import reference_going
from core.errors import DomainError
from core.models import AuditEntry, AuditHead

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from accounts.models import User

#: What an editor may correct. The key stays: revisions name a source by it.
COLUMNS = (
    "kind", "title", "authors", "publisher", "date", "site", "url", "language", "note", "citation",
)  # fmt: skip
VERBS: dict[str, StrOrPromise] = {
    "change-reference": gettext_lazy("Source changed"),
    "delete-reference": gettext_lazy("Source deleted"),
}


@transaction.atomic
def change_reference(reference: Reference, *, by: User, values: Mapping[str, Any]) -> Reference:
    """Correct how a source is cited, wherever it is cited."""
    if not by.has_perm("claims.change_reference", reference):
        raise PermissionDenied
    if unknown := set(values) - set(COLUMNS):
        raise ValueError(f"No columns of a reference: {sorted(unknown)}")
    AuditHead.hold()
    fresh = Reference.objects.select_for_update().get(pk=reference.pk)
    before = {name: getattr(fresh, name) for name in values}
    changed = {name: value for name, value in values.items() if before[name] != value}
    if not changed:
        return fresh
    for name, value in changed.items():
        setattr(fresh, name, value)
    fresh.full_clean(exclude=["key", "added_by"])
    fresh.save()
    AuditEntry.record(
        by=by,
        verb="change-reference",
        target=fresh,
        before={name: before[name] for name in changed},
        after=changed,
    )
    return fresh


@transaction.atomic
def delete_reference(reference: Reference, *, by: User) -> None:
    """Delete a source that nothing rests on and nothing ever rested on."""
    if not by.has_perm("claims.delete_reference", reference):
        raise PermissionDenied
    AuditHead.hold()
    reference_going.send(Reference, reference=reference, by=by)
    AuditEntry.record(by=by, verb="delete-reference", target=reference, key=reference.key)
    try:
        with transaction.atomic():
            reference.delete()
    except ProtectedError:
        raise DomainError(
            _("Statements or lessons rest on this source. It stays as long as they do."),
            code="cited",
        ) from None
