"""Polls: who asks, who votes, who sees counts when, and that nobody sees who chose what."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone

from accounts.models import User
from accounts.operations import everything_about
from community.choices import Trust
from community.models import Ballot, ChapterMember, Discussion, Poll, PollOption
from community.operations import discussing, polling
from community.polls import polls_of
from core.errors import DomainError
from core.models import AuditEntry
from tests.community.factories import (
    make_chapter,
    make_discussion,
    make_member,
    make_theme,
)
from tests.factories import make_user
from tests.people import browser

pytestmark = pytest.mark.django_db


def in_chapter(**values: Any) -> Discussion:
    """A discussion that does not end with its month."""
    return make_discussion(make_chapter(), **values)


def ask(discussion: Discussion | None = None, **values: Any) -> Poll:
    discussion = discussion or in_chapter()
    told = {
        "by": discussion.started_by,
        "question": "Who pays?",
        "answers": ["Users", "The district", "Nobody"],
        "several": False,
        "closes_at": timezone.now() + dt.timedelta(days=7),
        "form_key": uuid.uuid4(),
    }
    return polling.ask_poll(discussion, **told | values)


def choose(poll: Poll, by: User, *texts: str) -> None:
    keys = poll.options.filter(text__in=texts).values_list("pk", flat=True)
    polling.vote(poll, by=by, options=list(keys))


def counts(poll: Poll) -> dict[str, int]:
    return dict(PollOption.objects.filter(poll=poll).values_list("text", "votes"))


def code_of(call: Any) -> str:
    try:
        call()
    except PermissionDenied:
        return "denied"
    except DomainError as error:
        return error.code
    except ValidationError as error:
        return next(iter(error.message_dict))
    return "done"


# --- Asking ------------------------------------------------------------------------------------


def test_keepers_and_the_starter_ask_and_nobody_else() -> None:
    chapter = make_chapter()
    starter, other = make_member(), make_member()
    keeper, insider = make_member(), make_member()
    for user, role in ((keeper, "coordinator"), (insider, "member")):
        ChapterMember.objects.create(chapter=chapter, user=user, role=role)
    discussion = make_discussion(chapter, by=starter)
    people = {
        "starter": starter, "keeper": keeper, "staff": make_user(is_staff=True),
        "insider": insider, "member": other, "stranger": make_user(),
    }  # fmt: skip

    found = {name: code_of(lambda by=by: ask(discussion, by=by)) for name, by in people.items()}

    assert {name for name, said in found.items() if said == "done"} == {
        "starter", "keeper", "staff",
    }  # fmt: skip
    assert set(found.values()) == {"done", "denied"}


def test_whoever_is_read_first_asks_later() -> None:
    newcomer = make_member(trust=Trust.NEW)
    assert code_of(lambda: ask(in_chapter(by=newcomer))) == "held"
    assert not Poll.objects.exists()


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"answers": ["One"]}, "answers"),
        ({"answers": [f"Answer {n}" for n in range(11)]}, "answers"),
        ({"answers": ["One", "ONE"]}, "answers"),
        ({"answers": ["One", " "]}, "answers"),
        ({"answers": ["One", "x" * 161]}, "text"),
        ({"question": ""}, "question"),
        ({"question": "x" * 201}, "question"),
        ({"closes_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, "day"),
        ({"closes_at": dt.datetime(2090, 1, 1, tzinfo=dt.UTC)}, "day"),
    ],
)
def test_a_poll_that_makes_no_sense_is_refused_at_its_field(
    changes: dict[str, Any], place: str
) -> None:
    assert code_of(lambda: ask(**changes)) == place
    assert not Poll.objects.exists()


def test_the_same_form_sent_twice_is_one_poll() -> None:
    discussion, key = in_chapter(), uuid.uuid4()
    assert ask(discussion, form_key=key) == ask(discussion, form_key=key)


@time_machine.travel("2024-05-16 12:00", tick=False)
def test_a_poll_of_a_month_ends_with_it() -> None:
    discussion = make_discussion(make_theme(month="2024-05"))
    late = dt.datetime(2024, 6, 2, tzinfo=dt.UTC)

    assert code_of(lambda: ask(discussion, closes_at=late)) == "day"
    assert code_of(lambda: ask(discussion, closes_at=late - dt.timedelta(days=3))) == "done"


def test_a_discussion_takes_ten_polls_and_none_once_it_is_locked() -> None:
    discussion = in_chapter()
    for _n in range(polling.MOST_POLLS):
        ask(discussion)
    assert code_of(lambda: ask(discussion)) == "limit"
    locked = in_chapter()
    Discussion.objects.filter(pk=locked.pk).update(state="locked")
    assert code_of(lambda: ask(Discussion.objects.get(pk=locked.pk), by=locked.started_by)) == (
        "denied"
    )


# --- Voting ------------------------------------------------------------------------------------


def test_one_votes_once_and_may_change_it_until_the_end() -> None:
    poll, person = ask(), make_member()

    choose(poll, person, "Users")
    choose(poll, person, "Users")
    choose(poll, person, "Nobody")
    choose(poll, make_member(), "Nobody")

    assert counts(poll) == {"Users": 0, "The district": 0, "Nobody": 2}
    assert Poll.objects.get().ballots_cast == 2
    with time_machine.travel(poll.closes_at):
        assert code_of(lambda: choose(poll, person, "Users")) == "closed"
    assert counts(poll)["Nobody"] == 2


def test_several_answers_only_where_several_were_asked_for() -> None:
    one, several, person = ask(), ask(several=True), make_member()

    assert code_of(lambda: choose(one, person, "Users", "Nobody")) == "several"
    assert code_of(lambda: choose(several, person)) == "none"
    choose(several, person, "Users", "Nobody")

    assert counts(several) == {"Users": 1, "The district": 0, "Nobody": 1}
    assert Poll.objects.get(pk=several.pk).ballots_cast == 1


def test_answers_of_another_poll_do_not_count() -> None:
    poll, other = ask(), ask()
    keys = list(other.options.values_list("pk", flat=True))
    for forged in (keys[:1], [10**18]):
        assert code_of(lambda f=forged: polling.vote(poll, by=make_member(), options=f)) == "forged"
    assert not Ballot.objects.exists()


def test_only_members_who_may_write_there_vote() -> None:
    chapter = make_chapter(is_private=True)
    insider, asked, outsider = make_member(), make_member(), make_member()
    ChapterMember.objects.create(chapter=chapter, user=insider, role="coordinator")
    ChapterMember.objects.create(chapter=chapter, user=asked, role="asked")
    poll = ask(make_discussion(chapter, by=insider))
    people = {"insider": insider, "asked": asked, "outsider": outsider, "stranger": make_user()}

    found = {name: code_of(lambda by=by: choose(poll, by, "Users")) for name, by in people.items()}

    assert found.pop("insider") == "done"
    assert "done" not in found.values()
    for person in (asked, outsider, make_user()):
        path = f"/community/polls/{poll.uid}/vote/"
        assert browser(person).get(path).status_code == 404


# --- What is shown -----------------------------------------------------------------------------


def shown(poll: Poll, reader: Any) -> list[int | None]:
    discussion = Discussion.objects.get(pk=poll.discussion_id)
    return [answer.votes for answer in polls_of(discussion, reader)[0].answers]


def test_counts_are_for_those_who_voted_until_the_poll_is_closed() -> None:
    poll = ask()
    voters = [make_member() for _n in range(polling.COUNTED_FROM)]
    for voter in voters:
        choose(poll, voter, "Users")
    readers = {"visitor": AnonymousUser(), "member": make_member(), "asker": poll.asked_by,
               "staff": make_user(is_staff=True)}  # fmt: skip

    assert shown(poll, voters[0]) == [5, 0, 0]
    for name, reader in readers.items():
        assert shown(poll, reader) == [None] * 3, name
    polling.close_poll(poll, by=poll.asked_by)
    for name, reader in readers.items():
        assert shown(poll, reader) == [5, 0, 0], name


def test_an_open_poll_shows_nothing_before_five_have_voted() -> None:
    poll = ask()
    voters = [make_member() for _n in range(polling.COUNTED_FROM)]
    for voter in voters[:-1]:
        choose(poll, voter, "Users")
    assert shown(poll, voters[0]) == [None] * 3
    choose(poll, voters[-1], "Nobody")
    assert shown(poll, voters[0]) == [4, 0, 1]


def test_only_the_asker_and_keepers_close_a_poll_early() -> None:
    discussion = in_chapter()
    keeper = make_member()
    ChapterMember.objects.create(chapter=discussion.chapter, user=keeper, role="coordinator")
    allowed = (keeper, discussion.started_by, make_user(is_staff=True))
    for by in (make_member(), make_user(), *allowed):
        said = "done" if by in allowed else "denied"
        poll = ask(discussion)
        assert code_of(lambda p=poll, by=by: polling.close_poll(p, by=by)) == said
        assert Poll.objects.get(pk=poll.pk).is_open(timezone.now()) == (said == "denied")


def test_nothing_tells_who_chose_what_but_ones_own_data() -> None:
    poll, voter = ask(answers=["Secretly yes", "Secretly no"]), make_member()
    choose(poll, voter, "Secretly yes")
    polling.close_poll(poll, by=poll.asked_by)

    registered = {model.__name__ for model in admin.site._registry}
    assert not registered & {"Ballot", "Poll", "PollOption"}
    log = json.dumps(list(AuditEntry.objects.values_list("data", "note", "target_label")))
    assert "Secretly" not in log
    for data in AuditEntry.objects.filter(verb__contains="poll").values_list("data", flat=True):
        assert voter.pk not in data.values()
        assert str(voter.pk) not in data.values()
    assert "Secretly yes" in json.dumps(everything_about(voter), default=str)
    assert "Secretly yes" not in json.dumps(everything_about(poll.asked_by), default=str)


def test_polls_go_with_a_discussion_that_is_merged() -> None:
    place = make_chapter()
    gone, kept = make_discussion(place), make_discussion(place)
    poll = ask(gone)

    discussing.merge_discussions(gone, kept, by=make_user(is_staff=True), reason="The same.")

    assert Poll.objects.get(pk=poll.pk).discussion == kept


# --- Pages -------------------------------------------------------------------------------------


def form(**values: Any) -> dict[str, Any]:
    day = timezone.localdate() + dt.timedelta(days=5)
    return {
        "form_key": str(uuid.uuid4()), "question": "Who pays?",
        "answers": "Users\n\n The district ",
        "day": day.isoformat(), "hour": "18:00", "zone": "Asia/Manila",
    } | values  # fmt: skip


def test_a_poll_is_asked_on_a_page_in_the_zone_of_whoever_asks() -> None:
    discussion = in_chapter()
    client = browser(discussion.started_by)
    path = f"/community/discussions/{discussion.uid}/polls/new/"

    assert client.get(path).status_code == 200
    assert client.post(path, form()).status_code == 302

    poll = Poll.objects.get()
    assert poll.closes_at.astimezone(dt.UTC).hour == 10
    assert [option.text for option in poll.options.all()] == ["Users", "The district"]
    assert browser(make_member()).get(path).status_code == 403


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"answers": "Users"}, "It has 1."),
        ({"answers": "Users\nusers"}, "One answer stands there twice."),
        ({"answers": "Users\n" + "x" * 161}, "Shorten each answer to 160 characters."),
        ({"question": ""}, "Write the question."),
        ({"day": "2001-01-01"}, "Choose a time that is still to come."),
        ({"day": "9999-12-31", "zone": "America/Bogota"}, "within three months"),
        ({"zone": "Moon/Sea"}, "Choose one of the list."),
        ({"hour": "25:00"}, "Enter an hour from 00:00 to 23:59"),
    ],
)
def test_a_refused_poll_comes_back_with_what_was_typed(changes: dict[str, str], said: str) -> None:
    discussion = in_chapter()
    path = f"/community/discussions/{discussion.uid}/polls/new/"

    answer = browser(discussion.started_by).post(path, form(question="Kept words?") | changes)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert ("Kept words?" in answer.content.decode()) == ("question" not in changes)
    assert not Poll.objects.exists()


@time_machine.travel("2026-10-20 12:00", tick=False)
def test_hours_that_clocks_leave_out_or_show_twice_are_not_guessed() -> None:
    discussion = in_chapter()
    client = browser(discussion.started_by)
    path = f"/community/discussions/{discussion.uid}/polls/new/"

    twice = client.post(path, form(day="2026-10-25", hour="02:30", zone="Europe/Berlin"))

    assert twice.status_code == 422
    assert "comes twice on that day" in twice.content.decode()


def test_voting_works_on_a_page_of_its_own_with_the_refusal_at_the_field() -> None:
    poll, person = ask(), make_member()
    client, path = browser(person), f"/community/polls/{poll.uid}/vote/"
    key = poll.options.get(text="Nobody").pk

    assert client.get(path).status_code == 200
    assert not Ballot.objects.exists()
    empty = client.post(path)
    assert empty.status_code == 422
    assert "Choose an answer." in empty.content.decode()
    assert client.post(path, {"answer": "9" * 30}).status_code == 422
    done = client.post(path, {"answer": key})
    assert done["Location"].endswith(f"#poll-{poll.uid}")
    assert counts(poll)["Nobody"] == 1
    assert "checked" in client.get(path).content.decode()


def test_who_is_no_member_joins_first_and_comes_back_to_the_poll() -> None:
    path = f"/community/polls/{ask().uid}/vote/"
    answer = browser(make_user()).get(path)
    assert answer["Location"].startswith("/community/join/?next=%2Fcommunity%2Fpolls")
    assert browser().get(path)["Location"].startswith("/accounts/login/")
    assert browser(make_member()).get(f"/community/polls/{'x' * 12}/vote/").status_code == 404


def printed(discussion: Discussion, user: Any) -> str:
    request = RequestFactory().get("/")
    request.user = user
    return Template("{% load community_polls %}{% polls_of discussion %}").render(
        Context({"request": request, "discussion": discussion})
    )


@pytest.mark.parametrize("n", [1, 5])
def test_one_poll_costs_what_five_cost(n: int, django_assert_num_queries: Any) -> None:
    discussion = in_chapter()
    for number in range(n):
        choose(ask(discussion, question=f"Who pays {number}?"), make_member(), "Users")
    reader = User.objects.get(pk=make_member().pk)

    with django_assert_num_queries(2):  # polls, answers
        text = printed(discussion, AnonymousUser())
    assert text.count("<article") == n
    # Polls, answers, own votes; whether the reader is a member, may speak, what they keep (two).
    with django_assert_num_queries(7):
        printed(discussion, reader)


def test_hostile_words_are_words() -> None:
    poll = ask(question="<script>alert(1)</script>", answers=["<b>yes</b>", "\u05d0\u05d1 {{ 1 }}"])
    text = printed(poll.discussion, make_member())
    assert "<script>alert" not in text
    assert "&lt;b&gt;yes" in text
