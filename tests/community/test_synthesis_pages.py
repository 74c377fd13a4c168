"""The pages and files of a synthesis: for readers, and for whoever keeps the theme."""

from __future__ import annotations

import html
import io
import json
import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.template import Context, Template
from django.test import Client, RequestFactory
from pypdf import PdfReader

from accounts.models import User
from community.models import Conclusion, Insight, MonthlyTheme, Post, SynthesisVersion
from community.operations import discussing
from community.operations import synthesis as operations
from community.operations.synthesis import Chosen
from tests.community.factories import (
    make_discussion,
    make_member,
    make_post,
    make_theme,
    open_theme,
)
from tests.factories import make_user
from tests.people import browser

pytestmark = pytest.mark.django_db

WORDS = "<p>We asked the users. They pay by the bucket, every morning.</p>"
EVIL = '<script>alert(1)</script> #panic("x") {{ 7|add:7 }} **strong**'


@pytest.fixture
def theme() -> MonthlyTheme:
    return open_theme(title="Who pays for water", slug="water")


@pytest.fixture
def keeper(theme: MonthlyTheme) -> User:
    user = make_member(make_user(name="Kim Keeper"))
    theme.stewards.add(user)
    return user


@pytest.fixture
def post(theme: MonthlyTheme) -> Post:
    author = make_member(make_user(name="Ana Author"), handle="ana-a")
    author.profile.name_audience = "public"
    author.profile.save()
    return make_post(make_discussion(theme, title="Buckets"), by=author, body=WORDS)


def published(
    theme: MonthlyTheme, by: User, *posts: Post, n: int = 1, **values: Any
) -> SynthesisVersion:
    for number in range(1, n + 1):
        told = {"sentence": f"Users pay, part {number}.", "explanation": "<p>Because.</p>"}
        operations.write_conclusion(
            theme, by=by, sources=[Chosen(post) for post in posts], **told | values
        )
    return operations.publish(theme, by=by, form_key=uuid.uuid4(), note="More")


