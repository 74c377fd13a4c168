"""The blog as everybody reads it: the list, an article, what it said before, the feed, comments."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from taggit.models import Tag

from catalogue.differences import Effort, paragraphs_of, pieces_of
from catalogue.linked_data import as_script
from community import blog
from community.choices import ArticleState, DiscussionState, PostState
from community.conduct import has_agreed
from community.forms.blog import CommentForm
from community.models import Article, Discussion, Member, MonthlyTheme, Post, member_of
from community.operations import blogging
from community.people import seen_as, with_people
from community.views.entering import way_in
from core.errors import DomainError
from core.plaintext import tidy
from core.text import plain
from events.models import Person
from events.presentation import in_english

if TYPE_CHECKING:
    from django.http import HttpRequest

    from community.models import ArticleRevision

PER_PAGE = 12
#: Comments that stand below an article, the latest.
COMMENTS = 3
#: Articles in the feed.
IN_FEED = 30
#: Words shown beside the list.
TAGS = 24


# --- The list -------------------------------------------------------------------------------


@require_safe
def articles(request: HttpRequest) -> HttpResponse:
    """Published articles, the newest first; of one word, theme, guest or member if asked."""
    rows, about, query = _chosen(request)
    page = Paginator(blog.for_list(rows, request.user), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "shown": blog.shown(page, request.user),
        "page_obj": page,
        "about": about,
        "query": query,
        "tags": blog.tags_in_use(TAGS),
        "is_member": member_of(request.user) is not None,
        "en": in_english(),
    }
    return render(request, "community/blog/list.html", context)


def _chosen(request: HttpRequest) -> tuple[Any, dict[str, Any], str]:
    """The articles asked for, what the choice is called, and the feed's address for it."""
    rows = Article.objects.published()
    asked = request.GET
    if slug := asked.get("tag", "")[:120]:
        tag = get_object_or_404(Tag, slug=_sound(slug))
        return rows.filter(tagged__tag=tag), {"tag": tag}, f"?tag={quote(tag.slug)}"
    if slug := asked.get("theme", "")[:80]:
        themes = MonthlyTheme.objects.visible_to(request.user)
        theme = get_object_or_404(themes, slug=_sound(slug))
        return rows.filter(theme=theme), {"theme": theme}, ""
    if slug := asked.get("guest", "")[:80]:
        people = Person.objects.filter(articles__state=ArticleState.PUBLISHED).distinct()
        person = get_object_or_404(people, slug=_sound(slug))
        return rows.filter(guests=person), {"guest": person}, ""
    if handle := asked.get("author", "")[:40]:
        members = Member.objects.active().select_related("user__profile", "user__member")
        member = get_object_or_404(members, handle=_sound(handle).lower())
        own = rows.filter(begun_by=member.user, byline="", guests=None)
        return own, {"author": seen_as(member.user, request.user)}, ""
    return rows, {}, ""


def _sound(text: str) -> str:
    """A parameter of an address as a database takes it."""
    if "\x00" in text:
        raise Http404
    return text


# --- One article ----------------------------------------------------------------------------


def _articles_seen(request: HttpRequest) -> Any:
    rows = Article.objects.visible_to(request.user).select_related("reference")
    return blog.with_authors(rows, request.user).prefetch_related("tags")


@require_safe
def article(request: HttpRequest, slug: str) -> HttpResponse:
    """An article with what is near it and what was said about it."""
    found = get_object_or_404(_articles_seen(request), slug=slug)
    if found.state != ArticleState.PUBLISHED:
        return redirect("community:article-preview", uid=found.uid)
    return article_page(request, found)


