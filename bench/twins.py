"""The portal's own templates drawn from memory: what pages are compared with by ``reading.py``.

The first request for an address draws the page as the portal does and keeps what its template
was given and what the template's tags were told; from then on the page is drawn from that,
behind the eight middlewares a project of Django starts with. Needs the portal's environment.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubportal.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402 (settings first)
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.template import Template as Compiled  # noqa: E402
from django.template.backends.django import DjangoTemplates, Template  # noqa: E402
from django.template.base import Node  # noqa: E402
from django.template.loaders.cached import Loader  # noqa: E402
from django.test.utils import CaptureQueriesContext, override_settings  # noqa: E402
from django.urls import ResolverMatch, resolve  # noqa: E402

from core.templatetags.kept import KeptNode  # noqa: E402

USUAL = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]


class DrawnAnew(KeptNode):
    """What the portal keeps of records between two visits their twins draw each time."""

    def _of_record(self, context: Any, values: dict[str, Any], key: Any) -> Any:
        return self._drawn(context, values)


class Remembering(Loader):
    """Compiled templates whose tags ask the database once and repeat what they were told."""

    def get_template(self, *args: Any, **kwargs: Any) -> Compiled:
        known = len(self.get_template_cache)
        found = super().get_template(*args, **kwargs)
        if len(self.get_template_cache) > known:
            for node in found.nodelist.get_nodes_by_type(Node):
                if isinstance(node, KeptNode):
                    node.__class__ = DrawnAnew
                if hasattr(node, "func"):
                    node.func = _asked_once(node.func)
        return found


def _asked_once(told: Callable[..., Any]) -> Callable[..., Any]:
    kept: list[Any] = []

    def once(*args: Any, **kwargs: Any) -> Any:
        if kept:
            return kept[0]
        with CaptureQueriesContext(connection) as queries:
            answer = told(*args, **kwargs)
        if len(queries):
            kept.append(answer)
        return answer

    return once


def _engine() -> DjangoTemplates:
    plain = [
        ("django.template.loaders.filesystem.Loader", settings.TEMPLATES[0]["DIRS"]),
        "django.template.loaders.app_directories.Loader",
    ]
    options = {**settings.TEMPLATES[0]["OPTIONS"], "loaders": [(f"{__name__}.Remembering", plain)]}
    return DjangoTemplates({"NAME": "twins", "DIRS": [], "APP_DIRS": False, "OPTIONS": options})


ENGINE = _engine()


class Twins(WSGIHandler):
    """Every address of the portal, drawn from memory."""

    def __init__(self) -> None:
        self._whole = WSGIHandler()
        self._kept: dict[str, tuple[Template, dict[str, Any]]] = {}
        with override_settings(MIDDLEWARE=USUAL):
            super().__init__()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if path.startswith("/health/"):
            return self._whole(environ, start_response)
        if path not in self._kept:
            self._kept[path] = self._remember(environ)
        return super().__call__(environ, start_response)

    def _remember(self, environ: dict[str, Any]) -> tuple[Template, dict[str, Any]]:
        drawn: list[tuple[Template, dict[str, Any]]] = []
        whole = Template.render

        def noted(self: Template, context: Any = None, request: Any = None) -> Any:
            if request is not None and not drawn:
                drawn.append((self, context))
            return whole(self, context, request)

        Template.render = noted  # type: ignore[method-assign]
        try:
            self._whole(dict(environ), lambda *_answer: None)
        finally:
            Template.render = whole  # type: ignore[method-assign]
        page, context = drawn[0]
        return ENGINE.get_template(str(page.template.name)), dict(context)

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        match = resolve(request.path_info)
        match.func, match.args, match.kwargs = self._draw, (), {}
        request.resolver_match = match
        return match

    def _draw(self, request: HttpRequest) -> HttpResponse:
        template, context = self._kept[request.path_info]
        return HttpResponse(template.render(context, request))


application = Twins()
