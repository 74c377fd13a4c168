"""How each person wishes to be told: every kind, every wish, and the page that changes them."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone

from accounts.kinds import NoticeKind
from accounts.letters import LetterText, write_letter
from accounts.models import User
from accounts.operations import close_account, everything_about
from community.choices import Attention
from community.operations import discussing
from core.errors import DomainError
from notifications import digesting, noticing, preferences
from notifications.delivering import deliver_owed
from notifications.kinds import TOLD, Mail
from notifications.models import Delivery, Follow, Notification, Preference, Times
from notifications.preferences import CHOOSABLE, Clock
from notifications.wishing import Wish, by_itself, quiet_until, wish
from tests.community.factories import make_discussion, make_member, make_post
from tests.people import browser

pytestmark = pytest.mark.django_db
PAGE = "/notifications/preferences/"
MONDAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
USUAL_TIMES = Clock(None, None, 7, 0)


def letter(to: User, kind: str = NoticeKind.CASE) -> None:
    with transaction.atomic():
        write_letter(to, kind=NoticeKind(kind), letter=LetterText("Wells", "Text.\n", "/s/1/"))


def choose(user: User, kind: str, mail_: Mail, **more: Any) -> None:
    chosen = {"in_portal": True, "push": TOLD[kind].push, **more}
    preferences.set_preferences(by=user, wishes={kind: Wish(mail=mail_, **chosen)})


def stored(user: User) -> list[tuple[str, str, bool]]:
    rows = Preference.objects.filter(user=user).order_by("kind")
    return list(rows.values_list("kind", "mail", "in_portal"))


def waiting(user: User) -> list[str]:
    rows = Notification.objects.for_digests().filter(user=user)
    return list(rows.order_by("pk").values_list("mail", flat=True))


def as_sent(page: Any) -> dict[str, str]:
    """What a browser sends that changes nothing on the page."""
    form = page.context["form"]
    data = {}
    for field in form:
        value = field.value()
        if isinstance(value, bool):
            data |= {field.html_name: "on"} if value else {}
        elif isinstance(value, dt.time):
            data[field.html_name] = value.strftime("%H:%M")
        else:
            data[field.html_name] = "" if value is None else str(value)
    return data


# --- Every kind, every wish ----------------------------------------------------------------------


@pytest.mark.parametrize("kind", NoticeKind.values)
def test_each_kind_comes_as_each_person_wishes(kind: str) -> None:
    readers = {(how, in_portal): make_member() for how in Mail for in_portal in (True, False)}
    for (how, in_portal), reader in readers.items():
        choose(reader, kind, how, in_portal=in_portal)
    plain = make_member()
    with time_machine.travel(MONDAY, tick=False):
        for reader in (*readers.values(), plain):
            letter(reader, kind)
        deliver_owed()
    at_once = {sent.to[0] for sent in mail.outbox}
    digests = []
    for day in range(1, 8):
        mail.outbox.clear()
        with time_machine.travel(MONDAY + dt.timedelta(days=day), tick=False):
            digesting.owe_digests()
            deliver_owed()
        digests.append({sent.to[0] for sent in mail.outbox})

    def who(how: Mail) -> set[str]:
        """Those told so: by their wish, by the usual, or because nobody can choose."""
        if TOLD[kind].essential:
            return {one.email for one in (*readers.values(), plain)} if how == Mail.ONCE else set()
        chosen = {one.email for (wished, _portal), one in readers.items() if wished == how}
        return chosen | ({plain.email} if TOLD[kind].mail == how else set())

    assert at_once == who(Mail.ONCE)
    assert digests == [who(Mail.DAILY), set(), set(), set(), set(), set(), who(Mail.WEEKLY)]
    for (_how, in_portal), reader in readers.items():
        reader.refresh_from_db()
        stands = in_portal or TOLD[kind].essential
        assert Notification.objects.of(reader).count() == reader.unread == int(stands)


@pytest.mark.parametrize("how", list(Mail))
def test_what_followers_are_told_comes_as_each_of_them_wishes(how: Mail) -> None:
    discussion = make_discussion()
    reader = make_member()
    noticing.tell_owed()
    discussing.pay_attention(discussion, by=reader, attention=Attention.FOLLOWING)
    choose(reader, NoticeKind.DISCUSSION, how)

    with time_machine.travel(MONDAY, tick=False):
        make_post(discussion)
        noticing.tell_owed()
        deliver_owed()
    came = [len([sent for sent in mail.outbox if sent.to == [reader.email]])]
    for day in (1, 7):
        with time_machine.travel(MONDAY + dt.timedelta(days=day), tick=False):
            digesting.owe_digests()
            deliver_owed()
        came.append(len([sent for sent in mail.outbox if sent.to == [reader.email]]))

    assert came == {
        Mail.ONCE: [1, 1, 1], Mail.DAILY: [0, 1, 1], Mail.WEEKLY: [0, 0, 1], Mail.NEVER: [0, 0, 0]
    }[how]  # fmt: skip
    assert Notification.objects.of(reader).count() == 1


# --- Keeping wishes ------------------------------------------------------------------------------


def test_only_what_differs_from_the_usual_is_kept() -> None:
    reader = make_member()
    preferences.set_preferences(
        by=reader,
        wishes={kind: by_itself(kind) for kind in CHOOSABLE},
        times=USUAL_TIMES,
    )
    assert stored(reader) == []
    assert not Times.objects.filter(user=reader).exists()

    choose(reader, "case", Mail.WEEKLY)
    assert stored(reader) == [("case", "weekly", True)]
    choose(reader, "case", Mail.ONCE)
    assert stored(reader) == []


def test_nobody_chooses_about_what_is_essential() -> None:
    reader = make_member()
    choose(reader, "measure", Mail.NEVER, in_portal=False)
    assert stored(reader) == []


@pytest.mark.parametrize(
    ("wished", "then"),
    [(Mail.WEEKLY, ["weekly"]), (Mail.NEVER, []), (Mail.ONCE, ["daily"]), (Mail.DAILY, ["daily"])],
)
def test_what_waits_for_a_digest_moves_along(wished: Mail, then: list[str]) -> None:
    reader, other = make_member(), make_member()
    for one in (reader, other):
        choose(one, "case", Mail.DAILY)
        letter(one)

    choose(reader, "case", wished)

    assert waiting(reader) == then
    assert waiting(other) == ["daily"]
    assert Notification.objects.of(reader).count() == 1


def test_of_a_digest_on_its_way_what_is_stopped_is_left_out() -> None:
    reader = make_member()
    for kind in ("case", "role"):
        choose(reader, kind, Mail.DAILY)
    Times.objects.create(user=reader, quiet_from=dt.time(6), quiet_until=dt.time(12))
    with time_machine.travel(MONDAY, tick=False):
        letter(reader, "case")
        write_letter(
            reader, kind=NoticeKind.ROLE, letter=LetterText("A new role", "Text.\n", "/s/2/")
        )
    with time_machine.travel(MONDAY + dt.timedelta(days=1), tick=False):
        digesting.owe_digests()
        deliver_owed()
        assert mail.outbox == []
        choose(reader, "case", Mail.NEVER)
    with time_machine.travel(MONDAY + dt.timedelta(days=1, hours=4), tick=False):
        deliver_owed()

    (digest,) = mail.outbox
    assert "A new role" in digest.body
    assert "Wells" not in digest.body


def test_forgetting_brings_back_the_usual_and_ends_a_pause() -> None:
    reader = make_member()
    choose(reader, "discussion", Mail.WEEKLY, in_portal=False)
    letter(reader, "discussion")
    preferences.pause(by=reader)

    preferences.forget_preferences(by=reader)
    preferences.forget_preferences(by=reader)

    assert (stored(reader), Times.objects.count(), waiting(reader)) == ([], 0, ["daily"])
    assert wish(reader, "discussion") == by_itself("discussion")


@pytest.mark.django_db(transaction=True)
def test_the_same_wish_from_two_windows_at_once_is_kept_once() -> None:
    reader = make_member()
    together = threading.Barrier(2, timeout=30)
    troubles: list[Exception] = []

    def save() -> None:
        try:
            together.wait()
            choose(reader, "case", Mail.NEVER)
        except Exception as trouble:  # noqa: BLE001 (told by the test)
            troubles.append(trouble)
        finally:
            connection.close()

    threads = [threading.Thread(target=save) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert troubles == []
    assert stored(reader) == [("case", "never", True)]


# --- Pause ---------------------------------------------------------------------------------------


def test_a_pause_until_a_day_ends_by_itself_when_that_day_begins_there() -> None:
    reader = make_member()
    reader.profile.time_zone = "Asia/Jakarta"  # UTC+7
    reader.profile.save()
    with time_machine.travel(MONDAY, tick=False):
        preferences.pause(by=reader, until=dt.date(2026, 11, 25))
    last = dt.datetime(2026, 11, 24, 16, 59, tzinfo=dt.UTC)
    for moment, came in ((MONDAY, 0), (last, 0), (last + dt.timedelta(minutes=1), 1)):
        with time_machine.travel(moment, tick=False):
            letter(reader)
            deliver_owed()
        assert len(mail.outbox) == came
    assert Notification.objects.of(reader).count() == 3


def test_a_pause_without_an_end_ends_when_the_person_says_so() -> None:
    reader = make_member()
    preferences.pause(by=reader)
    letter(reader)
    deliver_owed()
    preferences.resume(by=reader)
    preferences.resume(by=reader)
    letter(reader)
    deliver_owed()
    assert len(mail.outbox) == 1
    assert not Times.objects.exists()


def test_ending_a_pause_keeps_the_quiet_hours() -> None:
    reader = make_member()
    quiet = Clock(dt.time(21), dt.time(7), 7, 0)
    preferences.set_preferences(by=reader, wishes={}, times=quiet)
    preferences.pause(by=reader)
    preferences.set_preferences(by=reader, wishes={}, times=quiet)
    assert Times.objects.get(user=reader).is_paused()

    preferences.resume(by=reader)

    times = Times.objects.get(user=reader)
    assert (times.is_paused(), times.quiet_from, times.quiet_until) == (
        False, dt.time(21), dt.time(7)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("until", "code"),
    [
        (dt.date(2026, 11, 22), "past"),
        (dt.date(2026, 11, 23), "past"),
        (dt.date(2027, 11, 25), "too-late"),
        (dt.date.max, "too-late"),
        (dt.date.min, "past"),
    ],
)
def test_a_pause_that_makes_no_sense_is_refused(until: dt.date, code: str) -> None:
    reader = make_member()
    with time_machine.travel(MONDAY, tick=False), pytest.raises(DomainError) as refusal:
        preferences.pause(by=reader, until=until)
    assert refusal.value.code == code
    assert not Times.objects.exists()


# --- Quiet hours and the clocks ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begin", "end", "at", "until"),
    [
        # Spring in Paris: 02:00 becomes 03:00 on 28 March 2027 at 01:00 UTC.
        ("22:00", "07:00", "2027-03-27T22:00", "2027-03-28T05:00"),
        ("22:00", "02:30", "2027-03-28T00:59", "2027-03-28T01:30"),
        ("22:00", "02:30", "2027-03-28T01:00", None),
        ("02:15", "02:45", "2027-03-28T01:00", None),
        # Autumn: 03:00 becomes 02:00 on 31 October 2027 at 01:00 UTC.
        ("22:00", "07:00", "2027-10-30T22:00", "2027-10-31T06:00"),
        ("22:00", "02:30", "2027-10-31T00:10", "2027-10-31T00:30"),
        ("22:00", "02:30", "2027-10-31T00:40", None),
        ("22:00", "02:30", "2027-10-31T01:10", "2027-10-31T01:30"),
        ("22:00", "02:30", "2027-10-31T01:30", None),
    ],
)
def test_quiet_hours_end_in_nights_in_which_the_clocks_change(
    begin: str, end: str, at: str, until: str | None
) -> None:
    times = Times(quiet_from=dt.time.fromisoformat(begin), quiet_until=dt.time.fromisoformat(end))
    now = dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC)

    found = quiet_until(times, "Europe/Paris", now)

    expected = until and dt.datetime.fromisoformat(until).replace(tzinfo=dt.UTC)
    assert (found and found.astimezone(dt.UTC)) == expected
    assert found is None or found.astimezone(dt.UTC) > now


def test_in_the_hour_that_comes_twice_a_mail_waits_and_comes() -> None:
    reader = make_member()
    reader.profile.time_zone = "Europe/Paris"
    reader.profile.save()
    Times.objects.create(user=reader, quiet_from=dt.time(22), quiet_until=dt.time(2, 30))
    second = dt.datetime(2027, 10, 31, 1, 10, tzinfo=dt.UTC)  # 02:10, for the second time
    with time_machine.travel(second, tick=False):
        letter(reader)
        tally = deliver_owed()
        assert (mail.outbox, sum(tally.fates.values())) == ([], 1)
    with time_machine.travel(second + dt.timedelta(minutes=20), tick=False):
        deliver_owed()
    assert len(mail.outbox) == 1


# --- The page ------------------------------------------------------------------------------------


def test_saving_what_the_page_shows_changes_nothing() -> None:
    reader = make_member()
    client = browser(reader)
    answer = client.post(PAGE, as_sent(client.get(PAGE)), follow=True)
    assert answer.status_code == 200
    assert (stored(reader), Times.objects.count()) == ([], 0)


def test_everything_is_changed_on_one_page() -> None:
    reader = make_member()
    client = browser(reader)
    data = as_sent(client.get(PAGE)) | {
        "mail_case": "weekly", "mail_hub": "never", "quiet_from": "21:30", "quiet_until": "06:00",
        "digest_hour": "18", "digest_weekday": "4",
    }  # fmt: skip
    del data["portal_hub"]

    answer = client.post(PAGE, data)

    assert answer.status_code == 302
    assert stored(reader) == [("case", "weekly", True), ("hub", "never", False)]
    times = Times.objects.get(user=reader)
    assert (times.quiet_from, times.quiet_until, times.digest_hour, times.digest_weekday) == (
        dt.time(21, 30), dt.time(6), 18, 4
    )  # fmt: skip
    assert as_sent(client.get(PAGE)) == data


def test_what_was_wished_about_devices_stays_when_there_is_none() -> None:
    reader = make_member()
    choose(reader, "discussion", Mail.DAILY, push=True)
    client = browser(reader)
    client.post(PAGE, as_sent(client.get(PAGE)) | {"mail_discussion": "never"})
    assert wish(reader, "discussion") == Wish(in_portal=True, mail=Mail.NEVER, push=True)


@pytest.mark.parametrize(
    ("sent", "at"),
    [
        ({"mail_case": "sometimes"}, "mail_case"),
        ({"mail_case": ""}, "mail_case"),
        ({"digest_hour": "24"}, "digest_hour"),
        ({"digest_weekday": "7"}, "digest_weekday"),
        ({"digest_hour": "٣" * 5000}, "digest_hour"),
        ({"quiet_from": "25:00", "quiet_until": "06:00"}, "quiet_from"),
        ({"quiet_from": "22:00"}, "quiet_until"),
        ({"quiet_until": "06:00"}, "quiet_from"),
        ({"quiet_from": "06:00", "quiet_until": "06:00"}, "quiet_until"),
        ({"quiet_from": "\x00"}, "quiet_from"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_nothing_typed_is_lost(
    sent: dict[str, str], at: str
) -> None:
    reader = make_member()
    client = browser(reader)
    data = as_sent(client.get(PAGE)) | {"mail_hub": "never"} | sent

    answer = client.post(PAGE, data)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [at]
    page = answer.content.decode()
    assert f'href="#id_{at}' in page
    assert 'name="mail_hub" value="never" checked' in page
    assert (stored(reader), Times.objects.count()) == ([], 0)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2026-11-23", "Choose a day after today."),
        ("9999-12-31", "Choose a day within a year, or leave the day empty."),
        ("soon", "Enter a day, like 2027-01-31."),
    ],
)
def test_a_pause_is_refused_at_its_field(typed: str, said: str) -> None:
    reader = make_member()
    client = browser(reader)
    with time_machine.travel(MONDAY, tick=False):
        answer = client.post(f"{PAGE}pause/", {"pause-until": typed})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert f'value="{typed}"' in page
    assert not Times.objects.exists()


def test_pausing_and_going_on_by_buttons() -> None:
    reader = make_member()
    client = browser(reader)
    page = client.post(f"{PAGE}pause/", {"pause-until": ""}, follow=True).content.decode()
    assert "Mails are paused until you end the pause." in page
    page = client.post(f"{PAGE}resume/", follow=True).content.decode()
    assert "Mails come again." in page
    assert not Times.objects.exists()


@pytest.mark.parametrize("path", ["pause/", "resume/", "usual/", "undo/"])
def test_nothing_changes_by_opening_an_address(path: str) -> None:
    assert browser(make_member()).get(PAGE + path).status_code == 405


@pytest.mark.parametrize("path", ["", "pause/", "resume/", "usual/", "undo/"])
def test_who_is_signed_out_is_asked_to_sign_in(path: str) -> None:
    answer = browser().post(PAGE + path)
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/accounts/login/")


def test_the_page_says_how_much_came_and_what_is_followed() -> None:
    reader = make_member()
    with time_machine.travel(timezone.now() - dt.timedelta(days=31)):
        letter(reader, "case")
    for _n in range(2):
        letter(reader, "case")
    Follow.objects.create(user=reader, kind="hub", subject_id=1)
    page = browser(reader).get(PAGE)
    assert "2 in the last 30 days" in page.content.decode()
    assert [(key, n) for key, _label, n in page.context["followed"]] == [("hub", 1)]


def test_the_page_costs_as_little_with_much_as_with_nothing(
    django_assert_max_num_queries: Any,
) -> None:
    reader = make_member()
    client = browser(reader)
    client.get(PAGE)
    for kind in CHOOSABLE:
        choose(reader, kind, Mail.WEEKLY, in_portal=False)
        letter(reader, kind)
    for n in range(12):
        Follow.objects.create(user=reader, kind="hub", subject_id=n)
    with django_assert_max_num_queries(10):
        client.get(PAGE)


# --- What is known of a person -------------------------------------------------------------------


def test_wishes_are_in_the_persons_own_file_and_end_with_the_account() -> None:
    reader = make_member()
    choose(reader, "case", Mail.WEEKLY)
    preferences.set_preferences(by=reader, wishes={}, times=Clock(dt.time(21), dt.time(7), 7, 0))

    kept = everything_about(reader)["notification_preferences"]

    assert kept[0] == {"about": "case", "portal": True, "mail": "weekly", "devices": True}
    assert kept[1]["quiet_from"] == "21:00:00"
    close_account(by=reader, user=reader)
    assert not Preference.objects.exists()
    assert not Times.objects.exists()
    assert not Delivery.objects.filter(user=reader).exists()
