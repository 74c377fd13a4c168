"""What is found of listed members, made anew whenever a member changes what they show.

There is one entry for each kind of reader: what everybody may see and what signed-in members may
see are kept apart, so that nothing can be found, counted or narrowed by what the reader may not
see. Written by ``community.finding`` alone.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Audience
from community.models.members import Member

#: Values by which the directory is narrowed.
GROUPS = ("country", "kind", "language", "chapter")
READERS = (Audience.PUBLIC, Audience.MEMBERS)


class DirectoryEntry(models.Model):
    """A listed member, as readers of one kind find them."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="entries")
    audience = models.CharField(max_length=10, choices=Audience)
    #: The folded name, or the short name where the name is not open.
    name_sort = models.CharField(max_length=120)
    joined_at = models.DateTimeField()

    class Meta:
        verbose_name = _("entry of the directory")
        verbose_name_plural = _("entries of the directory")
        constraints = [
            models.UniqueConstraint(fields=["member", "audience"], name="listed_once_per_audience")
        ]
        indexes = [
            models.Index(fields=["audience", "name_sort", "id"], name="directory_by_name"),
            models.Index(fields=["audience", "-joined_at", "-id"], name="directory_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.name_sort} ({self.audience})"


class DirectoryFacet(models.Model):
    """One value an entry has: ``("country", "PE")``. ``audience`` repeats the entry's."""

    entry = models.ForeignKey(
        DirectoryEntry, on_delete=models.CASCADE, related_name="facets", db_index=False
    )
    audience = models.CharField(max_length=10)
    group = models.CharField(max_length=10)
    value = models.CharField(max_length=20)

    class Meta:
        verbose_name = _("value of the directory")
        verbose_name_plural = _("values of the directory")
        constraints = [
            models.UniqueConstraint(fields=["entry", "group", "value"], name="directory_facet_once")
        ]
        indexes = [
            models.Index(fields=["audience", "group", "value", "entry"], name="directory_by_facet")
        ]

    def __str__(self) -> str:
        return f"{self.group}: {self.value}"


class DirectoryWord(models.Model):
    """One word an entry is found by, folded."""

    entry = models.ForeignKey(
        DirectoryEntry, on_delete=models.CASCADE, related_name="words", db_index=False
    )
    audience = models.CharField(max_length=10)
    word = models.CharField(max_length=40)

    class Meta:
        verbose_name = _("word of the directory")
        verbose_name_plural = _("words of the directory")
        constraints = [
            models.UniqueConstraint(fields=["entry", "word"], name="directory_word_once")
        ]
        indexes = [models.Index(fields=["audience", "word", "entry"], name="directory_by_word")]

    def __str__(self) -> str:
        return self.word


class DirectoryCount(models.Model):
    """How many entries have a value, for the directory as a whole: read with every page of it, so
    kept and not counted. The empty group holds how many entries there are."""

    audience = models.CharField(max_length=10)
    group = models.CharField(max_length=10, blank=True)
    value = models.CharField(max_length=20, blank=True)
    members = models.IntegerField(default=0)

    class Meta:
        verbose_name = _("count of the directory")
        verbose_name_plural = _("counts of the directory")
        constraints = [
            models.UniqueConstraint(
                fields=["audience", "group", "value"], name="directory_counted_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.group} {self.value}: {self.members}"
