"""Tell one fact to a hundred thousand followers, and send owed mails to a local mail server.

Makes its rows in a database of its own and takes it away again. The mail server is a process of its
own. Figures are of one run on one machine; the last lines are ratios. Fewer people and mails make a
short run::

    HUB_PROFILE=test HUB_VAR=var/bench-notices var/venv/bin/python bench/notices.py
    ... bench/notices.py --followers 5000 --mails 300
"""

from __future__ import annotations

import argparse
import os
import resource
import smtplib
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django  # noqa: E402 (the path must be set first)

django.setup()

from django.conf import settings  # noqa: E402
from django.test import override_settings  # noqa: E402
from django.test.utils import get_runner, setup_test_environment  # noqa: E402

from accounts.kinds import NoticeKind  # noqa: E402
from accounts.models import Profile, User  # noqa: E402
from accounts.operations import deliver_owed_mails, owe_mail  # noqa: E402
from community.choices import Attention  # noqa: E402
from community.models import Discussion, Reading  # noqa: E402
from hubportal.celery import app  # noqa: E402
from notifications import noticing  # noqa: E402
from notifications.delivering import deliver_owed  # noqa: E402
from notifications.kinds import Mail  # noqa: E402
from notifications.models import Delivery, Notice, Notification, Preference  # noqa: E402
from tests.community.factories import make_discussion, make_member, make_post  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Tasks wait in a queue that nobody reads, as in a page's own process.
app.conf.update(task_always_eager=False, broker_url="memory://")

asked = argparse.ArgumentParser()
asked.add_argument("--followers", type=int, default=100_000)
asked.add_argument("--mails", type=int, default=1_000)
FOLLOWERS, MAILS = (getattr(asked.parse_args(), name) for name in ("followers", "mails"))
BATCH = 5_000
#: A mail server that says where it listens, and ends with what is written to it.
SERVER = """
import sys
from tests.smtp import Sink
with Sink() as server:
    print(server.port, flush=True)
    sys.stdin.read()
"""


def memory() -> float:
    """The most this process has held so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def mail_server() -> Iterator[int]:
    """The port of a mail server that shares no processor time with the sender."""
    pipe = subprocess.PIPE
    running = subprocess.Popen(
        [sys.executable, "-c", SERVER], cwd=ROOT, stdin=pipe, stdout=pipe, text=True
    )
    assert running.stdin is not None
    assert running.stdout is not None
    try:
        yield int(running.stdout.readline())
    finally:
        running.stdin.close()
        running.wait()
        running.stdout.close()


def follow(discussion: Discussion, n: int) -> None:
    for start in range(0, n, BATCH):
        people = User.objects.bulk_create(
            User(email=f"f{k}@bench.example", name=f"F {k}")
            for k in range(start, min(start + BATCH, n))
        )
        Profile.objects.bulk_create(Profile(user=user) for user in people)
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
    with mail_server() as port:
        with smtplib.SMTP("127.0.0.1", port) as line:
            before = time.perf_counter()
            for n in range(MAILS):
                line.sendmail("a@bench.example", [f"m{n}@bench.example"], "Subject: x\r\n\r\nText")
            bare = MAILS / (time.perf_counter() - before)
        with override_settings(
            EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend",
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=port,
        ):
            ours = speed("account mails", lambda: deliver_owed_mails(at_most=MAILS))
            notices = speed("notices", lambda: deliver_owed(at_most=MAILS).taken)
    print(f"bare sending {bare:,.0f} a second")
    print(f"bare_sending_to_owed_sending {bare / ours:.2f}")
    print(f"bare_sending_to_sending_notices {bare / notices:.2f}")


def speed(what: str, send: Callable[[], int]) -> float:
    """How many a second were sent by the clock, and by the processor time of this process."""
    clock, processor = time.perf_counter(), time.process_time()
    sent = send()
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    print(f"{what}: {sent} sent, {sent / clock:,.0f} a second")
    print(f"  {sent / processor:,.0f} in a second of the processor")
    return sent / clock


if __name__ == "__main__":
    setup_test_environment()
    runner = get_runner(settings)(verbosity=0, interactive=False)
    made = runner.setup_databases()
    try:
        telling()
        sending()
    finally:
        runner.teardown_databases(made)
