"""The workspace: begin, write page by page, check, send in; without scripts."""

from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from catalogue import fields as f
from catalogue import operations
from catalogue.choices import Form, SubmissionState
from catalogue.models import (
    Contributor,
    Invitation,
    PageDraft,
    Solution,
    StoredFile,
    Submission,
)
from hubs.models import Membership
from tests.catalogue.posting import changed, controls
from tests.factories import (
    complete_full,
    complete_snapshot,
    make_hub,
    make_member,
    make_solution,
    make_user,
    published,
    reference,
    submitted,
)
from tests.people import browser

pytestmark = pytest.mark.django_db


def page_url(solution: Solution, page: str) -> str:
    return reverse("catalogue:work-page", args=[solution.uid, page])


def work_url(solution: Solution, name: str = "work", *args) -> str:
    return reverse(f"catalogue:{name}", args=[solution.uid, *args])


def save(client: Client, solution: Solution, page: str, **values):
    """Open a page, change some controls, press "Save and continue"."""
    data = controls(client.get(page_url(solution, page)))
    return client.post(page_url(solution, page), changed(data, action="continue", **values))


def fresh(solution: Solution) -> Solution:
    return Solution.objects.get(pk=solution.pk)


# --- Who may come in ---------------------------------------------------------------------

GET_PAGES = [
    ("work", ()),
    ("work-check", ()),
    ("work-team", ()),
    ("work-translations", ()),
    ("work-translation", ("fr",)),
    ("work-similar", ()),
    *(("work-page", (page,)) for page in f.PAGE_CODES),
]
POST_PAGES = [
    ("work-check", ()),
    ("work-recall", ()),
    ("work-take-over", ()),
    ("work-team", ()),
    ("work-leave", (1,)),
    ("work-withdraw-invitation", (1,)),
    ("work-translations", ()),
    ("work-translation", ("fr",)),
    ("work-translation-discard", ("fr",)),
    *(("work-page", (page,)) for page in f.PAGE_CODES),
    ("work-discard", ("name",)),
]


@pytest.mark.parametrize(("name", "args"), GET_PAGES)
def test_a_draft_is_open_to_its_team_and_does_not_exist_for_others(name, args):
    solution = complete_full()
    url = work_url(solution, name, *args)
    anonymous = browser().get(url)
    assert (anonymous.status_code, anonymous["Location"]) == (302, f"/accounts/login/?next={url}")
    assert browser(make_user()).get(url).status_code == 404
    assert browser(make_user(is_staff=True)).get(url).status_code == 404
    assert browser(solution.owner).get(url).status_code == 200
    member = make_user()
    Contributor.objects.create(solution=solution, user=member, name="M", role="author")
    assert browser(member).get(url).status_code == 200


@pytest.mark.parametrize(("name", "args"), POST_PAGES)
def test_nobody_else_changes_a_draft(name, args):
    solution = complete_full()
    before = fresh(solution).revision
    url = work_url(solution, name, *args)
    assert browser().post(url).status_code == 302
    assert browser(make_user()).post(url, {"title": "X"}).status_code == 404
    assert fresh(solution).revision == before
    assert not PageDraft.objects.exists()


def test_the_desk_reads_what_was_sent_in_and_does_not_write_in_it():
    solution = complete_snapshot()
    submitted(solution)
    moderator = browser(make_user(is_staff=True))
    assert moderator.get(work_url(solution)).status_code == 200
    assert moderator.get(page_url(solution, "name")).status_code == 403
    assert moderator.post(page_url(solution, "name"), {"title": "X"}).status_code == 403
    assert moderator.post(work_url(solution, "work-team"), {"email": "a@b.test"}).status_code == 403


def test_an_editor_of_the_hub_may_write_once_it_was_sent_in():
    hub = make_hub()
    solution = complete_snapshot(hub=hub)
    editor = browser(make_member(hub, Membership.Role.EDITOR))
    assert editor.get(page_url(solution, "name")).status_code == 404
    submitted(solution)
    assert editor.get(page_url(solution, "name")).status_code == 200


def test_a_published_record_keeps_its_workspace_to_its_team():
    solution = published(complete_snapshot())
    assert browser(make_user()).get(work_url(solution)).status_code == 404
    assert browser(solution.owner).get(work_url(solution)).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/work/nosuchrecord/", "/work/nosuchrecord/name/", "/work/%00/", "/work/" + "x" * 3000 + "/"],
)
def test_what_is_not_there_is_not_found(path):
    assert browser(make_user()).get(path).status_code in {400, 404}


def test_a_page_or_language_that_is_not_there_is_not_found():
    solution = make_solution()
    client = browser(solution.owner)
    for path in ("nosuchpage/", "nosuchpage/autosave/", "translations/xx/", "translations/en/"):
        assert client.get(f"{work_url(solution)}{path}").status_code in {404, 405}
        assert client.post(f"{work_url(solution)}{path}").status_code == 404


# --- Begin -------------------------------------------------------------------------------


def test_the_first_page_says_what_is_no_solution_and_asks_visitors_to_sign_in():
    reference()
    response = browser().get("/submit/")
    text = response.content.decode()
    for what in (
        "A publication",
        "A network or an organisation",
        "A product",
        "A person",
        "A plan",
    ):
        assert what in text
    assert 'href="/accounts/login/?next=/submit/"' in text
    assert browser().post("/submit/", {})["Location"] == "/accounts/login/?next=/submit/"


