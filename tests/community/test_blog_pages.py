"""The pages of the blog, as readers, authors and editors meet them."""

from __future__ import annotations

import json
import re
import uuid
import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from community.choices import ArticleState, Trust
from community.models import Article, ArticleDraft, ArticleRevision, Discussion
from community.operations import blogging
from tests.community.factories import make_article, make_member, open_theme
from tests.community.test_blog import accepted, editor, fresh, silence, write
from tests.desk import desk_client
from tests.events.factories import contribute, make_event, make_person, make_source
from tests.factories import complete_snapshot, make_hub, make_user, published, reference

pytestmark = pytest.mark.django_db

S = ArticleState
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def languages() -> None:
    reference()


def body(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    return answer.content.decode()


def browser(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def posted(**more: Any) -> dict[str, Any]:
    return {
        "form_key": str(uuid.uuid4()),
        "opened": "0",
        "title": "What the well taught us",
        "lede": "Three years of buckets.",
        "body": "It began with a bucket.",
        "language": "en",
        "action": "save",
    } | more


# --- Reading ------------------------------------------------------------------------------------


def test_the_list_shows_the_newest_first_and_no_draft(client: Client) -> None:
    make_article(title="Old well", published_on="2012")
    make_article(title="New well", published_on="2024-05-02")
    make_article(title="Undated well", published_on="")
    make_article(title="Secret well", state="draft")

    page = body(client, "/community/blog/")

    places = [page.index(name) for name in ("New well", "Old well", "Undated well")]
    assert places == sorted(places)
    assert "2 May 2024" in page
    assert ">2012<" in page
    assert "Date not stated" in page
    assert "Secret well" not in page


def test_posts_of_one_word_theme_guest_and_member(client: Client) -> None:
    theme, guest, member = open_theme(), make_person(name="Ana Well"), make_member()
    tagged, themed, guested, own = (
        make_article(title=f"Post {n}") for n in ("tagged", "themed", "guested", "own")
    )
    tagged.tags.add("deep wells")
    Article.objects.filter(pk=themed.pk).update(theme=theme)
    guested.guests.add(guest)
    Article.objects.filter(pk=guested.pk).update(begun_by=member)
    Article.objects.filter(pk=own.pk).update(begun_by=member)

    for query, title in (
        ("tag=deep-wells", "Post tagged"),
        (f"theme={theme.slug}", "Post themed"),
        (f"guest={guest.slug}", "Post guested"),
        (f"author={member.member.handle}", "Post own"),
    ):
        page = body(client, f"/community/blog/?{query}")
        assert re.findall(r">(Post \w+)<", page) == [title], query
    for query in ("tag=none", "theme=none", "guest=none", "author=none"):
        body(client, f"/community/blog/?{query}", 404)


def test_a_post_says_who_wrote_it_when_and_what_is_near_it(client: Client) -> None:
    guest = make_person(name="Ana Well")
    contribute(guest, make_event())
    hub, event, solution = (
        make_hub(name="Hub of wells"),
        make_event(),
        published(complete_snapshot()),
    )
    article = make_article(title="The bucket", theme=open_theme(title="Deeper wells"))
    article.guests.add(guest)
    article.hubs.add(hub, make_hub(name="Hidden hub", is_listed=False))
    article.events.add(event, make_event(name="Behind doors", is_public=False, hub=hub))
    article.solutions.add(solution)
    article.tags.add("Buckets")
    make_article(title="Before", published_on="2023")
    make_article(title="After", published_on="2024-06")

    page = body(client, article.get_absolute_url())

    for text in (
        f'href="{guest.get_absolute_url()}"', "Ana Well", "2 May 2024", "1 minute to read",
        "Deeper wells", "Hub of wells", event.name, solution.reference, "Buckets",
        "Before", "After", 'rel="prev"', 'rel="next"',
    ):  # fmt: skip
        assert text in page, text
    for text in ("Behind doors", "Hidden hub", str(article.begun_by)):
        assert text not in page, text


def test_a_post_known_from_a_source_says_that_its_text_is_not_here(client: Client) -> None:
    article = make_article(
        body="", reference=make_source(citation="Chapter on wells"), begun_by=None,
        url="https://wells.example/post", published_on="2012",
    )  # fmt: skip
    Article.objects.filter(pk=article.pk).update(begun_by=None)

    page = body(client, article.get_absolute_url())

    for text in ("The text is not held here", "Chapter on wells", "https://wells.example/post"):
        assert text in page
    assert "minute to read" not in page


@pytest.mark.parametrize("state", [state for state in S.values if state != S.PUBLISHED])
def test_what_is_not_published_leaks_nowhere(client: Client, state: str) -> None:
    hub = make_hub()
    article = make_article(state=state, title="Secret well")
    article.tags.add("secret-word")
    article.hubs.add(hub)

    for path in ("", "history/"):
        body(client, f"{article.get_absolute_url()}{path}", 404)
    for path in (f"/community/blog/write/{article.uid}/preview/", "/community/blog/desk/"):
        assert client.get(path).status_code == 302
    for path in ("/community/blog/", "/community/blog/feed.atom", hub.get_absolute_url()):
        page = body(client, path)
        assert "Secret" not in page
        assert "secret-word" not in page
    stranger = browser(make_member())
    body(stranger, f"/community/blog/write/{article.uid}/", 404)
    body(stranger, f"/community/blog/write/{article.uid}/preview/", 404)
    body(stranger, "/community/blog/desk/", 403)
    assert stranger.post(f"/community/blog/write/{article.uid}/publish/").status_code == 404


def test_hostile_text_that_got_in_is_still_cleaned_on_the_page(client: Client) -> None:
    article = make_article(
        title="</script><script>alert(1)</script>", lede='"><img src=x onerror=alert(1)>',
        body="<p onclick=x>Hello<script>alert(1)</script></p><h3>Deep</h3>",
    )  # fmt: skip

    page = body(client, article.get_absolute_url())

    assert "alert(1)</script>" not in page
    assert "<img src=x" not in page
    assert "onclick" not in page
    assert "<h2>Deep</h2>" in page
    data = json.loads(re.findall(r'ld\+json">(.*?)</script>', page)[0])
    assert data["headline"] == article.title


def test_linked_data_says_what_anybody_may_know(client: Client) -> None:
    author = make_member(make_user("Ana Well"))
    author.profile.name_audience = "members"
    author.profile.save()
    article = make_article(begun_by=author, language="fr")

    page = body(browser(make_member()), article.get_absolute_url())

    data = json.loads(re.findall(r'ld\+json">(.*?)</script>', page)[0])
    assert (data["@type"], data["inLanguage"], data["datePublished"]) == (
        "BlogPosting", "fr", "2024-05-02",
    )  # fmt: skip
    assert [row["name"] for row in data["author"]] == [f"@{author.member.handle}"]
    assert data["url"].endswith(article.get_absolute_url())
    assert data["url"].startswith("http")


def test_text_from_right_to_left_is_set_so(client: Client) -> None:
    article = make_article(language="ar", title="ما علّمتنا البئر", body="<p>بدأ الأمر بدلو.</p>")

    page = body(client, article.get_absolute_url())

    assert '<div class="prose article" dir="rtl" lang="ar">' in page
    assert '<h1 class="article-title" dir="auto" lang="ar">' in page


# --- The feed -------------------------------------------------------------------------------------


def test_the_feed_has_stable_keys_whole_addresses_and_its_own_language(client: Client) -> None:
    article = make_article(title="Wells \x08& <buckets>", language="fr", published_on="2012")
    article.tags.add("Deep")
    make_article(title="Untagged")
    make_article(title="Draft", state="draft")

    answer = client.get("/community/blog/feed.atom?tag=deep")

    assert answer["Content-Type"].startswith("application/atom+xml")
    feed = ET.fromstring(answer.content)
    (entry,) = feed.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}id", "").endswith(f"blog/{article.uid}")
    assert entry.findtext(f"{ATOM}title") == "Wells & <buckets>"
    assert entry.find(f"{ATOM}link").get("href", "").startswith("http")
    assert entry.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"
    assert entry.findtext(f"{ATOM}summary") == "Three years of buckets."
    assert entry.find(f"{ATOM}updated") is not None
    assert entry.find(f"{ATOM}published") is None
    assert entry.find(f"{ATOM}category").get("term") == "Deep"
    assert len(ET.fromstring(client.get("/community/blog/feed.atom").content)) > 5


def test_the_feed_names_members_only_as_strangers_see_them() -> None:
    author = make_member(make_user("Ana Well"))
    author.profile.name_audience = "members"
    author.profile.save()
    make_article(begun_by=author)

    page = body(browser(make_member()), "/community/blog/feed.atom")

    assert "Ana Well" not in page
    assert f"@{author.member.handle}" in page


# --- Writing --------------------------------------------------------------------------------------


def test_who_is_not_signed_in_or_no_member_is_led_there_and_back(client: Client) -> None:
    path = "/community/blog/new/"

    assert client.get(path)["Location"] == f"/accounts/login/?next={path}"
    assert (
        browser(make_user()).get(path)["Location"]
        == f"/community/join/?next={quote(path, safe='')}"
    )
    banned = make_member()
    silence(banned)
    body(browser(banned), path, 403)
    assert "Send to the editors" in body(browser(make_member()), path)


def test_a_member_writes_names_records_previews_and_sends() -> None:
    by, theme = make_member(), open_theme()
    hub, event, solution = (
        make_hub(name="Hub of wells"),
        make_event(),
        published(complete_snapshot()),
    )
    client = browser(by)

    answer = client.post(
        "/community/blog/new/",
        posted(
            action="preview", theme=theme.pk, hubs=["hub of WELLS"], tags=["Deep wells, Pumps"],
            events=[f"https://portal.example{event.get_absolute_url()}"],
            solutions=[solution.reference],
        ),
    )  # fmt: skip

    article = Article.objects.get()
    assert answer["Location"] == f"/community/blog/write/{article.uid}/preview/"
    assert (article.body, article.theme) == ("<p>It began with a bucket.</p>", theme)
    assert [list(getattr(article, n).all()) for n in ("hubs", "events", "solutions")] == [
        [hub], [event], [solution],
    ]  # fmt: skip
    assert sorted(article.tags.names()) == ["Deep wells", "Pumps"]
    page = body(client, answer["Location"])
    assert "Readers do not see this page" in page
    assert "It began with a bucket." in page
    client.post(f"/community/blog/write/{article.uid}/send/", {"base": 0})
    assert fresh(article).state == S.SUBMITTED
    client.post(f"/community/blog/write/{article.uid}/take-back/")
    assert fresh(article).state == S.DRAFT


def test_a_refused_form_loses_nothing() -> None:
    client = browser(make_member())

    answer = client.post(
        "/community/blog/new/",
        posted(title="", body="", action="send", hubs=["Hub of nowhere"], publish_on="soon"),
    )

    page = answer.content.decode()
    assert answer.status_code == 422
    for text in (
        "Give it a title.", "Write the text before you send it.", "Hub of nowhere",
        "No hub is called", "Three years of buckets.", "soon",
    ):  # fmt: skip
        assert text in page, text
    assert not Article.objects.exists()


def test_another_input_is_added_without_scripts() -> None:
    client = browser(make_member())

    page = client.post(
        "/community/blog/new/", posted(row="tags:add", tags=["Deep"])
    ).content.decode()

    assert page.count('name="tags"') == 2
    assert "It began with a bucket." in page


def test_a_stale_form_shows_both_texts_and_saving_again_replaces() -> None:
    article = write()
    client, path = browser(article.begun_by), f"/community/blog/write/{article.uid}/"
    client.post(path, posted(body="Saved in another window."))

    answer = client.post(path, posted(body="Mine."))

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Saved in another window." in page
    assert "Mine." in page
    opened = re.findall(r'name="opened" value="(\d+)"', page)
    assert opened == ["1"]
    client.post(path, posted(body="Mine.", opened=opened[0]))
    assert fresh(article).body == "<p>Mine.</p>"


def test_what_was_typed_survives_and_can_be_discarded() -> None:
    by = make_member()
    client, key = browser(by), str(uuid.uuid4())
    data = posted(form_key=key, title="Half a thou", body="<script>x</script>")

    kept = client.post("/community/blog/drafts/keep/", data)

    assert kept.status_code == 200
    assert "message" in kept.json()
    assert "Half a thou" in body(client, "/community/blog/mine/")
    assert "Half a thou" in body(client, "/community/blog/new/")
    page = body(client, f"/community/blog/new/?key={key}")
    assert 'value="Half a thou"' in page
    assert "<script>x</script>" not in page
    body(browser(make_member()), f"/community/blog/new/?key={key}")
    client.post("/community/blog/drafts/drop/", {"key": key})
    assert not ArticleDraft.objects.exists()


def test_nothing_is_kept_for_strangers(client: Client) -> None:
    article = write()
    path = f"/community/blog/write/{article.uid}/keep/"

    assert client.post(path, posted()).status_code == 401
    assert browser(make_member()).post(path, posted()).status_code == 404
    assert browser(make_user()).post("/community/blog/drafts/keep/", posted()).status_code == 403
    assert browser(article.begun_by).get(path).status_code == 405
    assert not ArticleDraft.objects.exists()


def test_a_member_names_no_guest_by_forging_the_form() -> None:
    guest = make_person(name="Ana Well")
    browser(make_member()).post("/community/blog/new/", posted(guests=["Ana Well"], byline="King"))
    browser(make_member(editor())).post("/community/blog/new/", posted(guests=["Ana Well"]))

    assert [list(row.guests.all()) for row in Article.objects.order_by("pk")] == [[], [guest]]
    assert Article.objects.order_by("pk")[0].byline == ""


def test_words_in_use_are_written_as_they_are() -> None:
    make_article().tags.add("Deep Wells")

    browser(make_member()).post("/community/blog/new/", posted(tags=["deep wells", "Deep wells"]))

    assert list(Article.objects.latest("pk").tags.names()) == ["Deep Wells"]


# --- Editors ----------------------------------------------------------------------------------


def test_an_editor_reads_returns_and_publishes() -> None:
    article = write(send=True)
    client, path = browser(editor()), f"/community/blog/desk/{article.uid}/"
    move = f"/community/blog/write/{article.uid}/"
    assert article.title in body(client, "/community/blog/desk/")
    assert "It began with a bucket." in body(client, path)

    empty = client.post(f"{move}return/", {"base": 0, "words": ""})
    assert empty.status_code == 422
    assert "Say why." in empty.content.decode()
    client.post(f"{move}return/", {"base": 0, "words": "Say where."})
    author = browser(article.begun_by)
    assert "Say where." in body(author, f"/community/blog/write/{article.uid}/")
    author.post(move, posted(action="send", body="In the valley."))
    stale = client.post(f"{move}return/", {"base": 0, "words": "Long remarks"})
    assert stale.status_code == 409
    assert "Long remarks" in stale.content.decode()
    assert "Say where." in body(client, path)
    answer = client.post(f"{move}publish/", {"base": 1})

    assert answer["Location"] == article.get_absolute_url()
    assert fresh(article).state == S.PUBLISHED


def test_a_move_without_a_base_or_by_get_changes_nothing() -> None:
    article = write(send=True)
    client, move = browser(editor()), f"/community/blog/write/{article.uid}/publish/"

    assert client.get(move).status_code == 405
    client.post(move)
    client.post(move, {"base": "x"})

    assert fresh(article).state == S.SUBMITTED
    assert client.post(f"/community/blog/write/{article.uid}/delete/").status_code == 404


def test_an_editor_has_no_buttons_for_their_own_post() -> None:
    desk = make_member(editor())
    article = write(desk, send=True)
    client = browser(desk)

    assert "Another editor decides" in body(client, f"/community/blog/desk/{article.uid}/")
    answer = client.post(f"/community/blog/write/{article.uid}/publish/", {"base": 0})

    assert (answer.status_code, fresh(article).state) == (403, S.SUBMITTED)


def test_a_correction_stands_on_the_page_with_its_difference(client: Client) -> None:
    article = make_article()
    author = browser(article.begun_by)

    refused = author.post(
        f"/community/blog/write/{article.uid}/",
        {"opened": 0, "title": article.title, "lede": "", "body": "Two buckets.", "reason": ""},
    )
    assert refused.status_code == 422
    assert "Two buckets." in refused.content.decode()
    author.post(
        f"/community/blog/write/{article.uid}/",
        {
            "opened": 0, "title": article.title, "lede": article.lede,
            "body": "It began with two buckets.", "reason": "There were two",
        },
    )  # fmt: skip

    assert "There were two" in body(client, article.get_absolute_url())
    page = body(client, f"{article.get_absolute_url()}history/")
    assert "<ins>" in page
    assert "<del>" in page
    assert "I have looked" not in page
    assert "I have looked at them" in body(
        browser(editor()), f"{article.get_absolute_url()}history/"
    )


def test_moves_at_the_desk_name_what_they_refuse() -> None:
    desk = editor()
    own, other = write(make_member(desk), send=True), write(send=True)
    client = desk_client(desk)

    page = client.post(
        "/desk/community/article/",
        {"action": "publish_selected", "_selected_action": [own.pk, other.pk]},
        follow=True,
    ).content.decode()

    assert "not yours to decide" in page
    assert [fresh(row).state for row in (own, other)] == [S.SUBMITTED, S.PUBLISHED]
    body(client, f"/desk/community/article/{other.pk}/change/")


# --- Comments ---------------------------------------------------------------------------------


def test_comments_are_written_where_the_post_is_read(client: Client) -> None:
    article, by = make_article(), make_member()
    path = f"{article.get_absolute_url()}comments/"
    assert client.post(path, {"body": "So."})["Location"].startswith("/accounts/login/")
    assert "/community/join/" in browser(make_user()).post(path, {"body": "So."})["Location"]

    empty = browser(by).post(path, {"body": ""})
    assert empty.status_code == 422
    assert "Write something first." in empty.content.decode()
    browser(by).post(path, {"body": "So it was <b>here</b>.", "form_key": str(uuid.uuid4())})

    page = body(client, article.get_absolute_url())
    assert "So it was &lt;b&gt;here&lt;/b&gt;." in page
    assert Discussion.objects.get(article=article).get_absolute_url() in page


def test_a_held_comment_is_seen_by_its_author_alone(client: Client) -> None:
    article, by = make_article(), make_member(trust=Trust.NEW)
    path = article.get_absolute_url()

    browser(by).post(f"{path}comments/", {"body": "My first words."})

    assert "My first words." in body(browser(by), path)
    assert "My first words." not in body(client, path)


# --- What pages cost --------------------------------------------------------------------------


def many(n: int) -> Article:
    theme, hub = open_theme(), make_hub()
    for _n in range(n):
        article = make_article(theme=theme)
        article.tags.add(f"word {_n}", "shared")
        article.guests.add(make_person())
        article.hubs.add(hub)
    return Article.objects.latest("pk")


@pytest.mark.parametrize("n", [1, 12])
def test_lists_and_the_feed_cost_the_same(
    client: Client, n: int, django_assert_num_queries: Any
) -> None:
    many(n)

    with django_assert_num_queries(5):
        client.get("/community/blog/")
    with django_assert_num_queries(6):
        client.get("/community/blog/?tag=shared")
    with django_assert_num_queries(3):
        client.get("/community/blog/feed.atom")


@pytest.mark.parametrize("n", [1, 12])
def test_a_post_costs_the_same_with_all_around_it(
    client: Client, n: int, django_assert_num_queries: Any
) -> None:
    article = many(n)
    for number in range(n):
        article.hubs.add(make_hub())
        article.events.add(make_event())
        ArticleRevision.objects.create(article=article, number=number, title="Earlier")
        blogging.comment(article, by=make_member(), body=f"<p>{number}</p>", form_key=uuid.uuid4())

    with django_assert_num_queries(13):
        client.get(article.get_absolute_url())


@pytest.mark.parametrize("n", [1, 12])
def test_the_desk_and_ones_own_cost_the_same(n: int, django_assert_num_queries: Any) -> None:
    by, desk = make_member(), browser(editor())
    for _n in range(min(n, blogging.MOST_WITH_EDITORS)):
        write(by, send=True)
    for _n in range(n):
        write(by)
        accepted()
    client = browser(by)

    desk.get("/community/blog/desk/")
    client.get("/community/blog/mine/")

    with django_assert_num_queries(11):
        desk.get("/community/blog/desk/")
    with django_assert_num_queries(9):
        client.get("/community/blog/mine/")
