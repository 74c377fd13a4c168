"""Facts about events, told to the apps above inside the transaction they happen in."""

from __future__ import annotations

from django.dispatch import Signal

#: An update was filed on a commitment. Arguments: commitment, update, by.
commitment_updated = Signal()

#: "I am this person" was asked, agreed, refused or taken back. Arguments: claim, verb, by.
person_claim_moved = Signal()

#: The place or time of sessions changed, or they were taken out. Arguments: event, by.
programme_changed = Signal()
