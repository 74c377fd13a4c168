"""The pages of organisers: who finds them, what they cost, what is decided there."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from core.models import AuditEntry
from events.models import Event
from hubs.models import Membership
from participation.models import Admission, Category, Registration
from tests.factories import make_hub, make_member, make_user
from tests.participation.factories import come, make_webinar, open_registration
from tests.participation.reading import text_of, told, url
from tests.people import browser

pytestmark = pytest.mark.django_db
EVIL = '<script>alert(1)</script> "onload="x" {{ 7|add:7 }} =1+1'
#: Pages of organisers that are read.
PAGES = ["organise", "admission", "categories", "attendance", "feedback-results"]


def states(event: Event) -> list[str]:
    return list(
        Registration.objects.filter(event=event).order_by("number").values_list("state", flat=True)
    )


@pytest.fixture
def hub() -> Any:
    return make_hub(slug="wells", name="Hub for Wells")


@pytest.fixture
def event(hub: Any) -> Event:
    return make_webinar(hub=hub)


@pytest.fixture
def organiser(hub: Any) -> Any:
    return make_member(hub, "editor")


@pytest.fixture
def desk(organiser: Any) -> Client:
    return browser(organiser)


# --- Who finds them -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "answer"),
    [
        ("visitor", 302), ("member", 403), ("participant", 403), ("member of the hub", 403),
        ("editor of another hub", 403), ("editor of the hub", 200), ("focal point", 200),
        ("portal moderator", 200),
    ],
)  # fmt: skip
def test_only_organisers_read_who_registered(who: str, answer: int, event: Event, hub: Any):
    open_registration(event)
    row = come(event)
    role = Membership.Role
    person = {
        "visitor": lambda: None,
        "member": make_user,
        "participant": lambda: row.user,
        "member of the hub": lambda: make_member(hub, role.MEMBER),
        "editor of another hub": lambda: make_member(make_hub(), role.EDITOR),
        "editor of the hub": lambda: make_member(hub, role.EDITOR),
        "focal point": lambda: make_member(hub, role.FOCAL_POINT),
        "portal moderator": lambda: make_user(is_staff=True),
    }[who]()
    client = browser(person)
    pages = [url(name, event) for name in PAGES] + [url("registration-of", event, row.uid)]

    answers = [client.get(page) for page in pages]

    assert [found.status_code for found in answers] == [answer] * len(pages)
    if answer == 302:
        assert all("/login/" in found["Location"] for found in answers)
    if answer != 200:
        decided = client.post(url("decide", event), {"uid": row.uid, "move": "approve"})
        assert decided.status_code == answer


def test_an_event_nobody_sees_is_not_found(event: Event):
    Event.objects.filter(pk=event.pk).update(is_public=False)
    assert browser(make_user()).get(url("organise", event)).status_code == 404


def test_addresses_are_shown_to_organisers_alone(event: Event, desk: Client):
    open_registration(event)
    row = come(event, listing="public")

    assert row.user.email in text_of(desk.get(url("organise", event)))
    assert row.user.email not in text_of(Client().get(event.get_absolute_url()))


# --- The list -------------------------------------------------------------------------------


def test_without_registration_the_page_leads_to_the_settings(event: Event, desk: Client):
    answer = desk.get(url("organise", event))
    assert "Nobody can register here yet." in text_of(answer)


def test_what_people_said_is_shown_and_counted(event: Event, desk: Client):
    open_registration(event, places=1)
    kind = Category.objects.create(event=event, name="Press")
    come(event, name="Ada Well", title="Keeper", organisation="Wells", needs="A ramp",
         hope="Cheap pumps", category=kind)  # fmt: skip
    come(event, name=EVIL, needs=EVIL)

    answer = desk.get(url("organise", event))

    text = text_of(answer)
    for part in (
        "Ada Well",
        "Keeper · Wells",
        "Press",
        "A ramp",
        "Cheap pumps",
        "with a place, of 1",
    ):
        assert part in text, part
    assert [(label, n) for label, _url, _on, n in answer.context["states"]] == [
        ("All", 2), ("Has a place", 1), ("On the waiting list", 1),
    ]  # fmt: skip
    assert "<script>alert" not in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Zoë Brunnen", "Ada Well", "Bo Well"]), ("?q=zoe", ["Zoë Brunnen"]),
        ("?q=WELL+ada", ["Ada Well"]), ("?q=2", ["Ada Well"]), ("?q=%233", ["Bo Well"]),
        ("?q=zoe%40wells.example", ["Zoë Brunnen"]), ("?q=%25", []),
        ("?state=waiting", ["Bo Well"]), ("?state=nonsense", "all"), ("?state=asked", []),
        ("?kind={press}", ["Ada Well"]), ("?kind=x", "all"), ("?kind=99999999999999999999", "all"),
        ("?kind={press}&q=bo", []), ("?page=99", "all"), ("?q=" + "x" * 5000, []),
    ],
)  # fmt: skip
def test_people_are_found_by_words_state_and_kind(
    query: str, found: Any, event: Event, desk: Client
):
    open_registration(event, places=2)
    press = Category.objects.create(event=event, name="Press")
    come(event, make_user(email="zoe@wells.example"), name="Zoë Brunnen")
    come(event, name="Ada Well", category=press)
    come(event, name="Bo Well")
    everybody = ["Zoë Brunnen", "Ada Well", "Bo Well"]

    answer = desk.get(url("organise", event) + query.replace("{press}", str(press.pk)))

    names = [row.name for row in answer.context["page_obj"]]
    assert names == (everybody if found == "all" else found)


@pytest.mark.parametrize("people", [3, 60])
def test_the_list_costs_the_same_for_few_and_many(
    people: int, event: Event, desk: Client, django_assert_num_queries: Any
):
    open_registration(event, places=2)
    kind = Category.objects.create(event=event, name="Press")
    for _n in range(people):
        come(event, category=kind)

    desk.get(url("organise", event))  # notes the browser's session, once

    with django_assert_num_queries(11):
        assert desk.get(url("organise", event)).status_code == 200
    with django_assert_num_queries(12):
        assert desk.get(url("organise", event) + "?q=person&state=waiting").status_code == 200


# --- What is decided ------------------------------------------------------------------------


def test_one_is_approved_and_the_ticked_in_the_order_they_came(event: Event, desk: Client):
    open_registration(event, places=2, needs_approval=True)
    first, second, third, fourth = (come(event) for _n in range(4))

    one = desk.post(url("decide", event), {"uid": fourth.uid, "move": "approve"}, follow=True)
    several = desk.post(
        url("decide", event) + "?state=asked&q=person",
        {"uid": [third.uid, second.uid], "move": "approve"},
    )

    assert told(one) == ["1 person has a place now."]
    assert several["Location"] == url("organise", event) + "?state=asked&q=person"
    assert told(desk.get(several["Location"])) == [
        "1 person has a place now.", "1 person is approved and waits for a place.",
    ]  # fmt: skip
    assert states(event) == ["asked", "placed", "waiting", "placed"]
    assert first.state == "asked"


def test_approving_twice_changes_nothing(event: Event, desk: Client):
    open_registration(event, needs_approval=True)
    row = come(event)
    form = {"uid": row.uid, "move": "approve", "stay": "1"}

    answers = [desk.post(url("decide", event), form, follow=True) for _n in range(2)]

    assert [told(answer) for answer in answers] == [
        ["1 person has a place now."], ["This was decided already. Nothing changed."],
    ]  # fmt: skip
    assert answers[0].redirect_chain == [(url("registration-of", event, row.uid), 302)]
    assert AuditEntry.of(row).filter(verb="approve_registration").count() == 1


def test_nothing_ticked_is_said(event: Event, desk: Client):
    open_registration(event, needs_approval=True)
    come(event)
    answer = desk.post(url("decide", event), {"move": "approve"}, follow=True)
    assert told(answer) == ["Tick at least one registration."]
    assert states(event) == ["asked"]


def test_declining_takes_a_reason_and_the_place_passes_on(event: Event, desk: Client):
    open_registration(event, places=1)
    row, _next = come(event), come(event)
    form = {"uid": row.uid, "move": "decline", "reason": "  "}

    empty = desk.post(url("decide", event), form)
    long = desk.post(url("decide", event), form | {"reason": "x" * 1001})
    broken = desk.post(url("decide", event), form | {"reason": "No.\x00"})
    assert [answer.context["form"].errors["reason"] for answer in (empty, long, broken)] == [
        ["Say why; the person reads it."],
        ["Shorten this to 1000 characters. It has 1001 now."],
        ["This text contains characters that are not text. Type it again."],
    ]
    assert "x" * 1001 in long.content.decode()
    assert states(event) == ["placed", "waiting"]

    done = desk.post(url("decide", event), form | {"reason": EVIL}, follow=True)
    assert states(event) == ["declined", "placed"]
    assert told(done) == [f"Declined. {row} reads your reason."]
    assert "<script>alert" not in done.content.decode()

    again = desk.post(url("decide", event), form | {"reason": "Again."})
    assert "cannot be changed this way" in text_of(again)

    desk.post(url("decide", event), {"uid": row.uid, "move": "approve"})
    assert states(event) == ["waiting", "placed"]


def test_people_of_another_event_are_out_of_reach(event: Event, desk: Client):
    open_registration(event)
    other = make_webinar(hub=make_hub())
    open_registration(other, needs_approval=True)
    row = come(other)

    assert desk.get(url("registration-of", event, row.uid)).status_code == 404
    assert (
        desk.post(
            url("decide", event), {"uid": row.uid, "move": "decline", "reason": "No."}
        ).status_code
        == 404
    )
    desk.post(url("decide", event), {"uid": [row.uid, "\x00"], "move": "approve"})
    assert states(other) == ["asked"]


def test_a_decision_is_never_made_by_looking(event: Event, desk: Client):
    assert desk.get(url("decide", event)).status_code == 405


def test_the_line_before_somebody_is_said(event: Event, desk: Client):
    open_registration(event, places=1)
    rows = [come(event) for _n in range(3)]

    texts = [text_of(desk.get(url("registration-of", event, row.uid))) for row in rows]

    assert "before them" not in texts[0]
    assert "First in line" in texts[1]
    assert "1 person is before them" in texts[2]
    assert Admission.objects.get(event=event).waiting == 2


def test_tabs_count_what_the_words_fit(event: Event, desk: Client):
    open_registration(event, places=1)
    come(event, name="Ada Well")
    come(event, name="Ada Fountain")
    come(event, name="Bo Well")

    answer = desk.get(url("organise", event) + "?q=ada")

    assert answer.context["states"] == [
        ("All", url("organise", event) + "?q=ada", True, 2),
        ("Has a place", url("organise", event) + "?state=placed&q=ada", False, 1),
        ("On the waiting list", url("organise", event) + "?state=waiting&q=ada", False, 1),
    ]
