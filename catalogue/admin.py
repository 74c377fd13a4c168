"""The desk: what waits for screening, and the records in the person's scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalogue import admin_criteria, operations  # noqa: F401 (registers the criteria sets)
from catalogue.choices import Publication, SubmissionState
from catalogue.models import Solution, Submission, Tag
from catalogue.presentation import answers
from catalogue.screening import ReasonForm, ScreeningForm
from core.admin import DeskAdmin, StaffAdmin
from core.errors import DomainError
from core.models import AuditEntry
from hubs.models import Hub

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString


class QueueFilter(admin.SimpleListFilter):
    """The queue is what waits; the rest is one click away."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*SubmissionState.choices[1:], ("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        yield {
            "selected": self.value() is None,
            "query_string": changelist.get_query_string(remove=[self.parameter_name]),
            "display": SubmissionState.SCREENING.label,
        }
        for value, label in self.lookup_choices:
            yield {
                "selected": self.value() == str(value),
                "query_string": changelist.get_query_string({self.parameter_name: value}),
                "display": label,
            }

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Submission]
    ) -> QuerySet[Submission]:
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value() or SubmissionState.SCREENING)


class OwnHubFilter(admin.SimpleListFilter):
    """Only the hubs of the person's scope are named."""

    title = gettext_lazy("hub")
    parameter_name = "hub"
    path = "hub"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        hubs = Hub.objects.filter(pk__in=Solution.objects.at_desk_of(request.user).values("hub"))
        return [(str(hub.pk), hub.short) for hub in hubs]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(**{f"{self.path}_id": value}) if value.isdigit() else queryset.none()


class SubmissionHubFilter(OwnHubFilter):
    path = "solution__hub"


