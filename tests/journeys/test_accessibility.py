"""No page of the main job breaks a rule a machine can check, at any width, light or dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from catalogue import operations
from hubs.models import Membership
from tests.factories import (
    complete_full,
    complete_snapshot,
    make_hub,
    make_member,
    make_solution,
    published,
    submitted,
)
from tests.journeys.steps import Portal, verified, with_second_step

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

WIDTHS = (320, 768, 1280)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FORM_PAGES = (
    "name",
    "place",
    "problem",
    "approach",
    "results",
    "peers",
    "learning",
    "evidence",
    "sharing",
)


def faults(page: Page) -> list[str]:
    """What axe finds, and whether the page has to be scrolled sideways."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    told = [
        f"{rule['id']}: {node['target']}"
        for rule in found.response["violations"]
        for node in rule["nodes"][:3]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return [*told, "scrolls sideways"] if wide else told


def check_all(portal: Portal, paths: list[str]) -> dict[str, list[str]]:
    """Every path at every width in both colour schemes: what was found where."""
    page = portal.page
    page.emulate_media(reduced_motion="reduce")
    found: dict[str, list[str]] = {}
    for path in paths:
        portal.open(path)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                if told := faults(page):
                    found[f"{path} {width} {scheme}"] = told
    return found


@pytest.fixture
def hub(transactional_db):
    return make_hub(name="Hub for water", acronym="HW", slug="hub-for-water")


@pytest.mark.slow
def test_what_everybody_reads(portal: Portal, hub) -> None:
    published(complete_full(hub=hub, title="Wells tested by volunteers"), form="full")
    gone = published(complete_snapshot(hub=hub))
    operations.withdraw_solution(gone, by=gone.owner, reason="The owner asked for it.")

    paths = [
        "/",
        "/solutions/",
        "/solutions/?sector=water&q=wells",
        "/solutions/?q=nothing+of+the+kind&sector=health",
        "/solutions/S-0001/",
        "/solutions/S-0001/history/",
        "/solutions/S-0002/",
        "/hubs/",
        "/hubs/hub-for-water/",
        "/search/?q=wells",
        "/search/?q=wells&kind=event",
        "/criteria/",
        "/pages/about/",
        "/pages/accessibility/",
        "/pages/privacy/",
        "/pages/sources/",
        "/no-such-page/",
        "/accounts/login/",
        "/accounts/signup/",
        "/ar/",
        "/ar/solutions/S-0001/",
    ]
    assert check_all(portal, paths) == {}


@pytest.mark.slow
def test_what_a_team_writes(portal: Portal, hub) -> None:
    author = verified(make_member(hub))
    draft = make_solution(author, hub=hub, title="Begun")
    full = complete_full(author, hub)
    portal.sign_in(author)

    work = f"/work/{draft.uid}/"
    paths = [
        "/dashboard/",
        "/submit/",
        work,
        f"{work}check/",
        f"{work}team/",
        f"{work}translations/",
    ]
    paths += [f"{work}{name}/" for name in FORM_PAGES]
    paths += [
        f"/work/{full.uid}/check/",
        f"/work/{full.uid}/translations/fr/",
        "/accounts/profile/",
    ]
    assert check_all(portal, paths) == {}


@pytest.mark.slow
def test_what_the_desk_decides(portal: Portal, hub) -> None:
    focal_point = with_second_step(make_member(hub, Membership.Role.FOCAL_POINT))
    submission = submitted(complete_full(hub=hub), form="full")
    portal.sign_in(focal_point)

    paths = [
        "/desk/",
        "/desk/catalogue/submission/",
        f"/desk/catalogue/submission/{submission.pk}/change/",
        "/desk/catalogue/solution/",
        f"/desk/catalogue/solution/{submission.solution_id}/change/",
        f"/desk/hubs/hub/{hub.pk}/members/",
    ]
    assert check_all(portal, paths) == {}


@pytest.mark.parametrize("name", ["name", "evidence", "check"])
def test_a_refused_page_is_as_open_to_all_as_a_fresh_one(portal: Portal, hub, name) -> None:
    author = verified(make_member(hub))
    draft = make_solution(author, hub=hub, title="Begun")
    portal.sign_in(author)
    page = portal.open(f"/work/{draft.uid}/{name}/")
    if name == "name":
        page.get_by_label("Title", exact=True).fill("x" * 400)
    button = "Submit for review" if name == "check" else "Save and continue"
    page.get_by_role("button", name=button).last.click()

    assert faults(page) == []
