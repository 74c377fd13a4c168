"""Facts the catalogue announces, inside the transaction that made them true."""

from __future__ import annotations

from django.dispatch import Signal

#: A solution changed its publication. Arguments: solution, verb, by.
solution_moved = Signal()
#: A submission changed its state (verb "submit" when it began). Arguments: submission, verb, by.
submission_moved = Signal()
