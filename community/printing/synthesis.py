"""The synthesis of a month as a paper to read and to hand on."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from core.plaintext import comma
from core.printing.lettering import direction, printable
from core.printing.texts import isolated, page, sentence, told
from core.printing.typesetting import typeset
from core.richtext import Line, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from community.syntheses import Concluded, Reading, Source

HERE = Path(__file__).resolve().parent


def synthesis(reading: Reading) -> bytes:
    """The PDF (A4, tagged), in the language of the page it was asked from."""
    month = date_format(reading.theme.first_day, "YEAR_MONTH_FORMAT")
    published = reading.published_at or timezone.now()
    day = date_format(timezone.localtime(published), "DATE_FORMAT")
    standing = _("Version %(n)d, published on %(date)s") % {"n": reading.number, "date": day}
    kicker = _("Synthesis of the theme of %(month)s") % {"month": month}
    return typeset(
        HERE / "synthesis.typ",
        {
            **page(_("Synthesis: %(title)s") % {"title": reading.title}),
            "kicker": told(kicker),
            "heading": told(reading.title),
            "standing": told(standing),
            "intro": blocks(reading.intro),
            "conclusions_title": told(_("Conclusions")),
            "conclusions": [_conclusion(one) for one in reading.conclusions],
            "parts": [part for part in _parts(reading) if part["blocks"]],
            "people_title": told(_("Contributors")),
            "people": sentence(comma().join(isolated(one.name) for one in reading.contributors)),
            "cite_title": told(_("How to cite")),
            "cite": told(reading.citation),
            "check": [
                told(f"{settings.PORTAL_NAME} · {kicker}"),
                told(reading.lasting_url),
            ],
        },
    )


def _parts(reading: Reading) -> Iterable[dict[str, Any]]:
    yield {
        "title": told(_("Questions that stay open")),
        "blocks": _list([[_run(line)] for line in reading.questions]),
    }
    yield {"title": told(_("What to read next")), "blocks": blocks(reading.further)}


def _conclusion(one: Concluded) -> dict[str, Any]:
    return {
        "number": str(one.number),
        "sentence": told(one.sentence),
        "blocks": blocks(one.explanation),
        "sources": [_source(source) for source in one.sources],
    }


def _source(source: Source) -> dict[str, Any]:
    url = settings.PORTAL_URL + source.url
    if not source.is_shown:
        return {"quote": None, "who": told(source.told), "url": url}
    day = date_format(timezone.localtime(source.written_at), "DATE_FORMAT")
    named = [isolated(source.who.name)] if source.who else []
    named += [isolated(source.affiliation)] if source.affiliation else []
    return {
        "quote": told(_("“%(words)s”") % {"words": source.quote}) if source.quote else None,
        "who": sentence(comma().join([*named, printable(day)])),
        "url": url,
    }


def _run(text: str, *, strong: bool = False, href: str = "") -> dict[str, Any]:
    return {"text": printable(text), "strong": strong, "href": href}


def _spans(line: Line) -> list[dict[str, Any]]:
    return [
        {"break": True}
        if span.text == "\n"
        else _run(span.text, strong=span.strong or span.em, href=span.href)
        for span in line.spans
    ]


def _block(kind: str, items: list[list[dict[str, Any]]], **more: Any) -> dict[str, Any]:
    words = "".join(run.get("text", "") for item in items for run in item)
    return {"kind": kind, "items": items, "dir": direction(words), **more}


def _list(items: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [_block("ul", items, quoted=False)] if items else []


def blocks(html: str) -> list[dict[str, Any]]:
    """Rich text as the template takes it: paragraphs, headings and lists of runs. Emphasis is
    printed strong, since the fonts have no slanted letters; lists in lists stand in one row."""
    found = []
    for key, run in groupby(
        lines_of(html),
        key=lambda line: (line.quoted, line.path[0] if line.path else ""),
    ):
        quoted, listed = key
        if listed:
            items = [_spans(line) for line in run]
            found.append(_block(listed, items, quoted=quoted))
        else:
            found += [_block(line.kind, [_spans(line)], quoted=quoted) for line in run]
    return found
