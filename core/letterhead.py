"""How every mail looks: plain words become HTML in one shell, and plain text in short lines.

A mail is read in programs that know little, with pictures off, in the dark, on a narrow screen, in
any language. So there are no pictures and no tables, nothing is fetched from anywhere, styles stand
at their elements, and only what programs may ignore (dark colours) stands in a style sheet.

What people wrote is shown as text. Its marks of direction are taken out, its direction is kept
apart from that of the sentence it stands in, and the host of a link is shown as it is looked up.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.translation import get_language, get_language_bidi
from django.utils.translation import gettext as _

from core.plaintext import calm, tidy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from django.utils.safestring import SafeString

#: Columns of the plain text, and characters of a subject and of what programs show beside it.
WIDTH, LONGEST_SUBJECT, LONGEST_PREHEADER = 72, 180, 140
#: A line before a link names the link, or its button, up to so many characters.
LONGEST_LINK, LONGEST_BUTTON, LONGEST_SHOWN = 90, 36, 48
FIRST_STRONG, END_ISOLATE = "\u2068", "\u2069"
LEFT_MARK, RIGHT_MARK = "\u200e", "\u200f"
#: So many letters of the other direction to one of its own make a text one of the other.
FEW = 4

_URL = re.compile(r"https?://[^\s<>\"“”«»]+")
_TRAILING = ".,;:!?)]}’'\u060c\u061b\u061f\u3002\uff0c\uff1b\uff1a\uff01\uff1f\uff09\u300d"
_COLONS = (":", "\uff1a")
_CODE = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)*")
_URL_LAST = re.compile(r"[ \t]+(https?://\S+)[ \t]*$", re.MULTILINE)
_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")


# --- Words ---------------------------------------------------------------------------------------


def clean(text: str) -> str:
    """Words of somebody on one line: no controls, no marks that turn their neighbours around."""
    return calm(" ".join(tidy(text).split()))


def shortened(text: str, most: int) -> str:
    """No more than so many characters, ended at a word where there is one."""
    if len(text) <= most:
        return text
    cut = text[: most - 1]
    head, space, _rest = cut.rpartition(" ")
    return (head if space and len(head) > most // 2 else cut).rstrip(" ,;:.") + "…"


def is_from_right(text: str, *, otherwise: bool) -> bool:
    """Whether a text runs from the right. It runs as its mail does (``otherwise``), names and
    titles in it or not, unless hardly any of its letters do."""
    if text.isascii() and not otherwise:
        return False
    left = right = 0
    for char in text:
        kind = unicodedata.bidirectional(char)
        left += kind == "L"
        right += kind in {"R", "AL"}
    own, other = (right, left) if otherwise else (left, right)
    return otherwise != (other > FEW * own)


def _facing(subject: str) -> str:
    """A subject that is shown in the direction of its language, whatever word stands first."""
    for char in subject:
        kind = unicodedata.bidirectional(char)
        if char == FIRST_STRONG or kind in {"L", "R", "AL"}:
            right = get_language_bidi()
            first_is_right = kind in {"R", "AL"}
            if first_is_right == right or is_from_right(subject, otherwise=right) != right:
                return subject
            return (RIGHT_MARK if right else LEFT_MARK) + subject
    return subject


def apart(text: str) -> str:
    """Words of somebody as part of a sentence: where they run against the sentence, or in both
    directions, their direction is kept to themselves."""
    text = clean(text)
    if text.isascii() and not get_language_bidi():
        return text
    kinds = {unicodedata.bidirectional(char) for char in text}
    against = "L" in kinds if get_language_bidi() else bool(kinds & {"R", "AL"})
    return f"{FIRST_STRONG}{text}{END_ISOLATE}" if against else text


def subject_of(text: str) -> str:
    """A subject in fixed words: one line of bearable length."""
    return _facing(shortened(clean(text), LONGEST_SUBJECT))


def subject_about(what: str, title: str) -> str:
    """A subject that says what happened and to what: “Ana answered you: Deeper wells”."""
    what = clean(what)
    title = shortened(clean(title), max(LONGEST_SUBJECT - len(what), 60))
    return _facing(_("%(what)s: %(title)s") % {"what": what, "title": apart(title)})


def wrapped(text: str, width: int = WIDTH) -> str:
    """Plain text in short lines: no blanks at their ends, links on lines of their own, no more
    than one empty line at once."""
    lines: list[str] = []
    text = re.sub(
        r"[ \t]+(https?://\S+)[ \t]*$", r"\n\1", tidy(text, lines=True), flags=re.MULTILINE
    )
    for line in calm(text).split("\n"):
        line = line.rstrip()
        if len(line) <= width or line.lstrip().startswith(("http://", "https://")):
            lines.append(line)
            continue
        lines += textwrap.wrap(
            line,
            width,
            subsequent_indent="  " if line.startswith("- ") else "",
            break_long_words=False,
            break_on_hyphens=False,
        )
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


# --- Text to blocks ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of a line; with an address they are a link."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph (``text``), ``list``, ``code`` or ``button`` of a mail."""

    sort: str
    lines: tuple[tuple[Piece, ...], ...]
    url: str = ""
    #: The direction, where it is not that of the mail.
    dir: str = ""


