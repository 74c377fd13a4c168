"""Regions and countries as one group of facets, for any list whose records lie somewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from core.facets import Branch, Group
from core.text import fold
from hubs import reference

if TYPE_CHECKING:
    from core.facets import FacetedList, Option


def places(answer: FacetedList) -> Group:
    """Continents, each with its countries; a smaller region only where it is chosen."""
    table, chosen = reference.countries(), answer.filters.selected.get("region", ())
    continents = {row.region_id for row in table.values() if row.region_id}
    inside: dict[str | None, list[Option]] = {}
    for code in answer.values("country"):
        if code in table:
            inside.setdefault(table[code].region_id, []).append(answer.option("country", code))
    branches = []
    for code in sorted(answer.values("region"), key=reference.region_name):
        if code in continents or code in chosen:
            countries = sorted(inside.get(code, []), key=lambda option: fold(option.label))
            branches.append(
                Branch(
                    answer.option("region", code),
                    [option for option in countries if option.checked],
                    [option for option in countries if not option.checked],
                )
            )
    return Group("place", _("Region and country"), tree=branches)
