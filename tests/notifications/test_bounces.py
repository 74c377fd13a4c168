"""What mail servers give back: which address it stops, and what is not believed."""

from __future__ import annotations

import datetime as dt
import io
import sys
import time
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.db import OperationalError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.kinds import NoticeKind
from accounts.letters import LetterText, write_letter
from accounts.models import AccountMail, User
from accounts.operations import close_account, everything_about, owe_mail
from core import waiting
from notifications import addresses, bounces
from notifications.addresses import Blame, blame_of
from notifications.delivering import deliver_owed
from notifications.models import Address, Delivery, ReportCount
from tests.community.factories import make_member
from tests.smtp import Faults, Sink

pytestmark = pytest.mark.django_db
State = Delivery.State
NOON = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)


def letter(to: User, kind: NoticeKind = NoticeKind.CASE) -> Delivery:
    with transaction.atomic():
        write_letter(to, kind=kind, letter=LetterText.of("Decided\n\nIt was decided.", "/s/1/"))
    return Delivery.objects.filter(user=to).latest("pk")


def sent(to: User) -> Delivery:
    row = letter(to)
    deliver_owed()
    row.refresh_from_db()
    assert row.state == State.SENT
    return row


def report(
    message_id: str,
    to: str,
    *,
    status: str = "5.1.1",
    action: str = "failed",
    original: str = "message/rfc822",
    words: str = "smtp; 550 5.1.1 no such box",
    kind: str = "delivery-status",
) -> bytes:
    """A delivery report as mail servers write it."""
    return f"""\
From: MAILER-DAEMON@mx.test.example
To: portal@localhost
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type={kind}; boundary="=_b"

--=_b
Content-Type: text/plain

This is the mail system at host mx.test.example.

--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test.example
Arrival-Date: Mon, 4 May 2026 12:00:00 +0000

Final-Recipient: rfc822; {to}
Action: {action}
Status: {status}
Diagnostic-Code: {words}

--=_b
Content-Type: {original}

Message-ID: {message_id}
From: portal@localhost
To: {to}
Subject: Decided

Text
--=_b--
""".encode()


def complaint(message_id: str, to: str = "", feedback: str = "abuse") -> bytes:
    whose = f"Original-Rcpt-To: <{to}>\n" if to else ""
    return f"""\
From: feedback@provider.test.example
To: portal@localhost
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="=_b"

--=_b
Content-Type: text/plain

This is an abuse report.

--=_b
Content-Type: message/feedback-report

Feedback-Type: {feedback}
User-Agent: Trial/1.0
Version: 1
{whose}
--=_b
Content-Type: text/rfc822-headers

Message-ID: {message_id}
Subject: Decided
--=_b--
""".encode()


def take(raw: bytes) -> list[str]:
    return bounces.take(io.BytesIO(raw))


# --- Delivery reports ------------------------------------------------------------------------


def test_the_second_mail_that_comes_back_for_good_stops_the_third() -> None:
    reader = make_member()
    for expected in (False, True):
        assert take(report(sent(reader).message_id, reader.email)) == ["counted"]
        assert addresses.is_stopped(reader.email.upper()) is expected
    mail.outbox.clear()

    row = letter(reader)
    deliver_owed()

    row.refresh_from_db()
    assert (mail.outbox, row.state, row.problem) == (
        [], State.UNWANTED, "mail to this address comes back"
    )  # fmt: skip


@pytest.mark.parametrize(
    "original", ["message/rfc822", "text/rfc822-headers", "message/rfc822-headers"]
)
def test_a_report_names_the_mail_in_whichever_part_it_comes(original: str) -> None:
    reader = make_member()
    assert take(report(sent(reader).message_id, reader.email, original=original)) == ["counted"]


def test_a_mail_that_came_back_says_so_and_does_not_count_twice() -> None:
    reader = make_member()
    row = sent(reader)
    raw = report(row.message_id, reader.email)

    assert [take(raw), take(raw), take(raw)] == [["counted"], ["again"], ["again"]]

    row.refresh_from_db()
    assert (row.state, row.problem) == (State.SENT, "came back: 5.1.1 550 5.1.1 no such box")
    assert Address.objects.get().score == 2


def test_what_is_essential_goes_to_a_stopped_address_and_so_do_account_mails() -> None:
    reader = make_member()
    for _n in range(2):
        take(report(sent(reader).message_id, reader.email))
    mail.outbox.clear()

    letter(reader, NoticeKind.MEASURE)
    owe_mail(to=reader.email, purpose="x", subject="Code", body="1", asked_by_anyone=False)
    deliver_owed()

    assert [each.to for each in mail.outbox] == [[reader.email]] * 2


