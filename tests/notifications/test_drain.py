"""``manage.py drain`` does what worker and beat do; queues, and what goes away with time."""

from __future__ import annotations

import datetime as dt
import io
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
import time_machine
from celery import current_app
from django.conf import settings as portal
from django.core import mail
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone
from kombu.exceptions import OperationalError as NoBroker

from accounts.models import AccountMail, User
from accounts.operations import owe_mail
from core import outbox
from hubportal import celery
from notifications import delivering, devices, digesting, duties, noticing
from notifications.kinds import Mail
from notifications.models import Delivery, Letter, Notice, Notification, Times
from tests.community.factories import make_member, make_post, open_theme
from tests.notifications.test_bounces import letter
from tests.notifications.test_deliveries import MONDAY, begun, follower, wish
from tests.push import Browser
from tests.smtp import Faults, Sink

pytestmark = pytest.mark.django_db
State = Delivery.State


def drain(*words: str) -> str:
    out = io.StringIO()
    call_command("drain", *words, stdout=out)
    return out.getvalue().strip()


def whole() -> list[Any]:
    """Everything sending touches."""
    return [
        list(model._base_manager.order_by("pk").values())
        for model in (Notice, Notification, Delivery, AccountMail)
    ]


def test_one_run_tells_binds_digests_and_sends_until_nothing_is_left() -> None:
    discussion = begun()
    daily, once = follower(discussion), follower(discussion)
    wish(once, "discussion", Mail.ONCE)
    with time_machine.travel(MONDAY, tick=False):
        make_post(discussion)
        assert Notice.objects.owed().count() == 1
        drain()
        assert [each.to for each in mail.outbox] == [[once.email]]
    with time_machine.travel(MONDAY + dt.timedelta(days=1), tick=False):
        owe_mail(to="a@test.example", purpose="x", subject="S", body="B", asked_by_anyone=False)
        drain()
        assert drain() == "nothing due"

    sent = [(each.to[0], each.subject) for each in mail.outbox]
    assert {daily.email, "a@test.example"} < {to for to, _subject in sent}
    assert len(sent) == len(set(sent))
    assert not Notice.objects.owed().exists()


def test_more_notices_than_a_round_takes_are_told_in_one_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from notifications.management.commands import drain as command

    monkeypatch.setattr(command, "NOTICES_A_ROUND", 2)
    discussion = begun()
    for _n in range(5):
        make_post(discussion)
    drain()
    assert not Notice.objects.owed().exists()


def test_a_dry_run_says_what_would_happen_and_changes_nothing() -> None:
    reader, paused, late, changed, quiet = (make_member() for _n in range(5))
    Times.objects.create(user=paused, paused_since=timezone.now())
    for user in (reader, paused, late, changed):
        letter(user)
    Delivery.objects.filter(user=late).update(expires_at=timezone.now() - dt.timedelta(hours=1))
    wish(changed, "case", Mail.WEEKLY)  # which sending would write down at the notification
    now = timezone.now().time()
    hour = dt.timedelta(hours=1)
    Times.objects.create(
        user=quiet,
        quiet_from=(timezone.now() - hour).time(),
        quiet_until=(timezone.now() + hour).time(),
    )
    assert now
    letter(quiet)
    before = whole()

    said = drain("--dry-run")

    assert whole() == before
    assert mail.outbox == []
    lines = said.splitlines()
    assert "mails due: 5" in lines
    assert "  notice case: send 1" in lines
    assert "  notice case: unwanted 2" in lines
    assert "  notice case: wait 1" in lines
    assert "  notice case: late 1" in lines
    assert reader.email not in said
    assert f"  to {outbox.masked(reader.email)}: Decided" in lines


def test_one_run_looks_at_dates_as_well_and_tells_of_each_once() -> None:
    reader = make_member()
    theme = open_theme(title="Who pays for water")
    drain()
    drain()
    about = Notification.objects.filter(user=reader, notice__subject_id=theme.pk)
    assert [row.kind for row in about] == ["theme"]


