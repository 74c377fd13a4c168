"""Who is mailed what, when: written at the moment of sending, owed until the server took it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import transaction
from django.utils import timezone

from accounts.kinds import NoticeKind
from accounts.letters import LetterText, write_letter
from accounts.models import User
from accounts.operations import close_account
from community.choices import Attention, ChapterRole
from community.models import ChapterMember, Reading
from community.operations import discussing
from core import outbox
from notifications import at_hand, digesting, noticing, preferences, writing
from notifications.delivering import deliver_owed
from notifications.kinds import GROUPS, TOLD, Mail
from notifications.models import Delivery, Letter, Notification, Preference, Times
from notifications.wishing import quiet_until
from tests.community.factories import make_chapter, make_discussion, make_member, make_post
from tests.factories import make_user
from tests.smtp import Faults, Sink

pytestmark = pytest.mark.django_db
State, Sort = Delivery.State, Delivery.Sort
MONDAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)


def letter(to: User, kind: NoticeKind = NoticeKind.CASE, **how: Any) -> None:
    said = "Decided: Wells\n\nIt was decided.\nhttps://x.test/solutions/1/\n"
    with transaction.atomic():
        write_letter(to, kind=kind, letter=LetterText.of(said, "/s/1/"), **how)


def wish(user: User, kind: NoticeKind, mail_: Mail, **more: Any) -> None:
    Preference.objects.update_or_create(user=user, kind=kind, defaults={"mail": mail_, **more})


def states(user: User) -> list[tuple[str, str]]:
    return list(Delivery.objects.filter(user=user).order_by("pk").values_list("sort", "state"))


def begun() -> Any:
    """A discussion whose beginning has been told."""
    discussion = make_discussion()
    noticing.tell_owed()
    return discussion


def follower(discussion: Any) -> User:
    user = make_member()
    discussing.pay_attention(discussion, by=user, attention=Attention.FOLLOWING)
    return user


def written(discussion: Any, **how: Any) -> Any:
    post = make_post(discussion, **how)
    noticing.tell_owed()
    return post


def test_every_kind_has_a_default_and_one_place_in_the_settings() -> None:
    assert set(TOLD) == set(NoticeKind.values)
    shown = [kind for _group, kinds in GROUPS for kind in kinds]
    assert sorted(shown) == sorted(NoticeKind.values)


def test_a_letter_stands_in_the_portal_and_goes_out_at_once() -> None:
    reader = make_member()

    letter(reader)
    deliver_owed()

    row = Notification.objects.get(user=reader)
    assert (row.kind, row.in_portal, row.letter.title) == ("case", True, "Decided: Wells")
    reader.refresh_from_db()
    assert reader.unread == 1
    (sent,) = mail.outbox
    assert (sent.subject, sent.to) == ("Decided: Wells", [reader.email])
    assert "It was decided." in sent.body
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert states(reader) == [(Sort.NOTICE, State.SENT)]


def test_a_letter_with_a_key_is_written_once() -> None:
    reader = make_member()
    for _n in range(3):
        letter(reader, key="case:1:decided")
    assert Notification.objects.filter(user=reader).count() == 1


def test_nothing_is_written_to_an_account_that_is_closed() -> None:
    reader = make_member()
    close_account(by=reader, user=reader)
    letter(reader)
    assert not Notification.objects.exists()
    assert not Letter.objects.exists()


def test_who_leaves_before_a_mail_goes_out_gets_none_and_leaves_no_letter_behind() -> None:
    reader = make_member()
    letter(reader)
    close_account(by=reader, user=reader)
    deliver_owed()
    assert [sent.to for sent in mail.outbox if sent.subject.startswith("Decided")] == []
    assert not Letter.objects.exists()


def test_who_is_locked_out_before_a_mail_goes_out_gets_none() -> None:
    reader = make_member()
    letter(reader)
    User.objects.filter(pk=reader.pk).update(is_active=False)
    deliver_owed()
    assert mail.outbox == []
    assert states(reader) == [(Sort.NOTICE, State.UNWANTED)]


@pytest.mark.parametrize("in_portal", [True, False])
def test_a_kind_never_mailed_owes_nothing(in_portal: bool) -> None:
    reader = make_member()
    wish(reader, NoticeKind.CASE, Mail.NEVER, in_portal=in_portal)

    letter(reader)

    assert Notification.objects.filter(user=reader).exists() == in_portal
    assert states(reader) == []


def test_mail_without_the_portal_counts_nothing_as_unread() -> None:
    reader = make_member()
    wish(reader, NoticeKind.CASE, Mail.ONCE, in_portal=False)

    letter(reader)
    deliver_owed()

    reader.refresh_from_db()
    assert reader.unread == 0
    assert not Notification.objects.of(reader).exists()
    assert len(mail.outbox) == 1


def test_what_is_essential_is_mailed_whatever_was_wished() -> None:
    reader = make_member()
    wish(reader, NoticeKind.MEASURE, Mail.NEVER, in_portal=False)
    Times.objects.create(user=reader, paused_since=timezone.now())

    letter(reader, NoticeKind.MEASURE)
    deliver_owed()

    (sent,) = mail.outbox
    assert "List-Unsubscribe" not in sent.extra_headers
    assert Notification.objects.of(reader).count() == 1


def test_a_wish_changed_before_sending_counts() -> None:
    never, weekly = make_member(), make_member()
    for reader, kept in ((never, Mail.NEVER), (weekly, Mail.WEEKLY)):
        letter(reader)
        wish(reader, NoticeKind.CASE, kept)

    deliver_owed()

    assert mail.outbox == []
    assert states(never) == states(weekly) == [(Sort.NOTICE, State.UNWANTED)]
    assert Notification.objects.get(user=weekly).mail == Mail.WEEKLY


def test_followers_get_a_digest_and_who_is_mentioned_a_mail() -> None:
    discussion = begun()
    reader = follower(discussion)
    named = make_member(handle="named-one")
    with time_machine.travel(MONDAY, tick=False):
        written(discussion, body="<p>Hello @named-one</p>")
        deliver_owed()
        assert [sent.to for sent in mail.outbox] == [[named.email]]
        assert digesting.owe_digests() == 0  # its hour has passed today: tomorrow's
    with time_machine.travel(MONDAY + dt.timedelta(days=1), tick=False):
        assert digesting.owe_digests() == 2  # who began the discussion reads it, too
        assert digesting.owe_digests() == 0
        deliver_owed()

    digest = next(sent for sent in mail.outbox if sent.to == [reader.email])
    assert discussion.title in digest.body
    assert states(reader) == [(Sort.DAILY, State.SENT)]


def test_a_clock_that_was_away_for_days_makes_one_digest_of_all() -> None:
    discussion = begun()
    reader = follower(discussion)
    for day in range(3):
        with time_machine.travel(MONDAY + dt.timedelta(days=day), tick=False):
            written(discussion)
    with time_machine.travel(MONDAY + dt.timedelta(days=5), tick=False):
        digesting.owe_digests()
        digesting.owe_digests()

    (digest,) = Delivery.objects.filter(user=reader)
    assert digest.items.count() == 3


def test_what_waits_when_a_digest_is_there_already_goes_into_the_next() -> None:
    discussion = begun()
    reader = follower(discussion)
    with time_machine.travel(MONDAY, tick=False):
        written(discussion)
    with time_machine.travel(MONDAY + dt.timedelta(days=1), tick=False):
        digesting.owe_digests()
        written(discussion)
        digesting.owe_digests()
    assert Delivery.objects.filter(user=reader).count() == 1
    with time_machine.travel(MONDAY + dt.timedelta(days=2), tick=False):
        digesting.owe_digests()
    assert [row.items.count() for row in Delivery.objects.filter(user=reader)] == [1, 1]


def test_a_digest_comes_in_the_hour_and_on_the_day_of_its_reader() -> None:
    discussion = begun()
    reader = follower(discussion)
    reader.profile.time_zone = "Asia/Jakarta"  # UTC+7
    reader.profile.save()
    Times.objects.create(user=reader, digest_hour=6, digest_weekday=3)
    wish(reader, NoticeKind.DISCUSSION, Mail.WEEKLY)
    with time_machine.travel(MONDAY, tick=False):
        written(discussion)

    def owed(moment: dt.datetime) -> int:
        with time_machine.travel(moment, tick=False):
            digesting.owe_digests()
        return Delivery.objects.filter(user=reader).count()

    wednesday = dt.datetime(2026, 11, 25, 22, 59, tzinfo=dt.UTC)  # 05:59 on Thursday there
    assert owed(wednesday) == 0
    assert owed(wednesday + dt.timedelta(minutes=1)) == 1
    assert Delivery.objects.get(user=reader).period == dt.date(2026, 11, 26)


def test_a_digest_of_unknown_fate_is_held_not_repeated() -> None:
    row = Delivery(sort=Sort.DAILY)
    assert not row.once_more
    assert Delivery(sort=Sort.NOTICE).once_more


def test_what_can_be_read_no_more_is_in_no_mail() -> None:
    discussion = begun()
    named = make_member(handle="named-two")
    post = written(discussion, body="<p>@named-two</p>")
    discussing.move_post(post, "hide_post", by=make_user(is_staff=True), reason="x")

    deliver_owed()

    assert [sent for sent in mail.outbox if sent.to == [named.email]] == []


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2026-11-22T20:59:00+00:00", None),
        ("2026-11-22T21:00:00+00:00", "2026-11-23T07:00:00+00:00"),
        ("2026-11-23T03:00:00+00:00", "2026-11-23T07:00:00+00:00"),
        ("2026-11-23T07:00:00+00:00", None),
    ],
)
def test_quiet_hours_go_over_midnight(at: str, until: str | None) -> None:
    times = Times(quiet_from=dt.time(21), quiet_until=dt.time(7))
    found = quiet_until(times, "UTC", dt.datetime.fromisoformat(at))
    assert found == (until and dt.datetime.fromisoformat(until))


def test_in_quiet_hours_a_mail_waits_and_a_reminder_does_not() -> None:
    reader = make_member()
    Times.objects.create(user=reader, quiet_from=dt.time(8), quiet_until=dt.time(12))
    with time_machine.travel(MONDAY, tick=False):
        letter(reader)
        letter(reader, NoticeKind.REMINDER)
        deliver_owed()
        assert len(mail.outbox) == 1
    with time_machine.travel(MONDAY + dt.timedelta(hours=3), tick=False):
        deliver_owed()
    assert len(mail.outbox) == 2
    assert Delivery.objects.get(user=reader, kind="case").attempts == 0


def test_the_others_get_theirs_when_one_mail_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one, other = make_member(), make_member()
    real = writing.of_notice

    def of_notice(row: Notification, **how: Any) -> Any:
        if row.user_id == one.pk:
            raise RuntimeError("a template that breaks")
        return real(row, **how)

    monkeypatch.setattr(writing, "of_notice", of_notice)
    letter(one)
    letter(other)

    deliver_owed()

    assert [sent.to for sent in mail.outbox] == [[other.email]]
    assert states(one) == [(Sort.NOTICE, State.DEAD)]


def test_many_followers_are_owed_their_mails_in_as_many_queries_as_few(
    django_assert_num_queries: Any,
) -> None:
    discussion = begun()
    people = User.objects.bulk_create(
        [User(email=f"m{k}@test.example", name=f"M {k}") for k in range(30)]
    )
    Reading.objects.bulk_create(
        [
            Reading(user=user, discussion=discussion, attention=Attention.FOLLOWING)
            for user in people
        ]
    )
    Preference.objects.bulk_create(
        [Preference(user=user, kind="discussion", mail=Mail.ONCE) for user in people]
    )
    post = make_post(discussion)
    with django_assert_num_queries(13):
        noticing.tell_owed()

    assert Delivery.objects.filter(notification__notice__subject_id=post.pk).count() == 30


def test_mails_of_one_post_cost_two_queries_each_and_few_together(
    django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_hand, "FRESH", 3600.0)  # however slow the machine is
    monkeypatch.setattr(outbox, "LONGEST_IN_HAND", 3600.0)
    discussion = begun()
    readers = [follower(discussion) for _n in range(10)]
    for reader in readers:
        wish(reader, NoticeKind.DISCUSSION, Mail.ONCE)
    deliver_owed()
    mail.outbox.clear()
    written(discussion, body="<p>Ours pay by the bucket.</p>")
    # These are claimed; of other sorts, and in the end of all three, there are none. Readers,
    # wishes, addresses, what they are told, posts. Each mail's beginning and its end.
    with django_assert_num_queries(4 + 5 * 3 + 5 + 2 * 10):
        assert deliver_owed().taken == 10
    assert all("Ours pay by the bucket." in sent.body for sent in mail.outbox)


def test_what_changes_while_a_mail_server_is_slow_counts_for_the_next_mail(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was read for several mails at once holds for a moment only: here for none."""
    monkeypatch.setattr(at_hand, "FRESH", 0.0)
    first, second, third = make_member(), make_member(), make_member()
    real = writing.of_notice

    def of_notice(row: Notification, **how: Any) -> Any:
        wish(second, NoticeKind.CASE, Mail.NEVER)
        User.objects.filter(pk=third.pk).update(is_active=False)
        return real(row, **how)

    monkeypatch.setattr(writing, "of_notice", of_notice)
    for reader in (first, second, third):
        letter(reader)

    deliver_owed()

    assert [sent.to for sent in mail.outbox] == [[first.email]]
    assert states(second) == states(third) == [(Sort.NOTICE, State.UNWANTED)]


