"""The lists whose searches can be saved, and what a saved search asks of one today.

One entry per list in ``SEARCHABLE``. A list can be among them if it is a ``FacetedList`` and shows
everybody the same. What is new is found by when it was first public. Most kinds have that as their
date in the search; hubs, events and works of the library are dated there by something else (their
last confirmation, the day of the meeting, the year a work appeared in), so of these the audit and
the entries themselves are asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from django.contrib.auth.models import AnonymousUser
from django.http import QueryDict
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalogue import finding
from catalogue.cards import in_order, in_readers_language
from catalogue.listing import SolutionList
from community import searched as community
from community.library import listing as library
from community.library.found import LibraryList
from community.models import LibraryItem
from core import search
from core.facets import MOST_VALUES, FacetedList
from core.findable import KINDS
from core.kind_lists import KindList, kind_list
from core.marking import Marker
from core.models import AuditEntry, SearchDocument
from events import finding as events
from hubs import finding as hubs
from hubs.listing import HubDirectory
from notifications.models.searches import LONGEST_NAME, LONGEST_PARAMETERS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

#: More pairs than this are not read of what was sent, nor more characters.
MOST_PAIRS = 2000
LONGEST_SENT = 100_000


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it is named to its reader. ``language`` is that of its title."""

    title: str
    url: str
    language: str


@dataclass(frozen=True, slots=True)
class Searchable:
    """One list."""

    label: StrOrPromise
    #: The list's answer to an address. It says which parameters mean something.
    answer: Callable[[QueryDict], FacetedList]
    url_name: str
    #: The parameter by which the list puts the newest first.
    newest: str
    #: Public records by their keys, in this order; those that are not public any more are missing.
    records: Callable[[Sequence[str]], list[Record]]
    #: "3 new solutions for “water”".
    told: Callable[[int, str], str]
    #: Which records became public since a moment, and when; without it the search knows by their
    #: dates, and the newest of the list are those that became public last.
    since: Callable[[dt.datetime], dict[str, dt.datetime]] | None = None


def _solutions(keys: Sequence[str]) -> list[Record]:
    found = []
    for solution in in_order(keys):
        assert solution.public_version is not None  # noqa: S101 (the database holds it)
        content, language = in_readers_language(solution.public_version.content)
        found.append(Record(content["title"], solution.get_absolute_url(), language))
    return found


def _records_of(kind: str) -> Callable[[Sequence[str]], list[Record]]:
    """As the search over everything names them."""

    def records(keys: Sequence[str]) -> list[Record]:
        shown = KINDS[kind].hits(keys, Marker(search.SearchQuery()))
        return [Record(str(hit.title), hit.url, hit.language) for hit in shown]

    return records


def _new_records(n: int, name: str) -> str:
    return ngettext("%(n)s new record for “%(name)s”", "%(n)s new records for “%(name)s”", n) % {
        "n": n,
        "name": name,
    }


def _by_the_audit(
    kind: str, target: str, *, verbs: Collection[str], column: str
) -> Callable[[dt.datetime], dict[str, dt.datetime]]:
    """When records were made, or were let be seen, as far as the public reads them today."""

    def since(moment: dt.datetime) -> dict[str, dt.datetime]:
        rows = AuditEntry.objects.filter(target_type=target, created_at__gt=moment)
        told: dict[str, dt.datetime] = {}
        for key, verb, data, at in rows.order_by("sequence").values_list(
            "target_id", "verb", "data", "created_at"
        ):
            if verb in verbs or column in data.get("fields", ()):
                told.setdefault(key, at)
        public = public_among(kind, told) if told else set()
        return {key: at for key, at in told.items() if key in public}

    return since


def _works_since(moment: dt.datetime) -> dict[str, dt.datetime]:
    """Works a moderator listed since, and those that something public began to cite."""
    rows = AuditEntry.objects.filter(
        target_type=LibraryItem._meta.label_lower, verb="accept_item", created_at__gt=moment
    )
    listed = {int(key): at for key, at in rows.values_list("target_id", "created_at")}
    items = LibraryItem.objects.visible_to(AnonymousUser())
    told = dict(items.filter(pk__in=listed).values_list("pk", "reference"))
    cited = items.filter(is_automatic=True, added_at__gt=moment)
    return {str(key): at for key, at in cited.values_list("reference", "added_at")} | {
        str(told[key]): at for key, at in listed.items() if key in told
    }


def _of_kind(kind: str, **more: Any) -> Searchable:
    """The page of a kind in the search over everything."""
    return Searchable(
        label=KINDS[kind].title,
        answer=kind_list(kind),
        url_name=KindList.url_name,
        newest="sort=newest",
        records=_records_of(kind),
        told=_new_records,
        **more,
    )


def _of_event(kind: str) -> Searchable:
    verbs = {"add_event", "add_record", "arrange_webinar"}
    return _of_kind(
        kind, since=_by_the_audit(kind, "events.event", verbs=verbs, column="is_public")
    )


