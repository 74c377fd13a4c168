"""Reference data (countries, sectors, goals), hubs and who may act for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from claims.models import Claim, Reference, new_uid
from core.lifecycle import Lifecycle, Move
from hubs.choices import Light, OrganisationalModel
from hubs.signals import invitation_moved
from hubs.topics import TOPICS

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class Named(models.Model):
    """Something with a name in several languages: ``names`` maps a language code to it."""

    names = models.JSONField(_("names"), default=dict)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the language of the page, else in English."""
        language = get_language() or "en"
        names: dict[str, str] = self.names
        return names.get(language) or names.get(language.split("-")[0]) or names.get("en", "")


class Region(Named):
    """A region of the UN M49 standard; the tree ends at the world (001)."""

    code = models.CharField(max_length=3, primary_key=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children"
    )

    class Meta:
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ["code"]


class Country(Named):
    """A country or territory (ISO 3166-1 alpha-2), with its M49 region."""

    iso2 = models.CharField(max_length=2, primary_key=True)
    iso3 = models.CharField(max_length=3, unique=True)
    m49 = models.CharField(max_length=3, blank=True)
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, related_name="+", help_text=_("Continent.")
    )
    subregion = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, related_name="+")
    income = models.CharField(_("income group"), max_length=20, blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    name_sort = models.CharField(max_length=100, blank=True)

    class Meta:
        verbose_name = _("country")
        verbose_name_plural = _("countries")
        ordering = ["name_sort", "iso2"]


class CountryAlias(models.Model):
    """Another name of a country, as sources write it; compared folded (``core.text.fold``)."""

    country = models.ForeignKey(Country, on_delete=models.CASCADE, related_name="aliases")
    alias = models.CharField(max_length=120)
    folded = models.CharField(max_length=120, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["country", "folded"], name="alias_once_per_country")
        ]

    def __str__(self) -> str:
        return self.alias


class Sector(Named):
    """A field of work, mapped to the DAC/CRS codes that statisticians use."""

    code = models.SlugField(max_length=40, primary_key=True)
    dac_categories = models.JSONField(
        default=list, help_text=_("DAC category codes, three digits.")
    )
    crs_purposes = models.JSONField(default=list, help_text=_("CRS purpose codes, five digits."))
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("sector")
        verbose_name_plural = _("sectors")
        ordering = ["position", "code"]


class Goal(Named):
    """One of the 17 Sustainable Development Goals; ``names`` are the short titles."""

    number = models.PositiveSmallIntegerField(primary_key=True)
    titles = models.JSONField(default=dict)
    colour = models.CharField(max_length=7)

    class Meta:
        verbose_name = _("goal")
        verbose_name_plural = _("goals")
        ordering = ["number"]


class Target(Named):
    """One of the 169 targets below the goals; ``names`` are their texts."""

    code = models.CharField(max_length=5, primary_key=True)
    goal = models.ForeignKey(Goal, on_delete=models.PROTECT, related_name="targets")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


#: A confirmed profile counts as fresh so long; after that the hub is asked again.
CONFIRMED_FOR_DAYS = 365


#: Topics whose statements name the institution itself or one it belongs to.
INSTITUTION_TOPICS = ("name", "acronym", "other_name", "host", "parent")


