"""How far reviewers agree, and how much they have to do: a few queries, one pass each.

Agreement is counted over reviews that are in and cases that are ready to be decided, or were:
so nobody learns from a figure what an open review says. Every table is linear in the number
of reviews.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from statistics import median
from typing import TYPE_CHECKING

from django.db.models import Count, Q
from django.utils import timezone

from catalogue.models import CriteriaSet
from validation import choices as c
from validation.agreement import alpha, percent
from validation.models import Case, Reviewer, Score, Seat

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from accounts.models import User

#: One thing several people judged: their scores, None for "cannot judge".
Unit = list[int | None]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far reviewers agreed on one criterion."""

    cases: int
    percent: Fraction | None
    alpha: float | None
    difference: Fraction | None

    @classmethod
    def of(cls, units: Sequence[Unit]) -> Agreement:
        paired = [unit for unit in units if sum(value is not None for value in unit) > 1]
        return cls(len(paired), percent(paired), alpha(paired), mean_difference(paired))


def mean_difference(units: Iterable[Sequence[int | None]]) -> Fraction | None:
    """How far two reviewers are apart on average, over all pairs; None without any pair."""
    apart = pairs = 0
    for unit in units:
        counts = Counter(value for value in unit if value is not None)
        known = sorted(counts.items())
        for place, (low, some) in enumerate(known):
            apart += sum((high - low) * some * others for high, others in known[place + 1 :])
        pairs += counts.total() * (counts.total() - 1) // 2
    return Fraction(apart, pairs) if pairs else None


@dataclass(slots=True)
class Measured:
    """The agreement by one criteria set: per criterion in all, and per half-year."""

    codes: list[str]
    overall: dict[str, Agreement] = field(default_factory=dict)
    halves: dict[str, dict[str, Agreement]] = field(default_factory=dict)


def sets_judged_by(cases: QuerySet[Case]) -> list[CriteriaSet]:
    """The criteria sets by which these cases are judged, the latest first. One query."""
    return list(
        CriteriaSet.objects.filter(pk__in=ready(cases).values("criteria_set"))
        .select_related("hub")
        .order_by("-pk")
    )


def ready(cases: QuerySet[Case]) -> QuerySet[Case]:
    """Cases in which no review is open any more."""
    return cases.filter(state__in=[c.CaseState.DECISION, c.CaseState.DECIDED]).order_by()


def half_year(moment: datetime) -> str:
    """``2026-1`` for January to June of 2026."""
    day = timezone.localtime(moment)
    return f"{day.year}-{1 if day.month <= 6 else 2}"


def quarter(moment: datetime) -> str:
    """``2026-3`` for July to September of 2026."""
    day = timezone.localtime(moment)
    return f"{day.year}-{(day.month + 2) // 3}"


def agreement(cases: QuerySet[Case], chosen: CriteriaSet) -> Measured:
    """Agreement per criterion of one set. One query, one pass over its scores.

    A case belongs to the half-year in which its last review came in.
    """
    rows = (
        Score.objects.filter(
            seat__state=c.SeatState.SENT,
            seat__sent_at__isnull=False,
            seat__case__in=ready(cases).filter(criteria_set=chosen).values("pk"),
        )
        .filter(Q(value__isnull=False) | Q(cannot_judge=True))
        .order_by()
        .values_list("seat__case_id", "criterion", "value", "seat__sent_at")
    )
    units: dict[tuple[int, str], Unit] = {}
    last: dict[int, datetime] = {}
    for case, code, value, sent_at in rows.iterator():
        if sent_at is None:
            continue
        units.setdefault((case, code), []).append(value)
        last[case] = max(last.get(case, sent_at), sent_at)
    by_code: dict[str, list[Unit]] = {}
    by_half: dict[str, dict[str, list[Unit]]] = {}
    for (case, code), unit in units.items():
        by_code.setdefault(code, []).append(unit)
        by_half.setdefault(half_year(last[case]), {}).setdefault(code, []).append(unit)
    codes = [row["code"] for row in chosen.content["criteria"]]
    return Measured(
        codes,
        {code: Agreement.of(by_code.get(code, [])) for code in codes},
        {
            half: {code: Agreement.of(by_half[half].get(code, [])) for code in codes}
            for half in sorted(by_half, reverse=True)
        },
    )


# --- Load --------------------------------------------------------------------------------


@dataclass(slots=True)
class Quarter:
    """What was asked of reviewers in three months, and what came of it."""

    name: str
    asked: int = 0
    accepted: int = 0
    sent: int = 0
    on_time: int = 0


def load_over_time(seats: QuerySet[Seat]) -> list[Quarter]:
    """Per quarter: reviews asked for, accepted, sent, and sent by the date agreed, each in the
    quarter in which it happened; the latest first. One query."""
    found: dict[str, Quarter] = {}

    def at(moment: datetime) -> Quarter:
        name = quarter(moment)
        return found.setdefault(name, Quarter(name))

    rows = seats.order_by().values_list("invited_at", "answered_at", "state", "sent_at", "due_at")
    for invited_at, answered_at, state, sent_at, due_at in rows.iterator():
        at(invited_at).asked += 1
        if answered_at is not None and state != c.SeatState.DECLINED:
            at(answered_at).accepted += 1
        if sent_at is not None:
            at(sent_at).sent += 1
            at(sent_at).on_time += due_at is not None and sent_at <= due_at
    return [found[name] for name in sorted(found, reverse=True)]


def people(reader: User) -> list[Reviewer]:
    """Everybody who may be asked, with what they have open now and what they have sent; never
    of which case, and never counting a case in which the reader has a part: a number that
    moves would tell who judges it. One query."""
    mine = Q(user__seats__case__in=Case.objects.at_desk_of(reader))
    return list(
        Reviewer.objects.filter(is_active=True, user__is_active=True)
        .select_related("user")
        .annotate(load=open_now(mine), sent=done(mine))
        .order_by("-load", "user__name", "pk")
    )


def open_now(seats: Q) -> Count:
    """Annotates people with the reviews they have open, of these seats."""
    return Count("user__seats", filter=seats & Q(user__seats__state__in=c.BUSY), distinct=True)


def done(seats: Q) -> Count:
    """Annotates people with the reviews they have sent, of these seats."""
    return Count(
        "user__seats", filter=seats & Q(user__seats__state=c.SeatState.SENT), distinct=True
    )


# --- Queues ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Queue:
    """How long the open cases of one state have been in it, in days."""

    state: str
    cases: int
    middle: float | None
    oldest: int | None
    late: int


def queues(cases: QuerySet[Case]) -> list[Queue]:
    """Ages of the open cases, per state. One query."""
    now = timezone.now()
    ages: dict[str, list[int]] = {state: [] for state in c.OPEN}
    late: Counter[str] = Counter()
    rows = cases.open().order_by().values_list("state", "state_since", "due_at")  # type: ignore[attr-defined]
    for state, since, due_at in rows.iterator():
        ages[state].append(max((now - since).days, 0))
        late[state] += due_at is not None and due_at < now
    return [
        Queue(
            str(state),
            len(days),
            median(days) if days else None,
            max(days, default=None),
            late[state],
        )
        for state, days in ages.items()
    ]
