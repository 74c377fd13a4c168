"""Badges and letters of invitation as files to print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from core.errors import DomainError
from events.models import Event
from participation import printing
from participation.models import Registration
from participation.operations.printing import signed_for, take_badges, with_a_place
from participation.views.organising import find_organised

if TYPE_CHECKING:
    from django.db.models import QuerySet

#: More parts than an event can have people.
MOST_PARTS = 1000


def _file(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


def _rows() -> QuerySet[Registration]:
    return Registration.objects.select_related(
        "event__hub", "event__country", "category", "country"
    )


def _own(request: HttpRequest, slug: str) -> Registration:
    events = Event.objects.visible_to(request.user)
    return get_object_or_404(_rows(), event__in=events, event__slug=slug, user=request.user)


@login_required
@require_safe
def badge(request: HttpRequest, slug: str) -> HttpResponse:
    """One's own badge."""
    registration = _own(request, slug)
    try:
        with_a_place(registration, by=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("participation:registration", slug=slug)
    return _file(printing.badge(registration), f"{slug}-badge")


@login_required
@require_safe
def letter(request: HttpRequest, slug: str) -> HttpResponse:
    """One's own letter of invitation, in the language of the page."""
    registration = _own(request, slug)
    try:
        admission = signed_for(registration, by=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("participation:registration", slug=slug)
    return _file(printing.letter(registration, admission), f"{slug}-invitation")


@login_required
@require_safe
def letter_of(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """The same for somebody who registered, printed by the organisers."""
    event = find_organised(request, slug)
    registration = get_object_or_404(_rows(), event=event, uid=uid)
    try:
        admission = signed_for(registration, by=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        if refusal.code == "no-signatory":
            return redirect("participation:admission", slug=slug)
        return redirect("participation:registration-of", slug=slug, uid=uid)
    name = f"{slug}-invitation-{registration.number}"
    return _file(printing.letter(registration, admission), name)


@login_required
@require_POST
def badges(request: HttpRequest, slug: str) -> HttpResponse:
    """Everybody’s badges. Not by a mere link: that they were taken is recorded."""
    event = find_organised(request, slug)
    asked = request.POST.get("part", "1")
    part = int(asked) if asked.isdecimal() and len(asked) <= len(str(MOST_PARTS)) else 1
    rows = take_badges(event, by=request.user, part=max(part, 1))
    return _file(
        printing.badges(event, rows), f"{slug}-badges-{part}" if part > 1 else f"{slug}-badges"
    )
