"""The history of a record: which versions there were, who sees them, and what changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from catalogue import operations
from catalogue.choices import Access
from catalogue.models import Evidence, Solution
from core.text import plain
from tests import factories
from tests.catalogue.test_record import page, publish_as_is, stored_file, text_of
from tests.desk import desk_client
from tests.people import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def solution() -> Solution:
    """Two public versions, and a third that was returned."""
    solution = factories.published(factories.complete_snapshot(title="Wells tested by volunteers"))
    Solution.objects.filter(pk=solution.pk).update(
        narrative="<p>Nearly all wells are now tested each month.</p>"
    )
    solution = factories.published(Solution.objects.get(pk=solution.pk))
    Solution.objects.filter(pk=solution.pk).update(title="Wells tested by villagers")
    submission = factories.submitted(Solution.objects.get(pk=solution.pk))
    screener = factories.make_member(solution.hub, "focal_point", name="Name of the screener")
    operations.return_submission(submission, by=screener, note="Say who the villagers are.")
    return Solution.objects.get(pk=solution.pk)


def test_readers_see_the_versions_that_were_public(client: Client, solution: Solution) -> None:
    text = text_of(page(client, f"{solution.get_absolute_url()}history/"))
    assert "2 versions" in text
    assert "Version 2 current" in text
    assert "Version 3" not in text
    assert "villagers" not in text
    assert "What was done" not in text
    assert "Name of the screener" not in text


def test_by_default_the_last_two_are_compared(client: Client, solution: Solution) -> None:
    html = page(client, f"{solution.get_absolute_url()}history/")
    changes = html[html.index('id="changes"') :]
    assert "From version 1 to version 2" in changes
    assert "1 field changed." in plain(changes)
    assert "What changed" in plain(changes)
    assert '<del><span class="vh">Removed: </span>Nine of ten</del>' in changes
    assert '<ins><span class="vh">Added: </span>Nearly all</ins>' in changes


def test_the_team_sees_every_submission_and_what_was_done(solution: Solution) -> None:
    text = text_of(page(browser(solution.owner), f"{solution.get_absolute_url()}history/"))
    assert "3 versions" in text
    assert "Returned for changes." in text
    assert "From version 2 to version 3" in text
    assert "Returned the submission Say who the villagers are." in text
    assert "The desk Returned the submission" in text
    assert "Name of the screener" not in text
    assert f"{solution.owner} Submitted a version" in text


def test_the_desk_reads_who_decided(solution: Solution) -> None:
    desk = desk_client(factories.make_member(solution.hub, "focal_point"))
    text = text_of(page(desk, f"{solution.get_absolute_url()}history/"))
    assert "Name of the screener Returned the submission" in text


@pytest.mark.parametrize(
    ("query", "heading"),
    [
        ("from=2&to=1", "From version 1 to version 2"),
        ("from=1&to=1", "These two say the same."),
        ("from=1&to=3", "From version 1 to version 2"),  # 3 was never public
        ("from=x&to=", "From version 1 to version 2"),
        ("from=99999999999999999999&to=-1", "From version 1 to version 2"),
        ("from=1&from=2&to=2&to=2", "These two say the same."),
        ("from=٢&to=²", "From version 1 to version 2"),
    ],
)
def test_any_question_gets_a_clear_answer(
    query: str, heading: str, client: Client, solution: Solution
) -> None:
    assert heading in text_of(page(client, f"{solution.get_absolute_url()}history/?{query}"))


def test_one_version_alone_has_nothing_to_compare(client: Client) -> None:
    single = factories.published(factories.complete_snapshot())
    text = text_of(page(client, f"{single.get_absolute_url()}history/"))
    assert "1 version" in text
    assert "There is one version, so there is nothing to compare yet." in text


def test_an_older_version_is_marked_and_points_to_the_current_one(
    client: Client, solution: Solution
) -> None:
    url = f"{solution.get_absolute_url()}versions/1/"
    response = client.get(url)
    html = response.content.decode()
    assert "Nine of ten wells" in html
    assert "An older version." in html
    assert "The current one is version 2" in html
    assert f'rel="canonical" href="http://127.0.0.1:8000{solution.get_absolute_url()}"' in html
    assert '<meta name="robots" content="noindex">' in html
    assert "application/ld+json" not in html


@pytest.mark.parametrize(
    ("number", "status", "target"),
    [("2", 302, "page"), ("3", 404, ""), ("4", 404, ""), ("0", 404, ""), ("9" * 30, 404, "")],
)
def test_other_numbers_of_versions(
    number: str, status: int, target: str, client: Client, solution: Solution
) -> None:
    response = client.get(f"{solution.get_absolute_url()}versions/{number}/")
    assert response.status_code == status
    if target:
        assert response["Location"] == solution.get_absolute_url()


def test_a_version_that_was_never_public_opens_inside(solution: Solution) -> None:
    response = browser(solution.owner).get(f"{solution.get_absolute_url()}versions/3/")
    assert response["Location"] == f"/work/{solution.uid}/versions/3/"


def test_what_is_restricted_by_now_is_closed_in_older_versions_too(client: Client) -> None:
    draft = factories.complete_snapshot()
    stored = stored_file()
    Evidence.objects.filter(solution=draft).update(file=stored)
    solution = publish_as_is(draft)
    Evidence.objects.filter(solution=draft).update(access=Access.RESTRICTED)
    solution = publish_as_is(solution)
    base = solution.get_absolute_url()
    for url in (f"{base}versions/1/", f"{base}history/", base):
        html = page(client, url)
        assert str(stored.pk) not in html
        assert "reports.test.example" not in html
    assert "Restricted" in page(client, f"{base}versions/1/")


@pytest.mark.parametrize("versions", [2, 12])
def test_the_history_costs_the_same_for_any_number_of_versions(
    versions: int, client: Client, django_assert_num_queries: Any
) -> None:
    solution = publish_as_is(factories.complete_snapshot())
    for _n in range(versions - 1):
        solution = publish_as_is(solution)
    url = f"{solution.get_absolute_url()}history/"
    client.get(url)
    with django_assert_num_queries(4):
        page(client, url)
