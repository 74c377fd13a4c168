"""A case: one frozen version before a panel, from the first invitation to the decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KeyTextTransform
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalogue.models import CriteriaSet, Solution, Submission, Version
from catalogue.models.solution import new_uid
from core.lifecycle import Lifecycle, Move
from validation import choices as c
from validation.signals import case_moved

if TYPE_CHECKING:
    from accounts.models import User


class CaseQuerySet(models.QuerySet["Case"]):
    def open(self) -> Self:
        """What the panel or the desk still works on."""
        return self.filter(state__in=c.OPEN)

    def at_desk_of(self, user: User) -> Self:
        """Cases this person may see at the desk. Its twin is ``validation.view_case``.

        Portal moderators see every case they have no part in as its team or as a reviewer;
        a chair sees the cases they chair. Focal points and editors see their hub's
        records at the desk of the catalogue, never the panel.
        """
        if not user.is_authenticated or not user.is_active:
            return self.none()
        barred = CasePart.objects.filter(user=user).exclude(part=c.Part.CHAIR).values("case")
        team = Solution.objects.of_team(user).values("pk")
        mine = self.exclude(pk__in=barred).exclude(solution__in=team)
        if user.is_staff or user.is_superuser:
            return mine
        return mine.filter(chair=user)

    def for_board(self) -> Self:
        """All that a row of the board shows, and no more, in two queries: counting the seats
        of every open case by a join would cost more than reading those of one page."""
        return (
            self.select_related("solution__hub", "chair")
            .only(
                *("uid", "kind", "state", "outcome", "third_needed", "opened_at", "state_since"),
                *("due_at", "ended_at", "solution__title", "solution__hub__acronym"),
                *("solution__hub__name", "chair__name", "chair__closed_at"),
            )
            .annotate(title=KeyTextTransform("title", "version__content"))
            .prefetch_related("seats")
        )


class Case(Lifecycle):
    """One frozen version judged against one criteria set.

    ``criteria_set`` is the set in force on the day of submission, whatever came in force
    later. ``scope`` names the criteria the panel scores; the others keep the agreed score
    of ``earlier`` (the short path of re-validation). ``revision`` counts what changes the
    outcome, so that a decision is confirmed only as it was proposed. A *replay* shows reviews
    that a registry collected; it is born closed and never gives a label.
    """

    State = c.CaseState
    moves: ClassVar[dict[str, Move]] = {
        "begin": Move(
            _("Begin the review"), (State.ASSIGNMENT,), State.REVIEW, "validation.advance_case"
        ),
        "ask": Move(
            _("Ask the team"),
            (State.REVIEW, State.DECISION),
            State.CLARIFICATION,
            "validation.chair_case",
        ),
        "resume": Move(
            _("Send the answers"),
            (State.CLARIFICATION,),
            State.REVIEW,
            "validation.answer_clarification",
        ),
        "lapse": Move(
            _("Close for silence"), (State.CLARIFICATION,), State.CLOSED, "validation.keep_time"
        ),
        "complete": Move(
            _("All reviews in"), (State.REVIEW,), State.DECISION, "validation.advance_case"
        ),
        "reopen": Move(
            _("Go back to the review"), (State.DECISION,), State.REVIEW, "validation.advance_case"
        ),
        "decide": Move(
            _("Confirm the decision"),
            (State.DECISION,),
            State.DECIDED,
            "validation.confirm_decision",
        ),
        "take_back": Move(
            _("Take back from the panel"), c.OPEN, State.CLOSED, "validation.take_back_case"
        ),
        "close_case": Move(
            _("Close without decision"), c.OPEN, State.CLOSED, "validation.close_case"
        ),
    }

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    solution = models.ForeignKey(Solution, on_delete=models.PROTECT, related_name="cases")
    #: None for a replay: a registry's reviews were never submitted here.
    submission = models.ForeignKey(
        Submission, on_delete=models.PROTECT, null=True, related_name="cases"
    )
    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="cases")
    criteria_set = models.ForeignKey(CriteriaSet, on_delete=models.PROTECT, related_name="cases")
    kind = models.CharField(
        _("kind"), max_length=10, choices=c.CaseKind, default=c.CaseKind.FIRST, editable=False
    )
    scope = models.JSONField(_("criteria to score"), default=list, editable=False)
    earlier = models.ForeignKey(
        "validation.Record",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="renewals",
        verbose_name=_("record it renews"),
    )
    state = models.CharField(
        _("state"),
        max_length=15,
        choices=State,
        default=State.ASSIGNMENT,
        editable=False,
    )
    outcome = models.CharField(
        _("outcome"), max_length=15, choices=c.Outcome, blank=True, editable=False
    )
    chair = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="chaired_cases",
        verbose_name=_("chair"),
    )
    rounds = models.PositiveSmallIntegerField(_("clarification rounds"), default=0, editable=False)
    third_needed = models.JSONField(
        _("why a third review is needed"), default=list, blank=True, editable=False
    )
    revision = models.PositiveIntegerField(default=1, editable=False)
    opened_at = models.DateTimeField(_("opened"), default=timezone.now, editable=False)
    state_since = models.DateTimeField(
        _("in this state since"), default=timezone.now, editable=False
    )
    due_at = models.DateTimeField(_("due"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    note = models.TextField(_("note"), blank=True, editable=False)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        ordering = ["due_at", "pk"]
        indexes = [
            models.Index(fields=["state", "due_at", "id"], name="case_board"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["solution"],
                condition=Q(state__in=["assignment", "review", "clarification", "decision"]),
                name="one_open_case",
            ),
            models.CheckConstraint(
                name="case_ended_with_outcome",
                condition=Q(
                    state__in=["assignment", "review", "clarification", "decision"],
                    outcome="",
                    ended_at=None,
                )
                | (Q(state__in=["decided", "closed"]) & ~Q(outcome="") & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="case_replayed_gives_no_label",
                condition=Q(kind="replay", state="closed", outcome="replayed", submission=None)
                | (~Q(kind="replay") & ~Q(outcome="replayed") & Q(submission__isnull=False)),
            ),
            models.CheckConstraint(
                name="case_decided_has_result",
                condition=~Q(state="decided")
                | Q(outcome__in=["validated", "promising", "not_validated"]),
            ),
        ]

    def __str__(self) -> str:
        return _("%(version)s before the panel") % {"version": self.version}

    @property
    def sent_in(self) -> Submission:
        """The submission it judges. A replay has none, and nothing of it is ever decided."""
        if self.submission is None:
            raise ValueError(f"{self} replays reviews; nothing was submitted")
        return self.submission

    @property
    def is_open(self) -> bool:
        return self.state in c.OPEN

    def get_absolute_url(self) -> str:
        return reverse("admin:validation_case_change", args=[self.pk])

    def announce(self, verb: str, *, by: Any) -> None:
        case_moved.send(sender=Case, case=self, verb=verb, by=by)


class CasePart(models.Model):
    """What a person is in a case. The unique row is the rule: nobody holds two of submitter,
    reviewer and chair. It is never deleted, so who left a panel cannot come back as its chair."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="parts")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    part = models.CharField(max_length=10, choices=c.Part)
    #: What a chair declared before anything of the case opened to them.
    declared = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="one_part_per_case")]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.part}"


