"""The polls of a discussion as one reader sees them: counts only where they may be known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils import timezone

from community.models import Ballot, Discussion, Poll, PollOption
from community.operations.polling import COUNTED_FROM, MOST_POLLS
from community.people import Seen, seen_as, with_people

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

    Reader = User | AnonymousUser


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. ``votes`` is None where the count is not to be known yet."""

    option: PollOption
    is_mine: bool
    votes: int | None
    share: int


@dataclass(frozen=True, slots=True)
class PollSeen:
    """One poll for one reader."""

    poll: Poll
    asked_by: Seen
    answers: list[Answer]
    is_open: bool
    has_voted: bool
    may_vote: bool
    may_close: bool
    #: Whether the counts stand there; if not, while it is open, ``is_waiting`` says that the
    #: reader has voted and too few others have.
    is_counted: bool
    is_waiting: bool
    counted_from: int = COUNTED_FROM


def polls_of(discussion: Discussion, reader: Reader) -> list[PollSeen]:
    """The polls of a discussion this person reads, oldest first. Three queries, two for the
    signed-out, one where there is none."""
    rows = with_people(Poll.objects.filter(discussion=discussion), "asked_by").order_by("pk")
    return seen(rows.prefetch_related("options"), discussion, reader)


def seen(rows: Iterable[Poll], discussion: Discussion, reader: Reader) -> list[PollSeen]:
    polls = list(rows)
    if not polls:
        return []
    mine: dict[int, set[int]] = {}
    if reader.is_authenticated:
        chosen = Ballot.options.through.objects.filter(
            ballot__user=reader, ballot__poll__in=[poll.pk for poll in polls]
        )
        for poll_id, option_id in chosen.values_list("ballot__poll", "polloption"):
            mine.setdefault(poll_id, set()).add(option_id)
    now, votes_now = timezone.now(), may_vote_in(discussion, reader)
    found = []
    for poll in polls:
        poll.discussion = discussion
        found.append(_seen(poll, reader, mine.get(poll.pk, set()), now, votes_now=votes_now))
    return found


def may_vote_in(discussion: Discussion, reader: Reader) -> bool:
    """Whether somebody who reads the discussion may vote there. No query beyond who they are."""
    return discussion.takes_posts() and reader.has_perm("community.take_part")


def _seen(
    poll: Poll, reader: Reader, mine: set[int], now: dt.datetime, *, votes_now: bool
) -> PollSeen:
    is_open = poll.is_open(now)
    # Counted while open only for whoever voted, and only among several.
    is_counted = not is_open or (bool(mine) and poll.ballots_cast >= COUNTED_FROM)
    options = list(poll.options.all())
    return PollSeen(
        poll=poll,
        asked_by=seen_as(poll.asked_by, reader),
        answers=[
            Answer(
                option=option,
                is_mine=option.pk in mine,
                votes=option.votes if is_counted else None,
                share=round(100 * option.votes / max(poll.ballots_cast, 1)) if is_counted else 0,
            )
            for option in options
        ],
        is_open=is_open,
        has_voted=bool(mine),
        may_vote=is_open and votes_now,
        may_close=is_open
        and reader.is_authenticated
        and reader.has_perm("community.close_poll", poll),
        is_counted=is_counted,
        is_waiting=is_open and bool(mine) and not is_counted,
    )


def may_ask(discussion: Discussion, reader: Reader, polls: int) -> bool:
    """Whether the way to a new poll is shown to somebody who reads the discussion."""
    if not reader.is_authenticated or polls >= MOST_POLLS or not discussion.takes_posts():
        return False
    started = discussion.started_by_id == reader.pk and reader.has_perm("community.take_part")
    return bool(started or reader.has_perm("community.keep", discussion))
