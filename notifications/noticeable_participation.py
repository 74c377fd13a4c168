"""What people who registered for an event are told of it, all of them at once.

Who they are is read when they are told, in portions; the words are fixed then, for each language
and zone. A reminder is read once more when it is sent or shown: it says nothing to somebody who
gave the place back, nor once the event was put off or cancelled.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from accounts.kinds import NoticeKind
from events.choices import EventStatus
from events.models import Event
from notifications.models.notices import Reason, Subject
from notifications.noticeable import NOTICEABLE, Line, Noticeable, Stream, letter_lines
from participation import letters
from participation.models import Paper, Registration
from participation.timing import hours_of, span_from, span_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from accounts.letters import LetterText
    from accounts.models import User
    from notifications.models.notices import Notice, Notification

#: What organisers change.
ARRANGED = frozenset({"hours", "link", "cancelled"})
#: Told only of an event that people can come to.
BEFORE = frozenset({"hours", "link", "reminder"})
#: Told only of an event whose page everybody can open.
OPEN = frozenset({"reminder", "feedback", "recording"})


def _kind(notice: Notice, _reason: str) -> NoticeKind:
    return letters.TO_ALL[notice.data["what"]].kind


def _streams(notice: Notice) -> list[Stream]:
    """Those who registered, in the states that are told of this."""
    what = notice.data["what"]
    event = Event.objects.filter(pk=notice.subject_id).first()
    if event is None or (what in OPEN and not event.is_public):
        return []
    if what in BEFORE and (
        event.status == EventStatus.CANCELLED or span_of(event).is_over(timezone.now())
    ):
        return []
    if what == "reminder" and not _is_still_to_come(notice, event):
        return []
    if what == "recording" and _recording(notice) is None:
        return []
    return [letters.readers_of(what, event.pk).values_list("user_id", flat=True)]


def _letter(notice: Notice, language: str, zone: str) -> LetterText:
    event = Event.objects.select_related("country").get(pk=notice.subject_id)
    context: dict[str, Any] = {}
    if notice.data["what"] == "cancelled":
        context["reason"] = notice.data.get("reason", "")
    paper = _recording(notice)
    return letters.words(notice.data["what"], event, language, zone, paper=paper, **context)


def _recording(notice: Notice) -> Paper | None:
    """What can be watched, as long as it can."""
    if "paper" not in notice.data:
        return None
    papers = Paper.objects.filter(pk=notice.data["paper"], withdrawn_at=None)
    return papers.select_related("event").first()


def _is_still_to_come(notice: Notice, event: Event) -> bool:
    """Whether it begins when the reminder says, and has not yet."""
    return notice.until is not None and timezone.now() < notice.until == span_of(event).begins


def _lines(rows: Iterable[Notification], user: User) -> dict[int, Line]:
    """As it was written down, of what still holds. Three queries at most, for however many."""
    rows = list(rows)
    about = {row.notice.subject_id for row in rows if row.notice.data["what"] in OPEN}
    begins = _begins_of(about, user) if about else {}
    reminded = [row.notice.subject_id for row in rows if row.notice.data["what"] == "reminder"]
    placed: set[int] = set()
    if reminded:
        mine = Registration.objects.placed().filter(user=user, event__in=reminded)
        placed = set(mine.values_list("event_id", flat=True))
    named = {row.notice.data["paper"] for row in rows if row.notice.data["what"] == "recording"}
    papers: set[int] = set()
    if named:
        shown = Paper.objects.filter(pk__in=named, withdrawn_at=None)
        papers = set(shown.values_list("pk", flat=True))

    def holds(notice: Notice) -> bool:
        event = notice.subject_id
        match notice.data["what"]:
            case "reminder":
                return event in placed and begins.get(event) == notice.until
            case "feedback":
                return event in begins
            case "recording":
                return event in begins and notice.data["paper"] in papers
        return True

    return letter_lines([row for row in rows if holds(row.notice)], user)


def _begins_of(events: set[int], user: User) -> dict[int, dt.datetime | None]:
    """When those of the events begin that the reader sees and that take place. One query."""
    rows = Event.objects.visible_to(user).filter(pk__in=events)
    rows = rows.exclude(status=EventStatus.CANCELLED).order_by()
    found = {}
    for event in rows.annotate(**hours_of("sessions__")):
        hours = {name: getattr(event, name) for name in hours_of("")}
        found[event.pk] = span_from(event, **hours).begins
    return found


NOTICEABLE[Subject.ARRANGEMENT] = Noticeable(
    _streams,
    _lines,
    NoticeKind.PLACE,
    letter=_letter,
    kind_of=_kind,
    reason=lambda _notice: Reason.CONCERNS,
)
