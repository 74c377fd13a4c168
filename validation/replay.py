"""What reviews that a registry collected show: where they agree, and what our rules make of them.

Pure functions over candidates and their reviews. Scores are those of the registry's form as a
criteria set (``catalogue/data/criteria-dpg-1.0.json``): 4 for yes, 0 for no. Nothing here gives a
label: what the form's own threshold says is "every binding question yes", or it is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from functools import cached_property

from validation import scoring
from validation.agreement import alpha, percent

#: So many reviews lead to a decision by our rules: two, or three where those differ.
FEW, MANY = 2, 3


@dataclass(frozen=True, slots=True)
class Given:
    """One review: when, and the score of each question that was answered."""

    at: datetime
    scores: Mapping[str, int]


@dataclass(frozen=True)
class Candidate:
    """What was reviewed, with its reviews in order of time."""

    title: str
    url: str
    reviews: tuple[Given, ...]

    @cached_property
    def by_question(self) -> dict[str, list[int]]:
        """For each question the answers to it, in order of time."""
        found: dict[str, list[int]] = {}
        for review in self.reviews:
            for code, score in review.scores.items():
                found.setdefault(code, []).append(score)
        return found

    @property
    def units(self) -> dict[str, list[int]]:
        """The questions that two or more people answered."""
        return {code: values for code, values in self.by_question.items() if len(values) > 1}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far those who answered the same thing agree.

    A unit is one question about one candidate with two answers or more; it is split if they
    are not all the same. ``percent`` is the share of agreeing pairs of reviewers, ``alpha``
    Krippendorff's alpha for answers without order.
    """

    units: int
    split: int
    percent: Fraction | None
    alpha: float | None

    @classmethod
    def of(cls, units: Iterable[Sequence[int]]) -> Agreement:
        several = [values for values in units if len(values) > 1]
        return cls(
            len(several),
            sum(is_split(values) for values in several),
            percent(several),
            alpha(several, "nominal"),
        )


def is_split(values: Sequence[int]) -> bool:
    return len(set(values)) > 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the form's threshold says of agreed scores: whether every binding question is a
    yes, and if not, which are none."""

    passes: bool
    open: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One candidate with two reviews or more, as our rules would have gone on with it."""

    candidate: Candidate
    split: tuple[str, ...]
    reasons: tuple[scoring.Reason, ...]
    with_two: Outcome
    with_three: Outcome | None
    #: How often two of its reviewers, drawn at random, would have needed a third.
    chance: Fraction

    @property
    def third_needed(self) -> bool:
        return bool(self.reasons)

    @property
    def apart(self) -> tuple[str, ...]:
        """The binding questions on which the first two differ."""
        return tuple(reason.criterion for reason in self.reasons if reason.code == "range")

    @property
    def third_settled(self) -> bool:
        """A third was needed, there was one, and it said something else than the two."""
        return (
            self.third_needed
            and self.with_three is not None
            and self.with_three.passes != self.with_two.passes
        )


@dataclass(frozen=True, slots=True)
class Year:
    """The reviews of one year, compared among themselves."""

    year: int
    reviews: int
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class Replayed:
    """Everything the page shows, counted once."""

    reviews: int
    answers: int
    candidates: int
    overall: Agreement
    questions: Mapping[str, Agreement]
    strips: Mapping[str, tuple[bool, ...]]
    rows: tuple[Row, ...]
    years: tuple[Year, ...]

    @property
    def needing_third(self) -> int:
        return sum(row.third_needed for row in self.rows)

    @property
    def chance(self) -> Fraction:
        """How often two reviewers drawn at random need a third, on average over candidates."""
        return sum((row.chance for row in self.rows), Fraction(0)) / (len(self.rows) or 1)

    @property
    def with_third(self) -> int:
        """Of those that needed a third, how many had one."""
        return sum(row.third_needed and row.with_three is not None for row in self.rows)

    @property
    def settled(self) -> int:
        return sum(row.third_settled for row in self.rows)


def study(candidates: Sequence[Candidate], rules: scoring.Rules) -> Replayed:
    """Look at all reviews. Linear in the answers."""
    codes = [criterion.code for criterion in rules.criteria]
    several = [candidate for candidate in candidates if len(candidate.reviews) >= FEW]
    units = {code: [each.units[code] for each in several if code in each.units] for code in codes}
    given = [review for candidate in candidates for review in candidate.reviews]
    rows = [look(candidate, rules) for candidate in several]
    return Replayed(
        reviews=len(given),
        answers=sum(len(review.scores) for review in given),
        candidates=len(candidates),
        overall=Agreement.of(values for rows in units.values() for values in rows),
        questions={code: Agreement.of(found) for code, found in units.items()},
        strips={code: tuple(sorted(map(is_split, found))) for code, found in units.items()},
        rows=tuple(
            sorted(rows, key=lambda r: (-len(r.candidate.reviews), r.candidate.title.casefold()))
        ),
        years=tuple(
            year_of(year, candidates) for year in sorted({review.at.year for review in given})
        ),
    )


def look(candidate: Candidate, rules: scoring.Rules) -> Row:
    """How our rules would have gone on with one candidate after its first two reviews."""
    marks = [scoring.Marks(dict(review.scores)) for review in candidate.reviews[:MANY]]
    order = [criterion.code for criterion in rules.criteria]
    return Row(
        candidate=candidate,
        split=tuple(
            code for code in order if code in candidate.units and is_split(candidate.units[code])
        ),
        reasons=scoring.needs_third(rules, True, marks[0], marks[1]),
        with_two=outcome(rules, marks[:FEW]),
        with_three=outcome(rules, marks) if len(marks) == MANY else None,
        chance=chance_of_third(rules, candidate.reviews),
    )


def chance_of_third(rules: scoring.Rules, reviews: Sequence[Given]) -> Fraction:
    """The share of all pairs of reviewers for whom our rule asks for a third.

    Reviews that say the same of every binding question are counted, not compared: there are
    few ways to answer four questions, however many people answer them.
    """
    binding = [criterion.code for criterion in rules.criteria if criterion.binding]
    kinds = Counter(tuple(review.scores.get(code) for code in binding) for review in reviews)
    marks = {kind: scoring.Marks(dict(zip(binding, kind, strict=True))) for kind in kinds}
    needing = 0
    for place, (one, some) in enumerate(kinds.items()):
        for other, others in list(kinds.items())[place:]:
            if scoring.needs_third(rules, True, marks[one], marks[other]):
                needing += some * (some - 1) // 2 if one == other else some * others
    return Fraction(needing, len(reviews) * (len(reviews) - 1) // 2)


def outcome(rules: scoring.Rules, reviews: Sequence[scoring.Marks]) -> Outcome:
    """What these reviews together lead to, by the threshold of the form."""
    agreed = scoring.agreed_scores(rules, reviews)
    open_ones = []
    for criterion in rules.criteria:
        found = agreed[criterion.code]
        needed = rules.needed(criterion, "validated")
        if criterion.binding and (found is None or found.value < needed):
            open_ones.append(criterion.code)
    return Outcome(not open_ones, tuple(open_ones))


def year_of(year: int, candidates: Iterable[Candidate]) -> Year:
    """One year's reviews: what was written in it is compared with what else was."""
    within = [
        Candidate(each.title, each.url, tuple(r for r in each.reviews if r.at.year == year))
        for each in candidates
    ]
    units = [values for each in within for values in each.units.values()]
    return Year(year, sum(len(each.reviews) for each in within), Agreement.of(units))
