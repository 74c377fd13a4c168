"""Up to four hubs side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.db.models import Count
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from core import search, spreadsheet
from core.models import SearchFacet
from hubs import finding
from hubs.comparing import MOST, Cell, Comparison, Marked, compare, findings
from hubs.models import Hub, HubClaim
from hubs.templatetags.claims_tags import in_english

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

LONGEST = 60
#: More hubs than this in one address are not looked at.
MOST_NAMED = 20
#: Of more hubs than this none is picked from a list; they are searched for.
MOST_OFFERED = 200
MOST_FOUND = 12
ONLY = "differences"


@dataclass(slots=True)
class Chosen:
    """Which hubs the address names: those compared, in its order, and what became of the
    others, in words."""

    hubs: list[Hub] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def chosen_by(request: HttpRequest) -> Chosen:
    """Read the address: one query, and one for sectors. A hub that became part of another
    stands for that one; one that this person may not see is as unknown as one that is not."""
    sent = [slug[:LONGEST] for slug in request.GET.getlist("hub")[:MOST_NAMED] if slug]
    rows = Hub.objects.filter(slug__in=sent).select_related("merged_into")
    known = {hub.slug: hub for hub in rows.prefetch_related("sectors", "merged_into__sectors")}
    chosen, left_out = Chosen(), []
    for slug in sent:
        named = known.get(slug)
        hub = named.merged_into or named if named else None
        if hub is None or not request.user.has_perm("hubs.view_hub", hub):
            chosen.notes.append(
                _("We do not know the hub “%(slug)s”. It was left out.") % {"slug": slug}
            )
            continue
        if hub is not named:
            chosen.notes.append(
                _("“%(slug)s” is part of %(hub)s now.") % {"slug": slug, "hub": hub.short}
            )
        if hub in chosen.hubs:
            chosen.notes.append(
                _("%(hub)s was named twice. It is shown once.") % {"hub": hub.short}
            )
        elif len(chosen.hubs) < MOST:
            chosen.hubs.append(hub)
        elif hub.short not in left_out:
            left_out.append(hub.short)
    if left_out:
        chosen.notes.append(
            _("At most %(most)s hubs fit side by side. Left out: %(hubs)s.")
            % {"most": MOST, "hubs": ", ".join(left_out)}
        )
    return chosen


def table_of(hubs: Sequence[Hub]) -> Comparison:
    """The comparison of these hubs. Two queries."""
    claims: dict[int, list[HubClaim]] = {hub.pk: [] for hub in hubs}
    rows = HubClaim.objects.filter(hub__in=hubs).select_related("reference")
    for claim in rows.order_by("position", "pk"):
        claims[claim.hub_id].append(claim)
    return compare(hubs, claims, _marked(hubs))


def _marked(hubs: Sequence[Hub]) -> Marked:
    """How many public solutions these hubs have under each mark, as the search counts them."""
    rows = (
        SearchFacet.objects.filter(
            kind="solution",
            group="label",
            document__facets__group="hub",
            document__facets__value__in=[hub.slug for hub in hubs],
        )
        .values_list("document__facets__value", "value")
        .annotate(n=Count("pk"))
    )
    marked: dict[str, dict[str, int]] = {}
    for slug, mark, number in rows:
        marked.setdefault(slug, {})[mark] = number
    return marked


def _address(view: str, hubs: Sequence[Hub], **more: str) -> str:
    query = urlencode([("hub", hub.slug) for hub in hubs] + list(more.items()))
    return f"{reverse(view)}?{query}" if query else reverse(view)


def _others(request: HttpRequest, hubs: Sequence[Hub]) -> list[Hub]:
    """The hubs that can be added, by name; of more than fit a list, those that were looked
    for by words."""
    rows = Hub.objects.visible_to(request.user).exclude(pk__in=[hub.pk for hub in hubs])
    rows = rows.only("slug", "name", "acronym").order_by("name", "pk")
    return list(rows[: MOST_OFFERED + 1])


def _looked_for(words: str, hubs: Sequence[Hub]) -> list[Hub]:
    """Listed hubs that answer the words best."""
    query = search.SearchQuery.parse(words)
    if query.blank:
        return []
    keys = [int(key) for key in search.find(finding.KIND, query, per_page=MOST_FOUND).ids]
    found = Hub.objects.only("slug", "name", "acronym").in_bulk(keys)
    return [found[key] for key in keys if key in found and found[key] not in hubs]


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The table, a way to add a hub, and one to take a hub out; all by address."""
    chosen = chosen_by(request)
    hubs = chosen.hubs
    only = request.GET.get("only") == ONLY
    more = {"only": ONLY} if only else {}
    whole = table_of(hubs) if len(hubs) > 1 else None
    others = _others(request, hubs) if len(hubs) < MOST else []
    words = request.GET.get("find", "")
    context = {
        "hubs": hubs,
        "notes": chosen.notes,
        "comparison": whole.only_differences() if whole and only else whole,
        "findings": findings(whole) if whole else [],
        "hidden": sum(not row.differs for row in whole.rows.values()) if whole and only else 0,
        "only": only,
        "most": MOST,
        "chips": [
            (hub, _address("hubs:compare", [each for each in hubs if each != hub], **more))
            for hub in hubs
        ],
        "others": others if len(others) <= MOST_OFFERED else [],
        "too_many_to_list": len(others) > MOST_OFFERED,
        "words": words,
        "found": [
            (hub, _address("hubs:compare", [*hubs, hub], **more))
            for hub in (_looked_for(words, hubs) if others else [])
        ],
        "canonical": _address("hubs:compare", hubs),
        "only_url": _address("hubs:compare", hubs, only=ONLY),
        "csv_url": _address("hubs:compare-csv", hubs, **more),
        "english": in_english(),
        "span": len(hubs) + 1,
    }
    return render(request, "hubs/compare.html", context)


@require_safe
def table_csv(request: HttpRequest) -> HttpResponseBase:
    """The same table for a spreadsheet: a row per attribute, two columns per hub: what it
    says, and where that can be read."""
    comparison = table_of(chosen_by(request).hubs)
    if request.GET.get("only") == ONLY:
        comparison = comparison.only_differences()
    language = get_language() or "en"

    def rows() -> Iterator[list[object]]:
        with override(language):  # the page's language is over when the rows are read
            yield from _rows(comparison)

    return spreadsheet.download(rows(), "hubs-compared.csv")


def _rows(comparison: Comparison) -> Iterator[list[object]]:
    yield [
        _("Part"),
        _("Attribute"),
        _("Difference"),
        *(
            heading
            for hub in comparison.hubs
            for heading in (hub.name, _("Sources: %(hub)s") % {"hub": hub.short})
        ),
    ]
    for part in comparison.parts:
        for row in part.rows:
            cells = [text for cell in row.cells for text in (_in_words(cell), _sources(cell))]
            yield [part.title, row.label, row.standing.label, *cells]


def _in_words(cell: Cell) -> str:
    """What a cell says: figures with their date, else the sentence."""
    if cell.count is not None:
        return str(cell.count)
    said = []
    for one in cell.said:
        text = one.figure or one.claim.text
        text = f"{one.claim.label}: {text}" if one.claim.label else text
        said.append(f"{text} ({one.claim.as_of})" if one.claim.as_of else text)
    return "; ".join([*map(str, cell.plain), *said])


def _sources(cell: Cell) -> str:
    """Where that can be read, each once."""
    named = [
        ", ".join(part for part in (one.claim.reference.citation, one.claim.place) if part)
        for one in cell.said
    ]
    return "; ".join(dict.fromkeys(named))
