"""Mails in doubt at the desk: who sees what of them, and what is decided about them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccountMail, User
from accounts.operations import owe_mail
from core import held, waiting
from core.errors import DomainError
from core.models import AuditEntry
from core.outbox import masked
from notifications import addresses, devices
from notifications.delivering import deliver_owed
from notifications.models import Address, Delivery, PushDelivery
from tests.community.factories import make_member
from tests.desk import desk_client
from tests.factories import make_user
from tests.notifications.test_bounces import letter
from tests.push import Browser
from tests.racing import at_once, told

pytestmark = pytest.mark.django_db
State = Delivery.State
LIST = "admin:notifications_delivery_changelist"


def moderator() -> User:
    return make_user(is_staff=True)


def in_doubt(state: str = State.UNCONFIRMED, to: User | None = None) -> Delivery:
    row = letter(to or make_member())
    words = f"TimeoutError: {row.user.email} said nothing"
    Delivery.objects.filter(pk=row.pk).update(state=state, problem=words, unsure=2, attempts=3)
    row.refresh_from_db()
    return row


def act(client: Client, name: str, rows: list[Any], url: str = LIST, **more: str) -> Any:
    data = {"action": name, "_selected_action": [row.pk for row in rows], **more}
    return client.post(reverse(url), data, follow=True)


def test_the_list_opens_with_what_is_in_doubt_and_shows_no_address_in_full() -> None:
    held_, dead = in_doubt(), in_doubt(State.DEAD)
    sent = in_doubt(State.SENT)
    client = desk_client(moderator())

    page = client.get(reverse(LIST)).content.decode()
    one = client.get(reverse("admin:notifications_delivery_change", args=[held_.pk]))

    for row in (held_, dead):
        assert reverse("admin:notifications_delivery_change", args=[row.pk]) in page
    assert reverse("admin:notifications_delivery_change", args=[sent.pk]) not in page
    assert (
        reverse("admin:notifications_delivery_change", args=[sent.pk])
        in client.get(reverse(LIST), {"state__exact": "sent"}).content.decode()
    )
    for content in (page, one.content.decode()):
        assert held_.user.email not in content
        assert "It was decided" not in content
        assert "Decided" not in content
    assert 'name="_save"' not in one.content.decode()


@pytest.mark.parametrize(
    "name", ["notifications_delivery", "notifications_address", "notifications_pushdelivery"]
)
def test_the_desk_of_mails_is_for_portal_moderators_with_their_second_step(name: str) -> None:
    url = reverse(f"admin:{name}_changelist")
    for user in (make_user(), make_member()):
        assert desk_client(user).get(url).status_code in (302, 403)
    without = Client()
    without.force_login(moderator())
    assert without.get(url).status_code == 302
    assert desk_client(moderator()).get(url).status_code == 200


def test_messages_to_devices_are_there_to_read_and_nothing_is_decided_about_them(
    settings: Any,
) -> None:
    settings.WEBPUSH_PRIVATE_KEY = devices.new_private_key()
    reader = make_member()
    endpoint = "https://fcm.googleapis.com/fcm/send/1"
    devices.add_device(by=reader, endpoint=endpoint, agent="Firefox X11 Linux", **Browser().keys)
    letter(reader)
    PushDelivery.objects.update(state=State.DEAD, problem="403 no")
    client = desk_client(moderator())

    page = client.get(reverse("admin:notifications_pushdelivery_changelist")).content.decode()

    assert masked(reader.email) in page
    assert '<bdi dir="ltr">403 no</bdi>' in page
    assert reader.email not in page
    assert endpoint not in page
    assert "send_again_selected" not in page


def test_moderators_see_account_mails_masked_and_without_their_subject() -> None:
    row = owe_mail(
        to="somebody@test.example", purpose="x", subject="Code 12345", body="12345",
        asked_by_anyone=False,
    )  # fmt: skip
    AccountMail.objects.filter(pk=row.pk).update(
        state=State.DEAD, problem="SMTPRecipientsRefused: {'somebody@test.example': (550, b'no')}"
    )
    client = desk_client(moderator())
    for url in (
        reverse("admin:accounts_accountmail_changelist"),
        reverse("admin:accounts_accountmail_change", args=[row.pk]),
    ):
        page = client.get(url).content.decode()
        assert "s…@test.example" in page
        assert "somebody@test.example" not in page
        assert "12345" not in page


def test_a_mail_is_sent_once_more_under_its_name_after_a_reason() -> None:
    row, by = in_doubt(), moderator()
    client = desk_client(by)

    asked = act(client, "send_again_selected", [row])
    row.refresh_from_db()
    assert (row.state, "reason" in asked.content.decode()) == (State.UNCONFIRMED, True)
    empty = act(client, "send_again_selected", [row], reason="  ")
    row.refresh_from_db()
    assert (row.state, empty.status_code) == (State.UNCONFIRMED, 200)

    act(client, "send_again_selected", [row], reason="The server was moved.")
    deliver_owed()

    row.refresh_from_db()
    assert row.state == State.SENT
    (sent,) = mail.outbox
    assert sent.extra_headers["Message-ID"] == row.message_id
    entry = AuditEntry.of(row).get()
    assert (entry.verb, entry.note, entry.actor_name) == (
        "mail_again", "The server was moved.", by.name
    )  # fmt: skip


def test_once_more_is_once() -> None:
    row = in_doubt()
    held.send_again(row, by=moderator(), reason="x")
    row.refresh_from_db()
    Delivery.objects.filter(pk=row.pk).update(started_at=timezone.now())  # a sender died
    deliver_owed()
    row.refresh_from_db()
    assert (row.state, mail.outbox) == (State.UNCONFIRMED, [])


def test_what_is_too_late_gets_another_day_when_it_is_sent_once_more() -> None:
    row = in_doubt(State.DEAD)
    Delivery.objects.filter(pk=row.pk).update(expires_at=timezone.now())
    held.send_again(row, by=moderator(), reason="x")
    deliver_owed()
    assert len(mail.outbox) == 1


MOVES = {"again": held.send_again, "arrived": held.count_as_sent, "dropped": held.drop}
ALLOWED = {
    ("again", State.UNCONFIRMED): State.OWED,
    ("again", State.DEAD): State.OWED,
    ("arrived", State.UNCONFIRMED): State.SENT,
    ("dropped", State.UNCONFIRMED): State.UNWANTED,
    ("dropped", State.DEAD): State.UNWANTED,
}


@pytest.mark.parametrize("state", State.values)
@pytest.mark.parametrize("move", MOVES)
def test_what_can_be_decided_in_which_state(move: str, state: str) -> None:
    row = in_doubt(state)
    becomes = ALLOWED.get((move, State(state)))
    if becomes is None:
        with pytest.raises(DomainError):
            MOVES[move](row, by=moderator(), reason="x")
    else:
        MOVES[move](row, by=moderator(), reason="x")
    row.refresh_from_db()
    assert row.state == (becomes or state)
    assert AuditEntry.of(row).count() == (1 if becomes else 0)


@pytest.mark.parametrize("move", MOVES)
def test_nobody_else_decides_and_nobody_without_a_reason(move: str) -> None:
    row = in_doubt()
    with pytest.raises(PermissionDenied):
        MOVES[move](row, by=make_user(), reason="x")
    with pytest.raises(DomainError):
        MOVES[move](row, by=moderator(), reason=" ")
    row.refresh_from_db()
    assert row.state == State.UNCONFIRMED


def test_an_account_mail_whose_text_is_gone_is_not_sent_empty() -> None:
    row = owe_mail(to="a@test.example", purpose="x", subject="S", body="1", asked_by_anyone=False)
    AccountMail.objects.filter(pk=row.pk).update(state=State.UNCONFIRMED, body="")
    with pytest.raises(DomainError, match="not kept"):
        held.send_again(row, by=moderator(), reason="x")
    held.drop(row, by=moderator(), reason="x")
    assert "a@test.example" not in str(AuditEntry.of(row).get().target_label)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_is_told() -> None:
    row = in_doubt()
    one, other = moderator(), moderator()
    results = at_once(
        lambda: held.send_again(row, by=one, reason="x"),
        lambda: held.drop(row, by=other, reason="y"),
    )
    assert sorted(map(told, results)) == ["done", "state"]
    assert AuditEntry.of(row).count() == 1


def test_moderators_are_told_on_their_own_page_and_nobody_else_is() -> None:
    by, member = moderator(), make_member()

    def titles(user: User) -> list[str]:
        return [str(each.title) for each in waiting.items_for(user) if "mail" in str(each.title)]

    assert titles(by) == []
    in_doubt()
    assert titles(by) == ["Look at notifications that were not mailed"]
    assert titles(member) == []
    (item,) = [each for each in waiting.items_for(by) if "mail" in str(each.title)]
    assert desk_client(by).get(item.url).status_code == 200


def test_a_moderator_lets_an_address_be_tried_again_but_not_against_its_reader() -> None:
    tired, complained = (
        Address.objects.create(
            address=f"{name}@test.example", score=4,
            stopped_until=timezone.now() + addresses.STOPPED_FOR,
            complained_at=timezone.now() if name == "c" else None,
        )
        for name in ("b", "c")
    )  # fmt: skip
    by = moderator()
    url = "admin:notifications_address_changelist"

    page = act(desk_client(by), "resume_selected", [tired, complained], url, reason="Mended.")

    assert not addresses.is_stopped(tired.address)
    assert addresses.is_stopped(complained.address)
    assert "Only they can ask" in page.content.decode()
    assert tired.address not in page.content.decode()
    assert AuditEntry.of(tired).get().note == "Mended."
