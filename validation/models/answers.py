"""What others may say to a decision: an appeal, a challenge, a confirmation after some years."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalogue.models import Solution, StoredFile, Submission
from catalogue.models.solution import new_uid
from core.lifecycle import Lifecycle, Move
from validation import choices as c
from validation.models.cases import Case
from validation.models.outcomes import Record
from validation.signals import appeal_moved, challenge_moved


class Appeal(Lifecycle):
    """The owner's objection to a decision, heard by three people who had no part in it.

    Its grounds are procedure, factual error or overlooked evidence; new evidence is for a new
    submission. Upheld, the same version goes before a new panel.
    """

    State = c.AppealState
    moves: ClassVar[dict[str, Move]] = {
        "hear": Move(
            _("Appoint three people"), (State.FILED,), State.HEARD, "validation.run_appeal"
        ),
        "uphold": Move(_("Uphold"), (State.HEARD,), State.UPHELD, "validation.hear_appeal"),
        "reject": Move(_("Reject"), (State.HEARD,), State.REJECTED, "validation.hear_appeal"),
    }

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="appeal")
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.FILED, editable=False
    )
    ground = models.CharField(_("ground"), max_length=12, choices=c.AppealGround)
    text = models.TextField(_("what went wrong"), max_length=6000)
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    filed_at = models.DateTimeField(_("filed"), default=timezone.now, editable=False)
    due_at = models.DateTimeField(_("answer due"), editable=False)
    answered_at = models.DateTimeField(_("answered"), null=True, editable=False)

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        ordering = ["due_at", "pk"]

    def __str__(self) -> str:
        return _("Appeal: %(version)s") % {"version": self.case.version}

    def announce(self, verb: str, *, by: Any) -> None:
        appeal_moved.send(sender=Appeal, appeal=self, verb=verb, by=by)


class AppealMember(models.Model):
    """One of the three people who answer an appeal, and their opinion."""

    appeal = models.ForeignKey(Appeal, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="appeal_seats"
    )
    country = models.CharField(_("country at the time"), max_length=2, blank=True)
    upholds = models.BooleanField(_("upholds"), null=True)
    reason = models.TextField(_("reason"), max_length=4000, blank=True)
    given_at = models.DateTimeField(_("given"), null=True)

    class Meta:
        verbose_name = _("member of an appeal panel")
        verbose_name_plural = _("members of appeal panels")
        ordering = ["appeal", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["appeal", "user"], name="one_opinion_per_person"),
            models.CheckConstraint(
                name="opinion_has_reason",
                condition=Q(upholds=None) | (~Q(reason="") & Q(given_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.appeal_id}: {self.user_id}"


class Challenge(Lifecycle):
    """A member's doubt about a label, with evidence. It may come from anybody signed in."""

    State = c.ChallengeState
    moves: ClassVar[dict[str, Move]] = {
        "keep": Move(
            _("Keep the label"),
            (State.OPEN, State.ASKED),
            State.KEPT,
            "validation.decide_challenge",
        ),
        "ask_owner": Move(
            _("Ask the owner"), (State.OPEN,), State.ASKED, "validation.decide_challenge"
        ),
        "suspend_label": Move(
            _("Suspend the label"),
            (State.OPEN, State.ASKED),
            State.SUSPENDED,
            "validation.decide_challenge",
        ),
        "restore_label": Move(
            _("Restore the label"), (State.SUSPENDED,), State.KEPT, "validation.decide_challenge"
        ),
        "revoke_label": Move(
            _("Revoke the label"), (State.SUSPENDED,), State.REVOKED, "validation.decide_challenge"
        ),
    }

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    form_key = models.UUIDField(editable=False)
    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="challenges")
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.OPEN, editable=False
    )
    criterion = models.CharField(_("criterion"), max_length=4, blank=True)
    text = models.TextField(_("what is wrong"), max_length=6000)
    url = models.URLField(_("link to the evidence"), max_length=500, blank=True)
    file = models.ForeignKey(
        StoredFile,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("file with the evidence"),
    )
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    raised_at = models.DateTimeField(_("raised"), default=timezone.now, editable=False)
    due_at = models.DateTimeField(_("due"), editable=False)
    owner_answer = models.TextField(_("answer of the owner"), max_length=6000, blank=True)
    owner_answered_at = models.DateTimeField(null=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, editable=False)
    answer = models.TextField(_("answer to the member"), max_length=4000, blank=True)

    class Meta:
        verbose_name = _("challenge")
        verbose_name_plural = _("challenges")
        ordering = ["due_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["raised_by", "form_key"], name="challenge_once_per_form"
            ),
            models.CheckConstraint(
                name="challenge_has_evidence", condition=~Q(url="") | Q(file__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return _("Challenge of %(record)s") % {"record": self.record.reference}

    def get_absolute_url(self) -> str:
        return reverse("admin:validation_challenge_change", args=[self.pk])

    def announce(self, verb: str, *, by: Any) -> None:
        challenge_moved.send(sender=Challenge, challenge=self, verb=verb, by=by)


class Renewal(models.Model):
    """The owner's confirmation of a solution whose label runs out, or has run out.

    ``statements``: criterion code to ``{"status": "unchanged" | "changed" | "stopped",
    "note": …, "evidence": ["E3"]}``. It goes with a submission of its own, so that the new
    evidence is frozen with it.
    """

    solution = models.ForeignKey(Solution, on_delete=models.PROTECT, related_name="renewals")
    record = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="confirmations")
    submission = models.OneToOneField(Submission, on_delete=models.PROTECT, related_name="renewal")
    statements = models.JSONField(default=dict)
    filed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    filed_at = models.DateTimeField(_("filed"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("re-validation")
        verbose_name_plural = _("re-validations")
        ordering = ["-filed_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.record.reference}"
