"""Who contributes to a session, as a file has it, beside whom the record has.

People of the record are known by their names (``speakers``). Whoever had one of the parts that
the file fills and is not named is taken out, unless a source says that they contributed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from events import speakers
from events.choices import ContributionRole
from events.importing.rows import Row
from events.models import Contribution, Event

#: What an editor said of names that several people bear: a person's key, or 0 for a new person.
Chosen = Mapping[str, int]
TOLD = ("title", "organisation", "country_id", "topic")


@dataclass(slots=True)
class Part:
    """One person in one part. Without a person they are new to the record."""

    name: str
    role: str
    person: int | None
    values: dict[str, Any]
    contribution: Contribution | None = None


@dataclass(slots=True)
class Plan:
    """What becomes of the contributions to one session."""

    add: list[Part] = field(default_factory=list)
    change: list[Part] = field(default_factory=list)
    remove: list[Contribution] = field(default_factory=list)

    @property
    def changes(self) -> list[tuple[str, str, str]]:
        """What happens (new, changed, gone), to whom, in which part."""
        return [
            *(("new", part.name, _role(part.role)) for part in self.add),
            *(("changed", part.name, _role(part.role)) for part in self.change),
            *(("gone", row.person.name, _role(row.role)) for row in self.remove),
        ]


def _role(code: str) -> str:
    return str(ContributionRole(code).label)


class Everybody:
    """The people of the record and the contributions to an event. At most four queries."""

    def __init__(self, event: Event, rows: Iterable[Row], chosen: Chosen) -> None:
        self.chosen = chosen
        #: Names that several people may bear: whom each can mean, and how the file writes it.
        self.asked: dict[str, tuple[int, ...]] = {}
        self.names: dict[str, str] = {}
        self._there: dict[int, list[Contribution]] = {}
        self._directory: speakers.Directory | None = None
        if not any(row.people is not None for row in rows):
            return
        self._directory = speakers.Directory()
        found = Contribution.objects.filter(event=event, session__isnull=False)
        for contribution in found.select_related("person").order_by("position", "pk"):
            self._there.setdefault(contribution.session_id or 0, []).append(contribution)

    def plan(self, row: Row, session: int | None) -> Plan:
        """What the people of a row mean for its session. Names nobody can tell apart are asked."""
        plan = Plan()
        if row.people is None:
            return plan
        left = list(self._there.get(session, ())) if session else []
        seen: set[tuple[str, str]] = set()
        for told in row.people:
            key = (speakers.key_of(told["name"]), told["role"])
            if key in seen:
                continue
            seen.add(key)
            self._one(told, row, plan, left)
        roles = {role for _key, role in seen}
        people = {part.person for part in (*plan.add, *plan.change)} - {None}
        plan.remove = [
            one
            for one in left
            if (one.role in roles or one.person_id in people) and _rests_on_the_list(one)
        ]
        return plan

    def _one(self, told: dict[str, Any], row: Row, plan: Plan, left: list[Contribution]) -> None:
        values = {
            "title": told["title"],
            "organisation": told["organisation"],
            "country_id": told["country"] or None,
            "topic": told["topic"],
        }
        key = speakers.key_of(told["name"])
        there = [one for one in left if speakers.key_of(one.person.name) == key]
        person = there[0].person_id if there else self._whom(told, row)
        mine = [one for one in left if one.person_id == person] if person else []
        same = next((one for one in mine if one.role == told["role"]), None)
        if same is None:
            plan.add.append(Part(told["name"], told["role"], person, values))
            return
        left.remove(same)
        differs = {
            name: value for name, value in values.items() if value and getattr(same, name) != value
        }
        if differs:
            plan.change.append(Part(told["name"], told["role"], person, differs, same))

    def _whom(self, told: dict[str, Any], row: Row) -> int | None:
        """The person of the record that is meant; None for a new one. Asks if it is not clear."""
        assert self._directory is not None  # noqa: S101 (for the type)
        match = self._directory.whom(told["name"], told["country"])
        if match.is_new:
            return None
        if match.is_certain:
            return match.people[0]
        key = speakers.key_of(told["name"])
        self.asked[key] = tuple(dict.fromkeys((*self.asked.get(key, ()), *match.people)))
        self.names.setdefault(key, told["name"])
        choice = self.chosen.get(key)
        if choice is None or (choice and choice not in match.people):
            row.refuse(
                "people",
                _("“%(name)s” may be somebody of the record. Say who is meant.")
                % {"name": told["name"]},
            )
            return None
        return choice or None


def _rests_on_the_list(row: Contribution) -> bool:
    """Whether nothing but a list says so: no source, no note, no work."""
    return not (row.reference_id or row.note or row.work_id or row.hub_id)
