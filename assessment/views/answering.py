"""One person's own answers. These pages fetch the sheet of who asks and no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.forms import BoundField
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from assessment import operations, scoring
from assessment.forms.answering import AnswersForm
from assessment.models import Assessment, Dimension, Sheet, Statement
from assessment.presentation import level_name
from assessment.reading import dimensions_of
from assessment.views.finding import base_of, of_hub, own_sheet, sent
from core.errors import DomainError

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django_stubs_ext import StrOrPromise

    from assessment.scoring import Answers
    from hubs.models import Hub


@dataclass(frozen=True, slots=True)
class Part:
    """One dimension in the list of them: how much of it is answered."""

    dimension: Dimension
    answered: int
    of: int
    url: str

    @property
    def is_done(self) -> bool:
        return self.answered == self.of

    @property
    def left(self) -> int:
        return self.of - self.answered


def parts_of(
    statements: Sequence[Statement], answers: Answers, view: str, assessment: Assessment
) -> list[Part]:
    found = []
    for dimension in dimensions_of(statements):
        own = [each for each in statements if each.dimension_id == dimension.pk]
        url = reverse(
            f"assessment:{view}", args=[assessment.hub.slug, assessment.uid, dimension.code]
        )
        said = sum(scoring.is_answered(answers, each.code) for each in own)
        found.append(Part(dimension, said, len(own), url))
    return found


def unanswered(
    refusal: DomainError, statements: Sequence[Statement], parts: Sequence[Part]
) -> list[tuple[str, str]]:
    """Each statement without an answer, in words, and the address where it stands."""
    urls = {part.dimension.pk: part.url for part in parts}
    return [
        (
            _("Answer “%(statement)s”") % {"statement": Truncator(each.said).chars(90)},
            f"{urls[each.dimension_id]}#s-{each.code}",
        )
        for each in statements
        if each.code in refusal.fields
    ]


def steps_of(parts: Sequence[Part], here: str) -> list[tuple[StrOrPromise, str, str, str]]:
    """The dimensions as steps, with what is left in each."""
    rows: list[tuple[StrOrPromise, str, str, str]] = []
    for part in parts:
        state = "done" if part.is_done else "todo"
        note = f"{part.answered}/{part.of}"
        name = part.dimension.name
        rows.append((name, part.url, "now" if part.dimension.code == here else state, note))
    return rows


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@of_hub
def mine(request: HttpRequest, hub: Hub, uid: str) -> HttpResponse:
    """Own answers by dimension; finish them, or take them up again."""
    sheet = own_sheet(request, hub, uid)
    statements = operations.statements_of(sheet.assessment.framework)
    parts = parts_of(statements, sheet.answers, "answer", sheet.assessment)
    errors: list[tuple[str, str]] = []
    if request.method == "POST":
        try:
            return _settle_own(request, sheet)
        except DomainError as refusal:
            errors = unanswered(refusal, statements, parts) or [(str(refusal), "")]
    context = {
        **_around(sheet),
        "parts": parts,
        "errors": errors,
        "left": sum(part.left for part in parts),
        "next": next((part for part in parts if not part.is_done), None),
        "other": _other(sheet),
    }
    return render(request, "assessment/mine.html", context)


def _settle_own(request: HttpRequest, sheet: Sheet) -> HttpResponse:
    """Finish, or take up again."""
    assessment = sheet.assessment
    if request.POST.get("action") == "reopen":
        operations.reopen_sheet(sheet, by=request.user)
        messages.success(request, _("You can change your answers again."))
        return redirect("assessment:mine", slug=assessment.hub.slug, uid=assessment.uid)
    operations.finish_sheet(sheet, by=request.user)
    now = Assessment.objects.values_list("state", flat=True).get(pk=assessment.pk)
    if now == Assessment.State.COMPARING:
        messages.success(request, _("Both have answered. See now where you differ."))
        return redirect("assessment:differences", slug=assessment.hub.slug, uid=assessment.uid)
    messages.success(
        request, _("Your answers are finished. You hear when the other person has finished, too.")
    )
    return redirect("assessment:mine", slug=assessment.hub.slug, uid=assessment.uid)


def _around(sheet: Sheet) -> dict[str, Any]:
    assessment = sheet.assessment
    is_open = assessment.state == Assessment.State.ANSWERING
    return {
        "hub": assessment.hub,
        "assessment": assessment,
        "sheet": sheet,
        "may_write": is_open and sheet.done_at is None,
        "may_reopen": is_open and sheet.done_at is not None,
        "both_done": not is_open and assessment.state != Assessment.State.DROPPED,
        "S": Assessment.State,
    }


def _other(sheet: Sheet) -> Sheet | None:
    """Who else was asked: name and unit, never answers."""
    rows = Sheet.objects.filter(assessment=sheet.assessment_id).exclude(pk=sheet.pk)
    return rows.select_related("person").only("unit", "done_at", "person").first()


# --- One dimension -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement with its two fields, and what another window saved meanwhile."""

    statement: Statement
    holds: BoundField
    proof: BoundField
    meanwhile: dict[str, Any] | None = None

    @property
    def names_proof(self) -> bool:
        return bool(self.proof.value() or self.proof.errors)


