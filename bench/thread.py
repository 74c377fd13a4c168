"""Compare the cost of discussions: long against short, and an answer with many followers against
one with none.

Makes its rows in a database of its own and takes it away again, on PostgreSQL if ``DATABASE_URL``
says so. Prints processor time, that of the database with it; compare ratios, not milliseconds. The
answers go by turns into a discussion that nobody follows and into one with 100,000 followers; the
last lines are ``reply_100k_over_0`` and what an answer costs at all::

    HUB_PROFILE=test HUB_VAR=var/bench-thread var/venv/bin/python bench/thread.py [--parts answer]
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django  # noqa: E402 (the path must be set first)

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.test.utils import (  # noqa: E402
    CaptureQueriesContext,
    get_runner,
    setup_test_environment,
)
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from bench.driving import Goal, ProcessorClock, goal_lines  # noqa: E402
from community.models import Discussion, Post, Reading  # noqa: E402
from community.operations import discussing  # noqa: E402
from tests.community.factories import make_discussion, make_member, open_theme  # noqa: E402

ROUNDS, LONG, SHORT, FOLLOWERS = 40, 1_000, 50, 100_000
#: Answers to each of the two discussions, so many at a time.
ANSWERS, AT_A_TIME = 60, 5
TEXT = "<p>" + "We asked the users what they pay by the bucket. " * 12 + "</p>"


def clock() -> ProcessorClock:
    """Of this process and of the back end of PostgreSQL it talks to, if it does."""
    processes = [os.getpid()]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            processes.append(int(cursor.fetchone()[0]))
    return ProcessorClock(lambda: processes)


def cpu(call: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Milliseconds of processor time per call, the best of five runs."""
    call()
    best, spent = float("inf"), clock()
    for _run in range(5):
        before = spent.now()
        for _round in range(max(rounds // 5, 1)):
            call()
        best = min(best, (spent.now() - before) / max(rounds // 5, 1))
    return best


def thread(n: int, place: Any) -> Discussion:
    """A discussion of so many posts."""
    author, now, found = make_member(), timezone.now(), make_discussion(place)
    Post.objects.bulk_create(
        Post(
            discussion=found, number=number, author=author, body=TEXT, shown_at=now,
            reply_to_id=found.posts.get().pk if number == 2 else None,
        )
        for number in range(2, n + 1)
    )  # fmt: skip
    Discussion.objects.filter(pk=found.pk).update(last_number=n)
    found.refresh_from_db()
    discussing.recount(found)
    return found


def reading() -> None:
    """Long discussions against short ones."""
    theme = open_theme()
    long, short = thread(LONG, theme), thread(SHORT, theme)
    reader = make_member()
    discussing.read_up_to(long, by=reader, number=3)
    for name, client in (("signed out", Client()), ("signed in", Client())):
        if name == "signed in":
            client.force_login(reader)
        url = long.get_absolute_url()
        few = cpu(lambda client=client: client.get(short.get_absolute_url()))
        first = cpu(lambda client=client, url=url: client.get(url))
        last = cpu(lambda client=client, url=url: client.get(f"{url}?at={LONG}"))
        print(
            f"{name}: 50 posts {few:.1f} ms; first page of 1,000 {first:.1f} ms"
            f" ({first / few:.2f} times); last page {last:.1f} ms ({last / few:.2f} times)",
            flush=True,
        )


def answering() -> list[Goal]:
    """An answer that 100,000 people hear of against one that nobody hears of."""
    theme = open_theme()
    quiet, loud = thread(SHORT, theme), thread(SHORT, theme)
    made = User.objects.bulk_create(
        (User(email=f"follower-{n}@test.example", is_active=True) for n in range(FOLLOWERS)),
        batch_size=2_000,
    )
    Reading.objects.bulk_create(
        (Reading(user=user, discussion=loud, attention="following") for user in made),
        batch_size=2_000,
    )
    # An answer is refused after so many in an hour: each by somebody else.
    writers = [make_member() for _n in range(2 * (ANSWERS + AT_A_TIME) + 1)]

    def answer(found: Discussion) -> None:
        discussing.write_post(
            found, by=writers.pop(), body=TEXT + str(uuid.uuid4()), form_key=uuid.uuid4()
        )

    spent, costs = clock(), {quiet.pk: [], loud.pk: []}
    for turn in range(ANSWERS // AT_A_TIME + 1):
        for found in (quiet, loud) if turn % 2 else (loud, quiet):
            # Taken back, so that nobody is told: that is the work of another process.
            with transaction.atomic():
                before = spent.now()
                for _n in range(AT_A_TIME):
                    answer(found)
                if turn:  # the first turn only warms up
                    costs[found.pk].append((spent.now() - before) / AT_A_TIME)
                transaction.set_rollback(True)
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        answer(loud)
        transaction.set_rollback(True)
    none, many = statistics.median(costs[quiet.pk]), statistics.median(costs[loud.pk])
    print(
        f"answer: without followers {none:.1f} ms; with {FOLLOWERS:,} {many:.1f} ms;"
        f" {len(queries)} queries ({connection.vendor})\n"
    )
    return [
        Goal("reply_100k_over_0", many / none, must=1.1),
        Goal("reply, ms", many, must=10, best=6),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default="reading,answer", help="which, with commas between")
    parts = parser.parse_args().parts.split(",")
    setup_test_environment()
    runner = get_runner(settings)(verbosity=0, interactive=False)
    old = runner.setup_databases()
    try:
        with override_settings(ALLOWED_HOSTS=["testserver"]):
            if "reading" in parts:
                reading()
            goals = answering() if "answer" in parts else []
    finally:
        runner.teardown_databases(old)
    print(goal_lines(goals))
    return 0


if __name__ == "__main__":
    sys.exit(main())
