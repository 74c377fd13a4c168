"""Messages to devices: that there is something of a kind, by the push service of the browser.

What is said passes through the hands of others and stands on locked screens, so it is the kind and
nothing else; the portal is one touch away. It is encrypted for the device all the same (RFC 8291),
and signed so that the service knows who asks (RFC 8292).
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
import ssl
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language_bidi

from accounts.kinds import NoticeKind
from accounts.operations import profile_of
from core.outbox import Fate, Line, NotNow, Owed, Unwanted, message_domain
from notifications import owing
from notifications.devices import decoded, is_push_service, public_key, signer
from notifications.kinds import TOLD, Told
from notifications.models.devices import Device, PushDelivery
from notifications.models.notices import Notification
from notifications.noticeable import lines_of
from notifications.wishing import quiet_until, times_of, wish

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from accounts.models import User

#: Seconds a push service may take. Less than a third of the lease of a row.
PATIENCE = 8.0
#: Seconds for which one signature is used. Services take no longer ones than a day.
SIGNED_FOR = 12 * 3600
#: Of what a service answers, so much is read.
ANSWER = 500
#: Messages that were sent, or not, are kept so long.
KEPT = dt.timedelta(days=30)
GONE = frozenset({404, 410})


# --- Owing -------------------------------------------------------------------------------------


def owe_pushes(rows: Sequence[Notification], wished: Callable[[int, str], bool]) -> None:
    """A message to each device of those who wish one. One query where anybody does, and one row
    a device."""
    if not public_key():
        return
    ringing = [row for row in rows if wished(row.user_id, row.kind)]
    if not ringing:
        return
    devices: dict[int, list[int]] = {}
    found = Device.objects.filter(user__in={row.user_id for row in ringing})
    for pk, user in found.values_list("pk", "user_id"):
        devices.setdefault(user, []).append(pk)
    now = timezone.now()
    PushDelivery.objects.bulk_create(
        [
            PushDelivery(
                device_id=device,
                notification=row,
                kind=row.kind,
                rank=TOLD[row.kind].rank,
                message_id=f"<{uuid.uuid4().hex}@{message_domain()}>",
                created_at=now,
                available_at=now,
                expires_at=_useless_after(row, now),
            )
            for row in ringing
            for device in devices.get(row.user_id, ())
        ]
    )


def _useless_after(row: Notification, now: dt.datetime) -> dt.datetime:
    end = now + TOLD[row.kind].good_for
    until = row.notice.until
    return min(end, until) if until is not None else end


owing.OTHER_WAYS.append(owe_pushes)


# --- Writing -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Push:
    """One message as it goes over the line."""

    endpoint: str
    headers: dict[str, str]
    body: bytes


def compose(delivery: PushDelivery) -> Push:
    """The message as it is sent now. Raises ``Unwanted`` or ``NotNow``, as for mail."""
    device = Device.objects.select_related("user").filter(pk=delivery.device_id).first()
    if device is None:
        raise Unwanted("the device is gone")
    user = device.user
    if not user.is_active or user.closed_at is not None:
        raise Unwanted("the account is closed or locked")
    if not public_key() or not is_push_service(device.endpoint):
        raise Unwanted("nothing is sent to this push service")
    row = Notification.objects.select_related("notice", "letter").get(pk=delivery.notification_id)
    if row.read_at is not None:
        raise Unwanted("read already")
    if not wish(user, row.kind).push:
        raise Unwanted("wished no more")
    profile, told = profile_of(user), TOLD[row.kind]
    _refuse_bad_moment(user, profile.time_zone, told)
    with translation.override(profile.interface_language or settings.LANGUAGE_CODE):
        if row.pk not in lines_of([row], user):
            raise Unwanted("nothing of it can be read any more")
        said = {
            "title": str(NoticeKind(row.kind).label),
            "body": settings.PORTAL_NAME,
            "url": reverse("notices:notices"),
            "tag": row.kind,
            "lang": translation.get_language(),
            "dir": "rtl" if get_language_bidi() else "ltr",
        }
    left = int((delivery.expires_at - timezone.now()).total_seconds())
    return Push(
        device.endpoint,
        {
            "TTL": str(max(left, 0)),
            "Urgency": "high" if told.wakes else "normal",
            # What could not be handed over yet is replaced by what is newer of the same kind.
            "Topic": row.kind,
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
        },
        encrypted(json.dumps(said, ensure_ascii=False).encode(), device),
    )


def _refuse_bad_moment(user: User, zone: str, told: Told) -> None:
    if told.essential:
        return
    times, now = times_of(user), timezone.now()
    if times.is_paused(now):
        raise Unwanted("paused")
    until = None if told.wakes else quiet_until(times, zone, now)
    if until is not None:
        raise NotNow(until)


def encrypted(text: bytes, device: Device) -> bytes:
    """What only this device can read (RFC 8291)."""
    body: bytes = http_ece.encrypt(
        text,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=decoded(device.p256dh),
        auth_secret=decoded(device.auth),
        version="aes128gcm",
    )
    return body


# --- Sending -----------------------------------------------------------------------------------


def connect(host: str) -> http.client.HTTPConnection:
    """A connection to a push service. Redirects are followed nowhere, so nobody sends us on."""
    return http.client.HTTPSConnection(host, timeout=PATIENCE, context=ssl.create_default_context())


class PushLine(Line):
    """Connections to push services, one a host, kept open from one message to the next.

    A host that does not answer is left alone until the next drain; the others are served.
    """

    one_server: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self._open: dict[str, http.client.HTTPConnection] = {}
        self._down: set[str] = set()
        self._signed: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def close(self) -> None:
        for connection in self._open.values():
            connection.close()
        self._open.clear()

    def send(self, message: Push, row: Owed) -> tuple[Fate, str]:  # type: ignore[override]
        """Hand one message to its push service: what became of it, and what was answered."""
        parts = urlsplit(message.endpoint)
        host = parts.hostname or ""
        if host in self._down:
            return Fate.DOWN, "nobody answers"
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = message.headers | {"Authorization": self._signature(host)}
        try:
            connection = self._reach(host)
        except OSError as trouble:  # no way to it at all: the message is not to blame
            self._leave(host)
            return Fate.DOWN, type(trouble).__name__
        try:
            connection.request("POST", path, message.body, headers)
            answer = connection.getresponse()
            said = answer.read(ANSWER).decode("utf-8", "replace")
            status = answer.status
            if answer.will_close or not answer.isclosed():
                self._drop(host)
        except TimeoutError as trouble:
            self._leave(host)
            return Fate.UNSURE, type(trouble).__name__
        except (OSError, http.client.HTTPException) as trouble:
            self._drop(host)
            return Fate.UNSURE, type(trouble).__name__
        return fate_of(status), f"{status} {' '.join(said.split())}".strip()

    def _reach(self, host: str) -> http.client.HTTPConnection:
        connection = self._open.get(host)
        if connection is None or connection.sock is None:
            connection = connect(host)
            connection.connect()
            self._open[host] = connection
        return connection

    def _drop(self, host: str) -> None:
        connection = self._open.pop(host, None)
        if connection is not None:
            connection.close()

    def _leave(self, host: str) -> None:
        self._down.add(host)
        self._drop(host)

    def _signature(self, host: str) -> str:
        if host not in self._signed:
            claims = {
                "aud": f"https://{host}",
                "exp": int(time.time()) + SIGNED_FOR,
                "sub": _contact(),
            }
            self._signed[host] = signer().sign(claims)["Authorization"]
        return self._signed[host]


def _contact() -> str:
    """Whom the operators of a push service write to when something is wrong."""
    contact = settings.WEBPUSH_CONTACT
    if "@" in contact and ":" not in contact:
        return f"mailto:{contact}"
    return contact or settings.PORTAL_URL


def fate_of(status: int) -> Fate:
    """What a push service's answer means (RFC 8030)."""
    if 200 <= status < 300:
        return Fate.TAKEN
    return Fate.LATER if status in {408, 429} or status >= 500 else Fate.NEVER


def ended(delivery: PushDelivery, fate: Fate, why: str) -> None:
    """A device that was reached is noted; one its service knows no more is removed."""
    if fate is Fate.TAKEN:
        Device.objects.filter(pk=delivery.device_id).update(last_ok_at=timezone.now())
    elif fate is Fate.NEVER and why[:3] in {str(code) for code in GONE}:
        Device.objects.filter(pk=delivery.device_id).delete()


def forget_old() -> int:
    """Remove what nothing is owed of any more. Returns how many went."""
    ended = PushDelivery.objects.exclude(state=Owed.State.OWED)
    return ended.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
