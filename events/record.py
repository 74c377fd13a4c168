"""What the page of an event states: its claims by section, each with the number of its source."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from claims.citing import Citations, Mark
from claims.weighing import Group, groups_of
from events.models import EventClaim
from events.topics import SECTIONS, TOPICS

if TYPE_CHECKING:
    from claims.topics import Section, Topic

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
