"""Events and what came of them in the search over everything: what should be findable, and how it
is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q, QuerySet
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.findable import Facet, Hit, Kind, passages, register
from core.search import Document
from events import finding
from events.choices import EventKind, EventStatus, Progress, SessionKind
from events.models import Commitment, Event, Paragraph, Person, Session
from hubs import reference
from hubs.searched import COUNTRY, LANGUAGE, REGION, YEAR, fuller

if TYPE_CHECKING:
    from core.marking import Marker

M = TypeVar("M", bound=Model)


def named(choices: Any) -> Callable[[str], str]:
    """Values of a closed list in words; one that is no longer on it as it is."""
    labels = dict(choices.choices)
    return lambda value: str(labels.get(value, value))


def in_order(rows: QuerySet[M], keys: Sequence[str]) -> list[M]:
    """Those of these records that are there, in the order of the keys. One query."""
    found = rows.in_bulk([int(key) for key in keys])
    return [found[int(key)] for key in keys if int(key) in found]


def keys_of(rows: QuerySet[Any]) -> Iterable[int]:
    return rows.order_by("pk").values_list("pk", flat=True)


# --- Events --------------------------------------------------------------------------------------


def _events(code: str) -> QuerySet[Event]:
    is_webinar = Q(kind=EventKind.WEBINAR)
    return Event.objects.filter(
        is_webinar if code == finding.WEBINAR else ~is_webinar, is_public=True
    )


def _event_documents(code: str, keys: Sequence[str]) -> Iterator[Document]:
    rows = _events(code).filter(pk__in=[int(key) for key in keys])
    for event in rows.prefetch_related(
        "claims", "sessions", "key_messages", "documents", "parties"
    ):
        yield finding.event_entry(event)


def _event_hits(code: str, keys: Sequence[str], marker: Marker) -> list[Hit]:
    events = in_order(_events(code), keys)
    said = passages(code, [str(event.pk) for event in events], marker)
    return [
        Hit(
            title=marker.mark(event.name),
            url=event.get_absolute_url(),
            text=fuller(marker, event.summary, said.get(str(event.pk), "")),
            meta=" · ".join(
                filter(None, [str(event.get_kind_display()), event.starts[:4], event.city])
            ),
        )
        for event in events
    ]


TYPE = Facet("type", _("Kind"), named(EventKind))
STATUS = Facet("status", _("Status"), named(EventStatus))

register(
    Kind(
        code=finding.EVENT,
        title=_("Events"),
        one=_("Event"),
        position=60,
        public=lambda: keys_of(_events(finding.EVENT)),
        documents=lambda keys: _event_documents(finding.EVENT, keys),
        hits=lambda keys, marker: _event_hits(finding.EVENT, keys, marker),
        facets=(TYPE, YEAR, REGION, COUNTRY, STATUS),
    )
)
register(
    Kind(
        code=finding.WEBINAR,
        title=_("Webinars"),
        one=_("Webinar"),
        position=62,
        public=lambda: keys_of(_events(finding.WEBINAR)),
        documents=lambda keys: _event_documents(finding.WEBINAR, keys),
        hits=lambda keys, marker: _event_hits(finding.WEBINAR, keys, marker),
        facets=(YEAR, STATUS),
    )
)

# --- Sessions ------------------------------------------------------------------------------------


def _sessions() -> QuerySet[Session]:
    return Session.objects.filter(event__is_public=True).select_related("event")


def _session_documents(keys: Sequence[str]) -> Iterator[Document]:
    for session in _sessions().filter(pk__in=[int(key) for key in keys]):
        yield finding.session_entry(session, session.event)


def _session_hits(keys: Sequence[str], marker: Marker) -> list[Hit]:
    return [
        Hit(
            title=marker.mark(session.title),
            url=session.get_absolute_url(),
            text=marker.excerpt(session.summary) or Truncator(session.summary).words(30),
            meta=" · ".join(filter(None, [str(session.get_kind_display()), str(session.event)])),
        )
        for session in in_order(_sessions(), keys)
    ]


register(
    Kind(
        code=finding.SESSION,
        title=_("Sessions"),
        one=_("Session"),
        position=64,
        public=lambda: keys_of(_sessions()),
        documents=_session_documents,
        hits=_session_hits,
        facets=(Facet("type", _("Kind"), named(SessionKind)), YEAR, REGION, COUNTRY),
    )
)

# --- What came of them ---------------------------------------------------------------------------


def _paragraphs() -> QuerySet[Paragraph]:
    rows = Paragraph.objects.filter(document__event__is_public=True).exclude(text="")
    return rows.select_related("document__event")


def _paragraph_documents(keys: Sequence[str]) -> Iterator[Document]:
    for row in _paragraphs().filter(pk__in=[int(key) for key in keys]):
        yield finding.paragraph_entry(row)


def _paragraph_hits(keys: Sequence[str], marker: Marker) -> list[Hit]:
    return [
        Hit(
            title=marker.mark(
                gettext("Paragraph %(number)s, %(document)s")
                % {"number": row.number, "document": row.document.name}
            ),
            url=row.get_absolute_url(),
            text=marker.excerpt(row.text, row.language) or Truncator(row.text).words(30),
            meta=str(row.document.event),
        )
        for row in in_order(_paragraphs(), keys)
    ]


register(
    Kind(
        code=finding.PARAGRAPH,
        title=_("Paragraphs"),
        one=_("Paragraph"),
        position=66,
        public=lambda: keys_of(_paragraphs()),
        documents=_paragraph_documents,
        hits=_paragraph_hits,
        facets=(Facet("document", _("Document")), YEAR, LANGUAGE),
    )
)


def _commitments() -> QuerySet[Commitment]:
    return Commitment.objects.filter(event__is_public=True).select_related("event")


def _commitment_documents(keys: Sequence[str]) -> Iterator[Document]:
    rows = _commitments().filter(pk__in=[int(key) for key in keys])
    for row in rows.prefetch_related("owners", "updates"):
        yield finding.commitment_entry(row)


def _commitment_hits(keys: Sequence[str], marker: Marker) -> list[Hit]:
    return [
        Hit(
            title=marker.mark(row.text),
            url=row.get_absolute_url(),
            text=marker.mark(row.quoted),
            meta=f"{row.event} · {row.standing.label}",
        )
        for row in in_order(_commitments(), keys)
    ]


register(
    Kind(
        code=finding.COMMITMENT,
        title=_("Commitments"),
        one=_("Commitment"),
        position=68,
        public=lambda: keys_of(_commitments()),
        documents=_commitment_documents,
        hits=_commitment_hits,
        facets=(
            Facet("type", _("Kind"), named(Commitment.Kind)),
            Facet("progress", _("Progress"), named(Progress)),
            YEAR,
            COUNTRY,
        ),
    )
)

# --- People --------------------------------------------------------------------------------------


def _people() -> QuerySet[Person]:
    return Person.objects.visible_to(AnonymousUser())


def _person_documents(keys: Sequence[str]) -> Iterator[Document]:
    people = list(
        _people().filter(pk__in=[int(key) for key in keys]).prefetch_related("other_names")
    )
    told = finding.told_of(people)
    for person in people:
        yield finding.person_entry(person, told[person.pk])


def _person_hits(keys: Sequence[str], marker: Marker) -> list[Hit]:
    people = in_order(_people(), keys)
    said = passages(finding.PERSON, [str(person.pk) for person in people], marker)
    return [
        Hit(
            title=marker.mark(person.name),
            url=person.get_absolute_url(),
            text=said.get(str(person.pk), ""),
            meta=reference.country_name(person.country_id) if person.country_id else "",
        )
        for person in people
    ]


register(
    Kind(
        code=finding.PERSON,
        title=_("People"),
        one=_("Person"),
        position=70,
        public=lambda: keys_of(_people()),
        documents=_person_documents,
        hits=_person_hits,
        facets=(COUNTRY,),
    )
)
