"""The examples of validation: every stage, by real operations, invented and marked as such."""

from __future__ import annotations

import io
from collections import Counter
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.models import AccountMail, User
from catalogue import finding
from catalogue.choices import Publication, Validation
from catalogue.models import Solution
from core import search
from core.models import AuditEntry, SearchDocument
from hubportal.demo_accounts import ensure_demo_accounts
from hubs.loading import load_reference
from hubs.models import Hub
from notifications.delivering import deliver_owed
from notifications.models import Delivery
from tests.factories import make_hub
from validation import choices as c
from validation import demonstration
from validation.models import Case, Challenge, Decision, Record, Reviewer, Score, Seat
from validation.operations import deciding
from validation.operations.deciding import Ruling

MARK = "Invented for the demonstration."


@pytest.fixture(scope="module")
def staged(django_db_setup: None, django_db_blocker: Any) -> Any:
    """The examples in a hub of their own, made once for this module and rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        load_reference()
        hub = make_hub(slug="example-hub", country_id="NG")
        people = ensure_demo_accounts([hub])
        new = demonstration.make_examples(people, hub=hub)
        yield people, hub, new
        transaction.set_rollback(True)


@pytest.fixture
def stage(staged: Any, db: None) -> Any:
    return staged


def example(part: str) -> Solution:
    return Solution.objects.select_related("public_version").get(title__contains=part)


def case_of(part: str) -> Case:
    return Case.objects.select_related("chair", "criteria_set").get(solution=example(part))


def test_there_is_one_example_of_each_stage(stage: Any) -> None:
    _people, _hub, new = stage

    assert new == 7
    assert Counter(Case.objects.values_list("state", "outcome")) == {
        ("decided", "validated"): 2,
        ("decided", "promising"): 1,
        ("decision", ""): 1,
        ("clarification", ""): 1,
        ("review", ""): 1,
        ("assignment", ""): 1,
    }


def test_everything_invented_says_so(stage: Any) -> None:
    solutions = Solution.objects.all()

    assert [
        s.title
        for s in solutions
        if not s.title.startswith("Example: ")
        or not s.is_example
        or not s.public_version
        or not s.public_version.content["is_example"]
        or "Invented for the demonstration" not in s.editors_note
    ] == []
    assert not Score.objects.exclude(reason__endswith=MARK).exists()
    assert all(text.endswith(MARK) for text in Challenge.objects.values_list("text", flat=True))
    assert all(text.endswith(MARK) for text in Decision.objects.values_list("letter", flat=True))


def test_each_record_is_an_example_and_verifies(stage: Any, tmp_path: Any) -> None:
    records = list(Record.objects.order_by("number"))
    client = Client()

    assert [(r.label, r.state, r.document["is_example"]) for r in records] == [
        ("validated", "in_force", True),
        ("promising", "in_force", True),
        ("validated", "in_force", True),
    ]
    for record in records:
        bundle = tmp_path / f"{record.reference}.json"
        bundle.write_bytes(client.get(f"/records/{record.reference}/bundle.json").content)
        told = io.StringIO()
        call_command("verify_record", str(bundle), stdout=told, stderr=told)
        page = client.get(record.get_absolute_url()).content.decode()
        assert "Example" in page
        assert "It describes no real practice." in page


def test_a_review_begun_and_an_invitation_wait_for_the_reviewer(stage: Any) -> None:
    people, _hub, _new = stage
    seats = Seat.objects.filter(user=people["reviewer"], state__in=c.BUSY)

    assert {(seat.case_id, seat.state) for seat in seats} == {
        (case_of("a bus on call").pk, "reviewing"),
        (case_of("pump mechanics").pk, "invited"),
    }
    begun = seats.get(state="reviewing").scores
    assert 0 < begun.count() < len(case_of("a bus on call").scope)


def test_two_reviews_differed_and_a_third_by_itself_came_in(stage: Any) -> None:
    people, _hub, _new = stage
    case = case_of("market toilets")

    asked = AuditEntry.objects.get(verb="third", target_id=str(case.pk))
    assert {reason["code"] for reason in asked.data["reasons"]} == {"range", "label"}
    assert case.seats.sent().count() == 3
    assert case.chair == people["chair"]


def test_the_chair_can_decide_and_the_reviewer_confirm(stage: Any) -> None:
    people, _hub, _new = stage
    case = case_of("market toilets")
    chair = User.objects.get(pk=people["chair"].pk)
    decision = deciding.propose(
        case,
        by=chair,
        rulings={code: Ruling("Seen.") for code in case.scope},
        letter="This is the decision.",
    )
    record = deciding.confirm(decision, by=User.objects.get(pk=people["reviewer-2"].pk))

    assert record is not None
    assert record.document["is_example"] is True


def test_questions_wait_for_the_practitioner(stage: Any) -> None:
    case = case_of("rain gauges")

    assert [q.criterion for q in case.clarifications.get().questions.all()] == ["C2", "C7"]
    assert example("rain gauges").validation == Validation.CLARIFICATION


def test_a_challenge_of_a_label_waits_for_a_moderator(stage: Any) -> None:
    people, _hub, _new = stage
    challenge = Challenge.objects.get()

    assert (challenge.state, challenge.raised_by) == ("open", people["reviewer-2"])
    assert people["moderator"].has_perm("validation.decide_challenge", challenge)


def test_nothing_waits_for_a_reviewer_nobody_signs_in_as(stage: Any) -> None:
    invented = User.objects.filter(email__startswith="example-reviewer-")

    assert [(u.is_active, u.has_usable_password()) for u in invented] == [(False, False)] * 3
    assert not Seat.objects.filter(user__in=invented, state__in=c.BUSY).exists()
    assert not Reviewer.objects.available().filter(user__in=invented).exists()
    deliver_owed()
    assert [to for sent in mail.outbox for to in sent.to if to.startswith("example-")] == []
    assert mail.outbox


def test_the_letters_do_not_flood_the_mailbox(stage: Any) -> None:
    assert not AccountMail.objects.exists()
    assert Delivery.objects.filter(user__is_active=True).count() <= 70


def test_a_second_run_changes_nothing(stage: Any) -> None:
    people, hub, _new = stage
    models = (User, Solution, Case, Seat, Score, Record, AuditEntry, Delivery, Reviewer)
    before = [list(model.objects.order_by("pk").values()) for model in models]

    assert demonstration.make_examples(people, hub=hub) == 0
    assert [list(model.objects.order_by("pk").values()) for model in models] == before


def test_in_production_nothing_is_invented(stage: Any, settings: Any) -> None:
    people, hub, _new = stage
    settings.HUB_PROFILE = "production"

    with pytest.raises(ImproperlyConfigured):
        demonstration.make_examples(people, hub=hub)


# --- Behind everything real ------------------------------------------------------------------


@pytest.fixture
def real(stage: Any) -> Solution:
    """A real record with nothing but a title in common with an example, and long known."""
    _people, _hub, _new = stage
    pattern = example("school crossings")
    solution = Solution.objects.create(
        owner=pattern.owner,
        title="Crossings",
        summary="Some crossings.",
        language_id="en",
        form_key="11111111-1111-4111-8111-111111111111",
        kind="service",
    )
    from catalogue import operations

    moderator = User.objects.filter(is_staff=True, is_superuser=True).first()
    assert moderator is not None
    operations.import_solution(solution, by=moderator, source="A test.")
    Solution.objects.filter(pk=solution.pk).update(published_at=timezone.now())
    return Solution.objects.get(pk=solution.pk)


@pytest.mark.parametrize("sort", ["relevance", "newest", "label"])
@pytest.mark.parametrize("words", ["", "school crossings kept by parents", "crossings"])
def test_no_example_stands_before_what_is_real(real: Solution, sort: str, words: str) -> None:
    found = search.find(finding.KIND, search.SearchQuery.parse(words), sort=sort, per_page=20)
    keys = [int(key) for key in found.ids]
    examples = set(Solution.objects.filter(is_example=True).values_list("pk", flat=True))

    assert real.pk in keys
    assert keys.index(real.pk) < min(keys.index(key) for key in keys if key in examples)


def test_examples_keep_their_order_among_themselves(stage: Any) -> None:
    ranks = dict(SearchDocument.objects.filter(kind="solution").values_list("title", "rank"))

    assert ranks["Example: school crossings kept by parents"] == -7
    assert ranks["Example: books to borrow at bus stops"] == -8
    assert ranks["Example: a bus on call at night"] == -9


def test_home_counts_and_shows_what_is_real_first(real: Solution) -> None:
    home = Client().get("/")

    assert (home.context["records"], home.context["checked"]) == (1, 0)
    assert home.context["newest"][0].title == "Crossings"


def test_the_mark_validated_finds_no_example_and_example_finds_them_all(real: Solution) -> None:
    client = Client()
    validated = client.get("/solutions/?label=validated").content.decode()
    examples = client.get("/solutions/?label=example").content.decode()

    assert "Example: school crossings" not in validated
    assert "Example: school crossings" in examples


def test_a_real_record_has_no_example_as_its_neighbour(real: Solution) -> None:
    from catalogue.reading import around_of

    pattern = example("school crossings")
    assert pattern.public_version is not None
    content = {**pattern.public_version.content, "is_example": False}

    assert not around_of(real, content).neighbours
    assert len(around_of(pattern, pattern.public_version.content).neighbours) > 0


def test_the_hub_of_examples_is_public_like_any_other(stage: Any) -> None:
    _people, hub, _new = stage

    assert Hub.objects.filter(pk=hub.pk).exists()
    assert set(Solution.objects.values_list("publication", flat=True)) == {Publication.PUBLIC}
