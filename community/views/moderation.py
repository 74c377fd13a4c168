"""Pages of moderators and keepers: the queue, one thing to decide about, and appeals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_safe

from community import queue
from community.choices import PostState
from community.forms.moderation import (
    BULK,
    AnswerForm,
    BulkForm,
    DecideForm,
    ReasonForm,
    WordsForm,
)
from community.models import Appeal, Article, ArticleRevision, Decision, Discussion
from community.operations import moderating
from core.errors import DomainError

if TYPE_CHECKING:
    from django.forms import Form
    from django.http import HttpRequest, HttpResponse

PER_PAGE = 20
#: So many things are decided about at once.
MOST_AT_ONCE = 50
What = Decision.What


def tabs_for(request: HttpRequest, here: str) -> list[tuple[str, str, bool]]:
    """The pages of moderators."""
    names = [("moderation", _("To decide"))]
    if request.user.is_staff:
        names.append(("appeals", _("Appeals")))
    names.append(("moderation-log", _("Public log")))
    return [(label, reverse(f"community:{name}"), name == here) for name, label in names]


def refuse(form: Form, refusal: DomainError) -> None:
    """Say at the fields what the operation refused, or above them."""
    for name, told in refusal.fields.items():
        for text in told:
            form.add_error(name if name in form.fields else None, text)
    if not refusal.fields:
        form.add_error(None, str(refusal))


def _keeper(request: HttpRequest) -> None:
    if not queue.keeps_something(request.user):
        raise PermissionDenied


# --- The queue -------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def moderation(request: HttpRequest) -> HttpResponse:
    """Everything that waits for this person, oldest first; what is ticked is decided together."""
    _keeper(request)
    form = None
    if request.method == "POST":
        ticked = list(dict.fromkeys(request.POST.getlist("item")))[:MOST_AT_ONCE]
        form = BulkForm(request.POST)
        if not ticked:
            form.add_error(None, _("Tick what you decide about."))
        if form.is_valid():
            refused = _decide_all(request, form, ticked)
            if refused is None:
                return redirect(request.get_full_path())
            refuse(form, refused)
    return _queue_page(request, form)


def _decide_all(request: HttpRequest, form: BulkForm, ticked: list[str]) -> DomainError | None:
    """Decide about each; name every refusal and go on. A missing reason stops all of it."""
    held_act, shown_act = BULK[form.cleaned_data["act"]]
    done = 0
    for value in ticked:
        kind, _colon, rest = value.partition(":")
        uid, _colon, mark = rest.partition(":")
        if kind not in queue.KINDS:
            continue
        thing: Any = queue.scope(request.user, kind).filter(uid=uid).first()
        if thing is None:
            continue
        is_held = mark.startswith(f"{PostState.HELD}.") and kind == "post"
        try:
            moderating.decide(
                thing,
                held_act if is_held else shown_act,
                by=request.user,
                ground=form.cleaned_data["ground"],
                reason=form.cleaned_data["reason"],
                seen=mark or "-",
            )
        except DomainError as refusal:
            if refusal.code == "words":
                return refusal
            messages.warning(request, f"{thing}: {refusal}")
        except PermissionDenied:
            messages.warning(request, _("%(object)s: not yours to decide.") % {"object": thing})
        else:
            done += 1
    if done:
        messages.success(
            request,
            ngettext("%(n)d decision is made.", "%(n)d decisions are made.", done) % {"n": done},
        )
    return None


def _queue_page(request: HttpRequest, form: BulkForm | None = None) -> HttpResponse:
    state = request.GET.get("state", "")
    state = state if state in {"held", "flagged"} else ""
    page = Paginator(queue.waiting_for(request.user, state), PER_PAGE).get_page(
        request.GET.get("page")
    )
    here = reverse("community:moderation")
    lines = queue.lines_of(page, request.user)
    context = {
        "title": _("To decide"),
        "tabs": tabs_for(request, "moderation"),
        "states": [
            (label, f"{here}?state={code}" if code else here, code == state)
            for code, label in (
                ("", _("All")),
                ("held", pgettext("post", "Held")),
                ("flagged", _("Flagged")),
            )
        ],
        "page_obj": page,
        "lines": lines,
        "form": form or BulkForm(),
        "ticked": set(request.POST.getlist("item")) if form else set(),
    }
    status = 422 if form is not None else 200
    return render(request, "community/moderation/queue.html", context, status=status)


# --- One thing ---------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, kind: str, uid: str) -> HttpResponse:
    """One post, blog post or report with its flags and history, and what can be decided."""
    thing = _find(request, kind, uid)
    line = queue.lines_of([(kind, thing.pk, None)], request.user)[0]
    form = DecideForm(request.POST or None, acts=line.acts) if line.acts else None
    if request.method == "POST":
        if form is None:
            messages.error(request, _("Somebody decided about this already."))
            return redirect(request.path)
        if form.is_valid():
            told = form.cleaned_data
            try:
                moderating.decide(
                    thing,
                    told["act"],
                    by=request.user,
                    ground=told["ground"],
                    reason=told["reason"],
                    seen=request.POST.get("mark", "") or "-",
                )
            except DomainError as refusal:
                if refusal.code in {"stale", "wrong-state"}:
                    messages.error(request, str(refusal))
                    return redirect(request.path)
                refuse(form, refusal)
            else:
                messages.success(request, _("Decided."))
                return redirect("community:moderation")
        elif "act" in form.errors and request.POST.get("mark") != line.mark:
            messages.error(request, _("Somebody decided about this while you read."))
            return redirect(request.path)
    context = {
        "title": _("Decide"),
        "tabs": tabs_for(request, "moderation"),
        "line": line,
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "community/moderation/decide.html", context, status=status)


def _find(request: HttpRequest, kind: str, uid: str) -> Any:
    """A thing of a place this person keeps. What others may see of it is no secret: 403; else
    404."""
    if kind not in queue.KINDS:
        raise Http404
    thing = queue.scope(request.user, kind).filter(uid=uid).first()
    if thing is not None:
        return thing
    found = visible_things(request.user, kind).filter(uid=uid)
    if found.exists():
        raise PermissionDenied
    raise Http404


def visible_things(user: Any, kind: str) -> Any:
    """Things of one kind this reader sees, for flags and refusals."""
    model: Any = queue.KINDS[kind]
    if kind == "post":
        return model.objects.filter(
            discussion__in=Discussion.objects.visible_to(user), state=PostState.SHOWN
        ).select_related("discussion", "author__profile", "author__member")
    return model.objects.visible_to(user).filter(state=moderating.SHOWN[model])


# --- Earlier texts of blog posts ---------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def hide_version(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Take one earlier text of a blog post out of sight, or show it again."""
    article = get_object_or_404(Article.objects.visible_to(request.user), slug=slug)
    version = get_object_or_404(
        ArticleRevision.objects.select_related("article__begun_by"), article=article, number=number
    )
    if not request.user.has_perm("community.moderate", version) or article.is_by(request.user):
        raise PermissionDenied
    is_hidden = version.is_hidden
    form: Form = (ReasonForm if is_hidden else WordsForm)(request.POST or None)
    back = reverse("community:article-history", args=[slug])
    if request.method == "POST" and form.is_valid():
        try:
            moderating.decide_version(
                version,
                What.RESTORE if is_hidden else What.HIDE,
                by=request.user,
                ground=form.cleaned_data.get("ground", ""),
                reason=form.cleaned_data["reason"],
            )
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            messages.success(request, _("Decided."))
            return redirect(back)
    context = {
        "title": _("Show this version again?") if is_hidden else _("Hide this version?"),
        "tabs": tabs_for(request, ""),
        "version": version,
        "back": back,
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "community/moderation/version.html", context, status=status)


