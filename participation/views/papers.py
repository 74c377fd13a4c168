"""Papers of an event: the table, one paper with its versions, and the files themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from catalogue.serving import served
from events.presentation import in_english
from hubs.reference import language_name
from participation.choices import PaperAudience
from participation.models import Paper
from participation.papers import edition_of, rows_of, with_versions
from participation.views.questions import find_event

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from events.models import Event


def find_paper(request: HttpRequest, event: Event, uid: str) -> Paper:
    """A paper this person may open, or 404. A withdrawn one is for organisers alone."""
    papers = Paper.objects.of(event, request.user).select_related("session")
    paper = get_object_or_404(papers, uid=uid)
    paper.event = event
    return paper


@require_safe
def papers(request: HttpRequest, slug: str) -> HttpResponse:
    """What there is to read, watch and print; the lightest first, if asked."""
    event = find_event(request, slug)
    lightest = request.GET.get("order") == "lightest"
    shown = Paper.objects.of(event, request.user).filter(withdrawn_at=None)
    context = {
        "event": event,
        "rows": rows_of(with_versions(shown), event, lightest=lightest),
        "lightest": lightest,
        "may_organise": request.user.has_perm("participation.organise", event),
        "en": in_english(),
    }
    return render(request, "participation/papers.html", context)


@require_safe
def paper(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """One paper, with every version and its date."""
    event = find_event(request, slug)
    found = find_paper(request, event, uid)
    versions = found.versions.select_related("stored").order_by("-number")
    context = {
        "event": event,
        "paper": found,
        "editions": [edition_of(version, found) for version in versions],
        "language": language_name(found.language),
        "may_organise": request.user.has_perm("participation.organise", event),
        "en": in_english(),
    }
    return render(request, "participation/paper.html", context)


@require_safe
def file(request: HttpRequest, slug: str, uid: str, number: int) -> HttpResponseBase:
    """The file of one version, for whoever may open its paper; else 404."""
    event = find_event(request, slug)
    found = find_paper(request, event, uid)
    version = get_object_or_404(found.versions.select_related("stored"), number=number)
    if version.stored is None:
        raise Http404
    is_open = (
        event.is_public and found.withdrawn_at is None and found.audience == PaperAudience.PUBLIC
    )
    return served(request, version.stored, is_open=is_open)
