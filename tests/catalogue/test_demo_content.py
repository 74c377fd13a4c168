"""The demonstration content is public, labelled for what it is, and made only once."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from catalogue import loading, operations
from catalogue.choices import Publication, Validation
from catalogue.models import Solution, Submission, Version
from core.models import AuditEntry, JobRun, SearchDocument
from hubs.loading import load_reference
from hubs.models import Hub, Membership
from validation.models import Record


def run_demo() -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("demo", stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[str, str]]:
    """The content, loaded once for this module and rolled back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_reference()
        yield run_demo()
        transaction.set_rollback(True)


@pytest.fixture
def demo(loaded: tuple[str, str], db: None) -> tuple[str, str]:
    return loaded


def snapshot() -> dict[str, Any]:
    models = (User, Hub, Membership, Solution, Version, Submission, AuditEntry, SearchDocument)
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


def entries() -> dict[str, dict[str, Any]]:
    return {
        entry["title"]: entry | {"collection": collection.name}
        for collection in (loading.practices(), loading.registry())
        for entry in collection.entries
    }


def real() -> QuerySet[Solution]:
    """What is public and not invented."""
    return Solution.objects.public().filter(is_example=False)


def test_the_nine_practices_and_the_registry_entries_are_public(demo: tuple[str, str]) -> None:
    public = real()

    assert (len(loading.practices().entries), len(loading.registry().entries)) == (9, 77)
    assert dict(public.values_list("title", "collection")) == {
        title: entry["collection"] for title, entry in entries().items()
    }


def test_everything_real_is_documented_and_not_validated(demo: tuple[str, str]) -> None:
    assert {solution.validation for solution in real()} == {Validation.NONE}
    assert {solution.level for solution in real()} == {"documented"}
    labelled = Solution.objects.filter(validation__in=[Validation.VALIDATED, Validation.PROMISING])
    assert set(labelled.values_list("is_example", flat=True)) == {True}
    assert set(Record.objects.values_list("solution__is_example", flat=True)) == {True}


def test_what_readers_see_is_the_frozen_version(demo: tuple[str, str]) -> None:
    milk = Solution.objects.select_related("public_version").get(title="Human milk bank network")
    content = milk.public_version.content

    assert milk.reference
    assert content["collection"] == "Practices of knowledge hubs"
    assert content["hub"]["slug"] == "fiocruz"
    assert content["evidence"][0]["title"].startswith("Fiocruz is designated")
    assert content["failure"] == ""
    assert content["cost_total"] is None


def test_missing_fields_stay_missing(demo: tuple[str, str]) -> None:
    written = entries()
    invented = {
        (solution.title, name)
        for solution in real()
        for name in ("stage", "started_on", "problem", "narrative", "failure", "contact_email")
        if getattr(solution, name) and name not in written[solution.title]
    }
    assert invented == set()


def test_no_registry_entry_has_a_hub_and_every_practice_has_one(demo: tuple[str, str]) -> None:
    public = real()
    assert set(public.filter(hub=None).values_list("collection", flat=True)) == {
        "Digital Public Goods registry"
    }
    assert public.exclude(hub=None).count() == 9


def test_registry_entries_carry_the_registrys_licence_and_no_contacts(
    demo: tuple[str, str],
) -> None:
    registry = Solution.objects.filter(collection="Digital Public Goods registry")

    assert set(registry.values_list("licence", "licence_note")) == {
        ("other", "Unlicense (public domain)")
    }
    assert not registry.exclude(contact_name="", contact_email="", contact_phone="").exists()
    assert not registry.filter(contributors__isnull=False).exists()


def test_a_disagreement_of_the_sources_is_told_to_readers(demo: tuple[str, str]) -> None:
    lagos = Solution.objects.select_related("public_version").get(title__startswith="Lagos BRT")
    assert "October 2007" in lagos.public_version.content["editors_note"]


