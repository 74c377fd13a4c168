"""How a registration stands, in a few words."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from core.templatetags.components import status
from events.choices import EventStatus
from participation.models import Registration
from participation.standing import people_before

register = template.Library()
State = Registration.State
#: The mark beside each state.
MARKS = {
    State.PLACED: "done", State.WAITING: "late", State.ASKED: "open", State.DECLINED: "miss",
    State.WITHDRAWN: "none",
}  # fmt: skip


@register.simple_tag
def registration_status(row: Any) -> SafeString:
    """A mark and its words, for somebody's own registration. ``before`` is how many are before it
    in line."""
    if row.event.status == EventStatus.CANCELLED:
        return status("miss", gettext("Cancelled"))
    label = str(State(row.state).label)
    if row.state == State.WAITING:
        if row.before:
            text = ngettext(
                "On the waiting list, %(n)d person is before you",
                "On the waiting list, %(n)d people are before you",
                row.before,
            )
            label = text % {"n": row.before}
        else:
            label = gettext("On the waiting list, you are the first")
    return status(MARKS[State(row.state)], label)


@register.simple_tag
def before_in_line(mine: Registration | None) -> int:
    """How many get a place before this person. One query, for those who wait; else none."""
    if mine is None or mine.state != State.WAITING:
        return 0
    return people_before(mine)
