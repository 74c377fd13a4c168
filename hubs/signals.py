"""Facts hubs announce, inside the transaction that made them true."""

from __future__ import annotations

from django.dispatch import Signal

#: A profile changed. Arguments: hub, by, changed (list of keys).
profile_changed = Signal()
#: A hub confirmed its profile. Arguments: hub, by.
profile_confirmed = Signal()
#: Somebody's role in a hub began, changed or ended. Arguments: hub, user, role ("" when it
#: ended), by.
role_changed = Signal()
#: An address was invited to a hub's team. Arguments: invitation, by.
member_invited = Signal()
#: An invitation was accepted, declined or taken back. Arguments: invitation, verb, by.
invitation_moved = Signal()
#: One hub becomes part of another. Arguments: gone, kept, by. Receivers bring over whatever
#: of theirs belongs to the hub that goes; sent before it goes.
hubs_merging = Signal()
#: The same, once it is done. Arguments: gone, kept, by.
hubs_merged = Signal()
#: "What would happen if these two became one?" Arguments: gone, kept. Receivers answer with an
#: ``operations.merging.Expected``.
merging_asked = Signal()
