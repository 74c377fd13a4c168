"""Facts and questions about references, inside the transaction that makes them true."""

from __future__ import annotations

from django.dispatch import Signal

#: Somebody wants to delete a reference nothing rests on now. Arguments: reference, by.
#: Receivers refuse by a ``DomainError``: what was cited once may be restored.
reference_going = Signal()
