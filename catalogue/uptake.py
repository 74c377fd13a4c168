"""In how many other places a record is used: counted by the apps above that hear of it.

An app tells how it counts (``counted_by``), and says so whenever a count may have changed
(``finding.note_uptake``). What is counted is checked by somebody else than who reports it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping

#: The places of some records, or of all, by record; those with none may be left out.
Count = Callable[[Collection[int] | None], Mapping[int, int]]
#: What the search can hold.
MOST = 32_767
_counts: list[Count] = []


def counted_by(count: Count) -> None:
    """Add what this counts. Call once, when the app is loaded."""
    _counts.append(count)


def uptake_of(keys: Collection[int] | None = None) -> dict[int, int]:
    """The places of these records, or of all that have any. One query for each app that counts."""
    found: Counter[int] = Counter()
    for count in _counts:
        found.update(count(keys))
    return {key: min(number, MOST) for key, number in found.items() if number}
