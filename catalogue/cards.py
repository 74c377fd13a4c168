"""A public record as one row of a list, read from its frozen version.

Cards never touch the working copy: what a list shows is what the record's page shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from operator import is_not
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import connection
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from catalogue.choices import Publication
from catalogue.content import translated
from catalogue.models import Solution, Version
from core.templatetags.components import eg
from core.text import base_language
from hubs import reference

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

#: More countries than this are counted, not named.
NAMED_COUNTRIES = 3
NAMED_SECTORS = 2
#: Of so many versions a process keeps what lists say of them: a few megabytes.
MOST_TOLD = 2_000
#: A number in whose place others are set, instead of working out each address.
STAND_IN = "S-0000"

Marker = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Card:
    """What ``{% record %}`` prints."""

    ref: str
    title: str
    url: str
    summary: str
    meta: tuple[StrOrPromise, ...]
    level: str
    lang: str = ""
    dir: str = ""
    #: Names and scores of the binding criteria. Records of labels stand above the catalogue:
    #: a page that shows them lays them on the cards.
    scores: Sequence[tuple[str, float | None]] | None = None


class Told(NamedTuple):
    """What a list says of one frozen version, in one language."""

    title: str
    summary: str
    meta: tuple[StrOrPromise, ...]
    lang: str
    dir: str


class _Shelf:
    """What was told of versions, by version and language, kept in this process.

    A version never changes and is known by its hash, so nothing kept can be old; only the names
    of countries, sectors and languages change with a release.
    """

    def __init__(self) -> None:
        self._told: dict[tuple[int, str, str], Told] = {}
        self._names: tuple[object, ...] = ()

    def read(self) -> dict[tuple[int, str, str], Told]:
        names = (reference.countries(), reference.sectors(), reference.languages())
        if len(self._told) > MOST_TOLD or any(map(is_not, names, self._names)) or not self._names:
            self._told, self._names = {}, names
        return self._told


_shelf = _Shelf()


def in_order(keys: Sequence[str]) -> list[Solution]:
    """Public records with these keys, in this order, in one query.

    A key whose record has just been withdrawn is left out.
    """
    found = Solution.objects.public().for_cards().in_bulk([int(key) for key in keys])
    return [found[int(key)] for key in keys if int(key) in found]


def cards_in_order(keys: Sequence[str], *, mark: Marker = str) -> list[Card]:
    """The rows of public records with these keys, in this order.

    One query, which reads no documents, and one more for versions this process has not shown
    lately. A key whose record has just been withdrawn is left out.
    """
    language = get_language() or "en"
    rows = {
        str(pk): (number, publication, validation, (version, content_hash, language))
        for pk, number, publication, validation, version, content_hash in _standing(keys)
    }
    told = _shelf.read()
    found = {place: told[place] for *_, place in rows.values() if place in told}
    if missing := {place[0]: place for *_, place in rows.values() if place not in found}:
        for pk, content in _contents(missing):
            found[missing[pk]] = told[missing[pk]] = told_of(content)
    begun = reverse("catalogue:solution", kwargs={"reference": STAND_IN})
    cards = []
    for number, publication, validation, place in (rows[key] for key in keys if key in rows):
        about, ref = found[place], f"S-{number:04d}"
        cards.append(
            Card(
                ref=ref,
                title=mark(about.title),
                url=begun.replace(STAND_IN, ref),
                summary=mark(about.summary),
                meta=about.meta,
                level=_level(publication, validation),
                lang=about.lang,
                dir=about.dir,
            )
        )
    return cards


def _standing(keys: Sequence[str]) -> list[tuple[int, int, str, str, int, str]]:
    """Of the records that are public: key, number, both axes of the mark, and the version.

    Written out, since to put the statement together takes ten times as long as to run it.
    """
    if not keys:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.id, s.number, s.publication, s.validation, v.id, v.content_hash"  # noqa: S608 (placeholders)
            " FROM catalogue_solution s JOIN catalogue_version v ON v.id = s.public_version_id"
            f" WHERE s.publication = %s AND s.id IN ({', '.join(['%s'] * len(keys))})",
            [str(Publication.PUBLIC), *map(int, keys)],
        )
        return cursor.fetchall()


def _contents(keys: Iterable[int]) -> Iterable[tuple[int, dict[str, Any]]]:
    return Version.objects.filter(pk__in=keys).order_by().values_list("pk", "content")


@cache
def _level(publication: str, validation: str) -> str:
    """The one word of the mark, without reading the whole record."""
    return Solution(publication=publication, validation=validation).level


def cards_of(solutions: Iterable[Solution], *, mark: Marker = str) -> list[Card]:
    return [card_of(solution, mark=mark) for solution in solutions]


def card_of(solution: Solution, *, mark: Marker = str) -> Card:
    """The row of one public record, in the reader's language where it has been translated.

    ``mark`` may set off the words searched for; it returns safe HTML or plain text.
    """
    version = solution.public_version
    assert version is not None  # noqa: S101 (the database holds it for public records)
    told = told_of(version.content)
    return Card(
        ref=solution.reference,
        title=mark(told.title),
        url=solution.get_absolute_url(),
        summary=mark(told.summary),
        meta=told.meta,
        level=solution.level,
        lang=told.lang,
        dir=told.dir,
    )


def told_of(content: dict[str, Any]) -> Told:
    """What a list says of a version, in the page's language."""
    content, language = in_readers_language(content)
    foreign = language != base_language(get_language() or "en")
    row = reference.languages().get(language)
    return Told(
        title=content["title"],
        summary=content["summary"],
        meta=tuple(part for part in _meta(content) if part),
        lang=language if foreign else "",
        dir=(row.direction if row else "auto") if foreign else "",
    )


def in_readers_language(content: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The content in the page's language if there is such a translation, and its language."""
    wanted = base_language(get_language() or "en")
    if wanted != content["language"] and wanted in content.get("translations", {}):
        return translated(content, wanted), wanted
    return content, str(content["language"])


def _meta(content: dict[str, Any]) -> list[StrOrPromise]:
    hub = content["hub"] or {}
    return [
        eg() if content["is_example"] else "",
        hub.get("short") or content["owner_institution"],
        countries_in_words(content["countries"]),
        ", ".join(map(reference.sector_name, content["sectors"][:NAMED_SECTORS])),
        _period(content["started_on"][:4], content["ended_on"][:4]),
    ]


def _period(start: str, end: str) -> str:
    if start and end:
        return start if start == end else f"{start}–{end}"
    return _("since %(year)s") % {"year": start} if start else ""


def countries_in_words(codes: Sequence[str]) -> str:
    """Up to three names; of more, the number."""
    if len(codes) <= NAMED_COUNTRIES:
        return ", ".join(map(reference.country_name, codes))
    return ngettext("%(n)s country", "%(n)s countries", len(codes)) % {"n": len(codes)}
