"""People at the desk: found by name, let in or kept out, with reasons."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from accounts import operations
from accounts.models import AccountMail, User
from core.errors import DomainError
from core.models import AuditEntry
from hubs.models import Membership
from tests.desk import desk_client
from tests.factories import make_hub, make_member, make_user

pytestmark = pytest.mark.django_db
LIST = reverse("admin:accounts_user_changelist")


def change(user: User) -> str:
    return reverse("admin:accounts_user_change", args=[user.pk])


def test_moderators_find_people_by_name() -> None:
    wanted, other = make_user("Nomsa Dube"), make_user("Someone else")
    page = desk_client(make_user(is_staff=True)).get(LIST, {"q": "nomsa"}).content.decode()
    assert wanted.email in page
    assert other.email not in page


@pytest.mark.parametrize("role", [Membership.Role.FOCAL_POINT, Membership.Role.EDITOR])
def test_people_of_hubs_do_not_see_the_list_of_people(role: str) -> None:
    client = desk_client(make_member(make_hub(), role))
    assert client.get(LIST).status_code == 403
    assert client.get(change(make_user())).status_code == 403


def test_no_page_of_the_desk_shows_a_password_or_offers_to_delete() -> None:
    someone = make_user()
    client = desk_client(make_user(is_staff=True, is_superuser=True))
    pages = [client.get(path).content.decode() for path in (LIST, change(someone))]
    assert someone.password not in "".join(pages)
    assert "delete" not in pages[0].lower()
    assert client.get(reverse("admin:accounts_user_delete", args=[someone.pk])).status_code == 403


@pytest.mark.parametrize("path", ["mfa/authenticator/", "usersessions/usersession/", "auth/group/"])
def test_keys_and_sessions_are_nobodys_reading(path: str) -> None:
    client = desk_client(make_user(is_staff=True, is_superuser=True))
    assert client.get(f"/desk/{path}").status_code == 404


def test_a_moderator_suspends_and_restores_with_a_reason_on_record() -> None:
    someone, moderator = make_user(), make_user(is_staff=True)
    client = desk_client(moderator)
    refused = client.post(change(someone), {"reason": " "})
    assert "reason" in refused.context["adminform"].form.errors
    assert User.objects.get(pk=someone.pk).is_active

    client.post(change(someone), {"reason": "Advertises"})
    assert not User.objects.get(pk=someone.pk).is_active
    client.post(change(someone), {"is_active": "on", "reason": "Explained"})
    assert User.objects.get(pk=someone.pk).is_active
    assert list(
        AuditEntry.of(someone).values_list("actor_name", "verb", "note").order_by("pk")
    ) == [(str(moderator), "suspend", "Advertises"), (str(moderator), "restore", "Explained")]


def test_a_moderator_gives_nobody_rights() -> None:
    someone = make_user()
    desk_client(make_user(is_staff=True)).post(
        change(someone),
        {"is_active": "on", "is_staff": "on", "is_superuser": "on", "reason": "Friend"},
    )
    someone = User.objects.get(pk=someone.pk)
    assert (someone.is_staff, someone.is_superuser) == (False, False)


def test_an_administrator_gives_rights_with_a_reason() -> None:
    someone = make_user()
    desk_client(make_user(is_superuser=True, is_staff=True)).post(
        change(someone), {"is_active": "on", "is_staff": "on", "reason": "Joins the team"}
    )
    assert User.objects.get(pk=someone.pk).is_staff
    assert AuditEntry.of(someone).get().data == {"is_staff": True}


@pytest.mark.parametrize("by", ["moderator", "administrator"])
@pytest.mark.parametrize("kind", ["member", "moderator", "administrator", "self"])
def test_who_may_suspend_whom(by: str, kind: str) -> None:
    actor = make_user(is_staff=True, is_superuser=by == "administrator")
    target = {
        "member": make_user,
        "moderator": lambda: make_user(is_staff=True),
        "administrator": lambda: make_user(is_superuser=True),
        "self": lambda: actor,
    }[kind]()
    allowed = kind == "member" or (by == "administrator" and kind != "self")
    if allowed:
        operations.set_active(by=actor, user=target, active=False, note="Reason")
    else:
        with pytest.raises((PermissionDenied, DomainError)):
            operations.set_active(by=actor, user=target, active=False, note="Reason")
    assert User.objects.get(pk=target.pk).is_active is not allowed


def test_suspending_twice_is_recorded_once() -> None:
    actor, target = make_user(is_staff=True), make_user()
    for _ in range(2):
        operations.set_active(by=actor, user=target, active=False, note="Reason")
    assert AuditEntry.of(target).count() == 1


def test_a_closed_account_cannot_be_opened_again() -> None:
    someone = make_user()
    operations.close_account(by=someone, user=someone)
    with pytest.raises(DomainError):
        operations.set_active(
            by=make_user(is_superuser=True), user=someone, active=True, note="Why not"
        )


def test_only_administrators_see_whose_mails_did_not_get_out_and_nobody_their_text() -> None:
    owed = operations.owe_mail(
        to="a@test.example", purpose="x", subject="S", body="Code 12345", asked_by_anyone=False
    )
    client = desk_client(make_user(is_superuser=True, is_staff=True))
    page = client.get(reverse("admin:accounts_accountmail_change", args=[owed.pk]))
    assert "a@test.example" in page.content.decode()
    assert "12345" not in page.content.decode()
    moderator = desk_client(make_user(is_staff=True))
    page = moderator.get(reverse("admin:accounts_accountmail_change", args=[owed.pk]))
    assert "a@test.example" not in page.content.decode()
    assert AccountMail.objects.count() == 1
