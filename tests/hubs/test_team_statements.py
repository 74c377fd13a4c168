"""Statements of a hub as its team writes them: what is refused at its field, what is only said,
and what happens when two people write at once."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import User
from claims.models import Reference
from hubs import operations
from hubs.forms.fields import read_number, written
from hubs.models import Hub, HubClaim
from hubs.topics import SHARE_CODES, TOPICS
from tests.hubs.teams import (
    EDITOR,
    MEMBER,
    errors,
    fresh,
    make_hub,
    make_reference,
    member,
    stated,
    words,
)
from tests.people import browser

pytestmark = pytest.mark.django_db

TEAM = "/hubs/wells/team/"


@pytest.fixture
def hub() -> Hub:
    return make_hub()


@pytest.fixture
def editor(hub: Hub) -> User:
    return member(hub, EDITOR)


@pytest.fixture
def client(editor: User) -> Client:
    return browser(editor)


def filled(response: Any) -> dict[str, Any]:
    """What the form of a page holds, as a browser without scripts sends it."""
    form = response.context["form"]
    data = {"base": response.context["base"]}
    for bound in form:
        value = bound.value()
        data[bound.html_name] = "" if value is None else value
    return data


def add(client: Client, topic: str, **data: Any) -> Any:
    return client.post(
        f"{TEAM}statements/add/{topic}/", {"text": "As it says.", "source": "own", **data}
    )


# --- Adding ------------------------------------------------------------------------------


def test_a_number_is_stated_with_the_word_of_the_hub(client: Client, hub: Hub) -> None:
    answer = add(
        client, "staff", text="Staff: about 35.", exact="35", unit="people", qualifier="about",
        as_of="5/2013", place="page 12",
    )  # fmt: skip
    claim = hub.claims.get()
    assert answer["Location"] == f"{TEAM}statements/#c-{claim.uid}"
    assert (claim.low, claim.high, claim.unit, claim.qualifier) == (35, 35, "people", "about")
    assert (claim.as_of, claim.place, claim.reference.key) == ("2013-05", "page 12", "own:wells")
    assert fresh(hub).revision == 2


@pytest.mark.parametrize(
    ("typed", "low", "high"),
    [
        ({"exact": "1 250"}, 1250, 1250),
        ({"low": "35"}, 35, None),
        ({"high": "40"}, None, 40),
        ({"low": "35", "high": "40"}, 35, 40),
        ({"exact": "٣٥"}, 35, 35),
    ],
)
def test_a_number_is_exact_or_has_bounds(
    client: Client, hub: Hub, typed: dict[str, str], low: int | None, high: int | None
) -> None:
    add(client, "staff", **typed)
    claim = hub.claims.get()
    assert (claim.low, claim.high) == (low, high)


def test_a_form_shows_only_what_its_topic_can_have(client: Client) -> None:
    def shown(topic: str) -> set[str]:
        form = client.get(f"{TEAM}statements/add/{topic}/").context["form"]
        return {name for name in form.fields if not name.startswith("source")} - {"place"}

    assert shown("governance") == {"text", "as_of"}
    assert shown("founded") == {"label", "text", "starts", "ends", "as_of"}
    assert shown("staff") == {"label", "text", "exact", "low", "high", "unit", "qualifier", "as_of"}
    assert shown("turnover") == {"text", "exact", "low", "high", "qualifier", "as_of"}
    assert shown("partner") == {"label", "text", "role", "actor", "country", "as_of"}
    assert shown("joint_fund") == {
        "label", "text", "role", "country", "status", "starts", "ends", "as_of",
    }  # fmt: skip


def test_the_unit_of_the_topic_is_there_already(client: Client) -> None:
    form = client.get(f"{TEAM}statements/add/staff/").context["form"]
    assert form["unit"].value() == "people"


@pytest.mark.parametrize("topic", ["nothing", "parent"])
def test_a_topic_that_is_not_asked_of_this_kind_is_not_found(client: Client, topic: str) -> None:
    assert client.get(f"{TEAM}statements/add/{topic}/").status_code == 404


def test_every_topic_can_be_stated(hub: Hub) -> None:
    """Whatever a topic's form needs, filling all of it is enough."""
    for kind in (Hub.Kind.NATIONAL, Hub.Kind.SECTOR):
        Hub.objects.filter(pk=hub.pk).update(kind=kind)
        client = browser(member(hub, EDITOR))
        for topic in TOPICS.values():
            if topic.kinds and kind not in topic.kinds:
                continue
            before = hub.claims.count()
            add(
                client, topic.code, label="It", exact="5", starts="2012", country="BR", as_of="1999"
            )
            assert hub.claims.count() == before + 1, topic.code
            hub.claims.all().delete()


