"""Up to four hubs side by side: which rows, what each hub says there, and where they differ.

Rows come from what hubs are filed under, from the topics of statements, and from counts of
the register. Nothing is concluded: where nothing is stated the cell says so, and such a gap is
not a difference. No database here: the caller brings hubs, statements and counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from claims.citing import Citations, Mark
from claims.presentation import amount, figure
from claims.topics import Shape
from claims.weighing import Group, groups_of
from core.templatetags.components import LEVELS
from core.text import fold
from hubs import choices as c
from hubs import reference
from hubs.checking import founding_of
from hubs.models import Hub, HubClaim
from hubs.topics import TOPICS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

#: More hubs than that no screen shows side by side.
MOST = 4
#: Groups of rows: title, and the topics in each, in order.
PARTS: tuple[tuple[str, StrOrPromise, tuple[str, ...]], ...] = (
    (
        "institution",
        gettext_lazy("Institution"),
        (
            "founded", "host", "parent", "organisational_model", "governance", "committee",
            "legal_basis",
        ),
    ),
    (
        "reach",
        gettext_lazy("Reach"),
        (
            "coordinated_institutions", "coordinates", "partner_countries", "portfolio", "volume",
            "partner", "network", "expert_network",
        ),
    ),
    (
        "people",
        gettext_lazy("People"),
        (
            "staff", "staff_permanent", "staff_seconded", "staff_consultants", "turnover",
            "staffing",
        ),
    ),
    (
        "money",
        gettext_lazy("Money and direction"),
        (
            "budget", "share_core", "share_programme", "share_fees", "share_partners",
            "share_foundations", "share_cost_sharing", "share_services", "financing",
            "budget_source", "joint_fund", "balance", "policy_basis",
        ),
    ),
    (
        "exchange",
        gettext_lazy("Exchange"),
        ("offered", "sought", "modality", "method", "focus"),
    ),
)  # fmt: skip
#: Rows that stand there even if no hub states anything: a gap is news as well.
ALWAYS = (
    "founded", "host", "coordinated_institutions", "staff", "financing", "policy_basis", "offered",
    "sought",
)  # fmt: skip
#: Rows whose topic bears the name of another row.
IN_WORDS: dict[str, StrOrPromise] = {
    "organisational_model": gettext_lazy("Organisational model, in words"),
    "modality": gettext_lazy("Ways to exchange, in words"),
}
#: The value of the label facet that marks invented records, which nobody counts.
EXAMPLE = "example"
WHOLE = Decimal(100)
#: The line of founding years is so long, with so much room at either end.
LINE, ROOM = 200, 6

#: Per address of a hub: how many public solutions it has under each mark.
Marked = Mapping[str, Mapping[str, int]]


class Standing(Enum):
    """How the hubs stand to each other in one row."""

    DIFFERS = "differs"
    SAME = "same"
    SAME_WHERE_STATED = "same_where_stated"
    ONE_ONLY = "one_only"
    NOBODY = "nobody"

    @property
    def label(self) -> StrOrPromise:
        return STANDINGS[self]


STANDINGS: dict[Standing, StrOrPromise] = {
    Standing.DIFFERS: gettext_lazy("They differ"),
    Standing.SAME: gettext_lazy("The same for all"),
    Standing.SAME_WHERE_STATED: gettext_lazy("The same where stated"),
    Standing.ONE_ONLY: gettext_lazy("Stated for one only"),
    Standing.NOBODY: gettext_lazy("Stated for none"),
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure as a length, of 100: ``sure`` is its least, ``most`` where a range ends."""

    sure: str
    most: str = ""


@dataclass(slots=True)
class Said:
    """One answer in a cell: the claim, its source, whether others contradict it."""

    claim: HubClaim
    mark: Mark
    disagrees: bool
    bar: Bar | None = None

    @property
    def figure(self) -> str:
        return figure(self.claim)


@dataclass(slots=True)
class Cell:
    """What one hub says in one row; ``count`` is what the portal counted itself."""

    hub: Hub
    said: list[Said] = field(default_factory=list)
    plain: list[StrOrPromise] = field(default_factory=list)
    count: int | None = None
    bar: Bar | None = None
    tick: str = ""

    @property
    def is_empty(self) -> bool:
        return not self.said and not self.plain and self.count is None