def test_a_date_that_cannot_be_looked_at_keeps_no_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("a mistake of ours")

    monkeypatch.setattr(duties, "keep_dates", broken)
    letter(make_member())
    assert drain() == "taken=1"


def test_a_dry_run_tells_messages_to_devices_from_mails(settings: Any) -> None:
    settings.WEBPUSH_PRIVATE_KEY = devices.new_private_key()
    reader = make_member()
    endpoint = "https://fcm.googleapis.com/fcm/send/1"
    devices.add_device(by=reader, endpoint=endpoint, agent="Firefox X11 Linux", **Browser().keys)
    letter(reader)
    lines = drain("--dry-run").splitlines()
    assert "  device case: send 1" in lines
    assert "  notice case: send 1" in lines
    assert [line for line in lines if line.startswith("  to ")] == [
        f"  to {outbox.masked(reader.email)}: Decided"
    ]


@pytest.mark.django_db(transaction=True)
def test_without_a_mail_server_it_says_so_and_ends_with_three(settings: Any) -> None:
    letter(make_member())
    with Sink() as server:
        server.settings(settings)
    with pytest.raises(SystemExit) as ended:
        drain()
    assert ended.value.code == 3
    assert Delivery.objects.get().state == State.OWED


def test_without_a_database_it_ends_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_how: Any) -> int:
        raise OperationalError("away")

    monkeypatch.setattr(noticing, "tell_owed", away)
    with pytest.raises(SystemExit) as ended:
        call_command("drain", stderr=io.StringIO())
    assert ended.value.code == 1


def test_asked_to_stop_it_finishes_the_mail_in_hand_and_gives_the_others_back() -> None:
    for _n in range(4):
        letter(make_member())
    tally = delivering.deliver_owed(stopped=lambda: len(mail.outbox) >= 2)
    assert (tally.taken, len(mail.outbox)) == (2, 2)
    rest = Delivery.objects.filter(state=State.OWED)
    assert all(row.available_at == row.created_at for row in rest)  # their old place
    assert {(row.lease, row.attempts, row.started_at) for row in rest} == {(None, 0, None)}
    assert delivering.deliver_owed().taken == 2


@pytest.mark.django_db(transaction=True)
def test_the_loop_sends_what_comes_and_ends_when_it_is_asked_to(tmp_path: Any) -> None:
    first = letter(make_member())
    with Sink(Faults(delay=0.3)) as server:
        name = str(connection.settings_dict["NAME"])
        program = (
            "import django, sys; django.setup()\n"
            "from django.conf import settings\n"
            "settings.EMAIL_BACKEND = 'django.core.mail.backends.smtp.EmailBackend'\n"
            f"settings.EMAIL_HOST, settings.EMAIL_PORT = '127.0.0.1', {server.port}\n"
            "from django.db import connections\n"
            f"connections['default'].settings_dict['NAME'] = {name!r}\n"
            "from django.core.management import call_command\n"
            "call_command('drain', '--loop', '--every', '0.1')\n"
        )
        running = subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=portal.BASE_DIR,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "hubportal.settings"},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert running.stderr is not None
        try:
            wait_for(lambda: server.arrived, running)
            second = letter(make_member())
            wait_for(lambda: len(server.arrived) == 2, running)  # and our note is still to come
            running.send_signal(signal.SIGTERM)
            assert running.wait(30) == 0
        finally:
            running.kill()
            running.stderr.close()
    rows = Delivery.objects.filter(pk__in=[first.pk, second.pk])
    assert {row.state for row in rows} == {State.SENT}
    assert sorted(server.copies().values()) == [1, 1]


def wait_for(there: Any, running: subprocess.Popen[str]) -> None:
    for _n in range(1200):
        if there():
            return
        assert running.poll() is None, running.stderr and running.stderr.read()
        time.sleep(0.05)
    pytest.fail("it never came")


# --- Queues ----------------------------------------------------------------------------------


def tasks() -> set[str]:
    """Every task a worker knows."""
    current_app.loader.import_default_modules()
    return set(current_app.tasks)