def test_who_knows_no_mail_of_ours_or_not_whose_it_is_changes_nothing() -> None:
    reader, other = make_member(), make_member()
    row = sent(reader)
    owed = letter(other)
    forged = [
        report("<never-sent@localhost>", reader.email),
        report(row.message_id, other.email),
        report(owed.message_id, other.email),  # ours, and not sent yet
        report(row.message_id.upper(), reader.email),
        complaint("<never-sent@localhost>", reader.email),
        complaint(row.message_id, other.email),
    ]

    outcomes = [take(raw) for raw in forged]

    assert outcomes == [["unknown"], ["other"], ["unknown"], ["unknown"], ["unknown"], ["other"]]
    assert not Address.objects.exists()
    row.refresh_from_db()
    assert row.problem == ""
    assert dict(ReportCount.objects.values_list("outcome", "number")) == {"unknown": 4, "other": 2}


def test_a_report_may_name_the_address_we_wrote_to_beside_where_it_was_passed_on() -> None:
    reader = make_member()
    raw = report(sent(reader).message_id, "elsewhere@other.example").replace(
        b"Action: failed",
        f"Original-Recipient: rfc822;{reader.email.upper()}\nAction: failed".encode(),
    )
    assert take(raw) == ["counted"]


def test_passing_failures_count_once_a_day_and_fall_with_time() -> None:
    reader = make_member()
    scores = []
    with time_machine.travel(NOON, tick=False) as clock:
        for days in (0, 0, 1, 60):
            clock.shift(dt.timedelta(days=days))
            take(report(sent(reader).message_id, reader.email, status="4.4.7"))
            scores.append(Address.objects.get().score)
    assert scores == [1, 1, 2, 1]
    assert not addresses.is_stopped(reader.email)


def test_a_stop_ends_by_itself_after_thirty_days_and_one_more_stops_again() -> None:
    reader = make_member()
    with time_machine.travel(NOON, tick=False) as clock:
        for _n in range(2):
            take(report(sent(reader).message_id, reader.email))
        clock.shift(dt.timedelta(days=29, hours=23))
        assert addresses.is_stopped(reader.email)
        clock.shift(dt.timedelta(hours=1))
        assert not addresses.is_stopped(reader.email)
        take(report(sent(reader).message_id, reader.email))
        assert addresses.is_stopped(reader.email)


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded"])
def test_what_is_no_end_counts_nothing(action: str) -> None:
    reader = make_member()
    raw = report(sent(reader).message_id, reader.email, action=action)
    assert take(raw) == ["no failure"]
    assert not Address.objects.exists()


@pytest.mark.parametrize(
    ("code", "words", "blame"),
    [
        ("5.1.1", "", Blame.LASTING),
        ("5.2.1", "", Blame.LASTING),
        ("5.0.0", "", Blame.LASTING),
        ("5.2.2", "", Blame.PASSING),
        ("5.4.7", "", Blame.PASSING),
        ("4.4.1", "", Blame.PASSING),
        ("5.7.1", "", Blame.NONE),
        ("5.6.0", "", Blame.NONE),
        ("5.2.3", "", Blame.NONE),
        ("5.3.4", "", Blame.NONE),
        ("5.1.8", "", Blame.NONE),
        ("550", "550 no such box", Blame.LASTING),
        ("550", "550 5.7.1 your server is listed", Blame.NONE),
        ("550", "550 not from 5.9.12.34", Blame.LASTING),
        ("552", "552 full", Blame.PASSING),
        ("554", "554 we do not like it", Blame.NONE),
    ],
)
def test_what_a_status_says_about_the_address(code: str, words: str, blame: Blame) -> None:
    assert blame_of(code, words) is blame


# --- Refused while sending -------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("answer", "score"),
    [((550, "no such box"), 2), ((550, "5.7.1 blocked"), None), ((450, "later"), None)],
)
def test_a_server_that_refuses_the_address_counts_and_other_refusals_do_not(
    answer: tuple[int, str], score: int | None, settings: Any
) -> None:
    reader = make_member()
    row = letter(reader)
    with Sink(Faults(refuse=lambda _to: answer)) as server:
        server.settings(settings)
        deliver_owed()
    row.refresh_from_db()
    assert reader.email not in row.problem
    assert list(Address.objects.values_list("score", flat=True)) == ([score] if score else [])


# --- Complaints ------------------------------------------------------------------------------


@pytest.mark.parametrize("is_named", [True, False])
def test_a_complaint_stops_mails_until_the_reader_asks_for_them(is_named: bool) -> None:
    reader = make_member()
    row = sent(reader)

    raw = complaint(row.message_id, reader.email if is_named else "")
    with time_machine.travel(timezone.now() + dt.timedelta(days=400)):
        assert [take(raw), take(raw)] == [["complaint"], ["again"]]
        assert addresses.is_stopped(reader.email)
        assert addresses.forget_old(timezone.now() + dt.timedelta(days=800)) == 0
        assert addresses.resume(reader)
        assert not addresses.is_stopped(reader.email)


