"""An entry of the library as a citation in words, and in the formats of reference managers.

What is written here is read back by ``reading`` as the same work.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from claims.formats import CONTENT_TYPES, bibtex_entry, csl_list, one_line, ris_entry, tex
from community.choices import PublicationKind
from community.library.identifiers import names_of

if TYPE_CHECKING:
    from community.models import LibraryItem

K = PublicationKind
_BIBTEX = {
    K.REPORT: "techreport", K.PAPER: "techreport", K.ARTICLE: "article", K.BOOK: "book",
    K.CHAPTER: "incollection", K.PROCEEDINGS: "proceedings", K.GUIDE: "manual",
    K.CASE: "techreport", K.THESIS: "phdthesis",
}  # fmt: skip
_RIS = {
    K.REPORT: "RPRT", K.PAPER: "UNPB", K.ARTICLE: "JOUR", K.BOOK: "BOOK", K.CHAPTER: "CHAP",
    K.PROCEEDINGS: "CONF", K.COMMUNIQUE: "GOVDOC", K.GUIDE: "STAND", K.CASE: "CASE",
    K.THESIS: "THES", K.DATA: "DATA", K.PAGE: "ELEC", K.RECORDING: "VIDEO",
}  # fmt: skip
_CSL = {
    K.REPORT: "report", K.PAPER: "report", K.ARTICLE: "article-journal", K.BOOK: "book",
    K.CHAPTER: "chapter", K.PROCEEDINGS: "paper-conference", K.GUIDE: "book", K.CASE: "report",
    K.THESIS: "thesis", K.DATA: "dataset", K.PAGE: "webpage", K.RECORDING: "motion_picture",
}  # fmt: skip
_SCHEMA = {
    K.REPORT: "Report", K.PAPER: "Report", K.ARTICLE: "ScholarlyArticle", K.BOOK: "Book",
    K.CHAPTER: "Chapter", K.THESIS: "Thesis", K.DATA: "Dataset", K.PAGE: "WebPage",
    K.RECORDING: "VideoObject",
}  # fmt: skip
_KEY = re.compile(r"[^A-Za-z0-9:._/+-]+")


def permanent_url(item: LibraryItem) -> str:
    """The address that stays: without a language, on the portal's own host."""
    with translation.override(settings.LANGUAGE_CODE):
        path = reverse("community:library-item", args=[item.reference.key])
    return f"{settings.PORTAL_URL}{path}"


def _date(item: LibraryItem) -> list[int]:
    return [int(part) for part in item.reference.date.split("-") if part.isdigit()]


def _doi_url(item: LibraryItem) -> str:
    return f"https://doi.org/{item.doi}" if item.doi else ""


def bibtex(item: LibraryItem) -> str:
    row, day = item.reference, _date(item)
    kind = _BIBTEX.get(K(item.publication), "misc")
    publisher = {"techreport": "institution", "phdthesis": "school", "manual": "organization"}
    container = (
        "journal" if kind == "article" else "booktitle" if kind == "incollection" else "series"
    )
    says_more = kind in ("misc", "techreport", "manual") and item.publication != K.OTHER
    with translation.override("en"):
        label = str(item.get_publication_display())
    fields = {
        "author": " and ".join(_tex_name(name) for name in names_of(row.authors)),
        # Braces keep a title in the case it is written in.
        "title": "{" + _tex(row.title) + "}",
        container: _tex(item.container),
        "type": label if says_more else "",
        "year": str(day[0]) if day else "",
        "month": str(day[1]) if len(day) > 1 else "",
        "day": str(day[2]) if len(day) > 2 else "",
        publisher.get(kind, "publisher"): _tex(row.publisher or row.site),
        "volume": _tex(item.volume),
        "number": _tex(item.issue),
        "pages": _tex(item.pages.replace("–", "--")),
        "doi": item.doi,
        "isbn": item.isbn,
        "url": row.url,
        "language": row.language,
        "keywords": ", ".join(_tex(tag.name.replace(",", " ")) for tag in item.tags.all()),
        "abstract": _tex(item.abstract),
    }
    return bibtex_entry(kind, _KEY.sub("-", row.key), fields)


