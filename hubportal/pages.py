"""Pages that join what several apps know: home, the search over everything, and fixed texts."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.http import urlencode
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from catalogue import finding as solution_finding
from catalogue import listing
from catalogue.cards import cards_of, in_order
from catalogue.choices import Level
from community.library import listing as library
from community.models import LibraryItem
from core import search as engine
from core.marking import Marker
from core.models import SearchDocument, SearchFacet
from events import finding as event_finding
from events.models import Commitment, Event, Paragraph, Person
from hubs import directory, reference
from hubs import finding as hub_finding
from hubs.loading import DATA as HUB_DATA
from hubs.models import Hub

if TYPE_CHECKING:
    from django.utils.safestring import SafeString
    from django_stubs_ext import StrOrPromise

NEWEST = 4
SECTOR_LINKS = 10
PER_PAGE = 20
PER_KIND = 5


# --- Home ------------------------------------------------------------------------------------


class Step(NamedTuple):
    """One of the six steps; ``state`` is "done" where the portal serves it today."""

    label: StrOrPromise
    state: str
    text: StrOrPromise


STEPS = (
    Step(
        gettext_lazy("Identify"),
        "done",
        gettext_lazy("An institution names a practice that solved a problem."),
    ),
    Step(
        gettext_lazy("Document"),
        "done",
        gettext_lazy(
            "Results, costs and conditions, each with a source. A hub screens the record."
        ),
    ),
    Step(
        gettext_lazy("Validate"),
        "todo",
        gettext_lazy("Two reviewers from other institutions score it and say why."),
    ),
    Step(
        gettext_lazy("Package"),
        "done",
        gettext_lazy("What a peer needs to adapt it: people, steps, documents."),
    ),
    Step(
        gettext_lazy("Match"),
        "todo",
        gettext_lazy("A request from another country meets the right team."),
    ),
    Step(
        gettext_lazy("Share"),
        "todo",
        gettext_lazy("The exchange runs, and its results come back here."),
    ),
)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What this is, how to search it, what is new; every number from the database."""
    counts = engine.facet_counts(
        solution_finding.KIND, engine.SearchQuery(), None, ["label", "sector"]
    )
    newest = engine.find(
        solution_finding.KIND, engine.SearchQuery(), sort="newest", per_page=NEWEST
    )
    places = directory.census(Hub.objects.filter(is_listed=True))
    records = sum(counts["label"].values()) - counts["label"].get(solution_finding.EXAMPLE, 0)
    checked = sum(counts["label"].get(mark, 0) for mark in (Level.VALIDATED, Level.ADOPTED))
    list_url = reverse("catalogue:solutions")
    commonest = sorted(counts["sector"], key=lambda code: (-counts["sector"][code], code))
    return render(
        request,
        "pages/home.html",
        {
            "sectors": sorted(
                (
                    reference.sector_name(code),
                    f"{list_url}?{urlencode({'sector': code})}",
                    counts["sector"][code],
                )
                for code in commonest[:SECTOR_LINKS]
            ),
            "newest": cards_of(in_order(newest.ids)),
            "steps": STEPS,
            "points": directory.points(places),
            "records": records,
            "checked": checked,
            "hubs": sum(place.hubs for place in places),
            "hubs_in_words": directory.in_words(places),
            "countries": directory.countries(places),
        },
    )


# --- Search over everything ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of an answer that is no record of the catalogue."""

    title: SafeString | str
    url: str
    text: SafeString | str
    meta: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """The hits of one kind."""

    kind: str
    title: str
    total: int
    url: str
    cards: list[Any]
    hits: list[Hit]


Shown = Callable[[tuple[str, ...], Marker], tuple[list[Any], list[Hit]]]


def _solutions(keys: tuple[str, ...], marker: Marker) -> tuple[list[Any], list[Hit]]:
    records = in_order(keys)
    cards = cards_of(records, mark=marker.mark)
    unmarked = [
        str(record.pk)
        for record, card in zip(records, cards, strict=True)
        if "<mark>" not in card.title + card.summary
    ]
    passages = _passages(solution_finding.KIND, unmarked, marker)
    return [
        replace(card, summary=passages.get(str(record.pk)) or card.summary)
        for record, card in zip(records, cards, strict=True)
    ], []


