"""Webinars: those that come, and the pages on which hubs and moderators arrange them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from django.views.generic import TemplateView

from core.errors import DomainError
from core.plaintext import is_broken
from events.choices import EventKind, EventStatus
from events.models import Event
from events.presentation import in_english
from participation import webinars, zones
from participation.forms.webinars import CancelForm, ChangeWebinarForm, NewWebinarForm, opened_on
from participation.models import Admission
from participation.operations import webinars as operations
from participation.timing import span_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PER_PAGE = 30
LONGEST = 250


def chosen_of(request: HttpRequest) -> webinars.Chosen:
    """What the address asks for; what no database can hold is left out."""

    def word(name: str) -> str:
        text = request.GET.get(name, "")[:LONGEST].strip()
        return "" if is_broken(text) else text

    return webinars.Chosen(
        text=word("q"), hub=word("hub"), theme=word("theme"), held=word("view") == "held"
    )


class WebinarList(TemplateView):
    """What comes, and what was held, on the clocks of whoever reads."""

    template_name = "participation/webinars.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        chosen, user, now = chosen_of(self.request), self.request.user, timezone.now()
        everything = webinars.found(webinars.webinars(user), chosen)
        coming = webinars.in_order(everything, now, held=False)
        held = webinars.in_order(everything, now, held=True)
        pages = {False: Paginator(coming, PER_PAGE), True: Paginator(held, PER_PAGE)}
        page = pages[chosen.held].get_page(self.request.GET.get("page"))
        hubs, themes = webinars.hubs_and_themes(user)
        zone = zones.zone_of_reader(self.request)
        return super().get_context_data(
            chosen=chosen,
            is_searched=bool(chosen.text or chosen.hub or chosen.theme),
            tabs=[
                (
                    _("Coming"),
                    self._address(chosen, held=False),
                    not chosen.held,
                    pages[False].count,
                ),
                (_("Held"), self._address(chosen, held=True), chosen.held, pages[True].count),
            ],
            rows=webinars.rows_of(page, zone, now),
            page_obj=page,
            hubs=hubs,
            themes=themes,
            zone=zone,
            may_add=user.is_authenticated and user.has_perm("events.add_event"),
            en=in_english(),
            **kwargs,
        )

    def _address(self, chosen: webinars.Chosen, *, held: bool) -> str:
        values = {
            "view": "held" if held else "",
            "q": chosen.text,
            "hub": chosen.hub,
            "theme": chosen.theme,
            zones.WORD: zones.asked_for(self.request),
        }
        query = urlencode({name: value for name, value in values.items() if value})
        return reverse("participation:webinars") + (f"?{query}" if query else "")


# --- Arranging -----------------------------------------------------------------------------------


def find_webinar(request: HttpRequest, slug: str) -> Event:
    """A webinar this person may change: 404 if they do not see it, 403 if others keep it."""
    rows = Event.objects.visible_to(request.user).select_related("hub", "series")
    event = get_object_or_404(rows, slug=slug, kind=EventKind.WEBINAR)
    if not request.user.has_perm("events.change_event", event):
        raise PermissionDenied
    return event


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Arrange a webinar. The same form sent twice leads to the same one."""
    if not request.user.has_perm("events.add_event"):
        raise PermissionDenied
    if request.method != "POST":
        form = NewWebinarForm(user=request.user)
    else:
        form = NewWebinarForm(request.POST, user=request.user)
        if form.is_valid():
            try:
                event = operations.arrange_webinar(by=request.user, **form.arranged())
            except ValidationError as refusal:
                form.refuse(refusal)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("The webinar is arranged."))
                return redirect(event)
    return render(request, "participation/webinar_form.html", {"form": form, "en": in_english()})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a webinar. What somebody else changed meanwhile is not written over unseen."""
    event = find_webinar(request, slug)
    session = webinars.session_of(event)
    if request.method != "POST":
        admission = Admission.objects.filter(event=event).first()
        first = opened_on(event, session, admission)
        form = ChangeWebinarForm(
            event=event, initial=first | {"base": webinars.state_of(event, session)}
        )
    else:
        form = ChangeWebinarForm(request.POST, event=event)
        if form.is_valid():
            try:
                operations.change_webinar(event, by=request.user, **form.changes())
            except ValidationError as refusal:
                form.refuse(refusal)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
                if refusal.code == "stale":
                    form.take(webinars.state_of(event, session))
            else:
                messages.success(request, _("Saved."))
                return redirect(event)
    return render(request, "participation/webinar_form.html", _around(event, form=form))


def _around(event: Event, **more: Any) -> dict[str, Any]:
    """What the pages on which one webinar is changed print."""
    span, now = span_of(event), timezone.now()
    is_off = event.status == EventStatus.CANCELLED
    return {
        "event": event,
        "is_cancelled": is_off,
        "may_cancel": not is_off and not span.is_over(now),
        "may_mark_held": (
            event.status not in webinars.OVER and span.begins is not None and span.begins <= now
        ),
        "cancelling": CancelForm(),
        "en": in_english(),
        **more,
    }


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask why, then cancel it."""
    event = find_webinar(request, slug)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            operations.cancel_webinar(event, by=request.user, reason=form.cleaned_data["reason"])
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The webinar is cancelled."))
            return redirect(event)
    return render(request, "participation/webinar_cancel.html", _around(event, form=form))


@login_required
@require_POST
def held(request: HttpRequest, slug: str) -> HttpResponse:
    """It took place."""
    event = find_webinar(request, slug)
    try:
        operations.mark_held(event, by=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Saved."))
    return redirect(event)
