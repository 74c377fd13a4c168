"""Programmes from files: read, compared, shown, taken over."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core.models import AuditEntry, SearchDocument
from events.models import Event, Person, ProgrammeImport, Room, Session
from events.signals import programme_changed
from hubs.models import Hub
from tests.events.factories import contribute, make_event, make_person, make_session
from tests.events.imports import TABLE, read, take_over, told, upload, verdicts
from tests.factories import make_hub, make_member, make_user
from tests.people import browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def hub() -> Hub:
    return make_hub()


@pytest.fixture
def event(hub: Hub) -> Event:
    return make_event(slug="wells", hub=hub, zone="Asia/Jakarta")


@pytest.fixture
def editor(hub: Hub) -> User:
    return make_member(hub, "editor")


@pytest.fixture
def client(editor: User) -> Client:
    return browser(editor)


def programme(event: Event) -> list[tuple[Any, ...]]:
    rows = Session.objects.filter(event=event).select_related("room").order_by("position", "pk")
    return [
        (row.code, str(row.day), f"{row.wall_starts:%H:%M}", row.title, str(row.room or ""))
        for row in rows
    ]


def test_a_table_becomes_a_programme_once_it_is_taken_over(client: Client, event: Event) -> None:
    page = read(client, TABLE)

    assert verdicts(page) == ["add", "add", "add"]
    assert Session.objects.count() == 0

    answer = take_over(client, page)

    assert answer["Location"] == "/events/wells/programme/"
    assert programme(event) == [
        ("1", "2024-05-06", "09:00", "Opening of the wells", "Great hall"),
        ("2", "2024-05-06", "10:00", "Deep water", "Great hall"),
        ("3", "2024-05-06", "10:00", "Shallow water", "Cellar"),
    ]
    deep = Session.objects.get(code="2")
    assert (deep.kind, deep.zone, deep.slug) == ("panel", "Asia/Jakarta", "deep-water")
    assert deep.starts_at == dt.datetime(2024, 5, 6, 3, tzinfo=dt.UTC)
    assert [
        (row.person.name, row.title, row.organisation, row.country_id, row.role)
        for row in deep.contributions.select_related("person")
    ] == [
        ("Ada Brook", "Keeper", "House of Wells", "BR", "speaker"),
        ("Ben Ford", "", "Guild of Springs", None, "moderator"),
    ]
    assert ProgrammeImport.objects.get().applied_at is not None


def test_nothing_is_taken_over_twice(client: Client, event: Event) -> None:
    page = read(client, TABLE)

    take_over(client, page)
    take_over(client, page)

    assert event.sessions.count() == 3
    assert AuditEntry.objects.filter(verb="import_programme").count() == 1


def test_reading_the_same_file_again_changes_nothing(client: Client, event: Event) -> None:
    take_over(client, read(client, TABLE))
    before = list(Session.objects.order_by("pk").values())

    page = read(client, TABLE)

    assert verdicts(page) == ["same"] * 3
    assert page.context["writes"] == 0
    answer = take_over(client, page)
    assert told(answer, client) == ["There is nothing to take over."]
    assert list(Session.objects.order_by("pk").values()) == before


def test_a_row_changes_what_it_says_and_nothing_else(client: Client, event: Event) -> None:
    take_over(client, read(client, TABLE))
    Session.objects.filter(code="2").update(summary="Kept.")

    page = read(client, "Number;Title;Begins;Ends\n2;Deep water;10.15;\n")

    (row,) = page.context["page"]
    assert [(change.label, change.old, change.new) for change in row.changes] == [
        ("Begins", "10:00", "10:15")
    ]
    take_over(client, page)
    deep = Session.objects.get(code="2")
    assert (deep.summary, str(deep.wall_starts), str(deep.wall_ends), deep.sequence) == (
        "Kept.", "10:15:00", "11:30:00", 1,
    )  # fmt: skip
    assert deep.starts_at == dt.datetime(2024, 5, 6, 3, 15, tzinfo=dt.UTC)
    assert deep.contributions.count() == 2


def test_whoever_saw_another_programme_looks_again(client: Client, event: Event) -> None:
    take_over(client, read(client, TABLE))
    page = read(client, "Number,Title,Begins\n2,Deep water,10:15\n")
    Session.objects.filter(code="2").update(title="Deeper water")

    answer = take_over(client, page)

    assert told(answer, client) == [
        "The programme has changed since you read this. Look at it again."
    ]
    assert str(Session.objects.get(code="2").wall_starts) == "10:00:00"
    again = client.get(answer["Location"])
    assert [change.column for change in again.context["page"][0].changes] == ["starts", "title"]
    take_over(client, again)
    assert Session.objects.get(code="2").title == "Deep water"


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("1,2024-05-06,09:00,10:00,,,,", "Title", "The title is missing."),
        ("1,2024-02-30,,,A,,,", "Day", "“2024-02-30” is no day. Write it like 2013-05-16."),
        ("1,0099-05-06,09:00,,A,,,", "Day", "Choose a day between 1900 and 2100."),
        ("1,2024-05-06,25:00,,A,,,", "Begins", "“25:00” is no time of day. Write it like 14:30."),
        ("1,2024-05-06,10:00,09:00,A,,,", "Ends", "It ends before it begins."),
        ("1,2024-05-06,10:00,10:00,A,,,", "Ends", "It ends before it begins."),
        ("1,2024-05-06,,10:00,A,,,", "Begins", "Say when it begins."),
        ("1,,10:00,,A,,,", "Day", "Choose the day."),
        (
            "1,2024-05-06,22:00,24:00,A,,,", "Ends",
            "24:00 belongs to the next day. Write 23:59, or an entry for each day.",
        ),
        (
            f"1,2024-05-06,,,{'long ' * 61},,,", "Title",
            "This has 304 characters. The limit is 300.",
        ),
        (f"{'1' * 41},,,,A,,,", "Number",
         "This has 41 characters. The limit is 40."),
        (
            f"1,,,,A,,{'r' * 121},", "Room",
            "This has 121 characters. The limit is 120.",
        ),
        ("1,,,,A,,,Ada; ; ; Atlantis", "Speakers",
         "Ada: No country is called “Atlantis”. Write its English name."),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_is_left_out_with_the_reason(
    client: Client, event: Event, row: str, column: str, words: str
) -> None:
    head = TABLE.splitlines()[0]

    page = read(client, f"{head}\n{row}\n9,2024-05-07,09:00,10:00,Good,,,\n")

    bad, good = page.context["page"]
    assert (bad.verdict, bad.problems) == ("refused", [(column, words)])
    assert good.verdict == "add"
    answer = take_over(client, page)
    assert answer["Location"] == page.request["PATH_INFO"]
    assert [code for code, *_rest in programme(event)] == ["9"]


def test_hours_that_do_not_exist_or_come_twice_are_not_guessed(
    client: Client, event: Event
) -> None:
    Event.objects.update(zone="Europe/Berlin")

    page = read(
        client,
        "Title,Day,Begins,Ends\n"
        "Gone,2024-03-31,02:30,04:00\n"
        "Twice,2024-10-27,02:30,04:00\n"
        "First,2024-10-27,02:30+02:00,04:00\n"
        "Second,2024-10-27,02:30 +01:00,04:00\n"
        "Wrong,2024-10-27,02:30+05:00,04:00\n",
    )

    assert [(row.title, row.verdict, row.problems) for row in page.context["page"]] == [
        ("Gone", "refused", [("Begins",
            "This time does not exist there: the clocks are put forward. Choose another.")]),
        ("Twice", "refused", [("Begins",
            "This time comes twice there: the clocks are put back. Say which of the two."),
            ("Begins", "In a table, write its distance from UTC: 02:30+01:00.")]),
        ("First", "add", []),
        ("Second", "add", []),
        ("Wrong", "refused", [("Begins",
            "The clocks of Europe/Berlin are not +05:00 from UTC then.")]),
    ]  # fmt: skip
    take_over(client, page)
    rows = Session.objects.order_by("position").values_list("title", "starts_at")
    assert list(rows) == [
        ("First", dt.datetime(2024, 10, 27, 0, 30, tzinfo=dt.UTC)),
        ("Second", dt.datetime(2024, 10, 27, 1, 30, tzinfo=dt.UTC)),
    ]


# --- Rooms ---------------------------------------------------------------------------------------


def test_a_room_holds_one_session_at_a_time(client: Client, event: Event) -> None:
    hall = Room.objects.create(event=event, name="Great hall")
    make_session(
        event, title="There before", room=hall, zone="Asia/Jakarta",
        wall_starts=dt.time(9), wall_ends=dt.time(10),
    )  # fmt: skip

    page = read(
        client,
        "Title,Day,Time,Room\n"
        "Too early,2024-05-06,09:30–10:30,great HALL\n"
        "After,2024-05-06,10:00–11:00,Great hall\n"
        "Also after,2024-05-06,10:30–11:30,Great hall\n"
        "Elsewhere,2024-05-06,10:30–11:30,Cellar\n"
        "No room,2024-05-06,10:30–11:30,\n",
    )

    assert [(row.title, row.problems) for row in page.context["page"]] == [
        ("Too early", [("Room", "“There before” is in Great hall at 09:00–10:00."
                                " Choose another room or time.")]),
        ("After", []),
        ("Also after", [("Room", "“After” is in Great hall at 10:00–11:00."
                                 " Choose another room or time.")]),
        ("Elsewhere", []),
        ("No room", []),
    ]  # fmt: skip
    assert page.context["new_rooms"] == ["Cellar"]
    take_over(client, page)
    assert sorted(Room.objects.values_list("name", flat=True)) == ["Cellar", "Great hall"]


def test_two_sessions_may_change_places(client: Client, event: Event) -> None:
    take_over(client, read(client, TABLE))

    page = read(client, "Number,Title,Room\n2,Deep water,Cellar\n3,Shallow water,Great hall\n")

    assert verdicts(page) == ["change", "change"]
    take_over(client, page)
    assert [(code, room) for code, *_rest, room in programme(event)] == [
        ("1", "Great hall"), ("2", "Cellar"), ("3", "Great hall"),
    ]  # fmt: skip


def test_a_session_whose_row_is_left_out_is_in_the_way_where_it_was(
    client: Client, event: Event
) -> None:
    take_over(client, read(client, TABLE))

    page = read(
        client, "Number,Title,Room,Kind\n2,Deep water,,Dance\n3,Shallow water,Great hall,\n"
    )

    assert verdicts(page) == ["refused", "refused"]


def test_what_overlapped_before_does_not_stop_other_rows(client: Client, event: Event) -> None:
    hall = Room.objects.create(event=event, name="Hall")
    for title in ("One", "Other"):
        make_session(
            event, title=title, code=title, room=hall, zone="Asia/Jakarta",
            wall_starts=dt.time(9), wall_ends=dt.time(10),
        )  # fmt: skip

    page = read(client, "Number,Title,Kind\nOne,One,Plenary\n")

    assert verdicts(page) == ["change"]


# --- People --------------------------------------------------------------------------------------


def who(session: Session) -> list[tuple[str, str]]:
    rows = session.contributions.select_related("person").order_by("position", "pk")
    return [(row.person.name, row.role) for row in rows]


def test_people_of_the_record_are_known_again(client: Client, event: Event) -> None:
    ada = make_person(name="Ada Brook")

    take_over(client, read(client, TABLE))

    assert Session.objects.get(code="2").contributions.get(role="speaker").person == ada
    assert Person.objects.filter(name="Ben Ford").count() == 1


def test_a_new_person_of_several_rows_is_one(client: Client, event: Event) -> None:
    page = read(
        client, "Title,Speakers,Moderator\nA,Cora Lake,Dan Pool\nB,Dr. Cora LAKE,Cora Lake\n"
    )

    take_over(client, page)

    assert Person.objects.filter(name__icontains="lake").count() == 1
    assert who(Session.objects.get(title="B")) == [
        ("Cora Lake", "speaker"), ("Cora Lake", "moderator"),
    ]  # fmt: skip


def test_a_name_two_people_bear_is_asked_about(client: Client, event: Event) -> None:
    first, second = make_person(name="Ada Brook"), make_person(name="Ada Brook")
    contribute(second, make_event(), title="Keeper of wells")

    page = read(client, TABLE)

    row = page.context["page"][1]
    assert row.problems == [
        ("Speakers", "“Ada Brook” may be somebody of the record. Say who is meant.")
    ]
    (asked,) = page.context["asked"]
    assert [known.lately for known in asked["people"]] == ["", "Keeper of wells"]
    assert f'value="{second.pk}:ada brook"' in page.content.decode()

    page = client.get(page.request["PATH_INFO"], {"who1": f"{second.pk}:ada brook"})
    assert verdicts(page) == ["add", "add", "add"]
    take_over(client, page)
    assert not first.contributions.exists()
    assert second.contributions.count() == 2


def test_somebody_of_the_same_name_can_be_new(client: Client, event: Event) -> None:
    for _n in range(2):
        make_person(name="Ada Brook")
    page = read(client, TABLE)

    page = client.get(page.request["PATH_INFO"], {"who1": "0:ada brook"})
    take_over(client, page)

    assert Person.objects.filter(name="Ada Brook").count() == 3


def test_nobody_chooses_a_person_who_was_not_offered(client: Client, event: Event) -> None:
    for _n in range(2):
        make_person(name="Ada Brook")
    other = make_person(name="Zoe Marsh")
    page = read(client, TABLE)

    for told_ in (f"{other.pk}:ada brook", "x:ada brook", "999999999999:ada brook", "1:", "²:a"):
        page = client.get(page.request["PATH_INFO"], {"who1": told_})
        assert page.context["page"][1].verdict == "refused"


def test_speakers_are_changed_added_and_taken_out(client: Client, event: Event) -> None:
    take_over(client, read(client, TABLE))
    deep = Session.objects.get(code="2")
    sourced = contribute(make_person(name="Old Hand"), event, session=deep)

    page = read(
        client,
        "Number,Title,Speakers\n2,Deep water,Ada Brook; Minister of wells | Cora Lake\n",
    )

    (row,) = page.context["page"]
    assert row.people == [("new", "Cora Lake", "Speaker"), ("changed", "Ada Brook", "Speaker")]
    take_over(client, page)
    assert sorted(who(deep)) == [
        ("Ada Brook", "speaker"), ("Ben Ford", "moderator"), ("Cora Lake", "speaker"),
        ("Old Hand", "speaker"),
    ]  # fmt: skip
    ada = deep.contributions.get(person__name="Ada Brook")
    assert (ada.title, ada.organisation) == ("Minister of wells", "House of Wells")

    page = read(client, "Number,Title,Speakers\n2,Deep water,Cora Lake\n")
    assert page.context["page"][0].people == [("gone", "Ada Brook", "Speaker")]
    take_over(client, page)
    assert sorted(who(deep)) == [
        ("Ben Ford", "moderator"), ("Cora Lake", "speaker"), ("Old Hand", "speaker"),
    ]  # fmt: skip
    assert sourced.pk in deep.contributions.values_list("pk", flat=True)


# --- Which session a row is ----------------------------------------------------------------------


def test_sessions_are_known_by_id_then_number_then_title_and_hour(
    client: Client, event: Event
) -> None:
    take_over(
        client,
        read(
            client,
            "ID,Number,Title,Day,Begins\n"
            "x-1,,By ID,2024-05-06,09:00\n,N2,By number,2024-05-06,10:00\n"
            ",,By title,2024-05-06,11:00\n,,Moved away,2024-05-06,12:00\n",
        ),
    )

    page = read(
        client,
        "ID,Number,Title,Day,Begins\n"
        "x-1,,New name,2024-05-07,09:00\n,n2,New number two,2024-05-06,10:00\n"
        "y-3,,BY  TITLE,2024-05-06,11:00\n,,Moved away,2024-05-07,12:00\n"
        "x-1,,Again,2024-05-07,09:00\n",
    )

    rows = list(page.context["page"])
    assert [row.verdict for row in rows] == ["change", "change", "change", "add", "refused"]
    assert rows[3].warnings == [(
        "Title",
        "A session of this title is in the programme already (6 May 2024, 12:00) and stays. If it"
        " is the same, give both the same number.",
    )]  # fmt: skip
    assert rows[4].problems == [("", "Row 2 is about the same session.")]
    take_over(client, page)
    assert event.sessions.count() == 5
    assert event.sessions.get(external_id="y-3").title == "BY  TITLE"


def test_sessions_of_one_number_are_told_apart_by_title_and_room(
    client: Client, event: Event
) -> None:
    table = (
        "Number,Title,Day,Begins,Room\n"
        "P,Group one,2024-05-06,09:00,A\nP,Group one,2024-05-06,09:00,B\n"
        "P,Group two,2024-05-06,09:00,C\n"
    )
    take_over(client, read(client, table))

    assert verdicts(read(client, table)) == ["same"] * 3


def test_one_session_twice_in_a_file_is_taken_over_once(client: Client, event: Event) -> None:
    page = read(client, "Title,Day\nA,2024-05-06\nA,2024-05-06\n")

    assert verdicts(page) == ["add", "refused"]


def test_the_programme_goes_out_as_a_table_and_comes_back_the_same(
    client: Client, event: Event
) -> None:
    take_over(client, read(client, TABLE))
    make_session(
        event, title="+Hostile; \"title\"", code="-1", summary="Two\nlines", day=None, kind="break",
    )  # fmt: skip
    make_session(
        event, title="Later hour", zone="Europe/Berlin", day=dt.date(2024, 10, 27),
        wall_starts=dt.time(2, 15), wall_ends=dt.time(2, 45), second_hour=True,
    )  # fmt: skip
    contribute(
        make_person(name="Eva; Stream"), event, session=Session.objects.get(code="3"),
        title="Head, keeper", organisation="“House”; of \"Wells\"", country_id="CD",
    )  # fmt: skip
    before = list(Session.objects.order_by("pk").values())

    table = client.get("/events/wells/edit/import/programme.csv").getvalue()
    page = read(client, table)

    assert [row.changes for row in page.context["page"]] == [[]] * 5
    assert verdicts(page) == ["same"] * 5
    assert list(Session.objects.order_by("pk").values()) == before


def test_a_table_of_another_event_makes_sessions_of_their_own(
    client: Client, event: Event, hub: Hub
) -> None:
    take_over(client, read(client, TABLE))
    table = client.get("/events/wells/edit/import/programme.csv").getvalue()
    Event.objects.filter(pk=event.pk).update(slug="first")
    other = make_event(slug="wells", hub=hub, zone="Asia/Jakarta")

    take_over(client, read(client, table))

    assert (event.sessions.count(), other.sessions.count()) == (3, 3)
    assert verdicts(read(client, table)) == ["same"] * 3


# --- Who, and how often --------------------------------------------------------------------------

PAGES = ("", "template.csv", "programme.csv", "{uid}/")


@pytest.fixture
def kept(client: Client, event: Event) -> ProgrammeImport:
    read(client, TABLE)
    return ProgrammeImport.objects.get()


@pytest.mark.parametrize("part", PAGES)
def test_whoever_keeps_the_event_finds_the_pages(kept: ProgrammeImport, part: str) -> None:
    address = f"/events/wells/edit/import/{part}".format(uid=kept.uid)
    hub = kept.event.hub
    people = {
        "visitor": (None, 302),
        "member": (make_user(), 403),
        "member of the hub": (make_member(hub), 403),
        "editor": (make_member(hub, "editor"), 200),
        "focal point": (make_member(hub, "focal_point"), 200),
        "editor of another hub": (make_member(make_hub(), "editor"), 403),
        "moderator": (make_user(is_staff=True), 200),
    }
    assert {who: browser(user).get(address).status_code for who, (user, _s) in people.items()} == {
        who: status for who, (_user, status) in people.items()
    }
    Event.objects.update(is_public=False)
    assert browser(people["editor of another hub"][0]).get(address).status_code == 404
    assert browser(people["editor"][0]).get(address).status_code == 200


def test_nobody_else_takes_over_or_puts_away(kept: ProgrammeImport) -> None:
    address = f"/events/wells/edit/import/{kept.uid}/"
    digest = browser(kept.made_by).get(address).context["compared"].digest
    for user, status in ((None, 302), (make_user(), 403), (make_member(make_hub(), "editor"), 403)):
        someone = browser(user)
        assert someone.post(address, {"seen": digest}).status_code == status
        assert someone.post(f"{address}drop/").status_code == status
        assert upload(someone, TABLE).status_code == status
    kept.refresh_from_db()
    assert (kept.applied_at, kept.dropped_at, Session.objects.count()) == (None, None, 0)


def test_another_editor_of_the_hub_may_take_over(kept: ProgrammeImport) -> None:
    other = browser(make_member(kept.event.hub, "editor"))

    take_over(other, other.get(f"/events/wells/edit/import/{kept.uid}/"))

    assert kept.event.sessions.count() == 3


def test_an_import_belongs_to_its_event(client: Client, kept: ProgrammeImport, hub: Hub) -> None:
    make_event(slug="other", hub=hub)

    assert client.get(f"/events/other/edit/import/{kept.uid}/").status_code == 404
    assert client.post(f"/events/other/edit/import/{kept.uid}/drop/").status_code == 404
    assert client.get("/events/wells/edit/import/nothing/").status_code == 404


def test_what_was_put_away_is_forgotten(client: Client, kept: ProgrammeImport) -> None:
    address = f"/events/wells/edit/import/{kept.uid}/"
    page = client.get(address)
    assert client.get(f"{address}drop/").status_code == 405

    assert client.post(f"{address}drop/")["Location"] == "/events/wells/edit/import/"
    client.post(f"{address}drop/")

    kept.refresh_from_db()
    assert (kept.rows, kept.notes, kept.dropped_at is None) == ([], [], False)
    assert client.get(address).status_code == 404
    assert take_over(client, page).status_code == 404
    assert Session.objects.count() == 0


def test_what_was_taken_over_is_not_put_away(client: Client, kept: ProgrammeImport) -> None:
    address = f"/events/wells/edit/import/{kept.uid}/"
    told(take_over(client, client.get(address)), client)

    answer = client.post(f"{address}drop/")

    assert told(answer, client) == ["This file has been taken over already."]
    assert [row.title for row in client.get(address).context["page"]] == [
        "Opening of the wells", "Deep water", "Shallow water",
    ]  # fmt: skip


def test_a_newer_file_of_the_same_person_replaces_the_one_before(
    client: Client, kept: ProgrammeImport
) -> None:
    other = browser(make_member(kept.event.hub, "editor"))
    read(other, TABLE)

    read(client, "Title,Day\nA,2024-05-06\n")

    assert ProgrammeImport.objects.open().count() == 2
    kept.refresh_from_db()
    assert kept.rows == []


def test_hostile_questions_are_harmless(client: Client, kept: ProgrammeImport) -> None:
    address = f"/events/wells/edit/import/{kept.uid}/"
    for query in ("only=nothing", "page=x", "page=999", "only=add&page=-1", "who=%00:%00&whoami=1"):
        assert client.get(f"{address}?{query}").status_code in (200, 400)
    for seen in ("", "x", "\x00", "é" * 1000):
        answer = client.post(address, {"seen": seen})
        assert answer.status_code in (302, 400)
    assert Session.objects.count() == 0


def test_calendars_and_participants_hear_of_what_moved(client: Client, event: Event) -> None:
    heard = []
    take_over(client, read(client, TABLE))
    Event.objects.update(sequence=4)

    def hear(**told_: Any) -> None:
        heard.append(told_["event"].pk)

    programme_changed.connect(hear)
    try:
        take_over(client, read(client, "Number,Title,Kind\n2,Deep water,Plenary\n"))
        assert (heard, Event.objects.get().sequence) == ([], 4)
        take_over(client, read(client, "Number,Title,Begins\n2,Deep water,10:05\n"))
    finally:
        programme_changed.disconnect(hear)
    assert (heard, Event.objects.get().sequence) == ([event.pk], 5)
    entry = AuditEntry.objects.filter(verb="import_programme").latest("sequence")
    assert {name: entry.data[name] for name in ("added", "changed", "people")} == {
        "added": 0, "changed": 1, "people": 0,
    }  # fmt: skip


def test_sessions_of_a_file_are_found(client: Client, event: Event) -> None:
    take_over(client, read(client, TABLE))

    assert "Shallow water" in SearchDocument.objects.get(kind="event", object_id=event.pk).body


@pytest.mark.parametrize("rows", [1, 40])
def test_a_preview_costs_the_same_for_any_number_of_rows(
    client: Client, event: Event, rows: int, django_assert_num_queries: Any
) -> None:
    for n in range(rows):
        make_session(event, title=f"There {n}", code=f"T{n}")
    lines = "".join(f"T{n},There {n},Room {n},Person {n};Keeper\n" for n in range(rows))
    answer = upload(client, "Number,Title,Room,Speakers\n" + lines)
    client.get(answer["Location"])

    with django_assert_num_queries(12):
        page = client.get(answer["Location"])
    assert verdicts(page) == ["change"] * rows

    with CaptureQueriesContext(connection) as spent:
        take_over(client, page)
    assert len(spent) < 60


def test_a_thousand_rows_are_taken_over(client: Client, event: Event) -> None:
    lines = "".join(f"N{n},Title {n},Person {n}\n" for n in range(1000))
    page = read(client, "Number,Title,Speakers\n" + lines)
    assert len(page.context["page"]) == 50

    take_over(client, page)

    assert event.sessions.count() == 1000
    assert event.contributions.count() == 1000
