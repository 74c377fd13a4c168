"""How a registration stands, in a few words."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
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
def registration_status(row: Any, *, past: bool = False) -> SafeString:
    """A mark and its words, for somebody's own registration. ``before`` is how many are before it
    in line."""
    state = State(row.state)
    if row.event.status == EventStatus.CANCELLED:
        return status("miss", gettext("Cancelled"))
    if past and state == State.PLACED:
        return status("done", gettext("Had a place"))
    mark = status(MARKS[state], str(state.label))
    if past or state != State.WAITING:
        return mark
    before = gettext("You are the first in line.")
    if row.before:
        before = ngettext(
            "%(n)d person is before you.", "%(n)d people are before you.", row.before
        ) % {"n": row.before}
    return format_html('{}<span class="t-s">{}</span>', mark, before)


@register.simple_tag
def before_in_line(mine: Registration | None) -> int:
    """How many get a place before this person. One query, for those who wait; else none."""
    if mine is None or mine.state != State.WAITING:
        return 0
    return people_before(mine)
