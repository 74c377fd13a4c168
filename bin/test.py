"""Set up everything the tests need and run the whole suite, on each kind of database that answers.

``make test`` calls this. SQLite always; PostgreSQL with Redis when both answer (or fail when
they do not: ``REQUIRE_BOTH=1``). Arguments go to pytest: ``make test ARGS="tests/hubs -x"``.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

from setting_up import (
    PYTHON,
    ROOT,
    Failed,
    apt_install,
    ensure_environment,
    environment,
    stop,
)

DATABASE_URL = os.environ.get("DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/postgres"
REDIS_URL = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/15"
NOTHING_COLLECTED = 5
PROBE = """
import sys
from hubportal import env
what, url = sys.argv[1:]
try:
    if what == "PostgreSQL":
        import psycopg2
        given = env.database(url, sqlite_default=None)
        psycopg2.connect(
            dbname=given["NAME"], user=given["USER"], password=given["PASSWORD"],
            host=given["HOST"], port=given["PORT"], connect_timeout=3,
        ).close()
    else:
        import redis
        redis.Redis.from_url(url, socket_connect_timeout=3).ping()
except Exception as error:
    sys.exit(" ".join(str(error).split()))
"""


def ensure_browser() -> None:
    """The journeys drive Debian's Chromium; ``CHROMIUM`` names another one."""
    if os.environ.get("CHROMIUM") or shutil.which("chromium"):
        return
    apt_install("chromium", "The browser tests need Chromium.")


def refusal(what: str, url: str) -> str:
    """Why a service cannot be used, or nothing."""
    command = [PYTHON, "-c", PROBE, what, url]
    probe = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)
    return "" if probe.returncode == 0 else f"{what} does not answer ({probe.stderr.strip()})"


def pytest(title: str, arguments: list[str], **more: str) -> int:
    print(f"\n== Tests on {title} ==", flush=True)
    env = environment(HUB_PROFILE="test", HUB_VAR=str(ROOT / "var" / "test"))
    for name in ("DATABASE_URL", "REDIS_URL", "BROKER_URL", "DEBUG"):
        env.pop(name, None)
    # One process more than two processors: browsers and races wait more than they work.
    command = [PYTHON, "-m", "pytest", "-n", "3", "--dist", "worksteal", *arguments]
    env |= more
    return subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL).returncode


def run(arguments: list[str]) -> int:
    required = os.environ.get("REQUIRE_BOTH") == "1"
    ensure_environment(dev=True)
    ensure_browser()
    results = {"SQLite": pytest("SQLite", arguments)}
    why_not = [
        reason
        for reason in (refusal("PostgreSQL", DATABASE_URL), refusal("Redis", REDIS_URL))
        if reason
    ]
    if not why_not:
        both = {"DATABASE_URL": DATABASE_URL, "REDIS_URL": REDIS_URL}
        # What a browser sees does not depend on the database: journeys run once, on SQLite.
        results["PostgreSQL + Redis"] = pytest(
            "PostgreSQL + Redis", [*arguments, "-m", "not e2e"], **both
        )
    marks = [
        f"{name} {'✓' if code in {0, NOTHING_COLLECTED} else '✗'}" for name, code in results.items()
    ]
    marks += [f"PostgreSQL + Redis not run: {'; '.join(why_not)}"] if why_not else []
    print(f"\nRan on: {', '.join(marks)}", flush=True)
    if why_not and required:
        stop("Both kinds of database are required here (REQUIRE_BOTH=1).")
    # A part of the suite may hold only journeys; the whole suite never collects nothing.
    fine = {0, NOTHING_COLLECTED} if arguments else {0}
    return 0 if results["SQLite"] == 0 and set(results.values()) <= fine else 1


def main() -> int:
    # subprocess.run ends its child for an exception, not for a signal.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        return run(sys.argv[1:])
    except Failed as refused:
        print(f"\n{refused}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
