"""The map of the world: one figure for each country or region, as circles and as a table.

Countries are drawn as circles and not as areas, since a small state has no area to be seen at the
scale of the world. Exchanges between countries are not recorded yet; the nearest thing on record
are checked reports of members who tried a solution of somebody else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import worldmap
from core.plaintext import comma
from core.text import fold
from hubportal.statistics import records
from hubportal.statistics.plotting import Row, inside
from hubs import reference

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from core.facets import Group
    from hubportal.statistics.asking import Question

COUNTRY, REGION = "country", "region"
LEVELS: dict[str, StrOrPromise] = {
    COUNTRY: gettext_lazy("By country"),
    REGION: gettext_lazy("By region"),
}
#: Circles with a name beside them, where there is room.
NAMED = 12
#: Circles that say what they are and lead somewhere; the page of a world without gaps would weigh
#: too much with more. The table has all.
MOST_LINKED = 120
#: Places named in the sentence that says what the map shows.
NAMED_IN_WORDS = 3


@dataclass(frozen=True, slots=True)
class Measure:
    """What can be shown on the map. ``count`` takes choices and counts by place; without one
    the figures are those of the catalogue's facets."""

    title: StrOrPromise
    head: StrOrPromise
    none: StrOrPromise
    note: StrOrPromise = ""
    count: Callable[[records.Chosen], Counter[records.Place]] | None = None


def _offered(chosen: records.Chosen) -> Counter[records.Place]:
    return records.services_by_place(records.OFFERED, chosen)


def _sought(chosen: records.Chosen) -> Counter[records.Place]:
    return records.services_by_place(records.SOUGHT, chosen)


MEASURES: dict[str, Measure] = {
    "solutions": Measure(
        gettext_lazy("Solutions"),
        gettext_lazy("Solutions"),
        gettext_lazy("No solution answers these filters."),
        gettext_lazy("A solution of several countries counts in each of them."),
    ),
    "hubs": Measure(
        gettext_lazy("Hubs"),
        gettext_lazy("Hubs"),
        gettext_lazy("No hub answers these filters."),
        gettext_lazy("Hubs of the directory; pilots are left out."),
        records.hubs_by_place,
    ),
    "offers": Measure(
        gettext_lazy("Services offered"),
        gettext_lazy("Services offered"),
        gettext_lazy("No source says yet what a hub offers."),
        gettext_lazy("What hubs state that they offer, each with its source."),
        _offered,
    ),
    "needs": Measure(
        gettext_lazy("Services sought"),
        gettext_lazy("Services sought"),
        gettext_lazy("No source says yet what a hub seeks."),
        gettext_lazy("Needs as hubs state them, each with its source."),
        _sought,
    ),
    "exchanges": Measure(
        gettext_lazy("Solutions tried by others"),
        gettext_lazy("Reports"),
        gettext_lazy("Nobody has reported yet that a solution was tried elsewhere."),
        gettext_lazy(
            "Checked reports of members, counted in the country where the solution was tried."
        ),
        records.trials_by_place,
    ),
}
#: Where a row of a measure leads; the rest leads to the catalogue.
HUB_MEASURES: Mapping[str, dict[str, str]] = {
    "hubs": {"stage": "hub"},
    "offers": {},
    "needs": {},
}


