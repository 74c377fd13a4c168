"""What people type wrong, twice, or in two windows: told where it is, and nothing is lost."""

from __future__ import annotations

from typing import Any

import pytest

from assessment import operations
from assessment.models import Assessment, RoadStep
from tests.assessment.factories import (
    agreed,
    answered,
    answers,
    compared,
    finished,
    framework,
    opened,
    sheet_of,
    team,
)
from tests.assessment.pages import checked, hub_url, sent, url, words
from tests.factories import make_hub, make_member, make_user
from tests.people import browser

pytestmark = pytest.mark.django_db

BROKEN = "half\x00text"


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


# --- Two windows -------------------------------------------------------------------------------


def test_an_older_window_keeps_its_input_and_sees_what_the_newer_one_saved() -> None:
    group, assessment = opened()
    client = browser(group.one)
    here = url("answer", assessment, "identify")
    client.post(here, sent({"identify-1-1": "yes"}, 0, identify_1_1="From the newer window"))
    page = client.post(
        here,
        sent({"identify-1-1": "no", "identify-1-2": "yes"}, 0, identify_1_1="From the older one"),
    )
    assert page.status_code == 200
    assert checked(page, "holds-identify-1-1") == "no"
    assert checked(page, "holds-identify-1-2") == "yes"
    said = words(page)
    assert "Saved in another window: Holds. From the newer window" in said
    assert "From the older one" in said
    assert 'href="#id_holds-identify-1-1_0"' in page.content.decode()
    kept = sheet_of(assessment, group.one).answers
    assert kept["identify-1-1"] == {"holds": True, "proof": "From the newer window"}


def test_saving_again_after_the_refusal_keeps_what_was_chosen_here() -> None:
    group, assessment = opened()
    client = browser(group.one)
    here = url("answer", assessment, "identify")
    client.post(here, sent({"identify-1-1": "yes"}, 0))
    page = client.post(here, sent({"identify-1-1": "no"}, 0))
    base = int(page.content.decode().split('name="base" value="')[1].split('"')[0])
    assert client.post(here, sent({"identify-1-1": "no"}, base)).status_code == 302
    assert sheet_of(assessment, group.one).answers["identify-1-1"]["holds"] is False


def test_another_dimension_saved_meanwhile_is_no_conflict() -> None:
    group, assessment = opened()
    client = browser(group.one)
    client.post(url("answer", assessment, "package"), sent({"package-1-1": "yes"}, 0))
    page = client.post(url("answer", assessment, "identify"), sent({"identify-1-1": "yes"}, 0))
    assert page.status_code == 302


def test_the_two_settling_in_two_windows_do_not_overwrite_each_other() -> None:
    asked = operations.asked_of(framework())
    group, assessment = compared(None, answers(asked, 0), answers(asked, 1))
    here = url("settle", assessment, "identify")
    base = assessment.revision
    browser(group.one).post(here, sent({"identify-1-1": "yes"}, base))
    page = browser(group.two).post(here, sent({"identify-1-1": "no"}, base))
    assert "Saved in another window: Holds." in words(page)
    assert checked(page, "holds-identify-1-1") == "no"
    assert fresh(assessment).answers["identify-1-1"]["holds"] is True


def test_answers_sent_after_finishing_come_back_with_the_reason() -> None:
    group, assessment = opened()
    finished(assessment, group.one)
    page = browser(group.one).post(
        url("answer", assessment, "identify"), sent({"identify-1-1": "yes"}, 5)
    )
    assert page.status_code == 200
    assert "Take them up again to change one." in words(page)
    assert checked(page, "holds-identify-1-1") == "yes"


def test_a_round_given_up_meanwhile_gives_back_what_was_typed() -> None:
    group, assessment = opened()
    operations.drop(assessment, by=group.focal, note="Begun too early.")
    page = browser(group.one).post(
        url("answer", assessment, "identify"),
        sent({"identify-1-1": "yes"}, 0, identify_1_1="Typed for an hour"),
    )
    assert "Typed for an hour" in words(page)
    assert "has moved on" in words(page)


@pytest.mark.parametrize("base", ["", "x", "-1", "9" * 30, "٣", "\x00"])
def test_a_base_that_is_no_number_overwrites_nothing(base: str) -> None:
    group, assessment = opened()
    answered(assessment, group.one, {"identify-1-1": {"holds": True, "proof": ""}})
    page = browser(group.one).post(
        url("answer", assessment, "identify"), sent({"identify-1-1": "no"}) | {"base": base}
    )
    assert page.status_code == 200
    assert sheet_of(assessment, group.one).answers["identify-1-1"]["holds"] is True