@dataclass(slots=True)
class Row:
    """One attribute, and a cell for each hub. ``scale`` is from which year to which; ``mark``
    the one under which solutions were counted."""

    code: str
    label: StrOrPromise
    cells: list[Cell]
    standing: Standing
    scale: tuple[int, int] | None = None
    mark: str = ""

    @property
    def differs(self) -> bool:
        return self.standing is Standing.DIFFERS


@dataclass(frozen=True, slots=True)
class Part:
    """Rows under one heading."""

    code: str
    title: StrOrPromise
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence on what the table says as a whole, and the sources it rests on."""

    text: str
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """The whole table, and the sources it names."""

    hubs: Sequence[Hub]
    parts: list[Part]
    citations: Citations

    @property
    def rows(self) -> dict[str, Row]:
        return {row.code: row for part in self.parts for row in part.rows}

    def only_differences(self) -> Comparison:
        """The same without the rows in which hubs do not differ. The sources stay, since their
        numbers do."""
        kept = [
            Part(part.code, part.title, [row for row in part.rows if row.differs])
            for part in self.parts
        ]
        return Comparison(self.hubs, [part for part in kept if part.rows], self.citations)


def compare(
    hubs: Sequence[Hub], claims: Mapping[int, Sequence[HubClaim]], marked: Marked
) -> Comparison:
    """Build the table from hubs with their sectors, their statements by primary key, and how
    many solutions they have."""
    citations = Citations()
    grouped = {hub.pk: _by_topic(claims.get(hub.pk, ())) for hub in hubs}
    parts = [_filed_under(hubs)]
    for code, title, topics in PARTS:
        rows = [_row(topic, hubs, grouped, citations) for topic in topics]
        parts.append(Part(code, title, [row for row in rows if row is not None]))
    parts.append(_solutions(hubs, marked))
    return Comparison(hubs, [part for part in parts if part.rows], citations)


def _by_topic(claims: Sequence[HubClaim]) -> dict[str, list[Group[HubClaim]]]:
    found: dict[str, list[Group[HubClaim]]] = {}
    for group in groups_of(claims, TOPICS):
        found.setdefault(group.topic, []).append(group)
    return found


def standing_of(contents: Iterable[Sequence[Any]]) -> Standing:
    """Compare what is in the cells of a row. An empty cell neither differs nor agrees."""
    everything = list(contents)
    stated = [tuple(content) for content in everything if content]
    if len(stated) < 2:
        return Standing.ONE_ONLY if stated else Standing.NOBODY
    if len(set(stated)) > 1:
        return Standing.DIFFERS
    return Standing.SAME if len(stated) == len(everything) else Standing.SAME_WHERE_STATED


# --- What hubs are filed under -----------------------------------------------------------


def _filed_under(hubs: Sequence[Hub]) -> Part:
    """What the portal's editors file the hubs under, by its own lists."""
    functions, modalities = dict(c.Function.choices), dict(c.Modality.choices)
    columns: list[tuple[str, StrOrPromise, list[list[StrOrPromise]]]] = [
        ("kind", _("Kind"), [_kind(hub) for hub in hubs]),
        ("country", _("Country"), [_place(hub) for hub in hubs]),
        ("sectors", _("Sectors"), [[each.name for each in hub.sectors.all()] for hub in hubs]),
        (
            "model",
            _("Organisational model"),
            [[hub.get_model_display()] if hub.model else [] for hub in hubs],
        ),
        ("functions", _("What it does"), [_labels(functions, hub.functions) for hub in hubs]),
        (
            "modalities",
            _("Ways to exchange"),
            [_labels(modalities, hub.modalities) for hub in hubs],
        ),
        (
            "languages",
            _("Languages"),
            [[reference.language_name(code) for code in hub.languages] for hub in hubs],
        ),
    ]
    rows = [
        Row(
            code,
            label,
            [Cell(hub, plain=values) for hub, values in zip(hubs, cells, strict=True)],
            standing_of(sorted(map(str, values)) for values in cells),
        )
        for code, label, cells in columns
        if any(cells)
    ]
    return Part("filed", _("What it is"), rows)


