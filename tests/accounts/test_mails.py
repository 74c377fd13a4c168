"""Mails about accounts are owed until the mail server takes them."""

from __future__ import annotations

import datetime as dt
import smtplib
from functools import partial

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import operations, tasks
from accounts.models import AccountMail
from core import outbox
from core.errors import DomainError
from tests.factories import make_user
from tests.people import verified

pytestmark = pytest.mark.django_db
State = AccountMail.State


def owe(*, asked_by_anyone: bool = False, to: str = "someone@test.example") -> AccountMail:
    return operations.owe_mail(
        to=to,
        purpose="test",
        subject="Subject",
        body="Body with a code",
        asked_by_anyone=asked_by_anyone,
    )


class Trouble(BaseEmailBackend):
    """A mail server that answers every mail with ``raises``, or that is not there (``OSError``)."""

    raises: Exception | type[BaseException] = OSError("no route")

    def open(self) -> None:
        if isinstance(self.raises, OSError) and not isinstance(self.raises, smtplib.SMTPException):
            raise self.raises

    def send_messages(self, email_messages: object) -> int:
        raise self.raises


@pytest.fixture
def mail_server(settings, monkeypatch):
    def answers(error: Exception | type[BaseException] | None) -> None:
        if error is None:
            settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        else:
            monkeypatch.setattr(Trouble, "raises", error)
            settings.EMAIL_BACKEND = f"{__name__}.Trouble"

    return answers


def test_a_mail_is_sent_once_and_its_text_forgotten() -> None:
    owed = owe()
    for _ in range(2):
        tasks.deliver(mail_id=owed.pk)
        tasks.deliver_owed()
    owed.refresh_from_db()
    assert [message.subject for message in mail.outbox] == ["Subject"]
    assert mail.outbox[0].extra_headers["Message-ID"] == owed.message_id
    assert (owed.state, owed.body) == (State.SENT, "")


@pytest.mark.django_db(transaction=True)
def test_a_page_sends_its_mail_as_soon_as_it_is_done() -> None:
    user = verified(make_user())
    Client().post(reverse("account_reset_password"), {"email": user.email})
    assert [message.to for message in mail.outbox] == [[user.email]]


@pytest.mark.django_db(transaction=True)
def test_no_page_fails_while_the_mail_server_is_away(mail_server) -> None:
    mail_server(OSError("no route"))
    user = verified(make_user())
    answer = Client().post(reverse("account_reset_password"), {"email": user.email})
    assert answer.url == reverse("account_reset_password_done")

    mail_server(None)
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=1)):
        tasks.deliver_owed()
    assert [message.to for message in mail.outbox] == [[user.email]]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (OSError("no route"), State.OWED),
        (smtplib.SMTPServerDisconnected("gone"), State.OWED),
        (smtplib.SMTPResponseException(451, b"later"), State.OWED),
        (smtplib.SMTPResponseException(550, b"no such box"), State.DEAD),
        (smtplib.SMTPRecipientsRefused({"a@test.example": (550, b"no")}), State.DEAD),
        (smtplib.SMTPRecipientsRefused({"a@test.example": (450, b"later")}), State.OWED),
        (UnicodeEncodeError("ascii", "é", 0, 1, "no"), State.DEAD),
    ],
)
def test_what_may_pass_is_tried_again_and_what_will_not_is_given_up(
    error: Exception, state: str, mail_server
) -> None:
    mail_server(error)
    owed = owe()
    tasks.deliver(mail_id=owed.pk)
    owed.refresh_from_db()
    assert owed.state == state
    assert bool(owed.body) == (state == State.OWED)


def test_waits_grow_and_a_mail_too_late_to_be_of_use_is_given_up(mail_server) -> None:
    mail_server(smtplib.SMTPResponseException(451, b"later"))
    with time_machine.travel("2026-03-01T08:00:00Z", tick=False) as clock:
        owed = owe()
        waits = []
        for _ in range(3):
            before = timezone.now()
            tasks.deliver_owed()
            owed.refresh_from_db()
            waits.append((owed.available_at - before).total_seconds())
            clock.move_to(owed.available_at)
        assert waits == [30, 60, 300]
        mail_server(None)
        clock.shift(dt.timedelta(days=4))
        tasks.deliver_owed()
    owed.refresh_from_db()
    assert (owed.state, owed.body, mail.outbox) == (State.DEAD, "", [])


def test_a_worker_that_dies_while_sending_costs_at_most_one_copy(mail_server) -> None:
    class Killed(BaseException):
        pass

    mail_server(Killed)
    with time_machine.travel("2026-03-01T08:00:00Z", tick=False) as clock:
        owed = owe()
        for _ in range(2):
            with pytest.raises(Killed):
                operations.deliver_mail(mail_id=owed.pk)
            clock.shift(dt.timedelta(minutes=2))
        mail_server(None)
        tasks.deliver_owed()
        tasks.deliver_owed()
    owed.refresh_from_db()
    assert (owed.state, mail.outbox) == (State.UNCONFIRMED, [])


def test_two_workers_do_not_send_the_same_mail(mail_server) -> None:
    owed = owe()
    AccountMail.objects.filter(pk=owed.pk).update(available_at=timezone.now() + outbox.LEASE)
    assert operations.deliver_mail(mail_id=owed.pk) is False
    assert mail.outbox == []


def test_strangers_cannot_make_the_portal_flood_an_address() -> None:
    with time_machine.travel("2026-03-01T08:00:00Z", tick=False) as clock:
        ask = partial(owe, asked_by_anyone=True, to="victim@test.example")
        for _ in range(operations.MAILS_IN_FEW_MINUTES):
            ask()
        with pytest.raises(DomainError) as refusal:
            ask()
        assert refusal.value.code == "too-many-mails"
        owe(to="victim@test.example")  # what its owner did is still told
        clock.shift(operations.FEW_MINUTES)
        ask()


def test_the_flood_limit_answers_alike_for_known_and_unknown_addresses() -> None:
    verified(make_user(email="known@test.example"))
    said = []
    for email in ("known@test.example", "unknown@test.example"):
        client = Client()
        for _ in range(operations.MAILS_IN_FEW_MINUTES + 1):
            answer = client.post(reverse("account_reset_password"), {"email": email})
        page = client.get(answer.url)
        said.append([str(message) for message in page.context["messages"]])
    assert said[0] == said[1] != []


def test_mails_are_in_the_language_the_person_chose() -> None:
    user = verified(make_user())
    user.profile.interface_language = "fr"
    user.profile.save()
    Client().post(reverse("account_reset_password"), {"email": user.email})
    assert "/fr/accounts/password/reset/key/" in AccountMail.objects.get().body


def test_old_mails_are_forgotten() -> None:
    with time_machine.travel("2026-03-01T08:00:00Z", tick=False) as clock:
        owe()
        tasks.deliver_owed()
        clock.shift(operations.KEPT + dt.timedelta(minutes=1))
        tasks.deliver_owed()
    assert not AccountMail.objects.exists()
