"""The people who judge, and what each of them wrote."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from catalogue.models.solution import new_uid
from core.lifecycle import Lifecycle, Move
from hubs.models import Sector
from validation import choices as c
from validation.models.cases import Case
from validation.signals import seat_moved


class ReviewerQuerySet(models.QuerySet["Reviewer"]):
    def available(self) -> Self:
        """Whom one could ask at all, with the number of reviews each has open."""
        return self.filter(is_active=True, user__is_active=True).annotate(
            load=models.Count("user__seats", filter=Q(user__seats__state__in=c.BUSY), distinct=True)
        )


class Reviewer(models.Model):
    """Somebody the portal may ask to review, and what they may be asked for.

    Country, languages and organisation are those of the person's profile.
    """

    MOST_OPEN: ClassVar[int] = 3

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="reviewer",
        verbose_name=_("person"),
    )
    sectors = models.ManyToManyField(
        Sector, blank=True, related_name="+", verbose_name=_("sectors")
    )
    may_chair = models.BooleanField(_("may chair"), default=False)
    is_active = models.BooleanField(_("may be asked"), default=True)
    most_open = models.PositiveSmallIntegerField(_("reviews at a time"), default=MOST_OPEN)
    since = models.DateTimeField(_("since"), auto_now_add=True)
    note = models.CharField(_("note for chairs"), max_length=300, blank=True)

    objects = ReviewerQuerySet.as_manager()

    class Meta:
        verbose_name = _("reviewer")
        verbose_name_plural = _("reviewers")
        ordering = ["user__name", "pk"]

    def __str__(self) -> str:
        return str(self.user)


class SeatQuerySet(models.QuerySet["Seat"]):
    def of(self, user: Any) -> Self:
        """The seats this person holds or was offered. Nobody else reaches them by this way."""
        return self.filter(user=user) if user.is_authenticated else self.none()

    def on_panel(self) -> Self:
        return self.filter(state__in=c.SEATED)

    def sent(self) -> Self:
        return self.filter(state=c.SeatState.SENT)


class Seat(Lifecycle):
    """A place on a panel: an invitation, then a review.

    ``alias`` is all that anybody but the chair sees of the person ("Reviewer A"); the
    letters are dealt at random, so that they say nothing of the order. What the reviewer
    scores hangs on the seat, and the seat on the case of one frozen version: a review never
    counts for another text.
    """

    State = c.SeatState
    moves: ClassVar[dict[str, Move]] = {
        "accept": Move(_("Accept"), (State.INVITED,), State.REVIEWING, "validation.hold_seat"),
        "decline_seat": Move(
            _("Decline"), (State.INVITED,), State.DECLINED, "validation.hold_seat"
        ),
        "lapse_seat": Move(_("No answer"), (State.INVITED,), State.LAPSED, "validation.keep_time"),
        "send": Move(_("Send the review"), (State.REVIEWING,), State.SENT, "validation.hold_seat"),
        "reopen_seat": Move(
            _("Open the review again"), (State.SENT,), State.REVIEWING, "validation.reopen_seat"
        ),
        "release": Move(_("Release"), c.SEATED, State.RELEASED, "validation.release_seat"),
        "recuse": Move(
            _("Step down"),
            (State.REVIEWING, State.SENT),
            State.RELEASED,
            "validation.hold_seat",
        ),
    }

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="seats")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="seats"
    )
    alias = models.CharField(_("alias"), max_length=2)
    country = models.CharField(_("country at the time"), max_length=2, blank=True)
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.INVITED, editable=False
    )
    invited_at = models.DateTimeField(_("invited"), default=timezone.now, editable=False)
    reminders = models.PositiveSmallIntegerField(_("reminders"), default=0, editable=False)
    answered_at = models.DateTimeField(_("answered"), null=True, editable=False)
    decline_reason = models.CharField(
        _("reason"), max_length=12, choices=c.DeclineReason, blank=True, editable=False
    )
    decline_note = models.CharField(_("in words"), max_length=500, blank=True)
    declared = models.JSONField(_("declared"), default=dict, blank=True, editable=False)
    due_at = models.DateTimeField(_("review due"), null=True, editable=False)
    asked_due_on = models.DateField(_("other date asked for"), null=True, editable=False)
    chair_told_at = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    strength = models.PositiveSmallIntegerField(
        _("strength of the evidence for results"), choices=c.Strength, null=True, blank=True
    )
    note = models.TextField(_("note to the chair"), max_length=4000, blank=True)
    revision = models.PositiveIntegerField(default=0, editable=False)
    named = models.BooleanField(_("may be named"), default=False)

    objects = SeatQuerySet.as_manager()

    class Meta:
        verbose_name = _("seat")
        verbose_name_plural = _("seats")
        ordering = ["case", "alias"]
        indexes = [models.Index(fields=["user", "state"], name="seat_of_person")]
        constraints = [
            models.UniqueConstraint(fields=["case", "user"], name="one_seat_per_person"),
            models.UniqueConstraint(fields=["case", "alias"], name="one_alias_per_case"),
            models.CheckConstraint(
                name="seat_strength_known",
                condition=Q(strength=None) | Q(strength__gte=0, strength__lte=4),
            ),
            models.CheckConstraint(
                name="seat_review_has_due_date",
                condition=~Q(state__in=["reviewing", "sent"])
                | Q(due_at__isnull=False, answered_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return _now("Reviewer %(letter)s") % {"letter": self.alias}

    @property
    def audit_name(self) -> dict[str, Any]:
        """Under which name an act in a blind review is recorded."""
        return {"alias": f"Reviewer {self.alias}", "alias_ref": f"seat:{self.uid}"}

    def get_absolute_url(self) -> str:
        return reverse("validation:review", kwargs={"uid": self.uid})

    def announce(self, verb: str, *, by: Any) -> None:
        seat_moved.send(sender=Seat, seat=self, verb=verb, by=by)


class Score(models.Model):
    """One reviewer's judgement of one criterion.

    ``value`` 0 to 4, or "cannot judge"; both empty while the reviewer has not answered.
    ``question`` is what the reviewer would ask the team; only the chair passes it on.
    """

    seat = models.ForeignKey(Seat, on_delete=models.CASCADE, related_name="scores")
    criterion = models.CharField(_("criterion"), max_length=4)
    value = models.PositiveSmallIntegerField(_("score"), null=True, blank=True)
    cannot_judge = models.BooleanField(_("cannot judge"), default=False)
    reason = models.TextField(_("reason"), max_length=2000, blank=True)
    cites = models.JSONField(_("evidence"), default=list, blank=True)
    question = models.TextField(_("question to the team"), max_length=1000, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("score")
        verbose_name_plural = _("scores")
        ordering = ["seat", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["seat", "criterion"], name="one_score_per_criterion"),
            models.CheckConstraint(
                name="score_between_0_and_4",
                condition=Q(value=None) | Q(value__gte=0, value__lte=4),
            ),
            models.CheckConstraint(
                name="score_or_cannot_judge", condition=Q(value=None) | Q(cannot_judge=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.value}"


class EvidenceCheck(models.Model):
    """What somebody found when they opened one item of evidence of a frozen version.

    Made from a seat on the panel, or later by a member (community validation in living
    labs): exactly one of the two.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="checks")
    seat = models.ForeignKey(Seat, on_delete=models.CASCADE, null=True, related_name="checks")
    member = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    ref = models.CharField(_("evidence"), max_length=4)
    outcome = models.CharField(_("outcome"), max_length=15, choices=c.CheckOutcome)
    note = models.CharField(_("what was found"), max_length=500, blank=True)
    checked_at = models.DateTimeField(_("checked"), default=timezone.now)

    class Meta:
        verbose_name = _("check of evidence")
        verbose_name_plural = _("checks of evidence")
        ordering = ["case", "ref", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["seat", "ref"], condition=Q(seat__isnull=False), name="check_once_per_seat"
            ),
            models.CheckConstraint(
                name="check_by_panel_or_member",
                condition=Q(seat__isnull=False, member__isnull=True)
                | Q(seat__isnull=True, member__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref}: {self.outcome}"
