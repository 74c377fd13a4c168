"""What waits for a person: one list, filled by whoever has something to ask.

An app registers a source in its ``waiting`` module (imported by its ``AppConfig.ready``);
the dashboard shows the items of all sources in one order, so nobody has to look in several
places for what is theirs to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Item:
    """One request to one person.

    ``verb`` is the label of the one button ("Continue"), ``url`` where it leads, ``since``
    when it began to wait and ``due`` when an answer is expected (None: no date).
    """

    title: StrOrPromise
    detail: StrOrPromise
    verb: StrOrPromise
    url: str
    since: datetime
    due: datetime | None = None


Source = Callable[[Any], Iterable[Item]]
_sources: dict[str, Source] = {}


def source(name: str) -> Callable[[Source], Source]:
    """Register a function that lists what waits for a user, in a fixed number of queries."""

    def register(function: Source) -> Source:
        _sources[name] = function
        return function

    return register


def items_for(user: Any) -> list[Item]:
    """Everything that waits for this person: what is due first, then what waits longest."""
    items = [item for name in sorted(_sources) for item in _sources[name](user)]
    return sorted(items, key=lambda item: (item.due is None, item.due or item.since, item.since))
