"""One record: its page, its versions and what changed between them, its files, and the moves
its team and the desk can make from there."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from catalogue import operations
from catalogue.around import with_around
from catalogue.choices import Access, Level, Publication, SubmissionState
from catalogue.citations import FORMATS, citation_of
from catalogue.content import Content, document_of
from catalogue.differences import differences
from catalogue.files import access_to
from catalogue.linked_data import Imprint
from catalogue.models import Solution, StoredFile, Submission, Version
from catalogue.reading import (
    Record,
    around_of,
    closed_since,
    is_closed,
    link_states_of,
)
from catalogue.serving import served
from core.errors import DomainError
from core.models import AuditEntry
from core.prepared import Prepared

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest
    from django_stubs_ext import StrOrPromise

_REFERENCE = re.compile(r"(?:[Ss]-?)?0*([0-9]{1,9})")


def find(request: HttpRequest, reference: str) -> Solution:
    """The record of this number, or 404. What is private has no number."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise Http404
    number = int(match[1])
    if request.user.is_authenticated:
        visible = with_around(Solution.objects.visible_to(request.user))
        return get_object_or_404(visible.select_related("public_version", "hub"), number=number)
    for found in _open_to_all(number).rows():
        return found
    raise Http404


#: What the pages of a record read of it, beside what its public version says.
READ = (
    "uid", "number", "title", "hub", "publication", "validation", "first_submitted_at",
    "published_at", "withdrawn_at", "withdrawal_reason", "public_version",
)  # fmt: skip

_open_to_all: Prepared[Solution] = Prepared(
    lambda number: (
        with_around(Solution.objects.visible_to(AnonymousUser()))
        .filter(number=number)
        .select_related("public_version")
        .only(*READ)
        .order_by()
    ),
    int,
)


def moved_from(request: HttpRequest, solution: Solution, reference: str) -> HttpResponse | None:
    """To the one spelling of the address: ``/solutions/s-42/`` goes to ``/solutions/S-0042/``."""
    if reference == solution.reference:
        return None
    match = request.resolver_match
    if match is None or request.method not in {"GET", "HEAD"}:
        return None
    path = reverse(match.view_name, kwargs={**match.kwargs, "reference": solution.reference})
    query = request.META.get("QUERY_STRING", "")
    return redirect(f"{path}?{query}" if query else path, permanent=True)


def is_withdrawn(solution: Solution) -> bool:
    return solution.publication == Publication.WITHDRAWN


def public_version_of(solution: Solution) -> Version:
    version = solution.public_version
    if version is None:  # the database holds it for everything that has a number
        raise Http404
    return version


# --- The page ----------------------------------------------------------------------------

#: What the mark of each level means, in a sentence.
LEVELS: dict[str, StrOrPromise] = {
    Level.DOCUMENTED: gettext_lazy(
        "Someone who took no part in it checked that the record is complete and may be shared. "
        "No panel has found that it meets the criteria."
    ),
    Level.IN_REVIEW: gettext_lazy("Reviewers are scoring it against the criteria. No result yet."),
    Level.PROMISING: gettext_lazy(
        "Reviewers found a practice worth watching. Some criteria need stronger evidence."
    ),
    Level.VALIDATED: gettext_lazy("It meets every binding criterion."),
    Level.ADOPTED: gettext_lazy("It meets every binding criterion, and is in use elsewhere."),
    Level.EXPIRED: gettext_lazy("It was validated, and was not confirmed again in time."),
    Level.SUSPENDED: gettext_lazy("Its validation is suspended while a challenge is examined."),
}
IMPORTED = gettext_lazy(
    "The portal’s editors took this record over from a published source. Its gaps are the "
    "source’s. Nobody has scored it against the criteria."
)


def steps_of(level: str) -> tuple[tuple[StrOrPromise, str], ...]:
    """The six steps from practice to exchange, as far as this record has come."""
    validate = {
        Level.IN_REVIEW: "now",
        Level.PROMISING: "now",
        Level.SUSPENDED: "now",
        Level.VALIDATED: "done",
        Level.ADOPTED: "done",
    }.get(Level(level), "todo")
    return (
        (_("Identify"), "done"),
        (_("Document"), "done"),
        (_("Validate"), validate),
        (_("Package"), "todo"),
        (_("Match"), "todo"),
        (_("Share"), "todo"),
    )