def _tex(text: str) -> str:
    return tex(one_line(text))


def _tex_name(name: str) -> str:
    """A name as "family, given" is told in two parts; all others are kept whole."""
    return _tex(name) if name.count(",") == 1 and "(" not in name else "{" + _tex(name) + "}"


def ris(item: LibraryItem) -> str:
    row, day = item.reference, _date(item)
    start, _dash, end = item.pages.partition("–")
    with translation.override("en"):
        label = str(item.get_publication_display())
    return ris_entry(
        [
            ("TY", _RIS.get(K(item.publication), "GEN")),
            ("ID", row.key),
            *(("AU", one_line(name)) for name in names_of(row.authors)),
            ("TI", one_line(row.title)),
            ("T2", one_line(item.container)),
            ("M3", label if item.publication in _NAMED_IN_RIS else ""),
            ("PY", str(day[0]) if day else ""),
            ("DA", "/".join(f"{part:02}" for part in day) if len(day) > 1 else ""),
            ("PB", one_line(row.publisher or row.site)),
            ("VL", one_line(item.volume)),
            ("IS", one_line(item.issue)),
            ("SP", one_line(start)),
            ("EP", one_line(end)),
            ("DO", item.doi),
            ("SN", item.isbn),
            ("LA", row.language),
            *(("KW", one_line(tag.name)) for tag in item.tags.all()),
            ("AB", one_line(item.abstract)),
            ("UR", one_line(row.url)),
        ]
    )


_NAMED_IN_RIS = {K.GUIDE, K.COMMUNIQUE, K.CASE, K.PAPER}


def csl_of(item: LibraryItem) -> dict[str, Any]:
    row, day = item.reference, _date(item)
    return {
        "id": row.key,
        "type": _CSL.get(K(item.publication), "document"),
        "title": one_line(row.title),
        "author": [{"literal": one_line(name)} for name in names_of(row.authors)],
        "container-title": one_line(item.container),
        "issued": {"date-parts": [day]} if day else {},
        "publisher": one_line(row.publisher or row.site),
        "volume": item.volume,
        "issue": item.issue,
        "page": item.pages,
        "DOI": item.doi,
        "ISBN": item.isbn,
        "URL": row.url,
        "language": row.language,
        "abstract": one_line(item.abstract),
    }


def linked_data(item: LibraryItem) -> dict[str, Any]:
    """What search engines read of an entry."""
    row = item.reference
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": _SCHEMA.get(K(item.publication), "CreativeWork"),
        "@id": permanent_url(item),
        "name": row.title,
        "author": [{"@type": "Thing", "name": name} for name in names_of(row.authors)],
        "publisher": {"@type": "Organization", "name": row.publisher} if row.publisher else {},
        "datePublished": row.date,
        "inLanguage": row.language,
        "isbn": item.isbn,
        "sameAs": [url for url in (_doi_url(item), row.url) if url],
        "abstract": item.abstract,
        "keywords": [tag.name for tag in item.tags.all()],
    }
    return {name: value for name, value in data.items() if value}


@dataclass(frozen=True, slots=True)
class Format:
    """A file to download."""

    name: str
    content_type: str
    write: Callable[[Iterable[LibraryItem]], Iterator[str]]


def _each(write: Callable[[LibraryItem], str]) -> Callable[[Iterable[LibraryItem]], Iterator[str]]:
    return lambda items: (f"{write(item)}\n" for item in items)


def _ris_all(items: Iterable[LibraryItem]) -> Iterator[str]:
    return (ris(item) for item in items)


def _csl_all(items: Iterable[LibraryItem]) -> Iterator[str]:
    yield csl_list(csl_of(item) for item in items)


#: By the ending of the file.
FORMATS: dict[str, Format] = {
    "bib": Format("BibTeX", CONTENT_TYPES["bib"], _each(bibtex)),
    "ris": Format("RIS", CONTENT_TYPES["ris"], _ris_all),
    "json": Format("CSL-JSON", CONTENT_TYPES["json"], _csl_all),
}
