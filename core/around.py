"""Whether other parts of the portal have something for a record's page, asked along with it.

Most records have nothing of most kinds, so a page that knows asks less. A layer has one of these
for its records, and parts above it say how to find out: ``tells("articles", lambda: Exists(…))``,
with ``OuterRef("pk")`` for the record. It may say more records than the reader sees anything of;
what is shown is asked for itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet

    Records = TypeVar("Records", bound=QuerySet[Any, Any])


class Around:
    """What may stand around records of one kind."""

    def __init__(self) -> None:
        self._told: dict[str, Callable[[], Any]] = {}

    def tells(self, name: str, found: Callable[[], Any]) -> None:
        """Make it known how to find out whether there is anything of this name."""
        self._told[name] = found

    def along(self, records: Records) -> Records:
        """Records that know what stands around them."""
        return records.annotate(**{f"has_{name}": found() for name, found in self._told.items()})

    @staticmethod
    def may_have(record: Any, name: str) -> bool:
        """Whether it is worth asking: also where nobody looked."""
        return bool(getattr(record, f"has_{name}", True))
