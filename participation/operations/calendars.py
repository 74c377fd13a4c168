"""A member's own calendar address: made, replaced, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from participation.models import PersonalCalendar

if TYPE_CHECKING:
    from accounts.models import User


def make_address(*, by: User) -> str:
    """A new secret part of the person's calendar address; an earlier one stops working.

    It is shown once: only its fingerprint is kept.
    """
    return PersonalCalendar.make(by)


def drop_address(*, by: User) -> None:
    PersonalCalendar.drop(by)


def owner_of(token: str) -> User | None:
    """Whose calendar the address opens, if it is one."""
    return PersonalCalendar.owner_of(token)
