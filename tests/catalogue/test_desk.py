"""The moderators' desk: whose records it shows, and what it does with them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from catalogue import criteria, operations
from catalogue.choices import Form, Publication, SubmissionState
from catalogue.models import Remark, Solution, Submission
from core.models import AuditEntry
from hubs.models import Membership
from tests.desk import desk_client
from tests.factories import (
    complete_snapshot,
    make_hub,
    make_member,
    make_user,
    published,
    reference,
    submitted,
)

pytestmark = pytest.mark.django_db

QUEUE = "/desk/catalogue/submission/"
YES = {
    f"{gate}-{part}": value
    for gate in criteria.GATES
    for part, value in (("answer", "yes"), ("reason", "Seen."))
}


def change(submission: Submission) -> str:
    return f"{QUEUE}{submission.pk}/change/"


@pytest.fixture
def hub():
    reference()
    return make_hub(name="Hub of the screener", acronym="HS")


@pytest.fixture
def submission(hub):
    return submitted(complete_snapshot(hub=hub, title="Wells tested by volunteers"))


@pytest.fixture
def foreign():
    """A submission of another hub."""
    return submitted(complete_snapshot(hub=make_hub(name="Another hub"), title="Foreign record"))


@pytest.fixture
def focal_point(hub):
    return make_member(hub, Membership.Role.FOCAL_POINT, name="Focal point of the hub")


@pytest.fixture
def desk(focal_point):
    return desk_client(focal_point)


def test_the_queue_shows_only_the_own_hubs_submissions(desk, submission, foreign):
    page = desk.get(QUEUE).content.decode()

    assert "Wells tested by volunteers" in page
    assert "Foreign record" not in page
    assert "Another hub" not in page


def test_another_hubs_submission_cannot_be_opened_or_screened(desk, foreign):
    for path in (change(foreign), f"{QUEUE}{foreign.pk}/history/"):
        response = desk.get(path)
        assert response.status_code in {302, 404}
        assert "Foreign record" not in response.content.decode()
    desk.post(change(foreign), YES | {"do": "pass", "note": ""})

    foreign.refresh_from_db()
    assert foreign.state == SubmissionState.SCREENING
    assert not foreign.gates.exists()


def test_another_hubs_submission_slipped_into_a_bulk_action_stays_as_it_is(
    desk, submission, foreign
):
    desk.post(
        QUEUE,
        {
            "action": "decline_selected",
            "_selected_action": [submission.pk, foreign.pk],
            "reason": "No.",
        },
    )

    submission.refresh_from_db()
    foreign.refresh_from_db()
    assert (submission.state, foreign.state) == (
        SubmissionState.DECLINED,
        SubmissionState.SCREENING,
    )


def test_portal_moderators_see_every_hubs_submissions(submission, foreign):
    page = desk_client(make_user(is_staff=True)).get(QUEUE).content.decode()

    assert "Wells tested by volunteers" in page
    assert "Foreign record" in page


def test_the_queue_is_oldest_first(desk, hub, submission):
    younger = submitted(complete_snapshot(hub=hub, title="Younger record"))
    page = desk.get(QUEUE).content.decode()

    assert page.index(str(submission)) < page.index(str(younger))


def test_drafts_never_reach_the_desk(desk, hub):
    complete_snapshot(hub=hub, title="Still a draft")

    assert "Still a draft" not in desk.get("/desk/catalogue/solution/").content.decode()


def test_screening_publishes_the_frozen_version(desk, submission):
    Solution.objects.filter(pk=submission.solution_id).update(title="Edited after submission")

    response = desk.post(change(submission), YES | {"do": "pass", "note": "Well described."})

    solution = Solution.objects.get(pk=submission.solution_id)
    assert response.status_code == 302
    assert solution.publication == Publication.PUBLIC
    assert solution.reference == "S-0001"
    assert solution.public_version.content["title"] == "Wells tested by volunteers"
    assert [e.verb for e in AuditEntry.of(submission)] == ["pass_screening", "submit"]


def test_one_no_stops(desk, submission):
    answers = YES | {"G4-answer": "no", "G4-reason": "Wells were closed.", "do": "pass", "note": ""}

    page = desk.post(change(submission), answers, follow=True).content.decode()

    submission.refresh_from_db()
    assert "One “no” stops a submission (G4)" in page
    assert submission.state == SubmissionState.SCREENING
    assert submission.gates.get(gate="G4").passes is False


def test_gates_left_open_are_named(desk, submission):
    page = desk.post(
        change(submission),
        {"G1-answer": "yes", "G1-reason": "Since 2015.", "do": "pass", "note": ""},
        follow=True,
    ).content.decode()

    assert "Answer every gate first. Open: G2, G3, G4, G5." in page
    assert submission.gates.count() == 1


def test_an_answer_without_a_reason_is_refused_at_its_field_and_nothing_typed_is_lost(
    desk, submission
):
    page = desk.post(
        change(submission),
        {
            "G1-answer": "yes",
            "G1-reason": "",
            "G2-answer": "yes",
            "G2-reason": "Typed before.",
            "note": "Half a note",
            "do": "save",
        },
    ).content.decode()

    assert "Give a reason, in one sentence." in page
    assert "Typed before." in page
    assert "Half a note" in page


def test_return_carries_reasons_to_the_fields(desk, submission):
    desk.post(change(submission), {"remark-problem": "Say for whom.", "note": "", "do": "return"})

    submission.refresh_from_db()
    assert submission.state == SubmissionState.RETURNED
    assert list(submission.remarks.values_list("field", "text")) == [("problem", "Say for whom.")]
    assert submission.solution.publication == Publication.PRIVATE
    # The team may submit again.
    again = operations.submit_solution(
        submission.solution, by=submission.solution.owner, form=Form.SNAPSHOT
    )
    assert again.version.number == 2


def test_a_return_without_any_reason_is_refused(desk, submission):
    page = desk.post(change(submission), {"note": "", "do": "return"}, follow=True).content.decode()

    assert "Say what to change" in page
    submission.refresh_from_db()
    assert submission.state == SubmissionState.SCREENING


def test_an_emptied_remark_is_taken_back(desk, submission, focal_point):
    operations.set_remarks(submission, by=focal_point, remarks={"problem": "Say for whom."})

    desk.post(change(submission), {"remark-problem": "", "note": "", "do": "save"})

    assert not Remark.objects.exists()


def test_nobody_screens_what_they_have_a_part_in(hub):
    author = make_member(hub, Membership.Role.FOCAL_POINT)
    own = submitted(complete_snapshot(author, hub))

    page = (
        desk_client(author)
        .post(change(own), YES | {"do": "pass", "note": ""}, follow=True)
        .content.decode()
    )

    assert "someone who has no part in it" in page
    own.refresh_from_db()
    assert own.state == SubmissionState.SCREENING


def test_editors_read_but_do_not_screen(hub, submission):
    editor = desk_client(make_member(hub, Membership.Role.EDITOR))

    assert editor.get(change(submission)).status_code == 200
    assert editor.post(change(submission), YES | {"do": "pass", "note": ""}).status_code == 403


def test_bulk_actions_name_each_refusal_and_go_on(desk, hub, submission, focal_point):
    operations.answer_gates(
        submission, by=focal_point, answers=dict.fromkeys(criteria.GATES, (True, "Seen."))
    )
    unready = submitted(complete_snapshot(hub=hub, title="Gates still open"))

    page = desk.post(
        QUEUE,
        {"action": "pass_selected", "_selected_action": [unready.pk, submission.pk]},
        follow=True,
    ).content.decode()

    assert "Gates still open, version 1: Answer every gate first." in page
    assert "1 record published." in page


def test_a_bulk_reason_is_asked_before_anything_happens(desk, submission):
    page = desk.post(
        QUEUE, {"action": "return_selected", "_selected_action": [submission.pk]}
    ).content.decode()

    assert "Wells tested by volunteers" in page
    assert 'name="reason"' in page
    submission.refresh_from_db()
    assert submission.state == SubmissionState.SCREENING


def test_the_contact_for_verification_is_shown_to_the_desk_only(desk, submission, client):
    assert "contact@test.example" in desk.get(change(submission)).content.decode()
    solution = published(complete_snapshot(hub=submission.solution.hub, title="Public one"))
    assert "contact@test.example" not in client.get(solution.get_absolute_url()).content.decode()


def test_withdrawing_asks_why_and_leaves_a_trace(desk, hub):
    solution = published(complete_snapshot(hub=hub))
    path = f"/desk/catalogue/solution/{solution.pk}/move/withdraw/"

    refused = desk.post(path, {"reason": " "})
    desk.post(path, {"reason": "The owner asked for it."})

    solution.refresh_from_db()
    assert refused.status_code == 200
    assert "Say why, in a sentence or two." in refused.content.decode()
    assert (solution.publication, solution.withdrawal_reason) == (
        Publication.WITHDRAWN,
        "The owner asked for it.",
    )
    assert AuditEntry.of(solution).first().note == "The owner asked for it."


def test_the_first_page_of_the_desk_says_what_waits(desk, submission):
    page = desk.get("/desk/").content.decode()

    assert "Screen a submission: Wells tested by volunteers" in page
    assert change(submission) in page


def test_focal_points_give_and_take_roles_in_their_hub_only(desk, hub):
    member, other = make_user(email="new@test.example"), make_hub()

    desk.post(
        reverse("admin:hubs_hub_members", args=[hub.pk]),
        {"email": "NEW@test.example", "role": "editor"},
    )
    desk.post(
        reverse("admin:hubs_hub_members", args=[other.pk]),
        {"email": "new@test.example", "role": "editor"},
    )

    assert list(Membership.objects.filter(user=member).values_list("hub", "role")) == [
        (hub.pk, "editor")
    ]


def test_giving_a_role_does_not_tell_who_has_an_account(desk, hub):
    path = reverse("admin:hubs_hub_members", args=[hub.pk])
    make_user(email="known@test.example")

    answers = [
        desk.post(path, {"email": email, "role": "member"}, follow=True)
        .content.decode()
        .count("If that address has an account")
        for email in ("known@test.example", "unknown@test.example")
    ]

    assert answers == [1, 1]


def test_the_last_focal_point_stays(desk, hub, focal_point):
    membership = Membership.objects.get(hub=hub, user=focal_point)

    page = desk.post(
        reverse("admin:hubs_hub_members", args=[hub.pk]), {"remove": membership.pk}, follow=True
    ).content.decode()

    assert "You are the last focal point" in page
    assert Membership.objects.filter(pk=membership.pk).exists()


@pytest.mark.parametrize(
    "path",
    ["/desk/hubs/hub/{}/change/", "/desk/hubs/hub/{}/members/", "/desk/hubs/hub/{}/history/"],
)
def test_another_hubs_record_is_closed(desk, path):
    other = make_hub(name="Closed to others")

    response = desk.get(path.format(other.pk), follow=True)

    assert "Closed to others" not in response.content.decode().replace("“Closed to others”", "")


@pytest.mark.parametrize("n", [1, 12])
def test_the_queue_costs_the_same_for_one_and_for_many(n, desk, hub, django_assert_num_queries):
    for _i in range(n):
        submitted(complete_snapshot(hub=hub))
    desk.get(QUEUE)

    with django_assert_num_queries(10):
        desk.get(QUEUE)


@pytest.mark.parametrize("path", ["/desk/", QUEUE, "/desk/catalogue/solution/", "/desk/hubs/hub/"])
def test_members_without_a_role_are_kept_out(path, client):
    user = make_user()
    client.force_login(user)

    assert client.get(path).status_code == 302
