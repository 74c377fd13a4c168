"""Living labs: a hub is built in the open; members try what emerges and say what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from catalogue.choices import Publication
from catalogue.models import Contributor, Solution
from claims.models import Reference, new_uid
from community.choices import LabStatus, LessonState, Outcome, ReportState
from community.models.announced import AnnouncedQuerySet
from community.signals import lab_news, report_moved
from core.errors import DomainError
from core.lifecycle import Lifecycle, Move
from core.partialdate import PartialDateField
from core.richtext import CLEANER_VERSION
from hubs.models import Hub, Membership, roles_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

R = ReportState


class LivingLabQuerySet(AnnouncedQuerySet["LivingLab"]):
    """Labs that are announced, and those a person keeps."""

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Announced ones; all for portal moderators; those in preparation for their keepers."""
        if not user.is_authenticated or not user.is_active:
            return self.filter(is_public=True)
        if user.is_staff:
            return self
        return self.filter(Q(is_public=True) | Q(pk__in=self._kept_by(user)))

    def kept_by(self, user: User | AnonymousUser) -> Self:
        """Labs this person is a steward of, and those of the hubs they edit."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(pk__in=self._kept_by(user))

    @staticmethod
    def _kept_by(user: User) -> models.QuerySet[Any]:
        edited = [hub for hub, role in roles_of(user).items() if role in Membership.DESK]
        kept = LivingLab.objects.filter(Q(stewards=user) | Q(hub__in=edited))
        # Ordered by nothing, and each once: a sub-select.
        return kept.order_by().values("pk")


class LivingLab(models.Model):
    """A pilot hub that documents its own building, lesson by lesson, while it happens.

    Its stewards keep the journal; so may whoever edits the pilot hub.
    """

    slug = models.SlugField(_("address"), max_length=80, unique=True)
    name = models.CharField(_("name"), max_length=150)
    hub = models.ForeignKey(
        Hub, on_delete=models.PROTECT, related_name="labs", verbose_name=_("pilot hub")
    )
    summary = models.CharField(_("summary in one or two sentences"), max_length=500, blank=True)
    practice = models.CharField(_("practice it works on"), max_length=200, blank=True)
    supporter = models.CharField(_("supported by"), max_length=200, blank=True)
    status = models.CharField(
        _("status"), max_length=20, choices=LabStatus, default=LabStatus.PLANNED
    )
    starts = PartialDateField(_("begins"), blank=True)
    ends = PartialDateField(_("ends"), blank=True)
    #: What the lab would like to know from members now.
    question = models.CharField(_("open question"), max_length=300, blank=True)
    stewards = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="labs_kept",
        verbose_name=_("stewards"),
    )
    solutions = models.ManyToManyField(
        Solution, blank=True, related_name="labs", verbose_name=_("emerging solutions")
    )
    #: Where the open question is answered; none before the first answer to each question.
    answers = models.ForeignKey(
        "community.Discussion", models.SET_NULL, null=True, editable=False, related_name="+"
    )
    reference = models.ForeignKey(
        Reference, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("source")
    )
    place = models.CharField(_("page or section"), max_length=120, blank=True)
    is_public = models.BooleanField(_("public"), default=True)

    objects = LivingLabQuerySet.as_manager()

    class Meta:
        verbose_name = _("living lab")
        verbose_name_plural = _("living labs")
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("community:lab", args=[self.slug])


class LabEntry(models.Model):
    """One dated entry of a lab's journal."""

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    form_key = models.UUIDField(null=True, editable=False)
    lab = models.ForeignKey(LivingLab, on_delete=models.CASCADE, related_name="entries")
    happened = PartialDateField(_("date"))
    title = models.CharField(_("what happened"), max_length=160)
    body = models.TextField(_("in a few sentences"), blank=True)
    cleaner = models.PositiveSmallIntegerField(default=CLEANER_VERSION, editable=False)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    written_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal entries")
        ordering = ["lab", "-happened", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["written_by", "form_key"], name="entry_once_per_form")
        ]

    def __str__(self) -> str:
        return self.title


class LessonQuerySet(models.QuerySet["Lesson"]):
    def shown(self) -> Self:
        """What the lab still says."""
        return self.filter(state=LessonState.SHOWN)


