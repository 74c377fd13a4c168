"""A crawl: whoever is not the chair finds no trace of who reviews, wherever they look.

Reviewers of these tests carry marks nobody else has: name, address, organisation, and minutes
of the clock at which they acted. Owners, co-reviewers, members, visitors and the people of the
owner's hub fetch every page they can reach by links, from the start page, their dashboard,
their workspace, the public record and the desk, with every file, feed and download on the way,
and read every letter written to them, in the list of what they were told and in the file of their
own data. No answer, header or letter may hold a mark.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client

from accounts.models import Profile, User
from accounts.operations import everything_about
from catalogue.choices import ContributorRole
from catalogue.models import Contributor
from hubs.models import Membership
from notifications.models import Delivery
from tests.desk import desk_client
from tests.factories import complete_full, make_hub, make_member, make_user, published
from tests.letters import letters, name_of, text_of
from tests.validation.factories import (
    NO_CONFLICT,
    accepted,
    invited,
    make_reviewer,
    moderator,
    proposed,
    sent,
)
from validation.models import Case, Record, Seat
from validation.operations import clarifying, deciding, inviting, opening, panel
from validation.operations.timekeeping import keep_time

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

#: Nobody else in the tests is called, or works, or acts like this.
MARKS = (
    ("Zubenelgenubi Quillfeather", "zq-canary@secret.example", "Bureau of Xanthorrhoea"),
    ("Ophiuchus Brambleworth", "ob-canary@secret.example", "Institute of Yggdrasil"),
)
ORIGIN = dt.datetime(2026, 3, 3, 3, 0, tzinfo=dt.UTC)
#: The minutes at which they act; a day may be told, a time may not.
MINUTES = (17, 23, 37, 43)
MOST_PAGES = 400


class Links(HTMLParser):
    """Every address a page leads to or loads, and where its forms of search lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name in ("href", "src", "data-url", "data-src"):
            if given.get(name):
                self.found.append(str(given[name]))
        if tag == "form" and (given.get("method") or "get").lower() == "get":
            self.found.append(given.get("action") or "")


def reachable(client: Client, starts: Iterable[str]) -> Iterator[tuple[str, bytes, str]]:
    """Each address reached by links, with body and headers. Never leaves, signs out or posts."""
    waiting, seen = deque(starts), set(starts)
    while waiting:
        path = waiting.popleft()
        answer = client.get(path)
        body = b"".join(answer) if answer.streaming else answer.content
        headers = "\n".join(f"{name}: {value}" for name, value in answer.items())
        yield path, body, headers
        kinds = ("text/html", "application/xhtml")
        if 300 <= answer.status_code < 400:
            links = [answer["Location"]]
        elif answer.get("Content-Type", "").startswith(kinds):
            parser = Links()
            parser.feed(body.decode("utf-8", "replace"))
            links = parser.found
        else:
            links = []
        for link in links:
            address = urldefrag(urljoin(f"http://testserver{path}", link))[0]
            parts = urlsplit(address)
            if parts.netloc != "testserver" or parts.scheme != "http":
                continue
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            if skipped(target) or target in seen or len(seen) >= MOST_PAGES:
                continue
            seen.add(target)
            waiting.append(target)


#: Lists of everybody, for moderators. ``test_no_figure_moves…`` looks at their numbers.
LISTS_OF_PEOPLE = (
    "/desk/accounts/",
    "/desk/validation/reviewer/",
    "/desk/validation/case/agreement/",
)


def skipped(target: str) -> bool:
    """Static files, other languages (the same pages), signing out, filters without end."""
    other = "|".join(code for code, _name in settings.LANGUAGES if code != "en")
    return bool(
        re.match(rf"/(?:static|{other})/", target)
        or "logout" in target
        or "/demo/" in target
        or ("?" in target and not re.search(r"\?(?:lang|versions?|from|page)=", target))
    )


def marks_in(text: str, secrets: Iterable[str]) -> list[str]:
    """What of the secrets stands in a text. A time is one only where hours stand: the end of
    "23:03:17", when a page happened to be read, tells nobody anything."""
    text = text.lower()
    return [
        mark
        for mark in secrets
        if re.search(r"(?<!\d:)" * (":" in mark) + re.escape(mark.lower()), text)
    ]


