"""Writing, publishing and keeping the synthesis of a month."""

from __future__ import annotations

import importlib
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from accounts.operations import close_account
from accounts.signals import personal_data
from community import syntheses
from community.choices import ChapterRole, SynthesisState, Trust
from community.models import (
    ChapterMember,
    Conclusion,
    Discussion,
    MonthlyTheme,
    Post,
    Synthesis,
    SynthesisVersion,
    VersionSource,
    sources_for,
)
from community.operations import discussing
from community.operations import synthesis as operations
from community.operations.synthesis import Chosen
from community.signals import synthesis_published
from core.errors import DomainError
from core.models import AuditEntry
from tests.community.factories import (
    make_chapter,
    make_discussion,
    make_lab,
    make_member,
    make_post,
    open_theme,
)
from tests.factories import make_user

pytestmark = pytest.mark.django_db

WORDS = "<p>We asked the users. They pay by the bucket, every morning.</p>"


@pytest.fixture
def theme() -> MonthlyTheme:
    return open_theme(title="Who pays for water")


@pytest.fixture
def keeper(theme: MonthlyTheme) -> User:
    """A facilitator of the theme."""
    user = make_member(make_user(name="Kim Keeper"))
    theme.stewards.add(user)
    return user


@pytest.fixture
def author() -> User:
    """Somebody whose name and organisation everybody may read."""
    user = make_member(make_user(name="Ana Author"), handle="ana-a")
    open_profile(user)
    return user


def open_profile(user: User, organisation: str = "Ministry of Wells") -> None:
    profile = user.profile
    profile.name_audience = "public"
    profile.organisation = organisation
    profile.audiences = {**profile.audiences, "organisation": "public"}
    profile.save()


@pytest.fixture
def post(theme: MonthlyTheme, author: User) -> Post:
    discussion = make_discussion(theme)
    return make_post(discussion, by=author, body=WORDS)


def conclude(theme: MonthlyTheme, by: User, *posts: Post, **values: Any) -> Conclusion:
    told = {"sentence": "Users pay when they see what for.", "form_key": uuid.uuid4()}
    return operations.write_conclusion(
        theme, by=by, **told | values, sources=[Chosen(post) for post in posts]
    )


def publish(theme: MonthlyTheme, by: User, **values: Any) -> SynthesisVersion:
    return operations.publish(
        theme, **{"by": by, "form_key": uuid.uuid4(), "note": "More of it"} | values
    )


def read(version: SynthesisVersion, theme: MonthlyTheme, viewer: Any = None) -> syntheses.Reading:
    return syntheses.read_version(version, theme, viewer or AnonymousUser())


# --- Writing -----------------------------------------------------------------------------------


def test_the_first_who_writes_begins_the_synthesis(theme: MonthlyTheme, keeper: User) -> None:
    row = operations.write_frame(
        theme, by=keeper, intro="<p>We asked.</p>", questions=" One?\n\n Two? ", reading="", base=0
    )

    assert (row.state, row.revision, row.intro, row.questions) == (
        SynthesisState.WRITING,
        1,
        "<p>We asked.</p>",
        "One?\nTwo?",
    )
    assert AuditEntry.objects.filter(verb="begin_synthesis").count() == 1


def test_two_keepers_at_the_frame_the_second_is_told(theme: MonthlyTheme, keeper: User) -> None:
    frame = {"questions": "", "reading": ""}
    operations.write_frame(theme, by=keeper, intro="<p>First</p>", base=0, **frame)

    with pytest.raises(DomainError) as refusal:
        operations.write_frame(theme, by=keeper, intro="<p>Second</p>", base=0, **frame)

    assert refusal.value.code == "stale"
    assert Synthesis.objects.get().intro == "<p>First</p>"