def test_an_address_refused_a_moment_ago_gets_no_more_of_the_same_portion(
    settings: Any,
) -> None:
    gone, other = make_member(), make_member()
    for _n in range(4):
        letter(gone)
    letter(other)
    no_such_box = {gone.email: (550, "5.1.1 no such box")}
    with Sink(Faults(refuse=no_such_box.get)) as server:
        server.settings(settings)
        deliver_owed()

    assert [state for _sort, state in states(gone)] == [
        State.DEAD, State.DEAD, State.UNWANTED, State.UNWANTED,
    ]  # fmt: skip
    assert [one.to for one in server.arrived] == [other.email]


def test_who_may_not_read_it_any_more_gets_no_mail_while_others_do() -> None:
    """What one reader may read is not what their neighbour may."""
    chapter = make_chapter(is_private=True)
    inside, left, author = make_member(), make_member(), make_member()
    for reader in (inside, left, author):
        ChapterMember.objects.create(chapter=chapter, user=reader, role=ChapterRole.MEMBER)
    discussion = make_discussion(chapter, by=author)
    for reader in (inside, left):
        wish(reader, NoticeKind.DISCUSSION, Mail.ONCE)
        discussing.pay_attention(discussion, by=reader, attention=Attention.FOLLOWING)
    noticing.tell_owed()
    deliver_owed()
    mail.outbox.clear()
    written(discussion, by=author, body="<p>For us alone.</p>")
    ChapterMember.objects.filter(user=left).delete()

    deliver_owed()

    assert [sent.to for sent in mail.outbox] == [[inside.email]]
    assert "For us alone." in mail.outbox[0].body


