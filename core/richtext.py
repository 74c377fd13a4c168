"""Text with a few marks: one allow-list, one shape, cleaned in one place.

What a person writes becomes a flat list of lines: a paragraph, a heading or an item of a list,
perhaps inside a quotation, each with runs of text that are strong, emphasised or a link. HTML
and the plain text people type without scripts are two spellings of that list. So cleaning what
is clean changes nothing, and text that travels to the plain editor and back stays itself.

The plain spelling is the one people use in mails: an empty line between paragraphs, a dash or
"1." before an item, ``**strong**``, ``*emphasis*``, ``[words](https://…)``, ``>`` before what is
quoted, ``###`` before a heading.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from html import escape
from html.parser import HTMLParser
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

import nh3
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from markdown_it import MarkdownIt

from core.plaintext import is_broken, tidy
from core.text import plain

#: Stored text cleaned by an older cleaner is cleaned again when it is shown.
CLEANER_VERSION = 1

TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "a", "h3", "h4", "blockquote"}
REL = "noopener nofollow ugc"
SCHEMES = {"http", "https", "mailto"}
MAX_DEPTH = 3
MAX_HREF = 2000
#: Tags open at once, those that close themselves (p, li, br) not counted.
MAX_HEAP = 200
#: What is longer than any field allows is shown as typed and never parsed.
MAX_TYPED = 60_000
#: In longer texts every sign that could be a mark gets its backslash, untried.
MAX_TRIED = 300

#: Read, but written as one of ours.
_SAME = {
    "b": "strong",
    "i": "em",
    "h1": "h3",
    "h2": "h3",
    "h5": "h4",
    "h6": "h4",
    "div": "p",
    "section": "p",
    "article": "p",
    "header": "p",
    "footer": "p",
    "pre": "p",
    "tr": "p",
    "dt": "p",
    "dd": "p",
    "figcaption": "p",
}
_UNSEEN = {"script", "style", "template", "title", "iframe", "object", "svg", "math", "noscript"}
_OPEN_OR_CLOSE = re.compile(r"<(/?)(?!p\b|li\b|br\b)[a-z][a-z0-9]*", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\n]+")
_BEFORE_HARD = frozenset("«0123456789")
_AFTER_HARD = frozenset("»:;!?%€°0123456789")
_URL = re.compile(r"https?://[^\s<>\"'`{}|\\^\[\]]+", re.IGNORECASE)
_TRAILING = ".,;:!?…»”’"


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text with the same marks. ``"\\n"`` alone is a line break."""

    text: str
    strong: bool = False
    em: bool = False
    href: str = ""


@dataclass(slots=True)
class Line:
    """One block: ``kind`` is p, h3, h4 or li; ``path`` the lists an item stands in."""

    kind: str
    path: tuple[str, ...] = ()
    quoted: bool = False
    spans: tuple[Span, ...] = ()


# --- Reading HTML ------------------------------------------------------------------------


def _address(value: str | None) -> str:
    """The address of a link if it may stay: absolute, of a known scheme, with a host."""
    href = (value or "").strip()
    if not href or len(href) > MAX_HREF or re.search(r"[\s<>\"'`\\\x00-\x20\x7f]", href):
        return ""
    try:
        parts = urlsplit(href)
        host = parts.hostname
    except ValueError:
        return ""
    if parts.scheme.lower() not in SCHEMES:
        return ""
    if parts.scheme.lower() == "mailto":
        return href if "@" in parts.path else ""
    return href if host else ""


