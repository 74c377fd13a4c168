"""The programme of an event: days, tracks, rooms, sessions, and who contributed what."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from claims.models import Reference
from core import walltime
from core.partialdate import PartialDateField
from events.choices import ContributionRole, SessionKind
from events.models.meetings import Event, PartQuerySet
from hubs.models import Country, Hub

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


#: Addresses below an event's that are pages of their own.
RESERVED = frozenset(
    {
        "edit",
        "feedback",
        "join",
        "organise",
        "papers",
        "participants",
        "programme",
        "questions",
        "registration",
        "stories",
    }
)


class Track(models.Model):
    """A strand of a programme that runs beside others."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="tracks")
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("track")
        verbose_name_plural = _("tracks")
        ordering = ["event", "position", "pk"]

    def __str__(self) -> str:
        return self.name


class Room(models.Model):
    """A place within the venue; it holds one session at a time."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="rooms")
    name = models.CharField(_("name"), max_length=120)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        ordering = ["event", "position", "pk"]
        constraints = [models.UniqueConstraint(fields=["event", "name"], name="room_once")]

    def __str__(self) -> str:
        return self.name


class SessionQuerySet(PartQuerySet["Session"]):
    """As whoever reads or keeps their event."""


class Session(models.Model):
    """One item of a programme. Its times are wall times in its zone; the instants follow.

    A session whose hour no source states has none; one of which only the day is known has
    ``day``.
    """

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="sessions")
    slug = models.SlugField(_("address"), max_length=80)
    title = models.CharField(_("title"), max_length=300)
    kind = models.CharField(_("kind"), max_length=20, choices=SessionKind)
    code = models.CharField(_("number, as written"), max_length=40, blank=True)
    summary = models.TextField(_("summary"), blank=True)
    day = models.DateField(_("day"), null=True, blank=True)
    wall_starts = models.TimeField(_("begins"), null=True, blank=True)
    wall_ends = models.TimeField(_("ends"), null=True, blank=True)
    zone = models.CharField(_("time zone"), max_length=60, blank=True)
    zone_is_derived = models.BooleanField(_("zone worked out by the editors"), default=False)
    #: Which of two hours that bear the same name, when the clocks are put back.
    second_hour = models.BooleanField(null=True, blank=True)
    starts_at = models.DateTimeField(null=True, editable=False)
    ends_at = models.DateTimeField(null=True, editable=False)
    track = models.ForeignKey(
        Track, on_delete=models.SET_NULL, null=True, blank=True, related_name="sessions"
    )
    room = models.ForeignKey(
        Room, on_delete=models.SET_NULL, null=True, blank=True, related_name="sessions"
    )
    reference = models.ForeignKey(
        Reference, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    place = models.CharField(_("page or section"), max_length=120, blank=True)
    further = models.ForeignKey(
        Reference,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("longer account"),
    )
    note = models.CharField(_("editor’s note"), max_length=500, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    #: What the calendar or table it was imported from calls it, to be known again.
    external_id = models.CharField(max_length=250, blank=True, editable=False)
    #: Counts changes, for calendars that were handed out.
    sequence = models.PositiveIntegerField(default=0, editable=False)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ["event", "day", "wall_starts", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["event", "slug"], name="session_address_once"),
            models.CheckConstraint(
                name="session_ends_after_it_starts",
                condition=models.Q(starts_at__isnull=True)
                | models.Q(ends_at__isnull=True)
                | models.Q(ends_at__gt=models.F("starts_at")),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("events:session", args=[self.event.slug, self.slug])

    def clean(self) -> None:
        """Work out the instants; refuse at the field what no clock shows."""
        if self.slug in RESERVED:
            raise ValidationError({"slug": _("Another page has this address. Choose another.")})
        self.starts_at = self.ends_at = None
        if self.day is None or self.wall_starts is None:
            if self.wall_starts is not None:
                raise ValidationError({"day": _("Choose the day.")})
            return
        if not self.zone:
            raise ValidationError({"zone": _("Choose the time zone of these hours.")})
        moments: dict[str, dt.datetime] = {}
        for name, column in (("wall_starts", "starts_at"), ("wall_ends", "ends_at")):
            time: dt.time | None = getattr(self, name)
            if time is None:
                continue
            try:
                moment = walltime.instant(
                    dt.datetime.combine(self.day, time), self.zone, second=self.second_hour
                )
            except ValidationError as error:
                field = "zone" if error.code == "zone" else name
                raise ValidationError({field: error}) from None
            moments[column] = moment
        if "ends_at" in moments and moments["ends_at"] <= moments["starts_at"]:
            raise ValidationError({"wall_ends": _("It ends before it begins.")})
        self.starts_at, self.ends_at = moments["starts_at"], moments.get("ends_at")


class PersonQuerySet(models.QuerySet["Person"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """People of whom something may be read: a part in an event this reader sees, or a work."""
        if user.is_authenticated and user.is_staff:
            return self
        return self.filter(
            models.Exists(
                Contribution.objects.visible_to(user).filter(person=models.OuterRef("pk"))
            )
        )

    def at_desk_of(self, user: User | AnonymousUser) -> Self:
        """People belong to no hub: whoever keeps events may name any of them."""
        return self if user.is_authenticated else self.none()


class Person(models.Model):
    """Somebody who contributed to an event. Not an account: most never had one."""

    slug = models.SlugField(_("address"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=150)
    sort_name = models.CharField(_("name for sorting"), max_length=150, blank=True)
    country = models.ForeignKey(
        Country, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField(_("editor’s note"), max_length=500, blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="contributor",
        editable=False,
    )

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["sort_name", "name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("events:person", args=[self.slug])


class PersonName(models.Model):
    """Another form of a person's name, and who writes it so."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="other_names")
    name = models.CharField(_("name as written"), max_length=150)
    reference = models.ForeignKey(
        Reference, on_delete=models.PROTECT, related_name="+", verbose_name=_("source")
    )
    place = models.CharField(_("page or section"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("other name of a person")
        verbose_name_plural = _("other names of a person")
        ordering = ["person", "pk"]

    def __str__(self) -> str:
        return self.name


class ContributionQuerySet(models.QuerySet["Contribution"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(
            models.Q(event=None) | models.Q(event__in=Event.objects.visible_to(user))
        )


class Contribution(models.Model):
    """A person in a part, with title and organisation as they were then.

    What is no part in an event, like a chapter or a study, has ``work`` or only ``topic``.
    """

    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, null=True, blank=True, related_name="contributions"
    )
    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, null=True, blank=True, related_name="contributions"
    )
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="contributions")
    role = models.CharField(_("part"), max_length=20, choices=ContributionRole)
    work = models.ForeignKey(
        Reference,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("work"),
    )
    happened_on = PartialDateField(_("when, if not at the event"), blank=True)
    title = models.CharField(_("title then"), max_length=200, blank=True)
    organisation = models.CharField(_("organisation then"), max_length=200, blank=True)
    country = models.ForeignKey(
        Country, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    hub = models.ForeignKey(
        Hub, on_delete=models.SET_NULL, null=True, blank=True, related_name="contributions"
    )
    topic = models.CharField(_("about"), max_length=300, blank=True)
    note = models.CharField(_("editor’s note"), max_length=300, blank=True)
    reference = models.ForeignKey(
        Reference, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    place = models.CharField(_("page or section"), max_length=120, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    objects = ContributionQuerySet.as_manager()

    class Meta:
        verbose_name = _("contribution")
        verbose_name_plural = _("contributions")
        ordering = ["event", "session", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="contribution_to_something",
                condition=models.Q(event__isnull=False)
                | models.Q(work__isnull=False)
                | ~models.Q(topic=""),
                violation_error_message=_("Say what the contribution was to."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.get_role_display()}"

    def clean(self) -> None:
        if self.session and self.event_id and self.session.event_id != self.event_id:
            raise ValidationError({"session": _("This session belongs to another event.")})
