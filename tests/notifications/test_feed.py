"""The feed of what a person is told: its address, what stands in it, and that it is Atom."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.keys import fingerprint
from accounts.kinds import NoticeKind
from accounts.letters import LetterText, write_letter
from accounts.models import User
from accounts.operations import close_account, everything_about, set_active
from community.choices import Attention, PostState
from community.models import Post
from community.operations import discussing
from hubportal.observability import public_address
from notifications import noticing
from notifications.feed_views import MOST
from notifications.models import FeedKey
from tests.community.factories import make_discussion, make_member, make_post
from tests.factories import make_user
from tests.people import browser

pytestmark = pytest.mark.django_db
PAGE = "/notifications/feed/"
ATOM = "{http://www.w3.org/2005/Atom}"


def letter(to: User, title: str = "Decided", path: str = "/criteria/") -> None:
    with transaction.atomic():
        write_letter(
            to, kind=NoticeKind.CASE, letter=LetterText.of(f"{title}\n\nIt was decided.", path)
        )


def address(user: User) -> str:
    return f"{PAGE}{FeedKey.make(user)}/"


def read(content: bytes) -> ET.Element:
    """The feed, if it is one: what RFC 4287 requires of feeds and entries, each once."""
    feed = ET.fromstring(content)
    assert feed.tag == f"{ATOM}feed"
    authors = feed.findall(f"{ATOM}author/{ATOM}name")
    assert [bool(author.text) for author in authors] == [True]
    for part in (feed, *feed.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            (one,) = part.findall(f"{ATOM}{name}")
            assert one.text
            assert one.get("type", "text") == "text"
        assert part.findtext(f"{ATOM}id", "").startswith("urn:uuid:")
        moment = dt.datetime.fromisoformat(part.findtext(f"{ATOM}updated", ""))
        assert moment.tzinfo is not None
        links = [link for link in part.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert [urlsplit(link.get("href", "")).scheme for link in links] == ["http"]
    ids = [entry.findtext(f"{ATOM}id") for entry in feed.findall(f"{ATOM}entry")]
    assert len(set(ids)) == len(ids)
    return feed


def entries(there: str) -> list[tuple[str | None, str | None, str | None]]:
    """Title, link and reason of each."""
    feed = read(Client().get(there).content)
    return [
        (
            entry.findtext(f"{ATOM}title"),
            urlsplit(entry.find(f"{ATOM}link").get("href")).path,  # type: ignore[union-attr]
            entry.findtext(f"{ATOM}summary"),
        )
        for entry in feed.findall(f"{ATOM}entry")
    ]


def test_what_one_is_told_stands_in_it_newest_first_with_the_reason() -> None:
    reader = make_member()
    discussion = make_discussion(title="Wells")
    noticing.tell_owed()
    discussing.pay_attention(discussion, by=reader, attention=Attention.FOLLOWING)
    post = make_post(discussion)
    noticing.tell_owed()
    letter(reader)

    found = entries(address(reader))

    assert found[0][0] == "Decided"
    assert [row[1:] for row in found] == [
        ("/criteria/", "It concerns you"),
        (urlsplit(post.get_absolute_url()).path, "You follow it"),
    ]
    assert (found[1][0] or "").endswith(": Wells")


def test_what_may_not_be_read_now_stands_in_no_feed() -> None:
    reader = make_member()
    discussion = make_discussion()
    noticing.tell_owed()
    discussing.pay_attention(discussion, by=reader, attention=Attention.FOLLOWING)
    post = make_post(discussion)
    noticing.tell_owed()
    there = address(reader)
    assert len(entries(there)) == 1

    Post.objects.filter(pk=post.pk).update(state=PostState.HIDDEN)

    assert entries(there) == []


def test_an_empty_feed_is_a_feed_and_stays_the_same() -> None:
    there = address(make_user())

    first, second = Client().get(there), Client().get(there)

    read(first.content)
    assert first.content == second.content


@pytest.mark.parametrize(
    "title",
    [
        "<script>alert(1)</script>",
        "]]> & \"quoted\" 'so'",
        "a\x08b\x0bc",
        "\u202eturned",
        "&amp;lt;",
    ],
)
def test_titles_that_look_like_markup_are_words(title: str) -> None:
    reader = make_user()
    letter(reader, title)

    (found,) = entries(address(reader))

    said = "".join(char for char in title if char not in "\x08\x0b\u202e")
    assert (found[0] or "").replace(" ", "") == said.replace(" ", "")


def test_the_newest_fifty_stand_in_it_in_as_many_queries_as_one() -> None:
    reader = make_user()
    there = address(reader)
    counts = []
    for n in (1, MOST + 4):
        for k in range(n):
            letter(reader, f"Letter {n}.{k}")
        with CaptureQueriesContext(connection) as asked:
            Client().get(there)
        counts.append(len(asked))

    assert counts == [2, 2]  # whose it is, and the rows
    assert len(entries(there)) == MOST


def test_it_speaks_the_language_of_its_reader_whatever_program_asks() -> None:
    reader = make_user()
    reader.profile.interface_language = "fr"
    reader.profile.save()
    letter(reader)

    feed = read(Client().get(address(reader), headers={"Accept-Language": "ar"}).content)

    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"
    links = [link.get("href", "") for link in feed.findall(f"{ATOM}link")]
    assert [urlsplit(link).path for link in links] == ["/fr/notifications/"]


def test_what_did_not_change_is_not_sent_again() -> None:
    reader = make_user()
    letter(reader)
    there = address(reader)
    first = Client().get(there)

    again = Client().get(there, headers={"If-None-Match": first["ETag"]})
    letter(reader, "Another")
    changed = Client().get(there, headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200


def test_no_cookie_no_shared_cache_no_index_no_other_site_and_no_log_has_the_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    there = address(make_user())
    key = there.split("/")[-2]
    caplog.set_level("DEBUG")

    answer = Client().get(there)

    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer["X-Robots-Tag"] == "noindex"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert not answer.cookies
    assert key.encode() not in answer.content
    assert key not in caplog.text
    for path in (there, f"/fr{there}"):
        assert key not in public_address(f"GET {path}")
    assert public_address("GET /notifications/feed/") == "GET /notifications/feed/"


# --- Its address --------------------------------------------------------------------------------


def test_the_page_makes_replaces_and_takes_back_the_address() -> None:
    member = make_user()
    client = browser(member)
    assert "You have no address yet." in client.get(PAGE).content.decode()

    first = client.post(PAGE, {"do": "make"}).context["feed_address"]
    again = client.get(PAGE).content.decode()
    assert first not in again
    assert "Replace the address" in again
    assert Client().get(urlsplit(first).path).status_code == 200

    made = client.post(PAGE, {"do": "make"})
    second = made.context["feed_address"]
    assert "no-store" in made["Cache-Control"]
    assert [Client().get(urlsplit(url).path).status_code for url in (first, second)] == [404, 200]

    for _n in range(2):
        assert client.post(PAGE, {"do": "drop"}).status_code == 302
    assert Client().get(urlsplit(second).path).status_code == 404
    assert not FeedKey.objects.exists()


def test_an_address_made_on_a_page_in_another_language_is_the_same() -> None:
    made = browser(make_user()).post(f"/fr{PAGE}", {"do": "make"})
    assert urlsplit(made.context["feed_address"]).path.startswith(PAGE)


def test_only_a_fingerprint_is_kept() -> None:
    member = make_user()
    key = FeedKey.make(member)

    kept = FeedKey.objects.get(user=member)

    assert key not in str(vars(kept))
    assert kept.fingerprint == fingerprint(key)
    assert len(key) >= 32


@pytest.mark.parametrize("key", ["x", "a" * 32, "é", "' OR 1=1", "x" * 5000])
def test_an_address_nobody_was_given_leads_nowhere(client: Client, key: str) -> None:
    FeedKey.make(make_user())
    assert client.get(f"{PAGE}{key}/").status_code == 404


def test_the_page_asks_to_sign_in_and_takes_no_other_word(client: Client) -> None:
    assert client.get(PAGE)["Location"] == f"/accounts/login/?next={PAGE}"
    assert client.post(PAGE, {"do": "make"}).status_code == 302
    assert browser(make_user()).post(PAGE, {"do": "else"}).status_code == 400
    assert client.post(address(make_user())).status_code == 405
    assert FeedKey.objects.count() == 1


def test_who_is_locked_out_or_leaves_has_no_feed_and_gets_the_old_one_back_by_nothing() -> None:
    locked, gone, boss = make_user(), make_user(), make_user(is_superuser=True, is_staff=True)
    addresses = [address(locked), address(gone)]

    set_active(by=boss, user=locked, active=False, note="Spam.")
    close_account(by=gone, user=gone)
    assert [Client().get(there).status_code for there in addresses] == [404, 404]
    set_active(by=boss, user=locked, active=True, note="A mistake.")

    assert [Client().get(there).status_code for there in addresses] == [404, 404]
    assert not FeedKey.objects.exists()


def test_an_account_that_is_not_active_has_no_feed_however_that_came(client: Client) -> None:
    member = make_user()
    there = address(member)
    User.objects.filter(pk=member.pk).update(is_active=False)
    assert client.get(there).status_code == 404


def test_a_persons_own_file_says_that_there_is_an_address() -> None:
    member = make_user()
    FeedKey.make(member)
    kept: Any = everything_about(member)["feed_addresses"]
    assert [list(row) for row in kept] == [["made"]]
