"""The pages of the statistics and of the map, and the same for spreadsheets and other sites."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

from csp.constants import NONE
from csp.decorators import csp_replace
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from core import spreadsheet
from hubportal.statistics import plotting
from hubportal.statistics.asking import Question
from hubportal.statistics.plotting import FEW_ROWS, MOST_ROWS, PLOTS, Plot
from hubportal.statistics.records import KEPT_FOR
from hubportal.statistics.world import LEVELS, MEASURES, World

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

#: An embedded plot shows no more rows than fit a frame on a page.
ROWS_IN_FRAME = 20
#: Pixels of a frame: for what stands around a plot, for each of its rows, for the map.
FRAME, FRAME_ROW, FRAME_MAP = 190, 46, 560
LONGEST = 40


def for_other_sites(
    view: Callable[..., HttpResponse],
) -> Callable[..., HttpResponse]:
    """A page that any site may show in a frame: read by everybody alike, found by no search
    engine, without scripts and without a form that could be sent from there."""

    @wraps(view)
    def framed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["X-Robots-Tag"] = "noindex"
        patch_cache_control(response, public=True, max_age=KEPT_FOR)
        return response

    open_to_all = csp_replace(
        {"frame-ancestors": ["*"], "script-src": [NONE], "form-action": [NONE]}
    )
    return xframe_options_exempt(open_to_all(framed))


def _page(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    """A whole page; asked with ``HX-Request``, only what a change of filter changes."""
    fragment = request.headers.get("HX-Request") == "true"
    response = render(request, f"statistics/{'_' if fragment else ''}{name}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _csv(rows: Iterable[Iterable[object]], name: str) -> HttpResponse:
    """A small table as a file, with a tag by which it need not be sent again."""
    response = HttpResponse(
        "".join(spreadsheet.lines(rows)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
    patch_cache_control(response, public=True, max_age=KEPT_FOR)
    return response


def _frame(request: HttpRequest, url: str, title: str, height: int) -> str:
    """What to copy into another page."""
    return format_html(
        '<iframe src="{}" title="{}" width="100%" height="{}" loading="lazy"></iframe>',
        request.build_absolute_uri(url),
        title,
        height,
    )


def _site(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


# --- Statistics --------------------------------------------------------------------------------


class Shown(NamedTuple):
    """A plot with its addresses."""

    plot: Plot
    more: int
    url: str
    csv_url: str


def _shown(question: Question, plot: Plot, most: int) -> Shown:
    first = plot.first(most)
    return Shown(
        first,
        len(plot.rows) - len(first.rows),
        question.at("plot", plot.slug),
        question.at("plot-csv", plot.slug),
    )


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """All plots."""
    question = Question(request.GET, request.path)
    shown = [_shown(question, make(question), FEW_ROWS) for make in PLOTS.values()]
    context = {
        "list": question,
        "solutions": [one for one in shown if one.plot.slug in plotting.TITLES],
        "others": [one for one in shown if one.plot.slug not in plotting.TITLES],
        "map_url": question.at("map"),
    }
    return _page(request, "overview", context)


def _asked(request: HttpRequest, slug: str) -> tuple[Question, Plot]:
    if slug not in PLOTS:
        raise Http404
    question = Question(request.GET, request.path)
    return question, PLOTS[slug](question)


@require_safe
def plot(request: HttpRequest, slug: str) -> HttpResponse:
    """One plot with all its rows, and the code to show it elsewhere."""
    question, made = _asked(request, slug)
    rows = min(len(made.rows), ROWS_IN_FRAME)
    frame = question.at("plot-embedded", slug)
    context = {
        "list": question,
        "one": _shown(question, made, MOST_ROWS),
        "all_url": question.at("overview"),
        "frame_url": frame,
        "code": _frame(request, frame, made.title, FRAME + FRAME_ROW * rows),
    }
    return render(request, "statistics/plot.html", context)


@require_safe
def plot_csv(request: HttpRequest, slug: str) -> HttpResponse:
    """The figures of one plot, with the addresses of the records behind them."""
    _question, made = _asked(request, slug)
    return _csv(plotting.table(made, _site(request)), f"statistics-{slug}")


@require_safe
@for_other_sites
def plot_embedded(request: HttpRequest, slug: str) -> HttpResponse:
    """One plot for a frame on another site."""
    question, made = _asked(request, slug)
    context = {"list": question, "one": _shown(question, made, ROWS_IN_FRAME)}
    return render(request, "statistics/plot_embedded.html", context)


# --- The map -----------------------------------------------------------------------------------


def _world(request: HttpRequest) -> tuple[World, list[tuple[str, str]]]:
    """The map that was asked for, and what was asked for and is not known."""
    asked: dict[str, tuple[str, Collection[str], str, str]] = {
        "measure": (request.GET.get("measure", ""), MEASURES, "solutions", _("Figure")),
        "by": (request.GET.get("by", ""), LEVELS, "country", pgettext("on a map", "By")),
    }
    also: dict[str, str] = {}
    unknown: list[tuple[str, str]] = []
    for name, (value, known, usual, label) in asked.items():
        if value in known and value != usual:
            also[name] = value
        elif value and value not in known:
            unknown.append((str(label), value[:LONGEST]))
    question = Question(request.GET, request.path, also)
    return World(question, also.get("measure", "solutions"), also.get("by", "country")), unknown


@require_safe
def world(request: HttpRequest) -> HttpResponse:
    """Figures by country or region on a map of the world, and as a table beside it."""
    made, unknown = _world(request)
    question = made.question
    frame = question.at("map-embedded")
    context = {
        "list": question,
        "world": made,
        "unknown": unknown,
        "measures": [(code, one.title) for code, one in MEASURES.items()],
        "levels": LEVELS.items(),
        "csv_url": question.at("map-csv"),
        "frame_url": frame,
        "code": _frame(request, frame, str(made.measure.title), FRAME_MAP),
    }
    return _page(request, "map", context)


@require_safe
def world_csv(request: HttpRequest) -> HttpResponse:
    """The figures of the map."""
    made, _unknown = _world(request)
    return _csv(made.table(_site(request)), f"map-{made.code}-{made.level}")


@require_safe
@for_other_sites
def world_embedded(request: HttpRequest) -> HttpResponse:
    """The map for a frame on another site."""
    made, _unknown = _world(request)
    context = {"list": made.question, "world": made, "whole_url": made.question.at("map")}
    return render(request, "statistics/map_embedded.html", context)
