"""Criteria sets in a browser: their public pages, their desk, and a hub that asks for more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from catalogue import criteria
from catalogue import criteria_operations as ops
from catalogue.models import CriteriaSet
from hubs.models import Membership
from tests.factories import make_hub, make_member, make_user, reference
from tests.journeys.steps import with_second_step
from tests.journeys.test_accessibility import check_all, faults

if TYPE_CHECKING:
    from tests.journeys.steps import Portal

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

SETS = "/desk/catalogue/criteriaset/"
OWN = {
    "code": "H1",
    "name": "Water law",
    "question": "Does it keep the law on water?",
    "evidence_required": "A permit.",
    "anchors": {n: f"Meaning of {n}." for n in criteria.SCORES},
    "minimum": 2,
}


@pytest.fixture
def hub(transactional_db):
    reference()
    criteria.in_force()
    return make_hub(name="Hub for water", acronym="HW", slug="hub-for-water")


@pytest.mark.slow
def test_pages_of_criteria_sets_are_open_to_all(portal: Portal, hub) -> None:
    by = with_second_step(make_user(is_staff=True, is_superuser=True))
    own = ops.draft_additions(hub, by=by)
    ops.save_additions(
        own,
        by=by,
        additions={"minimums": {"C2": 3}, "criteria": [OWN]},
        seen=own.content_hash,
    )
    ops.put_in_force(own, by=by, note="Our law asks for it.")
    shared = ops.draft_set(criteria.in_force(fresh=True), by=by, version="1.1")
    content = dict(shared.content) | {"rules": ["One rule."]}
    content["periods"] = content["periods"] | {"review_days": 0}
    ops.save_draft(
        shared, by=by, content=content, version="1.1", name=shared.name, seen=shared.content_hash
    )
    following = ops.draft_additions(hub, by=by)

    assert check_all(portal, ["/criteria/hub-for-water/", "/ar/criteria/common/1.0/"]) == {}
    portal.sign_in(by)
    paths = [
        SETS,
        f"{SETS}additions/",
        *(f"{SETS}{row.pk}/change/" for row in (shared, own, following)),
        f"{SETS}{own.pk}/compare/",
        f"{SETS}{shared.pk}/put-in-force/",
        f"{SETS}{following.pk}/put-in-force/",
        f"{SETS}{criteria.in_force().pk}/draft/",
    ]
    assert check_all(portal, paths) == {}


def test_a_focal_point_asks_for_more_than_the_common_criteria(portal: Portal, hub) -> None:
    person = with_second_step(make_member(hub, Membership.Role.FOCAL_POINT))
    page = portal.sign_in(person)

    portal.open(SETS)
    page.get_by_role("link", name="Draft what a hub adds").click()
    page.get_by_role("button", name="Begin the draft").click()
    page.get_by_label("C2 Results").select_option("3")
    page.locator("summary", has_text="Add a criterion").first.click()
    page.locator("#id_added-0-name").fill("Water law")
    page.get_by_role("button", name="Save and go on").click()

    expect(page.get_by_role("alert")).to_contain_text("Say what score 4 means for H1.")
    assert faults(page) == []
    page.locator("#id_added-0-question").fill("Does it keep the law on water?")
    page.locator("#id_added-0-evidence_required").fill("A permit.")
    page.locator("#id_added-0-minimum").select_option("2")
    for score in criteria.SCORES:
        page.locator(f"#id_added-0-anchor-{score}").fill(f"Meaning of {score}.")
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_text("Criterion H1", exact=True)).to_be_visible()
    page.get_by_label("Reason").fill("The water law asks for it.")
    page.get_by_role("button", name="Put in force").click()

    expect(page.get_by_text("is in force.")).to_be_visible()
    portal.open("/criteria/hub-for-water/")
    expect(page.get_by_text("Does it keep the law on water?").first).to_be_visible()
    assert CriteriaSet.objects.in_force().filter(hub=hub).count() == 1
