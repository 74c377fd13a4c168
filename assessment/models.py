"""How a hub sees where it stands: statements in six dimensions, answered by two people apart,
agreed, and followed by steps with an owner and a date (specification, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from assessment.signals import assessment_moved
from claims.models import new_uid
from core.errors import DomainError
from core.lifecycle import Lifecycle, Move
from core.models import AuditHead
from hubs.models import Hub, Membership

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

#: Level 0 has no statements: it is where everybody begins.
TOP_LEVEL = 4
SHEETS = 2


class Translated(models.Model):
    """Texts in English, with what was translated beside them: ``{"fr": {"text": …}}``."""

    translations = models.JSONField(_("translations"), default=dict, blank=True)

    class Meta:
        abstract = True

    def _said(self, name: str) -> str:
        language = get_language() or "en"
        table: dict[str, dict[str, str]] = self.translations
        for code in (language, language.split("-")[0]):
            if found := table.get(code, {}).get(name):
                return found
        return str(getattr(self, name))

    def is_foreign(self, name: str = "text") -> bool:
        """Whether the text is English on a page of another language."""
        language = (get_language() or "en").split("-")[0]
        return language != "en" and not self.translations.get(language, {}).get(name)


class Framework(Lifecycle):
    """An edition of the dimensions, statements and steps. In force it is never changed; an
    assessment is always read by the edition it was answered on."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_FORCE = "in_force", _("In force")
        REPLACED = "replaced", _("Replaced")

    moves = {
        "put_in_force": Move(
            _("Put in force"), (State.DRAFT,), State.IN_FORCE, "assessment.change_framework"
        ),
        "replace": Move(
            _("Replace"), (State.IN_FORCE,), State.REPLACED, "assessment.change_framework"
        ),
    }

    version = models.CharField(_("version"), max_length=20, unique=True)
    state = models.CharField(_("state"), max_length=20, choices=State, default=State.DRAFT)
    note = models.TextField(_("where it comes from"), blank=True)
    in_force_since = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("edition of the self-assessment")
        verbose_name_plural = _("editions of the self-assessment")
        ordering = ["-in_force_since", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"],
                condition=models.Q(state="in_force"),
                name="one_framework_in_force",
            )
        ]

    def __str__(self) -> str:
        return self.version

    @property
    def is_draft(self) -> bool:
        return bool(self.state == self.State.DRAFT)

    def put_in_force(self, *, by: Any, note: str) -> None:
        self._make("put_in_force", by=by, note=note, in_force_since=timezone.now())

    def replace(self, *, by: Any, note: str) -> None:
        self._make("replace", by=by, note=note)


