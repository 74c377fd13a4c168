"""Facts about people, as predicates."""

from __future__ import annotations

from typing import Any

import rules

from accounts.models import Audience, Profile, User


@rules.predicate
def is_owner(user: Any, profile: Profile) -> bool:
    return bool(user.is_authenticated and user.pk == profile.user_id)


@rules.predicate
def name_is_open(user: Any, profile: Profile) -> bool:
    """The member shows at least their name to this person."""
    audience = profile.name_audience
    return profile.user.is_active and (
        audience == Audience.PUBLIC
        or (audience == Audience.MEMBERS and bool(user.is_authenticated))
    )


@rules.predicate
def is_moderator(user: Any) -> bool:
    return bool(user.is_authenticated and user.is_active and user.is_staff)


@rules.predicate
def outranks(user: Any, other: User | None) -> bool:
    """Administrators may act on everyone, portal moderators on people who are neither."""
    if user.is_superuser or other is None:
        return True
    return not (other.is_staff or other.is_superuser)


rules.add_perm("accounts.view_profile", is_owner | name_is_open)
rules.add_perm("accounts.change_profile", is_owner)
rules.add_perm("accounts.view_user", is_moderator)
rules.add_perm("accounts.suspend_user", is_moderator & outranks)