def test_everything_public_can_be_found(demo: tuple[str, str]) -> None:
    found = set(SearchDocument.objects.filter(kind="solution").values_list("title", flat=True))
    examples = Solution.objects.public().filter(is_example=True)
    assert found == set(entries()) | set(examples.values_list("title", flat=True))


def test_the_import_is_in_the_record(demo: tuple[str, str]) -> None:
    imported = [str(key) for key in real().values_list("pk", flat=True)]
    lines = AuditEntry.objects.filter(verb="publish", target_id__in=imported)

    assert lines.count() == 86
    assert set(lines.values_list("actor_name", flat=True)) == {"Editorial desk"}
    assert all(lines.values_list("note", flat=True))


def test_nobody_can_sign_in_as_the_editorial_desk(demo: tuple[str, str]) -> None:
    desk = User.objects.get(name="Editorial desk")
    assert not desk.has_usable_password()


def test_a_second_run_changes_nothing(demo: tuple[str, str]) -> None:
    before = snapshot()

    out, err = run_demo()

    assert err == "Demonstration content: unchanged\n"
    assert out == demo[0]
    assert snapshot() == before


def test_loading_again_after_the_marker_is_lost_changes_nothing_either(
    demo: tuple[str, str],
) -> None:
    before = snapshot()
    JobRun.objects.all().delete()

    run_demo()

    assert snapshot() == before


def test_a_withdrawn_entry_is_not_brought_back(demo: tuple[str, str]) -> None:
    desk = User.objects.get(name="Editorial desk")
    operations.withdraw_solution(
        Solution.objects.get(title="DHIS2"), by=desk, reason="Asked for by its owner."
    )
    JobRun.objects.all().delete()

    run_demo()

    assert Solution.objects.filter(title="DHIS2").count() == 1
    assert Solution.objects.get(title="DHIS2").publication == Publication.WITHDRAWN


def test_the_accounts_are_named_by_role_and_the_desk_has_a_second_factor(
    demo: tuple[str, str],
) -> None:
    people = User.objects.exclude(name="Editorial desk").exclude(email__endswith=".invalid")
    people = people.filter(is_active=True)
    with_factor = Authenticator.objects.filter(type="totp").values_list("user__email", flat=True)

    assert all(person.name.endswith("(demonstration)") for person in people)
    assert sorted(people.values_list("email", flat=True)) == [
        "admin@demo.example",
        "chair@demo.example",
        "editor@demo.example",
        "focal-point@demo.example",
        "moderator@demo.example",
        "practitioner@demo.example",
        "reviewer-2@demo.example",
        "reviewer@demo.example",
    ]
    assert sorted(with_factor) == [
        "admin@demo.example",
        "chair@demo.example",
        "editor@demo.example",
        "focal-point@demo.example",
        "moderator@demo.example",
    ]
    assert "practitioner@demo.example" in demo[0]


def test_dashboard_and_desk_have_something_to_show(demo: tuple[str, str]) -> None:
    focal_point = User.objects.get(email="focal-point@demo.example")
    moderator = User.objects.get(email="moderator@demo.example")
    practitioner = User.objects.get(email="practitioner@demo.example")
    waiting = Submission.objects.waiting()

    assert waiting.at_desk_of(focal_point).count() == 2
    assert waiting.at_desk_of(moderator).count() == 3
    mine = Solution.objects.of_team(practitioner)
    assert mine.filter(publication=Publication.PRIVATE).count() == 4
    assert Submission.objects.filter(state="returned", remarks__field="failure").count() == 1


def test_what_is_invented_says_example(demo: tuple[str, str]) -> None:
    examples = Solution.objects.filter(collection="")

    assert [
        solution.title
        for solution in examples
        if not solution.title.startswith("Example: ") or not solution.is_example
    ] == []
    assert Counter(examples.values_list("publication", flat=True)) == {
        Publication.PRIVATE: 5,  # work in progress
        Publication.PUBLIC: 7,  # the stages of validation
    }