def show(
    request: HttpRequest,
    solution: Solution,
    record: Record,
    *,
    mode: str,
    version: Version | None = None,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    """The template all readings of a record share. Modes: public, older, draft, submitted."""
    imported = bool(record.collection)
    context = {
        "solution": solution,
        "record": record,
        "mode": mode,
        "version": version,
        "level": solution.level,
        "level_means": IMPORTED
        if imported and solution.level == Level.DOCUMENTED
        else LEVELS.get(Level(solution.level), ""),
        "steps": steps_of(solution.level),
        "moves": [],
        **more,
    }
    return render(request, "catalogue/record/solution.html", context, status=status)


@require_safe
def solution(request: HttpRequest, reference: str) -> HttpResponse:
    """A public record, from its frozen public version and nothing else."""
    found = find(request, reference)
    if (elsewhere := moved_from(request, found, reference)) is not None:
        return elsewhere
    if is_withdrawn(found):
        return tombstone(request, found)
    version = public_version_of(found)
    record = Record(
        version.content,
        language=request.GET.get("lang", ""),
        private=version.private_content
        if request.user.has_perm("catalogue.view_restricted_evidence", found)
        else None,
        link_states=link_states_of(found),
        content_hash=version.content_hash,
    )
    imprint = Imprint(found, version)
    around = around_of(found, version.content)
    return show(
        request,
        found,
        record,
        mode="public",
        version=version,
        imprint=imprint,
        canonical=imprint.canonical,
        adaptations=around.adaptations,
        neighbours=around.neighbours,
        may_edit=request.user.has_perm("catalogue.edit_solution", found),
        moves=page_moves(request, found),
        waiting=waiting_submission(request, found),
    )


def page_moves(request: HttpRequest, solution: Solution) -> list[tuple[StrOrPromise, str]]:
    """Label and address of the moves this person can make from the page."""
    if not request.user.is_authenticated:
        return []
    possible = solution.moves_for(request.user)
    return [
        (solution.moves[verb].label, reverse(f"catalogue:solution-{verb}", args=[number]))
        for number in [solution.reference]
        for verb in REASONED
        if verb in possible
    ]


def waiting_submission(request: HttpRequest, solution: Solution) -> Submission | None:
    """A newer version at the desk, for those who may know of it."""
    if not request.user.has_perm("catalogue.view_submission", solution):
        return None
    return (
        solution.submissions.filter(state=SubmissionState.SCREENING)
        .select_related("version")
        .defer("version__content", "version__private_content")
        .first()
    )


def tombstone(request: HttpRequest, solution: Solution) -> HttpResponse:
    """What stays at the address of a withdrawn record: that it was here, since when it is
    not, and why."""
    version = public_version_of(solution)
    context = {
        "solution": solution,
        "version": version,
        "title": version.content["title"],
        "citation": citation_of(solution, version),
        "formats": FORMATS,
        "moves": page_moves(request, solution),
        "may_see_history": request.user.has_perm("catalogue.view_working_copy", solution),
    }
    return render(request, "catalogue/record/withdrawn.html", context, status=410)


@require_safe
def cite(request: HttpRequest, reference: str, ending: str) -> HttpResponse:
    """The citation as a file. A withdrawn record can still be cited, and the file says so."""
    found = find(request, reference)
    if ending not in FORMATS:
        raise Http404
    chosen = FORMATS[ending]
    text = chosen.write(citation_of(found, public_version_of(found)))
    response = HttpResponse(text, content_type=f"{chosen.content_type}; charset=utf-8")
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=f"{found.reference}.{ending}")
        or "attachment"
    )
    return response


# --- Versions ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One version in the history: what it was, and who did what to it, by role."""

    number: int
    form: StrOrPromise
    published_at: datetime | None
    submitted_at: datetime | None
    state: StrOrPromise
    is_current: bool
    is_public: bool
    is_imported: bool
    url: str


def _lines(solution: Solution, versions: list[Version]) -> list[HistoryLine]:
    submissions = {row.version_id: row for row in Submission.objects.filter(version__in=versions)}
    found = []
    for version in versions:
        submission = submissions.get(version.pk)
        is_current = version.pk == solution.public_version_id and not is_withdrawn(solution)
        is_public = version.published_at is not None
        if is_current:
            url = solution.get_absolute_url()
        elif is_public and not is_withdrawn(solution):
            url = reverse("catalogue:solution-version", args=[solution.reference, version.number])
        else:
            url = reverse("catalogue:submitted-version", args=[solution.uid, version.number])
        found.append(
            HistoryLine(
                number=version.number,
                form=version.get_form_display(),
                published_at=version.published_at,
                submitted_at=submission.submitted_at if submission else None,
                state=submission.get_state_display() if submission else "",
                is_current=is_current,
                is_public=is_public,
                is_imported=submission is None,
                url=url,
            )
        )
    return found


def masked(content: Content, closed: frozenset[str]) -> Content:
    """The content without links and files that were open then and are restricted by now."""
    rows = [
        row | {"url": "", "file": None} if is_closed(row, closed) else row
        for row in content["evidence"]
    ]
    return content | {"evidence": rows}


