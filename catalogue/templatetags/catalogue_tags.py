"""What pages of other apps show of the catalogue."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse
from django.utils.http import urlencode

from catalogue import finding
from catalogue.cards import cards_of, in_order
from core import search

register = template.Library()


@register.simple_tag
def solutions_of_hub(slug: str, limit: int = 6) -> dict[str, Any]:
    """The public records of a hub: the most thoroughly checked, how many in all, and where.

    ``{% solutions_of_hub hub.slug as shared %}`` gives cards, total and url. Two statements.
    """
    found = search.find(
        finding.KIND, search.SearchQuery(), {"hub": [slug]}, sort="label", per_page=limit
    )
    return {
        "cards": cards_of(in_order(found.ids)) if found.ids else [],
        "total": found.total,
        "url": f"{reverse('catalogue:solutions')}?{urlencode({'hub': slug})}",
    }
