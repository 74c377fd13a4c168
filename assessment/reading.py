"""Self-assessments and road maps as pages show them: results by dimension, years side by side,
steps by when they are due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.formats import date_format

from assessment import presentation, scoring
from assessment.models import TOP_LEVEL, Assessment, Dimension, RoadStep, Statement
from assessment.presentation import Radar, SpreadPlot, radar
from core.models import AuditEntry

if TYPE_CHECKING:
    from assessment.scoring import Spread
    from hubs.models import Hub

#: As many rounds stand side by side; the others stay in the spreadsheet.
MOST_ROUNDS = 6

# --- A result ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One statement of a result."""

    statement: Statement
    holds: bool
    proof: str


@dataclass(frozen=True, slots=True)
class Rung:
    """One level of a dimension with its statements."""

    level: int
    name: str
    lines: tuple[Line, ...]

    @property
    def holding(self) -> int:
        return sum(line.holds for line in self.lines)


@dataclass(frozen=True, slots=True)
class Row:
    """One dimension: where it stands, where it stood, where others do, what comes next."""

    dimension: Dimension
    level: int
    before: int | None
    rungs: tuple[Rung, ...] = ()
    spread: SpreadPlot | None = None

    @property
    def level_name(self) -> str:
        return presentation.level_name(self.level)

    @property
    def change(self) -> str:
        return presentation.change_in_words(self.before, self.level)

    @property
    def missing(self) -> list[Line]:
        """What the next level needs."""
        upper = next((rung for rung in self.rungs if rung.level == self.level + 1), None)
        return [line for line in upper.lines if not line.holds] if upper else []

    @property
    def next_level(self) -> int:
        return min(self.level + 1, TOP_LEVEL)

    @property
    def next_name(self) -> str:
        return presentation.level_name(self.next_level)

    @property
    def is_at_the_top(self) -> bool:
        return self.level == TOP_LEVEL


@dataclass(frozen=True, slots=True)
class Result:
    """An agreed assessment beside the one before."""

    assessment: Assessment
    previous: Assessment | None
    rows: tuple[Row, ...]
    radar: Radar | None
    finding: str


def dimensions_of(statements: Iterable[Statement]) -> list[Dimension]:
    """The dimensions of these statements, in their order."""
    return list({each.dimension_id: each.dimension for each in statements}.values())


def result_of(
    assessment: Assessment,
    previous: Assessment | None,
    dimensions: Sequence[Dimension],
    statements: Iterable[Statement] = (),
    spreads: Mapping[str, Spread | None] | None = None,
) -> Result:
    by_dimension: dict[int, list[Statement]] = {}
    for statement in statements:
        by_dimension.setdefault(statement.dimension_id, []).append(statement)
    rows = []
    for dimension in dimensions:
        level = int(assessment.levels.get(dimension.code, 0))
        spread = (spreads or {}).get(dimension.code)
        rows.append(
            Row(
                dimension,
                level,
                previous.levels.get(dimension.code) if previous else None,
                _rungs(by_dimension.get(dimension.pk, ()), assessment.answers),
                presentation.spread_plot(spread, level) if spread else None,
            )
        )
    now, before = [row.level for row in rows], [row.before for row in rows]
    return Result(
        assessment,
        previous,
        tuple(rows),
        radar([row.dimension.short_name for row in rows], now, before),
        presentation.finding([row.dimension.name for row in rows], now, before),
    )


