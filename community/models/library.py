"""The library: every reference of the portal that readers may find, and what is known of it.

A ``Reference`` is what claims need: how a source is cited. What a library needs besides (an
identifier, an abstract, who proposed it, whether it is listed) is here, one row for a reference:
most of what cites needs none of it, and a hub's own statement never gets one. Only what a
reference was merged into is a column there, since hubs, below this layer, name sources by key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from taggit.managers import TaggableManager
from taggit.models import TaggedItemBase

from claims.models import Reference, new_uid
from community.choices import ItemState, PublicationKind
from community.models.chapters import Chapter
from community.models.labs import LivingLab
from community.models.themes import MonthlyTheme
from community.signals import library_item_moved
from core.lifecycle import Lifecycle, Move

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

S = ItemState


class LibraryItemQuerySet(models.QuerySet["LibraryItem"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Listed ones; what one proposed; all but merged ones for portal moderators.

        Its twin for one object is ``community.view_item``.
        """
        listed = Q(state=S.LISTED)
        if not user.is_authenticated or not user.is_active:
            return self.filter(listed)
        if user.is_staff:
            return self.exclude(state=S.MERGED)
        mine = Q(added_by=user, state__in=(S.PROPOSED, S.REFUSED, S.WITHDRAWN))
        return self.filter(listed | mine)

    def at_desk_of(self, user: User | AnonymousUser) -> Self:
        return self if user.is_authenticated and user.is_staff else self.none()


class LibraryTag(TaggedItemBase):
    """A word an entry of the library is found by."""

    content_object = models.ForeignKey(
        "LibraryItem", on_delete=models.CASCADE, related_name="tagged"
    )

    class Meta:
        verbose_name = _("tag in the library")
        verbose_name_plural = _("tags in the library")


class LibraryItem(Lifecycle):  # type: ignore[django-manager-missing]  # taggit
    """What the library knows of one reference, and whether readers find it.

    One that came in because something cites it (``is_automatic``) is listed while something
    public cites it; ``library.listing.refresh`` sees to that.
    """

    moves = {
        "accept_item": Move(
            _("List"), (S.PROPOSED, S.REFUSED, S.UNLISTED), S.LISTED, "community.check_item"
        ),
        "refuse_item": Move(
            _("Do not list"), (S.PROPOSED, S.LISTED), S.REFUSED, "community.check_item"
        ),
        "withdraw_item": Move(_("Take back"), (S.PROPOSED,), S.WITHDRAWN, "community.own_item"),
    }

    reference = models.OneToOneField(
        Reference, on_delete=models.CASCADE, related_name="library_item"
    )
    form_key = models.UUIDField(null=True, editable=False)
    publication = models.CharField(
        _("kind of publication"),
        max_length=20,
        choices=PublicationKind,
        default=PublicationKind.OTHER,
    )
    doi = models.CharField("DOI", max_length=200, blank=True, db_index=True)
    isbn = models.CharField("ISBN", max_length=20, blank=True, db_index=True)
    #: The journal, book or series it stands in.
    container = models.CharField(_("published in"), max_length=300, blank=True)
    volume = models.CharField(_("volume"), max_length=40, blank=True)
    issue = models.CharField(_("issue or number"), max_length=40, blank=True)
    pages = models.CharField(_("pages"), max_length=40, blank=True)
    abstract = models.TextField(_("abstract"), max_length=5000, blank=True)
    #: Its title and address in the form they are compared by.
    title_key = models.CharField(max_length=200, blank=True, editable=False, db_index=True)
    address_key = models.CharField(max_length=300, blank=True, editable=False, db_index=True)
    theme = models.ForeignKey(
        MonthlyTheme, models.SET_NULL, null=True, blank=True, related_name="library_items"
    )
    chapter = models.ForeignKey(
        Chapter, models.SET_NULL, null=True, blank=True, related_name="library_items"
    )
    lab = models.ForeignKey(
        LivingLab, models.SET_NULL, null=True, blank=True, related_name="library_items"
    )
    tags = TaggableManager(through=LibraryTag, blank=True)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="library_items",
        editable=False,
    )
    added_at = models.DateTimeField(default=timezone.now, editable=False)
    is_automatic = models.BooleanField(default=False, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=ItemState, default=S.PROPOSED, editable=False
    )
    held_because = models.CharField(max_length=100, blank=True, editable=False)
    reason = models.CharField(_("reason"), max_length=300, blank=True, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    objects = LibraryItemQuerySet.as_manager()

    class Meta:
        verbose_name = _("entry of the library")
        verbose_name_plural = _("entries of the library")
        ordering = ["-added_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["added_by", "form_key"], name="item_once_per_form")
        ]
        indexes = [
            models.Index(
                fields=["added_at"], condition=Q(state=S.PROPOSED), name="library_items_waiting"
            )
        ]

    def __str__(self) -> str:
        return str(self.reference)

    def get_absolute_url(self) -> str:
        return reverse("community:library-item", args=[self.reference.key])

    @property
    def is_listed(self) -> bool:
        return self.state == S.LISTED

    def accept_item(self, *, by: User) -> None:
        self._make("accept_item", by=by, reason="", held_because="", is_automatic=False)

    def refuse_item(self, *, by: User, reason: str) -> None:
        self._make("refuse_item", by=by, note=reason, reason=reason[:300], is_automatic=False)

    def withdraw_item(self, *, by: User) -> None:
        self._make("withdraw_item", by=by)

    def announce(self, verb: str, *, by: Any) -> None:
        library_item_moved.send(LibraryItem, item=self, verb=verb, by=by)


class Distinct(models.Model):
    """Two entries a moderator looked at and found to be two works."""

    one = models.ForeignKey(LibraryItem, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(LibraryItem, on_delete=models.CASCADE, related_name="+")
    said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    said_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("pair that is not the same work")
        verbose_name_plural = _("pairs that are not the same work")
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="distinct_said_once"),
            models.CheckConstraint(name="distinct_in_order", condition=Q(one__lt=F("other"))),
        ]

    def __str__(self) -> str:
        return f"{self.one_id} ≠ {self.other_id}"


class LibraryUpload(models.Model):
    """Entries read from a file or pasted text: looked at first, then taken over row by row.

    The text itself is not kept; ``rows`` has what was read of it, each with its line, and after
    it was taken over the key of the reference it became.
    """

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="library_uploads"
    )
    made_at = models.DateTimeField(default=timezone.now, editable=False)
    name = models.CharField(max_length=150, blank=True)
    source = models.CharField(max_length=10)
    digest = models.CharField(max_length=64)
    rows = models.JSONField(default=list)

    class Meta:
        verbose_name = _("uploaded bibliography")
        verbose_name_plural = _("uploaded bibliographies")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["made_by", "digest"], name="bibliography_read_once")
        ]

    def __str__(self) -> str:
        return self.name or self.uid
