"""What a member contributed, counted from facts, and the certificate of it."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone
from pypdf import PdfReader

from accounts.models import User
from community.choices import ChapterRole, PostState
from community.models import Certificate, ChapterMember, Member, Post, TrialReport
from community.operations import discussing, recognising
from community.recognition import REVIEWS_SHOWN, recognitions_of
from core.errors import DomainError
from tests.community.factories import (
    make_article,
    make_chapter,
    make_discussion,
    make_member,
    make_post,
    open_theme,
)
from tests.factories import complete_snapshot, make_user, published
from tests.people import browser

pytestmark = pytest.mark.django_db


def counts(user: User, viewer: Any = None, **how: Any) -> dict[str, int]:
    return {row.kind: row.count for row in recognitions_of(user, viewer or user, **how)}


def picked(author: User, place: Any = None, keeper: User | None = None) -> Post:
    discussion = make_discussion(place or open_theme())
    post = make_post(discussion, by=author)
    by = keeper or make_member(make_user(is_staff=True))
    discussing.pick_insight(post, by=by, text="Users pay by the bucket.")
    return post


def trial(solution: Any, user: User | None, **told: Any) -> TrialReport:
    return TrialReport.objects.create(
        **{
            "solution": solution, "user": user, "organisation": "Water board", "country": "ID",
            "context": "Dry hills", "result": "It held", "outcome": "worked", "tried": "2024",
            "state": "shown", "shown_at": timezone.now(),
        }
        | told
    )  # fmt: skip


def test_an_insight_counts_for_its_author_and_not_for_who_picks_their_own() -> None:
    author, keeper = make_member(), make_member(make_user(is_staff=True))

    picked(author)
    picked(keeper, keeper=keeper)

    assert counts(author) == {"insights": 1}
    assert counts(keeper) == {}


def test_what_the_reader_may_not_read_is_not_counted() -> None:
    author, chapter = make_member(), make_chapter(is_private=True)
    for user in (author, starter := make_member()):
        ChapterMember.objects.create(chapter=chapter, user=user, role=ChapterRole.MEMBER)
    post = make_post(make_discussion(chapter, by=starter), by=author)
    discussing.pick_insight(post, by=make_member(make_user(is_staff=True)), text="Inside.")
    hidden = picked(author)
    Post.objects.filter(pk=hidden.pk).update(state=PostState.HIDDEN)

    assert counts(author, author) == {"insights": 1}
    assert counts(author, starter) == {"insights": 1}
    assert counts(author, make_member()) == {}
    assert counts(author, AnonymousUser()) == {}


def test_trials_count_for_who_reports_and_for_the_team_unless_they_are_the_same() -> None:
    owner, other = make_member(), make_member()
    solution = published(complete_snapshot(owner))
    trial(solution, other)
    trial(solution, owner)
    trial(solution, other, outcome="failed")
    trial(solution, other, state="submitted", shown_at=None)

    assert counts(owner) == {"adopted": 1, "trials": 1}
    assert counts(other) == {"trials": 2}


def test_articles_known_only_from_a_source_count_for_nobody() -> None:
    author = make_member()
    make_article(begun_by=author)
    make_article(begun_by=author, state="draft")

    assert counts(author) == {"articles": 1}


def test_a_few_reviews_are_told_to_nobody_but_the_reviewer(django_assert_num_queries: Any) -> None:
    reviewer = make_member()

    assert REVIEWS_SHOWN > 1
    with django_assert_num_queries(6):
        recognitions_of(reviewer, AnonymousUser())


def test_the_page_is_shown_only_if_the_member_shows_it(client: Client) -> None:
    author = make_member(handle="well-keeper")
    picked(author)
    path = "/community/members/well-keeper/recognition/"

    seen = client.get(path)
    Member.objects.filter(user=author).update(shows_recognition=False)

    assert seen.status_code == 200
    assert "1 insight" in seen.content.decode()
    assert "Make the certificate" not in seen.content.decode()
    assert client.get(path).status_code == 404
    own = browser(author).get(path).content.decode()
    assert "Make the certificate" in own
    assert "Only you see this page." in own


def test_a_certificate_says_what_was_counted_and_can_be_checked_and_taken_back() -> None:
    author = make_member(make_user(name="Noor Wells"))
    picked(author)
    year = timezone.localdate().year
    mine, stranger = browser(author), Client()

    made = mine.post("/community/certificates/", {"year": year, "name": "Noor Wells"})
    paper = mine.get(f"{made.url}certificate.pdf")

    said = PdfReader(io.BytesIO(paper.content)).pages[0].extract_text()
    said = said.replace("\u200b", "")  # where a long address may break
    for words in ("Noor Wells", "1 insight", str(year), made.url):
        assert words in said
    assert "1 insight" in stranger.get(made.url).content.decode()
    assert browser(make_member()).get(f"{made.url}certificate.pdf").status_code == 404
    assert browser(make_member()).post(f"{made.url}take-back/").status_code == 404
    mine.post(f"{made.url}take-back/")
    assert stranger.get(made.url).status_code == 404


def test_the_same_facts_give_the_same_certificate_and_new_ones_a_new_code() -> None:
    author = make_member()
    picked(author)
    year = timezone.localdate().year

    one = recognising.issue_certificate(by=author, year=year, name="Noor")
    two = recognising.issue_certificate(by=author, year=year, name="Noor")
    picked(author)
    three = recognising.issue_certificate(by=author, year=year, name="Noor")

    assert one.uid == two.uid != three.uid
    assert Certificate.objects.get() == three
    assert three.counts == {"insights": 2}


def test_a_year_without_contributions_gives_no_certificate_and_keeps_the_form() -> None:
    author = make_member()
    last = timezone.localdate().year - 1
    picked(author)

    answer = browser(author).post("/community/certificates/", {"year": last, "name": "Noor W."})

    assert answer.status_code == 422
    assert f"Nothing is counted for {last} yet." in answer.content.decode()
    assert "Noor W." in answer.content.decode()
    with pytest.raises(DomainError):
        recognising.issue_certificate(by=author, year=last, name="Noor")


def test_only_members_make_certificates() -> None:
    with pytest.raises(PermissionDenied):
        recognising.issue_certificate(by=make_user(), year=2024, name="x")


def test_facts_count_in_the_year_they_happened() -> None:
    author = make_member()
    post = picked(author)
    post.insight.picked_at = timezone.now() - dt.timedelta(days=400)
    post.insight.save()

    assert counts(author) == {"insights": 1}
    assert counts(author, year=timezone.localdate().year) == {}
