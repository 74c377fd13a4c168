"""What the reviews of a registry show: where people agree, and when a third is asked."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.db.models.fields.json import KeyTextTransform
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from catalogue.choices import Publication
from catalogue.models import CriteriaSet
from validation import choices as c
from validation import loading, scoring
from validation.models import Case, Seat
from validation.replay import Candidate, Given, Replayed, study

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from validation.replay import Agreement, Outcome, Row

#: One square of the drawing beside a question, with the gap after it.
STEP = 12


@require_safe
def replay(request: HttpRequest) -> HttpResponse:
    """The registry's reviews, counted and read by our rules. Three queries, however many."""
    chosen = CriteriaSet.objects.filter(family=loading.FAMILY, version=loading.VERSION).first()
    candidates = _candidates(chosen) if chosen else []
    context: dict[str, Any] = {
        "foreign": not (get_language() or "en").startswith("en"),
        "form": chosen,
        "found": None,
    }
    if chosen and candidates:
        found = study(candidates, scoring.Rules.of(chosen.content))
        names = {row["code"]: row["name"] for row in chosen.content["criteria"]}
        source = loading.reviews()
        context |= {
            "found": found,
            "questions": [
                Question(row["code"], row["name"], row["binding"], found)
                for row in chosen.content["criteria"]
            ],
            "rows": [Line(row, names) for row in found.rows],
            "overall": Share(found.overall),
            "years": [(year, Share(year.agreement)) for year in found.years],
            "chance": whole_percent(found.chance),
            "by_name": source.pairs(by_name=True),
            "reviewers": len({row.reviewer for row in source.rows}),
            "first": source.rows[0].at,
            "last": source.rows[-1].at,
            "source": source,
        }
    return render(request, "validation/replay/replay.html", context)


def _candidates(chosen: CriteriaSet) -> list[Candidate]:
    """What was reviewed, of records that are public today. Two queries."""
    cases = (
        Case.objects.filter(
            kind=c.CaseKind.REPLAY,
            criteria_set=chosen,
            solution__publication=Publication.PUBLIC,
        )
        .order_by("pk")
        .values_list("pk", "solution__number", KeyTextTransform("title", "version__content"))
    )
    given: dict[int, dict[int, tuple[Any, dict[str, int]]]] = {}
    scores = (
        Seat.objects.sent()
        .filter(case__kind=c.CaseKind.REPLAY, case__criteria_set=chosen)
        .order_by("sent_at", "pk")
        .values_list("case_id", "pk", "sent_at", "scores__criterion", "scores__value")
    )
    for case, seat, at, code, value in scores:
        given.setdefault(case, {}).setdefault(seat, (at, {}))[1][code] = value
    return [
        Candidate(
            title,
            reverse("catalogue:solution", kwargs={"reference": f"S-{number:04d}"}),
            tuple(Given(at, values) for at, values in given.get(pk, {}).values()),
        )
        for pk, number, title in cases
    ]


def whole_percent(share: Fraction | None) -> int | None:
    """A share as a percentage without decimals, halves rounded up."""
    return None if share is None else int(share * 100 + Fraction(1, 2))


@dataclass(frozen=True, slots=True)
class Share:
    """Figures of agreement as they are printed."""

    agreement: Agreement

    @property
    def percent(self) -> int | None:
        return whole_percent(self.agreement.percent)

    @property
    def split_percent(self) -> int | None:
        return (
            whole_percent(Fraction(self.agreement.split, self.agreement.units))
            if self.agreement.units
            else None
        )

    @property
    def alpha(self) -> float | None:
        """Two decimals, and no minus before a zero."""
        return None if self.agreement.alpha is None else round(self.agreement.alpha, 2) + 0.0


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the form: a row of the first table."""

    code: str
    name: str
    binding: bool
    found: Replayed

    @property
    def agreement(self) -> Agreement:
        return self.found.questions[self.code]

    @property
    def share(self) -> Share:
        return Share(self.agreement)

    @property
    def width(self) -> int:
        return len(self.found.strips[self.code]) * STEP

    @property
    def squares(self) -> Iterable[tuple[int, bool]]:
        """Where each square stands, and whether its candidate is split."""
        return [(place * STEP, split) for place, split in enumerate(self.found.strips[self.code])]


@dataclass(frozen=True, slots=True)
class Line:
    """One candidate: a row of the second table, with the names of questions for their codes."""

    row: Row
    names: Mapping[str, str]

    @property
    def several(self) -> int:
        return len(self.row.candidate.units)

    @property
    def apart(self) -> list[str]:
        return [self.names[code] for code in self.row.apart]

    @property
    def labels_differ(self) -> bool:
        return any(reason.code == "label" for reason in self.row.reasons)

    @property
    def chance(self) -> int | None:
        return whole_percent(self.row.chance)

    @property
    def open_with_two(self) -> list[str]:
        return self._open(self.row.with_two)

    @property
    def open_with_three(self) -> list[str]:
        return self._open(self.row.with_three)

    def _open(self, outcome: Outcome | None) -> list[str]:
        return [self.names[code] for code in outcome.open] if outcome else []
