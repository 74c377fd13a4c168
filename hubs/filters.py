"""The parameters of the hub directory: their names, and the orders it can have."""

from __future__ import annotations

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from core.facets import FacetFilter, ValuesFilter


class HubFilter(FacetFilter):
    """Everything the directory can be asked for. The declaration order is the canonical one."""

    plain_sort = "country"

    q = filters.CharFilter(label=_("Words"))
    kind = ValuesFilter(label=_("Kind"))
    sector = ValuesFilter(label=_("Sector"))
    region = ValuesFilter(label=_("Region"))
    country = ValuesFilter(label=_("Country"))
    model = ValuesFilter(label=_("Organisational model"))
    function = ValuesFilter(label=_("What it does"))
    modality = ValuesFilter(label=_("Ways to exchange"))
    language = ValuesFilter(label=_("Language"))
    stage = ValuesFilter(label=_("Hub or pilot"))
    sort = filters.ChoiceFilter(
        label=_("Sort by"),
        choices=[
            ("relevance", _("Best match")),
            ("country", _("Country")),
            ("title", _("Name")),
            ("oldest", _("Founded, oldest first")),
            ("youngest", _("Founded, newest first")),
            ("confirmed", _("Last confirmed")),
        ],
    )