# --- The source --------------------------------------------------------------------------


def test_a_new_source_is_described_with_the_statement(client: Client, hub: Hub) -> None:
    add(
        client,
        "governance",
        source="new",
        source_title="Annual report",
        source_authors="A. Writer",
        source_publisher="Ministry",
        source_date="2014",
        source_url="reports.test.example/2014",
    )
    source = hub.claims.get().reference
    assert source.citation == "A. Writer, Annual report, Ministry, 2014"
    assert (source.kind, source.url) == ("page", "https://reports.test.example/2014")


def test_a_source_that_is_known_is_not_kept_twice(client: Client, hub: Hub) -> None:
    known = make_reference(url="https://reports.test.example/2014")
    add(client, "governance", source="new", source_title="R", source_url=known.url)
    assert hub.claims.get().reference == known


def test_whoever_describes_a_source_need_not_choose_one(client: Client, hub: Hub) -> None:
    add(client, "governance", source="", source_title="Annual report")
    assert hub.claims.get().reference.title == "Annual report"


def test_the_sources_of_the_hub_can_be_chosen(client: Client, hub: Hub) -> None:
    cited, other = make_reference("Cited"), make_reference("Of others")
    stated(hub, "role", "It brokers.", reference=cited)
    form = client.get(f"{TEAM}statements/add/governance/").context["form"]
    assert list(form.cited) == [str(cited.pk)]
    add(client, "governance", source=str(cited.pk))
    assert hub.claims.get(topic="governance").reference == cited
    answer = add(client, "governance", source=str(other.pk))
    assert errors(answer) == {"source": ["Choose one of the list."]}


def test_the_own_word_of_another_hub_is_no_source_by_its_description(
    client: Client, hub: Hub
) -> None:
    other = make_hub("rivers")
    theirs = operations.own_statement(other)
    add(client, "governance", source="new", source_title=theirs.citation)
    assert hub.claims.get().reference != theirs


# --- What is refused ---------------------------------------------------------------------

NO_TITLE = "Enter the title of the source."
TOO_LARGE = "This number is too large. Use a larger unit."
BOTH = "Give an exact number or a range, not both."
NO_SHARE = "Enter a share between 0 and 100 percent."
TEXT = {"text": "Kept as typed.", "qualifier": "around"}


