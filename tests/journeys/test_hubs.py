"""Hubs in a browser: find and compare them, keep a profile with sources, see where one stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from assessment.loading import load_framework
from assessment.models import Assessment, RoadStep
from hubs import finding, operations, revisions
from hubs.models import Hub, Membership
from tests.factories import make_hub, make_member, make_user, reference, state
from tests.journeys.steps import Portal, every, verified, with_second_step
from tests.journeys.test_accessibility import check_all

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from pytest_django.live_server_helper import LiveServer

    from accounts.models import User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

Role = Membership.Role


def known_hub(slug: str, name: str, *, country: str, institutions: int, founded: str) -> Hub:
    hub = make_hub(slug=slug, name=name, acronym=slug.upper(), country_id=country)
    state(hub, "founded", f"Founded in {founded}.", starts=founded)
    state(
        hub, "coordinated_institutions", f"It coordinates {institutions} institutions.",
        low=institutions, high=institutions, unit="institutions",
    )  # fmt: skip
    state(hub, "other_name", f"{name} of the republic")
    finding.note(hub)
    revisions.keep(hub, by=None)
    return hub


@pytest.fixture
def two_hubs() -> None:
    reference()
    known_hub("wells", "Agency for wells", country="BR", institutions=12, founded="1987")
    known_hub("bridges", "Agency for bridges", country="ID", institutions=40, founded="2010-05")


def without_scripts(browser: Browser, url: str, user: User | None = None) -> Portal:
    portal = Portal(browser.new_context(java_script_enabled=False).new_page(), url)
    if user is not None:
        portal.sign_in(user)
    return portal


@pytest.mark.usefixtures("two_hubs")
def test_a_reader_finds_two_hubs_compares_them_and_sees_the_sources(
    browser: Browser, live_server: LiveServer
):
    page = without_scripts(browser, live_server.url).open("/hubs/")
    page.locator("#list-q").fill("wells")
    page.get_by_role("button", name="Apply filters").click()
    assert "q=wells" in page.url
    expect(page.locator("#results tbody tr")).to_have_count(1)

    page.get_by_role("link", name="Agency for wells").first.click()
    assert page.locator("h1").inner_text() == "Agency for wells"
    assert "12 institutions" in page.locator("main").inner_text()
    page.locator("main").get_by_role("link", name="Compare", exact=True).first.click()
    page.locator("#add-hub").select_option("bridges")
    page.get_by_role("button", name="Add a hub").click()

    table = page.get_by_role("table")
    assert "40 institutions" in table.inner_text()
    assert "May 2010" in table.inner_text()
    assert "ranges from 12 to 40" in page.locator(".lede").inner_text()
    page.get_by_role("link", name="Show differences only").click()
    assert "Country" in page.get_by_role("table").inner_text()
    assert "The same for all" not in page.get_by_role("table").inner_text()
    assert len(every(page.locator("#sources li"))) >= 4


@pytest.mark.usefixtures("two_hubs")
def test_an_editor_keeps_the_profile_with_sources_and_a_moderator_takes_a_change_back(
    browser: Browser, live_server: LiveServer
):
    hub = Hub.objects.get(slug="wells")
    editor = with_second_step(make_member(hub, Role.EDITOR, email="editor@test.example"))
    focal = with_second_step(make_member(hub, Role.FOCAL_POINT, email="focal@test.example"))

    page = without_scripts(browser, live_server.url, editor).open("/hubs/wells/team/")
    page.goto(f"{live_server.url}/hubs/wells/team/statements/add/staff/")
    fill(page, text="Nine people work there.", exact="", low="12", high="9")
    page.locator("main").get_by_role("button", name="Save").click()
    refused = page.locator("main").inner_text()
    assert "cannot be less" in refused  # the least above the most
    assert page.locator("[name=text]").input_value() == "Nine people work there."

    fill(page, text="Nine people work there.", exact="9", low="", high="")
    describe_source(page, "Yearbook of wells", "2019")
    page.locator("[name=place]").fill("page 12")
    page.locator("main").get_by_role("button", name="Save").click()
    public = without_scripts(browser, live_server.url).open("/hubs/wells/")
    assert "9 people" in public.locator("main").inner_text()
    assert "Yearbook of wells" in public.locator("#sources").inner_text()

    of_focal = without_scripts(browser, live_server.url, focal).open("/hubs/wells/team/confirm/")
    of_focal.get_by_role("button", name="Everything is right today").click()
    public.reload()
    assert "Confirmed within a year" in public.locator("main").inner_text()

    moderator = with_second_step(make_user(email="moderator@test.example", is_staff=True))
    desk = without_scripts(browser, live_server.url, moderator).open("/hubs/wells/team/history/")
    assert "Staff" in desk.locator("main").inner_text()
    desk.goto(f"{live_server.url}/hubs/wells/team/history/1/")
    desk.locator("main [name=reason]").fill("The yearbook is about another agency.")
    desk.get_by_role("button", name="Restore this state").click()
    public.reload()
    assert "9 people" not in public.locator("main").inner_text()
    assert hub.revisions.count() == 3


def fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        page.locator(f"main [name={name}]").fill(value)


def describe_source(page: Page, title: str, date: str) -> None:
    """A source that nobody cited yet."""
    page.locator("main [name=source]").select_option("new")
    page.locator("main details summary", has_text="Describe another source").click()
    fill(page, source_title=title, source_date=date)


def answer_all(page: Page, sheet_url: str, *, first_holds: bool) -> None:
    """One person's own answers, dimension by dimension: level 1 holds, the rest does not."""
    page.goto(sheet_url)
    page.get_by_role("link", name="Go on", exact=False).first.click()
    for number in range(6):
        names = page.eval_on_selector_all(
            "main input[type=radio]", "all => [...new Set(all.map(one => one.name))]"
        )
        for place, name in enumerate(names):
            holds = place < 3 and (first_holds or number > 0 or place > 0)
            value = "yes" if holds else "no"
            page.locator(f"main input[name='{name}'][value='{value}']").check()
        page.locator("main button[value=continue]:visible").last.click()
    page.get_by_role("button", name="Finish my answers").click()


