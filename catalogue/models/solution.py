"""The solution: the working copy its team edits, and what is public of it."""

from __future__ import annotations

import secrets
import uuid
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from taggit.managers import TaggableManager
from taggit.models import ItemBase, TagBase

from accounts.models import Language
from catalogue import choices as c
from catalogue.signals import solution_moved
from core.lifecycle import Lifecycle, Move
from core.partialdate import PartialDateField
from hubs.models import Country, Goal, Hub, Membership, Sector, Target

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

#: Letters and digits that cannot be mistaken for one another.
UID_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def new_uid() -> str:
    """An opaque address for work in progress: 12 characters, about 59 bits."""
    return "".join(secrets.choice(UID_ALPHABET) for _i in range(12))


class Tag(TagBase):
    """A free keyword. Sectors, goals and countries are records of their own, not tags."""

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")


class SolutionTag(ItemBase):
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="items")
    content_object = models.ForeignKey("Solution", on_delete=models.CASCADE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tag", "content_object"], name="tag_once_per_solution")
        ]


class SolutionQuerySet(models.QuerySet["Solution"]):
    def public(self) -> Self:
        """What every visitor can read: never a draft, never a withdrawn record."""
        return self.filter(publication=c.Publication.PUBLIC)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """What this person may see at all. Its twin for one object is
        ``catalogue.view_solution``.

        A public record and the tombstone of a withdrawn one are open to everybody. The rest
        is seen by its team and, once it has been submitted, by its hub's focal points and
        editors and by portal moderators.
        """
        if user.is_superuser:
            return self
        open_to_all = ~Q(publication=c.Publication.PRIVATE)
        if not user.is_authenticated or not user.is_active:
            return self.filter(open_to_all)
        return self.filter(open_to_all | self._team(user) | self._desk(user))

    def of_team(self, user: User | AnonymousUser) -> Self:
        """Records this person owns or contributes to with their account."""
        return self.filter(self._team(user)) if user.is_authenticated else self.none()

    def at_desk_of(self, user: User | AnonymousUser) -> Self:
        """Records in this person's scope at the moderators' desk."""
        if not user.is_authenticated:
            return self.none()
        return self if user.is_superuser else self.filter(self._desk(user))

    @staticmethod
    def _team(user: User) -> Q:
        from catalogue.models.parts import Contributor  # noqa: PLC0415 (parts refer to this module)

        mine = Contributor.objects.filter(user=user).values("solution")
        return Q(owner=user) | Q(pk__in=mine)

    @staticmethod
    def _desk(user: User) -> Q:
        submitted = Q(first_submitted_at__isnull=False)
        if user.is_staff:
            return submitted
        hubs = Membership.objects.filter(user=user, role__in=Membership.DESK).values("hub")
        return submitted & Q(hub__in=hubs)

    def for_cards(self) -> Self:
        """Everything a list of records touches, in one query."""
        return self.select_related("hub", "public_version")


