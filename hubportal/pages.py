"""Pages that join what several apps know: home, and fixed texts."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from catalogue import finding as solution_finding
from catalogue.cards import cards_in_order
from catalogue.choices import Level
from core import search as engine
from hubs import directory, reference
from hubs.loading import DATA as HUB_DATA

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NEWEST = 4
SECTOR_LINKS = 10


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
    places = directory.census()
    records = sum(counts["label"].values()) - counts["label"].get(solution_finding.EXAMPLE, 0)
    checked = sum(counts["label"].get(mark, 0) for mark in (Level.VALIDATED, Level.ADOPTED))
    list_url = reverse("catalogue:solutions")
    commonest = sorted(counts["sector"], key=lambda code: (-counts["sector"][code], code))
    return render(
        request,
        "pages/home.html",
        {
            "sectors": tuple(
                sorted(
                    (
                        reference.sector_name(code),
                        f"{list_url}?{urlencode({'sector': code})}",
                        counts["sector"][code],
                    )
                    for code in commonest[:SECTOR_LINKS]
                )
            ),
            "newest": cards_in_order(newest.ids),
            "steps": STEPS,
            "points": tuple(directory.points(places)),
            "records": records,
            "checked": checked,
            "hubs": sum(place.hubs for place in places),
            "hubs_in_words": directory.in_words(places),
            "countries": directory.countries(places),
        },
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
