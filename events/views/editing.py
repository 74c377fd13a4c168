"""The programme in the browser: its days, one session, rooms and tracks."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from core.errors import DomainError
from events import editing
from events.clashes import clashes_of
from events.forms.programme import (
    MoveForm,
    PlaceRows,
    QuickForm,
    SessionForm,
    opened_from,
)
from events.models import Event, Session
from events.planning import following, grid_of, plan_of, zone_for
from events.presentation import in_english

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

CHANGE = "events.change_event"
STALE = 409


def find_edited(request: HttpRequest, slug: str) -> Event:
    """An event whose programme this person writes: 404 if they do not see it, 403 if others
    write it."""
    events = Event.objects.visible_to(request.user).select_related("hub", "country")
    event = get_object_or_404(events, slug=slug)
    if not request.user.has_perm(CHANGE, event):
        raise PermissionDenied
    return event


def around_editor(event: Event, here: str, *, title: str = "", **more: Any) -> dict[str, Any]:
    """What every page prints around its own matter. ``here`` is the name of the tab's address;
    a page below a tab has a ``title`` of its own."""
    parts = [
        ("programme-edit", _("Programme")),
        ("places-edit", _("Rooms and tracks")),
        ("speakers", _("People")),
        ("programme-import", _("Import")),
    ]
    tabs = [
        (label, address, name == here)
        for name, label in parts
        if (address := _address(f"events:{name}", event))
    ]
    trail = [
        (_("Events"), reverse("events:events")),
        (str(event), event.get_absolute_url()),
        (_("Programme"), reverse("events:programme", args=[event.slug])),
    ]
    if here == "programme-edit" and not title:
        title = _("Edit the programme")
    else:
        trail.append((_("Edit"), reverse("events:programme-edit", args=[event.slug])))
    title = title or next(label for label, _url, current in tabs if current)
    trail.append((title, ""))
    return {
        "event": event,
        "tabs": tabs,
        "trail": trail,
        "title": title,
        "en": in_english(),
        "organise_url": _address("participation:organise", event),
        **more,
    }


def _address(name: str, event: Event) -> str:
    try:
        return reverse(name, args=[event.slug])
    except NoReverseMatch:
        return ""


# --- All days ----------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def programme(request: HttpRequest, slug: str) -> HttpResponse:
    """All days with what clashes; below each, a line for the next session. Six queries."""
    event = find_edited(request, slug)
    sessions = list(event.sessions.select_related("track", "room"))
    rooms = list(event.rooms.all())
    parts = list(event.contributions.exclude(session=None).select_related("person"))
    clashes = clashes_of(event, sessions, parts)
    days = plan_of(event, sessions, Counter(row.session_id for row in parts), clashes)
    zone = zone_for(event, sessions)
    bound = None
    for at, day in enumerate(days):
        if day.date is None:
            continue
        key = request.POST.get("day") if request.method == "POST" else None
        more: dict[str, Any] = {"event": event, "rooms": rooms, "zone": zone, "day": day.date}
        if key == day.key:
            bound = day.form = QuickForm(request.POST, **more)
        else:
            day.form = QuickForm(initial=following(days, at), **more)
    if request.method == "POST":
        if bound is None:
            raise Http404
        if bound.is_valid() and (added := _written(request, event, bound)) is not None:
            messages.success(
                request, _("“%(title)s” is in the programme.") % {"title": added.title}
            )
            address = reverse("events:programme-edit", args=[slug])
            return redirect(f"{address}#add-{bound.day.isoformat()}")
    as_grid = request.GET.get("view") == "grid"
    context = around_editor(
        event,
        "programme-edit",
        days=days,
        grids=[grid_of(day, rooms) for day in days if day.date] if as_grid else [],
        undated=next((day for day in days if day.date is None), None),
        as_grid=as_grid,
        bound=bound,
        clashes=clashes,
        zone=zone,
        count=len(sessions),
    )
    return render(request, "events/edit/programme.html", context)


def _written(
    request: HttpRequest,
    event: Event,
    form: QuickForm | SessionForm,
    session: Session | None = None,
    base: str | None = None,
) -> Session | None:
    """The session as written; None if it was refused, with the reasons at the fields."""
    places = form.new_places if isinstance(form, SessionForm) else {}
    try:
        return editing.write_session(
            event,
            by=request.user,  # type: ignore[arg-type]
            values=form.values(),
            session=session,
            base=base,
            **{f"new_{name}": text for name, text in places.items()},
        )
    except ValidationError as refusal:
        form.refuse(refusal)
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        form.is_stale = refusal.code == "stale"
    return None


# --- One session -------------------------------------------------------------------------------


def find_session(event: Event, pk: int) -> Session:
    """A session of this event, or 404."""
    found = get_object_or_404(event.sessions.select_related("track", "room"), pk=pk)
    found.event = event
    return found


def _form(request: HttpRequest, event: Event, *args: Any, zone: str, **kwargs: Any) -> SessionForm:
    return SessionForm(
        *args,
        event=event,
        rooms=list(event.rooms.all()),
        tracks=list(event.tracks.all()),
        zone=zone,
        all_zones=request.GET.get("zones") == "all",
        **kwargs,
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_session(request: HttpRequest, slug: str) -> HttpResponse:
    """A session with all that can be said of it. The address may name day, hour and room."""
    event = find_edited(request, slug)
    zone = zone_for(event, event.sessions.exclude(zone="").order_by("pk")[:1])
    if request.method == "POST":
        form = _form(request, event, request.POST, zone=zone)
        if form.is_valid() and (added := _written(request, event, form)) is not None:
            messages.success(
                request, _("“%(title)s” is in the programme.") % {"title": added.title}
            )
            return redirect("events:session-edit", slug=slug, pk=added.pk)
    else:
        form = _form(request, event, initial=_asked_for(request), zone=zone)
    context = around_editor(event, "programme-edit", title=_("Add a session"), form=form)
    return render(request, "events/edit/session.html", context)


def _asked_for(request: HttpRequest) -> dict[str, Any]:
    """What the address of the page says of the session, as far as it can be read."""
    told: dict[str, Any] = {"room": request.GET.get("room", "")[:10]}
    for name, read in (("day", dt.date.fromisoformat), ("begins", dt.time.fromisoformat)):
        try:
            told[name] = read(request.GET.get(name, ""))
        except ValueError:
            continue
    return told


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit_session(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Change a session; below it, who contributes."""
    event = find_edited(request, slug)
    session = find_session(event, pk)
    zone = session.zone or event.zone
    base, now, status = editing.state_of(session), None, 200
    if request.method == "POST":
        form = _form(request, event, request.POST, zone=zone)
        base = request.POST.get("base", "")
        if form.is_valid():
            if _written(request, event, form, find_session(event, pk), base) is not None:
                messages.success(request, _("Saved."))
                return redirect(f"{_home(event)}#s-{pk}")
            if form.is_stale:
                base, now, status = editing.state_of(session), session, STALE
    else:
        form = _form(request, event, initial=opened_from(session), zone=zone)
        form.asks_which = session.second_hour is not None
    context = _around_session(event, session, form=form, base=base, now=now)
    return render(request, "events/edit/session.html", context, status=status)


