"""The editors of the blog: their queue, one article before them, and every move of an article."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from community import blog
from community.choices import ArticleState
from community.forms.blog import DecisionForm
from community.models import Article, ArticleRevision
from community.operations import blogging
from community.people import seen_as
from community.views.blog_writing import find_own, refuse
from core.errors import DomainError
from core.models import AuditEntry
from events.presentation import in_english
from hubs.rules import is_portal_moderator

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PER_PAGE = 20
S = ArticleState
#: The end of the address, and the move it makes.
DECISIONS = {
    "return": "return_article",
    "accept": "accept_article",
    "publish": "publish_article",
    "withdraw": "withdraw_article",
    "republish": "republish_article",
}
OWN = {"send", "take-back", "seen"}
DONE = {
    "return": gettext_lazy("The post is back with its author, with your remarks."),
    "accept": gettext_lazy("Accepted. It appears on its day."),
    "publish": gettext_lazy("The post is published."),
    "withdraw": gettext_lazy("The post is withdrawn. Its author reads the reason."),
    "republish": gettext_lazy("The post is published again."),
    "send": gettext_lazy("Your post is with the editors. You hear from them by mail."),
    "take-back": gettext_lazy("Your post is a draft again."),
    "seen": gettext_lazy("The changes are marked as seen."),
}


def _only_editors(request: HttpRequest) -> None:
    if not is_portal_moderator(request.user):
        raise PermissionDenied


@never_cache
@login_required
@require_safe
def editors(request: HttpRequest) -> HttpResponse:
    """What waits for an editor, the oldest first; what is accepted; what was corrected."""
    _only_editors(request)
    today = timezone.localdate()
    queue = blog.for_list(Article.objects.queue(), request.user)
    page = Paginator(queue, PER_PAGE).get_page(request.GET.get("page"))
    accepted = Article.objects.filter(state=S.ACCEPTED, held_at=None)
    accepted = blog.for_list(accepted.order_by("publish_on", "submitted_at", "pk"), request.user)
    changed = ArticleRevision.objects.filter(seen_at=None).exclude(replaced_by=request.user)
    context = {
        "shown": blog.shown(page, request.user),
        "page_obj": page,
        "accepted": blog.shown(accepted[:PER_PAGE], request.user),
        "changed": changed.select_related("article")
        .defer("body", "article__body")
        .order_by("replaced_at", "pk")[:PER_PAGE],
        "today": today,
        "en": in_english(),
    }
    return render(request, "community/blog/editors.html", context)


@never_cache
@login_required
@require_safe
def check(request: HttpRequest, uid: str) -> HttpResponse:
    """One article before an editor: as readers will see it, and what can be decided."""
    _only_editors(request)
    return _check_page(request, find_own(request, uid))


def _check_page(
    request: HttpRequest,
    article: Article,
    form: DecisionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    moves = article.moves_for(request.user)
    today = timezone.localdate()
    entries = AuditEntry.of(article).filter(verb__in=("return_article", "stop_article"))
    context = {
        "article": article,
        "shown": blog.Shown(article, request.user),
        "related": blog.related_to(article, request.user),
        "begun_by": seen_as(article.begun_by, request.user) if article.begun_by else None,
        "form": form or DecisionForm(initial={"base": article.revision}),
        "moves": moves,
        "is_own": article.is_by(request.user),
        "is_silenced": not article.author_may_be_heard(),
        "has_day": article.publish_on is not None and article.publish_on > today,
        "earlier": [row for row in entries if row.note][:10],
        "en": in_english(),
    }
    return render(request, "community/blog/check.html", context, status=status)


@login_required
@require_POST
def move(request: HttpRequest, uid: str, verb: str) -> HttpResponse:
    """One move of an article: an editor's decision, or its author's."""
    if verb not in DECISIONS and verb not in OWN:
        raise Http404
    article = find_own(request, uid)
    form = DecisionForm(request.POST)
    form.is_valid()
    base = form.cleaned_data.get("base")
    try:
        if verb in DECISIONS:
            _decide(request, article, verb, form, base)
        elif verb == "send":
            blogging.send_article(article, by=request.user, base=-1 if base is None else base)
        elif verb == "take-back":
            blogging.take_back(article, by=request.user)
        else:
            blogging.see_changes(article, by=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        if verb in DECISIONS and form.cleaned_data.get("words"):
            form.add_error(None, str(refusal))
            return _again(request, article, form, 409)
    except ValidationError as refusal:
        if verb in DECISIONS:
            refuse(form, refusal)
            return _again(request, article, form, 422)
        messages.error(request, " ".join(refusal.messages))
        return redirect("community:article-edit", uid=uid)
    else:
        messages.success(request, str(DONE[verb]))
    return _back(request, uid, verb)


def _decide(
    request: HttpRequest, article: Article, verb: str, form: DecisionForm, base: int | None
) -> None:
    if form.errors:
        raise ValidationError({"words": form.errors.get("words", [_("Load this page again.")])})
    blogging.decide(
        article,
        DECISIONS[verb],
        by=request.user,
        base=-1 if base is None else base,
        words=form.cleaned_data["words"],
    )


def _again(request: HttpRequest, article: Article, form: DecisionForm, status: int) -> HttpResponse:
    """The page of the check with what was typed, standing on the text as it is now."""
    fresh = get_object_or_404(
        blog.with_authors(Article.objects.visible_to(request.user), request.user), pk=article.pk
    )
    form.data = form.data.copy()  # type: ignore[attr-defined]
    form.data["base"] = str(fresh.revision)  # type: ignore[index]
    return _check_page(request, fresh, form, status)


def _back(request: HttpRequest, uid: str, verb: str) -> HttpResponse:
    if verb in {"send", "take-back"}:
        return redirect("community:my-articles")
    if verb == "seen":
        return redirect("community:editors")
    fresh: Any = Article.objects.visible_to(request.user).filter(uid=uid).first()
    if fresh is not None and fresh.state == S.PUBLISHED:
        return redirect(fresh)
    if fresh is not None and fresh.state == S.SUBMITTED:
        return redirect("community:article-check", uid=uid)
    return redirect(reverse("community:editors"))
