"""What was just drawn for a visitor is answered again, as long as it would be drawn the same.

A page is kept for the next visitors who ask for the same address with the same headers, until
something is committed (``core.changes``) or the minute of the clock ends. A browser that has it
already is told so (304), another one gets the whole. Nothing else is done for such a request: no
session, no view, no template; it is logged and counted as ever.

What a page depends on, and how that is held:

- *The database.* Its mark is taken before the page is read. Pages that write while they are
  drawn, or read a table of ``settings.UNSHOWN_TABLES``, are not kept; the queries are watched.
- *The reader.* Only visitors without a session, so no account, time zone or message is in it, and
  no page that sets a cookie or holds a token of a form. All other cookies are part of the key.
- *The request.* Every header a page reads is part of the key (``HEADERS``, held by a test over the
  sources); a page that varies by another one is not kept.
- *The clock.* What opens, ends or becomes yesterday does so when a minute begins, in every time
  zone; so nothing is kept into the next one. What counts from a second may be a minute late.
- *Settings, translations, style sheets* change with the process. While templates are being
  written (``DEBUG``), nothing is kept.
- *Figures kept elsewhere for minutes* (the cache, reference data in memory) may be a minute older.
- *The snapshot of the search* only makes answers quicker; it does not alter them.
- *Files* are not kept, only pages (``text/html``), and nothing below ``settings.UNKEPT_PATHS``, for
  which the database is not even asked.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple, cast

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.middleware.http import ConditionalGetMiddleware
from django.urls import ResolverMatch

from core import changes
from core.middleware import Next, RequestLog

#: Every header of a request that a page may depend on, as WSGI names it.
HEADERS = (
    "HTTP_HOST",
    "HTTP_COOKIE",
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_ENCODING",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_HX_REQUEST",
    "HTTP_SAVE_DATA",
)
_VARY = {name.removeprefix("HTTP_").replace("_", "-").lower() for name in HEADERS}
_CONDITIONS = ("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE")
#: Seconds of the clock's unit that no page outlives.
MINUTE = 60
#: Bytes kept by each process, of one page, and of what one request may name.
MOST_BYTES, LARGEST_PAGE, LONGEST_KEY = 16_000_000, 500_000, 4_000
#: What an entry takes beside its body and key.
_ABOUT = 2_000

_READING = re.compile(r"[\s(]*(?:SELECT|WITH)\b")
_WRITING = ("INSERT", "UPDATE", "DELETE", "TRUNCATE")

Key = tuple[str | None, ...]


class Page(NamedTuple):
    """An answer as it left the view, without what outer middlewares add."""

    headers: dict[str, str]
    content: bytes
    match: ResolverMatch | None


class Pages:
    """Pages of one moment: all go when another one begins, the longest unasked when it is full."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self.most = most
        self.size = 0
        self._lock = threading.Lock()
        self._moment: Hashable = None
        self._pages: OrderedDict[Key, Page] = OrderedDict()

    def find(self, moment: Hashable, key: Key) -> Page | None:
        with self._lock:
            if moment != self._moment:
                self._moment, self.size = moment, 0
                self._pages.clear()
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def keep(self, moment: Hashable, key: Key, page: Page) -> None:
        """Keep a page that was read after this moment began, unless it is over."""
        size = self._weight(key, page)
        with self._lock:
            if moment != self._moment or key in self._pages or size > self.most:
                return
            self._pages[key] = page
            self.size += size
            while self.size > self.most:
                self.size -= self._weight(*self._pages.popitem(last=False))

    @staticmethod
    def _weight(key: Key, page: Page) -> int:
        return _ABOUT + len(page.content) + sum(len(part or "") for part in key)


class Watch:
    """Sees each query of a page: does it only read, and only what is noted?"""

    def __init__(self, refused: re.Pattern[str]) -> None:
        self.refused = refused
        self.may_be_kept = True

    def __call__(self, execute: Callable[..., Any], sql: str, *more: Any) -> Any:
        if not _READING.match(sql) or self.refused.search(sql):
            self.may_be_kept = False
        return execute(sql, *more)


class RepeatVisits:
    """Middleware: outside of everything that belongs to a reader, inside of security headers."""

    def __init__(self, get_response: Next) -> None:
        if settings.DEBUG or not settings.REPEAT_VISITS:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.pages = Pages()
        self._log = RequestLog(get_response)
        self._conditional = ConditionalGetMiddleware(get_response)
        refused = "|".join(map(re.escape, [*_WRITING, *settings.UNSHOWN_TABLES]))
        self._refused = re.compile(rf"\b(?:{refused})\b")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        key = _key(request)
        mark = None if key is None else changes.mark()
        if key is None or mark is None:
            return self.get_response(request)
        moment = (mark, int(time.time() // MINUTE))
        page = self.pages.find(moment, key)
        if page is not None:
            return self._again(request, page)
        return self._draw(request, moment, key)

    def _draw(self, request: HttpRequest, moment: Hashable, key: Key) -> HttpResponse:
        """Draw the whole page, whatever the browser has: the next one may lack it."""
        conditions = {name: request.META.pop(name, None) for name in _CONDITIONS}
        watch = Watch(self._refused)
        with connection.execute_wrapper(watch):
            response = self.get_response(request)
        request.META.update({name: value for name, value in conditions.items() if value})
        if watch.may_be_kept and _is_for_all(request, response):
            page = Page(dict(response.items()), response.content, request.resolver_match)
            self.pages.keep(moment, key, page)
        return self._unless_known(request, response)

    def _again(self, request: HttpRequest, page: Page) -> HttpResponse:
        """The same answer, logged and counted like any other."""
        self._log.prepare(request)
        request.resolver_match = page.match
        response = self._unless_known(request, HttpResponse(page.content, headers=page.headers))
        self._log.handle_response(request, response)
        return response

    def _unless_known(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """304 in its place if the browser has it."""
        return cast("HttpResponse", self._conditional.process_response(request, response))


def _key(request: HttpRequest) -> Key | None:
    """What the answer depends on; None if it is for one person, or no page is asked for."""
    asked = request.META
    if (
        request.method != "GET"
        or request.path_info.startswith(settings.UNKEPT_PATHS)
        or settings.SESSION_COOKIE_NAME in request.COOKIES
        or "HTTP_AUTHORIZATION" in asked
        or asked.get("CONTENT_LENGTH") not in (None, "", "0")
    ):
        return None
    key = (
        request.scheme,
        asked.get("SERVER_NAME"),
        asked.get("SERVER_PORT"),
        asked.get("SCRIPT_NAME"),
        asked.get("PATH_INFO"),
        asked.get("QUERY_STRING"),
        *(asked.get(name) for name in HEADERS),
    )
    return key if sum(len(part or "") for part in key) <= LONGEST_KEY else None


def _is_for_all(request: HttpRequest, response: HttpResponse) -> bool:
    """Whether the next visitor with the same key may be given this very answer."""
    if response.status_code != 200 or response.streaming or response.cookies:
        return False
    if not response.get("Content-Type", "").startswith("text/html") or "ETag" not in response:
        return False
    kept = set(_listed(response.get("Cache-Control", "")))
    varies = set(_listed(response.get("Vary", "")))
    return (
        not kept & {"private", "no-store", "no-cache"}
        and varies <= _VARY
        # There as soon as a token was asked for, also one that is written for a script.
        and "CSRF_COOKIE_NEEDS_UPDATE" not in request.META
        and len(response.content) <= LARGEST_PAGE
    )


def _listed(header: str) -> list[str]:
    return [word for part in header.lower().split(",") if (word := part.strip())]
