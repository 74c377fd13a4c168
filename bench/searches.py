"""Look what is new for ten thousand saved searches, of which many ask the same.

Makes its rows in a database of its own and takes it away again. Figures are of one run on one
machine::

    HUB_PROFILE=test HUB_VAR=var/bench-searches var/venv/bin/python bench/searches.py
"""

from __future__ import annotations

import datetime as dt
import os
import random
import resource
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django  # noqa: E402 (the path must be set first)

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import (  # noqa: E402
    CaptureQueriesContext,
    get_runner,
    setup_test_environment,
)

from accounts.models import User  # noqa: E402
from core import search  # noqa: E402
from notifications import searching  # noqa: E402
from notifications.models import Notice, SavedSearch  # noqa: E402
from tests.factories import reference  # noqa: E402

SEARCHES, OWNERS, QUESTIONS = 10_000, 2_000, 2_000
RECORDS, NEW_A_DAY = 2_000, 40
TAGS = [f"tag{n}" for n in range(40)]
SECTORS, COUNTRIES, WORDS = ("water", "health", "education"), ("BR", "ID", "CD", "CG", "CI"), 500
BEGUN = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def publish(number: int, at: dt.datetime, chance: random.Random) -> None:
    """Records with a few of the words, the more common ones more often."""
    documents = []
    for _n in range(number):
        words = [f"word{int(WORDS * chance.random() ** 2)}" for _w in range(120)]
        documents.append(
            search.Document(
                kind="solution",
                object_id=str(chance.randrange(10**9)),
                title=" ".join(words[:6]),
                body=" ".join(words),
                published_at=at,
                facets={
                    "sector": [chance.choice(SECTORS)],
                    "country": [chance.choice(COUNTRIES)],
                    "label": ["documented"],
                    "tag": chance.sample(TAGS, 4),
                },
            )
        )
    search.index_many(documents)


def save(chance: random.Random) -> None:
    """A third words, a third filters, a third both; some questions are asked by very many."""
    asked: set[str] = set()
    while len(asked) < QUESTIONS:
        parts = []
        sort = chance.randrange(3)
        if sort != 1:
            parts.append(f"q=word{chance.randrange(WORDS)}+word{chance.randrange(WORDS)}")
        if sort != 0:
            some = sorted(chance.sample(SECTORS, chance.randrange(1, 3)))
            parts += [f"sector={code}" for code in some]
            some = sorted(chance.sample(COUNTRIES, chance.randrange(1, 4)))
            parts += [f"country={code}" for code in some]
        if sort == 1:
            parts.append(f"tag={chance.choice(TAGS)}")
        asked.add("&".join(parts))
    questions = sorted(asked)
    chance.shuffle(questions)
    people = User.objects.bulk_create(
        User(email=f"s{n}@bench.example", name=f"S {n}") for n in range(OWNERS)
    )
    rows, begun = {}, {"created_at": BEGUN, "looked_at": BEGUN, "told_until": BEGUN}
    for parameters in questions:
        rows[chance.choice(people).pk, parameters] = parameters
    while len(rows) < SEARCHES:
        parameters = questions[int(QUESTIONS * chance.random() ** 3)]
        rows[chance.choice(people).pk, parameters] = parameters
    SavedSearch.objects.bulk_create(
        SavedSearch(
            owner_id=owner, kind="solution", name=parameters[:100], parameters=parameters, **begun
        )
        for owner, parameters in rows
    )


def swept(what: str, at: dt.datetime) -> None:
    before, worked = time.perf_counter(), time.process_time()
    with CaptureQueriesContext(connection) as queries:
        told = searching.tell_new(at)
    seconds, worked = time.perf_counter() - before, time.process_time() - worked
    print(
        f"{what}: {SEARCHES} searches, {told} notices, {len(queries)} queries,"
        f" {seconds:.2f} s ({worked:.2f} s of work), {SEARCHES / worked:,.0f} searches a second"
        " of work"
    )


def main() -> None:
    chance = random.Random(5)  # noqa: S311 (the same rows every time)
    reference()
    publish(RECORDS, BEGUN - DAY, chance)
    save(chance)
    asked = SavedSearch.objects.values("parameters").distinct().count()
    print(f"{SEARCHES} searches of {OWNERS} people ask {asked} questions of {RECORDS} records")
    swept("a day without news", BEGUN + DAY)
    publish(NEW_A_DAY, BEGUN + DAY, chance)
    swept(f"a day with {NEW_A_DAY} new records", BEGUN + 2 * DAY)
    swept("the same day again", BEGUN + 2 * DAY)
    print(f"notices {Notice.objects.count()}")
    print(f"memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB at most")


if __name__ == "__main__":
    setup_test_environment()
    runner = get_runner(settings)(verbosity=0, interactive=False)
    made = runner.setup_databases()
    try:
        main()
    finally:
        runner.teardown_databases(made)