class Clarification(models.Model):
    """One round of questions to the team, each tied to a criterion."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="clarifications")
    round = models.PositiveSmallIntegerField(_("round"))
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=c.ClarificationState,
        default=c.ClarificationState.OPEN,
        editable=False,
    )
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    due_at = models.DateTimeField(_("due"))
    answered_at = models.DateTimeField(_("answered"), null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("clarification")
        verbose_name_plural = _("clarifications")
        ordering = ["case", "round"]
        constraints = [
            models.UniqueConstraint(fields=["case", "round"], name="clarification_round_once"),
            models.UniqueConstraint(
                fields=["case"], condition=Q(state="open"), name="one_open_clarification"
            ),
            models.CheckConstraint(
                name="clarification_answered_by_someone",
                condition=~Q(state="answered")
                | Q(answered_at__isnull=False, answered_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id}, {self.round}"


class Question(models.Model):
    """A question of the panel, tied to a criterion, and the team's answer to it."""

    clarification = models.ForeignKey(
        Clarification, on_delete=models.CASCADE, related_name="questions"
    )
    criterion = models.CharField(_("criterion"), max_length=4)
    text = models.TextField(_("question"), max_length=1000)
    answer = models.TextField(_("answer"), max_length=4000, blank=True)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.criterion}: {self.text[:60]}"
