"""A browser at the moderators' desk: signed in, with the second step passed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from allauth.account.internal.userkit import user_id_to_str
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.test import Client

if TYPE_CHECKING:
    from accounts.models import User


def desk_client(user: User) -> Client:
    """A client whose session went through password and code just now."""
    TOTP.activate(user, generate_totp_secret())
    client = Client()
    client.force_login(user)
    session = client.session
    now = time.time()
    session["account_authentication_methods"] = [
        {"method": "password", "at": now},
        {"method": "mfa", "at": now, "type": "totp"},
    ]
    session["account_authentication_methods_user"] = user_id_to_str(user)
    session.save()
    return client
