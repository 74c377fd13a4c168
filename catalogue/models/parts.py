"""The rows that belong to one solution: blocks, indicators, evidence, people, translations."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Language
from catalogue import choices as c
from catalogue.models.solution import Solution
from core.partialdate import PartialDateField

if TYPE_CHECKING:
    from accounts.models import User


class Part(models.Model):
    """A row of a solution, kept in the order its team gave it."""

    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        abstract = True
        ordering = ["position", "pk"]


class BuildingBlock(Part):
    """A reusable part of the solution."""

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="blocks")
    title = models.CharField(_("name of the block"), max_length=120)
    purpose = models.TextField(_("what it is for"), max_length=1000)
    enabling = models.TextField(_("what makes it work"), max_length=1000, blank=True)
    lessons = models.TextField(_("lessons"), max_length=1000, blank=True)
    role = models.CharField(_("core or adaptable"), max_length=10, choices=c.BlockRole)

    class Meta(Part.Meta):
        verbose_name = _("building block")
        verbose_name_plural = _("building blocks")

    def __str__(self) -> str:
        return self.title


class Indicator(Part):
    """A measured result. Values are kept as written ("about 40", "65 %"), never computed."""

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="indicators")
    name = models.CharField(_("what is measured"), max_length=200)
    unit = models.CharField(_("unit"), max_length=60, blank=True)
    baseline = models.CharField(_("value before"), max_length=60, blank=True)
    baseline_on = PartialDateField(_("measured when"), blank=True)
    latest = models.CharField(_("latest value"), max_length=60)
    latest_on = PartialDateField(_("latest value measured when"), blank=True)
    source = models.CharField(_("source"), max_length=300, blank=True)
    disaggregation = models.CharField(_("by sex and other groups"), max_length=500, blank=True)

    class Meta(Part.Meta):
        verbose_name = _("indicator")
        verbose_name_plural = _("indicators")

    def __str__(self) -> str:
        return self.name


def stored_name(instance: StoredFile, filename: str) -> str:
    """A random place: the name a person gave never becomes a path."""
    return f"evidence/{instance.key.hex[:2]}/{instance.key.hex}"


class StoredFile(models.Model):
    """An uploaded file after inspection: its true kind, size and fingerprint.

    Never changed once written; versions refer to it by ``key``, so a file can be replaced
    in the working copy but not in what was frozen.
    """

    key = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    file = models.FileField(upload_to=stored_name, max_length=120)
    name = models.CharField(_("file name"), max_length=150)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("file")
        verbose_name_plural = _("files")

    def __str__(self) -> str:
        return self.name


class Evidence(Part):
    """One checkable item behind a claim: a file or a link."""

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="evidence")
    title = models.CharField(_("title"), max_length=250)
    kind = models.CharField(_("kind"), max_length=12, choices=c.EvidenceKind)
    author = models.CharField(_("author or publisher"), max_length=200, blank=True)
    dated_on = PartialDateField(_("date"), blank=True)
    language = models.ForeignKey(
        Language,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("language"),
    )
    url = models.URLField(_("link"), max_length=500, blank=True)
    file = models.ForeignKey(
        StoredFile,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("file"),
    )
    criteria = models.JSONField(
        _("criteria it supports"), default=list, blank=True, help_text=_("Codes, like C2.")
    )
    access = models.CharField(
        _("who may open it"), max_length=10, choices=c.Access, default=c.Access.OPEN
    )
    link_state = models.CharField(
        max_length=10, choices=c.LinkState, default=c.LinkState.UNCHECKED, editable=False
    )
    link_checked_at = models.DateTimeField(null=True, editable=False)
    link_note = models.CharField(max_length=200, blank=True, editable=False)

    class Meta(Part.Meta):
        verbose_name = _("evidence item")
        verbose_name_plural = _("evidence")

    def __str__(self) -> str:
        return self.title


class Contributor(Part):
    """A person named in the record; with an account, also one who may edit it."""

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="contributors")
    name = models.CharField(_("name"), max_length=150)
    role = models.CharField(_("role"), max_length=12, choices=c.ContributorRole)
    organisation = models.CharField(_("organisation"), max_length=200, blank=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="contributions",
    )

    class Meta(Part.Meta):
        verbose_name = _("contributor")
        verbose_name_plural = _("contributors")
        constraints = [
            models.UniqueConstraint(
                fields=["solution", "user"],
                condition=Q(user__isnull=False),
                name="contributor_account_once",
                violation_error_message=_("This member is already in the team."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def waiting(self) -> Self:
        """Not answered, and not so old that nobody remembers why."""
        return self.filter(answered_at=None, created_at__gt=timezone.now() - Invitation.LASTS)

    def for_person(self, user: User) -> Self:
        """What waits for this person: sent to the address they have proved to be theirs."""
        return self.waiting().filter(email=user.email.lower())


class Invitation(models.Model):
    """An address asked to join the team of a record.

    Whether there is an account behind the address is nobody's business: the invitation looks
    the same, and waits until somebody with that address answers it.
    """

    LASTS: ClassVar[timedelta] = timedelta(days=30)

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail address"), max_length=254)
    role = models.CharField(_("role"), max_length=12, choices=c.ContributorRole)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    answered_at = models.DateTimeField(null=True, editable=False)
    accepted = models.BooleanField(default=False, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["solution", "email"],
                condition=Q(answered_at=None),
                name="invited_once_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.solution}: {self.email}"


class Translation(models.Model):
    """The record's text in another language, frozen together with each version.

    ``texts`` maps field names to translated text. ``source_hash`` is the fingerprint of the
    texts it was made from: when they have changed since, the translation is outdated.
    """

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="translations")
    language = models.ForeignKey(Language, on_delete=models.PROTECT, related_name="+")
    texts = models.JSONField(default=dict)
    quality = models.CharField(
        _("how it was made"), max_length=10, choices=c.Quality, default=c.Quality.HUMAN
    )
    source_hash = models.CharField(max_length=64)
    translated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("translation")
        verbose_name_plural = _("translations")
        ordering = ["language"]
        constraints = [
            models.UniqueConstraint(
                fields=["solution", "language"], name="translation_once_per_language"
            )
        ]

    def __str__(self) -> str:
        return f"{self.solution}: {self.language}"
