"""What is found is what everybody reads: each kind in each state, and on the way between them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from accounts.models import User
from community.models import Article, Chapter, Discussion, Member, Post
from community.operations import blogging, chapters, discussing, moderating
from core import findable, search
from core.models import AuditEntry, SearchDocument
from events import finding as event_finding
from hubs import finding as hub_finding
from participation.operations import papers
from tests import factories
from tests.community.factories import (
    make_article,
    make_chapter,
    make_discussion,
    make_member,
    make_post,
    make_theme,
    open_theme,
)
from tests.community.labs import brazilian_lab, write_entry, write_lesson
from tests.events.factories import make_event, make_session

pytestmark = pytest.mark.django_db

#: A word that nothing else has, and the same with a typing error.
WORD, MISTYPED = "Zebrapump", "zebrapmup"
BODY = f"<p>The {WORD} ran dry.</p>"


@pytest.fixture
def desk() -> User:
    return make_member(factories.make_user(is_staff=True))


def told(record: Any) -> Any:
    """As the desk leaves it: with a line in the audit."""
    AuditEntry.record(by=factories.make_user(), verb="add_record", target=record)
    return record


def found(word: str = WORD) -> dict[str, int]:
    query = search.SearchQuery.parse(word)
    return {code: one.total for code, one in search.find_everywhere(query).items()}


def agrees() -> bool:
    """Whether the search has exactly what everybody reads; hubs of labs are made without it."""
    return set(findable.check()) <= {"hub"}


def shows_nowhere(client: Client) -> bool:
    """Not in an answer, a count, a suggestion or a correction."""
    pages = [
        client.get("/search/", {"q": WORD}),
        client.get("/search/", {"q": MISTYPED}),
        client.get("/search/suggestions/", {"q": WORD[:5]}),
        *(client.get("/search/", {"q": WORD, "kind": code}) for code in findable.KINDS),
        *(client.get("/search/", {"kind": code}) for code in findable.KINDS),
    ]
    said = [page.content.decode().replace(f'value="{WORD}"', "") for page in pages]
    context = pages[1].context
    return (
        found() == {}
        and not any(f"{WORD} " in page or f"<mark>{WORD}</mark>" in page for page in said[2:])
        and (context["corrected"], context["meant"], context["total"]) == ([], "", 0)
    )


# --- Discussions and posts -----------------------------------------------------------------------


def in_open_theme(desk: User) -> Discussion:
    return make_discussion(open_theme(), body=BODY)


def waiting_for_a_moderator(desk: User) -> Discussion:
    return make_discussion(open_theme(), body=BODY, by=make_member(trust="new"))


def released(desk: User) -> Discussion:
    topic = waiting_for_a_moderator(desk)
    discussing.move_post(topic.posts.get(), "release_post", by=desk)
    return topic


def refused(desk: User) -> Discussion:
    topic = waiting_for_a_moderator(desk)
    discussing.move_post(topic.posts.get(), "refuse_post", by=desk, reason="Off the subject.")
    return topic


def post_hidden(desk: User) -> Discussion:
    topic = in_open_theme(desk)
    discussing.move_post(topic.posts.get(), "hide_post", by=desk, reason="Off the subject.")
    return topic


def post_restored(desk: User) -> Discussion:
    topic = post_hidden(desk)
    discussing.move_post(topic.posts.get(), "restore_post", by=desk)
    return topic


def post_withdrawn(desk: User) -> Discussion:
    topic = in_open_theme(desk)
    post = topic.posts.get()
    discussing.move_post(post, "withdraw_post", by=post.author)
    return topic


def topic_hidden(desk: User) -> Discussion:
    topic = in_open_theme(desk)
    topic.hide_discussion(by=desk, reason="Off the subject.")
    return topic


def topic_restored(desk: User) -> Discussion:
    topic = topic_hidden(desk)
    topic.restore_discussion(by=desk)
    return topic


def topic_locked(desk: User) -> Discussion:
    topic = in_open_theme(desk)
    topic.lock(by=desk)
    return topic


def in_open_chapter(desk: User) -> Discussion:
    return make_discussion(make_chapter(), body=BODY, by=desk)


def in_private_chapter(desk: User) -> Discussion:
    return make_discussion(make_chapter(is_private=True), body=BODY, by=desk)


def in_chapter_made_private(desk: User) -> Discussion:
    topic = in_open_chapter(desk)
    assert found()
    chapters.make_private(topic.chapter, by=desk)
    return topic


def in_chapter_taken_back(desk: User) -> Discussion:
    topic = in_open_chapter(desk)
    Chapter.objects.filter(pk=topic.chapter_id).update(is_public=False)
    told(topic.chapter)
    return topic


def in_hidden_lab(desk: User) -> Discussion:
    return make_discussion(brazilian_lab(is_public=False), body=BODY, by=desk)


def about_a_hidden_event(desk: User) -> Discussion:
    topic = make_discussion(make_event(), body=BODY, by=desk)
    topic.event.is_public = False
    topic.event.save()
    event_finding.note(topic.event)
    return topic


def about_a_withdrawn_post(desk: User) -> Discussion:
    topic = make_discussion(make_article(), body=BODY, by=desk)
    blogging.decide(
        topic.article, "withdraw_article", by=desk, base=topic.article.revision, words="Wrong."
    )
    return topic


def merged(desk: User) -> Discussion:
    topic = in_open_theme(desk)
    other = make_discussion(topic.theme, by=desk)
    moderating.merge(topic, other, by=desk, reason="The same question.")
    return topic


DISCUSSIONS: dict[Callable[[User], Discussion], dict[str, int]] = {
    in_open_theme: {"discussion": 1},
    waiting_for_a_moderator: {},
    released: {"discussion": 1},
    refused: {},
    post_hidden: {},
    post_restored: {"discussion": 1},
    post_withdrawn: {},
    topic_hidden: {},
    topic_restored: {"discussion": 1},
    topic_locked: {"discussion": 1},
    in_open_chapter: {"discussion": 1},
    in_private_chapter: {},
    in_chapter_made_private: {},
    in_chapter_taken_back: {},
    in_hidden_lab: {},
    about_a_hidden_event: {},
    about_a_withdrawn_post: {},
    # The opening post has become a later one of the other discussion.
    merged: {"post": 1},
}


@pytest.mark.parametrize("make", DISCUSSIONS, ids=lambda make: make.__name__)
def test_a_discussion_is_found_while_everybody_reads_it(
    desk: User, client: Client, make: Callable[[User], Discussion]
) -> None:
    make(desk)
    # Places made without the desk are not the matter here.
    findable.refresh("theme", findable.KINDS["theme"].public())
    findable.refresh("chapter", findable.KINDS["chapter"].public())
    findable.refresh("article", findable.KINDS["article"].public())
    for code in ("event", "lab"):
        findable.refresh(code, findable.KINDS[code].public())

    assert found() == DISCUSSIONS[make]
    assert shows_nowhere(client) == (not DISCUSSIONS[make])
    assert agrees()


def reply(topic: Discussion, **values: Any) -> Post:
    return make_post(topic, body=BODY, **values)


@pytest.mark.parametrize("make", DISCUSSIONS, ids=lambda make: make.__name__)
def test_a_later_post_is_found_only_with_its_discussion(
    desk: User, make: Callable[[User], Discussion]
) -> None:
    topic = make(desk)
    post = Post.objects.create(
        discussion=topic, number=topic.last_number + 1, author=desk, body="<p>Giraffewell</p>",
        shown_at=topic.started_at,
    )  # fmt: skip
    Discussion.objects.filter(pk=topic.pk).update(last_number=post.number)

    # With something to read in it, what had no post to show begins to be found.
    begins = make in {waiting_for_a_moderator, refused, post_hidden, post_withdrawn}
    is_read = (bool(DISCUSSIONS[make]) and make is not merged) or begins
    assert found("Giraffewell") == ({"post": 1} if is_read else {})
    assert bool(found("Who pays").get("discussion")) == (is_read or make is merged)


def test_posts_follow_their_discussion_where_it_goes(desk: User) -> None:
    topic = make_discussion(open_theme(), by=desk)
    first, second = reply(topic), make_post(topic)
    assert found() == {"post": 1}

    new = moderating.split(
        topic, [second, first], by=desk, title="What became of it", reason="Another question."
    )
    # It opens the new one now.
    assert found() == {"discussion": 1}
    moderating.decide_discussion(new, "hide", by=desk, ground="practice", reason="Off.")
    assert found() == {}
    moderating.decide_discussion(new, "restore", by=desk)
    assert found() == {"discussion": 1}

    text = "<p>Nothing any more.</p>"
    row = Post.objects.get(pk=first.pk)
    discussing.change_post(row, by=row.author, body=text, base=0)
    assert found() == {}


def test_a_member_who_is_banned_writes_nothing_that_is_found(desk: User) -> None:
    writer = make_member()
    topic = make_discussion(open_theme(), by=writer)
    findable.refresh("theme", [topic.theme_id])
    moderating.sanction(writer, "ban", by=desk, ground="spam", reason="Advertising.")
    with pytest.raises(Exception):  # noqa: B017, PT011 (whichever refusal)
        reply(topic, by=writer)
    assert found() == {}
    assert agrees()


def test_nobody_is_found_by_what_they_wrote() -> None:
    writer = make_member(factories.make_user("Ottoline Wellkeeper"))
    reply(make_discussion(open_theme(), by=writer), by=writer)
    assert not found("Ottoline")
    assert not Member.objects.filter(handle__icontains="ottoline").exists()


# --- The blog ------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["draft", "submitted", "accepted", "published", "withdrawn"])
def test_a_blog_post_is_found_while_it_is_published(client: Client, state: str) -> None:
    told(make_article(title=f"{WORD} of the valley", state=state))
    assert found() == ({"article": 1} if state == "published" else {})
    assert shows_nowhere(client) == (state != "published")
    assert agrees()


def test_a_correction_of_a_blog_post_is_found_at_once(desk: User) -> None:
    article: Article = told(make_article(title="Wells", body=BODY))
    assert found() == {"article": 1}
    blogging.correct_article(
        article, by=desk, told={"title": "Wells", "lede": "", "body": "<p>Dry.</p>"},
        base=article.revision, reason="It was wrong.",
    )  # fmt: skip
    assert found() == {}


# --- Themes, chapters, labs ----------------------------------------------------------------------


@pytest.mark.parametrize("is_public", [True, False])
@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("theme", lambda **v: make_theme(title=WORD, **v)),
        ("chapter", lambda **v: make_chapter(name=WORD, **v)),
        ("chapter", lambda **v: make_chapter(name=WORD, is_private=True, **v)),
        ("lab", lambda **v: brazilian_lab(name=WORD, **v)),
    ],
)
def test_places_are_found_while_they_are_announced(
    client: Client, kind: str, make: Callable[..., Any], is_public: bool
) -> None:
    record = told(make(is_public=is_public))
    assert found() == ({kind: 1} if is_public else {})
    type(record).objects.filter(pk=record.pk).update(is_public=not is_public)
    told(record)
    assert found() == ({} if is_public else {kind: 1})
    assert shows_nowhere(client) == is_public
    assert agrees()


def test_what_a_lab_learned_goes_with_the_lab() -> None:
    lab = told(brazilian_lab())
    write_lesson(lab, text=f"Oil the {WORD}.")
    write_entry(lab, body=f"<p>{WORD} arrived.</p>")
    assert found() == {"lab": 1, "lesson": 1}
    type(lab).objects.filter(pk=lab.pk).update(is_public=False)
    told(lab)
    assert found() == {}
    assert agrees()


# --- Events --------------------------------------------------------------------------------------


def test_sessions_and_papers_go_with_their_event(desk: User) -> None:
    event = make_event()
    make_session(event, title=f"{WORD} in practice")
    event_finding.note(event)
    assert found() == {"event": 1, "session": 1}
    with_paper = papers.add_paper(
        event, by=desk, url="https://example.org/1", title=f"{WORD} by numbers", kind="slides",
        language="en",
    )  # fmt: skip
    assert found() == {"event": 1, "session": 1, "paper": 1}
    papers.change_paper(with_paper, by=desk, audience="participants")
    assert found() == {"event": 1, "session": 1}
    papers.change_paper(with_paper, by=desk, audience="public")
    papers.withdraw_paper(with_paper, by=desk, withdrawn=True)
    assert found() == {"event": 1, "session": 1}
    papers.withdraw_paper(with_paper, by=desk, withdrawn=False)
    assert agrees()

    event.is_public = False
    event.save()
    event_finding.note(event)
    assert found() == {}
    assert agrees()


def test_a_webinar_is_a_kind_of_its_own_and_a_session_that_goes_is_forgotten() -> None:
    event = make_event(name=WORD, kind="webinar")
    session = make_session(event, title=WORD)
    event_finding.note(event)
    assert found() == {"webinar": 1, "session": 1}
    session.delete()
    event.kind = "dialogue"
    event.save()
    event_finding.note(event)
    assert found() == {"event": 1}
    assert agrees()


# --- Hubs and their needs ------------------------------------------------------------------------


def test_a_need_is_found_and_leads_to_its_place_on_the_page() -> None:
    factories.reference()
    hub = factories.make_hub(name="Board of wells", country_id="BR")
    claim = factories.state(hub, "sought", f"Advice on the {WORD}")
    factories.state(hub, "offered", "Advice on dams")
    hub_finding.note(hub)

    assert found()["need"] == 1
    assert found("dams") == {"hub": 1}
    hits = Client().get("/search/", {"q": WORD, "kind": "need"}).context["sections"][0].hits
    assert [(hit.url, hit.meta) for hit in hits] == [
        (f"/hubs/{hub.slug}/statements/#c-{claim.uid}", "Board of wells · Brazil")
    ]
    hub.is_listed = False
    hub.save()
    hub_finding.note(hub)
    assert found() == {}
    assert agrees()


def test_a_need_that_is_not_said_any_more_is_not_found() -> None:
    factories.reference()
    hub = factories.make_hub()
    claim = factories.state(hub, "sought", WORD)
    hub_finding.note(hub)
    claim.delete()
    hub_finding.note(type(hub).objects.get(pk=hub.pk))
    assert found() == {}
    assert agrees()


# --- Upkeep --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)  # mending alters tables
def test_the_command_names_and_mends_what_is_astray() -> None:
    missing, extra, outdated = (told(make_theme(title=f"Wells {n}")) for n in range(3))
    SearchDocument.objects.filter(kind="theme", object_id=missing.pk).delete()
    type(extra).objects.filter(pk=extra.pk).update(is_public=False)
    type(outdated).objects.filter(pk=outdated.pk).update(title=WORD)
    search.index("spaceship", 1, title="Nobody knows this kind", facets={}, published_at=None)

    astray = findable.check()
    assert {code: (one.missing, one.extra, one.outdated) for code, one in astray.items()} == {
        "theme": ([str(missing.pk)], [str(extra.pk)], [str(outdated.pk)]),
        "spaceship": ([], ["1"], []),
    }
    assert not findable.check(thorough=False)["theme"].outdated
    output = io.StringIO()
    with pytest.raises(CommandError, match="check_index --mend"):
        call_command("check_index", stdout=output)
    assert "       1 theme: public and not found" in output.getvalue().splitlines()
    call_command("check_index", mend=True, stdout=output)
    assert found() == {"theme": 1}
    assert agrees()


def test_every_kind_can_be_made_anew_from_the_records() -> None:
    """Each kind writes down a record as it is, and reads it again to show it."""
    told(open_theme(title=WORD))
    told(make_chapter(name=WORD))
    told(make_article(title=WORD))
    lab = told(brazilian_lab(name=WORD))
    write_lesson(lab, text=WORD)
    topic = make_discussion(open_theme(), title=WORD)
    reply(topic)
    factories.state(lab.hub, "sought", WORD)
    hub_finding.note(lab.hub)
    findable.mend()
    before = found()
    assert {"theme", "chapter", "article", "lab", "lesson", "discussion", "post", "need"} <= {
        *before
    }
    SearchDocument.objects.all().delete()

    findable.mend()

    assert found() == before
    assert findable.check() == {}
    sections = Client().get("/search/", {"q": WORD}).context["sections"]
    assert {row.kind: len(row.cards) + len(row.hits) for row in sections} == before
