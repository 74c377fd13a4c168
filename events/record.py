"""What the page of an event states: its claims by section, each with the number of its source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Count, Prefetch

from claims.citing import Citations, Mark
from claims.weighing import Group, groups_of
from core.prepared import Prepared, Whole
from events.choices import PartyRole
from events.models import (
    Contribution,
    Document,
    EventClaim,
    KeyMessage,
    Paragraph,
    Party,
    StatusNote,
)
from events.topics import SECTIONS, TOPICS
from hubs import reference as names

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from claims.topics import Section, Topic
    from events.models import Event

#: Topics that are figures at the head of the page, in their order.
FIGURES = ("participants", "countries", "speakers", "exhibitors")


@dataclass(frozen=True, slots=True)
class Answer:
    """The claims that answer one question, and their marks."""

    topic: Topic
    group: Group[EventClaim]
    mark: Mark
    other_marks: tuple[Mark, ...]

    @property
    def shown(self) -> EventClaim:
        return self.group.shown

    @property
    def others(self) -> list[tuple[EventClaim, Mark]]:
        return list(zip(self.group.others, self.other_marks, strict=True))


@dataclass(slots=True)
class Part:
    """A section of the page about which something is stated."""

    section: Section
    answers: list[Answer] = field(default_factory=list)

    @property
    def disagrees(self) -> bool:
        return any(answer.group.disagrees for answer in self.answers)


def parts_of(claims: Sequence[EventClaim], citations: Citations) -> list[Part]:
    """The claims by section, in the order of the topics. No query."""
    by_topic: dict[str, list[EventClaim]] = {}
    for claim in claims:
        by_topic.setdefault(claim.topic, []).append(claim)
    parts = []
    for section in SECTIONS:
        part = Part(section)
        for topic in section.topics:
            for group in groups_of(by_topic.get(topic.code, []), TOPICS):
                mark = citations.cite(group.shown, margin=True)
                others = tuple(citations.cite(other, margin=False) for other in group.others)
                part.answers.append(Answer(topic, group, mark, others))
        if part.answers:
            parts.append(part)
    return parts


def figures_of(parts: Iterable[Part]) -> list[Answer]:
    """The answers that are large numbers at the head of the page, those with a number."""
    found = {
        answer.topic.code: answer
        for part in parts
        for answer in part.answers
        if answer.topic.code in FIGURES and answer.shown.has_number
    }
    return [found[code] for code in FIGURES if code in found]


def cited(citations: Citations, rows: Iterable[Any]) -> list[tuple[Any, Mark | None]]:
    """Other records that name a source, each with its mark."""
    return [(row, citations.cite(row, margin=False) if row.reference_id else None) for row in rows]


# --- All that is stated on one page ---------------------------------------------------------

#: What the page prints of each person's part.
OF_PEOPLE = (
    "event", "role", "title", "organisation", "topic", "note", "place", "position",
    "person__slug", "person__name", "country__names", "reference__url", "reference__citation",
)  # fmt: skip


def messages_of(rows: QuerySet[KeyMessage]) -> QuerySet[KeyMessage]:
    """Key messages with the paragraphs they are reflected in. Two queries."""
    return rows.select_related("reference", "session").prefetch_related(
        Prefetch("paragraphs", Paragraph.objects.select_related("document"))
    )


def by_role(parties: Iterable[tuple[Any, Any]]) -> list[tuple[str, list[tuple[Any, Any]]]]:
    """Institutions with their marks under their part, hosts first."""
    rows = list(parties)
    found = [
        (str(label), [pair for pair in rows if pair[0].role == code])
        for code, label in PartyRole.choices
    ]
    return [(label, pairs) for label, pairs in found if pairs]


_claims: Prepared[EventClaim] = Prepared(
    lambda event: (
        EventClaim.objects.filter(event=event)
        .select_related("reference", "contradiction")
        .order_by("position", "pk")
    ),
    int,
)
_history: Prepared[StatusNote] = Prepared(
    lambda event: StatusNote.objects.filter(event=event).select_related("reference"), int
)
_parties: Prepared[Party] = Prepared(
    lambda event: Party.objects.filter(event=event, session=None).select_related(
        "reference", "hub"
    ),
    int,
)
_people: Prepared[Contribution] = Prepared(
    lambda event: (
        Contribution.objects.filter(event=event)
        .select_related("person", "country", "reference")
        .only(*OF_PEOPLE)
        .order_by("session__day", "session__wall_starts", "position", "pk")
    ),
    int,
)
_documents: Prepared[Document] = Prepared(
    lambda event: (
        Document.objects.filter(event=event)
        .annotate(known=Count("paragraphs"))
        .order_by("date", "pk")
    ),
    int,
)


_messages: Prepared[KeyMessage] = Prepared(
    lambda event: messages_of(KeyMessage.objects.filter(event=event, session=None)), int
)


class Read(NamedTuple):
    """What is stated, with the marks of its sources."""

    parts: list[Part]
    figures: list[Answer]
    history: list[tuple[Any, Mark | None]]
    parties: list[tuple[str, list[tuple[Any, Any]]]]
    people: list[tuple[Any, Mark | None]]
    documents: list[Document]
    said: list[tuple[Any, Mark | None]]
    citations: Citations


class Stated:
    """What the page of an event states, its sources numbered in the order of the page.

    Asked of the database at once, in six queries and one more for key messages; read where it is
    drawn. It says the same to everybody who sees the event.
    """

    def __init__(self, event: Event) -> None:
        self._event = event
        asked: tuple[Prepared[Any], ...] = (_claims, _history, _parties, _people, _documents)
        self._answers = [ask(event.pk) for ask in asked]
        self._messages = _messages(event.pk).rows()

    @cached_property
    def kept_as(self) -> Whole | None:
        """All that is printed; ``None`` with key messages, which come from several places."""
        if self._event.kept_as is None or self._messages:
            return None
        answers = (answer.raw for answer in self._answers)
        return Whole((self._event.kept_as, names.reading(), *answers))

    @cached_property
    def read(self) -> Read:
        citations = Citations()
        claims, history, parties, people, documents = (answer.rows() for answer in self._answers)
        for claim in claims:
            claim.event = self._event
        parts = parts_of(claims, citations)
        return Read(
            parts=parts,
            figures=figures_of(parts),
            history=cited(citations, history),
            parties=by_role(cited(citations, parties)),
            people=cited(citations, people),
            documents=documents,
            said=cited(citations, self._messages),
            citations=citations,
        )

    @property
    def has_documents(self) -> bool:
        return bool(self._answers[-1].raw)

    @property
    def has_messages(self) -> bool:
        return bool(self._messages)