def test_a_draft_begins_with_the_persons_own_hub_and_the_form_sent_twice_begins_one():
    reference()
    hub = make_hub(name="Own hub")
    make_hub(name="Other hub")
    make_hub(name="Hidden hub", is_listed=False)
    user = make_member(hub)
    client = browser(user)
    page = client.get("/submit/")
    data = controls(page)
    assert data["hub"] == [str(hub.pk)]
    assert "Other hub" in page.content.decode()
    assert "Hidden hub" not in page.content.decode()
    first = client.post("/submit/", changed(data, form=Form.FULL))
    second = client.post("/submit/", changed(data, form=Form.FULL))
    solution = Solution.objects.get()
    assert first["Location"] == second["Location"] == page_url(solution, "name")
    assert (solution.owner, solution.hub, solution.form) == (user, hub, Form.FULL)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"form": ""}, "Choose how much you will write."),
        ({"form": "novel"}, "Choose one of the list."),
        ({"hub": "999999"}, "Choose one of the list."),
        ({"hub": "x"}, "Choose one of the list."),
        ({"language": "tlh"}, "Choose one of the list."),
    ],
)
def test_a_wrong_beginning_is_refused_at_its_field(wrong, message):
    reference()
    client = browser(make_user())
    data = changed(controls(client.get("/submit/")), **wrong)
    response = client.post("/submit/", data)
    assert response.status_code == 200
    assert message in response.content.decode()
    assert not Solution.objects.exists()


@pytest.mark.parametrize("key", ["", "forged", "\x00"])
def test_a_broken_form_key_is_replaced_and_nothing_else_lost(key):
    reference()
    client = browser(make_user())
    data = changed(controls(client.get("/submit/")), form_key=key, form=Form.FULL)
    response = client.post("/submit/", data)
    again = controls(response)
    assert uuid.UUID(again["form_key"][0])
    assert again["form"] == [Form.FULL]


# --- Question pages ----------------------------------------------------------------------


@pytest.mark.parametrize("page", f.PAGE_CODES)
@pytest.mark.parametrize("make", [make_solution, complete_snapshot, complete_full])
def test_a_page_saved_as_it_was_opened_changes_nothing(page, make):
    solution = make()
    solution.tags.add("Milk banks", "certification")
    before = fresh(solution)
    response = save(browser(solution.owner), solution, page)
    after = fresh(solution)
    assert response.status_code == 302
    assert after.revision == before.revision
    columns = [field.attname for field in Solution._meta.concrete_fields]
    assert {c: getattr(after, c) for c in columns} == {c: getattr(before, c) for c in columns}
    assert not PageDraft.objects.exists()


def test_pages_lead_from_one_to_the_next_and_to_the_check():
    solution = make_solution()
    client = browser(solution.owner)
    following = [
        *(page_url(solution, page) for page in f.PAGE_CODES[1:]),
        work_url(solution, "work-check"),
    ]
    found = [save(client, solution, page)["Location"] for page in f.PAGE_CODES]
    assert found == following


def test_a_whole_snapshot_is_written_page_by_page_and_sent_in():
    reference()
    hub = make_hub()
    user = make_user()
    client = browser(user)
    data = controls(client.get("/submit/"))
    client.post("/submit/", changed(data, form=Form.SNAPSHOT, hub=str(hub.pk)))
    solution = Solution.objects.get()
    save(
        client,
        solution,
        "name",
        title=" Wells  tested ",
        summary="Volunteers test wells.",
        kind="service",
        sectors=["water", "health"],
        goals=["6"],
        tags="Water, wells، water",
    )
    save(
        client,
        solution,
        "place",
        countries=["Brésil", "", "id"],
        started_on="3/2015",
        is_running="on",
        stage="scaling",
        owner_institution="Institute of Water",
    )
    save(client, solution, "problem", problem="Half of the wells\nwere *never* tested.")
    save(client, solution, "approach", approach="They do:\n\n- take samples\n- write them down")
    save(
        client,
        solution,
        "results",
        narrative="Nine of ten are tested.",
        indicators__0__name="Wells tested",
        indicators__0__latest="91",
        indicators__0__latest_on="2020",
    )
    save(client, solution, "learning", failure="Forms were lost.")
    save(
        client,
        solution,
        "evidence",
        evidence__0__title="Report",
        evidence__0__kind="report",
        evidence__0__url="reports.test.example/2021",
        evidence__0__language="Français",
        evidence__0__criteria=["C2", "C3"],
        evidence__0__dated_on="2021",
    )
    save(
        client,
        solution,
        "sharing",
        consent="on",
        contact_name="A contact",
        contact_email="contact@test.example",
        offer_languages=["Bahasa Indonesia", "english"],
    )
    solution = fresh(solution)
    assert solution.title == "Wells  tested"
    assert sorted(tag.name for tag in solution.tags.all()) == ["water", "wells"]
    assert sorted(solution.countries.values_list("pk", flat=True)) == ["BR", "ID"]
    assert (solution.started_on, solution.is_running) == ("2015-03", True)
    assert solution.problem == "<p>Half of the wells<br>were <em>never</em> tested.</p>"
    assert (
        solution.approach == "<p>They do:</p><ul><li>take samples</li><li>write them down</li></ul>"
    )
    item = solution.evidence.get()
    assert (item.url, item.language_id, item.criteria, item.dated_on, item.access) == (
        "https://reports.test.example/2021", "fr", ["C2", "C3"], "2021", "open",
    )  # fmt: skip
    assert list(solution.indicators.values_list("name", "latest")) == [("Wells tested", "91")]
    assert sorted(solution.offer_languages.values_list("pk", flat=True)) == ["en", "id"]
    check = client.get(work_url(solution, "work-check"))
    assert "There are" not in check.content.decode()
    sent = client.post(work_url(solution, "work-check"), {"action": "submit", "form": "snapshot"})
    assert sent["Location"] == work_url(solution, "work-submitted", 1)
    assert "is sent in" in client.get(sent["Location"]).content.decode()
    assert Submission.objects.get().state == SubmissionState.SCREENING


