"""Themes and chapters at the desk of portal moderators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin

from community import (
    desk_blog,  # noqa: F401 (registers the blog)
    desk_labs,  # noqa: F401 (registers labs)
    desk_library,  # noqa: F401 (registers the library)
    desk_members,  # noqa: F401 (registers the members)
    desk_moderation,  # noqa: F401 (registers moderation)
)
from community.desk import Kept
from community.models import Chapter, GuidingQuestion, MonthlyTheme

if TYPE_CHECKING:
    from django.http import HttpRequest


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
    autocomplete_fields = ["reference", "facilitators", "stewards", "events", "solutions"]
    inlines = [QuestionRows]


@admin.register(Chapter)
class ChapterAdmin(Kept):
    """A regional chapter, who leads it, and its meetings."""

    list_display = ["__str__", "region", "status", "lead", "is_public"]
    list_filter = ["status", "is_public"]
    search_fields = ["name", "region", "lead"]
    autocomplete_fields = ["reference", "lead_hub", "events"]
    filter_horizontal = ["languages"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whether it is private changes on its own page, which guards what members wrote."""
        fields = super().get_readonly_fields(request, obj)
        return [*fields, "is_private"] if obj else fields