def _hubs(keys: tuple[str, ...], marker: Marker) -> tuple[list[Any], list[Hit]]:
    found = Hub.objects.filter(is_listed=True).in_bulk([int(key) for key in keys])
    hubs = [found[int(key)] for key in keys if int(key) in found]
    passages = _passages(hub_finding.KIND, [str(hub.pk) for hub in hubs], marker)
    return [], [
        Hit(
            title=marker.mark(f"{hub.name} ({hub.acronym})" if hub.acronym else hub.name),
            url=hub.get_absolute_url(),
            text=_fuller(marker, hub.summary, passages.get(str(hub.pk), "")),
            meta=_kind_and_country(hub),
        )
        for hub in hubs
    ]


def _fuller(marker: Marker, summary: str, passage: SafeString | str) -> SafeString | str:
    """The summary, unless a passage of the text holds more of the words."""
    if passage and marker.words_in(strip_tags(passage)) > marker.words_in(summary):
        return passage
    return marker.mark(summary)


def _kind_and_country(hub: Hub) -> str:
    country = reference.country_name(hub.country_id) if hub.country_id else ""
    return " · ".join(filter(None, [hub.get_kind_display(), country]))


def _passages(kind: str, keys: list[str], marker: Marker) -> dict[str, SafeString | str]:
    """Where the words stand in the text of records whose title and summary lack them."""
    if not keys:
        return {}
    bodies = SearchDocument.objects.filter(kind=kind, object_id__in=keys).values_list(
        "object_id", "body", "language"
    )
    return {key: marker.excerpt(body, language) for key, body, language in bodies}


def _events(keys: tuple[str, ...], marker: Marker) -> tuple[list[Any], list[Hit]]:
    found = Event.objects.filter(is_public=True).in_bulk([int(key) for key in keys])
    events = [found[int(key)] for key in keys if int(key) in found]
    passages = _passages(event_finding.EVENT, [str(event.pk) for event in events], marker)
    return [], [
        Hit(
            title=marker.mark(event.name),
            url=event.get_absolute_url(),
            text=_fuller(marker, event.summary, passages.get(str(event.pk), "")),
            meta=" · ".join(filter(None, [event.get_kind_display(), event.starts[:4], event.city])),
        )
        for event in events
    ]


def _people(keys: tuple[str, ...], marker: Marker) -> tuple[list[Any], list[Hit]]:
    found = Person.objects.visible_to(AnonymousUser()).in_bulk([int(key) for key in keys])
    people = [found[int(key)] for key in keys if int(key) in found]
    passages = _passages(event_finding.PERSON, [str(person.pk) for person in people], marker)
    return [], [
        Hit(
            title=marker.mark(person.name),
            url=person.get_absolute_url(),
            text=passages.get(str(person.pk), ""),
            meta=reference.country_name(person.country_id) if person.country_id else "",
        )
        for person in people
    ]


def _paragraphs(keys: tuple[str, ...], marker: Marker) -> tuple[list[Any], list[Hit]]:
    found = (
        Paragraph.objects.filter(document__event__is_public=True)
        .select_related("document__event")
        .in_bulk([int(key) for key in keys])
    )
    return [], [
        Hit(
            title=marker.mark(
                _("Paragraph %(number)s, %(document)s")
                % {"number": row.number, "document": row.document.name}
            ),
            url=row.get_absolute_url(),
            text=marker.excerpt(row.text, row.language) or Truncator(row.text).words(30),
            meta=str(row.document.event),
        )
        for row in (found[int(key)] for key in keys if int(key) in found)
    ]


def _commitments(keys: tuple[str, ...], marker: Marker) -> tuple[list[Any], list[Hit]]:
    found = (
        Commitment.objects.filter(event__is_public=True)
        .select_related("event")
        .in_bulk([int(key) for key in keys])
    )
    return [], [
        Hit(
            title=marker.mark(row.text),
            url=row.get_absolute_url(),
            text=marker.mark(row.quoted),
            meta=f"{row.event} · {row.standing.label}",
        )
        for row in (found[int(key)] for key in keys if int(key) in found)
    ]


def _works(keys: tuple[str, ...], marker: Marker) -> tuple[list[Any], list[Hit]]:
    """Works of the library."""
    rows = LibraryItem.objects.visible_to(AnonymousUser()).filter(
        reference__in=[int(key) for key in keys]
    )
    found = {str(row.reference_id): row for row in rows.select_related("reference")}
    return [], [
        Hit(
            title=marker.mark(row.reference.title),
            url=row.get_absolute_url(),
            text=marker.excerpt(row.abstract, row.reference.language or "en")
            if row.abstract
            else "",
            meta=" · ".join(
                text
                for text in (
                    row.reference.authors,
                    str(row.get_publication_display()),
                    row.reference.date[:4],
                )
                if text
            ),
        )
        for row in (found[key] for key in keys if key in found)
    ]


