"""From reviews to a label: the arithmetic of validation, exact and without a database.

Source: Common Solution Criteria (specification, sections 4.2 and 4.3). Numbers are fractions, so a
score of exactly 70 is 70 on every machine. Results carry codes; whoever shows them finds the words.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Literal, Self, TypeAlias

Label: TypeAlias = Literal["not_validated", "promising", "validated"]

#: From the lowest to the highest.
LABELS: Final[tuple[Label, ...]] = ("not_validated", "promising", "validated")
HIGHEST: Final = 4
#: So many reviewers must have judged before a score counts: no label stands on one review.
QUORUM: Final = 2
#: A minimum above the common one was raised by a hub, and then bars *promising* too.
COMMON_MINIMUM: Final = 2


def rank(label: Label) -> int:
    """Labels as numbers that grow with what they promise."""
    return LABELS.index(label)


def as_number(value: Fraction | int) -> str:
    """For people and machines: at most two decimals, halves away from zero, no idle zeros."""
    hundredths = math.floor(abs(Fraction(value)) * 100 + Fraction(1, 2))
    whole, rest = divmod(hundredths, 100)
    sign = "-" if value < 0 and hundredths else ""
    return f"{sign}{whole}.{rest:02d}".rstrip("0").rstrip(".")


# What is judged by -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Criterion:
    """What scoring needs to know of one criterion."""

    code: str
    weight: Fraction
    binding: bool
    minimum: int | None = None

    def __post_init__(self) -> None:
        _not_negative(self.weight)
        if self.minimum is not None:
            _score(self.minimum)
            if not self.binding:
                raise ValueError(f"{self.code} has a minimum and must then be binding")


@dataclass(frozen=True, slots=True)
class Threshold:
    """What a label asks for, besides gates that pass."""

    binding_at_least: int
    no_zero: bool
    score_at_least: Fraction
    evidence_at_least: int

    def __post_init__(self) -> None:
        _score(self.binding_at_least)
        _not_negative(self.score_at_least)
        _score(self.evidence_at_least)


@dataclass(frozen=True, slots=True)
class Rules:
    """One criteria set, as far as scoring is concerned."""

    criteria: tuple[Criterion, ...]
    validated: Threshold
    promising: Threshold
    strengths: tuple[str, ...]
    quorum: int = QUORUM

    def __post_init__(self) -> None:
        if len({criterion.code for criterion in self.criteria}) != len(self.criteria):
            raise ValueError("two criteria with one code")
        if self.quorum < QUORUM:
            raise ValueError(f"a quorum of {self.quorum}: no label is given on one review")

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """Read a criteria set as stored. A criterion with a minimum is binding in any case."""
        strengths = tuple(row["code"] for row in content.get("evidence_strength", ()))
        return cls(
            criteria=tuple(
                Criterion(
                    code=row["code"],
                    weight=_number(row["weight"]),
                    binding=bool(row["binding"]) or row["minimum"] is not None,
                    minimum=row["minimum"],
                )
                for row in content["criteria"]
            ),
            validated=_threshold(content["thresholds"]["validated"], strengths),
            promising=_threshold(content["thresholds"]["promising"], strengths),
            strengths=strengths,
            quorum=content.get("quorum", QUORUM),
        )

    def needed(self, criterion: Criterion, label: Label) -> int:
        """The least agreed score with which this criterion does not bar that label."""
        if not criterion.binding or label == "not_validated":
            return 0
        minimum = criterion.minimum or 0
        if label == "validated":
            return max(minimum, self.validated.binding_at_least)
        raised = minimum - 1 if minimum > COMMON_MINIMUM else 0
        return max(raised, self.promising.binding_at_least)

    def refuse_unknown(self, codes: Iterable[str]) -> None:
        """A score for a criterion that is not in the set is a mistake or a forgery."""
        unknown = set(codes).difference(criterion.code for criterion in self.criteria)
        if unknown:
            raise ValueError(f"not in this criteria set: {', '.join(sorted(unknown))}")


# What reviewers say, and what they agree on ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Marks:
    """One review: ``None`` is “cannot judge”, a missing code is not answered; neither counts."""

    scores: Mapping[str, int | None]
    strength: int | None = None

    def __post_init__(self) -> None:
        for score in (*self.scores.values(), self.strength):
            if score is not None:
                _score(score)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What reviewers agree on, the range they span, and how many judged."""

    value: Fraction
    low: int
    high: int
    n: int


