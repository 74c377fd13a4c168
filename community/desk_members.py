"""Members at the desk of portal moderators: to look up, not to change.

What members tell is theirs; what moderators decide about conduct they decide on the pages of the
community, with a reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from community.models import FormerHandle, Member
from core.admin import DeskAdmin
from core.models import AuditEntry

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest


class FormerHandleRows(admin.TabularInline):
    """Names the member had, which lead to them."""

    model = FormerHandle
    extra = 0
    fields = ["handle", "given_up_at"]
    readonly_fields = ["handle", "given_up_at"]

    def has_view_permission(self, request: HttpRequest, obj: Member | None = None) -> bool:
        return bool(request.user.is_staff)

    def has_add_permission(self, request: HttpRequest, obj: Member | None = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(Member)
class MemberAdmin(DeskAdmin):
    """Who takes part, since when, and how far their contributions are trusted."""

    list_display = ["__str__", "person", "joined_at", "trust", "is_listed"]
    list_filter = ["trust", "is_listed"]
    search_fields = ["handle", "former_handles__handle", "user__name", "user__email"]
    ordering = ["-joined_at", "-pk"]
    actions = None
    readonly_fields = [
        "person",
        "handle",
        "joined_at",
        "conduct_version",
        "trust",
        "trusted_since",
        "is_listed",
        "shows_recognition",
    ]
    fieldsets = [(None, {"fields": [*readonly_fields]})]
    inlines = [FormerHandleRows]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        if not request.user.is_staff:
            return Member.objects.none()
        return Member.objects.select_related("user")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return super().has_module_permission(request) and bool(request.user.is_staff)

    @admin.display(description=_("person"), ordering="user__name")
    def person(self, member: Member) -> str:
        return str(member.user)

    def audit_of(self, obj: Member) -> QuerySet[AuditEntry]:
        """What is recorded of a membership is recorded of the person."""
        return AuditEntry.of(obj.user).filter(
            verb__in=["join_community", "change_handle", "agree_to_conduct", "leave_community"]
        )
