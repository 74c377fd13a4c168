"""The blog: articles by members and guest experts, checked by an editor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from taggit.managers import TaggableManager
from taggit.models import TaggedItemBase

from catalogue.models import Solution
from claims.models import Reference, new_uid
from community.choices import ArticleState, VersionState
from community.models.chapters import Chapter
from community.models.labs import LivingLab
from community.models.members import silenced_by
from community.models.themes import MonthlyTheme
from community.signals import article_moved
from core.errors import DomainError
from core.lifecycle import Lifecycle, Move
from core.partialdate import PartialDateField
from core.richtext import CLEANER_VERSION
from events.models import Event, Person
from hubs.models import Hub

if TYPE_CHECKING:
    import datetime as dt

    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

S = ArticleState


class ArticleQuerySet(models.QuerySet["Article"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Published ones; one's own; all for portal moderators, who are the editors.

        Its twin for one object is ``community.view_article``.
        """
        published = Q(state=S.PUBLISHED)
        if not user.is_authenticated or not user.is_active:
            return self.filter(published)
        if user.is_staff:
            return self
        return self.filter(published | Q(begun_by=user))

    def at_desk_of(self, user: User | AnonymousUser) -> Self:
        """Portal moderators are the editors; nobody else reads drafts at the desk."""
        return self if user.is_authenticated and user.is_active and user.is_staff else self.none()

    def queue(self) -> Self:
        """What waits for an editor: sent in, or accepted and stopped on its day."""
        waiting = Q(state=S.SUBMITTED) | Q(state=S.ACCEPTED, held_at__isnull=False)
        return self.filter(waiting).order_by("submitted_at", "pk")

    def due(self, today: dt.date) -> Self:
        """Accepted, and its day has come. What was stopped waits for an editor instead."""
        day_has_come = Q(publish_on=None) | Q(publish_on__lte=today)
        accepted = self.filter(day_has_come, state=S.ACCEPTED, held_at=None)
        return accepted.order_by("publish_on", "pk")

    def published(self) -> Self:
        """What the blog lists, newest first."""
        return self.filter(state=S.PUBLISHED).order_by("-published_on", "-pk")


class ArticleTag(TaggedItemBase):
    """A word an article is found by."""

    content_object = models.ForeignKey("Article", on_delete=models.CASCADE, related_name="tagged")

    class Meta:
        verbose_name = _("tag of a blog post")
        verbose_name_plural = _("tags of blog posts")


