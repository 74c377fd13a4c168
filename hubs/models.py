"""Reference data (countries, sectors, goals), hubs and who may act for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

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


class HubQuerySet(models.QuerySet["Hub"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Listed hubs are public; a hub not yet listed is seen by its people and by staff."""
        if user.is_authenticated and (user.is_staff or user.is_superuser):
            return self
        public = models.Q(is_listed=True)
        if not user.is_authenticated:
            return self.filter(public)
        return self.filter(
            public | models.Q(pk__in=Membership.objects.filter(user=user).values("hub"))
        )

    def at_desk_of(self, user: User | AnonymousUser) -> Self:
        """Hubs in this person's scope at the moderators' desk."""
        if user.is_authenticated and (user.is_staff or user.is_superuser):
            return self
        return self.of(user, *Membership.DESK)

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
    other_names = models.JSONField(_("other names"), default=list, blank=True)
    summary = models.CharField(_("summary in one sentence"), max_length=300, blank=True)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    country = models.ForeignKey(
        Country, on_delete=models.PROTECT, null=True, blank=True, related_name="hubs"
    )
    host = models.CharField(_("host institution"), max_length=200, blank=True)
    founded = models.PositiveSmallIntegerField(_("founded"), null=True, blank=True)
    sectors = models.ManyToManyField(Sector, blank=True, related_name="hubs")
    organisational_model = models.TextField(_("organisational model"), blank=True)
    coordinates = models.TextField(_("what it coordinates"), blank=True)
    staffing = models.TextField(_("staff"), blank=True)
    financing = models.TextField(_("financing"), blank=True)
    networks = models.TextField(_("networks"), blank=True)
    policy_basis = models.TextField(_("policy basis"), blank=True)
    note = models.TextField(_("note"), blank=True)
    website = models.URLField(_("website"), blank=True)
    facts = models.JSONField(
        _("statements with their sources"),
        default=list,
        blank=True,
        help_text=_("Each: text, source, and where sources disagree, conflict."),
    )
    sources = models.JSONField(
        _("sources of the fields"),
        default=dict,
        blank=True,
        help_text=_("Field name to source; “*” for all that is not named."),
    )
    is_pilot = models.BooleanField(_("pilot"), default=False)
    is_listed = models.BooleanField(_("listed"), default=True)
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


def roles_of(user: Any) -> dict[int, str]:
    """The person's role in each hub, read once per request."""
    if not user.is_authenticated:
        return {}
    if not hasattr(user, "_hub_roles"):
        user._hub_roles = dict(Membership.objects.filter(user=user).values_list("hub_id", "role"))
    return user._hub_roles