class _Reader(HTMLParser):
    """Turns HTML that nh3 has made well-formed into lines."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[Line] = []
        self.lists: list[str] = []
        self.quotes = 0
        self.strong = 0
        self.em = 0
        self.links: list[str] = []
        self.kind = "p"
        self.spans: list[Span] = []
        #: Whether the item we are in has put its first line down: what follows continues it.
        self.items: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        tag = _SAME.get(tag, tag)
        if tag in {"ul", "ol"}:
            self.end_line()
            self.lists.append(tag)
        elif tag == "li":
            self.end_line()
            if not self.lists:
                self.lists.append("ul")
            self.items.append(False)
        elif tag == "blockquote":
            self.end_line()
            self.quotes += 1
        elif tag in {"p", "h3", "h4"}:
            self.end_line()
            self.kind = tag
        elif tag == "br":
            self.spans.append(Span("\n"))
        elif tag == "strong":
            self.strong += 1
        elif tag == "em":
            self.em += 1
        elif tag == "a":
            self.links.append(_address(dict(attrs).get("href")))

    def handle_endtag(self, tag: str) -> None:
        tag = _SAME.get(tag, tag)
        if tag in {"ul", "ol"}:
            self.end_line()
            if self.lists:
                self.lists.pop()
        elif tag == "li":
            self.end_line()
            if self.items:
                self.items.pop()
        elif tag == "blockquote":
            self.end_line()
            self.quotes = max(0, self.quotes - 1)
        elif tag in {"p", "h3", "h4"}:
            self.end_line()
        elif tag == "strong":
            self.strong = max(0, self.strong - 1)
        elif tag == "em":
            self.em = max(0, self.em - 1)
        elif tag == "a" and self.links:
            self.links.pop()

    def handle_data(self, data: str) -> None:
        href = self.links[-1] if self.links else ""
        # A line feed of the source is a space; as a span of its own it would be a line break.
        self.spans.append(Span(_SPACES.sub(" ", data), self.strong > 0, self.em > 0, href))

    def end_line(self) -> None:
        kind, self.kind = self.kind, "p"
        for spans in _paragraphs(self.spans):
            self.add_line(kind, _tidy_spans(spans))
        self.spans = []

    def add_line(self, kind: str, spans: tuple[Span, ...]) -> None:
        if not spans:
            return
        if kind != "p":  # a heading is one row
            spans = _tidy_spans(Span(" ") if span.text == "\n" else span for span in spans)
        quoted = self.quotes > 0
        if self.items and self.lists:
            path = tuple(self.lists[-MAX_DEPTH:])
            if self.items[-1] and self.lines and self.lines[-1].path == path:
                last = self.lines[-1]
                last.spans = _tidy_spans([*last.spans, Span("\n"), *spans])
                return
            self.items[-1] = True
            self.lines.append(Line("li", path, quoted, spans))
        else:
            self.lines.append(Line(kind, (), quoted, spans))


def _paragraphs(spans: list[Span]) -> Iterator[list[Span]]:
    """Two line breaks in a row are how people end a paragraph where they find no other way."""
    part: list[Span] = []
    for span in spans:
        blank = part and part[-1].text == "\n"
        if span.text == "\n" and blank:
            yield part
            part = []
        elif not (blank and not span.text.strip(" \n")):
            part.append(span)
    yield part


def _tidy_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Single spaces, none at the ends, neighbours with the same marks joined, links found."""
    single: list[Span] = []
    for span in _ordinary_spaces(list(spans)):
        if span.text == "\n" and not span.href:
            _drop_end_space(single)
            single.append(Span("\n"))
            continue
        text = _SPACES.sub(" ", span.text)
        if not single or single[-1].text[-1] in "\n \xa0":
            text = text.lstrip(" ")
        if text:
            _join(single, replace(span, text=text))
    while single and not single[-1].text.strip():
        single.pop()
    while single and not single[0].text.strip():
        single.pop(0)
    _drop_end_space(single)
    if single:
        single[0] = replace(single[0], text=single[0].text.lstrip())
    return tuple(part for span in _outer_spaces(single) for part in _linked(span))


def _ordinary_spaces(spans: list[Span]) -> list[Span]:
    """Browsers put a space that does not break wherever one is typed at an edge. It stays only
    where a writer may have meant it: beside a figure, and inside French punctuation."""
    if not any("\xa0" in span.text for span in spans):
        return spans
    text = "".join(span.text for span in spans)
    found = [
        "\xa0"
        if char == "\xa0"
        and (text[max(place - 1, 0)] in _BEFORE_HARD or text[place + 1 : place + 2] in _AFTER_HARD)
        else " "
        if char == "\xa0"
        else char
        for place, char in enumerate(text)
    ]
    whole, start, kept = "".join(found), 0, []
    for span in spans:
        end = start + len(span.text)
        kept.append(replace(span, text=whole[start:end]))
        start = end
    return kept


