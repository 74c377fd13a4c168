"""Editing a programme in the browser: its days, a session, rooms, people."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from events import editing
from events.models import Event, Person, Room, Session, Track
from tests.events.factories import contribute, make_event, make_person, make_session
from tests.factories import make_hub, make_member, make_user
from tests.people import browser

pytestmark = pytest.mark.django_db
DAY = dt.date(2024, 5, 6)
QUERIES = 8
EVIL = '<script>alert(1)</script> "onload="x" {{ 7|add:7 }} =1+1'


@pytest.fixture
def event() -> Event:
    return make_event(hub=make_hub(), zone="Europe/Berlin", slug="wells")


@pytest.fixture
def editor(event: Event) -> Any:
    return make_member(event.hub, "editor")  # type: ignore[arg-type]


@pytest.fixture
def desk(editor: Any) -> Client:
    return browser(editor)


@pytest.fixture
def hall(event: Event) -> Room:
    return Room.objects.create(event=event, name="Main hall", position=1)


def at(name: str, *args: Any) -> str:
    return reverse(f"events:{name}", args=["wells", *args])


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def errors_of(answer: Any) -> list[str]:
    """The messages of the summary, each with the field it leads to."""
    found = re.search(r'<div class="errors".*?</div>', answer.content.decode(), re.DOTALL)
    if found is None:
        return []
    return [
        f"{target or ''}: {text}"
        for target, text in re.findall(r'<li>(?:<a href="#([^"]*)">|<span[^>]*>)([^<]*)', found[0])
    ]


def sessions(event: Event) -> list[tuple[Any, ...]]:
    rows = event.sessions.order_by("day", "wall_starts", "pk").values_list(
        "title", "day", "wall_starts", "wall_ends", "room__name"
    )
    return list(rows)


# --- Who may -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("visitor", 302), ("somebody", 403), ("member", 403), ("editor elsewhere", 403),
        ("editor", 200), ("focal point", 200), ("moderator", 200),
    ],
)  # fmt: skip
def test_who_finds_the_pages(who: str, status: int, event: Event):
    session = make_session(event)
    part = contribute(make_person(), event)
    person = {
        "visitor": lambda: None,
        "somebody": make_user,
        "member": lambda: make_member(event.hub, "member"),
        "editor elsewhere": lambda: make_member(make_hub(), "editor"),
        "editor": lambda: make_member(event.hub, "editor"),
        "focal point": lambda: make_member(event.hub, "focal_point"),
        "moderator": lambda: make_user(is_staff=True),
    }[who]()
    client = browser(person)
    pages = [
        at("programme-edit"), f"{at('programme-edit')}?view=grid", at("session-new"),
        at("session-edit", session.pk), at("session-remove", session.pk), at("places-edit"),
        at("speakers"), at("part-edit", part.pk),
    ]  # fmt: skip

    assert [client.get(page).status_code for page in pages] == [status] * len(pages)
    link = at("programme-edit") in client.get(at("programme")).content.decode()
    assert link is (status == 200)


def test_a_hidden_event_is_not_there_for_others(event: Event):
    Event.objects.filter(pk=event.pk).update(is_public=False)
    client = browser(make_member(make_hub(), "editor"))

    assert client.get(at("programme-edit")).status_code == 404


def test_sessions_and_parts_of_another_event_are_not_there(desk: Client, event: Event):
    other = make_event(hub=event.hub)
    session = make_session(other)
    part = contribute(make_person(), other)

    for address in (
        at("session-edit", session.pk), at("session-remove", session.pk), at("part-edit", part.pk),
    ):  # fmt: skip
        assert desk.get(address).status_code == 404, address


def test_what_changes_something_is_never_a_link(desk: Client, event: Event):
    session = make_session(event)
    part = contribute(make_person(), event)

    for address in (
        at("session-move", session.pk), at("part-move", part.pk), at("part-remove", part.pk),
    ):  # fmt: skip
        assert desk.get(address).status_code == 405, address


# --- All days ----------------------------------------------------------------------------------


def quick(day: dt.date = DAY, **values: str) -> dict[str, str]:
    told = {"title": "Wells for all", "kind": "panel", "begins": "", "ends": "", "room": ""}
    return {"day": day.isoformat()} | {
        f"d{day.isoformat()}-{name}": value for name, value in (told | values).items()
    }


def test_every_day_of_the_event_has_a_line_for_its_next_session(desk: Client, event: Event):
    answer = desk.get(at("programme-edit"))

    assert [day.key for day in answer.context["days"]] == ["2024-05-06", "2024-05-07", "2024-05-08"]
    assert answer.content.decode().count('class="quick"') == 3


def test_a_session_is_added_below_its_day_and_the_next_follows_it(
    desk: Client, event: Event, hall: Room
):
    answer = desk.post(at("programme-edit"), quick(begins="10:00", ends="11:30", room=str(hall.pk)))

    assert answer["Location"] == f"{at('programme-edit')}#add-2024-05-06"
    assert sessions(event) == [("Wells for all", DAY, dt.time(10), dt.time(11, 30), "Main hall")]
    again = desk.get(at("programme-edit"))
    first = again.context["days"][0].form
    assert {name: first[name].value() for name in ("begins", "ends", "kind", "room")} == {
        "begins": dt.time(11, 30), "ends": dt.time(13), "kind": "panel", "room": hall.pk,
    }  # fmt: skip
    assert again.context["days"][1].form["begins"].value() == dt.time(10)
    assert "“Wells for all” is in the programme." in text_of(again)


def test_a_room_that_is_taken_is_refused_at_its_field_and_all_typed_stays(
    desk: Client, event: Event, hall: Room
):
    make_session(
        event, title="First", room=hall, zone="Europe/Berlin",
        wall_starts=dt.time(10), wall_ends=dt.time(11),
    )  # fmt: skip

    answer = desk.post(
        at("programme-edit"), quick(begins="10:30", ends="12:00", room=str(hall.pk), title=EVIL)
    )

    assert answer.status_code == 200
    assert errors_of(answer) == [
        "id_d2024-05-06-room: “First” is in Main hall at 10:00–11:00. Choose another room or time."
    ]
    form = answer.context["bound"]
    assert (form["title"].value(), form["begins"].value()) == (EVIL, "10:30")
    assert EVIL not in answer.content.decode()
    assert event.sessions.count() == 1


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"title": ""}, ["title: Enter a title."]),
        ({"title": "x" * 301}, ["title: Shorten this to 300 characters. It has 301 now."]),
        (
            {"title": "a\x00b"},
            ["title: This text contains characters that are not text. Type it again."],
        ),
        ({"begins": "25:00"}, ["begins: Enter an hour from 00:00 to 23:59, like 14:30."]),
        ({"begins": "10\x00:00"}, ["begins: Enter an hour from 00:00 to 23:59, like 14:30."]),
        ({"begins": "11:00", "ends": "10:00"}, ["ends: It ends before it begins."]),
        ({"ends": "10:00"}, ["begins: Say when it begins, too."]),
        ({"kind": "party"}, ["kind: Choose one of the list."]),
        ({"room": "999999"}, ["room: Choose one of the list."]),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_at_its_field(
    values: dict[str, str], errors: list[str], desk: Client, event: Event
):
    answer = desk.post(at("programme-edit"), quick(**values))

    assert errors_of(answer) == [f"id_d2024-05-06-{error}" for error in errors]
    assert not event.sessions.exists()


@pytest.mark.parametrize("day", ["", "2024-05-09", "yesterday", "none", "\x00"])
def test_a_day_the_page_does_not_have_is_not_there(day: str, desk: Client, event: Event):
    assert desk.post(at("programme-edit"), quick() | {"day": day}).status_code == 404


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("9:30", dt.time(9, 30)), ("09.30", dt.time(9, 30)), ("0930", dt.time(9, 30)),
        ("9h30", dt.time(9, 30)), ("٠٩:٣٠", dt.time(9, 30)), ("14", dt.time(14)),
    ],
)  # fmt: skip
def test_hours_are_read_as_people_type_them(typed: str, meant: dt.time, desk: Client, event: Event):
    desk.post(at("programme-edit"), quick(begins=typed))

    assert event.sessions.get().wall_starts == meant


def test_an_event_without_a_zone_asks_for_it_once(desk: Client, event: Event):
    Event.objects.filter(pk=event.pk).update(zone="")

    asked = desk.post(at("programme-edit"), quick(begins="10:00"))
    desk.post(at("programme-edit"), quick(begins="10:00", zone="Africa/Nairobi"))
    after = desk.get(at("programme-edit"))

    assert errors_of(asked) == ["id_d2024-05-06-zone: Choose the time zone of these hours."]
    assert event.sessions.get().zone == "Africa/Nairobi"
    assert "zone" not in after.context["days"][0].form.fields


def test_the_long_list_of_zones_is_sent_only_to_who_asks(desk: Client, event: Event):
    session = make_session(event, zone="Europe/Berlin", wall_starts=dt.time(9))
    address = at("session-edit", session.pk)

    short = desk.get(address)
    whole_list = desk.get(f"{address}?zones=all")
    desk.post(address, whole(session, begins="09:00", zone="Asia/Jakarta"))
    kept = desk.post(address, whole(session, begins="09:00", zone="Africa/Lagos", title=""))

    def offered(answer: Any) -> list[str]:
        return re.findall(r'<option value="([^"]*/[^"]*)"', answer.content.decode())

    assert offered(short) == ["Europe/Berlin"]
    assert len(offered(whole_list)) > 300
    assert offered(kept) == ["Asia/Jakarta", "Europe/Berlin", "Africa/Lagos"]
    session.refresh_from_db()
    assert session.zone == "Asia/Jakarta"


def test_an_hour_that_comes_twice_is_asked_about(desk: Client, event: Event):
    day = dt.date(2024, 10, 27)
    Event.objects.filter(pk=event.pk).update(starts=day.isoformat(), ends="")

    asked = desk.post(at("programme-edit"), quick(day, begins="02:30", ends="03:30"))
    desk.post(at("programme-edit"), quick(day, begins="02:30", ends="03:30", which="second"))

    assert errors_of(asked) == [
        "id_d2024-10-27-begins: This time comes twice there: the clocks are put back."
        " Say which of the two."
    ]
    assert "The first, UTC+02:00" in text_of(asked)
    assert "The second, UTC+01:00" in text_of(asked)
    assert event.sessions.get().starts_at == dt.datetime(2024, 10, 27, 1, 30, tzinfo=dt.UTC)


def test_clashes_are_told_to_editors_with_a_way_to_each(desk: Client, event: Event, hall: Room):
    person = make_person(name="Amina Brook")
    hours = {"zone": "Europe/Berlin", "wall_starts": dt.time(10), "wall_ends": dt.time(11)}
    one, two = (make_session(event, title=title, room=hall, **hours) for title in ("One", "Two"))
    make_session(event, title="Late", day=dt.date(2024, 6, 1))
    for session in (one, two):
        contribute(person, event, session=session)

    answer = desk.get(at("programme-edit"))

    assert [clash.text for clash in answer.context["clashes"]] == [
        "“One” and “Two” are both in Main hall at 10:00–11:00.",
        "Amina Brook is in “One” and in “Two” at 10:00–11:00.",
        "“Late” is on 1 June 2024, which is no day of the event.",
    ]
    assert "3 things cannot be so" in text_of(answer)


def test_the_page_costs_the_same_with_2_sessions_and_with_40(
    desk: Client, event: Event, django_assert_num_queries: Any
):
    rooms = [Room.objects.create(event=event, name=f"Room {n}", position=n) for n in range(4)]

    def add(numbers: range) -> None:
        for n in numbers:
            hour = {"wall_starts": dt.time(8 + n // 4), "wall_ends": dt.time(8 + n // 4, 50)}
            session = make_session(event, zone="Europe/Berlin", room=rooms[n % 4], **hour)
            for _m in range(3):
                contribute(make_person(), event, session=session)

    add(range(2))
    desk.get(at("programme-edit"))
    for view in ("", "?view=grid"):
        with django_assert_num_queries(QUERIES):
            desk.get(at("programme-edit") + view)
    add(range(2, 40))
    for view in ("", "?view=grid"):
        with django_assert_num_queries(QUERIES):
            desk.get(at("programme-edit") + view)


def test_the_day_as_a_table_has_rooms_beside_each_other(desk: Client, event: Event, hall: Room):
    annex = Room.objects.create(event=event, name="Annex", position=2)
    for title, room, begins, ends in (
        ("Long", hall, 9, 12), ("Short", annex, 9, 10), ("Second", annex, 11, 12),
    ):  # fmt: skip
        make_session(
            event, title=title, room=room, zone="UTC",
            wall_starts=dt.time(begins), wall_ends=dt.time(ends),
        )  # fmt: skip

    grid = desk.get(f"{at('programme-edit')}?view=grid").context["grids"][0]

    assert [
        (hour, [([row.session.title for row in cell.rows], cell.span) for cell in cells])
        for hour, cells in grid.lines
    ] == [(dt.time(9), [(["Long"], 2), (["Short"], 1)]), (dt.time(11), [(["Second"], 1)])]


# --- One session -------------------------------------------------------------------------------


def whole(session: Session | None = None, **values: str) -> dict[str, str]:
    told = dict.fromkeys(
        ("code", "begins", "ends", "which", "zone", "room", "new_room", "track", "new_track",
         "summary"), "",
    ) | {"title": "Wells for all", "kind": "panel", "day": DAY.isoformat()}  # fmt: skip
    if session is not None:
        told["base"] = editing.state_of(session)
    return told | values


def test_a_session_is_written_with_a_room_and_a_track_made_on_the_way(desk: Client, event: Event):
    answer = desk.post(
        at("session-new"),
        whole(
            begins="10:00", ends="11:00", zone="Europe/Berlin", new_room="Annex",
            new_track="North", code="A 1", summary="How to dig.",
        ),
    )  # fmt: skip

    session = event.sessions.get()
    assert answer["Location"] == at("session-edit", session.pk)
    assert (session.room, session.track) == (Room.objects.get(), Track.objects.get())
    assert (session.code, session.summary, session.slug) == ("A 1", "How to dig.", "wells-for-all")


def test_a_refused_session_makes_no_room(desk: Client, event: Event):
    answer = desk.post(
        at("session-new"),
        whole(begins="11:00", ends="10:00", zone="Europe/Berlin", new_room="Annex"),
    )

    assert errors_of(answer) == ["id_ends: It ends before it begins."]
    assert answer.context["form"]["new_room"].value() == "Annex"
    assert not Room.objects.exists()


def test_the_address_of_the_form_may_name_day_hour_and_room(desk: Client, event: Event, hall: Room):
    form = desk.get(f"{at('session-new')}?day=2024-05-07&begins=14:30&room={hall.pk}").context[
        "form"
    ]
    hostile = desk.get(f"{at('session-new')}?day=31.12.&begins=99&room=%3Cscript%3E")

    assert (form["day"].value(), form["begins"].value(), form["room"].value()) == (
        dt.date(2024, 5, 7), dt.time(14, 30), str(hall.pk),
    )  # fmt: skip
    assert hostile.status_code == 200


def test_a_session_is_changed_and_its_editor_goes_back_to_it(desk: Client, event: Event):
    session = make_session(event)

    answer = desk.post(
        at("session-edit", session.pk), whole(session, title="Springs", kind="plenary")
    )

    session.refresh_from_db()
    assert answer["Location"] == f"{at('programme-edit')}#s-{session.pk}"
    assert (session.title, session.kind) == ("Springs", "plenary")


def test_the_form_shows_all_that_is_written(desk: Client, event: Event, hall: Room):
    session = make_session(
        event, title="Wells", code="A 1", summary="Deep.", room=hall, zone="US/Eastern",
        wall_starts=dt.time(1, 30), day=dt.date(2024, 11, 3), second_hour=True,
    )  # fmt: skip

    form = desk.get(at("session-edit", session.pk)).context["form"]
    told = {name: form[name].value() for name in form.fields}
    desk.post(
        at("session-edit", session.pk),
        {"base": editing.state_of(session)}
        | {n: "" if v is None else str(v) for n, v in told.items()},
    )

    before = editing.state_of(session)
    session.refresh_from_db()
    assert editing.state_of(session) == before
    assert session.sequence == 0


def test_what_two_editors_write_stands_side_by_side(desk: Client, event: Event):
    session = make_session(event)
    mine = whole(session, title="Mine")
    Session.objects.filter(pk=session.pk).update(title="Theirs")

    answer = desk.post(at("session-edit", session.pk), mine)
    again = {"base": answer.context["base"]}

    assert answer.status_code == 409
    assert answer.context["form"]["title"].value() == "Mine"
    assert "Saved there now: Theirs" in text_of(answer)
    assert desk.post(at("session-edit", session.pk), mine | again).status_code == 302
    session.refresh_from_db()
    assert session.title == "Mine"


def test_a_session_is_moved_and_what_forbids_it_stands_at_the_field(
    desk: Client, event: Event, hall: Room
):
    hours = {"zone": "Europe/Berlin", "wall_starts": dt.time(10), "wall_ends": dt.time(11)}
    make_session(event, title="First", room=hall, **hours)
    session = make_session(event, **hours)
    there = {"move-day": "2024-05-06", "move-begins": "10:30", "move-room": str(hall.pk)}

    refused = desk.post(at("session-move", session.pk), there)
    late = desk.post(at("session-move", session.pk), there | {"move-begins": "23:30"})
    moved = desk.post(at("session-move", session.pk), there | {"move-begins": "11:00"})

    assert errors_of(refused) == [
        "id_move-room: “First” is in Main hall at 10:00–11:00. Choose another room or time."
    ]
    assert errors_of(late) == [
        "id_move-begins: It would go on after midnight. Choose an earlier hour."
    ]
    assert moved["Location"] == f"{at('programme-edit')}#s-{session.pk}"
    session.refresh_from_db()
    assert (session.wall_starts, session.wall_ends) == (dt.time(11), dt.time(12))


def test_taking_out_asks_first_and_says_what_goes_with_it(desk: Client, event: Event):
    session = make_session(event, title="Springs")
    contribute(make_person(name="Amina Brook"), event, session=session)

    asked = desk.get(at("session-remove", session.pk))
    seen = re.findall(r'name="seen" value="(\w+)"', asked.content.decode())[0]
    forged = desk.post(at("session-remove", session.pk), {"seen": "x"})
    done = desk.post(at("session-remove", session.pk), {"seen": seen})

    assert "With it go: Amina Brook , Speaker" in text_of(asked)
    assert forged.status_code == 409
    assert done["Location"] == at("programme-edit")
    assert not event.sessions.exists()
    assert desk.post(at("session-remove", session.pk), {"seen": seen}).status_code == 404


def test_hostile_texts_are_shown_as_texts(desk: Client, event: Event, hall: Room):
    desk.post(at("session-new"), whole(title=EVIL, code=EVIL[:40], new_room=EVIL, summary=EVIL))
    session = event.sessions.get()
    contribute(make_person(name=EVIL), event, session=session, title=EVIL)

    for address in (
        at("programme-edit"), f"{at('programme-edit')}?view=grid", at("places-edit"),
        at("session-edit", session.pk), at("session-remove", session.pk), at("speakers"),
    ):  # fmt: skip
        content = desk.get(address).content.decode()
        assert "<script>alert" not in content, address
        assert "{{ 7|add:7 }}" in content, address


# --- Rooms and tracks --------------------------------------------------------------------------


def rows(event: Event, *names: tuple[str, Any], kind: str = "room") -> dict[str, str]:
    told = {"base": editing.places_mark(event), f"{kind}-rows": str(len(names))}
    for n, (name, key) in enumerate(names):
        told |= {f"{kind}-{n}-name": name, f"{kind}-{n}-pk": str(key or "")}
    return told


def test_rooms_are_saved_in_their_order(desk: Client, event: Event, hall: Room):
    answer = desk.post(at("places-edit"), rows(event, ("Annex", ""), ("Great hall", hall.pk)))

    assert answer["Location"] == at("places-edit")
    assert list(event.rooms.values_list("name", flat=True)) == ["Annex", "Great hall"]


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("room:add", ["Main hall", "New", ""]), ("room:up:1", ["New", "Main hall"]),
        ("room:down:0", ["New", "Main hall"]), ("room:remove:0", ["New"]),
        ("room:up:0", ["Main hall", "New"]), ("room:down:9", ["Main hall", "New"]),
        ("track:remove:0", ["Main hall", "New"]), ("room:burn:0", ["Main hall", "New"]),
        ("room", ["Main hall", "New"]), ("\x00", ["Main hall", "New"]),
    ],
)  # fmt: skip
def test_buttons_move_rows_and_write_nothing(
    command: str, names: list[str], desk: Client, event: Event, hall: Room
):
    answer = desk.post(
        at("places-edit"), rows(event, ("Main hall", hall.pk), ("New", "")) | {"row": command}
    )

    assert [row.name for row in answer.context["rooms"].rows] == names
    assert list(event.rooms.values_list("name", flat=True)) == ["Main hall"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([("", "hall")], "Line 1: enter a name, or take the line out."),
        ([("Hall", "hall"), ("hall", "")], "Two have the name “hall”. Give each its own."),
        ([("x" * 121, "hall")], "1: Shorten this to 120 characters. It has 121 now."),
    ],
)
def test_what_is_wrong_with_a_room_is_said(
    names: list[tuple[str, str]], said: str, desk: Client, event: Event, hall: Room
):
    typed = [(name, hall.pk if key else "") for name, key in names]

    answer = desk.post(at("places-edit"), rows(event, *typed))

    assert errors_of(answer) == [f": {said}"]
    assert list(event.rooms.values_list("name", flat=True)) == ["Main hall"]


def test_a_room_in_use_stays(desk: Client, event: Event, hall: Room):
    make_session(event, room=hall)

    answer = desk.post(at("places-edit"), rows(event))

    assert errors_of(answer) == [": “Main hall” has 1 session. Move it first."]
    assert event.rooms.count() == 1


# --- People ------------------------------------------------------------------------------------


def paste(text: str, **values: str) -> dict[str, str]:
    return {"text": text, "session": "", "role": "speaker", "step": "read"} | values


def parts(event: Event) -> list[tuple[Any, ...]]:
    return list(
        event.contributions.order_by("pk").values_list(
            "person__name", "role", "title", "organisation", "country", "session__title"
        )
    )


LIST = "Amina Brook; Director; Ministry of Wells; Brazil\nTomás Rill; Keeper; Agency; ; moderator"


def test_a_list_is_read_first_and_taken_over_then(desk: Client, event: Event):
    session = make_session(event, title="Springs")
    there = {"session": str(session.pk)}

    read = desk.post(at("speakers"), paste(LIST, **there))
    nothing = parts(event)
    taken = desk.post(at("speakers"), paste(LIST, **there, step="take"))
    desk.post(at("speakers"), paste(LIST, **there, step="take"))

    assert "2 people read" in text_of(read)
    assert nothing == []
    assert taken["Location"] == f"{at('session-edit', session.pk)}#people"
    assert parts(event) == [
        ("Amina Brook", "speaker", "Director", "Ministry of Wells", "BR", "Springs"),
        ("Tomás Rill", "moderator", "Keeper", "Agency", None, "Springs"),
    ]
    assert Person.objects.count() == 2


def test_a_column_says_in_which_session_each_has_a_part(desk: Client, event: Event):
    make_session(event, title="Springs", code="A 1")
    make_session(event, title="Wells", code="A 2")
    text = "Name;Session\nAmina Brook;A 2\nTomás Rill;springs\nAda Pool;"

    desk.post(at("speakers"), paste(text, step="take"))

    assert [(row[0], row[5]) for row in parts(event)] == [
        ("Amina Brook", "Wells"), ("Tomás Rill", "Springs"), ("Ada Pool", None),
    ]  # fmt: skip


def test_a_session_nobody_knows_is_refused_in_its_line(desk: Client, event: Event):
    for _n in range(2):
        make_session(event, title="Springs")
    text = "Name;Session\nAmina Brook;Nowhere\nTomás Rill;Springs"

    answer = desk.post(at("speakers"), paste(text, step="take"))

    assert [row.problems for row in answer.context["preview"].rows] == [
        ["No session is called “Nowhere”."],
        ["Several sessions are called “Springs”. Write the number."],
    ]
    assert parts(event) == []


def test_one_bad_line_holds_the_list_back_and_nothing_typed_is_lost(desk: Client, event: Event):
    text = f"{LIST}\nAda Pool; ; ; Atlantis"

    answer = desk.post(at("speakers"), paste(text, step="take"))

    assert errors_of(answer) == [
        "id_text: Line 3: No country is called “Atlantis”. Write its English name."
    ]
    assert answer.context["form"]["text"].value() == text
    assert 'value="take"' not in answer.content.decode()
    assert parts(event) == []


def test_whoever_may_be_meant_is_asked(desk: Client, event: Event):
    here, there = (make_person(name="Amina Brook", country_id=code) for code in ("ID", "BR"))
    text = "Amina Brook; Director"

    asked = desk.post(at("speakers"), paste(text, step="take"))
    wrong = desk.post(at("speakers"), paste(text, step="take", **{"who-1": "999999"}))
    desk.post(at("speakers"), paste(text, step="take", **{"who-1": str(there.pk)}))

    assert errors_of(asked) == errors_of(wrong) == ["who-1: Line 1: Choose who it is."]
    assert "<title>Error:" in asked.content.decode()
    assert [part.person for part in event.contributions.all()] == [there]
    assert here.contributions.count() == 0


def test_a_known_name_may_be_somebody_new(desk: Client, event: Event):
    make_person(name="Amina Brook")

    desk.post(at("speakers"), paste("Amina Brook; Director", step="take", **{"who-1": "new"}))

    assert Person.objects.filter(name="Amina Brook").count() == 2
    assert Person.objects.filter(slug="amina-brook").exists()


@pytest.mark.parametrize("text", ["", "  ", "a\x00b", "x" * 200_001])
def test_a_list_that_is_none_is_refused(text: str, desk: Client, event: Event):
    answer = desk.post(at("speakers"), paste(text, step="take"))

    assert len(errors_of(answer)) == 1
    assert parts(event) == []


def test_reading_a_list_costs_the_same_with_2_people_and_with_60(
    desk: Client, event: Event, django_assert_num_queries: Any
):
    for n in range(60):
        contribute(make_person(name=f"Person Number{n}"), event, session=make_session(event))
    desk.get(at("speakers"))

    for most in (2, 60):
        text = "\n".join(f"Person Number{n}; Keeper" for n in range(most))
        with django_assert_num_queries(11):
            answer = desk.post(at("speakers"), paste(text))
        assert len(answer.context["preview"].rows) == most
    with django_assert_num_queries(7):
        desk.get(at("speakers"))


def test_a_part_is_corrected_and_taken_out(desk: Client, event: Event):
    part = contribute(make_person(name="Amina Brook"), event)
    told = {
        "base": editing.state_of(part), "role": "moderator", "title": "Keeper",
        "organisation": "Agency", "country": "BR", "topic": "Depth",
    }  # fmt: skip

    saved = desk.post(at("part-edit", part.pk), told)
    written = parts(event)
    stale = desk.post(at("part-edit", part.pk), told | {"title": "Other"})
    for _twice in range(2):
        gone = desk.post(at("part-remove", part.pk))
        assert gone["Location"] == at("speakers")

    assert saved["Location"] == at("speakers")
    assert written == [("Amina Brook", "moderator", "Keeper", "Agency", "BR", None)]
    assert stale.status_code == 409
    assert "Saved there now: Moderator · Keeper" in text_of(stale)
    assert parts(event) == []


def test_people_change_places(desk: Client, event: Event):
    desk.post(at("speakers"), paste("Ada Pool\nBo Rill\nCy Brook", step="take"))
    first, _second, third = event.contributions.all()

    desk.post(at("part-move", third.pk), {"to": "up"})
    desk.post(at("part-move", first.pk), {"to": "up"})
    desk.post(at("part-move", first.pk), {"to": "sideways"})

    names = [part.person.name for part in event.contributions.select_related("person")]
    assert names == ["Cy Brook", "Ada Pool", "Bo Rill"]


def test_a_session_costs_the_same_with_1_person_and_with_30(
    desk: Client, event: Event, django_assert_num_queries: Any
):
    session = make_session(event)
    contribute(make_person(), event, session=session, country_id="BR")
    desk.get(at("session-edit", session.pk))
    with django_assert_num_queries(10):
        desk.get(at("session-edit", session.pk))
    for _n in range(29):
        contribute(make_person(), event, session=session, country_id="ID")
    with django_assert_num_queries(10):
        desk.get(at("session-edit", session.pk))
