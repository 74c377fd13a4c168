"""What drawing a page costs, against the bare-template page of the anchor in the same run.

    var/venv/bin/python bench/drawing.py --anchor LIMITS_APP [--rounds 8] [--profile PAGE]

Two processes answer requests by themselves, without a server: this portal, over the data of
``HUB_VAR`` or ``DATABASE_URL``, and the anchor, a file that offers ``application``. They take
turns, so that a busy machine slows both alike. Printed is processor time of the web process; a
database server's own is not in it. Only the ratios mean anything.
"""

from __future__ import annotations

import argparse
import cProfile
import importlib.util
import json
import os
import pstats
import statistics
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ANCHOR_PAGE = "/l2/"
BARE_PAGE = "/l1/"
PAGES = {
    "list": "/solutions/",
    "list, Arabic": "/ar/solutions/",
    "list, sector": "/solutions/?sector=health",
    "list, two groups": "/solutions/?sector=health&region=019",
    "list, words": "/solutions/?q=health",
    "list, page beyond": "/solutions/?page=1000000000000000000",
    "hubs": "/hubs/",
    "sign in": "/accounts/login/",
    "home": "/",
    "page of text": "/pages/about/",
}
EACH = 12


def ask(application: Any, address: str, **headers: str) -> tuple[str, bytes, dict[str, str]]:
    """One request through the whole of an application."""
    path, _, query = address.partition("?")
    seen: list[Any] = []

    def begin(status: str, fields: list[tuple[str, str]], *_: Any) -> None:
        seen.append((status, fields))

    environ = {
        "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_ACCEPT_LANGUAGE": "en", "HTTP_ACCEPT_ENCODING": "gzip",
        "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": BytesIO(),
        "wsgi.errors": sys.stderr, "wsgi.multithread": False, "wsgi.multiprocess": False,
        "wsgi.run_once": False, **headers,
    }  # fmt: skip
    said = application(environ, begin)
    body = b"".join(said)
    if hasattr(said, "close"):
        said.close()
    return seen[0][0], body, dict(seen[0][1])


def application_of(anchor: str) -> Any:
    """The portal's own application, or the one in a file."""
    if anchor:
        found = importlib.util.spec_from_file_location("anchor", anchor)
        assert found is not None
        assert found.loader is not None
        module = importlib.util.module_from_spec(found)
        sys.modules["anchor"] = module
        found.loader.exec_module(module)
        return module.application
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubportal.settings")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    os.environ["REPEAT_VISITS"] = "no"  # what drawing costs
    from hubportal.wsgi import application  # noqa: PLC0415 (settings first)

    return application


def answer(anchor: str) -> None:
    """Answer one line of JSON after the other: an address, how often; seconds each, bytes."""
    application = application_of(anchor)
    print("ready", flush=True)
    for line in sys.stdin:
        address, times, known = json.loads(line)
        headers = {"HTTP_IF_NONE_MATCH": known} if known else {}
        spent = []
        for _ in range(times):
            start = time.process_time()
            status, body, fields = ask(application, address, **headers)
            spent.append(time.process_time() - start)
        said = [min(spent), statistics.median(spent), len(body), status, fields.get("ETag", "")]
        print(json.dumps(said), flush=True)


class Turn:
    """One of the two processes."""

    def __init__(self, anchor: str = "") -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--answer", *(["--anchor", anchor] if anchor else [])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        assert self.process.stdout is not None
        while (line := self.process.stdout.readline()) != "ready\n":
            if not line:
                raise SystemExit("It did not start.")

    def ask(self, address: str, times: int = EACH, known: str = "") -> list[Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps([address, times, known]), file=self.process.stdin, flush=True)
        if not (line := self.process.stdout.readline()):
            raise SystemExit(f"{address} failed: see above.")
        return json.loads(line)


def measure(anchor: str, rounds: int) -> None:
    ours, theirs = Turn(), Turn(anchor)
    known = {name: ours.ask(address, 3)[4] for name, address in PAGES.items()}
    theirs.ask(ANCHOR_PAGE, 3)
    found: dict[str, list[list[Any]]] = {}
    for _ in range(rounds):
        found.setdefault("bare template", []).append(theirs.ask(ANCHOR_PAGE))
        found.setdefault("prebuilt", []).append(theirs.ask(BARE_PAGE))
        for name, address in PAGES.items():
            found.setdefault(name, []).append(ours.ask(address))
            if name == "list" and known[name]:
                said = ours.ask(address, EACH, known[name])
                found.setdefault("list, known", []).append(said)
    base = statistics.median(row[1] for row in found["bare template"])
    least = min(row[0] for row in found["bare template"])
    print(f"{'page':20} {'median ms':>10} {'least ms':>10} {'bytes':>8}  ratio (least)  status")
    for name, rows in found.items():
        middle, best = statistics.median(row[1] for row in rows), min(row[0] for row in rows)
        print(
            f"{name:20} {middle * 1e3:10.2f} {best * 1e3:10.2f} {rows[0][2]:8}"
            f"  {middle / base:5.2f} ({best / least:.2f})  {rows[0][3]}"
        )
    for turn in (ours, theirs):
        turn.process.communicate()  # closes its input, at which it ends


def profile(address: str, lines: int) -> None:
    application = application_of("")
    for _ in range(5):
        ask(application, address)
    run = cProfile.Profile()
    run.enable()
    for _ in range(30):
        ask(application, address)
    run.disable()
    pstats.Stats(run).sort_stats("cumulative").print_stats(lines)
    pstats.Stats(run).sort_stats("tottime").print_stats(lines)


def main() -> None:
    say = argparse.ArgumentParser(description=__doc__)
    say.add_argument("--anchor", default="")
    say.add_argument("--rounds", type=int, default=8)
    say.add_argument("--answer", action="store_true")
    say.add_argument("--profile", default="", metavar="PAGE")
    say.add_argument("--lines", type=int, default=60)
    given = say.parse_args()
    if given.answer:
        answer(given.anchor)
    elif given.profile:
        profile(PAGES.get(given.profile, given.profile), given.lines)
    else:
        measure(given.anchor, given.rounds)


if __name__ == "__main__":
    main()
