"""The drawn lifecycles say what the tables of moves say."""

from __future__ import annotations

from django.conf import settings

from core import diagrams
from validation.models import Record


def test_the_documentation_shows_the_moves_of_the_code() -> None:
    kept = (settings.BASE_DIR / "docs" / "moves.md").read_text(encoding="utf-8")
    assert kept == diagrams.page(), "run: manage.py draw_moves --write"


def test_every_move_is_an_arrow_from_each_of_its_sources() -> None:
    drawn = diagrams.diagram(Record).splitlines()
    arrows = [
        f"    {source} --> {move.target}: {verb}"
        for verb, move in Record.moves.items()
        for source in move.sources
    ]
    assert drawn == ["```mermaid", "stateDiagram-v2", "    [*] --> in_force", *arrows, "```"]
