"""What the reviews of a case say together: read from the database, counted by ``scoring``."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from validation import choices as c
from validation import scoring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from validation.models import Case, Seat


#: Reviews without which nothing is decided.
LEAST = 2


def is_abroad(country: str, content: Mapping[str, Any]) -> bool:
    """From a known country that is none of the solution's."""
    return bool(country) and country not in content["countries"]


@dataclass(frozen=True)
class Panel:
    """The reviews that are in, and what follows from them. Two queries, whatever their number."""

    case: Case
    seats: tuple[Seat, ...]

    @classmethod
    def of(cls, case: Case) -> Panel:
        seats = case.seats.sent().prefetch_related("scores").order_by("alias")
        return cls(case, tuple(seats))

    @cached_property
    def rules(self) -> scoring.Rules:
        return scoring.Rules.of(self.case.criteria_set.content)

    @cached_property
    def reviews(self) -> list[scoring.Marks]:
        return [marks_of(seat, self.case.scope) for seat in self.seats]

    @cached_property
    def carried(self) -> dict[str, Fraction]:
        """Agreed scores of the earlier record for criteria outside the scope. What the set of
        today does not ask any more is left behind."""
        asked = {each.code for each in self.rules.criteria} - set(self.case.scope)
        if self.case.earlier is None:
            return {}
        return {
            code: Fraction(row["score"])
            for code, row in self._earlier_rows.items()
            if code in asked and row["score"] is not None
        }

    @cached_property
    def _earlier_rows(self) -> dict[str, dict[str, Any]]:
        earlier = self.case.earlier
        if earlier is None:
            return {}
        return {
            row["code"]: {**row, "carried_from": row["carried_from"] or earlier.reference}
            for row in earlier.document["criteria"]
        }

    def earlier_row(self, code: str) -> dict[str, Any]:
        """What the earlier record says of a criterion whose score is carried over, and which
        record judged it."""
        return self._earlier_rows[code]

    @cached_property
    def agreed(self) -> dict[str, scoring.Agreed | None]:
        """For each criterion in scope; None where too few could judge."""
        found = scoring.agreed_scores(self.rules, self.reviews)
        return {code: found[code] for code in found if code in self.case.scope}

    @cached_property
    def strength(self) -> int | None:
        return scoring.agreed_strength(self.rules, self.reviews)

    def result(
        self,
        values: dict[str, Fraction | None] | None = None,
        *,
        strength: int | None = None,
        gates_pass: bool = True,
    ) -> scoring.Result:
        """What these scores give; the agreed ones unless the chair changed some."""
        if values is None:
            values = {
                code: None if found is None else found.value for code, found in self.agreed.items()
            }
            strength = self.strength
        return scoring.result(self.rules, gates_pass, {**self.carried, **values}, strength)

    @property
    def has_abroad(self) -> bool:
        """Whether one of the reviews comes from another country."""
        return any(is_abroad(seat.country, self.case.version.content) for seat in self.seats)

    @property
    def carries_a_label(self) -> bool:
        """Whether a label can stand on these reviews: two or more, one from another country,
        and no third one needed."""
        return len(self.seats) >= LEAST and self.has_abroad and not self.third_needed()

    def third_needed(self) -> list[dict[str, str]]:
        """Why two reviews are not enough, as kept on the case; empty when they are."""
        if len(self.reviews) != 2:
            return []
        first, second = self.reviews
        reasons = scoring.needs_third(self.rules, True, first, second, carried=self.carried)
        return [{"code": reason.code, "criterion": reason.criterion} for reason in reasons]


def marks_of(seat: Seat, scope: list[str]) -> scoring.Marks:
    """One review as numbers. Only what is in scope counts."""
    scores: dict[str, int | None] = {
        row.criterion: None if row.cannot_judge else row.value
        for row in seat.scores.all()
        if row.criterion in scope and (row.cannot_judge or row.value is not None)
    }
    return scoring.Marks(scores, seat.strength)


def telling(outcomes: set[str]) -> str:
    """Of several checks of one item, the one the public record shows; empty: unchecked."""
    return next((str(kind) for kind in c.TELLING if kind in outcomes), "")


def checks_of(case: Case) -> dict[str, dict[str, Any]]:
    """For each evidence item that was checked: the telling outcome and the last date.

    Only checks of reviewers whose review counts, and those of members.
    """
    found: dict[str, dict[str, Any]] = {}
    rows = case.checks.exclude(seat__isnull=False, seat__state=c.SeatState.RELEASED)
    for row in rows.order_by("checked_at", "pk"):
        entry = found.setdefault(row.ref, {"outcomes": set(), "on": row.checked_at})
        entry["outcomes"].add(row.outcome)
        entry["on"] = max(entry["on"], row.checked_at)
    return {
        ref: {"outcome": telling(entry["outcomes"]), "on": entry["on"].date().isoformat()}
        for ref, entry in found.items()
    }
