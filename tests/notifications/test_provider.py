"""Mail by a provider's interface: what became of it, and what the provider reports."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import anymail.signals
import pytest
from anymail.exceptions import (
    AnymailAPIError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
    AnymailSerializationError,
)
from anymail.message import AnymailRecipientStatus
from anymail.signals import AnymailTrackingEvent
from django.conf import settings as portal
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from requests import ConnectionError as NoConnection
from requests import ConnectTimeout, ReadTimeout, Response
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from core.outbox import Fate, Line, claim
from hubportal import checks, env
from notifications import addresses, provider
from notifications.delivering import deliver_owed
from notifications.models import Address, Delivery
from tests.community.factories import make_member
from tests.notifications.test_bounces import letter

pytestmark = pytest.mark.django_db
State = Delivery.State


@pytest.fixture
def by_provider(settings: Any) -> None:
    settings.MAIL_PROVIDER = "test"
    settings.EMAIL_BACKEND = "anymail.backends.test.EmailBackend"
    settings.ANYMAIL = env.provider("{}", timeout=10)


def status(code: int) -> AnymailRequestsAPIError:
    answer = Response()
    answer.status_code, answer.reason, answer._content = code, "x", b"to member@test.example"
    return AnymailRequestsAPIError("no", response=answer)


def caused(cause: Exception) -> AnymailRequestsAPIError:
    error = AnymailRequestsAPIError("Error posting")
    error.__cause__ = cause
    return error


def refused() -> NoConnection:
    return NoConnection(MaxRetryError(None, "/", NewConnectionError(None, "refused")))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("trouble", "fate"),
    [
        (AnymailRecipientsRefused(), Fate.NEVER),
        (AnymailInvalidAddress("bad"), Fate.NEVER),
        (AnymailSerializationError("bad"), Fate.NEVER),
        (status(400), Fate.LATER),
        (status(429), Fate.LATER),
        (status(401), Fate.DOWN),
        (status(403), Fate.DOWN),
        (status(503), Fate.DOWN),
        (status(408), Fate.UNSURE),
        (status(500), Fate.UNSURE),
        (status(502), Fate.UNSURE),
        (caused(refused()), Fate.DOWN),
        (caused(ConnectTimeout()), Fate.DOWN),
        (caused(ReadTimeout()), Fate.UNSURE),
        (caused(NoConnection(ProtocolError("cut"))), Fate.UNSURE),
        (AnymailAPIError("Unparsable"), Fate.UNSURE),
    ],
)
def test_what_a_provider_answers_is_a_fate_like_any_other(
    trouble: Exception, fate: Fate, by_provider: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from anymail.backends.test import EmailBackend

    def post(_self: Any, _payload: Any, _message: Any) -> Any:
        raise trouble

    monkeypatch.setattr(EmailBackend, "post_to_esp", post)
    reader = make_member()
    letter(reader)
    (row,) = claim(Delivery)
    with Line() as line:
        found, why = line.send(row.compose(), row)
    assert found is fate
    assert "member@test.example" not in why


def test_a_mail_by_a_provider_carries_its_name_and_follows_nobody(by_provider: None) -> None:
    reader = make_member()
    row = letter(reader)
    deliver_owed()
    row.refresh_from_db()
    assert row.state == State.SENT
    (sent,) = mail.outbox
    given = sent.anymail_test_params  # type: ignore[attr-defined]
    assert given["metadata"] == {"message_id": row.message_id}
    assert (given["track_opens"], given["track_clicks"]) == (False, False)
    assert given["extra_headers"]["Message-ID"] == row.message_id


def test_an_address_the_provider_refuses_is_given_up_and_counts(
    by_provider: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from anymail.backends.test import EmailBackend

    def post(_self: Any, payload: Any, _message: Any) -> Any:
        status_ = AnymailRecipientStatus(message_id=None, status="rejected")
        return {"recipient_status": dict.fromkeys(payload.recipient_emails, status_)}

    monkeypatch.setattr(EmailBackend, "post_to_esp", post)
    row = letter(make_member())
    deliver_owed()
    row.refresh_from_db()
    assert row.state == State.DEAD
    assert Address.objects.get().score == 2


def event(kind: str, row: Delivery, **more: Any) -> AnymailTrackingEvent:
    given = {"metadata": {"message_id": row.message_id}, "recipient": row.user.email, **more}
    return AnymailTrackingEvent(event_type=kind, **given)


def test_a_provider_reports_what_came_back_and_who_complained() -> None:
    reader, other = make_member(), make_member()
    rows = [letter(reader), letter(reader), letter(other)]
    deliver_owed()
    for row in rows[:2]:
        provider.hear_provider(event("bounced", row, reject_reason="bounced"))
    assert addresses.is_stopped(reader.email)
    for kind in ("delivered", "opened", "clicked", "deferred", "sent"):
        provider.hear_provider(event(kind, rows[2]))
    assert not Address.objects.filter(address=other.email.lower()).exists()
    provider.hear_provider(event("complained", rows[2]))
    assert addresses.address_state(other).complained


@pytest.mark.parametrize(
    ("more", "score"),
    [
        ({"reject_reason": "bounced", "mta_response": "550 5.7.1 blocked"}, None),
        ({"reject_reason": "timed_out"}, 1),
        ({"reject_reason": "blocked"}, None),
        ({"reject_reason": "other", "mta_response": "552 5.2.2 full"}, 1),
        ({"recipient": "other@test.example"}, None),
        ({"metadata": {}, "message_id": "theirs"}, None),
        ({"metadata": {"message_id": "<forged@x>"}}, None),
    ],
)
def test_what_a_provider_says_is_weighed_and_checked(
    more: dict[str, Any], score: int | None
) -> None:
    row = letter(make_member())
    deliver_owed()
    provider.hear_provider(event("bounced", row, **more))
    assert list(Address.objects.values_list("score", flat=True)) == ([score] if score else [])


def test_reports_need_a_secret(settings: Any) -> None:
    assert checks.reports_are_signed(None) == []
    settings.MAIL_PROVIDER = "mailgun"
    for value, found in (
        ("{}", ["portal.E010"]),
        ('{"WEBHOOK_SECRET": "a:b"}', ["portal.E010"]),
        ('{"WEBHOOK_SECRET": "longbutwithoutacolonatall"}', ["portal.E010"]),
        ('{"WEBHOOK_SECRET": "portal:0123456789abcdef"}', []),
    ):
        settings.ANYMAIL = env.provider(value, timeout=10)
        assert [each.id for each in checks.reports_are_signed(None)] == found


@pytest.mark.parametrize("value", ["{", "[]", "1"])
def test_settings_of_a_provider_are_an_object(value: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        env.provider(value, timeout=10)


PROGRAM = """
import django, json, sys
django.setup()
from django.test import Client
from django.conf import settings
import hubportal.urls, hubportal.wsgi
from django.urls import resolve, Resolver404
def there(path):
    try:
        return resolve(path).url_name
    except Resolver404:
        return None