@pytest.mark.parametrize(
    ("topic", "typed", "refused"),
    [
        ("staff", {"exact": "5", "source": ""}, {"source": ["Say where this can be read."]}),
        (
            "staff",
            {"exact": "5", "source": "new"},
            {"source_title": ["Enter the title of the source."]},
        ),
        ("staff", {"exact": "5", "text": " "}, {"text": ["Say it in a sentence."]}),
        ("staff", {"exact": ""}, {"exact": ["Enter a number, exact or from and to."]}),
        ("staff", {"exact": "many"}, {"exact": ["Enter a number in figures, like 35 or 1250.5."]}),
        ("staff", {"exact": "-5"}, {"exact": ["Enter a number in figures, like 35 or 1250.5."]}),
        ("staff", {"exact": "1" * 16}, {"exact": [TOO_LARGE]}),
        (
            "staff",
            {"exact": "9" * 400},
            {"exact": [TOO_LARGE]},
        ),
        (
            "staff",
            {"exact": "5", "low": "4"},
            {"exact": [BOTH]},
        ),
        (
            "staff",
            {"low": "40", "high": "35"},
            {"high": ["The most cannot be less than the least. Swap the two."]},
        ),
        ("turnover", {"exact": "101"}, {"exact": [NO_SHARE]}),
        (
            "turnover",
            {"low": "50", "high": "101"},
            {"high": [NO_SHARE]},
        ),
        (
            "founded",
            {"starts": "2013-13"},
            {"starts": ["Enter a year, like 2013, or a date, like 2013-05 or 2013-05-16."]},
        ),
        (
            "founded",
            {"starts": "2013-02-30"},
            {"starts": ["Enter a year, like 2013, or a date, like 2013-05 or 2013-05-16."]},
        ),
        (
            "founded",
            {"starts": "2013", "ends": "2012"},
            {"ends": ["The period ends before it begins. Swap the two."]},
        ),
        ("partner", {"label": ""}, {"label": ["Enter the name."]}),
        ("partner", {"label": "X", "actor": "aliens"}, {"actor": ["Choose one of the list."]}),
        ("partner", {"label": "X", "country": "XX"}, {"country": ["Choose one of the list."]}),
        (
            "governance",
            {"text": "x" * 2001},
            {"text": ["Shorten this to 2000 characters. It has 2001 now."]},
        ),
        (
            "governance",
            {"source": "new", "source_title": "T", "source_url": "javascript:alert(1)"},
            {"source_url": ["Enter the address of a page, like https://www.example.org."]},
        ),
        (
            "governance",
            {"source": "new", "source_title": "T", "source_date": "May 13"},
            {"source_date": ["Enter a year, like 2013, or a date, like 2013-05 or 2013-05-16."]},
        ),
        (
            "governance",
            {"source": "own", "source_title": "T"},
            {
                "source": [
                    "You chose a source and described another. Choose “Another source”, or empty"
                    " the description."
                ]
            },
        ),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_nothing_typed_is_lost(
    client: Client, hub: Hub, topic: str, typed: dict[str, str], refused: dict[str, list[str]]
) -> None:
    answer = add(client, topic, **(TEXT | typed))
    assert answer.status_code == 200
    assert errors(answer) == refused
    assert "Error:" in answer.content.decode().partition("</title>")[0]
    assert not hub.claims.exists()
    assert not Reference.objects.filter(title="T").exists()
    form = answer.context["form"]
    for name, value in (TEXT | typed).items():
        if name in form.fields and value.strip():
            assert form[name].value() == value
    page = html.unescape(answer.content.decode())
    for name, texts in refused.items():
        assert f'href="#id_{name}"' in page
        assert page.count(texts[0]) == 2  # in the summary and at the field


def test_shares_of_one_year_do_not_exceed_the_whole(client: Client, hub: Hub) -> None:
    stated(hub, "share_core", "Core.", low=70, high=70, as_of="2012")
    answer = add(client, "share_partners", exact="40", as_of="2012-05")
    assert errors(answer) == {
        "exact": [
            "With this, the shares of the budget add up to 110 percent. Lower it, or give the"
            " year it is for."
        ]
    }
    assert add(client, "share_partners", exact="40", as_of="2013").status_code == 302


def test_a_source_does_not_stay_without_its_statement(client: Client, hub: Hub) -> None:
    stated(hub, "share_core", "Core.", low=70, high=70, as_of="2012")
    add(client, "share_fees", exact="40", as_of="2012", source="new", source_title="Alone")
    assert not Reference.objects.filter(title="Alone").exists()


# --- What is only said -------------------------------------------------------------------


def test_what_looks_odd_is_saved_and_said(client: Client, hub: Hub) -> None:
    stated(hub, "founded", "Founded in 1999.", starts="1999")
    answer = client.post(
        f"{TEAM}statements/add/staff/",
        {"text": "Staff: 5.", "exact": "5", "as_of": "1980", "source": "own"},
        follow=True,
    )
    claim = hub.claims.get(topic="staff")
    said = "This is dated 1980, before the hub was founded (1999)."
    text = words(answer)
    assert f"Saved. Look again: {said}" in text
    assert text.count(said) == 2  # once after saving, once at the statement, as long as it is so
    assert said in words(client.get(f"{TEAM}statements/{claim.uid}/"))


def test_a_date_that_has_not_come_is_said(client: Client, hub: Hub) -> None:
    assert add(client, "staff", exact="5", as_of="2099").status_code == 302
    assert "a date that has not come yet" in words(client.get(f"{TEAM}statements/"))


# --- Changing ----------------------------------------------------------------------------


def test_a_statement_comes_into_the_form_as_it_is_and_saving_it_changes_nothing(
    client: Client, hub: Hub
) -> None:
    source = make_reference()
    claim = stated(
        hub, "budget", "Budget.", low=Decimal("12.125"), high=Decimal("12.125"), unit="million USD",
        label="Programme", conflict="Another says 13.", reference=source, place="p. 3",
    )  # fmt: skip
    page = client.get(f"{TEAM}statements/{claim.uid}/")
    before = fresh(hub).revision
    assert client.post(f"{TEAM}statements/{claim.uid}/", filled(page)).status_code == 302
    assert fresh(hub).revision == before
    assert fresh(claim).low == Decimal("12.125")


@pytest.mark.parametrize("text", ["0", "5", "0.125", "12.5", "12.125", "1250", "1250000", "0.0001"])
def test_a_number_written_is_read_as_the_same(text: str) -> None:
    assert read_number(written(Decimal(text))) == Decimal(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,250", "1250"), ("1.250", "1250"), ("1,250.5", "1250.5"), ("1.250,50", "1250.5"),
        ("12,5", "12.5"), ("0.125", "0.125"), ("1,25,0", None), ("1e5", None), ("", None),
        ("١٢", "12"),
    ],
)  # fmt: skip
def test_commas_and_points_are_told_apart(text: str, number: str | None) -> None:
    assert read_number(text) == (None if number is None else Decimal(number))


def test_a_statement_is_changed(client: Client, hub: Hub) -> None:
    claim = stated(hub, "staff", "Staff: 35.", low=35, high=35)
    data = filled(client.get(f"{TEAM}statements/{claim.uid}/"))
    client.post(f"{TEAM}statements/{claim.uid}/", data | {"exact": "", "low": "30", "high": "40"})
    assert (fresh(claim).low, fresh(claim).high) == (30, 40)
    assert hub.revisions.first().changed == [f"claims.{claim.uid}"]


def test_who_comes_second_sees_the_other_text_and_keeps_their_own(client: Client, hub: Hub) -> None:
    claim = stated(hub, "staff", "Staff: 35.", low=35, high=35, qualifier="around")
    url = f"{TEAM}statements/{claim.uid}/"
    mine = filled(client.get(url))
    other = browser(member(hub, EDITOR))
    other.post(url, filled(other.get(url)) | {"text": "Theirs: 36.", "qualifier": "about"})
    answer = client.post(url, mine | {"text": "Mine: 37.", "exact": "37"})
    assert answer.status_code == 409
    assert fresh(claim).text == "Theirs: 36."
    text = words(answer)
    assert "Somebody else saved this meanwhile: “Theirs: 36.”" in text
    form = answer.context["form"]
    assert (form["text"].value(), form["exact"].value()) == ("Mine: 37.", "37")
    assert form["qualifier"].value() == "about"  # theirs, since it was not touched here
    assert client.post(url, filled(answer)).status_code == 302
    saved = fresh(claim)
    assert (saved.text, saved.low, saved.qualifier) == ("Mine: 37.", 37, "about")


def test_a_change_elsewhere_in_the_profile_stops_nobody(client: Client, hub: Hub) -> None:
    claim = stated(hub, "staff", "Staff: 35.", low=35, high=35)
    url = f"{TEAM}statements/{claim.uid}/"
    mine = filled(client.get(url))
    stated(hub, "role", "It brokers.")
    assert client.post(url, mine | {"text": "Mine."}).status_code == 302


def test_a_form_that_names_no_revision_overwrites_nobody(client: Client, hub: Hub) -> None:
    claim = stated(hub, "staff", "Staff: 35.", low=35, high=35)
    url = f"{TEAM}statements/{claim.uid}/"
    data = filled(client.get(url)) | {"text": "Mine."}
    for base in ("", "nonsense", "-1", "99999999999", "²"):
        assert client.post(url, data | {"base": base}).status_code == 409
    assert fresh(claim).text == "Staff: 35."


def test_text_for_a_statement_that_was_removed_meanwhile_is_not_lost(
    client: Client, hub: Hub
) -> None:
    claim = stated(hub, "staff", "Staff: 35.", low=35, high=35)
    url = f"{TEAM}statements/{claim.uid}/"
    mine = filled(client.get(url)) | {"text": "Mine, long thought about.", "source": "own"}
    other = browser(member(hub, EDITOR))
    other.post(f"{url}remove/", {"reason": "Wrong source."})
    answer = client.post(url, mine)
    assert answer.status_code == 409
    assert "Somebody removed this statement meanwhile." in words(answer)
    action = re.search(r'action="(/hubs/wells/team/statements/add/[^"]+)"', answer.content.decode())
    assert client.post(action[1], filled(answer)).status_code == 302
    assert hub.claims.get().text == "Mine, long thought about."
    assert client.get(url).status_code == 404


# --- Removing and preferring -------------------------------------------------------------


def test_a_statement_goes_with_a_reason(client: Client, hub: Hub) -> None:
    claim = stated(hub, "staff", "Staff: 35.", low=35, high=35)
    url = f"{TEAM}statements/{claim.uid}/remove/"
    assert "Staff: 35." in words(client.get(url))
    assert errors(client.post(url, {"reason": " "})) == {"reason": ["Say why, in a few words."]}
    assert hub.claims.exists()
    client.post(url, {"reason": "Counted twice."})
    assert not hub.claims.exists()
    assert hub.revisions.first().note == "Counted twice."


def test_rivals_stand_together_and_one_can_be_preferred(client: Client, hub: Hub) -> None:
    first = stated(hub, "staff", "Staff: 35.", low=35, high=35)
    second = stated(hub, "staff", "Staff: 39.", low=39, high=39)
    url = f"{TEAM}statements/"
    text = words(client.get(url))
    assert "The sources disagree." in text
    assert text.index("Staff: 35.") < text.index("Staff: 39.")
    assert "Shown first" in text
    client.post(f"{url}{second.uid}/prefer/")
    text = words(client.get(url))
    assert text.index("Staff: 39.") < text.index("Staff: 35.")
    assert "Preferred" in text
    client.post(f"{url}{first.uid}/prefer/")
    assert set(hub.claims.filter(is_preferred=True)) == {first}


def test_a_statement_alone_is_not_preferred(client: Client, hub: Hub) -> None:
    stated(hub, "staff", "Staff: 35.", low=35, high=35)
    stated(hub, "partner", "One.", label="A")
    stated(hub, "partner", "Two.", label="A")
    assert "/prefer/" not in client.get(f"{TEAM}statements/").content.decode()


# --- The list ----------------------------------------------------------------------------


def test_the_list_shows_every_statement_with_its_source(client: Client, hub: Hub) -> None:
    source = make_reference("Report on wells")
    for topic in TOPICS:
        if topic not in SHARE_CODES:
            stated(hub, topic, f"What it says on {topic}.", reference=source, place="p. 7")
    text = words(client.get(f"{TEAM}statements/"))
    for claim in hub.claims.all():
        assert claim.text in text
    assert text.count(f"{source.citation}, p. 7") == hub.claims.count()


def test_members_read_the_list_and_change_nothing(hub: Hub) -> None:
    stated(hub, "staff", "Staff: 35.", low=35, high=35)
    page = browser(member(hub, MEMBER)).get(f"{TEAM}statements/")
    text = words(page)
    assert "Staff: 35." in text
    assert not re.search(r"\b(Add|Change|Remove|Prefer)\b", text)


def test_the_list_costs_the_same_for_few_and_for_many(
    client: Client, hub: Hub, django_assert_num_queries: Any
) -> None:
    source = make_reference()

    def grow(n: int) -> None:
        codes = [code for code in TOPICS if code not in SHARE_CODES]
        HubClaim.objects.bulk_create(
            HubClaim(hub=hub, topic=codes[i % len(codes)], text=f"Number {i}.", reference=source)
            for i in range(n)
        )

    grow(3)
    client.get(f"{TEAM}statements/")
    for n in (0, 197):
        grow(n)
        with django_assert_num_queries(6):
            page = client.get(f"{TEAM}statements/").content.decode()
    assert page.count(' id="c-') == 200


def test_content_says_its_language_on_pages_in_another(client: Client, hub: Hub) -> None:
    stated(hub, "staff", "Staff: 35.", low=35, high=35)
    page = client.get("/ar/hubs/wells/team/statements/").content.decode()
    assert '<bdi lang="en" dir="ltr">Staff: 35.</bdi>' in page
    with translation.override("en"):
        assert '<bdi lang="en"' not in client.get(f"{TEAM}statements/").content.decode()


# --- The financing mix -------------------------------------------------------------------


def mix(client: Client, **data: Any) -> Any:
    return client.post(f"{TEAM}mix/", {"year": "2012", "source": "own", "base": "1", **data})


def shares(hub: Hub) -> dict[tuple[str, str], Decimal | None]:
    return {(c.topic, c.as_of): c.low for c in hub.claims.filter(topic__in=SHARE_CODES)}


def test_all_shares_of_a_year_are_written_at_once(client: Client, hub: Hub) -> None:
    assert mix(client, share_core="60", share_fees="12,5").status_code == 302
    assert shares(hub) == {("share_core", "2012"): 60, ("share_fees", "2012"): Decimal("12.5")}
    claim = hub.claims.get(topic="share_core")
    assert (claim.text, claim.high) == ("Core budget: 60 percent of the budget.", 60)
    assert fresh(hub).revision == 2


def test_the_words_of_a_share_are_english_on_every_page(client: Client, hub: Hub) -> None:
    client.post("/fr/hubs/wells/team/mix/", {"year": "2012", "source": "own", "share_core": "60"})
    assert hub.claims.get().text == "Core budget: 60 percent of the budget."


def test_shares_over_the_whole_are_refused_at_the_fields_with_their_total(
    client: Client, hub: Hub
) -> None:
    answer = mix(client, share_core="60", share_fees="50.5")
    said = "The shares of the budget add up to 110.5 percent. Lower them."
    assert errors(answer) == {"share_core": [said], "share_fees": [said]}
    assert words(answer).count(said) == 3  # once in the summary, and at each field
    assert (answer.context["form"]["share_fees"].value(), shares(hub)) == ("50.5", {})


def test_shares_of_other_sources_count(client: Client, hub: Hub) -> None:
    stated(hub, "share_partners", "Partners: 50.", low=50, high=50, as_of="2012")
    answer = mix(client, share_core="60", base="2")
    said = "The shares of the budget add up to 110 percent. Lower them."
    assert errors(answer) == {"share_core": [said], "share_partners": [said]}
    assert shares(hub) == {("share_partners", "2012"): 50}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"year": ""}, "year"),
        ({"year": "2012-05"}, "year"),
        ({"year": "12"}, "year"),
        ({"source": ""}, "source"),
        ({"share_core": "x"}, "share_core"),
        ({"share_core": "101"}, "share_core"),
        ({"share_core": "-1"}, "share_core"),
        ({"share_core": ""}, "share_core"),
    ],
)
def test_a_mix_that_cannot_be_is_refused_at_its_field(
    client: Client, hub: Hub, typed: dict[str, str], field: str
) -> None:
    answer = mix(client, **({"share_core": "60"} | typed))
    assert list(errors(answer)) == [field]
    assert not hub.claims.exists()