def told(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def seen(page: str) -> str:
    """What a reader sees of a page, in one line."""
    text = re.sub(r"<(script|head)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


BASE = "/community/themes/water/synthesis/"


# --- Readers -----------------------------------------------------------------------------------


def test_a_synthesis_reads_with_its_sources_and_is_cited(
    client: Client, theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    operations.write_frame(
        theme, by=keeper, intro="<p>We asked.</p>", questions="Who repairs?",
        reading="<p>See more.</p>", base=0,
    )  # fmt: skip
    published(theme, keeper, post)

    page = told(client, BASE)
    text = seen(page)

    for part in (
        "We asked.", "Users pay, part 1.", "Because.", "We asked the users.", "Ana Author",
        "Who repairs?", "See more.", "version 1", "Contributors", "How to cite",
    ):  # fmt: skip
        assert part in text
    uid = Conclusion.objects.get().uid
    assert f'id="c-{uid}"' in page
    assert f'href="/community/posts/{post.uid}/"' in page
    assert "Kim Keeper" not in text  # their name is not open to everybody
    data = json.loads(
        re.search(r'<script type="application/ld\+json">(.*?)</script>', page).group(1)  # type: ignore[union-attr]
    )
    assert data["hasPart"][0]["appearance"][0]["author"]["name"] == "Ana Author"


def test_who_may_not_see_the_theme_finds_no_synthesis(
    client: Client, keeper: User, theme: MonthlyTheme, post: Post
) -> None:
    published(theme, keeper, post)
    MonthlyTheme.objects.filter(pk=theme.pk).update(is_public=False)

    for path in ("", "versions/1/", "export/pdf/", "export/md/", "export/json/", "edit/"):
        told(client, BASE + path, 302 if path == "edit/" else 404)
    assert "Users pay" in told(browser(make_user(is_staff=True)), BASE)


def test_before_it_is_published_keepers_are_led_to_write_it(
    client: Client, theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    operations.write_conclusion(theme, by=keeper, sentence="A draft.", sources=[Chosen(post)])

    told(client, BASE, 404)
    told(browser(make_member()), BASE, 404)
    answer = browser(keeper).get(BASE)
    assert (answer.status_code, answer["Location"]) == (302, f"{BASE}edit/")


def test_words_taken_back_are_on_no_page_and_in_no_file(
    client: Client, theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    discussing.pick_insight(post, by=keeper, text="Small change pays.")
    published(theme, keeper, post)
    assert post.author is not None
    discussing.move_post(post, "withdraw_post", by=post.author)

    for reader in (client, browser(keeper), browser(make_user(is_staff=True))):
        for path in ("", "versions/1/", "export/md/", "export/json/"):
            page = told(reader, BASE + path)
            for gone in ("We asked the users", "Ana Author", "ana-a", "Small change", "Buckets"):
                assert gone not in page, (path, gone)
    assert "This post was withdrawn by its author." in told(client, BASE)
    assert "We asked" not in pdf_text(client.get(f"{BASE}export/pdf/").content)


def test_older_versions_stay_and_what_changed_is_shown(
    client: Client, theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    published(theme, keeper, post, sentence="Users pay by the bucket.")
    operations.write_conclusion(
        theme, by=keeper, conclusion=Conclusion.objects.get(), base=0,
        sentence="Users pay by the litre.", sources=[Chosen(post)],
    )  # fmt: skip
    operations.publish(theme, by=keeper, form_key=uuid.uuid4(), note="A better measure")

    old, new = told(client, f"{BASE}versions/1/"), told(client, BASE)
    changes = told(client, f"{BASE}versions/2/changes/")

    assert "A newer one is published" in old
    assert "by the bucket" in old
    assert "by the litre" in new
    assert "A better measure" in new
    assert re.search(r"<del>.*bucket</del><ins>.*litre</ins>", changes)
    told(client, f"{BASE}versions/1/changes/", 404)
    told(client, f"{BASE}versions/3/", 404)
    told(client, f"{BASE}versions/2/changes/?with=99", 404)


def test_what_somebody_typed_is_never_markup(
    client: Client, theme: MonthlyTheme, keeper: User
) -> None:
    post = make_post(make_discussion(theme, title=EVIL), body=f"<p>{html.escape(EVIL)}</p>")
    published(theme, keeper, post, sentence=EVIL, explanation=f"<p>{html.escape(EVIL)}</p>")

    for path in ("", "edit/", "edit/preview/"):
        page = told(browser(keeper), BASE + path)
        assert "<script>alert" not in page
        assert "{{ 7|add:7 }}" in html.unescape(page)
    assert "<script>" not in told(client, f"{BASE}export/json/")
    assert "\\*\\*strong\\*\\*" in told(client, f"{BASE}export/md/")
    assert '#panic("x")' in pdf_text(client.get(f"{BASE}export/pdf/").content)


# --- Files -------------------------------------------------------------------------------------


def pdf_text(pdf: bytes) -> str:
    pages = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(p.extract_text() for p in pages).replace("\u200b", "").split())


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_pdf_can_be_read_aloud_and_runs_either_way(
    client: Client, theme: MonthlyTheme, keeper: User, language: str
) -> None:
    post = make_post(make_discussion(theme), body="<p>سألنا المستخدمين. يدفعون كل يوم.</p>")
    explanation = (
        "<p>Because <strong>it</strong> <a href='https://example.org'>holds</a>.</p>"
        "<ul><li>One<ul><li>Inner</li></ul></li><li>Two</li></ul><ol><li>First</li></ol>"
        "<blockquote><p>Quoted</p></blockquote><h3>Heading</h3>"
    )
    operations.write_frame(
        theme, by=keeper, intro="<p>مقدمة</p>", questions="كم؟", reading="<p>اقرأ</p>", base=0
    )
    published(theme, keeper, post, explanation=explanation)

    answer = client.get(f"{'' if language == 'en' else '/ar'}{BASE}export/pdf/")

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == 'attachment; filename="water-v1.pdf"'
    root = PdfReader(io.BytesIO(answer.content)).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is True
    assert b"pdfuaid:part>1<" in root["/Metadata"].get_data()
    assert root["/Lang"] == language
    for part in ("Users pay, part 1.", "Inner", "First", "Quoted", "Heading"):
        assert part in pdf_text(answer.content)


def test_plain_text_and_linked_data_say_the_same(
    client: Client, theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    published(theme, keeper, post)

    text = told(client, f"{BASE}export/md/")
    data = json.loads(told(client, f"{BASE}export/json/"))

    assert "### 1. Users pay, part 1." in text
    assert "- “We asked the users.” (Ana Author) <http" in text
    assert data["@type"] == "Article"
    assert [part["name"] for part in data["hasPart"]] == ["Users pay, part 1."]
    assert data["contributor"][0]["name"] == "Ana Author"
    told(client, f"{BASE}export/docx/", 404)
    told(client, f"{BASE}export/md/?version=9", 404)


def test_a_file_holds_what_everybody_may_read_whoever_takes_it(
    theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    """Members see more names on the page; a file is handed on."""
    author = post.author
    assert author is not None
    author.profile.name_audience = "members"
    author.profile.save()
    published(theme, keeper, post)
    member = browser(make_member())

    assert "Ana Author" in told(member, BASE)
    assert "Ana Author" not in told(member, f"{BASE}export/md/")
    assert "@ana-a" in told(member, f"{BASE}export/md/")


# --- Keepers: picking and summing up -----------------------------------------------------------


def test_an_insight_is_picked_with_its_first_sentence_changed_and_dropped(
    keeper: User, post: Post
) -> None:
    desk, url = browser(keeper), f"/community/posts/{post.uid}/insight/"

    assert "We asked the users.</textarea>" in told(desk, url)
    marked = told(desk, f"{url}?quote=They+pay+by+the+bucket")
    assert "They pay by the bucket</textarea>" in marked
    assert "Invented</textarea>" not in told(desk, f"{url}?quote=Invented")
    assert desk.post(url, {"text": "Small change pays."}).status_code == 302
    assert Insight.objects.get().text == "Small change pays."
    empty = desk.post(url, {"text": " "})
    assert (empty.status_code, "Write what it teaches." in empty.content.decode()) == (422, True)
    assert desk.post(f"{url}drop/").status_code == 302
    assert not Insight.objects.exists()


@pytest.mark.parametrize("kind", ["member", "anonymous"])
def test_only_keepers_pick_sum_up_and_write(kind: str, theme: MonthlyTheme, post: Post) -> None:
    client = browser(make_member()) if kind == "member" else Client()
    paths = (
        f"/community/posts/{post.uid}/insight/",
        f"/community/discussions/{post.discussion.uid}/summary/",
        f"{BASE}edit/",
        f"{BASE}edit/frame/",
        f"{BASE}edit/preview/",
        f"{BASE}edit/conclusions/new/",
    )
    for path in paths:
        for answer in (client.get(path), client.post(path, {"text": "x", "sentence": "x"})):
            if kind == "member" or answer.status_code == 405:
                assert answer.status_code in {403, 405}, path
            else:
                assert answer.status_code == 302
                assert answer["Location"].startswith("/accounts/login/"), answer["Location"]
    assert not Insight.objects.exists()
    assert not Conclusion.objects.exists()


def test_a_summary_says_what_it_covers_and_the_second_writer_sees_both(
    keeper: User, post: Post
) -> None:
    desk, url = browser(keeper), f"/community/discussions/{post.discussion.uid}/summary/"
    form = {"summary": "They pay daily.", "covers": "2", "base": ""}

    assert desk.post(url, form | {"covers": "9"}).status_code == 422
    assert desk.post(url, form).status_code == 302
    second = desk.post(url, form | {"summary": "They pay weekly."})
    page = second.content.decode()
    assert (second.status_code, "They pay daily." in page) == (409, True)
    assert "They pay weekly." in page
    base = re.search(r'name="base" value="([^"]+)"', page)
    assert base is not None
    again = {"summary": "They pay weekly.", "covers": "2", "base": html.unescape(base.group(1))}
    assert desk.post(url, again).status_code == 302
    post.discussion.refresh_from_db()
    assert post.discussion.summary == "<p>They pay weekly.</p>"


# --- Keepers: writing --------------------------------------------------------------------------


def test_a_synthesis_is_written_and_published_without_scripts(
    client: Client, theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    discussing.pick_insight(post, by=keeper, text="Small change pays.")
    desk = browser(keeper)
    page = told(desk, f"{BASE}edit/")
    assert "not used yet" in page
    new = f"{BASE}edit/conclusions/new/"
    begun = told(desk, f"{new}?from={post.uid}")
    assert "Small change pays.</textarea>" in begun
    key = re.search(r'name="form_key" value="([^"]+)"', begun)
    assert key is not None
    form = {
        "form_key": key.group(1),
        "sentence": "Users pay.",
        "explanation": "Because.",
        "sources": [post.uid],
        "more": f"http://testserver/ar/community/discussions/{post.discussion.uid}/?after=0#p1",
    }
    assert desk.post(new, form).status_code == 302
    desk.post(new, form)
    one = Conclusion.objects.get()
    assert one.sources.count() == 2
    used = seen(told(desk, f"{BASE}edit/"))
    assert "used in 1" in used
    assert "Every insight is used." in told(desk, f"{BASE}edit/?insights=unused")
    desk.post(new, form | {"form_key": str(uuid.uuid4()), "sentence": "Second."})
    second = Conclusion.objects.get(sentence="Second.")
    desk.post(f"{BASE}edit/conclusions/{second.uid}/move/", {"to": "up"})
    desk.post(f"{BASE}edit/conclusions/{one.uid}/take-out/")
    desk.post(f"{BASE}edit/frame/", {"base": "0", "intro": "We asked.", "questions": "Why?"})
    preview = told(desk, f"{BASE}edit/preview/")
    assert "We asked." in preview
    told(client, BASE, 404)
    hidden = dict(re.findall(r'name="(form_key|seen)" value="([^"]+)"', preview))
    assert desk.post(f"{BASE}edit/preview/", hidden).status_code == 302

    text = seen(told(client, BASE))
    assert "Second." in text
    assert "Users pay." not in text


def test_a_wrong_quote_or_address_is_refused_at_its_field_and_nothing_is_lost(
    theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    one = operations.write_conclusion(
        theme, by=keeper, sentence="Users pay.", sources=[Chosen(post)]
    )
    desk, url = browser(keeper), f"{BASE}edit/conclusions/{one.uid}/"
    form = {"base": "0", "sentence": "My new words", "sources": [post.uid]}

    for wrong, words in (
        ({f"quote_{post.uid}": "Never said"}, "These words do not stand in the post."),
        ({"more": "/community/posts/nowhere/"}, "is not a post of this theme’s discussions."),
    ):
        answer = desk.post(url, form | wrong)
        page = html.unescape(answer.content.decode())
        assert (answer.status_code, words in page, "My new words" in page) == (422, True, True)
    one.refresh_from_db()
    assert one.sentence == "Users pay."


def test_the_second_of_two_keepers_sees_both_texts(
    theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    one = operations.write_conclusion(
        theme, by=keeper, sentence="Users pay.", sources=[Chosen(post)]
    )
    desk, url = browser(keeper), f"{BASE}edit/conclusions/{one.uid}/"
    form = {"base": "0", "sentence": "Theirs", "sources": [post.uid]}
    assert desk.post(url, form).status_code == 302

    answer = desk.post(url, form | {"sentence": "Mine"})
    page = answer.content.decode()
    assert (answer.status_code, "Theirs" in page, "Mine</textarea>" in page) == (409, True, True)
    assert 'name="base" value="1"' in page
    assert desk.post(url, form | {"sentence": "Mine", "base": "1"}).status_code == 302

    operations.take_out_conclusion(one, by=keeper)
    gone = desk.post(url, form | {"sentence": "Written long"})
    page = gone.content.decode()
    assert (gone.status_code, "Written long</textarea>" in page) == (409, True)
    assert f'action="{BASE}edit/conclusions/new/"' in page


def test_a_lost_source_is_named_before_publishing_and_shows_no_words(
    theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    one = operations.write_conclusion(
        theme, by=keeper, sentence="Users pay.", sources=[Chosen(post)]
    )
    discussing.move_post(post, "hide_post", by=make_user(is_staff=True), reason="x")
    desk = browser(keeper)

    assert "1 is no longer shown" in seen(told(desk, f"{BASE}edit/"))
    preview = told(desk, f"{BASE}edit/preview/")
    assert "rests on a post that is no longer shown" in preview
    assert 'name="seen"' not in preview
    for page in (preview, told(desk, f"{BASE}edit/conclusions/{one.uid}/")):
        assert "We asked the users" not in page
    answer = desk.post(f"{BASE}edit/preview/", {"form_key": str(uuid.uuid4())})
    assert answer.status_code == 422


# --- Tags --------------------------------------------------------------------------------------


def shown(tag: str, user: Any = None, **values: Any) -> str:
    request = RequestFactory().get("/")
    request.user = user or AnonymousUser()
    template = Template("{% load community_synthesis %}{% " + tag + " %}")
    return " ".join(template.render(Context({"request": request, **values})).split())


def test_the_theme_page_leads_with_its_conclusions(
    keeper: User, theme: MonthlyTheme, post: Post
) -> None:
    assert shown("synthesis_of theme", theme=theme) == ""
    assert "Write the synthesis" in shown("synthesis_of theme", keeper, theme=theme)
    published(theme, keeper, post)

    block = shown("synthesis_of theme", theme=theme)
    assert "Users pay, part 1." in block
    assert f"{BASE}#c-{Conclusion.objects.get().uid}" in block
    MonthlyTheme.objects.filter(pk=theme.pk).update(month="2013-04")
    theme.refresh_from_db()
    assert "What this month led to" in shown("synthesis_of theme", theme=theme)


def test_a_post_shows_its_insight_and_keepers_the_way_to_pick(keeper: User, post: Post) -> None:
    assert shown("insight_of post", post=post) == ""
    assert "Pick as insight" in shown("insight_of post", keeper, post=post)
    discussing.pick_insight(post, by=keeper, text="Small change pays.")
    fresh = Post.objects.get(pk=post.pk)

    assert "Insight:" in shown("insight_of post", post=fresh)
    discussing.move_post(fresh, "hide_post", by=make_user(is_staff=True), reason="x")
    assert shown("insight_of post", keeper, post=fresh) == ""


def test_insights_of_a_thread_cost_one_query(
    keeper: User, post: Post, django_assert_num_queries: Any
) -> None:
    posts = [make_post(post.discussion) for _n in range(5)]
    for one in posts:
        discussing.pick_insight(one, by=keeper, text="Small change pays.")
    rows = list(Post.objects.filter(discussion=post.discussion))

    with django_assert_num_queries(1):
        page = shown("for post in rows %}{% insight_of post %}{% endfor", rows=rows)
    assert page.count("Insight:") == len(posts)


def test_a_summary_shows_what_it_covers(keeper: User, post: Post) -> None:
    discussion = post.discussion
    assert shown("summary_of discussion", discussion=discussion) == ""
    assert "Sum up this discussion" in shown("summary_of discussion", keeper, discussion=discussion)
    operations.write_summary(discussion, by=keeper, summary="<p>Daily.</p>", covers=2, base="")
    discussion.refresh_from_db()

    assert "Covers posts 1 to 2." in shown("summary_of discussion", discussion=discussion)


# --- Cost --------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [3, 30])
def test_pages_cost_the_same_with_few_and_many_conclusions(
    n: int, client: Client, theme: MonthlyTheme, keeper: User, django_assert_num_queries: Any
) -> None:
    discussion = make_discussion(theme)
    posts = [make_post(discussion, by=make_member()) for _n in range(n)]
    for post in posts:
        discussing.pick_insight(post, by=keeper, text="Small change pays.")
    published(theme, keeper, *posts, n=n)
    desk = browser(keeper)
    told(client, BASE), told(desk, BASE)

    for reader, path, most in (
        (client, "", READER),
        (client, "versions/1/", READER - 1),
        (client, "export/md/", FILE),
        (client, "export/json/", FILE),
        (desk, "edit/", DESK),
        (desk, "edit/preview/", PREVIEW),
        (desk, "edit/conclusions/new/", NEW),
    ):
        with django_assert_num_queries(most):
            told(reader, BASE + path)


#: What each page asks of the database, whatever its length.
READER, FILE, DESK, PREVIEW, NEW = 6, 4, 14, 13, 10


def test_themes_without_a_synthesis_have_no_page(client: Client) -> None:
    make_theme(slug="silent")

    told(client, "/community/themes/silent/synthesis/", 404)
    told(client, "/community/themes/nowhere/synthesis/", 404)
