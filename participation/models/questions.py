"""What people with a place ask, and how they found it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from claims.models import new_uid
from core.lifecycle import Lifecycle, Move
from events.models import Event
from participation.models.admission import Registration
from participation.signals import question_moved

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class QuestionQuerySet(models.QuerySet["Question"]):
    def in_order(self) -> Self:
        """Those with most votes first, then the older ones."""
        return self.order_by("-votes", "asked_at", "pk")

    def of(self, event: Event, user: User | AnonymousUser) -> Self:
        """What this reader may read: organisers all; people with a place what is open or answered;
        everybody what was answered; whoever asked their own. An event nobody sees has none."""
        if not user.has_perm("events.view_event", event):
            return self.none()
        questions = self.filter(event=event)
        answered = models.Q(state=Question.State.ANSWERED)
        if not user.is_authenticated:
            return questions.filter(answered)
        if user.has_perm("participation.organise", event):
            return questions
        place = Registration.objects.placed().filter(event=event, user=user)
        is_open = models.Q(state=Question.State.OPEN) & models.Q(models.Exists(place))
        return questions.filter(answered | is_open | models.Q(asked_by=user))


class Question(Lifecycle):
    """A question to the speakers, in one or two sentences. Others who take part vote it up."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        ANSWERED = "answered", _("Answered")
        SET_ASIDE = "set_aside", _("Set aside")

    moves = {
        "answer_question": Move(
            _("Mark as answered"),
            (State.OPEN, State.ANSWERED),
            State.ANSWERED,
            "participation.organise",
        ),
        "set_question_aside": Move(
            _("Set aside"), (State.OPEN, State.ANSWERED), State.SET_ASIDE, "participation.organise"
        ),
        "reopen_question": Move(
            _("Open again"),
            (State.ANSWERED, State.SET_ASIDE),
            State.OPEN,
            "participation.organise",
        ),
        "take_question_back": Move(
            _("Take back"), (State.OPEN,), State.SET_ASIDE, "participation.take_question_back"
        ),
    }

    uid = models.CharField(max_length=12, unique=True, default=new_uid, editable=False)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="questions")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    #: The name on their registration, if they wanted it to stand with the question.
    asker = models.CharField(_("asked by"), max_length=150, blank=True)
    text = models.CharField(_("question"), max_length=400)
    state = models.CharField(
        _("state"), max_length=20, choices=State, default=State.OPEN, editable=False
    )
    answer = models.TextField(_("answer in writing"), max_length=3000, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True, editable=False)
    votes = models.PositiveIntegerField(default=0, editable=False)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
    answered_at = models.DateTimeField(null=True, editable=False)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("question to the speakers")
        verbose_name_plural = _("questions to the speakers")
        ordering = ["event", "-votes", "asked_at", "pk"]
        indexes = [
            models.Index(fields=["event", "-votes", "asked_at", "id"], name="questions_by_votes")
        ]

    def __str__(self) -> str:
        return self.text

    def answer_question(self, *, by: User, answer: str = "") -> None:
        """Answered in the session, or here in writing."""
        self._make("answer_question", by=by, answer=answer, answered_at=timezone.now())

    def set_question_aside(self, *, by: User, reason: str) -> None:
        """Out of sight of everybody but the organisers and whoever asked, with the reason."""
        if not reason.strip():
            raise ValidationError({"reason": _("Say why; whoever asked reads it.")})
        self._make("set_question_aside", by=by, note=reason, reason=reason)

    def reopen_question(self, *, by: User) -> None:
        self._make("reopen_question", by=by, reason="", answered_at=None)

    def take_question_back(self, *, by: User) -> None:
        self._make("take_question_back", by=by)

    def announce(self, verb: str, *, by: Any) -> None:
        question_moved.send(Question, question=self, verb=verb, by=by)


class QuestionVote(models.Model):
    """Somebody who would like to hear the answer, too."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="given_votes")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = _("vote for a question")
        verbose_name_plural = _("votes for questions")
        constraints = [
            models.UniqueConstraint(fields=["question", "user"], name="one_vote_per_question")
        ]

    def __str__(self) -> str:
        return str(self.question)


class Feedback(models.Model):
    """What one participant says afterwards. Organisers read it without the name."""

    registration = models.OneToOneField(
        Registration, on_delete=models.CASCADE, related_name="feedback"
    )
    useful = models.PositiveSmallIntegerField(
        _("how useful was it for your work?"),
        validators=[MinValueValidator(1), MaxValueValidator(5)],
    )
    will_use = models.TextField(_("what will you use, and where?"), max_length=1000, blank=True)
    missing = models.TextField(_("what was missing?"), max_length=1000, blank=True)
    given_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")
        constraints = [
            models.CheckConstraint(
                name="feedback_from_one_to_five", condition=models.Q(useful__range=(1, 5))
            )
        ]

    def __str__(self) -> str:
        return str(self.useful)
