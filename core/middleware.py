"""Small guards every request passes."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

Next = Callable[[HttpRequest], HttpResponse]


def _broken(text: str) -> bool:
    """NUL and lone surrogates cannot be stored by PostgreSQL or encoded as UTF-8."""
    return "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text)


class RefuseBrokenText:
    """Answer 400 to text no database can hold, instead of failing later with a 500."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _broken(request.path_info) or any(
            _broken(key) or any(map(_broken, values)) for key, values in request.GET.lists()
        ):
            return HttpResponseBadRequest(
                _("The address contains characters that are not text."),
                content_type="text/plain; charset=utf-8",
            )
        return self.get_response(request)


class PrivatePages:
    """Pages of a signed-in person are never kept by a shared cache or the back button."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response