class Lesson(Lifecycle):
    """What a lab learned, in one sentence; it stands once members elsewhere have confirmed it.

    One that its keepers withdrew is read by nobody any more: its page says when and why. What was
    withdrawn does not come back; what is right after all is written anew and confirmed anew.
    """

    moves: ClassVar[dict[str, Move]] = {
        "withdraw_lesson": Move(
            _("Withdraw"), (LessonState.SHOWN,), LessonState.WITHDRAWN, "community.keep"
        ),
    }

    #: So many members from other countries make a lesson stand.
    NEEDED = 3

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    form_key = models.UUIDField(null=True, editable=False)
    lab = models.ForeignKey(LivingLab, on_delete=models.CASCADE, related_name="lessons")
    text = models.CharField(_("lesson, in one sentence"), max_length=300)
    detail = models.TextField(_("what it rests on"), max_length=3000, blank=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    written_at = models.DateTimeField(default=timezone.now, editable=False)
    #: Confirmations by distinct countries other than the lab's, kept with each confirmation.
    countries = models.PositiveSmallIntegerField(default=0, editable=False)
    position = models.PositiveSmallIntegerField(default=0)
    changed_at = models.DateTimeField(null=True, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=LessonState, default=LessonState.SHOWN, editable=False
    )
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    #: Everybody reads it in the place of the lesson.
    withdrawn_because = models.CharField(_("reason"), max_length=300, blank=True, editable=False)

    objects = LessonQuerySet.as_manager()

    class Meta:
        verbose_name = _("lesson of a lab")
        verbose_name_plural = _("lessons of labs")
        ordering = ["lab", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["written_by", "form_key"], name="lesson_once_per_form"),
            models.CheckConstraint(
                name="withdrawn_lesson_says_when_and_why",
                condition=Q(state=LessonState.SHOWN, withdrawn_at=None, withdrawn_because="")
                | (
                    Q(state=LessonState.WITHDRAWN, withdrawn_at__isnull=False)
                    & ~Q(withdrawn_because="")
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.text

    def get_absolute_url(self) -> str:
        return reverse("community:lesson", args=[self.lab.slug, self.uid])

    def withdraw_lesson(self, *, by: User, reason: str) -> None:
        """Say it no longer. Everybody reads when and why, nobody what it said."""
        self._make(
            "withdraw_lesson",
            by=by,
            note=reason,
            withdrawn_at=timezone.now(),
            withdrawn_because=reason,
        )

    @property
    def is_withdrawn(self) -> bool:
        return self.state == LessonState.WITHDRAWN

    @property
    def stands(self) -> bool:
        return self.countries >= self.NEEDED

    @property
    def missing(self) -> int:
        """How many countries are still needed."""
        return max(0, self.NEEDED - self.countries)


class ConfirmationQuerySet(models.QuerySet["LessonConfirmation"]):
    def shown(self) -> Self:
        return self.filter(state=R.SHOWN)

    def visible_to(self, user: User | AnonymousUser, *, keeps: bool = False) -> Self:
        """Shown ones, and one's own; whoever keeps the lab reads all."""
        if keeps:
            return self
        if not user.is_authenticated:
            return self.shown()
        return self.filter(Q(state=R.SHOWN) | Q(user=user))


class LessonConfirmation(Lifecycle):
    """ "We saw the same": a member, where they saw it, and in what circumstances.

    That of a new member waits until a keeper has read it, as a first post does. Only shown ones
    count. Whoever takes theirs back takes the row with it; one that a keeper hid stays.
    """

    moves: ClassVar[dict[str, Move]] = {
        "show_confirmation": Move(
            _("Show"), (R.SUBMITTED, R.HIDDEN), R.SHOWN, "community.check_confirmation"
        ),
        "hide_confirmation": Move(
            _("Do not show"), (R.SUBMITTED, R.SHOWN), R.HIDDEN, "community.check_confirmation"
        ),
    }

    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="confirmations")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    country = CountryField(_("country where you saw it"))
    note = models.CharField(_("what you saw"), max_length=500)
    given_at = models.DateTimeField(default=timezone.now, editable=False)
    state = models.CharField(
        _("state"), max_length=10, choices=ReportState, default=R.SHOWN, editable=False
    )

    objects = ConfirmationQuerySet.as_manager()

    class Meta:
        verbose_name = _("confirmation of a lesson")
        verbose_name_plural = _("confirmations of lessons")
        ordering = ["lesson", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["lesson", "user"], name="lesson_confirmed_once")
        ]

    def __str__(self) -> str:
        return self.note


class TrialReportQuerySet(models.QuerySet["TrialReport"]):
    def shown(self) -> Self:
        """What everybody reads: checked, and about a record everybody reads."""
        return self.filter(state=R.SHOWN, solution__publication=Publication.PUBLIC)

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Shown ones; one's own; for whoever may check them also what waits and what was hidden.

        Its twin for one object is ``community.view_report``.
        """
        shown = Q(state=R.SHOWN, solution__publication=Publication.PUBLIC)
        if not user.is_authenticated or not user.is_active:
            return self.filter(shown)
        if user.is_staff:
            return self
        kept = Q(lab__in=LivingLab.objects.kept_by(user)) & ~Q(state=R.WITHDRAWN)
        return self.filter(shown | Q(user=user) | kept)

    def to_check_by(self, user: User | AnonymousUser) -> Self:
        """Reports that wait for this person's check: of the labs they keep, all for portal
        moderators; never their own, nor about a record of their team."""
        waiting = self.filter(state=R.SUBMITTED)
        if not user.is_authenticated or not user.is_active:
            return self.none()
        if not user.is_staff:
            waiting = waiting.filter(lab__in=LivingLab.objects.kept_by(user))
        named = Contributor.objects.filter(user=user).values("solution")
        mine = Q(user=user) | Q(solution__owner=user) | Q(solution__in=named)
        return waiting.exclude(mine)


class TrialReport(Lifecycle):
    """ "We tried this": who tried a solution where, what they changed, what came of it.

    Shown once somebody who keeps the lab, or a portal moderator, has checked that it is about the
    solution and names its evidence; they do not judge the result. A failure is shown as a success
    is. Neither its author nor anybody of the solution's team checks it, whatever their rights; and
    the team reports nothing here: what it found belongs in the record. A report by the institution
    that the record itself names stands, marked, and counts as no other place.
    """

    moves: ClassVar[dict[str, Move]] = {
        "show_report": Move(_("Show"), (R.SUBMITTED, R.HIDDEN), R.SHOWN, "community.check_report"),
        "hide_report": Move(
            _("Do not show"), (R.SUBMITTED, R.SHOWN), R.HIDDEN, "community.check_report"
        ),
        "withdraw_report": Move(
            _("Withdraw"), (R.SUBMITTED, R.SHOWN, R.HIDDEN), R.WITHDRAWN, "community.own_report"
        ),
        "send_again": Move(
            _("Send again"), (R.HIDDEN,), R.SUBMITTED, "community.send_report_again"
        ),
    }

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    form_key = models.UUIDField(null=True, editable=False)
    solution = models.ForeignKey(Solution, on_delete=models.CASCADE, related_name="trials")
    lab = models.ForeignKey(
        LivingLab, models.SET_NULL, null=True, blank=True, related_name="trials"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="trials"
    )
    organisation = models.CharField(_("organisation that tried it"), max_length=200)
    country = CountryField(_("country"))
    context = models.TextField(_("where and under what circumstances"), max_length=2000)
    changed = models.TextField(_("what you changed"), max_length=2000, blank=True)
    result = models.TextField(_("what happened"), max_length=2000)
    outcome = models.CharField(_("in short"), max_length=10, choices=Outcome)
    tried = PartialDateField(_("when"))
    evidence_title = models.CharField(_("evidence: title"), max_length=200, blank=True)
    evidence_url = models.URLField(
        _("evidence: address"),
        max_length=500,
        blank=True,
        validators=[URLValidator(schemes=["http", "https"])],
    )
    #: The organisation is the one the record names: not another place.
    is_own = models.BooleanField(_("by the solution’s own institution"), default=False)
    state = models.CharField(
        _("state"), max_length=10, choices=ReportState, default=R.SUBMITTED, editable=False
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True, editable=False)
    submitted_at = models.DateTimeField(default=timezone.now, editable=False)
    shown_at = models.DateTimeField(null=True, editable=False)

    objects = TrialReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("report of a trial")
        verbose_name_plural = _("reports of trials")
        ordering = ["-submitted_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["user", "form_key"], name="report_once_per_form")
        ]
        indexes = [
            models.Index(fields=["solution", "state"], name="trials_of_a_solution"),
            models.Index(
                fields=["submitted_at"], condition=Q(state=R.SUBMITTED), name="trials_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.solution}: {self.organisation}"

    def get_absolute_url(self) -> str:
        return reverse("community:trial", args=[self.uid])

    def show_report(self, *, by: User) -> None:
        self._refuse_interested(by)
        self._make("show_report", by=by, shown_at=timezone.now(), reason="")

    def hide_report(self, *, by: User, reason: str) -> None:
        """Out of sight; its author reads why, may mend it and send it again."""
        self._refuse_interested(by)
        self._make("hide_report", by=by, note=reason, reason=reason[:300])

    def withdraw_report(self, *, by: User) -> None:
        self._refuse_others(by)
        self._make("withdraw_report", by=by)

    def _refuse_interested(self, by: User) -> None:
        """Holds for administrators, too, who pass every rule."""
        if by.pk == self.user_id:
            raise DomainError(_now("Somebody else checks your report."), code="four-eyes")
        if is_of_team(by, self.solution):
            raise DomainError(
                _now("You are named in this solution. Somebody else checks reports about it."),
                code="team",
            )

    def _refuse_others(self, by: User) -> None:
        if by.pk != self.user_id:
            raise DomainError(_now("Only its author withdraws a report."), code="not-author")

    def announce(self, verb: str, *, by: Any) -> None:
        report_moved.send(TrialReport, report=self, verb=verb, by=by)
        if verb == "show_report":
            lab_news.send(TrialReport, lab=self.lab, what="report", record=self, by=by)


def is_of_team(user: User | AnonymousUser, solution: Solution) -> bool:
    """Owns the record or is named in it with an account. At most one query."""
    if not user.is_authenticated:
        return False
    return solution.owner_id == user.pk or solution.contributors.filter(user=user).exists()
