"""What machines ask: alive, ready, counted."""

from __future__ import annotations

import datetime as dt
import socket

import pytest
import time_machine
from django.db import DatabaseError
from django.test import Client, RequestFactory, override_settings

from accounts.kinds import NoticeKind
from accounts.operations import owe_mail
from core import changes
from hubportal import health
from notifications.addresses import noted
from notifications.delivering import deliver_owed
from notifications.models import Address, Delivery, Notice
from tests.community.factories import make_member
from tests.notifications.test_bounces import letter


@pytest.fixture
def get(rf: RequestFactory):
    """Ask one of the views directly, as a machine at an address."""

    def ask(view, address="192.0.2.1", **headers):
        return view(rf.get("/", headers=headers, REMOTE_ADDR=address))

    return ask


def test_live_asks_no_database(client: Client):
    # Without the django_db mark any query fails this test.
    response = client.get("/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "live"})


@pytest.mark.parametrize("path", ["/health/live", "/display/"])
def test_what_answers_without_the_database_does_not_ask_for_its_mark(
    path: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable() -> None:
        pytest.fail("the database was asked")

    monkeypatch.setattr(changes, "mark", unreachable)
    assert client.get(path).status_code in {200, 405}


@pytest.mark.django_db
def test_ready_names_each_part(client: Client, tmp_path):
    with override_settings(
        CELERY_BROKER_URL="filesystem://",
        CELERY_BROKER_TRANSPORT_OPTIONS={"data_folder_out": str(tmp_path)},
    ):
        response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "database": "ok",
        "migrations": "ok",
        "broker": "ok",
    }
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_ready_does_not_wait_for_a_broker_that_is_away(client: Client):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refuses every connection
        port = taken.getsockname()[1]
        with override_settings(CELERY_BROKER_URL=f"redis://127.0.0.1:{port}/0"):
            response = client.get("/health/ready")
    assert (response.status_code, response.json()["broker"]) == (200, "does not answer")


def test_not_ready_without_a_database(get, monkeypatch):
    class Away:
        def cursor(self):
            raise DatabaseError

    monkeypatch.setattr(health, "connection", Away())
    response = get(health.ready)
    assert response.status_code == 503
    assert b'"database": "does not answer"' in response.content


@pytest.mark.django_db
def test_not_ready_while_a_migration_waits(get, monkeypatch):
    class Behind:
        def __init__(self, connection):
            self.loader = self
            self.graph = self

        def leaf_nodes(self):
            return []

        def migration_plan(self, targets):
            return ["one", "two"]

    monkeypatch.setattr(health, "_migrated", False)
    monkeypatch.setattr(health, "MigrationExecutor", Behind)
    response = get(health.ready)
    assert response.status_code == 503
    assert b'"migrations": "2 to apply"' in response.content


@pytest.mark.django_db
@override_settings(METRICS_TOKEN="open-counters", METRICS_IPS=["127.0.0.1"])
@pytest.mark.parametrize(
    ("address", "headers", "allowed"),
    [
        ("127.0.0.1", {}, True),
        ("192.0.2.1", {}, False),
        ("192.0.2.1", {"Authorization": "Bearer open-counters"}, True),
        ("192.0.2.1", {"Authorization": "Bearer wrong"}, False),
        ("192.0.2.1", {"Authorization": "Basic open-counters"}, False),
        # A proxy on this machine makes the whole world look local.
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}, False),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.1"}, False),
    ],
)
def test_metrics_are_for_those_who_may(client: Client, address, headers, allowed):
    response = client.get("/metrics", headers=headers, REMOTE_ADDR=address)
    assert response.status_code == (200 if allowed else 404)
    assert response["Content-Type"].startswith("text/plain") is allowed


@override_settings(METRICS_TOKEN="", METRICS_IPS=[])
def test_an_empty_token_opens_nothing(client: Client):
    response = client.get("/metrics", headers={"Authorization": "Bearer "})
    assert response.status_code == 404


@pytest.mark.django_db
@override_settings(METRICS_IPS=["127.0.0.1"])
def test_what_waits_is_counted_with_the_age_of_the_oldest(client: Client):
    noon = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
    for minutes in (10, 3):
        with time_machine.travel(noon - dt.timedelta(minutes=minutes), tick=False):
            owe_mail(
                to="a@test.example", purpose="trial", subject="S", body="B", asked_by_anyone=False
            )
    with time_machine.travel(noon, tick=False):
        lines = client.get("/metrics").content.decode().splitlines()
    assert [line for line in lines if line.startswith("portal_waiting")] == [
        'portal_waiting{queue="screening"} 0.0',
        'portal_waiting{queue="mail"} 2.0',
        'portal_waiting{queue="mail given up"} 0.0',
        'portal_waiting_oldest_seconds{queue="screening"} 0.0',
        'portal_waiting_oldest_seconds{queue="mail"} 600.0',
        'portal_waiting_oldest_seconds{queue="mail given up"} 0.0',
    ]


