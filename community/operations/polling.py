"""Polls: ask, vote, close.

Whoever votes or closes holds the row of the poll to the end of the transaction, and counts are made
anew from the ballots under that lock: they are exact, and no vote comes after the end.

Who chose what is kept so that a member can change their own vote. Nothing reads it for anybody
else: it is in no list, no export, no audit and not at the desk.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext as _

from community.choices import Season
from community.models import Ballot, Discussion, Poll, PollOption
from community.operations.discussing import hold_discussion
from community.screening import screen
from core.errors import DomainError
from core.models import AuditEntry, AuditHead

if TYPE_CHECKING:
    from accounts.models import User

#: So many answers a poll offers.
FEWEST, MOST = 2, 10
#: So many polls a discussion holds.
MOST_POLLS = 10
#: A poll is open so long at most.
LONGEST = dt.timedelta(days=92)
#: While a poll is open its counts are shown from so many votes on: with fewer, whoever looks
#: before and after somebody votes would know what they chose.
COUNTED_FROM = 5


@transaction.atomic
def ask_poll(
    discussion: Discussion,
    *,
    by: User,
    question: str,
    answers: Sequence[str],
    several: bool,
    closes_at: dt.datetime,
    form_key: uuid.UUID,
) -> Poll:
    """Put a question to the readers of a discussion. The same form sent twice is one poll."""
    question = " ".join(question.split())
    answers = [" ".join(answer.split()) for answer in answers]
    _check(answers, closes_at)
    AuditHead.hold()
    row = hold_discussion(discussion)
    # Under the lock: of one form sent twice at once the second finds the first.
    there = Poll.objects.filter(asked_by=by, form_key=form_key).first()
    if there is not None:
        return there
    if not by.has_perm("community.ask_poll", row):
        raise PermissionDenied
    _check_season(row, closes_at)
    if row.polls.count() >= MOST_POLLS:
        raise DomainError(
            _("This discussion has %(n)d polls. It takes no more.") % {"n": MOST_POLLS},
            code="limit",
        )
    poll = Poll(
        discussion=row,
        asked_by=by,
        form_key=form_key,
        question=question,
        several=several,
        closes_at=closes_at,
    )
    poll.full_clean(exclude=["discussion", "asked_by", "form_key"])
    options = [PollOption(poll=poll, text=text, position=n) for n, text in enumerate(answers)]
    for option in options:
        option.full_clean(exclude=["poll"])
    # A poll is not held for a moderator: whoever is still to be read first asks later.
    if not by.has_perm("community.keep", row) and screen(by, f"<p>{escape(question)}</p>").held:
        raise DomainError(
            _(
                "A moderator still reads your posts before others do. You can ask a poll once they"
                " go out at once."
            ),
            code="held",
        )
    poll.save()
    PollOption.objects.bulk_create(options)
    AuditEntry.record(by=by, verb="ask_poll", target=row, poll=poll.uid)
    return poll


def _check(answers: Collection[str], closes_at: dt.datetime) -> None:
    if not FEWEST <= len(answers) <= MOST:
        raise ValidationError(
            {
                "answers": _("Write %(fewest)d to %(most)d answers, each on a line of its own.")
                % {"fewest": FEWEST, "most": MOST}
            }
        )
    if len({answer.casefold() for answer in answers}) < len(answers) or not all(answers):
        raise ValidationError({"answers": _("Each answer stands there once.")})
    now = timezone.now()
    if closes_at <= now:
        raise ValidationError({"day": _("Choose a time that is still to come.")})
    if closes_at > now + LONGEST:
        raise ValidationError({"day": _("Choose a day within three months.")})


def _check_season(discussion: Discussion, closes_at: dt.datetime) -> None:
    """A poll of a month ends with it: nobody could vote afterwards."""
    theme = discussion.theme
    if theme is None or theme.season(closes_at.date()) == Season.OPEN:
        return
    raise ValidationError({"day": _("Choose a time before the theme closes.")})


def _hold(poll: Poll) -> Poll:
    return Poll.objects.select_for_update().get(pk=poll.pk)


@transaction.atomic
def vote(poll: Poll, *, by: User, options: Collection[int]) -> None:
    """Vote, or change one's vote. ``options`` are keys of answers of this poll."""
    row = _hold(poll)
    if not row.is_open(timezone.now()):
        raise DomainError(_("This poll is closed. Nobody can vote any more."), code="closed")
    if not by.has_perm("community.write", row):
        if not by.has_perm("community.take_part"):
            raise PermissionDenied
        raise DomainError(
            _("The discussion takes no more posts, so nobody can vote."), code="closed"
        )
    chosen = list(row.options.filter(pk__in=set(options)).values_list("pk", flat=True))
    if len(chosen) != len(set(options)):
        raise DomainError(_("Choose answers of this poll."), code="forged")
    if not chosen:
        raise DomainError(_("Choose an answer."), code="none")
    if len(chosen) > 1 and not row.several:
        raise DomainError(_("Choose one answer."), code="several")
    ballot, _made = Ballot.objects.get_or_create(poll=row, user=by)
    ballot.options.set(chosen)
    _count(row)


def _count(poll: Poll) -> None:
    """Make the counts of a poll agree with its ballots. Under its row's lock."""
    for option in poll.options.annotate(n=Count("ballots")):
        if option.votes != option.n:
            PollOption.objects.filter(pk=option.pk).update(votes=option.n)
    Poll.objects.filter(pk=poll.pk).update(ballots_cast=poll.ballots.count())


@transaction.atomic
def close_poll(poll: Poll, *, by: User) -> None:
    """End a poll before its time: whoever asked it, or whoever keeps the place. Twice is once."""
    AuditHead.hold()
    row = _hold(poll)
    if not by.has_perm("community.close_poll", row):
        raise PermissionDenied
    now = timezone.now()
    if not row.is_open(now):
        return
    Poll.objects.filter(pk=row.pk).update(closes_at=now)
    AuditEntry.record(by=by, verb="close_poll", target=row.discussion, poll=row.uid)
