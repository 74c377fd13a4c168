"""What only pages about events print: spans of days, hours, where a promise stands."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.db.models import Exists, OuterRef, Q
from django.utils.formats import date_format, number_format, time_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from core.templatetags.components import status, when
from events.models import Commitment, Contribution, Event, Party, Session
from events.tracker import LIGHTS, ORDER, Bar
from hubs.around import may_have, tells

register = template.Library()

DAY = len("2012-07-10")
#: As many events as a hub's own page lists.
MOST_OF_HUB = 10


tells(
    "events",
    lambda: (
        Exists(Event.hubs_shown.through._default_manager.filter(hub=OuterRef("pk")))
        | Exists(Party.objects.filter(hub=OuterRef("pk")))
        | Exists(Event.objects.filter(hub=OuterRef("pk")))
    ),
)


@register.simple_tag(takes_context=True)
def events_of_hub(context: template.Context, hub: Any) -> list[Event]:
    """The events a hub presented at, held or keeps the record of, the latest first. One query at
    most."""
    if not may_have(hub, "events"):
        return []
    part = Q(hubs_shown=hub) | Q(parties__hub=hub) | Q(hub=hub)
    events = Event.objects.visible_to(context["request"].user).filter(part).distinct()
    return list(events.order_by("-starts", "pk")[:MOST_OF_HUB])


@register.simple_tag
def span(starts: str, ends: str = "") -> SafeString:
    """From one day to another, as short as the language allows: "10–12 July 2012"."""
    if not ends or ends == starts:
        return when(starts)
    english = (get_language() or "en").startswith("en")
    if english and len(starts) == len(ends) == DAY and starts[:7] == ends[:7]:
        first = int(starts[8:])
        last = dt.date.fromisoformat(ends)
        return format_html(
            '<span class="nowrap"><time datetime="{}">{}</time>–'
            '<time datetime="{}">{}</time></span>',
            starts, first, ends, date_format(last, "j F Y"),
        )  # fmt: skip
    return format_html("{} – {}", when(starts), when(ends))


@register.simple_tag
def hours(session: Session) -> SafeString:
    """The hours of a session as the clocks of its place showed them; nothing if not stated."""
    if session.wall_starts is None:
        return SafeString("")
    first = time_format(session.wall_starts, "H:i")
    last = time_format(session.wall_ends, "H:i") if session.wall_ends else ""
    machine = session.starts_at.isoformat() if session.starts_at else first
    return format_html(
        '<time class="nowrap" datetime="{}">{}</time>',
        machine,
        f"{first}–{last}" if last else first,
    )


@register.simple_tag
def standing(commitment: Commitment) -> SafeString:
    """Where a commitment stands: a mark and its words, and whether its date is over."""
    stands = commitment.standing
    mark = status(LIGHTS[stands], str(stands.label))
    if commitment.is_overdue:
        return format_html("{} {}", mark, status("miss", gettext("Overdue")))
    return mark


@register.simple_tag
def light(code: str, label: str) -> SafeString:
    """The mark of one standing, for keys and columns."""
    return status(LIGHTS[code], label)  # type: ignore[index]


@register.filter
def where(event: Event) -> str:
    """Place of an event in one line; empty if no source gives one."""
    country = event.country.name if event.country else ""
    return ", ".join(part for part in (event.city, country) if part)


@register.simple_tag
def number_claimed(claim: Any) -> str:
    """The number of a claim for a large figure, with a sign where it is only a bound."""
    value = claim.low if claim.low is not None else claim.high
    text = number_format(value.normalize(), force_grouping=True)
    if claim.low is not None and claim.high is None:
        return f"{text}+"
    if claim.low is None:
        return f"≤ {text}"
    if claim.is_exact:
        return text
    return f"{text}–{number_format(claim.high.normalize(), force_grouping=True)}"


@register.simple_tag
def weekday(day: dt.date) -> SafeString:
    """A day with its name, for programmes: "Tuesday 15 April 2014"."""
    return format_html("{} {}", date_format(day, "l"), when(day))


@register.simple_tag
def utc_hours(session: Session) -> SafeString:
    """The instants of a session in universal time, with the day if it is another one there."""
    if session.starts_at is None:
        return SafeString("")
    first = session.starts_at.astimezone(dt.UTC)
    text = f"{first:%H:%M}"
    if session.ends_at is not None:
        text += f"–{session.ends_at.astimezone(dt.UTC):%H:%M}"
    if first.date() == session.day:
        return format_html('<time datetime="{}">{} UTC</time>', first.isoformat(), text)
    return format_html(
        '<time datetime="{}">{} UTC</time>, {}', first.isoformat(), text, when(first.date())
    )


@register.simple_tag
def contributed_on(row: Contribution) -> SafeString:
    """When a contribution was made, as precisely as is known."""
    if row.happened_on:
        return when(row.happened_on)
    if row.session is not None and row.session.day is not None:
        return when(row.session.day)
    if row.event is not None and row.event.starts:
        return when(row.event.starts)
    return format_html("{}", gettext("No date"))


@register.simple_tag
def progress_bar(bar: Bar) -> SafeString:
    """One bar of the plot: a part for each standing, in the order of the key."""
    parts, done = [], 0
    for code, count in zip(ORDER, bar.cells, strict=True):
        if count:
            parts.append(
                (f"{100 * done / bar.total:.2f}%", f"{100 * count / bar.total:.2f}%", code)
            )
            done += count
    return format_html(
        '<svg class="flip" aria-hidden="true">{}</svg>',
        format_html_join("", '<rect class="b-{2}" x="{0}" width="{1}" height="100%"/>', parts),
    )


@register.simple_tag
def swatch(code: str) -> SafeString:
    """The colour of one standing in the plot."""
    return format_html(
        '<svg aria-hidden="true"><rect class="b-{}" width="100%" height="100%"/></svg>', code
    )
