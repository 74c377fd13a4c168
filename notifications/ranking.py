"""What stands in a digest, and in which order: what concerns the person first.

Several notifications about one thing are one item with a count. Order: the weightiest reason, then
how much is new about it, then what is newest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from notifications.models.notices import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from notifications.models.notices import Notification
    from notifications.noticeable import Line

_WEIGHT: dict[str, int] = {reason: place for place, reason in enumerate(Reason.values)}


@dataclass(slots=True)
class Item:
    """One thing that is new: the weightiest of its notifications, the newest among equals, and
    how many there are."""

    row: Notification
    line: Line
    count: int = 1
    #: Its notifications, and whether any of them stands in the portal.
    keys: list[int] = field(default_factory=list)
    in_portal: bool = False

    @property
    def concerns(self) -> bool:
        """Whether it is about the person, not only about what they follow."""
        return self.row.reason != Reason.FOLLOWING

    def place(self) -> tuple[int, int, int]:
        return _WEIGHT.get(self.row.reason, len(_WEIGHT)), -self.count, -self.row.pk


def ranked(rows: Iterable[Notification], lines: Mapping[int, Line]) -> list[Item]:
    """Everything that can be read, gathered and in order."""
    found: dict[str, Item] = {}
    for row in rows:
        line = lines.get(row.pk)
        if line is None:
            continue
        there = found.get(line.group)
        if there is None:
            found[line.group] = Item(row, line, keys=[row.pk], in_portal=row.in_portal)
            continue
        there.count += 1
        there.keys.append(row.pk)
        there.in_portal |= row.in_portal
        if Item(row, line).place()[::2] < (there.place()[0], -there.row.pk):
            there.row, there.line = row, line
    return sorted(found.values(), key=Item.place)
