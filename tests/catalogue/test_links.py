"""Links of evidence: asked safely, noted once, tried again. Nothing here leaves the machine."""

from __future__ import annotations

import ipaddress
import socket
import threading
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from catalogue import links, tasks
from catalogue.choices import LinkState
from catalogue.models import Evidence
from core.models import SearchDocument
from tests.factories import complete_snapshot, make_solution, published

PUBLIC = "93.184.216.34"
NAMES = {
    "reports.test.example": [PUBLIC],
    "other.test.example": ["8.8.8.8"],
    "both.test.example": [PUBLIC, "10.0.0.7"],
    "inside.test.example": ["192.168.1.10"],
    "loop.test.example": ["127.0.0.1"],
    "xn--bcher-kva.test.example": [PUBLIC],
    "mapped.test.example": ["::ffff:127.0.0.1"],
    "nat64.test.example": ["64:ff9b::7f00:1"],
    "sixtofour.test.example": ["2002:7f00:1::"],
    "teredo.test.example": ["2001:0:7f00:1::"],
    "local6.test.example": ["fe80::1%eth0"],
    "unique6.test.example": ["fd00::1"],
    "site6.test.example": ["fec0::1"],
    "good6.test.example": ["2606:2800:220:1:248:1893:25c8:1946"],
    "metadata.google.internal": ["169.254.169.254"],
    "localhost": ["127.0.0.1"],
}


def resolve(host: str, port: int) -> list[str]:
    """Names of the test; numbers as the C library reads them, in all their spellings."""
    if host in NAMES:
        return NAMES[host]
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        return [socket.inet_ntoa(socket.inet_aton(host))]
    except OSError:
        raise links.Failed("There is no such host.") from None


class Web:
    """Answers by address; remembers who was asked at which IP address."""

    def __init__(self, **answers: links.Answer) -> None:
        self.answers = answers
        self.asked: list[tuple[str, str]] = []

    def __call__(self, url, address, *, seconds):
        assert 0 < seconds <= links.SECONDS
        self.asked.append((url.geturl(), address))
        return self.answers.get(url.path.strip("/").replace("/", "_"), links.Answer(200))


HOSTILE = [
    "http://127.0.0.1/",
    "http://localhost/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.0.0.1/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://10.0.0.1/",
    "http://172.16.5.4/",
    "http://192.168.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://metadata.google.internal/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://198.18.0.1/",
    "http://192.0.0.8/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:db8::1]/",
    "http://[fd12:3456::1]/",
    "http://[fe80::1%25eth0]/",
    "http://mapped.test.example/",
    "http://nat64.test.example/",
    "http://sixtofour.test.example/",
    "http://teredo.test.example/",
    "http://local6.test.example/",
    "http://unique6.test.example/",
    "http://site6.test.example/",
    "http://inside.test.example/",
    "http://loop.test.example/",
    "https://both.test.example/",
    "http://①②⑦.⓪.⓪.①/",
    "http://ｌｏｃａｌｈｏｓｔ/",
    "http://127。0。0。1/",
    "http://reports.test.example:22/",
    "http://reports.test.example:6379/",
    "https://reports.test.example:80/",
    "http://reports.test.example:99999/",
    "http://user:pass@reports.test.example/",
    "http://reports.test.example@127.0.0.1/",
    "http://reports.test.example\\@127.0.0.1/",
    "http://127.0.0.1\t.test.example/",
    "http://reports.test.example/\r\nHost: evil",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "ftp://reports.test.example/",
    "javascript:alert(1)",
    "//reports.test.example/",
    "http:///etc/passwd",
    "http://",
    "http://[::1",
    "https://" + "a" * 3000,
]


@pytest.mark.parametrize("url", HOSTILE)
def test_no_connection_is_made_to_a_place_of_our_own(url):
    web = Web()
    verdict = links.check(url, resolve=resolve, ask=web)
    assert web.asked == []
    assert verdict.state == LinkState.REFUSED
    assert verdict.note


