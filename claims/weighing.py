"""Claims about one question side by side: which is shown, and whether they disagree.

Nothing here decides what is true. An editor may prefer a claim; otherwise the one of the
latest date is shown first. Whoever reads can open the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from claims.models import Claim, before

if TYPE_CHECKING:
    from collections.abc import Mapping

    from claims.topics import Topic

C = TypeVar("C", bound=Claim)


@dataclass(frozen=True, slots=True)
class Group(Generic[C]):
    """The claims that answer one question: the one to show, and the others in order."""

    topic: str
    label: str
    shown: C
    others: tuple[C, ...] = ()

    @property
    def all(self) -> tuple[C, ...]:
        return (self.shown, *self.others)

    @property
    def disagrees(self) -> bool:
        """Whether a source contradicts another, by its values or by an editor's note."""
        return any(claim.conflict or claim.contradiction_id for claim in self.all) or any(
            disagree(one, other)
            for number, one in enumerate(self.all)
            for other in self.all[number + 1 :]
        )


def groups_of(claims: Iterable[C], topics: Mapping[str, Topic]) -> list[Group[C]]:
    """Claims by question, in the order in which each question is first answered.

    Claims of a topic that is a list stand alone, each a group of one.
    """
    found: dict[tuple[str, str, str], list[C]] = {}
    for claim in claims:
        topic = topics.get(claim.topic)
        alone = "" if topic and topic.one else claim.uid
        found.setdefault((claim.topic, claim.label if not alone else "", alone), []).append(claim)
    return [_group(members) for members in found.values()]


def _group(claims: Sequence[C]) -> Group[C]:
    first = best(claims)
    others = tuple(claim for claim in claims if claim is not first)
    return Group(first.topic, first.label, first, others)


def best(claims: Sequence[C]) -> C:
    """The preferred claim, else the one of the latest date, else the first."""
    return max(claims, key=lambda claim: (claim.is_preferred, claim.as_of))


def disagree(one: Claim, other: Claim) -> bool:
    """Whether two answers to one question cannot both hold.

    Figures for different dates can; so can "at least 35" and "39". Dates are compared at the
    precision both have: "2006" and "May 2006" agree.
    """
    if one.as_of and other.as_of and one.as_of != other.as_of:
        return False
    if one.status and other.status and one.status != other.status:
        return True
    if one.has_number and other.has_number and one.unit == other.unit and _apart(one, other):
        return True
    if one.starts and other.starts and not (one.ends or other.ends):
        return before(one.starts, other.starts) or before(other.starts, one.starts)
    return False


def _apart(one: Claim, other: Claim) -> bool:
    """Whether no number lies within both claims' bounds."""
    lows = [claim.low for claim in (one, other) if claim.low is not None]
    highs = [claim.high for claim in (one, other) if claim.high is not None]
    return bool(lows and highs) and max(lows) > min(highs)


def in_conflict(claims: Iterable[C], topics: Mapping[str, Topic]) -> list[Group[C]]:
    """Only the questions to which the sources give answers that do not fit together."""
    return [group for group in groups_of(claims, topics) if group.disagrees]
