"""Who hears of a submission and of what became of it, and what no such letter says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts.models import Profile, User
from catalogue import criteria, operations
from catalogue import letters as writing
from catalogue.models import Contributor, Solution, Submission
from hubs.models import Membership
from tests.factories import (
    complete_full,
    complete_snapshot,
    make_hub,
    make_member,
    make_user,
    submitted,
)
from tests.letters import letters, letters_of, name_of, text_of, the_letter

pytestmark = pytest.mark.django_db

FOLDER = Path(settings.BASE_DIR) / "templates" / "emails" / "catalogue"
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt"))
FOCAL = Membership.Role.FOCAL_POINT


def focal_point(solution: Solution, **more: Any) -> User:
    assert solution.hub is not None
    return make_member(solution.hub, FOCAL, **more)


def with_partner(solution: Solution) -> User:
    partner = make_user()
    Contributor.objects.create(solution=solution, user=partner, name="P", role="partner")
    return partner


def passed(submission: Submission, by: User) -> None:
    operations.answer_gates(submission, by=by, answers=dict.fromkeys(criteria.GATES, (True, "Ok")))
    operations.pass_screening(submission, by=by, note="Well told.")


def told(name: str = "") -> list[tuple[str, User]]:
    rows = [(name_of(row).removeprefix("catalogue/"), row.user) for row in letters()]
    return [row for row in rows if row[0].startswith(name)]


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("name", NAMES)
def test_every_letter_has_a_title_a_text_and_one_link(name: str, language: str) -> None:
    reader = make_user()
    Profile.objects.filter(user=reader).update(interface_language=language)
    context = {"title": "Wells & <pumps>", "note": "Say where.", "remarks": 2, "due": None}
    writing._write(
        name, User.objects.get(pk=reader.pk), ("catalogue:work", "u1"), key="", **context
    )
    letter = the_letter(reader)
    assert letter.path == ("" if language == "en" else "/ar") + "/work/u1/"
    assert letter.body.count("http") == 1
    assert f"{settings.PORTAL_URL}{letter.path}" in letter.body
    assert letter.body.rstrip().endswith(settings.PORTAL_NAME)
    assert "&amp;" not in letter.title + letter.body
    assert "{" not in letter.title + letter.body


def test_every_letter_has_its_kind() -> None:
    assert sorted(writing.KINDS) == NAMES


# --- The desk ---------------------------------------------------------------------------------


def test_the_focal_points_of_its_hub_hear_what_waits_and_its_author_never() -> None:
    make_user(is_staff=True)
    solution = complete_snapshot()
    one, other = focal_point(solution), focal_point(solution)
    Contributor.objects.create(solution=solution, user=other, name="O", role="partner")
    make_member(make_hub(), FOCAL)

    submission = submitted(solution)
    submitted(solution)

    assert told() == [("submission_waits", one)]
    row = letters()[0]
    assert row.kind == "desk"
    assert row.letter is not None
    assert row.letter.path == submission.get_absolute_url()
    assert letters_of(one) == [f"Screen a submission: {solution.title}"]


@pytest.mark.parametrize("alone", ["no focal point", "its only focal point owns it"])
def test_portal_moderators_screen_where_nobody_else_may(alone: str) -> None:
    desk = make_user(is_staff=True)
    solution = complete_snapshot()
    if alone == "its only focal point owns it":
        Membership.objects.create(hub=solution.hub, user=solution.owner, role=FOCAL)

    submitted(Solution.objects.get(pk=solution.pk))

    assert told() == [("submission_waits", desk)]


# --- The team ---------------------------------------------------------------------------------


def test_a_team_hears_why_its_submission_came_back_and_not_from_whom() -> None:
    solution = complete_snapshot()
    partner, by = with_partner(solution), focal_point(solution, name="Zq Unmistakable")
    submission = submitted(solution)
    operations.return_submission(submission, by=by, note=" Say where it was. ")

    assert told("submission_r") == [
        ("submission_returned", solution.owner),
        ("submission_returned", partner),
    ]
    letter = the_letter(partner)
    assert letter.title == f"“{solution.title}” came back: please change it"
    assert letter.body.startswith("Say where it was.\n")
    assert letter.path == solution.get_workspace_url()
    assert all("Unmistakable" not in text_of(row) for row in letters(partner))


def test_a_team_hears_that_and_why_its_submission_was_declined() -> None:
    solution = complete_snapshot()
    submission = submitted(solution)
    operations.decline_submission(submission, by=focal_point(solution), note="It is a plan.")
    assert letters_of(solution.owner) == [f"“{solution.title}” was declined"]
    assert "It is a plan." in the_letter(solution.owner).body


def test_a_team_hears_once_that_its_record_passed() -> None:
    """Of a full record the letter about its panel says so."""
    short, full = complete_snapshot(), complete_full()
    for solution, form in ((short, "snapshot"), (full, "full")):
        passed(submitted(solution, form), focal_point(solution))

    assert letters_of(short.owner) == [f"“{short.title}” is published"]
    assert "Well told." in the_letter(short.owner).body
    assert [name_of(row) for row in letters(full.owner)] == ["validation/case_opened"]


def test_who_takes_a_submission_back_tells_the_others_of_the_team() -> None:
    solution = complete_snapshot()
    partner = with_partner(solution)
    operations.recall_submission(submitted(solution), by=solution.owner)
    assert told("submission_r") == [("submission_recalled", partner)]


def test_a_team_hears_when_others_take_its_record_down_and_show_it_again() -> None:
    solution = complete_snapshot()
    by = focal_point(solution)
    passed(submitted(solution), by)
    solution = Solution.objects.get(pk=solution.pk)
    operations.withdraw_solution(solution, by=by, reason="Its figures were wrong.")
    operations.restore_solution(Solution.objects.get(pk=solution.pk), by=by, reason="Mended.")
    assert letters_of(solution.owner)[1:] == [
        f"“{solution.title}” was withdrawn",
        f"“{solution.title}” is public again",
    ]
    assert "Its figures were wrong." in text_of(letters(solution.owner)[1])
