"""Facts the catalogue announces, inside the transaction that made them true."""

from __future__ import annotations

from django.dispatch import Signal

#: A solution changed its publication. Arguments: solution, verb, by.
solution_moved = Signal()
#: A submission changed its state (verb "submit" when it began). Arguments: submission, verb, by.
submission_moved = Signal()
#: A submission passed screening and its version is public. Arguments: submission, by.
screening_passed = Signal()
#: A submission left screening, whichever way. Arguments: solution.
screening_left = Signal()
#: The people named in a record changed. Arguments: solution.
team_changed = Signal()
#: "May this person open the restricted evidence of this record?" Arguments: user, solution.
#: Receivers answer yes or no: a panel that judges the record may.
panel_asks = Signal()
