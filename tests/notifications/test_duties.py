"""Dates of which people are told: once each, by whichever clock, and nothing that is over."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from community.models import Member, MonthlyTheme
from core.models import JobRun
from events import operations as promising
from events.models import Commitment, CommitmentOwner
from hubs import operations as keeping
from hubs.models import Hub
from notifications import duties, noticing, tasks
from notifications.delivering import deliver_owed
from notifications.models import Follow, Notice, Notification, Reason
from notifications.noticeable import lines_of
from tests import racing
from tests.community.factories import make_discussion, make_theme
from tests.community.factories import make_member as make_writer
from tests.events.factories import make_commitment, make_event, make_person, make_source
from tests.factories import make_hub, make_member, make_user

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC), tick=False) as clock:
        yield clock


def told(user: User) -> list[tuple[str, str]]:
    """What somebody was told, why and what it says now."""
    rows = list(Notification.objects.filter(user=user).select_related("notice").order_by("pk"))
    lines = lines_of(rows, User.objects.get(pk=user.pk))
    return [(row.reason, lines[row.pk].text if row.pk in lines else "") for row in rows]


def follow(theme: MonthlyTheme, **how: Any) -> User:
    user = make_user()
    Follow.objects.create(user=user, kind="theme", subject_id=theme.pk, **how)
    return user


# --- Themes --------------------------------------------------------------------------------------


def test_everybody_in_the_community_hears_that_a_theme_opens(clock: Any) -> None:
    theme = make_theme(month="2026-03", title="Deeper wells")
    member, steward, facilitator, gone = make_writer(), make_user(), make_user(), make_writer()
    muted = follow(theme, muted=True)
    reader, passer = follow(theme), make_user()
    theme.stewards.add(steward)
    theme.facilitators.add(make_person(user=facilitator))
    User.objects.filter(pk=gone.pk).update(is_active=False)

    for _n in range(3):
        tasks.keep_dates()

    said = "Open until 31 March 2026"
    assert told(member) == told(reader) == [(Reason.MEMBER, said)]
    assert told(steward) == told(facilitator) == [(Reason.CONCERNS, said)]
    assert told(gone) == told(muted) == told(passer) == []
    kinds = dict(Notification.objects.values_list("user", "kind"))
    assert (kinds[member.pk], kinds[steward.pk]) == ("theme", "role")


def test_that_it_closes_is_told_to_those_who_follow_it_or_wrote_in_it(clock: Any) -> None:
    theme = make_theme(month="2026-02", title="Deeper wells")
    reader, member = follow(theme), make_writer()
    clock.move_to(dt.datetime(2026, 2, 10, tzinfo=dt.UTC))
    writer = make_writer()
    make_discussion(theme, by=writer)
    clock.move_to(dt.datetime(2026, 3, 3, tzinfo=dt.UTC))
    noticing.tell_owed()
    Notification.objects.all().delete()

    for _n in range(2):
        tasks.keep_dates()

    assert told(reader) == [(Reason.FOLLOWING, "The theme has closed")]
    assert told(writer) == [(Reason.YOURS, "The theme has closed")]
    assert told(member) == []


@pytest.mark.parametrize(
    ("at", "jobs"),
    [
        ("2026-02-28", []),
        ("2026-03-01", ["theme-opens"]),
        ("2026-03-31", ["theme-opens"]),
        ("2026-04-01", ["theme-closes"]),
        ("2026-04-07", ["theme-closes"]),
        ("2026-04-08", []),
    ],
)
def test_a_clock_that_was_away_makes_up_for_what_still_holds(
    clock: Any, at: str, jobs: list[str]
) -> None:
    make_theme(month="2026-03")
    make_theme(month="2026-03", is_public=False)
    clock.move_to(dt.datetime.fromisoformat(f"{at}T12:00:00+00:00"))

    assert duties.keep_dates().themes == len(jobs)
    assert list(JobRun.objects.values_list("name", flat=True)) == jobs


def test_days_of_its_own_are_kept_and_moved_days_tell_nobody_twice(clock: Any) -> None:
    theme = make_theme(
        month="2026-03", opens_on=dt.date(2026, 3, 5), closes_on=dt.date(2026, 3, 20)
    )
    member = make_writer()
    tasks.keep_dates()
    assert told(member) == []

    clock.move_to(dt.datetime(2026, 3, 5, tzinfo=dt.UTC))
    tasks.keep_dates()
    MonthlyTheme.objects.filter(pk=theme.pk).update(opens_on=dt.date(2026, 3, 6))
    clock.shift(DAY)
    tasks.keep_dates()

    assert told(member) == [(Reason.MEMBER, "Open until 20 March 2026")]


def test_a_theme_taken_back_meanwhile_is_told_to_nobody(clock: Any) -> None:
    theme, member = make_theme(month="2026-03"), make_writer()
    duties.keep_dates()
    MonthlyTheme.objects.filter(pk=theme.pk).update(is_public=False)

    noticing.tell_owed()

    assert told(member) == []


def crowd(n: int) -> None:
    people = User.objects.bulk_create(
        [User(email=f"m{k}@test.example", name=f"M {k}") for k in range(n)]
    )
    Member.objects.bulk_create(
        [Member(user=user, handle=f"crowd-{k:05d}") for k, user in enumerate(people)]
    )


def test_three_thousand_members_are_told_in_portions(clock: Any) -> None:
    crowd(3000)
    make_theme(month="2026-03")
    duties.keep_dates()
    notice = Notice.objects.get(subject="theme")

    with CaptureQueriesContext(connection) as asked:
        assert noticing.tell(notice_id=notice.pk, at_most=1) == noticing.PORTION
    first = len(asked)
    with CaptureQueriesContext(connection) as asked:
        assert noticing.tell(notice_id=notice.pk, at_most=1) == noticing.PORTION
    assert len(asked) == first
    noticing.tell_owed()

    rows = Notification.objects.filter(notice=notice)
    assert rows.count() == rows.values("user").distinct().count() == 3000
    assert set(User.objects.filter(email__startswith="m").values_list("unread", flat=True)) == {1}


# --- Promises ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("due", "day"),
    [("2026", "2026-12-31"), ("2024-02", "2024-02-29"), ("2026-05-06", "2026-05-06")],
)
def test_a_date_lasts_as_long_as_it_may(due: str, day: str) -> None:
    assert duties.last_day_of(due).isoformat() == day


@pytest.mark.parametrize(
    ("days", "step"),
    [
        (-31, None), (-30, -30), (-8, -30), (-7, -7), (-1, -7), (0, 0), (29, 0), (30, 30),
        (59, 30), (60, None), (4000, None),
    ],
)  # fmt: skip
def test_of_several_steps_the_nearest_counts(days: int, step: int | None) -> None:
    due = dt.date(2026, 5, 6)
    assert duties.step_of(due.isoformat(), due + days * DAY) == step


def promise(**values: Any) -> tuple[Commitment, User]:
    """A promise of a hub's event, and the editor who keeps its record."""
    hub = make_hub()
    editor = make_member(hub, "editor")
    return make_commitment(make_event(hub=hub), **{"due": "2026-03-31"} | values), editor


