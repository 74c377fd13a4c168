"""The desk opens to a session with a second step, and to no other."""

from __future__ import annotations

import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from django.contrib.auth import get_user
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import AccountMail, User
from hubs.models import Membership
from tests.desk import desk_client
from tests.factories import PASSWORD, make_hub, make_member, make_user
from tests.people import browser, just_asked, record, verified

pytestmark = pytest.mark.django_db
DESK = "/desk/"


def desk_people() -> dict[str, User]:
    hub = make_hub()
    return {
        "moderator": make_user(is_staff=True),
        "administrator": make_user(is_superuser=True),
        "focal point": make_member(hub, Membership.Role.FOCAL_POINT),
        "editor": make_member(hub, Membership.Role.EDITOR),
    }


def code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


@pytest.mark.parametrize("kind", ["moderator", "administrator", "focal point", "editor"])
def test_without_a_second_step_the_desk_leads_to_setting_one_up(kind: str) -> None:
    client = browser(desk_people()[kind])
    answer = client.get(DESK)
    assert answer.url == reverse("mfa_index")
    assert "asks for a second step" in client.get(answer.url).content.decode()


@pytest.mark.parametrize("kind", ["moderator", "administrator", "focal point", "editor"])
def test_with_a_second_step_the_desk_opens(kind: str) -> None:
    assert desk_client(desk_people()[kind]).get(DESK).status_code == 200


@pytest.mark.parametrize("path", ["", "accounts/user/", "jsi18n/", "autocomplete/", "nowhere/"])
def test_no_address_below_the_desk_is_forgotten(path: str) -> None:
    answer = browser(make_user(is_staff=True)).get(f"{DESK}{path}")
    assert answer.status_code == 302
    assert answer.url == reverse("mfa_index")


def test_a_session_by_password_alone_does_not_enter_after_a_step_was_set_up() -> None:
    user = make_user(is_staff=True)
    old = browser(user)
    TOTP.activate(user, generate_totp_secret())
    answer = old.get(DESK)
    assert answer.url == f"{reverse('mfa_reauthenticate')}?next=%2Fdesk%2F"


def test_recovery_codes_alone_are_no_second_step() -> None:
    user = make_user(is_staff=True)
    Authenticator.objects.create(user=user, type="recovery_codes", data={"seed": "x"})
    assert browser(user).get(DESK).url == reverse("mfa_index")


def test_after_twelve_hours_the_step_is_asked_again_and_what_was_posted_goes_on() -> None:
    user = make_user(is_staff=True)
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    client = browser(user)
    other = make_user("Someone")
    with time_machine.travel("2026-03-01T08:00:00Z", tick=False):
        record(client, user, {"method": "mfa", "at": time.time(), "type": "totp"})
    with time_machine.travel("2026-03-01T19:59:00Z", tick=False):
        assert client.get(DESK).status_code == 200
    with time_machine.travel("2026-03-01T20:00:00Z", tick=False):
        asked = client.post(
            reverse("admin:accounts_user_change", args=[other.pk]), {"reason": "Spam"}
        )
        assert asked.url.startswith(reverse("mfa_reauthenticate"))
        assert User.objects.get(pk=other.pk).is_active
        client.post(asked.url, {"code": code(secret)})
        assert not User.objects.get(pk=other.pk).is_active
        assert client.get(DESK).status_code == 200


def test_signing_in_asks_for_the_code_before_the_session_is_theirs() -> None:
    user = verified(make_user(is_staff=True))
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    client = Client()
    answer = client.post(
        reverse("account_login"), {"login": user.email, "password": PASSWORD, "next": DESK}
    )
    assert answer.url == reverse("mfa_authenticate")
    assert not get_user(client).is_authenticated
    client.post(answer.url, {"code": "000000"})
    assert not get_user(client).is_authenticated
    cache.clear()
    entered = client.post(answer.url, {"code": code(secret)})
    assert entered.url == DESK
    assert client.get(DESK).status_code == 200


def test_a_code_works_once() -> None:
    user = make_user()
    cache.clear()
    with time_machine.travel("2026-03-01T08:00:00Z", tick=False):
        secret = generate_totp_secret()
        TOTP.activate(user, secret)
        step = Authenticator.objects.get(user=user).wrap()
        assert [step.validate_code(code(secret)) for _ in range(2)] == [True, False]


def test_the_secret_is_not_readable_in_the_database() -> None:
    user = make_user()
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    assert secret not in str(Authenticator.objects.get(user=user).data)


def test_setting_up_an_app_gives_recovery_codes() -> None:
    user = verified(make_user())
    client = just_asked(user)
    page = client.get(reverse("mfa_activate_totp"))
    assert "data:" not in page.content.decode()
    answer = client.post(reverse("mfa_activate_totp"), {"code": code(page.context["form"].secret)})
    assert answer.url == reverse("mfa_view_recovery_codes")
    assert set(Authenticator.objects.filter(user=user).values_list("type", flat=True)) == {
        "totp",
        "recovery_codes",
    }


def test_setting_up_an_app_asks_for_the_password_first() -> None:
    user = verified(make_user())
    answer = browser(user).get(reverse("mfa_activate_totp"))
    assert answer.url.startswith(reverse("account_reauthenticate"))


@pytest.mark.django_db(transaction=True)
def test_a_change_of_the_second_step_is_told_by_mail() -> None:
    user = verified(make_user())
    client = just_asked(user)
    page = client.get(reverse("mfa_activate_totp"))
    client.post(reverse("mfa_activate_totp"), {"code": code(page.context["form"].secret)})
    assert set(AccountMail.objects.values_list("to", "subject")) == {
        (user.email, "An authenticator app was set up"),
    }


def test_a_suspended_moderator_is_out_with_the_next_request() -> None:
    user = make_user(is_staff=True)
    client = desk_client(user)
    assert client.get(DESK).status_code == 200
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert client.get(DESK).status_code == 302
    assert not get_user(client).is_authenticated
