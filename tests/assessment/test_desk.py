"""Editions at the desk: portal moderators read them, draft, change and put in force; nobody
changes one in force, and nobody finds there what hubs answered."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from assessment import operations
from assessment.admin import DimensionForm
from assessment.models import Dimension, Framework, Statement
from core.models import AuditEntry
from hubs.models import Membership
from tests.assessment.factories import agreed, framework, moderator
from tests.desk import desk_client
from tests.factories import make_hub, make_member

pytestmark = pytest.mark.django_db

#: Queries of the list and of one edition, with the session and the second step.
LIST, PAGE = 7, 9


@pytest.fixture
def staff() -> Any:
    return moderator()


@pytest.fixture
def desk(staff: Any) -> Client:
    return desk_client(staff)


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:assessment_framework_{name}", args=args)


def drafted(staff: Any) -> Framework:
    return operations.draft_framework(framework(), by=staff, version="1.1")


def posted(dimension: Dimension, **more: Any) -> dict[str, Any]:
    """The form of a dimension as the browser sends it."""
    form = DimensionForm(dimension=dimension)
    return {name: str(form.initial[name]) for name in form.fields} | more


def of(draft: Framework, code: str = "identify") -> Dimension:
    return draft.dimensions.prefetch_related("statements").get(code=code)


def test_what_hubs_answered_has_no_page_at_the_desk() -> None:
    shown = {m.__name__ for m in apps.get_app_config("assessment").get_models()}
    assert {name for name in shown if _registered(name)} == {"Framework"}


def _registered(name: str) -> bool:
    return admin.site.is_registered(apps.get_model("assessment", name))


def test_moderators_read_every_edition_with_all_its_statements(desk: Client, staff: Any) -> None:
    edition, draft = framework(), drafted(staff)
    agreed()
    listed = desk.get(page("changelist")).content.decode()
    assert [listed.count(f"Self-assessment {version}") for version in ("1.0", "1.1")] == [1, 1]
    for found in (edition, draft):
        text = desk.get(page("change", found.pk)).content.decode()
        rows = operations.statements_of(found)
        assert text.count('<th scope="row">') == len(rows) == 72
        assert rows[0].step in text
        assert ("Change “" in text) == found.is_draft


def test_the_pages_cost_the_same_for_more_editions(
    desk: Client, staff: Any, django_assert_num_queries: Any
) -> None:
    draft = drafted(staff)
    desk.get(page("changelist"))  # the first page of a session also notes the session
    for number in range(2):
        with django_assert_num_queries(LIST):
            desk.get(page("changelist"))
        with django_assert_num_queries(PAGE):
            desk.get(page("change", draft.pk))
        operations.draft_framework(draft, by=staff, version=f"2.{number}")


@pytest.mark.parametrize("role", ["focal_point", "editor"])
def test_people_of_hubs_find_no_editions_at_the_desk(role: str, staff: Any) -> None:
    draft = drafted(staff)
    client = desk_client(make_member(make_hub(), Membership.Role(role)))
    urls = [
        page("changelist"), page("change", draft.pk), page("draft", draft.pk),
        page("put_in_force", draft.pk), page("dimension", draft.pk, "identify"),
    ]  # fmt: skip
    assert [client.get(url).status_code for url in urls] == [403] * 5
    assert client.post(urls[3], {"reason": "Mine."}).status_code == 403
    assert Framework.objects.get(pk=draft.pk).is_draft


def test_a_draft_begins_as_a_copy_under_the_next_number(desk: Client) -> None:
    edition = framework()
    text = desk.get(page("draft", edition.pk)).content.decode()
    assert 'value="1.1"' in text
    answer = desk.post(page("draft", edition.pk), {"version": "1.1"})
    draft = Framework.objects.get(version="1.1")
    assert answer.headers["Location"] == page("change", draft.pk)
    assert len(operations.statements_of(draft)) == 72


def test_a_number_that_is_taken_is_refused_at_the_field(desk: Client) -> None:
    edition = framework()
    answer = desk.post(page("draft", edition.pk), {"version": "1.0"})
    assert answer.status_code == 200
    assert answer.context["form"].errors == {"version": ["There is an edition 1.0 already."]}


def test_a_dimension_of_a_draft_is_changed_and_recorded(desk: Client, staff: Any) -> None:
    draft = drafted(staff)
    data = posted(of(draft), **{"identify-1-1-text": "Somebody collects.", "title": "Find"})
    answer = desk.post(page("dimension", draft.pk, "identify"), data)
    assert answer.headers["Location"] == page("change", draft.pk)
    row = of(draft).statements.get(code="identify-1-1")
    assert (of(draft).title, row.text) == ("Find", "Somebody collects.")
    entry = AuditEntry.of(draft).get(verb="change_framework")
    assert (entry.actor, entry.data) == (staff, {"dimension": "identify"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("identify-1-1-text", ""),
        ("identify-1-1-text", "x" * 401),
        ("identify-1-1-step", ""),
        ("identify-1-1-effort", "0"),
        ("identify-1-1-effort", "1000"),
        ("identify-1-1-effort", "a week"),
        ("title", ""),
    ],
)
def test_bad_input_is_refused_at_its_field_and_everything_typed_stays(
    field: str, value: str, desk: Client, staff: Any
) -> None:
    draft = drafted(staff)
    data = posted(of(draft), **{"identify-2-2-proof": "My own proof", field: value})
    answer = desk.post(page("dimension", draft.pk, "identify"), data)
    form = answer.context["form"]
    assert (answer.status_code, list(form.errors)) == (200, [field])
    assert "My own proof" in answer.content.decode()
    assert of(draft).statements.get(code="identify-2-2").proof != "My own proof"


def test_who_saves_second_is_told_and_loses_nothing(desk: Client, staff: Any) -> None:
    draft = drafted(staff)
    url = page("dimension", draft.pk, "identify")
    first = posted(of(draft), title="First")
    second = posted(of(draft), title="Second")
    desk.post(url, first)
    answer = desk.post(url, second)
    assert "Somebody else changed this" in answer.content.decode()
    assert 'value="Second"' in answer.content.decode()
    assert of(draft).title == "First"
    again = {**second, "seen": answer.context["form"]["seen"].value()}
    assert desk.post(url, again).status_code == 302
    assert of(draft).title == "Second"


def test_an_edition_in_force_has_no_form(desk: Client) -> None:
    edition = framework()
    url = page("dimension", edition.pk, "identify")
    data = posted(of(edition), title="Other")
    assert (desk.get(url).status_code, desk.post(url, data).status_code) == (403, 403)
    assert desk.post(page("change", edition.pk), {"version": "9"}).status_code == 403
    assert desk.get(page("put_in_force", edition.pk)).headers["Location"] == (
        page("change", edition.pk)
    )
    assert (of(edition).title, framework().version) == ("Identify and validate", "1.0")


def test_putting_in_force_shows_what_changes_and_takes_a_reason(desk: Client, staff: Any) -> None:
    edition, draft = framework(), drafted(staff)
    url = page("put_in_force", draft.pk)
    data = posted(of(draft), **{"identify-1-1-text": "Somebody collects."})
    desk.post(page("dimension", draft.pk, "identify"), data)
    text = desk.get(url).content.decode()
    assert "Somebody collects." in text
    assert "identify-1-2" not in text
    answer = desk.post(url, {"reason": " "})
    assert list(answer.context["form"].errors) == ["reason"]
    desk.post(url, {"reason": "Clearer words."})
    found = {row.version: row.state for row in Framework.objects.all()}
    assert found == {"1.0": "replaced", "1.1": "in_force"}
    assert AuditEntry.of(edition).get(verb="replace").note == "Clearer words."


def test_an_incomplete_draft_is_refused_with_a_reason(desk: Client, staff: Any) -> None:
    draft = drafted(staff)
    Statement.objects.filter(dimension__framework=draft, code="money-4-3").delete()
    answer = desk.post(page("put_in_force", draft.pk), {"reason": "Clearer."})
    assert "three statements each" in answer.content.decode()
    assert Framework.objects.get(pk=draft.pk).is_draft


def test_there_is_no_such_page(desk: Client) -> None:
    edition = framework()
    assert desk.get(page("dimension", edition.pk, "other")).status_code == 404
    assert desk.get(page("draft", 999)).status_code == 404
    assert desk.get(page("change", 999)).status_code == 302
    assert desk.get(page("add")).status_code == 403


def test_the_history_is_the_audit(desk: Client, staff: Any) -> None:
    draft = drafted(staff)
    text = desk.get(page("change", draft.pk)).content.decode()
    assert "Drafted" in text
    assert str(staff) in text
