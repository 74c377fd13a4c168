"""What happens to solutions, hubs, events and commitments becomes notices for those who follow
them. Only what everybody can read is told, so drafts and what a panel does say nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from accounts.models import User
from assessment.models import Assessment
from assessment.signals import assessment_published
from catalogue.models import Solution
from catalogue.signals import solution_moved
from events.choices import EventKind, EventStatus, Progress
from events.models import Commitment, CommitmentUpdate, Document, Event
from events.signals import (
    commitment_updated,
    conclusion_added,
    document_added,
    event_changed,
    programme_written,
)
from hubs.models import Hub
from hubs.signals import profile_changed, profile_confirmed
from notifications import noticing
from notifications.hearing import announce
from notifications.models.notices import Subject
from participation.choices import PaperAudience, PaperKind
from participation.models import Paper, PaperVersion
from participation.signals import arrangements_changed, paper_added, paper_opened
from participation.timing import span_of
from validation.models import Record
from validation.signals import record_moved

#: Moves of a label its followers hear of. One that takes the place of another is told as given.
LABEL_MOVES = frozenset({"issue", "suspend_record", "restore_record", "revoke", "expire"})
#: Changes of a profile nobody needs to hear of.
TRIVIAL = frozenset({"slug", "is_listed", "is_pilot"})
#: What an event may become that those who follow it hear of.
STATUSES = (EventStatus.CONFIRMED, EventStatus.POSTPONED, EventStatus.CANCELLED)


def _person(by: Any) -> User | None:
    """Who did it, if a person did and not the portal by itself."""
    return by if isinstance(by, User) and by.pk else None


def _today() -> str:
    """What is told at most once a day has the day in its key."""
    return timezone.localdate().isoformat()


def _instant(at: dt.datetime | None) -> str:
    return f"{(at or timezone.now()).timestamp():.3f}"


# --- Solutions -----------------------------------------------------------------------------------


@receiver(solution_moved, dispatch_uid="followers-hear-of-a-solution")
def hear_solution(solution: Solution, verb: str, by: Any, **_: Any) -> None:
    """Its first publication is for those who follow its hub, all else for its own followers."""
    if verb == "publish":
        _tell_the_hub(solution, by)
        return
    keys = {
        "renew": str(solution.public_version_id),
        "withdraw": _instant(solution.withdrawn_at),
        "restore": _instant(None),
    }
    if verb in keys:
        version = {"version": solution.public_version_id} if verb == "renew" else {}
        announce(
            Subject.SOLUTION,
            solution.pk,
            key=f"solution:{solution.pk}:{verb}:{keys[verb]}",
            actor=_person(by),
            data={"what": verb, **version},
        )


def _tell_the_hub(solution: Solution, by: Any) -> None:
    """Of a registry that is taken over, hundreds may come in one day: those are told once."""
    if solution.hub_id is None:
        return
    key, data = f"hub:solution:{solution.pk}", {"what": "solution", "solution": solution.pk}
    if solution.collection:
        key, data = f"hub:{solution.hub_id}:solutions:{_today()}", {"what": "solutions"}
    announce(Subject.HUB, solution.hub_id, key=key, actor=_person(by), data=data)


@receiver(record_moved, dispatch_uid="followers-hear-of-a-label")
def hear_label(record: Record, verb: str, by: Any, **_: Any) -> None:
    """No more than the public page says: what, and on which day. The hour of a decision could tell
    who made it."""
    if verb not in LABEL_MOVES:
        return
    day = timezone.now().astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    announce(
        Subject.SOLUTION,
        record.solution_id,
        key=f"record:{record.pk}:{verb}:{_instant(record.state_since)}",
        actor=_person(by),
        data={"what": verb, "record": record.pk},
        at=day,
    )


# --- Hubs ----------------------------------------------------------------------------------------


@receiver(profile_changed, dispatch_uid="followers-hear-of-a-profile")
def hear_profile(hub: Hub, by: Any, changed: list[str], **_: Any) -> None:
    """At most once a day, however many fields are written one after the other."""
    if not TRIVIAL.issuperset(changed):
        announce(
            Subject.HUB,
            hub.pk,
            key=f"hub:{hub.pk}:profile:{_today()}",
            actor=_person(by),
            data={"what": "profile"},
        )


@receiver(assessment_published, dispatch_uid="followers-hear-of-an-assessment")
def hear_assessment(assessment: Assessment, by: Any, **_: Any) -> None:
    opened = ["assessment", "road_map"] if assessment.shares_road_map else ["assessment"]
    for what in opened:
        announce(
            Subject.HUB,
            assessment.hub_id,
            key=f"hub:{what}:{assessment.pk}",
            actor=_person(by),
            data={"what": what, "assessment": assessment.pk},
        )


@receiver(profile_confirmed, dispatch_uid="a-confirmed-profile-is-settled")
def settle_profile(hub: Hub, **_: Any) -> None:
    noticing.settle(Subject.CONFIRM, hub.pk)


# --- Events --------------------------------------------------------------------------------------


def _of_event(event_id: int, by: Any, key: str, what: str, **data: Any) -> None:
    announce(
        Subject.EVENT,
        event_id,
        key=f"event:{event_id}:{key}",
        actor=_person(by),
        data={"what": what, **data},
    )


@receiver(event_changed, dispatch_uid="followers-hear-of-a-changed-event")
def hear_event(event: Event, what: set[str], by: Any, **_: Any) -> None:
    """Whether it takes place comes first: where and when one that is cancelled would have been,
    nobody needs to hear."""
    if "status" in what and event.status in STATUSES:
        key = f"status:{event.status}:{_instant(None)}"
        _of_event(event.pk, by, key, "status", status=event.status)
    moved = sorted(what & {"dates", "place"})
    if moved and event.status not in (EventStatus.CANCELLED, EventStatus.HELD):
        _of_event(event.pk, by, f"moved:{_instant(None)}", "moved", changed=moved)


@receiver(arrangements_changed, dispatch_uid="followers-hear-of-arrangements")
def hear_arrangements(event: Event, what: str, by: Any, **_: Any) -> None:
    """Webinars, whose hours and place are on their own page. The way in is for those with a
    place."""
    if what == "hours" and event.status != EventStatus.HELD:
        _of_event(
            event.pk, by, f"moved:{_instant(None)}", "moved", changed=["hours"], arranged=what
        )
    elif what == "cancelled":
        key = f"status:{event.status}:{_instant(None)}"
        _of_event(event.pk, by, key, "status", status=event.status, arranged=what)


@receiver(programme_written, dispatch_uid="followers-hear-of-a-programme")
def hear_programme(event: Event, by: Any, **_: Any) -> None:
    """At most once a day: a programme is entered bit by bit. The one session of a webinar is told
    by its hours; what is over is only being put on record."""
    if event.kind != EventKind.WEBINAR and event.is_ahead_of(timezone.localdate()):
        _of_event(event.pk, by, f"programme:{_today()}", "programme")


@receiver(paper_added, dispatch_uid="followers-hear-of-a-paper")
def hear_paper(version: PaperVersion, by: Any, **_: Any) -> None:
    _tell_of_paper(version.paper, by)


@receiver(paper_opened, dispatch_uid="followers-hear-of-an-opened-paper")
def hear_opened(paper: Paper, by: Any, **_: Any) -> None:
    _tell_of_paper(paper, by)


def _tell_of_paper(paper: Paper, by: Any) -> None:
    """Of each recording once, of other papers at most once a day; never of what not everybody may
    open. What stands there before it begins is no recording of it yet."""
    if paper.audience != PaperAudience.PUBLIC:
        return
    begins = span_of(paper.event).begins
    if paper.kind == PaperKind.RECORDING and (begins is None or begins <= timezone.now()):
        _of_event(paper.event_id, by, f"recording:{paper.pk}", "recording", paper=paper.pk)
    else:
        _of_event(paper.event_id, by, f"papers:{_today()}", "papers")


@receiver(document_added, dispatch_uid="followers-hear-of-a-document")
def hear_document(document: Document, by: Any, **_: Any) -> None:
    key = f"document:{document.pk}"
    _of_event(document.event_id, by, key, "document", document=document.pk)


@receiver(conclusion_added, dispatch_uid="followers-hear-of-conclusions")
def hear_conclusion(event: Event, by: Any, **_: Any) -> None:
    _of_event(event.pk, by, f"conclusions:{_today()}", "conclusions")


# --- Commitments ---------------------------------------------------------------------------------


@receiver(commitment_updated, dispatch_uid="followers-hear-of-an-update")
def hear_update(commitment: Commitment, update: CommitmentUpdate, by: Any, **_: Any) -> None:
    announce(
        Subject.COMMITMENT,
        commitment.pk,
        key=f"update:{update.pk}",
        actor=_person(by),
        data={"what": "update", "update": update.pk},
    )
    if update.progress == Progress.COMPLETE:
        noticing.settle(Subject.DUE, commitment.pk)
