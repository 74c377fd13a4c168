"""Numbers the sources of a page in the order in which the page first names them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from claims.models import Reference


@dataclass(slots=True)
class Cited:
    """One source on a page: its number, and the places in it that the page names."""

    number: int
    reference: Reference
    places: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands beside one claim: the source's number, and its words where they come first."""

    number: int
    reference: Reference
    place: str
    in_full: bool


class Citations:
    """The list of sources of one page."""

    def __init__(self) -> None:
        self._cited: dict[int, Cited] = {}
        self._written: set[int] = set()

    def cite(self, claim: Any, *, margin: bool = True) -> Mark:
        """The mark for a claim, or for whatever else has a reference and a place in it.

        In the margin a source is written out the first time.
        """
        key = claim.reference_id
        cited = self._cited.get(key)
        if cited is None:
            cited = self._cited[key] = Cited(len(self._cited) + 1, claim.reference)
        if claim.place and claim.place not in cited.places:
            cited.places.append(claim.place)
        in_full = margin and key not in self._written
        if in_full:
            self._written.add(key)
        return Mark(cited.number, claim.reference, claim.place, in_full)

    def __iter__(self) -> Iterator[Cited]:
        return iter(self._cited.values())

    def __len__(self) -> int:
        return len(self._cited)
