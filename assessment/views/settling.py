"""After both have answered: where they differ, and what they agree on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, prefetch_related_objects
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from assessment import operations, scoring
from assessment.forms.answering import AgreeForm, AnswersForm
from assessment.models import Assessment, Sheet
from assessment.views.answering import (
    Asked,
    Part,
    following,
    levels_in,
    of_dimension,
    parts_of,
    unanswered,
)
from assessment.views.finding import base_of, find, is_own, may, of_hub, require, sent
from core.errors import DomainError

if TYPE_CHECKING:
    from django.forms import BoundField
    from django.http import HttpRequest, HttpResponse

    from assessment.models import Statement
    from assessment.scoring import Answers
    from hubs.models import Hub


WITHOUT_ANSWERS = Sheet.objects.defer("answers", "changed")


@dataclass(frozen=True, slots=True)
class Voice:
    """What one of the two said about a statement."""

    unit: str
    holds: bool
    proof: str


@dataclass(frozen=True, slots=True)
class Talked:
    """One statement with both voices and the answer to agree on."""

    asked: Asked
    voices: tuple[Voice, ...]
    differs: bool
    level: int
    level_name: str

    @property
    def statement(self) -> Statement:
        return self.asked.statement

    @property
    def holds(self) -> BoundField:
        return self.asked.holds


@dataclass(frozen=True, slots=True)
class Compared:
    """One dimension in the list: how often the two differ and how much of that is settled."""

    part: Part
    differing: int
    open: int


def find_both(request: HttpRequest, hub: Hub, uid: str) -> tuple[Assessment, list[Sheet]]:
    """The assessment and both sheets; 403 while one of the two still answers."""
    assessment = find(request, hub, uid)
    if not is_own(request.user, hub):
        raise PermissionDenied
    # Asked of twice below: who was asked, and whether both are done. Never what they said.
    prefetch_related_objects([assessment], Prefetch("sheets", WITHOUT_ANSWERS))
    require(request.user, "view_differences", assessment)
    rows = Sheet.objects.readable_by(request.user).filter(assessment=assessment)
    return assessment, list(rows.order_by("pk"))


def differing_codes(statements: Sequence[Statement], sheets: Sequence[Sheet]) -> set[str]:
    one, other = (sheet.answers for sheet in sheets)
    return {
        each.code
        for each in statements
        if one.get(each.code, {}).get("holds") != other.get(each.code, {}).get("holds")
    }


def _around(request: HttpRequest, assessment: Assessment) -> dict[str, Any]:
    is_open = assessment.state == Assessment.State.COMPARING
    return {
        "hub": assessment.hub,
        "assessment": assessment,
        "may_settle": is_open and may(request.user, "settle_assessment", assessment),
        "S": Assessment.State,
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@of_hub
def differences(request: HttpRequest, hub: Hub, uid: str) -> HttpResponse:
    """Where the two differ, by dimension; agree when everything is settled."""
    assessment, sheets = find_both(request, hub, uid)
    statements = operations.statements_of(assessment.framework)
    parts = parts_of(statements, assessment.answers, "settle", assessment)
    form = AgreeForm(sent(request))
    errors: list[tuple[str, str]] = []
    if request.method == "POST":
        require(request.user, "settle_assessment", assessment)
        if form.is_valid():
            try:
                operations.agree(assessment, by=request.user, summary=form.cleaned_data["summary"])
            except DomainError as refusal:
                errors = unanswered(refusal, statements, parts) or [(str(refusal), "")]
            else:
                messages.success(request, _("Agreed. This is where your hub stands."))
                return redirect(assessment)
    differing = differing_codes(statements, sheets)
    rows = [_compared(part, statements, differing, assessment.answers) for part in parts]
    context = {
        **_around(request, assessment),
        "sheets": sheets,
        "rows": rows,
        "differing": len(differing),
        "of": len(statements),
        "left": sum(part.left for part in parts),
        "next": next((row.part for row in rows if row.part.left), None),
        "form": form,
        "errors": errors,
    }
    return render(request, "assessment/differences.html", context)


def _compared(
    part: Part, statements: Sequence[Statement], differing: set[str], agreed: Answers
) -> Compared:
    codes = [each.code for each in statements if each.dimension_id == part.dimension.pk]
    apart = [code for code in codes if code in differing]
    return Compared(part, len(apart), sum(not scoring.is_answered(agreed, code) for code in codes))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@of_hub
def settle(request: HttpRequest, hub: Hub, uid: str, dimension: str) -> HttpResponse:
    """One dimension: both voices side by side, and the answer to agree on."""
    assessment, sheets = find_both(request, hub, uid)
    statements = operations.statements_of(assessment.framework)
    own = of_dimension(statements, dimension)
    parts = parts_of(statements, assessment.answers, "settle", assessment)
    form = AnswersForm(sent(request), statements=own, kept=assessment.answers, together=True)
    late: list[str] = []
    if request.method == "POST":
        require(request.user, "settle_assessment", assessment)
        if form.is_valid():
            try:
                operations.save_agreed(
                    assessment, by=request.user, answers=form.answers(), base=base_of(request)
                )
            except DomainError as refusal:
                assessment.refresh_from_db(fields=["answers", "revision", "state"])
                late = list(refusal.fields) if refusal.code == "stale" else []
                form.mark(refusal)
            else:
                then = following(parts, dimension)
                if request.POST.get("action") == "close" or then is None:
                    messages.success(request, _("Saved."))
                    return redirect("assessment:differences", slug=hub.slug, uid=uid)
                return redirect(then.url)
    here = next(part for part in parts if part.dimension.code == dimension)
    talked = _talked(form, assessment.answers, sheets, late)
    context = {
        **_around(request, assessment),
        "here": here,
        "number": parts.index(here) + 1,
        "of": len(parts),
        "form": form,
        "apart": [row for row in talked if row.differs],
        "alike": [row for row in talked if not row.differs],
        "opens_alike": any(row.holds.errors or row.asked.proof.errors for row in talked),
        "base": assessment.revision if late or not form.is_bound else base_of(request),
    }
    return render(request, "assessment/settle.html", context)


def _talked(
    form: AnswersForm, agreed: Answers, sheets: Sequence[Sheet], late: Sequence[str]
) -> list[Talked]:
    differing = differing_codes(form.statements, sheets)
    found = []
    for level in levels_in(form, agreed, late):
        for asked in level.asked:
            code = asked.statement.code
            voices = tuple(
                Voice(
                    sheet.unit,
                    scoring.holds(sheet.answers, code),
                    str(sheet.answers.get(code, {}).get("proof") or ""),
                )
                for sheet in sheets
            )
            found.append(Talked(asked, voices, code in differing, level.level, level.name))
    return found
