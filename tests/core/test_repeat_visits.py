"""What was drawn is answered again only while it would be drawn the same."""

from __future__ import annotations

import datetime as dt
import logging
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.db import connection, connections, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory
from django.urls import path
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from structlog.contextvars import get_contextvars

from catalogue import operations
from core import changes, repeat_visits
from core.models import Counter, JobRun
from core.repeat_visits import HEADERS, Page, Pages
from hubportal.observability import REQUESTS
from tests import factories
from tests.catalogue import shown

pytestmark = pytest.mark.django_db
#: Commits, and so sees what they do. To empty all tables after it takes a second; other tests say
#: that nothing changes.
commits = pytest.mark.django_db(transaction=True)

ROOT = Path(__file__).resolve().parents[2]
NOON = dt.datetime(2026, 5, 5, 12, 0, 10, tzinfo=dt.UTC)
on_server = pytest.mark.skipif("connection.vendor != 'postgresql'")

#: How often the pages below were drawn, and what happens while the next one is.
drawn: list[str] = []
amid: list[Callable[[], object]] = []


def value() -> int:
    return Counter.objects.values_list("value", flat=True).get(name="one")


def figure(request: HttpRequest) -> HttpResponse:
    """The page most tests ask for: one figure of the database."""
    drawn.append(request.path)
    shows = value()
    while amid:
        amid.pop()()
    return HttpResponse(f"<p>{shows}")


def told(request: HttpRequest) -> HttpResponse:
    """What a page may say of its request."""
    drawn.append(request.path)
    words = [
        get_language(), request.scheme, request.get_host(), request.GET.get("q"),
        *(request.META.get(name) for name in HEADERS),
    ]  # fmt: skip
    return HttpResponse("|".join(map(str, words)))


def _varied(request: HttpRequest) -> HttpResponse:
    response = figure(request)
    patch_vary_headers(response, ["User-Agent"])
    return response


def _with_token(request: HttpRequest) -> HttpResponse:
    drawn.append(request.path)
    get_token(request)
    return HttpResponse("<p>a token is sent apart")


def _with_cookie(request: HttpRequest) -> HttpResponse:
    response = figure(request)
    response.set_cookie("mine", "yours")
    return response


def _private(request: HttpRequest) -> HttpResponse:
    response = figure(request)
    response["Cache-Control"] = "private"
    return response


def _streamed(request: HttpRequest) -> StreamingHttpResponse:
    drawn.append(request.path)
    return StreamingHttpResponse([b"<p>"])


def _writing(request: HttpRequest) -> HttpResponse:
    JobRun.objects.get_or_create(name="a", period=str(len(drawn)))
    return figure(request)


def _reading_unshown(request: HttpRequest) -> HttpResponse:
    drawn.append(request.path)
    return HttpResponse(f"<p>{JobRun.objects.count()}")


def _file(request: HttpRequest) -> HttpResponse:
    response = figure(request)
    response["Content-Type"] = "text/csv"
    return response


def _missing(request: HttpRequest) -> HttpResponse:
    response = figure(request)
    response.status_code = 404
    return response


NEVER_KEPT = {
    "varied": _varied,
    "token": _with_token,
    "cookie": _with_cookie,
    "private": _private,
    "streamed": _streamed,
    "writing": _writing,
    "unshown": _reading_unshown,
    "file": _file,
    "missing": _missing,
}
urlpatterns = [
    path("figure/", figure, name="test-figure"),
    path("told/", told),
    *(path(f"{name}/", view) for name, view in NEVER_KEPT.items()),
]


@pytest.fixture(autouse=True)
def _at_noon(
    settings: Any, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, db: None
) -> Iterator[None]:
    settings.ROOT_URLCONF = __name__
    settings.ALLOWED_HOSTS = ["*"]
    marker = request.node.get_closest_marker("django_db")
    if not marker.kwargs.get("transaction"):
        monkeypatch.setattr(changes, "mark", lambda: "steady")
    drawn.clear()
    amid.clear()
    Counter.objects.create(name="one", value=1)
    with time_machine.travel(NOON, tick=False):
        yield


