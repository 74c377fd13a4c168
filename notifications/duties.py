"""Dates of which people are told: themes that open and close, promises that fall due, profiles
to be confirmed.

Everything is found from dates in the database and told under a ``JobRun`` of its own, so a doubled
clock tells nothing twice. A clock that was away makes up for what still holds: of several
reminders about one date only the nearest is given, and one that the next has overtaken never is.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from accounts.models import User
from community.choices import PostState, Season
from community.models import MonthlyTheme, Post
from core.models import JobRun
from events.choices import Progress
from events.models import Commitment, CommitmentOwner, CommitmentUpdate
from hubs.models import CONFIRMED_FOR_DAYS, Hub, Membership
from notifications import noticing
from notifications.models.notices import Reason, Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Days from the date of a promise at which those who answer for it are told. The last one is given
#: only where nothing was filed since the date.
PROMISE_STEPS = (-30, -7, 0, 30)
#: The last step is of use so many days.
LAST_STEP_HOLDS = 30
#: A theme that closed longer ago is not told of any more.
CLOSING_HOLDS = 7
#: A profile that is still not confirmed so many days after its people were told is told of again,
#: once.
AGAIN_AFTER = dt.timedelta(days=30)
#: Keys looked up at once.
PORTION = 500


@dataclass
class Report:
    """Of how much people are told after one round of the clock."""

    themes: int = 0
    promises: int = 0
    profiles: int = 0

    def __str__(self) -> str:
        return ", ".join(f"{item.name} {getattr(self, item.name)}" for item in fields(self))


def keep_dates() -> Report:
    """One round over everything that has a date."""
    return Report(themes=_themes(), promises=_promises(), profiles=_profiles())


@dataclass(frozen=True, slots=True)
class Due:
    """One thing to be told once: its name among jobs, the record and the date it is about."""

    job: str
    period: str
    subject: str
    subject_id: int
    data: Mapping[str, Any]

    def tell(self, direct: Mapping[str, Iterable[int]], *, to_followers: bool = False) -> bool:
        """Announce it. False if somebody did already, or if there is nobody to tell."""
        if not to_followers and not any(direct.values()):
            return False
        with transaction.atomic():
            if not JobRun.claim(self.job, self.period):
                return False
            noticing.announce(
                self.subject,
                self.subject_id,
                key=f"{self.job}:{self.period}",
                actor=None,
                direct=direct,
                to_followers=to_followers,
                data=dict(self.data),
            )
        return True


def _untold(found: Sequence[Due]) -> list[Due]:
    """Those nobody has been told of. One query for so many hundred."""
    done: set[tuple[str, str]] = set()
    for start in range(0, len(found), PORTION):
        some = found[start : start + PORTION]
        rows = JobRun.objects.filter(
            name__in={due.job for due in some}, period__in={due.period for due in some}
        )
        done.update(rows.values_list("name", "period"))
    return [due for due in found if (due.job, due.period) not in done]


# --- Themes --------------------------------------------------------------------------------------


def _themes() -> int:
    """A theme opens: everybody in the community hears of it, those who facilitate it by name. It
    closes: those who follow it and those who wrote in it. Two queries while nothing is to tell."""
    today = timezone.localdate()
    found: list[Due] = []
    for theme in MonthlyTheme.objects.filter(is_public=True).exclude(month=""):
        season = theme.season(today)
        if season == Season.OPEN:
            found.append(_of_theme(theme, "opens"))
        elif season == Season.CLOSED:
            since = today - theme.last_open_day
            if since <= dt.timedelta(days=CLOSING_HOLDS):
                found.append(_of_theme(theme, "closes"))
    told = 0
    for due in _untold(found):
        direct: dict[str, list[int]] = {Reason.CONCERNS: _facilitators(due.subject_id)}
        if due.data["what"] == "closes":
            direct[Reason.YOURS] = _authors(due.subject_id)
        told += due.tell(direct, to_followers=True)
    return told


def _of_theme(theme: MonthlyTheme, what: str) -> Due:
    """Once for each theme, even if its days are moved afterwards."""
    return Due(f"theme-{what}", str(theme.pk), Subject.THEME, theme.pk, {"what": what})


def _facilitators(theme_id: int) -> list[int]:
    by_account = Q(themes_kept=theme_id) | Q(contributor__themes=theme_id)
    return list(User.objects.filter(by_account).distinct().values_list("pk", flat=True))


def _authors(theme_id: int) -> list[int]:
    posts = Post.objects.filter(discussion__theme=theme_id, state=PostState.SHOWN)
    wrote = posts.exclude(author=None).order_by()
    return list(wrote.values_list("author", flat=True).distinct())


# --- Promises ------------------------------------------------------------------------------------


def last_day_of(due: str) -> dt.date:
    """The day on which a date is over that may be known to the year or the month only."""
    parts = [int(part) for part in due.split("-")]
    year, month = parts[0], parts[1] if len(parts) > 1 else 12
    day = parts[2] if len(parts) > 2 else calendar.monthrange(year, month)[1]
    return dt.date(year, month, day)


def step_of(due: str, today: dt.date) -> int | None:
    """The last step that has come about a date, in days from it; None before the first, and when
    the last is of no use any more."""
    since = (today - last_day_of(due)).days
    if since >= PROMISE_STEPS[-1] + LAST_STEP_HOLDS:
        return None
    return max((step for step in PROMISE_STEPS if step <= since), default=None)


def _promises() -> int:
    """Those who answer for a promise are told before its date, on it, and after it if nothing was
    filed since. A date that is moved is told of anew. Two queries while nothing is to tell."""
    today = timezone.localdate()
    earliest = today - dt.timedelta(days=PROMISE_STEPS[-1] + LAST_STEP_HOLDS)
    latest = today + dt.timedelta(days=-PROMISE_STEPS[0])
    open_ones = Commitment.objects.exclude(progress=Progress.COMPLETE).order_by("pk")
    # Compared as text, so a date known to the year is looked at all that year.
    near = open_ones.filter(due__gte=str(earliest.year), due__lte=latest.isoformat())
    found = []
    for pk, due in near.values_list("pk", "due"):
        step = step_of(due, today)
        if step is not None:
            found.append(
                Due(f"promise-due{step:+d}", f"{pk} {due}", Subject.DUE, pk, {"what": "due"})
            )
    told = 0
    for one in _untold(found):
        due = one.period.split(" ", 1)[1]
        if one.job.endswith(f"{PROMISE_STEPS[-1]:+d}") and _filed_since(one.subject_id, due):
            continue
        told += one.tell({Reason.CONCERNS: who_answers_for(one.subject_id)})
    return told


def _filed_since(commitment_id: int, due: str) -> bool:
    last = CommitmentUpdate.objects.filter(commitment=commitment_id).aggregate(at=Max("at"))["at"]
    return last is not None and timezone.localdate(last) >= last_day_of(due)


def who_answers_for(commitment_id: int) -> list[int]:
    """The people who keep its record and those of the hubs that promised it, as far as they see it;
    portal moderators, where no hub does."""
    commitment = Commitment.objects.select_related("event").get(pk=commitment_id)
    event = commitment.event
    hubs = {event.hub_id} if event.hub_id else set()
    if event.is_public:
        owners = CommitmentOwner.objects.filter(commitment=commitment).exclude(hub=None)
        hubs.update(owners.values_list("hub", flat=True))
    people = User.objects.filter(is_active=True)
    desk = Membership.objects.filter(hub__in=hubs, role__in=Membership.DESK)
    found = list(people.filter(pk__in=desk.values("user")).values_list("pk", flat=True))
    return found or list(people.filter(is_staff=True).values_list("pk", flat=True))


# --- Profiles ------------------------------------------------------------------------------------


def _profiles() -> int:
    """Focal points are told that their hub's profile is to be confirmed, and once more a month
    later. Three queries while nothing is to tell."""
    now = timezone.now()
    kept = dt.timedelta(days=CONFIRMED_FOR_DAYS + 1)
    hubs = Hub.objects.filter(merged_into=None)
    due = hubs.filter(Q(confirmed_at=None) | Q(confirmed_at__lte=now - kept))
    with_focal_point = Membership.objects.filter(
        role=Membership.Role.FOCAL_POINT, user__is_active=True
    )
    asked = due.filter(pk__in=with_focal_point.values("hub")).order_by("pk")
    found = [
        Due(
            "profile-due",
            f"{pk} {last.date().isoformat() if last else 'never'}",
            Subject.CONFIRM,
            pk,
            {"what": "due"},
        )
        for pk, last in asked.values_list("pk", "confirmed_at")
    ]
    first = {due.period: due for due in found}
    long_ago = JobRun.objects.filter(name="profile-due", created_at__lte=now - AGAIN_AFTER)
    again = [
        Due("profile-due-again", period, Subject.CONFIRM, first[period].subject_id, {"what": "due"})
        for period in long_ago.values_list("period", flat=True)
        if period in first
    ]
    told = 0
    for one in _untold([*found, *again]):
        focal = with_focal_point.filter(hub=one.subject_id).values_list("user", flat=True)
        told += one.tell({Reason.CONCERNS: list(focal)})
    return told