def test_praise_is_no_complaint() -> None:
    reader = make_member()
    assert take(complaint(sent(reader).message_id, feedback="not-spam")) == ["no report"]


# --- What is no report, and what is meant to hurt --------------------------------------------


def nested(depth: int) -> bytes:
    text = b"Content-Type: multipart/report; boundary=b0\n\n"
    for n in range(depth):
        text += b"--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n" % (n, n + 1)
    return text


HOSTILE = {
    "nothing": b"",
    "no headers": b"\n\n\n",
    "noise": bytes(range(256)) * 40,
    "an auto-reply": b"Auto-Submitted: auto-replied\nSubject: Away\n\nI am away.\n",
    "ten megabytes": b"Subject: x\n\n" + b"x" * 10_000_000,
    "ten megabytes of lines": b"Content-Type: multipart/report; boundary=b\n\n"
    + b"--b\n" * 2_500_000,
    "parts in parts": nested(5000),
    "few parts in parts": nested(25),
    "mails in mails": b"Content-Type: multipart/report; boundary=b\n\n--b\n"
    + b"Content-Type: message/rfc822\n\n" * 20_000,
    "an empty report": b"Content-Type: multipart/report; boundary=b\n\n--b--\n",
    "a report without a boundary": b"Content-Type: multipart/report\n\nText\n",
    "a charset nobody knows": b"Content-Type: multipart/report; boundary*=x-no'en'b\n\n--b\n\n",
    "a report that is text": b"Content-Type: multipart/report; boundary=b\n\n--b\n"
    b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n!!!\n--b\n"
    b"Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: base64\n\n\xff\xff\n--b--\n",
    "an endless header": b"Content-Type: multipart/report;" + b" x=y;" * 50_000 + b"\n\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_is_no_report_ends_well_soon_and_changes_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    reader = make_member()
    row = sent(reader)
    stdin = io.TextIOWrapper(io.BytesIO(HOSTILE[name]))
    monkeypatch.setattr(sys, "stdin", stdin)

    begun = time.process_time()
    call_command("take_bounce")

    assert time.process_time() - begun < 5
    assert stdin.buffer.read() == b""
    assert not Address.objects.exists()
    row.refresh_from_db()
    assert (row.state, row.problem) == (State.SENT, "")
    assert capsys.readouterr().out.strip() == "no report"


def test_a_report_with_a_great_mail_behind_it_is_read() -> None:
    reader = make_member()
    raw = report(sent(reader).message_id, reader.email) + b"x" * 10_000_000
    assert take(raw) == ["counted"]


def test_a_report_waits_when_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_stream: Any) -> list[str]:
        raise OperationalError

    monkeypatch.setattr(bounces, "take", away)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(SystemExit) as ended:
        call_command("take_bounce")
    assert ended.value.code == 75


# --- What the person sees --------------------------------------------------------------------


def stopped_member() -> User:
    reader = make_member()
    for _n in range(2):
        take(report(sent(reader).message_id, reader.email))
    return reader


def test_a_person_reads_why_and_starts_mails_again() -> None:
    reader = stopped_member()
    (item,) = [each for each in waiting.items_for(reader) if "get no mails" in str(each.title)]
    assert item.url == reverse("notices:preferences") + "#address"
    client = Client()
    client.force_login(reader)

    page = client.get(reverse("notices:preferences")).content.decode()
    assert "You get no mails from us." in page
    assert "no such box" in page
    assert client.get(reverse("notices:address-resume")).status_code == 405
    assert addresses.is_stopped(reader.email)

    answer = client.post(reverse("notices:address-resume"), follow=True)

    assert "again" in answer.content.decode()
    assert not addresses.is_stopped(reader.email)
    assert "You get no mails from us." not in answer.content.decode()
    assert Address.objects.get().score == 2


def test_nobody_starts_mails_of_somebody_else() -> None:
    reader, other = stopped_member(), make_member()
    client = Client()
    client.force_login(other)
    client.post(reverse("notices:address-resume"))
    assert addresses.is_stopped(reader.email)
    assert Client(enforce_csrf_checks=True).post(reverse("notices:address-resume")).status_code in (
        302, 403,
    )  # fmt: skip


def test_what_is_known_of_an_address_is_in_its_owners_file_and_goes_with_them() -> None:
    reader = stopped_member()
    (kept,) = everything_about(reader)["mail_address"]
    assert (kept["address"], kept["score"]) == (reader.email.lower(), 4)
    close_account(by=reader, user=reader)
    assert not Address.objects.exists()


def test_account_mails_come_back_too_and_lose_no_secret() -> None:
    row = owe_mail(to="a@test.example", purpose="x", subject="S", body="1", asked_by_anyone=False)
    deliver_owed()
    assert take(report(row.message_id, "A@test.example")) == ["counted"]
    row.refresh_from_db()
    assert (row.state, row.body) == (AccountMail.State.SENT, "")
    assert Address.objects.get().address == "a@test.example"
