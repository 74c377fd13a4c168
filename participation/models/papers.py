"""Papers of an event: each with all its versions, the newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalogue.models import StoredFile
from claims.models import new_uid
from events.models import Event, Session
from participation.choices import PaperAudience, PaperKind
from participation.models.admission import Registration

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class PaperQuerySet(models.QuerySet["Paper"]):
    def of(self, event: Event, user: User | AnonymousUser) -> Self:
        """The papers of an event this reader may open: organisers all, people with a place
        theirs, everybody the public ones. An event nobody sees has none."""
        if not user.has_perm("events.view_event", event):
            return self.none()
        papers = self.filter(event=event)
        if user.is_authenticated and user.has_perm("participation.organise", event):
            return papers
        papers = papers.filter(withdrawn_at=None)
        if (
            user.is_authenticated
            and Registration.objects.placed().filter(event=event, user=user).exists()
        ):
            return papers
        return papers.filter(audience=PaperAudience.PUBLIC)


class Paper(models.Model):
    """Something to read, watch or print for an event or one of its sessions."""

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="papers")
    session = models.ForeignKey(
        Session,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="papers",
        verbose_name=_("session"),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=PaperKind)
    title = models.CharField(_("title"), max_length=200)
    language = models.CharField(_("language"), max_length=10, default="en")
    audience = models.CharField(
        _("who may open it"), max_length=20, choices=PaperAudience, default=PaperAudience.PUBLIC
    )
    position = models.PositiveSmallIntegerField(default=0)
    withdrawn_at = models.DateTimeField(null=True, editable=False)

    objects = PaperQuerySet.as_manager()

    class Meta:
        verbose_name = _("paper of an event")
        verbose_name_plural = _("papers of events")
        ordering = ["event", "position", "pk"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("participation:paper", args=[self.event.slug, self.uid])


class PaperVersion(models.Model):
    """One state of a paper, a file or a link; never changed once there."""

    paper = models.ForeignKey(Paper, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    stored = models.ForeignKey(
        StoredFile,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("file"),
    )
    url = models.URLField(_("link"), max_length=500, blank=True)
    megabytes = models.DecimalField(
        _("size behind the link, in MB"),
        max_digits=7,
        decimal_places=1,
        null=True,
        blank=True,
        help_text=_("About. People on a slow line decide by it."),
    )
    note = models.CharField(_("what is new"), max_length=200, blank=True)
    added_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("version of a paper")
        verbose_name_plural = _("versions of papers")
        ordering = ["paper", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["paper", "number"], name="one_number_per_paper"),
            models.CheckConstraint(
                name="paper_is_file_or_link",
                condition=(models.Q(stored=None) & ~models.Q(url=""))
                | (models.Q(stored__isnull=False) & models.Q(url="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.paper}, {self.number}"
