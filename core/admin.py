"""The common ground of every page at the moderators' desk.

What a person may see there is decided in one place per model (``at_desk_of``), and every
page of the model goes through it: the list, its filters, the record, its history, look-ups
from other forms. Nothing is deleted at the desk, and state changes only by moves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminURLFieldWidget
from django.core.exceptions import PermissionDenied
from django.db import models
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from core import audit
from core.errors import DomainError
from core.models import AuditEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.db.models import Model, QuerySet
    from django.http import HttpRequest, HttpResponse
    from django_stubs_ext import StrOrPromise


#: An address typed without its beginning is one of the safe web.
WEB = {models.URLField: {"assume_scheme": "https", "widget": AdminURLFieldWidget}}


class DeskAdmin(admin.ModelAdmin):
    """A model at the desk, seen only in the person's own scope, read-only unless it says more."""

    show_full_result_count = False
    formfield_overrides = WEB
    list_per_page = 50
    actions_selection_counter = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model._default_manager.at_desk_of(request.user)

    def in_scope(self, request: HttpRequest, obj: Model | None) -> bool:
        return obj is None or self.get_queryset(request).filter(pk=obj.pk).exists()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_authenticated and request.user.may_use_desk())

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request) and self.in_scope(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        raise PermissionDenied

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The audit of one record, instead of Django's own log of the admin."""
        obj = self.get_object(request, object_id)
        if obj is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": _("History of “%(object)s”") % {"object": obj},
            "entries": self.audit_of(obj)[:500],
            "object": obj,
            "opts": self.opts,
            "media": self.media,
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/history.html", context)

    def audit_of(self, obj: Any) -> QuerySet[AuditEntry]:
        return AuditEntry.of(obj)

    def ask_reason(
        self,
        request: HttpRequest,
        form: Any,
        *,
        title: StrOrPromise,
        objects: Iterable[Any],
        action: str = "",
    ) -> TemplateResponse:
        """A page that names the records concerned and asks why, before anything happens.

        ``action`` is the bulk action that goes on with the answer; empty for one record.
        """
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "form": form,
            "action": action,
            "objects": list(objects),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/reason.html", context)

    def each(
        self,
        request: HttpRequest,
        objects: Iterable[Any],
        move: Callable[[Any], None],
        done: Callable[[int], str],
    ) -> None:
        """Make one move on each object; name every refusal and go on to the next."""
        count = 0
        for obj in objects:
            try:
                move(obj)
            except DomainError as refusal:
                self.message_user(request, f"{obj}: {refusal}", messages.WARNING)
            except PermissionDenied:
                self.message_user(
                    request,
                    _("%(object)s: not yours to decide.") % {"object": obj},
                    messages.WARNING,
                )
            else:
                count += 1
        if count:
            self.message_user(request, done(count), messages.SUCCESS)


class StaffAdmin(admin.ModelAdmin):
    """Reference data: portal moderators read it, administrators change it. No deleting."""

    show_full_result_count = False
    formfield_overrides = WEB

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_authenticated and request.user.is_staff)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(AuditEntry)
class AuditEntryAdmin(StaffAdmin):
    """The record of every move, for portal moderators. Nobody writes here."""

    list_display = ["sequence", "created_at", "actor_name", "verb_in_words", "target_label", "note"]
    fields = ["sequence", "created_at", "actor_name", "verb_in_words", "target_label", "note"]
    fields += ["data", "previous", "seal"]
    list_filter = ["verb", "target_type"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        entries = super().get_queryset(request)
        for choice in audit.withheld_from(request.user):
            entries = entries.exclude(choice)
        return entries

    search_fields = ["actor_name", "target_label"]
    date_hierarchy = "created_at"
    list_select_related = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
