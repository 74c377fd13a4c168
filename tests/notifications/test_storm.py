"""A small storm with every run of the tests, and its twin with the guards off. ``make storm`` makes
large ones."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from storm import services

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROOT = Path(__file__).resolve().parent.parent.parent


def storm(folder: Path, guard: str) -> dict[str, int]:
    """The verdict of one storm on a copy of this run's empty tables."""
    if connection.vendor == "sqlite":
        database, template = "sqlite", str(folder / "template.sqlite3")
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [template])
    else:
        for name in ("initdb", "postgres", "pg_dump", "psql"):
            try:
                services.program(name)
            except services.Missing:
                pytest.skip(f"{name} is not installed here: a storm needs a server of its own")
        told = connection.settings_dict
        database = "postgres"
        template = "postgres://{USER}@{HOST}:{PORT}/{NAME}".format(**told)
    command = [sys.executable, "-m", "storm", "--db", database, "--size", "small"]
    command += ["--guard", guard, "--seed", "7", "--template", template]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1500)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    last = ended.stdout.strip().splitlines()[-1]
    return {name: int(n) for name, n in re.findall(r"(\w+)=(\d+)", last)}


def test_in_a_storm_nothing_is_lost_and_nobody_gets_three_copies(tmp_path: Path) -> None:
    found = storm(tmp_path, "on")

    assert (found["lost"], found["double"], found["foreign_id"]) == (0, 0, 0)
    assert found["max_copies"] <= 2


def test_without_the_claims_the_same_storm_sends_many_copies(tmp_path: Path) -> None:
    found = storm(tmp_path, "off")

    assert found["max_copies"] > 2 or found["lost"] or found["double"]
