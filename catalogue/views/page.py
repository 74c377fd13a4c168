"""One question page: show it, keep what is typed, save it, and settle what two people wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalogue import checks, criteria, operations, progress, writing
from catalogue import fields as f
from catalogue.content import document_of
from catalogue.forms.fields import NamesField, asked, country_suggestions, language_suggestions
from catalogue.forms.pages import Sheet
from catalogue.forms.rows import rearranged
from catalogue.models import PageDraft, Solution, StoredFile
from catalogue.presentation import Answer, answer_of
from catalogue.views.work import find_work, latest_submission, other_writer, unsaved_pages
from core import uploads
from core.errors import DomainError
from core.richtext import RichTextField
from hubs.models import Hub

if TYPE_CHECKING:
    from django.forms import BoundField
    from django.http import HttpRequest, HttpResponse
    from django_stubs_ext import StrOrPromise

    from catalogue.models import EditLock
    from catalogue.writing import Values

PAGES = {page.code: page for page in f.PAGES}
#: All that is kept of one page; more is not text that anybody typed.
MOST_KEPT = 400_000
_OWN = re.compile(r"csrfmiddlewaretoken|action|row|choose-.*")


def page_of(code: str) -> f.Page:
    if code not in PAGES:
        raise Http404
    return PAGES[code]


def names_on(page: str) -> list[str]:
    return [item.name for item in f.on_page(page)]


# --- What travels with a page ------------------------------------------------------------


def written(marks: dict[str, str]) -> str:
    """Fingerprints of the answers as a hidden field carries them."""
    return " ".join(f"{name}:{mark}" for name, mark in sorted(marks.items()))


def read_marks(data: QueryDict) -> dict[str, str]:
    pairs = (word.partition(":") for word in data.get("opened", "")[:4000].split())
    return {name: mark for name, _colon, mark in pairs}


def kept_data(data: QueryDict, page: str) -> dict[str, list[str]]:
    """What is worth keeping of a posted page: its own fields, as they came."""
    names = {*names_on(page), "opened"}
    starts = tuple(f"{name}-" for name in names)
    return {
        key: data.getlist(key)
        for key in data
        if (key in names or key.startswith(starts)) and not _OWN.fullmatch(key)
    }


def as_query(data: dict[str, list[str]]) -> QueryDict:
    query = QueryDict(mutable=True)
    for key, texts in data.items():
        query.setlist(key, list(texts))
    return query


def changes_nothing(sheet: Sheet, opened: dict[str, str]) -> bool:
    """Whether what was typed is what the page said when it was opened."""
    return sheet.is_valid() and not writing.changed(sheet.values(), opened)


# --- Files -------------------------------------------------------------------------------


def deposit(request: HttpRequest, data: QueryDict) -> dict[str, str]:
    """Store every file that came along, before anything else is looked at; its key takes the
    place of the file. Returns what was refused, by the prefix of the row."""
    refused = {}
    for field, files in request.FILES.lists():
        match = re.fullmatch(r"(evidence-\d{1,2})-upload", field)
        if match is None or not files:
            continue
        try:
            stored = operations.store_file(files[-1], by=request.user)
        except ValidationError as refusal:
            refused[match[1]] = " ".join(refusal.messages)
        else:
            data[f"{match[1]}-file"] = str(stored.pk)
    for field in getattr(request, "too_large", ()):
        match = re.fullmatch(r"(evidence-\d{1,2})-upload", field)
        if match:
            refused[match[1]] = " ".join(uploads.too_large().messages)
    return refused


def tell_refused(sheet: Sheet, refused: dict[str, str]) -> None:
    """Put each refusal of a file at the row it was chosen in."""
    for rows in sheet.rows.values():
        for row in rows.forms:
            if row.prefix in refused:
                row.add_error("upload", refused[row.prefix])


# --- The page ----------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def question(request: HttpRequest, uid: str, page: str) -> HttpResponse:
    """A page of questions. Saving refuses only what cannot be read; what is missing is told
    at the end."""
    page_of(page)
    solution = find_work(request, uid, edit=True)
    present = writing.values_of(solution, names_on(page))
    if request.method == "POST":
        return _save(request, solution, page, present)
    draft = PageDraft.objects.filter(solution=solution, user=request.user, page=page).first()
    sheet = opened = None
    if draft is not None:
        data = as_query(draft.data)
        opened = read_marks(data)
        judged = _sheet(request, solution, page, present, data)
        if changes_nothing(judged, opened) and not judged.is_grown():
            operations.drop_page(solution, by=request.user, page=page)
            draft = None
        else:
            sheet = _sheet(request, solution, page, present, data, quiet=True)
    if sheet is None or opened is None:
        opened = writing.marks(present)
        sheet = _sheet(request, solution, page, present)
    lock = operations.take_lock(solution, by=request.user)
    locked = lock if lock.holder_id != request.user.pk else None
    return _show(request, solution, sheet, opened=opened, draft=draft, locked=locked)


def _sheet(
    request: HttpRequest,
    solution: Solution,
    page: str,
    present: Values,
    data: QueryDict | None = None,
    *,
    quiet: bool = False,
) -> Sheet:
    return Sheet(
        page, solution=solution, user=request.user, present=present, data=data, quiet=quiet
    )


def _save(request: HttpRequest, solution: Solution, page: str, present: Values) -> HttpResponse:
    data = request.POST.copy()
    refused = deposit(request, data)
    opened = read_marks(data)
    here = reverse("catalogue:work-page", args=[solution.uid, page])
    action = data.get("action", "")
    if "row" in data and not refused:
        return _rearrange(request, solution, page, data, here)
    sheet = _sheet(request, solution, page, present, data)
    if action == "back":
        _keep_unless_same(request, solution, sheet, data, opened)
        return redirect(_neighbour(solution, page, -1))
    valid = sheet.is_valid()
    tell_refused(sheet, refused)
    if not valid or refused:
        _keep(request, solution, page, data)
        return _show(request, solution, sheet, opened=opened)
    answers = sheet.values()
    if action == "resolve":
        open_ones = [name for name in data.getlist("settle") if not _choice(data, name)]
        open_ones = [name for name in open_ones if name in answers]
        if open_ones:
            _keep(request, solution, page, data)
            names = [name for name in data.getlist("settle") if name in answers]
            return _settle(request, solution, sheet, data, names, unsettled=open_ones)
        answers = {
            name: value for name, value in answers.items() if _choice(data, name) != "theirs"
        }
    try:
        operations.save_answers(
            solution, by=request.user, page=page, answers=answers, opened=opened
        )
    except DomainError as refusal:
        _keep(request, solution, page, data)
        if refusal.code == "stale":
            return _settle(request, solution, sheet, data, list(refusal.fields))
        for name, texts in refusal.fields.items():
            for text in texts:
                sheet.form.add_error(name, text)
        return _show(request, solution, sheet, opened=opened)
    if page == "name" and action != "close":
        _mention_similar(request, solution, present | answers)
    if action == "close":
        operations.release_lock(solution, by=request.user)
        messages.success(request, _("Saved. You can go on whenever you like."))
        return redirect("catalogue:work", uid=solution.uid)
    return redirect(_neighbour(solution, page, 1))


def _choice(data: QueryDict, name: str) -> str:
    """Whose answer was chosen where two people wrote: mine, theirs, or nobody's yet."""
    chosen = data.get(f"choose-{name}", "")
    return chosen if chosen in {"mine", "theirs"} else ""