# --- Appeals -------------------------------------------------------------------------------------


@login_required
@require_safe
def appeals(request: HttpRequest) -> HttpResponse:
    """Open appeals somebody else has to answer than who decided, oldest first."""
    if not request.user.is_staff:
        raise PermissionDenied
    rows = queue.appeals_for(request.user).select_related("decision").order_by("made_at", "pk")
    context = {
        "title": _("Appeals"),
        "tabs": tabs_for(request, "appeals"),
        "page_obj": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "community/moderation/appeals.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def appeal_settle(request: HttpRequest, uid: str) -> HttpResponse:
    """What was decided, what is objected, what it was about; grant or not."""
    if not request.user.is_staff:
        raise Http404
    rows = Appeal.objects.select_related(
        "decision__sanction",
        "decision__discussion",
        "decision__post__discussion",
        "decision__version__article",
        "made_by__member",
    )
    appeal = get_object_or_404(rows, uid=uid)
    decision = appeal.decision
    involved = {decision.decided_by_id, decision.about_id, appeal.made_by_id}
    if not request.user.has_perm("community.decide_appeal", appeal) or request.user.pk in involved:
        raise PermissionDenied
    is_open = appeal.state == Appeal.State.OPEN
    form = AnswerForm(request.POST or None) if is_open else None
    if request.method == "POST":
        if form is None:
            messages.error(request, _("Somebody answered this already."))
            return redirect(request.path)
        if form.is_valid():
            grant = form.cleaned_data["grant"] == "yes"
            try:
                moderating.settle_appeal(
                    appeal, by=request.user, grant=grant, answer=form.cleaned_data["answer"]
                )
            except DomainError as refusal:
                if refusal.code in {"stale", "wrong-state"}:
                    messages.error(request, str(refusal))
                    return redirect(request.path)
                refuse(form, refusal)
            else:
                messages.success(request, _("The appeal is answered."))
                return redirect("community:appeals")
    thing = appeal.decision.post or appeal.decision.article or appeal.decision.report
    kind = moderating.NAMES[type(thing)] if thing else ""
    context = {
        "title": _("Answer an appeal"),
        "tabs": tabs_for(request, "appeals"),
        "appeal": appeal,
        "decision": appeal.decision,
        "line": queue.lines_of([(kind, thing.pk, None)], request.user)[0] if thing else None,
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "community/moderation/appeal_settle.html", context, status=status)
