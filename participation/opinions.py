"""What participants said afterwards, for the organisers: numbers and texts, never who."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Q

from participation.models import Feedback

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from events.models import Event

#: With fewer answers people could be recognised, so nothing is shown.
FEWEST = 3
BEST = 5
QUESTIONS = ("will_use", "missing")


@dataclass(frozen=True, slots=True)
class Opinions:
    """How an event was found. With too few answers there is nothing in it."""

    answers: int = 0
    mean: float = 0.0
    #: From the best grade to the worst: grade and how many gave it.
    spread: tuple[tuple[int, int], ...] = ()
    #: How many wrote something, by question.
    written: tuple[tuple[str, int], ...] = ()

    @property
    def most(self) -> int:
        return max((count for _grade, count in self.spread), default=0)

    def __bool__(self) -> bool:
        return self.answers > 0


def opinions_of(event: Event) -> Opinions:
    """Two queries, or one where too few answered."""
    given = Feedback.objects.filter(registration__event=event)
    rows = dict(given.values_list("useful").annotate(n=Count("pk")).order_by())
    answers = sum(rows.values())
    if answers < FEWEST:
        return Opinions()
    written = given.aggregate(**{name: Count("pk", filter=~Q(**{name: ""})) for name in QUESTIONS})
    return Opinions(
        answers=answers,
        mean=sum(grade * count for grade, count in rows.items()) / answers,
        spread=tuple((grade, rows.get(grade, 0)) for grade in range(BEST, 0, -1)),
        written=tuple((name, written[name]) for name in QUESTIONS),
    )


def texts_of(event: Event, question: str) -> QuerySet[Feedback, str]:
    """What was written to one question, by the alphabet: the order in which people answered, or
    who also wrote what to the other question, would tell more than they meant to."""
    given = Feedback.objects.filter(registration__event=event).exclude(**{question: ""})
    return given.order_by(question, "pk").values_list(question, flat=True)