def set_to(number: int) -> None:
    Counter.objects.filter(name="one").update(value=number)


def shows(client: Client, address: str = "/figure/", **headers: str) -> str:
    return client.get(address, headers=headers).content.decode()


def elsewhere(call: Callable[[], object]) -> None:
    """On a connection of its own, as another process would."""

    def run() -> None:
        try:
            call()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


# --- What is answered again --------------------------------------------------------------------


@commits
def test_a_repeat_visit_is_answered_without_drawing(client: Client) -> None:
    first = client.get("/figure/")
    known = client.get("/figure/", headers={"If-None-Match": first["ETag"]})
    whole = client.get("/figure/")
    assert (known.status_code, known.content, whole.status_code) == (304, b"", 200)
    assert (whole.content, whole.headers) == (first.content, first.headers)
    assert drawn == ["/figure/"]


def test_a_browser_that_has_the_page_makes_it_known_to_the_next(client: Client) -> None:
    tag = client.get("/figure/")["ETag"]
    with time_machine.travel(NOON + dt.timedelta(minutes=1), tick=False):
        assert client.get("/figure/", headers={"If-None-Match": tag}).status_code == 304
        assert len(drawn) == 2
        assert shows(client) == "<p>1"
        assert client.get("/figure/", headers={"If-None-Match": tag}).status_code == 304
        assert len(drawn) == 2


def test_it_says_of_itself_what_it_would_say_when_drawn(client: Client, settings: Any) -> None:
    tag = client.get("/told/")["ETag"]
    kept = client.get("/told/", headers={"If-None-Match": tag})
    assert len(drawn) == 1
    settings.REPEAT_VISITS = False
    plain = Client().get("/told/", headers={"If-None-Match": tag})
    assert len(drawn) == 2
    assert (kept.status_code, plain.status_code) == (304, 304)
    assert kept.headers == plain.headers
    assert {"ETag", "Vary", "X-Content-Type-Options", "Referrer-Policy"} <= set(kept.headers)


@commits
def test_it_asks_the_database_once_at_most(client: Client, django_assert_num_queries: Any) -> None:
    shows(client)
    with django_assert_num_queries(0 if connection.vendor == "sqlite" else 1):
        shows(client)
    assert len(drawn) == 1


