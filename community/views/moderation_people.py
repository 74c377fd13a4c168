"""Flags of readers, measures about members, what was decided about oneself, and the public log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from community import publiclog, queue
from community.choices import Ground
from community.forms.moderation import AppealForm, FlagForm, SanctionForm
from community.models import Decision, Flag, Member, Sanction, member_of, sanctions_of
from community.models.members import unread_sanctions_of
from community.operations import moderating
from community.people import seen_as
from community.screening import meaning_of, standing_of
from community.views.entering import has_to_join, to_join
from community.views.moderation import refuse, tabs_for, visible_things
from core import spreadsheet
from core.errors import DomainError

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PER_PAGE = 20
LOG_PER_PAGE = 50
MOST_IN_A_FILE = 20_000
#: So many of one's flags are listed, the latest.
MOST_FLAGS = 20


# --- Flags -------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def flag(request: HttpRequest, kind: str, uid: str) -> HttpResponse:
    """Say which rule something breaks."""
    if kind not in queue.KINDS:
        raise Http404
    thing = get_object_or_404(visible_things(request.user, kind), uid=uid)
    if has_to_join(request):
        return to_join(request.path)
    if not request.user.has_perm("community.flag", thing):
        raise PermissionDenied
    form = FlagForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            moderating.raise_flag(thing, by=request.user, **form.cleaned_data)
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            messages.success(
                request, _("A moderator looks at it. You get a letter when it is decided.")
            )
            return redirect(thing.get_absolute_url())
    context = {
        "title": _("Flag"),
        "thing": thing,
        "kind": kind,
        "author": seen_as(moderating.author_of(thing), request.user),
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "community/moderation/flag.html", context, status=status)


# --- Members -----------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sanction(request: HttpRequest, handle: str) -> HttpResponse:
    """A member's standing, what was decided about them, and a new measure."""
    if not request.user.has_perm("community.moderate_members"):
        raise PermissionDenied
    member = get_object_or_404(
        Member.objects.select_related("user__profile"), handle__iexact=handle
    )
    user = member.user
    may_decide = user != request.user and (request.user.is_superuser or not user.is_staff)
    form = SanctionForm(request.POST or None) if may_decide else None
    if request.method == "POST":
        if form is None:
            raise PermissionDenied
        if form.is_valid():
            try:
                moderating.sanction(user, by=request.user, **form.told())
            except DomainError as refusal:
                refuse(form, refusal)
            else:
                messages.success(request, _("Decided. The member reads it and gets a letter."))
                return redirect(request.path)
    rows = Decision.objects.filter(about=user).select_related("sanction", "appeal")
    measures = list(Sanction.objects.filter(user=user).order_by("-decided_at", "-pk")[:50])
    now = timezone.now()
    context = {
        "title": _("A member’s conduct"),
        "tabs": tabs_for(request, ""),
        "member": member,
        "seen": seen_as(user, request.user),
        "standing": standing_of(user),
        "measures": measures,
        "in_force": {
            row.pk
            for row in measures
            if row.lifted_at is None and (row.until is None or row.until > now)
        },
        "page_obj": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "form": form,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "community/moderation/sanction.html", context, status=status)


@login_required
@require_POST
def lift(request: HttpRequest, uid: str) -> HttpResponse:
    """End a measure before its time."""
    if not request.user.has_perm("community.moderate_members"):
        raise PermissionDenied
    measure = get_object_or_404(Sanction.objects.select_related("user__member"), uid=uid)
    try:
        moderating.lift(measure, by=request.user, reason=request.POST.get("reason", "")[:2000])
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The measure is lifted."))
    member = getattr(measure.user, "member", None)
    return (
        redirect("community:sanction", member.handle)
        if member
        else redirect("community:moderation")
    )


# --- What was decided about oneself ------------------------------------------------------------


@login_required
@require_safe
def my_decisions(request: HttpRequest) -> HttpResponse:
    """How far one is trusted and why; what was decided and how to object; what one flagged."""
    user = request.user
    rows = Decision.objects.filter(about=user).select_related(
        "sanction", "appeal", "post__discussion", "discussion", "article", "report__solution",
        "version__article",
    )  # fmt: skip
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    now = timezone.now()
    flags = Flag.objects.filter(raised_by=user).select_related("post__discussion", "article")
    member = member_of(user)
    context = {
        "title": _("Decisions about you"),
        "member": member,
        "standing": standing_of(user) if member else None,
        "meaning": meaning_of(member.trust) if member else "",
        "unread": unread_sanctions_of(user),
        "in_force": sanctions_of(user),
        "page_obj": page,
        "lines": [(row, row.is_open_to_appeal(now), getattr(row, "appeal", None)) for row in page],
        "flags": flags.select_related("report__solution").order_by("-raised_at")[:MOST_FLAGS],
    }
    return render(request, "community/moderation/mine.html", context)


@login_required
@require_POST
def measure_seen(request: HttpRequest, uid: str) -> HttpResponse:
    """Say that one has read what was decided."""
    measure = get_object_or_404(Sanction.objects.filter(user=request.user), uid=uid)
    moderating.see_measure(measure, by=request.user)
    return redirect("community:my-decisions")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: HttpRequest, uid: str) -> HttpResponse:
    """Object to a decision about oneself."""
    rows = Decision.objects.filter(about=request.user).select_related("sanction", "appeal")
    decision = get_object_or_404(rows, uid=uid)
    if request.method != "POST" and not decision.is_open_to_appeal(timezone.now()):
        return redirect("community:my-decisions")
    form = AppealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            moderating.make_appeal(decision, by=request.user, **form.cleaned_data)
        except DomainError as refusal:
            refuse(form, refusal)
        else:
            messages.success(
                request, _("Your appeal is with the moderators. Another one looks at it again.")
            )
            return redirect("community:my-decisions")
    context = {"title": _("Appeal"), "decision": decision, "form": form}
    status = 422 if request.method == "POST" else 200
    return render(request, "community/moderation/appeal.html", context, status=status)


# --- The public log ----------------------------------------------------------------------------


@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """What moderators decided, without a name or a word of what was written."""
    what, ground = _chosen(request)
    page = Paginator(publiclog.filtered(what, ground), LOG_PER_PAGE).get_page(
        request.GET.get("page")
    )
    keeper = queue.keeps_something(request.user)
    counted = [label for label, _kinds in publiclog.COUNTED]
    context: dict[str, Any] = {
        "title": _("What moderators decided"),
        "tabs": tabs_for(request, "moderation-log") if keeper else None,
        "entries": [publiclog.entry_of(row) for row in page],
        "page_obj": page,
        "quarters": [
            (name, list(zip(counted, counts, strict=True)), made, granted)
            for name, counts, made, granted in publiclog.quarters(timezone.now())
        ],
        "counted": counted,
        "kinds": Decision.What.choices,
        "grounds": Ground.choices,
        "what": what,
        "ground": ground,
    }
    return render(request, "community/moderation/log.html", context)


@require_safe
def log_file(request: HttpRequest) -> HttpResponse:
    """The log as a table, as it is filtered."""
    what, ground = _chosen(request)
    rows = list(publiclog.table(what, ground, MOST_IN_A_FILE))
    return spreadsheet.download(rows, "moderation-log.csv")  # type: ignore[return-value]


def _chosen(request: HttpRequest) -> tuple[str, str]:
    what, ground = request.GET.get("what", ""), request.GET.get("ground", "")
    return (
        what if what in Decision.What.values else "",
        ground if ground in Ground.values else "",
    )
