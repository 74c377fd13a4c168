"""The themes as a journal: years, and within each its twelve months."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from community.models import MonthlyTheme

if TYPE_CHECKING:
    import datetime as dt


@dataclass(slots=True)
class Year:
    """One year of the archive, its themes by month."""

    number: int
    themes: list[MonthlyTheme] = field(default_factory=list)

    def months(self, now: str = "") -> list[tuple[int, bool, bool]]:
        """For each month from 1 to 12: its number, whether it had a theme, whether it is ``now``
        (like "2013-06")."""
        had = {theme.first_day.month for theme in self.themes}
        return [(n, n in had, f"{self.number}-{n:02}" == now) for n in range(1, 13)]


def years_of(themes: Iterable[MonthlyTheme]) -> list[Year]:
    """Years that have themes, the latest first; within a year the months in their order."""
    years: dict[int, Year] = {}
    for theme in sorted(themes, key=lambda row: (row.month, row.pk)):
        number = theme.first_day.year
        years.setdefault(number, Year(number)).themes.append(theme)
    return sorted(years.values(), key=lambda year: -year.number)


def of_today(themes: Iterable[MonthlyTheme], today: dt.date) -> MonthlyTheme | None:
    """The theme of the present month, if there is one."""
    return next((theme for theme in themes if theme.month == f"{today:%Y-%m}"), None)
