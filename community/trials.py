"""What reports of trials say together: in how many other places, and with what outcome.

One place is one organisation in one country; its newest report counts. What the solution's own
institution reports stands in the list and is no other place.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from community.choices import Outcome
from community.models import TrialReport
from core.text import fold
from hubs import reference

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from catalogue.models import Solution

#: Outcomes by which a place counts as one that uses the solution.
ADOPTED = frozenset({Outcome.WORKED, Outcome.PARTLY})


@dataclass(frozen=True, slots=True)
class Tally:
    """``reports`` are all that are shown; ``places`` those elsewhere, ``outcomes`` by place."""

    reports: int
    places: int
    outcomes: dict[str, int]
    countries: tuple[str, ...]

    def __str__(self) -> str:
        """Like "Tried in 4 other places: 2 worked, 1 in part, 1 did not."."""
        if not self.places:
            return ""
        places = ngettext(
            "Tried in %(n)d other place", "Tried in %(n)d other places", self.places
        ) % {"n": self.places}
        return _("%(places)s: %(outcomes)s.") % {
            "places": places,
            "outcomes": ", ".join(self._in_words()),
        }

    def _in_words(self) -> list[str]:
        words = {
            Outcome.WORKED: lambda n: ngettext("%(n)d worked", "%(n)d worked", n),
            Outcome.PARTLY: lambda n: ngettext("%(n)d in part", "%(n)d in part", n),
            Outcome.FAILED: lambda n: ngettext("%(n)d did not", "%(n)d did not", n),
            Outcome.RUNNING: lambda n: ngettext(
                "%(n)d too early to say", "%(n)d too early to say", n
            ),
        }
        found = ((outcome, self.outcomes.get(outcome, 0)) for outcome in Outcome)
        return [words[outcome](n) % {"n": n} for outcome, n in found if n]

    @property
    def in_countries(self) -> list[str]:
        return [reference.country_label(code) for code in self.countries]


#: What is said of a solution about which nobody reported.
NOWHERE = Tally(0, 0, {}, ())


def tally_of(solution: Solution) -> Tally:
    """What is reported about a solution. One query."""
    rows = TrialReport.objects.shown().filter(solution=solution)
    told = list(
        rows.order_by("submitted_at", "pk").values_list(
            "organisation", "country", "outcome", "is_own"
        )
    )
    places = _places(told)
    return Tally(
        reports=len(told),
        places=len(places),
        outcomes=dict(Counter(places.values())),
        countries=tuple(dict.fromkeys(country for _name, country in places)),
    )


def _places(told: Iterable[tuple[str, str, str, bool]]) -> dict[tuple[str, str], str]:
    """The places elsewhere with the outcome of their newest report, which is told last."""
    return {
        (fold(organisation).strip(), country): outcome
        for organisation, country, outcome, is_own in told
        if not is_own
    }


def adoptions(solutions: Collection[int] | None = None) -> dict[int, int]:
    """In how many other places each solution worked, wholly or in part. One query."""
    rows = TrialReport.objects.shown()
    if solutions is not None:
        rows = rows.filter(solution__in=solutions)
    told: dict[int, list[tuple[str, str, str, bool]]] = {}
    for solution, organisation, country, outcome, is_own in rows.order_by(
        "submitted_at", "pk"
    ).values_list("solution_id", "organisation", "country", "outcome", "is_own"):
        told.setdefault(solution, []).append((organisation, country, outcome, is_own))
    return {
        solution: sum(outcome in ADOPTED for outcome in _places(reports).values())
        for solution, reports in told.items()
    }
