"""A synthesis as text that travels: Markdown, and linked data for other systems."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from core.richtext import to_text

if TYPE_CHECKING:
    from community.people import Seen
    from community.syntheses import Reading, Source


def _plain(text: str) -> str:
    """One line whose signs are no marks."""
    return to_text(f"<p>{escape(' '.join(text.split()), quote=False)}</p>")


def _named(source: Source) -> str:
    parts = [source.who.name if source.who else "", source.affiliation]
    return ", ".join(part for part in parts if part)


def markdown(reading: Reading) -> str:
    """The whole synthesis in the plain spelling of mails, which most tools read as Markdown."""
    portal = settings.PORTAL_URL
    month = date_format(reading.theme.first_day, "YEAR_MONTH_FORMAT")
    told = _("Synthesis of the theme of %(month)s, version %(n)d") % {
        "month": month,
        "n": reading.number,
    }
    rows = [f"# {_plain(reading.title)}", told]
    if reading.intro:
        rows.append(to_text(reading.intro))
    rows.append(f"## {_('Conclusions')}")
    for one in reading.conclusions:
        rows.append(f"### {one.number}. {_plain(one.sentence)}")
        if one.explanation:
            rows.append(to_text(one.explanation))
        lines = []
        for source in one.sources:
            if source.is_shown:
                quote = f"“{_plain(source.quote)}” " if source.quote else ""
                lines.append(f"- {quote}({_plain(_named(source))}) <{portal}{source.url}>")
            else:
                lines.append(f"- {source.told} <{portal}{source.url}>")
        rows.append("\n".join(lines))
    if reading.questions:
        rows.append(f"## {_('Questions that stay open')}")
        rows.append("\n".join(f"- {_plain(question)}" for question in reading.questions))
    if reading.further:
        rows += [f"## {_('What to read next')}", to_text(reading.further)]
    if reading.contributors:
        rows.append(f"## {_('Contributors')}")
        rows.append(", ".join(_plain(one.name) for one in reading.contributors))
    rows += [f"## {_('How to cite')}", _plain(reading.citation)]
    return "\n\n".join(rows) + "\n"


def _person(seen: Seen) -> dict[str, str]:
    person = {"@type": "Person", "name": seen.name}
    return person | ({"url": settings.PORTAL_URL + seen.url} if seen.url else {})


def linked_data(reading: Reading) -> dict[str, Any]:
    """A schema.org ``Article`` whose parts are its conclusions; what is not stated is left out."""
    url = reading.lasting_url
    document: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Article",
        "@id": url,
        "url": url,
        "name": reading.title,
        "headline": reading.title,
        "version": str(reading.number),
        "datePublished": localtime(reading.published_at).date().isoformat()
        if reading.published_at
        else "",
        "temporalCoverage": reading.theme.month,
        "isAccessibleForFree": True,
        "editor": [{"@type": "Person", "name": name} for name in reading.facilitators],
        "contributor": [_person(one) for one in reading.contributors],
        "publisher": {"@type": "Organization", "name": settings.PORTAL_NAME},
        "abstract": to_text(reading.intro) if reading.intro else "",
        "hasPart": [
            {
                "@type": "Claim",
                "@id": f"{url}#{one.anchor}",
                "position": one.number,
                "name": one.sentence,
                "text": to_text(one.explanation) if one.explanation else "",
                "appearance": [_source(source) for source in one.sources],
            }
            for one in reading.conclusions
        ],
        "mentions": [{"@type": "Question", "name": question} for question in reading.questions],
    }
    return {name: value for name, value in document.items() if value}


def _source(source: Source) -> dict[str, Any]:
    told: dict[str, Any] = {
        "@type": "DiscussionForumPosting",
        "url": settings.PORTAL_URL + source.url,
        "datePublished": source.written_at.isoformat(),
    }
    if source.is_shown:
        told["text"] = source.quote
        if source.who:
            told["author"] = _person(source.who)
    else:
        told["creativeWorkStatus"] = source.fate
    return {name: value for name, value in told.items() if value}
