"""Searches people keep, to be told what is new for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    import datetime as dt

    from accounts.models import User

#: Characters of a name, and of parameters as they stand in an address. Every letter beyond ASCII
#: takes several there. The index of the constraint below holds no more than some 2,700 bytes.
LONGEST_NAME = 120
LONGEST_PARAMETERS = 2000


class SavedSearchQuerySet(models.QuerySet["SavedSearch"]):
    def of(self, user: User) -> Self:
        """One person's, latest first."""
        return self.filter(owner=user).order_by("-created_at", "-pk")

    def due(self, kind: str, until: dt.datetime) -> Self:
        """Those of one kind whose owners are still to be told what came until a moment."""
        return self.filter(kind=kind, told_until__lt=until)


class SavedSearch(models.Model):
    """A question a person asks one of the lists again and again. Nobody else reads it.

    It is kept as the parameters of the list's address, so it finds what the list finds: today's
    answer, for whoever opens it.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_searches"
    )
    #: Of which list: a key of ``notifications.searchable``.
    kind = models.CharField(_("kind"), max_length=16)
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    #: Words and filters as they stand in the address, known ones only, in a fixed order.
    parameters = models.CharField(max_length=LONGEST_PARAMETERS)
    #: Still in the list of what they saved, and silent.
    muted = models.BooleanField(_("muted"), default=False)
    created_at = models.DateTimeField(_("saved"), default=timezone.now, editable=False)
    #: When the person said that they have seen what was new, and what came since: keys of
    #: records, the newest first, a few at most.
    looked_at = models.DateTimeField(default=timezone.now, editable=False)
    fresh: models.JSONField[list[str], list[str]] = models.JSONField(default=list, editable=False)
    #: What was published until then has been told. Only ever moves on, in the transaction that
    #: writes down what is told.
    told_until = models.DateTimeField(default=timezone.now, editable=False)

    objects = SavedSearchQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved search")
        verbose_name_plural = _("saved searches")
        ordering = ["-created_at", "-pk"]
        constraints = [
            # In this order it also finds everybody who asks the same.
            models.UniqueConstraint(
                fields=["kind", "parameters", "owner"], name="search_saved_once_each"
            )
        ]

    def __str__(self) -> str:
        return self.name
