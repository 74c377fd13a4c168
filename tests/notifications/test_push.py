"""Messages to browsers: what goes out, to whom, when, and what each answer leads to."""

from __future__ import annotations

import datetime as dt
import json
import re
import socket
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.kinds import NoticeKind
from accounts.letters import LetterText, write_letter
from accounts.models import User
from accounts.operations import close_account, everything_about, set_active
from core import outbox
from notifications import devices, noticing, pushing
from notifications.delivering import deliver_owed
from notifications.kinds import TOLD, Mail
from notifications.models import Device, Notification, Preference, PushDelivery, Times
from tests.factories import make_user
from tests.people import browser
from tests.push import Browser, Service, signed_by

pytestmark = pytest.mark.django_db
State = PushDelivery.State
ENDPOINT = "https://fcm.googleapis.com/fcm/send/"
OTHER = "https://updates.push.services.mozilla.com/wpush/v2/"
MONDAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
PAGE = "/notifications/devices/"


@pytest.fixture(autouse=True)
def key(settings: Any) -> str:
    settings.WEBPUSH_PRIVATE_KEY = devices.new_private_key()
    settings.WEBPUSH_CONTACT = "portal@test.example"
    return devices.public_key()


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """Every push service there is."""
    with Service() as service:
        monkeypatch.setattr(pushing, "connect", lambda _host: service.connect())
        yield service


def device(user: User, at: Browser | None = None, *, endpoint: str = "") -> Device:
    keys = (at or Browser()).keys
    n = Device.objects.count()
    return devices.add_device(
        by=user, endpoint=endpoint or f"{ENDPOINT}{n}?x=1", agent="Firefox X11 Linux", **keys
    )


def letter(to: User, kind: NoticeKind = NoticeKind.ASKED) -> None:
    said = "Private: the well of somebody\n\nIt was decided.\n"
    with transaction.atomic():
        write_letter(to, kind=kind, letter=LetterText.of(said, "/criteria/"))


def wish(user: User, kind: NoticeKind, *, push: bool) -> None:
    Preference.objects.update_or_create(
        user=user, kind=kind, defaults={"mail": Mail.NEVER, "push": push}
    )


def states(user: User) -> list[str]:
    rows = PushDelivery.objects.filter(device__user=user).order_by("pk")
    return list(rows.values_list("state", flat=True))


# --- What goes out -------------------------------------------------------------------------------


def test_a_device_is_told_of_which_kind_and_nothing_more_and_only_it_can_read_that(
    service: Service, key: str
) -> None:
    reader, at = make_user(), Browser()
    device(reader, at)

    letter(reader)
    deliver_owed()

    (taken,) = service.taken
    assert at.reads(taken.body) == {
        "title": "You are asked for a review, an opinion or an answer",
        "body": "Knowledge Hubs",
        "url": "/notifications/",
        "tag": "asked",
        "lang": "en",
        "dir": "ltr",
    }
    assert taken.path == "/fcm/send/0?x=1"
    assert taken.headers["Content-Encoding"] == "aes128gcm"
    assert taken.headers["Topic"] == "asked"
    assert taken.headers["Urgency"] == "normal"
    assert 0 < int(taken.headers["TTL"]) <= TOLD["asked"].good_for.total_seconds()
    claims, signer = signed_by(taken.headers["Authorization"])
    assert (claims["aud"], claims["sub"]) == (
        "https://fcm.googleapis.com",
        "mailto:portal@test.example",
    )
    assert 0 < claims["exp"] - time.time() <= 24 * 3600
    assert signer == key
    assert states(reader) == [State.SENT]
    assert Device.objects.get().last_ok_at is not None


def test_another_browser_cannot_read_it(service: Service) -> None:
    reader = make_user()
    device(reader)
    letter(reader)
    deliver_owed()
    with pytest.raises(Exception):  # noqa: B017, PT011 (whichever way it fails)
        Browser().reads(service.taken[0].body)


