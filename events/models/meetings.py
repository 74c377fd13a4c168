"""Events: what was held, when, where, by whom, and how certain that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from claims.models import Claim, Reference, before
from core import walltime
from core.partialdate import PartialDateField
from events.choices import EventKind, EventStatus, PartyRole
from events.topics import TOPICS
from hubs.models import Country, Hub, Membership

if TYPE_CHECKING:
    import datetime as dt

    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


M = TypeVar("M", bound=models.Model)

#: Addresses below "events/" that are pages of their own.
RESERVED = frozenset(
    {"calendar", "commitments", "documents", "mine", "people", "series", "webinars"}
)


def not_reserved(slug: str) -> None:
    """Refuse an event's address that another page has."""
    if slug in RESERVED:
        raise ValidationError(_("Another page has this address. Choose another."))


class Series(models.Model):
    """Events that follow each other, like the high-level meetings; its name may change.

    A process of which sources name no dated meeting is a series without events.
    """

    slug = models.SlugField(_("address"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=200)
    short = models.CharField(_("short name"), max_length=40, blank=True)
    launched = PartialDateField(_("launched"), blank=True)
    note = models.TextField(_("note"), blank=True)
    reference = models.ForeignKey(
        Reference,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("source"),
    )
    place = models.CharField(_("page or section"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("series of events")
        verbose_name_plural = _("series of events")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("events:series", args=[self.slug])


class SeriesName(models.Model):
    """What a series was called from some edition on, and who says so."""

    series = models.ForeignKey(Series, on_delete=models.CASCADE, related_name="names")
    name = models.CharField(_("name"), max_length=200)
    since_edition = models.PositiveSmallIntegerField(_("since edition"))
    reference = models.ForeignKey(Reference, on_delete=models.PROTECT, related_name="+")
    place = models.CharField(_("page or section"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("name of a series")
        verbose_name_plural = _("names of a series")
        ordering = ["series", "since_edition"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "since_edition"], name="one_series_name_per_edition"
            )
        ]

    def __str__(self) -> str:
        return self.name


class EventQuerySet(models.QuerySet["Event"]):
    def at_desk_of(self, user: User | AnonymousUser) -> Self:
        """The events this person may change: all for portal moderators, else their hubs'."""
        if not user.is_authenticated:
            return self.none()
        if user.is_staff:
            return self
        return self.filter(hub__in=_desks_of(user))

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Public events are for everybody; others for their hub's editors and for staff."""
        if user.is_authenticated and user.is_staff:
            return self
        public = models.Q(is_public=True)
        if not user.is_authenticated:
            return self.filter(public)
        return self.filter(public | models.Q(hub__in=_desks_of(user)))


def _desks_of(user: User) -> models.QuerySet[Membership, Any]:
    """The hubs whose records this person edits."""
    return Membership.objects.filter(user=user, role__in=Membership.DESK).values("hub")


class PartQuerySet(models.QuerySet[M]):
    """Records that belong to an event, and are seen and changed by whoever sees or changes it."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.filter(event__in=Event.objects.visible_to(user))

    def at_desk_of(self, user: User | AnonymousUser) -> Self:
        return self.filter(event__in=Event.objects.at_desk_of(user))


class Event(models.Model):
    """A meeting of whatever kind. ``starts`` and ``ends`` are days at its place, as precisely as
    sources know them; the hours are those of its sessions."""

    slug = models.SlugField(_("address"), max_length=80, unique=True, validators=[not_reserved])
    name = models.CharField(_("name"), max_length=250)
    short = models.CharField(_("short name"), max_length=60, blank=True)
    kind = models.CharField(_("kind"), max_length=30, choices=EventKind)
    summary = models.CharField(_("summary in one or two sentences"), max_length=500, blank=True)
    theme = models.CharField(_("theme"), max_length=250, blank=True)
    series = models.ForeignKey(
        Series, on_delete=models.PROTECT, null=True, blank=True, related_name="events"
    )
    edition = models.PositiveSmallIntegerField(_("edition"), null=True, blank=True)
    hub = models.ForeignKey(
        Hub,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="events",
        help_text=_("Whose editors keep this record; none: portal moderators."),
    )
    starts = PartialDateField(_("first day"), blank=True)
    ends = PartialDateField(_("last day"), blank=True)
    zone = models.CharField(_("time zone"), max_length=60, blank=True)
    city = models.CharField(_("city"), max_length=120, blank=True)
    venue = models.CharField(_("venue"), max_length=200, blank=True)
    country = models.ForeignKey(
        Country, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    status = models.CharField(
        _("status"), max_length=20, choices=EventStatus, default=EventStatus.PLANNED
    )
    website = models.URLField(_("website"), blank=True)
    hubs_shown = models.ManyToManyField(
        Hub, blank=True, related_name="shown_at", verbose_name=_("hubs that presented")
    )
    is_public = models.BooleanField(_("public"), default=True)
    updated_at = models.DateTimeField(auto_now=True)
    #: Counts changes, for calendars that were handed out.
    sequence = models.PositiveIntegerField(default=0, editable=False)

    #: What a drawing of it may be kept by, where a page read all of it at once.
    kept_as: tuple[Any, ...] | None = None

    objects = EventQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-starts", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "edition"],
                condition=models.Q(edition__isnull=False),
                name="one_event_per_edition",
            )
        ]

    def __str__(self) -> str:
        return self.short or self.name

    def get_absolute_url(self) -> str:
        return reverse("events:event", args=[self.slug])

    def is_ahead_of(self, today: dt.date) -> bool:
        """Whether it is still to come or going on; what is known to the year lasts all of it."""
        if self.status in (EventStatus.HELD, EventStatus.CANCELLED) or not self.starts:
            return False
        return not before(self.ends or self.starts, today.isoformat())

    def clean(self) -> None:
        if self.starts and self.ends and before(self.ends, self.starts):
            raise ValidationError({"ends": _("It ends before it begins. Swap the two.")})
        if self.zone and self.zone not in walltime.zones():
            raise ValidationError({"zone": _("Choose a time zone from the list.")})
        if self.edition is not None and self.series is None:
            raise ValidationError({"series": _("Choose the series this is an edition of.")})


class EventClaim(Claim):
    """What one source says about one event: who came, how long it took, what it was called."""

    topics = TOPICS

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="claims")

    class Meta(Claim.Meta):
        verbose_name = _("statement about an event")
        verbose_name_plural = _("statements about events")
        constraints = [
            *Claim.Meta.constraints,
            models.UniqueConstraint(
                fields=["event", "topic", "label"],
                condition=models.Q(is_preferred=True),
                name="one_preferred_statement_of_event",
                violation_error_message=_("Another statement on this is preferred already."),
            ),
        ]
        indexes = [models.Index(fields=["event", "position", "id"], name="claims_of_event")]

    def get_absolute_url(self) -> str:
        return f"{self.event.get_absolute_url()}#c-{self.uid}"


class StatusNote(models.Model):
    """What a source said of an event's status, and when: planned, confirmed, held."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="status_notes")
    status = models.CharField(_("status"), max_length=20, choices=EventStatus)
    as_of = PartialDateField(_("as of"), blank=True)
    text = models.CharField(_("as written"), max_length=300, blank=True)
    reference = models.ForeignKey(Reference, on_delete=models.PROTECT, related_name="+")
    place = models.CharField(_("page or section"), max_length=120, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("status in time")
        verbose_name_plural = _("status in time")
        ordering = ["event", "position", "pk"]

    def __str__(self) -> str:
        return f"{self.event}: {self.get_status_display()}"


class Party(models.Model):
    """An institution that held or supported an event, and in which part."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="parties")
    session = models.ForeignKey(
        "events.Session",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="parties",
        help_text=_("If it is about one session only."),
    )
    name = models.CharField(_("institution"), max_length=200)
    role = models.CharField(_("part"), max_length=20, choices=PartyRole)
    hub = models.ForeignKey(
        Hub, on_delete=models.SET_NULL, null=True, blank=True, related_name="event_parts"
    )
    reference = models.ForeignKey(
        Reference, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    place = models.CharField(_("page or section"), max_length=120, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("organiser")
        verbose_name_plural = _("organisers")
        ordering = ["event", "role", "position", "pk"]

    def __str__(self) -> str:
        return self.name
