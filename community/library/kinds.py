"""The kinds of record that cite references. Importing registers them.

Each function asks the database once, whatever the number of references and records.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from django.db.models import Model, QuerySet, Value
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.choices import Access
from catalogue.models import Evidence, Solution
from claims.models import Reference
from community.library.citing import Cite, kind
from community.models import Article, Chapter, Discussion, LivingLab, MonthlyTheme, Outgrowth
from events.models import (
    Commitment,
    CommitmentUpdate,
    Contribution,
    Document,
    Event,
    EventClaim,
    KeyMessage,
    Paragraph,
    Party,
    Person,
    PersonName,
    Series,
    SeriesName,
    Session,
    StatusNote,
)
from hubs.models import Hub, HubClaim, Lesson

#: So many letters of a statement stand in a list of citations.
SHOWN = 120


def short(text: Any) -> str:
    return Truncator(str(text)).chars(SHOWN)


@kind("hubs", gettext_lazy("Hubs"), columns=["hubs.hubclaim.reference"], position=10)
def hubs(user: Any, keys: Collection[int]) -> Iterator[Cite]:
    """What is stated about hubs."""
    rows = HubClaim.objects.filter(reference__in=keys, hub__in=Hub.objects.visible_to(user))
    for row in rows.select_related("hub").order_by("hub__name", "hub", "position", "pk"):
        yield Cite(row.reference_id, row.hub.name, row.get_absolute_url(), short(row), row.place)


@kind("lessons", gettext_lazy("Lessons on hubs"), columns=["hubs.lesson.reference"], position=15)
def lessons(user: Any, keys: Collection[int]) -> Iterator[Cite]:
    url = reverse("hubs:lessons")
    for row in Lesson.objects.filter(reference__in=keys).order_by("pk"):
        yield Cite(row.reference_id, _("Lessons on hubs"), url, short(row))


@kind("solutions", gettext_lazy("Solutions"), position=20)
def solutions(user: Any, keys: Collection[int]) -> Iterator[Cite]:
    """Open evidence of public solutions that leads to the same address. What counts is the
    version everybody reads, whatever the working copy says."""
    rows = Evidence.objects.filter(
        solution__in=Solution.objects.public(), solution__public_version__isnull=False,
        access=Access.OPEN,
    ).exclude(url="")  # fmt: skip
    named = Reference.objects.filter(pk__in=keys).exclude(url="")
    rows = rows.filter(url__in=named.values("url"))
    found: dict[str, list[int]] = defaultdict(list)
    listed = list(rows.select_related("solution__public_version").order_by("solution", "pk"))
    if not listed:
        return
    for key, url in named.values_list("pk", "url"):
        found[url].append(key)
    for row in listed:
        version = row.solution.public_version
        content = version.content if version else {}
        if any(item.get("url") == row.url for item in content.get("evidence", ())):
            for key in found[row.url]:
                yield Cite(key, content["title"], row.solution.get_absolute_url(), short(row.title))


def _of_event(
    user: Any, keys: Collection[int], model: type[Model], name: str = "reference"
) -> QuerySet[Any]:
    """Rows of a part of events, with the few columns that are shown."""
    return model._default_manager.filter(
        **{f"{name}__in": keys}, event__in=Event.objects.visible_to(user)
    )


#: What of an event cites, how it is called, and the column that does.
PARTS: list[tuple[Any, str, str]] = [
    (EventClaim, "reference", "text"),
    (StatusNote, "reference", "text"),
    (Party, "reference", "name"),
    (Session, "reference", "title"),
    (Session, "further", "title"),
    (Contribution, "reference", "person__name"),
    (Contribution, "work", "person__name"),
    (KeyMessage, "reference", "text"),
]


def references_of_event(event: Event) -> set[int]:
    """Everything an event and its parts cite. One query."""
    asked: list[Any] = [
        model._default_manager.filter(event=event).order_by().values_list(name)
        for model, name, _what in [
            *PARTS,
            (Document, "reference", ""),
            (Commitment, "reference", ""),
        ]
    ]
    asked += [
        Paragraph.objects.filter(document__event=event).order_by().values_list("reference"),
        CommitmentUpdate.objects.filter(commitment__event=event)
        .order_by()
        .values_list("reference"),
        Document.further.through.objects.filter(document__event=event).values_list("reference"),
    ]
    return {key for (key,) in asked[0].union(*asked[1:]) if key is not None}


@kind(
    "events",
    gettext_lazy("Events"),
    columns=[f"{model._meta.label_lower}.{name}" for model, name, _what in PARTS],
    position=30,
)
def events(user: Any, keys: Collection[int]) -> Iterator[Cite]:
    """Parts of events, from all their tables by one query."""
    asked = [
        _of_event(user, keys, model, name)
        .order_by()
        .values_list(name, "event__name", "event__slug", what, "place")
        for model, name, what in PARTS
    ]
    rows = asked[0].union(*asked[1:])
    for key, event, slug, what, place in sorted(set(rows), key=lambda row: row[1:]):
        yield Cite(key, event, reverse("events:event", args=[slug]), short(what), place)


@kind(
    "documents",
    gettext_lazy("Outcome documents"),
    columns=[
        "events.document.reference",
        "events.document_further.reference",
        "events.paragraph.reference",
    ],
    position=35,
)
def documents(user: Any, keys: Collection[int]) -> Iterator[Cite]:
    seen = Event.objects.visible_to(user)
    whole = Document.objects.filter(reference__in=keys, event__in=seen).order_by()
    further = Document.further.through.objects.filter(reference__in=keys, document__event__in=seen)
    parts = Paragraph.objects.filter(reference__in=keys, document__event__in=seen).order_by()
    of_document = ("reference", "document__name", "document__slug")
    rows = whole.values_list("reference", "name", "slug", "place", Value("")).union(
        further.order_by().values_list(*of_document, Value(""), Value("")),
        parts.values_list(*of_document, "place", "number"),
    )
    for key, name, slug, place, number in sorted(set(rows), key=lambda row: row[1:]):
        part = _("Paragraph %(number)s") % {"number": number} if number else ""
        yield Cite(key, name, reverse("events:document", args=[slug]), part, place)


@kind(
    "commitments",
    gettext_lazy("Commitments"),
    columns=["events.commitment.reference", "events.commitmentupdate.reference"],
    position=40,
)
def commitments(user: Any, keys: Collection[int]) -> Iterator[Cite]:
    seen = Event.objects.visible_to(user)
    own = Commitment.objects.filter(reference__in=keys, event__in=seen)
    updates = CommitmentUpdate.objects.filter(reference__in=keys, commitment__event__in=seen)
    rows = (
        own.order_by()
        .values_list("reference", "code", "text", "place")
        .union(
            updates.order_by().values_list(
                "reference", "commitment__code", "commitment__text", "place"
            )
        )
    )
    for key, code, text, place in sorted(rows, key=lambda row: row[1:]):
        url = reverse("events:commitment", args=[code])
        yield Cite(key, short(text), url, code.upper(), place)


@kind(
    "people",
    gettext_lazy("People"),
    columns=["events.personname.reference"],
    position=45,
)
def people(user: Any, keys: Collection[int]) -> Iterator[Cite]:
    """Other forms of names, and works of people at no event."""
    seen = Person.objects.visible_to(user)
    named = PersonName.objects.filter(reference__in=keys, person__in=seen)
    works = Contribution.objects.filter(event=None, person__in=seen)
    rows = named.order_by().values_list("reference", "person__name", "person__slug", "name").union(
        works.filter(work__in=keys).order_by()
        .values_list("work", "person__name", "person__slug", "topic"),
        works.filter(reference__in=keys).order_by()
        .values_list("reference", "person__name", "person__slug", "topic"),
    )  # fmt: skip
    for key, name, slug, part in sorted(set(rows), key=lambda row: row[1:]):
        yield Cite(key, name, reverse("events:person", args=[slug]), part)


@kind(
    "series",
    gettext_lazy("Series of events"),
    columns=["events.series.reference", "events.seriesname.reference"],
    position=50,
)
def series(user: Any, keys: Collection[int]) -> Iterator[Cite]:
    own = Series.objects.filter(reference__in=keys).order_by()
    names = SeriesName.objects.filter(reference__in=keys).order_by()
    rows = own.values_list("reference", "name", "slug", "place").union(
        names.values_list("reference", "series__name", "series__slug", "place")
    )
    for key, name, slug, place in sorted(rows, key=lambda row: row[1:]):
        yield Cite(key, name, reverse("events:series", args=[slug]), "", place)


def _announced(rows: QuerySet[Any], user: Any, keys: Collection[int]) -> Iterator[Cite]:
    for row in rows.visible_to(user).filter(reference__in=keys).order_by("pk"):  # type: ignore[attr-defined]
        yield Cite(row.reference_id, str(row), row.get_absolute_url(), "", row.place)


@kind(
    "themes",
    gettext_lazy("Themes"),
    columns=["community.monthlytheme.reference"],
    position=60,
)
def themes(user: Any, keys: Collection[int]) -> Iterator[Cite]:
    yield from _announced(MonthlyTheme.objects.all(), user, keys)


@kind("chapters", gettext_lazy("Chapters"), columns=["community.chapter.reference"], position=65)
def chapters(user: Any, keys: Collection[int]) -> Iterator[Cite]:
    yield from _announced(Chapter.objects.all(), user, keys)


@kind("labs", gettext_lazy("Living labs"), columns=["community.livinglab.reference"], position=70)
def labs(user: Any, keys: Collection[int]) -> Iterator[Cite]:
    """Living labs; those of hubs that are not listed are not shown by the lab's own rule."""
    yield from _announced(LivingLab.objects.select_related("hub"), user, keys)


@kind("articles", gettext_lazy("Blog posts"), columns=["community.article.reference"], position=75)
def articles(user: Any, keys: Collection[int]) -> Iterator[Cite]:
    yield from _announced(Article.objects.all(), user, keys)


@kind(
    "discussions",
    gettext_lazy("Discussions it grew out of"),
    columns=["community.outgrowth.reference"],
    position=80,
)
def outgrowths(user: Any, keys: Collection[int]) -> Iterator[Cite]:
    rows = Outgrowth.objects.filter(
        reference__in=keys, discussion__in=Discussion.objects.visible_to(user)
    )
    for row in rows.select_related("discussion").order_by("pk"):
        if row.reference_id is not None:
            yield Cite(row.reference_id, row.discussion.title, row.discussion.get_absolute_url())
