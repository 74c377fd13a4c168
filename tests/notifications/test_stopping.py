"""Stopping one kind of mail by one click: by a mail program, by a person, and by nobody else."""

from __future__ import annotations

import datetime as dt
import email
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core import mail, signing
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.kinds import NoticeKind
from accounts.letters import LetterText, write_letter
from accounts.models import User
from accounts.operations import close_account
from notifications import digesting, preferences
from notifications.delivering import deliver_owed
from notifications.kinds import TOLD, Mail
from notifications.models import Delivery, Notification, Preference
from notifications.stopping import SALT, STOPPABLE, token_for
from notifications.wishing import Wish, wish
from tests.community.factories import make_member
from tests.people import browser

pytestmark = pytest.mark.django_db
MONDAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
FORM = "application/x-www-form-urlencoded"
WRITING = ("INSERT", "UPDATE", "DELETE")


def letter(to: User, kind: str = NoticeKind.CASE) -> None:
    with transaction.atomic():
        write_letter(to, kind=NoticeKind(kind), letter=LetterText("Wells", "Text.\n", "/s/1/"))


def choose(user: User, kind: str, mail_: Mail, **more: Any) -> None:
    chosen = {"in_portal": True, "push": TOLD[kind].push, **more}
    preferences.set_preferences(by=user, wishes={kind: Wish(mail=mail_, **chosen)})


def address(user: User, what: str) -> str:
    return reverse("notices:stop", args=[token_for(user.pk, what)])


def stored(user: User) -> dict[str, str]:
    return dict(Preference.objects.filter(user=user).values_list("kind", "mail"))


def mail_program() -> Client:
    """It keeps no cookies and would be refused by every check of forms."""
    return Client(enforce_csrf_checks=True)


def one_click(path: str) -> Any:
    return mail_program().post(path, "List-Unsubscribe=One-Click", content_type=FORM)


def test_a_mail_program_stops_a_kind_by_the_address_in_the_head_of_the_mail() -> None:
    reader = make_member()
    letter(reader)
    deliver_owed()
    sent = email.message_from_bytes(mail.outbox[0].message().as_bytes())
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stop = "".join(sent["List-Unsubscribe"].split()).strip("<>")

    answer = one_click(urlsplit(stop).path)

    assert (answer.status_code, answer.cookies) == (200, {})
    assert stored(reader) == {"case": "never"}
    letter(reader)
    letter(reader, "role")
    deliver_owed()
    assert Delivery.objects.filter(kind="case").count() == 1
    assert [each.subject for each in mail.outbox] == ["Wells", "Wells"]  # the second of "role"
    assert Notification.objects.of(reader).count() == 3


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_link_changes_nothing(method: str) -> None:
    reader = make_member()
    path = address(reader, "case")
    with CaptureQueriesContext(connection) as queries:
        answer = getattr(mail_program(), method)(path)
    assert answer.status_code == 200
    said = [query["sql"] for query in queries if query["sql"].startswith(WRITING)]
    assert (said, stored(reader)) == ([], {})


@pytest.mark.parametrize("what", sorted(STOPPABLE))
def test_everything_that_can_be_stopped_is_stopped_once_and_for_all(what: str) -> None:
    reader = make_member()
    before = {kind: wish(reader, kind) for kind in preferences.CHOOSABLE}
    path = address(reader, what)

    first, second = one_click(path), one_click(path)

    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    for kind, was in before.items():
        now = wish(reader, kind)
        stops = kind == what or was.mail == what
        assert now.mail == (Mail.NEVER if stops else was.mail), kind
        assert (now.in_portal, now.push) == (was.in_portal, was.push)


def test_stopping_a_digest_ends_it_with_what_waits_for_it() -> None:
    reader = make_member()
    choose(reader, "case", Mail.DAILY, in_portal=False)
    choose(reader, "hub", Mail.ONCE)
    with time_machine.travel(MONDAY, tick=False):
        letter(reader, "case")
        letter(reader, "blog")
    with time_machine.travel(MONDAY + dt.timedelta(days=1), tick=False):
        digesting.owe_digests()
        letter(reader, "case")
        choose(reader, "case", Mail.ONCE)  # what came stays in the digest it waits for

        one_click(address(reader, "daily"))
        deliver_owed()

    assert mail.outbox == []
    assert wish(reader, "case").mail == wish(reader, "hub").mail == Mail.ONCE
    assert wish(reader, "blog").mail == Mail.WEEKLY
    assert wish(reader, "discussion").mail == Mail.NEVER
    with time_machine.travel(MONDAY + dt.timedelta(days=2), tick=False):
        digesting.owe_digests()
        deliver_owed()
    assert mail.outbox == []
    assert Notification.objects.for_digests().count() == 1  # the blog


def damaged(token: str) -> list[str]:
    payload, stamp, seal = token.split(":")
    other = signing.dumps([1, "case"], salt="something else")
    return [
        "x", token[:-1], token + "A", token.replace(":", ""), f"{payload}:{stamp}:", seal,
        f"{payload[::-1]}:{stamp}:{seal}", other, "%00", "é", "A" * 5000,
    ]  # fmt: skip


def test_a_link_that_was_not_made_here_leads_nowhere() -> None:
    reader = make_member()
    for token in damaged(token_for(reader.pk, "case")):
        path = f"/notifications/stop/{token}/"
        for answer in (mail_program().get(path), one_click(path)):
            assert answer.status_code in (400, 404), token
    assert stored(reader) == {}


