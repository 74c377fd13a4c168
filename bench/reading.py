"""Compare what reading costs with the same pages drawn by bare templates from memory.

    var/venv/bin/python bench/reading.py [--rounds 12] [--profile thread]

Makes its own data below ``var/bench-reading`` and keeps it for the next run: a solution with a full
record, a hub with 200 statements, a discussion of 200 posts by 40 people, a programme of 40
sessions with 120 speakers. Starts the portal and two kinds of twins side by side and prints
a table and, last, one ``name ratio`` line per goal.

A solution and a hub are compared with their own templates drawn from memory (``twins.py``), the
discussion and the programme with the templates of ``anchors.py``, an event's own page, which names
its 120 speakers, with the programme's, the home page with the catalogue's. Whole pages are not kept
here, so that drawing is measured; parts of pages are, as ever. A discussion comes in pages of
50 posts, or of 200 where a reader asks for longer ones; compared with its twin, which prints 201,
are the first page, all four together, and one long page.
``--profile`` prints where the time of one page goes, inside one process.
"""

# The driver needs the standard library only; what is made inside the project imports there.
# ruff: noqa: PLC0415

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import driving  # noqa: E402 (the path first)
from bench.driving import PYTHON, Case, Goal, Measured  # noqa: E402

FOLDER = Path(os.environ.get("HUB_VAR") or ROOT / "var" / "bench-reading").resolve()
POSTS, AUTHORS, STATEMENTS, SESSIONS, SPEAKERS = 200, 40, 200, 40, 120
#: So many posts stand on a page of a discussion.
PAGE = 50
#: Raised when the data below changes: they are made anew.
VERSION = 1


# --- The data, inside the project -------------------------------------------------------------


