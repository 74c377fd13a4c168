"""The list of what a person was told: filters, reading, letters in full, the number at the bell."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.kinds import NoticeKind
from accounts.letters import LetterText, write_letter
from accounts.models import User
from community.choices import Attention
from community.operations import discussing
from notifications import noticing
from notifications.models import Notification
from notifications.notice_views import ICONS, PER_PAGE, SHELVES
from tests.community.factories import make_discussion, make_member, make_post
from tests.people import browser

pytestmark = pytest.mark.django_db
PAGE = "/notifications/"


def letter(
    to: User, kind: NoticeKind = NoticeKind.CASE, said: str = "", title: str = "Decided"
) -> Notification:
    text = LetterText.of(f"{title}\n\n{said or 'It was decided.'}", "/criteria/")
    with transaction.atomic():
        write_letter(to, kind=kind, letter=text)
    return Notification.objects.filter(user=to).latest("pk")


def titles(client: Client, **query: Any) -> list[str]:
    page = client.get(PAGE, query).content.decode()
    return re.findall(r'class="title-link"[^>]*><bdi>([^<]*)</bdi>', page)


@pytest.fixture
def reader() -> User:
    """Somebody who was told one thing of each shelf."""
    reader = make_member()
    discussion = make_discussion(title="How deep is deep")
    noticing.tell_owed()
    discussing.pay_attention(discussion, by=reader, attention=Attention.FOLLOWING)
    make_post(discussion)
    noticing.tell_owed()
    letter(reader, NoticeKind.ASKED, title="Please answer")
    letter(reader, NoticeKind.CASE, title="Decided")
    return reader


def test_every_kind_has_an_icon_and_one_shelf() -> None:
    assert set(ICONS) == set(NoticeKind.values)
    shelved = [kind for _label, kinds in SHELVES.values() for kind in kinds]
    assert sorted(shelved) == sorted(NoticeKind.values)


def test_shelves_part_the_list(reader: User) -> None:
    mine = browser(reader)

    assert titles(mine) == ["Decided", "Please answer", "How deep is deep"]
    assert titles(mine, shelf="asked") == ["Please answer"]
    assert titles(mine, shelf="about") == ["Decided"]
    assert titles(mine, shelf="followed") == ["How deep is deep"]
    assert titles(mine, shelf="else") == titles(mine)


def test_read_ones_are_left_out_if_one_says_so(reader: User) -> None:
    mine = browser(reader)
    asked = Notification.objects.get(user=reader, kind="asked")
    mine.post(f"{PAGE}read/", {"key": asked.pk})

    assert titles(mine, unread="1") == ["Decided", "How deep is deep"]
    assert titles(mine, unread="1", shelf="asked") == []
    assert "None of these." in mine.get(PAGE, {"unread": "1", "shelf": "asked"}).content.decode()
    assert titles(mine, unread="no") == titles(mine)


def test_the_current_shelf_is_named_and_its_links_keep_the_rest(reader: User) -> None:
    page = browser(reader).get(PAGE, {"shelf": "about", "unread": "1"}).content.decode()

    assert '<a href="/notifications/?shelf=about&amp;unread=1" aria-current="page">' in page
    assert '<a href="/notifications/?unread=1">All</a>' in page
    assert 'href="/notifications/?shelf=about">Show read ones too' in page


def test_older_pages_keep_the_choice_and_leave_nobody_out() -> None:
    reader = make_member()
    kinds = (NoticeKind.ASKED, NoticeKind.CASE)
    for n in range(2 * PER_PAGE + 6):
        letter(reader, kinds[n % 2], title=f"Letter {n}")
    mine = browser(reader)

    found: list[str] = []
    address = f"{PAGE}?shelf=about&unread=1"
    while address:
        page = mine.get(address).content.decode()
        found += re.findall(r'class="title-link"[^>]*><bdi>([^<]*)</bdi>', page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        address = older[1].replace("&amp;", "&") if older else ""

    assert found == [f"Letter {n}" for n in range(2 * PER_PAGE + 5, 0, -2)]


def test_marking_all_marks_what_the_shelf_holds(reader: User) -> None:
    mine = browser(reader)
    newest = Notification.objects.filter(user=reader).latest("pk").pk

    answer = mine.post(f"{PAGE}read/", {"up_to": newest, "shelf": "about", "unread": "1"})

    assert answer["Location"] == "/notifications/?shelf=about&unread=1"
    unread = Notification.objects.filter(user=reader, read_at=None).order_by("pk")
    assert list(unread.values_list("kind", flat=True)) == ["discussion", "asked"]
    reader.refresh_from_db()
    assert reader.unread == 2


def test_a_line_read_on_one_shelf_leaves_what_other_shelves_gather() -> None:
    """Of one discussion a mention stands on one shelf and the posts one follows on another."""
    reader = make_member(handle="reader-r")
    discussion = make_discussion()
    noticing.tell_owed()
    discussing.pay_attention(discussion, by=reader, attention=Attention.FOLLOWING)
    make_post(discussion)
    make_post(discussion, body="<p>@reader-r</p>")
    noticing.tell_owed()
    mention = Notification.objects.get(user=reader, kind="mention")

    browser(reader).post(f"{PAGE}read/", {"key": mention.pk, "shelf": "about"})

    left = Notification.objects.filter(user=reader, read_at=None)
    assert list(left.values_list("kind", flat=True)) == ["discussion"]


def test_a_row_says_why_one_is_told_and_whether_it_is_new(reader: User) -> None:
    page = browser(reader).get(PAGE, {"shelf": "followed"}).content.decode()

    row = page[page.index('<ol class="hits') :]
    assert "You follow it" in row
    assert 'class="unread"' in row
    assert "Unread:" in row
    assert "<svg" in row


@pytest.mark.parametrize("n", [1, 12])
def test_the_page_asks_as_much_at_one_as_at_twelve(n: int, django_assert_num_queries: Any) -> None:
    reader = make_member()
    for _n in range(n):
        letter(reader)
    mine = browser(reader)
    mine.get(PAGE)

    with django_assert_num_queries(5):  # session, account, two on their conduct, rows
        mine.get(PAGE, {"shelf": "about", "unread": "1"})


# --- Letters ------------------------------------------------------------------------------------


def test_a_letter_is_read_in_full_by_its_reader_alone() -> None:
    reader, other = make_member(), make_member()
    row = letter(
        reader, said="One.\n\nTwo <script>alert(1)</script> & https://x.test/a?b=1&c=2 end."
    )
    there = f"{PAGE}{row.pk}/"

    page = browser(reader).get(there).content.decode()

    assert "<h1" in page
    assert "Decided" in page
    assert "<p>One.</p>" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in page
    assert 'href="https://x.test/a?b=1&amp;c=2"' in page
    assert 'href="/criteria/"' in page
    assert browser(other).get(there).status_code == 404
    assert Client().get(there)["Location"] == f"/accounts/login/?next={there}"


@pytest.mark.parametrize("pk", ["0", "9" * 30])
def test_a_letter_that_is_none_is_not_found(pk: str) -> None:
    assert browser(make_member()).get(f"{PAGE}{pk}/").status_code == 404


def test_what_is_no_letter_has_no_page_of_its_own(reader: User) -> None:
    row = Notification.objects.get(user=reader, kind="discussion")
    assert browser(reader).get(f"{PAGE}{row.pk}/").status_code == 404


def test_reading_a_letter_marks_nothing_and_its_button_does() -> None:
    reader = make_member()
    row = letter(reader)
    mine = browser(reader)

    mine.get(f"{PAGE}{row.pk}/")
    row.refresh_from_db()
    assert row.read_at is None

    mine.post(f"{PAGE}read/", {"key": row.pk})
    row.refresh_from_db()
    assert row.read_at is not None


def test_a_letter_that_stands_in_no_list_is_read_all_the_same() -> None:
    """Somebody who wishes a kind by mail only may have lost the mail."""
    reader = make_member()
    row = letter(reader)
    Notification.objects.update(in_portal=False)

    assert browser(reader).get(f"{PAGE}{row.pk}/").status_code == 200


# --- The number at the bell ---------------------------------------------------------------------


def test_the_number_comes_with_a_tag_and_is_kept_by_nobody(reader: User) -> None:
    mine = browser(reader)

    first = mine.get(f"{PAGE}unread/")
    again = mine.get(f"{PAGE}unread/", headers={"If-None-Match": first["ETag"]})
    letter(reader)
    changed = mine.get(f"{PAGE}unread/", headers={"If-None-Match": first["ETag"]})

    assert first.json() == {"unread": 3}
    assert "no-store" in first["Cache-Control"]
    assert (again.status_code, again.content) == (304, b"")
    assert changed.json() == {"unread": 4}


def test_asking_for_the_number_costs_the_session_and_the_account_and_writes_nothing(
    reader: User,
) -> None:
    mine = browser(reader)

    with CaptureQueriesContext(connection) as asked:
        answer = mine.get(f"{PAGE}unread/")

    assert [query["sql"].split()[0] for query in asked] == ["SELECT", "SELECT"]
    assert not answer.cookies


def test_an_open_page_that_asks_keeps_no_session_alive(reader: User) -> None:
    mine = browser(reader)
    mine.get(f"{PAGE}unread/")
    assert not UserSession.objects.filter(user=reader).exists()

    mine.get(PAGE)
    assert UserSession.objects.filter(user=reader).exists()
    cache.clear()


def test_who_is_signed_out_is_told_so_and_sent_nowhere(client: Client) -> None:
    assert client.get(f"{PAGE}unread/").status_code == 401
    assert client.post(f"{PAGE}unread/").status_code == 405


def test_who_is_locked_out_is_told_so(reader: User) -> None:
    mine = browser(reader)
    User.objects.filter(pk=reader.pk).update(is_active=False)
    assert mine.get(f"{PAGE}unread/").status_code == 401


def test_every_page_of_a_member_carries_the_bell_and_no_other_page_does(reader: User) -> None:
    page, other = "/criteria/", make_member()
    shown = [browser(user).get(page).content.decode() for user in (reader, other)]

    assert [text.count("js/bell.js") for text in shown] == [1, 1]
    assert 'data-unread="/notifications/unread/"' in shown[0]
    assert '<span class="n">3</span>' in shown[0]
    assert '<span class="n" hidden>0</span>' in shown[1]
    assert "js/bell.js" not in Client().get(page).content.decode()
