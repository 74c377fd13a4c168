"""Living labs and reports of trials, for pages of other parts and of the layers below.

Pages of a solution   trials_of
Before a panel        trials_for_reviewers: the same reports, without people
Community's home      labs_list
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from catalogue.around import may_have
from catalogue.rules import is_in_team
from community.models import LivingLab, TrialReport
from community.people import seen_as, with_people
from community.trials import NOWHERE, tally_of
from events.presentation import in_english
from hubs import reference

if TYPE_CHECKING:
    from catalogue.models import Solution

register = template.Library()

#: So many reports stand on the page of a solution; the rest has a page. A panel reads more.
ON_A_PAGE, BEFORE_A_PANEL = 4, 30
LABS = 6


@register.filter
def country_of(code: str) -> str:
    """The name of a country in the language of the page."""
    return reference.country_label(str(code)) if code else ""


@register.inclusion_tag("community/labs/_trials_of.html", takes_context=True)
def trials_of(context: template.Context, solution: Solution) -> dict[str, Any]:
    """Where a public solution was tried and what came of it. No query if nobody reported."""
    user = context["request"].user
    tally = tally_of(solution) if may_have(solution, "trials") else NOWHERE
    rows = []
    if tally.reports:
        found = TrialReport.objects.shown().filter(solution=solution)
        rows = list(with_people(found.order_by("-submitted_at", "-pk"), "user")[:ON_A_PAGE])
        for report in rows:
            report.seen = seen_as(report.user, user)
            report.solution = solution
    return {
        "solution": solution,
        "tally": tally,
        "trials": rows,
        "may_report": not is_in_team.test(user, solution),
    }


@register.inclusion_tag("community/labs/_trials_for_reviewers.html")
def trials_for_reviewers(solution: Solution) -> dict[str, Any]:
    """The reports a panel reads beside the evidence. Nobody is named: a report speaks for an
    organisation, and who wrote it is nothing a score may depend on."""
    tally = tally_of(solution)
    rows = []
    if tally.reports:
        found = TrialReport.objects.shown().filter(solution=solution)
        rows = list(found.order_by("-submitted_at", "-pk")[:BEFORE_A_PANEL])
        for report in rows:
            report.solution = solution
    return {"solution": solution, "tally": tally, "trials": rows}


@register.inclusion_tag("community/labs/_labs_list.html", takes_context=True)
def labs_list(context: template.Context) -> dict[str, Any]:
    """The labs of the community, those that run first. One query."""
    labs = LivingLab.objects.visible_to(context["request"].user).select_related("hub")
    running = sorted(labs, key=lambda lab: (lab.status != "running", lab.name, lab.pk))
    return {"labs": running[:LABS], "en": in_english()}
