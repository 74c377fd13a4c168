"""Following a commitment: who may, who is told what, and in which words."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AccountMail
from accounts.operations import close_account, everything_about
from events import operations
from events.models import Commitment, CommitmentFollow
from tests.events.factories import make_commitment, make_event, make_source
from tests.factories import make_hub, make_member, make_user
from tests.people import browser

pytestmark = pytest.mark.django_db


def update(commitment: Commitment, by: Any = None, **values: Any) -> Any:
    """Something happened, filed by a portal moderator."""
    return operations.add_update(
        commitment,
        by=by or make_user(is_staff=True),
        **{"progress": "limited", "text": "Two wells are dug.", "reference": make_source()}
        | values,
    )


def address(commitment: Commitment, name: str = "follow") -> str:
    return reverse(f"events:{name}", args=[commitment.code])


def letters() -> list[AccountMail]:
    return list(AccountMail.objects.filter(purpose="events_update").order_by("pk"))


# --- The button -----------------------------------------------------------------------------


def test_a_member_follows_and_stops() -> None:
    commitment, member = make_commitment(make_event()), make_user()
    client = browser(member)
    page = commitment.get_absolute_url()
    assert f'action="{address(commitment)}"' in client.get(page).content.decode()

    answers = [client.post(address(commitment), follow=True) for _n in range(2)]

    assert [answer.redirect_chain[-1][0] for answer in answers] == [page, page]
    assert list(CommitmentFollow.objects.values_list("user", "commitment")) == [
        (member.pk, commitment.pk)
    ]
    html = client.get(page).content.decode()
    assert f'action="{address(commitment, "unfollow")}"' in html
    assert "1 member follows it." in html

    for _n in range(2):
        client.post(address(commitment, "unfollow"))
    assert not CommitmentFollow.objects.exists()
    assert "follows it" not in Client().get(page).content.decode().replace("Who follows it", "")


def test_a_visitor_signs_in_and_comes_back_to_the_commitment(client: Client) -> None:
    commitment = make_commitment(make_event())

    for name in ("follow", "unfollow"):
        answer = client.post(address(commitment, name))
        assert answer.status_code == 302
        assert answer["Location"] == f"/accounts/login/?next={commitment.get_absolute_url()}"
    assert not CommitmentFollow.objects.exists()


def test_only_a_button_follows() -> None:
    commitment = make_commitment(make_event())
    client = browser(make_user())

    for name in ("follow", "unfollow"):
        assert client.get(address(commitment, name)).status_code == 405
    assert client.post("/events/commitments/none-such/follow/").status_code == 404


def test_what_one_does_not_see_one_does_not_follow() -> None:
    hub = make_hub()
    commitment = make_commitment(make_event(is_public=False, hub=hub))

    stranger, editor = browser(make_member(make_hub(), "editor")), make_member(hub, "editor")
    assert stranger.post(address(commitment)).status_code == 404
    assert browser(editor).post(address(commitment)).status_code == 302
    assert [row.user for row in CommitmentFollow.objects.all()] == [editor]


@pytest.mark.parametrize("n", [1, 12])
def test_the_page_costs_the_same_however_many_follow(n: int) -> None:
    commitment = make_commitment(make_event())
    for _n in range(n):
        operations.follow(commitment, by=make_user())
    page = commitment.get_absolute_url()
    client = Client()
    client.get(page)

    with CaptureQueriesContext(connection) as asked:
        html = client.get(page).content.decode()
    assert len(asked) == 6
    assert f"{n} member" in html


# --- The letter -----------------------------------------------------------------------------


def test_followers_are_told_what_happened_with_the_way_out() -> None:
    commitment = make_commitment(make_event(), text="Dig three wells.")
    member = make_user()
    operations.follow(commitment, by=member)

    update(commitment, happened_on="2025-02")

    (letter,) = letters()
    assert (letter.to, letter.state) == (member.email, "owed")
    assert letter.subject == f"Commitment {commitment.number}: Limited progress"
    for told in ("Dig three wells.", "Two wells are dug.", "2025-02", "to stop these letters"):
        assert told in letter.body
    assert letter.body.count("http") == 1
    assert f"/events/commitments/{commitment.code}/" in letter.body


def test_each_reads_it_in_their_language_and_nobody_hears_of_what_they_filed() -> None:
    commitment = make_commitment(make_event())
    author, french, gone, other = make_user(is_staff=True), make_user(), make_user(), make_user()
    for user in (author, french, gone):
        operations.follow(commitment, by=user)
    operations.follow(make_commitment(commitment.event), by=other)
    type(french.profile).objects.filter(user=french).update(interface_language="fr")
    gone.is_active = False
    gone.save()

    update(commitment, by=author)

    (letter,) = letters()
    assert letter.to == french.email
    assert "/fr/events/commitments/" in letter.body


def test_of_a_hidden_event_only_those_hear_who_see_it() -> None:
    hub = make_hub()
    event = make_event(hub=hub)
    commitment = make_commitment(event)
    member, editor = make_user(), make_member(hub, "editor")
    for user in (member, editor):
        operations.follow(commitment, by=user)
    event.is_public = False
    event.save()

    update(Commitment.objects.get(pk=commitment.pk))

    assert [letter.to for letter in letters()] == [editor.email]


def test_a_refused_update_tells_nobody() -> None:
    commitment = make_commitment(make_event())
    operations.follow(commitment, by=make_user())

    with pytest.raises(Exception, match="source"):
        update(commitment, reference=None)

    assert letters() == []


@pytest.mark.parametrize("n", [1, 60])
def test_letters_cost_the_same_however_many_follow(n: int) -> None:
    commitment, moderator = make_commitment(make_event()), make_user(is_staff=True)
    for _n in range(n):
        operations.follow(commitment, by=make_user())
    source = make_source()

    with CaptureQueriesContext(connection) as asked:
        update(commitment, by=moderator, reference=source)

    written = [row for row in asked if "account_mail" in row["sql"] or "accountmail" in row["sql"]]
    assert len(written) == 1
    assert len(letters()) == n


def test_hostile_words_stay_in_their_line() -> None:
    commitment = make_commitment(make_event(), text="Wells\r\nBcc: all@test.example")
    operations.follow(commitment, by=make_user())

    update(commitment, text="<b>Dug</b> & {{ done }}\r\nSubject: else" + "x" * 5000)

    (letter,) = letters()
    assert "\n" not in letter.subject
    assert "<b>Dug</b> & {{ done }}" in letter.body


# --- A person's data ------------------------------------------------------------------------


def test_what_one_follows_is_in_ones_data_and_goes_with_the_account() -> None:
    commitment, member = make_commitment(make_event()), make_user()
    operations.follow(commitment, by=member)

    kept = everything_about(member)["commitments_followed"]
    assert [(row["commitment"], row["text"]) for row in kept] == [
        (commitment.number, commitment.text)
    ]

    close_account(by=member, user=member)

    assert not CommitmentFollow.objects.exists()