def test_save_and_close_leads_to_the_overview_and_lets_others_write():
    solution = make_solution()
    client = browser(solution.owner)
    data = controls(client.get(page_url(solution, "name")))
    response = client.post(page_url(solution, "name"), changed(data, action="close", title="New"))
    assert response["Location"] == work_url(solution)
    assert fresh(solution).title == "New"
    assert not hasattr(fresh(solution), "lock")


def test_back_keeps_what_was_typed_without_judging_it():
    solution = make_solution(started_on="2013")
    client = browser(solution.owner)
    data = controls(client.get(page_url(solution, "place")))
    response = client.post(
        page_url(solution, "place"), changed(data, action="back", started_on="soon")
    )
    assert response["Location"] == page_url(solution, "name")
    assert fresh(solution).started_on == "2013"
    again = client.get(page_url(solution, "place"))
    assert controls(again)["started_on"] == ["soon"]
    assert "There is 1 thing to fix" not in again.content.decode()
    assert "This is what you typed and did not save" in again.content.decode()


def test_hints_and_the_words_of_the_criteria_stand_beside_the_questions():
    solution = make_solution()
    text = browser(solution.owner).get(page_url(solution, "results")).content.decode()
    assert "Reviewers look for a value" in text
    assert "What changed, compared with what?" in text


def test_a_page_names_each_question_as_the_check_does():
    solution = complete_full()
    client = browser(solution.owner)
    for page in f.PAGE_CODES:
        text = client.get(page_url(solution, page)).content.decode()
        for item in f.on_page(page):
            if item.name not in {"goals", "targets", "is_running", "consent", "editors_note"}:
                assert str(item.label).lower() in text.lower(), item.name
            if item.name != "editors_note":
                assert f'id="field-{item.name}"' in text


# --- Goals and targets without 169 sentences ------------------------------------------------


def test_targets_appear_for_ticked_goals_only_and_at_most_three_are_kept():
    solution = make_solution()
    client = browser(solution.owner)
    first = client.get(page_url(solution, "name"))
    assert "Text of target" not in first.content.decode()
    data = changed(controls(first), goals=["3"], title="Typed too", row="targets:show")
    shown = client.post(page_url(solution, "name"), data, follow=True)
    text = shown.content.decode()
    assert "Text of target 3.8" in text
    assert "Text of target 6.1" not in text
    assert controls(shown)["title"] == ["Typed too"]
    assert fresh(solution).title != "Typed too"
    four = changed(controls(shown), targets=["3.1", "3.2", "3.8", "3.d"], action="continue")
    refused = client.post(page_url(solution, "name"), four)
    assert "Choose up to 3. There are 4 now." in refused.content.decode()
    three = changed(controls(refused), targets=["3.1", "3.2", "3.8"], action="continue")
    assert client.post(page_url(solution, "name"), three).status_code == 302
    assert sorted(solution.targets.values_list("pk", flat=True)) == ["3.1", "3.2", "3.8"]
    assert list(solution.goals.values_list("pk", flat=True)) == [3]


# --- Countries as people write them -----------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        (["Brazil"], ["BR"]),
        (["BRÉSIL"], ["BR"]),
        ([" brasil "], ["BR"]),
        (["إندونيسيا"], ["ID"]),
        (["Ivory coast"], ["CI"]),
        (["Cote d'Ivoire"], ["CI"]),
        (["br"], ["BR"]),
        (["IDN"], ["ID"]),
        (["DR Congo", "Congo (CG)"], ["CD", "CG"]),
        (["Brazil", "Brésil", "BR"], ["BR"]),
        (["", "", "Brazil", ""], ["BR"]),
    ],
)
def test_a_country_may_be_written_in_any_language(typed, codes):
    solution = make_solution()
    response = save(browser(solution.owner), solution, "place", countries=typed)
    assert response.status_code == 302
    assert sorted(solution.countries.values_list("pk", flat=True)) == codes


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("Narnia", "We know no country called “Narnia”. Choose a name from the list."),
        (
            "Kongo",
            "“Kongo” can mean several: Congo, Democratic Republic of the, Congo."
            " Write one of these.",
        ),
        ("<script>", "We know no country called “&lt;script&gt;”."),
        ("x" * 5000, "We know no country called “" + "x" * 60 + "”."),
    ],
)
def test_an_unknown_or_ambiguous_country_is_refused_and_stays_as_typed(typed, message):
    solution = make_solution()
    response = save(browser(solution.owner), solution, "place", countries=["Brazil", typed])
    assert message in response.content.decode()
    assert controls(response)["countries"] == ["Brazil", typed]
    assert not solution.countries.exists()


# --- Rows without scripts -------------------------------------------------------------------


def press(client: Client, solution: Solution, page: str, button: str, **values):
    data = controls(client.get(page_url(solution, page)))
    response = client.post(
        page_url(solution, page), changed(data, row=button, **values), follow=True
    )
    return response, response.redirect_chain[-1][0]


def titles(response) -> list[str]:
    data = controls(response)
    total = int(data["blocks-TOTAL_FORMS"][0])
    return [data[f"blocks-{n}-title"][0] for n in range(total)]


