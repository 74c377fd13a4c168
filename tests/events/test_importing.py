"""Programmes from files: read, compared, shown, taken over."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from events.models import Event, ProgrammeImport, Session
from hubs.models import Hub
from tests.events.factories import make_event
from tests.factories import make_hub, make_member
from tests.people import browser

pytestmark = pytest.mark.django_db

TABLE = """Number,Day,Begins,Ends,Title,Kind,Room,Speakers
1,2024-05-06,09:00,10:00,Opening of the wells,Opening,Great hall,
2,2024-05-06,10:00,11:30,Deep water,Panel,Great hall,"Ada Brook; Keeper; House of Wells; Brazil
Ben Ford; ; Guild of Springs; ; Moderator"
3,,10:00,11:30,Shallow water,Panel,Cellar,
"""


@pytest.fixture
def hub() -> Hub:
    return make_hub()


@pytest.fixture
def event(hub: Hub) -> Event:
    return make_event(slug="wells", hub=hub, zone="Asia/Jakarta")


@pytest.fixture
def editor(hub: Hub) -> User:
    return make_member(hub, "editor")


@pytest.fixture
def client(editor: User) -> Client:
    return browser(editor)


def upload(client: Client, content: str | bytes, name: str = "programme.csv", **more: Any) -> Any:
    data = content.encode() if isinstance(content, str) else content
    return client.post(
        "/events/wells/edit/import/", {"file": SimpleUploadedFile(name, data), **more}
    )


def read(client: Client, content: str | bytes, name: str = "programme.csv", **more: Any) -> Any:
    """The page that shows what a file would change."""
    answer = upload(client, content, name, **more)
    if answer.status_code != 302:
        raise AssertionError(answer.context["form"].errors)
    return client.get(answer["Location"])


def verdicts(page: Any) -> list[str]:
    return [row.verdict for row in page.context["page"]]


def take_over(client: Client, page: Any) -> Any:
    return client.post(
        page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"],
        {"seen": page.context["compared"].digest},
    )


def programme(event: Event) -> list[tuple[Any, ...]]:
    rows = Session.objects.filter(event=event).select_related("room").order_by("position", "pk")
    return [
        (row.code, str(row.day), f"{row.wall_starts:%H:%M}", row.title, str(row.room or ""))
        for row in rows
    ]


def test_a_table_becomes_a_programme_once_it_is_taken_over(client: Client, event: Event) -> None:
    page = read(client, TABLE)

    assert verdicts(page) == ["add", "add", "add"]
    assert Session.objects.count() == 0

    answer = take_over(client, page)

    assert answer["Location"] == "/events/wells/programme/"
    assert programme(event) == [
        ("1", "2024-05-06", "09:00", "Opening of the wells", "Great hall"),
        ("2", "2024-05-06", "10:00", "Deep water", "Great hall"),
        ("3", "2024-05-06", "10:00", "Shallow water", "Cellar"),
    ]
    deep = Session.objects.get(code="2")
    assert (deep.kind, deep.zone, deep.slug) == ("panel", "Asia/Jakarta", "deep-water")
    assert deep.starts_at == dt.datetime(2024, 5, 6, 3, tzinfo=dt.UTC)
    assert [
        (row.person.name, row.title, row.organisation, row.country_id, row.role)
        for row in deep.contributions.select_related("person")
    ] == [
        ("Ada Brook", "Keeper", "House of Wells", "BR", "speaker"),
        ("Ben Ford", "", "Guild of Springs", None, "moderator"),
    ]
    assert ProgrammeImport.objects.get().applied_at is not None