@pytest.fixture
def world(db):
    """One solution of Brazil before a panel of two marked reviewers, each act at a marked
    minute."""
    hub = make_hub(name="Hub for water", slug="hub-for-water")
    owner = make_member(hub, name="Owner of the record")
    solution = complete_full(owner, hub)
    helper = make_user(name="Contributor of the record")
    Contributor.objects.create(
        solution=solution, user=helper, name="Contributor", role=ContributorRole.PARTNER
    )
    with time_machine.travel(ORIGIN, tick=False):
        published(solution, form="full")
    case = Case.objects.get(solution=solution)
    chair = make_reviewer("CI", may_chair=True, name="Chair of the panel")
    opening.appoint_chair(case, by=chair, chair=chair, declared=NO_CONFLICT)
    people = [
        make_reviewer(country, name=name, email=email, organisation=organisation)
        for country, (name, email, organisation) in zip(("ID", "CD"), MARKS, strict=True)
    ]
    case.refresh_from_db()
    return {
        "hub": hub,
        "owner": owner,
        "contributor": helper,
        "chair": chair,
        "people": people,
        "case": case,
        "solution": solution,
    }


def at(minute: int, day: int = 0):
    return time_machine.travel(ORIGIN + dt.timedelta(days=day, minutes=minute), tick=False)


def take_seats(world) -> list[Seat]:
    seats = []
    for person, minute in zip(world["people"], MINUTES[:2], strict=True):
        with at(minute, 1):
            seats.append(accepted(Case.objects.get(pk=world["case"].pk), person))
    return seats


def hand_in(world, scores=(3, 3)) -> None:
    seats = Seat.objects.filter(case=world["case"]).order_by("pk")
    for seat, minute, score in zip(seats, MINUTES[2:], scores, strict=True):
        with at(minute, 5):
            sent(seat, score)


def to_review(world) -> None:
    """Accepted by both, one review in."""
    take_seats(world)
    seat = Seat.objects.filter(case=world["case"]).order_by("pk").first()
    with at(MINUTES[2], 5):
        sent(seat, 3)


def to_clarification(world) -> None:
    take_seats(world)
    hand_in(world)
    case = Case.objects.select_related("chair").get(pk=world["case"].pk)
    with at(0, 6):
        clarifying.ask(case, by=case.chair, questions=[("C2", "Compared with what?")])


def to_decision(world) -> None:
    take_seats(world)
    hand_in(world)
    with at(0, 6):
        proposed(world["case"])


def to_label(world) -> None:
    to_decision(world)
    case = Case.objects.get(pk=world["case"].pk)
    with at(0, 7):
        deciding.confirm(case.decisions.get(), by=world["people"][0])


def to_no_label(world) -> None:
    take_seats(world)
    hand_in(world, (1, 1))
    case = Case.objects.get(pk=world["case"].pk)
    with at(0, 6):
        proposed(case)
        deciding.confirm(case.decisions.get(), by=world["people"][0])


def to_release(world) -> None:
    """One reviewer was let go, one did not answer, the clock came by."""
    seats = take_seats(world)
    case = Case.objects.get(pk=world["case"].pk)
    with at(MINUTES[2], 2):
        panel.release(seats[0], by=case.chair, note="No time after all.")
        spare = make_reviewer("CG", name="Spare reviewer")
        inviting.invite(case, by=case.chair, person=spare)
    with at(0, 20):
        keep_time()


needs_sqlite = pytest.mark.skipif(
    connection.vendor == "postgresql", reason="what pages show does not depend on the database"
)

STAGES = {
    "review": to_review,
    "clarification": to_clarification,
    "decision": to_decision,
    "label": to_label,
    "no label": to_no_label,
    "release": to_release,
}


