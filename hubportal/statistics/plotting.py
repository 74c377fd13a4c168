"""The plots: what each shows, in which order, where each of its rows leads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.choices import Kind, Stage
from catalogue.listing import LEVELS
from claims.presentation import figure
from core import plots
from core.facets import in_order_of
from core.text import fold
from events.tracker import ORDER
from hubportal.statistics import records
from hubs import reference

if TYPE_CHECKING:
    from django.utils.safestring import SafeString
    from django_stubs_ext import StrOrPromise

    from hubportal.statistics.asking import Question

#: Rows of a plot where it stands among others, and where it stands alone.
FEW_ROWS, MOST_ROWS = 10, 1_000
#: Months drawn; earlier ones are in the table.
MOST_MONTHS = 180
BARS, PAIRS, PARTS, COLUMNS = "bars", "pairs", "parts", "columns"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a plot. ``said`` stands in place of the bare figure where that would say more
    than is known; ``code`` is what machines call it."""

    label: str
    values: tuple[float, ...]
    code: str = ""
    url: str = ""
    said: str = ""
    chosen: bool = False
    inner: bool = False


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot: what its rows and its figures are called, and the rows themselves."""

    slug: str
    title: str
    of: str
    heads: tuple[str, ...]
    rows: Sequence[Row]
    shape: str = BARS
    note: str = ""
    #: The rows are in the order of time, or of a scale: none of them can be left out.
    in_order: bool = False
    #: Whether the filters of the page change it.
    is_narrowed: bool = True

    @property
    def most(self) -> float:
        return max((value for row in self.rows for value in row.values), default=0)

    @property
    def lines(self) -> list[tuple[Row, SafeString]]:
        """Each row with its picture."""
        most = self.most
        match self.shape:
            case "pairs":
                return [(row, plots.pair(row.values[0], row.values[1], most)) for row in self.rows]
            case "parts":
                return [(row, plots.parts(row.values, 100)) for row in self.rows]
        return [(row, plots.bar(row.values[0], most, chosen=row.chosen)) for row in self.rows]

    @property
    def series(self) -> list[tuple[str, float, SafeString]]:
        """Over time: each kind of figure with its largest value and its picture."""
        months = list(_months([row.code for row in self.rows]))[-MOST_MONTHS:]
        of_month = {row.code: row.values for row in self.rows}
        drawn = []
        for place, head in enumerate(self.heads):
            values = [of_month[month][place] if month in of_month else 0 for month in months]
            most = max(values, default=0)
            drawn.append((head, most, plots.columns(values, most)))
        return drawn

    @property
    def span(self) -> tuple[str, str]:
        """The first and the last month drawn."""
        months = list(_months([row.code for row in self.rows]))[-MOST_MONTHS:]
        return (months[0], months[-1]) if months else ("", "")

    def first(self, most: int) -> Plot:
        """The same with its first rows alone."""
        return self if self.in_order else replace(self, rows=self.rows[:most])


def _months(known: Sequence[str]) -> Iterator[str]:
    """Every month from the first to the last of these, which are in order."""
    if known:
        year, month = map(int, known[0].split("-"))
        while (code := f"{year:04d}-{month:02d}") <= known[-1]:
            yield code
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)


# --- Solutions ---------------------------------------------------------------------------------


#: In pairs of about the same length, as they stand beside each other.
TITLES: dict[str, StrOrPromise] = {
    "label": gettext_lazy("Solutions by mark"),
    "kind": gettext_lazy("Solutions by kind"),
    "sector": gettext_lazy("Solutions by sector"),
    "country": gettext_lazy("Solutions by country"),
    "sdg": gettext_lazy("Solutions by goal"),
    "region": gettext_lazy("Solutions by region"),
    "year": gettext_lazy("Solutions by year of publication"),
    "started": gettext_lazy("Solutions by year of the start"),
    "stage": gettext_lazy("Solutions by stage"),
    "language": gettext_lazy("Solutions by language"),
    "hub": gettext_lazy("Solutions by hub"),
}
#: A record can have several of these: the figures add up to more than there are records.
SEVERAL = ("sector", "sdg", "region", "country", "language")
KEYS: dict[str, Callable[[str], int]] = {
    "label": in_order_of(LEVELS),
    "sdg": int,
    "kind": in_order_of(Kind),
    "stage": in_order_of(Stage),
    "year": int,
    "started": int,
}
IN_ORDER = (*KEYS, "region")


def of_solutions(group: str) -> Callable[[Question], Plot]:
    """The plot of one group of facets."""

    def made(question: Question) -> Plot:
        return Plot(
            slug=group,
            title=str(TITLES[group]),
            of=question.filters.label(group),
            heads=(_("Solutions"),),
            rows=_rows_of(question, group),
            note=_note(question, group),
            in_order=group in IN_ORDER,
        )

    return made


def _note(question: Question, group: str) -> str:
    if group in question.filters.selected:
        return _("Your choice here is marked; the others are shown for comparison.")
    if group in SEVERAL:
        return _("A solution may count more than once.")
    return ""


def _row(question: Question, group: str, value: str, *, inner: bool = False) -> Row:
    label = question.label_of(group, value)
    return Row(
        label=f"{value}. {label}" if group == "sdg" else label,
        values=(question.counts[group].get(value, 0),),
        code=value,
        url=question.value_url(group, value),
        chosen=value in question.filters.selected.get(group, ()),
        inner=inner,
    )


def _rows_of(question: Question, group: str) -> list[Row]:
    match group:
        case "region":
            return _region_rows(question)
        case "hub":
            return _hub_rows(question)
    return _rows(question, group)


def _rows(question: Question, group: str) -> list[Row]:
    """One row for each value: along its scale, or the most frequent first."""
    rows = [_row(question, group, value) for value in question.counts[group]]
    if key := KEYS.get(group):
        return sorted(rows, key=lambda row: key(row.code))
    return sorted(rows, key=lambda row: (-row.values[0], fold(row.label), row.code))


def _hub_rows(question: Question) -> list[Row]:
    """Those with the most records. A hub that is not listed is not named. One query."""
    counts = question.counts["hub"]
    slugs = sorted(counts, key=lambda slug: (-counts[slug], slug))[:MOST_ROWS]
    names = records.names_of_hubs(slugs)
    rows = [
        replace(_row(question, "hub", slug), label=names[slug]) for slug in slugs if slug in names
    ]
    return sorted(rows, key=lambda row: (-row.values[0], fold(row.label), row.code))


def _region_rows(question: Question) -> list[Row]:
    """Continents, each followed by the regions in it."""
    counts = question.counts["region"]
    rows = []
    for continent, regions in inside().items():
        if counts.get(continent):
            rows.append(_row(question, "region", continent))
        inner = [_row(question, "region", code, inner=True) for code in regions if counts.get(code)]
        rows += sorted(inner, key=lambda row: (-row.values[0], fold(row.label)))
    return rows


def inside() -> dict[str, list[str]]:
    """The regions in each continent, as countries are filed; all in the order of their codes."""
    found: dict[str, set[str]] = {}
    for country in reference.countries().values():
        if country.region_id:
            smaller = found.setdefault(country.region_id, set())
            if country.subregion_id:
                smaller.add(country.subregion_id)
    return {continent: sorted(smaller) for continent, smaller in sorted(found.items())}


# --- Hubs --------------------------------------------------------------------------------------


def services(question: Question) -> Plot:
    """Two ways: what each hub offers, and what it seeks."""
    return Plot(
        slug="services",
        title=_("Services hubs offer and seek"),
        of=_("Hub"),
        heads=(_("Offered"), _("Sought")),
        rows=[
            Row(
                label=row.name,
                values=(row.offered, row.sought),
                code=row.slug,
                url=reverse("hubs:hub", args=[row.slug]),
            )
            for row in records.services_of_hubs(question.chosen_of_hubs)
        ],
        shape=PAIRS,
        note=_("Statements on the pages of hubs, each with its source."),
    )


def balance(question: Question) -> Plot:
    """Two ways: the share of a hub's exchanges in which it gives, and in which it receives."""
    return Plot(
        slug="balance",
        title=_("Exchanges as provider and as receiver"),
        of=_("Hub"),
        heads=(_("As provider, %"), _("As receiver, %")),
        rows=[
            Row(
                label=claim.hub.name,
                values=(
                    float(claim.low or 0),
                    float(100 - claim.high) if claim.high is not None else 0.0,
                ),
                code=claim.hub.slug,
                url=claim.hub.get_absolute_url(),
                said=figure(claim) + (f" ({claim.as_of})" if claim.as_of else ""),
            )
            for claim in records.balances(question.chosen_of_hubs)
        ],
        shape=PARTS,
        note=_("As each hub’s sources state it; what they leave open stays empty."),
    )


