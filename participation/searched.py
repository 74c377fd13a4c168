"""Papers of events in the search over everything: those that everybody may open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from core import search
from core.findable import Facet, Hit, Kind, refresh, register
from core.models import AuditEntry
from core.search import Document
from events.finding import year_of
from events.models import Event
from events.searched import in_order, keys_of, named
from events.signals import event_noted
from hubs.searched import LANGUAGE, YEAR
from participation.choices import PaperAudience, PaperKind
from participation.models import Paper, PaperVersion

if TYPE_CHECKING:
    from core.marking import Marker

PAPER = "paper"


def papers() -> QuerySet[Paper]:
    """Papers of public events that are neither withdrawn nor for participants alone."""
    there = PaperVersion.objects.filter(paper=OuterRef("pk"))
    return Paper.objects.filter(
        Exists(there), event__is_public=True, withdrawn_at=None, audience=PaperAudience.PUBLIC
    ).select_related("event", "session")


def _documents(keys: Sequence[str]) -> Iterator[Document]:
    rows = papers().filter(pk__in=[int(key) for key in keys]).prefetch_related("versions")
    for row in rows:
        yield Document(
            kind=PAPER,
            object_id=str(row.pk),
            title=row.title,
            summary=row.session.title if row.session else "",
            body=row.event.name,
            language=row.language,
            published_at=min(version.added_at for version in row.versions.all()),
            facets={
                "type": [row.kind],
                "year": year_of(row.event.starts),
                "language": [row.language],
            },
        )


def _hits(keys: Sequence[str], marker: Marker) -> list[Hit]:
    return [
        Hit(
            title=marker.mark(row.title, row.language),
            url=row.get_absolute_url(),
            meta=" · ".join((str(row.get_kind_display()), row.event.name)),
            language=row.language,
        )
        for row in in_order(papers(), keys)
    ]


register(
    Kind(
        code=PAPER,
        title=_("Papers"),
        one=_("Paper"),
        position=65,
        public=lambda: keys_of(papers()),
        documents=_documents,
        hits=_hits,
        facets=(Facet("type", _("Kind"), named(PaperKind)), YEAR, LANGUAGE),
    )
)


@receiver(post_save, sender=AuditEntry, dispatch_uid="search-follows-papers")
def follow(instance: AuditEntry, *, created: bool, **_: Any) -> None:
    """Whatever is done to a paper leaves a line in the audit, in its transaction."""
    if created and instance.target_type == "participation.paper":
        refresh(PAPER, [instance.target_id])


@receiver(event_noted, dispatch_uid="search-follows-papers-of-events")
def follow_event(event: Event, **_: Any) -> None:
    rows = Paper.objects.filter(event=event).order_by("pk")
    refresh(PAPER, rows.values_list("pk", flat=True))


@receiver(post_delete, sender=Paper, dispatch_uid="search-forgets-papers")
def forget(instance: Paper, **_: Any) -> None:
    search.remove(PAPER, instance.pk)
