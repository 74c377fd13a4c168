"""Questions to the speakers, votes for them, and feedback afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import DomainError
from events.choices import EventStatus
from events.models import Event
from participation.models import Feedback, Question, QuestionVote, Registration
from participation.timing import span_of

if TYPE_CHECKING:
    from accounts.models import User

#: So many open questions one person may have at one event.
MOST_OPEN = 5


def place_of(event: Event, user: User) -> Registration:
    """The person's place at the event, or a refusal in words."""
    mine = Registration.objects.placed().filter(event=event, user=user).first()
    if mine is None:
        raise DomainError(_("Only people with a place can do this. Register first."), code="place")
    return mine


def refuse_late(event: Event) -> None:
    """Questions and votes end with the event, or when it is called off."""
    if event.status == EventStatus.CANCELLED or span_of(event).is_over(timezone.now()):
        raise DomainError(_("The event is over. Nobody can ask or vote any more."), code="over")


@transaction.atomic
def ask(event: Event, *, by: User, text: str, with_name: bool) -> Question:
    """Put a question to the speakers. The same words twice are one question."""
    mine = place_of(event, by)
    refuse_late(event)
    # The row of the person's own registration is the lock: one question at a time.
    Registration.objects.select_for_update().get(pk=mine.pk)
    asked = Question.objects.filter(event=event, asked_by=by)
    if (same := asked.filter(text=text).first()) is not None:
        return same
    if asked.filter(state=Question.State.OPEN).count() >= MOST_OPEN:
        raise DomainError(
            _("You have %(n)d open questions. Take one back before you ask another.")
            % {"n": MOST_OPEN},
            code="limit",
        )
    question = Question(event=event, asked_by=by, asker=mine.name if with_name else "", text=text)
    question.full_clean(exclude=["event", "asked_by"])
    question.save()
    return question


@transaction.atomic
def vote(question: Question, *, by: User, wants: bool) -> int:
    """Vote for a question, or take the vote back. Returns its votes."""
    place_of(question.event, by)
    refuse_late(question.event)
    row = Question.objects.select_for_update().get(pk=question.pk)
    if row.asked_by_id == by.pk:
        raise DomainError(_("Your own question counts without your vote."), code="own")
    if row.state != Question.State.OPEN:
        raise DomainError(_("This question is not open any more."), code="closed")
    if wants:
        QuestionVote.objects.get_or_create(question=row, user=by)
    else:
        QuestionVote.objects.filter(question=row, user=by).delete()
    counted = row.given_votes.aggregate(n=Count("pk"))["n"]
    Question.objects.filter(pk=row.pk).update(votes=counted)
    question.votes = counted
    return int(counted)


@transaction.atomic
def give_feedback(event: Event, *, by: User, useful: int, will_use: str, missing: str) -> Feedback:
    """What one participant says once it began. Giving it again changes it."""
    mine = place_of(event, by)
    begins = span_of(event).begins
    if begins is None or timezone.now() < begins:
        raise DomainError(_("Feedback can be given once the event has begun."), code="early")
    feedback = Feedback.objects.select_for_update().filter(registration=mine).first()
    feedback = feedback or Feedback(registration=mine)
    feedback.useful, feedback.will_use, feedback.missing = useful, will_use, missing
    feedback.full_clean(exclude=["registration"])
    feedback.save()
    return feedback


def may_read_feedback(event: Event, user: User) -> None:
    if not user.has_perm("participation.organise", event):
        raise PermissionDenied
