"""A database with nothing in it, for tests of what migrations do to rows.

To go back from today means undoing every migration since, which takes minutes and more with each
new one; to go forward from nothing to the state in question takes seconds.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.db import connection

from hubs import reference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def empty_database(folder: Path) -> Iterator[None]:
    """The connection leads to an empty database for a while. Not within a transaction."""
    given: Any = connection.settings_dict
    own = given["NAME"]
    name = folder / "empty.sqlite3" if connection.vendor == "sqlite" else f"{own}_empty"
    _leave()
    _on_the_server("DROP DATABASE IF EXISTS {}", "CREATE DATABASE {}", name=name)
    given["NAME"] = name
    try:
        yield
    finally:
        _leave()
        given["NAME"] = own
        _on_the_server("DROP DATABASE {}", name=name)


def _leave() -> None:
    """Nothing of one database is remembered in the other."""
    connection.close()
    ContentType.objects.clear_cache()
    reference.forget()


def _on_the_server(*statements: str, name: str | Path) -> None:
    if connection.vendor == "sqlite":
        return
    with connection._nodb_cursor() as cursor:
        for statement in statements:
            cursor.execute(statement.format(connection.ops.quote_name(name)))
