"""Reports of trials: sent by members, checked by keepers, shown on the solution's page.

A check asks whether the report is about the solution, says what was done, and names its evidence;
it does not judge the result. Nobody checks a report about a record they are named in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from catalogue.choices import Publication
from community.choices import ReportState
from community.models import LivingLab, TrialReport
from community.models.labs import is_of_team
from community.operations.labs import mark_of
from community.screening import screen
from core.errors import DomainError
from core.models import AuditHead
from core.richtext import from_text
from core.text import fold

if TYPE_CHECKING:
    import uuid

    from accounts.models import User
    from catalogue.models import Solution

#: What a report says.
TOLD = (
    "organisation", "country", "tried", "context", "changed", "result", "outcome",
    "evidence_title", "evidence_url",
)  # fmt: skip
#: What of it is looked at as any text that members send.
SCREENED = ("context", "changed", "result")
#: So many reports of one person may wait for a check.
MOST_WAITING = 10


@transaction.atomic
def report_trial(
    solution: Solution,
    *,
    by: User,
    form_key: uuid.UUID,
    lab: LivingLab | None = None,
    **told: Any,
) -> TrialReport:
    """Say what came of trying a solution. The same form sent twice is one report."""
    if not by.has_perm("community.take_part"):
        raise PermissionDenied
    AuditHead.hold()
    there = TrialReport.objects.filter(user=by, form_key=form_key).first()
    if there is not None:
        return there
    refuse_reporting(solution, by=by)
    if by.trials.filter(state=ReportState.SUBMITTED).count() >= MOST_WAITING:
        raise DomainError(
            _("%(n)d of your reports wait for a check. Send the next one once they are read.")
            % {"n": MOST_WAITING},
            code="limit",
        )
    if lab is not None and not lab.solutions.filter(pk=solution.pk).exists():
        raise ValidationError({"lab": _("Choose a lab that lists this solution.")})
    report = TrialReport(solution=solution, user=by, form_key=form_key, lab=lab)
    _write(report, told, by=by)
    report.save()
    return report


def refuse_reporting(solution: Solution, *, by: User) -> None:
    """Only public records are tried, and not by those who wrote them."""
    if solution.publication != Publication.PUBLIC:
        raise DomainError(_("This solution is not public."), code="not-public")
    if is_of_team(by, solution):
        raise DomainError(
            _(
                "You are named in this solution. What your team found belongs in the record"
                " itself, where it is reviewed."
            ),
            code="team",
        )


@transaction.atomic
def change_report(report: TrialReport, *, by: User, opened: str, **told: Any) -> TrialReport:
    """Change one's own report before it is shown. One that was not shown goes to a check again."""
    AuditHead.hold()
    row = (
        TrialReport.objects.select_for_update(of=("self",))
        .select_related("solution")
        .get(pk=report.pk)
    )
    if row.user_id != by.pk or not by.has_perm("community.take_part"):
        raise PermissionDenied
    if row.state not in {ReportState.SUBMITTED, ReportState.HIDDEN}:
        raise DomainError(
            _("This report was checked meanwhile and cannot be changed any more."), code="closed"
        )
    if opened != mark_of(row, TOLD):
        raise DomainError(
            _("You changed this report elsewhere meanwhile. Compare both, then save again."),
            code="stale",
        )
    refuse_reporting(row.solution, by=by)
    _write(row, told, by=by)
    row.save(update_fields=[*TOLD, "is_own"])
    if row.state == ReportState.HIDDEN:
        row._make("send_again", by=by, reason="")
    return row


def _write(report: TrialReport, told: dict[str, Any], *, by: User) -> None:
    for name in TOLD:
        setattr(report, name, told.get(name, ""))
    if report.evidence_url and not report.evidence_title:
        raise ValidationError({"evidence_title": _("Say what the link leads to.")})
    if report.evidence_title and not report.evidence_url:
        raise ValidationError({"evidence_url": _("Give the address, or leave both empty.")})
    report.full_clean(exclude=["solution", "lab", "user", "form_key"])
    # Every report is read by a person; what is too many, or forbidden, is refused here.
    screen(by, from_text("\n\n".join(str(getattr(report, name)) for name in SCREENED)))
    report.is_own = is_own_institution(report)


def is_own_institution(report: TrialReport) -> bool:
    """Whether the organisation is one the record itself names as its owner, hub or contributor."""
    solution = report.solution
    names = {solution.owner_institution}
    names |= set(solution.contributors.values_list("organisation", flat=True))
    if solution.hub is not None:
        names |= solution.hub.institutions()
    return _plain(report.organisation) in {_plain(name) for name in names} - {""}


def _plain(name: str) -> str:
    """A name for comparison: folded, without punctuation."""
    return " ".join(re.findall(r"\w+", fold(name)))


@transaction.atomic
def check_report(
    report: TrialReport, *, by: User, shows: bool, opened: str, reason: str = ""
) -> None:
    """Show a report or do not, with the reason its author reads.

    Refused if its text is not the one that was read (``opened``).
    """
    AuditHead.hold()
    row = (
        TrialReport.objects.select_for_update(of=("self",))
        .select_related("solution")
        .get(pk=report.pk)
    )
    if not by.has_perm("community.check_report", row):
        raise PermissionDenied
    if report.state != row.state:
        raise DomainError(
            _("Someone else decided about this report first. Load it again and look."),
            code="stale",
        )
    if opened != mark_of(row, TOLD):
        raise DomainError(
            _("Its author changed the report since you opened it. Read it again."), code="stale"
        )
    reason = reason.strip()
    if shows:
        if row.solution.publication != Publication.PUBLIC:
            raise DomainError(_("This solution is not public any more."), code="not-public")
        row.show_report(by=by)
    else:
        if not reason:
            raise ValidationError({"reason": _("Say why; its author reads it.")})
        row.hide_report(by=by, reason=reason)
    report.state, report.reason = row.state, row.reason
