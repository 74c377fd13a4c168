"""Sessions, e-mail address, one's own data, and closing the account."""

from __future__ import annotations

import datetime as dt
import json
import time

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.contrib.auth import get_user
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts import operations
from accounts.models import AccountMail, Audience, User
from core.errors import DomainError
from core.models import AuditEntry
from hubs.models import Membership
from tests.factories import make_hub, make_member, make_user
from tests.people import browser, just_asked, record, verified

pytestmark = pytest.mark.django_db


# --- Sessions ------------------------------------------------------------------------------


def test_every_browser_signed_in_is_listed_and_can_be_ended() -> None:
    user = make_user()
    here, there = browser(user), browser(user)
    there.get("/accounts/", headers={"user-agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"})
    page = here.get(reverse("usersessions_list"))
    assert "Firefox, Windows" in page.content.decode()

    other = UserSession.objects.get(session_key=there.session.session_key)
    here.post(reverse("accounts:session-end", args=[other.pk]))
    assert get_user(here) == user
    assert not get_user(there).is_authenticated


def test_nobody_ends_another_persons_session() -> None:
    victim, stranger = make_user(), make_user()
    theirs = browser(victim)
    theirs.get("/accounts/")
    session = UserSession.objects.get(user=victim)
    answer = browser(stranger).post(reverse("accounts:session-end", args=[session.pk]))
    assert answer.status_code == 404
    assert get_user(theirs) == victim
    with pytest.raises(PermissionDenied):
        operations.end_session(by=stranger, session=session)


def test_all_other_sessions_end_at_once() -> None:
    user = make_user()
    here, there, elsewhere = browser(user), browser(user), browser(user)
    for client in (here, there, elsewhere):
        client.get("/accounts/")
    here.post(reverse("usersessions_list"))
    assert [get_user(client).is_authenticated for client in (here, there, elsewhere)] == [
        True,
        False,
        False,
    ]


def test_reading_pages_writes_the_session_once_in_a_quarter_of_an_hour(
    django_assert_max_num_queries,
) -> None:
    client = browser(make_user())
    client.get(reverse("account_logout"))
    with django_assert_max_num_queries(4):
        client.get(reverse("account_logout"))


def test_a_session_ends_ninety_days_after_its_log_in() -> None:
    user = make_user()
    client = browser(user)
    record(client, user, {"method": "password", "at": time.time() - 91 * 24 * 3600})
    client.get("/accounts/")
    assert not get_user(client).is_authenticated


# --- Address -------------------------------------------------------------------------------


def test_a_new_address_counts_once_its_code_is_entered() -> None:
    user = verified(make_user(email="old@test.example"))
    client = just_asked(user)
    client.post(reverse("account_email"), {"email": "new@test.example", "action_add": "1"})
    assert User.objects.get(pk=user.pk).email == "old@test.example"

    code = AccountMail.objects.get(to="new@test.example").subject.split()[0]
    client.post(reverse("account_email_verification_sent"), {"code": code})
    assert User.objects.get(pk=user.pk).email == "new@test.example"
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [
        ("new@test.example", True, True)
    ]
    told = AccountMail.objects.get(to="old@test.example")
    assert told.subject == "Your e-mail address was changed"


def test_changing_the_address_asks_for_the_password_first() -> None:
    client = browser(verified(make_user()))
    answer = client.post(reverse("account_email"), {"email": "new@test.example", "action_add": "1"})
    assert answer.url.startswith(reverse("account_reauthenticate"))
    assert not AccountMail.objects.exists()


