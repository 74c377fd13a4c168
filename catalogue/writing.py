"""The working copy as plain values: what a page shows, what a person changed, what is written.

Every value is plain JSON (text, number as written, code, list of codes, list of rows), so it
can be compared, fingerprinted and carried by a form. A page that is opened carries the
fingerprint of each of its answers. On saving these tell apart what *this* person changed from
what somebody else changed meanwhile, answer by answer: only an answer that both changed, and
differently, is a conflict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from catalogue import fields as f
from catalogue.choices import Access, ContributorRole, LinkState
from catalogue.content import ROW_FIELDS, fingerprint
from catalogue.models import BuildingBlock, Contributor, Evidence, Indicator, Solution

if TYPE_CHECKING:
    from django.db.models import Model

Values = dict[str, Any]

ROW_MODELS: dict[str, type[Model]] = {
    "blocks": BuildingBlock,
    "indicators": Indicator,
    "evidence": Evidence,
    "contributors": Contributor,
}
ROW_COLUMNS: dict[str, tuple[str, ...]] = ROW_FIELDS | {
    "evidence": (
        "title",
        "kind",
        "author",
        "dated_on",
        "language",
        "url",
        "file",
        "criteria",
        "access",
    ),
}
MONEY = frozenset({"cost_total", "cost_unit"})
#: What a new row says before anybody chose.
ROW_DEFAULTS: dict[str, Values] = {
    "evidence": {"access": Access.OPEN},
    "contributors": {"role": ContributorRole.IMPLEMENTER},
}


# --- Reading -----------------------------------------------------------------------------


def values_of(solution: Solution, names: Iterable[str]) -> Values:
    """What the working copy says for these fields."""
    return {name: _value(solution, f.BY_NAME[name]) for name in names}


def _value(solution: Solution, item: f.Field) -> Any:
    name = item.name
    match item.kind:
        case f.NUMBER:
            value = getattr(solution, name)
            return "" if value is None else money(value) if name in MONEY else str(value)
        case f.FLAG:
            return bool(getattr(solution, name))
        case f.ONE:
            return getattr(solution, f"{name}_id")
        case f.MANY:
            return _many(solution, name)
        case f.ROWS:
            return [_row(name, row) for row in getattr(solution, name).all()]
        case _:
            return str(getattr(solution, name))


def money(value: Decimal | str) -> str:
    """An amount in one spelling, so that 250 and 250.00 are no difference."""
    text = format(Decimal(value).quantize(Decimal("0.01")), "f")
    return text.removesuffix(".00")


def _many(solution: Solution, name: str) -> list[Any]:
    if name == "modalities":
        return list(solution.modalities)
    if name == "tags":
        return sorted(tag.name for tag in solution.tags.all())
    return [row.pk for row in getattr(solution, name).all()]


def _row(name: str, row: Any) -> Values:
    found: Values = {"id": row.pk}
    for column in ROW_COLUMNS[name]:
        if column == "language":
            found[column] = row.language_id or ""
        elif column == "file":
            found[column] = str(row.file_id or "")
        elif column == "criteria":
            found[column] = list(row.criteria)
        else:
            found[column] = getattr(row, column)
    return found


# --- Comparing ---------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """A value without what is not content: the ids of rows, the order of a set."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [{key: item for key, item in row.items() if key != "id"} for row in value]
    if isinstance(value, list):
        return sorted(value, key=str)
    return value


def mark(value: Any) -> str:
    """A short fingerprint of one answer."""
    return fingerprint(plain(value))[:12]


def marks(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: mark(value) for name, value in values.items()}


def conflicts(
    mine: Mapping[str, Any], theirs: Mapping[str, Any], opened: Mapping[str, str]
) -> set[str]:
    """The answers that I changed and somebody else changed too, to something else."""
    return {
        name
        for name in changed(mine, opened)
        if mark(theirs[name]) != opened.get(name) and plain(mine[name]) != plain(theirs[name])
    }


def changed(mine: Mapping[str, Any], opened: Mapping[str, str]) -> set[str]:
    """The answers that are not as they were when the page was opened."""
    return {name for name, value in mine.items() if mark(value) != opened.get(name)}


# --- Writing -----------------------------------------------------------------------------


def write(solution: Solution, values: Mapping[str, Any]) -> None:
    """Put values into the working copy. Call inside the transaction that claimed it."""
    columns: Values = {}
    for name, value in values.items():
        item = f.BY_NAME[name]
        if item.kind == f.ROWS:
            _write_rows(solution, name, value)
        elif name == "tags":
            solution.tags.set(value)
        elif item.kind == f.MANY and name != "modalities":
            getattr(solution, name).set(value)
        elif item.kind == f.ONE:
            columns[f"{name}_id"] = value or None
        elif item.kind == f.NUMBER:
            columns[name] = (Decimal(value) if name in MONEY else int(value)) if value else None
        else:
            columns[name] = value
    if columns:
        Solution.objects.filter(pk=solution.pk).update(**columns)
        for name, value in columns.items():
            setattr(solution, name, value)
    if hasattr(solution, "_prefetched_objects_cache"):
        solution._prefetched_objects_cache.clear()


def _write_rows(solution: Solution, name: str, rows: list[Values]) -> None:
    """Make the rows these, in this order: known ones are changed, others made or taken out.

    An id counts only if it is one of this record's own rows. A person with an account leaves
    the team on the page of the team, never by way of a form.
    """
    model: Any = ROW_MODELS[name]
    present = {row.pk: row for row in getattr(solution, name).all()}
    for position, value in enumerate(rows):
        row = present.pop(value.get("id") or 0, None) or model(solution=solution)
        if name == "evidence":
            _forget_old_link(row, value)
        for column in ROW_COLUMNS[name]:
            _set(row, column, value[column])
        row.position = position
        row.save()
    for row in present.values():
        if getattr(row, "user_id", None) is None:
            row.delete()


def _set(row: Any, column: str, value: Any) -> None:
    if column == "language":
        row.language_id = value or None
    elif column == "file":
        row.file_id = UUID(value) if value else None
    else:
        setattr(row, column, value)


def _forget_old_link(row: Evidence, value: Values) -> None:
    if row.url != value["url"]:
        row.link_state, row.link_checked_at, row.link_note = LinkState.UNCHECKED, None, ""
