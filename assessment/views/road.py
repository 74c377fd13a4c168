"""A hub's road map: what it does next, who does it, by when, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from assessment import operations
from assessment.forms.opening import members_of
from assessment.forms.road import MoveForm, ProgressForm, StepForm
from assessment.models import RoadStep
from assessment.reading import road_map_of, story_of
from assessment.views.finding import is_own, may, of_hub, require, sent
from core.errors import DomainError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponse
    from django_stubs_ext import StrOrPromise

    from hubs.models import Hub

#: The moves a person makes here; another is made by merging hubs.
VERBS = ("begin", "finish", "drop", "reopen")
#: How the story of a step calls what happened.
STORY: Mapping[str, StrOrPromise] = {
    "add_step": gettext_lazy("Put on the road map"),
    "change_step": gettext_lazy("Changed"),
    "begin": gettext_lazy("Begun"),
    "finish": gettext_lazy("Finished"),
    "drop": gettext_lazy("Dropped"),
    "give_way": gettext_lazy("Dropped"),
    "reopen": gettext_lazy("Taken up again"),
    "note_progress": gettext_lazy("Progress noted"),
}
DONE: Mapping[str, StrOrPromise] = {
    "begin": gettext_lazy("The step is under way."),
    "finish": gettext_lazy("The step is done."),
    "drop": gettext_lazy("The step is dropped."),
    "reopen": gettext_lazy("The step is taken up again."),
}


@require_safe
@of_hub
def road_map(request: HttpRequest, hub: Hub) -> HttpResponse:
    """Now, next and later. 404 where it is not shared."""
    if not may(request.user, "view_road_map", hub):
        raise Http404
    context = {
        "hub": hub,
        "own": is_own(request.user, hub),
        "road": road_map_of(hub),
        "may_change": may(request.user, "change_road_map", hub),
    }
    return render(request, "assessment/road_map.html", context)


def _find_map(request: HttpRequest, hub: Hub) -> None:
    """404 for who does not see the map, 403 for who sees it from outside."""
    if not may(request.user, "view_road_map", hub):
        raise Http404


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@of_hub
def add(request: HttpRequest, hub: Hub) -> HttpResponse:
    """A step in the hub's own words."""
    _find_map(request, hub)
    require(request.user, "change_road_map", hub)
    form = StepForm(sent(request), people=members_of(hub))
    if request.method == "POST" and form.is_valid():
        try:
            operations.add_step(hub, by=request.user, **form.cleaned_data)
        except DomainError as refusal:
            form.mark(refusal)
        else:
            messages.success(request, _("The step is on the road map."))
            return redirect("assessment:road-map", slug=hub.slug)
    return render(request, "assessment/step_add.html", {"hub": hub, "form": form})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@of_hub
def step(request: HttpRequest, hub: Hub, uid: str) -> HttpResponse:
    """One step, for the hub's own people: change it, note progress, finish or drop it."""
    _find_map(request, hub)
    rows = RoadStep.objects.filter(hub=hub).select_related(
        "owner", "statement__dimension", "assessment"
    )
    found = get_object_or_404(rows, uid=uid)
    found.hub = hub
    if not is_own(request.user, hub):
        raise PermissionDenied
    action = request.POST.get("action", "") if request.method == "POST" else ""
    forms = _forms(request, found, action)
    if request.method == "POST":
        answer = _act(request, found, action, forms)
        if answer is not None:
            return answer
    context = {
        "hub": hub,
        "step": found,
        "may_change": found.is_open and may(request.user, "change_road_map", found),
        "may_note": found.is_open and may(request.user, "note_progress", found),
        "forms": forms,
        "acted": forms.get(action),
        "moves": [
            (verb, found.moves[verb].label, forms[verb])
            for verb in moves_of(found, request.user)
            if verb != "begin"
        ],
        "may_begin": "begin" in moves_of(found, request.user),
        "story": story_of(found, STORY),
    }
    return render(request, "assessment/step.html", context)


def moves_of(found: RoadStep, user: Any) -> list[str]:
    """The moves this person can make now, by their role in the hub."""
    return [
        verb
        for verb in VERBS
        if found.state in found.moves[verb].sources and may(user, _permission(found, verb), found)
    ]


def _permission(found: RoadStep, verb: str) -> str:
    return found.moves[verb].permission.partition(".")[2]


def _forms(request: HttpRequest, found: RoadStep, action: str) -> dict[str, Any]:
    """Every form of the page; the one that was sent is bound."""

    def data(name: str) -> Any:
        return request.POST if name == action else None

    initial = {
        "text": found.text,
        "owner": found.owner_id or "",
        "due_on": found.due_on,
    }
    return {
        "change": StepForm(data("change"), people=members_of(found.hub), initial=initial),
        "progress": ProgressForm(
            data("progress"), initial={"progress": found.progress}, auto_id="id_p_%s"
        ),
        **{verb: MoveForm(data(verb), verb=verb) for verb in VERBS},
    }


def _act(
    request: HttpRequest, found: RoadStep, action: str, forms: Mapping[str, Any]
) -> HttpResponse | None:
    """Do what was asked; None when the page has to be shown again with a refusal."""
    form = forms.get(action)
    if form is None:
        raise Http404
    if not form.is_valid():
        return None
    data = form.cleaned_data
    try:
        if action == "change":
            operations.change_step(found, by=request.user, **data)
            said: StrOrPromise = _("Saved.")
        elif action == "progress":
            operations.note_progress(found, by=request.user, **data)
            said = _("Noted.")
        else:
            require(request.user, _permission(found, action), found)
            getattr(found, action)(by=request.user, note=data["note"])
            said = DONE[action]
    except DomainError as refusal:
        form.mark(refusal)
        return None
    messages.success(request, said)
    return redirect("assessment:step", slug=found.hub.slug, uid=found.uid)
