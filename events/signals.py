"""Facts about events, told to the apps above inside the transaction they happen in."""

from __future__ import annotations

from django.dispatch import Signal

#: An update was filed on a commitment. Arguments: commitment, update, by.
commitment_updated = Signal()
