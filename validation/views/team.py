"""The team's side of a case: where it stands, answers, appeals, confirming again; and the
page of the three people who hear an appeal.

Only the team finds these pages, for everybody else there are none (404): neither the desk
nor an administrator reads here what a team reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from catalogue import fields as f
from catalogue.choices import SubmissionState
from catalogue.content import document_of, gaps, with_parts
from catalogue.forms.fields import asked
from catalogue.models import Solution, Submission
from catalogue.reading import language_attrs
from catalogue.views.work import page_url
from core.errors import DomainError
from core.models import AuditEntry
from validation import choices as c
from validation.following import (
    Verdict,
    appeal_until,
    cases_of,
    days_of,
    standing_of,
    steps_of,
    verdict_of,
)
from validation.forms.team import (
    AnswersForm,
    AppealForm,
    ChallengeAnswerForm,
    OpinionForm,
    RenewalForm,
    TakeBackForm,
    answer_wanted,
    mark,
    stamp,
)
from validation.models import Appeal, AppealMember, Case, Challenge, Clarification, Record, Seat
from validation.operations import appealing, challenging, clarifying, opening, renewing
from validation.operations.opening import ALWAYS_RENEWED
from validation.presentation import in_own_words

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase
    from django.utils.safestring import SafeString
    from django_stubs_ext import StrOrPromise

    from accounts.models import User
    from validation.models import Question

#: Criteria sets are written in English.
LANGUAGE_OF_SETS = "en"


def find(request: HttpRequest, uid: str) -> Solution:
    """A solution of the person's own teams, or 404."""
    mine = Solution.objects.of_team(cast("User", request.user))
    return get_object_or_404(mine.select_related("hub"), uid=uid)


def _around(solution: Solution, **more: Any) -> dict[str, Any]:
    """What every page here needs."""
    return {"solution": solution, "in_english": language_attrs(LANGUAGE_OF_SETS), **more}


# --- Where it stands ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Label:
    """The label that stands, and when it can be confirmed again."""

    record: Record
    is_open: bool
    opens_on: date
    may_renew: bool


def label_of(solution: Solution, *, with_panel: bool, with_desk: bool) -> Label | None:
    record = (
        Record.objects.standing()
        .filter(solution=solution)
        .select_related("case__criteria_set")
        .first()
    )
    if record is None:
        return None
    opens = renewing.opens_on(record)
    is_open = timezone.localdate() >= opens
    suspended = record.state == c.RecordState.SUSPENDED
    free = not with_panel and not with_desk and not suspended
    return Label(record, is_open, opens, is_open and free)


@login_required
@require_safe
def standing(request: HttpRequest, uid: str) -> HttpResponse:
    """Where the record stands, what comes next and by when, and what was decided."""
    solution = find(request, uid)
    cases = cases_of(solution)
    case = cases[0] if cases else None
    screening = (
        Submission.objects.filter(solution=solution, state=SubmissionState.SCREENING)
        .select_related("version")
        .first()
    )
    with_panel = case is not None and case.is_open
    context = _around(
        solution,
        case=case,
        stands=standing_of(case) if case else None,
        steps=steps_of(case) if case else [],
        days=days_of(case) if case else [],
        verdict=verdict_of(case) if case else None,
        appeal_case=_to_appeal(cases),
        may_appeal_until=_may_appeal_until(cases),
        earlier=[(each, standing_of(each), verdict_of(each)) for each in cases[1:]],
        rounds=_rounds(case),
        screening=screening,
        label=label_of(solution, with_panel=with_panel, with_desk=screening is not None),
        challenges=list(
            Challenge.objects.filter(record__solution=solution, state=c.ChallengeState.ASKED)
            .select_related("record")
            .order_by("due_at", "pk")
        ),
        S=c.CaseState,
        A=c.AppealState,
    )
    return render(request, "validation/team/standing.html", context)


def _to_appeal(cases: list[Case]) -> Case | None:
    """The decision an appeal would be about: the last one."""
    return next((case for case in cases if case.state == c.CaseState.DECIDED), None)


def _appeal_of(case: Case | None) -> Appeal | None:
    return getattr(case, "appeal", None) if case else None


def _may_appeal_until(cases: list[Case]) -> date | None:
    """The last day for an appeal, while there is still time and none was filed."""
    case = _to_appeal(cases)
    if case is None or _appeal_of(case) is not None:
        return None
    until = appeal_until(case)
    return until if until and until >= timezone.localdate() else None


def _rounds(case: Case | None) -> list[tuple[Clarification, list[Asked]]]:
    """The rounds of questions that are over, with their answers."""
    if case is None:
        return []
    over = [row for row in case.clarifications.all() if row.state != c.ClarificationState.OPEN]
    return [(row, grouped(case, row.questions.all())) for row in over]