def test_a_mix_is_changed_as_a_whole(client: Client, hub: Hub) -> None:
    mix(client, share_core="60", share_fees="40")
    first = hub.claims.get(topic="share_core")
    url = f"{TEAM}mix/?of={first.uid}"
    page = client.get(url)
    assert page.context["form"]["share_fees"].value() == "40"
    data = filled(page) | {"share_core": "20", "share_fees": "", "share_services": "80"}
    assert client.post(url, data).status_code == 302
    assert shares(hub) == {("share_core", "2012"): 20, ("share_services", "2012"): 80}
    assert fresh(first).text == "Core budget: 20 percent of the budget."


def test_a_new_mix_empties_nothing(client: Client, hub: Hub) -> None:
    mix(client, share_core="60")
    mix(client, share_fees="40", base="2")
    assert shares(hub) == {("share_core", "2012"): 60, ("share_fees", "2012"): 40}


def test_a_range_is_shown_and_left_alone(client: Client, hub: Hub) -> None:
    own = operations.own_statement(hub)
    stated(hub, "share_fees", "Fees: 10 to 20.", low=10, high=20, as_of="2012", reference=own)
    mix(client, share_core="60", base="2")
    url = f"{TEAM}mix/?of={hub.claims.get(topic='share_core').uid}"
    page = client.get(url)
    assert "A range, not a number: Fees: 10 to 20." in words(page)
    client.post(url, filled(page) | {"share_core": "70"})
    assert (hub.claims.get(topic="share_fees").high, shares(hub)["share_core", "2012"]) == (20, 70)


