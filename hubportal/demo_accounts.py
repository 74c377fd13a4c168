"""Accounts for trying the portal: one per role, named by role, only in development.

They are no people. Each has the same password and an authenticator app whose present code
the page ``/demo/`` shows, so that the second factor can be tried without a phone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from allauth.mfa.utils import decrypt, encrypt
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Profile, User
from hubs.models import Membership
from validation.models import Reviewer

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from hubs.models import Hub

DEMO_PASSWORD = "open register 2026"  # noqa: S105 (published on purpose, never in production)


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """One role to try. ``hub_role`` is held in the first hub given; none is a plain member."""

    role: str
    name: str
    email: str
    purpose: StrOrPromise
    hub_role: str = ""
    is_staff: bool = False
    is_superuser: bool = False
    second_factor: bool = True
    #: On the list of reviewers, from this country.
    reviews_from: str = ""
    chairs: bool = False


DEMO_ACCOUNTS: tuple[DemoAccount, ...] = (
    DemoAccount(
        role="practitioner",
        name="Practitioner (demonstration)",
        email="practitioner@demo.example",
        purpose=_("Describes solutions and sends them in."),
        hub_role=Membership.Role.MEMBER,
        second_factor=False,
    ),
    DemoAccount(
        role="editor",
        name="Hub editor (demonstration)",
        email="editor@demo.example",
        purpose=_("Edits the records of one hub at the desk."),
        hub_role=Membership.Role.EDITOR,
    ),
    DemoAccount(
        role="focal-point",
        name="Focal point (demonstration)",
        email="focal-point@demo.example",
        purpose=_("Screens what is sent to one hub, returns or publishes it."),
        hub_role=Membership.Role.FOCAL_POINT,
    ),
    DemoAccount(
        role="moderator",
        name="Portal moderator (demonstration)",
        email="moderator@demo.example",
        purpose=_("Sees the queues of all hubs."),
        is_staff=True,
    ),
    DemoAccount(
        role="admin",
        name="Administrator (demonstration)",
        email="admin@demo.example",
        purpose=_("Gives roles and keeps the reference data."),
        is_staff=True,
        is_superuser=True,
    ),
    DemoAccount(
        role="reviewer",
        name="Reviewer, Indonesia (demonstration)",
        email="reviewer@demo.example",
        purpose=_("Is invited to one panel, and has a review begun on another."),
        second_factor=False,
        reviews_from="ID",
    ),
    DemoAccount(
        role="reviewer-2",
        name="Reviewer, Brazil (demonstration)",
        email="reviewer-2@demo.example",
        purpose=_("Sits on panels, and confirms what the chair proposes."),
        second_factor=False,
        reviews_from="BR",
    ),
    DemoAccount(
        role="chair",
        name="Chair of panels (demonstration)",
        email="chair@demo.example",
        purpose=_("Builds panels and proposes their decisions."),
        reviews_from="CI",
        chairs=True,
    ),
)


def ensure_demo_accounts(hubs: Sequence[Hub] = ()) -> dict[str, User]:
    """Make the demonstration accounts that are missing; the first hub is the one they act for.

    Repeating it changes nothing that is already there. Returns the accounts by role.
    """
    if settings.HUB_PROFILE == "production":
        msg = "Demonstration accounts have a published password: not in production."
        raise ImproperlyConfigured(msg)
    people = {}
    password = cache(lambda: make_password(DEMO_PASSWORD))  # slow on purpose: once for all
    for demo in DEMO_ACCOUNTS:
        with transaction.atomic():
            user = User.objects.filter(email__iexact=demo.email).first()
            if user is None:
                user = User.objects.create_user(
                    demo.email,
                    name=demo.name,
                    is_staff=demo.is_staff,
                    is_superuser=demo.is_superuser,
                )
                user.password = password()
                user.save(update_fields=["password"])
            EmailAddress.objects.get_or_create(
                user=user, email=user.email, defaults={"verified": True, "primary": True}
            )
            if demo.second_factor:
                Authenticator.objects.get_or_create(
                    user=user,
                    type=Authenticator.Type.TOTP,
                    defaults={"data": {"secret": encrypt(generate_totp_secret())}},
                )
            if demo.reviews_from:
                list_as_reviewer(user, country=demo.reviews_from, may_chair=demo.chairs)
            if demo.hub_role and hubs:
                Membership.objects.get_or_create(
                    user=user, hub=hubs[0], defaults={"role": demo.hub_role}
                )
        people[demo.role] = user
    return people


def list_as_reviewer(user: User, *, country: str, may_chair: bool = False) -> None:
    """Put an account on the list of reviewers, once; what was changed there since stays."""
    _entry, is_new = Reviewer.objects.get_or_create(
        user=user, defaults={"may_chair": may_chair, "note": "For trying the portal."}
    )
    if is_new:
        Profile.objects.filter(user=user).update(country=country)
        user.refresh_from_db()


@dataclass(frozen=True, slots=True)
class Codes:
    """What an authenticator app would show: the code now, the next one, and for how long."""

    now: str
    following: str
    seconds_left: int


def codes(user: User, *, at: float | None = None) -> Codes | None:
    """The codes of the person's authenticator app; None if they have none."""
    authenticator = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    if authenticator is None:
        return None
    secret = decrypt(TOTP(authenticator).instance.data["secret"])
    moment, period = int(time.time() if at is None else at), mfa_settings.TOTP_PERIOD
    counter = moment // period
    return Codes(
        now=format_hotp_value(hotp_value(secret, counter)),
        following=format_hotp_value(hotp_value(secret, counter + 1)),
        seconds_left=period - moment % period,
    )


def current_code(user: User) -> str:
    """The present code of the person's authenticator app, or nothing."""
    found = codes(user)
    return found.now if found else ""