# --- Questions of the panel --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """A criterion with what the panel asks about it."""

    code: str
    name: SafeString
    question: str
    questions: tuple[Question, ...]


def grouped(case: Case, questions: Iterable[Question]) -> list[Asked]:
    """Questions under the criteria they are tied to, in the order of the set."""
    rows = list(questions)
    return [
        Asked(row["code"], in_own_words(row["name"]), row["question"], found)
        for row in case.criteria_set.content["criteria"]
        if (found := tuple(each for each in rows if each.criterion == row["code"]))
    ]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def clarify(request: HttpRequest, uid: str) -> HttpResponse:
    """The questions of the panel, to be saved as often as needed and sent once."""
    solution = find(request, uid)
    case = (
        Case.objects.filter(solution=solution, clarifications__isnull=False)
        .select_related("version", "criteria_set", "solution")
        .order_by("-opened_at", "-pk")
        .first()
    )
    if case is None:
        raise Http404
    latest = case.clarifications.order_by("-round").prefetch_related("questions")[0]
    questions = list(latest.questions.all())
    is_open = latest.state == c.ClarificationState.OPEN
    form = AnswersForm(request.POST or None, questions=questions)
    if request.method == "POST":
        send = request.POST.get("action") == "send"
        if not is_open:
            return _too_late(request, solution, case, latest, form)
        try:
            if _keep(form, case, by=cast("User", request.user), send=send):
                messages.success(
                    request,
                    _("Your answers are with the panel.")
                    if send
                    else _("Saved. Nothing is sent to the panel yet."),
                )
                return redirect("validation:standing" if send else "validation:clarify", uid=uid)
        except DomainError as refusal:
            if refusal.code == "wrong-state":
                latest.refresh_from_db()
                return _too_late(request, solution, case, latest, form)
            mark(form, refusal)
    return render(request, "validation/team/clarify.html", _answering(solution, case, latest, form))


def _keep(form: AnswersForm, case: Case, *, by: User, send: bool) -> bool:
    """Save what can be saved; send it if that is wanted and nothing speaks against it."""
    if not form.is_valid():
        if form.answers():
            clarifying.keep_answers(case, by=by, answers=form.answers())
        return False
    if send:
        empty = [pk for pk, text in form.answers().items() if not text.strip()]
        if empty:
            clarifying.keep_answers(case, by=by, answers=form.answers())
            for question in form.questions:
                if question.pk in empty:
                    form.add_error(f"answer-{question.pk}", answer_wanted(question))
            return False
        clarifying.answer(case, by=by, answers=form.answers())
    else:
        clarifying.keep_answers(case, by=by, answers=form.answers())
    return True


def _answering(
    solution: Solution, case: Case, latest: Clarification, form: AnswersForm
) -> dict[str, Any]:
    # Read anew: what was saved just now is what the next save has seen.
    now = dict(latest.questions.values_list("pk", "answer"))
    return _around(
        solution,
        case=case,
        clarification=latest,
        is_open=latest.state == c.ClarificationState.OPEN,
        days=case.criteria_set.content["periods"]["clarification_days"],
        form=form,
        criteria=[
            (group, [(form[f"answer-{q.pk}"], q, stamp(now[q.pk])) for q in group.questions])
            for group in grouped(case, form.questions)
        ],
        C=c.ClarificationState,
    )


def _too_late(
    request: HttpRequest,
    solution: Solution,
    case: Case,
    latest: Clarification,
    form: AnswersForm,
) -> HttpResponse:
    """The answers cannot be sent any more: say so and give back what was typed. Sent twice
    by a double click is simply sent."""
    typed = form.typed()
    stored = {question.text: question.answer.strip() for question in latest.questions.all()}
    answered = latest.state == c.ClarificationState.ANSWERED
    if answered and all(stored.get(text) == answer for text, answer in typed):
        return redirect("validation:standing", uid=solution.uid)
    context = _answering(solution, case, latest, AnswersForm(questions=form.questions))
    context |= {"typed": typed}
    return render(request, "validation/team/clarify.html", context, status=409)


# --- Taking it back ----------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def take_back(request: HttpRequest, uid: str) -> HttpResponse:
    """Ask once more, then take the version back from the panel."""
    solution = find(request, uid)
    case = Case.objects.open().filter(solution=solution).select_related("version").first()
    if case is None:
        return redirect("validation:standing", uid=uid)
    form = TakeBackForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            opening.take_back(case, by=cast("User", request.user), note=form.cleaned_data["reason"])
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The version is taken back from the panel."))
        return redirect("validation:standing", uid=uid)
    context = _around(solution, case=case, form=form)
    return render(request, "validation/team/take_back.html", context)


