"""What mails say: in plain words, in both forms, whatever was typed."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db import transaction
from django.utils import timezone, translation

from accounts.kinds import NoticeKind
from accounts.letters import LetterText, write_letter
from accounts.models import AccountMail, Profile, User
from accounts.operations import owe_mail
from community.choices import Attention
from community.models import Discussion
from community.operations import discussing
from core import letterhead
from core.letterhead import FIRST_STRONG
from notifications import digesting, noticing, writing
from notifications.delivering import deliver_owed
from notifications.kinds import Mail
from notifications.models import Delivery, Letter, Notice, Notification, Preference
from notifications.ranking import ranked
from tests.community.factories import make_discussion, make_member, make_post

pytestmark = pytest.mark.django_db
State = Delivery.State
ARABIC = "بئر عميقة"
CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def html_of(message: Any) -> str:
    ((content, mimetype),) = message.alternatives
    assert mimetype == "text/html"
    return str(content)


def letter(to: User, text: str, path: str = "/s/1/", kind: str = NoticeKind.CASE) -> None:
    with transaction.atomic():
        write_letter(to, kind=NoticeKind(kind), letter=LetterText.of(text, path))


def told(reader: User, text: str, path: str = "/s/1/") -> Any:
    """The mail somebody gets about a letter."""
    letter(reader, text, path)
    deliver_owed()
    return next(sent for sent in mail.outbox if sent.to == [reader.email])


def begun(**values: Any) -> Discussion:
    discussion = make_discussion(**values)
    noticing.tell_owed()
    return discussion


def mention(reader: User, body: str = "<p>Hello @{handle}</p>", **values: Any) -> Any:
    discussion = begun(**values)
    make_post(discussion, body=body.format(handle=reader.member.handle))
    noticing.tell_owed()
    deliver_owed()
    return next((sent for sent in mail.outbox if sent.to == [reader.email]), None)


def follow(reader: User, discussion: Discussion) -> None:
    discussing.pay_attention(discussion, by=reader, attention=Attention.FOLLOWING)


def digest_of(reader: User) -> Delivery:
    digesting.owe_digest(
        reader.pk, Mail.DAILY, timezone.now() + dt.timedelta(days=1), now=timezone.now()
    )
    return Delivery.objects.get(user=reader, sort="daily")


def speak(reader: User, language: str) -> User:
    Profile.objects.filter(user=reader).update(interface_language=language)
    return reader


def write_digest(reader: User) -> writing.Content:
    return writing.of_digest(digest_of(reader), stop="https://portal.test/stop/")


# --- Letters -------------------------------------------------------------------------------------

PAGE = f"{settings.PORTAL_URL}/s/1/"
LETTER = f"""Decided: Deeper wells

The record keeps its label. Two things are asked of you:

- Say who measured it.
- Give the year.

To change your registration, or to withdraw:
{settings.PORTAL_URL}/registration/

This page always says where it stands and what comes next:

{PAGE}

