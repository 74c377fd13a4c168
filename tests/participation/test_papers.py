"""Papers of events: who opens what, what a table says of weight, what organisers may do."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from catalogue.models import StoredFile
from catalogue.operations import store_file
from core.models import AuditEntry
from events.models import Event
from participation.models import Paper, PaperVersion
from participation.operations import papers as operations
from participation.operations import registering
from tests.events.factories import make_session
from tests.factories import make_hub, make_member, make_user
from tests.participation.factories import come, make_webinar, open_registration
from tests.people import browser

pytestmark = pytest.mark.django_db
EVIL = '<script>alert(1)</script> "onload="x" {{ 7|add:7 }} \u202egnp'


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def event() -> Event:
    event = make_webinar(hub=make_hub(slug="wells", name="Hub for Wells"))
    open_registration(event)
    return event


@pytest.fixture
def organiser(event: Event) -> Any:
    return make_member(event.hub, "editor")


def pdf(words: str = "", name: str = "slides.pdf") -> SimpleUploadedFile:
    raw = b"%PDF-1.7\n1 0 obj<<>>endobj\n%" + words.encode() + b"\ntrailer<<>>\n%%EOF\n"
    return SimpleUploadedFile(name, raw, "application/pdf")


def lay(event: Event, by: Any, title: str = "Slides on wells", **values: Any) -> Paper:
    """A public paper with one version: a file, unless ``url`` is given."""
    if "url" not in values:
        values.setdefault("stored", store_file(pdf(title), by=by))
    told = {"kind": "slides", "language": "en", "audience": "public"} | values
    return operations.add_paper(event, by=by, title=title, **told)


def url(event: Event, name: str = "papers", *more: Any) -> str:
    return reverse(f"participation:{name}", args=[event.slug, *more])


def main_of(answer: Any) -> str:
    return answer.content.decode().split("<main", 1)[1]


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", main_of(answer)).split())


def read(answer: Any) -> bytes:
    """What was sent, to its end, which closes the file."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def opened(client: Client, event: Event, paper: Paper) -> list[int]:
    """What its page and its file answer."""
    file = client.get(url(event, "paper-file", paper.uid, 1))
    read(file)
    return [client.get(paper.get_absolute_url()).status_code, file.status_code]


# --- Who opens what ------------------------------------------------------------------------


def test_everybody_reads_a_public_paper_and_its_file(
    event: Event, organiser: Any, client: Client
) -> None:
    paper = lay(event, organiser)

    answer = client.get(url(event, "paper-file", paper.uid, 1))

    assert read(answer) == pdf("Slides on wells").read()
    assert {name: answer[name] for name in (
        "Content-Type", "Content-Disposition", "Cache-Control", "X-Content-Type-Options",
        "Content-Security-Policy",
    )} == {
        "Content-Type": "application/pdf",
        "Content-Disposition": 'attachment; filename="slides.pdf"',
        "Cache-Control": "public, max-age=300",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }  # fmt: skip
    again = client.get(
        url(event, "paper-file", paper.uid, 1), headers={"if-none-match": answer["ETag"]}
    )
    assert again.status_code == 304
    assert "Slides on wells" in text_of(client.get(url(event)))


