"""What only pages about webinars print: a moment on several clocks, and a day drawn as a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from participation import zones

if TYPE_CHECKING:
    from participation.times import Clock

register = template.Library()


@register.simple_tag
def clock(shown: Clock) -> SafeString:
    """All that the clocks of a place show, with the instant for machines."""
    return format_html(
        '<time datetime="{}">{}</time>', shown.begins.isoformat(timespec="minutes"), shown.words
    )


@register.inclusion_tag("participation/_zone.html", takes_context=True)
def zone_chooser(context: template.Context, zone: str, anchor: str = "") -> dict[str, Any]:
    """Whose clocks the page shows, and a way to see it on others.

    The list of zones is long: it comes only to whoever asks for it.
    """
    request = context["request"]
    kept = [
        (name, value)
        for name, values in request.GET.lists()
        for value in values
        if name not in (zones.WORD, "page")
    ]
    return {
        "zone": zone,
        "place": zones.place(zone),
        "kept": kept,
        "chooses": zones.wants_to_choose(request),
        "choices": zones.choices(zone) if zones.wants_to_choose(request) else (),
        "action": request.path + (f"#{anchor}" if anchor else ""),
        "ask": zones.address_to_choose(request) + (f"#{anchor}" if anchor else ""),
        "has_account": request.user.is_authenticated,
    }
