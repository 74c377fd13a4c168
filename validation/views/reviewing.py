"""What a reviewer sees and does. Nobody else reaches these pages: for others there is no seat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from catalogue.reading import label, language_attrs, link_states_of
from core.errors import DomainError
from hubs import reference
from validation import choices as c
from validation import reading
from validation.calendars import calendar_of
from validation.forms.reviewing import (
    CANNOT,
    WHOLE,
    DateForm,
    DeclineForm,
    ReasonForm,
    Sheet,
    declared,
    draft_of,
    missing_of,
    saved_parts,
)
from validation.judging import Panel
from validation.models import Decision, Record, Seat
from validation.operations import deciding, panel, reviewing
from validation.operations.common import periods
from validation.operations.reviewing import CITES_FROM, RESULTS, Judgement, refs_of

if TYPE_CHECKING:
    from django.http import HttpRequest
    from django_stubs_ext import StrOrPromise

    from validation.models import Case

#: How long the note on a check of evidence may be.
MOST_FOUND = 500
View = Callable[..., HttpResponse]
PER_PAGE = 25


# --- Who gets here, and what leaves with the answer ------------------------------------------


def kept_private(view: View) -> View:
    """Never kept by anybody on the way; and no site a link leads to hears where it stood."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store, private"
        response["Referrer-Policy"] = "same-origin"
        return response

    return answer


def find_seat(request: HttpRequest, uid: str) -> Seat:
    """The person's own seat, with the case and the frozen version; else 404, whoever asks."""
    seats = Seat.objects.of(request.user).select_related(
        "case__solution",
        "case__version",
        "case__criteria_set",
        "case__submission__renewal",
        "case__earlier",
    )
    return get_object_or_404(seats, uid=uid)


def fresh_seat(seat: Seat) -> Seat:
    """The seat as it now is, with its scores, on the case that is at hand."""
    fresh = Seat.objects.prefetch_related("scores").get(pk=seat.pk)
    fresh.case = seat.case
    return fresh


def to_review(seat: Seat, place: str = "") -> HttpResponse:
    return HttpResponseRedirect(f"{seat.get_absolute_url()}{place and '#'}{place}")


def head(seat: Seat) -> dict[str, Any]:
    """What the top of every page about a seat says. All of it is public."""
    content = seat.case.version.content
    return {
        "seat": seat,
        "case": seat.case,
        "solution": seat.case.solution,
        "title": content["title"],
        "summary": content["summary"],
        "attrs": language_attrs(content["language"]),
        "hub": (content["hub"] or {}).get("name") or content["owner_institution"],
        "countries": [reference.country_name(code) for code in content["countries"]],
        "sectors": [reference.sector_name(code) for code in content["sectors"]],
        "version_url": reverse(
            "catalogue:solution-version",
            args=[seat.case.solution.reference, seat.case.version.number],
        ),
    }


# --- The queue -------------------------------------------------------------------------------


@login_required
@kept_private
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """What waits for this person, the soonest first, and what is done."""
    seats = Seat.objects.of(request.user)
    mine = reading.queue_of(seats)
    ended = seats.exclude(state__in=c.SEATED, case__state__in=c.OPEN)
    pages = Paginator(reading.with_titles(ended.order_by("-invited_at", "-pk")), PER_PAGE)
    page = pages.get_page(request.GET.get("page"))
    done = [(seat, language_attrs(seat.language), ended_on(seat)) for seat in page]
    context = {"queue": mine, "done": done, "page_obj": page}
    return render(request, "validation/reviewing/queue.html", context)


def ended_on(seat: Seat) -> Any:
    """The day on which a seat was over for its reviewer."""
    return seat.ended_at or seat.case.ended_at or seat.sent_at or seat.answered_at


def _as_file(rows: list[reading.Row], name: str) -> HttpResponse:
    return HttpResponse(
        calendar_of(rows),
        content_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.ics"'},
    )


@login_required
@kept_private
@require_safe
def calendar(request: HttpRequest) -> HttpResponse:
    """All open dates of this person as a calendar file."""
    return _as_file(reading.queue_of(Seat.objects.of(request.user)).dated, "reviews")