@pytest.mark.parametrize(
    ("who", "restricted", "withdrawn"),
    [
        ("visitor", 404, 404), ("stranger", 404, 404), ("waiting", 404, 404),
        ("withdrawn", 404, 404), ("participant", 200, 404), ("editor of another hub", 404, 404),
        ("member of the hub", 404, 404), ("organiser", 200, 200), ("moderator", 200, 200),
    ],
)  # fmt: skip
def test_the_audience_holds_for_page_and_file(
    event: Event, organiser: Any, who: str, restricted: int, withdrawn: int
) -> None:
    closed = lay(event, organiser, "For those who came", audience="participants")
    gone = lay(event, organiser, "Gone")
    operations.withdraw_paper(gone, by=organiser, withdrawn=True)
    row = come(event)
    person = {
        "visitor": lambda: None,
        "stranger": make_user,
        "waiting": lambda: _in_state(row, "waiting"),
        "withdrawn": lambda: _in_state(row, "withdrawn"),
        "participant": lambda: row.user,
        "editor of another hub": lambda: make_member(make_hub(), "editor"),
        "member of the hub": lambda: make_member(event.hub, "member"),
        "organiser": lambda: organiser,
        "moderator": lambda: make_user(is_staff=True),
    }[who]()
    client = browser(person)

    assert opened(client, event, closed) == [restricted] * 2
    assert opened(client, event, gone) == [withdrawn] * 2
    table = text_of(client.get(url(event)))
    assert ("For those who came" in table) is (restricted == 200)
    assert "Gone" not in table
    if restricted == 200:
        answer = client.get(url(event, "paper-file", closed.uid, 1))
        read(answer)
        assert answer["Cache-Control"] == "private, no-store"


def _in_state(row: Any, state: str) -> Any:
    type(row).objects.filter(pk=row.pk).update(state=state, placed_at=None)
    return row.user


def test_who_gives_the_place_back_opens_nothing_any_more(event: Event, organiser: Any) -> None:
    paper = lay(event, organiser, audience="participants")
    row = come(event)
    client = browser(row.user)
    assert opened(client, event, paper) == [200, 200]

    registering.withdraw(row, by=row.user)

    assert opened(client, event, paper) == [404, 404]


def test_papers_of_a_hidden_event_are_for_its_organisers(event: Event, organiser: Any) -> None:
    paper = lay(event, organiser)
    person = come(event).user
    Event.objects.filter(pk=event.pk).update(is_public=False)

    assert opened(browser(person), event, paper) == [404, 404]
    assert opened(browser(), event, paper) == [404, 404]
    answer = browser(organiser).get(url(event, "paper-file", paper.uid, 1))
    read(answer)
    assert answer["Cache-Control"] == "private, no-store"


def test_a_paper_is_found_below_its_own_event_and_by_its_own_numbers(
    event: Event, organiser: Any, client: Client
) -> None:
    paper = lay(event, organiser)
    link = lay(event, organiser, "Film", url="https://film.test.example/1")
    other = make_webinar()

    for page in (
        url(other, "paper", paper.uid),
        url(other, "paper-file", paper.uid, 1),
        url(event, "paper", "nothing"),
        url(event, "paper-file", paper.uid, 2),
        url(event, "paper-file", paper.uid, 10**30),
        url(event, "paper-file", link.uid, 1),
    ):
        assert client.get(page).status_code == 404, page
    assert client.post(url(event)).status_code == 405


def test_the_link_to_a_restricted_film_is_shown_to_nobody_else(
    event: Event, organiser: Any
) -> None:
    lay(
        event, organiser, "Film", kind="recording", audience="participants",
        url="https://film.test.example/secret",
    )  # fmt: skip
    for person, sees in ((None, False), (make_user(), False), (come(event).user, True)):
        assert ("film.test.example" in browser(person).get(url(event)).content.decode()) is sees


def test_a_file_that_is_missing_on_disk_is_not_found(
    event: Event, organiser: Any, client: Client
) -> None:
    paper = lay(event, organiser)
    Path(StoredFile.objects.get().file.path).unlink()
    assert client.get(url(event, "paper-file", paper.uid, 1)).status_code == 404


# --- The table -------------------------------------------------------------------------------


