"""The questions of an event as one reader sees them, and what they may do with each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, OuterRef
from django.utils import timezone

from events.choices import EventStatus
from participation.models import Question, QuestionVote, Registration
from participation.timing import span_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User
    from events.models import Event
    from participation.models.questions import QuestionQuerySet
    from participation.reading import Around
    from participation.timing import Span

    Reader = User | AnonymousUser

#: So many stand on the event's own page; the rest have theirs.
ON_THE_PAGE = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One question for one reader."""

    question: Question
    voted: bool
    is_own: bool
    can_vote: bool
    verbs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Floor:
    """What one reader may do with the questions of an event. ``may_ask`` includes voting."""

    event: Event
    reader: Reader
    has_place: bool
    may_organise: bool
    is_over: bool

    @property
    def may_ask(self) -> bool:
        return self.has_place and not self.is_over

    @property
    def reads_open(self) -> bool:
        return self.has_place or self.may_organise

    def marked(self, rows: QuestionQuerySet) -> QuestionQuerySet:
        """The same questions, each with whether this reader voted for it."""
        votes = QuestionVote.objects.filter(question=OuterRef("pk"), user=self.reader.pk)
        return rows.in_order().annotate(voted=Exists(votes))

    def lines(self, marked: Iterable[Any]) -> list[Line]:
        return [self._line(row, voted=row.voted) for row in marked]

    def _line(self, question: Question, *, voted: bool) -> Line:
        question.event = self.event
        is_own = question.asked_by_id is not None and question.asked_by_id == self.reader.pk
        is_open = question.state == Question.State.OPEN
        return Line(
            question=question,
            voted=voted,
            is_own=is_own,
            can_vote=self.may_ask and is_open and not is_own,
            verbs=tuple(question.moves_for(self.reader)),
        )


def floor_of(event: Event, reader: Reader) -> Floor:
    """Two queries for somebody with an account, one for a visitor."""
    placed = Registration.objects.placed().filter(event=event, user=reader.pk)
    return Floor(
        event=event,
        reader=reader,
        has_place=reader.is_authenticated and placed.exists(),
        may_organise=reader.has_perm("participation.organise", event),
        is_over=is_closed(event, span_of(event)),
    )


def is_closed(event: Event, span: Span) -> bool:
    """Whether nobody asks any more: it is over, or was called off."""
    return event.status == EventStatus.CANCELLED or span.is_over(timezone.now())


def counts_of(rows: QuestionQuerySet) -> dict[str, int]:
    """How many there are in each state. One query."""
    counted = rows.order_by().values_list("state").annotate(Count("pk"))
    return {str(state): 0 for state in Question.State} | dict(counted)


@dataclass(frozen=True, slots=True)
class First:
    """What the page of an event shows of its questions. ``open_ones`` are those people are told
    of: after the event only who may read them."""

    floor: Floor
    lines: list[Line]
    shows_answers: bool
    open_ones: int
    answered: int

    @property
    def is_there(self) -> bool:
        return self.floor.may_ask or self.open_ones + self.answered > 0

    @property
    def more(self) -> int:
        """How many the list has besides."""
        return self.open_ones + self.answered - len(self.lines)


def first_of(part: Around, reader: Reader) -> First:
    """The first by votes: open ones while people ask, answered ones afterwards. Two queries.

    How many are open is told to everybody, their words are not.
    """
    is_over = is_closed(part.event, part.span)
    floor = Floor(part.event, reader, part.has_place, part.may_organise, is_over)
    counts = counts_of(Question.objects.filter(event=part.event))
    state = Question.State.OPEN if floor.reads_open and not is_over else Question.State.ANSWERED
    rows = Question.objects.filter(event=part.event, state=state)
    return First(
        floor=floor,
        lines=floor.lines(floor.marked(rows)[:ON_THE_PAGE]) if counts[state] else [],
        shows_answers=state == Question.State.ANSWERED,
        open_ones=counts[Question.State.OPEN] if floor.reads_open or not is_over else 0,
        answered=counts[Question.State.ANSWERED],
    )
