"""The search over everything: one box, a page for each kind of record, suggestions while typing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from catalogue import finding as solution_finding
from catalogue import listing
from core import search as engine
from core.findable import KINDS, Kind, kinds
from core.kind_lists import KindList, kind_list
from core.marking import Marker
from core.models import SearchFacet
from hubs import finding as hub_finding
from hubs import reference
from hubs.searched import countries_beginning, hubs_beginning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_stubs_ext import StrOrPromise

#: So many of each kind stand on the page of all kinds.
PER_KIND = 5
#: Kinds that have a tab even where nothing of them was found.
ALWAYS = (solution_finding.KIND, hub_finding.KIND)
#: Suggestions: of countries, of hubs by another name, in all.
MOST_COUNTRIES, MOST_NAMES, MOST_SUGGESTED = 2, 2, 8
#: Names are not completed from fewer letters.
SHORTEST_NAME = 3
LARGEST_KEY = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Section:
    """The answers of one kind: cards of the catalogue, or lines."""

    kind: str
    title: str
    total: int
    url: str
    cards: list[Any]
    hits: list[Any]


def _section(kind: Kind, found: engine.Found, url: str, marker: Marker) -> Section:
    shown = list(kind.hits(found.ids, marker))
    return Section(
        kind=kind.code,
        title=str(kind.title),
        total=found.total,
        url=url,
        cards=shown if kind.has_cards else [],
        hits=[] if kind.has_cards else shown,
    )


def _address(text: str, **more: str) -> str:
    """The page for these words."""
    asked = ({"q": text} if text else {}) | more
    return f"{reverse('search')}{'?' if asked else ''}{urlencode(asked)}"


Tab = tuple["StrOrPromise", str, bool, int | str]


def _tabs(query: engine.SearchQuery, found: Mapping[str, engine.Found], here: str) -> list[Tab]:
    """Every kind that answers, with how many do; all kinds where nothing was asked."""
    total = sum(one.total for one in found.values())
    tabs: list[Tab] = [(_("All"), _address(query.text), not here, "" if query.blank else total)]
    for kind in kinds():
        number: int | str = found[kind.code].total if kind.code in found else 0
        if query.blank:
            number = ""
        elif not number and kind.code not in (*ALWAYS, here):
            continue
        tabs.append((kind.title, _address(query.text, kind=kind.code), kind.code == here, number))
    return tabs


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """One box over all kinds of record, with a page for each."""
    kind = KINDS.get(request.GET.get("kind", ""))
    return _of_kind(request, kind) if kind else _everything(request)


def _known(found: Mapping[str, engine.Found]) -> dict[str, engine.Found]:
    """Only kinds that can be shown are counted."""
    return {code: one for code, one in found.items() if code in KINDS}


def _everything(request: HttpRequest) -> HttpResponse:
    query = engine.SearchQuery.parse(request.GET.get("q", ""))
    found = _known(engine.find_everywhere(query, top=PER_KIND))
    marker = Marker(query)
    corrected = {word: others for one in found.values() for word, others in one.corrected.items()}
    total = sum(one.total for one in found.values())
    meant = (engine.did_you_mean(query) or "") if total < listing.FEW and not corrected else ""
    context = {
        "query": query,
        "tabs": _tabs(query, found, ""),
        "sections": [
            _section(kind, found[kind.code], _address(query.text, kind=kind.code), marker)
            for kind in kinds()
            if kind.code in found
        ],
        "kinds": [(kind.title, _address(query.text, kind=kind.code)) for kind in kinds()],
        "total": total,
        "corrected": [(word, ", ".join(others)) for word, others in corrected.items()],
        "exactly_url": _address(listing.exactly(query, corrected)) if corrected else "",
        "meant": meant,
        "meant_url": _address(meant) if meant else "",
        "places": _places(query),
        "browse": _browse() if not total else [],
    }
    return render(request, "pages/search.html", context)


def _of_kind(request: HttpRequest, kind: Kind) -> HttpResponse:
    answer: KindList = kind_list(kind.code)(request.GET)
    marker = Marker(answer.query)
    context: dict[str, Any] = {
        "list": answer,
        "query": answer.query,
        "kind": kind.code,
        "about": kind,
        "sections": [_section(kind, answer.found, answer.canonical, marker)],
    }
    if request.headers.get("HX-Request") == "true":
        return render(request, "pages/_search_answer.html", context)
    found = _known(engine.find_everywhere(answer.query, top=1))
    context["tabs"] = _tabs(answer.query, found, kind.code)
    if kind.list_name:
        asked = f"?{urlencode({'q': answer.query.text})}" if answer.query.text else ""
        context["list_url"] = reverse(kind.list_name) + asked
    return render(request, "pages/search_kind.html", context)


def _places(query: engine.SearchQuery) -> list[tuple[str, str, str]]:
    """The countries a question names, in whatever language: name, their solutions, their hubs."""
    if query.blank or query.excluded:
        return []
    return [
        (reference.country_name(code), *_of_country(code))
        for code in reference.countries_called(query.text.strip('"'))[:MOST_COUNTRIES]
    ]


def _of_country(code: str) -> tuple[str, str]:
    asked = urlencode({"country": code})
    return f"{reverse('catalogue:solutions')}?{asked}", f"{reverse('hubs:hubs')}?{asked}"


def _browse() -> list[tuple[str, str]]:
    """The sectors in use, for somebody who found nothing."""
    codes = (
        SearchFacet.objects.filter(kind=solution_finding.KIND, group="sector")
        .values_list("value", flat=True)
        .distinct()
    )
    list_url = reverse("catalogue:solutions")
    return sorted(
        (reference.sector_name(code), f"{list_url}?{urlencode({'sector': code})}") for code in codes
    )


# --- While somebody types ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Suggested:
    """One line below the box: where it leads, and what that is."""

    title: str
    what: StrOrPromise
    url: str


@cache_control(max_age=60)
@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """What goes on from the letters typed so far. Two queries at most, whatever was typed."""
    query = engine.SearchQuery.parse(request.GET.get("q", ""))
    return render(request, "pages/_suggestions.html", {"rows": _suggested(query)})


def _suggested(query: engine.SearchQuery) -> list[Suggested]:
    if query.blank or query.wordless:
        return []
    rows: list[Suggested] = []
    if len(query.text) >= SHORTEST_NAME:
        for code in countries_beginning(query.text, MOST_COUNTRIES):
            name = reference.country_name(code)
            solutions, hubs = _of_country(code)
            rows.append(Suggested(name, _("Solutions from this country"), solutions))
            rows.append(Suggested(name, _("Hubs of this country"), hubs))
        for key, said, name in hubs_beginning(query.text, MOST_NAMES):
            title = name if name.startswith(said) else f"{said}: {name}"
            rows.append(Suggested(title, _("Hub"), _leap(hub_finding.KIND, key)))
    urls = {row.url for row in rows}
    # Several records of a kind may have the same title: the answer tells them apart.
    titles = {(row.title, row.what) for row in rows}
    for one in engine.suggest(query.text, limit=MOST_SUGGESTED):
        kind = KINDS.get(one.kind)
        if kind is None or not kind.is_suggested:
            continue
        url = _leap(one.kind, one.object_id)
        if url not in urls and (one.title, kind.one) not in titles:
            titles.add((one.title, kind.one))
            rows.append(Suggested(one.title, kind.one, url))
    return rows[:MOST_SUGGESTED]


def _leap(kind: str, key: str | int) -> str:
    return reverse("search-leap", args=[kind, key])


@require_safe
def leap(request: HttpRequest, kind: str, key: int) -> HttpResponse:
    """To the page of a record that was suggested, while everybody reads it."""
    about = KINDS.get(kind)
    if about is None or key > LARGEST_KEY:
        raise Http404
    shown = about.hits([str(key)], Marker(engine.SearchQuery()))
    if not shown:
        raise Http404
    return HttpResponseRedirect(shown[0].url)