def _drop_end_space(spans: list[Span]) -> None:
    while spans and spans[-1].text != "\n" and spans[-1].text[-1].isspace():
        last = spans.pop()
        if text := last.text.rstrip():
            spans.append(replace(last, text=text))


def _outer_spaces(spans: list[Span]) -> list[Span]:
    """Marks hug their words: a space at the edge of a marked run belongs outside it, unless
    both of its neighbours carry the mark."""
    found: list[Span] = []
    for index, span in enumerate(spans):
        if span.text == "\n" or not (span.strong or span.em or span.href):
            _join(found, span)
            continue
        before = spans[index - 1] if index else None
        after = spans[index + 1] if index + 1 < len(spans) else None
        core = span.text.strip()
        if not core:
            strong, em, href = _shared(before, after)
            _join(
                found,
                Span(
                    span.text,
                    strong and span.strong,
                    em and span.em,
                    href if href == span.href else "",
                ),
            )
            continue
        start = span.text.index(core)
        if start:
            _join(found, Span(span.text[:start], *_shared(before, span)))
        _join(found, replace(span, text=core))
        if end := span.text[start + len(core) :]:
            _join(found, Span(end, *_shared(span, after)))
    return found


def _shared(one: Span | None, other: Span | None) -> tuple[bool, bool, str]:
    if one is None or other is None or "\n" in (one.text, other.text):
        return (False, False, "")
    return (
        one.strong and other.strong,
        one.em and other.em,
        one.href if one.href == other.href else "",
    )


def _join(spans: list[Span], span: Span) -> None:
    last = spans[-1] if spans else None
    if (
        last
        and "\n" not in (last.text, span.text)
        and (last.strong, last.em, last.href) == (span.strong, span.em, span.href)
    ):
        spans[-1] = Span(last.text + span.text, last.strong, last.em, last.href)
    else:
        spans.append(span)


def _linked(span: Span) -> Iterator[Span]:
    """Addresses written out become links."""
    if span.href or "://" not in span.text:
        yield span
        return
    end = 0
    for match in _URL.finditer(span.text):
        url = match.group().rstrip(_TRAILING)
        while url.endswith(")") and url.count("(") < url.count(")"):
            url = url[:-1].rstrip(_TRAILING)
        if not _address(url):
            continue
        if match.start() > end:
            yield Span(span.text[end : match.start()], span.strong, span.em)
        yield Span(url, span.strong, span.em, url)
        end = match.start() + len(url)
    if end < len(span.text):
        yield Span(span.text[end:], span.strong, span.em)


def _clamp(lines: list[Line]) -> list[Line]:
    """No list begins deeper than one step below the item before it."""
    before: tuple[str, ...] = ()
    quoted = False
    for line in lines:
        if line.quoted != quoted:
            before, quoted = (), line.quoted
        if line.kind == "li":
            same = 0
            while same < min(len(before), len(line.path)) and before[same] == line.path[same]:
                same += 1
            if same < len(line.path) - 1:
                line.path = line.path[:same] + line.path[-1:]
        before = line.path
    return lines


def _too_deep(html: str) -> bool:
    """Whether tags are heaped on each other as no text ever needs: reading that costs time
    that grows faster than its length."""
    depth = 0
    for match in _OPEN_OR_CLOSE.finditer(html):
        depth = max(0, depth - 1) if match[1] else depth + 1
        if depth > MAX_HEAP:
            return True
    return False


def lines_of(html: str) -> list[Line]:
    """The lines of some HTML, whatever it was."""
    if _too_deep(html):
        html = escape(plain(html), quote=False)
    shaped = nh3.clean(
        html,
        tags=TAGS | set(_SAME),
        clean_content_tags=_UNSEEN - {"svg", "math"} | {"svg", "math"},
        attributes={"a": {"href"}},
        url_schemes=SCHEMES,
        link_rel=None,
    )
    reader = _Reader()
    reader.feed(tidy(shaped, lines=True))
    reader.close()
    reader.end_line()
    return _clamp(reader.lines)