def test_rows_are_added_moved_and_taken_out_by_buttons_and_kept_until_saved():
    solution = complete_full()
    client = browser(solution.owner)
    shown, url = press(client, solution, "approach", "blocks:add", steps="Typed meanwhile")
    assert url == f"{page_url(solution, 'approach')}#blocks-2"
    assert titles(shown) == ["Test kit", "Reporting line", ""]
    assert controls(shown)["steps"] == ["Typed meanwhile"]
    shown, _url = press(client, solution, "approach", "blocks:1:up", blocks__2__title="Third")
    assert titles(shown) == ["Reporting line", "Test kit", "Third"]
    shown, _url = press(client, solution, "approach", "blocks:1:down")
    assert titles(shown) == ["Reporting line", "Third", "Test kit"]
    shown, url = press(client, solution, "approach", "blocks:0:remove")
    assert titles(shown) == ["Third", "Test kit"]
    assert url == f"{page_url(solution, 'approach')}#blocks"
    assert [block.title for block in solution.blocks.all()] == ["Test kit", "Reporting line"]
    save(client, solution, "approach")
    assert [block.title for block in solution.blocks.all()] == ["Third", "Test kit"]
    assert fresh(solution).steps == "<p>Typed meanwhile</p>"


def test_no_more_rows_than_the_record_takes():
    solution = make_solution()
    client = browser(solution.owner)
    for _n in range(10):
        shown, _url = press(client, solution, "approach", "blocks:add")
    assert len(titles(shown)) == f.MAX_BLOCKS


def test_seven_blocks_are_refused_and_all_seven_stay():
    solution = make_solution()
    client = browser(solution.owner)
    data = controls(client.get(page_url(solution, "approach")))
    rows = {f"blocks-{n}-title": f"Block {n}" for n in range(7)}
    response = client.post(
        page_url(solution, "approach"),
        {**data, **rows, "blocks-TOTAL_FORMS": "7", "action": "continue"},
    )
    assert "Keep up to 6 rows. There are 7 now." in response.content.decode()
    assert titles(response) == [f"Block {n}" for n in range(7)]
    assert titles(client.get(page_url(solution, "approach"))) == [f"Block {n}" for n in range(7)]
    assert not solution.blocks.exists()


def test_one_more_country_gets_one_more_line():
    solution = make_solution()
    client = browser(solution.owner)
    shown, url = press(client, solution, "place", "countries:add", countries=["Brazil"])
    assert controls(shown)["countries"] == ["Brazil", ""]
    assert url.endswith("#id_countries_1")


@pytest.mark.parametrize(
    "button",
    ["", ":", "blocks", "blocks:x", "blocks:99:up", "blocks:-1:up", "blocks:0:fly", "title:add",
     "csrfmiddlewaretoken:add", "evidence:0:remove", "a:b:c:d", "\x00:add"],
)  # fmt: skip
def test_a_forged_button_changes_nothing(button):
    solution = complete_full()
    client = browser(solution.owner)
    shown, _url = press(client, solution, "approach", button)
    assert shown.status_code == 200
    assert titles(shown) == ["Test kit", "Reporting line"]


# --- Drafts ------------------------------------------------------------------------------


def autosave(client: Client, solution: Solution, page: str, data):
    return client.post(reverse("catalogue:work-autosave", args=[solution.uid, page]), data)


def test_what_is_typed_is_there_again_in_another_browser_until_it_is_saved(time_machine):
    time_machine.move_to("2026-03-01 14:02:10+00:00", tick=False)
    solution = make_solution(title="Old")
    client = browser(solution.owner)
    data = changed(controls(client.get(page_url(solution, "name"))), title="Typed")
    answer = autosave(client, solution, "name", data)
    assert answer.json() == {
        "saved_at": "2026-03-01T14:02:10+00:00",
        "message": "Draft saved at 14:02 UTC.",
        "lock": {"mine": True},
    }
    assert fresh(solution).title == "Old"
    elsewhere = browser(solution.owner)
    page = elsewhere.get(page_url(solution, "name"))
    assert controls(page)["title"] == ["Typed"]
    assert "Not saved" in elsewhere.get(work_url(solution)).content.decode()
    save(elsewhere, solution, "name")
    assert fresh(solution).title == "Typed"
    assert not PageDraft.objects.exists()


def test_a_draft_can_be_thrown_away():
    solution = make_solution(title="Old")
    client = browser(solution.owner)
    data = changed(controls(client.get(page_url(solution, "name"))), title="Typed")
    autosave(client, solution, "name", data)
    response = client.post(
        reverse("catalogue:work-discard", args=[solution.uid, "name"]), follow=True
    )
    assert controls(response)["title"] == ["Old"]
    assert not PageDraft.objects.exists()


def test_typing_and_taking_it_back_leaves_no_draft():
    solution = make_solution(title="Old")
    client = browser(solution.owner)
    data = controls(client.get(page_url(solution, "name")))
    autosave(client, solution, "name", changed(data, title="Typed"))
    answer = autosave(client, solution, "name", data)
    assert answer.json()["message"] == "Nothing to save."
    assert not PageDraft.objects.exists()


def test_rich_text_of_the_editor_is_kept_and_shown_to_those_without_it():
    solution = make_solution()
    client = browser(solution.owner)
    data = controls(client.get(page_url(solution, "problem")))
    html = "<p>a <b>b</b></p><script>x</script><ul><li>c</li></ul>"
    autosave(client, solution, "problem", changed(data, problem=html, problem__format="html"))
    page = client.get(page_url(solution, "problem"))
    assert controls(page)["problem"] == ["a **b**\n\n- c"]
    assert "<script>x" not in page.content.decode()


def test_autosave_says_so_in_json_when_signed_out_or_refused():
    solution = make_solution()
    url = reverse("catalogue:work-autosave", args=[solution.uid, "name"])
    signed_out = browser().post(url, {"title": "x"})
    assert (signed_out.status_code, signed_out.json()) == (401, {"login": "/accounts/login/"})
    assert browser(make_user()).post(url, {"title": "x"}).status_code == 404
    assert browser(solution.owner).get(url).status_code == 405
    submitted_one = complete_snapshot()
    submitted(submitted_one)
    refused = autosave(browser(make_user(is_staff=True)), submitted_one, "name", {"title": "x"})
    assert (refused.status_code, refused.json()) == (
        403,
        {"error": "You may no longer write here."},
    )