def test_it_speaks_the_language_of_its_reader(service: Service) -> None:
    reader, at = make_user(), Browser()
    reader.profile.interface_language = "ar"
    reader.profile.save()
    device(reader, at)
    letter(reader)
    deliver_owed()

    said = at.reads(service.taken[0].body)

    assert (said["lang"], said["dir"], said["url"]) == ("ar", "rtl", "/ar/notifications/")


def test_each_device_gets_each_message_once_over_one_connection(service: Service) -> None:
    reader = make_user()
    for _n in range(3):
        device(reader)
    letter(reader)
    letter(reader, NoticeKind.CASE)

    for _n in range(3):
        deliver_owed()

    assert len(service.taken) == 6
    assert len({(taken.path, taken.headers["Topic"]) for taken in service.taken}) == 6
    assert service.connections == 1


def test_without_a_key_nothing_is_owed_or_offered(
    service: Service, settings: Any, django_assert_num_queries: Any
) -> None:
    reader = make_user()
    device(reader)
    settings.WEBPUSH_PRIVATE_KEY = ""

    letter(reader)
    deliver_owed()

    assert (states(reader), service.taken) == ([], [])
    assert not devices.has_devices(reader)
    with django_assert_num_queries(0):
        assert devices.devices_of(reader) == {"push_key": "", "devices": []}
    assert browser(reader).get(PAGE).status_code == 404
    answer = browser(reader).post(f"{PAGE}add/", {"endpoint": ENDPOINT + "x", **Browser().keys})
    assert answer.status_code == 400


# --- Who is told, and when -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", [NoticeKind.ASKED, NoticeKind.BLOG])
@pytest.mark.parametrize("wished", [None, True, False])
def test_a_device_rings_as_its_owner_wishes(
    service: Service, kind: NoticeKind, wished: bool | None
) -> None:
    reader, other = make_user(), make_user()
    device(reader)
    device(other)
    if wished is not None:
        wish(reader, kind, push=wished)

    letter(reader, kind)
    deliver_owed()

    rings = TOLD[kind].push if wished is None else wished
    assert len(service.taken) == (1 if rings else 0)
    assert states(other) == []


def unwished(reader: User) -> None:
    wish(reader, NoticeKind.ASKED, push=False)


def locked(reader: User) -> None:
    User.objects.filter(pk=reader.pk).update(is_active=False)


def paused(reader: User) -> None:
    Times.objects.create(user=reader, paused_since=timezone.now())


def read(reader: User) -> None:
    noticing.read(reader, up_to=Notification.objects.latest("pk").pk)


def stranger(reader: User) -> None:
    """The list of push services has changed."""
    Device.objects.update(endpoint="https://intranet.example/")


@pytest.mark.parametrize("change", [unwished, locked, paused, read, stranger])
def test_what_has_changed_before_a_message_goes_out_counts(service: Service, change: Any) -> None:
    reader = make_user()
    device(reader)
    letter(reader)

    change(reader)
    deliver_owed()

    assert service.taken == []
    assert states(reader) == [State.UNWANTED]


def test_in_quiet_hours_a_message_waits_and_a_reminder_does_not(service: Service) -> None:
    reader = make_user()
    device(reader)
    Times.objects.create(user=reader, quiet_from=dt.time(8), quiet_until=dt.time(12))
    with time_machine.travel(MONDAY, tick=False):
        letter(reader)
        letter(reader, NoticeKind.REMINDER)
        deliver_owed()
        assert [taken.headers["Topic"] for taken in service.taken] == ["reminder"]
        assert service.taken[0].headers["Urgency"] == "high"
    with time_machine.travel(MONDAY + dt.timedelta(hours=3), tick=False):
        deliver_owed()
    assert [taken.headers["Topic"] for taken in service.taken] == ["reminder", "asked"]