def test_two_people_change_one_mix(client: Client, hub: Hub) -> None:
    mix(client, share_core="60", share_fees="20")
    url = f"{TEAM}mix/?of={hub.claims.get(topic='share_core').uid}"
    mine = filled(client.get(url))
    other = browser(member(hub, EDITOR))
    other.post(url, filled(other.get(url)) | {"share_core": "50"})
    answer = client.post(url, mine | {"share_core": "70"})
    assert answer.status_code == 409
    assert "Somebody else saved this meanwhile: “Core budget: 50 percent of the budget.”" in words(
        answer
    )
    assert answer.context["form"]["share_core"].value() == "70"
    assert shares(hub)["share_core", "2012"] == 50
    assert client.post(url, filled(answer)).status_code == 302
    assert shares(hub)["share_core", "2012"] == 70


def test_a_share_that_somebody_removed_does_not_come_back_by_itself(
    client: Client, hub: Hub
) -> None:
    mix(client, share_core="60", share_fees="20")
    url = f"{TEAM}mix/?of={hub.claims.get(topic='share_core').uid}"
    mine = filled(client.get(url))
    fees = hub.claims.get(topic="share_fees")
    operations.remove_claim(fees, by=member(hub, EDITOR), note="Not theirs.")
    assert client.post(url, mine | {"share_core": "70"}).status_code == 409
    assert shares(hub) == {("share_core", "2012"): 60}