@pytest.mark.django_db
@override_settings(METRICS_IPS=["127.0.0.1"])
def test_mails_are_counted_by_sort_and_rank_with_ages_and_what_is_in_doubt(client: Client):
    noon = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
    with time_machine.travel(noon - dt.timedelta(minutes=10), tick=False):
        reader = make_member()
        rows = [letter(reader), letter(reader), letter(reader, NoticeKind.REMINDER)]
        letter(reader)
        owe_mail(to="a@test.example", purpose="trial", subject="S", body="B", asked_by_anyone=False)
    held = Delivery.objects.filter(pk=rows[0].pk)
    held.update(state=Delivery.State.UNCONFIRMED)
    waits = Delivery.objects.filter(pk=rows[1].pk)
    waits.update(available_at=noon + dt.timedelta(hours=1))
    Notice.objects.create(key="x", subject="post", subject_id=1, happened_at=noon)
    Address.objects.create(address="b@test.example", complained_at=noon)
    noted("counted")
    with time_machine.travel(noon + dt.timedelta(seconds=30), tick=False):
        lines = client.get("/metrics").content.decode().splitlines()
    found = [
        line
        for line in lines
        if line.startswith(("portal_mail_", "portal_notices", "portal_digests", "portal_addresses"))
        and "_created" not in line
    ]
    assert found == [
        'portal_mail_owed{rank="urgent",sort="notice"} 1.0',
        'portal_mail_owed{rank="letter",sort="notice"} 2.0',
        'portal_mail_owed{rank="urgent",sort="account"} 1.0',
        'portal_mail_owed_oldest_seconds{rank="urgent",sort="notice"} 630.0',
        'portal_mail_owed_oldest_seconds{rank="letter",sort="notice"} 630.0',
        'portal_mail_owed_oldest_seconds{rank="urgent",sort="account"} 630.0',
        'portal_mail_due_seconds{rank="urgent",sort="notice"} 630.0',
        'portal_mail_due_seconds{rank="letter",sort="notice"} 630.0',
        'portal_mail_due_seconds{rank="urgent",sort="account"} 630.0',
        'portal_mail_held{of="notification",state="dead"} 0.0',
        'portal_mail_held{of="notification",state="unconfirmed"} 1.0',
        'portal_mail_held{of="account",state="dead"} 0.0',
        'portal_mail_held{of="account",state="unconfirmed"} 0.0',
        "portal_notices_owed 1.0",
        "portal_notices_owed_oldest_seconds 30.0",
        "portal_digests_waiting 0.0",
        "portal_addresses_stopped 1.0",
        'portal_mail_reports_total{outcome="counted"} 1.0',
    ]


@pytest.mark.django_db
@override_settings(METRICS_IPS=["127.0.0.1"])
def test_what_became_of_sendings_is_counted(client: Client):
    line = 'portal_mails_total{fate="taken",of="notifications.delivery"}'

    def count():
        lines = client.get("/metrics").content.decode().splitlines()
        return sum(float(each.split()[-1]) for each in lines if each.startswith(line))

    before = count()
    letter(make_member())
    deliver_owed()
    assert count() == before + 1


@pytest.mark.django_db
@pytest.mark.parametrize("n", [1, 12])
def test_figures_of_mails_cost_the_same_however_many_there_are(
    n, django_assert_num_queries, client: Client
):
    reader = make_member()
    for _n in range(n):
        letter(reader)
    with django_assert_num_queries(8):
        list(health.Mails().collect())


@pytest.mark.django_db
@override_settings(METRICS_IPS=["127.0.0.1"])
def test_requests_are_counted_by_view_and_status(client: Client):
    line = 'portal_requests_total{method="GET",status="200",view="health-live"}'

    def count():
        lines = client.get("/metrics").content.decode().splitlines()
        return sum(float(each.split()[-1]) for each in lines if each.startswith(line))

    before = count()
    client.get("/health/live")
    assert count() == before + 1


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
def test_machines_only_read(client: Client, path):
    assert client.post(path).status_code == 405