def test_two_accounts_never_share_an_address_whatever_its_case() -> None:
    make_user(email="one@test.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(email="ONE@test.example", name="Other")


# --- Data ----------------------------------------------------------------------------------


def test_a_person_takes_along_what_is_kept_about_them() -> None:
    user = make_member(make_hub(name="Hub of water"), Membership.Role.EDITOR, name="Nomsa Dube")
    verified(user)
    user.profile.about = "Canary about"
    user.profile.save()
    TOTP.activate(user, generate_totp_secret())
    secret = Authenticator.objects.get(user=user).data["secret"]

    answer = just_asked(user).get(reverse("accounts:data"))

    kept = json.loads(answer.content)
    assert answer["Content-Disposition"].startswith("attachment;")
    assert kept["account"]["name"] == "Nomsa Dube"
    assert kept["profile"]["about"] == "Canary about"
    assert kept["email_addresses"] == [{"email": user.email, "verified": True, "primary": True}]
    assert kept["memberships"] == [
        {"hub": "Hub of water", "role": "editor", "since": kept["memberships"][0]["since"]}
    ]
    assert [factor["kind"] for factor in kept["second_factors"]] == ["totp"]
    assert secret not in answer.content.decode()
    assert user.password not in answer.content.decode()


@pytest.mark.parametrize("name", ["data", "close"])
def test_taking_or_closing_asks_for_the_password_first(name: str) -> None:
    answer = browser(verified(make_user())).get(reverse(f"accounts:{name}"))
    assert answer.url.startswith(reverse("account_reauthenticate"))


# --- Closing -------------------------------------------------------------------------------


def closing(user: User) -> None:
    operations.close_account(by=user, user=user)


def test_closing_takes_a_tick_and_ends_with_being_signed_out() -> None:
    user = verified(make_user())
    client = just_asked(user)
    refused = client.post(reverse("accounts:close"), {})
    assert list(refused.context["form"].errors) == ["sure"]
    closed = client.post(reverse("accounts:close"), {"sure": "on"})
    assert closed.url == reverse("home")
    assert not get_user(client).is_authenticated
    assert User.objects.get(pk=user.pk).closed_at is not None


def test_a_closed_account_leaves_nothing_that_names_the_person() -> None:
    user = verified(
        make_member(make_hub(), Membership.Role.EDITOR, name="Canary", email="canary@test.example")
    )
    profile = user.profile
    for field in ("organisation", "position", "expertise", "about"):
        setattr(profile, field, "Canary")
    profile.name_audience = Audience.PUBLIC
    profile.audiences = {"about": Audience.PUBLIC}
    profile.save()
    AuditEntry.record(by=user, verb="submit", target=make_hub())
    elsewhere = browser(user)
    elsewhere.get("/accounts/")

    closing(user)

    assert not get_user(elsewhere).is_authenticated
    assert not Membership.objects.filter(user=user).exists()
    assert not EmailAddress.objects.filter(user=user).exists()
    assert browser().get(profile.get_absolute_url()).status_code == 404
    assert str(User.objects.get(pk=user.pk)) == "Former member"
    told = AccountMail.objects.get()
    assert (told.to, told.subject) == ("canary@test.example", "Your account is closed")
    told.delete()
    assert [(table, row) for table, row in everything_stored() if "canary" in row.lower()] == []


def everything_stored() -> list[tuple[str, str]]:
    from django.apps import apps

    return [
        (model._meta.label, str(row))
        for model in apps.get_models()
        if model._meta.managed and model._meta.label != "sessions.Session"
        for row in model._default_manager.values()
    ]


def test_the_address_of_a_closed_account_can_join_again() -> None:
    user = verified(make_user(email="back@test.example"))
    closing(user)
    assert make_user(email="back@test.example").pk != user.pk


def test_closing_twice_changes_nothing_more() -> None:
    user = make_user()
    closing(user)
    before = User.objects.values().get(pk=user.pk)
    closing(user)
    assert User.objects.values().get(pk=user.pk) == before
    assert AccountMail.objects.count() == 1


def test_nobody_closes_another_persons_account() -> None:
    with pytest.raises(PermissionDenied):
        operations.close_account(by=make_user(is_superuser=True), user=make_user())


def test_the_last_administrator_stays() -> None:
    admin = make_user(is_superuser=True)
    with pytest.raises(DomainError) as refusal:
        closing(admin)
    assert refusal.value.code == "last-administrator"
    make_user(is_superuser=True)
    closing(admin)
    assert not User.objects.get(pk=admin.pk).is_superuser


def test_a_closed_account_cannot_be_active() -> None:
    user = make_user()
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=user.pk).update(closed_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))


def test_a_new_session_is_noted_when_it_was_last_used() -> None:
    user = make_user()
    with time_machine.travel("2026-03-01T08:00:00Z", tick=False):
        client = browser(user)
        client.get("/accounts/")
    assert UserSession.objects.get(user=user).last_seen_at == dt.datetime(
        2026, 3, 1, 8, tzinfo=dt.UTC
    )
