"""Where a hub stands: the latest result, the years before, the open round, the road map."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from assessment import operations
from assessment.models import TOP_LEVEL, Assessment, Dimension, Framework
from assessment.presentation import LEVEL_NAMES
from assessment.reading import MOST_ROUNDS, agreed_on, history_of, result_of, road_map_of
from assessment.views.finding import is_own, may, of_hub

if TYPE_CHECKING:
    from django.http import HttpRequest

    from hubs.models import Hub

OPEN = (Assessment.State.ANSWERING, Assessment.State.COMPARING)


def dimensions_in(agreed: list[Assessment]) -> list[Dimension]:
    """The dimensions of the editions these were answered on. One query."""
    editions = {each.framework_id for each in agreed}
    rows = Dimension.objects.filter(framework__in=editions)
    return list(rows.order_by("framework", "position", "pk"))


def agreed_of(request: HttpRequest, hub: Hub) -> list[Assessment]:
    """The agreed rounds of the hub this person may see, newest first. One query."""
    found = list(Assessment.objects.visible_to(request.user).agreed().filter(hub=hub))
    for each in found:
        each.hub = hub
    return found


@require_safe
@of_hub
def hub(request: HttpRequest, hub: Hub) -> HttpResponse:
    """For the public: the latest result shared with them and what this is. For the hub's
    people: also the open round, the years and the road map."""
    own = is_own(request.user, hub)
    agreed = agreed_of(request, hub)
    dimensions = dimensions_in(agreed[:MOST_ROUNDS])
    latest = None
    if agreed:
        of_latest = [row for row in dimensions if row.framework_id == agreed[0].framework_id]
        latest = result_of(agreed[0], agreed[1] if len(agreed) > 1 else None, of_latest)
    sees_map = may(request.user, "view_road_map", hub)
    context: dict[str, Any] = {
        "hub": hub,
        "own": own,
        "latest": latest,
        "history": history_of(agreed, dimensions) if len(agreed) > 1 else None,
        "earlier": len(agreed),
        "road": road_map_of(hub) if sees_map else None,
        "levels": list(enumerate(LEVEL_NAMES)),
        "top": TOP_LEVEL,
        "S": Assessment.State,
        **(_open_round(request, hub) if own else {}),
    }
    if latest is None:
        edition = operations.in_force()
        context["dimensions"] = list(edition.dimensions.all()) if edition else []
    return render(request, "assessment/hub.html", context)


def _open_round(request: HttpRequest, hub: Hub) -> dict[str, Any]:
    """The open assessment with who is asked, and what this person can do about it."""
    user = request.user
    found = (
        Assessment.objects.filter(hub=hub, state__in=OPEN)
        .prefetch_related("sheets__person")
        .first()
    )
    may_open = may(user, "open_assessment", hub)
    if found is None:
        return {"open": None, "may_start": may_open}
    found.hub = hub
    sheets = list(found.sheets.all())
    return {
        "open": found,
        "sheets": sheets,
        "mine": next((sheet for sheet in sheets if sheet.person_id == user.pk), None),
        "may_change_people": may_open and found.state == Assessment.State.ANSWERING,
        "may_drop": may_open,
        "may_settle": may(user, "settle_assessment", found),
    }


@require_safe
@of_hub
def history_csv(request: HttpRequest, hub: Hub) -> HttpResponse:
    """Levels by round and dimension, all rounds this person may see; 404 without any."""
    agreed = agreed_of(request, hub)
    if not agreed:
        raise Http404
    titles = {(row.framework_id, row.code): row for row in dimensions_in(agreed)}
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{hub.slug}-self-assessment.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(["hub", "agreed_on", "edition", "dimension", "title", "level"])
    editions = dict(
        Framework.objects.filter(pk__in={each.framework_id for each in agreed}).values_list(
            "pk", "version"
        )
    )
    for each in agreed:
        for (framework, code), row in titles.items():
            if framework == each.framework_id and code in each.levels:
                writer.writerow(
                    [
                        hub.slug,
                        agreed_on(each).isoformat(),
                        editions[framework],
                        code,
                        row.name,
                        each.levels[code],
                    ]
                )
    return response
