"""The decision: proposed by the chair, confirmed by a reviewer of the panel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import DomainError
from core.models import AuditEntry
from validation import choices as c
from validation import scoring
from validation.conflicts import Named, hard_blocks
from validation.judging import LEAST, Panel, is_abroad
from validation.models import Case, Decision, Record, Seat
from validation.operations.common import (
    audit_data,
    chairs_declared,
    four_eyes,
    lock,
    must,
    require_state,
    require_text,
    sync,
)
from validation.operations.opening import settle
from validation.operations.records import issue, not_confirmed
from validation.operations.reviewing import damaged_files

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the chair writes for one criterion: the public reason, and a changed score with
    its own reason. ``value`` is exact ("2.5"); empty keeps what the reviewers agreed on."""

    reason: str
    value: str = ""
    why_changed: str = ""


_SCORE = re.compile(r"[0-9](?:[.,][0-9]{1,2})?")


def exact(text: str) -> Fraction | None:
    """A score as typed ("2", "2.5", "2,5"), to two decimals; None for anything else."""
    typed = text.strip()
    return Fraction(typed.replace(",", ".")) if _SCORE.fullmatch(typed) else None


def propose(
    case: Case,
    *,
    by: User,
    rulings: Mapping[str, Ruling],
    letter: str,
    strength: int | None = None,
    strength_reason: str = "",
    failed_gates: Mapping[str, str] | None = None,
) -> Decision:
    """The chair lays a decision before the panel. The label is computed, never chosen.

    Two reviews: the mean; three: the median. A changed score has a written reason and stays
    inside the reviewers' range. A later proposal takes the place of an open one.
    """
    must(chairs_declared(by, case))
    with transaction.atomic():
        case = lock(case)
        require_state(case, c.CaseState.DECISION)
        _complete(case, by)
        panel = Panel.of(case)
        fields: dict[str, list[str]] = {}
        scores, values = _ruled(case, panel, rulings, fields)
        agreed = panel.strength
        strength = agreed if strength is None else strength
        if strength != agreed:
            _check_strength(panel, strength, strength_reason, fields)
        gates = {code: text.strip() for code, text in (failed_gates or {}).items() if text.strip()}
        known = {row["code"] for row in case.criteria_set.content["gates"]}
        if set(gates) - known:
            fields["gates"] = [_("There is no such gate.")]
        if not letter.strip():
            fields["letter"] = [_("Write to the team: what was decided and why.")]
        if fields:
            raise DomainError(
                _("The decision is not complete yet. The list says what is missing."),
                code="incomplete",
                fields=fields,
            )
        result = panel.result(values, strength=strength, gates_pass=not gates)
        case.decisions.filter(state=c.DecisionState.PROPOSED).update(state=c.DecisionState.DROPPED)
        decision = Decision.objects.create(
            case=case,
            case_revision=case.revision,
            scores=scores,
            strength=strength,
            strength_reason=strength_reason.strip() if strength != agreed else "",
            label=result.label,
            score=scoring.as_number(result.score),
            failures=[
                {"label": label, **_plain(failure)}
                for label, failures in result.failures.items()
                for failure in failures
            ],
            failed_gates=gates,
            letter=letter.strip()[:8000],
            proposed_by=by,
        )
        AuditEntry.record(
            by=by,
            verb="propose",
            target=case,
            **audit_data(case, label=result.label, score=decision.score, decision=decision.pk),
        )
        case.announce("propose", by=by)
    return decision


def _plain(failure: scoring.Failure) -> dict[str, Any]:
    return {
        name: scoring.as_number(value) if isinstance(value, Fraction) else value
        for name, value in asdict(failure).items()
    }


def _ruled(
    case: Case, panel: Panel, rulings: Mapping[str, Ruling], fields: dict[str, list[str]]
) -> tuple[dict[str, dict[str, Any]], dict[str, Fraction | None]]:
    """What was ruled for each criterion, as kept and as numbers. Faults go to ``fields``."""
    scores: dict[str, dict[str, Any]] = {}
    values: dict[str, Fraction | None] = {}
    for code in case.scope:
        ruling = rulings.get(code, Ruling(""))
        found = panel.agreed.get(code)
        value = found.value if found else None
        changed = False
        faults = []
        if ruling.value.strip():
            given = exact(ruling.value)
            if given is None:
                faults.append(_("Write a score as a number, like 2.5."))
            elif found is None:
                faults.append(_("Too few could judge this: it has no agreed score."))
            elif given != value:
                changed = True
                if not found.low <= given <= found.high:
                    faults.append(
                        _("Stay between %(low)d and %(high)d, what the reviewers gave.")
                        % {"low": found.low, "high": found.high}
                    )
                elif not ruling.why_changed.strip():
                    faults.append(_("A changed score needs a written reason."))
                value = given
        if not ruling.reason.strip():
            faults.append(_("Give the reason that readers will see, in one sentence."))
        if faults:
            fields[code] = faults
            continue
        values[code] = value
        scores[code] = {
            "value": None if value is None else scoring.as_number(value),
            "low": found and found.low,
            "high": found and found.high,
            "n": found.n if found else 0,
            "reason": ruling.reason.strip()[:2000],
            "changed": changed,
            "why_changed": ruling.why_changed.strip()[:1000] if changed else "",
        }
    return scores, values