# --- Appeal ------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: HttpRequest, uid: str) -> HttpResponse:
    """Object to the last decision, and read afterwards what three people say to it."""
    solution = find(request, uid)
    cases = cases_of(solution)
    case = _to_appeal(cases)
    if case is None:
        raise Http404
    filed = _appeal_of(case)
    form = AppealForm(request.POST or None)
    if request.method == "POST" and filed is not None:
        return redirect("validation:appeal", uid=uid)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            appealing.file_appeal(
                case, by=cast("User", request.user), ground=data["ground"], text=data["text"]
            )
        except DomainError as refusal:
            mark(form, refusal)
        else:
            messages.success(request, _("Your appeal is filed."))
            return redirect("validation:appeal", uid=uid)
    periods = case.criteria_set.content["periods"]
    context = _around(
        solution,
        case=case,
        verdict=verdict_of(case),
        appeal=filed,
        until=appeal_until(case),
        may_file=_may_appeal_until(cases) is not None,
        form=form,
        answer_days=periods["appeal_answer_days"],
        opinions=opinions_on(filed) if filed else [],
        A=c.AppealState,
    )
    return render(request, "validation/team/appeal.html", context)


def opinions_on(filed: Appeal) -> list[AppealMember]:
    """The three opinions once all are given, in an order that says nothing of the people."""
    if filed.state not in {c.AppealState.UPHELD, c.AppealState.REJECTED}:
        return []
    given = filed.members.exclude(upholds=None).only("upholds", "reason")
    return sorted(given, key=lambda row: (not row.upholds, row.reason))


# --- Confirming a label again ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Confirmed:
    """One criterion on the page of renewal, with its three fields."""

    code: str
    name: SafeString
    question: str
    needs_evidence: bool
    status: Any
    note: Any
    evidence: Any

    @property
    def names_evidence(self) -> bool:
        return bool(self.evidence.value() or self.evidence.errors)


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing to add to the record first, and where."""

    text: StrOrPromise
    url: str


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def renew(request: HttpRequest, uid: str) -> HttpResponse:
    """The short path: each criterion unchanged, changed or stopped, with newer evidence."""
    found = find(request, uid)
    solution = with_parts(Solution.objects.filter(pk=found.pk)).get()
    with_panel = Case.objects.open().filter(solution=solution).exists()
    with_desk = Submission.objects.filter(
        solution=solution, state=SubmissionState.SCREENING
    ).exists()
    label = label_of(solution, with_panel=with_panel, with_desk=with_desk)
    if label is None:
        raise Http404
    if request.method == "POST" and with_desk:  # sent twice
        return redirect("validation:standing", uid=uid)
    document = document_of(solution)
    evidence = {row["ref"]: row for row in document.content["evidence"]}
    form = RenewalForm(request.POST or None, record=label.record, evidence=evidence)
    missing: list[Gap] = []
    if request.method == "POST" and form.is_valid():
        try:
            renewing.file_renewal(
                solution, by=cast("User", request.user), statements=form.statements()
            )
        except DomainError as refusal:
            missing = _gaps(solution, refusal)
            mark(form, refusal)
        else:
            messages.success(
                request, _("Confirmed and sent in. The desk reads it first, then the panel.")
            )
            return redirect("validation:standing", uid=uid)
    if request.method != "POST":
        missing = [
            Gap(gap.message, page_url(solution, gap.page, gap.field))
            for gap in gaps(document, "full")
        ]
    context = _around(
        solution,
        label=label,
        record=label.record,
        with_panel=with_panel,
        with_desk=with_desk,
        form=form,
        criteria=_to_confirm(form, label.record),
        missing=missing,
        evidence_url=page_url(solution, f.BY_NAME["evidence"].page, "evidence"),
        has_evidence=bool(evidence),
        decided_on=label.record.issued_at,
    )
    return render(request, "validation/team/renew.html", context)


def _gaps(solution: Solution, refusal: DomainError) -> list[Gap]:
    """Answers of the record that are missing, each with the page that asks for it."""
    return [
        Gap(
            f"{asked(name)}: {text}",
            page_url(solution, f.BY_NAME[name].page, name),
        )
        for name, texts in refusal.fields.items()
        if name in f.BY_NAME
        for text in texts
    ]


def _to_confirm(form: RenewalForm, record: Record) -> list[Confirmed]:
    questions = {
        row["code"]: row["question"] for row in record.case.criteria_set.content["criteria"]
    }
    return [
        Confirmed(
            row["code"],
            in_own_words(row["name"]),
            questions.get(row["code"], ""),
            row["code"] in ALWAYS_RENEWED,
            form[f"status-{row['code']}"],
            form[f"note-{row['code']}"],
            form[f"evidence-{row['code']}"],
        )
        for row in record.document["criteria"]
    ]


# --- A doubt about the label ----------------------------------------------------------------


def _challenge(solution: Solution, uid: str) -> Challenge:
    """A challenge the team was asked about. Others are the desk's alone."""
    found = get_object_or_404(
        Challenge.objects.select_related("record__criteria_set", "file"),
        uid=uid,
        record__solution=solution,
    )
    asked_on = AuditEntry.of(found).filter(verb="ask_owner").first()
    if asked_on is None:
        raise Http404
    found.asked = asked_on.note  # type: ignore[attr-defined]  # what the desk wrote to the team
    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def challenge_answer(request: HttpRequest, uid: str, challenge: str) -> HttpResponse:
    """What somebody doubts, and what the team says to it. Never who it is."""
    solution = find(request, uid)
    found = _challenge(solution, challenge)
    is_open = found.state == c.ChallengeState.ASKED
    form = ChallengeAnswerForm(request.POST or None, initial={"text": found.owner_answer})
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            challenging.answer(found, by=cast("User", request.user), text=form.cleaned_data["text"])
        except DomainError as refusal:
            status = 409
            mark(form, refusal)
        else:
            messages.success(request, _("Your answer is with the desk."))
            return redirect("validation:challenge-answer", uid=uid, challenge=challenge)
    names = {
        row["code"]: in_own_words(row["name"])
        for row in found.record.criteria_set.content["criteria"]
    }
    context = _around(
        solution,
        challenge=found,
        criterion=names.get(found.criterion, ""),
        is_open=is_open,
        form=form,
        S=c.ChallengeState,
    )
    return render(request, "validation/team/challenge.html", context, status=status)


