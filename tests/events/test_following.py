"""Following a commitment: who may. What followers are told is tested with the notifications."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.operations import close_account, everything_about
from events import operations
from events.models import Commitment, CommitmentFollow
from tests.events.factories import make_commitment, make_event
from tests.factories import make_hub, make_member, make_user
from tests.people import browser

pytestmark = pytest.mark.django_db


def address(commitment: Commitment, name: str = "follow") -> str:
    return reverse(f"events:{name}", args=[commitment.code])


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
