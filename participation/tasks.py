"""The clock of participation. What is due is in the database; running twice changes nothing."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from participation.operations.reminding import remind as write_reminders


@shared_task(ignore_result=True)
def remind() -> None:
    """Remind people a day and an hour before an event begins, and ask how it was once it ended."""
    write_reminders(timezone.now())
