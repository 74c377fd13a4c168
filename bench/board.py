"""What the chair's board costs with many open cases, and the page of one record beside it.

    python bench/board.py [--cases 2000] [--rounds 9]

Makes its own database beside the configured one (SQLite, or PostgreSQL by DATABASE_URL) and
removes it at the end. Prints queries and, in processor time of this process and in time on
the clock, the middle of several rounds: once with one open case, once with all of them.
"""

from __future__ import annotations

import argparse
import copy
import datetime as dt
import os
import sys
import tempfile
import time
import uuid
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
SCRATCH = tempfile.TemporaryDirectory()
os.environ["HUB_PROFILE"] = "test"
os.environ["HUB_VAR"] = SCRATCH.name
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django  # noqa: E402 (settings first)

django.setup()

from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import (  # noqa: E402
    CaptureQueriesContext,
    setup_test_environment,
    teardown_test_environment,
)
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from catalogue.models import Solution, Submission, Version  # noqa: E402
from catalogue.models.solution import new_uid  # noqa: E402
from tests.desk import desk_client  # noqa: E402
from tests.factories import make_hub, reference  # noqa: E402
from tests.validation.factories import (  # noqa: E402
    case_in_review,
    labelled,
    moderator,
)
from validation.models import Case, CasePart, Seat  # noqa: E402

HUBS = 20


def copies(original: Any, number: int) -> list[Any]:
    """Unsaved copies of a row."""
    made = []
    for _n in range(number):
        row = copy.copy(original)
        row._state = copy.copy(original._state)
        row.pk, row._state.adding = None, True
        made.append(row)
    return made


def multiply(case: Case, number: int) -> None:
    """Lay so many more cases like this one, written straight into the tables."""
    hubs = [make_hub() for _n in range(HUBS)]
    now = timezone.now()
    parts = list(CasePart.objects.filter(case=case))
    seats = list(Seat.objects.filter(case=case))
    solutions = copies(case.solution, number)
    for n, solution in enumerate(solutions):
        solution.uid, solution.form_key = new_uid(), uuid.uuid4()
        solution.number, solution.public_version = 100_000 + n, None
        solution.publication = "private"
        solution.hub = hubs[n % HUBS]
    Solution.objects.bulk_create(solutions)
    versions = copies(case.version, number)
    for n, version in enumerate(versions):
        version.solution = solutions[n]
    Version.objects.bulk_create(versions)
    submissions = copies(case.submission, number)
    for n, submission in enumerate(submissions):
        submission.solution, submission.version = solutions[n], versions[n]
    Submission.objects.bulk_create(submissions)
    cases = copies(case, number)
    for n, one in enumerate(cases):
        one.uid, one.solution, one.submission = new_uid(), solutions[n], submissions[n]
        one.version = versions[n]
        one.state_since = now - dt.timedelta(hours=n)
        one.due_at = now + dt.timedelta(hours=24 * 7 - n)
    Case.objects.bulk_create(cases)
    rows: dict[Any, list[Any]] = {CasePart: [], Seat: []}
    for model, originals in ((CasePart, parts), (Seat, seats)):
        for original in originals:
            for n, row in enumerate(copies(original, number)):
                row.case = cases[n]
                if model is Seat:
                    row.uid = new_uid()
                rows[model].append(row)
        model.objects.bulk_create(rows[model])


def measure(client: Client, path: str, rounds: int) -> tuple[int, float, float]:
    """Queries, processor and clock milliseconds of one page."""
    client.get(path)  # what is read once per process is not the page's
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path)
    if answer.status_code != 200:
        sys.exit(f"{path} answers {answer.status_code}")
    number = len(queries)
    processor, clock = [], []
    for _n in range(rounds):
        began, ticked = time.perf_counter(), time.process_time()
        client.get(path)
        processor.append(time.process_time() - ticked)
        clock.append(time.perf_counter() - began)
    return number, median(processor) * 1000, median(clock) * 1000


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--cases", type=int, default=2_000)
    asked.add_argument("--rounds", type=int, default=9)
    options = asked.parse_args()
    setup_test_environment()
    former = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        run(options)
    finally:
        connection.creation.destroy_test_db(former, verbosity=0)
        teardown_test_environment()
        SCRATCH.cleanup()


def run(options: argparse.Namespace) -> None:
    reference()
    record = labelled()
    case = case_in_review()
    desk, visitor = desk_client(moderator()), Client()
    board = reverse("admin:validation_case_changelist")
    pages = [
        ("board, page 1", desk, board),
        ("board, late", desk, f"{board}?due=late"),
        ("board, one state", desk, f"{board}?state=review"),
        ("board, words", desk, f"{board}?q=solution"),
        ("one case", desk, case.get_absolute_url()),
        ("agreement and load", desk, reverse("admin:validation_case_agreement")),
        ("record", visitor, record.get_absolute_url()),
    ]
    few = [measure(client, path, options.rounds) for _name, client, path in pages]
    with transaction.atomic():
        multiply(case, options.cases - Case.objects.open().count())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    many = [measure(client, path, options.rounds) for _name, client, path in pages]
    number = Case.objects.open().count()
    print(f"{connection.vendor}, {number:,} open cases; in brackets: with one")
    print("| page | queries | CPU ms | ms |\n|---|--:|--:|--:|")
    for (name, *_rest), before, after in zip(pages, few, many, strict=True):
        cells = [
            f"{after[0]} ({before[0]})",
            f"{after[1]:.1f} ({before[1]:.1f})",
            f"{after[2]:.1f} ({before[2]:.1f})",
        ]
        print(f"| {name} | {' | '.join(cells)} |")


main()
