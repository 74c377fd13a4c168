"""Conclusions, as organisers write them in the browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import DomainError
from events.models import KeyMessage, Paragraph
from participation.forms.conclusions import ConclusionForm, TakeOutForm
from participation.operations import conclusions as operations
from participation.views.organising import around_organiser, find_organised

if TYPE_CHECKING:
    from django import forms
    from django.http import HttpRequest, HttpResponse

    from events.models import Event, Session

HERE = "conclusions"


@dataclass(slots=True)
class Group:
    """The conclusions of one session; without one, of the event as a whole."""

    session: Session | None
    messages: list[KeyMessage] = field(default_factory=list)


def _groups(event: Event) -> list[Group]:
    """All of them, those of the event first. Two queries."""
    rows = event.key_messages.select_related("session").prefetch_related("paragraphs__document")
    groups: dict[Any, Group] = {}
    for row in sorted(rows, key=_place):
        groups.setdefault(row.session_id, Group(row.session)).messages.append(row)
    return list(groups.values())


def _place(row: KeyMessage) -> tuple[Any, ...]:
    session = row.session
    if session is None:
        return (False, "", "", 0, row.position, row.pk)
    day = session.day.isoformat() if session.day else "9999"
    return (True, day, str(session.wall_starts or ""), session.pk, row.position, row.pk)


def _list_url(event: Event, message: KeyMessage | None = None) -> str:
    url = reverse("participation:conclusions", args=[event.slug])
    return f"{url}#m-{message.pk}" if message else url


def _find(event: Event, pk: int) -> KeyMessage:
    message = get_object_or_404(event.key_messages.select_related("session"), pk=pk)
    message.event = event
    return message


def _refuse(form: forms.Form, refusal: ValidationError | DomainError) -> None:
    """Put a refusal at its field, where the form has it."""
    if isinstance(refusal, DomainError):
        form.add_error(None, str(refusal))
        return
    told = getattr(refusal, "error_dict", {"": refusal.error_list})
    for name, errors in told.items():
        form.add_error(name if name in form.fields else None, errors)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def conclusions(request: HttpRequest, slug: str) -> HttpResponse:
    """What is concluded so far, and a form for the next one."""
    event = find_organised(request, slug)
    data = request.POST if request.method == "POST" else None
    form = ConclusionForm(data, event=event, initial={"session": request.GET.get("session", "")})
    if form.is_bound and form.is_valid():
        try:
            row = operations.write_conclusion(event, by=request.user, **form.values())
        except (DomainError, ValidationError) as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, _("The conclusion is added."))
            return redirect(_list_url(event, row))
    context = around_organiser(request, event, HERE, groups=_groups(event), form=form)
    return render(request, "participation/organise/conclusions.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def conclusion(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Change one. Whoever comes second sees what the first wrote, and keeps theirs."""
    event = find_organised(request, slug)
    message = _find(event, pk)
    initial = {
        "text": message.text,
        "dimension": message.dimension,
        "session": str(message.session_id or ""),
        "base": operations.state_of(message),
    }
    data = request.POST if request.method == "POST" else None
    form = ConclusionForm(data, event=event, message=message, initial=initial)
    theirs, status = None, 200
    if form.is_bound and form.is_valid():
        try:
            operations.write_conclusion(
                event,
                by=request.user,
                message=message,
                base=form.cleaned_data["base"],
                **form.values(),
            )
        except DomainError as refusal:
            if refusal.code == "gone":
                raise Http404 from None
            form.add_error(None, str(refusal))
            theirs, status = _find(event, pk), 409
            form.data = form.data.copy()  # type: ignore[attr-defined]
            form.data["base"] = operations.state_of(theirs)  # type: ignore[index]
        except ValidationError as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(_list_url(event, message))
    context = around_organiser(
        request, event, HERE, title=_("Change a conclusion"), form=form, message=message,
        theirs=theirs, back=_list_url(event, message),
    )  # fmt: skip
    return render(request, "participation/organise/conclusion.html", context, status=status)


@login_required
@require_POST
def move(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One place up or down."""
    event = find_organised(request, slug)
    message = _find(event, pk)
    try:
        operations.move_conclusion(message, by=request.user, up=request.POST.get("to") != "down")
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect(_list_url(event, message))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def take_out(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take one out, with a reason."""
    event = find_organised(request, slug)
    message = _find(event, pk)
    form = TakeOutForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            operations.remove_conclusion(
                message, by=request.user, reason=form.cleaned_data["reason"]
            )
        except (DomainError, ValidationError) as refusal:
            _refuse(form, refusal)
        else:
            messages.success(request, _("The conclusion is taken out. The history keeps it."))
            return redirect(_list_url(event))
    linked = Paragraph.objects.filter(key_messages=message).select_related("document")
    context = around_organiser(
        request, event, HERE, title=_("Take this conclusion out?"), form=form, message=message,
        linked=list(linked), back=_list_url(event, message),
    )  # fmt: skip
    return render(request, "participation/organise/conclusion_out.html", context)
