"""Chapters: their page and calendar, joining, their people, and what coordinators keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Value, When
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community import chapters as reading
from community.choices import ChapterRole
from community.conduct import has_agreed
from community.forms.chapters import ChapterEventForm, ChapterForm, ReasonForm
from community.models import Chapter, ChapterMember, member_of
from community.operations import chapters as operations
from community.people import seen_as, with_people
from community.views.entering import has_to_join, to_join
from community.views.places import calendar_of
from core.errors import DomainError
from events.models import Event
from events.presentation import in_english
from participation import zones

if TYPE_CHECKING:
    from django.forms import Form
    from django.http import HttpRequest, HttpResponse

PER_PAGE = 50
#: So many requests stand on one page, the oldest first.
REQUESTS = 50
#: So many meetings can be taken off on one page, the latest.
MEETINGS = 100
#: A form that is refused comes back with what was typed.
REFUSED = 422
#: The coordinators first, then in the order people came.
ORDER = Case(
    When(role=ChapterRole.COORDINATOR, then=Value(0)),
    default=Value(1),
    output_field=IntegerField(),
)


def find_chapter(request: HttpRequest, slug: str, permission: str = "") -> Chapter:
    """A chapter this person sees, or 404; 403 if they may not do this there."""
    rows = Chapter.objects.visible_to(request.user).select_related("reference", "lead_hub")
    chapter = get_object_or_404(rows, slug=slug)
    if permission and not request.user.has_perm(permission, chapter):
        raise PermissionDenied
    return chapter


# --- Reading -----------------------------------------------------------------------------------


@require_safe
def chapters(request: HttpRequest) -> HttpResponse:
    """All chapters, with what the reader is in each."""
    mine: dict[int, str] = {}
    if request.user.is_authenticated:
        mine = dict(
            ChapterMember.objects.filter(user=request.user).values_list("chapter_id", "role")
        )
    rows = Chapter.objects.visible_to(request.user).prefetch_related("languages")
    context = {
        "rows": [(row, ChapterRole(mine[row.pk]).label if row.pk in mine else "") for row in rows],
        "en": in_english(),
    }
    return render(request, "community/chapters/list.html", context)


@require_safe
def chapter(request: HttpRequest, slug: str) -> HttpResponse:
    """One chapter: its region, who leads it; inside, when it meets and who belongs to it."""
    row = find_chapter(request, slug)
    zone = zones.zone_of_reader(request)
    enters = request.user.has_perm("community.enter_chapter", row)
    context = {
        "chapter": row,
        "languages": row.languages.all(),
        "mine": reading.membership_of(row, request.user),
        "roles": ChapterRole,
        "inside": (
            reading.inside(row, request.user, zone=zone, now=timezone.now()) if enters else None
        ),
        "zone": zone,
        "may_join": request.user.has_perm("community.join_chapter", row),
        "is_member": has_agreed(member_of(request.user)),
        "may_run": request.user.has_perm("community.run_chapter", row),
        "sees_people": request.user.has_perm("community.view_chapter_people", row),
        "en": in_english(),
    }
    return render(request, "community/chapter.html", context)


@require_safe
def calendar(request: HttpRequest, slug: str) -> HttpResponse:
    """The webinars and meetings of a chapter, to subscribe to. A private one's is for its
    members; to others there is none."""
    row = get_object_or_404(Chapter.objects.open_to(request.user), slug=slug)
    return calendar_of(request, row.events.all(), row)


# --- Joining and leaving -----------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """Join, or ask to. With GET nothing happens: who had to sign in first finds the button."""
    row = find_chapter(request, slug)
    if request.method != "POST":
        return redirect(row)
    if has_to_join(request):
        return to_join(row.get_absolute_url())
    found = operations.join_chapter(row, by=request.user)
    if found.role == ChapterRole.ASKED:
        messages.success(request, _("Your request is with the coordinators of the chapter."))
    else:
        messages.success(request, _("You are a member of this chapter."))
    return redirect(row)


@login_required
@require_POST
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Leave, or take one's request back."""
    row = find_chapter(request, slug)
    try:
        operations.leave_chapter(row, by=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("You do not belong to this chapter any more."))
    return redirect(row)