@login_required
@require_safe
def challenge_file(request: HttpRequest, uid: str, challenge: str) -> HttpResponseBase:
    """The file that came with a doubt. Its own name stays behind: it could say whose it is."""
    found = _challenge(find(request, uid), challenge)
    if found.file is None:
        raise Http404
    ending = found.file.name.rpartition(".")[2] if "." in found.file.name else ""
    name = f"evidence.{ending}" if ending.isalnum() else "evidence"
    try:
        opened = found.file.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(opened, as_attachment=True, filename=name)
    response["Content-Type"] = found.file.content_type
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


# --- The three who hear an appeal ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Review:
    """One review under its alias: criterion, score, reason, what it cites."""

    alias: str
    strength: StrOrPromise
    rows: tuple[tuple[str, SafeString, str, str, str], ...]


def reviews_of(case: Case) -> list[Review]:
    """The reviews that counted, by alias. No name, no time, no note to the chair."""
    names = {
        row["code"]: in_own_words(row["name"]) for row in case.criteria_set.content["criteria"]
    }
    seats: Iterable[Seat] = case.seats.sent().prefetch_related("scores").order_by("alias")
    found = []
    for seat in seats:
        scores = {row.criterion: row for row in seat.scores.all()}
        found.append(
            Review(
                str(seat),
                "" if seat.strength is None else seat.get_strength_display(),
                tuple(
                    (
                        code,
                        names.get(code, code),
                        "" if row.value is None else str(row.value),
                        row.reason,
                        ", ".join(row.cites),
                    )
                    for code in case.scope
                    if (row := scores.get(code)) is not None
                ),
            )
        )
    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def appeal_panel(request: HttpRequest, uid: str) -> HttpResponse:
    """For each of the three: the appeal, what was decided, the reviews; then their opinion."""
    member = get_object_or_404(
        AppealMember.objects.select_related("appeal__case__solution"),
        appeal__uid=uid,
        user=request.user,
    )
    heard = member.appeal
    [case] = [each for each in cases_of(heard.case.solution) if each.pk == heard.case_id]
    may_answer = heard.state == c.AppealState.HEARD and member.upholds is None
    form = OpinionForm(request.POST or None)
    if request.method == "POST":
        if not may_answer:
            return redirect("validation:appeal-panel", uid=uid)
        if form.is_valid():
            data = form.cleaned_data
            try:
                appealing.give_opinion(
                    heard,
                    by=cast("User", request.user),
                    upholds=data["opinion"] == "uphold",
                    reason=data["reason"],
                )
            except DomainError as refusal:
                mark(form, refusal)
            else:
                messages.success(request, _("Your opinion is kept. Thank you."))
                return redirect("validation:appeal-panel", uid=uid)
    verdict: Verdict | None = verdict_of(case)
    context = {
        "appeal": heard,
        "member": member,
        "may_answer": may_answer,
        "case": case,
        "title": case.version.content["title"],
        "title_attrs": language_attrs(case.version.content.get("language", "")),
        "in_english": language_attrs(LANGUAGE_OF_SETS),
        "verdict": verdict,
        "reviews": reviews_of(case),
        "opinions": opinions_on(heard),
        "form": form,
        "A": c.AppealState,
    }
    return render(request, "validation/appeals/panel.html", context)