paths = ["/mail/mailgun/tracking/", "/mail/mailgun/inbound/", "/mail/postmark/tracking/"]
client = Client()
hosts = {"headers": {"host": "localhost"}}
print(json.dumps({
    "loaded": "anymail" in sys.modules,
    "backend": settings.EMAIL_BACKEND,
    "there": [there(path) for path in paths],
    "unsigned": client.post(paths[0], {}, content_type="application/json", **hosts).status_code
    if there(paths[0]) else None,
}))
"""


def run(**env_: str) -> Any:
    import os

    kept = {name: os.environ[name] for name in ("PATH", "HUB_VAR") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=portal.BASE_DIR, capture_output=True, text=True, check=False,
        env={**kept, "HUB_PROFILE": "test", "DJANGO_SETTINGS_MODULE": "hubportal.settings", **env_},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_without_a_provider_its_library_is_not_loaded_and_takes_no_reports() -> None:
    found = run()
    assert (found["loaded"], found["there"]) == (False, [None, None, None])


def test_with_a_provider_only_its_reports_come_in_and_only_with_the_secret() -> None:
    found = run(
        ANYMAIL_BACKEND="mailgun",
        ANYMAIL_SETTINGS='{"MAILGUN_API_KEY": "x", "WEBHOOK_SECRET": "portal:0123456789abcdef"}',
    )
    assert found["backend"] == "anymail.backends.mailgun.EmailBackend"
    assert found["there"] == ["mailgun_tracking_webhook", None, None]
    assert found["unsigned"] == 400


def test_the_signal_is_the_one_the_library_sends() -> None:
    assert any(
        receiver[0][0] == "mails-that-come-back-from-a-provider"
        for receiver in anymail.signals.tracking.receivers
    )
