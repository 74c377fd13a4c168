"""What every page shows around its own content: languages, sections, display, the desk."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse, translate_url
from django.utils.functional import cached_property
from django.utils.translation import get_language, get_language_info, gettext, override

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

    @property
    def language(self) -> str:
        """Code of the page's language."""
        return get_language() or settings.LANGUAGE_CODE

    @property
    def dir(self) -> str:
        """Direction of the page's language."""
        return "rtl" if get_language_info(self.language)["bidi"] else "ltr"

    @property
    def language_name(self) -> str:
        """The page's language in its own words."""
        return dict(settings.LANGUAGES)[self.language]

    @property
    def path(self) -> str:
        """This page with its query: where the display form returns to.

        It stands on the page a dozen times, so an overlong query is left out.
        """
        full = self.request.get_full_path()
        return full if len(full) <= LONGEST_ADDRESS else self.request.path

    @cached_property
    def languages(self) -> list[Language]:
        """This page in every language of the interface; the home page where it has no twin."""
        return [
            Language(
                code=code,
                name=str(name),
                dir="rtl" if get_language_info(code)["bidi"] else "ltr",
                url=self._twin(code),
                current=code == self.language,
            )
            for code, name in settings.LANGUAGES
        ]

    def _twin(self, code: str) -> str:
        here = self.path
        match = self.request.resolver_match
        if match is not None:
            try:
                with override(code):
                    path = reverse(match.view_name, args=match.args, kwargs=match.kwargs)
            except NoReverseMatch:
                path = ""
            if path:
                query = urlsplit(here).query
                return f"{path}?{query}" if query else path
        elsewhere = translate_url(here, code)
        return elsewhere if elsewhere != here else translate_url(reverse("home"), code)

    @cached_property
    def nav(self) -> list[Section]:
        """The sections that exist."""
        labels = {
            "solutions": gettext("Solutions"),
            "hubs": gettext("Hubs"),
            "events": gettext("Events"),
            "community": gettext("Community"),
        }
        sections = []
        for view, key in SECTIONS:
            url = reverse(view)
            here = self.request.path
            current = "page" if here == url else ("true" if here.startswith(url) else "")
            sections.append(Section(labels[key], url, key, current))
        return sections

    @cached_property
    def desk(self) -> bool:
        """Whether this person has work at the moderators' desk."""
        user = getattr(self.request, "user", None)
        return bool(user is not None and user.is_authenticated and user.may_use_desk())


def portal(request: HttpRequest) -> dict[str, Portal]:
    """Context processor."""
    return {"portal": Portal(request)}
