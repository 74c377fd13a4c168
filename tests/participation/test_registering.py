"""A person's side of registration: the form, the line in words, the way in, one's own events."""

from __future__ import annotations

import datetime as dt
import html
import re
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from events.models import Event
from participation.forms.registering import RegistrationForm
from participation.models import Admission, Category, Registration
from participation.operations import registering
from tests.factories import make_hub, make_member, make_user, reference
from tests.participation.factories import come, make_webinar, open_registration
from tests.people import browser

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)
BEGINS = dt.datetime(2026, 3, 17, 14, tzinfo=dt.UTC)
LINK = "https://meet.example/wells-and-keepers"
NOTE = "Passcode 4711 and a half"
EVIL = '<script>alert(1)</script>"onload="x" {{ 7|add:7 }}'


@pytest.fixture(autouse=True)
def now() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        reference()
        yield traveller


@pytest.fixture
def hub() -> Any:
    return make_hub(slug="wells", name="Hub for Wells")


@pytest.fixture
def event(hub: Any) -> Event:
    return make_webinar(BEGINS, hub=hub, slug="wells", name="Wells that last")


@pytest.fixture
def admission(event: Event) -> Admission:
    return open_registration(event, places=2, join_url=LINK, join_note=NOTE)


@pytest.fixture
def person() -> User:
    user = make_user("Kofi Keeper")
    profile = user.profile
    profile.organisation, profile.position, profile.country = "Wells United", "Keeper", "ID"
    profile.save()
    return user


PAGE, WITHDRAW = "/events/wells/registration/", "/events/wells/registration/withdraw/"
JOIN, PARTICIPANTS = "/events/wells/join/", "/events/wells/participants/"
FILLED = {
    "name": "Kofi Keeper", "title": "Keeper", "organisation": "Wells United", "country": "ID",
    "needs": "", "hope": "", "listing": "nobody",
}  # fmt: skip


def words(response: Any) -> str:
    """What the page says in its main part, without marks."""
    page = response.content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", main)).split())


def state_of(event: Event, user: User) -> str:
    return Registration.objects.get(event=event, user=user).state


# --- Registering --------------------------------------------------------------------------


def test_a_visitor_is_led_to_sign_in_and_comes_back(client: Client, admission: Admission) -> None:
    page = client.get(PAGE)

    assert page.status_code == 200
    assert "/accounts/login/?next=/events/wells/registration/" in page.content.decode()
    assert "/accounts/signup/?next=/events/wells/registration/" in page.content.decode()
    assert 'name="organisation"' not in page.content.decode()
    sent = client.post(PAGE, FILLED)
    assert (sent.status_code, sent["Location"]) == (
        302, "/accounts/login/?next=/events/wells/registration/",
    )  # fmt: skip
    assert not Registration.objects.exists()


def test_the_form_begins_with_what_the_profile_says(person: User, admission: Admission) -> None:
    form = browser(person).get(PAGE).context["form"]

    assert {name: form[name].value() for name in form.fields} == FILLED | {
        "needs": None, "hope": None,
    }  # fmt: skip


def test_registering_gives_a_place_and_says_so(
    event: Event, person: User, admission: Admission
) -> None:
    client = browser(person)

    answer = client.post(PAGE, FILLED | {"hope": "How to seal a well."}, follow=True)

    assert answer.redirect_chain == [(PAGE, 302)]
    assert "Your registration is in." in answer.content.decode()
    assert "You have a place." in words(answer)
    row = Registration.objects.get()
    assert (row.user, row.state, row.name, row.title, row.organisation, row.country_id) == (
        person, "placed", "Kofi Keeper", "Keeper", "Wells United", "ID",
    )  # fmt: skip
    assert (row.hope, row.listing) == ("How to seal a well.", "nobody")


