"""A focal point opens an assessment, names who answers, gives it up, and shares its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from assessment import operations
from assessment.forms.answering import ReasonForm
from assessment.forms.opening import ReplaceForm, ShareForm, StartForm, members_of
from assessment.models import Assessment
from assessment.views.finding import find, is_own, of_hub, require, sent
from core.errors import DomainError
from hubs.models import Hub

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

READ_AND_WRITE = ["GET", "HEAD", "POST"]


@login_required
@require_http_methods(READ_AND_WRITE)
@of_hub
def start(request: HttpRequest, hub: Hub) -> HttpResponse:
    """Name two members of different units. 404 outside the hub: whether one is open is its
    own business."""
    if not is_own(request.user, hub):
        raise Http404
    require(request.user, "open_assessment", hub)
    people = members_of(hub)
    form = StartForm(sent(request), people=people)
    if request.method == "POST" and form.is_valid():
        try:
            operations.open_assessment(hub, by=request.user, people=form.chosen())
        except DomainError as refusal:
            form.mark(refusal)
        else:
            messages.success(request, _("The self-assessment is open. Both find it in My work."))
            return redirect("assessment:hub", slug=hub.slug)
    context = {
        "hub": hub,
        "form": form,
        "enough": len(people) > 1,
        "edition": operations.in_force(),
        "already": Assessment.objects.filter(
            hub=hub, state__in=[Assessment.State.ANSWERING, Assessment.State.COMPARING]
        ).exists(),
    }
    return render(request, "assessment/start.html", context)


@login_required
@require_http_methods(READ_AND_WRITE)
@of_hub
def replace(request: HttpRequest, hub: Hub, uid: str, sheet: str) -> HttpResponse:
    """Ask somebody else in place of a person who has not finished."""
    assessment = find(request, hub, uid)
    require(request.user, "open_assessment", assessment)
    place = get_object_or_404(assessment.sheets.select_related("person"), uid=sheet)
    if place.done_at is not None or assessment.state != Assessment.State.ANSWERING:
        messages.warning(request, _("This person has finished; their answers stay."))
        return redirect("assessment:hub", slug=hub.slug)
    other = next(row for row in assessment.sheets.all() if row.pk != place.pk)
    people = [person for person in members_of(hub) if person.pk != other.person_id]
    initial = {"person": place.person_id, "unit": place.unit}
    form = ReplaceForm(sent(request), people=people, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            operations.replace_person(
                place, by=request.user, person=data["person"], unit=data["unit"]
            )
        except DomainError as refusal:
            form.mark(refusal)
        else:
            messages.success(request, _("Saved. They find it in My work."))
            return redirect("assessment:hub", slug=hub.slug)
    context = {"hub": hub, "assessment": assessment, "place": place, "other": other, "form": form}
    return render(request, "assessment/replace.html", context)


@login_required
@require_http_methods(READ_AND_WRITE)
@of_hub
def drop(request: HttpRequest, hub: Hub, uid: str) -> HttpResponse:
    """Give an open assessment up, with a reason."""
    assessment = find(request, hub, uid)
    require(request.user, "open_assessment", assessment)
    if not assessment.is_open:
        return redirect("assessment:hub", slug=hub.slug)
    form = ReasonForm(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            operations.drop(assessment, by=request.user, note=form.cleaned_data["note"])
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The self-assessment is given up."))
            return redirect("assessment:hub", slug=hub.slug)
    context = {"hub": hub, "assessment": assessment, "form": form}
    return render(request, "assessment/drop.html", context)


@login_required
@require_http_methods(READ_AND_WRITE)
@of_hub
def sharing(request: HttpRequest, hub: Hub, uid: str) -> HttpResponse:
    """Say who may see an agreed assessment."""
    assessment = find(request, hub, uid)
    require(request.user, "share_assessment", assessment)
    if assessment.state != Assessment.State.AGREED:
        return redirect("assessment:hub", slug=hub.slug)
    others = Hub.objects.visible_to(request.user).exclude(pk=hub.pk)
    form = ShareForm(sent(request), hubs=list(others), initial=_shared(assessment))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            operations.share(
                assessment,
                by=request.user,
                sharing=data["sharing"],
                hubs=form.chosen(),
                shares_road_map=data["shares_road_map"],
                in_benchmark=data["in_benchmark"],
            )
        except DomainError as refusal:
            form.mark(refusal)
        else:
            messages.success(request, _("Saved. It holds from now on."))
            return redirect(assessment)
    context = {"hub": hub, "assessment": assessment, "form": form}
    return render(request, "assessment/sharing.html", context)


def _shared(assessment: Assessment) -> dict[str, Any]:
    return {
        "sharing": assessment.sharing,
        "hubs": [str(pk) for pk in assessment.shared_with.values_list("pk", flat=True)],
        "shares_road_map": assessment.shares_road_map,
        "in_benchmark": assessment.in_benchmark,
    }
