"""Conclusions written in the browser: where they stand, who writes them, what stays of them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from core.models import AuditEntry, SearchDocument
from events.models import Event, KeyMessage, Paragraph
from participation.operations import conclusions as operations
from tests.events.factories import make_document, make_event, make_session
from tests.factories import make_hub, make_member, make_user
from tests.people import browser

pytestmark = pytest.mark.django_db
EVIL = '<script>alert(1)</script> "onload="x" {{ 7|add:7 }} \u202egnp'


@pytest.fixture
def event() -> Event:
    return make_event(hub=make_hub(slug="wells", name="Hub for Wells"))


@pytest.fixture
def organiser(event: Event) -> Any:
    return make_member(event.hub, "editor")


def url(event: Event, name: str = "conclusions", *more: Any) -> str:
    return reverse(f"participation:{name}", args=[event.slug, *more])


def text_of(answer: Any) -> str:
    main = answer.content.decode().split("<main", 1)[1]
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())


def write(event: Event, by: Any, text: str, **more: Any) -> KeyMessage:
    return operations.write_conclusion(event, by=by, text=text, **more)


def order(event: Event, session: Any = None) -> list[str]:
    rows = KeyMessage.objects.filter(event=event, session=session).order_by("position", "pk")
    return list(rows.values_list("text", flat=True))


# --- Writing -----------------------------------------------------------------------------


def test_an_organiser_adds_a_conclusion_and_readers_find_it(event: Event, organiser: Any) -> None:
    answer = browser(organiser).post(
        url(event), {"text": "Line every well.", "dimension": "Building"}
    )

    row = KeyMessage.objects.get()
    assert answer.url == f"{url(event)}#m-{row.pk}"
    assert (row.event, row.text, row.dimension, row.session, row.position) == (
        event, "Line every well.", "Building", None, 1,
    )  # fmt: skip
    assert "Line every well." in text_of(browser().get(event.get_absolute_url()))
    assert "Line every well." in SearchDocument.objects.get(kind="event").body
    assert [entry.verb for entry in AuditEntry.of(row)] == ["add_conclusion"]


def test_one_of_a_session_stands_on_its_page(event: Event, organiser: Any) -> None:
    session, _other = make_session(event), make_session(event)
    browser(organiser).post(url(event), {"text": "Dig deeper.", "session": str(session.pk)})
    assert KeyMessage.objects.get().session == session
    assert "Dig deeper." in text_of(browser().get(session.get_absolute_url()))


def test_it_is_linked_with_the_paragraphs_that_took_it_up(event: Event, organiser: Any) -> None:
    document = make_document(event, 4)
    KeyMessage.objects.all().delete()
    other = make_document(make_event(), 1).paragraphs.get()
    client = browser(organiser)
    name = f"paragraphs_{document.pk}"

    client.post(url(event), {"text": "Line every well.", name: " 2; 4, 2"})
    row = KeyMessage.objects.get(event=event)
    assert sorted(p.number for p in row.paragraphs.all()) == ["2", "4"]
    row.paragraphs.add(other)
    page = client.get(url(event, "conclusion", row.pk)).content.decode()
    assert 'value="2, 4"' in page

    client.post(url(event, "conclusion", row.pk), {"text": "Line every well.", name: "3"})

    assert sorted((p.document_id, p.number) for p in row.paragraphs.all()) == sorted(
        [(document.pk, "3"), (other.document_id, "1")]
    )


def test_a_number_in_two_languages_is_meant_once(event: Event, organiser: Any) -> None:
    document = make_document(event, 1)
    first = document.paragraphs.get()
    french = Paragraph.objects.create(
        document=document, number="1", language="fr", position=1, text="Article premier."
    )
    row = write(event, organiser, "Line every well.", paragraphs=[french])
    name = f"paragraphs_{document.pk}"

    browser(organiser).post(url(event, "conclusion", row.pk), {"text": "Line it.", name: "1"})
    browser(organiser).post(url(event), {"text": "Another.", name: "1"})

    assert list(row.paragraphs.all()) == [french]
    assert list(KeyMessage.objects.get(text="Another.").paragraphs.all()) == [first]


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"text": " "}, "Write what was concluded."),
        ({"text": "w" * 1501}, "Shorten this to 1500 characters. It has 1501 now."),
        ({"text": "a\x00b"}, "This text contains characters that are not text."),
        ({"dimension": "w" * 81}, "Shorten this to 80 characters."),
        ({"session": "999999"}, "Choose one of the list."),
        ({"numbers": "2, 77, x"}, "has no paragraphs 77, x."),
        ({"numbers": "9" * 301}, "Shorten this to 300 characters."),
    ],
)
def test_what_cannot_be_taken_is_refused_and_kept(
    event: Event, organiser: Any, sent: dict[str, str], says: str
) -> None:
    make_session(event)
    make_session(event)
    document = make_document(event, 3)
    KeyMessage.objects.all().delete()
    told = {"text": "Line every well.", "dimension": "Building"} | sent
    told[f"paragraphs_{document.pk}"] = told.pop("numbers", "")

    answer = browser(organiser).post(url(event), told)

    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.count(says) == 2  # in the summary, and at the field
    assert sent.get("text", "Line every well.").strip() in page or "\x00" in sent["text"]
    assert not KeyMessage.objects.exists()


def test_a_session_of_another_event_is_not_offered(event: Event, organiser: Any) -> None:
    make_session(event)
    make_session(event)
    foreign = make_session(make_event())
    answer = browser(organiser).post(url(event), {"text": "Dig.", "session": str(foreign.pk)})
    assert "Choose one of the list." in text_of(answer)
    assert not KeyMessage.objects.exists()


def test_the_same_form_sent_twice_is_one_conclusion(event: Event, organiser: Any) -> None:
    for _n in range(2):
        answer = browser(organiser).post(url(event), {"text": "Line every well."})
        assert answer.status_code == 302
    assert KeyMessage.objects.count() == 1


def test_whoever_saves_second_sees_what_the_first_wrote(event: Event, organiser: Any) -> None:
    row = write(event, organiser, "Line every well.")
    client = browser(organiser)
    page = url(event, "conclusion", row.pk)
    base = operations.state_of(row)
    write(event, make_member(event.hub, "editor"), "Line some wells.", message=row, base=base)

    refused = client.post(page, {"text": "Line all wells.", "base": base})

    assert refused.status_code == 409
    text = text_of(refused)
    assert "Somebody changed this conclusion meanwhile. Compare, and save again." in text
    assert "Saved there now: Line some wells." in text
    assert "Line all wells." in refused.content.decode()
    assert KeyMessage.objects.get().text == "Line some wells."
    again = re.search(r'name="base" value="(\w+)"', refused.content.decode())
    assert again is not None
    client.post(page, {"text": "Line all wells.", "base": again[1]})
    assert KeyMessage.objects.get().text == "Line all wells."


def test_hostile_words_are_printed_as_words(event: Event, organiser: Any) -> None:
    client = browser(organiser)
    client.post(url(event), {"text": EVIL, "dimension": EVIL[:60]})
    row = KeyMessage.objects.get()
    for page in (
        url(event),
        url(event, "conclusion", row.pk),
        url(event, "conclusion-remove", row.pk),
        event.get_absolute_url(),
    ):
        html = client.get(page).content.decode()
        assert "&lt;script&gt;alert(1)" in html
        assert "<script>alert" not in html
        assert "{{ 7|add:7 }}" in html


# --- Order -------------------------------------------------------------------------------


def test_conclusions_are_put_in_order_within_their_session(event: Event, organiser: Any) -> None:
    session = make_session(event)
    rows = [write(event, organiser, text) for text in ("A", "B", "C")]
    inside = write(event, organiser, "Of the session", session=session)
    client = browser(organiser)

    client.post(url(event, "conclusion-move", rows[2].pk), {"to": "up"})
    assert order(event) == ["A", "C", "B"]
    client.post(url(event, "conclusion-move", rows[0].pk), {"to": "down"})
    assert order(event) == ["C", "A", "B"]
    client.post(url(event, "conclusion-move", rows[1].pk), {"to": "down"})
    client.post(url(event, "conclusion-move", inside.pk), {"to": "up"})
    assert order(event) == ["C", "A", "B"]
    page = text_of(browser().get(event.get_absolute_url()))
    assert page.index("C") < page.index("B")


def test_moving_to_a_session_puts_it_at_the_end_there(event: Event, organiser: Any) -> None:
    session, _other = make_session(event), make_session(event)
    write(event, organiser, "First there", session=session)
    row = write(event, organiser, "Comes later")
    browser(organiser).post(
        url(event, "conclusion", row.pk), {"text": "Comes later", "session": str(session.pk)}
    )
    assert order(event, session) == ["First there", "Comes later"]


# --- Taking out --------------------------------------------------------------------------


def test_one_is_taken_out_with_a_reason_and_the_audit_keeps_its_words(
    event: Event, organiser: Any
) -> None:
    row = write(event, organiser, "Line every well.")
    client = browser(organiser)
    page = url(event, "conclusion-remove", row.pk)
    assert client.get(page).status_code == 200

    refused = client.post(page, {"reason": " "})
    assert refused.content.decode().count("Say why, in a few words.") == 2
    assert KeyMessage.objects.exists()
    answer = client.post(page, {"reason": "Said twice."})

    assert answer.url == url(event)
    assert not KeyMessage.objects.exists()
    entry = AuditEntry.objects.get(verb="remove_conclusion")
    assert (entry.note, entry.data["text"]) == ("Said twice.", "Line every well.")
    assert "Line every well." not in SearchDocument.objects.get(kind="event").body
    assert client.post(page, {"reason": "Again."}).status_code == 404


def test_what_paragraphs_took_up_is_not_taken_out(event: Event, organiser: Any) -> None:
    make_document(event, 1)
    row = KeyMessage.objects.get()
    answer = browser(organiser).post(url(event, "conclusion-remove", row.pk), {"reason": "Old."})
    assert "1 paragraph is linked with it. Take the link out first." in text_of(answer)
    assert KeyMessage.objects.filter(pk=row.pk).exists()


# --- Who may, and what it costs ----------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "found"),
    [
        ("visitor", 302), ("member", 403), ("editor of another hub", 403), ("organiser", 200),
        ("moderator", 200),
    ],
)  # fmt: skip
def test_who_writes_conclusions(event: Event, organiser: Any, who: str, found: int) -> None:
    row = write(event, organiser, "Line every well.")
    person = {
        "visitor": lambda: None,
        "member": make_user,
        "editor of another hub": lambda: make_member(make_hub(), "editor"),
        "organiser": lambda: organiser,
        "moderator": lambda: make_user(is_staff=True),
    }[who]()
    client = browser(person)
    pages = [
        url(event),
        *(url(event, name, row.pk) for name in ("conclusion", "conclusion-remove")),
    ]

    assert [client.get(page).status_code for page in pages] == [found] * 3
    sent = [client.post(page, {"text": "No.", "reason": "No."}) for page in reversed(pages)]
    assert [answer.status_code for answer in sent] == (
        [302, 404, 302] if found == 200 else [found] * 3
    )
    assert KeyMessage.objects.filter(text="Line every well.").exists() is (found != 200)


def test_pages_of_a_hidden_event_are_not_found(event: Event, organiser: Any) -> None:
    Event.objects.filter(pk=event.pk).update(is_public=False)
    assert browser(make_user()).get(url(event)).status_code == 404
    assert browser(organiser).get(url(event)).status_code == 200


def test_a_conclusion_is_found_below_its_own_event_alone(event: Event, organiser: Any) -> None:
    foreign = KeyMessage.objects.create(event=make_event(hub=event.hub), text="Elsewhere.")
    client = browser(organiser)
    for name in ("conclusion", "conclusion-remove"):
        assert client.get(url(event, name, foreign.pk)).status_code == 404
        assert client.get(url(event, name, 10**30)).status_code == 404
    assert client.post(url(event, "conclusion-move", foreign.pk)).status_code == 404
    assert client.get(url(event, "conclusion-move", foreign.pk)).status_code == 405


@pytest.mark.parametrize("number", [1, 12, 40])
def test_the_list_costs_the_same_with_any_number(
    event: Event, organiser: Any, number: int, django_assert_num_queries: Any
) -> None:
    make_document(event, number)
    session = make_session(event)
    for n in range(number):
        KeyMessage.objects.create(event=event, session=session, text=f"Said {n}.")
    client = browser(organiser)
    client.get(url(event))
    with django_assert_num_queries(10):
        assert client.get(url(event)).status_code == 200