def test_what_is_typed_badly_stays_and_the_error_stands_at_its_field(
    event: Event, person: User, admission: Admission
) -> None:
    Category.objects.create(event=event, name="Observer")
    client = browser(person)

    answer = client.post(PAGE, FILLED | {"name": "", "hope": EVIL, "listing": "all of them"})

    assert answer.status_code == 200
    form = answer.context["form"]
    assert {name: list(map(str, texts)) for name, texts in form.errors.items()} == {
        "name": ["Enter your name."],
        "listing": ["Choose one of the list."],
        "category": ["Choose what you take part as."],
    }
    assert form["hope"].value() == EVIL
    assert EVIL not in answer.content.decode()
    assert "<title>Error:" in answer.content.decode()
    assert not Registration.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "k" * 151), ("name", "Kofi\x00Keeper"), ("name", " \t\n"),
        ("title", "t" * 151), ("organisation", "o" * 201), ("organisation", "o\x00"),
        ("country", "XX"), ("needs", "n" * 501), ("hope", "h\x00"),
        ("listing", ""), ("listing", "public\x00"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_at_its_field(
    field: str, value: str, person: User, admission: Admission
) -> None:
    answer = browser(person).post(PAGE, FILLED | {field: value})

    assert (answer.status_code, list(answer.context["form"].errors)) == (200, [field])
    assert not Registration.objects.exists()


@pytest.mark.parametrize("field", ["name", "title", "organisation", "needs", "hope"])
def test_half_of_a_character_is_refused(field: str, person: User) -> None:
    form = RegistrationForm(FILLED | {field: "Kofi \ud83d"}, kinds=[])
    assert {name: list(map(str, texts)) for name, texts in form.errors.items()} == {
        field: ["This text contains characters that are not text. Type it again."]
    }


def test_markup_formulas_and_marks_of_direction_are_only_text(
    event: Event, person: User, admission: Admission
) -> None:
    told = {"name": EVIL, "organisation": "=1+1", "title": "\u202egnp", "listing": "public"}
    client = browser(person)

    client.post(PAGE, FILLED | told)

    row = Registration.objects.get()
    assert (row.name, row.organisation, row.title) == (EVIL, "=1+1", "gnp")
    for page in (PAGE, PARTICIPANTS, "/events/mine/"):
        assert EVIL not in client.get(page).content.decode(), page
    assert "&lt;script&gt;alert(1)" in client.get(PARTICIPANTS).content.decode()


def test_a_kind_is_chosen_of_this_event_alone_and_stays(
    event: Event, person: User, admission: Admission
) -> None:
    guest = Category.objects.create(event=event, name="Guest", needs_approval=True)
    Category.objects.create(event=event, name="Keeper", position=1)
    other = Category.objects.create(event=make_webinar(), name="Elsewhere")
    client = browser(person)

    forged = client.post(PAGE, FILLED | {"category": other.pk})
    client.post(PAGE, FILLED | {"category": guest.pk})

    assert list(forged.context["form"].errors) == ["category"]
    row = Registration.objects.get()
    assert (row.category, row.state) == (guest, "asked")
    page = client.get(PAGE)
    assert "Your registration waits for approval." in words(page)
    assert "You take part as Guest Who may read that you take part Nobody but" in words(page)
    assert "category" not in page.context["form"].fields
    client.post(PAGE, FILLED | {"category": "", "organisation": "Others"})
    row.refresh_from_db()
    assert (row.category, row.organisation) == (guest, "Others")


def test_the_line_is_said_in_words_and_moves(
    event: Event, person: User, admission: Admission
) -> None:
    first, _second, third = come(event), come(event), come(event)
    client = browser(person)
    assert "All places are taken." in words(client.get(PAGE))
    assert "Stand in line" in words(client.get(PAGE))

    waits = client.post(PAGE, FILLED, follow=True)

    assert "You are on the waiting list. 1 person is before you." in words(waits)
    registering.withdraw(third, by=third.user)
    assert "You are the first in line." in words(client.get(PAGE))
    registering.withdraw(first, by=first.user)
    assert "You have a place." in words(client.get(PAGE))
    come(event), come(event), come(event)
    registering.withdraw(Registration.objects.get(event=event, user=person), by=person)
    again = client.post(PAGE, FILLED, follow=True)
    assert "2 people are before you." in words(again)


def test_the_same_form_sent_twice_registers_once(
    event: Event, person: User, admission: Admission
) -> None:
    client = browser(person)
    for _turn in range(2):
        assert client.post(PAGE, FILLED)["Location"] == PAGE
    admission.refresh_from_db()
    assert (Registration.objects.count(), admission.taken) == (1, 1)


def test_who_declines_says_why_and_nobody_registers_over_it(
    event: Event, person: User, admission: Admission, hub: Any
) -> None:
    open_registration(event, needs_approval=True, contact="desk@wells.example")
    client = browser(person)
    client.post(PAGE, FILLED)
    row = Registration.objects.get()
    registering.decline(row, by=make_member(hub, "editor"), reason="For <b>staff</b> only.")

    page = client.get(PAGE)

    assert (
        "The organisers declined your registration. For <b>staff</b> only. Write to them, if that"
        " is wrong: desk@wells.example"
    ) in words(page)
    assert page.context["form"] is None
    assert client.post(PAGE, FILLED)["Location"] == PAGE
    assert state_of(event, person) == "declined"


def test_withdrawing_gives_the_place_to_the_first_in_line(
    event: Event, person: User, admission: Admission
) -> None:
    client = browser(person)
    client.post(PAGE, FILLED)
    come(event)
    waits = come(event)
    assert "Give your place back" in words(client.get(PAGE))

    assert client.get(WITHDRAW).status_code == 405
    for _turn in range(2):
        assert client.post(WITHDRAW)["Location"] == PAGE

    assert state_of(event, person) == "withdrawn"
    assert state_of(event, waits.user) == "placed"
    page = client.get(PAGE)
    assert "You can register again; you then stand at the end of the line." in words(page)
    assert page.context["form"]["organisation"].value() == "Wells United"


def test_others_find_nothing_to_withdraw(event: Event, admission: Admission) -> None:
    row = come(event)
    assert browser(make_user()).post(WITHDRAW).status_code == 404
    assert Client().post(WITHDRAW)["Location"].startswith("/accounts/login/")
    row.refresh_from_db()
    assert row.state == "placed"


@pytest.mark.parametrize(
    ("values", "status", "moved", "said"),
    [
        ({"is_open": False}, "confirmed", 0, "Registration is closed."),
        ({"closes_at": NOW - dt.timedelta(hours=1)}, "confirmed", 0, "Registration is closed."),
        ({}, "cancelled", 0, "This event is cancelled."),
        ({}, "confirmed", 8, "This event is over."),
    ],
)
def test_a_closed_registration_says_why(
    values: dict[str, Any], status: str, moved: int, said: str, event: Event, person: User,
    admission: Admission, now: Any,
) -> None:  # fmt: skip
    open_registration(event, **values)
    Event.objects.update(status=status)
    now.shift(dt.timedelta(days=moved))
    client = browser(person)

    page = client.get(PAGE)

    assert said in words(page)
    assert page.context["form"] is None
    assert client.post(PAGE, FILLED)["Location"] == PAGE
    assert not Registration.objects.exists()


def test_who_is_too_late_by_a_moment_keeps_what_was_typed(
    event: Event, person: User, admission: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page was open when registration closed."""
    client = browser(person)
    open_registration(event, closes_at=NOW + dt.timedelta(minutes=1))
    held = registering.hold

    def late(event: Event) -> Admission:
        admission = held(event)
        admission.is_open = False
        return admission

    monkeypatch.setattr(registering, "hold", late)
    page = client.post(PAGE, FILLED | {"hope": "To seal a well."})

    assert (page.status_code, page.context["form"].non_field_errors()) == (
        200, ["Registration is closed."],
    )  # fmt: skip
    assert "To seal a well." in page.content.decode()


def test_where_nobody_registers_there_is_no_page(event: Event, person: User) -> None:
    client = browser(person)
    for page in (PAGE, JOIN, PARTICIPANTS):
        assert client.get(page).status_code == 404, page
    assert client.post(PAGE, FILLED).status_code == 404


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("nobody", False), ("member", False), ("editor of another hub", False),
        ("editor", True), ("moderator", True),
    ],
)  # fmt: skip
def test_what_is_not_public_is_seen_by_its_keepers_and_takes_nobody(
    who: str, sees: bool, event: Event, hub: Any, admission: Admission
) -> None:
    Event.objects.update(is_public=False)
    person = {
        "nobody": lambda: None,
        "member": make_user,
        "editor of another hub": lambda: make_member(make_hub(), "editor"),
        "editor": lambda: make_member(hub, "editor"),
        "moderator": lambda: make_user(is_staff=True),
    }[who]()
    client = browser(person)

    pages = [client.get(page).status_code for page in (PAGE, PARTICIPANTS)]

    assert pages == [200 if sees else 404] * 2
    if sees:
        assert "This event is not public yet." in words(client.get(PAGE))
        client.post(PAGE, FILLED)
    assert not Registration.objects.exists()


def test_the_page_of_the_event_says_how_to_come_and_how_one_stands(
    event: Event, person: User, admission: Admission, now: Any
) -> None:
    open_registration(event, practical="Bring a <i>question</i>.", contact="desk@wells.example")
    visitor = words(Client().get("/events/wells/"))
    assert "Register 2 of 2 places free. Open until 17 March 2026, 14:00 UTC" in visitor
    assert "Good to know Bring a <i>question</i>. 0 people have a place." in visitor
    come(event), come(event)
    client = browser(person)
    assert "Stand in line All places are taken." in words(client.get("/events/wells/"))
    row = come(event, person)
    assert "You are the first in line." in words(client.get("/events/wells/"))
    open_registration(event, places=3)
    registering.settle_event(event)
    row.refresh_from_db()
    placed = words(client.get("/events/wells/"))
    assert (
        "You have a place. Half an hour before it begins, the way in opens. We remind you by letter"
        " the day before. How to join Your registration"
    ) in placed
    now.move_to(BEGINS - dt.timedelta(minutes=20))
    assert "You have a place. The way in is open. How to join" in words(
        client.get("/events/wells/")
    )
    now.move_to(BEGINS + dt.timedelta(hours=2))
    past = words(client.get("/events/wells/"))
    assert "You had a place." in past
    assert "3 people had a place. Who takes part" in past
    assert "How to join" not in past


def test_papers_to_print_are_offered_for_meetings(
    event: Event, person: User, admission: Admission
) -> None:
    come(event, person)
    client = browser(person)

    def offered() -> tuple[bool, bool]:
        page = client.get(PAGE).content.decode()
        return "/registration/badge.pdf" in page, "/registration/letter.pdf" in page

    assert offered() == (False, False)
    Event.objects.update(kind="conference")
    assert offered() == (True, False)
    open_registration(event, signatory="Wanda Well")
    assert offered() == (True, True)


# --- Joining ------------------------------------------------------------------------------


def in_plain(page: Any) -> str:
    return html.unescape(page.content.decode())


def test_the_link_is_for_people_with_a_place_alone(
    event: Event, hub: Any, admission: Admission, now: Any
) -> None:
    placed, out, waits = come(event), come(event), come(event)
    open_registration(event, needs_approval=True)
    asked, no = come(event), come(event)
    organiser = make_member(hub, "editor")
    registering.decline(no, by=organiser, reason="No.")
    registering.withdraw(out, by=out.user)  # waits has the place now
    last = come(event)
    now.move_to(BEGINS - dt.timedelta(minutes=10))
    pages = (PAGE, JOIN, PARTICIPANTS, "/events/mine/", "/events/wells/", "/events/")

    def seen(user: User | None) -> list[str]:
        client = browser(user)
        answers = [client.get(page, follow=True) for page in pages]
        return [
            page
            for page, answer in zip(pages, answers, strict=True)
            if LINK in in_plain(answer) or NOTE in in_plain(answer)
        ]

    people = [out.user, asked.user, no.user, last.user, make_user(), organiser]
    people += [make_user(is_staff=True), None]
    assert [seen(user) for user in people] == [[]] * 8
    assert seen(placed.user) == [JOIN]
    assert seen(waits.user) == [JOIN]


def test_who_has_no_place_is_led_to_the_registration(
    event: Event, person: User, admission: Admission
) -> None:
    assert Client().get(JOIN)["Location"] == f"/accounts/login/?next={JOIN}"
    answer = browser(person).get(JOIN, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "Only people with a place find the way in." in answer.content.decode()


def test_the_way_in_opens_half_an_hour_before_and_closes_at_the_end(
    event: Event, person: User, admission: Admission, now: Any
) -> None:
    come(event, person)
    client = browser(person)

    def at(**after: int) -> tuple[bool, bool, dt.datetime | None]:
        now.move_to(BEGINS + dt.timedelta(**after))
        page = client.get(JOIN)
        row = Registration.objects.get()
        return LINK in in_plain(page), NOTE in in_plain(page), row.joined_at

    assert at(minutes=-31) == (False, False, None)
    early = words(client.get(JOIN))
    assert "It opens half an hour before the event begins: 17 March 2026, 13:30 UTC" in early
    joined = BEGINS - dt.timedelta(minutes=30)
    assert at(minutes=-30) == (True, True, joined)
    assert at(minutes=74) == (True, True, joined)
    assert at(minutes=75) == (False, False, joined)
    assert "This event is over." in words(client.get(JOIN))


def test_nothing_keeps_the_page_and_the_link_tells_nothing(
    event: Event, person: User, admission: Admission, now: Any
) -> None:
    come(event, person)
    now.move_to(BEGINS)
    page = browser(person).get(JOIN)

    assert (page["Cache-Control"], page["Referrer-Policy"]) == ("no-store, private", "same-origin")
    assert f'href="{LINK}" rel="noopener noreferrer"' in page.content.decode()
    assert browser(person).post(JOIN).status_code == 405


def test_a_link_not_given_yet_and_an_event_that_was_cancelled(
    event: Event, person: User, admission: Admission, now: Any
) -> None:
    come(event, person)
    now.move_to(BEGINS)
    client = browser(person)
    open_registration(event, join_url="", join_note="")
    assert "The organisers have not said yet how to join." in words(client.get(JOIN))
    open_registration(event, join_url=LINK)
    Event.objects.update(status="cancelled")
    page = client.get(JOIN)
    assert "This event is cancelled." in words(page)
    assert LINK not in in_plain(page)


# --- Who takes part ------------------------------------------------------------------------


def test_people_decide_who_reads_that_they_take_part(
    event: Event, hub: Any, admission: Admission
) -> None:
    open_registration(event, places=4)
    for listing in ("nobody", "participants", "public"):
        come(event, name=f"Name for {listing}", listing=listing, organisation="Wells & Sons")
    reader = come(event, name="Reader", listing="nobody")
    come(event, name="Waits", listing="public")
    outside = come(make_webinar_with_place(), name="Elsewhere", listing="public")

    def names(user: User | None) -> list[str]:
        return [row.name for row in browser(user).get(PARTICIPANTS).context["page_obj"]]

    assert names(None) == names(make_user()) == names(outside.user) == ["Name for public"]
    assert names(reader.user) == ["Name for participants", "Name for public"]
    assert names(make_member(hub, "editor")) == ["Name for participants", "Name for public"]
    assert "4 people have a place." in words(Client().get(PARTICIPANTS))


def make_webinar_with_place() -> Event:
    other = make_webinar()
    open_registration(other)
    return other


def test_consent_can_be_taken_back_also_afterwards(
    event: Event, person: User, admission: Admission, now: Any
) -> None:
    come(event, person, listing="public")
    now.move_to(BEGINS + dt.timedelta(days=30))
    assert "Kofi Keeper" in words(Client().get(PARTICIPANTS))

    browser(person).post(PAGE, FILLED | {"listing": "nobody"})

    assert "Kofi Keeper" not in words(Client().get(PARTICIPANTS))
    assert browser(person).post(WITHDRAW, follow=True).redirect_chain == [(PAGE, 302)]
    assert state_of(event, person) == "placed"


# --- One's own events ---------------------------------------------------------------------


def test_my_events_are_mine_with_their_state(
    event: Event, person: User, admission: Admission
) -> None:
    come(event), come(event), come(event)
    come(event, person)
    past = make_webinar(name="Wells of old")
    open_registration(past)
    come(past, person)
    Event.objects.filter(pk=past.pk).update(starts="2025-01-02", ends="2025-01-02", status="held")
    hidden = make_webinar(name="Hidden wells")
    open_registration(hidden)
    come(hidden, person)
    Event.objects.filter(pk=hidden.pk).update(is_public=False)

    said = words(browser(person).get("/events/mine/"))

    assert (
        "Coming Wells that last Webinar · 17 March 2026, 14:00 UTC On the waiting list 1 person is"
        " before you. Your registration : Wells that last Past, withdrawn and declined Wells of old"
        " Webinar · 2 January 2025 Had a place Your registration : Wells of old Say how it was"
    ) in said
    assert "Hidden" not in said
    assert "Nothing is coming." in words(browser(make_user()).get("/events/mine/"))
    assert Client().get("/events/mine/")["Location"] == "/accounts/login/?next=/events/mine/"


# --- Cost ---------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [3, 80])
def test_pages_cost_the_same_for_few_and_for_many(
    n: int, event: Event, person: User, admission: Admission, django_assert_num_queries: Any
) -> None:
    open_registration(event, places=n - 1)
    for turn in range(n):
        come(event, name=f"Person {turn}", listing="public", organisation="Wells")
    come(event, person)
    client = browser(person)
    for page, queries in ((PAGE, 9), (PARTICIPANTS, 11), ("/events/mine/", 5)):
        client.get(page)
        with django_assert_num_queries(queries):
            assert client.get(page).status_code == 200
    with django_assert_num_queries(5):
        assert Client().get(PARTICIPANTS).status_code == 200


@pytest.mark.parametrize("n", [1, 12])
def test_my_events_cost_the_same_for_one_and_for_many(
    n: int, person: User, django_assert_num_queries: Any
) -> None:
    for _turn in range(n):
        other = make_webinar_with_place()
        open_registration(other, places=1)
        come(other), come(other), come(other, person)
    client = browser(person)
    client.get("/events/mine/")
    with django_assert_num_queries(5):
        page = client.get("/events/mine/")
    assert words(page).count("1 person is before you") == n
