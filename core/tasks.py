"""What is done in the background for every app."""

from __future__ import annotations

from celery import shared_task

from core import changes
from core.search import keeping


@shared_task(ignore_result=True, soft_time_limit=3_300, time_limit=3_600)
def keep_snapshot() -> bool:
    """Make the search's snapshot of this machine anew if it is due."""
    return keeping.keep()


@shared_task(ignore_result=True)
def forget_changes() -> None:
    """Forget which transactions altered what pages show, once nobody compares them."""
    changes.forget_old()
