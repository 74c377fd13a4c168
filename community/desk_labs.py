"""Labs, lessons and reports of trials at the desk of portal moderators.

Moderators open a lab here and say where it comes from; its keepers write on its pages. Reports are
shown or not by the same moves as there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from community.desk import Kept
from community.models import LabEntry, Lesson, LivingLab, TrialReport
from core.admin import DeskAdmin

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString


class ReasonForm(forms.Form):
    """Why a report is not shown; its author reads it."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Its author reads it."),
    )


class Rows(admin.TabularInline):
    """Written on the lab's pages, read here."""

    extra = 0

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.is_staff)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


class EntryRows(Rows):
    model = LabEntry
    fields = ["happened", "title", "written_at", "changed_at"]
    readonly_fields = ["happened", "title", "written_at", "changed_at"]


class LessonRows(Rows):
    model = Lesson
    fields = ["position", "text", "countries", "written_at", "changed_at", "state"]
    readonly_fields = ["position", "text", "countries", "written_at", "changed_at", "state"]


@admin.register(LivingLab)
class LivingLabAdmin(Kept):
    """A pilot hub that builds in the open, its stewards, and the source that names it."""

    list_display = ["__str__", "hub", "status", "supporter", "is_public"]
    list_filter = ["status", "is_public"]
    list_select_related = ["hub"]
    search_fields = ["name", "slug", "hub__name"]
    prepopulated_fields = {"slug": ["name"]}
    autocomplete_fields = ["hub", "reference", "stewards"]
    fields = [
        "name", "slug", "hub", "summary", "practice", "supporter", "status", "starts", "ends",
        "question", "stewards", "reference", "place", "is_public",
    ]  # fmt: skip
    inlines = [LessonRows, EntryRows]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        if change and "question" in form.changed_data:
            obj.answers = None
        super().save_model(request, obj, form, change)


class OfLabs(DeskAdmin):
    """Read by portal moderators."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = self.model._default_manager.all()
        return rows if request.user.is_staff else rows.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_authenticated and request.user.is_staff)


@admin.register(Lesson)
class LessonAdmin(OfLabs):
    """What labs learned, and in how many countries members saw the same."""

    list_display = ["text", "lab", "countries", "written_at", "state"]
    list_filter = ["state"]
    list_select_related = ["lab"]
    search_fields = ["text", "lab__name"]
    fields = [
        "leads_to", "lab", "text", "detail", "countries", "written_at", "changed_at", "state",
        "withdrawn_at", "withdrawn_because",
    ]  # fmt: skip
    readonly_fields = ["leads_to"]

    @admin.display(description=gettext_lazy("Where it is changed"))
    def leads_to(self, obj: Lesson) -> SafeString:
        return format_html('<a href="{}">{}</a>', obj.get_absolute_url(), _("The lab’s pages"))


@admin.register(TrialReport)
class TrialReportAdmin(OfLabs):
    """What members reported of trials; those that wait come first."""

    list_display = ["organisation", "country", "solution", "outcome", "state", "submitted_at"]
    list_filter = ["state", "outcome"]
    list_select_related = ["solution"]
    search_fields = ["organisation", "solution__title"]
    fields = [
        "leads_to", "solution", "lab", "organisation", "country", "tried", "context", "changed",
        "result", "outcome", "evidence_title", "evidence_url", "is_own", "state", "reason",
        "submitted_at", "shown_at",
    ]  # fmt: skip
    readonly_fields = ["leads_to"]
    actions = ["show_selected", "hide_selected"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).order_by("submitted_at", "pk")

    @admin.display(description=gettext_lazy("Its page"))
    def leads_to(self, obj: TrialReport) -> SafeString:
        return format_html('<a href="{}">{}</a>', obj.get_absolute_url(), _("Read and check it"))

    @admin.action(description=gettext_lazy("Show selected reports"), permissions=["view"])
    def show_selected(self, request: HttpRequest, queryset: QuerySet[TrialReport]) -> None:
        self.each(
            request,
            queryset.select_related("solution", "lab", "user"),
            lambda report: report.show_report(by=request.user),
            lambda n: ngettext("%(n)d report is shown.", "%(n)d reports are shown.", n) % {"n": n},
        )

    @admin.action(description=gettext_lazy("Do not show selected reports"), permissions=["view"])
    def hide_selected(
        self, request: HttpRequest, queryset: QuerySet[TrialReport]
    ) -> HttpResponse | None:
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        reports = queryset.select_related("solution", "lab", "user")
        if not form.is_valid():
            return self.ask_reason(
                request,
                form,
                title=_("Do not show these reports"),
                objects=reports,
                action="hide_selected",
            )
        self.each(
            request,
            reports,
            lambda report: report.hide_report(by=request.user, reason=form.cleaned_data["reason"]),
            lambda n: (
                ngettext("%(n)d report is not shown.", "%(n)d reports are not shown.", n) % {"n": n}
            ),
        )
        return None
