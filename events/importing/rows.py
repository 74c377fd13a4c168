"""What one row of a file says, and how it is kept until somebody takes it over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from events.models import Session

#: So many rows, and so many bytes, are read at once.
MOST_ROWS = 1000
MOST_BYTES = 2 * 1024 * 1024

#: What a file may say of a session, in the order of the template.
COLUMNS = {
    "code": _("Number"),
    "day": _("Day"),
    "starts": _("Begins"),
    "ends": _("Ends"),
    "title": _("Title"),
    "kind": _("Kind"),
    "track": _("Track"),
    "room": _("Room"),
    "summary": _("Summary"),
    "people": _("Speakers"),
    "zone": _("Time zone"),
    "external_id": _("ID"),
}


class Unreadable(Exception):
    """A whole file that cannot be read; its text is for whoever chose it."""


@dataclass(slots=True)
class Row:
    """One session as a file has it. ``values`` holds only what the file states.

    ``line`` is the row of a table, as a spreadsheet counts, or the place of an entry in a calendar.
    ``people`` are lines of ``speakers``; None if the file says nothing about them. Problems
    and warnings are pairs of a column, or "", and words.
    """

    line: int
    values: dict[str, Any] = field(default_factory=dict)
    people: list[dict[str, Any]] | None = None
    problems: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[tuple[str, str]] = field(default_factory=list)

    def refuse(self, column: str, text: object) -> None:
        self.problems.append((column, str(text)))

    def warn(self, column: str, text: object) -> None:
        self.warnings.append((column, str(text)))

    def kept(self) -> dict[str, Any]:
        """As plain values for the database."""
        return asdict(self)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """The row that was kept, whatever else was kept beside it."""
        return cls(
            line=kept["line"],
            values=dict(kept["values"]),
            people=kept["people"],
            problems=_pairs(kept["problems"]),
            warnings=_pairs(kept["warnings"]),
        )


def _pairs(kept: Iterable[Iterable[str]]) -> list[tuple[str, str]]:
    return [(column, text) for column, text in kept]


@dataclass(slots=True)
class Read:
    """A file that could be read: its kind, its rows, and what concerns all of it."""

    source: str
    rows: list[Row]
    notes: list[str] = field(default_factory=list)


def _host() -> str:
    return urlsplit(settings.PORTAL_URL).hostname or "portal"


def uid_of(session: Session) -> str:
    """What this portal's calendars call a session."""
    return f"session-{session.pk}@{_host()}"


def own_key(uid: str) -> int | None:
    """The key of the session this portal's calendars call so; None for every other name."""
    match = re.fullmatch(r"session-([1-9][0-9]{0,17})@(.+)", uid)
    return int(match[1]) if match and match[2] == _host() else None
