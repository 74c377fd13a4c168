"""What is known of a call for case stories: how many answered it, and what is public of that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext as _

from catalogue.choices import Publication, SubmissionState
from catalogue.models import Solution, Submission
from participation.models import CaseStory, StoryCall

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User
    from events.models import Event

PUBLISHED = Q(stories__solution__publication=Publication.PUBLIC)


@dataclass(frozen=True, slots=True)
class Line:
    """One call in a list of an event's calls."""

    call: StoryCall
    is_open: bool
    begun: int
    published: int


def lines_of(calls: Iterable[StoryCall], now: dt.datetime) -> list[Line]:
    """The calls with how many stories were begun and how many are public: one query, or none."""
    rows = list(calls)
    if not rows:
        return []
    counted = StoryCall.objects.filter(pk__in=[row.pk for row in rows]).annotate(
        begun=Count("stories"), published=Count("stories", filter=PUBLISHED)
    )
    numbers = {pk: (b, p) for pk, b, p in counted.values_list("pk", "begun", "published")}
    return [Line(row, row.is_open(now), *numbers.get(row.pk, (0, 0))) for row in rows]


def calls_of(event: Event, user: User | AnonymousUser) -> QuerySet[StoryCall]:
    return StoryCall.objects.visible_to(user).filter(event=event).select_related("event")


def public_stories(call: StoryCall) -> QuerySet[Solution]:
    """The solutions this call led to that everybody can read, the latest first."""
    found = Solution.objects.public().for_cards().filter(case_story__call=call)
    return found.order_by("-published_at", "-pk")


def stories_of(call: StoryCall, user: User | AnonymousUser) -> QuerySet[CaseStory]:
    """What this member began for the call, or is on the team of, and nobody else reads yet."""
    if not user.is_authenticated:
        return CaseStory.objects.none()
    own = Solution.objects.of_team(user).filter(publication=Publication.PRIVATE)
    return _begun(call).filter(solution__in=own)


@dataclass(frozen=True, slots=True)
class Begun:
    """How far a case story is, for the organisers: its title and its state, nothing it says."""

    title: str
    hub: str
    begun_at: dt.datetime
    #: The kind of mark and its word.
    status: tuple[str, str]
    url: str


def begun_of(call: StoryCall) -> QuerySet[CaseStory]:
    """Everything begun for a call, the latest first; ``told`` makes rows for organisers of it."""
    return _begun(call)


def told(stories: Iterable[CaseStory]) -> list[Begun]:
    return [_told(story) for story in stories]


def status_of(story: CaseStory) -> tuple[str, str]:
    """A mark and a word. What a desk returned is a draft again: that is its team's matter."""
    publication = story.solution.publication
    if publication == Publication.PUBLIC:
        return "done", _("Published")
    if publication == Publication.WITHDRAWN:
        return "miss", _("Withdrawn")
    if getattr(story, "is_sent", False):
        return "open", _("Sent in")
    return "none", _("Draft")


def _told(story: CaseStory) -> Begun:
    solution = story.solution
    is_public = solution.publication == Publication.PUBLIC
    title = getattr(story, "public_title", None) if is_public else str(solution)
    return Begun(
        title=title or str(solution),
        hub=solution.hub.short if solution.hub else "",
        begun_at=story.begun_at,
        status=status_of(story),
        url=solution.get_absolute_url() if is_public else "",
    )


def _begun(call: StoryCall) -> QuerySet[CaseStory]:
    sent = Submission.objects.filter(solution=OuterRef("solution"), state=SubmissionState.SCREENING)
    return (
        call.stories.select_related("solution__hub")
        .annotate(
            is_sent=Exists(sent),
            # What readers see is frozen; the team may be changing the title again.
            public_title=KeyTextTransform("title", "solution__public_version__content"),
        )
        .order_by("-begun_at", "-pk")
    )