def _neighbour(solution: Solution, page: str, step: int) -> str:
    place = f.PAGE_CODES.index(page) + step
    if place < 0:
        return reverse("catalogue:work", args=[solution.uid])
    if place >= len(f.PAGE_CODES):
        return reverse("catalogue:work-check", args=[solution.uid])
    return reverse("catalogue:work-page", args=[solution.uid, f.PAGE_CODES[place]])


def _keep(request: HttpRequest, solution: Solution, page: str, data: QueryDict) -> PageDraft | None:
    kept = kept_data(data, page)
    if sum(len(text) for texts in kept.values() for text in texts) > MOST_KEPT:
        return None
    return operations.keep_page(
        solution, by=request.user, page=page, data=kept, base=solution.revision
    )


def _keep_unless_same(
    request: HttpRequest, solution: Solution, sheet: Sheet, data: QueryDict, opened: dict[str, str]
) -> PageDraft | None:
    if changes_nothing(sheet, opened):
        operations.drop_page(solution, by=request.user, page=sheet.page)
        return None
    return _keep(request, solution, sheet.page, data)


def _rearrange(
    request: HttpRequest, solution: Solution, page: str, data: QueryDict, here: str
) -> HttpResponse:
    """A row added, moved or taken out without scripts: kept, not yet saved."""
    changed, place = rearranged(data, data["row"])
    if _keep(request, solution, page, changed) is None:
        messages.error(request, _("This page holds more text than can be kept. Shorten it first."))
    return HttpResponseRedirect(f"{here}#{place}" if place else here)


