"""Changes to a case and what hangs on it: each one call, atomic, harmless to repeat.

Order of locks: the audit, then solution, case, seat, record. ``opening``, ``panel``, ``reviewing``,
``clarifying`` and ``deciding`` follow the workflow; ``records`` is what became of a label;
``appealing``, ``challenging`` and ``renewing`` are what others may say to it; ``timekeeping``
is what the calendar does.
"""