def _kind(hub: Hub) -> list[StrOrPromise]:
    return [hub.get_kind_display(), *([_("Pilot")] if hub.is_pilot else [])]


def _place(hub: Hub) -> list[StrOrPromise]:
    if hub.country_id:
        return [reference.country_name(hub.country_id)]
    return [reference.region_name(hub.region_id)] if hub.region_id else []


def _labels(names: Mapping[Any, StrOrPromise], codes: Sequence[str]) -> list[StrOrPromise]:
    return [names[code] for code in codes if code in names]


# --- What is stated ----------------------------------------------------------------------


def _row(
    code: str,
    hubs: Sequence[Hub],
    grouped: Mapping[int, Mapping[str, list[Group[HubClaim]]]],
    citations: Citations,
) -> Row | None:
    """What the hubs state about one topic; None where none does and none need."""
    topic = TOPICS[code]
    cells = [
        Cell(
            hub,
            [
                Said(group.shown, citations.cite(group.shown, margin=False), group.disagrees)
                for group in grouped[hub.pk].get(code, [])
            ],
        )
        for hub in hubs
    ]
    if all(cell.is_empty for cell in cells) and code not in ALWAYS:
        return None
    if code == "founded":
        return _founded(cells)
    if topic.shape in (Shape.NUMBER, Shape.SHARE):
        _draw_bars(cells, whole=WHOLE if topic.shape == Shape.SHARE else None)
    label = IN_WORDS.get(code, topic.label)
    return Row(code, label, cells, standing_of(_content(cell) for cell in cells))


def _content(cell: Cell) -> list[str]:
    """What a cell says, for telling whether two say the same."""
    return sorted(
        f"{fold(said.claim.label)} {said.figure or said.claim.starts or fold(said.claim.text)}"
        for said in cell.said
    )


def unit_of(claim: HubClaim) -> str:
    return claim.unit or TOPICS[claim.topic].unit


def _draw_bars(cells: Sequence[Cell], *, whole: Decimal | None) -> None:
    """A bar for each figure that can be compared: of the same thing in the same unit, stated
    by two hubs at least; all on one scale. Shares are drawn to the whole."""
    alike: dict[tuple[str, str], list[Said]] = {}
    for cell in cells:
        for said in cell.said:
            if said.claim.has_number:
                key = (fold(said.claim.label), unit_of(said.claim))
                alike.setdefault(key, []).append(said)
    for members in alike.values():
        most = whole or max(_ends(said.claim)[1] for said in members)
        if most > 0 and (whole or len(members) > 1):
            for said in members:
                sure, end = _ends(said.claim)
                said.bar = bar_of(sure, most, end)


def _ends(claim: HubClaim) -> tuple[Decimal, Decimal]:
    """The least and the most a claim says: "at least 39" says 39, "up to 40" from none to 40."""
    low, high = claim.low, claim.high
    sure = max(low if low is not None else Decimal(0), Decimal(0))
    return sure, max(high if high is not None else sure, sure)


def bar_of(value: Decimal | int, most: Decimal | int, end: Decimal | int | None = None) -> Bar:
    """A value as a length of 100; ``end`` where a range goes on beyond it."""

    def length(number: Decimal | int) -> str:
        return f"{min(Decimal(number) / Decimal(most) * 100, WHOLE):.1f}"

    return Bar(length(value), length(end) if end is not None and end > value else "")


def _founded(cells: list[Cell]) -> Row:
    """Founding years on one line, from the decade of the first to the end of that of the last."""
    years: dict[int, int] = {}
    for index, cell in enumerate(cells):
        if founding := founding_of(said.claim for said in cell.said):
            years[index] = int(founding.starts[:4])
            cell.said.sort(key=lambda said: said.claim is not founding)
    contents = [[years[index]] if index in years else _content(c) for index, c in enumerate(cells)]
    row = Row("founded", TOPICS["founded"].label, cells, standing_of(contents))
    if len(years) > 1:
        first, last = min(years.values()) // 10 * 10, max(years.values()) // 10 * 10 + 10
        row.scale = (first, last)
        for index, year in years.items():
            along = ROOM + (year - first) / (last - first) * (LINE - 2 * ROOM)
            cells[index].tick = f"{along:.1f}"
    return row