@pytest.mark.slow
@pytest.mark.usefixtures("two_hubs")
def test_two_people_assess_their_hub_apart_agree_and_get_a_road_map(
    browser: Browser, live_server: LiveServer
):
    load_framework()
    hub = Hub.objects.get(slug="wells")
    focal = with_second_step(make_member(hub, Role.FOCAL_POINT, email="focal@test.example"))
    one = verified(make_member(hub, email="one@test.example", name="Ana One"))
    two = verified(make_member(hub, email="two@test.example", name="Ben Two"))

    of_focal = without_scripts(browser, live_server.url, focal)
    page = of_focal.open("/hubs/wells/assessment/start/")
    page.locator("[name=person_1]").select_option(label="Ana One")
    page.locator("[name=unit_1]").fill("Cooperation")
    page.locator("[name=person_2]").select_option(label="Ben Two")
    page.locator("[name=unit_2]").fill("Planning")
    page.get_by_role("button", name="Ask both").click()
    assessment = Assessment.objects.get(hub=hub)
    base = f"{live_server.url}/hubs/wells/assessment/{assessment.uid}"

    of_one = without_scripts(browser, live_server.url, one)
    of_two = without_scripts(browser, live_server.url, two)
    answer_all(of_one.page, f"{base}/mine/", first_holds=True)
    early = of_focal.page.goto(f"{base}/differences/")
    assert early is not None
    assert early.status in (403, 404)
    answer_all(of_two.page, f"{base}/mine/", first_holds=False)

    of_one.page.goto(f"{base}/differences/")
    assert "differ on 1 of 72" in of_one.page.locator("h1").inner_text()
    of_one.page.get_by_role("link", name="Go on", exact=False).click()
    of_one.page.locator("main input[type=radio][value=yes]:visible").first.check()
    of_one.page.locator("main button[value=close]:visible").click()
    of_one.page.goto(f"{base}/differences/")
    of_one.page.get_by_role("button", name="We agree").click()

    assessment.refresh_from_db()
    assert assessment.state == Assessment.State.AGREED
    assert set(assessment.levels.values()) == {1}

    of_focal.page.goto(f"{base}/")
    of_focal.page.get_by_role("button", name="Put on the road map").click()
    assert RoadStep.objects.filter(hub=hub).count() == 3
    of_focal.page.goto(f"{live_server.url}/hubs/wells/assessment/road-map/")
    expect(of_focal.page.locator("main .steps-list li")).to_have_count(3)
    stranger = without_scripts(browser, live_server.url).page.goto(f"{base}/")
    assert stranger is not None
    assert stranger.status == 404


@pytest.mark.slow
@pytest.mark.usefixtures("two_hubs")
def test_the_pages_of_hubs_break_no_rule_a_machine_can_check(portal: Portal):
    load_framework()
    hub = Hub.objects.get(slug="wells")
    editor = with_second_step(make_member(hub, Role.FOCAL_POINT, email="focal@test.example"))
    state(hub, "share_fees", "Fees pay 40%.", low=40, high=40, as_of="2019")
    state(
        hub, "share_fees", "Fees pay 60%.", low=60, high=60, as_of="2019", conflict="They differ."
    )
    operations.change_profile(hub, by=editor, values={"summary": "It digs wells."})
    portal.sign_in(editor)
    paths = [
        "/hubs/", "/hubs/wells/", "/hubs/wells/statements/", "/hubs/lessons/",
        "/hubs/contradictions/", "/hubs/compare/?hub=wells&hub=bridges", "/hubs/wells/team/",
        "/hubs/wells/team/statements/", "/hubs/wells/team/statements/add/policy_basis/",
        "/hubs/wells/assessment/", "/hubs/wells/assessment/start/", "/ar/hubs/wells/",
    ]  # fmt: skip

    found = check_all(portal, paths)

    assert {path: faults for path, faults in found.items() if faults} == {}
