"""What tests of participation need. Every name and text is made up."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from events.models import Event
from participation.models import Admission, Registration
from participation.operations import registering
from tests.events.factories import make_event, make_session
from tests.factories import make_user

if TYPE_CHECKING:
    from accounts.models import User


def make_webinar(
    begins: dt.datetime | None = None, minutes: int = 75, zone: str = "UTC", **values: Any
) -> Event:
    """A confirmed webinar with its one session; in a week, unless said otherwise."""
    moment = begins or timezone.now().replace(microsecond=0, second=0) + dt.timedelta(days=7)
    day = moment.date().isoformat()
    event = make_event(
        **{
            "kind": "webinar", "status": "confirmed", "starts": day, "ends": day, "zone": zone,
            "city": "",
        } | values
    )  # fmt: skip
    until = moment + dt.timedelta(minutes=minutes)
    make_session(
        event,
        day=moment.date(),
        wall_starts=moment.time(),
        wall_ends=until.time() if until.date() == moment.date() else dt.time(23, 59),
        zone=zone,
        kind="session",
        title=event.name,
        slug="webinar",
    )
    return event


def soon(minutes: int = 20) -> tuple[dt.datetime, str]:
    """A moment close ahead, on clocks that show about noon now, and their zone."""
    behind = timezone.now().hour - 12
    zone = f"Etc/GMT{behind:+d}" if behind else "UTC"
    now = timezone.now().astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
    return now + dt.timedelta(minutes=minutes), zone


def open_registration(event: Event, **values: Any) -> Admission:
    """Registration as organisers set it up, written at once."""
    admission, _created = Admission.objects.update_or_create(
        event=event, defaults={"is_open": True} | values
    )
    return admission


def come(event: Event, user: User | None = None, **told: Any) -> Registration:
    """Somebody registers, as they would on the page."""
    user = user or make_user()
    return registering.register(event, by=user, told={"name": str(user)} | told)
