"""Who takes part, and what moderators decided about their conduct."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Lower, Replace
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from claims.models import new_uid
from community.choices import Ground, SanctionKind, Trust

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

#: What a short name is made of: letters and digits of any script would let look-alikes in.
HANDLE = r"^[a-z][a-z0-9-]{1,28}[a-z0-9]$"
#: What is read for each other in a short name, in this order: hyphens are overlooked.
LOOKS_LIKE = (("-", ""), ("0", "o"), ("1", "l"), ("rn", "m"), ("vv", "w"))


def likeness(handle: str) -> str:
    """What all short names have in common that are read for this one."""
    found = handle.lower()
    for written, read in LOOKS_LIKE:
        found = found.replace(written, read)
    return found


def of_likeness() -> Any:
    """``likeness`` in the database. Its expression is part of a constraint."""
    found: Any = Lower(F("handle"))
    for written, read in LOOKS_LIKE:
        found = Replace(found, Value(written), Value(read))
    return found


class MemberQuerySet(models.QuerySet["Member"]):
    def active(self) -> Self:
        return self.filter(user__is_active=True)


class Member(models.Model):
    """A person who joined the community and agreed to its code of conduct.

    What they tell about themselves is in their account's profile, each field with its own
    audience. The short name is theirs to choose and open to everybody: it stands with what they
    write wherever their name is not open to the reader.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="member"
    )
    handle = models.CharField(
        _("short name"),
        max_length=30,
        validators=[
            RegexValidator(
                HANDLE,
                _("Use 3 to 30 small letters a to z, digits and hyphens. Begin with a letter."),
            )
        ],
        help_text=_("Others mention you by it, like @ana-b. Everybody can see it."),
    )
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    conduct_version = models.PositiveSmallIntegerField(default=1, editable=False)
    is_listed = models.BooleanField(
        _("list me in the directory of members"),
        default=False,
        help_text=_("With the fields of your profile that the reader may see."),
    )
    shows_recognition = models.BooleanField(_("show what I contributed on my page"), default=True)
    trust = models.CharField(max_length=10, choices=Trust, default=Trust.NEW, editable=False)
    trusted_since = models.DateTimeField(null=True, editable=False)

    objects = MemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("handle"),
                name="one_member_per_handle",
                violation_error_message=_("Another member has this short name."),
            ),
            models.UniqueConstraint(
                of_likeness(),
                name="no_member_looks_like_another",
                violation_error_message=_("This is too much like another member’s short name."),
            ),
        ]

    def __str__(self) -> str:
        return f"@{self.handle}"

    def get_absolute_url(self) -> str:
        return reverse("community:member", args=[self.handle])


class FormerHandle(models.Model):
    """A short name somebody gave up: it leads to them, and nobody else may have it for a time.

    Without a member it belonged to somebody who left.
    """

    #: So long nobody else may choose it.
    KEPT = dt.timedelta(days=365)

    handle = models.CharField(_("short name"), max_length=30, unique=True)
    likeness = models.CharField(max_length=30, editable=False)
    member = models.ForeignKey(
        Member, on_delete=models.SET_NULL, null=True, related_name="former_handles"
    )
    given_up_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("former short name")
        verbose_name_plural = _("former short names")
        ordering = ["-given_up_at", "-pk"]
        indexes = [models.Index(fields=["likeness"], name="former_handles_alike")]

    def __str__(self) -> str:
        return f"@{self.handle}"


class Departure(models.Model):
    """Somebody left the community and kept their account: what they wrote stands without them."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="departure"
    )
    left_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("departure")
        verbose_name_plural = _("departures")

    def __str__(self) -> str:
        return f"{self.left_at:%Y-%m-%d}"


class SanctionQuerySet(models.QuerySet["Sanction"]):
    def in_force(self, now: dt.datetime) -> Self:
        """Neither lifted nor run out. A warning is never in force: it is said once."""
        return self.filter(models.Q(until=None) | models.Q(until__gt=now), lifted_at=None).exclude(
            kind=SanctionKind.WARNING
        )


class Sanction(models.Model):
    """What moderators decided about one member's conduct, with the reason the member reads."""

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sanctions"
    )
    kind = models.CharField(_("measure"), max_length=12, choices=SanctionKind)
    ground = models.CharField(_("rule"), max_length=12, choices=Ground)
    reason = models.TextField(_("reason, as the member reads it"), max_length=2000)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(default=timezone.now, editable=False)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, editable=False)
    seen_at = models.DateTimeField(null=True, editable=False)

    objects = SanctionQuerySet.as_manager()

    class Meta:
        verbose_name = _("measure about conduct")
        verbose_name_plural = _("measures about conduct")
        ordering = ["-decided_at", "-pk"]
        indexes = [models.Index(fields=["user", "lifted_at"], name="sanctions_of_a_member")]
        constraints = [
            models.CheckConstraint(
                name="suspension_has_an_end",
                condition=~models.Q(kind=SanctionKind.SUSPENSION) | models.Q(until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())


def member_of(user: User | AnonymousUser) -> Member | None:
    """The person as a member, or None. Asked once per request."""
    if not user.is_authenticated or not user.is_active:
        return None
    # Kept on the account itself, also where the request holds it behind a proxy.
    person: Any = user
    if not hasattr(person, "_member"):
        person._member = Member.objects.filter(user_id=user.pk).first()
    found: Member | None = person._member
    return found


def forget_member(user: User) -> None:
    """Ask again at the next ``member_of`` or ``sanctions_of``: something changed."""
    for name in ("_member", "_sanctions"):
        if hasattr(user, name):
            delattr(user, name)


def _notices_of(user: User | AnonymousUser) -> list[Sanction]:
    """What is in force about this person, and what they have not read yet. One query."""
    if not user.is_authenticated:
        return []
    person: Any = user
    if not hasattr(person, "_sanctions"):
        now, rows = timezone.now(), Sanction.objects.filter(user_id=user.pk, lifted_at=None)
        in_force = models.Q(pk__in=Sanction.objects.in_force(now).filter(user_id=user.pk))
        person._sanctions = list(rows.filter(in_force | models.Q(seen_at=None)))
    found: list[Sanction] = person._sanctions
    return found


def sanctions_of(user: User | AnonymousUser) -> list[Sanction]:
    """What is in force about this person's conduct. Asked once per request."""
    now = timezone.now()
    return [
        row
        for row in _notices_of(user)
        if row.kind != SanctionKind.WARNING and (row.until is None or row.until > now)
    ]


def unread_sanctions_of(user: User | AnonymousUser) -> list[Sanction]:
    """What was decided about this person's conduct and they have not said that they read it."""
    return [row for row in _notices_of(user) if row.seen_at is None]


def silenced_by(user: User | AnonymousUser) -> Sanction | None:
    """The suspension or ban in force, if there is one."""
    silencing = (SanctionKind.SUSPENSION, SanctionKind.BAN)
    return next((s for s in sanctions_of(user) if s.kind in silencing), None)