@admin.register(Submission)
class SubmissionAdmin(DeskAdmin):
    """The queue of submissions, oldest first, and the screening of one of them."""

    list_display = [
        "record",
        "hub",
        "form",
        "waiting",
        "due",
        "findings",
        "gates_answered",
        "state",
    ]
    list_display_links = ["record"]
    list_filter = [QueueFilter, SubmissionHubFilter, "form"]
    search_fields = ["solution__title", "solution__owner_institution"]
    ordering = ["submitted_at", "pk"]
    actions = ["pass_selected", "return_selected", "decline_selected"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Submission]:
        return (
            super()
            .get_queryset(request)
            .select_related("solution__hub", "version", "submitted_by", "criteria_set")
            .annotate(answered=Count("gates"))
        )

    def has_screen_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    # --- The queue ----------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(
            request, {"title": _("Submissions, oldest first"), **(extra_context or {})}
        )

    @admin.display(description=gettext_lazy("record"))
    def record(self, obj: Submission) -> str:
        return str(obj.version.content["title"])

    @admin.display(description=gettext_lazy("hub"))
    def hub(self, obj: Submission) -> str:
        return obj.solution.hub.short if obj.solution.hub else "–"

    @admin.display(description=gettext_lazy("waiting since"), ordering="submitted_at")
    def waiting(self, obj: Submission) -> Any:
        return obj.submitted_at

    @admin.display(description=gettext_lazy("due"))
    def due(self, obj: Submission) -> SafeString | str:
        if obj.state != SubmissionState.SCREENING:
            return ""
        days = (obj.due_at - timezone.now()).days
        if days >= 0:
            return ngettext("in %(n)d day", "in %(n)d days", days) % {"n": days}
        late = ngettext("%(n)d day late", "%(n)d days late", -days) % {"n": -days}
        return format_html('<b class="late">{}</b>', late)

    @admin.display(description=gettext_lazy("automatic checks"))
    def findings(self, obj: Submission) -> str:
        raised = [check["title"] for check in obj.checks if check["outcome"] != "ok"]
        return ", ".join(raised) if raised else _("Nothing found")

    @admin.display(description=gettext_lazy("gates"))
    def gates_answered(self, obj: Submission) -> str:
        return _("%(n)d of %(all)d") % {
            "n": obj.answered,
            "all": len(obj.criteria_set.gate_codes()),
        }

    # --- Several at once ----------------------------------------------------------------

    @admin.action(description=gettext_lazy("Pass and publish"), permissions=["screen"])
    def pass_selected(self, request: HttpRequest, queryset: QuerySet[Submission]) -> None:
        self.each(
            request,
            queryset,
            lambda obj: operations.pass_screening(obj, by=request.user),
            lambda n: ngettext("%(n)d record published.", "%(n)d records published.", n) % {"n": n},
        )

    @admin.action(description=gettext_lazy("Return with one reason"), permissions=["screen"])
    def return_selected(
        self, request: HttpRequest, queryset: QuerySet[Submission]
    ) -> HttpResponse | None:
        return self._with_reason(
            request,
            queryset,
            "return_selected",
            _("Return with one reason"),
            operations.return_submission,
            lambda n: (
                ngettext("%(n)d submission returned.", "%(n)d submissions returned.", n) % {"n": n}
            ),
        )

    @admin.action(description=gettext_lazy("Decline with one reason"), permissions=["screen"])
    def decline_selected(
        self, request: HttpRequest, queryset: QuerySet[Submission]
    ) -> HttpResponse | None:
        return self._with_reason(
            request,
            queryset,
            "decline_selected",
            _("Decline with one reason"),
            operations.decline_submission,
            lambda n: (
                ngettext("%(n)d submission declined.", "%(n)d submissions declined.", n) % {"n": n}
            ),
        )

    def _with_reason(
        self,
        request: HttpRequest,
        queryset: QuerySet[Submission],
        action: str,
        label: str,
        decide: Callable[..., None],
        done: Callable[[int], str],
    ) -> HttpResponse | None:
        """Ask for the reason first; then decide each, naming every refusal."""
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            self.each(
                request, queryset, lambda obj: decide(obj, by=request.user, note=reason), done
            )
            return None
        return self.ask_reason(request, form, title=label, objects=queryset, action=action)

    # --- One submission -----------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Screen one submission: the frozen record, the checks and the gates side by side."""
        submission = self.get_object(request, object_id)
        if submission is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        is_open = submission.state == SubmissionState.SCREENING
        may_screen = is_open and request.user.has_perm("catalogue.screen_submission", submission)
        if request.method == "POST" and not may_screen:
            raise PermissionDenied
        form = ScreeningForm(
            request.POST if request.method == "POST" else None, submission=submission
        )
        if request.method == "POST" and form.is_valid():
            if self._screen(request, submission, form):
                return HttpResponseRedirect(reverse("admin:catalogue_submission_changelist"))
            return HttpResponseRedirect(request.path)
        context = {
            **self.admin_site.each_context(request),
            "title": submission.version.content["title"],
            "opts": self.opts,
            "submission": submission,
            "solution": submission.solution,
            "pages": self._pages(request, submission, form),
            "form": form,
            "is_open": is_open,
            "may_screen": may_screen,
            "earlier": list(
                submission.solution.submissions.exclude(pk=submission.pk)
                .select_related("version", "decided_by")
                .order_by("-submitted_at")
            ),
            "history": self.audit_of(submission)[:50],
            "media": self.media,
        }
        return TemplateResponse(request, "admin/catalogue/screening.html", context)

    def _pages(
        self, request: HttpRequest, submission: Submission, form: ScreeningForm
    ) -> list[tuple[Any, list[Any], list[Any]]]:
        """Per page: the answers with their remark fields, then those that were left empty."""
        version = submission.version
        may_see = request.user.has_perm("catalogue.view_restricted_evidence", submission)
        private = version.private_content if may_see else None
        pages = []
        for page in answers(version.content, private):
            rows = [(answer, form[f"remark-{answer.name}"]) for answer in page.answers]
            said = [row for row in rows if not row[0].is_empty or row[1].value()]
            pages.append((page.page, said, [row for row in rows if row not in said]))
        return pages

    def _screen(self, request: HttpRequest, submission: Submission, form: ScreeningForm) -> bool:
        """Save what was written, then decide if asked to. Whether the submission is decided."""
        by, note = request.user, form.cleaned_data["note"]
        verb = request.POST.get("do", "save")
        try:
            operations.answer_gates(submission, by=by, answers=form.answers)
            operations.set_remarks(submission, by=by, remarks=form.remarks)
            operations.set_note(submission, by=by, note=note)
            if verb == "pass":
                operations.pass_screening(submission, by=by, note=note)
            elif verb == "return":
                operations.return_submission(submission, by=by, note=note)
            elif verb == "decline":
                operations.decline_submission(submission, by=by, note=note)
        except DomainError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return False
        told = {
            "pass": _("“%(record)s” is published as %(reference)s."),
            "return": _("“%(record)s” is back with its team."),
            "decline": _("“%(record)s” is declined."),
        }.get(verb, _("Saved. “%(record)s” still waits for a decision."))
        submission.solution.refresh_from_db()
        self.message_user(
            request,
            told % {"record": submission, "reference": submission.solution.reference},
            messages.SUCCESS,
        )
        return verb in {"pass", "return", "decline"}

    def audit_of(self, obj: Submission) -> QuerySet[AuditEntry]:
        return (AuditEntry.of(obj) | AuditEntry.of(obj.solution)).order_by("-created_at", "-pk")