@pytest.mark.parametrize(
    ("task", "queue"),
    [
        ("accounts.tasks.deliver", "urgent"),
        ("accounts.tasks.deliver_owed", "urgent"),
        ("participation.tasks.remind", "urgent"),
        ("notifications.tasks.drain", "mail"),
        ("notifications.tasks.tell", "bulk"),
        ("notifications.tasks.forget_old", "bulk"),
        ("catalogue.tasks.check_owed_links", "bulk"),
    ],
)
def test_each_task_goes_to_its_queue(task: str, queue: str) -> None:
    route = current_app.amqp.router.route({}, task)
    assert route["queue"].name == queue
    assert task in tasks()


def test_a_worker_that_is_not_told_otherwise_listens_to_every_queue() -> None:
    assert set(current_app.amqp.queues.consume_from) == {"urgent", "mail", "bulk"}


def test_what_is_sent_to_one_queue_is_in_no_other() -> None:
    queues = current_app.amqp.queues.values()
    keys = {(queue.name, queue.exchange.name, queue.routing_key) for queue in queues}
    assert keys == {(name, name, name) for name in ("urgent", "mail", "bulk")}


def test_every_job_of_the_clock_exists_and_is_not_kept_for_hours() -> None:
    for entry in portal.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in tasks()
        assert entry["options"]["expires"] >= 60


def test_a_worker_that_starts_asks_for_what_is_owed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []
    monkeypatch.setattr(
        celery.app, "send_task", lambda name, *, expires: asked.append((name, expires))
    )
    celery.begin_with_what_is_owed()
    assert asked == [("notifications.tasks.tell_owed", 30), ("notifications.tasks.drain", 30)]


def test_a_worker_starts_without_a_broker_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_name: str, **_how: Any) -> None:
        raise NoBroker

    monkeypatch.setattr(celery.app, "send_task", away)
    celery.begin_with_what_is_owed()


# --- What goes away --------------------------------------------------------------------------


def test_mails_are_kept_as_long_as_somebody_may_ask_and_no_digest_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivering, "PORTION", 2)
    now = timezone.now()
    rows = {}
    for state in State.values:
        for days in (29, 31, 181):
            row = letter(make_member())
            Delivery.objects.filter(pk=row.pk).update(
                state=state, created_at=now - dt.timedelta(days=days)
            )
            rows[row.pk] = (state, days)

    delivering.forget_old()
    delivering.forget_old()

    kept = {rows[pk] for pk in Delivery.objects.values_list("pk", flat=True)}
    assert kept == {
        *((state, 29) for state in State.values),
        *((state, 31) for state in (State.OWED, State.DEAD, State.UNCONFIRMED)),
        (State.OWED, 181),
    }


def test_old_notices_go_some_at_a_time_and_what_was_unread_counts_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(noticing, "PORTION", 2)
    monkeypatch.setattr(noticing, "FORGOTTEN_AT_ONCE", 2)
    reader, other = make_member(), make_member()
    for _n in range(3):
        letter(reader)
    letter(other)
    noticing.read(other, up_to=2**62)
    Notice.objects.update(happened_at=timezone.now() - dt.timedelta(days=181))
    letter(reader)

    assert noticing.forget_old() == 4

    assert Notification.objects.count() == Notice.objects.count() == Letter.objects.count() == 1
    assert list(User.objects.order_by("pk").values_list("unread", flat=True)) == [1, 0]


def test_what_stood_in_a_digest_that_is_removed_waits_for_no_other() -> None:
    discussion = begun()
    reader = follower(discussion)
    with time_machine.travel(MONDAY, tick=False):
        make_post(discussion)
        noticing.tell_owed()
    with time_machine.travel(MONDAY + dt.timedelta(days=1), tick=False):
        digesting.owe_digests()
        delivering.deliver_owed()
    sent = len(mail.outbox)
    with time_machine.travel(MONDAY + dt.timedelta(days=40), tick=False):
        assert delivering.forget_old() > 0
        assert digesting.owe_digests() == 0
        delivering.deliver_owed()
    assert len(mail.outbox) == sent
    assert Notification.objects.of(reader).count() == 1
