"""Facts of which one person hears by letter, written in the transaction of the fact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.dispatch import receiver

from participation import letters
from participation.signals import (
    approved,
    place_passed_on,
    registered,
    registration_moved,
)

if TYPE_CHECKING:
    from participation.models import Registration


@receiver(registered, dispatch_uid="letter-about-a-registration")
def answer(registration: Registration, **_: Any) -> None:
    letters.answered(registration)


@receiver(approved, dispatch_uid="letter-about-an-approval")
def answer_approved(registration: Registration, **_: Any) -> None:
    letters.answered(registration)


@receiver(place_passed_on, dispatch_uid="letter-about-a-place")
def tell_of_a_place(registration: Registration, **_: Any) -> None:
    letters.promoted(registration)


@receiver(registration_moved, dispatch_uid="letter-about-an-end")
def tell_of_an_end(registration: Registration, verb: str, **_: Any) -> None:
    if verb == "decline_registration":
        letters.declined(registration)
    elif verb == "withdraw_registration":
        letters.withdrawn(registration)
