"""A programme as a reader meets it, drawn without a template: it may hold hundreds of sessions.

What sessions share (hours, kinds, words of the page) is worked out once; every text of the record
is escaped here.
"""

from __future__ import annotations

from collections.abc import Sequence

from django import template
from django.urls import reverse
from django.utils.html import conditional_escape as escaped
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from events.choices import SessionKind
from events.models import Event, Session
from events.presentation import in_english
from events.programme import Day, Slot
from events.templatetags.events_tags import hours, weekday

register = template.Library()

#: What stands in an address until it is known of which session.
ANY = "any"


@register.simple_tag
def programme_days(event: Event, days: Sequence[Day], *, heading: str = "h2") -> SafeString:
    """Days, and in each the sessions by hour: ``{% programme_days event days heading="h3" %}``.
    No query."""
    drawing = _Drawing(event)
    tag = {"h2": "h2", "h3": "h3"}[heading]
    drawn = "".join(drawing.day(day, tag) for day in days)
    return _safe(f'<div class="cq"><div class="prog">{drawn}</div></div>\n')


class _Drawing:
    def __init__(self, event: Event) -> None:
        self.en = in_english()
        self.url = reverse("events:session", args=[event.slug, ANY]).removesuffix(f"{ANY}/")
        self.kinds = {code: escaped(label) for code, label in SessionKind.choices}
        self.room = escaped(_("Room"))
        self._hours: dict[tuple[object, ...], str] = {}

    def day(self, day: Day, tag: str) -> str:
        date = weekday(day.date) if day.date else escaped(_("Day not stated"))
        slots = "".join(map(self.slot, day.slots))
        head = f'<{tag} class="h-day">{date}</{tag}>'
        return f'<section>{head}<ol class="slots">{slots}</ol></section>'

    def slot(self, slot: Slot) -> str:
        begins = f"{slot.begins:%H:%M}" if slot.begins else ""
        sessions = "".join(map(self.session, slot.sessions))
        hour = f'<span class="hr" aria-hidden="true">{begins}</span>'
        return f'<li class="slot">{hour}<ol class="par par-{slot.width}">{sessions}</ol></li>'

    def session(self, session: Session) -> str:
        title = f"<bdi{self.en}>{escaped(session.title)}</bdi>"
        parts: list[str] = [self.kinds.get(session.kind) or escaped(session.kind)]
        if session.code:
            parts.append(f"<bdi{self.en}>{escaped(session.code)}</bdi>")
        if session.track:
            parts.append(f"<bdi{self.en}>{escaped(session.track.name)}</bdi>")
        if session.room:
            parts.append(f"{self.room} <bdi>{escaped(session.room.name)}</bdi>")
        return (
            f'<li class="sess k-{escaped(session.kind)}">{self.hours(session)}'
            f'<b><a href="{self.url}{session.slug}/">{title}</a></b>'
            f'<span class="meta">{" · ".join(parts)}</span></li>'
        )

    def hours(self, session: Session) -> str:
        if session.wall_starts is None:
            return ""
        key = (session.wall_starts, session.wall_ends, session.starts_at)
        if key not in self._hours:
            self._hours[key] = f'<span class="meta">{hours(session)}</span>'
        return self._hours[key]


def _safe(html: str) -> SafeString:
    return mark_safe(html)  # noqa: S308 (every text of the record was escaped before)