class World:
    """The answer to one question, one measure, by countries or by regions."""

    most_linked = MOST_LINKED

    def __init__(self, question: Question, measure: str, level: str) -> None:
        self.question, self.code, self.level = question, measure, level
        self.measure = MEASURES[measure]

    # --- Figures --------------------------------------------------------------------------

    @cached_property
    def by_place(self) -> Mapping[records.Place, int]:
        """Figures that are counted by place, whatever is shown; the choice of places that the
        map itself offers does not narrow them."""
        assert self.measure.count is not None  # noqa: S101 (of solutions the facets tell)
        chosen = {
            name: values
            for name, values in self.question.chosen_of_hubs.items()
            if name != self.level
        }
        return self.measure.count(chosen)

    @cached_property
    def figures(self) -> Mapping[str, int]:
        """The figure of each country or region that has one."""
        if self.measure.count is None:
            return self.question.counts[self.level]
        found: Counter[str] = Counter()
        for place, n in self.by_place.items():
            for code in {place.country} if self.level == COUNTRY else place.regions:
                found[code] += n
        return found

    @property
    def nowhere(self) -> int:
        """What belongs to no single country or region, and so to no circle."""
        if self.measure.count is None:
            return 0
        found = self.by_place.items()
        if self.level == COUNTRY:
            return sum(n for place, n in found if not place.country)
        return sum(n for place, n in found if not place.regions)

    @cached_property
    def rows(self) -> list[Row]:
        """The table: countries, the largest figure first; or continents with their regions."""
        if self.level == COUNTRY:
            found = [self._row(code) for code in reference.countries() if self.figures.get(code)]
            return sorted(found, key=lambda row: (-row.values[0], fold(row.label), row.code))
        rows = []
        for continent, regions in inside().items():
            if self.figures.get(continent):
                rows.append(self._row(continent))
            found = [self._row(code, inner=True) for code in regions if self.figures.get(code)]
            rows += sorted(found, key=lambda row: (-row.values[0], fold(row.label)))
        return rows

    def _row(self, code: str, *, inner: bool = False) -> Row:
        return Row(
            label=self.question.label_of(self.level, code),
            values=(self.figures[code],),
            code=code,
            url=self.list_url(code),
            chosen=code in self.question.filters.selected.get(self.level, ()),
            inner=inner,
        )

    def list_url(self, code: str) -> str:
        """The records behind one figure, as a list; "" where there is no such list."""
        if self.measure.count is None:
            return self.question.value_url(self.level, code)
        if (more := HUB_MEASURES.get(self.code)) is None:
            return ""
        chosen = {**self.question.chosen_of_hubs, self.level: [code], **more}
        return f"{reverse('hubs:hubs')}?{urlencode(chosen, doseq=True)}"

    # --- The picture ----------------------------------------------------------------------

    @cached_property
    def drawn(self) -> list[Row]:
        """The rows that are circles. Continents are not: their regions are."""
        if self.level == COUNTRY:
            return self.rows
        continents = inside()
        return [row for row in self.rows if row.inner or not continents[row.code]]

    @cached_property
    def circles(self) -> list[worldmap.Circle]:
        places = self._places()
        return worldmap.circles(
            (
                (row.label, int(row.values[0]), row.url, *places[row.code])
                for row in self.drawn
                if row.code in places
            ),
            named=NAMED,
        )

    def _places(self) -> dict[str, tuple[float, float]]:
        """Longitude and latitude of each country; of each region, the middle of its countries."""
        points: dict[str, list[tuple[float, float]]] = {}
        for code, country in reference.countries().items():
            if country.latitude is None or country.longitude is None:
                continue
            keys = (code,) if self.level == COUNTRY else (country.region_id, country.subregion_id)
            for key in keys:
                if key:
                    points.setdefault(key, []).append((country.longitude, country.latitude))
        if self.level == COUNTRY:
            return {code: members[0] for code, members in points.items()}
        return {key: worldmap.middle(members) for key, members in points.items()}

    @property
    def land(self) -> str:
        return worldmap.land()

    @property
    def scale(self) -> list[tuple[int, float]]:
        """The figures of the key with the radius of each."""
        return worldmap.scale_of(self.circles[0].value if self.circles else 0)

    @property
    def most(self) -> float:
        return max((row.values[0] for row in self.rows), default=0)

    @property
    def in_words(self) -> str:
        """What the map shows, for whoever does not see it."""
        if not self.drawn:
            return ""
        first = sorted(self.drawn, key=lambda row: (-row.values[0], fold(row.label)))
        named = comma().join(f"{row.label} {row.values[0]:g}" for row in first[:NAMED_IN_WORDS])
        words = {"what": self.measure.title, "n": len(self.drawn), "named": named}
        if self.level == COUNTRY:
            return _("%(what)s by country; places with any: %(n)s. Most: %(named)s.") % words
        return _("%(what)s by region; places with any: %(n)s. Most: %(named)s.") % words

    @property
    def left_aside(self) -> str:
        """Filters in force that say nothing about this measure."""
        return "" if self.measure.count is None else self.question.not_of_hubs

    # --- Ways to narrow -------------------------------------------------------------------

    @property
    def groups(self) -> list[Group]:
        """The catalogue's groups without the one of places, which the table is."""
        return [group for group in self.question.groups if not group.tree]

    @property
    def places_chosen(self) -> list[tuple[str, str]]:
        """Places chosen, which the form of the filters has to carry along."""
        chosen = self.question.filters.selected
        return [(name, value) for name in (REGION, COUNTRY) for value in chosen.get(name, ())]

    # --- As a file ------------------------------------------------------------------------

    def table(self, site: str) -> Iterator[Iterable[object]]:
        """The figures as rows of a file, the header first."""
        place = _("Country") if self.level == COUNTRY else _("Region")
        yield [place, _("Code"), str(self.measure.head), _("Address")]
        for row in self.rows:
            yield [row.label, row.code, row.values[0], site + row.url if row.url else ""]
