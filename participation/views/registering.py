"""A person's side of registration: asking for a place, the line, joining, one's own events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.errors import DomainError
from core.templatetags.components import when
from events.models import Event
from events.presentation import in_english
from participation.forms.registering import (
    RegistrationForm,
    in_words,
    of_profile,
    of_registration,
)
from participation.models import Registration, zone_of
from participation.operations import registering
from participation.reading import Around, around
from participation.standing import people_before, rows_of
from participation.times import TimesInWords, times_in_words
from participation.timing import OPENS_BEFORE

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

#: So many people stand on one page of the list of participants, so many past events on "mine".
PEOPLE_PER_PAGE, EVENTS_PER_PAGE = 60, 20


def find(request: HttpRequest, slug: str) -> tuple[Event, Around]:
    """An event this reader sees and people register for here, or 404."""
    events = Event.objects.visible_to(request.user).select_related("hub", "country")
    event = get_object_or_404(events, slug=slug)
    part = around(event, request.user)
    if part.admission is None:
        raise Http404
    return event, part


def times_of(part: Around) -> TimesInWords:
    """When it is, for whoever reads the page."""
    reader = timezone.get_current_timezone_name()
    return times_in_words(part.span, reader, zone_of(part.event), get_language() or "en")


# --- Registering --------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def registration(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a place, read what became of it, or correct what one said."""
    event, part = find(request, slug)
    if request.method == "POST" and not request.user.is_authenticated:
        return redirect_to_login(request.path)
    form = _form(request, part)
    if form is not None and form.is_bound and form.is_valid():
        done = _registered(request, part, form)
        if done is not None:
            messages.success(request, done)
            return redirect("participation:registration", slug=slug)
    elif request.method == "POST" and form is None:
        messages.error(request, _("Registration is closed."))
        return redirect("participation:registration", slug=slug)
    mine = part.mine
    is_waiting = mine is not None and mine.state == Registration.State.WAITING
    context = {
        "event": event,
        "part": part,
        "mine": mine,
        "before": people_before(mine) if is_waiting and mine else 0,
        "form": form,
        "said": in_words(mine) if mine is not None and mine.is_standing else [],
        "times": times_of(part),
        "en": in_english(),
    }
    return render(request, "participation/registration.html", context)


def _form(request: HttpRequest, part: Around) -> RegistrationForm | None:
    """The form this person can fill in now, if there is one."""
    data = request.POST if request.method == "POST" else None
    mine, user = part.mine, request.user
    if mine is not None and mine.is_standing:  # the kind stays as it was chosen
        return RegistrationForm(data, initial=of_registration(mine), kinds=[])
    if not part.takes or not user.has_perm("participation.register", part.event):
        return None
    if mine is not None and mine.state != Registration.State.WITHDRAWN:
        return None
    said = of_registration(mine) if mine else of_profile(user)
    return RegistrationForm(data, initial=said, kinds=list(part.event.categories.all()))


def _registered(request: HttpRequest, part: Around, form: RegistrationForm) -> str | None:
    """Write what the form says; the answer in words, or None with the refusal in the form."""
    mine, told = part.mine, form.told()
    try:
        if mine is not None and mine.is_standing:
            registering.change_details(mine, by=request.user, told=told)
            return _("Your details are saved.")
        registering.register(part.event, by=request.user, told=told)
    except DomainError as refusal:
        form.add_error(None, str(refusal))
    except ValidationError as refusal:
        form.refuse(refusal.message_dict)
    else:
        return _("Your registration is in.")
    return None


@login_required
@require_POST
def withdraw(request: HttpRequest, slug: str) -> HttpResponse:
    """Give the place back, or leave the line."""
    event, part = find(request, slug)
    if part.mine is None:
        raise Http404
    if part.mine.is_standing:  # the same button pressed twice withdraws once
        try:
            registering.withdraw(part.mine, by=request.user)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("You have withdrawn."))
    return redirect("participation:registration", slug=event.slug)


# --- Who takes part ------------------------------------------------------------------------


@require_safe
def participants(request: HttpRequest, slug: str) -> HttpResponse:
    """People with a place who agreed that this reader sees it."""
    event, part = find(request, slug)
    listed = Registration.objects.listed_for(request.user, event)
    rows = listed.select_related("country", "category").order_by("name", "pk")
    page = Paginator(rows, PEOPLE_PER_PAGE).get_page(request.GET.get("page"))
    context = {"event": event, "part": part, "page_obj": page, "en": in_english()}
    return render(request, "participation/participants.html", context)


# --- Joining ------------------------------------------------------------------------------


@login_required
@require_safe
def join(request: HttpRequest, slug: str) -> HttpResponse:
    """The way in, for people with a place, from half an hour before until the end.

    Nothing keeps this page, and where it leads does not learn where people come from.
    """
    event, part = find(request, slug)
    if not part.has_place:
        messages.info(request, _("Only people with a place find the way in."))
        return redirect("participation:registration", slug=slug)
    begins = part.span.begins
    opens_at = begins - OPENS_BEFORE if begins is not None else None
    is_open = not part.is_over and not part.is_cancelled and (not opens_at or opens_at <= part.now)
    context: dict[str, Any] = {
        "event": event,
        "part": part,
        "opens_moment": when(opens_at),
        "is_open": is_open,
        "admission": registering.join(event, by=request.user) if is_open else None,
        "times": times_of(part),
        "en": in_english(),
    }
    response = render(request, "participation/join.html", context)
    response["Cache-Control"] = "no-store, private"
    response["Referrer-Policy"] = "same-origin"
    return response


# --- One's own events ---------------------------------------------------------------------


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Every event this person registered for: what comes, then what was."""
    rows = rows_of(request.user)
    today = timezone.localdate()
    ahead = [row for row in rows if row.is_standing and row.event.is_ahead_of(today)]
    rest = [row for row in reversed(rows) if row not in ahead]
    page = Paginator(rest, EVENTS_PER_PAGE).get_page(request.GET.get("page"))
    context = {"ahead": ahead, "page_obj": page, "en": in_english()}
    return render(request, "participation/mine.html", context)
