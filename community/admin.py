"""Themes and chapters at the desk of portal moderators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from community.models import Chapter, GuidingQuestion, MonthlyTheme
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


class QuestionRows(admin.TabularInline):
    model = GuidingQuestion
    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_staff)

    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


@admin.register(MonthlyTheme)
class MonthlyThemeAdmin(Kept):
    """The question of a month, who facilitates it, and its webinars."""

    list_display = ["__str__", "month", "component", "is_public"]
    list_filter = ["component", "is_public"]
    search_fields = ["title", "slug"]
    autocomplete_fields = ["reference", "facilitators", "events"]
    inlines = [QuestionRows]


@admin.register(Chapter)
class ChapterAdmin(Kept):
    """A regional chapter, who leads it, and its meetings."""

    list_display = ["__str__", "region", "status", "lead", "is_public"]
    list_filter = ["status", "is_public"]
    search_fields = ["name", "region", "lead"]
    autocomplete_fields = ["reference", "lead_hub", "events"]
    filter_horizontal = ["languages"]
