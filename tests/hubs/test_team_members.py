"""Who is in a hub's team: roles, invitations with their letters, leaving, being named."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import AccountMail, Profile, User
from accounts.operations import close_account, everything_about
from core import waiting
from hubs import operations
from hubs.models import Hub, HubInvitation, Membership
from tests import factories
from tests.hubs.teams import EDITOR, FOCAL, MEMBER, errors, fresh, make_hub, member, words
from tests.letters import letters, letters_of, name_of, the_letter
from tests.people import browser

pytestmark = pytest.mark.django_db

MEMBERS = "/hubs/wells/team/members/"
NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)


@pytest.fixture
def hub() -> Hub:
    return make_hub()


@pytest.fixture
def focal(hub: Hub) -> User:
    return member(hub, FOCAL, name="Fatima Focal")


@pytest.fixture
def client(focal: User) -> Client:
    return browser(focal)


def invite(client: Client, email: str, role: str = EDITOR) -> Any:
    return client.post(MEMBERS, {"email": email, "role": role}, follow=True)


def sent() -> list[tuple[str, str]]:
    """Mails to addresses without an account, then letters to people with one."""
    mails = AccountMail.objects.filter(purpose__startswith="hubs_").order_by("pk")
    return [
        *((mail.purpose.replace("_", "/", 1), mail.to) for mail in mails),
        *((name_of(row), row.user.email) for row in letters()),
    ]


def role_of(hub: Hub, user: User) -> str:
    return Membership.objects.get(hub=hub, user=user).role


# --- Inviting ----------------------------------------------------------------------------


def test_an_address_gets_the_same_answer_whether_or_not_it_has_an_account(
    client: Client, hub: Hub
) -> None:
    factories.make_user(email="known@test.example")
    answers = []
    for name in ("known", "nobody"):
        address = f"{name}@test.example"
        answer = invite(client, address)
        main = words(answer).replace(address, "ADDRESS")
        answers.append(main.replace("ADDRESS Editor · can be answered until 9 April 2026", ""))
        HubInvitation.objects.all().delete()
    assert answers[0] == answers[1]
    assert "A letter is on its way to ADDRESS." in answers[0]
    assert sorted(sent()) == [
        ("hubs/invited", "known@test.example"),
        ("hubs/invited", "nobody@test.example"),
    ]


def test_the_letter_says_who_asks_for_what_and_leads_to_the_answer(
    client: Client, hub: Hub, settings: Any
) -> None:
    with time_machine.travel(NOW, tick=False):
        invite(browser(User.objects.get(name="Fatima Focal")), "new@test.example", FOCAL)
    mail = AccountMail.objects.get(purpose="hubs_invited")
    uid = HubInvitation.objects.get().uid
    assert mail.subject == "Fatima Focal invites you to the team of Hub of wells"
    assert f"{settings.PORTAL_URL}/hubs/invitations/{uid}/\n" in mail.body
    assert "until 9 April 2026" in mail.body
    assert "focal point" in mail.body


def test_the_letter_comes_in_the_language_of_its_reader(client: Client, focal: User) -> None:
    reader = factories.make_user(email="lectrice@test.example")
    Profile.objects.filter(user=reader).update(interface_language="fr")
    invite(client, reader.email)
    assert "/fr/hubs/invitations/" in the_letter(reader).body
    assert the_letter(reader).path.startswith("/fr/hubs/invitations/")
    Profile.objects.filter(user=focal).update(interface_language="es")
    invite(client, "nadie@test.example")
    assert "/es/hubs/invitations/" in AccountMail.objects.latest("pk").body


def test_a_name_cannot_break_out_of_the_subject(hub: Hub) -> None:
    user = member(hub, FOCAL, name="Eve & <b>Co</b>\r\nBcc: all@test.example")
    invite(browser(user), "new@test.example")
    mail = AccountMail.objects.get()
    assert "\n" not in mail.subject
    assert "Eve & <b>Co</b> Bcc" in mail.subject


@pytest.mark.parametrize(
    ("typed", "refused"),
    [
        ({"email": ""}, {"email": ["Enter an address, like name@example.org."]}),
        ({"email": "nobody"}, {"email": ["Enter a whole address, like name@example.org."]}),
        ({"role": "king"}, {"role": ["Choose one of the list."]}),
        ({"role": ""}, {"role": ["Choose a role."]}),
    ],
)
def test_an_invitation_that_cannot_be_is_refused_at_its_field(
    client: Client, typed: dict[str, str], refused: dict[str, list[str]]
) -> None:
    answer = client.post(MEMBERS, {"email": "a@test.example", "role": EDITOR} | typed)
    assert errors(answer) == refused
    assert not HubInvitation.objects.exists()


def test_who_is_in_the_team_is_not_invited(client: Client, hub: Hub) -> None:
    user = member(hub, MEMBER)
    answer = invite(client, user.email.upper())
    assert errors(answer) == {"email": ["This person is in the team already."]}


def test_an_address_that_was_asked_is_not_asked_twice(client: Client) -> None:
    first, second = (words(invite(client, "a@test.example")) for _turn in range(2))
    assert first == second
    assert len(sent()) == 1


def test_only_so_many_invitations_leave_a_day(client: Client) -> None:
    for n in range(20):
        invite(client, f"a{n}@test.example")
    answer = invite(client, "one-more@test.example")
    assert errors(answer) == {"email": ["This hub has sent 20 invitations today. Go on tomorrow."]}
    assert len(sent()) == 20


def test_an_invitation_is_taken_back(client: Client, hub: Hub) -> None:
    user = factories.make_user(email="a@test.example")
    invite(client, user.email)
    asked = HubInvitation.objects.get()
    answer = client.post(f"{MEMBERS}invitations/{asked.uid}/take-back/", follow=True)
    assert "The invitation is taken back." in words(answer)
    assert "a@test.example" not in words(client.get(MEMBERS))
    again = client.post(f"{MEMBERS}invitations/{asked.uid}/take-back/", follow=True)
    assert "cannot be changed this way" in words(again)
    page = browser(user).get(f"/hubs/invitations/{asked.uid}/")
    assert "This invitation is no longer open" in words(page)


# --- Roles -------------------------------------------------------------------------------


def test_who_is_given_a_role_hears_of_it_and_of_its_end(hub: Hub, focal: User) -> None:
    user = factories.make_user(email="a@test.example")
    for role in (MEMBER, EDITOR, EDITOR):
        operations.give_role(hub, by=focal, email=user.email, role=role)
    operations.take_role(Membership.objects.get(hub=hub, user=user), by=focal)
    assert letters_of(user) == [
        "Your role in the team of Hub of wells: Member",
        "Your role in the team of Hub of wells: Editor",
        "You are no longer in the team of Hub of wells",
    ]
    assert [row.letter.path for row in letters(user) if row.letter] == [
        "/hubs/wells/team/", "/hubs/wells/team/", "/hubs/wells/",
    ]  # fmt: skip
    assert letters_of(focal) == []


def test_who_joins_or_leaves_by_themselves_knows(hub: Hub, focal: User) -> None:
    user = member(hub, EDITOR)
    operations.take_role(Membership.objects.get(hub=hub, user=user), by=user)
    assert letters_of(user) == []


# --- Answering ---------------------------------------------------------------------------


@pytest.fixture
def asked(client: Client, hub: Hub) -> HubInvitation:
    factories.make_user(email="guest@test.example", name="Gita Guest")
    invite(client, "Guest@test.example")
    return HubInvitation.objects.get()


def guest() -> User:
    return User.objects.get(email="guest@test.example")


def test_the_invited_person_joins_and_the_inviter_is_told(
    asked: HubInvitation, hub: Hub, focal: User
) -> None:
    client, url = browser(guest()), f"/hubs/invitations/{asked.uid}/"
    assert url in [item.url for item in waiting.items_for(guest())]
    text = words(client.get(url))
    assert "Join the team of Hub of wells?" in text
    assert "Fatima Focal asks you to join" in text
    assert "Your role: Editor." in text
    assert client.post(url, {"answer": "join"})["Location"] == "/hubs/wells/team/"
    assert role_of(hub, guest()) == EDITOR
    assert sent() == [("hubs/invited", guest().email), ("hubs/joined", focal.email)]
    letter = the_letter(focal)
    assert letter.title == "Gita Guest has joined the team of Hub of wells"
    assert "/hubs/wells/team/members/" in letter.body
    assert url not in [item.url for item in waiting.items_for(guest())]


def test_the_invited_person_says_no_and_nobody_is_told(asked: HubInvitation, hub: Hub) -> None:
    client, url = browser(guest()), f"/hubs/invitations/{asked.uid}/"
    assert client.post(url, {"answer": "no"})["Location"] == "/dashboard/"
    assert not hub.memberships.filter(user=guest()).exists()
    assert [name for name, _to in sent()] == ["hubs/invited"]
    again = client.post(url, {"answer": "join"}, follow=True)
    assert "This invitation is no longer open" in words(again)
    assert not hub.memberships.filter(user=guest()).exists()


def test_nobody_else_finds_an_invitation(asked: HubInvitation, focal: User) -> None:
    url = f"/hubs/invitations/{asked.uid}/"
    for user in (
        factories.make_user(),
        focal,
        factories.make_user(is_staff=True, is_superuser=True),
    ):
        assert browser(user).get(url).status_code == 404
        assert browser(user).post(url, {"answer": "join"}).status_code == 404
    assert fresh(asked).state == "asked"


def test_who_is_not_signed_in_learns_nothing_and_comes_back(asked: HubInvitation) -> None:
    url = f"/hubs/invitations/{asked.uid}/"
    page, none = Client().get(url), Client().get("/hubs/invitations/2222222222/")
    assert page.status_code == none.status_code == 200
    assert words(page) == words(none)
    assert "wells" not in words(page)
    html = page.content.decode()
    for place in ("login", "signup"):
        assert f'/accounts/{place}/?next={url}"' in html
    assert Client().post(url, {"answer": "join"}).status_code == 200
    assert fresh(asked).state == "asked"


def test_an_invitation_ends_after_thirty_days(hub: Hub, focal: User) -> None:
    user = factories.make_user(email="late@test.example")
    with time_machine.travel(NOW, tick=False):
        operations.invite(hub, by=focal, email=user.email, role=EDITOR)
    asked = HubInvitation.objects.get()
    with time_machine.travel(NOW + dt.timedelta(days=31), tick=False):
        client, url = browser(user), f"/hubs/invitations/{asked.uid}/"
        assert "no longer open" in words(client.get(url))
        assert url not in [item.url for item in waiting.items_for(user)]
        assert "no longer open" in words(client.post(url, {"answer": "join"}, follow=True))
        assert "late@test.example" not in words(browser(focal).get(MEMBERS))
    assert not hub.memberships.filter(user=user).exists()


# --- Roles -------------------------------------------------------------------------------


def test_a_focal_point_changes_and_takes_roles(client: Client, hub: Hub) -> None:
    user = member(hub, MEMBER, name="Mila Member")
    row = Membership.objects.get(user=user)
    answer = client.post(f"{MEMBERS}{row.pk}/role/", {"role": EDITOR}, follow=True)
    assert "Mila Member now has the role: Editor." in words(answer)
    assert role_of(hub, user) == EDITOR
    assert "Choose a role." in words(
        client.post(f"{MEMBERS}{row.pk}/role/", {"role": "king"}, follow=True)
    )
    assert role_of(hub, user) == EDITOR
    answer = client.post(f"{MEMBERS}{row.pk}/remove/", follow=True)
    assert "Mila Member is no longer in the team." in words(answer)
    assert not hub.memberships.filter(user=user).exists()


def test_the_last_focal_point_stays(client: Client, hub: Hub, focal: User) -> None:
    row = Membership.objects.get(user=focal)
    text = words(client.get(MEMBERS))
    assert "The last focal point stays until somebody else has the role." in text
    assert "Leave the team" not in text
    for action, data in (("role", {"role": EDITOR}), ("remove", {})):
        answer = client.post(f"{MEMBERS}{row.pk}/{action}/", data, follow=True)
        assert "You are the last focal point." in words(answer)
    assert role_of(hub, focal) == FOCAL
    member(hub, FOCAL)
    assert client.post(f"{MEMBERS}{row.pk}/remove/")["Location"] == "/dashboard/"
    assert not hub.memberships.filter(user=focal).exists()


def test_a_role_change_writes_no_letter_of_joining(client: Client, hub: Hub, focal: User) -> None:
    other = member(hub, FOCAL)
    operations.invite(hub, by=other, email="x@test.example", role=EDITOR)
    before = letters()
    row = Membership.objects.get(user=focal)
    client.post(f"{MEMBERS}{row.pk}/role/", {"role": EDITOR})
    assert letters() == before


@pytest.mark.parametrize("role", [EDITOR, MEMBER])
def test_everybody_may_leave(hub: Hub, role: str) -> None:
    user = member(hub, role)
    client = browser(user)
    assert "Leave the team" in words(client.get(MEMBERS))
    row = Membership.objects.get(user=user)
    assert client.post(f"{MEMBERS}{row.pk}/remove/")["Location"] == "/dashboard/"
    assert client.get(MEMBERS).status_code == 404


def test_everybody_decides_for_themselves_whether_readers_see_their_name(
    hub: Hub, client: Client
) -> None:
    user = member(hub, MEMBER)
    row = Membership.objects.get(user=user)
    mine = browser(user)
    mine.post(f"{MEMBERS}{row.pk}/show/", {"shown": "yes"})
    assert fresh(row).is_shown
    assert "named on the hub’s page" in words(mine.get(MEMBERS))
    assert client.post(f"{MEMBERS}{row.pk}/show/", {"shown": "no"}).status_code == 403
    assert fresh(row).is_shown
    mine.post(f"{MEMBERS}{row.pk}/show/", {"shown": "no"})
    assert not fresh(row).is_shown


def test_the_list_costs_the_same_for_few_and_for_many(
    client: Client, hub: Hub, focal: User, django_assert_num_queries: Any
) -> None:
    client.get(MEMBERS)
    for n in (1, 12):
        for i in range(n):
            member(hub, MEMBER)
            operations.invite(hub, by=focal, email=f"a{n}-{i}@test.example", role=EDITOR)
        with django_assert_num_queries(7):
            assert client.get(MEMBERS).status_code == 200


def test_what_is_kept_of_an_invited_address_is_told_and_goes_with_the_account(
    hub: Hub, focal: User
) -> None:
    invited = factories.make_user(email="ana@test.example")
    operations.invite(hub, by=focal, email="Ana@Test.example", role=EDITOR)

    (kept,) = everything_about(invited)["hub_invitations"]
    assert (kept["hub"], kept["role"], kept["state"]) == (hub.name, EDITOR, "asked")

    close_account(by=invited, user=invited)
    assert not HubInvitation.objects.exists()
