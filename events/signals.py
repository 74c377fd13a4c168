"""Facts about events, told to the apps above inside the transaction they happen in."""

from __future__ import annotations

from django.dispatch import Signal

#: An update was filed on a commitment. Arguments: commitment, update, by.
commitment_updated = Signal()

#: "I am this person" was asked, agreed, refused or taken back. Arguments: claim, verb, by.
person_claim_moved = Signal()

#: The place or time of sessions changed, or they were taken out. Arguments: event, by.
programme_changed = Signal()

#: Sessions or people of a programme were added, changed or taken out. Arguments: event, by.
programme_written = Signal()

#: What those who come need to know of an event changed. Arguments: event, what (a set of "dates",
#: "place", "status"), by.
event_changed = Signal()

#: An outcome document was put on record. Arguments: document, by.
document_added = Signal()

#: An event has a new conclusion (a key message). Arguments: event, by.
conclusion_added = Signal()

#: What everybody reads of an event was written into the search anew: it may be public now, or not
#: any more. Arguments: event.
event_noted = Signal()
