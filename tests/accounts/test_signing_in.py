"""Sign-up, code, sign-in and new passwords; nobody learns who has an account."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounts.models import AccountMail, Profile, User
from tests.factories import PASSWORD, make_user
from tests.people import browser, verified

pytestmark = pytest.mark.django_db

JOIN = {"name": "Nomsa Dube", "email": "nomsa@test.example", "password1": "a long pass phrase"}


def code_for(address: str) -> str:
    mail = AccountMail.objects.get(to=address, purpose="email_confirmation_signup")
    return mail.subject.split()[0]


def visible(html: str) -> str:
    """A page without what differs from request to request."""
    return re.sub(r'(csrfmiddlewaretoken" value=")[^"]+', r"\1", html)


def test_a_person_joins_confirms_the_address_and_is_signed_in() -> None:
    client = Client()
    joined = client.post(reverse("account_signup"), JOIN)
    assert joined.url == reverse("account_email_verification_sent")
    assert not get_user(client).is_authenticated

    client.post(joined.url, {"code": code_for(JOIN["email"])})

    user = User.objects.get(email=JOIN["email"])
    assert get_user(client) == user
    assert user.name == "Nomsa Dube"
    assert Profile.objects.filter(user=user).exists()
    assert EmailAddress.objects.get(user=user).verified


def test_without_the_code_nobody_comes_in() -> None:
    client = Client()
    client.post(reverse("account_signup"), JOIN)
    client.post(reverse("account_email_verification_sent"), {"code": "WRONG1"})
    other = Client()
    other.post(reverse("account_login"), {"login": JOIN["email"], "password": JOIN["password1"]})
    assert not get_user(client).is_authenticated
    assert not get_user(other).is_authenticated


def test_three_wrong_codes_end_the_attempt() -> None:
    client = Client()
    client.post(reverse("account_signup"), JOIN)
    for _ in range(3):
        client.post(reverse("account_email_verification_sent"), {"code": "WRONG1"})
    answer = client.post(
        reverse("account_email_verification_sent"), {"code": code_for(JOIN["email"])}
    )
    assert answer.url == reverse("account_login")
    assert not get_user(client).is_authenticated


def test_joining_with_a_known_address_looks_like_joining_with_a_new_one() -> None:
    verified(make_user(email=JOIN["email"]))
    answers = []
    for email in (JOIN["email"], "new@test.example"):
        client = Client()
        answer = client.post(reverse("account_signup"), JOIN | {"email": email})
        page = client.get(answer.url)
        text = visible(page.content.decode()).replace(email, "ADDRESS")
        answers.append((answer.status_code, answer.url, page.status_code, text))
    assert answers[0] == answers[1]
    assert User.objects.filter(email=JOIN["email"]).count() == 1
    assert AccountMail.objects.get(to=JOIN["email"]).purpose == "account_already_exists"


def test_asking_for_a_new_password_tells_nothing_about_accounts() -> None:
    verified(make_user(email="known@test.example"))
    answers = []
    for email in ("known@test.example", "unknown@test.example"):
        client = Client()
        answer = client.post(reverse("account_reset_password"), {"email": email})
        page = client.get(answer.url)
        answers.append((answer.status_code, answer.url, visible(page.content.decode())))
    assert answers[0] == answers[1]
    purposes = set(AccountMail.objects.values_list("to", "purpose"))
    assert purposes == {
        ("known@test.example", "password_reset_key"),
        ("unknown@test.example", "unknown_account"),
    }


def test_signing_in_says_the_same_for_a_wrong_password_and_an_unknown_address() -> None:
    verified(make_user(email="known@test.example"))
    pages = []
    for email in ("known@test.example", "unknown@test.example"):
        page = Client().post(reverse("account_login"), {"login": email, "password": "wrong"})
        pages.append(visible(page.content.decode()).replace(email, "ADDRESS"))
    assert pages[0] == pages[1]


def test_the_link_in_the_mail_names_the_portal_not_the_host_of_the_request(settings) -> None:
    verified(make_user(email="known@test.example"))
    settings.PORTAL_URL = "https://portal.test"
    Client(headers={"host": "evil.test"}).post(
        reverse("account_reset_password"), {"email": "known@test.example"}
    )
    body = AccountMail.objects.get().body
    assert "evil.test" not in body
    assert "https://portal.test/accounts/password/reset/key/" in body


def test_a_new_password_from_the_link_signs_in_and_ends_other_sessions() -> None:
    user = verified(make_user(email="known@test.example"))
    elsewhere = browser(user)
    client = Client()
    client.post(reverse("account_reset_password"), {"email": user.email})
    link = re.search(
        r"http://\S+(/accounts/password/reset/key/\S+)", AccountMail.objects.get().body
    )
    assert link is not None
    form = client.get(link[1])
    client.post(form.url, {"password1": "another pass phrase"})

    assert not get_user(elsewhere).is_authenticated
    client.post(reverse("account_login"), {"login": user.email, "password": "another pass phrase"})
    assert get_user(client) == user
    again = Client().get(link[1])
    assert "This link does not work any more" in again.content.decode()


def test_signing_out_takes_a_press_not_a_look() -> None:
    user = make_user()
    client = browser(user)
    client.get(reverse("account_logout"))
    assert get_user(client) == user
    client.post(reverse("account_logout"))
    assert not get_user(client).is_authenticated


def test_a_robot_that_fills_the_hidden_field_gets_no_account() -> None:
    answer = Client().post(reverse("account_signup"), JOIN | {"homepage": "https://spam.test"})
    assert answer.url == reverse("account_email_verification_sent")
    assert not User.objects.filter(email=JOIN["email"]).exists()


def test_five_wrong_passwords_lock_the_address_for_a_while(settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login_failed": "5/15m/key"}
    cache.clear()
    user = verified(make_user())
    for _ in range(5):
        Client().post(reverse("account_login"), {"login": user.email, "password": "wrong"})
    locked = Client()
    page = locked.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    cache.clear()
    assert "Too many attempts" in page.content.decode()
    assert not get_user(locked).is_authenticated


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "x" * 100_000, "The limit is 150"),
        ("name", "\u202egnissap", "not letters"),
        ("name", "12345", "in letters"),
        ("name", "see https://spam.test", "holds no address"),
        ("name", "a\x00b", "cannot be stored"),
        ("email", "x" * 100_000 + "@test.example", "Enter your e-mail address"),
        ("email", "y" * 60 + "@" + ("x" * 60 + ".") * 5 + "example", "The limit is 254"),
        ("email", "a\x00b@test.example", "Enter your e-mail address"),
        ("password1", "short", "too short"),
        ("password1", "p" * 100_000, "The limit is 200"),
        ("password1", "nomsa@test.example", "too similar"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(field: str, value: str, said: str) -> None:
    page = Client().post(reverse("account_signup"), JOIN | {field: value})
    assert page.status_code == 200
    errors = page.context["form"].errors
    assert said in " ".join(errors[field])
    assert not User.objects.exists()


def test_the_same_field_twice_counts_once() -> None:
    page = Client().post(
        reverse("account_signup"), JOIN | {"email": ["one@test.example", "two@test.example"]}
    )
    assert page.status_code == 302
    assert list(User.objects.values_list("email", flat=True)) == ["two@test.example"]


@pytest.mark.parametrize("where", ["account_login", "account_signup", "account_logout"])
def test_nobody_is_sent_to_another_site_afterwards(where: str) -> None:
    user = verified(make_user())
    client = browser(user) if where == "account_logout" else Client()
    answer = client.post(
        reverse(where),
        JOIN
        | {"login": user.email, "password": PASSWORD, "next": "https://evil.test/\x00", "code": ""},
    )
    assert answer.status_code == 302
    assert "evil" not in answer.url


@pytest.mark.parametrize(
    "credential",
    [
        "{}",
        "null",
        "[" * 19_000,
        "[" * 100_000,
        '{"id": "\\ud800"}',
        '{"id": 1, "response": {"clientDataJSON": "%%%"}}',
        '{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"AA"}}',
    ],
)
def test_a_broken_passkey_is_refused(credential: str) -> None:
    answer = Client().post(reverse("mfa_login_webauthn"), {"credential": credential})
    assert answer.status_code == 302
    assert answer.url == reverse("account_login")