def test_the_lightest_comes_first_and_what_nobody_weighed_last(
    event: Event, organiser: Any, client: Client
) -> None:
    link = "https://film.test.example/"
    lay(event, organiser, "Film", kind="recording", url=f"{link}1", megabytes=Decimal(210))
    lay(event, organiser, "Unknown", kind="other", url=f"{link}2")
    lay(event, organiser, "Sound", kind="recording", url=f"{link}3", megabytes=Decimal("8.5"))
    lay(event, organiser, "Notes", kind="summary")

    def order(page: str) -> list[str]:
        return re.findall(r'papers/\w+/"><bdi>(.*?)</bdi>', main_of(client.get(page)))

    assert order(url(event)) == ["Film", "Unknown", "Sound", "Notes"]
    assert order(f"{url(event)}?order=lightest") == ["Notes", "Sound", "Film", "Unknown"]
    text = text_of(client.get(url(event)))
    assert "about 210.0 MB" in text
    assert "Not stated" in text


def test_hostile_titles_are_printed_as_words(event: Event, organiser: Any) -> None:
    paper = lay(event, organiser, EVIL)
    for page in (url(event), paper.get_absolute_url(), url(event, "organise-papers")):
        html = browser(organiser).get(page).content.decode()
        assert "&lt;script&gt;alert(1)" in html
        assert "<script>alert" not in html
        assert "{{ 7|add:7 }}" in html


@pytest.mark.parametrize("number", [1, 12, 40])
def test_pages_cost_the_same_with_any_number(
    event: Event, organiser: Any, number: int, django_assert_num_queries: Any
) -> None:
    stored = store_file(pdf(), by=organiser)
    session = event.sessions.get()
    for n in range(number):
        paper = lay(event, organiser, f"Paper {n}", stored=stored, session=session)
        operations.add_version(paper, by=organiser, url=f"https://film.test.example/{n}")
    visitor, participant, editor = browser(), browser(come(event).user), browser(organiser)
    for client, page, queries in (
        (visitor, url(event), 3),
        (participant, url(event), 8),
        (editor, url(event), 7),
        (editor, url(event, "organise-papers"), 7),
        (visitor, paper.get_absolute_url(), 3),
    ):
        client.get(page)
        with django_assert_num_queries(queries):
            assert client.get(page).status_code == 200


# --- What organisers do -------------------------------------------------------------------------

TOLD = {
    "title": "Slides on wells", "kind": "slides", "language": "fr", "audience": "participants",
    "session": "",
}  # fmt: skip


def test_an_organiser_adds_a_file(event: Event, organiser: Any) -> None:
    session = make_session(event)

    answer = browser(organiser).post(
        url(event, "paper-new"), TOLD | {"upload": pdf(), "session": str(session.pk)}
    )

    assert answer.url == url(event, "organise-papers")
    paper = Paper.objects.get()
    assert (paper.title, paper.kind, paper.language, paper.audience, paper.session) == (
        "Slides on wells", "slides", "fr", "participants", session,
    )  # fmt: skip
    version = paper.versions.get()
    assert (version.number, version.stored.name, version.added_by) == (1, "slides.pdf", organiser)
    assert [entry.verb for entry in AuditEntry.of(paper)] == ["add_paper_version", "add_paper"]


def test_an_organiser_adds_a_link_with_its_weight(event: Event, organiser: Any) -> None:
    browser(organiser).post(
        url(event, "paper-new"), TOLD | {"url": "film.test.example/1", "megabytes": "1 250,57"}
    )
    version = PaperVersion.objects.get()
    assert (version.url, version.megabytes, version.stored) == (
        "https://film.test.example/1", Decimal("1250.6"), None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({}, "Choose a file or give a link, one of the two."),
        ({"title": "", "url": "a.test.example"}, "Enter a title."),
        ({"title": "w" * 201, "url": "a.test.example"}, "Shorten this to 200 characters."),
        ({"title": "a\x00b", "url": "a.test.example"}, "This text contains characters that are"),
        ({"kind": "spell", "url": "a.test.example"}, "Choose one of the list."),
        ({"language": "xx", "url": "a.test.example"}, "Choose one of the list."),
        ({"audience": "nobody", "url": "a.test.example"}, "Choose one of the list."),
        ({"session": "999999", "url": "a.test.example"}, "Choose one of the list."),
        ({"url": "javascript:alert(1)"}, "Enter the address of a page"),
        ({"url": "ftp://a.test.example/x"}, "Enter the address of a page"),
        ({"url": "a.test.example", "megabytes": "heavy"}, "Enter a number in figures"),
        ({"url": "a.test.example", "megabytes": "100000000"}, "This number is too large."),
        ({"url": "a.test.example", "megabytes": "-5"}, "Enter a number in figures"),
    ],
)
def test_what_cannot_be_taken_is_refused_and_kept(
    event: Event, organiser: Any, sent: dict[str, str], says: str
) -> None:
    make_session(event)
    answer = browser(organiser).post(url(event, "paper-new"), TOLD | sent)

    assert answer.status_code == 200
    assert answer.content.decode().count(says) == 2  # in the summary, and at the field
    assert "Error:" in answer.content.decode()
    assert not Paper.objects.exists()


