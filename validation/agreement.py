"""How far reviewers agree: the share of agreeing pairs, and Krippendorff's alpha.

A *unit* is one thing that several people judged, such as one criterion of one case: their
values in any order, ``None`` where somebody could not judge. Both measures read each unit once,
so they are linear in the number of units.

Source of alpha: K. Krippendorff, “Computing Krippendorff's Alpha-Reliability” (2011). Its
coincidence matrix is not written out here: the sums taken over it have closed forms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Literal, TypeAlias, get_args

Value: TypeAlias = int | float | Fraction | str
Metric: TypeAlias = Literal["nominal", "ordinal", "interval"]


def percent(units: Iterable[Sequence[Value | None]]) -> Fraction | None:
    """The share of pairs within units that agree, from 0 to 1; ``None`` without any pair.

    A pair counts once wherever it stands, so a unit judged by three weighs as three pairs.
    """
    agreeing = pairs = 0
    for unit in units:
        counts = _counts(unit)
        agreeing += sum(count * (count - 1) // 2 for count in counts.values())
        pairs += counts.total() * (counts.total() - 1) // 2
    return Fraction(agreeing, pairs) if pairs else None


def alpha(units: Iterable[Sequence[Value | None]], metric: Metric = "interval") -> float | None:
    """Krippendorff's alpha: 1 is perfect agreement, 0 what chance gives, below 0 worse than that.

    ``None`` where it is not defined: when nothing can be paired, and when all paired values are
    the same, because without any variation there is no chance to compare with.
    """
    if metric not in get_args(Metric):
        raise ValueError(f"{metric!r} is not nominal, ordinal or interval")
    paired = [counts for unit in units if (counts := _counts(unit)).total() > 1]
    everything: Counter[Value] = Counter()
    for counts in paired:
        everything.update(counts)
    if len(everything) < 2:
        return None
    places = _places(everything, metric)
    by_raters: dict[int, int | Fraction] = {}
    for counts in paired:
        raters = counts.total()
        by_raters[raters] = by_raters.get(raters, 0) + _spread(counts, places)
    observed = sum(Fraction(spread) / (raters - 1) for raters, spread in by_raters.items())
    expected = Fraction(_spread(everything, places)) / (everything.total() - 1)
    return float(1 - observed / expected)


def _counts(unit: Sequence[Value | None]) -> Counter[Value]:
    return Counter(value for value in unit if value is not None)


def _places(counts: Mapping[Value, int], metric: Metric) -> Mapping[Value, int | Fraction] | None:
    """Where values lie on a line: they differ by the squared distance. ``None`` if nominal.

    Ordinal: the middle of a value's ranks among all paired values (twice, to stay whole; alpha
    does not see the unit). The distance of two middles is just what the ordinal metric counts.
    """
    if metric == "nominal":
        return None
    if any(isinstance(value, str) for value in counts):
        raise ValueError("words have no order: compare them as nominal")
    if metric == "interval":
        return {value: value if isinstance(value, int) else Fraction(value) for value in counts}
    places: dict[Value, int | Fraction] = {}
    below = 0
    for value, count in sorted(counts.items(), key=lambda item: Fraction(item[0])):
        places[value] = 2 * below + count
        below += count
    return places


def _spread(
    counts: Counter[Value], places: Mapping[Value, int | Fraction] | None
) -> int | Fraction:
    """The differences of all ordered pairs, added up, without forming the pairs."""
    total = counts.total()
    if places is None:
        return total * total - sum(count * count for count in counts.values())
    first = sum(count * places[value] for value, count in counts.items())
    second = sum(count * places[value] ** 2 for value, count in counts.items())
    return 2 * (total * second - first * first)
