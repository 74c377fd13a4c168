"""The community's pages: home, the theme of a month, a chapter, and their calendars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe
from django.views.generic import DetailView

from community.choices import INSTITUTIONAL
from community.journal import of_today, years_of
from community.models import Chapter, MonthlyTheme
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
#: So many events stand in a feed, the latest.
MOST = 500


def _seen(events: QuerySet[Event], request: HttpRequest) -> QuerySet[Event]:
    rows = events.filter(pk__in=Event.objects.visible_to(request.user))
    return rows.select_related("country").order_by("starts", "pk")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The theme of the month, what comes, the chapters, and the themes of all months."""
    today = timezone.localdate()
    themes = list(MonthlyTheme.objects.visible_to(request.user))
    coming = Event.objects.visible_to(request.user).filter(
        kind=EventKind.WEBINAR, starts__gte=today.isoformat()
    )
    context = {
        "theme": of_today(themes, today),
        "years": years_of(themes),
        "coming": coming.select_related("country").order_by("starts", "pk")[:COMING],
        "chapters": Chapter.objects.visible_to(request.user),
        "en": in_english(),
    }
    return render(request, "community/home.html", context)


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
            events=_seen(theme.events, self.request),
            en=in_english(),
            **kwargs,
        )


class ChapterView(DetailView):
    """One chapter: its region, who leads it, its meetings."""

    template_name = "community/chapter.html"
    context_object_name = "chapter"

    def get_queryset(self) -> QuerySet[Chapter]:
        return Chapter.objects.visible_to(self.request.user).select_related("reference", "lead_hub")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            languages=self.object.languages.all(),
            events=_seen(self.object.events, self.request),
            en=in_english(),
            **kwargs,
        )


@require_safe
def theme_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """The webinars and meetings of a theme, to subscribe to."""
    theme = get_object_or_404(MonthlyTheme.objects.visible_to(request.user), slug=slug)
    return _feed(request, theme.events.all(), theme)


@require_safe
def chapter_calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """The webinars and meetings of a chapter, to subscribe to."""
    chapter = get_object_or_404(Chapter.objects.visible_to(request.user), slug=slug)
    return _feed(request, chapter.events.all(), chapter)


def _feed(
    request: HttpRequest, events: QuerySet[Event], of: MonthlyTheme | Chapter
) -> HttpResponse:
    """The latest events of a part of the community, for programs that look again and again."""
    entries = calendars.entries_of(_seen(events, request).order_by("-starts", "pk")[:MOST])
    address = settings.PORTAL_URL + request.get_full_path()
    content = calendars.feed(entries, f"{settings.PORTAL_NAME}: {of}", address=address)
    return as_file(content, of.slug)
