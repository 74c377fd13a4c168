"""Pages of posts that everybody sees alike are drawn once: what changed must show at once, and
nothing of one reader may come to stand on the page of another."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from django.db.models.signals import post_init
from django.test import Client
from django.utils import timezone, translation

from accounts.models import Audience
from community.models import Discussion, Member, Post
from community.operations import discussing
from hubs import reference
from hubs.models import Country
from tests.community.factories import make_discussion, make_member, make_post
from tests.factories import make_user
from tests.factories import reference as reference_data
from tests.people import browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_django.fixtures import SettingsWrapper

    from accounts.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def only_drawn(settings: SettingsWrapper) -> None:
    """Whole pages are kept elsewhere; here each is put together."""
    settings.REPEAT_VISITS = False


@pytest.fixture
def made() -> Iterator[list[Post]]:
    """Every record of a post that is made while somebody looks."""
    posts: list[Post] = []

    def note(instance: Post, **_: Any) -> None:
        posts.append(instance)

    post_init.connect(note, sender=Post)
    yield posts
    post_init.disconnect(note, sender=Post)


@pytest.fixture
def author() -> User:
    """Somebody whose name, organisation and country everybody sees."""
    reference_data()
    user = make_member(handle="ana-p")
    user.name = "Ana Pereira"
    user.save()
    profile = user.profile
    profile.name_audience, profile.organisation = Audience.PUBLIC, "Institute of Wells"
    profile.country = "BR"
    profile.audiences = {"organisation": Audience.PUBLIC, "country": Audience.PUBLIC}
    profile.save()
    return user


@pytest.fixture
def thread(author: User) -> Discussion:
    """The second post names its author and somebody else; the third answers it."""
    found = make_discussion()
    make_member(handle="ben-k")
    second = make_post(found, by=author, body="<p>The pump broke, says @ana-p to @ben-k.</p>")
    make_post(found, reply_to=second, quote="The pump broke")
    found.refresh_from_db()
    return found


def seen(thread: Discussion, client: Client | None = None, query: str = "") -> str:
    answer = (client or Client()).get(f"{thread.get_absolute_url()}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_page_that_did_not_change_is_drawn_once(thread: Discussion, made: list[Post]) -> None:
    first = seen(thread)
    assert made
    made.clear()
    assert seen(thread) == first
    assert made == []


def edit(thread: Discussion, author: User) -> None:
    post = thread.posts.get(number=2)
    discussing.change_post(post, by=author, body="<p>The pump was stolen.</p>", base=0)


def hide(thread: Discussion, author: User) -> None:
    root = make_user(is_staff=True, is_superuser=True)
    discussing.move_post(thread.posts.get(number=2), "hide_post", by=root, reason="Untrue")


def rename(thread: Discussion, author: User) -> None:
    author.name = "Ana Souza"
    author.save()


def withdraw_name(thread: Discussion, author: User) -> None:
    author.profile.name_audience = Audience.NOBODY
    author.profile.save()


def withdraw_organisation(thread: Discussion, author: User) -> None:
    author.profile.audiences |= {"organisation": Audience.MEMBERS}
    author.profile.save()


def take_another_short_name(thread: Discussion, author: User) -> None:
    Member.objects.filter(user=author).update(handle="ana-s")


def rename_who_is_named(thread: Discussion, author: User) -> None:
    Member.objects.filter(handle="ben-k").update(handle="ben-l")


def close_account(thread: Discussion, author: User) -> None:
    author.closed_at, author.is_active = timezone.now(), False
    author.save()


def pick(thread: Discussion, author: User) -> None:
    root = make_member(make_user(is_staff=True, is_superuser=True))
    discussing.pick_insight(thread.posts.get(number=2), by=root, text="Pumps need a guard.")


def mark(thread: Discussion, author: User) -> None:
    discussing.mark_useful(thread.posts.get(number=2), by=make_member(), useful=True)


def answer(thread: Discussion, author: User) -> None:
    make_post(thread, body="<p>It came back.</p>")


def rename_country(thread: Discussion, author: User) -> None:
    row = Country.objects.get(pk="BR")
    row.names = {"en": "Land of Brazilwood"}
    row.save()
    reference.forget()


def clean_anew(thread: Discussion, author: User) -> None:
    """A text from before the cleaner learned something is cleaned when it is shown."""
    Post.objects.filter(discussion=thread, number=2).update(
        cleaner=0, body="<p>Look.<script>alert(1)</script></p>"
    )


@pytest.mark.parametrize(
    ("change", "was", "is_now"),
    [
        (edit, "The pump broke, says", "The pump was stolen."),
        (hide, "The pump broke, says", "A moderator hid this post."),
        (rename, "Ana Pereira", "Ana Souza"),
        (withdraw_name, "Ana Pereira", "<bdi>@ana-p</bdi>"),
        (withdraw_organisation, "Institute of Wells", "<bdi></bdi>Brazil<"),
        (take_another_short_name, "/ana-p/", "/ana-s/"),
        (rename_who_is_named, ">@ben-k</a>", " to @ben-k."),
        (close_account, "Ana Pereira", "Former member"),
        (pick, "", "Pumps need a guard."),
        (mark, "", '<span class="num">1</span>'),
        (answer, "", "It came back."),
        (rename_country, "Brazil<", "Land of Brazilwood"),
        (clean_anew, "The pump broke, says", "Look."),
    ],
)
def test_what_changed_shows_at_once(
    thread: Discussion,
    author: User,
    change: Callable[[Discussion, User], None],
    was: str,
    is_now: str,
) -> None:
    before = seen(thread)
    assert was in before
    assert is_now not in before

    change(thread, author)

    after = seen(thread)
    assert is_now in after
    assert not was or was not in after
    assert "<script>alert" not in after


def test_what_was_hidden_is_nowhere_until_it_is_shown_again(thread: Discussion) -> None:
    root = make_user(is_staff=True, is_superuser=True)
    words = "The pump broke"
    assert words in seen(thread)
    post = thread.posts.get(number=2)
    discussing.move_post(post, "hide_post", by=root, reason="Untrue")
    # A moderator reads it, and what answers it; nobody else does, before or after.
    gone = seen(thread)
    assert words not in gone.replace(f'<q dir="auto">{words}</q>', "")
    assert "The pump broke, says" in seen(thread, browser(root))
    assert seen(thread) == gone
    post.refresh_from_db()
    discussing.move_post(post, "restore_post", by=root)
    assert "The pump broke, says" in seen(thread)


def test_nobody_gets_the_page_of_somebody_else(thread: Discussion, author: User) -> None:
    author.profile.name_audience = Audience.MEMBERS
    author.profile.save()
    other = make_member()
    anybody = seen(thread)
    member, own = seen(thread, browser(other)), seen(thread, browser(author))

    assert ("Ana Pereira" in anybody, "Ana Pereira" in member) == (False, True)
    posts = [page.partition('<ol class="thread"')[2].partition("</ol>")[0] for page in
             (anybody, member, own)]  # fmt: skip
    assert ["csrfmiddlewaretoken" in part for part in posts] == [False, True, True]
    assert ["/withdraw/" in part for part in posts] == [False, False, True]
    assert seen(thread) == anybody


def test_each_language_has_its_own_words(thread: Discussion) -> None:
    english = seen(thread)
    with translation.override("es"):
        spanish = seen(thread)
        words = translation.gettext("Flag")
    assert words != "Flag"
    link = thread.posts.get(number=2).uid
    assert f'/es/community/flag/post/{link}/" rel="nofollow">{words}<' in spanish
    assert f'"/community/flag/post/{link}/" rel="nofollow">Flag<' in english
    assert seen(thread) == english


def test_days_are_those_of_the_readers_time_zone(thread: Discussion) -> None:
    late = dt.datetime(2024, 5, 6, 23, 30, tzinfo=dt.UTC)
    Post.objects.filter(discussion=thread, number=2).update(written_at=late)
    far = Client()
    session = far.session
    session["time_zone"] = "Pacific/Auckland"
    session.save()

    here, there = seen(thread), seen(thread, far)

    assert ('"2024-05-06"' in here, '"2024-05-07"' in here) == (True, False)
    assert ('"2024-05-06"' in there, '"2024-05-07"' in there) == (False, True)


def fill(thread: Discussion, n: int) -> None:
    author = make_member()
    Post.objects.bulk_create(
        Post(discussion=thread, number=k, author=author, body=f"<p>{k}</p>",
             shown_at=timezone.now()) for k in range(4, n + 1)
    )  # fmt: skip
    Discussion.objects.filter(pk=thread.pk).update(last_number=n)


@pytest.mark.parametrize("who", ["anybody", "a member"])
def test_a_reader_can_have_longer_pages_and_stays_on_them(thread: Discussion, who: str) -> None:
    fill(thread, 230)
    client = Client() if who == "anybody" else browser(make_member())
    url = thread.get_absolute_url()

    short, long, last = (seen(thread, client, query) for query in ("", "?all", "?all&last"))

    def count(page: str) -> int:
        return page.count('<li class="post')

    assert (count(short), count(long), count(last)) == (50, 200, 200)
    assert '<a href="?all" rel="nofollow">' in short
    assert f'<a href="{url}">Shorter pages</a>' in long
    assert '<a class="btn btn-2 btn-s" rel="next" href="?all&amp;after=200">' in long
    assert '<a rel="prev" href="?all&amp;before=31">' in last
    assert count(seen(thread, client, "?all&after=200")) == 30
    assert 'id="p230"' in seen(thread, client, "?all&at=230")
    assert f'<link rel="canonical" href="{url}">' in long


def test_an_answer_to_a_post_on_another_page_leads_there(thread: Discussion) -> None:
    fill(thread, 120)
    second = thread.posts.get(number=2)
    Post.objects.filter(discussion=thread, number=110).update(reply_to=second)
    assert 'href="?at=2#p2"' in seen(thread, query="?after=100")
    assert 'href="#p2"' in seen(thread, query="?all").partition('id="p110"')[2]
