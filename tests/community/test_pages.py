"""The pages of the community: home, themes, chapters, and the calendars of both."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine
from django.test import Client
from icalendar import Calendar

from community.choices import Season
from community.journal import years_of
from community.loading import load_community
from community.models import Chapter, MonthlyTheme
from community.operations import synthesis
from core.models import AuditEntry
from hubs.signals import hubs_merging
from tests.community.factories import (
    make_chapter,
    make_discussion,
    make_member,
    make_post,
    make_theme,
)
from tests.desk import desk_client
from tests.events.factories import make_event
from tests.factories import make_hub, make_user
from tests.participation.factories import make_webinar

pytestmark = pytest.mark.django_db


def body(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def test_the_first_themes_and_the_first_chapter_are_loaded_once() -> None:
    desk = make_user(is_staff=True)

    assert load_community(by=desk) == 10
    assert load_community(by=desk) == 0
    assert list(MonthlyTheme.objects.values_list("month", "title").order_by("month")) == [
        ("2013-04", "Transforming Institutions"),
        ("2013-05", "Planning and Implementing Knowledge Exchange"),
        ("2013-06", "Learning from Failure"),
        ("2013-09", "Building and Sustaining Partnerships"),
    ]
    assert Chapter.objects.get().lead == "Asian Development Bank"
    assert AuditEntry.objects.filter(verb="add_record").count() == 10


def test_what_was_loaded_can_be_read_with_its_source(client: Client) -> None:
    load_community(by=make_user(is_staff=True))

    theme = body(client, "/community/themes/2013-05-planning-and-implementing/")
    chapter = body(client, "/community/chapters/asian-pacific/")

    for text in ("May 2013", "The year was worked out by the editors.", "Chapter 4", "section 3"):
        assert text in theme
    for text in ("Asian Development Bank", "Being built up", "large time differences", "Chapter 4"):
        assert text in chapter
    assert 'aria-label="Themes in 2013: April, May, June, September"' in theme


def test_the_archive_has_years_and_within_them_months() -> None:
    for month in ("2024-05", "2023-11", "2024-02"):
        make_theme(month=month)

    years = years_of(MonthlyTheme.objects.all())

    assert [(year.number, [row.month for row in year.themes]) for year in years] == [
        (2024, ["2024-02", "2024-05"]),
        (2023, ["2023-11"]),
    ]
    assert [n for n, had, _now in years[0].months("2024-05") if had] == [2, 5]
    assert [n for n, _had, now in years[0].months("2024-05") if now] == [5]


@pytest.mark.parametrize(
    ("today", "season"),
    [
        (dt.date(2024, 4, 30), Season.AHEAD),
        (dt.date(2024, 5, 1), Season.OPEN),
        (dt.date(2024, 5, 31), Season.OPEN),
        (dt.date(2024, 6, 1), Season.CLOSED),
    ],
)
def test_a_theme_opens_and_closes_with_its_month(today: dt.date, season: Season) -> None:
    assert make_theme().season(today) == season


@time_machine.travel("2024-05-16 12:00", tick=False)
def test_the_theme_of_this_month_stands_first(client: Client) -> None:
    make_theme(title="An earlier question", month="2024-04")
    theme = make_theme(title="How deep is deep enough?")

    page, journal = body(client, "/community/"), body(client, "/community/themes/")

    assert "Theme of the month" in page
    assert theme.get_absolute_url() in page
    assert "An earlier question" not in page
    assert journal.index("An earlier question") < journal.index("How deep is deep enough?")


def test_only_moderators_see_what_is_in_preparation(client: Client) -> None:
    theme = make_theme(title="Not yet told", is_public=False)
    chapter = make_chapter(name="Not yet founded", is_public=False)

    home = body(client, "/community/")
    assert "Not yet told" not in home
    assert "Not yet founded" not in home
    for path in (theme.get_absolute_url(), chapter.get_absolute_url()):
        body(client, path, 404)
        body(client, f"{path}calendar.ics", 404)

    client.force_login(make_user(is_staff=True))
    assert "Not yet told" in body(client, theme.get_absolute_url())
    assert "Not yet founded" in body(client, chapter.get_absolute_url())


@pytest.mark.parametrize("make", [make_theme, make_chapter], ids=["theme", "chapter"])
def test_a_calendar_holds_the_webinars_and_the_meetings_that_are_public(
    client: Client, make: Any
) -> None:
    record = make()
    webinar = make_webinar(dt.datetime(2024, 5, 16, 13, 0, tzinfo=dt.UTC), name="On deep wells")
    meeting = make_event(name="Meeting of the valley")
    hidden = make_event(name="Meeting behind doors", is_public=False, hub=make_hub())
    record.events.set([webinar, meeting, hidden])

    answer = client.get(f"{record.get_absolute_url()}calendar.ics")

    assert answer["Content-Type"].startswith("text/calendar")
    entries = Calendar.from_ical(answer.content).walk("VEVENT")
    assert {str(entry["summary"]): entry.decoded("dtstart") for entry in entries} == {
        "On deep wells": dt.datetime(2024, 5, 16, 13, 0, tzinfo=dt.UTC),
        "Meeting of the valley": dt.date(2024, 5, 6),
    }


@pytest.mark.parametrize("n", [1, 40])
def test_pages_cost_the_same_with_many_events_and_themes(
    client: Client, n: int, django_assert_max_num_queries: Any
) -> None:
    theme, chapter = make_theme(), make_chapter()
    for number in range(n):
        event = make_webinar()
        theme.events.add(event)
        chapter.events.add(event)
        make_theme(month=f"{1980 + number}-03")
    client.get("/community/")

    for path, most in (
        ("/community/", 11),
        ("/community/themes/", 4),
        (theme.get_absolute_url(), 17),
        (chapter.get_absolute_url(), 8),
    ):
        with django_assert_max_num_queries(most):
            client.get(path)


def test_a_month_is_a_month() -> None:
    client = desk_client(make_user(is_staff=True))
    data = {
        "title": "Wells", "slug": "wells", "month": "2024", "is_public": "on",
        "questions-TOTAL_FORMS": "0", "questions-INITIAL_FORMS": "0",
    }  # fmt: skip

    refused = client.post("/desk/community/monthlytheme/add/", data)
    assert "Give the month, like 2013-04." in refused.content.decode()
    client.post("/desk/community/monthlytheme/add/", data | {"month": "2024-05"})

    assert MonthlyTheme.objects.get().month == "2024-05"
    assert AuditEntry.objects.get(verb="add_record").target_label == "Wells"


def test_when_two_hubs_become_one_a_chapter_keeps_its_lead() -> None:

    gone, kept = make_hub(), make_hub()
    chapter = make_chapter(lead_hub=gone)

    hubs_merging.send(type(gone), gone=gone, kept=kept, by=None)

    assert Chapter.objects.get(pk=chapter.pk).lead_hub == kept


def test_a_webinar_leads_to_its_theme_and_chapter(client: Client) -> None:
    theme, chapter, webinar = make_theme(), make_chapter(), make_webinar()
    hidden = make_theme(title="In preparation", is_public=False)
    for record in (theme, chapter, hidden):
        record.events.add(webinar)

    page = body(client, webinar.get_absolute_url())

    assert theme.get_absolute_url() in page
    assert chapter.get_absolute_url() in page
    assert "In preparation" not in page


@time_machine.travel("2024-05-16 12:00")
def test_the_journal_tells_what_was_asked_said_and_concluded(client: Client) -> None:
    theme = make_theme(title="Who pays?", month="2024-05", summary="By the bucket or by the month?")
    keeper = make_member()
    theme.stewards.add(keeper)
    post = make_post(make_discussion(theme), by=make_member())
    synthesis.write_conclusion(
        theme,
        by=keeper,
        form_key=uuid.uuid4(),
        sentence="Users pay by the bucket.",
        sources=[synthesis.Chosen(post)],
    )
    synthesis.publish(theme, by=keeper, form_key=uuid.uuid4())

    page = body(client, "/community/themes/")

    for words in ("By the bucket or by the month?", "Users pay by the bucket.", "2 posts"):
        assert words in page
    assert body(client, "/community/themes/?year=1999", 404)


def test_a_long_journal_is_read_year_by_year(client: Client) -> None:
    for year in range(2014, 2024):
        make_theme(title=f"Question of {year}", month=f"{year}-03")

    page = body(client, "/community/themes/")
    earlier = body(client, "/community/themes/?year=2016")

    assert ("Question of 2023" in page, "Question of 2016" in page) == (True, False)
    assert ("Question of 2023" in earlier, "Question of 2016" in earlier) == (False, True)
