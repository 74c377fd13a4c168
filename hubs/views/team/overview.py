"""Where a hub's team begins: what waits, how fresh the profile is, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from claims.weighing import in_conflict
from core import waiting
from core.errors import DomainError
from hubs.forms.rebasing import base_of
from hubs.models import Hub, HubRevision
from hubs.operations.stating import confirm_as_read
from hubs.profile import claims_of
from hubs.teamspace import Event, events_of, gaps_of
from hubs.topics import TOPICS
from hubs.views.team.finding import CONFIRM, around, find
from hubs.waiting import about

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

#: Of the changes, so many stand on the overview; of those since the last confirmation, so many
#: stand on the page that asks for the next.
RECENT, SINCE = 5, 30


@login_required
@require_safe
def overview(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything about one hub that waits for this person, and the state of its profile."""
    hub = find(request, slug)
    claims, now = claims_of(hub), timezone.now()
    items = waiting.items_for(request.user, about(hub))
    context = around(
        request,
        hub,
        "overview",
        tasks=[waiting.task_of(item, now=now) for item in items],
        conflicts=[
            (TOPICS[group.topic].label, group)
            for group in in_conflict(claims, TOPICS)
            if group.topic in TOPICS
        ],
        gaps=gaps_of(hub, claims, has_sectors=hub.sectors.exists()),
        count=len(claims),
        events=_events(hub, {claim.uid: claim.topic for claim in claims}, RECENT),
        people=list(hub.memberships.select_related("user").order_by("role", "pk")),
    )
    return render(request, "hubs/team/overview.html", context)


def _events(hub: Hub, topics: dict[str, str], most: int) -> list[Event]:
    rows = HubRevision.objects.filter(hub=hub).defer("document").select_related("by")
    return events_of(rows.order_by("-number")[:most], topics)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, slug: str) -> HttpResponse:
    """A focal point says that the whole profile is right today."""
    hub = find(request, slug, to=CONFIRM)
    refused = ""
    if request.method == "POST":
        try:
            confirm_as_read(hub, by=request.user, base=base_of(request.POST) or 0)
        except DomainError as refusal:
            refused = str(refusal)
            hub.refresh_from_db()
        else:
            messages.success(request, _("Confirmed. Readers see the date of today."))
            return redirect("hubs:team:overview", slug=slug)
    topics = {claim.uid: claim.topic for claim in hub.claims.only("uid", "topic")}
    events = _events(hub, topics, SINCE + 1)
    if hub.confirmed_at is not None:
        events = [event for event in events if event.revision.at > hub.confirmed_at]
    context = around(
        request,
        hub,
        "overview",
        events=events[:SINCE],
        has_more=len(events) > SINCE,
        refused=refused,
    )
    return render(request, "hubs/team/confirm.html", context, status=409 if refused else 200)