# --- What the register has ---------------------------------------------------------------


def _solutions(hubs: Sequence[Hub], marked: Marked) -> Part:
    """How many public solutions each hub has, and how far they were checked. Records that are
    made up to show how the portal works are no solutions."""
    counts = {hub.pk: marked.get(hub.slug, {}) for hub in hubs}
    totals = [
        sum(number for mark, number in counts[hub.pk].items() if mark != EXAMPLE) for hub in hubs
    ]
    rows = [_counted("solutions", _("Solutions in the register"), hubs, totals)]
    for mark, words in LEVELS.items():
        numbers = [counts[hub.pk].get(mark, 0) for hub in hubs]
        if any(numbers):
            rows.append(_counted(f"label_{mark}", words[1], hubs, numbers, mark))
    return Part("solutions", _("Solutions"), rows)


def _counted(
    code: str, label: StrOrPromise, hubs: Sequence[Hub], numbers: Sequence[int], mark: str = ""
) -> Row:
    most = max(numbers)
    cells = [
        Cell(hub, count=number, bar=bar_of(number, most) if most else None)
        for hub, number in zip(hubs, numbers, strict=True)
    ]
    return Row(code, label, cells, standing_of([number] for number in numbers), mark=mark)


# --- The finding above the table ---------------------------------------------------------


def findings(comparison: Comparison) -> list[Finding]:
    """What the table says as a whole, from its figures alone; nothing where it says nothing."""
    made = [_organised(comparison), _years(comparison), _institutions(comparison)]
    return [finding for finding in made if finding is not None]


def _organised(comparison: Comparison) -> Finding | None:
    """How many have the same organisational model."""
    models = Counter(str(hub.get_model_display()) for hub in comparison.hubs if hub.model)
    if not models:
        return None
    model, number = models.most_common(1)[0]
    everybody = len(comparison.hubs)
    if number == everybody:
        return Finding(_("All are organised alike: %(model)s.") % {"model": model})
    if number > 1:
        words = _("%(n)s of %(all)s are organised alike: %(model)s.")
        return Finding(words % {"n": number, "all": everybody, "model": model})
    if len(models) == everybody:
        return Finding(_("Each is organised in another way."))
    return None


def _years(comparison: Comparison) -> Finding | None:
    """The oldest and the youngest."""
    row = comparison.rows.get("founded")
    stated = [cell.said[0] for cell in row.cells if cell.tick] if row else []
    if len(stated) < 2:
        return None
    stated.sort(key=lambda said: said.claim.starts[:4])
    first, last = stated[0], stated[-1]
    years = {"first": first.claim.starts[:4], "last": last.claim.starts[:4]}
    if years["first"] == years["last"]:
        return None
    words = _("The oldest was founded in %(first)s, the youngest in %(last)s.")
    return Finding(words % years, _marks(first, last))


def _institutions(comparison: Comparison) -> Finding | None:
    """From how many institutions to how many; parts with a name of their own stand for no
    whole."""
    row = comparison.rows.get("coordinated_institutions")
    stated = [
        said
        for cell in (row.cells if row else [])
        for said in cell.said
        if said.claim.has_number and not said.claim.label
    ]
    if len(stated) < 2:
        return None
    stated.sort(key=lambda said: _ends(said.claim))
    least, most = stated[0], stated[-1]
    if _ends(least.claim) == _ends(most.claim):
        return None
    ends = {"least": amount(least.claim), "most": amount(most.claim)}
    if len(stated) == len(comparison.hubs):
        words = _(
            "The number of institutions each one coordinates ranges from %(least)s to %(most)s."
        )
    else:
        words = _(
            "Where it is stated, the number of institutions coordinated ranges from %(least)s to"
            " %(most)s."
        )
    return Finding(words % ends, _marks(least, most))


def _marks(*said: Said) -> tuple[Mark, ...]:
    """The sources of these answers, each once."""
    return tuple({one.mark.number: one.mark for one in said}.values())