def agree(values: Sequence[int | None], quorum: int = QUORUM) -> Agreed | None:
    """The median, which for two is the mean; nothing where too few could judge."""
    judged = _judged(values)
    if not judged or len(judged) < quorum:
        return None
    lower, upper = _middle(judged)
    return Agreed(Fraction(lower + upper, 2), min(judged), max(judged), len(judged))


def agree_strength(values: Sequence[int | None], quorum: int = QUORUM) -> int | None:
    """The middle one, and of two middle ones the lower: evidence is never rounded up."""
    judged = _judged(values)
    if not judged or len(judged) < quorum:
        return None
    return _middle(judged)[0]


def agreed_scores(rules: Rules, reviews: Sequence[Marks]) -> dict[str, Agreed | None]:
    """For each criterion of the set, in its order. Linear in the reviews."""
    for marks in reviews:
        rules.refuse_unknown(marks.scores)
    return {
        criterion.code: agree([marks.scores.get(criterion.code) for marks in reviews], rules.quorum)
        for criterion in rules.criteria
    }


def agreed_strength(rules: Rules, reviews: Sequence[Marks]) -> int | None:
    """The strength of the evidence for results on which the reviewers agree."""
    return agree_strength([marks.strength for marks in reviews], rules.quorum)


def within(value: Fraction | int, agreed: Agreed) -> bool:
    """A score changed at the decision stays inside what the reviewers gave."""
    return agreed.low <= _agreed(value) <= agreed.high


# What follows ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Failure:
    """One reason why a label is not reached, with what it needs and what was found."""

    code: Literal["gate", "unjudged", "binding", "zero", "score", "strength"]
    criterion: str = ""
    needed: Fraction | int | None = None
    found: Fraction | int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """The label, the score from 0 to 100, and every reason that bars each higher label."""

    label: Label
    score: Fraction
    failures: Mapping[str, tuple[Failure, ...]]


def result(
    rules: Rules,
    gates_pass: bool,  # noqa: FBT001 (the question is yes or no)
    agreed: Mapping[str, Fraction | None],
    strength: int | None,
) -> Result:
    """The highest label that nothing bars.

    A criterion without an agreed score gives no points; a binding one bars both labels besides.
    Evidence whose strength nobody agreed on counts as an assertion.
    """
    rules.refuse_unknown(agreed)
    scores = {code: _agreed(value) for code, value in agreed.items() if value is not None}
    if strength is not None:
        _score(strength)
    points = sum((each.weight * scores.get(each.code, 0) for each in rules.criteria), Fraction(0))
    score = points / HIGHEST
    failures: dict[str, tuple[Failure, ...]] = {
        label: (
            *(() if gates_pass else (Failure("gate"),)),
            *_barred_by_criteria(rules, label, scores),
            *_barred_by_threshold(threshold, score, strength),
        )
        for label, threshold in _thresholds(rules)
    }
    reached = next((label for label, _ in _thresholds(rules) if not failures[label]), LABELS[0])
    return Result(reached, score, failures)


