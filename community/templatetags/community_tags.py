"""The community on pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django import template
from django.utils.dates import MONTHS
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

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
