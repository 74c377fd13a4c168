"""The blog: writing, the editors' check, publishing by date, corrections, comments.

Whoever changes an article or its state holds its row to the end of the transaction. An editor
decides about the text they have read: the form carries its ``revision``, and an article that was
changed since is refused as stale. After publication an author may correct: what it said before
stays readable with the reason, and the editors are told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from community.choices import ArticleState, DiscussionState, SanctionKind, Trust
from community.models import (
    Article,
    ArticleDraft,
    ArticleRevision,
    Discussion,
    member_of,
    sanctions_of,
)
from community.models.members import forget_member
from community.operations import discussing
from community.signals import article_moved
from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from core.richtext import CLEANER_VERSION, MAX_TYPED, clean, length
from core.text import fold

if TYPE_CHECKING:
    import datetime as dt
    import uuid
    from collections.abc import Mapping

    from accounts.models import User
    from community.models import Post
    from core.clock import Portal

S = ArticleState

#: Letters in one article, marks not counted.
LONGEST = 40_000
#: Columns an author fills.
TOLD = ("title", "lede", "body", "language", "publish_on", "theme", "chapter", "lab")
#: Lists an author fills, of primary keys.
LISTS = ("solutions", "hubs", "events")
#: What only editors say, who publish for guests.
EDITORS_ONLY = ("byline", "guests")
#: Columns whose values are looked up, not typed.
NOT_FORMS = ("begun_by", "form_key", "theme", "chapter", "lab", "reference")
#: Addresses below /blog/ that are pages of their own.
RESERVED = frozenset({"new", "mine", "desk", "write", "feed", "tags", "drafts", "search"})
LONGEST_SLUG = 80
#: Of those that are due, as many are published in one run of the clock.
AT_ONCE = 200
#: Drafts one person keeps, and articles of theirs that wait for an editor.
MOST_DRAFTS, MOST_WITH_EDITORS = 50, 5
#: All that is kept of one unsaved form; more is not text that anybody typed.
MOST_KEPT = 400_000


def text_of(html: str, *, is_needed: bool) -> str:
    """The text cleaned, or a refusal at the field."""
    if not length(text := clean(html)):
        if is_needed:
            raise ValidationError({"body": _("Write the text before you send it.")})
        return ""
    if length(text) > LONGEST:
        raise ValidationError(
            {"body": _("Shorten this to %(most)d characters.") % {"most": LONGEST}}
        )
    if len(text) > MAX_TYPED:
        raise ValidationError(
            {"body": _("There are too many marks and links in this text. Take some out.")}
        )
    return text


def free_slug(title: str, *, uid: str, but: int = 0) -> str:
    """An address that no other article has, from the words of a title."""
    stem = slugify(fold(title))[:LONGEST_SLUG].strip("-_") or uid
    stem = f"{stem}-post" if stem in RESERVED else stem
    rows = Article.objects.filter(slug__startswith=stem).exclude(pk=but)
    used = set(rows.values_list("slug", flat=True))
    if stem not in used:
        return stem
    return next(slug for n in range(2, len(used) + 3) if (slug := f"{stem}-{n}") not in used)


def hold_article(article: Article) -> Article:
    """The row for this transaction alone, and its author as they are now."""
    row = (
        Article.objects.select_for_update(of=("self",))
        .select_related("begun_by")
        .get(pk=article.pk)
    )
    if row.begun_by is not None:
        forget_member(row.begun_by)
    return row


def _stale() -> DomainError:
    return DomainError(
        _("This post was changed meanwhile. Compare both texts, then save again."), code="stale"
    )


# --- Writing --------------------------------------------------------------------------------


@transaction.atomic
def save_article(
    article: Article | None,
    *,
    by: User,
    told: Mapping[str, Any],
    form_key: uuid.UUID | None = None,
    base: int = 0,
    send: bool = False,
) -> Article:
    """Write down a draft, and send it to the editors if asked to. The same form sent twice is one.

    ``base`` is the revision the form was made from; if somebody saved since, nothing changes.
    """
    if not by.has_perm("community.take_part"):
        raise PermissionDenied
    if send:
        AuditHead.hold()
    body = text_of(told.get("body", ""), is_needed=send)
    there = None
    if article is None:
        there = Article.objects.filter(begun_by=by, form_key=form_key).first()
    if there is not None:
        return there
    row = _begun(by, form_key) if article is None else _opened(article, by, base)
    for name in (*TOLD, *(("byline",) if by.is_staff else ())):
        if name in told:
            setattr(row, name, told[name])
    row.body, row.cleaner = body, CLEANER_VERSION
    if row.published_at is None and (not row.slug or row.title != _saved_title(row)):
        row.slug = free_slug(row.title, uid=row.uid, but=row.pk or 0)
    # Of the address the database alone knows whether it is free: somebody may be taking it now.
    row.full_clean(exclude=[*NOT_FORMS, "slug"])
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        # Somebody was faster: with the same form, or with an article of the same name.
        there = Article.objects.filter(begun_by=by, form_key=form_key).first()
        if article is None and there is not None:
            return there
        row.slug = f"{row.slug[:LONGEST_SLUG]}-{row.uid}"
        row.save()
    _list(row, by, told)
    ArticleDraft.objects.filter(user=by, key__in=[row.uid, str(form_key)]).delete()
    if send:
        _may_send(by)
        row.submit_article(by=by)
    return row


def _begun(by: User, form_key: uuid.UUID | None) -> Article:
    if Article.objects.filter(begun_by=by, state=S.DRAFT).count() >= MOST_DRAFTS:
        raise DomainError(
            _("You have %(most)d drafts. Finish one of them first.") % {"most": MOST_DRAFTS},
            code="limit",
        )
    return Article(begun_by=by, form_key=form_key)


def _opened(article: Article, by: User, base: int) -> Article:
    row = hold_article(article)
    if not by.has_perm("community.write_article", row):
        raise PermissionDenied
    if row.state != S.DRAFT:
        raise DomainError(
            _("This post is with the editors. Take it back to change it."), code="wrong-state"
        )
    if row.revision != base:
        raise _stale()
    row.revision += 1
    return row


def _may_send(by: User) -> None:
    """Editors read what people send; nobody floods them."""
    waiting = Article.objects.filter(begun_by=by, state=S.SUBMITTED).count()
    if waiting >= MOST_WITH_EDITORS:
        raise DomainError(
            _("%(most)d of your posts wait for the editors. Send this one when they have answered.")
            % {"most": MOST_WITH_EDITORS},
            code="limit",
        )


def _saved_title(row: Article) -> str:
    found = Article.objects.filter(pk=row.pk).values_list("title", flat=True).first()
    return found or ""


def _list(row: Article, by: User, told: Mapping[str, Any]) -> None:
    """What it is about and found by; guests are named by editors alone."""
    for name in (*LISTS, *(("guests",) if by.is_staff else ())):
        if name in told:
            getattr(row, name).set(told[name])
    if "tags" in told:
        row.tags.set(told["tags"])


@transaction.atomic
def send_article(article: Article, *, by: User, base: int) -> None:
    """Hand a saved draft to the editors."""
    AuditHead.hold()
    row = hold_article(article)
    if not by.has_perm("community.write_article", row):
        raise PermissionDenied
    if row.revision != base:
        raise _stale()
    text_of(row.body, is_needed=True)
    _may_send(by)
    row.submit_article(by=by)


@transaction.atomic
def take_back(article: Article, *, by: User) -> None:
    """The author wants it back before it is published."""
    AuditHead.hold()
    hold_article(article).take_article_back(by=by)


@transaction.atomic
def correct_article(
    article: Article, *, by: User, base: int, reason: str, told: Mapping[str, Any]
) -> Article:
    """Change what is published. What it said before stays readable, the reason stands on the page,
    and unless an editor did it, the editors are asked to look.

    Whose contributions moderators read first may not change what is out: an editor does it.
    """
    AuditHead.hold()
    row = hold_article(article)
    if not by.has_perm("community.correct_article", row):
        raise PermissionDenied
    if row.state != S.PUBLISHED:
        raise DomainError(_("Only a published post is corrected."), code="wrong-state")
    body = text_of(told["body"], is_needed=row.has_text())
    before = (row.title, row.lede, row.body)
    if (told["title"], told["lede"], body) == before:
        return row
    if row.revision != base:
        raise _stale()
    if by.pk == row.begun_by_id and _is_read_first(by):
        raise DomainError(
            _(
                "Moderators read your contributions first at the moment. Ask an editor to make"
                " this change."
            ),
            code="checked",
        )
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": _("Say in a few words what was wrong.")})
    now = timezone.now()
    # An editor's change of another's text needs no second look.
    is_seen = by.has_perm("community.edit_the_blog", row)
    ArticleRevision.objects.create(
        article=row,
        number=row.revision,
        title=row.title,
        lede=row.lede,
        body=row.body,
        replaced_at=now,
        replaced_by=by,
        reason=reason[:200],
        seen_at=now if is_seen else None,
        seen_by=by if is_seen else None,
    )
    row.title, row.lede, row.body, row.cleaner = told["title"], told["lede"], body, CLEANER_VERSION
    row.revision, row.corrected_at = row.revision + 1, now
    row.full_clean(exclude=NOT_FORMS)
    row.save()
    ArticleDraft.objects.filter(user=by, key=row.uid).delete()
    AuditEntry.record(by=by, verb="correct_article", target=row, note=reason[:200])
    article_moved.send(Article, article=row, verb="correct_article", by=by)
    return row


def _is_read_first(by: User) -> bool:
    """Whether moderators read what this person writes before others do."""
    member = member_of(by)
    return (member is None or member.trust == Trust.NEW) or any(
        sanction.kind == SanctionKind.CHECKED for sanction in sanctions_of(by)
    )


@transaction.atomic
def see_changes(article: Article, *, by: User) -> None:
    """An editor has looked at what was changed after publication."""
    if not by.has_perm("community.edit_the_blog", article):
        raise PermissionDenied
    AuditHead.hold()
    unseen = ArticleRevision.objects.filter(article=article, seen_at=None)
    if unseen.update(seen_at=timezone.now(), seen_by=by):
        AuditEntry.record(by=by, verb="see_changes", target=article)


# --- Unsaved text ---------------------------------------------------------------------------


@transaction.atomic
def keep_draft(
    *, by: User, key: str, article: Article | None, data: Mapping[str, list[str]]
) -> ArticleDraft | None:
    """Keep what was typed. None if it is more than anybody types."""
    if sum(len(text) for texts in data.values() for text in texts) > MOST_KEPT:
        return None
    draft, _made = ArticleDraft.objects.update_or_create(
        user=by, key=key[:40], defaults={"article": article, "data": dict(data)}
    )
    rows = ArticleDraft.objects.filter(user=by, article=None)
    kept = list(rows.values_list("pk", flat=True)[: ArticleDraft.MOST])
    rows.exclude(pk__in=kept).delete()
    return draft


def drop_draft(*, by: User, key: str) -> None:
    ArticleDraft.objects.filter(user=by, key=key).delete()


# --- Editors --------------------------------------------------------------------------------


@transaction.atomic
def decide(article: Article, verb: str, *, by: User, base: int, words: str = "") -> None:
    """An editor returns, accepts, publishes, withdraws or shows again what they have read.

    Refused as stale if the text is another one by now.
    """
    if verb not in DECISIONS:
        raise PermissionDenied
    AuditHead.hold()
    row = hold_article(article)
    if not by.has_perm("community.edit_the_blog", row) and not row.is_by(by):
        raise PermissionDenied
    if row.revision != base:
        raise DomainError(
            _("The text was changed since you opened it. Read it again before you decide."),
            code="stale",
        )
    told: dict[str, Any] = {}
    if name := DECISIONS[verb]:
        told[name] = words.strip()
        if not told[name]:
            raise ValidationError({"words": _("Say why. The author reads it.")})
    if verb in {"publish_article", "republish_article"} and not row.author_may_be_heard():
        raise DomainError(
            _("Its author may not write at the moment. Nothing of theirs appears now."),
            code="silenced",
        )
    getattr(row, verb)(by=by, **told)


#: What an editor decides, and what their words are to the move.
DECISIONS = {
    "return_article": "remarks",
    "accept_article": "",
    "publish_article": "",
    "withdraw_article": "reason",
    "republish_article": "",
}


def publish_due(*, by: Portal, now: dt.datetime) -> int:
    """Publish what editors accepted and whose day has come. Returns how many.

    Safe to run twice or late: each row is held, looked at again and moved by itself. What an
    author wrote who may not write now is not published: it is stopped, and an editor decides.
    """
    today = timezone.localdate(now)
    found = list(Article.objects.due(today).values_list("pk", flat=True)[:AT_ONCE])
    return sum(_publish(pk, by=by, today=today) for pk in found)


@transaction.atomic
def _publish(pk: int, *, by: Portal, today: dt.date) -> bool:
    AuditHead.hold()
    found = Article.objects.due(today).filter(pk=pk).first()
    if found is None:
        return False
    row = hold_article(found)
    if not Article.objects.due(today).filter(pk=pk).exists():
        return False
    author = row.begun_by
    if not row.author_may_be_heard() or (author is not None and author.closed_at is not None):
        Article.objects.filter(pk=row.pk).update(held_at=timezone.now())
        AuditEntry.record(by=by, verb="stop_article", target=row, **by.audit_name)
        return False
    row.publish_article(by=by)
    return True


# --- Comments -------------------------------------------------------------------------------


@transaction.atomic
def comment(article: Article, *, by: User, body: str, form_key: uuid.UUID) -> Post:
    """Say something about an article: in its one discussion, which the first comment begins."""
    row = Article.objects.select_for_update().get(pk=article.pk)
    if not by.has_perm("community.take_part"):
        raise PermissionDenied
    if row.state != S.PUBLISHED:
        raise DomainError(_("This post is not published any more."), code="gone")
    open_ones = Discussion.objects.exclude(state=DiscussionState.MERGED)
    discussion = open_ones.filter(article=row).first()
    if discussion is not None:
        return discussing.write_post(discussion, by=by, body=body, form_key=form_key)
    title = row.title[: Discussion._meta.get_field("title").max_length]
    discussion = discussing.begin_discussion(
        by=by, place=row, title=title, body=body, form_key=form_key, language=row.language
    )
    return discussion.posts.get(form_key=form_key)
