"""What is known about hubs in general, and where published sources disagree."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from claims.models import Contradiction, Reference
from hubs import loading
from hubs.models import Hub, Lesson, LessonHub
from tests import factories
from tests.people import browser

pytestmark = pytest.mark.django_db

LESSONS = "/hubs/lessons/"
DISAGREE = "/hubs/contradictions/"


@pytest.fixture
def hub() -> Hub:
    factories.reference()
    return factories.make_hub(slug="fund", name="Fund for wells", acronym="FW")


@pytest.fixture
def report() -> Reference:
    return Reference.objects.create(key="report", title="Report", citation="Report, 2013")


def text_of(page: bytes) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.decode()).split())


def lesson(kind: str, number: int, reference: Reference, **more: Any) -> Lesson:
    values = {"title": f"Title {kind} {number}", "text": "Found so.", **more}
    return Lesson.objects.create(kind=kind, number=number, reference=reference, **values)


def part(client: Client, url: str, name: str) -> str:
    page = client.get(url).content.decode()
    match = re.search(rf'<(section|article)[^>]* id="{name}".*?</\1>', page, re.DOTALL)
    return text_of(match[0].encode()) if match else ""


# --- Lessons ------------------------------------------------------------------------------


def test_lessons_stand_by_kind_with_a_list_of_contents(client: Client, report: Reference):
    lesson("capacity", 1, report)
    lesson("sector", 1, report)
    lesson("national", 2, report)
    lesson("national", 1, report)

    page = client.get(LESSONS).content.decode()

    anchors = ["national-1", "national-2", "sector-1", "capacity-1"]
    assert re.findall(r'<article[^>]* id="([^"]+)"', page) == anchors
    contents = re.search(r'<nav class="toc.*?</nav>', page, re.DOTALL)
    assert contents is not None
    assert re.findall(r'href="#(\w+-\d)"', contents[0]) == anchors


def test_a_lesson_has_its_source_beside_it_in_full_the_first_time(
    client: Client, report: Reference
):
    letter = Reference.objects.create(key="letter", title="Letter", citation="Letter, 2014")
    lesson("capacity", 1, letter)
    lesson("national", 1, report, place="section 2")
    lesson("national", 2, report, place="section 3")

    assert "*1 source Report, 2013 , section 2 Found so." in part(client, LESSONS, "national-1")
    assert "*1 source section 3 Found so." in part(client, LESSONS, "national-2")
    assert "*2 source Letter, 2014 Found so." in part(client, LESSONS, "capacity-1")
    assert part(client, LESSONS, "sources").endswith(
        "*1 Report, 2013 section 2 · section 3 *2 Letter, 2014"
    )


def test_hubs_that_show_a_lesson_are_linked_unless_they_are_not_public(
    client: Client, hub: Hub, report: Reference
):
    made = lesson("sector", 1, report)
    hidden = factories.make_hub(name="Hidden hub", is_listed=False)
    gone = factories.make_hub(name="Former hub", merged_into=hub)
    for one in (hub, hidden, gone):
        LessonHub.objects.create(lesson=made, hub=one, text=f"How {one} does it")

    page = client.get(LESSONS).content.decode()

    assert "FW How Fund for wells does it" in text_of(page.encode())
    assert 'href="/hubs/fund/"' in page
    assert "Hidden hub" not in page
    assert "Former hub" not in page


def test_without_lessons_the_page_says_so(client: Client):
    assert "No lesson is recorded yet." in text_of(client.get(LESSONS).content)


# --- Where sources disagree ---------------------------------------------------------------


@pytest.fixture
def design() -> Contradiction:
    return Contradiction.objects.create(
        key="x6", what="Named as in place and as proposed.", kind="status", sources="Report"
    )


def test_a_marked_disagreement_shows_its_statements_side_by_side(
    client: Client, hub: Hub, report: Reference, design: Contradiction
):
    said = [
        factories.state(
            hub,
            "policy_basis",
            f"It is {status}.",
            label="Design",
            status=status,
            reference=report,
            place=place,
            contradiction=design,
        )
        for status, place in (("proposed", "page 1"), ("in_place", "page 2"))
    ]

    assert part(client, DISAGREE, "x6") == (
        "Status Report Named as in place and as proposed."
        " Design It is proposed. Proposed Report, 2013 , page 1 FW"
        " Design It is in_place. In place Report, 2013 , page 2 FW"
    )
    page = client.get(DISAGREE).content.decode()
    for claim in said:
        assert f'href="/hubs/fund/statements/#c-{claim.uid}"' in page
    assert 'id="questions"' not in page


def test_what_is_said_alike_of_several_hubs_stands_once(
    client: Client, hub: Hub, report: Reference, design: Contradiction
):
    other = factories.make_hub(slug="other", acronym="OT")
    for one in (hub, other):
        factories.state(one, "event", "Was there.", reference=report, contradiction=design)

    said = part(client, DISAGREE, "x6")

    assert said.count("Was there.") == 1
    assert "FW OT" in said or "OT FW" in said


def test_a_disagreement_that_turns_on_no_statement_is_told_all_the_same(
    client: Client, design: Contradiction
):
    assert part(client, DISAGREE, "x6") == "Status Report Named as in place and as proposed."


def test_answers_that_cannot_both_hold_are_found_without_a_mark(
    client: Client, hub: Hub, report: Reference
):
    factories.state(hub, "founded", "Begun in 2004.", starts="2004", reference=report)
    factories.state(hub, "founded", "Begun in 2007.", starts="2007", conflict="Others say 2004.")
    factories.state(hub, "staff", "Nineteen.", low=19, high=19, as_of="2008")
    factories.state(hub, "staff", "Thirty.", low=30, high=30, as_of="2012")

    said = text_of(client.get(DISAGREE).content)

    assert "FW Founded : FW 2004 Begun in 2004. Report, 2013" in said
    assert "2007 Begun in 2007. Others say 2004." in said
    assert "Nineteen." not in said


@pytest.mark.parametrize("kind", ["anonymous", "member"])
def test_disagreements_of_a_hub_that_is_not_listed_are_for_its_people(
    hub: Hub, design: Contradiction, kind: str
):
    factories.state(hub, "event", "Was there.", contradiction=design)
    factories.state(hub, "founded", "Begun in 2004.", starts="2004")
    factories.state(hub, "founded", "Begun in 2007.", starts="2007")
    member = factories.make_member(hub)
    Hub.objects.filter(pk=hub.pk).update(is_listed=False)
    client = browser(member if kind == "member" else None)

    page = client.get(DISAGREE).content.decode()

    for words in ("Was there.", "Begun in 2004.", "/hubs/fund/"):
        assert (words in page) is (kind == "member")


def test_without_disagreements_the_page_says_so(client: Client):
    assert "No disagreement is recorded." in text_of(client.get(DISAGREE).content)


# --- Both ---------------------------------------------------------------------------------


def test_what_lessons_and_disagreements_say_is_never_markup(
    client: Client, hub: Hub, report: Reference
):
    bad = "<script>alert(1)</script>\"'"
    made = lesson("sector", 1, report, title=bad, text=bad, place=bad)
    LessonHub.objects.create(lesson=made, hub=hub, text=bad)
    marked = Contradiction.objects.create(key="x1", what=bad, kind=bad, sources=bad)
    for text in (bad, f"{bad}{bad}"):
        factories.state(hub, "event", text, label=bad, note=bad, derived=bad, contradiction=marked)
    factories.state(hub, "founded", bad, label=bad, conflict=bad, place=bad)

    for url in (LESSONS, DISAGREE):
        assert "<script>alert" not in client.get(url).content.decode()


@pytest.mark.parametrize("number", [1, 30])
def test_both_pages_cost_the_same_however_much_they_tell(
    client: Client, report: Reference, number: int, django_assert_num_queries: Any
):
    factories.reference()
    for position in range(number):
        hub = factories.make_hub()
        made = lesson("sector", position + 1, report)
        LessonHub.objects.create(lesson=made, hub=hub, text="So.")
        marked = Contradiction.objects.create(key=f"x{position}", what="W", kind="k", sources="s")
        factories.state(hub, "event", f"There {position}.", contradiction=marked)
        factories.state(hub, "founded", "Begun in 2004.", starts="2004")
        factories.state(hub, "founded", "Begun in 2007.", starts="2007")
    for url in (LESSONS, DISAGREE):
        client.get(url)

    with django_assert_num_queries(2):  # lessons, the hubs that show them
        client.get(LESSONS)
    # Three for the statements about hubs, two for those about events, of which there are
    # none, and the marked places.
    with django_assert_num_queries(6):
        client.get(DISAGREE)


def test_all_lessons_and_disagreements_of_the_published_sources_are_told(client: Client):
    loading.load_reference()
    loading.load_hubs(by=factories.make_user(is_staff=True))

    lessons = client.get(LESSONS).content.decode()
    disagreements = client.get(DISAGREE).content.decode()

    assert Lesson.objects.count() == 15
    for one in Lesson.objects.prefetch_related("hubs"):
        assert f'id="{one.anchor}"' in lessons
        assert all(f'href="{hub.get_absolute_url()}"' in lessons for hub in one.hubs.all())
    assert Contradiction.objects.count() == 13
    for row in Contradiction.objects.prefetch_related("hubclaims__hub"):
        assert f'id="{row.key}"' in disagreements
        for claim in row.hubclaims.all():
            assert f'href="{claim.get_absolute_url()}"' in disagreements
