"""How much is still owed, each time it is asked for by a line on standard input.

A storm is over when nothing is: what waits for tomorrow's digest is not owed yet.
"""

from __future__ import annotations

import datetime as dt
import sys


def main() -> None:
    import django

    django.setup()
    from django.db import connection

    print("ready", flush=True)
    for _line in sys.stdin:
        try:
            left = owed()
        except Exception:  # the database is away: ask again
            connection.close()
            left = -1
        print(left, flush=True)


def owed() -> int:
    from django.utils import timezone

    from notifications.models import Delivery, Notice, Notification

    before_the_storm = timezone.now() - dt.timedelta(hours=12)
    return (
        Notice.objects.owed().count()
        + Delivery.objects.filter(state=Delivery.State.OWED).count()
        + Notification.objects.for_digests().filter(told_at__lt=before_the_storm).count()
    )


if __name__ == "__main__":
    main()
