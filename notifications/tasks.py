"""Background work on notices. The rows are the record; these tasks only hasten it."""

from __future__ import annotations

import time

from celery import shared_task

from notifications import addresses, delivering, digesting, duties, noticing, pushing, searching

#: Mails one task sends, so that it ends within its time.
DRAINED = 500
#: Seconds after which it begins no other one: it is not to be ended amid a mail.
DRAINING = 60.0


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
    end = time.monotonic() + DRAINING
    delivering.deliver_owed(at_most=DRAINED, stopped=lambda: time.monotonic() > end)


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
def keep_dates() -> None:
    """Tell people of dates that have come. Doubled or late, everybody is told once."""
    duties.keep_dates()
    noticing.tell_owed()
    delivering.nudge()


@shared_task(ignore_result=True)
def forget_old() -> None:
    """Remove notices nobody looks for any more, and mails nothing is owed of."""
    noticing.forget_old()
    delivering.forget_old()
    addresses.forget_old()
    pushing.forget_old()