def test_two_keepers_at_one_conclusion_the_second_is_told(
    theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    one = conclude(theme, keeper, post)
    changed = {"theme": theme, "by": keeper, "conclusion": one, "sources": [Chosen(post)]}
    operations.write_conclusion(**changed, sentence="First", base=0)

    with pytest.raises(DomainError) as refusal:
        operations.write_conclusion(**changed, sentence="Second", base=0)
    operations.write_conclusion(**changed, sentence="First", base=0)

    assert refusal.value.code == "stale"
    one.refresh_from_db()
    assert (one.sentence, one.revision) == ("First", 1)


def test_two_keepers_at_two_conclusions_do_not_meet(
    theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    one, two = conclude(theme, keeper, post), conclude(theme, keeper, post)

    for row in (one, two):
        operations.write_conclusion(
            theme, by=keeper, conclusion=row, sentence="Changed", base=0, sources=[Chosen(post)]
        )

    assert set(Conclusion.objects.values_list("sentence", "revision")) == {("Changed", 1)}


def test_the_same_form_sent_twice_is_one_conclusion(
    theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    key = uuid.uuid4()

    assert conclude(theme, keeper, post, form_key=key) == conclude(
        theme, keeper, post, form_key=key
    )


def test_without_chosen_words_the_first_sentence_is_quoted(
    theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    one = conclude(theme, keeper, post)

    assert one.sources.get().quote == "We asked the users."


@pytest.mark.parametrize(
    ("quote", "stands"),
    [
        ("They pay by the bucket", True),
        ("  They   pay by\nthe bucket ", True),
        ("They pay by the barrel", False),
        ("bucket the by pay They", False),
    ],
)
def test_only_words_of_the_post_are_quoted(
    theme: MonthlyTheme, keeper: User, post: Post, quote: str, *, stands: bool
) -> None:
    def write() -> Conclusion:
        return operations.write_conclusion(
            theme, by=keeper, sentence="Users pay.", sources=[Chosen(post, quote)]
        )

    if stands:
        assert write().sources.get().quote == "They pay by the bucket"
    else:
        with pytest.raises(ValidationError) as refusal:
            write()
        assert list(refusal.value.message_dict) == [f"quote_{post.uid}"]


@pytest.mark.parametrize(
    ("html", "first"),
    [
        ("<p>One. Two.</p>", "One."),
        ("<p>It cost 3.5 coins a day. Then less.</p>", "It cost 3.5 coins a day."),
        ("<p>كم يدفعون؟ دلوا كل يوم.</p>", "كم يدفعون؟"),
        ("<p>他们按桶付费。每天早上。</p>", "他们按桶付费。"),
        ("<p>No end</p>", "No end"),
    ],
)
def test_the_first_sentence_is_found_in_any_script(html: str, first: str) -> None:
    assert operations.first_words(html) == first


def test_long_words_are_cut_between_words() -> None:
    assert operations.first_words("<p>" + "word " * 100 + "</p>", 22) == "word word word word"


def test_only_shown_posts_of_the_themes_own_discussions_can_be_sources(
    theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    moderator = make_user(is_staff=True)
    chapter = make_chapter(is_private=True)
    insider = make_member()
    ChapterMember.objects.create(chapter=chapter, user=insider, role=ChapterRole.MEMBER)
    hidden = make_post(post.discussion)
    discussing.move_post(hidden, "hide_post", by=moderator, reason="x")
    unseen = make_discussion(theme)
    unseen.hide_discussion(by=moderator, reason="x")
    others = [
        hidden,
        make_post(post.discussion, by=make_member(trust=Trust.NEW)),
        make_discussion(chapter, by=insider).posts.get(),
        make_discussion(make_lab()).posts.get(),
        make_discussion(open_theme()).posts.get(),
        unseen.posts.get(),
    ]

    assert set(sources_for(theme)) == {post, post.discussion.posts.get(number=1)}
    for other in others:
        with pytest.raises(ValidationError) as refusal:
            conclude(theme, keeper, post, other)
        assert list(refusal.value.message_dict) == ["sources"]
    assert not Conclusion.objects.exists()


def test_conclusions_change_places_and_are_taken_out_with_their_words_kept(
    theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    rows = [conclude(theme, keeper, post, sentence=f"No. {n}") for n in (1, 2, 3)]

    operations.move_conclusion(rows[2], by=keeper, up=True)
    operations.move_conclusion(rows[0], by=keeper, up=True)
    operations.take_out_conclusion(rows[1], by=keeper)
    operations.take_out_conclusion(rows[1], by=keeper)

    told = Conclusion.objects.order_by("position").values_list("sentence", flat=True)
    assert list(told) == ["No. 1", "No. 3"]
    assert AuditEntry.objects.get(verb="take_out_conclusion").note == "No. 2"
    with pytest.raises(DomainError) as refusal:
        operations.write_conclusion(theme, by=keeper, conclusion=rows[1], sentence="Again")
    assert refusal.value.code == "gone"


# --- Publishing --------------------------------------------------------------------------------


def test_a_version_freezes_text_words_authors_addresses_and_dates(
    theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    discussing.pick_insight(post, by=keeper, text="Small change pays.")
    one = conclude(theme, keeper, post, explanation="<p>Because.</p>")
    told: list[Any] = []
    synthesis_published.connect(lambda **said: told.append(said), weak=False, dispatch_uid="t")
    try:
        version = publish(theme, keeper, note="")
    finally:
        synthesis_published.disconnect(dispatch_uid="t")

    assert [(said["version"], said["by"]) for said in told] == [(version, keeper)]
    assert version.number == 1
    assert version.content["conclusions"] == [
        {
            "uid": one.uid,
            "number": 1,
            "sentence": "Users pay when they see what for.",
            "explanation": "<p>Because.</p>",
            "sources": [
                {
                    "post": post.uid,
                    "url": f"/community/posts/{post.uid}/",
                    "number": 2,
                    "written": post.written_at.isoformat(),
                    "revision": 0,
                }
            ],
        }
    ]
    kept = version.sources.get()
    assert (kept.quote, kept.insight, kept.author_name, kept.organisation) == (
        "We asked the users.",
        "Small change pays.",
        "Ana Author",
        "Ministry of Wells",
    )
    entry = AuditEntry.objects.get(verb="publish_synthesis")
    assert entry.data["version"] == 1
    assert Synthesis.objects.visible_to(AnonymousUser()).get().theme == theme


def test_who_is_not_open_to_everybody_is_frozen_by_short_name(
    theme: MonthlyTheme, keeper: User
) -> None:
    shy = make_member(make_user(name="Shy Person"), handle="shy-p")
    profile = shy.profile
    profile.name_audience = "nobody"
    profile.organisation = "Secret Office"
    profile.audiences = {"organisation": "nobody", "country": "nobody"}
    profile.save()
    conclude(theme, keeper, make_post(make_discussion(theme), by=shy))

    kept = publish(theme, keeper).sources.get()

    assert (kept.author_name, kept.organisation) == ("@shy-p", "")


def test_a_conclusion_without_a_post_is_not_published(
    theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    with pytest.raises(DomainError) as empty:
        publish(theme, keeper)
    conclude(theme, keeper, post)
    conclude(theme, keeper)
    with pytest.raises(DomainError) as refusal:
        publish(theme, keeper)

    assert (empty.value.code, refusal.value.code) == ("not-ready", "not-ready")
    assert "Conclusion 2 rests on no post" in str(refusal.value)
    assert not SynthesisVersion.objects.exists()


@pytest.mark.parametrize("what", ["hide", "withdraw", "hide discussion", "move"])
def test_a_source_that_is_not_shown_any_more_stops_the_publication(
    theme: MonthlyTheme, keeper: User, post: Post, author: User, what: str
) -> None:
    moderator = make_user(is_staff=True)
    conclude(theme, keeper, post)
    if what == "hide":
        discussing.move_post(post, "hide_post", by=moderator, reason="x")
    elif what == "withdraw":
        discussing.move_post(post, "withdraw_post", by=author)
    elif what == "move":
        discussing.move_discussion(post.discussion, make_lab(), by=moderator, reason="x")
    else:
        post.discussion.hide_discussion(by=moderator, reason="x")

    with pytest.raises(DomainError) as refusal:
        publish(theme, keeper)

    assert "no longer shown" in str(refusal.value)
    assert not SynthesisVersion.objects.exists()


def test_words_the_author_took_back_are_not_published(
    theme: MonthlyTheme, keeper: User, post: Post, author: User
) -> None:
    conclude(theme, keeper, post)
    discussing.change_post(post, by=author, body="<p>Other words.</p>", base=0)

    with pytest.raises(DomainError) as refusal:
        publish(theme, keeper)

    assert "no longer has" in str(refusal.value)


def test_what_changed_since_the_preview_is_not_published_unseen(
    theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    one = conclude(theme, keeper, post)
    row = one.synthesis
    seen = operations.state_of(row, operations.conclusions_of(row))
    conclude(theme, keeper, post, sentence="Somebody else’s")

    with pytest.raises(DomainError) as refusal:
        publish(theme, keeper, seen=seen)

    assert refusal.value.code == "stale"
    now = operations.state_of(row, operations.conclusions_of(row))
    assert publish(theme, keeper, seen=now).number == 1


def test_a_revision_needs_a_change_and_says_what_changed(
    theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    one = conclude(theme, keeper, post)
    key = uuid.uuid4()
    first = publish(theme, keeper, form_key=key)

    assert publish(theme, keeper, form_key=key) == first
    with pytest.raises(DomainError) as refusal:
        publish(theme, keeper)
    assert refusal.value.code == "same"
    operations.write_conclusion(
        theme, by=keeper, conclusion=one, base=0, sentence="Better", sources=[Chosen(post)]
    )
    with pytest.raises(ValidationError):
        publish(theme, keeper, note=" ")
    second = publish(theme, keeper, note="Clearer")

    assert (first.number, second.number, second.note) == (1, 2, "Clearer")
    first.refresh_from_db()
    assert first.content["conclusions"][0]["sentence"] == "Users pay when they see what for."


# --- Who may -----------------------------------------------------------------------------------

PEOPLE = ("anonymous", "stranger", "member", "other keeper", "keeper", "banned keeper", "staff")
MAY = {"keeper", "staff"}


@pytest.mark.parametrize("kind", PEOPLE)
def test_who_keeps_the_theme_writes_and_publishes(
    kind: str, theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    other_theme, banned, other = open_theme(), make_member(), make_member()
    other_theme.stewards.add(other)
    theme.stewards.add(banned)
    banned.sanctions.create(kind="ban", ground="spam", reason="x")
    people: dict[str, Any] = {
        "anonymous": AnonymousUser(),
        "stranger": make_user(),
        "member": make_member(),
        "other keeper": other,
        "keeper": keeper,
        "banned keeper": banned,
        "staff": make_user(is_staff=True),
    }
    conclude(theme, keeper, post, sentence="The first")
    by, one = people[kind], Conclusion.objects.get()
    acts = (
        lambda: conclude(theme, by, post, sentence="Another"),
        lambda: operations.write_frame(
            theme, by=by, intro="<p>x</p>", questions="", reading="", base=0
        ),
        lambda: operations.move_conclusion(one, by=by, up=False),
        lambda: publish(theme, by),
        lambda: operations.take_out_conclusion(one, by=by),
        lambda: operations.write_summary(
            post.discussion, by=by, summary="<p>x</p>", covers=1, base=""
        ),
    )

    for act in acts:
        if kind in MAY:
            act()
        else:
            with pytest.raises(PermissionDenied):
                act()


# --- What the database refuses -----------------------------------------------------------------


def test_the_database_keeps_versions_as_they_are(
    theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    conclude(theme, keeper, post)
    version = publish(theme, keeper)
    for values in ({"content": {}}, {"number": 9}, {"note": "x"}, {"published_by": make_user()}):
        with pytest.raises(DatabaseError), transaction.atomic():
            SynthesisVersion.objects.filter(pk=version.pk).update(**values)
    for sources in ({"quote": "invented"}, {"author_name": "Somebody"}, {"post_revision": 7}):
        with pytest.raises(DatabaseError), transaction.atomic():
            VersionSource.objects.filter(version=version).update(**sources)

    SynthesisVersion.objects.filter(pk=version.pk).update(published_by=None)
    VersionSource.objects.filter(version=version).update(quote="", author_name="", post=None)
    with pytest.raises(DatabaseError), transaction.atomic():
        VersionSource.objects.filter(version=version).update(quote="We asked the users.")


def test_the_database_deletes_no_version(theme: MonthlyTheme, keeper: User, post: Post) -> None:
    """On SQLite the tests take these triggers off to clean up; the migration puts them back."""
    migration = importlib.import_module("community.migrations.0004_synthesis")
    conclude(theme, keeper, post)
    publish(theme, keeper)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for table in migration.TABLES:
                cursor.execute(
                    f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW"
                    f" BEGIN SELECT RAISE(ABORT, '{migration.TELLS}'); END"
                )
    try:
        for rows in (VersionSource.objects.all(), SynthesisVersion.objects.all()):
            with pytest.raises(DatabaseError), transaction.atomic():
                rows._raw_delete(rows.db)
    finally:
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                for table in migration.TABLES:
                    cursor.execute(f"DROP TRIGGER {table}_no_delete")


def test_the_triggers_are_there(db: Any) -> None:
    """A migration that makes SQLite rebuild a table drops its triggers with it."""
    migration = importlib.import_module("community.migrations.0004_synthesis")
    sql = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(sql)
        there = {row[0] for row in cursor.fetchall()}

    assert {f"{table}_no_update" for table in migration.TABLES} <= there


# --- What was taken back -----------------------------------------------------------------------


def test_a_withdrawn_post_leaves_no_word_and_no_name_in_any_version(
    theme: MonthlyTheme, keeper: User, post: Post, author: User
) -> None:
    discussing.pick_insight(post, by=keeper, text="Small change pays.")
    conclude(theme, keeper, post)
    version = publish(theme, keeper)

    discussing.move_post(post, "withdraw_post", by=author)

    kept = version.sources.get()
    assert [getattr(kept, name) for name in (*kept.WORDS, *kept.PERSON)] == [""] * 5
    (source,) = read(version, theme).conclusions[0].sources
    assert (source.fate, source.quote, source.who, source.insight) == (
        syntheses.WITHDRAWN,
        "",
        None,
        "",
    )
    assert source.url == f"/community/posts/{post.uid}/"
    assert read(version, theme).contributors == []


def test_a_hidden_post_says_nothing_until_it_is_shown_again(
    theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    moderator = make_user(is_staff=True)
    conclude(theme, keeper, post)
    version = publish(theme, keeper)

    discussing.move_post(post, "hide_post", by=moderator, reason="x")
    for viewer in (AnonymousUser(), keeper, moderator):
        (hidden,) = read(version, theme, viewer).conclusions[0].sources
        assert (hidden.fate, hidden.quote, hidden.who) == (syntheses.HIDDEN, "", None)
    discussing.move_post(post, "restore_post", by=moderator)
    (shown,) = read(version, theme).conclusions[0].sources

    assert (shown.fate, shown.quote) == (syntheses.SHOWN, "We asked the users.")


@pytest.mark.parametrize(("private", "fate"), [(True, "away"), (False, "shown")])
def test_a_discussion_that_moved_speaks_only_where_everybody_reads(
    theme: MonthlyTheme, keeper: User, post: Post, fate: str, *, private: bool
) -> None:
    conclude(theme, keeper, post)
    version = publish(theme, keeper)
    chapter = make_chapter()
    discussing.move_discussion(
        post.discussion, chapter, by=make_user(is_staff=True), reason="about the valley"
    )
    type(chapter).objects.filter(pk=chapter.pk).update(is_private=private)

    assert read(version, theme).conclusions[0].sources[0].fate == fate


def test_a_closed_account_is_named_nowhere_and_its_words_stay(
    theme: MonthlyTheme, keeper: User, post: Post, author: User
) -> None:
    conclude(theme, keeper, post)
    version = publish(theme, keeper)

    close_account(by=author, user=author)

    kept = version.sources.get()
    assert (kept.quote, kept.author_name, kept.organisation) == ("We asked the users.", "", "")
    reading = read(version, theme)
    (source,) = reading.conclusions[0].sources
    assert source.who is not None
    assert (source.who.name, source.affiliation, source.quote) == (
        "Former member",
        "",
        "We asked the users.",
    )
    assert reading.contributors == []


def test_a_name_that_was_closed_since_is_not_shown(
    theme: MonthlyTheme, keeper: User, post: Post, author: User
) -> None:
    conclude(theme, keeper, post)
    version = publish(theme, keeper)
    profile = author.profile
    profile.organisation = "Agency for Rivers"
    profile.save()
    (before,) = read(version, theme).conclusions[0].sources
    profile.name_audience = "nobody"
    profile.audiences = {"organisation": "nobody"}
    profile.save()
    (after,) = read(version, theme).conclusions[0].sources

    assert before.who
    assert after.who
    # Where somebody spoke from then, and as far as they tell it now.
    assert (before.who.name, before.affiliation) == ("Ana Author", "Ministry of Wells")
    assert (after.who.name, after.affiliation) == ("@ana-a", "")


def test_a_post_that_changed_since_is_marked(
    theme: MonthlyTheme, keeper: User, post: Post, author: User
) -> None:
    conclude(theme, keeper, post)
    version = publish(theme, keeper)

    discussing.change_post(post, by=author, body=WORDS + "<p>More.</p>", base=0)

    assert read(version, theme).conclusions[0].sources[0].is_changed


def test_a_person_is_told_where_they_are_quoted(
    theme: MonthlyTheme, keeper: User, post: Post, author: User
) -> None:
    conclude(theme, keeper, post)
    publish(theme, keeper)

    told = dict(answer for _receiver, answer in personal_data.send(User, user=author))

    assert [row["quote"] for row in told["quoted_in_syntheses"]] == ["We asked the users."]


# --- Comparing ---------------------------------------------------------------------------------


def test_what_changed_between_versions_is_said_conclusion_by_conclusion(
    theme: MonthlyTheme, keeper: User, post: Post
) -> None:
    other = make_post(post.discussion)
    one = conclude(theme, keeper, post, sentence="Users pay by the bucket.")
    two = conclude(theme, keeper, post, sentence="Committees last.")
    first = publish(theme, keeper)
    operations.write_conclusion(
        theme, by=keeper, conclusion=one, base=0, sentence="Users pay by the litre.",
        sources=[Chosen(post), Chosen(other)],
    )  # fmt: skip
    operations.take_out_conclusion(two, by=keeper)
    conclude(theme, keeper, post, sentence="Meters help.")
    operations.write_frame(
        theme, by=keeper, intro="<p>New.</p>", questions="Who repairs?", reading="", base=0
    )
    second = publish(theme, keeper)

    changes = syntheses.changes_between(first.content, second.content)

    assert [(row.kind, row.number, row.before) for row in changes.conclusions] == [
        ("changed", 1, 1),
        ("added", 2, 0),
        ("removed", 0, 2),
    ]
    edited = changes.conclusions[0]
    assert [piece.text for piece in edited.sentence if piece.kind == "added"] == ["litre"]
    assert (edited.sources_added, edited.sources_removed) == (1, 0)
    assert [piece.text for piece in changes.questions] == ["Who repairs?"]
    assert changes.intro
    assert not syntheses.changes_between(second.content, second.content)


# --- Summaries ---------------------------------------------------------------------------------


def test_two_keepers_at_one_summary_the_second_is_told(keeper: User, post: Post) -> None:
    discussion: Discussion = post.discussion
    operations.write_summary(discussion, by=keeper, summary="<p>One</p>", covers=2, base="")

    with pytest.raises(DomainError) as refusal:
        operations.write_summary(discussion, by=keeper, summary="<p>Two</p>", covers=2, base="")

    assert refusal.value.code == "stale"
    discussion.refresh_from_db()
    assert (discussion.summary, discussion.summary_covers) == ("<p>One</p>", 2)
