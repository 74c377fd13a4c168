"""Regional chapters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Language
from claims.models import Reference
from community.choices import ChapterRole, ChapterStatus
from community.models.announced import AnnouncedQuerySet
from core import walltime
from events.models import Event
from hubs.models import Hub

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class ChapterQuerySet(AnnouncedQuerySet["Chapter"]):
    """Chapters that are announced."""

    def open_to(self, user: User | AnonymousUser) -> Self:
        """Those whose inside this person reads: members, meetings, discussions.

        Everybody an open chapter's, its own people a private one's. Its twin for one object is
        ``community.enter_chapter``.
        """
        seen = self.visible_to(user)
        if not user.is_authenticated or not user.is_active:
            return seen.filter(is_private=False)
        if user.is_staff:
            return seen
        belongs = ChapterMember.objects.belonging().filter(chapter=OuterRef("pk"), user=user)
        return seen.filter(Q(is_private=False) | Q(Exists(belongs)))


class Chapter(models.Model):
    """The part of the community in one region: near in time, language and practice.

    Of a private chapter everybody reads what it is and how to ask to join. Who belongs to it,
    what it talks about and when it meets is for its members and portal moderators.
    """

    slug = models.SlugField(_("address"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=150)
    region = models.CharField(_("region"), max_length=120)
    summary = models.CharField(_("summary in one or two sentences"), max_length=500, blank=True)
    status = models.CharField(
        _("status"), max_length=20, choices=ChapterStatus, default=ChapterStatus.PLANNED
    )
    lead = models.CharField(_("lead organisation"), max_length=200, blank=True)
    lead_hub = models.ForeignKey(
        Hub,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="chapters_led",
        verbose_name=_("hub of the lead organisation"),
    )
    languages = models.ManyToManyField(
        Language, blank=True, related_name="+", verbose_name=_("languages")
    )
    zone = models.CharField(_("time zone"), max_length=60, blank=True)
    events = models.ManyToManyField(
        Event, blank=True, related_name="chapters", verbose_name=_("webinars and meetings")
    )
    reference = models.ForeignKey(
        Reference,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("source"),
    )
    place = models.CharField(_("page or section"), max_length=120, blank=True)
    is_public = models.BooleanField(_("public"), default=True)
    is_private = models.BooleanField(
        _("discussions are for the chapter’s members alone"), default=False
    )

    objects = ChapterQuerySet.as_manager()

    class Meta:
        verbose_name = _("chapter")
        verbose_name_plural = _("chapters")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("community:chapter", args=[self.slug])

    def clean(self) -> None:
        if self.zone and self.zone not in walltime.zones():
            raise ValidationError({"zone": _("Choose a time zone from the list.")})


class ChapterMemberQuerySet(models.QuerySet["ChapterMember"]):
    def belonging(self) -> Self:
        """Members and coordinators; not those who only asked."""
        return self.exclude(role=ChapterRole.ASKED)

    def coordinators(self) -> Self:
        return self.filter(role=ChapterRole.COORDINATOR)


class ChapterMember(models.Model):
    """A member of a chapter, a coordinator, or somebody who asked to join a private one."""

    chapter = models.ForeignKey(Chapter, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="chapter_memberships"
    )
    role = models.CharField(
        _("role"), max_length=12, choices=ChapterRole, default=ChapterRole.MEMBER
    )
    since = models.DateTimeField(default=timezone.now, editable=False)

    objects = ChapterMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member of a chapter")
        verbose_name_plural = _("members of chapters")
        ordering = ["chapter", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["chapter", "user"], name="chapter_joined_once")
        ]
        indexes = [models.Index(fields=["user", "role"], name="chapters_of_a_member")]

    def __str__(self) -> str:
        return f"{self.user}: {self.chapter}"


def forget_chapters(user: User) -> None:
    """Ask again at the next rule about this person's chapters: something changed."""
    for name in ("_chapters", "_keeps_chapter"):
        if hasattr(user, name):
            delattr(user, name)
