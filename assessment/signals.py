"""Facts self-assessments announce, inside the transaction that made them true."""

from __future__ import annotations

from django.dispatch import Signal

#: A self-assessment began or moved. Arguments: assessment, verb ("open", "compare", "agree",
#: "drop", "give_way"), by.
assessment_moved = Signal()

#: A hub opened an agreed self-assessment to everybody, perhaps with its road map. Arguments:
#: assessment, by.
assessment_published = Signal()
