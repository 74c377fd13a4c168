"""Make a catalogue of some size, ask for it in many ways, and print what that costs.

``make bench SIZE=10k`` calls this with the environment of a portal of its own (``scale.py``).
Pages of the portal and bare templates are asked in turns, in one run. Every answer is
checked: its status, and the number of solutions it says it found. For filters that number comes
from the rows themselves, for words from the search.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode, urlsplit

from bench import driving
from bench.driving import Case, Goal, Measured, Served, WrongAnswer, tell

SIZES = {"10k": 10_000, "100k": 100_000, "1m": 1_000_000}
PARTS = ("pages", "start", "index")
FOLDER = Path(os.environ["HUB_VAR"])
URL = os.environ.get("DATABASE_URL", "")
STAMP = FOLDER / "catalogue.json"
#: What may be asked of the catalogue at most, and at best, per size: without and with words.
AIMS = {
    "10k": ((2, 1.5), (2, 1.5)),
    "100k": ((2, 1.5), (5, 2.8)),
    "1m": ((3, 2.2), (20, 5)),
}
SENTENCE = "how can early warning of a flood reach the farmer and the teacher in time"
INDEXED, WARM = 2_000, 500


# --- The data -----------------------------------------------------------------------------------


def clear() -> None:
    """Take away the catalogue of an earlier run."""
    STAMP.unlink(missing_ok=True)
    if URL:
        _in_server("DROP DATABASE IF EXISTS {name}")
    for file in FOLDER.glob("db.sqlite3*"):
        file.unlink()
    shutil.rmtree(FOLDER / "search", ignore_errors=True)


def _in_server(statement: str) -> None:
    """Run a statement about our database in the server that has it."""
    import psycopg2  # noqa: PLC0415 (not needed with SQLite)
    from psycopg2 import sql  # noqa: PLC0415

    parts = urlsplit(URL)
    server = psycopg2.connect(parts._replace(path="/postgres", query="").geturl())
    server.autocommit = True
    name = sql.Identifier(driving.database_name(URL))
    with server.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(name=name))
    server.close()


def _is_there() -> bool:
    if not URL:
        return (FOLDER / "db.sqlite3").exists()
    import psycopg2  # noqa: PLC0415 (not needed with SQLite)

    try:
        psycopg2.connect(URL).close()
    except psycopg2.OperationalError:
        return False
    return True


def prepare(size: int, processes: int) -> None:
    """The catalogue as the generator makes it today; nothing to do if it is there."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    import django  # noqa: PLC0415 (asks no database yet)

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    wanted = {"edition": _edition(), "size": size}
    fresh = _is_there() and STAMP.exists() and json.loads(STAMP.read_text()) == wanted
    if not fresh:
        clear()
        if URL:
            _in_server("CREATE DATABASE {name}")
    call_command("migrate", verbosity=0, interactive=False)
    call_command("load_reference", stdout=sys.stderr)
    if not fresh:
        _fill(size, processes)
        STAMP.write_text(json.dumps(wanted))
    began = time.process_time()
    call_command("build_snapshot", if_due=fresh, stdout=sys.stderr)
    tell(f"snapshot: {time.process_time() - began:.1f} s of processor time")


def _edition() -> str:
    """Changes with what is made, and with what the search keeps of a solution."""
    from bench.records import EDITION  # noqa: PLC0415 (needs settings)
    from catalogue.finding import GROUPS  # noqa: PLC0415

    return " ".join([str(EDITION), *GROUPS])


def _fill(size: int, processes: int) -> None:
    from bench import filling  # noqa: PLC0415 (needs settings)

    began, clock = time.monotonic(), driving.ProcessorClock(_ours)

    def so_far(done: int, of: int) -> None:
        clock.now()
        if done % 10_000 == 0 or done == of:
            tell(f"{done:,} of {of:,} made in {time.monotonic() - began:.0f} s")

    filling.fill(size, processes=processes, tell=so_far)
    seconds = clock.now() / 1000
    print(
        f"Catalogue of {size:,}: made in {time.monotonic() - began:.0f} s,"
        f" {seconds:.0f} s of processor time ({driving.load_of_machine()})"
    )


def _ours() -> list[int]:
    name = driving.database_name(URL)
    return driving.tree(os.getpid()) + (driving.back_ends(name) if name else [])


# --- The questions ------------------------------------------------------------------------------