#: Kinds of record in the order of the tabs: title, and how to show hits.
KINDS: dict[str, tuple[StrOrPromise, Shown]] = {
    solution_finding.KIND: (gettext_lazy("Solutions"), _solutions),
    hub_finding.KIND: (gettext_lazy("Hubs"), _hubs),
    event_finding.EVENT: (gettext_lazy("Events"), _events),
    event_finding.PARAGRAPH: (gettext_lazy("Paragraphs"), _paragraphs),
    event_finding.COMMITMENT: (gettext_lazy("Commitments"), _commitments),
    event_finding.PERSON: (gettext_lazy("People"), _people),
    library.KIND: (gettext_lazy("Library"), _works),
}

#: Kinds that have a tab even where nothing of them was found.
ALWAYS = (solution_finding.KIND, hub_finding.KIND)


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """One box over all kinds of record, with a tab for each."""
    query = engine.SearchQuery.parse(request.GET.get("q", ""))
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else ""
    found = engine.find_everywhere(query, top=PER_KIND)
    marker = Marker(query)
    page = None
    if kind and kind in found:
        page = Paginator(range(found[kind].total), PER_PAGE).get_page(request.GET.get("page"))
        found[kind] = engine.find(kind, query, page=page.number, per_page=PER_PAGE)
    corrected = {word: others for one in found.values() for word, others in one.corrected.items()}
    total = sum(one.total for one in found.values())
    meant = (engine.did_you_mean(query) or "") if total < listing.FEW and not corrected else ""

    def address(**more: str) -> str:
        return f"{reverse('search')}?{urlencode({'q': query.text} | more)}"

    sections = []
    for code, (title, show) in KINDS.items():
        if code in found and kind in ("", code):
            cards, hits = show(found[code].ids, marker)
            sections.append(
                Section(code, str(title), found[code].total, address(kind=code), cards, hits)
            )
    tabs = [(_("All"), address(), not kind, total)] + [
        (title, address(kind=code), kind == code, found[code].total if code in found else 0)
        for code, (title, _show) in KINDS.items()
        if code in found or code in ALWAYS or code == kind
    ]
    return render(
        request,
        "pages/search.html",
        {
            "query": query,
            "kind": kind,
            "tabs": tabs,
            "sections": sections,
            "total": total,
            "page_obj": page,
            "corrected": [(word, ", ".join(others)) for word, others in corrected.items()],
            "exactly_url": address(q=listing.exactly(query, corrected)) if corrected else "",
            "meant": meant,
            "meant_url": address(q=meant) if meant else "",
            "browse": _browse() if not total else [],
        },
    )


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


# --- Fixed texts ---------------------------------------------------------------------------------


@cache
def _data(name: str) -> dict[str, Any]:
    return json.loads((HUB_DATA / name).read_text(encoding="utf-8"))


def _about() -> dict[str, Any]:
    documents = [s["citation"] for s in _data("sources.json")["sources"] if s["kind"] == "document"]
    return {"documents": documents}


def _contact() -> dict[str, Any]:
    return {"contact": settings.CONTACT_EMAIL}


def _sources() -> dict[str, Any]:
    listed = _data("sources.json")
    return {
        "attribution": _data("attribution.json")["sources"],
        "sources": listed["sources"],
    }


#: Pages by the last part of their address: what their template needs.
TEXTS: dict[str, Callable[[], dict[str, Any]]] = {
    "about": _about,
    "accessibility": _contact,
    "privacy": _contact,
    "sources": _sources,
}


@require_safe
def page(request: HttpRequest, name: str) -> HttpResponse:
    if name not in TEXTS:
        raise Http404
    return render(request, f"pages/{name}.html", TEXTS[name]())


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What crawlers may read: everything public, but not every combination of filters."""
    if settings.HUB_PROFILE == "production":
        rules = [
            f"Disallow: {reverse(name)}"
            for name in ("admin:index", "dashboard", "search", "accounts:account", "display")
        ]
        rules += ["Disallow: /work/", "Disallow: /submit/", "Disallow: /*?"]
    else:
        rules = ["Disallow: /"]
    return HttpResponse("\n".join(["User-agent: *", *rules, ""]), content_type="text/plain")
