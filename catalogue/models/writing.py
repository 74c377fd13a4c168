"""What keeps work in progress safe: page drafts saved while typing, and the edit lock."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalogue.models.solution import Solution


class PageDraft(models.Model):
    """What one person typed into one page of the form and has not yet saved to the record.

    Kept as the browser sent it, unchecked, so that nothing is lost when the browser closes,
    the session ends, or somebody else saved first. ``base_revision`` is the revision of the
    record the page was opened with.
    """

    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="page_drafts")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="page_drafts"
    )
    page = models.CharField(max_length=20)
    data = models.JSONField(default=dict, help_text=_("Field name to list of values, as posted."))
    base_revision = models.PositiveIntegerField()
    saved_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["solution", "user", "page"], name="page_draft_once_per_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.solution}, {self.page}, {self.user}"


class EditLock(models.Model):
    """Who is editing a record now. It lapses by itself and can be taken over.

    The lock is a courtesy that prevents double work; what prevents loss is the revision
    check at saving and the page drafts.
    """

    LAPSES_AFTER: ClassVar[timedelta] = timedelta(minutes=10)

    solution = models.OneToOneField(Solution, on_delete=models.CASCADE, related_name="lock")
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField(default=timezone.now)
    renewed_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.solution}: {self.holder}"

    @property
    def is_live(self) -> bool:
        return timezone.now() - self.renewed_at < self.LAPSES_AFTER