@dataclass(frozen=True, slots=True)
class Level:
    level: int
    name: str
    asked: tuple[Asked, ...]


def levels_in(form: AnswersForm, kept: Answers, late: Sequence[str] = ()) -> list[Level]:
    """The statements of a dimension under their levels."""
    found: dict[int, list[Asked]] = {}
    for each in form.statements:
        meanwhile = dict(kept.get(each.code, {})) if each.code in late else None
        row = Asked(each, form.holds(each), form.proof(each), meanwhile)
        found.setdefault(each.level, []).append(row)
    return [Level(level, level_name(level), tuple(rows)) for level, rows in sorted(found.items())]


def of_dimension(statements: Sequence[Statement], code: str) -> list[Statement]:
    found = [each for each in statements if each.dimension.code == code]
    if not found:
        raise Http404
    return found


def following(parts: Sequence[Part], code: str) -> Part | None:
    """The dimension after this one."""
    codes = [part.dimension.code for part in parts]
    place = codes.index(code) + 1
    return parts[place] if place < len(parts) else None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@of_hub
def answer(request: HttpRequest, hub: Hub, uid: str, dimension: str) -> HttpResponse:
    """The statements of one dimension: say of each whether it holds."""
    sheet = own_sheet(request, hub, uid)
    statements = operations.statements_of(sheet.assessment.framework)
    own = of_dimension(statements, dimension)
    parts = parts_of(statements, sheet.answers, "answer", sheet.assessment)
    form = AnswersForm(sent(request), statements=own, kept=sheet.answers)
    late: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            operations.save_answers(
                sheet, by=request.user, answers=form.answers(), base=base_of(request)
            )
        except DomainError as refusal:
            sheet.refresh_from_db(fields=["answers", "revision"])
            late = list(refusal.fields) if refusal.code == "stale" else []
            form.mark(refusal)
        else:
            then = following(parts, dimension)
            if request.POST.get("action") == "close" or then is None:
                messages.success(request, _("Saved. Nobody else reads it before both are done."))
                return redirect("assessment:mine", slug=hub.slug, uid=uid)
            return redirect(then.url)
    here = next(part for part in parts if part.dimension.code == dimension)
    context = {
        **_around(sheet),
        "here": here,
        "number": parts.index(here) + 1,
        "of": len(parts),
        "steps": steps_of(parts, dimension),
        "form": form,
        "levels": levels_in(form, sheet.answers, late),
        "base": sheet.revision if late or not form.is_bound else base_of(request),
    }
    return render(request, "assessment/answer.html", context)
