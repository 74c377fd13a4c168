"""Texts of the community in a browser: a blog post, a living lab, a reply that was not sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from community.models import Decision, Draft, Post
from community.operations import blogging, labs, moderating
from tests.community.factories import make_article, make_discussion, make_member
from tests.community.labs import (
    ELSEWHERE,
    brazilian_lab,
    confirm,
    public_solution,
    steward_of,
    write_lesson,
)
from tests.factories import make_user, reference
from tests.journeys.steps import Portal, every, verified, with_second_step
from tests.journeys.test_accessibility import check_all
from tests.journeys.test_events import without_scripts

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from pytest_django.live_server_helper import LiveServer

    from accounts.models import User
    from community.models import Article

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

TITLE = "What a dry well taught us"
REPLY = "Ours pay by the bucket, every morning."


def a_member(name: str) -> User:
    return verified(make_member(make_user(name)))


def a_moderator(name: str) -> User:
    return with_second_step(make_user(name, is_staff=True))


def test_a_blog_post_is_returned_changed_published_and_talked_about(
    browser: Browser, live_server: LiveServer
) -> None:
    reference()
    author, reader = a_member("Ana Ruiz"), a_member("Ravi Nair")

    # Written, looked at, sent.
    writing = without_scripts(browser, live_server.url, author)
    page = writing.open("/community/blog/")
    page.get_by_role("link", name="Write a post").click()
    page.get_by_label("Title").fill(TITLE)
    page.get_by_label("In one or two sentences").fill("Three years of buckets.")
    page.get_by_label("Text", exact=True).fill("It began with a bucket.")
    words = page.get_by_role("group", name="Words to find it by")
    words.get_by_label("Number 1").fill("deep wells")
    page.get_by_role("button", name="Save and preview").click()
    expect(page.get_by_text("Readers do not see this page.")).to_be_visible()
    expect(page.get_by_role("heading", name=TITLE, level=1)).to_be_visible()
    page.get_by_role("button", name="Send to the editors").click()
    expect(page.get_by_text("Your post is with the editors.")).to_be_visible()

    # An editor finds it waiting, and returns it; not without a word.
    desk = without_scripts(browser, live_server.url, a_moderator("Edda Holm")).page
    desk.get_by_role("link", name=re.compile(f"^Read.*{TITLE}")).click()
    expect(desk.get_by_text("It began with a bucket.")).to_be_visible()
    desk.get_by_role("button", name="Return with remarks").click()
    expect(desk.get_by_role("alert").get_by_role("link").first).to_be_visible()
    desk.get_by_label("Remarks for the author").fill("Say where the well is.")
    desk.get_by_role("button", name="Return with remarks").click()
    expect(desk.get_by_text("The post is back with its author")).to_be_visible()

    # The author reads why, changes the text, and sends it again.
    page = writing.open("/dashboard/")
    page.get_by_role("link", name=re.compile("^Change it")).click()
    expect(page.get_by_text("Say where the well is.")).to_be_visible()
    expect(page.get_by_label("Title")).to_have_value(TITLE)
    text = page.get_by_label("Text", exact=True)
    expect(text).to_have_value(re.compile("It began with a bucket."))
    text.fill("It began with a bucket, in the upper valley.")
    page.get_by_role("button", name="Send to the editors").click()
    expect(page.get_by_text("Your post is with the editors.")).to_be_visible()

    # Published.
    desk.goto(f"{live_server.url}/community/blog/desk/")
    desk.get_by_role("link", name=TITLE).click()
    desk.get_by_role("button", name="Publish now").click()
    expect(desk.get_by_text("The post is published.")).to_be_visible()

    # Anybody finds and reads it, and is not asked to write.
    page = without_scripts(browser, live_server.url).open("/community/blog/")
    page.get_by_role("link", name="deep wells").first.click()
    page.get_by_role("link", name=TITLE).click()
    expect(page.get_by_text("in the upper valley.")).to_be_visible()
    assert "Say where the well is." not in page.content()
    expect(page.get_by_role("link", name="Sign in to comment")).to_be_visible()
    article = page.url

    # A member says something; it stands below, for everybody.
    comment = without_scripts(browser, live_server.url, reader).page
    comment.goto(article)
    comment.get_by_label("Your comment").fill("Ours fell dry, too.")
    comment.get_by_role("button", name="Send the comment").click()
    page.reload()
    expect(page.locator("#comments")).to_contain_text("Ours fell dry, too.")

    answer = page.request.get(f"{live_server.url}/community/blog/feed.atom")
    assert answer.ok
    assert TITLE in answer.text()
    assert "Three years of buckets." in answer.text()


def test_a_lab_writes_what_it_learned_and_others_say_what_they_saw(
    browser: Browser, live_server: LiveServer
) -> None:
    lab = brazilian_lab(name="Lab of the upper valley")
    steward = verified(steward_of(lab))
    solution = public_solution()
    last = a_member("Third Witness")
    *before, there = ELSEWHERE

    # A steward writes down what was done, and what it taught.
    keeping = without_scripts(browser, live_server.url, steward)
    page = keeping.open("/community/labs/")
    page.get_by_role("link", name="Lab of the upper valley").click()
    page.get_by_role("link", name="New entry in the log").click()
    page.get_by_label("When it happened").fill("2024-05")
    page.get_by_label("What happened").fill("The first pump stands")
    page.get_by_label("In a few sentences").fill("It took four days.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="The first pump stands")).to_be_visible()
    page.get_by_role("link", name="New lesson").click()
    page.get_by_label("Lesson, in one sentence").fill("Name one keeper for each pump.")
    page.get_by_label("What it rests on").fill("In three valleys.")
    page.get_by_role("button", name="Save").click()
    lesson = lab.lessons.get()
    for country in before:
        confirm(lesson, country)

    # The third of three countries: it stands.
    page = without_scripts(browser, live_server.url, last).open(lab.get_absolute_url())
    expect(page.locator("#lessons")).to_contain_text("1 more country to go")
    page.get_by_role("link", name=re.compile("^I can confirm this")).click()
    page.get_by_label("Country where you saw it").select_option(there)
    page.get_by_label("What you saw").fill("The same in our hills.")
    page.get_by_role("button", name="I can confirm this").click()
    expect(page.get_by_text("Your confirmation is shown.")).to_be_visible()
    reader = without_scripts(browser, live_server.url)
    lessons = reader.open(lab.get_absolute_url()).locator("#lessons li")
    assert ["Stands" in row.inner_text() for row in every(lessons)] == [True]

    # A draft of the catalogue begins from it: the steward finds it at the lab, readers do not.
    page = keeping.open(lesson.get_absolute_url())
    page.get_by_role("link", name="Begin a solution from it").click()
    expect(page.get_by_label("What it begins from")).to_have_value(f"lesson-{lesson.uid}")
    page.get_by_label("Title of the solution").fill("One keeper for each pump")
    page.get_by_role("button", name="Begin a solution").click()
    expect(page).to_have_url(re.compile("/work/"))
    page = keeping.open(lab.get_absolute_url())
    expect(
        page.locator("#solutions").get_by_role("link", name="One keeper for each pump")
    ).to_be_visible()
    page = reader.open(lab.get_absolute_url())
    expect(page.locator("#solutions")).to_contain_text("None is public yet.")
    assert "One keeper for each pump" not in page.content()

    # A member tried what is public and says what came of it.
    page = without_scripts(browser, live_server.url, last).open(solution.get_absolute_url())
    page.get_by_role("link", name="Did you try it?").click()
    page.get_by_label("Organisation that tried it").fill("Water board of the hills")
    page.get_by_label("Country").select_option(there)
    page.get_by_label("When").fill("2021-05")
    page.get_by_label("Where and under what circumstances").fill("Forty wells in dry hills.")
    page.get_by_label("What happened").fill("Half of the wells still give water.")
    page.get_by_label("It worked in part").check()
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_text("Waits for a check.")).to_be_visible()
    page = reader.open(solution.get_absolute_url())
    expect(page.get_by_text("Nobody has reported a trial elsewhere yet.")).to_be_visible()

    # A moderator shows it, and the page of the solution tells it.
    desk = without_scripts(browser, live_server.url, a_moderator("Mona Melo")).page
    desk.get_by_role("link", name=re.compile("^Check.*trial")).click()
    desk.get_by_role("button", name="Show it", exact=True).click()
    expect(desk.get_by_text("The report is shown.")).to_be_visible()
    trials = reader.open(solution.get_absolute_url()).locator("#trials")
    expect(trials).to_contain_text("Half of the wells still give water.")
    expect(trials.get_by_role("link", name="Water board of the hills")).to_be_visible()


def test_a_reply_that_was_not_sent_is_found_again(portal: Portal) -> None:
    reference()
    member = a_member("Ana Ruiz")
    discussion = make_discussion(title="How users pay")
    here = discussion.get_absolute_url()
    portal.sign_in(member)

    # Typed, and left.
    page = portal.open(here)
    box = page.get_by_role("textbox", name="Your reply")
    box.click()
    page.wait_for_load_state("networkidle")
    page.keyboard.type(REPLY)
    expect(page.get_by_text(re.compile(r"Draft saved at \d\d:\d\d"))).to_be_visible()
    page.goto(f"{portal.url}/community/my/discussions/")
    expect(page.get_by_role("region", name="Unsent texts")).to_contain_text(REPLY)
    assert Post.objects.count() == 1

    # Found where it was, and sent.
    page.get_by_role("link", name="How users pay").click()
    expect(page.get_by_text("This is what you typed and did not send")).to_be_visible()
    expect(page.get_by_role("textbox", name="Your reply")).to_contain_text(REPLY)
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator("#p2")).to_contain_text(REPLY)
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("textbox", name="Your reply")).not_to_contain_text(REPLY)
    page.goto(f"{portal.url}/community/my/discussions/")
    expect(page.get_by_role("heading", name="Your discussions")).to_be_visible()
    assert REPLY not in page.content()
    assert not Draft.objects.exists()


def test_what_was_taken_away_and_what_takes_it_away_is_open_to_all(portal: Portal) -> None:
    lab = brazilian_lab()
    gone, kept = write_lesson(lab), write_lesson(lab, text="Name one keeper for each pump.")
    labs.withdraw_lesson(gone, by=steward_of(lab), reason="The pumps were another kind.")
    article = corrected(corrected(make_article(title=TITLE), 0), 1)
    moderator = with_second_step(make_member(make_user("Edda Holm", is_staff=True)))
    moderating.decide_version(
        article.revisions.get(number=1),
        Decision.What.HIDE,
        by=make_member(make_user(is_staff=True)),
        ground="spam",
        reason="It sells pumps.",
    )
    history = reverse("community:article-history", args=[article.slug])
    assert check_all(portal, [lab.get_absolute_url(), gone.get_absolute_url(), history]) == {}

    portal.sign_in(moderator)
    paths = [
        reverse("community:lesson-withdraw", args=[lab.slug, kept.uid]),
        reverse("community:article-version", args=[article.slug, 1]),
        reverse("community:article-version", args=[article.slug, 0]),
        history,
    ]
    assert check_all(portal, paths) == {}
    # The page of what is gone says so, to the browser, too.
    portal.complaints = [text for text in portal.complaints if "410" not in text]


def corrected(article: Article, base: int) -> Article:
    return blogging.correct_article(
        article,
        by=make_user(is_staff=True),
        base=base,
        reason=f"Reason {base}",
        told={"title": TITLE, "lede": article.lede, "body": f"<p>Bucket {base} of three.</p>"},
    )