@pytest.mark.parametrize(
    ("topic", "values", "said"),
    [
        ("staff", {"low": 1250, "high": 1250, "unit": "people"}, "1,250 people"),
        ("staff", {"low": 35, "high": 40}, "35 to 40"),
        ("staff", {"low": 35, "unit": "people", "qualifier": "some"}, "at least 35 people (some)"),
        ("staff", {"high": "12.50"}, "at most 12.5"),
        ("turnover", {"low": 12, "high": 12}, "12 percent"),
        ("founded", {"starts": "1999-05"}, "May 1999"),
        (
            "policy_basis",
            {"starts": "2011", "ends": "2025", "status": "proposed"},
            "2011 to 2025 · Proposed",
        ),
        ("policy_basis", {"ends": "2025"}, "until 2025"),
        (
            "partner",
            {"role": "pays", "actor": "business", "country": "BR"},
            "pays · Business · Brazil",
        ),
    ],
)
def test_the_list_says_what_a_statement_holds(
    client: Client, hub: Hub, topic: str, values: dict[str, Any], said: str
) -> None:
    stated(hub, topic, "As it says.", **values)
    assert f"As it says. {said} Yearbook" in words(client.get(f"{TEAM}statements/"))


def test_the_summary_lists_refusals_in_the_order_of_the_page(client: Client) -> None:
    answer = add(client, "staff", text="", exact="x", as_of="x", source="")
    page = answer.content.decode()
    summary = page.partition('class="errors"')[2].partition("<form")[0]
    assert re.findall(r'href="#id_(\w+)"', summary) == ["text", "exact", "as_of", "source"]
