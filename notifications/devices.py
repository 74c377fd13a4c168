"""Browsers that a person lets ring: which key we sign with, and which devices there are.

What is posted to a push service goes to an address a browser gave us, so only the services of the
makers of browsers are ever asked (``HOSTS``, ``WEBPUSH_HOSTS``): nobody can have this machine post
to a neighbour of its own.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils.translation import gettext as _
from py_vapid import Vapid02

from accounts.models import User
from core.errors import DomainError
from notifications.models.devices import Device

#: Push services of Chrome and Edge (Android), Firefox, Windows and Safari.
HOSTS = (
    "fcm.googleapis.com",
    "*.push.services.mozilla.com",
    "*.notify.windows.com",
    "web.push.apple.com",
)
#: Devices of one person.
MOST = 10
POINT, SECRET = 65, 16


# --- The key of this portal (RFC 8292) ---------------------------------------------------------


@lru_cache(maxsize=4)
def _signer(private: str) -> Any:
    try:
        return Vapid02.from_raw(private.encode())
    except (ValueError, TypeError, binascii.Error) as fault:
        msg = "WEBPUSH_PRIVATE_KEY is no key. manage.py make_push_keys makes one."
        raise ImproperlyConfigured(msg) from fault


def signer() -> Any:
    """What signs our requests; None where no key is set, and then nobody is offered devices."""
    return _signer(settings.WEBPUSH_PRIVATE_KEY) if settings.WEBPUSH_PRIVATE_KEY else None


def public_key() -> str:
    """Our public key as browsers are given it, in base64url; "" where there is none."""
    return public_of(signer()) if settings.WEBPUSH_PRIVATE_KEY else ""


def public_of(signs: Any) -> str:
    point = signs.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def new_private_key() -> str:
    """A private key as ``WEBPUSH_PRIVATE_KEY`` takes it."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


# --- What browsers give us ---------------------------------------------------------------------


def decoded(text: str) -> bytes:
    """Bytes from base64url, with or without its end. Raises ``ValueError``."""
    if not re.fullmatch(r"[\w-]*={0,2}", text, re.ASCII):
        msg = "not base64url"
        raise ValueError(msg)
    return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def is_allowed(host: str) -> bool:
    """Whether a host is a push service we post to."""
    for allowed in (*HOSTS, *settings.WEBPUSH_HOSTS):
        if allowed.startswith("*."):
            if host.endswith(allowed[1:]):
                return True
        elif host == allowed:
            return True
    return False


def is_push_service(endpoint: str) -> bool:
    """Whether an address is one of a push service: https, its usual port, nothing beside."""
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    return (
        len(endpoint) <= 1000
        and re.fullmatch(r"[!-~]+", endpoint) is not None
        and parts.scheme == "https"
        and "@" not in parts.netloc
        and port in (None, 443)
        and is_allowed(parts.hostname or "")
    )


def _is_point(text: str) -> bool:
    try:
        point = decoded(text)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        return False
    return len(point) == POINT


def _is_secret(text: str) -> bool:
    try:
        return len(decoded(text)) == SECRET
    except ValueError:
        return False


def fingerprint(endpoint: str) -> str:
    """By which a page tells its browser which of the devices it is, without naming addresses."""
    return hashlib.sha256(endpoint.encode()).hexdigest()


_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def name_of(agent: str) -> str:
    """What a browser is called in the list: "Firefox, Linux"."""
    names = [
        next((name for mark, name in marks if mark in agent), "") for marks in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(filter(None, names)) or "Web"


def add_device(*, by: User, endpoint: str, p256dh: str, auth: str, agent: str = "") -> Device:
    """Let a browser ring for this person. Repeating it is harmless.

    A browser somebody else had let ring before is theirs no more: whoever has its secret sits
    before it. Raises ``DomainError`` for what no browser gives.
    """
    if not public_key():
        raise DomainError(_("This portal sends nothing to devices."), code="no-key")
    if not is_push_service(endpoint):
        raise DomainError(_("The push service of this browser is not known here."), code="host")
    if not _is_point(p256dh) or not _is_secret(auth):
        raise DomainError(_("The browser gave no valid keys. Try again."), code="keys")
    p256dh, auth = p256dh.rstrip("="), auth.rstrip("=")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=by.pk)  # two tabs at once
        there = Device.objects.filter(endpoint=endpoint).first()
        if there is not None and there.auth != auth and there.user_id != by.pk:
            raise DomainError(_("The browser gave no valid keys. Try again."), code="keys")
        if there is not None and there.user_id != by.pk:
            there.delete()
            there = None
        if there is not None:
            Device.objects.filter(pk=there.pk).update(p256dh=p256dh, auth=auth)
            return there
        if Device.objects.filter(user=by).count() >= MOST:
            raise DomainError(
                _("You have %(n)d devices. Remove one of them first.") % {"n": MOST}, code="many"
            )
        return Device.objects.create(
            user=by, endpoint=endpoint, p256dh=p256dh, auth=auth, name=name_of(agent)
        )


def remove_device(*, by: User, pk: int) -> bool:
    """Let a device ring no more. Whether there was one of this person's."""
    return bool(Device.objects.filter(user=by, pk=pk).delete()[0])


def has_devices(user: User) -> bool:
    """Whether anything of this person's can ring."""
    return bool(public_key()) and Device.objects.filter(user=user).exists()


def devices_of(user: User) -> dict[str, Any]:
    """What ``notifications/_devices.html`` shows. One query; none where there is no key."""
    key = public_key()
    found = Device.objects.filter(user=user) if key else Device.objects.none()
    return {
        "push_key": key,
        "devices": [(row, fingerprint(row.endpoint)) for row in found],
    }
