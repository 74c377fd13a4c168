"""Living labs as everybody reads them, and where members confirm lessons and answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalogue.cards import cards_of
from catalogue.choices import Publication
from catalogue.models import Solution
from community.choices import LessonState, ReportState
from community.forms.labs import AnswerForm, ConfirmForm
from community.models import (
    Discussion,
    Lesson,
    LessonConfirmation,
    LivingLab,
    TrialReport,
)
from community.operations import labs as operations
from community.people import seen_as, with_people
from community.views.entering import for_members
from core.errors import DomainError
from events.presentation import in_english

if TYPE_CHECKING:
    from collections.abc import Callable

    from django import forms
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    View = Callable[..., HttpResponse]

PER_PAGE = 30
#: So much of each kind stands on the lab's own page; the rest has a page.
ENTRIES, TRIALS, SISTERS = 6, 3, 6


def refused(
    form: forms.Form, refusal: DomainError | ValidationError, field: str | None = None
) -> None:
    """The refusal at its field if the form has it, else above the form."""
    if isinstance(refusal, ValidationError):
        told = getattr(refusal, "error_dict", None) or {field: refusal.messages}
        for name, errors in told.items():
            form.add_error(name if name in form.fields else None, errors)
    else:
        form.add_error(field, str(refusal))


def compared(form: forms.Form) -> None:
    """Beside the form stands what the record says now: sent again, it is meant."""
    form.data = form.data.copy()
    form.data["opened"] = form.initial["opened"]


def status_of(form: forms.Form) -> int:
    return 422 if form.is_bound and form.errors else 200


def find_lab(request: HttpRequest, slug: str) -> LivingLab:
    """A lab this person sees, or 404."""
    seen = LivingLab.objects.visible_to(request.user).select_related("hub__country", "reference")
    return get_object_or_404(seen, slug=slug)


def find_lesson(request: HttpRequest, slug: str, uid: str) -> Lesson:
    """One the lab still says, or 404."""
    return _lesson_of(find_lab(request, slug), uid, Lesson.objects.shown())


def _lesson_of(lab: LivingLab, uid: str, among: QuerySet[Lesson]) -> Lesson:
    lesson = get_object_or_404(among.select_related("written_by"), lab=lab, uid=uid)
    lesson.lab = lab
    return lesson


def around(request: HttpRequest, lab: LivingLab, **more: Any) -> dict[str, Any]:
    """What every page of a lab says."""
    return {
        "lab": lab,
        "keeps": request.user.has_perm("community.keep", lab),
        "en": in_english(),
        **more,
    }


# --- Reading ------------------------------------------------------------------------------


@require_safe
def labs(request: HttpRequest) -> HttpResponse:
    """All labs, with what came of each so far."""
    shown = Q(lessons__state=LessonState.SHOWN)
    rows = LivingLab.objects.visible_to(request.user).select_related("hub__country")
    rows = rows.annotate(
        learned=Count("lessons", filter=shown, distinct=True),
        stand=Count(
            "lessons", filter=shown & Q(lessons__countries__gte=Lesson.NEEDED), distinct=True
        ),
    )
    context = {"labs": rows.order_by("name", "pk"), "en": in_english()}
    return render(request, "community/labs/list.html", context)


@require_safe
def lab(request: HttpRequest, slug: str) -> HttpResponse:
    """One lab: what it learned, its log, what emerged, who tried it, who keeps it."""
    found = find_lab(request, slug)
    user = request.user
    entries = list(found.entries.order_by("-happened", "-pk")[: ENTRIES + 1])
    written = list(found.lessons.order_by("position", "pk"))
    lessons = [row for row in written if not row.is_withdrawn]
    solutions = list(
        Solution.objects.visible_to(user)
        .filter(labs=found)
        .for_cards()
        .order_by("-published_at", "-pk")
    )
    public = [row for row in solutions if row.publication == Publication.PUBLIC]
    trials = TrialReport.objects.shown().filter(lab=found)
    keeps = user.has_perm("community.keep", found)
    context = around(
        request,
        found,
        entries=entries[:ENTRIES],
        more_entries=len(entries) > ENTRIES,
        lessons=lessons,
        withdrawn=sorted(
            (row for row in written if row.is_withdrawn),
            key=lambda row: (row.withdrawn_at, row.pk),
            reverse=True,
        ),
        confirmed=_confirmed(request, lessons),
        cards=cards_of(public),
        public=public,
        drafts=[row for row in solutions if row.publication == Publication.PRIVATE],
        gone=[row for row in solutions if row.publication == Publication.WITHDRAWN],
        trials=trials_shown(trials, request)[:TRIALS],
        trials_count=trials.count(),
        stewards=_stewards(request, found),
        sisters=list(
            LivingLab.objects.visible_to(user)
            .exclude(pk=found.pk)
            .select_related("hub")
            .order_by("name", "pk")[:SISTERS]
        ),
        answers=answers_of(request, found),
        waiting=_waiting(request, found) if keeps else None,
    )
    context["keeps"] = keeps
    return render(request, "community/labs/lab.html", context)


def trials_shown(rows: Any, request: HttpRequest) -> list[TrialReport]:
    """Reports with what a row says of them; ``seen`` is their author as this reader sees them."""
    found = with_people(rows.select_related("solution", "solution__public_version", "lab"), "user")
    return [_seen(report, request) for report in found]


def _seen(row: Any, request: HttpRequest) -> Any:
    row.seen = seen_as(row.user, request.user)
    return row


def _stewards(request: HttpRequest, lab: LivingLab) -> list[Any]:
    people = lab.stewards.select_related("profile", "member").order_by("pk")
    return [seen_as(user, request.user) for user in people]


def _confirmed(request: HttpRequest, lessons: list[Lesson]) -> set[int]:
    """Which of these lessons the reader has confirmed."""
    if not request.user.is_authenticated or not lessons:
        return set()
    mine = LessonConfirmation.objects.filter(user=request.user, lesson__in=lessons)
    return set(mine.values_list("lesson_id", flat=True))


def _waiting(request: HttpRequest, lab: LivingLab) -> dict[str, Any]:
    """What waits for the keepers of a lab."""
    held = LessonConfirmation.objects.filter(
        lesson__in=lab.lessons.shown(), state=ReportState.SUBMITTED
    )
    return {
        "reports": list(
            TrialReport.objects.to_check_by(request.user).filter(lab=lab).order_by("pk")[:10]
        ),
        "confirmations": list(held.select_related("lesson").order_by("pk")[:10]),
    }


def answers_of(request: HttpRequest, lab: LivingLab) -> Discussion | None:
    """The discussion of the open question, as far as this reader sees it."""
    if lab.answers_id is None:
        return None
    seen = Discussion.objects.visible_to(request.user).filter(pk=lab.answers_id)
    found = seen.select_related("merged_into").first()
    return (found.merged_into or found) if found is not None else None


@require_safe
def log(request: HttpRequest, slug: str) -> HttpResponse:
    """The whole journal of a lab, newest first."""
    found = find_lab(request, slug)
    page = Paginator(found.entries.order_by("-happened", "-pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = around(request, found, entries=page.object_list, page_obj=page)
    return render(request, "community/labs/log.html", context)


# --- A lesson -----------------------------------------------------------------------------


@require_safe
def lesson(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """One lesson: what it rests on, who saw the same and where, and the form to say so."""
    found = _lesson_of(find_lab(request, slug), uid, Lesson.objects.all())
    if found.is_withdrawn:
        context = around(request, found.lab, lesson=found)
        return render(request, "community/labs/lesson_withdrawn.html", context, status=410)
    return _lesson_page(request, found)


def _lesson_page(
    request: HttpRequest, lesson: Lesson, form: ConfirmForm | None = None
) -> HttpResponse:
    user = request.user
    keeps = user.has_perm("community.keep", lesson.lab)
    rows = with_people(lesson.confirmations.visible_to(user, keeps=keeps).order_by("-pk"), "user")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    mine, why_not = None, ""
    if user.is_authenticated:
        mine = lesson.confirmations.filter(user=user).first()
        why_not = operations.why_not_confirm(lesson, user)
    if form is None and not why_not and not (mine and mine.state == ReportState.HIDDEN):
        country = str(user.profile.country or "") if user.is_authenticated else ""
        form = ConfirmForm(mine=mine, country=country)
    context = around(
        request,
        lesson.lab,
        lesson=lesson,
        confirmations=[_seen(row, request) for row in page],
        page_obj=page,
        mine=mine,
        why_not=why_not,
        form=form if user.is_authenticated else None,
        home=lesson.lab.hub.country_id,
    )
    context["keeps"] = keeps
    return render(
        request, "community/labs/lesson.html", context, status=status_of(form) if form else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def confirm(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Say that one saw the same. With GET (after signing in) to the form."""
    found = find_lesson(request, slug, uid)
    if request.method != "POST":
        return redirect(f"{found.get_absolute_url()}#confirm")
    form = ConfirmForm(request.POST)
    if form.is_valid():
        try:
            mine = operations.confirm_lesson(found, by=request.user, **form.cleaned_data)
        except (DomainError, ValidationError) as refusal:
            refused(form, refusal)
        else:
            if mine.state == ReportState.SHOWN:
                messages.success(request, _("Your confirmation is shown."))
            else:
                messages.success(
                    request, _("Thank you. A keeper of the lab reads it, then it is shown.")
                )
            return redirect(found)
    return _lesson_page(request, found, form)


@require_POST
@for_members
def take_back(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    found = find_lesson(request, slug, uid)
    operations.take_confirmation_back(found, by=request.user)
    messages.success(request, _("Your confirmation is taken back."))
    return redirect(found)


# --- The open question --------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@for_members
def answer(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer the lab's question: the first answer begins its discussion, the others go there."""
    found = find_lab(request, slug)
    if not found.question:
        messages.info(request, _("The lab asks nothing at present."))
        return redirect(found)
    there = answers_of(request, found)
    if there is not None and request.method != "POST":
        return redirect(there)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            discussion = operations.answer_question(found, by=request.user, **form.cleaned_data)
        except (DomainError, ValidationError) as refusal:
            refused(form, refusal, "body")
        else:
            return redirect(discussion)
    context = around(request, found, form=form)
    return render(request, "community/labs/answer.html", context, status=status_of(form))
