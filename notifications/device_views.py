"""Browsers that ring: let one, see which, remove one."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from core.errors import DomainError
from notifications.devices import add_device, devices_of, public_key, remove_device

if TYPE_CHECKING:
    from django.http import HttpRequest

    from accounts.models import User


@never_cache
@login_required
@require_safe
def devices(request: HttpRequest) -> HttpResponse:
    """The devices of the person, and the button that lets this one ring. 404 where the portal has
    no key to sign with."""
    if not public_key():
        raise Http404
    context = devices_of(cast("User", request.user))
    return render(request, "notifications/devices.html", context)


@login_required
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Asked by ``push.js`` with what the browser gave it. 201, or 400 with the reason in words."""
    given = {name: request.POST.get(name, "") for name in ("endpoint", "p256dh", "auth")}
    agent = request.headers.get("User-Agent", "")
    try:
        add_device(by=cast("User", request.user), agent=agent, **given)
    except DomainError as refusal:
        return JsonResponse({"refusal": str(refusal)}, status=400)
    messages.success(request, _("This browser shows notifications from now on."))
    return HttpResponse(status=201)


@login_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    if not remove_device(by=cast("User", request.user), pk=pk):
        raise Http404
    messages.success(request, _("The device is removed."))
    return redirect("notices:devices")


@lru_cache(maxsize=1)
def _worker() -> str:
    return (Path(settings.BASE_DIR) / "static" / "js" / "push-worker.js").read_text()


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The script a browser keeps to show messages. It stands at the root, since a worker reaches no
    further than the folder it comes from, and its address stays the same when it changes."""
    response = HttpResponse(_worker(), content_type="text/javascript; charset=utf-8")
    response["Cache-Control"] = "public, max-age=0, must-revalidate"
    return response
