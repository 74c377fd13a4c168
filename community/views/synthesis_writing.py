"""Where keepers of a theme pick insights, sum up, write the synthesis and publish it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community import syntheses
from community.choices import PostState
from community.forms.synthesis import (
    ConclusionForm,
    FrameForm,
    InsightForm,
    PublishForm,
    SummaryForm,
)
from community.models import Conclusion, Discussion, Insight, Post, Synthesis, sources_for
from community.operations import discussing
from community.operations import synthesis as operations
from community.views.synthesis import find_theme, versions_of
from core.errors import DomainError
from events.presentation import in_english

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django import forms
    from django.http import HttpRequest, HttpResponse

    from community.models import MonthlyTheme

#: Nothing was saved: what is wrong stands at its field.
REFUSED, STALE = 422, 409


def refuse(form: forms.Form, refusal: ValidationError | DomainError) -> None:
    """Put a refusal at its field, where the form has it."""
    if isinstance(refusal, DomainError):
        form.add_error(None, str(refusal))
        return
    told = getattr(refusal, "error_dict", None) or {None: refusal.messages}
    for name, errors in told.items():
        form.add_error(name if name in form.fields else None, errors)


def _find_kept(request: HttpRequest, slug: str) -> MonthlyTheme:
    """A theme this person keeps: 404 if they do not see it, 403 if others keep it."""
    theme = find_theme(request, slug)
    if not request.user.has_perm("community.keep", theme):
        raise PermissionDenied
    return theme


def _working(theme: MonthlyTheme) -> Synthesis | None:
    row = Synthesis.objects.select_related("changed_by__profile", "changed_by__member")
    found = row.filter(theme=theme).first()
    if found is not None:
        found.theme = theme
    return found


def _find_conclusion(theme: MonthlyTheme, uid: str) -> Conclusion:
    rows = Conclusion.objects.select_related("synthesis__theme")
    return get_object_or_404(rows, synthesis__theme=theme, uid=uid)


# --- Insights and summaries --------------------------------------------------------------------


def _find_post(request: HttpRequest, uid: str) -> Post:
    """A shown post whose place this person keeps."""
    seen = Discussion.objects.visible_to(request.user)
    rows = Post.objects.select_related("discussion__theme", "insight").filter(discussion__in=seen)
    post = get_object_or_404(rows, uid=uid)
    if not request.user.has_perm("community.keep", post):
        raise PermissionDenied
    if post.state != PostState.SHOWN:
        raise Http404
    return post


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def insight_pick(request: HttpRequest, uid: str) -> HttpResponse:
    """Pick what a post teaches. ``?quote=`` are words the keeper marked in it."""
    post = _find_post(request, uid)
    insight: Insight | None = getattr(post, "insight", None)
    marked = " ".join(request.GET.get("quote", "").replace("\0", "").split())
    first = marked if marked and operations.stands_in(marked, post.body) else ""
    told = insight.text if insight else first or operations.first_words(post.body)
    data = request.POST if request.method == "POST" else None
    form = InsightForm(data, initial={"text": told[:300]})
    if form.is_bound and form.is_valid():
        try:
            discussing.pick_insight(post, by=request.user, text=form.cleaned_data["text"])
        except (DomainError, ValidationError) as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("The insight is picked."))
            return redirect(post)
    context = {"post": post, "discussion": post.discussion, "insight": insight, "form": form}
    return render(
        request,
        "community/synthesis/insight.html",
        context,
        status=REFUSED if form.is_bound else 200,
    )


@login_required
@require_POST
def insight_drop(request: HttpRequest, uid: str) -> HttpResponse:
    """Take a post out of the insights."""
    post = _find_post(request, uid)
    discussing.drop_insight(post, by=request.user)
    messages.success(request, _("The post is no insight any more."))
    return redirect(post)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def summary(request: HttpRequest, uid: str) -> HttpResponse:
    """Write where a discussion stands. Whoever comes second sees both texts."""
    discussion = get_object_or_404(Discussion.objects.visible_to(request.user), uid=uid)
    if not request.user.has_perm("community.keep", discussion):
        raise PermissionDenied
    if discussion.merged_into_id is not None:
        raise Http404
    data = request.POST if request.method == "POST" else None
    form = SummaryForm(data, discussion=discussion)
    theirs, status = None, 200
    if form.is_bound:
        status = REFUSED
        if form.is_valid():
            told = form.cleaned_data
            try:
                operations.write_summary(
                    discussion, by=request.user, summary=told["summary"],
                    covers=told["covers"], base=told["base"],
                )  # fmt: skip
            except DomainError as refusal:
                refuse(form, refusal)
                discussion.refresh_from_db()
                theirs, status = discussion.summary, STALE
                _rebase(form, operations.summary_state(discussion))
            except ValidationError as refusal:
                refuse(form, refusal)
            else:
                messages.success(request, _("The summary is saved."))
                return redirect(discussion)
    context = {"discussion": discussion, "form": form, "theirs": theirs}
    return render(request, "community/synthesis/summary.html", context, status=status)


def _rebase(form: forms.Form, base: object) -> None:
    """Whoever has seen both texts may save over the other one."""
    form.data = form.data.copy()  # type: ignore[attr-defined]
    form.data["base"] = str(base)  # type: ignore[index]


# --- The working copy --------------------------------------------------------------------------


def _insights(
    theme: MonthlyTheme, conclusions: Sequence[Conclusion], *, unused: bool
) -> tuple[list[tuple[str, list[tuple[Insight, list[int]]]]], int, int]:
    """The month's insights by discussion, each with the numbers of the conclusions that use it;
    how many there are, and how many are used nowhere yet."""
    used: dict[int, list[int]] = {}
    for number, one in enumerate(conclusions, 1):
        for source in one.sources.all():
            used.setdefault(source.post_id, []).append(number)
    rows = operations.insights_of(theme)
    free = [row for row in rows if row.post_id not in used]
    groups = groupby(free if unused else rows, key=lambda row: row.post.discussion)
    found = [
        (discussion.title, [(row, used.get(row.post_id, [])) for row in part])
        for discussion, part in groups
    ]
    return found, len(rows), len(free)


@login_required
@require_safe
def synthesis_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """The synthesis as it is being written, with the month's insights beside it."""
    theme = _find_kept(request, slug)
    row = _working(theme)
    conclusions = operations.conclusions_of(row) if row else []
    unused = request.GET.get("insights") == "unused"
    groups, n_all, n_free = _insights(theme, conclusions, unused=unused)
    usable = set(
        sources_for(theme)
        .filter(conclusion_sources__conclusion__in=[one.pk for one in conclusions])
        .values_list("pk", flat=True)
    )
    context = {
        "theme": theme,
        "synthesis": row,
        "rows": [
            (one, sum(source.post_id not in usable for source in one.sources.all()))
            for one in conclusions
        ],
        "groups": groups,
        "unused": unused,
        "n_insights": n_all,
        "n_unused": n_free,
        "latest": versions_of(theme).defer("content").first(),
        "en": in_english(),
    }
    return render(request, "community/synthesis/edit.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def frame_edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Introduction, open questions, what to read next."""
    theme = _find_kept(request, slug)
    row = _working(theme)
    form = FrameForm(request.POST if request.method == "POST" else None, synthesis=row)
    theirs, status = None, 200
    if form.is_bound:
        status = REFUSED
        if form.is_valid():
            try:
                operations.write_frame(theme, by=request.user, **form.values())
            except DomainError as refusal:
                refuse(form, refusal)
                theirs, status = _working(theme), STALE
                _rebase(form, theirs.revision if theirs else 0)
            except ValidationError as refusal:
                refuse(form, refusal)
            else:
                messages.success(request, _("Saved."))
                return redirect("community:synthesis-edit", slug=slug)
    context = {"theme": theme, "form": form, "theirs": theirs, "en": in_english()}
    return render(request, "community/synthesis/frame.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def conclusion_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Add a conclusion, perhaps beginning with one insight (``?from=``)."""
    theme = _find_kept(request, slug)
    start = sources_for(theme).select_related("discussion", "insight")
    asked = request.GET.get("from", "")[:12].replace("\0", "")
    return _conclusion_page(request, theme, None, start=start.filter(uid=asked).first())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def conclusion_edit(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Change a conclusion. Whoever comes second sees both texts; of one that somebody took out
    meanwhile nothing typed is lost: it can be saved as a new one."""
    theme = _find_kept(request, slug)
    found = Conclusion.objects.select_related("synthesis__theme")
    conclusion = found.filter(synthesis__theme=theme, uid=uid).first()
    if conclusion is None and request.method != "POST":
        raise Http404
    return _conclusion_page(request, theme, conclusion, is_gone=conclusion is None)


def _conclusion_page(
    request: HttpRequest,
    theme: MonthlyTheme,
    conclusion: Conclusion | None,
    *,
    start: Post | None = None,
    is_gone: bool = False,
) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = ConclusionForm(data, theme=theme, conclusion=conclusion, start=start)
    theirs, status = None, 200
    if form.is_bound:
        status = REFUSED
        if form.is_valid():
            told = form.cleaned_data
            try:
                if is_gone:
                    raise DomainError(
                        _("Somebody took this conclusion out meanwhile. Save it as a new one, or"
                          " leave."),
                        code="gone",
                    )  # fmt: skip
                kept = operations.write_conclusion(
                    theme, by=request.user, conclusion=conclusion, base=told["base"] or 0,
                    form_key=told["form_key"], **form.values(),
                )  # fmt: skip
            except DomainError as refusal:
                refuse(form, refusal)
                if refusal.code in {"stale", "gone"}:
                    status = STALE
                if refusal.code == "stale" and conclusion is not None:
                    theirs = _find_conclusion(theme, conclusion.uid)
                    _rebase(form, theirs.revision)
                is_gone = refusal.code == "gone"
            except ValidationError as refusal:
                refuse(form, refusal)
            else:
                messages.success(request, _("The conclusion is saved."))
                url = reverse("community:synthesis-edit", args=[theme.slug])
                return redirect(f"{url}#c-{kept.uid}")
    context = {
        "theme": theme,
        "conclusion": conclusion,
        "form": form,
        "theirs": theirs,
        "is_gone": is_gone,
        "en": in_english(),
    }
    return render(request, "community/synthesis/conclusion.html", context, status=status)


@login_required
@require_POST
def conclusion_move(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """One place up or down."""
    theme = _find_kept(request, slug)
    conclusion = _find_conclusion(theme, uid)
    operations.move_conclusion(conclusion, by=request.user, up=request.POST.get("to") != "down")
    return redirect(f"{reverse('community:synthesis-edit', args=[slug])}#c-{uid}")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def conclusion_take_out(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Ask, then take a conclusion out."""
    theme = _find_kept(request, slug)
    conclusion = _find_conclusion(theme, uid)
    if request.method == "POST":
        operations.take_out_conclusion(conclusion, by=request.user)
        messages.success(request, _("The conclusion is taken out."))
        return redirect("community:synthesis-edit", slug=slug)
    context = {"theme": theme, "conclusion": conclusion, "en": in_english()}
    return render(request, "community/synthesis/take_out.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: HttpRequest, slug: str) -> HttpResponse:
    """The synthesis as readers will see it, and the form that publishes it."""
    theme = _find_kept(request, slug)
    row = _working(theme)
    if row is None:
        return redirect("community:synthesis-edit", slug=slug)
    form = PublishForm(request.POST if request.method == "POST" else None)
    status = 200
    if form.is_bound:
        status = REFUSED
        if form.is_valid():
            told = form.cleaned_data
            try:
                version = operations.publish(
                    theme, by=request.user, form_key=told["form_key"], note=told["note"],
                    seen=told["seen"],
                )  # fmt: skip
            except DomainError as refusal:
                refuse(form, refusal)
                status = STALE if refusal.code == "stale" else REFUSED
            except ValidationError as refusal:
                refuse(form, refusal)
            else:
                told_so = _("Version %(n)d is published.") % {"n": version.number}
                messages.success(request, told_so)
                return redirect("community:synthesis", slug=slug)
    conclusions = operations.conclusions_of(row)
    context: dict[str, Any] = {
        "theme": theme,
        "reading": syntheses.preview(row, conclusions, request.user),
        "form": form,
        "seen": operations.state_of(row, conclusions),
        "problems": operations.problems_of(row, conclusions),
        "latest": versions_of(theme).defer("content").first(),
        "en": in_english(),
    }
    return render(request, "community/synthesis/preview.html", context, status=status)
