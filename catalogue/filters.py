"""The parameters of the catalogue's list: their names, and the orders it can have."""

from __future__ import annotations

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from core.facets import FacetFilter, ValuesFilter


class SolutionFilter(FacetFilter):
    """Everything the list can be asked for. The declaration order is the canonical one."""

    plain_sort = "label"

    q = filters.CharFilter(label=_("Words"))
    label = ValuesFilter(label=_("Mark"))
    sector = ValuesFilter(label=_("Sector"))
    region = ValuesFilter(label=_("Region"))
    country = ValuesFilter(label=_("Country"))
    sdg = ValuesFilter(label=_("Goal"))
    kind = ValuesFilter(label=_("Kind"))
    stage = ValuesFilter(label=_("Stage"))
    language = ValuesFilter(label=_("Language"))
    hub = ValuesFilter(label=_("Hub"))
    tag = ValuesFilter(label=_("Tag"))
    year = ValuesFilter(label=_("Published"))
    started = ValuesFilter(label=_("Started"))
    sort = filters.ChoiceFilter(
        label=_("Sort by"),
        choices=[
            ("relevance", _("Best match")),
            ("label", _("Most thoroughly checked")),
            ("newest", _("Newest")),
            ("adopted", _("Most adopted")),
            ("title", _("Title")),
        ],
    )