def test_it_is_counted_and_logged(
    client: Client, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    counted = REQUESTS.labels("GET", "test-figure", 304)
    before = counted._value.get()
    tag = client.get("/figure/")["ETag"]
    caplog.clear()
    with caplog.at_level(logging.INFO):
        client.get("/figure/", headers={"If-None-Match": tag})
    finished = [one.msg for one in caplog.records if one.msg["event"] == "request_finished"]  # type: ignore[index]  # structlog's event is a mapping
    assert [(one["code"], one["user_id"]) for one in finished] == [(304, None)]  # type: ignore[index]
    assert all("request_id" in one for one in finished)
    assert counted._value.get() == before + 1
    assert get_contextvars() == {}
    assert len(drawn) == 1


def test_a_failure_is_logged_once(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    amid.append(fail)
    client.raise_request_exception = False
    assert client.get("/figure/").status_code == 500
    said = [one.msg["event"] for one in caplog.records if isinstance(one.msg, dict)]
    assert said.count("request_failed") == 1


# --- What changes ------------------------------------------------------------------------------


@commits
def test_a_commit_of_the_same_connection_is_seen(client: Client) -> None:
    shows(client)
    set_to(2)
    assert shows(client) == "<p>2"


@commits
def test_a_commit_of_another_connection_is_seen(client: Client) -> None:
    shows(client)
    elsewhere(lambda: set_to(2))
    assert shows(client) == "<p>2"


@commits
def test_a_commit_in_the_middle_of_reading_is_seen(client: Client) -> None:
    amid.append(lambda: elsewhere(lambda: set_to(2)))
    assert shows(client) == "<p>1"
    assert shows(client) == "<p>2"


@commits
def test_a_transaction_that_was_open_while_the_page_was_read_is_seen(client: Client) -> None:
    has_written, may_commit = threading.Event(), threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                set_to(2)
                has_written.set()
                may_commit.wait(10)
        finally:
            connections.close_all()

    writer = threading.Thread(target=write)
    writer.start()
    has_written.wait(10)
    if connection.vendor == "postgresql":
        # A later one that ends before: the order of numbers is not that of commits.
        elsewhere(lambda: Counter.objects.create(name="two", value=2))
    assert [shows(client), shows(client)] == ["<p>1", "<p>1"]
    assert len(drawn) == 1
    may_commit.set()
    writer.join()
    assert shows(client) == "<p>2"


@commits
def test_what_was_never_committed_is_kept_by_nobody(client: Client) -> None:
    with transaction.atomic():
        set_to(2)
        assert shows(client) == "<p>2"
        transaction.set_rollback(True)
    assert shows(client) == "<p>1"
    with transaction.atomic():
        set_to(3)
        assert shows(client) == "<p>3"
        transaction.set_rollback(True)
    assert shows(client) == "<p>1"


@commits
def test_a_change_inside_a_savepoint_is_seen(client: Client) -> None:
    shows(client)
    with transaction.atomic():
        with transaction.atomic():
            set_to(4)
            transaction.set_rollback(True)
        with transaction.atomic():
            set_to(3)
    assert shows(client) == "<p>3"


@commits
def test_emptying_a_table_is_seen(client: Client) -> None:
    assert shows(client) == "<p>1"
    with connection.cursor() as cursor:
        word = "TRUNCATE" if connection.vendor == "postgresql" else "DELETE FROM"
        cursor.execute(f"{word} core_counter")
    Counter.objects.bulk_create([Counter(name="one", value=9)])
    assert shows(client) == "<p>9"


@commits
def test_each_of_many_writers_is_seen_by_all_readers(client: Client) -> None:
    """Two threads read without pause while a third writes: nobody sees an older figure later."""
    done = threading.Event()
    wrong: list[tuple[int, int]] = []

    def read() -> None:
        own = Client()
        own.handler = client.handler
        try:
            while not done.is_set():
                least = committed[0]
                found = int(shows(own).removeprefix("<p>"))
                if found < least:
                    wrong.append((found, least))
        finally:
            connections.close_all()

    committed = [1]
    shows(client)  # loads the middlewares once for all
    readers = [threading.Thread(target=read) for _number in range(2)]
    for reader in readers:
        reader.start()
    for number in range(2, 60):
        set_to(number)
        committed[0] = number
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_the_next_minute_is_drawn_anew(client: Client) -> None:
    shows(client)
    with time_machine.travel(NOON + dt.timedelta(seconds=49), tick=False):
        shows(client)
        assert len(drawn) == 1
    with time_machine.travel(NOON + dt.timedelta(seconds=50), tick=False):
        shows(client)
        assert len(drawn) == 2


@commits
def test_a_withdrawn_record_is_gone_at_once(client: Client, settings: Any) -> None:
    settings.ROOT_URLCONF = "hubportal.urls"
    factories.reference()
    solution = shown.public("Milk")
    address = solution.get_absolute_url()
    tag = client.get(address)["ETag"]
    elsewhere(lambda: operations.withdraw_solution(
        solution, by=shown.desk(), reason="It was wrong."
    ))  # fmt: skip
    answer = client.get(address, headers={"If-None-Match": tag})
    assert answer.status_code != 304
    assert "It was wrong." in answer.content.decode()


# --- Who asks, and how -------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in HEADERS if name != "HTTP_HOST"])
def test_each_header_a_page_reads_makes_another_page(client: Client, name: str) -> None:
    header = name.removeprefix("HTTP_").replace("_", "-")
    for given in ({}, {header: "fr"}, {header: "es"}, {header: "fr"}):
        # A client of its own has nothing kept: that is what would be drawn.
        assert shows(client, "/told/", **given) == shows(Client(), "/told/", **given)
    assert len(drawn) == 3 + 4


def test_hosts_queries_and_secure_connections_are_told_apart(client: Client, settings: Any) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    asked: list[dict[str, Any]] = [
        {}, {"data": {"q": "a"}}, {"data": {"q": "b"}}, {"headers": {"X-Forwarded-Proto": "https"}},
        {"headers": {"Host": "one.example"}}, {"headers": {"Host": "two.example"}},
    ]  # fmt: skip
    first = [client.get("/told/", **each).content for each in asked]
    again = [client.get("/told/", **each).content for each in asked]
    assert len(drawn) == len(set(first)) == 6
    assert again == first


def test_two_languages_are_two_pages(client: Client, settings: Any) -> None:
    settings.ROOT_URLCONF = "hubportal.urls"
    english, french = shows(client, "/hubs/"), shows(client, "/fr/hubs/")
    assert 'lang="en"' in english
    assert 'lang="fr"' in french
    assert [shows(client, "/hubs/"), shows(client, "/fr/hubs/")] == [english, french]


def test_a_part_of_a_page_is_not_the_page(client: Client, settings: Any) -> None:
    settings.ROOT_URLCONF = "hubportal.urls"
    whole, part = shows(client, "/hubs/"), shows(client, "/hubs/", HX_Request="true")
    assert whole.startswith("<!doctype html>")
    assert not part.startswith("<!doctype html>")
    assert shows(client, "/hubs/") == whole


def test_who_has_a_session_is_never_answered_from_what_is_kept(client: Client) -> None:
    shows(client)
    client.cookies["sessionid"] = "anything"
    shows(client)
    shows(client)
    assert len(drawn) == 3
    del client.cookies["sessionid"]
    shows(client)
    assert len(drawn) == 3


def test_a_signed_in_page_is_never_given_to_a_visitor(client: Client, settings: Any) -> None:
    settings.ROOT_URLCONF = "hubportal.urls"
    client.force_login(factories.make_user(name="Ada Example"))
    assert "Ada Example" in shows(client, "/dashboard/") + shows(client, "/hubs/")
    client.cookies.clear()
    assert "Ada Example" not in shows(client, "/hubs/")


@pytest.mark.parametrize("name", sorted(NEVER_KEPT))
def test_it_is_not_kept(client: Client, name: str) -> None:
    client.get(f"/{name}/")
    client.cookies.clear()
    client.get(f"/{name}/")
    assert len(drawn) == 2


def test_a_session_is_reason_enough(rf: RequestFactory) -> None:
    """Not only because such a page asks for the session, which is watched."""
    assert repeat_visits._key(rf.get("/")) is not None
    rf.cookies["sessionid"] = "anything"
    assert repeat_visits._key(rf.get("/")) is None


def test_a_token_is_reason_enough(rf: RequestFactory) -> None:
    """Not only because it comes with a cookie."""
    request, response = rf.get("/"), HttpResponse(headers={"ETag": '"a"'})
    assert repeat_visits._is_for_all(request, response)
    get_token(request)
    assert not repeat_visits._is_for_all(request, response)


@pytest.mark.parametrize(
    ("statement", "may_be_kept"),
    [
        ("SELECT core_counter.value FROM core_counter", True),
        ("(SELECT 1) UNION (SELECT 2)", True),
        ("WITH a AS (SELECT 1) SELECT updated_at FROM a", True),
        ("CALL anything()", False),
        ("INSERT INTO core_counter VALUES (1)", False),
        ("WITH a AS (DELETE FROM b RETURNING 1) SELECT 1 FROM a", False),
        ('SELECT 1 FROM "core_counter" FOR UPDATE', False),
        ('SELECT 1 FROM "core_counter" JOIN "core_jobrun" ON true', False),
    ],
)
def test_queries_are_watched(statement: str, may_be_kept: bool) -> None:
    middleware = repeat_visits.RepeatVisits(lambda request: HttpResponse())
    watch = repeat_visits.Watch(middleware._refused)
    assert watch(lambda *asked: asked, statement, [], False, {})[0] == statement
    assert watch.may_be_kept is may_be_kept


@pytest.mark.parametrize("method", ["post", "head", "options"])
def test_only_get_is_answered_from_what_is_kept(client: Client, method: str) -> None:
    shows(client)
    getattr(client, method)("/figure/")
    assert len(drawn) == 2


@pytest.mark.parametrize("given", [{"Authorization": "Bearer x"}, {"Cookie": "a=" + "b" * 5_000}])
def test_a_request_with_a_key_or_very_long_is_left_alone(
    client: Client, given: dict[str, str]
) -> None:
    shows(client, **given)
    shows(client, **given)
    assert len(drawn) == 2


def test_every_header_read_anywhere_is_known() -> None:
    """A page that reads another one needs it in ``HEADERS``; what only others read stands here."""
    elsewhere = {
        "AUTHORIZATION": "never answered from what is kept",
        "FORWARDED": "metrics",
        "X-FORWARDED-FOR": "metrics",
        "ORIGIN": "a form that is posted",
        "SEC-FETCH-SITE": "a form that is posted",
        "SEC-FETCH-MODE": "a page for one person",
        "USER-AGENT": "a page for one person",
    }
    known = {name.removeprefix("HTTP_").replace("_", "-") for name in HEADERS} | set(elsewhere)
    reading = re.compile(
        r"""headers(?:\.get\(|\[)\s*"([\w-]+)"|META(?:\.get\(|\[)\s*"HTTP_(\w+)\""""
        r"""|"([\w-]+)" in request\.headers"""
    )
    found = set()
    for folder in sorted(ROOT.iterdir()):
        if not (folder / "__init__.py").exists() or folder.name in {"tests", "bench"}:
            continue
        for source in folder.rglob("*.py"):
            for match in reading.finditer(source.read_text()):
                if "request" in match.string[max(0, match.start() - 12) : match.end()]:
                    found.add(next(filter(None, match.groups())).upper().replace("_", "-"))
    assert {"HX-REQUEST", "SAVE-DATA", "AUTHORIZATION"} <= found
    assert found <= known


def test_nothing_is_kept_while_templates_are_written(settings: Any) -> None:
    settings.DEBUG = True
    client = Client()
    shows(client)
    shows(client)
    assert len(drawn) == 2


# --- How much ----------------------------------------------------------------------------------


def page(size: int) -> Page:
    return Page({}, b"x" * size, None)


def test_the_longest_unasked_page_makes_room() -> None:
    room = Pages(3 * repeat_visits._ABOUT + 3 * 100)
    room.find(1, ("a",))
    for name in "abc":
        room.keep(1, (name,), page(90))
    assert room.find(1, ("a",)) is not None
    room.keep(1, ("d",), page(90))
    assert [name for name in "abcd" if room.find(1, (name,))] == ["a", "c", "d"]
    room.keep(1, ("e",), page(10_000))
    assert room.find(1, ("e",)) is None
    assert room.size <= room.most


def test_pages_of_an_earlier_moment_take_no_room() -> None:
    room = Pages()
    room.find(1, ("a",))
    room.keep(1, ("a",), page(90))
    assert room.find(2, ("a",)) is None
    assert room.size == 0
    room.keep(1, ("a",), page(90))  # drawn before, and slowly
    assert room.find(2, ("a",)) is None
    assert room.find(1, ("a",)) is None


# --- The mark ----------------------------------------------------------------------------------


@commits
def test_a_database_that_does_not_answer_is_no_reason_to_fail(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict, "NAME", tmp_path / "none.sqlite3")
        assert changes.mark() is None
        assert list(tmp_path.iterdir()) == []
    else:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            own = cursor.fetchone()[0]

        def end() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [own])

        elsewhere(end)
        assert changes.mark() is None
    monkeypatch.undo()
    assert changes.mark() is not None


@commits
def test_another_file_in_the_place_of_the_database_is_another_mark(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("a file only on SQLite")
    place = tmp_path / "db.sqlite3"
    place.touch()
    monkeypatch.setitem(connection.settings_dict, "NAME", place)
    first = changes.mark()
    assert first == changes.mark()
    other = tmp_path / "other"
    other.touch()
    other.replace(place)
    assert changes.mark() not in {first, None}


@on_server
@commits
def test_what_no_page_shows_is_not_noted(client: Client) -> None:
    shows(client)
    JobRun.objects.create(name="a", period="b")
    Session.objects.create(session_key="k", session_data="", expire_date=timezone.now())
    shows(client)
    assert len(drawn) == 1


@on_server
@commits
def test_every_other_table_is_noted(settings: Any) -> None:
    assert changes.tables_not_noted() == []
    assert set(settings.UNSHOWN_TABLES) <= set(connection.introspection.table_names())


@on_server
@commits
def test_nothing_is_kept_while_a_table_is_not_noted(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_of_server", changes._OfServer())
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER core_change_noted ON core_counter")
    try:
        assert changes.tables_not_noted() == ["core_counter"]
        shows(client)
        shows(client)
        assert len(drawn) == 2
    finally:
        changes.note_all_tables()
    shows(client)
    shows(client)
    assert len(drawn) == 3


@on_server
@commits
def test_old_numbers_are_forgotten_in_two_steps(client: Client) -> None:
    def kept() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM core_change")
            return int(cursor.fetchone()[0])

    set_to(2)
    assert kept() > 0
    changes.forget_old()
    assert kept() > 0
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_change SET settled_at = now() - interval '61 minutes'")
    changes.forget_old()
    assert kept() == 0


@on_server
@commits
def test_numbers_that_came_with_a_backup_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else nothing would be noted of the transaction that is given one of them again."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO core_change (xid) VALUES (2::bigint ^ 60)")
    monkeypatch.setattr(changes, "_of_server", changes._OfServer())
    first = changes.mark()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM core_change WHERE xid >= 2::bigint ^ 60")
        assert cursor.fetchone() == (0,)
    assert changes.mark() == first


class TestJudging:
    """Numbers of transactions, as looks of several threads bring them."""

    def judge(self, *looks: tuple[int, int, list[int]]) -> list[int | None]:
        server = changes._OfServer()
        return [server._judge(*look) for look in looks]

    def test_nothing_new(self) -> None:
        first, again, later = self.judge(
            (changes._NEVER, 10, [12]), (10, 10, [12]), (10, 13, [12])
        )  # fmt: skip
        assert first == again == later

    def test_a_later_number_committed_first(self) -> None:
        first, later, earlier = self.judge(
            (changes._NEVER, 10, []), (10, 10, [12]), (10, 13, [10, 12])
        )  # fmt: skip
        assert len({first, later, earlier}) == 3

    def test_numbers_older_than_the_oldest_open_one_count_no_more(self) -> None:
        first, later, last = self.judge(
            (changes._NEVER, 10, [10, 12]), (10, 13, [10, 12]), (13, 13, [])
        )  # fmt: skip
        assert first == later == last

    def test_a_look_that_was_asked_before_another_was_judged(self) -> None:
        first, newer, older = self.judge(
            (changes._NEVER, 10, []), (10, 13, [12]), (10, 10, [])
        )  # fmt: skip
        assert first != newer
        assert newer == older  # who draws now draws after both

    def test_numbers_that_go_back_are_another_server(self) -> None:
        first, back, anew = self.judge(
            (changes._NEVER, 10, []), (10, 4, []), (changes._NEVER, 4, [])
        )  # fmt: skip
        assert back is None
        assert anew not in {first, None}

    def test_too_many_to_compare(self) -> None:
        many = list(range(10, 10 + changes.MOST_CHANGES))
        first, none, anew = self.judge(
            (changes._NEVER, 10, []), (10, 10, many), (changes._NEVER, 5_000, [])
        )  # fmt: skip
        assert none is None
        assert anew != first


@on_server
@commits
def test_after_a_long_pause_everything_is_drawn_anew(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What changed in between may be forgotten by then."""
    shows(client)
    monkeypatch.setattr(changes, "LONGEST_PAUSE", -1)
    shows(client)
    assert len(drawn) == 2