def watchers(world) -> dict[str, tuple[User | None, Client, list[str]]]:
    """Who looks, with what, and where they begin."""
    solution = world["solution"]
    work = f"/work/{solution.uid}/"
    public = ["/", "/solutions/", "/search/?q=wells", "/records/", "/criteria/"]
    team = ["/dashboard/", work, f"{work}validation/", f"{work}team/", "/accounts/profile/"]
    desk = ["/desk/", "/desk/catalogue/solution/", "/desk/catalogue/submission/?state=all"]

    def member_of(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    focal_point = make_member(world["hub"], Membership.Role.FOCAL_POINT, name="Focal point")
    editor = make_member(world["hub"], Membership.Role.EDITOR, name="Editor")
    stranger = make_user(name="A member")
    administrator = make_user(name="Owner with rights", is_staff=True, is_superuser=True)
    Contributor.objects.create(
        solution=solution, user=administrator, name="Administrator", role=ContributorRole.AUTHOR
    )
    co_reviewer = world["people"][1]
    return {
        "visitor": (None, Client(), public),
        "member": (stranger, member_of(stranger), [*public, "/dashboard/", "/reviews/"]),
        "owner": (world["owner"], member_of(world["owner"]), [*public, *team, "/reviews/"]),
        "contributor": (world["contributor"], member_of(world["contributor"]), [*public, *team]),
        "co-reviewer": (
            co_reviewer,
            member_of(co_reviewer),
            [*public, "/dashboard/", "/reviews/", "/reviews/calendar.ics"],
        ),
        "focal point": (focal_point, desk_client(focal_point), [*public, "/dashboard/", *desk]),
        "editor": (editor, desk_client(editor), [*public, "/dashboard/", *desk]),
        "administrator in the team": (
            administrator,
            desk_client(administrator),
            [*team, *desk, "/desk/validation/case/", "/desk/validation/record/"],
        ),
    }


def secrets_from(world, who: str) -> list[str]:
    """The marks this watcher must not find: one's own are no secret to oneself."""
    hidden = MARKS[:1] if who == "co-reviewer" else MARKS
    marks = [mark for entry in hidden for mark in entry]
    return [*marks, *(mark.split()[-1] for mark, _email, _organisation in hidden)]


def times_of(world, who: str) -> list[str]:
    """Exact times of acts, in the ways pages and machines write them."""
    seats = Seat.objects.filter(case=world["case"])
    if who == "co-reviewer":
        seats = seats.exclude(user=world["people"][1])
    found = set()
    for seat in seats:
        for moment in (seat.invited_at, seat.answered_at, seat.sent_at):
            if moment is not None and moment.minute in MINUTES:
                found |= {moment.isoformat()[:16], moment.strftime("%H:%M")}
    return sorted(found)


@needs_sqlite
@pytest.mark.parametrize("stage", STAGES)
def test_nobody_finds_who_reviews(world, stage) -> None:
    STAGES[stage](world)
    found: dict[str, list[str]] = {}
    for who, (user, client, starts) in watchers(world).items():
        secrets = secrets_from(world, who) + times_of(world, who)
        if who == "administrator in the team":
            # Reviewers' accounts are people like others; that they judge this record is secret.
            secrets = [mark for mark in secrets if "canary" not in mark]
        pages = 0
        for path, body, headers in reachable(client, starts):
            pages += 1
            text = body.decode("utf-8", "replace")
            if path.startswith(LISTS_OF_PEOPLE):
                continue  # who is on the list of reviewers is not who judges this case
            if marks := marks_in(f"{path}\n{headers}\n{text}", secrets):
                found[f"{who}: {path}"] = marks
        assert pages > len(starts) / 2, who
        if user is None:
            continue
        for row in letters(user):
            if marks := marks_in(text_of(row), secrets):
                found[f"{who}: letter {name_of(row)}"] = marks
        told = everything_about(user)["notifications"]
        if marks := marks_in(json.dumps(told), secrets):
            found[f"{who}: own data"] = marks
    assert found == {}


def test_the_list_of_letters_tells_days_and_no_minute(world) -> None:
    """Somebody who is let go because the reviews are in hears so at the minute of the last."""
    take_seats(world)
    with at(0, 2):
        case = Case.objects.get(pk=world["case"].pk)
        spare = invited(case, make_reviewer("CG", name="Spare reviewer"))
    seats = Seat.objects.filter(case=world["case"], state="reviewing").order_by("pk")
    for seat, minute in zip(seats, MINUTES[2:], strict=True):
        with at(minute, 5):
            sent(seat, 3)
    rows = letters(spare.user)
    assert [name_of(row) for row in rows] == ["validation/invitation", "validation/released"]
    assert [row.notice.happened_at for row in rows] == [
        ORIGIN.replace(hour=0, minute=0) + dt.timedelta(days=days) for days in (2, 5)
    ]

    client = Client()
    client.force_login(spare.user)
    page = client.get("/notifications/").content.decode()
    kept = json.dumps(everything_about(spare.user)["notifications"])
    secrets = [f"03:{minute}" for minute in MINUTES]
    assert "Your review of" in page
    assert marks_in(page + kept, [*secrets, "00:00 UTC"]) == []


def test_the_crawl_would_find_a_reviewer_who_is_shown(world) -> None:
    """The twin: with the one page that may show names in its reach, the crawl cries out."""
    to_review(world)
    client = desk_client(world["chair"])
    case = world["case"]
    path = f"/desk/validation/case/{case.pk}/change/"
    pages = reachable(client, [path])
    _path, body, _headers = next(pages)
    assert marks_in(body.decode(), [MARKS[0][0]]) == [MARKS[0][0]]


def test_the_public_record_names_who_agreed_and_nobody_else(world) -> None:
    take_seats(world)
    hand_in(world)
    Seat.objects.filter(case=world["case"], user=world["people"][0]).update(named=True)
    with at(0, 6):
        proposed(world["case"])
        case = Case.objects.get(pk=world["case"].pk)
        deciding.confirm(case.decisions.get(), by=world["people"][0])

    record = Record.objects.get()
    assert record.document["reviewers"] == {
        "number": 2,
        "countries": ["CD", "ID"],
        "named": [MARKS[0][0]],
    }
    body = Client().get(record.get_absolute_url()).content.decode()
    assert marks_in(body, [MARKS[0][0], MARKS[1][0]]) == [MARKS[0][0]]


def test_letters_of_the_alias_say_nothing_of_who_was_asked_first() -> None:
    first = []
    for _round in range(12):
        hub = make_hub()
        solution = published(complete_full(hub=hub), form="full")
        case = Case.objects.get(solution=solution)
        chair = make_reviewer("CI", may_chair=True)
        opening.appoint_chair(case, by=chair, chair=chair, declared=NO_CONFLICT)
        case.refresh_from_db()
        seats = [
            inviting.invite(case, by=chair, person=make_reviewer(country))
            for country in ("ID", "CD")
        ]
        first.append(seats[0].alias < seats[1].alias)
    # Twelve times the same order would happen once in two thousand.
    assert set(first) == {True, False}


def test_the_audit_of_a_case_names_no_reviewer(world) -> None:
    from core.models import AuditEntry

    to_label(world)
    people = {person.pk for person in world["people"]}
    about = AuditEntry.objects.filter(target_type__startswith="validation.")
    assert not about.filter(actor__in=people).exists()
    text = "\n".join(f"{e.actor_name} {e.target_label} {e.note} {e.data}" for e in about)
    assert marks_in(text, secrets_from(world, "visitor")) == []
    assert about.filter(actor_name__startswith="Reviewer ").exists()


def test_moderators_see_aliases_until_they_say_why(world) -> None:
    to_review(world)
    client = desk_client(moderator(name="Moderator of the portal"))
    body = client.get(f"/desk/validation/case/{world['case'].pk}/change/").content.decode()
    assert marks_in(body, secrets_from(world, "visitor")) == []


def test_the_desk_of_mails_tells_no_moderator_who_reviews(world) -> None:
    """Nor, if they have a part in a case themselves, that anybody was written to."""
    to_review(world)
    other = moderator()
    in_team = make_user(name="Owner with rights", is_staff=True, is_superuser=True)
    Contributor.objects.create(
        solution=world["solution"], user=in_team, name="Administrator", role="author"
    )
    row = Delivery.objects.filter(user=world["people"][0]).first()
    Delivery.objects.filter(pk=row.pk).update(problem=f"553 <{MARKS[0][1]}>: no such person")
    pages = (
        "/desk/notifications/delivery/?state=owed",
        f"/desk/notifications/delivery/{row.pk}/change/",
    )

    client = desk_client(other)
    answers = [client.get(page) for page in pages]
    assert [answer.status_code for answer in answers] == [200, 200]
    for answer in answers:
        assert marks_in(answer.content.decode(), ["canary", "secret.example"]) == []

    client = desk_client(in_team)
    listed, opened = (client.get(page) for page in pages)
    assert opened.status_code != 200
    keys = listed.context["cl"].queryset.values_list("pk", flat=True)
    assert not Delivery.objects.filter(pk__in=keys, kind__in=["asked", "panel"]).exists()


def test_no_figure_moves_for_a_moderator_whose_record_is_judged(world) -> None:
    """Whoever counts the open reviews of each reviewer before and after learns nothing."""
    administrator = make_user(name="Owner with rights", is_staff=True, is_superuser=True)
    Contributor.objects.create(
        solution=world["solution"], user=administrator, name="Administrator", role="author"
    )
    client = desk_client(administrator)
    pages = ("/desk/validation/reviewer/", "/desk/validation/case/agreement/")

    def told() -> list[str]:
        return [
            re.sub(r'csrf[^>]*value="[^"]*"', "", client.get(p).content.decode()) for p in pages
        ]

    before = told()
    to_label(world)
    assert told() == before
    other = desk_client(moderator())
    assert "1</td>" in other.get(pages[1]).content.decode()


def test_a_profile_does_not_tell_that_somebody_reviews(world) -> None:
    to_review(world)
    Profile.objects.filter(user=world["people"][0]).update(name_audience="public")
    stranger = Client()
    body = stranger.get(f"/accounts/people/{world['people'][0].profile.pk}/")
    assert b"eview" not in body.content or body.status_code == 404