@login_required
@kept_private
@require_safe
def one_date(request: HttpRequest, uid: str) -> HttpResponse:
    """The date of one review as a calendar file; none when nothing waits."""
    rows = reading.queue_of(Seat.objects.of(request.user).filter(uid=uid)).dated
    if not rows:
        raise Http404
    return _as_file(rows, "review")


# --- One seat --------------------------------------------------------------------------------


@login_required
@kept_private
@require_safe
def review(request: HttpRequest, uid: str) -> HttpResponse:
    """The invitation, the workspace, the review that was sent, or what became of the seat."""
    return page_of(request, find_seat(request, uid))


def page_of(request: HttpRequest, seat: Seat) -> HttpResponse:
    is_open = seat.case.is_open
    if seat.state == c.SeatState.INVITED and is_open:
        return _invitation(request, seat)
    if seat.state == c.SeatState.REVIEWING and is_open:
        seat = fresh_seat(seat)
        return _workspace(request, seat, Sheet.saved(seat, refs_of(seat.case)))
    if seat.state == c.SeatState.SENT:
        return _sent(request, fresh_seat(seat))
    context = {**head(seat), "ended_on": ended_on(seat)}
    return render(request, "validation/reviewing/ended.html", context)


# --- Answering an invitation -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Declaration:
    """One question about conflicts of interest, and the answer so far."""

    code: str
    text: StrOrPromise
    answer: str
    errors: list[str]


def _invitation(
    request: HttpRequest, seat: Seat, refusal: DomainError | None = None
) -> HttpResponse:
    fields = refusal.fields if refusal else {}
    questions = [
        Declaration(kind.value, kind.label, request.POST.get(kind.value, ""), fields.get(kind, []))
        for kind in c.Conflict
    ]
    errors = [
        (f"{number}. {text}", f"{each.code}-yes")
        for number, each in enumerate(questions, 1)
        for text in each.errors
    ]
    if refusal and not errors:
        errors = [(str(refusal), "")]
    context = {
        **head(seat),
        "answer_by": reading.answer_due(seat),
        "in_words": reading.days_in_words(reading.answer_due(seat)),
        "days": periods(seat.case)["review_days"],
        "criteria": [row for row in reading.criteria_of(seat.case) if row.code in seat.case.scope],
        "questions": questions,
        "errors": errors,
    }
    return render(request, "validation/reviewing/invitation.html", context)


@login_required
@kept_private
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, uid: str) -> HttpResponse:
    """Declare, then begin. A declared conflict ends the invitation with thanks."""
    seat = find_seat(request, uid)
    if request.method != "POST":
        return to_review(seat)
    try:
        answered = panel.accept(seat, by=request.user, declared=declared(request.POST))
    except DomainError as refusal:
        if refusal.code == "declaration" and seat.state == c.SeatState.INVITED:
            return _invitation(request, seat, refusal)
        messages.error(request, str(refusal))
        return to_review(seat)
    if answered.state == c.SeatState.DECLINED:
        messages.info(
            request,
            _("Thank you for saying so. There is a conflict of interest: somebody else is asked."),
        )
        return redirect("validation:reviews")
    messages.success(request, _("You have accepted. Everything is open to you now."))
    return to_review(seat)


@dataclass(frozen=True, slots=True)
class Act:
    """A page with one small form: its words."""

    title: StrOrPromise
    explains: StrOrPromise
    button: StrOrPromise
    back: StrOrPromise
    is_grave: bool = False


def _act(request: HttpRequest, seat: Seat, act: Act, form: Any) -> HttpResponse:
    context = {**head(seat), "act": act, "form": form}
    return render(request, "validation/reviewing/act.html", context)


