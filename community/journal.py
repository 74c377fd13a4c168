"""The themes as a journal: years, and within each its twelve months."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Count, Sum
from django.utils.translation import ngettext

from community.choices import DiscussionState, Season
from community.models import Discussion, MonthlyTheme
from community.models.synthesis import SynthesisVersion

if TYPE_CHECKING:
    import datetime as dt


#: Discussions everybody reads, who sees their place.
READABLE = (DiscussionState.OPEN, DiscussionState.LOCKED)


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
    """The theme members can write in today; of several, the one of the latest month."""
    open_now = [theme for theme in themes if theme.season(today) == Season.OPEN]
    return max(open_now, key=lambda theme: (theme.month, theme.pk), default=None)


@dataclass(slots=True)
class Told:
    """A month as the journal tells it: the theme, its conclusions, how much was said."""

    theme: MonthlyTheme
    conclusions: list[str]
    discussions: int
    posts: int

    @property
    def in_numbers(self) -> str:
        """How much was said, in words; nothing where nothing was."""
        if not self.discussions:
            return ""
        return " · ".join(
            (
                ngettext("%(n)d discussion", "%(n)d discussions", self.discussions)
                % {"n": self.discussions},
                ngettext("%(n)d post", "%(n)d posts", self.posts) % {"n": self.posts},
            )
        )


def told(themes: Iterable[MonthlyTheme]) -> dict[int, Told]:
    """What the journal says of each month, by the theme's key. Two queries however many.

    Conclusions are those of the latest version of the synthesis, the keepers' own sentences.
    """
    rows = list(themes)
    latest = SynthesisVersion.objects.filter(synthesis__theme__in=rows).order_by("number")
    concluded = {
        theme: [each["sentence"] for each in content.get("conclusions", ())]
        for theme, content in latest.values_list("synthesis__theme", "content")
    }
    said = (
        Discussion.objects.filter(theme__in=rows, state__in=READABLE)
        .order_by()
        .values("theme")
        .annotate(n=Count("pk"), said=Sum("shown_posts"))
    )
    counted = {row["theme"]: (row["n"], row["said"]) for row in said}
    return {
        theme.pk: Told(
            theme,
            concluded.get(theme.pk, []),
            *counted.get(theme.pk, (0, 0)),
        )
        for theme in rows
    }
