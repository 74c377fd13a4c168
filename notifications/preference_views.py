"""How a person wishes to be told, and the links that stop one kind of mail."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from accounts.kinds import NoticeKind
from accounts.operations import profile_of
from core.errors import DomainError
from notifications import preferences as wished
from notifications.addresses import address_state
from notifications.devices import has_devices, public_key
from notifications.followables import KINDS
from notifications.forms import PauseForm, PreferencesForm
from notifications.stopping import read_token
from notifications.wishing import times_of, wishes

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User

#: The status of a page that says what is to be mended.
REFUSED = 422


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Everything about being told, on one page: seen, and changed as a whole."""
    form = _form(request, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        user = cast("User", request.user)
        wished.set_preferences(by=user, wishes=form.wishes, times=form.clock)
        messages.success(request, _("Saved."))
        return redirect("notices:preferences")
    return _page(request, form, PauseForm())


def _form(request: HttpRequest, data: object = None) -> PreferencesForm:
    user = cast("User", request.user)
    wish = wishes([user.pk], wished.CHOOSABLE)
    return PreferencesForm(
        data,
        wished=lambda kind: wish(user.pk, kind),
        times=times_of(user),
        came=wished.how_many_came(user),
        with_devices=has_devices(user),
    )


def _page(request: HttpRequest, form: PreferencesForm, pausing: PauseForm) -> HttpResponse:
    user = cast("User", request.user)
    followed = wished.how_many_followed(user)
    profile = profile_of(user)
    is_refused = any(each.is_bound and each.errors for each in (form, pausing))
    context = {
        "form": form,
        "pausing": pausing,
        "times": form.times,
        "is_paused": form.times.is_paused(),
        "zone": profile.time_zone.replace("_", " "),
        "followed": [
            (kind.key, kind.label, followed[kind.key])
            for kind in KINDS.values()
            if followed.get(kind.key)
        ],
        "push_key": public_key(),
        "is_refused": is_refused,
        "address": address_state(user),
    }
    status = REFUSED if is_refused else 200
    return render(request, "notifications/preferences.html", context, status=status)


@login_required
@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    """Mail nothing for a while."""
    pausing = PauseForm(request.POST)
    if pausing.is_valid():
        try:
            wished.pause(by=cast("User", request.user), until=pausing.cleaned_data["until"])
        except DomainError as refusal:
            pausing.add_error("until", str(refusal))
        else:
            messages.success(request, _("Mails are paused."))
            return redirect("notices:preferences")
    return _page(request, _form(request), pausing)


@login_required
@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    """End the pause."""
    wished.resume(by=cast("User", request.user))
    messages.success(request, _("Mails come again."))
    return redirect("notices:preferences")


@login_required
@require_POST
def usual(request: HttpRequest) -> HttpResponse:
    """Forget what the person wished."""
    wished.forget_preferences(by=cast("User", request.user))
    messages.success(request, _("You are told as is usual again."))
    return redirect("notices:preferences")


@login_required
@require_POST
def undo(request: HttpRequest) -> HttpResponse:
    """Mail again what was stopped a moment ago."""
    if wished.undo_stop(by=cast("User", request.user), key=request.POST.get("key", "")):
        messages.success(request, _("These mails come again, as before."))
    else:
        messages.error(request, _("This cannot be undone any more. Here you can choose anew."))
    return redirect("notices:preferences")


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_variables("token")
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """End one kind of mail, for whoever has the link: a person by a button, a mail program by the
    one request of RFC 8058, which comes without cookies and must not be sent elsewhere.

    Opening the link changes nothing, since programs open links to look behind them. The answer is
    the same whatever became of the account. It depends on nothing but the link, so there is
    nothing for a forged request to abuse.
    """
    named = read_token(token)
    if named is None:
        raise Http404
    user_id, what = named
    context: dict[str, object] = {
        "what": what,
        "kind": NoticeKind(what).label if what in NoticeKind.values else "",
    }
    if request.method == "POST":
        former = wished.stop(user_id, what)
        is_theirs = request.user.is_authenticated and request.user.pk == user_id
        context |= {
            "is_done": True,
            "undo": wished.undo_key(user_id, former) if former and is_theirs else "",
        }
    response = render(request, "notifications/stop.html", context)
    response["Cache-Control"] = "no-store"
    # The address, which holds the key, goes to nobody. Not "no-referrer": under it browsers keep
    # back the origin of forms, too, and every form of the page would be refused.
    response["Referrer-Policy"] = "strict-origin"
    response["X-Robots-Tag"] = "noindex"
    return response
