"""The blog's rules: writing, the editors' check, publishing by date, corrections."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from community.choices import ArticleState, SanctionKind, Trust
from community.clock import PORTAL
from community.loading_articles import load_articles
from community.models import Article, ArticleDraft, Discussion, Sanction
from community.models.members import forget_member
from community.operations import blogging
from community.tasks import publish_articles
from community.waiting.blog import returned, to_edit
from core.errors import DomainError
from core.models import AuditEntry
from events.models import Person
from hubs.loading import load_sources
from hubs.signals import hubs_merging
from tests.community.factories import make_article, make_member
from tests.events.factories import make_person
from tests.factories import make_hub, make_user, reference
from tests.letters import letters, name_of, text_of

pytestmark = pytest.mark.django_db

S = ArticleState
TODAY = dt.date(2027, 3, 1)
NOON = dt.datetime(2027, 3, 1, 12, tzinfo=dt.UTC)


def told(**more: Any) -> dict[str, Any]:
    return {
        "title": "What the well taught us",
        "lede": "Three years of buckets.",
        "body": "<p>It began with a bucket.</p>",
        "language": "en",
    } | more


def write(by: Any = None, *, send: bool = False, **more: Any) -> Article:
    return blogging.save_article(
        None, by=by or make_member(), told=told(**more), form_key=uuid.uuid4(), send=send
    )


def editor(**more: Any) -> Any:
    return make_user(is_staff=True, **more)


def accepted(by: Any = None, **more: Any) -> Article:
    article = write(by, send=True, **more)
    blogging.decide(article, "accept_article", by=editor(), base=article.revision)
    return fresh(article)


def silence(user: Any, kind: str = SanctionKind.BAN) -> None:
    until = timezone.now() + dt.timedelta(days=30) if kind == SanctionKind.SUSPENSION else None
    Sanction.objects.create(
        user=user, kind=kind, ground="spam", reason="Sold buckets.", until=until
    )
    forget_member(user)


def fresh(article: Article) -> Article:
    return Article.objects.get(pk=article.pk)


# --- Writing --------------------------------------------------------------------------------


def test_the_same_form_sent_twice_is_one_article_and_its_unsaved_text_goes() -> None:
    by, key = make_member(), uuid.uuid4()
    blogging.keep_draft(by=by, key=str(key), article=None, data={"title": ["half"]})

    one = blogging.save_article(None, by=by, told=told(), form_key=key)
    two = blogging.save_article(None, by=by, told=told(), form_key=key)

    assert one == two
    assert Article.objects.count() == 1
    assert not ArticleDraft.objects.exists()


def test_addresses_are_made_of_the_title_and_never_collide() -> None:
    by = make_member()

    slugs = [write(by, title=title).slug for title in ("Wells", "Wells", "New", "Wells!")]

    assert slugs == ["wells", "wells-2", "new-post", "wells-3"]


def test_a_title_without_latin_letters_gets_an_address_all_the_same() -> None:
    article = write(title="ما علّمتنا البئر")

    assert article.slug == article.uid
    assert article.get_absolute_url() == f"/community/blog/{article.uid}/"


def test_an_address_follows_the_title_until_it_is_published() -> None:
    article = write()

    blogging.save_article(article, by=article.begun_by, told=told(title="Buckets"), base=0)
    assert fresh(article).slug == "buckets"
    Article.objects.filter(pk=article.pk).update(published_at=NOON)
    blogging.save_article(article, by=article.begun_by, told=told(title="Pumps"), base=1)

    assert (fresh(article).title, fresh(article).slug) == ("Pumps", "buckets")


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script><p>It began.</p>",
        '<p onclick="x()">It began.</p>',
        "<p>It began.</p><iframe src='https://bad.example'></iframe>",
        "<p>It began.<img src=x onerror=alert(1)></p>",
        "<style>*{}</style><p style='position:fixed'>It began.</p>",
    ],
)
def test_hostile_text_is_stored_clean(html: str) -> None:
    assert write(body=html).body == "<p>It began.</p>"


def test_too_long_a_text_and_too_many_marks_are_refused_at_the_field() -> None:
    many = "<p>" + '<a href="https://well.example/a">w</a> ' * 3000 + "</p>"
    for body in ("<p>" + "a" * 40_001 + "</p>", many):
        with pytest.raises(ValidationError) as refusal:
            write(body=body)
        assert list(refusal.value.message_dict) == ["body"]
    assert write(body="<p>" + "a" * 40_000 + "</p>").body


def test_a_draft_may_be_empty_but_is_not_sent_empty() -> None:
    article = write(body="")

    with pytest.raises(ValidationError):
        blogging.send_article(article, by=article.begun_by, base=0)
    assert fresh(article).state == S.DRAFT


def test_a_stale_form_changes_nothing() -> None:
    article = write()
    by = article.begun_by
    blogging.save_article(article, by=by, told=told(title="Second"), base=0)

    with pytest.raises(DomainError) as refusal:
        blogging.save_article(article, by=by, told=told(title="Third"), base=0)

    assert refusal.value.code == "stale"
    assert (fresh(article).title, fresh(article).revision) == ("Second", 1)


def test_only_editors_write_for_guests() -> None:
    guest = make_person(name="Ana Well")

    by_member = write(byline="The King", guests=[guest.pk])
    by_editor = write(make_member(editor()), byline="A friend", guests=[guest.pk])

    assert (by_member.byline, by_member.guests.count()) == ("", 0)
    assert (by_editor.byline, list(by_editor.guests.all())) == ("A friend", [guest])


def test_nobody_floods_the_editors() -> None:
    by = make_member()
    for _n in range(blogging.MOST_WITH_EDITORS):
        write(by, send=True)

    with pytest.raises(DomainError) as refusal:
        write(by, send=True)

    assert refusal.value.code == "limit"
    assert Article.objects.count() == blogging.MOST_WITH_EDITORS


def test_who_may_not_write_begins_nothing() -> None:
    banned = make_member()
    silence(banned)
    for user in (make_user(), banned):
        with pytest.raises(PermissionDenied):
            write(user)


def test_unsaved_texts_never_pile_up_and_have_an_end() -> None:
    by = make_member()
    for n in range(ArticleDraft.MOST + 3):
        blogging.keep_draft(by=by, key=f"k{n}", article=None, data={"title": ["x"]})

    assert ArticleDraft.objects.filter(user=by).count() == ArticleDraft.MOST
    huge = {"body": ["x" * (blogging.MOST_KEPT + 1)]}
    assert blogging.keep_draft(by=by, key="huge", article=None, data=huge) is None


# --- Who may what ------------------------------------------------------------------------------

KINDS = (
    "anonymous", "stranger", "member", "author", "banned author", "locked author", "editor",
    "author who edits", "guest who edits", "root", "author who is root", "portal",
)  # fmt: skip
AUTHORS = {"submit_article", "take_article_back"}
MAY = {
    "author": AUTHORS,
    "locked author": AUTHORS,
    "banned author": AUTHORS,
    "author who edits": AUTHORS,
    "editor": set(Article.moves) - AUTHORS,
    "root": set(Article.moves),
    "author who is root": set(Article.moves),
}


def cast(kind: str) -> tuple[Any, dict[str, Any]]:
    """Somebody, and what an article needs to be theirs."""
    if kind == "anonymous":
        return AnonymousUser(), {}
    if kind == "stranger":
        return make_user(), {}
    if kind == "portal":
        return PORTAL, {}
    user = make_member(make_user(is_staff="edit" in kind or "root" in kind))
    if "root" in kind:
        user.is_superuser = True
        user.save()
    if kind == "banned author":
        silence(user)
    if kind == "locked author":
        user.is_active = False
        user.save()
    return user, {"begun_by": user} if "author" in kind else {}


def made(kind: str, state: str) -> tuple[Any, Article]:
    user, values = cast(kind)
    article = make_article(state=state, publish_on=timezone.localdate(), **values)
    if kind == "guest who edits":
        article.guests.add(make_person(user=user))
    return user, fresh(article)


@pytest.mark.parametrize("state", S.values)
@pytest.mark.parametrize("kind", KINDS)
def test_every_move_by_everybody_in_every_state(kind: str, state: str) -> None:
    user, article = made(kind, state)
    expected = {
        verb
        for verb in MAY.get(kind, set())
        if state in Article.moves[verb].sources
        and not (kind in {"banned author", "locked author"} and verb == "publish_article")
    }
    if kind == "portal":
        expected = {"publish_article"} if state == S.ACCEPTED else set()
    if kind == "locked author":
        expected = set()

    can = set(article.moves_for(user)) if kind != "locked author" else set()

    assert can == expected


@pytest.mark.parametrize("verb", [v for v in Article.moves if v not in AUTHORS])
@pytest.mark.parametrize("kind", ["author who is root", "guest who edits", "author who edits"])
def test_nobody_decides_about_a_text_of_their_own(kind: str, verb: str) -> None:
    user, article = made(kind, Article.moves[verb].sources[0])

    with pytest.raises((DomainError, PermissionDenied)) as refusal:
        blogging.decide(article, verb, by=user, base=0, words="Fine.")

    assert kind != "author who is root" or refusal.value.code == "own"
    assert fresh(article).state == article.state


@pytest.mark.parametrize("state", S.values)
@pytest.mark.parametrize("kind", KINDS[:-1])
def test_list_and_rule_agree_on_who_reads_what(kind: str, state: str) -> None:
    user, article = made(kind, state)

    listed = Article.objects.visible_to(user).filter(pk=article.pk).exists()

    assert listed == user.has_perm("community.view_article", article)


# --- Editors -----------------------------------------------------------------------------------


def test_an_editor_returns_and_the_author_reads_why_and_sends_again() -> None:
    article = write(send=True)
    desk = editor()
    assert [item.url for item in to_edit(desk)] == [f"/community/blog/desk/{article.uid}/"]

    blogging.decide(article, "return_article", by=desk, base=0, words="Say where it was.")

    article = fresh(article)
    assert (article.state, article.remarks) == (S.DRAFT, "Say where it was.")
    assert [item.detail for item in returned(article.begun_by)] == ["Say where it was."]
    [row] = letters()
    assert (name_of(row), row.user) == ("community/article_returned", article.begun_by)
    assert "Say where it was." in text_of(row)
    blogging.send_article(article, by=article.begun_by, base=0)
    assert (fresh(article).state, fresh(article).remarks) == (S.SUBMITTED, "")
    assert list(returned(article.begun_by)) == []


def test_returning_and_withdrawing_need_words() -> None:
    article = write(send=True)

    with pytest.raises(ValidationError):
        blogging.decide(article, "return_article", by=editor(), base=0, words="  ")
    assert fresh(article).state == S.SUBMITTED


def test_what_was_checked_is_what_appears_never_an_unseen_edit() -> None:
    article = write(send=True)
    by = article.begun_by
    blogging.take_back(article, by=by)
    blogging.save_article(article, by=by, told=told(body="<p>Buy!</p>"), base=0, send=True)

    for verb in ("publish_article", "accept_article", "return_article"):
        with pytest.raises(DomainError) as refusal:
            blogging.decide(article, verb, by=editor(), base=0, words="Fine.")
        assert refusal.value.code == "stale"
    assert fresh(article).state == S.SUBMITTED


def test_what_is_with_the_editors_is_not_changed_under_their_eyes() -> None:
    article = write(send=True)

    with pytest.raises(DomainError) as refusal:
        blogging.save_article(article, by=article.begun_by, told=told(title="Other"), base=0)

    assert refusal.value.code == "wrong-state"


def test_the_queue_shows_the_oldest_first_and_waiting_never_ones_own() -> None:
    desk = make_member(editor())
    first, own, last = write(send=True), write(desk, send=True), write(send=True)

    assert list(Article.objects.queue()) == [first, own, last]
    assert [item.url for item in to_edit(desk)] == [
        f"/community/blog/desk/{row.uid}/" for row in (first, last)
    ]
    assert list(to_edit(make_member())) == []


def test_waiting_costs_the_same_however_many_wait(django_assert_num_queries: Any) -> None:
    desk = editor()
    for _n in range(12):
        write(send=True)

    with django_assert_num_queries(2):
        list(to_edit(desk))
    with django_assert_num_queries(1):
        list(returned(desk))


# --- Publishing by date -----------------------------------------------------------------------


@time_machine.travel(NOON, tick=False)
def test_the_portal_publishes_on_the_day_once_and_late() -> None:
    tomorrow, none = accepted(publish_on=TODAY + dt.timedelta(days=1)), accepted()
    late = accepted(publish_on=TODAY - dt.timedelta(days=9))

    assert blogging.publish_due(by=PORTAL, now=NOON) == 2
    assert blogging.publish_due(by=PORTAL, now=NOON) == 0

    assert [fresh(row).state for row in (tomorrow, none, late)] == [
        S.ACCEPTED, S.PUBLISHED, S.PUBLISHED,
    ]  # fmt: skip
    entry = AuditEntry.of(none).get(verb="publish_article")
    assert entry.actor_name == "The portal"


@pytest.mark.parametrize("kind", [SanctionKind.BAN, SanctionKind.SUSPENSION])
def test_nothing_of_an_author_silenced_meanwhile_appears(kind: str) -> None:
    article = accepted()
    silence(article.begun_by, kind)

    publish_articles()
    publish_articles()

    article = fresh(article)
    assert (article.state, article.held_at is not None) == (S.ACCEPTED, True)
    assert list(Article.objects.queue()) == [article]
    assert AuditEntry.of(article).filter(verb="stop_article").count() == 1
    assert "may not write" in str(next(iter(to_edit(editor()))).detail)
    with pytest.raises(DomainError) as refusal:
        blogging.decide(article, "publish_article", by=editor(), base=0)
    assert refusal.value.code == "silenced"


def test_what_was_stopped_waits_for_an_editor_even_when_the_author_may_write_again() -> None:
    article = accepted()
    silence(article.begun_by)
    publish_articles()
    Sanction.objects.update(lifted_at=timezone.now())

    publish_articles()
    assert fresh(article).state == S.ACCEPTED
    blogging.decide(article, "publish_article", by=editor(), base=0)

    assert (fresh(article).state, fresh(article).held_at) == (S.PUBLISHED, None)


@pytest.mark.parametrize("how", ["locked", "closed"])
def test_nothing_of_an_account_that_is_locked_or_closed_appears_by_itself(how: str) -> None:
    article = accepted()
    author = article.begun_by
    author.is_active = False
    author.closed_at = timezone.now() if how == "closed" else None
    author.save()

    publish_articles()

    assert (fresh(article).state, fresh(article).held_at is not None) == (S.ACCEPTED, True)


def test_the_portal_may_publish_what_is_due_and_nothing_else() -> None:
    article = accepted()
    assert PORTAL.has_perm("community.publish_article", article)

    for change in (
        {"state": S.SUBMITTED},
        {"held_at": NOON},
        {"publish_on": timezone.localdate() + dt.timedelta(days=1)},
    ):
        other = fresh(article)
        vars(other).update(change)
        assert not PORTAL.has_perm("community.publish_article", other), change
    silence(article.begun_by)
    assert not PORTAL.has_perm("community.publish_article", fresh(article))
    assert not PORTAL.has_perm("community.edit_the_blog", article)


def test_a_published_author_gets_one_letter() -> None:
    article = accepted()
    publish_articles()

    [row] = letters()
    assert name_of(row) == "community/article_published"
    assert row.letter.path == article.get_absolute_url()
    assert article.get_absolute_url() in row.letter.body


# --- Corrections ------------------------------------------------------------------------------


def published(**more: Any) -> Article:
    article = accepted(**more)
    publish_articles()
    return fresh(article)


def correct(article: Article, by: Any, body: str, *, base: int = 0, reason: str = "A typo") -> Any:
    changed = {"title": article.title, "lede": article.lede, "body": body}
    return blogging.correct_article(article, by=by, base=base, reason=reason, told=changed)


def test_a_correction_keeps_what_was_said_and_tells_the_editors() -> None:
    article = published()
    desk = editor()

    correct(article, article.begun_by, "<p>It began with two buckets.</p>")

    article = fresh(article)
    assert (article.body, article.revision) == ("<p>It began with two buckets.</p>", 1)
    assert list(article.revisions.values_list("number", "body", "reason")) == [
        (0, "<p>It began with a bucket.</p>", "A typo")
    ]
    assert [item.url for item in to_edit(desk)] == [f"{article.get_absolute_url()}history/"]
    assert list(to_edit(make_user(is_staff=True))) != []
    blogging.see_changes(article, by=desk)
    assert list(to_edit(editor())) == []


def test_an_editors_correction_needs_no_second_look_but_their_own_posts_do() -> None:
    article = published()
    correct(article, editor(), "<p>One bucket.</p>")
    own = published(by=make_member(editor()))
    correct(own, own.begun_by, "<p>One bucket.</p>")

    assert [item.url for item in to_edit(editor())] == [f"{own.get_absolute_url()}history/"]
    with pytest.raises(PermissionDenied):
        blogging.see_changes(own, by=own.begun_by)


@pytest.mark.parametrize("how", ["new", "checked"])
def test_whose_posts_are_read_first_does_not_change_what_is_out(how: str) -> None:
    article = published()
    if how == "new":
        article.begun_by.member.trust = Trust.NEW
        article.begun_by.member.save()
        forget_member(article.begun_by)
    else:
        silence(article.begun_by, SanctionKind.CHECKED)

    with pytest.raises(DomainError) as refusal:
        correct(article, article.begun_by, "<p>Buy!</p>")

    assert refusal.value.code == "checked"
    assert fresh(article).body == "<p>It began with a bucket.</p>"


def test_a_correction_needs_a_reason_a_text_and_the_present_revision() -> None:
    article = published()
    by = article.begun_by
    for body, reason in (("<p>x</p>", " "), ("<p></p>", "Why")):
        with pytest.raises(ValidationError):
            correct(article, by, body, reason=reason)
    correct(article, by, "<p>First</p>")
    with pytest.raises(DomainError) as refusal:
        correct(article, by, "<p>Second</p>")

    assert refusal.value.code == "stale"
    assert fresh(article).body == "<p>First</p>"
    with pytest.raises(PermissionDenied):
        correct(article, make_member(), "<p>Mine</p>", base=1)


# --- Comments ---------------------------------------------------------------------------------


def test_the_first_comment_begins_the_one_discussion() -> None:
    article, key, by = make_article(), uuid.uuid4(), make_member()

    one = blogging.comment(article, by=by, body="<p>So it was here.</p>", form_key=key)
    same = blogging.comment(article, by=by, body="<p>So it was here.</p>", form_key=key)
    two = blogging.comment(
        article, by=make_member(), body="<p>Ours dry.</p>", form_key=uuid.uuid4()
    )

    assert one == same
    assert one.discussion == two.discussion == Discussion.objects.get(article=article)
    assert one.discussion.title == article.title


def test_nothing_is_said_about_what_is_not_published() -> None:
    article = make_article(state="withdrawn")

    with pytest.raises(DomainError):
        blogging.comment(article, by=make_member(), body="<p>Well.</p>", form_key=uuid.uuid4())
    assert not Discussion.objects.exists()


# --- Records from sources, hubs that merge ------------------------------------------------------


def test_five_posts_are_loaded_from_sources_once() -> None:
    reference()
    for slug, name in (
        ("ashley-good", "Ashley Good"), ("sebastian-longhurst", "Sebastian Longhurst"),
        ("daan-boom", "Daan Boom"), ("nils-schulz", "Nils-Sjard Schulz"),
    ):  # fmt: skip
        Person.objects.create(slug=slug, name=name)
    sources, desk = load_sources(), editor()

    assert load_articles(sources=sources, by=desk) == 5
    assert load_articles(sources=sources, by=desk) == 0
    rows = Article.objects.order_by("pk").values_list(
        "guests__name", "published_on", "reference__key", "body"
    )
    assert list(rows) == [
        ("Ashley Good", "", "ch4", ""),
        ("Sebastian Longhurst", "", "ch4", ""),
        ("Daan Boom", "", "ch4", ""),
        ("Nils-Sjard Schulz", "2012", "ref:schulz-2012", ""),
        ("Nils-Sjard Schulz", "2013", "ref:schulz-2013", ""),
    ]


def test_when_hubs_merge_articles_are_about_the_one_that_stays_once() -> None:
    gone, kept = make_hub(), make_hub()
    one, both = make_article(), make_article()
    one.hubs.add(gone)
    both.hubs.add(gone, kept)

    hubs_merging.send(type(gone), gone=gone, kept=kept, by=None)

    assert [list(row.hubs.all()) for row in (one, both)] == [[kept], [kept]]
