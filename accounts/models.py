"""A person's account and what they tell about themselves."""

from __future__ import annotations

import zoneinfo
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import models, transaction
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from accounts.signals import desk_roles
from core import letterhead
from core.outbox import Owed, masked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.contrib.auth.models import AnonymousUser


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A person with an empty profile: the two always come together."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        with transaction.atomic(using=self._db):
            user.save(using=self._db)
            Profile.objects.using(self._db).create(
                user=user, interface_language=get_language() or settings.LANGUAGE_CODE
            )
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(
            email, password, **{"is_staff": True, "is_superuser": True} | fields
        )

    def get_by_natural_key(self, username: str | None) -> User:
        """Addresses are compared without regard to case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A person, known by e-mail address.

    Roles are held per hub (``hubs.Membership``), never on the person, with two exceptions
    that concern the whole portal: ``is_staff`` is a portal moderator, ``is_superuser`` an
    administrator.
    """

    email = models.EmailField(_("e-mail address"), max_length=254)
    name = models.CharField(_("name"), max_length=150, help_text=_("As you sign your work."))
    is_staff = models.BooleanField(_("portal moderator"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)
    #: Notifications not read yet, kept by ``notifications.noticing``:
    #: it stands in the head of every page, and the account is read for every page anyway.
    unread = models.PositiveIntegerField(default=0, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="one_account_per_address",
                violation_error_message=_("There is already an account with this address."),
            ),
            models.CheckConstraint(
                name="closed_account_is_not_active",
                condition=models.Q(closed_at=None) | models.Q(is_active=False),
            ),
        ]

    def __str__(self) -> str:
        if self.closed_at:
            return gettext("Former member")
        return self.name or gettext("Member %(number)s") % {"number": self.pk}

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    def may_use_desk(self) -> bool:
        """Whether the moderators' desk is open to this person.

        The layers above answer for the roles they hold (``desk_roles``); asked once per
        request.
        """
        if self.is_staff or self.is_superuser:
            return True
        if not hasattr(self, "_desk"):
            self._desk = any(answer for _receiver, answer in desk_roles.send(User, user=self))
        return self._desk


class Language(models.Model):
    """A language people read, write or work in (ISO 639-1)."""

    code = models.CharField(max_length=8, primary_key=True)
    name = models.CharField(max_length=80)
    native_name = models.CharField(max_length=80)
    direction = models.CharField(max_length=3, default="ltr")

    class Meta:
        verbose_name = _("language")
        verbose_name_plural = _("languages")
        ordering = ["name"]

    def __str__(self) -> str:
        return (
            self.native_name
            if self.native_name == self.name
            else f"{self.native_name} ({self.name})"
        )


class OrganisationKind(models.TextChoices):
    """Kinds of organisation, as the field names its actors."""

    GOVERNMENT = "government", _("National government")
    LOCAL = "local", _("Local or regional government")
    AGENCY = "agency", _("Development cooperation agency")
    MULTILATERAL = "multilateral", _("Multilateral organisation")
    CIVIL = "civil", _("Civil society")
    BUSINESS = "business", _("Business")
    ACADEMIA = "academia", _("University or research")
    OTHER = "other", _("Other")


class Audience(models.TextChoices):
    """Who may see one field of a profile."""

    NOBODY = "nobody", _("Only me")
    MEMBERS = "members", _("Signed-in members")
    PUBLIC = "public", _("Everyone")


def validate_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("Choose a time zone from the list."), code="unknown-zone")


