"""How a record is cited: one line for people, and files for their reference managers.

A citation names the version that was read, since a record may change. Names of people are
given as they stand in the record: what is a family name cannot be known for all the world's
names, so none is taken apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from catalogue.choices import ContributorRole, Publication
from catalogue.content import Content
from catalogue.models import Solution, Version
from claims.formats import CONTENT_TYPES, bibtex_entry, csl_list, one_line, ris_entry, tex


def permanent_url(solution: Solution) -> str:
    """The address that stays: without a language, on the portal's own host."""
    with translation.override(settings.LANGUAGE_CODE):
        path = reverse("catalogue:solution", kwargs={"reference": solution.reference})
    return f"{settings.PORTAL_URL}{path}"


@dataclass(frozen=True, slots=True)
class Citation:
    """What every format is written from."""

    reference: str
    version: int
    title: str
    authors: tuple[str, ...]
    dated: date
    publisher: str
    url: str
    language: str
    summary: str
    note: str = ""

    @property
    def line(self) -> str:
        """The citation as a sentence, in the language of the page."""
        parts = {
            "authors": ", ".join(self.authors),
            "year": self.dated.year,
            "title": self.title,
            "reference": self.reference,
            "version": self.version,
            "publisher": self.publisher,
            "url": self.url,
        }
        if self.authors:
            text = _(
                "%(authors)s (%(year)s). %(title)s. %(publisher)s, %(reference)s, "
                "version %(version)s. %(url)s"
            )
        else:
            text = _(
                "%(title)s (%(year)s). %(publisher)s, %(reference)s, version %(version)s. %(url)s"
            )
        line = text % parts
        return f"{line} [{self.note}]" if self.note else line


def citation_of(solution: Solution, version: Version, content: Content | None = None) -> Citation:
    """The citation of one frozen version; ``content`` may be a translation of it."""
    content = content or version.content
    people = [
        one_line(row["name"])
        for row in content["contributors"]
        if row["role"] == ContributorRole.AUTHOR
    ]
    institution = one_line(content["owner_institution"])
    published = version.published_at or version.created_at
    return Citation(
        reference=solution.reference,
        version=version.number,
        title=one_line(content["title"]),
        authors=tuple(name for name in people if name) or ((institution,) if institution else ()),
        dated=published.date(),
        publisher=settings.PORTAL_NAME,
        url=permanent_url(solution),
        language=content["language"],
        summary=one_line(content["summary"]),
        note=_note(solution, content),
    )


def _note(solution: Solution, content: Content) -> str:
    if solution.publication == Publication.WITHDRAWN and solution.withdrawn_at:
        return _("Withdrawn on %(day)s") % {"day": solution.withdrawn_at.date().isoformat()}
    return _("Example record") if content["is_example"] else ""


# --- Files -------------------------------------------------------------------------------


def bibtex(citation: Citation) -> str:
    """An entry for BibTeX and BibLaTeX, in UTF-8."""
    fields = {
        # Braces keep a name whole and a title in the case it is written in.
        "author": " and ".join("{" + tex(name) + "}" for name in citation.authors),
        "title": "{" + tex(citation.title) + "}",
        "year": str(citation.dated.year),
        "month": str(citation.dated.month),
        "howpublished": tex(
            f"{citation.publisher}, {citation.reference}, version {citation.version}"
        ),
        "publisher": tex(citation.publisher),
        "number": tex(citation.reference),
        "version": str(citation.version),
        "url": citation.url,
        "language": citation.language,
        "abstract": tex(citation.summary),
        "note": tex(citation.note),
    }
    return bibtex_entry("misc", f"{citation.reference}-v{citation.version}", fields)


def ris(citation: Citation) -> str:
    """An entry in the RIS format: a tag and a value on each line, ended by CR LF."""
    day_ = citation.dated
    fields = [
        ("TY", "ELEC"),
        *(("AU", name) for name in citation.authors),
        ("TI", citation.title),
        ("PY", str(day_.year)),
        ("DA", f"{day_.year:04d}/{day_.month:02d}/{day_.day:02d}"),
        ("PB", citation.publisher),
        ("M1", citation.reference),
        ("ET", str(citation.version)),
        ("LA", citation.language),
        ("AB", citation.summary),
        ("N1", citation.note),
        ("UR", citation.url),
    ]
    return ris_entry(fields)


def csl(citation: Citation) -> str:
    """A list of one item in CSL-JSON."""
    issued = citation.dated
    item: dict[str, Any] = {
        "id": f"{citation.reference}-v{citation.version}",
        "type": "webpage",
        "title": citation.title,
        "author": [{"literal": name} for name in citation.authors],
        "issued": {"date-parts": [[issued.year, issued.month, issued.day]]},
        "publisher": citation.publisher,
        "number": citation.reference,
        "version": str(citation.version),
        "URL": citation.url,
        "language": citation.language,
        "abstract": citation.summary,
        "note": citation.note,
    }
    return csl_list([item])


@dataclass(frozen=True, slots=True)
class Format:
    """A file to download."""

    name: str
    content_type: str
    write: Callable[[Citation], str]


#: By the ending of the file.
FORMATS: dict[str, Format] = {
    "bib": Format("BibTeX", CONTENT_TYPES["bib"], bibtex),
    "ris": Format("RIS", CONTENT_TYPES["ris"], ris),
    "json": Format("CSL-JSON", CONTENT_TYPES["json"], csl),
}
