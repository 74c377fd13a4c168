"""A programme on its way in: read and shown, not yet taken over."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from claims.models import new_uid
from events.models.meetings import Event


class ProgrammeImportQuerySet(models.QuerySet["ProgrammeImport"]):
    def open(self) -> Self:
        """Shown to an editor and neither taken over nor dropped."""
        return self.filter(applied_at=None, dropped_at=None)


class ProgrammeImport(models.Model):
    """What a file said, row by row, and what taking it over would do.

    ``rows`` are plain dictionaries of what was read, each with the line or entry it stood in,
    what would happen (``add``, ``change``, ``same``, ``refused``) and its problems in words.
    The file itself is not kept.
    """

    class Source(models.TextChoices):
        CSV = "csv", _("CSV table")
        XLSX = "xlsx", _("Excel table")
        ICALENDAR = "icalendar", _("Calendar file")

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="programme_imports")
    source = models.CharField(_("kind of file"), max_length=12, choices=Source)
    file_name = models.CharField(_("file"), max_length=150)
    rows = models.JSONField(default=list)
    notes = models.JSONField(default=list, help_text=_("What concerns the whole file."))
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    applied_at = models.DateTimeField(null=True, editable=False)
    dropped_at = models.DateTimeField(null=True, editable=False)

    objects = ProgrammeImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import of a programme")
        verbose_name_plural = _("imports of programmes")
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return self.file_name
