"""The portal as an actor: moves that follow from the calendar or from somebody else's act."""

from __future__ import annotations

from typing import Any, ClassVar


class Portal:
    """Makes the moves nobody has to decide: reminders run out, labels expire.

    It stands where a user stands (``by=PORTAL``), may only what is listed here, and its moves
    are recorded under the portal's name.
    """

    pk = None
    is_authenticated = is_active = True
    is_staff = is_superuser = False
    MAY: ClassVar[frozenset[str]] = frozenset(
        {
            "validation.keep_time",
            "validation.advance_case",
            "validation.reopen_seat",
            "validation.release_seat",
            "validation.decide_record",
            "validation.hear_appeal",
            "validation.close_case",
        }
    )
    #: How its acts stand in the audit.
    audit_name: ClassVar[dict[str, Any]] = {"alias": "The portal", "alias_ref": "portal"}

    def __str__(self) -> str:
        return self.audit_name["alias"]

    def has_perm(self, permission: str, obj: Any = None) -> bool:
        return permission in self.MAY


PORTAL = Portal()
