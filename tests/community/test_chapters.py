"""Chapters: who joins and who lets in, what a private one keeps to itself, what its page costs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.test import Client

from accounts.models import User
from accounts.operations import close_account
from community import finding
from community.choices import SanctionKind
from community.models import Chapter, ChapterMember, Sanction
from community.models.directory import DirectoryFacet
from community.models.members import forget_member
from community.operations import chapters as operations
from community.signals import chapter_joined
from core import waiting
from core.errors import DomainError
from core.models import AuditEntry
from tests.community.factories import (
    make_article,
    make_chapter,
    make_discussion,
    make_member,
)
from tests.events.factories import make_event
from tests.factories import make_hub, make_user, reference
from tests.letters import letters, letters_of, text_of, the_letter
from tests.participation.factories import make_webinar
from tests.people import browser

pytestmark = pytest.mark.django_db

READERS = ("anonymous", "stranger", "member", "asked", "insider", "coordinator", "staff")


def belong(chapter: Chapter, role: str = "member", user: User | None = None) -> User:
    user = user or make_member()
    ChapterMember.objects.create(chapter=chapter, user=user, role=role)
    return user


def row_of(chapter: Chapter, user: User) -> ChapterMember:
    return ChapterMember.objects.get(chapter=chapter, user=user)


def role_of(chapter: Chapter, user: User) -> str:
    return (
        ChapterMember.objects.filter(chapter=chapter, user=user)
        .values_list("role", flat=True)
        .first()
        or ""
    )


def people_of(chapter: Chapter) -> dict[str, Any]:
    return {
        "anonymous": AnonymousUser(),
        "stranger": make_user(),
        "member": make_member(),
        "asked": belong(chapter, "asked"),
        "insider": belong(chapter),
        "coordinator": belong(chapter, "coordinator"),
        "staff": make_user(is_staff=True),
    }


def browsers(people: dict[str, Any]) -> dict[str, Client]:
    return {
        name: browser(person if person.is_authenticated else None)
        for name, person in people.items()
    }


def suspend(user: User) -> User:
    Sanction.objects.create(
        user=user, kind=SanctionKind.BAN, ground="spam", reason="It was spam.", decided_by=None
    )
    forget_member(user)
    return user


def refusal(call: Any) -> str:
    try:
        call()
    except PermissionDenied:
        return "denied"
    except DomainError as error:
        return error.code
    return "done"


# --- Joining and leaving -----------------------------------------------------------------------


@pytest.mark.parametrize(("private", "role"), [(False, "member"), (True, "asked")])
def test_one_joins_an_open_chapter_at_once_and_asks_to_join_a_private_one(
    private: bool, role: str
) -> None:
    chapter, person = make_chapter(is_private=private), make_member()
    heard: list[tuple[str, int]] = []

    def listen(chapter: Chapter, user: User, role: str, **_: Any) -> None:
        heard.append((role, user.pk))

    chapter_joined.connect(listen)
    try:
        for _twice in range(2):
            operations.join_chapter(chapter, by=person)
        operations.leave_chapter(chapter, by=person)
        operations.leave_chapter(chapter, by=person)
    finally:
        chapter_joined.disconnect(listen)

    assert heard == [(role, person.pk), ("", person.pk)]
    assert role_of(chapter, person) == ""


def test_only_members_of_the_community_who_may_speak_join() -> None:
    chapter, hidden = make_chapter(), make_chapter(is_public=False)
    for person in (make_user(), suspend(make_member())):
        assert refusal(lambda p=person: operations.join_chapter(chapter, by=p)) == "denied"
    member = make_member()
    assert refusal(lambda: operations.join_chapter(hidden, by=member)) == "denied"
    assert not ChapterMember.objects.exists()


def test_the_only_coordinator_goes_after_naming_another() -> None:
    chapter = make_chapter()
    first, second = belong(chapter, "coordinator"), belong(chapter)

    assert refusal(lambda: operations.leave_chapter(chapter, by=first)) == "last"
    own = row_of(chapter, first).pk
    assert refusal(lambda: operations.step_down(chapter, own, by=first)) == "last"
    operations.make_coordinator(chapter, row_of(chapter, second).pk, by=first)
    operations.leave_chapter(chapter, by=first)

    assert (role_of(chapter, first), role_of(chapter, second)) == ("", "coordinator")


def test_a_moderator_ends_the_last_coordinator() -> None:
    chapter, staff = make_chapter(), make_user(is_staff=True)
    person = belong(chapter, "coordinator")

    operations.step_down(chapter, row_of(chapter, person).pk, by=staff)
    assert role_of(chapter, person) == "member"

    operations.make_coordinator(chapter, row_of(chapter, person).pk, by=staff)
    operations.remove_member(chapter, row_of(chapter, person).pk, by=staff, reason="Resigned.")
    assert role_of(chapter, person) == ""


def test_who_closes_the_account_belongs_to_no_chapter() -> None:
    chapter = make_chapter()
    person = belong(chapter, "coordinator")

    close_account(by=person, user=person)

    assert not ChapterMember.objects.exists()


# --- Who may do what ---------------------------------------------------------------------------

#: Move by kind of person; the person it is about is a member unless said otherwise.
ACTS: dict[str, tuple[Any, str]] = {
    "admit": (
        lambda c, pk, by: operations.answer_request(c, pk, by=by, admit=True), "asked"
    ),
    "decline": (
        lambda c, pk, by: operations.answer_request(c, pk, by=by, admit=False, reason="No."),
        "asked",
    ),
    "raise": (lambda c, pk, by: operations.make_coordinator(c, pk, by=by), "member"),
    "remove": (lambda c, pk, by: operations.remove_member(c, pk, by=by, reason="No."), "member"),
    "lower another": (lambda c, pk, by: operations.step_down(c, pk, by=by), "coordinator"),
    "remove coordinator": (
        lambda c, pk, by: operations.remove_member(c, pk, by=by, reason="No."), "coordinator"
    ),
    "close": (lambda c, _pk, by: operations.make_private(c, by=by), "member"),
    "link": (
        lambda c, _pk, by: operations.link_event(c, by=by, event=make_event(), linked=True),
        "member",
    ),
    "change": (
        lambda c, _pk, by: operations.change_chapter(
            c, by=by, base=operations.state_of(c), languages=[], region="Hills"
        ),
        "member",
    ),
}  # fmt: skip
STAFF_ONLY = {"lower another", "remove coordinator"}


@pytest.mark.parametrize("act", ACTS)
def test_coordinators_and_moderators_run_a_chapter_and_nobody_else(act: str) -> None:
    run, about = ACTS[act]
    found = {}
    for name in READERS[1:]:
        chapter = make_chapter()
        people = people_of(chapter)
        about_pk = row_of(chapter, belong(chapter, about)).pk
        found[name] = refusal(lambda c=chapter, pk=about_pk, by=people[name]: run(c, pk, by))

    allowed = {"staff"} if act in STAFF_ONLY else {"staff", "coordinator"}
    assert {name for name, said in found.items() if said == "done"} == allowed
    assert set(found.values()) == {"done", "denied"}


def test_a_suspended_coordinator_runs_nothing() -> None:
    chapter = make_chapter()
    person = suspend(belong(chapter, "coordinator"))
    assert refusal(lambda: operations.make_private(chapter, by=person)) == "denied"


def test_what_coordinators_do_is_in_the_audit_without_names_of_members() -> None:
    chapter = make_chapter(is_private=True)
    by, asked = belong(chapter, "coordinator"), belong(chapter, "asked")

    operations.answer_request(chapter, row_of(chapter, asked).pk, by=by, admit=True)
    operations.remove_member(chapter, row_of(chapter, asked).pk, by=by, reason="Left the region.")

    rows = list(AuditEntry.of(chapter).order_by("pk"))
    assert [row.verb for row in rows] == ["admit_to_chapter", "remove_from_chapter"]
    assert rows[1].note == "Left the region."
    assert rows[0].data == {"member": asked.pk}


# --- Letters and what waits --------------------------------------------------------------------


def test_who_asked_gets_a_letter_with_the_answer_and_its_reason() -> None:
    chapter = make_chapter(is_private=True)
    by = belong(chapter, "coordinator")
    first, second = belong(chapter, "asked"), belong(chapter, "asked")

    operations.answer_request(chapter, row_of(chapter, first).pk, by=by, admit=True)
    pk = row_of(chapter, second).pk
    assert refusal(lambda: operations.answer_request(chapter, pk, by=by, admit=False)) == "reason"
    operations.answer_request(chapter, pk, by=by, admit=False, reason="Another region.")

    assert "are open to you" in the_letter(first).body
    assert "Another region." in the_letter(second).body
    assert role_of(chapter, second) == ""


def test_coordinators_are_told_of_a_request_and_moderators_where_there_are_none() -> None:
    chapter, desk = make_chapter(is_private=True), make_user(is_staff=True)
    operations.join_chapter(chapter, by=make_member())
    by = belong(chapter, "coordinator")
    belong(chapter)
    person = make_member()
    for _twice in range(2):
        operations.join_chapter(chapter, by=person)

    assert [row.user for row in letters()] == [desk, by]
    letter = the_letter(by)
    assert letter.title == f"Answer who asks to join: {chapter.name}"
    assert letter.path == f"/community/chapters/{chapter.slug}/people/"
    assert str(person) not in text_of(letters(by)[0])


def test_a_member_hears_that_they_coordinate_now() -> None:
    chapter = make_chapter()
    by, found = belong(chapter, "coordinator"), belong(chapter)
    for _twice in range(2):
        operations.make_coordinator(chapter, row_of(chapter, found).pk, by=by)
    assert letters_of(found) == [f"You coordinate the chapter {chapter.name}"]
    assert letters_of(by) == []


def test_requests_wait_for_coordinators_and_then_for_moderators() -> None:
    led, alone = make_chapter(is_private=True), make_chapter(is_private=True)
    coordinator, staff = belong(led, "coordinator"), make_user(is_staff=True)
    for chapter in (led, led, alone):
        belong(chapter, "asked")

    def waits_for(user: User) -> list[str]:
        return [str(i.title) for i in waiting.items_for(user) if "asks to join" in str(i.title)]

    assert waits_for(coordinator) == [f"Answer who asks to join: {led}"]
    assert waits_for(staff) == [f"Answer who asks to join: {alone}"]
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days=8)):
        assert len(waits_for(staff)) == 2


# --- Private chapters --------------------------------------------------------------------------


def secrets_in(chapter: Chapter, coordinator: User) -> list[str]:
    """Words that stand inside the chapter, each in another place."""
    User.objects.filter(pk=coordinator.pk).update(name="Coordinata Secreta")
    profile = coordinator.profile
    profile.organisation, profile.name_audience = "Ministry of Secrets", "public"
    profile.audiences = {"organisation": "public"}
    profile.save()
    make_discussion(chapter, by=coordinator, title="The secret topic")
    chapter.events.add(make_event(name="The secret meeting"))
    make_article(title="An article of it", chapter=chapter)
    return ["Coordinata Secreta", "Ministry of Secrets", "The secret topic", "The secret meeting",
            "An article of it"]  # fmt: skip


def test_the_inside_of_a_private_chapter_is_for_its_people() -> None:
    chapter = make_chapter(is_private=True, summary="What everybody reads.")
    people = people_of(chapter)
    words = secrets_in(chapter, people["coordinator"])
    open_paths = (chapter.get_absolute_url(), "/community/", "/community/chapters/")

    for name, client in browsers(people).items():
        page = client.get(chapter.get_absolute_url())
        assert page.status_code == 200, name
        seen = {word for word in words if word in page.content.decode()}
        inside = name in {"insider", "coordinator", "staff"}
        assert seen == (set(words) if inside else set()), name
        assert ("2 members" in page.content.decode()) == inside, name
        assert client.get(f"{chapter.get_absolute_url()}calendar.ics").status_code == (
            200 if inside else 404
        )
        if not inside:
            for path in open_paths:
                text = client.get(path).content.decode()
                assert not [w for w in words[2:3] if w in text], (name, path)


def test_the_list_of_people_is_for_those_on_it_in_open_chapters_too() -> None:
    for private in (False, True):
        chapter = make_chapter(is_private=private)
        people = people_of(chapter)
        answers = {
            name: client.get(f"{chapter.get_absolute_url()}people/").status_code
            for name, client in browsers(people).items()
        }
        assert answers.pop("anonymous") == 302
        assert {name for name, status in answers.items() if status == 200} == {
            "insider", "coordinator", "staff",
        }  # fmt: skip
        assert set(answers.values()) == {200, 403}


def test_an_events_page_names_no_private_chapter_to_outsiders() -> None:
    chapter, webinar = make_chapter(is_private=True, name="Hidden chapter"), make_webinar()
    chapter.events.add(webinar)
    people = people_of(chapter)

    seen = {
        name
        for name, client in browsers(people).items()
        if "Hidden chapter" in client.get(webinar.get_absolute_url()).content.decode()
    }

    assert seen == {"insider", "coordinator", "staff"}


def test_the_list_of_open_chapters_and_the_rule_agree() -> None:
    rows = [make_chapter(), make_chapter(is_private=True), make_chapter(is_public=False)]
    people = people_of(rows[1])

    for name, person in people.items():
        listed = set(Chapter.objects.open_to(person))
        asked = {row for row in rows if person.has_perm("community.enter_chapter", row)}
        assert listed == asked, name


def test_what_was_public_is_hidden_once_the_chapter_turns_private() -> None:
    chapter = make_chapter()
    by = belong(chapter, "coordinator")
    discussion = make_discussion(chapter, by=by, title="Said in the open")
    chapter.events.add(make_event(name="Met in the open"))
    visitor = browser()
    assert "Said in the open" in visitor.get(chapter.get_absolute_url()).content.decode()

    operations.make_private(chapter, by=by)

    page = visitor.get(chapter.get_absolute_url()).content.decode()
    assert "Said in the open" not in page
    assert "Met in the open" not in page
    assert visitor.get(discussion.get_absolute_url()).status_code == 404
    assert by.has_perm("community.view_discussion", discussion)


def test_a_private_chapter_in_which_people_wrote_stays_private() -> None:
    chapter = make_chapter(is_private=True)
    by = belong(chapter, "coordinator")
    make_discussion(chapter, by=by)

    assert refusal(lambda: operations.make_open(chapter, by=by)) == "written"
    staff = make_user(is_staff=True)
    assert refusal(lambda: operations.make_open(chapter, by=staff)) == "written"
    assert Chapter.objects.get().is_private


def test_who_asked_is_let_in_when_a_chapter_opens() -> None:
    chapter = make_chapter(is_private=True)
    by, asked, banned = (belong(chapter, role) for role in ("coordinator", "asked", "asked"))
    suspend(banned)

    operations.make_open(chapter, by=by)

    assert (role_of(chapter, asked), role_of(chapter, banned)) == ("member", "")
    assert [row.user for row in letters()] == [asked]


# --- Pages -------------------------------------------------------------------------------------


def test_the_next_meeting_stands_on_the_chapters_clocks_beside_the_readers() -> None:
    chapter = make_chapter(zone="Asia/Manila")
    soon = dt.datetime.now(dt.UTC).replace(hour=5, minute=0, second=0) + dt.timedelta(days=9)
    past = dt.datetime(2024, 5, 6, 13, tzinfo=dt.UTC)
    chapter.events.add(make_webinar(soon, name="On pumps"), make_webinar(past, name="Long ago"))

    page = browser().get(f"{chapter.get_absolute_url()}?zone=Africa/Nairobi").content.decode()

    assert "Chapter time: <bdi>Manila</bdi>, <bdi>UTC+8</bdi>" in page
    shown = page.split('id="next"')[1].split("</section>")[0]
    assert "T13:00" in shown, shown
    assert "Your time: <bdi>Nairobi</bdi>, <bdi>UTC+3</bdi>" in page
    assert "T08:00" in page


def test_visitors_see_how_to_join_and_members_join_by_one_button() -> None:
    chapter, person = make_chapter(), make_member()
    path = chapter.get_absolute_url()

    assert "Sign in to join" in browser().get(path).content.decode()
    client = browser(person)
    assert client.get(f"{path}join/").status_code == 302
    assert role_of(chapter, person) == ""
    assert (
        "You are a member of this chapter."
        in client.post(f"{path}join/", follow=True).content.decode()
    )
    client.post(f"{path}leave/")
    assert role_of(chapter, person) == ""


def test_who_is_no_member_of_the_community_is_led_to_join_it_first() -> None:
    chapter = make_chapter()
    answer = browser(make_user()).post(f"{chapter.get_absolute_url()}join/")
    assert (
        answer["Location"] == f"/community/join/?next=%2Fcommunity%2Fchapters%2F{chapter.slug}%2F"
    )


def test_coordinators_answer_and_take_out_on_pages_that_keep_what_was_typed() -> None:
    chapter = make_chapter(is_private=True)
    client = browser(belong(chapter, "coordinator"))
    first, second, third = (belong(chapter, role) for role in ("asked", "asked", "member"))
    people = f"{chapter.get_absolute_url()}people/"

    def path(user: User, end: str) -> str:
        return f"{people}{row_of(chapter, user).pk}/{end}/"

    client.post(path(first, "answer"), {"answer": "yes"})
    assert role_of(chapter, first) == "member"
    answer = path(second, "answer")
    empty = client.post(answer, {"answer": "no", "reason": " "})
    assert empty.status_code == 422
    assert "Say why; the person reads it." in empty.content.decode()
    long = client.post(answer, {"answer": "no", "reason": "x" * 1001})
    assert long.status_code == 422
    assert "x" * 1001 in long.content.decode()
    client.post(answer, {"answer": "no", "reason": "Another region."})
    assert role_of(chapter, second) == ""
    late = client.post(answer, {"answer": "yes"}, follow=True)
    assert "This request has been answered or taken back." in late.content.decode()

    role = path(third, "role")
    assert client.get(role).status_code == 200
    client.post(role, {"role": "coordinator"})
    assert role_of(chapter, third) == "coordinator"
    assert client.post(role, {"role": "none", "reason": "No."}).status_code == 403
    assert client.post(role, {"role": "queen"}).status_code == 404


def test_nobody_acts_on_the_people_of_another_chapter() -> None:
    mine, other = make_chapter(), make_chapter()
    client = browser(belong(mine, "coordinator"))
    stranger = belong(other)

    path = f"{mine.get_absolute_url()}people/{row_of(other, stranger).pk}/role/"
    client.post(path, {"role": "none", "reason": "No."})
    client.post(f"{mine.get_absolute_url()}people/{10**30}/role/", {"role": "coordinator"})

    assert role_of(other, stranger) == "member"


def edited(chapter: Chapter, **values: Any) -> dict[str, Any]:
    told = {
        "base": operations.state_of(chapter), "region": chapter.region, "status": "active",
        "summary": "Near the sea.", "languages": "", "zone": "Asia/Manila",
        "lead": "", "lead_hub": "",
    }  # fmt: skip
    return told | values


def test_coordinators_change_what_the_chapter_says_of_itself() -> None:
    reference()
    chapter, hub = make_chapter(), make_hub()
    client = browser(belong(chapter, "coordinator"))
    path = f"{chapter.get_absolute_url()}edit/"

    data = edited(chapter, languages="English, Français", lead="Hub of wells", lead_hub=hub.pk)
    answer = client.post(path, data)
    assert answer.status_code == 302, answer.context["form"].errors

    chapter.refresh_from_db()
    assert (chapter.summary, chapter.zone, chapter.lead_hub) == (
        "Near the sea.",
        "Asia/Manila",
        hub,
    )
    assert {language.pk for language in chapter.languages.all()} == {"en", "fr"}
    entry = AuditEntry.objects.get(verb="change_chapter")
    assert entry.data["fields"] == ["languages", "lead", "lead_hub", "status", "summary", "zone"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"region": ""}, "Say which region the chapter is for."),
        ({"zone": "Moon/Sea"}, "Choose one of the list."),
        ({"languages": "Klingon"}, "No language is called"),
        ({"lead_hub": "99999999"}, "Choose one of the list."),
        ({"base": "0"}, "Somebody else changed this meanwhile."),
    ],
)
def test_a_refused_change_comes_back_with_what_was_typed(
    changes: dict[str, str], said: str
) -> None:
    make_hub()
    chapter = make_chapter()
    client = browser(belong(chapter, "coordinator"))

    answer = client.post(f"{chapter.get_absolute_url()}edit/", edited(chapter) | changes)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "Near the sea." in answer.content.decode()
    assert Chapter.objects.get().summary == ""


def test_coordinators_put_events_they_see_on_the_page_and_take_them_off() -> None:
    chapter, event = make_chapter(), make_event(name="On pumps")
    hidden = make_event(name="Behind doors", is_public=False, hub=make_hub())
    client = browser(belong(chapter, "coordinator"))
    path = f"{chapter.get_absolute_url()}events/"

    for typed in (f"https://portal.example/ar/events/{event.slug}/programme/", event.slug):
        assert client.post(path, {"event": typed}).status_code == 302
    assert list(chapter.events.all()) == [event]
    for typed in (hidden.slug, "https://portal.example/hubs/x/", "nothing", "/events//", ""):
        assert client.post(path, {"event": typed}).status_code == 422, typed
    client.post(path, {"off": str(event.pk)})
    assert not chapter.events.exists()
    for forged in ("x", "9" * 30, str(hidden.pk)):
        assert client.post(path, {"off": forged}).status_code == 404


def test_institutions_are_those_their_members_open_to_the_reader() -> None:
    chapter = make_chapter()
    for name, audience in (("Open office", "public"), ("Members office", ""), ("Closed", "nobody")):
        profile = belong(chapter).profile
        profile.organisation = name
        profile.audiences = {"organisation": audience} if audience else {}
        profile.save()

    visitor = browser().get(chapter.get_absolute_url()).content.decode()
    signed_in = browser(make_user()).get(chapter.get_absolute_url()).content.decode()

    assert [n in visitor for n in ("Open office", "Members office", "Closed")] == [1, 0, 0]
    assert [n in signed_in for n in ("Open office", "Members office", "Closed")] == [1, 1, 0]


@pytest.mark.parametrize("n", [1, 12])
def test_a_chapter_costs_the_same_with_many_people_and_meetings(
    n: int, django_assert_num_queries: Any
) -> None:
    chapter = make_chapter()
    client, visitor = browser(belong(chapter, "coordinator")), browser()
    for _each in range(n):
        belong(chapter)
        belong(chapter, "asked")
        belong(chapter, "coordinator")
        chapter.events.add(make_webinar())
        make_discussion(chapter)
    paths = (chapter.get_absolute_url(), f"{chapter.get_absolute_url()}people/")
    for path in paths:
        client.get(path)
        visitor.get(path)

    with django_assert_num_queries(PAGE_SIGNED_OUT):
        visitor.get(paths[0])
    with django_assert_num_queries(PAGE_SIGNED_IN):
        client.get(paths[0])
    with django_assert_num_queries(PEOPLE):
        client.get(paths[1])


#: Chapter, languages, counts, coordinators, institutions, meetings, discussions, articles.
PAGE_SIGNED_OUT = 8
#: And the session, the account, who the reader is in the community, the chapter and its hubs, and
#: whether they follow it.
PAGE_SIGNED_IN = 18
PEOPLE = 11


def test_nobody_is_found_by_a_private_chapter() -> None:
    chapter, by = make_chapter(), make_member(is_listed=True)
    belong(chapter, "coordinator", by)
    finding.note(by.pk)
    rows = DirectoryFacet.objects.filter(group="chapter", value=str(chapter.pk))
    assert rows.exists()

    operations.make_private(chapter, by=by)
    assert not rows.exists()
    operations.make_open(chapter, by=by)
    assert rows.exists()
