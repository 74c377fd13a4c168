"""Every page of an account is one of ours, and says nothing it should not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from allauth.account import urls as account_urls
from allauth.mfa import urls as mfa_urls
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions import urls as session_urls
from django.conf import settings
from django.template.loader import get_template
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse
from django.urls.exceptions import NoReverseMatch

from accounts.models import User
from tests.factories import make_user
from tests.people import just_asked, verified

OURS = Path(settings.BASE_DIR) / "templates"


def names(patterns: list[URLPattern | URLResolver]) -> list[str]:
    found: list[str] = []
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            found += names(pattern.url_patterns)
        elif pattern.name:
            found.append(pattern.name)
    return found


ADDRESSES = sorted(
    {
        *names(account_urls.urlpatterns),
        *names(mfa_urls.urlpatterns),
        *names(session_urls.urlpatterns),
    }
)


def person(*, second_step: bool) -> User:
    user = verified(make_user())
    if second_step:
        TOTP.activate(user, generate_totp_secret())
        RecoveryCodes.activate(user)
    return user


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["visitor", "member", "member with a second step"])
@pytest.mark.parametrize("name", ADDRESSES)
def test_every_address_answers_with_a_page_of_ours(name: str, who: str) -> None:
    try:
        path = reverse(name)
    except NoReverseMatch:
        path = reverse(name, kwargs=KEYS[name])
    client = Client() if who == "visitor" else just_asked(person(second_step="second" in who))
    answer = client.get(path)
    assert answer.status_code in {200, 302, 404}
    if answer.status_code != 200 or answer["Content-Type"].startswith("text/plain"):
        return
    page = answer.content.decode()
    templates = [template.origin.name for template in answer.templates if template.name]
    assert Path(templates[0]).is_relative_to(OURS)
    assert not re.findall(r"<script(?![^>]*(?: src=|type=\"application/json\"))", page)
    assert not re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", page)
    assert page.count("<h1") == 1
    assert "lease" not in page.replace("release", "")


KEYS = {
    "account_reset_password_from_key": {"uidb36": "1", "key": "c-d"},
    "mfa_edit_webauthn": {"pk": 1},
    "mfa_remove_webauthn": {"pk": 10**30},
}


@pytest.mark.parametrize(
    "template",
    sorted(
        str(path.relative_to(OURS))
        for folder in ("account", "mfa", "usersessions", "allauth", "accounts", "demo")
        for path in (OURS / folder).rglob("*.*")
    ),
)
def test_every_template_can_be_read(template: str) -> None:
    assert get_template(template)


def test_every_mail_the_library_writes_has_our_words() -> None:
    import allauth

    theirs = Path(allauth.__file__).parent / "templates"
    for folder in ("account/email", "mfa/email", "account/messages", "mfa/messages"):
        for path in (theirs / folder).glob("*.txt"):
            name = f"{folder}/{path.name}"
            if re.search(r"phone|login_code|email/password_reset_code", name):
                continue  # ways of signing in that are switched off
            assert Path(get_template(name).origin.name).is_relative_to(OURS), name
