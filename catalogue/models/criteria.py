"""Criteria sets: by what a record is screened and judged, as versioned data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.lifecycle import Lifecycle, Move
from hubs.models import Hub, Membership

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

#: The family whose sets every hub shares. Other families belong to registries taken over.
COMMON = "common"


class CriteriaState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    IN_FORCE = "in_force", _("In force")
    RETIRED = "retired", _("Replaced")


class CriteriaSetQuerySet(models.QuerySet["CriteriaSet"]):
    def in_force(self) -> Self:
        return self.filter(state=CriteriaState.IN_FORCE)

    def published(self) -> Self:
        """In force now, or once: what records were judged by is open to everybody for good."""
        return self.exclude(state=CriteriaState.DRAFT)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """What this person may read at all. Its twin for one object is
        ``catalogue.view_criteria_set``: published sets are open, a draft is read at the desk.
        """
        if not user.is_authenticated or not user.is_active:
            return self.published()
        if user.is_staff or user.is_superuser:
            return self
        return self.filter(~Q(state=CriteriaState.DRAFT) | self._own(user))

    def at_desk_of(self, user: User | AnonymousUser) -> Self:
        """At the desk: all for portal staff; a hub's people see the sets all hubs share, once
        published, and their own hub's."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if user.is_staff or user.is_superuser:
            return self
        shared = Q(hub__isnull=True) & ~Q(state=CriteriaState.DRAFT)
        return self.filter(shared | self._own(user))

    @staticmethod
    def _own(user: User) -> Q:
        hubs = Membership.objects.filter(user=user, role__in=Membership.DESK).values("hub")
        return Q(hub__in=hubs)


class CriteriaSet(Lifecycle):
    """One numbered edition of gates, criteria, thresholds and periods.

    ``content`` is the whole set as reviewers use it, in the shape of
    ``data/criteria-1.0.json``; ``content_hash`` is the SHA-256 of its canonical form. A set
    of a hub rests on a shared set (``base``) and keeps apart what the hub adds to it
    (``additions``). Once it is no longer a draft, the database refuses to change it.
    """

    State = CriteriaState
    moves: ClassVar[dict[str, Move]] = {
        "put_in_force": Move(
            _("Put in force"),
            (State.DRAFT,),
            State.IN_FORCE,
            "catalogue.put_in_force_criteria_set",
        ),
        "retire": Move(
            _("Replace"), (State.IN_FORCE,), State.RETIRED, "catalogue.put_in_force_criteria_set"
        ),
        "end_with_hub": Move(
            _("End with its hub"), (State.IN_FORCE,), State.RETIRED, "catalogue.end_criteria_set"
        ),
    }

    family = models.SlugField(_("family"), max_length=40, default=COMMON)
    version = models.CharField(_("version"), max_length=20)
    name = models.CharField(_("name"), max_length=120)
    hub = models.ForeignKey(
        Hub,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="criteria_sets",
        verbose_name=_("hub"),
    )
    base = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tightened_by",
        verbose_name=_("rests on"),
    )
    additions = models.JSONField(_("additions of the hub"), default=dict, blank=True)
    content = models.JSONField(_("content"))
    content_hash = models.CharField(max_length=64, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.DRAFT, editable=False
    )
    created_at = models.DateTimeField(_("drafted"), auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("drafted by"),
    )
    in_force_from = models.DateTimeField(_("in force from"), null=True, editable=False)
    retired_at = models.DateTimeField(_("replaced"), null=True, editable=False)

    objects = CriteriaSetQuerySet.as_manager()

    class Meta:
        verbose_name = _("criteria set")
        verbose_name_plural = _("criteria sets")
        ordering = ["family", "-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["family", "version"],
                condition=Q(hub__isnull=True),
                name="criteria_version_once",
            ),
            models.UniqueConstraint(
                fields=["family", "hub", "version"],
                condition=Q(hub__isnull=False),
                name="criteria_version_once_per_hub",
            ),
            models.UniqueConstraint(
                fields=["family"],
                condition=Q(state="in_force", hub__isnull=True),
                name="criteria_one_in_force",
            ),
            models.UniqueConstraint(
                fields=["family", "hub"],
                condition=Q(state="in_force", hub__isnull=False),
                name="criteria_one_in_force_per_hub",
            ),
            models.CheckConstraint(
                name="criteria_of_hub_rest_on_shared",
                condition=Q(hub__isnull=True, base__isnull=True)
                | Q(hub__isnull=False, base__isnull=False),
            ),
            models.CheckConstraint(
                name="criteria_state_has_its_dates",
                condition=Q(state="draft", in_force_from__isnull=True, retired_at__isnull=True)
                | Q(state="in_force", in_force_from__isnull=False, retired_at__isnull=True)
                | Q(state="retired", in_force_from__isnull=False, retired_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        edition = f"{self.name} {self.version}"
        return f"{edition} ({self.hub.short})" if self.hub else edition

    @property
    def is_draft(self) -> bool:
        return self.state == CriteriaState.DRAFT

    @property
    def is_in_force(self) -> bool:
        return self.state == CriteriaState.IN_FORCE

    @property
    def owner_slug(self) -> str:
        """Whose set it is, as addresses say it: the hub's, or the family's."""
        return self.hub.slug if self.hub else self.family

    def get_absolute_url(self) -> str:
        """The page of this very edition, which stays when another comes in force."""
        return reverse("catalogue:criteria-set", args=[self.owner_slug, self.version])

    def get_json_url(self) -> str:
        return reverse("catalogue:criteria-set-json", args=[self.owner_slug, self.version])

    def former(self) -> CriteriaSet | None:
        """The edition in force that this one would replace."""
        others = CriteriaSet.objects.in_force().filter(family=self.family, hub=self.hub_id)
        return others.exclude(pk=self.pk).first()

    def gate_codes(self) -> tuple[str, ...]:
        return tuple(gate["code"] for gate in self.content["gates"])

    def rows(self) -> dict[str, dict[str, Any]]:
        """Gates and criteria by their code."""
        return {row["code"]: row for row in (*self.content["gates"], *self.content["criteria"])}
