"""Questions to the speakers and feedback: who asks, who reads, what it costs."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.signals import personal_data
from core.models import AuditEntry
from events.models import Event
from participation.models import Feedback, Question, QuestionVote
from participation.operations import asking, registering
from tests.factories import make_hub, make_member, make_user
from tests.participation.factories import come, make_webinar, open_registration
from tests.people import browser

pytestmark = pytest.mark.django_db
EVIL = '<script>alert(1)</script> "onload="x" {{ 7|add:7 }} \u202egnp'


@pytest.fixture
def event() -> Event:
    event = make_webinar(hub=make_hub(slug="wells", name="Hub for Wells"))
    open_registration(event)
    return event


@pytest.fixture
def organiser(event: Event) -> Any:
    return make_member(event.hub, "editor")


@pytest.fixture
def keeper(event: Event) -> Any:
    """Somebody with a place."""
    return come(event, make_user("Kim Keeper")).user


def put(event: Event, by: Any = None, text: str = "How deep is a well?", **values: Any) -> Question:
    """A question somebody with a place asked; ``values`` are columns."""
    by = by or come(event).user
    question = asking.ask(event, by=by, text=text, with_name=False)
    if values:
        Question.objects.filter(pk=question.pk).update(**values)
        question.refresh_from_db()
    return question


def end(event: Event) -> None:
    """The event was yesterday."""
    moment = timezone.now() - dt.timedelta(days=1)
    event.sessions.update(starts_at=moment, ends_at=moment + dt.timedelta(hours=1))


def url(event: Event, name: str = "questions", *more: str) -> str:
    return reverse(f"participation:{name}", args=[event.slug, *more])


def text_of(answer: Any) -> str:
    main = answer.content.decode().split("<main", 1)[1]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


# --- Asking ------------------------------------------------------------------------------


def test_a_participant_asks_with_and_without_their_name(event: Event, keeper: Any) -> None:
    client = browser(keeper)

    answer = client.post(url(event, "ask"), {"text": " Who  pays?\r\n", "with_name": "on"})
    client.post(url(event, "ask"), {"text": "Who digs?"})

    first, second = Question.objects.order_by("pk")
    assert (first.text, first.asker, first.asked_by) == ("Who pays?", "Kim Keeper", keeper)
    assert (second.text, second.asker) == ("Who digs?", "")
    assert answer.url == f"{url(event)}?state=open#q-{first.uid}"
    other = browser(come(event).user).get(url(event))
    assert "Asked by Kim Keeper" in text_of(other)
    assert "Asked by a participant" in text_of(other)


def test_the_same_form_sent_twice_is_one_question(event: Event, keeper: Any) -> None:
    client = browser(keeper)
    for _n in range(2):
        assert client.post(url(event, "ask"), {"text": "Who pays?"}).status_code == 302
    assert Question.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Write your question."),
        ("   \n ", "Write your question."),
        ("w" * 401, "Shorten this to 400 characters. It has 401 now."),
        ("Who\x00pays", "This text contains characters that are not text. Type it again."),
    ],
)
def test_what_cannot_be_taken_stays_in_the_form(
    event: Event, keeper: Any, text: str, says: str
) -> None:
    answer = browser(keeper).post(url(event, "ask"), {"text": text, "with_name": "on"})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.count(says) == 2  # in the summary, and at the field
    assert "checked" in page
    assert not Question.objects.exists()


def test_the_sixth_open_question_is_refused_at_the_field(event: Event, keeper: Any) -> None:
    for n in range(5):
        put(event, keeper, f"Question {n}?")

    answer = browser(keeper).post(url(event, "ask"), {"text": "One more?"})

    assert "You have 5 open questions. Take one back" in text_of(answer)
    assert "One more?" in answer.content.decode()
    assert Question.objects.count() == 5


def test_hostile_words_are_printed_as_words(event: Event, keeper: Any) -> None:
    put(event, come(event).user, "Who?")
    browser(keeper).post(url(event, "ask"), {"text": EVIL})

    page = browser(keeper).get(url(event)).content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "{{ 7|add:7 }}" in page


@pytest.mark.parametrize("who", ["stranger", "waiting", "withdrawn", "organiser"])
def test_without_a_place_nobody_asks_or_votes(event: Event, organiser: Any, who: str) -> None:
    question = put(event)
    if who == "organiser":
        person = organiser
    elif who == "stranger":
        person = make_user()
    else:
        row = come(event)
        person = row.user
        type(row).objects.filter(pk=row.pk).update(state=who, placed_at=None)
    client = browser(person)

    answer = client.post(url(event, "ask"), {"text": "Who pays?"}, follow=True)
    voted = client.post(url(event, "vote", question.uid))

    assert "Only people with a place can do this." in text_of(answer)
    assert voted.status_code == (302 if who == "organiser" else 404)
    assert (Question.objects.count(), QuestionVote.objects.count()) == (1, 0)


def test_visitors_are_asked_to_sign_in(event: Event) -> None:
    question = put(event)
    client = browser()
    for page in (
        url(event, "ask"),
        url(event, "vote", question.uid),
        url(event, "question-move", question.uid, "answer"),
        url(event, "feedback"),
    ):
        assert "/login/" in client.post(page).url


def test_opening_what_is_meant_to_be_sent_changes_nothing(event: Event, keeper: Any) -> None:
    question = put(event)
    own = put(event, keeper, "Who digs?")
    client = browser(keeper)

    asked = client.get(url(event, "ask"), {"text": "Who?"})
    voted = client.get(url(event, "vote", question.uid))
    moved = client.get(url(event, "question-move", own.uid, "take-back"))

    assert (asked.url, voted.url) == (url(event), f"{url(event)}?state=open#q-{question.uid}")
    assert moved.status_code == 405
    assert Question.objects.filter(state="open", votes=0).count() == 2


# --- Who reads what ----------------------------------------------------------------------


def test_open_questions_are_for_people_with_a_place_and_answered_ones_for_all(
    event: Event, organiser: Any, keeper: Any
) -> None:
    asker = come(event).user
    put(event, asker, "Open one?")
    put(event, asker, "Answered one?", state="answered", answer="Forty metres.")
    put(event, asker, "Aside one?", state="set_aside", reason="Not about wells.")
    waiting = make_user()
    moderator = make_user(is_staff=True)
    elsewhere = make_member(make_hub(), "editor")

    def reads(person: Any) -> list[str]:
        client = browser(person)
        pages = "".join(
            client.get(url(event), {"state": state}).content.decode()
            for state in ("open", "answered", "set_aside")
        )
        return [
            word
            for word in ("Open one?", "Answered one?", "Forty metres.", "Aside one?", "Not about")
            if word in pages
        ]

    public = ["Answered one?", "Forty metres."]
    everything = ["Open one?", *public, "Aside one?", "Not about"]
    assert {name: reads(person) for name, person in {
        "visitor": None, "stranger": waiting, "editor of another hub": elsewhere,
        "participant": keeper, "asker": asker, "organiser": organiser, "moderator": moderator,
    }.items()} == {
        "visitor": public, "stranger": public, "editor of another hub": public,
        "participant": ["Open one?", *public], "asker": everything, "organiser": everything,
        "moderator": everything,
    }  # fmt: skip


def test_who_may_not_read_open_questions_is_told_how_many_there_are(event: Event) -> None:
    for n in range(3):
        put(event, text=f"Question {n}?")

    page = text_of(browser().get(url(event)))

    assert "3 questions are open. People with a place read them, vote and ask. Register" in page


def test_questions_of_a_hidden_event_are_not_found(event: Event, keeper: Any) -> None:
    question = put(event, keeper)
    Event.objects.filter(pk=event.pk).update(is_public=False)
    client = browser(keeper)
    assert [
        client.get(url(event)).status_code,
        client.post(url(event, "ask"), {"text": "Who?"}).status_code,
        client.post(url(event, "vote", question.uid)).status_code,
        client.get(url(event, "feedback")).status_code,
    ] == [404] * 4


def test_a_question_is_found_below_its_own_event_alone(event: Event, organiser: Any) -> None:
    question = put(event)
    other = make_webinar(hub=event.hub)
    open_registration(other)
    client = browser(organiser)
    assert client.get(url(other, "question-move", question.uid, "answer")).status_code == 404
    assert client.get(url(event, "question-move", "nothing", "answer")).status_code == 404
    assert client.get(url(event, "question-move", question.uid, "delete")).status_code == 404


# --- Votes -------------------------------------------------------------------------------


def test_a_vote_counts_once_and_can_be_taken_back(event: Event, keeper: Any) -> None:
    question = put(event)
    client = browser(keeper)

    for _n in range(2):
        answer = client.post(url(event, "vote", question.uid), {"back": "event"})
    assert answer.url == f"{event.get_absolute_url()}#q-{question.uid}"
    assert Question.objects.get().votes == 1
    assert 'aria-pressed="true"' in client.get(url(event)).content.decode()

    for _n in range(2):
        client.post(url(event, "vote", question.uid), {"wants": "no"})
    assert (Question.objects.get().votes, QuestionVote.objects.count()) == (0, 0)


def test_questions_stand_in_the_order_of_votes_then_of_age(event: Event, keeper: Any) -> None:
    for text, votes in (("First?", 0), ("Second?", 2), ("Third?", 0), ("Fourth?", 5)):
        put(event, text=text, votes=votes)

    page = browser(keeper).get(url(event)).content.decode()

    assert re.findall(r"<h2><bdi>(.*?)</bdi>", page) == ["Fourth?", "Second?", "First?", "Third?"]


def test_nobody_votes_for_their_own_or_for_what_is_closed(event: Event, keeper: Any) -> None:
    own, answered = put(event, keeper), put(event, state="answered")
    client = browser(keeper)

    told = [
        text_of(client.post(url(event, "vote", row.uid), follow=True)) for row in (own, answered)
    ]

    assert "Your own question counts without your vote." in told[0]
    assert "This question is not open any more." in told[1]
    assert not QuestionVote.objects.exists()


# --- What becomes of them ----------------------------------------------------------------


def test_an_organiser_answers_in_writing_and_changes_the_answer(
    event: Event, organiser: Any
) -> None:
    question = put(event)
    client = browser(organiser)
    page = url(event, "question-move", question.uid, "answer")

    assert client.get(page).status_code == 200
    client.post(page, {"answer": "Forty metres.\nSome less."})
    client.post(page, {"answer": "Fifty metres."})

    row = Question.objects.get()
    assert (row.state, row.answer) == ("answered", "Fifty metres.")
    assert row.answered_at is not None
    assert [entry.verb for entry in AuditEntry.of(row)] == ["answer_question"] * 2
    assert "Fifty metres." in text_of(browser().get(url(event)))


def test_marking_as_answered_keeps_what_was_written(event: Event, organiser: Any) -> None:
    question = put(event, answer="Forty metres.")

    browser(organiser).post(url(event, "question-move", question.uid, "answer"))

    row = Question.objects.get()
    assert (row.state, row.answer) == ("answered", "Forty metres.")


def test_whoever_asked_reads_why_it_was_set_aside(event: Event, organiser: Any) -> None:
    asker = come(event).user
    question = put(event, asker)
    client = browser(organiser)
    page = url(event, "question-move", question.uid, "set-aside")

    refused = client.post(page, {"reason": " "})
    assert refused.content.decode().count("Say why; whoever asked reads it.") == 2
    client.post(page, {"reason": "Asked twice."})

    assert "Reason: Asked twice." in text_of(browser(asker).get(url(event), {"state": "set_aside"}))
    client.post(url(event, "question-move", question.uid, "reopen"))
    row = Question.objects.get()
    assert (row.state, row.reason) == ("open", "")


def test_whoever_asked_takes_it_back_and_nobody_else_does(event: Event, keeper: Any) -> None:
    question = put(event, keeper)
    page = url(event, "question-move", question.uid, "take-back")

    assert browser(come(event).user).post(page).status_code == 403
    assert browser(keeper).post(page).status_code == 302

    assert Question.objects.get().state == "set_aside"


def test_a_participant_moves_nothing(event: Event, keeper: Any) -> None:
    question = put(event)
    client = browser(keeper)
    for verb in ("answer", "set-aside", "reopen", "take-back"):
        page = url(event, "question-move", question.uid, verb)
        assert client.post(page, {"reason": "No.", "answer": "No."}).status_code == 403
    assert Question.objects.get().state == "open"


def test_after_the_event_nobody_asks_and_everybody_reads_the_answers(
    event: Event, keeper: Any
) -> None:
    question = put(event)
    put(event, text="Answered one?", state="answered", answer="Forty metres.")
    end(event)
    client = browser(keeper)

    asked = client.post(url(event, "ask"), {"text": "Too late?"}, follow=True)
    client.post(url(event, "vote", question.uid))

    assert "The event is over. Nobody can ask or vote any more." in text_of(asked)
    assert (Question.objects.count(), QuestionVote.objects.count()) == (2, 0)
    page = text_of(browser().get(url(event)))
    assert "The event is over. What was answered stays here." in page
    assert "Forty metres." in page


def test_nobody_asks_at_an_event_that_was_called_off(event: Event, keeper: Any) -> None:
    Event.objects.filter(pk=event.pk).update(status="cancelled")
    answer = browser(keeper).post(url(event, "ask"), {"text": "When then?"}, follow=True)
    assert "Nobody can ask or vote any more." in text_of(answer)


# --- What it costs -----------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 12, 40])
def test_the_list_costs_the_same_with_any_number(
    event: Event, keeper: Any, organiser: Any, number: int, django_assert_num_queries: Any
) -> None:
    for n in range(number):
        put(event, text=f"Question {n}?", state="answered" if n % 3 == 2 else "open")
    Question.objects.filter(state="open").update(votes=3)
    answered = Question.objects.filter(state="answered").exists()

    for person, queries in ((keeper, 10), (organiser, 10)):
        client = browser(person)
        client.get(url(event))
        with django_assert_num_queries(queries):
            assert client.get(url(event)).status_code == 200
    visitor = browser()
    with django_assert_num_queries(6 if answered else 5):
        visitor.get(url(event))


# --- On the page of the event, and of a person ------------------------------------------------


def test_the_page_of_an_event_shows_the_first_by_votes_and_takes_votes(
    event: Event, keeper: Any
) -> None:
    for n in range(7):
        put(event, text=f"Question {n}?", votes=n)
    client = browser(keeper)

    page = client.get(event.get_absolute_url()).content.decode()

    assert re.findall(r"<h3><bdi>(Question .)", page) == [f"Question {n}" for n in (6, 5, 4, 3, 2)]
    assert "All questions" in page
    assert page.count('name="back" value="event"') == 6  # five votes, and the form to ask
    answer = client.post(url(event, "ask"), {"text": "From here?", "back": "event"})
    assert answer.url.startswith(f"{event.get_absolute_url()}#q-")


def test_visitors_see_on_it_how_many_there_are_and_what_was_answered(event: Event) -> None:
    assert "Questions for the speakers" not in text_of(browser().get(event.get_absolute_url()))
    put(event, text="Open one?")
    put(event, text="Answered one?", state="answered")

    page = text_of(browser().get(event.get_absolute_url()))

    assert "1 question is open" in page
    assert "Answered one?" in page
    assert "Open one?" not in page
    end(event)
    assert "1 question is open" not in text_of(browser().get(event.get_absolute_url()))


def test_the_page_of_an_event_costs_the_same_with_any_number(event: Event, keeper: Any) -> None:
    client, costs = browser(keeper), []
    for number in (1, 12):
        for n in range(number):
            put(event, text=f"Question {n} of {number}?")
        client.get(event.get_absolute_url())
        with CaptureQueriesContext(connection) as queries:
            client.get(event.get_absolute_url())
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_a_person_gets_their_questions_and_votes_with_their_data(event: Event, keeper: Any) -> None:
    other = put(event, text="Who pays?")
    own = put(event, keeper, "Who digs?")
    asking.vote(other, by=keeper, wants=True)

    kept = dict(answer for _receiver, answer in personal_data.send(type(keeper), user=keeper))

    assert [row["text"] for row in kept["questions"]] == [own.text]
    assert kept["question_votes"] == [{"event": event.name, "question": "Who pays?"}]


# --- Feedback ----------------------------------------------------------------------------

SAID = {"useful": "4", "will_use": "The ladder, in our valley.", "missing": ""}


def test_a_participant_says_how_it_was_and_changes_it(event: Event, keeper: Any) -> None:
    end(event)
    client = browser(keeper)

    assert client.post(url(event, "feedback"), SAID).url == event.get_absolute_url()
    page = client.get(url(event, "feedback")).content.decode()
    assert "You answered already." in page
    assert "The ladder, in our valley." in page
    client.post(url(event, "feedback"), SAID | {"useful": "2", "missing": "Time."})

    row = Feedback.objects.get()
    assert (row.useful, row.will_use, row.missing, row.registration.user) == (
        2, "The ladder, in our valley.", "Time.", keeper,
    )  # fmt: skip


@pytest.mark.parametrize("useful", ["", "0", "6", "four", "4.5", "\ud800"])
def test_usefulness_is_a_number_from_one_to_five(event: Event, keeper: Any, useful: str) -> None:
    end(event)
    said = SAID | {"useful": useful.encode("utf-8", "surrogatepass")}

    answer = browser(keeper).post(url(event, "feedback"), said)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Error:" in page
    assert "The ladder, in our valley." in page
    assert not Feedback.objects.exists()


def test_long_answers_are_refused_and_kept(event: Event, keeper: Any) -> None:
    end(event)
    answer = browser(keeper).post(url(event, "feedback"), SAID | {"missing": "m" * 1001})
    page = answer.content.decode()
    assert page.count("Shorten this to 1000 characters. It has 1001 now.") == 2
    assert "m" * 1001 in page


def test_feedback_is_for_people_who_had_a_place_and_only_afterwards(
    event: Event, keeper: Any
) -> None:
    early = browser(keeper).post(url(event, "feedback"), SAID)
    assert "Feedback can be given once the event has begun." in text_of(early)
    end(event)
    stranger = browser(make_user()).post(url(event, "feedback"), SAID)
    assert stranger.status_code == 403
    assert "Only people with a place can do this." in text_of(stranger)
    assert not Feedback.objects.exists()


def test_who_withdrew_gives_no_feedback(event: Event) -> None:
    row = come(event)
    registering.withdraw(row, by=row.user)
    end(event)
    assert browser(row.user).post(url(event, "feedback"), SAID).status_code == 403
    assert not Feedback.objects.exists()
