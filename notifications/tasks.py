"""Background work on notices. The rows are the record; these tasks only hasten it."""

from __future__ import annotations

from celery import shared_task

from notifications import noticing


@shared_task(ignore_result=True)
def tell(*, notice_id: int) -> None:
    """Tell one notice now. Lost or doubled, the sweep below puts it right."""
    noticing.tell(notice_id=notice_id, at_most=20)


@shared_task(ignore_result=True)
def tell_owed() -> None:
    """Go on with every notice that somebody is still to be told of."""
    noticing.tell_owed()


@shared_task(ignore_result=True)
def forget_old() -> None:
    """Remove notices nobody looks for any more."""
    noticing.forget_old()
