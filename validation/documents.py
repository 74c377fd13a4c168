"""The public record of a label as a document: what was judged, by what, how, until when.

JSON-LD, meant to be read by people and machines and to be signed (``validation.signing``):
whole numbers and text only, so that every language spells it alike. It names no reviewer who
did not agree to it, and dates by the day only: an exact time could give somebody away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from catalogue.content import fingerprint
from core import audit
from validation import choices as c
from validation import scoring
from validation.judging import checks_of

if TYPE_CHECKING:
    from datetime import datetime

    from validation.judging import Panel
    from validation.models import Case, Decision, Record


def document_of(record: Record, decision: Decision, panel: Panel) -> dict[str, Any]:
    """What will be signed. ``record`` has its number, dates and label already.

    ``validation.terms`` says what each word means, at the address that ``@vocab`` gives.
    """
    case = record.case
    with translation.override("en"):
        url = _absolute("validation:record", reference=record.reference)
        solution_url = _absolute("catalogue:solution", reference=record.solution.reference)
    content = case.version.content
    head_number, head_seal = audit.head()
    chosen = case.criteria_set
    return {
        "@context": ["https://schema.org", {"@vocab": f"{settings.PORTAL_URL}/records/terms/#"}],
        "type": "ValidationRecord",
        "id": url,
        "number": record.reference,
        "issuer": {"name": settings.PORTAL_NAME, "url": settings.PORTAL_URL},
        "issued_at": record.issued_at.date().isoformat() + "T00:00:00Z",
        "expires_on": record.expires_on.isoformat(),
        "label": str(record.label),
        "score": decision.score,
        "is_example": bool(record.solution.is_example or content.get("is_example", False)),
        "kind": str(case.kind),
        "renews": case.earlier.reference if case.earlier else None,
        "solution": {
            "reference": record.solution.reference,
            "title": content["title"],
            "url": solution_url,
        },
        "version": {
            "number": case.version.number,
            "frozen_on": _day(case.version.created_at),
            "content_sha256": fingerprint(content),
            "whole_sha256": case.version.content_hash,
        },
        "criteria_set": {
            "family": chosen.family,
            "version": chosen.version,
            "name": chosen.name,
            "hub": chosen.hub.slug if chosen.hub else None,
            "sha256": chosen.content_hash,
        },
        "dates": {
            "submitted_on": _day(case.sent_in.submitted_at),
            "opened_on": _day(case.opened_at),
            "decided_on": _day(record.issued_at),
        },
        "gates": [
            {"code": row.gate, "passes": row.passes, "reason": row.reason}
            for row in case.sent_in.gates.order_by("gate")
        ],
        "criteria": [_criterion(row, decision, panel) for row in chosen.content["criteria"]],
        "evidence_strength": None if decision.strength is None else f"E{decision.strength}",
        "evidence": _evidence(case),
        "reviewers": _reviewers(panel),
        "clarification_rounds": case.rounds,
        "audit": {"sequence": head_number, "seal": head_seal},
    }


def _absolute(name: str, **kwargs: Any) -> str:
    return f"{settings.PORTAL_URL}{reverse(name, kwargs=kwargs)}"


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


def _criterion(row: dict[str, Any], decision: Decision, panel: Panel) -> dict[str, Any]:
    code = row["code"]
    facts = {
        "code": code,
        "name": row["name"],
        "weight": row["weight"] if isinstance(row["weight"], int) else str(row["weight"]),
        "minimum": row["minimum"],
    }
    if code in panel.carried:
        earlier = panel.earlier_row(code)
        return {
            **facts,
            "score": scoring.as_number(panel.carried[code]),
            "reason": earlier["reason"],
            "reviews": earlier["reviews"],
            "changed_by_chair": earlier["changed_by_chair"],
            "carried_from": earlier["carried_from"],
        }
    ruled = decision.scores.get(code)
    return {
        **facts,
        "score": ruled["value"] if ruled else None,
        "reason": ruled["reason"] if ruled else "",
        "reviews": ruled["n"] if ruled else 0,
        "changed_by_chair": bool(ruled and ruled["changed"]),
        "carried_from": None,
    }


def _evidence(case: Case) -> list[dict[str, Any]]:
    """Each item with what the panel found when it looked; the title of a restricted one stays
    public, its place does not."""
    checks = checks_of(case)
    return [
        {
            "ref": row["ref"],
            "title": row["title"],
            "access": row["access"],
            "check": checks[row["ref"]]["outcome"] if row["ref"] in checks else "unchecked",
            "checked_on": checks[row["ref"]]["on"] if row["ref"] in checks else None,
        }
        for row in case.version.content["evidence"]
    ]


def _reviewers(panel: Panel) -> dict[str, Any]:
    """How many and from where; names only of those who agreed, in alphabetical order."""
    return {
        "number": len(panel.seats),
        "countries": sorted({seat.country for seat in panel.seats if seat.country}),
        "named": sorted(str(seat.user) for seat in panel.seats if seat.named),
    }


def level_in_words(label: str) -> str:
    return str(c.Outcome(label).label)
