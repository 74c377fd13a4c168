"""The link by which people save the search they see, on the page of whatever list it is."""

from __future__ import annotations

from typing import Any

from django import template
from django.urls import reverse

from core.facets import FacetedList
from notifications.searchable import SEARCHABLE

register = template.Library()


@register.inclusion_tag("notifications/_save_search.html")
def save_search(answer: FacetedList) -> dict[str, Any]:
    """``{% save_search list %}``: nothing while nothing was asked for, or where searches of such
    a list are not kept. No query. Who is not signed in signs in first, and comes back to it."""
    if answer.kind not in SEARCHABLE or answer.is_whole or answer.query.wordless:
        return {"url": ""}
    parameters = answer.filters.parameters(sort="")
    url = reverse("notifications:search-save", args=[answer.kind])
    return {"url": f"{url}?{parameters.urlencode()}"}
