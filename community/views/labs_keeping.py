"""What keepers of a lab do: its journal, its lessons, its solutions, what it says of itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from catalogue import fields as f
from catalogue.models import Solution
from community.forms.labs import (
    CheckForm,
    EntryForm,
    LabForm,
    LessonForm,
    LinkForm,
    StartForm,
    WithdrawForm,
)
from community.models import LabEntry, LivingLab
from community.operations import labs as operations
from community.views.labs import (
    around,
    compared,
    find_lab,
    find_lesson,
    refused,
    status_of,
)
from core.errors import DomainError

if TYPE_CHECKING:
    from django import forms
    from django.http import HttpRequest, HttpResponse
    from django_stubs_ext import StrOrPromise

#: So many of the newest entries a draft can begin from.
SOURCES = 40
_NUMBER = re.compile(r"(?:.*/)?[Ss]?-?0*([0-9]{1,9})/?(?:[?#].*)?", re.DOTALL)
reads_and_writes = require_http_methods(["GET", "HEAD", "POST"])


def find_kept(request: HttpRequest, slug: str) -> LivingLab:
    """A lab this person keeps; 404 if they do not see it, 403 if they do not keep it."""
    lab = find_lab(request, slug)
    if not request.user.has_perm("community.keep", lab):
        raise PermissionDenied
    return lab


def _edit(
    request: HttpRequest,
    lab: LivingLab,
    form: forms.Form,
    save: Callable[[], Any],
    *,
    title: StrOrPromise,
    back: str,
    **more: Any,
) -> HttpResponse:
    """One form of a keeper: what cannot be saved stays in it."""
    if form.is_valid():
        try:
            save()
        except (DomainError, ValidationError) as refusal:
            refused(form, refusal)
            if getattr(refusal, "code", "") == "stale":
                more["is_stale"] = True
                compared(form)
        else:
            messages.success(request, _("Saved."))
            return redirect(back)
    context = around(request, lab, form=form, title=title, back=back, **more)
    return render(request, "community/labs/form.html", context, status=status_of(form))


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


@login_required
@reads_and_writes
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """What the lab says of itself, its open question, and its stewards."""
    lab = find_kept(request, slug)
    form = LabForm(_sent(request), lab=lab)
    return _edit(
        request,
        lab,
        form,
        lambda: operations.keep_lab(lab, by=request.user, **form.cleaned_data),
        title=_("Change the lab"),
        back=lab.get_absolute_url(),
        now=[(form[name].label, getattr(lab, name)) for name in operations.TOLD],
    )


# --- The journal --------------------------------------------------------------------------


@login_required
@reads_and_writes
def entry_new(request: HttpRequest, slug: str) -> HttpResponse:
    lab = find_kept(request, slug)
    form = EntryForm(_sent(request))

    def save() -> None:
        told = {name: form.cleaned_data[name] for name in (*operations.ENTRY, "form_key")}
        operations.write_entry(lab, by=request.user, **told)

    back = f"{lab.get_absolute_url()}#log"
    return _edit(request, lab, form, save, title=_("New entry in the log"), back=back)


@login_required
@reads_and_writes
def entry_edit(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    lab = find_kept(request, slug)
    entry = get_object_or_404(LabEntry, lab=lab, uid=uid)
    form = EntryForm(_sent(request), entry=entry)

    def save() -> None:
        told = {name: form.cleaned_data[name] for name in (*operations.ENTRY, "opened")}
        operations.change_entry(entry, by=request.user, **told)

    return _edit(
        request,
        lab,
        form,
        save,
        title=_("Change an entry"),
        back=f"{lab.get_absolute_url()}#log",
        now=[
            (form["happened"].label, entry.happened),
            (form["title"].label, entry.title),
        ],
        now_rich=entry.body,
    )


# --- Lessons ------------------------------------------------------------------------------


@login_required
@reads_and_writes
def lesson_new(request: HttpRequest, slug: str) -> HttpResponse:
    lab = find_kept(request, slug)
    form = LessonForm(_sent(request))

    def save() -> None:
        told = {name: form.cleaned_data[name] for name in (*operations.LESSON, "form_key")}
        operations.write_lesson(lab, by=request.user, **told)

    return _edit(
        request, lab, form, save, title=_("New lesson"), back=f"{lab.get_absolute_url()}#lessons"
    )


@login_required
@reads_and_writes
def lesson_edit(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    lab = find_kept(request, slug)
    lesson = find_lesson(request, slug, uid)
    form = LessonForm(_sent(request), lesson=lesson)

    def save() -> None:
        told = {name: form.cleaned_data[name] for name in (*operations.LESSON, "opened")}
        operations.change_lesson(lesson, by=request.user, **told)

    return _edit(
        request,
        lab,
        form,
        save,
        title=_("Change a lesson"),
        back=lesson.get_absolute_url(),
        now=[(form[name].label, getattr(lesson, name)) for name in operations.LESSON],
    )


@login_required
@reads_and_writes
def lesson_withdraw(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Take a lesson away, with a reason everybody reads."""
    lab = find_kept(request, slug)
    lesson = find_lesson(request, slug, uid)
    form = WithdrawForm(_sent(request))
    return _edit(
        request,
        lab,
        form,
        lambda: operations.withdraw_lesson(lesson, by=request.user, **form.cleaned_data),
        title=_("Withdraw a lesson"),
        back=f"{lab.get_absolute_url()}#lessons",
        about=lesson.text,
        does=_("Withdraw"),
    )


