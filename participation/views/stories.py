"""Calls for case stories: a call's page, the beginning of an answer, and what organisers see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalogue import fields as f
from catalogue.cards import cards_of
from core import walltime
from core.errors import DomainError
from events.presentation import in_english
from participation import calls
from participation.forms.stories import BeginForm, StoryCallForm
from participation.models import StoryCall, zone_of
from participation.operations import stories
from participation.views.organising import around_organiser, find_organised

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from events.models import Event

PER_PAGE = 20
#: Drafts of one's own that a call's page lists.
MOST_OF_MINE = 10


def _find(request: HttpRequest, slug: str, uid: str) -> StoryCall:
    seen = StoryCall.objects.visible_to(request.user).select_related("event__hub")
    return get_object_or_404(seen, event__slug=slug, uid=uid)


@require_safe
def story_call(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """What is asked and until when, the way to begin, and the solutions that came of it."""
    return _call_page(request, _find(request, slug, uid))


@require_POST
def story_begin(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Begin a draft of the catalogue for this call. The same form sent twice gives one draft."""
    call = _find(request, slug, uid)
    if not request.user.is_authenticated:
        return redirect_to_login(call.get_absolute_url())
    form = BeginForm(request.POST, user=request.user)
    if form.is_valid():
        try:
            story = stories.begin_story(call, by=request.user, **form.told())
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("catalogue:work-page", uid=story.solution.uid, page=f.PAGE_CODES[0])
    return _call_page(request, call, form)


def _call_page(
    request: HttpRequest, call: StoryCall, form: BeginForm | None = None
) -> HttpResponse:
    user, event = request.user, call.event
    is_open = call.is_open(timezone.now())
    if form is None and is_open and user.is_authenticated:
        form = BeginForm(user=user)
    page = Paginator(calls.public_stories(call), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "call": call,
        "event": event,
        "is_open": is_open,
        "host_zone": _zone_elsewhere(call),
        "form": form,
        "cards": cards_of(page),
        "page_obj": page,
        "mine": [
            (story, *calls.status_of(story))
            for story in calls.stories_of(call, user)[:MOST_OF_MINE]
        ],
        "may_organise": user.has_perm("participation.organise", event),
        "en": in_english(),
    }
    return render(request, "participation/story_call.html", context)


def _zone_elsewhere(call: StoryCall) -> str:
    """The zone of the event's place, if its clocks show another hour at the end of the call."""
    if call.closes_at is None:
        return ""
    zone = zone_of(call.event)
    there = walltime.wall(call.closes_at, zone).replace(tzinfo=None)
    here = timezone.localtime(call.closes_at).replace(tzinfo=None)
    return "" if there == here else zone


# --- Organisers ----------------------------------------------------------------------------


@login_required
@require_safe
def story_calls(request: HttpRequest, slug: str) -> HttpResponse:
    """The calls of an event, and how many answered each."""
    event = find_organised(request, slug)
    page = Paginator(calls.calls_of(event, request.user), PER_PAGE).get_page(
        request.GET.get("page")
    )
    lines = calls.lines_of(page, timezone.now())
    context = around_organiser(request, event, "story-calls", lines=lines, page_obj=page)
    return render(request, "participation/organise/stories.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def story_call_new(request: HttpRequest, slug: str) -> HttpResponse:
    """Write a call."""
    event = find_organised(request, slug)
    return _edit(request, event, None, _("New call for case stories"))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def story_call_edit(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Change a call; below, what was begun for it, without what drafts say."""
    event = find_organised(request, slug)
    call = get_object_or_404(calls.calls_of(event, request.user), uid=uid)
    page = Paginator(calls.begun_of(call), PER_PAGE).get_page(request.GET.get("page"))
    return _edit(
        request, event, call, call.title, begun=calls.told(page), page_obj=page,
        line=calls.lines_of([call], timezone.now())[0],
    )  # fmt: skip


def _edit(
    request: HttpRequest, event: Event, call: StoryCall | None, title: str, **more: Any
) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = StoryCallForm(data, event=event, call=call)
    if form.is_valid():
        key = form.cleaned_data["key"]
        try:
            stories.write_call(event, by=request.user, call=call, key=key, **form.told())
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("participation:story-calls", slug=event.slug)
    context = around_organiser(
        request, event, "story-calls", title=title, form=form, call=call, **more
    )
    return render(request, "participation/organise/story_form.html", context)
