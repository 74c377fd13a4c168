"""The community in a browser: from joining to a source of a synthesis; from a flag to an appeal."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from accounts.models import Audience
from community import finding
from community.choices import Trust
from community.models import Decision
from community.operations import bibliographies, discussing, library, moderating, synthesis
from community.operations.synthesis import Chosen
from notifications import noticing
from notifications.followables import KINDS
from notifications.operations import pay_attention
from tests.community.factories import (
    make_article,
    make_discussion,
    make_member,
    make_post,
    open_theme,
)
from tests.community.labs import brazilian_lab, report, shown, steward_of, write_entry, write_lesson
from tests.factories import PASSWORD, make_user, reference
from tests.journeys.steps import Portal, every, verified, with_second_step
from tests.journeys.test_accessibility import check_all, faults
from tests.journeys.test_events import without_scripts

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

    from accounts.models import User

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

ANSWER = "Ours pay by the bucket, every morning, and the keeper writes it down."


def portal_moderator(name: str) -> User:
    return with_second_step(make_member(make_user(name, is_staff=True)))


def check_pages(portal: Portal, paths: list[str]) -> None:
    """Each is really that page, and not the one that says there is none or asks to sign in."""
    answers = {path: portal.page.request.get(portal.url + path) for path in paths}
    led = {
        path: (answer.status, answer.url)
        for path, answer in answers.items()
        if (answer.status, answer.url) != (200, portal.url + path)
    }
    assert led == {}
    assert check_all(portal, paths) == {}


# --- What people do ----------------------------------------------------------------------------


def test_the_first_answer_of_a_newcomer_becomes_a_source_of_the_synthesis(
    browser: Browser, live_server: LiveServer
) -> None:
    reference()
    theme = open_theme(title="Who pays for water")
    facilitator = verified(make_member(make_user("Kim Keeper")))
    theme.stewards.add(facilitator)
    discussion = make_discussion(theme, title="How users pay", by=facilitator)
    newcomer = verified(make_user("Nomsa Dube"))

    # A visitor comes from the theme of the month, signs in, and joins.
    page = without_scripts(browser, live_server.url).open("/community/")
    page.get_by_role("link", name="Open the theme").click()
    page.get_by_role("link", name="How users pay").click()
    page.locator("main").get_by_role("link", name="Sign in").click()
    page.get_by_label("E-mail address").fill(newcomer.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main form .btn").first.click()
    page.locator("main").get_by_role("link", name="Join the community").click()
    page.get_by_label("Short name").fill("nomsa-d")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("alert")).to_contain_text("Members agree to the code of conduct")
    expect(page.get_by_label("Short name")).to_have_value("nomsa-d")
    page.get_by_label("I agree to the code of conduct").check()
    page.get_by_role("button", name="Join").click()

    # They answer. A moderator reads it first, and they know.
    page.get_by_label("Your reply").fill(ANSWER)
    page.get_by_role("button", name="Send reply").click()
    expect(page.get_by_text("A moderator reads your post before others do.")).to_be_visible()
    expect(page.get_by_text(ANSWER)).to_be_visible()
    reader = without_scripts(browser, live_server.url)
    expect(reader.open(discussion.get_absolute_url()).get_by_text(ANSWER)).to_have_count(0)

    # The facilitator shows it, and picks it as an insight.
    page = without_scripts(browser, live_server.url, facilitator).page
    page.get_by_role("link", name="Moderate the community").click()
    page.get_by_label("Tick: How users pay #2").check()
    page.get_by_label("Show it, or leave it as it is").check()
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    page.goto(f"{live_server.url}{discussion.get_absolute_url()}")
    page.get_by_role("link", name="Pick as insight #2").click()
    page.get_by_label("What it teaches").fill("Paying by the bucket works where it is noted.")
    page.get_by_role("button", name="Pick as insight").click()
    expect(page.locator("#p2")).to_contain_text("Paying by the bucket works")

    # A conclusion rests on it, and the synthesis is published.
    page.goto(f"{live_server.url}{theme.get_absolute_url()}")
    page.get_by_role("link", name="Write the synthesis").click()
    page.get_by_role("link", name="Begin a conclusion with it").click()
    expect(page.get_by_label("Paying by the bucket works")).to_be_checked()
    page.get_by_label("Conclusion, in one sentence").fill("Users pay where somebody keeps count.")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Preview and publish").click()
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Version 1").first).to_be_visible()

    # Everybody reads it, and finds the post it rests on.
    page = reader.open(theme.get_absolute_url())
    page.get_by_role("link", name="Users pay where somebody keeps count.").click()
    page.get_by_role("link", name="post 2").click()
    expect(page).to_have_url(re.compile("#p2$"))
    expect(page.locator("#p2")).to_contain_text(ANSWER)


def test_a_post_is_flagged_and_hidden_and_shown_again_on_appeal(
    browser: Browser, live_server: LiveServer
) -> None:
    reference()
    author, reader = (verified(make_member(make_user(name))) for name in ("Ana Ruiz", "Ravi Nair"))
    first, second = portal_moderator("Mona Melo"), portal_moderator("Otto Okafor")
    post = make_post(make_discussion(title="How users pay"), by=author, body=f"<p>{ANSWER}</p>")
    here = post.discussion.get_absolute_url()
    stranger = without_scripts(browser, live_server.url)

    # A reader flags it.
    page = without_scripts(browser, live_server.url, reader).open(here)
    page.get_by_role("link", name=re.compile("^Flag.*post 2")).click()
    page.get_by_role("radio").first.check()
    page.get_by_label("What is wrong").fill("It reads like an advertisement.")
    page.get_by_role("button", name="Flag").click()
    expect(page.locator("#p2")).to_contain_text(ANSWER)

    # A moderator may not hide it without a reason; with one it is gone.
    of_first = without_scripts(browser, live_server.url, first)
    page = of_first.page
    page.get_by_role("link", name="Moderate the community").click()
    expect(page.get_by_text("It reads like an advertisement.")).to_be_visible()
    page.get_by_label("Tick: How users pay #2").check()
    page.get_by_label("Do not show it, or hide it").check()
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("alert").get_by_role("link").first).to_be_visible()
    expect(page.get_by_label("Tick: How users pay #2")).to_be_checked()
    page.get_by_label("Rule").select_option("spam")
    page.get_by_label("Reason").fill("It sells buckets.")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("Nothing waits.")).to_be_visible()
    expect(stranger.open(here).locator("#p2")).not_to_contain_text(ANSWER)

    # The author reads why, and objects.
    page = without_scripts(browser, live_server.url, author).open("/community/conduct/mine/")
    expect(page.get_by_text("It sells buckets.")).to_be_visible()
    page.get_by_role("link", name="Appeal").click()
    page.get_by_label("Why is the decision wrong?").fill("I sell nothing. It is how users pay.")
    page.get_by_role("button", name="Send the appeal").click()
    expect(page.get_by_text("Your appeal waits")).to_be_visible()
    of_author = page

    # Whoever decided does not answer; another moderator does, and grants it.
    page = of_first.open("/community/moderation/appeals/")
    expect(page.get_by_text("No appeal waits for you.")).to_be_visible()
    page = without_scripts(browser, live_server.url, second).page
    page.get_by_role("link", name="Answer appeals").click()
    page.locator("main .hits").get_by_role("link").click()
    expect(page.get_by_text("I sell nothing.")).to_be_visible()
    page.get_by_label("Grant: what was decided is undone").check()
    page.get_by_role("textbox", name="Answer").fill("It says how users pay. We were wrong.")
    page.get_by_role("button", name="Answer").click()
    of_author.reload()
    expect(of_author.get_by_text("Your appeal was granted")).to_be_visible()
    expect(of_author.get_by_text("We were wrong.")).to_be_visible()
    expect(stranger.open(here).locator("#p2")).to_contain_text(ANSWER)

    # Everybody reads what was decided, and about nobody.
    page = stranger.open("/community/moderation/log/")
    lines = [line.inner_text() for line in every(page.locator("main ol.hits > li"))]
    assert len(lines) == Decision.objects.count() == 1
    assert "Hidden · Undone after an appeal" in lines[0]
    assert "Advertising or spam" in lines[0]
    said = page.locator("main").inner_text()
    for person in (author, reader, first, second):
        assert person.name not in said
        assert person.member.handle not in said
    for words in ("How users pay", "It sells buckets", "advertisement", ANSWER):
        assert words not in said


# --- Open to all -------------------------------------------------------------------------------


@pytest.mark.slow
def test_what_everybody_reads_of_the_community(portal: Portal) -> None:
    reference()
    theme = open_theme(
        title="Who pays for water", summary="By the bucket, by the month, not at all."
    )
    keeper = make_member(make_user("Kim Keeper"))
    theme.stewards.add(keeper)
    author = make_member(make_user("Ana Ruiz"), handle="ana-ruiz", is_listed=True)
    author.profile.name_audience = Audience.PUBLIC
    author.profile.save()
    finding.note(author.pk)
    discussion = make_discussion(theme, title="How users pay")
    post = make_post(discussion, by=author)
    make_post(discussion, reply_to=post, quote="Answer")
    discussing.sum_up(discussion, by=keeper, summary="<p>They pay.</p>", covers=2)
    discussing.pick_insight(post, by=keeper, text="They pay by the bucket.")
    synthesis.write_conclusion(
        theme, by=keeper, sentence="Users pay.", explanation="<p>Because.</p>",
        sources=[Chosen(post)],
    )  # fmt: skip
    synthesis.publish(theme, by=keeper, form_key=uuid.uuid4())
    hidden = make_post(discussion)
    moderating.decide(
        hidden, "hide", by=make_user(is_staff=True), ground="spam", reason="It sells."
    )  # fmt: skip
    article = make_article(body="<h2>At first</h2><p>A bucket.</p><blockquote>So.</blockquote>")
    lab = brazilian_lab()
    write_lesson(lab)
    write_entry(lab)
    tried = shown(lab=lab)
    item = library.propose(by=author, title="Deep wells in dry land", doi="10.1234/abc")

    paths = [
        "/community/", theme.get_absolute_url(), f"{theme.get_absolute_url()}synthesis/",
        discussion.get_absolute_url(), "/community/blog/", article.get_absolute_url(),
        lab.get_absolute_url(), tried.get_absolute_url(), "/community/library/",
        item.get_absolute_url(), "/community/members/", "/community/members/ana-ruiz/",
        "/community/conduct/", "/community/moderation/log/",
    ]  # fmt: skip
    check_pages(portal, paths)


@pytest.mark.slow
def test_what_members_write_and_keep(portal: Portal) -> None:
    reference()
    me = verified(make_member(make_user("Ana Ruiz"), handle="ana-ruiz", is_listed=True))
    finding.note(me.pk)
    discussion = make_discussion(title="How users pay")
    mine = make_post(discussion, by=me)
    other = make_post(discussion, reply_to=mine, quote="Answer")
    discussing.pick_insight(mine, by=make_user(is_staff=True), text="They pay by the bucket.")
    noticing.tell_owed()
    lab = brazilian_lab()
    lesson = write_lesson(lab)
    solution = shown(lab=lab).solution
    pay_attention(KINDS["lab"], lab, by=me, attention="following")
    write_entry(lab)
    upload = bibliographies.keep_upload(
        by=me, data=b"@book{a, title={Wells}, year=1999}\n@book{b, title={Pumps}, year=2001}"
    )
    hidden = make_post(discussion, by=me)
    moderating.decide(
        hidden, "hide", by=make_user(is_staff=True), ground="spam", reason="It sells."
    )  # fmt: skip
    decision = Decision.objects.get()
    portal.sign_in(me)

    begin = f"/community/discuss/theme/{discussion.theme.slug}/"
    here = discussion.get_absolute_url()
    paths = [
        f"{here}?reply={other.uid}", begin, "/community/blog/new/",
        f"{lab.get_absolute_url()}lessons/{lesson.uid}/",
        f"/community/trials/{solution.reference}/new/",
        f"/community/library/import/{upload.uid}/", "/community/library/add/",
        "/community/members/", "/community/members/ana-ruiz/", "/community/membership/",
        "/community/members/ana-ruiz/recognition/", "/community/conduct/mine/",
        f"/community/conduct/mine/{decision.uid}/appeal/",
        f"/community/flag/post/{other.uid}/", "/notifications/", "/following/",
    ]  # fmt: skip
    check_pages(portal, paths)

    # What is refused is as open as what is fresh.
    page = portal.open(begin)
    with page.expect_response(portal.url + begin) as refused:
        page.get_by_role("button", name="Start the discussion").click()
    assert refused.value.status == 422
    expect(page.get_by_role("alert")).to_be_visible()
    assert faults(page) == []


@pytest.mark.slow
def test_what_moderators_and_keepers_decide(portal: Portal) -> None:
    reference()
    moderator = portal_moderator("Mona Melo")
    theme = open_theme(title="Who pays for water")
    discussion = make_discussion(theme, title="How users pay")
    post = make_post(discussion)
    moderating.raise_flag(post, by=make_member(), ground="spam", note="It sells.")
    held = make_post(discussion, by=make_member(trust=Trust.NEW))
    discussing.pick_insight(post, by=moderator, text="They pay by the bucket.")
    one = synthesis.write_conclusion(
        theme, by=moderator, sentence="Users pay.", explanation="<p>Because.</p>",
        sources=[Chosen(post)],
    )  # fmt: skip
    lab = brazilian_lab()
    steward_of(lab)
    waits = report(lab=lab)
    portal.sign_in(moderator)

    writing = f"{theme.get_absolute_url()}synthesis/edit/"
    paths = [
        "/community/moderation/", f"/community/moderation/decide/post/{held.uid}/",
        "/community/moderation/appeals/", "/community/moderation/log/",
        f"/community/moderation/members/{post.author.member.handle}/",
        discussion.get_absolute_url(), f"/community/posts/{post.uid}/insight/", writing,
        f"{writing}conclusions/{one.uid}/", f"{writing}preview/",
        f"{discussion.get_absolute_url()}split/", waits.get_absolute_url(),
        "/community/blog/desk/", "/dashboard/",
    ]  # fmt: skip
    check_pages(portal, paths)
