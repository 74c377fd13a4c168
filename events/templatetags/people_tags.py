"""People of the record on the pages of members."""

from __future__ import annotations

from typing import Any

from django import template

from events.models import Person

register = template.Library()


@register.simple_tag(takes_context=True)
def person_of(context: template.Context, user: Any) -> Person | None:
    """The person of the record this member is, if this reader may see the person. One query."""
    return Person.objects.visible_to(context["request"].user).filter(user=user).first()
