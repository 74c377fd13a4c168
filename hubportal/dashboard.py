"""A person's own page: one list of what waits for them, and where their records stand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.decorators import login_required
from django.contrib.humanize.templatetags.humanize import apnumber
from django.core.paginator import Paginator
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from catalogue import criteria
from catalogue.choices import Publication, SubmissionState
from catalogue.models import Solution, Submission
from core import waiting
from core.templatetags.components import when
from hubs.models import Membership

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django_stubs_ext import StrOrPromise

    from accounts.models import User

PER_PAGE = 20


# --- What waits --------------------------------------------------------------------------


@waiting.source("profile")
def incomplete_profile(user: Any) -> Iterable[waiting.Item]:
    """At most one reminder, and the last in the list: nobody waits for it."""
    profile = user.profile
    missing = [
        str(profile._meta.get_field(name).verbose_name)
        for name in ("organisation", "country")
        if not getattr(profile, name)
    ]
    if missing:
        yield waiting.Item(
            title=_("Say who you are"),
            detail=_("Your profile does not state: %(fields)s.") % {"fields": ", ".join(missing)},
            verb=_("Complete"),
            url=reverse("accounts:profile-edit"),
            since=timezone.now(),
        )


def headline(count: int) -> str:
    """The title of the page counts what needs the person."""
    if not count:
        return _("Nothing needs you")
    return ngettext("%(number)s thing needs you", "%(number)s things need you", count) % {
        "number": capfirst(str(apnumber(count)))
    }


# --- Where the person's records stand ----------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """One record of the person's: what it is called, where it stands, what comes next."""

    title: str
    url: str
    reference: str
    is_example: bool
    level: str
    state: StrOrPromise
    next: StrOrPromise


def line_of(solution: Solution) -> Line:
    submissions = sorted(solution.submissions.all(), key=lambda row: (row.submitted_at, row.pk))
    latest = submissions[-1] if submissions else None
    published = solution.publication != Publication.PRIVATE
    return Line(
        title=str(solution),
        url=solution.get_absolute_url(),
        reference=solution.reference,
        is_example=solution.is_example,
        level=solution.level if published else "",
        state="" if published else _state(latest),
        next=_next(solution, latest),
    )


def _state(latest: Submission | None) -> StrOrPromise:
    if latest is None or latest.state == SubmissionState.RECALLED:
        return _("Draft")
    return latest.get_state_display()


def _next(solution: Solution, latest: Submission | None) -> StrOrPromise:
    if solution.publication == Publication.WITHDRAWN:
        return format_html(_("Withdrawn on {day}"), day=when(solution.withdrawn_at, "day"))
    if latest is not None and latest.state == SubmissionState.SCREENING:
        due = when(latest.due_at, "day")
        if solution.number:
            return format_html(_("New version with the desk, answer due on {day}"), day=due)
        return format_html(_("With the desk, answer due on {day}"), day=due)
    if latest is not None and latest.state == SubmissionState.RETURNED:
        return _("Changes asked for")
    if latest is not None and latest.state == SubmissionState.DECLINED:
        return format_html(_("Declined on {day}"), day=when(latest.decided_at, "day"))
    if solution.number:
        return format_html(_("Public since {day}"), day=when(solution.published_at, "day"))
    return format_html(_("Last edited on {day}"), day=when(solution.updated_at, "day"))


# --- The page ----------------------------------------------------------------------------


@login_required
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Everything that waits for the person, then their records. A fixed number of queries."""
    user = cast("User", request.user)  # signed in
    now = timezone.now()
    tasks = [waiting.task_of(item, now=now) for item in waiting.items_for(user)]
    mine = Solution.objects.of_team(user).for_cards().prefetch_related("submissions")
    page = Paginator(mine.order_by("-updated_at", "-pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    memberships = list(
        Membership.objects.filter(user=user).select_related("hub").order_by("hub__name", "pk")
    )
    context = {
        "headline": headline(len(tasks)),
        "tasks": tasks,
        "page_obj": page,
        "lines": [line_of(solution) for solution in page],
        "memberships": memberships,
        "days": criteria.screening_days(),
    }
    return render(request, "dashboard.html", context)