@pytest.mark.parametrize("ends", [dt.time(10), None])
def test_a_mail_that_waits_goes_when_quiet_hours_end_earlier(ends: dt.time | None) -> None:
    reader = make_member()
    Times.objects.create(user=reader, quiet_from=dt.time(8), quiet_until=dt.time(12))
    with time_machine.travel(MONDAY, tick=False):
        letter(reader)
        deliver_owed()
        begins = ends and dt.time(8)
        clock = preferences.Clock(begins, ends, digest_hour=7, digest_weekday=0)
        preferences.set_preferences(by=reader, wishes={}, times=clock)
        deliver_owed()
        assert len(mail.outbox) == (0 if ends else 1)
    with time_machine.travel(MONDAY + dt.timedelta(hours=1), tick=False):
        deliver_owed()
    assert len(mail.outbox) == 1


def test_a_mail_the_server_put_off_does_not_go_because_quiet_hours_change() -> None:
    reader = make_member()
    letter(reader)
    later = timezone.now() + dt.timedelta(hours=1)
    Delivery.objects.filter(user=reader).update(available_at=later, problem="450 later")
    Times.objects.create(user=reader, quiet_from=dt.time(8), quiet_until=dt.time(12))

    preferences.forget_preferences(by=reader)

    assert Delivery.objects.get(user=reader).available_at == later


