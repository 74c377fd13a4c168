"""Attendance, the table to download and the results of feedback, as organisers meet them."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from core.models import AuditEntry
from events.models import Event
from participation.models import Feedback, Registration
from tests.factories import make_hub, make_member, make_user
from tests.participation.factories import come, make_webinar, open_registration
from tests.participation.reading import text_of, told, url
from tests.people import browser

pytestmark = pytest.mark.django_db
EVIL = '<script>alert(1)</script> "onload="x"'


@pytest.fixture
def event() -> Event:
    """A webinar that takes registrations now and has begun for the tests that need it."""
    made = make_webinar(hub=make_hub(slug="wells", name="Hub for Wells"))
    open_registration(made)
    return made


def begin(event: Event) -> None:
    """Let it have begun an hour ago."""
    event.sessions.update(starts_at=timezone.now() - dt.timedelta(hours=1))


@pytest.fixture
def organiser(event: Event) -> Any:
    return make_member(event.hub, "editor")


@pytest.fixture
def desk(organiser: Any) -> Client:
    return browser(organiser)


def attended(event: Event) -> list[bool | None]:
    rows = Registration.objects.filter(event=event).order_by("number")
    return list(rows.values_list("attended", flat=True))


# --- Attendance -----------------------------------------------------------------------------


def test_each_answer_is_noted_and_shown(event: Event, desk: Client):
    rows = [come(event) for _n in range(3)]
    begin(event)
    said = {f"took-{rows[0].uid}": "yes", f"took-{rows[1].uid}": "no",
            f"took-{rows[2].uid}": "unknown"}  # fmt: skip

    first = desk.post(url("attendance", event), said, follow=True)
    again = desk.post(url("attendance", event), said, follow=True)

    assert attended(event) == [True, False, None]
    assert told(first) == ["2 answers are noted."]
    assert told(again) == ["Everything was noted like that already."]
    assert first.context["counts"] == {"yes": 1, "no": 1, "unknown": 1, "joined": 0}
    assert AuditEntry.of(event).filter(verb="mark_attendance").count() == 1


def test_the_rest_is_answered_at_once_and_nobody_elses_answer(event: Event, desk: Client):
    rows = [come(event) for _n in range(4)]
    begin(event)
    Registration.objects.filter(pk=rows[0].pk).update(attended=False)
    Registration.objects.filter(pk__in=[rows[0].pk, rows[1].pk]).update(joined_at=timezone.now())

    desk.post(url("attendance", event), {"rest": "joined"})
    assert attended(event) == [False, True, None, None]
    desk.post(url("attendance", event), {"rest": "no"})
    assert attended(event) == [False, True, False, False]


def test_before_it_begins_nothing_is_noted(event: Event, desk: Client):
    row = come(event)
    assert "once the event has begun" in text_of(desk.get(url("attendance", event)))
    answer = desk.post(url("attendance", event), {f"took-{row.uid}": "yes"}, follow=True)
    assert told(answer) == ["Attendance can be noted once the event has begun."]
    assert attended(event) == [None]


def test_a_list_is_looked_at_before_it_is_noted(event: Event, desk: Client):
    come(event, name="Ada Well")
    come(event, make_user(email="bo@wells.example"), name="Bo Brunnen")
    two = [come(event, name="Cy Cistern") for _n in range(2)]
    begin(event)
    text = f"Name,Email\nWELL, Ada (guest)\nbo@wells.example\ncy cistern\n{EVIL}\nAda Well"

    looked = desk.post(url("attendance", event), {"text": text})

    assert attended(event) == [None] * 4
    assert [line.text for line in looked.context["found"]] == [
        "WELL, Ada (guest)", "bo@wells.example",
    ]  # fmt: skip
    assert [line.number for line in looked.context["several"]] == [4]
    assert [(line.number, line.outcome.value) for line in looked.context["others"]] == [
        (5, "missing"), (6, "again"),
    ]  # fmt: skip
    assert "<script>alert" not in looked.content.decode()

    noted = {"text": looked.context["text"], "step": "note", "line-4": two[1].uid}
    answers = [desk.post(url("attendance", event), noted, follow=True) for _n in range(2)]
    assert attended(event) == [True, True, None, True]
    assert [told(answer) for answer in answers] == [
        ["3 answers are noted."], ["Everything was noted like that already."],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("  ", "Paste at least one name."),
        ("a\n" * 901, "Paste up to 900 lines at a time."),
        ("x" * 100_001, "Shorten this to 100000 characters. It has 100001 now."),
        ("a\x00b", "This text contains characters that are not text. Type it again."),
    ],
)
def test_a_list_that_cannot_be_read_stays_in_its_field(
    typed: str, error: str, event: Event, desk: Client
):
    come(event)
    begin(event)
    answer = desk.post(url("attendance", event), {"text": typed})
    assert answer.context["form"].errors == {"text": [error]}


def test_forged_answers_change_nobody(event: Event, desk: Client):
    other = make_webinar(hub=make_hub())
    open_registration(other)
    row, waiting = come(other), come(event)
    begin(event)
    Registration.objects.filter(pk=waiting.pk).update(state="waiting", placed_at=None)
    forged = {f"took-{row.uid}": "yes", f"took-{waiting.uid}": "yes", "took-": "yes",
              "took-\x00": "yes", "took-x' or 1": "yes", "rest": "maybe"}  # fmt: skip

    assert desk.post(url("attendance", event), forged).status_code == 302
    desk.post(url("attendance", event), {"text": "x", "step": "note", "line-1": row.uid})

    assert attended(other) + attended(event) == [None, None]


@pytest.mark.parametrize("people", [3, 60])
def test_attendance_costs_the_same_for_few_and_many(
    people: int, event: Event, desk: Client, django_assert_num_queries: Any
):
    rows = [come(event) for _n in range(people)]
    begin(event)
    desk.get(url("attendance", event))

    with django_assert_num_queries(9):
        assert desk.get(url("attendance", event)).status_code == 200
    with django_assert_num_queries(7):
        text = "\n".join(row.name for row in rows)
        assert len(desk.post(url("attendance", event), {"text": text}).context["found"]) == people


def test_people_on_later_pages_are_answered_there(event: Event, desk: Client):
    for n in range(52):
        come(event, name=f"Keeper {n:02d}")
    begin(event)
    last = Registration.objects.get(name="Keeper 51")
    here = url("attendance", event) + "?page=2"

    assert [row.name for row in desk.get(here).context["page_obj"]] == ["Keeper 50", "Keeper 51"]
    answer = desk.post(here, {f"took-{last.uid}": "yes"})

    assert answer["Location"] == here
    last.refresh_from_db()
    assert last.attended is True


# --- The table ------------------------------------------------------------------------------


def test_the_table_has_everybody_and_no_formula(event: Event, desk: Client, organiser: Any):
    person = make_user(email="ada@wells.example")
    come(event, person, name="=1+1", title="+x", organisation="@y", needs="\t-z", hope="Wells")
    come(event, name="Bo")

    answer = desk.post(url("export", event))

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert len({len(row) for row in rows}) == 1
    first = dict(zip(rows[0], rows[1], strict=True))
    registered = Registration.objects.get(user=person).registered_at
    assert first == {
        "Number": "1", "Name": "'=1+1", "Title or position": "'+x", "Organisation": "'@y",
        "Country": "", "Kind of participant": "", "State": "Has a place", "Reason": "",
        "E-mail address": "ada@wells.example", "Needs": "'\t-z", "Hopes to learn": "Wells",
        "Who may read that they take part": "Nobody but the organisers",
        "Registered (UTC)": f"{registered:%Y-%m-%d %H:%M}", "Opened the join link (UTC)": "",
        "Took part": "",
    }  # fmt: skip
    assert [row[1] for row in rows[1:]] == ["'=1+1", "Bo"]
    assert answer["Content-Disposition"] == f'attachment; filename="{event.slug}-participants.csv"'
    assert answer["Cache-Control"] == "private, no-store"
    entry = AuditEntry.of(event).get()
    assert (entry.verb, entry.actor, entry.data) == (
        "export_participants", organiser, {"rows": 2},
    )  # fmt: skip


def test_only_organisers_take_the_table(event: Event, desk: Client):
    row = come(event)
    for person in (row.user, make_member(make_hub(), "editor")):
        assert browser(person).post(url("export", event)).status_code == 403
    assert Client().post(url("export", event)).status_code == 302
    assert desk.get(url("export", event)).status_code == 405
    assert not AuditEntry.objects.filter(verb="export_participants").exists()


# --- Feedback -------------------------------------------------------------------------------


def answer_all(event: Event, grades: list[int], will_use: str = "", missing: str = "") -> None:
    for n, grade in enumerate(grades):
        Feedback.objects.create(
            registration=come(event, name=f"Secret Keeper {n}"),
            useful=grade,
            will_use=will_use and f"{will_use} {n}",
            missing=missing,
        )


def test_with_fewer_than_three_answers_nothing_is_shown(event: Event, desk: Client):
    answer_all(event, [1, 2], "Pumps", "Coffee")
    text = text_of(desk.get(url("feedback-results", event)))
    assert "Fewer than 3 people have answered." in text
    assert "Pumps" not in text
    assert "mean" not in text


def test_results_have_numbers_and_words_but_no_names(event: Event, desk: Client):
    answer_all(event, [5, 4, 4, 2], "Pumps " + EVIL)
    other = make_webinar()
    open_registration(other)
    answer_all(other, [1, 1, 1], "Elsewhere")

    answer = desk.get(url("feedback-results", event))

    opinions = answer.context["opinions"]
    assert (opinions.answers, opinions.mean, opinions.spread, opinions.written) == (
        4, 3.75, ((5, 1), (4, 2), (3, 0), (2, 1), (1, 0)), (("will_use", 4), ("missing", 0)),
    )  # fmt: skip
    text = text_of(answer)
    assert "3.8" in text
    assert "4 answers, 4 with a place" in text
    assert "Secret Keeper" not in text
    assert "Elsewhere" not in text
    assert "<script>alert" not in answer.content.decode()
    missing = desk.get(url("feedback-results", event) + "?texts=missing&page=7")
    assert "Nobody wrote anything here." in text_of(missing)


@pytest.mark.parametrize("people", [3, 60])
def test_results_cost_the_same_for_few_and_many(
    people: int, event: Event, desk: Client, django_assert_num_queries: Any
):
    answer_all(event, [4] * people, "Pumps")
    desk.get(url("feedback-results", event))
    with django_assert_num_queries(10):
        assert desk.get(url("feedback-results", event)).status_code == 200
