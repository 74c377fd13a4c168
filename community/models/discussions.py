"""Discussions: where something is talked about, the posts, and what readers did with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalogue.models import Solution
from claims.models import new_uid
from community.choices import (
    ArticleState,
    Attention,
    ChapterRole,
    DiscussionState,
    PostState,
    Season,
)
from community.models.articles import Article
from community.models.chapters import Chapter, ChapterMember
from community.models.labs import LivingLab
from community.models.themes import MonthlyTheme
from community.signals import discussion_begun, discussion_moved, post_moved, post_shown
from core.lifecycle import Lifecycle, Move
from core.richtext import CLEANER_VERSION
from events.models import Commitment, Event

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

#: What a discussion can be about: each names the column that points at it.
PLACES = ("theme", "chapter", "lab", "solution", "commitment", "event", "article")


def _one_place() -> Q:
    """Exactly one of the columns of ``PLACES`` is filled."""
    condition = Q()
    for name in PLACES:
        condition |= Q(**{f"{other}__isnull": other != name for other in PLACES})
    return condition


class DiscussionQuerySet(models.QuerySet["Discussion"]):
    def reachable_by(self, user: User | AnonymousUser, *, within: str = "") -> Self:
        """Those in places whose discussions this person reads, whatever became of them there.

        ``within`` one kind of place costs a database much less.
        """
        rows = self.filter(**{f"{within}__isnull": False}) if within else self
        if user.is_authenticated and user.is_active and user.is_staff:
            return rows
        if within in {"theme", "lab"}:
            return rows.filter(**{f"{within}__is_public": True})
        if within == "article":
            return rows.filter(article__state=ArticleState.PUBLISHED)
        if within in {"solution", "event", "commitment"}:
            records: Any = {"solution": Solution, "event": Event, "commitment": Commitment}
            return rows.filter(**{f"{within}__in": records[within].objects.visible_to(user)})
        in_chapter = Q(chapter__is_public=True, chapter__is_private=False)
        if user.is_authenticated and user.is_active:
            in_chapter |= Q(chapter__is_public=True) & Q(Exists(_belonging(user)))
        if within == "chapter":
            return rows.filter(in_chapter)
        return rows.filter(
            Q(theme__is_public=True)
            | in_chapter
            | Q(lab__is_public=True)
            | Q(solution__in=Solution.objects.visible_to(user))
            | Q(event__in=Event.objects.visible_to(user))
            | Q(commitment__in=Commitment.objects.visible_to(user))
            | Q(article__state=ArticleState.PUBLISHED)
        )

    def visible_to(self, user: User | AnonymousUser, *, within: str = "") -> Self:
        """What this person may read: what its place lets them see, and what is not hidden; of one
        kind of place only, if ``within`` names it.

        Its twin for one object is ``community.view_discussion``.
        """
        if user.is_authenticated and user.is_active and user.is_staff:
            return self.reachable_by(user, within=within)
        # What only waits for a moderator has shown nobody anything, its title least of all.
        begun = Q(shown_posts__gt=0) | Q(last_number=0) | Q(state=DiscussionState.MERGED)
        stewarded = Q()
        if user.is_authenticated and user.is_active:
            begun |= Q(started_by=user)
            stewarded = (
                Q(theme__stewards=user)
                | Q(lab__stewards=user)
                | Q(Exists(_belonging(user).filter(role=ChapterRole.COORDINATOR)))
            )
            # Through sub-selects, so that no row appears twice.
            stewarded = Q(pk__in=Discussion.objects.filter(stewarded).values("pk"))
        return self.reachable_by(user, within=within).filter(
            (~Q(state=DiscussionState.HIDDEN) & begun) | stewarded
        )

    def by_last_post(self) -> Self:
        """Pinned first, then those with the newest post."""
        return self.order_by("-is_pinned", "-last_post_at", "-pk")


def _belonging(user: User) -> models.QuerySet[ChapterMember]:
    """This person's place in the chapter of a discussion, if they have one."""
    rows = ChapterMember.objects.filter(chapter=OuterRef("chapter"), user=user)
    return rows.exclude(role=ChapterRole.ASKED)


