"""Deposited files: who may open them, and how they are handed over."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from catalogue import operations
from catalogue.choices import Access
from catalogue.models import Contributor, Evidence, Solution, StoredFile
from tests import factories
from tests.catalogue.test_record import publish_as_is
from tests.desk import desk_client
from tests.people import browser

pytestmark = pytest.mark.django_db

BODY = b"year,wells\n2020,412\n"


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def deposited(
    name: str = "wells.csv", content_type: str = "text/csv", body: bytes = BODY
) -> StoredFile:
    stored = StoredFile(
        name=name,
        content_type=content_type,
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
    )
    stored.file.save(name, ContentFile(body), save=False)
    stored.save()
    return stored


def record_with(stored: StoredFile, access: str = Access.OPEN) -> Solution:
    """A draft with that file as its only evidence."""
    draft = factories.complete_snapshot()
    Evidence.objects.filter(solution=draft).update(file=stored, access=access)
    return draft


def handed(client: Client, stored: StoredFile, **headers: str) -> Any:
    """The answer to asking for the file, read to its end."""
    response = client.get(f"/files/{stored.pk}/", headers=headers)
    if response.streaming:
        response.body = b"".join(response.streaming_content)
    return response


def status(client: Client, stored: StoredFile) -> int:
    return handed(client, stored).status_code


def test_open_evidence_of_a_public_version_is_handed_to_everybody(client: Client) -> None:
    stored = deposited()
    publish_as_is(record_with(stored))
    response = handed(client, stored)
    assert response.body == BODY
    assert response["Content-Type"] == "text/csv"
    assert response["Content-Disposition"] == 'attachment; filename="wells.csv"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert response["Cache-Control"] == "public, max-age=300"
    again = handed(client, stored, if_none_match=response["ETag"])
    assert again.status_code == 304


@pytest.mark.parametrize("access", Access.values)
def test_a_file_of_a_draft_is_for_its_team(access: str, client: Client) -> None:
    stored = deposited()
    draft = record_with(stored, access)
    contributor = factories.make_user()
    Contributor.objects.create(solution=draft, name="Partner", role="partner", user=contributor)
    assert status(client, stored) == 404
    assert status(browser(factories.make_user()), stored) == 404
    assert status(desk_client(factories.make_member(draft.hub, "focal_point")), stored) == 404
    assert status(browser(contributor), stored) == 200
    response = handed(browser(draft.owner), stored)
    assert response["Cache-Control"] == "private, no-store"


def test_restricted_evidence_is_for_the_team_and_the_desk(client: Client) -> None:
    stored = deposited()
    solution = publish_as_is(record_with(stored, Access.RESTRICTED))
    assert status(client, stored) == 404
    assert status(browser(factories.make_user()), stored) == 404
    assert status(browser(factories.make_member(solution.hub, "member")), stored) == 404
    assert (
        status(desk_client(factories.make_member(factories.make_hub(), "focal_point")), stored)
        == 404
    )
    assert status(browser(solution.owner), stored) == 200
    assert status(desk_client(factories.make_member(solution.hub, "editor")), stored) == 200
    response = handed(desk_client(factories.make_user(is_staff=True)), stored)
    assert (response.status_code, response["Cache-Control"]) == (200, "private, no-store")


def test_what_was_frozen_stays_open_when_the_working_copy_replaces_it(client: Client) -> None:
    stored, other = deposited(), deposited("other.csv")
    solution = publish_as_is(record_with(stored))
    Evidence.objects.filter(solution=solution).update(file=other)
    assert status(client, stored) == 200
    assert status(client, other) == 404  # not published yet
    assert status(browser(solution.owner), other) == 200
    publish_as_is(solution)
    assert status(client, stored) == 200  # version 1 can still be read
    assert status(client, other) == 200


def test_a_file_restricted_since_is_closed_although_an_older_version_had_it_open(
    client: Client,
) -> None:
    stored = deposited()
    solution = publish_as_is(record_with(stored))
    Evidence.objects.filter(solution=solution).update(access=Access.RESTRICTED)
    assert status(client, stored) == 200  # readers see what was frozen
    publish_as_is(solution)
    assert status(client, stored) == 404
    assert status(browser(solution.owner), stored) == 200


def test_withdrawing_a_record_closes_its_files(client: Client) -> None:
    stored = deposited()
    solution = publish_as_is(record_with(stored))
    operations.withdraw_solution(solution, by=solution.owner, reason="It ended.")
    assert status(client, stored) == 404
    assert status(browser(solution.owner), stored) == 200


def test_a_file_of_a_frozen_submission_stays_with_the_desk_after_the_team_took_it_out() -> None:
    stored = deposited()
    solution = factories.submitted(record_with(stored)).solution
    Evidence.objects.filter(solution=solution).update(file=None)
    screener = factories.make_member(solution.hub, "focal_point")
    assert status(desk_client(screener), stored) == 200
    assert status(browser(factories.make_user()), stored) == 404


def test_a_file_named_by_no_record_is_for_nobody(client: Client) -> None:
    stored = deposited()
    assert status(client, stored) == 404
    assert status(browser(factories.make_user()), stored) == 404


@pytest.mark.parametrize("key", ["00000000-0000-4000-8000-000000000000", "x", "../../etc/passwd"])
def test_an_unknown_file_is_not_found(key: str, client: Client) -> None:
    assert client.get(f"/files/{key}/").status_code == 404


def test_a_file_that_is_missing_on_disk_is_not_found(client: Client) -> None:
    stored = deposited()
    publish_as_is(record_with(stored))
    Path(stored.file.path).unlink()
    assert status(client, stored) == 404


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("image/jpeg", "inline"),
        ("image/png", "inline"),
        ("image/webp", "inline"),
        ("image/gif", "attachment"),
        ("image/svg+xml", "attachment"),
        ("text/html", "attachment"),
        ("application/pdf", "attachment"),
    ],
)
def test_only_images_the_portal_encoded_show_in_the_page(
    content_type: str, kind: str, client: Client
) -> None:
    stored = deposited("file.bin", content_type)
    publish_as_is(record_with(stored))
    response = handed(client, stored)
    assert response["Content-Disposition"].split(";")[0] == kind
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("relatório 2020.pdf", "attachment; filename*=utf-8''relat%C3%B3rio%202020.pdf"),
        ("تقرير.pdf", "attachment; filename*=utf-8''%D8%AA%D9%82%D8%B1%D9%8A%D8%B1.pdf"),
        ('a"b\\c.pdf', 'attachment; filename="a\\"b c.pdf"'),
        ("../../x.pdf", 'attachment; filename=".. .. x.pdf"'),
        ("a\r\nSet-Cookie: x=1.pdf", 'attachment; filename="a Set-Cookie: x=1.pdf"'),
    ],
)
def test_names_travel_safely(name: str, header: str, client: Client) -> None:
    stored = deposited()
    StoredFile.objects.filter(pk=stored.pk).update(name=name)
    publish_as_is(record_with(stored))
    assert handed(client, stored)["Content-Disposition"] == header


def test_a_web_server_in_front_can_send_the_file(client: Client, settings: Any) -> None:
    settings.X_ACCEL_PREFIX = "/protected/"
    stored = deposited()
    publish_as_is(record_with(stored))
    response = handed(client, stored)
    assert response.content == b""
    assert response["X-Accel-Redirect"] == f"/protected/{stored.file.name}"
    assert response["Content-Type"] == "text/csv"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
