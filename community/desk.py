"""What desks of the community share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.admin import DeskAdmin
from core.models import AuditEntry

if TYPE_CHECKING:
    from django.http import HttpRequest


class Kept(DeskAdmin):
    """Kept by portal moderators; what changed is in the audit."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_staff)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_staff)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        super().save_related(request, form, formsets, change)
        rows = sorted(formset.prefix for formset in formsets if formset.has_changed())
        if change and not form.changed_data and not rows:
            return
        AuditEntry.record(
            by=request.user,
            verb="change_record" if change else "add_record",
            target=form.instance,
            fields=form.changed_data,
            rows=rows,
        )
