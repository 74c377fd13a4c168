"""Questions and papers on the page of an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template

from participation.forms.questions import AskForm
from participation.questions import First, first_of

if TYPE_CHECKING:
    from participation.reading import Around

register = template.Library()


@register.simple_tag(takes_context=True)
def first_questions(context: template.Context, part: Around) -> First | None:
    """``{% first_questions part as asked %}``: the first by votes. Two queries; none where nobody
    registers."""
    if part.admission is None:
        return None
    return first_of(part, context["request"].user)


@register.simple_tag
def ask_form() -> AskForm:
    """An empty form to ask."""
    return AskForm()
