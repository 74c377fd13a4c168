"""Browsers of people: signed in, with a verified address, or just asked who they are."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from allauth.account.internal.userkit import user_id_to_str
from allauth.account.models import EmailAddress
from django.test import Client

if TYPE_CHECKING:
    from accounts.models import User


def verified(user: User) -> User:
    """The person, with their address confirmed."""
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def browser(user: User | None = None) -> Client:
    """A browser, signed in by password if a person is given."""
    client = Client()
    if user is not None:
        client.force_login(user)
        record(client, user, {"method": "password", "at": time.time()})
    return client


def just_asked(user: User) -> Client:
    """A browser whose owner has just given the password again."""
    client = browser(user)
    record(client, user, {"method": "password", "at": time.time(), "reauthenticated": True})
    return client


def record(client: Client, user: User, *steps: dict[str, object]) -> None:
    """Note steps of authentication in the browser's session."""
    session = client.session
    session["account_authentication_methods"] = list(steps)
    session["account_authentication_methods_user"] = user_id_to_str(user)
    session.save()
