"""Facts about people and events, as predicates."""

from __future__ import annotations

from typing import Any

import rules

from events.models import Event, PersonClaim
from hubs.rules import edits_some_hub, is_hub_editor, is_portal_moderator


def _event(obj: Any) -> Event | None:
    return obj if isinstance(obj, Event) else getattr(obj, "event", None)


@rules.predicate
def event_is_public(user: Any, obj: Any) -> bool:
    event = _event(obj)
    return event is not None and event.is_public


@rules.predicate
def edits_the_events_hub(user: Any, obj: Any) -> bool:
    """Is an editor or focal point of the hub that keeps the event's record."""
    return is_hub_editor(user, _event(obj))


@rules.predicate
def asked_it(user: Any, obj: Any) -> bool:
    """The request to be seen as a person of the record is this member's own."""
    return isinstance(obj, PersonClaim) and obj.user_id == user.pk


rules.add_perm("events.view_event", event_is_public | is_portal_moderator | edits_the_events_hub)
rules.add_perm("events.change_event", is_portal_moderator | edits_the_events_hub)
rules.add_perm("events.add_event", is_portal_moderator | edits_some_hub)
rules.add_perm("events.decide_person_claim", is_portal_moderator)
rules.add_perm("events.withdraw_person_claim", asked_it)