def test_autosave_needs_the_token_of_the_page():
    solution = make_solution()
    client = browser(solution.owner)
    client.handler.enforce_csrf_checks = True
    assert autosave(client, solution, "name", {"title": "x"}).status_code == 403
    client.get(page_url(solution, "name"))
    token = client.cookies["csrftoken"].value
    url = reverse("catalogue:work-autosave", args=[solution.uid, "name"])
    assert client.post(url, {"title": "x"}, headers={"X-CSRFToken": token}).status_code == 200


def test_a_draft_of_one_person_is_not_shown_to_another():
    solution = make_solution(title="Old")
    other = make_user()
    Contributor.objects.create(solution=solution, user=other, name="O", role="author")
    client = browser(solution.owner)
    data = changed(controls(client.get(page_url(solution, "name"))), title="Secret thought")
    autosave(client, solution, "name", data)
    assert "Secret thought" not in browser(other).get(page_url(solution, "name")).content.decode()


# --- Two at once -------------------------------------------------------------------------


@pytest.fixture
def pair():
    """A record and two browsers of its team."""
    solution = complete_snapshot(title="Old", area="Old area")
    other = make_user(name="Second writer")
    Contributor.objects.create(solution=solution, user=other, name="O", role="author")
    return solution, browser(solution.owner), browser(other)


def test_who_comes_second_reads_and_may_take_over_and_the_first_is_told(pair):
    solution, first, second = pair
    data = controls(first.get(page_url(solution, "name")))
    read_only = second.get(page_url(solution, "name")).content.decode()
    assert f"<b>{solution.owner} is writing here</b>" in read_only
    assert "<fieldset disabled>" in read_only
    assert "Save and continue</button></div>" not in read_only
    taken = second.post(work_url(solution, "work-take-over"), {"page": "name"})
    assert taken["Location"] == page_url(solution, "name")
    assert "<fieldset disabled>" not in second.get(page_url(solution, "name")).content.decode()
    lock = autosave(first, solution, "name", changed(data, title="Mine")).json()["lock"]
    assert lock["mine"] is False
    assert lock["message"].startswith("Second writer took over at ")


def both_open(pair, page: str = "name"):
    solution, first, second = pair
    mine = controls(first.get(page_url(solution, page)))
    second.post(work_url(solution, "work-take-over"), {"page": page})
    theirs = controls(second.get(page_url(solution, page)))
    return solution, first, second, mine, theirs


def test_two_who_changed_the_same_answer_see_both_and_choose(pair):
    solution, first, second, mine, theirs = both_open(pair)
    url = page_url(solution, "name")
    second.post(url, changed(theirs, title="Theirs", action="continue"))
    conflict = first.post(
        url, changed(mine, title="Mine <b>", summary="New summary", action="continue")
    )
    text = conflict.content.decode()
    assert conflict.status_code == 409
    assert "Theirs" in text
    assert "Mine &lt;b&gt;" in text
    assert fresh(solution).title == "Theirs"
    data = controls(conflict)
    assert data["settle"] == ["title"]
    undecided = first.post(url, changed(data, action="resolve"))
    assert undecided.status_code == 409
    assert "Choose which of the two shall stand." in undecided.content.decode()
    # "Decide later": everything typed is still there.
    later = controls(first.get(url))
    assert (later["title"], later["summary"]) == (["Mine <b>"], ["New summary"])
    merged = changed(
        controls(undecided), choose__title="mine", title="Theirs and mine", action="resolve"
    )
    assert first.post(url, merged).status_code == 302
    after = fresh(solution)
    assert (after.title, after.summary) == ("Theirs and mine", "New summary")
    assert not PageDraft.objects.exists()


def test_keeping_what_is_saved_still_saves_the_other_answers(pair):
    solution, first, second, mine, theirs = both_open(pair)
    url = page_url(solution, "name")
    second.post(url, changed(theirs, title="Theirs", action="continue"))
    conflict = first.post(url, changed(mine, title="Mine", summary="Mine too", action="continue"))
    first.post(url, changed(controls(conflict), choose__title="theirs", action="resolve"))
    after = fresh(solution)
    assert (after.title, after.summary) == ("Theirs", "Mine too")


def test_a_third_change_while_choosing_is_seen_too(pair):
    solution, first, second, mine, theirs = both_open(pair)
    url = page_url(solution, "name")
    second.post(url, changed(theirs, title="Theirs", action="continue"))
    conflict = first.post(url, changed(mine, title="Mine", action="continue"))
    save(second, solution, "name", title="Theirs again")
    again = first.post(url, changed(controls(conflict), choose__title="mine", action="resolve"))
    assert again.status_code == 409
    assert "Theirs again" in again.content.decode()