@login_required
@kept_private
@require_http_methods(["GET", "HEAD", "POST"])
def decline(request: HttpRequest, uid: str) -> HttpResponse:
    """No, with the reason."""
    seat = find_seat(request, uid)
    if seat.state != c.SeatState.INVITED:
        return to_review(seat)
    form = DeclineForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        data = form.cleaned_data
        try:
            panel.decline(seat, by=request.user, reason=data["reason"], note=data["note"])
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("You have declined. Somebody else is asked."))
            return redirect("validation:reviews")
    act = Act(
        _("Decline this review"),
        _("The chair reads your reason and asks somebody else. The team never learns of it."),
        _("Decline"),
        _("Back to the invitation"),
    )
    return _act(request, seat, act, form)


@login_required
@kept_private
@require_http_methods(["GET", "HEAD", "POST"])
def propose_date(request: HttpRequest, uid: str) -> HttpResponse:
    """Ask the chair for another date."""
    seat = find_seat(request, uid)
    if seat.state not in c.BUSY:
        return to_review(seat)
    form = DateForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            panel.propose_date(seat, by=request.user, on=form.cleaned_data["on"])
        except DomainError as refusal:
            form.add_error("on" if "on" in refusal.fields else None, str(refusal))
        else:
            messages.success(request, _("The chair is asked. Until then the present date stands."))
            return to_review(seat)
    act = Act(
        _("Propose another date"),
        _("You can accept meanwhile. The present date stands until the chair agrees.")
        if seat.state == c.SeatState.INVITED
        else _("The present date stands until the chair agrees."),
        _("Propose this date"),
        _("Leave it as it is"),
    )
    return _act(request, seat, act, form)


@login_required
@kept_private
@require_http_methods(["GET", "HEAD", "POST"])
def recuse(request: HttpRequest, uid: str) -> HttpResponse:
    """Step down, at any time after accepting."""
    seat = find_seat(request, uid)
    if seat.state not in {c.SeatState.REVIEWING, c.SeatState.SENT}:
        return to_review(seat)
    form = ReasonForm(
        request.POST if request.method == "POST" else None,
        label=_("Why, in one sentence"),
        missing=_("Say why, in one sentence. Only the chair reads it."),
    )
    if form.is_valid():
        try:
            panel.recuse(seat, by=request.user, note=form.cleaned_data["note"])
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("You have stepped down. The chair is told."))
            return redirect("validation:reviews")
    act = Act(
        _("Step down from this panel"),
        _(
            "Do this when a conflict of interest came to light, or you cannot go on. What you"
            " wrote no longer counts, and you cannot come back to this case. Only the chair"
            " reads why."
        ),
        _("Step down"),
        _("Stay on the panel"),
        is_grave=True,
    )
    return _act(request, seat, act, form)


# --- The workspace ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choice:
    """One radio button or tick box."""

    value: str
    text: str
    is_chosen: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """One criterion in the workspace: what the record says, and what the reviewer says."""

    criterion: reading.Criterion
    answers: list[Any]
    items: list[reading.Item]
    asked: list[reading.Asked]
    statement: reading.Statement | None
    said: Judgement
    scores: list[Choice]
    cites: list[Choice]
    lack: str
    errors: dict[str, list[str]]
    theirs: Judgement | None

    @property
    def code(self) -> str:
        return self.criterion.code

    @property
    def mark(self) -> str:
        """The score as the list of criteria shows it."""
        if self.said.cannot_judge:
            return "–"
        return "" if self.said.value is None else str(self.said.value)


#: What a criterion still lacks, in two words; empty: nothing.
def lacks_in_words() -> dict[str, str]:
    return {
        "value": _("Not scored"),
        "reason": _("Reason missing"),
        "cites": _("Cite evidence"),
        "": _("Done"),
    }


def _sections(seat: Seat, sheet: Sheet, frozen: reading.Frozen) -> list[Section]:
    sections = []
    for criterion in reading.criteria_of(seat.case):
        code = criterion.code
        if code not in seat.case.scope:
            continue
        said = sheet.parts.get(code)
        said = said if isinstance(said, Judgement) else Judgement()
        theirs = sheet.theirs.get(code)
        sections.append(
            Section(
                criterion=criterion,
                answers=frozen.answers_to(code),
                items=frozen.items_for(code),
                asked=frozen.asked_about(code),
                statement=frozen.statement_on(code),
                said=said,
                scores=_scores(criterion, said),
                cites=[
                    Choice(item.ref, item.source.title, item.ref in said.cites)
                    for item in frozen.items
                ],
                lack=next(iter(missing_of(said)), ""),
                errors={
                    control.rpartition("-")[2]: texts
                    for control, texts in sheet.errors.items()
                    if control.rpartition("-")[0] == code
                },
                theirs=theirs if isinstance(theirs, Judgement) else None,
            )
        )
    return sections


