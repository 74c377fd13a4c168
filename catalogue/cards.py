"""A public record as one row of a list, read from its frozen version.

Cards never touch the working copy: what a list shows is what the record's page shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from catalogue.content import translated
from catalogue.models import Solution
from core.templatetags.components import eg
from core.text import base_language
from hubs import reference

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

#: More countries than this are counted, not named.
NAMED_COUNTRIES = 3
NAMED_SECTORS = 2

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


def in_order(keys: Sequence[str]) -> list[Solution]:
    """Public records with these keys, in this order, in one query.

    A key whose record has just been withdrawn is left out.
    """
    found = Solution.objects.public().for_cards().in_bulk([int(key) for key in keys])
    return [found[int(key)] for key in keys if int(key) in found]


def cards_of(solutions: Iterable[Solution], *, mark: Marker = str) -> list[Card]:
    return [card_of(solution, mark=mark) for solution in solutions]


def card_of(solution: Solution, *, mark: Marker = str) -> Card:
    """The row of one public record, in the reader's language where it has been translated.

    ``mark`` may set off the words searched for; it returns safe HTML or plain text.
    """
    version = solution.public_version
    assert version is not None  # noqa: S101 (the database holds it for public records)
    content, language = in_readers_language(version.content)
    foreign = language != base_language(get_language() or "en")
    row = reference.languages().get(language)
    return Card(
        ref=solution.reference,
        title=mark(content["title"]),
        url=solution.get_absolute_url(),
        summary=mark(content["summary"]),
        meta=tuple(part for part in _meta(content) if part),
        level=solution.level,
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