@pytest.mark.parametrize("mail_", [Mail.ONCE, Mail.DAILY])
def test_what_is_wished_by_mail_only_stands_in_the_portal_while_mails_pause(mail_: Mail) -> None:
    reader = make_member()
    wish(reader, NoticeKind.CASE, mail_, in_portal=False)
    with time_machine.travel(MONDAY, tick=False):
        letter(reader)
    with time_machine.travel(MONDAY + dt.timedelta(days=1), tick=False):
        Times.objects.create(user=reader, paused_since=timezone.now())
        digesting.owe_digests()
        deliver_owed()
        deliver_owed()

    assert mail.outbox == []
    assert Notification.objects.of(reader).count() == 1
    reader.refresh_from_db()
    assert reader.unread == 1


def test_a_notice_that_cannot_be_told_keeps_no_other_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from notifications.noticeable import NOTICEABLE

    def broken(_notice: object) -> list[object]:
        raise RuntimeError("a mistake of ours")

    first, reader = begun(), make_member(handle="reader-r")
    monkeypatch.setitem(NOTICEABLE, "insight", replace(NOTICEABLE["insight"], streams=broken))
    bad = noticing.announce("insight", 1, key="insight:1", actor=None)
    make_post(first, body="<p>@reader-r</p>")

    noticing.tell_owed()

    assert Notification.objects.filter(user=reader).exists()
    assert bad is not None
    bad.refresh_from_db()
    assert bad.done_at is None


@pytest.mark.parametrize("in_portal", [True, False])
def test_who_is_gone_when_a_letter_is_written_is_told_nothing(in_portal: bool) -> None:
    """The account was read before, and removed by somebody else since."""
    gone, there = make_member(), make_member()
    for reader in (gone, there):
        wish(reader, NoticeKind.CASE, Mail.ONCE, in_portal=in_portal)
    stale = User.objects.get(pk=gone.pk)
    User.objects.filter(pk=gone.pk).delete()

    letter(stale)
    letter(there)

    assert list(Notification.objects.values_list("user", flat=True)) == [there.pk]
    assert list(Delivery.objects.values_list("user", flat=True)) == [there.pk]
