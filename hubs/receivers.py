"""Hubs answer for the roles they give."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from accounts.signals import account_closed, desk_roles, personal_data
from hubs.models import Membership, roles_of


@receiver(desk_roles, dispatch_uid="hub-roles-open-the-desk")
def hub_role_opens_desk(user: Any, **_: Any) -> bool:
    return any(role in Membership.DESK for role in roles_of(user).values())


@receiver(personal_data, dispatch_uid="memberships-of-a-person")
def memberships_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, str]]]:
    rows = Membership.objects.filter(user=user).order_by("since", "pk").select_related("hub")
    return "memberships", [
        {"hub": row.hub.name, "role": row.role, "since": row.since.isoformat()} for row in rows
    ]


@receiver(account_closed, dispatch_uid="roles-end-with-the-account")
def roles_end(user: Any, **_: Any) -> None:
    Membership.objects.filter(user=user).delete()
