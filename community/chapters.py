"""A chapter as one reader sees it: when it meets, who belongs to it, from which institutions.

What is inside a private chapter is asked of the database only for those who may read it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q

from accounts.models import Audience, Profile
from community.choices import ChapterRole
from community.models import Chapter, ChapterMember
from community.people import Seen, seen_as, with_people
from core import walltime
from events.choices import EventStatus
from events.models import Event
from participation.models import zone_of
from participation.times import Clock, shows_the_same
from participation.timing import Span, hours_of, span_from

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser
    from django.db.models import QuerySet

    from accounts.models import User

    Reader = User | AnonymousUser

#: So many meetings stand on the page, the latest; the calendar has more.
MEETINGS = 60
#: Of those that are over, so many.
HELD = 8
#: So many institutions and coordinators are named.
NAMED = 24


@dataclass(frozen=True, slots=True)
class Meeting:
    """The next meeting on the clocks of the chapter, and of the reader where they differ."""

    event: Event
    chapter: Clock
    reader: Clock | None


@dataclass(slots=True)
class Inside:
    """What is for those who may enter the chapter."""

    members: int = 0
    asked: int = 0
    institutions: list[str] = field(default_factory=list)
    coordinators: list[Seen] = field(default_factory=list)
    next: Meeting | None = None
    coming: list[Event] = field(default_factory=list)
    held: list[Event] = field(default_factory=list)


def membership_of(chapter: Chapter, user: Reader) -> ChapterMember | None:
    """What this person is in the chapter. One query, none for the signed-out."""
    if not user.is_authenticated:
        return None
    return ChapterMember.objects.filter(chapter=chapter, user=user).first()


def inside(chapter: Chapter, user: Reader, *, zone: str, now: dt.datetime) -> Inside:
    """Four queries, however many people and meetings there are."""
    asked = Q(role=ChapterRole.ASKED)
    rows = ChapterMember.objects.filter(chapter=chapter, user__is_active=True)
    counts: dict[str, Any] = rows.aggregate(
        members=Count("pk", filter=~asked), asked=Count("pk", filter=asked)
    )
    found = Inside(**counts)
    coordinators = with_people(rows.coordinators(), "user")
    found.coordinators = [seen_as(row.user, user) for row in coordinators.order_by("pk")[:NAMED]]
    found.institutions = institutions(chapter, user)
    _meet(found, chapter, events_of(chapter, user), zone=zone, now=now)
    return found


def institutions(chapter: Chapter, user: Reader) -> list[str]:
    """The organisations members told and opened to this reader, by name."""
    open_ones = Q(audiences__organisation=Audience.PUBLIC)
    if user.is_authenticated:
        # A field that is not named is for members.
        open_ones |= Q(audiences__organisation=Audience.MEMBERS) | ~Q(
            audiences__has_key="organisation"
        )
    belongs = ChapterMember.objects.belonging().filter(chapter=chapter).values("user")
    rows = Profile.objects.filter(open_ones, user__in=belongs, user__is_active=True)
    names = (
        rows.exclude(organisation="")
        .order_by("organisation")
        .values_list("organisation", flat=True)
    )
    return list(names.distinct()[:NAMED])


def events_of(chapter: Chapter, user: Reader) -> QuerySet[Event]:
    """Meetings of the chapter this person sees, of a chapter they may enter."""
    return chapter.events.filter(pk__in=Event.objects.visible_to(user)).select_related("country")


def _meet(
    found: Inside, chapter: Chapter, events: QuerySet[Event], *, zone: str, now: dt.datetime
) -> None:
    """What comes, the nearest first, and what is over, the latest first."""
    rows: QuerySet[Any] = events.annotate(**hours_of("sessions__")).order_by("-starts", "-pk")
    today = now.date()
    coming: list[tuple[dt.datetime, Event, Span]] = []
    undated: list[Event] = []
    for event in list(rows[:MEETINGS]):
        span = span_from(event, first=event.first, last_start=event.last_start, last=event.last)
        if event.status in {EventStatus.HELD, EventStatus.CANCELLED}:
            found.held.append(event)
        elif span.begins is not None and not span.is_over(now):
            coming.append((span.begins, event, span))
        elif span.begins is None and (not event.starts or event.is_ahead_of(today)):
            undated.append(event)
        else:
            found.held.append(event)
    coming.sort(key=lambda row: (row[0], row[1].pk))
    if coming:
        found.next = _meeting(coming[0][1], coming[0][2], chapter, zone)
    found.coming = [event for _begins, event, _span in coming] + undated
    del found.held[HELD:]


def _meeting(event: Event, span: Span, chapter: Chapter, zone: str) -> Meeting | None:
    if span.begins is None:
        return None
    own = chapter.zone if chapter.zone in walltime.zones() else zone_of(event)
    host = Clock.of(zone_of(event), span.begins, span.ends)
    # Of a meeting of which only days are known, the days of its place are all there is to say.
    there = host if host.is_whole_days else Clock.of(own, span.begins, span.ends)
    reader = Clock.of(zone, span.begins, span.ends)
    alike = host.is_whole_days or shows_the_same(there, reader)
    return Meeting(event, there, None if alike else reader)
