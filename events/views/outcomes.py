"""An outcome document, paragraph by paragraph, with what led to each and what it led to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Count, Prefetch
from django.views.generic import DetailView

from claims.citing import Citations
from events.models import Commitment, Document, KeyMessage, Paragraph
from events.models.outcomes import PARAGRAPHS_AT_ONCE
from events.presentation import in_english
from events.record import cited
from hubs.reference import language_name

if TYPE_CHECKING:
    from django.db.models import QuerySet


@dataclass(frozen=True, slots=True)
class Heading:
    """A line of the contents. ``elsewhere`` is the number of a paragraph on another page."""

    text: str
    anchor: str
    elsewhere: str = ""

    @property
    def url(self) -> str:
        query = f"?{urlencode({'p': self.elsewhere})}" if self.elsewhere else ""
        return f"{query}#{self.anchor}"


@dataclass(frozen=True, slots=True)
class Part:
    """The paragraphs on this page, the contents of all, and the pages of a long document."""

    rows: list[Paragraph]
    contents: list[Heading]
    page: Page[Paragraph] | None = None


class DocumentView(DetailView):
    """Every paragraph has an address of its own; beside it stand messages and commitments."""

    template_name = "events/document.html"
    context_object_name = "document"

    def get_queryset(self) -> QuerySet[Document]:
        seen = Document.objects.visible_to(self.request.user)
        return seen.select_related("event", "reference").annotate(length=Count("paragraphs"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        document: Document = self.object
        citations = Citations()
        own = citations.cite(document, margin=False) if document.reference_id else None
        said = KeyMessage.objects.visible_to(self.request.user)
        promised = Commitment.objects.visible_to(self.request.user)
        full = (
            document.paragraphs.select_related("reference")
            .prefetch_related(
                Prefetch("key_messages", said.select_related("event", "session__event"))
            )
            .prefetch_related(Prefetch("commitments", promised))
        )
        part = self._part(document, full)
        rows = cited(citations, part.rows)
        return super().get_context_data(
            own=own,
            paragraphs=rows,
            part=part,
            languages=[language_name(code) for code in document.languages],
            further=list(document.further.all()),
            citations=citations,
            en=in_english(),
            **kwargs,
        )

    def _part(self, document: Document, full: QuerySet[Paragraph]) -> Part:
        """What of the text this page shows: all of a short one, or if that is asked for."""
        if document.length <= PARAGRAPHS_AT_ONCE or "whole" in self.request.GET:
            every = list(full)
            return Part(every, [Heading(row.heading, row.anchor) for row in every if row.heading])
        light = list(document.paragraphs.only("number", "heading", "document", "position"))
        pages = Paginator(light, PARAGRAPHS_AT_ONCE)
        wanted = self.request.GET.get("p", "")
        place = next((n for n, row in enumerate(light) if row.number == wanted), None)
        number = self.request.GET.get("page") if place is None else place // PARAGRAPHS_AT_ONCE + 1
        page = pages.get_page(number)
        here = {row.pk for row in page}
        contents = [
            Heading(row.heading, row.anchor, "" if row.pk in here else row.number)
            for row in light
            if row.heading
        ]
        return Part(list(full.filter(pk__in=here)), contents, page)
