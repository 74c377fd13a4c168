"""The community's pages: home, the theme of a month, and calendars."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.generic import DetailView

from catalogue.models import Solution
from community.choices import INSTITUTIONAL
from community.journal import of_today, told, years_of
from community.models import Chapter, LibraryItem, MonthlyTheme, member_of
from community.people import seen_as
from events import calendars
from events.choices import EventKind
from events.models import Event
from events.presentation import in_english
from events.views.calendars import as_file

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

#: So many events to come stand on the community's page.
COMING = 5
#: So many chapters, and years of the journal on one page.
CHAPTERS, YEARS = 12, 3
#: So many events stand in a feed, the latest.
MOST = 500


def events_seen(events: QuerySet[Event], request: HttpRequest) -> QuerySet[Event]:
    rows = events.filter(pk__in=Event.objects.visible_to(request.user))
    return rows.select_related("country").order_by("starts", "pk")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The theme of the month, what is talked about, what comes, and the parts of the community."""
    today = timezone.localdate()
    seen = MonthlyTheme.objects.visible_to(request.user)
    # Whatever is open today began within a year: themes of old months are the journal's.
    since = (today - dt.timedelta(days=366)).strftime("%Y-%m")
    coming = Event.objects.visible_to(request.user).filter(
        kind=EventKind.WEBINAR, starts__gte=today.isoformat()
    )
    context = {
        "theme": of_today(seen.filter(month__gte=since), today),
        "coming": coming.select_related("country").order_by("starts", "pk")[:COMING],
        "chapters": Chapter.objects.visible_to(request.user)[:CHAPTERS],
        "joining": member_of(request.user) is None,
        "en": in_english(),
    }
    return render(request, "community/home.html", context)


@require_safe
def themes(request: HttpRequest) -> HttpResponse:
    """The journal: the months of one year, what was asked and what was concluded."""
    seen = MonthlyTheme.objects.visible_to(request.user)
    numbers = sorted({month[:4] for month in seen.values_list("month", flat=True)}, reverse=True)
    asked = request.GET.get("year", "")
    if asked and asked not in numbers:
        raise Http404
    # A short journal is read as a whole.
    shown = [asked] if asked else numbers if len(numbers) <= YEARS else numbers[:1]
    rows = [theme for theme in seen if theme.month[:4] in shown]
    context = {
        "years": years_of(rows),
        "told": told(rows),
        "numbers": numbers if len(numbers) > YEARS else [],
        "shown": shown,
        "en": in_english(),
    }
    return render(request, "community/themes.html", context)


class ThemeView(DetailView):
    """One month: its question, who facilitates it, its webinars, and the months around it."""

    template_name = "community/theme.html"
    context_object_name = "theme"

    def get_queryset(self) -> QuerySet[MonthlyTheme]:
        return MonthlyTheme.objects.visible_to(self.request.user).select_related("reference")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        theme: MonthlyTheme = self.object
        seen = MonthlyTheme.objects.visible_to(self.request.user)
        year = years_of(seen.filter(month__startswith=f"{theme.first_day.year}-"))[0]
        return super().get_context_data(
            season=theme.season(timezone.localdate()),
            is_institutional=theme.component in INSTITUTIONAL,
            months=year.months(theme.month),
            year=year,
            before=seen.filter(month__lt=theme.month).order_by("-month", "-pk").first(),
            after=seen.filter(month__gt=theme.month).order_by("month", "pk").first(),
            questions=theme.questions.all(),
            facilitators=theme.facilitators.select_related("country"),
            stewards=[
                seen_as(user, self.request.user)
                for user in theme.stewards.filter(is_active=True).select_related(
                    "profile", "member"
                )
            ],
            events=events_seen(theme.events, self.request),
            solutions=theme.solutions.filter(pk__in=Solution.objects.public()).select_related(
                "public_version"
            ),
            resources=LibraryItem.objects.visible_to(self.request.user)
            .filter(theme=theme)
            .select_related("reference"),
            en=in_english(),
            **kwargs,
        )


@require_safe
def theme_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """The webinars and meetings of a theme, to subscribe to."""
    theme = get_object_or_404(MonthlyTheme.objects.visible_to(request.user), slug=slug)
    return calendar_of(request, theme.events.all(), theme)


def calendar_of(
    request: HttpRequest, events: QuerySet[Event], of: MonthlyTheme | Chapter
) -> HttpResponse:
    """The latest events of a part of the community, for programs that look again and again."""
    entries = calendars.entries_of(events_seen(events, request).order_by("-starts", "pk")[:MOST])
    address = settings.PORTAL_URL + request.get_full_path()
    content = calendars.feed(entries, f"{settings.PORTAL_NAME}: {of}", address=address)
    return as_file(content, of.slug)
