"""Calls for case stories: who asks, who answers, and what the two see of each other."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
import time_machine
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from catalogue.models import Solution
from catalogue.operations import submit_solution
from claims.models import new_uid
from core.models import AuditEntry
from events.models import Event
from participation.models import CaseStory, StoryCall
from participation.reading import around
from tests.events.factories import make_event
from tests.factories import complete_snapshot, make_hub, make_member, make_user, published
from tests.people import browser

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2027, 5, 3, 9, 0, tzinfo=dt.UTC)
EVIL = '<script>alert(1)</script> "onload="x" {{ 7|add:7 }} \u202egnp'


@pytest.fixture(autouse=True)
def now() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def hub() -> Any:
    return make_hub(slug="wells", name="Hub for Wells")


@pytest.fixture
def event(hub: Any) -> Event:
    return make_event(slug="wells-2027", hub=hub, zone="Asia/Makassar", starts="2027-07-01")


@pytest.fixture
def organiser(hub: Any) -> Any:
    return make_member(hub, "editor")


def make_call(event: Event, **values: Any) -> StoryCall:
    return StoryCall.objects.create(
        **{"event": event, "title": "Wells that last", "text": "Tell us.", "is_public": True}
        | values
    )


def begin(call: StoryCall, user: Any = None, **typed: Any) -> Any:
    """Somebody sends the form of a call."""
    data = {"title": "Our well", "language": "en", "form_key": str(uuid.uuid4())} | typed
    return browser(user).post(url("begin", call), data)


def url(name: str, call: StoryCall) -> str:
    names = {"begin": "story-begin", "page": "story-call", "edit": "story-call-edit"}
    return reverse(f"participation:{names[name]}", args=[call.event.slug, call.uid])


def calls_url(event: Event, name: str = "story-calls") -> str:
    return reverse(f"participation:{name}", args=[event.slug])


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


# --- The page of a call ------------------------------------------------------------------------


def test_a_visitor_reads_what_is_asked_and_is_led_to_sign_in(event: Event) -> None:
    call = make_call(event, closes_at=dt.datetime(2027, 6, 1, 10, 0, tzinfo=dt.UTC))

    page = browser().get(url("page", call))

    words = text_of(page)
    assert page.status_code == 200
    assert "Open until 1 June 2027, 10:00 UTC 1 June 2027, 18:00 WITA · at the place" in words
    assert "The problem Which problem was it, whose, and how large?" in words
    assert "Sign in to begin" in words
    assert f'?next={call.get_absolute_url()}"' in page.content.decode()
    assert begin(call).url == f"{reverse('account_login')}?next={call.get_absolute_url()}"
    assert not CaseStory.objects.exists()


def test_who_reads_a_call_that_is_not_public_yet(event: Event, organiser: Any) -> None:
    call = make_call(event, is_public=False)
    others = make_member(make_hub(), "editor")

    seen = {
        "visitor": browser().get(url("page", call)).status_code,
        "member": browser(make_user()).get(url("page", call)).status_code,
        "editor of another hub": browser(others).get(url("page", call)).status_code,
        "organiser": browser(organiser).get(url("page", call)).status_code,
        "moderator": browser(make_user(is_staff=True)).get(url("page", call)).status_code,
    }

    assert seen == {
        "visitor": 404, "member": 404, "editor of another hub": 404,
        "organiser": 200, "moderator": 200,
    }  # fmt: skip


def test_a_call_of_a_hidden_or_another_event_is_not_found(event: Event) -> None:
    hidden = make_call(make_event(is_public=False))
    call = make_call(event)

    assert browser(make_user()).get(url("page", hidden)).status_code == 404
    assert begin(hidden, make_user()).status_code == 404
    elsewhere = reverse("participation:story-call", args=[make_event().slug, call.uid])
    assert browser().get(elsewhere).status_code == 404
    assert (
        browser().get(reverse("participation:story-call", args=[event.slug, "no"])).status_code
        == 404
    )


# --- Beginning ---------------------------------------------------------------------------------


def test_a_member_begins_a_draft_that_knows_its_call(event: Event) -> None:
    call, mine = make_call(event), make_hub()
    member = make_member(mine)

    answer = begin(call, member, hub=str(mine.pk), language="fr", title="Notre puits")

    story = CaseStory.objects.select_related("solution").get()
    solution = story.solution
    assert answer.url == reverse("catalogue:work-page", args=[solution.uid, "name"])
    assert (solution.title, solution.language_id, solution.hub, solution.owner) == (
        "Notre puits", "fr", mine, member,
    )  # fmt: skip
    assert (story.call, story.begun_by, solution.publication) == (call, member, "private")
    assert "Your drafts for this call" in text_of(browser(member).get(url("page", call)))
    assert "Notre puits" not in text_of(browser(make_user()).get(url("page", call)))


def test_the_same_form_sent_twice_gives_one_draft(event: Event) -> None:
    call, member, key = make_call(event), make_user(), str(uuid.uuid4())

    first, second = (begin(call, member, form_key=key) for _n in range(2))

    assert first.url == second.url
    assert CaseStory.objects.count() == Solution.objects.count() == 1


def test_a_forged_key_or_hub_takes_nothing_from_anybody(event: Event) -> None:
    call, member, theirs = make_call(event), make_user(), make_hub()

    assert begin(call, member, form_key="x" * 500).status_code == 302
    refused = begin(call, make_member(make_hub()), hub=str(theirs.pk))

    assert "Choose one of the list." in text_of(refused)
    assert [row.hub for row in Solution.objects.all()] == [None]


def test_what_was_typed_stays_when_it_is_refused(event: Event) -> None:
    call = make_call(event)

    empty = begin(call, make_user(), title="  ", language="xx")
    long = begin(call, make_user(), title="w" * 151)
    broken = begin(call, make_user(), title="w\x00ell")

    assert (empty.status_code, long.status_code, broken.status_code) == (200, 200, 200)
    assert "There are 2 things to fix" in text_of(empty)
    assert "Shorten this to 150 characters. It has 151 now." in text_of(long)
    assert "w" * 151 in long.content.decode()
    assert "characters that are not text" in text_of(broken)
    assert not Solution.objects.exists()


def test_a_closed_call_takes_nothing_and_says_what_else_one_can_do(event: Event) -> None:
    call = make_call(event, closes_at=NOW + dt.timedelta(hours=1))
    member = make_user()
    with time_machine.travel(NOW + dt.timedelta(hours=1), tick=False):
        answer = begin(call, member)

    assert answer.status_code == 200
    assert "This call is closed. You can still document a solution." in text_of(answer)
    assert not Solution.objects.exists()


def test_a_call_that_is_not_public_takes_nothing(event: Event, organiser: Any) -> None:
    assert begin(make_call(event, is_public=False), organiser).status_code == 200
    assert not Solution.objects.exists()


def test_beginning_is_no_link(event: Event) -> None:
    assert browser(make_user()).get(url("begin", make_call(event))).status_code == 405


def test_published_stories_stand_on_the_page_of_the_call(event: Event) -> None:
    call, owner = make_call(event), make_user()
    begin(call, owner)
    solution = published(complete_snapshot(owner, title="Wells of clay"))
    CaseStory.objects.create(call=call, solution=solution, begun_by=owner)
    withdrawn = published(complete_snapshot(title="Wells of sand"))
    CaseStory.objects.create(call=call, solution=withdrawn)
    Solution.objects.filter(pk=withdrawn.pk).update(
        publication="withdrawn", withdrawn_at=NOW, withdrawal_reason="Wrong."
    )

    words = text_of(browser().get(url("page", call)))

    assert "Wells of clay" in words
    assert "1 solution" in words
    assert "Our well" not in words
    assert "Wells of sand" not in words


@pytest.mark.parametrize("n", [1, 12])
def test_a_call_costs_the_same_however_many_answered(
    n: int, event: Event, django_assert_num_queries: Any
) -> None:
    call, member = make_call(event), make_user()
    for _n in range(n):
        begin(call, member)
        CaseStory.objects.create(call=call, solution=published(complete_snapshot()))
    client = browser(member)

    with django_assert_num_queries(18):
        assert client.get(url("page", call)).status_code == 200


# --- Organisers --------------------------------------------------------------------------------


def test_organisers_write_a_call_and_change_it(event: Event, organiser: Any) -> None:
    client = browser(organiser)
    typed = {
        "title": "Wells that last", "text": "Tell us.\n\nAll of it.", "day": "2027-06-01",
        "time": "18:00", "is_public": "on", "key": new_uid(),
    }  # fmt: skip

    answers = [client.post(calls_url(event, "story-call-new"), typed) for _n in range(2)]

    call = StoryCall.objects.get()
    assert {answer.url for answer in answers} == {calls_url(event)}
    assert (call.title, call.text, call.is_public) == (
        "Wells that last", "Tell us.\n\nAll of it.", True,
    )  # fmt: skip
    assert call.closes_at == dt.datetime(2027, 6, 1, 10, 0, tzinfo=dt.UTC)
    assert AuditEntry.objects.filter(verb="write_call").count() == 2

    page = client.get(url("edit", call)).content.decode()
    assert 'value="2027-06-01"' in page
    assert 'value="18:00"' in page
    client.post(url("edit", call), typed | {"day": "", "time": "", "is_public": "", "key": ""})
    call.refresh_from_db()
    assert (call.closes_at, call.is_public) == (None, False)


def test_a_key_of_another_events_call_makes_a_new_call(event: Event, organiser: Any) -> None:
    theirs = make_call(make_event(), title="Theirs")

    browser(organiser).post(
        calls_url(event, "story-call-new"), {"title": "Ours", "text": "Tell.", "key": theirs.uid}
    )

    theirs.refresh_from_db()
    assert theirs.title == "Theirs"
    assert [row.title for row in StoryCall.objects.filter(event=event)] == ["Ours"]


@pytest.mark.parametrize(
    ("zone", "day", "time", "closes"),
    [
        ("Asia/Makassar", "2027-06-01", "", dt.datetime(2027, 6, 1, 15, 59, tzinfo=dt.UTC)),
        # The clocks go back from 3:00 to 2:00: of the two, the later one was promised.
        ("Europe/Berlin", "2027-10-31", "02:30", dt.datetime(2027, 10, 31, 1, 30, tzinfo=dt.UTC)),
        # The day ends when the next begins, an hour late: there is no midnight.
        ("America/Santiago", "2027-09-04", "", dt.datetime(2027, 9, 5, 3, 59, tzinfo=dt.UTC)),
        ("", "2027-06-01", "12:00", dt.datetime(2027, 6, 1, 12, 0, tzinfo=dt.UTC)),
    ],
)
def test_the_last_hour_is_that_of_the_place(
    zone: str, day: str, time: str, closes: dt.datetime, hub: Any, organiser: Any
) -> None:
    event = make_event(hub=hub, zone=zone)

    browser(organiser).post(
        calls_url(event, "story-call-new"),
        {"title": "Wells", "text": "Tell us.", "day": day, "time": time, "is_public": "on"},
    )

    assert StoryCall.objects.get().closes_at == closes


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"title": ""}, "There is 1 thing to fix"),
        ({"title": "w" * 201}, "Shorten this to 200 characters. It has 201 now."),
        ({"text": "w" * 3001}, "Shorten this to 3000 characters. It has 3001 now."),
        ({"text": "we\x00ll"}, "This text contains characters that are not text."),
        ({"day": "soon"}, "Write the day like 2026-07-10."),
        ({"day": "0001-01-01"}, "Choose a year from 2000 to 2100."),
        ({"day": "9999-12-31", "time": ""}, "Choose a year from 2000 to 2100."),
        ({"time": "25:00"}, "Write the hour like 17:30."),
        ({"day": ""}, "Choose the day."),
        ({"day": "2027-03-28", "time": "02:30"}, "This time does not exist there"),
    ],
)
def test_a_call_that_cannot_be_is_refused_at_its_field(
    typed: dict[str, str], said: str, hub: Any, organiser: Any
) -> None:
    event = make_event(hub=hub, zone="Europe/Berlin")
    data = {"title": "Wells", "text": "Tell us.", "day": "2027-06-01", "time": "18:00"} | typed

    answer = browser(organiser).post(calls_url(event, "story-call-new"), data)

    assert answer.status_code == 200
    assert said in text_of(answer)
    assert not StoryCall.objects.exists()


def test_only_organisers_come_to_the_desk_of_calls(event: Event, organiser: Any) -> None:
    call = make_call(event)
    others = make_member(make_hub(), "editor")
    pages = [calls_url(event), calls_url(event, "story-call-new"), url("edit", call)]

    def seen(user: Any) -> list[int]:
        return [browser(user).get(page).status_code for page in pages]

    assert seen(None) == [302, 302, 302]
    assert seen(make_user()) == [403, 403, 403]
    assert seen(others) == [403, 403, 403]
    assert seen(organiser) == [200, 200, 200]
    assert seen(make_user(is_staff=True)) == [200, 200, 200]
    assert browser(others).post(pages[1], {"title": "T", "text": "T"}).status_code == 403
    elsewhere = reverse(
        "participation:story-call-edit", args=[event.slug, make_call(make_event()).uid]
    )
    assert browser(organiser).get(elsewhere).status_code == 404


def test_organisers_see_titles_and_states_and_nothing_a_draft_says(
    event: Event, organiser: Any
) -> None:
    call, owner = make_call(event), make_user(name="Writer of drafts")
    begin(call, owner, title="Our first well")
    draft = Solution.objects.get()
    Solution.objects.filter(pk=draft.pk).update(problem="<p>A secret.</p>", summary="A secret.")
    public = published(complete_snapshot(title="Wells of clay"))
    CaseStory.objects.create(call=call, solution=public)
    Solution.objects.filter(pk=public.pk).update(title="Not agreed yet")
    sent = complete_snapshot(title="Wells of stone")
    submit_solution(sent, by=sent.owner, form="snapshot")
    CaseStory.objects.create(call=call, solution=sent)

    words = text_of(browser(organiser).get(url("edit", call)))

    assert "3 stories begun" in words
    assert re.search(r"Our first well Begun 3 May 2027 Draft", words)
    assert re.search(r"Wells of clay Hub \d+ · Begun 3 May 2027 Published", words)
    assert re.search(r"Wells of stone Hub \d+ · Begun 3 May 2027 Sent in", words)
    assert "secret" not in words
    assert "Not agreed yet" not in words
    assert browser(organiser).get(reverse("catalogue:work", args=[draft.uid])).status_code == 404
    listed = text_of(browser(organiser).get(calls_url(event)))
    assert "3 stories begun · 1 published" in listed


@pytest.mark.parametrize("n", [1, 12])
def test_the_organisers_pages_cost_the_same(
    n: int, event: Event, organiser: Any, django_assert_num_queries: Any
) -> None:
    for _n in range(n):
        call = make_call(event)
    for _n in range(n):
        CaseStory.objects.create(call=call, solution=published(complete_snapshot()))
    client = browser(organiser)

    # The first page of a sign-in also notes the session.
    with django_assert_num_queries(17):
        assert client.get(calls_url(event)).status_code == 200
    with django_assert_num_queries(9):
        assert client.get(url("edit", call)).status_code == 200


def test_hostile_words_are_printed_as_words(event: Event, organiser: Any) -> None:
    call = make_call(event, title=EVIL, text=EVIL)
    begin(call, make_user(), title=EVIL)

    for page in (url("page", call), url("edit", call), calls_url(event)):
        body = browser(organiser).get(page).content.decode()
        assert "<script>alert(1)" not in body
        assert "&lt;script&gt;alert(1)" in body
        assert "7|add:7" in body


def test_an_event_lists_its_calls(event: Event) -> None:
    make_call(event, closes_at=timezone.now() + dt.timedelta(days=3))
    shut = make_call(event, title="Wells of old", closes_at=timezone.now())
    CaseStory.objects.create(call=shut, solution=published(complete_snapshot()))
    member = make_user()
    request = RequestFactory().get("/")
    request.user = member

    part = around(event, member)
    html = render_to_string("participation/_calls.html", {"part": part}, request)

    words = " ".join(re.sub(r"<[^>]*>", " ", html).split())
    assert "Wells of old Closed · 1 solution published" in words
    assert "Wells that last Open until 6 May 2027, 09:00 UTC" in words
