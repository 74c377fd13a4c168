"""Keeping searches, and telling their owners once a day what was published that answers them.

A day ends at midnight UTC. What is due follows from how far each search has been told
(``told_until``), never from the clock coming by in time: a sweep that comes twice finds nothing,
one that stays away is made up for. A search that many people keep is asked once for all of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core import search as finding
from core.errors import DomainError
from core.models import SearchDocument, SearchFacet
from notifications.models.notices import Notice, Notification, Reason, Subject
from notifications.models.searches import LONGEST_NAME, SavedSearch
from notifications.noticing import read
from notifications.searchable import SEARCHABLE, Lists, Question, is_too_long, question_of

if TYPE_CHECKING:
    from django.http import QueryDict

#: Searches one person may keep.
MOST = 50
#: New records that are named to one person; of more it is said that there are more.
NAMED = 20
#: A record gets its date before its transaction ends. None takes as long as this.
MARGIN = dt.timedelta(minutes=10)
#: As many answers as are looked at where a list does not put first what became public last.
DEEPEST = 100_000
#: Different questions asked, and rows written, in one go.
QUESTIONS, ROWS = 200, 500


# --- What their owners do ----------------------------------------------------------------------


@transaction.atomic
def save(*, by: User, kind: str, data: QueryDict, name: str = "") -> tuple[SavedSearch, bool]:
    """Keep a search as it was sent; whether it is new. Without a name it is called by its words
    and filters. The same search twice is one, under its first name."""
    if not by.has_perm("community.join"):
        raise PermissionDenied
    parameters, made = question_of(kind, data)
    if not parameters:
        raise DomainError(_("Choose at least one word or filter."), code="empty")
    if is_too_long(parameters):
        refusal = _("This search is too long to be saved. Choose fewer filters, or fewer words.")
        raise DomainError(refusal, code="too-long")
    # The person's own row is the lock: two windows do not save a fifty-first together.
    User.objects.select_for_update().get(pk=by.pk)
    there = SavedSearch.objects.filter(owner=by, kind=kind, parameters=parameters).first()
    if there is not None:
        return there, False
    if SavedSearch.objects.filter(owner=by).count() >= MOST:
        refusal = _("You have saved %(most)s searches, which is as many as you can keep. ")
        refusal += _("Delete one you do not need, then save this one.")
        raise DomainError(refusal % {"most": MOST}, code="too-many")
    now = timezone.now()
    called = " ".join(name.split())[:LONGEST_NAME] or made
    made_now = SavedSearch(owner=by, kind=kind, parameters=parameters, name=called)
    made_now.created_at = made_now.looked_at = made_now.told_until = now
    made_now.save()
    return made_now, True


def _mine(search: SavedSearch, by: User) -> Any:
    """The row, as long as it is there and theirs."""
    if search.owner_id != by.pk:
        raise PermissionDenied
    return SavedSearch.objects.filter(pk=search.pk)


def rename(search: SavedSearch, *, by: User, name: str) -> None:
    """Call it something else."""
    called = " ".join(name.split())
    if not called or len(called) > LONGEST_NAME:
        raise DomainError(_("Enter a name."), code="name")
    _mine(search, by).update(name=called)


def mute(search: SavedSearch, *, by: User, muted: bool) -> None:
    """Be told no more what is new for it, or be told again from now on."""
    _mine(search, by).update(muted=muted)


def mark_looked(search: SavedSearch, *, by: User) -> None:
    """What is new for it up to now has been seen, also where it was told."""
    _mine(search, by).update(looked_at=timezone.now(), fresh=[])
    _mark_read(search, by)


@transaction.atomic
def delete(search: SavedSearch, *, by: User) -> None:
    """Keep it no more. What was told of it says nothing any more, so it counts as read."""
    _mark_read(search, by)
    _mine(search, by).delete()


def _mark_read(search: SavedSearch, by: User) -> None:
    told = Notification.objects.filter(
        user=by, read_at=None, notice__subject=Subject.SEARCH, notice__subject_id=search.pk
    )
    keys = list(told.values_list("pk", flat=True))
    if keys:
        read(by, keys=keys)


def forget(user: User) -> None:
    """Nothing is kept for somebody who left."""
    SavedSearch.objects.filter(owner=user).delete()


def kept_of(user: User) -> list[dict[str, Any]]:
    """The searches of a person, for their own file."""
    return [
        {
            "name": row.name,
            "of": row.kind,
            "parameters": row.parameters,
            "muted": row.muted,
            "saved": row.created_at.isoformat(),
            "looked": row.looked_at.isoformat(),
        }
        for row in SavedSearch.objects.of(user)
    ]


# --- Telling what is new -----------------------------------------------------------------------


def day_before(now: dt.datetime) -> dt.datetime:
    """The end of the last day that is over for good: whatever is dated within it is there."""
    return (now - MARGIN).astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def tell_new(now: dt.datetime | None = None) -> int:
    """Write down, for every search, what was published since and answers it. Returns how many
    notices are new; ``noticing.tell`` does the rest."""
    until = day_before(now or timezone.now())
    lists = Lists()
    due = SavedSearch.objects.filter(kind__in=SEARCHABLE, told_until__lt=until)
    since = dict(due.order_by().values_list("kind").annotate(Min("told_until")))
    return sum(_tell_kind(kind, moment, until, lists) for kind, moment in sorted(since.items()))


def _tell_kind(kind: str, since: dt.datetime, until: dt.datetime, lists: Lists) -> int:
    due = SavedSearch.objects.due(kind, until)
    about = SEARCHABLE[kind]
    dates = about.since(since) if about.since else _dated_since(kind, since)
    fresh = {key: at for key, at in dates.items() if at <= until}
    if not fresh:
        due.update(told_until=until)
        return 0
    bearing = _bearing(kind, _dated(since, until) if about.since is None else _keyed(fresh))
    # The newest of a list hold all that is new, behind those that came after midnight; of a list
    # in another order all that answers is looked at.
    deep = len(dates) - len(fresh) + NAMED + 1 if about.since is None else DEEPEST
    told = 0
    for asked in _in_portions(due.order_by("parameters").values_list("parameters", flat=True)):
        answers = {}
        for parameters in asked:
            question = lists.read(kind, parameters)
            keys = _with_filters(question, fresh, bearing)
            if keys and not question.query.blank:
                keys.intersection_update(_newest(kind, question, deep))
            if keys:
                answers[parameters] = sorted(
                    ((key, fresh[key]) for key in keys),
                    key=lambda one: (one[1], int(one[0])),
                    reverse=True,
                )
        due.filter(parameters__in=[each for each in asked if each not in answers]).update(
            told_until=until
        )
        told += _write(kind, until, answers)
    return told


def _dated_since(kind: str, since: dt.datetime) -> dict[str, dt.datetime]:
    """Which records the search dates after a moment."""
    rows = SearchDocument.objects.filter(kind=kind, published_at__gt=since)
    return dict(rows.values_list("object_id", "published_at"))


def _dated(since: dt.datetime, until: dt.datetime) -> Q:
    return Q(document__published_at__gt=since, document__published_at__lte=until)


def _keyed(keys: Iterable[str]) -> Q:
    return Q(document__object_id__in=list(keys))


def _bearing(kind: str, new: Q) -> dict[tuple[str, str], set[str]]:
    """Of each value of each group of filters, the new records that bear it. One query."""
    bearing: dict[tuple[str, str], set[str]] = {}
    rows = SearchFacet.objects.filter(new, document__kind=kind)
    for key, group, value in rows.values_list("document__object_id", "group", "value"):
        bearing.setdefault((group, value), set()).add(key)
    return bearing


def _with_filters(
    question: Question, fresh: Iterable[str], bearing: Mapping[tuple[str, str], set[str]]
) -> set[str]:
    """The new records that bear what was chosen: any value of a group, of every group. So only of
    those few is it asked whether they have the words, and often of none."""
    if question.is_wider:
        return set()
    keys = set(fresh)
    for group, values in question.selected.items():
        keys &= set().union(*(bearing.get((group, value), ()) for value in values))
    return keys


def _in_portions(parameters: Any) -> Iterator[list[str]]:
    """Each question once, some at a time, in their order; those answered drop out behind."""
    last = ""
    while portion := list(parameters.filter(parameters__gt=last).distinct()[:QUESTIONS]):
        last = portion[-1]
        yield portion


def _newest(kind: str, question: Question, n: int) -> tuple[str, ...]:
    """The keys of the newest records that answer."""
    return finding.find(kind, question.query, question.selected, sort="newest", per_page=n).ids


Answers = Mapping[str, list[tuple[str, dt.datetime]]]


def _write(kind: str, until: dt.datetime, answers: Answers) -> int:
    """Tell the owners of these searches, some at a time, each in the transaction that notes how
    far they have been told."""
    written, left = 0, bool(answers)
    while left:
        left, new = _write_some(kind, until, answers)
        written += new
    return written


@transaction.atomic
def _write_some(kind: str, until: dt.datetime, answers: Answers) -> tuple[bool, int]:
    """Whether there may be more of them, and how many notices are new."""
    due = SavedSearch.objects.due(kind, until).filter(parameters__in=list(answers))
    # Whoever has the rows tells their owners: another sweep waits here, and then finds none due.
    rows = list(due.select_for_update().order_by("pk")[:ROWS])
    notices: list[Notice] = []
    same: dict[tuple[str, ...] | None, list[int]] = {}
    for row in rows:
        new = [key for key, at in answers[row.parameters] if at > row.told_until]
        if not new or row.muted:
            same.setdefault(None, []).append(row.pk)
            continue
        same.setdefault(tuple([*new, *row.fresh][: NAMED + 1]), []).append(row.pk)
        notices.append(_notice(row, new, until))
    for fresh, keys in same.items():
        changes = {} if fresh is None else {"fresh": list(fresh)}
        SavedSearch.objects.filter(pk__in=keys).update(told_until=until, **changes)
    before = Notice.objects.filter(key__in=[notice.key for notice in notices]).count()
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    return len(rows) == ROWS, len(notices) - before


def _notice(row: SavedSearch, new: list[str], until: dt.datetime) -> Notice:
    """What ``noticing.announce`` would write, for many at once."""
    return Notice(
        key=f"search:{row.pk}:{until:%Y-%m-%d}",
        subject=Subject.SEARCH,
        subject_id=row.pk,
        direct={Reason.CONCERNS: [row.owner_id]},
        to_followers=False,
        data={"keys": new[:NAMED], "more": len(new) > NAMED},
    )