class ProfileQuerySet(models.QuerySet["Profile"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Profiles whose name this person may see. Its twin is ``accounts.view_profile``."""
        if user.is_authenticated and user.is_superuser:
            return self
        public = models.Q(user__is_active=True, name_audience=Audience.PUBLIC)
        if not user.is_authenticated:
            return self.filter(public)
        members = models.Q(user__is_active=True, name_audience=Audience.MEMBERS)
        return self.filter(public | members | models.Q(user_id=user.pk))


class Profile(models.Model):
    """What a member tells the community, and to whom: each field has its own audience."""

    FIELDS: ClassVar[tuple[str, ...]] = (
        "name",
        "organisation",
        "organisation_kind",
        "position",
        "country",
        "languages",
        "expertise",
        "about",
    )

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="profile")
    organisation = models.CharField(_("organisation"), max_length=200, blank=True)
    organisation_kind = models.CharField(
        _("kind of organisation"), max_length=20, choices=OrganisationKind, blank=True
    )
    position = models.CharField(_("position"), max_length=150, blank=True)
    country = CountryField(_("country"), blank=True)
    languages = models.ManyToManyField(
        Language, verbose_name=_("languages"), blank=True, related_name="+"
    )
    expertise = models.TextField(
        _("expertise"), max_length=1000, blank=True, help_text=_("What others may ask you about.")
    )
    about = models.TextField(_("about you"), max_length=2000, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_zone]
    )
    interface_language = models.CharField(_("language of mails"), max_length=10, default="en")
    name_audience = models.CharField(max_length=10, choices=Audience, default=Audience.MEMBERS)
    audiences = models.JSONField(
        default=dict, help_text=_("Field name to audience; a field not named is for members.")
    )

    objects = ProfileQuerySet.as_manager()

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")
        constraints = [
            models.CheckConstraint(
                name="profile_name_audience_known",
                condition=models.Q(name_audience__in=["nobody", "members", "public"]),
            )
        ]

    def __str__(self) -> str:
        return str(self.user)

    def get_absolute_url(self) -> str:
        return reverse("accounts:profile", kwargs={"pk": self.pk})

    def audience_of(self, field: str) -> str:
        if field == "name":
            return self.name_audience
        if field not in self.FIELDS:
            return Audience.NOBODY
        return str(self.audiences.get(field, Audience.MEMBERS))

    def may_see(self, field: str, viewer: User | AnonymousUser) -> bool:
        """Whether ``viewer`` may see that field. The member always sees their own."""
        if viewer.is_authenticated and viewer.pk == self.user_id:
            return True
        audience = self.audience_of(field)
        return audience == Audience.PUBLIC or (
            audience == Audience.MEMBERS and viewer.is_authenticated
        )


class AccountMail(Owed):
    """A mail about somebody's own account: owed from the moment it is asked for until the
    mail server took it.

    The page that asks for it writes this row and nothing else, so it answers alike whether
    the address is known or not, and whether the mail server is up or not. The text may hold
    a code or a link, so it is blanked as soon as nothing is owed any more.
    """

    forgotten: ClassVar[dict[str, Any]] = {"body": ""}
    #: The language whoever has this address reads the portal in, once it was looked up.
    likely_language: str | None = None

    to = models.EmailField(_("to"), max_length=254)
    purpose = models.CharField(_("purpose"), max_length=60)
    asked_by_anyone = models.BooleanField(
        default=False, help_text=_("A stranger can ask for this mail, so it is limited.")
    )
    subject = models.CharField(_("subject"), max_length=250)
    body = models.TextField(blank=True)

    class Meta:
        verbose_name = _("account mail")
        verbose_name_plural = _("account mails")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "available_at"], name="account_mail_owed"),
            models.Index(fields=["to", "created_at"], name="account_mail_by_address"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} → {masked(self.to)}"

    @classmethod
    def prepare(cls, rows: Sequence[AccountMail]) -> None:
        """Find the languages of their readers in one query."""
        found = _languages_of(row.to for row in rows)
        for row in rows:
            row.likely_language = found.get(row.to.lower(), "")

    def compose(self) -> EmailMessage:
        """In plain text and in the shell of all mails: its code large, its link as a button."""
        if self.likely_language is None:
            self.prepare([self])
        language = letterhead.language_of(self.body, self.likely_language or "")
        with translation.override(language):
            html = letterhead.page_of(
                title=self.subject,
                blocks=letterhead.blocks_of(
                    self.body,
                    page=letterhead.first_link(self.body),
                    code=letterhead.code_in(self.subject, self.body),
                ),
            )
        message = EmailMultiAlternatives(
            subject=letterhead.subject_of(self.subject),
            body=self.body,
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[self.to],
        )
        message.attach_alternative(html, "text/html")
        return message


def _languages_of(addresses: Iterable[str]) -> dict[str, str]:
    """The languages people read the portal in, by their addresses in lower case: as the index of
    accounts has them."""
    rows = Profile.objects.annotate(address=Lower("user__email")).filter(
        address__in={address.lower() for address in addresses}
    )
    return dict(rows.values_list("address", "interface_language"))