def test_a_device_that_was_removed_is_told_nothing(service: Service) -> None:
    reader = make_user()
    kept = device(reader)
    gone = device(reader)
    letter(reader)
    assert devices.remove_device(by=reader, pk=gone.pk)

    deliver_owed()

    assert [taken.path for taken in service.taken] == ["/fcm/send/0?x=1"]
    assert list(Device.objects.all()) == [kept]


def test_what_is_owed_to_many_costs_as_many_queries_as_to_one(
    django_assert_max_num_queries: Any,
) -> None:
    people = [make_user() for _n in range(12)]
    for user in people:
        device(user)
        letter(user)
    rows = list(Notification.objects.select_related("notice"))
    PushDelivery.objects.all().delete()

    with django_assert_max_num_queries(2):
        pushing.owe_pushes(rows, lambda _user, _kind: True)

    assert PushDelivery.objects.count() == 12


# --- Answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "state", "kept"),
    [
        (200, State.SENT, True), (201, State.SENT, True), (202, State.SENT, True),
        (404, State.DEAD, False), (410, State.DEAD, False),
        (400, State.DEAD, True), (403, State.DEAD, True), (413, State.DEAD, True),
        (301, State.DEAD, True), (307, State.DEAD, True),
        (408, State.OWED, True), (429, State.OWED, True),
        (500, State.OWED, True), (503, State.OWED, True),
    ],
)  # fmt: skip
def test_each_answer_means_one_thing(service: Service, status: int, state: str, kept: bool) -> None:
    reader = make_user()
    device(reader)
    service.status = status
    letter(reader)
    row = PushDelivery.objects.get()

    deliver_owed()

    assert len(service.taken) == 1
    assert Device.objects.exists() == kept
    if kept:
        row.refresh_from_db()
        assert row.state == state
        assert row.attempts == (1 if state == State.OWED else 0)


def test_what_is_put_off_is_sent_later(service: Service) -> None:
    reader = make_user()
    device(reader)
    service.status = 503
    letter(reader)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        deliver_owed()
        service.status = 201
        clock.shift(dt.timedelta(seconds=outbox.BACK_OFF[0] + 1))
        deliver_owed()
    assert states(reader) == [State.SENT]


def test_a_service_that_answers_too_late_leaves_it_unknown_and_is_then_left_alone(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = make_user()
    device(reader)
    device(reader)
    service.delay = 30.0
    monkeypatch.setattr(pushing, "connect", lambda _host: service.connect(patience=0.3))
    letter(reader)

    tally = outbox.drain([PushDelivery])

    assert str(tally) == "down=1 unsure=1"
    assert len(service.taken) == 1
    assert sorted(PushDelivery.objects.values_list("unsure", "attempts")) == [(0, 0), (1, 1)]


def test_a_connection_cut_after_the_request_leaves_it_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = make_user()
    device(reader)
    letter(reader)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)

        class Cut(HTTPConnection):
            def getresponse(self) -> Any:
                taken, _address = server.accept()
                taken.recv(10_000)
                taken.close()
                return super().getresponse()

        port = server.getsockname()[1]
        monkeypatch.setattr(pushing, "connect", lambda _host: Cut("127.0.0.1", port, timeout=5))
        tally = outbox.drain([PushDelivery])

    assert str(tally) == "unsure=1"


def test_a_service_that_is_down_keeps_neither_the_others_nor_mails(
    service: Service, monkeypatch: pytest.MonkeyPatch, mailoutbox: list[Any]
) -> None:
    reader = make_user()
    device(reader, endpoint=f"{OTHER}a")
    device(reader, endpoint=f"{OTHER}b")
    up = device(reader)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]  # nobody listens there afterwards
    asked: list[str] = []

    def connect(host: str) -> HTTPConnection:
        asked.append(host)
        if host.endswith("mozilla.com"):
            return HTTPConnection("127.0.0.1", port, timeout=5)
        return service.connect()

    monkeypatch.setattr(pushing, "connect", connect)
    letter(reader)

    tally = deliver_owed()

    assert str(tally) == "down=2 taken=2"
    assert len(mailoutbox) == 1
    assert asked == ["updates.push.services.mozilla.com", "fcm.googleapis.com"]
    sent = PushDelivery.objects.get(state=State.SENT)
    assert sent.device_id == up.pk
    waiting = PushDelivery.objects.filter(state=State.OWED)
    assert set(waiting.values_list("attempts", "unsure")) == {(0, 0)}
    assert all(row.available_at > timezone.now() for row in waiting)