class Solution(Lifecycle):  # type: ignore[django-manager-missing]  # taggit
    """A practice-proven answer to a development problem.

    The columns and the rows hanging on them are the *working copy*. What readers see is
    ``public_version``, frozen at submission; so a team can go on writing, and the panel
    judging, while the public text stays as it was published. ``revision`` counts the saves
    of the working copy and guards against two editors overwriting each other.
    """

    state_field = "publication"
    moves: ClassVar[dict[str, Move]] = {
        "publish": Move(
            _("Publish"),
            (c.Publication.PRIVATE,),
            c.Publication.PUBLIC,
            "catalogue.publish_solution",
        ),
        "renew": Move(
            _("Publish the new version"),
            (c.Publication.PUBLIC,),
            c.Publication.PUBLIC,
            "catalogue.publish_solution",
        ),
        "withdraw": Move(
            _("Withdraw"),
            (c.Publication.PUBLIC,),
            c.Publication.WITHDRAWN,
            "catalogue.withdraw_solution",
        ),
        "restore": Move(
            _("Publish again"),
            (c.Publication.WITHDRAWN,),
            c.Publication.PUBLIC,
            "catalogue.restore_solution",
        ),
    }

    # --- What the portal keeps about the record ---------------------------------------------
    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    number = models.PositiveIntegerField(
        _("number"),
        null=True,
        unique=True,
        editable=False,
        help_text=_("Given once, at publication."),
    )
    publication = models.CharField(
        _("publication"),
        max_length=10,
        choices=c.Publication,
        default=c.Publication.PRIVATE,
        editable=False,
    )
    validation = models.CharField(
        _("validation"),
        max_length=15,
        choices=c.Validation,
        default=c.Validation.NONE,
        editable=False,
    )
    public_version = models.ForeignKey(
        "catalogue.Version", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="solutions",
        verbose_name=_("owner"),
    )
    form_key = models.UUIDField(default=uuid.uuid4, editable=False)
    form = models.CharField(_("form"), max_length=10, choices=c.Form, default=c.Form.SNAPSHOT)
    revision = models.PositiveIntegerField(default=1, editable=False)
    collection = models.CharField(
        _("collection"),
        max_length=120,
        blank=True,
        help_text=_("The registry an imported record comes from."),
    )
    is_example = models.BooleanField(_("example"), default=False)
    created_at = models.DateTimeField(_("begun"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last edited"), auto_now=True)
    first_submitted_at = models.DateTimeField(_("first submitted"), null=True, editable=False)
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, editable=False)
    withdrawal_reason = models.TextField(_("reason of withdrawal"), blank=True, editable=False)

    # --- Name and summary -------------------------------------------------------------------
    title = models.CharField(_("title"), max_length=150, blank=True)
    summary = models.CharField(_("summary in one sentence"), max_length=300, blank=True)
    language = models.ForeignKey(
        Language,
        on_delete=models.PROTECT,
        default="en",
        related_name="+",
        verbose_name=_("language of the record"),
    )
    kind = models.CharField(_("kind"), max_length=12, choices=c.Kind, blank=True)
    sectors = models.ManyToManyField(
        Sector, blank=True, related_name="+", verbose_name=_("sectors")
    )
    goals = models.ManyToManyField(Goal, blank=True, related_name="+", verbose_name=_("goals"))
    targets = models.ManyToManyField(
        Target, blank=True, related_name="+", verbose_name=_("targets of the goals")
    )
    tags = TaggableManager(through=SolutionTag, blank=True, verbose_name=_("tags"))

    # --- Place, time, institution -----------------------------------------------------------
    countries = models.ManyToManyField(
        Country, blank=True, related_name="+", verbose_name=_("countries")
    )
    area = models.CharField(_("area within the country"), max_length=200, blank=True)
    scale = models.CharField(_("scale"), max_length=12, choices=c.Scale, blank=True)
    started_on = PartialDateField(_("started"), blank=True)
    ended_on = PartialDateField(_("ended"), blank=True)
    is_running = models.BooleanField(_("still running"), default=False)
    stage = models.CharField(_("stage"), max_length=15, choices=c.Stage, blank=True)
    owner_institution = models.CharField(_("institution that owns it"), max_length=200, blank=True)
    hub = models.ForeignKey(
        Hub,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="solutions",
        verbose_name=_("hub"),
    )

    # --- Problem and approach (cleaned HTML) ------------------------------------------------
    problem = models.TextField(_("the problem"), blank=True)
    affected = models.TextField(_("who is affected, with data"), blank=True)
    approach = models.TextField(_("what is done"), blank=True)
    steps = models.TextField(_("steps"), blank=True)
    preconditions = models.TextField(_("what must be in place beforehand"), blank=True)
    do_not_use_when = models.TextField(_("when not to use it"), blank=True)

    # --- Results ----------------------------------------------------------------------------
    narrative = models.TextField(_("what changed"), blank=True)
    unintended = models.TextField(_("unintended effects"), blank=True)

    # --- Costs ------------------------------------------------------------------------------
    cost_total = models.DecimalField(
        _("total cost"), max_digits=16, decimal_places=2, null=True, blank=True
    )
    cost_unit = models.DecimalField(
        _("cost per result"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    cost_unit_name = models.CharField(_("the result it is counted per"), max_length=80, blank=True)
    cost_currency = models.CharField(_("currency"), max_length=3, blank=True)
    cost_year = models.PositiveSmallIntegerField(_("year of the figures"), null=True, blank=True)
    cost_payers = models.TextField(_("who pays"), blank=True, max_length=1000)
    staff_time = models.CharField(_("staff time"), max_length=300, blank=True)

    # --- People, duration, learning ---------------------------------------------------------
    inclusion = models.TextField(_("who gains, who is left out"), blank=True)
    participation = models.TextField(_("who took part in what role"), blank=True)
    sustainability = models.TextField(_("what keeps it going"), blank=True)
    failure = models.TextField(_("what did not work and what changed"), blank=True)

    # --- Sharing and rights -----------------------------------------------------------------
    modalities = models.JSONField(_("ways to share it"), default=list, blank=True)
    offer_languages = models.ManyToManyField(
        Language, blank=True, related_name="+", verbose_name=_("languages offered")
    )
    offer_days = models.PositiveSmallIntegerField(_("days a year available"), null=True, blank=True)
    offer_materials = models.TextField(_("materials for peers"), blank=True, max_length=2000)
    licence = models.CharField(
        _("licence"), max_length=15, choices=c.Licence, default=c.Licence.CC_BY
    )
    licence_note = models.CharField(_("licence in words"), max_length=200, blank=True)
    consent = models.BooleanField(_("right to share"), default=False)
    personal_data = models.TextField(_("personal data"), blank=True, max_length=2000)
    adapted_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="adaptations",
        verbose_name=_("adapted from"),
    )
    adapted_from_note = models.CharField(_("what was kept and changed"), max_length=500, blank=True)
    editors_note = models.TextField(_("editor’s note"), blank=True, max_length=2000)

    # --- For the panel only -----------------------------------------------------------------
    contact_name = models.CharField(_("contact for verification"), max_length=150, blank=True)
    contact_role = models.CharField(_("position of the contact"), max_length=150, blank=True)
    contact_email = models.EmailField(_("e-mail address of the contact"), blank=True)
    contact_phone = models.CharField(_("telephone of the contact"), max_length=40, blank=True)

    objects = SolutionQuerySet.as_manager()

    class Meta:
        verbose_name = _("solution")
        verbose_name_plural = _("solutions")
        ordering = ["-updated_at", "-pk"]
        indexes = [models.Index(fields=["publication", "-published_at"], name="solution_public")]
        constraints = [
            models.UniqueConstraint(fields=["owner", "form_key"], name="solution_once_per_form"),
            models.CheckConstraint(
                name="solution_public_is_complete",
                condition=Q(publication="private")
                | Q(number__isnull=False, public_version__isnull=False, published_at__isnull=False),
            ),
            models.CheckConstraint(
                name="solution_withdrawn_says_why",
                condition=~Q(publication="withdrawn")
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawal_reason="")),
            ),
            models.CheckConstraint(
                name="solution_not_adapted_from_itself",
                condition=Q(adapted_from__isnull=True) | ~Q(adapted_from=models.F("pk")),
            ),
        ]

    def __str__(self) -> str:
        return self.title or _now("Untitled solution")

    @property
    def reference(self) -> str:
        """The persistent number people quote: ``S-0042``; empty before publication."""
        return f"S-{self.number:04d}" if self.number else ""

    @property
    def level(self) -> str:
        """The one word of the mark, from both axes."""
        if self.publication == c.Publication.WITHDRAWN:
            return c.Level.WITHDRAWN
        v = c.Validation
        return {
            v.IN_REVIEW: c.Level.IN_REVIEW,
            v.CLARIFICATION: c.Level.IN_REVIEW,
            v.DECISION: c.Level.IN_REVIEW,
            v.VALIDATED: c.Level.VALIDATED,
            v.PROMISING: c.Level.PROMISING,
            v.SUSPENDED: c.Level.SUSPENDED,
            v.EXPIRED: c.Level.EXPIRED,
        }.get(v(self.validation), c.Level.DOCUMENTED)

    def get_absolute_url(self) -> str:
        """The public page, or the workspace as long as there is none."""
        if self.number:
            return reverse("catalogue:solution", kwargs={"reference": self.reference})
        return self.get_workspace_url()

    def get_workspace_url(self) -> str:
        return reverse("catalogue:work", kwargs={"uid": self.uid})

    def announce(self, verb: str, *, by: Any) -> None:
        solution_moved.send(sender=Solution, solution=self, verb=verb, by=by)