{settings.PORTAL_NAME}
"""


def test_a_letter_has_paragraphs_a_list_named_links_and_one_button() -> None:
    html = html_of(told(make_member(), LETTER))

    assert ">Decided: Deeper wells</h1>" in html
    assert len(re.findall("<li ", html)) == 2
    assert html.count(f'href="{PAGE}"') == 1
    assert re.search(rf'class="button" href="{re.escape(PAGE)}"[^>]*>Open the page</a>', html)
    assert ">To change your registration, or to withdraw</a>" in html
    assert f"{settings.PORTAL_NAME}</p>" not in html


def test_a_letter_that_does_not_name_its_page_gets_a_button_all_the_same() -> None:
    sent = told(make_member(), "Decided\n\nIt was decided.\n")
    html = html_of(sent)
    assert f"It was decided.\n\n{PAGE}\n\n--\n" in sent.body
    assert html.count('class="button"') == 1
    assert f'class="button" href="{PAGE}"' in html


def test_a_short_line_before_the_link_names_the_button() -> None:
    html = html_of(told(make_member(), f"Decided\n\nRead the decision:\n{PAGE}\n"))
    assert ">Read the decision</a>" in html
    assert "Open the page" not in html


def test_the_plain_text_is_short_lines_with_the_ways_to_stop_below() -> None:
    long_line = "One sentence that goes on for longer than any line of a mail should, and on. " * 3
    sent = told(make_member(), f"Decided\n\n{long_line}\nSee {PAGE}\n")
    lines = sent.body.split("\n")
    assert [line for line in lines if len(line) > 72 and "://" not in line] == []
    assert [line for line in lines if line != line.rstrip()] == []
    assert PAGE in lines
    stop = sent.extra_headers["List-Unsubscribe"].strip("<>")
    assert lines[lines.index(stop) - 1] == (
        "No more mails of this kind: Your submissions and their labels"
    )
    assert "Why you get this mail: It concerns you." in lines
    assert sent.body.count(settings.PORTAL_NAME) == 1


def test_the_ways_to_stop_stand_in_the_html_and_not_where_nothing_can_be_stopped() -> None:
    reader = make_member()
    letter(reader, "A warning\n\nText.\n", kind=NoticeKind.MEASURE)
    html, stoppable = html_of(told(make_member(), LETTER)), "No more mails of this kind:"
    assert stoppable in html
    measure = next(sent for sent in mail.outbox if sent.to == [reader.email])
    assert stoppable not in html_of(measure) + measure.body
    assert "Choose what you are told" in html_of(measure)


@pytest.mark.parametrize("language", ["en", "ar", "zh-hans"])
def test_a_mail_says_its_language_and_direction_and_fetches_nothing(language: str) -> None:
    html = html_of(told(speak(make_member(), language), LETTER))
    direction = "rtl" if language == "ar" else "ltr"
    assert f'<html lang="{language}" dir="{direction}">' in html
    assert not re.search(r"<(img|script|link|iframe|table|object|form)\b|url\(|@import", html)
    assert set(re.findall(r'(?:href|src)="(https?://[^/"]+)', html)) == {settings.PORTAL_URL}
    assert len(html.encode()) < 15_000


def test_what_was_typed_is_text() -> None:
    text = f"<b>Wells</b> & {{{{ x }}}}\n\n<script>alert(1)</script>\n\n{'w' * 5000}\n"
    sent = told(make_member(), text)
    html = html_of(sent)
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "&lt;b&gt;Wells&lt;/b&gt; &amp; {{ x }}" in html
    assert "w" * 5000 in html
    assert sent.subject == "<b>Wells</b> & {{ x }}"


def test_a_link_shows_the_host_that_is_looked_up() -> None:
    html = html_of(told(make_member(), "T\n\nSee https://раypal.example/x\nand http://[bad/\n"))
    assert ">xn--ypal-43d9g.example/x</a>" in html
    assert 'href="http://[bad' not in html


def test_a_paragraph_in_the_other_direction_says_so() -> None:
    html = html_of(told(make_member(), f"T\n\n{ARABIC} {ARABIC}\n\nPlain words.\n"))
    assert html.count('dir="rtl"') == 1


# --- Subjects ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title",
    [
        "Wells\r\nBcc: other@test.example",
        "Wells\nBcc: other@test.example",
        "Wells\x0b\u2028Bcc: other@test.example",
        "We\u202ells\u2066" + "Bcc: \u202dother@test.example",
        "a" + "\u0301" * 5000,
        "w" * 5000,
        CONTROLS,
    ],
)
def test_no_title_breaks_a_mail(title: str) -> None:
    reader = make_member()
    discussion = begun()
    Discussion.objects.filter(pk=discussion.pk).update(title=title[:160])
    make_post(discussion, body=f"<p>@{reader.member.handle}</p>")
    noticing.tell_owed()
    letter(reader, f"{title}\n\nText")
    deliver_owed()

    mine = [sent for sent in mail.outbox if sent.to == [reader.email]]
    assert len(mine) == 2
    for sent in mine:
        assert sent.recipients() == [reader.email]
        assert len(sent.subject) <= 250
        assert not set(sent.subject) & set(CONTROLS)
        assert not re.search(r"[\r\n\x00]", sent.subject)
        raw = sent.message().as_bytes()
        assert b"\nBcc:" not in raw.partition(b"\n\n")[0]
        assert not set(html_of(sent) + sent.body) & set(CONTROLS)
        assert "\u0301" * 5 not in html_of(sent) + sent.body + sent.subject


def test_what_no_database_holds_is_in_no_subject() -> None:
    assert letterhead.subject_of("We\x00lls\x7f") == "Wells"
    assert letterhead.wrapped("We\x00lls\r\n") == "Wells\n"


def test_a_name_cannot_bring_headers_with_it() -> None:
    writer = make_member()
    User.objects.filter(pk=writer.pk).update(name="Ana\r\nBcc: other@test.example\r\n\r\n<b>")
    reader = make_member()
    discussion = begun()
    make_post(discussion, by=writer, body=f"<p>@{reader.member.handle}</p>")
    noticing.tell_owed()
    deliver_owed()
    sent = next(sent for sent in mail.outbox if sent.to == [reader.email])
    assert b"\nBcc:" not in sent.message().as_bytes()
    assert "<b>" not in html_of(sent)


def test_a_title_that_runs_against_the_sentence_is_kept_apart_from_it() -> None:
    with translation.override("en"):
        assert letterhead.subject_about("Ana answered you", ARABIC) == (
            f"Ana answered you: \u2068{ARABIC}\u2069"
        )
        assert FIRST_STRONG not in letterhead.subject_about("Ana answered you", "Wells")
    with translation.override("ar"):
        assert FIRST_STRONG in letterhead.subject_about("x", "Wells")
        assert FIRST_STRONG not in letterhead.subject_about("x", ARABIC)


def test_a_subject_is_shown_in_the_direction_of_its_language() -> None:
    with translation.override("ar"):
        assert letterhead.subject_of(f"ABC-123 {ARABIC}") == f"\u200fABC-123 {ARABIC}"
        assert letterhead.subject_of(ARABIC) == ARABIC
        assert letterhead.subject_of("Not translated yet") == "Not translated yet"
    with translation.override("en"):
        assert letterhead.subject_of(f"{ARABIC} is yours now") == f"\u200e{ARABIC} is yours now"


# --- One notification ----------------------------------------------------------------------------


def test_a_mention_says_it_all_in_the_subject_and_gives_the_beginning() -> None:
    reader = make_member()
    words = "Word " * 200
    sent = mention(reader, "<p>Hello @{handle}</p><p>" + words + "</p>", title="Deeper wells")
    assert re.fullmatch(r".+ mentioned you: Deeper wells", sent.subject)
    html = html_of(sent)
    quoted = re.search(r"<blockquote[^>]*>(.*?)</blockquote>", html)
    assert quoted is not None
    assert len(quoted[1]) <= writing.LONGEST_EXCERPT
    assert quoted[1].endswith("Word…")
    assert "Why you get this mail: You were mentioned." in html
    assert "Hello @" in sent.body
    assert html.count('class="button"') == 1


def test_a_mail_about_one_notification_costs_two_queries(django_assert_num_queries: Any) -> None:
    reader = make_member()
    mention(reader)
    row = Notification.objects.select_related("notice", "letter", "user").get(user=reader)
    with django_assert_num_queries(2):
        writing.of_notice(row, stop="")


def test_what_is_gone_is_in_no_mail_and_keeps_nobody_elses() -> None:
    gone, other = make_member(), make_member()
    letter(gone, "Decided\n\nText.")
    Notification.objects.filter(user=gone).update(letter=None)
    letter(other, "Decided\n\nText.")
    deliver_owed()
    assert [sent.to for sent in mail.outbox] == [[other.email]]
    assert Delivery.objects.get(user=gone).state == State.UNWANTED


@pytest.mark.parametrize(
    "address",
    [
        "аdmin@раypal.example",
        "a" * 64 + "@" + "b" * 180 + ".example",
        "a" * 310 + "@x.example",
        "two@signs@test.example",
        "line\nbreak@test.example",
    ],
)
def test_no_address_keeps_the_mails_of_others(address: str) -> None:
    odd, other = make_member(), make_member()
    letter(odd, "Decided\n\nText.")
    letter(other, "Decided\n\nText.")
    try:
        with transaction.atomic():
            User.objects.filter(pk=odd.pk).update(email=address)
    except Exception:  # noqa: BLE001 (PostgreSQL refuses what is too long)
        return
    deliver_owed()
    assert [other.email] in [sent.to for sent in mail.outbox]
    assert Delivery.objects.get(user=odd).state in {State.SENT, State.DEAD}


# --- Digests -------------------------------------------------------------------------------------


def test_a_digest_gathers_ranks_and_says_why() -> None:
    reader = make_member()
    quiet, busy = begun(title="A quiet discussion"), begun(title="A busy discussion")
    mine = make_discussion(by=reader, title="My own discussion")
    noticing.tell_owed()
    Preference.objects.create(user=reader, kind="mention", mail=Mail.DAILY)
    for discussion in (quiet, busy):
        follow(reader, discussion)
    make_post(mine, reply_to=mine.posts.get(number=1))
    for _n in range(3):
        make_post(busy)
    make_post(quiet)
    noticing.tell_owed()

    content = write_digest(reader)

    assert content.subject == "My own discussion, and 2 more"
    assert re.findall(r"<h[123][^>]*>.*?([\w ]+)(?:</bdi>|</a>|</h)", content.html) == [
        "3 things are new for you",
        "What concerns you",
        "My own discussion",
        "What you follow",
        "A busy discussion",
        "A quiet discussion",
    ]
    assert content.html.count("· and 2 more") == 1
    assert "answered you" in content.text
    assert "You follow this discussion, its place or its author" in content.text
    assert content.text.count("https://portal.test/stop/") == 1


def test_what_was_read_in_the_portal_is_left_out() -> None:
    reader = make_member()
    one, other = begun(title="Read already"), begun(title="Still new")
    for discussion in (one, other):
        follow(reader, discussion)
        make_post(discussion)
    noticing.tell_owed()
    first = Notification.objects.filter(user=reader).order_by("pk").first()
    noticing.read(reader, keys=[first.pk])

    content = write_digest(reader)
    assert re.fullmatch(r".+: Still new", content.subject)
    assert "Read already" not in content.html + content.text

    noticing.read(reader, up_to=2**62)
    deliver_owed()
    assert [sent for sent in mail.outbox if sent.to == [reader.email]] == []
    assert Delivery.objects.get(user=reader).state == State.UNWANTED


def test_a_digest_written_twice_says_the_same() -> None:
    reader = make_member()
    for _n in range(5):
        discussion = begun()
        follow(reader, discussion)
        make_post(discussion)
    noticing.tell_owed()
    delivery = digest_of(reader)
    assert writing.of_digest(delivery, stop="") == writing.of_digest(delivery, stop="")


def many(reader: User, n: int) -> None:
    """So many things that are new: letters, then ten first posts."""
    discussions = [make_discussion() for _n in range(min(n, 10))]
    for k in range(n):
        post = discussions[n - k - 1].posts.get() if n - k <= 10 else None
        notice = Notice.objects.create(
            key=f"x:{k}", subject="post" if post else "letter", subject_id=post.pk if post else 0
        )
        words = None
        if post is None:
            words = Letter.objects.create(
                notice=notice, language="en", title=f"Letter {k}", body="Text", path="/s/1/"
            )
        Notification.objects.create(
            notice=notice, user=reader, reason="following", kind="discussion", mail="daily",
            letter=words,
        )  # fmt: skip
    Notice.objects.filter(done_at=None).update(done_at=timezone.now())


@pytest.mark.parametrize(
    ("n", "last", "queries"),
    # the reader, what was bound, the posts; what waits for the next
    [(3, "", 3), (25, "13 more in the portal", 4), (300, "Many more in the portal", 4)],
)
def test_a_digest_is_short_and_costs_what_a_short_one_costs(
    n: int, last: str, queries: int, django_assert_num_queries: Any
) -> None:
    reader = make_member()
    many(reader, n)
    delivery = digest_of(reader)
    with django_assert_num_queries(queries):
        content = writing.of_digest(delivery, stop="https://portal.test/stop/")
    assert content.html.count("<h3 ") == min(n, writing.MOST_ITEMS)
    assert ('class="button"' in content.html) == bool(last)
    assert last in content.text
    assert len(content.html.encode()) < 15_000


def test_what_stands_neither_in_the_digest_nor_in_the_portal_waits_for_the_next() -> None:
    reader = make_member()
    many(reader, 25)
    outside = Notification.objects.filter(user=reader, letter__isnull=False)
    assert outside.update(in_portal=False) == 15
    delivery = digest_of(reader)

    content = writing.of_digest(delivery, stop="")

    assert content.subject.endswith(", and 11 more")
    assert "more in the portal" not in content.html
    waiting = Notification.objects.for_digests().filter(user=reader)
    assert waiting.count() == 25 - writing.MOST_ITEMS
    assert set(waiting) <= set(outside)
    assert writing.of_digest(delivery, stop="") == content


def test_ranking_does_not_depend_on_the_order_of_reading() -> None:
    reader = make_member()
    many(reader, 25)
    rows = list(Notification.objects.filter(user=reader).select_related("notice", "letter"))
    lines = writing.lines_of(rows, reader)
    there = [(item.row.pk, item.count) for item in ranked(rows, lines)]
    back = [(item.row.pk, item.count) for item in ranked(rows[::-1], lines)]
    assert there == back


# --- Mails about an account ----------------------------------------------------------------------


def account_mail(subject: str, body: str, to: str = "someone@test.example") -> Any:
    row = owe_mail(to=to, purpose="test", subject=subject, body=body, asked_by_anyone=False)
    return AccountMail.objects.get(pk=row.pk).compose()


def test_a_code_stands_large_in_a_mail_without_ways_to_stop() -> None:
    sent = account_mail(
        "ABC-123 is your code for the portal",
        "Enter this code in the page:\n\nABC-123\n\nIt is good for 15 minutes.\n\n--\nX\nhttp://x\n",
    )
    html = html_of(sent)
    assert re.search(r'<p class="code"[^>]*>ABC-123</p>', html)
    assert "Enter this code in the page:" in html
    assert "No more mails" not in html + sent.body
    assert "http://x" not in html


def test_the_link_of_an_account_mail_is_its_button() -> None:
    url = f"{settings.PORTAL_URL}/accounts/password/reset/key/abc/"
    html = html_of(account_mail("Choose a new password", f"Open this link to choose:\n\n{url}\n"))
    assert html.count(f'href="{url}"') == 1
    assert f'class="button" href="{url}"' in html


@pytest.mark.parametrize(
    ("body", "language", "expected"),
    [
        ("Enter the code", "fr", "fr"),
        ("Enter the code", "ar", "en"),
        (f"{ARABIC} {ARABIC} https://x.test/", "en", "ar"),
        ("Введите этот код https://x.test/", "", "ru"),
        ("12345", "", "en"),
    ],
)
def test_the_language_of_an_account_mail_fits_its_text(
    body: str, language: str, expected: str
) -> None:
    user = make_member()
    if language:
        speak(user, language)
    html = html_of(account_mail("Subject", body, to=user.email if language else "x@test.example"))
    assert f'<html lang="{expected}"' in html
