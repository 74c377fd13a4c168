"""Papers to print on the pages of organisers."""

from __future__ import annotations

from dataclasses import dataclass

from django import template

from participation.models import Admission
from participation.operations import printing

register = template.Library()


@dataclass(frozen=True, slots=True)
class Part:
    """One file of badges: which it is, and the first and last badge in it, by name."""

    number: int
    first: int
    last: int


@register.simple_tag
def badge_parts(admission: Admission) -> list[Part]:
    """``{% badge_parts admission as parts %}``: the files everybody's badges come in. No query."""
    most = printing.AT_ONCE
    return [
        Part(n + 1, first + 1, min(first + most, admission.taken))
        for n, first in enumerate(range(0, admission.taken, most))
    ]