def shown_address(url: str) -> str:
    """A link in words that do not deceive: the host as it is looked up, and the path cut short.
    Nothing if there is no such host."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        host = host if host.isascii() else host.encode("idna").decode("ascii")
        port = f":{parts.port}" if parts.port else ""
    except (UnicodeError, ValueError):
        return ""
    rest = parts.path.rstrip("/") + (f"?{parts.query}" if parts.query else "")
    shown = f"{host}{port}{rest}"
    return shown if len(shown) <= LONGEST_SHOWN else shown[: LONGEST_SHOWN - 1] + "…"


def _only_url(line: str) -> str:
    """The address a line consists of, or nothing."""
    line = line.strip()
    return line if _URL.fullmatch(line) and _shown(line) else ""


def _shown(url: str) -> str:
    try:
        return shown_address(url)
    except ValueError:  # no address, however much it looks like one
        return ""


def _pieces(line: str) -> Iterator[Piece]:
    """A line with its links."""
    at = 0
    for match in _URL.finditer(line):
        url = match[0].rstrip(_TRAILING)
        if shown := _shown(url):
            if match.start() > at:
                yield Piece(line[at : match.start()])
            yield Piece(shown, url)
            at = match.start() + len(url)
    if at < len(line):
        yield Piece(line[at:])


def _named(label: str) -> str:
    """What a line that leads to a link says, without its colon."""
    return label.strip().rstrip("".join(_COLONS)).strip()


def _is_label(line: str) -> bool:
    return line.strip().endswith(_COLONS) and not _URL.search(line)


@dataclass(slots=True)
class _Reading:
    """Reads a text paragraph by paragraph. The first link to ``page`` becomes a button."""

    page: str
    code: str
    is_from_right: bool
    found: list[Block] = field(default_factory=list)
    has_button: bool = False
    #: Of the paragraph being read: its lines, those of a list in it, a line that names a link.
    plain: list[tuple[Piece, ...]] = field(default_factory=list)
    points: list[tuple[Piece, ...]] = field(default_factory=list)
    label: str = ""

    def read(self, text: str) -> list[Block]:
        parts = [part.strip("\n").split("\n") for part in _PARAGRAPHS.split(text) if part.strip()]
        while parts:
            lines = parts.pop(0)
            if _is_label(lines[-1]) and parts and _only_url(parts[0][0]):
                lines += parts.pop(0)  # a label, an empty line, a link: they belong together
            for line in map(str.strip, lines):
                self._line(line)
            self._end_paragraph()
        return self.found

    def _line(self, line: str) -> None:
        url = _only_url(line)
        is_point = line.startswith("- ")
        if not is_point:
            self._end_list()
        if url:
            self._link(url)
            return
        self._end_label()
        if is_point:
            self._end_text()
            self.points.append(tuple(_pieces(line[2:].strip())))
        elif self.code and line == self.code:
            self._end_text()
            self.found.append(Block("code", ((Piece(line),),)))
        elif _is_label(line):
            self.label = line
        else:
            self.plain.append(tuple(_pieces(line)))

    def _link(self, url: str) -> None:
        name, is_button = _named(self.label), url == self.page and not self.has_button
        if len(name) > (LONGEST_BUTTON if is_button else LONGEST_LINK):
            self._end_label()
            name = ""
        self.label = ""
        if is_button:
            self._end_text()
            self.has_button = True
            self.found.append(button(url, name))
        else:
            self.plain.append((Piece(name or _shown(url), url),))

    def _end_label(self) -> None:
        if self.label:
            self.plain.append((Piece(self.label),))
            self.label = ""

    def _end_text(self) -> None:
        self._take("text", self.plain)
        self.plain = []

    def _end_list(self) -> None:
        self._take("list", self.points)
        self.points = []

    def _end_paragraph(self) -> None:
        self._end_label()
        self._end_text()
        self._end_list()

    def _take(self, sort: str, lines: list[tuple[Piece, ...]]) -> None:
        if not lines:
            return
        words = "".join(piece.text for line in lines for piece in line if not piece.url)
        right = is_from_right(words, otherwise=self.is_from_right)
        other = "" if right == self.is_from_right else ("rtl" if right else "ltr")
        self.found.append(Block(sort, tuple(lines), dir=other))


def button(url: str, name: str = "") -> Block:
    """The one thing to do, by name or just to read more."""
    return Block("button", ((Piece(name or _("Open the page")),),), url)


def blocks_of(text: str, *, page: str = "", code: str = "") -> list[Block]:
    """The parts of a text in the mail's language: paragraphs, lists ("- "), links.

    The first link that equals ``page`` becomes the button; a line that ends in a colon names the
    link in the next. What stands below "--", and the portal's name at the end, are left out,
    because the shell has them.
    """
    text = calm(tidy(text, lines=True)).strip()
    text = re.split(r"(?m)^--[ ]?$", text)[0].rstrip()
    if text.rpartition("\n")[2].strip() == settings.PORTAL_NAME:
        text = text.rpartition("\n")[0]
    return _Reading(page, code, get_language_bidi()).read(text)


def beginning(blocks: Sequence[Block]) -> str:
    """What mail programs show beside the subject: the first words."""
    for block in blocks:
        if block.sort in {"text", "list"}:
            words = " ".join(piece.text for line in block.lines for piece in line)
            return shortened(words, LONGEST_PREHEADER)
    return ""


# --- The shell -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Foot:
    """What stands below: why this mail came, what stops mails of its kind, where all is chosen.
    Mails about an account have none of it."""

    reason: str = ""
    kind: str = ""
    stop: str = ""
    settings: str = ""


SANS = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','Helvetica Neue',Arial,sans-serif"
SERIF = "'Iowan Old Style','Palatino Linotype','Noto Serif',Georgia,serif"
ARABIC = "system-ui,'Segoe UI','Noto Sans Arabic','Geeza Pro',Tahoma,sans-serif"
CHINESE = "system-ui,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif"

#: The portal's colours, light and dark.
LIGHT = {
    "page": "#eff4ef", "sheet": "#fbfcfa", "well": "#dfe8e1", "rule": "#c8d3cb",
    "ink": "#13211b", "soft": "#3f4f47", "faint": "#566760", "link": "#0a4e9b",
    "mark": "#0a6a4d", "on": "#fbfcfa",
}  # fmt: skip
DARK = {
    "page": "#0f1512", "sheet": "#161e1a", "well": "#243029", "rule": "#33423a",
    "ink": "#e9f0eb", "soft": "#becbc3", "faint": "#9dada4", "link": "#8fbdf3",
    "mark": "#5bc99c", "on": "#0f1512",
}  # fmt: skip


@cache
def styles(language: str, *, from_right: bool) -> dict[str, SafeString]:
    """What stands at each element, by its name in the template, ready to stand there."""
    c = LIGHT
    sans, serif, leading = SANS, SERIF, "1.55"
    if from_right:
        sans = serif = ARABIC
        leading = "1.7"
    elif language.startswith("zh"):
        sans = serif = CHINESE
        leading = "1.7"
    begin = "right" if from_right else "left"
    found = {
        "body": f"margin:0;padding:0;background:{c['page']};-webkit-text-size-adjust:100%",
        "hidden": "display:none;max-height:0;overflow:hidden;mso-hide:all",
        "page": f"margin:0;padding:20px 10px 32px;background:{c['page']};color:{c['ink']};"
        f"font-family:{sans};font-size:17px;line-height:{leading};text-align:{begin};"
        "overflow-wrap:anywhere;word-break:break-word",
        "sheet": f"max-width:600px;margin:0 auto;background:{c['sheet']};"
        f"border:1px solid {c['rule']};border-radius:2px",
        "segments": "font-size:0;line-height:0",
        "segment": "display:inline-block;box-sizing:border-box;width:16.66%;height:5px;"
        f"background:{c['mark']};border:0 solid {c['sheet']};border-width:0 1px",
        "head": f"padding:18px 24px 14px;border-bottom:1px solid {c['rule']}",
        "brand": f"color:{c['ink']};font-family:{serif};font-size:17px;font-weight:600;"
        "text-decoration:none",
        "inside": "padding:24px 24px 10px",
        "kicker": f"margin:0 0 6px;color:{c['soft']};font-size:15px;line-height:1.45;"
        "font-weight:600",
        "h1": f"margin:0 0 18px;color:{c['ink']};font-family:{serif};font-size:26px;"
        "line-height:1.28;font-weight:600",
        "h2": f"margin:26px 0 0;padding:0 0 8px;color:{c['ink']};font-size:15px;line-height:1.45;"
        f"font-weight:600;border-bottom:2px solid {c['ink']}",
        "item": f"padding:14px 0;border-bottom:1px solid {c['rule']}",
        "last": "border-bottom:0",
        "h3": f"margin:0;font-family:{serif};font-size:19px;line-height:1.35;font-weight:600",
        "what": f"margin:0 0 3px;color:{c['soft']};font-size:15px;line-height:1.45",
        "why": f"margin:4px 0 0;color:{c['faint']};font-size:13px;line-height:1.5",
        "p": f"margin:0 0 16px;color:{c['ink']}",
        "ul": f"margin:0 0 16px;padding:0 22px;color:{c['ink']}",
        "li": "margin:0 0 6px",
        "quote": "margin:0 0 20px;padding:2px 16px;border:0 solid;border-color:"
        f"{c['ink']};color:{c['ink']};font-family:{serif};font-size:17px",
        "ltr": "text-align:left",
        "rtl": "text-align:right",
        "bar_ltr": "text-align:left;border-left-width:3px",
        "bar_rtl": "text-align:right;border-right-width:3px",
        "code": f"margin:0 0 18px;padding:16px 12px;background:{c['well']};color:{c['ink']};"
        "font-family:ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;font-size:32px;"
        "line-height:1.2;font-weight:600;letter-spacing:.12em;text-align:center;border-radius:2px",
        "link": f"color:{c['link']};text-decoration:underline",
        "act": "margin:0 0 20px",
        "rest": "margin:22px 0 14px",
        "button": f"display:inline-block;padding:12px 22px;background:{c['ink']};color:{c['on']};"
        f"border:1px solid {c['ink']};border-radius:2px;font-size:17px;line-height:1.3;"
        "font-weight:600;text-decoration:none",
        "foot": "max-width:600px;margin:0 auto;padding:18px 24px 0;box-sizing:border-box;"
        f"color:{c['faint']};font-size:14px;line-height:1.6",
        "fine": f"margin:0 0 8px;color:{c['faint']}",
    }
    return {name: escape(style) for name, style in found.items()}


@cache
def _dark() -> str:
    """The colours for programs that honour the reader's wish for dark ones."""
    d = DARK
    rules = {
        ".page": f"background:{d['page']}",
        ".sheet": f"background:{d['sheet']};border-color:{d['rule']}",
        ".rule": f"border-color:{d['rule']}",
        ".seg": f"background:{d['mark']};border-color:{d['sheet']}",
        ".ink": f"color:{d['ink']};border-color:{d['ink']}",
        ".soft": f"color:{d['soft']}",
        ".faint": f"color:{d['faint']}",
        ".link": f"color:{d['link']}",
        ".code": f"background:{d['well']};color:{d['ink']}",
        ".button": f"background:{d['ink']};color:{d['on']};border-color:{d['ink']}",
    }
    inside = "".join(
        f"{name}{{{';'.join(f'{rule} !important' for rule in rule_set.split(';'))}}}"
        for name, rule_set in rules.items()
    )
    return f":root{{color-scheme:light dark}}@media (prefers-color-scheme:dark){{{inside}}}"


