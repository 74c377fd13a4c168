"""Reports of trials: sent by members, checked by keepers, read by everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalogue.choices import Publication
from catalogue.views.record import find as find_solution
from community.choices import ReportState
from community.forms.labs import CheckForm, TrialForm
from community.models import TrialReport
from community.operations import trials as operations
from community.operations.labs import mark_of
from community.people import seen_as
from community.trials import tally_of
from community.views.entering import for_members
from community.views.labs import (
    around,
    compared,
    find_lab,
    refused,
    status_of,
    trials_shown,
)
from core.errors import DomainError
from events.presentation import in_english

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from catalogue.models import Solution

PER_PAGE = 20


def find_trial(request: HttpRequest, uid: str) -> TrialReport:
    """A report this person reads, or 404."""
    seen = TrialReport.objects.visible_to(request.user).select_related(
        "solution__public_version", "solution__hub", "lab", "user__profile", "user__member"
    )
    return get_object_or_404(seen, uid=uid)


def find_public(request: HttpRequest, reference: str) -> Solution:
    """A solution everybody reads, or 404."""
    solution = find_solution(request, reference)
    if solution.publication != Publication.PUBLIC:
        raise Http404
    return solution


# --- Reading ------------------------------------------------------------------------------


@require_safe
def of_solution(request: HttpRequest, reference: str) -> HttpResponse:
    """Every report about one solution, failures like successes."""
    solution = find_public(request, reference)
    rows = TrialReport.objects.shown().filter(solution=solution).order_by("-submitted_at", "-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "solution": solution,
        "tally": tally_of(solution),
        "trials": trials_shown(page.object_list, request),
        "page_obj": page,
        "en": in_english(),
    }
    return render(request, "community/labs/trials.html", context)


@require_safe
def of_lab(request: HttpRequest, slug: str) -> HttpResponse:
    """Every report that belongs to one lab."""
    lab = find_lab(request, slug)
    rows = TrialReport.objects.shown().filter(lab=lab).order_by("-submitted_at", "-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = around(request, lab, trials=trials_shown(page.object_list, request), page_obj=page)
    return render(request, "community/labs/trials.html", context)


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """One's own reports, and what became of them."""
    rows = TrialReport.objects.filter(user=request.user).order_by("-submitted_at", "-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "trials": trials_shown(page.object_list, request),
        "page_obj": page,
        "is_mine": True,
        "en": in_english(),
    }
    return render(request, "community/labs/trials.html", context)


@require_safe
def trial(request: HttpRequest, uid: str) -> HttpResponse:
    """One report; whoever may check it finds the buttons."""
    return _page(request, find_trial(request, uid))


def _page(request: HttpRequest, report: TrialReport, form: CheckForm | None = None) -> HttpResponse:
    user = request.user
    may_check = user.is_authenticated and user.has_perm("community.check_report", report)
    is_own = user.is_authenticated and user.pk == report.user_id
    verbs = report.moves_for(user) if user.is_authenticated else []
    if may_check and form is None and {"show_report", "hide_report"} & set(verbs):
        form = CheckForm(initial={"opened": mark_of(report, operations.TOLD)})
    context = {
        "report": report,
        "seen": seen_as(report.user, user),
        "form": form if may_check else None,
        "verbs": verbs,
        "is_own": is_own,
        "may_edit": is_own and report.state in {ReportState.SUBMITTED, ReportState.HIDDEN},
        "lab": report.lab if report.lab and (report.lab.is_public or may_check) else None,
        "en": in_english(),
    }
    status = status_of(form) if form else 200
    return render(request, "community/labs/trial.html", context, status=status)


# --- Writing ------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def new(request: HttpRequest, reference: str) -> HttpResponse:
    """ "We tried this": say what came of a solution elsewhere."""
    solution = find_public(request, reference)
    try:
        operations.refuse_reporting(solution, by=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect(solution)
    form = TrialForm(
        request.POST if request.method == "POST" else None,
        solution=solution,
        user=request.user,
        lab=request.GET.get("lab", ""),
    )
    if form.is_valid():
        try:
            report = operations.report_trial(
                solution,
                by=request.user,
                form_key=form.cleaned_data["form_key"],
                lab=form.chosen_lab,
                **form.told(),
            )
        except (DomainError, ValidationError) as refusal:
            refused(form, refusal)
        else:
            messages.success(
                request,
                _("Your report is sent. Once it is checked it is shown with the solution."),
            )
            return redirect(report)
    return _form(request, form, solution, title=_("We tried this"))


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def edit(request: HttpRequest, uid: str) -> HttpResponse:
    """Change one's own report before it is shown."""
    report = find_trial(request, uid)
    if report.user_id != request.user.pk:
        raise PermissionDenied
    if report.state not in {ReportState.SUBMITTED, ReportState.HIDDEN}:
        messages.error(request, _("This report was checked and cannot be changed any more."))
        return redirect(report)
    form = TrialForm(
        request.POST if request.method == "POST" else None,
        solution=report.solution,
        user=request.user,
        report=report,
    )
    if form.is_valid():
        opened = form.cleaned_data["opened"]
        try:
            operations.change_report(report, by=request.user, opened=opened, **form.told())
        except (DomainError, ValidationError) as refusal:
            refused(form, refusal)
            if getattr(refusal, "code", "") == "stale":
                compared(form)
        else:
            messages.success(request, _("Saved. The report waits for a check."))
            return redirect(report)
    return _form(request, form, report.solution, title=_("Change your report"), report=report)


def _form(request: HttpRequest, form: TrialForm, solution: Solution, **more: Any) -> HttpResponse:
    context = {"form": form, "solution": solution, "en": in_english(), **more}
    return render(request, "community/labs/trial_form.html", context, status=status_of(form))


@login_required
@require_POST
def check(request: HttpRequest, uid: str) -> HttpResponse:
    """Show a report, or do not and say why."""
    report = find_trial(request, uid)
    if not request.user.has_perm("community.check_report", report):
        raise PermissionDenied
    form = CheckForm(request.POST)
    shows = request.POST.get("verb") == "show"
    if form.is_valid():
        try:
            operations.check_report(
                report,
                by=request.user,
                shows=shows,
                opened=form.cleaned_data["opened"],
                reason=form.cleaned_data["reason"],
            )
        except DomainError as refusal:
            messages.error(request, str(refusal))
            return redirect(report)
        except ValidationError as refusal:
            refused(form, refusal)
        else:
            messages.success(
                request, _("The report is shown.") if shows else _("The report is not shown.")
            )
            return redirect(report)
    return _page(request, report, form)


@login_required
@require_POST
def withdraw(request: HttpRequest, uid: str) -> HttpResponse:
    """Take one's own report back."""
    report = find_trial(request, uid)
    try:
        report.withdraw_report(by=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Your report is withdrawn."))
    return redirect(report)