# --- People ------------------------------------------------------------------------------------


@login_required
@require_safe
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """Who belongs to the chapter, as far as each is open to the reader; who asks to."""
    row = find_chapter(request, slug, "community.view_chapter_people")
    may_run = request.user.has_perm("community.run_chapter", row)
    everybody = with_people(ChapterMember.objects.filter(chapter=row), "user")
    listed = everybody.belonging().filter(user__is_active=True).order_by(ORDER, "since", "pk")
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    asked = everybody.filter(role=ChapterRole.ASKED).order_by("since", "pk") if may_run else ()
    context = {
        "chapter": row,
        "page_obj": page,
        "people": [_line(request, each, may_run=may_run) for each in page],
        "asked": [(each, seen_as(each.user, request.user)) for each in asked[:REQUESTS]],
        "may_run": may_run,
        "en": in_english(),
    }
    return render(request, "community/chapters/people.html", context)


def _line(request: HttpRequest, each: ChapterMember, *, may_run: bool) -> dict[str, Any]:
    """One person, and what the reader may do about them."""
    own, is_staff = each.user_id == request.user.pk, request.user.is_staff
    coordinates = each.role == ChapterRole.COORDINATOR
    return {
        "row": each,
        "seen": seen_as(each.user, request.user),
        "is_own": own,
        "coordinates": coordinates,
        "may_raise": may_run and not coordinates,
        "may_step_down": may_run and coordinates and (own or is_staff),
        "may_remove": may_run and not own and (not coordinates or is_staff),
    }


def _person(request: HttpRequest, row: Chapter, pk: int, *, wanted: bool) -> ChapterMember | None:
    """Somebody who asked (``wanted``) or belongs; None if that is not so any more."""
    rows = with_people(ChapterMember.objects.filter(chapter=row, pk=pk), "user")
    asked = rows.filter(role=ChapterRole.ASKED)
    return (asked if wanted else rows.belonging()).first()


def _with_reason(
    request: HttpRequest, row: Chapter, person: ChapterMember, form: Form, kind: str
) -> HttpResponse:
    """The page that asks for a reason: to decline a request, or to take somebody out."""
    context = {
        "chapter": row,
        "person": person,
        "seen": seen_as(person.user, request.user),
        "form": form,
        "kind": kind,
        "en": in_english(),
    }
    status = REFUSED if form.errors else 200
    return render(request, "community/chapters/reason.html", context, status=status)


