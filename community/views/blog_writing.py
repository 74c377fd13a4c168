"""Writing for the blog: new, change, keep, preview, one's own articles."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community import blog
from community.choices import ArticleState
from community.forms.blog import LISTED, ArticleForm, CorrectionForm
from community.models import Article, ArticleDraft
from community.operations import blogging
from community.views.entering import way_in
from core.errors import DomainError
from events.presentation import in_english

if TYPE_CHECKING:
    from django import forms
    from django.http import HttpRequest, HttpResponse

PER_PAGE = 20
S = ArticleState
#: What of a posted form is not worth keeping.
_OWN = {"csrfmiddlewaretoken", "action", "row"}
SCRIPTS = ("js/richtext.js", "js/rows.js", "js/count.js", "js/autosave.js")


def find_own(request: HttpRequest, uid: str) -> Article:
    """An article this person sees, by the key that stays the same while its title changes."""
    rows = Article.objects.visible_to(request.user)
    return get_object_or_404(blog.with_authors(rows, request.user), uid=uid)


# --- Writing ----------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Begin an article. What was typed and not saved is offered again."""
    if (elsewhere := way_in(request, request.get_full_path())) is not None:
        return elsewhere
    if request.method == "POST":
        return _save(request, None)
    kept = _kept(request, request.GET.get("key", ""))
    form = ArticleForm(user=request.user, typed=as_query(kept.data) if kept else None)
    unsaved = ArticleDraft.objects.filter(user=request.user, article=None)
    others = [(row, _title_of(row)) for row in unsaved if kept is None or row.pk != kept.pk]
    return _show(request, None, form, draft=kept, others=others)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, uid: str) -> HttpResponse:
    """Change one's draft, or correct what is published."""
    article = find_own(request, uid)
    if article.state == S.PUBLISHED:
        return _correct(request, article)
    if not request.user.has_perm("community.write_article", article):
        raise PermissionDenied
    if request.method == "POST":
        return _save(request, article)
    if article.state != S.DRAFT:
        return redirect("community:article-preview", uid=uid)
    kept = _kept(request, article.uid)
    form = ArticleForm(
        user=request.user, article=article, typed=as_query(kept.data) if kept else None
    )
    return _show(request, article, form, draft=kept)


def _save(request: HttpRequest, article: Article | None) -> HttpResponse:
    action = request.POST.get("action", "")
    if "row" in request.POST:
        data = _with_row(request.POST)
        return _show(request, article, ArticleForm(user=request.user, article=article, typed=data))
    form = ArticleForm(
        request.POST, user=request.user, article=article, needs_text=action == "send"
    )
    status, theirs = 422, None
    if form.is_valid():
        try:
            saved = blogging.save_article(
                article,
                by=request.user,
                told=form.told(),
                form_key=form.cleaned_data["form_key"],
                base=form.cleaned_data["opened"],
                send=action == "send",
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            if refusal.code == "stale":
                status, theirs = 409, _theirs(request, article, form)
        except ValidationError as refusal:
            refuse(form, refusal)
        else:
            return _after(request, saved, action)
    return _show(request, article, form, theirs=theirs, status=status)


def _after(request: HttpRequest, saved: Article, action: str) -> HttpResponse:
    if action == "send":
        messages.success(request, _("Your post is with the editors. You hear from them by mail."))
        return redirect("community:my-articles")
    if action == "preview":
        return redirect("community:article-preview", uid=saved.uid)
    messages.success(request, _("Saved as a draft. Only you and the editors can read it."))
    return redirect("community:article-edit", uid=saved.uid)


def _theirs(request: HttpRequest, article: Article | None, form: forms.Form) -> Article | None:
    """What is saved now; the form is made to stand on it, so that saving again replaces it."""
    if article is None:
        return None
    fresh = find_own(request, article.uid)
    form.data = form.data.copy()  # type: ignore[attr-defined]
    form.data["opened"] = str(fresh.revision)  # type: ignore[index]
    return fresh


def refuse(form: forms.Form, refusal: ValidationError) -> None:
    """Put a refusal at its field, where the form has it."""
    told = refusal.error_dict if hasattr(refusal, "error_dict") else {"": refusal.error_list}
    for name, errors in told.items():
        form.add_error(name if name in form.fields else None, errors)


def _with_row(data: QueryDict) -> QueryDict:
    """One more input of a list, asked for without scripts."""
    changed = data.copy()
    name, _colon, what = data.get("row", "").partition(":")
    if what == "add" and name in LISTED:
        changed.appendlist(name, "")
    return changed


def _correct(request: HttpRequest, article: Article) -> HttpResponse:
    """Change what everybody reads. What it said before stays, with the reason."""
    if not request.user.has_perm("community.correct_article", article):
        raise PermissionDenied
    status, theirs, kept = 200, None, None
    if request.method == "POST":
        form = CorrectionForm(request.POST, article=article)
        status = 422
        if form.is_valid():
            try:
                saved = blogging.correct_article(
                    article,
                    by=request.user,
                    base=form.cleaned_data["opened"] or 0,
                    reason=form.cleaned_data["reason"],
                    told=form.told(),
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal))
                if refusal.code == "stale":
                    status, theirs = 409, _theirs(request, article, form)
            except ValidationError as refusal:
                refuse(form, refusal)
            else:
                messages.success(request, _("The correction is published with its reason."))
                return redirect(saved)
    else:
        kept = _kept(request, article.uid)
        form = CorrectionForm(article=article, typed=as_query(kept.data) if kept else None)
    return _show(request, article, form, draft=kept, theirs=theirs, status=status)


