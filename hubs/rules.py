"""Facts about people and hubs, as predicates."""

from __future__ import annotations

from typing import Any

import rules

from hubs.models import Hub, Membership, roles_of

Role = Membership.Role


def _hub_id(obj: Any) -> int | None:
    return obj.pk if isinstance(obj, Hub) else getattr(obj, "hub_id", None)


def _role(user: Any, obj: Any) -> str:
    hub_id = _hub_id(obj)
    return "" if hub_id is None else roles_of(user).get(hub_id, "")


@rules.predicate
def is_portal_moderator(user: Any) -> bool:
    return bool(user.is_authenticated and user.is_active and user.is_staff)


@rules.predicate
def is_focal_point(user: Any, obj: Any) -> bool:
    """Holds the hub's word: screens submissions, gives roles."""
    return _role(user, obj) == Role.FOCAL_POINT


@rules.predicate
def is_hub_editor(user: Any, obj: Any) -> bool:
    """May edit the hub's records."""
    return _role(user, obj) in {Role.FOCAL_POINT, Role.EDITOR}


@rules.predicate
def is_hub_member(user: Any, obj: Any) -> bool:
    return obj is not None and _hub_id(obj) in roles_of(user)


@rules.predicate
def hub_is_listed(user: Any, obj: Any) -> bool:
    return bool(obj is not None and obj.is_listed)


rules.add_perm("hubs.view_hub", hub_is_listed | is_portal_moderator | is_hub_member)
rules.add_perm("hubs.change_hub", is_portal_moderator | is_hub_editor)
rules.add_perm("hubs.manage_members", is_portal_moderator | is_focal_point)