# --- Writing -----------------------------------------------------------------------------


def _inline(spans: Iterable[Span]) -> str:
    found = []
    href = ""
    for span in spans:
        if span.href != href:
            found.append("</a>" if href else "")
            found.append(f'<a href="{escape(span.href)}" rel="{REL}">' if span.href else "")
            href = span.href
        if span.text == "\n":
            found.append("<br>")
            continue
        text = escape(span.text, quote=False).replace("\xa0", "&nbsp;")
        text = f"<em>{text}</em>" if span.em else text
        found.append(f"<strong>{text}</strong>" if span.strong else text)
    return "".join(found) + ("</a>" if href else "")


def _html(lines: Iterable[Line]) -> str:
    found: list[str] = []
    lists: list[str] = []
    quoted = False

    def close(depth: int) -> None:
        while len(lists) > depth:
            found.append(f"</li></{lists.pop()}>")

    for line in lines:
        if line.quoted != quoted:
            close(0)
            found.append("<blockquote>" if line.quoted else "</blockquote>")
            quoted = line.quoted
        if line.kind != "li":
            close(0)
            found.append(f"<{line.kind}>{_inline(line.spans)}</{line.kind}>")
            continue
        same = 0
        while same < min(len(lists), len(line.path)) and lists[same] == line.path[same]:
            same += 1
        if same == len(line.path):
            close(same)
            found.append("</li><li>")
        else:
            close(same)
            found.append(f"<{line.path[-1]}><li>")
            lists.append(line.path[-1])
        found.append(_inline(line.spans))
    close(0)
    if quoted:
        found.append("</blockquote>")
    return "".join(found)


def clean(html: str) -> str:
    """The one spelling of what some HTML says within the allow-list.

    ``clean(clean(x)) == clean(x)``. nh3 comes first, so that nothing but parsed, known markup
    is read, and last, so that nothing else can come out whatever happened between.
    """
    if not html or not html.strip():
        return ""
    return nh3.clean(
        _html(lines_of(html)),
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes=SCHEMES,
        link_rel=REL,
    )


# --- Plain text --------------------------------------------------------------------------

_markdown = MarkdownIt("zero", {"breaks": True, "html": False, "maxNesting": 20}).enable(
    ["list", "blockquote", "heading", "emphasis", "link", "newline", "escape"]
)
# Addresses stay as written: ours are checked and escaped when the HTML is made.
_markdown.normalizeLink = lambda url: url  # type: ignore[method-assign]
_BULLET = re.compile(r"^([ ]*)[•·‣◦▪●][ ]+", re.MULTILINE)
_ESCAPED_BULLET = re.compile(r"\\([•·‣◦▪●])")
_ITEM = re.compile(r"(?:[ ]*>)*[ ]*[-+*][ ]")
_NUMBER = re.compile(r"((?:[ ]*>)*[ ]*)(\d{1,9})([.)])(?=[ ])")
#: Signs that begin a block; the asterisk is not among them, since it is escaped everywhere.
_STARTS = re.compile(r"^([-+#>•·‣◦▪●]|\d{1,9}(?=[.)]))")
_HEADINGS = {"h3": "### ", "h4": "#### "}
_MARKS = re.compile(r"([\\*_\[\]])")


def _numbers(text: str) -> str:
    """Only numbers that count make a list: 1, and what follows it. "2013. …" stays as it is."""
    found = []
    expected = {1}
    after_gap = False
    for row in text.split("\n"):
        if not row.strip():
            after_gap = True
        elif match := _NUMBER.match(row):
            number = int(match[2])
            if number in expected:
                expected = {1, *expected, number + 1}
            else:
                row = f"{match[1]}{match[2]}\\{row[match.end(2) :]}"
        elif after_gap and not row.startswith(" ") and not _ITEM.match(row):
            expected = {1}
        after_gap = after_gap and not row.strip()
        found.append(row)
    return "\n".join(found)