# --- Answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (sent({}, 0, identify_1_1="x" * 501), "Shorten this to 500 characters. It has 501 now."),
        (sent({}, 0, identify_1_1=BROKEN), "This text contains characters that are not text."),
        (sent({"identify-1-1": "perhaps"}), "Choose one of the list."),
    ],
)
def test_what_cannot_be_saved_is_refused_at_its_statement(data: Any, reason: str) -> None:
    group, assessment = opened()
    page = browser(group.one).post(
        url("answer", assessment, "identify"), data | {"holds-identify-2-1": "yes"}
    )
    assert page.status_code == 200
    assert words(page).count(reason) == 2  # in the summary and at the field
    assert page.content.decode().count("<title>Error:") == 1
    assert checked(page, "holds-identify-2-1") == "yes"
    assert sheet_of(assessment, group.one).answers == {}


def test_a_dimension_that_is_not_of_this_edition_is_not_found() -> None:
    group, assessment = opened()
    page = browser(group.one).get(url("answer", assessment, "no-such"))
    assert page.status_code == 404


def test_answers_to_statements_of_another_dimension_are_not_taken() -> None:
    group, assessment = opened()
    browser(group.one).post(url("answer", assessment, "identify"), sent({"money-1-1": "yes"}))
    assert "money-1-1" not in sheet_of(assessment, group.one).answers


def test_marks_in_a_proof_are_shown_as_typed() -> None:
    group, assessment = opened()
    client = browser(group.one)
    client.post(
        url("answer", assessment, "identify"), sent({}, identify_1_1="<script>alert(1)</script>")
    )
    html = client.get(url("answer", assessment, "identify")).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


# --- Who answers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"person_1": ""}, "Choose who answers."),
        ({"unit_1": "  "}, "Name the unit they work in."),
        ({"unit_2": "cooperátion"}, "The two people belong to different units"),
        ({"person_2": "same"}, "Name two different people."),
        ({"person_2": "stranger"}, "Choose one of the list."),
        ({"person_2": "x\x00"}, "Choose who answers."),
        ({"unit_1": "x" * 121}, "Shorten this to 120 characters. It has 121 now."),
    ],
)
def test_two_people_of_two_units_are_asked_for_at_the_field(
    changes: dict[str, str], reason: str
) -> None:
    framework()
    group = team()
    data: dict[str, Any] = {
        "person_1": str(group.one.pk),
        "unit_1": "Cooperation",
        "person_2": str(group.two.pk),
        "unit_2": "Planning",
    }
    names = {"same": str(group.one.pk), "stranger": str(make_user().pk)}
    data |= {key: names.get(value, value) for key, value in changes.items()}
    page = browser(group.focal).post(hub_url("start", group.hub), data)
    assert page.status_code == 200
    assert words(page).count(reason) == 2
    if "unit_2" not in changes:
        assert 'value="Planning"' in page.content.decode()
    assert not Assessment.objects.exists()


def test_a_second_open_round_is_refused_with_the_input_kept() -> None:
    group, _assessment = opened()
    page = browser(group.focal).post(
        hub_url("start", group.hub),
        {"person_1": group.one.pk, "unit_1": "A", "person_2": group.two.pk, "unit_2": "B"},
    )
    assert "is open already" in words(page)
    assert Assessment.objects.count() == 1


def test_replacing_by_somebody_of_the_same_unit_is_refused_at_the_unit() -> None:
    group, assessment = opened()
    place = sheet_of(assessment, group.one)
    page = browser(group.focal).post(
        url("replace", assessment, place.uid), {"person": group.focal.pk, "unit": "PLANNING"}
    )
    assert "The two people belong to different units" in words(page)
    assert 'href="#id_unit"' in page.content.decode()
    assert fresh(place).person == group.one


def test_a_person_who_has_finished_meanwhile_is_not_replaced() -> None:
    group, assessment = opened()
    place = finished(assessment, group.one)
    page = browser(group.focal).post(
        url("replace", assessment, place.uid),
        {"person": group.focal.pk, "unit": "Other"},
        follow=True,
    )
    assert "This person has finished; their answers stay." in words(page)
    assert fresh(place).person == group.one


