"""The same webinar on other days: first all of them to look at, then made at once."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from core.errors import DomainError
from events.presentation import in_english
from participation import webinars, zones
from participation.forms.repeating import DaysForm, PatternForm
from participation.operations import webinars as operations
from participation.repeating import occurrences
from participation.views.webinars import find_webinar

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from events.models import Event, Session


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def repeat(request: HttpRequest, slug: str) -> HttpResponse:
    """The address says by which rule; the form that is sent says which of its days."""
    event = find_webinar(request, slug)
    session = webinars.session_of(event)
    zone = zones.zone_of_reader(request)
    context = {"event": event, "en": in_english(), "zone": zone}
    if session is None or session.day is None or session.starts_at is None:
        return render(request, "participation/repeat.html", context)
    pattern = PatternForm(request.GET if "rule" in request.GET else None, first=session.day)
    context |= {"pattern": pattern, "first": session, "form": None, "rows": []}
    if pattern.is_bound and pattern.is_valid():
        days = pattern.days()
        taken = _taken(event, session, days, but=_made_before(request))
        rows = occurrences(session, days, zone=zone, taken=taken)
        form = DaysForm(request.POST if request.method == "POST" else None, rows=rows)
        if form.is_bound and form.is_valid():
            try:
                made = operations.repeat_webinar(event, by=request.user, **form.cleaned_data)
            except ValidationError as refusal:
                form.add_error("days", refusal.messages)  # type: ignore[arg-type]
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                words = ngettext(
                    "%(n)d webinar is arranged.", "%(n)d webinars are arranged.", len(made)
                )
                messages.success(request, words % {"n": len(made)})
                return HttpResponseRedirect(reverse("participation:webinars"))
        context |= {"form": form, "rows": rows, "ticked": form.ticked}
    return render(request, "participation/repeat.html", context)


def _made_before(request: HttpRequest) -> list[Event]:
    """What the same form made when it was sent the first time."""
    try:
        return operations.repeated(request.user, uuid.UUID(request.POST.get("form_key", "")))
    except ValueError:
        return []


def _taken(
    event: Event, session: Session, days: list[dt.date], *, but: list[Event]
) -> frozenset[dt.date]:
    """Days on which the series has a webinar at this hour already."""
    if event.series is None:
        return frozenset()
    there = event.series.events.exclude(pk__in=[row.pk for row in but]).filter(
        sessions__day__in=days, sessions__wall_starts=session.wall_starts
    )
    return frozenset(there.values_list("sessions__day", flat=True))
