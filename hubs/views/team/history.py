"""What became of a hub's profile: each change with who made it, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.errors import DomainError
from hubs import operations
from hubs.forms.statements import ReasonForm
from hubs.models import HubRevision
from hubs.teamspace import differences, events_of, topics_of
from hubs.views.team.finding import around, find

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PER_PAGE = 20
RESTORE = "hubs.restore_hub"


@login_required
@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """All changes, the latest first."""
    hub = find(request, slug)
    rows = HubRevision.objects.filter(hub=hub).defer("document").select_related("by")
    page = Paginator(rows.order_by("-number"), PER_PAGE).get_page(request.GET.get("page"))
    events = events_of(page, topics_of(hub))
    context = around(request, hub, "history", page_obj=page, events=events)
    return render(request, "hubs/team/history.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def revision(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One change, part by part; portal moderators can take the profile back to it."""
    hub = find(request, slug, to=RESTORE if request.method == "POST" else "")
    found = get_object_or_404(hub.revisions.select_related("by"), number=number)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            written = operations.restore(found, by=request.user, note=form.cleaned_data["reason"])
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                _("The profile is as it was in change %(n)d.") % {"n": number}
                if written
                else _("The profile is like that already: nothing changed."),
            )
            return redirect("hubs:team:history", slug=slug)
    earlier = hub.revisions.filter(number__lt=number).order_by("-number").first()
    context = around(
        request,
        hub,
        "history",
        revision=found,
        changes=differences(earlier.document if earlier else {}, found.document),
        earlier=earlier,
        later=hub.revisions.filter(number__gt=number).order_by("number").only("number").first(),
        is_present=number == hub.revision,
        form=form,
    )
    return render(request, "hubs/team/revision.html", context)