def _mention_similar(request: HttpRequest, solution: Solution, answers: Values) -> None:
    """For those who work without scripts: records that look like this one."""
    near = checks.near_duplicates(
        solution, answers["title"], answers["summary"], answers["language"]
    )
    if near:
        links = format_html_join(
            ", ",
            '<a href="{}">{} {}</a>',
            ((other.get_absolute_url(), other.reference, public_title(other)) for other in near),
        )
        messages.warning(
            request,
            format_html(
                _("Saved. Look whether this is already in the catalogue: {links}."), links=links
            ),
        )


def public_title(solution: Solution) -> str:
    version = solution.public_version
    return str(version.content["title"]) if version else str(solution)


# --- Showing -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Why:
    """A criterion that rests on this page: what its reviewers ask and look for."""

    code: str
    name: str
    question: str
    evidence: str


def why(page: str, hub: int | None = None) -> list[Why]:
    """The criteria of the set in force for that hub that rest on this page."""
    codes = dict.fromkeys(code for item in f.on_page(page) for code in item.criteria)
    known = criteria.in_force(hub).rows()
    return [
        Why(
            code,
            known[code]["name"],
            known[code]["question"],
            known[code].get("evidence_required", ""),
        )
        for code in codes
        if code in known
    ]


def _show(
    request: HttpRequest,
    solution: Solution,
    sheet: Sheet,
    *,
    opened: dict[str, str],
    draft: PageDraft | None = None,
    locked: EditLock | None = None,
) -> HttpResponse:
    user = request.user
    page = page_of(sheet.page)
    document = document_of(solution)
    remarks = progress.asked_in(latest_submission(solution), document)
    unsaved = unsaved_pages(solution, user)
    pages = progress.pages_of(document, solution.form, asked=remarks, unsaved=unsaved)
    errors = sheet.errors()
    number = f.PAGE_CODES.index(page.code)
    context = {
        "solution": solution,
        "page": page,
        "number": number + 1,
        "of": len(f.PAGES) + 1,
        "parts": sheet.parts(),
        "errors": errors,
        "opened": written(opened),
        "draft": draft,
        "locked": locked,
        "others": _changed_by_others(sheet, opened) if draft else {},
        "remarks": {remark.field: remark for remark in remarks},
        "why": why(page.code, solution.hub_id),
        "steps": _steps(solution, pages, page.code),
        "kept_as": f"{user.pk}.{solution.uid}.{page.code}",
        "suggestions": _suggestions(page.code),
        "near": _near(solution) if page.code == "name" and not errors else [],
        "scripts": _scripts(sheet),
    }
    return render(request, "catalogue/work/page.html", context)