def _home(event: Event) -> str:
    return reverse("events:programme-edit", args=[event.slug])


def _around_session(
    event: Event, session: Session, *, move: MoveForm | None = None, **more: Any
) -> dict[str, Any]:
    moving = {"day": session.day, "begins": session.wall_starts, "room": session.room_id}
    return around_editor(
        event,
        "programme-edit",
        title=session.code or session.title,
        of_record=True,
        session=session,
        people=list(session.contributions.select_related("person", "country")),
        move=move or MoveForm(initial=moving, rooms=list(event.rooms.all())),
        **more,
    )


@login_required
@require_POST
def move_session(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Another day, hour or room, as long as before."""
    event = find_edited(request, slug)
    session = find_session(event, pk)
    form = MoveForm(request.POST, rooms=list(event.rooms.all()))
    if form.is_valid():
        data = form.cleaned_data
        try:
            editing.move_session(
                session,
                by=request.user,  # type: ignore[arg-type]
                day=data["day"],
                begins=data["begins"],
                room=form.rooms.get(data["room"]),
            )
        except ValidationError as refusal:
            names = {"wall_starts": "begins", "wall_ends": "begins"}
            for column, errors in refusal.error_dict.items():
                name = names.get(column, column)
                form.add_error(name if name in form.fields else None, errors)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Moved."))
            return redirect(f"{_home(event)}#s-{pk}")
    again = _form(request, event, initial=opened_from(session), zone=session.zone or event.zone)
    context = _around_session(event, session, form=again, base=editing.state_of(session), move=form)
    return render(request, "events/edit/session.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def remove_session(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Say what goes with a session, then take it out."""
    event = find_edited(request, slug)
    session = find_session(event, pk)
    refused, status = "", 200
    if request.method == "POST":
        try:
            editing.take_out(session, by=request.user, seen=request.POST.get("seen", ""))  # type: ignore[arg-type]
        except DomainError as refusal:
            refused, status = str(refusal), STALE
        else:
            messages.success(
                request,
                _("“%(title)s” is no longer in the programme.") % {"title": session.title},
            )
            return redirect("events:programme-edit", slug=slug)
    context = around_editor(
        event,
        "programme-edit",
        title=_("Take a session out"),
        session=session,
        attached=editing.attached_to(session),
        people=list(session.contributions.select_related("person", "country")),
        refused=refused,
    )
    return render(request, "events/edit/remove.html", context, status=status)


# --- Rooms and tracks --------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def places(request: HttpRequest, slug: str) -> HttpResponse:
    """Rooms and tracks in their order. Rows come, go and move by plain buttons; only “Save”
    writes."""
    event = find_edited(request, slug)
    status, refused, base = 200, "", editing.places_mark(event)
    if request.method == "POST":
        kinds = [PlaceRows.typed(kind, request.POST) for kind in ("room", "track")]
        base = request.POST.get("base", "")
        if command := request.POST.get("row", ""):
            for rows in kinds:
                rows.moved(command)
        elif all([rows.is_valid() for rows in kinds]):  # noqa: C419 (both are to be checked)
            try:
                editing.save_places(
                    event,
                    by=request.user,  # type: ignore[arg-type]
                    rooms=kinds[0].rows,
                    tracks=kinds[1].rows,
                    base=base,
                )
            except DomainError as refusal:
                refused, status = str(refusal), STALE
                base = editing.places_mark(event) if refusal.code == "stale" else base
            else:
                messages.success(request, _("Saved."))
                return redirect("events:places-edit", slug=slug)
    else:
        kinds = [
            PlaceRows("room", [editing.Place(row.name, row.pk) for row in event.rooms.all()]),
            PlaceRows("track", [editing.Place(row.name, row.pk) for row in event.tracks.all()]),
        ]
    errors = [(text, "") for rows in kinds for text in rows.errors]
    context = around_editor(
        event,
        "places-edit",
        rooms=kinds[0],
        tracks=kinds[1],
        base=base,
        errors=[*errors, (refused, "")] if refused else errors,
        is_stale=status == STALE,
        now=[list(event.rooms.all()), list(event.tracks.all())] if status == STALE else [],
    )
    return render(request, "events/edit/places.html", context, status=status)
