"""What followers of records are told: which facts, whom, in which words, and what nobody hears."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import AccountMail, User
from assessment import operations as assessing
from assessment.models import Assessment
from catalogue import operations as catalogue
from catalogue.models import Solution
from events import operations as promising
from events.editing.desk import changing
from events.models import CommitmentUpdate, Event
from hubs import operations as keeping
from hubs.models import Hub
from notifications import digesting, noticing
from notifications.delivering import deliver_owed
from notifications.models import Follow, Notice, Notification, Reason
from notifications.noticeable import Line, lines_of
from participation.models import Paper
from participation.operations.conclusions import write_conclusion
from participation.operations.papers import add_paper, change_paper, withdraw_paper
from participation.operations.webinars import cancel_webinar, change_webinar
from participation.webinars import session_of, state_of
from tests.assessment.factories import agreed
from tests.desk import desk_client
from tests.events.factories import make_commitment, make_event, make_source
from tests.events.test_desk import address, form_of
from tests.factories import complete_snapshot, make_hub, make_member, make_user, published
from tests.participation.factories import come, make_webinar, open_registration
from tests.validation.factories import (
    case_in_decision,
    decided,
    labelled,
    moderator,
    screened_again,
)
from validation.models import Record
from validation.operations import records

pytestmark = pytest.mark.django_db


def follow(kind: str, record: Any, user: User | None = None, **how: Any) -> User:
    user = user or make_user()
    Follow.objects.create(user=user, kind=kind, subject_id=record.pk, **how)
    return user


def read_by(user: User) -> list[Line]:
    """What somebody reads of what they were told, oldest first."""
    noticing.tell_owed()
    rows = list(Notification.objects.filter(user=user).select_related("notice").order_by("pk"))
    lines = lines_of(rows, User.objects.get(pk=user.pk))
    return [lines[row.pk] for row in rows if row.pk in lines]


def words(user: User) -> list[str]:
    return [line.text for line in read_by(user)]


def told(user: User) -> int:
    noticing.tell_owed()
    return Notification.objects.filter(user=user).count()


# --- Solutions -----------------------------------------------------------------------------------


def renewed(solution: Solution) -> Solution:
    solution = Solution.objects.get(pk=solution.pk)
    catalogue.submit_solution(solution, by=solution.owner, form="snapshot")
    screened_again(solution)
    return Solution.objects.get(pk=solution.pk)


def test_a_first_publication_is_told_to_those_who_follow_the_hub() -> None:
    hub, other = make_hub(), make_hub()
    reader, stranger = follow("hub", hub), follow("hub", other)

    solution = published(complete_snapshot(hub=hub, title="Wells tested by volunteers"))

    (line,) = read_by(reader)
    assert (line.title, line.url) == ("Wells tested by volunteers", solution.get_absolute_url())
    assert line.text == f"New solution · {hub.name}"
    assert told(stranger) == 0


def test_a_registry_taken_over_is_one_line_for_those_who_follow_its_hub() -> None:
    hub, by = make_hub(), make_user(is_staff=True)
    reader = follow("hub", hub)

    for _n in range(3):
        draft = complete_snapshot(hub=hub, collection="Registry of wells")
        catalogue.import_solution(draft, by=by, source="Registry of wells")

    assert words(reader) == ["New solutions"]


def test_followers_hear_of_a_new_version_and_drafts_say_nothing() -> None:
    solution = published(complete_snapshot(title="Wells tested by volunteers"))
    reader, screeners_friend = follow("solution", solution), make_user()

    Solution.objects.filter(pk=solution.pk).update(title="A title nobody reads yet")
    assert told(reader) == 0
    Solution.objects.filter(pk=solution.pk).update(title="Wells tested twice")
    renewed(solution)

    (line,) = read_by(reader)
    assert (line.text, line.title) == ("New version published", "Wells tested twice")
    assert told(screeners_friend) == 0


def test_a_withdrawn_solution_says_that_alone_until_it_is_back() -> None:
    solution = published(complete_snapshot(title="Wells tested by volunteers"))
    reader, by = follow("solution", solution), make_user(is_staff=True)
    follow("solution", solution, by)
    renewed(solution)

    catalogue.withdraw_solution(solution, by=by, reason="The figures were wrong.")
    assert [(line.text, line.title, line.excerpt) for line in read_by(reader)] == [
        ("Withdrawn", "Wells tested by volunteers", "The figures were wrong.")
    ]

    catalogue.restore_solution(solution, by=by, reason="They were right.")
    assert words(reader) == ["New version published", "Published again"]
    assert words(by) == ["New version published"]


@pytest.fixture
def record(db: None) -> Record:
    """One whose beginning nobody has to be told of any more."""
    record = labelled()
    noticing.tell_owed()
    return record


def test_what_becomes_of_a_label_is_told_with_its_day_alone(record: Record) -> None:
    reader, by = follow("solution", record.solution), moderator()
    follow("solution", record.solution, by)

    records.suspend(record, by=by, note="Somebody doubts the figures.")
    records.restore(record, by=by, note="The figures hold.")
    records.revoke(record, by=by, note="The report was forged.")

    assert words(reader) == [
        "Label suspended: Validated",
        "Label in force again: Validated",
        "Label revoked: Validated",
    ]
    assert {line.url for line in read_by(reader)} == {record.get_absolute_url()}
    assert [line.excerpt for line in read_by(reader)] == ["", "", "The report was forged."]
    assert told(by) == 0
    moments = Notice.objects.filter(subject="solution").values_list("happened_at", flat=True)
    assert {at.astimezone(dt.UTC).time() for at in moments} == {dt.time()}


def test_a_label_is_told_when_it_is_given_and_when_it_runs_out() -> None:
    case = case_in_decision()
    reader = follow("solution", case.solution)
    given = decided(case)
    assert given is not None

    records.expire(given, today=given.expires_on + dt.timedelta(days=1))

    assert words(reader) == ["Label given: Validated", "Label expired: Validated"]


def test_nobody_hears_of_the_labels_of_what_is_withdrawn(record: Record) -> None:
    reader, by = follow("solution", record.solution), moderator()
    records.suspend(record, by=by, note="Somebody doubts the figures.")
    assert words(reader) == ["Label suspended: Validated"]

    catalogue.withdraw_solution(
        Solution.objects.get(pk=record.solution_id), by=by, reason="The figures were wrong."
    )

    assert words(reader) == ["Withdrawn"]


# --- Hubs ----------------------------------------------------------------------------------------


def written(hub: Hub, by: User, **values: Any) -> None:
    keeping.change_profile(Hub.objects.get(pk=hub.pk), by=by, values=values)


@pytest.fixture
def hub() -> Hub:
    """One whose profile has been written before."""
    hub = make_hub(name="Fund for Wells")
    written(hub, make_member(hub, "editor"), summary="It began.")
    Notice.objects.all().delete()
    return hub


def test_a_changed_profile_is_told_once_a_day_and_not_to_whoever_changed_it(hub: Hub) -> None:
    reader, editor = follow("hub", hub), make_member(hub, "editor")
    follow("hub", hub, editor)

    with time_machine.travel(dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC), tick=False) as clock:
        written(hub, editor, summary="It digs.")
        written(hub, editor, summary="It digs wells.")
        assert [(line.text, line.title) for line in read_by(reader)] == [
            ("The profile changed", "Fund for Wells")
        ]
        clock.shift(dt.timedelta(days=1))
        written(hub, editor, summary="It digs deep wells.")
        assert told(reader) == 2
    assert told(editor) == 0


def test_what_nobody_reads_in_a_profile_is_not_told(hub: Hub) -> None:
    reader = follow("hub", hub)
    written(hub, make_user(is_staff=True), slug="fund-of-wells", is_pilot=True)
    assert told(reader) == 0


def test_of_a_hub_that_is_not_listed_only_its_people_hear(hub: Hub) -> None:
    stranger, member = follow("hub", hub), follow("hub", hub, make_member(hub))
    Hub.objects.filter(pk=hub.pk).update(is_listed=False)
    written(hub, make_member(hub, "editor"), summary="It digs.")

    assert (told(stranger), words(member)) == (0, ["The profile changed"])


def test_who_may_not_see_a_hub_any_more_reads_nothing_of_it(hub: Hub) -> None:
    reader = follow("hub", hub)
    written(hub, make_member(hub, "editor"), summary="It digs.")
    assert words(reader) == ["The profile changed"]

    Hub.objects.filter(pk=hub.pk).update(is_listed=False)

    assert words(reader) == []


def test_a_self_assessment_is_told_when_it_is_opened_to_everybody() -> None:
    team, assessment = agreed()
    reader = follow("hub", team.hub)
    sharing = Assessment.Sharing

    assessing.share(assessment, by=team.focal, sharing=sharing.CHOSEN, hubs=[make_hub()])
    assert told(reader) == 0
    for _n in range(2):
        assessing.share(assessment, by=team.focal, sharing=sharing.PUBLIC)
    assert words(reader) == ["Self-assessment published"]

    assessing.share(assessment, by=team.focal, sharing=sharing.PUBLIC, shares_road_map=True)
    assert words(reader) == ["Self-assessment published", "Road map published"]
    assert {line.group for line in read_by(reader)} == {f"h{team.hub.pk}"}

    assessing.share(assessment, by=team.focal, sharing=sharing.PRIVATE)
    assert words(reader) == []


# --- Events --------------------------------------------------------------------------------------

TODAY = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


@pytest.fixture
def event(hub: Hub) -> Event:
    return make_event(
        hub=hub, name="Talks on wells", starts="2026-05-06", ends="2026-05-08", status="confirmed"
    )


def kept_at_the_desk(event: Event, by: User, **values: Any) -> None:
    client, url = desk_client(by), address(event)
    answer = client.post(url, form_of(client, url) | values)
    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"starts": "2026-05-05"}, ["New date: 5 May 2026 – 8 May 2026"]),
        ({"city": "Springfield"}, ["New place: Springfield"]),
        (
            {"starts": "2026-05-08", "city": "Springfield"},
            ["New date: 8 May 2026 · New place: Springfield"],
        ),
        ({"status": "cancelled", "city": "Springfield"}, ["Cancelled"]),
        ({"status": "postponed"}, ["Postponed"]),
        ({"status": "held"}, []),
        ({"summary": "More about wells."}, []),
    ],
)
def test_whoever_follows_an_event_hears_where_and_when_and_whether_it_is(
    event: Event, values: dict[str, str], said: list[str]
) -> None:
    with time_machine.travel(TODAY):
        reader, editor = follow("event", event), make_member(event.hub, "editor")
        follow("event", event, editor)

        kept_at_the_desk(event, editor, **values)

        assert words(reader) == said
        assert {line.title for line in read_by(reader)} <= {"Talks on wells"}
        assert told(editor) == 0


def test_a_programme_is_told_once_a_day_as_long_as_the_event_is_ahead(event: Event) -> None:
    reader, editor = follow("event", event), make_member(event.hub, "editor")

    with time_machine.travel(TODAY):
        for title in ("Opening", "Panel"):
            with changing(event, by=editor) as desk:
                desk.write({"title": title, "day": dt.date(2026, 5, 6)})
        with changing(event, by=editor):
            pass
        assert [(line.text, line.url) for line in read_by(reader)] == [
            ("The programme changed", reverse("events:programme", args=[event.slug]))
        ]
    with time_machine.travel(dt.datetime(2026, 6, 1, tzinfo=dt.UTC)):
        with changing(event, by=editor) as desk:
            desk.write({"title": "What was said", "day": dt.date(2026, 5, 7)})
        assert told(reader) == 1


def lay(event: Event, by: User, **told_: Any) -> Paper:
    values = {"kind": "slides", "language": "en", "audience": "public", "title": "On wells"}
    url = f"https://x.test/{Paper.objects.count()}.pdf"
    return add_paper(event, by=by, url=url, **(values | told_))


def test_papers_are_told_once_a_day_and_only_what_everybody_may_open(event: Event) -> None:
    reader, editor = follow("event", event), make_member(event.hub, "editor")
    with time_machine.travel(TODAY):
        closed = lay(event, editor, audience="participants")
        assert told(reader) == 0
        change_paper(closed, by=editor, audience="public")
        open_one = lay(event, editor)
        lay(event, editor)
        papers = reverse("participation:papers", args=[event.slug])
        assert [(line.text, line.url) for line in read_by(reader)] == [("New papers", papers)]

        for paper in Paper.objects.exclude(pk=open_one.pk):
            withdraw_paper(paper, by=editor, withdrawn=True)
        assert words(reader) == ["New papers"]
        withdraw_paper(open_one, by=editor, withdrawn=True)
        assert words(reader) == []


def test_a_recording_is_told_to_followers_and_nobody_is_told_of_it_twice() -> None:
    begins = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    with time_machine.travel(begins - dt.timedelta(days=1)):
        hub = make_hub()
        event = make_webinar(begins, hub=hub)
        open_registration(event)
        reader, guest, editor = make_user(), make_user(), make_member(hub, "editor")
        come(event, guest)
        follow("event", event, reader), follow("event", event, guest)
    with time_machine.travel(begins + dt.timedelta(hours=5)):
        paper = lay(event, editor, kind="recording")

        (line,) = read_by(reader)
        assert (line.text, line.url) == ("The recording is there", paper.get_absolute_url())
        noticing.tell_owed()
        about = Notification.objects.filter(user=guest, notice__data__what="recording")
        assert about.count() == 1
        withdraw_paper(paper, by=editor, withdrawn=True)
        assert words(reader) == []


def test_a_cancelled_webinar_is_told_to_followers_who_are_not_told_by_letter() -> None:
    hub = make_hub()
    event = make_webinar(hub=hub)
    open_registration(event)
    reader, guest, editor = make_user(), make_user(), make_member(hub, "editor")
    come(event, guest)
    noticing.tell_owed()
    follow("event", event, reader), follow("event", event, guest), follow("event", event, editor)
    before = told(guest)

    cancel_webinar(event, by=editor, reason="The speaker is ill.")

    assert [(line.text, line.title) for line in read_by(reader)] == [("Cancelled", event.name)]
    assert told(guest) == before + 1
    assert told(editor) == 0


def test_other_hours_of_a_webinar_are_one_line() -> None:
    hub = make_hub()
    event = make_webinar(dt.datetime(2026, 3, 9, 9, tzinfo=dt.UTC), hub=hub)
    reader, editor = follow("event", event), make_member(hub, "editor")
    session = session_of(event)
    with time_machine.travel(TODAY):
        change_webinar(
            event,
            by=editor,
            told={},
            hours={"wall_starts": dt.time(10), "wall_ends": dt.time(11)},
            way_in={},
            base=state_of(event, session),
        )
        assert words(reader) == ["Other hours: 9 March 2026"]


def test_documents_and_conclusions_are_told(event: Event) -> None:
    reader, editor = follow("event", event), make_member(event.hub, "editor")
    client = desk_client(editor)
    url = reverse("admin:events_document_add")
    sent = form_of(client, url) | {
        "event": event.pk, "name": "Declaration on wells", "slug": "declaration-on-wells",
        "kind": "communique",
    }  # fmt: skip
    assert client.post(url, sent).status_code == 302
    for text in ("Wells are deep.", "Wells are cold."):
        write_conclusion(event, by=editor, text=text)

    found = [(line.text, line.title) for line in read_by(reader)]
    assert found == [
        ("Communiqué · Talks on wells", "Declaration on wells"),
        ("New conclusions", "Talks on wells"),
    ]


def test_of_a_hidden_event_only_those_hear_who_see_it(event: Event) -> None:
    editor = make_member(event.hub, "editor")
    stranger, member = follow("event", event), follow("event", event, make_member(event.hub))
    other = follow("event", event, make_member(event.hub, "focal_point"))
    Event.objects.filter(pk=event.pk).update(is_public=False)

    write_conclusion(Event.objects.get(pk=event.pk), by=editor, text="Wells are deep.")

    assert (told(stranger), told(member), words(other)) == (0, 0, ["New conclusions"])


def test_an_event_hidden_meanwhile_says_nothing(event: Event) -> None:
    reader = follow("event", event)
    write_conclusion(event, by=make_member(event.hub, "editor"), text="Wells are deep.")
    assert words(reader) == ["New conclusions"]
    Event.objects.filter(pk=event.pk).update(is_public=False)
    assert words(reader) == []


# --- Commitments ---------------------------------------------------------------------------------


def update(commitment: Any, by: User | None = None, **values: Any) -> CommitmentUpdate:
    return promising.add_update(
        commitment,
        by=by or make_user(is_staff=True),
        **{"progress": "limited", "text": "Two wells are dug.", "reference": make_source()}
        | values,
    )


def test_followers_of_a_commitment_hear_of_an_update_in_the_digest_its_author_does_not() -> None:
    commitment = make_commitment(make_event(), text="Dig three wells.")
    reader, author, passer = make_user(), make_user(is_staff=True), make_user()
    for user in (reader, author):
        promising.follow(commitment, by=user)
    promising.follow(make_commitment(commitment.event), by=passer)

    with time_machine.travel(TODAY):
        filed = update(commitment, by=author)
        (line,) = read_by(reader)
        assert line.text == f"Commitment {commitment.number}: Limited progress"
        assert (line.title, line.excerpt) == ("Dig three wells.", "Two wells are dug.")
        assert line.url == f"{commitment.get_absolute_url()}#u-{filed.uid}"
        assert (told(author), told(passer)) == (0, 0)
        deliver_owed()
        assert mail.outbox == []
    with time_machine.travel(TODAY + dt.timedelta(days=1)):
        digesting.owe_digests()
        deliver_owed()
    assert [sent.to for sent in mail.outbox] == [[reader.email]]
    assert "Dig three wells." in mail.outbox[0].body
    assert not AccountMail.objects.filter(purpose="events_update").exists()


@pytest.mark.parametrize("n", [1, 60])
def test_an_update_costs_the_same_however_many_follow(n: int) -> None:
    commitment, author = make_commitment(make_event()), make_user(is_staff=True)
    for _n in range(n):
        promising.follow(commitment, by=make_user())
    source = make_source()

    with CaptureQueriesContext(connection) as asked:
        update(commitment, by=author, reference=source)

    assert len(asked) == FILING
    noticing.tell_owed()
    assert Notification.objects.count() == n


#: Queries of one update, whoever follows; PostgreSQL asks for the turn to write into the search.
FILING = 36 if connection.vendor == "postgresql" else 35


# --- Who is told at all --------------------------------------------------------------------------


def facts() -> dict[str, Callable[[], tuple[str, Any, Callable[[], Any]]]]:
    """Of each kind of record one, and something that happens to it."""

    def of_solution() -> Any:
        solution = published(complete_snapshot())
        return "solution", solution, lambda: renewed(solution)

    def of_hub() -> Any:
        hub = make_hub()
        editor = make_member(hub, "editor")
        written(hub, editor, summary="It began.")
        Notice.objects.all().delete()
        return "hub", hub, lambda: written(hub, editor, summary="It digs.")

    def of_event() -> Any:
        event = make_event()
        by = make_user(is_staff=True)
        return "event", event, lambda: write_conclusion(event, by=by, text="Wells are deep.")

    return {"solution": of_solution, "hub": of_hub, "event": of_event}


@pytest.mark.parametrize("kind", facts())
def test_who_mutes_is_locked_out_or_follows_something_else_is_not_told(kind: str) -> None:
    name, record, happens = facts()[kind]()
    reader, muted, gone = (make_user() for _n in range(3))
    follow(name, record, reader)
    follow(name, record, muted, muted=True)
    follow(name, record, gone)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    stranger = make_user()

    happens()

    assert [told(user) for user in (reader, muted, gone, stranger)] == [1, 0, 0, 0]
    row = Notification.objects.get(user=reader)
    assert (row.reason, row.kind, row.mail) == (
        Reason.FOLLOWING, kind, {"hub": "weekly"}.get(kind, "daily"),
    )  # fmt: skip


# --- Lines ---------------------------------------------------------------------------------------


def happened(n: int) -> User:
    """A reader of so many facts of every sort."""
    reader, by = make_user(), make_user(is_staff=True)
    for number in range(n):
        hub = make_hub()
        editor = make_member(hub, "editor")
        written(hub, editor, summary="It began.")
        solution = published(complete_snapshot(hub=hub))
        Notice.objects.filter(done_at=None).delete()
        event = make_event(hub=hub)
        for kind, record in (("solution", solution), ("hub", hub), ("event", event)):
            follow(kind, record, reader)
        renewed(solution)
        written(hub, editor, summary=f"It digs {number}.")
        lay(event, editor)
        write_conclusion(event, by=by, text="Wells are deep.")
        commitment = make_commitment(event)
        promising.follow(commitment, by=reader)
        update(commitment, by=by)
        noticing.tell_owed()
    return reader


@pytest.mark.parametrize("n", [1, 6])
def test_lines_cost_the_same_for_one_fact_of_each_sort_and_for_many(n: int) -> None:
    reader = happened(n)
    rows = list(Notification.objects.filter(user=reader).select_related("notice"))
    assert len(rows) == n * 5

    with CaptureQueriesContext(connection) as asked:
        lines = lines_of(rows, reader)

    assert len(lines) == n * 5
    assert len(asked) == LINES


#: Queries of the lines of solutions, hubs, events with papers, and commitments together.
LINES = 6