# --- Sharing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({}, "Choose who may see it."),
        ({"sharing": "chosen"}, "Choose at least one other hub."),
        ({"sharing": "chosen", "hubs": ["999999"]}, "Choose only what is in the list."),
        ({"sharing": "world"}, "Choose one of the list."),
    ],
)
def test_sharing_is_refused_at_its_field_and_stays_as_it_was(
    data: dict[str, Any], reason: str
) -> None:
    group, assessment = agreed()
    page = browser(group.focal).post(url("sharing", assessment), data)
    assert page.status_code == 200
    assert words(page).count(reason) == 2
    assert fresh(assessment).sharing == "private"


def test_a_hidden_hub_cannot_be_chosen_by_its_number() -> None:
    group, assessment = agreed()
    hidden = make_hub(is_listed=False)
    page = browser(group.focal).post(
        url("sharing", assessment), {"sharing": "chosen", "hubs": [hidden.pk]}
    )
    assert "Choose only what is in the list." in words(page)
    assert not fresh(assessment).shared_with.exists()


# --- Steps -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"text": ""}, "Say what is to be done."),
        ({"text": "x" * 401}, "Shorten this to 400 characters. It has 401 now."),
        ({"text": BROKEN}, "This text contains characters that are not text."),
        ({"due_on": "soon"}, "Enter a day as year, month and day, like 2027-05-16."),
        ({"due_on": "2027-02-30"}, "Enter a day as year, month and day, like 2027-05-16."),
        ({"owner": "999999"}, "Choose one of the list."),
    ],
)
def test_a_step_is_refused_at_its_field_and_nothing_typed_is_lost(
    changes: dict[str, str], reason: str
) -> None:
    group = team()
    data = {"text": "Write the brief.", "owner": str(group.one.pk), "due_on": "2027-05-16"}
    page = browser(group.focal).post(hub_url("step-add", group.hub), data | changes)
    assert page.status_code == 200
    assert words(page).count(reason) == 2
    html = page.content.decode()
    if "due_on" not in changes:
        assert 'value="2027-05-16"' in html
    if "owner" not in changes:
        assert f'<option value="{group.one.pk}" selected>' in html
    assert not RoadStep.objects.exists()


def test_a_day_in_arabic_digits_is_understood() -> None:
    group = team()
    browser(group.focal).post(hub_url("step-add", group.hub), {"text": "A", "due_on": "٢٠٢٧-٠٥-١٦"})
    assert RoadStep.objects.get().due_on.isoformat() == "2027-05-16"


@pytest.mark.parametrize("progress", ["", "101", "-1", "half", "1e2", "9" * 400, "٣٣٣", BROKEN])
def test_progress_is_a_whole_number_up_to_a_hundred(progress: str) -> None:
    group = team()
    step = operations.add_step(group.hub, by=group.focal, text="A")
    page = browser(group.focal).post(
        hub_url("step", group.hub, step.uid),
        {"action": "progress", "progress": progress, "text": "Half of it is written."},
    )
    assert page.status_code == 200
    assert "Half of it is written." in words(page)
    assert not step.updates.exists()


@pytest.mark.parametrize(("progress", "kept"), [("50", 50), (" 50 % ", 50), ("٥٠", 50), ("0", 0)])
def test_progress_is_read_as_people_write_it(progress: str, kept: int) -> None:
    group = team()
    step = operations.add_step(group.hub, by=group.focal, text="A")
    browser(group.focal).post(
        hub_url("step", group.hub, step.uid),
        {"action": "progress", "progress": progress, "text": "So far."},
    )
    assert fresh(step).progress == kept


def test_dropping_a_step_wants_a_reason_and_opens_where_it_is_asked() -> None:
    group = team()
    step = operations.add_step(group.hub, by=group.focal, text="A")
    page = browser(group.focal).post(
        hub_url("step", group.hub, step.uid), {"action": "drop", "note": ""}
    )
    assert words(page).count("Give the reason in a sentence.") == 2
    assert 'href="#id_drop_note"' in page.content.decode()
    assert fresh(step).is_open


def test_a_step_finished_in_another_window_says_so() -> None:
    group = team()
    step = operations.add_step(group.hub, by=group.focal, text="A")
    step.finish(by=group.focal)
    page = browser(group.focal).post(
        hub_url("step", group.hub, step.uid),
        {"action": "progress", "progress": "60", "text": "More."},
    )
    assert "This step is closed. Take it up again to change it." in words(page)


def test_an_owner_who_has_left_stays_named_until_somebody_changes_it() -> None:
    group = team()
    leaver = make_member(group.hub)
    step = operations.add_step(group.hub, by=group.focal, text="A", owner=leaver)
    leaver.memberships.all().delete()
    page = browser(group.focal).get(hub_url("step", group.hub, step.uid))
    assert str(leaver) in words(page)