def _scores(criterion: reading.Criterion, said: Judgement) -> list[Choice]:
    marks = [Choice(str(n), text, said.value == n) for n, text in criterion.anchors]
    cannot = Choice(
        CANNOT,
        _("I cannot judge"),
        said.cannot_judge,
        _("Counts for nothing; say in one sentence why not."),
    )
    return [*marks, cannot]


#: The controls of one criterion, in the order of the page.
KINDS = ("value", "reason", "cites", "question")


def _summary(sheet: Sheet, frozen: reading.Frozen) -> list[tuple[str, str]]:
    """Every refusal with the id of the control where it is mended, in the order of the page."""
    first = {"value": "-0", "cites": f"-{frozen.refs[0]}" if frozen.refs else ""}
    order = [*frozen.case.scope, *WHOLE]

    def place(control: str) -> tuple[int, int]:
        name, _dash, kind = control.partition("-")
        part = order.index(name) if name in order else len(order)
        return part, KINDS.index(kind) if kind in KINDS else 0

    rows = []
    for control in sorted(sheet.errors, key=place):
        name, _dash, kind = control.partition("-")
        target = f"{control}{first.get(kind, '')}" if kind else control
        target = "strength-0" if control == "strength" else target
        said = f"{name}: " if name in frozen.case.scope else ""
        known = name in order
        rows += [(f"{said}{text}", target if known else "") for text in sheet.errors[control]]
    for name in sheet.theirs:
        told = name if name in frozen.case.scope else _("Closing words")
        text = _("%(part)s was changed in another window too. Look at both.") % {"part": told}
        rows.append((text, name if name in frozen.case.scope else "whole"))
    return rows


