"""Registration for an event: how people are let in, who asked, who has a place, who waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.keys import AddressKey
from claims.models import new_uid
from core import walltime
from core.lifecycle import Lifecycle, Move
from events.models import Event
from hubs.models import Country
from participation.choices import Listing
from participation.signals import registration_moved

if TYPE_CHECKING:
    import datetime as dt

    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class Admission(models.Model):
    """How people come to take part in one event. Without it nobody registers here.

    ``taken`` and ``waiting`` are counts kept under the lock of this row, so that a page costs
    the same with ten and with ten thousand registrations.
    """

    event = models.OneToOneField(
        Event, on_delete=models.CASCADE, primary_key=True, related_name="admission"
    )
    is_open = models.BooleanField(_("registration is open"), default=False)
    closes_at = models.DateTimeField(
        _("registration closes"),
        null=True,
        blank=True,
        help_text=_("None: when the event begins."),
    )
    places = models.PositiveIntegerField(
        _("places"),
        null=True,
        blank=True,
        help_text=_("None: as many as come. When all are taken, people wait in line."),
    )
    needs_approval = models.BooleanField(_("organisers approve each registration"), default=False)
    join_url = models.URLField(
        _("join link"),
        max_length=500,
        blank=True,
        help_text=_("Only people with a place see it."),
    )
    join_note = models.TextField(
        _("how to join"),
        max_length=1000,
        blank=True,
        help_text=_("A dial-in number or a passcode. Only people with a place see it."),
    )
    practical = models.TextField(_("good to know before registering"), max_length=2000, blank=True)
    contact = models.EmailField(_("address of the organisers"), blank=True)
    signatory = models.CharField(_("who signs letters of invitation"), max_length=150, blank=True)
    signatory_title = models.CharField(_("their title"), max_length=200, blank=True)
    letter_text = models.TextField(
        _("paragraph of your own in the letter of invitation"), max_length=2000, blank=True
    )
    taken = models.PositiveIntegerField(default=0, editable=False)
    waiting = models.PositiveIntegerField(default=0, editable=False)
    #: The number last given; numbers are the order of the line.
    issued = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("registration for an event")
        verbose_name_plural = _("registration for events")
        constraints = [
            models.CheckConstraint(
                name="never_more_people_than_places",
                condition=models.Q(places=None) | models.Q(taken__lte=models.F("places")),
                violation_error_message=_("More people have a place than that."),
            )
        ]

    def __str__(self) -> str:
        return str(self.event)

    @property
    def free(self) -> int | None:
        """Places left; None when there is no limit."""
        return None if self.places is None else max(self.places - self.taken, 0)

    @property
    def is_full(self) -> bool:
        """Whether whoever registers now has to wait."""
        return self.waiting > 0 or self.free == 0

    def ends_at(self, begins: dt.datetime | None) -> dt.datetime | None:
        """When registration closes, given when the event begins."""
        return self.closes_at or begins

    def takes(self, now: dt.datetime, begins: dt.datetime | None) -> bool:
        """Whether people can register at that instant."""
        end = self.ends_at(begins)
        return self.is_open and (end is None or now < end)


class Category(models.Model):
    """A kind of participant: delegate, observer, press."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="categories")
    name = models.CharField(_("name"), max_length=80)
    needs_approval = models.BooleanField(_("organisers approve each registration"), default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("kind of participant")
        verbose_name_plural = _("kinds of participants")
        ordering = ["event", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "name"],
                name="kind_of_participant_once",
                violation_error_message=_("This kind is there already."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def placed(self) -> Self:
        return self.filter(state=Registration.State.PLACED)

    def in_line(self) -> Self:
        """Those who wait, whoever came first is first. Closed accounts do not hold up the line."""
        return self.filter(state=Registration.State.WAITING, user__is_active=True).order_by(
            "number"
        )

    def listed_for(self, user: User | AnonymousUser, event: Event) -> Self:
        """People with a place who agreed that this reader sees it."""
        seen: tuple[str, ...] = (Listing.PUBLIC,)
        if user.is_authenticated and (
            user.has_perm("events.change_event", event)
            or Registration.objects.placed().filter(event=event, user=user).exists()
        ):
            seen = (Listing.PUBLIC, Listing.PARTICIPANTS)
        return self.placed().filter(event=event, listing__in=seen)


class Registration(Lifecycle):
    """One person's wish to take part in one event, and what became of it.

    Name, title and organisation are as they stood then: they go on the badge, and changing a
    profile later does not change them. When the account closes, they are taken out.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Waits for approval")
        WAITING = "waiting", _("On the waiting list")
        PLACED = "placed", _("Has a place")
        DECLINED = "declined", _("Declined")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    #: States in which somebody still wants to come.
    STANDING: ClassVar[tuple[str, ...]] = (State.ASKED, State.WAITING, State.PLACED)

    moves = {
        "approve_registration": Move(
            _("Approve"), (State.ASKED, State.DECLINED), State.WAITING, "participation.organise"
        ),
        "give_place": Move(
            _("Give the next place"), (State.WAITING,), State.PLACED, "participation.give_place"
        ),
        "decline_registration": Move(
            _("Decline"),
            (State.ASKED, State.WAITING, State.PLACED),
            State.DECLINED,
            "participation.organise",
        ),
        "withdraw_registration": Move(
            _("Withdraw"),
            (State.ASKED, State.WAITING, State.PLACED),
            State.WITHDRAWN,
            "participation.own_registration",
        ),
        "ask_again": Move(
            _("Ask again"), (State.WITHDRAWN,), State.ASKED, "participation.own_registration"
        ),
        "register_again": Move(
            _("Register again"),
            (State.WITHDRAWN,),
            State.WAITING,
            "participation.own_registration",
        ),
    }

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="registrations")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="registrations"
    )
    number = models.PositiveIntegerField(_("number"), editable=False)
    state = models.CharField(
        _("state"), max_length=20, choices=State, default=State.WAITING, editable=False
    )
    category = models.ForeignKey(
        Category,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="registrations",
        verbose_name=_("kind of participant"),
    )
    name = models.CharField(_("name, as on the badge"), max_length=150)
    title = models.CharField(_("title or position"), max_length=150, blank=True)
    organisation = models.CharField(_("organisation"), max_length=200, blank=True)
    country = models.ForeignKey(
        Country,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("country"),
    )
    needs = models.TextField(
        _("what you need to take part"),
        max_length=500,
        blank=True,
        help_text=_("Like sign language or step-free access. Only the organisers read it."),
    )
    hope = models.TextField(
        _("what you hope to learn"),
        max_length=500,
        blank=True,
        help_text=_("The organisers and speakers read it."),
    )
    listing = models.CharField(
        _("who may read that you take part"),
        max_length=20,
        choices=Listing,
        default=Listing.NOBODY,
    )
    reason = models.TextField(_("reason"), max_length=1000, blank=True, editable=False)
    registered_at = models.DateTimeField(_("registered"), default=timezone.now, editable=False)
    placed_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)
    #: Opened the page with the join link while the event was on.
    joined_at = models.DateTimeField(null=True, editable=False)
    attended = models.BooleanField(
        _("took part"), null=True, editable=False, help_text=_("Unknown until somebody says.")
    )

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["event", "number"]
        constraints = [
            models.UniqueConstraint(fields=["event", "user"], name="one_registration_per_person"),
            models.UniqueConstraint(fields=["event", "number"], name="one_number_per_registration"),
            models.CheckConstraint(
                name="a_place_has_its_time",
                condition=~models.Q(state="placed") | models.Q(placed_at__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["event", "state", "number"], name="line_of_an_event")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.category and self.event_id and self.category.event_id != self.event_id:
            raise ValidationError({"category": _("Choose one of this event’s kinds.")})

    @property
    def is_standing(self) -> bool:
        return self.state in self.STANDING

    # Each of these is called under the lock of the admission, and what follows for the line is
    # settled in the same transaction: see ``operations.registering``.

    def approve_registration(self, *, by: User) -> None:
        self._make("approve_registration", by=by, reason="", ended_at=None)

    def give_place(self, *, by: Any) -> None:
        self._make("give_place", by=by, placed_at=timezone.now(), **by.audit_name)

    def decline_registration(self, *, by: User, reason: str) -> None:
        if not reason.strip():
            raise ValidationError({"reason": _("Say why; the person reads it.")})
        self._make(
            "decline_registration",
            by=by,
            note=reason,
            reason=reason,
            placed_at=None,
            ended_at=timezone.now(),
        )

    def withdraw_registration(self, *, by: User) -> None:
        self._make("withdraw_registration", by=by, placed_at=None, ended_at=timezone.now())

    def come_back(self, *, by: User, number: int, for_approval: bool) -> None:
        """Register once more after having withdrawn, at the end of the line."""
        self._make(
            "ask_again" if for_approval else "register_again",
            by=by,
            number=number,
            registered_at=timezone.now(),
            ended_at=None,
        )

    def announce(self, verb: str, *, by: Any) -> None:
        registration_moved.send(Registration, registration=self, verb=verb, by=by)


class PersonalCalendar(AddressKey):
    """A member's own calendar address, which needs no sign-in. Only a fingerprint of it is kept."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="personal_calendar"
    )

    class Meta:
        verbose_name = _("calendar address of a member")
        verbose_name_plural = _("calendar addresses of members")


def zone_of(event: Event) -> str:
    """The zone hours of this event are said in: its own, else UTC."""
    return event.zone if event.zone in walltime.zones() else "UTC"