class HubQuerySet(models.QuerySet["Hub"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Listed hubs are public; a hub not yet listed is seen by its people and by staff.
        One that was merged into another is seen by nobody: its address leads there."""
        standing = self.filter(merged_into=None)
        if user.is_authenticated and (user.is_staff or user.is_superuser):
            return standing
        public = models.Q(is_listed=True)
        if not user.is_authenticated:
            return standing.filter(public)
        return standing.filter(
            public | models.Q(pk__in=Membership.objects.filter(user=user).values("hub"))
        )

    def at_desk_of(self, user: User | AnonymousUser) -> Self:
        """Hubs in this person's scope at the moderators' desk."""
        if user.is_authenticated and (user.is_staff or user.is_superuser):
            return self.filter(merged_into=None)
        return self.of(user, *Membership.DESK).filter(merged_into=None)

    def of(self, user: User | AnonymousUser, *roles: str) -> Self:
        """The hubs in which this person holds one of these roles."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(
            pk__in=Membership.objects.filter(user=user, role__in=roles).values("hub")
        )


class Hub(models.Model):
    """An organisation or network dedicated to sharing development experience with partners
    from other countries (Bali Communiqué, 2012)."""

    class Kind(models.TextChoices):
        NATIONAL = "national", _("National hub")
        SECTOR = "sector", _("Sector hub")
        CROSS_COUNTRY = "cross_country", _("Cross-country hub")
        CITY = "city", _("City hub")
        PROGRAMME = "programme", _("Multilateral programme")

    slug = models.SlugField(_("address"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=200)
    acronym = models.CharField(_("short name"), max_length=40, blank=True)
    summary = models.CharField(_("summary in one sentence"), max_length=300, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    country = models.ForeignKey(
        Country, on_delete=models.PROTECT, null=True, blank=True, related_name="hubs"
    )
    region = models.ForeignKey(
        Region,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("For a hub across countries."),
    )
    model = models.CharField(
        _("organisational model"), max_length=20, choices=OrganisationalModel, blank=True
    )
    sectors = models.ManyToManyField(Sector, blank=True, related_name="hubs")
    functions = models.JSONField(_("functions"), default=list, blank=True)
    modalities = models.JSONField(_("ways to exchange"), default=list, blank=True)
    languages = models.JSONField(_("languages"), default=list, blank=True)
    contacts = models.JSONField(
        _("contacts by role"),
        default=list,
        blank=True,
        help_text=_("Each: role, name, email, phone, url; public on the hub’s page."),
    )
    website = models.URLField(_("website"), blank=True)
    #: The year of the claim about the founding that is shown, for sorting. Written by
    #: ``operations`` only.
    founded = models.PositiveSmallIntegerField(_("founded"), null=True, editable=False)
    is_pilot = models.BooleanField(_("pilot"), default=False)
    is_listed = models.BooleanField(_("listed"), default=True)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="merged",
        editable=False,
    )
    #: How often the profile changed; a form that was opened before a change knows by it.
    revision = models.PositiveIntegerField(default=0, editable=False)
    confirmed_at = models.DateTimeField(_("last confirmed"), null=True, editable=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        editable=False,
    )
    updated_at = models.DateTimeField(auto_now=True)

    objects = HubQuerySet.as_manager()

    class Meta:
        verbose_name = _("hub")
        verbose_name_plural = _("hubs")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("hubs:hub", kwargs={"slug": self.slug})

    @property
    def short(self) -> str:
        return self.acronym or self.name

    def institutions(self) -> set[str]:
        """Every name under which the hub, its host or its parent is known. One query."""
        stated = self.claims.filter(topic__in=INSTITUTION_TOPICS).values_list("label", "text")
        names = {label or text for label, text in stated}
        return {self.name, self.acronym, *names} - {""}

    @property
    def light(self) -> Light:
        """How fresh the hub's own confirmation of its profile is (specification, section 5)."""
        if self.confirmed_at is None:
            return Light.NEVER
        days = (timezone.now() - self.confirmed_at).days
        if days <= CONFIRMED_FOR_DAYS:
            return Light.FRESH
        return Light.AGEING if days <= 2 * CONFIRMED_FOR_DAYS else Light.OLD


class HubClaim(Claim):
    """What one source says about one hub."""

    topics = TOPICS

    hub = models.ForeignKey(Hub, on_delete=models.CASCADE, related_name="claims")

    class Meta(Claim.Meta):
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        constraints = [
            *Claim.Meta.constraints,
            models.UniqueConstraint(
                fields=["hub", "topic", "label"],
                condition=models.Q(is_preferred=True),
                name="one_preferred_statement",
                violation_error_message=_("Another statement on this is preferred already."),
            ),
        ]
        indexes = [models.Index(fields=["hub", "position", "id"], name="claims_of_hub")]

    def get_absolute_url(self) -> str:
        page = reverse("hubs:statements", kwargs={"slug": self.hub.slug})
        return f"{page}#c-{self.uid}"

    def get_edit_url(self) -> str:
        return reverse("hubs:team:statement", args=[self.hub.slug, self.uid])


class HubRevision(models.Model):
    """A whole profile as it was after one change: who changed what, when and why.

    ``document`` holds columns, sectors and statements; ``changed`` names what differs from the
    revision before. Never changed, never deleted; restoring writes a new one.
    """

    hub = models.ForeignKey(Hub, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    changed = models.JSONField(default=list)
    note = models.CharField(_("reason"), max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        ordering = ["hub", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["hub", "number"], name="one_revision_per_number")
        ]

    def __str__(self) -> str:
        return f"{self.hub}, {self.number}"


class Lesson(models.Model):
    """A finding about hubs in general, and the hubs that show it."""

    class Kind(models.TextChoices):
        NATIONAL = "national", _("On national hubs")
        SECTOR = "sector", _("On sector hubs")
        CAPACITY = "capacity", _("On the capacities of a hub")

    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    number = models.PositiveSmallIntegerField(_("number"))
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("text"))
    reference = models.ForeignKey(Reference, on_delete=models.PROTECT, related_name="lessons")
    place = models.CharField(_("page or section"), max_length=120, blank=True)
    hubs = models.ManyToManyField(Hub, through="LessonHub", related_name="lessons")

    class Meta:
        verbose_name = _("lesson")
        verbose_name_plural = _("lessons")
        ordering = ["kind", "number"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="one_lesson_per_number")
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def anchor(self) -> str:
        return f"{self.kind}-{self.number}"


class LessonHub(models.Model):
    """A hub that shows a lesson, and how."""

    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="shown_by")
    hub = models.ForeignKey(Hub, on_delete=models.CASCADE, related_name="+")
    text = models.CharField(_("how it shows"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("hub that shows a lesson")
        verbose_name_plural = _("hubs that show a lesson")
        ordering = ["lesson", "hub__name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["lesson", "hub"], name="hub_once_per_lesson")
        ]

    def __str__(self) -> str:
        return f"{self.hub}: {self.lesson}"


class Membership(models.Model):
    """A person's role in a hub."""

    class Role(models.TextChoices):
        FOCAL_POINT = "focal_point", _("Focal point")
        EDITOR = "editor", _("Editor")
        MEMBER = "member", _("Member")

    #: Roles that open the moderators' desk.
    DESK: ClassVar[tuple[str, ...]] = (Role.FOCAL_POINT, Role.EDITOR)

    hub = models.ForeignKey(Hub, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(_("role"), max_length=20, choices=Role, default=Role.MEMBER)
    since = models.DateTimeField(_("since"), auto_now_add=True)
    is_shown = models.BooleanField(
        _("shown on the hub’s page"), default=False, help_text=_("The person decides.")
    )

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["hub", "role", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["hub", "user"],
                name="one_role_per_hub",
                violation_error_message=_("This person already has a role in this hub."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()}, {self.hub}"


class HubInvitationQuerySet(models.QuerySet["HubInvitation"]):
    def open(self) -> Self:
        """Neither answered nor taken back, and not too old to be answered."""
        return self.filter(state=HubInvitation.State.ASKED, expires_at__gt=timezone.now())

    def for_person(self, user: Any) -> Self:
        """Open invitations to this person's address."""
        return self.open().filter(email__iexact=user.email) if user.email else self.none()


class HubInvitation(Lifecycle):
    """An address that was asked to join a hub's team, whether or not it has an account."""

    class State(models.TextChoices):
        ASKED = "asked", _("Asked")
        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Taken back")

    moves = {
        "accept": Move(_("Join"), (State.ASKED,), State.ACCEPTED, "hubs.answer_invitation"),
        "decline": Move(_("Decline"), (State.ASKED,), State.DECLINED, "hubs.answer_invitation"),
        "withdraw": Move(
            _("Take back"), (State.ASKED,), State.WITHDRAWN, "hubs.withdraw_invitation"
        ),
    }

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    hub = models.ForeignKey(Hub, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=20, choices=Membership.Role)
    state = models.CharField(_("state"), max_length=20, choices=State, default=State.ASKED)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    invited_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    objects = HubInvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation to a hub")
        verbose_name_plural = _("invitations to hubs")
        ordering = ["-invited_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["hub", "email"],
                condition=models.Q(state="asked"),
                name="one_open_invitation_per_address",
            )
        ]

    def __str__(self) -> str:
        return f"{self.hub}, {self.get_role_display()}"

    def accept(self, *, by: Any) -> None:
        self._make("accept", by=by, answered_at=timezone.now())

    def decline(self, *, by: Any) -> None:
        self._make("decline", by=by, answered_at=timezone.now())

    def withdraw(self, *, by: Any) -> None:
        self._make("withdraw", by=by, answered_at=timezone.now())

    def announce(self, verb: str, *, by: Any) -> None:
        invitation_moved.send(type(self), invitation=self, verb=verb, by=by)


def roles_of(user: Any) -> dict[int, str]:
    """The person's role in each hub, read once per request."""
    if not user.is_authenticated:
        return {}
    if not hasattr(user, "_hub_roles"):
        user._hub_roles = dict(Membership.objects.filter(user=user).values_list("hub_id", "role"))
    return user._hub_roles