def test_a_file_survives_a_refusal_and_need_not_be_chosen_again(
    event: Event, organiser: Any
) -> None:
    client = browser(organiser)
    refused = client.post(url(event, "paper-new"), TOLD | {"title": "", "upload": pdf()})
    key = re.search(r'name="file" value="([0-9a-f-]{36})"', refused.content.decode())
    assert key is not None

    client.post(url(event, "paper-new"), TOLD | {"file": key[1]})

    assert str(PaperVersion.objects.get().stored_id) == key[1]


def test_a_file_can_be_taken_out_again_for_a_link(event: Event, organiser: Any) -> None:
    stored = store_file(pdf(), by=organiser)
    browser(organiser).post(
        url(event, "paper-new"),
        TOLD | {"file": str(stored.pk), "drop": "on", "url": "film.test.example"},
    )
    version = PaperVersion.objects.get()
    assert (version.stored, version.url) == (None, "https://film.test.example")


def test_nobody_lays_a_file_of_somebody_else(event: Event, organiser: Any) -> None:
    stored = store_file(pdf(), by=make_user())
    answer = browser(organiser).post(url(event, "paper-new"), TOLD | {"file": str(stored.pk)})
    assert "Choose a file or give a link, one of the two." in text_of(answer)
    assert not Paper.objects.exists()


@pytest.mark.parametrize("given", ["program", "empty", "large"])
def test_a_file_that_may_not_be_stored_is_refused_at_its_field(
    event: Event, organiser: Any, settings: Any, given: str
) -> None:
    settings.UPLOAD_LIMIT = 1024
    upload = {
        "program": SimpleUploadedFile("slides.pdf", b"MZ\x90\x00" * 40, "application/pdf"),
        "empty": SimpleUploadedFile("slides.pdf", b"", "application/pdf"),
        "large": pdf("w" * 6000),
    }[given]

    answer = browser(organiser).post(url(event, "paper-new"), TOLD | {"upload": upload})

    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'id="id_upload_error"' in page
    assert "Slides on wells" in page
    assert not Paper.objects.exists()


def test_an_organiser_changes_what_a_paper_says_of_itself(event: Event, organiser: Any) -> None:
    paper = lay(event, organiser)
    client = browser(organiser)
    assert client.get(url(event, "paper-edit", paper.uid)).status_code == 200

    client.post(url(event, "paper-edit", paper.uid), TOLD | {"title": "Wells again"})

    paper.refresh_from_db()
    assert (paper.title, paper.language, paper.audience) == ("Wells again", "fr", "participants")
    refused = client.post(url(event, "paper-edit", paper.uid), TOLD | {"title": " "})
    assert "Enter a title." in text_of(refused)


