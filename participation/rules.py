"""Facts about people and participation, as predicates."""

from __future__ import annotations

from typing import Any

import rules

from events.rules import edits_the_events_hub, event_is_public
from hubs.rules import is_portal_moderator
from participation.models import Question, Registration


@rules.predicate
def is_own_registration(user: Any, obj: Any) -> bool:
    return isinstance(obj, Registration) and obj.user_id is not None and obj.user_id == user.pk


@rules.predicate
def is_own_question(user: Any, obj: Any) -> bool:
    return isinstance(obj, Question) and obj.asked_by_id is not None and obj.asked_by_id == user.pk


#: Whoever keeps an event's record organises it.
rules.add_perm("participation.organise", is_portal_moderator | edits_the_events_hub)
rules.add_perm("participation.own_registration", is_own_registration)
rules.add_perm("participation.take_question_back", is_own_question)
#: Only the portal gives places, in the order of the line.
rules.add_perm("participation.give_place", rules.always_deny)
rules.add_perm("participation.register", event_is_public & rules.is_active)
