"""Certificates: what a member contributed in a year, as it was when they asked for it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from claims.models import new_uid


class Certificate(models.Model):
    """A member's contributions in one year, counted on one day.

    Whoever is shown the paper finds the same words under its address, whose code stands on the
    paper and nowhere else. The member can take it back; then the address says nothing any more.
    """

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="certificates"
    )
    year = models.PositiveSmallIntegerField(_("year"))
    name = models.CharField(_("name on the certificate"), max_length=150)
    #: Kind to number, as ``recognition.KINDS`` names the kinds.
    counts: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField()
    issued_at = models.DateTimeField(_("issued"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        ordering = ["-year", "-issued_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "year"], name="one_certificate_a_year")
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.year}"

    def get_absolute_url(self) -> str:
        return reverse("community:certificate", args=[self.uid])

    def lines(self) -> list[Any]:
        """What it says, a line for each kind."""
        from community.recognition import said  # noqa: PLC0415 (that module reads the models)

        return said(self.counts)