def update(commitment: Commitment, **values: Any) -> None:
    promising.add_update(
        commitment,
        by=make_user(is_staff=True),
        **{"progress": "limited", "text": "Two wells are dug.", "reference": make_source()}
        | values,
    )


def jobs() -> list[str]:
    return list(JobRun.objects.order_by("pk").values_list("name", flat=True))


def test_those_who_answer_for_a_promise_hear_of_each_date_once(clock: Any) -> None:
    commitment, editor = promise(text="Dig three wells.")

    for _day in range(100):
        tasks.keep_dates()
        tasks.keep_dates()
        clock.shift(DAY)

    assert jobs() == ["promise-due-30", "promise-due-7", "promise-due+0", "promise-due+30"]
    assert told(editor) == [(Reason.CONCERNS, f"{commitment.number} · Was due: 31 March 2026")] * 4
    assert set(Notification.objects.values_list("kind", flat=True)) == {"promise"}


def test_the_mail_says_when_it_is_due(clock: Any) -> None:
    commitment, editor = promise(text="Dig three wells.")
    tasks.keep_dates()
    deliver_owed()

    (sent,) = mail.outbox
    assert sent.to == [editor.email]
    assert sent.subject == f"{commitment.number} · Due: 31 March 2026: Dig three wells."
    assert commitment.get_absolute_url() in sent.body


