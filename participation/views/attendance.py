"""Who was there: said one by one, of all the rest, or read from a platform's list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from core.plaintext import is_broken
from participation import attending
from participation.forms.attendance import PasteForm, answers, choices
from participation.models import Registration
from participation.operations import registering
from participation.timing import span_of
from participation.views.organising import around_organiser, find_organised

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.core.paginator import Page
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from events.models import Event

PER_PAGE = 50
#: What is said of everybody of whom nothing is known yet.
REST = {"yes": True, "no": False}


def _placed(event: Event) -> QuerySet[Registration]:
    return Registration.objects.placed().filter(event=event).order_by("name", "number")


def _page(request: HttpRequest, event: Event) -> Page[Registration]:
    return Paginator(_placed(event), PER_PAGE).get_page(request.GET.get("page"))


def _has_begun(event: Event) -> bool:
    begins = span_of(event).begins
    return begins is None or begins <= timezone.now()


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def attendance(request: HttpRequest, slug: str) -> HttpResponse:
    """The people with a place, each with whether they took part."""
    event = find_organised(request, slug)
    has_begun = _has_begun(event)
    form = PasteForm()
    if request.method == "POST":
        if not has_begun:
            messages.error(request, _("Attendance can be noted once the event has begun."))
            return redirect("participation:attendance", slug=slug)
        if "text" not in request.POST:
            return _said(request, event)
        form = PasteForm(request.POST)
        if form.is_valid():
            return _pasted(request, event, form.cleaned_data["text"])
    placed = _placed(event)
    counts = placed.order_by().aggregate(
        yes=Count("pk", filter=Q(attended=True)),
        no=Count("pk", filter=Q(attended=False)),
        unknown=Count("pk", filter=Q(attended=None)),
        joined=Count("pk", filter=Q(attended=None, joined_at__isnull=False)),
    )
    page = _page(request, event)
    context = around_organiser(
        request,
        event,
        "attendance",
        form=form,
        has_begun=has_begun,
        counts=counts,
        page_obj=page,
        query=f"?page={page.number}" if page.number > 1 else "",
    )
    return render(request, "participation/organise/attendance.html", context)


def _said(request: HttpRequest, event: Event) -> HttpResponse:
    """The answers of one page, or one answer for all of whom nothing is known."""
    unknown = _placed(event).filter(attended=None)
    rest = request.POST.get("rest", "")
    if rest in REST:
        told = dict.fromkeys(unknown.values_list("uid", flat=True), REST[rest])
    elif rest == "joined":
        joined = unknown.filter(joined_at__isnull=False)
        told = dict.fromkeys(joined.values_list("uid", flat=True), True)
    else:
        names = [name for name in request.POST if name.startswith("took-")]
        uids = [name[5:] for name in names if not is_broken(name)]
        told = answers(request.POST, _placed(event).filter(uid__in=uids[: 2 * PER_PAGE]))
    return _noted(request, event, told)


def _pasted(request: HttpRequest, event: Event, text: str) -> HttpResponse:
    """First what each line means; then, once the organisers have looked, it is noted."""
    lines = attending.read(text, attending.guests_of(event))
    if request.POST.get("step") == "note":
        found = attending.taking_part(lines, choices(request.POST))
        return _noted(request, event, dict.fromkeys(found, True))
    outcomes = attending.Outcome
    context = around_organiser(
        request,
        event,
        "attendance",
        title=_("What the list says"),
        text=text,
        found=[line for line in lines if line.outcome is outcomes.FOUND],
        several=[line for line in lines if line.outcome is outcomes.SEVERAL],
        others=[
            line
            for line in lines
            if line.outcome in (outcomes.MISSING, outcomes.NO_PLACE, outcomes.AGAIN)
        ],
        outcomes={kind.name.lower(): kind for kind in outcomes},
    )
    return render(request, "participation/organise/attendance_report.html", context)


def _noted(request: HttpRequest, event: Event, told: Mapping[str, bool | None]) -> HttpResponse:
    changed = registering.mark_attendance(event, by=request.user, took_part=told)
    messages.success(
        request,
        ngettext("%(n)d answer is noted.", "%(n)d answers are noted.", changed) % {"n": changed}
        if changed
        else _("Everything was noted like that already."),
    )
    page: Any = request.GET.get("page", "")
    query = f"?page={page}" if page.isascii() and page.isdigit() else ""
    return redirect(reverse("participation:attendance", args=[event.slug]) + query)
