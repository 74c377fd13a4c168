"""Cases at the desk: the board, one case, cases that look for a chair, the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.http import Http404, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _

from core.errors import DomainError
from validation.admin import statistics
from validation.admin.base import has_no_part, is_moderator, person
from validation.admin.board import Board
from validation.admin.case_page import CasePage, case_for, history_of_case
from validation.forms.desk import DeclarationForm
from validation.models import Case
from validation.operations import opening
from validation.rules import has_declared, may_chair

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from core.models import AuditEntry

BOARD = "admin:validation_case_changelist"


@admin.register(Case)
class CaseAdmin(Board):
    """The chair's and the moderators' work on one frozen version."""

    def may_enter(self, user: Any) -> bool:
        return is_moderator(user) or may_chair(user)

    def get_urls(self) -> list[Any]:
        def at(route: str, view: Any, name: str) -> Any:
            found = path(route, self.admin_site.admin_view(view), name=f"validation_case_{name}")
            found.callback = self._hidden(found.callback)
            return found

        return [
            at("vacant/", self.vacant_view, "vacant"),
            at("vacant/<int:pk>/", self.take_view, "take"),
            at("agreement/", self.agreement_view, "agreement"),
            at("agreement/<slug:table>.csv", self.agreement_csv_view, "agreement_csv"),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "title": _("Cases before a panel, what is due first"),
            "summary": self.summary(request.user),
            "seeks_chair": may_chair(request.user),
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    # --- One case -----------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        case = case_for(request.user, object_id)
        if case is None:
            raise Http404
        page = CasePage(case, person(request), request.POST if request.method == "POST" else None)
        if request.method == "POST":
            try:
                page.act()
            except DomainError as refusal:
                assert page.bound is not None  # noqa: S101 (every act keeps its form first)
                page.bound.refuse(refusal)
            if page.done:
                self.message_user(request, page.done, messages.SUCCESS)
                return self._after(request, case)
        template = "declare" if page.only_declares else "case"
        return self.page(
            request,
            template,
            title=case.version.content["title"],
            page=page,
            case=case,
            solution=case.solution,
            version_url=version_url(request.user, case),
        )

    def _after(self, request: HttpRequest, case: Case) -> HttpResponse:
        """Back to the case; to the board, if it is theirs to see no more."""
        if Case.objects.at_desk_of(person(request)).filter(pk=case.pk).exists():
            return HttpResponseRedirect(request.path)
        return HttpResponseRedirect(reverse(BOARD))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The audit of the case; not for a chair who has not declared."""
        case = case_for(request.user, object_id)
        if case is None:
            raise Http404
        chairs = case.chair_id == request.user.pk
        if chairs and not has_declared(request.user, case):
            raise Http404
        entries = list(history_of_case(case)[:500])
        return super().history_view(
            request, object_id, {"entries": entries, **(extra_context or {})}
        )

    def audit_of(self, obj: Case) -> QuerySet[AuditEntry]:
        return history_of_case(obj)

    # --- Cases that look for a chair ----------------------------------------------------

    def _vacant(self, request: HttpRequest) -> QuerySet[Case]:
        """Open cases without a chair, in which this person has no part."""
        if not may_chair(request.user):
            return Case.objects.none()
        vacant = Case.objects.open().filter(has_no_part(request.user, ""), chair=None)
        return vacant.for_board().order_by("due_at", "pk")

    def vacant_view(self, request: HttpRequest) -> HttpResponse:
        """For those who may chair: which cases wait for somebody like them."""
        if not may_chair(request.user):
            raise Http404
        cases = list(self._vacant(request)[:100])
        return self.page(request, "vacant", title=_("Cases without a chair"), cases=cases)

    def take_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the chair of such a case: the questions first, then the case opens."""
        case = self._vacant(request).filter(pk=pk).first()
        if case is None:
            raise Http404
        form = DeclarationForm(request.POST if request.method == "POST" else None, prefix="take")
        if request.method == "POST" and form.is_valid():
            try:
                opening.appoint_chair(
                    case, by=person(request), chair=person(request), declared=form.declared
                )
            except DomainError as refusal:
                form.refuse(refusal)
            else:
                self.message_user(request, _("You have the chair."), messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:validation_case_change", args=[pk]))
        return self.page(request, "take", title=case.title, case=case, form=form)  # type: ignore[attr-defined]

    # --- Figures ------------------------------------------------------------------------

    def agreement_view(self, request: HttpRequest) -> HttpResponse:
        """Agreement per criterion, load and queue ages."""
        return self.page(
            request,
            "agreement",
            title=_("Agreement and load"),
            **statistics.context(request),
        )

    def agreement_csv_view(self, request: HttpRequest, table: str) -> HttpResponse:
        return statistics.as_csv(request, table)


def version_url(user: Any, case: Case) -> str:
    """Where this person reads exactly the version that is judged."""
    if user.has_perm("catalogue.view_submission", case.solution):
        return reverse("catalogue:submitted-version", args=[case.solution.uid, case.version.number])
    reference = case.solution.reference
    if not reference:
        return ""
    return reverse("catalogue:solution-version", args=[reference, case.version.number])
