"""Who is asked to answer a self-assessment, and who to settle it."""

from __future__ import annotations

import pytest

from assessment import operations
from tests.assessment.factories import finished, framework, opened, sheet_of, team
from tests.factories import make_member
from tests.letters import all_letters, letters, letters_of, text_of, the_letter

pytestmark = pytest.mark.django_db


def test_the_two_are_asked_each_to_their_own_page() -> None:
    group, assessment = opened()
    title = f"Answer the self-assessment: {group.hub}"
    assert all_letters() == [(group.one.email, title), (group.two.email, title)]
    assert the_letter(group.one).path == f"/hubs/{group.hub.slug}/assessment/{assessment.uid}/mine/"
    assert letters()[0].kind == "asked"


def test_who_names_themselves_is_not_asked() -> None:
    framework()
    group = team()
    people = [(group.focal, "Cooperation"), (group.two, "Planning")]
    operations.open_assessment(group.hub, by=group.focal, people=people)
    assert [to for to, _title in all_letters()] == [group.two.email]


def test_who_answers_in_place_of_another_is_asked_once() -> None:
    group, assessment = opened()
    person = make_member(group.hub)
    for unit in ("Planning", "Budget"):
        operations.replace_person(
            sheet_of(assessment, group.two if unit == "Planning" else person),
            by=group.focal,
            person=person,
            unit=unit,
        )
    assert letters_of(person) == [f"Answer the self-assessment: {group.hub}"]


def test_once_both_have_answered_the_other_and_the_focal_points_are_asked_to_settle() -> None:
    group, assessment = opened()
    finished(assessment, group.one)
    assert len(letters()) == 2
    finished(assessment, group.two)
    title = f"Agree on the self-assessment: {group.hub}"
    assert all_letters()[2:] == [(group.focal.email, title), (group.one.email, title)]
    assert str(group.two) not in text_of(letters()[-1])
