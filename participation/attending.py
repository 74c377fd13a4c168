"""Who was there, read from the list a meeting platform gives: names, addresses, or both.

Line by line, so that the organisers see what became of each. Names are compared without case,
accents and order, since a platform shows "WELL, Ada (guest)" where somebody registered as
"Ada Well". Nobody is guessed: two people of one name are asked about.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from core.text import fold
from participation.models import Registration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from events.models import Event

#: So many lines are read at once; more than most meetings have, and fewer than a form may send.
MOST_LINES = 900
#: Longer than any row with a name; what follows is not read.
LONGEST_LINE = 500
# Bounded, so that a hostile line costs no more than a long one.
ADDRESS = re.compile(
    r"[^\s@<>,;:\"'()\[\]]{1,64}@[^\s@<>,;:\"'()\[\]]{1,190}\.[^\s@<>,;:\"'()\[\]]{1,63}"
)
#: Also the full-width ones of Chinese platforms.
BRACKETS = re.compile("[(\\[\uff08]([^)\\]\uff09]*)[)\\]\uff09]")
NOT_NAMES = re.compile('[\\s,;."“”()\\[\\]\uff08\uff09]+')
#: First cells of the line above the names.
HEADINGS = {
    "name", "full name", "first name", "last name", "user name", "participant", "participants",
    "name (original name)", "email", "e-mail", "user email", "email address", "e-mail address",
    "nom", "nombre", "nome", "nama", "имя", "姓名", "الاسم",
}  # fmt: skip


class Outcome(Enum):
    """What became of one line."""

    FOUND = "found"
    AGAIN = "again"
    SEVERAL = "several"
    NO_PLACE = "no place"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody who registered."""

    uid: str
    name: str
    email: str
    organisation: str
    has_place: bool


@dataclass(slots=True)
class Line:
    """One line as it was pasted, and who it may be."""

    number: int
    text: str
    outcome: Outcome
    guests: list[Guest] = field(default_factory=list)


def guests_of(event: Event) -> list[Guest]:
    """Everybody who registered, also those without a place. One query."""
    rows = Registration.objects.filter(event=event).order_by("number")
    return [
        Guest(uid, name, (email or "").lower(), organisation, state == Registration.State.PLACED)
        for uid, name, email, organisation, state in rows.values_list(
            "uid", "name", "user__email", "organisation", "state"
        )
    ]


def read(text: str, guests: Iterable[Guest]) -> list[Line]:
    """Each line of the list with what it means. Empty ones and a heading are left out."""
    by_address: dict[str, list[Guest]] = defaultdict(list)
    by_name: dict[tuple[str, ...], list[Guest]] = defaultdict(list)
    for guest in guests:
        if guest.email:
            by_address[guest.email].append(guest)
        if key := _key(guest.name):
            by_name[key].append(guest)
    lines: list[Line] = []
    seen: set[str] = set()
    for number, raw in enumerate(text.splitlines(), start=1):
        typed = raw[:LONGEST_LINE].strip()
        if not typed or (not lines and _is_heading(typed)):
            continue
        line = _line(number, typed, _who(typed, by_address, by_name))
        if line.outcome is Outcome.FOUND:
            (guest,) = line.guests
            if guest.uid in seen:
                line.outcome = Outcome.AGAIN
            seen.add(guest.uid)
        lines.append(line)
    return lines


def taking_part(lines: Iterable[Line], chosen: Mapping[int, str]) -> set[str]:
    """Whom the lines show to have been there; ``chosen`` says who is meant by a line that fits
    several people, by its number."""
    found: set[str] = set()
    for line in lines:
        if line.outcome is Outcome.FOUND:
            found.add(line.guests[0].uid)
        elif line.outcome is Outcome.SEVERAL:
            found |= {guest.uid for guest in line.guests} & {chosen.get(line.number, "")}
    return found


def _line(number: int, typed: str, who: list[Guest]) -> Line:
    placed = [guest for guest in who if guest.has_place]
    if len(placed) == 1:
        return Line(number, typed, Outcome.FOUND, placed)
    if placed:
        return Line(number, typed, Outcome.SEVERAL, placed)
    return Line(number, typed, Outcome.NO_PLACE if who else Outcome.MISSING, who)


def _who(
    typed: str,
    by_address: Mapping[str, list[Guest]],
    by_name: Mapping[tuple[str, ...], list[Guest]],
) -> list[Guest]:
    """The people a line can mean: an address decides, else the first reading that is a name."""
    for address in ADDRESS.findall(typed):
        if who := by_address.get(address.lower()):
            return who
    for reading in _readings(ADDRESS.sub(" ", typed)):
        if who := by_name.get(_key(reading)):
            return who
    return []


def _readings(text: str) -> Iterator[str]:
    """Ways a name can stand in a line: alone, in the first cells of a row, in brackets."""
    bare = BRACKETS.sub(" ", text)
    yield text
    yield bare
    for divider in ("\t", ";", ","):
        cells = bare.split(divider)
        if len(cells) > 1:
            yield cells[0]
            yield f"{cells[0]} {cells[1]}"
    yield from BRACKETS.findall(text)


def _key(name: str) -> tuple[str, ...]:
    return tuple(sorted(filter(None, NOT_NAMES.split(fold(name)))))


def _is_heading(typed: str) -> bool:
    first = re.split(r"[\t;,]", typed)[0].strip().strip('"')
    return fold(first) in HEADINGS
