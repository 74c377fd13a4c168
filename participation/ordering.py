"""Moving one row of a short list up or down."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def shifted(rows: Iterable[Any], pk: int, *, up: bool) -> list[Any]:
    """The rows whose ``position`` changes when one of them changes places with its neighbour.

    They are numbered anew from 1, so rows that had the same number are told apart for good. The
    first does not go further up, nor the last further down.
    """
    order = list(rows)
    at = next((place for place, row in enumerate(order) if row.pk == pk), None)
    to = None if at is None else at + (-1 if up else 1)
    if at is not None and to is not None and 0 <= to < len(order):
        order[at], order[to] = order[to], order[at]
    changed = []
    for number, row in enumerate(order, 1):
        if row.position != number:
            row.position = number
            changed.append(row)
    return changed
