"""Background work on notices. The rows are the record; these tasks only hasten it."""

from __future__ import annotations

from celery import shared_task

from notifications import delivering, digesting, noticing, pushing, searching

#: Mails one task sends, so that it ends within its time.
DRAINED = 500


@shared_task(ignore_result=True)
def tell(*, notice_id: int) -> None:
    """Tell one notice now. Lost or doubled, the sweep below puts it right."""
    noticing.tell(notice_id=notice_id, at_most=20)
    delivering.nudge()


@shared_task(ignore_result=True)
def tell_owed() -> None:
    """Go on with every notice that somebody is still to be told of."""
    noticing.tell_owed()
    delivering.nudge()


@shared_task(ignore_result=True, expires=30)
def drain() -> None:
    """Send what is due. Many at once, or none, do no harm."""
    delivering.deliver_owed(at_most=DRAINED)


@shared_task(ignore_result=True)
def owe_digests() -> None:
    """Owe every digest whose hour has come."""
    if digesting.owe_digests():
        delivering.nudge()


@shared_task(ignore_result=True)
def tell_searches() -> None:
    """Write down what is new for saved searches; the sweep of notices tells it."""
    if searching.tell_new():
        noticing.tell_owed()
        delivering.nudge()


@shared_task(ignore_result=True)
def forget_old() -> None:
    """Remove notices nobody looks for any more."""
    noticing.forget_old()
    pushing.forget_old()