@pytest.mark.parametrize(
    ("away", "given"),
    [(0, ["promise-due-30"]), (3, ["promise-due-30"]), (24, ["promise-due-7"]),
     (33, ["promise-due+0"]), (70, ["promise-due+30"]), (95, [])],
)  # fmt: skip
def test_a_clock_that_was_away_gives_the_nearest_reminder_alone(
    clock: Any, away: int, given: list[str]
) -> None:
    promise()
    clock.shift(away * DAY)
    assert duties.keep_dates().promises == len(given)
    assert jobs() == given


def test_what_is_kept_or_reported_on_is_not_asked_for(clock: Any) -> None:
    kept, _editor = promise(progress="complete", fulfilled_on="2026-02")
    reported, _editor = promise()
    early, _editor = promise()
    undated, _editor = promise(due="")
    clock.move_to(dt.datetime(2026, 3, 20, tzinfo=dt.UTC))
    update(early)
    clock.move_to(dt.datetime(2026, 4, 10, tzinfo=dt.UTC))
    update(reported)
    clock.move_to(dt.datetime(2026, 5, 1, tzinfo=dt.UTC))

    duties.keep_dates()

    told_of = Notice.objects.filter(subject="due").values_list("subject_id", flat=True)
    assert list(told_of) == [early.pk]
    assert {kept.pk, undated.pk}.isdisjoint(told_of)


def test_a_moved_date_is_told_of_anew(clock: Any) -> None:
    commitment, editor = promise()
    tasks.keep_dates()
    Commitment.objects.filter(pk=commitment.pk).update(due="2026-03-30")
    tasks.keep_dates()
    assert len(told(editor)) == 2


def test_a_promise_kept_meanwhile_is_settled(clock: Any) -> None:
    commitment, editor = promise()
    tasks.keep_dates()
    editor.refresh_from_db()
    assert editor.unread == 1

    update(commitment, progress="complete", happened_on="2026-02")
    deliver_owed()

    editor.refresh_from_db()
    assert (editor.unread, told(editor)) == (0, [(Reason.CONCERNS, "")])
    assert mail.outbox == []


def test_who_answers_for_a_promise() -> None:
    hub, owner = make_hub(), make_hub()
    editor, focal, member = (make_member(hub, role) for role in ("editor", "focal_point", "member"))
    theirs, moderator = make_member(owner, "editor"), make_user(is_staff=True)
    event = make_event(hub=hub)
    commitment = make_commitment(event, owners=())
    CommitmentOwner.objects.create(commitment=commitment, name="Hub", hub=owner)
    of_nobody = make_commitment(make_event(), owners=())

    assert set(duties.who_answers_for(commitment.pk)) == {editor.pk, focal.pk, theirs.pk}
    assert duties.who_answers_for(of_nobody.pk) == [moderator.pk]
    event.is_public = False
    event.save()
    assert set(duties.who_answers_for(commitment.pk)) == {editor.pk, focal.pk}
    assert member.pk not in duties.who_answers_for(commitment.pk)


# --- Profiles ------------------------------------------------------------------------------------


def confirmed(days_ago: int, now: dt.datetime) -> tuple[Hub, User]:
    hub = make_hub(confirmed_at=now - days_ago * DAY)
    return hub, make_member(hub, "focal_point")


NOW = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)


