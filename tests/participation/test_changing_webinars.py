"""Changing and cancelling webinars in the browser, and whom that is told."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError

from core.errors import DomainError
from core.models import AuditEntry
from events.editing.sessions import write_session
from events.models import Event
from notifications import noticing
from notifications.models import Notification
from participation.models import Admission
from participation.operations import webinars as operations
from participation.signals import arrangements_changed
from tests.events.factories import make_event, make_session
from tests.factories import make_hub, make_member, make_user, reference
from tests.participation.factories import come, make_webinar, open_registration
from tests.people import browser

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2027, 3, 4, 12, 0, tzinfo=dt.UTC)
NEW = "/events/webinars/new/"
EVIL = '<script>alert(1)</script> "onload="x" {{ 7|add:7 }} =1+1'


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def hub() -> Any:
    reference()
    return make_hub(slug="wells", name="Hub for Wells")


@pytest.fixture
def editor(hub: Any) -> Any:
    return make_member(hub, "editor")


@pytest.fixture
def told() -> Iterator[list[tuple[str, str]]]:
    """What people with a place would be told."""
    heard: list[tuple[str, str]] = []

    def hear(event: Event, what: str, reason: str = "", **_: Any) -> None:
        heard.append((what, reason))

    arrangements_changed.connect(hear, dispatch_uid="test")
    yield heard
    arrangements_changed.disconnect(dispatch_uid="test")


def sent(**values: Any) -> dict[str, Any]:
    """The form as somebody fills it in; None leaves a field out."""
    filled = {
        "name": "Digging in rock", "summary": "How keepers dig.", "theme": "Finance",
        "day": "2027-05-18", "wall_starts": "15:00", "wall_ends": "16:15",
        "zone": "America/Bogota", "is_open": "on", "places": "20", "is_public": "on",
        "join_url": "https://meet.test.example/room", "join_note": "Passcode 1234",
        "form_key": str(uuid.uuid4()),
    } | values  # fmt: skip
    return {name: value for name, value in filled.items() if value is not None}


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    return dict(answer.context["form"].errors)


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


# --- Changing -------------------------------------------------------------------------------------


def opened(client: Any, event: Event) -> dict[str, Any]:
    """What the form of change shows, as it would be sent back untouched."""
    form = client.get(f"/events/{event.slug}/edit/webinar/").context["form"]
    values = {name: form[name].value() for name in form.fields}
    return {
        name: value.isoformat()[:5] if isinstance(value, dt.time) else str(value)
        for name, value in values.items()
        if value not in (None, False, "")
    }


def arranged(editor: Any, hub: Any, **values: Any) -> Event:
    browser(editor).post(NEW, sent(hub=hub.pk, **values))
    return Event.objects.latest("pk")


def test_a_form_sent_back_untouched_changes_nothing(hub: Any, editor: Any, told: Any):
    event, client = arranged(editor, hub), browser(editor)
    entries = AuditEntry.objects.count()

    answer = client.post(f"/events/{event.slug}/edit/webinar/", opened(client, event))

    assert answer["Location"] == event.get_absolute_url()
    after = Event.objects.get()
    assert (after.sequence, after.sessions.get().sequence) == (0, 0)
    assert (AuditEntry.objects.count(), told) == (entries, [])


def test_other_hours_raise_the_sequence_and_are_told(hub: Any, editor: Any, told: Any):
    event, client = arranged(editor, hub), browser(editor)

    client.post(
        f"/events/{event.slug}/edit/webinar/",
        opened(client, event) | {"day": "2027-05-20", "wall_starts": "15:30"},
    )

    after = Event.objects.get()
    session = after.sessions.get()
    assert (after.starts, after.ends, after.sequence, session.sequence) == (
        "2027-05-20", "2027-05-20", 1, 1,
    )  # fmt: skip
    assert session.starts_at == dt.datetime(2027, 5, 20, 20, 30, tzinfo=dt.UTC)
    assert told == [("hours", "")]
    assert client.get(after.get_absolute_url()).status_code == 200


def test_the_letter_about_other_hours_says_what_the_page_says(hub: Any, editor: Any):
    event, client = arranged(editor, hub), browser(editor)
    person = make_user()
    person.profile.time_zone = "Asia/Kathmandu"
    person.profile.save()
    come(event, person)

    client.post(
        f"/events/{event.slug}/edit/webinar/",
        opened(client, event) | {"day": "2027-11-07", "zone": "America/New_York"},
    )

    noticing.tell_owed()
    letter = Notification.objects.get(notice__data__what="hours").letter.body
    mine = "Monday 8 November 2027, 01:45–03:00 (Kathmandu, UTC+5:45)"
    theirs = "Sunday 7 November 2027, 15:00–16:15 (New York, UTC−5)"
    assert mine in letter
    assert theirs in letter
    assert "meet.test.example" not in letter
    row = text_of(browser(person).get("/events/webinars/?zone=Asia/Kathmandu"))
    assert mine in row
    assert theirs in row
    whole = text_of(browser(person).get(event.get_absolute_url() + "?zone=Asia/Kathmandu"))
    assert "Your time: Kathmandu , UTC+5:45 01:45–03:00 Monday 8 November 2027" in whole
    assert "The host’s: New York , UTC−5 15:00–16:15 Sunday 7 November 2027" in whole


def test_the_reason_stands_on_the_page_of_what_was_cancelled(hub: Any, editor: Any):
    event = arranged(editor, hub)
    operations.cancel_webinar(event, by=editor, reason=f"Rain. {EVIL}")

    page = browser().get(event.get_absolute_url())

    assert "Why it was cancelled" in text_of(page)
    assert "Rain. &lt;script&gt;" in page.content.decode()


def test_another_zone_is_other_hours(hub: Any, editor: Any, told: Any):
    event, client = arranged(editor, hub), browser(editor)

    client.post(
        f"/events/{event.slug}/edit/webinar/", opened(client, event) | {"zone": "Asia/Jakarta"}
    )

    assert Event.objects.get().zone == "Asia/Jakarta"
    assert Event.objects.get().sessions.get().starts_at == dt.datetime(
        2027, 5, 18, 8, 0, tzinfo=dt.UTC
    )
    assert told == [("hours", "")]


def test_another_title_is_no_news_for_people_with_a_place(hub: Any, editor: Any, told: Any):
    event, client = arranged(editor, hub), browser(editor)

    client.post(f"/events/{event.slug}/edit/webinar/", opened(client, event) | {"name": "Sowing"})

    after = Event.objects.get()
    assert (after.name, after.slug, after.sessions.get().title) == (
        "Sowing", "digging-in-rock", "Sowing",
    )  # fmt: skip
    assert after.sessions.get().sequence == 1
    assert told == []


def test_another_join_link_is_told(hub: Any, editor: Any, told: Any):
    event, client = arranged(editor, hub), browser(editor)

    client.post(
        f"/events/{event.slug}/edit/webinar/",
        opened(client, event) | {"join_url": "https://meet.test.example/other"},
    )

    assert told == [("link", "")]


def test_hours_changed_on_the_page_of_the_programme_are_told_as_well(
    hub: Any, editor: Any, told: Any
):
    event = arranged(editor, hub)

    write_session(
        event,
        by=editor,
        values={"day": dt.date(2027, 5, 19)},
        session=event.sessions.get(),
    )

    assert Event.objects.get().starts == "2027-05-19"
    assert told == [("hours", "")]


def test_a_meeting_whose_programme_is_entered_sends_nobody_a_letter(
    hub: Any, editor: Any, told: Any
):
    meeting = make_event(hub=hub, zone="UTC")
    session = make_session(meeting, wall_starts=dt.time(9), zone="UTC")

    write_session(meeting, by=editor, values={"wall_starts": dt.time(10)}, session=session)

    assert told == []
    assert Event.objects.get().starts == "2024-05-06"


def test_fewer_places_than_people_are_refused_and_nothing_changes(hub: Any, editor: Any):
    event, client = arranged(editor, hub), browser(editor)
    for _n in range(3):
        come(event)

    answer = client.post(
        f"/events/{event.slug}/edit/webinar/",
        opened(client, event) | {"places": "2", "name": "New"},
    )

    assert errors(answer) == {
        "places": ["3 people have a place. Choose at least 3, or decline people first."]
    }
    assert (Event.objects.get().name, Admission.objects.get().places) == ("Digging in rock", 20)


def test_what_somebody_else_changed_meanwhile_is_not_written_over_unseen(hub: Any, editor: Any):
    event, client = arranged(editor, hub), browser(editor)
    form = opened(client, event)
    other = browser(make_member(hub, "editor"))
    other.post(f"/events/{event.slug}/edit/webinar/", form | {"name": "Their title"})

    answer = client.post(f"/events/{event.slug}/edit/webinar/", form | {"theme": "My theme"})

    assert "Somebody else changed this while you were writing" in errors(answer)["__all__"][0]
    assert Event.objects.get().name == "Their title"
    assert "My theme" in answer.content.decode()
    again = opened_again(answer) | {"theme": "My theme"}
    assert client.post(f"/events/{event.slug}/edit/webinar/", again).status_code == 302
    assert Event.objects.get().theme == "My theme"


def opened_again(answer: Any) -> dict[str, Any]:
    form = answer.context["form"]
    return {name: form[name].value() for name in form.fields if form[name].value()}


@pytest.mark.parametrize("part", ["webinar/", "webinar/cancel/", "repeat/"])
def test_who_may_open_the_pages_of_change(hub: Any, editor: Any, part: str):
    hidden, open_one = arranged(editor, hub, is_public=None), arranged(editor, hub)
    for who, statuses in (
        (None, (302, 302)),
        (make_user(), (403, 404)),
        (make_member(hub, "member"), (403, 404)),
        (make_member(make_hub(), "editor"), (403, 404)),
        (come(open_one).user, (403, 404)),
        (editor, (200, 200)),
        (make_user(is_staff=True), (200, 200)),
    ):
        client = browser(who)
        assert (
            client.get(f"/events/{open_one.slug}/edit/{part}").status_code,
            client.get(f"/events/{hidden.slug}/edit/{part}").status_code,
        ) == statuses
    meeting = make_event(hub=hub)
    assert browser(editor).get(f"/events/{meeting.slug}/edit/{part}").status_code == 404


def test_a_webinar_the_record_knows_by_days_only_gets_its_hours(hub: Any, editor: Any):
    event = make_webinar(hub=hub, starts="2027-06", ends="")
    event.sessions.all().delete()
    Event.objects.update(zone="")
    client = browser(editor)
    assert client.get(f"/events/{event.slug}/edit/repeat/").status_code == 200

    answer = client.post(
        f"/events/{event.slug}/edit/webinar/",
        opened(client, event)
        | {"day": "2027-06-08", "wall_starts": "10:00", "wall_ends": "11:00", "zone": "UTC"},
    )

    assert answer.status_code == 302
    after = Event.objects.get()
    assert (after.starts, after.zone, after.sessions.count()) == ("2027-06-08", "UTC", 1)
    assert not Admission.objects.exists()


# --- Cancelling, and having taken place -----------------------------------------------------------


def test_cancelling_says_why_to_everybody(hub: Any, editor: Any, told: Any):
    event, client = arranged(editor, hub), browser(editor)

    asked = client.post(f"/events/{event.slug}/edit/webinar/cancel/", {"reason": " "})
    assert errors(asked) == {"reason": ["Say why; everybody who wanted to come reads it."]}
    for _twice in range(2):
        client.post(f"/events/{event.slug}/edit/webinar/cancel/", {"reason": f"Rain. {EVIL}"})

    after = Event.objects.get()
    assert (after.status, after.sequence, after.sessions.get().sequence) == ("cancelled", 1, 1)
    assert Admission.objects.get().is_open is False
    assert told == [("cancelled", f"Rain. {EVIL}")]
    assert AuditEntry.of(after).filter(verb="cancel_webinar").count() == 1
    page = client.get(f"/events/{event.slug}/edit/webinar/cancel/")
    assert "This webinar is cancelled." in text_of(page)


def test_what_is_over_cannot_be_cancelled(hub: Any, editor: Any, told: Any):
    event, client = arranged(editor, hub, day="2027-03-01"), browser(editor)

    answer = client.post(f"/events/{event.slug}/edit/webinar/cancel/", {"reason": "Rain."})

    assert errors(answer) == {"__all__": ["This webinar is over."]}
    assert (Event.objects.get().status, told) == ("held", [])


def test_what_took_place_is_marked_so_once_it_began(hub: Any, editor: Any):
    event = make_webinar(NOW + dt.timedelta(hours=1), hub=hub)
    client, page = browser(editor), f"/events/{event.slug}/edit/webinar/held/"

    client.post(page)
    assert Event.objects.get().status == "confirmed"
    with time_machine.travel(NOW + dt.timedelta(hours=3), tick=False):
        assert client.get(page).status_code == 405
        for _twice in range(2):
            assert client.post(page).status_code == 302
    assert Event.objects.get().status == "held"
    assert AuditEntry.of(event).filter(verb="mark_webinar_held").count() == 1


def test_only_its_keepers_change_cancel_or_repeat_a_webinar(hub: Any, editor: Any):
    event = arranged(editor, hub)
    open_registration(event)
    participant = come(event).user
    for stranger in (participant, make_member(hub, "member"), make_member(make_hub(), "editor")):
        for refused in (
            lambda by: operations.cancel_webinar(event, by=by, reason="No."),
            lambda by: operations.mark_held(event, by=by),
            lambda by: operations.repeat_webinar(event, by=by, form_key=uuid.uuid4(), days=[]),
            lambda by: operations.change_webinar(
                event, by=by, told={}, hours={}, way_in={}, base=""
            ),
        ):
            with pytest.raises(PermissionDenied):
                refused(stranger)
    with pytest.raises(DomainError):
        operations.mark_held(event, by=editor)
    with pytest.raises(ValidationError):
        operations.cancel_webinar(event, by=editor, reason="  ")
    assert Event.objects.get().status == "confirmed"
