"""Small guards every request passes."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django_structlog.middlewares import RequestMiddleware
from structlog.contextvars import bind_contextvars

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


class RequestLog(RequestMiddleware):
    """A line for each request. Who asks is looked up only where there is somebody to look up."""

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        session = getattr(request, "session", None)  # none where a kept page is answered
        if settings.SESSION_COOKIE_NAME in request.COOKIES or (session and session.modified):
            RequestMiddleware.bind_user_id(request)
        else:
            bind_contextvars(user_id=None)


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