def questions(size: int) -> dict[str, dict[str, Any]]:
    """What is asked of the list, by name. The first ones have no words."""
    country = _most_frequent("country")
    three = {"sector": "health", "country": country, "label": "validated"}
    return {
        "no filter": {},
        "one sector": {"sector": "health"},
        "sector, country, mark": three,
        "deep page": {"page": min(size // 40, 400)},
        "newest": {"sort": "newest"},
        "word of 5 %": {"q": "education"},
        "word of 9 %": {"q": "water"},
        "two words": {"q": "education teacher"},
        "sentence": {"q": SENTENCE},
        "phrase": {"q": '"early warning"'},
        "word without another": {"q": "water -education"},
        "word, two filters": {"q": "water", "country": country, "label": "validated"},
        "typing error": {"q": "irigation"},
    }


def _most_frequent(group: str) -> str:
    from django.db.models import Count  # noqa: PLC0415 (needs settings)

    from core.models import SearchFacet  # noqa: PLC0415

    rows = SearchFacet.objects.filter(kind="solution", group=group).values_list("value")
    return str(rows.annotate(n=Count("pk")).order_by("-n", "value")[0][0])


def right_total(question: dict[str, Any]) -> int:
    """How many solutions answer."""
    from core import search  # noqa: PLC0415 (needs settings)
    from core.models import SearchDocument  # noqa: PLC0415

    filters = {name: str(value) for name, value in question.items() if name in _FILTERS}
    if "q" in question:
        query = search.SearchQuery.parse(question["q"])
        chosen = {name: [value] for name, value in filters.items()}
        return search.find("solution", query, chosen, per_page=1).total
    rows = SearchDocument.objects.filter(kind="solution")
    for name, value in filters.items():
        rows = rows.filter(facets__group=name, facets__value=value)
    return rows.count()


_FILTERS = {"sector", "country", "label"}


def cases(size: int, ours: Served, keeping: Served, bare: Served) -> list[Case]:
    """All that is asked in one run, anchors first; the repeat visit of one that keeps pages."""
    from django.urls import reverse  # noqa: PLC0415 (needs settings)

    solutions, search = reverse("catalogue:solutions"), reverse("search")
    found = [Case("L1", bare, "/prebuilt"), Case("L2_cat", bare, "/catalogue")]
    for name, question in questions(size).items():
        path = f"{solutions}?{urlencode(question)}" if question else solutions
        shows = f"Show {right_total(question)} solution"
        found.append(Case(name, ours, path, anchor="L2_cat", shows=shows))
    suggested = f"{reverse('search-suggestions')}?q=vac"
    found.append(Case("suggestion", ours, suggested, anchor="L2_cat", shows="accin"))
    everything = f"{search}?{urlencode({'q': 'water'})}"
    found.append(Case("everything", ours, everything, anchor="L2_cat", shows="Solutions"))
    found = [replace(case, queries=_queries(case)) for case in found]
    tag = keeping.get(solutions).headers.get("etag")
    if tag:
        again = {"If-None-Match": tag}
        found.append(Case("repeat visit", keeping, solutions, "L1", again, status=304))
    return found


def _queries(case: Case) -> int | None:
    """Statements of one request, counted in this process."""
    if not case.anchor:
        return 0
    from django.db import connection  # noqa: PLC0415 (needs settings)
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    client = Client()
    client.get(case.path)  # what is read once per process is not the page's
    with CaptureQueriesContext(connection) as queries:
        client.get(case.path)
    return len(queries)


# --- The parts of a run -------------------------------------------------------------------------


def pages(size: str, rounds: int, each: int) -> list[Goal]:
    """Every question in turns with the anchors."""
    number = SIZES[size]
    static = {"STATIC_ROOT": os.environ["STATIC_ROOT"]}
    keeps = driving.portal(FOLDER, URL, REPEAT_VISITS="yes", **static)
    with driving.portal(FOLDER, URL, **static) as ours, keeps as keeping, driving.anchors() as bare:
        before = ours.memory()
        asked = cases(number, ours, keeping, bare)
        measured = driving.drive(asked, rounds=rounds, each=each)
        after = ours.memory()
    print(f"\n{number:,} solutions on {_database()}; {driving.load_of_machine()}\n")
    print(driving.table(measured))
    print(
        f"\nMemory of each worker: {_megabytes(after)}; before it was asked: {_megabytes(before)}"
    )
    if "repeat visit" not in measured:
        print("Pages carry no ETag: nothing is answered 304.")
    return page_goals(size, measured)


def _megabytes(memory: list[float]) -> str:
    """Of the workers; the process that watches them comes first and is left out."""
    return ", ".join(f"{size:.0f}" for size in memory[1:]) + " MB"


def page_goals(size: str, measured: dict[str, Measured]) -> list[Goal]:
    """The dearest question without and with words, and the repeat visit."""
    texts = {name for name, question in questions(SIZES[size]).items() if "q" in question}
    plain = [one.ratio for name, one in measured.items() if name in _without(texts, size)]
    worded = [one.ratio for name, one in measured.items() if name in texts]
    no_text, text = AIMS[size]
    goals = [
        Goal(f"W1 {size} no text", max(plain), *no_text),
        Goal(f"W1 {size} text", max(worded), *text),
    ]
    if "repeat visit" in measured:
        goals.append(Goal("W2 repeat visit 304", measured["repeat visit"].ratio, 2, 1.2))
    return goals


def _without(texts: set[str], size: str) -> set[str]:
    return set(questions(SIZES[size])) - texts


def start() -> list[Goal]:
    """One worker from nothing to its first answer, and what it holds then."""
    static = {"STATIC_ROOT": os.environ["STATIC_ROOT"]}
    with driving.portal(FOLDER, URL, workers=1, **static) as ours:
        seconds = ours.started_in / 1000
        ours.get("/solutions/")
        memory = sum(ours.memory())
    goals = [
        Goal("W6 first answer, CPU s", seconds, 1.0, 0.7),
        Goal("W6 one worker and master, MB", memory, 90, 75),
    ]
    if not URL:
        goals.append(Goal("W6 tables, demo, first page, CPU s", _from_nothing(), 15, 8))
    return goals


def _from_nothing() -> float:
    """Processor seconds from an empty folder to the first page of the demonstration."""
    with TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        for inner in ("broker/queue", "broker/control"):
            (folder / inner).mkdir(parents=True)
        env = {
            **os.environ,
            **driving.portal_environment(folder),
            "STATIC_ROOT": os.environ["STATIC_ROOT"],
            "LOG_LEVEL": "ERROR",
        }
        log = folder / "prepare.log"
        with log.open("wb") as lines:
            child = os.posix_spawn(
                sys.executable,
                [sys.executable, "manage.py", "prepare", "--demo"],
                env,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, lines.fileno(), 1),
                    (os.POSIX_SPAWN_DUP2, lines.fileno(), 2),
                ],
            )
            _child, status, used = os.wait4(child, 0)
        if status:
            raise WrongAnswer(f"prepare --demo failed:\n{log.read_text()[-2000:]}")
        spent = used.ru_utime + used.ru_stime
        static = {"STATIC_ROOT": os.environ["STATIC_ROOT"]}
        with driving.portal(folder, workers=1, **static) as ours:
            before = ours.clock()
            driving.check(Case("first page", ours, "/solutions/"))
            return spent + (ours.started_in + ours.clock() - before) / 1000