@pytest.mark.parametrize("url", HOSTILE)
def test_nor_by_way_of_a_redirect(url):
    web = Web(start=links.Answer(302, url))
    verdict = links.check("https://reports.test.example/start", resolve=resolve, ask=web)
    hosts = {(urlsplit(asked).hostname, address) for asked, address in web.asked}
    assert hosts == {("reports.test.example", PUBLIC)}
    assert verdict.state in {LinkState.REFUSED, LinkState.OPENS}
    # What is read as a path of the same host is asked there; nothing else may open.
    assert (verdict.state == LinkState.OPENS) == (len(web.asked) == 2)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://reports.test.example/2021?x=1#part", PUBLIC),
        ("http://reports.test.example:80/", PUBLIC),
        ("https://bücher.test.example/", PUBLIC),
        ("https://good6.test.example/", "2606:2800:220:1:248:1893:25c8:1946"),
        (f"http://{PUBLIC}/", PUBLIC),
    ],
)
def test_an_ordinary_page_is_asked_at_the_address_that_was_checked(url, address):
    web = Web()
    assert links.check(url, resolve=resolve, ask=web) == links.Verdict(LinkState.OPENS)
    assert [asked for _url, asked in web.asked] == [address]


def test_a_name_that_changes_its_answer_is_asked_where_it_first_pointed():
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    web = Web()
    links.check("https://reports.test.example/", resolve=lambda host, port: next(answers), ask=web)
    assert [address for _url, address in web.asked] == [PUBLIC]


@pytest.mark.parametrize(
    ("status", "state", "note"),
    [
        (200, LinkState.OPENS, ""),
        (206, LinkState.OPENS, ""),
        (404, LinkState.BROKEN, "The server answered 404."),
        (500, LinkState.BROKEN, "The server answered 500."),
        (
            403,
            LinkState.BROKEN,
            "The server answered 403: it may turn machines away. Open it by hand.",
        ),
    ],
)
def test_the_answer_becomes_words(status, state, note):
    web = Web(page=links.Answer(status))
    found = links.check("https://reports.test.example/page", resolve=resolve, ask=web)
    assert found == links.Verdict(state, note)


def test_redirects_are_followed_a_few_times_and_relative_ones_too():
    web = Web(a=links.Answer(301, "https://other.test.example/b"), b=links.Answer(308, "c?d=e"))
    verdict = links.check("http://reports.test.example/a", resolve=resolve, ask=web)
    assert verdict.state == LinkState.OPENS
    assert [asked for asked, _address in web.asked] == [
        "http://reports.test.example/a",
        "https://other.test.example/b",
        "https://other.test.example/c?d=e",
    ]


def test_a_circle_ends():
    web = Web(a=links.Answer(302, "/a"))
    verdict = links.check("http://reports.test.example/a", resolve=resolve, ask=web)
    assert verdict.state == LinkState.BROKEN
    assert len(web.asked) == links.HOPS + 1


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        (b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody", links.Answer(200)),
        (b"HTTP/1.0 302\r\nLOCATION:  /x \r\n\r\n", links.Answer(302, "/x")),
        ("HTTP/1.1 301 x\r\nLocation: /é\r\n\r\n".encode(), links.Answer(301, "/é")),
    ],
)
def test_the_head_of_an_answer_is_read(head, answer):
    assert links.read_head(head) == answer