class Discussion(Lifecycle):
    """One topic, talked about in one place. Its posts are numbered from 1.

    ``shown_posts`` counts what everybody who sees the discussion can read; ``last_number`` is the
    number given last, so numbers are never given twice, even when posts move elsewhere.
    """

    moves = {
        "lock": Move(
            _("Lock"), (DiscussionState.OPEN,), DiscussionState.LOCKED, "community.moderate"
        ),
        "unlock": Move(
            _("Open again"), (DiscussionState.LOCKED,), DiscussionState.OPEN, "community.moderate"
        ),
        "hide_discussion": Move(
            _("Hide"),
            (DiscussionState.OPEN, DiscussionState.LOCKED),
            DiscussionState.HIDDEN,
            "community.moderate",
        ),
        "restore_discussion": Move(
            _("Show again"), (DiscussionState.HIDDEN,), DiscussionState.OPEN, "community.moderate"
        ),
        "merge_discussion": Move(
            _("Merge into another"),
            (DiscussionState.OPEN, DiscussionState.LOCKED),
            DiscussionState.MERGED,
            "community.moderate",
        ),
    }

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    form_key = models.UUIDField(null=True, editable=False)
    title = models.CharField(_("title"), max_length=160)
    language = models.CharField(_("language"), max_length=10, blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    started_at = models.DateTimeField(_("started"), default=timezone.now, editable=False)
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=DiscussionState,
        default=DiscussionState.OPEN,
        editable=False,
    )
    theme = models.ForeignKey(
        MonthlyTheme, models.CASCADE, null=True, blank=True, related_name="discussions"
    )
    chapter = models.ForeignKey(
        Chapter, models.CASCADE, null=True, blank=True, related_name="discussions"
    )
    lab = models.ForeignKey(
        LivingLab, models.CASCADE, null=True, blank=True, related_name="discussions"
    )
    solution = models.ForeignKey(
        Solution, models.CASCADE, null=True, blank=True, related_name="discussions"
    )
    commitment = models.ForeignKey(
        Commitment, models.CASCADE, null=True, blank=True, related_name="discussions"
    )
    event = models.ForeignKey(
        Event, models.CASCADE, null=True, blank=True, related_name="discussions"
    )
    article = models.ForeignKey(
        Article, models.CASCADE, null=True, blank=True, related_name="discussions"
    )
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, editable=False, related_name="merged"
    )
    is_pinned = models.BooleanField(_("pinned"), default=False)
    shown_posts = models.PositiveIntegerField(default=0, editable=False)
    last_number = models.PositiveIntegerField(default=0, editable=False)
    last_post_at = models.DateTimeField(default=timezone.now, editable=False)
    last_post_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    # The facilitator's words on where the discussion stands; ``summary_covers`` is a post's number.
    summary = models.TextField(_("summary so far"), max_length=6000, blank=True)
    summary_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    summary_at = models.DateTimeField(null=True, editable=False)
    summary_covers = models.PositiveIntegerField(default=0, editable=False)

    objects = DiscussionQuerySet.as_manager()

    class Meta:
        verbose_name = _("discussion")
        verbose_name_plural = _("discussions")
        ordering = ["-last_post_at", "-pk"]
        constraints = [
            models.CheckConstraint(name="discussion_has_one_place", condition=_one_place()),
            models.CheckConstraint(
                name="merged_discussion_names_the_other",
                condition=Q(state=DiscussionState.MERGED, merged_into__isnull=False)
                | (~Q(state=DiscussionState.MERGED) & Q(merged_into__isnull=True)),
            ),
            models.UniqueConstraint(
                fields=["started_by", "form_key"], name="discussion_once_per_form"
            ),
            models.UniqueConstraint(
                fields=["article"],
                condition=Q(article__isnull=False) & ~Q(state=DiscussionState.MERGED),
                name="one_discussion_per_article",
            ),
        ]
        indexes = [
            models.Index(fields=[name, "-is_pinned", "-last_post_at"], name=f"discussions_{name}")
            for name in ("theme", "chapter", "lab", "solution", "event")
        ] + [models.Index(fields=["-last_post_at", "-id"], name="discussions_by_last_post")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("community:discussion", args=[self.uid])

    @property
    def place_name(self) -> str:
        """Which of ``PLACES`` it is in."""
        return next(name for name in PLACES if getattr(self, f"{name}_id") is not None)

    @property
    def place(self) -> Any:
        """The theme, chapter, lab or record it is about. A query unless it was fetched with."""
        return getattr(self, self.place_name)

    def takes_posts(self) -> bool:
        """Whether its state and its place's season let members write. A theme ends by date."""
        if self.state != DiscussionState.OPEN:
            return False
        return self.theme is None or self.theme.season(timezone.localdate()) == Season.OPEN

    def lock(self, *, by: User, reason: str = "") -> None:
        """No more posts; everything stays readable."""
        self._make("lock", by=by, note=reason)

    def unlock(self, *, by: User) -> None:
        self._make("unlock", by=by)

    def hide_discussion(self, *, by: User, reason: str) -> None:
        """Out of sight of everybody but moderators."""
        self._make("hide_discussion", by=by, note=reason)

    def restore_discussion(self, *, by: User) -> None:
        self._make("restore_discussion", by=by)

    def announce(self, verb: str, *, by: Any) -> None:
        discussion_moved.send(Discussion, discussion=self, verb=verb, by=by)


class PostQuerySet(models.QuerySet["Post"]):
    def readable_by(self, user: User | AnonymousUser, *, moderates: bool = False) -> Self:
        """Within a discussion this person sees: shown posts, the gaps where others stood, and their
        own. Moderators read all."""
        if moderates:
            return self
        # Of hidden and withdrawn posts only the place is shown: ``Post.text_for`` says what. One
        # that nobody ever read leaves no gap.
        gap = Q(state__in=(PostState.WITHDRAWN, PostState.HIDDEN), shown_at__isnull=False)
        open_to_all = Q(state=PostState.SHOWN) | gap
        return (
            self.filter(open_to_all | Q(author=user))
            if user.is_authenticated
            else self.filter(open_to_all)
        )

    def shown(self) -> Self:
        return self.filter(state=PostState.SHOWN)


class Post(Lifecycle):
    """One contribution to a discussion: the opening one or a reply.

    ``number`` is its place in the discussion and the key pages are cut by; the ``uid`` stays the
    same wherever the post moves, so its address does, too.
    """

    moves = {
        "release_post": Move(_("Show"), (PostState.HELD,), PostState.SHOWN, "community.moderate"),
        "refuse_post": Move(
            _("Do not show"), (PostState.HELD,), PostState.HIDDEN, "community.moderate"
        ),
        "hide_post": Move(_("Hide"), (PostState.SHOWN,), PostState.HIDDEN, "community.moderate"),
        # Made by the portal when several trusted members flagged it.
        "hold_post": Move(
            _("Hold for a moderator"), (PostState.SHOWN,), PostState.HELD, "community.hold_post"
        ),
        "restore_post": Move(
            _("Show again"), (PostState.HIDDEN,), PostState.SHOWN, "community.moderate"
        ),
        "withdraw_post": Move(
            _("Withdraw"),
            (PostState.SHOWN, PostState.HELD),
            PostState.WITHDRAWN,
            "community.own_post",
        ),
    }

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    form_key = models.UUIDField(null=True, editable=False)
    discussion = models.ForeignKey(Discussion, on_delete=models.CASCADE, related_name="posts")
    number = models.PositiveIntegerField(editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="posts"
    )
    reply_to = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="replies"
    )
    #: The words of the other post this one answers, as its author chose them.
    quote = models.CharField(_("quoted words"), max_length=500, blank=True)
    body = models.TextField(_("text"))
    cleaner = models.PositiveSmallIntegerField(default=CLEANER_VERSION, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=PostState, default=PostState.SHOWN, editable=False
    )
    held_because = models.CharField(max_length=200, blank=True, editable=False)
    #: Recognises the same text when it comes again (``screening.digest_of``).
    digest = models.CharField(max_length=32, blank=True, editable=False)
    written_at = models.DateTimeField(_("written"), default=timezone.now, editable=False)
    shown_at = models.DateTimeField(null=True, editable=False)
    revision = models.PositiveIntegerField(default=0, editable=False)
    edited_at = models.DateTimeField(null=True, editable=False)
    useful = models.PositiveIntegerField(default=0, editable=False)
    moved_from = models.ForeignKey(
        Discussion, models.SET_NULL, null=True, editable=False, related_name="moved_out"
    )

    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ["discussion", "number"]
        constraints = [
            models.UniqueConstraint(fields=["discussion", "number"], name="post_number_once"),
            models.UniqueConstraint(fields=["author", "form_key"], name="post_once_per_form"),
        ]
        indexes = [
            models.Index(fields=["author", "-written_at"], name="posts_of_an_author"),
            models.Index(
                fields=["written_at"], condition=Q(state=PostState.HELD), name="posts_held"
            ),
            models.Index(
                fields=["digest", "-written_at"], condition=~Q(digest=""), name="posts_by_digest"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.discussion} #{self.number}"

    def get_absolute_url(self) -> str:
        """Its own address, which leads to the page of the discussion it stands on."""
        return reverse("community:post", args=[self.uid])

    def text_for(self, user: User | AnonymousUser, *, moderates: bool = False) -> str:
        """The body if this person may read it, else nothing: the page says why."""
        own = user.is_authenticated and self.author_id == user.pk
        return self.body if moderates or own or self.state == PostState.SHOWN else ""

    def release_post(self, *, by: User) -> None:
        """Let everybody read a post that was held."""
        self._show("release_post", by=by)

    def _show(self, verb: str, *, by: User) -> None:
        """Make a move after which everybody can read it. Only the first time is told of."""
        is_first_time = self.shown_at is None
        with transaction.atomic():
            self._make(verb, by=by, shown_at=self.shown_at or timezone.now(), held_because="")
            if not is_first_time:
                return
            if self.number == 1:
                discussion_begun.send(Discussion, discussion=self.discussion, by=self.author)
            mentioned = list(self.mentions.values_list("user_id", flat=True))
            post_shown.send(Post, post=self, mentioned=mentioned)

    def refuse_post(self, *, by: User, reason: str) -> None:
        self._make("refuse_post", by=by, note=reason)

    def hide_post(self, *, by: User, reason: str) -> None:
        """Its place stays in the discussion, its words are for its author and moderators."""
        self._make("hide_post", by=by, note=reason)

    def restore_post(self, *, by: User) -> None:
        self._show("restore_post", by=by)

    def hold_post(self, *, by: Any, because: str) -> None:
        """Out of sight until a moderator has looked. Who flagged it stands nowhere but there."""
        self._make("hold_post", by=by, held_because=because[:200], **by.audit_name)

    def withdraw_post(self, *, by: User) -> None:
        self._make("withdraw_post", by=by)

    def announce(self, verb: str, *, by: Any) -> None:
        post_moved.send(Post, post=self, verb=verb, by=by)


class PostRevision(models.Model):
    """What a post said before it was changed. Everybody who reads the post may read it."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    body = models.TextField()
    replaced_at = models.DateTimeField(default=timezone.now, editable=False)
    replaced_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("earlier text of a post")
        verbose_name_plural = _("earlier texts of posts")
        ordering = ["post", "number"]
        constraints = [
            models.UniqueConstraint(fields=["post", "number"], name="post_revision_once")
        ]

    def __str__(self) -> str:
        return f"{self.post}: {self.number}"


class Mention(models.Model):
    """A member named in a post by their short name."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("mention")
        verbose_name_plural = _("mentions")
        constraints = [models.UniqueConstraint(fields=["post", "user"], name="mentioned_once")]

    def __str__(self) -> str:
        return f"{self.user}: {self.post}"


class UsefulMark(models.Model):
    """Somebody found a post useful."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="marks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    given_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("useful mark")
        verbose_name_plural = _("useful marks")
        constraints = [models.UniqueConstraint(fields=["post", "user"], name="useful_once")]

    def __str__(self) -> str:
        return str(self.post)


class Insight(models.Model):
    """A post that whoever keeps the place picked: what it teaches, in one sentence.

    The raw material of a theme's synthesis.
    """

    post = models.OneToOneField(Post, on_delete=models.CASCADE, related_name="insight")
    text = models.CharField(_("what it teaches, in one sentence"), max_length=300)
    picked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    picked_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("insight")
        verbose_name_plural = _("insights")
        ordering = ["post__discussion", "post__number", "pk"]

    def __str__(self) -> str:
        return self.text


class Reading(models.Model):
    """Where one member stands in one discussion: read up to here, followed or muted."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="readings"
    )
    discussion = models.ForeignKey(Discussion, on_delete=models.CASCADE, related_name="readings")
    read_to = models.PositiveIntegerField(default=0)
    attention = models.CharField(max_length=10, choices=Attention, default=Attention.NORMAL)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("place in a discussion")
        verbose_name_plural = _("places in discussions")
        constraints = [
            models.UniqueConstraint(fields=["user", "discussion"], name="one_reading_each")
        ]
        indexes = [
            models.Index(fields=["user", "attention"], name="readings_followed"),
            # Keyset for telling followers: (discussion, attention, user).
            models.Index(
                fields=["discussion", "attention", "user"], name="readings_of_a_discussion"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.discussion}"


class Draft(models.Model):
    """What a member has typed and not sent. ``key`` says where: "reply:<uid>", "edit:<uid>",
    "new:<place>:<pk>"."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts"
    )
    key = models.CharField(max_length=60)
    title = models.CharField(max_length=160, blank=True)
    body = models.TextField(blank=True)
    changed_at = models.DateTimeField(auto_now=True)

    MOST: ClassVar[int] = 50

    class Meta:
        verbose_name = _("unsent text")
        verbose_name_plural = _("unsent texts")
        ordering = ["-changed_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_draft_per_place")]

    def __str__(self) -> str:
        return self.key
