"""Papers of an event as readers see them: what each is, how heavy, and how it opens."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Prefetch
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _

from hubs.reference import language_name
from participation.choices import PaperAudience
from participation.models import PaperVersion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from events.models import Event
    from participation.models import Paper
    from participation.models.papers import PaperQuerySet

#: So many stand on the event's own page.
ON_THE_PAGE = 12
MEGABYTE = 1024 * 1024
#: The short name of each kind of file, where people know one.
ENDINGS = {
    "application/pdf": "PDF",
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/webp": "WebP",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "DOCX",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PPTX",
    "application/vnd.oasis.opendocument.text": "ODT",
    "application/vnd.oasis.opendocument.spreadsheet": "ODS",
    "text/csv": "CSV",
    "text/plain": "TXT",
}


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of a paper: where it opens and how much of a slow line it takes."""

    version: PaperVersion
    url: str

    @property
    def is_link(self) -> bool:
        return not self.version.stored_id

    @property
    def format(self) -> str:
        stored = self.version.stored
        return ENDINGS.get(stored.content_type, "") if stored else ""

    @property
    def bytes(self) -> int | None:
        """None where nobody said."""
        if self.version.stored:
            return self.version.stored.size
        said = self.version.megabytes
        return None if said is None else int(said * MEGABYTE)

    @property
    def size(self) -> str:
        """In words; what is behind a link is only about so much."""
        if self.bytes is None:
            return ""
        words = filesizeformat(self.bytes)
        return _("about %(size)s") % {"size": words} if self.is_link else words


@dataclass(frozen=True, slots=True)
class Row:
    """One paper in a table, in its newest version."""

    paper: Paper
    newest: Edition
    of: int

    @property
    def language(self) -> str:
        return language_name(self.paper.language)

    @property
    def is_for_all(self) -> bool:
        return self.paper.audience == PaperAudience.PUBLIC

    @property
    def weight(self) -> tuple[bool, int]:
        """The order from the lightest; what nobody weighed comes last."""
        return (self.newest.bytes is None, self.newest.bytes or 0)


def edition_of(version: PaperVersion, paper: Paper) -> Edition:
    at = [paper.event.slug, paper.uid, version.number]
    return Edition(version, version.url or reverse("participation:paper-file", args=at))


def rows_of(papers: Iterable[Paper], event: Event, *, lightest: bool) -> list[Row]:
    """The papers that have something to open. No query, if their versions are there already."""
    found = []
    for paper in papers:
        paper.event = event
        versions = list(paper.versions.all())
        if versions:
            found.append(Row(paper, edition_of(versions[0], paper), len(versions)))
    return sorted(found, key=lambda row: row.weight) if lightest else found


def with_versions(papers: PaperQuerySet) -> PaperQuerySet:
    """Each with its session and its versions, the newest first. Two queries."""
    newest = PaperVersion.objects.select_related("stored").order_by("-number")
    return papers.select_related("session").prefetch_related(Prefetch("versions", newest))


def rounded(megabytes: Decimal) -> Decimal:
    """As many digits as are kept; never nothing."""
    return max(megabytes.quantize(Decimal("0.1")), Decimal("0.1"))