@pytest.mark.parametrize("head", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\xff\xfe"])
def test_what_is_no_web_server_is_said_to_be_none(head):
    with pytest.raises(links.Failed, match="no web server"):
        links.read_head(head)


def test_the_connection_reads_no_more_than_the_head_of_a_page_that_never_ends():
    ours, theirs = socket.socketpair()
    asked = []

    def serve() -> None:
        asked.append(theirs.recv(4096))
        theirs.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        try:
            while True:
                theirs.sendall(b"a" * 4096)
        except OSError:
            theirs.close()

    server = threading.Thread(target=serve)
    server.start()
    url = urlsplit("http://reports.test.example/ä b?c=d e\u2028")
    answer = links._exchange(ours, url, deadline=links.time.monotonic() + 5)
    ours.close()
    server.join()
    assert answer == links.Answer(200)
    assert asked[0].startswith(b"GET /%C3%A4%20b?c=d%20e%E2%80%A8 HTTP/1.1\r\nHost: reports")


# --- The task ---------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """Every link that is checked; it opens."""
    found: list[str] = []

    def check(url: str) -> links.Verdict:
        found.append(url)
        return links.Verdict(LinkState.OPENS)

    monkeypatch.setattr(links, "check", check)
    return found


def evidence(solution, **columns) -> Evidence:
    columns.setdefault("url", "https://reports.test.example/x")
    return Evidence.objects.create(solution=solution, title="T", kind="report", **columns)


@pytest.mark.django_db
def test_a_link_is_checked_once_however_often_the_task_runs(asked):
    row = evidence(make_solution())
    evidence(make_solution(), url="")
    tasks.check_owed_links()
    tasks.check_owed_links()
    row.refresh_from_db()
    assert asked == ["https://reports.test.example/x"]
    assert (row.link_state, row.link_note) == (LinkState.OPENS, "")
    assert row.link_checked_at is not None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "age", "owed"),
    [
        (LinkState.UNCHECKED, timedelta(minutes=59), False),
        (LinkState.UNCHECKED, timedelta(minutes=61), True),
        (LinkState.BROKEN, timedelta(hours=23), False),
        (LinkState.BROKEN, timedelta(hours=25), True),
        (LinkState.OPENS, timedelta(days=29), False),
        (LinkState.OPENS, timedelta(days=31), True),
        (LinkState.REFUSED, timedelta(days=900), False),
    ],
)
def test_what_was_asked_long_ago_is_asked_again(asked, state, age, owed):
    evidence(make_solution(), link_state=state, link_checked_at=timezone.now() - age)
    tasks.check_owed_links()
    assert bool(asked) == owed


@pytest.mark.django_db
def test_links_of_imported_collections_are_left_alone(asked):
    evidence(make_solution(collection="A registry"))
    tasks.check_owed_links()
    assert asked == []


@pytest.mark.django_db
def test_without_a_way_out_nothing_is_claimed_about_a_link(monkeypatch):
    def nowhere(url: str) -> links.Verdict:
        raise links.Later

    monkeypatch.setattr(links, "check", nowhere)
    row = evidence(make_solution())
    tasks.check_owed_links()
    row.refresh_from_db()
    assert row.link_state == LinkState.UNCHECKED
    assert row.link_checked_at is not None  # tried again in an hour


@pytest.mark.django_db
def test_a_link_changed_while_it_was_asked_stays_unchecked(monkeypatch):
    row = evidence(make_solution())

    def check(url: str) -> links.Verdict:
        Evidence.objects.filter(pk=row.pk).update(url="https://other.test.example/")
        return links.Verdict(LinkState.BROKEN, "gone")

    monkeypatch.setattr(links, "check", check)
    tasks.check_owed_links()
    row.refresh_from_db()
    assert (row.link_state, row.link_note) == (LinkState.UNCHECKED, "")


@pytest.mark.django_db(transaction=True)  # mending alters tables
def test_mending_finds_what_is_public_and_forgets_what_is_not():
    public = published(complete_snapshot())
    draft = make_solution()
    SearchDocument.objects.filter(object_id=str(public.pk)).update(object_id=str(draft.pk))
    tasks.mend_search()
    tasks.mend_search()
    found = SearchDocument.objects.filter(kind="solution").values_list("object_id", flat=True)
    assert list(found) == [str(public.pk)]
