"""Papers, as organisers keep them: added, renewed, put in order, withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalogue.operations import store_file
from core.errors import DomainError
from participation.forms.papers import FileOrLink, NewPaperForm, PaperForm, VersionForm
from participation.models import Paper
from participation.operations import papers as operations
from participation.papers import edition_of, rows_of, with_versions
from participation.views.organising import around_organiser, find_organised

if TYPE_CHECKING:
    from django import forms
    from django.http import HttpRequest, HttpResponse

    from catalogue.models import StoredFile
    from events.models import Event

HERE = "organise-papers"


@login_required
@require_safe
def papers(request: HttpRequest, slug: str) -> HttpResponse:
    """Every paper of the event, withdrawn ones, too."""
    event = find_organised(request, slug)
    rows = rows_of(with_versions(event.papers.all()), event, lightest=False)
    context = around_organiser(request, event, HERE, rows=rows)
    return render(request, "participation/organise/papers.html", context)


def _find(event: Event, uid: str) -> Paper:
    paper = get_object_or_404(event.papers.select_related("session"), uid=uid)
    paper.event = event
    return paper


def _deposit(request: HttpRequest, form: FileOrLink) -> StoredFile | None:
    """The file that came along, or the one of an earlier try. A refusal stands at its field."""
    upload = request.FILES.get("upload")
    if upload is None or "upload" in form.errors:
        return form.stored
    try:
        with transaction.atomic():
            stored = store_file(upload, by=request.user)
    except ValidationError as refusal:
        form.add_error("upload", refusal)
        return None
    form.keep(stored)
    return stored


def _refuse(form: forms.Form, refusal: ValidationError | DomainError) -> None:
    """Put a refusal at its field, where the form has it."""
    if isinstance(refusal, DomainError):
        form.add_error(None, str(refusal))
        return
    told = getattr(refusal, "error_dict", {"": refusal.error_list})
    for name, errors in told.items():
        form.add_error(name if name in form.fields else None, errors)


def _too_large(request: HttpRequest) -> bool:
    return "upload" in getattr(request, "too_large", ())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a paper with its first version."""
    event = find_organised(request, slug)
    given: tuple[Any, ...] = (request.POST, request.FILES) if request.method == "POST" else ()
    form = NewPaperForm(*given, event=event, user=request.user, too_large=_too_large(request))
    if form.is_bound:
        form.full_clean()
        stored = _deposit(request, form)
        if not form.errors:
            try:
                paper = operations.add_paper(
                    event, by=request.user, **form.source(stored), **form.told()
                )
            except (DomainError, ValidationError) as refusal:
                _refuse(form, refusal)
            else:
                messages.success(request, _("“%(title)s” is added.") % {"title": paper})
                return redirect("participation:organise-papers", slug)
    context = around_organiser(request, event, HERE, title=_("Add a paper"), form=form)
    return render(request, "participation/organise/paper_new.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """What a paper is called and who may open it."""
    event = find_organised(request, slug)
    paper = _find(event, uid)
    initial = {name: getattr(paper, name) for name in ("title", "kind", "language", "audience")} | {
        "session": str(paper.session_id or "")
    }
    given: tuple[Any, ...] = (request.POST,) if request.method == "POST" else ()
    form = PaperForm(*given, initial=initial, event=event)
    if form.is_bound and form.is_valid():
        try:
            operations.change_paper(paper, by=request.user, **form.told())
        except (DomainError, ValidationError) as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("participation:paper-edit", slug, uid)
    return _edit_page(request, event, paper, form, VersionForm(user=request.user))


@login_required
@require_POST
def version(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Add the next version."""
    event = find_organised(request, slug)
    paper = _find(event, uid)
    form = VersionForm(
        request.POST, request.FILES, user=request.user, too_large=_too_large(request)
    )
    form.full_clean()
    stored = _deposit(request, form)
    if not form.errors:
        before = paper.versions.count()
        try:
            added = operations.add_version(
                paper, by=request.user, note=form.cleaned_data["note"], **form.source(stored)
            )
        except (DomainError, ValidationError) as refusal:
            _refuse(form, refusal)
        else:
            if added.number > before:
                messages.success(request, _("Version %(n)d is there.") % {"n": added.number})
            else:
                messages.info(request, _("This is the newest version already."))
            return redirect("participation:paper-edit", slug, uid)
    initial = {"session": str(paper.session_id or "")} | {
        name: getattr(paper, name) for name in ("title", "kind", "language", "audience")
    }
    return _edit_page(request, event, paper, PaperForm(initial=initial, event=event), form)


def _edit_page(
    request: HttpRequest, event: Event, paper: Paper, form: PaperForm, version_form: VersionForm
) -> HttpResponse:
    versions = paper.versions.select_related("stored", "added_by").order_by("-number")
    context = around_organiser(
        request,
        event,
        HERE,
        title=_("Change a paper"),
        form=form,
        version_form=version_form,
        paper=paper,
        editions=[edition_of(row, paper) for row in versions],
    )
    return render(request, "participation/organise/paper_form.html", context)


@login_required
@require_POST
def move(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """One place up or down."""
    event = find_organised(request, slug)
    operations.move_paper(_find(event, uid), by=request.user, up=request.POST.get("to") != "down")
    return redirect("participation:organise-papers", slug)


@login_required
@require_POST
def withdraw(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Take a paper out of sight, or bring it back."""
    event = find_organised(request, slug)
    paper = _find(event, uid)
    gone = request.POST.get("withdrawn") != "no"
    operations.withdraw_paper(paper, by=request.user, withdrawn=gone)
    words = _("“%(title)s” is withdrawn.") if gone else _("“%(title)s” can be opened again.")
    messages.success(request, words % {"title": paper})
    return redirect("participation:organise-papers", slug)
