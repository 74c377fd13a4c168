"""What the pages of organisers print of registrations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.utils.translation import gettext

from core.templatetags.components import status

if TYPE_CHECKING:
    from django.utils.safestring import SafeString

    from participation.models import Registration

register = template.Library()

MARKS = {
    "asked": "open",
    "waiting": "late",
    "placed": "done",
    "declined": "miss",
    "withdrawn": "none",
}


@register.simple_tag
def standing_of(registration: Registration) -> SafeString:
    """The state of a registration: a mark and its words."""
    return status(MARKS[registration.state], registration.get_state_display())


@register.simple_tag
def whereabouts(registration: Registration) -> str:
    """Title, organisation and country in one line, as far as they were given."""
    told = (registration.title, registration.organisation, registration.country or "")
    return " · ".join(str(part) for part in told if part)


@register.simple_tag
def presence(registration: Registration) -> SafeString:
    """Whether somebody took part, as far as anybody said."""
    if registration.attended is None:
        return status("none", gettext("Not known"))
    if registration.attended:
        return status("done", gettext("Took part"))
    return status("miss", gettext("Was not there"))