class Article(Lifecycle):  # type: ignore[django-manager-missing]  # taggit
    """One blog post: draft, editorial check, published on its date.

    An article the record only knows of (a published source names it, its text is elsewhere or lost)
    has a ``reference`` and no body; its page says so.
    """

    moves = {
        "submit_article": Move(
            _("Send to the editors"), (S.DRAFT,), S.SUBMITTED, "community.own_article"
        ),
        "take_article_back": Move(
            _("Take back"), (S.SUBMITTED, S.ACCEPTED), S.DRAFT, "community.own_article"
        ),
        "return_article": Move(
            _("Return with remarks"),
            (S.SUBMITTED, S.ACCEPTED),
            S.DRAFT,
            "community.edit_the_blog",
        ),
        "accept_article": Move(
            _("Accept for its date"), (S.SUBMITTED,), S.ACCEPTED, "community.edit_the_blog"
        ),
        "publish_article": Move(
            _("Publish"), (S.SUBMITTED, S.ACCEPTED), S.PUBLISHED, "community.publish_article"
        ),
        "withdraw_article": Move(
            _("Withdraw"), (S.PUBLISHED,), S.WITHDRAWN, "community.edit_the_blog"
        ),
        "republish_article": Move(
            _("Publish again"), (S.WITHDRAWN,), S.PUBLISHED, "community.edit_the_blog"
        ),
    }

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    form_key = models.UUIDField(null=True, editable=False)
    slug = models.SlugField(_("address"), max_length=100, unique=True)
    title = models.CharField(_("title"), max_length=200)
    lede = models.CharField(_("in one or two sentences"), max_length=400, blank=True)
    body = models.TextField(_("text"), blank=True)
    cleaner = models.PositiveSmallIntegerField(default=CLEANER_VERSION, editable=False)
    language = models.CharField(_("language"), max_length=10, default="en")
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="articles"
    )
    #: As readers see the author; guest experts have no account.
    byline = models.CharField(_("author, as readers see it"), max_length=200, blank=True)
    guests = models.ManyToManyField(
        Person, blank=True, related_name="articles", verbose_name=_("guest experts")
    )
    state = models.CharField(
        _("state"), max_length=10, choices=ArticleState, default=S.DRAFT, editable=False
    )
    publish_on = models.DateField(
        _("publish on"), null=True, blank=True, help_text=_("Leave empty for as soon as accepted.")
    )
    #: A partial date: of old articles often only the year is known.
    published_on = PartialDateField(_("published"), blank=True)
    published_at = models.DateTimeField(null=True, editable=False)
    submitted_at = models.DateTimeField(null=True, editable=False)
    #: Its day came while its author might not write: it waits for an editor.
    held_at = models.DateTimeField(null=True, editable=False)
    #: When what is published was last corrected.
    corrected_at = models.DateTimeField(null=True, editable=False)
    remarks = models.TextField(_("remarks of the editors"), max_length=4000, blank=True)
    revision = models.PositiveIntegerField(default=0, editable=False)
    changed_at = models.DateTimeField(auto_now=True)
    theme = models.ForeignKey(
        MonthlyTheme, models.SET_NULL, null=True, blank=True, related_name="articles"
    )
    chapter = models.ForeignKey(
        Chapter, models.SET_NULL, null=True, blank=True, related_name="articles"
    )
    lab = models.ForeignKey(
        LivingLab, models.SET_NULL, null=True, blank=True, related_name="articles"
    )
    solutions = models.ManyToManyField(Solution, blank=True, related_name="articles")
    hubs = models.ManyToManyField(Hub, blank=True, related_name="articles")
    events = models.ManyToManyField(Event, blank=True, related_name="articles")
    tags = TaggableManager(through=ArticleTag, blank=True)
    reference = models.ForeignKey(
        Reference, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("source")
    )
    place = models.CharField(_("page or section"), max_length=120, blank=True)
    url = models.URLField(_("published at"), max_length=500, blank=True)

    objects = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = _("blog post")
        verbose_name_plural = _("blog posts")
        ordering = ["-published_on", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["begun_by", "form_key"], name="article_once_per_form"),
            models.CheckConstraint(
                name="published_article_has_text_or_source",
                condition=~Q(state=S.PUBLISHED) | ~Q(body="") | Q(reference__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-published_on", "-id"], name="articles_listed"),
            models.Index(fields=["state", "publish_on"], name="articles_due"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("community:article", args=[self.slug])

    def submit_article(self, *, by: User) -> None:
        self._make("submit_article", by=by, remarks="", submitted_at=timezone.now(), held_at=None)

    def take_article_back(self, *, by: User) -> None:
        self._make("take_article_back", by=by, held_at=None)

    def return_article(self, *, by: User, remarks: str) -> None:
        """Back to its author, who reads what to change."""
        self._four_eyes("return_article", by)
        self._make("return_article", by=by, note=remarks, remarks=remarks, held_at=None)

    def accept_article(self, *, by: User) -> None:
        self._four_eyes("accept_article", by)
        self._make("accept_article", by=by, held_at=None)

    def publish_article(self, *, by: Any) -> None:
        """Let everybody read it. ``by`` is an editor, or the portal on the agreed date."""
        self._four_eyes("publish_article", by)
        if not self.author_may_be_heard():
            raise DomainError(
                gettext("Its author may not write at the moment. Nothing of theirs appears now."),
                code="silenced",
            )
        now = timezone.now()
        self._make(
            "publish_article",
            by=by,
            published_at=now,
            published_on=self.published_on or timezone.localdate(now).isoformat(),
            held_at=None,
            **getattr(by, "audit_name", {}),
        )

    def withdraw_article(self, *, by: User, reason: str) -> None:
        """Out of sight. Its author reads why."""
        self._four_eyes("withdraw_article", by)
        self._make("withdraw_article", by=by, note=reason, remarks=reason)

    def republish_article(self, *, by: User) -> None:
        self._four_eyes("republish_article", by)
        self._make("republish_article", by=by, remarks="")

    def _four_eyes(self, verb: str, by: Any) -> None:
        """Nobody decides about a text of their own, not even those who may everything."""
        if not by.has_perm(self.moves[verb].permission, self):
            raise PermissionDenied
        if self.is_by(by):
            raise DomainError(gettext("Another editor decides about your own post."), code="own")

    def is_by(self, user: Any) -> bool:
        """Whether this person began it or is one of its guests."""
        if user.pk is None:
            return False
        return user.pk == self.begun_by_id or any(
            guest.user_id == user.pk for guest in self.guests.all()
        )

    def author_may_be_heard(self) -> bool:
        """Whether whoever wrote it may write now: neither suspended nor banned nor locked out.

        An article of an account that is gone is the record's own.
        """
        author = self.begun_by
        if author is None or author.closed_at is not None:
            return True
        return author.is_active and silenced_by(author) is None

    def has_text(self) -> bool:
        """Whether there is something to read here; else the page says where it was published."""
        return bool(self.body)

    def announce(self, verb: str, *, by: Any) -> None:
        article_moved.send(Article, article=self, verb=verb, by=by)


class ArticleRevisionQuerySet(models.QuerySet["ArticleRevision"]):
    def shown(self) -> Self:
        """Those no moderator hid."""
        return self.filter(state=VersionState.SHOWN)


class ArticleRevision(Lifecycle):
    """What a published article said before it was changed.

    A moderator can hide one: readers, its author among them, then see that it was hidden, and
    neither its text nor its reason. The row stays: an appeal can bring it back.
    """

    moves: ClassVar[dict[str, Move]] = {
        "hide_version": Move(
            _("Hide"), (VersionState.SHOWN,), VersionState.HIDDEN, "community.moderate"
        ),
        "restore_version": Move(
            _("Show again"), (VersionState.HIDDEN,), VersionState.SHOWN, "community.moderate"
        ),
    }

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    lede = models.CharField(max_length=400, blank=True)
    body = models.TextField(blank=True)
    replaced_at = models.DateTimeField(default=timezone.now, editable=False)
    replaced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    #: When an editor other than who changed it has looked at the change.
    seen_at = models.DateTimeField(null=True, editable=False)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    state = models.CharField(
        _("state"), max_length=10, choices=VersionState, default=VersionState.SHOWN, editable=False
    )
    hidden_at = models.DateTimeField(null=True, editable=False)

    objects = ArticleRevisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("earlier text of a blog post")
        verbose_name_plural = _("earlier texts of blog posts")
        ordering = ["article", "number"]
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="article_revision_once")
        ]
        indexes = [
            models.Index(
                fields=["replaced_at"], condition=Q(seen_at=None), name="article_changes_unseen"
            )
        ]

    def __str__(self) -> str:
        return f"{self.article}: {self.number}"

    @property
    def is_hidden(self) -> bool:
        return self.state == VersionState.HIDDEN

    def hide_version(self, *, by: User, reason: str) -> None:
        self._make("hide_version", by=by, note=reason, hidden_at=timezone.now())

    def restore_version(self, *, by: User) -> None:
        self._make("restore_version", by=by, hidden_at=None)


class ArticleDraft(models.Model):
    """What somebody typed into the form of an article and has not saved.

    Kept as the browser sent it, unchecked, so that nothing is lost when the browser closes, the
    session ends, or the same article was saved elsewhere. ``key`` is the form's own key as long
    as there is no article.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="article_drafts"
    )
    article = models.ForeignKey(
        Article, on_delete=models.CASCADE, null=True, related_name="unsaved"
    )
    key = models.CharField(max_length=40)
    data = models.JSONField(default=dict, help_text=_("Field name to list of values, as posted."))
    saved_at = models.DateTimeField(auto_now=True)

    #: So many of new articles are kept of one person; the oldest go.
    MOST: ClassVar[int] = 10

    class Meta:
        verbose_name = _("unsaved text of a blog post")
        verbose_name_plural = _("unsaved texts of blog posts")
        ordering = ["-saved_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="article_draft_once")]

    def __str__(self) -> str:
        return self.key