def from_text(text: str) -> str:
    """The HTML of text typed without an editor."""
    text = tidy(text, lines=True).replace("\t", "    ")
    if not text.strip():
        return ""
    text = _ESCAPED_BULLET.sub(r"\1", _BULLET.sub(r"\1- ", text))
    return clean(_markdown.render(_numbers(text)))


def _spoken(spans: tuple[Span, ...], *, escaped: bool, marked: bool) -> str:
    """The runs of one line in the plain spelling."""

    def words(span: Span) -> str:
        text = _MARKS.sub(r"\\\1", span.text) if escaped else span.text
        mark = ("**" if span.strong else "") + ("*" if span.em else "")
        return f"{mark}{text}{mark}" if marked and span.text != "\n" else text

    found = []
    for href, group in groupby(spans, key=lambda span: span.href):
        linked = list(group)
        text = "".join(map(words, linked))
        if not href:
            found.append(text)
        elif linked == [Span(href, href=href)] and not escaped:
            found.append(href)
        else:
            found.append(
                f"[{text}](<{href}>)" if "(" in href or ")" in href else f"[{text}]({href})"
            )
    return "".join(found)


def _first_sign(row: str) -> str:
    """A backslash before what would otherwise begin a list, a quotation or a heading."""
    return _STARTS.sub(lambda m: m[1] + "\\" if m[1].isdigit() else "\\" + m[1], row)


def _rows(line: Line, *, escaped: bool, marked: bool = True) -> list[str]:
    """A line in the plain spelling; ``escaped`` keeps its signs from being read as marks."""
    rows = _spoken(line.spans, escaped=escaped, marked=marked).split("\n")
    if escaped:
        rows = [_first_sign(row) for row in rows]
        rows[-1] = re.sub(r"(?<!\\)#(?=#*$)", r"\\#", rows[-1])
    return rows


def _few_signs(line: Line) -> list[str]:
    """The same with as few backslashes as it can do with, tried out.

    Marks that the plain spelling cannot carry, like a strong quotation mark inside a word,
    are left out rather than shown as asterisks.
    """
    sign = _HEADINGS.get(line.kind, "- " if line.kind == "li" else "")
    alone = Line(line.kind, ("ul",) if line.kind == "li" else (), spans=line.spans)
    wanted = clean(_html([alone]))
    for escaped, marked in ((False, True), (True, True), (True, False)):
        rows = _rows(line, escaped=escaped, marked=marked)
        if from_text(sign + "\n  ".join(rows)) == wanted:
            break
    return rows


def _compose(lines: list[Line], rows_of: Callable[[Line], list[str]]) -> str:
    found: list[str] = []
    #: For each list we are in: the number of its last item and the width of what precedes it.
    items: list[tuple[int, int]] = []
    before: Line | None = None
    for line in lines:
        continued = before is not None and before.quoted == line.quoted
        sign = _HEADINGS.get(line.kind, "")
        indent = later = ""
        if line.kind == "li":
            depth = len(line.path)
            same = before is not None and continued and before.path[:depth] == line.path
            number = items[depth - 1][0] + 1 if same else 1
            sign = "- " if line.path[-1] == "ul" else f"{number}. "
            items = [*items[: depth - 1], (number, len(sign))]
            indent = " " * sum(width for _number, width in items[:-1])
            later = indent + " " * len(sign)
        quote = "> " if line.quoted else ""
        if before is not None:
            in_list = continued and before.kind == line.kind == "li"
            found.append("\n" if in_list else f"\n{'>' if quote and continued else ''}\n")
        rows = rows_of(line)
        found += [quote, indent, sign, rows[0], *(f"\n{quote}{later}{row}" for row in rows[1:])]
        before = line
    return "".join(found)


