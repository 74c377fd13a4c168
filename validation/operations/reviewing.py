"""What a reviewer writes: scores with reasons, checks of evidence, the review itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from catalogue.models import StoredFile
from core.errors import DomainError
from core.models import AuditEntry
from validation import choices as c
from validation.conflicts import Named, hard_blocks
from validation.models import Case, EvidenceCheck, Score, Seat
from validation.operations.advancing import advance
from validation.operations.common import audit_data, must, require_state, touch
from validation.operations.panel import lock_seat

if TYPE_CHECKING:
    from accounts.models import User

#: The criterion whose evidence has a strength apart from its score.
RESULTS = "C2"
#: From this score on a judgement cites evidence.
CITES_FROM = 2


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a reviewer says of one criterion, as typed; nothing of it need be complete."""

    value: int | None = None
    cannot_judge: bool = False
    reason: str = ""
    cites: tuple[str, ...] = ()
    question: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A review as far as it has been written. What is not named stays as it was."""

    judgements: Mapping[str, Judgement] = field(default_factory=dict)
    strength: int | None = None
    note: str = ""
    named: bool = False


def refs_of(case: Case) -> list[str]:
    """The evidence items of the frozen version: E1, E2 …"""
    return [row["ref"] for row in case.version.content["evidence"]]


def save_review(seat: Seat, *, by: User, draft: Draft, revision: int | None = None) -> None:
    """Keep what the reviewer has so far. Nothing is sent, and nothing need be complete.

    What can never be is refused at its field: a score that is none of 0 to 4, a criterion or
    an evidence item that is not there. With ``revision``, only onto the review as it was when
    that number was read: one that was saved since, from another window, is not overwritten.
    """
    must(seat.user_id == by.pk and by.has_perm("validation.hold_seat", seat))
    with transaction.atomic():
        case, seat = lock_seat(seat)
        _require_open(case, seat)
        if revision is not None and revision != seat.revision:
            raise DomainError(
                _("This review was saved from another window meanwhile."), code="stale"
            )
        _refuse_forged(case, draft)
        for code, said in draft.judgements.items():
            Score.objects.update_or_create(
                seat=seat,
                criterion=code,
                defaults={
                    "value": None if said.cannot_judge else said.value,
                    "cannot_judge": said.cannot_judge,
                    "reason": said.reason.strip()[:2000],
                    "cites": [ref for ref in refs_of(case) if ref in said.cites],
                    "question": said.question.strip()[:1000],
                },
            )
        Seat.objects.filter(pk=seat.pk).update(
            strength=draft.strength,
            note=draft.note.strip()[:4000],
            named=draft.named,
            revision=F("revision") + 1,
        )


def _require_open(case: Case, seat: Seat) -> None:
    require_state(case, c.CaseState.ASSIGNMENT, c.CaseState.REVIEW, c.CaseState.CLARIFICATION)
    if seat.state != c.SeatState.REVIEWING:
        raise DomainError(
            _("This review is not open to you any more. Load the page again and look."),
            code="wrong-state",
        )


def _refuse_forged(case: Case, draft: Draft) -> None:
    fields: dict[str, list[str]] = {}
    known = set(refs_of(case))
    for code, said in draft.judgements.items():
        if code not in case.scope:
            fields[code] = [_("This criterion is not part of the review.")]
        elif said.value is not None and not _is_whole(said.value, 4):
            fields[code] = [_("Choose a score from 0 to 4.")]
        elif set(said.cites) - known:
            fields[code] = [_("Cite evidence of this version only.")]
    if draft.strength is not None and not _is_whole(draft.strength, max(c.Strength.values)):
        fields["strength"] = [_("Choose one of E0 to E4.")]
    if fields:
        raise DomainError(
            _("Something here cannot be. Look at the fields."), code="forged", fields=fields
        )


def _is_whole(value: object, most: int) -> bool:
    """A whole number from 0 on, and nothing that only counts as one."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def gaps_of(seat: Seat) -> dict[str, list[str]]:
    """What a review still lacks before it can be sent, by field. Empty: it is complete.

    Each criterion in scope is scored or declared beyond judging, always with a reason; a
    score of 2 or more cites evidence (specification, 4.2).
    """
    case, missing = seat.case, {}
    rows = {row.criterion: row for row in seat.scores.all()}
    for code in case.scope:
        row = rows.get(code)
        lacks = []
        if row is None or (row.value is None and not row.cannot_judge):
            lacks.append(_("Choose a score, or say that you cannot judge."))
        if row is None or not row.reason.strip():
            lacks.append(_("Give your reason in one sentence."))
        if row and row.value is not None and row.value >= CITES_FROM and not row.cites:
            lacks.append(_("A score of 2 or more cites at least one item of evidence."))
        if lacks:
            missing[code] = lacks
    results = rows.get(RESULTS)
    judged = results is not None and results.value is not None
    if RESULTS in case.scope and judged and seat.strength is None:
        missing["strength"] = [_("Say how strong the evidence for results is.")]
    return missing


