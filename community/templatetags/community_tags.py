"""The community on pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from django import template
from django.utils.dates import MONTHS
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from community.journal import Told
from community.models import Chapter, MonthlyTheme

if TYPE_CHECKING:
    from events.models import Event

register = template.Library()


@register.simple_tag
def month_strip(months: Iterable[tuple[int, bool, bool]], year: int) -> SafeString:
    """A year as twelve letters: months that had a theme stand out, the present one most."""
    rows = list(months)
    named = ", ".join(str(MONTHS[number]) for number, had, _now in rows if had)
    label = _("Themes in %(year)d: %(months)s") % {"year": year, "months": named}
    cells = format_html_join(
        "",
        "<span{}>{}</span>",
        (
            (
                format_html(' class="{}"', "now" if now else "has") if now or had else "",
                date_format(dt.date(year, number, 1), "M")[:1],
            )
            for number, had, now in rows
        ),
    )
    return format_html('<p class="months" role="img" aria-label="{}">{}</p>', label, cells)


@register.simple_tag(takes_context=True)
def themes_of(context: template.Context, event: Event) -> list[MonthlyTheme]:
    """The themes of months an event belongs to. One query."""
    seen = MonthlyTheme.objects.visible_to(context["request"].user)
    return list(seen.filter(events=event).order_by("-month", "pk"))


@register.simple_tag(takes_context=True)
def chapters_of(context: template.Context, event: Event) -> list[Chapter]:
    """The chapters an event belongs to, of those the reader may enter. One query."""
    return list(Chapter.objects.open_to(context["request"].user).filter(events=event))


@register.filter
def told_of(told: Mapping[int, Told], theme: MonthlyTheme) -> Told | None:
    """What the journal tells of one month."""
    return told.get(theme.pk)