def to_text(html: str) -> str:
    """The text that ``from_text`` reads back as the same HTML, with few backslashes.

    Only marks at places where the plain spelling knows none (inside a word, beside a
    quotation mark) do not travel; the words always do.
    """
    lines = lines_of(html)
    wanted = clean(_html(lines))
    text = _compose(lines, lambda line: _rows(line, escaped=False))
    if from_text(text) == wanted:
        return text
    if len(lines) <= MAX_TRIED:
        text = _compose(lines, _few_signs)
        if from_text(text) == wanted:
            return text
    careful = _compose(lines, lambda line: _rows(line, escaped=True))
    if from_text(careful) == wanted or len(lines) > MAX_TRIED:
        return careful
    return _compose(lines, lambda line: _escaped_number(_few_signs(line)))


def _escaped_number(rows: list[str]) -> list[str]:
    return [_first_sign(row) if row[:1].isdigit() else row for row in rows]


def length(html: str) -> int:
    """How many characters a reader sees, line breaks included."""
    lines = lines_of(html)
    return sum(len(span.text) for line in lines for span in line.spans) + max(0, len(lines) - 1)


def rich(html: Any) -> SafeString:
    """Stored rich text for a page: cleaned once more, and safe to print."""
    return mark_safe(clean(str(html or "")))  # noqa: S308 (that is what cleaning is for)


# --- Forms -------------------------------------------------------------------------------


class Typed(str):
    """What came back from the form: text, or HTML when the editor wrote it."""

    __slots__ = ("is_html",)
    is_html: bool

    @classmethod
    def of(cls, text: str, *, is_html: bool) -> Typed:
        typed = cls(text)
        typed.is_html = is_html
        return typed


class RichTextInput(forms.Textarea):
    """A text area that an editor may take over.

    The hidden companion ``<name>-format`` says "html" once the editor has done so. Without
    scripts people type plain text; the same field reads both.
    """

    template_name = "components/forms/richtext.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 8, **(attrs or {})})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Typed | None:
        value = data.get(name)
        if value is None:
            return None
        return Typed.of(value, is_html=data.get(f"{name}-format") == "html")

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        text = html = str(value or "")
        if isinstance(value, Typed) and not value.is_html:
            html = from_text(html) if len(html) <= MAX_TYPED else ""
        elif len(html) <= MAX_TYPED:
            html = clean(html)
            text = to_text(html)
        context = super().get_context(name, text, attrs)
        context["widget"] |= {"html": html, "format_name": f"{name}-format"}
        return context


class RichTextField(forms.CharField):
    """A form field for text with a few marks. Its value is cleaned HTML.

    ``max_length`` counts what a reader sees, not the markup.
    """

    widget = RichTextInput
    default_error_messages = {
        "broken": _("This text contains characters that are not text. Type it again."),
    }

    def __init__(self, *, max_length: int = 5000, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)
        self.validators = [v for v in self.validators if not isinstance(v, MaxLengthValidator)]

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "data-most": self.max_length}

    @staticmethod
    def seen(value: Any) -> int:
        """How many characters a reader sees of a value as the form shows it."""
        if isinstance(value, Typed) and not value.is_html:
            return len(value.strip())
        return length(str(value)) if len(str(value)) <= MAX_TYPED else len(str(value))

    def to_python(self, value: Any) -> str:
        if value in self.empty_values:
            return ""
        text = str(value)
        if is_broken(text):
            raise ValidationError(self.error_messages["broken"], code="broken")
        most = self.max_length or 0
        # Far too much is refused before it is read: markup never needs ten times its text.
        if len(text) > 10 * most:
            raise self._too_long(len(text))
        html = clean(text) if not isinstance(value, Typed) or value.is_html else from_text(text)
        if (seen := length(html)) > most:
            raise self._too_long(seen)
        return html

    def _too_long(self, seen: int) -> ValidationError:
        return ValidationError(
            ngettext_lazy(
                "Shorten this to %(most)d character. It has %(seen)d now.",
                "Shorten this to %(most)d characters. It has %(seen)d now.",
                "most",
            ),
            code="max_length",
            params={"most": self.max_length, "seen": seen},
        )

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != clean(initial or "")
        except ValidationError:
            return True