def _chosen(request: HttpRequest, numbers: list[int]) -> tuple[int, int] | None:
    """The two versions to compare, older first; by default the last two. ``numbers`` are
    newest first."""
    if len(numbers) < 2:
        return None
    asked = []
    for name, fallback in (("from", numbers[1]), ("to", numbers[0])):
        value = request.GET.get(name, "")
        number = int(value) if re.fullmatch(r"[0-9]{1,5}", value) else fallback
        asked.append(number if number in numbers else fallback)
    older, newer = sorted(asked)
    return older, newer


@require_safe
def history(request: HttpRequest, reference: str) -> HttpResponse:
    """The versions of a record and what changed between two of them.

    Readers see the versions that were public; the team and the desk see every submission.
    """
    found = find(request, reference)
    if (elsewhere := moved_from(request, found, reference)) is not None:
        return elsewhere
    from_inside = request.user.has_perm("catalogue.view_working_copy", found)
    if is_withdrawn(found) and not from_inside:
        return tombstone(request, found)
    current = public_version_of(found)
    versions = found.versions.defer("content", "private_content").order_by("-number")
    if not from_inside:
        versions = versions.filter(published_at__isnull=False)
    listed = list(versions)
    chosen = _chosen(request, [version.number for version in listed])
    changed = []
    if chosen:
        closed = frozenset() if from_inside else closed_since(current.private_content)
        contents = dict(found.versions.filter(number__in=chosen).values_list("number", "content"))
        older, newer = (masked(contents[number], closed) for number in chosen if number in contents)
        changed = differences(older, newer) if chosen[0] != chosen[1] else []
    context = {
        "solution": found,
        "title": current.content["title"],
        "lines": _lines(found, listed),
        "chosen": chosen,
        "changed": changed,
        "imported_from": current.content.get("collection", ""),
        "audit": audit_of(request, found) if from_inside else [],
    }
    return render(request, "catalogue/record/history.html", context)


@require_safe
def version(request: HttpRequest, reference: str, number: int) -> HttpResponse:
    """An older public version, marked as such."""
    found = find(request, reference)
    if (elsewhere := moved_from(request, found, reference)) is not None:
        return elsewhere
    if is_withdrawn(found):
        return tombstone(request, found)
    current = public_version_of(found)
    if number == current.number:
        return redirect(found)
    older = get_object_or_404(found.versions, number=number)
    if older.published_at is None:
        if not request.user.has_perm("catalogue.view_submission", found):
            raise Http404
        return redirect("catalogue:submitted-version", uid=found.uid, number=number)
    record = Record(
        older.content,
        language=request.GET.get("lang", ""),
        closed=closed_since(current.private_content),
        link_states=link_states_of(found),
        content_hash=older.content_hash,
    )
    return show(
        request,
        found,
        record,
        mode="older",
        version=older,
        imprint=Imprint(found, older),
        current_number=current.number,
        current_published_at=current.published_at,
    )


# --- What happened, for those who work on the record --------------------------------------

#: The moves a team may read about, in words. What the panel does is not among them.
AUDIT_WORDS: dict[str, StrOrPromise] = {
    "start": gettext_lazy("Began the draft"),
    "submit": gettext_lazy("Submitted a version"),
    "recall": gettext_lazy("Took the submission back"),
    "pass_screening": gettext_lazy("Passed the submission"),
    "give_back": gettext_lazy("Returned the submission"),
    "decline": gettext_lazy("Declined the submission"),
    "publish": gettext_lazy("Published the record"),
    "renew": gettext_lazy("Published a new version"),
    "withdraw": gettext_lazy("Withdrew the record"),
    "restore": gettext_lazy("Published the record again"),
    "take-over": gettext_lazy("Took over the editing"),
    "invite": gettext_lazy("Invited somebody to the team"),
    "join": gettext_lazy("Joined the team"),
    "leave": gettext_lazy("Left the team"),
    "remove": gettext_lazy("Took somebody out of the team"),
}
AUDIT_LENGTH = 100


@dataclass(frozen=True, slots=True)
class AuditLine:
    at: datetime
    who: str
    what: StrOrPromise
    note: str


def audit_of(request: HttpRequest, solution: Solution) -> list[AuditLine]:
    """What happened to the record, newest first. A team reads names of its own people; who
    acted for the desk is named to the desk only."""
    submissions = [str(pk) for pk in solution.submissions.values_list("pk", flat=True)]
    entries = AuditEntry.objects.filter(
        Q(target_type=Solution._meta.label_lower, target_id=str(solution.pk))
        | Q(target_type=Submission._meta.label_lower, target_id__in=submissions),
        verb__in=AUDIT_WORDS,
    ).order_by("-created_at", "-pk")[:AUDIT_LENGTH]
    team = {solution.owner_id, *solution.contributors.values_list("user", flat=True)}
    names_all = request.user.has_perm("catalogue.publish_solution", solution)
    return [
        AuditLine(
            at=entry.created_at,
            who=entry.actor_name if names_all or entry.actor_id in team else _("The desk"),
            what=AUDIT_WORDS[entry.verb],
            note=entry.note,
        )
        for entry in entries
    ]


