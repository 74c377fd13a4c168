"""People of a programme: lists pasted in one go, and each part by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import DomainError
from events import editing, speakers
from events.forms.speakers import PartForm, PasteForm, Preview, opened_from
from events.models import Contribution, Event, Session
from events.programme import in_order
from events.views.editing import around_editor, find_edited

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """Paste a list, see whom it means, take it over; below, everybody who has a part."""
    event = find_edited(request, slug)
    sessions = in_order(event.sessions.select_related("track"))
    preview = None
    if request.method == "POST":
        form = PasteForm(request.POST, sessions=sessions)
        if form.is_valid():
            preview = _preview(request, event, form)
            if request.POST.get("step") == "take" and preview.is_good:
                if _taken(request, event, preview, form):
                    return redirect(_back(event, form.sessions.get(form.cleaned_data["session"])))
                preview = _preview(request, event, form)
    else:
        form = PasteForm(initial={"session": request.GET.get("session", "")}, sessions=sessions)
    context = around_editor(
        event,
        "speakers",
        form=form,
        preview=preview,
        groups=[] if preview else _groups(event, sessions),
    )
    return render(request, "events/edit/speakers.html", context)


def _preview(request: HttpRequest, event: Event, form: PasteForm) -> Preview:
    data = form.cleaned_data
    return Preview(
        event,
        speakers.read(data["text"]),
        session=form.sessions.get(data["session"]),
        sessions=form.sessions.values(),
        role=data["role"],
        data=request.POST,
        user=request.user,
    )


def _taken(request: HttpRequest, event: Event, preview: Preview, form: PasteForm) -> bool:
    try:
        told = editing.add_people(event, by=request.user, parts=preview.parts())  # type: ignore[arg-type]
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return False
    except ValidationError as refusal:
        form.add_error(None, refusal.messages)  # type: ignore[arg-type]
        return False
    said = ngettext(
        "%(n)d person has a part now.", "%(n)d people have a part now.", told["added"]
    ) % {"n": told["added"]}
    if told["same"]:
        said += " " + ngettext("%(n)d had it already.", "%(n)d had it already.", told["same"]) % {
            "n": told["same"]
        }
    messages.success(request, said)
    return True


def _back(event: Event, session: Session | None) -> str:
    if session is None:
        return reverse("events:speakers", args=[event.slug])
    return reverse("events:session-edit", args=[event.slug, session.pk]) + "#people"


def _groups(event: Event, sessions: list[Session]) -> list[tuple[Session | None, list[Any]]]:
    """Everybody who has a part, by session; the event as a whole comes first."""
    parts: dict[int | None, list[Contribution]] = {}
    for part in event.contributions.select_related("person", "country"):
        parts.setdefault(part.session_id, []).append(part)
    groups: list[tuple[Session | None, list[Any]]] = [(None, parts.get(None, []))]
    groups += [(session, parts[session.pk]) for session in sessions if session.pk in parts]
    return [group for group in groups if group[1]]


def _find(event: Event, pk: int) -> Contribution:
    rows = event.contributions.select_related("person", "session", "country")
    found = get_object_or_404(rows, pk=pk)
    found.event = event
    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_part(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Correct what somebody was then."""
    event = find_edited(request, slug)
    part = _find(event, pk)
    base, now, status = editing.state_of(part), None, 200
    form = PartForm(request.POST if request.method == "POST" else None, initial=opened_from(part))
    if form.is_bound:
        base = request.POST.get("base", "")
    if form.is_bound and form.is_valid():
        try:
            editing.change_part(part, by=request.user, values=form.values(), base=base)  # type: ignore[arg-type]
        except ValidationError as refusal:
            form.add_error(None, refusal.messages)  # type: ignore[arg-type]
        except DomainError as refusal:
            form.add_error(None, str(refusal))
            status = 409
            if refusal.code == "stale":
                base, now = editing.state_of(part), part
        else:
            messages.success(request, _("Saved."))
            return redirect(_back(event, part.session))
    context = around_editor(
        event,
        "speakers",
        title=part.person.name,
        of_record=True,
        part=part,
        form=form,
        base=base,
        now=now,
        back=_back(event, part.session),
    )
    return render(request, "events/edit/part.html", context, status=status)


@login_required
@require_POST
def move_part(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One place up or down among those of the same session."""
    event = find_edited(request, slug)
    part = _find(event, pk)
    editing.move_part(part, by=request.user, up=request.POST.get("to") == "up")  # type: ignore[arg-type]
    return redirect(_back(event, part.session))


@login_required
@require_POST
def remove_part(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Somebody has no part in it any more; the person stays on record."""
    event = find_edited(request, slug)
    part = event.contributions.select_related("person", "session").filter(pk=pk).first()
    if part is None:  # the same button, twice
        return redirect("events:speakers", slug=slug)
    part.event = event
    editing.take_part_out(part, by=request.user)  # type: ignore[arg-type]
    messages.success(
        request, _("%(name)s has no part in it any more.") % {"name": part.person.name}
    )
    return redirect(_back(event, part.session))
