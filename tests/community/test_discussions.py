"""The page of a discussion: reading it, writing in it, and what each kind of person may."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from community.choices import (
    Attention,
    ChapterRole,
    DiscussionState,
    PostState,
    SanctionKind,
    Trust,
)
from community.models import (
    ChapterMember,
    Discussion,
    Draft,
    Mention,
    Post,
    Reading,
    Sanction,
    UsefulMark,
)
from community.operations import discussing
from tests.catalogue.test_record import publish_as_is
from tests.community.factories import (
    make_article,
    make_chapter,
    make_discussion,
    make_lab,
    make_member,
    make_post,
    make_theme,
    open_theme,
)
from tests.events.factories import make_commitment, make_event
from tests.factories import complete_full, make_user
from tests.people import browser

pytestmark = pytest.mark.django_db


def page(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def numbers(html: str) -> list[int]:
    return [int(n) for n in re.findall(r'<li class="post[^"]*" id="p(\d+)"', html)]


def fill(discussion: Discussion, n: int, **values: Any) -> None:
    """So many posts by people of their own, written at once."""
    author = values.pop("author", None) or make_member()
    discussion.refresh_from_db()
    first = discussion.last_number + 1
    now = timezone.now()
    Post.objects.bulk_create(
        Post(
            **{
                "discussion": discussion, "number": number, "author": author,
                "body": f"<p>Bucket {number}</p>", "written_at": now, "shown_at": now,
            } | values
        )
        for number in range(first, first + n)
    )  # fmt: skip
    Discussion.objects.filter(pk=discussion.pk).update(last_number=first + n - 1)
    discussion.refresh_from_db()
    discussing.recount(discussion)
    discussion.refresh_from_db()


def silence(user: Any, **values: Any) -> Any:
    Sanction.objects.create(
        **{"user": user, "kind": SanctionKind.BAN, "ground": "spam", "reason": "Sold pumps."}
        | values
    )
    return user


def send(client: Client, discussion: Discussion, **data: Any) -> Any:
    url = f"/community/discussions/{discussion.uid}/reply/"
    told = {"form_key": str(uuid.uuid4()), "body": "We tried it.", "body-format": "text"}
    return client.post(url, told | data)


# --- Reading -----------------------------------------------------------------------------------


def test_a_thread_says_where_it_belongs_and_who_wrote_what(client: Client) -> None:
    theme = open_theme(title="Deeper wells")
    discussion = make_discussion(theme, title="Who pays for the pump?")
    post = make_post(discussion, body="<p>By the bucket.</p>")

    html = page(client, discussion.get_absolute_url())

    assert numbers(html) == [1, 2]
    for text in (
        "Who pays for the pump?", "Deeper wells", theme.get_absolute_url(),
        f"/community/posts/{post.uid}/", post.author.member.handle, "By the bucket.", "2 posts",
    ):  # fmt: skip
        assert text in html


def test_pages_are_cut_by_number_and_every_post_is_on_one(client: Client) -> None:
    discussion = make_discussion()
    fill(discussion, 129)
    url = discussion.get_absolute_url()

    assert numbers(page(client, url)) == list(range(1, 51))
    assert numbers(page(client, f"{url}?after=50")) == list(range(51, 101))
    assert numbers(page(client, f"{url}?before=51")) == list(range(1, 51))
    assert numbers(page(client, f"{url}?at=100")) == list(range(51, 101))
    assert numbers(page(client, f"{url}?at=101")) == list(range(101, 131))
    assert numbers(page(client, f"{url}?last")) == list(range(81, 131))


@pytest.mark.parametrize(
    "query", ["?after=999999", "?after=99999999999999999999", "?at=9223372036854775808", "?after=x",
              "?before=-1", "?at=²", "?before=1", "?after=&at="]
)  # fmt: skip
def test_a_page_that_is_not_there_is_another_one(client: Client, query: str) -> None:
    discussion = make_discussion()
    fill(discussion, 60)

    assert numbers(page(client, discussion.get_absolute_url() + query))


def test_a_posts_address_leads_to_its_page_wherever_it_was_moved(client: Client) -> None:
    theme, keeper = open_theme(), make_user(is_staff=True)
    one, two = make_discussion(theme), make_discussion(theme)
    fill(one, 60)
    far = one.posts.get(number=61)

    answer = client.get(f"/community/posts/{far.uid}/")
    assert (answer.status_code, answer["Location"]) == (
        302, f"{one.get_absolute_url()}?after=50#p61",
    )  # fmt: skip
    discussing.merge_discussions(one, two, by=keeper, reason="the same")
    answer = client.get(f"/community/posts/{far.uid}/")
    assert answer["Location"] == f"{two.get_absolute_url()}?after=50#p62"
    assert client.get("/community/posts/nowhere/").status_code == 404


def test_a_merged_discussion_leads_to_the_other_for_ever(client: Client) -> None:
    theme, keeper = open_theme(), make_user(is_staff=True)
    one, two, three = (make_discussion(theme) for _n in range(3))
    discussing.merge_discussions(one, two, by=keeper, reason="the same")
    two.refresh_from_db()
    discussing.merge_discussions(two, three, by=keeper, reason="the same")

    answer = client.get(one.get_absolute_url())

    assert (answer.status_code, answer["Location"]) == (301, three.get_absolute_url())
    Discussion.objects.filter(pk=three.pk).update(state=DiscussionState.HIDDEN)
    assert client.get(one.get_absolute_url()).status_code == 404


def test_what_was_hidden_or_withdrawn_leaves_a_gap_without_words_or_name(client: Client) -> None:
    discussion, keeper = make_discussion(), make_user(is_staff=True)
    hidden = make_post(discussion, body="<p>Buy my pump</p>", by=make_member(handle="seller"))
    taken = make_post(discussion, body="<p>Never said</p>", by=make_member(handle="shy"))
    reply = make_post(discussion, reply_to=hidden, quote="Buy my pump", body="<p>No.</p>")
    discussing.move_post(hidden, "hide_post", by=keeper, reason="spam")
    discussing.move_post(taken, "withdraw_post", by=taken.author)

    html = page(client, discussion.get_absolute_url())

    assert numbers(html) == [1, 2, 3, 4]
    assert "A moderator hid this post." in html
    assert "Its author withdrew this post." in html
    for secret in ("my pump", "Never said", "seller", "shy"):
        assert secret not in html
    assert "In reply to another post." in html
    for post in (hidden, taken):
        assert client.get(f"/community/posts/{post.uid}/history/").status_code == 404
    assert reply.uid in html


def test_a_held_post_is_seen_by_its_author_and_by_moderators_only(client: Client) -> None:
    discussion, author = make_discussion(), make_member(trust=Trust.NEW)
    held = make_post(discussion, by=author, body="<p>My first words</p>")
    url = discussion.get_absolute_url()

    assert "My first words" not in page(client, url)
    assert client.get(f"/community/posts/{held.uid}/").status_code == 404
    own = page(browser(author), url)
    assert "My first words" in own
    assert "Only you and the moderators see this." in own
    assert "My first words" in page(browser(make_user(is_staff=True)), url)


def test_a_discussion_nobody_has_read_yet_shows_not_even_its_title(client: Client) -> None:
    theme, author, keeper = open_theme(), make_member(trust=Trust.NEW), make_user(is_staff=True)
    discussion = make_discussion(theme, by=author, title="Cheap pumps here")
    url = discussion.get_absolute_url()

    assert client.get(url).status_code == 404
    assert "Cheap pumps" not in page(client, "/community/discussions/")
    assert "Cheap pumps" in page(browser(author), url)
    discussing.move_post(discussion.posts.get(), "release_post", by=keeper)
    assert "Cheap pumps" in page(client, url)


def test_what_never_was_shown_leaves_no_gap(client: Client) -> None:
    discussion, keeper = make_discussion(), make_user(is_staff=True)
    held = make_post(discussion, by=make_member(trust=Trust.NEW))
    discussing.move_post(held, "refuse_post", by=keeper, reason="spam")

    assert numbers(page(client, discussion.get_absolute_url())) == [1]


def test_new_posts_are_counted_and_the_first_is_linked_to() -> None:
    discussion, reader = make_discussion(), make_member()
    discussing.read_up_to(discussion, by=reader, number=1)
    fill(discussion, 70)

    html = page(browser(reader), discussion.get_absolute_url())

    assert "70 new since your last visit" in html
    assert 'href="#p2"' in html
    assert html.count('<span class="tag">New</span>') == 49


def test_get_changes_nothing_and_reading_is_noted_by_post() -> None:
    discussion, reader = make_discussion(), make_member()
    fill(discussion, 3)
    client = browser(reader)
    html = page(client, discussion.get_absolute_url())
    assert not Reading.objects.filter(user=reader).exists()
    assert 'name="number" value="4"' in html

    url = f"/community/discussions/{discussion.uid}/read/"
    assert client.post(url, {"number": "4"}).status_code == 302
    assert (
        client.post(url, {"number": "2"}, headers={"Accept": "application/json"}).status_code == 204
    )
    assert Reading.objects.get(user=reader).read_to == 4
    assert "Mark as read" not in page(client, discussion.get_absolute_url())


def test_members_named_in_a_post_are_links_and_nothing_else_is() -> None:
    named = make_member(handle="ana-b")
    make_member(handle="out-side")
    discussion = make_discussion(
        body='<p>@ana-b, @nobody, <a href="https://x.example/@ana-b">see @ana-b</a> &lt;b&gt;</p>'
    )

    html = page(Client(), discussion.get_absolute_url())

    assert html.count('<a href="/community/members/ana-b/">@ana-b</a>') == 1
    assert "see @ana-b</a>" in html
    assert "@nobody" in html
    assert Mention.objects.get().user == named


# --- Writing -----------------------------------------------------------------------------------


def test_a_reply_with_a_quotation() -> None:
    discussion, client = make_discussion(), browser(make_member())
    answered = make_post(discussion, body="<p>They set the date, and they report.</p>")
    url = f"{discussion.get_absolute_url()}?reply={answered.uid}"
    assert "They set the date, and they report." in page(client, url).split('name="quote"')[1]

    answer = send(client, discussion, reply_to=answered.uid, quote="They set … they report.")

    reply = Post.objects.get(number=3)
    assert answer["Location"] == f"{discussion.get_absolute_url()}#p3"
    assert (reply.reply_to, reply.quote) == (answered, "They set … they report.")
    html = page(client, discussion.get_absolute_url())
    assert "In reply to" in html
    assert '<q dir="auto">They set … they report.</q>' in html
    assert "post-in" in html


def test_nobody_puts_words_into_somebody_elses_mouth() -> None:
    discussion, client = make_discussion(), browser(make_member())
    answered = make_post(discussion, body="<p>They set the date.</p>")

    answer = send(
        client, discussion, reply_to=answered.uid, quote="They never met.", body="My long answer"
    )

    html = answer.content.decode()
    assert (answer.status_code, discussion.posts.count()) == (422, 2)
    assert "Quote words as they stand in the post you answer" in html
    assert "My long answer" in html


def test_a_reply_to_a_post_of_another_discussion_stands_by_itself() -> None:
    theme = open_theme()
    discussion, other = make_discussion(theme), make_discussion(theme, body="<p>Other words</p>")
    forged = other.posts.get()

    send(browser(make_member()), discussion, reply_to=forged.uid, quote="Other words")

    reply = discussion.posts.get(number=2)
    assert (reply.reply_to, reply.quote) == (None, "")


def test_a_preview_saves_nothing_and_keeps_what_was_typed() -> None:
    discussion, client = make_discussion(), browser(make_member())

    answer = send(client, discussion, action="preview", body="Said **plainly**.")

    html = answer.content.decode()
    assert answer.status_code == 200
    assert "<strong>plainly</strong>" in html
    assert "Said **plainly**." in html
    assert discussion.posts.count() == 1


def test_a_form_sent_twice_is_one_post() -> None:
    discussion, client, key = make_discussion(), browser(make_member()), str(uuid.uuid4())

    for _time in range(2):
        send(client, discussion, form_key=key)

    assert discussion.posts.count() == 2
    send(client, discussion, form_key="no key")
    assert discussion.posts.count() == 3


def test_hostile_html_comes_out_harmless() -> None:
    discussion = make_discussion()
    hostile = (
        '<p onclick="x()">Deep<script>alert(1)</script> <img src=x onerror=y>'
        '<a href="javascript:z()">here</a></p><style>p{}</style>'
    )

    send(browser(make_member()), discussion, body=hostile, **{"body-format": "html"})

    html = page(Client(), discussion.get_absolute_url()).split('id="p2"')[1]
    for bad in ("onclick", "alert(1)", "onerror", "javascript:", "<style"):
        assert bad not in html
    assert "Deep" in html


@pytest.mark.parametrize("text", ["a" + "\u0301" * 5000, "مرحبا hello שלום", "@a-b " * 2000])
def test_odd_texts_are_kept_and_stand_by_themselves(text: str) -> None:
    discussion, author = make_discussion(), make_member()

    send(browser(author), discussion, body=text)

    assert discussion.posts.count() == 2
    html = page(browser(author), discussion.get_absolute_url())
    assert '<div class="prose" dir="auto">' in html


def test_what_is_too_long_or_empty_is_refused_and_nothing_typed_is_lost() -> None:
    discussion, client = make_discussion(), browser(make_member())

    for body, told in (("", "Write something first."), ("b" * 10_001, "Shorten this")):
        answer = send(client, discussion, body=body)
        assert answer.status_code == 422
        assert told in answer.content.decode()
        assert body in answer.content.decode()
    assert discussion.posts.count() == 1


# --- Changing ----------------------------------------------------------------------------------


def test_a_change_is_marked_and_its_history_readable_by_all(client: Client) -> None:
    author = make_member()
    post = make_post(make_discussion(), by=author, body="<p>Forty metres deep</p>")

    answer = browser(author).post(
        f"/community/posts/{post.uid}/edit/",
        {"body": "Sixty metres deep", "reason": "I measured again", "base": "0"},
    )

    assert answer.status_code == 302
    assert "edited" in page(client, post.discussion.get_absolute_url())
    history = page(client, f"/community/posts/{post.uid}/history/")
    for text in ("Forty", "Sixty", "I measured again", "<del>", "<ins>"):
        assert text in history


def test_a_stale_form_shows_both_texts_and_loses_neither() -> None:
    author = make_member()
    post = make_post(make_discussion(), by=author, body="<p>First words</p>")
    discussing.change_post(post, by=author, body="<p>Words from the phone</p>", base=0)
    client, url = browser(author), f"/community/posts/{post.uid}/edit/"

    answer = client.post(url, {"body": "Words from the desk", "base": "0"})

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "What is saved now" in html
    assert "Words from the phone" in html
    assert "Words from the desk" in html
    assert Draft.objects.get().key == f"edit:{post.uid}"
    assert 'name="base" value="1"' in html
    assert client.post(url, {"body": "Words from the desk", "base": "1"}).status_code == 302
    post.refresh_from_db()
    assert post.body == "<p>Words from the desk</p>"
    assert not Draft.objects.exists()


def test_a_post_is_withdrawn_after_a_question(client: Client) -> None:
    author = make_member()
    post = make_post(make_discussion(), by=author)
    own, url = browser(author), f"/community/posts/{post.uid}/withdraw/"

    assert "Withdraw your post?" in page(own, url)
    post.refresh_from_db()
    assert post.state == PostState.SHOWN
    own.post(url)
    post.refresh_from_db()
    assert post.state == PostState.WITHDRAWN


def test_useful_is_said_and_taken_back() -> None:
    reader = make_member()
    post = make_post(make_discussion())
    client, url = browser(reader), f"/community/posts/{post.uid}/useful/"

    answer = client.post(url, {"useful": "yes"})
    assert answer["Location"] == f"{post.discussion.get_absolute_url()}#p2"
    assert 'aria-pressed="true"' in page(client, post.discussion.get_absolute_url())
    assert UsefulMark.objects.count() == 1
    client.get(url)
    client.post(url, {"useful": "no"})
    assert not UsefulMark.objects.exists()


# --- Beginning ---------------------------------------------------------------------------------


def place_of(kind: str) -> tuple[Any, str]:
    if kind == "solution":
        record = publish_as_is(complete_full())
        return record, record.reference
    make = {
        "theme": open_theme, "chapter": make_chapter, "lab": make_lab, "event": make_event,
        "commitment": lambda: make_commitment(make_event()), "article": make_article,
    }  # fmt: skip
    record = make[kind]()
    return record, getattr(record, "code", None) or record.slug


@pytest.mark.parametrize(
    "kind", ["theme", "chapter", "lab", "solution", "commitment", "event", "article"]
)
def test_a_discussion_is_begun_about_each_kind_of_place(kind: str) -> None:
    record, key = place_of(kind)
    client, url = browser(make_member()), f"/community/discuss/{kind}/{key}/"
    assert "Start a discussion" in page(client, url)

    data = {"title": "How deep?", "body": "Forty metres.", "form_key": str(uuid.uuid4())}
    answer = client.post(url, data)

    discussion = Discussion.objects.get()
    assert answer["Location"] == discussion.get_absolute_url()
    assert (discussion.place, discussion.title, discussion.shown_posts) == (record, "How deep?", 1)
    client.post(url, data)
    assert Discussion.objects.count() == 1
    assert "How deep?" in page(client, f"/community/discussions/?in={kind}:{key}")


def test_nothing_is_begun_where_one_may_not() -> None:
    member, private = make_member(), make_chapter(is_private=True)
    closed, hidden = make_theme(month="2013-04"), open_theme(is_public=False)
    draft = complete_full()
    client = browser(member)

    assert client.get(f"/community/discuss/chapter/{private.slug}/").status_code == 403
    assert client.get(f"/community/discuss/theme/{hidden.slug}/").status_code == 404
    assert client.get(f"/community/discuss/solution/{draft.uid}/").status_code == 404
    assert client.get("/community/discuss/planet/mars/").status_code == 404
    url = f"/community/discuss/theme/{closed.slug}/"
    assert "This is closed." in page(client, url)
    answer = client.post(url, {"title": "Late", "body": "Words", "form_key": str(uuid.uuid4())})
    assert answer.status_code == 422
    assert Draft.objects.get(user=member).title == "Late"
    assert not Discussion.objects.exists()


def test_each_refusal_of_a_new_discussion_stands_at_its_field() -> None:
    client, theme = browser(make_member()), open_theme()

    answer = client.post(f"/community/discuss/theme/{theme.slug}/", {"title": "", "body": ""})

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "Give it a title." in html
    assert "Write something first." in html


def test_the_second_first_comment_on_a_blog_post_joins_the_first() -> None:
    article = make_article()
    one = make_discussion(article)
    by = make_member()

    two = discussing.begin_discussion(
        by=by, place=article, title="Another", body="<p>Me too</p>", form_key=uuid.uuid4()
    )

    assert one == two
    assert one.posts.filter(author=by).count() == 1


# --- Drafts and attention ------------------------------------------------------------------------


def test_a_draft_is_kept_by_script_and_by_button_and_is_in_the_form_on_return() -> None:
    discussion, author = make_discussion(), make_member()
    client = browser(author)

    answer = client.post(
        "/community/my/drafts/",
        {"key": f"reply:{discussion.uid}", "body": "<p>Half a <b>thought</b></p>",
         "body-format": "html"},
        headers={"Accept": "application/json"},
    )  # fmt: skip
    assert answer.json()["message"].startswith("Draft saved at")
    html = page(client, discussion.get_absolute_url())
    assert "This is what you typed and did not send" in html
    assert "Half a **thought**" in html
    send(client, discussion, action="draft", body="A whole thought")
    assert Draft.objects.get().body == "<p>A whole thought</p>"
    mine = page(client, "/community/my/discussions/")
    assert "A whole thought" in mine
    client.post("/community/my/drafts/", {"key": Draft.objects.get().key, "action": "discard"})
    assert not Draft.objects.exists()


def test_what_somebody_sends_after_their_session_ended_is_there_when_they_are_back() -> None:
    discussion, author, client = make_discussion(), make_member(), Client()

    answer = send(client, discussion, body="Typed for an hour")

    assert "/login/" in answer["Location"]
    client.force_login(author)
    assert "Typed for an hour" in page(client, discussion.get_absolute_url())
    send(client, discussion, body="Typed for an hour")
    form = page(client, discussion.get_absolute_url()).split("<textarea")[1]
    assert "Typed for an hour" not in form


def test_drafts_have_known_places_and_belong_to_somebody() -> None:
    url, as_script = "/community/my/drafts/", {"Accept": "application/json"}

    assert Client().post(url, {"key": "reply:abc"}, headers=as_script).status_code == 401
    client = browser(make_member())
    for key in ("", "x", "reply:../..", "new:planet:1", "reply:" + "a" * 60):
        assert client.post(url, {"key": key, "body": "x"}).status_code == 400
    assert not Draft.objects.exists()


def test_a_draft_of_what_is_gone_stays_readable_and_says_nothing_of_it() -> None:
    author, chapter = make_member(), make_chapter(is_private=True)
    there = ChapterMember.objects.create(chapter=chapter, user=author, role=ChapterRole.MEMBER)
    discussion = make_discussion(chapter, by=author, title="Inside matters")
    discussing.keep_draft(by=author, key=f"reply:{discussion.uid}", body="<p>My words</p>")
    there.delete()

    html = page(browser(author), "/community/my/discussions/")

    assert "My words" in html
    assert "Inside matters" not in html
    assert "not there any more" in html


def test_a_draft_follows_a_merge() -> None:
    theme, author = open_theme(), make_member()
    one, two = make_discussion(theme), make_discussion(theme)
    discussing.keep_draft(by=author, key=f"reply:{one.uid}", body="<p>My words</p>")

    discussing.merge_discussions(one, two, by=make_user(is_staff=True), reason="same")

    assert "My words" in page(browser(author), two.get_absolute_url())


def test_one_follows_mutes_or_neither() -> None:
    discussion, reader = make_discussion(title="On pumps"), make_user()
    client, url = browser(reader), f"/community/discussions/{discussion.uid}/attention/"

    for wanted, tab in ((Attention.FOLLOWING, "followed"), (Attention.MUTED, "muted")):
        client.post(url, {"attention": wanted})
        assert Reading.objects.get(user=reader).attention == wanted
        assert "On pumps" in page(client, f"/community/my/discussions/?show={tab}")
    assert "On pumps" not in page(client, "/community/my/discussions/")
    client.post(url, {"attention": "normal"})
    assert "On pumps" not in page(client, "/community/my/discussions/?show=muted")
    assert client.post(url, {"attention": "loudly"}).status_code == 400


def test_followed_discussions_say_how_many_posts_are_new() -> None:
    one, two, reader = make_discussion(), make_discussion(), make_member()
    for discussion in (one, two):
        discussing.pay_attention(discussion, by=reader, attention=Attention.FOLLOWING)
    fill(one, 4)
    fill(two, 1, author=reader)

    html = page(browser(reader), "/community/my/discussions/")

    assert "4 new" in html
    assert "1 new" not in html


def test_the_list_of_all_goes_on_where_it_stopped(client: Client) -> None:
    theme, by = open_theme(), make_member()
    now = timezone.now()
    Discussion.objects.bulk_create(
        Discussion(theme=theme, title=f"Topic {n:02}", started_by=by, last_post_at=now)
        for n in range(65)
    )
    found: list[str] = []
    path = "/community/discussions/"
    while path:
        html = page(client, path)
        found += re.findall(r"Topic \d\d", html)
        older = re.search(r'rel="next" href="([^"]+)"', html)
        path = f"/community/discussions/{older[1]}" if older else ""

    assert found == [f"Topic {n:02}" for n in reversed(range(65))]
    for odd in ("?before=x", "?before=-", "?before=20240230T000000.0Z-1"):
        assert "Topic 64" in page(client, f"/community/discussions/{odd}")


# --- Who may what --------------------------------------------------------------------------------

PEOPLE = ("anonymous", "stranger", "member", "suspended", "author", "keeper", "staff")
#: What the answer is for: reading, replying, and on a post of the author's: the form to change it,
#: withdrawing, marking.
OPEN = {
    "anonymous": (200, "login", "login", "login", "login"),
    "stranger": (200, "join", 403, 403, "join"),
    "member": (200, "post", 403, 403, "post"),
    "suspended": (200, 403, 403, 403, 403),
    "author": (200, "post", 200, "post", "post"),
    "keeper": (200, "post", 403, 403, "post"),
    "staff": (200, "join", 403, 403, "join"),
}


def outcome(answer: Any) -> Any:
    if answer.status_code != 302:
        return answer.status_code
    where = answer["Location"]
    return next((word for word in ("login", "join") if f"/{word}/" in where), "post")


def what_happens(user: Any, discussion: Discussion, post: Post) -> tuple[Any, ...]:
    client = browser(user)
    at = f"/community/posts/{post.uid}/"
    return tuple(
        outcome(answer)
        for answer in (
            client.get(discussion.get_absolute_url()),
            send(client, discussion),
            client.get(f"{at}edit/"),
            client.post(f"{at}useful/"),
            client.post(f"{at}withdraw/"),
        )
    )


@pytest.fixture
def people() -> dict[str, Any]:
    return {
        "anonymous": None,
        "stranger": make_user(),
        "member": make_member(),
        "suspended": silence(make_member()),
        "author": make_member(),
        "keeper": make_member(),
        "staff": make_user(is_staff=True),
    }


@pytest.mark.parametrize("who", PEOPLE)
def test_what_each_person_may_in_an_open_discussion(who: str, people: dict[str, Any]) -> None:
    theme = open_theme()
    theme.stewards.add(people["keeper"])
    discussion = make_discussion(theme)
    post = make_post(discussion, by=people["author"])

    read, reply, edit, withdraw, mark = OPEN[who]
    found = what_happens(people[who], discussion, post)

    assert found == (read, reply, edit, mark, withdraw)
    post.refresh_from_db()
    assert post.state == (PostState.WITHDRAWN if who == "author" else PostState.SHOWN)


@pytest.mark.parametrize("who", [*PEOPLE, "insider", "asked"])
def test_a_private_chapter_is_closed_to_everybody_else(who: str, people: dict[str, Any]) -> None:
    chapter = make_chapter(is_private=True)
    people |= {"insider": make_member(), "asked": make_member()}
    for name, role in (
        ("author", ChapterRole.MEMBER), ("insider", ChapterRole.MEMBER),
        ("keeper", ChapterRole.COORDINATOR), ("asked", ChapterRole.ASKED),
    ):  # fmt: skip
        ChapterMember.objects.create(chapter=chapter, user=people[name], role=role)
    discussion = make_discussion(chapter, by=people["author"], title="Inside matters")
    post = make_post(discussion, by=people["author"])

    found = what_happens(people[who], discussion, post)

    inside = {
        "author": (200, "post", 200, "post", "post"),
        "insider": (200, "post", 403, "post", 403),
        "keeper": (200, "post", 403, "post", 403),
        "staff": (200, "join", 403, "join", 403),
    }
    closed = (404, 404, "login", 404, "login") if who == "anonymous" else (404,) * 5
    assert found == inside.get(who, closed)
    listed = page(browser(people[who]), "/community/discussions/")
    assert ("Inside matters" in listed) == (who in inside)


def test_a_banned_member_sees_why_and_keeps_the_text() -> None:
    discussion, member = make_discussion(), silence(make_member())
    client = browser(member)

    answer = send(client, discussion, body="But I only said")

    html = answer.content.decode()
    assert answer.status_code == 403
    assert "Sold pumps." in html
    assert "But I only said" in html
    assert Draft.objects.get(user=member).body == "<p>But I only said</p>"
    assert discussion.posts.count() == 1
    theme = open_theme()
    data = {"title": "Pumps", "body": "Cheap", "form_key": str(uuid.uuid4())}
    assert client.post(f"/community/discuss/theme/{theme.slug}/", data).status_code == 403
    assert Draft.objects.filter(user=member, title="Pumps").exists()


def test_a_reply_to_what_was_locked_meanwhile_is_kept_as_a_draft() -> None:
    discussion, member = make_discussion(), make_member()
    discussion.lock(by=make_user(is_staff=True), reason="heated")

    answer = send(browser(member), discussion, body="One more thing")

    assert answer.status_code == 422
    assert "One more thing" in answer.content.decode()
    assert Draft.objects.get(user=member).body == "<p>One more thing</p>"


# --- Cost ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [0, 11, 999])
def test_a_page_of_a_thread_costs_the_same_however_long_it_is(
    client: Client, n: int, django_assert_num_queries: Any
) -> None:
    discussion, reader = make_discussion(), make_member()
    answered = discussion.posts.get()
    for number in range(3):
        make_member(handle=f"named-{number}")
    make_post(discussion, body="<p>@named-0 @named-1 @named-2</p>", reply_to=answered)
    fill(discussion, n, reply_to=answered)
    discussing.read_up_to(discussion, by=reader, number=1)
    url = discussion.get_absolute_url()
    own = browser(reader)
    for path in (url, f"{url}?last", f"{url}?at={n // 2}"):
        client.get(path), own.get(path)
        # Whom a post mentions is asked only where one may.
        less = 1 if n == 999 and path != url else 0
        with django_assert_num_queries(SIGNED_OUT - less):
            client.get(path)
        with django_assert_num_queries(SIGNED_IN - less):
            own.get(path)


# Its place, itself, posts, people, mentions.
SIGNED_OUT, SIGNED_IN = 5, 17


@pytest.mark.parametrize("n", [1, 12])
def test_lists_cost_the_same_at_one_and_at_twelve(
    client: Client, n: int, django_assert_num_queries: Any
) -> None:
    reader, by = make_member(), make_member()
    for _n in range(n):
        discussion = make_discussion(open_theme(), by=by)
        discussing.pay_attention(discussion, by=reader, attention=Attention.FOLLOWING)
        discussing.keep_draft(by=reader, key=f"reply:{discussion.uid}", body="x")
    own = browser(reader)
    own.get("/community/my/discussions/")

    with django_assert_num_queries(1):
        client.get("/community/discussions/")
    with django_assert_num_queries(11):
        own.get("/community/my/discussions/")
