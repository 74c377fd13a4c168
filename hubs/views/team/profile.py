"""Forms for the columns of a profile: basics and contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from core.errors import DomainError
from hubs import operations, revisions
from hubs.forms.profile import COLUMNS, BasicsForm, ContactRows, in_words, opened_from
from hubs.forms.rebasing import base_of, carried, show_theirs, touched
from hubs.models import Hub
from hubs.teamspace import contact_in_words
from hubs.views.team.finding import CHANGE, around, find

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def document_at(hub: Hub, base: int) -> revisions.Document:
    """The profile as a form opened on revision ``base`` showed it."""
    if base != hub.revision:
        earlier = hub.revisions.filter(number=base).first()
        if earlier is not None:
            return earlier.document
    return revisions.document_of(hub)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def basics(request: HttpRequest, slug: str) -> HttpResponse:
    """Name, kind, place, what it does. Only what the person changed is written."""
    hub = find(request, slug, to=CHANGE)
    status = 200
    if request.method == "POST":
        form = BasicsForm(request.POST)
        opened = opened_from(document_at(hub, base_of(request.POST)))
        if form.is_valid():
            mine = touched(form, opened)
            try:
                _save(hub, form, mine, by=request.user, base=base_of(request.POST))
            except DomainError as refusal:
                if refusal.code != "stale":
                    form.add_error(None, str(refusal))
                else:
                    hub, status = find(request, slug, to=CHANGE), 409
                    form = _compared(hub, form, mine, opened, str(refusal))
            else:
                messages.success(request, _("Saved."))
                return redirect("hubs:team:overview", slug=slug)
    else:
        form = BasicsForm(initial=opened_from(revisions.document_of(hub)))
    base = hub.revision if status == 409 or request.method != "POST" else base_of(request.POST)
    context = around(request, hub, "basics", form=form, base=base)
    return render(request, "hubs/team/basics.html", context, status=status)


def _save(hub: Hub, form: BasicsForm, mine: set[str], *, by: Any, base: int) -> None:
    values = {
        COLUMNS.get(name, name): form.cleaned_data[name] or _empty(name)
        for name in mine
        if name != "sectors"
    }
    operations.change_profile(
        hub,
        by=by,
        values=values,
        sectors=form.cleaned_data["sectors"] if "sectors" in mine else None,
        base=base,
    )


def _empty(name: str) -> Any:
    """What a column holds that states nothing."""
    if name in COLUMNS:
        return None
    if name == "is_pilot":
        return False
    return [] if name in {"functions", "modalities", "languages"} else ""


def _compared(
    hub: Hub, form: BasicsForm, mine: set[str], opened: dict[str, Any], refusal: str
) -> BasicsForm:
    """The form again: own text kept, everything else as it is now, the other's text beside."""
    now = opened_from(revisions.document_of(hub))
    again = BasicsForm(carried(form, mine, now))
    again.is_valid()
    again.add_error(None, refusal)
    theirs = {name for name in mine if (now[name] or None) != (opened[name] or None)}
    show_theirs(again, theirs, in_words(now))
    return again


# --- Contacts ----------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def contacts(request: HttpRequest, slug: str) -> HttpResponse:
    """Whom to write to about what. Rows come and go by plain buttons; nothing is saved then."""
    hub = find(request, slug, to=CHANGE)
    base, refused, theirs, status = hub.revision, "", [], 200
    if request.method != "POST":
        rows = ContactRows(rows=hub.contacts)
    elif command := request.POST.get("row", ""):
        base, rows = base_of(request.POST), _moved(ContactRows(request.POST), command)
    else:
        base, rows = base_of(request.POST), ContactRows(request.POST)
        if rows.is_valid():
            try:
                operations.change_profile(
                    hub, by=request.user, values={"contacts": rows.contacts()}, base=base
                )
            except (DomainError, ValidationError) as refusal:
                refused, status = _words(refusal), 409
                hub = find(request, slug, to=CHANGE)
                base, theirs = hub.revision, [contact_in_words(row) for row in hub.contacts]
            else:
                messages.success(request, _("Saved."))
                return redirect("hubs:team:overview", slug=slug)
    errors = [(refused, "")] if refused else []
    context = around(request, hub, "contacts", rows=rows, base=base, errors=errors, theirs=theirs)
    return render(request, "hubs/team/contacts.html", context, status=status)


def _words(refusal: DomainError | ValidationError) -> str:
    return "; ".join(refusal.messages) if isinstance(refusal, ValidationError) else str(refusal)


def _moved(rows: ContactRows, command: str) -> ContactRows:
    """The rows as typed with one more, or without one."""
    typed = rows.typed()
    if command == "add" and not rows.is_full:
        return ContactRows(rows=[*typed, {}])
    verb, _colon, place = command.partition(":")
    if verb == "remove" and place.isascii() and place.isdigit() and int(place) < len(typed):
        del typed[int(place)]
    return ContactRows(rows=typed)
