"""What finding costs in a catalogue of ten thousand, a hundred thousand or a million solutions.

    make bench SIZE=10k|100k|1m [DB=sqlite|postgres] [ARGS="--parts pages --rounds 20"]

Prepares what a server needs and hands over to ``finding_at_scale.py``, which makes the catalogue
(once: it is kept in ``var/bench-10k`` or in a database ``bench_10k``), asks the portal and bare
templates in turns, and prints a table and one line for each goal. ``DATABASE_URL`` names the
PostgreSQL server; a role that may make databases is needed.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "bin")]
SHARED = ROOT / "var" / "bench"
os.environ["HUB_VAR"] = str(SHARED)  # style sheets and fonts are the same for all sizes

import run as portal  # noqa: E402 (bin/ comes first)
from setting_up import PYTHON, Failed, ensure_environment, environment  # noqa: E402

from bench.driving import portal_environment  # noqa: E402

SIZES = ("10k", "100k", "1m")
SERVER = "postgres://postgres@127.0.0.1:5432"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="10k")
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite")
    asked, rest = parser.parse_known_args()
    name = f"bench_{asked.size}"
    folder = ROOT / "var" / (f"bench-{asked.size}" + ("-postgres" * (asked.db == "postgres")))
    url = ""
    if asked.db == "postgres":
        server = os.environ.get("DATABASE_URL") or f"{SERVER}/postgres"
        url = f"{server.rpartition('/')[0]}/{name}"
    try:
        ensure_environment()
        portal.prepare_static(environment(DJANGO_SETTINGS_MODULE="hubportal.settings"))
    except Failed as refusal:
        print(f"\n{refusal}", file=sys.stderr)
        return 1
    env = {
        **os.environ,
        **portal_environment(folder, url),
        "STATIC_ROOT": str(SHARED / "static"),
        "PYTHONUTF8": "1",
    }
    command = [str(PYTHON), "-m", "bench.finding_at_scale", "--size", asked.size, *rest]
    os.chdir(ROOT)
    os.execve(PYTHON, command, env)  # noqa: S606
    return 0


if __name__ == "__main__":
    sys.exit(main())
