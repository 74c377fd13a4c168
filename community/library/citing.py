"""Where in the portal a reference is cited: a registry, so that every kind of record that
points at references says itself how its visible records are found, in one query.

A kind registers with ``kind``: what it is called, which columns it answers for, and a function
from a reader and references to citations the reader may see. A test holds the columns against
every column of the database that points at references.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from django.db.models.functions import Coalesce

from claims.models import Reference

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Cite:
    """One visible record that points at a reference. ``part`` says what of it does."""

    reference: int
    record: str
    url: str
    part: str = ""
    place: str = ""


#: So many records of one kind stand on the page of what they cite.
MOST = 8

Find = Callable[[Any, Collection[int]], Iterable[Cite]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record that cites."""

    code: str
    label: StrOrPromise
    columns: tuple[str, ...]
    find: Find
    position: int


KINDS: dict[str, Kind] = {}


def kind(
    code: str, label: StrOrPromise, *, columns: Iterable[str] = (), position: int = 100
) -> Callable[[Find], Find]:
    """Register how citations by one kind of record are found. ``columns`` are written
    "app.model.field", as the database has them; groups stand in the order of ``position``."""

    def register(find: Find) -> Find:
        KINDS[code] = Kind(code, label, tuple(columns), find, position)
        return find

    return register


def kinds() -> list[Kind]:
    return sorted(KINDS.values(), key=lambda one: (one.position, one.code))


@dataclass(frozen=True, slots=True)
class Citing:
    """One record with everything in it that cites a reference."""

    record: str
    url: str
    parts: tuple[Cite, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The records of one kind."""

    code: str
    label: StrOrPromise
    records: tuple[Citing, ...]
    #: So many stand on the page; all of them where a reader asked for all.
    most: int = MOST

    @property
    def shown(self) -> str:
        return f":{self.most}"

    @property
    def more(self) -> int:
        return max(len(self.records) - self.most, 0)


def family(reference: Reference) -> list[int]:
    """The reference and what was merged into it: somebody may have cited an old one since."""
    rows = Reference.objects.filter(merged_into=reference)
    return [reference.pk, *rows.values_list("pk", flat=True)]


def cited_in(reference: Reference, user: Any, every: str = "") -> list[Group]:
    """Every record this reader sees that points at the reference. One query for each kind.

    ``every`` is the kind of which the page shows all.
    """
    keys = family(reference)
    groups = []
    for one in kinds():
        records: dict[tuple[str, str], dict[tuple[str, str, str], Cite]] = defaultdict(dict)
        for cite in one.find(user, keys):
            whole = cite.url.partition("#")[0]
            records[cite.record, whole][cite.part, cite.place, cite.url] = cite
        if records:
            listed = tuple(
                Citing(name, whole, tuple(cites.values()))
                for (name, whole), cites in records.items()
            )
            most = len(listed) if one.code == every else MOST
            groups.append(Group(one.code, one.label, listed, most))
    return groups


def cited_by(keys: Collection[int]) -> dict[int, set[str]]:
    """Which kinds of record cite each reference where everybody can read it."""
    rows = Reference.objects.filter(merged_into__in=keys)
    stands_for = dict(rows.values_list("pk", Coalesce("merged_into_id", "pk")))
    wanted = [*keys, *stands_for]
    found: dict[int, set[str]] = defaultdict(set)
    for one in kinds():
        for cite in one.find(AnonymousUser(), wanted):
            found[stands_for.get(cite.reference, cite.reference)].add(one.code)
    return found
