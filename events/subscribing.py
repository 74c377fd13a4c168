"""Feeds of events: which events are in one, what it is called and where it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Length
from django.urls import reverse
from django.utils.translation import gettext as _

from events.calendars import DAY
from events.choices import EventKind
from events.models import Event

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

    from accounts.models import User

#: A feed holds so many entries: what comes, then what was held last.
MOST = 500
#: Words are looked for in these.
LOOKED_IN = ("name", "short", "theme", "summary", "city")


def events_for(
    user: User | AnonymousUser, chosen: Mapping[str, Any] | None = None
) -> QuerySet[Event]:
    """The events whose day is known and which fit what was chosen, the latest first."""
    chosen = chosen or {}
    events = Event.objects.visible_to(user).annotate(known=Length("starts")).filter(known=DAY)
    for name in ("kind", "series", "hub", "country"):
        if chosen.get(name):
            events = events.filter(**{name: chosen[name]})
    for word in chosen.get("q", "").split():
        anywhere = Q()
        for column in LOOKED_IN:
            anywhere |= Q(**{f"{column}__icontains": word})
        events = events.filter(anywhere)
    return events.order_by("-starts", "pk")


def name_of(chosen: Mapping[str, Any]) -> str:
    """What a calendar program calls the feed."""
    parts = [
        str(EventKind(chosen["kind"]).label) if chosen.get("kind") else "",
        str(chosen.get("series") or ""),
        str(chosen.get("hub") or ""),
        str(chosen["country"].name) if chosen.get("country") else "",
        _("“%(words)s”") % {"words": chosen["q"]} if chosen.get("q") else "",
    ]
    what = ", ".join(part for part in parts if part) or _("Events")
    return f"{settings.PORTAL_NAME}: {what}"


def address_of(chosen: Mapping[str, Any]) -> str:
    """The whole address of a feed, the same for the same choice."""
    values = {
        "kind": chosen.get("kind") or "",
        "series": chosen["series"].slug if chosen.get("series") else "",
        "hub": chosen["hub"].slug if chosen.get("hub") else "",
        "country": chosen["country"].pk if chosen.get("country") else "",
        "q": chosen.get("q") or "",
    }
    query = urlencode({name: value for name, value in values.items() if value})
    return settings.PORTAL_URL + reverse("events:feed") + (f"?{query}" if query else "")


def webcal(address: str) -> str:
    """The same address as a link that opens the reader's own calendar program."""
    return urlunsplit(("webcal", *urlsplit(address)[1:]))
