"""What claims can be about: each kind of record declares its topics.

A topic says which values a claim about it can have, and whether claims about it answer one
question, so that one of them is shown and the others can be opened, or stand beside each
other as items of a list.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Shape(StrEnum):
    """Which values a claim has beside its text."""

    TEXT = "text"
    """None."""
    NUMBER = "number"
    """A number, exact or between bounds, with its unit."""
    SHARE = "share"
    """A part of a whole, in percent from 0 to 100."""
    DATE = "date"
    """A date, or a period from one to another."""
    NAME = "name"
    """Somebody or something by name, with its part in the matter."""


@dataclass(frozen=True, slots=True)
class Topic:
    """One thing claims can be about.

    ``one`` means that its claims answer one question (claims with another ``label`` answer
    another one). ``unit`` is what a number counts unless the claim says otherwise. ``wants``
    names further fields its form asks for: status, period, actor, country.
    """

    code: str
    label: StrOrPromise
    shape: Shape = Shape.TEXT
    one: bool = False
    unit: str = ""
    hint: StrOrPromise = ""
    wants: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    """The kinds of record it belongs to; none: all."""


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a record's page, and the topics that stand in it."""

    code: str
    title: StrOrPromise
    topics: tuple[Topic, ...]
