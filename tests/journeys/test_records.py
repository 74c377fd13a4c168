"""Records of labels in a browser: open to all, and checked without the portal's help."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from tests.factories import make_user
from tests.journeys.steps import Portal, verified
from tests.journeys.test_accessibility import check_all, faults
from tests.validation.factories import case_in_decision, decided, labelled, moderator, opened_case
from validation import signing
from validation.operations import records
from validation.operations.timekeeping import keep_time

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.mark.slow
def test_records_are_open_to_all(portal: Portal) -> None:
    labelled()
    records.suspend(labelled(), by=moderator(), note="The figure is under examination.")
    with time_machine.travel(timezone.now() - dt.timedelta(days=3 * 366 + 30), tick=True):
        labelled()
    keep_time()
    decided(case_in_decision(first=2, second=2, case=opened_case(is_example=True)))

    paths = [
        "/records/",
        "/records/V-0001/",
        "/records/V-0002/",
        "/records/V-0003/",
        "/records/V-0004/",
        "/records/verify/",
        "/records/verify/?number=V-0001",
        "/records/verify/?number=V-0002",
        "/records/verify/?number=V-0099",
        "/records/terms/",
        "/solutions/",
        "/solutions/S-0001/",
        "/solutions/S-0002/",
        "/solutions/S-0003/",
        "/solutions/S-0004/",
        "/ar/records/V-0001/",
    ]
    assert check_all(portal, paths) == {}


@pytest.mark.slow
def test_a_bundle_is_taken_away_checked_offline_and_a_forged_one_refused(
    portal: Portal, tmp_path: Path
) -> None:
    labelled()
    page = portal.open("/solutions/S-0001/")
    page.get_by_role("link", name="Validation record V-0001").first.click()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Bundle for checking offline").click()
    bundle = tmp_path / "bundle.json"
    taken.value.save_as(bundle)

    call_command("verify_record", str(bundle), "--key", signing.to_base64(signing.public_key()))

    page.get_by_role("link", name="Check it now").click()
    page.get_by_text("The record is genuine and in force.").wait_for()
    page.get_by_label("The file of a record or bundle").set_input_files(bundle)
    page.get_by_label("Or the number of a record").fill("")
    page.get_by_role("button", name="Verify").click()
    page.get_by_text("value for value, the copy we show ourselves").wait_for()

    forged = json.loads(bundle.read_text(encoding="utf-8"))
    forged["record"]["score"] = "99"
    page.get_by_label("Or its text").fill(json.dumps(forged))
    page.get_by_role("button", name="Verify").click()
    page.get_by_text("This is not a valid record.").wait_for()
    assert faults(page) == []


@pytest.mark.slow
def test_a_member_challenges_a_label(portal: Portal) -> None:
    labelled()
    portal.sign_in(verified(make_user()))
    page = portal.open("/records/V-0001/")
    page.get_by_role("link", name="Challenge this label").click()
    page.get_by_role("button", name="Send the challenge").click()
    page.get_by_role("heading", name="There are 2 things to fix").wait_for()
    assert faults(page) == []
    page.get_by_label("What is wrong?").fill("The figure is that of the whole region.")
    page.get_by_label("A link that shows it").fill("https://other.test.example/report")
    page.get_by_role("button", name="Send the challenge").click()
    page.get_by_role("heading", name="What happens next").wait_for()
    assert faults(page) == []
