"""Two editors, an author and the clock at once, on whichever database the tests run: real threads.

The twin with the locks off shows that the locks are what holds.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from community.choices import ArticleState
from community.clock import PORTAL
from community.models import Article, Discussion
from community.operations import blogging
from core import audit
from core.models import AuditEntry
from tests.community.factories import make_article, make_member
from tests.community.test_blog import accepted, editor, fresh, told, write
from tests.letters import letters
from tests.racing import at_once, begin_without_lock, broken
from tests.racing import told as outcome

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

S = ArticleState
ROUNDS = 3


@pytest.fixture
def unguarded(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Locks off; whoever is ``slow`` has read an article and decides once it was changed."""
    real = blogging.hold_article
    read.clear()
    changed.clear()

    def no_lock(rows: QuerySet[Any], **_how: Any) -> QuerySet[Any]:
        return rows

    def slowly(article: Article) -> Article:
        row = real(article)
        if getattr(here, "slow", False):
            read.set()
            changed.wait(LONGEST)
        return row

    monkeypatch.setattr(QuerySet, "select_for_update", no_lock)
    monkeypatch.setattr(blogging, "hold_article", slowly)
    return begin_without_lock


#: What is true of one thread.
here = threading.local()
#: Without locks the order is set: an editor reads, the author changes, the editor decides.
read, changed = threading.Event(), threading.Event()
LONGEST = 30


def deciding(article: Article, verb: str, by: Any, base: int = 0) -> Callable[[], Any]:
    return lambda: blogging.decide(fresh(article), verb, by=by, base=base, words="Say where.")


def written() -> int:
    return len(letters())


def test_of_two_editors_who_decide_at_once_one_does() -> None:
    desks = [editor(), editor()]
    for verbs in (
        ("publish_article", "publish_article"),
        ("publish_article", "return_article"),
        ("return_article", "return_article"),
    ):
        article, before = write(send=True), written()

        found = at_once(
            *(deciding(article, verb, by) for verb, by in zip(verbs, desks, strict=True))
        )

        outcomes = [outcome(result) for result in found]
        assert sorted(outcomes) == ["done", "wrong-state"], verbs
        won = verbs[outcomes.index("done")]
        assert fresh(article).state == Article.moves[won].target
        assert written() == before + 1
    assert list(audit.verify()) == []


def edited_meanwhile(article: Article) -> None:
    """The author takes it back, writes something else and sends it again, at once."""
    by = article.begun_by
    blogging.take_back(fresh(article), by=by)
    blogging.save_article(fresh(article), by=by, told=told(body="<p>Buy!</p>"), base=0, send=True)


def race_with_the_author(*, in_turn: bool = False, **how: Any) -> tuple[list[Any], Article]:
    """An editor publishes what they read while its author puts another text in its place."""
    article, by = write(send=True), editor()

    def change() -> None:
        if in_turn:
            read.wait(LONGEST)
        try:
            edited_meanwhile(article)
        finally:
            changed.set()

    def publish() -> None:
        here.slow = True
        deciding(article, "publish_article", by)()

    found = at_once(publish, change, **how)
    return found, fresh(article)


def test_what_an_editor_read_is_what_appears_however_fast_the_author_is() -> None:
    for _round in range(ROUNDS):
        found, article = race_with_the_author()

        assert outcome(found[0]) in {"done", "stale", "wrong-state"}
        if article.state == S.PUBLISHED:
            assert article.body == "<p>It began with a bucket.</p>"


def test_without_the_lock_an_unseen_text_appears(unguarded: Any) -> None:
    found, article = race_with_the_author(in_turn=True, begin=unguarded)

    assert broken(found) or (article.state, article.body) == (S.PUBLISHED, "<p>Buy!</p>")


def test_the_clock_twice_at_once_publishes_each_once() -> None:
    rows = [accepted() for _n in range(4)]
    before = written()

    found = at_once(*(lambda: blogging.publish_due(by=PORTAL, now=timezone.now()),) * 3)

    assert [outcome(result) for result in found] == ["done"] * 3
    assert sum(found) == len(rows)
    assert written() == before + len(rows)
    for row in rows:
        assert AuditEntry.of(row).filter(verb="publish_article").count() == 1


def test_the_clock_and_an_author_who_takes_back_agree() -> None:
    for _round in range(ROUNDS):
        article = accepted()

        found = at_once(
            lambda: blogging.publish_due(by=PORTAL, now=timezone.now()),
            lambda article=article: blogging.take_back(fresh(article), by=article.begun_by),
        )

        assert outcome(found[0]) == "done"
        state = {"done": S.DRAFT, "wrong-state": S.PUBLISHED}[outcome(found[1])]
        assert fresh(article).state == state


def test_two_first_comments_at_once_stand_in_one_discussion() -> None:
    article, people = make_article(), [make_member() for _n in range(4)]

    found = at_once(
        *(
            lambda by=by: blogging.comment(
                article, by=by, body="<p>So it was here.</p>", form_key=uuid.uuid4()
            )
            for by in people
        )
    )

    assert [outcome(result) for result in found] == ["done"] * 4
    discussion = Discussion.objects.get(article=article)
    assert (discussion.shown_posts, discussion.last_number) == (4, 4)


def test_articles_of_one_name_begun_at_once_have_addresses_of_their_own() -> None:
    people = [make_member() for _n in range(4)]

    found = at_once(
        *(
            lambda by=by: blogging.save_article(
                None, by=by, told=told(title="Wells"), form_key=uuid.uuid4()
            )
            for by in people
        )
    )

    assert [outcome(result) for result in found] == ["done"] * 4
    assert len(set(Article.objects.values_list("slug", flat=True))) == 4


def test_one_form_sent_at_once_is_one_article() -> None:
    by, key = make_member(), uuid.uuid4()

    found = at_once(*(lambda: blogging.save_article(None, by=by, told=told(), form_key=key),) * 4)

    assert [outcome(result) for result in found] == ["done"] * 4
    assert Article.objects.count() == 1


def test_two_corrections_at_once_the_second_is_told() -> None:
    article = make_article()
    by, changed = article.begun_by, {"title": article.title, "lede": ""}

    found = at_once(
        *(
            lambda n=n: blogging.correct_article(
                article, by=by, base=0, reason=f"No {n}", told=changed | {"body": f"<p>{n}</p>"}
            )
            for n in range(3)
        )
    )

    assert sorted(map(outcome, found)) == ["done", "stale", "stale"]
    assert article.revisions.count() == 1
