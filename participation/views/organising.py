"""The pages of an event's organisers: editors of the hub that keeps its record, and moderators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from core.errors import DomainError
from core.models import AuditEntry
from core.plaintext import is_broken
from events.models import Event
from events.presentation import in_english
from participation import filters
from participation.forms.organising import DeclineForm
from participation.models import Admission, Registration
from participation.operations import registering
from participation.standing import people_before
from participation.timing import span_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

ORGANISE = "participation.organise"
PER_PAGE = 50
State = Registration.State


def find_organised(request: HttpRequest, slug: str) -> Event:
    """An event this person organises: 404 if they do not see it, 403 if others organise it."""
    events = Event.objects.visible_to(request.user).select_related("hub", "country")
    event = get_object_or_404(events, slug=slug)
    if not request.user.has_perm(ORGANISE, event):
        raise PermissionDenied
    return event


def around_organiser(
    request: HttpRequest, event: Event, here: str, *, title: str = "", **more: Any
) -> dict[str, Any]:
    """What every page prints around its own matter.

    ``here`` is the tab it belongs to, by the name of its address. A page below a tab has a
    ``title`` of its own.
    """
    parts = [
        ("participation:organise", _("Registrations")),
        ("participation:admission", _("Settings")),
        ("participation:attendance", _("Attendance")),
        ("participation:feedback-results", _("Feedback")),
        ("participation:organise-papers", _("Papers")),
        ("participation:conclusions", _("Conclusions")),
        ("participation:story-calls", _("Case stories")),
        ("events:programme-edit", _("Programme")),
    ]
    tabs = [
        (label, reverse(name, args=[event.slug]), name.endswith(f":{here}"))
        for name, label in parts
    ]
    trail: list[tuple[str, str]] = [
        (_("Events"), reverse("events:events")),
        (str(event), event.get_absolute_url()),
    ]
    current = next((row for row in tabs if row[2]), None)
    if current and title:
        trail.append(current[:2])
    title = title or (current[0] if current else _("For organisers"))
    trail.append((title, ""))
    return {
        "event": event,
        "tabs": tabs,
        "trail": trail,
        "title": title,
        "en": in_english(),
        **more,
    }


# --- The list ---------------------------------------------------------------------------------


@login_required
@require_safe
def registrations(request: HttpRequest, slug: str) -> HttpResponse:
    """Who asked to come and what became of it. Costs the same with ten and with ten thousand."""
    event = find_organised(request, slug)
    admission = Admission.objects.filter(event=event).first()
    kinds = list(event.categories.all())
    chosen = filters.Chosen.of(request.GET, kinds)
    found = filters.matching(event, chosen)
    rows = filters.in_state(found, chosen.state)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    context = around_organiser(
        request,
        event,
        "organise",
        admission=admission,
        takes=admission is not None and admission.takes(timezone.now(), span_of(event).begins),
        states=_states(event, chosen, filters.counted(found)),
        kinds=kinds,
        chosen=chosen,
        page_obj=page,
        asked=[row for row in page if row.state == State.ASKED],
        query=request.GET.urlencode(),
    )
    return render(request, "participation/organise/registrations.html", context)


def _states(
    event: Event, chosen: filters.Chosen, counts: Counter[str]
) -> list[tuple[str, str, bool, int]]:
    """Tabs by state, with how many there are in each."""
    here = reverse("participation:organise", args=[event.slug])
    more = {"kind": chosen.kind or "", "q": chosen.words}

    def address(state: str) -> str:
        query = urlencode({name: text for name, text in {"state": state, **more}.items() if text})
        return f"{here}?{query}" if query else here

    return [
        (_("All"), address(""), not chosen.state, counts.total()),
        *(
            (str(state.label), address(state), state == chosen.state, counts[state])
            for state in filters.STATES
            if counts[state] or state == chosen.state
        ),
    ]


# --- One registration, and what is decided ----------------------------------------------------


def _of_event(event: Event) -> QuerySet[Registration]:
    return Registration.objects.filter(event=event).select_related(
        "event__hub", "user", "category", "country"
    )


@login_required
@require_safe
def one_registration(request: HttpRequest, slug: str, uid: str) -> HttpResponse:
    """Everything a person said of themselves, what became of it, and the next decision."""
    event = find_organised(request, slug)
    return _shown(request, event, get_object_or_404(_of_event(event), uid=uid))


def _shown(
    request: HttpRequest, event: Event, row: Registration, form: DeclineForm | None = None
) -> HttpResponse:
    context = around_organiser(
        request,
        event,
        "organise",
        title=str(row),
        registration=row,
        before=people_before(row) if row.state == State.WAITING else None,
        may=row.moves_for(request.user),
        form=form or DeclineForm(),
        history=AuditEntry.of(row)[:PER_PAGE],
    )
    return render(request, "participation/organise/registration.html", context)


@login_required
@require_POST
def decide(request: HttpRequest, slug: str) -> HttpResponse:
    """Approve those who are ticked, or decline one with a reason."""
    event = find_organised(request, slug)
    # More than a page shows is never ticked; the rest of a forged list is left alone.
    uids = [uid for uid in request.POST.getlist("uid") if not is_broken(uid)][:PER_PAGE]
    rows = list(_of_event(event).filter(uid__in=uids))
    if request.POST.get("move") == "decline":
        return _decline(request, event, rows)
    if not rows:
        messages.error(request, _("Tick at least one registration."))
    else:
        _approve(request, rows)
    if len(rows) == 1 and request.POST.get("stay"):
        return redirect("participation:registration-of", slug=slug, uid=rows[0].uid)
    query = request.GET.urlencode()
    return redirect(reverse("participation:organise", args=[slug]) + (f"?{query}" if query else ""))


def _approve(request: HttpRequest, rows: Sequence[Registration]) -> None:
    """What came twice, or was decided by somebody else meanwhile, changes nothing."""
    open_ones = [row for row in rows if row.state in (State.ASKED, State.DECLINED)]
    if not open_ones:
        messages.info(request, _("This was decided already. Nothing changed."))
        return
    done, refusals = registering.at_once(open_ones, by=request.user)
    for refusal in refusals:
        messages.error(request, refusal)
    placed = sum(row.state == State.PLACED for row in open_ones)
    if placed:
        messages.success(
            request,
            ngettext("%(n)d person has a place now.", "%(n)d people have a place now.", placed)
            % {"n": placed},
        )
    if done > placed:
        messages.success(
            request,
            ngettext(
                "%(n)d person is approved and waits for a place.",
                "%(n)d people are approved and wait for a place.",
                done - placed,
            )
            % {"n": done - placed},
        )


def _decline(request: HttpRequest, event: Event, rows: Sequence[Registration]) -> HttpResponse:
    if len(rows) != 1:
        raise Http404
    (row,) = rows
    form = DeclineForm(request.POST)
    if form.is_valid():
        try:
            registering.decline(row, by=request.user, reason=form.cleaned_data["reason"])
        except ValidationError as refusal:
            form.add_error("reason", refusal.messages)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Declined. %(name)s reads your reason.") % {"name": row})
            return redirect("participation:registration-of", slug=event.slug, uid=row.uid)
        row.refresh_from_db()
    return _shown(request, event, row, form)
