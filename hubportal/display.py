"""How pages look in this browser: colours, and whether the display typeface is fetched.

Kept in two cookies that hold nothing about a person. Works signed out and without scripts.

The form stands on every page, so it carries no token: a token would give every visitor a
cookie and make the same page different each time, and no visit could be answered with "not
modified". Requests that another site sends are told by the browser's own headers instead.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from hubportal.context import THEMES

CHOICES = {"theme": THEMES, "lite": ("0", "1")}
ONE_YEAR = 365 * 24 * 3600


def is_from_elsewhere(request: HttpRequest) -> bool:
    """Whether the browser says that a page of another origin sent this."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is not None and urlsplit(origin).netloc != request.get_host()


@csrf_exempt
@require_POST
def set_display(request: HttpRequest) -> HttpResponse:
    """Remember one choice and go back to the page it was made on."""
    if is_from_elsewhere(request):
        raise PermissionDenied
    chosen = {name: request.POST[name] for name in CHOICES if name in request.POST}
    if not chosen or any(value not in CHOICES[name] for name, value in chosen.items()):
        return HttpResponseBadRequest(
            gettext("There is no such display setting."), content_type="text/plain; charset=utf-8"
        )
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        back = reverse("home")
    response = HttpResponseRedirect(back)
    for name, value in chosen.items():
        response.set_cookie(
            name, value, max_age=ONE_YEAR, secure=request.is_secure(), samesite="Lax"
        )
    return response
