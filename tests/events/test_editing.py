"""Changing a programme: what is kept, what is refused and where, what calendars hear of."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from core.errors import DomainError
from core.models import AuditEntry, SearchDocument
from events import editing, finding
from events.models import Contribution, Event, KeyMessage, Person, Room, Session, Track
from events.signals import programme_changed
from tests.events.factories import (
    contribute,
    make_document,
    make_event,
    make_person,
    make_session,
)
from tests.factories import make_hub, make_member, make_user

pytestmark = pytest.mark.django_db
DAY = dt.date(2024, 5, 6)


@pytest.fixture
def event() -> Event:
    return make_event(hub=make_hub(), zone="Europe/Berlin")


@pytest.fixture
def editor(event: Event) -> Any:
    assert event.hub is not None
    return make_member(event.hub, "editor")


@pytest.fixture
def hall(event: Event) -> Room:
    return Room.objects.create(event=event, name="Main hall", position=1)


def hours(begins: str, ends: str = "", day: dt.date = DAY) -> dict[str, Any]:
    return {
        "day": day,
        "wall_starts": dt.time.fromisoformat(begins),
        "wall_ends": dt.time.fromisoformat(ends) if ends else None,
    }


def write(event: Event, by: Any, session: Session | None = None, **values: Any) -> Session:
    if session is None:
        values = {"title": "Wells for all", "kind": "panel"} | values
    return editing.write_session(event, by=by, values=values, session=session)


def fresh(row: Any) -> Any:
    return type(row).objects.get(pk=row.pk)


def entry(kind: str, record: Any) -> str:
    """What the search finds a record by; nothing if it finds it no more."""
    row = SearchDocument.objects.filter(kind=kind, object_id=str(record.pk)).first()
    return f"{row.title}\n{row.summary}\n{row.body}" if row else ""


def verbs() -> list[tuple[str, str]]:
    rows = AuditEntry.objects.order_by("sequence").values_list("verb", "target_label")
    return list(rows)


# --- Sessions --------------------------------------------------------------------------------


def test_a_session_is_added_with_its_hours_in_the_zone_of_the_event(
    event: Event, editor: Any, hall: Room
):
    session = write(event, editor, **hours("10:00", "11:30"), room=hall, summary="How to dig.")

    row = fresh(session)
    assert (row.slug, row.zone, row.position, row.sequence) == (
        "wells-for-all", "Europe/Berlin", 1, 0,
    )  # fmt: skip
    assert row.starts_at == dt.datetime(2024, 5, 6, 8, 0, tzinfo=dt.UTC)
    assert row.ends_at == dt.datetime(2024, 5, 6, 9, 30, tzinfo=dt.UTC)
    assert verbs() == [("add_record", "Wells for all")]
    assert "How to dig." in entry(finding.EVENT, event)


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("member", False), ("editor elsewhere", False), ("editor", True), ("focal point", True),
        ("moderator", True),
    ],
)  # fmt: skip
def test_who_may_write_a_programme(who: str, may: bool, event: Event):
    person = {
        "member": lambda: make_member(event.hub, "member"),
        "editor elsewhere": lambda: make_member(make_hub(), "editor"),
        "editor": lambda: make_member(event.hub, "editor"),
        "focal point": lambda: make_member(event.hub, "focal_point"),
        "moderator": lambda: make_user(is_staff=True),
    }[who]()

    if may:
        write(event, person)
    else:
        with pytest.raises(PermissionDenied):
            write(event, person)
    assert event.sessions.count() == may


def test_addresses_are_free_and_never_those_of_other_pages(event: Event, editor: Any):
    titles = ["Wells", "Wells", "Edit", "Questions", "水", "edit"]

    made = [write(event, editor, title=title, code=str(n)).slug for n, title in enumerate(titles)]

    assert made == ["wells", "wells-2", "edit-2", "questions-2", "session", "edit-3"]


def test_the_address_stays_when_the_title_changes(event: Event, editor: Any):
    session = write(event, editor)

    write(event, editor, session, title="Springs for all")

    assert (fresh(session).slug, fresh(session).title) == ("wells-for-all", "Springs for all")


def test_a_form_sent_twice_adds_one_session(event: Event, editor: Any, hall: Room):
    first = write(event, editor, **hours("10:00", "11:00"), room=hall)
    again = write(event, editor, **hours("10:00", "11:00"), room=hall)

    assert again.pk == first.pk
    assert event.sessions.count() == 1


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        (hours("11:00", "10:00"), "wall_ends", "It ends before it begins."),
        (hours("11:00", "11:00"), "wall_ends", "It ends before it begins."),
        (
            hours("02:30", "03:30", dt.date(2024, 3, 31)), "wall_starts",
            "This time does not exist there: the clocks are put forward. Choose another.",
        ),
        (
            hours("01:30", "02:30", dt.date(2024, 3, 31)), "wall_ends",
            "This time does not exist there: the clocks are put forward. Choose another.",
        ),
        (
            hours("02:30", "03:30", dt.date(2024, 10, 27)), "wall_starts",
            "This time comes twice there: the clocks are put back. Say which of the two.",
        ),
        (hours("10:00") | {"day": None}, "day", "Choose the day."),
        (hours("10:00") | {"zone": ""}, "zone", "Choose the time zone of these hours."),
        (hours("10:00") | {"zone": "Mars/Base"}, "zone", "Choose a time zone from the list."),
        (hours("10:00", day=dt.date(1, 1, 1)), "day", "Choose a day between 1900 and 2100."),
        (hours("10:00", day=dt.date(9999, 12, 31)), "day", "Choose a day between 1900 and 2100."),
        (
            {"day": DAY, "wall_ends": dt.time(10)}, "wall_starts", "Say when it begins, too.",
        ),
    ],
)  # fmt: skip
def test_hours_that_cannot_be_are_refused_at_their_field(
    values: dict[str, Any], field: str, said: str, event: Event, editor: Any
):
    with pytest.raises(ValidationError) as refusal:
        write(event, editor, **values)

    assert refusal.value.message_dict == {field: [said]}
    assert not event.sessions.exists()


@pytest.mark.parametrize(("second", "utc"), [(False, 0), (True, 1)])
def test_an_hour_that_comes_twice_is_the_one_that_was_said(
    second: bool, utc: int, event: Event, editor: Any
):
    values = hours("02:30", "03:30", dt.date(2024, 10, 27)) | {"second_hour": second}

    session = write(event, editor, **values)

    assert fresh(session).starts_at == dt.datetime(2024, 10, 27, utc, 30, tzinfo=dt.UTC)


def test_which_of_two_hours_is_forgotten_where_there_is_one(event: Event, editor: Any):
    session = write(event, editor, **hours("10:00"), second_hour=True)

    assert fresh(session).second_hour is None


def test_what_belongs_to_another_event_is_refused(event: Event, editor: Any):
    other = make_event()
    for name, place in (
        ("room", Room.objects.create(event=other, name="Theirs")),
        ("track", Track.objects.create(event=other, name="Theirs")),
    ):
        with pytest.raises(ValidationError) as refusal:
            write(event, editor, **{name: place})
        assert refusal.value.message_dict == {name: ["Choose one of this event."]}


def test_calendars_hear_of_time_place_and_title_and_of_nothing_else(
    event: Event, editor: Any, hall: Room
):
    session = write(event, editor, **hours("10:00", "11:00"))
    heard: list[Any] = []
    programme_changed.connect(
        lambda event, **_: heard.append(event), weak=False, dispatch_uid="test"
    )

    def count(**values: Any) -> tuple[int, int]:
        write(event, editor, fresh(session), **values)
        return fresh(session).sequence, fresh(event).sequence

    try:
        assert count(kind="plenary") == (0, 0)
        assert count(title="Springs") == (1, 1)
        assert count(title="Springs") == (1, 1)
        assert count(**hours("10:15", "11:00")) == (2, 2)
        assert count(room=hall) == (3, 3)
        assert count(track=Track.objects.create(event=event, name="North")) == (3, 3)
    finally:
        programme_changed.disconnect(dispatch_uid="test")
    assert len(heard) == 2


def test_what_was_changed_by_somebody_else_is_not_overwritten(event: Event, editor: Any):
    session = write(event, editor)
    base = editing.state_of(fresh(session))
    write(event, editor, session, title="Theirs")

    with pytest.raises(DomainError) as refusal:
        editing.write_session(
            event, by=editor, values={"title": "Mine"}, session=session, base=base
        )

    assert refusal.value.code == "stale"
    assert fresh(session).title == "Theirs"


def test_what_was_taken_out_meanwhile_is_not_written(event: Event, editor: Any):
    session = write(event, editor)
    Session.objects.filter(pk=session.pk).delete()

    with pytest.raises(DomainError, match="Somebody took this session out meanwhile"):
        write(event, editor, session, title="Mine")


# --- Rooms -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begins", "ends", "free"),
    [
        ("10:00", "11:00", False), ("10:30", "10:45", False), ("09:00", "12:00", False),
        ("09:30", "10:01", False), ("10:59", "11:30", False), ("10:00", "", False),
        ("10:30", "", False), ("09:00", "10:00", True), ("11:00", "12:00", True),
        ("11:00", "", True), ("09:59", "", True),
    ],
)  # fmt: skip
def test_a_room_holds_one_session_at_a_time(
    begins: str, ends: str, free: bool, event: Event, editor: Any, hall: Room
):
    write(event, editor, **hours("10:00", "11:00"), room=hall, title="First")

    if free:
        write(event, editor, **hours(begins, ends), room=hall)
        assert event.sessions.count() == 2
        return
    with pytest.raises(ValidationError) as refusal:
        write(event, editor, **hours(begins, ends), room=hall)

    assert refusal.value.message_dict == {
        "room": ["“First” is in Main hall at 10:00–11:00. Choose another room or time."]
    }
    assert event.sessions.count() == 1


def test_rooms_are_compared_by_instants_not_by_clocks(event: Event, editor: Any, hall: Room):
    write(event, editor, **hours("10:00", "11:00"), room=hall, title="First")
    jakarta = {"zone": "Asia/Jakarta", "room": hall}

    write(event, editor, **hours("10:00", "11:00"), **jakarta)
    with pytest.raises(ValidationError) as refusal:
        write(event, editor, **hours("15:30", "16:00"), **jakarta)

    assert refusal.value.message_dict == {
        "room": ["“First” is in Main hall at 15:00–16:00. Choose another room or time."]
    }


def test_a_clash_that_is_there_does_not_forbid_to_mend_a_title(
    event: Event, editor: Any, hall: Room
):
    one, _two = (
        make_session(event, room=hall, zone="UTC", wall_starts=dt.time(9), wall_ends=dt.time(10))
        for _n in range(2)
    )

    write(event, editor, one, title="Mended")

    assert fresh(one).title == "Mended"


def test_two_sessions_swap_their_rooms_in_one_change(event: Event, editor: Any, hall: Room):
    other = Room.objects.create(event=event, name="Annex")
    one = write(event, editor, **hours("10:00", "11:00"), room=hall, title="One")
    two = write(event, editor, **hours("10:00", "11:00"), room=other, title="Two")

    with editing.changing(event, by=editor, verb="import_programme") as desk:
        desk.write({"room": other}, fresh(one))
        desk.write({"room": hall}, fresh(two))

    assert (fresh(one).room, fresh(two).room) == (other, hall)
    entry = AuditEntry.objects.latest("sequence")
    assert (entry.verb, entry.data) == (
        "import_programme", {"added": 0, "changed": 2, "removed": 0, "people": 0},
    )  # fmt: skip


def test_a_session_moves_and_keeps_its_length(event: Event, editor: Any, hall: Room):
    session = write(event, editor, **hours("10:00", "11:30"))

    editing.move_session(
        session, by=editor, day=dt.date(2024, 5, 7), begins=dt.time(14, 15), room=hall
    )

    row = fresh(session)
    assert (row.day, row.wall_starts, row.wall_ends, row.room, row.sequence) == (
        dt.date(2024, 5, 7), dt.time(14, 15), dt.time(15, 45), hall, 1,
    )  # fmt: skip


def test_a_session_does_not_move_beyond_midnight(event: Event, editor: Any):
    session = write(event, editor, **hours("10:00", "11:30"))

    with pytest.raises(ValidationError) as refusal:
        editing.move_session(session, by=editor, day=DAY, begins=dt.time(23), room=None)

    assert refusal.value.message_dict == {
        "wall_starts": ["It would go on after midnight. Choose an earlier hour."]
    }


# --- Taking out ------------------------------------------------------------------------------


def out(session: Session, by: Any) -> None:
    editing.take_out(session, by=by, seen=editing.attached_to(session).mark)


def test_a_session_goes_with_its_parts_and_is_found_no_more(event: Event, editor: Any):
    session = write(event, editor, title="Aquifers")
    person = make_person(name="Amina Brook")
    contribute(person, event, session=session)
    finding.note(event)

    out(session, editor)

    assert not event.sessions.exists()
    assert not Contribution.objects.exists()
    assert Person.objects.filter(pk=person.pk).exists()
    assert "Aquifers" not in entry(finding.EVENT, event)
    assert not entry(finding.PERSON, person)
    assert verbs()[-1] == ("remove_record", "Aquifers")
    assert fresh(event).sequence == 1


def test_what_paragraphs_rest_on_stays(event: Event, editor: Any):
    session = write(event, editor)
    message = KeyMessage.objects.create(event=event, session=session, text="Dig.")
    message.paragraphs.add(make_document(event, 1).paragraphs.get())

    with pytest.raises(DomainError) as refusal:
        out(session, editor)

    assert refusal.value.code == "rested-on"
    assert "“Wells for all”" in str(refusal.value)
    assert event.sessions.count() == 1


def test_nobody_takes_out_more_than_they_were_told(event: Event, editor: Any):
    session = write(event, editor)
    seen = editing.attached_to(session).mark
    contribute(make_person(), event, session=session)

    with pytest.raises(DomainError, match="Look again"):
        editing.take_out(session, by=editor, seen=seen)

    assert event.sessions.count() == 1


def test_a_webinar_keeps_its_session(editor: Any, event: Event):
    Event.objects.filter(pk=event.pk).update(kind="webinar")
    session = write(event, editor)

    with pytest.raises(DomainError, match="cancel the webinar"):
        out(session, editor)


# --- Rooms and tracks ------------------------------------------------------------------------


def save(event: Event, by: Any, rooms: list[Any], tracks: list[Any] | None = None) -> None:
    editing.save_places(
        event, by=by, rooms=rooms, tracks=tracks or [], base=editing.places_mark(event)
    )


def names(rows: Any) -> list[str]:
    return list(rows.values_list("name", flat=True))


def test_rooms_and_tracks_are_written_in_their_order(event: Event, editor: Any, hall: Room):
    place = editing.Place

    save(
        event,
        editor,
        [place("Annex"), place("Great hall", hall.pk)],
        [place("North"), place("South")],
    )

    assert names(event.rooms) == ["Annex", "Great hall"]
    assert names(event.tracks) == ["North", "South"]
    assert fresh(hall).name == "Great hall"
    assert AuditEntry.objects.latest("sequence").data["rows"]["rooms"] == {
        "added": ["Annex"], "renamed": [[hall.pk, "Main hall", "Great hall"]], "removed": [],
    }  # fmt: skip


def test_two_rooms_swap_their_names(event: Event, editor: Any, hall: Room):
    other = Room.objects.create(event=event, name="Annex", position=2)

    save(event, editor, [editing.Place("Annex", hall.pk), editing.Place("Main hall", other.pk)])

    assert (fresh(hall).name, fresh(other).name) == ("Annex", "Main hall")


def test_a_renamed_room_is_news_for_calendars(event: Event, editor: Any, hall: Room):
    session = write(event, editor, **hours("10:00"), room=hall)

    save(event, editor, [editing.Place("Great hall", hall.pk)])

    assert (fresh(session).sequence, fresh(event).sequence) == (1, 1)


def test_a_room_with_sessions_is_not_taken_out(event: Event, editor: Any, hall: Room):
    write(event, editor, **hours("10:00"), room=hall)

    with pytest.raises(DomainError, match="“Main hall” has 1 session"):
        save(event, editor, [])

    assert names(event.rooms) == ["Main hall"]


def test_two_rooms_of_one_name_are_refused(event: Event, editor: Any):
    with pytest.raises(DomainError, match="Two have the name “HALL”"):
        save(event, editor, [editing.Place("Hall"), editing.Place("HALL")])

    assert not event.rooms.exists()


def test_rooms_written_meanwhile_are_not_overwritten(event: Event, editor: Any):
    base = editing.places_mark(event)
    save(event, editor, [editing.Place("Theirs")])

    with pytest.raises(DomainError) as refusal:
        editing.save_places(event, by=editor, rooms=[], tracks=[], base=base)

    assert refusal.value.code == "stale"
    assert names(event.rooms) == ["Theirs"]


# --- People ----------------------------------------------------------------------------------


def part(name: str, person: Person | None = None, **values: Any) -> editing.Part:
    return editing.Part(name, person, None, {"role": "speaker"} | values)


def test_a_list_adds_people_of_the_record_and_new_ones(event: Event, editor: Any):
    known = make_person(name="Amina Brook")

    told = editing.add_people(
        event,
        by=editor,
        parts=[
            part("Amina Brook", known, title="Director"),
            part("Tomás Rill", organisation="Wells Agency"),
            part("Tomás Rill", role="moderator"),
        ],
    )

    assert told == {"added": 3, "new": 1, "same": 0}
    rows = event.contributions.values_list("person__name", "role", "title", "organisation")
    assert list(rows) == [
        ("Amina Brook", "speaker", "Director", ""),
        ("Tomás Rill", "speaker", "", "Wells Agency"),
        ("Tomás Rill", "moderator", "", ""),
    ]
    made = Person.objects.get(name="Tomás Rill")
    assert (made.slug, made.sort_name) == ("tomas-rill", "Rill, Tomás")
    assert "Wells Agency" in entry(finding.PERSON, made)


def test_a_list_sent_twice_adds_nobody_twice(event: Event, editor: Any):
    parts = [part("Amina Brook", make_person(name="Amina Brook")), part("Tomás Rill")]

    editing.add_people(event, by=editor, parts=parts)
    told = editing.add_people(event, by=editor, parts=parts)

    assert told == {"added": 0, "new": 0, "same": 2}
    assert Person.objects.filter(name="Tomás Rill").count() == 1


@pytest.mark.parametrize(
    ("name", "sorted_as"),
    [
        ("Tomás Rill", "Rill, Tomás"), ("Amina T. Brook", "Brook, Amina T."),
        ("KOPPEL SPRING Tore", "Koppel Spring, Tore"), ("Brook, Amina", "Brook, Amina"),
        ("Rill", "Rill"), ("王小明", "王小明"), ("AMINA BROOK", "Brook, Amina"),
    ],
)  # fmt: skip
def test_under_what_a_new_name_is_sorted(name: str, sorted_as: str):
    assert editing.sorted_as(name) == sorted_as


def test_a_part_is_corrected_moved_and_taken_out(event: Event, editor: Any):
    editing.add_people(event, by=editor, parts=[part("A Brook"), part("B Rill"), part("C Spring")])
    first, second, third = event.contributions.all()

    editing.change_part(third, by=editor, values={"title": "Keeper"})
    editing.move_part(third, by=editor, up=True)
    editing.move_part(first, by=editor, up=True)
    editing.take_part_out(second, by=editor)
    editing.take_part_out(second, by=editor)

    rows = event.contributions.values_list("person__name", "title")
    assert list(rows) == [("A Brook", ""), ("C Spring", "Keeper")]
    assert not entry(finding.PERSON, second.person)


def test_a_part_changed_meanwhile_is_not_overwritten(event: Event, editor: Any):
    row = contribute(make_person(), event)
    base = editing.state_of(row)
    editing.change_part(row, by=editor, values={"title": "Theirs"})

    with pytest.raises(DomainError) as refusal:
        editing.change_part(row, by=editor, values={"title": "Mine"}, base=base)

    assert refusal.value.code == "stale"


def test_parts_in_works_are_not_for_editors_of_events(editor: Any):
    row = contribute(make_person(), None, topic="A chapter")

    with pytest.raises(PermissionDenied):
        editing.take_part_out(row, by=editor)