@admin.register(Solution)
class SolutionAdmin(DeskAdmin):
    """Every record in scope, with its moves. Its text is edited in the workspace."""

    list_display = [
        "title_or_none",
        "reference_or_draft",
        "hub",
        "publication",
        "validation",
        "published_at",
        "updated_at",
    ]
    list_display_links = ["title_or_none"]
    list_filter = ["publication", "validation", "form", "is_example", OwnHubFilter]
    search_fields = ["title", "summary", "owner_institution", "number"]
    list_select_related = ["hub", "public_version"]
    ordering = ["-updated_at", "-pk"]
    actions = ["withdraw_selected"]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Solutions"), **(extra_context or {})})

    @admin.display(description=gettext_lazy("title"), ordering="title")
    def title_or_none(self, obj: Solution) -> str:
        return str(obj)

    @admin.display(description=gettext_lazy("number"), ordering="number")
    def reference_or_draft(self, obj: Solution) -> str:
        return obj.reference or _("Draft")

    def has_move_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    @admin.action(description=gettext_lazy("Withdraw with one reason"), permissions=["move"])
    def withdraw_selected(
        self, request: HttpRequest, queryset: QuerySet[Solution]
    ) -> HttpResponse | None:
        form = ReasonForm(request.POST if "reason" in request.POST else None)
        if form.is_valid():
            reason = form.cleaned_data["reason"]
            self.each(
                request,
                queryset,
                lambda obj: operations.withdraw_solution(obj, by=request.user, reason=reason),
                lambda n: (
                    ngettext("%(n)d record withdrawn.", "%(n)d records withdrawn.", n) % {"n": n}
                ),
            )
            return None
        return self.ask_reason(
            request, form, title=_("Withdraw records"), objects=queryset, action="withdraw_selected"
        )

    def get_urls(self) -> list[Any]:
        return [
            path(
                "<path:object_id>/move/<slug:verb>/",
                self.admin_site.admin_view(self.move_view),
                name="catalogue_solution_move",
            ),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        solution = self.get_object(request, object_id)
        if solution is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        context = {
            **self.admin_site.each_context(request),
            "title": str(solution),
            "opts": self.opts,
            "solution": solution,
            "versions": solution.versions.select_related("submission", "created_by"),
            "moves": [
                (verb, Solution.moves[verb].label)
                for verb in solution.moves_for(request.user)
                if verb in {"withdraw", "restore"}
            ],
            "may_edit": request.user.has_perm("catalogue.edit_solution", solution),
            "history": self.audit_of(solution)[:50],
            "media": self.media,
        }
        return TemplateResponse(request, "admin/catalogue/solution.html", context)

    def move_view(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """Withdraw a record or publish it again: a page that asks why, then the move."""
        solution = self.get_object(request, object_id)
        if solution is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if verb not in {"withdraw", "restore"} or verb not in solution.moves_for(request.user):
            raise PermissionDenied
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            move = {
                "withdraw": operations.withdraw_solution,
                "restore": operations.restore_solution,
            }[verb]
            try:
                move(solution, by=request.user, reason=form.cleaned_data["reason"])
            except DomainError as refusal:
                self.message_user(request, str(refusal), messages.ERROR)
            else:
                self.message_user(
                    request,
                    _("“%(record)s” is now: %(state)s.")
                    % {"record": solution, "state": Publication(solution.publication).label},
                    messages.SUCCESS,
                )
            return HttpResponseRedirect(
                reverse("admin:catalogue_solution_change", args=[solution.pk])
            )
        return self.ask_reason(
            request, form, title=f"{Solution.moves[verb].label}: {solution}", objects=[solution]
        )


@admin.register(Tag)
class TagAdmin(StaffAdmin):
    """Free keywords. A spelling is mended here for all records at once."""

    list_display = ["name", "slug"]
    search_fields = ["name"]
    fields = ["name"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)