def _check_strength(
    panel: Panel, strength: int | None, reason: str, fields: dict[str, list[str]]
) -> None:
    given = [marks.strength for marks in panel.reviews if marks.strength is not None]
    if strength is None or not given or not min(given) <= strength <= max(given):
        fields["strength"] = [_("Stay within what the reviewers gave.")]
    elif not reason.strip():
        fields["strength"] = [_("A changed strength needs a written reason.")]


def _complete(case: Case, chair: User) -> None:
    """What must hold whoever asks: two reviews that still count, one from abroad, no conflict,
    and files that are what was frozen."""
    seats = list(case.seats.sent().select_related("user__profile"))
    if len(seats) < LEAST:
        raise DomainError(_("A label is never given on one review."), code="quorum")
    if not any(is_abroad(seat.country, case.version.content) for seat in seats):
        raise DomainError(
            _("No reviewer comes from another country. Ask one more."), code="country"
        )
    named = Named.of(case)
    for person in [chair, *(seat.user for seat in seats)]:
        if hard_blocks(person, named):
            raise DomainError(
                _("Somebody who judged has a conflict by now. Release them first."), code="blocked"
            )
    if case.parts.filter(user=chair).exclude(part=c.Part.CHAIR).exists():
        raise four_eyes()
    damaged = damaged_files(case)
    if damaged:
        raise DomainError(
            _("A file is no longer the one that was frozen (%(refs)s). Nothing is decided on it.")
            % {"refs": ", ".join(damaged)},
            code="damaged",
        )


def refuse(decision: Decision, *, by: User, note: str) -> None:
    """A reviewer of the panel sends the proposal back to the chair, with the reason."""
    note = require_text(note, _("Say what the chair should look at again."), "note")
    case = decision.case
    seat = _second(case, by)
    with transaction.atomic():
        case = lock(case)
        done = Decision.objects.filter(pk=decision.pk, state=c.DecisionState.PROPOSED).update(
            state=c.DecisionState.REFUSED,
            answered_seat=seat,
            answered_at=timezone.now(),
            answer_note=note[:2000],
        )
        if not done:
            raise _overtaken()
        AuditEntry.record(
            by=by, verb="refuse", target=case, note=note, **seat.audit_name, **audit_data(case)
        )
        case.announce("refuse", by=by)


def confirm(decision: Decision, *, by: User) -> Record | None:
    """The second person agrees: label and public record appear together.

    Confirming twice confirms once. What was proposed is computed again from what is in, so
    that a review that changed since, or a rule that no longer holds, stops it.
    """
    seat = _second(decision.case, by)
    with transaction.atomic():
        case = lock(decision.case)
        decision = Decision.objects.select_related("proposed_by__profile").get(pk=decision.pk)
        if decision.state == c.DecisionState.CONFIRMED:
            return Record.objects.filter(case=case).first()
        if decision.state != c.DecisionState.PROPOSED:
            raise _overtaken()
        require_state(case, c.CaseState.DECISION)
        if decision.case_revision != case.revision:
            raise _overtaken()
        if decision.proposed_by_id != case.chair_id or decision.proposed_by_id == by.pk:
            raise four_eyes()
        if not case.seats.sent().filter(pk=seat.pk).exists():
            raise _overtaken()
        _complete(case, decision.proposed_by)
        panel = Panel.of(case)
        values = {
            code: None if row["value"] is None else Fraction(row["value"])
            for code, row in decision.scores.items()
        }
        result = panel.result(
            values, strength=decision.strength, gates_pass=not decision.failed_gates
        )
        if (result.label, scoring.as_number(result.score)) != (decision.label, decision.score):
            raise _overtaken()
        now = timezone.now()
        Decision.objects.filter(pk=decision.pk).update(
            state=c.DecisionState.CONFIRMED, answered_seat=seat, answered_at=now
        )
        decision.state, decision.answered_at = c.DecisionState.CONFIRMED, now
        case._make(
            "decide",
            by=by,
            **seat.audit_name,
            data=audit_data(case, label=decision.label, score=decision.score),
            outcome=decision.label,
            ended_at=now,
            state_since=now,
            due_at=None,
        )
        settle(case)
        record = None
        if decision.label in c.LABELS:
            record = issue(case, decision, panel)
        else:
            not_confirmed(case)
        sync(case.solution)
    return record


def _second(case: Case, by: User) -> Seat:
    """The seat from which this person may answer a proposal."""
    seat = Seat.objects.filter(case=case, user=by).first()
    if seat is None or by.pk == case.chair_id:
        raise PermissionDenied
    must((by.is_active and seat.state == c.SeatState.SENT) or case.state == c.CaseState.DECIDED)
    return seat


def _overtaken() -> DomainError:
    return DomainError(
        _("This proposal was overtaken: something behind it has changed. Load the page again."),
        code="stale",
    )
