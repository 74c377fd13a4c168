"""What a statement holds beside its text, in words, for those who edit it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from core.templatetags.components import when
from hubs import reference

if TYPE_CHECKING:
    from hubs.models import HubClaim

register = template.Library()


@register.filter
def values_in_words(claim: HubClaim) -> SafeString:
    """Number, dates, part, kind of actor, country and status; nothing for a mere text."""
    parts: list[object] = []
    if claim.has_number:
        parts.append(format_html("<bdi>{}</bdi>", number_in_words(claim)))
    if claim.starts and claim.ends:
        period = _("{beginning} to {end}")
        parts.append(format_html(period, beginning=when(claim.starts), end=when(claim.ends)))
    elif claim.starts:
        parts.append(when(claim.starts))
    elif claim.ends:
        parts.append(format_html(_("until {end}"), end=when(claim.ends)))
    if claim.role:
        parts.append(format_html('<bdi lang="en">{}</bdi>', claim.role))
    if claim.actor:
        parts.append(claim.get_actor_display())
    if claim.country:
        parts.append(reference.country_name(claim.country))
    if claim.status:
        parts.append(claim.get_status_display())
    return format_html_join(" · ", "{}", ((part,) for part in parts))


def number_in_words(claim: HubClaim) -> str:
    """The number with its qualifier and unit: "around 35 people", "35 to 40 percent"."""
    low, high = (_plain(value) for value in (claim.low, claim.high))
    if claim.is_exact:
        words = low
    elif low and high:
        words = _("%(low)s to %(high)s") % {"low": low, "high": high}
    elif low:
        words = _("at least %(number)s") % {"number": low}
    else:
        words = _("at most %(number)s") % {"number": high}
    topic = claim.about
    unit = _("percent") if topic and topic.shape == "share" else claim.unit
    qualifier = f"({claim.qualifier})" if claim.qualifier else ""
    return " ".join(part for part in (words, unit, qualifier) if part)


def _plain(number: Decimal | None) -> str:
    if number is None:
        return ""
    return str(number_format(f"{number.normalize():f}", force_grouping=True))