@pytest.mark.parametrize(
    "content",
    [
        [1], [1, "case", 2], ["1", "case"], [1, "measure"], [1, "notice"], [1, ["case"]],
        [1, None], {"a": 1}, "case", 7, [2**70, "case"], [True, "case"], [-1, "case"],
    ],
)  # fmt: skip
def test_a_link_with_other_contents_stops_nothing(content: Any) -> None:
    reader = make_member()
    token = signing.dumps(content, salt=SALT)
    answer = one_click(f"/notifications/stop/{token}/")
    assert answer.status_code in (200, 404)
    assert (stored(reader), Preference.objects.count()) == ({}, 0)


def test_an_account_that_is_closed_locked_or_gone_gets_the_same_answer() -> None:
    there, closed, locked = make_member(), make_member(), make_member()
    close_account(by=closed, user=closed)
    User.objects.filter(pk=locked.pk).update(is_active=False)
    paths = [address(user, "case") for user in (there, closed, locked)]
    paths.append(reverse("notices:stop", args=[token_for(10**9, "case")]))

    answers = [one_click(path) for path in paths]

    both = zip(answers, paths, strict=True)
    pages = [answer.content.decode().replace(path, "") for answer, path in both]
    assert {answer.status_code for answer in answers} == {200}
    assert len(set(pages)) == 1
    assert [stored(user) for user in (there, closed, locked)] == [
        {"case": "never"}, {}, {"case": "never"}
    ]  # fmt: skip


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_page_names_no_person_and_is_kept_nowhere(method: str) -> None:
    reader = make_member()
    answer = getattr(browser(), method)(address(reader, "case"))
    page = answer.content.decode()
    for told in (reader.email, reader.name, reader.member.handle):
        assert told not in page
    assert answer["Cache-Control"] == "no-store"
    assert answer["Referrer-Policy"] == "strict-origin"
    assert answer["X-Robots-Tag"] == "noindex"
    assert '<meta name="robots" content="noindex">' in page
    assert "Your submissions and their labels" in page


def undo_of(page: Any) -> str:
    return str(page.context["undo"])


def test_who_is_signed_in_can_undo_it_at_once() -> None:
    reader = make_member()
    choose(reader, "case", Mail.WEEKLY)
    client = browser(reader)
    page = client.post(address(reader, "case"))

    answer = client.post(reverse("notices:undo"), {"key": undo_of(page)}, follow=True)

    assert "These mails come again, as before." in answer.content.decode()
    assert stored(reader) == {"case": "weekly"}


def test_undoing_a_stopped_digest_brings_each_kind_back_as_it_was() -> None:
    reader = make_member()
    choose(reader, "case", Mail.DAILY)
    before = {kind: wish(reader, kind) for kind in preferences.CHOOSABLE}
    client = browser(reader)
    page = client.post(address(reader, "daily"))
    choose(reader, "event", Mail.ONCE)  # decided since

    client.post(reverse("notices:undo"), {"key": undo_of(page)})

    now = {kind: wish(reader, kind) for kind in preferences.CHOOSABLE}
    changed = {kind for kind, one in now.items() if one != before[kind]}
    assert (changed, now["event"].mail) == ({"event"}, Mail.ONCE)


def test_nobody_else_is_offered_to_undo_it() -> None:
    reader, other = make_member(), make_member()
    assert undo_of(browser(other).post(address(reader, "case"))) == ""
    assert undo_of(browser(reader).post(address(reader, "case"))) == ""  # it had ended already
    key = preferences.undo_key(reader.pk, {"case": "once"})
    page = browser(other).post(reverse("notices:undo"), {"key": key}, follow=True)
    assert "This cannot be undone any more." in page.content.decode()
    assert (stored(reader), stored(other)) == ({"case": "never"}, {})


@pytest.mark.parametrize("key", ["", "x", "a:b:c", "\u0661:x"])
def test_an_undo_that_was_not_made_here_does_nothing(key: str) -> None:
    reader = make_member()
    preferences.stop(reader.pk, "case")
    assert not preferences.undo_stop(by=reader, key=key)
    assert stored(reader) == {"case": "never"}


def test_after_a_day_it_is_not_undone_any_more() -> None:
    reader = make_member()
    with time_machine.travel(MONDAY, tick=False):
        key = preferences.undo_key(reader.pk, preferences.stop(reader.pk, "case"))
    with time_machine.travel(MONDAY + dt.timedelta(hours=25), tick=False):
        assert not preferences.undo_stop(by=reader, key=key)
    assert stored(reader) == {"case": "never"}


def test_undoing_needs_the_check_of_forms() -> None:
    reader = make_member()
    client = Client(enforce_csrf_checks=True)
    client.force_login(reader)
    key = preferences.undo_key(reader.pk, preferences.stop(reader.pk, "case"))
    assert client.post(reverse("notices:undo"), {"key": key}).status_code == 403
    assert stored(reader) == {"case": "never"}


def test_stopping_costs_the_same_for_a_kind_and_for_a_digest() -> None:
    reader = make_member()
    counts = []
    for what in ("case", "daily"):
        with CaptureQueriesContext(connection) as queries:
            one_click(address(reader, what))
        counts.append(len(queries))
    assert counts[0] <= 8
    assert counts[1] <= 10
