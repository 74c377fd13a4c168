"""What every page shows around its own content: languages, sections, display, the desk."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.urls import (
    LocalePrefixPattern,
    URLPattern,
    URLResolver,
    get_resolver,
    get_script_prefix,
    get_urlconf,
    reverse,
    translate_url,
)
from django.utils.functional import cached_property
from django.utils.translation import get_language, get_language_info, gettext

LONGEST_ADDRESS = 2000
THEMES = ("auto", "light", "dark")
SECTIONS = (
    ("catalogue:solutions", "solutions"),
    ("hubs:hubs", "hubs"),
    ("events:events", "events"),
    ("community:home", "community"),
)
# The typeface has no letters for these, so its file is not fetched ahead of need.
WITHOUT_TYPEFACE = ("ar", "ru", "zh")


class Language(NamedTuple):
    """One line of the language menu."""

    code: str
    name: str
    dir: str
    url: str
    current: bool


class Tongue(NamedTuple):
    """The language of a page and its direction."""

    language: str
    dir: str


class Section(NamedTuple):
    """One entry of the main navigation; ``current`` is "page", "true" (below it) or ""."""

    label: str
    url: str
    key: str
    current: str


class Portal:
    """Read by ``base.html``; every part is worked out only if a page asks for it."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request

    @property
    def name(self) -> str:
        """What this installation is called."""
        return settings.PORTAL_NAME

    @property
    def demo(self) -> bool:
        """Whether this is a demonstration copy, with its accounts and mails open to all."""
        return settings.HUB_PROFILE == "development"

    @property
    def theme(self) -> str:
        """Colours chosen for this browser: auto, light or dark."""
        chosen = self.request.COOKIES.get("theme", "")
        return chosen if chosen in THEMES else "auto"

    @property
    def lite(self) -> bool:
        """Whether to leave the display typeface out: asked for here or by the browser."""
        chosen = self.request.COOKIES.get("lite", "")
        if chosen in ("0", "1"):
            return chosen == "1"
        return self.request.headers.get("Save-Data", "").lower() == "on"

    @property
    def preload_font(self) -> bool:
        """Whether the typeface is certain to be used on this page."""
        return not self.lite and not self.language.startswith(WITHOUT_TYPEFACE)

    @cached_property
    def language(self) -> str:
        """Code of the page's language."""
        return get_language() or settings.LANGUAGE_CODE

    @property
    def dir(self) -> str:
        """Direction of the page's language."""
        return next(to for code, _name, to in _spoken() if code == self.language)

    @property
    def tongue(self) -> Tongue:
        """Language and direction of the page: what a kept part may know of it."""
        return Tongue(self.language, self.dir)

    @property
    def language_name(self) -> str:
        """The page's language in its own words."""
        return next(name for code, name, _dir in _spoken() if code == self.language)

    @cached_property
    def path(self) -> str:
        """This page with its query: where the display form returns to.

        It stands on the page a dozen times, so an overlong query is left out.
        """
        full = self.request.get_full_path()
        return full if len(full) <= LONGEST_ADDRESS else self.request.path

    @cached_property
    def languages(self) -> list[Language]:
        """This page in every language of the interface; the home page where it has no twin."""
        here, current = self.path, self.language
        match = self.request.resolver_match
        if match is not None and match.view_name in _without_twins(get_urlconf()):
            return [Language(*each, here, each[0] == current) for each in _spoken()]
        home = get_script_prefix()
        head = f"{home}{_prefix(current)}"
        if match is None or not here.startswith(head):
            return [Language(*each, _elsewhere(here, each[0]), each[0] == current)
                    for each in _spoken()]  # fmt: skip
        rest = here.removeprefix(head)
        return [
            Language(*each, f"{home}{_prefix(each[0])}{rest}", each[0] == current)
            for each in _spoken()
        ]

    @cached_property
    def nav(self) -> tuple[Section, ...]:
        """The sections that exist."""
        here = self.request.path
        return tuple(
            Section(label, url, key, _place(here, url))
            for label, url, key in _sections(self.language, get_script_prefix())
        )

    @cached_property
    def desk(self) -> bool:
        """Whether this person has work at the moderators' desk."""
        user = getattr(self.request, "user", None)
        return bool(user is not None and user.is_authenticated and user.may_use_desk())


@cache
def _spoken() -> list[tuple[str, str, str]]:
    """Code, name and direction of each language of the interface."""
    return [
        (code, str(name), "rtl" if get_language_info(code)["bidi"] else "ltr")
        for code, name in settings.LANGUAGES
    ]


def _prefix(code: str) -> str:
    """What stands for a language in addresses."""
    return "" if code == settings.LANGUAGE_CODE else f"{code}/"


@cache
def _without_twins(urlconf: str | None) -> frozenset[str]:
    """Names of the addresses that are the same in every language."""

    def below(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
        for one in patterns:
            if isinstance(one, URLPattern):
                yield one.name or ""
            elif not isinstance(one.pattern, LocalePrefixPattern):
                yield from below(one.url_patterns)

    return frozenset(below(get_resolver(urlconf).url_patterns))


def _elsewhere(here: str, code: str) -> str:
    """An address that no page has, in another language; else the home page."""
    elsewhere = translate_url(here, code)
    return elsewhere if elsewhere != here else translate_url(reverse("home"), code)


@cache
def _sections(language: str, home: str) -> list[tuple[str, str, str]]:
    """Label, address and key of each section, in the language that is active."""
    labels = {
        "solutions": gettext("Solutions"),
        "hubs": gettext("Hubs"),
        "events": gettext("Events"),
        "community": gettext("Community"),
    }
    return [(labels[key], reverse(view), key) for view, key in SECTIONS]


def _place(here: str, url: str) -> str:
    """Where a page is, seen from a section."""
    if not here.startswith(url):
        return ""
    return "page" if here == url else "true"


def portal(request: HttpRequest) -> dict[str, Portal]:
    """Context processor."""
    return {"portal": Portal(request)}
