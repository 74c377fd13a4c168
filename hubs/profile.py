"""What a hub's page states: its statements by section, each with its source.

Nothing is concluded here: claims come as they are, and a topic nobody stated anything about
is named as not stated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from claims.citing import Citations, Mark
from claims.topics import Section, Topic
from claims.weighing import Group, groups_of
from hubs.checking import shares_of
from hubs.models import Hub, HubClaim
from hubs.topics import SECTIONS, TOPICS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

#: Topics that stand in the table beside the name, in its order; a section of their own only
#: where more is to be said than the table can show.
BASICS = ("acronym", "name", "other_name", "kind", "country", "host", "sector")

#: What a reader expects of any hub: if no source states it, the page says so.
ASKED = (
    "founded", "organisational_model", "coordinated_institutions", "staff", "financing",
    "policy_basis", "network", "offered", "sought",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """One question on the page: the group of claims that answer it, and their marks."""

    topic: Topic
    group: Group[HubClaim]
    mark: Mark
    other_marks: tuple[Mark, ...]

    @property
    def shown(self) -> HubClaim:
        return self.group.shown

    @property
    def all(self) -> tuple[HubClaim, ...]:
        return self.group.all

    @property
    def others(self) -> list[tuple[HubClaim, Mark]]:
        return list(zip(self.group.others, self.other_marks, strict=True))


@dataclass(slots=True)
class Part:
    """A section of the page about which something is stated."""

    section: Section
    answers: list[Answer] = field(default_factory=list)

    @property
    def disagrees(self) -> bool:
        return any(answer.group.disagrees for answer in self.answers)

    @property
    def entries(self) -> list[tuple[Topic, list[Answer]]]:
        """The answers topic by topic."""
        found: dict[str, tuple[Topic, list[Answer]]] = {}
        for answer in self.answers:
            found.setdefault(answer.topic.code, (answer.topic, []))[1].append(answer)
        return list(found.values())


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything the page prints about one hub beyond its columns."""

    basics: dict[str, list[Answer]]
    parts: list[Part]
    mix: dict[str, list[Answer]]
    citations: Citations
    not_stated: list[StrOrPromise]

    def answers(self, code: str) -> list[Answer]:
        """The answers about one topic."""
        found = [answer for part in self.parts for answer in part.answers]
        return [answer for answer in found if answer.topic.code == code]


def claims_of(hub: Hub, *, signed: bool = False) -> list[HubClaim]:
    """The statements of a hub with their sources, in their order; with those who added them
    if ``signed``. One query."""
    rows = hub.claims.select_related("reference", "contradiction")
    if signed:
        rows = rows.select_related("added_by")
    return list(rows.order_by("position", "pk"))


def profile_of(hub: Hub, claims: Sequence[HubClaim], *, whole: bool = False) -> Profile:
    """Bring the statements together by section, and number their sources. No query.

    ``mix`` has the shares of the budget by year ("" for none stated); they are answers of
    the section on money as well. As a ``whole`` it repeats what the table beside the name has.
    """
    citations = Citations()
    by_topic: dict[str, list[HubClaim]] = {}
    for claim in claims:
        by_topic.setdefault(claim.topic, []).append(claim)

    def answers(topic: Topic, *, margin: bool) -> list[Answer]:
        return [
            Answer(
                topic,
                group,
                citations.cite(group.shown, margin=margin),
                tuple(citations.cite(other, margin=False) for other in group.others),
            )
            for group in groups_of(by_topic.get(topic.code, []), TOPICS)
        ]

    order = TOPICS if whole else BASICS
    basics = {code: answers(TOPICS[code], margin=False) for code in order if code in BASICS}
    parts, not_stated = [], []
    for section in [*SECTIONS, _unknown(by_topic)]:
        part = Part(section)
        for topic in section.topics:
            if topic.code in BASICS and not whole and not _needs_room(basics[topic.code]):
                continue
            found = answers(topic, margin=True)
            part.answers += found
            if not found and topic.code in ASKED:
                not_stated.append(topic.label)
        if part.answers:
            parts.append(part)
    mix = {
        year: [
            Answer(
                TOPICS[claim.topic],
                Group(claim.topic, claim.label, claim),
                citations.cite(claim, margin=False),
                (),
            )
            for claim in members
        ]
        for year, members in shares_of(claims).items()
    }
    return Profile(basics, parts, mix, citations, not_stated)


def _unknown(codes: Iterable[str]) -> Section:
    """Statements on topics that this release does not know are shown all the same."""
    topics = (Topic(code, code) for code in codes if code not in TOPICS)
    return Section("other", _("Also stated"), tuple(topics))


def _needs_room(answers: list[Answer]) -> bool:
    """Whether more is to be said than the table beside the name can show."""
    return any(
        answer.group.others or answer.group.disagrees or answer.shown.note or answer.shown.derived
        for answer in answers
    )
