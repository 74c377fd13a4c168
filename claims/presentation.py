"""What a claim says, in words: figures with their qualifiers, dates as far as they are known."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.formats import number_format
from django.utils.html import format_html, strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from claims.models import Claim
from claims.topics import Shape
from core.templatetags.components import when

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Qualifiers of sources that have a form in every language; others are shown as written.
QUALIFIED: Mapping[str, Any] = {
    "at least": gettext_lazy("at least %(n)s"),
    "more than": gettext_lazy("more than %(n)s"),
    "over": gettext_lazy("over %(n)s"),
    "around": gettext_lazy("around %(n)s"),
    "about": gettext_lazy("about %(n)s"),
    "almost": gettext_lazy("almost %(n)s"),
    "all": gettext_lazy("all %(n)s"),
    "up to": gettext_lazy("up to %(n)s"),
}
#: What figures count, where we know the word; other units are shown as written.
COUNTED: Mapping[str, Any] = {
    "people": ngettext_lazy("%(n)s person", "%(n)s people", "count"),
    "institutions": ngettext_lazy("%(n)s institution", "%(n)s institutions", "count"),
    "ministries": ngettext_lazy("%(n)s ministry", "%(n)s ministries", "count"),
    "statutory boards": ngettext_lazy("%(n)s statutory board", "%(n)s statutory boards", "count"),
    "countries": ngettext_lazy("%(n)s country", "%(n)s countries", "count"),
    "projects": ngettext_lazy("%(n)s project", "%(n)s projects", "count"),
    "activities": ngettext_lazy("%(n)s activity", "%(n)s activities", "count"),
    "best practices": ngettext_lazy("%(n)s best practice", "%(n)s best practices", "count"),
    "resource centres": ngettext_lazy("%(n)s resource centre", "%(n)s resource centres", "count"),
    "sessions": ngettext_lazy("%(n)s session", "%(n)s sessions", "count"),
    "days": ngettext_lazy("%(n)s day", "%(n)s days", "count"),
    "percent": ngettext_lazy("%(n)s percent", "%(n)s percent", "count"),
}
#: How long a partial date is that is known to the month, and to the day.
MONTH, DAY = len("2012-07"), len("2012-07-10")
CURRENCY = re.compile(r"[A-Z]{3}")


def number(value: Decimal) -> str:
    """A number in the form of the page's language, without needless zeros."""
    plain = value.normalize()
    digits = max(-int(plain.as_tuple().exponent), 0)
    return number_format(plain, decimal_pos=digits, force_grouping=abs(plain) >= 10000)


def amount(claim: Claim) -> str:
    """The number alone: "39", "at least 39", "around 200", "15–20", "up to 40"; "" for none."""
    low, high = claim.low, claim.high
    if low is None and high is None:
        return ""
    if low is not None and high is not None:
        plain = number(low) if low == high else f"{number(low)}–{number(high)}"
        return _qualified(claim.qualifier, plain)
    if low is not None:
        return _qualified(claim.qualifier or "at least", number(low))
    return _qualified(claim.qualifier or "up to", number(high or Decimal(0)))


def _qualified(qualifier: str, plain: str) -> str:
    if not qualifier:
        return plain
    known = QUALIFIED.get(qualifier.strip().lower())
    return str(known) % {"n": plain} if known else f"{qualifier} {plain}"


def figure(claim: Claim) -> str:
    """The number with what it counts: "at least 39 institutions", "40%", "USD 26,000,000"."""
    plain = amount(claim)
    if not plain:
        return ""
    topic = claim.about
    if topic is not None and topic.shape == Shape.SHARE:
        return _("%(n)s%%") % {"n": plain}
    unit = claim.unit
    if not unit:
        return plain
    if CURRENCY.fullmatch(unit):
        return _("%(currency)s %(n)s") % {"currency": unit, "n": plain}
    if unit in COUNTED:
        value = claim.high if claim.high is not None else claim.low
        count = int(value) if value is not None and value == int(value) else 2
        return str(COUNTED[unit] % {"count": count, "n": plain})
    return f"{plain} {unit}"


def period(claim: Claim) -> SafeString | str:
    """The date or period claimed, as far as it is known; "" for none. A figure that has only the
    beginning of its period holds since then."""
    if claim.starts and claim.ends and claim.starts != claim.ends:
        return _from_to(claim.starts, claim.ends)
    if not claim.starts and not claim.ends:
        return ""
    topic = claim.about
    if topic is None or topic.shape == Shape.DATE or claim.starts == claim.ends:
        return when(claim.starts or claim.ends)
    if claim.starts:
        return format_html(_("since {date}"), date=when(claim.starts))
    return format_html(_("until {date}"), date=when(claim.ends))


def _from_to(starts: str, ends: str) -> SafeString:
    """A period; within one month its days stand together where the language writes the day
    first: "10–12 July 2012"."""
    last = when(ends)
    if len(starts) == len(ends) == DAY and starts[:MONTH] == ends[:MONTH]:
        day = str(int(ends[MONTH + 1 :]))
        if strip_tags(last).startswith(day):
            first = int(starts[MONTH + 1 :])
            return format_html('<time datetime="{}">{}</time>–{}', starts, first, last)
    return format_html("{}–{}", when(starts), last)


def is_said_by_date(claim: Claim) -> bool:
    """Whether the date the claim holds for adds something to what it says."""
    return bool(claim.as_of) and claim.as_of not in (claim.starts, claim.ends)