def _scripts(sheet: Sheet) -> list[str]:
    """Only what this page has use for: many people pay by the kilobyte."""
    fields = sheet.form.fields.values()
    wanted = {
        "richtext": any(isinstance(field, RichTextField) for field in fields),
        "rows": bool(sheet.rows) or any(isinstance(field, NamesField) for field in fields),
        "count": True,
        "similar": sheet.page == "name",
        "autosave": True,
    }
    return [f"js/{name}.js" for name, is_wanted in wanted.items() if is_wanted]


def _steps(
    solution: Solution, pages: list[progress.PageProgress], here: str
) -> list[tuple[StrOrPromise, str, str, str]]:
    rows: list[tuple[StrOrPromise, str, str, str]] = []
    for page in pages:
        state = "done" if page.state == "done" and not page.to_fix else "todo"
        note = page.note if page.to_fix or page.is_unsaved or page.state == "started" else ""
        url = reverse("catalogue:work-page", args=[solution.uid, page.page.code])
        rows.append((page.page.title, url, "now" if page.page.code == here else state, note))
    rows.append(
        (_("Check and send in"), reverse("catalogue:work-check", args=[solution.uid]), "todo", "")
    )
    return rows


def _changed_by_others(sheet: Sheet, opened: dict[str, str]) -> dict[str, Answer]:
    """What the record says now, for answers that changed since a draft was begun."""
    now = writing.marks(sheet.present)
    return {
        name: shown(name, sheet.present[name])
        for name in sheet.names()
        if now[name] != opened.get(name)
    }


def _suggestions(page: str) -> dict[str, list[str]]:
    """Names offered while typing, for the inputs of this page."""
    found = {}
    if page == "place":
        found["countries"] = country_suggestions()
    if page in {"evidence", "sharing"}:
        found["languages"] = language_suggestions()
    return found


def _near(solution: Solution) -> list[tuple[Solution, str]]:
    near = checks.near_duplicates(solution, solution.title, solution.summary, solution.language_id)
    return [(other, public_title(other)) for other in near]


def shown(name: str, value: Any) -> Answer:
    """A plain value in words."""
    if name == "hub":
        hub = Hub.objects.filter(pk=value or 0).first()
        value = hub and {"name": hub.name}
    elif name == "adapted_from":
        origin = Solution.objects.filter(pk=value or 0).select_related("public_version").first()
        value = origin and {"reference": origin.reference, "title": public_title(origin)}
    elif f.BY_NAME[name].kind == f.ROWS:
        value = [_row_shown(row) for row in value]
    return answer_of(f.BY_NAME[name], value)


def _row_shown(row: Values) -> Values:
    row = {key: item for key, item in row.items() if key != "id"}
    if row.get("file"):
        stored = StoredFile.objects.filter(pk=row["file"]).first()
        row["file"] = stored and {"name": stored.name}
    return row


# --- When two wrote ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Conflict:
    """One answer that two people changed."""

    name: str
    label: str
    mine: Answer
    theirs: Answer
    #: For text: the control with my text, so that one text can be made out of both.
    control: BoundField | None
    chosen: str = ""
    is_unsettled: bool = False


def _settle(
    request: HttpRequest,
    solution: Solution,
    sheet: Sheet,
    data: QueryDict,
    names: list[str],
    unsettled: Sequence[str] = (),
) -> HttpResponse:
    """Both texts side by side, to choose from; nothing is written until somebody chose."""
    fresh = find_work(request, solution.uid, edit=True)
    theirs = writing.values_of(fresh, names_on(sheet.page))
    mine = sheet.values()
    conflicts = [
        Conflict(
            name,
            asked(name),
            shown(name, mine[name]),
            shown(name, theirs[name]),
            sheet.form[name] if f.BY_NAME[name].kind in {f.TEXT, f.RICH} else None,
            _choice(data, name),
            name in unsettled,
        )
        for name in names
    ]
    edited = {conflict.name for conflict in conflicts if conflict.control is not None}
    data = data.copy()
    data["opened"] = written(_opened_now(read_marks(data), theirs, names))
    context = {
        "solution": fresh,
        "page": page_of(sheet.page),
        "conflicts": conflicts,
        "lock": other_writer(fresh, request.user),
        "carried": [
            (key, text)
            for key, texts in kept_data(data, sheet.page).items()
            for text in texts
            if key.removesuffix("-format") not in edited
        ],
        "kept_as": f"{request.user.pk}.{fresh.uid}.{sheet.page}",
    }
    return render(request, "catalogue/work/conflict.html", context, status=409)