@pytest.mark.parametrize(
    ("page", "one", "two", "said"),
    [
        (
            "problem",
            {"problem": "First **text**"},
            {"problem": "Second text"},
            "First <strong>text",
        ),
        ("place", {"countries": ["Indonesia"]}, {"countries": ["CI"]}, "Indonesia"),
        ("place", {"stage": "pilot"}, {"stage": "institutional"}, "Pilot"),
        ("evidence", {"evidence__0__title": "First"}, {"evidence__0__title": "Second"}, "First"),
        ("sharing", {"contact_email": "a@b.test"}, {"contact_email": "c@d.test"}, "a@b.test"),
    ],
)
def test_every_kind_of_answer_can_be_settled(pair, page, one, two, said):
    solution, first, second, mine, theirs = both_open(pair, page)
    url = page_url(solution, page)
    assert second.post(url, changed(theirs, action="continue", **one)).status_code == 302
    conflict = first.post(url, changed(mine, action="continue", **two))
    assert conflict.status_code == 409
    assert said in conflict.content.decode()
    data = controls(conflict)
    [name] = data["settle"]
    done = first.post(url, {**changed(data, action="resolve"), f"choose-{name}": "mine"})
    assert done.status_code == 302
    again = controls(first.get(url))
    key = next(iter(two)).replace("__", "-")
    expected = "Côte d’Ivoire" if two[key if key in two else next(iter(two))] == ["CI"] else None
    wanted = [expected] if expected else [next(iter(two.values()))]
    assert again[key] == wanted


def test_a_draft_taken_up_again_shows_what_others_saved_meanwhile(pair):
    solution, first, second, mine, theirs = both_open(pair)
    autosave(first, solution, "name", changed(mine, title="Mine"))
    second.post(page_url(solution, "name"), changed(theirs, title="Theirs", action="continue"))
    text = first.get(page_url(solution, "name")).content.decode()
    assert "Somebody saved this meanwhile" in text
    assert "Theirs" in text
    assert 'value="Mine"' in text


# --- Overview ----------------------------------------------------------------------------


def test_the_overview_counts_what_is_done_and_leads_to_what_is_next():
    solution = make_solution(title="T", summary="S", kind="service")
    text = browser(solution.owner).get(work_url(solution)).content.decode()
    assert "Go on: Name and summary" in text
    assert "1 to add" in text
    complete = complete_snapshot()
    text = browser(complete.owner).get(work_url(complete)).content.decode()
    assert "Nothing is missing for this form." in text
    assert f'<a class="btn" href="{work_url(complete, "work-check")}">' in text


def test_remarks_of_the_desk_stand_at_their_fields_and_are_ticked_off_when_changed():
    solution = complete_snapshot()
    submission = submitted(solution)
    screener = make_member(solution.hub, Membership.Role.FOCAL_POINT)
    operations.set_remarks(
        submission, by=screener, remarks={"problem": "Give a <number>.", "failure": "Say more."}
    )
    operations.return_submission(submission, by=screener, note="Nearly there.")
    client = browser(solution.owner)
    overview = client.get(work_url(solution)).content.decode()
    assert "Nearly there." in overview
    assert f'href="{page_url(solution, "problem")}#field-problem"' in overview
    assert overview.count("1 to fix") == 2
    page = client.get(page_url(solution, "problem")).content.decode()
    assert "<b>The desk asks:</b> Give a &lt;number&gt;." in page
    save(client, solution, "problem", problem="A number: 50 %.")
    overview = client.get(work_url(solution)).content.decode()
    assert overview.count("1 to fix") == 1
    page = client.get(page_url(solution, "problem")).content.decode()
    assert "The desk asked, and you changed this:" in page


def test_what_is_with_the_desk_can_be_taken_back_once():
    solution = complete_snapshot()
    submitted(solution)
    client = browser(solution.owner)
    assert "Take it back" in client.get(work_url(solution)).content.decode()
    client.post(work_url(solution, "work-recall"))
    assert Submission.objects.get().state == SubmissionState.RECALLED
    again = client.post(work_url(solution, "work-recall"), follow=True)
    assert "There is nothing to take back." in again.content.decode()


# --- Check and send ----------------------------------------------------------------------


def test_the_check_lists_what_is_missing_with_the_way_to_each_field():
    solution = complete_snapshot(problem="", contact_email="")
    text = browser(solution.owner).get(work_url(solution, "work-check")).content.decode()
    assert "There are 2 things to do before you can send it" in text
    assert f'<a href="{page_url(solution, "problem")}#field-problem">Add: the problem</a>' in text
    assert f'href="{page_url(solution, "sharing")}#field-contact_email"' in text


def test_the_self_check_speaks_of_every_gate_and_criterion():
    solution = complete_full()
    text = browser(solution.owner).get(work_url(solution, "work-check")).content.decode()
    for code in [*(f"G{n}" for n in range(1, 6)), *(f"C{n}" for n in range(1, 11))]:
        assert f"<h4>{code} " in text
    assert "Missing" not in text
    solution.indicators.update(source="")
    text = browser(solution.owner).get(work_url(solution, "work-check")).content.decode()
    assert "An indicator with a value before, a later value, its date and its source" in text


def test_the_chosen_form_decides_what_is_missing():
    solution = complete_snapshot()
    client = browser(solution.owner)
    url = work_url(solution, "work-check")
    assert client.post(url, {"action": "form", "form": "full"})["Location"] == url
    assert "Add: steps" in client.get(url).content.decode()
    client.post(url, {"action": "form", "form": "nonsense"})
    assert fresh(solution).form == Form.FULL


def test_sending_in_too_early_is_refused_with_the_list_and_focus():
    solution = complete_snapshot(problem="")
    response = browser(solution.owner).post(
        work_url(solution, "work-check"), {"action": "submit", "form": "snapshot"}
    )
    text = response.content.decode()
    assert 'role="alert" autofocus' in text
    assert "<title>Error: Check and send in" in text
    assert "There is 1 thing to do before you can send it" in text
    assert not Submission.objects.exists()


def test_sending_in_twice_gives_one_submission_and_the_same_page():
    solution = complete_snapshot()
    client = browser(solution.owner)
    data = {"action": "submit", "form": "snapshot"}
    urls = {client.post(work_url(solution, "work-check"), data)["Location"] for _n in range(2)}
    assert urls == {work_url(solution, "work-submitted", 1)}
    assert Submission.objects.count() == 1
    assert client.get(work_url(solution, "work-submitted", 2)).status_code == 404


