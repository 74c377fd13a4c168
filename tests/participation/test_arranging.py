"""Arranging webinars in the browser."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.exceptions import PermissionDenied

from core.models import AuditEntry
from events.models import Contribution, Event, Party
from participation.operations import webinars as operations
from tests.events.factories import make_person
from tests.factories import make_hub, make_member, make_user, reference
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


# --- Arranging ------------------------------------------------------------------------------------


def test_an_editor_arranges_a_webinar(hub: Any, editor: Any):
    answer = browser(editor).post(NEW, sent(hub=hub.pk, speakers="Ana Pozo; Keeper; Wells; Brazil"))

    event = Event.objects.get()
    assert answer["Location"] == event.get_absolute_url() == "/events/digging-in-rock/"
    assert (event.kind, event.status, event.hub, event.starts, event.ends, event.zone) == (
        "webinar", "confirmed", hub, "2027-05-18", "2027-05-18", "America/Bogota",
    )  # fmt: skip
    session = event.sessions.get()
    assert (session.slug, session.starts_at, session.ends_at) == (
        "webinar",
        dt.datetime(2027, 5, 18, 20, 0, tzinfo=dt.UTC),
        dt.datetime(2027, 5, 18, 21, 15, tzinfo=dt.UTC),
    )
    admission = event.admission
    assert (admission.is_open, admission.places, admission.join_url, admission.join_note) == (
        True, 20, "https://meet.test.example/room", "Passcode 1234",
    )  # fmt: skip
    assert Party.objects.get().name == "Hub for Wells"
    part = Contribution.objects.get()
    assert (part.person.name, part.role, part.title, part.country_id, part.session) == (
        "Ana Pozo", "speaker", "Keeper", "BR", session,
    )  # fmt: skip
    assert "Digging in rock" in text_of(browser().get("/events/webinars/"))
    assert AuditEntry.of(event).filter(verb="arrange_webinar").count() == 1


def test_the_same_form_sent_twice_arranges_one_webinar(hub: Any, editor: Any):
    form, client = sent(hub=hub.pk, speakers="Ana Pozo"), browser(editor)

    first, second = client.post(NEW, form), client.post(NEW, form)

    assert first["Location"] == second["Location"]
    assert (Event.objects.count(), Contribution.objects.count()) == (1, 1)


def test_the_key_of_somebody_else_opens_nothing(hub: Any, editor: Any):
    form = sent(hub=hub.pk)
    browser(editor).post(NEW, form)

    answer = browser(make_member(hub, "editor")).post(NEW, form)

    assert Event.objects.count() == 2
    assert answer["Location"] == "/events/digging-in-rock-2/"


def test_a_forged_key_loses_nothing_that_was_typed(hub: Any, editor: Any):
    answer = browser(editor).post(NEW, sent(hub=hub.pk, form_key="nope <b>"))

    assert answer.status_code == 302
    assert Event.objects.count() == 1


def test_who_may_arrange_webinars(hub: Any, editor: Any):
    for who, status in (
        (None, 302), (make_user(), 403), (make_member(hub, "member"), 403),
        (make_member(hub, "focal_point"), 200), (editor, 200), (make_user(is_staff=True), 200),
    ):  # fmt: skip
        answer = browser(who).get(NEW)
        assert answer.status_code == status, who
    assert "/login/" in browser().get(NEW)["Location"]
    assert b"webinars/new" not in browser(make_user()).get("/events/webinars/").content
    assert b"webinars/new" in browser(editor).get("/events/webinars/").content


def test_the_only_hub_is_chosen_already_and_another_cannot_be_forged(hub: Any, editor: Any):
    other = make_hub()
    page = browser(editor).get(NEW)
    assert page.context["form"]["hub"].value() == str(hub.pk)

    for forged in (other.pk, "", "x", "99999999999999999999"):
        assert "hub" in errors(browser(editor).post(NEW, sent(hub=forged)))
    assert not Event.objects.exists()
    values = {
        "told": {"name": "X"}, "hours": {}, "way_in": {}, "form_key": uuid.uuid4(), "hub": other,
    }  # fmt: skip
    with pytest.raises(PermissionDenied):
        operations.arrange_webinar(by=editor, **values)
    with pytest.raises(PermissionDenied):
        operations.arrange_webinar(by=editor, **values | {"hub": None})


def test_a_moderator_arranges_one_for_any_hub_or_none(hub: Any):
    client = browser(make_user(is_staff=True))

    client.post(NEW, sent(hub=""))
    client.post(NEW, sent(hub=hub.pk))

    assert [row.hub for row in Event.objects.order_by("pk")] == [None, hub]


def test_what_is_missing_is_said_at_its_field(hub: Any, editor: Any):
    empty = {"name": " ", "day": "", "wall_starts": "", "wall_ends": "", "zone": ""}

    assert errors(browser(editor).post(NEW, sent(hub=hub.pk, **empty))) == {
        "name": ["Enter a title."],
        "day": ["Choose the day."],
        "wall_starts": ["Say when it begins."],
        "wall_ends": ["Say when it ends."],
        "zone": ["Choose the time zone of these hours."],
    }


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"day": "2027-02-30"}, "day", "Enter a day, like 16 May 2027."),
        ({"day": "0001-01-01"}, "day", "Choose a day between 1900 and 2100."),
        ({"day": "9999-12-31"}, "day", "Choose a day between 1900 and 2100."),
        ({"wall_starts": "25:00"}, "wall_starts", "Enter an hour from 00:00 to 23:59, like 14:30."),
        ({"wall_ends": "14:59"}, "wall_ends", "It ends before it begins."),
        ({"wall_ends": "15:00"}, "wall_ends", "It ends before it begins."),
        ({"zone": "Mars/Base"}, "zone", "Choose one of the list."),
        (
            {
                "day": "2027-03-28",
                "wall_starts": "02:30",
                "wall_ends": "04:00",
                "zone": "Europe/Oslo",
            },
            "wall_starts",
            "This time does not exist there: the clocks are put forward. Choose another.",
        ),
        (
            {
                "day": "2027-03-28",
                "wall_starts": "01:30",
                "wall_ends": "02:30",
                "zone": "Europe/Oslo",
            },
            "wall_ends",
            "This time does not exist there: the clocks are put forward. Choose another.",
        ),
        (
            {"day": "2011-12-30", "zone": "Pacific/Apia"},
            "wall_starts",
            "This time does not exist there: the clocks are put forward. Choose another.",
        ),
        ({"places": "0"}, "places", "Choose at least 1."),
        ({"places": "-3"}, "places", "Choose at least 1."),
        ({"places": "many"}, "places", "Enter a whole number, like 12."),
        ({"places": "9" * 5000}, "places", "Enter a whole number, like 12."),
        (
            {"join_url": "javascript:alert(1)"},
            "join_url",
            "Enter the address of a page, like https://www.example.org.",
        ),
        (
            {"name": "A" * 201},
            "name",
            "Shorten this to 200 characters. It has 201 now.",
        ),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    hub: Any, editor: Any, values: dict[str, str], field: str, words: str
):
    answer = browser(editor).post(NEW, sent(hub=hub.pk, **values))

    assert errors(answer) == {field: [words]}
    assert not Event.objects.exists()
    assert "Passcode 1234" in answer.content.decode()
    assert "There is 1 thing to fix" in text_of(answer)


def test_an_hour_that_comes_twice_is_asked_about(hub: Any, editor: Any):
    client = browser(editor)
    autumn = {
        "day": "2027-10-31",
        "wall_starts": "02:30",
        "wall_ends": "04:00",
        "zone": "Europe/Oslo",
    }

    answer = client.post(NEW, sent(hub=hub.pk, **autumn))

    assert errors(answer) == {
        "second_hour": [
            "This time comes twice there: the clocks are put back. Say which of the two."
        ]
    }
    page = text_of(answer)
    assert "The first, before the clocks are put back (UTC+2)" in page
    assert "The second, after it (UTC+1)" in page
    for which, hour in (("first", 0), ("second", 1)):
        client.post(NEW, sent(hub=hub.pk, name=which, second_hour=which, **autumn))
        session = Event.objects.get(name=which).sessions.get()
        assert session.starts_at == dt.datetime(2027, 10, 31, hour, 30, tzinfo=dt.UTC)


def test_an_answer_nobody_asked_for_is_forgotten(hub: Any, editor: Any):
    browser(editor).post(NEW, sent(hub=hub.pk, second_hour="second"))

    assert Event.objects.get().sessions.get().second_hour is None


def test_speakers_that_cannot_be_read_are_said_line_by_line(hub: Any, editor: Any):
    make_person(name="Ana Maria Pozo")
    lines = "Ana Pozo\nJo; Keeper; Wells; Atlantis\nCarla Fonte; Keeper"

    answer = browser(editor).post(NEW, sent(hub=hub.pk, speakers=lines))

    found = errors(answer)["speakers"]
    assert [line.split(":")[0] for line in found] == ["Line 1", "Line 2"]
    assert "may be somebody of the record" in found[0]
    assert "No country is called “Atlantis”" in found[1]
    assert not Event.objects.exists()


@pytest.mark.parametrize("bad", ["\x00", "a\x00b", "\ud800"])
@pytest.mark.parametrize("name", ["name", "summary", "join_note", "zone", "day", "hub", "speakers"])
def test_what_is_no_text_is_refused(hub: Any, editor: Any, name: str, bad: str):
    form = sent(hub=hub.pk) | {name: bad}
    body = urlencode(
        {key: str(value).encode("utf-8", "surrogatepass") for key, value in form.items()}
    )

    answer = browser(editor).post(NEW, body, content_type="application/x-www-form-urlencoded")

    # Half of a character arrives as the sign for an unknown one, which can be stored.
    kept = bad == "\ud800" and name in ("name", "summary", "join_note", "speakers")
    assert answer.status_code in ((200, 302) if kept else (200, 400))
    assert kept or not Event.objects.exists()


def test_marks_of_other_languages_are_only_text(hub: Any, editor: Any):
    client = browser(editor)
    client.post(NEW, sent(hub=hub.pk, name=EVIL, summary=EVIL, theme=EVIL))

    event = Event.objects.get()
    for page in (
        "/events/webinars/",
        event.get_absolute_url(),
        f"/events/{event.slug}/edit/webinar/",
    ):
        answer = client.get(page)
        assert answer.status_code == 200
        assert b"<script>alert" not in answer.content


def test_a_title_without_latin_letters_has_an_address(hub: Any, editor: Any):
    client = browser(editor)
    for title in ("挖井", "حفر الآبار", "calendar", "!!!"):
        assert client.post(NEW, sent(hub=hub.pk, name=title)).status_code == 302

    slugs = list(Event.objects.order_by("pk").values_list("slug", flat=True))
    assert len(set(slugs)) == 4
    assert "calendar" not in slugs
    for slug in slugs:
        assert client.get(f"/events/{slug}/").status_code == 200


def test_what_is_over_is_entered_as_held(hub: Any, editor: Any):
    browser(editor).post(NEW, sent(hub=hub.pk, day="2027-03-01"))

    assert Event.objects.get().status == "held"
