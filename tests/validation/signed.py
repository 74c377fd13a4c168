"""A made-up record with everything around it, for tests of signing and verifying."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from catalogue.content import fingerprint
from validation import signing

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

CONTENT: dict[str, Any] = {
    "title": "Riego que cuenta cada gota – 灌溉",
    "summary": "Farmers share a pump by mobile phone.",
    "is_running": True,
    "cost_total": "12500.50",
    "blocks": [{"title": "The pump rota", "purpose": "", "role": "core"}],
    "evidence": [{"ref": "E1", "title": "Survey", "file": {"size": 20480, "name": "a.pdf"}}],
    "translations": {},
    "is_example": True,
}


def unsigned(**changes: Any) -> dict[str, Any]:
    return {
        "@context": "https://hubs.example.org/ns/validation",
        "type": "ValidationRecord",
        "number": "V-0001",
        "label": "validated",
        "solution": {"reference": "S-7k2m", "title": CONTENT["title"]},
        "version": {"number": 2, "content_sha256": fingerprint(CONTENT)},
        "criteria_set": {"code": "common", "number": "1.0"},
        "issued_at": "2026-03-01T09:30:00Z",
        "expires_on": "2029-03-01",
        "score": "72.5",
        "criteria": [
            {"code": "C1", "score": "3", "reason": "Measured twice.", "binding": True},
            {"code": "C2", "score": None, "reason": "", "binding": False},
        ],
        "panel": {"reviewers": 2, "countries": ["KE", "UY"]},
        **changes,
    }


def record(**changes: Any) -> dict[str, Any]:
    return signing.sign(unsigned(**changes))


def row(state: str = "in_force", since: str = "2026-03-01T09:30:00Z", **changes: Any) -> dict:
    return {"number": "V-0001", "state": state, "since": since, "note": "", **changes}


def status(*rows: dict[str, Any], at: datetime = NOW) -> dict[str, Any]:
    return signing.status_list(rows or [row()], at)


def bundle(**changes: Any) -> dict[str, Any]:
    return {"record": record(), "frozen_version": CONTENT, "status": status(), **changes}


def as_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()