def make() -> None:
    """Write the data, unless they are there, and print where each page is and what it asks."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubportal.settings")
    import django

    django.setup()
    from django.test import Client

    kept = FOLDER / f"reading-{VERSION}.json"
    if not kept.exists():
        kept.write_text(json.dumps(_written()))
    paths: dict[str, str] = {**json.loads(kept.read_text()), "home": "/"}
    paths["thread of 200"] = f"{paths['thread']}?all"
    print(json.dumps({name: (path, _queries(Client(), path)) for name, path in paths.items()}))


def _queries(client: Any, path: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(path)  # what is read once per process is not the page's
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path)
    if answer.status_code != 200:
        driving.tell(f"{path} answers {answer.status_code}")
    return len(queries)


def _written() -> dict[str, str]:
    from django.db import transaction
    from django.urls import reverse

    with transaction.atomic():
        hub = _hub()
        solution = _solution(hub)
        _about(hub, solution)
        thread = _thread().get_absolute_url()
        event = _event(hub)
    programme = reverse("events:programme", args=[event.slug])
    pages = {f"thread, from {n}": f"{thread}?after={n}" for n in range(PAGE, POSTS, PAGE)}
    return {
        "solution": solution.get_absolute_url(),
        "hub": hub.get_absolute_url(),
        "thread": thread,
        **pages,
        "programme": programme,
        "event": event.get_absolute_url(),
    }


def _text(paragraphs: int, sentences: int = 4) -> str:
    sentence = "We asked the users of forty wells what they pay by the bucket, and to whom. "
    return f"<p>{(sentence * sentences).strip()}</p>" * paragraphs


def _hub() -> Any:
    from claims.models import Reference
    from hubs.models import HubClaim
    from tests import factories

    factories.reference()
    hub = factories.make_hub(
        name="Institute of Wells", summary="It pays for wells.", country_id="BR"
    )
    hub.sectors.set(["water"])
    topics = ("founded", "staff", "method", "share_core", "offered", "partner", "sought", "network")
    HubClaim.objects.bulk_create(
        HubClaim(
            hub=hub, topic=topics[n % len(topics)], label=f"Statement {n}", position=n,
            text=f"What the report of the year says about it, in our own words, number {n}.",
            low=n % 7 or None, starts="2004", place=f"page {n}",
            reference=Reference.objects.create(
                key=f"report-{n}", title=f"Report {n}", citation=f"Report {n}, 2013"
            ) if n % 10 == 0 else Reference.objects.get(key=f"report-{n - n % 10}"),
        )
        for n in range(STATEMENTS)
    )  # fmt: skip
    for _n in range(4):
        near = factories.make_hub(country_id="BR")
        near.sectors.set(["water"])
    return hub


def _solution(hub: Any) -> Any:
    from catalogue import operations
    from catalogue.choices import Access, BlockRole, EvidenceKind
    from catalogue.models import BuildingBlock, Evidence, Indicator, Solution
    from tests import factories
    from tests.catalogue.shown import desk

    told = {name: _text(2) for name in ("problem", "approach", "affected", "narrative", "failure")}
    solution = factories.complete_full(hub=hub, title="Wells tested by volunteers", **told)
    BuildingBlock.objects.bulk_create(
        BuildingBlock(
            solution=solution, title=f"Part {n}", role=BlockRole.CORE, position=n + 2,
            purpose="To know which wells are safe.", enabling="A line in the budget.",
            lessons="Train two people in each village.",
        )
        for n in range(4)
    )  # fmt: skip
    Indicator.objects.bulk_create(
        Indicator(
            solution=solution, name=f"Wells of district {n}", unit="%", baseline="50",
            baseline_on="2014", latest="91", latest_on="2020", source="Yearly report, E1",
        )
        for n in range(4)
    )  # fmt: skip
    Evidence.objects.bulk_create(
        Evidence(
            solution=solution, title=f"Report of district {n}", kind=EvidenceKind.REPORT,
            url=f"https://reports.test.example/{n}", dated_on="2021", criteria=["C2"],
            access=Access.OPEN,
        )
        for n in range(6)
    )  # fmt: skip
    solution.tags.add("wells", "volunteers", "laboratories")
    solution = Solution.objects.get(pk=solution.pk)
    operations.import_solution(solution, by=desk(), source="Yearbook")
    return Solution.objects.get(pk=solution.pk)


def _about(hub: Any, solution: Any) -> None:
    """What stands around the two: other records of the hub, a discussion about this one."""
    from tests.catalogue.shown import public
    from tests.community.factories import make_discussion

    for n in range(6):
        public(f"Wells of valley {n}", hub=hub, sectors=["water"])
    for _n in range(3):
        make_discussion(solution)


def _thread() -> Any:
    from django.utils import timezone

    from community.models import Post
    from community.operations import discussing
    from tests.community.factories import make_discussion, make_member, open_theme

    found = make_discussion(open_theme())
    people = [make_member() for _n in range(AUTHORS)]
    first, now = found.posts.get(), timezone.now()
    Post.objects.bulk_create(
        Post(
            discussion=found, number=n, author=people[n % AUTHORS], body=_text(2), shown_at=now,
            reply_to=first if n % 3 == 0 else None,
        )
        for n in range(2, POSTS + 1)
    )  # fmt: skip
    type(found).objects.filter(pk=found.pk).update(last_number=POSTS)
    found.refresh_from_db()
    discussing.recount(found)
    return found


def _event(hub: Any) -> Any:
    import datetime as dt

    from events.models import Contribution, Person, Room, Session
    from tests.events.factories import make_event, make_source

    event, source = make_event(hub=hub), make_source()
    rooms = [Room.objects.create(event=event, name=f"Room {n}") for n in range(4)]
    sessions = Session.objects.bulk_create(
        Session(
            event=event, slug=f"session-{n}", title=f"Who pays for the pumps of valley {n}",
            kind="panel", day=dt.date(2024, 5, 6 + n // 16), zone="Asia/Jakarta",
            wall_starts=dt.time(9 + n % 16 // 4), wall_ends=dt.time(10 + n % 16 // 4),
            room=rooms[n % 4], reference=source,
        )
        for n in range(SESSIONS)
    )  # fmt: skip
    people = Person.objects.bulk_create(
        Person(slug=f"speaker-{n}", name=f"Speaker {n}") for n in range(SPEAKERS)
    )
    Contribution.objects.bulk_create(
        Contribution(
            event=event, session=sessions[n % SESSIONS], person=person, role="speaker",
            country_id="BR", organisation="Institute of Wells", reference=source,
        )
        for n, person in enumerate(people)
    )  # fmt: skip
    return event


# --- Measuring ----------------------------------------------------------------------------------


def _run(*command: str) -> str:
    environment = {**os.environ, **driving.portal_environment(FOLDER)}
    done = subprocess.run(
        [str(PYTHON), *command], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        raise driving.WrongAnswer(f"{' '.join(command)} failed")
    return done.stdout


def prepared() -> dict[str, tuple[str, int]]:
    """The address of each page and its number of queries; the data are made if they are not."""
    (FOLDER / "metrics").mkdir(parents=True, exist_ok=True)
    (FOLDER / "broker" / "queue").mkdir(parents=True, exist_ok=True)
    _run("manage.py", "migrate", "--verbosity", "0")
    if not (FOLDER / f"reading-{VERSION}.json").exists():
        _run("manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    return json.loads(_run("bench/reading.py", "--make").splitlines()[-1])


def measure(pages: dict[str, tuple[str, int]], rounds: int) -> dict[str, Measured]:
    twins = driving.serve(
        "twins",
        "bench.twins:application",
        env=driving.portal_environment(FOLDER) | {"PYTHONPATH": str(ROOT)},
        ready="/health/ready",
        log=FOLDER / "log" / "bench-twins.log",
    )
    with driving.portal(FOLDER) as ours, driving.anchors(FOLDER) as bare, twins as own:
        anchors = {
            "hub": "own hub", "solution": "own solution", "programme": "L2_prog40",
            "event": "L2_prog40", "home": "L2_cat",
        }  # fmt: skip
        cases = [
            Case("own solution", own, pages["solution"][0]),
            Case("own hub", own, pages["hub"][0]),
            Case("L2_thread200", bare, "/thread"),
            Case("L2_prog40", bare, "/programme"),
            Case("L2_cat", bare, "/catalogue"),
            *(
                Case(
                    name, ours, path, queries=queries,
                    anchor=anchors.get(name, "L2_thread200" if name.startswith("thread") else ""),
                )
                for name, (path, queries) in pages.items()
            ),
        ]  # fmt: skip
        return driving.drive(cases, rounds=rounds, each=8)


def goals(measured: dict[str, Measured]) -> list[Goal]:
    parts = ("thread", *(f"thread, from {n}" for n in range(PAGE, POSTS, PAGE)))
    whole = sum(measured[name].ratio for name in parts)
    return [
        Goal("reading solution", measured["solution"].ratio, must=2, best=1.5),
        Goal("reading hub", measured["hub"].ratio, must=2, best=1.5),
        Goal("reading thread", measured["thread"].ratio, must=1, best=0.4),
        Goal("reading thread of 200", measured["thread of 200"].ratio, must=1, best=0.4),
        Goal("reading thread, 200 posts in four pages", whole, must=1, best=0.4),
        Goal("reading programme", measured["programme"].ratio, must=1.5, best=1.2),
        Goal("reading event", measured["event"].ratio, must=4, best=2),
        Goal("reading home", measured["home"].ratio, must=2, best=1.5),
        Goal("queries of a solution", measured["solution"].case.queries or 0, must=6, best=4),
        Goal("queries of a hub", measured["hub"].case.queries or 0, must=6, best=4),
    ]


def profile(path: str) -> None:
    """Where the time of one page goes. Within the project's environment only."""
    import cProfile
    import pstats
    import time
    from io import BytesIO

    from hubportal.wsgi import application

    path, _mark, query = path.partition("?")

    def ask() -> bytes:
        environ = {
            "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1", "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http", "wsgi.input": BytesIO(), "wsgi.errors": sys.stderr,
            "wsgi.multithread": False, "wsgi.multiprocess": False, "wsgi.run_once": False,
        }  # fmt: skip
        answer = application(environ, lambda *_answer: None)
        body = b"".join(answer)
        answer.close()
        return body

    for _n in range(10):
        ask()
    before = time.process_time()
    for _n in range(40):
        ask()
    print(f"{(time.process_time() - before) * 25:.2f} ms, {len(ask()):,} bytes")
    with cProfile.Profile() as seen:
        for _n in range(20):
            ask()
    pstats.Stats(seen).sort_stats("tottime").print_stats(35)
    pstats.Stats(seen).sort_stats("cumulative").print_stats(70)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12, help="turns of each page")
    parser.add_argument("--profile", metavar="PAGE", help="one page, with where its time goes")
    parser.add_argument("--make", action="store_true", help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.make:
        make()
        return 0
    pages = prepared()
    if told.profile:
        print(_run("-c", f"from bench.reading import profile; profile({pages[told.profile][0]!r})"))
        return 0
    measured = measure(pages, told.rounds)
    print(f"{driving.load_of_machine()}\n\n{driving.table(measured)}\n")
    print(driving.goal_lines(goals(measured)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