def _rungs(statements: Iterable[Statement], answers: scoring.Answers) -> tuple[Rung, ...]:
    levels: dict[int, list[Line]] = {}
    for each in statements:
        proof = str(answers.get(each.code, {}).get("proof") or "")
        line = Line(each, scoring.holds(answers, each.code), proof)
        levels.setdefault(each.level, []).append(line)
    return tuple(
        Rung(level, presentation.level_name(level), tuple(levels[level]))
        for level in sorted(levels)
    )


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A cheap next step: what it costs and what it raises."""

    statement: Statement
    effort: str
    raises: str


def suggested(statements: Iterable[Statement], result: Result) -> list[Suggestion]:
    missing = {row.dimension.code: len(row.missing) for row in result.rows}
    return [
        Suggestion(
            each,
            presentation.days_of_work(each.effort),
            presentation.what_it_raises(
                each.dimension.name, each.level, missing.get(each.dimension.code, 0)
            ),
        )
        for each in statements
    ]


# --- History -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Round:
    """One assessment as a column, with its small plot."""

    assessment: Assessment
    label: str
    radar: Radar | None


@dataclass(frozen=True, slots=True)
class Cell:
    level: int | None
    before: int | None

    @property
    def sign(self) -> str:
        """The change as a figure; nothing where there is nothing to compare."""
        if self.level is None or self.before is None or self.level == self.before:
            return ""
        return f"{self.level - self.before:+d}".replace("-", "−")  # noqa: RUF001 (a minus)


@dataclass(frozen=True, slots=True)
class History:
    """Agreed assessments from the oldest shown to the newest, by dimension."""

    rounds: tuple[Round, ...]
    rows: tuple[tuple[Dimension, tuple[Cell, ...]], ...]


def history_of(agreed: Sequence[Assessment], dimensions: Iterable[Dimension]) -> History:
    """``agreed`` newest first, ``dimensions`` of all their editions in order."""
    shown = list(reversed(agreed[:MOST_ROUNDS]))
    by_edition: dict[int, list[Dimension]] = {}
    for dimension in dimensions:
        by_edition.setdefault(dimension.framework_id, []).append(dimension)
    rounds = tuple(_round(each, by_edition.get(each.framework_id, []), shown) for each in shown)
    names: dict[str, Dimension] = {}
    for each in reversed(shown):
        for dimension in by_edition.get(each.framework_id, []):
            names.setdefault(dimension.code, dimension)
    rows = []
    for code, dimension in names.items():
        levels = [each.levels.get(code) for each in shown]
        cells = tuple(
            Cell(level, before) for level, before in zip(levels, [None, *levels[:-1]], strict=True)
        )
        rows.append((dimension, cells))
    return History(rounds, tuple(rows))


def _round(each: Assessment, dimensions: list[Dimension], shown: list[Assessment]) -> Round:
    day = agreed_on(each)
    alone = sum(agreed_on(other).year == day.year for other in shown) == 1
    return Round(
        each,
        str(day.year) if alone else date_format(day, "YEAR_MONTH_FORMAT"),
        radar(
            [dimension.short_name for dimension in dimensions],
            [int(each.levels.get(dimension.code, 0)) for dimension in dimensions],
            named=False,
        ),
    )


def agreed_on(assessment: Assessment) -> dt.date:
    return timezone.localtime(assessment.agreed_at or assessment.opened_at).date()


# --- The road map ------------------------------------------------------------------------------

NOW_DAYS = 90
NEXT_DAYS = 365


@dataclass(frozen=True, slots=True)
class RoadMap:
    """The steps of a hub by when they are due, and those that are over."""

    now: tuple[RoadStep, ...]
    soon: tuple[RoadStep, ...]
    later: tuple[RoadStep, ...]
    done: tuple[RoadStep, ...]
    dropped: tuple[RoadStep, ...]
    now_until: dt.date
    soon_until: dt.date

    @property
    def open(self) -> tuple[RoadStep, ...]:
        return (*self.now, *self.soon, *self.later)

    @property
    def late(self) -> int:
        return sum(step.is_late for step in self.now)

    @property
    def is_empty(self) -> bool:
        return not (self.open or self.done or self.dropped)


def road_map_of(hub: Hub) -> RoadMap:
    """One query."""
    steps = RoadStep.objects.filter(hub=hub).select_related("owner", "statement__dimension")
    return grouped(steps, timezone.localdate())


def grouped(steps: Iterable[RoadStep], today: dt.date) -> RoadMap:
    """Now: late or within 90 days. Next: within a year. Later: after that, or without a date."""
    now_until = today + dt.timedelta(days=NOW_DAYS)
    soon_until = today + dt.timedelta(days=NEXT_DAYS)
    found: dict[str, list[RoadStep]] = {}
    for step in steps:
        found.setdefault(_place(step, now_until, soon_until), []).append(step)

    def placed(name: str) -> tuple[RoadStep, ...]:
        return tuple(found.get(name, ()))

    return RoadMap(
        now=placed("now"),
        soon=placed("soon"),
        later=placed("later"),
        done=placed(RoadStep.State.DONE),
        dropped=placed(RoadStep.State.DROPPED),
        now_until=now_until,
        soon_until=soon_until,
    )


def _place(step: RoadStep, now_until: dt.date, soon_until: dt.date) -> str:
    if not step.is_open:
        return str(step.state)
    if step.due_on is None or step.due_on > soon_until:
        return "later"
    return "now" if step.due_on <= now_until else "soon"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened with a step."""

    at: dt.datetime
    who: str
    what: Any
    text: str
    progress: int | None = None


def story_of(step: RoadStep, words: Mapping[str, Any]) -> list[Event]:
    """What was noted and what was done, newest first. Two queries."""
    noted = [
        Event(each.at, str(each.by or ""), words["note_progress"], each.text, each.progress)
        for each in step.updates.select_related("by")
    ]
    done = [
        Event(entry.created_at, entry.actor_name, words[entry.verb], entry.note)
        for entry in AuditEntry.of(step)
        if entry.verb in words and entry.verb != "note_progress"
    ]
    return sorted([*noted, *done], key=lambda event: event.at, reverse=True)