def _show(
    request: HttpRequest,
    article: Article | None,
    form: forms.Form,
    *,
    draft: ArticleDraft | None = None,
    theirs: Article | None = None,
    others: list[tuple[ArticleDraft, str]] | None = None,
    status: int = 200,
) -> HttpResponse:
    key = article.uid if article else str(form["form_key"].value())
    keep = (
        reverse("community:article-keep", args=[article.uid])
        if article
        else reverse("community:article-keep-new")
    )
    context = {
        "article": article,
        "form": form,
        "draft": draft,
        "draft_is_old": bool(draft and article and _base_of(draft) != str(article.revision)),
        "theirs": theirs,
        "others": others or [],
        "key": key,
        "keep_url": keep,
        "kept_as": f"{request.user.pk}.article.{key}",
        "is_correction": isinstance(form, CorrectionForm),
        "suggestions": form.suggestions() if isinstance(form, ArticleForm) else {},
        "scripts": SCRIPTS,
        "en": in_english(),
    }
    return render(request, "community/blog/write.html", context, status=status)


# --- What is typed and not saved ----------------------------------------------------------------


def as_query(data: dict[str, list[str]]) -> QueryDict:
    query = QueryDict(mutable=True)
    for key, texts in data.items():
        query.setlist(key, list(texts))
    return query


def _kept(request: HttpRequest, key: str) -> ArticleDraft | None:
    if not key or "\x00" in key:
        return None
    return ArticleDraft.objects.filter(user=request.user, key=key[:40]).first()


def _title_of(draft: ArticleDraft) -> str:
    told = draft.data.get("title") or [""]
    return str(told[0]).strip()[:200]


def _base_of(draft: ArticleDraft) -> str:
    told = draft.data.get("opened") or [""]
    return str(told[0])


@require_POST
def keep(request: HttpRequest, uid: str = "") -> JsonResponse:
    """Keep what was typed so far. Answers in JSON, also when it refuses."""
    if not request.user.is_authenticated:
        return JsonResponse({"login": reverse("account_login")}, status=401)
    article = None
    if uid:
        article = Article.objects.visible_to(request.user).filter(uid=uid).first()
        if article is None:
            raise Http404
    verb = "correct" if article and article.state == S.PUBLISHED else "write"
    may = (
        request.user.has_perm(f"community.{verb}_article", article)
        if article
        else request.user.has_perm("community.take_part")
    )
    if not may:
        return JsonResponse({"error": _("You may no longer write here.")}, status=403)
    key = uid or _form_key(request.POST.get("form_key", ""))
    data = {name: texts for name, texts in request.POST.lists() if name not in _OWN}
    if not key or any("\x00" in text for texts in data.values() for text in texts):
        return JsonResponse({"error": _("This cannot be kept. Load the page again.")}, status=400)
    draft = blogging.keep_draft(by=request.user, key=key, article=article, data=data)
    if draft is None:
        text = _("This page holds more text than can be kept. Shorten it first.")
        return JsonResponse({"error": text}, status=413)
    now = timezone.localtime(draft.saved_at)
    told = _("Kept at %(time)s %(zone)s, not yet saved.") % {
        "time": f"{now:%H:%M}",
        "zone": now.tzname(),
    }
    return JsonResponse({"saved_at": now.isoformat(timespec="seconds"), "message": told})


def _form_key(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return ""


@login_required
@require_POST
def drop(request: HttpRequest) -> HttpResponse:
    """Throw unsaved text away."""
    key = request.POST.get("key", "")[:40]
    draft = _kept(request, key)
    if draft is None:
        return redirect("community:my-articles")
    article = draft.article
    blogging.drop_draft(by=request.user, key=key)
    messages.info(request, _("The text that was not saved is gone."))
    if article is not None:
        return redirect("community:article-edit", uid=article.uid)
    return redirect("community:my-articles")


# --- Seeing ---------------------------------------------------------------------------------


@never_cache
@login_required
@require_safe
def preview(request: HttpRequest, uid: str) -> HttpResponse:
    """An article as readers will see it, for its author and the editors."""
    article = find_own(request, uid)
    if article.state == S.PUBLISHED:
        return redirect(article)
    context = {
        "article": article,
        "shown": blog.Shown(article, request.user),
        "related": blog.related_to(article, request.user),
        "may_write": request.user.has_perm("community.write_article", article),
        "may_decide": request.user.has_perm("community.edit_the_blog", article),
        "moves": article.moves_for(request.user),
        "en": in_english(),
    }
    return render(request, "community/blog/preview.html", context)


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """One's own articles, the last changed first, and what was typed and never saved."""
    rows = Article.objects.filter(begun_by=request.user).defer("body")
    page = Paginator(rows.order_by("-changed_at", "-pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    unsaved = ArticleDraft.objects.filter(user=request.user, article=None)
    context = {
        "page_obj": page,
        "unsaved": [(row, _title_of(row)) for row in unsaved],
        "may_write": request.user.has_perm("community.take_part"),
    }
    return render(request, "community/blog/mine.html", context)