SEARCHABLE: dict[str, Searchable] = {
    finding.KIND: Searchable(
        label=gettext_lazy("Solutions"),
        answer=SolutionList,
        url_name=SolutionList.url_name,
        newest="sort=newest",
        records=_solutions,
        told=lambda n, name: (
            ngettext("%(n)s new solution for “%(name)s”", "%(n)s new solutions for “%(name)s”", n)
            % {"n": n, "name": name}
        ),
    ),
    hubs.KIND: Searchable(
        label=gettext_lazy("Hubs"),
        answer=lambda data: HubDirectory(data, AnonymousUser()),
        url_name=HubDirectory.url_name,
        newest="",
        records=_records_of(hubs.KIND),
        told=_new_records,
        since=_by_the_audit(hubs.KIND, "hubs.hub", verbs={"add"}, column="is_listed"),
    ),
    events.EVENT: _of_event(events.EVENT),
    events.WEBINAR: _of_event(events.WEBINAR),
    community.DISCUSSION: _of_kind(community.DISCUSSION),
    community.POST: _of_kind(community.POST),
    community.ARTICLE: _of_kind(community.ARTICLE),
    library.KIND: Searchable(
        label=gettext_lazy("Library"),
        answer=LibraryList,
        url_name=LibraryList.url_name,
        newest="",
        records=_records_of(library.KIND),
        told=_new_records,
        since=_works_since,
    ),
}


def parsed(sent: str) -> QueryDict:
    """Parameters of an address as they were sent, cut to what is looked at, never refused."""
    data = QueryDict(mutable=True)
    for name, value in parse_qsl(sent[:LONGEST_SENT])[:MOST_PAIRS]:
        data.appendlist(name, value)
    return data


def address_of(kind: str, parameters: str, *, newest_first: bool = False) -> str:
    """Where a saved search is answered: an address like any other, to be passed on."""
    about = SEARCHABLE[kind]
    asked = [parameters, about.newest] if newest_first else [parameters]
    query = "&".join(filter(None, asked))
    return f"{reverse(about.url_name)}{'?' if query else ''}{query}"


@dataclass(slots=True)
class Question:
    """What the parameters of a saved search mean today."""

    query: search.SearchQuery
    selected: dict[str, list[str]] = field(default_factory=dict)
    #: What they name and the list does not know any more: group and value.
    gone: list[tuple[str, str]] = field(default_factory=list)
    #: A whole group of filters is gone. The list leaves it out, and so shows more than was meant;
    #: nobody is told of that.
    is_wider: bool = False


class Lists:
    """The lists, each asked once what it knows, for any number of saved searches.

    The first question to a list costs the three or four queries it costs to show it, every other
    none (one if it names a hub that became part of another).
    """

    def __init__(self) -> None:
        self._lists: dict[str, FacetedList] = {}
        self._known: dict[str, Mapping[str, Collection[str]]] = {}

    def _of(self, kind: str) -> FacetedList:
        if kind not in self._lists:
            self._lists[kind] = SEARCHABLE[kind].answer(QueryDict())
            self._known[kind] = self._lists[kind].known()
        return self._lists[kind]

    def read(self, kind: str, parameters: str) -> Question:
        """What they ask today."""
        one = self._of(kind)
        data = one.asked(parsed(parameters))
        question = Question(search.SearchQuery.parse(data.get("q", "")))
        for name in one.filter_class.groups():
            sent = list(dict.fromkeys(data.getlist(name)))[:MOST_VALUES]
            known = [value for value in sent if value in self._known[kind][name]]
            if known:
                question.selected[name] = known
            question.is_wider |= bool(sent and not known)
            question.gone += [
                (one.filter_class.label(name), value) for value in sent if value not in known
            ]
        return question

    def words(self, kind: str, question: Question) -> list[str]:
        """The question in the words of its list: what was typed, then each filter."""
        one = self._of(kind)
        said = [question.query.text] if question.query.text else []
        for name, values in question.selected.items():
            said += [one.label_of(name, value) for value in values]
        return said


def question_of(kind: str, data: QueryDict) -> tuple[str, str]:
    """Of an address that is to be saved: its parameters as they are kept, and a name made of
    them. Both are empty if it asks for nothing. As many queries as the list itself."""
    one = SEARCHABLE[kind].answer(data)
    if one.is_whole or one.query.wordless:
        return "", ""
    said = [] if one.query.blank else [one.query.text]
    said += [label for _group, label, _url in one.chips]
    kept = one.filters.parameters(sort="").urlencode()
    return kept, Truncator(", ".join(said)).chars(LONGEST_NAME)


def is_too_long(parameters: str) -> bool:
    return len(parameters) > LONGEST_PARAMETERS


def told_in_words(kind: str, n: int, name: str, *, or_more: bool) -> str:
    """How many new records there are for a search of that name."""
    if or_more:
        return _("%(n)s or more new records for “%(name)s”") % {"n": n, "name": name}
    return SEARCHABLE[kind].told(n, name)


def public_among(kind: str, keys: Collection[str]) -> set[str]:
    """Which of these records the public reads today. One query, however many."""
    rows = SearchDocument.objects.filter(kind=kind, object_id__in=set(keys))
    return set(rows.values_list("object_id", flat=True))