def test_unsaved_text_has_to_be_settled_before_sending_in():
    solution = complete_snapshot()
    client = browser(solution.owner)
    data = changed(controls(client.get(page_url(solution, "name"))), title="Typed")
    autosave(client, solution, "name", data)
    response = client.post(
        work_url(solution, "work-check"), {"action": "submit", "form": "snapshot"}
    )
    assert "Save or discard what you typed on “Name and summary”" in response.content.decode()
    assert not Submission.objects.exists()


def test_the_confirmation_says_who_reads_it_by_when(time_machine):
    time_machine.move_to("2026-03-01 12:00:00+00:00", tick=False)
    hub = make_hub(name="Hub of Water")
    solution = complete_snapshot(hub=hub)
    client = browser(solution.owner)
    submitted(solution)
    text = client.get(work_url(solution, "work-submitted", 1)).content.decode()
    assert "A moderator of the portal reads it" in text
    make_member(hub, Membership.Role.FOCAL_POINT)
    text = client.get(work_url(solution, "work-submitted", 1)).content.decode()
    assert "The focal point of Hub of Water reads it." in text
    assert "8 March 2026" in text


# --- What looks alike --------------------------------------------------------------------


def test_a_title_like_one_in_the_catalogue_is_mentioned_while_typing_and_after_saving():
    present = published(complete_snapshot(title="Community milk banks of the coast"))
    solution = make_solution()
    client = browser(solution.owner)
    url = work_url(solution, "work-similar")
    text = client.get(url, {"title": "Community milk bank on the coast"}).content.decode()
    assert "One record looks like this one." in text
    assert present.reference in text
    assert "<html" not in text
    assert client.get(url, {"title": "Something else entirely"}).content.decode().strip() == ""
    assert client.get(url).content.decode().strip() == ""
    response = save(client, solution, "name", title="Community milk banks of the coast")
    after = client.get(response["Location"]).content.decode()
    assert "Look whether this is already in the catalogue" in after
    assert present.get_absolute_url() in after


def test_drafts_of_others_are_never_mentioned():
    complete_snapshot(title="Community milk banks of the coast")
    solution = make_solution()
    url = work_url(solution, "work-similar")
    text = browser(solution.owner).get(url, {"title": "Community milk banks of the coast"})
    assert text.content.decode().strip() == ""


# --- Lineage -----------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", ["S-0001", "s-1", "1", "http://localhost/solutions/S-0001/"])
def test_a_record_may_say_what_it_was_adapted_from(spelling):
    origin = published(complete_snapshot())
    assert origin.number == 1
    solution = make_solution()
    client = browser(solution.owner)
    save(client, solution, "sharing", adapted_from=spelling, adapted_from_note="Kept the kit.")
    assert fresh(solution).adapted_from == origin
    assert controls(client.get(page_url(solution, "sharing")))["adapted_from"] == ["S-0001"]


@pytest.mark.parametrize("wrong", ["S-9999", "nonsense", "S-", "-1", "1e9", "99999999999999"])
def test_a_record_that_is_not_there_is_refused(wrong):
    solution = make_solution()
    response = save(browser(solution.owner), solution, "sharing", adapted_from=wrong)
    assert f"There is no record “{wrong}” in the catalogue." in response.content.decode()


def test_no_record_is_adapted_from_itself_or_from_a_draft():
    origin = published(complete_snapshot())
    response = save(browser(origin.owner), origin, "sharing", adapted_from="S-0001")
    assert "A record cannot be adapted from itself." in response.content.decode()
    solution = make_solution()
    response = save(browser(solution.owner), solution, "sharing", adapted_from=solution.uid)
    assert "There is no record" in response.content.decode()


# --- Team --------------------------------------------------------------------------------


def test_inviting_answers_alike_whoever_the_address_belongs_to():
    solution = make_solution()
    make_user(email="known@test.example")
    client = browser(solution.owner)
    url = work_url(solution, "work-team")
    pages = []
    for email in ("known@test.example", "unknown@test.example"):
        response = client.post(url, {"email": email, "role": "author"}, follow=True)
        Invitation.objects.all().delete()
        text = response.content.decode().replace(email, "ADDRESS").split("<main")[1]
        text = re.sub(r'csrfmiddlewaretoken" value="\w+"', "", text)
        pages.append(re.sub(r"invitations/\d+/", "", text))
    assert pages[0] == pages[1]
    assert "If ADDRESS has an account here" in pages[0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"email": "", "role": "author"}, "Enter an address, like name@example.org."),
        ({"email": "nonsense", "role": "author"}, "Enter a whole address"),
        ({"email": "a@b.test", "role": ""}, "Choose their part."),
        ({"email": "a@b.test", "role": "king"}, "Choose one of the list."),
    ],
)
def test_a_wrong_invitation_is_refused_at_its_field(data, message):
    solution = make_solution()
    response = browser(solution.owner).post(work_url(solution, "work-team"), data)
    assert message in response.content.decode()
    assert not Invitation.objects.exists()


def test_the_invited_person_finds_the_invitation_joins_and_leaves():
    solution = make_solution(title="Wells")
    guest = make_user(email="guest@test.example", name="Guest")
    operations.invite(solution, by=solution.owner, email=guest.email, role="partner")
    invitation = Invitation.objects.get()
    url = reverse("catalogue:work-invitation", args=[invitation.pk])
    assert browser(make_user()).get(url).status_code == 404
    client = browser(guest)
    assert "Write on “Wells”?" in client.get(url).content.decode()
    assert client.post(url, {"answer": "join"})["Location"] == work_url(solution)
    assert client.get(url).status_code == 404
    row = solution.contributors.get(user=guest)
    assert client.get(work_url(solution, "work-team")).status_code == 200
    client.post(work_url(solution, "work-leave", row.pk))
    assert client.get(work_url(solution)).status_code == 404
    assert "Guest" in browser(solution.owner).get(work_url(solution, "work-team")).content.decode()


