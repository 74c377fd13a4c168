"""Pages about events: who sees what, what they cost, what they say when nothing is known."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core import search
from events import finding
from events.choices import Progress, Standing
from events.models import (
    Commitment,
    CommitmentOwner,
    CommitmentUpdate,
    Contribution,
    Event,
    EventClaim,
    KeyMessage,
    Paragraph,
    Party,
    Person,
    Room,
    Series,
    Track,
    overdue,
    standing_of,
)
from hubs.models import Membership
from tests.events.factories import (
    contribute,
    make_commitment,
    make_document,
    make_event,
    make_person,
    make_session,
    make_source,
)
from tests.factories import make_hub, make_member, make_user
from tests.people import browser

pytestmark = pytest.mark.django_db
TODAY = dt.date(2026, 3, 4)
EVIL = '<script>alert(1)</script> "onload="x" {{ 7|add:7 }} \u202egnp'


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda *_a, **_k: TODAY)


def text_of(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", answer.content.decode()).split())


def pages_of(event: Event) -> list[str]:
    """Every page that shows something of an event."""
    session = make_session(
        event, wall_starts=dt.time(9), wall_ends=dt.time(10), zone="Asia/Jakarta"
    )
    contribute(person := make_person(), event, session=session)
    document = make_document(event, 1)
    commitment = event.commitments.first()
    assert commitment is not None
    return [
        event.get_absolute_url(),
        reverse("events:programme", args=[event.slug]),
        session.get_absolute_url(),
        reverse("events:session-calendar", args=[event.slug, session.slug]),
        reverse("events:event-calendar", args=[event.slug]),
        document.get_absolute_url(),
        commitment.get_absolute_url(),
        person.get_absolute_url(),
    ]


# --- Who sees what --------------------------------------------------------------------------


def test_everybody_reads_a_public_event(client: Client):
    for page in pages_of(make_event()):
        assert client.get(page).status_code == 200, page


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("nobody", False), ("member of the hub", False), ("editor of another hub", False),
        ("editor of the hub", True), ("focal point", True), ("portal moderator", True),
    ],
)  # fmt: skip
def test_who_sees_an_event_that_is_not_public(who: str, sees: bool):
    event = make_event(is_public=False, hub=make_hub())
    pages = pages_of(event)
    assert event.hub is not None
    role = Membership.Role
    person = {
        "nobody": lambda: None,
        "member of the hub": lambda: make_member(event.hub, role.MEMBER),
        "editor of another hub": lambda: make_member(make_hub(), role.EDITOR),
        "editor of the hub": lambda: make_member(event.hub, role.EDITOR),
        "focal point": lambda: make_member(event.hub, role.FOCAL_POINT),
        "portal moderator": lambda: make_user(is_staff=True),
    }[who]()
    client = browser(person)

    assert [client.get(page).status_code for page in pages] == [200 if sees else 404] * len(pages)
    assert (event.name in client.get("/events/").content.decode()) is sees
    tracker = client.get("/events/commitments/").content.decode()
    assert (event.commitments.first().text in tracker) is sees
    downloaded = b"".join(client.get("/events/commitments.csv").streaming_content).decode()
    assert (event.name in downloaded) is sees
    names = client.get("/events/people/").content.decode()
    assert (event.contributions.get().person.name in names) is sees
    if person is not None:
        assert person.has_perm("events.view_event", event) is sees
        assert Event.objects.visible_to(person).filter(pk=event.pk).exists() is sees


def test_a_person_shows_only_the_parts_a_reader_may_see(client: Client):
    person = make_person()
    contribute(person, make_event(name="Open talks"))
    contribute(person, make_event(name="Closed talks", is_public=False))

    page = client.get(person.get_absolute_url()).content.decode()

    assert "Open talks" in page
    assert "Closed talks" not in page
    assert "1 contribution<" in client.get("/events/people/").content.decode()


def test_beside_a_paragraph_stands_nothing_of_a_hidden_event(client: Client):
    document = make_document(make_event(), 1)
    hidden = make_event(is_public=False)
    paragraph = document.paragraphs.get()
    KeyMessage.objects.create(event=hidden, text="Told in secret.").paragraphs.add(paragraph)
    make_commitment(hidden, code="secret-1").paragraphs.add(paragraph)

    page = client.get(document.get_absolute_url()).content.decode()

    assert "Told in secret" not in page
    assert "SECRET-1" not in page


def test_an_update_does_not_name_a_hidden_event(client: Client):
    commitment = make_commitment(make_event())
    CommitmentUpdate.objects.create(
        commitment=commitment, progress="complete", text="Done.", happened_on="2024",
        fulfilled_by_event=make_event(name="Closed talks", is_public=False),
    )  # fmt: skip

    assert "Closed talks" not in client.get(commitment.get_absolute_url()).content.decode()


def test_the_search_finds_public_events_only():
    event = make_event(name="Talks on cisterns")
    pages_of(event)
    finding.note(event)
    asked = search.SearchQuery.parse
    assert search.find("event", asked("cisterns")).total == 1
    assert search.find("paragraph", asked("water article")).total == 1
    assert search.find("commitment", asked("dig well")).total == 1
    assert search.find("person", asked("cisterns")).total == 1

    event.is_public = False
    event.save()
    finding.note(event)

    assert search.find("event", asked("cisterns")).total == 0
    assert search.find("paragraph", asked("water article")).total == 0
    assert search.find("commitment", asked("dig well")).total == 0
    assert search.find("person", asked("cisterns")).total == 0


# --- Lists ----------------------------------------------------------------------------------


def test_what_comes_stands_first_then_years_then_what_has_no_date(client: Client):
    make_event(name="Over", starts="2024-05-06", ends="")
    make_event(name="No date", starts="", ends="", status="held")
    make_event(name="Later", starts="2026-09", ends="", status="planned")
    make_event(name="Today", starts="2026-03-02", ends="2026-03-04", status="confirmed")
    make_event(name="This year", starts="2026", ends="", status="planned")
    make_event(name="Called off", starts="2026-10-01", ends="", status="cancelled")

    groups = client.get("/events/").context["groups"]

    assert [(title, [row.name for row in rows]) for title, rows in groups] == [
        ("Coming", ["This year", "Today", "Later"]),
        ("2026", ["Called off"]),
        ("2024", ["Over"]),
        ("Date not stated", ["No date"]),
    ]


def test_tabs_count_kinds_and_an_unknown_kind_is_all(client: Client):
    make_event()
    make_event(kind="workshop")

    tabs = client.get("/events/?kind=workshop").context["tabs"]
    assert [(str(label), current, n) for label, _url, current, n in tabs] == [
        ("All", False, 2), ("Conference", False, 1), ("Workshop", True, 1),
    ]  # fmt: skip
    assert client.get("/events/?kind=party").context["tabs"][0][2] is True


def test_a_series_shows_editions_and_a_hidden_one_is_not_found(client: Client):
    series = Series.objects.create(slug="talks", name="Talks")
    assert "The sources name no dated meeting." in text_of(client.get("/events/series/talks/"))
    first = make_event(series=series, edition=1)
    second = make_event(series=series, edition=2)

    page = client.get("/events/series/talks/")
    assert page.context["editions"] == [first, second]
    assert second.get_absolute_url() in client.get(first.get_absolute_url()).content.decode()

    Event.objects.update(is_public=False)
    assert client.get("/events/series/talks/").status_code == 404


def test_people_are_found_by_other_names(client: Client):
    person = make_person(name="Ana Boreholt")
    contribute(person, make_event())
    person.other_names.create(name="Ana Boréholt Silva", reference=make_source())

    assert list(client.get("/events/people/?q=silva").context["people"]) == [person]
    assert "Nobody of that name" in text_of(client.get("/events/people/?q=xyz"))


# --- An event and its programme -------------------------------------------------------------


def test_an_event_of_which_little_is_known_says_so(client: Client):
    event = make_event(starts="", ends="", city="")

    page = text_of(client.get(event.get_absolute_url()))

    assert "Date not stated" in page
    assert "Place not stated" in page
    assert "The sources give no programme." in page
    assert "Calendar file" not in page
    assert client.get(reverse("events:event-calendar", args=[event.slug])).status_code == 404
    programme = text_of(client.get(reverse("events:programme", args=[event.slug])))
    assert "The sources give no programme." in programme


def test_a_programme_goes_by_day_and_hour_and_what_runs_at_once_stands_together(client: Client):
    event = make_event()
    room = Room.objects.create(event=event, name="Cellar")
    track = Track.objects.create(event=event, name="Springs", position=2)
    at = {"zone": "Asia/Jakarta", "wall_starts": dt.time(11)}
    late = make_session(event, title="Late", day=dt.date(2024, 5, 7), **at)
    both = [
        make_session(event, title="Beside", track=track, **at),
        make_session(event, title="First", room=room, **at),
    ]
    early = make_session(event, title="Early", zone="Asia/Jakarta", wall_starts=dt.time(9))
    open_day = make_session(event, title="No hour")
    nowhere = make_session(event, title="No day", day=None)

    days = client.get(reverse("events:programme", args=[event.slug])).context["programme"].days

    assert [(day.date, [slot.sessions for slot in day.slots]) for day in days] == [
        (dt.date(2024, 5, 6), [[open_day], [early], [both[1], both[0]]]),
        (dt.date(2024, 5, 7), [[late]]),
        (None, [[nowhere]]),
    ]
    assert [slot.width for slot in days[0].slots] == [1, 1, 2]


def test_more_sessions_at_once_than_fit_are_a_list(client: Client):
    event = make_event()
    for _n in range(7):
        make_session(event, zone="Asia/Jakarta", wall_starts=dt.time(9))

    days = client.get(reverse("events:programme", args=[event.slug])).context["programme"].days

    assert days[0].slots[0].width == 1


def test_statements_that_disagree_stand_together_with_their_sources(client: Client):
    event = make_event()
    one, other = make_source(title="Gazette"), make_source(title="Herald")
    for low, high, source, preferred in ((300, None, one, True), (200, 200, other, False)):
        EventClaim.objects.create(
            event=event, topic="participants", text=f"About {low}.", low=low, high=high,
            unit="people", reference=source, is_preferred=preferred,
        )  # fmt: skip

    page = text_of(client.get(event.get_absolute_url()))

    assert "300+" in page
    assert "sources disagree" in page
    assert page.index("About 300.") < page.index("About 200.")
    assert "Gazette" in page
    assert "Herald" in page


# --- Commitments ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("progress", "due", "fulfilled", "standing"),
    [
        ("complete", "2012-12-31", "2013-01", Standing.COMPLETE_LATE),
        ("complete", "2012", "2012-12-31", Standing.COMPLETE),
        ("complete", "2012-12", "2012", Standing.COMPLETE),  # nobody knows
        ("complete", "", "2013-01", Standing.COMPLETE),
        ("complete", "2012", "2013", Standing.COMPLETE_LATE),
        ("complete", "2012-07-12", "2012-07-12", Standing.COMPLETE),
        ("limited", "2012", "", Standing.LIMITED),
        ("no_evidence", "", "", Standing.NO_EVIDENCE),
    ],
)
def test_late_is_worked_out_at_the_precision_both_dates_have(
    progress: str, due: str, fulfilled: str, standing: str
):
    assert standing_of(progress, due, fulfilled) == standing


@pytest.mark.parametrize(
    ("progress", "due", "is_overdue"),
    [
        ("limited", "2026-03-03", True),
        ("limited", "2026-03-04", False),
        ("limited", "2026", False),
        ("no_evidence", "2025", True),
        ("no_evidence", "", False),
        ("complete", "2020", False),
    ],
)
def test_overdue_needs_a_date_that_is_over(progress: str, due: str, is_overdue: bool):
    assert overdue(progress, due, TODAY) is is_overdue


def test_no_commitment_without_a_date_is_ever_overdue():
    for progress in Progress.values:
        for year in (2027, 2126, 9999):
            assert not overdue(progress, "", dt.date(year, 1, 1))


@pytest.fixture
def promises() -> dict[str, Any]:
    meeting, other = make_event(short="Wells 2024"), make_event(starts="2020", short="Wells 2020")
    return {
        "kept": make_commitment(meeting, progress="complete", due="2024", fulfilled_on="2024-06"),
        "late": make_commitment(meeting, progress="complete", due="2024", fulfilled_on="2025"),
        "over": make_commitment(
            meeting, progress="limited", due="2025-01-01", owners=("Ministry",)
        ),
        "step": make_commitment(other, kind="next_step", owners=()),
    }


def test_the_tracker_says_what_it_comes_to(client: Client, promises: dict[str, Any]):
    answer = client.get("/events/commitments/")

    assert answer.context["finding"] == "2 of 4 complete, 1 of them late; 1 overdue."
    assert [row.pk for row in answer.context["commitments"]] == [
        promises[name].pk for name in ("kept", "late", "over", "step")
    ]
    page = text_of(answer)
    for words in ("Complete, late", "Limited progress", "Overdue", "No evidence yet", "No date"):
        assert words in page
    bars = answer.context["bars"]
    assert [(str(bar.event), bar.cells) for bar in bars] == [
        ("Wells 2024", [1, 1, 0, 1, 0, 0]),
        ("Wells 2020", [0, 0, 0, 0, 0, 1]),
    ]
    assert answer.content.decode().count('width="33.33%"') == 3


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?status=overdue", ["over"]),
        ("?status=complete_late", ["late"]),
        ("?status=complete", ["kept"]),
        ("?owner=Ministry", ["over"]),
        ("?kind=next_step", ["step"]),
        ("?kind=commitment&status=limited", ["over"]),
        ("?status=unheard&kind=of", ["kept", "late", "over", "step"]),
        ("?event=nowhere", []),
    ],
)
def test_the_tracker_narrows(
    client: Client, promises: dict[str, Any], query: str, names: list[str]
):
    listed = client.get("/events/commitments/" + query).context["commitments"]
    table = b"".join(client.get("/events/commitments.csv" + query).streaming_content).decode()

    assert [row.pk for row in listed] == [promises[name].pk for name in names]
    rows = list(csv.reader(io.StringIO(table.removeprefix("\ufeff"))))
    assert [row[0] for row in rows[1:]] == [promises[name].number for name in names]


def test_the_board_has_a_column_for_each_status(client: Client, promises: dict[str, Any]):
    for _n in range(12):
        make_commitment(promises["step"].event)

    columns = client.get("/events/commitments/?view=board").context["columns"]

    assert [(str(row["label"]), len(row["cards"]), row["total"]) for row in columns] == [
        ("Complete", 1, 1), ("Complete, late", 1, 1), ("Substantial progress", 0, 0),
        ("Limited progress", 1, 1), ("Not started", 0, 0), ("No evidence yet", 10, 13),
    ]  # fmt: skip


def test_the_table_for_spreadsheets_runs_nothing(client: Client):
    event = make_event(name="=cmd|'/c calc'!A1")
    make_commitment(event, text="+1 well", note="@x", owners=("-2", "\t=3"))

    table = b"".join(client.get("/events/commitments.csv").streaming_content).decode()
    _header, row = csv.reader(io.StringIO(table.removeprefix("\ufeff")))

    assert [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))] == []
    assert row[2] == "'+1 well"
    assert row[4] == "'=cmd|'/c calc'!A1"


# --- Documents ------------------------------------------------------------------------------


def test_a_paragraph_has_an_address_and_what_belongs_to_it_beside_it(client: Client):
    event = make_event()
    document = make_document(event, 2)
    session = make_session(event)
    message = KeyMessage.objects.create(event=event, session=session, text="Wells are deep.")
    four = Paragraph.objects.create(document=document, number="4 bis", position=9)
    message.paragraphs.add(four)

    page = client.get(document.get_absolute_url()).content.decode()

    assert 'id="p-1"' in page
    assert 'id="p-4-bis"' in page
    assert "The text of this paragraph is not available here." in page
    assert f"{session.get_absolute_url()}#m-{message.pk}" in page
    link = four.get_absolute_url()
    assert link in client.get(session.get_absolute_url()).content.decode()
    commitment = document.paragraphs.get(number="1").commitments.get()
    assert commitment.get_absolute_url() in page
    assert (
        document.paragraphs.get(number="1").get_absolute_url()
        in client.get(commitment.get_absolute_url()).content.decode()
    )


def test_a_long_document_comes_in_parts_and_each_paragraph_is_found(
    client: Client, django_assert_num_queries: Any
):
    document = make_document(make_event())
    source = make_source()
    Paragraph.objects.bulk_create(
        Paragraph(
            document=document,
            number=str(n),
            position=n,
            text=f"Article {n}. " + " ".join(f"word{(n * k) % 997}" for k in range(60)),
            heading=f"Chapter {n}" if n in (1, 250) else "",
            reference=source,
        )
        for n in range(1, 301)
    )
    near, far = (document.paragraphs.get(number=n) for n in ("29", "251"))
    assert near.get_absolute_url() == f"{document.get_absolute_url()}#p-29"
    assert far.get_absolute_url() == f"{document.get_absolute_url()}?p=251#p-251"
    client.get(document.get_absolute_url())

    with django_assert_num_queries(6):
        first = client.get(document.get_absolute_url()).content.decode()
    with django_assert_num_queries(6):
        last = client.get(f"{document.get_absolute_url()}?p=251").content.decode()
    whole = client.get(f"{document.get_absolute_url()}?whole=1").content.decode()

    assert re.findall(r'id="p-(\d+)"', first) == [str(n) for n in range(1, 61)]
    assert re.findall(r'id="p-(\d+)"', last) == [str(n) for n in range(241, 301)]
    assert len(re.findall(r'id="p-(\d+)"', whole)) == 300
    assert "Paragraphs 241 to 300 of 300." in last
    assert 'href="?p=250#p-250"' in first
    assert 'href="#p-250"' in last
    assert len(gzip.compress(first.encode())) < 14_000
    for odd in ("?p=999", "?p=", "?page=99", "?page=x"):
        assert client.get(document.get_absolute_url() + odd).status_code == 200


def test_five_thousand_promises_cost_the_tracker_and_the_event_what_forty_do(
    client: Client, django_assert_num_queries: Any
):
    event = make_event()
    Commitment.objects.bulk_create(
        Commitment(
            event=event, code=f"x-{n}", text=f"Dig well {n}.", position=n,
            due=("2013", "")[n % 2], progress=("complete", "limited")[n % 2],
            fulfilled_on=("2013", "")[n % 2],
        )
        for n in range(5000)
    )  # fmt: skip
    for path, queries, most in (
        ("/events/commitments/", 7, 12_000),
        ("/events/commitments/?view=board", 7, 9_000),
        (event.get_absolute_url(), 14, 10_000),
    ):
        client.get(path)
        with django_assert_num_queries(queries):
            page = client.get(path).content
        assert len(gzip.compress(page)) < most, path
    assert b"2500 of 5000 complete; 2500 overdue." not in page
    assert "2500 of 5000 complete." in page.decode()
    assert "All 5000 in the tracker" in page.decode()


def test_own_words_are_told_from_quotations(client: Client):
    document = make_document(make_event())
    Paragraph.objects.create(document=document, number="1", text="Quoted.", is_verbatim=True)
    Paragraph.objects.create(document=document, number="2", text="Retold.", is_verbatim=False)

    page = client.get(document.get_absolute_url()).content.decode()

    assert page.count("<blockquote>") == 1
    assert "In our own words" in page


# --- Bad input ------------------------------------------------------------------------------


def test_what_people_write_is_never_markup(client: Client):
    event = make_event(name=EVIL, theme=EVIL, summary=EVIL, city=EVIL[:100])
    source = make_source(title=EVIL, citation=EVIL)
    EventClaim.objects.create(event=event, topic="outcome", text=EVIL, note=EVIL, reference=source)
    session = make_session(event, title=EVIL, summary=EVIL, code=EVIL[:40], note=EVIL)
    person = make_person(name=EVIL, note=EVIL)
    contribute(person, event, session=session, title=EVIL, organisation=EVIL, topic=EVIL)
    document = make_document(event, 1, name=EVIL, note=EVIL)
    document.paragraphs.update(text=EVIL, heading=EVIL, note=EVIL)
    KeyMessage.objects.create(event=event, text=EVIL, dimension=EVIL[:80])
    commitment = make_commitment(event, text=EVIL, quoted=EVIL, due_as_written=EVIL, owners=(EVIL,))
    CommitmentUpdate.objects.create(commitment=commitment, progress="limited", text=EVIL)
    finding.note(event)

    for page in (
        "/events/", "/events/people/", "/events/commitments/", "/events/commitments/?view=board",
        event.get_absolute_url(), reverse("events:programme", args=[event.slug]),
        session.get_absolute_url(), person.get_absolute_url(), document.get_absolute_url(),
        commitment.get_absolute_url(), "/search/?q=alert",
    ):  # fmt: skip
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert "<script>alert" not in answer.content.decode(), page
        assert "alert" in answer.content.decode(), page


@pytest.mark.parametrize(
    "path",
    [
        "/events/?page=999&kind=%00", "/events/?kind=" + "x" * 5000, "/events/commitments/?page=-1",
        "/events/commitments/?owner=" + "%F0%9F%92%A7" * 400, "/events/people/?q=%25_%27%22",
        "/events/commitments/?status=overdue&view=board", "/events/commitments/?event=%3Cb%3E",
    ],
)  # fmt: skip
def test_any_address_gets_an_answer(client: Client, path: str):
    make_commitment(make_event())

    assert client.get(path).status_code in (200, 400)


@pytest.mark.parametrize(
    "path",
    [
        "/events/nowhere/", "/events/nowhere/programme/", "/events/nowhere/calendar.ics",
        "/events/series/nowhere/", "/events/people/nowhere/", "/events/documents/nowhere/",
        "/events/commitments/nowhere/", "/events/nowhere/session/", "/events/a/b/calendar.ics",
    ],
)  # fmt: skip
def test_what_does_not_exist_is_not_found(client: Client, path: str):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"starts": "2024-05-08", "ends": "2024-05-06"}, "ends"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"edition": 2}, "series"),
        ({"slug": "commitments"}, "slug"),
        ({"starts": "2024-13", "ends": ""}, "starts"),
    ],
)
def test_an_event_that_cannot_be_is_refused_at_the_field(values: dict[str, Any], field: str):
    event = make_event()
    for name, value in values.items():
        setattr(event, name, value)

    with pytest.raises(ValidationError) as refused:
        event.full_clean()

    assert list(refused.value.message_dict) == [field]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"wall_starts": dt.time(11), "wall_ends": dt.time(10)}, "wall_ends"),
        ({"wall_starts": dt.time(11), "zone": ""}, "zone"),
        ({"wall_starts": dt.time(11), "day": None}, "day"),
        ({"wall_starts": dt.time(11), "zone": "Mars/Olympus"}, "zone"),
        ({"wall_starts": dt.time(2, 30), "day": dt.date(2024, 3, 31)}, "wall_starts"),
        ({"wall_starts": dt.time(2, 30), "day": dt.date(2024, 10, 27)}, "wall_starts"),
        ({"slug": "programme"}, "slug"),
    ],
)
def test_a_session_that_cannot_be_is_refused_at_the_field(values: dict[str, Any], field: str):
    session = make_session(make_event(), zone="Europe/Berlin", wall_starts=dt.time(9))
    for name, value in values.items():
        setattr(session, name, value)

    with pytest.raises(ValidationError) as refused:
        session.full_clean()

    assert list(refused.value.message_dict) == [field]


def test_the_second_of_two_hours_of_one_name_can_be_chosen():
    values = {"day": dt.date(2024, 10, 27), "zone": "Europe/Berlin", "wall_starts": dt.time(2, 30)}

    first = make_session(make_event(), second_hour=False, **values)
    second = make_session(make_event(), second_hour=True, **values)

    assert second.starts_at - first.starts_at == dt.timedelta(hours=1)


# --- What pages cost ------------------------------------------------------------------------


@pytest.mark.parametrize(("sessions", "speakers"), [(2, 3), (40, 120)])
def test_event_programme_and_session_cost_the_same_at_any_size(
    client: Client, sessions: int, speakers: int, django_assert_num_queries: Any
):
    event = make_event()
    source = make_source()
    rows = [
        make_session(event, zone="Asia/Jakarta", wall_starts=dt.time(8 + n % 10), reference=source)
        for n in range(sessions)
    ]
    people = Person.objects.bulk_create(
        Person(slug=f"p{n}", name=f"Speaker {n}") for n in range(speakers)
    )
    Contribution.objects.bulk_create(
        Contribution(
            event=event, session=rows[n % sessions], person=person, role="speaker",
            country_id="BR", reference=source,
        )
        for n, person in enumerate(people)
    )  # fmt: skip
    document = make_document(event, 1)
    client.get(event.get_absolute_url())

    with django_assert_num_queries(14):
        page = client.get(event.get_absolute_url())
    with django_assert_num_queries(2):
        client.get(reverse("events:programme", args=[event.slug]))
    with django_assert_num_queries(4):
        client.get(rows[0].get_absolute_url())
    with django_assert_num_queries(2):
        client.get(reverse("events:event-calendar", args=[event.slug]))
    assert len(page.content) < 200_000
    assert document.name in page.content.decode()


@pytest.mark.parametrize("number", [1, 500])
def test_the_tracker_costs_the_same_at_one_commitment_and_at_five_hundred(
    client: Client, number: int, django_assert_num_queries: Any
):
    event, source = make_event(), make_source()
    for n in range(number):
        made = make_commitment(event, reference=source, owners=(f"Keeper {n % 9}", "All"))
        CommitmentUpdate.objects.create(
            commitment=made, progress="limited", text="Begun.", reference=source
        )
    client.get("/events/commitments/")

    for query in ("", "?view=board", "?status=no_evidence&owner=All"):
        with django_assert_num_queries(7):
            client.get("/events/commitments/" + query)
    assert CommitmentOwner.objects.count() == 2 * number


@pytest.mark.parametrize(("number", "queries"), [(3, 5), (60, 5), (61, 6), (300, 6)])
def test_a_document_costs_the_same_at_any_length_and_one_query_more_in_parts(
    client: Client, number: int, queries: int, django_assert_num_queries: Any
):
    document = make_document(make_event(), number)
    client.get(document.get_absolute_url())

    with django_assert_num_queries(queries):
        client.get(document.get_absolute_url())


@pytest.mark.parametrize("number", [1, 50])
def test_lists_cost_the_same_at_one_and_at_fifty(
    client: Client, number: int, django_assert_num_queries: Any
):
    person = make_person()
    for n in range(number):
        event = make_event(series=Series.objects.get_or_create(slug="talks", name="Talks")[0])
        session = make_session(event)
        contribute(make_person(country_id="BR"), event)
        contribute(person, event, session=session, position=n)
    for path in ("/events/", "/events/people/", "/events/series/talks/", person.get_absolute_url()):
        client.get(path)

    with django_assert_num_queries(3):
        client.get("/events/")
    with django_assert_num_queries(2):
        client.get("/events/people/")
    with django_assert_num_queries(3):
        client.get("/events/series/talks/")
    with django_assert_num_queries(3):
        client.get(person.get_absolute_url())


@pytest.mark.django_db
def test_a_hub_lists_the_events_it_had_a_part_in_and_no_other(client: Client):
    hub = make_hub(slug="wells")
    shown, held, kept, hidden, other = (
        make_event(name=f"Meeting {name}", slug=f"meeting-{name}", starts=f"201{n}")
        for n, name in enumerate(("shown", "held", "kept", "hidden", "other"))
    )
    shown.hubs_shown.add(hub)
    Party.objects.create(event=held, name="Wells", role="host", hub=hub)
    Party.objects.create(event=held, name="Wells again", role="organiser", hub=hub)
    Event.objects.filter(pk=kept.pk).update(hub=hub)
    hidden.hubs_shown.add(hub)
    Event.objects.filter(pk=hidden.pk).update(is_public=False)

    page = client.get("/hubs/wells/").content.decode()

    section = page[page.index('id="events"') : page.index("</section>", page.index('id="events"'))]
    assert re.findall(r'title-link" href="([^"]+)"', section) == [
        "/events/meeting-kept/", "/events/meeting-held/", "/events/meeting-shown/",
    ]  # fmt: skip
    assert other.name not in page
