"""What follows for events: hubs become one, people are found to be members, accounts close."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from accounts.signals import account_closed, personal_data
from events import letters
from events.models import (
    CommitmentFollow,
    CommitmentOwner,
    Contribution,
    Event,
    Party,
    Person,
    PersonClaim,
)
from events.operations import unlink_person
from events.signals import person_claim_moved, programme_changed
from hubs.models import Hub
from hubs.signals import hubs_merging


@receiver(hubs_merging, dispatch_uid="events-go-with-their-hub")
def bring_events(gone: Hub, kept: Hub, **_: Any) -> None:
    """Whatever of an event leads to the hub that goes leads to the one that stays.

    Names and titles stay as they were then.
    """
    for model in (Event, Party, Contribution, CommitmentOwner):
        model._default_manager.filter(hub=gone).update(hub=kept)
    for event in Event.objects.filter(hubs_shown=gone):
        event.hubs_shown.add(kept)
        event.hubs_shown.remove(gone)


@receiver(programme_changed, dispatch_uid="calendars-see-a-changed-programme")
def stamp(event: Event, **_: Any) -> None:
    """Entries of sessions carry the time at which their event last changed."""
    Event.objects.filter(pk=event.pk).update(updated_at=timezone.now())


@receiver(person_claim_moved, dispatch_uid="letters-about-being-a-person")
def tell_claimant(claim: PersonClaim, verb: str, **_: Any) -> None:
    if verb == "agree_person_claim":
        letters.agreed(claim)
    elif verb == "refuse_person_claim":
        letters.refused(claim)


# --- A person's data ----------------------------------------------------------------------


@receiver(personal_data, dispatch_uid="commitments-a-person-follows")
def follows_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, Any]]]:
    rows = CommitmentFollow.objects.filter(user=user).select_related("commitment")
    return "commitments_followed", [
        {
            "commitment": row.commitment.number,
            "text": row.commitment.text,
            "since": row.since.isoformat(),
        }
        for row in rows.order_by("since", "pk")
    ]


@receiver(personal_data, dispatch_uid="who-a-person-is-in-the-record")
def persons_kept(user: Any, **_: Any) -> tuple[str, list[dict[str, Any]]]:
    """Which person they are, and whom they asked to be."""
    linked = Person.objects.filter(user=user)
    asked = PersonClaim.objects.filter(user=user).select_related("person")
    return "person_of_the_record", [
        *({"person": person.name, "state": "linked"} for person in linked),
        *(
            {
                "person": row.person.name,
                "state": row.state,
                "reason": row.reason,
                "answer": row.answer,
                "asked": row.asked_at.isoformat(),
                "decided": row.decided_at.isoformat() if row.decided_at else "",
            }
            for row in asked.order_by("asked_at", "pk")
        ),
    ]


@receiver(account_closed, dispatch_uid="follows-and-persons-end-with-the-account")
def let_go(user: Any, **_: Any) -> None:
    """Nothing is followed any more, the person of the record is nobody's, requests go."""
    CommitmentFollow.objects.filter(user=user).delete()
    for person in Person.objects.filter(user=user):
        unlink_person(person, by=user)
    PersonClaim.objects.filter(user=user).delete()