def index(size: int) -> list[Goal]:
    """What it costs to make records findable by the portal's own means, per ten thousand."""
    from django.db import connection  # noqa: PLC0415 (needs settings)

    from bench import filling, records  # noqa: PLC0415
    from core import search  # noqa: PLC0415

    first = size // records.BLOCK
    made = [
        replace(document, kind="bench")
        for number in range(first, first + 3)
        for document in filling.documents(records.block(number))
    ]
    warm, rest = made[:WARM], made[WARM : WARM + INDEXED]
    search.index_many(warm)  # a process that imports has stemmed the usual words
    clock = driving.ProcessorClock(_ours)
    search.index_many(rest)
    spent = clock.now() / 1000
    search.remove_many("bench", [document.object_id for document in warm + rest])
    each = spent / INDEXED
    print(f"\nMaking one record findable: {each * 1000:.2f} CPU ms on {connection.vendor}")
    return [Goal("W5 10k made findable, CPU s", each * 10_000, 8, 5.5)] if URL else []


def _database() -> str:
    return "PostgreSQL" if URL else "SQLite"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="10k")
    parser.add_argument("--parts", default=",".join(PARTS), help="which of: " + ", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--each", type=int, default=4, help="requests of one turn")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    parts = asked.parts.split(",")
    try:
        prepare(SIZES[asked.size], asked.processes)
        goals: list[Goal] = []
        if "pages" in parts:
            goals += pages(asked.size, asked.rounds, asked.each)
        if "start" in parts:
            goals += start()
        if "index" in parts:
            goals += index(SIZES[asked.size])
    except WrongAnswer as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print(f"\n{driving.goal_lines(goals)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
