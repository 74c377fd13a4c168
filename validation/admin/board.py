"""The board: every case that somebody still works on, what is due first."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Count, F, Min, Q
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from hubs.models import Hub
from validation import choices as c
from validation.admin.base import PanelDesk, person
from validation.admin.words import days_since, due_in_words, panel_in_words, why_third
from validation.models import Case

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from django.utils.safestring import SafeString


class BoardFilter(admin.SimpleListFilter):
    """A filter whose first choice is what one mostly wants."""

    first: Any = gettext_lazy("All")

    def choices(self, changelist: Any) -> Any:
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": self.first,
        }
        for value, label in self.lookup_choices:
            yield {
                "selected": self.value() == str(value),
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": label,
            }


class StateFilter(BoardFilter):
    """What is open; the rest is one click away."""

    title = gettext_lazy("state")
    parameter_name = "state"
    first = gettext_lazy("All open")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*c.CaseState.choices, ("all", _("All"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        value = self.value()
        if value == "all":
            return queryset
        return queryset.filter(state__in=[value] if value else c.OPEN)


class ChairFilter(BoardFilter):
    title = gettext_lazy("chair")
    parameter_name = "chair"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("mine", _("I am the chair")), ("none", _("Without a chair"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        match self.value():
            case "mine":
                return queryset.filter(chair=person(request))
            case "none":
                return queryset.filter(chair=None)
        return queryset


class DueFilter(BoardFilter):
    title = gettext_lazy("date")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("late", _("Late")), ("week", _("Due within seven days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        now = timezone.now()
        match self.value():
            case "late":
                return queryset.filter(due_at__lt=now)
            case "week":
                return queryset.filter(due_at__gte=now, due_at__lt=now + timedelta(days=7))
        return queryset


class CaseHubFilter(BoardFilter):
    """Only the hubs of cases in the person's scope are named."""

    title = gettext_lazy("hub")
    parameter_name = "hub"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        cases = Case.objects.at_desk_of(person(request))
        hubs = Hub.objects.filter(pk__in=cases.values("solution__hub"))
        return [(str(hub.pk), hub.short) for hub in hubs]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Case]) -> QuerySet[Case]:
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(solution__hub=int(value)) if value.isdigit() else queryset.none()


class Board(PanelDesk):
    """The list of cases. One case is ``validation.admin.cases``."""

    list_display = ["title", "hub", "kind", "state", "waits", "due", "chair", "panel"]
    list_display_links = ["title"]
    list_filter = [StateFilter, ChairFilter, DueFilter, "kind", CaseHubFilter]
    search_fields = ["solution__title", "solution__owner_institution"]
    change_list_template = "admin/validation/board.html"
    show_facets = admin.ShowFacets.NEVER
    # One sort order that follows the filter; a column is no place to lose it.
    sortable_by = ()

    def get_ordering(self, request: HttpRequest) -> Any:
        """What is due first; the decided and closed, the latest first."""
        state = request.GET.get("state", "")
        if state in {c.CaseState.DECIDED, c.CaseState.CLOSED}:
            return ["-ended_at", "pk"]
        if state == "all":
            return [F("due_at").asc(nulls_last=True), "-ended_at", "pk"]
        return ["due_at", "pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        return Case.objects.at_desk_of(person(request)).for_board()

    @staticmethod
    def summary(user: Any) -> list[dict[str, Any]]:
        """How many open cases there are in each state, and how old the oldest is. One query."""
        now = timezone.now()
        rows = {
            row["state"]: row
            for row in Case.objects.at_desk_of(user)
            .open()
            .order_by()
            .values("state")
            .annotate(
                number=Count("pk"),
                oldest=Min("state_since"),
                late=Count("pk", filter=Q(due_at__lt=now)),
            )
        }
        return [
            {
                "state": state,
                "label": c.CaseState(state).label,
                "number": rows[state]["number"] if state in rows else 0,
                "late": rows[state]["late"] if state in rows else 0,
                "days": days_since(rows[state]["oldest"]) if state in rows else None,
            }
            for state in c.OPEN
        ]

    # --- Columns ------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("record"))
    def title(self, obj: Any) -> str:
        """The title of the frozen version, not what the team calls it by now."""
        return str(obj.title)

    @admin.display(description=gettext_lazy("hub"))
    def hub(self, obj: Case) -> str:
        return obj.solution.hub.short if obj.solution.hub else "–"

    @admin.display(description=gettext_lazy("in this state"))
    def waits(self, obj: Case) -> str:
        days = days_since(obj.state_since)
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}

    @admin.display(description=gettext_lazy("due"))
    def due(self, obj: Case) -> SafeString | str:
        if not obj.is_open or obj.due_at is None:
            return str(c.Outcome(obj.outcome).label) if obj.outcome else ""
        words, late = due_in_words(obj.due_at)
        return format_html('<b class="late">{}</b>', words) if late else words

    @admin.display(description=gettext_lazy("chair"))
    def chair(self, obj: Case) -> SafeString | str:
        return str(obj.chair) if obj.chair else format_html("<b>{}</b>", _("none"))

    @admin.display(description=gettext_lazy("panel"))
    def panel(self, obj: Case) -> SafeString | str:
        """How far the panel is and, where it is so, why two are not enough."""
        words, reasons = panel_in_words(obj), why_third(obj.third_needed)
        if not reasons:
            return words
        return format_html(
            '{}<br><span class="quiet">{}</span>',
            words,
            _("Third needed: %(why)s") % {"why": "; ".join(reasons)},
        )