class Dimension(Translated):
    """One of the six things a hub needs to be able to do."""

    framework = models.ForeignKey(Framework, on_delete=models.CASCADE, related_name="dimensions")
    code = models.SlugField(_("code"), max_length=20)
    title = models.CharField(_("title"), max_length=100)
    short = models.CharField(_("short title, for the plot"), max_length=40)
    text = models.CharField(_("what it is about"), max_length=400, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("dimension")
        verbose_name_plural = _("dimensions")
        ordering = ["framework", "position"]
        constraints = [models.UniqueConstraint(fields=["framework", "code"], name="dimension_once")]

    def __str__(self) -> str:
        return self._said("title")

    @property
    def name(self) -> str:
        return self._said("title")

    @property
    def short_name(self) -> str:
        return self._said("short")

    @property
    def about(self) -> str:
        return self._said("text")


class Statement(Translated):
    """A sentence that holds or does not, one of three on a level, and the step that would make
    it hold. ``effort`` is a guess in days of one person's work, for ordering steps by cost."""

    dimension = models.ForeignKey(Dimension, on_delete=models.CASCADE, related_name="statements")
    code = models.SlugField(_("code"), max_length=30)
    level = models.PositiveSmallIntegerField(
        _("level"), validators=[MinValueValidator(1), MaxValueValidator(TOP_LEVEL)]
    )
    text = models.CharField(_("statement"), max_length=400)
    proof = models.CharField(_("what would prove it"), max_length=300, blank=True)
    step = models.CharField(_("step"), max_length=400)
    effort = models.PositiveSmallIntegerField(
        _("effort in days"), validators=[MinValueValidator(1), MaxValueValidator(999)]
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        ordering = ["dimension__position", "level", "position"]
        constraints = [models.UniqueConstraint(fields=["dimension", "code"], name="statement_once")]

    def __str__(self) -> str:
        return self._said("text")

    @property
    def said(self) -> str:
        return self._said("text")

    @property
    def proof_said(self) -> str:
        return self._said("proof")

    @property
    def step_said(self) -> str:
        return self._said("step")


class AssessmentQuerySet(models.QuerySet["Assessment"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """A hub's own people see all of it; an agreed one is seen by the people of the hubs it
        was shared with, or by everybody, as its focal point chose. Nobody else, not even
        portal moderators."""
        agreed = models.Q(state=Assessment.State.AGREED)
        public = agreed & models.Q(sharing=Assessment.Sharing.PUBLIC)
        public &= models.Q(hub__is_listed=True, hub__merged_into=None)
        if not user.is_authenticated:
            return self.filter(public)
        own = Membership.objects.filter(user=user).values("hub")
        chosen = agreed & models.Q(
            sharing=Assessment.Sharing.CHOSEN,
            pk__in=Assessment.shared_with.through.objects.filter(hub__in=own).values("assessment"),
        )
        return self.filter(public | chosen | models.Q(hub__in=own))

    def agreed(self) -> Self:
        """The history of a hub, newest first."""
        return self.filter(state=Assessment.State.AGREED).order_by("-agreed_at", "-pk")


class Assessment(Lifecycle):
    """One round of a hub's self-assessment, from two people's answers to an agreed one.

    ``answers`` are the agreed ones: ``{statement code: {"holds": bool, "proof": str}}``; ``levels``
    (dimension code → 0–4) are worked out from them when they are agreed, and kept.
    """

    class State(models.TextChoices):
        ANSWERING = "answering", _("Two people answer apart")
        COMPARING = "comparing", _("Differences are discussed")
        AGREED = "agreed", _("Agreed")
        DROPPED = "dropped", _("Given up")

    class Sharing(models.TextChoices):
        PRIVATE = "private", _("Only this hub")
        CHOSEN = "chosen", _("This hub and hubs it chose")
        PUBLIC = "public", _("Everybody")

    moves = {
        "compare": Move(
            _("Compare"), (State.ANSWERING,), State.COMPARING, "assessment.answer_assessment"
        ),
        "agree": Move(_("Agree"), (State.COMPARING,), State.AGREED, "assessment.settle_assessment"),
        "drop": Move(
            _("Give up"),
            (State.ANSWERING, State.COMPARING),
            State.DROPPED,
            "assessment.open_assessment",
        ),
        # Its hub becomes part of one that has another open: a portal moderator merges hubs.
        "give_way": Move(
            _("Give way"),
            (State.ANSWERING, State.COMPARING),
            State.DROPPED,
            "hubs.merge_hub",
        ),
    }

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    hub = models.ForeignKey(Hub, on_delete=models.CASCADE, related_name="assessments")
    framework = models.ForeignKey(Framework, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=20, choices=State, default=State.ANSWERING)
    answers = models.JSONField(default=dict)
    levels = models.JSONField(default=dict)
    summary = models.TextField(_("what the hub says about it"), max_length=2000, blank=True)
    sharing = models.CharField(
        _("who may see it"), max_length=20, choices=Sharing, default=Sharing.PRIVATE
    )
    shares_road_map = models.BooleanField(_("with the road map"), default=False)
    shared_with = models.ManyToManyField(Hub, blank=True, related_name="+")
    in_benchmark = models.BooleanField(
        _("counts in the benchmark"),
        default=True,
        help_text=_("Without a name, and only once at least five hubs take part."),
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    opened_at = models.DateTimeField(default=timezone.now)
    agreed_at = models.DateTimeField(null=True)
    agreed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    #: Counts saves of the agreed answers; ``changed`` holds, for each statement, the count at
    #: which its answer changed last. So two windows do not overwrite each other.
    revision = models.PositiveIntegerField(default=0)
    changed = models.JSONField(default=dict)

    objects = AssessmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("self-assessment")
        verbose_name_plural = _("self-assessments")
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["hub"],
                condition=models.Q(state__in=["answering", "comparing"]),
                name="one_open_assessment_per_hub",
            )
        ]

    def __str__(self) -> str:
        return f"{self.hub}, {timezone.localtime(self.agreed_at or self.opened_at).year}"

    @property
    def is_open(self) -> bool:
        return self.state in {self.State.ANSWERING, self.State.COMPARING}

    def get_absolute_url(self) -> str:
        return reverse("assessment:result", args=[self.hub.slug, self.uid])

    def compare(self, *, by: Any) -> None:
        self._make("compare", by=by)

    def agree(self, *, by: Any, **changes: Any) -> None:
        self._make("agree", by=by, agreed_at=timezone.now(), agreed_by=by, **changes)

    def drop(self, *, by: Any, note: str) -> None:
        self._make("drop", by=by, note=note)

    def give_way(self, *, by: Any, note: str) -> None:
        self._make("give_way", by=by, note=note)

    def announce(self, verb: str, *, by: Any) -> None:
        assessment_moved.send(Assessment, assessment=self, verb=verb, by=by)


class SheetQuerySet(models.QuerySet["Sheet"]):
    def readable_by(self, user: User | AnonymousUser) -> Self:
        """Sheets whose answers this person may read: their own, and both of their hub's once
        both are done. Everybody else reads none, whatever their role."""
        if not user.is_authenticated:
            return self.none()
        unfinished = Sheet.objects.filter(assessment=models.OuterRef("assessment"), done_at=None)
        own_hubs = Membership.objects.filter(user=user).values("hub")
        both = models.Q(assessment__hub__in=own_hubs) & ~models.Exists(unfinished)
        return self.filter(models.Q(person=user) | both)

    def waiting_for(self, user: User) -> Self:
        """Sheets this person was asked to fill in and has not finished."""
        return self.filter(person=user, done_at=None, assessment__state=Assessment.State.ANSWERING)


class Sheet(models.Model):
    """One person's own answers. Nobody else reads them before both are done."""

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="sheets")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    unit = models.CharField(_("unit"), max_length=120)
    answers = models.JSONField(default=dict)
    done_at = models.DateTimeField(null=True)
    #: Counts saves; ``changed`` holds, for each statement, the count at which its answer
    #: changed last. An older window cannot overwrite a newer one.
    revision = models.PositiveIntegerField(default=0)
    changed = models.JSONField(default=dict)

    objects = SheetQuerySet.as_manager()

    class Meta:
        verbose_name = _("answers of one person")
        verbose_name_plural = _("answers of two people")
        ordering = ["assessment", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "person"], name="one_sheet_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.assessment}, {self.unit}"


class RoadStepQuerySet(models.QuerySet["RoadStep"]):
    def open(self) -> Self:
        return self.filter(state__in=[RoadStep.State.PLANNED, RoadStep.State.UNDER_WAY])


class RoadStep(Lifecycle):
    """One step of a hub's road map, with who does it, by when, and how far it has come."""

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        UNDER_WAY = "under_way", _("Under way")
        DONE = "done", _("Done")
        DROPPED = "dropped", _("Dropped")

    moves = {
        "begin": Move(_("Begin"), (State.PLANNED,), State.UNDER_WAY, "assessment.note_progress"),
        "finish": Move(
            _("Finish"), (State.PLANNED, State.UNDER_WAY), State.DONE, "assessment.note_progress"
        ),
        "drop": Move(
            _("Drop"),
            (State.PLANNED, State.UNDER_WAY),
            State.DROPPED,
            "assessment.change_road_map",
        ),
        "reopen": Move(
            _("Take up again"),
            (State.DONE, State.DROPPED),
            State.UNDER_WAY,
            "assessment.change_road_map",
        ),
        # Its hub becomes part of one that has the same step open.
        "give_way": Move(
            _("Give way"), (State.PLANNED, State.UNDER_WAY), State.DROPPED, "hubs.merge_hub"
        ),
    }

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    hub = models.ForeignKey(Hub, on_delete=models.CASCADE, related_name="road_map")
    assessment = models.ForeignKey(
        Assessment, on_delete=models.SET_NULL, null=True, blank=True, related_name="steps"
    )
    statement = models.ForeignKey(
        Statement, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    text = models.CharField(_("step"), max_length=400)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who does it"),
    )
    due_on = models.DateField(_("by when"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=20, choices=State, default=State.PLANNED)
    progress = models.PositiveSmallIntegerField(
        _("progress in percent"), default=0, validators=[MaxValueValidator(100)]
    )
    done_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = RoadStepQuerySet.as_manager()

    class Meta:
        verbose_name = _("step of a road map")
        verbose_name_plural = _("road maps")
        ordering = ["hub", models.F("due_on").asc(nulls_last=True), "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["hub", "statement"],
                condition=models.Q(state__in=["planned", "under_way"]),
                name="step_open_once",
            ),
            models.CheckConstraint(
                name="progress_up_to_the_whole", condition=models.Q(progress__lte=100)
            ),
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def is_open(self) -> bool:
        return self.state in {self.State.PLANNED, self.State.UNDER_WAY}

    @property
    def said(self) -> str:
        """The text; as long as it is the statement's own, in the language of the page."""
        if self.statement is not None and self.text == self.statement.step:
            return self.statement.step_said
        return self.text

    @property
    def is_late(self) -> bool:
        return self.is_open and self.due_on is not None and self.due_on < timezone.localdate()

    def begin(self, *, by: Any, note: str = "") -> None:
        self._make("begin", by=by, note=note)

    def finish(self, *, by: Any, note: str = "") -> None:
        self._make("finish", by=by, note=note, progress=100, done_at=timezone.now())

    def drop(self, *, by: Any, note: str) -> None:
        self._make("drop", by=by, note=note)

    def give_way(self, *, by: Any, note: str) -> None:
        self._make("give_way", by=by, note=note)

    def reopen(self, *, by: Any, note: str = "") -> None:
        """Take it up again, as far as it had come before somebody called it done."""
        earlier = self.updates.filter(progress__lt=100).first()
        progress = earlier.progress if earlier else 0
        with transaction.atomic():
            AuditHead.hold()
            if self.statement is not None and (
                RoadStep.objects.open()
                .filter(hub=self.hub_id, statement__code=self.statement.code)
                .exists()
            ):
                raise DomainError(_t("This step is on the road map already."), code="on-road-map")
            self._make("reopen", by=by, note=note, done_at=None, progress=progress)


class StepUpdate(models.Model):
    """What somebody said about a step: how far it is, what happened."""

    step = models.ForeignKey(RoadStep, on_delete=models.CASCADE, related_name="updates")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)
    progress = models.PositiveSmallIntegerField(validators=[MaxValueValidator(100)])
    text = models.CharField(_("what happened"), max_length=500)

    class Meta:
        verbose_name = _("update of a step")
        verbose_name_plural = _("updates of steps")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.text