def test_old_messages_go_and_owed_ones_stay() -> None:
    reader = make_user()
    device(reader)
    for _n in range(3):
        letter(reader)
    long_ago = timezone.now() - pushing.KEPT - dt.timedelta(hours=1)
    first, second, _third = PushDelivery.objects.order_by("pk")
    PushDelivery.objects.filter(pk=first.pk).update(state=State.SENT, created_at=long_ago)
    PushDelivery.objects.filter(pk=second.pk).update(created_at=long_ago)

    assert pushing.forget_old() == 1
    assert PushDelivery.objects.count() == 2


# --- Letting a browser ring ----------------------------------------------------------------------


def test_a_browser_is_let_ring_and_removed_on_a_page() -> None:
    member = make_user()
    mine = browser(member)
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    given = {"endpoint": f"{ENDPOINT}abc", **Browser().keys}

    answers = [
        mine.post(f"{PAGE}add/", given, headers={"User-Agent": agent}).status_code
        for _n in range(2)
    ]

    assert answers == [201, 201]
    (row,) = Device.objects.filter(user=member)
    page = mine.get(PAGE).content.decode()
    assert "Firefox, Linux" in page
    assert f'data-device="{devices.fingerprint(row.endpoint)}"' in page
    assert given["endpoint"] not in page
    assert given["auth"] not in page
    assert devices.has_devices(member)
    assert mine.post(f"{PAGE}{row.pk}/remove/").status_code == 302
    assert not Device.objects.exists()


@pytest.mark.parametrize(
    "endpoint",
    [
        "", "x", "http://fcm.googleapis.com/a", "https://fcm.googleapis.com:8443/a",
        "https://fcm.googleapis.com.evil.example/a", "https://evil.example/fcm.googleapis.com",
        "https://u:p@fcm.googleapis.com/a", "https://fcm.googleapis.com@127.0.0.1/",
        "https://127.0.0.1/", "https://[::1]/", "https://push.services.mozilla.com/a",
        "https://evilpush.services.mozilla.com/", "https://fcm.googleapis.com\\@evil.example/",
        "https://fcm.googleapis.com/a b", "https://fcm.googleapis.com/\r\nX: y",
        "https://fcm.googleapis.com/é", "https://fcm.googleapis.com:x/", "//fcm.googleapis.com/a",
        f"https://fcm.googleapis.com/{'a' * 1000}", "file:///etc/passwd", "https://[fcm/",
    ],
)  # fmt: skip
def test_nothing_but_push_services_is_ever_posted_to(endpoint: str) -> None:
    mine = browser(make_user())

    answer = mine.post(f"{PAGE}add/", {"endpoint": endpoint, **Browser().keys})

    assert answer.status_code == 400
    assert answer.json()["refusal"]
    assert not Device.objects.exists()


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/a:b-_c", "https://updates.push.services.mozilla.com/w",
        "https://wns2-par02p.notify.windows.com/w/?token=a%2b", "https://web.push.apple.com/Q",
        "https://push.own.example/a", "https://FCM.googleapis.com:443/a",
    ],
)  # fmt: skip
def test_push_services_are_posted_to(endpoint: str, settings: Any) -> None:
    settings.WEBPUSH_HOSTS = ["push.own.example"]
    assert devices.is_push_service(endpoint)


