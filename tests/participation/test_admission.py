"""How organisers set registration, and the kinds of participants."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from core.models import AuditEntry
from events.models import Event
from participation.models import Admission, Category, Registration
from participation.operations import categories
from tests.factories import make_hub, make_member, make_user
from tests.participation.factories import come, make_webinar, open_registration
from tests.participation.reading import text_of, told, url
from tests.people import browser

pytestmark = pytest.mark.django_db
#: The hour is one of the place of the event.
BEGINS = dt.datetime(2031, 6, 10, 15, 0, tzinfo=dt.UTC)
EVIL = '<script>alert(1)</script> "onload="x"'


@pytest.fixture
def event() -> Event:
    hub = make_hub(slug="wells", name="Hub for Wells")
    return make_webinar(BEGINS, hub=hub, zone="America/New_York")


@pytest.fixture
def organiser(event: Event) -> Any:
    return make_member(event.hub, "editor")


@pytest.fixture
def desk(organiser: Any) -> Client:
    return browser(organiser)


def form(**values: str) -> dict[str, str]:
    """What the page sends, less what is unticked."""
    return {
        "is_open": "on", "places": "", "day": "", "time": "", "practical": "", "contact": "",
        "join_url": "", "join_note": "", "signatory": "", "signatory_title": "",
        "letter_text": "",
    } | values  # fmt: skip


# --- Settings -------------------------------------------------------------------------------


def test_registration_is_set_up_and_read_back(event: Event, desk: Client):
    typed = form(
        places="40", needs_approval="on", day="2031-06-09", time="18:30",
        practical="Bring a sample.\r\nNo lunch.", contact="Desk@Wells.example",
        join_url="meet.wells.example/42", join_note="Passcode 7", signatory="Ada Well",
        signatory_title="Keeper", letter_text="We look forward to it.",
    )  # fmt: skip

    answer = desk.post(url("admission", event), typed, follow=True)

    assert told(answer) == ["Saved."]
    kept = Admission.objects.get(event=event)
    assert {name: getattr(kept, name) for name in (
        "is_open", "places", "needs_approval", "practical", "contact", "join_url", "join_note",
        "signatory", "signatory_title", "letter_text", "closes_at",
    )} == {
        "is_open": True, "places": 40, "needs_approval": True,
        "practical": "Bring a sample.\nNo lunch.", "contact": "desk@wells.example",
        "join_url": "https://meet.wells.example/42", "join_note": "Passcode 7",
        "signatory": "Ada Well", "signatory_title": "Keeper",
        "letter_text": "We look forward to it.",
        "closes_at": dt.datetime(2031, 6, 9, 22, 30, tzinfo=dt.UTC),
    }  # fmt: skip
    page = answer.content.decode()
    assert 'value="2031-06-09"' in page
    assert 'value="18:30"' in page
    assert "In America/New_York." in page


def test_what_another_organiser_saved_meanwhile_is_refused_once(event: Event, desk: Client):
    opened = desk.get(url("admission", event)).context["form"]["base"].value()
    desk.post(url("admission", event), form(places="40", base=opened))

    refused = desk.post(url("admission", event), form(places="60", base=opened))

    assert "Somebody else changed this while you were writing." in refused.content.decode()
    again = refused.context["form"]
    assert (again["places"].value(), Admission.objects.get(event=event).places) == ("60", 40)
    desk.post(url("admission", event), form(places="60", base=again["base"].value()))
    assert Admission.objects.get(event=event).places == 60


def test_saving_what_is_shown_changes_nothing(event: Event, desk: Client):
    open_registration(
        event, places=4, closes_at=dt.datetime(2031, 6, 10, 3, 59, tzinfo=dt.UTC), signatory="Ada"
    )
    shown = desk.get(url("admission", event)).context["form"]
    sent = {
        bound.html_name: bound.value() if bound.field.widget.input_type != "checkbox" else "on"
        for bound in shown
        if getattr(bound.field.widget, "input_type", "") and bound.value()
    }
    sent |= {"day": "2031-06-09", "time": "23:59"}

    desk.post(url("admission", event), form(**{name: str(value) for name, value in sent.items()}))

    assert not AuditEntry.objects.filter(verb="set_admission").exists()


def test_a_day_without_an_hour_is_open_to_its_end(event: Event, desk: Client):
    desk.post(url("admission", event), form(day="2031-06-09"))
    kept = Admission.objects.get(event=event)
    assert kept.closes_at == dt.datetime(2031, 6, 10, 3, 59, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("values", "field", "error"),
    [
        ({"places": "many"}, "places", "Enter a whole number, like 40."),
        ({"places": "-3"}, "places", "Enter a whole number, like 40."),
        ({"places": "4.5"}, "places", "Enter a whole number, like 40."),
        ({"places": "0"}, "places", "Choose from 1 to 100000 places."),
        ({"places": "9" * 400}, "places", "Enter a whole number, like 40."),
        ({"places": "1\x00"}, "places",
         "This text contains characters that are not text. Type it again."),
        ({"time": "10:00"}, "day", "Choose the day."),
        ({"day": "soon"}, "day", "Write the day like 2026-07-10."),
        ({"day": "2031-06-09", "time": "25:00"}, "time", "Write the hour like 17:30."),
        ({"day": "9999-12-31"}, "day", "Choose another day."),
        ({"day": "2031-03-09", "time": "02:30"}, "time",
         "This time does not exist there: the clocks are put forward. Choose another."),
        ({"join_url": "javascript:alert(1)"}, "join_url",
         "Enter the address of a page, like https://www.example.org."),
        ({"join_url": "https://x.example/" + "x" * 500}, "join_url",
         "Shorten this to 500 characters. It has 518 now."),
        ({"contact": "nobody"}, "contact", "Enter a whole address, like name@example.org."),
        ({"signatory": "x" * 151}, "signatory", "Shorten this to 150 characters. It has 151 now."),
    ],
)  # fmt: skip
def test_bad_input_is_refused_at_its_field_and_stays(
    values: dict[str, str], field: str, error: str, event: Event, desk: Client
):
    answer = desk.post(url("admission", event), form(letter_text="Stays " + EVIL, **values))

    assert answer.status_code == 200
    assert answer.context["form"].errors == {field: [error]}
    assert "Stays &lt;script&gt;" in answer.content.decode()
    assert not Admission.objects.filter(event=event).exists()


def test_an_hour_that_comes_twice_is_read_as_the_later_one(event: Event, desk: Client):
    desk.post(url("admission", event), form(day="2031-11-02", time="01:30"))
    kept = Admission.objects.get(event=event)
    assert kept.closes_at == dt.datetime(2031, 11, 2, 6, 30, tzinfo=dt.UTC)


def test_arabic_digits_are_places_too(event: Event, desk: Client):
    desk.post(url("admission", event), form(places="٤٠"))
    assert Admission.objects.get(event=event).places == 40


def test_fewer_places_than_people_stands_at_the_field(event: Event, desk: Client):
    open_registration(event, places=3)
    for _n in range(3):
        come(event)

    answer = desk.post(url("admission", event), form(places="2", practical="Stays"))

    assert answer.context["form"].errors == {
        "places": ["3 people have a place. Choose at least 3, or decline people first."]
    }
    assert "Stays" in answer.content.decode()
    assert Admission.objects.get(event=event).places == 3


def test_more_places_go_to_those_who_wait(event: Event, desk: Client):
    open_registration(event, places=1)
    for _n in range(3):
        come(event)
    desk.post(url("admission", event), form(places="2"))
    assert list(Registration.objects.order_by("number").values_list("state", flat=True)) == [
        "placed", "placed", "waiting",
    ]  # fmt: skip


def test_the_join_link_stays_out_of_the_record(event: Event, desk: Client):
    desk.post(url("admission", event), form(join_url="https://meet.wells.example/secret"))
    entry = AuditEntry.of(event).get(verb="set_admission")
    assert entry.data == {"changed": ["is_open", "join_url"]}


def test_strangers_set_nothing(event: Event):
    for person in (make_user(), make_member(make_hub(), "focal_point")):
        assert browser(person).post(url("admission", event), form()).status_code == 403
    assert not Admission.objects.exists()


# --- Kinds ----------------------------------------------------------------------------------


def names(event: Event) -> list[str]:
    return list(event.categories.order_by("position", "pk").values_list("name", flat=True))


def test_kinds_are_added_changed_ordered_and_removed(event: Event, desk: Client):
    here = url("categories", event)
    for name in ("Delegate", "Press", "Observer"):
        desk.post(here, {"new-name": name})
    press = Category.objects.get(name="Press")

    desk.post(here, {"kind": press.pk, f"k{press.pk}-name": "Press", "move": "1"})
    desk.post(here, {"kind": press.pk, f"k{press.pk}-name": "Press", "move": "1"})
    assert names(event) == ["Press", "Delegate", "Observer"]

    desk.post(
        here,
        {"kind": press.pk, f"k{press.pk}-name": "Media", f"k{press.pk}-needs_approval": "on"},
    )
    press.refresh_from_db()
    assert (press.name, press.needs_approval) == ("Media", True)

    gone = desk.post(here, {"kind": press.pk, "remove": "1"}, follow=True)
    assert told(gone)[-1:] == ["Removed: Media."]
    assert names(event) == ["Delegate", "Observer"]
    assert desk.post(here, {"kind": press.pk, "remove": "1"}).status_code == 404


def test_a_kind_somebody_chose_stays(event: Event, desk: Client):
    open_registration(event)
    kind = Category.objects.create(event=event, name="Press")
    come(event, category=kind)

    answer = desk.post(url("categories", event), {"kind": kind.pk, "remove": "1"}, follow=True)

    assert told(answer) == ["1 person registered as “Press”, so it stays."]
    assert "1 person registered as this" in text_of(answer)
    assert 'name="remove"' not in answer.content.decode()
    assert names(event) == ["Press"]


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", "Enter what the kind is called."), (" press", "This kind is there already."),
        ("PRÉSS", "This kind is there already."),
        ("x" * 81, "Shorten this to 80 characters. It has 81 now."),
        ("a\x00", "This text contains characters that are not text. Type it again."),
    ],
)  # fmt: skip
def test_a_kind_without_a_name_of_its_own_is_refused(
    typed: str, error: str, event: Event, desk: Client
):
    Category.objects.create(event=event, name="Press", position=1)
    other = Category.objects.create(event=event, name="Delegate", position=2)

    added = desk.post(url("categories", event), {"new-name": typed})
    changed = desk.post(url("categories", event), {"kind": other.pk, f"k{other.pk}-name": typed})

    assert added.context["added"].errors == {"name": [error]}
    assert changed.context["bound"].errors == {"name": [error]}
    assert names(event) == ["Press", "Delegate"]


def test_there_are_twenty_kinds_at_most(event: Event, desk: Client):
    for n in range(categories.MOST):
        Category.objects.create(event=event, name=f"Kind {n}")
    answer = desk.post(url("categories", event), {"new-name": "One more"})
    assert "There are 20 kinds. Remove one before you add another." in text_of(answer)
    assert len(names(event)) == 20


def test_kinds_of_another_event_are_out_of_reach(event: Event, desk: Client, organiser: Any):
    kind = Category.objects.create(event=make_webinar(hub=make_hub()), name="Press")

    for wrong in (str(kind.pk), "x", "9" * 50, "-1"):
        answer = desk.post(url("categories", event), {"kind": wrong, "remove": "1"})
        assert answer.status_code == 404
    for refused in (
        lambda: categories.remove_category(kind, by=organiser),
        lambda: categories.add_category(kind.event, by=organiser, name="Own"),
        lambda: categories.move_category(kind, by=organiser, to=1),
    ):
        with pytest.raises(PermissionDenied):
            refused()
    assert Category.objects.filter(pk=kind.pk).exists()


@pytest.mark.parametrize("kinds", [1, 12])
def test_settings_and_kinds_cost_the_same_for_few_and_many(
    kinds: int, event: Event, desk: Client, django_assert_num_queries: Any
):
    open_registration(event)
    for n in range(kinds):
        come(event, category=Category.objects.create(event=event, name=f"Kind {n}"))
    desk.get(url("admission", event))

    with django_assert_num_queries(7):
        assert desk.get(url("admission", event)).status_code == 200
    with django_assert_num_queries(6):
        assert desk.get(url("categories", event)).status_code == 200
