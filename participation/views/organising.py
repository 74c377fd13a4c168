"""The pages of an event's organisers: editors of the hub that keeps its record, and moderators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from events.models import Event
from events.presentation import in_english

if TYPE_CHECKING:
    from django.http import HttpRequest

ORGANISE = "participation.organise"


def find_organised(request: HttpRequest, slug: str) -> Event:
    """An event this person organises: 404 if they do not see it, 403 if others organise it."""
    events = Event.objects.visible_to(request.user).select_related("hub", "country")
    event = get_object_or_404(events, slug=slug)
    if not request.user.has_perm(ORGANISE, event):
        raise PermissionDenied
    return event


def around_organiser(
    request: HttpRequest, event: Event, here: str, *, title: str = "", **more: Any
) -> dict[str, Any]:
    """What every page prints around its own matter.

    ``here`` is the tab it belongs to, by the name of its address. A page below a tab has a
    ``title`` of its own.
    """
    parts = [
        ("participation:organise", _("Registrations")),
        ("participation:admission", _("Settings")),
        ("participation:attendance", _("Attendance")),
        ("participation:feedback-results", _("Feedback")),
        ("participation:organise-papers", _("Papers")),
        ("participation:conclusions", _("Conclusions")),
        ("participation:story-calls", _("Case stories")),
        ("events:programme-edit", _("Programme")),
    ]
    tabs = [
        (label, address, name.endswith(f":{here}"))
        for name, label in parts
        if (address := _address(name, event))
    ]
    trail: list[tuple[str, str]] = [
        (_("Events"), reverse("events:events")),
        (str(event), event.get_absolute_url()),
    ]
    current = next((row for row in tabs if row[2]), None)
    if current and title:
        trail.append(current[:2])
    title = title or (current[0] if current else _("For organisers"))
    trail.append((title, ""))
    return {
        "event": event,
        "tabs": tabs,
        "trail": trail,
        "title": title,
        "en": in_english(),
        **more,
    }


def _address(name: str, event: Event) -> str:
    try:
        return reverse(name, args=[event.slug])
    except NoReverseMatch:
        return ""
