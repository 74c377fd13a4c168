"""Who is written to about what, in which language, and what no letter may say."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Profile, User
from catalogue.models import Contributor, Solution
from catalogue.operations import withdraw_solution
from notifications.models import Notification
from tests.factories import complete_full, make_user, published
from tests.letters import letters, letters_of, name_of, text_of, the_letter, title_of
from tests.validation.factories import (
    NO_CONFLICT,
    accepted,
    case_in_decision,
    case_in_review,
    chaired_case,
    decided,
    invited,
    labelled,
    make_reviewer,
    moderator,
    opened_case,
    proposed,
    sent,
)
from validation import choices as c
from validation import letters as writing
from validation.models import Case, Seat
from validation.operations import (
    appealing,
    challenging,
    clarifying,
    deciding,
    opening,
    panel,
    records,
)
from validation.operations.timekeeping import keep_time

pytestmark = pytest.mark.django_db

FOLDER = Path(settings.BASE_DIR) / "templates" / "emails" / "validation"
NAMES = sorted(path.stem for path in FOLDER.glob("*.txt") if not path.stem.startswith("_"))


def fresh(obj: Any) -> Any:
    return type(obj).objects.get(pk=obj.pk)


class Post:
    """The letters of the validation written since it was asked last: name and reader."""

    def __init__(self) -> None:
        self.seen = 0
        self.new()

    def rows(self) -> list[Notification]:
        found = letters(after=self.seen)
        self.seen = max([self.seen, *(row.pk for row in found)])
        return [row for row in found if name_of(row).startswith("validation/")]

    def by_name(self) -> dict[str, Notification]:
        return {named(row): row for row in self.rows()}

    def new(self) -> list[tuple[str, str]]:
        return sorted((named(row), row.user.email) for row in self.rows())


def named(row: Notification) -> str:
    return name_of(row).removeprefix("validation/")


# --- Each letter ----------------------------------------------------------------------------


def context_of_all() -> dict[str, Any]:
    """Whatever any letter asks for."""
    return {
        "title": "Wells tested",
        "due": timezone.now(),
        "on": timezone.localdate(),
        "expires_on": timezone.localdate(),
        "alias": "Reviewer C",
        "verb": "accept",
        "outcome": c.Outcome.PROMISING,
        "score": "55",
        "letter": "Dear team, & thank you <all>.",
        "labelled": True,
        "note": "Look & see.",
        "reference": "V-0001",
        "change": "expire",
        "answer": "It is theirs.",
        "kept": True,
    }


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("name", NAMES)
def test_every_letter_has_a_title_a_text_and_one_link(name: str, language: str) -> None:
    reader = make_user()
    Profile.objects.filter(user=reader).update(interface_language=language)
    writing.write(
        name, User.objects.get(pk=reader.pk), ("validation:standing", "u1"), **context_of_all()
    )
    letter = the_letter(reader)
    prefix = "" if language == "en" else "/ar"
    assert letter.path == f"{prefix}/work/u1/validation/"
    assert letter.title
    assert "\n" not in letter.title
    assert letter.body.count("http") == 1
    assert f"{settings.PORTAL_URL}{letter.path}" in letter.body
    assert letter.body.rstrip().endswith(settings.PORTAL_NAME)
    assert "&amp;" not in letter.title + letter.body
    assert "{" not in letter.title + letter.body
    assert "\n\n\n" not in letter.body


def test_every_letter_has_its_kind() -> None:
    assert sorted(writing.KINDS) == NAMES


def test_a_letter_costs_six_queries(django_assert_num_queries: Any) -> None:
    """With a key one more, which looks whether it was written before; it is the only one then."""
    reader = User.objects.select_related("profile").get(pk=make_user().pk)
    page = ("validation:standing", "u1")
    with transaction.atomic():
        with django_assert_num_queries(6):
            writing.write("case_opened", reader, page, title="Wells")
        with django_assert_num_queries(7):
            writing.write("case_opened", reader, page, key="k", title="Wells")
        with django_assert_num_queries(2):
            writing.write("case_opened", reader, page, key="k", title="Wells")
    assert len(letters(reader)) == 2


def test_letters_are_written_in_the_language_of_the_reader() -> None:
    case = opened_case()
    Profile.objects.filter(user=case.solution.owner).update(interface_language="fr")
    chair = make_reviewer("CI", may_chair=True)
    Profile.objects.filter(user=chair).update(interface_language="ar")
    opening.appoint_chair(case, by=moderator(), chair=fresh(chair))
    post = Post()
    clarified = fresh(case)
    opening.declare_chair(clarified, by=fresh(chair), declared=NO_CONFLICT)
    seat = invited(fresh(case))
    asked = post.by_name()["invitation"].letter
    assert f"{settings.PORTAL_URL}/ar/desk/" in the_letter(chair).body
    assert f"{settings.PORTAL_URL}/reviews/{seat.uid}/" in asked.body
    assert (the_letter(chair).language, asked.language) == ("ar", "en")


def test_a_title_in_two_lines_does_not_break_a_subject() -> None:
    solution = complete_full()
    Solution.objects.filter(pk=solution.pk).update(title="Wells\ntested")
    published(fresh(solution), form="full")
    assert letters_of(solution.owner) == ["“Wells tested” goes before a panel"]


def test_nobody_writes_to_a_closed_account() -> None:
    case = opened_case()
    post = Post()
    User.objects.filter(pk=case.solution.owner_id).update(is_active=False)
    opening.close_case(case, by=moderator(), note="It came twice.")
    assert post.new() == []


# --- Who is written to ----------------------------------------------------------------------


def test_the_whole_way_of_a_case() -> None:
    desk = moderator(email="desk@test.example")
    owner = make_user(email="owner@test.example")
    solution = complete_full(owner)
    partner = make_user(email="partner@test.example")
    Contributor.objects.create(solution=solution, user=partner, name="P", role="partner")
    team = [owner.email, partner.email]
    post = Post()

    published(solution, form="full")
    case = Case.objects.get()
    opened = [("case_opened", address) for address in team]
    assert post.new() == [*opened, ("case_waits", desk.email)]

    chair = make_reviewer("CI", may_chair=True, email="chair@test.example")
    opening.appoint_chair(case, by=desk, chair=chair)
    assert post.new() == [("chair_appointed", chair.email)]
    opening.declare_chair(fresh(case), by=chair, declared=NO_CONFLICT)
    case = fresh(case)
    assert post.new() == []

    seats = []
    for n, country in enumerate(("ID", "CD")):
        person = make_reviewer(country, email=f"reviewer{n}@test.example")
        seats.append(invited(case, person))
        assert post.new() == [("invitation", person.email)]
        panel.accept(seats[-1], by=person, declared=NO_CONFLICT)
        assert post.new() == [("seat_answer", chair.email)]

    panel.propose_date(seats[0], by=seats[0].user, on=timezone.localdate() + dt.timedelta(days=30))
    assert post.new() == [("date_asked", chair.email)]
    day = timezone.localdate() + dt.timedelta(days=30)
    panel.set_due(fresh(seats[0]), by=chair, on=day)
    assert post.new() == [("review_date", seats[0].user.email)]

    clarifying.ask(fresh(case), by=chair, questions=[("C2", "Compared with what?")])
    assert post.new() == [("questions_asked", address) for address in team]
    question = fresh(case).clarifications.get().questions.get()
    sent_in = Seat.objects.filter(case=case, state="sent").count()
    assert sent_in == 0
    clarifying.answer(fresh(case), by=owner, answers={question.pk: "With 2014."})
    assert post.new() == [("answers_in", chair.email)]

    sent(seats[0])
    assert post.new() == []
    sent(seats[1])
    assert post.new() == [("reviews_in", chair.email)]

    decision = proposed(fresh(case))
    to_confirm = [("decision_proposed", seat.user.email) for seat in seats]
    assert post.new() == to_confirm
    deciding.refuse(decision, by=seats[0].user, note="C2 rests on one place.")
    assert post.new() == [("proposal_refused", chair.email)]
    decision = proposed(fresh(case))
    assert post.new() == to_confirm
    deciding.confirm(fresh(decision), by=seats[1].user)
    deciding.confirm(fresh(decision), by=seats[1].user)
    told = [("decided", address) for address in team]
    assert post.new() == [*told, ("proposal_confirmed", chair.email)]


def test_a_review_that_is_open_again_is_announced_to_its_reviewer() -> None:
    case = case_in_decision()
    clarifying.ask(case, by=case.chair, questions=[("C2", "Compared with what?")])
    question = case.clarifications.get().questions.get()
    post = Post()
    clarifying.answer(fresh(case), by=case.solution.owner, answers={question.pk: "With 2014."})
    again = [("review_again", seat.user.email) for seat in case.seats.select_related("user")]
    assert post.new() == sorted([("answers_in", case.chair.email), *again])


@pytest.mark.parametrize("somebody", [True, False])
def test_a_third_review_that_is_needed_says_whether_somebody_is_asked(somebody: bool) -> None:
    case = case_in_review()
    spare = make_reviewer("CG", email="spare@test.example") if somebody else None
    first, second = case.seats.order_by("pk")
    sent(first, 3)
    post = Post()
    sent(second, {**dict.fromkeys(case.scope, 3), "C1": 1})
    found = post.by_name()
    words = "The portal has asked a third" if somebody else "Please find somebody."
    assert words in text_of(found["third_needed"])
    assert set(found) == {"third_needed", *(["invitation"] if spare else [])}


def test_a_conflict_found_later_releases_the_reviewer_and_tells_the_chair() -> None:
    case = case_in_review()
    seat = case.seats.select_related("user").first()
    post = Post()
    Contributor.objects.create(
        solution=case.solution, user=seat.user, name=str(seat.user), role="partner"
    )
    panel.recheck(case.solution)
    assert post.new() == sorted([("released", seat.user.email), ("seat_answer", case.chair.email)])


def test_an_invitation_nobody_needs_any_more_is_told_to_the_invited_alone() -> None:
    case = case_in_review()
    spare = invited(case, make_reviewer("CG", email="spare@test.example"))
    first, second = case.seats.exclude(pk=spare.pk).order_by("pk")
    sent(first)
    post = Post()
    sent(second)
    assert post.new() == sorted(
        [("released", "spare@test.example"), ("reviews_in", case.chair.email)]
    )


def test_answers_of_the_invited_reach_the_chair() -> None:
    case = chaired_case()
    no, silent = invited(case), invited(case, country="CD")
    post = Post()
    panel.decline(no, by=no.user, reason="time")
    assert post.new() == [("seat_answer", case.chair.email)]
    with time_machine.travel(silent.invited_at + dt.timedelta(days=12)):
        keep_time()
    [row] = post.rows()
    assert title_of(row) == f"Reviewer {silent.alias} did not answer: “{case.solution.title}”"


@pytest.mark.parametrize("end", ["take_back", "lapse", "close_case", "withdraw"])
def test_an_end_without_decision_is_told_to_all_it_concerns(end: str) -> None:
    case = case_in_review()
    owner = case.solution.owner
    partner = make_user(email="partner@test.example")
    Contributor.objects.create(solution=case.solution, user=partner, name="P", role="partner")
    if end == "lapse":
        clarifying.ask(case, by=case.chair, questions=[("C2", "Compared with what?")])
    post = Post()
    match end:
        case "take_back":
            opening.take_back(fresh(case), by=owner, note="An error.")
        case "lapse":
            with time_machine.travel(timezone.now() + dt.timedelta(days=15)):
                keep_time()
        case "close_case":
            opening.close_case(fresh(case), by=moderator(), note="It came twice.")
        case "withdraw":
            withdraw_solution(fresh(case.solution), by=owner, reason="It ended.")
    rows = post.rows()
    count = Counter((named(row), row.user.email) for row in rows)
    mine = [] if end == "take_back" else [("case_closed", owner.email)]
    released = [("released", seat.user.email) for seat in case.seats.select_related("user")]
    expected = [
        *mine,
        ("case_closed", partner.email),
        ("case_ended", case.chair.email),
        *released,
    ]
    # While two weeks go by, reviewers are also reminded of their date.
    assert {key: n for key, n in count.items() if key[0] != "review_due"} == Counter(expected)
    if end == "close_case":
        [told] = [row for row in rows if row.user == partner]
        assert "It came twice." in text_of(told)


def test_what_becomes_of_a_label_is_told_to_its_team() -> None:
    record = labelled()
    owner = record.solution.owner.email
    judge = moderator()
    post = Post()
    records.suspend(fresh(record), by=judge, note="Under examination.")
    [row] = post.rows()
    assert (row.user.email, "Under examination." in text_of(row)) == (owner, True)
    records.restore(fresh(record), by=judge, note="It holds.")
    assert post.new() == [("label_changed", owner)]
    with time_machine.travel(timezone.now() + dt.timedelta(days=365 * 3 + 5)):
        keep_time()
        keep_time()
        assert post.new() == [("label_changed", owner)]
    records.revoke(fresh(record), by=judge, note="It never was.")
    assert post.new() == [("label_changed", owner)]


def test_the_end_of_a_label_is_announced_three_times() -> None:
    record = labelled()
    end = dt.datetime.combine(record.expires_on, dt.time(9), tzinfo=dt.UTC)
    post = Post()
    told = []
    for days in (91, 90, 60, 30, 20, 7, 1):
        with time_machine.travel(end - dt.timedelta(days=days), tick=False):
            keep_time()
            keep_time()
            told.append((days, post.new()))
    letter = [("label_ends", record.solution.owner.email)]
    assert told == [
        (91, []), (90, letter), (60, []), (30, letter), (20, []), (7, letter), (1, []),
    ]  # fmt: skip


def test_a_decision_that_ends_a_label_is_one_letter() -> None:
    case = case_in_decision(1, 1, strength=0)
    decided(case)
    filed = appealing.file_appeal(
        fresh(case), by=case.solution.owner, ground="error", text="The year is wrong."
    )
    people = [make_reviewer(country) for country in ("ID", "CD", "CD")]
    desk = moderator(email="desk@test.example")
    post = Post()
    appealing.appoint(filed, by=desk, people=people)
    assert post.new() == sorted(("appeal_asked", person.email) for person in people)
    for person in people:
        appealing.give_opinion(fresh(filed), by=person, upholds=True, reason="It is.")
    # A new case begins; the answer to the appeal says so, and the desk looks for a chair.
    assert post.new() == [
        ("appeal_answered", case.solution.owner.email),
        ("case_waits", desk.email),
    ]


def test_an_appeal_is_told_to_moderators_without_a_part() -> None:
    case = case_in_decision(1, 1, strength=0)
    decided(case)
    desk = moderator(email="desk@test.example")
    User.objects.filter(pk=case.chair_id).update(is_staff=True)
    post = Post()
    for _turn in range(2):
        appealing.file_appeal(
            fresh(case), by=case.solution.owner, ground="error", text="The year is wrong."
        )
    assert post.new() == [("appeal_filed", desk.email)]


def test_a_challenge_is_told_to_the_desk_then_the_team_then_its_member() -> None:
    record = labelled()
    owner = record.solution.owner.email
    desk = moderator(email="desk@test.example")
    member = moderator(email="member@test.example")  # even a moderator does not judge their own
    post = Post()
    key = uuid.uuid4()
    for _turn in range(2):
        challenge = challenging.raise_challenge(
            record, by=member, form_key=key, text="It is elsewhere.", url="https://a.test.example/"
        )
    assert post.new() == [("challenge_raised", desk.email)]
    challenging.ask_owner(challenge, by=desk, note="What do you say?")
    assert post.new() == [("challenge_question", owner)]
    challenging.suspend_label(fresh(challenge), by=desk, note="Under examination.")
    assert post.new() == [("challenge_answer", member.email), ("label_changed", owner)]
    challenging.restore_label(fresh(challenge), by=desk, note="The figure is theirs.")
    found = post.by_name()
    assert sorted(found) == ["challenge_answer", "label_changed"]
    assert "The figure is theirs." in text_of(found["challenge_answer"])


# --- What no letter says --------------------------------------------------------------------


def test_no_letter_to_team_member_or_co_reviewer_names_anybody_of_the_panel() -> None:
    """The whole life of a case with unmistakable names; then every letter is searched."""
    marks: dict[str, list[str]] = {}

    def person(key: str, country: str, **more: Any) -> User:
        name, address = f"Zq{key} Unmistakable{key}", f"zq.{key.lower()}@marked.example"
        user = make_reviewer(country, name=name, email=address, organisation=f"Org{key}", **more)
        marks[address] = [f"Zq{key}", f"Unmistakable{key}", address, f"Org{key}"]
        return user

    owner = make_user(email="owner@test.example")
    case = opened_case(owner)
    chair = person("Chair", "CI", may_chair=True)
    opening.appoint_chair(case, by=chair, chair=chair, declared=NO_CONFLICT)
    case = fresh(case)
    first, second = (
        accepted(case, person(key, country)) for key, country in (("One", "ID"), ("Two", "CD"))
    )
    person("Three", "CG")
    clarifying.ask(fresh(case), by=chair, questions=[("C2", "Compared with what?")])
    question = fresh(case).clarifications.get().questions.get()
    clarifying.answer(fresh(case), by=owner, answers={question.pk: "With 2014."})
    sent(first, 3)
    sent(second, {**dict.fromkeys(case.scope, 3), "C1": 1})
    third = case.seats.get(state="invited")
    panel.accept(third, by=third.user, declared=NO_CONFLICT)
    sent(third, 3)
    record = decided(fresh(case))
    assert record is not None
    member = make_user(email="member@test.example")
    challenge = challenging.raise_challenge(
        record, by=member, form_key=uuid.uuid4(), text="No.", url="https://a.test.example/"
    )
    judge = moderator(name="ZqJudge", email="zq.judge@marked.example")
    challenging.ask_owner(challenge, by=judge, note="What do you say?")
    challenging.suspend_label(fresh(challenge), by=judge, note="Under examination.")
    challenging.restore_label(fresh(challenge), by=judge, note="It holds.")
    panel.recuse(fresh(third), by=third.user, note="I know one of them.")

    aliases = [str(seat) for seat in Seat.objects.filter(case=case)]
    found = []
    to_chair = 0
    for row in letters():
        text, reader = text_of(row), row.user.email
        to_chair += reader == "zq.chair@marked.example"
        for address, names in marks.items():
            own = reader == address
            found += [(reader, name) for name in names if name in text and not own]
        if reader != "zq.chair@marked.example":
            found += [(reader, alias) for alias in aliases if alias in text]
            found += [(reader, time) for time in (f"{case.opened_at:%H:%M}",) if time in text]
        others = User.objects.exclude(email=reader).values_list("email", flat=True)
        found += [(reader, other) for other in others if other in text]
    assert found == []
    assert to_chair > 5
