"""Commitments as a whole: how many stand where, by event, and which a reader chose to see.

Where a commitment stands follows from its progress and two partial dates, which no database
compares. So all rows are read in a light form, one query however many there are, and only
those on the page in full.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from events.choices import Standing
from events.models import (
    Commitment,
    CommitmentOwner,
    CommitmentUpdate,
    Event,
    overdue,
    standing_of,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

OVERDUE = "overdue"
#: The kind of mark that ``status`` draws for each standing.
LIGHTS = {
    Standing.COMPLETE: "done",
    Standing.COMPLETE_LATE: "late",
    Standing.SUBSTANTIAL: "open",
    Standing.LIMITED: "open",
    Standing.NOT_STARTED: "none",
    Standing.NO_EVIDENCE: "none",
}
#: From kept to nothing known: the order of plot, board and key.
ORDER = (
    Standing.COMPLETE,
    Standing.COMPLETE_LATE,
    Standing.SUBSTANTIAL,
    Standing.LIMITED,
    Standing.NOT_STARTED,
    Standing.NO_EVIDENCE,
)


class Row(NamedTuple):
    """What the tracker knows of one commitment."""

    pk: int
    event: int
    kind: str
    standing: Standing
    is_overdue: bool


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a reader asked for; empty is everything."""

    kind: str = ""
    status: str = ""
    event: str = ""
    owner: str = ""


@dataclass(slots=True)
class Bar:
    """One event in the plot: how many of its commitments stand where."""

    event: Event
    counts: Counter[Standing] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def cells(self) -> list[int]:
        """The counts in the order of the key."""
        return [self.counts[standing] for standing in ORDER]


def rows(user: User | AnonymousUser, chosen: Chosen, today: dt.date) -> list[Row]:
    """The commitments of events this person sees, newest event first. One query."""
    found = Commitment.objects.visible_to(user)
    if chosen.event:
        found = found.filter(event__slug=chosen.event)
    if chosen.owner:
        found = found.filter(
            pk__in=CommitmentOwner.objects.filter(name=chosen.owner).values("commitment")
        )
    light = found.order_by("-event__starts", "event_id", "position", "pk").values_list(
        "pk", "event_id", "kind", "progress", "due", "fulfilled_on"
    )
    return [
        Row(pk, event, kind, standing_of(progress, due, fulfilled), overdue(progress, due, today))
        for pk, event, kind, progress, due, fulfilled in light
    ]


def rows_of(commitments: Iterable[Commitment]) -> list[Row]:
    """The same for commitments at hand."""
    return [
        Row(one.pk, one.event_id, one.kind, one.standing, one.is_overdue) for one in commitments
    ]


def fitting(found: Iterable[Row], status: str) -> list[Row]:
    """The rows of one status; "overdue" is one beside the standings."""
    if not status:
        return list(found)
    if status == OVERDUE:
        return [row for row in found if row.is_overdue]
    return [row for row in found if row.standing == status]


def finding_of(found: Sequence[Row]) -> str:
    """What the rows come to, in one sentence."""
    complete = [row for row in found if row.standing in (Standing.COMPLETE, Standing.COMPLETE_LATE)]
    late = sum(row.standing == Standing.COMPLETE_LATE for row in found)
    past = sum(row.is_overdue for row in found)
    words = {"done": len(complete), "n": len(found), "late": late, "past": past}
    if late and past:
        text = _("%(done)s of %(n)s complete, %(late)s of them late; %(past)s overdue.")
    elif late:
        text = _("%(done)s of %(n)s complete, %(late)s of them late.")
    elif past:
        text = _("%(done)s of %(n)s complete; %(past)s overdue.")
    else:
        text = _("%(done)s of %(n)s complete.")
    return text % words


def bars(found: Iterable[Row], most: int) -> tuple[list[Bar], int]:
    """The plot's bars for the first ``most`` events, and how many events there are. One query."""
    counted: dict[int, Counter[Standing]] = {}
    for row in found:
        counted.setdefault(row.event, Counter())[row.standing] += 1
    keys = list(counted)[:most]
    events = Event.objects.in_bulk(keys)
    return [Bar(events[key], counted[key]) for key in keys if key in events], len(counted)


def in_full(keys: Sequence[int]) -> list[Commitment]:
    """These commitments with all that a table prints of them, in this order. Three queries."""
    found = (
        Commitment.objects.filter(pk__in=keys)
        .select_related("event", "reference")
        .prefetch_related(
            "owners",
            Prefetch(
                "updates",
                CommitmentUpdate.objects.select_related("reference", "fulfilled_by_event"),
            ),
        )
    )
    by_key = {row.pk: row for row in found}
    return [by_key[key] for key in keys if key in by_key]
