"""The engine that goes with the database."""

from __future__ import annotations

from django.db import connection

from core.search import postgres, sqlite
from core.search.terms import Engine

ENGINES: dict[str, Engine] = {"sqlite": sqlite, "postgresql": postgres}


def engine() -> Engine:
    return ENGINES[connection.vendor]
