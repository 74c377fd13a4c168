"""All events by year, and the series they belong to."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.generic import DetailView, ListView

from events import calendars
from events.choices import EventKind
from events.models import Event, Series
from events.presentation import in_english

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from django.db.models import QuerySet

PER_PAGE = 50


def in_groups(events: Iterable[Event], today: dt.date) -> list[tuple[str, list[Event]]]:
    """Events under the headings of the list: what is coming, each year back, and no date."""
    groups: dict[str, list[Event]] = {}
    for event in events:
        coming = event.is_ahead_of(today)
        heading = _("Coming") if coming else event.starts[:4] or _("Date not stated")
        groups.setdefault(heading, []).append(event)
    return list(groups.items())


def in_order(events: Iterable[Event], today: dt.date) -> list[Event]:
    """What comes next first, then what is over, the latest first; what has no date last."""
    rows = list(events)
    coming = [event for event in rows if event.is_ahead_of(today)]
    over = [event for event in rows if not event.is_ahead_of(today)]
    coming.sort(key=lambda event: (event.starts, event.name))
    over.sort(key=lambda event: event.name)
    over.sort(key=lambda event: event.starts, reverse=True)
    return coming + over


class EventList(ListView):
    """Every event of any kind: tabs by kind, upcoming first, then by year."""

    template_name = "events/event_list.html"

    def get_queryset(self) -> QuerySet[Event]:
        return Event.objects.visible_to(self.request.user).select_related("country", "series")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = timezone.localdate()
        everything = list(self.object_list)
        kinds = Counter(event.kind for event in everything)
        kind = self.request.GET.get("kind", "")
        kind = kind if kind in kinds else ""
        chosen = [event for event in everything if not kind or event.kind == kind]
        page = Paginator(in_order(chosen, today), PER_PAGE).get_page(self.request.GET.get("page"))
        return super().get_context_data(
            tabs=self._tabs(kinds, kind),
            groups=in_groups(page, today),
            page_obj=page,
            all_series=Series.objects.filter(events__in=self.object_list).distinct(),
            processes=Series.objects.filter(events=None).select_related("reference"),
            en=in_english(),
            **kwargs,
        )

    def _tabs(self, kinds: Counter[str], kind: str) -> list[tuple[str, str, bool, int]]:
        here = reverse("events:events")
        return [
            (_("All"), here, not kind, kinds.total()),
            *(
                (str(label), f"{here}?kind={code}", code == kind, kinds[code])
                for code, label in EventKind.choices
                if kinds[code]
            ),
        ]


class SeriesView(DetailView):
    """The editions of a series, and what it was called from which of them on."""

    template_name = "events/series.html"
    context_object_name = "series"

    def get_queryset(self) -> QuerySet[Series]:
        """A series all of whose events are hidden is not found."""
        seen = Event.objects.visible_to(self.request.user)
        return (
            Series.objects.filter(Q(events=None) | Q(events__in=seen))
            .distinct()
            .select_related("reference")
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        events = list(
            Event.objects.visible_to(self.request.user)
            .filter(series=self.object)
            .select_related("country")
        )
        return super().get_context_data(
            names=list(self.object.names.select_related("reference")),
            has_calendar=any(calendars.has_days(event) for event in events),
            editions=sorted(
                events, key=lambda event: (event.edition or 10**6, event.starts, event.pk)
            ),
            en=in_english(),
            **kwargs,
        )