def article_page(
    request: HttpRequest, found: Article, *, form: CommentForm | None = None, status: int = 200
) -> HttpResponse:
    """The page of a published article."""
    user = request.user
    told = blog.Shown(found, user)
    earlier, later = blog.neighbours(found)
    tags = [tag.name for tag in told.tags]
    may_comment = user.is_authenticated and bool(user.has_perm("community.take_part"))
    discussion = _discussion_of(found, user)
    takes_posts = discussion is None or discussion.takes_posts()
    context = {
        "shown": told,
        "article": found,
        "related": blog.related_to(found, user),
        "earlier": earlier,
        "later": later,
        "corrections": list(found.revisions.shown().order_by("-number")[:MOST_CORRECTIONS]),
        "linked_data": as_script(blog.linked_data(found, tags)),
        "canonical": f"{settings.PORTAL_URL}{found.get_absolute_url()}",
        "mail": _by_mail(found),
        "discussion": discussion,
        "comments": _comments(discussion, user),
        "takes_posts": takes_posts,
        "form": (form or CommentForm()) if may_comment and takes_posts else None,
        "is_member": has_agreed(member_of(user)),
        "may_correct": user.has_perm("community.correct_article", found),
        "may_decide": user.has_perm("community.edit_the_blog", found),
        "en": in_english(),
    }
    return render(request, "community/blog/article.html", context, status=status)


#: Corrections named on the page; all of them stand in the history.
MOST_CORRECTIONS = 3


def _by_mail(found: Article) -> str:
    """A plain link that opens a new letter with title and address."""
    address = f"{settings.PORTAL_URL}{found.get_absolute_url()}"
    return f"mailto:?subject={quote(found.title)}&body={quote(address)}"


def _discussion_of(found: Article, user: Any) -> Discussion | None:
    rows = Discussion.objects.filter(article=found).exclude(state=DiscussionState.MERGED)
    return rows.select_related("theme").first()


def _comments(discussion: Discussion | None, user: Any) -> list[tuple[Post, Any]]:
    """The latest that this person reads, the oldest of them first, each with its author."""
    if discussion is None or discussion.state == DiscussionState.HIDDEN:
        return []
    rows = Post.objects.readable_by(user).filter(
        discussion=discussion, state__in=(PostState.SHOWN, PostState.HELD)
    )
    latest = list(with_people(rows).order_by("-number")[:COMMENTS])
    return [(post, seen_as(post.author, user)) for post in reversed(latest)]


@require_http_methods(["GET", "HEAD", "POST"])
def comment(request: HttpRequest, slug: str) -> HttpResponse:
    """Say something about an article. Who had to sign in first comes back and finds the form."""
    found = get_object_or_404(
        _articles_seen(request).filter(state=ArticleState.PUBLISHED), slug=slug
    )
    here = f"{found.get_absolute_url()}#comments"
    if request.method != "POST":
        return redirect(here)
    if (elsewhere := way_in(request, here)) is not None:
        return elsewhere
    form = CommentForm(request.POST)
    if form.is_valid():
        try:
            post = blogging.comment(
                found,
                by=request.user,
                body=form.cleaned_data["body"],
                form_key=form.cleaned_data["form_key"],
            )
        except DomainError as refusal:
            form.add_error("body", str(refusal))
        except ValidationError as refusal:
            form.add_error("body", refusal.messages)
        else:
            if post.state == PostState.HELD:
                messages.info(
                    request, _("Your comment is kept. A moderator reads it before others do.")
                )
            return redirect(here)
    return article_page(request, found, form=form, status=422)


# --- What it said before ----------------------------------------------------------------------


@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """Every correction with what went and what came. Open to whoever reads the article.

    Of a version that was hidden only moderators read more than that.
    """
    found = get_object_or_404(_articles_seen(request), slug=slug)
    rows = list(
        with_people(found.revisions.select_related("replaced_by"), "replaced_by").order_by("number")
    )
    moderates = any(request.user.has_perm("community.moderate", row) for row in rows[:1])
    moderates = moderates and not found.is_by(request.user)
    steps = _steps(found, rows, sees_all=moderates)
    page = Paginator(list(reversed(steps)), PER_PAGE).get_page(request.GET.get("page"))
    effort = Effort()
    context = {
        "article": found,
        "page_obj": page,
        "changes": [
            {
                "revision": row,
                "is_readable": moderates or not row.is_hidden,
                "by": seen_as(row.replaced_by, request.user),
                "title": pieces_of(row.title, title, effort) if row.title != title else (),
                "lede": pieces_of(row.lede, lede, effort) if row.lede != lede else (),
                "paragraphs": paragraphs_of(plain(row.body), plain(body), effort)
                if row.body != body
                else (),
            }
            for row, title, lede, body in page
        ],
        "moderates": moderates,
        "unseen": [row for row in rows if row.seen_at is None]
        if request.user.has_perm("community.edit_the_blog", found)
        else [],
        "shown": blog.Shown(found, request.user),
        "en": in_english(),
    }
    return render(request, "community/blog/history.html", context)