def _opened_now(opened: dict[str, str], theirs: Values, names: list[str]) -> dict[str, str]:
    """The fingerprints after both texts were seen: for these answers, those of now."""
    return opened | {name: writing.mark(theirs[name]) for name in names}


# --- While typing --------------------------------------------------------------------------


@require_POST
def autosave(request: HttpRequest, uid: str, page: str) -> JsonResponse:
    """Keep what was typed so far. Answers in JSON, also when it refuses."""
    if not request.user.is_authenticated:
        login = reverse("account_login")
        return JsonResponse({"login": login}, status=401)
    page_of(page)
    try:
        solution = find_work(request, uid, edit=True)
    except PermissionDenied:
        return JsonResponse({"error": _("You may no longer write here.")}, status=403)
    present = writing.values_of(solution, names_on(page))
    opened = read_marks(request.POST)
    sheet = _sheet(request, solution, page, present, request.POST)
    kept: PageDraft | None = None
    same = changes_nothing(sheet, opened)
    if same:
        operations.drop_page(solution, by=request.user, page=page)
    else:
        kept = _keep(request, solution, page, request.POST)
        if kept is None:
            text = _("This page holds more text than can be kept. Shorten it first.")
            return JsonResponse({"error": text}, status=413)
    lock = operations.take_lock(solution, by=request.user)
    mine = lock.holder_id == request.user.pk
    now = timezone.localtime(kept.saved_at if kept else None)
    answer: dict[str, Any] = {
        "saved_at": now.isoformat(timespec="seconds"),
        "message": _("Nothing to save.")
        if same
        else _("Draft saved at %(time)s %(zone)s.")
        % {"time": f"{now:%H:%M}", "zone": now.tzname()},
        "lock": {"mine": mine},
    }
    if not mine:
        since = timezone.localtime(lock.since)
        answer["lock"]["message"] = _(
            "%(name)s took over at %(time)s. Your text is kept; when you save, you see both."
        ) % {"name": lock.holder, "time": f"{since:%H:%M}"}
    return JsonResponse(answer)


@login_required
@require_POST
def discard(request: HttpRequest, uid: str, page: str) -> HttpResponse:
    """Throw one's own unsaved text of a page away."""
    page_of(page)
    solution = find_work(request, uid, edit=True)
    operations.drop_page(solution, by=request.user, page=page)
    messages.info(request, _("The text that was not saved is gone. This is what the record says."))
    return redirect("catalogue:work-page", uid=uid, page=page)


@login_required
@require_POST
def take_over(request: HttpRequest, uid: str) -> HttpResponse:
    """Write although somebody else does; they are told, and nobody's text is lost."""
    solution = find_work(request, uid, edit=True)
    operations.take_lock(solution, by=request.user, over=True)
    page = request.POST.get("page", "")
    if page in PAGES:
        return redirect("catalogue:work-page", uid=uid, page=page)
    return redirect("catalogue:work", uid=uid)


@login_required
@require_safe
def similar(request: HttpRequest, uid: str) -> HttpResponse:
    """Records that look like the title being typed: a fragment for the page."""
    solution = find_work(request, uid, edit=True)
    title = request.GET.get("title", "")[:300]
    summary = request.GET.get("summary", "")[:600]
    language = request.GET.get("language", "")[:8]
    near = checks.near_duplicates(solution, title, summary, language or solution.language_id)
    context = {"near": [(other, public_title(other)) for other in near]}
    return render(request, "catalogue/work/_similar.html", context)