@login_required
@require_POST
def lesson_move(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """One place up or down."""
    lab = find_kept(request, slug)
    lesson = find_lesson(request, slug, uid)
    try:
        operations.move_lesson(lesson, by=request.user, up=request.POST.get("to") != "down")
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect(f"{lab.get_absolute_url()}#lesson-{lesson.uid}")


@login_required
@require_POST
def check_confirmation(request: HttpRequest, slug: str, uid: str, pk: int) -> HttpResponse:
    """Show what a new member saw, or do not."""
    find_kept(request, slug)
    lesson = find_lesson(request, slug, uid)
    row = get_object_or_404(lesson.confirmations.select_related("lesson__lab__hub", "user"), pk=pk)
    form = CheckForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    try:
        operations.check_confirmation(
            row, by=request.user, shows=request.POST.get("verb") == "show", reason=reason
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect(f"{lesson.get_absolute_url()}#who")


# --- Emerging solutions -------------------------------------------------------------------


@login_required
@reads_and_writes
def solutions(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin a catalogue draft from the lab, or link what is public already."""
    lab = find_kept(request, slug)
    form = _start_form(request, lab)
    if form.is_valid():
        try:
            solution = operations.start_lab_solution(lab, by=request.user, **form.told())
        except (DomainError, ValidationError) as refusal:
            refused(form, refusal)
        else:
            return redirect("catalogue:work-page", uid=solution.uid, page=f.PAGE_CODES[0])
    return _solutions_page(request, lab, form, LinkForm())


def _start_form(request: HttpRequest, lab: LivingLab) -> StartForm:
    first = {"source": request.GET.get("from", "")[:40]}
    return StartForm(
        _sent(request),
        entries=lab.entries.order_by("-happened", "-pk")[:SOURCES],
        lessons=lab.lessons.shown().order_by("position", "pk"),
        initial=first,
    )


def _solutions_page(
    request: HttpRequest, lab: LivingLab, form: StartForm, link_form: LinkForm
) -> HttpResponse:
    listed = Solution.objects.visible_to(request.user).filter(labs=lab).for_cards()
    context = around(
        request, lab, form=form, link_form=link_form, listed=listed.order_by("-updated_at", "-pk")
    )
    status = max(status_of(form), status_of(link_form))
    return render(request, "community/labs/solutions.html", context, status=status)


@login_required
@reads_and_writes
def link(request: HttpRequest, slug: str) -> HttpResponse:
    """List a public solution among those that emerged here."""
    lab = find_kept(request, slug)
    if request.method != "POST":
        return redirect("community:lab-solution", slug=slug)
    form = LinkForm(request.POST)
    if form.is_valid():
        match = _NUMBER.fullmatch(form.cleaned_data["number"].strip())
        found = Solution.objects.public().filter(number=int(match[1])).first() if match else None
        if found is None:
            form.add_error("number", _("There is no public solution with this number."))
        else:
            try:
                operations.link_solution(lab, found, by=request.user)
            except DomainError as refusal:
                refused(form, refusal, "number")
            else:
                messages.success(request, _("The lab lists the solution."))
                return redirect(f"{lab.get_absolute_url()}#solutions")
    lab_form = StartForm(
        entries=lab.entries.order_by("-happened", "-pk")[:SOURCES],
        lessons=lab.lessons.shown().order_by("position", "pk"),
    )
    return _solutions_page(request, lab, lab_form, form)


@login_required
@require_POST
def unlink(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    lab = find_kept(request, slug)
    solution = get_object_or_404(Solution.objects.visible_to(request.user), uid=uid)
    operations.unlink_solution(lab, solution, by=request.user)
    messages.success(request, _("The lab does not list the solution any more."))
    return redirect("community:lab-solution", slug=slug)
