"""Calls for case stories on the page of an event."""

from __future__ import annotations

from django import template

from participation.calls import Line, lines_of
from participation.reading import Around

register = template.Library()


@register.simple_tag
def story_calls(part: Around) -> list[Line]:
    """``{% story_calls part as lines %}``: the calls this reader sees. One query, or none."""
    return lines_of(part.calls, part.now)
