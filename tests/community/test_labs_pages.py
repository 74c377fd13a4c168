"""The pages of labs and trials: what they show to whom, what they refuse, what they cost."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Profile
from catalogue.models import Solution
from community.models import LabEntry, Lesson, LessonConfirmation, LivingLab, TrialReport
from community.operations import labs as operations
from community.operations import trials as trial_operations
from community.operations.labs import mark_of
from tests.community.factories import make_member
from tests.community.labs import (
    TOLD,
    brazilian_lab,
    confirm,
    editor_of,
    new_member,
    public_solution,
    report,
    shown,
    steward_of,
    write_entry,
    write_lesson,
)
from tests.desk import desk_client
from tests.factories import make_hub, make_user
from tests.people import browser
from tests.validation.factories import case_in_review

pytestmark = pytest.mark.django_db

HOSTILE = '</bdi><script>alert("x")</script>\u202e\u0430' + "\u0301" * 300


def body(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return str(answer.content.decode())


def url(name: str, *args: Any) -> str:
    return reverse(f"community:{name}", args=args)


def sent(name: str, *args: Any, **data: Any) -> tuple[str, dict[str, Any]]:
    return url(name, *args), data


# --- Reading -------------------------------------------------------------------------------


def test_the_page_of_a_lab_tells_its_facts_lessons_and_log(client: Client) -> None:
    lab = brazilian_lab(
        name="Lab of pumps",
        supporter="Made-up Bank",
        practice="Pumps by hand",
        question="Who pays?",
    )
    brazilian_lab(hub=make_hub(acronym="SIS"))
    lesson = write_lesson(lab)
    for country in ("ID", "CD"):
        confirm(lesson, country)
    write_entry(lab)

    page = body(client, lab.get_absolute_url())

    for text in (
        "Lab of pumps", "Brazil", "Made-up Bank", "Pumps by hand", "SIS", "Who pays?",
        "Name one keeper for each pump.", "Confirmed from 2 countries of 3 needed",
        "1 more country to go", "The first pump stands", "<strong>four</strong>", "No answer yet",
        "Nobody has reported a trial yet.",
    ):  # fmt: skip
        assert text in page
    for only_keepers in ("Change the lab", "New lesson", "Move up", "Waits for you"):
        assert only_keepers not in page
    assert lab.name in body(client, url("labs"))


def test_a_lab_in_preparation_is_nowhere_for_visitors(client: Client) -> None:
    lab = brazilian_lab(name="Not yet told", is_public=False)
    lesson = write_lesson(lab)
    for path in (
        lab.get_absolute_url(), lesson.get_absolute_url(), url("lab-log", lab.slug),
        url("lab-trials", lab.slug),
    ):  # fmt: skip
        body(client, path, 404)
    assert "Not yet told" not in body(client, url("labs"))
    assert "Not yet told" in body(browser(steward_of(lab)), lab.get_absolute_url())


def test_a_draft_of_a_lab_leaks_neither_title_nor_number(client: Client) -> None:
    lab = brazilian_lab()
    keeper = editor_of(lab)
    draft = operations.start_lab_solution(
        lab, by=keeper, form_key=uuid.uuid4(), title="Secret pump"
    )
    for reader in (client, browser(steward_of(lab)), browser(make_user(is_staff=True))):
        page = body(reader, lab.get_absolute_url())
        assert "Secret pump" not in page
        assert draft.uid not in page
        assert 'Emerging solutions <span class="n">0</span>' in page
    assert "Secret pump" in body(browser(keeper), lab.get_absolute_url())


def test_people_are_shown_as_far_as_they_opened_their_name(client: Client) -> None:
    user = make_member(make_user("Amina Closed"), handle="amina")
    Profile.objects.filter(user=user).update(name_audience="nobody")
    lab = brazilian_lab()
    lab.stewards.add(user)
    lesson = write_lesson(brazilian_lab())
    confirm(lesson, by=user)
    row = shown(by=user)
    for path in (lab.get_absolute_url(), lesson.get_absolute_url(), row.get_absolute_url(),
                 row.solution.get_absolute_url()):  # fmt: skip
        page = body(client, path)
        assert "@amina" in page
        assert "Amina Closed" not in page


def test_hostile_text_stays_text_on_every_page(client: Client) -> None:
    lab = brazilian_lab(summary=HOSTILE, practice=HOSTILE[:200], question=HOSTILE[:300])
    lesson = write_lesson(lab, text=HOSTILE[:300], detail=HOSTILE)
    write_entry(lab, title=HOSTILE[:160], body=f"<p>{HOSTILE}</p><img src=x onerror=alert(1)>")
    confirm(lesson, note=HOSTILE[:500])
    hostile = {"organisation": HOSTILE[:200], "evidence_title": HOSTILE[:200]}
    evidence = "https://example.org/?a=%22%3E"
    row = shown(lab=lab, context=HOSTILE, result=HOSTILE, evidence_url=evidence, **hostile)

    for path in (lab.get_absolute_url(), lesson.get_absolute_url(), url("lab-log", lab.slug),
                 row.get_absolute_url(), row.solution.get_absolute_url(), url("labs"),
                 url("lab-trials", lab.slug), url("trials", row.solution.reference)):  # fmt: skip
        page = body(client, path)
        assert '<script>alert("x")' not in page
        assert "onerror=alert" not in page or "&lt;img" in page


# --- Ways in -------------------------------------------------------------------------------


def test_who_may_not_write_is_led_to_where_they_can(client: Client) -> None:
    lab, solution = brazilian_lab(question="Who?"), public_solution()
    lesson = write_lesson(lab)
    for path in (
        url("lesson-confirm", lab.slug, lesson.uid), url("lab-answer", lab.slug),
        url("trial-new", solution.reference),
    ):  # fmt: skip
        assert "login" in client.get(path)["Location"]
        joining = browser(make_user()).get(path)["Location"]
        assert joining.startswith(url("join"))
        assert "next=" in joining


def test_keepers_pages_are_closed_to_others_and_get_changes_nothing(client: Client) -> None:
    lab = brazilian_lab()
    lesson, entry = write_lesson(lab), write_entry(lab)
    pages = [
        url("lab-edit", lab.slug), url("lab-entry-new", lab.slug), url("lesson-new", lab.slug),
        url("lab-entry-edit", lab.slug, entry.uid), url("lab-solution", lab.slug),
        url("lesson-edit", lab.slug, lesson.uid),
    ]  # fmt: skip
    buttons = [
        url("lesson-move", lab.slug, lesson.uid), url("lesson-take-back", lab.slug, lesson.uid),
        url("lesson-check", lab.slug, lesson.uid, 1), url("trial-withdraw", "x"),
        url("trial-check", "x"), url("lab-solution-unlink", lab.slug, "x"),
    ]  # fmt: skip
    member, keeper = browser(make_member()), browser(steward_of(lab))
    for path in pages:
        assert "login" in client.get(path)["Location"]
        body(member, path, 403)
        body(keeper, path)
    for path in buttons:
        body(keeper, path, 405)


# --- Keeping -------------------------------------------------------------------------------


def test_a_keeper_runs_the_lab_to_a_catalogue_draft() -> None:
    lab = brazilian_lab()
    keeper = editor_of(lab)
    client, key = browser(keeper), uuid.uuid4()

    opened = mark_of(lab, operations.TOLD)
    client.post(*sent("lab-edit", lab.slug, opened=opened, status="running", question="Who pays?",
                      stewards=f"@{keeper.member.handle}"))  # fmt: skip
    client.post(*sent("lab-entry-new", lab.slug, form_key=key, happened="5/2024", title="Dug",
                      body="- one\n- two"))  # fmt: skip
    client.post(*sent("lesson-new", lab.slug, form_key=key, text="Dig  deep.", detail=""))
    lesson = Lesson.objects.get()
    answer = client.post(*sent("lab-solution", lab.slug, form_key=key, title="Wells",
                               language="en", source=f"lesson-{lesson.uid}"))  # fmt: skip

    entry, lab = LabEntry.objects.get(), LivingLab.objects.get()
    assert (entry.happened, entry.body) == ("2024-05", "<ul><li>one</li><li>two</li></ul>")
    assert (lesson.text, lab.question, list(lab.stewards.all())) == (
        "Dig deep.", "Who pays?", [keeper],
    )  # fmt: skip
    draft = Solution.objects.get()
    assert draft.approach == "<p>Dig deep.</p>"
    assert draft.uid in answer["Location"]


def test_what_cannot_be_saved_stays_in_the_form() -> None:
    lab = brazilian_lab()
    client = browser(steward_of(lab))
    for path, data, kept, why in (
        (*sent("lab-entry-new", lab.slug, happened="2099", title="Kept words", body="More words"),
         ("Kept words", "More words"), "This date is still to come."),
        (*sent("lesson-new", lab.slug, text="", detail="Kept words"),
         ("Kept words",), "Write the lesson in one sentence."),
        (*sent("lab-edit", lab.slug, status="running", stewards="@none-here", practice="Kept"),
         ("Kept", "@none-here"), "There is no member with this short name: none-here"),
        (*sent("lab-edit", lab.slug, status="running", starts="2024-05", ends="2023"),
         ("2024-05", "2023"), "It cannot end before it begins."),
        (*sent("lab-solution-link", lab.slug, number="S-9999"),
         ("S-9999",), "There is no public solution with this number."),
        (*sent("lab-solution", lab.slug, title="", language="en"), (), "Give it a title."),
    ):  # fmt: skip
        answer = client.post(path, data)
        page = answer.content.decode()
        assert answer.status_code == 422, path
        for text in (*kept, why, "There is 1 thing to fix"):
            assert text in page


def test_of_two_keepers_the_second_compares_and_then_saves() -> None:
    lab = brazilian_lab()
    entry = write_entry(lab, title="First words")
    client = browser(steward_of(lab))
    path = url("lab-entry-edit", lab.slug, entry.uid)
    stale = mark_of(entry, operations.ENTRY)
    operations.change_entry(
        entry, by=make_user(is_staff=True), opened=stale, happened="2024-05", title="Their words"
    )

    answer = client.post(path, {"opened": stale, "happened": "2024-05", "title": "My words"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Their words" in page
    assert "My words" in page
    again = re.search(r'name="opened" value="(\w+)"', page)
    assert again is not None
    client.post(path, {"opened": again[1], "happened": "2024-05", "title": "My words"})
    assert LabEntry.objects.get().title == "My words"


def test_a_public_solution_is_linked_by_its_number_or_address() -> None:
    lab = brazilian_lab()
    client = browser(steward_of(lab))
    for typed in ("{0}", "https://portal.test.example/solutions/{0}/", "s-{1}"):
        solution = public_solution()
        number = typed.format(solution.reference, solution.number)
        client.post(*sent("lab-solution-link", lab.slug, number=number))
        assert lab.solutions.filter(pk=solution.pk).exists(), number
    assert lab.solutions.first() is not None
    client.post(url("lab-solution-unlink", lab.slug, lab.solutions.first().uid))
    assert lab.solutions.count() == 2


# --- Members -------------------------------------------------------------------------------


def test_a_member_confirms_changes_their_words_and_takes_them_back() -> None:
    lesson = write_lesson(brazilian_lab())
    client = browser(make_member())
    path = url("lesson-confirm", lesson.lab.slug, lesson.uid)

    refused = client.post(path, {"country": "", "note": "Kept words"})
    assert refused.status_code == 422
    assert "Kept words" in refused.content.decode()
    client.post(path, {"country": "ID", "note": "We saw it."})
    assert "We saw it." in body(client, lesson.get_absolute_url())
    client.post(path, {"country": "ID", "note": "We saw it twice."})
    assert LessonConfirmation.objects.get().note == "We saw it twice."
    client.post(url("lesson-take-back", lesson.lab.slug, lesson.uid))
    assert not LessonConfirmation.objects.exists()


def test_a_keeper_reads_what_a_new_member_saw(client: Client) -> None:
    lab = brazilian_lab()
    lesson = write_lesson(lab)
    row = confirm(lesson, by=new_member(), note="We saw it in the hills.")
    keeper = browser(steward_of(lab))

    assert "in the hills" not in body(client, lesson.get_absolute_url())
    assert "Waits for you" in body(keeper, lab.get_absolute_url())
    keeper.post(url("lesson-check", lab.slug, lesson.uid, row.pk), {"verb": "show"})
    assert "in the hills" in body(client, lesson.get_absolute_url())


def test_the_first_answer_opens_the_discussion_of_the_question() -> None:
    lab = brazilian_lab(question="Who pays?")
    client = browser(make_member())
    empty = client.post(url("lab-answer", lab.slug), {"form_key": uuid.uuid4(), "body": ""})
    assert empty.status_code == 422

    answer = client.post(
        url("lab-answer", lab.slug), {"form_key": uuid.uuid4(), "body": "The users."}
    )

    discussion = LivingLab.objects.get().answers
    assert discussion is not None
    assert answer["Location"] == discussion.get_absolute_url()
    assert client.get(url("lab-answer", lab.slug))["Location"] == discussion.get_absolute_url()
    assert "1 answer" in body(client, lab.get_absolute_url())


# --- Trials --------------------------------------------------------------------------------


def test_a_member_reports_a_moderator_checks_and_everybody_reads(client: Client) -> None:
    solution, author = public_solution(), make_member()
    member, desk = browser(author), browser(make_user(is_staff=True))
    path = url("trial-new", solution.reference)
    typed = TOLD | {"form_key": str(uuid.uuid4()), "evidence_title": "Our report",
                    "evidence_url": "example.org/report"}  # fmt: skip

    refused = member.post(path, typed | {"tried": "2099", "evidence_url": "javascript:alert(1)"})
    assert refused.status_code == 422
    for text in ("This date is still to come.", "Forty wells in dry hills.", "Enter a whole addr"):
        assert text in refused.content.decode()
    member.post(path, typed)
    row = TrialReport.objects.get()
    assert row.evidence_url == "https://example.org/report"
    body(client, row.get_absolute_url(), 404)
    body(browser(make_member()), row.get_absolute_url(), 404)
    assert "Waits for a check" in body(member, row.get_absolute_url())

    check = url("trial-check", row.uid)
    opened = mark_of(row, trial_operations.TOLD)
    assert member.post(check, {"verb": "show", "opened": opened}).status_code == 403
    no_reason = desk.post(check, {"verb": "hide", "opened": opened})
    assert no_reason.status_code == 422
    assert "Say why; its author reads it." in no_reason.content.decode()
    desk.post(check, {"verb": "show", "opened": opened})

    for page in (body(client, row.get_absolute_url()), body(client, solution.get_absolute_url())):
        assert "Half of the wells still give water." in page
        assert 'href="https://example.org/report" rel="noopener noreferrer nofollow ugc"' in page
    assert "Tried in 1 other place: 1 in part." in body(client, solution.get_absolute_url())
    assert member.get(url("trial-edit", row.uid)).status_code == 302
    member.post(url("trial-withdraw", row.uid))
    body(client, row.get_absolute_url(), 404)
    assert "Withdrawn by its author" in body(member, url("my-trials"))


def test_the_page_of_an_untried_solution_offers_to_report_except_to_its_team(
    client: Client,
) -> None:
    solution = public_solution()
    offer = "Did you try it? Say what happened"
    assert offer in body(client, solution.get_absolute_url())
    team = browser(make_member(solution.owner))
    assert offer not in body(team, solution.get_absolute_url())
    assert team.get(url("trial-new", solution.reference))["Location"] == solution.get_absolute_url()


def test_nothing_is_reported_on_a_draft_or_an_unknown_number() -> None:
    client = browser(make_member())
    for reference in ("S-9999", "x", "S-0"):
        body(client, url("trial-new", reference), 404)


def test_a_panel_reads_what_was_tried_without_names() -> None:
    case = case_in_review()
    seat = case.seats.select_related("user").order_by("pk")[0]
    author = make_member(make_user("Zubenelgenubi Trier"), handle="zuben")
    shown(solution=case.solution, by=author)
    report(case.solution, organisation="Board that waits")

    page = body(browser(seat.user), seat.get_absolute_url())

    for text in ("Tried in 1 other place: 1 in part.", "Water board of the valley"):
        assert text in page
    for text in ("Zubenelgenubi", "zuben", "Board that waits"):
        assert text not in page


# --- The desk ------------------------------------------------------------------------------


def test_moderators_open_labs_and_show_reports_at_the_desk() -> None:
    client = desk_client(make_user(is_staff=True))
    hub, row = make_hub(), report()
    data = {"name": "Lab of wells", "slug": "wells", "hub": hub.pk, "status": "planned",
            "is_public": "on", "lessons-TOTAL_FORMS": 0, "lessons-INITIAL_FORMS": 0,
            "entries-TOTAL_FORMS": 0, "entries-INITIAL_FORMS": 0}  # fmt: skip

    client.post("/desk/community/livinglab/add/", data)
    assert LivingLab.objects.get(slug="wells").hub == hub
    reports = "/desk/community/trialreport/"
    client.post(reports, {"action": "show_selected", "_selected_action": row.pk})
    assert TrialReport.objects.get().state == "shown"
    hide = {"action": "hide_selected", "_selected_action": row.pk}
    assert "Its author reads it." in client.post(reports, hide).content.decode()
    client.post(reports, hide | {"reason": "About another solution."})
    assert TrialReport.objects.get().state == "hidden"
    for model in ("livinglab", "lesson", "trialreport"):
        body(client, f"/desk/community/{model}/")


def test_who_is_no_moderator_finds_no_labs_at_the_desk() -> None:
    lab = brazilian_lab()
    client = desk_client(editor_of(lab))
    assert lab.name not in body(client, "/desk/community/livinglab/")
    body(client, "/desk/community/livinglab/add/", 403)
    for model in ("lesson", "trialreport"):
        body(client, f"/desk/community/{model}/", 403)


# --- Cost ----------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 12])
def test_pages_cost_the_same_for_one_and_for_many(n: int) -> None:
    lab = brazilian_lab(question="Who pays?")
    keeper, solution = steward_of(lab), public_solution()
    for number in range(n):
        lesson = write_lesson(lab, text=f"Lesson {number}.")
        write_entry(lab)
        brazilian_lab()
        lab.stewards.add(make_member())
        shown(lab=lab, solution=solution, organisation=f"Board {number}")
        report(solution, lab=lab)
        lab.solutions.add(public_solution())
        confirm(lesson, by=new_member())
        confirm(Lesson.objects.order_by("pk")[0])
    first = Lesson.objects.order_by("pk")[0]
    visitor, client = Client(), browser(keeper)
    for reader in (visitor, client):
        reader.get(url("labs"))

    costs = {
        ("visitor", url("labs")): 1,
        ("visitor", lab.get_absolute_url()): 11,
        ("keeper", lab.get_absolute_url()): 20,
        ("visitor", first.get_absolute_url()): 5,
        ("visitor", url("lab-log", lab.slug)): 3,
        ("visitor", url("trials", solution.reference)): 4,
        ("visitor", solution.get_absolute_url()): 8,
        ("keeper", url("lab-solution", lab.slug)): 10,
    }
    found = {}
    for who, path in costs:
        with CaptureQueriesContext(connection) as queries:
            body({"visitor": visitor, "keeper": client}[who], path)
        found[who, path] = len(queries)
    assert found == costs
