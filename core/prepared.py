"""Questions that pages put to the database all the time, worked out once for each process.

Django puts a statement together anew for every query set: for a page that asks five short
questions this takes longer than the answers do. ::

    by_number = Prepared(lambda number: Solution.objects.public().filter(number=number), int)
    found = by_number(42).rows()

The query set says what is asked, so rules about who sees what stay where they are. Only the values
named may differ from one question to the next: a part that depends on the person, or on whether a
value is there at all, is another question. ``raw`` is the answer as the database gave it, for those
who want to know whether it is the same as before.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet
    from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row")

#: What stands for a value until it is known: nothing that a rule would write into a statement.
_STAND_INS: dict[type, Callable[[int], Any]] = {
    int: lambda place: 2_147_480_000 + place,
    str: lambda place: f"stand-in for value {place}",
}


class _Statement(NamedTuple):
    queryset: QuerySet[Any, Any]
    compiler: SQLCompiler
    text: str
    values: tuple[Any, ...]
    #: Where in ``values`` those of a question go, and which of them.
    places: tuple[tuple[int, int], ...]
    converters: Any


class Answer(Generic[Row]):
    """What the database said; read into records only where somebody looks at them."""

    def __init__(self, statement: _Statement, raw: tuple[tuple[Any, ...], ...]) -> None:
        self.raw = raw
        self._statement = statement

    def column(self, path: str) -> list[Any]:
        """One column as the database gave it: ``author_id``, of a related row ``place.name``."""
        *steps, name = path.split(".")
        compiler = self._statement.compiler
        told: Any = compiler.klass_info
        for step in steps:
            told = next(one for one in told["related_klass_infos"] if one["field"].name == step)
        columns: Any = compiler.select
        place = next(n for n in told["select_fields"] if columns[n][0].target.attname == name)
        return [row[place] for row in self.raw]

    def rows(self) -> list[Row]:
        # Django's own readers make records of the rows; they are told what was asked already.
        compiler: Any = copy(self._statement.compiler)
        compiler.connection = connection
        compiler.execute_sql = lambda *_how, **_more: [self.raw]
        compiler.get_converters = lambda _columns: self._statement.converters
        asked = self._statement.queryset.all()
        asked.query.get_compiler = lambda *_where, **_more: compiler  # type: ignore[method-assign]
        return list(asked)


class Whole(tuple[Any, ...]):  # noqa: SLOT001 (it has to keep its hash somewhere)
    """Many answers by which something is kept: they are gone through once, not at each look."""

    _hash: int | None = None

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = super().__hash__()
        return self._hash


class Prepared(Generic[Row]):
    """One question with values of these kinds, ``int`` or ``str``."""

    def __init__(self, ask: Callable[..., QuerySet[Any, Row]], *kinds: type) -> None:
        self._ask = ask
        self._stand_ins = [_STAND_INS[kind](place) for place, kind in enumerate(kinds)]
        self._statements: dict[str, _Statement] = {}

    def __call__(self, *values: Any) -> Answer[Row]:
        if len(values) != len(self._stand_ins):
            raise TypeError(f"{len(self._stand_ins)} values are asked for, {len(values)} given")
        statement = self._statement()
        given = list(statement.values)
        for place, which in statement.places:
            given[place] = values[which]
        with connection.cursor() as cursor:
            cursor.execute(statement.text, given)
            raw = tuple(map(tuple, cursor.fetchall()))
        return Answer(statement, raw)

    def _statement(self) -> _Statement:
        vendor = connection.vendor
        if vendor not in self._statements:
            self._statements[vendor] = self._prepared()
        return self._statements[vendor]

    def _prepared(self) -> _Statement:
        queryset = self._ask(*self._stand_ins)
        compiler = queryset.query.get_compiler(using=queryset.db)
        text, values = compiler.as_sql()
        places = tuple(
            (place, self._stand_ins.index(value))
            for place, value in enumerate(values)
            if value in self._stand_ins
        )
        if {which for _place, which in places} != set(range(len(self._stand_ins))):
            raise ValueError(f"Not every value stands in the statement: {text}")
        columns = [column for column, *_rest in compiler.select[: compiler.col_count]]
        return _Statement(
            queryset, compiler, text, tuple(values), places, compiler.get_converters(columns)
        )
