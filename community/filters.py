"""What the directory of members can be asked for."""

from __future__ import annotations

import django_filters as filters
from django.utils.translation import gettext_lazy as _

from core.facets import FacetFilter, ValuesFilter


class MemberFilter(FacetFilter):
    """The declaration order is the canonical one."""

    plain_sort = "name"

    q = filters.CharFilter(label=_("Words"))
    country = ValuesFilter(label=_("Country"))
    kind = ValuesFilter(label=_("Kind of organisation"))
    language = ValuesFilter(label=_("Language"))
    chapter = ValuesFilter(label=_("Chapter"))
    sort = filters.ChoiceFilter(
        label=_("Sort by"), choices=[("name", _("Name")), ("newest", _("Newest first"))]
    )

    @property
    def default_sort(self) -> str:
        return self.plain_sort