def result_of_reviews(
    rules: Rules,
    gates_pass: bool,  # noqa: FBT001 (the question is yes or no)
    reviews: Sequence[Marks],
) -> Result:
    """What these reviews give together, before anybody changes a score at the decision."""
    agreed = {
        code: None if both is None else both.value
        for code, both in agreed_scores(rules, reviews).items()
    }
    return result(rules, gates_pass, agreed, agreed_strength(rules, reviews))


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two reviews are not enough."""

    code: Literal["range", "quorum", "strength", "label"]
    criterion: str = ""


def needs_third(
    rules: Rules,
    gates_pass: bool,  # noqa: FBT001 (the question is yes or no)
    first: Marks,
    second: Marks,
    carried: Mapping[str, Fraction] | None = None,
) -> tuple[Reason, ...]:
    """Why a third reviewer is needed, in the order of the set; empty when two are enough.

    ``carried`` are agreed scores of criteria that were not judged again (the short path of
    re-validation): they count to every label and are compared with nothing.

    ``range``: a binding criterion differs by two or more. ``quorum``, ``strength``: too few could
    judge a binding criterion, or the evidence for results. ``label``: the reviews, each
    read alone and both together, do not all lead to the same label; “together” only where they
    have a quorum. So where two are enough, both stand behind the label that follows.
    """
    carried = carried or {}
    reasons: list[Reason] = []
    for criterion in rules.criteria:
        if not criterion.binding or criterion.code in carried:
            continue
        given = [marks.scores.get(criterion.code) for marks in (first, second)]
        judged = _judged(given)
        if len(judged) < rules.quorum:
            reasons.append(Reason("quorum", criterion.code))
        if judged and max(judged) - min(judged) >= 2:
            reasons.append(Reason("range", criterion.code))
    asked = any(threshold.evidence_at_least for _, threshold in _thresholds(rules))
    if asked and len(_judged([first.strength, second.strength])) < rules.quorum:
        reasons.append(Reason("strength"))
    labels = {_alone(rules, gates_pass, marks, carried) for marks in (first, second)}
    if all(reason.code == "range" for reason in reasons):
        both = agreed_scores(rules, (first, second))
        scores = {code: None if found is None else found.value for code, found in both.items()}
        strength = agreed_strength(rules, (first, second))
        labels.add(result(rules, gates_pass, {**scores, **carried}, strength).label)
    if len(labels) > 1:
        reasons.append(Reason("label"))
    return tuple(reasons)


# Parts -------------------------------------------------------------------------------------------


def _alone(
    rules: Rules,
    gates_pass: bool,  # noqa: FBT001 (the question is yes or no)
    marks: Marks,
    carried: Mapping[str, Fraction],
) -> Label:
    """The label if this review were all there is: for comparing reviews, never for giving it."""
    scores = {
        code: None if score is None else Fraction(score) for code, score in marks.scores.items()
    }
    return result(rules, gates_pass, {**scores, **carried}, marks.strength).label


def _thresholds(rules: Rules) -> tuple[tuple[Label, Threshold], ...]:
    """What the labels ask for, the highest first."""
    return (("validated", rules.validated), ("promising", rules.promising))


def _barred_by_criteria(
    rules: Rules, label: Label, scores: Mapping[str, Fraction]
) -> Iterator[Failure]:
    no_zero = dict(_thresholds(rules))[label].no_zero
    for criterion in rules.criteria:
        found = scores.get(criterion.code)
        if found is None:
            if criterion.binding:
                yield Failure("unjudged", criterion.code)
            continue
        needed = rules.needed(criterion, label)
        if found < needed:
            yield Failure("binding", criterion.code, needed, found)
        if no_zero and found == 0:
            yield Failure("zero", criterion.code, found=found)


def _barred_by_threshold(
    threshold: Threshold, score: Fraction, strength: int | None
) -> Iterator[Failure]:
    if score < threshold.score_at_least:
        yield Failure("score", "", threshold.score_at_least, score)
    if (strength or 0) < threshold.evidence_at_least:
        yield Failure("strength", "", threshold.evidence_at_least, strength)


def _judged(values: Iterable[int | None]) -> list[int]:
    return [_score(value) for value in values if value is not None]


def _middle(judged: Sequence[int]) -> tuple[int, int]:
    """The two scores in the middle, the same one twice for an odd number. Counts, not sorts."""
    counts = [0] * (HIGHEST + 1)
    for score in judged:
        counts[score] += 1

    def at(place: int) -> int:
        passed = 0
        for score, count in enumerate(counts):
            passed += count
            if place < passed:
                return score
        raise IndexError(place)

    return at((len(judged) - 1) // 2), at(len(judged) // 2)


def _score(value: object) -> int:
    """A whole number from 0 to 4 and nothing else, wherever it comes from."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= HIGHEST:
        raise ValueError(f"{value!r} is not a whole number from 0 to {HIGHEST}")
    return value


def _agreed(value: object) -> Fraction:
    """An exact number from 0 to 4."""
    if (
        isinstance(value, bool)
        or not isinstance(value, Fraction | int)
        or not 0 <= value <= HIGHEST
    ):
        raise ValueError(f"{value!r} is not an exact number from 0 to {HIGHEST}")
    return Fraction(value)


def _number(value: object) -> Fraction:
    """A number as written in the data: ``12.5`` is 25/2, not its nearest binary neighbour.

    Not from text: a few characters such as ``1e999999999`` would fill the memory.
    """
    if isinstance(value, str):
        raise ValueError(f"{value!r} is not a number")
    return Fraction(str(value))


def _not_negative(value: Fraction) -> None:
    if value < 0:
        raise ValueError(f"{value} is below zero")


def _threshold(row: Mapping[str, Any], strengths: Sequence[str]) -> Threshold:
    """Strengths have names in the data and numbers here; the weakest is asked for by default."""
    named = row.get("evidence_at_least")
    return Threshold(
        binding_at_least=row["binding_at_least"],
        no_zero=bool(row.get("no_zero", False)),
        score_at_least=_number(row["score_at_least"]),
        evidence_at_least=0 if named is None else strengths.index(named),
    )
