"""The directory of hubs and the page of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.generic import DetailView, ListView

from core.templatetags.components import with_query
from hubs import directory, reference
from hubs.filters import HubFilter
from hubs.models import Hub, Sector
from hubs.profile import Profile, Reference, profile_of

if TYPE_CHECKING:
    from django.db.models import QuerySet

PER_PAGE = 100


class HubList(ListView):
    """All hubs by country: tabs by kind, filters, a map, and the same as a table."""

    template_name = "hubs/hub_list.html"

    def get_queryset(self) -> QuerySet[Hub]:
        return Hub.objects.visible_to(self.request.user).prefetch_related("sectors")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        everything = list(self.object_list)
        filters = HubFilter(self.request.GET, queryset=Hub.objects.visible_to(self.request.user))
        chosen = filters.chosen
        if set(chosen) - {"kind"}:
            fitting = set(filters.without("kind").values_list("pk", flat=True))
            of_any_kind = [hub for hub in everything if hub.pk in fitting]
        else:
            of_any_kind = everything
        kind = chosen.get("kind")
        shown = [hub for hub in of_any_kind if not kind or hub.kind == kind]
        shown.sort(key=_by_country)
        page = Paginator(shown, PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            filters=filters,
            chosen=chosen,
            unknown=filters.unknown,
            chips=self._chips(filters),
            tabs=self._tabs(of_any_kind, kind),
            page_obj=page,
            rows=[(hub, reference.country_name(hub.country_id or "")) for hub in page],
            shown=len(shown),
            total=len(everything),
            in_words=directory.in_words(everything),
            points=directory.points(shown),
            sector_options=_used(
                filters.form.fields["sector"].choices,
                {sector.pk for hub in everything for sector in hub.sectors.all()},
                chosen.get("sector"),
            ),
            country_options=_used(
                filters.form.fields["country"].choices,
                {hub.country_id for hub in everything},
                chosen.get("country"),
            ),
            **kwargs,
        )

    def _tabs(self, hubs: list[Hub], kind: str | None) -> list[tuple[Any, ...]]:
        counts = directory.kinds(hubs)
        tabs: list[tuple[Any, ...]] = [
            (_("All"), self._address(kind=None), not kind, len(hubs)),
        ]
        for code, label in Hub.Kind.choices:
            if counts[code] or code == kind:
                tabs.append((label, self._address(kind=code), code == kind, counts[code]))
        return tabs

    def _chips(self, filters: HubFilter) -> list[tuple[str, str, str]]:
        named: dict[str, Callable[[str], str]] = {
            "q": str,
            "sector": reference.sector_name,
            "country": reference.country_name,
        }
        return [
            (
                str(filters.filters[name].label),
                name_of(filters.chosen[name]),
                self._address(**{name: None}),
            )
            for name, name_of in named.items()
            if name in filters.chosen
        ]

    def _address(self, **changes: Any) -> str:
        query = with_query(self.request.GET, page=None, **changes)
        return reverse("hubs:hubs") + ("" if query == "?" else query)


def _by_country(hub: Hub) -> tuple[bool, str, str]:
    """Hubs of one country stand together; those of none come last."""
    return (not hub.country_id, reference.country_name(hub.country_id or ""), hub.name)


def _used(choices: Any, used: set[Any], chosen: Any) -> list[tuple[str, str]]:
    """The choices that some hub has, and the one in force."""
    return [
        (code, str(label)) for code, label in choices if code in used or (code and code == chosen)
    ]


class HubView(DetailView):
    """What is stated about one hub, each statement with its source."""

    template_name = "hubs/hub_detail.html"
    context_object_name = "hub"

    def get_queryset(self) -> QuerySet[Hub]:
        return Hub.objects.visible_to(self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        hub: Hub = self.object
        profile = profile_of(hub)
        sectors = list(hub.sectors.all())
        return super().get_context_data(
            profile=profile,
            sectors=sectors,
            place=reference.country_name(hub.country_id) if hub.country_id else "",
            facts=_facts(hub, profile, sectors),
            foreign=not (get_language() or "en").startswith("en"),
            **kwargs,
        )


def _facts(hub: Hub, profile: Profile, sectors: list[Sector]) -> list[tuple[str, Any]]:
    """The table beside the name: label and value, each value with its source."""
    listed = reverse("hubs:hubs")

    def cited(name: str, *values: Any) -> list[SafeString]:
        source = profile.basics[name]
        shown = [value for value in values if value]
        mark = citation_mark(source) if source else ""
        last = len(shown) - 1
        return [format_html("{}{}", v, mark if i == last else "") for i, v in enumerate(shown)]

    country = hub.country_id and format_html(
        '<a href="{}?country={}">{}</a>',
        listed,
        hub.country_id,
        reference.country_name(hub.country_id),
    )
    began = hub.founded or (
        format_html('<a href="#start">{}</a>', _("As its sources say"))
        if any(fact.get("topic") == "founded" for fact in hub.facts)
        else ""
    )
    rows = [
        (_("Short name"), cited("acronym", hub.acronym)),
        (_("Also called"), cited("other_names", *hub.other_names)),
        (_("Kind"), cited("kind", hub.get_kind_display())),
        (_("Country"), cited("country", country)),
        (_("Hosted at"), cited("host", hub.host)),
        (_("Founded"), cited("founded", began)),
        (
            _("Sectors"),
            cited(
                "sectors",
                *(
                    format_html('<a href="{}?sector={}">{}</a>', listed, s.pk, s.name)
                    for s in sectors
                ),
            ),
        ),
    ]
    if not hub.other_names:
        del rows[1]
    return rows


def citation_mark(source: Reference) -> SafeString:
    """The asterisk that says where a statement comes from, as a link to the source."""
    return format_html(
        ' <a class="cite" href="#source-{0}"><span class="vh">{1} </span>*{0}</a>',
        source.number,
        _("Source"),
    )
