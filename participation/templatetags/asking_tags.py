"""Questions and papers on the page of an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django import template

from participation.forms.questions import AskForm
from participation.papers import ON_THE_PAGE, Row, rows_of
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


@dataclass(frozen=True, slots=True)
class Shown:
    """The papers on the page of an event, and how many more have a page of their own."""

    rows: list[Row]
    more: int


@register.simple_tag
def papers_of(part: Around) -> Shown:
    """``{% papers_of part as shown %}``: the lightest first, without the withdrawn. No query."""
    there = [paper for paper in part.papers if paper.withdrawn_at is None]
    rows = rows_of(there, part.event, lightest=True)
    return Shown(rows[:ON_THE_PAGE], max(len(rows) - ON_THE_PAGE, 0))