def _workspace(
    request: HttpRequest,
    seat: Seat,
    sheet: Sheet,
    *,
    refusal: DomainError | None = None,
    check_error: tuple[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    case = seat.case
    frozen = reading.Frozen(
        case,
        link_states=link_states_of(case.solution),
        checks=list(seat.checks.all()),
        questions=reading.questions_of(case),
    )
    sections = _sections(seat, sheet, frozen)
    errors = _summary(sheet, frozen)
    if check_error:
        errors.append((check_error[1], f"check-{check_error[0]}"))
    if refusal and not errors:
        errors = [(str(refusal), "")]
    context = {
        **head(seat),
        "frozen": frozen,
        "sections": sections,
        "sheet": sheet,
        "errors": errors,
        "done": sum(not section.lack for section in sections),
        "lacks": lacks_in_words(),
        "strengths": [
            Choice(str(kind.value), kind.label, sheet.parts.get("strength") == kind.value)
            for kind in c.Strength
        ]
        if RESULTS in case.scope
        else [],
        "outcomes": c.CheckOutcome.choices,
        "check_error": check_error,
        "typed": request.POST if check_error else {},
        "cites_from": CITES_FROM,
        "is_late": reading.is_late(seat.due_at),
        "in_words": reading.days_in_words(seat.due_at),
        "is_asking": case.state == c.CaseState.CLARIFICATION,
        "kept_as": f"{request.user.pk}.{seat.uid}",
    }
    return render(request, "validation/reviewing/workspace.html", context, status=status)


def keep(seat: Seat, by: Any, sheet: Sheet) -> Seat:
    """Save what this window changed, onto what is saved now; gives the seat as it then is."""
    refs = refs_of(seat.case)
    for is_last in (False, False, True):
        fresh = fresh_seat(seat)
        parts = sheet.against(saved_parts(fresh, refs))
        if not parts:
            return fresh
        draft = draft_of(parts, fresh)
        try:
            reviewing.save_review(seat, by=by, draft=draft, revision=fresh.revision)
        except DomainError as refusal:
            if refusal.code != "stale" or is_last:
                raise
        else:
            break
    return fresh_seat(seat)


@kept_private
@require_http_methods(["GET", "HEAD", "POST"])
def save(request: HttpRequest, uid: str) -> HttpResponse:
    """Keep the review as far as it is; asked by a script, answer in JSON, also when refusing."""
    as_data = request.headers.get("Accept") == "application/json"
    if not request.user.is_authenticated:
        if as_data:
            return JsonResponse({"login": reverse("account_login")}, status=401)
        return redirect(
            f"{reverse('account_login')}?next={reverse('validation:review', args=[uid])}"
        )
    seat = find_seat(request, uid)
    if request.method != "POST":
        return to_review(seat)
    if as_data:
        return _autosave(request, seat)
    sheet = Sheet.posted(request.POST, refs_of(seat.case))
    if taken := request.POST.get("take", ""):
        sheet.take_saved(taken[:10])
    return _kept_or_shown(request, seat, sheet) or to_review(
        seat, taken or request.POST.get("at", "")[:10]
    )


def _kept_or_shown(request: HttpRequest, seat: Seat, sheet: Sheet) -> HttpResponse | None:
    """Save; nothing when all of it arrived, else the page with everything that was typed."""
    refs = refs_of(seat.case)
    refusal = None
    try:
        fresh = keep(seat, request.user, sheet)
    except DomainError as refused:
        refusal, fresh = refused, fresh_seat(seat)
        sheet.refuse(refused)
        if fresh.state != c.SeatState.REVIEWING or not seat.case.is_open:
            return _over(request, fresh, sheet, refused)
    if refusal is None and not sheet.errors and not sheet.theirs:
        messages.success(request, _("Saved at %(time)s.") % {"time": _clock()})
        return None
    status = 409 if sheet.theirs else 200
    sheet.catch_up(saved_parts(fresh, refs))
    return _workspace(request, fresh, sheet, refusal=refusal, status=status)


def _over(request: HttpRequest, seat: Seat, sheet: Sheet, refusal: DomainError) -> HttpResponse:
    """Too late to save: the words that were typed, to be copied, and why they were refused."""
    typed = [
        (name, text)
        for name, part in sheet.parts.items()
        for text in (
            (part.reason, part.question)
            if isinstance(part, Judgement)
            else (part if isinstance(part, str) else "",)
        )
        if text
    ]
    context = {**head(seat), "ended_on": ended_on(seat), "typed": typed, "refusal": refusal}
    return render(request, "validation/reviewing/ended.html", context, status=409)


def _clock() -> str:
    now = timezone.localtime()
    return f"{now:%H:%M} {now.tzname()}"


def _autosave(request: HttpRequest, seat: Seat) -> HttpResponse:
    refs = refs_of(seat.case)
    sheet = Sheet.posted(request.POST, refs)
    try:
        fresh = keep(seat, request.user, sheet)
    except DomainError as refusal:
        return JsonResponse({"error": str(refusal)}, status=409)
    except PermissionDenied:
        return JsonResponse({"error": _("You may no longer write here.")}, status=403)
    sheet.settle(saved_parts(fresh, refs))
    told = _("Saved at %(time)s.") % {"time": _clock()}
    problem = ""
    if sheet.theirs:
        problem = _("%(parts)s was changed in another window too. Press Save to see both.") % {
            "parts": ", ".join(
                name if name in seat.case.scope else _("Closing words") for name in sheet.theirs
            )
        }
    elif sheet.errors:
        control, texts = next(iter(sheet.errors.items()))
        problem = _("Not saved: %(part)s. %(why)s") % {
            "part": control.split("-")[0] if "-" in control else _("Closing words"),
            "why": texts[0],
        }
    return JsonResponse({"message": told, "problem": problem, "opened": sheet.written})


@login_required
@kept_private
@require_http_methods(["GET", "HEAD", "POST"])
def send(request: HttpRequest, uid: str) -> HttpResponse:
    """Save everything, then hand it in; or say what is missing."""
    seat = find_seat(request, uid)
    if request.method != "POST" or seat.state == c.SeatState.SENT:
        return to_review(seat)
    sheet = Sheet.posted(request.POST, refs_of(seat.case))
    try:
        fresh = keep(seat, request.user, sheet)
        if not sheet.errors and not sheet.theirs:
            reviewing.send_review(seat, by=request.user)
            messages.success(request, _("Your review is sent. Thank you."))
            return to_review(seat)
    except DomainError as refusal:
        fresh = fresh_seat(seat)
        if fresh.state == c.SeatState.SENT:  # the same form, sent twice
            return to_review(seat)
        if fresh.state != c.SeatState.REVIEWING:
            return _over(request, fresh, sheet, refusal)
        saved = saved_parts(fresh, refs_of(seat.case))
        sheet.catch_up(saved)
        sheet.refuse(refusal)
        return _workspace(request, fresh, sheet, refusal=refusal)
    status = 409 if sheet.theirs else 200
    sheet.catch_up(saved_parts(fresh, refs_of(seat.case)))
    return _workspace(request, fresh, sheet, status=status)


@kept_private
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, uid: str) -> HttpResponse:
    """Say what was found when an item of evidence was opened."""
    as_data = request.headers.get("Accept") == "application/json"
    if not request.user.is_authenticated:
        if as_data:
            return JsonResponse({"login": reverse("account_login")}, status=401)
        return redirect(
            f"{reverse('account_login')}?next={reverse('validation:review', args=[uid])}"
        )
    seat = find_seat(request, uid)
    if request.method != "POST":
        return to_review(seat)
    ref, outcome = request.POST.get("ref", "")[:10], request.POST.get("outcome", "")
    note = request.POST.get("note", "")
    try:
        if len(note) > MOST_FOUND:
            text = _("Shorten this to %(most)d characters.") % {"most": MOST_FOUND}
            raise DomainError(text, code="long", fields={ref: [text]})
        reviewing.check_evidence(seat, by=request.user, ref=ref, outcome=outcome, note=note)
    except DomainError as refusal:
        if as_data:
            return JsonResponse({"error": str(refusal)}, status=409)
        if ref not in refs_of(seat.case) or seat.state != c.SeatState.REVIEWING:
            messages.error(request, str(refusal))
            return to_review(seat)
        seat = fresh_seat(seat)
        sheet = Sheet.saved(seat, refs_of(seat.case))
        return _workspace(request, seat, sheet, check_error=(ref, str(refusal)))
    found = label(c.CheckOutcome, outcome)
    if as_data:
        return JsonResponse({"message": found, "outcome": outcome})
    messages.success(request, _("%(ref)s: %(found)s.") % {"ref": ref, "found": found})
    return to_review(seat, ref.lower())


# --- After sending ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """One reviewer's judgement of one criterion, to be read."""

    alias: StrOrPromise
    mark: str
    reason: str
    cites: list[str]
    is_mine: bool = False


def _said(seat: Seat, row: Any, *, mine: bool = False) -> Said:
    mark = ""
    if row is not None:
        mark = (
            _("cannot judge") if row.cannot_judge else "" if row.value is None else str(row.value)
        )
    return Said(
        alias=_("You, %(alias)s") % {"alias": seat} if mine else str(seat),
        mark=mark,
        reason=row.reason if row else "",
        cites=row.cites if row else [],
        is_mine=mine,
    )


def _sent(request: HttpRequest, seat: Seat) -> HttpResponse:
    """The person's own review, to read, and where the case stands."""
    case = seat.case
    rows = {row.criterion: row for row in seat.scores.all()}
    lines = [
        (criterion, _said(seat, rows.get(criterion.code)), row.question if row else "")
        for criterion in reading.criteria_of(case)
        if criterion.code in case.scope
        for row in [rows.get(criterion.code)]
    ]
    in_decision = case.state == c.CaseState.DECISION
    context = {
        **head(seat),
        "lines": lines,
        "checks": list(seat.checks.all()),
        "in_decision": in_decision,
        "has_proposal": in_decision
        and Decision.objects.filter(case=case, state=c.DecisionState.PROPOSED).exists(),
        "record": Record.objects.filter(case=case).first()
        if case.state == c.CaseState.DECIDED
        else None,
    }
    return render(request, "validation/reviewing/sent.html", context)


# --- The decision ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ruled:
    """One criterion at the decision: what each reviewer said, what the chair proposes."""

    criterion: reading.Criterion
    said: list[Said]
    ruling: dict[str, Any] | None


@login_required
@kept_private
@require_http_methods(["GET", "HEAD", "POST"])
def decision(request: HttpRequest, uid: str) -> HttpResponse:
    """All reviews by alias and the chair's proposal: confirm it, or send it back."""
    seat = find_seat(request, uid)
    case = seat.case
    if seat.state != c.SeatState.SENT or case.state != c.CaseState.DECISION:
        return to_review(seat)
    form = ReasonForm(
        request.POST if request.POST.get("answer") == "refuse" else None,
        label=_("What should the chair look at again?"),
        missing=_("Say what the chair should look at again."),
    )
    if request.method == "POST" and (done := _answer(request, seat, form)) is not None:
        return done
    proposal = case.decisions.filter(state=c.DecisionState.PROPOSED).first()
    found = Panel.of(case)
    context = {
        **head(seat),
        "proposal": proposal,
        "form": form,
        "ruled": _ruled(seat, found, proposal),
        "strengths": [
            (
                _("You, %(alias)s") % {"alias": each} if each.pk == seat.pk else str(each),
                c.Strength(each.strength).label if each.strength is not None else "",
            )
            for each in found.seats
            if RESULTS in case.scope
        ],
        "carried": reading.Frozen(case).carried,
        **(_in_words(case, proposal) if proposal else {}),
    }
    return render(request, "validation/reviewing/decision.html", context)


def _answer(request: HttpRequest, seat: Seat, form: ReasonForm) -> HttpResponse | None:
    """Confirm or send back the very proposal the page showed; nothing where a reason lacks."""
    key = request.POST.get("proposal", "")
    proposal = get_object_or_404(
        Decision.objects.select_related("case"),
        pk=int(key) if key.isdecimal() else 0,
        case=seat.case,
    )
    try:
        if request.POST.get("answer") == "refuse":
            if not form.is_valid():
                return None
            deciding.refuse(proposal, by=request.user, note=form.cleaned_data["note"])
            messages.success(request, _("Sent back to the chair, with your reason."))
        elif request.POST.get("answer") == "confirm":
            deciding.confirm(proposal, by=request.user)
            messages.success(request, _("The decision is confirmed. The team is told."))
        else:
            return None
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("validation:review-decision", uid=seat.uid)
    return to_review(seat)


def _ruled(seat: Seat, found: Panel, proposal: Decision | None) -> list[Ruled]:
    rows = {each.pk: {row.criterion: row for row in each.scores.all()} for each in found.seats}
    rulings = proposal.scores if proposal else {}
    return [
        Ruled(
            criterion,
            [
                _said(each, rows[each.pk].get(criterion.code), mine=each.pk == seat.pk)
                for each in found.seats
            ],
            rulings.get(criterion.code),
        )
        for criterion in reading.criteria_of(seat.case)
        if criterion.code in seat.case.scope
    ]


def _in_words(case: Case, proposal: Decision) -> dict[str, Any]:
    """What is proposed, and what keeps it from more."""
    names = {row.code: row.name for row in reading.criteria_of(case)}
    gates = {row["code"]: row["name"] for row in case.criteria_set.content["gates"]}
    failures: dict[str, list[str]] = {}
    for failure in proposal.failures:
        told = reading.failure_in_words(failure, names)
        failures.setdefault(label(c.Outcome, failure["label"]), []).append(told)
    return {
        "failures": list(failures.items()),
        "gates": [
            (f"{code} {gates.get(code, '')}", why) for code, why in proposal.failed_gates.items()
        ],
        "strength": c.Strength(proposal.strength).label if proposal.strength is not None else "",
    }
