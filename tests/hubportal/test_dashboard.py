"""A person's own page: what waits for them, in one list, and where their records stand."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from catalogue import operations
from catalogue.models import Contributor, PageDraft, Solution, Submission
from core import waiting
from core.text import plain
from core.waiting import due_in_words
from hubportal.dashboard import headline
from hubs.models import Membership
from tests import factories
from tests.desk import desk_client
from tests.people import browser

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def page(client: Client) -> str:
    response = client.get("/dashboard/")
    assert response.status_code == 200
    html = response.content.decode()
    return re.sub(r"\s+", " ", plain(html[html.index("<main") : html.index("</main>")]))


def told(user: User) -> list[tuple[str, str]]:
    """Title and address of what waits, without the reminders about profiles."""
    items = waiting.items_for(User.objects.get(pk=user.pk))
    reminders = ("/accounts/profile/", "/team/confirm/")
    return [(str(i.title), i.url) for i in items if not i.url.endswith(reminders)]


def with_profile(user: User) -> User:
    """Somebody who has said who they are."""
    user.profile.organisation, user.profile.country = "Institute of Water", "BR"
    user.profile.save()
    return user


@pytest.fixture
def owner() -> User:
    return with_profile(factories.make_user(name="Owner of records"))


# --- The title ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "Nothing needs you"),
        (1, "One thing needs you"),
        (3, "Three things need you"),
        (9, "Nine things need you"),
        (12, "12 things need you"),
    ],
)
def test_the_title_counts_what_needs_the_person(count: int, words: str) -> None:
    assert headline(count) == words


@pytest.mark.parametrize(
    ("due", "words"),
    [
        (NOW - timedelta(days=4), "Due on 6 March 2026, 4 days late."),
        (NOW - timedelta(days=1), "Due on 9 March 2026, 1 day late."),
        (NOW - timedelta(hours=2), "Due on 10 March 2026, 1 day late."),
        (NOW + timedelta(hours=2), "Due today, 10 March 2026."),
        (NOW + timedelta(days=1), "Due on 11 March 2026, in 1 day."),
        (NOW + timedelta(days=7), "Due on 17 March 2026, in 7 days."),
    ],
)
def test_due_dates_are_said_in_words(due: datetime, words: str) -> None:
    assert plain(due_in_words(due, now=NOW)) == words


def test_the_page_is_for_members() -> None:
    assert Client().get("/dashboard/")["Location"] == "/accounts/login/?next=/dashboard/"


def test_a_new_member_is_given_one_suggestion(owner: User) -> None:
    text = page(browser(owner))
    assert "Nothing needs you" in text
    assert "Describe a solution" in text
    assert "Your solutions" not in text


def test_somebody_with_everything_done_is_shown_what_others_did(owner: User) -> None:
    factories.published(factories.complete_snapshot(owner))
    text = page(browser(owner))
    assert "Nothing needs you" in text
    assert "Browse the solutions" in text


def test_a_profile_that_says_nothing_is_mentioned_once_and_last() -> None:
    user = factories.make_user()
    factories.make_solution(user)
    items = waiting.items_for(user)
    assert [str(item.title) for item in items] == [
        "Finish your draft: Name and summary",
        "Say who you are",
    ]
    assert str(items[-1].detail) == "Your profile does not state: organisation, country."


# --- What waits for the team --------------------------------------------------------------


def test_a_draft_asks_for_its_next_page(owner: User) -> None:
    draft = factories.make_solution(owner, title="Wells")
    assert told(owner) == [("Finish your draft: Name and summary", f"/work/{draft.uid}/name/")]
    assert "Wells. 16 answers are missing." in page(browser(owner))


def test_a_complete_draft_asks_to_be_sent_in(owner: User) -> None:
    draft = factories.complete_snapshot(owner)
    assert told(owner) == [("Send in your draft", f"/work/{draft.uid}/check/")]


def test_text_not_yet_saved_leads_back_to_its_page(owner: User) -> None:
    draft = factories.complete_snapshot(owner)
    operations.keep_page(draft, by=owner, page="results", data={"narrative": ["…"]}, base=1)
    assert told(owner) == [("Finish your draft: Results", f"/work/{draft.uid}/results/")]
    solution = factories.published(factories.complete_snapshot(owner, title="Public one"))
    operations.keep_page(solution, by=owner, page="peers", data={}, base=1)
    assert ("Save what you typed: What a peer needs", f"/work/{solution.uid}/peers/") in told(owner)


def test_text_typed_into_a_translation_leads_back_there(owner: User) -> None:
    solution = factories.published(factories.complete_snapshot(owner))
    page_name = operations.translation_page("fr")
    operations.keep_page(solution, by=owner, page=page_name, data={"title": ["…"]}, base=1)
    assert told(owner) == [
        ("Save what you typed: Translation into Français", f"/work/{solution.uid}/translations/fr/")
    ]


def test_an_invitation_waits_until_it_is_answered_or_taken_back(owner: User) -> None:
    draft = factories.make_solution(factories.make_user(name="Ana"), title="Wells")
    operations.invite(draft, by=draft.owner, email=owner.email.upper(), role="partner")
    [invitation] = draft.invitations.all()
    assert told(owner) == [("Answer an invitation: Wells", f"/work/invitations/{invitation.pk}/")]
    assert "Ana asks you to join the team, on" in page(browser(owner))
    assert told(factories.make_user()) == []
    operations.answer_invitation(invitation, by=owner, accept=True)
    assert [title for title, _url in told(owner)] == ["Finish your draft: Name and summary"]


def test_unsaved_text_in_a_record_one_has_left_waits_no_longer(owner: User) -> None:
    draft = factories.make_solution()
    Contributor.objects.create(solution=draft, user=owner, name="Owner of records", role="partner")
    operations.keep_page(draft, by=owner, page="name", data={}, base=1)
    assert len(told(owner)) == 1
    Contributor.objects.filter(user=owner).delete()
    assert told(owner) == []
    assert PageDraft.objects.filter(user=owner).exists()  # and yet nothing is lost


def test_a_returned_submission_says_how_much_is_asked(owner: User) -> None:
    submission = factories.submitted(factories.complete_snapshot(owner, title="Wells"))
    solution = submission.solution
    screener = factories.make_member(solution.hub, Membership.Role.FOCAL_POINT)
    assert told(owner) == []  # it waits for the desk, not for the team
    remarks = {"narrative": "Say more.", "failure": "Say what went wrong."}
    operations.set_remarks(submission, by=screener, remarks=remarks)
    operations.return_submission(submission, by=screener, note="Two answers need more.")
    assert told(owner) == [("Answer the desk: Wells", f"/work/{solution.uid}/")]
    text = page(browser(owner))
    assert "The desk asks for changes at 2 fields." in text
    assert "Wells Returned for changes Changes asked for" in text
    factories.submitted(solution)
    assert told(owner) == []


def test_a_note_alone_is_quoted_shortened_and_escaped(owner: User) -> None:
    submission = factories.submitted(factories.complete_snapshot(owner))
    screener = factories.make_member(submission.solution.hub, Membership.Role.FOCAL_POINT)
    operations.return_submission(submission, by=screener, note="<b>Say</b> more. " * 50)
    html = browser(owner).get("/dashboard/").content.decode()
    assert "The desk wrote: &lt;b&gt;Say&lt;/b&gt; more." in html
    assert "…" in html


def test_a_contributor_is_asked_like_the_owner(owner: User) -> None:
    draft = factories.make_solution()
    Contributor.objects.create(solution=draft, user=owner, name="Owner of records", role="partner")
    assert len(told(owner)) == 1
    assert told(factories.make_user()) == []


@pytest.mark.parametrize("answer", ["decline", "recall", "withdraw"])
def test_what_has_ended_asks_for_nothing_more(answer: str, owner: User) -> None:
    solution = factories.complete_snapshot(owner, title="Wells")
    if answer == "withdraw":
        solution = factories.published(solution)
        operations.withdraw_solution(solution, by=owner, reason="It ended.")
    else:
        submission = factories.submitted(solution)
        if answer == "decline":
            screener = factories.make_member(solution.hub, Membership.Role.FOCAL_POINT)
            operations.decline_submission(submission, by=screener, note="A publication.")
        else:
            operations.recall_submission(submission, by=owner)
    expected = (
        [("Send in your draft", f"/work/{solution.uid}/check/")] if answer == "recall" else []
    )
    assert told(owner) == expected


def test_records_say_where_they_stand(owner: User) -> None:
    with time_machine.travel(NOW, tick=False):
        factories.make_solution(owner, title="A draft")
        factories.submitted(factories.complete_snapshot(owner, title="A sent one"))
        factories.published(factories.complete_snapshot(owner, title="A public one"))
        factories.submitted(
            factories.published(factories.complete_snapshot(owner, title="A new version"))
        )
        text = page(browser(owner))
    for line in (
        "A draft Draft Last edited on 10 March 2026",
        "A sent one In screening With the desk, answer due on 17 March 2026",
        "A public one S-0001 Documented Public since 10 March 2026",
        "A new version S-0002 Documented New version with the desk, answer due on 17 March 2026",
    ):
        assert line in text


@pytest.mark.parametrize(
    "query", ["page=2", "page=x", "page=-1", f"page={10**18}", "page=1&page=2"]
)
def test_many_records_come_in_pages(query: str, owner: User) -> None:
    for n in range(25):
        factories.make_solution(owner, title=f"Draft {n}")
    html = browser(owner).get(f"/dashboard/?{query}").content.decode()
    assert 'aria-label="Pages"' in html


# --- What waits at the desk ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "waits"),
    [
        ("member", False),
        ("editor", False),
        ("focal_point", True),
        ("focal point elsewhere", False),
        ("moderator", True),
        ("superuser", True),
    ],
)
def test_submissions_wait_for_those_who_may_screen_them(kind: str, waits: bool) -> None:
    hub = factories.make_hub(acronym="HW")
    submission = factories.submitted(factories.complete_snapshot(hub=hub, title="Wells"))
    match kind:
        case "moderator" | "superuser":
            user = factories.make_user(is_staff=True, is_superuser=kind == "superuser")
        case "focal point elsewhere":
            user = factories.make_member(factories.make_hub(), "focal_point")
        case _:
            user = factories.make_member(hub, kind)
    expected = [("Screen a submission: Wells", submission.get_absolute_url())] if waits else []
    assert told(user) == expected


def test_nobody_is_asked_to_screen_their_own_record() -> None:
    hub = factories.make_hub()
    focal_point = factories.make_member(hub, "focal_point")
    factories.submitted(factories.complete_snapshot(focal_point, hub))
    partner = factories.make_member(hub, "focal_point")
    other = factories.complete_snapshot(hub=hub)
    Contributor.objects.create(solution=other, user=partner, name="Partner", role="partner")
    factories.submitted(other)
    assert [title for title, _url in told(focal_point)] == [f"Screen a submission: {other.title}"]
    assert len(told(partner)) == 1


def test_the_title_of_a_submission_is_the_one_that_was_frozen() -> None:
    submission = factories.submitted(factories.complete_snapshot(title="As submitted"))
    Solution.objects.update(title="As edited since")
    moderator = factories.make_user(is_staff=True)
    assert told(moderator) == [("Screen a submission: As submitted", submission.get_absolute_url())]


def test_what_is_late_says_so_and_comes_first() -> None:
    hub = factories.make_hub(acronym="HW", confirmed_at=NOW)
    for title, days in (("Fresh", 1), ("Late", 11)):
        submission = factories.submitted(factories.complete_snapshot(hub=hub, title=title))
        sent = NOW - timedelta(days=days)
        Submission.objects.filter(pk=submission.pk).update(submitted_at=sent)
    focal_point = with_profile(factories.make_member(hub, "focal_point"))
    with time_machine.travel(NOW, tick=False):
        client = desk_client(focal_point)
        html = client.get("/dashboard/").content.decode()
        text = page(client)
    assert "Two things need you" in text
    assert text.index("Screen a submission: Late") < text.index("Screen a submission: Fresh")
    assert "HW. Submitted on 27 February 2026. Due on 6 March 2026, 4 days late." in text
    assert "HW. Submitted on 9 March 2026. Due on 16 March 2026, in 6 days." in text
    assert html.count('<p class="meta late">') == 1


def test_a_long_queue_is_summed_up() -> None:
    hub = factories.make_hub()
    for n in range(12):
        factories.submitted(factories.complete_snapshot(hub=hub, title=f"Record {n:02d}"))
    told_of = told(factories.make_member(hub, "focal_point"))
    assert len(told_of) == 11
    assert told_of[-1] == ("2 more to screen", "/desk/catalogue/submission/")


# --- Budget -------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 12])
def test_the_page_costs_the_same_for_one_and_for_many(
    n: int, django_assert_num_queries: Any
) -> None:
    hub = factories.make_hub()
    user = factories.make_member(hub, "focal_point")
    screener = factories.make_member(hub, "focal_point")
    for _turn in range(n):
        factories.complete_full(user, hub)
        unsaved = factories.complete_full(user, hub)
        operations.keep_page(unsaved, by=user, page="results", data={}, base=1)
        returned = factories.submitted(factories.complete_snapshot(user, hub))
        operations.set_remarks(returned, by=screener, remarks={"failure": "Say more."})
        operations.return_submission(returned, by=screener, note="")
        factories.submitted(factories.complete_snapshot(hub=hub))
        asked = factories.make_solution()
        operations.invite(asked, by=asked.owner, email=user.email, role="partner")
    client = desk_client(user)
    client.get("/dashboard/")
    with django_assert_num_queries(45):
        text = page(client)
    assert "Your solutions" in text


def test_items_are_asked_for_by_nobody_else(owner: User) -> None:
    factories.make_solution(owner)
    factories.submitted(factories.complete_snapshot(owner))
    assert told(factories.make_user()) == []
