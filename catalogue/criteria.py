"""The common criteria, read from their data file; later sets join as data, not as code.

Source: Common Solution Criteria 1.0 (specification, section 4.2), which answers the demand
of the Bali meeting for criteria that are common, binding and verifiable.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

#: The set by which a submission of today is judged.
IN_FORCE = "1.0"
GATES = ("G1", "G2", "G3", "G4", "G5")
BINDING = ("C1", "C2", "C3", "C4", "C5", "C6")


@cache
def criteria_set(version: str = IN_FORCE) -> dict[str, Any]:
    """The set as stored: ``gates``, ``criteria``, ``evidence_strength``, ``thresholds``."""
    path = Path(__file__).parent / "data" / f"criteria-{version}.json"
    return json.loads(path.read_text(encoding="utf-8"))