# --- Community and commitments -----------------------------------------------------------------


def community(question: Question) -> Plot:
    """Themes, posts and articles of each month."""
    return Plot(
        slug="community",
        title=_("Activity of the community by month"),
        of=_("Month"),
        heads=(_("Themes"), _("Posts"), _("Blog posts")),
        rows=[
            Row(label=one.month, values=(one.themes, one.posts, one.articles), code=one.month)
            for one in records.activity()
        ],
        shape=COLUMNS,
        note=_("Only what everybody can read."),
        in_order=True,
        is_narrowed=False,
    )


def commitments(question: Question) -> Plot:
    """How far the promises made at events have come."""
    counts = records.commitments()
    url = reverse("events:commitments")
    return Plot(
        slug="commitments",
        title=_("Commitments by status"),
        of=_("Status"),
        heads=(_("Commitments"),),
        rows=[
            Row(
                label=str(standing.label),
                values=(counts[standing],),
                code=str(standing.value),
                url=f"{url}?{urlencode({'status': standing.value})}",
            )
            for standing in ORDER
            if counts[standing]
        ],
        note=_("Promises made at events, as far as evidence shows."),
        in_order=True,
        is_narrowed=False,
    )


#: Every plot by its address, in the order of the page.
PLOTS: dict[str, Callable[[Question], Plot]] = {
    **{group: of_solutions(group) for group in TITLES},
    "services": services,
    "balance": balance,
    "community": community,
    "commitments": commitments,
}


def table(plot: Plot, site: str) -> Iterator[Iterable[object]]:
    """The figures as rows of a file, the header first."""
    yield [plot.of, _("Code"), *plot.heads, _("Address")]
    for row in plot.rows:
        values = [f"{value:g}" for value in row.values]
        yield [row.label, row.code, *values, site + row.url if row.url else ""]
