"""What the portal may do by itself in the validation."""

from __future__ import annotations

from core.clock import Portal

PORTAL = Portal(
    may=(
        "validation.keep_time",
        "validation.advance_case",
        "validation.reopen_seat",
        "validation.release_seat",
        "validation.decide_record",
        "validation.hear_appeal",
        "validation.close_case",
    )
)
