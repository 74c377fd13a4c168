"""Compare the cost of discussions: long against short, and an answer with many followers against
one with none.

Makes its rows in a database of its own and takes it away again. Prints processor time of this
process; compare ratios, not milliseconds::

    HUB_PROFILE=test HUB_VAR=var/bench-thread var/venv/bin/python bench/thread.py
"""

from __future__ import annotations

import os
import sys
import time
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
from django.test import Client, override_settings  # noqa: E402
from django.test.utils import get_runner, setup_test_environment  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from community.models import Discussion, Post, Reading  # noqa: E402
from community.operations import discussing  # noqa: E402
from tests.community.factories import make_discussion, make_member, open_theme  # noqa: E402

ROUNDS, LONG, SHORT, FOLLOWERS = 40, 1_000, 50, 100_000


def cpu(call: Callable[[], Any], rounds: int = ROUNDS) -> float:
    """Milliseconds of processor time per call, the best of five runs."""
    call()
    best = float("inf")
    for _run in range(5):
        before = time.process_time()
        for _round in range(max(rounds // 5, 1)):
            call()
        best = min(best, (time.process_time() - before) / max(rounds // 5, 1) * 1000)
    return best


def measure() -> None:
    theme = open_theme()
    author = make_member()
    now = timezone.now()
    text = "<p>" + "We asked the users what they pay by the bucket. " * 12 + "</p>"

    def thread(n: int) -> Discussion:
        found = make_discussion(theme)
        Post.objects.bulk_create(
            Post(
                discussion=found, number=number, author=author, body=text, shown_at=now,
                reply_to_id=found.posts.get().pk if number == 2 else None,
            )
            for number in range(2, n + 1)
        )  # fmt: skip
        Discussion.objects.filter(pk=found.pk).update(last_number=n)
        found.refresh_from_db()
        discussing.recount(found)
        return found

    long, short = thread(LONG), thread(SHORT)
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

    quiet, loud = thread(SHORT), thread(SHORT)
    made = User.objects.bulk_create(
        User(email=f"follower-{n}@test.example", is_active=True) for n in range(FOLLOWERS)
    )
    Reading.objects.bulk_create(
        (Reading(user=user, discussion=loud, attention="following") for user in made),
        batch_size=2_000,
    )

    def answer(found: Discussion) -> Callable[[], Any]:
        def once() -> None:
            # An answer is refused after so many in an hour: each by somebody else.
            by = writers.pop()
            discussing.write_post(
                found, by=by, body=text + str(uuid.uuid4()), form_key=uuid.uuid4()
            )

        return once

    rounds = 20
    writers = [make_member() for _n in range(4 * (rounds + 6))]
    none = cpu(answer(quiet), rounds)
    many = cpu(answer(loud), rounds)
    print(
        f"answer: without followers {none:.1f} ms; with {FOLLOWERS:,} {many:.1f} ms"
        f" ({many / none:.2f} times)"
    )


def main() -> int:
    setup_test_environment()
    runner = get_runner(settings)(verbosity=0, interactive=False)
    old = runner.setup_databases()
    try:
        with override_settings(ALLOWED_HOSTS=["testserver"]):
            measure()
    finally:
        runner.teardown_databases(old)
    return 0


if __name__ == "__main__":
    sys.exit(main())
