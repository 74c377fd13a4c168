"""Participation on the pages of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import template

from participation.reading import Around, around

if TYPE_CHECKING:
    from events.models import Event

register = template.Library()


@register.simple_tag(takes_context=True)
def around_event(context: template.Context, event: Event) -> Around:
    """``{% around_event event as part %}``: registration, papers, questions and calls."""
    return around(event, context["request"].user)


@register.inclusion_tag("participation/_head.html", takes_context=True)
def participation_head(context: template.Context, part: Around) -> dict[str, Any]:
    """Under the title of an event: register, join, or what became of it."""
    return {"part": part, "event": part.event, "user": context["request"].user}


@register.inclusion_tag("participation/_sections.html", takes_context=True)
def participation_sections(context: template.Context, part: Around) -> dict[str, Any]:
    """The sections of an event's page about taking part."""
    return {"part": part, "event": part.event, "request": context["request"]}