# --- Inside: the working copy and frozen submissions --------------------------------------


def _find_inside(request: HttpRequest, uid: str, permission: str) -> Solution:
    visible = Solution.objects.visible_to(request.user).select_related("public_version", "hub")
    found = get_object_or_404(visible, uid=uid)
    if not request.user.has_perm(permission, found):
        # A public record is visible to all, the existence of work on it is not.
        raise Http404
    return found


@login_required
@require_safe
def preview(request: HttpRequest, uid: str) -> HttpResponse:
    """The working copy as readers would see it. Never public."""
    found = _find_inside(request, uid, "catalogue.view_working_copy")
    document = document_of(found)
    record = Record(
        document.content,
        language=request.GET.get("lang", ""),
        private=document.private,
        link_states=link_states_of(found),
    )
    return show(
        request,
        found,
        record,
        mode="draft",
        may_edit=request.user.has_perm("catalogue.edit_solution", found),
    )


@login_required
@require_safe
def submitted_version(request: HttpRequest, uid: str, number: int) -> HttpResponse:
    """A frozen version as it was submitted, for its team and the desk."""
    found = _find_inside(request, uid, "catalogue.view_submission")
    frozen = get_object_or_404(found.versions, number=number)
    record = Record(
        frozen.content,
        language=request.GET.get("lang", ""),
        private=frozen.private_content,
        link_states=link_states_of(found),
    )
    submission = Submission.objects.filter(version=frozen).first()
    return show(
        request,
        found,
        record,
        mode="submitted",
        version=frozen,
        submission=submission,
        desk_url=submission.get_absolute_url()
        if submission and request.user.has_perm("catalogue.screen_submission", found)
        else "",
    )


# --- Moves -------------------------------------------------------------------------------


class ReasonForm(forms.Form):
    """The reason for a move, in words that others will read."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Give the reason, in a sentence or two.")},
    )

    def __init__(self, *args: Any, hint: StrOrPromise = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = str(hint)


@dataclass(frozen=True, slots=True)
class ReasonedMove:
    """A move made on a page of its own, with a reason."""

    question: StrOrPromise
    explains: StrOrPromise
    hint: StrOrPromise
    make: Callable[..., None]
    done: StrOrPromise


REASONED: dict[str, ReasonedMove] = {
    "withdraw": ReasonedMove(
        gettext_lazy("Withdraw this record?"),
        gettext_lazy(
            "Readers will no longer see it. A page with its title, the date and your reason stays "
            "at its address, so that links and citations still lead somewhere."
        ),
        gettext_lazy("Everyone can read it on the page that stays."),
        operations.withdraw_solution,
        gettext_lazy("The record is withdrawn."),
    ),
    "restore": ReasonedMove(
        gettext_lazy("Publish this record again?"),
        gettext_lazy("The version that was public before comes back as it was, under its number."),
        gettext_lazy("It is kept in the history of the record."),
        operations.restore_solution,
        gettext_lazy("The record is public again."),
    ),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, reference: str, verb: str) -> HttpResponse:
    """Withdraw a record or publish it again, with a reason."""
    found = find(request, reference)
    if (elsewhere := moved_from(request, found, reference)) is not None:
        return elsewhere
    chosen = REASONED[verb]
    if not request.user.has_perm(found.moves[verb].permission, found):
        raise PermissionDenied
    form = ReasonForm(request.POST or None, hint=chosen.hint)
    if request.method == "POST" and form.is_valid():
        try:
            chosen.make(found, by=request.user, reason=form.cleaned_data["reason"])
        except DomainError as refusal:
            form.add_error(None if "reason" not in refusal.fields else "reason", str(refusal))
        else:
            messages.success(request, chosen.done)
            return redirect(found)
    elif verb not in found.moves_for(request.user):
        return redirect(found)  # somebody has made the move already
    context = {"solution": found, "form": form, "move": chosen, "label": found.moves[verb].label}
    return render(request, "catalogue/record/move.html", context)


# --- Files -------------------------------------------------------------------------------


@require_safe
def file(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """A deposited file for those who may open the record that names it; else 404."""
    stored = get_object_or_404(StoredFile, pk=key)
    access = access_to(stored, user=request.user)
    if access is None:
        raise Http404
    return served(request, stored, is_open=access == Access.OPEN)