def send_review(seat: Seat, *, by: User) -> Seat:
    """Hand the review in. Sending it twice sends it once.

    The last of two reviews moves the case on, whoever of the two comes last.
    """
    must(seat.user_id == by.pk and by.has_perm("validation.hold_seat", seat))
    with transaction.atomic():
        case, seat = lock_seat(seat)
        if seat.state == c.SeatState.SENT:
            return seat
        _require_open(case, seat)
        require_state(case, c.CaseState.ASSIGNMENT, c.CaseState.REVIEW)
        blocks = hard_blocks(by, Named.of(case))
        if blocks:
            raise DomainError(
                _("You cannot judge this solution any more: %(why)s")
                % {"why": " ".join(block.message for block in blocks)},
                code="blocked",
            )
        missing = gaps_of(seat)
        if missing:
            raise DomainError(
                _("The review is not complete yet. The list says what is missing."),
                code="incomplete",
                fields=missing,
            )
        seat._make(
            "send",
            by=by,
            **seat.audit_name,
            data=audit_data(case, version=case.version.content_hash),
            sent_at=timezone.now(),
        )
        touch(case)
        advance(case)
    return seat


def check_evidence(seat: Seat, *, by: User, ref: str, outcome: str, note: str = "") -> None:
    """Say what was found when an item of evidence was opened; a later word replaces it."""
    must(seat.user_id == by.pk and by.has_perm("validation.hold_seat", seat))
    if outcome not in c.CheckOutcome.values:
        text = _("Choose what you found.")
        raise DomainError(text, code="outcome", fields={ref: [text]})
    if outcome == c.CheckOutcome.CONTRADICTED and not note.strip():
        text = _("Say what contradicts it.")
        raise DomainError(text, code="reason", fields={ref: [text]})
    with transaction.atomic():
        case, seat = lock_seat(seat)
        _require_open(case, seat)
        if ref not in refs_of(case):
            raise DomainError(_("There is no such item of evidence."), code="forged")
        EvidenceCheck.objects.update_or_create(
            case=case,
            seat=seat,
            ref=ref,
            defaults={"outcome": outcome, "note": note.strip()[:500], "checked_at": timezone.now()},
        )
        AuditEntry.record(
            by=by, verb="check_evidence", target=case, ref=ref, outcome=outcome, **seat.audit_name
        )


def damaged_files(case: Case) -> list[str]:
    """Evidence whose stored bytes are no longer those that were frozen, by reference.

    The frozen version holds the fingerprint of each file; a file that was exchanged behind
    the portal's back shows here, and nothing is decided on it.
    """
    content, private = case.version.content, case.version.private_content
    damaged = []
    for row in content["evidence"]:
        source: dict[str, Any] = private.get("evidence", {}).get(row["ref"]) or row
        file = source.get("file")
        if not file:
            continue
        stored = StoredFile.objects.filter(pk=file["key"]).first()
        digest = hashlib.sha256()
        try:
            if stored is None:
                raise FileNotFoundError
            with stored.file.open("rb") as opened:
                for chunk in opened.chunks():
                    digest.update(chunk)
        except OSError:
            damaged.append(row["ref"])
            continue
        if digest.hexdigest() != file["sha256"]:
            damaged.append(row["ref"])
    return damaged
