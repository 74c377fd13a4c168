"""Diagrams of lifecycles, drawn from the tables that drive them.

The drawing in the documentation is text (Mermaid state diagrams), made by ``draw_moves`` and
compared by a test, so it cannot say anything else than the code does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.db.models import Field
from django.utils import translation

from core.lifecycle import Lifecycle

if TYPE_CHECKING:
    from collections.abc import Iterator


INTRODUCTION = (
    "Drawn by `manage.py draw_moves --write` from the tables in the models; a test holds the two"
    " together. The same tables drive methods, buttons, the desk and tests."
)


def lifecycles() -> list[type[Lifecycle]]:
    """Every model whose state changes by moves, in the order of the apps."""
    return [model for model in apps.get_models() if issubclass(model, Lifecycle) and model.moves]


def diagram(model: type[Lifecycle]) -> str:
    """One state diagram: states, and an arrow for each move from each of its sources."""
    return "\n".join(["```mermaid", "stateDiagram-v2", *_arrows(model), "```"])


def _arrows(model: type[Lifecycle]) -> Iterator[str]:
    field = model._meta.get_field(model.state_field)
    if isinstance(field, Field) and field.has_default():
        yield f"    [*] --> {field.get_default()}"
    for verb, move in model.moves.items():
        for source in move.sources:
            yield f"    {source} --> {move.target}: {verb}"


def table(model: type[Lifecycle]) -> str:
    """The same moves with the permission each needs."""
    rows = ["| move | in words | from | to | permission |", "|---|---|---|---|---|"]
    for verb, move in model.moves.items():
        sources = ", ".join(move.sources)
        rows.append(
            f"| `{verb}` | {move.label} | {sources} | {move.target} | `{move.permission}` |"
        )
    return "\n".join(rows)


def page() -> str:
    """The whole page of the documentation."""
    with translation.override("en"):
        parts = [
            "# Moves",
            "",
            INTRODUCTION,
        ]
        for model in lifecycles():
            parts += [
                "",
                f"## {str(model._meta.verbose_name).capitalize()}",
                "",
                diagram(model),
                "",
                table(model),
            ]
    return "\n".join(parts) + "\n"
