"""Kinds of participants: what people can register as. One that somebody chose is not removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from core.text import fold
from participation.models import Category, Registration

if TYPE_CHECKING:
    from accounts.models import User
    from events.models import Event

#: More nobody reads through on a form.
MOST = 20


def _hold(event: Event, by: User) -> list[Category]:
    """The event's kinds, for this transaction alone. Registering waits for the audit, too, so
    nobody chooses a kind that is just being removed."""
    if not by.has_perm("participation.organise", event):
        raise PermissionDenied
    AuditHead.hold()
    return list(Category.objects.select_for_update().filter(event=event))


def _unlike(name: str, others: list[Category]) -> None:
    if any(fold(name) == fold(other.name) for other in others):
        raise ValidationError({"name": _("This kind is there already.")})


@transaction.atomic
def add_category(event: Event, *, by: User, name: str, needs_approval: bool = False) -> Category:
    """A further kind, at the end."""
    others = _hold(event, by)
    if len(others) >= MOST:
        raise DomainError(
            _("There are %(n)d kinds. Remove one before you add another.") % {"n": MOST},
            code="limit",
        )
    _unlike(name, others)
    last = max((other.position for other in others), default=0)
    kind = Category(event=event, name=name, needs_approval=needs_approval, position=last + 1)
    kind.full_clean(exclude=["event"])
    kind.save()
    AuditEntry.record(by=by, verb="add_category", target=kind, event=event.pk)
    return kind


@transaction.atomic
def change_category(category: Category, *, by: User, name: str, needs_approval: bool) -> bool:
    """Call it otherwise, or let organisers approve. Who registered as it stays so."""
    event = category.event
    kinds = {row.pk: row for row in _hold(event, by)}
    row = kinds.pop(category.pk, None)
    if row is None:
        raise DomainError(_("This kind is not there any more."), code="gone")
    _unlike(name, list(kinds.values()))
    if (row.name, row.needs_approval) == (name, needs_approval):
        return False
    row.name, row.needs_approval = name, needs_approval
    row.full_clean(exclude=["event"])
    row.save(update_fields=["name", "needs_approval"])
    AuditEntry.record(by=by, verb="change_category", target=row, event=event.pk)
    return True


@transaction.atomic
def move_category(category: Category, *, by: User, to: int) -> None:
    """Put a kind at that place of the order, counted from 1. Doing it twice changes nothing."""
    kinds = _hold(category.event, by)
    order = [row for row in kinds if row.pk != category.pk]
    if len(order) == len(kinds):
        raise DomainError(_("This kind is not there any more."), code="gone")
    order.insert(min(max(to, 1), len(kinds)) - 1, category)
    for position, row in enumerate(order, start=1):
        Category.objects.filter(pk=row.pk).update(position=position)


@transaction.atomic
def remove_category(category: Category, *, by: User) -> None:
    """Take a kind away that nobody registered as. One that is gone already stays gone."""
    kinds = _hold(category.event, by)
    if all(row.pk != category.pk for row in kinds):
        return
    used = Registration.objects.filter(category=category).count()
    if used:
        raise DomainError(
            ngettext(
                "%(n)d person registered as “%(kind)s”, so it stays.",
                "%(n)d people registered as “%(kind)s”, so it stays.",
                used,
            )
            % {"n": used, "kind": category},
            code="used",
        )
    AuditEntry.record(by=by, verb="remove_category", target=category, event=category.event_id)
    Category.objects.filter(pk=category.pk).delete()
