"""The clock. The dates are in the database; running twice changes nothing."""

from __future__ import annotations

from celery import shared_task

from validation.operations.timekeeping import keep_time


@shared_task(ignore_result=True)
def keep_dates() -> None:
    """Remind, close what nobody answered, let labels run out."""
    keep_time()