def test_versions_follow_each_other_and_the_earlier_ones_stay(
    event: Event, organiser: Any, client: Client
) -> None:
    paper = lay(event, organiser)
    editor = browser(organiser)
    page = url(event, "paper-version", paper.uid)

    editor.post(page, {"upload": pdf("Second"), "note": "Figures corrected"})
    same = editor.post(page, {"upload": pdf("Second")}, follow=True)
    refused = editor.post(page, {"note": "Nothing else"})

    assert [row.number for row in paper.versions.order_by("number")] == [1, 2]
    assert "This is the newest version already." in same.content.decode()
    assert "Choose a file or give a link, one of the two." in text_of(refused)
    assert "Nothing else" in refused.content.decode()
    text = text_of(client.get(paper.get_absolute_url()))
    assert "Figures corrected" in text
    assert text.index("Version 2") < text.index("Version 1")
    for number in (1, 2):
        file = client.get(url(event, "paper-file", paper.uid, number))
        read(file)
        assert file.status_code == 200


def test_a_withdrawn_paper_comes_back_but_gets_no_version(event: Event, organiser: Any) -> None:
    paper = lay(event, organiser)
    client = browser(organiser)
    for _n in range(2):
        client.post(url(event, "paper-withdraw", paper.uid), {"withdrawn": "yes"})
    answer = client.post(url(event, "paper-version", paper.uid), {"upload": pdf("Second")})
    assert "This paper is withdrawn. Bring it back first." in text_of(answer)
    assert paper.versions.count() == 1

    client.post(url(event, "paper-withdraw", paper.uid), {"withdrawn": "no"})

    paper.refresh_from_db()
    assert paper.withdrawn_at is None
    verbs = [entry.verb for entry in AuditEntry.of(paper)]
    assert verbs == ["restore_paper", "withdraw_paper", "add_paper_version", "add_paper"]


def test_papers_are_put_in_order(event: Event, organiser: Any) -> None:
    rows = [lay(event, organiser, name) for name in ("A", "B", "C")]
    Paper.objects.update(position=0)  # as rows of an earlier release may be
    client = browser(organiser)

    def order() -> list[str]:
        return list(Paper.objects.order_by("position", "pk").values_list("title", flat=True))

    client.post(url(event, "paper-move", rows[2].uid), {"to": "up"})
    assert order() == ["A", "C", "B"]
    client.post(url(event, "paper-move", rows[0].uid), {"to": "down"})
    assert order() == ["C", "A", "B"]
    client.post(url(event, "paper-move", rows[2].uid), {"to": "up"})
    assert order() == ["C", "A", "B"]


@pytest.mark.parametrize("who", ["visitor", "participant", "editor of another hub"])
def test_nobody_else_keeps_papers(event: Event, organiser: Any, who: str) -> None:
    paper = lay(event, organiser)
    person = {
        "visitor": lambda: None,
        "participant": lambda: come(event).user,
        "editor of another hub": lambda: make_member(make_hub(), "editor"),
    }[who]()
    client = browser(person)
    pages = [
        url(event, "organise-papers"),
        url(event, "paper-new"),
        url(event, "paper-edit", paper.uid),
    ]
    posts = [url(event, f"paper-{name}", paper.uid) for name in ("version", "move", "withdraw")]

    answers = [client.get(page) for page in pages]
    answers += [client.post(page, TOLD) for page in (*pages[1:], *posts)]

    assert [answer.status_code for answer in answers] == [302 if who == "visitor" else 403] * 8
    paper.refresh_from_db()
    assert (paper.title, paper.withdrawn_at, paper.versions.count()) == (
        "Slides on wells", None, 1,
    )  # fmt: skip


def test_what_changes_something_is_sent_not_opened(event: Event, organiser: Any) -> None:
    paper = lay(event, organiser)
    client = browser(organiser)
    for name in ("version", "move", "withdraw"):
        assert client.get(url(event, f"paper-{name}", paper.uid)).status_code == 405


def test_a_session_of_another_event_is_refused(event: Event, organiser: Any) -> None:
    foreign = make_webinar().sessions.get()
    with pytest.raises(ValidationError) as refusal:
        lay(event, organiser, session=foreign)
    assert refusal.value.message_dict == {"session": ["Choose a session of this event."]}
    assert not Paper.objects.exists()
