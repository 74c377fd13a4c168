"""Lock, hide, move, merge and split a discussion, each on a page of its own, with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from community.choices import DiscussionState
from community.forms.moderation import MergeForm, MoveForm, ReasonForm, SplitForm, WordsForm
from community.models import PLACES, Decision, Discussion, Post
from community.operations import moderating
from community.people import seen_as, with_people
from community.views.moderation import refuse
from core.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.forms import Form
    from django.http import HttpRequest, HttpResponse

What = Decision.What
#: So many posts stand on one page to tick.
PER_PAGE = 50


def _find(request: HttpRequest, uid: str) -> Discussion:
    rows = Discussion.objects.visible_to(request.user).select_related(*PLACES)
    discussion = get_object_or_404(rows, uid=uid)
    if not request.user.has_perm("community.moderate", discussion):
        raise PermissionDenied
    return discussion


def _page(
    request: HttpRequest,
    discussion: Discussion,
    form: Form,
    act: Callable[[Form], Any],
    done: str,
    **context: Any,
) -> HttpResponse:
    """Ask, act once the form is right, and lead back to the discussion."""
    if request.method == "POST" and form.is_valid():
        try:
            found = act(form)
        except DomainError as refusal:
            refuse(form, refusal)
        except ValidationError as refusal:
            form.add_error(None, refusal.messages)
        else:
            messages.success(request, done)
            return redirect(found if isinstance(found, Discussion) else discussion)
    status = 422 if request.method == "POST" else 200
    context |= {"discussion": discussion, "form": form}
    return render(request, "community/moderation/discussion.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def lock(request: HttpRequest, uid: str) -> HttpResponse:
    """Take no more posts, or take them again."""
    discussion = _find(request, uid)
    is_locked = discussion.state == DiscussionState.LOCKED
    what = What.UNLOCK if is_locked else What.LOCK
    form: Form = ReasonForm(request.POST or None)
    return _page(
        request,
        discussion,
        form,
        lambda form: moderating.decide_discussion(
            discussion, what, by=request.user, reason=form.cleaned_data["reason"]
        ),
        _("The discussion is open again.") if is_locked else _("The discussion is locked."),
        title=_("Open this discussion again?") if is_locked else _("Lock this discussion?"),
        lede=(
            _("Members can write in it again.")
            if is_locked
            else _("Everything stays readable. Nobody can write in it.")
        ),
        button=_("Open again") if is_locked else _("Lock"),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def hide(request: HttpRequest, uid: str) -> HttpResponse:
    """Take a discussion out of sight, or show it again."""
    discussion = _find(request, uid)
    is_hidden = discussion.state == DiscussionState.HIDDEN
    what = What.RESTORE if is_hidden else What.HIDE
    form: Form = (ReasonForm if is_hidden else WordsForm)(request.POST or None)

    def act(form: Form) -> None:
        told = form.cleaned_data
        moderating.decide_discussion(
            discussion,
            what,
            by=request.user,
            ground=told.get("ground", ""),
            reason=told["reason"],
        )

    return _page(
        request,
        discussion,
        form,
        act,
        _("The discussion is shown again.") if is_hidden else _("The discussion is hidden."),
        title=_("Show this discussion again?") if is_hidden else _("Hide this discussion?"),
        lede=(
            _("Everybody who reads its place can read it again.")
            if is_hidden
            else _("Only moderators and whoever keeps its place can read it.")
        ),
        button=_("Show again") if is_hidden else _("Hide"),
        stops=not is_hidden,
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, uid: str) -> HttpResponse:
    """Give a discussion another place."""
    discussion = _find(request, uid)
    form = MoveForm(request.POST or None, discussion=discussion, user=request.user)
    return _page(
        request,
        discussion,
        form,
        lambda _form: moderating.move(
            discussion, form.chosen(), by=request.user, reason=form.cleaned_data["reason"]
        ),
        _("The discussion has a new place. Its address stays."),
        title=_("Move this discussion"),
        lede=_("Only to places you keep that are open to the same readers. Its address stays."),
        button=_("Move"),
        has_places=any(rows for _name, _label, rows in form.places),
        needs_places=True,
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: HttpRequest, uid: str) -> HttpResponse:
    """Append a discussion to another one."""
    discussion = _find(request, uid)
    form = MergeForm(request.POST or None, user=request.user)

    def act(form: Form) -> Discussion:
        target: Discussion = form.cleaned_data["target"]
        moderating.merge(discussion, target, by=request.user, reason=form.cleaned_data["reason"])
        return target

    return _page(
        request,
        discussion,
        form,
        act,
        _("The discussions are one. The old address leads here."),
        title=_("Merge this discussion into another"),
        lede=_(
            "Its posts are appended to the other one, in their order. Both have to be open to the"
            " same readers. This cannot be undone."
        ),
        button=_("Merge"),
        stops=True,
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def split(request: HttpRequest, uid: str) -> HttpResponse:
    """Let some posts begin a discussion of their own."""
    discussion = _find(request, uid)
    form = SplitForm(request.POST or None)
    ticked = {uid for uid in request.POST.getlist("post") if uid}
    posts = with_people(discussion.posts.order_by("number"))
    page = Paginator(posts, PER_PAGE).get_page(request.GET.get("page"))

    def act(form: Form) -> Discussion:
        chosen = Q(uid__in=ticked)
        for first, last in form.cleaned_data["numbers"]:
            chosen |= Q(number__gte=first, number__lte=last)
        rows: list[Post] = list(discussion.posts.filter(chosen).order_by("number"))
        return moderating.split(
            discussion,
            rows,
            by=request.user,
            title=form.cleaned_data["title"],
            reason=form.cleaned_data["reason"],
        )

    return _page(
        request,
        discussion,
        form,
        act,
        _("The posts have a discussion of their own."),
        title=_("Split this discussion"),
        lede=_("The posts you tick begin a discussion of their own, in the same place."),
        button=pgettext("a discussion", "Split"),
        page_obj=page,
        posts=[(post, seen_as(post.author, request.user)) for post in page],
        ticked=ticked,
    )