@pytest.mark.parametrize(
    "wrong",
    [
        {"p256dh": ""}, {"p256dh": "AAAA"}, {"p256dh": "B" + "A" * 86}, {"p256dh": "é" * 87},
        {"p256dh": "A" * 5000}, {"auth": ""}, {"auth": "AAAA"}, {"auth": "A" * 5000},
        {"auth": "******************=="},
    ],
)  # fmt: skip
def test_keys_that_are_none_are_refused(wrong: dict[str, str]) -> None:
    given = {"endpoint": f"{ENDPOINT}a", **Browser().keys, **wrong}
    answer = browser(make_user()).post(f"{PAGE}add/", given)
    assert answer.status_code == 400
    assert not Device.objects.exists()


def test_a_browser_passes_to_who_sits_before_it_and_to_nobody_else(service: Service) -> None:
    before, after, thief = make_user(), make_user(), make_user()
    at = Browser()
    device(before, at, endpoint=f"{ENDPOINT}shared")
    letter(before)

    with pytest.raises(Exception, match="no valid keys"):
        device(thief, endpoint=f"{ENDPOINT}shared")
    device(after, at, endpoint=f"{ENDPOINT}shared")
    deliver_owed()

    assert [row.user_id for row in Device.objects.all()] == [after.pk]
    assert service.taken == []


def test_a_person_has_so_many_devices_and_is_told_so() -> None:
    member = make_user()
    for _n in range(devices.MOST):
        device(member)

    answer = browser(member).post(f"{PAGE}add/", {"endpoint": f"{ENDPOINT}z", **Browser().keys})

    assert answer.json() == {"refusal": "You have 10 devices. Remove one of them first."}
    assert Device.objects.count() == devices.MOST


def test_nobody_removes_the_device_of_somebody_else_or_adds_one_unasked() -> None:
    theirs = device(make_user())
    given = {"endpoint": f"{ENDPOINT}q", **Browser().keys}

    assert browser(make_user()).post(f"{PAGE}{theirs.pk}/remove/").status_code == 404
    assert Client().post(f"{PAGE}add/", given)["Location"].startswith("/accounts/login/")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user())
    assert strict.post(f"{PAGE}add/", given).status_code == 403
    assert browser(make_user()).get(f"{PAGE}add/").status_code == 405
    assert Device.objects.count() == 1


def test_devices_end_with_the_account_and_while_it_is_kept_out() -> None:
    gone, out = make_user(), make_user()
    boss = make_user(is_superuser=True, is_staff=True)
    for user in (gone, out):
        device(user)
    kept: Any = everything_about(gone)["devices"]
    assert [row["name"] for row in kept] == ["Firefox, Linux"]

    close_account(by=gone, user=gone)
    set_active(by=boss, user=out, active=False, note="Spam.")

    assert not Device.objects.exists()


# --- The key and the worker ----------------------------------------------------------------------


def test_the_command_prints_a_key_that_works(settings: Any) -> None:
    out, err = StringIO(), StringIO()
    call_command("make_push_keys", stdout=out, stderr=err)

    name, _equals, private = out.getvalue().strip().partition("=")
    settings.WEBPUSH_PRIVATE_KEY = private

    assert name == "WEBPUSH_PRIVATE_KEY"
    assert devices.public_key() in err.getvalue()
    assert len(devices.decoded(devices.public_key())) == 65


@pytest.mark.parametrize("private", ["x", "é", "A" * 43, "%" * 43])
def test_a_key_that_is_none_is_said_to_be_none(private: str, settings: Any) -> None:
    settings.WEBPUSH_PRIVATE_KEY = private
    with pytest.raises(ImproperlyConfigured):
        devices.public_key()


def test_the_worker_stands_at_the_root_and_keeps_no_page(client: Client) -> None:
    answer = client.get("/push-worker.js")

    said = answer.content.decode()
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert "must-revalidate" in answer["Cache-Control"]
    assert re.findall(r'addEventListener\("(\w+)"', said) == ["push", "notificationclick"]
    assert "caches" not in said
    assert json.dumps("/notifications/") in said
