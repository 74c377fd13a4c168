"""What the catalogue tells a person about themselves, and what ends with their account."""

from __future__ import annotations

import pytest

from accounts.operations import close_account
from accounts.signals import personal_data
from catalogue import operations
from catalogue.models import Contributor, EditLock, Invitation, PageDraft, StoredFile
from tests.factories import make_solution, make_user

pytestmark = pytest.mark.django_db


def kept_about(user) -> dict:
    return dict(answer for _receiver, answer in personal_data.send(type(user), user=user))


def test_a_person_learns_what_the_catalogue_keeps_about_them():
    user = make_user(email="me@test.example", name="Me")
    other = make_solution(title="Other record")
    solution = make_solution(user, title="My record")
    operations.keep_page(solution, by=user, page="name", data={"title": ["Typed"]}, base=1)
    operations.invite(other, by=other.owner, email=user.email, role="author")
    StoredFile.objects.create(
        name="a.pdf", content_type="application/pdf", size=7, sha256="0", uploaded_by=user
    )
    kept = kept_about(user)
    assert [(row["title"], row["role"], row["owner"]) for row in kept["records"]] == [
        ("My record", "author", "yes")
    ]
    assert [row["text"] for row in kept["unsaved_text"]] == [{"title": ["Typed"]}]
    assert [row["name"] for row in kept["files"]] == ["a.pdf"]
    assert [row["record"] for row in kept["invitations"]] == ["Other record"]
    assert {len(rows) for rows in kept_about(make_user()).values()} == {0}


def test_writing_ends_with_the_account_and_records_stay():
    user = make_user(email="me@test.example")
    solution, other = make_solution(user), make_solution()
    row = Contributor.objects.create(solution=other, user=user, name="Me", role="partner")
    third = make_solution()
    operations.invite(third, by=third.owner, email=user.email, role="author")
    operations.invite(solution, by=user, email="guest@test.example", role="author")
    operations.keep_page(other, by=user, page="name", data={}, base=1)
    operations.take_lock(other, by=user)
    close_account(by=user, user=user)
    row.refresh_from_db()
    assert (row.user, row.name) == (None, "Me")
    assert solution.contributors.filter(user=user).exists()
    assert not PageDraft.objects.exists()
    assert not EditLock.objects.exists()
    assert not Invitation.objects.waiting().exists()
    assert not Invitation.objects.filter(email="me@test.example").exists()
