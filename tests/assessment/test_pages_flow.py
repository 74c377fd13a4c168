"""Two people, from the first question to a road map, as their browsers live it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from assessment import operations
from assessment.models import Assessment, RoadStep, Sheet
from hubs.models import Membership
from tests.assessment.factories import (
    Team,
    agreed,
    answered,
    answers,
    compared,
    finished,
    framework,
    moderator,
    opened,
    sheet_of,
    team,
)
from tests.assessment.pages import all_of, checked, hub_url, sent, url, words
from tests.factories import make_hub, make_member
from tests.people import browser

pytestmark = pytest.mark.django_db

DIMENSIONS = ("identify", "package", "partner", "results", "structure", "money")


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


def answer_all(person: Any, assessment: Assessment, said: dict[str, str]) -> Any:
    """Go through the six pages and finish; gives the answer to the last click."""
    client = browser(person)
    for dimension in DIMENSIONS:
        base = sheet_of(assessment, person).revision
        page = client.post(
            url("answer", assessment, dimension), sent(all_of(dimension, said[dimension]), base)
        )
        assert page.status_code == 302
    return client.post(url("mine", assessment), {"action": "finish"})


def test_two_people_come_from_statements_to_a_road_map() -> None:
    framework()
    group = team(is_listed=True)
    focal = browser(group.focal)
    start = focal.post(
        hub_url("start", group.hub),
        {
            "person_1": group.one.pk,
            "unit_1": "Cooperation",
            "person_2": group.two.pk,
            "unit_2": "Planning",
        },
    )
    assert start["Location"] == hub_url("hub", group.hub)
    assessment = Assessment.objects.get()
    assert assessment.sheets.count() == 2

    one = dict.fromkeys(DIMENSIONS, "no")
    two = one | {"identify": "yes"}
    first = answer_all(group.one, assessment, one)
    assert first["Location"] == url("mine", assessment)
    second = answer_all(group.two, assessment, two)
    assert second["Location"] == url("differences", assessment)

    both = browser(group.one)
    page = words(both.get(url("differences", assessment)))
    assert "The two differ on 12 of 72 statements" in page
    assert "12 statements are still to be settled." in page
    settled = both.post(
        url("settle", assessment, "identify"),
        sent(all_of("identify", "no") | {f"identify-1-{n}": "yes" for n in (1, 2, 3)}, 0),
    )
    assert settled["Location"] == url("settle", assessment, "package")
    done = both.post(url("differences", assessment), {"summary": "We have begun."})
    assert done["Location"] == url("result", assessment)
    assessment = fresh(assessment)
    assert assessment.levels == dict.fromkeys(DIMENSIONS, 0) | {"identify": 1}
    assert assessment.summary == "We have begun."

    suggestions = [each.code for each in operations.suggestions(assessment)]
    page = focal.get(url("result", assessment))
    assert all(f'value="{code}"' in page.content.decode() for code in suggestions)
    taken = focal.post(url("take", assessment), {"step": suggestions[:2]})
    assert taken["Location"] == hub_url("road-map", group.hub)
    assert RoadStep.objects.filter(hub=group.hub).count() == 2
    assert "2 steps are open." in words(focal.get(hub_url("road-map", group.hub)))


def test_answers_stay_on_the_page_and_what_is_left_is_said() -> None:
    group, assessment = opened()
    client = browser(group.one)
    client.post(
        url("answer", assessment, "identify"),
        sent({"identify-1-1": "yes", "identify-1-2": "no"}, identify_1_1="The order of May."),
    )
    page = client.get(url("answer", assessment, "identify"))
    assert checked(page, "holds-identify-1-1") == "yes"
    assert checked(page, "holds-identify-1-2") == "no"
    assert checked(page, "holds-identify-1-3") == ""
    assert "The order of May." in words(page)
    assert "10 statements on this page have no answer yet." in words(page)
    assert "70 statements have no answer yet." in words(client.get(url("mine", assessment)))


def test_saving_leads_to_the_next_dimension_and_from_the_last_to_the_list() -> None:
    group, assessment = opened()
    client = browser(group.one)
    first = client.post(url("answer", assessment, "identify"), sent({}))
    assert first["Location"] == url("answer", assessment, "package")
    last = client.post(url("answer", assessment, "money"), sent({}))
    assert last["Location"] == url("mine", assessment)
    closed = client.post(url("answer", assessment, "identify"), sent({}, action="close"))
    assert closed["Location"] == url("mine", assessment)


def test_finishing_names_each_statement_without_an_answer_and_where_it_stands() -> None:
    group, assessment = opened()
    given = answers(operations.asked_of(assessment.framework))
    given["partner-2-3"]["holds"] = None
    answered(assessment, group.one, given)
    page = browser(group.one).post(url("mine", assessment), {"action": "finish"})
    assert page.status_code == 200
    target = f"{url('answer', assessment, 'partner')}#s-partner-2-3"
    assert page.content.decode().count(f'<a href="{target}">') == 1
    assert "There is 1 thing to fix" in words(page)
    there = browser(group.one).get(url("answer", assessment, "partner")).content.decode()
    assert 'id="s-partner-2-3"' in there
    assert sheet_of(assessment, group.one).done_at is None


def test_finished_answers_are_read_only_until_taken_up_again() -> None:
    group, assessment = opened()
    finished(assessment, group.one)
    client = browser(group.one)
    page = client.get(url("answer", assessment, "identify"))
    assert "holds-identify-1-1" not in page.content.decode()
    assert "take them up again first" in words(page)
    client.post(url("mine", assessment), {"action": "reopen"})
    assert sheet_of(assessment, group.one).done_at is None
    page = client.get(url("answer", assessment, "identify"))
    assert "holds-identify-1-1" in page.content.decode()


def test_what_both_say_alike_is_settled_and_only_differences_are_open() -> None:
    asked_group, assessment = _apart_on(["identify-1-2"])
    page = browser(asked_group.one).get(url("settle", assessment, "identify"))
    html = page.content.decode()
    assert checked(page, "holds-identify-1-1") == "no"
    assert checked(page, "holds-identify-1-2") == ""
    before, folded = html.split('<details class="more-box one-line', 1)
    assert "s-identify-1-2" in before
    assert "s-identify-1-1" in folded
    assert "11 statements on which they agree" in words(page)


def _apart_on(codes: list[str]) -> tuple[Team, Assessment]:
    framework()
    asked = operations.asked_of(framework())
    one, two = answers(asked), answers(asked)
    for code in codes:
        two[code] = {"holds": True, "proof": "The list of 2026."}
    return compared(None, one, two)


def test_both_voices_stand_side_by_side_under_their_units() -> None:
    group, assessment = _apart_on(["identify-1-2"])
    page = words(browser(group.focal).get(url("settle", assessment, "identify")))
    start = page.index("Cooperation")
    assert page[start:].startswith("Cooperation Does not hold Planning Holds The list of 2026.")


def test_agreeing_names_what_is_not_settled_yet() -> None:
    group, assessment = _apart_on(["identify-1-2", "money-1-1"])
    page = browser(group.one).post(url("differences", assessment), {"summary": "Kept text"})
    assert page.status_code == 200
    html = page.content.decode()
    assert f'<a href="{url("settle", assessment, "money")}#s-money-1-1">' in html
    assert "There are 2 things to fix" in words(page)
    assert "Kept text" in html
    assert fresh(assessment).state == Assessment.State.COMPARING


def test_members_who_were_not_asked_read_the_differences_and_cannot_settle() -> None:
    group, assessment = _apart_on(["identify-1-2"])
    member = browser(make_member(group.hub))
    page = member.get(url("settle", assessment, "identify"))
    assert "holds-identify-1-2" not in page.content.decode()
    assert "not settled yet" in words(page)
    answer = member.post(url("settle", assessment, "identify"), sent({"identify-1-2": "yes"}))
    assert answer.status_code == 403
    assert member.post(url("differences", assessment), {}).status_code == 403


def test_the_hub_page_says_who_is_asked_and_what_comes_next() -> None:
    group, assessment = opened()
    finished(assessment, group.one)
    page = words(browser(group.two).get(hub_url("hub", group.hub)))
    assert f"{group.one} Cooperation Finished" in page
    assert f"{group.two} Planning Still answering" in page
    assert "Answer" in page
    assert "Ask somebody else" not in page
    assert "Ask somebody else" in words(browser(group.focal).get(hub_url("hub", group.hub)))


def test_a_place_that_became_free_is_filled_by_the_focal_point() -> None:
    group, assessment = opened()
    third = make_member(group.hub)
    place = sheet_of(assessment, group.one)
    Sheet.objects.filter(pk=place.pk).update(person=None)
    client = browser(group.focal)
    assert "Nobody at present" in words(client.get(hub_url("hub", group.hub)))
    page = client.post(
        url("replace", assessment, place.uid), {"person": third.pk, "unit": "Cooperation"}
    )
    assert page["Location"] == hub_url("hub", group.hub)
    assert fresh(place).person == third


def test_a_round_is_given_up_with_a_reason() -> None:
    group, assessment = opened()
    client = browser(group.focal)
    assert "Give the reason" in words(client.post(url("drop", assessment), {"note": " "}))
    client.post(url("drop", assessment), {"note": "Begun too early."})
    assert fresh(assessment).state == Assessment.State.DROPPED
    assert "Open a self-assessment" in words(client.get(hub_url("hub", group.hub)))


def test_a_focal_point_without_two_members_is_told_to_invite_one() -> None:
    framework()
    hub = make_hub()
    focal = make_member(hub, Membership.Role.FOCAL_POINT)
    page = words(browser(focal).get(hub_url("start", hub)))
    assert "It takes two members, and your hub has fewer." in page


# --- The result --------------------------------------------------------------------------------


def test_the_result_names_change_level_and_what_the_next_level_needs() -> None:
    with time_machine.travel(dt.datetime(2025, 5, 1, 9, tzinfo=dt.UTC), tick=False):
        group, _old = agreed(None, 1)
    with time_machine.travel(dt.datetime(2026, 5, 1, 9, tzinfo=dt.UTC), tick=False):
        group, assessment = agreed(group, 2)
        page = words(browser(group.one).get(url("result", assessment)))
    assert "Higher than last time in 6 of 6 dimensions." in page
    assert "Identify and validate 1 2repeatable 1 level higher" in page
    assert "For level 3, institutional, this is missing:" in page


def test_a_benchmark_shows_from_five_hubs_on_and_else_says_why_not() -> None:
    group, assessment = agreed(team(is_listed=True), 2)
    client = browser(group.one)
    page = client.get(url("result", assessment))
    assert "it appears once at least 5 hubs take part" in words(page)
    assert 'class="spread' not in page.content.decode()
    for level in (0, 1, 3, 4):
        agreed(team(is_listed=True), level)
    page = client.get(url("result", assessment))
    assert page.content.decode().count('class="spread') == 6
    assert 'aria-label="Half of the 5 hubs lie between 1 and 3, the middle at 2."' in (
        page.content.decode()
    )


def test_a_shared_result_shows_no_proof_no_name_and_no_next_step() -> None:
    asked = operations.asked_of(framework())
    given = answers(asked, 1)
    given["identify-1-1"]["proof"] = "Order 17 of the director"
    group, assessment = compared(team(is_listed=True), given, given)
    operations.agree(assessment, by=group.one)
    operations.share(assessment, by=group.focal, sharing="public")
    own = words(browser(group.two).get(url("result", assessment)))
    assert "Order 17 of the director" in own
    outside = Client().get(url("result", assessment))
    assert "Order 17" not in outside.content.decode()
    for person in (group.one, group.two, group.focal):
        assert str(person) not in words(outside)
    assert "Put on the road map" not in words(outside)
    assert "Level 1, ad hoc." in words(outside)
    sheet = Client().get(url("result-csv", assessment)).content.decode()
    assert "identify-1-1" in sheet
    assert "Order 17" not in sheet
    assert "Order 17" in browser(group.two).get(url("result-csv", assessment)).content.decode()


def test_sharing_says_its_consequences_and_holds() -> None:
    group, assessment = agreed(team(is_listed=True), 1)
    peer_hub = make_hub(is_listed=True)
    peer = browser(make_member(peer_hub))
    client = browser(group.focal)
    assert "search engines" in words(client.get(url("sharing", assessment)))
    assert peer.get(url("result", assessment)).status_code == 404
    page = client.post(
        url("sharing", assessment),
        {"sharing": "chosen", "hubs": [peer_hub.pk], "shares_road_map": "on"},
    )
    assert page["Location"] == url("result", assessment)
    assert peer.get(url("result", assessment)).status_code == 200
    assert peer.get(hub_url("road-map", group.hub)).status_code == 200
    assert fresh(assessment).in_benchmark is False
    client.post(url("sharing", assessment), {"sharing": "private", "in_benchmark": "on"})
    assert peer.get(url("result", assessment)).status_code == 404
    assert peer.get(hub_url("road-map", group.hub)).status_code == 404


def test_only_a_public_result_may_be_indexed() -> None:
    group, assessment = agreed(team(is_listed=True))
    page = browser(group.one).get(url("result", assessment)).content.decode()
    assert '<meta name="robots" content="noindex">' in page
    operations.share(assessment, by=group.focal, sharing="public")
    assert '<meta name="robots"' not in Client().get(url("result", assessment)).content.decode()


def test_the_years_stand_side_by_side_with_their_change() -> None:
    group = None
    for year, level in ((2024, 1), (2025, 3), (2026, 2)):
        with time_machine.travel(dt.datetime(year, 3, 1, 9, tzinfo=dt.UTC), tick=False):
            group, _assessment = agreed(group, level)
    assert group is not None
    page = browser(group.one).get(hub_url("hub", group.hub))
    assert "Identify and validate 1 3 (+2) 2 (−1)" in words(page)
    assert page.content.decode().count('class="cur"') == 4
    rows = browser(group.one).get(hub_url("history-csv", group.hub)).content.decode().splitlines()
    assert len(rows) == 1 + 3 * 6
    assert rows[1].endswith(",2026-03-01,1.0,identify,Identify and validate,2")


def test_an_open_round_has_no_result_yet() -> None:
    group, assessment = opened()
    page = browser(group.one).get(url("result", assessment))
    assert page["Location"] == hub_url("hub", group.hub)


def test_the_address_of_a_merged_hub_leads_to_the_hub_that_stays() -> None:
    gone, kept = make_hub(is_listed=True), make_hub(is_listed=True)
    gone.merged_into = kept
    gone.save()
    page = Client().get(hub_url("hub", gone))
    assert (page.status_code, page["Location"]) == (301, hub_url("hub", kept))


# --- The road map ------------------------------------------------------------------------------


def step_of(group: Team, **more: Any) -> RoadStep:
    return operations.add_step(group.hub, by=group.focal, **({"text": "Write the brief."} | more))


def test_steps_stand_under_now_next_and_later_and_late_is_said() -> None:
    group = team()
    today = timezone.localdate()
    for text, days in (("Late", -1), ("Soon", 90), ("Next", 91), ("Year", 365), ("Far", 366)):
        step_of(group, text=text, due_on=today + dt.timedelta(days=days))
    step_of(group, text="Some day")
    response = browser(group.one).get(hub_url("road-map", group.hub))
    columns = [
        [step.text for step in response.context["road"].__getattribute__(name)]
        for name in ("now", "soon", "later")
    ]
    assert columns == [["Late", "Soon"], ["Next", "Year"], ["Far", "Some day"]]
    assert "6 steps are open. 1 of them is late." in words(response)
    assert words(response).count("Late:") == 1


def test_a_step_is_added_changed_noted_finished_and_taken_up_again() -> None:
    group = team()
    client = browser(group.focal)
    client.post(
        hub_url("step-add", group.hub),
        {"text": "Write the brief.", "owner": group.one.pk, "due_on": "2027-05-16"},
    )
    step = RoadStep.objects.get()
    assert (step.text, step.owner, step.due_on) == (
        "Write the brief.",
        group.one,
        dt.date(2027, 5, 16),
    )
    here = hub_url("step", group.hub, step.uid)
    client.post(here, {"action": "change", "text": "Write two briefs.", "owner": "", "due_on": ""})
    step = fresh(step)
    assert (step.text, step.owner, step.due_on) == ("Write two briefs.", None, None)
    client.post(here, {"action": "progress", "progress": "30 %", "text": "One is written."})
    step = fresh(step)
    assert (step.progress, step.state) == (30, "under_way")
    client.post(here, {"action": "finish", "note": "Both are out."})
    assert (fresh(step).progress, fresh(step).state) == (100, "done")
    client.post(here, {"action": "reopen", "note": "One was wrong."})
    assert (fresh(step).progress, fresh(step).state) == (30, "under_way")
    said = words(client.get(here))
    story = said[said.index("What happened") :]
    order = ["One was wrong.", "Both are out.", "One is written.", "Changed", "Put on the road map"]
    places = [story.rindex(text) for text in order]
    assert places == sorted(places)


def test_only_moves_that_are_allowed_have_a_button() -> None:
    group = team()
    step = step_of(group, owner=group.one)
    here = hub_url("step", group.hub, step.uid)

    def buttons(person: Any) -> set[str]:
        html = browser(person).get(here).content.decode()
        verbs = ("begin", "finish", "drop", "reopen", "change", "progress")
        return {verb for verb in verbs if f'name="action" value="{verb}"' in html}

    everything = {"begin", "finish", "drop", "change", "progress"}
    assert buttons(group.focal) == everything
    assert buttons(make_member(group.hub, Membership.Role.EDITOR)) == everything
    assert buttons(group.one) == {"begin", "finish", "progress"}  # it is theirs to do
    assert buttons(group.two) == set()
    step.drop(by=group.focal, note="Too early.")
    assert buttons(group.focal) == {"reopen"}
    assert buttons(group.one) == set()


@pytest.mark.parametrize("action", ["begin", "finish", "drop", "change", "progress"])
def test_a_forged_action_on_a_step_is_refused(action: str) -> None:
    group = team()
    step = step_of(group)
    here = hub_url("step", group.hub, step.uid)
    data = {"action": action, "text": "Forged", "progress": "5", "note": "Forged"}
    assert browser(group.two).post(here, data).status_code == 403
    administrator = make_member(group.hub, is_staff=True, is_superuser=True)
    assert browser(administrator).post(here, data).status_code == 403
    assert (fresh(step).text, fresh(step).state, fresh(step).progress) == (
        "Write the brief.",
        "planned",
        0,
    )


def test_an_unknown_action_on_a_step_is_not_found() -> None:
    group = team()
    step = step_of(group)
    here = hub_url("step", group.hub, step.uid)
    assert browser(group.focal).post(here, {"action": "give_way"}).status_code == 404


def test_outsiders_see_a_shared_road_map_without_names_and_links() -> None:
    group, assessment = agreed(team(is_listed=True))
    step_of(group, owner=group.one)
    operations.share(assessment, by=group.focal, sharing="public", shares_road_map=True)
    page = Client().get(hub_url("road-map", group.hub))
    assert "Write the brief." in words(page)
    assert str(group.one) not in words(page)
    assert hub_url("step", group.hub, RoadStep.objects.get().uid) not in page.content.decode()
    assert "Add a step" not in words(page)


def test_taking_steps_needs_a_tick_and_an_editor() -> None:
    group, assessment = agreed()
    client = browser(group.focal)
    page = client.post(url("take", assessment), follow=True)
    assert "Tick at least one step." in words(page)
    unknown = client.post(url("take", assessment), {"step": "no-such-1-1"}, follow=True)
    assert "There is no such statement" in words(unknown)
    assert (
        browser(group.two).post(url("take", assessment), {"step": "identify-1-1"}).status_code
        == 403
    )
    assert browser(moderator()).post(url("take", assessment)).status_code == 404
    assert not RoadStep.objects.exists()
