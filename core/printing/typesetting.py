"""Setting a document: a template of ours, data that is never read as markup, a PDF.

Templates stand in the ``printing`` folder of the app that prints them; what they share is beside
this file. They read their data as JSON, so whatever somebody called themselves stays text.
"""

from __future__ import annotations

import json
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from django.utils import timezone

from core.printing.lettering import FONTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typst import Compiler

HERE = Path(__file__).resolve().parent
#: Templates may import from one another ("/core/printing/common.typ"), and from nowhere else.
ROOT = HERE.parent.parent
#: Looked for in this order; all else that is installed on the machine is left alone, so that a
#: document looks the same wherever it is made.
FAMILIES = (
    "Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Armenian",
    "Noto Sans Georgian", "Noto Sans Devanagari", "Noto Sans Bengali", "Noto Sans Tamil",
    "Noto Sans Sinhala", "Noto Sans Thai", "Noto Sans Lao", "Noto Sans Khmer",
    "Noto Sans Myanmar", "Noto Sans Ethiopic", "Noto Sans KR", "Noto Sans SC",
)  # fmt: skip
#: Tagged, so that it can be read aloud.
ACCESSIBLE = "ua-1"
#: What was worked out for a document is kept until ten others were set: after a sheet of badges a
#: process would stay 80 MB larger, and ten sheets later 800. So a large document is followed by
#: empty ones, a millisecond each.
LARGE, KEPT_FOR = 50_000, 11

log = structlog.get_logger(__name__)
_one_at_a_time = threading.Lock()


@cache
def _compiler() -> Compiler:
    # Imported on first use: its library is 80 MB, and a process that prints nothing (a worker, a
    # command) does without.
    import typst  # noqa: PLC0415

    fonts = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(FONTS)]
    )
    return typst.Compiler(root=str(ROOT), font_paths=fonts, ignore_system_fonts=True)


def typeset(template: Path, data: Mapping[str, Any]) -> bytes:
    """The PDF of a template with its data."""
    inputs = {"data": json.dumps({**data, "fonts": FAMILIES})}
    with _one_at_a_time:
        try:
            made = _compile(template, inputs, [ACCESSIBLE])
        except RuntimeError as refusal:
            # Letters that join up in a way no font knows. The paper matters more than its tags.
            log.warning("not_accessible", template=template.name, reason=str(refusal)[:300])
            made = _compile(template, inputs, [])
        if len(made) > LARGE:
            for _n in range(KEPT_FOR):
                _compile(HERE / "empty.typ", {}, [])
    return made


def _compile(template: Path, inputs: dict[str, str], standards: list[Any]) -> bytes:
    made = _compiler().compile(
        input=str(template),
        format="pdf",
        sys_inputs=inputs,
        pdf_standards=standards,
        timestamp=timezone.now().replace(microsecond=0),
    )
    assert isinstance(made, bytes)  # noqa: S101 (one file, and none of them written to disk)
    return made
