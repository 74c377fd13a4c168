"""The portal as an actor: moves that follow from the calendar or from somebody else's act."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar


class Portal:
    """Makes the moves nobody has to decide: reminders run out, a place passes to the next in line.

    It stands where a user stands (``by=PORTAL``), may only what it was made with, and its moves
    are recorded under the portal's name. Each app makes its own.
    """

    pk = None
    is_authenticated = is_active = True
    is_staff = is_superuser = False
    #: How its acts stand in the audit.
    audit_name: ClassVar[dict[str, Any]] = {"alias": "The portal", "alias_ref": "portal"}

    def __init__(self, *, may: Iterable[str]) -> None:
        self.may = frozenset(may)

    def __str__(self) -> str:
        return str(self.audit_name["alias"])

    def has_perm(self, permission: str, obj: Any = None) -> bool:
        return permission in self.may