def page_of(
    *,
    title: str,
    blocks: Sequence[Block] = (),
    preheader: str = "",
    foot: Foot | None = None,
    template: str = "emails/letterhead.html",
    **context: Any,
) -> str:
    """The HTML form of a mail in the language that is active, below 15 KB for what the portal
    writes itself. Other templates extend the shell and fill its block ``content``."""
    language, right = get_language() or settings.LANGUAGE_CODE, get_language_bidi()
    title = clean(title)
    title_right = is_from_right(title, otherwise=right)
    return render_to_string(
        template,
        {
            **context,
            "language": language,
            "dir": "rtl" if right else "ltr",
            "title": title,
            "title_dir": "rtl" if title_right else "ltr",
            "home": shown_address(settings.PORTAL_URL),
            "blocks": blocks,
            "preheader": preheader or beginning(blocks),
            "foot": foot or Foot(),
            "style": styles(language, from_right=right),
            "dark": _dark(),
            "portal_name": settings.PORTAL_NAME,
            "portal_url": settings.PORTAL_URL,
            "contact": settings.CONTACT_EMAIL,
        },
    )


# --- Mails about an account ----------------------------------------------------------------------


def language_of(text: str, likely: str) -> str:
    """The language of a text whose language nobody noted: the likely one, unless its script says
    otherwise."""
    scripts = {"ar": 0, "ru": 0, "zh-hans": 0, "": 0}
    for char in "" if text.isascii() else text:
        name = unicodedata.name(char, "") if char.isalpha() else None
        if name is not None:
            found = {"ARABIC": "ar", "CYRILLIC": "ru", "CJK": "zh-hans"}
            scripts[found.get(name.partition(" ")[0], "")] += 1
    best = max(scripts, key=lambda key: scripts[key])
    if best and scripts[best] * 2 > scripts[""]:
        return best
    return settings.LANGUAGE_CODE if likely in scripts or not likely else likely


def code_in(subject: str, body: str) -> str:
    """The code a mail is about: it stands in the subject and on a line of its own."""
    words = set(clean(subject).split())
    for line in body.splitlines():
        line = line.strip()
        if 4 <= len(line) <= 16 and line in words and _CODE.fullmatch(line):
            return line
    return ""


def first_link(body: str) -> str:
    """The first address on a line of its own that is a page of the portal below its home."""
    home = settings.PORTAL_URL + "/"
    lines = (line.strip() for line in body.splitlines())
    return next((line for line in lines if line.startswith(home) and line != home), "")
