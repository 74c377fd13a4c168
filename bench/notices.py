"""Tell one fact to a hundred thousand followers, and send owed mails to a local mail server.

Makes its rows in a database of its own and takes it away again. Figures are of one run on one
machine; the last lines are ratios::

    HUB_PROFILE=test HUB_VAR=var/bench-notices var/venv/bin/python bench/notices.py
"""

from __future__ import annotations

import os
import resource
import smtplib
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django  # noqa: E402 (the path must be set first)

django.setup()

from django.conf import settings  # noqa: E402
from django.test import override_settings  # noqa: E402
from django.test.utils import get_runner, setup_test_environment  # noqa: E402

from accounts.kinds import NoticeKind  # noqa: E402
from accounts.models import User  # noqa: E402
from accounts.operations import deliver_owed_mails, owe_mail  # noqa: E402
from community.choices import Attention  # noqa: E402
from community.models import Discussion, Reading  # noqa: E402
from hubportal.celery import app  # noqa: E402
from notifications import noticing  # noqa: E402
from notifications.delivering import deliver_owed  # noqa: E402
from notifications.kinds import Mail  # noqa: E402
from notifications.models import Delivery, Notice, Notification, Preference  # noqa: E402
from tests.community.factories import make_discussion, make_member, make_post  # noqa: E402
from tests.smtp import Sink  # noqa: E402

# Tasks wait in a queue that nobody reads, as in a page's own process.
app.conf.update(task_always_eager=False, broker_url="memory://")

FOLLOWERS, BATCH, MAILS = 100_000, 5_000, 1_000


def memory() -> float:
    """The most this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def follow(discussion: Discussion, n: int) -> None:
    for start in range(0, n, BATCH):
        people = User.objects.bulk_create(
            User(email=f"f{start + k}@bench.example", name=f"F {start + k}") for k in range(BATCH)
        )
        Reading.objects.bulk_create(
            Reading(user=user, discussion=discussion, attention=Attention.FOLLOWING)
            for user in people
        )


def announce(discussion: Discussion, author: User) -> float:
    before = time.perf_counter()
    make_post(discussion, by=author)
    return time.perf_counter() - before


def telling() -> None:
    quiet, loud, author = make_discussion(), make_discussion(), make_member()
    follow(loud, FOLLOWERS)
    for discussion in (quiet, loud):
        announce(discussion, author)
    alone = min(announce(quiet, author) for _n in range(9))
    followed = min(announce(loud, author) for _n in range(9))
    tell_all(loud, "in the portal and for digests")
    listeners = Reading.objects.filter(discussion=loud).values_list("user_id", flat=True)
    for start in range(0, FOLLOWERS, BATCH):
        Preference.objects.bulk_create(
            Preference(user_id=pk, kind=NoticeKind.DISCUSSION, mail=Mail.ONCE)
            for pk in listeners.order_by("pk")[start : start + BATCH]
        )
    announce(loud, author)
    tell_all(loud, "in the portal and by mail at once")
    print(f"posting_with_{FOLLOWERS}_followers {followed / alone:.2f}")


def tell_all(discussion: Discussion, how: str) -> None:
    """Tell everybody of the newest post, in one process."""
    held = memory()
    posts = discussion.posts.values("pk")
    notice = Notice.objects.filter(done_at=None, subject_id__in=posts).latest("pk")
    before = time.perf_counter()
    told = noticing.tell(notice_id=notice.pk)
    seconds = time.perf_counter() - before
    rows = Notification.objects.filter(notice=notice)
    people = rows.values("user").distinct().count()
    mails = Delivery.objects.filter(notification__notice=notice).count()
    print(f"told {told} {how} in {seconds:.1f} s: {told / seconds:,.0f} a second")
    print(f"  rows {rows.count()}, people {people}, deliveries {mails}")
    print(f"  memory {held:.0f} MB before, {memory():.0f} MB at most while telling")


def sending() -> None:
    for n in range(MAILS):
        owe_mail(
            to=f"m{n}@bench.example", purpose="bench", subject="Subject", body="Text " * 100,
            asked_by_anyone=False,
        )  # fmt: skip
    with Sink() as server:
        with smtplib.SMTP("127.0.0.1", server.port) as line:
            before = time.perf_counter()
            for n in range(MAILS):
                line.sendmail("a@bench.example", [f"m{n}@bench.example"], "Subject: x\r\n\r\nText")
            bare = MAILS / (time.perf_counter() - before)
        with override_settings(
            EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=server.port,
        ):
            before = time.perf_counter()
            sent = deliver_owed_mails(at_most=MAILS)
            ours = sent / (time.perf_counter() - before)
            before = time.perf_counter()
            told = deliver_owed(at_most=MAILS).taken
            notices = told / (time.perf_counter() - before)
    print(f"notices sent {told}: {notices:,.0f} a second, written when they are sent")
    print(f"sent {sent}: {ours:,.0f} a second, where bare sending does {bare:,.0f}")
    print(f"bare_sending_to_owed_sending {bare / ours:.2f}")
    print(f"bare_sending_to_sending_notices {bare / notices:.2f}")


if __name__ == "__main__":
    setup_test_environment()
    runner = get_runner(settings)(verbosity=0, interactive=False)
    made = runner.setup_databases()
    try:
        telling()
        sending()
    finally:
        runner.teardown_databases(made)
