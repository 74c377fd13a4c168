"""The synthesis of a month: what was concluded, and the posts every conclusion comes from.

There is one working copy per theme, which its keepers write, and the versions that were
published from it. A version is frozen: the database itself refuses to change or delete it.

What others wrote is not the keepers' to keep for ever. So a version has two parts:

- its ``content`` is the keepers' own text, with the address, the date and the revision of every
  source; it never changes;
- the words and names of members stand beside it, one ``VersionSource`` for each source. They were
  taken down as everybody could read them on the day of publication, and may only ever be taken
  away again: when an author withdraws a post its words and its author go, when an account is
  closed the name goes. The database refuses every other change.

A post that is hidden may be shown again, so its words stay in the table and off every page while
it is hidden (``community.syntheses``). Each source stays in its place with what became of it, so a
reader sees that a conclusion lost one of its grounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from claims.models import new_uid
from community.choices import DiscussionState, PostState, SynthesisState
from community.models.discussions import Post
from community.models.themes import MonthlyTheme
from core.lifecycle import Lifecycle, Move

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

#: Where a source may stand: what is hidden or merged away shows nothing.
OPEN_DISCUSSIONS = (DiscussionState.OPEN, DiscussionState.LOCKED)


def sources_for(theme: MonthlyTheme) -> models.QuerySet[Post]:
    """The posts a conclusion about this month may rest on: shown ones of its own discussions.

    Nothing of a chapter, a lab or a hidden discussion, and nothing that waits for a moderator.
    """
    return Post.objects.filter(
        discussion__theme=theme, discussion__state__in=OPEN_DISCUSSIONS, state=PostState.SHOWN
    )


class SynthesisQuerySet(models.QuerySet["Synthesis"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """What is published about the themes this person sees."""
        return self.filter(
            state=SynthesisState.PUBLISHED, theme__in=MonthlyTheme.objects.visible_to(user)
        )


class Synthesis(Lifecycle):
    """What a month's debate led to, as its keepers write it: the working copy.

    ``revision`` counts the changes of the frame (introduction, open questions, what to read);
    each conclusion counts its own, so that two keepers at two conclusions do not meet.
    """

    moves = {
        "publish_synthesis": Move(
            _("Publish"),
            (SynthesisState.WRITING, SynthesisState.PUBLISHED),
            SynthesisState.PUBLISHED,
            "community.keep",
        ),
    }

    theme = models.OneToOneField(MonthlyTheme, models.PROTECT, related_name="synthesis")
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=SynthesisState,
        default=SynthesisState.WRITING,
        editable=False,
    )
    intro = models.TextField(_("introduction"), blank=True)
    #: One question a line.
    questions = models.TextField(_("questions that stay open"), blank=True)
    reading = models.TextField(_("what to read next"), blank=True)
    revision = models.PositiveIntegerField(default=0, editable=False)
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    begun_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    objects = SynthesisQuerySet.as_manager()

    class Meta:
        verbose_name = _("synthesis of a month")
        verbose_name_plural = _("syntheses of the months")
        ordering = ["-theme__month", "pk"]

    def __str__(self) -> str:
        return str(self.theme)

    def get_absolute_url(self) -> str:
        return reverse("community:synthesis", args=[self.theme.slug])


class Conclusion(models.Model):
    """One thing that was concluded: a sentence, and what explains it."""

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    form_key = models.UUIDField(null=True, editable=False)
    synthesis = models.ForeignKey(Synthesis, on_delete=models.CASCADE, related_name="conclusions")
    sentence = models.CharField(_("conclusion, in one sentence"), max_length=300)
    explanation = models.TextField(_("explanation"), blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    revision = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("conclusion")
        verbose_name_plural = _("conclusions")
        ordering = ["synthesis", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["synthesis", "form_key"], name="conclusion_once_per_form"
            ),
            models.CheckConstraint(name="conclusion_says_something", condition=~Q(sentence="")),
        ]

    def __str__(self) -> str:
        return self.sentence


class ConclusionSource(models.Model):
    """A post that a conclusion rests on, with the words of it that are quoted."""

    conclusion = models.ForeignKey(Conclusion, on_delete=models.CASCADE, related_name="sources")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="conclusion_sources")
    quote = models.CharField(_("quoted words"), max_length=600, blank=True)

    class Meta:
        verbose_name = _("source of a conclusion")
        verbose_name_plural = _("sources of conclusions")
        ordering = ["conclusion", "post__discussion", "post__number", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["conclusion", "post"], name="source_once_each")
        ]

    def __str__(self) -> str:
        return str(self.post)


class SynthesisVersion(models.Model):
    """What was published on one day. Never changed, never deleted: see above.

    ``content`` has title and month of the theme, ``intro``, ``questions`` (a list) and ``reading``
    as they were, and ``conclusions``: uid, number, sentence, explanation, and ``sources`` with
    post (its uid), address, number, date written and revision.
    """

    synthesis = models.ForeignKey(Synthesis, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    form_key = models.UUIDField(null=True, editable=False)
    content = models.JSONField()
    note = models.CharField(_("what changed"), max_length=300, blank=True)
    published_at = models.DateTimeField(_("published"), default=timezone.now, editable=False)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("version of a synthesis")
        verbose_name_plural = _("versions of syntheses")
        ordering = ["synthesis", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["synthesis", "number"], name="synthesis_version_number_once"
            ),
            models.UniqueConstraint(
                fields=["synthesis", "form_key"], name="synthesis_version_once_per_form"
            ),
            models.CheckConstraint(name="synthesis_version_from_one", condition=Q(number__gte=1)),
        ]

    def __str__(self) -> str:
        return _("%(theme)s, version %(number)d") % {
            "theme": self.content.get("title", ""),
            "number": self.number,
        }


class VersionSource(models.Model):
    """The words and the author of one source, as everybody could read them that day.

    They can be taken away, never changed; the row stays.
    """

    version = models.ForeignKey(SynthesisVersion, on_delete=models.PROTECT, related_name="sources")
    conclusion = models.CharField(max_length=12)
    position = models.PositiveSmallIntegerField()
    post_uid = models.CharField(max_length=12)
    post = models.ForeignKey(Post, models.SET_NULL, null=True, related_name="version_sources")
    post_revision = models.PositiveIntegerField()
    written_at = models.DateTimeField()
    quote = models.CharField(max_length=600, blank=True)
    #: What the keepers said it teaches: their words, but about what is no longer there.
    insight = models.CharField(max_length=300, blank=True)
    author_name = models.CharField(max_length=300, blank=True)
    organisation = models.CharField(max_length=300, blank=True)
    country = models.CharField(max_length=100, blank=True)

    #: What can be taken away.
    WORDS = ("quote", "insight")
    PERSON = ("author_name", "organisation", "country")

    class Meta:
        verbose_name = _("source of a published conclusion")
        verbose_name_plural = _("sources of published conclusions")
        ordering = ["version", "conclusion", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "conclusion", "post_uid"], name="version_source_once"
            )
        ]

    def __str__(self) -> str:
        return self.post_uid
