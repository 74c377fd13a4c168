"""Changing a programme: sessions, rooms, tracks, and who contributes.

All goes through a ``Desk``, which holds the event's row while it writes: what two editors do at
once happens one after the other. When it closes it refuses a room that two sessions have at
once, counts the changes that calendars have to hear of, and tells the audit and the search.
"""

from events.editing.desk import (
    EDITED,
    IN_CALENDARS,
    PLACING,
    TOLD,
    Desk,
    RoomTaken,
    Stale,
    changing,
    comes_twice,
    sorted_as,
    state_of,
)
from events.editing.people import Part, add_people, change_part, move_part, take_part_out
from events.editing.places import Place, places_mark, save_places
from events.editing.sessions import (
    Attached,
    attached_to,
    later,
    length_of,
    move_session,
    take_out,
    write_session,
)

__all__ = [
    "EDITED",
    "IN_CALENDARS",
    "PLACING",
    "TOLD",
    "Attached",
    "Desk",
    "Part",
    "Place",
    "RoomTaken",
    "Stale",
    "add_people",
    "attached_to",
    "change_part",
    "changing",
    "comes_twice",
    "later",
    "length_of",
    "move_part",
    "move_session",
    "places_mark",
    "save_places",
    "sorted_as",
    "state_of",
    "take_out",
    "take_part_out",
    "write_session",
]
