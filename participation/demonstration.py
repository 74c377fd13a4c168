"""Two example webinars for trying registration, questions and feedback. Both say that they are
examples, and belong to the example hub: nobody real is said to have spoken or come."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from events.models import Event, KeyMessage
from participation.models import Question, Registration
from participation.operations import asking, papers, registering
from participation.operations.webinars import arrange_webinar, mark_held

if TYPE_CHECKING:
    from accounts.models import User
    from hubs.models import Hub

AHEAD = "Example: How registration for a webinar works"
HELD = "Example: What stays of a webinar"
PLACES = 2
#: Who registers for the one to come, in this order; the last two wait.
COMING = ("practitioner", "reviewer", "reviewer-2", "chair")
#: Who had a place at the one that was held.
CAME = ("practitioner", "reviewer")
ZONE = "Africa/Lagos"


@transaction.atomic
def make_examples(people: Mapping[str, User], *, hub: Hub) -> int:
    """Make what is missing of the two, with the demonstration accounts by role as participants."""
    made = 0
    for name, make in ((AHEAD, _ahead), (HELD, _held)):
        if not Event.objects.filter(hub=hub, name=name).exists():
            make(people, hub)
            made += 1
    return made


def _ahead(people: Mapping[str, User], hub: Hub) -> None:
    """In two weeks, full, with a line and two questions."""
    event = _arrange(
        AHEAD,
        "Two places, so that the waiting list can be tried. Nobody speaks: it is an example.",
        _wednesday_after(timezone.localdate() + dt.timedelta(days=14)),
        people,
        hub,
    )
    _register(event, people, COMING)
    first, second = (people[role] for role in COMING[:PLACES])
    question = asking.ask(
        event, by=first, text="Who gets a place that somebody gives back?", with_name=True
    )
    asking.vote(question, by=second, wants=True)
    asking.ask(event, by=second, text="Can I change my time zone?", with_name=False)


def _held(people: Mapping[str, User], hub: Hub) -> None:
    """Registered for ahead of time, held since, with what is left of it."""
    by = people["editor"]
    day = _wednesday_after(timezone.localdate())
    event = _arrange(
        HELD,
        "Answered questions, conclusions, papers and feedback stay on the page of a webinar.",
        day,
        people,
        hub,
    )
    _register(event, people, CAME)
    question = asking.ask(
        event, by=people[CAME[0]], text="How long does the page stay?", with_name=True
    )
    question.answer_question(by=by, answer="As long as the portal: it is the record.")
    _move_back(event, weeks=5)
    mark_held(event, by=by)
    rows = Registration.objects.placed().filter(event=event)
    registering.mark_attendance(event, by=by, took_part={row.uid: True for row in rows})
    for role, useful in zip(CAME, (5, 4), strict=True):
        asking.give_feedback(
            event, by=people[role], useful=useful, will_use="Example answer.", missing=""
        )
    papers.add_paper(
        event,
        by=by,
        url="https://example.org/",
        kind="recording",
        title="Example of a recording: it leads nowhere",
    )
    KeyMessage.objects.create(
        event=event,
        text="Example of a conclusion: what was agreed stands here, in one sentence each.",
        position=1,
    )


def _arrange(name: str, summary: str, day: dt.date, people: Mapping[str, User], hub: Hub) -> Event:
    hours: dict[str, Any] = {
        "day": day,
        "wall_starts": dt.time(14),
        "wall_ends": dt.time(15, 15),
        "zone": ZONE,
    }
    return arrange_webinar(
        by=people["editor"],
        form_key=uuid.uuid4(),
        hub=hub,
        told={"name": name, "summary": summary, "is_public": True},
        hours=hours,
        way_in={
            "is_open": True,
            "places": PLACES,
            "join_url": "https://example.org/",
            "join_note": "Example: the link leads nowhere.",
        },
    )


def _register(event: Event, people: Mapping[str, User], roles: tuple[str, ...]) -> None:
    for role in roles:
        registering.register(
            event, by=people[role], told={"name": str(people[role]), "listing": "participants"}
        )


def _wednesday_after(day: dt.date) -> dt.date:
    return day + dt.timedelta(days=7 - (day.weekday() - 2) % 7)


def _move_back(event: Event, *, weeks: int) -> None:
    """Nobody registers for the past; so it was ahead, and is moved back afterwards."""
    session = event.sessions.get()
    day = dt.date.fromisoformat(event.starts) - dt.timedelta(weeks=weeks)
    session.day = day
    session.clean()
    session.save()
    Event.objects.filter(pk=event.pk).update(starts=day.isoformat(), ends=day.isoformat())
    event.refresh_from_db()
    Question.objects.filter(event=event).update(asked_at=session.starts_at)
