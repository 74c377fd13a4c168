"""Facts of the validation, announced inside the transaction that made them true."""

from __future__ import annotations

from django.dispatch import Signal

#: A case changed its state (verb "open" when it began). Arguments: case, verb, by.
case_moved = Signal()
#: A place on a panel changed its state (verb "invite" when it began). Arguments: seat, verb, by.
seat_moved = Signal()
#: A validation record changed its state (verb "issue" when it began). Arguments: record, verb, by.
record_moved = Signal()
#: An appeal or a challenge changed its state. Arguments: appeal or challenge, verb, by.
appeal_moved = Signal()
challenge_moved = Signal()
