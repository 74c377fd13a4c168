"""An outcome document, paragraph by paragraph, with what led to each and what it led to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch
from django.views.generic import DetailView

from claims.citing import Citations
from events.models import Commitment, Document, KeyMessage
from events.presentation import in_english
from events.record import cited
from hubs.reference import language_name

if TYPE_CHECKING:
    from django.db.models import QuerySet


class DocumentView(DetailView):
    """Every paragraph has an address of its own; beside it stand messages and commitments."""

    template_name = "events/document.html"
    context_object_name = "document"

    def get_queryset(self) -> QuerySet[Document]:
        return Document.objects.visible_to(self.request.user).select_related("event", "reference")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        document: Document = self.object
        citations = Citations()
        own = citations.cite(document, margin=False) if document.reference_id else None
        said = KeyMessage.objects.visible_to(self.request.user)
        promised = Commitment.objects.visible_to(self.request.user)
        paragraphs = (
            document.paragraphs.select_related("reference")
            .prefetch_related(
                Prefetch("key_messages", said.select_related("event", "session__event"))
            )
            .prefetch_related(Prefetch("commitments", promised))
        )
        rows = cited(citations, paragraphs)
        return super().get_context_data(
            own=own,
            paragraphs=rows,
            contents=[row for row, _mark in rows if row.heading],
            languages=[language_name(code) for code in document.languages],
            further=list(document.further.all()),
            citations=citations,
            en=in_english(),
            **kwargs,
        )