def _steps(
    found: Article, rows: list[ArticleRevision], *, sees_all: bool
) -> list[tuple[ArticleRevision, str, str, str]]:
    """Each earlier text with the next one that this reader may see. A hidden one is neither
    compared nor compared with."""
    steps = []
    after = (found.title, found.lede, found.body)
    for row in reversed(rows):
        if row.is_hidden and not sees_all:
            steps.append((row, row.title, row.lede, row.body))
            continue
        steps.append((row, *after))
        after = (row.title, row.lede, row.body)
    steps.reverse()
    return steps


# --- The feed ---------------------------------------------------------------------------------


class _Feed(Atom1Feed):
    """Atom with the language of each entry."""

    def item_attributes(self, item: dict[str, Any]) -> dict[str, Any]:
        return super().item_attributes(item) | {"xml:lang": item["language"]}

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        """All authors, where Django knows one."""
        super().add_item_elements(handler, item)
        for by in item["authors"]:
            handler.startElement("author", {})
            handler.addQuickElement("name", by.name)
            if by.url:
                handler.addQuickElement("uri", f"{settings.PORTAL_URL}{by.url}")
            handler.endElement("author")


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """What was published last, for programs that look again and again; of one word if asked.

    It says what somebody without an account reads, whoever asks.
    """
    rows, title, query = Article.objects.published(), settings.PORTAL_NAME, ""
    if slug := request.GET.get("tag", "")[:120]:
        tag = get_object_or_404(Tag, slug=_sound(slug))
        rows, query = rows.filter(tagged__tag=tag), f"?tag={quote(tag.slug)}"
        title = f"{title}: {tag.name}"
    anybody = AnonymousUser()
    found = list(blog.with_authors(rows, anybody).prefetch_related("tags")[:IN_FEED])
    host = urlsplit(settings.PORTAL_URL).hostname or "localhost"
    here = f"{settings.PORTAL_URL}{reverse('community:blog-feed')}{query}"
    made = _Feed(
        title=_line(_("Blog, %(portal)s") % {"portal": title}),
        link=f"{settings.PORTAL_URL}{reverse('community:blog')}{query}",
        description="",
        feed_url=here,
        feed_guid=f"tag:{host},2026:blog{query}",
        language=request.LANGUAGE_CODE,  # type: ignore[attr-defined]
    )
    for row in found:
        made.add_item(
            title=_line(row.title),
            link=f"{settings.PORTAL_URL}{row.get_absolute_url()}",
            description=_line(blog.glimpse(row)),
            unique_id=f"tag:{host},2026:blog/{row.uid}",
            unique_id_is_permalink=False,
            pubdate=_instant(row),
            updateddate=row.corrected_at or row.published_at or row.changed_at,
            categories=[_line(tag.name) for tag in row.tags.all()],
            language=row.language,
            authors=[blog.By(_line(by.name), by.url) for by in blog.authors_of(row, anybody)],
        )
    return HttpResponse(
        made.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8"
    )


def _instant(row: Article) -> dt.datetime | None:
    """When it appeared, if that is known to the day."""
    if row.published_at and row.published_on == timezone.localdate(row.published_at).isoformat():
        return row.published_at
    try:
        day = dt.date.fromisoformat(row.published_on)
    except ValueError:
        return None
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)


def _line(text: str) -> str:
    """A text as XML takes it."""
    return tidy(text)
