"""Appeals: three people with no part in the case look at how it was decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import DomainError
from core.models import AuditEntry
from validation import choices as c
from validation.clock import PORTAL
from validation.conflicts import Named, hard_blocks
from validation.models import Appeal, AppealMember, Case, CasePart
from validation.operations.common import (
    audit_data,
    days_from_now,
    in_team,
    is_public,
    lock,
    must,
    periods,
    require_text,
)
from validation.operations.opening import open_second_look

if TYPE_CHECKING:
    from datetime import datetime

    from accounts.models import User

MEMBERS = 3
COUNTRIES = 2


def last_day(case: Case) -> datetime | None:
    """Until when the owner may appeal: the end of the last day. None while nothing is decided."""
    if case.ended_at is None or case.state != c.CaseState.DECIDED:
        return None
    until = days_from_now(int(periods(case)["appeal_file_days"]), start=case.ended_at)
    return timezone.localtime(until).replace(hour=23, minute=59, second=59)


def file_appeal(case: Case, *, by: User, ground: str, text: str) -> Appeal:
    """The owner objects: to procedure, a factual error or overlooked evidence, nothing else.
    Sending it twice gives one appeal."""
    must(by.has_perm("validation.file_appeal", case) and in_team(by, case.solution))
    fields: dict[str, list[str]] = {}
    if ground not in c.AppealGround.values:
        fields["ground"] = [_("Choose the ground of the appeal.")]
    if not text.strip():
        fields["text"] = [_("Say what went wrong, and where it can be seen.")]
    if fields:
        raise DomainError(_("The appeal is not complete yet."), code="incomplete", fields=fields)
    with transaction.atomic():
        case = lock(case)
        there = Appeal.objects.filter(case=case).first()
        if there:
            return there
        until = last_day(case)
        if until is None:
            raise DomainError(_("There is no decision to appeal against."), code="wrong-state")
        if timezone.now() > until:
            raise DomainError(
                _("The time for an appeal has passed. You can send in a new version."), code="late"
            )
        try:
            with transaction.atomic():
                appeal = Appeal.objects.create(
                    case=case,
                    ground=ground,
                    text=text.strip()[:6000],
                    filed_by=by,
                    due_at=days_from_now(int(periods(case)["appeal_answer_days"])),
                )
        except IntegrityError:
            return Appeal.objects.get(case=case)
        AuditEntry.record(
            by=by, verb="file_appeal", target=appeal, note=appeal.text, **audit_data(case)
        )
        appeal.announce("file_appeal", by=by)
    return appeal


def refused_for_appeal(case: Case, people: Sequence[User]) -> dict[int, str]:
    """Who of these may not hear it, and why: a part in the case, or a hard block."""
    named = Named.of(case)
    parts = dict(
        CasePart.objects.filter(case__submission=case.submission_id).values_list("user_id", "part")
    )
    refused = {}
    for person in people:
        blocks = [block.message for block in hard_blocks(person, named)]
        if person.pk in parts:
            blocks.append(_("Had a part in this case."))
        if blocks:
            refused[person.pk] = " ".join(blocks)
    return refused


def appoint(appeal: Appeal, *, by: User, people: Sequence[User]) -> None:
    """Give the appeal to three people with no part in it, from two countries at least."""
    must(by.has_perm("validation.run_appeal", appeal))
    case = appeal.case
    chosen = list({person.pk: person for person in people}.values())
    if by.pk in refused_for_appeal(case, [by]):
        raise DomainError(
            _("Somebody who had no part in the case appoints the three."), code="four-eyes"
        )
    if len(chosen) != MEMBERS:
        raise DomainError(_("Choose three different people."), code="three")
    refused = refused_for_appeal(case, chosen)
    if refused:
        names = {person.pk: str(person) for person in chosen}
        told = [f"{names[pk]}: {why}" for pk, why in refused.items()]
        raise DomainError(" ".join(told), code="blocked")
    countries = {str(person.profile.country) for person in chosen} - {""}
    if len(countries) < COUNTRIES:
        raise DomainError(_("The three come from two countries at least."), code="country")
    with transaction.atomic():
        lock(case)
        if Appeal.objects.filter(pk=appeal.pk, state=c.AppealState.FILED).exists():
            # Before the move: who is told of it reads who the three are.
            AppealMember.objects.bulk_create(
                [
                    AppealMember(appeal=appeal, user=person, country=str(person.profile.country))
                    for person in chosen
                ]
            )
        appeal._make("hear", by=by, data=audit_data(case))


def give_opinion(appeal: Appeal, *, by: User, upholds: bool, reason: str) -> None:
    """One of the three says what they think; once all have, the majority decides.

    Upheld, the same version goes before new people; what was decided stands until then.
    """
    reason = require_text(reason, _("Give your reason."), "reason")
    must(by.has_perm("validation.hear_appeal", appeal))
    with transaction.atomic():
        case = lock(appeal.case)
        appeal = Appeal.objects.select_for_update(of=("self",)).get(pk=appeal.pk)
        appeal.case = case
        member = AppealMember.objects.filter(appeal=appeal, user=by).first()
        if member is None:
            raise PermissionDenied
        if appeal.state != c.AppealState.HEARD:
            raise DomainError(_("This appeal has been answered."), code="wrong-state")
        if refused_for_appeal(case, [by]):
            raise DomainError(
                _("You have a part in this case by now and cannot judge it."), code="blocked"
            )
        AppealMember.objects.filter(pk=member.pk).update(
            upholds=upholds, reason=reason[:4000], given_at=timezone.now()
        )
        AuditEntry.record(
            by=by,
            verb="opinion",
            target=appeal,
            alias="A member of the appeal panel",
            alias_ref=f"appeal-member:{member.pk}",
        )
        opinions = list(appeal.members.values_list("upholds", flat=True))
        if None in opinions:
            return
        upheld = sum(bool(opinion) for opinion in opinions) * 2 > len(opinions)
        appeal._make(
            "uphold" if upheld else "reject",
            by=PORTAL,
            data=audit_data(case, opinions=[bool(opinion) for opinion in opinions]),
            answered_at=timezone.now(),
            **PORTAL.audit_name,
        )
        busy = Case.objects.open().filter(solution=case.solution_id).exists()
        if upheld and not busy and is_public(case.solution):
            open_second_look(case, by=PORTAL, **PORTAL.audit_name)
