"""Challenges: any member may doubt a label, with evidence; somebody with no part answers."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalogue.models import StoredFile
from core.errors import DomainError
from core.models import AuditEntry, AuditHead
from validation import choices as c
from validation.models import Challenge, Record
from validation.operations import records
from validation.operations.common import (
    audit_data,
    days_from_now,
    in_team,
    must,
    periods,
    require_text,
    uninvolved,
)

if TYPE_CHECKING:
    from accounts.models import User

#: Challenges one member may raise within a day.
MOST_A_DAY = 5


def raise_challenge(
    record: Record,
    *,
    by: User,
    form_key: uuid.UUID,
    text: str,
    criterion: str = "",
    url: str = "",
    file: StoredFile | None = None,
) -> Challenge:
    """Say what is wrong with a label, and show it. The same form sent twice is one challenge."""
    must(by.is_authenticated and by.is_active)
    fields: dict[str, list[str]] = {}
    if not text.strip():
        fields["text"] = [_("Say what is wrong.")]
    if not url and file is None:
        fields["url"] = [_("Give a link or a file that shows it.")]
    codes = [row["code"] for row in record.criteria_set.content["criteria"]]
    if criterion and criterion not in codes:
        fields["criterion"] = [_("Choose a criterion of this record.")]
    if fields:
        raise DomainError(_("The challenge is not complete yet."), code="incomplete", fields=fields)
    there = Challenge.objects.filter(raised_by=by, form_key=form_key).first()
    if there:
        return there
    if record.state not in {c.RecordState.IN_FORCE, c.RecordState.SUSPENDED}:
        raise DomainError(_("This label is not in force any more."), code="wrong-state")
    since = days_from_now(-1)
    if Challenge.objects.filter(raised_by=by, raised_at__gt=since).count() >= MOST_A_DAY:
        raise DomainError(
            _("You have raised %(n)d challenges today. Go on tomorrow.") % {"n": MOST_A_DAY},
            code="limit",
        )
    try:
        with transaction.atomic():
            challenge = Challenge.objects.create(
                record=record,
                form_key=form_key,
                criterion=criterion,
                text=text.strip()[:6000],
                url=url,
                file=file,
                raised_by=by,
                due_at=days_from_now(int(periods(record.case)["challenge_days"])),
            )
            AuditEntry.record(
                by=by,
                verb="challenge",
                target=challenge,
                note=challenge.text,
                **audit_data(record.case, record=record.reference),
            )
            challenge.announce("challenge", by=by)
    except IntegrityError:
        return Challenge.objects.get(raised_by=by, form_key=form_key)
    return challenge


def ask_owner(challenge: Challenge, *, by: User, note: str) -> None:
    """Let the owner answer first."""
    note = require_text(note, _("Write to the owner what is asked."), "note")
    _decide(challenge, "ask_owner", by=by, note=note, ends=False)


def answer(challenge: Challenge, *, by: User, text: str) -> None:
    """The owner's answer to a challenge; a later one replaces it while it is open."""
    text = require_text(text, _("Write your answer."), "text")
    solution = challenge.record.solution
    must(by.has_perm("validation.answer_challenge", challenge) and in_team(by, solution))
    with transaction.atomic():
        AuditHead.hold()
        kept = Challenge.objects.filter(pk=challenge.pk, state=c.ChallengeState.ASKED).update(
            owner_answer=text[:6000], owner_answered_at=timezone.now()
        )
        if not kept:
            raise DomainError(_("This challenge is not open any more."), code="wrong-state")
        AuditEntry.record(by=by, verb="answer_challenge", target=challenge, note=text)


def keep(challenge: Challenge, *, by: User, note: str) -> None:
    """The label stands, and the member learns why."""
    note = require_text(note, _("Write to the member why the label stands."), "note")
    _decide(challenge, "keep", by=by, note=note)


def suspend_label(challenge: Challenge, *, by: User, note: str) -> None:
    """The label rests while people look; everybody reads the note."""
    note = require_text(note, _("Say why: everybody reads it."), "note")
    with transaction.atomic():
        _decide(challenge, "suspend_label", by=by, note=note, ends=False)
        record = Record.objects.get(pk=challenge.record_id)
        if record.state == c.RecordState.IN_FORCE:
            records.suspend(record, by=by, note=note)


def restore_label(challenge: Challenge, *, by: User, note: str) -> None:
    """The doubt was answered: the label stands again."""
    note = require_text(note, _("Write to the member why the label stands."), "note")
    with transaction.atomic():
        _decide(challenge, "restore_label", by=by, note=note)
        others = Challenge.objects.filter(
            record=challenge.record_id, state=c.ChallengeState.SUSPENDED
        ).exclude(pk=challenge.pk)
        record = Record.objects.get(pk=challenge.record_id)
        if record.state == c.RecordState.SUSPENDED and not others.exists():
            records.restore(record, by=by, note=note)


def revoke_label(challenge: Challenge, *, by: User, note: str) -> None:
    """The doubt was right: the label ends for good."""
    note = require_text(note, _("Say why: everybody reads it."), "note")
    with transaction.atomic():
        _decide(challenge, "revoke_label", by=by, note=note)
        record = Record.objects.get(pk=challenge.record_id)
        if record.state != c.RecordState.REVOKED:
            records.revoke(record, by=by, note=note)


def _decide(challenge: Challenge, verb: str, *, by: User, note: str, ends: bool = True) -> None:
    case = challenge.record.case
    if not uninvolved(by, case) or case.parts.filter(user=by).exists():
        raise DomainError(
            _("Somebody who has no part in this case answers a challenge."), code="four-eyes"
        )
    if challenge.raised_by_id == by.pk:
        raise DomainError(_("Nobody decides about their own challenge."), code="four-eyes")
    now = timezone.now()
    changes: dict[str, Any] = (
        {"decided_by": by, "decided_at": now, "answer": note[:4000]} if ends else {}
    )
    challenge._make(verb, by=by, note=note, data=audit_data(case), **changes)
