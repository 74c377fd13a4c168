"""Participation at the desk: read by portal moderators and the editors of an event's hub.

Nothing is changed here. Organisers work on the pages of the event; each record leads there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin import DeskAdmin
from events.models import Event
from participation.models import Admission, Paper, PaperVersion, Question, Registration, StoryCall

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.utils.safestring import SafeString


class OfEvents(DeskAdmin):
    """Records of the events this person keeps."""

    list_select_related = ["event"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.model._default_manager.filter(event__in=Event.objects.at_desk_of(request.user))

    @admin.display(description=gettext_lazy("Where it is changed"))
    def leads_to(self, obj: Any) -> SafeString:
        address = reverse("participation:organise", args=[obj.event.slug])
        return format_html('<a href="{}">{}</a>', address, _("The organisers’ pages"))


@admin.register(Admission)
class AdmissionAdmin(OfEvents):
    """How people come to take part in an event. The join link is not shown here."""

    list_display = ["event", "is_open", "places", "taken", "waiting", "closes_at"]
    list_filter = ["is_open", "needs_approval"]
    search_fields = ["event__name", "event__slug"]
    fields = [
        "leads_to", "event", "is_open", "closes_at", "places", "needs_approval", "practical",
        "contact", "signatory", "signatory_title", "taken", "waiting",
    ]  # fmt: skip
    readonly_fields = ["leads_to"]


@admin.register(Registration)
class RegistrationAdmin(OfEvents):
    """Who asked for a place, and what became of it. Needs and hopes are not shown here."""

    list_display = ["name", "organisation", "event", "number", "state", "registered_at"]
    list_filter = ["state"]
    search_fields = ["name", "organisation", "event__name"]
    fields = [
        "leads_to", "event", "number", "state", "category", "name", "title", "organisation",
        "country", "listing", "reason", "registered_at", "placed_at", "ended_at", "attended",
    ]  # fmt: skip
    readonly_fields = ["leads_to"]


@admin.register(Question)
class QuestionAdmin(OfEvents):
    """Questions to speakers, with their votes."""

    list_display = ["text", "event", "state", "votes", "asked_at"]
    list_filter = ["state"]
    search_fields = ["text", "event__name"]
    fields = ["leads_to", "event", "text", "state", "answer", "reason", "votes", "asked_at"]
    readonly_fields = ["leads_to"]


class VersionRows(admin.TabularInline):
    model = PaperVersion
    extra = 0
    fields = ["number", "stored", "url", "note", "added_at"]
    readonly_fields = fields

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(Paper)
class PaperAdmin(OfEvents):
    """Papers of events with all their versions."""

    list_display = ["title", "kind", "event", "audience", "withdrawn_at"]
    list_filter = ["kind", "audience"]
    search_fields = ["title", "event__name"]
    fields = ["leads_to", "event", "session", "kind", "title", "language", "audience"]
    readonly_fields = ["leads_to"]
    inlines = [VersionRows]


@admin.register(StoryCall)
class StoryCallAdmin(OfEvents):
    """Calls for case stories."""

    list_display = ["title", "event", "is_public", "closes_at"]
    list_filter = ["is_public"]
    search_fields = ["title", "event__name"]
    fields = ["leads_to", "event", "title", "text", "closes_at", "is_public", "made_at"]
    readonly_fields = ["leads_to"]
