"""Frozen versions and what the desk decides about them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from catalogue import choices as c
from catalogue.models.criteria import CriteriaSet
from catalogue.models.solution import Solution
from catalogue.signals import submission_moved
from core.lifecycle import Lifecycle, Move

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.models import User


class Version(models.Model):
    """The record as it stood at one moment. Never changed: a database trigger refuses it.

    ``content`` is everything a reader may see (``catalogue.content`` describes its shape),
    ``private_content`` what only the team, the desk and the panel may; ``content_hash`` is
    the SHA-256 of both in canonical form.
    """

    solution = models.ForeignKey(Solution, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField(_("version"))
    form = models.CharField(_("form"), max_length=10, choices=c.Form)
    content = models.JSONField()
    private_content = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("frozen"), auto_now_add=True)
    #: When the version became what readers see; null for one that never did. Not part of
    #: the frozen content, so it may be set later, once.
    published_at = models.DateTimeField(_("published"), null=True)

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["solution", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["solution", "number"], name="version_number_once")
        ]

    def __str__(self) -> str:
        return _("%(solution)s, version %(number)s") % {
            "solution": self.content.get("title", ""),
            "number": self.number,
        }


class SubmissionQuerySet(models.QuerySet["Submission"]):
    def waiting(self) -> Self:
        """In screening, oldest first."""
        return self.filter(state=c.SubmissionState.SCREENING).order_by("submitted_at", "pk")

    def at_desk_of(self, user: User) -> Self:
        return self.filter(solution__in=Solution.objects.at_desk_of(user))


class Submission(Lifecycle):
    """One frozen version handed to the desk, and its answer.

    Screening by the gates of its criteria set comes first. A record is never screened by its
    own team.
    """

    State = c.SubmissionState
    moves: ClassVar[dict[str, Move]] = {
        "pass_screening": Move(
            _("Pass and publish"), (State.SCREENING,), State.PASSED, "catalogue.screen_submission"
        ),
        "give_back": Move(
            _("Return with reasons"),
            (State.SCREENING,),
            State.RETURNED,
            "catalogue.screen_submission",
        ),
        "decline": Move(
            _("Decline"), (State.SCREENING,), State.DECLINED, "catalogue.screen_submission"
        ),
        "recall": Move(
            _("Take back"), (State.SCREENING,), State.RECALLED, "catalogue.recall_submission"
        ),
    }

    solution = models.ForeignKey(Solution, on_delete=models.PROTECT, related_name="submissions")
    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="submission")
    criteria_set = models.ForeignKey(
        CriteriaSet,
        on_delete=models.PROTECT,
        related_name="submissions",
        verbose_name=_("criteria set"),
        help_text=_("In force when it was submitted; it is judged by this set to the end."),
    )
    form = models.CharField(_("form"), max_length=10, choices=c.Form)
    state = models.CharField(
        _("state"), max_length=10, choices=State, default=State.SCREENING, editable=False
    )
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("submitted by"),
    )
    submitted_at = models.DateTimeField(_("submitted"), auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided"), null=True, editable=False)
    note = models.TextField(_("note to the team"), blank=True, max_length=4000)
    checks = models.JSONField(
        _("automatic checks"),
        default=list,
        editable=False,
        help_text=_("Made at submission: code, outcome, detail."),
    )

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ["submitted_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["solution"], condition=Q(state="screening"), name="one_open_submission"
            ),
            models.CheckConstraint(
                name="submission_decided_by_someone",
                condition=Q(state__in=["screening", "recalled"])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return str(self.version)

    @property
    def due_at(self) -> datetime:
        """The end of screening; load ``criteria_set`` with the submission."""
        days = self.criteria_set.content["periods"]["screening_days"]
        return self.submitted_at + timedelta(days=days)

    def get_absolute_url(self) -> str:
        return reverse("admin:catalogue_submission_change", args=[self.pk])

    def announce(self, verb: str, *, by: Any) -> None:
        submission_moved.send(sender=Submission, submission=self, verb=verb, by=by)


class GateAnswer(models.Model):
    """The answer to one gate: yes or no, always with a reason. One "no" stops."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="gates")
    gate = models.CharField(_("gate"), max_length=4)
    passes = models.BooleanField(_("passes"))
    reason = models.TextField(_("reason"), max_length=1000)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    answered_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("gate answer")
        verbose_name_plural = _("gate answers")
        ordering = ["gate"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "gate"], name="gate_once_per_submission")
        ]

    def __str__(self) -> str:
        return f"{self.gate}: {'yes' if self.passes else 'no'}"


class Remark(models.Model):
    """A reason for return, tied to the field it belongs to, so that its team finds it there."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="remarks")
    field = models.CharField(_("field"), max_length=40)
    text = models.TextField(_("what to change, and why"), max_length=1000)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("remark")
        verbose_name_plural = _("remarks")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "field"], name="remark_once_per_field")
        ]

    def __str__(self) -> str:
        return f"{self.field}: {self.text[:60]}"
