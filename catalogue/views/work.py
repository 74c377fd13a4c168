"""The workspace of a record: begin, see how far it is, check it, send it in, take it back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalogue import checks, criteria, operations, progress
from catalogue import fields as f
from catalogue.choices import Form, SubmissionState
from catalogue.content import Document, document_of, gaps, is_outdated, with_parts
from catalogue.forms.fields import asked, language_choices
from catalogue.forms.pages import hub_choices
from catalogue.models import EditLock, Invitation, PageDraft, Solution, Submission
from catalogue.presentation import Answer, answers
from core.errors import DomainError
from core.fields import PickField
from hubs import reference
from hubs.models import Hub, Membership

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django_stubs_ext import StrOrPromise


def find_work(request: HttpRequest, uid: str, *, edit: bool = False) -> Solution:
    """The working copy with all its parts. For strangers there is none (404); who may see it
    but not write gets a 403 where writing is asked for."""
    visible = with_parts(Solution.objects.visible_to(request.user))
    solution = visible.filter(uid=uid).first()
    if solution is None or not request.user.has_perm("catalogue.view_working_copy", solution):
        raise Http404
    if edit and not request.user.has_perm("catalogue.edit_solution", solution):
        raise PermissionDenied
    return solution


def latest_submission(solution: Solution) -> Submission | None:
    return (
        solution.submissions.select_related("version", "decided_by", "criteria_set")
        .prefetch_related("remarks")
        .order_by("-submitted_at", "-pk")
        .first()
    )


# --- Begin -------------------------------------------------------------------------------


class StartForm(forms.Form):
    """What is needed to begin: which form, for which hub, in which language."""

    mark_optional = False
    form = PickField(
        label=gettext_lazy("How much will you write?"),
        choices=Form.choices,
        widget=forms.RadioSelect(attrs={"data-q": True}),
        error_messages={"required": gettext_lazy("Choose how much you will write.")},
    )
    hub = PickField(
        label=gettext_lazy("Which hub shall read it?"),
        required=False,
        widget=forms.Select(attrs={"data-q": True}),
        help_text=gettext_lazy(
            "Its focal point reads what you send in. You can decide this later, before you send."
        ),
    )
    language = PickField(
        label=gettext_lazy("Which language will you write in?"),
        required=False,
        widget=forms.Select(attrs={"data-q": True}),
    )
    form_key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hub"].choices = hub_choices(user)  # type: ignore[attr-defined]
        self.fields["language"].choices = language_choices(  # type: ignore[attr-defined]
            code for code, _name in settings.LANGUAGES
        )
        self.fields["form"].option_hints = {  # type: ignore[attr-defined]
            Form.SNAPSHOT: _(
                "The core: problem, what is done, what changed, what failed, one piece of"
                " evidence. About an hour. It is published as “documented, not validated”."
            ),
            Form.FULL: _(
                "Everything a panel needs to judge it: building blocks, indicators, costs,"
                " conditions. About a day, together with colleagues. You can begin with a"
                " snapshot and grow it."
            ),
        }


def _first_choices(user: Any) -> dict[str, Any]:
    """What the form proposes: the person's only hub, the language of the page."""
    mine = list(Membership.objects.filter(user=user).values_list("hub_id", flat=True)[:2])
    language = (get_language() or "en").split("-")[0]
    return {
        "form": Form.SNAPSHOT,
        "hub": str(mine[0]) if len(mine) == 1 else "",
        "language": language if language in reference.languages() else "en",
        "form_key": uuid.uuid4(),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """What is a solution and what is not; then the beginning of a draft. The same form sent
    twice leads to the same draft."""
    user = request.user
    if not user.is_authenticated:
        if request.method == "POST":
            return redirect_to_login(request.get_full_path())
        return render(request, "catalogue/work/start.html", {"days": criteria.screening_days()})
    if request.method == "POST":
        form = StartForm(request.POST, user=user)
        if form.is_valid():
            data = form.cleaned_data
            solution = operations.start_solution(
                by=user,
                form_key=data["form_key"],
                hub=Hub.objects.filter(pk=data["hub"]).first() if data["hub"] else None,
                language=data["language"] or "en",
                form=data["form"],
            )
            return redirect("catalogue:work-page", uid=solution.uid, page=f.PAGE_CODES[0])
        if "form_key" in form.errors:  # forged or stale: a new key, nothing else is lost
            form.data = form.data.copy()
            form.data["form_key"] = str(uuid.uuid4())
            del form.errors["form_key"]
    else:
        form = StartForm(user=user, initial=_first_choices(user))
    context = {"form": form, "days": criteria.screening_days()}
    return render(request, "catalogue/work/start.html", context)


# --- Overview ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TranslationLine:
    """One translation of the working copy, for lists."""

    code: str
    name: str
    quality: StrOrPromise
    is_outdated: bool


def translation_lines(solution: Solution, document: Document) -> list[TranslationLine]:
    return [
        TranslationLine(
            row.language_id,
            reference.language_name(row.language_id),
            row.get_quality_display(),
            is_outdated(document.content, row.language_id),
        )
        for row in solution.translations.all()
    ]


def unsaved_pages(solution: Solution, user: Any) -> list[str]:
    """Pages into which this person typed something that is not saved."""
    return list(
        PageDraft.objects.filter(solution=solution, user=user).values_list("page", flat=True)
    )


def other_writer(solution: Solution, user: Any) -> EditLock | None:
    """The lock, if somebody else holds it now."""
    lock = EditLock.objects.filter(solution=solution).select_related("holder").first()
    return lock if lock and lock.is_live and lock.holder_id != user.pk else None


@login_required
@require_safe
def overview(request: HttpRequest, uid: str) -> HttpResponse:
    """The record's own page for its team: what is done, what is asked, where it stands."""
    solution = find_work(request, uid)
    user = request.user
    document = document_of(solution)
    submission = latest_submission(solution)
    asked_for = progress.asked_in(submission, document)
    unsaved = unsaved_pages(solution, user)
    pages = progress.pages_of(document, solution.form, asked=asked_for, unsaved=unsaved)
    context = {
        "solution": solution,
        "may_edit": user.has_perm("catalogue.edit_solution", solution),
        "in_team": user.has_perm("catalogue.manage_team", solution),
        "pages": pages,
        "missing": sum(len(page.gaps) for page in pages),
        "next": _next_page(pages),
        "submission": submission,
        "may_recall": submission is not None and "recall" in submission.moves_for(user),
        "asked": [(asked(remark.field), remark) for remark in asked_for],
        "lock": other_writer(solution, user),
        "team": [row for row in solution.contributors.all() if row.user_id],
        "translations": translation_lines(solution, document),
        "versions": list(solution.versions.select_related("submission").order_by("-number")),
        "S": SubmissionState,
    }
    return render(request, "catalogue/work/overview.html", context)


def _next_page(pages: list[progress.PageProgress]) -> f.Page | None:
    """Where to go on: text not saved, then what the desk asked, then the first gap."""
    for wanted in (
        lambda page: page.is_unsaved,
        lambda page: page.to_fix,
        lambda page: page.gaps,
    ):
        for page in pages:
            if wanted(page):
                return page.page
    return None


# --- Check and send ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing to add, with where to add it."""

    text: StrOrPromise
    url: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """A gate or criterion with what the panel will find and what it will miss."""

    code: str
    name: str
    question: str
    evidence: str
    present: tuple[str, ...]
    missing: tuple[Missing, ...]
    #: Whether an answer of the record says anything about it; else the desk asks by itself.
    rests_on_answers: bool = True


#: A field may be filled and still not give a criterion what it rests on.
NOT_ENOUGH = {
    ("C2", "indicators"): gettext_lazy(
        "An indicator with a value before, a later value, its date and its source"
    ),
    ("C3", "evidence"): gettext_lazy("At least one item that everyone may open"),
}


def page_url(solution: Solution, page: str, field: str = "") -> str:
    """A question page, at one of its fields."""
    url = reverse("catalogue:work-page", args=[solution.uid, page])
    return f"{url}#{anchor(field)}" if field else url


def anchor(field: str) -> str:
    """The id that stands around a field on its page."""
    return f"field-{field}"


def self_check(
    solution: Solution, document: Document, form: str
) -> tuple[list[Criterion], list[Criterion]]:
    """What the desk and the panel will look for: gates, then criteria, of the set in force."""
    rubric = criteria.content_of(criteria.in_force(solution.hub_id))
    known = {check.code: check for check in checks.self_check(document, form)}
    gates = [
        _checked(solution, gate, known[gate["code"]])
        if gate["code"] in known
        else Criterion(gate["code"], gate["name"], gate["question"], "", (), (), False)
        for gate in rubric["gates"]
    ]
    return gates, [
        _checked(solution, row, known[row["code"]])
        if row["code"] in known
        else _by_evidence(solution, row, document)
        for row in rubric["criteria"]
    ]


def _checked(solution: Solution, item: dict[str, Any], check: checks.SelfCheck) -> Criterion:
    return Criterion(
        check.code,
        item["name"],
        item["question"],
        item.get("evidence_required", ""),
        tuple(asked(name) for name in check.present),
        tuple(
            Missing(
                NOT_ENOUGH.get((check.code, name)) or asked(name),
                page_url(solution, f.BY_NAME[name].page, name),
            )
            for name in check.missing
        ),
    )


def _by_evidence(solution: Solution, item: dict[str, Any], document: Document) -> Criterion:
    """A criterion no answer is made for, one that a hub added: evidence has to support it."""
    items = [
        row["title"] for row in document.content["evidence"] if item["code"] in row["criteria"]
    ]
    missing = Missing(
        _("An evidence item that supports %(code)s") % {"code": item["code"]},
        page_url(solution, f.BY_NAME["evidence"].page, "evidence"),
    )
    return Criterion(
        item["code"],
        item["name"],
        item["question"],
        item["evidence_required"],
        tuple(items),
        () if items else (missing,),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, uid: str) -> HttpResponse:
    """Everything that was answered, what is missing, what the panel will look for; and the
    button that sends it in."""
    solution = find_work(request, uid, edit=True)
    user = request.user
    refused: list[Missing] = []
    if request.method == "POST":
        form = request.POST.get("form", "")
        if form not in Form.values:
            form = solution.form
        if request.POST.get("action") == "form":
            operations.choose_form(solution, by=user, form=form)
            return redirect("catalogue:work-check", uid=uid)
        try:
            submission = operations.submit_solution(solution, by=user, form=form)
        except DomainError as refusal:
            if refusal.code not in {"incomplete", "unsaved"}:
                refused.append(Missing(str(refusal), ""))
            solution.form = form
        else:
            return redirect("catalogue:work-submitted", uid=uid, number=submission.version.number)
    document = document_of(solution)
    submission = latest_submission(solution)
    unsaved = unsaved_pages(solution, user)
    titles = {page.code: page.title for page in f.PAGES}
    refused += [
        Missing(
            _("Save or discard what you typed on “%(page)s”") % {"page": titles[code]},
            page_url(solution, code),
        )
        for code in unsaved
        if code in titles
    ]
    refused += [
        Missing(gap.message, page_url(solution, gap.page, gap.field))
        for gap in gaps(document, solution.form)
    ]
    gates, rubric = self_check(solution, document, solution.form)
    context = {
        "solution": solution,
        "answers": _answered(solution, document),
        "missing": refused,
        "was_refused": request.method == "POST",
        "gates": gates,
        "criteria": rubric,
        "open_criteria": sum(bool(item.missing) for item in rubric),
        "near": checks.near_duplicates(
            solution,
            document.content["title"],
            document.content["summary"],
            document.content["language"],
        ),
        "forms": [(value, label, hint) for value, label, hint in _forms()],
        "open_submission": submission
        if submission and submission.state == SubmissionState.SCREENING
        else None,
        "pages": progress.pages_of(document, solution.form, unsaved=unsaved),
        "days": criteria.screening_days(solution.hub_id),
    }
    return render(request, "catalogue/work/check.html", context)


@dataclass(frozen=True, slots=True)
class AnsweredPage:
    """A page with what it answers or still must, and what was left empty and may stay so."""

    page: f.Page
    url: str
    answers: tuple[Answer, ...]
    left_empty: tuple[Answer, ...]


def _answered(solution: Solution, document: Document) -> list[AnsweredPage]:
    found = []
    for page in answers(document.content, document.private):
        shown: list[Answer] = []
        empty: list[Answer] = []
        for answer in page.answers:
            if answer.is_empty and answer.name == "editors_note":
                continue  # not for the team to fill
            needed = f.BY_NAME[answer.name].needed_for(solution.form)
            (empty if answer.is_empty and not needed else shown).append(answer)
        url = page_url(solution, page.page.code)
        found.append(AnsweredPage(page.page, url, tuple(shown), tuple(empty)))
    return found


def _forms() -> list[tuple[str, StrOrPromise, StrOrPromise]]:
    return [
        (Form.SNAPSHOT, Form.SNAPSHOT.label, _("Published as “documented, not validated”.")),
        (Form.FULL, Form.FULL.label, _("Needed before a panel can validate it.")),
    ]


@login_required
@require_safe
def submitted(request: HttpRequest, uid: str, number: int) -> HttpResponse:
    """What happens next: who reads it, by when."""
    solution = find_work(request, uid)
    submission = (
        solution.submissions.filter(version__number=number)
        .select_related("version", "criteria_set")
        .first()
    )
    if submission is None:
        raise Http404
    focal_point = (
        solution.hub_id
        and Membership.objects.filter(
            hub=solution.hub_id, role=Membership.Role.FOCAL_POINT
        ).exists()
    )
    context = {
        "solution": solution,
        "submission": submission,
        "hub": solution.hub if focal_point else None,
        "S": SubmissionState,
    }
    return render(request, "catalogue/work/submitted.html", context)


@login_required
@require_POST
def recall(request: HttpRequest, uid: str) -> HttpResponse:
    """Take the open submission back."""
    solution = find_work(request, uid)
    submission = solution.submissions.filter(state=SubmissionState.SCREENING).first()
    if submission is None:
        messages.info(request, _("There is nothing to take back."))
        return redirect("catalogue:work", uid=uid)
    try:
        operations.recall_submission(submission, by=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, _("You have taken the record back. The desk no longer sees it in its queue.")
        )
    return redirect("catalogue:work", uid=uid)


def pending_invitations(user: Any) -> list[Invitation]:
    """Invitations that wait for this person, without those to teams they are already in."""
    waiting = Invitation.objects.for_person(user).select_related("solution", "invited_by")
    return list(waiting.exclude(solution__in=Solution.objects.of_team(user)))
