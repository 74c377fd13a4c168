"""Three confirm at once, two decide at once, one form is sent twice: real threads.

The twins with the locks off show that the locks are what holds.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet

from community.models import Lesson, LivingLab, TrialReport
from community.operations import labs, trials
from community.operations.labs import mark_of
from core.lifecycle import Lifecycle
from tests.community.factories import make_member
from tests.community.labs import (
    ELSEWHERE,
    TOLD,
    brazilian_lab,
    confirm,
    public_solution,
    report,
    write_lesson,
)
from tests.factories import make_user
from tests.racing import at_once, begin_without_lock, broken, everybody_has_looked, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Locks off, and a moment between counting and writing, so that all have counted."""

    def no_lock(rows: QuerySet[Any], **_how: Any) -> QuerySet[Any]:
        return rows

    def slowly(rows: QuerySet[Any], **changes: Any) -> int:
        if "countries" in changes:
            everybody_has_looked()
        return real_update(rows, **changes)

    real_update = QuerySet.update
    monkeypatch.setattr(QuerySet, "select_for_update", no_lock)
    monkeypatch.setattr(QuerySet, "update", slowly)
    return begin_without_lock


def confirming(lesson: Lesson) -> list[Callable[[], Any]]:
    people = [make_member() for _country in ELSEWHERE]
    return [
        lambda by=by, country=country: confirm(
            Lesson.objects.get(pk=lesson.pk), country, by=by
        )
        for by, country in zip(people, ELSEWHERE, strict=True)
    ]  # fmt: skip


def test_three_who_confirm_at_once_make_the_lesson_stand() -> None:
    lesson = write_lesson(brazilian_lab())

    found = at_once(*confirming(lesson))

    assert [told(result) for result in found] == ["done"] * 3
    assert Lesson.objects.get().countries == 3


def test_without_the_lock_a_country_is_lost(unguarded: Any) -> None:
    lesson = write_lesson(brazilian_lab())

    found = at_once(*confirming(lesson), begin=unguarded)

    assert broken(found) or Lesson.objects.get().countries != 3


def test_confirmations_given_and_taken_back_at_once_add_up() -> None:
    lesson = write_lesson(brazilian_lab())
    people = [make_member() for _n in range(3)]
    for by in people:
        confirm(lesson, "ID", by=by)

    at_once(
        *(lambda by=by: labs.take_confirmation_back(lesson, by=by) for by in people),
        *confirming(lesson)[1:],
    )

    assert Lesson.objects.get().countries == 2


def deciding(row: TrialReport) -> list[Callable[[], Any]]:
    """Two moderators who both have the waiting report before them; one shows it, one does not."""
    opened = mark_of(row, trials.TOLD)
    return [
        lambda by=by, seen=seen, shows=shows: trials.check_report(
            seen, by=by, shows=shows, opened=opened, reason="No."
        )
        for by, seen, shows in (
            (make_user(is_staff=True), TrialReport.objects.get(pk=row.pk), shows)
            for shows in (True, False)
        )
    ]


def test_of_two_who_decide_at_once_one_decides() -> None:
    for _round in range(3):
        found = at_once(*deciding(report()))

        assert sorted(map(told, found)) == ["done", "stale"]


def test_without_the_guard_both_would(monkeypatch: pytest.MonkeyPatch, unguarded: Any) -> None:
    def unguarded_make(self: Any, verb: str, *, by: Any, note: str = "", **changes: Any) -> None:
        everybody_has_looked()
        type(self).objects.filter(pk=self.pk).update(state=self.moves[verb].target, **changes)

    calls = deciding(report())
    monkeypatch.setattr(Lifecycle, "_make", unguarded_make)
    monkeypatch.setattr(trials.AuditHead, "hold", lambda: None)

    found = at_once(*calls, begin=unguarded)

    assert broken(found) or [told(result) for result in found] == ["done", "done"]


def test_the_same_form_sent_at_once_is_one_record_of_each_kind() -> None:
    lab, key, by = brazilian_lab(question="Who pays?"), uuid.uuid4(), make_member()
    keeper, solution = make_member(make_user(is_staff=True)), public_solution()
    lab_now = lambda: LivingLab.objects.get(pk=lab.pk)  # noqa: E731
    calls: list[Callable[[], Any]] = [
        lambda: write_lesson(lab_now(), by=keeper, form_key=key),
        lambda: trials.report_trial(solution, by=by, form_key=key, **TOLD),
        lambda: labs.start_lab_solution(lab_now(), by=keeper, form_key=key, title="Pumps"),
        lambda: labs.answer_question(lab_now(), by=by, body="<p>We do.</p>", form_key=key),
    ]
    for call in calls:
        found = at_once(call, call)
        assert [told(result) for result in found] == ["done", "done"]
        assert found[0].pk == found[1].pk
    assert LivingLab.objects.get().answers.posts.count() == 1


def test_two_who_answer_first_meet_in_one_discussion() -> None:
    lab = brazilian_lab(question="Who pays?")
    people = [make_member() for _twice in range(2)]

    found = at_once(
        *(
            lambda by=by: labs.answer_question(
                LivingLab.objects.get(pk=lab.pk), by=by, body="<p>We.</p>", form_key=uuid.uuid4()
            )
            for by in people
        )
    )

    assert [told(result) for result in found] == ["done", "done"]
    assert lab.discussions.get().shown_posts == 2
