"""The library at the desk of portal moderators: everything that was ever proposed, to look at.

What is decided is decided on an entry's own page, where its citations are seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from community.models import LibraryItem
from core.admin import DeskAdmin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.utils.safestring import SafeString


@admin.register(LibraryItem)
class LibraryItemAdmin(DeskAdmin):
    """Entries by state; those that wait come first under their filter."""

    list_display = ["__str__", "publication", "state", "added_by", "added_at", "page"]
    list_filter = ["state", "publication", "is_automatic"]
    search_fields = ["reference__title", "reference__authors", "reference__key", "doi", "isbn"]
    list_select_related = ["reference", "added_by"]
    shown = [
        "reference", "publication", "doi", "isbn", "container", "volume", "issue", "pages",
        "abstract", "theme", "chapter", "lab", "added_by", "added_at", "is_automatic", "state",
        "held_because", "reason", "page",
    ]  # fmt: skip

    fields = tuple(shown)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LibraryItem]:
        return LibraryItem.objects.at_desk_of(request.user)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.shown

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_staff)

    @admin.display(description=_("page"))
    def page(self, obj: LibraryItem) -> SafeString:
        url = reverse("community:library-item", args=[obj.reference.key])
        return format_html('<a href="{}">{}</a>', url, _("Open"))
