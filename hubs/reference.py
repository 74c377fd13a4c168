"""Names of countries, sectors, goals and languages, kept in the process.

Reference data changes with a release, not with a request, and nearly every page names some
of it; so it is read once per process and then for ten minutes at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from django.utils.translation import get_language

from accounts.models import Language
from core.text import fold
from hubs.models import Country, CountryAlias, Goal, Region, Sector, Target

T = TypeVar("T")
KEEP_SECONDS = 600


class _Kept(Generic[T]):
    """A value that is read again when it is older than ten minutes or was forgotten."""

    def __init__(self, read: Callable[[], T]) -> None:
        self._read = read
        self._value: T | None = None
        self._until = 0.0
        self.reading = object()

    def __call__(self) -> T:
        if self._value is None or time.monotonic() > self._until:
            self._value = self._read()
            self.reading = object()
            self._until = time.monotonic() + KEEP_SECONDS
        return self._value

    def forget(self) -> None:
        self._value = None


def _table(model: Any) -> Callable[[], dict[Any, Any]]:
    return lambda: {row.pk: row for row in model.objects.all()}


countries: _Kept[dict[str, Country]] = _Kept(_table(Country))
regions: _Kept[dict[str, Region]] = _Kept(_table(Region))
sectors: _Kept[dict[str, Sector]] = _Kept(_table(Sector))
goals: _Kept[dict[int, Goal]] = _Kept(_table(Goal))
targets: _Kept[dict[str, Target]] = _Kept(_table(Target))
languages: _Kept[dict[str, Language]] = _Kept(_table(Language))


def _all_names() -> dict[str, frozenset[str]]:
    """Every folded name of a country, in every language and as sources write it, to its codes."""
    found: dict[str, set[str]] = {}
    for code, row in countries().items():
        for name in row.names.values():
            found.setdefault(fold(name), set()).add(code)
    for folded, code in CountryAlias.objects.values_list("folded", "country_id"):
        found.setdefault(folded, set()).add(code)
    return {name: frozenset(codes) for name, codes in found.items()}


country_names: _Kept[dict[str, frozenset[str]]] = _Kept(_all_names)


def forget() -> None:
    """Read everything anew at the next use: after loading reference data, and between tests."""
    for kept in (countries, regions, sectors, goals, targets, languages, country_names):
        kept.forget()


def reading() -> tuple[object, ...]:
    """Another value each time names were read anew: what was made of them may be kept by it."""
    tables: tuple[_Kept[Any], ...] = (countries, regions, sectors, goals, targets, languages)
    for table in tables:
        table()
    return tuple(table.reading for table in tables)


def _named(row: Any, language: str | None) -> str:
    names: dict[str, str] = row.names
    code = language or get_language() or "en"
    return names.get(code) or names.get(code.split("-")[0]) or names.get("en", "")


def country_name(code: str, language: str | None = None) -> str:
    row = countries().get(code)
    return _named(row, language) if row else code


def region_name(code: str, language: str | None = None) -> str:
    row = regions().get(code)
    return _named(row, language) if row else code


def sector_name(code: str, language: str | None = None) -> str:
    row = sectors().get(code)
    return _named(row, language) if row else code


def goal_name(number: int | str, language: str | None = None) -> str:
    row = goals().get(int(number))
    return _named(row, language) if row else str(number)


def language_name(code: str) -> str:
    row = languages().get(code)
    return row.native_name if row else code


def regions_of(country_codes: Iterable[str]) -> set[str]:
    """The M49 codes of the continents and subregions these countries lie in."""
    table = countries()
    found = (table[code] for code in country_codes if code in table)
    return {code for row in found for code in (row.region_id, row.subregion_id) if code}


def country_label(code: str) -> str:
    """The name in the language of the page, with its code where the name alone is not enough:
    "Congo (CG)"."""
    name = country_name(code)
    return f"{name} ({code})" if len(country_names().get(fold(name), ())) > 1 else name


def countries_called(text: str) -> list[str]:
    """The codes a typed name can mean: none, one or several. Codes are names too."""
    table = countries()
    ending = text.strip()[-4:]
    if ending[:1] == "(" and ending[-1:] == ")" and ending[1:3] in table:
        return [ending[1:3]]
    if codes := country_names().get(fold(text)):
        return sorted(codes)
    typed = text.strip().upper()
    return sorted(code for code, row in table.items() if typed in {code, row.iso3})
