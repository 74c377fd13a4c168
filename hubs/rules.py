"""Facts about people and hubs, as predicates."""

from __future__ import annotations

from typing import Any

import rules

from hubs.models import Hub, HubInvitation, Membership, roles_of

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


@rules.predicate
def edits_some_hub(user: Any) -> bool:
    return any(role in Membership.DESK for role in roles_of(user).values())


@rules.predicate
def is_invited(user: Any, obj: Any) -> bool:
    """The invitation went to this person's address."""
    return bool(
        isinstance(obj, HubInvitation)
        and user.is_authenticated
        and user.is_active
        and obj.email.lower() == user.email.lower()
    )


@rules.predicate
def still_stands(user: Any, obj: Any) -> bool:
    """The hub did not become part of another."""
    return not (isinstance(obj, Hub) and obj.merged_into_id)


rules.add_perm(
    "hubs.view_hub", still_stands & (hub_is_listed | is_portal_moderator | is_hub_member)
)
rules.add_perm("hubs.view_team_space", still_stands & (is_portal_moderator | is_hub_member))
rules.add_perm("hubs.change_hub", still_stands & (is_portal_moderator | is_hub_editor))
rules.add_perm("hubs.confirm_hub", still_stands & is_focal_point)
rules.add_perm("hubs.manage_members", still_stands & (is_portal_moderator | is_focal_point))
rules.add_perm("hubs.restore_hub", still_stands & is_portal_moderator)
rules.add_perm("hubs.merge_hub", still_stands & is_portal_moderator)
rules.add_perm("hubs.answer_invitation", is_invited)
rules.add_perm("hubs.withdraw_invitation", is_portal_moderator | is_focal_point)
rules.add_perm("claims.add_reference", is_portal_moderator | edits_some_hub)
rules.add_perm("claims.change_reference", is_portal_moderator)
rules.add_perm("claims.delete_reference", is_portal_moderator)
