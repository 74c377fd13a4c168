"""Owed mails against a real mail server that fails in every way mail servers do."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.db import connection
from django.utils import timezone

from accounts.models import AccountMail
from accounts.operations import deliver_owed_mails, owe_mail
from core import outbox
from tests.smtp import Faults, Sink

pytestmark = pytest.mark.django_db(transaction=True)
State = AccountMail.State


def owe(n: int = 1, to: str = "member{}@test.example") -> list[AccountMail]:
    return [
        owe_mail(
            to=to.format(k), purpose="test", subject=f"Number {k}", body="Text",
            asked_by_anyone=False,
        )
        for k in range(n)
    ]  # fmt: skip


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in AccountMail.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def later(minutes: int = 2) -> Any:
    return time_machine.travel(timezone.now() + dt.timedelta(minutes=minutes), tick=True)


def test_many_mails_go_over_one_connection_each_once(settings: Any) -> None:
    owe(23)
    with Sink() as server:
        server.settings(settings)
        assert deliver_owed_mails() == 23
        assert deliver_owed_mails() == 0

    assert server.connections == 1
    assert sorted(server.copies().values()) == [1] * 23
    assert states() == {State.SENT: 23}


def test_a_reply_that_is_lost_costs_one_more_copy_of_the_same_message(settings: Any) -> None:
    owe(10)
    with Sink(Faults(cut=lambda n: n % 5 == 0)) as server:
        server.settings(settings)
        deliver_owed_mails()
        with later():
            deliver_owed_mails()

    copies = server.copies()
    assert len(copies) == 10
    assert sum(copies.values()) > 10
    assert max(copies.values()) == 2
    assert set(states()) <= {State.SENT, State.UNCONFIRMED}


def test_when_every_reply_is_lost_each_mail_is_held_after_two_copies(settings: Any) -> None:
    owe(3)
    with Sink(Faults(cut=lambda _n: True)) as server:
        server.settings(settings)
        for n in range(5):
            with later(2 * n + 1):
                deliver_owed_mails()

    assert sorted(server.copies().values()) == [2, 2, 2]
    assert states() == {State.UNCONFIRMED: 3}


def test_a_server_that_closes_half_way_gets_the_rest_later(settings: Any) -> None:
    owe(6)
    with Sink(Faults(close_at=lambda n: n == 3)) as server:
        server.settings(settings)
        assert deliver_owed_mails() == 5
        assert states() == {State.SENT: 5, State.OWED: 1}
        with later():
            assert deliver_owed_mails() == 1

    assert sorted(server.copies().values()) == [1] * 6
    assert server.connections == 3


def test_one_who_cannot_be_reached_keeps_nobody_else_waiting(settings: Any) -> None:
    owe(4)
    answers = {"member1@test.example": (550, "no such box"), "member2@test.example": (450, "full")}
    with Sink(Faults(refuse=answers.get)) as server:
        server.settings(settings)
        deliver_owed_mails()

    assert [mail.to for mail in server.arrived] == ["member0@test.example", "member3@test.example"]
    assert states() == {State.SENT: 2, State.DEAD: 1, State.OWED: 1}


def test_a_server_that_is_away_is_asked_once_and_no_mail_is_blamed(settings: Any) -> None:
    owe(outbox.AT_ONCE + 5)
    with Sink() as server:
        server.settings(settings)
    assert deliver_owed_mails() == 0

    rows = AccountMail.objects.order_by("pk")
    assert {row.attempts for row in rows} == {0}
    put_off = [row for row in rows if row.available_at > timezone.now()]
    assert len(put_off) == outbox.AT_ONCE


def test_one_mail_that_cannot_be_written_keeps_nobody_else_waiting(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good, unwanted = owe(3)
    whole = AccountMail.compose

    def compose(row: AccountMail) -> EmailMessage:
        if row.pk == bad.pk:
            raise KeyError("name")
        if row.pk == unwanted.pk:
            raise outbox.Unwanted("asked not to")
        return whole(row)

    monkeypatch.setattr(AccountMail, "compose", compose)
    with Sink() as server:
        server.settings(settings)
        deliver_owed_mails()

    assert [mail.to for mail in server.arrived] == [good.to]
    assert states() == {State.DEAD: 1, State.SENT: 1, State.UNWANTED: 1}


@pytest.mark.parametrize(
    "address",
    [
        "a@test.example\nBcc: everybody@test.example",
        "a" * 65 + "@test.example",
        "x" * 320,
        "",
    ],
)
def test_an_address_no_mail_can_have_is_given_up_and_gets_nothing_extra(
    address: str, settings: Any
) -> None:
    (row,) = owe()
    AccountMail.objects.filter(pk=row.pk).update(to=address[:254])
    with Sink() as server:
        server.settings(settings)
        deliver_owed_mails()

    assert [mail.to for mail in server.arrived if "everybody" in mail.to] == []
    assert all("Bcc" not in mail.message for mail in server.arrived)


def test_who_takes_long_gives_back_what_is_left_in_its_old_place(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LONGEST_IN_HAND", -1.0)
    rows = owe(4)
    claimed: list[list[Any]] = []
    whole = outbox.claim

    def claim(model: type[outbox.Owed], **how: Any) -> list[Any]:
        claimed.append(whole(model, **how))
        return claimed[-1]

    monkeypatch.setattr(outbox, "claim", claim)
    with Sink() as server:
        server.settings(settings)
        assert deliver_owed_mails() == 4

    keys = [row.pk for row in rows]
    assert [[row.pk for row in some] for some in claimed] == [
        keys,
        keys[1:],
        keys[2:],
        keys[3:],
        [],
    ]
    assert sorted(server.copies().values()) == [1] * 4


def test_rows_that_cannot_be_prepared_together_are_sent_all_the_same(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(_rows: list[AccountMail]) -> None:
        raise KeyError("a mistake of ours")

    monkeypatch.setattr(outbox.Owed, "prepare", prepare)
    monkeypatch.setattr(AccountMail, "prepare", prepare)
    monkeypatch.setattr(AccountMail, "likely_language", "en")
    owe(3)
    with Sink() as server:
        server.settings(settings)
        assert deliver_owed_mails() == 3


def test_many_mails_cost_two_queries_each_and_few_together(
    settings: Any, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "LONGEST_IN_HAND", 3600.0)  # however slow the machine is
    owe(10)
    with Sink() as server:
        server.settings(settings)
        # What is claimed, languages, and that nothing is left; each mail's beginning and end.
        with django_assert_num_queries(4 + 1 + 3 + 2 * 10):
            assert outbox.drain([AccountMail]).taken == 10


def test_senders_at_once_send_each_mail_once(settings: Any) -> None:
    owe(40)
    with Sink(Faults(delay=0.005)) as server:
        server.settings(settings)

        def work() -> None:
            try:
                deliver_owed_mails()
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(server.copies().values()) == [1] * 40
    assert states() == {State.SENT: 40}


def test_without_the_claim_senders_at_once_send_copies(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of the test above: what the lease is for."""

    def grab(model: type[outbox.Owed], *, at_most: int = outbox.AT_ONCE, **_how: Any) -> list[Any]:
        due = model._base_manager.filter(state=State.OWED, available_at__lte=timezone.now())
        return list(due.order_by("pk")[:at_most])

    owe(20)
    monkeypatch.setattr(outbox, "claim", grab)
    monkeypatch.setattr(outbox.Owed, "begin", lambda _row: True)
    start = threading.Barrier(4)
    with Sink(Faults(delay=0.02)) as server:
        server.settings(settings)

        def work() -> None:
            start.wait()
            try:
                deliver_owed_mails(at_most=20)
            finally:
                connection.close()

        threads = [threading.Thread(target=work) for _n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert max(server.copies().values()) > 1


def test_a_sender_whose_lease_ran_out_changes_nothing() -> None:
    owe()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        (slow,) = outbox.claim(AccountMail)
        clock.shift(outbox.LEASE + dt.timedelta(seconds=1))
        (fast,) = outbox.claim(AccountMail)

        assert slow.begin() is False
        assert slow.settle(State.SENT) is False
        assert fast.begin() is True
        assert fast.settle(State.SENT) is True
    assert states() == {State.SENT: 1}


def test_too_little_of_a_lease_begins_nothing() -> None:
    owe()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        (row,) = outbox.claim(AccountMail)
        clock.shift(outbox.LEASE * 2 / 3 + dt.timedelta(seconds=1))

        assert row.begin() is False
    assert states() == {State.OWED: 1}


def test_a_connection_that_breaks_before_the_mail_is_handed_over_costs_no_copy(
    settings: Any,
) -> None:
    owe(4)
    with Sink(Faults(close_at=lambda n: n % 2 == 0)) as server:
        server.settings(settings)
        for n in range(6):
            with later(3 * n + 1):
                deliver_owed_mails()

    assert sorted(server.copies().values()) == [1] * 4
    assert states() == {State.SENT: 4}


def test_what_most_likely_arrived_is_held_without_a_copy_where_that_does_less_harm(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AccountMail, "repeats_likely", False)
    owe(10)
    with Sink(Faults(cut=lambda n: n % 5 == 0)) as server:
        server.settings(settings)
        deliver_owed_mails()
        with later():
            deliver_owed_mails()

    assert sorted(server.copies().values()) == [1] * 10
    assert states() == {State.SENT: 8, State.UNCONFIRMED: 2}


def test_a_server_that_dies_with_a_mail_in_hand_gets_it_again(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not copies are wished: nobody knows whether it kept what it had."""
    monkeypatch.setattr(AccountMail, "repeats_likely", False)
    owe(1)
    with Sink() as server:
        server.settings(settings)
        server.faults.cut = lambda _n: server.stop_listening() or True
        deliver_owed_mails()
    assert states() == {State.OWED: 1}
    with Sink() as server, later():
        server.settings(settings)
        deliver_owed_mails()
    assert states() == {State.SENT: 1}