def test_an_invitation_can_be_declined_or_taken_back():
    solution = make_solution()
    guest = make_user(email="guest@test.example")
    operations.invite(solution, by=solution.owner, email=guest.email, role="partner")
    url = reverse("catalogue:work-invitation", args=[Invitation.objects.get().pk])
    browser(guest).post(url, {"answer": "no"})
    assert not solution.contributors.filter(user=guest).exists()
    operations.invite(solution, by=solution.owner, email=guest.email, role="partner")
    waiting = Invitation.objects.waiting().get()
    client = browser(solution.owner)
    client.post(work_url(solution, "work-withdraw-invitation", waiting.pk))
    assert not Invitation.objects.waiting().exists()


# --- Translations ------------------------------------------------------------------------


def test_a_translation_is_begun_kept_saved_and_marked_outdated():
    solution = complete_snapshot(title="Wells")
    client = browser(solution.owner)
    begun = client.post(work_url(solution, "work-translations"), {"language": "fr"})
    url = work_url(solution, "work-translation", "fr")
    assert begun["Location"] == url
    data = changed(controls(client.get(url)), title="Puits", problem="Un **problème**")
    kept = client.post(work_url(solution, "work-translation-autosave", "fr"), data)
    assert kept.json()["message"].startswith("Draft saved at ")
    again = controls(browser(solution.owner).get(url))
    assert (again["title"], again["problem"]) == (["Puits"], ["Un **problème**"])
    saved = client.post(url, changed(again, quality="machine"))
    assert saved["Location"] == work_url(solution, "work-translations")
    row = solution.translations.get()
    assert row.texts == {"title": "Puits", "problem": "<p>Un <strong>problème</strong></p>"}
    assert row.quality == "machine"
    assert not PageDraft.objects.exists()
    assert "Up to date" in client.get(work_url(solution, "work-translations")).content.decode()
    save(client, solution, "name", title="Deep wells")
    assert "Outdated" in client.get(work_url(solution, "work-translations")).content.decode()
    assert "The record has changed since" in client.get(url).content.decode()
    client.post(url, controls(client.get(url)))
    assert "Up to date" in client.get(work_url(solution, "work-translations")).content.decode()


def test_two_translators_see_each_others_text_and_lose_none(pair):
    solution, first, second = pair
    url = work_url(solution, "work-translation", "fr")
    mine, theirs = controls(first.get(url)), controls(second.get(url))
    second.post(url, changed(theirs, title="Le leur"))
    conflict = first.post(url, changed(mine, title="Le mien"))
    text = conflict.content.decode()
    assert conflict.status_code == 409
    assert "Le leur" in text
    assert controls(conflict)["title"] == ["Le mien"]
    first.post(url, changed(controls(conflict), title="Les deux"))
    assert solution.translations.get().texts["title"] == "Les deux"


def test_a_translation_is_taken_out():
    solution = make_solution(title="Wells")
    client = browser(solution.owner)
    url = work_url(solution, "work-translation", "fr")
    client.post(url, changed(controls(client.get(url)), title="Puits"))
    client.post(work_url(solution, "work-translation-discard", "fr"), {"what": "translation"})
    assert not solution.translations.exists()


@pytest.mark.parametrize("language", ["", "en", "xx", "\x00"])
def test_only_other_known_languages_can_be_begun(language):
    solution = make_solution()
    response = browser(solution.owner).post(
        work_url(solution, "work-translations"), {"language": language}
    )
    assert response.status_code == 200
    assert "field-bad" in response.content.decode()


# --- Cost --------------------------------------------------------------------------------

#: Queries of a page, for a record with few rows and for one with many; literal on purpose.
BUDGET = {
    "work": 21,
    "work-check": 21,
    "work-team": 18,
    "work-translations": 18,
    "name": 26,
    "place": 26,
    "problem": 24,
    "approach": 24,
    "results": 24,
    "peers": 24,
    "learning": 24,
    "evidence": 24,
    "sharing": 24,
}


def grown(solution: Solution, times: int) -> None:
    """More of every row; each item of evidence with a file of its own."""
    for number in range(times):
        for part in (solution.blocks, solution.indicators, solution.contributors):
            row = part.first()
            row.pk, row.position = None, number + 5
            if hasattr(row, "user"):
                row.user = make_user()
            row.save()
    for number in range(times + 1):
        stored = StoredFile.objects.create(
            name=f"{number}.pdf", content_type="application/pdf", size=1, sha256="0"
        )
        solution.evidence.create(title=f"Item {number}", kind="report", file=stored)


@pytest.mark.parametrize("name", BUDGET)
def test_a_page_costs_the_same_for_few_rows_and_for_many(name, django_assert_num_queries):
    for times in (0, 4):
        solution = complete_full()
        grown(solution, times)
        client = browser(solution.owner)
        url = page_url(solution, name) if name in f.PAGE_CODES else work_url(solution, name)
        client.get(url)
        with django_assert_num_queries(BUDGET[name]):
            assert client.get(url).status_code == 200


@pytest.mark.parametrize("page", f.PAGE_CODES)
def test_a_question_page_is_light(page):
    import gzip

    solution = complete_full()
    response = browser(solution.owner).get(
        page_url(solution, page), headers={"Accept-Encoding": ""}
    )
    assert len(gzip.compress(response.content)) <= 14 * 1024
