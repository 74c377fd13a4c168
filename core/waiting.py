"""What waits for a person: one list, filled by whoever has something to ask.

An app registers a source in its ``waiting`` module (imported by its ``AppConfig.ready``);
the dashboard shows the items of all sources in one order, so nobody has to look in several
places for what is theirs to do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core.templatetags.components import when

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Item:
    """One request to one person.

    ``verb`` is the label of the one button ("Continue"), ``url`` where it leads, ``since``
    when it began to wait and ``due`` when an answer is expected (None: no date). ``about``
    names the one record it clearly belongs to, like "hub:12", so that the record's own page
    can show it.
    """

    title: StrOrPromise
    detail: StrOrPromise
    verb: StrOrPromise
    url: str
    since: datetime
    due: datetime | None = None
    about: str = ""


Source = Callable[[Any], Iterable[Item]]
_sources: dict[str, Source] = {}
#: Those whose items name the record they are about.
_of_records: set[str] = set()


def source(name: str, *, of_records: bool = True) -> Callable[[Source], Source]:
    """Register a function that lists what waits for a user, in a fixed number of queries.

    One whose items never name a record (``about``) says so, and is not asked about records.
    """

    def register(function: Source) -> Source:
        _sources[name] = function
        if of_records:
            _of_records.add(name)
        return function

    return register


def items_for(user: Any, about: str | None = None) -> list[Item]:
    """Everything that waits for this person, or only what is about one record: what is due
    first, then what waits longest."""
    items = [
        item
        for name in sorted(_sources if about is None else _of_records)
        for item in _sources[name](user)
        if about is None or item.about == about
    ]
    return sorted(items, key=lambda item: (item.due is None, item.due or item.since, item.since))


@dataclass(frozen=True, slots=True)
class Task:
    """One line of the list, as ``{% todo %}`` prints it."""

    title: StrOrPromise
    meta: StrOrPromise
    action: StrOrPromise
    url: str
    late: bool


def task_of(item: Item, *, now: datetime) -> Task:
    """An item with its date said in words: late, today, tomorrow or by a day."""
    late = item.due is not None and item.due < now
    meta = item.detail
    if item.due is not None:
        meta = format_html("{} {}", meta, due_in_words(item.due, now=now))
    return Task(item.title, meta, item.verb, item.url, late)


def due_in_words(due: datetime, *, now: datetime) -> str:
    days = (timezone.localtime(due).date() - timezone.localtime(now).date()).days
    day = when(due, "day")
    if due < now:
        late = max(-days, 1)
        return format_html(
            ngettext("Due on {day}, {n} day late.", "Due on {day}, {n} days late.", late),
            day=day,
            n=late,
        )
    if days == 0:
        return format_html(_("Due today, {day}."), day=day)
    return format_html(
        ngettext("Due on {day}, in {n} day.", "Due on {day}, in {n} days.", days), day=day, n=days
    )
