"""What follows for participation when an account closes, and what is kept about a person."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.signals import account_closed, personal_data
from participation.models import (
    Feedback,
    PersonalCalendar,
    Question,
    QuestionVote,
    Registration,
)
from participation.operations.registering import leave_everything


@receiver(account_closed, dispatch_uid="places-pass-on-with-the-account")
def places_pass_on(user: Any, **_: Any) -> None:
    leave_everything(user)
    PersonalCalendar.objects.filter(user=user).delete()
    Question.objects.filter(asked_by=user).update(asker="")


@receiver(personal_data, dispatch_uid="registrations-of-a-person")
def registrations_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, Any]]]:
    rows = Registration.objects.filter(user=user).select_related("event", "category", "country")
    feedback = {row.registration_id: row for row in Feedback.objects.filter(registration__in=rows)}
    return "registrations", [
        {
            "event": row.event.name,
            "state": row.state,
            "kind": row.category.name if row.category else "",
            "name": row.name,
            "title": row.title,
            "organisation": row.organisation,
            "country": str(row.country or ""),
            "needs": row.needs,
            "hope": row.hope,
            "listing": row.listing,
            "registered": row.registered_at.isoformat(),
            "joined": row.joined_at.isoformat() if row.joined_at else "",
            "attended": row.attended,
            "feedback": (
                {
                    "useful": feedback[row.pk].useful,
                    "will_use": feedback[row.pk].will_use,
                    "missing": feedback[row.pk].missing,
                }
                if row.pk in feedback
                else None
            ),
        }
        for row in rows.order_by("registered_at", "pk")
    ]


@receiver(personal_data, dispatch_uid="questions-of-a-person")
def questions_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, Any]]]:
    rows = Question.objects.filter(asked_by=user).select_related("event").order_by("asked_at", "pk")
    return "questions", [
        {
            "event": row.event.name,
            "text": row.text,
            "asked": row.asked_at.isoformat(),
            "state": row.state,
            "answer": row.answer,
        }
        for row in rows
    ]


@receiver(personal_data, dispatch_uid="votes-of-a-person")
def votes_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, Any]]]:
    rows = QuestionVote.objects.filter(user=user).select_related("question__event").order_by("pk")
    return "question_votes", [
        {"event": row.question.event.name, "question": row.question.text} for row in rows
    ]
