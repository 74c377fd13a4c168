"""What the next visit to a page costs, against a page of the same middlewares that is ready (L1).

    var/venv/bin/python bench/repeat.py [--db postgres] [--rounds 20]

Makes the demonstration content below ``var/bench-repeat`` (or in a database ``bench_repeat`` of the
server of ``DATABASE_URL``), starts the portal twice, once keeping pages and once not, beside the
bare templates, and asks all in turns in one run. Half a minute of questions meets a new minute of
the clock at most twice, when pages are drawn anew: that is in the figures, and hardly moves a
median.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bin")]
FOLDER = ROOT / "var" / "bench-repeat"
os.environ["HUB_VAR"] = str(FOLDER)

import run as starting  # noqa: E402 (bin/ comes first)
from setting_up import environment  # noqa: E402

from bench import driving  # noqa: E402
from bench.driving import PYTHON, Case, Goal  # noqa: E402

SERVER = "postgres://postgres@127.0.0.1:5432/postgres"
PAGES = {"list": "/solutions/", "hubs": "/hubs/", "home": "/"}


def prepare(url: str) -> None:
    """Tables, demonstration content and style sheets; what is there stays."""
    for folder in ("broker/queue", "broker/control", "log"):
        (FOLDER / folder).mkdir(parents=True, exist_ok=True)
    starting.prepare_static(environment(DJANGO_SETTINGS_MODULE="hubportal.settings"))
    env = {**os.environ, **driving.portal_environment(FOLDER, url)}
    subprocess.run(
        [PYTHON, "manage.py", "prepare", "--demo"], cwd=ROOT, env=env, check=True, stdout=-3
    )


def database() -> str:
    """The address of a database of our own, which is made."""
    import psycopg2  # noqa: PLC0415 (not needed with SQLite)

    server = os.environ.get("DATABASE_URL") or SERVER
    own = psycopg2.connect(server)
    own.autocommit = True
    with own.cursor() as cursor:
        cursor.execute("SELECT FROM pg_database WHERE datname = 'bench_repeat'")
        if cursor.fetchone() is None:
            cursor.execute("CREATE DATABASE bench_repeat")
    own.close()
    return f"{server.rpartition('/')[0]}/bench_repeat"


def measure(url: str, rounds: int, each: int) -> dict[str, driving.Measured]:
    keeps = driving.portal(FOLDER, url, REPEAT_VISITS="yes")
    with driving.portal(FOLDER, url) as draws, keeps as keeping, driving.anchors(FOLDER) as bare:
        cases = [Case("L1", bare, "/prebuilt")]
        for name, path in PAGES.items():
            tag = {"If-None-Match": keeping.get(path).headers["etag"]}
            cases += [
                Case(f"{name}, known", keeping, path, "L1", tag, status=304),
                Case(f"{name}, whole", keeping, path, "L1", shows="</html>"),
            ]
            if name == "list":
                cases += [
                    Case("list, known, drawn", draws, path, "L1", tag, status=304),
                    Case("list, drawn", draws, path, "L1", shows="</html>"),
                ]
        return driving.drive(cases, rounds=rounds, each=each)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--each", type=int, default=10)
    asked = parser.parse_args()
    url = database() if asked.db == "postgres" else ""
    prepare(url)
    measured = measure(url, asked.rounds, asked.each)
    print(f"{asked.db}; {driving.load_of_machine()}\n\n{driving.table(measured)}\n")
    known = max(one.ratio for name, one in measured.items() if name.endswith(", known"))
    print(driving.goal_lines([Goal("W2 repeat visit 304", known, must=2, best=1.2)]))


if __name__ == "__main__":
    main()
