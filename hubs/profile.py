"""What a hub's page states, statement by statement, each with its source.

A hub's record is made of fields and of free statements (``Hub.facts``), both taken from
published sources. The page brings them together by theme, so that a reader finds what is
said about money in one place, and numbers the sources in the order in which they appear.
Nothing is concluded here: a field no source fills is named as not stated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from hubs.models import Hub

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Theme:
    """One section of the page: the fields and the topics of statements that belong to it."""

    code: str
    title: StrOrPromise
    fields: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()


THEMES = (
    Theme("start", _("How it began"), (), ("founded", "legal_basis", "milestone")),
    Theme(
        "organisation",
        _("How it is organised"),
        ("organisational_model", "coordinates"),
        ("organisation", "governance", "role", "coordinated_institutions"),
    ),
    Theme("staff", _("Who works there"), ("staffing",), ("staff",)),
    Theme("money", _("How it is paid for"), ("financing",), ("membership_fees", "joint_fund")),
    Theme("policy", _("Which policy it rests on"), ("policy_basis",), ("policy_basis",)),
    Theme(
        "partners",
        _("Whom it works with"),
        ("networks",),
        ("partner_countries", "participation"),
    ),
    Theme(
        "sharing",
        _("How it shares"),
        ("note",),
        ("method", "modality", "portfolio", "mapping", "living_laboratory"),
    ),
    Theme("seen", _("Where it appears"), (), ("event", "study", "name_as_written")),
)
OTHER = Theme("other", _("Also stated"))
#: Where a field's own name says more than the title of its section.
FIELD_LEADS: dict[str, StrOrPromise] = {"coordinates": _("It coordinates")}


@dataclass(frozen=True, slots=True)
class Reference:
    """A source as the page names it; ``in_full`` where it is written out."""

    number: int
    citation: str
    in_full: bool = False


class References:
    """Numbers sources in the order in which the page first names them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._written: set[str] = set()

    def cite(self, citation: str, *, margin: bool = False) -> Reference | None:
        """The source's number; None where no source is known.

        Beside a statement, in the margin, a source is written out the first time.
        """
        if not citation:
            return None
        number = self._numbers.setdefault(citation, len(self._numbers) + 1)
        in_full = margin and citation not in self._written
        if in_full:
            self._written.add(citation)
        return Reference(number, citation, in_full)

    def __iter__(self) -> Iterable[Reference]:
        return iter([Reference(number, text) for text, number in self._numbers.items()])

    def __len__(self) -> int:
        return len(self._numbers)


@dataclass(frozen=True, slots=True)
class Share:
    """A known part of a whole, for the bar of the financing mix; the rest is not known."""

    percent: float
    label: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing a source says about the hub."""

    text: str
    source: Reference | None
    lead: StrOrPromise = ""
    as_of: str = ""
    conflict: str = ""
    disagrees: bool = False
    preferred: bool = False
    worked_out: str = ""
    share: Share | None = None


@dataclass(slots=True)
class Section:
    """A theme about which something is stated."""

    theme: Theme
    statements: list[Statement] = field(default_factory=list)

    @property
    def disagrees(self) -> bool:
        return any(statement.disagrees for statement in self.statements)


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything the page prints about one hub beyond its name."""

    basics: dict[str, Reference | None]
    sections: list[Section]
    references: References
    not_stated: list[StrOrPromise]


#: Fields of the table beside the name, in its order.
BASICS = ("acronym", "other_names", "kind", "country", "host", "founded", "sectors", "website")


def profile_of(hub: Hub) -> Profile:
    """Read the whole page off one row: no query."""
    references = References()
    basics = {
        name: references.cite(_source_of(hub, name)) if _is_filled(hub, name) else None
        for name in BASICS
    }
    by_topic: dict[str, list[dict[str, Any]]] = {}
    for fact in hub.facts:
        by_topic.setdefault(str(fact.get("topic", "")), []).append(fact)
    sections: list[Section] = []
    not_stated: list[StrOrPromise] = []
    for theme in THEMES:
        section = Section(theme)
        for name in theme.fields:
            if text := str(getattr(hub, name)).strip():
                section.statements.append(
                    Statement(
                        text,
                        references.cite(_source_of(hub, name), margin=True),
                        FIELD_LEADS.get(name, ""),
                    )
                )
            elif name != "note":
                not_stated.append(_label(name))
        for topic in theme.topics:
            section.statements += _statements(by_topic.pop(topic, []), references)
        if section.statements:
            sections.append(section)
    rest = Section(OTHER)
    for facts in by_topic.values():
        rest.statements += _statements(facts, references)
    if rest.statements:
        sections.append(rest)
    return Profile(basics, sections, references, not_stated)


def _label(name: str) -> StrOrPromise:
    return Hub._meta.get_field(name).verbose_name  # type: ignore[union-attr]


def _is_filled(hub: Hub, name: str) -> bool:
    if name == "sectors":
        return True
    return bool(hub.country_id if name == "country" else getattr(hub, name))


def _source_of(hub: Hub, name: str) -> str:
    """The citation of one field: its own, else the one given for all that is not named."""
    if name == "website":
        return ""
    sources: dict[str, str] = hub.sources
    return str(sources.get(name) or sources.get("*") or "")


def _statements(facts: list[dict[str, Any]], references: References) -> list[Statement]:
    """The statements of one topic: the preferred one first, the others as they came."""
    ordered = sorted(facts, key=lambda fact: not fact.get("preferred"))
    return [
        Statement(
            text=str(fact.get("text", "")),
            source=references.cite(str(fact.get("source", "")), margin=True),
            as_of=_as_of(fact),
            conflict=str(fact.get("conflict", "")),
            disagrees=bool(fact.get("conflict") or fact.get("contradiction")),
            preferred=bool(fact.get("preferred")),
            worked_out=str(fact.get("derived_note", "")) if fact.get("derived") else "",
            share=_share(fact),
        )
        for fact in ordered
        if fact.get("text")
    ]


def _as_of(fact: dict[str, Any]) -> str:
    """The date a figure holds for, unless the statement says it itself."""
    date = str(fact.get("as_of") or "")
    return "" if not date or date[:4] in str(fact.get("text", "")) else date


def _share(fact: dict[str, Any]) -> Share | None:
    value, unit = fact.get("value"), str(fact.get("unit", ""))
    if not isinstance(value, (int, float)) or not re.match(r"(percent|%)", unit):
        return None
    return Share(min(max(float(value), 0), 100), str(fact.get("text", "")))