def test_focal_points_are_asked_once_and_once_more_a_month_later(clock: Any) -> None:
    hub, focal = confirmed(365, NOW)
    editor = make_member(hub, "editor")

    tasks.keep_dates()
    assert told(focal) == []
    seen = []
    for _day in range(70):
        clock.shift(DAY)
        tasks.keep_dates()
        tasks.keep_dates()
        seen.append(len(told(focal)))

    assert [seen.count(n) for n in (0, 1, 2)] == [0, 30, 40]
    assert told(focal) == [(Reason.CONCERNS, "Confirm the profile")] * 2
    assert told(editor) == []
    (line, _again) = lines_of(
        list(Notification.objects.filter(user=focal).select_related("notice")), focal
    ).values()
    assert line.url == reverse("hubs:team:confirm", args=[hub.slug])


def test_a_profile_nobody_ever_confirmed_is_asked_for_when_there_is_somebody_to_ask(
    clock: Any,
) -> None:
    hub = make_hub()
    make_member(hub, "editor")
    assert duties.keep_dates().profiles == 0

    focal = make_member(hub, "focal_point")
    assert duties.keep_dates().profiles == 1
    noticing.tell_owed()

    assert told(focal) == [(Reason.CONCERNS, "Confirm the profile")]


def test_a_confirmed_profile_is_settled_and_asked_for_again_a_year_later(clock: Any) -> None:
    hub, focal = confirmed(400, NOW)
    tasks.keep_dates()

    keeping.confirm(hub, by=focal)
    deliver_owed()

    focal.refresh_from_db()
    assert (focal.unread, told(focal), mail.outbox) == (0, [(Reason.CONCERNS, "")], [])
    clock.shift(60 * DAY)
    tasks.keep_dates()
    assert len(told(focal)) == 1
    clock.shift(307 * DAY)
    tasks.keep_dates()
    assert told(focal)[-1] == (Reason.CONCERNS, "Confirm the profile")


def test_who_is_no_focal_point_any_more_reads_nothing(clock: Any) -> None:
    _hub, focal = confirmed(400, NOW)
    tasks.keep_dates()
    focal.memberships.all().delete()
    assert told(focal) == [(Reason.CONCERNS, "")]


# --- The clock -----------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 12])
def test_a_round_with_nothing_to_tell_costs_the_same_however_much_was_told(
    n: int, clock: Any
) -> None:
    for _n in range(n):
        make_theme(month="2026-03")
        promise()
        confirmed(400, NOW)
    duties.keep_dates()

    with CaptureQueriesContext(connection) as asked:
        report = duties.keep_dates()

    assert str(report) == "themes 0, promises 0, profiles 0"
    assert len(asked) == ROUND


#: Queries of a round of the clock.
ROUND = 7


@pytest.mark.django_db(transaction=True)
def test_two_clocks_at_once_tell_everybody_once(clock: Any) -> None:
    make_theme(month="2026-03")
    promise()
    _hub, focal = confirmed(400, NOW)

    found = racing.at_once(*[duties.keep_dates] * 4)

    assert not [each for each in found if isinstance(each, Exception)]
    assert sum(each.themes for each in found) == 1
    assert sum(each.promises for each in found) == 1
    assert sum(each.profiles for each in found) == 1
    assert Notice.objects.filter(subject__in=("theme", "due", "confirm")).count() == 3
    racing.at_once(*[noticing.tell_owed] * 4)
    assert len(told(focal)) == 1


@pytest.mark.django_db(transaction=True)
def test_without_their_job_two_clocks_tell_of_it_twice(
    clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: looking whether somebody told already is not enough."""

    def looked(cls: Any, name: str, period: str) -> bool:
        there = JobRun.objects.filter(name=name, period=period).exists()
        racing.everybody_has_looked()
        return not there

    monkeypatch.setattr(JobRun, "claim", classmethod(looked))
    promise()

    found = racing.at_once(*[duties.keep_dates] * 2, begin=racing.begin_without_lock)

    assert racing.broken(found) or sum(each.promises for each in found) == 2
