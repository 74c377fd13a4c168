"""What a panel decided, and the public record of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalogue.models import CriteriaSet, Solution, Version
from core.lifecycle import Lifecycle, Move
from validation import choices as c
from validation.models.cases import Case
from validation.models.panel import Seat
from validation.signals import record_moved

if TYPE_CHECKING:
    from datetime import date


class Decision(models.Model):
    """What the chair proposes and a reviewer of the panel confirms: two people.

    ``scores``: criterion code to ``{"value": "2.5", "low": 2, "high": 3, "n": 2, "reason":
    …, "changed": false, "why_changed": ""}``; a criterion nobody could judge has ``value``
    null; one carried over from an earlier record has ``"carried": true``. ``case_revision``
    is the state of the reviews it was made from.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=c.DecisionState,
        default=c.DecisionState.PROPOSED,
        editable=False,
    )
    case_revision = models.PositiveIntegerField(editable=False)
    scores = models.JSONField(_("agreed scores"), default=dict)
    strength = models.PositiveSmallIntegerField(
        _("strength of the evidence for results"), choices=c.Strength, null=True
    )
    strength_reason = models.TextField(_("why the strength was changed"), blank=True)
    label = models.CharField(_("result"), max_length=15, choices=c.Outcome)
    score = models.CharField(_("sum"), max_length=8)
    failures = models.JSONField(_("what keeps it from more"), default=list, blank=True)
    failed_gates = models.JSONField(
        _("gates found to fail during review"), default=dict, blank=True
    )
    letter = models.TextField(_("letter to the team"), max_length=8000)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField(_("proposed"), default=timezone.now)
    answered_seat = models.ForeignKey(
        Seat, on_delete=models.PROTECT, null=True, related_name="decisions"
    )
    answered_at = models.DateTimeField(_("answered"), null=True)
    answer_note = models.TextField(_("reason"), blank=True, max_length=2000)

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["case", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(state="proposed"), name="one_open_decision"
            ),
            models.UniqueConstraint(
                fields=["case"], condition=Q(state="confirmed"), name="one_confirmed_decision"
            ),
            models.CheckConstraint(
                name="decision_confirmed_by_a_second",
                condition=~Q(state="confirmed")
                | Q(answered_seat__isnull=False, answered_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.label}"


class RecordQuerySet(models.QuerySet["Record"]):
    def standing(self) -> Self:
        """Records that say something about the solution today: not revoked, not replaced."""
        return self.exclude(state__in=[c.RecordState.REVOKED, c.RecordState.SUPERSEDED])

    def public(self) -> Self:
        """Every record ever issued can be read, whatever became of it, unless the solution
        itself was withdrawn."""
        return self.exclude(solution__publication="withdrawn")


class Record(Lifecycle):
    """The public record of a label: what was judged, by which criteria, how, until when.

    ``document`` is what was signed and never changes (a database trigger refuses); what
    became of it since is ``state``, published in the signed list of states.
    """

    State = c.RecordState
    moves: ClassVar[dict[str, Move]] = {
        "suspend_record": Move(
            _("Suspend"), (State.IN_FORCE,), State.SUSPENDED, "validation.decide_record"
        ),
        "restore_record": Move(
            _("Restore"), (State.SUSPENDED,), State.IN_FORCE, "validation.decide_record"
        ),
        "revoke": Move(
            _("Revoke"),
            (State.IN_FORCE, State.SUSPENDED, State.EXPIRED),
            State.REVOKED,
            "validation.decide_record",
        ),
        "expire": Move(_("Expire"), (State.IN_FORCE,), State.EXPIRED, "validation.keep_time"),
        "supersede": Move(
            _("Replace"),
            (State.IN_FORCE, State.SUSPENDED, State.EXPIRED),
            State.SUPERSEDED,
            "validation.advance_case",
        ),
    }

    number = models.PositiveIntegerField(_("number"), unique=True, editable=False)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="record")
    solution = models.ForeignKey(Solution, on_delete=models.PROTECT, related_name="records")
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="records")
    criteria_set = models.ForeignKey(CriteriaSet, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(_("label"), max_length=15, choices=c.Outcome, editable=False)
    state = models.CharField(
        _("state"), max_length=12, choices=State, default=State.IN_FORCE, editable=False
    )
    state_since = models.DateTimeField(default=timezone.now, editable=False)
    public_note = models.TextField(_("public note"), blank=True, editable=False)
    issued_at = models.DateTimeField(_("issued"), default=timezone.now, editable=False)
    expires_on = models.DateField(_("valid until"), editable=False)
    document = models.JSONField(editable=False)

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("validation record")
        verbose_name_plural = _("validation records")
        ordering = ["-issued_at", "-pk"]
        indexes = [models.Index(fields=["state", "expires_on"], name="record_expiry")]
        constraints = [
            models.UniqueConstraint(
                fields=["solution"],
                condition=Q(state__in=["in_force", "suspended", "expired"]),
                name="one_standing_record",
            ),
            models.CheckConstraint(
                name="record_is_a_label", condition=Q(label__in=["validated", "promising"])
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """The number people quote: ``V-0042``."""
        return f"V-{self.number:04d}"

    def has_run_out(self, today: date) -> bool:
        return self.expires_on < today

    def get_absolute_url(self) -> str:
        return reverse("validation:record", kwargs={"reference": self.reference})

    def announce(self, verb: str, *, by: Any) -> None:
        record_moved.send(sender=Record, record=self, verb=verb, by=by)