def _to_people(request: HttpRequest, row: Chapter, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("community:chapter-people", row.slug)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def admit(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Let in somebody who asked, or decline with a reason, which has a page of its own."""
    row = find_chapter(request, slug, "community.run_chapter")
    person = _person(request, row, pk, wanted=True)
    if person is None:
        messages.error(request, _("This request has been answered or taken back."))
        return redirect("community:chapter-people", row.slug)
    if request.method != "POST":
        return _with_reason(request, row, person, ReasonForm(), "decline")
    lets_in = request.POST.get("answer") == "yes"
    form = ReasonForm(request.POST)
    if not lets_in and not form.is_valid():
        return _with_reason(request, row, person, form, "decline")
    reason = "" if lets_in else form.cleaned_data["reason"]
    try:
        operations.answer_request(row, pk, by=request.user, admit=lets_in, reason=reason)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("community:chapter-people", row.slug)
    return _to_people(request, row, _("They are in.") if lets_in else _("The request is declined."))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def role(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Make somebody coordinator, end that, or take them out with a reason."""
    row = find_chapter(request, slug, "community.run_chapter")
    person = _person(request, row, pk, wanted=False)
    if person is None:
        messages.error(request, _("This person is not in the chapter any more."))
        return redirect("community:chapter-people", row.slug)
    wanted = request.POST.get("role", "none")
    if wanted not in {"coordinator", "member", "none"}:
        raise Http404
    form = ReasonForm(request.POST) if request.method == "POST" else ReasonForm()
    if wanted == "none" and (request.method != "POST" or not form.is_valid()):
        if not _line(request, person, may_run=True)["may_remove"]:
            raise PermissionDenied
        return _with_reason(request, row, person, form, "remove")
    try:
        if wanted == "coordinator":
            operations.make_coordinator(row, pk, by=request.user)
            said = _("They coordinate the chapter now.")
        elif wanted == "member":
            operations.step_down(row, pk, by=request.user)
            said = _("They are a member now.")
        else:
            reason = form.cleaned_data["reason"]
            operations.remove_member(row, pk, by=request.user, reason=reason)
            said = _("They are not in the chapter any more.")
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("community:chapter-people", row.slug)
    if wanted == "member" and person.user_id == request.user.pk:
        said = _("You are a member now and coordinate no more.")
    return _to_people(request, row, said)


# --- What coordinators keep --------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change what the chapter says of itself."""
    row = find_chapter(request, slug, "community.run_chapter")
    if request.method != "POST":
        return _edit_page(request, row, ChapterForm(chapter=row, by=request.user))
    form = ChapterForm(request.POST, chapter=row, by=request.user)
    if form.is_valid():
        try:
            operations.change_chapter(row, by=request.user, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            if refusal.code == "stale":  # whoever saves again has seen what changed
                form.data = form.data.copy()
                form.data["base"] = operations.state_of(
                    find_chapter(request, slug, "community.run_chapter")
                )
        except ValidationError as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("The chapter is changed."))
            return redirect(row)
    return _edit_page(request, row, form)


def _edit_page(request: HttpRequest, row: Chapter, form: ChapterForm) -> HttpResponse:
    context = {
        "chapter": row,
        "form": form,
        "has_discussions": row.is_private and row.discussions.exists(),
        "en": in_english(),
    }
    status = REFUSED if form.errors else 200
    return render(request, "community/chapters/edit.html", context, status=status)


@login_required
@require_POST
def privacy(request: HttpRequest, slug: str) -> HttpResponse:
    """Make an open chapter private, or open one in which nothing was discussed yet."""
    row = find_chapter(request, slug, "community.run_chapter")
    try:
        if request.POST.get("private") == "yes":
            operations.make_private(row, by=request.user)
            messages.success(request, _("The chapter is private. Only its people read inside."))
        else:
            operations.make_open(row, by=request.user)
            messages.success(request, _("The chapter is open. Everybody reads it and may join."))
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("community:chapter-edit", row.slug)
    return redirect(row)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def events(request: HttpRequest, slug: str) -> HttpResponse:
    """Put webinars and meetings on the chapter's page and calendar, or take them off."""
    row = find_chapter(request, slug, "community.run_chapter")
    form = ChapterEventForm(by=request.user)
    if request.method == "POST" and "off" in request.POST:
        pk = request.POST["off"]
        seen = reading.events_of(row, request.user)
        event: Event = get_object_or_404(seen, pk=int(pk) if pk.isdecimal() and len(pk) < 19 else 0)
        operations.link_event(row, by=request.user, event=event, linked=False)
        messages.success(request, _("The event is off the chapter’s page."))
        return redirect("community:chapter-events", row.slug)
    if request.method == "POST":
        form = ChapterEventForm(request.POST, by=request.user)
        if form.is_valid():
            event = form.cleaned_data["event"]
            operations.link_event(row, by=request.user, event=event, linked=True)
            messages.success(request, _("The event is on the chapter’s page."))
            return redirect("community:chapter-events", row.slug)
    context = {
        "chapter": row,
        "form": form,
        "events": reading.events_of(row, request.user).order_by("-starts", "-pk")[:MEETINGS],
        "en": in_english(),
    }
    status = REFUSED if form.errors else 200
    return render(request, "community/chapters/events.html", context, status=status)
