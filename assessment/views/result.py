"""An agreed assessment: where the hub stands, what the next level needs, what to do first."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from assessment import operations, scoring
from assessment.models import TOP_LEVEL, Assessment
from assessment.reading import dimensions_of, result_of, suggested
from assessment.views.finding import find, is_own, may, of_hub, require
from core.errors import DomainError
from core.spreadsheet import safe_cell

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from assessment.scoring import Spread
    from hubs.models import Hub


def previous_of(request: HttpRequest, assessment: Assessment) -> Assessment | None:
    """The round agreed before this one, if this person may see it. One query."""
    rows = Assessment.objects.visible_to(request.user).agreed().filter(hub=assessment.hub)
    same = Q(agreed_at=assessment.agreed_at, pk__lt=assessment.pk)
    return rows.filter(Q(agreed_at__lt=assessment.agreed_at) | same).first()


def spreads_of(assessment: Assessment) -> tuple[dict[str, Spread | None], bool]:
    """Where hubs of the same kind lie; of all kinds when too few of that one take part."""
    alike = operations.peers(assessment.framework, assessment.hub.kind)
    if any(alike.values()):
        return alike, True
    return operations.peers(assessment.framework), False


@require_safe
@of_hub
def result(request: HttpRequest, hub: Hub, uid: str) -> HttpResponseBase:
    """The result as far as this person may see it; an open or dropped round has none."""
    assessment = find(request, hub, uid)
    if assessment.state != Assessment.State.AGREED:
        return redirect("assessment:hub", slug=hub.slug)
    own = is_own(request.user, hub)
    statements = operations.statements_of(assessment.framework)
    spreads, of_kind = spreads_of(assessment)
    shown = result_of(
        assessment,
        previous_of(request, assessment),
        dimensions_of(statements),
        statements,
        spreads,
    )
    context: dict[str, Any] = {
        "hub": hub,
        "assessment": assessment,
        "own": own,
        "result": shown,
        "has_spreads": any(spreads.values()),
        "of_kind": of_kind,
        "fewest": scoring.FEWEST_HUBS,
        "top": TOP_LEVEL,
        "may_share": may(request.user, "share_assessment", assessment),
        "may_take": may(request.user, "change_road_map", hub),
        "sees_map": may(request.user, "view_road_map", hub),
        "suggestions": suggested(operations.suggestions(assessment), shown) if own else [],
    }
    return render(request, "assessment/result.html", context)


@login_required
@require_POST
@of_hub
def take(request: HttpRequest, hub: Hub, uid: str) -> HttpResponseBase:
    """Put the ticked steps on the road map."""
    assessment = find(request, hub, uid)
    require(request.user, "change_road_map", hub)
    codes = request.POST.getlist("step")
    if not codes:
        messages.warning(request, _("Tick at least one step."))
        return redirect(f"{assessment.get_absolute_url()}#next")
    try:
        taken = operations.take_steps(assessment, by=request.user, codes=codes)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect(f"{assessment.get_absolute_url()}#next")
    if taken:
        text = ngettext(
            "%(n)s step is on the road map. Say who does it and by when.",
            "%(n)s steps are on the road map. Say who does them and by when.",
            len(taken),
        )
        messages.success(request, text % {"n": len(taken)})
    else:
        messages.info(request, _("They are on the road map already."))
    return redirect("assessment:road-map", slug=hub.slug)


@require_safe
@of_hub
def result_csv(request: HttpRequest, hub: Hub, uid: str) -> HttpResponseBase:
    """The statements of a result as a spreadsheet; proofs for the hub's own people alone."""
    assessment = find(request, hub, uid)
    if assessment.state != Assessment.State.AGREED:
        raise Http404
    own = is_own(request.user, hub)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{hub.slug}-{uid}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    head = ["dimension", "dimension_level", "statement", "level", "text", "holds"]
    writer.writerow([*head, "proof"] if own else head)
    for each in operations.statements_of(assessment.framework):
        line = [
            each.dimension.name,
            assessment.levels.get(each.dimension.code, ""),
            each.code,
            each.level,
            each.said,
            "yes" if scoring.holds(assessment.answers, each.code) else "no",
        ]
        if own:
            line.append(safe_cell(assessment.answers.get(each.code, {}).get("proof", "")))
        writer.writerow(line)
    return response
