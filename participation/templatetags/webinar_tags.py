"""What only pages about webinars print: a moment on several clocks, and a day drawn as a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.models import AuditEntry
from participation import zones
from participation.moment import Line, Moment, moment_of

if TYPE_CHECKING:
    from events.models import Event
    from participation.reading import Around
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


@register.simple_tag(takes_context=True)
def moment(context: template.Context, part: Around) -> Moment | None:
    """``{% moment part as when %}``: a webinar on several clocks. Asks the database nothing."""
    return moment_of(part, zones.zone_of_reader(context["request"]))


@register.simple_tag
def day_line(line: Line) -> SafeString:
    """One local day: the pale block is 9 to 17, the bar is the webinar."""
    return format_html(
        '<svg class="dayline" aria-hidden="true"><rect class="office" x="37.5%" width="33.33%"'
        ' height="100%"/><line x1="{}" x2="{}" y1="50%" y2="50%"/></svg>',
        *line.x,
    )


@register.simple_tag
def why_cancelled(event: Event) -> str:
    """The reason its organisers gave. One query; call it for what is cancelled only."""
    entry = AuditEntry.of(event).filter(verb="cancel_webinar").order_by("-pk").first()
    return entry.note if entry else ""
