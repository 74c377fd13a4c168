"""What events ask of a person: to decide about registrations, and to join what is on today.

One query each, whatever their number.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Max, Min, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import waiting
from core.templatetags.components import when
from events.choices import EventStatus
from events.models import Event
from hubs.models import Membership, roles_of
from participation.models import Registration
from participation.timing import USUAL_LENGTH

#: Of one kind, as many are listed.
MOST = 10
State = Registration.State


@waiting.source("participation-approving", of_records=False)
def to_approve(user: Any) -> Iterable[waiting.Item]:
    """Registrations that wait for a decision: one item for each event. Portal moderators are
    asked where no hub keeps the record."""
    desks = [hub for hub, role in roles_of(user).items() if role in Membership.DESK]
    if not desks and not user.is_staff:
        return
    own = Q(hub__in=desks)
    kept = Event.objects.filter(own | Q(hub=None) if user.is_staff else own)
    asked = Q(registrations__state=State.ASKED)
    events = kept.exclude(status__in=(EventStatus.CANCELLED, EventStatus.HELD)).annotate(
        asked=Count("registrations", filter=asked),
        since=Min("registrations__registered_at", filter=asked),
    )
    today = timezone.localdate()
    open_events = [
        event
        for event in events.filter(asked__gt=0).order_by("since", "pk")
        if not event.starts or event.is_ahead_of(today)
    ]
    for event in open_events[:MOST]:
        yield waiting.Item(
            title=_("Decide about registrations: %(event)s") % {"event": event},
            detail=ngettext(
                "%(n)d person waits for an answer.", "%(n)d people wait for an answer.", event.asked
            )
            % {"n": event.asked},
            verb=_("Decide"),
            url=f"{reverse('participation:organise', args=[event.slug])}?state={State.ASKED}",
            since=event.since,
        )


@waiting.source("participation-today", of_records=False)
def on_today(user: Any) -> Iterable[waiting.Item]:
    """Webinars and other events joined from afar that begin today in the reader's zone, or are
    on, where this person has a place."""
    now = timezone.now()
    night = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow = night + dt.timedelta(days=1)
    mine = Registration.objects.placed().filter(
        Q(event__kind="webinar") | ~Q(event__admission__join_url=""), user=user
    )
    mine = mine.filter(event__in=Event.objects.visible_to(user))
    mine = mine.exclude(event__status=EventStatus.CANCELLED).annotate(
        begins=Min("event__sessions__starts_at"),
        last=Max("event__sessions__starts_at"),
        ends=Max("event__sessions__ends_at"),
    )
    rows = mine.filter(begins__lt=tomorrow, last__gte=now - dt.timedelta(days=1))
    for row in rows.select_related("event").order_by("begins", "pk")[:MOST]:
        ends = row.ends if row.ends and row.ends > row.last else row.last + USUAL_LENGTH
        if ends <= now:
            continue
        begun = row.begins <= now
        yield waiting.Item(
            title=_("Join: %(event)s") % {"event": row.event},
            detail=format_html(
                _("It is on, since {moment}.") if begun else _("It begins at {moment}."),
                moment=when(row.begins),
            ),
            verb=_("Join"),
            url=reverse("participation:join", args=[row.event.slug]),
            since=row.placed_at or row.registered_at,
            due=ends if begun else row.begins,
        )
