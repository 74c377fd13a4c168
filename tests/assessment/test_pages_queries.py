"""How many queries a page costs, at its smallest and at its largest: literally the same."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assessment import operations
from assessment.models import Assessment
from hubs.models import Hub
from tests.assessment.factories import Team, agreed, compared, opened, team
from tests.assessment.pages import hub_url, url
from tests.people import browser

pytestmark = pytest.mark.django_db

Person = Any


def cost(client: Client, address: str) -> int:
    """Queries of a page, with the session and the person themselves."""
    client.get(address)  # what a process keeps is kept
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def years(number: int, *, sharing: str = "private") -> tuple[Team, Assessment]:
    group, found = None, None
    for year in range(number):
        with time_machine.travel(dt.datetime(2020 + year, 3, 1, 9, tzinfo=dt.UTC), tick=False):
            group, found = agreed(group or team(is_listed=True), 1)
            operations.share(found, by=group.focal, sharing=sharing, shares_road_map=True)
    assert group is not None
    assert found is not None
    return group, found


def with_steps(group: Team, number: int) -> None:
    today = timezone.localdate()
    for each in range(number):
        operations.add_step(
            group.hub,
            by=group.focal,
            text=f"Step {each}",
            owner=group.one,
            due_on=today + dt.timedelta(days=10 * each),
        )


@pytest.mark.parametrize("number", [1, 6])
def test_a_result_costs_the_same_with_one_year_and_with_six(number: int) -> None:
    group, assessment = years(number)
    assert cost(browser(group.focal), url("result", assessment)) == 16


@pytest.mark.parametrize("number", [1, 6])
def test_a_public_result_costs_the_same_with_one_year_and_with_six(number: int) -> None:
    _group, assessment = years(number, sharing="public")
    assert cost(Client(), url("result", assessment)) == 10


@pytest.mark.parametrize("number", [2, 6])
def test_the_overview_costs_the_same_with_few_years_and_with_many(number: int) -> None:
    group, _assessment = years(number)
    with_steps(group, number * 5)
    assert cost(browser(group.focal), hub_url("hub", group.hub)) == 9


@pytest.mark.parametrize("number", [1, 60])
def test_a_road_map_costs_the_same_with_one_step_and_with_sixty(number: int) -> None:
    group = team()
    with_steps(group, number)
    assert cost(browser(group.focal), hub_url("road-map", group.hub)) == 6


@pytest.mark.parametrize("number", [1, 40])
def test_a_step_costs_the_same_with_one_note_and_with_forty(number: int) -> None:
    group = team()
    with_steps(group, 1)
    step = group.hub.road_map.get()
    for each in range(number):
        operations.note_progress(step, by=group.focal, progress=each, text=f"Note {each}")
        step.refresh_from_db()
    assert cost(browser(group.focal), hub_url("step", group.hub, step.uid)) == 9


def test_a_page_of_answers_costs_few_queries() -> None:
    group, assessment = opened()
    client = browser(group.one)
    assert cost(client, url("answer", assessment, "identify")) == 8
    assert cost(client, url("mine", assessment)) == 9


def test_a_page_of_differences_costs_few_queries() -> None:
    group, assessment = compared(None, 0, 2)
    client = browser(group.one)
    assert cost(client, url("settle", assessment, "identify")) == 10
    assert cost(client, url("differences", assessment)) == 10


def shown_on(hub: Hub, user: Person) -> tuple[str, int]:
    """The section of the hub's own page, and its queries after the person's roles are known."""
    request = RequestFactory().get("/")
    request.user = user
    template = Template(
        "{% load assessment_tags %}{% assessment_of hub as assessment %}"
        '{% include "assessment/_on_hub_page.html" %}'
    )
    with CaptureQueriesContext(connection) as seen:
        text = template.render(Context({"request": request, "hub": hub}))
    return text, len(seen)


@pytest.mark.parametrize(("number", "steps"), [(1, 1), (6, 60)])
def test_the_section_on_the_hub_page_costs_three_queries(number: int, steps: int) -> None:
    from django.contrib.auth.models import AnonymousUser

    group, assessment = years(number, sharing="public")
    with_steps(group, steps)
    text, queries = shown_on(group.hub, AnonymousUser())
    assert queries == 3
    assert 'class="cur"' in text
    assert "Step 0" in text
    assert str(group.one) not in text
    assert assessment.get_absolute_url() in text


def test_a_hub_page_shows_no_section_where_nothing_is_shared() -> None:
    from django.contrib.auth.models import AnonymousUser

    group, _assessment = years(1)
    text, queries = shown_on(group.hub, AnonymousUser())
    assert text.strip() == ""
    assert queries == 1


def test_the_hub_page_does_not_show_a_road_map_that_is_not_shared() -> None:
    from django.contrib.auth.models import AnonymousUser

    group, assessment = years(1, sharing="public")
    with_steps(group, 1)
    operations.share(assessment, by=group.focal, sharing="public", shares_road_map=False)
    text, _queries = shown_on(group.hub, AnonymousUser())
    assert 'class="cur"' in text
    assert "Step 0" not in text


def test_the_hubs_people_see_their_private_result_there_marked_as_theirs() -> None:
    group, _assessment = years(1)
    text, _queries = shown_on(group.hub, group.one)
    assert "Only your hub sees this." in text
